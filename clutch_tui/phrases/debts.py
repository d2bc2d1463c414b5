"""Words for the ages of debts: what both screens, papers and commands say of them."""

from __future__ import annotations

from clutch_tui.core.receivables import UP_TO, Aging
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t, tn


def label(n: int) -> str:
    """Return the name of the `n`th age: `31-60 days`."""
    if n == len(UP_TO):
        return t("debt.over", days=shown.number(UP_TO[-1]))
    first = UP_TO[n - 1] + 1 if n else 0
    return t("debt.days", first=shown.number(first), last=shown.number(UP_TO[n]))


def parts(aging: Aging) -> list[tuple[str, int]]:
    """Return the ages of which something is owed, the youngest first, each with its name."""
    return [(label(n), amount) for n, amount in enumerate(aging.by_age) if amount]


def oldest(aging: Aging) -> str:
    """Return since when the oldest unpaid sale is unpaid; empty where nothing is owed."""
    if aging.oldest is not None:
        return tn("debt.oldest", aging.oldest)
    return t("debt.unknown") if aging.owed else ""
