"""The file, its one writer, and the transaction in which a change takes its numbers.

Everything below this module is plain synchronous code that is given a `Database`; only `backend.py` knows of
threads. A number of the shop's counter is taken inside BEGIN IMMEDIATE and becomes visible with the commit,
so a reader that has seen number n has seen every number below it.
"""

from __future__ import annotations

import random
import secrets
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from peewee import SqliteDatabase

from clutch_tui.text import fold

from . import models, payload
from .settings import PROTOCOL, Clock, Settings

Row = sqlite3.Row
KEPT_EVENTS = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, committed, on its way to the shop's sockets."""

    shop_id: str
    seq: int
    type: str
    data: str
    head: int
    at: str


class Reading:
    """A connection inside one transaction: every statement sees the same moment."""

    def __init__(self, connection: sqlite3.Connection, now: str) -> None:
        self._connection = connection
        self.now = now

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = Row
        return cursor.execute(sql, values)

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        row: Row | None = self.execute(sql, values).fetchone()
        return row

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        row = self.one(sql, values)
        return row[0] if row else None

    def shop(self, shop_id: str) -> Row:
        row = self.one("SELECT * FROM shop WHERE id = ?", (shop_id,))
        if row is None:
            raise LookupError(shop_id)
        return row

    def mark_of(self, shop_id: str, seq: int) -> str | None:
        """The mark of the transaction that took this number; none for 0, and for what is older than marks."""
        query = "SELECT mark FROM mark WHERE shop_id = ? AND seq >= ? ORDER BY seq LIMIT 1"
        return self.value(query, (shop_id, seq)) if seq > 0 else None


@dataclass(slots=True)
class _Counters:
    head: int
    events: int
    began: int
    """The head before this transaction."""


class Transaction(Reading):
    """A write transaction. `take` hands out the numbers of a shop; `emit` queues an event of a shop.

    Events that are emitted here exist only if the transaction commits, and then without a gap.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        now: str,
        shop_id: str,
        *,
        mark: Callable[[], str],
        moves_stock: bool = True,
    ) -> None:
        super().__init__(connection, now)
        self.shop_id = shop_id
        self.moves_stock = moves_stock
        self._draw_mark = mark
        self._counters: dict[str, _Counters] = {}
        self._emitted: list[tuple[str, str, Any]] = []

    def _of(self, shop_id: str) -> _Counters:
        if shop_id not in self._counters:
            row = self.shop(shop_id)
            self._counters[shop_id] = _Counters(row["counter"], row["event_seq"], row["counter"])
        return self._counters[shop_id]

    def take(self, shop_id: str | None = None) -> int:
        """The next number of the shop's counter; one for every row that is touched."""
        counters = self._of(shop_id or self.shop_id)
        counters.head += 1
        return counters.head

    @property
    def head(self) -> int:
        """The highest number taken so far, by this transaction or before it."""
        return self._of(self.shop_id).head

    @cached_property
    def mark(self) -> str:
        """Return what tells the numbers that this transaction takes from those that another history has given out."""
        return self._draw_mark()

    @property
    def head_mark(self) -> str | None:
        """The mark of `head`."""
        counters = self._of(self.shop_id)
        return self.mark if counters.head > counters.began else self.mark_of(self.shop_id, counters.head)

    def emit(self, kind: str, data: Any, shop_id: str | None = None) -> None:
        self._emitted.append((shop_id or self.shop_id, kind, data))

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._connection.executemany(sql, rows)

    def checkpoint(self) -> tuple[dict[str, int], int]:
        """Return what `roll_back` needs to forget what was taken and emitted since; goes with a savepoint."""
        return {shop_id: counters.head for shop_id, counters in self._counters.items()}, len(self._emitted)

    def roll_back(self, heads: dict[str, int], emitted: int) -> None:
        del self._emitted[emitted:]
        for shop_id in list(self._counters):
            if shop_id in heads:
                self._counters[shop_id].head = heads[shop_id]
            else:
                del self._counters[shop_id]

    def finish(self) -> list[Event]:
        """Write the counters and the events; called once, just before the commit."""
        events = []
        for shop_id, kind, data in self._emitted:
            counters = self._of(shop_id)
            counters.events += 1
            event = Event(shop_id, counters.events, kind, payload.dump(data), counters.head, self.now)
            self.execute(
                "INSERT INTO event (shop_id, seq, type, data, head, at) VALUES (?, ?, ?, ?, ?, ?)",
                (shop_id, event.seq, event.type, event.data, event.head, event.at),
            )
            if event.seq % 100 == 0:
                self.execute("DELETE FROM event WHERE shop_id = ? AND seq <= ?", (shop_id, event.seq - KEPT_EVENTS))
            events.append(event)
        for shop_id, counters in self._counters.items():
            if counters.head > counters.began:
                self.execute(
                    "INSERT INTO mark (shop_id, seq, mark) VALUES (?, ?, ?)", (shop_id, counters.head, self.mark)
                )
            self.execute(
                "UPDATE shop SET counter = ?, event_seq = ? WHERE id = ?",
                (counters.head, counters.events, shop_id),
            )
        return events


@dataclass(slots=True)
class Database:
    """One sandbox's data. Safe to use from any thread; each thread has a connection of its own."""

    settings: Settings
    peewee: SqliteDatabase
    committed: deque[Event] = field(default_factory=deque)
    moves_stock: bool = True
    """False for a server that leaves the stock of a sale to its terminals (`without_sync`)."""
    protocol: int = PROTOCOL
    """The newest version of the protocol that is spoken; 1 for a server that has not learned the second."""
    # The backup of a database in memory; a file's backup lies beside it.
    copy: sqlite3.Connection | None = None

    @property
    def clock(self) -> Clock:
        return self.settings.clock

    @property
    def rng(self) -> random.Random:
        return self.settings.rng

    @property
    def now(self) -> str:
        return payload.to_text(self.settings.clock.now())

    def secret(self, size: int) -> str:
        """Hexadecimal text of `size` random bytes that nobody can foretell. Only a simulation, which has nothing to
        hide, takes them from its own source, so that a seed is one run."""
        if self.settings.inline:
            return f"{self.rng.getrandbits(8 * size):0{2 * size}x}"
        return secrets.token_hex(size)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, opened by peewee with its pragmas."""
        connection: sqlite3.Connection = self.peewee.connection()  # type: ignore[no-untyped-call]
        return connection

    def new_mark(self) -> str:
        """A mark that nobody can guess; in a simulation the next of its own chance, so that a seed is one run."""
        return f"{self.rng.getrandbits(64):016x}" if self.settings.inline else secrets.token_hex(8)

    def new_id(self) -> str:
        return payload.new_id(self.settings.clock.now(), self.rng)

    @contextmanager
    def writing(self, shop_id: str = "") -> Iterator[Transaction]:
        """BEGIN IMMEDIATE ... COMMIT; what was emitted waits in `committed` for the sockets."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(connection, self.now, shop_id, mark=self.new_mark, moves_stock=self.moves_stock)
            yield transaction
            events = transaction.finish()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self.committed.extend(events)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent moment of the data; never waits for the writer."""
        connection = self.connection()
        if connection.in_transaction:
            yield Reading(connection, self.now)
            return
        connection.execute("BEGIN")
        try:
            yield Reading(connection, self.now)
        finally:
            connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close this thread's connection."""
        self.peewee.close()


def open_database(settings: Settings) -> Database:
    """Open the file and make it ready: tables and the server's row. Shops come from `demo_data`."""
    # FULL: an answered change that a power cut takes back would be a restored backup without a new epoch.
    pragmas = {"journal_mode": "wal", "synchronous": "full", "cache_size": -32_000, "temp_store": "memory"}
    connection = SqliteDatabase(settings.db, pragmas=pragmas, timeout=10)
    models.create_tables(connection)
    database = Database(settings, connection)
    with database.writing() as transaction:
        if transaction.one("SELECT 1 FROM server") is None:
            transaction.execute("INSERT INTO server (secret, epoch) VALUES (?, 1)", (database.secret(32),))
        _fold_anew(transaction)
        _count_in_thousandths(transaction)
    return database


def _count_in_thousandths(transaction: Transaction) -> None:
    """A file from before parts had a unit holds whole units."""
    if any(row["name"] == "unit" for row in transaction.all("PRAGMA table_info(item)")):
        return
    transaction.execute("ALTER TABLE item ADD COLUMN unit VARCHAR(255) NOT NULL DEFAULT 'C62'")
    transaction.execute("ALTER TABLE item ADD COLUMN decimals INTEGER NOT NULL DEFAULT 0")
    transaction.execute("UPDATE item SET stock_quantity = stock_quantity * 1000, min_stock = min_stock * 1000")
    transaction.execute("UPDATE sale_line SET quantity = quantity * 1000")
    transaction.execute("UPDATE stock_move SET delta = delta * 1000")


def _fold_anew(transaction: Transaction) -> None:
    """Keys that a file holds from before the fold's rules changed; a key folded again is folded by both."""
    if transaction.value("PRAGMA user_version") == fold.VERSION:
        return
    for table in ("item", "customer", "supplier", "price_rule", "orders", "sale"):
        rows = transaction.all(f"SELECT rowid, search_key FROM {table}")
        keys = [(fold.fold(row["search_key"]), row["rowid"]) for row in rows]
        transaction.execute_many(f"UPDATE {table} SET search_key = ? WHERE rowid = ?", keys)
    transaction.execute(f"PRAGMA user_version = {fold.VERSION}")
