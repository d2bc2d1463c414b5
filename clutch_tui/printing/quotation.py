"""The paper of a quotation: what somebody at the counter takes home to think about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.quotations import Quotation
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import page
from .bill import Bill
from .page import WIDTH


def text(
    quotation: Quotation, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> str:
    """The paper as one text, its last line ended: what `lines` gives, ready for a file."""
    return page.text(lines(quotation, width=width, shop=shop, footer=footer))


def save(
    quotation: Quotation,
    folder: Path,
    *,
    width: int = WIDTH,
    shop: Mapping[str, object] | None = None,
    footer: str | None = None,
) -> Path:
    """Write the paper into `folder`, named by its number, readable by this user only; the file's path. Saved again it
    takes its own place. Raises `OSError`."""
    return page.save(lines(quotation, width=width, shop=shop, footer=footer), folder, quotation.number, quotation.id)


def lines(
    quotation: Quotation, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> list[str]:
    """The paper, each line at most `width` cells and in Arabic exactly so. What became of the quotation stands on it in
    a word, without the reason: it may be handed out again.

    `shop` is the shop's profile (`name`, `address`, `phone`); `footer` its last words to whoever takes the paper.
    """
    paper = _Paper(width)
    paper.begin(quotation, shop or {})
    paper.rule()
    for line in quotation.lines:
        paper.sold(line)
    paper.rule()
    paper.sums(
        quotation.totals,
        off_lines=sum(line.discount for line in quotation.lines),
        percent=quotation.percent,
        tax_rate=quotation.tax_rate,
        included=quotation.prices_include_tax,
    )
    paper.rule()
    paper.centred(t("quotation.paper.valid_until", day=shown.day(quotation.valid_until)))
    for words in (quotation.note, footer or ""):
        if words.strip():
            paper.rule()
            paper.centred(words)
    return paper.lines


class _Paper(Bill):
    """The head of a quotation; the rest is a bill's."""

    OFF_WHOLE = "quotation.paper.discount_whole"

    def begin(self, quotation: Quotation, shop: Mapping[str, object]) -> None:
        self.head(shop, t("quotation.paper.title"))
        if quotation.status != "open":
            self.centred(t(f"quotation.paper.{quotation.status}"))
        self.rule()
        if quotation.number:
            self.plain(t("receipt.number", number=shown.part_number(quotation.number)))
        if quotation.receipt_number:
            self.plain(t("quotation.paper.receipt", number=shown.part_number(quotation.receipt_number)))
        self.plain(shown.date_time(quotation.at))
        if quotation.cashier:
            self.plain(t("receipt.cashier", name=quotation.cashier))
        if quotation.customer_name:
            self.plain(t("receipt.customer", name=quotation.customer_name))
        if quotation.customer_phone:
            self.plain(t("quotation.paper.phone", phone=shown.phone(quotation.customer_phone)))
