"""The sales that are being made beside the one at the till, to take one up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t, tn
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose

if TYPE_CHECKING:
    from clutch_tui.core.types import Cart, TaxRules

NEW = "new"
"""The answer of who wants another sale and none of these."""


def choice(carts: Sequence[Cart], current: Cart | None, rules: TaxRules, elsewhere: Collection[str]) -> Choose:
    """The question which of these sales to go on with; the one at the till is named as that, and so are those that
    other windows are making (`elsewhere`)."""
    here = "" if current is None else current.id
    places = {cart_id: "sales.cart_elsewhere" for cart_id in elsewhere} | {here: "sales.cart_current"}
    options = [(cart.id, _words(cart, rules, places.get(cart.id))) for cart in carts]
    return Choose("sales.carts", [(NEW, lambda: t("sales.new_cart")), *options])


def _words(cart: Cart, rules: TaxRules, place: str | None) -> Callable[[], str]:
    pieces = sum(line.pieces for line in cart.lines)
    first = cart.lines[0]
    total = shop.cart.totals(cart, rules).total

    def words() -> str:
        said = t(
            "sales.cart_name",
            customer=shown.name(cart.customer_name or shown.of_language(first.name, first.name_en)),
            pieces=tn("sales.pieces", pieces),
            total=shown.money(total),
        )
        return said if place is None else t(place, cart=said)

    return words
