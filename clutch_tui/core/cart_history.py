"""Taking back what was done to a sale that is being made, and doing it again."""

from __future__ import annotations

from .types import Cart

STEPS = 100
"""How far back one can go."""


class CartHistory:
    """The carts that one sale has been. It forgets them with the next sale: what was sold is taken back by a return."""

    def __init__(self) -> None:
        self._past: list[Cart] = []
        self._future: list[Cart] = []

    def note(self, before: Cart) -> None:
        """Remember a cart that is about to become another."""
        if self._past and self._past[-1].id != before.id:
            self._past.clear()
        self._past.append(before)
        del self._past[:-STEPS]
        self._future.clear()

    def back(self, now: Cart) -> Cart | None:
        """The cart before the last change of this sale; None where there was none."""
        return self._go(now, self._past, self._future)

    def forth(self, now: Cart) -> Cart | None:
        """The cart that was left by going back; None where there is none."""
        return self._go(now, self._future, self._past)

    def _go(self, now: Cart, from_: list[Cart], to: list[Cart]) -> Cart | None:
        if not from_ or from_[-1].id != now.id:
            return None
        to.append(now)
        return from_.pop()
