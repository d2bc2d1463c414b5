"""Words for why something was not sold: what screens, commands and the queue say of it."""

from __future__ import annotations

from clutch_tui.core.lost_sales import REASONS
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t


def why(reason: str) -> str:
    """Return a reason in words; another program's stays as it is."""
    return t(f"lost_sale.{reason}") if reason in REASONS else shown.name(reason)
