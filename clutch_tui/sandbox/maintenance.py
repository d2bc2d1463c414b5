"""The work of an administrator on the file: purge tombstones, back it up, restore it."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from . import epochs, payload
from .database import Database

_BURIED = ("item", "customer", "supplier", "price_rule", "orders")


def purge(database: Database, older_than: timedelta = timedelta(0)) -> int:
    """Forget tombstones; the floor rises to the highest of them. Returns how many."""
    limit = payload.to_text(datetime.fromisoformat(database.now) - older_than)
    purged = 0
    with database.reading() as reading:
        shops = [row["id"] for row in reading.all("SELECT id FROM shop ORDER BY id")]
    for shop_id in shops:
        with database.writing(shop_id) as transaction:
            floor = 0
            for table in _BURIED:
                where = "shop_id = ? AND deleted = 1 AND updated_at <= ?"
                row = transaction.one(
                    f"SELECT COUNT(*) AS n, MAX(seq) AS seq FROM {table} WHERE {where}", (shop_id, limit)
                )
                assert row is not None
                purged += row["n"]
                floor = max(floor, row["seq"] or 0)
                transaction.execute(f"DELETE FROM {table} WHERE {where}", (shop_id, limit))
            transaction.execute(
                "UPDATE shop SET floor = CASE WHEN floor < ? THEN ? ELSE floor END WHERE id = ?",
                (floor, floor, shop_id),
            )
    return purged


def _copy_of(database: Database) -> sqlite3.Connection:
    if database.settings.db == ":memory:":
        database.copy = database.copy or sqlite3.connect(":memory:")
        return database.copy
    return sqlite3.connect(f"{database.settings.db}.backup")


def has_backup(database: Database) -> bool:
    if database.settings.db == ":memory:":
        return database.copy is not None
    return Path(f"{database.settings.db}.backup").exists()


def backup(database: Database) -> None:
    """Copy the whole file as it stands; an older copy is replaced."""
    copy = _copy_of(database)
    database.connection().backup(copy)
    if database.settings.db != ":memory:":
        copy.close()


def put_back(database: Database) -> None:
    """Put the copy back as one does who knows nothing of epochs: nobody is told that everything since is lost."""
    if not has_backup(database):
        raise LookupError("there is no backup to restore")
    copy = _copy_of(database)
    copy.backup(database.connection())
    if database.settings.db != ":memory:":
        copy.close()


def restore(database: Database) -> str:
    """Put the copy back: everything since is lost, the ledger too, and a new epoch says so.

    The number of the last event is kept: an event after the restore must not carry a number that a terminal
    has seen already. Returns the new epoch.
    """
    with database.reading() as reading:
        events = {row["id"]: row["event_seq"] + 1 for row in reading.all("SELECT id, event_seq FROM shop ORDER BY id")}
        least = 1 + max((epochs.count(reading, shop_id) for shop_id in events), default=0)
    put_back(database)
    with database.writing() as transaction:
        for shop_id, last in events.items():
            if transaction.one("SELECT 1 FROM shop WHERE id = ?", (shop_id,)):
                epochs.open_epoch(transaction, shop_id, last, least=least)
    return f"e-{least}"
