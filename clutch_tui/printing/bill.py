"""What a receipt and a quotation have in common: goods, line by line, and what they come to."""

from __future__ import annotations

from clutch_tui.core.quantity import worth
from clutch_tui.core.types import SaleLine, Totals
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t, tn

from . import page

INDENT = "  "


class Bill(page.PaperPage):
    """Paper on which goods are listed and added up."""

    OFF_WHOLE = "receipt.discount_sale"
    """The word for what is off the whole, where lines have discounts of their own."""

    def sold(self, line: SaleLine) -> None:
        name = shown.of_language(line.name, line.name_en)
        self.plain(name or line.part_number)
        if name and line.part_number:
            self.plain(INDENT + shown.part_number(line.part_number))
        if line.note:
            self.plain(INDENT + shown.name(line.note))
        times = f"{INDENT}{measured(line.quantity, line.unit)} × {shown.amount(line.price)}"
        gross = worth(line.price, line.quantity)
        self.pair(times, shown.amount(gross if line.discount else line.total))
        if line.discount:
            self.pair(INDENT + _discount("receipt.discount", line.percent), shown.amount(-line.discount))
            self.pair("", shown.amount(line.total))
        if line.returned:
            self.plain(INDENT + t("receipt.given_back", quantity=measured(line.returned, line.unit)))

    def sums(self, totals: Totals, *, off_lines: int, percent: int, tax_rate: int, included: bool) -> None:
        """What it comes to: `off_lines` of the discount was taken off lines, `percent` is that of the rest, where it
        was typed so; `tax_rate` is 0 where it is not known, `included` says that prices hold the tax already."""
        self.pair(t("receipt.subtotal"), shown.amount(totals.subtotal))
        self._discounts(off_lines, totals.discount - off_lines, percent)
        if totals.tax:
            key = "receipt.tax_included" if included else "receipt.tax"
            rate = f" {shown.rate(tax_rate)}" if tax_rate else ""
            self.pair(t(key) + rate, shown.amount(totals.tax))
        if totals.rounding:
            self.pair(t("receipt.rounding"), shown.amount(totals.rounding))
        self.pair(t("receipt.total"), shown.money(totals.total))
        self.plain(tn("receipt.pieces", totals.pieces))

    def _discounts(self, lines: int, whole: int, percent: int) -> None:
        """Write what is off the lines and what is off the whole, each by itself where there are both."""
        if lines:
            self.pair(t("receipt.discount_lines" if whole else "receipt.discount"), shown.amount(-lines))
        if whole:
            key = self.OFF_WHOLE if lines else "receipt.discount"
            self.pair(_discount(key, percent), shown.amount(-whole))


def _discount(key: str, percent: int) -> str:
    return f"{t(key)} {shown.rate(percent)}" if percent else t(key)
