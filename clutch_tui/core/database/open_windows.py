"""The windows of the program that are alive: what one of them holds is free again when its process is gone, however
it went.

A window that holds something keeps the system's lock on a file beside the database for as long as it lives. The system
takes the lock back from a process that dies, so nobody has to say goodbye, and no number of a process is believed that
another one may have by now.
"""

from __future__ import annotations

import fcntl
import os
import uuid
import weakref
from contextlib import suppress
from pathlib import Path

_NAME = "{database}.window-{id}"


class ProgramWindow:
    """One open store, as others see it. Its lock file is made when it first holds something."""

    def __init__(self, database: Path) -> None:
        self.id = uuid.uuid4().hex[:12]
        self._database = database
        self._lock: weakref.finalize[[int, Path], ProgramWindow] | None = None

    def hold(self) -> str:
        """Be known as alive from now on; the identity under which things are held. Safe to call again."""
        if self._lock is None:
            self._forget_the_dead()
            path = self._path(self.id)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock = weakref.finalize(self, _leave, file, path)
        return self.id

    def is_other(self, holder: str) -> bool:
        """Tell whether `holder` is another window that is alive."""
        if not holder or holder == self.id:
            return False
        path = self._path(holder)
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(file)

    def leave(self) -> None:
        """Let go of everything. Safe to call twice."""
        if self._lock is not None:
            self._lock()

    def _path(self, window_id: str) -> Path:
        return self._database.with_name(_NAME.format(database=self._database.name, id=window_id))

    def _forget_the_dead(self) -> None:
        for path in self._database.parent.glob(_NAME.format(database=self._database.name, id="*")):
            if not self.is_other(path.name.rpartition("-")[2]):
                path.unlink(missing_ok=True)


def _leave(file: int, path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
    os.close(file)
