"""One row, read and written in each of the ways that peewee and the driver have for it.

The bare thing is the statement as text on the driver's own connection. What `core/database/statement.py` is for stands
in the ratios of the others; the budget is on a Statement's own. Processor time, so that a busy machine says the same.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from clutch_tui.core import inventory
from clutch_tui.core.database import db
from clutch_tui.core.database.statement import Statement, given, put_by_key
from clutch_tui.core.records.part import PartTable
from clutch_tui.core.records.sync import BaseRecordTable
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from tests.bench.figures import Budget, Figure, Pace, compared, in_turns

PARTS = 50
"""Rows behind one figure: a single one is too short for the clock."""

_PART = Statement(PartTable.select().where(PartTable.id == given("id")))
_PART_AS_TEXT = f"SELECT {', '.join(PartTable._meta.columns)} FROM part WHERE id = ?"
_PUT = put_by_key(BaseRecordTable)
_PUT_AS_TEXT = (
    "INSERT INTO base_record (type, id, body) VALUES (?, ?, ?)"
    " ON CONFLICT (type, id) DO UPDATE SET body = excluded.body"
)

One = Callable[[str], object]


def measure(pace: Pace) -> Iterator[Figure]:
    pace.progress("statement: one row, each way")
    rounds = pace.rounds(60, 3)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "shop.db", inline=True) as store:
        ids = [store.run_now(inventory.create, _draft(n)).id for n in range(PARTS)]
        yield from _figures("read a part", READ, ids, rounds, store.read_now)
        yield from _figures("put a copy", WRITTEN, ids, rounds, store.run_now)


def _draft(n: int) -> PartDraft:
    return PartDraft(name=f"فلتر زيت {n}", part_number=f"W {n}", brand="Mann", price=150_00, location="A-1")


def _figures(
    what: str, ways: dict[str, One], ids: list[str], rounds: int, door: Callable[..., Any]
) -> Iterator[Figure]:
    bare = ways["text"]
    for name, way in ways.items():
        if way is not bare:
            pairs = door(in_turns, rounds, _timed(way, ids), _timed(bare, ids))
            budget = Budget(2.0) if name == "a Statement" else None
            yield compared("statement", f"{what}: {name}", "us", pairs, budget)


def _timed(way: One, ids: list[str]) -> Callable[[], float]:
    """Make what does a way for every row and gives back the microseconds of one."""

    def timed() -> float:
        at = time.process_time()
        for part_id in ids:
            way(part_id)
        return (time.process_time() - at) * 1e6 / len(ids)

    return timed


READ: dict[str, One] = {
    "a model's instance": lambda part_id: PartTable.get(PartTable.id == part_id),
    "dicts()": lambda part_id: PartTable.select().where(PartTable.id == part_id).dicts().get(),
    "a Statement": lambda part_id: _PART.first(id=part_id),
    "text": lambda part_id: db.database.connection().execute(_PART_AS_TEXT, (part_id,)).fetchone(),
}
WRITTEN: dict[str, One] = {
    "a query": lambda part_id: BaseRecordTable.replace(type="item", id=part_id, body="{}").execute(),
    "a Statement": lambda part_id: _PUT.run(type="item", id=part_id, body="{}"),
    "text": lambda part_id: db.database.connection().execute(_PUT_AS_TEXT, ("item", part_id, "{}")),
}
