"""Exchanges: goods of a sale come back and others go out in their place, in one ticket with one difference.

It is a return and a sale, each with its number, made in one transaction and told the server in one change. As far as
the two are worth the same they pay each other (`EXCHANGE`), exactly; only the difference is money, and only that is
brought to coins. What is exchanged remembers how it had been paid, so that a later return of the new goods gives it
back so: what is owed on account does not become cash by being exchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import aftersales, held_carts, quotations, receipts, refunds, sales, special_orders
from . import cart as carts
from .errors import ShopError
from .quantity import Quantity
from .refunds import Refund
from .types import EXCHANGE, Back, Cart, Payment, PayMethod, Receipt, Sale, TaxRules


def bring_back(
    cart: Cart, sale_id: str, quantities: Mapping[int, Quantity], reason: str = "", *, damaged: bool = False
) -> Cart:
    """Make the cart an exchange: these quantities, by line number, of a sale come back for what is in it. A cart that
    names nobody is from now on the customer's of that sale.

    Raises what `aftersales.check_back` raises.
    """
    sale = sales.get(sale_id)
    aftersales.check_back(sale, quantities)
    before = aftersales.refunded(sale_id)
    back = Back(
        sale_id,
        sale.receipt_number,
        refunds.reckon(sale, before, quantities, 0).lines,
        tuple(line.n for line in sale.lines if quantities.get(line.n)),
        refunds.owed(sale, before, quantities),
        reason.strip(),
        damaged,
    )
    if cart.customer_id is None and sale.customer_id is not None:
        cart = replace(cart, customer_id=sale.customer_id, customer_name=sale.customer_name, customer_phone="")
    return replace(cart, back=back)


def ways_to_give(cart: Cart, rules: TaxRules) -> dict[PayMethod | None, Refund]:
    """Return what comes back as it would be paid for now, the part that is exchanged and the money beside it: as the
    rules have it (None), and by each other way that a person may want first. Raises what `checkout` does of what comes
    back."""
    refunded: dict[PayMethod | None, Refund] = {None: _refund(cart, rules, None)}
    if cart.back is None or not carts.to_give(cart, rules):
        return refunded
    ways = refunds.left(sales.get(cart.back.sale_id), aftersales.refunded(cart.back.sale_id))
    return refunded | {way: _refund(cart, rules, None, first=way) for way in list(ways)[1:]}


def checkout(
    cart: Cart, payments: Sequence[Payment], *, tendered: int = 0, cashier: str, device_id: str, rules: TaxRules
) -> Receipt:
    """Sell the cart, and take back what comes back for it; the receipt of the sale, which knows that of the return.

    `payments` are the difference: what the customer pays, or where what comes back is worth more, what is given to
    him. Called again with the same cart it gives the receipt of the first time. Raises what `sales.checkout` and
    `aftersales.give_back` raise, `error.exchange.changed` where more of the sale has come back since the cart was
    made, and `error.exchange.other_customer` where what is exchanged stands on somebody else's account.
    """
    if (comes := cart.back) is None:
        return sales.checkout(cart, payments, tendered=tendered, cashier=cashier, device_id=device_id, rules=rules)
    gives = carts.to_give(cart, rules) > 0
    if sales.is_sold(cart.id):
        earlier = sales.get(cart.id)
        if not _is_of(earlier, cart):
            cart = replace(cart, id=sales.id_beside(cart))
            return checkout(cart, payments, tendered=tendered, cashier=cashier, device_id=device_id, rules=rules)
        half = earlier.other_half if gives else earlier
        if half is None or _money(half.payments) != _money(payments):
            raise ShopError("error.sale.sold_already", number=earlier.receipt_number)
        return earlier
    held_carts.check(cart.id)
    if not cart.lines:
        raise ShopError("error.sale.empty")
    carts.check(cart)
    refund = _refund(cart, rules, payments if gives else ())
    swapped = tuple(payment for payment in refund.payments if payment.method == EXCHANGE)
    paid = () if gives else sales.tidied(payments)
    figures = carts.totals_paid(cart, rules, paid)
    sales.check_payments(cart, paid, figures, rules.cash_rounding, exchanged=carts.exchanged(cart, rules))
    sales.check_tender(paid, tendered)
    people = {"cashier": cashier, "device_id": device_id}
    special_orders.check(cart, paid, figures.total)
    sale = sales.document_of(cart, (*swapped, *_money(paid)), figures, tendered=tendered, rules=rules, **people)
    back = _return_of(comes, sale.id, refund, **people)
    returned, _ = receipts.write_exchange(back, replace(sale, exchange_id=back.id))
    if comes.damaged:
        aftersales.write_off(returned)
    receipt = sales.get(sale.id)
    quotations.sold(cart, receipt)
    special_orders.fetched(cart, receipt)
    sales.discard_cart(cart.id)
    return receipt


def _refund(
    cart: Cart, rules: TaxRules, payments: Sequence[Payment] | None, *, first: PayMethod | None = None
) -> Refund:
    back = cart.back
    assert back is not None
    sale, before = sales.get(back.sale_id), aftersales.refunded(back.sale_id)
    aftersales.check_back(sale, back.quantities)
    if refunds.owed(sale, before, back.quantities) != back.owed:
        raise ShopError("error.exchange.changed", number=sale.receipt_number)
    exchanged = carts.exchanged(cart, rules)
    coin = rules.cash_rounding
    refund = refunds.reckon(sale, before, back.quantities, coin, first=first, payments=payments, exchanged=exchanged)
    if any("credit" in (payment.method, payment.way) for payment in refund.payments):
        if sale.customer_id is None:
            raise ShopError("error.sale.credit_needs_customer")
        if sale.customer_id != cart.customer_id:
            raise ShopError("error.exchange.other_customer", name=sale.customer_name)
    return refund


def _return_of(back: Back, sale_id: str, refund: Refund, *, cashier: str, device_id: str) -> receipts.SaleDocument:
    """The half that comes back. Its identity follows from that of the other half: however often, and from however many
    copies of a disk, an exchange reaches the server, it has the same two documents."""
    sold = sales.get(back.sale_id)
    return receipts.SaleDocument(
        id=sale_id[:-12] + hashlib.sha256(f"{sale_id}/return".encode()).hexdigest()[:12],
        kind="return",
        cashier=cashier,
        device_id=device_id,
        customer_id=sold.customer_id,
        customer_name=sold.customer_name,
        customer_phone="",
        lines=refund.lines,
        payments=refund.payments,
        totals=refund.totals,
        rules=TaxRules(sold.tax_rate, sold.prices_include_tax),
        notes=back.reason,
        return_of=back.sale_id,
        origins=back.origins,
        exchange_id=sale_id,
    )


def _is_of(sale: Sale, cart: Cart) -> bool:
    """Tell whether this sale is of this very cart, also in what came back for it."""
    half, back = sale.other_half, cart.back
    if half is None or back is None or half.return_of != back.sale_id:
        return False
    came = [(line.part_id, line.quantity, line.total) for line in half.lines]
    return sales.is_of(sale, cart) and came == [(line.part_id, line.quantity, line.total) for line in back.lines]


def _money(payments: Sequence[Payment]) -> tuple[Payment, ...]:
    """Payments without what is exchanged, and without those that nobody has to make."""
    return tuple(payment for payment in payments if payment.amount and payment.method != EXCHANGE)
