"""Lost sales: the question why something was not sold, the list of them, and what is missed most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.lost_sales import REASONS, LostSale, LostSaleQuery, Wanted
from clutch_tui.core.quantity import ONE, Quantity
from clutch_tui.core.types import Key
from clutch_tui.phrases.lost_sales import why
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose
from clutch_tui.ui.news import to_part
from clutch_tui.ui.screens.history import HistoryScreen
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource

if TYPE_CHECKING:
    from clutch_tui.core.types import Cart
    from clutch_tui.ui.app import ClutchApp
    from clutch_tui.ui.screens.frame import ShopScreen


@dataclass(frozen=True, slots=True)
class Missed:
    """What a customer did not get: a part, or what was typed for it; at the `price` that was asked, 0 for the part's
    own."""

    name: str
    part_id: str | None = None
    quantity: Quantity = ONE
    price: int = 0
    typed: str = ""
    """What stood in the till's field; nothing for a line of the sale."""


ORDER = "order"
"""The choice beside the reasons: what is not there is ordered for the customer."""


async def ask_why(screen: ShopScreen, missed: Missed, cart: Cart | None) -> bool:
    """Ask why something was not sold, and note it, or have it ordered for the customer of the sale; False where nobody
    says."""
    options = [*((reason, partial(why, reason)) for reason in REASONS), (ORDER, partial(t, "special_order.instead"))]
    chosen = await screen.app.push_screen_wait(Choose("lost_sale.ask", options, name=shown.name(missed.name)))
    if chosen == ORDER:
        return await _order(screen.app, missed, cart)
    reason = next((reason for reason in REASONS if reason == chosen), None)
    if reason is None:
        return False
    noted: LostSale | None = await screen.write(
        "sales",
        shop.lost_sales.note,
        reason,
        missed.quantity,
        part_id=missed.part_id,
        text=missed.name,
        price=missed.price,
        cashier=screen.app.cashier,
    )
    if noted is not None:
        screen.notify(t("lost_sale.noted", name=shown.name(noted.name), reason=why(reason)))
    return noted is not None


async def _order(app: ClutchApp, missed: Missed, cart: Cart | None) -> bool:
    from clutch_tui.ui.screens import special_order_form, special_orders

    made = await special_order_form.ask_for(app, cart, missed)
    if made is not None:
        await special_orders.show_paper(app, made)
    return made is not None


COLUMNS: tuple[TableColumn[LostSale], ...] = (
    unsent_mark(),
    TableColumn("common.date", 20, lambda row: shown.date_time(row.at), priority=2),
    TableColumn("common.name", 18, lambda row: row.name, flex=2),
    TableColumn("part.number", 12, lambda row: shown.part_number(row.part_number), priority=3),
    TableColumn("sales.quantity", 9, lambda row: shown.quantity(row.quantity), number=True),
    TableColumn("part.price", 10, lambda row: shown.amount(row.price) if row.price else "", number=True),
    TableColumn("lost_sale.reason", 12, lambda row: why(row.reason)),
)


class LostSalesScreen(ListScreen):
    """The list of lost sales, newest first; F7 shows those of one reason."""

    NAME = "lost_sales"
    NOUNS = frozenset({"sales"})
    HINT = "lost_sale.hint"
    EMPTY = "lost_sale.none"
    MARKS = ("common.has_unsent",)
    NARROWS = (None, *REASONS)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "wanted", "lost_sale.wanted", id="lost_sales.wanted"),
        Binding("f7", "narrow", "lost_sale.reason", id="lost_sales.reason"),
    ]

    def columns(self) -> Sequence[TableColumn[LostSale]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[LostSale]:
        return reading(self.store, shop.lost_sales, LostSaleQuery(text.strip(), self.narrowed))

    def filter_words(self) -> str:
        return "" if self.narrowed is None else why(self.narrowed)

    def describe(self, row: LostSale) -> Content | str:
        words = "   ".join(filter(None, (shown.name(row.name), shown.part_number(row.part_number), row.cashier)))
        return f"{words}\n{t('common.has_unsent')}" if row.unsent else words

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        """Go to the part in the inventory, where the shop has it."""
        row = self.table.row
        if row is None or row.item_id is None or not await to_part(self.app, row.item_id):
            self.app.bell()

    def action_wanted(self) -> None:
        self.app.push_screen(WantedScreen())


def _stock(row: Wanted) -> str:
    return "" if row.stock is None else shown.quantity(row.stock)


class WantedScreen(HistoryScreen):
    """What was asked for in vain of late, what was asked for most often first."""

    NAME = "wanted"
    NOUNS = frozenset({"sales", "inventory"})
    EMPTY = "lost_sale.none"

    def columns(self) -> Sequence[TableColumn[Wanted]]:
        return (
            TableColumn("common.name", 20, lambda row: row.name, flex=2),
            TableColumn("part.number", 12, lambda row: shown.part_number(row.part_number), priority=2),
            TableColumn("lost_sale.times", 7, lambda row: shown.number(row.times), number=True),
            TableColumn("sales.quantity", 9, lambda row: shown.quantity(row.quantity), number=True),
            TableColumn("part.stock", 9, _stock, number=True),
            TableColumn("common.date", 11, lambda row: shown.date(row.last), priority=3),
        )

    def source(self, text: str) -> RowSource[Wanted]:
        store = self.store

        async def count() -> int:
            return len(await store.read(shop.lost_sales.wanted))

        async def page(after: Key | None, skip: int, limit: int) -> Sequence[Wanted]:
            rows = [row for row in await store.read(shop.lost_sales.wanted) if after is None or row.key > after]
            return rows[skip : skip + limit]

        return RowSource(count, page)

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        """Go to the part in the inventory, where the shop has it."""
        row = self.table.row
        if row is None or row.item_id is None or not await to_part(self.app, row.item_id):
            self.app.bell()
