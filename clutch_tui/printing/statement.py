"""The paper of a customer's account: what moved it, what is owed, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clutch_tui.core.receivables import CustomerStatement
from clutch_tui.phrases import debts
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t

from . import page
from .page import WIDTH
from .payment import balance_word

MOST_UNPAID = 30
"""Unpaid sales that stand on the paper, the newest of them; all of them are in the sum."""


def lines(
    statement: CustomerStatement,
    *,
    width: int = WIDTH,
    shop: Mapping[str, object] | None = None,
    footer: str | None = None,
) -> list[str]:
    """The paper, each line at most `width` cells; `shop` is the shop's profile (`name`, `address`, `phone`)."""
    paper, draft = page.PaperPage(width), statement.customer.draft
    paper.head(shop or {}, t("statement.title"))
    paper.rule()
    paper.plain(t("receipt.customer", name=draft.name))
    if draft.phone:
        paper.plain(shown.phone(draft.phone))
    paper.plain(shown.date_time(statement.at))
    paper.rule()
    paper.pair(t("statement.before", day=shown.day(statement.since)), shown.amount(statement.before))
    for entry in statement.entries:
        assert entry.at is not None
        word = t(f"move.{entry.kind}") if has(f"move.{entry.kind}") else entry.kind
        paper.plain(" ".join(filter(None, (shown.date(entry.at), word, shown.part_number(entry.number)))))
        paper.pair(f"  {shown.amount(entry.amount)}", shown.amount(entry.balance))
    paper.rule()
    if statement.unpaid:
        paper.plain(t("statement.unpaid"))
    for sale in statement.unpaid[-MOST_UNPAID:]:
        paper.pair(f"  {shown.day(sale.day)} {shown.part_number(sale.receipt_number)}", shown.amount(sale.unpaid))
    paper.pair(balance_word(statement.customer.balance), shown.money(abs(statement.customer.balance)))
    for label, amount in debts.parts(statement.aging):
        paper.pair(f"  {label}", shown.amount(amount))
    if statement.limit is not None:
        paper.pair(t("statement.limit"), shown.money(statement.limit))
    if (footer or "").strip():
        paper.rule()
        paper.centred(footer or "")
    return paper.lines


def save(
    statement: CustomerStatement,
    folder: Path,
    *,
    shop: Mapping[str, object] | None = None,
    footer: str | None = None,
) -> Path:
    """Write the paper into `folder`, named by the day and the customer, readable by this user only; the file's path.
    Raises `OSError`."""
    name = f"statement-{statement.at:%Y%m%d}-{statement.customer.draft.name}"
    return page.save(lines(statement, shop=shop, footer=footer), folder, name, statement.customer.id)
