"""Quotations: look one up, read its paper again, go to the till with it, say that nothing came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.quotations import STATUSES, QuotationQuery, QuotationRow
from clutch_tui.core.types import CustomerRow
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import ask_text
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.screens.quotation_paper import QuotationDialog
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource

_TONES = {"expired": "warning", "sold": "good", "lost": "muted"}

COLUMNS: tuple[TableColumn[QuotationRow], ...] = (
    unsent_mark(),
    TableColumn("quotation.number", 11, lambda row: shown.part_number(row.number)),
    TableColumn("common.date", 10, lambda row: shown.date(row.at)),
    TableColumn("sales.customer", 14, lambda row: row.customer_name, flex=1),
    TableColumn("quotation.valid_until", 11, lambda row: shown.day(row.valid_until)),
    TableColumn(
        "common.status",
        10,
        lambda row: t(f"quotation.status.{row.status}"),
        tone=lambda row: _TONES.get(row.status, ""),
    ),
    TableColumn("common.total", 11, lambda row: shown.amount(row.total), number=True),
)


class QuotationsScreen(ListScreen):
    """The list of quotations, newest first, or of one customer's; F7 shows those of one state."""

    NAME = "quotations"
    NOUNS = frozenset({"sales"})
    HINT = "quotation.hint"
    EMPTY = "quotation.none"
    MARKS = ("common.has_unsent",)
    NARROWS = (None, *STATUSES)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3", "open", "quotation.open", id="quotations.open"),
        Binding("f5", "take_up", "quotation.take_up", id="quotations.take_up"),
        Binding("f7", "narrow", "quotation.state", id="quotations.state"),
        Binding("f8", "lose", "quotation.lose", id="quotations.lose"),
    ]

    def __init__(self, customer: CustomerRow | None = None) -> None:
        self._customer_id = "" if customer is None else customer.id
        super().__init__()
        self._tell_nothing()

    def columns(self) -> Sequence[TableColumn[QuotationRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[QuotationRow]:
        query = QuotationQuery(text.strip(), self.narrowed, self._customer_id)
        return reading(self.store, shop.quotations, query)

    def filter_words(self) -> str:
        return "" if self.narrowed is None else t(f"quotation.shows.{self.narrowed}")

    def describe(self, row: QuotationRow) -> Content | str:
        words = t("sale.line", cashier=row.cashier or "-", customer=row.customer_name or "-")
        return f"{words}\n{t('common.has_unsent')}" if row.unsent else words

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "lose":
            return True if self.table.row is not None and self.table.row.status in ("open", "expired") else None
        return self.has_row() if action in ("open", "take_up") else True

    def search_again(self) -> None:
        super().search_again()
        self._tell_nothing()

    def _tell_nothing(self) -> None:
        """Where only some are shown, none of them is not none at all."""
        if self.narrowed is not None or self._customer_id:
            self.table.empty_key = "common.no_match"

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        if (row := self.table.row) is not None:
            quotation = await self.store.read(shop.quotations.get, row.id)
            await self.app.push_screen_wait(QuotationDialog(quotation))

    def action_take_up(self) -> None:
        """To the till with it. That is work of the app: this screen goes meanwhile, and its workers with it."""
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens import take_up

            self.app.run_worker(take_up.to_till(self.app, row.id), group="ask", exit_on_error=False)

    @work(group="ask", exit_on_error=False)
    async def action_lose(self) -> None:
        if (row := self.table.row) is None:
            return
        number = shown.part_number(row.number)
        reason = await self.app.push_screen_wait(ask_text("quotation.ask_lost", required=True, number=number))
        if reason is not None:
            await self.write("sales", shop.quotations.lose, row.id, reason, self.app.cashier)
