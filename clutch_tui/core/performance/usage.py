"""The record of the connection in the last hour, day and week: response times, success, uptime, what sync moved.

Kept small whatever happens: calls are counted in slices of five minutes, slices older than two hours are rolled
up into hours, hours older than eight days are forgotten. A slice holds its response times as a histogram, so that
a median or a 95th percentile over a week is right within a tenth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import peewee

from ..clock import from_text, to_text
from ..database import db
from ..database.statement import Statement, given, put_by_key
from ..records.journal import EndpointFigureTable, EndpointUsageTable, LineUsageTable
from .histogram import Histogram

FINE, COARSE = 300, 3600
"""Seconds that a slice covers: of the last two hours, and of what is older."""

FINE_FOR = timedelta(hours=2)
KEPT_FOR = timedelta(days=8)
RECENT = 40
"""Response times that are kept one by one for each endpoint: what a small curve is drawn from."""

PERIODS: Mapping[str, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def _add_to(table: Any, *sums: Any) -> Statement:
    """Make the statement that puts a row by its key, and adds these columns of it to those of one that is there."""
    keys = [field.name for field in table._meta.get_primary_keys()]
    added = {field.name: field + getattr(peewee.EXCLUDED, field.name) for field in sums}
    others = [field for name, field in table._meta.fields.items() if name not in (*keys, *added)]
    query = table.insert({field: given(name) for name, field in table._meta.fields.items()})
    return Statement(query.on_conflict(conflict_target=keys, preserve=others, update=added))


_SEEN = (
    *(LineUsageTable.watched, LineUsageTable.api, LineUsageTable.socket),
    *(LineUsageTable.sent, LineUsageTable.fetched, LineUsageTable.busy),
)
_TABLES: tuple[Any, ...] = (EndpointUsageTable, LineUsageTable)
_FINE_CALLS, _FINE_LINE = (
    Statement(table.select().where(table.span == FINE, table.start < given("before"))) for table in _TABLES
)
_FORGET_FINE = tuple(
    Statement(table.delete().where(table.span == FINE, table.start < given("before"))) for table in _TABLES
)
_FORGET = tuple(Statement(table.delete().where(table.start < given("before"))) for table in _TABLES)
_RECENT_TIMES = Statement(
    EndpointFigureTable.select(EndpointFigureTable.recent).where(EndpointFigureTable.name == given("name"))
)
_ADD_FIGURE = _add_to(EndpointFigureTable, EndpointFigureTable.calls, EndpointFigureTable.failures)
_FIGURES = Statement(EndpointFigureTable.select().order_by(EndpointFigureTable.name))
_SLICE = Statement(
    EndpointUsageTable.select().where(
        EndpointUsageTable.name == given("name"),
        EndpointUsageTable.span == given("span"),
        EndpointUsageTable.start == given("start"),
    )
)
_PUT_SLICE = put_by_key(EndpointUsageTable)
_CALLS = Statement(EndpointUsageTable.select().where(EndpointUsageTable.start >= given("since")))
_CALLS_OF_ONE = Statement(
    EndpointUsageTable.select().where(
        EndpointUsageTable.start >= given("since"), EndpointUsageTable.name == given("name")
    )
)
_ADD_LINE = _add_to(LineUsageTable, *_SEEN)
_LINE = Statement(
    LineUsageTable.select(*(peewee.fn.total(column).alias(column.name) for column in _SEEN)).where(
        LineUsageTable.start >= given("since")
    )
)


@dataclass(frozen=True, slots=True)
class MeasuredCall:
    """One call of an endpoint. `ms` is None where no answer came; `problem` is None where all was well."""

    name: str
    at: datetime
    ms: float | None
    status: int | None
    works: bool
    problem: Mapping[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch of the line for `seconds`: for how many of them API and socket were up, how many changes were sent and
    records fetched, and for how long sync was busy with that."""

    seconds: float = 0.0
    api: float = 0.0
    socket: float = 0.0
    sent: int = 0
    fetched: int = 0
    busy: float = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """The calls of a period; times in milliseconds, None where there was no answer to time."""

    calls: int = 0
    failures: int = 0
    median: float | None = None
    p95: float | None = None
    worst: float | None = None

    @property
    def success(self) -> float | None:
        """The share of calls that found a working endpoint."""
        return None if not self.calls else 1 - self.failures / self.calls


@dataclass(frozen=True, slots=True)
class Period:
    """One of `PERIODS`: all calls together, and the line. Shares are None where nobody watched."""

    name: str
    usage: Usage
    watched: float
    api: float | None
    socket: float | None
    sent: int
    fetched: int
    busy: float


@dataclass(frozen=True, slots=True)
class Figure:
    """An endpoint's last result, and how often it was called and failed since the database was made.

    `ms` and those of `recent` (oldest first) are None where no answer came; `problem` says what was wrong with the
    last call, None where it found a working endpoint."""

    name: str
    works: bool
    status: int | None
    ms: float | None
    at: datetime
    calls: int
    failures: int
    problem: Mapping[str, Any] | None = field(hash=False)
    recent: tuple[float | None, ...] = ()


# --- writing -------------------------------------------------------------------------------------------


def count_calls(calls: Iterable[MeasuredCall]) -> None:
    """Note the results of calls. Many at once: this is written once a second, not once a call."""
    slices: dict[tuple[str, str], list[MeasuredCall]] = {}
    by_name: dict[str, list[MeasuredCall]] = {}
    for call in calls:
        by_name.setdefault(call.name, []).append(call)
        slices.setdefault((call.name, _slice(call.at)), []).append(call)
    for name, some in by_name.items():
        _put_figure(name, some)
    for (name, start), some in slices.items():
        times = Histogram()
        for call in some:
            if call.ms is not None:
                times.add(call.ms)
        _add_usage(name, FINE, start, len(some), sum(not call.works for call in some), times)


def watched(watch: Watch) -> None:
    """Add what was seen of the line just now to the present slice."""
    seen = asdict(watch)
    _ADD_LINE.run(span=FINE, start=_slice(db.now()), watched=seen.pop("seconds"), **seen)


def roll_up() -> None:
    """Put old slices together and forget the oldest."""
    now = db.now()
    fine, oldest = to_text(now - FINE_FOR), to_text(now - KEPT_FOR)
    for row in _FINE_CALLS.rows(before=fine):
        hour = _slice(from_text(row["start"]), COARSE)
        _add_usage(row["name"], COARSE, hour, row["calls"], row["failures"], _times(row))
    for row in _FINE_LINE.rows(before=fine):
        _ADD_LINE.run(**{**dict(row), "span": COARSE, "start": _slice(from_text(row["start"]), COARSE)})
    for forget in _FORGET_FINE:
        forget.run(before=fine)
    for forget in _FORGET:
        forget.run(before=oldest)


def _put_figure(name: str, calls: list[MeasuredCall]) -> None:
    last = calls[-1]
    before = _RECENT_TIMES.first(name=name)
    recent = [
        *(json.loads(before["recent"]) if before else ()),
        *(None if call.ms is None else round(call.ms, 1) for call in calls),
    ]
    problem = "" if last.problem is None else json.dumps(last.problem, ensure_ascii=False, default=str)
    _ADD_FIGURE.run(
        name=name,
        state="ok" if last.works else "error",
        status=last.status,
        latency_ms=last.ms,
        at=to_text(last.at),
        calls=len(calls),
        failures=sum(not call.works for call in calls),
        problem=problem,
        recent=json.dumps(recent[-RECENT:]),
    )


def _add_usage(name: str, span: int, start: str, calls: int, failures: int, times: Histogram) -> None:
    before = _SLICE.first(name=name, span=span, start=start)
    if before is not None:
        calls, failures = calls + before["calls"], failures + before["failures"]
        times.merge(_times(before))
    _PUT_SLICE.run(
        name=name,
        span=span,
        start=start,
        calls=calls,
        failures=failures,
        times=times.to_json(),
        worst=times.worst if times.count else None,
    )


# --- reading -------------------------------------------------------------------------------------------


def figures() -> tuple[Figure, ...]:
    """Every endpoint that was ever called, by name."""
    return tuple(
        Figure(
            name=row["name"],
            works=row["state"] == "ok",
            status=row["status"],
            ms=row["latency_ms"],
            at=from_text(row["at"]),
            calls=row["calls"],
            failures=row["failures"],
            problem=json.loads(row["problem"]) if row["problem"] else None,
            recent=tuple(json.loads(row["recent"])),
        )
        for row in _FIGURES.rows()
    )


def periods() -> tuple[Period, ...]:
    """All endpoints together and the line, for the last hour, day and week."""
    return tuple(_period(name) for name in PERIODS)


def of_endpoints(period: str) -> dict[str, Usage]:
    """Each endpoint that was called in a period, by its name."""
    gathered: dict[str, _Sum] = {}
    for row in _CALLS.rows(since=_since(period)):
        gathered.setdefault(row["name"], _Sum()).add(row)
    return {name: total.usage() for name, total in gathered.items()}


def of_endpoint(name: str) -> dict[str, Usage]:
    """One endpoint in every period, by the period's name."""
    by_period = {}
    for period in PERIODS:
        total = _Sum()
        for row in _CALLS_OF_ONE.rows(since=_since(period), name=name):
            total.add(row)
        by_period[period] = total.usage()
    return by_period


def _period(name: str) -> Period:
    total = _Sum()
    for row in _CALLS.rows(since=_since(name)):
        total.add(row)
    seen = _LINE.first(since=_since(name))
    whole = seen["watched"]
    return Period(
        name,
        total.usage(),
        whole,
        api=seen["api"] / whole if whole else None,
        socket=seen["socket"] / whole if whole else None,
        sent=int(seen["sent"]),
        fetched=int(seen["fetched"]),
        busy=seen["busy"],
    )


def _since(period: str) -> str:
    """The first slice of a period: a slice that began before it belongs to it as a whole."""
    span = FINE if period == "hour" else COARSE
    return _slice(db.now() - PERIODS[period], span)


class _Sum:
    """Slices added up."""

    def __init__(self) -> None:
        self._calls = self._failures = 0
        self._times = Histogram()

    def add(self, row: Any) -> None:
        self._calls += row["calls"]
        self._failures += row["failures"]
        self._times.merge(_times(row))

    def usage(self) -> Usage:
        median, p95 = (self._times.quantile(share) for share in (0.5, 0.95))
        return Usage(self._calls, self._failures, median, p95, self._times.worst if self._times.count else None)


def _times(row: Any) -> Histogram:
    """Response times as they are kept; their sum is not."""
    return Histogram.from_row(row["times"], 0.0, row["worst"] or 0.0)


def _slice(at: datetime, span: int = FINE) -> str:
    """The start of the slice that a moment belongs to."""
    return to_text(datetime.fromtimestamp(at.timestamp() // span * span, at.tzinfo))
