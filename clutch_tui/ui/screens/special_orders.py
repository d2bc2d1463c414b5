"""Special orders: make one, read its paper again, say that the goods are here, go to the till with it, cancel it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.special_orders import ON_CANCEL, STATUSES, SpecialOrder, SpecialOrderQuery, SpecialOrderRow
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose, ask_text
from clutch_tui.ui.screens import special_order_form
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.screens.paper import TillPaper
from clutch_tui.ui.screens.pick_part import PickPart
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp

_TONES = {"here": "good", "fetched": "muted", "cancelled": "muted"}
_OVER = ("fetched", "cancelled")


def _status(row: SpecialOrderRow) -> str:
    """How it stands; with a sign where the shelf has enough and nobody has said that it is here."""
    word = t(f"special_order.status.{row.status}")
    return f"! {word}" if row.may_be_here else word


COLUMNS: tuple[TableColumn[SpecialOrderRow], ...] = (
    unsent_mark(),
    TableColumn("special_order.number", 11, lambda row: shown.part_number(row.number)),
    TableColumn("common.date", 10, lambda row: shown.date(row.at), priority=2),
    TableColumn("sales.customer", 12, lambda row: row.customer_name, flex=1),
    TableColumn("special_order.what", 14, lambda row: row.name, flex=2),
    TableColumn(
        "common.status",
        10,
        _status,
        tone=lambda row: "warning" if row.may_be_here else _TONES.get(row.status, ""),
    ),
    TableColumn("common.total", 10, lambda row: shown.amount(row.total), number=True, priority=1),
    TableColumn("special_order.deposit", 9, lambda row: shown.amount(row.deposit) if row.deposit else "", number=True),
)


class SpecialOrdersScreen(ListScreen):
    """The list of special orders, newest first; F7 shows those of one state."""

    NAME = "special_orders"
    NOUNS = frozenset({"sales", "inventory"})
    HINT = "special_order.hint"
    EMPTY = "special_order.none"
    MARKS = ("common.has_unsent", "special_order.mark_here")
    NARROWS = (None, *STATUSES)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "make", "special_order.make", id="special_orders.make"),
        Binding("f3", "open", "quotation.open", id="special_orders.open"),
        Binding("f4", "deposit", "special_order.deposit", id="special_orders.deposit"),
        Binding("f5", "take_up", "special_order.take_up", id="special_orders.take_up"),
        Binding("f6", "arrived", "special_order.arrived", id="special_orders.arrived"),
        Binding("f7", "narrow", "quotation.state", id="special_orders.state"),
        Binding("f8", "cancel", "special_order.cancel", id="special_orders.cancel"),
    ]

    def columns(self) -> Sequence[TableColumn[SpecialOrderRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[SpecialOrderRow]:
        return reading(self.store, shop.special_orders, SpecialOrderQuery(text.strip(), self.narrowed))

    def filter_words(self) -> str:
        return "" if self.narrowed is None else t(f"special_order.status.{self.narrowed}")

    def describe(self, row: SpecialOrderRow) -> Content | str:
        quantity = shown.quantity(row.quantity)
        words = [
            t("special_order.line", quantity=quantity, name=shown.name(row.name), phone=shown.phone(row.customer_phone))
        ]
        if row.expected and row.status == "ordered":
            words.append(t("special_order.paper.expected", day=shown.day(row.expected)))
        if row.stock is not None and row.status not in _OVER:
            words.append(t("order.on_shelf", stock=shown.quantity(row.stock)))
        if row.unsent:
            words.append(t("common.has_unsent"))
        return "   ".join(words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row = self.table.row
        if action in ("deposit", "take_up", "cancel"):
            return True if row is not None and row.status not in _OVER else None
        if action == "arrived":
            return True if row is not None and row.status == "ordered" else None
        return self.has_row() if action == "open" else True

    @work(group="ask", exit_on_error=False)
    async def action_make(self) -> None:
        made = await special_order_form.ask_for(self.app, None, None)
        if made is not None:
            await show_paper(self.app, made)

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        if (row := self.table.row) is not None:
            await show_paper(self.app, await self.store.read(shop.special_orders.get, row.id))

    @work(group="ask", exit_on_error=False)
    async def action_deposit(self) -> None:
        if (row := self.table.row) is None:
            return
        order = await self.store.read(shop.special_orders.get, row.id)
        taken = await self.app.push_screen_wait(special_order_form.DepositForm(self.app, order))
        if taken is not None:
            await show_paper(self.app, taken)

    def action_take_up(self) -> None:
        """To the till with it. That is work of the app: this screen goes meanwhile, and its workers with it."""
        if (row := self.table.row) is not None:
            self.app.run_worker(to_till(self.app, row.id), group="ask", exit_on_error=False)

    @work(group="ask", exit_on_error=False)
    async def action_arrived(self) -> None:
        if (row := self.table.row) is not None:
            here = await self.write("sales", shop.special_orders.arrived, row.id, self.app.cashier)
            if here is not None:
                phone = shown.phone(here.customer_phone) or "-"
                self.notify(t("special_order.call", name=shown.name(here.customer_name), phone=phone))

    @work(group="ask", exit_on_error=False)
    async def action_cancel(self) -> None:
        if (row := self.table.row) is None:
            return
        number, becomes = shown.part_number(row.number), ""
        reason = await self.app.push_screen_wait(ask_text("special_order.ask_cancel", required=True, number=number))
        if reason is None:
            return
        if row.deposit:
            options = [(what, partial(t, f"deposit.{what}")) for what in ON_CANCEL]
            amount = shown.money(row.deposit)
            chosen = await self.app.push_screen_wait(Choose("deposit.ask_what_becomes", options, amount=amount))
            if chosen is None:
                return
            becomes = chosen
        cancel, cashier = shop.special_orders.cancel, self.app.cashier
        await self.write("sales customers", cancel, row.id, reason, cashier, deposit=becomes)


async def to_till(app: ClutchApp, order_id: str) -> None:
    """Go to the till with what was ordered; the sale that was open there is parked. One that was begun already is gone
    on with. What was ordered in words is said to be a part first. Only from a worker, of a screen that stays."""
    begun = next(
        (cart for cart in await app.store.read(shop.sales.open_carts) if cart.special_order_id == order_id), None
    )
    if begun is not None:
        await app.sell(begun)
        return
    order, part_id = await app.store.read(shop.special_orders.get, order_id), None
    if order.part_id is None:
        picked = await app.push_screen_wait(PickPart(order.name))
        if picked is None:
            return
        part_id = picked.id
    await app.sell(await app.store.read(shop.special_orders.to_cart, order_id, part_id))


async def show_paper(app: ClutchApp, order: SpecialOrder) -> None:
    """Show the paper of a special order. Only from a worker."""
    await app.push_screen_wait(SpecialOrderDialog(order))


class SpecialOrderDialog(TillPaper):
    """A special order as it is handed out; Enter goes on, F2 saves it as text. Why it was cancelled stands below: that
    is on no paper."""

    DEFAULT_CSS = "SpecialOrderDialog .paper--remark { color: $text-warning; margin-top: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", "receipt.save", id="special_order.save")]
    SAVED = "special_order.saved"

    def __init__(self, order: SpecialOrder) -> None:
        self._order = order
        super().__init__("special_order.title")
        self.remark = Words(classes="paper--remark")
        self.remark.display = bool(order.reason)
        self.remark.tell(lambda: t("special_order.why_cancelled", reason=shown.name(order.reason)))

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield self.remark

    def _lines(self) -> list[str]:
        from clutch_tui.printing import special_order

        return special_order.lines(self._order, shop=self._profile, footer=self.app.settings.shop.receipt_footer)

    def _write(self, folder: Path) -> Path:
        from clutch_tui.printing import special_order

        footer = self.app.settings.shop.receipt_footer
        return special_order.save(self._order, folder, shop=self._profile, footer=footer)
