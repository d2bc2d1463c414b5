"""The disk of a terminal, and the moments at which it or the program on it gives up.

The real `Store` works on a real file; only the class of its writer's connection is ours, through the `factory`
that SQLite's own `connect` takes. That connection counts the writes and commits that pass and fails the one
that it was told to fail: the process dies before, after or instead of it, or the disk is full.

What a power cut does to a file that is being written is SQLite's business and is not modelled: a transaction
is there whole or not at all. So the file may lie in memory, where a sync to the disk costs nothing. But a commit that
has not asked for one is not on the disk: a machine that goes off after it has what the last checkpoint has left.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from sqlcipher3 import dbapi2

from clutch_tui.core.store.store import Store

Moment = Literal["crash before", "crash after", "full", "unsynced"]
"""What happens at a write: the machine goes off before or after it, the disk is full, or it fails to confirm a commit,
and everything after it, although it has it."""

FULL_SYNC = 2
"""SQLite's `synchronous`: every commit waits for the disk."""

_BROKEN = "disk I/O error"
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP"})


class Crash(BaseException):
    """The process is gone. No `except Exception` of the program may survive it."""


class Disk:
    """One terminal's file. It outlives the processes that open it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writes = 0
        self._remains: bytes | None = None

    def copy_to(self, path: Path) -> None:
        """A copy as it stands: a backup, or the disk of a terminal that was cloned."""
        source, target = dbapi2.connect(str(self.path)), dbapi2.connect(str(path))
        source.backup(target)
        source.close()
        target.close()

    def replace_by(self, path: Path) -> None:
        """Put an older copy in this disk's place. Only while no process has it open."""
        self._drop_log()
        shutil.copyfile(path, self.path)

    def go_off(self) -> None:
        """The power goes now, and nothing was synced since the last checkpoint."""
        self._remains = self.path.read_bytes()

    def come_back(self) -> None:
        """What is found at the next start, after the process that had it open is gone."""
        if self._remains is not None:
            self._drop_log()
            self.path.write_bytes(self._remains)
            self._remains = None

    def _drop_log(self) -> None:
        for ending in ("-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)


class Guard:
    """Stands between one process and its disk. `arm` chooses the write (or commit) that fails."""

    def __init__(self, disk: Disk, on_commit: Callable[[dbapi2.Connection, set[str]], None]) -> None:
        self.dead = False
        self.unsynced = False
        """A commit was not confirmed, and the disk has it all the same."""
        self._refused = 0
        self._disk = disk
        self._on_commit = on_commit
        self._left = -1
        self._moment: Moment = "full"
        self._touched: set[str] = set()

    def arm(self, writes: int, moment: Moment) -> None:
        """The write that comes after `writes` others fails; commits count as writes."""
        self._left, self._moment = writes, moment

    @property
    def armed(self) -> bool:
        return self._left >= 0

    def disarm(self) -> None:
        self._left = -1

    def perform(self, connection: FragileConnection, sql: str, do: Callable[[], Any]) -> Any:
        """Do one statement, unless this is the moment."""
        verb, table = _understood(sql)
        if verb == "ROLLBACK":
            self._touched.clear()
            return do() if connection.in_transaction else None
        if self.dead:
            raise Crash
        if verb not in _WRITES and verb != "COMMIT":
            return do()
        if self.unsynced:
            self._refuse()
        self._disk.writes += 1
        counts = verb == "COMMIT" or self._moment != "unsynced"
        moment = self._moment if counts and self._left == 0 else None
        self._left -= counts and self._left >= 0
        if moment == "crash before":
            self._die()
        if moment == "full":
            raise dbapi2.OperationalError("database or disk is full")
        done = do()
        if verb == "COMMIT":
            touched, self._touched = self._touched, set()
            if touched:
                self._on_commit(connection, touched)
        else:
            self._touched.add(table)
        if moment == "crash after":
            if connection.peek("PRAGMA synchronous")[0][0] < FULL_SYNC:
                self._disk.go_off()
            self._die()
        if moment == "unsynced":
            self.unsynced = True
            raise dbapi2.OperationalError(_BROKEN)
        return done

    def _refuse(self) -> None:
        """The disk takes nothing any more. The program may look once what it has; then somebody pulls the plug."""
        self._refused += 1
        if self._refused > 1:
            self._die()
        raise dbapi2.OperationalError(_BROKEN)

    def _die(self) -> None:
        self.dead = True
        raise Crash


@functools.cache
def _understood(sql: str) -> tuple[str, str]:
    """The verb of a statement and the table that it writes."""
    words = sql.replace("(", " ").split(None, 5)
    verb = words[0].upper()
    if verb not in _WRITES:
        return verb, ""
    skipped = {"INTO", "OR", "IGNORE", "REPLACE", "FROM", "TEMP", "TABLE"}
    return verb, next(word.strip('"') for word in words[1:] if word.upper() not in skipped)


class FragileCursor(dbapi2.Cursor):
    def execute(self, sql: str, params: Any = ()) -> Any:
        connection = self.connection
        return connection.guard.perform(connection, sql, lambda: super(FragileCursor, self).execute(sql, params))


class FragileConnection(dbapi2.Connection):
    """The writer's connection. peewee and `models.executemany` reach the file only through these two."""

    def __init__(self, guard: Guard, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = guard

    def cursor(self, factory: Any = FragileCursor) -> Any:
        return super().cursor(factory)

    def executemany(self, sql: str, rows: Any) -> Any:
        return self.guard.perform(self, sql, lambda: super(FragileConnection, self).executemany(sql, rows))

    def peek(self, sql: str, params: Any = ()) -> list[Any]:
        """Look at what is committed, past the guard."""
        cursor: dbapi2.Cursor = super().cursor(dbapi2.Cursor)
        return list(cursor.execute(sql, params).fetchall())


class FragileStore(Store):
    """The real store on a disk that may fail."""

    def __init__(self, path: Path, guard: Guard, **options: Any) -> None:
        super().__init__(path, inline=True, **options)
        self.guard = guard
        self._writer_db.connect_params["factory"] = functools.partial(FragileConnection, guard)

    def peek(self, sql: str, params: Any = ()) -> list[Any]:
        """What is committed, for the invariants: never counted, never failed."""
        self._writer_db.connect(reuse_if_open=True)
        connection: FragileConnection = self._writer_db.connection()
        return connection.peek(sql, params)
