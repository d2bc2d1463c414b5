"""Putting the database in order: checked, measured for the planner, indexed for search anew, no larger than needed.

Every step lets others in: what writes much is done in slices of a transaction each, so that a sale waits for one
slice and not for the whole. Only VACUUM is one piece, and is left out where it would gain little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import peewee
from sqlcipher3 import dbapi2

from .. import search
from ..database import db
from ..errors import ShopError
from ..performance.gauges import size
from .store import Store, connectable

Step = Literal["integrity", "analyze", "search", "checkpoint", "vacuum"]
STEPS: tuple[Step, ...] = ("integrity", "search", "analyze", "vacuum", "checkpoint")

Outcome = Literal["done", "needless", "damaged", "busy"]
"""Done; left out because it would gain nothing; the file is damaged; others write and would not let it in."""

VACUUM_FROM = 0.1
"""The share of empty pages from which on a VACUUM pays; below a mebibyte it never does."""
_MIB = 2**20
_PATIENCE = 2_000
"""Milliseconds that VACUUM waits for those who write: upkeep gives way to a till that sells."""


@dataclass(frozen=True, slots=True)
class UpkeepReport:
    """The report of a step. `gained` is in MiB, `faults` are SQLite's own words."""

    step: Step
    outcome: Outcome
    seconds: float
    gained: float = 0.0
    faults: tuple[str, ...] = ()


Tell = Callable[[Step, float], None]
"""Called while a step runs, with the share of it that is done, from 0 to 1."""


def optimise(store: Store, tell: Tell = lambda step, share: None) -> Iterator[UpkeepReport]:
    """Do every step, one report each; blocks. A damaged file ends it after the first: what is left of it is not
    to be written over. Raises `ShopError` where the database cannot be reached at all."""
    for step in STEPS:
        tell(step, 0.0)
        begun, before = time.monotonic(), size(store.path)
        try:
            outcome, faults = _DO[step](store, tell)
        except peewee.OperationalError as error:
            if "locked" not in str(error):
                raise
            outcome, faults = "busy", ()
        except ShopError as error:
            if error.key != "error.store.busy":
                raise
            outcome, faults = "busy", ()
        yield UpkeepReport(step, outcome, time.monotonic() - begun, max(0.0, before - size(store.path)), faults)
        if outcome == "damaged":
            return


_Result = tuple[Outcome, tuple[str, ...]]


def _integrity(store: Store, tell: Tell) -> _Result:
    try:
        with _beside(store) as database:
            rows = database.execute_sql("PRAGMA integrity_check(10)").fetchall()
    except (peewee.OperationalError, dbapi2.OperationalError):
        raise
    except (peewee.DatabaseError, dbapi2.DatabaseError) as error:  # too damaged to be looked through
        return "damaged", (str(error),)
    faults = tuple(str(row[0]) for row in rows if row[0] != "ok")
    return ("damaged", faults) if faults else ("done", ())


def _search(store: Store, tell: Tell) -> _Result:
    """Index every part anew, as many at a time as a sale may wait for."""
    parts = store.run_now(_mark_all)
    left = parts
    while left:
        store.run_now(search.index_slice)
        left = store.read_now(_marked)
        tell("search", 1 - left / parts)
    for index in ("part_words", "part_grams"):
        # merged in pieces; 'optimize' would do it in one
        while store.run_now(_merge, index):
            pass
    return "done", ()


def _mark_all() -> int:
    db.execute("INSERT OR REPLACE INTO part_unindexed SELECT pk FROM part")
    return _marked()


def _marked() -> int:
    return int(db.first("SELECT count(*) AS marked FROM part_unindexed")["marked"])


def _merge(index: str) -> bool:
    """Merge some pages of a full-text index; whether there may be more to merge."""
    before = _changes()
    db.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', 500)")
    return _changes() - before >= 2


def _changes() -> int:
    return int(db.first("SELECT total_changes() AS changes")["changes"])


def _analyze(store: Store, tell: Tell) -> _Result:
    store.run_now(db.execute, "ANALYZE")
    return "done", ()


def _vacuum(store: Store, tell: Tell) -> _Result:
    with _beside(store) as database:
        pages, empty, page_size = (
            int(database.execute_sql(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        if empty * page_size < _MIB or empty < pages * VACUUM_FROM:
            return "needless", ()
        database.execute_sql("VACUUM")
    return "done", ()


def _checkpoint(store: Store, tell: Tell) -> _Result:
    with _beside(store) as database:
        blocked, _, _ = database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return ("busy" if blocked else "done"), ()


_DO: dict[Step, Callable[[Store, Tell], _Result]] = {
    "integrity": _integrity,
    "search": _search,
    "analyze": _analyze,
    "vacuum": _vacuum,
    "checkpoint": _checkpoint,
}


@contextmanager
def _beside(store: Store) -> Iterator[Any]:
    """A connection of its own: these statements cannot run inside a transaction."""
    database = connectable(store.path, {"busy_timeout": _PATIENCE, "temp_store": "memory"}, store.key)
    database.connect()
    try:
        yield database
    finally:
        database.close()
