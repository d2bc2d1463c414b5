"""A receipt as lines of text, in logical order: for the screen, for a file, for whatever prints it.

One statement a line and no columns of figures: an Arabic line and its amount are put side by side by whoever
draws the line, and columns made of blanks would not survive that.
"""

from __future__ import annotations

from clutch_tui.core.types import Receipt, SaleLine, Totals
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t, tn

WIDTH = 42
"""Characters on the usual roll of 80 mm."""


def text(receipt: Receipt, *, shop_name: str = "", footer: str = "") -> str:
    """The receipt as one text, its last line ended."""
    return "\n".join(lines(receipt, shop_name=shop_name, footer=footer)) + "\n"


def lines(receipt: Receipt, *, shop_name: str = "", footer: str = "") -> list[str]:
    """The receipt of a sale or of a return; for a voided sale it says so at its head."""
    rule = "-" * WIDTH
    return [
        *_head(receipt, shop_name),
        rule,
        *(part for line in receipt.lines for part in _sold(line)),
        rule,
        *_sums(receipt.totals, receipt.prices_include_tax),
        *_paid(receipt),
        *([rule, footer] if footer else []),
    ]


def _head(receipt: Receipt, shop_name: str) -> list[str]:
    found = [shop_name] if shop_name else []
    found.append(t("receipt.return" if receipt.return_of else "receipt.sale"))
    if receipt.status == "voided":
        found.append(t("receipt.voided"))
    found.append(t("receipt.number", number=shown.part_number(receipt.receipt_number)))
    found.append(shown.date_time(receipt.at))
    if receipt.cashier:
        found.append(t("receipt.cashier", name=receipt.cashier))
    if receipt.customer_name:
        found.append(t("receipt.customer", name=receipt.customer_name))
    return found


def _sold(line: SaleLine) -> list[str]:
    name = f"{line.name} {shown.part_number(line.part_number)}" if line.part_number else line.name
    figures = f"  {shown.number(line.quantity)} × {shown.amount(line.price)}"
    if line.discount:
        figures += "  " + t("receipt.discount", amount=shown.amount(line.discount))
    return [name, f"{figures} = {shown.amount(line.total)}"]


def _sums(totals: Totals, prices_include_tax: bool) -> list[str]:
    found = [tn("receipt.pieces", totals.pieces), t("receipt.subtotal", amount=shown.amount(totals.subtotal))]
    if totals.discount:
        found.append(t("receipt.discount", amount=shown.amount(totals.discount)))
    if totals.tax:
        key = "receipt.tax_included" if prices_include_tax else "receipt.tax"
        found.append(t(key, amount=shown.amount(totals.tax)))
    if totals.rounding:
        found.append(t("receipt.rounding", amount=shown.amount(totals.rounding)))
    return [*found, t("receipt.total", amount=shown.money(totals.total))]


def _paid(receipt: Receipt) -> list[str]:
    found = []
    for payment in receipt.payments:
        key = f"pay.{payment.method}"
        method = t(key) if has(key) else payment.method
        found.append(t("receipt.paid", method=method, amount=shown.money(payment.amount)))
    if receipt.tendered:
        found.append(t("receipt.tendered", amount=shown.money(receipt.tendered)))
    if receipt.change:
        found.append(t("receipt.change", amount=shown.money(receipt.change)))
    return found
