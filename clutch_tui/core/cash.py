"""The drawer of this terminal: what sales, voids and returns put in and take out, and what a person does.

Sales carry their own cash to the server; what a person does with the drawer is a fact of its own.
"""

from __future__ import annotations

from typing import Literal

from . import journal, state
from .database import models
from .sync import outbox
from .types import ShopError

DrawerDeed = Literal["open", "pay_in", "pay_out", "no_sale", "close"]


def record(
    kind: str, amount: int, *, change_id: str, sale_id: str | None = None, reason: str = "", day: str = ""
) -> None:
    """Write one movement of the drawer; into it is positive. Only inside the transaction that causes it. `day` is
    the business day for a caller who knows it already."""
    models.execute(
        "INSERT INTO cash_move (kind, amount, sale_id, change_id, reason, business_day, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, amount, sale_id, change_id, reason, day or state.business_day(), models.now_text()),
    )


def balance(day: str) -> int:
    """What the movements of a business day come to: the float that was put in, and all cash since."""
    row = models.execute("SELECT coalesce(sum(amount), 0) FROM cash_move WHERE business_day = ?", (day,)).fetchone()
    return int(row[0])


def do(
    kind: DrawerDeed, amount: int, *, drawer_id: str, actor: str, reason: str = "", counted: int | None = None
) -> None:
    """Open the drawer with a float, pay in or out, open it without a sale, or close it with what was counted.

    `amount` is positive; paying out takes it from the drawer. Raises `error.cash.amount` for a negative one and
    `error.cash.no_reason` where a person must say why.
    """
    if amount < 0:
        raise ShopError("error.cash.amount")
    if kind in ("pay_in", "pay_out", "no_sale") and not reason.strip():
        raise ShopError("error.cash.no_reason")
    body = {
        "drawer_id": drawer_id,
        "kind": kind,
        "amount": amount,
        "counted": counted,
        "reason": reason.strip(),
        "business_day": state.business_day(),
    }
    change_id = models.new_id()
    outbox.add("cash", "cash", change_id, body, change_id=change_id, label=kind)
    moved = {"open": amount, "pay_in": amount, "pay_out": -amount}.get(kind, 0)
    record(kind, moved, change_id=change_id, reason=reason.strip())
    journal.audit(f"cash_{kind}", "cash", change_id, body, actor)
