"""Sales, returns and voids: facts whose lines are the stock moves.

The order of numbers is part of the protocol: the document first, then the parts in the order of the lines,
then the customer, then the order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import datetime

from clutch_tui.text.fold import fold, fold_number

from . import customers_suppliers, items, payload, shop_day
from .database import Row, Transaction
from .facts import amount, customer_of, file_document, free_id, identity, is_undone, objects
from .ledger import Change, Origin, Outcome
from .payload import JSON, invalid

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RECEIPT = re.compile(r"[^\W\d_]{0,20}(?:[-/ ]?[0-9A-Za-z]{1,20}){0,5}")
_FIXED = ("subtotal", "discount", "tax", "rounding", "total")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sale or return; `quantity` in thousandths is positive for goods that left the shop."""

    line_id: str
    item_id: str
    item_name: str
    quantity: int
    price: int
    total: int


_TEXTS = (
    "device_id", "cashier", "customer_id", "customer_name", "payment_method", "status", "return_of", "order_id",
    "exchange_id",
)  # fmt: skip
_MONEY = ("subtotal", "discount", "tax", "rounding", "total")
_MOST_LINES = 1_000_000
_MOST_NOTE = 500


def _check(body: JSON) -> None:
    """Refuse what no terminal could read again: the document travels to the others as it came."""
    for name in _TEXTS:
        payload.text(body.get(name), name)
    payload.text(body.get("notes"), "notes", 20_000)
    payload.text(body.get("car"), "car", _MOST_NOTE)
    payload.text(body.get("business_day"), "business_day", 40)
    if not _RECEIPT.fullmatch(payload.text(body.get("receipt_number"), "receipt_number", 64)):
        raise invalid("receipt_number", "must be letters, digits and dashes")
    if body.get("date") not in (None, ""):
        payload.moment(body["date"], "date")
    _check_money(body, _MONEY)
    for n, line in enumerate(objects(body, "items")):
        for name in ("item_name", "part_number", "level"):
            payload.text(line.get(name), f"items[{n}].{name}")
        payload.text(line.get("note"), f"items[{n}].note", _MOST_NOTE)
        _check_money(line, ("price", "discount", "total"))
        if line.get("sale_line") is not None:
            payload.counter(line["sale_line"], f"items[{n}].sale_line", _MOST_LINES)
    for payment in objects(body, "payments") if body.get("payments") is not None else ():
        payload.text(identity(payment.get("method"), "payments.method"), "payments.method", 40)
        payload.text(payment.get("way"), "payments.way", 40)
        payload.piastres(payment.get("amount"), "payments.amount")
        payload.text(payment.get("reference"), "payments.reference", _MOST_NOTE)
    flags = body.get("flags")
    if flags is not None and not (isinstance(flags, list) and all(isinstance(flag, str) for flag in flags)):
        raise invalid("flags", "must be a list of texts")


def _check_money(record: JSON, names: Iterable[str]) -> None:
    for name in names:
        if record.get(name) is not None:
            payload.piastres(record[name], name)


def _lines(body: JSON, sign: int) -> list[Line]:
    lines = []
    for n, row in enumerate(objects(body, "items")):
        name = f"items[{n}]"
        quantity = payload.quantity(row.get("quantity"), f"{name}.quantity")
        price = payload.piastres(row.get("price") or 0, f"{name}.price")
        given = row.get("total")
        total = payload.priced(price, quantity) if given is None else payload.piastres(given, f"{name}.total")
        lines.append(
            Line(
                str(row.get("id") or row.get("line_id") or n),
                payload.text(identity(row.get("item_id"), f"{name}.item_id"), f"{name}.item_id", 200),
                str(row.get("item_name") or ""),
                -abs(quantity) if sign < 0 else quantity,
                price,
                -abs(total) if sign < 0 else total,
            )
        )
    return lines


def _by_item(lines: list[Line]) -> dict[str, int]:
    moved: dict[str, int] = {}
    for line in lines:
        moved[line.item_id] = moved.get(line.item_id, 0) + line.quantity
    return moved


def _credit(body: JSON, name: str = "method") -> int:
    """What went on account; with `way` what had been on account and was exchanged."""
    payments = objects(body, "payments") if body.get("payments") is not None else []
    return sum(
        abs(payload.piastres(payment.get("amount"), "payments.amount"))
        for payment in payments
        if payment.get(name) == "credit"
    )


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sale or return as it was understood; `sign` is -1 for a return, and already in lines and credit."""

    sale_id: str
    kind: str
    sign: int
    date: str
    receipt: str
    lines: list[Line]
    credit: int
    customer: JSON | None
    body: JSON

    def money(self, name: str) -> int:
        """One of the sale's amounts, negative for a return."""
        value = amount(self.body, name)
        return -abs(value) if self.sign < 0 else value


def _read(change: Change, now: str) -> Ticket:
    body, sign = change.body, -1 if change.kind == "return" else 1
    _check(body)
    return Ticket(
        payload.text(identity(change.id or body.get("id"), "id"), "id", 200),
        change.kind,
        sign,
        payload.moment(body.get("date") or change.at or now, "date"),
        str(body.get("receipt_number") or ""),
        _lines(body, sign),
        _credit(body) * sign,
        customer_of(body),
        body,
    )


def sale(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A sale, or a return of one: `return_of` names the sale whose goods came back."""
    ticket = _read(change, transaction.now)
    outcome = Outcome(version=1)
    if transaction.one("SELECT 1 FROM sale WHERE shop_id = ? AND id = ?", (transaction.shop_id, ticket.sale_id)):
        outcome.flag("duplicate_number")
        return outcome
    if ticket.receipt and _receipt_exists(transaction, ticket.receipt):
        outcome.flag("duplicate_number")
    if ticket.sign < 0:
        _check_return(transaction, outcome, ticket)
    voided = is_undone(transaction, ticket.sale_id, "void")
    _insert(transaction, ticket, origin, voided)
    if voided:
        outcome.flag("already_voided")
        return outcome
    for item_id, quantity in _by_item(ticket.lines).items():
        items.move(transaction, outcome, item_id, -quantity, ticket.kind, ticket.sale_id, ticket.date)
    _charge(transaction, outcome, ticket)
    if ticket.body.get("order_id"):
        _complete_order(transaction, str(ticket.body["order_id"]))
    return outcome


def exchange(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A return and a sale that pay each other, as far as they are worth the same: both or neither. A half that is
    there already, because it came by itself as well, is not counted again."""
    outcome = Outcome(version=1)
    for kind in ("return", "sale"):
        body = change.body.get(kind)
        if not isinstance(body, dict):
            raise invalid(kind, "is required")
        half = sale(transaction, replace(change, kind=kind, id=str(body.get("id") or ""), body=body), origin)
        for flag in half.flags:
            outcome.flag(flag)
    return outcome


def _receipt_exists(transaction: Transaction, receipt: str) -> bool:
    row = transaction.one("SELECT 1 FROM sale WHERE shop_id = ? AND receipt_number = ?", (transaction.shop_id, receipt))
    return row is not None


def _check_return(transaction: Transaction, outcome: Outcome, ticket: Ticket) -> None:
    original = ticket.body.get("return_of")
    if not original:
        return
    key = (transaction.shop_id, str(original))
    row = transaction.one("SELECT status FROM sale WHERE shop_id = ? AND id = ?", key)
    if row is None:
        return
    if row["status"] == "voided":
        outcome.flag("already_voided")
    for item_id, quantity in _by_item(ticket.lines).items():
        remaining = _sold(transaction, str(original), item_id) - _returned(transaction, str(original), item_id)
        if -quantity > remaining:
            outcome.flag("over_returned")


def _sold(transaction: Transaction, sale_id: str, item_id: str) -> int:
    total: int = transaction.value(
        "SELECT COALESCE(SUM(quantity), 0) FROM sale_line WHERE shop_id = ? AND sale_id = ? AND item_id = ?",
        (transaction.shop_id, sale_id, item_id),
    )
    return total


def _returned(transaction: Transaction, sale_id: str, item_id: str) -> int:
    total: int = transaction.value(
        "SELECT COALESCE(-SUM(line.quantity), 0) FROM sale_line line JOIN sale ON sale.shop_id = line.shop_id"
        " AND sale.id = line.sale_id WHERE sale.shop_id = ? AND sale.return_of = ? AND sale.status <> 'voided'"
        " AND line.item_id = ?",
        (transaction.shop_id, sale_id, item_id),
    )
    return total


def _insert(transaction: Transaction, ticket: Ticket, origin: Origin, voided: bool) -> None:
    body, customer, receipt = ticket.body, ticket.customer or {}, ticket.receipt
    day = business_day(body, ticket.date)
    status = str(body.get("status") or ("returned" if ticket.sign < 0 else "completed"))
    names = f"{body.get('customer_name') or ''} {customer.get('name', '')}"
    columns: JSON = {
        "shop_id": transaction.shop_id,
        "id": ticket.sale_id,
        "receipt_number": receipt,
        "date": ticket.date,
        "day": day,
        "device_id": str(body.get("device_id") or origin.device_id),
        "customer_id": customer.get("id"),
        "status": "voided" if voided else status,
        "return_of": body.get("return_of"),
        "credit": ticket.credit,
        "notes": str(body.get("notes") or ""),
        "body": payload.dump(body),
        "version": 1,
        "versions": "{}",
        "seq": transaction.take(),
        "updated_at": transaction.now,
        "search_key": f"{fold(names)} {fold(receipt)} {fold_number(receipt)}",
    }
    columns |= {name: ticket.money(name) for name in ("subtotal", "discount", "tax", "total")}
    marks = ", ".join("?" * len(columns))
    transaction.execute(f"INSERT INTO sale ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))
    transaction.execute_many(
        "INSERT INTO sale_line (shop_id, sale_id, n, day, line_id, item_id, item_name, quantity, price, total)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(transaction.shop_id, ticket.sale_id, n, day, *astuple(line)) for n, line in enumerate(ticket.lines)],
    )


def business_day(body: JSON, date: str) -> str:
    """The day that the shop books the sale on: as the terminal says, or the Cairo day of its moment."""
    given = body.get("business_day")
    if isinstance(given, str) and _DAY.fullmatch(given):
        return given
    return shop_day.of(datetime.fromisoformat(date)).isoformat()


def _charge(transaction: Transaction, outcome: Outcome, ticket: Ticket) -> None:
    """Put the sale on its customer's account, whom it creates if need be."""
    customer = ticket.customer
    if customer is None:
        return
    if customer.get("name") or customer.get("phone"):
        customers_suppliers.ensure(transaction, customer)
    balance = customers_suppliers.enter(
        transaction, customer["id"], ticket.credit, ticket.kind, ticket.sale_id, ticket.date, ticket.money("total")
    )
    customers_suppliers.over_credit(transaction, outcome, balance, ticket.credit)


def _complete_order(transaction: Transaction, order_id: str) -> None:
    """The sale that names an order is its end, whatever happened to the order meanwhile."""
    key = (transaction.shop_id, order_id)
    row = transaction.one("SELECT * FROM orders WHERE shop_id = ? AND id = ?", key)
    if row is None or row["status"] == "completed":
        return
    version = row["version"] + 1
    transaction.execute(
        "UPDATE orders SET status = 'completed', version = ?, seq = ?, updated_at = ? WHERE shop_id = ? AND id = ?",
        (version, transaction.take(), transaction.now, *key),
    )
    transaction.emit("order_update", {"order_id": order_id, "status": "completed", "version": version})


def void(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """Goods and money of a sale go back. Twice is flagged and counts once."""
    sale_id = identity(change.body.get("sale_id"), "sale_id")
    outcome = Outcome(version=1)
    row = transaction.one("SELECT * FROM sale WHERE shop_id = ? AND id = ?", (transaction.shop_id, sale_id))
    again = is_undone(transaction, sale_id, "void") or (row is not None and row["status"] == "voided")
    at = file_document(transaction, change, free_id(transaction, change), pulled=True, about=sale_id)
    if again:
        outcome.flag("already_voided")
    elif row is not None:
        _undo(transaction, outcome, row, at)
    return outcome


def _undo(transaction: Transaction, outcome: Outcome, row: Row, at: str) -> None:
    transaction.execute(
        "UPDATE sale SET status = 'voided', version = version + 1, seq = ?, updated_at = ?"
        " WHERE shop_id = ? AND id = ?",
        (transaction.take(), transaction.now, transaction.shop_id, row["id"]),
    )
    sold = transaction.all(
        "SELECT item_id, SUM(quantity) AS quantity FROM sale_line WHERE shop_id = ? AND sale_id = ?"
        " GROUP BY item_id ORDER BY MIN(n)",
        (transaction.shop_id, row["id"]),
    )
    for line in sold:
        returned = _returned(transaction, row["id"], line["item_id"])
        if returned:
            outcome.flag("over_returned")
        items.move(transaction, outcome, line["item_id"], line["quantity"] - returned, "void", row["id"], at)
    if row["customer_id"]:
        credit = row["credit"] + _credit(payload.load(row["body"]), "way")
        customers_suppliers.enter(transaction, row["customer_id"], -credit, "void", row["id"], at, -row["total"])


def update(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    """Change the notes of a sale, or void it. Its money never changes: that takes a return or a void."""
    key = (transaction.shop_id, change.id)
    row = transaction.one("SELECT * FROM sale WHERE shop_id = ? AND id = ?", key)
    if row is None:
        return Outcome("rejected", code="NOT_FOUND", message=f"sale {change.id} does not exist")
    body, fields = payload.load(row["body"]), change.fields
    for name in _FIXED:
        if name in fields and amount(fields, name) != amount(body, name):
            raise invalid(name, "the money of a sale never changes")
    status, notes = fields.get("status", row["status"]), fields.get("notes", row["notes"])
    if not isinstance(notes, str) or status not in ("completed", "voided", "returned"):
        raise invalid("status", "must be completed, voided or returned")
    seen = change.base.get("notes", change.base.get("*"))
    if notes != row["notes"] and isinstance(seen, int) and row["version"] > seen:
        theirs = {"notes": {"value": row["notes"], "version": row["version"]}}
        return Outcome("conflict", version=row["version"], applied=[], theirs=theirs)
    outcome = Outcome(version=row["version"])
    if row["status"] == "voided":
        status = "voided"
    elif status == "voided":
        reason = Change(change.change_id, "void", "sale", "", body={"sale_id": change.id, "reason": notes})
        outcome = void(transaction, reason, Origin())
        outcome.version = row["version"] + 1
    if notes != row["notes"] or status not in ("voided", row["status"]):
        transaction.execute(
            "UPDATE sale SET notes = ?, status = ?, version = version + 1, seq = ?, updated_at = ?"
            " WHERE shop_id = ? AND id = ?",
            (notes, status, transaction.take(), transaction.now, *key),
        )
        outcome.version = (outcome.version or 0) + 1
    return outcome
