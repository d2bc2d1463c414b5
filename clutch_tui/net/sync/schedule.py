"""The time of the next round: backoff, the server's own word, somebody's wish."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

from clutch_tui.core.clock import Clock

from ..client.errors import ApiError, Kind
from ..client.retry import backoff

SOONEST = 0.2
"""Seconds between two rounds at least, however much waits."""


class Schedule:
    """The pauses of one engine. `idle` says how long one is when all is well and nothing waits."""

    def __init__(self, clock: Clock, chance: random.Random, idle: Callable[[], float]) -> None:
        self._clock = clock
        self._chance = chance
        self._idle = idle
        self._wanted = asyncio.Event()
        self._failures = 0
        self._fruitless = 0
        self._not_before = 0.0

    def wake(self) -> None:
        """Something is worth a round: the pause ends, or the next one does not begin."""
        self._wanted.set()

    def begin(self) -> None:
        """A round begins: whatever was wished for until now is in it."""
        self._wanted.clear()

    def is_well(self) -> None:
        """The server answers: what one change does to it is no reason to stay away for long."""
        self._failures = 0

    def after(self, error: ApiError) -> float:
        """Seconds to wait after a failed round, longer each time; the server or the breaker may have said when."""
        wait = self.after_failure()
        if error.kind is Kind.BREAKER_OPEN and error.retry_after is not None:
            return error.retry_after + self._chance.uniform(0, 0.5)
        if error.kind is Kind.RATE_LIMITED and error.retry_after:
            self._not_before = self._clock.monotonic() + error.retry_after
        return max(wait, error.retry_after or 0.0)

    def after_failure(self) -> float:
        """Seconds to wait after a round that failed by itself."""
        self._failures += 1
        return backoff(self._failures, self._chance)

    def until(self, due: datetime | None, *, fruitful: bool = True) -> float:
        """Seconds to the next round when all is well: the poll, or sooner where a change is due. One that is due and
        did not go in a round that was well (`fruitful` false) is tried less and less often, down to the poll."""
        self._fruitless = 0 if fruitful or due is None else self._fruitless + 1
        if due is None:
            return self._idle()
        soonest = SOONEST * (1 << min(self._fruitless, 20))
        return min(self._idle(), max(soonest, (due - self._clock.now()).total_seconds()))

    async def rest(self, seconds: float) -> None:
        """Wait until the timer ends or somebody wakes us."""
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        wanted = asyncio.ensure_future(self._wanted.wait())
        try:
            await asyncio.wait((timer, wanted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            wanted.cancel()
        if (held := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(held)  # the server has said when: a sale or an event is no reason to come sooner
