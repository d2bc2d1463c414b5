"""The drawer's books on paper: the X report while they are open, the Z report once they are closed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.cash import DrawerReport
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t

from . import page
from .page import WIDTH, method_word

_ORDER = ("open", "sale", "return", "void", "payment", "payment_void", "pay_in", "pay_out", "no_sale")


def kind_word(kind: str) -> str:
    """Return what moved the drawer: a sale and what follows from one, or what a person did."""
    return t(f"cash.{kind}") if has(f"cash.{kind}") else t(f"move.{kind}") if has(f"move.{kind}") else kind


def spent_on(category: str) -> str:
    """Return what money was paid out for; a word that another program has made up stays as it is."""
    key = f"expense.{category or 'unnamed'}"
    return t(key) if has(key) else category


def title(report: DrawerReport) -> str:
    """Return which of the two reports it is; closings are numbered."""
    return t("drawer.x") if report.until is None else t("drawer.z", number=shown.number(report.number))


def lines(
    report: DrawerReport, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, copy: bool = False
) -> list[str]:
    """The report, each line at most `width` cells; `shop` is the shop's profile (`name`, `address`, `phone`). A `copy`
    says that it is one."""
    paper = page.PaperPage(width)
    paper.head(shop or {}, title(report))
    if copy:
        paper.centred(t("drawer.copy"))
    paper.rule()
    if report.since is not None:
        paper.plain(t("drawer.since", at=shown.date_time(report.since)))
    if report.until is not None:
        paper.plain(t("drawer.until", at=shown.date_time(report.until)))
    paper.rule()
    for kind in sorted(report.sums, key=lambda kind: _ORDER.index(kind) if kind in _ORDER else len(_ORDER)):
        times, amount = report.sums[kind]
        paper.pair(_counted(kind_word(kind), times), shown.amount(amount))
        if kind == "pay_out":
            for category, (often, spent) in report.expenses.items():
                paper.pair("  " + _counted(spent_on(category), often), shown.amount(-spent))
    paper.pair(t("drawer.expected"), shown.money(report.expected))
    if report.expected < 0:
        paper.plain(below_zero(report))
    if report.counted is not None and report.difference is not None:
        paper.pair(t("drawer.counted"), shown.money(report.counted))
        paper.pair(difference_word(report.difference), shown.money(abs(report.difference)))
    for note, count in sorted(report.coins.items(), reverse=True):
        paper.pair(f"  {shown.number(count)} × {shown.amount(note)}", shown.amount(note * count))
    paper.rule()
    paper.plain(t("drawer.takings"))
    for method, (times, amount) in report.takings.items():
        paper.pair(_counted(method_word(method), times), shown.amount(amount))
    paper.pair(t("drawer.all_takings"), shown.money(sum(amount for _, amount in report.takings.values())))
    times, amount = report.on_account
    if times:
        paper.pair(_counted(t("drawer.on_account"), times), shown.amount(amount))
    return paper.lines


def below_zero(report: DrawerReport) -> str:
    """That more cash has left the drawer than the books know of, and what that may mean."""
    key = "drawer.below_zero" if report.until is None else "drawer.was_below_zero"
    return t(key, amount=shown.money(-report.expected))


def difference_word(difference: int) -> str:
    """Return what the difference between the books and the count is called."""
    return t("drawer.short" if difference < 0 else "drawer.over" if difference else "drawer.exact")


def save(report: DrawerReport, folder: Path, *, shop: Mapping[str, object] | None = None) -> Path:
    """Write the report into `folder`, readable by this user only; the file's path. A Z report is written once: whoever
    wants it again gets a copy that says so, in a file beside it. Raises `OSError`."""
    if report.until is None:
        return page.save(lines(report, shop=shop), folder, f"X-{report.number:04}")
    name, copies = f"Z-{report.number:04}_{shown.file_stamp(report.until)}", 0
    while (folder / f"{name}{_suffix(copies)}.txt").exists():
        copies += 1
    return page.save(lines(report, shop=shop, copy=copies > 0), folder, name + _suffix(copies))


def _suffix(copies: int) -> str:
    return f"_copy{copies}" if copies else ""


def _counted(word: str, times: int) -> str:
    return f"{word} ({shown.number(times)})"
