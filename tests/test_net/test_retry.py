"""How often and how soon, on a clock that the test owns."""

from __future__ import annotations

import random

from clutch_tui.net.client.retry import Breaker, Budget, backoff


def test_the_wait_doubles_up_to_its_cap_and_is_drawn_from_the_whole_range() -> None:
    chance = random.Random(7)
    for attempt, bound in ((1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (40, 30), (4000, 30)):
        waits = [backoff(attempt, chance) for _ in range(400)]
        assert 0 <= min(waits) < bound * 0.1
        assert bound * 0.9 < max(waits) <= bound


def test_retries_are_paid_for_by_calls() -> None:
    budget = Budget(size=3, income=0.5)
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]
    budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
    for _ in range(100):
        budget.earn()
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(time: Time) -> Breaker:
    breaker = Breaker(time, random.Random(1))
    for _ in range(5):
        assert breaker.enter()
        breaker.failed()
    return breaker


def test_five_failures_in_a_row_open_it_and_a_success_between_does_not() -> None:
    breaker = Breaker(Time(), random.Random(1))
    for result in (breaker.failed, breaker.failed, breaker.succeeded, *(breaker.failed,) * 4):
        assert breaker.enter()
        result()
    assert not breaker.is_open
    breaker.failed()
    assert breaker.is_open
    assert not breaker.enter()


def test_one_trial_at_a_time_and_its_end_decides() -> None:
    time = Time()
    breaker = opened(time)
    time.now += breaker.wait
    assert breaker.enter()
    assert not breaker.enter()
    breaker.failed()
    assert not breaker.enter()
    time.now += breaker.wait
    assert breaker.enter()
    breaker.succeeded()
    assert breaker.enter()
    assert breaker.enter()


def test_a_trial_that_was_cancelled_leaves_the_place_to_the_next() -> None:
    time = Time()
    breaker = opened(time)
    time.now += breaker.wait
    assert breaker.enter()
    breaker.released()
    assert breaker.enter()


def test_the_distance_between_trials_grows_to_half_a_minute_and_no_further() -> None:
    time = Time()
    breaker = opened(time)
    waits = []
    for _ in range(12):
        waits.append(breaker.wait)
        time.now += breaker.wait
        assert breaker.enter()
        breaker.failed()
    assert waits[0] <= 2
    assert all(15 <= wait <= 30 for wait in waits[-5:])


def test_somebody_may_ask_for_a_try_right_now() -> None:
    breaker = opened(Time())
    breaker.reset()
    assert breaker.enter()
