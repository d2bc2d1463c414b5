"""The return of a sale: its lines that come back, how much of each, and the money that goes back for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from clutch_tui.core.quantity import Quantity, written
from clutch_tui.core.refunds import Refund, Refunded
from clutch_tui.core.types import Payment, PayMethod, Sale, SaleLine
from clutch_tui.phrases.fields import FormField
from clutch_tui.phrases.units import measured
from clutch_tui.printing.page import payment_words
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import forms, shop
from clutch_tui.ui.forms import EntryRow, FormDialog
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import Words, shortened

DAMAGED = "damaged"
GOODS = (("shelf", "sale.goods_shelf"), (DAMAGED, "sale.goods_damaged"))
"""What becomes of goods that come back."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A return before it is made: quantities by line number, the money as it was shown, why, and whether the goods are
    damaged."""

    quantities: dict[int, Quantity]
    payments: tuple[Payment, ...]
    reason: str
    damaged: bool


class ReturnDialog(FormDialog[GivenBack]):
    """A field for each line of which something is left to give back; empty means none. What they come to is said at
    every key. F5 fills in all that is left; where a sale was paid in several ways, F6 puts the next of them first."""

    TITLE, HINT = "sale.give_back_title", "sale.give_back_hint"
    ASKS_WHY = True
    """Whether somebody must say why."""
    DEFAULT_CSS = """
    ReturnDialog .form--rows { max-height: 50vh; }
    ReturnDialog #refund { margin-top: 1; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "all", "sale.all_back", id="give_back.all"),
        Binding("f6", "other_way", "sale.other_way", id="give_back.other_way"),
    ]

    def __init__(self, sale: Sale, before: Refunded, coin: int) -> None:
        self._sale, self._before, self._coin = sale, before, coin
        self._ways: list[PayMethod | None] = [None, *list(shop.refunds.left(sale, before))[1:]]
        """What a person may want first; None leaves it to the rules."""
        lines = [line for line in sale.lines if line.left > 0]
        entries = [
            *(
                FormField(str(line.n), "sale.line_back", "quantity", maximum=line.left, places=line.places)
                for line in lines
            ),
            FormField("reason", "sale.reason", required=self.ASKS_WHY, maximum=200),
            FormField("goods", "sale.goods", "choice", choices=GOODS),
        ]
        number = shown.part_number(sale.receipt_number)
        super().__init__(self.TITLE, entries, {"goods": GOODS[0][0]}, self._read_back, number=number)
        self.hint.say("sale.give_back_hint_ways" if self.check_action("other_way", ()) else self.HINT)
        self.add_class("-lines")
        self.refund_line = Words(id="refund")
        for row, line in zip(self.rows, lines, strict=False):
            _name_line(row, line)

    def compose_body(self) -> ComposeResult:
        yield from super().compose_body()
        yield self.refund_line

    def on_mount(self) -> None:
        self.refund_line.tell(self._draw_refund)

    def _quantities(self) -> dict[int, Quantity]:
        """Return what is typed of each line; nothing where that is not valid."""
        try:
            typed = {int(row.entry.name): row.read() for row in self.rows if row.entry.kind == "quantity"}
        except NumberError:
            return {}
        return {n: quantity for n, quantity in typed.items() if quantity}

    @property
    def _refund(self) -> Refund | None:
        """Return what would go back for what is typed; None where that is nothing, or not valid."""
        if not (quantities := self._quantities()):
            return None
        return shop.refunds.reckon(self._sale, self._before, quantities, self._coin, first=self._ways[0])

    def _draw_refund(self) -> str:
        refund = self._refund
        if refund is None:
            return t("sale.goes_back_nothing")
        words = t("sale.goes_back", total=shown.money(refund.totals.total))
        if refund.payments:
            words += f"  {payment_words(refund.payments)}"
        if refund.totals.rounding:
            words += "\n" + t("sales.rounding", amount=shown.amount(refund.totals.rounding))
        return words

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return len(self._ways) > 1 if action == "other_way" else True

    @property
    def _why(self) -> EntryRow:
        return next(row for row in self.rows if row.entry.name == "reason")

    def _ends_at(self, field: Widget | None) -> bool:
        """Enter after the reason saves: that goods are damaged is seldom said."""
        return field is self._why.field or super()._ends_at(field)

    def action_all(self) -> None:
        """Everything that is left of the sale; pressed again, nothing."""
        rows = [row for row in self.rows if row.entry.kind == "quantity"]
        most = {row: str(written(row.entry.maximum or 0)) for row in rows}
        full = all(row.typed == most[row] for row in rows)
        for row in rows:
            if isinstance(row.field, TextField):
                row.field.value = "" if full else most[row]
        self._why.field.focus()

    def action_other_way(self) -> None:
        """Let the money go back by the next way first, as far as it came in by it."""
        self._ways = [*self._ways[1:], self._ways[0]]
        self.refund_line.refresh(layout=True)

    @on(TextField.Changed)
    def _reckon_again(self) -> None:
        self.refund_line.refresh(layout=True)

    async def _read_back(self, values: dict[str, Any]) -> GivenBack:
        quantities = {int(name): value for name, value in values.items() if name.isdecimal() and value}
        refund = self._refund
        if refund is None:
            raise NumberError("sale.nothing_back")
        return GivenBack(quantities, refund.payments, values["reason"], values["goods"] == DAMAGED)


def _name_line(row: EntryRow, line: SaleLine) -> None:
    """The part, and how many of it may come back: that is read to the end, and the name gives way."""
    left = f" ({measured(line.left, line.unit)})"

    def words() -> str:
        called = shown.of_language(line.name, line.name_en)
        return f"{shown.name(shortened(called, forms.LINE_LABEL - cell_len(left)))}{left}"

    row.label.tell(words)
