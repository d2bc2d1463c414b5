"""What an administrator does to the file: purge tombstones, back it up, restore it."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from . import payload
from .database import Database

_RESTORED = {
    "message": "The server was restored from a backup; terminals send again what it has lost.",
    "message_ar": "السيرفر رجع من نسخة احتياطية، والأجهزة بتبعت تاني اللي ضاع منه.",
    "level": "warning",
}
_BURIED = ("item", "customer", "supplier", "orders")


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


def restore(database: Database) -> str:
    """Put the copy back: everything since is lost, the ledger too, and a new epoch says so.

    The number of the last event is kept: an event after the restore must not carry a number that a terminal
    has seen already. Returns the new epoch.
    """
    if not has_backup(database):
        raise LookupError("there is no backup to restore")
    connection = database.connection()
    epoch = connection.execute("SELECT epoch FROM server").fetchone()[0]
    events = connection.execute("SELECT id, event_seq FROM shop").fetchall()
    copy = _copy_of(database)
    copy.backup(connection)
    if database.settings.db != ":memory:":
        copy.close()
    return _begin(database, epoch + 1, {shop_id: last + 1 for shop_id, last in events})


def begin_epoch(database: Database) -> str:
    """The file turned out to be an older copy: what it has lost is unknown, and so are the events that were told
    of it. Their numbers go on far beyond. Returns the new epoch."""
    with database.reading() as reading:
        epoch = reading.value("SELECT epoch FROM server")
        events = reading.all("SELECT id, event_seq FROM shop")
    return _begin(database, epoch + 1, {row["id"]: row["event_seq"] + 1_000_000 for row in events})


def _begin(database: Database, epoch: int, events: dict[str, int]) -> str:
    with database.writing() as transaction:
        transaction.execute("UPDATE server SET epoch = ?", (epoch,))
        transaction.execute("DELETE FROM event")
        for shop_id, last in events.items():
            transaction.execute("UPDATE shop SET event_seq = ? WHERE id = ?", (last, shop_id))
            transaction.emit("system_message", _RESTORED, shop_id)
    return f"e-{epoch}"
