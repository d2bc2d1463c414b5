"""Measures: right within a tenth, added up over processes, and no larger after a year than after a month."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clutch_tui.core import sales
from clutch_tui.core.database import db
from clutch_tui.core.performance import gauges, measures
from clutch_tui.core.performance.histogram import Histogram
from clutch_tui.core.performance.meter import Meter
from clutch_tui.core.store.store import Store


class MovingClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def of(*figures: float) -> Histogram:
    histogram = Histogram()
    for figure in figures:
        histogram.add(figure)
    return histogram


@pytest.mark.parametrize("scale", [0.01, 1.0, 50_000.0])
def test_a_quantile_is_right_within_a_tenth(scale: float) -> None:
    chance = random.Random(1)
    figures = sorted(chance.lognormvariate(0, 1) * scale for _ in range(5_000))
    histogram = of(*figures)
    for share in (0.5, 0.95):
        found = histogram.quantile(share)
        assert found is not None
        assert found == pytest.approx(figures[int(share * len(figures))], rel=0.1)
    assert histogram.worst == figures[-1]
    assert histogram.mean == pytest.approx(sum(figures) / len(figures))


def test_odd_figures_do_no_harm() -> None:
    histogram = of(0.0, -3.0, 1e12)
    assert histogram.count == 3
    assert histogram.quantile(0.5) is not None
    assert Histogram().quantile(0.5) is None


def test_a_meter_gives_each_figure_once_and_keeps_its_session() -> None:
    meter = Meter()
    meter.note("key.paint", 3.0)
    meter.note_transaction("store.write", sales.checkout, 1.0)
    assert {name: one.count for name, one in meter.take().items()} == {
        "key.paint": 1,
        "store.write": 1,
        "sale.commit": 1,
    }
    assert meter.take() == {}
    assert meter.session()["sale.commit"].count == 1


def test_deeds_and_measures_name_what_there_is() -> None:
    from importlib import import_module

    from clutch_tui.core.performance.meter import DEEDS

    for place, name in DEEDS.items():
        module, _, function = place.rpartition(".")
        assert callable(getattr(import_module(module), function))
        assert name in measures.BY_NAME


def test_figures_of_many_processes_add_up_and_are_judged(tmp_path: Path) -> None:
    with Store.open(tmp_path / "shop.db", clock=MovingClock(), inline=True) as store:
        store.run_now(measures.keep, {"key.paint": of(3.0, 3.0)})
        store.run_now(measures.keep, {"key.paint": of(3.0), "search.find": of(40.0)})
        found = {one.measure.name: one for one in store.read_now(measures.report, {"key.paint": of(2.0)})}
    assert (found["key.paint"].now.count, found["key.paint"].today.count) == (1, 3)
    assert found["key.paint"].verdict == "good"
    assert found["search.find"].verdict == "slow"
    assert found["start.frame"].verdict == "unknown"
    assert found["key.paint"].month.median == pytest.approx(3.0, rel=0.1)


def test_a_year_takes_no_more_room_than_a_month(tmp_path: Path) -> None:
    clock = MovingClock()
    rows: list[int] = []
    with Store.open(tmp_path / "shop.db", clock=clock, inline=True) as store:
        for _ in range(365):
            for hour in (9, 13, 19):
                clock.at = clock.at.replace(hour=hour)
                store.run_now(measures.keep, {"key.paint": of(1.0, 4.0), "store.read": of(0.3)})
            clock.at += timedelta(days=1)
            rows.append(store.read_now(lambda: db.execute("SELECT count(*) FROM measure").fetchone()[0]))
        days = store.read_now(measures.course, "key.paint", "day", 30)
        month = next(one for one in store.read_now(measures.report, {}) if one.measure.name == "key.paint").month
    assert max(rows) == max(rows[:40])
    assert days[-1] is None
    assert all(one is not None for one in days[:-1])
    assert month.count in (29 * 6, 30 * 6)


def test_gauges_of_this_process_are_believable() -> None:
    assert 5 < gauges.memory() < 4_000
    age = gauges.age_of_process()
    assert age is not None
    assert 10 < age < 86_400_000


def test_frames_are_counted_by_what_is_noted_of_each(store: Store) -> None:
    noted = Histogram()
    for size in (300.0, 900.0, 40.0):
        noted.add(size)
    store.run_now(measures.keep, {"wire.frame": noted})
    reports = {one.measure.name: one for one in store.read_now(measures.report, {})}
    assert reports["wire.frames"].today.count == 3
    assert reports["wire.frames"].verdict == "unknown"
    assert store.read_now(measures.course, "wire.frames", "hour", 2)[-1] == 3.0
