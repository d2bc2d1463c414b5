"""Requests of a person to change a record that the server keeps too: to make it, edit it, delete it.

Each function writes the row that is seen here and the request that goes to the server, in this order: keep the
server's copy, write the row, queue the request. Whoever swaps the first two loses the copy that a refusal
falls back to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from ..database.statement import Statement, given
from ..records import RECORDS
from ..records.sync import OutboxTable
from . import outbox, overlay, waiting_edits

Fields = Mapping[str, Any]


class SeenRecord(Protocol):
    """A record as a person has seen it: its version, and the epoch in which that was a number."""

    @property
    def version(self) -> int: ...

    @property
    def epoch(self) -> str | None: ...


_UNANSWERED_UPDATES = Statement(
    OutboxTable.select(OutboxTable.n, OutboxTable.base, OutboxTable.payload, OutboxTable.epoch)
    .where(
        (OutboxTable.type == given("type")) & (OutboxTable.record_id == given("record_id")),
        OutboxTable.kind == "update",
        OutboxTable.answered_at.is_null(),
    )
    .order_by(OutboxTable.n)
)


def create(type: str, record_id: str, fields: Fields, keys: Fields, *, label: str) -> None:
    """Insert a record that the server does not know yet, and ask for it. `keys` are its folded columns."""
    overlay.begin_request(type, record_id)
    RECORDS[type].table.insert({"id": record_id, **fields, **keys}).execute()
    outbox.add("create", type, record_id, dict(fields), label=label)


def create_again(type: str, record_id: str, fields: Fields, keys: Fields, *, label: str) -> None:
    """Ask once more for a record that was made here and that the server did not take."""
    _write(type, record_id, {**fields, **keys})
    outbox.add("create", type, record_id, dict(fields), label=label)


def update(
    type: str, record_id: str, changed: Fields, was: Fields, keys: Fields, *, seen: SeenRecord, label: str
) -> None:
    """Write the `changed` fields and ask for them; `was` and `seen` are what the person saw of them, which may
    be older than the rows that we have, and of another epoch."""
    overlay.begin_request(type, record_id)
    _write(type, record_id, {**changed, **keys})
    epoch = seen.epoch or epoch_seen(type)
    base = dict.fromkeys(changed, seen.version) | _hidden(type, record_id, changed, epoch)
    before = {name: was[name] for name in changed}
    outbox.add("update", type, record_id, dict(changed), base=base, was=before, label=label, epoch=epoch)


def epoch_seen(type: str) -> str | None:
    """The epoch of the rows of this type that we have, to which their versions belong."""
    return outbox.epoch_seen("update", type)


def _hidden(type: str, record_id: str, changed: Fields, epoch: str | None) -> dict[str, int]:
    """The versions behind those of the `changed` fields that showed our own requests, not the row: whoever changed such
    a field has seen of the server only what the request before had seen. What has come in since lies hidden, but where
    that request waits and a later edit had the field meanwhile."""
    hidden: dict[str, int] = {}
    rows = _UNANSWERED_UPDATES.rows(type=type, record_id=record_id)
    last = waiting_edits.last_said(type, record_id, rows[0]["n"]) if rows else {}
    for row in rows:
        # the versions of another epoch are numbers of another count: none of this one has been seen
        seen = json.loads(row["base"]) if row["epoch"] == epoch else {}
        names = changed.keys() & json.loads(row["payload"]).keys()
        hidden |= {name: int(seen.get(name, 0)) for name in names if last.get(name, 0) <= row["n"]}
    return hidden


def delete(type: str, record_id: str, *, seen: SeenRecord, label: str) -> None:
    """Take a record out of the lists and ask for its end. The row stays: old sales name it. Of what
    another epoch has written nothing has been seen, and a delete has no fields that the server could compare."""
    overlay.begin_request(type, record_id)
    _write(type, record_id, {"deleted": True})
    version = seen.version if seen.epoch in (None, epoch_seen(type)) else 0
    outbox.add("delete", type, record_id, {}, base={"*": version}, label=label)


def changes(seen: Fields, typed: Fields, tidy: Fields) -> dict[str, Any]:
    """The fields that the person changed, in their tidy form. What the server wrote untidily, and the form
    gave back as it was, is no change."""
    return {name: tidy[name] for name in seen if seen[name] not in (tidy[name], typed[name])}


def tidied(fields: Fields) -> dict[str, Any]:
    """The fields with every text on one line and without blanks around it."""
    return {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in fields.items()}


def _write(type: str, record_id: str, columns: Fields) -> None:
    table = RECORDS[type].table
    table.update(dict(columns)).where(table.id == record_id).execute()
