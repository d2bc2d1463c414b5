"""Orders from the marketplace: read one, accept it, reject it with a reason, quote prices, sell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.errors import ShopError
from clutch_tui.core.limits import MAX_MONEY
from clutch_tui.core.types import Order, OrderLine, OrderQuery, OrderRow, PartRow, Quote
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import ShowText, ask_text
from clutch_tui.ui.entries import Entry
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import Column
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import Source

_TONES = {"pending": "warning", "accepted": "good", "ready": "good", "rejected": "muted", "cancelled": "muted"}


def _tone(row: OrderRow) -> str:
    return _TONES.get(row.status, "")


_WHY_OVER = ("taken", "expired")
"""Why an order came to nothing that nobody here has refused."""


def status_word(order: OrderRow | Order) -> str:
    """How an order stands, and where it is over, by what."""
    over = order.status == "cancelled" and order.reason in _WHY_OVER
    return t(f"order.status.{order.reason if over else order.status}")


COLUMNS: tuple[Column[OrderRow], ...] = (
    unsent_mark(),
    Column("order.number", 12, lambda row: shown.part_number(row.order_number)),
    Column("sales.customer", 16, lambda row: row.customer_name, flex=1),
    Column("order.pieces", 6, lambda row: shown.number(row.pieces), number=True, priority=2),
    Column("common.status", 10, lambda row: status_word(row), tone=lambda row: _TONES.get(row.status, "")),
    Column("order.came", 20, lambda row: shown.date_time(row.created_at) if row.created_at else "", priority=1),
    Column("common.total", 11, lambda row: shown.amount(row.total) if row.total else "", number=True),
)


class OrdersScreen(ListScreen):
    """The orders' list: those that wait for an answer or a sale, or all."""

    NAME = "orders"
    NOUNS = frozenset({"orders"})
    HINT = "order.hint"
    MARKS = ("common.has_unsent",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "accept", "order.accept", id="orders.accept"),
        Binding("f3", "quote", "order.quote", id="orders.quote"),
        Binding("f4", "reject", "order.reject", id="orders.reject"),
        Binding("f5", "sell", "order.sell", id="orders.sell"),
        Binding("f6", "withdraw", "order.withdraw", id="orders.withdraw"),
        Binding("f7", "all", "order.all", id="orders.all"),
    ]

    def __init__(self) -> None:
        self.open_only = True
        super().__init__()

    def columns(self) -> Sequence[Column[OrderRow]]:
        return COLUMNS

    def source(self, text: str) -> Source[OrderRow]:
        return reading(self.store, shop.orders, OrderQuery(text=text.strip(), open_only=self.open_only))

    def filter_words(self) -> str:
        return t("order.shows_open" if self.open_only else "order.shows_all")

    def forget_search(self) -> None:
        self.open_only = True
        super().forget_search()
        self.search_again()

    def describe(self, row: OrderRow) -> Content | str:
        lines = [t("order.line", name=shown.name(row.customer_name) or "-", phone=shown.phone(row.phone) or "-")]
        if row.status == "cancelled" and row.reason in _WHY_OVER:
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
            await self.app.push_screen_wait(ShowText("order.title", lambda: order_lines(order)))

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
                Entry(f"price{n}", "order.price_of", "money", required=True, maximum=MAX_MONEY)
                for n in range(len(order.lines))
            ),
            Entry("days", "order.valid_days", "number", required=True, maximum=365),
            Entry("notes", "common.notes", maximum=500),
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
            figures = {"at": shown.date_time(quote.valid_until), "total": shown.money(quote.total)}
            if not await self.app.confirm_unexpected("order.ask_expired", **figures):
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
    stock = "" if part is None else f" ({t('order.on_shelf', stock=shown.number(part.stock))})"
    return f"{shown.name(line.name)} × {shown.number(line.quantity)}{stock}"


def order_lines(order: Order) -> list[str]:
    """An order, whole, as lines to read."""
    number = shown.part_number(order.order_number)
    lines = [
        f"{t('order.number')}: {number}   {status_word(order)}",
        f"{t('sales.customer')}: {order.customer_name or '-'}   {shown.phone(order.phone)}",
    ]
    if order.delivery_address:
        lines.append(f"{t('common.address')}: {order.delivery_address}")
    if order.created_at is not None:
        lines.append(f"{t('order.came')}: {shown.date_time(order.created_at)}")
    if order.expires_at is not None:
        lines.append(t("order.expires", at=shown.date_time(order.expires_at)))
    lines.append("")
    for line in order.lines:
        price = "" if line.price is None else f" × {shown.amount(line.price)}"
        lines.append(f"- {shown.name(line.name)}: {shown.number(line.quantity)}{price}")
    lines.append("")
    if order.quote is not None:
        lines += _quote_lines(order.quote)
    elif order.total:
        lines.append(f"{t('common.total')}: {shown.money(order.total)}")
    if order.notes:
        lines.append(f"{t('common.notes')}: {order.notes}")
    if order.answer:
        lines.append(t("order.answered", answer=t(f"order.{order.answer}")))
    return lines


def _quote_lines(quote: Quote) -> list[str]:
    lines = [t("order.quoted")]
    for line in quote.lines:
        lines.append(f"- {shown.name(line.name)}: {shown.number(line.quantity)} × {shown.amount(line.price or 0)}")
    lines.append(f"{t('common.total')}: {shown.money(quote.total)}")
    if quote.valid_until is not None:
        lines.append(t("order.valid_until", at=shown.date_time(quote.valid_until)))
    return lines
