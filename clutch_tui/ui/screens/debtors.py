"""Debtors: who owes the shop something, how much, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.receivables import NOTHING_OWED, UP_TO, Aging, DebtorRow
from clutch_tui.core.types import CustomerRow
from clutch_tui.phrases import debts
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window import RowSource

AT_ONCE = 100
"""Debtors that are read in one piece for the sum: more would keep a search waiting."""


def _of_age(n: int, row: DebtorRow) -> str:
    return shown.amount(row.aging.by_age[n]) if row.aging.by_age[n] else ""


def _tone(n: int, row: DebtorRow) -> str:
    return "warning" if n == len(UP_TO) else ""


COLUMNS: tuple[TableColumn[DebtorRow], ...] = (
    TableColumn("common.name", 18, lambda row: row.name, flex=2),
    TableColumn("customer.balance", 11, lambda row: shown.amount(row.balance), number=True),
    *(
        TableColumn(key, 10, partial(_of_age, n), number=True, tone=partial(_tone, n))
        for n, key in enumerate(debts.AGES)
    ),
)


class DebtorsScreen(ListScreen):
    """The customers who owe something, the largest debt first."""

    NAME = "debtors"
    NOUNS = frozenset({"customers", "sales"})
    HINT = "customer.hint"
    EMPTY = "debt.none"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "pay", "customer.pay", id="debtors.pay"),
        Binding("f6", "open", "customer.account", id="debtors.account"),
    ]

    def __init__(self) -> None:
        self._total: Aging = NOTHING_OWED
        super().__init__()

    def columns(self) -> Sequence[TableColumn[DebtorRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[DebtorRow]:
        self._add_up(text)
        return reading(self.store, shop.receivables, text)

    def reload(self) -> None:
        super().reload()
        self._add_up(self.search.value)

    @work(group="total", exclusive=True, exit_on_error=False)
    async def _add_up(self, text: str) -> None:
        """Add up what those whom the search fits owe, piece by piece."""
        total, after = NOTHING_OWED, None
        while rows := await self.store.read(shop.receivables.page, text, after, 0, AT_ONCE):
            total = shop.receivables.together((total, *(row.aging for row in rows)))
            after = rows[-1].key
        self._total = total
        self.filter.tell(self.filter_words)

    def filter_words(self) -> str:
        return t("debt.total", amount=shown.money(self._total.owed)) if self._total.owed else ""

    def describe(self, row: DebtorRow) -> Content | str:
        return "   ".join(filter(None, (shown.name(row.name), shown.phone(row.phone), debts.oldest(row.aging))))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action in ("open", "pay") else True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        """The statement of the customer's account."""
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.account import AccountScreen

            customer = CustomerRow(row.id, row.key, row.name, row.phone, "", row.balance, False)
            self.app.push_screen(AccountScreen(customer))

    @work(group="ask", exit_on_error=False)
    async def action_pay(self) -> None:
        if (row := self.table.row) is not None:
            from clutch_tui.ui.screens.account import take_payment

            await take_payment(self, row.id)
