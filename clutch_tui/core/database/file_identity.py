"""Notices that an open database is not the file of its name any more: deleted, replaced, or without its log.

SQLite works on in what it has opened, which nobody else can find: a till would sell into a file that is gone when the
program ends. What the open file holds is written beside instead, under a name that says so.
"""

from __future__ import annotations

import logging
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ShopError
from .cipher_key import CipherKey

log = logging.getLogger(__name__)

REPLACED, NOT_SAVED = "error.store.replaced", "error.store.replaced_lost"
_Identity = tuple[int, int]


class FileIdentity:
    """The identity (device and inode) of a store's file and of its log when they were first seen. One for all threads
    of a store; once they are others, they stay lost."""

    def __init__(self, path: Path, key: CipherKey | None) -> None:
        self._path, self._key = path, key
        self._log = path.with_name(f"{path.name}-wal")
        self._file_seen = _identity(path)
        self._log_seen: _Identity | None = None
        self._lock = threading.Lock()
        self.lost: ShopError | None = None
        """What is to be said of it, once the name leads elsewhere."""

    def is_same(self) -> bool:
        """Look whether the name still leads to what was opened; costs two calls of the system."""
        file, beside = _identity(self._path), _identity(self._log)
        if self._file_seen is None:
            self._file_seen = file
        is_ours = self._log_seen in (None, beside)
        return self.lost is None and file == self._file_seen and is_ours

    def note_log(self) -> None:
        """Remember the log, which stays for as long as this store has the file open. To be called after each
        transaction; before the first the log is another's, who takes it away when he is the last to close."""
        if self._log_seen is None:
            self._log_seen = _identity(self._log)

    def rescue(self, connection: Any, now: datetime) -> ShopError:
        """Save beside what a connection still holds that was opened before, once; what is to be said of it."""
        with self._lock:
            if self.lost is None or self.lost.key == NOT_SAVED:  # there may be room by now
                self.lost = self._rescued(connection, now)
            return self.lost

    def _rescued(self, connection: Any, now: datetime) -> ShopError:
        from . import cipher

        beside = self._path.with_name(f"{self._path.stem}.rescued-{now:%Y%m%dT%H%M%SZ}{self._path.suffix}")
        log.error("%s was deleted or replaced while it was open", self._path.name)
        try:
            os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            connection.execute("PRAGMA query_only = 0")
            cipher.copy_into(connection, beside, self._key)
        except Exception as error:  # whatever it is, the program must say that the file is gone
            log.error("what the open file held could not be saved beside", exc_info=error)
            beside.unlink(missing_ok=True)
            return ShopError(NOT_SAVED, path=str(self._path))
        return ShopError(REPLACED, path=str(self._path), rescued=beside.name)


def _identity(path: Path) -> _Identity | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
