"""Quantities with their units, in words: what is counted is a number alone, what is measured names its unit."""

from __future__ import annotations

from clutch_tui.core.units import of_code
from clutch_tui.text import format as shown
from clutch_tui.text.format import NO_BREAK_SPACE
from clutch_tui.text.strings import t


def measured(quantity: int, unit: str) -> str:
    """Return a quantity in thousandths with the short word of its part's unit: `1.5 L`; of pieces the number alone."""
    number = shown.quantity(quantity)
    return f"{number}{NO_BREAK_SPACE}{word(unit)}" if unit else number


def word(unit: str) -> str:
    """Return the short word of a unit for columns and receipts."""
    return t(of_code(unit).short)
