"""A server's own ids beside ours, where it insists on them.

Inside, a record has one id for life: the one under which this terminal first knew it. Only at the two borders is it
exchanged: `incoming` for rows that were pulled, `outgoing` for changes that are sent. A record that was made
elsewhere has no alias; the server's id is ours then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..database.statement import Statement, given, insert
from ..outbox import halves
from ..outbox.messages import Change
from ..records.sync import AliasTable

_NAMES = {"item_id": "item", "customer_id": "customer", "supplier_id": "supplier", "sale_id": "sale"} | {
    "return_of": "sale",
    "order_id": "order",
    "exchange_id": "sale",
}
"""Fields that hold another record's id, and the type of that record."""

_ADD = insert(AliasTable, or_leave=True)
_REMOTE = Statement(
    AliasTable.select(AliasTable.remote_id).where(AliasTable.type == given("type"), AliasTable.id == given("id"))
)
_OURS = Statement(
    AliasTable.select(AliasTable.id).where(AliasTable.type == given("type"), AliasTable.remote_id == given("remote_id"))
)
_ANY = Statement(AliasTable.select(AliasTable.id).limit(1))
_ALL = Statement(AliasTable.select())


def put(type: str, id: str, remote_id: str) -> None:
    """The server calls our record `id` something else. The first word counts: an id never changes its record."""
    if id != remote_id:
        _ADD.run(type=type, id=id, remote_id=remote_id)


def remote(type: str, id: str) -> str:
    """The server's id of a record of ours."""
    row = _REMOTE.first(type=type, id=id)
    return id if row is None else str(row["remote_id"])


def ours(type: str, remote_id: str) -> str:
    """Our id of a record of the server's."""
    row = _OURS.first(type=type, remote_id=remote_id)
    return remote_id if row is None else str(row["id"])


def incoming(type: str, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Pulled rows under our ids. Where no server insists on its own, the rows themselves."""
    known = _known()
    return [_exchanged(type, row, known) for row in rows] if known else rows


def outgoing(change: Change) -> Change:
    """A change under the server's ids. Every retry gives the same: an alias is there before its record is used."""
    if _ANY.first() is None:
        return change
    return replace(change, id=remote(change.type, change.id), payload=_sent(change.type, change.payload))


def _sent(type: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        name: remote(_NAMES[name], value) if name in _NAMES and isinstance(value, str) else value
        for name, value in payload.items()
    }
    if isinstance(body.get("id"), str):
        body["id"] = remote(type, body["id"])
    if isinstance(customer := body.get("customer"), dict) and isinstance(customer.get("id"), str):
        body["customer"] = {**customer, "id": remote("customer", customer["id"])}
    for name in halves.HALVES:
        if isinstance(half := body.get(name), dict):
            body[name] = _sent("sale", half)
    for name in ("items", "lines"):
        if isinstance(lines := body.get(name), list):
            body[name] = [_sent("", line) if isinstance(line, dict) else line for line in lines]
    return body


_Known = dict[tuple[str, str], str]


def _known() -> _Known:
    """Our ids by type and remote id."""
    return {(row["type"], row["remote_id"]): row["id"] for row in _ALL.rows()}


def _exchanged(type: str, row: Mapping[str, Any], known: _Known) -> Mapping[str, Any]:
    changed: dict[str, Any] = {
        name: known[_NAMES[name], value]
        for name, value in row.items()
        if name in _NAMES and isinstance(value, str) and (_NAMES[name], value) in known
    }
    if (type, row["id"]) in known:
        changed["id"] = known[type, row["id"]]
    if isinstance(lines := row.get("items"), list):
        changed["items"] = _exchanged_lines(lines, known)
    if isinstance(quote := row.get("quote"), dict):
        changed["quote"] = {**quote, "lines": _exchanged_lines(quote["lines"], known)}
    return {**row, **changed} if changed else row


def _exchanged_lines(lines: Sequence[Mapping[str, Any]], known: _Known) -> list[Mapping[str, Any]]:
    return [
        {**line, "item_id": known.get(("item", line["item_id"]), line["item_id"])}
        if isinstance(line.get("item_id"), str)
        else line
        for line in lines
    ]
