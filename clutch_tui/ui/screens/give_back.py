"""Which lines of a sale come back, how many pieces of each, and how the money goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clutch_tui.core.types import Sale, SaleLine
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.ui.entries import Entry
from clutch_tui.ui.forms import EntryRow, FormDialog
from clutch_tui.ui.widgets.words import Words


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A return before it is made: pieces by line number, and why."""

    quantities: dict[int, int]
    reason: str


class ReturnDialog(FormDialog[GivenBack]):
    """A field for each line that still has pieces to give back; empty means none."""

    def __init__(self, sale: Sale) -> None:
        lines = [line for line in sale.lines if line.quantity > line.returned]
        entries = [
            *(Entry(str(line.n), "sale.line_back", "number", maximum=line.quantity - line.returned) for line in lines),
            Entry("reason", "sale.reason", required=True, maximum=200),
        ]
        super().__init__(
            "sale.give_back_title", entries, {}, self._read_back, number=shown.part_number(sale.receipt_number)
        )
        self.add_class("-lines")
        for row, line in zip(self.rows, lines, strict=False):
            _name_line(row, line)

    async def _read_back(self, values: dict[str, Any]) -> GivenBack:
        quantities = {int(name): value for name, value in values.items() if name.isdecimal() and value}
        if not quantities:
            raise NumberError("sale.nothing_back")
        return GivenBack(quantities, values["reason"])


def _name_line(row: EntryRow, line: SaleLine) -> None:
    left = shown.number(line.quantity - line.returned)
    label: Words = row.label
    label.tell(lambda: f"{shown.name(shown.of_language(line.name, line.name_en))} ({left})")
