"""Random price rules over random carts, through the program and through the rules of `docs/money.md` in decimals: after
each thing that a clerk does, every line's price and level are compared."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, price_rules, pricing
from clutch_tui.core.pricing import PartPrices, PriceRule
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, CustomerRow, Part, PartDraft, PriceRuleDraft

from .rules import HUNDRED, NOTHING, to_coin, to_piastre
from .tickets import Differs, pounds, same, units

LEVELS = ("", "retail", "workshop", "wholesale", "gold")
CATEGORIES, BRANDS = ("فلاتر", "تبريد", ""), ("VAG", "NGK", "")


@dataclass(frozen=True, slots=True)
class Rule:
    """A price rule in pounds, percent and units."""

    id: str
    level: str
    scope: str
    about: str
    percent: Decimal
    price: Decimal
    start: Decimal
    step: Decimal


@dataclass(frozen=True, slots=True)
class Goods:
    """A part as a rule sees it."""

    id: str
    own: Decimal
    category: str
    brand: str

    def meant_by(self, rule: Rule) -> bool:
        """Rule 23."""
        about = {"part": self.id, "category": self.category, "brand": self.brand, "all": ""}
        return rule.about == about[rule.scope] and (rule.scope == "all" or rule.about != "")


def price_of(goods: Goods, rules: Sequence[Rule], level: str, bought: Decimal) -> tuple[Decimal, str]:
    """Rules 22 to 24: what one unit costs, and the level whose rule says so."""
    for asked in (level, "retail"):
        for scope in ("part", "category", "brand", "all"):
            found: Rule | None = None
            for rule in rules:
                if (rule.level, rule.scope) == (asked, scope) and goods.meant_by(rule) and rule.start <= bought:
                    later = found is None or rule.start > found.start
                    if later or (found is not None and rule.start == found.start and rule.id > found.id):
                        found = rule
            if found is not None:
                return _made(found, goods.own), asked
    return goods.own, ""


def _made(rule: Rule, own: Decimal) -> Decimal:
    if rule.price != NOTHING:
        return rule.price
    return to_coin(own - to_piastre(own * rule.percent / HUNDRED), rule.step)


# --- what people type ------------------------------------------------------------------------------------


def _money(rng: random.Random) -> int:
    return rng.randint(1, rng.choice((99, 9_99, 999_99, 50_000_00)))


def _rule(rng: random.Random, part_ids: Sequence[str]) -> PriceRuleDraft:
    scope = rng.choice(("part", "category", "brand", "all"))
    about = {"category": CATEGORIES[:2], "brand": BRANDS[:2]}
    figures: dict[str, int] = {}
    if rng.random() < 0.3:
        figures["price"] = _money(rng)
    else:
        figures["percent"] = rng.choice((0, 500, 1_000, 1_250, 3_333, 10_000, rng.randint(0, 10_000)))
        figures["rounding"] = rng.choice((0, 0, 1, 5, 25, 50, 1_00, 5_00))
    return PriceRuleDraft(
        rng.choice(LEVELS[1:4]),
        scope,
        rng.choice(part_ids) if scope == "part" else "",
        rng.choice(about[scope]) if scope in about else "",
        from_quantity=rng.choice((0, 0, 1_000, 2_500, whole(5), whole(10))),
        **figures,
    )


def _in_pounds(id: str, draft: PriceRuleDraft) -> Rule:
    return Rule(
        id,
        draft.level,
        draft.scope,
        draft.item_id or draft.target,
        pounds(draft.percent),
        pounds(draft.price),
        units(draft.from_quantity),
        pounds(draft.rounding),
    )


class Clerk:
    """A cart as it comes about at its prices, and beside it what was done: of each line the part, how much of it, and
    the price that was typed, None where the rules say it."""

    def __init__(
        self, rng: random.Random, parts: Sequence[Part], rules: Sequence[Rule], prices: pricing.Prices
    ) -> None:
        self._rng, self._parts, self._rules, self._prices = rng, parts, rules, prices
        self.cart = Cart("c")
        self._level = ""
        self._lines: list[tuple[Goods, Decimal, Decimal | None]] = []

    def work(self) -> None:
        """Do some things, and compare after each. Raises `Differs`."""
        for _ in range(self._rng.choice((2, 4, 8))):
            self._act(self._rng.random())
            self.cart = pricing.repriced(self.cart, self._prices)
            self._compare()

    def _act(self, what: float) -> None:
        rng, n = self._rng, self._rng.randrange(len(self._lines)) if self._lines else 0
        if not self._lines or what < 0.35:
            self._add(rng.choice(self._parts), _quantity(rng), _money(rng) if rng.random() < 0.2 else None)
        elif what < 0.6:
            quantity = _quantity(rng)
            self.cart = carts.set_quantity(self.cart, n, quantity)
            goods, _, typed = self._lines[n]
            self._lines[n] = goods, units(quantity), typed
        elif what < 0.8:
            self._level = rng.choice(LEVELS)
            buyer = CustomerRow("x", (), "x", "", "", 0, False, self._level)
            self.cart = carts.with_customer(self.cart, buyer if rng.random() < 0.8 or self._level else None)
        elif what < 0.9:
            price = _money(rng)
            self.cart = carts.set_price(self.cart, n, price)
            goods, quantity_of, _ = self._lines[n]
            self._lines[n] = goods, quantity_of, pounds(price)
        else:
            self.cart = carts.remove_line(self.cart, n)
            del self._lines[n]

    def _add(self, part: Part, quantity: Quantity, typed: int | None) -> None:
        self.cart = carts.add_line(self.cart, part, quantity, typed)
        goods, price = _goods(part), None if typed is None else pounds(typed)
        for n, (there, much, kept) in enumerate(self._lines):
            asked = goods.own if price is None else price
            if there == goods and asked == (there.own if kept is None else kept):
                self._lines[n] = there, much + units(quantity), kept
                return
        self._lines.append((goods, units(quantity), price))

    def _compare(self) -> None:
        if len(self.cart.lines) != len(self._lines):
            raise Differs(f"{len(self.cart.lines)} lines, not {len(self._lines)}")
        for line, (goods, _, typed) in zip(self.cart.lines, self._lines, strict=True):
            bought = sum((much for other, much, _ in self._lines if other == goods), Decimal(0))
            asked = self._level or "retail"
            price, level = (typed, "") if typed is not None else price_of(goods, self._rules, asked, bought)
            same(f"the price of {line.part_id}", line.price, price)
            if line.level != level:
                raise Differs(f"the level of {line.part_id}: {line.level!r}, not {level!r}")


def _quantity(rng: random.Random) -> Quantity:
    return rng.choice((whole(1), whole(2), whole(5), whole(12), Quantity(500), Quantity(rng.randint(1, 20_000))))


def _goods(part: Part) -> Goods:
    return Goods(part.id, pounds(part.draft.price), part.draft.category, part.draft.brand)


def live(rng: random.Random) -> None:
    """Rules and a cart through the pure functions. Raises `Differs`."""
    parts = [_part(rng, f"p{n}") for n in range(3)]
    drafts = [_rule(rng, [part.id for part in parts]) for _ in range(rng.choice((0, 1, 3, 8)))]
    rules = [_in_pounds(f"r{n}", draft) for n, draft in enumerate(drafts)]
    prices = {
        part.id: PartPrices(
            part.draft.price,
            0,
            part.stock,
            tuple(
                PriceRule(
                    rule.id, one.level, one.scope, one.percent, one.price, Quantity(one.from_quantity), one.rounding
                )
                for rule, one in zip(rules, drafts, strict=True)
                if _goods(part).meant_by(rule)
            ),
        )
        for part in parts
    }
    Clerk(rng, parts, rules, prices).work()


def _draft(rng: random.Random) -> PartDraft:
    return PartDraft(
        name="x", price=_money(rng), category=rng.choice(CATEGORIES), brand=rng.choice(BRANDS), unit="LTR", decimals=3
    )


def _part(rng: random.Random, id: str) -> Part:
    return Part(id, _draft(rng), whole(10), whole(10), 1, None, None, unsent=False, deleted=False)


def live_stored(rng: random.Random, store: Store) -> None:
    """The same with rules and parts that lie in a database, which finds what counts. Raises `Differs`."""
    for rule in store.read_now(price_rules.page, price_rules.PriceRuleQuery(), None, 0, 99):
        store.run_now(lambda id=rule.id: price_rules.delete(id, seen=price_rules.get(id)))
    parts = [store.run_now(inventory.create, replace(_draft(rng), name=f"x{n}")) for n in range(3)]
    rules = []
    for _ in range(rng.choice((1, 3, 8))):
        draft = _rule(rng, [part.id for part in parts])
        if all(_place(draft) != place for place in map(_place_of, rules)):
            rules.append(_in_pounds(store.run_now(price_rules.create, draft).id, draft))
    prices = store.read_now(pricing.of_parts, [part.id for part in parts])
    Clerk(rng, parts, rules, prices).work()


def _place(draft: PriceRuleDraft) -> tuple[object, ...]:
    return draft.level, draft.scope, draft.item_id or draft.target, units(draft.from_quantity)


def _place_of(rule: Rule) -> tuple[object, ...]:
    return rule.level, rule.scope, rule.about, rule.start
