"""Facts of a counter or a shelf beside sales: payments, the drawer, counts and deliveries.

Nothing here says no: a fact is applied, or applied and flagged. Only what cannot be understood at all (no
lines, a quantity that is no number) is rejected, with the field.
"""

from __future__ import annotations

from typing import Any

from . import customers_suppliers, items, payload
from .database import Transaction
from .ledger import Change, Origin, Outcome
from .payload import JSON, invalid


def objects(body: JSON, name: str) -> list[JSON]:
    rows = body.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid(name, "must be a list of objects")
    return rows


def identity(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise invalid(name, "is required")
    return value


def amount(body: JSON, name: str) -> int:
    return payload.piastres(body.get(name) or 0, name)


def customer_of(body: JSON) -> JSON | None:
    """The customer whom the sale names, whichever way it names him."""
    customer = body.get("customer")
    if isinstance(customer, dict) and customer.get("id"):
        return {key: str(value) for key, value in customer.items() if value is not None}
    if body.get("customer_id"):
        return {"id": str(body["customer_id"]), "name": str(body.get("customer_name") or "")}
    return None


def file_document(
    transaction: Transaction, change: Change, document_id: str, pulled: bool, about: str | None = None
) -> str:
    """Keep the fact as it was told; `about` is the sale or the payment that it undoes. The moment of it."""
    at = payload.moment(change.at or transaction.now, "at")
    transaction.execute(
        "INSERT INTO document (shop_id, id, kind, sale_id, at, body, seq, pulled) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            transaction.shop_id,
            document_id,
            change.kind,
            about,
            at,
            payload.dump(change.body),
            transaction.take(),
            int(pulled),
        ),
    )
    return at


def free_id(transaction: Transaction, change: Change) -> str:
    """The document's id; a second document under the same id is kept under its change's id."""
    wanted = change.id or change.change_id
    key = (transaction.shop_id, wanted)
    taken = transaction.one("SELECT 1 FROM document WHERE shop_id = ? AND id = ?", key)
    return change.change_id if taken else wanted


def file_once(transaction: Transaction, change: Change, about: str | None = None) -> None:
    """Keep a fact that moves nothing. What was refused is sent anew under another change, by each copy of a disk under
    its own: the same content under the same id is one document."""
    key = (transaction.shop_id, change.id or change.change_id)
    row = transaction.one("SELECT kind, body FROM document WHERE shop_id = ? AND id = ?", key)
    if row is None or (row["kind"], row["body"]) != (change.kind, payload.dump(change.body)):
        file_document(transaction, change, free_id(transaction, change), pulled=True, about=about)
        return
    transaction.execute("UPDATE document SET seq = ? WHERE shop_id = ? AND id = ?", (transaction.take(), *key))


def payment(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """Money on account."""
    body = change.body
    customer_id = identity(body.get("customer_id"), "customer_id")
    paid = payload.piastres(body.get("amount"), "amount")
    document_id = free_id(transaction, change)
    at = file_document(transaction, change, document_id, pulled=True)
    customer = customer_of(body)
    if customer and customer["id"] == customer_id and customer.get("name"):
        customers_suppliers.ensure(transaction, customer)
    if not is_undone(transaction, document_id, "payment_void"):
        customers_suppliers.enter(transaction, customer_id, -paid, "payment", document_id, at)
    return Outcome(version=1)


def is_undone(transaction: Transaction, document_id: str, kind: str) -> bool:
    """Has the void of a sale or payment arrived, perhaps before it? After a restored backup it may."""
    row = transaction.one(
        "SELECT 1 FROM document WHERE shop_id = ? AND sale_id = ? AND kind = ?",
        (transaction.shop_id, document_id, kind),
    )
    return row is not None


def payment_void(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A payment is taken back: the debt is there again. Twice is flagged and counts once."""
    payment_id = identity(change.body.get("payment_id"), "payment_id")
    outcome, again = Outcome(version=1), is_undone(transaction, payment_id, "payment_void")
    document_id = free_id(transaction, change)
    at = file_document(transaction, change, document_id, pulled=True, about=payment_id)
    key = (transaction.shop_id, payment_id)
    paid = transaction.one("SELECT body FROM document WHERE shop_id = ? AND id = ? AND kind = 'payment'", key)
    if again:
        outcome.flag("already_voided")
    elif paid is not None:
        body = payload.load(paid["body"])
        amount = payload.piastres(body.get("amount"), "amount")
        customers_suppliers.enter(transaction, str(body["customer_id"]), amount, "payment_void", document_id, at)
    return outcome


def lost_sale(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """Something was asked for and not sold. It moves nothing."""
    body = change.body
    if not payload.text(body.get("item_name"), "item_name"):
        raise invalid("item_name", "is required")
    payload.quantity(body.get("quantity"), "quantity")
    amount(body, "price")
    if body.get("reason") not in ("no_stock", "too_dear", "not_carried"):
        raise invalid("reason", "must be no_stock, too_dear or not_carried")
    file_once(transaction, change)
    return Outcome(version=1)


def quotation(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """What was offered to somebody at the counter, and until when. It moves nothing."""
    body = change.body
    payload.day(body.get("valid_until"), "valid_until")
    amount(body, "total")
    if not (items := objects(body, "items")):
        raise invalid("items", "is empty")
    for item in items:
        identity(item.get("item_id"), "item_id")
        payload.quantity(item.get("quantity"), "quantity")
        amount(item, "price")
    file_once(transaction, change)
    return Outcome(version=1)


def quotation_lost(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """Nothing came of a quotation, as far as somebody knows."""
    about = identity(change.body.get("quotation_id"), "quotation_id")
    file_once(transaction, change, about)
    return Outcome(version=1)


def quotation_sold(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A quotation became a sale. A second sale of one is flagged, unless the first was voided: two tills may not have
    known of each other."""
    about = identity(change.body.get("quotation_id"), "quotation_id")
    identity(change.body.get("sale_id"), "sale_id")
    outcome = Outcome(version=1)
    sold = transaction.all(
        "SELECT body FROM document WHERE shop_id = ? AND sale_id = ? AND kind = 'quotation_sold' AND id <> ?",
        (transaction.shop_id, about, change.id),
    )
    sales_of_it = [str(payload.load(row["body"]).get("sale_id")) for row in sold]
    if any(not is_undone(transaction, sale_id, "void") for sale_id in sales_of_it):
        outcome.flag("quotation_sold")
    file_once(transaction, change, about)
    return outcome


def cash(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A drawer was opened, closed, or money went in or out beside a sale."""
    identity(change.body.get("drawer_id"), "drawer_id")
    amount(change.body, "amount")
    if change.body.get("kind") not in ("open", "pay_in", "pay_out", "no_sale", "close"):
        raise invalid("kind", "must be open, pay_in, pay_out, no_sale or close")
    payload.text(change.body.get("category"), "category", 40)
    file_document(transaction, change, free_id(transaction, change), pulled=True)
    return Outcome(version=1)


def count(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A shelf was counted: what travels is the difference, so that sales made meanwhile stand."""
    body = change.body
    delta = body.get("delta")
    if delta is None:
        counted = payload.number(body.get("counted"), "counted")
        delta = counted - payload.number(body.get("expected"), "expected")
    return _single_move(transaction, change, delta)


def adjust(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    return _single_move(transaction, change, change.body.get("delta"))


def _single_move(transaction: Transaction, change: Change, delta: Any) -> Outcome:
    item_id = identity(change.body.get("item_id"), "item_id")
    moved = payload.quantity(delta, "delta")
    outcome = Outcome(version=1)
    document_id = free_id(transaction, change)
    at = file_document(transaction, change, document_id, pulled=False)
    items.move(transaction, outcome, item_id, moved, change.kind, document_id, at)
    return outcome


def receive(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A delivery was put on the shelves."""
    received: dict[str, int] = {}
    for n, row in enumerate(objects(change.body, "lines")):
        item_id = identity(row.get("item_id"), f"lines[{n}].item_id")
        quantity = payload.quantity(row.get("quantity"), f"lines[{n}].quantity")
        received[item_id] = received.get(item_id, 0) + quantity
    outcome = Outcome(version=1)
    document_id = free_id(transaction, change)
    at = file_document(transaction, change, document_id, pulled=False)
    for item_id, quantity in received.items():
        items.move(transaction, outcome, item_id, quantity, "receive", document_id, at)
    return outcome
