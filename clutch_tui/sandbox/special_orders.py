"""Special orders and deposits: facts that say what a payment was for, what became of the goods, and of the money.

The money itself travels as a payment, its taking back, and the part of a sale that goes on account; here it is only
seen whether a deposit is used twice.
"""

from __future__ import annotations

from . import customers_suppliers, facts, payload
from .database import Transaction
from .facts import amount, file_document, file_once, free_id, identity, is_undone
from .ledger import Change, Origin, Outcome
from .payload import JSON, invalid

STEPS = ("here", "cancelled", "fetched")


def special_order(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """What a customer wants that is not there. It moves nothing."""
    body = change.body
    if not payload.text(body.get("item_name"), "item_name"):
        raise invalid("item_name", "is required")
    payload.quantity(body.get("quantity"), "quantity")
    amount(body, "price")
    if body.get("expected"):
        payload.day(body["expected"], "expected")
    file_once(transaction, change)
    return Outcome(version=1)


def step(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """The goods are here, nobody wants them any more, or they were fetched by a sale. A second sale is flagged, unless
    the first was voided; and so is one that uses a deposit that was given back or kept."""
    about = identity(change.body.get("special_order_id"), "special_order_id")
    if change.body.get("step") not in STEPS:
        raise invalid("step", "must be here, cancelled or fetched")
    outcome = Outcome(version=1)
    if change.body["step"] == "fetched":
        identity(change.body.get("sale_id"), "sale_id")
        if _is_fetched(transaction, about, change.id):
            outcome.flag("special_order_fetched")
        if any(_is_ended(transaction, deposit) for deposit in _deposits_of(transaction, about)):
            outcome.flag("deposit_used")
    file_once(transaction, change, about)
    return outcome


def deposit(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """Which special order a payment is for. It moves nothing: the payment does."""
    _check(change.body)
    file_once(transaction, change, str(change.body["payment_id"]))
    return Outcome(version=1)


def forfeit(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """The shop keeps a deposit: the account holds it no longer. Of one that is used, given back or kept already it is
    flagged; kept twice it counts once."""
    _check(change.body)
    payment_id, customer_id = str(change.body["payment_id"]), str(change.body["customer_id"])
    outcome = Outcome(version=1)
    again = is_undone(transaction, payment_id, "deposit_forfeit")
    about = str(change.body["special_order_id"])
    if again or is_undone(transaction, payment_id, "payment_void") or _is_fetched(transaction, about, change.id):
        outcome.flag("deposit_used")
    document_id = free_id(transaction, change)
    at = file_document(transaction, change, document_id, pulled=True, about=payment_id)
    if not again:
        kept = payload.piastres(change.body.get("amount"), "amount")
        customers_suppliers.enter(transaction, customer_id, kept, "deposit_forfeit", document_id, at)
    return outcome


def refund(transaction: Transaction, change: Change, origin: Origin) -> Outcome:
    """A payment is taken back; it is flagged where it is a deposit that was used or kept."""
    outcome = facts.payment_void(transaction, change, origin)
    _flag_ended(transaction, str(change.body["payment_id"]), outcome)
    return outcome


def _flag_ended(transaction: Transaction, payment_id: str, outcome: Outcome) -> None:
    row = transaction.one(
        "SELECT body FROM document WHERE shop_id = ? AND sale_id = ? AND kind = 'deposit'",
        (transaction.shop_id, payment_id),
    )
    if row is None:
        return
    about = str(payload.load(row["body"]).get("special_order_id"))
    if _is_fetched(transaction, about, "") or is_undone(transaction, payment_id, "deposit_forfeit"):
        outcome.flag("deposit_used")


def _check(body: JSON) -> None:
    for name in ("special_order_id", "payment_id", "customer_id"):
        identity(body.get(name), name)
    payload.piastres(body.get("amount"), "amount")


def _is_fetched(transaction: Transaction, special_order_id: str, but: str) -> bool:
    """Was it fetched by a sale that stands, other than by the step of this id?"""
    rows = transaction.all(
        "SELECT body FROM document WHERE shop_id = ? AND sale_id = ? AND kind = 'special_order_step' AND id <> ?",
        (transaction.shop_id, special_order_id, but),
    )
    steps = [payload.load(row["body"]) for row in rows]
    sales = [str(one.get("sale_id")) for one in steps if one.get("step") == "fetched"]
    return any(not is_undone(transaction, sale_id, "void") for sale_id in sales)


def _deposits_of(transaction: Transaction, special_order_id: str) -> list[str]:
    """The payments that were left for a special order."""
    rows = transaction.all(
        "SELECT sale_id FROM document WHERE shop_id = ? AND kind = 'deposit'"
        " AND json_extract(body, '$.special_order_id') = ?",
        (transaction.shop_id, special_order_id),
    )
    return [str(row["sale_id"]) for row in rows]


def _is_ended(transaction: Transaction, payment_id: str) -> bool:
    return any(is_undone(transaction, payment_id, kind) for kind in ("payment_void", "deposit_forfeit"))
