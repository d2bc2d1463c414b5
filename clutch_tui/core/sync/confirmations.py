"""Asks a server without marks now and then about changes that it has confirmed, and must still know."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import peewee

from .. import state
from ..database import db
from ..database.statement import Statement, given
from ..records.sync import OutboxTable
from . import marks

Verdict = Literal["known", "lost", "silent"]
"""What an answer tells: all is there; some of it is not; or nothing, because this server has never yet named a change
that it was asked about and names none now. It may answer no such question, or have lost them all: only a change that
it confirms after that, and must know if it answers at all, can tell which."""

NEWEST, OLDER = 100, 100

_CONFIRMED = OutboxTable.select(OutboxTable.change_id, OutboxTable.n).where(
    OutboxTable.result_epoch == given("epoch"),
    OutboxTable.status.in_(("applied", "applied_flagged")),
    OutboxTable.answered_at.is_null(False),
    OutboxTable.channel != "rest",
)
"""What the ledger of the sync calls must hold. Of what went up by other calls it need not know."""
_NEWEST = Statement(_CONFIRMED.order_by(OutboxTable.n.desc()).limit(NEWEST))
_REMAINDER = peewee.Expression(OutboxTable.n, peewee.OP.MOD, given("step"))
_OLDER = Statement(
    _CONFIRMED.where(OutboxTable.n < given("before"), given("day") == _REMAINDER).order_by(OutboxTable.n).limit(OLDER)
)


def to_ask_about() -> tuple[str, ...]:
    """The newest confirmed changes, the very newest first, and a sample of the older ones, another each day. None where
    marks tell."""
    epoch = state.get("epoch")
    if epoch is None or marks.are_told():
        return ()
    rows = _NEWEST.rows(epoch=epoch)
    if len(rows) == NEWEST:
        before = rows[-1]["n"]
        step = max(1, before // OLDER)
        rows += _OLDER.rows(epoch=epoch, before=before, step=step, day=db.now().toordinal() % step)
    return tuple(row["change_id"] for row in rows)


def heard(asked: Collection[str], known: Collection[str]) -> Verdict:
    """Take in which of these the server knows, and judge it."""
    if not known and state.get("confirmations.heard") is None:
        return "silent"
    if state.get("confirmations.heard") is None:
        state.put("confirmations.heard", 1)
    return "known" if set(asked) <= set(known) else "lost"
