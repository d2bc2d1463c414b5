"""What a part costs a customer: the price rule that counts for a level and a quantity, and what it makes of the price.

A rule of the customer's own level counts before one of `RETAIL`, which is the level of everybody; within a level the
one with the most particular scope (a part, its category, its brand, everything), and of those the one from the
greatest quantity that is reached. A rule says the price of one unit, or so many percent off the part's own price,
brought to the nearest step. What a person typed, what was quoted and what was ordered is no rule's business.

What `of_parts` has read of the parts of a cart is all that it takes: from then on every function here is pure, so that
a screen may ask at every key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clutch_tui.text.fold import fold

from . import money
from .database import db
from .quantity import NOTHING, Quantity, total
from .records.price_rule import RETAIL, SCOPES
from .search import STOCK
from .types import Cart, CartLine

_SCOPES: tuple[str, ...] = SCOPES


@dataclass(frozen=True, slots=True)
class PriceRule:
    """A rule as it counts for one part: its figures, and what ranks it among the others."""

    id: str
    level: str
    scope: str
    percent: int
    price: int
    from_quantity: Quantity
    rounding: int

    @property
    def weight(self) -> tuple[int, int, str]:
        """The weight among the rules of one level for one part, of which the greatest counts. Of two that are about the
        same, made at two tills at once, every till takes the younger one."""
        return -_SCOPES.index(self.scope), self.from_quantity, self.id

    def of(self, own_price: int) -> int:
        """Return the price of one unit that it makes of the part's own."""
        if self.price:
            return self.price
        return money.to_coin(own_price - money.percent_of(own_price, self.percent), self.rounding)


@dataclass(frozen=True, slots=True)
class PartPrices:
    """What is known of a part's prices: its own and its cost for one unit, what lies on the shelf, and every rule that
    may count for it, whatever the level and the quantity."""

    own: int
    cost: int
    stock: Quantity
    rules: tuple[PriceRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit, and the level whose rule says it; no level where it is the part's own."""

    price: int
    level: str = ""


Prices = Mapping[str, PartPrices]
"""What is known of the prices of the parts of a cart, by their ids."""


def rule_for(rules: Iterable[PriceRule], level: str, quantity: int) -> PriceRule | None:
    """Return the rule that counts for a level and a quantity of a part; None where none does."""
    reached = [rule for rule in rules if rule.from_quantity <= quantity]
    for asked in dict.fromkeys((level or RETAIL, RETAIL)):
        if of_level := [rule for rule in reached if rule.level == asked]:
            return max(of_level, key=lambda rule: rule.weight)
    return None


def price_for(rules: Sequence[PriceRule], own_price: int, level: str, quantity: int) -> Price:
    """Return what one unit costs at a level where so much of a part is bought."""
    rule = rule_for(rules, level, quantity)
    return Price(own_price) if rule is None else Price(rule.of(own_price), rule.level)


def repriced(cart: Cart, prices: Prices) -> Cart:
    """The cart at the prices of its customer's level and of its quantities; how much of a part lies in it counts over
    all its lines. A price that is kept stays, and what is not known of `prices` is left as it is; the very same cart
    where nothing is another. A part's own price is the one that its line was made with (`news` tells of another)."""
    bought = bought_in(cart)
    lines = tuple(_repriced(line, cart.level, bought[line.part_id], prices.get(line.part_id)) for line in cart.lines)
    return cart if lines == cart.lines else replace(cart, lines=lines)


def _repriced(line: CartLine, level: str, bought: Quantity, prices: PartPrices | None) -> CartLine:
    if line.is_price_kept or prices is None:
        return line
    price = price_for(prices.rules, line.usual_price, level, bought)
    return replace(line, price=price.price, level=price.level)


@dataclass(frozen=True, slots=True)
class PriceNews:
    """A part in a cart that costs another price by now than the one at which it lies there, and nobody has decided."""

    part_id: str
    name: str
    name_en: str
    was: int
    price: Price
    own: int
    """The part's own price now."""


def news(cart: Cart, prices: Prices) -> tuple[PriceNews, ...]:
    """Return what costs another price by now: the server has changed a part or a rule while it lay in the cart. What
    has no price any more keeps the one that it has."""
    told: dict[tuple[str, int], PriceNews] = {}
    bought = bought_in(cart)
    for line in cart.lines:
        known = prices.get(line.part_id)
        if line.is_price_kept or known is None:
            continue
        price = price_for(known.rules, known.own, cart.level, bought[line.part_id])
        if price.price not in (0, line.price):
            one = PriceNews(line.part_id, line.name, line.name_en, line.price, price, known.own)
            told.setdefault((line.part_id, line.price), one)
    return tuple(told.values())


def with_news(cart: Cart, seen: Iterable[PriceNews]) -> Cart:
    """The cart at the prices that a person has seen and taken; a line that has another price by now than he was told
    stays as it is."""
    taken = {(one.part_id, one.was): one for one in seen}
    lines = []
    for line in cart.lines:
        one = None if line.is_price_kept else taken.get((line.part_id, line.price))
        lines.append(
            line if one is None else replace(line, price=one.price.price, level=one.price.level, own_price=one.own)
        )
    return replace(cart, lines=tuple(lines))


@dataclass(frozen=True, slots=True)
class Shortage:
    """A part of which the cart holds more than lies on the shelf since somebody else has taken some."""

    part_id: str
    name: str
    name_en: str
    wanted: Quantity
    stock: Quantity


def shortages(cart: Cart, before: Prices, now: Prices) -> tuple[Shortage, ...]:
    """Return the parts of a cart that were there in its quantity `before`, and are not any more."""
    short: dict[str, Shortage] = {}
    bought = bought_in(cart)
    for line in cart.lines:
        wanted, known = bought[line.part_id], before.get(line.part_id)
        left = now.get(line.part_id)
        if known is not None and left is not None and left.stock < wanted <= known.stock:
            short[line.part_id] = Shortage(line.part_id, line.name, line.name_en, wanted, left.stock)
    return tuple(short.values())


def still_short(cart: Cart, told: Iterable[Shortage], now: Prices) -> tuple[Shortage, ...]:
    """Return what of these shortages is still one, by what the cart and the shelf hold now."""
    bought = bought_in(cart)
    left = ((one, bought.get(one.part_id, NOTHING), now.get(one.part_id)) for one in told)
    return tuple(
        replace(one, wanted=wanted, stock=known.stock)
        for one, wanted, known in left
        if known is not None and wanted > max(0, known.stock)
    )


def bought_in(cart: Cart) -> dict[str, Quantity]:
    """Return how much of each part its price is asked for: all that lies in the cart, in however many lines."""
    bought: dict[str, Quantity] = {}
    for line in cart.lines:
        bought[line.part_id] = total((bought.get(line.part_id, NOTHING), line.quantity))
    return bought


def of_parts(part_ids: Iterable[str]) -> dict[str, PartPrices]:
    """Read what is known of the prices of these parts, in two queries. A part that is not known is left out."""
    rows = db.rows(
        f"SELECT id, price, cost, category, brand, {STOCK} AS stock FROM part"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(set(part_ids))),),
    )
    about = {one for row in rows for one in _about(row)}
    known: dict[tuple[str, str], list[PriceRule]] = {}
    for about_what, rule in _rules(sorted(about)):
        known.setdefault(about_what, []).append(rule)
    return {
        row["id"]: PartPrices(
            row["price"],
            row["cost"],
            Quantity(row["stock"]),
            tuple(rule for about_what in _about(row) for rule in known.get(about_what, ())),
        )
        for row in rows
    }


def _about(part: Any) -> tuple[tuple[str, str], ...]:
    """Return what a rule may be about that counts for a part."""
    named = (("category", fold(part["category"])), ("brand", fold(part["brand"])))
    return (("part", part["id"]), *(one for one in named if one[1]), ("all", ""))


_FIGURES = "what, id, level, price_rule.scope, percent, price, from_quantity, rounding"
_ABOUT = f"""WITH about (scope, what) AS (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]')
        FROM json_each(?))
    SELECT {_FIGURES} FROM about CROSS JOIN price_rule
    WHERE about.scope = 'part' AND price_rule.scope = 'part' AND item_id = what AND deleted = 0
    UNION ALL SELECT {_FIGURES} FROM about CROSS JOIN price_rule
    WHERE price_rule.scope <> 'part' AND price_rule.scope = about.scope AND target_key = what AND deleted = 0"""


def _rules(about: Sequence[tuple[str, str]]) -> Iterable[tuple[tuple[str, str], PriceRule]]:
    """The rules about these parts, categories and brands, each beside what it is about."""
    for what, *figures in db.execute(_ABOUT, (json.dumps(about),)).fetchall():
        rule = PriceRule(*figures)
        yield (rule.scope, what), rule


def as_priced_now(cart: Cart) -> Cart:
    """The cart at the prices that its customer and its quantities have by now, read for it."""
    return repriced(cart, of_parts(line.part_id for line in cart.lines))
