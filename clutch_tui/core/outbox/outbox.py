"""The queue of changes that the server has not answered, and the journal of those that it has.

A change enters in the transaction that made it (`add`), is frozen when it is first claimed (`claim`), and
leaves the queue only when the server has answered for it (`replica.receive`). Nothing is ever dropped: no
number of failed attempts, no outage and no refusal removes a row.

Lanes: `fast` is sent as soon as possible; `slow` holds what fails alone while an empty probe succeeds, and is
tried every 15 minutes; `attention` waits for a person; `local` waits for a server that has an endpoint for it;
`done` is the journal. A change is unanswered while `answered_at` is null.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from .. import state
from ..clock import from_text, to_text
from ..database import db
from ..records import RECORDS
from ..types import Lane
from . import abilities, answers, precedence, transports, waiting_edits
from .messages import Change, Result
from .precedence import FACTS, LATER_TYPES, MOVELESS, OF_ACCOUNTS
from .views import QueueSummary

Channel = Literal["inventory", "sales", "rest"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

SLOW_RETRY = timedelta(minutes=15)
DOUBT_RETRY = timedelta(minutes=1)
"""For what may have come and is looked for: what else moves its parts waits for it."""
ALONE_FAILURES = 3
"""How often a change must fail alone, with an empty probe succeeding, before it goes to the slow lane."""

_CHANNEL_OF: dict[str, Channel] = {
    **dict.fromkeys(("sale", "cash", *OF_ACCOUNTS, *MOVELESS), "sales"),
    **dict.fromkeys(("item", "receipt", *LATER_TYPES), "inventory"),
    **dict.fromkeys(("customer", "supplier", "order"), "rest"),
}

CHANGE_COLUMNS = "change_id, n, kind, type, record_id, at, epoch, base, was, payload, channel, lane"


def add(
    kind: str,
    type: str,
    record_id: str,
    payload: dict[str, Any],
    *,
    base: dict[str, int] | None = None,
    was: dict[str, Any] | None = None,
    label: str = "",
    change_id: str | None = None,
    epoch: str | None = None,
) -> str:
    """Put a change into the queue, in the transaction that made it; its `change_id`.

    `payload` is JSON-able, in core names (money in minor units): the `fields` of a request, the `body` of a
    fact. `base` holds, for each field of a request, the record version that the user saw (`{"*": version}`
    for a delete and for the answer to an order), `was` the value that the user saw. `label` is what the
    queue screen calls it: a name or a receipt number. Stock and account moves that belong to the change are
    written by the caller, with this `change_id`. `epoch` is that of the versions in `base`, where it is not the
    epoch of the rows that we have.
    """
    change_id = change_id or db.new_id()
    add_all(kind, type, [Draft(record_id, payload, base, was, label, change_id, epoch)])
    return change_id


@dataclass(frozen=True, slots=True)
class Draft:
    """A change before it is in the queue; see `add`."""

    record_id: str
    payload: dict[str, Any]
    base: dict[str, int] | None = None
    was: dict[str, Any] | None = None
    label: str = ""
    change_id: str = ""
    epoch: str | None = None


def add_all(kind: str, type: str, drafts: Sequence[Draft]) -> None:
    """Put many changes of one kind into the queue, in their order: `add` for thousands of records at once."""
    if not drafts:
        return
    lineage, epoch, at = state.lineage(), epoch_seen(kind, type), db.now_text()
    lane: Lane = "local" if abilities.must_wait(type) else "fast"
    db.executemany(
        "INSERT INTO outbox (change_id, lineage, channel, kind, type, record_id, label, at, epoch, base, was, payload,"
        " lane) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                draft.change_id or db.new_id(),
                lineage,
                _CHANNEL_OF[type],
                kind,
                type,
                draft.record_id,
                draft.label,
                at,
                draft.epoch or epoch,
                _json(draft.base or {}),
                _json(draft.was or {}),
                _json(draft.payload),
                lane,
            )
            for draft in drafts
        ],
    )


def epoch_seen(kind: str, type: str) -> str | None:
    """The epoch to which the versions that a person saw belong: after a restore the rows are still of the old one
    for a while, and its numbers mean nothing in the new one."""
    return state.get("epoch" if kind in FACTS else f"{RECORDS[type].channel}.epoch")


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# `json.dumps` makes such an encoder for every call; a sale has five of them


_BEGUN = {
    None: "",
    True: " AND change_id IN (SELECT change_id FROM single)",
    False: " AND change_id NOT IN (SELECT change_id FROM single)",
}

_DUE = "(not_before IS NULL OR not_before <= ? OR not_before > ?)"
"""Nothing is ever put off for longer than `SLOW_RETRY`: a moment beyond that was set by a clock that was wrong."""


def _due_by() -> tuple[str, str]:
    """The parameters of `_DUE`."""
    return db.now_text(), to_text(db.now() + SLOW_RETRY)


# --- sending -------------------------------------------------------------------------------------------


def claim(
    channel: Channel,
    *,
    limit: int = 100,
    max_bytes: int = 256 * 1024,
    lane: Lane = "fast",
    begun: bool | None = False,
    besides: Collection[str] = (),
) -> tuple[Change, ...]:
    """The next changes to send, oldest first, and note that they are being sent.

    What has begun to go up by itself (`single_writes`) ends that way and is left out; `begun=True` gives only that,
    None gives both. Types in `besides` are left out, too.

    A request waits while an earlier request on its record is unanswered; facts never wait. At the first claim
    the base of a request is completed and the change is frozen; every later claim gives the very same change. What
    this server has no words for is passed over: there are none only where nothing can be sent.
    """
    free = precedence.free_to_sync() if begun is False else precedence.FREE
    changes: list[Change] = []
    passed = 0
    while not changes:
        rows = db.execute(
            f"SELECT {CHANGE_COLUMNS}, first_sent_at FROM outbox"
            f" WHERE answered_at IS NULL AND lane = ? AND channel = ? AND n > ? AND {_DUE} AND {free}{_BEGUN[begun]}"
            f" AND type NOT IN ({', '.join('?' * len(besides))}) ORDER BY n LIMIT ?",
            (lane, channel, passed, *_due_by(), *besides, limit),
        ).fetchall()
        if not rows:
            break
        changes = _frozen(rows, max_bytes)
        passed = rows[-1][1]
    db.executemany(
        "UPDATE outbox SET first_sent_at = coalesce(first_sent_at, ?1), last_sent_at = ?1 WHERE change_id = ?2",
        [(db.now_text(), change.change_id) for change in changes],
    )
    return tuple(changes)


def _frozen(rows: Sequence[Sequence[Any]], max_bytes: int) -> list[Change]:
    """Those of these rows that can be sent, as they are sent, up to so many bytes."""
    changes: list[Change] = []
    size = 0
    for *columns, first_sent_at in rows:
        change = change_of(columns)
        if first_sent_at is None:
            said = _said(change)
            if said is None or not abilities.freeze(said):
                continue
            change = _freeze(abilities.first_words(said))
        change = abilities.in_form(change)
        size += len(columns[9].encode()) + 300
        if changes and size > max_bytes:
            break
        changes.append(change)
    return changes


def change_of(columns: Sequence[Any]) -> Change:
    """The change of a row of `CHANGE_COLUMNS`."""
    change_id, n, kind, type_, record_id, at, epoch, base, was, payload, channel, lane = columns
    return Change(
        change_id=change_id,
        n=n,
        kind=kind,
        type=type_,
        id=record_id,
        at=at,
        epoch=epoch,
        base=json.loads(base),
        was=json.loads(was),
        payload=json.loads(payload),
        channel=channel,
        lane=lane,
    )


def _said(change: Change) -> Change | None:
    """The part of a request that this server has words for, None where it has none for all of it. The rest becomes an
    edit of its own and waits here until the server learns: the overlay shows it, whatever rows come."""
    if change.kind == "update":
        change = waiting_edits.as_it_stands(change)
    fields = abilities.unsaid(change)
    if not fields:
        return change
    if fields >= change.payload.keys():
        abilities.keep_here(change.change_id)
        return None
    if rest := _meant(change, fields):
        _wait_here(change, rest)
    said, base, was = (
        {name: value for name, value in values.items() if name not in fields}
        for values in (change.payload, change.base, change.was)
    )
    db.execute(
        "UPDATE outbox SET payload = ?, base = ?, was = ? WHERE change_id = ?",
        (_json(said), _json(base), _json(was), change.change_id),
    )
    return replace(change, payload=said, base=base, was=was)


def _meant(change: Change, fields: Collection[str]) -> list[str]:
    """Return which of these fields a server must learn of: of a new record those that say more than their being left
    out does."""
    return [name for name in fields if change.kind != "create" or change.payload[name]]


def _wait_here(change: Change, fields: Collection[str]) -> None:
    """Let these fields of a request wait here as an edit of its own, but for those that a later edit says."""
    empty = RECORDS[change.type].draft
    assert empty is not None  # only a record that a person writes has such fields
    was = {name: change.was.get(name, getattr(empty(), name)) for name in fields}
    left = waiting_edits.left_to_wait(change, was)
    if not left:
        return
    rest = add(
        "update",
        change.type,
        change.id,
        {name: change.payload[name] for name in left},
        base={name: change.base.get(name, 0) for name in left},
        was={name: was[name] for name in left},
        label=db.execute("SELECT label FROM outbox WHERE change_id = ?", (change.change_id,)).fetchone()[0],
        epoch=change.epoch,
    )
    abilities.keep_here(rest)


def keep_unsaid(change_id: str, result: Result) -> None:
    """A server that has gone back has taken an edit without the fields that it knows no more: they wait here."""
    if result.applied is None:
        return
    row = db.execute(f"SELECT {CHANGE_COLUMNS} FROM outbox WHERE change_id = ?", (change_id,)).fetchone()
    change = change_of(row)
    left_out = [name for name in abilities.LATER_FIELDS if name in change.payload and name not in result.applied]
    if rest := _meant(change, left_out):
        _wait_here(change, rest)


def _freeze(change: Change) -> Change:
    """Complete the base of a request with what our own earlier requests have written since it was made.

    Only answers of the epoch in which it was made count: the versions of another would let it overwrite what
    its writer never saw. Across epochs the server compares `was`.
    """
    if change.kind in FACTS or not change.base:
        return change
    base, was = dict(change.base), change.was | (waiting_edits.was_before(change) if change.kind == "update" else {})
    earlier = db.execute(
        "SELECT kind, payload, status, result FROM outbox WHERE type = ? AND record_id = ? AND n < ?"
        " AND result IS NOT NULL"
        " AND status IN ('applied', 'applied_flagged', 'conflict') AND result_epoch = ? ORDER BY n",
        (change.type, change.id, change.n, change.epoch),
    ).fetchall()
    for kind, payload, status, result in earlier:
        answer = json.loads(result)
        version = answer.get("version") or 0
        written = answers.taken(status, json.loads(payload), answer)
        is_new = kind == "create" and version == 1  # what it did not say is as its writer saw it: empty
        for name in base:
            if base[name] < version and (name == "*" or name in written or is_new):
                base[name] = version
                if name in written:
                    was[name] = written[name]
    if (base, was) == (change.base, change.was):
        return change
    db.execute("UPDATE outbox SET base = ?, was = ? WHERE change_id = ?", (_json(base), _json(was), change.change_id))
    return Change(
        **{name: getattr(change, name) for name in Change.__slots__ if name not in ("base", "was")}, base=base, was=was
    )


def head() -> int:
    """The highest number that was ever given out on this disk, 0 before the first change. A disk that was put
    back to an older state gives a lower one than the server has seen: that is how a restored copy shows."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    return 0 if row is None else int(row[0])


def take_new_lineage() -> None:
    """This disk was restored or cloned: what is still unanswered goes on under a new lineage and its old ids."""
    lineage = state.renew_lineage()
    db.execute("UPDATE outbox SET lineage = ? WHERE answered_at IS NULL", (lineage,))


def result_epoch(change_id: str) -> str | None:
    """The epoch that has answered a change."""
    row = db.execute("SELECT result_epoch FROM outbox WHERE change_id = ?", (change_id,)).fetchone()
    return None if row is None else row[0]


def failed(change_ids: Collection[str], error: str) -> None:
    """Note a failed attempt that the server made of these changes; `error` is a catalogue key."""
    db.executemany(
        "UPDATE outbox SET attempts = attempts + 1, last_error = ? WHERE change_id = ? AND answered_at IS NULL",
        [(error, change_id) for change_id in change_ids],
    )


def suspect(channel: Channel, change_ids: Collection[str], error: str) -> None:
    """Note that a call with these changes failed, also for the next process: a script ends with its first round."""
    failed(change_ids, error)
    state.put(f"suspects.{channel}", " ".join(change_ids))


def suspects(channel: Channel) -> tuple[str, ...]:
    """The changes of the last call that failed, until a probe has shown whether the server is well."""
    return tuple((state.get(f"suspects.{channel}") or "").split())


def clear(channel: Channel) -> None:
    """Nobody is under suspicion any more."""
    state.forget(f"suspects.{channel}")


def failed_alone(change_id: str) -> bool:
    """Note that a change failed alone although an empty probe succeeded; True when it moved to the slow lane."""
    db.execute("UPDATE outbox SET alone = alone + 1 WHERE change_id = ?", (change_id,))
    moved = db.execute(
        f"UPDATE outbox SET lane = 'slow', not_before = {_SLOW_DUE} WHERE change_id = ? AND answered_at IS NULL"
        " AND alone >= ?",
        (*_slow_due(), change_id, ALONE_FAILURES),
    )
    return bool(moved.rowcount)


def make_slow(change_id: str, error: str) -> None:
    """Put a change into the slow lane at once: it is too large for the server as it is, or not let through."""
    db.execute(
        f"UPDATE outbox SET lane = 'slow', not_before = {_SLOW_DUE}, last_error = ?"
        " WHERE change_id = ? AND answered_at IS NULL",
        (*_slow_due(), error, change_id),
    )


_SLOW_DUE = """iif(EXISTS (SELECT 1 FROM single WHERE single.change_id = outbox.change_id
    AND (json_extract(body, '$.posted') OR json_extract(body, '$.tried_at') <> ''
    OR EXISTS (SELECT 1 FROM json_each(body, '$.writes') AS one WHERE NOT json_extract(one.value, '$.done')))), ?, ?)"""
"""When a change in the slow lane is tried again: sooner where it has begun to go up and holds up others until one knows
how far it came."""


def _slow_due() -> tuple[str, str]:
    """The parameters of `_SLOW_DUE`."""
    return to_text(db.now() + DOUBT_RETRY), to_text(db.now() + SLOW_RETRY)


def postpone(change_id: str, seconds: float) -> None:
    """The server asked to try this change again later; a quarter of an hour is as late as it gets."""
    due = db.now() + min(timedelta(seconds=seconds), SLOW_RETRY)
    db.execute(
        "UPDATE outbox SET not_before = ? WHERE change_id = ? AND answered_at IS NULL", (to_text(due), change_id)
    )


def wake_slow() -> None:
    """Let everything in the slow lane be tried now: at start, and when a person asks."""
    db.execute("UPDATE outbox SET not_before = NULL WHERE answered_at IS NULL AND lane = 'slow'")


def waiting(channel: Channel, *lanes: Lane, begun: bool | None = False) -> bool:
    """Tell whether the channel has something to send now, in any of these lanes; in both that are sent, for none. What
    may go at all depends on `begun` as in `claim`."""
    lanes = lanes or ("fast", "slow")
    free = precedence.free_to_sync() if begun is False else precedence.FREE
    rows = db.execute(
        f"SELECT 1 FROM outbox WHERE answered_at IS NULL AND channel = ? AND lane IN ({', '.join('?' * len(lanes))})"
        f" AND {_DUE} AND {free} LIMIT 1",
        (channel, *lanes, *_due_by()),
    )
    return rows.fetchone() is not None


def is_due() -> bool:
    """Tell whether any channel has something to send now, by its transport: in lists a fact waits for nothing."""
    return any(waiting(channel, begun=None if transports.by_lists(channel) else False) for channel in CHANNELS)


def types_under_way(channel: Channel) -> frozenset[str]:
    """The types of record of which a change of this channel was sent and has no answer."""
    rows = db.execute(
        "SELECT DISTINCT type FROM outbox INDEXED BY outbox_sent WHERE answered_at IS NULL"
        " AND first_sent_at IS NOT NULL AND channel = ?",
        (channel,),
    ).fetchall()
    return frozenset(type for (type,) in rows)


def next_due() -> datetime | None:
    """Return when the next change may be tried: now, or when the first of those that were put off is due again; None
    where nothing waits for a time. What waits for another change is tried when that is answered."""
    if is_due():
        return db.now()
    row = db.execute(
        "SELECT min(not_before) FROM outbox WHERE answered_at IS NULL AND lane IN ('fast', 'slow')"
    ).fetchone()
    return None if row[0] is None else from_text(row[0])


# --- what a person sees --------------------------------------------------------------------------------


_WAITING = "outbox INDEXED BY outbox_unanswered WHERE answered_at IS NULL"
"""Asked for an order by `n`, SQLite would rather walk the whole journal than this small index."""

_FIRST = f"""SELECT min((SELECT min(n) FROM {_WAITING} AND lane = lanes.value AND channel = channels.value))
    FROM json_each('["fast", "slow", "attention"]') AS lanes, json_each('{json.dumps(CHANNELS)}') AS channels"""
"""The oldest unanswered change but those that wait for a server: the first of each lane and channel in the index."""


def summary() -> QueueSummary:
    """The figures of the status strip; from indexes only, so it may be asked for every second. What waits for a
    server that has a call for it is no delay: `local` is counted apart."""
    counts = dict(db.execute(f"SELECT lane, count(*) FROM {_WAITING} GROUP BY lane").fetchall())
    local = counts.pop("local", 0)
    oldest = db.execute(f"SELECT at FROM outbox WHERE n = ({_FIRST})").fetchone()
    return QueueSummary(
        unsent=sum(counts.values()),
        oldest_at=None if oldest is None else from_text(oldest[0]),
        slow=counts.get("slow", 0),
        attention=count_listed("attention"),
        local=local,
    )


def unsent(type: str, table: str, *, also: str = "") -> str:
    """SQL that is true for a row of `table` of which something is only here: the star in every list; or of the record
    that its column `also` names. What the server has refused or disputes counts as well; by an index alone where there
    is no change."""
    these = f"IN ({table}.id, {table}.{also})" if also else f"= {table}.id"
    return (
        f"EXISTS (SELECT 1 FROM outbox WHERE type = '{type}' AND record_id {these} AND (answered_at IS NULL"
        " OR (lane = 'attention' AND status IN ('rejected', 'key_reuse', 'conflict'))))"
    )


LISTED = "(answered_at IS NULL OR lane = 'attention')"
"""What the queue shows: the unanswered, and the answered that a person must look at."""


def count_listed(lane: str = "") -> int:
    """Return how many changes the queue shows, of one lane or of all; of what waits for a person by its index alone."""
    if lane == "attention":
        return int(db.execute("SELECT count(*) FROM outbox WHERE lane = 'attention'").fetchone()[0])
    rows = db.execute(  # each half from its index: the queue may be as long as the journal
        "SELECT (SELECT count(*) FROM outbox INDEXED BY outbox_unanswered WHERE answered_at IS NULL"
        " AND (?1 = '' OR lane = ?1)) + (SELECT count(*) FROM outbox INDEXED BY outbox_attention"
        " WHERE lane = 'attention' AND answered_at IS NOT NULL AND ?1 IN ('', lane))",
        (lane,),
    )
    return int(rows.fetchone()[0])
