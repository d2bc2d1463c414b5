"""Fields for numbers and money: any digits in, one value out, the shop's digits on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from clutch_tui.text import strings
from clutch_tui.ui.bidi_filter import BidiApp
from clutch_tui.ui.widgets.number_field import MoneyField, NumberField


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    strings.use("ar")
    yield
    strings.use("ar")


class CounterApp(BidiApp, App[None]):
    """A number, a whole number within bounds, an amount."""

    CSS = "Input { border: none; padding: 0; height: 1; width: 20; }"

    def compose(self) -> ComposeResult:
        self.any = NumberField()
        self.few = NumberField(places=0, minimum=1, maximum=99)
        self.money = MoneyField()
        yield from (self.any, self.few, self.money)

    def on_mount(self) -> None:
        self.any.focus()


async def type_into(field: NumberField, text: str) -> None:
    """Send keys as the terminal does; Textual's pilot has no name for the Arabic separators."""
    for character in text:
        field.post_message(events.Key(character, character))
    await Pilot(field.app).pause()


@pytest.mark.parametrize(
    ("typed", "number"),
    [("12.5", "12.5"), ("١٢٫٥", "12.5"), ("۱۲٫۵", "12.5"), ("1,250", "1250"), ("١٬٢٥٠", "1250"), ("-3", "-3")],
)
async def test_any_digits_make_the_same_number(typed: str, number: str) -> None:
    app = CounterApp()
    async with app.run_test():
        await type_into(app.any, typed)
        assert app.any.number == Decimal(number)
        assert app.any.value.isascii()
        assert app.any.problem is None


async def test_what_no_number_has_is_refused_as_it_is_typed() -> None:
    app = CounterApp()
    async with app.run_test() as pilot:
        await pilot.press(*"1x2..5ج0001")
        assert app.any.value == "12.500"
        app.few.focus()
        await pilot.press(*"-5.0")
        assert app.few.value == "50", "no sign below a minimum of one, no decimals in a whole number"


async def test_digits_are_drawn_as_the_shop_chose() -> None:
    strings.use("ar", "arabic")
    app = CounterApp()
    async with app.run_test() as pilot:
        await pilot.press(*"-1,250.75")
        assert app.any.render_line(0).text.strip() == "-١٬٢٥٠٫٧٥"
        assert app.any.value == "-1,250.75"
        strings.use("ar", "western")
        assert app.any.render_line(0).text.strip() == "-1,250.75"


async def test_a_number_is_typed_from_left_to_right_at_the_right_edge() -> None:
    app = CounterApp()
    async with app.run_test() as pilot:
        await pilot.press("1", "5")
        assert app.any.render_line(0).text == "15 ".rjust(20)
        await pilot.press("left", "left", "2")
        assert app.any.number == 215


async def test_bounds() -> None:
    app = CounterApp()
    async with app.run_test() as pilot:
        assert app.few.number is None
        assert app.few.problem is not None
        assert app.few.problem.key == "error.number.empty"
        app.few.value = "100"
        await pilot.pause()
        assert app.few.number is None
        assert app.few.problem.key == "error.number.too_large"
        assert "99" in str(app.few.problem)
        assert app.few.has_class("-invalid")
        app.few.value = "0"
        assert app.few.problem.key == "error.number.too_small"
        app.few.value = "99"
        await pilot.pause()
        assert app.few.number == 99
        assert app.few.has_class("-valid")


async def test_money_is_counted_in_minor_units() -> None:
    app = CounterApp()
    async with app.run_test() as pilot:
        app.money.focus()
        await type_into(app.money, "١٢٫٥")
        assert app.money.minor == 1250
        app.money.minor = 5
        assert (app.money.value, app.money.minor) == ("0.05", 5)
        app.money.minor = 15000
        assert app.money.value == "150.00"
        app.money.minor = None
        assert (app.money.value, app.money.minor, app.money.number) == ("", None, None)
        await pilot.press(*"1.239")
        assert app.money.minor == 123, "the third decimal is refused, not rounded"


async def test_a_field_begins_with_what_it_is_given() -> None:
    class GivenApp(BidiApp, App[None]):
        def compose(self) -> ComposeResult:
            yield NumberField(24)
            yield NumberField(Decimal("2.5"))
            yield MoneyField("12.50")

    app = GivenApp()
    async with app.run_test():
        assert [field.number for field in app.query(NumberField)] == [24, Decimal("2.5"), Decimal("12.5")]
