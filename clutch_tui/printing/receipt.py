"""The receipt of a sale or of a return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from clutch_tui.core.types import EXCHANGE, Receipt
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import page
from .bill import INDENT, Bill
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
    paper = lines(receipt, width=width, shop=shop, footer=footer)
    named = receipt if receipt.other_half is None else halves(receipt)[1]
    return page.save(paper, folder, named.receipt_number, named.id)


def lines(
    receipt: Receipt, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> list[str]:
    """The receipt of a sale or of a return, each line at most `width` cells and in Arabic exactly so. Either half of an
    exchange has the paper of both.

    `shop` is the shop's profile (`name`, `address`, `phone`); `footer` its last words to the customer.
    """
    paper = _Paper(width)
    if receipt.other_half is None:
        notes = [receipt.notes]
        paper.begin(receipt, shop or {})
        paper.goods(receipt)
        paper.paid(receipt)
    else:
        back, sale = halves(receipt)
        notes = [back.notes, sale.notes]
        paper.exchange(back, sale, shop or {})
    for words in (*notes, footer or ""):
        if words.strip():
            paper.rule()
            paper.centred(words)
    return paper.lines


def halves(receipt: Receipt) -> tuple[Receipt, Receipt]:
    """Return what came back in an exchange and what went out, whichever half of it is given."""
    other = receipt.other_half or receipt
    back, sale = (receipt, other) if receipt.return_of is not None else (other, receipt)
    return replace(back, other_half=sale), replace(sale, other_half=back)


class _Paper(Bill):
    """The parts of a receipt, from top to bottom."""

    def goods(self, receipt: Receipt) -> None:
        """The lines, and what they come to."""
        self.rule()
        for line in receipt.lines:
            self.sold(line)
        self.rule()
        self.sums(
            receipt.totals,
            off_lines=receipt.off_lines,
            percent=receipt.percent,
            tax_rate=receipt.tax_rate,
            included=receipt.prices_include_tax,
        )

    def exchange(self, back: Receipt, sale: Receipt, shop: Mapping[str, object]) -> None:
        """Both halves of an exchange, and the difference, on one paper."""
        self.head(shop, t("receipt.exchange"))
        if sale.status == "voided":
            self.centred(t("receipt.voided"))
        self.rule()
        if back.number_of_sale:
            self.plain(t("receipt.of_sale", number=shown.part_number(back.number_of_sale)))
        self._who(sale)
        for half, title in ((back, "receipt.came_back"), (sale, "receipt.went_out")):
            self.rule()
            self.plain(t(title, number=shown.part_number(half.receipt_number)))
            self.goods(half)
        self._difference(back, sale)

    def _difference(self, back: Receipt, sale: Receipt) -> None:
        """What was exchanged, and what was paid or given beside it."""
        exchanged = sum(payment.amount for payment in sale.payments if payment.method == EXCHANGE)
        self.rule()
        self.pair(t("receipt.exchanged"), shown.amount(exchanged))
        self._payments(sale)
        self._payments(back)
        if sale.totals.total == back.totals.total == exchanged:
            self.plain(t("exchange.even"))

    def begin(self, receipt: Receipt, shop: Mapping[str, object]) -> None:
        self.head(shop, t("receipt.return" if receipt.is_return else "receipt.sale"))
        if receipt.status == "voided":
            self.centred(t("receipt.voided"))
        elif receipt.status == "returned" and not receipt.is_return:
            self.centred(t("receipt.returned"))
        self.rule()
        self.plain(t("receipt.number", number=shown.part_number(receipt.receipt_number)))
        if receipt.number_of_sale:
            self.plain(t("receipt.of_sale", number=shown.part_number(receipt.number_of_sale)))
        if receipt.without_receipt:
            self.plain(t("receipt.without_receipt"))
        self._who(receipt)

    def _who(self, receipt: Receipt) -> None:
        """When it was, who sold, and to whom."""
        self.plain(shown.date_time(receipt.at))
        if receipt.cashier:
            self.plain(t("receipt.cashier", name=receipt.cashier))
        if receipt.customer_name:
            self.plain(t("receipt.customer", name=receipt.customer_name))
        if receipt.car:
            self.plain(t("receipt.car", car=shown.name(receipt.car)))

    def paid(self, receipt: Receipt) -> None:
        if receipt.payments:
            self.rule()
        self._payments(receipt)

    def _payments(self, receipt: Receipt) -> None:
        before = receipt.deposit
        if before:
            self.pair(t("receipt.deposit"), shown.amount(before))
        for payment in receipt.payments:
            if payment.method == EXCHANGE and receipt.other_half is not None:
                continue  # said once, between the halves
            method = method_word(payment.method)
            word = t("receipt.refunded", method=method) if receipt.is_return else method
            of_deposit = min(before, payment.amount) if payment.method == "credit" else 0
            before -= of_deposit
            if payment.amount > of_deposit or not of_deposit:
                self.pair(word, shown.amount(payment.amount - of_deposit))
            if payment.reference:
                self.plain(INDENT + t("receipt.reference", reference=shown.part_number(payment.reference)))
        if receipt.change:
            self.pair(t("receipt.tendered"), shown.amount(receipt.tendered))
            self.pair(t("receipt.change"), shown.amount(receipt.change))
