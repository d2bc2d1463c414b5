"""What the drawer's books say, on paper: the X report while they are open, the Z report once they are closed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.cash import DrawerReport
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t

from . import page
from .page import WIDTH, method_word

_ORDER = ("open", "sale", "return", "void", "payment", "pay_in", "pay_out", "no_sale")


def kind_word(kind: str) -> str:
    """What moved the drawer: a sale and what follows from one, or a person's deed."""
    return t(f"cash.{kind}") if has(f"cash.{kind}") else t(f"move.{kind}") if has(f"move.{kind}") else kind


def title(report: DrawerReport) -> str:
    """Which of the two reports it is; closings are numbered."""
    return t("drawer.x") if report.until is None else t("drawer.z", number=shown.number(report.number))


def lines(report: DrawerReport, *, width: int = WIDTH, shop: Mapping[str, object] | None = None) -> list[str]:
    """The report, each line at most `width` cells; `shop` is the shop's profile (`name`, `address`, `phone`)."""
    paper = page.Page(width)
    paper.head(shop or {}, title(report))
    paper.rule()
    if report.since is not None:
        paper.plain(t("drawer.since", at=shown.date_time(report.since)))
    if report.until is not None:
        paper.plain(t("drawer.until", at=shown.date_time(report.until)))
    paper.rule()
    for kind in sorted(report.sums, key=lambda kind: _ORDER.index(kind) if kind in _ORDER else len(_ORDER)):
        times, amount = report.sums[kind]
        paper.pair(_counted(kind_word(kind), times), shown.amount(amount))
    paper.pair(t("drawer.expected"), shown.money(report.expected))
    if report.counted is not None and report.difference is not None:
        paper.pair(t("drawer.counted"), shown.money(report.counted))
        paper.pair(difference_word(report.difference), shown.money(abs(report.difference)))
    paper.rule()
    paper.plain(t("drawer.takings"))
    for method, (times, amount) in report.takings.items():
        paper.pair(_counted(method_word(method), times), shown.amount(amount))
    paper.pair(t("drawer.all_takings"), shown.money(sum(amount for _, amount in report.takings.values())))
    return paper.lines


def difference_word(difference: int) -> str:
    """What the difference between the books and the count is called."""
    return t("drawer.short" if difference < 0 else "drawer.over" if difference else "drawer.exact")


def save(report: DrawerReport, folder: Path, *, shop: Mapping[str, object] | None = None) -> Path:
    """Write the report into `folder`, readable by this user only; the file's path. Raises `OSError`."""
    name = f"{'X' if report.until is None else 'Z'}-{report.number:04}"
    return page.save(lines(report, shop=shop), folder, name)


def _counted(word: str, times: int) -> str:
    return f"{word} ({shown.number(times)})"
