"""What people do who bring something back: they take something else for it, or have no receipt."""

from __future__ import annotations

import random
from typing import Any

from clutch_tui.core import aftersales, customers, exchanges, inventory, money, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.quantity import Quantity, smallest
from clutch_tui.core.types import EXCHANGE, Cart, Payment, PayMethod

from . import clerk
from .terminal import Terminal
from .violation import Violation


def exchange(terminal: Terminal, rng: random.Random) -> str:
    """Some of a sale of whichever terminal comes back, for one or two parts; the difference is paid in one or two ways,
    or given as the customer wants it. Sometimes the key is pressed twice, or the cart lies aside for a while."""
    sold = terminal.sql("SELECT id FROM sale WHERE kind = 'sale' AND status = 'completed' ORDER BY id")
    known = terminal.sql("SELECT id, decimals FROM part WHERE deleted = 0 ORDER BY id")
    if not sold or not known:
        raise clerk.NothingToDo
    sale_id = str(rng.choice(sold)[0])
    line = rng.choice(terminal.ask(sales.get, sale_id).lines)
    step = smallest(line.decimals)
    back = {line.n: Quantity(step * rng.randint(1, max(1, line.quantity // step)))}
    out = [
        (part_id, clerk.draw_quantity(rng, (1, 1, 2), decimals))
        for part_id, decimals in rng.sample(known, min(len(known), rng.randint(1, 2)))
    ]
    ways: list[PayMethod] = rng.sample(("cash", "visa", "credit"), rng.choice((1, 1, 2)))
    twice, aside = rng.random() < 0.2, rng.random() < 0.2
    receipt = swap(terminal, sale_id, back, out, ways, twice=twice, lies_aside=aside)
    return f"exchanged {receipt.id} for some of {sale_id}"


def swap(
    terminal: Terminal,
    sale_id: str,
    back: dict[int, Quantity],
    out: list[tuple[str, Quantity]],
    ways: list[PayMethod],
    *,
    twice: bool = False,
    lies_aside: bool = False,
) -> Any:
    """Let this come back of a sale, by line number, for these parts; the receipt of what went out."""
    cart = terminal.ask(_cart, terminal.new_id(), sale_id, back, out)
    if lies_aside:
        terminal.do(sales.park, cart)
        cart = terminal.do(sales.take_up, cart)
    payments = terminal.ask(_payments, cart, ways)
    options: Any = {"cashier": "c", "device_id": "d", "rules": terminal.ask(state.tax_rules)}
    receipt = terminal.do(exchanges.checkout, cart, payments, **options)
    if twice and terminal.do(exchanges.checkout, cart, payments, **options) != receipt:
        raise Violation(f"{terminal.name}: the cart of exchange {receipt.id} was sold once more")
    return receipt


def give_back_loose(terminal: Terminal, rng: random.Random) -> str:
    """One or two parts come back of which nobody has the receipt, some damaged, at a price that is agreed on."""
    known = terminal.sql("SELECT id, decimals FROM part WHERE deleted = 0 ORDER BY id")
    people = terminal.sql("SELECT id FROM customer WHERE deleted = 0 ORDER BY id")
    if not known:
        raise clerk.NothingToDo
    back = [
        (part_id, clerk.draw_quantity(rng, (1, 1, 2), decimals))
        for part_id, decimals in rng.sample(known, min(len(known), rng.randint(1, 2)))
    ]
    customer_id = str(rng.choice(people)[0]) if people and rng.random() < 0.4 else None
    method: PayMethod = "credit" if customer_id is not None else rng.choice(("cash", "visa"))
    cart = terminal.ask(_loose_cart, terminal.new_id(), back, rng.choice((None, 777)), customer_id)
    options: Any = {"reason": "no paper", "cashier": "c", "device_id": "d", "rules": terminal.ask(state.tax_rules)}
    damaged = rng.random() < 0.2
    return f"took back {terminal.do(aftersales.give_back_without_receipt, cart, method, damaged=damaged, **options).id}"


def _loose_cart(cart_id: str, back: list[tuple[str, Quantity]], price: int | None, customer_id: str | None) -> Cart:
    lines = tuple(carts.line_of(inventory.get(part_id), quantity, price) for part_id, quantity in back)
    cart = Cart(cart_id, lines)
    return cart if customer_id is None else carts.with_customer(cart, customers.get(customer_id))


def _cart(cart_id: str, sale_id: str, back: dict[int, Quantity], out: list[tuple[str, Quantity]]) -> Cart:
    cart = Cart(cart_id)
    for n, (part_id, quantity) in enumerate(out):
        cart = carts.set_quantity(carts.add_line(cart, inventory.get(part_id)), n, quantity)
    return exchanges.bring_back(cart, sale_id, back, "does not fit")


def _payments(cart: Cart, ways: list[PayMethod]) -> list[Payment]:
    """The difference: what is given, the first way first where it came in by that, or what is paid, half of it by each
    way but the last."""
    rules, payments = state.tax_rules(), list[Payment]()
    if carts.to_give(cart, rules):
        by_way = exchanges.ways_to_give(cart, rules)
        return [one for one in by_way.get(ways[0], by_way[None]).payments if one.method != EXCHANGE]
    for n, method in enumerate(ways, 1):
        due = carts.due(cart, rules, payments, method)
        part = due if n == len(ways) else due // 2
        payments.append(Payment(method, money.down_to_coin(part, rules.cash_rounding) if method == "cash" else part))
    return [payment for payment in payments if payment.amount or payment.method == "cash"]
