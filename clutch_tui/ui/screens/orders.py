"""Orders from the marketplace: read one, accept it, reject it with a reason, quote prices, sell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.errors import ShopError
from clutch_tui.core.order_types import Order, OrderQuery, OrderRow
from clutch_tui.phrases.orders import WHY_OVER, expires, status_word, time_left, urgency
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose, ask_text
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.screens.order_page import ANSWERS, OrderDialog
from clutch_tui.ui.screens.pick_part import PickPart
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import part_words, unsent_mark
from clutch_tui.ui.widgets.window import RowSource

_OVER = ("rejected", "cancelled", "completed")
_TONES = {"pending": "warning", "accepted": "good", "ready": "good", "rejected": "muted", "cancelled": "muted"}


def _tone(row: OrderRow) -> str:
    return _TONES.get(row.status, "")


COLUMNS: tuple[TableColumn[OrderRow], ...] = (
    unsent_mark(),
    TableColumn("order.number", 12, lambda row: shown.part_number(row.order_number)),
    TableColumn("sales.customer", 16, lambda row: row.customer_name, flex=1),
    TableColumn("order.pieces", 6, lambda row: shown.number(row.pieces), number=True, priority=2),
    TableColumn("common.status", 10, lambda row: status_word(row), tone=lambda row: _TONES.get(row.status, "")),
    TableColumn(
        "order.left",
        9,
        lambda row: time_left(row.ends_at, datetime.now(UTC)),
        number=True,
        tone=lambda row: urgency(row.ends_at, datetime.now(UTC)),
    ),
    TableColumn("order.came", 20, lambda row: shown.date_time(row.created_at) if row.created_at else "", priority=3),
    TableColumn("common.total", 11, lambda row: shown.amount(row.total) if row.total else "", number=True),
)


class OrdersScreen(ListScreen):
    """The orders' list: those that wait for an answer or a sale, or all."""

    NAME = "orders"
    NOUNS = frozenset({"orders", "age"})  # what is left of the time is drawn anew, and what ends first may change
    HINT = "order.hint"
    FROM_TOP = True
    MARKS = ("common.has_unsent", "order.mark_soon")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, action, word, id=f"orders.{action}") for key, action, word in ANSWERS),
        Binding("f7", "all", "order.all", id="orders.all"),
    ]

    def __init__(self) -> None:
        self.open_only = True
        super().__init__()

    def columns(self) -> Sequence[TableColumn[OrderRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[OrderRow]:
        return reading(self.store, shop.orders, OrderQuery(text=text.strip(), open_only=self.open_only))

    def filter_words(self) -> str:
        return t("order.shows_open" if self.open_only else "order.shows_all")

    def forget_search(self) -> None:
        self.open_only = True
        super().forget_search()

    def describe(self, row: OrderRow) -> Content | str:
        lines = [t("order.line", name=shown.name(row.customer_name) or "-", phone=shown.phone(row.phone) or "-")]
        if row.status == "cancelled" and row.reason in WHY_OVER:
            lines.append(t(f"order.over.{row.reason}"))
        elif words := expires(row, datetime.now(UTC)):
            lines.append(words)
        if row.unsent:
            lines.append(t("common.has_unsent"))
        return "\n".join(lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row = self.table.row
        if action in ("accept", "quote", "reject"):
            return True if row is not None and row.status in shop.orders.ANSWERABLE and not row.unsent else None
        if action == "withdraw":
            return True if row is not None and row.status == "quoted" and not row.unsent else None
        if action == "tie":
            return True if row is not None and row.status not in _OVER else None
        if action == "sell":
            return True if row is not None and row.status not in _OVER else None
        return True

    def find(self, text: str) -> None:
        """Also among those that are over."""
        self.open_only = False
        super().find(text)

    def action_all(self) -> None:
        self.open_only = not self.open_only
        self.search_again()

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        if (row := self.table.row) is not None:
            order = await self.store.read(shop.orders.get, row.id)
            parts = await self.store.read(shop.orders.suggestions, order)
            possible = {action for _, action, _ in ANSWERS if self.check_action(action, ())}
            await self.show_page(OrderDialog(order, parts, possible))

    @work(group="ask", exit_on_error=False)
    async def action_accept(self) -> None:
        row = self.table.row
        if row is not None and await self.app.confirm("order.ask_accept", number=shown.part_number(row.order_number)):
            await self.write("orders", shop.orders.accept, row.id, actor=self.app.cashier)

    @work(group="ask", exit_on_error=False)
    async def action_reject(self) -> None:
        if (row := self.table.row) is None:
            return
        number = shown.part_number(row.order_number)
        reason = await self.app.push_screen_wait(ask_text("order.ask_reject", required=True, number=number))
        if reason is not None:
            await self.write("orders", shop.orders.reject, row.id, reason, actor=self.app.cashier)

    @work(group="ask", exit_on_error=False)
    async def action_quote(self) -> None:
        if (row := self.table.row) is None:
            return
        from clutch_tui.ui.screens import order_quote

        await order_quote.ask_for(self.app, row.id)

    @work(group="ask", exit_on_error=False)
    async def action_withdraw(self) -> None:
        row = self.table.row
        if row is not None and await self.app.confirm("order.ask_withdraw", number=shown.part_number(row.order_number)):
            await self.write("orders", shop.orders.withdraw, row.id, actor=self.app.cashier)

    @work(group="ask", exit_on_error=False)
    async def action_tie(self) -> None:
        """Say which part a line means that names none of this shop, and remember it for the next one of its name."""
        if (row := self.table.row) is None:
            return
        order = await self.store.read(shop.orders.get, row.id)
        unnamed = await self.store.read(_unnamed, order)
        if not unnamed:
            raise ShopError("error.order.names_parts", number=order.order_number)
        n = unnamed[0]
        if len(unnamed) > 1:
            options = [(str(n), partial(shown.name, order.lines[n].name)) for n in unnamed]
            if (chosen := await self.app.push_screen_wait(Choose("order.which_line", options))) is None:
                return
            n = int(chosen)
        picked = await self.app.push_screen_wait(PickPart(order.lines[n].name))
        if picked is not None:
            await self.write("orders", shop.orders.tie, row.id, n, picked.id, actor=self.app.cashier)
            said = {"line": shown.name(order.lines[n].name), "part": part_words(picked)}
            self.notify(t("order.tied_to", **said))

    @work(group="ask", exit_on_error=False)
    async def action_sell(self) -> None:
        """Make a cart of the order and go to the till with it."""
        if (row := self.table.row) is None:
            return
        quote = (await self.store.read(shop.orders.get, row.id)).quote
        if quote is not None and quote.valid_until is not None and quote.valid_until < datetime.now(UTC):
            at, total = partial(shown.date_time, quote.valid_until), partial(shown.money, quote.total)
            if not await self.app.confirm_unexpected("order.ask_expired", at=at, total=total):
                return
        cart = await self.write("orders", shop.orders.to_cart, row.id)
        if cart is None:
            return
        await self.app.sell(cart)
        if quote is not None and (comes_to := shop.cart.net(cart)) != quote.total:
            # some of it is no part of this shop, or the cart was begun before the quote was corrected
            figures = {"cart": shown.money(comes_to), "quote": shown.money(quote.total)}
            self.app.notify(t("order.differs", **figures), severity="warning", timeout=10)


def _unnamed(order: Order) -> tuple[int, ...]:
    """The lines of an order, counted from 0, that name no part of this shop themselves."""
    return tuple(n for n, line in enumerate(order.lines) if not shop.orders.names_part(line))
