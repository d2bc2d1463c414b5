"""Which lines of a sale come back, how many pieces of each, and how the money goes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clutch_tui.core.types import PAY_METHODS, PayMethod, Sale, SaleLine
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.ui.entries import Entry
from clutch_tui.ui.forms import EntryRow, FormDialog
from clutch_tui.ui.widgets.words import Words


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A return before it is made: pieces by line number, how it is refunded, and why."""

    quantities: dict[int, int]
    method: PayMethod
    reason: str


class ReturnDialog(FormDialog[GivenBack]):
    """A field for each line that still has pieces to give back; empty means none."""

    def __init__(self, sale: Sale) -> None:
        lines = [line for line in sale.lines if line.quantity > line.returned]
        methods = [method for method in PAY_METHODS if method != "credit" or sale.customer_id is not None]
        entries = [
            *(Entry(str(line.n), "sale.line_back", "number", maximum=line.quantity - line.returned) for line in lines),
            Entry("method", "sale.refund_by", "choice", choices=[(method, f"pay.{method}") for method in methods]),
            Entry("reason", "sale.reason", required=True, maximum=200),
        ]
        given = {"method": _paid_by(sale, methods)}
        super().__init__(
            "sale.give_back_title", entries, given, self._read_back, number=shown.part_number(sale.receipt_number)
        )
        self.add_class("-lines")
        for row, line in zip(self.rows, lines, strict=False):
            _name_line(row, line)

    async def _read_back(self, values: dict[str, Any]) -> GivenBack:
        quantities = {int(name): value for name, value in values.items() if name.isdecimal() and value}
        if not quantities:
            raise NumberError("sale.nothing_back")
        return GivenBack(quantities, values["method"], values["reason"])


def _paid_by(sale: Sale, methods: Sequence[PayMethod]) -> PayMethod:
    """How most of the sale was paid: its money goes back the same way unless a person says otherwise. Cash for what
    was sold on account would be money for a debt that nobody has paid."""
    paid = max(sale.payments, key=lambda payment: payment.amount, default=None)
    return paid.method if paid is not None and paid.method in methods else methods[0]


def _name_line(row: EntryRow, line: SaleLine) -> None:
    left = shown.number(line.quantity - line.returned)
    label: Words = row.label
    label.tell(lambda: f"{shown.name(shown.of_language(line.name, line.name_en))} ({left})")
