"""What a server that knows no marks is asked about now and then: changes that it has confirmed, and must still know."""

from __future__ import annotations

from collections.abc import Collection

from .. import state
from ..database import models
from . import marks

NEWEST, OLDER = 100, 100

_CONFIRMED = (
    "outbox WHERE result_epoch = ? AND status IN ('applied', 'applied_flagged') AND answered_at IS NOT NULL"
    " AND channel <> 'rest'"
)
"""What the ledger of the sync calls must hold. Of what went up by other calls it need not know."""


def to_ask_about() -> tuple[str, ...]:
    """The newest confirmed changes and a sample of the older ones, another each day. None where marks tell, and where
    the server has shown that it does not answer such questions."""
    epoch = state.get("epoch")
    if epoch is None or marks.are_told() or state.get("confirmations.deaf") is not None:
        return ()
    newest = models.execute(
        f"SELECT change_id, n FROM {_CONFIRMED} ORDER BY n DESC LIMIT ?", (epoch, NEWEST)
    ).fetchall()
    if len(newest) < NEWEST:
        return tuple(change_id for change_id, _ in newest)
    step = max(1, newest[-1][1] // OLDER)
    older = models.execute(
        f"SELECT change_id FROM {_CONFIRMED} AND n < ? AND n % ? = ? ORDER BY n LIMIT ?",
        (epoch, newest[-1][1], step, models.now().toordinal() % step, OLDER),
    ).fetchall()
    return tuple(change_id for change_id, *_ in (*newest, *older))


def heard(asked: Collection[str], known: Collection[str]) -> bool:
    """Take in which of these the server knows; True where it has lost some. One that knows none at all, and has never
    confirmed any, may be one that answers no such question: it is not asked again."""
    if known and state.get("confirmations.heard") is None:
        state.put("confirmations.heard", 1)
    if not known and state.get("confirmations.heard") is None:
        state.put("confirmations.deaf", 1)
        return False
    return not set(asked) <= set(known)
