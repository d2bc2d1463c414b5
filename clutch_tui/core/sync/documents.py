"""The facts of other tills that move accounts without being sales: payments, payments taken back, voids of sales.

They come with the sales' rows. Ours are written where they are made (`accounts`, `aftersales`) and stay as they were
printed; what comes of them says only that the server has them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..database import db

KINDS = {"payment": "", "payment_void": "payment_id", "void": "sale_id"}
"""The kinds, and the field that names what is undone."""


def store(rows: Sequence[Mapping[str, Any]]) -> None:
    """Store pulled documents."""
    db.executemany(
        "INSERT INTO document (id, kind, about, customer_id, amount, method, note, at, own, seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (id) DO UPDATE SET seq = excluded.seq",
        [
            (
                row["id"],
                row["type"],
                row.get(KINDS[row["type"]]) or "",
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
