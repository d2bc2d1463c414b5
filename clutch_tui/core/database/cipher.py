"""The database file on disk: plain or encrypted, and how it becomes the other, or gets another key or today's form.

`convert` writes a whole new file beside the old one and puts it in its place in one step, so that at every moment
the name leads to one file that is whole and opens with the old key or with the new one:

1. The lock is taken alone; no other process has the database open, nor can it until this ends. One that has done
   the same a moment ago has left nothing to do.
2. The log is folded into the old file, and its name is gone from the folder.
3. Everything is copied into the draft, `NAME.converting`. A draft that is found later was never finished: it is
   thrown away, whatever is in it.
4. The draft is on the disk, sound, holds as many rows of everything as the old file, and is in WAL mode with no log
   of its own: were it not, all who open it at once would have to turn the WAL on, which SQLite lets one of them do.
5. The draft takes the name, and the folder is on the disk.
6. Where the old file was plain, its bytes are overwritten before they are given up; those of its log when SQLite has
   taken it away. What was freed before, such as the logs of earlier days, is out of a program's reach.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from sqlcipher3 import dbapi2

from ..errors import ShopError
from . import cipher_form, faults
from .cipher_key import CipherKey
from .presence import Presence

Kind = Literal["absent", "plain", "encrypted"]

_BLOCK = 1 << 20
_SMALLEST_PAGE = 1024
"""Bytes; every form that this program has written has pages of a multiple of it."""
_PATIENCE = 5.0

log = logging.getLogger(__name__)


def kind(path: Path) -> Kind:
    """Return what lies at `path`. An encrypted file looks like noise from its first byte, so anything that is not plain
    counts as encrypted. SQLite looks, not we: a process that opens and closes a database's file by itself takes
    away every lock that its own stores have on it."""
    if not path.exists() or not path.stat().st_size:
        return "absent"
    return "plain" if opens(path, None) else "encrypted"


def opens(path: Path, key: CipherKey | None) -> bool:
    """Tell whether this key opens the file; None opens a plain one. A file whose first page is damaged opens with no
    key at all."""
    return _looked_at(path, key, lambda database: True)


def is_cut(path: Path) -> bool:
    """Tell whether the file ends in the middle of a page: no key opens what is only a part of a file."""
    return path.stat().st_size % _SMALLEST_PAGE != 0


def is_outdated(path: Path, key: CipherKey) -> bool:
    """Tell whether this key opens the file, and finds it in an older form than today's."""
    return _looked_at(path, key, lambda database: not cipher_form.is_todays(database))


def _looked_at(path: Path, key: CipherKey | None, look: Callable[[Any], bool]) -> bool:
    """Return what `look` finds in a file that opens; False for one that does not."""
    try:
        with _shredded_log(path, key), closing(_connect(path, key)) as database:
            database.execute("PRAGMA user_version").fetchone()
            return look(database)
    except dbapi2.OperationalError as error:
        raise _in_words(error, path) from error
    except dbapi2.DatabaseError:
        return False


def draft_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.converting")


def _drafts_of(path: Path) -> tuple[Path, ...]:
    """The draft, and what SQLite may have beside it for a moment. Its log would be replayed into the next one."""
    draft = draft_of(path)
    return draft, *(draft.with_name(f"{draft.name}{ending}") for ending in ("-wal", "-journal", "-shm"))


def _discard(path: Path) -> None:
    for file in _drafts_of(path):
        file.unlink(missing_ok=True)


def clean(path: Path) -> None:
    """Throw away the draft of a conversion that was cut off. One that is under way is left alone."""
    if not any(file.exists() for file in _drafts_of(path)):
        return
    with suppress(ShopError), Presence(path).alone():
        _discard(path)
        log.info("a conversion of %s was cut off; its draft is removed, the database is as it was", path.name)


def convert(path: Path, old: CipherKey | None, new: CipherKey | None, *, patience: float = 0.0) -> None:
    """Give the database at `path` another key, or its first one, or none, and today's form; see above. With the key
    that it has already it gets the form alone. `patience` are the seconds to wait for others to let go of it.

    Raises `ShopError` and leaves the database as it was: `error.store.in_use` while any process has it open,
    `error.key.no_room` where the disk has no room for a second copy, `error.store.unreadable` for one that is
    damaged.
    """
    draft = draft_of(path)
    with Presence(path).alone(patience):
        try:
            _discard(path)
            if new is not None and _is_done(path, old, new):
                return  # another process has just done the same
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with _shredded_log(path, old), closing(_connect(path, old)) as database:
                _fold_log(database, path)
                copy_into(database, draft, new)
                _check(database, draft, new)
                _turn_log_on(path, new)
                _replace(path, draft, shred=old is None)
        except dbapi2.DatabaseError as error:
            raise _no_room(_in_words(error, path), path) from error
        except OSError as error:
            fault = faults.of_system(error, path)
            raise error if fault is None else _no_room(fault, path) from error
        finally:
            with suppress(OSError):
                _discard(path)


def _is_done(path: Path, old: CipherKey | None, new: CipherKey) -> bool:
    if old == new:
        return opens(path, new) and not is_outdated(path, new)
    return not opens(path, old) and opens(path, new)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _connect(path: Path, key: CipherKey | None) -> Any:
    # "rw", never the default that makes the file; "ro" cannot read beside a log
    address = f"{path.absolute().as_uri()}?mode=rw"
    database = cipher_form.keyed(
        lambda: dbapi2.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None), key
    )
    database.execute("PRAGMA temp_store = memory")
    return database


@contextmanager
def _shredded_log(path: Path, key: CipherKey | None) -> Iterator[None]:
    """Overwrite the log of a plain database where it is taken away meanwhile. SQLite does so, and gives its bytes up as
    they are, for whoever closes the last connection: after a till that died that may be one who only looks."""
    try:
        file = None if key is not None else os.open(path.with_name(f"{path.name}-wal"), os.O_WRONLY)
    except OSError:  # there is none
        file = None
    try:
        yield
    finally:
        if file is not None:
            try:
                status = os.fstat(file)
                if not status.st_nlink:  # nobody has it under another name either
                    _overwrite(file, status.st_size)
            except OSError as error:  # as far as a program can
                log.warning("the plain log of %s could not be overwritten: %s", path.name, error)
            finally:
                os.close(file)


def _overwrite(file: int, size: int) -> None:
    for at in range(0, size, _BLOCK):
        os.pwrite(file, b"\xff" * min(_BLOCK, size - at), at)
    os.fsync(file)


def _fold_log(database: Any, path: Path) -> None:
    """Leave the log, which SQLite does only for the single connection there is: a program that is too old to
    know of our lock is found out here. Then nobody else gets in until the connection closes."""
    try:
        mode = database.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
    except dbapi2.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise ShopError("error.store.in_use", path=str(path)) from error
    if mode != "delete":
        raise ShopError("error.store.in_use", path=str(path))
    database.execute("COMMIT")  # the lock stays: locking_mode
    # a stale log under the name of the new file would be replayed into it
    sync_folder(path.parent)


def copy_into(database: Any, draft: Path, new: CipherKey | None) -> None:
    """Copy everything that a connection sees into a file of no length, with this key; on the disk when it returns."""
    database.execute("ATTACH ? AS draft KEY ?", (str(draft), "" if new is None else new.sql))
    if new is not None:
        cipher_form.lay_out(database, "draft")
    database.execute("PRAGMA draft.journal_mode = OFF")  # a draft that is not finished is thrown away
    database.execute("PRAGMA draft.synchronous = OFF")
    database.execute("BEGIN")
    database.execute("SELECT sqlcipher_export('draft')").fetchall()
    for name in ("user_version", "application_id"):  # the export leaves them out
        value = database.execute(f"PRAGMA main.{name}").fetchone()[0]
        database.execute(f"PRAGMA draft.{name} = {value}")
    database.execute("COMMIT")
    database.execute("DETACH draft")
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _check(database: Any, draft: Path, new: CipherKey | None) -> None:
    """Raise where the draft is not sound, or has not as many rows of everything as the database. The quick check will
    do: the indexes were made of the rows a moment ago."""
    with closing(_connect(draft, new)) as copy:
        copy.execute("PRAGMA cache_size = -64000")
        faults = [row[0] for row in copy.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
        if new is not None:
            faults += [row[0] for row in copy.execute("PRAGMA cipher_integrity_check")]
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"):
            count = f'SELECT count(*) FROM "{table}"'
            if database.execute(count).fetchone() != copy.execute(count).fetchone():
                faults.append(table)
    if faults:
        log.error("the copy of a database is not like the database: %s", faults)
        raise ShopError("error.store.unreadable", path=draft.name)


def _turn_log_on(path: Path, new: CipherKey | None) -> None:
    draft, *beside = _drafts_of(path)
    with closing(_connect(draft, new)) as copy:
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")  # nobody else knows of it, so it needs no index in memory
        copy.execute("PRAGMA synchronous = FULL")
        copy.execute("PRAGMA journal_mode = WAL").fetchone()
    if any(other.exists() for other in beside):
        raise ShopError("error.store.unreadable", path=draft.name)
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _replace(path: Path, draft: Path, *, shred: bool) -> None:
    """Let the draft take the database's name. What the old bytes were is overwritten as far as a program can; a
    drive that writes elsewhere, as solid ones do, may keep them."""
    old = os.open(path, os.O_WRONLY)
    try:
        size = os.fstat(old).st_size
        os.replace(draft, path)
        sync_folder(path.parent)
        if shred:
            _overwrite(old, size)
    finally:
        os.close(old)


def _in_words(error: dbapi2.DatabaseError, path: Path) -> ShopError:
    """Return what kept a conversion from being done, or a file from being looked at."""
    fault = faults.of_sqlite(error, path) or ShopError(faults.DAMAGED, path=str(path))
    return ShopError("error.store.in_use", path=str(path)) if fault.key == faults.BUSY else fault


def _no_room(error: ShopError, path: Path) -> ShopError:
    """For a conversion a full disk is one without room for a second copy: the shop itself may go on."""
    return ShopError("error.key.no_room", path=str(path)) if error.key == faults.FULL else error
