"""How the connection did in the last hour, day and week: response times, success, uptime, what sync moved.

Kept small whatever happens: calls are counted in slices of five minutes, slices older than two hours are rolled
up into hours, hours older than eight days are forgotten. A slice holds its response times as a histogram, so that
a median or a 95th percentile over a week is right within a tenth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..clock import from_text, to_text
from ..database import db
from .histogram import Histogram

FINE, COARSE = 300, 3600
"""Seconds that a slice covers: of the last two hours, and of what is older."""

FINE_FOR = timedelta(hours=2)
KEPT_FOR = timedelta(days=8)
RECENT = 40
"""Response times that are kept one by one for each endpoint: what a small curve is drawn from."""

PERIODS: Mapping[str, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


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
    """What was seen of the line while it was watched for `seconds`: for how many of them API and socket were up,
    how many changes were sent and records fetched, and for how long sync was busy with that."""

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
    _add_line(FINE, _slice(db.now()), watch)


def roll_up() -> None:
    """Put old slices together and forget the oldest."""
    now = db.now()
    fine, oldest = to_text(now - FINE_FOR), to_text(now - KEPT_FOR)
    for name, start, calls, failures, times, worst in db.execute(
        "SELECT name, start, calls, failures, times, worst FROM endpoint_usage WHERE span = ? AND start < ?",
        (FINE, fine),
    ).fetchall():
        _add_usage(name, COARSE, _slice(from_text(start), COARSE), calls, failures, _times(times, worst))
    for start, *seen in db.execute(
        "SELECT start, watched, api, socket, sent, fetched, busy FROM line_usage WHERE span = ? AND start < ?",
        (FINE, fine),
    ).fetchall():
        _add_line(COARSE, _slice(from_text(start), COARSE), Watch(*seen))
    for table in ("endpoint_usage", "line_usage"):
        db.execute(f"DELETE FROM {table} WHERE span = ? AND start < ?", (FINE, fine))
        db.execute(f"DELETE FROM {table} WHERE start < ?", (oldest,))


def _put_figure(name: str, calls: list[MeasuredCall]) -> None:
    last = calls[-1]
    before = db.execute("SELECT recent FROM endpoint_figure WHERE name = ?", (name,)).fetchone()
    recent = [
        *(json.loads(before[0]) if before else ()),
        *(None if one.ms is None else round(one.ms, 1) for one in calls),
    ]
    problem = "" if last.problem is None else json.dumps(last.problem, ensure_ascii=False, default=str)
    db.execute(
        "INSERT INTO endpoint_figure (name, state, status, latency_ms, at, calls, failures, problem, recent)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state,"
        " status = excluded.status, latency_ms = excluded.latency_ms, at = excluded.at, calls = calls + excluded.calls,"
        " failures = failures + excluded.failures, problem = excluded.problem, recent = excluded.recent",
        (
            *(name, "ok" if last.works else "error", last.status, last.ms, to_text(last.at)),
            *(len(calls), sum(not one.works for one in calls), problem, json.dumps(recent[-RECENT:])),
        ),
    )


def _add_usage(name: str, span: int, start: str, calls: int, failures: int, times: Histogram) -> None:
    key = (name, span, start)
    before = db.execute(
        "SELECT calls, failures, times, worst FROM endpoint_usage WHERE name = ? AND span = ? AND start = ?", key
    ).fetchone()
    if before is not None:
        calls, failures = calls + before[0], failures + before[1]
        times.merge(_times(before[2], before[3]))
    db.execute(
        "INSERT OR REPLACE INTO endpoint_usage (name, span, start, calls, failures, times, worst)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*key, calls, failures, times.to_json(), times.worst if times.count else None),
    )


def _add_line(span: int, start: str, watch: Watch) -> None:
    db.execute(
        "INSERT INTO line_usage (span, start, watched, api, socket, sent, fetched, busy)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (span, start) DO UPDATE SET watched = watched + excluded.watched,"
        " api = api + excluded.api, socket = socket + excluded.socket, sent = sent + excluded.sent,"
        " fetched = fetched + excluded.fetched, busy = busy + excluded.busy",
        (span, start, watch.seconds, watch.api, watch.socket, watch.sent, watch.fetched, watch.busy),
    )


# --- reading -------------------------------------------------------------------------------------------


def figures() -> tuple[Figure, ...]:
    """Every endpoint that was ever called, by name."""
    rows = db.execute(
        "SELECT name, state, status, latency_ms, at, calls, failures, problem, recent FROM endpoint_figure"
        " ORDER BY name"
    )
    return tuple(
        Figure(
            *(name, state == "ok", status, ms, from_text(at), calls, failures),
            *(json.loads(problem) if problem else None, tuple(json.loads(recent))),
        )
        for name, state, status, ms, at, calls, failures, problem, recent in rows
    )


def periods() -> tuple[Period, ...]:
    """All endpoints together and the line, for the last hour, day and week."""
    return tuple(_period(name) for name in PERIODS)


def of_endpoints(period: str) -> dict[str, Usage]:
    """Each endpoint that was called in a period, by its name."""
    gathered: dict[str, _Sum] = {}
    for name, *row in _usage_rows(period):
        gathered.setdefault(name, _Sum()).add(*row)
    return {name: one.usage() for name, one in gathered.items()}


def of_endpoint(name: str) -> dict[str, Usage]:
    """One endpoint in every period, by the period's name."""
    found = {}
    for period in PERIODS:
        total = _Sum()
        for _, *row in _usage_rows(period, name):
            total.add(*row)
        found[period] = total.usage()
    return found


def _period(name: str) -> Period:
    total = _Sum()
    for _, *row in _usage_rows(name):
        total.add(*row)
    seen = db.execute(
        "SELECT total(watched), total(api), total(socket), total(sent), total(fetched), total(busy)"
        " FROM line_usage WHERE start >= ?",
        (_since(name),),
    ).fetchone()
    whole, api, socket, sent, fetched, busy = seen
    return Period(
        name,
        total.usage(),
        whole,
        api=api / whole if whole else None,
        socket=socket / whole if whole else None,
        sent=int(sent),
        fetched=int(fetched),
        busy=busy,
    )


def _usage_rows(period: str, name: str | None = None) -> Iterable[tuple[Any, ...]]:
    rows: Iterable[tuple[Any, ...]] = db.execute(
        "SELECT name, calls, failures, times, worst FROM endpoint_usage WHERE start >= ? AND (name = ? OR ? IS NULL)",
        (_since(period), name, name),
    )
    return rows


def _since(period: str) -> str:
    """The first slice of a period: a slice that began before it belongs to it as a whole."""
    span = FINE if period == "hour" else COARSE
    return _slice(db.now() - PERIODS[period], span)


class _Sum:
    """Slices added up."""

    def __init__(self) -> None:
        self._calls = self._failures = 0
        self._times = Histogram()

    def add(self, calls: int, failures: int, times: str, worst: float | None) -> None:
        self._calls += calls
        self._failures += failures
        self._times.merge(_times(times, worst))

    def usage(self) -> Usage:
        median, p95 = (self._times.quantile(share) for share in (0.5, 0.95))
        return Usage(self._calls, self._failures, median, p95, self._times.worst if self._times.count else None)


def _times(steps: str, worst: float | None) -> Histogram:
    """Response times as they are kept; their sum is not."""
    return Histogram.from_row(steps, 0.0, worst or 0.0)


def _slice(at: datetime, span: int = FINE) -> str:
    """The start of the slice that a moment belongs to."""
    return to_text(datetime.fromtimestamp(at.timestamp() // span * span, at.tzinfo))
