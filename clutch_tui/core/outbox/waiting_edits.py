"""Edits that wait here until the server learns what they say (`abilities`), beside later edits of the same records.

Those do not wait for them (`precedence`). A field that a later edit says is not the waiting edit's any more, unless the
server refuses that: it is not laid over the rows that come, and when the waiting edit goes up at last it says of it
what stands there. And whoever wrote the later edit saw the waiting one, where the server has what was there before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..database.statement import Statement, given
from ..records.sync import OutboxTable
from . import overlay
from .messages import Change

_OF_RECORD = (
    (OutboxTable.type == given("type")) & (OutboxTable.record_id == given("record_id")) & (OutboxTable.kind == "update")
)
_LATER = Statement(
    OutboxTable.select(
        OutboxTable.n, OutboxTable.change_id, OutboxTable.payload, OutboxTable.was, OutboxTable.first_sent_at
    )
    .where(_OF_RECORD, OutboxTable.n > given("n"), OutboxTable.status.not_in(("rejected", "key_reuse")))
    .order_by(OutboxTable.n)
)
_EARLIER = Statement(
    OutboxTable.select(OutboxTable.payload, OutboxTable.was, OutboxTable.answered_at)
    .where(_OF_RECORD, OutboxTable.n < given("n"))
    .order_by(OutboxTable.n.desc())
)
_WRITE = Statement(
    OutboxTable.update(payload=given("payload"), base=given("base"), was=given("was")).where(
        OutboxTable.change_id == given("change_id")
    )
)
_WRITE_WAS = Statement(OutboxTable.update(was=given("was")).where(OutboxTable.change_id == given("change_id")))


def last_said(type: str, record_id: str, n: int) -> dict[str, int]:
    """Return the fields that edits after the number `n` say, each with the number of the last that does: what it is
    shown as does not come from before."""
    later = _LATER.rows(type=type, record_id=record_id, n=n)
    return {name: row["n"] for row in later for name in json.loads(row["payload"])}


def as_it_stands(change: Change) -> Change:
    """An edit that goes up now, and says of each field that has gone up with a later one what stands there since: of
    that nothing is wanted any more."""
    later = _LATER.rows(type=change.type, record_id=change.id, n=change.n)
    sent = {name for row in later if row["first_sent_at"] is not None for name in json.loads(row["payload"])}
    names, row = sent & change.payload.keys(), overlay.current(change.type, change.id)
    if not names or row is None:
        return change
    values = {name: row[name] for name in names}
    copy = overlay.base(change.type, change.id) or row
    base = change.base | dict.fromkeys(names, copy["version"])
    change = replace(change, payload=change.payload | values, was=change.was | values, base=base)
    _WRITE.run(
        payload=_text(change.payload), base=_text(change.base), was=_text(change.was), change_id=change.change_id
    )
    return change


def left_to_wait(change: Change, was: Mapping[str, Any]) -> frozenset[str]:
    """Return which of these fields, which a change cannot say, shall wait. Those that a later edit says are left to it,
    and that begins then with what they `was`."""
    left = set(was)
    for row in _LATER.rows(type=change.type, record_id=change.id, n=change.n):
        if taken := left & json.loads(row["payload"]).keys():
            seen = json.loads(row["was"]) | {name: was[name] for name in taken}
            _WRITE_WAS.run(was=_text(seen), change_id=row["change_id"])
            left -= taken
    return frozenset(left)


def was_before(change: Change) -> dict[str, Any]:
    """Return what the server has of the fields of an edit whose writer saw them as an edit that waits would have
    them."""
    before: dict[str, Any] = {}
    left = set(change.payload)
    for row in _EARLIER.rows(type=change.type, record_id=change.id, n=change.n):
        said = left & json.loads(row["payload"]).keys()
        if row["answered_at"] is not None:
            left -= said  # what that edit has written was there
        elif said:
            was = json.loads(row["was"])
            before |= {name: was[name] for name in said if name in was}
    return before


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
