"""The shop's own time: the one way from a moment to the day and hour that its people see on the wall.

What is printed and the day on which it is booked are reckoned here, so that they never disagree.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache

USUAL = "Africa/Cairo"

_present = USUAL


def use(name: str) -> None:
    """From now on `local` gives the time of this zone: the shop's, once its database is open or has learned it."""
    global _present
    _present = name


def local(moment: datetime, name: str = "") -> datetime:
    """An aware moment in the shop's time, or in that of the zone `name`. A zone that this machine does not know
    counts as UTC: a server may name any. Raises `ValueError` for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone: times are aware UTC inside the program")
    return moment.astimezone(_zone(name or _present))


@lru_cache(maxsize=8)
def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
