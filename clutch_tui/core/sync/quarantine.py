"""Records of the server that this program cannot read: they were set aside, and the rest of their page was used.

Kept until the record comes in a form that can be read, or a whole list of its channel is complete without it: until
then not everything is here, whoever asks. What was set aside covers nothing: own movements and edits that it may
contain go on counting here, and a snapshot forgets no record for it. A row without even an id may be any that did not
come otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from .. import state
from ..database import db
from ..outbox.precedence import FACT_LIST

MOST = 1000
"""Of a channel: from here on the number itself says enough."""


def note(channel: str, rows: Iterable[tuple[str | None, str]], *, anew: bool = False) -> None:
    """Remember records by their id (None where not even that could be read) and why; `anew` where the list that they
    came in begins here, and tells of every record once more."""
    if anew:
        db.execute(f"UPDATE set_aside SET at = '{_BEFORE}' WHERE channel = ?", (channel,))
        state.forget(f"{channel}.unnamed")
    told = list(rows)
    if db.execute("SELECT 1 FROM pull_page WHERE channel = ? LIMIT 1", (channel,)).fetchone() is not None:
        _put_later(channel, later(channel).union(record_id for record_id, _ in told if record_id is not None))
    kept = told[: max(0, MOST - len(fresh(channel)))]
    if len(kept) < len(told) or any(record_id is None for record_id, _ in told):
        state.put(f"{channel}.unnamed", 1)
    _put(channel, [(record_id or f"? {reason}"[:100], reason) for record_id, reason in kept])


_BEFORE = ""
"""Stands for the moment of what an earlier list told: it holds until the one that is being read is complete."""


def _put(channel: str, told: Iterable[tuple[str, str]]) -> None:
    db.executemany(
        "INSERT INTO set_aside (channel, record_id, reason, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (channel, record_id) DO UPDATE SET reason = excluded.reason, at = excluded.at",
        [(channel, record_id, reason, db.now_text()) for record_id, reason in told],
    )


def fresh(channel: str) -> set[str]:
    """The records of a channel that were set aside since its whole list was begun."""
    rows = db.execute(f"SELECT record_id FROM set_aside WHERE channel = ? AND at <> '{_BEFORE}'", (channel,))
    return {row[0] for row in rows.fetchall()}


def complete(channel: str) -> None:
    """A whole list of a channel is complete: what only an earlier one told is over."""
    db.execute(f"DELETE FROM set_aside WHERE channel = ? AND at = '{_BEFORE}'", (channel,))


def has_unnamed(channel: str) -> bool:
    """Whether the list or the pull that is being read had rows without an id, or more than are kept by theirs."""
    return state.get(f"{channel}.unnamed") is not None


def suspect(
    channel: str,
    type: str,
    moves: tuple[str, str, bool] | None,
    present: Collection[str],
    reach: tuple[str, int, int],
) -> None:
    """A pull is complete that had rows without an id: set aside whatever they may be. That is each record of a type
    that a change of ours has touched within the pull's `reach`, or may have, and that is not `present` among the rows
    that came. The reach is an epoch, the number after which the pull began and the one up to which it goes. `moves` are
    the table of the movements that these rows end, its column of records, and whether those that had ended before
    begin anew."""
    reached = (
        "(answered_at IS NULL AND first_sent_at IS NOT NULL OR result_epoch = ? AND result_seq > ? AND result_seq <= ?"
        " AND status IN ('applied', 'applied_flagged', 'conflict')"
        " AND coalesce(json_extract(result, '$.flags'), '') NOT LIKE '%already_voided%')"
    )
    touched = db.execute(
        f"SELECT record_id FROM outbox WHERE type = ? AND covered = 0 AND kind NOT IN ({FACT_LIST}) AND {reached}",
        (type, *reach),
    ).fetchall()
    if moves is not None:
        table, column, anew = moves
        touched += db.execute(
            f"SELECT {column} FROM {table} JOIN outbox USING (change_id) WHERE {'1' if anew else 'open = 1'}"
            f" AND {reached}",
            reach,
        ).fetchall()
    _put(channel, [(id, "may be a record without an id") for id in sorted({row[0] for row in touched} - set(present))])
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
    """Whether what the server says of this record is not among the rows that we have."""
    row = db.execute("SELECT 1 FROM set_aside WHERE channel = ? AND record_id = ?", (channel, record_id)).fetchone()
    return row is not None


def count(channel: str = "") -> int:
    """How many of a channel, or of all."""
    row = db.execute("SELECT count(*) FROM set_aside WHERE ? IN ('', channel)", (channel,)).fetchone()
    return int(row[0])
