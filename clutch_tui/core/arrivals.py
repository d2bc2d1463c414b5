"""Goods that a special order waits for: it is told when they are here, and each thing once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Literal

from . import journal
from .clock import to_text
from .database import db
from .special_order_states import STATUS, STOCK

News = Literal["special_order_here", "special_order_arrived"]
NEWS: tuple[News, ...] = ("special_order_here", "special_order_arrived")
"""Notifications that lead to a special order: somebody has said that its goods are here, or the shelf says so."""
WAITS_FOR = timedelta(days=400)
"""For how long the shelf is looked at."""


def look(part_ids: Collection[str] | None = None) -> None:
    """Tell of the special orders for which the shelf has enough by now, of these parts or of any, where nobody has said
    yet that their goods are here."""
    where, params = "item_id IS NOT NULL", list[Any]()
    if part_ids is not None:
        where = f"item_id IN ({', '.join('?' * len(part_ids))})"
        params += part_ids
    rows = db.rows(
        f"SELECT id FROM special_order WHERE {where} AND at >= ? AND {STATUS} = 'ordered' AND {STOCK} >= quantity",
        (*params, to_text(db.now() - WAITS_FOR)),
    )
    for row in rows:
        tell("special_order_arrived", row["id"])


def tell(kind: News, order_id: str) -> None:
    """Note that the goods of a special order are here, or may be; nothing for one that is not known."""
    row = db.first("SELECT number, item_name, customer_name FROM special_order WHERE id = ?", (order_id,))
    if row is not None:
        values = {name: row[name] for name in ("number", "item_name", "customer_name")}
        journal.notify(kind, values | {"special_order_id": order_id}, notification_id=f"{kind}:{order_id}")
