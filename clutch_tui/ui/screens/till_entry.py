"""The till's field: what is typed or scanned becomes a search, a quantity, or a line of the sale.

What a text means is decided in core (`lookup`); here it is sold, or asked about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on, work
from textual.events import Key
from textual.widgets import Input

from clutch_tui.core.errors import ShopError
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.errors import report
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.widgets.cart_view import CartView
from clutch_tui.ui.widgets.marked_part import MarkedPart
from clutch_tui.ui.widgets.part_columns import HIT_COLUMNS, part_words
from clutch_tui.ui.widgets.scan_field import ScanField
from clutch_tui.ui.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from clutch_tui.core.cart_history import CartHistory
    from clutch_tui.core.lookup import Candidate, Lookup
    from clutch_tui.core.quantity import Quantity
    from clutch_tui.core.types import Cart, CartLine, PartRow

HITS = 50


class TillEntry(ShopScreen):
    """Finding and adding. What a sale becomes by it is told to `_change`, which the till has."""

    takes_lines = True

    def __init__(self) -> None:
        super().__init__()
        self.cart: Cart | None = None
        self.field = ScanField("sales.scan_hint", id="scan")
        self.hits: WindowTable[PartRow] = WindowTable(HIT_COLUMNS, empty="common.no_match", id="hits")
        self.marked = MarkedPart(id="marked")
        self.lines = CartView(id="cart")
        self.history: CartHistory
        """Made with the first cart."""
        self._after_step: Cart | None = None
        """The cart as the last plus or minus has made it."""
        self._unknown = ""
        """The last text that was a code of no part: Enter on it again makes one."""
        self._hits_for = ""
        """The text of which the hits are; empty while those are on their way."""
        self._is_overtaken = False
        """Whether news came while they were."""
        self._has_news_moved = False
        """Whether news put other hits before the one that was marked: that was not done by hand."""
        self._is_open = asyncio.Event()
        """Set once there is a cart."""
        self._one_by_one = asyncio.Lock()
        """A quantity typed behind a scan is for that part, also when the part is still being looked up."""

    if TYPE_CHECKING:

        def _change(self, cart: Cart, select: str | None = None) -> None: ...

        def _go_to(self, way: Callable[[Cart], Cart | None]) -> None: ...

        async def _set_quantity(self, quantity: Quantity) -> None: ...

        async def know_prices(self, *part_ids: str) -> None: ...

        def at_prices(self, cart: Cart, part_id: str | None = None) -> Cart: ...

        def has_price(self, part: PartRow) -> bool: ...

        @property
        def _line(self) -> tuple[int, CartLine] | None: ...

        def _look_at_line(self) -> object: ...

    # --- finding and adding ---------------------------------------------------------------------------

    @on(ScanField.Changed, "#scan")
    def _typed(self, event: ScanField.Changed) -> None:
        text = event.value.strip()
        looking = bool(text) and shop.lookup_plan.plan(text).pieces is None
        if self.hits.display and not looking:
            self._look_at_line()
        self.hits.display = looking
        self.field.steers(self.hits if looking else self.lines.table)
        if looking and self.app.is_open:
            self.hits.expect()
            self._hits_for = ""
            self.call_after_refresh(self._search, text)  # the letter is seen before it is looked for

    def _search_again(self) -> None:
        """Search anew, for what was found may look otherwise now. A question that has no answer yet gets the one that
        it waits for."""
        is_on_its_way = any(worker.group == "search" and not worker.is_finished for worker in self.workers)
        if is_on_its_way and not self._hits_for:
            self._is_overtaken = True
        else:
            self._search(self.field.value.strip())

    @work(group="search", exclusive=True, exit_on_error=False)
    async def _search(self, text: str) -> None:
        lookup, rows = await self.store.read(shop.lookup.find, text, HITS)
        if text != self.field.value.strip():
            return  # another search is on its way
        is_news, was_first = self._hits_for == text, self.hits.cursor == 0
        self._hits_for = text
        self.marked.read_as = lookup.read_as
        self.hits.show_rows(rows, None if is_news else 0, is_news=is_news)
        self._has_news_moved = is_news and (self._has_news_moved or (was_first and self.hits.cursor > 0))
        if self._is_overtaken:
            self._is_overtaken = False
            self.call_later(self._search_again)

    @on(ScanField.Entered)
    def _entered(self, event: ScanField.Entered) -> None:
        row = self.hits.row if self._hits_for == event.text else None
        self._obey(event.text, event.sign, row, event.by_hand or (self.hits.cursor > 0 and not self._has_news_moved))

    def take_scan(self, text: str) -> bool | None:
        """Into the sale, whatever has the focus; so much of it as stands before a `*` in the field."""
        typed = self.field.value.strip()
        begun = typed if typed.endswith(tuple(shop.lookup_plan.SIGNS)) else ""
        if begun or self.field.selected_text == self.field.value:
            self.field.value = ""
        self.field.sign = ""
        self._obey(begun + text, "", None, by_hand=False, scanned=True)
        return True

    async def on_key(self, event: Key) -> None:
        """Take what is typed for a search, wherever a click or Tab has led."""
        if event.is_printable and not isinstance(self.focused, Input):
            event.stop()
            self.field.focus()
            await self.field.type_key(event)

    @work(group="add", exit_on_error=False)
    async def _obey(self, text: str, sign: str, row: PartRow | None, by_hand: bool, scanned: bool = False) -> None:
        await self._is_open.wait()  # what is scanned while the program starts belongs into the sale
        async with self._one_by_one:
            plan = shop.lookup_plan.plan(text)
            if sign and plan.begins_with_figure:
                whole = await self._with_sign(sign, text)
                if whole is None:
                    self._offer_again(text)
                    return
                text = whole
            lookup = await self.store.read(shop.lookup.resolve, text)
            figure = plan.step if sign else plan.figure
            try:
                if lookup.refused:
                    raise ShopError("error.sale.figure", figure=lookup.refused)
                if lookup.pieces is not None:
                    await self._set_quantity(lookup.pieces)
                elif figure is not None and not scanned and not by_hand and (sign or not lookup.exact):
                    await self._take_figure(text, sign, figure, lookup, row)
                else:
                    await self._sell(text, lookup, row, by_hand=by_hand, scanned=scanned)
            except ShopError as error:
                report(self, error)
                self._offer_again(text)

    async def _with_sign(self, sign: str, text: str) -> str | None:
        """Return what is meant by a sign and a figure right behind it: the sign has stepped the marked line by one
        already, where there was one to step. None where nobody says."""
        if self._after_step is not self.cart:
            return sign + text
        from clutch_tui.ui.screens import till_questions

        is_apart = await till_questions.is_sign_apart(self.app, sign, text)
        if is_apart is not False:
            return text if is_apart else None
        self._go_to(self.history.back)
        return sign + text

    async def _take_figure(self, text: str, sign: str, figure: Quantity, lookup: Lookup, row: PartRow | None) -> None:
        """A figure alone may be the quantity of the marked line, behind a sign so much more or less, or the
        beginning of a code; the sign has stepped the line by one already, where there was one to step."""
        step, line = (-1 if sign == "-" else 1), self._line
        if line is None:
            if sign:
                raise ShopError("error.sale.figure", figure=sign + text)
            await self._sell(text, lookup, row, by_hand=False, scanned=False)
            return
        stepped = bool(sign) and self._after_step is self.cart
        done = shop.quantity.whole(step) if stepped else 0
        wanted = shop.quantity.total((line[1].quantity, step * figure, -done)) if sign else figure
        if wanted <= 0 or not figure:
            if stepped:
                self._go_to(self.history.back)
            raise ShopError("error.sale.figure", figure=sign + text)
        begun = row if shop.quantity.is_whole(figure) else None  # no code is begun with a sign and a fraction
        parts = [candidate.part for candidate in lookup.meant(begun, by_hand=False)]
        if not parts and not sign:
            await self._sell(text, lookup, row, by_hand=False, scanned=False)
            return
        from clutch_tui.ui.screens import till_questions

        is_quantity = not parts or await till_questions.is_quantity(self.app, sign + text, line[1], wanted, parts[0])
        if is_quantity is None:
            self._offer_again(text)
        elif is_quantity:
            if stepped:
                self._go_to(self.history.back)
            await self._set_quantity(wanted)
        else:
            await self._sell(text, lookup, row, by_hand=True, scanned=False)

    async def _sell(self, text: str, lookup: Lookup, row: PartRow | None, *, by_hand: bool, scanned: bool) -> None:
        """Sell what is meant. What is doubtful is asked, however fast it came; a scan is a code and no search."""
        several = False
        if row is None and not lookup.exact and not scanned:
            # the list below the field is not there, or has nothing in it
            lookup, rows = await self.store.read(shop.lookup.find, text, 2)
            row, several = rows[0] if len(rows) == 1 else None, len(rows) > 1
        candidates = lookup.meant(row, by_hand=by_hand)
        if candidates:
            meant: Candidate | None = candidates[0]
            if len(candidates) > 1 or not lookup.sure:
                from clutch_tui.ui.screens import till_questions

                meant = await till_questions.which(self.app, text, candidates)
        elif text == self._unknown and not scanned:
            meant = await self._make(lookup)
        else:
            self._say_not_found(text, lookup, several=several)
            return
        price: int | None = None
        if meant is not None:
            await self.know_prices(meant.part.id)
            if not self.has_price(meant.part) and (price := await self._missing_price(meant.part)) is None:
                meant = None
        if meant is None:
            self._offer_again(text)
            return
        self._add(meant, price)
        if lookup.read_as:
            from clutch_tui.phrases import lookups

            # the number as it stands on the part, where that was typed
            self.notify(lookups.read_as(meant.part.part_number if lookup.exact else lookup.read_as))

    async def _missing_price(self, part: PartRow) -> int | None:
        """Have a price given for this sale to what has none, of which nought may be meant; its line keeps it for the
        next piece. None where nobody says."""
        lines = self.cart.lines if self.cart is not None else ()
        price = next((line.price for line in lines if line.part_id == part.id), None)
        if price is None:
            from clutch_tui.ui.screens import till_questions

            price = await till_questions.missing_price(self.app, part)
        return price

    def _say_not_found(self, text: str, lookup: Lookup, *, several: bool) -> None:
        key = "sales.several" if several else "sales.not_found"
        if not several and shop.codes.looks_scanned(lookup.wanted):
            key, self._unknown = "sales.unknown_code", text
        self.notify(t(key, text=shown.name(lookup.wanted)), severity="warning")
        self._offer_again(text)

    async def _make(self, lookup: Lookup) -> Candidate | None:
        """Make the part that an unknown barcode is on."""
        from clutch_tui.ui.screens import new_part

        self._unknown = ""
        made = await new_part.ask_for(self.app, {"barcode": shop.codes.as_printed(lookup.wanted)})
        part = None if made is None else await self.store.read(shop.inventory.row, made.id)
        return None if part is None else shop.lookup.Candidate(part, lookup.quantity)

    def _add(self, meant: Candidate, price: int | None) -> None:
        """Put it into the cart, at the price of its customer's level where none was given. That there is less on the
        shelf is said, once for each line: the customer may hold in his hand what the figure does not know of."""
        if self.cart is None:
            return
        before = shop.cart.in_cart(self.cart, meant.part.id)
        added = shop.cart.add_line(self.cart, meant.part, meant.quantity, price)
        self._change(self.at_prices(added, meant.part.id), select=meant.part.id)
        self._say_if_short(meant.part, before)
        if self.app.screen is not self:
            self.app.notify(t("scan.added", name=part_words(meant.part)))

    def _say_if_short(self, part: PartRow, before: int) -> None:
        """Warn where the cart has just come to hold more of a part than lies on the shelf."""
        now = shop.cart.in_cart(self.cart, part.id) if self.cart else 0
        if before <= max(0, part.stock) < now:
            from clutch_tui.phrases.units import measured

            figures = {"quantity": shown.quantity(now), "stock": measured(part.stock, part.unit)}
            self.notify(t("sales.short", name=part_words(part), **figures), severity="warning")

    def _offer_again(self, text: str) -> None:
        """Offer what was refused, to be corrected: nothing typed is lost, and the next scan replaces it."""
        if not self.field.value:
            self.field.offer_again(text)
