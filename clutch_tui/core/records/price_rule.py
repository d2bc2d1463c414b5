"""A price rule: what the customers of a level pay for a part, for those of a category or a brand, or for everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from peewee import TextField

from clutch_tui.text.fold import fold

from .customer import CUSTOMER_TYPES
from .declaration import Key, choice, editable, keys_from, money, percent, quantity, text
from .table import Folded, Tracked

Scope = Literal["part", "category", "brand", "all"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""What a rule may be about, the most particular first: that one counts."""

LEVELS = tuple((level, word) for level, word in CUSTOMER_TYPES if level)
RETAIL = "retail"
"""The level of whoever has none; its rules count for every level that has none of its own for a part."""


@dataclass(frozen=True, slots=True)
class PriceRuleDraft:
    """The fields of a price rule. For whom and for what it is, is said once, when it is made: `item_id` where its scope
    is a part, `target` where it is a category or a brand, by the word that parts have for it. Its figures may be
    written at any time: a `price` for one unit, or where that is 0 so many `percent` off the part's own price, brought
    to the nearest `rounding`; from a quantity of `from_quantity` on."""

    level: str = choice("price_rule.level", LEVELS, missing="error.price_rule.no_level", keys=(Key(fold),))
    scope: str = choice("price_rule.scope", tuple((scope, f"price_rule.scope.{scope}") for scope in SCOPES))
    item_id: str = text("price_rule.part", on_form=False)
    target: str = text("price_rule.target", keys=(Key(fold, "target_key"),))
    percent: int = percent("price_rule.percent")
    price: int = money("price_rule.price")
    from_quantity: int = quantity("price_rule.from_quantity")
    rounding: int = money("price_rule.rounding")


FIGURES = ("percent", "price", "from_quantity", "rounding")
"""The fields that may be written after a rule was made."""


keys_of = keys_from(PriceRuleDraft)
"""Fold the key column of a price rule, and the words that it is found by."""


@editable(PriceRuleDraft)
class PriceRuleTable(Tracked):
    """Price rules."""

    id = TextField(primary_key=True)
    target_key = Folded()
    words = Folded()

    class Meta:
        table_name = "price_rule"
