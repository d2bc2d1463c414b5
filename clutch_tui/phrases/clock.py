"""The meaning of a clock that is far off for the shop: the day on which its sales are booked."""

from __future__ import annotations

from datetime import datetime, timedelta

from clutch_tui.text.format import clock, date
from clutch_tui.text.strings import t


def wrong_day(skew: float, now: datetime) -> str:
    """A sentence where this clock, `skew` seconds ahead of the server's, books sales on another day than the server's;
    empty where both are on the same day."""
    ours, theirs = (date(at) for at in (now, now - timedelta(seconds=skew)))
    if ours == theirs:
        return ""
    return t("clock.day", day=ours, theirs=theirs, clock=clock(skew))
