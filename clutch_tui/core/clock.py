"""Time: where "now" comes from, and the one form in which the database keeps a moment."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A clock tells the time and waits. It is handed in everywhere, so that a test or a simulation owns time."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC. May jump; orders nothing."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for durations and deadlines."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def to_text(moment: datetime) -> str:
    """`2026-11-22T09:15:00.123Z`: RFC 3339 in UTC with milliseconds, of fixed width, so that text order is
    time order. A naive moment is a mistake of the caller and raises `ValueError`."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_text(text: str) -> datetime:
    """The aware UTC moment of any RFC 3339 text; raises `ValueError` for anything else, also for a moment of a year
    that no calendar has in UTC."""
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment out of range") from None
