"""The paper of a payment on account, and of one that is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.accounts import AccountPayment
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import page
from .page import WIDTH, method_word


def lines(
    payment: AccountPayment, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> list[str]:
    """The paper, each line at most `width` cells; `shop` is the shop's profile (`name`, `address`, `phone`)."""
    paper, taken_back = page.PaperPage(width), payment.kind == "payment_void"
    paper.head(shop or {}, t("payment.void" if taken_back else "payment.title"))
    if payment.is_void:
        paper.centred(t("payment.is_void"))
    paper.rule()
    if payment.number:
        paper.plain(t("receipt.number", number=shown.part_number(payment.number)))
    paper.plain(shown.date_time(payment.at))
    if payment.cashier:
        paper.plain(t("receipt.cashier", name=payment.cashier))
    paper.plain(t("receipt.customer", name=payment.customer_name))
    if payment.void_of:
        paper.plain(t("payment.void_of", number=shown.part_number(payment.void_of)))
    paper.rule()
    paper.pair(t("payment.returned" if taken_back else "payment.received"), shown.money(payment.amount))
    paper.plain(method_word(payment.method))
    if payment.balance is not None:
        paper.pair(balance_word(payment.balance), shown.money(abs(payment.balance)))
    for words in (payment.note, footer or ""):
        if words.strip():
            paper.rule()
            paper.centred(words)
    return paper.lines


def balance_word(balance: int) -> str:
    """Return who owes whom."""
    return t("payment.shop_owes" if balance < 0 else "payment.owes")


def save(
    payment: AccountPayment, folder: Path, *, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> Path:
    """Write the paper into `folder`, named by its number, readable by this user only; the file's path. Raises
    `OSError`."""
    return page.save(lines(payment, shop=shop, footer=footer), folder, payment.number, payment.id)
