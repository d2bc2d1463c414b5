"""A sale that is being made: pure functions from one cart to the next, and what a cart comes to.

Lines are counted from 0. Nothing here touches the database, so that a screen may ask at every key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import money
from .errors import ShopError, not_sold_so
from .quantity import ONE, Quantity, fits, total, whole
from .types import (
    NO_DISCOUNT,
    Cart,
    CartLine,
    Customer,
    CustomerRow,
    Discount,
    Part,
    PartRow,
    Payment,
    PayMethod,
    TaxRules,
    Totals,
)

MOST = whole(1_000_000)
DEAREST = 1_000_000_000_00
"""A billion pounds: beyond it a price is a slip of the finger."""
LARGEST_NOTE = 200_00
LONGEST_NOTE = 500
"""Letters that may be written on a sale or a line, and of a car or a reference."""


def add_line(cart: Cart, part: PartRow | Part, quantity: Quantity = ONE, price: int | None = None) -> Cart:
    """Put a quantity of a part into the cart, at the part's own price where no other is given; a part that is there
    already, at the same price, becomes more. What its customer pays is for `pricing.repriced` to say. Raises
    `error.sale.quantity`, and `not_sold_so` for a fraction of what is not sold in such."""
    line = line_of(part, quantity, price)
    _check_quantity(line)
    for n, present in enumerate(cart.lines):
        if present.part_id == line.part_id and _is_priced_alike(present, line):
            now = replace(present, unit=line.unit, decimals=line.decimals)  # as it is sold by now
            return set_quantity(_with_line(cart, n, now), n, total((present.quantity, quantity)))
    return replace(cart, lines=(*cart.lines, line))


def _is_priced_alike(present: CartLine, line: CartLine) -> bool:
    """Tell whether what is added costs what lies there: a price that is kept is one, whatever the part's own is."""
    return line.price == (present.price if present.is_price_kept else present.usual_price)


def line_of(part: PartRow | Part, quantity: Quantity, price: int | None = None) -> CartLine:
    """A line with a quantity of a part, at its own price where no other is given, which is kept."""
    fields = part.draft if isinstance(part, Part) else part
    return CartLine(
        part.id,
        fields.name or fields.name_en,
        fields.part_number,
        quantity,
        fields.price if price is None else price,
        name_en=fields.name_en,
        unit=fields.unit,
        decimals=fields.decimals,
        own_price=fields.price,
        is_price_kept=price is not None,
    )


def short(cart: Cart, stock: Mapping[str, int]) -> frozenset[str]:
    """The parts of which the cart holds more than lies on the shelf, as far as `stock` says."""
    wanted: dict[str, int] = {}
    for line in cart.lines:
        wanted[line.part_id] = wanted.get(line.part_id, 0) + line.quantity
    return frozenset(part_id for part_id, quantity in wanted.items() if quantity > stock.get(part_id, quantity))


def set_quantity(cart: Cart, n: int, quantity: Quantity) -> Cart:
    """Raises `error.sale.quantity` for what cannot be sold of anything, and `not_sold_so` for a fraction of what is
    not sold in such."""
    line = replace(cart.lines[n], quantity=quantity)
    _check_quantity(line)
    return _with_line(cart, n, line)


def set_price(cart: Cart, n: int, price: int) -> Cart:
    """A price for one unit, for this sale only, which is kept. Raises `error.sale.price`."""
    _check_price(price)
    return _with_line(cart, n, replace(cart.lines[n], price=price, level="", is_price_kept=True))


def set_discount(cart: Cart, n: int, discount: Discount) -> Cart:
    """Take something off a whole line. Raises `error.sale.discount` where it is more than the line comes to now."""
    line = cart.lines[n]
    _check_discount(discount, line.gross)
    return _with_line(cart, n, replace(line, discount=discount))


def remove_line(cart: Cart, n: int) -> Cart:
    """Take a line out. With the last one its sale is over, and what was to be taken off it."""
    lines = cart.lines[:n] + cart.lines[n + 1 :]
    return replace(cart, lines=lines, discount=cart.discount if lines else NO_DISCOUNT)


def with_discount(cart: Cart, discount: Discount) -> Cart:
    """Take something off the whole sale. Raises `error.sale.discount` where it is more than the sale comes to now."""
    _check_discount(discount, net_of_lines(cart))
    return replace(cart, discount=discount)


def with_customer(cart: Cart, customer: Customer | CustomerRow | None) -> Cart:
    """Name the customer, and with him the price level and the car that it is for, or nobody. What he pays is for
    `pricing.repriced` to say."""
    if customer is None:
        return replace(cart, customer_id=None, customer_name="", customer_phone="", level="", car="")
    fields = customer.draft if isinstance(customer, Customer) else customer
    named = replace(cart, customer_id=customer.id, customer_name=fields.name, customer_phone=fields.phone)
    return replace(named, level=fields.customer_type, car=fields.car)


def with_notes(cart: Cart, note: str, car: str) -> Cart:
    """Write on the whole sale, and say for which car it is; blanks around either are dropped. Raises `error.sale.note`
    for what is longer than a receipt takes."""
    return replace(cart, notes=_short(note), car=_short(car))


def set_note(cart: Cart, n: int, note: str) -> Cart:
    """Write on a line. Raises `error.sale.note`."""
    return _with_line(cart, n, replace(cart.lines[n], note=_short(note)))


# --- what it comes to ----------------------------------------------------------------------------------


def net_of_lines(cart: Cart) -> int:
    """Return what the lines come to before a discount on the whole sale."""
    return sum(line.total for line in cart.lines)


def off_sale(cart: Cart) -> int:
    """The money that the discount on the whole sale comes to now."""
    return cart.discount.off(net_of_lines(cart))


def net(cart: Cart) -> int:
    """Return what the cart comes to before tax and rounding: how one tells parked sales apart."""
    return net_of_lines(cart) - off_sale(cart)


def exact(cart: Cart, rules: TaxRules) -> int:
    """Return what the cart comes to before anything is brought to coins."""
    left = net(cart)
    return left if rules.prices_include_tax else left + money.tax_on(left, rules.rate)


def exchanged(cart: Cart, rules: TaxRules) -> int:
    """Return what of the price is paid by what comes back: all of it, where that is worth more."""
    return 0 if cart.back is None else min(cart.back.owed, exact(cart, rules))


def to_give(cart: Cart, rules: TaxRules) -> int:
    """Return what is due to the customer of an exchange, before it is brought to coins: what comes back is worth so
    much more than what goes out. 0 where he pays, or where they are worth the same."""
    return 0 if cart.back is None else cart.back.owed - exchanged(cart, rules)


def totals(cart: Cart, rules: TaxRules, method: PayMethod = "cash") -> Totals:
    """Return what the cart comes to when all of it is paid by `method`: only cash is rounded to the smallest coin."""
    return totals_paid(cart, rules, (Payment(method, 0),))


def totals_paid(cart: Cart, rules: TaxRules, payments: Sequence[Payment]) -> Totals:
    """Return what the cart comes to when it is paid in these ways. What others than cash have paid is exact; the rest,
    where a payment says that it is cash, is rounded to the smallest coin: nobody can hand over anything else. What is
    exchanged is exact, too, and none of the `payments`."""
    subtotal = sum(line.gross for line in cart.lines)
    discount = sum(line.off for line in cart.lines) + off_sale(cart)
    left = subtotal - discount
    tax = money.tax_in(left, rules.rate) if rules.prices_include_tax else money.tax_on(left, rules.rate)
    price, rounding = exact(cart, rules), 0
    if any(payment.method == "cash" for payment in payments) or not payments:
        otherwise = sum(payment.amount for payment in payments if payment.method != "cash")
        in_cash = max(0, price - exchanged(cart, rules) - otherwise)
        rounding = money.to_coin(in_cash, rules.cash_rounding) - in_cash
    pieces = sum(line.pieces for line in cart.lines)
    return Totals(subtotal, discount, tax, rounding, price + rounding, pieces)


def is_odd_tender(tendered: int, due: int) -> bool:
    """Tell whether nobody hands over so much for what is due: it would leave a whole one of the largest notes as
    change. A barcode or a figure too many was typed."""
    return tendered - due >= LARGEST_NOTE


def due(cart: Cart, rules: TaxRules, paid: Sequence[Payment], method: PayMethod) -> int:
    """Return what is still to be paid where the rest is paid by `method`: exactly what is left, or in cash what coins
    come to."""
    whole = totals_paid(cart, rules, (*paid, Payment("cash", 0))) if method == "cash" else totals(cart, rules, method)
    return whole.total - exchanged(cart, rules) - sum(payment.amount for payment in paid)


def in_cart(cart: Cart, part_id: str) -> Quantity:
    """Return how much of a part lies in the cart, in all its lines."""
    return total(line.quantity for line in cart.lines if line.part_id == part_id)


# --- what cannot be meant ------------------------------------------------------------------------------


def check(cart: Cart) -> None:
    """Raise what the functions above would have raised: a cart may also come from a script or an order, made
    without them, and a negative quantity would be sold like any other."""
    for line in cart.lines:
        _check_quantity(line)
        _check_price(line.price)
        _check_discount(line.discount)
        _short(line.note)
    _check_discount(cart.discount)
    _short(cart.car)


def _short(text: str) -> str:
    if len(text := text.strip()) > LONGEST_NOTE:
        raise ShopError("error.sale.note", most=LONGEST_NOTE)
    return text


def _check_quantity(line: CartLine) -> None:
    if not 0 < line.quantity <= MOST:
        raise ShopError("error.sale.quantity")
    if not fits(line.quantity, line.decimals):
        raise not_sold_so(line.name, line.name_en, line.decimals)


def _check_price(price: int) -> None:
    if not 0 <= price <= DEAREST:
        raise ShopError("error.sale.price")


def _check_discount(discount: Discount, whole: int | None = None) -> None:
    """An amount may be above the whole where that has shrunk since it was typed: it takes off what there is."""
    most = discount.amount if whole is None else whole
    if not (0 <= discount.amount <= most and 0 <= discount.percent <= money.WHOLE):
        raise ShopError("error.sale.discount")
    if discount.amount and discount.percent:
        raise ShopError("error.sale.discount")


def _with_line(cart: Cart, n: int, line: CartLine) -> Cart:
    return replace(cart, lines=(*cart.lines[:n], line, *cart.lines[n + 1 :]))
