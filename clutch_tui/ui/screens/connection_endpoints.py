"""The endpoints of the connection screen: one row each, and all that is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from clutch_tui.phrases.figures import milliseconds, share
from clutch_tui.phrases.log import problem_words
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.widgets.column import TableColumn

if TYPE_CHECKING:
    from clutch_tui.core.performance.usage import Figure, Usage
    from clutch_tui.core.types import Key
    from clutch_tui.net.endpoints import Endpoint

BARS = "▁▂▃▄▅▆▇█"
NO_ANSWER = "×"
CURVE = 10


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint of the catalogue with its last result and its calls of the last day, as far as there are any."""

    n: int
    endpoint: Endpoint
    figure: Figure | None
    day: Usage | None

    @property
    def id(self) -> str:
        return self.endpoint.name

    @property
    def key(self) -> Key:
        return (self.n,)

    @property
    def works(self) -> bool | None:
        return None if self.figure is None else self.figure.works

    @property
    def at(self) -> datetime | None:
        return None if self.figure is None else self.figure.at


def rows(
    endpoints: Iterable[Endpoint], figures: Iterable[Figure], day: Mapping[str, Usage], *, failures_only: bool
) -> list[EndpointRow]:
    """The catalogue in its order, what fails of it first; or nothing else."""
    known = {figure.name: figure for figure in figures}
    every = [
        EndpointRow(n, endpoint, known.get(endpoint.name), day.get(endpoint.name))
        for n, endpoint in enumerate(endpoints)
    ]
    failing = [row for row in every if row.works is False]
    return failing if failures_only else [*failing, *(row for row in every if row.works is not False)]


def curve(times: Sequence[float | None], width: int = CURVE) -> str:
    """The last response times as a line of bars, the newest last; a cross for a call without an answer."""
    times = times[-width:]
    highest = max((ms for ms in times if ms is not None), default=0.0)
    steps = len(BARS) - 1
    return "".join(NO_ANSWER if ms is None else BARS[round(steps * ms / highest) if highest else 0] for ms in times)


def state_word(row: EndpointRow) -> str:
    """The endpoint's last result in a word."""
    return t("endpoint.unknown" if row.works is None else "endpoint.works" if row.works else "endpoint.fails")


def _tone(row: EndpointRow) -> str:
    if row.works is None:
        return "muted"
    return "good" if row.works else "bad" if row.endpoint.required else "warning"


COLUMNS: tuple[TableColumn[EndpointRow], ...] = (
    TableColumn("endpoint.name", 21, lambda row: shown.isolate(row.id), flex=1),
    TableColumn("common.status", 10, state_word, tone=_tone),
    TableColumn(
        "endpoint.code", 5, lambda row: str(row.figure.status or "") if row.figure else "", number=True, priority=3
    ),
    TableColumn("endpoint.ms", 6, lambda row: milliseconds(row.figure.ms if row.figure else None), number=True),
    TableColumn("endpoint.curve", CURVE, lambda row: shown.isolate(curve(row.figure.recent)) if row.figure else ""),
    TableColumn("endpoint.median", 6, lambda row: milliseconds(row.day.median if row.day else None), number=True),
    TableColumn("endpoint.p95", 6, lambda row: milliseconds(row.day.p95 if row.day else None), number=True, priority=1),
    TableColumn(
        "endpoint.worst", 6, lambda row: milliseconds(row.day.worst if row.day else None), number=True, priority=2
    ),
    TableColumn(
        "endpoint.success", 7, lambda row: share(row.day.success if row.day else None), number=True, priority=4
    ),
    TableColumn(
        "endpoint.calls", 7, lambda row: shown.number(row.figure.calls if row.figure else 0), number=True, priority=5
    ),
    TableColumn("endpoint.at", 9, lambda row: shown.time_of_day(row.at) if row.at else "", priority=6),
    TableColumn("endpoint.method", 6, lambda row: row.endpoint.method, priority=7),
)


def caption(all_rows: Sequence[EndpointRow], *, failures_only: bool) -> str:
    """Return how many endpoints there are, and how many work and fail."""
    failing = sum(row.works is False for row in all_rows)
    working = sum(row.works is True for row in all_rows)
    key = "connection.endpoints.failing" if failures_only else "connection.endpoints"
    return t(key, n=len(all_rows), working=working, failing=failing)


def details(row: EndpointRow, periods: Mapping[str, Usage]) -> list[str]:
    """Everything that is known of an endpoint: where it is, how it went last, how it did over time."""
    endpoint, figure = row.endpoint, row.figure
    lines = [
        shown.isolate(f"{endpoint.method} {endpoint.path}"),
        t("endpoint.required" if endpoint.required else "endpoint.optional"),
        "",
        f"{t('common.status')}: {state_word(row)}",
    ]
    if figure is not None:
        code = str(figure.status) if figure.status is not None else t("endpoint.no_answer")
        last = {"code": code, "at": shown.date_time(figure.at)}
        timed = figure.ms is not None
        lines.append(
            t("endpoint.last", ms=milliseconds(figure.ms), **last) if timed else t("endpoint.last_untimed", **last)
        )
        if figure.problem is not None:
            lines.append(problem_words(figure.problem))
        if figure.recent:
            lines += ["", shown.isolate(curve(figure.recent, len(figure.recent)))]
    lines.append("")
    for name, usage in periods.items():
        lines.append(
            t(
                "endpoint.period",
                period=t(f"connection.period.{name}"),
                calls=shown.number(usage.calls),
                success=share(usage.success),
                median=milliseconds(usage.median) or "-",
                p95=milliseconds(usage.p95) or "-",
                worst=milliseconds(usage.worst) or "-",
            )
        )
    return lines
