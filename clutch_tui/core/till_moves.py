"""What people did with the drawers of the other tills of the shop: floats, paying in and out, closings.

They come with the rows of the sales, and move nothing here; the report of a day adds them up.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import peewee

from clutch_tui.text import shop_time

from . import state
from .clock import from_text
from .database import db
from .database.statement import Statement, given
from .records.sale import TillMoveTable
from .records.sync import OutboxTable

KIND = "cash"

_COLUMNS = {column: given(column.name, column.default) for column in TillMoveTable._meta.sorted_fields}
_STORE = Statement(
    TillMoveTable.insert(_COLUMNS).on_conflict(
        conflict_target=[TillMoveTable.id], update={TillMoveTable.seq: peewee.EXCLUDED.seq}
    )
)
_OURS = Statement(
    OutboxTable.select(OutboxTable.n).where(OutboxTable.type == KIND, OutboxTable.record_id == given("id")).limit(1)
)


def store_pulled(rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the server's rows of what was done at other tills; what was done at this one stands in its own books."""
    for row in rows:
        if _OURS.first(id=row["id"]) is None:
            _STORE.run(**_kept(row))


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    at = row["at"] or db.now_text()
    names = ("id", "drawer_id", "kind", "amount", "counted", "category", "seq")
    day = row["business_day"] or shop_time.local(from_text(at), state.timezone()).date().isoformat()
    return {name: row[name] for name in names} | {"reason": row["note"], "at": at, "business_day": day}


def sweep(present: Collection[str], oldest: str) -> None:
    """Forget what a snapshot of the sales does not hold, as far back as it reaches."""
    db.execute(
        "DELETE FROM till_move WHERE at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
        (oldest, json.dumps(list(present))),
    )
