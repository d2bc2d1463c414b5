"""The questions of the till: about a text that means more than one thing, and for the figures of a line."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import Quantity, smallest
from clutch_tui.phrases import lookups
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import AskUnexpected, ChooseUnmarked, ask_money, ask_quantity
from clutch_tui.ui.widgets.cart_view import part_of
from clutch_tui.ui.widgets.part_columns import part_words

if TYPE_CHECKING:
    from clutch_tui.core.lookup import Candidate
    from clutch_tui.core.types import Cart, CartLine, PartRow
    from clutch_tui.ui.app import ClutchApp


async def which(app: ClutchApp, text: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """Ask which of these parts, and how many of it; None for none of them."""
    options = [(str(n), lookups.candidate(candidate)) for n, candidate in enumerate(candidates)]
    chosen = await app.push_screen_wait(ChooseUnmarked("sales.which", options, text=shown.isolate(text)))
    return None if chosen is None else candidates[int(chosen)]


async def is_sign_apart(app: ClutchApp, sign: str, text: str) -> bool | None:
    """Tell whether a sign right before a figure was for the marked line, which it has stepped; None where nobody
    says."""
    apart = {"sign": shown.isolate(sign), "text": shown.isolate(text)}
    options = [
        ("apart", lambda: t("sales.sign_apart", **apart)),
        ("joined", lambda: t("sales.sign_joined", text=shown.isolate(sign + text))),
    ]
    chosen = await app.push_screen_wait(ChooseUnmarked("sales.sign_and_figure", options, **apart))
    return None if chosen is None else chosen == "apart"


async def is_quantity(app: ClutchApp, text: str, line: CartLine, quantity: Quantity, part: PartRow) -> bool | None:
    """Tell whether a figure is the `quantity` of the marked line, and not this part; None where nobody says."""
    options = [
        ("quantity", lambda: t("sales.quantity_of_line", quantity=measured(quantity, line.unit), name=part_of(line))),
        ("part", lookups.candidate(shop.lookup.Candidate(part))),
    ]
    chosen = await app.push_screen_wait(ChooseUnmarked("sales.which", options, text=shown.isolate(text)))
    return None if chosen is None else chosen == "quantity"


async def quantity(app: ClutchApp, line: CartLine) -> Quantity | None:
    """Ask how much of a line's part."""
    asked = ask_quantity(
        "sales.ask_quantity",
        value=line.quantity,
        minimum=smallest(line.decimals),
        maximum=shop.cart.MOST,
        places=line.decimals,
        name=partial(part_of, line),
    )
    return await app.push_screen_wait(asked)


async def missing_price(app: ClutchApp, part: PartRow) -> int | None:
    """The price of a part that has none, in minor units, for this sale: 0 where it is given for nothing, and None where
    it is not sold."""
    name = partial(part_words, part)
    asked = ask_money("sales.ask_missing_price", maximum=shop.cart.DEAREST, kind=AskUnexpected, name=name)
    return await app.push_screen_wait(asked)


async def price(app: ClutchApp, line: CartLine) -> int | None:
    """Another price for one unit, in minor units."""
    asked = ask_money("sales.ask_price", value=line.price, maximum=shop.cart.DEAREST, name=partial(part_of, line))
    return await app.push_screen_wait(asked)


async def may_sell(app: ClutchApp, cart: Cart) -> bool:
    """Tell whether to take money for what was ordered, quoted or ordered specially: another till may have sold it since
    this cart was made."""
    if cart.order_id is not None:
        receipt = await app.store.read(shop.orders.sold_as, cart.order_id)
        if receipt is not None and not await _sell_again(app, "order.ask_sell_again", receipt):
            return False
    with suppress(ShopError):  # one that no server knows any more
        if cart.quotation_id is not None:
            quotation = await app.store.read(shop.quotations.get, cart.quotation_id)
            if quotation.status == "sold":
                return await _sell_again(app, "quotation.ask_sell_again", quotation.receipt_number)
        if cart.special_order_id is not None:
            order = await app.store.read(shop.special_orders.get, cart.special_order_id)
            if order.status == "fetched":
                return await _sell_again(app, "special_order.ask_sell_again", order.receipt_number)
    return True


async def _sell_again(app: ClutchApp, question: str, receipt: str) -> bool:
    return await app.confirm_unexpected(question, receipt=shown.part_number(receipt))
