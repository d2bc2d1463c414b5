"""Finds records at a server without sync: by which fields, among which rows, and what a lost answer has made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ... import state
from ...database import db
from ...outbox import abilities, overlay, transports
from ...outbox.messages import Result
from .. import aliases, replica
from . import late_parts, matching, single_writes


def part_at_server(part_id: str) -> tuple[str, dict[str, Any]]:
    """The server's id of a part, and what it is found by there."""
    return aliases.remote("item", part_id), search_fields("item", part_id)


def search_fields(type: str, record_id: str) -> dict[str, Any]:
    """Return what a record is found by at the server: the fields that the server knew last."""
    return overlay.base(type, record_id) or overlay.current(type, record_id) or {}


def copy_of(type: str, record_id: str) -> dict[str, Any] | None:
    """The server's copy of a record as it was when its first request was made, or last pulled since."""
    return overlay.base(type, record_id)


def strangers(type: str, rows: Sequence[Mapping[str, Any]], record_id: str) -> list[Mapping[str, Any]]:
    """The rows that are no other record of ours: what `record_id` may be among."""
    table = "sale" if type == "sale" else overlay.RECORD_COLUMNS[type][0]
    candidates: list[Mapping[str, Any]] = []
    for row in rows:
        ours = aliases.ours(type, row["id"])
        known = db.execute(f"SELECT 1 FROM {table} WHERE id = ?", (ours,)).fetchone() is not None
        if ours == record_id or not known:
            candidates.append(row)
    return candidates


def recognise(type: str, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Find, in the rows of a list, what was made here and whose answer was lost: otherwise it would be there twice,
    once under our id and once under the server's. The nouns that have new rows."""
    waiting = db.execute(
        "SELECT change_id, kind, record_id, payload, single.body FROM outbox JOIN single USING (change_id)"
        " WHERE answered_at IS NULL AND type = ? AND kind IN ('create', 'sale')",
        (type,),
    ).fetchall()
    nouns: set[str] = set()
    for change_id, kind, record_id, payload, body in waiting:
        if kind == "sale" and single_writes.read(body).posted:
            continue
        ids = (record_id, aliases.remote(type, record_id))
        row, _ = matching.find(type, ids, json.loads(payload), strangers(type, rows, record_id))
        if row is None:
            continue
        aliases.put(type, record_id, str(row["id"]))
        if kind == "create":
            nouns |= replica.deliver({change_id: Result(status="applied", seq=0, version=1)}, transports.LISTS)
        else:  # its stock is still to be seen to
            progress = single_writes.read(body)
            progress.posted = True
            if not progress.tried_at:
                progress.late = late_parts.late_by_sync(change_id, row)
            single_writes.keep_posted(change_id, kind, record_id, progress)
    return nouns


def writable(type: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a pulled record that may be sent back; of a part also its figure. A server that has shown no unit
    may know of none."""
    left_out = {"version", "seq", "updated_at", "deleted", "balance", "total_purchases", "last_visit"}
    if type == "item":
        left_out.update(name for name in abilities.LATER_FIELDS if not record[name])
    return {name: record[name] for name in overlay.RECORD_COLUMNS[type][1] if name not in left_out}


def replaces_whole() -> bool | None:
    """Tell whether a PUT replaces the whole record at this server; None where that has not been seen."""
    seen = state.get("puts")
    return None if seen is None else seen == "whole"


def learn_put(*, whole: bool) -> None:
    state.put("puts", "whole" if whole else "parts")
