"""The meaning of a looked-up text, in words: for the till, the inventory and the commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clutch_tui.core.quantity import ONE
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

if TYPE_CHECKING:
    from clutch_tui.core.lookup import Candidate


def read_as(text: str) -> str:
    """That something was typed on the other keyboard layout, and what it is on this one; empty for an empty text."""
    if not text:
        return ""
    if text.isascii():
        return t("lookup.from_arabic", text=shown.isolate(text.upper()))
    return t("lookup.from_latin", text=shown.name(text))


def candidate(candidate: Candidate) -> Callable[[], str]:
    """A part that may be meant, for a list to choose from: what tells it from the others."""
    part = candidate.part

    def words() -> str:
        times = f"{shown.quantity(candidate.quantity)} × " if candidate.quantity != ONE else ""
        about = [
            times + (shown.part_number(part.part_number) or "-"),
            shown.name(shown.of_language(part.name, part.name_en)),
            shown.money(part.price),
            t("part.on_shelf", stock=measured(part.stock, part.unit)),
        ]
        if part.location:
            about.append(t("part.at_place", place=shown.part_number(part.location)))
        return "   ".join(about)

    return words
