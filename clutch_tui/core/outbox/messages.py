"""The messages that core hands to net to be sent, and takes from it: changes and their results, pages and where a pull
stands.

All of it is in core's names and terms; `net.sync.messages` and `net.sync.record_calls` translate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..types import Lane


@dataclass(frozen=True, slots=True)
class Sent:
    """The part of a change that its answer must account for: the fields of a request, in core names."""

    type: str
    kind: str
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it is sent: frozen at its first claim, every retry the same."""

    change_id: str
    n: int
    kind: str
    type: str
    id: str
    at: str
    epoch: str | None
    base: dict[str, int] = field(hash=False)
    was: dict[str, Any] = field(hash=False)
    payload: dict[str, Any] = field(hash=False)
    """The record's own fields in core names: `fields` for a request, `body` for a fact."""
    channel: str = "inventory"
    lane: Lane = "fast"

    @property
    def sent(self) -> Sent:
        return Sent(self.type, self.kind, frozenset(self.payload))


@dataclass(frozen=True, slots=True)
class Result:
    """The server's answer to one change, in core names (wire.py has translated it)."""

    status: str
    seq: int
    version: int | None = None
    flags: tuple[str, ...] = ()
    applied: tuple[str, ...] | None = None
    theirs: dict[str, tuple[Any, int]] = field(default_factory=dict, hash=False)
    record: dict[str, Any] | None = field(default=None, hash=False)
    code: str = ""
    message: str = ""
    after: float | None = None
    errors: dict[str, str] = field(default_factory=dict, hash=False)
    """The fields that it refused, and the server's words about each."""
    mark: str | None = None
    """What tells `seq` from the same number of another history of the server's. No part of what it says."""


@dataclass(frozen=True, slots=True)
class PullPage:
    """One page of a pull, rows already validated and in core names."""

    epoch: str
    rows: tuple[Mapping[str, Any], ...]
    cursor: int
    more: bool
    since: int | None
    asked_from: int
    snapshot: bool
    prepared: int = 0
    """How many rows of this page were prepared before, and are not in `rows` any more."""
    mark: str | None = None
    """The mark of `cursor`; None from a server that knows none."""
    since_mark: str | None = None
    """The mark of `since`. The cursor is behind it until the last page, and so is its mark."""

    @property
    def begins(self) -> bool:
        """Tell whether this is the first page of a snapshot."""
        return self.snapshot and self.asked_from == 0


@dataclass(frozen=True, slots=True)
class PullState:
    """The place where the next pull of a channel starts; `staged` pages are waiting when `cursor` is ahead of the
    committed one."""

    epoch: str | None
    cursor: int
    snapshot: bool
    since: int | None
    mark: str | None = None
    """The mark that was told with `cursor`."""
