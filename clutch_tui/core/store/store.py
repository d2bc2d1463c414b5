"""The only doors to the database: `store.run` writes, `store.read` reads.

One SQLite file per (base URL, shop), in WAL with `synchronous=FULL`, shared by every process of this machine
that works for the shop. Inside a process one thread writes and one thread reads; both own a connection, so a
search never waits behind a pull. Everything that `run` is given happens in one `BEGIN IMMEDIATE` transaction:
a function that raises leaves nothing behind.

The file is encrypted where a key is given. Which key belongs to it is asked only once the store holds its place
among those who work with the file: until then another process may be giving it a new one.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from time import monotonic, perf_counter, sleep
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import peewee
from sqlcipher3 import dbapi2

from .. import search, state
from ..clock import Clock, SystemClock
from ..database import faults, file_identity
from ..database.cipher_form import keyed
from ..database.cipher_key import CipherKey
from ..database.db import bound, now_text
from ..database.file_identity import FileIdentity
from ..database.open_windows import ProgramWindow
from ..database.presence import Presence
from ..errors import ShopError
from ..performance.meter import Meter

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT = 30.0
"""Seconds that a writer waits for the writers of other processes before it gives up."""
_LOOK_EVERY = 0.02

MIGRATIONS = Path(__file__).parent / "migrations"

_WRITER = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "cache_size": -16_000,
    "temp_store": "memory",
    "recursive_triggers": 1,
}
_READER = {"query_only": 1, "cache_size": -16_000, "temp_store": "memory"}


_abandoned: list[Any] = []
"""Connections that must not be closed."""

_Waiting = tuple[Future[Any], Callable[[], Any]]
"""A read that has not begun, and who waits for what it gives."""

FindKey = Callable[[Path], CipherKey | None]
"""Gives the key of the database at a path, None for a plain one. Raises `ShopError` where there is one that it
does not have."""


def no_key(_path: Path) -> None:
    """The `FindKey` of whoever works with plain files."""


def _fresh_id() -> str:
    from uuid_utils import uuid7

    return str(uuid7())


class Store:
    """An open shop database. Made by `Store.open`; closed by `close()` or a `with` block.

    `inline=True` does everything in the calling thread instead of threads of its own: for scripts, tests and
    the simulation, where one thread is all there is.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock | None = None,
        new_id: Callable[[], str] = _fresh_id,
        inline: bool = False,
        key: CipherKey | None = None,
        presence: Presence | None = None,
    ) -> None:
        self.path = path
        self.key = key
        self._presence = presence
        self.clock = clock or SystemClock()
        self.new_id = new_id
        self.meter = Meter()
        """Times of every transaction; whoever shows them may put a meter of its own here."""
        self._identity = FileIdentity(path, key)
        self._window = ProgramWindow(path)
        self._writer_db = connectable(path, _WRITER, key)
        self._reader_db = connectable(path, _READER, key)
        self._writer = None if inline else ThreadPoolExecutor(1, "store-writer")
        self._reader = None if inline else ThreadPoolExecutor(1, "store-reader")
        self._reads: deque[_Waiting] = deque()
        self._later_reads: deque[_Waiting] = deque()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock | None = None,
        new_id: Callable[[], str] = _fresh_id,
        inline: bool = False,
        find_key: FindKey = no_key,
    ) -> Self:
        """Open the database at `path`, making or migrating it first where that is needed.

        Raises `ShopError`: `error.store.newer` for a file that a newer program wrote, `error.store.unreadable` for
        one that is no database of ours, `error.store.emptied` for one of no length, `error.store.converting` while it
        gets another key, and what `find_key` raises.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        presence = Presence(path).share()
        try:
            key = find_key(path)
            migrate(path, key)
            return cls(path, clock=clock, new_id=new_id, inline=inline, key=key, presence=presence)
        except BaseException:
            presence.leave()
            raise

    # --- the doors -------------------------------------------------------------------------------------

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `function(*args)` in one write transaction and give back what it returns.

        The transaction is finished even when the caller is cancelled meanwhile: a checkout that was
        committed stays committed.
        """
        call = functools.partial(self._write, function, *args, **kwargs)
        return await self._submit(self._writer, call)

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `function(*args)` on the read-only connection, in one snapshot of the database."""
        return await self._read_in_turn(self._reads, functools.partial(self._read, function, *args, **kwargs))

    async def read_later(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` behind everything that a person waits for: for figures that are looked at now and then, which on a
        slow disk must not stand before a search."""
        return await self._read_in_turn(self._later_reads, functools.partial(self._read, function, *args, **kwargs))

    def run_now(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`run` for synchronous callers: blocks until the transaction is committed."""
        call = functools.partial(self._write, function, *args, **kwargs)
        return call() if self._writer is None else self._writer.submit(call).result()

    def read_now(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` for synchronous callers."""
        call = functools.partial(self._read, function, *args, **kwargs)
        return call() if self._reader is None else self._reader.submit(call).result()

    async def _read_in_turn(self, turn: deque[_Waiting], call: Callable[[], T]) -> T:
        if self._reader is None:
            return call()
        answer: Future[T] = Future()
        turn.append((answer, call))
        self._reader.submit(self._next_read)
        return await asyncio.wrap_future(answer)

    def _next_read(self) -> None:
        """Answer the read whose turn it is; one that nobody waits for any more loses it."""
        while waiting := self._reads or self._later_reads:
            answer, call = waiting.popleft()
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(call())
                except BaseException as error:
                    answer.set_exception(error)
                return

    async def _submit(self, executor: ThreadPoolExecutor | None, call: Callable[[], T]) -> T:
        if executor is None:
            return call()
        return await asyncio.get_running_loop().run_in_executor(executor, call)

    def _write(self, function: Callable[..., T], *args: object, **kwargs: object) -> T:
        db = self._writer_db
        begun = perf_counter()
        committing = False
        with bound(db, self._now, self.new_id, self._window):
            try:
                if not self._identity.is_same():
                    raise self._rescue(db)
                db.connect(reuse_if_open=True)
                with db.atomic("IMMEDIATE"):
                    result = function(*args, **kwargs)
                    search.index_changed()
                    committing = True
            except peewee.DatabaseError as error:
                if committing and not self._is_undone(db):
                    raise ShopError(faults.UNSURE, path=str(self.path)) from error
                raise faults.of_sqlite(error, self.path) or error from error
        self._identity.note_log()
        self.meter.note_transaction("store.write", function, (perf_counter() - begun) * 1000)
        return result

    def _read(self, function: Callable[..., T], *args: object, **kwargs: object) -> T:
        db = self._reader_db
        begun = perf_counter()
        with bound(db, self._now, self.new_id, self._window):
            try:
                if not self._identity.is_same():
                    self._rescue_by_writer()
                    raise self._rescue(db)
                db.connect(reuse_if_open=True)
                with db.atomic():
                    result = function(*args, **kwargs)
            except peewee.DatabaseError as error:
                if "readonly" in str(error):  # a read that writes is a mistake of ours, not the disk's
                    raise
                raise faults.of_sqlite(error, self.path) or error from error
        self._identity.note_log()
        self.meter.note_transaction("store.read", function, (perf_counter() - begun) * 1000)
        return result

    def _is_undone(self, db: Any) -> bool:
        """Tell whether a transaction whose commit failed is certainly not there. SQLite takes it back, but all of it
        may stand in the log although the disk has not confirmed it, and the next start would find it there. The next
        transaction is written over it: where that is confirmed, it is gone."""
        try:
            with db.atomic("IMMEDIATE"):
                state.put("store.undone_at", now_text())
        except peewee.DatabaseError:
            return False
        return True

    def is_in_place(self) -> bool:
        """Tell whether the file's name still leads to the file that is open; any thread may ask."""
        return self._identity.is_same()

    def _rescue(self, db: Any) -> ShopError:
        """Save beside what the connection of this thread holds, where it was open before the file lost its name: one
        that is made now would find another file."""
        if db.is_closed():
            return self._identity.lost or ShopError(file_identity.NOT_SAVED, path=str(self.path))
        return self._identity.rescue(db.connection(), self._now())

    def _rescue_by_writer(self) -> None:
        """Let the writer save it: it has been open for longer than a reader that is only beginning."""
        if self._writer is None:
            self._rescue(self._writer_db)
        else:
            self._writer.submit(self._rescue, self._writer_db).result()

    def _now(self) -> datetime:
        return self.clock.now()

    # --- the end ---------------------------------------------------------------------------------------

    def close(self) -> None:
        """Finish what was submitted, then close both connections. Safe to call twice. Those to a file that has lost its
        name are left to the end of the process: closing folds the log into whatever has the name now."""
        self._window.leave()
        if self._identity.lost is not None:
            for pool in filter(None, (self._reader, self._writer)):
                pool.shutdown()
            _abandoned.extend((self._reader_db, self._writer_db))
            if self._presence is not None:
                self._presence.leave()
            return
        for executor, db in ((self._reader, self._reader_db), (self._writer, self._writer_db)):
            if executor is None:
                db.close()
            else:
                try:
                    executor.submit(db.close).result()
                except RuntimeError:  # already shut down
                    continue
                executor.shutdown()
        if self._presence is not None:
            self._presence.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def migrate(path: Path, key: CipherKey | None = None) -> list[str]:
    """Bring the schema of `path` up to this program's; the names of the migrations that were applied.

    Under a file lock, because three processes that start together otherwise run the same migration at once.
    A database that is up to date is recognised by one pragma, without loading the runner.
    """
    names = sorted(file.stem for file in MIGRATIONS.glob("[0-9]*.py"))
    newest = int(names[-1].partition("_")[0])
    if _schema_number(path, key) == newest:
        return []
    from filelock import FileLock

    with FileLock(f"{path}.migrate.lock", timeout=60, mode=0o600):
        schema_number = _schema_number(path, key)
        if schema_number > newest:
            raise ShopError("error.store.newer", path=str(path))
        return _apply(path, key, newest) if path.exists() else _make(path, key, newest)


def _make(path: Path, key: CipherKey | None, newest: int) -> list[str]:
    """Make a database that has its name from the moment at which it is whole: an empty file of this name is then one
    that has lost what was in it. Runs under the lock of the migrations."""
    from ..database.cipher import sync_folder

    draft = path.with_name(f"{path.name}.new")
    for left in (draft, *(draft.with_name(f"{draft.name}{ending}") for ending in ("-wal", "-shm", "-journal"))):
        left.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # its log and index get the same mode
    applied = _apply(draft, key, newest)
    os.replace(draft, path)
    sync_folder(path.parent)
    return applied


def _apply(path: Path, key: CipherKey | None, newest: int) -> list[str]:
    """Run the migrations that a file lacks; their names."""
    from playhouse.migrations import Runner

    db = connectable(path, _WRITER, key)
    try:
        db.connect()
        applied: list[str] = Runner(db, str(MIGRATIONS)).up()
        db.execute_sql(f"PRAGMA user_version = {newest}")
    except peewee.DatabaseError as error:
        raise faults.of_sqlite(error, path) or error from error
    finally:
        db.close()
    return applied


def _schema_number(path: Path, key: CipherKey | None) -> int:
    """The number of the last migration of a database, 0 for a file that does not exist yet."""
    if not path.exists():
        return 0
    if faults.is_emptied(path):
        raise ShopError(faults.EMPTIED, path=str(path))
    db = connectable(path, {}, key)
    try:
        db.connect()
        return int(db.execute_sql("PRAGMA user_version").fetchone()[0])
    except peewee.DatabaseError as error:
        # a lock or a full disk says nothing of the file
        raise faults.of_sqlite(error, path) or ShopError(faults.DAMAGED, path=str(path)) from error
    finally:
        db.close()


class ShopDatabase(peewee.SqliteDatabase):
    """A shop's file for peewee: through SQLCipher's driver, in the form that the file has."""

    server_version = dbapi2.sqlite_version_info
    _add_conn_hooks: Callable[[Any], None]  # peewee's own, which its types leave out

    def __init__(self, path: Path, pragmas: dict[str, object], key: CipherKey | None) -> None:
        # both connections live in a thread of their own, but are made by and closed from whichever opens the store
        options: dict[str, Any] = {"check_same_thread": False}
        super().__init__(str(path), pragmas=pragmas, **options)
        self._key = key

    def _connect(self) -> Any:
        end = monotonic() + BUSY_TIMEOUT
        while True:
            try:
                return self._prepared()
            except dbapi2.OperationalError as error:
                # SQLite turns the WAL on for one of many and refuses the others at once, whatever their timeout
                if "locked" not in str(error) or monotonic() >= end:
                    raise
                sleep(_LOOK_EVERY)

    def _prepared(self) -> Any:
        connection = keyed(self._open, self._key)
        try:
            self._add_conn_hooks(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> Any:
        # peewee keeps the timeout and the isolation level from its parameters, and begins every transaction by itself
        return dbapi2.connect(self.database, timeout=BUSY_TIMEOUT, isolation_level=None, **self.connect_params)


def connectable(path: Path, pragmas: dict[str, object], key: CipherKey | None = None) -> Any:
    """A connection to a shop's file, not made yet."""
    return ShopDatabase(path, pragmas, key)
