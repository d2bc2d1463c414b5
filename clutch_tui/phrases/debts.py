"""Words for the ages of debts: what screens, papers and commands say of them."""

from __future__ import annotations

from clutch_tui.core.receivables import Aging
from clutch_tui.text.strings import t, tn

AGES = ("debt.up_to_30", "debt.up_to_60", "debt.up_to_90", "debt.older")
"""What each age is called, one for each of `receivables.UP_TO` and what is older."""


def parts(aging: Aging) -> list[tuple[str, int]]:
    """Return the ages of which something is owed, the youngest first, each with its name."""
    return [(t(key), amount) for key, amount in zip(AGES, aging.by_age, strict=True) if amount]


def oldest(aging: Aging) -> str:
    """Return since when the oldest unpaid sale is unpaid; empty where nothing is owed."""
    if aging.oldest is not None:
        return tn("debt.oldest", aging.oldest)
    return t("debt.unknown") if aging.owed else ""
