"""What a person does about a change: tries it again, has seen it, or closes it with what became of it.

What may be done with which change is decided in `core.sync.queue`; the rows are those of `outbox`.
"""

from __future__ import annotations

import json
from typing import Any

from ..database import db
from ..errors import ShopError
from . import outbox
from .messages import Change


def retry(change_id: str) -> None:
    """Send a change again now. One that was refused goes out once more as a new change with the same content.

    Raises `ShopError` `error.queue.gone` for an id that is not in the queue.
    """
    row = db.execute(
        f"SELECT {outbox.CHANGE_COLUMNS}, answered_at, status, label FROM outbox"
        f" WHERE change_id = ? AND {outbox.LISTED}",
        (change_id,),
    ).fetchone()
    if row is None:
        raise ShopError("error.queue.gone")
    *columns, answered_at, status, label = row
    if answered_at is None:
        db.execute("UPDATE outbox SET lane = 'fast', alone = 0, not_before = NULL WHERE change_id = ?", (change_id,))
    elif status in ("rejected", "key_reuse"):
        close(change_id, "resent", by=_send_anew(outbox.change_of(columns), label))


def _send_anew(change: Change, label: str) -> str:
    """The content of a refused change under a new id, which it returns. What it moved here moves with it. A record is
    made as it was edited since: it would lie over edits that are still on their way."""
    if change.kind == "create":
        edits = db.execute(
            "SELECT payload FROM outbox WHERE type = ? AND record_id = ? AND kind = 'update' AND n > ?"
            " AND answered_at IS NULL ORDER BY n",
            (change.type, change.id, change.n),
        ).fetchall()
        for (edit,) in edits:
            change.payload.update(json.loads(edit))
    options: dict[str, Any] = {"base": change.base, "was": change.was, "label": label, "epoch": change.epoch}
    change_id = outbox.add(change.kind, change.type, change.id, change.payload, **options)
    for assignment in ("stock_move SET open = 1,", "account_move SET open = 1,", "money_move SET"):
        db.execute(f"UPDATE {assignment} change_id = ? WHERE change_id = ?", (change_id, change.change_id))
    return change_id


def acknowledge(change_id: str) -> None:
    """A person has seen a flagged change, or decided about one; it goes to the journal. Unanswered changes stay."""
    close(change_id, "seen")


def close(change_id: str, outcome: str, *, by: str | None = None) -> None:
    """Put an answered change that waits for a person into the journal, with what became of it: `by` is the change
    that took its place. What waits for a record to be made goes on."""
    db.execute(
        "UPDATE outbox SET lane = 'fast' WHERE lane = 'local' AND answered_at IS NULL AND change_id IN"
        " (SELECT move.change_id FROM outbox AS made JOIN stock_move AS move ON move.part_id = made.record_id"
        " WHERE made.change_id = ? AND made.kind = 'create')",
        (change_id,),
    )
    db.execute(
        "UPDATE outbox SET lane = 'done', outcome = ?, followed_by = ?"
        " WHERE change_id = ? AND lane = 'attention' AND answered_at IS NOT NULL",
        (outcome, by, change_id),
    )
