"""What becomes of an order without us: the customer's yes, a cancellation, another shop that was faster, time that ran
out. Each is news for a person, and leads to the order.

It is read from the rows of a pull, and so comes to every till, also to one that was offline when it happened; what this
till has answered itself is no news to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import journal
from .database.statement import Statement, given
from .records.order import OrderTable

KINDS = ("order_accepted", "order_cancelled", "order_taken", "order_expired")
"""Notifications about an order that was known before."""

_ALIVE = frozenset({"pending", "quoted", "accepted", "ready"})
_ENDED = {"taken": "order_taken", "expired": "order_expired"}
_BEFORE = Statement(OrderTable.select(OrderTable.status).where(OrderTable.id == given("id")))


def hear(rows: Sequence[Mapping[str, Any]]) -> None:
    """Note what these rows of the server's tell that was not so before. They are not stored yet."""
    for row in rows:
        before = None if row["deleted"] else _BEFORE.first(id=row["id"])
        kind = None if before is None else _news(before["status"], row["status"], row["reason"])
        if kind is not None:
            journal.notify(
                kind,
                {name: row[name] for name in ("order_number", "customer_name") if row[name]} | {"order_id": row["id"]},
                notification_id=f"{kind}:{row['id']}:{row['version']}",
            )


def _news(before: str, now: str, reason: str) -> str | None:
    if (before, now) == ("quoted", "accepted"):
        return "order_accepted"
    if before in _ALIVE and now == "cancelled":
        return _ENDED.get(reason, "order_cancelled")
    return None
