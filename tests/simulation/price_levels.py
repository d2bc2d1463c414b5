"""What people do with price levels: they make rules, write their figures anew, let them end, and sell at a level.

They do it by a chance of their own, beside whatever else they do: so nothing else that is drawn depends on it. What was
sold is reckoned a second time, in decimals and by the rows as they lie in the till's file at that moment.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, price_rules, pricing
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import Cart, PriceRuleDraft
from clutch_tui.text.fold import fold
from tests.money_reference.levels import Goods, Rule, price_of
from tests.money_reference.tickets import pounds, units

from . import clerk
from .terminal import Terminal
from .violation import Violation

OFTEN = (0.0, 0.15, 0.4)
"""How likely it is beside each step of a run that somebody does something of it: in some runs nobody ever does."""
LEVELS = ("", "retail", "workshop", "wholesale")
_COLUMNS = "id, level, scope, item_id, target, percent, price, from_quantity, rounding"
ROWS = f"SELECT {_COLUMNS} FROM price_rule WHERE deleted = 0"


def act(terminal: Terminal, rng: random.Random) -> str:
    """One deed of these, drawn."""
    return rng.choice((make, make, write, end, sell, sell, sell))(terminal, rng)


def _figures(rng: random.Random) -> dict[str, int]:
    if rng.random() < 0.3:
        return {"price": rng.randint(1, 90_000), "percent": 0}
    return {"percent": rng.choice((0, 500, 1_250, 3_333)), "price": 0, "rounding": rng.choice((0, 25, 1_00))}


def make(terminal: Terminal, rng: random.Random) -> str:
    """A rule of a level for a part or for everything: two tills may make the same at once."""
    known = terminal.sql("SELECT id FROM part WHERE deleted = 0 ORDER BY id")
    draft = PriceRuleDraft(rng.choice(LEVELS[1:]), "all", from_quantity=rng.choice((0, 0, whole(3))), **_figures(rng))
    if known and rng.random() < 0.7:
        draft = replace(draft, scope="part", item_id=rng.choice(known)[0])
    return f"made the price rule {terminal.do(price_rules.create, draft).id}"


def _rule(terminal: Terminal, rng: random.Random) -> str:
    known = terminal.sql("SELECT id FROM price_rule WHERE deleted = 0 ORDER BY id")
    if not known:
        raise clerk.NothingToDo
    return str(rng.choice(known)[0])


def write(terminal: Terminal, rng: random.Random) -> str:
    """Other figures for a rule, as it stands now."""
    seen = terminal.ask(price_rules.get, _rule(terminal, rng))
    terminal.save(price_rules.edit, seen.id, replace(seen.draft, **_figures(rng)), seen=seen)
    return f"wrote the price rule {seen.id}"


def end(terminal: Terminal, rng: random.Random) -> str:
    seen = terminal.ask(price_rules.get, _rule(terminal, rng))
    terminal.do(price_rules.delete, seen.id, seen=seen)
    return f"ended the price rule {seen.id}"


def sell(terminal: Terminal, rng: random.Random) -> str:
    """One or two parts at the prices of a level; of some a price is typed."""
    known = terminal.sql("SELECT id, decimals FROM part WHERE deleted = 0 ORDER BY id")
    if not known:
        raise clerk.NothingToDo
    chosen = rng.sample(known, min(len(known), rng.randint(1, 2)))
    wanted = [(part_id, clerk.draw_quantity(rng, (1, 2, 3, 5), decimals)) for part_id, decimals in chosen]
    typed = rng.randint(1, 90_000) if rng.random() < 0.2 else None
    return f"sold {terminal.do(sell_at, terminal, rng.choice(LEVELS), wanted, typed).id}"


def sell_at(terminal: Terminal, level: str, wanted: Any, typed: int | None = None) -> Any:
    """Sell these at a level, the first of them at a price that was typed, if one is given; in one transaction, so that
    the rules are those of the moment. The receipt."""
    cart = Cart(db.new_id(), level=level)
    for n, (part_id, quantity) in enumerate(wanted):
        cart = carts.add_line(cart, inventory.get(part_id), quantity, typed if n == 0 else None)
    receipt = clerk.check_out(pricing.as_priced_now(cart), "cash")
    for n, line in enumerate(receipt.lines):
        expected = (pounds(typed), "") if n == 0 and typed is not None else reckoned(line.part_id, level, line.quantity)
        if (pounds(line.price), line.level) != expected:
            told = f"sold {line.part_id} at {line.price} as {line.level!r}"
            raise Violation(f"{terminal.name} {told}, the rules of that moment say {expected}")
    return receipt


def reckoned(part_id: str, level: str, quantity: int) -> tuple[Any, str]:
    """The price of a part by the rows in this file, and the level whose rule says so."""
    (part,) = db.rows("SELECT price, category, brand FROM part WHERE id = ?", (part_id,))
    goods = Goods(part_id, pounds(part["price"]), fold(part["category"]), fold(part["brand"]))
    rules = [_read(row) for row in db.rows(ROWS)]
    return price_of(goods, rules, level or "retail", units(quantity))


def _read(row: Mapping[str, Any]) -> Rule:
    return Rule(
        row["id"],
        row["level"],
        row["scope"],
        row["item_id"] or fold(row["target"]),
        pounds(row["percent"]),
        pounds(row["price"]),
        units(row["from_quantity"]),
        pounds(row["rounding"]),
    )


def check_waiting(terminal: Terminal, *, or_fast: bool = False) -> None:
    """At a server that does not name them, all that is asked of rules waits here without alarm. With `or_fast` some of
    it may not have had its turn yet."""
    for change_id, lane in terminal.sql(
        "SELECT change_id, lane FROM outbox WHERE type = 'price_rule' AND answered_at IS NULL AND first_sent_at IS NULL"
    ):
        if lane != "local" and not (or_fast and lane == "fast"):
            raise Violation(
                f"{terminal.name}: the request {change_id} of a price rule does not wait as local, but {lane}"
            )
