"""One change, one transaction: the effect, the numbers it takes and the answer that is kept for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import customers_suppliers, epochs, facts, items, ledger, orders, payload, sales, special_orders
from .database import Database, Reading, Transaction
from .ledger import FACTS, FIELDS_OF_2, KINDS_OF_2, TYPES_OF_2, Change, Origin, Outcome
from .payload import JSON, Invalid

# Turns an outcome into the REST answer that the ledger keeps beside it; None for a sync call.
Render = Callable[[Reading, Outcome], tuple[int, str]]

_FACTS: dict[str, Callable[[Transaction, Change, Origin], Outcome]] = {
    "sale": sales.sale,
    "return": sales.sale,
    "exchange": sales.exchange,
    "void": sales.void,
    "payment": facts.payment,
    "payment_void": special_orders.refund,
    "lost_sale": facts.lost_sale,
    "quotation": facts.quotation,
    "quotation_lost": facts.quotation_lost,
    "quotation_sold": facts.quotation_sold,
    "special_order": special_orders.special_order,
    "special_order_step": special_orders.step,
    "deposit": special_orders.deposit,
    "deposit_forfeit": special_orders.forfeit,
    "cash": facts.cash,
    "count": facts.count,
    "adjust": facts.adjust,
    "receive": facts.receive,
}
_Request = Callable[[Transaction, Change, str], Outcome]
_PLAIN: dict[str, _Request] = {
    "create": customers_suppliers.create,
    "update": customers_suppliers.update,
    "delete": customers_suppliers.delete,
}
_REQUESTS: dict[tuple[str, str], _Request] = {
    ("item", "create"): items.create,
    ("item", "update"): items.update,
    ("item", "delete"): items.delete,
    ("sale", "update"): sales.update,
    ("order", "accept"): orders.answer,
    ("order", "reject"): orders.answer,
    ("order", "quote"): orders.answer,
}
for _kind, _handler in _PLAIN.items():
    for _type in ("customer", "supplier", *TYPES_OF_2):
        _REQUESTS[_type, _kind] = _handler


def read_change(given: Any) -> Change:
    """The change as it came in; raises `ValueError` where it cannot even be answered under its id."""
    if not isinstance(given, dict) or not isinstance(given.get("change_id"), str) or not given["change_id"]:
        raise ValueError("a change without change_id")
    objects = {name: given.get(name) or {} for name in ("base", "was", "fields", "body")}
    if not all(isinstance(value, dict) for value in objects.values()):
        raise ValueError(f"change {given['change_id']}: base, was, fields and body must be objects")
    n = given.get("n")
    return Change(
        change_id=given["change_id"],
        kind=str(given.get("kind") or ""),
        type=str(given.get("type") or ""),
        id=str(given.get("id") or objects["body"].get("id") or ""),
        n=n if isinstance(n, int) and 0 <= n < 2**53 else 0,
        at=str(given.get("at") or ""),
        epoch=given.get("epoch"),
        **objects,
    )


def apply(database: Database, shop_id: str, change: Change, origin: Origin, render: Render | None = None) -> Outcome:
    """Apply the change once, whoever sends it however often.

    The same id again is `duplicate` with the first answer; the same id with another content is `key_reuse`.
    A busy database answers `retry`, which is not kept: the change is as unknown as before.
    """
    if database.protocol > 1 and not _is_known(change, database.protocol):
        # a newer program's: refused now, it would be refused for ever
        return Outcome("retry", after=3600.0, code="UNKNOWN_KIND", message=f"{change.kind} is not known")
    try:
        with database.writing(shop_id) as transaction:
            known = ledger.find(transaction, shop_id, change.change_id)
            ledger.remember(transaction, origin, change)
            if known is not None:
                return _again(known, change)
            outcome = _attempt(transaction, change, origin, database.protocol)
            outcome.seq, outcome.mark = transaction.head, transaction.head_mark
            http = render(transaction, outcome) if render else None
            ledger.write(transaction, change, origin, outcome, http)
            return outcome
    except sqlite3.OperationalError as problem:
        if "locked" not in str(problem) and "busy" not in str(problem):
            raise
        return Outcome("retry", after=2.0, code="BUSY", message="the database is busy")


def _again(known: ledger.Entry, change: Change) -> Outcome:
    if known.hash != change.hash:
        return Outcome("key_reuse", seq=known.seq)
    return Outcome("duplicate", seq=known.seq, first=known.result)


def _is_known(change: Change, protocol: int) -> bool:
    if change.kind in KINDS_OF_2 or change.type in TYPES_OF_2:
        return protocol > 1
    return change.kind in FACTS or (change.type, change.kind) in _REQUESTS


def _attempt(transaction: Transaction, change: Change, origin: Origin, protocol: int) -> Outcome:
    """The effect, or the reason why it cannot be understood; a half-done effect is undone."""
    head, emitted = transaction.checkpoint()
    transaction.execute("SAVEPOINT change_effect")
    try:
        outcome = _effect(transaction, change, origin, protocol)
    except Invalid as problem:
        transaction.execute("ROLLBACK TO change_effect")
        transaction.roll_back(head, emitted)
        errors: list[JSON] = [{"field": error.field, "message": error.message} for error in problem.errors]
        outcome = Outcome("rejected", code="VALIDATION", message=str(problem), errors=errors)
    transaction.execute("RELEASE change_effect")
    if outcome.flags and outcome.status == "applied":
        outcome.status = "applied_flagged"
    return outcome


def _of_version_1(change: Change) -> Change:
    """The change as a server of version 1 reads it: without fields that it does not know, and in whole units."""
    if change.kind != "cash":  # what is counted there is money
        _check_whole(change.body | change.fields)
    later = FIELDS_OF_2.get(change.type, ())
    fields = {name: value for name, value in change.fields.items() if name not in later}
    return replace(
        change, fields=fields, body=ledger.of_version_1(change.body) if change.kind == "sale" else change.body
    )


def _check_whole(values: JSON) -> None:
    for name, value in values.items():
        if name in _QUANTITIES and value is not None and payload.quantity(value, name) % 1000:
            raise payload.invalid(name, "must be a whole number")
        for line in value if isinstance(value, list) else ():
            if isinstance(line, dict):
                _check_whole(line)


_QUANTITIES = frozenset({"quantity", "delta", "counted", "expected", "stock_quantity", "min_stock"})


def _effect(transaction: Transaction, change: Change, origin: Origin, protocol: int) -> Outcome:
    if not _is_known(change, protocol):
        return Outcome("rejected", code="UNKNOWN_KIND", message=f"{change.kind} of {change.type} is not known")
    if protocol == 1:
        change = _of_version_1(change)
    if change.kind in FACTS:
        return _FACTS[change.kind](transaction, change, origin)
    present = epochs.present(transaction, transaction.shop_id)
    return _REQUESTS[change.type, change.kind](transaction, change, present)
