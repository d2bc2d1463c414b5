"""The meaning of an answer, or of none, for a change that goes up by itself (`single_writes`)."""

from __future__ import annotations

from clutch_tui.core.outbox.messages import Result

from ..client.errors import NEVER_SENT, ApiError, Kind
from .fallback.lookup import Row

BAD_ANSWER = "queue.failed.bad_answer"
"""Why a change waits whose answer cannot be understood."""
AGAIN_IN = 60.0
"""Seconds until the server is asked again about something that others may have moved meanwhile."""
SOON = 15.0
"""Seconds until a change is looked at again that waits for another one: that costs no call."""

UNKNOWN = frozenset({Kind.SERVER, Kind.TIMEOUT, Kind.DROPPED, Kind.NOT_JSON, Kind.NOT_BACKEND, Kind.ANSWER_TOO_LARGE})
"""The server may have done it."""
NOT_DONE = NEVER_SENT | {
    Kind.UNAUTHORIZED,
    Kind.FORBIDDEN,
    Kind.RATE_LIMITED,
    Kind.TOO_LARGE,
    Kind.TOO_OLD,
    Kind.MISSING_ROUTE,
}
"""The server has certainly not done it."""
SAID_NO = frozenset({Kind.INVALID, Kind.MISSING_RECORD})
REFUSED = frozenset({Kind.INVALID, Kind.CONFLICT, Kind.MISSING_RECORD})


class Waits(Exception):
    """The change has its turn later: after `seconds`, or where what it waits for is `local`, with that."""

    def __init__(self, seconds: float = AGAIN_IN, *, local: bool = False) -> None:
        super().__init__(seconds, local)
        self.seconds = seconds
        self.local = local


def is_not_done(error: ApiError) -> bool:
    """Tell whether the server has certainly not done what it was asked for. A key that it knows means the opposite."""
    return error.kind in NOT_DONE or (error.kind in SAID_NO and error.code != "KEY_REUSE")


def epoch_in(error: ApiError) -> str | None:
    """The epoch that a refusal names, where it is one of an epoch."""
    if error.kind is not Kind.CONFLICT or error.code != "EPOCH" or not isinstance(error.data, dict):
        return None
    return str(error.data["epoch"]) if error.data.get("epoch") else None


def done(record: Row) -> Result:
    """Return what a request comes back with whose record is there."""
    return Result("applied", 0, version=max(1, record.get("version") or 1))


def gone(record_id: str) -> Result:
    """Return what an edit of a record that was deleted meanwhile comes back with."""
    return Result("conflict", 0, version=1, applied=(), theirs={"*": ({"id": record_id, "deleted": True}, 1)})
