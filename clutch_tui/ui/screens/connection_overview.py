"""The upper half of the connection screen: one word and one sentence, the four parts, and how it went over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, chop_cells, set_cell_size
from textual.content import Content

from clutch_tui.phrases.clock import wrong_day
from clutch_tui.phrases.figures import share
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t, tn
from clutch_tui.ui.status import Status

if TYPE_CHECKING:
    from clutch_tui.core.performance.usage import Period
    from clutch_tui.errors import Problem
    from clutch_tui.net.monitor import Component, PartName, Snapshot

PARTS: tuple[PartName, ...] = ("api", "socket", "sync", "database")
_TONES = {
    "up": "$text-success",
    "working": "$text-success",
    "idle": "$text-success",
    "connecting": "$text-warning",
    "retrying": "$text-warning",
    "down": "$text-error",
    "refused": "$text-error",
    "off": "$text-muted",
}
_OVERALL_TONES = {"connected": "$text-success", "offline": "$text-error", "alone": "$text-muted"}
GAP = "  "
TELLING = 100
"""Records from which on their speed is told: that of three rows is the server's time to answer."""


@dataclass(frozen=True, slots=True)
class OverviewFigures:
    """The figures that the overview is drawn from, all of one moment. `snapshot` is None while there is no network."""

    status: Status
    snapshot: Snapshot | None
    periods: tuple[Period, ...]
    now: datetime
    debug: bool = False
    way: str = ""
    """How this server is worked with: `sync`, `lists`, `both`; empty while that is not known."""

    @property
    def is_waiting(self) -> bool:
        """Tell whether a part counts the seconds to its next attempt."""
        return self.snapshot is not None and any(
            part.next_attempt is not None and part.next_attempt > self.now for part in self.snapshot.parts.values()
        )


def draw(seen: OverviewFigures, width: int) -> Content:
    """Everything, in lines of at most `width` cells but for the one sentence that must not be cut."""
    lines = [_overall(seen)]
    if seen.snapshot is not None:
        reason = seen.snapshot.reason
        reasons = {"" if reason is None else problem_sentence(reason)}
        for name in PARTS:
            part = seen.snapshot.parts[name]
            lines.append(_part(part, seen.now, seen.way))
            why = "" if part.problem is None else problem_sentence(part.problem)
            if why and why not in reasons:  # what is told above is not told again
                reasons.add(why)
                lines.append(Content.styled(_cut("  " + why, width), "$text-warning"))
    lines.append(_queue(seen.status, seen.now))
    lines += _periods(seen.periods, width)
    return Content("\n").join(lines)


def _overall(seen: OverviewFigures) -> Content:
    overall = seen.status.overall
    reason = seen.snapshot.reason if seen.snapshot is not None and overall not in ("connected", "cut") else None
    why = problem_sentence(reason) if reason is not None else t(f"connection.sentence.{overall}")
    line = Content.styled(t(f"connection.overall.{overall}"), f"bold {_OVERALL_TONES.get(overall, '$text-warning')}")
    if skew := seen.status.skew:  # never "everything works" alone: sales are booked on the wrong day
        clock = wrong_day(skew, seen.now) or t("doctor.clock.off", clock=shown.clock(skew))
        line += Content.styled(GAP + clock, "$text-error")
    if not skew or overall != "connected":
        line += Content(GAP + why)
    return line + Content.styled(GAP + t("connection.debug_is_on"), "$text-warning") if seen.debug else line


def problem_sentence(problem: Problem) -> str:
    """A problem in words; a key that the catalogue lacks stays a key."""
    values: dict[str, Any] = dict(problem.values)
    return t(problem.key, **values) if has(problem.key) else shown.isolate(problem.key)


def _part(part: Component, now: datetime, way: str) -> Content:
    """A part's line: its state, since when, and when it tries again."""
    names = max(cell_len(t(f"connection.part.{name}")) for name in PARTS)
    line = Content.assemble(
        set_cell_size(t(f"connection.part.{part.name}"), names) + GAP,
        (t(f"connection.state.{part.state}"), _TONES[part.state]),
    )
    if part.since is not None:
        line += Content.styled(GAP + shown.age(part.since, now), "$text-muted")
    if part.name == "sync" and way:
        line += Content.styled(GAP + t(f"connection.way.{way}"), "$text-muted")
    if part.next_attempt is not None and part.next_attempt > now:
        line += Content(GAP + _next(part.next_attempt, now))
    return line


def _next(moment: datetime, now: datetime) -> str:
    seconds = round((moment - now).total_seconds())
    if seconds < 120:
        return t("connection.next", n=shown.number(seconds))
    return t("connection.next_minutes", n=shown.number(round(seconds / 60)))


def _cut(text: str, width: int) -> str:
    """The beginning of a sentence, where there is no room for all of it; the log has it whole."""
    if cell_len(text) <= width:
        return text
    return chop_cells(text, width - 1)[0] + "…" if width > 1 else ""


def _queue(status: Status, now: datetime) -> Content:
    queue = tn("status.unsent", status.unsent)
    if status.oldest_at is not None:
        queue += " " + t("status.oldest", age=shown.age(status.oldest_at, now))
    if status.attention:
        queue += GAP + tn("status.attention", status.attention)
    if status.local:
        queue += GAP + tn("status.local", status.local)
    return Content(t("connection.queue", queue=queue))


def _periods(periods: Sequence[Period], width: int) -> list[Content]:
    """A line for each period: answers, uptime, what sync moved, and how fast where there is room for that."""
    cells = [_period(period) for period in periods]
    widths = [max(cell_len(row[n]) for row in cells) for n in range(len(cells[0]))] if cells else []
    lines = [GAP.join(set_cell_size(text, room) for text, room in zip(row, widths, strict=True)) for row in cells]
    speeds = [_speed(period) for period in periods]
    if all(cell_len(line) + cell_len(speed) <= width for line, speed in zip(lines, speeds, strict=True)):
        lines = [line.rstrip() + speed for line, speed in zip(lines, speeds, strict=True)]
    return [Content(_cut(line.rstrip(), width)) for line in lines]


def _period(period: Period) -> tuple[str, ...]:
    usage = period.usage
    return (
        t(f"connection.period.{period.name}"),
        t("connection.success", share=share(usage.success), calls=shown.number(usage.calls)),
        t("connection.uptime", api=share(period.api), socket=share(period.socket)),
        t("connection.moved", sent=shown.number(period.sent), fetched=shown.number(period.fetched)),
    )


def _speed(period: Period) -> str:
    moved = period.sent + period.fetched
    if moved < TELLING or period.busy < 0.01:
        return ""
    return " " + t("connection.speed", n=shown.number(round(moved / period.busy)))
