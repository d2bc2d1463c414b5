"""Open carts belong to the window that makes them: two windows that went on with one sale would both sell it, or one
would cancel it under the other's hands.

A cart that is parked belongs to nobody, and so does one whose window is gone. Another window's is taken over by a
deliberate act alone (`sales.take_up` with `over`).
"""

from __future__ import annotations

from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .records.sale import CartTable

ELSEWHERE = "error.cart.elsewhere"

_HOLDER = Statement(CartTable.select(CartTable.holder).where(CartTable.id == given("id")))
_DISCARD = Statement(CartTable.delete().where(CartTable.id == given("id")))
_HELD = Statement(CartTable.select(CartTable.id, CartTable.holder).where(CartTable.holder != ""))


def check(cart_id: str) -> None:
    """Raise `ShopError` `error.cart.elsewhere` where another window has this cart."""
    row = _HOLDER.first(id=cart_id)
    if row is not None and db.window().is_other(row["holder"]):
        raise ShopError(ELSEWHERE)


def discard(cart_id: str) -> None:
    """Let a cart end. Raises `ShopError` `error.cart.elsewhere` where another window has it."""
    check(cart_id)
    _DISCARD.run(id=cart_id)


def elsewhere() -> frozenset[str]:
    """The carts that other windows have."""
    window = db.window()
    return frozenset(row["id"] for row in _HELD.rows() if window.is_other(row["holder"]))
