"""What a person is asked about a sale before it is paid, in words."""

from __future__ import annotations

from clutch_tui.core.guards import Concern
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t


def words(concern: Concern) -> str:
    """Return what goes below its cost and by how much, or how much is given off and of what."""
    name = shown.name(shown.of_language(concern.name, concern.name_en))
    sums = {"net": shown.amount(concern.net), "against": shown.amount(concern.against)}
    if concern.kind == "below_cost":
        return t("guard.below_cost", name=name, below=shown.amount(concern.figure), **sums)
    return t("guard.discount", name=name, percent=shown.rate(concern.figure), **sums)
