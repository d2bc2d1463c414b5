"""Moves what was done before a shop was known, whole, to the first shop that is.

A terminal that works alone, or that knows a server and no shop yet, keeps everything in a database of no shop. Where a
second, empty database took its place, the sales in the first would be in no list and never be sent.
"""

from __future__ import annotations

import os
from pathlib import Path

import peewee
from filelock import FileLock

from .. import state
from ..database.presence import Presence
from ..errors import ShopError
from ..outbox import transports
from .store import FindKey, Store, connectable, no_key

PATIENCE = 30.0
"""Seconds to wait for another process that is doing the same."""


def adopt(source: Path, target: Path, find_key: FindKey = no_key, *, shop_id: str = "") -> bool:
    """Make the database of no shop that of a shop; true where it has been done.

    Nothing happens where the shop has a database already, or where the other one was ever bound to a server, unless
    that server has said that it is for this very `shop_id`: its changes belong to that one. Whenever the machine stops,
    the whole database is there under one of the two names.
    Raises `ShopError` `error.store.in_use` where another process has it open: it would go on writing into a file
    whose log has another name.
    """
    with FileLock(f"{source}.adopt.lock", timeout=PATIENCE, mode=0o600):
        if not source.exists() or _exists(target):
            return False
        if _was_bound(source, find_key, shop_id):
            return False
        with Presence(source).alone():
            _fold_log(source, find_key)
            os.replace(source, target)
        return True


def _exists(path: Path) -> bool:
    """A log without its database counts: SQLite would replay it into whatever file gets the name."""
    return path.exists() or path.with_name(f"{path.name}-wal").exists()


def _was_bound(path: Path, find_key: FindKey, shop_id: str) -> bool:
    """Tell whether its work belongs to a shop already, and that is not this one by the server's own word."""
    with Store.open(path, inline=True, find_key=find_key) as store:
        profile = store.read_now(state.setting, "shop.profile") or {}
        if profile_id := str(profile.get("id") or ""):
            return profile_id != shop_id
        return store.read_now(state.get, "epoch") is not None or bool(store.read_now(transports.summary))


def _fold_log(path: Path, find_key: FindKey) -> None:
    """Bring everything into the one file. SQLite leaves the WAL only for the single connection there is, which is
    how we learn of another process; whoever opens the file next turns the WAL on again."""
    db = connectable(path, {"synchronous": "full"}, find_key(path))
    try:
        db.connect()
        mode = db.execute_sql("PRAGMA journal_mode = DELETE").fetchone()[0]
    except peewee.OperationalError as error:
        raise ShopError("error.store.in_use", path=str(path)) from error
    finally:
        db.close()
    if mode != "delete":
        raise ShopError("error.store.in_use", path=str(path))
