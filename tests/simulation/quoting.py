"""What people do with quotations: they offer something, sell what was offered, or note that nothing came of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import customers, inventory, quotation_carts, quotations, sales, state
from clutch_tui.core.quantity import Quantity
from clutch_tui.core.quotations import Quotation, QuotationQuery
from clutch_tui.core.types import NO_DISCOUNT, Cart, Discount, TaxRules
from tests.money_reference import rules as reference
from tests.money_reference.tickets import pounds

from . import clerk, price_levels
from .quotation_books import check_statuses
from .terminal import TakenUp, Terminal
from .violation import Violation

_EVERY = QuotationQuery()


@dataclass(frozen=True, slots=True)
class Offer:
    """A line that is to be quoted: `price` for one unit, `off` off the line."""

    part_id: str
    quantity: Quantity
    price: int
    off: Discount = NO_DISCOUNT


# --- offering ------------------------------------------------------------------------------------------


def quote(terminal: Terminal, rng: random.Random) -> str:
    """One to three parts, some at a price of their own, some with something off a line or off the whole; sometimes the
    key is pressed twice."""
    known = terminal.sql("SELECT id, decimals, price FROM part WHERE deleted = 0 ORDER BY id")
    if not known:
        raise clerk.NothingToDo
    offers = [
        Offer(part_id, clerk.draw_quantity(rng, (1, 2, 3), decimals), rng.choice((price, price, price + 7)), _off(rng))
        for part_id, decimals, price in rng.sample(known, min(len(known), rng.randint(1, 3)))
    ]
    there = terminal.sql("SELECT id FROM customer WHERE deleted = 0 ORDER BY id") if rng.random() < 0.5 else []
    customer_id = str(rng.choice(there)[0]) if there else None
    days, twice = rng.choice((0, 1, 7)), rng.random() < 0.2
    made = quote_these(terminal, offers, _off(rng), days=days, customer_id=customer_id, twice=twice)
    return f"quoted {made.id}"


def _off(rng: random.Random) -> Discount:
    return rng.choice((NO_DISCOUNT, NO_DISCOUNT, Discount(percent=rng.randint(1, 3_000)), Discount(rng.randint(1, 50))))


def quote_these(
    terminal: Terminal,
    offers: list[Offer],
    off: Discount = NO_DISCOUNT,
    *,
    days: int = 7,
    customer_id: str | None = None,
    twice: bool = False,
) -> Quotation:
    """Quote these lines, to a customer or to somebody else, and reckon what they come to a second time."""
    cart, rules = terminal.ask(_cart, offers, off, terminal.new_id(), customer_id), terminal.ask(state.tax_rules)
    options: dict[str, Any] = {"valid_until": terminal.ask(quotations.usual_end, days), "rules": rules}
    made: Quotation = terminal.do(quotations.quote, cart, name="أم أحمد", cashier="c", device_id="d", **options)
    if twice and terminal.do(quotations.quote, cart, cashier="c", device_id="d", **options) != made:
        raise Violation(f"{terminal.name}: the cart of quotation {made.id} was quoted once more")
    _check_figures(made, offers, off, rules)
    return made


def _cart(offers: list[Offer], off: Discount, cart_id: str, customer_id: str | None) -> Cart:
    cart = Cart(cart_id)
    for n, one in enumerate(offers):
        cart = carts.set_quantity(carts.add_line(cart, inventory.get(one.part_id)), n, one.quantity)
        cart = carts.set_discount(carts.set_price(cart, n, one.price), n, one.off)
    if customer_id is not None:
        cart = carts.with_customer(cart, customers.get(customer_id))
    return carts.with_discount(cart, off)


def _check_figures(made: Quotation, offers: list[Offer], off: Discount, rules: TaxRules) -> None:
    """A quotation comes to what decimal numbers say that its lines, as they were typed, come to."""
    ticket = reference.Ticket(
        [reference.Line(Decimal(one.quantity).scaleb(-3), _pounds(one.price), _typed(one.off)) for one in offers],
        _typed(off),
        Decimal(rules.rate) / 100,
        rules.prices_include_tax,
        reference.NOTHING,
    )
    expected = ticket.subtotal, ticket.subtotal - ticket.net, ticket.tax, ticket.exact
    totals = made.totals
    if tuple(map(_pounds, (totals.subtotal, totals.discount, totals.tax, totals.total))) != expected:
        raise Violation(f"quotation {made.id} came to {totals}, decimals to {expected}")


def _pounds(piastres: int) -> Decimal:
    return Decimal(piastres).scaleb(-2)


def _typed(off: Discount) -> reference.Off:
    return reference.Off(_pounds(off.amount), _pounds(off.percent))


# --- what becomes of it --------------------------------------------------------------------------------


def take_up(terminal: Terminal, rng: random.Random) -> str:
    """Sell what this till or another has offered: mostly at its prices, else at today's. Now and then it is one that is
    sold already, or the cart lies aside for a while. Where nothing was offered yet, offer something."""
    if not terminal.sql("SELECT 1 FROM quotation LIMIT 1"):
        return quote(terminal, rng)
    quotation_id = _one(terminal, rng, ("open", "expired", "lost") if rng.random() < 0.8 else quotations.STATUSES)
    known = "SELECT 1 FROM customer JOIN quotation ON customer.id = customer_id WHERE deleted = 0 AND quotation.id = ?"
    on_account = ("credit",) if terminal.sql(known, (quotation_id,)) else ()
    methods: tuple[Any, ...] = ("cash", "visa", *on_account)
    chosen = rng.sample(methods, 2) if rng.random() < 0.3 else [rng.choice(methods)]
    return sell_quoted(terminal, quotation_id, *chosen, at_its_prices=rng.random() < 0.7, lies_aside=rng.random() < 0.2)


def _one(terminal: Terminal, rng: random.Random, statuses: tuple[str, ...]) -> str:
    """A quotation in one of these states, of those that this till knows; what it says of each is true."""
    check_statuses(terminal)
    found = [row.id for row in terminal.ask(quotations.page, _EVERY, None, 0, 50) if row.status in statuses]
    if not found:
        raise clerk.NothingToDo
    return rng.choice(found)


def sell_quoted(
    terminal: Terminal, quotation_id: str, *methods: Any, at_its_prices: bool = True, lies_aside: bool = False
) -> str:
    """Sell a quotation, at its prices or at today's."""
    back = terminal.ask(quotation_carts.recall, quotation_id)
    for line in back.today.lines:
        bought = carts.in_cart(back.today, line.part_id)
        today, _ = terminal.ask(price_levels.reckoned, line.part_id, back.today.level, bought)
        if pounds(line.price) != today:
            raise Violation(f"{terminal.name}: {line.price} is not today's price of {line.part_id}")
    cart = back.quoted if at_its_prices else back.today
    if lies_aside:
        terminal.do(sales.park, cart)
        cart = terminal.do(sales.take_up, cart)
    terminal.taken_up = TakenUp(quotation_id, at_its_prices)
    try:
        return f"sold {terminal.do(clerk.check_out, cart, *methods).id} of quotation {quotation_id}"
    finally:
        terminal.taken_up = None


def lose(terminal: Terminal, rng: random.Random) -> str:
    """Note that nothing came of a quotation, of whichever till."""
    quotation_id = _one(terminal, rng, ("open", "expired"))
    terminal.do(quotations.lose, quotation_id, "too dear", "c")
    return f"lost quotation {quotation_id}"
