"""Parts that the server did not have yet when a document came that moves them (`Progress.late`).

A server that keeps our ids may remember what it was told, and move the part as soon as it has it
(docs/protocol.md#facts-and-requests). One that calls the part something else never knows what was meant, and one that
remembers nothing moves nothing. Which it is shows in the figure that the part has there.
"""

from __future__ import annotations

from typing import Literal

from ...database import db
from .. import aliases
from . import single_writes

Verdict = Literal["moved", "not moved", "wait", "ask"]


def judge(part_id: str, figure: int, setting: str) -> Verdict:
    """See by the figure of a part that the server has now whether it moved it for the documents that came before, and
    keep that with each of them. `wait` while what else was sent may be in the figure or not, `ask` where nobody can
    know. `setting` is that of `singles.mover`."""
    waiting = _waiting(part_id, setting)
    verdict = _verdict(part_id, figure, waiting)
    if verdict in ("moved", "not moved"):
        for change_id, progress in waiting.items():
            progress.moved[part_id] = verdict == "moved"
            single_writes.keep(change_id, progress)
    return verdict


def _waiting(part_id: str, setting: str) -> dict[str, single_writes.WriteProgress]:
    """The documents that came before a part and of which it is not known whether the server moved it."""
    begun = single_writes.begun_documents().items()
    return {
        change_id: progress
        for change_id, (kind, progress) in begun
        if progress.posted
        and part_id in progress.late
        and part_id not in progress.moved
        and single_writes.mover(kind, setting) != "terminal"
    }


def _verdict(part_id: str, figure: int, waiting: dict[str, single_writes.WriteProgress]) -> Verdict:
    if aliases.remote("item", part_id) != part_id:
        return "not moved"
    moves = db.execute(
        "SELECT change_id, delta, lane, answered_at IS NOT NULL, status IN ('applied', 'applied_flagged')"
        " FROM stock_move JOIN outbox USING (change_id) WHERE part_id = ? AND first_sent_at IS NOT NULL",
        (part_id,),
    ).fetchall()
    doubtful = {lane for change_id, _, lane, answered, _ in moves if not answered and change_id not in waiting}
    if doubtful:
        return "wait" if doubtful & {"fast", "slow"} else "ask"
    made = db.execute(
        "SELECT json_extract(payload, '$.stock_quantity') FROM outbox"
        " WHERE type = 'item' AND record_id = ? AND kind = 'create'",
        (part_id,),
    ).fetchone()
    if made is None:
        return "ask"
    without = (made[0] or 0) + sum(delta for _, delta, _, _, applied in moves if applied)
    if figure == without + sum(delta for change_id, delta, *_ in moves if change_id in waiting):
        return "moved"
    return "not moved" if figure == without else "ask"
