"""The shop's day: it begins at midnight in Cairo, which is the evening before in UTC. Records bear moments in UTC."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from . import payload

CAIRO = ZoneInfo("Africa/Cairo")


def of(moment: datetime) -> date:
    """The day in which the moment lies."""
    return moment.astimezone(CAIRO).date()


def start(day: date) -> str:
    """The first moment of the day, as the database keeps moments; where summer skips midnight, one in the morning."""
    return payload.to_text(datetime.combine(day, time.min, CAIRO))
