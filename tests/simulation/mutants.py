"""Known mistakes, planted in the real code for the length of a run: a simulation that does not find them is blind.

Each mutant names what other systems have shipped, and replaces as little as it takes to ship it again. Nothing
of this is in the program: a mutant patches functions of loaded modules and puts them back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from clutch_tui.core import accounts, cash, money, orders, receipts, refunds, sales, state
from clutch_tui.core.database import db
from clutch_tui.core.outbox import outbox, overlay, requests
from clutch_tui.core.outbox.messages import PullState
from clutch_tui.core.sync import (
    confirmations,
    conflicts,
    documents,
    moves,
    part_staging,
    replica,
    replica_rows,
    unconfirmed,
)
from clutch_tui.core.sync.fallback import single_writes
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.socket import websocket
from clutch_tui.net.sync import messages, record_calls, transport
from clutch_tui.net.sync.engine import SyncEngine
from clutch_tui.net.sync.fallback.single_writes import SingleWrites
from clutch_tui.net.sync.restore_check import RestoreCheck
from clutch_tui.net.sync.sync_calls import SyncCalls
from clutch_tui.sandbox import changes as server_changes
from clutch_tui.sandbox import database as server_database
from clutch_tui.sandbox import epochs, maintenance, pages, payload, rest_lists, rest_sync
from clutch_tui.sandbox import facts as server_facts
from clutch_tui.sandbox import orders as server_orders
from clutch_tui.sandbox import records as server_records

from . import (
    changing_mutants,
    exchange_mutants,
    lost_sale_mutants,
    order_mutants,
    price_level_mutants,
    quantity_mutants,
    queue_mutants,
    quotation_mutants,
    special_order_mutants,
    writing_mutants,
)
from .planting import MUTANTS, mutant, planted
from .planting import put as _put
from .terminal import Terminal

__all__ = [
    "MUTANTS",
    "changing_mutants",
    "exchange_mutants",
    "lost_sale_mutants",
    "order_mutants",
    "planted",
    "price_level_mutants",
    "quantity_mutants",
    "queue_mutants",
    "quotation_mutants",
    "special_order_mutants",
    "writing_mutants",
]


# --- the server ------------------------------------------------------------------------------------------


@mutant
def no_ledger(stack: ExitStack) -> None:
    """The server does not remember what it has applied: every retry counts again."""
    _put(stack, server_changes.ledger, "find", lambda *args: None)
    # a second row under the same id takes the place of the first, as where nothing is remembered
    execute = server_database.Reading.execute

    def forgetful(self: Any, sql: str, values: Any = ()) -> Any:
        return execute(self, sql.replace("INSERT INTO ledger", "INSERT OR REPLACE INTO ledger"), values)

    _put(stack, server_database.Reading, "execute", forgetful)


@mutant
def no_floor(stack: ExitStack) -> None:
    """Tombstones are purged and nobody is told."""

    def purge(database: Any, *args: Any) -> int:
        purged = before(database, *args)
        with database.writing() as transaction:
            transaction.execute("UPDATE shop SET floor = 0")
        return purged

    before = _put(stack, maintenance, "purge", purge)


@mutant
def resync_loop(stack: ExitStack) -> None:
    """The floor holds for the later pages of a snapshot, too: it starts again for ever."""

    def read(reading: Any, shop_id: str, collection: str, pull: Any) -> Any:
        page = before(reading, shop_id, collection, pull)
        if pull.snapshot and 0 < pull.cursor < int(reading.shop(shop_id)["floor"]):
            return replace(page, changes=[], cursor=pull.cursor, reset="floor")
        return page

    before = _put(stack, pages, "read", read)


@mutant
def snapshot_skips_floor(stack: ExitStack) -> None:
    """The floor does not hold for snapshots: a part that is deleted and purged between two pages stays for ever."""

    def read(reading: Any, shop_id: str, collection: str, pull: Any) -> Any:
        if not pull.snapshot:
            return before(reading, shop_id, collection, pull)
        shop = reading.shop
        reading.shop = lambda id: {**dict(shop(id)), "floor": 0}
        try:
            return before(reading, shop_id, collection, pull)
        finally:
            del reading.shop

    before = _put(stack, pages, "read", read)


@mutant
def clock_cursor(stack: ExitStack) -> None:
    """Rows are found by the time of their last change, on clocks that differ by seconds."""
    moments: dict[int, str] = {0: ""}

    def now(self: Any) -> str:
        skew = self.rng.uniform(-5, 5)
        return payload.to_text(self.settings.clock.now() + timedelta(seconds=skew))

    def by_time(reading: Any, shop_id: str, cursor: int, since: int | None, limit: int) -> list[Any]:
        rows = before(reading, shop_id, 0, since, 10**6)
        moments[int(reading.shop(shop_id)["counter"])] = reading.now
        page = sorted((row for row in rows if row["updated_at"] > moments.get(cursor, "")), key=_moment)[:limit]
        if len(page) == limit > 1:
            moments[page[-2]["seq"]] = page[-2]["updated_at"]
        return page

    before = pages._COLLECTIONS["inventory"]
    stack.enter_context(patch.dict(pages._COLLECTIONS, {"inventory": by_time}))
    stack.enter_context(patch.object(server_database.Database, "now", property(now)))


def _moment(row: Any) -> str:
    return str(row["updated_at"])


@mutant
def blind_merge(stack: ExitStack) -> None:
    """The server writes every field that it is sent, whatever its writer saw."""
    _put(stack, server_records, "_contested", lambda *args: False)


# --- what is sent and what becomes of it -----------------------------------------------------------------


@mutant
def fresh_key(stack: ExitStack) -> None:
    """Every attempt goes out under an id of its own."""
    numbers = itertools.count()

    def write_change(change: Any) -> dict[str, Any]:
        return before(change) | {"change_id": f"{change.change_id}#{next(numbers)}"}

    def read_sync(data: Any, here: Any, types: Any) -> Any:
        for results in (data["results"], data["confirmed"]):
            for key in [key for key in results if "#" in key]:
                results[key.partition("#")[0]] = results.pop(key)
        return understood(data, here, types)

    before = _put(stack, messages, "write_change", write_change)
    understood = _put(stack, messages, "read_sync", read_sync)


@mutant
def drop_401(stack: ExitStack) -> None:
    """What was in a call that ended in 401 is forgotten."""

    async def call_failed(self: Any, channel: Any, changes: Any, error: ApiError) -> bool:
        if error.kind in (Kind.UNAUTHORIZED, Kind.SIGNED_OUT):
            await self._store.run(_forget, [change.change_id for change in changes])
        return bool(await before(self, channel, changes, error))

    before = _put(stack, SyncCalls, "_call_failed", call_failed)


@mutant
def drop_after_3(stack: ExitStack) -> None:
    """After three failures a change is given up."""

    def failed(change_ids: Any, error: str) -> None:
        before(change_ids, error)
        worn = db.execute("SELECT change_id FROM outbox WHERE attempts >= 3 AND answered_at IS NULL").fetchall()
        _forget([row[0] for row in worn])

    before = _put(stack, outbox, "failed", failed)


def _forget(change_ids: list[str]) -> None:
    for change_id in change_ids:
        for table in ("outbox", "stock_move", "account_move"):
            db.execute(f"DELETE FROM {table} WHERE change_id = ?", (change_id,))


@mutant
def no_quarantine(stack: ExitStack) -> None:
    """A change on which the server breaks is tried for ever, in front of all others."""
    _put(stack, outbox, "failed_alone", lambda change_id: False)


@mutant
def no_recheck(stack: ExitStack) -> None:
    """A restored server is asked for its rows, and not for what it has lost."""
    _put(stack, unconfirmed, "_recheck", lambda limit: [])


@mutant
def split_tx(stack: ExitStack) -> None:
    """The sale in one transaction, what is to be sent of it in the next."""
    later: list[Callable[[], object]] = []

    def add(kind: str, type: str, record_id: str, body: Any, **options: Any) -> str:
        if kind != "sale":
            return str(before(kind, type, record_id, body, **options))
        change_id = db.new_id()
        later.append(lambda: before(kind, type, record_id, body, **(options | {"change_id": change_id})))
        return change_id

    def do(self: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        later.clear()
        done = in_one(self, function, *args, **kwargs)
        for one in later:
            in_one(self, one)
        return done

    before = _put(stack, sales.outbox, "add", add)
    in_one = _put(stack, Terminal, "do", do)


# --- what is stored --------------------------------------------------------------------------------------


@mutant
def ignore_epoch(stack: ExitStack) -> None:
    """Nobody looks at the epoch: a restored server goes on where the old one was."""

    def check(database: Any, shop_id: str, sync: Any) -> Any:
        with database.reading() as reading:
            return checked(database, shop_id, replace(sync, epoch=epochs.present(reading, shop_id)))

    def read_sync(data: Any, here: Any, types: Any) -> Any:
        return understood(data if here.epoch is None else data | {"epoch": here.epoch}, here, types)

    def since(database: Any, shop_id: str, what: Any, pull: Any, epoch: str | None) -> Any:
        return listed(database, shop_id, what, pull, None)

    def tracked(channel: str, here: Any, data: Any) -> Any:
        return tracked_before(channel, here, data if here.epoch is None else data | {"epoch": here.epoch})

    checked = _put(stack, rest_sync, "check", check)
    _put(stack, epochs, "_holds", lambda reading, shop_id, place: True)
    understood = _put(stack, messages, "read_sync", read_sync)
    listed = _put(stack, rest_lists, "_since", since)
    tracked_before = _put(stack, record_calls, "_tracked", tracked)


@mutant
def overtaken_unseen(stack: ExitStack) -> None:
    """Numbers without marks: a server that was put back counts on, and nobody sees that it is another history."""
    _put(stack, server_database.Reading, "mark_of", lambda self, shop_id, seq: None)


@mutant
def beginning_without_mark(stack: ExitStack) -> None:
    """Nobody can tell in which history a snapshot began: the marks of its pages are older than that."""

    def wire(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = before(self)
        return {name: value for name, value in told.items() if name != "since_mark"}

    before = _put(stack, pages.Page, "wire", wire)


@mutant
def never_looks_back(stack: ExitStack) -> None:
    """A server without marks is not asked whether it still has what it has confirmed."""
    _put(stack, confirmations, "to_ask_about", lambda: ())


@mutant
def deaf_for_good(stack: ExitStack) -> None:
    """A server without marks that names nothing when it is asked first is never asked again."""

    def to_ask_about() -> tuple[str, ...]:
        return () if state.get("confirmations.deaf") is not None else before()

    def heard(asked: Any, known: Any) -> str:
        if (verdict := judge(asked, known)) == "silent":
            state.put("confirmations.deaf", 1)
        return str(verdict)

    before = _put(stack, confirmations, "to_ask_about", to_ask_about)
    judge = _put(stack, confirmations, "heard", heard)


@mutant
def old_answer_settles(stack: ExitStack) -> None:
    """What a server has said on one connection is believed on the next, where its answer comes late enough."""

    async def go(self: RestoreCheck) -> None:
        asked_at = self._asked_at
        await before(self)
        self._is_new &= self._asked_at == asked_at

    before = _put(stack, RestoreCheck, "go", go)


@mutant
def mixed_epoch_pages(stack: ExitStack) -> None:
    """A pull that began before a restore goes on with the pages of the new epoch."""

    def new_epoch(value: str) -> None:
        state.put("epoch", value)
        db.execute("UPDATE pull_page SET epoch = ?", (value,))

    _put(stack, replica, "new_epoch", new_epoch)


@mutant
def partial_page(stack: ExitStack) -> None:
    """Every page becomes visible as it comes."""

    def store_page(channel: str, page: Any) -> set[str]:
        if not page.more:
            return set(before(channel, page))
        state.put(f"{channel}.cursor", page.cursor)
        state.put(f"{channel}.epoch", page.epoch)
        for type, rows in replica_rows.by_type(page.rows).items():
            replica_rows.store(type, rows, snapshot=False)
        moves.end(channel, reopen=False)
        return {channel}

    before = _put(stack, replica, "_store_page", store_page)


@mutant
def cursor_first(stack: ExitStack) -> None:
    """The cursor in one transaction, the rows in the next."""

    async def stored(self: Any, channel: str, understood: Any, page: Any, asked: Any) -> None:
        if page is not None and not page.more and await self._store.read(replica._expected, channel, page):
            await self._store.run(state.put, f"{channel}.cursor", page.cursor)
        await before(self, channel, understood, page, asked)

    before = _put(stack, SyncCalls, "_stored", stored)
    _put(stack, replica, "_expected", lambda channel, page: True)


@mutant
def sticky_snapshot(stack: ExitStack) -> None:
    """A snapshot that broke off leaves its mode behind: the next pull from the cursor is taken for a whole one."""

    async def call_failed(self: Any, channel: str, changes: Any, error: ApiError) -> bool:
        await self._store.run(break_off, channel)
        return bool(await before(self, channel, changes, error))

    def break_off(channel: str) -> None:
        if replica.pull_state(channel).snapshot and replica.cursor(channel):
            replica.drop_staging(channel)
            state.put(f"{channel}.epoch", replica.epoch() or "")
            state.put(f"{channel}.sticky", 1)

    def pull_state(channel: str) -> PullState:
        here: PullState = usual(channel)
        return replace(here, snapshot=True) if state.get(f"{channel}.sticky") and not here.snapshot else here

    before = _put(stack, SyncCalls, "_call_failed", call_failed)
    usual = _put(stack, replica, "pull_state", pull_state)


@mutant
def pend_on_ack(stack: ExitStack) -> None:
    """An own movement ends when its answer comes, before the figure that contains it."""

    def answer(change_id: str, *args: Any, **options: Any) -> None:
        before(change_id, *args, **options)
        db.execute("UPDATE stock_move SET open = 0 WHERE change_id = ?", (change_id,))

    before = _put(stack, replica, "_answer", answer)


@mutant
def absolute_qty(stack: ExitStack) -> None:
    """The server's figure replaces the own movements of a part, whether it contains them or not."""

    def store(type: str, rows: Any, **options: Any) -> None:
        before(type, rows, **options)
        for row in rows if type == "item" else ():
            db.execute("UPDATE stock_move SET open = 0 WHERE part_id = ?", (row["id"],))

    before = _put(stack, replica_rows, "store", store)

    def show(**options: Any) -> None:
        shown(**options)
        db.execute("UPDATE stock_move SET open = 0")

    shown = _put(stack, part_staging, "show", show)


@mutant
def no_questions(stack: ExitStack) -> None:
    """Rows are stored although a lost answer may hide in them."""

    def offer(**options: Any) -> Any:
        return replace(before(**options), unanswered=(), complete=True)

    before = _put(stack, unconfirmed, "offer", offer)


@mutant
def no_overlay(stack: ExitStack) -> None:
    """A pull writes the server's row over what a person is waiting to send."""
    _put(stack, overlay, "kept", lambda type: set())


@mutant
def lost_conflict(stack: ExitStack) -> None:
    """What a person should decide is not written down."""
    _put(stack, conflicts, "_keep", lambda *args: None)


@mutant
def balance_on_ack(stack: ExitStack) -> None:
    """A payment on account ends with its answer, before the balance that contains it."""

    def answer(change_id: str, *args: Any, **options: Any) -> None:
        before(change_id, *args, **options)
        db.execute("UPDATE account_move SET open = 0 WHERE change_id = ?", (change_id,))

    before = _put(stack, replica, "_answer", answer)


@mutant
def unasked_balance(stack: ExitStack) -> None:
    """A list of customers is stored although a payment whose answer was lost may be in it."""
    _put(stack, moves, "unsure", lambda channel: False)


@mutant
def unknown_is_answer(stack: ExitStack) -> None:
    """A status that this program has never heard of is taken for an answer: what was to be done later is never done.

    It stands for another mistake at the same door, that the rows of a call are stored though a change in it was put
    off: nobody can see that one, since no call any more carries changes of parts and brings their rows, and the rows
    of sales move no stock.
    """
    _put(stack, replica, "answers", lambda result: result is not None)


@mutant
def snapshot_forgets_pending(stack: ExitStack) -> None:
    """A snapshot sweeps away what was made here and is not at the server yet."""

    def kept(type: str) -> set[str]:
        made = "SELECT record_id FROM outbox WHERE kind = 'create' AND answered_at IS NULL"
        new = {row[0] for row in db.execute(made).fetchall()}
        db.executemany("DELETE FROM base_record WHERE id = ?", [(record_id,) for record_id in new])
        return before(type) - new

    before = _put(stack, overlay, "kept", kept)
    _put(stack, replica_rows, "keep_before_snapshot", lambda type: None)


@mutant
def stale_base(stack: ExitStack) -> None:
    """What a policy or a person decides is sent again on the version that was in conflict already."""

    def write_again(type: str, record_id: str, label: str, name: str, value: Any, *rest: Any) -> None:
        theirs, _, epoch = rest
        before(type, record_id, label, name, value, theirs, 0, epoch)

    before = _put(stack, conflicts, "_write_again", write_again)


@mutant
def eyes_of_the_row(stack: ExitStack) -> None:
    """A form that was open for long is saved as if its person had seen what stands in the row by now."""

    def update(type: str, record_id: str, changed: Any, was: Any, keys: Any, *, seen: Any, label: str) -> None:
        present = overlay.current(type, record_id) or {}
        shown = {name: present.get(name, was[name]) for name in was}
        row = replace(seen, version=present.get("version", 0), epoch=requests.epoch_seen(type))
        before(type, record_id, changed, shown, keys, seen=row, label=label)

    before = _put(stack, requests, "update", update)


@mutant
def silent_refusal(stack: ExitStack) -> None:
    """What the server refuses goes into the journal, and nobody is told."""
    _put(stack, replica, "_lane_after", lambda result: "done")


@mutant
def cash_stays(stack: ExitStack) -> None:
    """The cash of a voided sale stays in the drawer's books."""

    def record(kind: str, *args: Any, **options: Any) -> None:
        if kind != "void":
            before(kind, *args, **options)

    before = _put(stack, cash, "record", record)


@mutant
def credit_return_sign(stack: ExitStack) -> None:
    """What goes back on account is added to the debt."""

    def write(document: Any) -> Any:
        written = before(document)
        db.execute("UPDATE account_move SET amount = abs(amount) WHERE kind = 'return'")
        return written

    before = _put(stack, receipts, "write", write)


@mutant
def return_over_refund(stack: ExitStack) -> None:
    """What goes back in cash is rounded to the coin, and nobody looks whether so much had come in."""
    _put(stack, refunds, "_in_cash", lambda owed, most, coin: money.to_coin(owed, coin))


@mutant
def checkout_ignores_discount(stack: ExitStack) -> None:
    """A cart that was changed only in its discount counts as the sale that was made of it before."""

    def is_of(sale: Any, cart: Any) -> bool:
        sold = [(line.part_id, line.quantity, line.price) for line in sale.lines]
        wanted = [(line.part_id, line.quantity, line.price) for line in cart.lines]
        return sale.customer_id == cart.customer_id and sold == wanted

    _put(stack, sales, "is_of", is_of)


@mutant
def paid_back_twice(stack: ExitStack) -> None:
    """The server counts a payment as taken back once for each till that takes it back."""
    usual = server_facts.is_undone

    def is_undone(transaction: Any, document_id: str, kind: str) -> bool:
        return kind != "payment_void" and bool(usual(transaction, document_id, kind))

    _put(stack, server_facts, "is_undone", is_undone)


@mutant
def hidden_payment_void(stack: ExitStack) -> None:
    """A payment that was taken back stays off the debt at the till that took it back, until the server tells."""

    def write(kind: str, *args: Any, **options: Any) -> None:
        before(kind, *args, **options)
        if kind == "payment_void":
            db.execute("DELETE FROM account_move WHERE change_id = ?", (args[0],))

    before = _put(stack, accounts, "_write", write)


@mutant
def unread_documents(stack: ExitStack) -> None:
    """The payments of other tills are in the balance and in no line of the statement."""
    _put(stack, documents, "store", lambda rows: None)


@mutant
def forgotten_quote(stack: ExitStack) -> None:
    """The server's quote is thrown away when the order comes in: it is sold at the prices of the shelf."""
    _put(stack, orders, "quote_text", lambda quote: None)
    _put(stack, orders, "_own_quote", lambda order_id: None)


@mutant
def promised_twice(stack: ExitStack) -> None:
    """The server lets an order be accepted that another terminal has accepted."""
    _put(stack, server_orders, "OPEN", (*server_orders.OPEN, "accepted"))


@mutant
def deaf_to_pong(stack: ExitStack) -> None:
    """A lost last event is not noticed: nobody compares counters."""

    async def compare(self: Any, pong: Any) -> None:
        self._is_ours = True

    _put(stack, websocket.Socket, "_compare", compare)


@mutant
def first_call_tries(stack: ExitStack) -> None:
    """While the circuit is open, the one call that may try is always the first of a round, broken by itself or not."""

    async def trust(self: Any) -> None:
        return None

    _put(stack, SyncEngine, "_try_line", trust)


@mutant
def one_list_stops_all(stack: ExitStack) -> None:
    """Nothing about people goes up while one of their lists is broken that has never been read."""

    async def learn(self: Any) -> Any:
        if failed := await before(self):
            raise next(iter(failed.values()))
        return failed

    before = _put(stack, transport.Transports, "_learn", learn)


@mutant
def refused_is_plain(stack: ExitStack) -> None:
    """A list that something on the way refuses once makes a server that syncs one that does not."""
    _put(stack, transport, "_is_synced", lambda: False)


@mutant
def bare_receipts(stack: ExitStack) -> None:
    """Of the sales of other tills only the sums come: their lines and payments are left out."""
    _put(stack, replica_rows, "_store_sale_lines", lambda rows: None)


WITHOUT_SYNC = frozenset({"sent_blindly", "ends_on_answer"})
"""Mistakes of the way without sync: they are looked for in the plain world."""


@mutant
def sent_blindly(stack: ExitStack) -> None:
    """A sale whose answer was lost is sent once more, and nobody looks whether it is there."""

    async def found(self: Any, claimed: Any) -> None:
        return None

    _put(stack, SingleWrites, "_found", found)


@mutant
def ends_on_answer(stack: ExitStack) -> None:
    """Without sync, too, an own movement ends with its answer, before the list that contains it."""

    def finish(change: Any, *args: Any, **options: Any) -> Any:
        nouns = before(change, *args, **options)
        db.execute("UPDATE stock_move SET open = 0 WHERE change_id = ?", (change.change_id,))
        return nouns

    before = _put(stack, single_writes, "finish", finish)


@mutant
def unknown_part_ends(stack: ExitStack) -> None:
    """A movement ends with its number, although the server waits for the part before it counts it."""

    def end(channel: str, *_: object) -> None:
        table, _, _ = moves.TABLES[channel]
        db.execute(
            f"UPDATE {table} SET open = 0 WHERE change_id IN (SELECT change_id FROM outbox"
            " WHERE result_epoch = ? AND result_seq <= ? AND answered_at IS NOT NULL)",
            (state.get(f"{channel}.epoch"), replica.cursor(channel)),
        )

    _put(stack, moves, "_end", end)


@mutant
def no_guard(stack: ExitStack) -> None:
    """A late answer to an earlier request delivers its rows."""
    _put(stack, replica, "_expected", lambda channel, page: True)


@mutant
def forgets_moves(stack: ExitStack) -> None:
    """A movement is thrown away as soon as it is answered, though the rows do not contain it yet."""
    before = replica.deliver

    def deliver(results: Any, answer_epoch: str, **options: Any) -> Any:
        nouns = before(results, answer_epoch, **options)
        db.executemany("DELETE FROM stock_move WHERE change_id = ?", [(one,) for one in results])
        return nouns

    _put(stack, replica, "deliver", deliver)
