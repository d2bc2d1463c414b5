"""The door through which core reaches a connection.

Functions carry no connection: `database` resolves to the store that is working in this thread (`store.py` binds
it), so that several stores live in one process and nobody has to hand a connection around. Outside a store every
query raises `peewee.InterfaceError`. What the tables hold is written down in `core/records`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import peewee
import sqlcipher3.dbapi2 as driver

from ..clock import to_text
from .open_windows import ProgramWindow


class Binding(threading.local):
    """The things that this thread works on: a database, a clock and a source of identities."""

    database: peewee.SqliteDatabase | None = None
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    window: ProgramWindow


_binding = Binding()


class _BoundDatabase(peewee.DatabaseProxy):
    """A proxy whose target is the database of the store that is working in this thread."""

    @property
    def obj(self) -> peewee.SqliteDatabase | None:
        return _binding.database

    @obj.setter
    def obj(self, value: object) -> None:
        if value is not None:
            raise TypeError("a store binds the database, see models.bound()")


database: Any = _BoundDatabase()


@contextmanager
def bound(
    db: peewee.SqliteDatabase, now: Callable[[], datetime], new_id: Callable[[], str], window: ProgramWindow
) -> Iterator[None]:
    """Let the statements and `now()`, `new_id()`, `window()` of this thread work on `db` for a while. Nests."""
    before = (_binding.database, *(getattr(_binding, name, None) for name in ("now", "new_id", "window")))
    _binding.database, _binding.now, _binding.new_id, _binding.window = db, now, new_id, window
    try:
        yield
    finally:
        _binding.database, _binding.now, _binding.new_id, _binding.window = before  # type: ignore[assignment]


def now() -> datetime:
    """The present moment by the clock of the store that is working in this thread."""
    return _binding.now()


def now_text() -> str:
    """`now()` in the database's form."""
    return to_text(_binding.now())


def new_id() -> str:
    """A fresh UUIDv7 from the store that is working in this thread."""
    return _binding.new_id()


def window() -> ProgramWindow:
    """The window of the store that is working in this thread."""
    return _binding.window


def execute(sql: str, params: tuple[Any, ...] | dict[str, Any] = ()) -> Any:
    """Run one statement on this thread's connection; a cursor."""
    try:
        return database.connection().execute(sql, params)
    except driver.DatabaseError as error:
        raise _translated(error) from error


def rows(sql: str, params: tuple[Any, ...] | dict[str, Any] = ()) -> list[Any]:
    """The rows of a statement, each read by the names of its columns: `row["name"]`."""
    return _by_name(sql, params).fetchall()  # type: ignore[no-any-return]


def each(sql: str, params: tuple[Any, ...] | dict[str, Any] = ()) -> Iterator[Any]:
    """The rows of a statement one by one, each read by name."""
    return iter(_by_name(sql, params))


def first(sql: str, params: tuple[Any, ...] | dict[str, Any] = ()) -> Any:
    """The first row of a statement, read by name; None where there is none."""
    return _by_name(sql, params).fetchone()


def _by_name(sql: str, params: tuple[Any, ...] | dict[str, Any]) -> Any:
    cursor = execute(sql, params)
    cursor.row_factory = driver.Row
    return cursor


def executemany(sql: str, rows: Any) -> None:
    """Run one statement for many rows, without a Python call for each."""
    try:
        database.connection().executemany(sql, rows)
    except driver.DatabaseError as error:
        raise _translated(error) from error


def _translated(error: Exception) -> Exception:
    """The driver's error as peewee's, so that a full disk is the same error whichever statement meets it."""
    translated: Exception = getattr(peewee, type(error).__name__)(*error.args)
    return translated
