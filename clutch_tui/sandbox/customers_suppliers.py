"""Customers and suppliers, and the account of a customer.

What a customer owes is the sum of facts. The sum is kept on the row for reading, and made anew from the
facts whenever one arrives: there is no second way in which a balance could change.
"""

from __future__ import annotations

from . import items, records
from .database import Transaction
from .ledger import Change, Outcome
from .payload import JSON
from .records import CUSTOMER, NOUNS


def create(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    """Add a customer or supplier. A customer whom a sale has brought in already is completed, not refused."""
    noun = NOUNS[change.type]
    values = records.read_fields(noun, change.fields, whole=True)
    row = records.find(transaction, noun, transaction.shop_id, change.id)
    if row is None:
        records.insert(transaction, noun, change.id, values)
        if noun is CUSTOMER:
            _settle(transaction, change.id, touch=False)
        return Outcome(version=1)
    if row["deleted"]:
        return records.against_tombstone(noun, row)
    if noun is CUSTOMER and row["stub"]:
        transaction.execute(
            "UPDATE customer SET stub = 0 WHERE shop_id = ? AND id = ?", (transaction.shop_id, change.id)
        )
        return Outcome(version=records.write_fields(transaction, noun, row, values))
    return items.existing(row, values, change, noun)


def update(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    return records.update(transaction, NOUNS[change.type], change, epoch)


def delete(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    """Delete the record. A customer who owes something stays: the debt would have nobody."""
    row = records.find(transaction, NOUNS[change.type], transaction.shop_id, change.id)
    if row is not None and change.type == "customer" and not row["deleted"] and row["balance"]:
        return Outcome("rejected", code="HAS_BALANCE", message="the customer's account is not settled")
    return records.delete(transaction, NOUNS[change.type], change, epoch)


def ensure(transaction: Transaction, customer: JSON) -> None:
    """Create the customer whom a sale names, unless he is known. What is wrong with his name or number is no reason
    to refuse the sale: it is cut to what fits."""
    if records.find(transaction, CUSTOMER, transaction.shop_id, customer["id"]) is not None:
        return
    name, phone = str(customer.get("name") or "").strip(), str(customer.get("phone") or "").strip()
    given = {"name": (name or phone or "?")[:200], "phone": phone[:40]}
    values = records.read_fields(CUSTOMER, given, whole=True)
    records.insert(transaction, CUSTOMER, customer["id"], values | {"stub": 1})


def enter(
    transaction: Transaction, customer_id: str, amount: int, kind: str, ref: str, at: str, purchase: int = 0
) -> int:
    """Write a fact on a customer's account; returns the balance. An unknown customer's facts wait for him."""
    transaction.execute(
        "INSERT INTO account_entry (shop_id, customer_id, amount, purchase, kind, ref, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (transaction.shop_id, customer_id, amount, purchase, kind, ref, at),
    )
    return _settle(transaction, customer_id, touch=True)


def _settle(transaction: Transaction, customer_id: str, touch: bool) -> int:
    key = (transaction.shop_id, customer_id)
    sums = transaction.one(
        "SELECT COALESCE(SUM(amount), 0) AS balance, COALESCE(SUM(purchase), 0) AS purchases,"
        " MAX(CASE WHEN kind IN ('sale', 'opening') THEN at END) AS visit"
        " FROM account_entry WHERE shop_id = ? AND customer_id = ?",
        key,
    )
    assert sums is not None
    row = records.find(transaction, CUSTOMER, *key)
    if row is not None:
        transaction.execute(
            "UPDATE customer SET balance = ?, total_purchases = ?, last_visit = ?, seq = ?, updated_at = ?"
            " WHERE shop_id = ? AND id = ?",
            (
                sums["balance"],
                sums["purchases"],
                sums["visit"],
                transaction.take() if touch else row["seq"],
                transaction.now,
                *key,
            ),
        )
    return int(sums["balance"])


def over_credit(transaction: Transaction, outcome: Outcome, balance: int, credit: int) -> None:
    limit = transaction.shop(transaction.shop_id)["credit_limit"]
    if credit > 0 and balance > limit:
        outcome.flag("over_credit")
