"""The receipt of a sale or of a return."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.types import Receipt
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import page
from .bill import Bill
from .page import WIDTH, method_word


def text(
    receipt: Receipt, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> str:
    """The receipt as one text, its last line ended: what `lines` gives, ready for a file."""
    return page.text(lines(receipt, width=width, shop=shop, footer=footer))


def save(
    receipt: Receipt,
    folder: Path,
    *,
    width: int = WIDTH,
    shop: Mapping[str, object] | None = None,
    footer: str | None = None,
) -> Path:
    """Write the receipt into `folder`, named by its number, readable by this user only; the file's path.

    The file is whole or not there; printing the same receipt again replaces it. Raises `OSError`.
    """
    return page.save(lines(receipt, width=width, shop=shop, footer=footer), folder, receipt.receipt_number, receipt.id)


def lines(
    receipt: Receipt, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> list[str]:
    """The receipt of a sale or of a return, each line at most `width` cells and in Arabic exactly so.

    `shop` is the shop's profile (`name`, `address`, `phone`); `footer` its last words to the customer.
    """
    paper = _Paper(width)
    paper.begin(receipt, shop or {})
    paper.rule()
    for line in receipt.lines:
        paper.sold(line)
    paper.rule()
    paper.sums(
        receipt.totals,
        off_lines=receipt.off_lines,
        percent=receipt.percent,
        tax_rate=receipt.tax_rate,
        included=receipt.prices_include_tax,
    )
    paper.paid(receipt)
    for words in (receipt.notes, footer or ""):
        if words.strip():
            paper.rule()
            paper.centred(words)
    return paper.lines


class _Paper(Bill):
    """The parts of a receipt, from top to bottom."""

    def begin(self, receipt: Receipt, shop: Mapping[str, object]) -> None:
        self.head(shop, t("receipt.return" if receipt.return_of else "receipt.sale"))
        if receipt.status == "voided":
            self.centred(t("receipt.voided"))
        elif receipt.status == "returned" and receipt.return_of is None:
            self.centred(t("receipt.returned"))
        self.rule()
        self.plain(t("receipt.number", number=shown.part_number(receipt.receipt_number)))
        if receipt.number_of_sale:
            self.plain(t("receipt.of_sale", number=shown.part_number(receipt.number_of_sale)))
        self.plain(shown.date_time(receipt.at))
        if receipt.cashier:
            self.plain(t("receipt.cashier", name=receipt.cashier))
        if receipt.customer_name:
            self.plain(t("receipt.customer", name=receipt.customer_name))

    def paid(self, receipt: Receipt) -> None:
        if receipt.payments:
            self.rule()
        for payment in receipt.payments:
            method = method_word(payment.method)
            word = t("receipt.refunded", method=method) if receipt.return_of else method
            self.pair(word, shown.amount(payment.amount))
        if receipt.change:
            self.pair(t("receipt.tendered"), shown.amount(receipt.tendered))
            self.pair(t("receipt.change"), shown.amount(receipt.change))
