"""Open carts belong to the window that makes them: two windows that went on with one sale would both sell it, or one
would cancel it under the other's hands.

A cart that is parked belongs to nobody, and so does one whose window is gone. Another window's is taken over by a
deliberate act alone (`sales.take_up` with `over`).
"""

from __future__ import annotations

from .database import models
from .types import ShopError

ELSEWHERE = "error.cart.elsewhere"


def check(cart_id: str) -> None:
    """Raise `ShopError` `error.cart.elsewhere` where another window has this cart."""
    row = models.execute("SELECT holder FROM cart WHERE id = ?", (cart_id,)).fetchone()
    if row is not None and models.window().is_other(row[0]):
        raise ShopError(ELSEWHERE)


def elsewhere() -> frozenset[str]:
    """The carts that other windows have."""
    window = models.window()
    rows = models.execute("SELECT id, holder FROM cart WHERE holder <> ''").fetchall()
    return frozenset(cart_id for cart_id, holder in rows if window.is_other(holder))
