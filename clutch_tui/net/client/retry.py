"""The rules of retries: how often, how soon, and whether at all a call is tried again (docs/protocol.md#retries)."""

from __future__ import annotations

import random
from collections.abc import Callable

BASE = 1.0
CAP = 30.0
ATTEMPTS = 4


def backoff(attempt: int, chance: random.Random, *, base: float = BASE, cap: float = CAP) -> float:
    """Seconds before attempt number `attempt` + 1, counted from 1: anything up to a bound that doubles. Full
    jitter, so that a hundred tills that lost one server do not come back in the same instant."""
    return chance.uniform(0, min(cap, base * 2 ** min(attempt - 1, 30)))


class Budget:
    """Retries are paid for by calls: ten at once, then one for every ten calls. A server that fails everything
    gets little more than the calls themselves."""

    def __init__(self, size: float = 10.0, income: float = 0.1) -> None:
        self._size = size
        self._income = income
        self._left = size

    def earn(self) -> None:
        self._left = min(self._size, self._left + self._income)

    def spend(self) -> bool:
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Breaker:
    """Opens after five failures in a row; then one call at a time may try, at growing distances.

    A call that was let through must end in `succeeded`, `failed` or, where it says nothing about the server
    (it was cancelled), `released`.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        chance: random.Random,
        *,
        threshold: int = 5,
        shortest: float = 2.0,
        longest: float = CAP,
    ) -> None:
        self._monotonic = monotonic
        self._chance = chance
        self._threshold = threshold
        self._shortest = shortest
        self._longest = longest
        self._open_until: float | None = None
        self._trial = False
        self.failures = 0

    @property
    def is_open(self) -> bool:
        return self._open_until is not None

    @property
    def wait(self) -> float:
        """Seconds until a call may try; 0 while closed or when a trial is due."""
        if self._open_until is None:
            return 0.0
        if self._trial:
            return self._shortest
        return max(0.0, self._open_until - self._monotonic())

    def enter(self) -> bool:
        """May this call go out? While open, yes only to one trial at a time."""
        if self._open_until is None:
            return True
        if self.wait > 0:
            return False
        self._trial = True
        return True

    def succeeded(self) -> None:
        self.failures = 0
        self._open_until = None
        self._trial = False

    def failed(self) -> None:
        self.failures += 1
        self._trial = False
        over = self.failures - self._threshold
        if over >= 0:
            bound = min(self._longest, self._shortest * 2 ** min(over, 10))
            self._open_until = self._monotonic() + self._chance.uniform(bound / 2, bound)

    def released(self) -> None:
        self._trial = False

    def reset(self) -> None:
        """Somebody asked for a try right now."""
        self.succeeded()
