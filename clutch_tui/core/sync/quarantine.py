"""Records of the server that this program cannot read: they were set aside, and the rest of their page was used.

Kept until the record comes in a form that can be read, or a whole list of its channel is complete without it: until
then not everything is here, whoever asks. What was set aside covers nothing: own movements and edits that it may
contain go on counting here, and a snapshot forgets no record for it. A row without even an id may be any that did not
come otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

import peewee

from .. import state
from ..database import db
from ..database.statement import Statement, given, put_by_key
from ..outbox.precedence import FACT_LIST
from ..records.sync import PullPageTable, SetAsideTable

MOST = 1000
"""Of a channel: from here on the number itself says enough."""

_BEFORE = ""
"""Stands for the moment of what an earlier list told: it holds until the one that is being read is complete."""

_OF_CHANNEL = SetAsideTable.channel == given("channel")
_PUT = put_by_key(SetAsideTable)
_MAKE_OLD = Statement(SetAsideTable.update(at=_BEFORE).where(_OF_CHANNEL))
_FORGET_OLD = Statement(SetAsideTable.delete().where(_OF_CHANNEL, SetAsideTable.at == _BEFORE))
_FRESH = Statement(SetAsideTable.select(SetAsideTable.record_id).where(_OF_CHANNEL, SetAsideTable.at != _BEFORE))
_ONE = Statement(
    SetAsideTable.select(SetAsideTable.record_id).where(_OF_CHANNEL, SetAsideTable.record_id == given("record_id"))
)
_COUNT = Statement(SetAsideTable.select(peewee.fn.count()))
_COUNT_OF_CHANNEL = Statement(SetAsideTable.select(peewee.fn.count()).where(_OF_CHANNEL))
_A_PAGE = Statement(PullPageTable.select(PullPageTable.n).where(PullPageTable.channel == given("channel")).limit(1))


def note(channel: str, rows: Iterable[tuple[str | None, str]], *, anew: bool = False) -> None:
    """Remember records by their id (None where not even that could be read) and why; `anew` where the list that they
    came in begins here, and tells of every record once more."""
    if anew:
        _MAKE_OLD.run(channel=channel)
        state.forget(f"{channel}.unnamed")
    entries = list(rows)
    if _A_PAGE.first(channel=channel) is not None:
        _put_later(channel, later(channel).union(record_id for record_id, _ in entries if record_id is not None))
    kept = entries[: max(0, MOST - len(fresh(channel)))]
    if len(kept) < len(entries) or any(record_id is None for record_id, _ in entries):
        state.put(f"{channel}.unnamed", 1)
    _put(channel, [(record_id or f"? {reason}"[:100], reason) for record_id, reason in kept])


def _put(channel: str, entries: Iterable[tuple[str, str]]) -> None:
    _PUT.run_many(
        [
            {"channel": channel, "record_id": record_id, "reason": reason, "at": db.now_text()}
            for record_id, reason in entries
        ]
    )


def fresh(channel: str) -> set[str]:
    """The records of a channel that were set aside since its whole list was begun."""
    return {row["record_id"] for row in _FRESH.rows(channel=channel)}


def complete(channel: str) -> None:
    """A whole list of a channel is complete: what only an earlier one told is over."""
    _FORGET_OLD.run(channel=channel)


def has_unnamed(channel: str) -> bool:
    """Tell whether the list or the pull that is being read had rows without an id, or more than are kept by theirs."""
    return state.get(f"{channel}.unnamed") is not None


def suspect(
    channel: str,
    types: Collection[str],
    moves: tuple[str, str, bool] | None,
    present: Collection[str],
    reach: tuple[str, int, int],
) -> None:
    """A pull is complete that had rows without an id: set aside whatever they may be. That is each record of its types
    that a change of ours has touched within the pull's `reach`, or may have, and that is not `present` among the rows
    that came. The reach is an epoch, the number after which the pull began and the one up to which it goes. `moves` are
    the table of the movements that these rows end, its column of records, and whether those that had ended before
    begin anew."""
    reached = (
        "(answered_at IS NULL AND first_sent_at IS NOT NULL OR result_epoch = ? AND result_seq > ? AND result_seq <= ?"
        " AND status IN ('applied', 'applied_flagged', 'conflict')"
        " AND coalesce(json_extract(result, '$.flags'), '') NOT LIKE '%already_voided%')"
    )
    touched = db.rows(
        "SELECT record_id FROM outbox WHERE type IN (SELECT value FROM json_each(?)) AND covered = 0"
        f" AND kind NOT IN ({FACT_LIST}) AND {reached}",
        (json.dumps(list(types)), *reach),
    )
    if moves is not None:
        table, column, anew = moves
        touched += db.rows(
            f"SELECT {column} AS record_id FROM {table} JOIN outbox USING (change_id)"
            f" WHERE {'1' if anew else 'open = 1'} AND {reached}",
            reach,
        )
    doubtful = sorted({row["record_id"] for row in touched} - set(present))
    _put(channel, [(record_id, "may be a record without an id") for record_id in doubtful])
    state.forget(f"{channel}.unnamed")


def came(channel: str, record_ids: Collection[str]) -> None:
    """A list is complete, and these records have come in a form that can be read."""
    _put_later(channel, set())
    if record_ids and count(channel):
        db.execute(
            "DELETE FROM set_aside WHERE channel = ? AND record_id IN (SELECT value FROM json_each(?))",
            (channel, json.dumps(list(record_ids))),
        )


def staged(channel: str, record_ids: Iterable[str]) -> None:
    """A page of a pull was kept that has these records: what its earlier pages said of them is over."""
    if spoiled := later(channel):
        _put_later(channel, spoiled.difference(record_ids))


def later(channel: str) -> set[str]:
    """The records that could not be read in a page after the first of the pull that is under way. A row of an earlier
    page is older than what the pull's cursor says, and contains only some of what this record's movements are."""
    return set(json.loads(state.get(f"{channel}.later") or "[]"))


def _put_later(channel: str, record_ids: set[str]) -> None:
    if record_ids:
        state.put(f"{channel}.later", json.dumps(sorted(record_ids)))
    else:
        state.forget(f"{channel}.later")


def holds(channel: str, record_id: str) -> bool:
    """Tell whether what the server says of this record is not among the rows that we have."""
    return _ONE.first(channel=channel, record_id=record_id) is not None


def count(channel: str = "") -> int:
    """Return how many of a channel, or of all."""
    return int(_COUNT_OF_CHANNEL.value(channel=channel) if channel else _COUNT.value())
