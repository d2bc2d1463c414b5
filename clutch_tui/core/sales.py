"""Sales: open carts, the checkout, and one sale as it was kept; the list of them is in `past_sales`.

A checkout is one transaction: sale, lines, payments, stock moves, cash, account, queue, audit, and the cart's
end. Its identity is the cart's, so that pressing twice sells once. What a cart is, is in `cart`; what may happen
to a sale afterwards, in `aftersales`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from . import cart as carts
from . import deposits, held_carts, money, quotations, receipts, special_orders
from .clock import from_text, to_text
from .database import db
from .errors import ShopError
from .outbox import outbox
from .quantity import NOTHING, Quantity, fits
from .types import (
    EXCHANGE,
    REFERRED,
    Back,
    Cart,
    CartLine,
    Discount,
    LastSale,
    Payment,
    Receipt,
    Sale,
    SaleLine,
    TaxRules,
    Totals,
)

# --- open carts ----------------------------------------------------------------------------------------


def open_cart() -> Cart:
    """A new, empty cart. It is kept from the first line on (`save_cart`)."""
    return Cart(id=db.new_id())


def save_cart(cart: Cart) -> None:
    """Keep the cart as it is now, so that it survives the machine, as one of this window or parked. A cart that was
    sold meanwhile stays sold. Raises `error.cart.elsewhere` where another window has it."""
    held_carts.check(cart.id)
    if not cart.lines and cart.back is None:
        discard_cart(cart.id)
        return
    holder = "" if cart.parked else db.window().hold()
    db.execute(
        "INSERT INTO cart (id, body, updated_at, holder) SELECT ?, ?, ?, ?"
        " WHERE NOT EXISTS (SELECT 1 FROM sale WHERE id = ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body,"
        " updated_at = excluded.updated_at, holder = excluded.holder",
        (cart.id, json.dumps(asdict(cart), ensure_ascii=False), db.now_text(), holder, cart.id),
    )


def open_carts() -> tuple[Cart, ...]:
    """The carts that are being made or were parked, the one touched last at the end."""
    rows = db.execute("SELECT body FROM cart ORDER BY updated_at, id").fetchall()
    return tuple(_cart(json.loads(body)) for (body,) in rows)


def unfinished() -> Cart | None:
    """The cart that was at the till when the program ended; None where that one was sold, or where all are parked or
    at the till of another window."""
    elsewhere = held_carts.elsewhere()
    return next((cart for cart in reversed(open_carts()) if not cart.parked and cart.id not in elsewhere), None)


def park(cart: Cart) -> None:
    """Leave a cart for later."""
    save_cart(replace(cart, parked=True))


def take_up(cart: Cart, *, over: bool = False) -> Cart:
    """Go on with a cart as it is now; with `over` also one that another window has, which loses it. Raises
    `error.cart.elsewhere` without, `error.cart.gone` for one that was sold or cancelled meanwhile."""
    row = db.execute("SELECT body FROM cart WHERE id = ?", (cart.id,)).fetchone()
    if row is None and cart.parked:
        raise ShopError("error.cart.gone")
    if over:
        db.execute("UPDATE cart SET holder = '' WHERE id = ?", (cart.id,))
    taken = replace(cart if row is None else _cart(json.loads(row[0])), parked=False)
    save_cart(taken)
    return taken


RECENT = "rowid > (SELECT max(rowid) FROM sale) - 500"
"""The documents that came last, own ones and others': among these, sequence is looked at. Sales have no index for it,
which each of them would pay for."""
_LAST = "SELECT receipt_number, total, date, status = 'voided' FROM sale WHERE own = 1 AND kind = 'sale'"


def beside(cart_id: str) -> tuple[int, LastSale | None]:
    """Return what there is beside the sale at the till: how many others are being made, and the one that was saved
    last, on this terminal and within a week. The last one by sequence: by the clock it need not be."""
    others = db.execute("SELECT count(*) FROM cart WHERE id <> ?", (cart_id,)).fetchone()[0]
    since = to_text(db.now() - timedelta(days=7))
    last = db.execute(f"{_LAST} AND {RECENT} ORDER BY rowid DESC LIMIT 1").fetchone()
    if last is None:
        last = db.execute(f"{_LAST} AND date >= ? ORDER BY date DESC, id DESC LIMIT 1", (since,)).fetchone()
    if last is None or last[2] < since:
        return others, None
    number, total, date, is_voided = last
    return others, LastSale(number, total, from_text(date), bool(is_voided))


def _cart(body: dict[str, Any]) -> Cart:
    lines = ({name: value for name, value in line.items() if name in CartLine.__slots__} for line in body["lines"])
    kept = (CartLine(**{**line, "discount": _discount(line["discount"])}) for line in lines)
    back = None if body.get("back") is None else _back(body["back"])
    return as_sold_now(Cart(**{**body, "lines": tuple(kept), "discount": _discount(body["discount"]), "back": back}))


def _back(body: dict[str, Any]) -> Back:
    lines = ({name: value for name, value in line.items() if name in SaleLine.__slots__} for line in body["lines"])
    kept = tuple(SaleLine(**{**line, "quantity": Quantity(line["quantity"])}) for line in lines)
    return Back(**{**body, "lines": kept, "origins": tuple(body["origins"])})


def as_sold_now(cart: Cart) -> Cart:
    """Return the cart with the units and decimals that its parts have by now; the very same where none is another."""
    now = replace(cart, lines=tuple(map(_as_sold_now, cart.lines)))
    return cart if now == cart else now


def _as_sold_now(line: CartLine) -> CartLine:
    """What was typed before stays as it is, though its part is not sold so any more."""
    row = db.execute("SELECT unit, decimals FROM part WHERE id = ?", (line.part_id,)).fetchone()
    return replace(line, unit=row[0], decimals=row[1]) if row is not None and fits(line.quantity, row[1]) else line


def _discount(kept: int | dict[str, int]) -> Discount:
    """A discount of a cart that was saved; earlier ones knew only the money."""
    return Discount(kept) if isinstance(kept, int) else Discount(**kept)


def discard_cart(cart_id: str) -> None:
    """Give a cart up. Raises `error.cart.elsewhere` where another window has it."""
    held_carts.discard(cart_id)


# --- the checkout --------------------------------------------------------------------------------------


def checkout(
    cart: Cart, payments: Sequence[Payment], *, tendered: int = 0, cashier: str, device_id: str, rules: TaxRules
) -> Receipt:
    """Sell the cart. Called again with the same cart it gives the receipt of the first time. A cart that another
    window of this machine took up, changed and sold meanwhile is another sale: it gets an identity of its own.

    `payments` must come to the total; `tendered` is the cash that was handed over, change still in it. Stock may
    go below zero: a till sells what the customer holds in his hand. Raises `error.sale.empty`,
    `error.sale.unpaid`, `error.sale.not_in_coins`, `error.sale.credit_needs_customer`, `error.sale.change` for change
    of what is no cash, `error.sale.no_reference` for the number of what has none, what `cart.check` finds, and
    `error.sale.sold_already` for a cart that was sold as it is and paid in another way: no receipt has that money.
    One for which something comes back is `exchanges.checkout`'s.
    """
    assert cart.back is None
    payments = tidied(payments)
    if is_sold(cart.id):
        earlier = get(cart.id)
        if is_of(earlier, cart):
            if earlier.payments != tuple(payment for payment in payments if payment.amount):
                raise ShopError("error.sale.sold_already", number=earlier.receipt_number)
            return earlier
        beside = replace(cart, id=id_beside(cart))
        return checkout(beside, payments, tendered=tendered, cashier=cashier, device_id=device_id, rules=rules)
    held_carts.check(cart.id)
    if not cart.lines:
        raise ShopError("error.sale.empty")
    carts.check(cart)
    figures = carts.totals_paid(cart, rules, payments)
    check_payments(cart, payments, figures, rules.cash_rounding)
    special_orders.check(cart, payments, figures.total)
    check_tender(payments, tendered)
    document = document_of(
        cart, payments, figures, tendered=tendered, cashier=cashier, device_id=device_id, rules=rules
    )
    receipt = receipts.write(document)
    quotations.sold(cart, receipt)
    special_orders.fetched(cart, receipt)
    discard_cart(cart.id)
    return replace(receipt, deposit=_deposit(receipt.id, receipt.payments))


def document_of(
    cart: Cart,
    payments: Sequence[Payment],
    figures: Totals,
    *,
    tendered: int,
    cashier: str,
    device_id: str,
    rules: TaxRules,
) -> receipts.SaleDocument:
    """The sale of a cart before it is written; all is checked that can be."""
    return receipts.SaleDocument(
        id=cart.id,
        kind="sale",
        cashier=cashier,
        device_id=device_id,
        customer_id=cart.customer_id,
        customer_name=cart.customer_name,
        customer_phone=cart.customer_phone,
        lines=lines_of(cart),
        payments=tuple(payment for payment in payments if payment.amount),
        totals=figures,
        rules=rules,
        percent=cart.discount.percent,
        tendered=tendered,
        order_id=cart.order_id,
        notes=cart.notes,
        car=cart.car,
    )


def is_lost(cart_id: str) -> bool:
    """Tell whether a cart is none of this window's any more: it was sold, or another window has taken it over."""
    return is_sold(cart_id) or cart_id in held_carts.elsewhere()


def is_sold(cart_id: str) -> bool:
    """Tell whether a cart has become a sale."""
    return db.execute("SELECT 1 FROM sale WHERE id = ?", (cart_id,)).fetchone() is not None


def is_of(sale: Sale, cart: Cart) -> bool:
    """Tell whether this sale is of this very cart: the same goods at the same prices, for the same customer."""
    discount = sum(line.off for line in cart.lines) + carts.off_sale(cart)
    return (sale.customer_id, sale.totals.discount, tuple(replace(line, returned=NOTHING) for line in sale.lines)) == (
        cart.customer_id,
        discount,
        lines_of(cart),
    )


def id_beside(cart: Cart) -> str:
    """The cart's identity with its random end taken from what is in the cart: it, too, sells only once."""
    content = json.dumps(asdict(cart), ensure_ascii=False)
    return cart.id[:-12] + hashlib.sha256(content.encode()).hexdigest()[:12]


def check_payments(cart: Cart, payments: Sequence[Payment], figures: Totals, coin: int, *, exchanged: int = 0) -> None:
    """Raise what `checkout` does for payments that do not come to the total, less what was `exchanged`, or that nobody
    can hand over. No cash at all is a payment, too, where what is left is less than half a coin."""
    if any(payment.amount < 0 or payment.method == EXCHANGE for payment in payments):
        raise ShopError("error.sale.unpaid")
    if figures.total != exchanged and any(not payment.amount and payment.method != "cash" for payment in payments):
        raise ShopError("error.sale.unpaid")
    if sum(payment.amount for payment in payments) != figures.total - exchanged:
        raise ShopError("error.sale.unpaid")
    for payment in payments:
        if payment.method == "cash" and not money.is_payable(payment.amount, coin):
            raise ShopError("error.sale.not_in_coins")
    if cart.customer_id is None and any(payment.method == "credit" for payment in payments):
        raise ShopError("error.sale.credit_needs_customer")
    for payment in payments:
        if payment.reference and payment.method not in REFERRED:
            raise ShopError("error.sale.no_reference")
        if len(payment.reference) > carts.LONGEST_NOTE:
            raise ShopError("error.sale.note", most=carts.LONGEST_NOTE)


def tidied(payments: Sequence[Payment]) -> tuple[Payment, ...]:
    """Return the payments without blanks around their references."""
    return tuple(replace(payment, reference=payment.reference.strip()) for payment in payments)


def check_tender(payments: Sequence[Payment], tendered: int) -> None:
    """Raise `error.sale.change` where more was handed over than is paid, and nothing of it in cash: change is given out
    of the drawer, for money that came into it."""
    if tendered > sum(payment.amount for payment in payments) and all(one.method != "cash" for one in payments):
        raise ShopError("error.sale.change")


def lines_of(cart: Cart) -> tuple[SaleLine, ...]:
    """The lines of a cart as they are sold: every discount in money."""
    return tuple(
        SaleLine(
            n, line.part_id, line.name, line.part_number, line.quantity, line.price, line.off, line.total,
            name_en=line.name_en, percent=line.discount.percent, unit=line.unit, decimals=line.decimals,
            level=line.level,
            note=line.note,
        )
        for n, line in enumerate(cart.lines, 1)
    )  # fmt: skip


# --- what was sold -------------------------------------------------------------------------------------

UNSENT = outbox.unsent("sale", "sale", also="exchange_id")
"""Whether a server has not taken a sale, or the exchange that it is a half of."""
_COLUMNS = (
    "id, receipt_number, date, business_day, cashier, customer_id, customer_name, subtotal, discount, tax, rounding,"
    " total, prices_include_tax, tax_rate, tendered, payment_method, status, return_of, order_id, notes, flags,"
    " percent, own, car, exchange_id, without_receipt,"
    " coalesce((SELECT origin.receipt_number FROM sale origin WHERE origin.id = sale.return_of), '')"
)


def get(sale_id: str) -> Sale:
    """A sale or a return, whole, of an exchange with its other half. Raises `error.sale.unknown`."""
    sale = _get(sale_id)
    if sale.exchange_id is None:
        return sale
    with suppress(ShopError):  # which may not have come yet, or lie too far back
        sale = replace(sale, other_half=_get(sale.exchange_id))
    return sale


def _get(sale_id: str) -> Sale:
    row = db.execute(f"SELECT {_COLUMNS}, {UNSENT} FROM sale WHERE id = ?", (sale_id,)).fetchone()
    if row is None:
        raise ShopError("error.sale.unknown")
    (
        id_, number, date, day, cashier, customer_id, customer_name, subtotal, discount, tax, rounding, total,
        include, rate, tendered, method, status, return_of, order_id, notes, flags, percent, own, car,
        exchange_id, without_receipt, number_of_sale, unsent,
    ) = row  # fmt: skip
    lines, payments = _lines(sale_id), _payments(sale_id)
    if method and total and not payments:  # another program's: all that it tells of the payment is how
        payments = (Payment(method, abs(total)),)
    totals = Totals(subtotal, discount, tax, rounding, total, sum(line.pieces for line in lines))
    return Sale(
        id=id_,
        receipt_number=number,
        at=from_text(date),
        business_day=day,
        cashier=cashier,
        customer_id=customer_id,
        customer_name=customer_name,
        lines=lines,
        payments=payments,
        totals=totals,
        prices_include_tax=bool(include) if own else not _adds_tax(totals),
        tax_rate=rate,
        tendered=tendered,
        change=receipts.change_of(tendered, payments),
        status=status,
        return_of=return_of,
        order_id=order_id,
        notes=notes,
        flags=tuple(flags.split()),
        unsent=bool(unsent),
        percent=percent,
        own=bool(own),
        number_of_sale=number_of_sale,
        exchange_id=exchange_id,
        deposit=_deposit(sale_id, payments) if return_of is None else 0,
        without_receipt=bool(without_receipt),
        car=car,
    )


def _deposit(sale_id: str, payments: Sequence[Payment]) -> int:
    """What of a sale's payments was paid before, as a deposit: it went on account, where the deposit lay."""
    on_account = sum(payment.amount for payment in payments if payment.method == "credit")
    return min(on_account, deposits.used_by(sale_id)) if on_account else 0


def _adds_tax(totals: Totals) -> bool:
    """Tell whether the tax of another till's sale came on top of its prices, which may be otherwise than here: no row
    says so, only its sums do."""
    return totals.tax != 0 and totals.subtotal - totals.discount + totals.tax + totals.rounding == totals.total


def _lines(sale_id: str) -> tuple[SaleLine, ...]:
    returned = dict(
        db.execute(
            "SELECT line.sale_line, sum(line.quantity) FROM sale_line line JOIN sale ON sale.id = line.sale_id"
            " WHERE sale.return_of = ? AND sale.status <> 'voided' GROUP BY line.sale_line",
            (sale_id,),
        ).fetchall()
    )
    rows = db.execute(
        "SELECT n, part_id, line.name, line.part_number, quantity, line.price, discount, total,"
        " percent, line.level, line.note,"
        " coalesce(part.name_en, ''), coalesce(part.unit, ''), coalesce(part.decimals, 0)"
        " FROM sale_line line LEFT JOIN part ON part.id = part_id"
        " WHERE sale_id = ? ORDER BY n",
        (sale_id,),
    ).fetchall()
    return tuple(
        replace(
            SaleLine(*sold),
            returned=Quantity(returned.get(sold[0], 0)),
            percent=percent,
            level=level,
            note=note,
            name_en=name_en,
            unit=unit,
            decimals=decimals,
        )
        for *sold, percent, level, note, name_en, unit, decimals in rows
    )


def _payments(sale_id: str) -> tuple[Payment, ...]:
    rows = db.execute("SELECT method, amount, way, reference FROM payment WHERE sale_id = ? ORDER BY n", (sale_id,))
    return tuple(Payment(method, amount, way or None, said) for method, amount, way, said in rows.fetchall())
