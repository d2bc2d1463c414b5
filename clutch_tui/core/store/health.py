"""The state of a database file, looked at without opening the shop: nothing is made or migrated, no row changes.

For the doctor and for support, who must be able to look at a file that `Store.open` refuses.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlcipher3 import dbapi2

from ..database.cipher_form import keyed
from ..database.cipher_key import CipherKey
from ..database.presence import Presence
from .store import MIGRATIONS, Store

if TYPE_CHECKING:
    from ..journal import ConnectionState
    from ..sync.differences import Differences, Stranded

SQLITE = str(dbapi2.sqlite_version)

LOOK_PATIENCE = 5.0
"""Seconds to wait for another process that looks at the same file, or converts it."""
LOOK_AGAIN = 500
"""Steps of SQLite's machine between two looks at the time: a check of a large file must be able to give up."""


@dataclass(frozen=True, slots=True)
class FileCondition:
    """A file's condition. `schema` is the file's number, `newest` this program's. `faults` are SQLite's own words for
    what is damaged, empty for a sound file; `finished` is False where there was no time to look at all of it."""

    size: int
    log_size: int
    schema: int
    newest: int
    faults: tuple[str, ...]
    finished: bool


def newest_schema() -> int:
    """The schema number that this program works with."""
    return max(int(file.stem.partition("_")[0]) for file in MIGRATIONS.glob("[0-9]*.py"))


def examine(path: Path, within: float = 5.0, key: CipherKey | None = None) -> FileCondition:
    """Look at the file at `path`, for `within` seconds at most; blocks.

    Raises `OSError` where it cannot be opened; a file that is no database has its fault.
    """
    log = path.with_name(path.name + "-wal")
    size, log_size = path.stat().st_size, log.stat().st_size if log.exists() else 0
    if not os.access(path, os.R_OK):  # SQLite has one word for what is missing, forbidden or damaged
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    try:
        schema, faults, finished = _ask(path, within, key)
    except dbapi2.OperationalError as error:
        raise OSError(f"{path}: {error}") from error
    except dbapi2.DatabaseError as error:
        schema, faults, finished = 0, (str(error),), True
    return FileCondition(size, log_size, schema, newest_schema(), faults, finished)


def _ask(path: Path, within: float, key: CipherKey | None) -> tuple[int, tuple[str, ...], bool]:
    """Schema number, faults, and whether there was time to look for all of them."""
    address = f"{path.absolute().as_uri()}?mode=rw"  # never one that makes the file; "ro" cannot read beside a WAL
    with closing(keyed(lambda: dbapi2.connect(address, uri=True, timeout=within), key)) as database:
        database.execute("PRAGMA query_only = 1")
        schema = int(database.execute("PRAGMA user_version").fetchone()[0])
        deadline = time.monotonic() + within
        database.set_progress_handler(lambda: time.monotonic() > deadline, LOOK_AGAIN)
        try:
            rows = database.execute("PRAGMA quick_check(10)").fetchall()
        except dbapi2.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            return schema, (), False
    return schema, tuple(str(row[0]) for row in rows if row[0] != "ok"), True


def differences(path: Path, key: CipherKey | None = None, *, alone: bool = False) -> Differences:
    """Return what is on one side only, of a database of this program's schema; blocks. Raises what SQLite says where it
    cannot be read."""
    from ..sync import differences

    with Store(path, inline=True, key=key) as store:
        return store.read_now(differences.between, alone=alone)


def left_in(path: Path, key: CipherKey | None = None) -> Stranded | None:
    """Return what is unsent in a database that nobody works with; blocks. Raises `ShopError` `error.store.in_use` where
    somebody does, `error.store.converting` where who converts it does not end, and what SQLite says where it cannot be
    read."""
    from ..sync import differences

    with Presence(path).alone_to_look(LOOK_PATIENCE), Store(path, inline=True, key=key) as store:
        return store.read_now(differences.left_in, path)


def last_word(path: Path, key: CipherKey | None = None) -> ConnectionState | None:
    """Return what the process that leads the connection wrote last; blocks. Raises what SQLite says where it cannot be
    read."""
    from .. import journal

    with Store(path, inline=True, key=key) as store:
        return store.read_now(journal.connection_state).get("overall")
