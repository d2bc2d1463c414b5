"""A sale that is being made: pure functions from one cart to the next, and what a cart comes to.

Lines are counted from 0. Nothing here touches the database, so that a screen may ask at every key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .types import Cart, CartLine, Customer, CustomerRow, Part, PartRow, Payment, PayMethod, ShopError, TaxRules, Totals

MOST_PIECES = 1_000_000
DEAREST = 1_000_000_000_00
"""A billion pounds: beyond it a price is a slip of the finger."""


def add_line(cart: Cart, part: PartRow | Part, quantity: int = 1) -> Cart:
    """Put pieces of a part into the cart; a part that is there already, at the same price, becomes more."""
    _check_quantity(quantity)
    fields = part.draft if isinstance(part, Part) else part
    name = fields.name or fields.name_en
    line = CartLine(part.id, name, fields.part_number, quantity, fields.price, name_en=fields.name_en)
    for n, present in enumerate(cart.lines):
        if present.part_id == line.part_id and present.price == line.price:
            return set_quantity(cart, n, present.quantity + quantity)
    return replace(cart, lines=(*cart.lines, line))


def set_quantity(cart: Cart, n: int, quantity: int) -> Cart:
    """Raises `error.sale.quantity` for what cannot be a number of pieces; a line's discount never exceeds it."""
    _check_quantity(quantity)
    line = cart.lines[n]
    return _with_line(cart, n, replace(line, quantity=quantity, discount=min(line.discount, quantity * line.price)))


def set_price(cart: Cart, n: int, price: int) -> Cart:
    """A price for one piece, for this sale only. Raises `error.sale.price`."""
    _check_price(price)
    line = cart.lines[n]
    return _with_line(cart, n, replace(line, price=price, discount=min(line.discount, line.quantity * price)))


def set_discount(cart: Cart, n: int, discount: int) -> Cart:
    """Money off a whole line. Raises `error.sale.discount` where it is more than the line."""
    line = cart.lines[n]
    _check_discount(discount, line.quantity * line.price)
    return _with_line(cart, n, replace(line, discount=discount))


def remove_line(cart: Cart, n: int) -> Cart:
    return _fitting(replace(cart, lines=cart.lines[:n] + cart.lines[n + 1 :]))


def with_discount(cart: Cart, amount: int) -> Cart:
    """Money off the whole sale. Raises `error.sale.discount` where it is more than the sale."""
    _check_discount(amount, net_of_lines(cart))
    return replace(cart, discount=amount)


def with_customer(cart: Cart, customer: Customer | CustomerRow | None) -> Cart:
    """Name the customer, or nobody."""
    if customer is None:
        return replace(cart, customer_id=None, customer_name="", customer_phone="")
    fields = customer.draft if isinstance(customer, Customer) else customer
    return replace(cart, customer_id=customer.id, customer_name=fields.name, customer_phone=fields.phone)


def totals(cart: Cart, rules: TaxRules, method: PayMethod = "cash") -> Totals:
    """What the cart comes to when all of it is paid by `method`: only cash is rounded to the smallest coin."""
    subtotal = sum(line.quantity * line.price for line in cart.lines)
    discount = sum(line.discount for line in cart.lines) + cart.discount
    net = subtotal - discount
    tax = tax_of(net, rules)
    exact = net if rules.prices_include_tax else net + tax
    rounding = rounding_of(exact, rules.cash_rounding) if method == "cash" else 0
    pieces = sum(line.quantity for line in cart.lines)
    return Totals(subtotal, discount, tax, rounding, exact + rounding, pieces)


def due(cart: Cart, rules: TaxRules, paid: Sequence[Payment], method: PayMethod) -> int:
    """What is still to be paid where the rest is paid by `method`."""
    whole = totals(cart, rules, paid_by((*paid, Payment(method, 0))))
    return whole.total - sum(payment.amount for payment in paid)


def check(cart: Cart) -> None:
    """Raise what the functions above would have raised: a cart may also come from a script or an order, made
    without them, and a negative quantity would be sold like any other."""
    for line in cart.lines:
        _check_quantity(line.quantity)
        _check_price(line.price)
        _check_discount(line.discount, line.quantity * line.price)
    _check_discount(cart.discount, net_of_lines(cart))


def percent_of(amount: int, hundredths: int) -> int:
    """A part of an amount, in hundredths of a percent: 1250 is 12.5%; rounded half up, as a hand would."""
    return (2 * amount * hundredths + 10_000) // 20_000


def tax_of(net: int, rules: TaxRules) -> int:
    """The tax in `net` where prices include it, on `net` where they do not; rounded half up."""
    divisor = 10_000 + rules.rate if rules.prices_include_tax else 10_000
    return (2 * net * rules.rate + divisor) // (2 * divisor)


def rounding_of(amount: int, coin: int) -> int:
    """What must be added to `amount` to pay it in coins of which `coin` is the smallest; 0 for no such coin."""
    return 0 if coin <= 1 else (2 * amount + coin) // (2 * coin) * coin - amount


def paid_by(payments: Sequence[Payment]) -> PayMethod:
    """By which method a sale counts as paid when it is totalled: cash where nothing else was used."""
    other = [payment.method for payment in payments if payment.method != "cash"]
    return other[0] if other else "cash"


def _check_quantity(quantity: int) -> None:
    if not 0 < quantity <= MOST_PIECES:
        raise ShopError("error.sale.quantity")


def _check_price(price: int) -> None:
    if not 0 <= price <= DEAREST:
        raise ShopError("error.sale.price")


def _check_discount(discount: int, most: int) -> None:
    if not 0 <= discount <= most:
        raise ShopError("error.sale.discount")


def net_of_lines(cart: Cart) -> int:
    """What the lines come to before a discount on the whole sale."""
    return sum(line.total for line in cart.lines)


def net(cart: Cart) -> int:
    """What the cart comes to before tax and rounding: how one tells parked sales apart."""
    return net_of_lines(cart) - cart.discount


def _with_line(cart: Cart, n: int, line: CartLine) -> Cart:
    return _fitting(replace(cart, lines=(*cart.lines[:n], line, *cart.lines[n + 1 :])))


def _fitting(cart: Cart) -> Cart:
    """A discount on the sale never exceeds what is left of the sale."""
    return replace(cart, discount=min(cart.discount, net_of_lines(cart)))
