"""How the connection did over time: counted in slices, rolled up, and small for ever."""

from __future__ import annotations

import random
from statistics import median, quantiles

import pytest

from clutch_tui.core.database import db
from clutch_tui.core.performance import usage
from clutch_tui.core.performance.usage import MeasuredCall, Usage, Watch
from clutch_tui.core.store.store import Store
from tests.test_core.shop import HandClock


def call(clock: HandClock, ms: float | None = 10.0, *, name: str = "sales.sync", works: bool = True) -> MeasuredCall:
    problem = None if works else {"key": "error.api.timeout", "values": {"host": "h"}}
    return MeasuredCall(name, clock.now(), ms, 200 if works else None, works, problem)


def test_median_and_tail_are_right_within_a_tenth_and_the_worst_exactly(store: Store, clock: HandClock) -> None:
    chance = random.Random(7)
    times = [chance.lognormvariate(4, 1) for _ in range(2000)]
    store.run_now(usage.count_calls, [call(clock, ms) for ms in times])
    found = store.read_now(usage.of_endpoints, "hour")["sales.sync"]
    assert found.calls == 2000
    assert found.median == pytest.approx(median(times), rel=0.1)
    assert found.p95 == pytest.approx(quantiles(times, n=20)[-1], rel=0.1)
    assert found.worst == max(times)


def test_success_is_told_for_hour_day_and_week(store: Store, clock: HandClock) -> None:
    for works in (True, True, True, False):
        store.run_now(usage.count_calls, [call(clock, works=works)])
    clock.wait(hours=3)
    store.run_now(usage.count_calls, [call(clock)])
    store.run_now(usage.roll_up)
    assert [one.usage.success for one in store.read_now(usage.periods)] == [1.0, 0.8, 0.8]
    clock.wait(days=2)
    store.run_now(usage.roll_up)
    assert [one.usage.success for one in store.read_now(usage.periods)] == [None, None, 0.8]
    assert store.read_now(usage.of_endpoint, "sales.sync")["week"].failures == 1
    assert store.read_now(usage.of_endpoint, "never.called")["week"] == Usage()


def test_uptime_is_a_share_of_the_time_that_somebody_watched(store: Store, clock: HandClock) -> None:
    assert store.read_now(usage.periods)[0].api is None
    for second in range(0, 600, 5):
        up = second < 300
        store.run_now(usage.watched, Watch(5, 5 * up, 2.5 * up, sent=1, fetched=10, busy=0.5))
        clock.wait(seconds=5)
    hour = store.read_now(usage.periods)[0]
    assert (hour.watched, hour.api, hour.socket) == (600, 0.5, 0.25)
    assert (hour.sent, hour.fetched, hour.busy) == (120, 1200, 60)
    clock.wait(hours=30)
    store.run_now(usage.roll_up)
    week = store.read_now(usage.periods)[2]
    assert (week.watched, week.api) == (600, 0.5)


def test_the_last_result_is_kept_with_its_reason_and_its_curve(store: Store, clock: HandClock) -> None:
    store.run_now(usage.count_calls, [call(clock, float(ms)) for ms in range(100)])
    store.run_now(usage.count_calls, [call(clock, None, works=False)])
    (figure,) = store.read_now(usage.figures)
    assert (figure.works, figure.status, figure.calls, figure.failures) == (False, None, 101, 1)
    assert figure.problem == {"key": "error.api.timeout", "values": {"host": "h"}}
    assert figure.recent == (*(float(ms) for ms in range(61, 100)), None)


def test_months_of_use_stay_small(store: Store, clock: HandClock) -> None:
    names = [f"endpoint.{n}" for n in range(5)]
    for _ in range(9 * 24):  # nine days, hour by hour
        store.run_now(usage.count_calls, [call(clock, name=name) for name in names])
        store.run_now(usage.watched, Watch(5, 5, 5))
        clock.wait(hours=1)
        store.run_now(usage.roll_up)
    rows = store.read_now(lambda: db.execute("SELECT count(*) FROM endpoint_usage").fetchone()[0])
    assert rows <= 5 * (8 * 24 + 3)
    assert rows >= 5 * 7 * 24
    assert store.read_now(usage.periods)[2].usage.calls == pytest.approx(5 * 7 * 24, abs=5 * 2)


def test_rolling_up_loses_nothing_and_may_be_repeated(store: Store, clock: HandClock) -> None:
    for _ in range(36):
        store.run_now(usage.count_calls, [call(clock, 5.0), call(clock, 50.0, works=False)])
        clock.wait(minutes=5)
    before = store.read_now(usage.of_endpoint, "sales.sync")["day"]
    for _ in range(3):
        store.run_now(usage.roll_up)
    assert store.read_now(usage.of_endpoint, "sales.sync")["day"] == before
    assert before.calls == 72
    clock.wait(days=9)
    store.run_now(usage.roll_up)
    assert store.read_now(lambda: db.execute("SELECT count(*) FROM endpoint_usage").fetchone()[0]) == 0
