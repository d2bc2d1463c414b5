"""A quotation on its way back to the till: by which prices it comes, and what there is to say about that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.events import Key

from clutch_tui.core.quotation_carts import Repriced
from clutch_tui.core.quotations import Quotation
from clutch_tui.core.types import Cart, TaxRules
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import ChooseUnmarked, Unexpected
from clutch_tui.ui.widgets.cart_view import part_of
from clutch_tui.ui.widgets.window_table import READ_AFTER
from clutch_tui.ui.widgets.words import Words, shortened

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp

LONGEST_NAME = 30
MOST_LINES = 6
"""Of changed prices that are named; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A quotation with what its cart would be. `open` is the cart that was begun from it already and not sold."""

    quotation: Quotation
    priced: Repriced
    open: Cart | None

    def told(self, key: str, **values: str) -> str:
        """Say something of it."""
        day = shown.day(self.quotation.valid_until)
        return t(key, number=shown.part_number(self.quotation.number), day=day, **values)


async def to_till(app: ClutchApp, quotation_id: str) -> None:
    """Go to the till with a quotation; the sale that was open there is parked. While it binds the shop it comes at its
    own prices; after that somebody says at which. One that was begun already is gone on with as it was left, and one
    that was sold is but an example for another sale. Only from a worker, of a screen that stays. Raises
    `error.cart.elsewhere` where another window is selling it."""
    offer = await app.store.read(_offer, quotation_id)
    rules = await app.tax_rules()
    if offer.open is not None and offer.quotation.status != "sold":
        await app.sell(offer.open)
        app.notify(offer.told("quotation.open_already"))
        if not offer.quotation.binds and offer.priced.changed:
            app.notify(
                offer.told("quotation.open_over", **_totals(offer.priced, rules)), severity="warning", timeout=10
            )
        return
    cart = await _cart_of(app, offer, rules)
    if cart is not None:
        await app.sell(cart)
        for words in _remarks(offer, rules):
            app.notify(words, severity="warning", timeout=10)


def _offer(quotation_id: str) -> Offer:
    """Read all of it in one piece."""
    begun = next((cart for cart in shop.sales.open_carts() if cart.quotation_id == quotation_id), None)
    if begun is not None:
        shop.held_carts.check(begun.id)
    return Offer(shop.quotations.get(quotation_id), shop.quotation_carts.recall(quotation_id), begun)


async def _cart_of(app: ClutchApp, offer: Offer, rules: TaxRules) -> Cart | None:
    priced = offer.priced
    if offer.quotation.status == "sold":
        return replace(priced.today, quotation_id=None)
    if offer.quotation.binds or not priced.changed:
        return priced.quoted
    chosen = await app.push_screen_wait(PricesDialog(offer, rules))
    return {"today": priced.today, "quoted": priced.quoted}.get(chosen or "")


def _remarks(offer: Offer, rules: TaxRules) -> Iterator[str]:
    quotation, priced = offer.quotation, offer.priced
    if quotation.status == "sold":
        yield offer.told("quotation.sold_already", receipt=shown.part_number(quotation.receipt_number))
    elif priced.changed and quotation.binds:
        yield offer.told("quotation.still_holds", **_totals(priced, rules))
    elif quotation.binds and _total(priced.quoted, rules) != quotation.totals.total:
        paper = shown.money(quotation.totals.total)  # the rules of tax are others by now, or a part is gone
        yield offer.told("quotation.comes_to_other", paper=paper, now=_comes_to(priced.quoted, rules))
    elif quotation.is_over and not priced.changed:
        yield offer.told("quotation.over_unchanged")
    if priced.gone:
        called = {line.name: shown.of_language(line.name, line.name_en) for line in quotation.lines}
        names = shown.listed(shown.name(called[name]) for name in priced.gone)
        yield t("quotation.gone", names=names)


def _totals(priced: Repriced, rules: TaxRules) -> dict[str, str]:
    """What it comes to by its own prices and by today's."""
    return {"quoted": _comes_to(priced.quoted, rules), "today": _comes_to(priced.today, rules)}


def _comes_to(cart: Cart, rules: TaxRules) -> str:
    return shown.money(_total(cart, rules))


def _total(cart: Cart, rules: TaxRules) -> int:
    return shop.cart.totals(cart, rules, shop.quotations.PAID_BY).total


class PricesDialog(Unexpected, ChooseUnmarked):
    """The question at which prices to sell what binds nobody any more: today's, or those of the quotation, with what
    differs. It does not always come, so neither Enter nor a digit that nobody can have pressed for an answer is one."""

    NOT_ANSWERED = "dialog.not_chosen"
    DEFAULT_CSS = "PricesDialog #changed-prices { margin-bottom: 1; }"

    def __init__(self, offer: Offer, rules: TaxRules) -> None:
        self._offer = offer
        options: Sequence[tuple[str, Callable[[], str]]] = [
            ("today", partial(self._option, "quotation.at_todays", offer.priced.today, rules)),
            ("quoted", partial(self._option, "quotation.at_quoted", offer.priced.quoted, rules)),
        ]
        super().__init__("quotation.ask_prices", options)
        self.changed_lines = Words(id="changed-prices")

    def compose_body(self) -> ComposeResult:
        yield self.changed_lines
        yield from super().compose_body()

    def on_mount(self) -> None:
        self.heading.tell(lambda: self._offer.told("quotation.ask_prices"))
        self.changed_lines.tell(lambda: "\n".join(_changed_lines(self._offer.priced)))

    @staticmethod
    def _option(key: str, cart: Cart, rules: TaxRules) -> str:
        return t(key, total=_comes_to(cart, rules))

    def is_unread(self, key: Key) -> bool:
        answers = key.key == "enter" or key.is_printable
        return (answers and key.time - self._shown_at < READ_AFTER) or ChooseUnmarked.is_unread(self, key)


def _changed_lines(priced: Repriced) -> Iterator[str]:
    """Each price for one unit that is another now, as long as there is room."""
    pairs = zip(priced.quoted.lines, priced.today.lines, strict=True)
    changed = [(line, later) for line, later in pairs if line.price != later.price]
    for line, later in changed[:MOST_LINES]:
        prices = {"quoted": shown.amount(line.price), "today": shown.amount(later.price)}
        yield t("quotation.changed", name=shortened(part_of(line), LONGEST_NAME), **prices)
    if (more := len(changed) - MOST_LINES) > 0:
        yield t("quotation.more_changed", count=shown.number(more))
