"""What a server that knows no marks is asked about now and then: changes that it has confirmed, and must still know."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from .. import state
from ..database import db
from . import marks

Verdict = Literal["known", "lost", "silent"]
"""What an answer tells: all is there; some of it is not; or nothing, because this server has never yet named a change
that it was asked about and names none now. It may answer no such question, or have lost them all: only a change that
it confirms after that, and must know if it answers at all, can tell which."""

NEWEST, OLDER = 100, 100

_CONFIRMED = (
    "outbox WHERE result_epoch = ? AND status IN ('applied', 'applied_flagged') AND answered_at IS NOT NULL"
    " AND channel <> 'rest'"
)
"""What the ledger of the sync calls must hold. Of what went up by other calls it need not know."""


def to_ask_about() -> tuple[str, ...]:
    """The newest confirmed changes, the very newest first, and a sample of the older ones, another each day. None where
    marks tell."""
    epoch = state.get("epoch")
    if epoch is None or marks.are_told():
        return ()
    newest = db.execute(f"SELECT change_id, n FROM {_CONFIRMED} ORDER BY n DESC LIMIT ?", (epoch, NEWEST)).fetchall()
    if len(newest) < NEWEST:
        return tuple(change_id for change_id, _ in newest)
    step = max(1, newest[-1][1] // OLDER)
    older = db.execute(
        f"SELECT change_id FROM {_CONFIRMED} AND n < ? AND n % ? = ? ORDER BY n LIMIT ?",
        (epoch, newest[-1][1], step, db.now().toordinal() % step, OLDER),
    ).fetchall()
    return tuple(change_id for change_id, *_ in (*newest, *older))


def heard(asked: Collection[str], known: Collection[str]) -> Verdict:
    """Take in which of these the server knows, and judge it."""
    if not known and state.get("confirmations.heard") is None:
        return "silent"
    if state.get("confirmations.heard") is None:
        state.put("confirmations.heard", 1)
    return "known" if set(asked) <= set(known) else "lost"
