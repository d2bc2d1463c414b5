"""The facts of other tills beside sales: payments, payments taken back, voids of sales; and what is told of
quotations, lost sales, special orders, deposits and the drawers of other tills.

They come with the sales' rows. Ours are written where they are made (`accounts`, `aftersales`) and stay as they were
printed; what comes of them says only that the server has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from .. import deposits, lost_sales, quotations, special_orders, till_moves
from ..database import db

_ABOUT = {"payment": "", "payment_void": "payment_id", "void": "sale_id"}
"""The kinds that move accounts, and the field that names what is undone."""
_TOLD: dict[str, Callable[[Sequence[Mapping[str, Any]]], None]] = {
    lost_sales.KIND: lost_sales.store_pulled,
    till_moves.KIND: till_moves.store_pulled,
    **dict.fromkeys(quotations.KINDS, quotations.store_pulled),
    **dict.fromkeys(special_orders.KINDS, special_orders.store_pulled),
    **dict.fromkeys(deposits.KINDS, deposits.store_pulled),
}
"""Who stores the others."""
KINDS = frozenset({*_ABOUT, *_TOLD})


def store(rows: Sequence[Mapping[str, Any]]) -> None:
    """Store pulled documents, all of one kind."""
    if rows and rows[0]["type"] not in _ABOUT:
        _TOLD[rows[0]["type"]](rows)
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
    for told in (quotations, lost_sales, special_orders, deposits, till_moves):
        told.sweep(present, oldest)
