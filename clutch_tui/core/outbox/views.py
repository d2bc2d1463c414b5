"""The queue and the conflicts as a person is shown them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..types import Key, Lane


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """The figures of the status strip: unsent changes, the moment of the oldest, and those a person must decide."""

    unsent: int
    oldest_at: datetime | None
    slow: int
    attention: int
    local: int


@dataclass(frozen=True, slots=True)
class ChangeRow:
    id: str
    key: Key
    n: int
    kind: str
    type: str
    record_id: str
    label: str
    lane: Lane
    at: datetime
    attempts: int
    last_error: str
    flags: tuple[str, ...]
    status: str
    code: str = ""
    """Why the server refused it, in its own short word."""
    message: str = ""
    due: datetime | None = None
    """When it is tried again, where it waits for a time."""
    outcome: str = ""
    """What a person made of it: seen, resent, replaced, given_up."""
    label_en: str = ""
    """The other name of a part that has one."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One field on which this shop and the server disagree. `mine`, `theirs` and `was` are in core's terms."""

    id: str
    change_id: str
    type: str
    record_id: str
    label: str
    field: str
    mine: Any
    theirs: Any
    version: int
    at: datetime
    kind: str = "update"
    """What our change wanted: for the field `*` nothing else tells a delete from an edit."""
    was: Any = None
    """What stood there when ours was written."""
    made_at: datetime | None = None
    """When ours was written."""
    changed_at: datetime | None = None
    """When theirs was written, as far as the rows that we have say so."""
    key: Key = ()
    label_en: str = ""
    """The other name of a part that has one."""

    @property
    def gone(self) -> bool:
        """Tell whether the record was deleted at the server."""
        return self.field == "*" and is_gone(self.theirs)


def is_gone(record: dict[str, Any] | None) -> bool:
    """Tell whether the server's side of a whole record says that it is not there."""
    return not record or bool(record.get("deleted"))
