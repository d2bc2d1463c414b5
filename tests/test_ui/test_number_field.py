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
        self.entered: list[str] = []
        yield from (self.any, self.few, self.money)

    def on_input_submitted(self, event: NumberField.Submitted) -> None:
        self.entered.append(event.value)

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
        assert (app.money.value, app.money.minor) == ("1.23", None), "the third decimal is refused, and not forgotten"


@pytest.mark.parametrize("typed", ["1.2.3", "1e5", "-5", "١٢٫٣٫٤", "1+2", "1.239"])
async def test_what_a_character_was_left_out_of_is_no_number_until_it_is_corrected(typed: str) -> None:
    app = CounterApp()
    async with app.run_test() as pilot:
        app.money.focus()
        await type_into(app.money, typed)
        assert app.money.minor is None
        assert app.money.problem is not None
        assert app.money.problem.key == "error.number.left_out"
        assert app.money.has_class("-invalid")
        await pilot.press("enter", "enter")
        assert app.entered == []
        await type_into(app.money, "7.50")  # in the place of all of it
        await pilot.press("enter")
        assert (app.money.minor, app.entered) == (7_50, ["7.50"])


@pytest.mark.parametrize("correct", ["backspace", "delete", "ctrl+z", "set"])
async def test_a_correction_is_enough(correct: str) -> None:
    app = CounterApp()
    async with app.run_test() as pilot:
        app.money.focus()
        await type_into(app.money, "e")
        await pilot.press("enter")
        assert app.entered == [], "an empty field, too, may stand for something, such as all that is due"
        await type_into(app.money, "e12")
        if correct == "set":
            app.money.minor = 5_00
        else:
            await pilot.press(correct)
        assert app.money.problem is None or app.money.problem.key == "error.number.empty"
        await pilot.press("enter")
        assert len(app.entered) == 1


async def test_a_plus_before_a_number_changes_nothing() -> None:
    app = CounterApp()
    async with app.run_test() as pilot:
        await type_into(app.any, "+5")
        await pilot.press("enter")
        assert (app.any.number, app.entered) == (5, ["5"])


async def test_a_field_begins_with_what_it_is_given() -> None:
    class GivenApp(BidiApp, App[None]):
        def compose(self) -> ComposeResult:
            yield NumberField(24)
            yield NumberField(Decimal("2.5"))
            yield MoneyField("12.50")

    app = GivenApp()
    async with app.run_test():
        assert [field.number for field in app.query(NumberField)] == [24, Decimal("2.5"), Decimal("12.5")]
