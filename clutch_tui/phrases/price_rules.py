"""Price rules in words, the same on the screen and on the command line."""

from __future__ import annotations

from clutch_tui.core.price_rules import PriceRuleRow
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t


def about(row: PriceRuleRow) -> str:
    """Return what a rule is about: a part, a category, a brand, or everything."""
    if row.scope == "part":
        name = shown.of_language(row.part_name, row.part_name_en) or row.part_number
        return name or t("price_rule.part_unknown")
    if row.scope == "all":
        return t("price_rule.scope.all")
    word = t("part.category" if row.scope == "category" else "part.brand")
    return t("price_rule.about", what=word, name=shown.name(row.target))


def says(row: PriceRuleRow) -> str:
    """Return what a rule makes of the price: a price of its own, or what is taken off the part's."""
    return shown.amount(row.price) if row.price else t("price_rule.off", percent=shown.rate(row.percent))
