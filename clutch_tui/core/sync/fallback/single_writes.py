"""Changes that go up one by one to a server without sync, and how far each has got.

Such a server may forget `Idempotency-Key`, so what was sent once and not answered is never simply sent again: it is
looked for first (net/sync/fallback/lookup.py), and what cannot be looked for waits as `unconfirmed` for a person. A
row of `single` says that a change has been tried; its body holds the steps that were done, each committed before the
next begins.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from ... import state
from ...database import db
from ...outbox import outbox, transports
from ...outbox.messages import Change, Result
from ...records import RECORDS
from ...types import Lane
from .. import aliases, moves, replica

UNCONFIRMED = "error.sync.unconfirmed"
"""The last error of a change of which nobody can say whether the server has it."""

UNCLEAR_STOCK = "error.sync.stock_unclear"
"""The last error of a document that the server has, and of which nobody can say who moved its stock."""
ASKS = (UNCONFIRMED, UNCLEAR_STOCK)
"""What only a person can find out, by looking at the server."""

DOCUMENTS = ("sale", "return", "void")
"""What moves stock where the server does that by itself."""

PLURALS = {"item": "inventory", "customer": "customers", "supplier": "suppliers", "order": "orders", "sale": "sales"}
"""The category of the calls of each type."""


@dataclass(slots=True)
class Write:
    """A stock figure that is being written: what was read, what was written, and whether that was answered."""

    read: int
    figure: int
    done: bool = False


@dataclass(slots=True)
class WriteProgress:
    """The progress of a change. `before` are the figures of its parts before its document went up, until it is
    known who moves them."""

    tried_at: str = ""
    """When it was sent last; empty where it certainly never was, or only by a sync call."""
    given_up_at: str = ""
    """When that attempt was given up: the server may have gone on with it until then, and after. Empty while it is
    on its way, and where this process died meanwhile."""
    posted: bool = False
    by_sync: bool = False
    """Whether it may have come by a sync call, whose answer was lost before the server lost the call itself."""
    told: str = ""
    """What a person has found out: `send`, the server does not have it, until it is sent once more; or `write`, the
    server has the document and has not moved its stock, from then on."""
    late: list[str] = field(default_factory=list)
    """The parts that the server did not have yet, or not under the id that it was told, when the document went up."""
    moved: dict[str, bool] = field(default_factory=dict)
    """Of the late parts that it has by now, whether it moved them by what it had been told (`late_parts`)."""
    barred_since: str = ""
    """When the list in which it is looked for was first not shown to us; empty where it is."""
    before: dict[str, int] = field(default_factory=dict)
    writes: dict[str, Write] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A change to send, in our ids and in the server's. `again` where it may have been sent before."""

    change: Change
    sent: Change
    again: bool
    progress: WriteProgress


# --- taking one ------------------------------------------------------------------------------------------


def claim(
    channel: outbox.Channel, lane: Lane = "fast", *, begun: bool | None = None, besides: Collection[str] = ()
) -> Claimed | None:
    """The next change to send by itself; what has no call of its own moves to `local` first. See `outbox.claim` for
    `begun` and `besides`: where the server has learned to sync, only what has begun is finished this way."""
    if begun is None:
        shelve(channel)
    changes = outbox.claim(channel, limit=1, lane=lane, begun=begun, besides=besides)
    if not changes:
        return None
    change = changes[0]
    row = db.execute(
        "SELECT body, last_error FROM single CROSS JOIN outbox USING (change_id) WHERE change_id = ?",
        (change.change_id,),
    ).fetchone()
    progress = read(row[0]) if row is not None else WriteProgress()
    if row is None:
        body = json.dumps(asdict(progress))
        db.execute("INSERT INTO single (change_id, body) VALUES (?, ?)", (change.change_id, body))
    elif row[1] in ASKS:
        _hear(change.change_id, row[1], progress)
    if progress.posted:  # it may have come before its late parts were remembered
        _remember_late(change.kind, change.id, progress)
    return Claimed(change, aliases.outgoing(change), row is not None, progress)


def _hear(change_id: str, asked: str, progress: WriteProgress) -> None:
    """Only a person brings back what was put before one. The answer is taken in here, once: it says how things stood
    when the person looked, and nothing of what is sent from now on."""
    if asked == UNCLEAR_STOCK:
        progress.told = "write"
    elif not progress.posted:
        progress.told = "send"
        progress.by_sync = False
    progress.writes = {part_id: write for part_id, write in progress.writes.items() if write.done}
    keep(change_id, progress)
    db.execute("UPDATE outbox SET last_error = '' WHERE change_id = ?", (change_id,))


def read(body: str) -> WriteProgress:
    """Return the progress that a row of `single` holds."""
    values = json.loads(body)
    writes = {part_id: Write(**write) for part_id, write in values.pop("writes", {}).items()}
    return WriteProgress(**values, writes=writes)


def shelve(channel: outbox.Channel) -> None:
    """What there is no call for but sync waits as `local`."""
    marks = ", ".join("?" * len(transports.NOT_WITHOUT_SYNC))
    db.execute(
        "UPDATE outbox SET lane = 'local', not_before = NULL WHERE answered_at IS NULL AND channel = ?"
        f" AND lane IN ('fast', 'slow') AND type IN ({marks})",
        (channel, *transports.NOT_WITHOUT_SYNC),
    )


def keep(change_id: str, progress: WriteProgress) -> None:
    """A step is about to be done, or was done: what is known of it must outlive this process."""
    db.execute("UPDATE single SET body = ? WHERE change_id = ?", (json.dumps(asdict(progress)), change_id))


# --- how it ends -----------------------------------------------------------------------------------------


def finish(
    change: Change, result: Result, *, remote_id: str | None = None, policies: Mapping[str, str] | None = None
) -> frozenset[str]:
    """The server has answered for a change; the nouns that have new rows. `remote_id` is what it calls the record."""
    if remote_id is not None:
        aliases.put(change.type, change.id, remote_id)
    return frozenset(replica.deliver({change.change_id: result}, transports.LISTS, policies=policies))


def posted(change: Change, progress: WriteProgress, remote_id: str | None) -> None:
    """The server has a change's document; what is left of the change is its stock."""
    if remote_id is not None:
        aliases.put(change.type, change.id, remote_id)
    keep_posted(change.change_id, change.kind, change.id, progress)


def keep_posted(change_id: str, kind: str, record_id: str, progress: WriteProgress) -> None:
    """Keep the progress of a change whose document the server has."""
    _remember_late(kind, record_id, progress)
    keep(change_id, progress)


def _remember_late(kind: str, record_id: str, progress: WriteProgress) -> None:
    """Keep the late parts of a sale for what becomes of it, long after the sale was answered."""
    if kind == "sale" and progress.late:
        state.put(f"late.{record_id}", " ".join(progress.late))


def any_begun(channel: outbox.Channel) -> bool:
    """Tell whether a change of this channel has begun to go up by itself."""
    row = db.execute(
        "SELECT 1 FROM single CROSS JOIN outbox USING (change_id) WHERE answered_at IS NULL AND channel = ? LIMIT 1",
        (channel,),
    ).fetchone()
    return row is not None


def begun_documents() -> dict[str, tuple[str, WriteProgress]]:
    """The unanswered documents that have begun to go up by themselves, by change: their kind, and how far they got."""
    rows = db.execute(
        "SELECT change_id, kind, body FROM single CROSS JOIN outbox USING (change_id) WHERE answered_at IS NULL"
        " AND kind IN ('sale', 'return', 'void')"
    ).fetchall()
    return {change_id: (kind, read(body)) for change_id, kind, body in rows}


def progress_of(change_id: str) -> WriteProgress | None:
    """Return how far an unanswered change has got that has begun to go up by itself; None for any other."""
    row = db.execute("SELECT body FROM single WHERE change_id = ?", (change_id,)).fetchone()
    return None if row is None else read(row[0])


def in_doubt() -> bool:
    """Tell whether a document has begun to go up by itself and nobody knows yet whether it came: the server's figures
    may contain it, and whoever fetched them now would count it twice."""
    row = db.execute(
        "SELECT 1 FROM single CROSS JOIN outbox USING (change_id) WHERE answered_at IS NULL AND lane = 'fast'"
        " AND kind IN ('sale', 'return', 'void') AND NOT coalesce(json_extract(body, '$.posted'), 0) LIMIT 1"
    ).fetchone()
    return row is not None


def never_sent(change_ids: Collection[str]) -> None:
    """Note that what was taken to be sent has certainly not been done at the server: nothing needs to be looked for.
    What had been sent before stays in doubt."""
    db.executemany(
        "UPDATE outbox SET first_sent_at = NULL WHERE change_id = ? AND first_sent_at = last_sent_at",
        [(change_id,) for change_id in change_ids],
    )


def not_sent(claimed: Claimed) -> None:
    """The same for one that was to go up by itself. A step of it that was done, or begun, stays known."""
    progress = claimed.progress
    if not (claimed.again or progress.tried_at or progress.posted or progress.writes):
        db.execute("UPDATE outbox SET first_sent_at = NULL WHERE change_id = ?", (claimed.change.change_id,))
        db.execute("DELETE FROM single WHERE change_id = ?", (claimed.change.change_id,))


def put_off(claimed: Claimed, seconds: float) -> None:
    """It waits for something else; nothing of it was sent now."""
    not_sent(claimed)
    outbox.postpone(claimed.change.change_id, seconds)


def wait_local(claimed: Claimed, error: str = "") -> None:
    """The server has no call for this: it waits, and nobody is alarmed. What cannot have reached the server is as
    if it had never been tried. Where the channel goes by sync by now, nothing else is to be waited for: what the server
    has certainly not done goes by that, and the rest of what it has begun is tried every quarter of an hour."""
    change_id = claimed.change.change_id
    if transports.by_lists(RECORDS[claimed.change.type].channel):
        db.execute(
            "UPDATE outbox SET lane = 'local', not_before = NULL, last_error = ? WHERE change_id = ?"
            " AND answered_at IS NULL",
            (error, change_id),
        )
        not_sent(claimed)
    elif claimed.progress.posted or claimed.progress.writes:
        outbox.make_slow(change_id, error)
    else:
        not_sent(claimed)
        db.execute("DELETE FROM single WHERE change_id = ?", (change_id,))


def wait_for_person(change_id: str, error: str) -> None:
    """A person must decide; the change stays unanswered, and what it moved goes on counting here."""
    db.execute(
        "UPDATE outbox SET lane = 'attention', not_before = NULL, last_error = ?"
        " WHERE change_id = ? AND answered_at IS NULL",
        (error, change_id),
    )


def try_local_again(channel: str) -> None:
    """A route that was missing may be there now; what needs sync goes on waiting."""
    marks = ", ".join("?" * len(transports.NOT_WITHOUT_SYNC))
    db.execute(
        "UPDATE outbox SET lane = 'fast' WHERE lane = 'local' AND answered_at IS NULL AND channel = ?"
        f" AND type NOT IN ({marks})",
        (transports.queue_of(channel), *transports.NOT_WITHOUT_SYNC),
    )


def take_as_sent(change_id: str) -> None:
    """A person says that the server has an unconfirmed change, stock and all: it is answered by that."""
    row = db.execute(
        "SELECT type FROM outbox WHERE change_id = ? AND answered_at IS NULL AND lane = 'attention'"
        " AND last_error IN (?, ?)",
        (change_id, *ASKS),
    ).fetchone()
    if row is not None:
        replica.deliver({change_id: Result(status="applied", seq=0)}, transports.LISTS)


def has_facts_there(type: str, record_id: str) -> bool:
    """Tell whether the server has answered by sync for what moved a record that it does not know: it counts that when
    it gets the record under this id, and never under an id of its own."""
    for table, column, of in moves.TABLES.values():
        if of == type:
            sql = (
                f"SELECT 1 FROM {table} JOIN outbox USING (change_id) WHERE {column} = ? AND answered_at IS NOT NULL"
                " AND result_epoch <> ? AND status IN ('applied', 'applied_flagged') LIMIT 1"
            )
            if db.execute(sql, (record_id, transports.LISTS)).fetchone() is not None:
                return True
    return False


# --- what must be there first ----------------------------------------------------------------------------


def waits_for(change: Change, parts: Sequence[str]) -> Lane | None:
    """The lane of an earlier change without which this one means nothing to the server: the sale of a void or a
    return, the making of a part or of a customer. None where all of that is there: a sale is, as soon as its document
    is, whatever becomes of its stock. The making of something holds a sale only while it is on its way: what has failed
    for so long that it was set aside holds nothing up."""
    sale_id = change.payload.get("sale_id") or change.payload.get("return_of")
    if sale_id:
        row = db.execute(
            "SELECT lane, body FROM outbox LEFT JOIN single USING (change_id)"
            " WHERE type = 'sale' AND record_id = ? AND kind IN ('sale', 'exchange') AND answered_at IS NULL",
            (sale_id,),
        ).fetchone()
        if row is not None and not (row[1] and read(row[1]).posted):
            return _lane(row[0])
    if being_made("item", parts, lane="fast"):
        return "fast"
    customer_id = change.payload.get("customer_id")
    return "fast" if customer_id and being_made("customer", [customer_id], lane="fast") else None


def being_made(type: str, record_ids: Collection[str], *, lane: Lane | None = None) -> list[str]:
    """Return which of these records the server has not answered for yet, or has refused, so that a person may correct
    them; only those whose making is in `lane`, if given: what was refused is in `attention`."""
    marks = ", ".join("?" * len(record_ids))
    rows = db.execute(
        f"SELECT DISTINCT record_id FROM outbox WHERE type = ? AND record_id IN ({marks}) AND kind = 'create'"
        " AND (answered_at IS NULL OR lane = 'attention' AND status IN ('rejected', 'key_reuse'))"
        " AND (? IS NULL OR lane = ?) ORDER BY record_id",
        (type, *record_ids, lane, lane),
    )
    return [row[0] for row in rows.fetchall()]


def are_refused(type: str, record_ids: Collection[str]) -> bool:
    """Tell whether the making of all these records has been refused, and waits for a person."""
    marks = ", ".join("?" * len(record_ids))
    row = db.execute(
        f"SELECT 1 FROM outbox WHERE type = ? AND record_id IN ({marks}) AND kind = 'create'"
        " AND answered_at IS NULL LIMIT 1",
        (type, *record_ids),
    ).fetchone()
    return row is None


def _lane(value: str) -> Lane:
    lanes: tuple[Lane, ...] = ("fast", "slow", "attention", "local")
    return next(lane for lane in lanes if lane == value)
