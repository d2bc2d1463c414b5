"""Orders from the marketplace: read one, accept it, reject it with a reason, quote prices, sell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.errors import ShopError
from clutch_tui.core.limits import MAX_MONEY
from clutch_tui.core.types import Order, OrderLine, OrderQuery, OrderRow, PartRow
from clutch_tui.phrases.fields import FormField
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import forms, shop
from clutch_tui.ui.dialogs import ask_text
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.screens.order_page import ANSWERS, WHY_OVER, OrderDialog, status_word
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.words import shortened

_TONES = {"pending": "warning", "accepted": "good", "ready": "good", "rejected": "muted", "cancelled": "muted"}


def _tone(row: OrderRow) -> str:
    return _TONES.get(row.status, "")


COLUMNS: tuple[TableColumn[OrderRow], ...] = (
    unsent_mark(),
    TableColumn("order.number", 12, lambda row: shown.part_number(row.order_number)),
    TableColumn("sales.customer", 16, lambda row: row.customer_name, flex=1),
    TableColumn("order.pieces", 6, lambda row: shown.number(row.pieces), number=True, priority=2),
    TableColumn("common.status", 10, lambda row: status_word(row), tone=lambda row: _TONES.get(row.status, "")),
    TableColumn("order.came", 20, lambda row: shown.date_time(row.created_at) if row.created_at else "", priority=1),
    TableColumn("common.total", 11, lambda row: shown.amount(row.total) if row.total else "", number=True),
)


class OrdersScreen(ListScreen):
    """The orders' list: those that wait for an answer or a sale, or all."""

    NAME = "orders"
    NOUNS = frozenset({"orders"})
    HINT = "order.hint"
    FROM_TOP = True
    MARKS = ("common.has_unsent",)
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
        elif row.expires_at is not None:
            lines.append(t("order.expires", at=shown.date_time(row.expires_at)))
        if row.unsent:
            lines.append(t("common.has_unsent"))
        return "\n".join(lines)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row = self.table.row
        if action in ("accept", "quote", "reject"):
            return True if row is not None and row.status in shop.orders.ANSWERABLE and not row.unsent else None
        if action == "withdraw":
            return True if row is not None and row.status == "quoted" and not row.unsent else None
        if action == "sell":
            return True if row is not None and row.status not in ("rejected", "cancelled", "completed") else None
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
        order = await self.store.read(shop.orders.get, row.id)
        if order.status == "quoted" and not await self.store.read(shop.abilities.knows, "quote"):
            raise ShopError("error.order.quote_stands")
        parts = await self.store.read(shop.orders.suggestions, order)
        await self.app.push_screen_wait(self._quote_form(order, parts))

    @work(group="ask", exit_on_error=False)
    async def action_withdraw(self) -> None:
        row = self.table.row
        if row is not None and await self.app.confirm("order.ask_withdraw", number=shown.part_number(row.order_number)):
            await self.write("orders", shop.orders.withdraw, row.id, actor=self.app.cashier)

    def _quote_form(self, order: Order, parts: Sequence[PartRow | None]) -> FormDialog[object]:
        """A price for one piece of each line, how many days the quote holds, a word to the customer. It begins with
        what was quoted before, or else with the shelf's prices."""
        entries = [
            *(
                FormField(f"price{n}", "order.price_of", "money", required=True, maximum=MAX_MONEY)
                for n in range(len(order.lines))
            ),
            FormField("days", "order.valid_days", "number", required=True, maximum=365),
            FormField("notes", "common.notes", maximum=500),
        ]
        quoted = {} if order.quote is None else {line.name: line.price for line in order.quote.lines}
        given: dict[str, object] = {
            f"price{n}": quoted.get(line.name) or line.price or (part.price if part is not None else 0)
            for n, (line, part) in enumerate(zip(order.lines, parts, strict=True))
        }

        async def save(values: dict[str, Any]) -> object:
            lines = tuple(
                OrderLine(line.part_id, line.name, line.quantity, values[f"price{n}"])
                for n, line in enumerate(order.lines)
            )
            until = datetime.now(UTC) + timedelta(days=values["days"])
            notes, cashier = values["notes"], self.app.cashier
            return await self.app.write("orders", shop.orders.quote, order.id, lines, until, notes, actor=cashier)

        number = shown.part_number(order.order_number)
        form: FormDialog[object] = FormDialog("order.quote_title", entries, given | {"days": 3}, save, number=number)
        form.add_class("-lines")
        for row, line, part in zip(form.rows, order.lines, parts, strict=False):
            row.label.tell(partial(_line_label, line, part))
        return form

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


def _line_label(line: OrderLine, part: PartRow | None) -> str:
    """A line of the order before the field of its price. The name gives way: pieces and stock are read to the end."""
    stock = "" if part is None else f" ({t('order.on_shelf', stock=measured(part.stock, part.unit))})"
    behind = f" × {shown.quantity(line.quantity)}{stock}"
    return f"{shown.name(shortened(line.name, forms.LINE_LABEL - cell_len(behind)))}{behind}"
