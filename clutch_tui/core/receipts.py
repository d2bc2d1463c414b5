"""A sale or a return as it is written: what is sent, the lines, the stock, the money and the audit, all at once.

Whoever makes one (the checkout, a return) is inside the transaction in which it becomes a fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import cash, journal, state
from .clock import from_text
from .database import db
from .outbox import outbox
from .records.customer import ADD_ACCOUNT_MOVE
from .records.part import ADD_STOCK_MOVE
from .records.sale import ADD_PAYMENT, ADD_SALE, ADD_SALE_LINE
from .records.sale import keys_of as keys_of
from .types import EXCHANGE, Payment, Sale, SaleLine, TaxRules, Totals


@dataclass(frozen=True, slots=True)
class SaleDocument:
    """A sale or a return before it is written. Quantities and amounts are positive in both; `kind` tells which
    way goods and money go. `origins` are, in a return, the numbers of the sale's lines that come back."""

    id: str
    kind: str
    cashier: str
    device_id: str
    customer_id: str | None
    customer_name: str
    customer_phone: str
    lines: tuple[SaleLine, ...]
    payments: tuple[Payment, ...]
    totals: Totals
    rules: TaxRules
    percent: int = 0
    tendered: int = 0
    order_id: str | None = None
    notes: str = ""
    return_of: str | None = None
    origins: tuple[int, ...] = ()
    exchange_id: str | None = None
    without_receipt: bool = False
    car: str = ""

    @property
    def sign(self) -> int:
        """The direction of the goods: out of the shop is -1."""
        return -1 if self.kind == "sale" else 1

    @property
    def status(self) -> str:
        return "completed" if self.kind == "sale" else "returned"

    def paid(self, method: str) -> int:
        return self.paid_by_method().get(method, 0)

    def paid_by_method(self) -> dict[str, int]:
        """Return what was paid in all by each method; a method that paid nothing is left out, and so is what was
        exchanged: no money moved by it."""
        paid: dict[str, int] = {}
        for payment in self.payments:
            if payment.amount and payment.method != EXCHANGE:
                paid[payment.method] = paid.get(payment.method, 0) + payment.amount
        return paid

    def level_of(self, line: SaleLine) -> str:
        """The price level of a line: what comes back comes back at the price that was paid."""
        return line.level if self.kind == "sale" else ""


def write(document: SaleDocument) -> Sale:
    """Write a sale or a return with everything that follows from it. What `get` will say of it comes back, without
    reading it again."""
    body = _body(document)
    change_id = outbox.add(document.kind, "sale", document.id, body, label=body["receipt_number"])
    return _store(document, body, change_id)


def write_exchange(back: SaleDocument, sale: SaleDocument) -> tuple[Sale, Sale]:
    """Write both halves of an exchange with everything that follows from them, as one change: the return, and then the
    sale."""
    halves = {"return": _body(back), "sale": _body(sale)}
    change_id = outbox.add("exchange", "sale", sale.id, halves, label=halves["sale"]["receipt_number"])
    return _store(back, halves["return"], change_id), _store(sale, halves["sale"], change_id)


def _store(document: SaleDocument, body: Mapping[str, Any], change_id: str) -> Sale:
    """Write the rows of a document whose change is in the queue; the only place that does."""
    at, day, number = body["date"], body["business_day"], body["receipt_number"]
    figures = document.totals
    ADD_SALE.run(
        id=document.id,
        kind=document.kind,
        receipt_number=number,
        date=at,
        device_id=document.device_id,
        cashier=document.cashier,
        customer_id=document.customer_id,
        customer_name=document.customer_name,
        subtotal=figures.subtotal,
        discount=figures.discount,
        tax=figures.tax,
        tax_rate=document.rules.rate,
        prices_include_tax=document.rules.prices_include_tax,
        rounding=figures.rounding,
        total=figures.total,
        tendered=document.tendered,
        payment_method=body["payment_method"],
        status=document.status,
        return_of=document.return_of,
        order_id=document.order_id,
        business_day=day,
        notes=document.notes,
        search_key=keys_of(body)["search_key"],
        percent=document.percent,
        exchange_id=document.exchange_id,
        without_receipt=document.without_receipt,
        car=document.car,
    )
    _write_lines(document, change_id, at)
    for method, amount in document.paid_by_method().items():
        signed = -document.sign * amount
        cash.record(document.kind, signed, method=method, sale_id=document.id, change_id=change_id, day=day)
    if owed := document.paid("credit"):
        ADD_ACCOUNT_MOVE.run(
            customer_id=document.customer_id,
            change_id=change_id,
            kind=document.kind,
            amount=-document.sign * owed,
            method="credit",
            note=number,
            at=at,
        )
    journal.audit(document.kind, "sale", document.id, {"number": number, "total": figures.total}, document.cashier)
    return Sale(
        id=document.id,
        receipt_number=number,
        at=from_text(at),
        business_day=day,
        cashier=document.cashier,
        customer_id=document.customer_id,
        customer_name=document.customer_name,
        lines=document.lines,
        payments=document.payments,
        totals=figures,
        prices_include_tax=document.rules.prices_include_tax,
        tax_rate=document.rules.rate,
        tendered=document.tendered,
        change=change_of(document.tendered, document.payments),
        status="completed" if document.kind == "sale" else "returned",
        return_of=document.return_of,
        order_id=document.order_id,
        notes=document.notes,
        flags=(),
        unsent=True,
        percent=document.percent,
        exchange_id=document.exchange_id,
        without_receipt=document.without_receipt,
        car=document.car,
    )


def change_of(tendered: int, payments: Sequence[Payment]) -> int:
    in_cash = sum(payment.amount for payment in payments if payment.method == "cash")
    return max(0, tendered - in_cash) if in_cash else 0


def _write_lines(document: SaleDocument, change_id: str, at: str) -> None:
    origins: Sequence[int | None] = document.origins or [None] * len(document.lines)
    ADD_SALE_LINE.run_many(
        {
            "sale_id": document.id,
            "n": line.n,
            "part_id": line.part_id,
            "name": line.name,
            "part_number": line.part_number,
            "quantity": line.quantity,
            "price": line.price,
            "discount": line.discount,
            "total": line.total,
            "sale_line": origin,
            "percent": line.percent,
            "level": document.level_of(line),
            "note": line.note,
        }
        for line, origin in zip(document.lines, origins, strict=True)
    )
    ADD_PAYMENT.run_many(
        {
            "sale_id": document.id,
            "n": n,
            "method": payment.method,
            "amount": payment.amount,
            "way": payment.way or "",
            "reference": payment.reference,
        }
        for n, payment in enumerate(document.payments, 1)
    )
    ADD_STOCK_MOVE.run_many(
        {
            "part_id": line.part_id,
            "change_id": change_id,
            "sale_id": document.id,
            "kind": document.kind,
            "delta": document.sign * line.quantity,
            "at": at,
        }
        for line in document.lines
    )


def _body(document: SaleDocument) -> dict[str, Any]:
    """The body of the fact, in core names, with a number of its own."""
    customer = None
    if document.customer_id is not None:
        customer = {
            "id": document.customer_id,
            "name": document.customer_name,
            "phone": document.customer_phone,
        }
    items = [
        {
            "item_id": line.part_id,
            "item_name": line.name,
            "part_number": line.part_number,
            "quantity": line.quantity,
            "price": line.price,
            "discount": line.discount,
            "total": line.total,
            **_said(note=line.note),
        }
        for line in document.lines
    ]
    for item, line in zip(items, document.lines, strict=True):
        if level := document.level_of(line):
            item["level"] = level
    for item, origin in zip(items, document.origins, strict=False):
        item["sale_line"] = origin
    figures = document.totals
    largest = max(document.payments, key=lambda payment: payment.amount, default=Payment("cash", 0))
    return {
        "id": document.id,
        "receipt_number": state.next_receipt_number(),
        "date": db.now_text(),
        "device_id": document.device_id,
        "cashier": document.cashier,
        "customer": customer,
        "customer_id": document.customer_id,
        "customer_name": document.customer_name,
        "items": items,
        "subtotal": figures.subtotal,
        "discount": figures.discount,
        "tax": figures.tax,
        "rounding": figures.rounding,
        "total": figures.total,
        "payments": [_payment(payment) for payment in document.payments],
        "payment_method": largest.method,
        "status": document.status,
        "return_of": document.return_of,
        "order_id": document.order_id,
        "business_day": state.business_day(),
        "notes": document.notes,
        **({} if document.exchange_id is None else {"exchange_id": document.exchange_id}),
        **({"without_receipt": True} if document.without_receipt else {}),
        **_said(car=document.car),
    }


def _payment(payment: Payment) -> dict[str, Any]:
    way = {} if payment.way is None else {"way": payment.way}
    return {"method": payment.method, "amount": payment.amount, **way, **_said(reference=payment.reference)}


def _said(**texts: str) -> dict[str, str]:
    """Return what version 2 adds to a sale, where it has something to say: other sales stay what they are for every
    server (`outbox.additions`)."""
    return {name: text for name, text in texts.items() if text}
