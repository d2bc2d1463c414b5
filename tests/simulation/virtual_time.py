"""Time that is only a number: an event loop that never waits, and the clocks that hang on it.

The loop jumps from one timer to the next. It has no selector, no threads and no signals, so what runs in it
depends on nothing but its own order: the same seed gives the same run on any machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = datetime(2026, 11, 22, 8, tzinfo=UTC)
"""The moment at which every simulation begins."""


class NothingLeft(BaseException):
    """Everything waits for something that cannot happen any more."""


class _NoSelector:
    """Stands where asyncio waits for sockets: instead of waiting it lets the time pass."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        if timeout is None:
            raise NothingLeft("no timer is armed and nothing is ready")
        self._loop.elapsed += timeout
        return ()

    def close(self) -> None:
        return


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop whose `time()` is virtual. What is given to an executor is done at once, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self._selector = _NoSelector(self)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.elapsed

    def _process_events(self, event_list: object) -> None:
        return

    def _write_to_self(self) -> None:
        return

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class TerminalClock:
    """The clock of one machine: it runs with the loop, but its hands may be set to anything."""

    def __init__(self, loop: VirtualLoop, skew: timedelta = timedelta()) -> None:
        self._loop = loop
        self.skew = skew

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._loop.elapsed) + self.skew

    def monotonic(self) -> float:
        return self._loop.elapsed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jump(self, by: timedelta) -> None:
        """Somebody, or a dead battery, set the clock."""
        self.skew += by
