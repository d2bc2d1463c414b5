"""`status`: how the connection is and what is on one side only, as it stands in the shop's database.

It only looks: no call goes out, and an empty home stays empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from clutch_tui import __version__
from clutch_tui.bootstrap import exit_codes
from clutch_tui.phrases import differences as difference_phrases
from clutch_tui.text.format import clock as clock_words
from clutch_tui.text.format import isolated_values
from clutch_tui.text.strings import has, t, tn

from . import say_json

if TYPE_CHECKING:
    from clutch_tui.bootstrap.composition import Installation
    from clutch_tui.core.journal import ConnectionState
    from clutch_tui.core.sync.differences import Differences

LATE = timedelta(minutes=15)
"""Age of the oldest unsent change from which on something must be in its way."""
_BROKEN = frozenset({"down", "refused"})


@dataclass(frozen=True, slots=True)
class StatusFigures:
    """Everything that is told, of one moment."""

    now: datetime
    parts: Mapping[str, ConnectionState]
    differences: Differences
    cursors: Mapping[str, int]
    as_of: str | None
    kept: Mapping[str, datetime]
    way: str
    stock_by: object
    by_channel: object
    skew: float
    silent: int | None
    """The process that leads and does not answer."""

    @property
    def is_well(self) -> bool:
        """Tell whether nobody has to do anything: what was sold while the line was away goes out by itself."""
        queue = self.differences.queue
        late = queue.oldest_at is not None and self.now - queue.oldest_at > LATE
        waits = self.differences.counts.keys() <= {"unsent", "arriving", "local"} and not (
            queue.attention or queue.slow
        )
        return (
            waits
            and not late
            and self.silent is None
            and not any(part.state in _BROKEN for part in self.parts.values())
        )


def run(installation: Installation, *, as_json: bool) -> int:
    """Print it; 1 where somebody has to do something."""
    store = installation.open_existing_store()
    if store is None:
        return _nothing_yet(installation, as_json=as_json)
    with store:
        seen = store.read_now(_look, installation, store.clock.now())
    if as_json:
        say_json(_as_data(installation, seen))
    else:
        _print(seen)
    return exit_codes.DONE if seen.is_well else exit_codes.FAILED


def _nothing_yet(installation: Installation, *, as_json: bool) -> int:
    """There is no database: nothing was ever done for this shop, though other databases may hold work."""
    stranded = installation.stranded()
    if as_json:
        backend = installation.settings.backend
        data = {"version": __version__, "base_url": backend.base_url, "shop_id": backend.shop_id}
        say_json(data | {"database": None, "stranded": stranded})
    else:
        print(t("status.no_database"))
        for line in difference_phrases.all_stranded(stranded):
            print(line)
    return exit_codes.FAILED if stranded else exit_codes.DONE


def _look(installation: Installation, now: datetime) -> StatusFigures:
    from clutch_tui.core import journal, reference
    from clutch_tui.core.outbox import transports
    from clutch_tui.core.sync import differences, replica
    from clutch_tui.core.sync.fallback import stock_movers
    from clutch_tui.net.network import is_led

    states = journal.connection_state()
    parts = {
        # nobody leads: what the last one knew when it ended says nothing of the connection now
        name: replace(part, state="off") if part.is_stale(now) else part
        for name, part in states.items()
    }
    clock = parts.pop("clock", None)
    last = states.get("overall")
    silent = last.pid if last is not None and last.is_silent(now) and is_led(installation.database()) else None
    if "database" in parts:  # which has just been read, whoever leads
        parts["database"] = replace(parts["database"], state="up")
    alone = not installation.settings.backend.is_set_up
    return StatusFigures(
        now=now,
        parts=parts,
        differences=differences.between(installation.stranded(), alone=alone),
        cursors={name: replica.cursor(name) for name in replica.CHANNELS},
        as_of=replica.as_of("inventory"),
        kept=reference.ages(),
        way=transports.summary(),
        stock_by=stock_movers.movers(),
        by_channel=transports.known(),
        skew=0.0 if clock is None or clock.state == "off" else float(clock.detail.get("seconds", 0)),
        silent=silent,
    )


def _as_data(installation: Installation, seen: StatusFigures) -> dict[str, Any]:
    backend = installation.settings.backend
    return {
        "version": __version__,
        "base_url": backend.base_url,
        "shop_id": backend.shop_id,
        "database": str(installation.database()),
        "is_well": seen.is_well,
        "clock_ahead_seconds": seen.skew,
        "silent_lead": seen.silent,
        "queue": asdict(seen.differences.queue),
        "differences": seen.differences.counts,
        "arriving": seen.differences.arriving,
        "stranded": seen.differences.stranded,
        "connection": {name: asdict(part) | {"message": _why(part)} for name, part in seen.parts.items()},
        "cursors": seen.cursors,
        "inventory_as_of": seen.as_of,
        "reference": {
            name: {"fetched_at": at, "age_seconds": round((seen.now - at).total_seconds())}
            for name, at in seen.kept.items()
        },
        "way": seen.way,
        "ways": seen.by_channel,
        "stock_moved_by": seen.stock_by,
    }


def _print(seen: StatusFigures) -> None:
    for line in difference_phrases.sentences(seen.differences) or [tn("queue.unsent", 0)]:
        print(line)
    if seen.differences.queue.attention:
        print(tn("status.attention", seen.differences.queue.attention))
    if seen.skew:
        print(t("status.clock", clock=clock_words(seen.skew)))
    if seen.silent is not None:
        print(t("connection.lead_silent", pid=seen.silent))
    if seen.way and "sync" not in seen.parts:
        print(f"{t('connection.part.sync')}: {t(f'connection.way.{seen.way}')}")
    given = {""}
    for name, part in seen.parts.items():
        if name == "overall":
            continue
        words = f"{t(f'connection.part.{name}')}: {t(f'connection.state.{part.state}')}"
        print(f"{words} ({t(f'connection.way.{seen.way}')})" if name == "sync" and seen.way else words)
        if (why := _why(part)) not in given:
            given.add(why)
            print(f"  {why}")


def _why(part: ConnectionState) -> str:
    """Return what keeps a part from working, in words; empty where nothing does, or where nobody is there who would
    know."""
    key = part.detail.get("key")
    if part.state in ("up", "off") or not key or not has(key):
        return ""
    return t(key, **isolated_values(part.detail.get("values", {})))
