"""The changes that the server is asked about beside those that it is sent: `unconfirmed`
(docs/protocol.md#the-sync-call).

Those that may have been sent and have no answer; and after a restore everything that another epoch has answered,
which goes back into the queue where the present one does not know it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from .. import state
from ..database import db
from ..outbox import precedence, transports
from ..outbox.messages import Sent


def sent(change_ids: Collection[str]) -> dict[str, Sent]:
    """Return what each of these changes asks for; ids that are not ours are left out."""
    rows = db.execute(
        f"SELECT change_id, type, kind, CASE WHEN kind IN ({precedence.FACT_LIST}) THEN '[]' ELSE"
        " (SELECT json_group_array(key) FROM json_each(payload)) END FROM outbox"
        " WHERE change_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(change_ids)),),
    )
    return {change_id: Sent(type, kind, frozenset(json.loads(names))) for change_id, type, kind, names in rows}


@dataclass(frozen=True, slots=True)
class Offer:
    """Ids to ask the server about. `recheck` are those that another epoch has answered: what the new epoch
    does not know of them must be sent again."""

    unanswered: tuple[str, ...]
    recheck: tuple[str, ...]
    complete: bool
    """False where more ids wait than one call may carry."""

    @property
    def ids(self) -> tuple[str, ...]:
        return self.unanswered + self.recheck


def offer(*, repeated: Collection[str] = (), limit: int = 1000, unsent: bool = True) -> Offer:
    """The changes that may have been sent earlier and are unanswered in the present epoch, without those `repeated`
    in the same call; and as many as there is room for of those that were not, but for a call whose rows nobody wants
    (`unsent` false). Where some of either are left out, no row may be stored.

    What another epoch has answered comes first: it must be through before any row may be stored, and what it
    puts back into the queue would otherwise crowd it out.
    """
    recheck = _recheck(limit + 1)
    if not recheck:
        _all_rechecked()
    room = max(0, limit - len(recheck))
    sent = _unanswered("sent", repeated, room + 1)
    complete = len(recheck) <= limit and len(sent) <= room
    # requests about people and orders are in no page of parts and sales: they may wait for room
    sent += _unanswered("sent", repeated, max(0, room - len(sent)), rest=True)
    # what this disk has never sent another may have: a clone's rows would count it twice. Where the queue drains, next
    # to nothing is left to be asked about by the time that rows are wanted
    left = max(0, room - len(sent))
    ahead = _unanswered("unsent", repeated, left + 1) if unsent else []
    # a copy of the disk that was put back holds as unsent what was sent since: of that, too, nothing may be left out
    complete = complete and len(ahead) <= left
    return Offer(tuple((sent + ahead)[:room]), tuple(recheck[:limit]), complete)


_SENT = {"sent": "first_sent_at IS NOT NULL", "unsent": "first_sent_at IS NULL"}


def _unanswered(which: str, besides: Collection[str], limit: int, *, rest: bool = False) -> list[str]:
    """The oldest unanswered changes that were sent, or were not, of parts and sales or of the `rest`; from an index
    of each, however long the queue is."""
    rows = db.execute(
        f"SELECT change_id FROM outbox INDEXED BY outbox_{which}"
        f" WHERE answered_at IS NULL AND {_SENT[which]} AND channel {'=' if rest else '<>'} 'rest' ORDER BY n LIMIT ?",
        (limit + len(besides),),
    ).fetchall()
    return [row[0] for row in rows if row[0] not in besides][:limit]


def _recheck(limit: int) -> list[str]:
    epoch = state.get("epoch")
    if epoch is None or state.get("journal.epoch") == epoch:
        return []
    rows = db.execute(
        "SELECT change_id FROM outbox WHERE answered_at IS NOT NULL AND result_epoch IS NOT NULL AND result_epoch <> ?"
        " AND result_epoch <> ? AND status NOT IN ('rejected', 'key_reuse') ORDER BY n LIMIT ?",
        (epoch, transports.LISTS, limit),
    ).fetchall()
    return [row[0] for row in rows]


def _all_rechecked() -> None:
    """Remember that every answer in the journal is of the present epoch: it is long, and each call asks."""
    epoch = state.get("epoch")
    if epoch is not None and state.get("journal.epoch") != epoch:
        state.put("journal.epoch", epoch)


def rechecking() -> bool:
    """True while answers of another epoch have not been offered to the present one."""
    return bool(_recheck(1))


def reopen(change_ids: Collection[str]) -> None:
    """Put answered changes, which a restored server does not know, back into the queue under their old ids."""
    db.executemany(
        "UPDATE outbox SET answered_at = NULL, status = '', result = NULL, result_epoch = NULL, result_seq = NULL,"
        " tick = NULL, covered = 0, lane = 'fast', not_before = NULL, alone = 0 WHERE change_id = ?",
        [(change_id,) for change_id in change_ids],
    )


def offer_again(change_ids: Collection[str]) -> None:
    """Put facts back into the queue of which it is known that the server has lost them: what they moved counts here
    until it has them again."""
    reopen(change_ids)
    for table in ("stock_move", "account_move"):
        db.executemany(f"UPDATE {table} SET open = 1 WHERE change_id = ?", [(change_id,) for change_id in change_ids])
