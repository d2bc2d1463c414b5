"""A day of the whole shop on paper: what came in, by which ways, what was spent, and each till by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.day_report import ShopDay, TillDay
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import page
from .drawer import difference_word, kind_word, spent_on
from .page import WIDTH, method_word

_INDENT = "  "


def lines(report: ShopDay, *, width: int = WIDTH, shop: Mapping[str, object] | None = None) -> list[str]:
    """The report, each line at most `width` cells; `shop` is the shop's profile (`name`, `address`, `phone`)."""
    paper = _Paper(width)
    paper.head(shop or {}, t("day.title"))
    paper.centred(shown.day(report.day))
    paper.rule()
    takings = report.takings
    paper.pair(t("day.sales", n=shown.number(takings.sales)), shown.amount(takings.revenue + takings.returned))
    if takings.returns:
        paper.pair(t("day.returns", n=shown.number(takings.returns)), shown.amount(-takings.returned))
    paper.pair(t("day.revenue"), shown.money(takings.revenue))
    if takings.discount:
        paper.pair(t("day.discount"), shown.amount(takings.discount))
    if takings.tax:
        paper.pair(t("day.tax"), shown.amount(takings.tax))
    paper.rule()
    paper.ways(dict(takings.methods))
    if report.on_account:
        paper.plain(t("day.on_account"))
        paper.ways(report.on_account)
    if report.expenses:
        paper.rule()
        paper.spent(report.expenses)
    for till in report.tills:
        paper.rule()
        paper.till(till)
    return paper.lines


def save(report: ShopDay, folder: Path, *, shop: Mapping[str, object] | None = None) -> Path:
    """Write the report into `folder`, readable by this user only; the file's path. Raises `OSError`."""
    return page.save(lines(report, shop=shop), folder, f"DAY-{report.day}")


class _Paper(page.PaperPage):
    """The parts of a day's report."""

    def ways(self, methods: Mapping[str, int]) -> None:
        for method, amount in methods.items():
            self.pair(_INDENT + method_word(method), shown.amount(amount))

    def spent(self, expenses: Mapping[str, tuple[int, int]]) -> None:
        self.pair(t("day.expenses"), shown.amount(sum(amount for _, amount in expenses.values())))
        for category, (times, amount) in expenses.items():
            self.pair(f"{_INDENT}{spent_on(category)} ({shown.number(times)})", shown.amount(amount))

    def till(self, till: TillDay) -> None:
        """A till by itself: what it sold, and what was done with its drawer."""
        self.pair(t("day.till", name=shown.part_number(till.name)), shown.money(till.revenue))
        self.ways(till.methods)
        for kind, (times, amount) in till.deeds.items():
            self.pair(f"{_INDENT}{kind_word(kind)} ({shown.number(times)})", shown.amount(amount))
        for closing in till.closings:
            self.pair(_INDENT + t("drawer.counted"), shown.amount(closing.counted))
            self.pair(_INDENT + difference_word(closing.difference), shown.amount(abs(closing.difference)))
