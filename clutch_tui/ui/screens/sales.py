"""The till. One field takes scans, searches and quantities; everything else is one key away.

Hands stay on the keyboard: what is typed is searched under the field, Enter sells the part with this code, or the row
that was marked, `*3` (or `3*`) makes it three, plus and minus change it by one (`till_entry`). The cart is stored after
each change, so it is there again after whatever happens to the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal

from clutch_tui.core.errors import ShopError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.errors import report
from clutch_tui.ui.screens.till_notes import TillNotes
from clutch_tui.ui.widgets.cart_view import Totalled
from clutch_tui.ui.widgets.scan_field import ScanField
from clutch_tui.ui.widgets.window_table import WindowTable
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.quantity import Quantity
    from clutch_tui.core.types import Cart, CartLine, Receipt, TaxRules
    from clutch_tui.ui.screens.give_back import GivenBack
    from clutch_tui.ui.screens.lost_sales import Missed


class SalesScreen(TillNotes):
    """Selling."""

    NAME = "sales"
    NOUNS = frozenset({"inventory", "shop", "customers"})
    MARKS = ("sales.mark_short",)
    KEPT_CLEAR = 3  # whose sale it is, and what it comes to
    TYPED = (
        "sales.help_quantity",
        "sales.help_times",
        "sales.help_step",
        "sales.help_quotation",
        "sales.help_exchange",
        "sales.help_lost_sale",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "pay", "sales.pay", id="sales.pay"),
        Binding("f3", "customer", "sales.customer", id="sales.customer"),
        Binding("f4", "price", "sales.price", id="sales.price"),
        Binding("f5", "discount", "sales.discount", id="sales.discount"),
        Binding("f6", "carts", "sales.carts", id="sales.carts"),
        Binding("f7", "past", "sales.past", id="sales.past"),
        Binding("f8", "remove", "sales.remove", id="sales.remove"),
        Binding("f10", "empty", "sales.empty", id="sales.empty"),
        Binding("f11,ctrl+g", "quote", "sales.quote", id="sales.quote"),
        Binding("ctrl+e", "exchange", "sales.exchange", show=False, id="sales.exchange", priority=True),
        Binding("ctrl+x", "lost_sale", "sales.lost_sale", show=False, id="sales.lost_sale", priority=True),
        Binding("ctrl+k", "notes", "sales.notes", show=False, id="sales.notes", priority=True),
        Binding("ctrl+n", "quantity", "sales.quantity", show=False, id="sales.quantity"),
        Binding("ctrl+s", "take_price", "sales.take_price", show=False, id="sales.take_price", priority=True),
        Binding("ctrl+d", "drawer", "sales.drawer", show=False, id="sales.drawer", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.rules: TaxRules
        """Read with the first cart."""
        self._others = 0
        """How many other sales are being made."""
        self._standing_of: str | None = None
        self._stock: dict[str, Quantity] = {}
        """What lies on the shelf of the parts in the cart, as far as it was looked up."""
        self._looked_at: frozenset[str] = frozenset()
        """The parts of which it was."""
        self._quotation: tuple[str | None, str] = (None, "")
        """The quotation that the cart came from, and its number."""

    def compose_body(self) -> ComposeResult:
        with Horizontal(classes="search-line"):
            yield Words("sales.scan")
            yield self.field
        yield self.hits
        yield self.marked
        yield self.lines

    def on_mount(self) -> None:
        self.hits.display = False
        self.field.steers(self.lines.table)
        self.field.focus()

    @work(group="load", exclusive=True, exit_on_error=False)
    async def reload(self) -> None:
        self.rules = await self.app.tax_rules()
        self._standing_of = None  # what is owed may have changed, too
        await self.look_at_prices()
        if self.cart is None:
            self.history = shop.cart_history.CartHistory()
            unfinished = await self.store.read(shop.sales.unfinished)
            if unfinished is None:
                self._show(await self.store.run(shop.sales.open_cart))
            else:
                self._show(await self.store.run(shop.sales.take_up, unfinished))
                self.notify(t("sales.taken_up"), timeout=8)
        else:
            cart = self.cart
            now = await self.store.read(shop.sales.as_sold_now, cart)
            if self.cart is cart:  # and nobody has gone on with it meanwhile
                self.cart = now
            self._show(self.cart)  # what it comes to hangs on the tax rules
        self._look_beside()
        self._look_at_shelf()
        if self.hits.display:
            self._search_again()
        else:
            self._look_at_line()

    async def take(self, cart: Cart) -> None:
        """Go on with this cart, such as one made of an order; the one before stays parked."""
        await self._go_on_with(cart)

    # --- the part that is marked ----------------------------------------------------------------------

    @on(WindowTable.Highlighted)
    def _marks(self, event: WindowTable.Highlighted) -> None:
        if event.table is self.hits:
            if self.hits.display:
                self.marked.show(self.hits.row)
        elif not self.hits.display:
            self._look_at_line()

    @work(group="marked", exclusive=True, exit_on_error=False)
    async def _look_at_line(self) -> None:
        """Say of the cart's marked line where its part lies and how many there are."""
        line = self._line
        part = None if line is None else await self.store.read(shop.inventory.row, line[1].part_id)
        if not self.hits.display:
            self.marked.read_as = ""
            self.marked.show(part)

    # --- the cart -------------------------------------------------------------------------------------

    def _show(self, cart: Cart, select: str | None = None) -> None:
        self.cart = cart
        self._is_open.set()
        totals = shop.cart.totals(cart, self.rules)
        made_of, number = self._quotation
        if cart.quotation_id != made_of:
            number = ""
            self._read_quotation(cart.quotation_id)
        if not self._looked_at.issuperset(line.part_id for line in cart.lines):
            self._look_at_shelf()
        self.show_news()
        exchanged, to_give = shop.cart.exchanged(cart, self.rules), shop.cart.to_give(cart, self.rules)
        included, left = self.rules.prices_include_tax, self.margins(cart)
        figures = Totalled(cart, totals, included, self._others, number, exchanged, to_give, self._stock, left)
        self.lines.show(figures, select)
        if cart.customer_id != self._standing_of:
            self._read_standing(cart.customer_id)
        self.refresh_bindings()

    @work(group="shelf", exclusive=True, exit_on_error=False)
    async def _look_at_shelf(self) -> None:
        """Say of each line what lies on the shelf, and of which there is too little."""
        if (cart := self.cart) is None:
            return
        ids = frozenset(line.part_id for line in cart.lines)
        found = await self.store.read(shop.inventory.on_shelf, ids)
        self._looked_at, self._stock = ids, found
        if self.cart is not None:
            self._show(self.cart)

    @work(group="standing", exclusive=True, exit_on_error=False)
    async def _read_standing(self, customer_id: str | None) -> None:
        """Read what the customer of the sale owes, and up to what he may."""
        from clutch_tui.ui.screens.account import standing_words

        standing = None if customer_id is None else await self.store.read(shop.accounts.standing, customer_id)
        self._standing_of = customer_id
        self.lines.tell_standing(partial(standing_words, standing), warning=standing is not None and standing.is_over)
        if self.cart is not None:
            self._show(self.cart)

    @work(group="quotation", exclusive=True, exit_on_error=False)
    async def _read_quotation(self, quotation_id: str | None) -> None:
        """Read the number of the quotation that the sale came from; one that no server knows any more has none."""
        self._quotation = (quotation_id, "")
        if quotation_id is not None:
            with suppress(ShopError):
                self._quotation = (quotation_id, (await self.store.read(shop.quotations.get, quotation_id)).number)
        if self.cart is not None:
            self._show(self.cart)

    def _change(self, cart: Cart, select: str | None = None) -> None:
        if not cart.lines and (cart.quotation_id or cart.special_order_id) is not None:
            cart = replace(cart, quotation_id=None, special_order_id=None)  # what is sold next is nothing of it
        if self.cart is not None and cart != self.cart:
            self.history.note(self.cart)
        self._show(cart, select)
        self._save(cart)

    @on(ScanField.TakenBack)
    def _taken_back(self, event: ScanField.TakenBack) -> None:
        self._go_to(self.history.forth if event.again else self.history.back)

    def _go_to(self, way: Callable[[Cart], Cart | None]) -> None:
        """Make the cart what it was, and mark the line that comes or becomes another by it."""
        if self.cart is not None and (cart := way(self.cart)) is not None:
            before = set(self.cart.lines)
            other = next((line.part_id for line in cart.lines if line not in before), None)
            self._show(cart, other)
            self._save(cart)

    @work(group="cart", exit_on_error=False)
    async def _save(self, cart: Cart) -> None:
        try:
            await self.store.run(shop.sales.save_cart, cart)
        except ShopError as error:
            report(self, error)
            if error.key == shop.held_carts.ELSEWHERE and self.cart is not None and self.cart.id == cart.id:
                await self._begin()

    @property
    def _line(self) -> tuple[int, CartLine] | None:
        row = self.lines.table.row
        return None if row is None else (row.n, row.line)

    async def _set_quantity(self, quantity: Quantity) -> None:
        """Give the marked line another quantity. Raises what `cart.set_quantity` raises."""
        await self.know_prices()
        if self.cart is not None and self._line is not None:
            n, line = self._line
            before = shop.cart.in_cart(self.cart, line.part_id)
            more = shop.cart.set_quantity(self.cart, n, quantity)
            self._change(self.at_prices(more, line.part_id), select=line.part_id)
            if (part := await self.store.read(shop.inventory.row, line.part_id)) is not None:
                self._say_if_short(part, before)

    @on(ScanField.Stepped)
    def _stepped(self, event: ScanField.Stepped) -> None:
        self._step(event.by)

    @work(group="add", exit_on_error=False)
    async def _step(self, by: int) -> None:
        async with self._one_by_one:
            if self._line is not None:
                before = self.cart
                stepped = shop.quantity.total((self._line[1].quantity, shop.quantity.whole(by)))
                if stepped > 0:
                    await self._set_quantity(stepped)
                self._after_step = self.cart if self.cart != before else None

    @on(ScanField.Removed)
    def action_remove(self) -> None:
        if self.cart is not None and self._line is not None:
            n, line = self._line
            self._change(self.at_prices(shop.cart.remove_line(self.cart, n), line.part_id))

    @work(group="ask", exit_on_error=False)
    async def action_quantity(self) -> None:
        if self._line is not None:
            from clutch_tui.ui.screens import till_questions

            n, line = self._line
            if (quantity := await till_questions.quantity(self.app, line)) is not None and self.cart is not None:
                more = shop.cart.set_quantity(self.cart, n, quantity)
                self._change(self.at_prices(more, line.part_id), select=line.part_id)

    @work(group="ask", exit_on_error=False)
    async def action_discount(self) -> None:
        from clutch_tui.ui.screens.discount import DiscountDialog

        if self.cart is None or self._line is None:
            return
        n, line = self._line
        taken = await self.app.push_screen_wait(DiscountDialog(self.cart, n))
        if taken is None:
            return
        if taken.whole_sale:
            self._change(shop.cart.with_discount(self.cart, taken.discount))
        else:
            self._change(shop.cart.set_discount(self.cart, n, taken.discount), select=line.part_id)

    @work(group="ask", exit_on_error=False)
    async def action_customer(self) -> None:
        from clutch_tui.ui.screens.customers import PickCustomer

        picked = await self.app.push_screen_wait(PickCustomer())
        if picked is not None:
            await self.sell_to(picked.customer)

    @work(group="ask", exit_on_error=False)
    async def action_carts(self) -> None:
        """Park this cart and take up another one, or a new one."""
        from clutch_tui.ui.screens import parked

        carts = [cart for cart in await self.store.read(shop.sales.open_carts) if cart.lines]
        elsewhere = await self.store.read(shop.held_carts.elsewhere)
        chosen = await self.app.push_screen_wait(parked.choice(carts, self.cart, self.rules, elsewhere))
        if chosen is None or self.cart is None or chosen == self.cart.id:
            return
        if chosen in elsewhere and not await self.app.confirm_unexpected("sales.ask_take_over"):
            return
        if chosen != parked.NEW:
            await self._go_on_with(next(cart for cart in carts if cart.id == chosen), over=chosen in elsewhere)
        elif self.cart.lines:
            await self.store.run(shop.sales.park, self.cart)
            await self._begin()

    async def _go_on_with(self, cart: Cart, *, over: bool = False) -> None:
        """Take up a cart, with `over` also another window's; the one before stays parked."""
        taken = await self.store.run(shop.sales.take_up, cart, over=over)
        if self.cart is not None and self.cart.id != cart.id and self.cart.lines:
            await self.store.run(shop.sales.park, self.cart)
        self._show(taken)
        self._look_beside()

    async def _begin(self) -> None:
        """Go on with a new sale."""
        self._show(await self.store.run(shop.sales.open_cart))
        self._look_beside()

    @work(group="beside", exclusive=True, exit_on_error=False)
    async def _look_beside(self) -> None:
        """Say how many sales are parked, and, while nothing is sold, which one was saved last."""
        if self.cart is None:
            return
        self._others, self.marked.last_sale = await self.store.read_later(shop.sales.beside, self.cart.id)
        self._show(self.cart)
        if not self.cart.lines and not self.hits.display:
            self.marked.show(None)

    @work(group="ask", exit_on_error=False)
    async def action_empty(self) -> None:
        if self.cart is not None and await self.app.confirm("sales.ask_empty"):
            await self.store.run(shop.sales.discard_cart, self.cart.id)
            await self._begin()

    # --- paying ---------------------------------------------------------------------------------------

    @work(group="pay", exit_on_error=False)
    async def action_pay(self) -> None:
        from clutch_tui.ui.screens import pay
        from clutch_tui.ui.screens.drawer import warn_below_zero

        if self.cart is None or not self.cart.lines or self.writing:
            return
        from clutch_tui.ui.screens import till_questions

        if not await till_questions.may_sell(self.app, self.cart):
            return
        if not await self.may_sell_so(self.cart):
            return
        asked, fetches = self.cart, self.cart.special_order_id
        deposit = 0 if fetches is None else await self.store.read(shop.deposits.left, fetches)
        rules = self.rules  # what is paid is what the dialog said, whatever arrives meanwhile
        paid = await pay.ask_for_money(self.app, self.cart, rules, self.name_at_paying, deposit=deposit)
        if paid is None or (paid.cart.lines != asked.lines and not await self.may_sell_so(paid.cart)):
            return
        receipt = await self.write(
            "sales inventory customers orders",
            shop.exchanges.checkout,
            paid.cart,
            paid.payments,
            tendered=paid.tendered,
            cashier=self.app.cashier,
            device_id=self.app.services.device_id,
            rules=rules,
        )
        if receipt is not None:
            await self.end_with(receipt)
            if receipt.exchange_id is not None:
                await warn_below_zero(self)
        elif await self.store.read(shop.sales.is_lost, paid.cart.id):
            await self._begin()

    async def end_with(self, receipt: Receipt) -> None:
        """Show what the cart has become, and go on with a new sale."""
        from clutch_tui.ui.screens.receipt import ReceiptDialog

        await self._begin()
        self.app.push_screen(ReceiptDialog(receipt, fresh=True))

    @work(group="pay", exit_on_error=False)
    async def action_quote(self) -> None:
        """Make a quotation of the cart; where nothing is in it, show those that there are."""
        from clutch_tui.ui.screens import quote
        from clutch_tui.ui.screens.quotation_paper import QuotationDialog

        cart = self.cart
        if cart is None or self.writing:
            return
        if not cart.lines:
            await self.app.action_mode("quotations")
            return
        if not await self.may_sell_so(cart):
            return
        quotation = await quote.ask_for(self.app, cart, self.rules)
        if quotation is not None:
            await self._begin()
            self.app.push_screen(QuotationDialog(quotation))
        elif await self.store.read(shop.sales.is_lost, cart.id):
            await self._begin()

    @work(group="ask", exit_on_error=False)
    async def action_exchange(self) -> None:
        """Let something come back for what is sold."""
        from clutch_tui.ui.screens import exchange

        await exchange.begin(self)

    @work(group="back", exit_on_error=False)
    async def bring_back(self, sale_id: str, back: GivenBack) -> None:
        """Let this come back of a sale for what is in the cart, or will be. By the till's own worker: that of the
        screen that has asked ends with it."""
        await self._is_open.wait()
        cart, made = None, None
        while self.cart is not None and self.cart is not cart:  # somebody may have gone on with it meanwhile
            cart = self.cart
            made = await self.store.read(
                shop.exchanges.bring_back, cart, sale_id, back.quantities, back.reason, damaged=back.damaged
            )
        if made is not None:
            self._change(made)

    @work(group="pay", exit_on_error=False)
    async def give_back_without_receipt(self) -> None:
        """Take back what is in the cart, of which nobody has the receipt."""
        from clutch_tui.ui.screens import without_receipt

        if not self.writing:
            await without_receipt.give_back(self)

    def drop_back(self) -> None:
        """Let nothing come back for it."""
        if self.cart is not None:
            self._change(replace(self.cart, back=None))

    @work(group="ask", exit_on_error=False)
    async def action_lost_sale(self) -> None:
        """Note that what is typed, or the marked line, was asked for and not sold; with neither, show what was. Of
        letters that are marked in the field the key cuts those out, as everywhere."""
        from clutch_tui.ui.screens import lost_sales

        if not self.field.selection.is_empty:
            self.field.action_cut()
        elif (missed := self._missed()) is None:
            await self.app.action_mode("lost_sales")
        elif await lost_sales.ask_why(self, missed, self.cart) and self.field.value.strip() == missed.typed:
            self.field.value = ""

    def _missed(self) -> Missed | None:
        """What a customer did not get, as it is on the screen: the row that was found and marked, the words that found
        none, or the marked line of the cart."""
        from clutch_tui.ui.screens.lost_sales import Missed

        if typed := self.field.value.strip():
            row = self.hits.row if self.hits.display and self._hits_for == typed else None
            return Missed(typed, typed=typed) if row is None else Missed(row.name or row.name_en, row.id, typed=typed)
        if self._line is None:
            return None
        line = self._line[1]
        return Missed(line.name, line.part_id, line.quantity, line.price)

    def action_past(self) -> None:
        from clutch_tui.ui.screens.past_sales import PastSalesScreen

        self.app.push_screen(PastSalesScreen())

    def action_drawer(self) -> None:
        from clutch_tui.ui.screens.drawer import DrawerScreen

        self.app.push_screen(DrawerScreen())

    # --- keys -----------------------------------------------------------------------------------------

    @property
    def is_selling(self) -> bool:
        """Tell whether a sale is open that has something in it."""
        return self.cart is not None and bool(self.cart.lines or self.cart.back)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "empty":
            return True if self.is_selling else None
        if action in ("pay", "price", "discount", "remove", "quantity", "notes"):
            return True if self.cart is not None and self.cart.lines else None
        if action == "take_price":
            return True if self.has_price_news else None
        return True

    def action_back(self) -> None:
        self.field.value = ""
        self.field.focus()
