"""The facts of other tills beside sales: payments, payments taken back, voids of sales; and what is told of
quotations and lost sales.

They come with the sales' rows. Ours are written where they are made (`accounts`, `aftersales`) and stay as they were
printed; what comes of them says only that the server has them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .. import lost_sales, quotations
from ..database import db

_ABOUT = {"payment": "", "payment_void": "payment_id", "void": "sale_id"}
"""The kinds that move accounts, and the field that names what is undone."""
KINDS = frozenset({*_ABOUT, *quotations.KINDS, lost_sales.KIND})


def store(rows: Sequence[Mapping[str, Any]]) -> None:
    """Store pulled documents, all of one kind."""
    if rows and rows[0]["type"] not in _ABOUT:
        (quotations if rows[0]["type"] in quotations.KINDS else lost_sales).store_pulled(rows)
        return
    db.executemany(
        "INSERT INTO document (id, kind, about, customer_id, amount, method, note, at, own, seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
        [
            (
                row["id"],
                row["type"],
                row.get(_ABOUT[row["type"]]) or "",
                row.get("customer_id") or "",
                row.get("amount") or 0,
                row.get("method") or "",
                row["note"],
                row["at"] or db.now_text(),
                row["seq"],
            )
            for row in rows
        ],
    )


def sweep(present: Collection[str], oldest: str) -> None:
    """Forget the documents of other tills that a snapshot of the sales does not hold, as far back as it reaches: a
    server that was restored has lost them. Ours are facts and go up again."""
    db.execute(
        "DELETE FROM document WHERE own = 0 AND at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
        (oldest, json.dumps(list(present))),
    )
    quotations.sweep(present, oldest)
    lost_sales.sweep(present, oldest)
