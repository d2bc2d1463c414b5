"""Past sales: look one up, read its receipt again, void it, take lines of it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.errors import ShopError
from clutch_tui.core.types import PAY_METHODS, CustomerRow, SaleQuery, SaleRow
from clutch_tui.phrases import changes
from clutch_tui.printing.page import method_word, payment_words
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.screens import sale_filter
from clutch_tui.ui.screens.give_back import ReturnDialog
from clutch_tui.ui.screens.list_screen import ListScreen, reading
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.void import VoidDialog
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.window import RowSource


def state_word(row: SaleRow) -> str:
    """Sale or return, and what became of it."""
    if row.exchanged and (row.kind == "return" or not row.returned):
        return t("sale.state.exchange")
    if row.returned and row.status == "completed":
        return t("sale.state.returned" if row.returned == "all" else "sale.state.some_back")
    if row.without_receipt:
        return t("sale.state.without_receipt")
    return t(f"sale.state.{'return' if row.kind == 'return' else row.status}")


def methods(row: SaleRow) -> str:
    """Return how it was paid, the largest part first."""
    ways = sorted(row.payments, key=lambda payment: payment.amount, reverse=True)
    return " + ".join(dict.fromkeys(map(method_word, (row.payment_method, *(payment.method for payment in ways)))))


COLUMNS: tuple[TableColumn[SaleRow], ...] = (
    TableColumn("", 1, lambda row: "!" if row.flags else "*" if row.unsent else "", tone=lambda row: "warning"),
    TableColumn("sale.number", 12, lambda row: shown.part_number(row.receipt_number)),
    TableColumn("common.date", 20, lambda row: shown.date_time(row.at)),
    TableColumn("sales.customer", 14, lambda row: row.customer_name, flex=1, priority=2),
    TableColumn("sale.method", 11, methods, priority=3),
    TableColumn(
        "common.status",
        9,
        state_word,
        tone=lambda row: "muted" if row.status == "voided" else "warning" if row.flags else "",
    ),
    TableColumn("common.total", 11, lambda row: shown.amount(row.total), number=True),
)


class PastSalesScreen(ListScreen):
    """The list of past sales, newest first."""

    NAME = "past_sales"
    NOUNS = frozenset({"sales"})
    HINT = "sale.hint"
    MARKS = ("common.has_unsent", "marks.flagged")
    NARROWS = (None, *sale_filter.PERIODS)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "filter", "filter.key", id="past_sales.filter"),
        Binding("f3", "open", "sale.receipt", id="past_sales.receipt"),
        Binding("f4", "method", "sale.method", id="past_sales.method"),
        Binding("f5", "exchange", "sale.exchange", id="past_sales.exchange"),
        Binding("f6", "give_back", "sale.give_back", id="past_sales.give_back"),
        Binding("f7", "narrow", "filter.days", id="past_sales.days"),
        Binding("f8", "void", "sale.void", id="past_sales.void"),
        Binding("f10", "without_receipt", "sale.without_receipt", id="past_sales.without_receipt"),
        Binding("f11", "all", "filter.all", id="past_sales.all"),
    ]

    def __init__(self, customer: CustomerRow | None = None) -> None:
        self._whole = SaleQuery(customer_id="" if customer is None else customer.id)
        self._query = self._whole
        self._part = ""
        """How the part is called whose sales are shown."""
        super().__init__()

    def columns(self) -> Sequence[TableColumn[SaleRow]]:
        return COLUMNS

    def source(self, text: str) -> RowSource[SaleRow]:
        return reading(self.store, shop.past_sales, replace(self._query, text=text.strip()))

    def filter_words(self) -> str:
        return sale_filter.words(self._query, self._part)

    def _show(self, query: SaleQuery) -> None:
        self._query = query
        if query == self._whole:
            self.narrowed = None
        self.search_again()
        self.refresh_bindings()

    @work(group="ask", exit_on_error=False)
    async def action_filter(self) -> None:
        """Say which sales are to be shown."""
        wanted = await sale_filter.ask_for(self.app, self._query, self._part)
        if wanted is not None:
            query, self._part = wanted
            self._show(query)

    @work(group="ask", exit_on_error=False)
    async def action_narrow(self) -> None:  # type: ignore[override]
        """Show the sales of today, of yesterday, of seven days, of this month, and all of them again."""
        self.narrowed = self.NARROWS[(self.NARROWS.index(self.narrowed) + 1) % len(self.NARROWS)]
        today = await self.store.read(shop.state.business_day)
        self._show(sale_filter.of_period(self._query, self.narrowed, today))

    def action_method(self) -> None:
        """Show the sales that were paid in the next way, and after the last of them all again."""
        ways = (None, *PAY_METHODS)
        self._show(replace(self._query, method=ways[(ways.index(self._query.method) + 1) % len(ways)]))

    def action_all(self) -> None:
        """Show all sales again."""
        self._part = ""
        self._show(self._whole)

    def describe(self, row: SaleRow) -> Content | str:
        words = [t("sale.line", cashier=row.cashier or "-", customer=row.customer_name or "-")]
        if len(row.payments) > 1:
            words.append(f"{t('sale.method')}: {payment_words(row.payments)}")
        words += changes.flag_lines(row.flags, {}, "sale")
        if row.unsent:
            words.append(t("common.has_unsent"))
        return "\n".join(words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("void", "give_back", "exchange"):
            row = self.table.row
            is_open = row is not None and row.kind == "sale" and row.status != "voided"
            return True if is_open and not (action == "void" and row is not None and row.exchanged) else None
        if action == "all":
            return True if self._query != self._whole else None
        return self.has_row() if action == "open" else True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        if (row := self.table.row) is not None:
            sale = await self.store.read(shop.sales.get, row.id)
            await self.app.push_screen_wait(ReceiptDialog(sale))

    @work(group="ask", exit_on_error=False)
    async def action_void(self) -> None:
        if (row := self.table.row) is None:
            return
        sale = await self.store.read(shop.sales.get, row.id)
        if any(line.returned for line in sale.lines):  # said before anybody has written a reason
            raise ShopError("error.sale.has_returns", number=sale.receipt_number)
        today = await self.store.read(shop.state.business_day)
        reason = await self.app.push_screen_wait(VoidDialog(sale, today))
        if reason is not None:
            await self.write("sales inventory customers", shop.aftersales.void, row.id, reason, self.app.cashier)
            await self._warn_below_zero()

    async def _warn_below_zero(self) -> None:
        from clutch_tui.ui.screens.drawer import warn_below_zero

        await warn_below_zero(self)

    @work(group="ask", exit_on_error=False)
    async def action_exchange(self) -> None:
        """Go to the till with what comes back of this sale: others go out for it."""
        from clutch_tui.ui.screens import exchange

        if (row := self.table.row) is not None:
            await exchange.to_till(self.app, row.id)

    def action_without_receipt(self) -> None:
        """The receipt is not to be found: what lies in the cart at the till comes back without one."""
        from clutch_tui.ui.screens import without_receipt

        without_receipt.to_till(self.app)

    @work(group="ask", exit_on_error=False)
    async def action_give_back(self) -> None:
        if (row := self.table.row) is None:
            return
        sale = await self.store.read(shop.sales.get, row.id)
        if not any(line.left > 0 for line in sale.lines):
            raise ShopError("error.sale.all_back", number=sale.receipt_number)
        before = await self.store.read(shop.aftersales.refunded, sale.id)
        rules = await self.app.tax_rules()
        back = await self.app.push_screen_wait(ReturnDialog(sale, before, rules.cash_rounding))
        if back is None:
            return
        receipt = await self.write(
            "sales inventory customers",
            shop.aftersales.give_back,
            sale.id,
            back.quantities,
            payments=back.payments,
            cashier=self.app.cashier,
            device_id=self.app.services.device_id,
            reason=back.reason,
            damaged=back.damaged,
        )
        if receipt is not None:
            await self.app.push_screen_wait(ReceiptDialog(receipt, fresh=True))
            await self._warn_below_zero()
