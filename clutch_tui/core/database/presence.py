"""Who works with a database file: many at once, or one alone who puts another file in its place.

SQLite's own locks belong to a file, not to its name. A process that opened `shop.db` a moment before another
renamed a new file over it would go on selling into a file that has no name any more. So every store holds a
shared lock on a file beside the database for as long as it is open, and whoever replaces the database needs that
lock alone. The system takes it back from a process that dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from ..types import ShopError

PATIENCE = 30.0
"""Seconds that a store waits for a conversion to end before it is refused."""
_LOOK_EVERY = 0.02


class Presence:
    """A lock on the right to a database's name. Take it with `share` or `alone`; give it back with `leave`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def share(self, patience: float = PATIENCE) -> Self:
        """Be one of many. Raises `ShopError` `error.store.converting` while somebody replaces the file."""
        return self._take(fcntl.LOCK_SH, patience, "error.store.converting")

    def alone(self, patience: float = 0.0) -> Self:
        """Be the only one. Raises `ShopError` `error.store.in_use` while anybody works with the file."""
        return self._take(fcntl.LOCK_EX, patience, "error.store.in_use")

    def leave(self) -> None:
        """Give the lock back; the lock file stays, since somebody may be waiting on it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _take(self, kind: int, patience: float, refusal: str) -> Self:
        file = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    os.close(file)
                    raise ShopError(refusal, path=str(self._path)) from None
                time.sleep(_LOOK_EVERY)
            except BaseException:
                os.close(file)
                raise
            else:
                self._file = file
                return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
