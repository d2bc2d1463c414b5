"""The machine, network and terminal judged, one check after the other: the troubleshooting chapter as a program.

A check answers with a `Finding`; what each finding is worth stands in `OUTCOMES`, so that screen, command line
and catalogues agree on every one of them. A check that leans on a failed one is skipped, one that takes too long
is cut off, and whatever one raises becomes a finding of its own. `network_checks` holds the checks of the way to the
server, `machine_checks` those of this machine, `terminal_checks` what the terminal can do.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from clutch_tui.errors import Problem
from clutch_tui.net.client.errors import LINE_DOWN

T = TypeVar("T")

Verdict = Literal["ok", "warning", "problem", "skipped"]

WITHIN = 10.0
"""Seconds that a check gets where it does not say otherwise."""

log = logging.getLogger("clutch_tui.bootstrap.support_file.doctor")

# check, then its outcomes: + ok, ~ warning, ! problem, . nothing to judge. "any" is what can happen to each.
_TABLE = """
any          !timeout !broken .skipped
config       +set_up +alone ~no_such_coin !wrong
credentials  +key +user ~ended ~readable !none !no_key_store
network      +up +local !none
proxy        +none +used
dns          +found +literal !unknown !proxy_unknown
tcp          +open !refused !unreachable !proxy
tls          +valid +plain ~ends_soon !expired !not_yet !untrusted !incomplete !wrong_host !ca_file !failed
http         +answers ~slow !not_backend !failed
clock        +right ~off !wrong .unknown
access       +accepted ~renewable ~unproved !refused !failed
socket       +open ~missing !failed
files        +private ~open !not_writable
disk         +enough ~low !full
database     +sound +absent ~older ~unfinished ~log_large ~plain ~others_plain !newer !damaged !locked
database     !unreadable !faulty
queue        +empty +waiting +local +arriving ~old ~attention ~missing ~unfinished !local_sales
stranded     +none !left !untold
lead         +none +leads !silent
log          +writable ~not_writable
versions     +known
terminal     +fits .none ~small ~dumb
letters      +all ~not_utf8 ~no_arabic
order        +app +terminal ~off ~kitty ~tmux
"""
_MARKS: dict[str, Verdict] = {"+": "ok", "~": "warning", "!": "problem", ".": "skipped"}


def _outcomes(table: str) -> dict[str, Verdict]:
    rows = [line.split() for line in table.strip().splitlines()]
    return {f"{check}.{outcome[1:]}": _MARKS[outcome[0]] for check, *outcomes in rows for outcome in outcomes}


OUTCOMES: Mapping[str, Verdict] = _outcomes(_TABLE)
"""Everything that can be found, as `check.outcome`, and how bad it is."""

_WAY = frozenset({"network", "dns", "tcp", "tls"})
_NO_WAY = frozenset(f"error.api.{kind}" for kind in LINE_DOWN)


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding of one check. `values` fill its sentence, `cause` is the error behind it where there is one
    (its sentence is the `{reason}`). Times are aware UTC, sizes bytes, durations say their unit."""

    check: str
    outcome: str
    values: Mapping[str, object] = field(default_factory=dict)
    cause: Problem | None = None

    @property
    def name(self) -> str:
        """As in `OUTCOMES`: the check's own, or one that can happen to any."""
        own = f"{self.check}.{self.outcome}"
        return own if own in OUTCOMES else f"any.{self.outcome}"

    @property
    def verdict(self) -> Verdict:
        return OUTCOMES[self.name]

    @property
    def key(self) -> str:
        return f"doctor.{self.name}"

    @property
    def remedy(self) -> str | None:
        """The key of what to do; nothing where all is well or nothing was judged."""
        return f"doctor.remedy.{self.name}" if self.verdict in ("warning", "problem") else None


@dataclass(frozen=True, slots=True)
class Check:
    """One look. `needs` are checks that must have gone well (or at least not failed) before it makes sense."""

    name: str
    run: Callable[[], Awaitable[Finding]]
    needs: tuple[str, ...] = ()
    within: float = WITHIN


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All findings, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def summary(self) -> Mapping[str, int]:
        """Return how many findings there are of each verdict."""
        verdicts = [finding.verdict for finding in self.findings]
        return {verdict: verdicts.count(verdict) for verdict in _MARKS.values()}

    @property
    def exit_code(self) -> int:
        """0 no problem (warnings may be), 1 a problem, 2 the configuration is wrong, 3 nothing reachable."""
        problems = [finding for finding in self.findings if finding.verdict == "problem"]
        if any(problem.check == "config" for problem in problems):
            return 2
        if any(
            problem.check in _WAY or (problem.cause is not None and problem.cause.key in _NO_WAY)
            for problem in problems
        ):
            return 3
        return 1 if problems else 0


async def examine(checks: Iterable[Check], on_finding: Callable[[Finding], None] | None = None) -> DoctorReport:
    """Do the checks in their order; `on_finding` hears of each as it is done. Never raises."""
    findings: dict[str, Finding] = {}
    for check in checks:
        failed = next((name for name in check.needs if _stands_in_the_way(findings.get(name))), None)
        if failed is not None:
            finding = Finding(check.name, "skipped", {"after": failed})
        else:
            finding = await _look(check)
        findings[check.name] = finding
        if on_finding is not None:
            on_finding(finding)
    return DoctorReport(tuple(findings.values()))


def _stands_in_the_way(finding: Finding | None) -> bool:
    """Has what others lean on failed? `config.alone` is no fault, but there is no server to look for."""
    return finding is not None and (finding.verdict in ("problem", "skipped") or finding.name == "config.alone")


async def _look(check: Check) -> Finding:
    try:
        async with asyncio.timeout(check.within):
            return await check.run()
    except TimeoutError:
        return Finding(check.name, "timeout", {"seconds": round(check.within)})
    except Exception as error:  # a doctor that falls ill himself must still see the other patients
        log.warning("check %s failed", check.name, exc_info=error)
        return Finding(check.name, "broken", {"reason": f"{type(error).__name__}: {error}"[:200]})


async def aside(function: Callable[[], T]) -> T:
    """Call something that may block for ever (a dead network drive, a resolver) on a thread that nobody waits
    for when the program ends; the loop's own pool would keep it alive."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]

    def work() -> None:
        value: T | None = None
        failure: BaseException | None = None
        try:
            value = function()
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the loop has ended meanwhile: nobody asks any more
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=work, name="clutch-doctor", daemon=True).start()
    return await answer
