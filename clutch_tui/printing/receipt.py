"""A receipt as lines of text, in logical order: for the screen, for a file, for whatever prints it.

Columns are made of blanks and counted in cells. An Arabic line is filled up to the full width: its trailing
blanks come to stand on the left, so it leans to the right wherever it is shown, and its columns run from there.
It begins with a right-to-left mark, because whoever guesses the direction by the first letter would else turn
round the lines that begin with a figure or a part number.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from rich.cells import cell_len, chop_cells

from clutch_tui.core.types import Receipt, SaleLine
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, is_rtl, t, tn

WIDTH = 42
"""Characters on the usual roll of 80 mm."""

_INDENT = "  "


def text(
    receipt: Receipt, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> str:
    """The receipt as one text, its last line ended: what `lines` gives, ready for a file."""
    return "".join(f"{line}\n" for line in lines(receipt, width=width, shop=shop, footer=footer))


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
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{_file_name(receipt)}.txt"
    handle, unfinished = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)  # 0600 from its first byte
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text(receipt, width=width, shop=shop, footer=footer))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
    return path


def _file_name(receipt: Receipt) -> str:
    # another terminal's number is whatever its program wrote: it must not lead out of the folder
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in receipt.receipt_number).strip("_")
    return safe or receipt.id


def lines(
    receipt: Receipt, *, width: int = WIDTH, shop: Mapping[str, object] | None = None, footer: str | None = None
) -> list[str]:
    """The receipt of a sale or of a return, each line at most `width` cells and in Arabic exactly so.

    `shop` is the shop's profile (`name`, `address`, `phone`); `footer` its last words to the customer.
    """
    page = _Page(width)
    page.head(receipt, shop or {})
    page.rule()
    for line in receipt.lines:
        page.sold(line)
    page.rule()
    page.sums(receipt)
    page.paid(receipt)
    for words in (receipt.notes, footer or ""):
        if words.strip():
            page.rule()
            page.centred(words)
    return page.lines


class _Page:
    """Lines of one width, filled from top to bottom."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []

    # --- the parts of a receipt ------------------------------------------------------------------------

    def head(self, receipt: Receipt, shop: Mapping[str, object]) -> None:
        for name in ("name", "address"):
            self.centred(str(shop.get(name) or ""))
        if shop.get("phone"):
            self.centred(shown.phone(str(shop["phone"])))
        self.centred(t("receipt.return" if receipt.return_of else "receipt.sale"))
        if receipt.status == "voided":
            self.centred(t("receipt.voided"))
        elif receipt.status == "returned" and receipt.return_of is None:
            self.centred(t("receipt.returned"))
        self.rule()
        self.plain(t("receipt.number", number=shown.part_number(receipt.receipt_number)))
        self.plain(shown.date_time(receipt.at))
        if receipt.cashier:
            self.plain(t("receipt.cashier", name=receipt.cashier))
        if receipt.customer_name:
            self.plain(t("receipt.customer", name=receipt.customer_name))

    def sold(self, line: SaleLine) -> None:
        name = shown.of_language(line.name, line.name_en)
        self.plain(name or line.part_number)
        if name and line.part_number:
            self.plain(_INDENT + shown.part_number(line.part_number))
        times = f"{_INDENT}{shown.number(line.quantity)} × {shown.amount(line.price)}"
        gross = line.quantity * line.price
        self.pair(times, shown.amount(gross if line.discount else line.total))
        if line.discount:
            self.pair(_INDENT + t("receipt.discount"), shown.amount(-line.discount))
            self.pair("", shown.amount(line.total))
        if line.returned:
            self.plain(_INDENT + t("receipt.given_back", quantity=line.returned))

    def sums(self, receipt: Receipt) -> None:
        totals = receipt.totals
        self.pair(t("receipt.subtotal"), shown.amount(totals.subtotal))
        if totals.discount:
            self.pair(t("receipt.discount"), shown.amount(-totals.discount))
        if totals.tax:
            key = "receipt.tax_included" if receipt.prices_include_tax else "receipt.tax"
            self.pair(f"{t(key)} {_rate(receipt.tax_rate)}".rstrip(), shown.amount(totals.tax))
        if totals.rounding:
            self.pair(t("receipt.rounding"), shown.amount(totals.rounding))
        self.pair(t("receipt.total"), shown.money(totals.total))
        self.plain(tn("receipt.pieces", totals.pieces))

    def paid(self, receipt: Receipt) -> None:
        if receipt.payments:
            self.rule()
        for payment in receipt.payments:
            key = f"pay.{payment.method}"
            method = t(key) if has(key) else payment.method
            word = t("receipt.refunded", method=method) if receipt.return_of else method
            self.pair(word, shown.amount(payment.amount))
        if receipt.change:
            self.pair(t("receipt.tendered"), shown.amount(receipt.tendered))
            self.pair(t("receipt.change"), shown.amount(receipt.change))

    # --- how a line is set -----------------------------------------------------------------------------

    def rule(self) -> None:
        self.lines.append("-" * self.width)

    def plain(self, words: str) -> None:
        """Words at the beginning of the line, wrapped where they are too long."""
        for piece in _wrapped(words, self.width):
            self._add(piece)

    def centred(self, words: str) -> None:
        for paragraph in words.splitlines():
            for piece in _wrapped(paragraph.strip(), self.width):
                self._add(" " * ((self.width - cell_len(piece)) // 2) + piece)

    def pair(self, words: str, figure: str) -> None:
        """Words at the beginning and a figure at the end; on two lines where one is too short for both."""
        blanks = self.width - cell_len(words) - cell_len(figure)
        if blanks < 1 and words:
            self.plain(words)
            words, blanks = "", self.width - cell_len(figure)
        self._add(words + " " * max(0, blanks) + figure)

    def _add(self, line: str) -> None:
        filled = shown.RLM + line + " " * (self.width - cell_len(line))
        self.lines.append(filled if is_rtl() else line.rstrip())


def _rate(basis_points: int) -> str:
    return shown.percent(Decimal(basis_points) / 10_000, places=2 if basis_points % 100 else 0) if basis_points else ""


def _wrapped(words: str, width: int) -> Iterator[str]:
    """`words` in pieces of at most `width` cells, cut between words where that is possible.

    Only blanks that break are cut at: a code or a telephone number is isolated with no-break spaces, and half
    an isolate would turn round the rest of its line.
    """
    line = words[: len(words) - len(words.lstrip(" "))]
    for word in filter(None, words.split(" ")):
        joined = f"{line} {word}" if line.strip() else line + word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line.strip():
            yield line
        *full, line = chop_cells(word, width)
        yield from full
    if line.strip():
        yield line
