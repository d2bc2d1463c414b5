"""The drawer: what moved its money since it was last closed, and the deeds of a person: float, paying, counting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from clutch_tui.core.cash import NEEDS_REASON, CashMove, DrawerDeed, DrawerReport
from clutch_tui.printing import drawer as paper
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Choose, ask_money, ask_text
from clutch_tui.ui.screens.counting import MOST, CountDialog, Counted
from clutch_tui.ui.screens.frame import ShopScreen
from clutch_tui.ui.screens.history import HistoryScreen
from clutch_tui.ui.screens.list_screen import reading
from clutch_tui.ui.screens.paper import PaperDialog
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.part_columns import unsent_mark
from clutch_tui.ui.widgets.window import RowSource
from clutch_tui.ui.widgets.words import Words


class DrawerScreen(HistoryScreen):
    """The books of the drawer that is open, newest movement first."""

    NAME = "drawer"
    NOUNS = frozenset({"sales", "customers", "queue"})
    EMPTY = "drawer.empty"
    MARKS = ("common.has_unsent",)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "report", "drawer.report", id="drawer.report"),
        Binding("f3", "do('open')", "drawer.float", id="drawer.float"),
        Binding("f4", "do('pay_in')", "drawer.pay_in", id="drawer.pay_in"),
        Binding("f5", "do('pay_out')", "drawer.pay_out", id="drawer.pay_out"),
        Binding("f6", "do('no_sale')", "drawer.no_sale", id="drawer.no_sale"),
        Binding("f7", "closings", "drawer.closings", id="drawer.closings"),
        Binding("f8", "close", "drawer.close", id="drawer.close"),
        Binding("f10", "day", "drawer.day", id="drawer.day"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.books = Words(classes="detail")

    def compose_body(self) -> ComposeResult:
        yield self.books
        yield from super().compose_body()

    def columns(self) -> Sequence[TableColumn[CashMove]]:
        return (
            unsent_mark(),
            TableColumn("common.date", 20, lambda row: shown.date_time(row.at)),
            TableColumn("move.kind", 18, lambda row: paper.kind_word(row.kind)),
            TableColumn("drawer.what_for", 16, _what_for, flex=1, priority=2),
            TableColumn("move.amount", 12, lambda row: shown.amount(row.amount), number=True),
        )

    def source(self, text: str) -> RowSource[CashMove]:
        return reading(self.store, shop.cash)

    def describe(self, row: CashMove) -> Content | str:
        return "" if row.receipt_number else _what_for(row)

    def reload(self) -> None:
        super().reload()
        self._read_books()

    @work(group="books", exclusive=True, exit_on_error=False)
    async def _read_books(self) -> None:
        report = await self.store.read(shop.cash.report)
        self.books.set_class(report.expected < 0, "-warning")
        self.books.tell(partial(_books, report))

    @work(group="ask", exit_on_error=False)
    async def action_do(self, kind: DrawerDeed) -> None:
        amount, reason = 0, ""
        if kind != "no_sale":
            sure = self._may_take if kind == "pay_out" else None
            asked = await self.app.push_screen_wait(ask_money(f"drawer.ask_{kind}", maximum=MOST, sure=sure))
            if asked is None:
                return
            amount = asked
        category = await self._spent_on() if kind == "pay_out" else ""
        if category is None:
            return
        if kind in NEEDS_REASON:
            said = await self.app.push_screen_wait(ask_text("drawer.ask_reason", required=not category))
            if said is None:
                return
            reason = said
        told = {"reason": reason, "category": category, **self._who()}
        await self.write("sales queue", shop.cash.do, kind, amount, **told)

    async def _spent_on(self) -> str | None:
        """Ask what is paid for; None where it is left."""
        options = [(category, partial(paper.spent_on, category)) for category in shop.cash.CATEGORIES]
        return await self.app.push_screen_wait(Choose("drawer.ask_what_for", options))

    @work(group="ask", exit_on_error=False)
    async def action_close(self) -> None:
        seen: DrawerReport | None = None

        async def may_close(counted: Counted) -> bool:
            nonlocal seen
            seen = await self.store.read(shop.cash.report)
            return await self._may_close(seen, counted.amount)

        counted = await self.app.push_screen_wait(CountDialog(may_close))
        if counted is None:
            return
        found = {"seen": seen, "coins": counted.coins, **self._who()}
        report = await self.write("sales queue", shop.cash.close, counted.amount, **found)
        if report is not None:
            await self.app.push_screen_wait(ReportDialog(report))

    async def _may_close(self, books: DrawerReport, counted: int) -> bool:
        """Tell whether to close the drawer with what was counted, beside what the books say."""
        difference = counted - books.expected
        figures = {
            "expected": partial(shown.money, books.expected),
            "counted": partial(shown.money, counted),
            "difference": partial(shown.money, abs(difference)),
            "word": partial(paper.difference_word, difference),
        }
        return await self.app.confirm("drawer.ask_close", **figures)

    async def _may_take(self, amount: int) -> bool:
        """Tell whether to take more out than the books say is there: somebody has counted, or has slipped."""
        present = (await self.store.read(shop.cash.report)).expected
        if amount <= max(0, present):
            return True
        figures = {"present": partial(shown.money, present), "amount": partial(shown.money, amount)}
        return await self.app.confirm_unexpected("drawer.ask_below_zero", **figures)

    def _who(self) -> dict[str, Any]:
        return {"drawer_id": self.app.services.device_id, "actor": self.app.cashier}

    @work(group="ask", exit_on_error=False)
    async def action_report(self) -> None:
        await self.app.push_screen_wait(ReportDialog(await self.store.read(shop.cash.report)))

    def action_closings(self) -> None:
        self.app.push_screen(ClosingsScreen())

    @work(group="ask", exit_on_error=False)
    async def action_day(self) -> None:
        from clutch_tui.ui.screens.day_report import DayDialog

        day = await self.store.read(shop.state.business_day)
        await self.app.push_screen_wait(await DayDialog.of(self.app, day))


async def warn_below_zero(screen: ShopScreen) -> None:
    """Say it after money has gone back to a customer that, by the books, was not in the drawer."""
    report = await screen.store.read(shop.cash.report)
    if report.expected < 0:
        screen.app.notify(paper.below_zero(report), severity="warning", timeout=10)


class ClosingsScreen(HistoryScreen):
    """Every time that the drawer was closed, newest first; Enter shows the Z report again."""

    NAME = "closings"
    NOUNS = frozenset({"sales"})
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "open", "drawer.z_again", id="closings.report")]

    def columns(self) -> Sequence[TableColumn[DrawerReport]]:
        return (
            TableColumn("drawer.number", 6, lambda row: shown.number(row.number), number=True),
            TableColumn("common.date", 20, lambda row: shown.date_time(row.until) if row.until else "", flex=1),
            TableColumn("drawer.expected", 18, lambda row: shown.amount(row.expected), number=True),
            TableColumn("drawer.counted", 14, lambda row: shown.amount(row.counted or 0), number=True),
            TableColumn(
                "drawer.difference", 12, _difference, number=True, tone=lambda row: "warning" if row.difference else ""
            ),
        )

    def source(self, text: str) -> RowSource[DrawerReport]:
        async def count() -> int:
            return await self.store.read(shop.cash.closings_count)

        return RowSource(count, lambda after, skip, limit: self.store.read(shop.cash.closings, after, skip, limit))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.has_row() if action == "open" else True

    @work(group="ask", exit_on_error=False)
    async def action_open(self) -> None:
        if (row := self.table.row) is not None:
            await self.app.push_screen_wait(ReportDialog(row))


class ReportDialog(PaperDialog):
    """An X or a Z report."""

    SAVED = "drawer.saved"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "save", "receipt.save", id="drawer.save")]

    def __init__(self, report: DrawerReport) -> None:
        self._report = report
        super().__init__("drawer.title")

    def _lines(self) -> list[str]:
        return paper.lines(self._report, shop=self._profile)

    def _write(self, folder: Path) -> Path:
        return paper.save(self._report, folder, shop=self._profile)


def _books(report: DrawerReport) -> str:
    """Return since when the books are open. What they expect is not said before somebody has counted: who knows it
    counts until it fits. The X report says it to whoever asks."""
    words = t("drawer.open_since", at=shown.date_time(report.since)) if report.since else ""
    return f"{words}\n{paper.below_zero(report)}" if report.expected < 0 else words


def _what_for(row: CashMove) -> str:
    if row.receipt_number:
        return shown.part_number(row.receipt_number)
    return " - ".join(filter(None, (paper.spent_on(row.category) if row.category else "", row.reason)))


def _difference(row: DrawerReport) -> str:
    return shown.number(0) if not row.difference else shown.amount(row.difference)
