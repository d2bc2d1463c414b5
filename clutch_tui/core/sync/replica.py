"""Stores what the server answers: results of changes, and the rows of complete pulls.

A channel is one cursor: `inventory`, `sales`, `customers`, `suppliers`, `orders`. Pages of a pull wait in `pull_page`,
their parts in a table of their own (`part_staging`); rows, cursor and the moves that they end become visible in one
transaction, and only when the pull is complete. A pull that starts over (snapshot, floor, another epoch) throws its
staging away and nothing else, so that the screen keeps showing the rows it has.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields

from .. import arrivals, state
from ..database import db
from ..outbox import abilities, attention, outbox, precedence, transports
from ..outbox.messages import PullPage, PullState, Result
from . import conflicts, marks, moves, part_staging, quarantine, refusal_doubts, replica_rows, withheld_figures
from . import unconfirmed as sync_unconfirmed

CHANNELS = ("inventory", "sales", "customers", "suppliers", "orders")
MANY = 10_000
"""From so many rows on a swap takes a large page cache for its while: the indexes do not fit into the usual one."""


# --- where a pull stands -------------------------------------------------------------------------------


def epoch() -> str | None:
    """The server's epoch as it was last told; None before the first answer."""
    return state.get("epoch")


def pull_state(channel: str) -> PullState:
    """Return where the next page of a channel starts. A channel whose rows are of another epoch, whose cursor has
    fallen below the floor, or of whose rows some could not be read before (`renew`), starts a snapshot."""
    staged = db.execute(
        "SELECT epoch, cursor, snapshot, since, mark FROM pull_page WHERE channel = ? ORDER BY n DESC LIMIT 1",
        (channel,),
    ).fetchone()
    if staged is not None:
        return PullState(staged[0], staged[1], bool(staged[2]), staged[3], staged[4])
    present = epoch()
    if present is not None and state.get(f"{channel}.epoch") == present and state.get(f"{channel}.renew") is None:
        return PullState(present, state.number(f"{channel}.cursor"), False, None, marks.of_cursor(channel))
    return PullState(present, 0, True, None)


def cursor(channel: str) -> int:
    """The counter up to which the rows of a channel are complete, 0 before the first pull."""
    return state.number(f"{channel}.cursor")


def common_cursor() -> int | None:
    """Return the number up to which both our parts and our sales are complete; None of a server without sync, which has
    no such counter, while ours means something else."""
    if any(map(transports.by_lists, ("inventory", "sales"))):
        return None
    return min(cursor("inventory"), cursor("sales"))


def as_of(channel: str) -> str | None:
    """Return when the rows of a channel were last known to be complete, in the database's form."""
    return state.get(f"{channel}.as_of")


def restart(channel: str) -> None:
    """The cursor has fallen below the floor: the next pull of this channel is a snapshot."""
    drop_staging(channel)
    state.forget(f"{channel}.epoch")


def drop_staging(channel: str) -> None:
    db.execute("DELETE FROM pull_page WHERE channel = ?", (channel,))


def new_epoch(value: str) -> None:
    """The server was restored. Its old answers hold until the snapshots of the new epoch are stored."""
    if value != epoch():
        _begin_epoch(value)


def doubt_epoch() -> None:
    """The server was restored and does not say so: what bears the name of its epoch is of another."""
    if (value := epoch()) is not None:
        _begin_epoch(value)


def _begin_epoch(value: str) -> None:
    if epoch() is not None:
        refusal_doubts.begin()
        abilities.forget()
    _rename_past(value)
    state.put("epoch", value)
    marks.forget()
    db.execute("DELETE FROM pull_page")


def _rename_past(value: str) -> None:
    """A name that comes back is another epoch's: what a server of an older copy says bears the name that it had then.
    Rows and answers of that epoch keep belonging to each other, under a name that no server has."""
    past = f"{value}~{state.number('epochs.renamed') + 1}"
    channels = [channel for channel in CHANNELS if state.get(f"{channel}.epoch") == value]
    for channel in channels:
        state.put(f"{channel}.epoch", past)
    renamed = len(channels)
    for column in ("epoch", "result_epoch"):
        renamed += db.execute(f"UPDATE outbox SET {column} = ? WHERE {column} = ?", (past, value)).rowcount
    if renamed:
        state.put("epochs.renamed", state.number("epochs.renamed") + 1)
    if state.get("journal.epoch") == value:
        state.forget("journal.epoch")


# --- an answer -----------------------------------------------------------------------------------------


def receive(
    channel: str,
    answer_epoch: str,
    results: Mapping[str, Result],
    page: PullPage | None,
    *,
    asked: sync_unconfirmed.Offer | None = None,
    policies: Mapping[str, str] | None = None,
) -> frozenset[str]:
    """Store one answer of the server, whole; the nouns that have new rows.

    `results` are those of the call's changes and the confirmed ones. `page` is None where rows were refused or
    are not wanted. `asked` is what was offered as unconfirmed: answers of another epoch that this one does not
    know go back into the queue.
    """
    if epoch() is None:
        state.put("epoch", answer_epoch)
    if answer_epoch != epoch():
        return frozenset()
    transports.heard(channel)
    nouns = deliver(results, answer_epoch, policies=policies)
    if asked is not None:
        unknown = [change_id for change_id in asked.recheck if change_id not in results]
        nouns |= _reopen(unknown)
    if page is not None and _expected(channel, page):
        marks.hear([(page.cursor, page.mark), (page.since or 0, page.since_mark)])
        marks.learn(page.cursor, page.mark)
        nouns |= _store_page(channel, page)
    return frozenset(nouns)


def _reopen(change_ids: Collection[str]) -> set[str]:
    """Put what the present epoch does not know back into the queue, its requests over their rows; the nouns that this
    changes."""
    sync_unconfirmed.reopen(change_ids)
    requests = db.execute(
        "SELECT DISTINCT type, record_id FROM outbox WHERE change_id IN (SELECT value FROM json_each(?))"
        f" AND kind NOT IN ({precedence.FACT_LIST})",
        (json.dumps(list(change_ids)),),
    ).fetchall()
    for type, record_id in requests:
        replica_rows.rebase(type, record_id)
    return {replica_rows.NOUNS[type] for type, _ in requests} | ({"queue"} if change_ids else set())


def _expected(channel: str, page: PullPage) -> bool:
    """True for the page that comes next; a late answer to an earlier request delivers no rows."""
    here = pull_state(channel)
    return page.asked_from == here.cursor and page.snapshot == here.snapshot


def is_staging(channel: str) -> bool:
    """True while pages of this channel wait for those that come after them."""
    return db.execute("SELECT 1 FROM pull_page WHERE channel = ?", (channel,)).fetchone() is not None


def prepare(channel: str, portion: PullPage) -> None:
    """Prepare some rows of a page ahead of the page, so that a sale finds its turn between them. A portion of an
    answer that is late, or of another epoch, does nothing."""
    if epoch() in (None, portion.epoch) and _expected(channel, portion):
        _prepare(channel, portion)


def build(channel: str, portion: PullPage) -> bool:
    """One step towards the swap of a pull whose last page was prepared; True where there are more."""
    return epoch() in (None, portion.epoch) and _expected(channel, portion) and part_staging.build()


def _prepare(channel: str, page: PullPage) -> list[replica_rows.Row]:
    """Prepare the parts of a page; the rows that are none."""
    if not page.prepared and not is_staging(channel):
        part_staging.begin()
    quarantine.staged(channel, (str(row["id"]) for row in page.rows))
    part_staging.prepare([row for row in page.rows if row["type"] == "item"])
    return [row for row in page.rows if row["type"] != "item"]


def _store_page(channel: str, page: PullPage) -> set[str]:
    """Stage a page, or store the pull that it completes."""
    arriving = channel == "inventory" and (page.more or page.prepared > 0 or is_staging(channel))
    if not page.more and page.snapshot and sync_unconfirmed.rechecking():
        # the rows may lack what the server has yet to be offered again: ask for them once more afterwards
        drop_staging(channel)
        return set()
    if not arriving:
        quarantine.staged(channel, (str(row["id"]) for row in page.rows))
    rows: list[replica_rows.Row] = _prepare(channel, page) if arriving else list(page.rows)
    if page.more:
        _stage(channel, page, rows)
        return set()
    rows = [row for staged in _staged(channel) for row in staged] + rows
    # a record that changed between two pages is in both: the later row is the newer one
    latest = {(row["type"], row["id"]): row for row in rows}
    _swap(channel, page, list(latest.values()), arriving=arriving)
    return {channel} if rows or arriving or page.snapshot else set()


def _stage(channel: str, page: PullPage, rows: list[replica_rows.Row]) -> None:
    keyed = with_keys(rows)
    keyed = replica_rows.shortened(keyed) if channel == "sales" else keyed
    n = db.execute("SELECT coalesce(max(n), 0) + 1 FROM pull_page WHERE channel = ?", (channel,)).fetchone()[0]
    body = json.dumps(keyed, ensure_ascii=False)
    db.execute(
        "INSERT INTO pull_page (channel, n, epoch, snapshot, since, cursor, mark, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (channel, n, page.epoch, page.snapshot, page.since, page.cursor, page.mark, body),
    )


def with_keys(rows: Iterable[replica_rows.Row]) -> tuple[replica_rows.Row, ...]:
    """Rows with their folded columns, which need no database."""
    return tuple(replica_rows.with_keys(str(row["type"]), row) for row in rows)


def _staged(channel: str) -> list[list[replica_rows.Row]]:
    pages = db.execute("SELECT body FROM pull_page WHERE channel = ? ORDER BY n", (channel,)).fetchall()
    return [json.loads(body) for (body,) in pages]


def _swap(channel: str, page: PullPage, rows: list[replica_rows.Row], *, arriving: bool = False) -> None:
    """Rows, cursor and the moves they end, at once. `arriving` parts were prepared and are only shown."""
    another_epoch = state.get(f"{channel}.epoch") != page.epoch
    since = 0 if another_epoch or page.snapshot else cursor(channel)
    state.put(f"{channel}.cursor", page.cursor)
    marks.put_cursor(channel, page.mark)
    state.put(f"{channel}.epoch", page.epoch)
    state.put(f"{channel}.as_of", db.now_text())
    if page.snapshot:
        state.forget(f"{channel}.renew")
        quarantine.complete(channel)
    transports.cover(channel)
    if again := quarantine.later(channel):
        rows = [row for row in rows if row["id"] not in again]
        part_staging.drop(again)
    came = [*(str(row["id"]) for row in rows), *(part_staging.ids() if arriving else ())]
    quarantine.came(channel, came)
    unnamed = quarantine.has_unnamed(channel)
    if unnamed:
        counted = (*moves.TABLES[channel][:2], another_epoch) if channel in moves.TABLES else None
        types = replica_rows.types_of(channel)
        quarantine.suspect(channel, types, counted, came, (page.epoch, since, page.cursor))
    # a row without an id may be any: no record is given up for it
    snapshot, spared = page.snapshot and not unnamed, quarantine.fresh(channel)
    held = withheld_figures.in_doubt(channel)
    rows = withheld_figures.hold(channel, rows, held, arriving=arriving) if held else rows
    # without rows, too: a cursor that moves on may be all that an answered request was waiting for
    empty: dict[str, list[replica_rows.Row]] = {type: [] for type in replica_rows.types_of(channel)}
    pulled = empty | replica_rows.by_type(rows)
    with large_cache(len(rows)):
        for type, of_type in pulled.items():
            if type == "item" and arriving:
                part_staging.show(snapshot=snapshot, spared=spared)
                continue
            replica_rows.store(type, of_type, snapshot=_is_whole(type, snapshot), spared=spared)
            conflicts.follow(type, of_type)
        if channel == "sales" and snapshot:
            replica_rows.sweep_documents(rows, spared)
    state.forget(f"{channel}.lacking")
    drop_staging(channel)
    reopen = another_epoch or withheld_figures.must_reopen(channel)
    moves.end(channel, reopen=reopen)
    withheld_figures.stored(channel, held, reopen=reopen, whole=page.snapshot)
    if channel == "inventory":
        arrivals.look()


def _is_whole(type: str, snapshot: bool) -> bool:
    """Tell whether rows are all that the server has of a type: a snapshot of one that does not know it has none."""
    return snapshot and (type not in precedence.LATER_TYPES or abilities.knows(type))


@contextmanager
def large_cache(rows: int) -> Iterator[None]:
    """A page cache in which a swap of so many rows fits with its indexes."""
    if rows > MANY:
        db.execute("PRAGMA cache_size = -131072")
    yield
    if rows > MANY:
        db.execute("PRAGMA cache_size = -16000")


# --- results -------------------------------------------------------------------------------------------

_TAKEN = {"applied", "applied_flagged"}
_ANSWERED = {"applied", "applied_flagged", "conflict", "rejected", "key_reuse"}


def answers(result: Result | None) -> bool:
    """Tell whether this says what became of a change. Being put off ("retry") says nothing: where its call travelled
    twice, the other copy may have been taken."""
    return result is not None and result.status in _ANSWERED


def deliver(results: Mapping[str, Result], answer_epoch: str, *, policies: Mapping[str, str] | None = None) -> set[str]:
    """Store the server's answers to changes, as they come; the nouns that have new rows.

    An answer of the present epoch replaces one of an older; a second answer to the same change in the same
    epoch is the same answer and changes nothing. The same answer from another epoch changes nothing but its place:
    what a person or a policy has made of it stands.
    """
    if answer_epoch == epoch():
        marks.hear((result.seq, result.mark) for result in results.values())
    nouns: set[str] = set()
    settled: set[str] = set()
    tick = transports.next_tick() if results else 0
    doubtful = frozenset[str]()
    if answer_epoch != transports.LISTS:
        doubtful = refusal_doubts.pending()
    elif results:
        transports.note_answers()
    for change_id, result in results.items():
        row = db.execute(
            "SELECT type, record_id, kind, label, lane, answered_at, result_epoch, result FROM outbox"
            " WHERE change_id = ?",
            (change_id,),
        ).fetchone()
        if row is None or (row[5] is not None and row[6] == answer_epoch):
            continue
        type, record_id, kind, label, lane, _, _, before = row
        if result.status == "retry":
            outbox.postpone(change_id, max(1.0, result.after or 30))
            continue
        if not answers(result):
            outbox.failed([change_id], "error.sync.unknown_status")
            outbox.postpone(change_id, 60)
            continue
        if change_id in doubtful and not refusal_doubts.settle(change_id, result):
            nouns |= {"queue"}
            continue
        text = _text(result)
        again = before == text
        _answer(change_id, result, text, answer_epoch, tick, lane=lane if again else _lane_after(result))
        if again:
            continue
        nouns |= {"queue", replica_rows.NOUNS.get(type, "sales")}
        if kind in precedence.FACTS:
            _flag_sale(record_id, result)
            if result.status == "rejected" and abilities.refused(change_id, kind, result.code):
                attention.retry(change_id)
            elif result.status == "key_reuse" and abilities.reword(change_id, kind):
                sync_unconfirmed.reopen([change_id])
        else:
            if type == "item" and result.status in _TAKEN:
                outbox.keep_unsaid(change_id, result)
            nouns |= conflicts.settle(change_id, type, record_id, label, result, answer_epoch, policies or {})
            if result.status == "rejected" and (
                abilities.is_unknown(type, result.code) or abilities.is_too_fine(change_id, kind, result.code)
            ):
                attention.retry(change_id)
            replica_rows.rebase(type, record_id)
            settled.add(record_id)
    if results:
        db.execute(
            "DELETE FROM single WHERE EXISTS (SELECT 1 FROM outbox"
            " WHERE outbox.change_id = single.change_id AND answered_at IS NOT NULL)"
        )
        for channel in moves.TABLES:
            moves.end_answered(channel, results, settled)
            withheld_figures.release(channel)
    return nouns


def _answer(change_id: str, result: Result, text: str, answer_epoch: str, tick: int, *, lane: str) -> None:
    db.execute(
        "UPDATE outbox SET answered_at = ?, status = ?, result_epoch = ?, result_seq = ?, result = ?, lane = ?,"
        " tick = ?, not_before = NULL WHERE change_id = ?",
        (
            db.now_text(),
            result.status,
            answer_epoch,
            result.seq,
            text,
            lane,
            tick,
            change_id,
        ),
    )


_RESULT_FIELDS = tuple(field.name for field in fields(Result) if field.name != "mark")


def _text(result: Result) -> str:
    """An answer as the journal keeps it. `asdict` would copy all that is in it first, for each of ten thousand."""
    return json.dumps({name: getattr(result, name) for name in _RESULT_FIELDS}, ensure_ascii=False)


def _lane_after(result: Result) -> str:
    """Refused and flagged changes wait for a person; a conflict does so only where a field asks for one."""
    return "attention" if result.status in ("rejected", "key_reuse", "applied_flagged") else "done"


def _flag_sale(sale_id: str, result: Result) -> None:
    if result.flags:
        db.execute("UPDATE sale SET flags = ? WHERE id = ?", (" ".join(result.flags), sale_id))
