"""Price levels in words."""

from __future__ import annotations

from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t


def level_word(level: str) -> str:
    """Return a level as a person calls it; one that only a server knows is called as it calls it."""
    key = f"customer.type.{level}"
    return t(key) if has(key) else shown.name(level)
