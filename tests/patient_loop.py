"""The event loop of the tests. Its clock stands still while the machine does something else, so that no limit of what
works is reached because the machine is slow; and a test sets it ahead where a limit is to be reached."""

from __future__ import annotations

import asyncio
from selectors import DefaultSelector, SelectorKey
from time import monotonic

STALL = 0.02
"""Seconds that count at most where the loop works, or wakes later than it wanted to: all that is longer is a machine's
that runs something else."""


class PatientLoop(asyncio.SelectorEventLoop):
    """Counts the seconds for which it waited on purpose, and next to nothing of those that it lost."""

    def __init__(self) -> None:
        self._passed = self._since = monotonic()
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._passed + min(monotonic() - self._since, STALL)

    def begins_to_wait(self) -> None:
        self._passed, self._since = self.time(), monotonic()

    def has_waited(self, seconds: float) -> None:
        self._passed, self._since = self._passed + seconds, monotonic()

    def skip(self, seconds: float) -> None:
        """Set the clock ahead: each limit that ends within these seconds ends now."""
        self._passed += seconds


class _Selector(DefaultSelector):
    def __init__(self, loop: PatientLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self._loop.begins_to_wait()
        began = monotonic()
        ready = super().select(timeout)
        waited = monotonic() - began
        self._loop.has_waited(waited if timeout is None else min(waited, max(timeout, 0.0) + STALL))
        return ready


def skip(seconds: float) -> None:
    """Set the clock of the running loop ahead: each limit that ends within these seconds ends now."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PatientLoop)
    loop.skip(seconds)
