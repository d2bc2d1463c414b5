"""The speed of the program: figures of every process of the shop, kept small, each beside its budget.

Figures are added up in hours, hours older than two days in days, days older than a month are forgotten: a year of
use takes no more room than a month. What is noted, and where, is in `meter.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from ..clock import from_text, to_text
from ..database import db
from ..database.statement import Statement, given, put_by_key
from ..records.journal import MeasureTable
from .histogram import Histogram

Unit = Literal["ms", "B", "MiB", "times"]
"""Milliseconds, bytes, mebibytes; of `times` only the number counts."""
Span = Literal["hour", "day"]
Verdict = Literal["good", "slow", "unknown"]

HOURS_FOR = timedelta(days=2)
DAYS_FOR = timedelta(days=31)

_OLD = (MeasureTable.span == given("span")) & (MeasureTable.start < given("before"))
_OLD_ROWS = Statement(MeasureTable.select().where(_OLD))
_FORGET = Statement(MeasureTable.delete().where(_OLD))
_ROW = Statement(
    MeasureTable.select().where(
        MeasureTable.name == given("name"), MeasureTable.span == given("span"), MeasureTable.start == given("start")
    )
)
_PUT = put_by_key(MeasureTable)
_SINCE = Statement(MeasureTable.select().where(MeasureTable.start >= given("since")))
_OF_ONE_SINCE = Statement(
    MeasureTable.select().where(MeasureTable.name == given("name"), MeasureTable.start >= given("since"))
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. `budget` is what the median may come to, None where there is no budget.

    Budgets were set as ratios to bare programs on a machine of two shared cores; here they are the products.
    `python -m tests.bench` measures the ratios themselves.
    """

    name: str
    unit: Unit
    budget: float | None = None
    counts: str = ""
    """The measure that this is the number of, where it has no figures of its own."""

    @property
    def source(self) -> str:
        """The name under which its figures are noted."""
        return self.counts or self.name


MEASURES: tuple[Measure, ...] = (
    Measure("start.frame", "ms", 532.0),  # 1.4 x 380 ms of a bare app
    Measure("key.paint", "ms", 6.2),  # 1.2 x 5.2 ms of a bare input
    Measure("wire.frame", "B", 460.0),  # 1/20 of the 9,200 bytes of a scrolling step
    Measure("wire.frames", "times", counts="wire.frame"),
    Measure("memory.frame", "MiB", 41.0),  # 1.25 x 33 MB of a bare app
    Measure("memory.now", "MiB"),
    Measure("sale.commit", "ms", 0.6),  # 1.5 x 0.40 ms of the same rows by sqlite3
    Measure("search.find", "ms", 2.0),  # at 100,000 parts
    Measure("store.write", "ms"),
    Measure("store.read", "ms"),
    Measure("store.size", "MiB"),
    Measure("api.response", "ms"),
    Measure("cache.unchanged", "times"),
)
BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class MeasureFigures:
    """A measure over a time: how often, the median, the 95th percentile, the worst, and the sum of all."""

    count: int = 0
    median: float | None = None
    p95: float | None = None
    worst: float | None = None
    total: float = 0.0

    @classmethod
    def of(cls, histogram: Histogram | None) -> MeasureFigures:
        if histogram is None or not histogram.count:
            return cls()
        median, p95 = histogram.quantile(0.5), histogram.quantile(0.95)
        return cls(histogram.count, median, p95, histogram.worst, histogram.total)


@dataclass(frozen=True, slots=True)
class MeasureReport:
    """One measure: since this process began, today, and in the last thirty days."""

    measure: Measure
    now: MeasureFigures
    today: MeasureFigures
    month: MeasureFigures

    @property
    def verdict(self) -> Verdict:
        """By the latest median that there is: of this process, of today, of the month."""
        budget = self.measure.budget
        latest = next(
            (period.median for period in (self.now, self.today, self.month) if period.median is not None), None
        )
        if budget is None or latest is None:
            return "unknown"
        return "good" if latest <= budget else "slow"


# --- writing -------------------------------------------------------------------------------------------


def keep(taken: Mapping[str, Histogram]) -> None:
    """Add what a process measured to the present hour, and put old hours together."""
    now = db.now()
    for name, histogram in taken.items():
        _add(name, "hour", _start(now, "hour"), histogram)
    _roll_up(now)


def _roll_up(now: datetime) -> None:
    old = to_text(now - HOURS_FOR)
    rows = _OLD_ROWS.rows(span="hour", before=old)
    for row in rows:
        _add(row["name"], "day", _start(from_text(row["start"]), "day"), _histogram(row))
    if rows:
        _FORGET.run(span="hour", before=old)
    _FORGET.run(span="day", before=to_text(now - DAYS_FOR))


def _add(name: str, span: Span, start: str, histogram: Histogram) -> None:
    row = _ROW.first(name=name, span=span, start=start)
    whole = _histogram(row) if row is not None else Histogram()
    whole.merge(histogram)
    _PUT.run(name=name, span=span, start=start, steps=whole.to_json(), total=whole.total, worst=whole.worst)


# --- reading -------------------------------------------------------------------------------------------


def report(session: Mapping[str, Histogram]) -> tuple[MeasureReport, ...]:
    """Every measure; `session` is what the asking process noted since it began."""
    now = db.now()
    today, month = _gathered(now - timedelta(days=1)), _gathered(now - timedelta(days=30))
    return tuple(
        MeasureReport(
            measure,
            MeasureFigures.of(session.get(measure.source)),
            MeasureFigures.of(today.get(measure.source)),
            MeasureFigures.of(month.get(measure.source)),
        )
        for measure in MEASURES
    )


def course(name: str, span: Span, count: int) -> tuple[float | None, ...]:
    """The medians of the last `count` hours or days, or how often it was, oldest first; None where nothing was
    noted."""
    measure = BY_NAME[name]
    step = timedelta(hours=1) if span == "hour" else timedelta(days=1)
    now = db.now()
    starts = [_start(now - step * back, span) for back in reversed(range(count))]
    places = {start: n for n, start in enumerate(starts)}
    sums: list[Histogram | None] = [None] * count
    for row in _OF_ONE_SINCE.rows(name=measure.source, since=starts[0]):
        place = places.get(_start(from_text(row["start"]), span))
        if place is not None:
            whole = sums[place] = sums[place] or Histogram()
            whole.merge(_histogram(row))
    if measure.unit == "times":
        return tuple(None if histogram is None else float(histogram.count) for histogram in sums)
    return tuple(None if histogram is None else histogram.quantile(0.5) for histogram in sums)


def _gathered(since: datetime) -> dict[str, Histogram]:
    histograms: dict[str, Histogram] = {}
    for row in _SINCE.each(since=_start(since, "hour")):
        histograms.setdefault(row["name"], Histogram()).merge(_histogram(row))
    return histograms


def _histogram(row: Any) -> Histogram:
    return Histogram.from_row(row["steps"], row["total"], row["worst"])


def _start(at: datetime, span: Span) -> str:
    """The beginning of the hour or day that a moment belongs to, in UTC."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return to_text(hour if span == "hour" else hour.replace(hour=0))
