"""`test-backend`: the tester's report, for a person, for a program, or for a build server."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from clutch_tui.bootstrap import exit_codes
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.errors import Problem
from clutch_tui.net.endpoint_tester.capabilities import Capability
from clutch_tui.net.endpoint_tester.own_session import Login
from clutch_tui.net.endpoint_tester.tester import EndpointReport, EndpointResult, Tester
from clutch_tui.net.endpoints import CATEGORIES, ENDPOINTS, find
from clutch_tui.net.monitor import Monitor
from clutch_tui.phrases.errors import explain
from clutch_tui.text.format import clock
from clutch_tui.text.harmless import drawn_on
from clutch_tui.text.strings import t, tn

from . import say_json


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """The options of `test-backend`. `email` lets the tester sign in by itself; the password comes from a variable or
    is asked for, and is never an argument: every process of the machine can read those."""

    endpoints: Sequence[str] = ()
    categories: Sequence[str] = ()
    write: bool = False
    email: str = ""
    verbose: bool = False
    as_json: bool = False
    junit: Path | None = None


def run(installation: Installation, wish: EndpointOptions) -> int:
    """Judge the endpoints that were named, or all; the report's own exit code. Usage errors are click's."""
    if not installation.settings.backend.is_set_up:
        print(t("cli.not_set_up"), file=sys.stderr)
        return exit_codes.USAGE
    names = _names(wish.endpoints, wish.categories)
    login = _login(wish.email, installation.environ)
    with _report_file(wish.junit) as write_report:
        report = asyncio.run(_try(installation, names, wish, login))
        write_report(report)
    if wish.as_json:
        say_json(_report(report))
    else:
        _print(report, verbose=wish.verbose)
    return report.exit_code


def _names(endpoints: Sequence[str], categories: Sequence[str]) -> tuple[str, ...]:
    """The catalogue's names of what a person asked for. Raises `click.UsageError` for what is not in it."""
    names: list[str] = []
    for given in endpoints:
        try:
            names.append(find(given).name)
        except KeyError:
            raise click.UsageError(t("cli.test.unknown", name=given)) from None
    for given in categories:
        category = "shop" if given == "shops" else given.lower()
        if category not in CATEGORIES:
            raise click.UsageError(t("cli.test.unknown", name=given))
        names += [endpoint.name for endpoint in ENDPOINTS if endpoint.category == category]
    return tuple(dict.fromkeys(names))


def _login(email: str, environ: Mapping[str, str]) -> Login | None:
    """Raises `click.UsageError` where there is a name and nobody to ask for the password."""
    if not email:
        return None
    if password := environ.get("CLUTCH_PASSWORD", ""):
        return Login(email, password)
    if not sys.stdin.isatty():
        raise click.UsageError(t("cli.test.no_password"))
    return Login(email, click.prompt(t("cli.test.password"), hide_input=True, err=True))


@contextlib.contextmanager
def _report_file(path: Path | None) -> Iterator[Callable[[EndpointReport], object]]:
    """Open the place where the XML goes. One that cannot be written is told before the server is asked anything. Raises
    `click.UsageError`."""
    if path is None:
        yield lambda report: None
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise click.UsageError(t("cli.test.no_file", path=str(path), reason=error.strerror or "")) from error
    from .junit import junit

    with file:
        yield lambda report: file.write(junit(report))


async def _try(
    installation: Installation, names: Sequence[str], wish: EndpointOptions, login: Login | None
) -> EndpointReport:
    api, session = installation.api(Monitor())
    total = len(names) or len(ENDPOINTS)
    shown = sys.stderr.isatty() and not wish.as_json
    bar = click.progressbar(length=total, file=drawn_on(sys.stderr)) if shown else contextlib.nullcontext()
    tester = Tester(api, session, Monitor(), settings=installation.settings, login=login)
    try:
        with bar as progress:

            def count(_result: EndpointResult) -> None:
                if progress is not None:
                    progress.update(1)

            def wait(seconds: float) -> None:
                print(tn("tester.waiting", round(seconds)), file=sys.stderr, flush=True)

            return await tester.run(names, on_result=count, on_wait=wait, write=wish.write)
    finally:
        await api.close()


def _print(report: EndpointReport, *, verbose: bool) -> None:
    common = _common_reason(report)
    for result in report.results:
        mark = "+" if result.works else "." if result.state == "skipped" else "-"
        figures = f" {result.status or '':>4} {result.latency_ms or 0:7.0f} ms {result.size:>8} B" if verbose else ""
        print(
            f"{mark} {result.name:<28}{figures}  {t(f'tester.state.{result.state}')}{'' if common else _reason(result)}"
        )
        if verbose and result.remedy:
            print(f"    {t(result.remedy)}")
    if common:
        print(common)
    for capability in report.capabilities:
        print(f"{_MARKS[capability.verdict]} {_sentence(capability).removesuffix(common).rstrip()}")
    summary = report.summary
    print(t("cli.test.summary", working=summary["working"], total=summary["total"]))
    for key in report.recommendations:
        print(f"  {t(key)}")


_MARKS = {"yes": "+", "no": "-", "unknown": "."}


def _common_reason(report: EndpointReport) -> str:
    """The one sentence that would be said for every endpoint; empty where there is none."""
    reasons = {_reason(result) for result in report.results if result.state != "skipped"}
    return reasons.pop().removeprefix(": ") if len(reasons) == 1 and len(report.results) > 1 else ""


def _reason(result: EndpointResult) -> str:
    return "" if result.works or result.problem is None else f": {explain(result.problem)}"


def _sentence(capability: Capability) -> str:
    problem = capability.values.get("problem")
    reason = f" {explain(problem)}" if isinstance(problem, Problem) else ""
    values = dict(capability.values)
    if isinstance(seconds := values.get("seconds"), int | float):
        values["clock"] = clock(seconds)
    return t(capability.key, **values) + reason


def _report(report: EndpointReport) -> dict[str, object]:
    capabilities = {
        capability.name: {"verdict": capability.verdict, "message": _sentence(capability)}
        for capability in report.capabilities
    }
    return {
        "base_url": report.base_url,
        "summary": {**report.summary, "sync": capabilities} if capabilities else report.summary,
        "results": [
            {
                "name": result.name,
                "category": result.category,
                "method": result.method,
                "path": result.path,
                "required": result.required,
                "state": result.state,
                "status": result.status,
                "latency_ms": result.latency_ms,
                "error": None if result.problem is None else explain(result.problem),
                "remedy": None if result.remedy is None else t(result.remedy),
            }
            for result in report.results
        ],
        "recommendations": [t(key) for key in report.recommendations],
    }
