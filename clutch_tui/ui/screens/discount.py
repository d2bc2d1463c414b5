"""The discount of a line or of the whole sale, in one window: `10%` or `5`, and F5 goes from one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clutch_tui.core.types import Cart, Discount
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.widgets.number_field import DiscountField, NumberField
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.words import ProblemWords, Words


@dataclass(frozen=True, slots=True)
class TakenOff:
    """The discount that a person wants, and whether it is off the whole sale."""

    discount: Discount
    whole_sale: bool


class DiscountDialog(Dialog[TakenOff]):
    """An amount or a percentage off the line `n`, counted from 0; nothing typed takes the discount away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "turn", "discount.turn", id="discount.turn")]

    def __init__(self, cart: Cart, n: int) -> None:
        super().__init__("sales.discount", "discount.hint")
        self._cart = cart
        self._line = cart.lines[n]
        self._whole_sale = False
        self.field = DiscountField(value=self._given, id="discount")
        self.result_line = Words(id="discount-result")
        self._what = Words("sales.ask_discount", classes="muted")
        self._problem = ProblemWords()

    def compose_body(self) -> ComposeResult:
        yield self._what
        yield self.field
        yield self.result_line
        yield self._problem

    def on_mount(self) -> None:
        self.heading.tell(self._title)
        self.result_line.tell(self._draw_result)
        self.field.focus()

    @property
    def _whole(self) -> int:
        """Return what it is taken off."""
        return shop.cart.net_of_lines(self._cart) if self._whole_sale else self._line.gross

    @property
    def _given(self) -> str:
        """The discount that there is now, as it was typed."""
        discount = self._cart.discount if self._whole_sale else self._line.discount
        number = discount.percent or discount.amount
        return f"{number // 100}.{number % 100:02}{'%' if discount.percent else ''}" if number else ""

    def _title(self) -> str:
        if self._whole_sale:
            return t("sales.discount_sale")
        return t("sales.discount_line", name=shown.name(shown.of_language(self._line.name, self._line.name_en)))

    def _read(self) -> Discount:
        if not self.field.value.strip():
            return shop.types.Discount()
        number = int(self.field.read().scaleb(self.field.places))
        if self.field.percent:
            return shop.types.Discount(percent=number)
        if number > self._whole:
            raise NumberError("error.sale.discount")
        return shop.types.Discount(number)

    def _draw_result(self) -> str:
        try:
            off = self._read().off(self._whole)
        except NumberError:
            off = 0
        return t(
            "discount.result",
            whole=shown.amount(self._whole),
            off=shown.amount(off),
            left=shown.money(self._whole - off),
        )

    def action_turn(self) -> None:
        """Off the whole sale instead of the line, or the other way round; what was typed goes along."""
        untouched = self.field.value == self._given
        self._whole_sale = not self._whole_sale
        if untouched:
            self.field.value = self._given
        self.field.select_all()
        self._problem.clear()
        for words in (self.heading, self.result_line):
            words.refresh(layout=True)

    @on(TextField.Changed)
    def _typed(self) -> None:
        self._problem.clear()
        self.result_line.refresh(layout=True)

    @on(NumberField.Refused)
    def _refused(self, event: NumberField.Refused) -> None:
        self._problem.say(event.key, text=event.text)

    @on(TextField.Submitted)
    def _entered(self, event: TextField.Submitted) -> None:
        event.stop()
        try:
            discount = self._read()
        except NumberError as error:
            self._problem.say(error.key, **error.values)
        else:
            self.dismiss(TakenOff(discount, self._whole_sale))
