"""The paper of a special order: what was ordered, what was left for it, and what is still to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.special_orders import SpecialOrder
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import page
from .page import WIDTH, method_word


def text(
    order: SpecialOrder, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> str:
    """The paper as one text, its last line ended: what `lines` gives, ready for a file."""
    return page.text(lines(order, width=width, shop=shop, footer=footer))


def save(
    order: SpecialOrder, folder: Path, *, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> Path:
    """Write the paper into `folder`, named by its number, readable by this user only; the file's path. Saved again it
    takes its own place. Raises `OSError`."""
    return page.save(lines(order, shop=shop, footer=footer), folder, order.number, order.id)


def lines(
    order: SpecialOrder, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> list[str]:
    """The paper, each line at most `width` cells and in Arabic exactly so. What became of the order stands on it in a
    word, without the reason.

    `shop` is the shop's profile (`name`, `address`, `phone`); `footer` its last words to the customer.
    """
    paper = page.PaperPage(width)
    paper.head(shop or {}, t("special_order.title"))
    if order.status in ("fetched", "cancelled"):
        paper.centred(t(f"special_order.status.{order.status}"))
    paper.rule()
    paper.plain(t("receipt.number", number=shown.part_number(order.number)))
    if order.receipt_number:
        paper.plain(t("quotation.paper.receipt", number=shown.part_number(order.receipt_number)))
    paper.plain(shown.date_time(order.at))
    if order.cashier:
        paper.plain(t("receipt.cashier", name=order.cashier))
    paper.plain(t("receipt.customer", name=order.customer_name))
    if order.customer_phone:
        paper.plain(t("quotation.paper.phone", phone=shown.phone(order.customer_phone)))
    paper.rule()
    paper.plain(order.name or order.part_number)
    if order.name and order.part_number:
        paper.plain("  " + shown.part_number(order.part_number))
    paper.pair(f"  {shown.quantity(order.quantity)} × {shown.amount(order.price)}", shown.amount(order.total))
    if order.expected:
        paper.plain(t("special_order.paper.expected", day=shown.day(order.expected)))
    paper.rule()
    _money(paper, order)
    for words in (order.note, footer or ""):
        if words.strip():
            paper.rule()
            paper.centred(words)
    return paper.lines


def _money(paper: page.PaperPage, order: SpecialOrder) -> None:
    paper.pair(t("receipt.total"), shown.money(order.total))
    for deposit in order.deposits:
        state = "" if deposit.state == "open" else f" ({t(f'deposit.state.{deposit.state}')})"
        paper.pair(f"{t('receipt.deposit')}{state}", shown.amount(deposit.amount))
        paper.plain(f"  {method_word(deposit.method)}  {shown.date(deposit.at)}" if deposit.method else "")
    if order.deposit:
        paper.pair(t("special_order.paper.rest"), shown.money(order.total - order.deposit))
