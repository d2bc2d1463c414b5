"""The presence of those who work with a database file: many at once, or one alone who puts another file in its place.

SQLite's own locks belong to a file, not to its name. A process that opened `shop.db` a moment before another
renamed a new file over it would go on selling into a file that has no name any more. So every store holds a
shared lock on a file beside the database for as long as it is open, and whoever replaces the database needs that
lock alone. The system takes it back from a process that dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import ShopError

PATIENCE = 30.0
"""Seconds that a store waits for a conversion to end before it is refused."""
_LOOK_EVERY = 0.02


@contextmanager
def _in_turn(path: Path, patience: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.look.lock", timeout=patience, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise ShopError("error.store.converting", path=str(path)) from None
    try:
        yield
    finally:
        lock.release()


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

    def alone_to_look(self, patience: float) -> Self:
        """Be the only one where nobody works with the file. Who is alone with it now (another that looks, or who puts
        another file in its place) does not work with it and is waited for.

        Raises `ShopError` `error.store.in_use` while somebody works with it, `error.store.converting` where who is
        alone stays so for longer than the seconds of `patience`.
        """
        end = time.monotonic() + patience
        # one looks at a time: two would each take the other's question, whether anybody shares the file, for the answer
        with _in_turn(self._path, patience):
            shared = 0
            while True:
                try:
                    return self.alone()
                except ShopError:
                    shared = 0 if self._is_held_alone() else shared + 1
                    if shared > 1:  # once, who was alone may just have left: nobody else comes to look in our turn
                        raise
                    if not shared and time.monotonic() >= end:
                        raise ShopError("error.store.converting", path=str(self._path)) from None
                if not shared:
                    time.sleep(_LOOK_EVERY)

    def _is_held_alone(self) -> bool:
        try:
            self.share(patience=0.0)
        except ShopError:
            return True
        self.leave()
        return False

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
