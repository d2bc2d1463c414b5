"""Requests whose refusal does not count, because the server that refused them had just been restored.

A sync call names the epoch that it is meant for, and another one takes nothing from it. The REST writes of customers,
suppliers and orders name none: a server that was restored a moment ago has forgotten what a request stands on (the
customer who was made since the copy, the edit before), refuses it, and repeats the refusal for ever under its id. So
what was on its way when the epoch changed may be refused once without a consequence: it goes out again under a new
id, behind what the server has lost. A request whose refusal came from the time before is simply sent again.
"""

from __future__ import annotations

from .. import state
from ..database import db
from ..database.statement import Statement, given
from ..outbox.messages import Result
from ..records.sync import OutboxTable

_KEY = "doubtful"
_SENT_BY_REST = Statement(
    OutboxTable.select(OutboxTable.change_id)
    .where(OutboxTable.answered_at.is_null(), OutboxTable.first_sent_at.is_null(False), OutboxTable.channel == "rest")
    .order_by(OutboxTable.n)
)
_SEND_ANEW = Statement(
    OutboxTable.update(change_id=given("new_id"), first_sent_at=None, last_sent_at=None, not_before=None).where(
        OutboxTable.change_id == given("change_id"), OutboxTable.answered_at.is_null()
    )
)


def begin() -> None:
    """The epoch has changed: note what was sent by REST and not answered."""
    _put([row["change_id"] for row in _SENT_BY_REST.rows()])


def pending() -> frozenset[str]:
    """The requests whose next refusal does not count."""
    return frozenset((state.get(_KEY) or "").split())


def settle(change_id: str, result: Result) -> bool:
    """An answer came to a request that was in doubt: True where it counts. Otherwise the request goes out again, in
    its place in the queue."""
    _put([other for other in (state.get(_KEY) or "").split() if other != change_id])
    if is_yes(result):
        return True
    _SEND_ANEW.run(change_id=change_id, new_id=db.new_id())
    return False


def is_yes(result: Result) -> bool:
    """Tell whether the server did what was asked, and with a number: to delete what it has forgotten takes none."""
    return result.status in ("applied", "applied_flagged") and result.seq > 0


def _put(change_ids: list[str]) -> None:
    if change_ids:
        state.put(_KEY, " ".join(change_ids))
    else:
        state.forget(_KEY)
