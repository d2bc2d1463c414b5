"""Tells apart the faults of a database's file: a full disk, a broken one, one that can only be read, a file that is
another's, held by somebody, or damaged.

SQLite has one word for many of them (`unable to open database file`, `disk I/O error`), so the disk is looked at, too.
A person who is told "full" frees space, and one who is told "lost key" throws a good shop away.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import ShopError

FULL, BROKEN = "error.store.full", "error.store.broken"
READ_ONLY, FORBIDDEN = "error.store.readonly", "error.store.forbidden"
UNSURE = "error.store.unsure"
"""The disk has failed while something was saved, and does not say whether it has it."""
BUSY, DAMAGED, EMPTIED = "error.store.busy", "error.store.unreadable", "error.store.emptied"

OF_THE_DISK = frozenset({FULL, BROKEN, READ_ONLY, FORBIDDEN})
"""Faults of the place, not of the file: nothing is known of what is in it."""

LEAST_ROOM = 1 << 20
"""Bytes of room below which a disk counts as full."""

_NUMBERS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), FULL),
    **dict.fromkeys((errno.EIO, errno.ENXIO, errno.ENODEV, errno.EUCLEAN), BROKEN),
    errno.EROFS: READ_ONLY,
    **dict.fromkeys((errno.EACCES, errno.EPERM), FORBIDDEN),
}


def of_system(error: OSError, path: Path) -> ShopError | None:
    """Return the system's error as one that has a sentence; None for one that is no fault of a disk."""
    key = _NUMBERS.get(error.errno or 0)
    return None if key is None else ShopError(key, path=str(path))


def of_sqlite(error: BaseException, path: Path) -> ShopError | None:
    """Return SQLite's error, or what stands behind it, as one that has a sentence; None where there is none for it.

    On a full disk SQLite rolls back by itself; what arrives is that there is nothing left to roll back, and the disk
    stands behind it.
    """
    for cause in _and_before(error):
        if (key := _key(cause, path)) is not None:
            return ShopError(key, path=str(path))
    return None


def is_emptied(path: Path) -> bool:
    """Tell whether a file of no length lies there. A new database takes its name when it is whole, so this one has lost
    what was in it."""
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return False


def _and_before(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _key(error: BaseException, path: Path) -> str | None:
    if isinstance(error, OSError):
        return _NUMBERS.get(error.errno or 0)
    code, text = _code(error), str(error)
    if code == sqlite3.SQLITE_FULL or "disk is full" in text:
        return FULL
    if code == sqlite3.SQLITE_IOERR or "disk I/O error" in text:
        return _of_place(path) or _probed(path) or BROKEN
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM) or "readonly" in text:
        return _of_place(path) or FORBIDDEN
    if code == sqlite3.SQLITE_CANTOPEN or "unable to open" in text:
        return _of_place(path) or FORBIDDEN
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or "locked" in text:
        return BUSY
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "malformed" in text or "not a database" in text:
        return DAMAGED
    return None


def _code(error: BaseException) -> int:
    """SQLite's primary result code, where the driver tells it."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else -1


def _of_place(path: Path) -> str | None:
    """Return what the disk says where the file's folder lies, and what this user may do there."""
    try:
        disk = os.statvfs(path.parent)
    except OSError as error:
        return _NUMBERS.get(error.errno or 0, FORBIDDEN)
    if disk.f_flag & os.ST_RDONLY:
        return READ_ONLY
    if disk.f_bavail * disk.f_frsize < LEAST_ROOM:
        return FULL
    if not os.access(path.parent, os.R_OK | os.W_OK | os.X_OK):
        return FORBIDDEN
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return FORBIDDEN
    return None


def _probed(path: Path) -> str | None:
    """Return what the system says when as much is written there as a sale would ever need: of a quota that is used up
    SQLite says only that the disk failed."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(LEAST_ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return _NUMBERS.get(error.errno or 0)
    return None
