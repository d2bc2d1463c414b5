"""What people do at a terminal: each function draws one deed and does it through the program's own doors."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, state
from clutch_tui.core.types import Payment, ShopError

from .terminal import Terminal

Deed = Callable[[Terminal, random.Random], str]


def _parts(terminal: Terminal) -> list[str]:
    return [row[0] for row in terminal.sql("SELECT id FROM part WHERE deleted = 0 ORDER BY id")]


def sell(terminal: Terminal, rng: random.Random) -> str:
    """One to three parts for cash; some in more pieces than there are."""
    known = _parts(terminal)
    if not known:
        return "nothing to sell"
    chosen = [
        (part_id, rng.choice((1, 1, 2, 3, 9))) for part_id in rng.sample(known, min(len(known), rng.randint(1, 3)))
    ]
    method = rng.choice(("cash", "cash", "visa", "instapay"))
    receipt = terminal.do(_sell, chosen, method)
    return f"sold {receipt.id}"


def _sell(chosen: list[tuple[str, int]], method: Any) -> Any:
    cart = sales.open_cart()
    for n, (part_id, quantity) in enumerate(chosen):
        cart = carts.set_quantity(carts.add_line(cart, inventory.get(part_id), 1), n, quantity)
    rules = state.tax_rules()
    total = carts.totals(cart, rules, method).total
    payments = (Payment(method, total),)
    return sales.checkout(cart, payments, tendered=total, cashier="c", device_id="d", rules=rules)


DEEDS: dict[Deed, int] = {sell: 10}
"""What happens how often."""


def act(terminal: Terminal, rng: random.Random) -> str:
    """One deed by chance; a refusal by the program itself ("voided already", "disk full") is an answer, too."""
    deed = rng.choices(list(DEEDS), list(DEEDS.values()))[0]
    try:
        return deed(terminal, rng)
    except ShopError as refusal:
        return f"{deed.__name__}: {refusal.key}"
