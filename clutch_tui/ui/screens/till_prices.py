"""What the parts of the open sale cost: the prices of its customer's level, and what a server has changed of them.

What is known of the prices of its parts is read when a part comes into the sale and when news of the inventory come,
and from then on no key waits for the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t, tn
from clutch_tui.ui import shop
from clutch_tui.ui.screens.till_entry import TillEntry
from clutch_tui.ui.widgets.cart_view import part_of

if TYPE_CHECKING:
    from clutch_tui.core.guards import LineMargin
    from clutch_tui.core.pricing import PartPrices, PriceNews, Shortage
    from clutch_tui.core.types import Cart, CartLine, Customer, CustomerRow, PartRow


class TillPrices(TillEntry):
    """The prices of the sale that is open."""

    def __init__(self) -> None:
        super().__init__()
        self._prices: dict[str, PartPrices] = {}
        """What is known of the prices of the parts that were in a cart since the last news of the inventory."""
        self._price_news: PriceNews | None = None
        """The price that is told, and that one key takes: as it stands on the screen."""
        self._shortages: tuple[Shortage, ...] = ()
        """The parts of the cart of which others have left too few."""

    # --- knowing them ---------------------------------------------------------------------------------

    async def know_prices(self, *part_ids: str) -> None:
        """Read what is not known yet of these parts and of those in the cart."""
        lines = self.cart.lines if self.cart is not None else ()
        unknown = {*part_ids, *(line.part_id for line in lines)} - self._prices.keys()
        if unknown:
            self._prices |= await self.store.read(shop.pricing.of_parts, unknown)

    async def look_at_prices(self) -> None:
        """Read anew what is known of the parts in the cart: something of the inventory has changed."""
        before, cart = self._prices, self.cart
        part_ids = {line.part_id for line in cart.lines} if cart is not None else set()
        self._prices = await self.store.read(shop.pricing.of_parts, part_ids) if part_ids else {}
        if cart is not None and cart is self.cart:
            fewer = shop.pricing.shortages(cart, before, self._prices)
            told = {one.part_id for one in fewer}
            self._shortages = (*fewer, *(one for one in self._shortages if one.part_id not in told))

    @work(group="prices", exclusive=True, exit_on_error=False)
    async def _learn_prices(self, cart: Cart) -> None:
        """Read what is known of the prices of a cart that was taken up."""
        await self.know_prices()
        if self.cart is not None and self._is_known(cart):
            self.show_news()

    def _is_known(self, cart: Cart) -> bool:
        return all(line.part_id in self._prices for line in cart.lines)

    def has_price(self, part: PartRow) -> bool:
        """Tell whether it is known what a part costs the customer of this sale."""
        known = self._prices.get(part.id)
        level = "" if self.cart is None else self.cart.level
        return bool(part.price) or bool(
            known and shop.pricing.price_for(known.rules, 0, level, shop.quantity.ONE).price
        )

    # --- the sale at its prices -----------------------------------------------------------------------

    def at_prices(self, cart: Cart, part_id: str | None = None) -> Cart:
        """The cart at the prices of its customer and of its quantities, or only one part of it; what became another
        price by it is said."""
        about = self._prices if part_id is None else {id: self._prices[id] for id in {part_id} & self._prices.keys()}
        priced = shop.pricing.repriced(cart, about)
        if self.cart is not None:
            self._say_repriced(self.cart, priced)
        return priced

    async def sell_to(self, customer: Customer | CustomerRow | None) -> None:
        """Name the customer of the sale that is open, or nobody; it is at the prices of his level from then on."""
        await self.know_prices()
        if self.cart is not None:
            self._change(self.at_prices(shop.cart.with_customer(self.cart, customer)))

    @work(group="ask", exit_on_error=False)
    async def action_price(self) -> None:
        if self._line is not None:
            from clutch_tui.ui.screens import till_questions

            n, line = self._line
            if (price := await till_questions.price(self.app, line)) is not None and self.cart is not None:
                self._change(shop.cart.set_price(self.cart, n, price), select=line.part_id)

    def name_at_paying(self, cart: Cart, is_paid: bool) -> Cart:
        """Take the customer who was named while the money was taken; the cart as it is sold to him. What a part of has
        been paid stays at the prices that were told."""
        named = cart if is_paid else self.at_prices(cart)
        self._change(named)
        return named

    def _say_repriced(self, before: Cart, after: Cart) -> None:
        """Say which prices became others, of parts that lay in the cart before."""
        was = {line.part_id: line for line in before.lines if not line.is_price_kept}
        others = [
            line
            for line in after.lines
            if not line.is_price_kept and line.part_id in was and was[line.part_id].price != line.price
        ]
        if len(others) == 1:
            self.app.notify(self._price_words(others[0]))
        elif others:
            from clutch_tui.phrases.price_levels import level_word

            level = level_word(after.level or shop.price_rules.RETAIL)
            self.app.notify(tn("sales.repriced", len(others), level=level))

    @staticmethod
    def _price_words(line: CartLine) -> str:
        price = shown.money(line.price)
        if not line.level:
            return t("sales.price_own", name=part_of(line), price=price)
        from clutch_tui.phrases.price_levels import level_word

        return t("sales.price_of_level", name=part_of(line), price=price, level=level_word(line.level))

    # --- before it is paid ----------------------------------------------------------------------------

    def margins(self, cart: Cart) -> tuple[LineMargin, ...]:
        """What is left of each line, where the shop shows that at the till; nothing elsewhere."""
        return shop.guards.margins(cart, self._prices) if self.app.settings.shop.show_margin else ()

    async def may_sell_so(self, cart: Cart) -> bool:
        """Tell whether a cart goes at these prices: what goes below its cost, and more off than the shop allows, is
        asked about. Only from a worker."""
        await self.know_prices()
        most_off = int(self.app.settings.shop.max_discount * 100)
        concerns = shop.guards.concerns(cart, self._prices, most_off)
        if not concerns:
            return True
        from clutch_tui.ui.screens.guards import ConcernsDialog

        return bool(await self.app.push_screen_wait(ConcernsDialog(concerns)))

    # --- what has changed meanwhile -------------------------------------------------------------------

    def show_news(self) -> None:
        """Tell what has changed of the parts in the cart. Only what has been drawn can be taken by a key."""
        cart = self.cart
        if cart is not None and not self._is_known(cart):
            self._learn_prices(cart)
        news = () if cart is None else shop.pricing.news(cart, self._prices)
        self._shortages = () if cart is None else shop.pricing.still_short(cart, self._shortages, self._prices)
        shortages = self._shortages
        lines = self.lines.news
        lines.display = bool(news or shortages)
        lines.tell(lambda: "\n".join([*map(_news_words, news[:1]), *(_short_words(one) for one in shortages[:1])]))
        if self._price_news not in news[:1]:
            self._price_news = None
        if news:
            self.call_after_refresh(self._has_told, news[0])

    def _has_told(self, news: PriceNews) -> None:
        if self.cart is not None and news in shop.pricing.news(self.cart, self._prices)[:1]:
            self._price_news = news
            self.refresh_bindings()

    @property
    def has_price_news(self) -> bool:
        """Tell whether a price is told that a key takes."""
        return self._price_news is not None

    def action_take_price(self) -> None:
        """Sell at the price that is told."""
        if self.cart is not None and (news := self._price_news) is not None:
            self._price_news = None
            self._change(shop.pricing.with_news(self.cart, [news]), select=news.part_id)
        else:
            self.app.bell()


def _news_words(news: PriceNews) -> str:
    name = shown.name(shown.of_language(news.name, news.name_en))
    return t("sales.price_news", name=name, was=shown.amount(news.was), now=shown.amount(news.price.price))


def _short_words(one: Shortage) -> str:
    name = shown.name(shown.of_language(one.name, one.name_en))
    return t("sales.short", name=name, quantity=shown.quantity(one.wanted), stock=shown.quantity(one.stock))
