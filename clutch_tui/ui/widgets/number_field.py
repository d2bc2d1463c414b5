"""Fields for numbers and money: any digits in, western digits in `value`, the setting's digits on the screen.

A person types `١٢٫٥`, `۱۲٫۵` or `12.5`; `value` is `12.5` each time, and the screen shows it in the digits that the
shop chose. A character that no number could have there is refused as it is typed, and `Refused` says so: a
percent sign that just does not come would be overlooked. What is left then is no number until somebody has corrected
it, so that `1e5` is not taken as 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from textual.message import Message
from textual.validation import ValidationResult, Validator

from clutch_tui.terminal.scanner import Place
from clutch_tui.text import strings
from clutch_tui.text.bidi import LTR, Direction
from clutch_tui.text.digits import GROUP_SEPARATOR, read_digits, show_number
from clutch_tui.text.format import NumberError, name, parse_decimal
from clutch_tui.ui.widgets.text_field import TextField


class NumberField(TextField):
    """A number with at most `places` decimals; 0 makes it a whole number.

    After a character was refused, what stands there is wrong until something of it is taken away or replaced; Enter
    says so, and then whatever is typed next takes its place. A plus before the number is refused without that: it
    changes nothing.

    `number` is what stands there, None while it is empty or not valid; `problem` then says why, as a key.
    """

    place: Place = "number"

    @dataclass
    class Refused(Message):
        """`text` was typed or pasted and cannot stand there; the field is as it was. `key` is the sentence about it."""

        field: NumberField
        text: str
        key: str = "error.number.refused"

        @property
        def control(self) -> NumberField:
            return self.field

    def __init__(
        self,
        value: str | int | Decimal | None = None,
        placeholder: str = "",
        *,
        places: int = 3,
        minimum: int | Decimal | None = None,
        maximum: int | Decimal | None = None,
        **options: Any,
    ) -> None:
        self.places = places
        self.minimum = minimum
        self.maximum = maximum
        sign = "-?" if minimum is None or minimum < 0 else ""
        self._offered = self._left_out = ""
        self._is_typing = self._is_told = False
        decimals = rf"(\.[0-9]{{0,{places}}})?" if places else ""
        super().__init__(
            None if value is None else str(value),
            placeholder,
            restrict=rf"{sign}[0-9,]*{decimals}",
            validators=[_InRange(self)],
            valid_empty=True,
            **options,
        )

    @property
    def direction(self) -> Direction:
        return LTR

    @property
    def number(self) -> Decimal | None:
        """The number as it is typed, None if there is none; whole ones equal an `int`."""
        try:
            return self.read()
        except NumberError:
            return None

    @number.setter
    def number(self, number: Decimal | int | None) -> None:
        self.value = "" if number is None else f"{number:f}" if isinstance(number, Decimal) else str(number)

    @property
    def problem(self) -> NumberError | None:
        """Return why there is no number; None if there is one."""
        try:
            self.read()
        except NumberError as error:
            return error
        return None

    def read(self) -> Decimal:
        """Return the number.

        Raises:
            NumberError: the field is empty, what it holds is malformed or out of range, or a character was left out.
        """
        self.check()
        number = parse_decimal(self.value, self.places)
        if self.minimum is not None and number < self.minimum:
            raise NumberError("error.number.too_small", minimum=self._show(self.minimum))
        if self.maximum is not None and number > self.maximum:
            raise NumberError("error.number.too_large", maximum=self._show(self.maximum))
        return number

    def _show(self, number: int | Decimal) -> str:
        return show_number(f"{number:,}", strings.digits())

    def check(self) -> None:
        """Raise `NumberError` where a character was left out and nobody has corrected what is left."""
        if self._left_out:
            raise NumberError("error.number.left_out", text=self._left_out)

    def tell_left_out(self) -> None:
        """Say which character was left out, where one was. What is typed from now on corrects it."""
        if self._left_out:
            self._is_told = True
            self.app.bell()
            self.select_all()
            self.post_message(self.Refused(self, self._left_out, "error.number.left_out"))

    def _forget_left_out(self) -> None:
        if self._left_out:
            self._left_out, self._is_told = "", False
            self.validate(self.value)

    def replace(self, text: str, start: int, end: int) -> None:
        if not text or start != end or self._is_told:
            self._forget_left_out()
        self._offered, self._is_typing = text, True
        super().replace(text, start, end)
        self._is_typing = False

    def watch_value(self) -> None:
        super().watch_value()
        if not self._is_typing:
            self._forget_left_out()

    def restricted(self) -> None:
        super().restricted()
        refused = name(self._offered[:20])
        if self._offered != "+" or self.cursor_position:
            self._left_out = refused
            self.validate(self.value)
        self.post_message(self.Refused(self, refused))

    async def action_submit(self) -> None:
        if self._left_out:
            self.tell_left_out()
        else:
            await super().action_submit()

    def to_stored(self, text: str) -> str:
        western = read_digits(super().to_stored(text)).replace(GROUP_SEPARATOR, ",")
        return western.replace(" ", "")

    def to_shown(self, text: str) -> str:
        return super().to_shown(show_number(text, strings.digits()))


class MoneyField(NumberField):
    """An amount of money, typed in the major unit: `12.5`. `minor` is the amount in minor units, or None."""

    def __init__(self, value: str | None = None, placeholder: str = "", *, places: int = 2, **options: Any) -> None:
        super().__init__(value, placeholder, places=places, **{"minimum": 0, **options})

    @property
    def minor(self) -> int | None:
        """Return what stands there in minor units; None while it is empty or not valid."""
        number = self.number
        return None if number is None else int(number.scaleb(self.places))

    @minor.setter
    def minor(self, minor: int | None) -> None:
        self.number = None if minor is None else Decimal(minor).scaleb(-self.places)


class DiscountField(MoneyField):
    """Money off, or with a percent sign behind it a part of the whole; `percent` says which."""

    def __init__(self, value: str | None = None, placeholder: str = "", **options: Any) -> None:
        super().__init__(value, placeholder, **options)
        self.restrict = f"{self.restrict}%?"

    @property
    def percent(self) -> bool:
        return self.value.endswith("%")

    def read(self) -> Decimal:
        self.check()
        number = parse_decimal(self.value.removesuffix("%"), self.places)
        if self.percent and number > 100:
            raise NumberError("error.number.too_large", maximum=self._show(100))
        return number


class _InRange(Validator):
    """Marks a field as not valid while what it holds is no number for it."""

    def __init__(self, field: NumberField) -> None:
        super().__init__()
        self._field = field

    def validate(self, value: str) -> ValidationResult:
        problem = self._field.problem
        return self.success() if problem is None else self.failure(str(problem))
