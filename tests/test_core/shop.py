"""What the tests of the shop's rules share: a clock that is moved by hand, and parts to sell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandClock:
    """A clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def wait(self, **much: float) -> None:
        self.moment += timedelta(**much)
