"""What people do about what is not there: they order it for a customer, take deposits, and sell it when it is here.

They do so by a chance of their own, beside whatever else they do: so nothing else that is drawn depends on it.
"""

from __future__ import annotations

import random
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import customers, deposits, sales, special_orders, state
from clutch_tui.core.special_orders import SpecialOrder, SpecialOrderQuery, Wanted
from clutch_tui.core.types import Payment

from . import clerk
from .terminal import Terminal
from .violation import Violation

OFTEN = (0.0, 0.1, 0.3)
"""How likely it is beside each step of a run that something is done about a special order: in some runs nothing is."""
OPEN = SpecialOrderQuery(open_only=True)
TILL: dict[str, Any] = {"cashier": "سارة", "device_id": "d"}


def order(terminal: Terminal, rng: random.Random) -> str:
    """Make one, or do something to one that is not over."""
    there = terminal.ask(special_orders.page, OPEN, None, 0, 100)
    if not there or rng.random() < 0.35:
        return place(terminal, rng)
    chosen = rng.choice(there).id
    deed = rng.choice((leave, arrive, cancel, fetch, fetch))
    return deed(terminal, rng, chosen)


def place(terminal: Terminal, rng: random.Random) -> str:
    """Of a part, or of what the shop does not carry; with a deposit or without."""
    customer_id = clerk._customer(terminal, rng)
    known = terminal.sql("SELECT id, decimals FROM part WHERE deleted = 0 ORDER BY id")
    part_id, decimals = rng.choice(known) if known and rng.random() < 0.8 else (None, 0)
    quantity, price = clerk.draw_quantity(rng, (1, 2, 9), decimals), rng.randint(500, 9_000)
    deposit = rng.choice((0, rng.randint(1, 400)))
    made = place_this(terminal, Wanted(part_id, "دبرياج لادا", quantity, price), customer_id, deposit)
    return f"ordered {made.id}"


def place_this(terminal: Terminal, wanted: Wanted, customer_id: str, deposit: int) -> SpecialOrder:
    """Order this. What is left for it is none of what the customer owes."""
    owed = owes(terminal, customer_id)
    made: SpecialOrder = terminal.do(special_orders.place, wanted, customer_id, deposit=deposit, method="visa", **TILL)
    check_owed(terminal, customer_id, owed, f"has left {deposit} for {made.id}")
    if (made.deposit, made.status) != (deposit, "ordered"):
        raise Violation(f"{terminal.name} has just made {made} with a deposit of {deposit}")
    return made


def owes(terminal: Terminal, customer_id: str) -> int:
    return int(terminal.ask(customers.get, customer_id).balance)


def check_owed(terminal: Terminal, customer_id: str, expected: int, why: str) -> None:
    if (now := owes(terminal, customer_id)) != expected:
        raise Violation(f"{terminal.name}: {customer_id} {why}, and owes {now}, not {expected}")


def leave(terminal: Terminal, rng: random.Random, order_id: str) -> str:
    order = terminal.ask(special_orders.get, order_id)
    amount, owed = rng.randint(1, 300), owes(terminal, order.customer_id)
    terminal.do(special_orders.take_deposit, order_id, amount, rng.choice(("cash", "visa")), "سارة")
    check_owed(terminal, order.customer_id, owed, f"has left {amount} more for {order_id}")
    return f"left {amount} for {order_id}"


def arrive(terminal: Terminal, rng: random.Random, order_id: str) -> str:
    terminal.do(special_orders.arrived, order_id, "سارة")
    return f"{order_id} is here"


def cancel(terminal: Terminal, rng: random.Random, order_id: str) -> str:
    """What was left for it goes back or stays; what the customer owes is the same by either."""
    order = terminal.ask(special_orders.get, order_id)
    owed, becomes = owes(terminal, order.customer_id), rng.choice(special_orders.ON_CANCEL)
    terminal.do(special_orders.cancel, order_id, "لقاها برة", "سارة", deposit=becomes)
    check_owed(terminal, order.customer_id, owed, f"does not want {order_id} any more ({becomes})")
    return f"cancelled {order_id}"


def fetch(terminal: Terminal, rng: random.Random, order_id: str) -> str:
    """Sell it at the agreed price, for what was left and the rest by card. The account is as it was: the deposit was
    counted once."""
    order = terminal.ask(special_orders.get, order_id)
    part_id = order.part_id or clerk._part(terminal, rng)
    owed = owes(terminal, order.customer_id)
    sold = terminal.do(fetch_this, order_id, part_id)
    check_owed(terminal, order.customer_id, owed, f"has fetched {order_id} with {order.deposit} left for it")
    (line,) = sold.lines
    if (line.quantity, line.price) != (order.quantity, order.price):
        raise Violation(f"{terminal.name}: {order_id} was ordered at {order.price}, and is sold as {line}")
    if sold.deposit != order.deposit:
        raise Violation(f"{terminal.name}: {order.deposit} was left for {order_id}, its receipt says {sold.deposit}")
    return f"sold {sold.id} for {order_id}"


def fetch_this(order_id: str, part_id: str) -> Any:
    cart, rules = special_orders.to_cart(order_id, part_id), state.tax_rules()
    left = min(deposits.left(order_id), carts.totals(cart, rules, "credit").total)
    before = (Payment("credit", left),) if left else ()
    rest = carts.due(cart, rules, before, "visa")
    paid = (*before, *((Payment("visa", rest),) if rest else ()))
    return sales.checkout(cart, paid, tendered=0, cashier="c", device_id="d", rules=rules)
