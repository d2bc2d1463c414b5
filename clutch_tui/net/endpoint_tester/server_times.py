"""The moments that servers write, in their envelopes and in their headers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from clutch_tui.core.clock import from_text


def moment(text: object) -> datetime | None:
    """A moment in RFC 3339, or as HTTP writes it; None for anything else."""
    for read in (from_text, _http_date):
        try:
            return read(str(text))
        except ValueError:
            continue
    return None


def _http_date(text: str) -> datetime:
    date = parsedate_to_datetime(text)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
