"""The two halves of an exchange as documents, and the exchange as two changes: a return, and then a sale.

A server that does not know exchanges is told of one in the words of version 1: each half is a change of its own, whose
id follows from that of the exchange, so that two copies of a disk say the same. What was exchanged is said in them to
have gone back, and to have been paid, in the way in which it had come. Their records have the ids that they have in an
exchange: a server that hears both counts each half once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..database import db
from .messages import Change

KIND = "exchange"
HALVES = ("return", "sale")
"""The kinds of its halves, in their order, which are also their names in its payload."""
_MOVES = ("stock_move", "account_move", "money_move")
_FORMER_WAY = "cash"


def documents(payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the documents that a fact says: of an exchange both halves, else itself."""
    return tuple(payload[name] for name in HALVES) if HALVES[0] in payload else (payload,)


def change_id(exchange_id: str, kind: str) -> str:
    """The id of the change that says one half of an exchange alone."""
    return str(uuid.uuid5(uuid.UUID(exchange_id), kind))


def split(change: Change) -> Change:
    """Put the halves of an exchange, which was never sent, into its place in the queue; the return, which takes the
    number of the exchange: nothing is sent of the sale before it."""
    for kind in reversed(HALVES):
        half = change.payload[kind]
        written = replace(change, kind=kind, id=half["id"], payload=_in_version_1(half))
        written = replace(written, change_id=change_id(change.change_id, kind))
        _put(written, change, half["receipt_number"])
    return written


def _put(half: Change, exchange: Change, label: str) -> None:
    """Put a half into the queue: the return as the row that was the exchange, the sale as a row of its own."""
    values = (half.change_id, half.kind, half.id, label, json.dumps(half.payload, ensure_ascii=False))
    if half.kind == HALVES[0]:
        db.execute(
            "UPDATE outbox SET change_id = ?, kind = ?, record_id = ?, label = ?, payload = ? WHERE change_id = ?",
            (*values, exchange.change_id),
        )
    else:
        db.execute(
            "INSERT INTO outbox"
            " (change_id, kind, record_id, label, payload, type, lineage, channel, at, epoch, base, was)"
            " SELECT ?, ?, ?, ?, ?, type, lineage, channel, at, epoch, base, was FROM outbox WHERE change_id = ?",
            (*values, exchange.change_id),
        )
    _account_for(half, exchange)
    for table in _MOVES:
        db.execute(
            f"UPDATE {table} SET change_id = ? WHERE change_id = ? AND kind = ?",
            (half.change_id, exchange.change_id, half.kind),
        )


def _account_for(half: Change, exchange: Change) -> None:
    """Let the account move by what is exchanged, too, which comes off it with one half and goes onto it with the other:
    in those words the server moves it so."""
    payments = exchange.payload[half.kind]["payments"]
    owed = sum(payment["amount"] for payment in payments if payment.get("way") == "credit")
    if owed:
        db.execute(
            "INSERT INTO account_move (customer_id, change_id, kind, amount, method, note, at)"
            " VALUES (?, ?, ?, ?, 'credit', ?, ?)",
            (
                half.payload["customer_id"],
                exchange.change_id,
                half.kind,
                owed if half.kind == "sale" else -owed,
                half.payload["receipt_number"],
                exchange.at,
            ),
        )


def _in_version_1(half: Mapping[str, Any]) -> dict[str, Any]:
    """A half by itself, in words that every server knows."""
    body = {name: value for name, value in half.items() if name != "exchange_id"}
    body["payments"] = [
        {name: value for name, value in payment.items() if name != "way"}
        | {"method": payment.get("way") or (_FORMER_WAY if payment["method"] == KIND else payment["method"])}
        for payment in half["payments"]
    ]  # fmt: skip
    if body["payment_method"] == KIND:
        body["payment_method"] = max(body["payments"], key=lambda payment: payment["amount"])["method"]
    return body
