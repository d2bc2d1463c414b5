"""The afterlife of a sale: it is voided, or some of it comes back.

Both are facts of their own with their own stock moves and money; the sale itself is never rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import peewee

from . import cart as carts
from . import cash, held_carts, journal, receipts, refunds, sales, state
from .database import db
from .database.statement import Statement, given
from .errors import ShopError, not_sold_so
from .outbox import outbox
from .quantity import Quantity, fits, told
from .records.customer import ADD_ACCOUNT_MOVE, ADD_DOCUMENT
from .records.part import ADD_STOCK_MOVE
from .records.sale import PaymentTable, SaleTable
from .types import EXCHANGE, Cart, Payment, PayMethod, Receipt, Sale, TaxRules

_fn = peewee.fn
_VOID = Statement(SaleTable.update(status="voided").where(SaleTable.id == given("id")))
_OF_SALE = (SaleTable.return_of == given("sale_id")) & (SaleTable.status != "voided")
_A_RETURN = Statement(SaleTable.select(SaleTable.id).where(_OF_SALE).limit(1))
_RETURNED = Statement(
    SaleTable.select(
        _fn.coalesce(_fn.sum(_fn.abs(SaleTable.total)), 0).alias("total"),
        _fn.coalesce(_fn.sum(_fn.abs(SaleTable.tax)), 0).alias("tax"),
    ).where(_OF_SALE)
)
_WAY = peewee.SQL(f"iif(method = '{EXCHANGE}', coalesce(nullif(way, ''), 'cash'), method)")
_PAID_BACK = Statement(
    SaleTable.select(_WAY.alias("method"), _fn.sum(_fn.abs(PaymentTable.amount)).alias("amount"))
    .join(PaymentTable, on=PaymentTable.sale_id == SaleTable.id)
    .where(_OF_SALE)
    .group_by(_WAY)
)


def void(sale_id: str, reason: str, cashier: str) -> Sale:
    """Undo a whole sale: goods and money go back, the sale stays to be seen as voided.

    Raises `error.sale.voided` for one that is voided already, `error.sale.has_returns` where some of it came
    back, `error.sale.not_a_sale` for a return, `error.sale.exchanged` for the half of an exchange, whose goods can come
    back, and `error.sale.no_reason`.
    """
    sale = sales.get(sale_id)
    if sale.status == "voided":
        raise ShopError("error.sale.voided", number=sale.receipt_number)
    if sale.is_return:
        raise ShopError("error.sale.not_a_sale", number=sale.receipt_number)
    if sale.exchange_id is not None:
        raise ShopError("error.sale.exchanged", number=sale.receipt_number)
    if _has_returns(sale_id):
        raise ShopError("error.sale.has_returns", number=sale.receipt_number)
    if not reason.strip():
        raise ShopError("error.sale.no_reason")
    body = {"sale_id": sale_id, "reason": reason.strip()}
    change_id, at = db.new_id(), db.now_text()
    outbox.add("void", "sale", change_id, body, change_id=change_id, label=sale.receipt_number)
    _VOID.run(id=sale_id)
    ADD_DOCUMENT.run(id=change_id, kind="void", about=sale_id, note=reason.strip(), cashier=cashier, at=at)
    _put_back(sale, change_id, at)
    journal.audit("void", "sale", sale_id, body, cashier)
    return sales.get(sale_id)


def _has_returns(sale_id: str) -> bool:
    """Tell whether anything came back; another program's return may name none of the sale's lines."""
    return _A_RETURN.first(sale_id=sale_id) is not None


def _put_back(sale: Sale, change_id: str, at: str) -> None:
    """Goods to the shelf, cash out of the drawer, credit off the account."""
    ADD_STOCK_MOVE.run_many(
        {
            "part_id": line.part_id,
            "change_id": change_id,
            "sale_id": sale.id,
            "kind": "void",
            "delta": line.quantity,
            "at": at,
        }
        for line in sale.lines
    )
    for method, amount in refunds.left(sale, refunds.Refunded()).items():
        cash.record("void", -amount, method=method, sale_id=sale.id, change_id=change_id)
        if method == "credit" and sale.customer_id is not None:
            ADD_ACCOUNT_MOVE.run(
                customer_id=sale.customer_id,
                change_id=change_id,
                kind="void",
                amount=-amount,
                method="credit",
                note=sale.receipt_number,
                at=at,
            )


def refunded(sale_id: str) -> refunds.Refunded:
    """Return what went back of a sale before, by the returns that this terminal knows."""
    paid = {row["method"]: row["amount"] for row in _PAID_BACK.rows(sale_id=sale_id)}
    returned = _RETURNED.first(sale_id=sale_id)
    return refunds.Refunded(paid, returned["total"], returned["tax"])


def give_back(
    sale_id: str,
    quantities: Mapping[int, Quantity],
    *,
    payments: Sequence[Payment] | None = None,
    cashier: str,
    device_id: str,
    reason: str,
    damaged: bool = False,
) -> Receipt:
    """Take goods back: `quantities` are by line number of the sale. The receipt of the return. `damaged` goods do not
    go back on the shelf.

    The money goes back as `refunds.reckon` shares it out, or by these `payments`: what a person saw before. Raises
    what that raises, `error.sale.voided`, `error.sale.not_a_sale`, `error.sale.nothing_back`,
    `error.sale.over_returned`, and `error.sale.credit_needs_customer` for another program's sale on nobody's account.
    """
    sale = sales.get(sale_id)
    check_back(sale, quantities)
    coin = state.tax_rules().cash_rounding
    refund = refunds.reckon(sale, refunded(sale_id), quantities, coin, payments=payments)
    if sale.customer_id is None and any(payment.method == "credit" for payment in refund.payments):
        raise ShopError("error.sale.credit_needs_customer")
    document = receipts.SaleDocument(
        id=db.new_id(),
        kind="return",
        cashier=cashier,
        device_id=device_id,
        customer_id=sale.customer_id,
        customer_name=sale.customer_name,
        customer_phone="",
        lines=refund.lines,
        payments=refund.payments,
        totals=refund.totals,
        rules=TaxRules(sale.tax_rate, sale.prices_include_tax),
        notes=reason.strip(),
        return_of=sale_id,
        origins=tuple(line.n for line in sale.lines if quantities.get(line.n)),
    )
    receipt = receipts.write(document)
    if damaged:
        write_off(receipt)
    return sales.get(document.id)


def give_back_without_receipt(
    cart: Cart,
    method: PayMethod,
    *,
    reason: str,
    cashier: str,
    device_id: str,
    rules: TaxRules,
    damaged: bool = False,
) -> Receipt:
    """Take back what is in a cart, at its prices, where nobody knows of which sale it is; the receipt of the return.
    All of the money goes by one method. Called again with the same cart it gives the receipt of the first time.

    Raises `error.sale.no_reason`, `error.sale.empty`, what `cart.check` finds, `error.sale.credit_needs_customer`, and
    `error.return.of_other_cart` for the cart of an order, a quotation or an exchange.
    """
    if sales.is_sold(cart.id):
        return sales.get(cart.id)
    held_carts.check(cart.id)
    if not cart.lines:
        raise ShopError("error.sale.empty")
    if cart.order_id is not None or cart.quotation_id is not None or cart.back is not None:
        raise ShopError("error.return.of_other_cart")
    if not reason.strip():
        raise ShopError("error.sale.no_reason")
    if method == "credit" and cart.customer_id is None:
        raise ShopError("error.sale.credit_needs_customer")
    carts.check(cart)
    figures = carts.totals(cart, rules, method)
    payments = (Payment(method, figures.total),)
    people = {"cashier": cashier, "device_id": device_id}
    sale = sales.document_of(cart, payments, figures, tendered=0, rules=rules, **people)
    document = replace(sale, kind="return", notes=reason.strip(), without_receipt=True)
    receipt = receipts.write(document)
    if damaged:
        write_off(receipt)
    sales.discard_cart(cart.id)
    return sales.get(cart.id)


def write_off(returned: Receipt) -> None:
    """Take what has come back off the shelf again, because it is damaged: a fact of its own beside the return, which
    every server knows. In the transaction of the return."""
    at, reason = db.now_text(), ": ".join(filter(None, (returned.receipt_number, returned.notes)))
    for line in returned.lines:
        body = {"item_id": line.part_id, "delta": Quantity(-line.quantity), "reason": reason}
        change_id = outbox.add("adjust", "item", line.part_id, body, label=line.name)
        ADD_STOCK_MOVE.run(
            part_id=line.part_id,
            change_id=change_id,
            sale_id=returned.id,
            kind="damaged",
            delta=-line.quantity,
            reason=reason,
            at=at,
        )
        journal.audit("damaged", "item", line.part_id, told(body), returned.cashier)


def check_back(sale: Sale, quantities: Mapping[int, Quantity]) -> None:
    """Raise what `give_back` does for goods that cannot come back of a sale."""
    if sale.status == "voided":
        raise ShopError("error.sale.voided", number=sale.receipt_number)
    if sale.is_return:
        raise ShopError("error.sale.not_a_sale", number=sale.receipt_number)
    known = {line.n: line for line in sale.lines}
    if not any(quantities.values()):
        raise ShopError("error.sale.nothing_back")
    for n, back in quantities.items():
        line = known.get(n)
        if line is None or not 0 <= back <= line.left:
            raise ShopError("error.sale.over_returned", name=line.name if line else "")
        if not fits(back, line.places):
            raise not_sold_so(line.name, line.name_en, line.places)
