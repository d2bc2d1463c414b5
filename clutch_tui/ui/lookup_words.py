"""What a looked-up text means, in words: for the till, the inventory and the commands."""

from __future__ import annotations

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t


def read_as(text: str) -> str:
    """That something was typed on the other keyboard layout, and what it is on this one; empty for an empty text."""
    if not text:
        return ""
    if text.isascii():
        return t("lookup.from_arabic", text=shown.isolate(text.upper()))
    return t("lookup.from_latin", text=shown.name(text))
