"""The queue of changes that the server has not answered, and the journal of those that it has.

A change enters in the transaction that made it (`add`), is frozen when it is first claimed (`claim`), and
leaves the queue only when the server has answered for it (`deliver`). Nothing is ever dropped: no number of
failed attempts, no outage and no refusal removes a row.

Lanes: `fast` is sent as soon as possible; `slow` holds what fails alone while an empty probe succeeds, and is
tried every 15 minutes; `attention` waits for a person; `local` waits for a server that has an endpoint for it;
`done` is the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from . import models, state
from .clock import from_text, to_text
from .types import Change, ChangeRow, Key, Lane, QueueSummary, Result

Channel = Literal["inventory", "sales", "rest"]

FACTS = frozenset({"sale", "return", "void", "payment", "cash", "count", "adjust", "receive"})
"""Kinds that have happened at the counter: never refused, never held up by another change."""

SLOW_RETRY = timedelta(minutes=15)
ALONE_FAILURES = 3
"""How often a change must fail alone, with an empty probe succeeding, before it goes to the slow lane."""

_CHANNELS: dict[str, Channel] = {
    **dict.fromkeys(("sale", "payment", "cash"), "sales"),
    **dict.fromkeys(("item", "receipt"), "inventory"),
    **dict.fromkeys(("customer", "supplier", "order"), "rest"),
}


def add(
    kind: str,
    type: str,  # noqa: A002 - the protocol's own word
    record_id: str,
    payload: dict[str, Any],
    *,
    base: dict[str, int] | None = None,
    was: dict[str, Any] | None = None,
    label: str = "",
    change_id: str | None = None,
) -> str:
    """Put a change into the queue, in the transaction that made it; its `change_id`.

    `payload` is JSON-able, in core names (money in minor units): the `fields` of a request, the `body` of a
    fact. `base` holds, for each field of a request, the record version that the user saw (`{"*": version}`
    for a delete and for the answer to an order), `was` the value that the user saw. `label` is what the
    queue screen calls it: a name or a receipt number. Stock and account moves that belong to the change are
    written by the caller, with this `change_id`.
    """
    change_id = change_id or models.new_id()
    models.execute(
        "INSERT INTO outbox (change_id, lineage, channel, kind, type, record_id, label, at, epoch, base, was, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            change_id,
            state.lineage(),
            _CHANNELS[type],
            kind,
            type,
            record_id,
            label,
            models.now_text(),
            state.get("epoch"),
            _json(base or {}),
            _json(was or {}),
            _json(payload),
        ),
    )
    return change_id


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
