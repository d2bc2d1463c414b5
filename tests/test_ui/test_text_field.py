"""The one-line field: a logical value, a cursor that goes where one sees it go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input
from textual.widgets.input import Selection

from clutch_tui.text import strings
from clutch_tui.text.bidi import LTR, RTL, to_letters, visual
from clutch_tui.ui.bidi_filter import BidiApp
from clutch_tui.ui.widgets.text_field import TextField
from tests.terminal import Terminal

WIDTH = 30


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    strings.use("ar")
    yield
    strings.use("ar")


class FieldApp(BidiApp, App[None]):
    """A single field of 30 cells at the corner of the screen."""

    CSS = "TextField { border: none; padding: 0; height: 1; width: 30; }"

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.options = options

    def compose(self) -> ComposeResult:
        self.field = TextField(select_on_focus=False, **self.options)  # type: ignore[arg-type]
        yield self.field

    def on_mount(self) -> None:
        self.field.focus()


def drawn(field: TextField) -> str:
    return field.render_line(0).text


def cursor_column(field: TextField) -> int:
    """The column that is drawn as the cursor, which must be where the terminal's own cursor is."""
    field._cursor_visible = True
    style = field.get_component_rich_style("input--cursor")
    x = 0
    for segment in field.render_line(0):
        if segment.style and segment.style.bgcolor == style.bgcolor and segment.style.color == style.color:
            assert field.app.cursor_position.x == field.content_region.x + x
            return x
        x += segment.cell_length
    raise AssertionError("no cursor is drawn")


def walk(field: TextField, step: Callable[[], None]) -> list[int]:
    """Step until the cursor stops; return the columns that it was on."""
    columns = [cursor_column(field)]
    while True:
        step()
        column = cursor_column(field)
        if column == columns[-1]:
            return columns
        columns.append(column)


async def test_arabic_stands_at_the_right_and_latin_at_the_left() -> None:
    app = FieldApp(value="فلتر زيت")
    async with app.run_test():
        assert drawn(app.field) == " " * (WIDTH - 9) + " " + visual("فلتر زيت")
        assert app.field.value == "فلتر زيت"
    strings.use("en")
    app = FieldApp(value="Oil filter")
    async with app.run_test():
        assert drawn(app.field) == "Oil filter".ljust(WIDTH)


async def test_a_text_of_several_lines_is_drawn_on_one_and_stays_as_it_is() -> None:
    """A server's description may have paragraphs. A line feed in a row would break the row."""
    value = "للموتور\nOC 197\r\nسيراميك\tجديد"
    app = FieldApp(value=value)
    async with app.run_test() as pilot:
        assert drawn(app.field).strip() == visual("للموتور OC 197  سيراميك جديد")
        assert cell_len(drawn(app.field)) == WIDTH
        await pilot.press("end", "!")
        assert app.field.value == f"{value}!"


async def test_a_part_number_stays_at_the_right_of_an_arabic_screen() -> None:
    app = FieldApp(value="BP-001/A")
    async with app.run_test():
        assert drawn(app.field) == "BP-001/A ".rjust(WIDTH)
        assert cursor_column(app.field) == WIDTH - 1


async def test_what_is_typed_is_stored_as_it_is_read() -> None:
    app = FieldApp()
    async with app.run_test() as pilot:
        await pilot.press(*"لا BP-1 ق")
        assert app.field.value == "لا BP-1 ق"
        assert drawn(app.field).strip() == visual("لا BP-1 ق")
        assert cursor_column(app.field) == WIDTH - 9, "eight cells (lam-alef is one) and the blank of the end"


@pytest.mark.parametrize("text", ["فلتر زيت", "فلتر BP-001/A رقم 12 لا", "Bosch فلتر", "12", "محمّد (لا)"])
@pytest.mark.parametrize("language", ["ar", "en"])
async def test_arrows_go_from_cell_to_cell_in_both_directions(text: str, language: strings.Language) -> None:
    strings.use(language)
    app = FieldApp(value=text)
    async with app.run_test():
        cells = [cell.x for cell in app.field.cells]
        walk(app.field, app.field.action_cursor_left)
        assert walk(app.field, app.field.action_cursor_right) == cells
        assert walk(app.field, app.field.action_cursor_left) == cells[::-1]


async def test_every_position_shows_the_cursor_on_its_own_letter() -> None:
    app = FieldApp(value="فلتر BP-001/A رقم 12")
    async with app.run_test():
        shown = drawn(app.field)
        letters = {cell.start: cell.glyphs for cell in app.field.cells}
        for position, character in enumerate(app.field.value):
            app.field.cursor_position = position
            assert shown[cursor_column(app.field)] == letters[position]
            assert to_letters(letters[position]) == character


async def test_home_and_end_are_where_reading_begins_and_ends() -> None:
    app = FieldApp(value="فلتر Bosch")
    async with app.run_test() as pilot:
        await pilot.press("home")
        assert (app.field.cursor_position, cursor_column(app.field)) == (0, WIDTH - 1)
        await pilot.press("end")
        assert (app.field.cursor_position, cursor_column(app.field)) == (10, WIDTH - 11)


async def test_words_are_passed_in_the_direction_of_the_key() -> None:
    app = FieldApp(value="فلتر زيت أصلي")
    async with app.run_test() as pilot:
        await pilot.press("home", "ctrl+left")
        assert app.field.cursor_position == 5
        await pilot.press("ctrl+left")
        assert app.field.cursor_position == 9
        await pilot.press("ctrl+right")
        assert app.field.cursor_position == 5
    strings.use("en")
    app = FieldApp(value="oil filter new")
    async with app.run_test() as pilot:
        await pilot.press("home", "ctrl+right")
        assert app.field.cursor_position == 4


async def test_selecting_follows_the_letters() -> None:
    app = FieldApp(value="فلتر زيت")
    async with app.run_test() as pilot:
        await pilot.press("home", "shift+left", "shift+left", "shift+left", "shift+left")
        assert app.field.selected_text == "فلتر"
        await pilot.press("right")
        assert (app.field.selection, cursor_column(app.field)) == (Selection.cursor(0), WIDTH - 1)
        await pilot.press("shift+left", "shift+left", "left")
        assert app.field.selection == Selection.cursor(2), "the left edge of what was selected"
        await pilot.press("shift+end", "delete")
        assert app.field.value == "فل"


async def test_the_mouse_puts_the_cursor_on_the_letter_under_it() -> None:
    app = FieldApp(value="فلتر BP-1")
    async with app.run_test() as pilot:
        for cell in app.field.cells:
            await pilot.click(app.field, offset=(cell.x, 0))
            assert app.field.cursor_position == cell.start
            assert cursor_column(app.field) == cell.x
        await pilot.click(app.field, offset=(0, 0))
        assert app.field.cursor_position == len(app.field.value), "beyond the end"


async def test_dragging_selects_from_letter_to_letter() -> None:
    app = FieldApp(value="فلتر زيت")
    async with app.run_test() as pilot:
        columns = {cell.start: cell.x for cell in app.field.cells}
        await pilot.mouse_down(app.field, offset=(columns[0], 0))
        await pilot._post_mouse_events([events.MouseMove], app.field, offset=(columns[4], 0), button=1)
        await pilot.mouse_up(app.field, offset=(columns[4], 0))
        assert app.field.selected_text == "فلتر"


async def test_a_long_text_scrolls_with_the_cursor() -> None:
    text = "طلمبة مياه هيدروليك أصلية بوش موديل ٢٠٢٤ للشاحنات"
    app = FieldApp(value=text)
    async with app.run_test() as pilot:
        await pilot.press("home")
        assert cursor_column(app.field) == WIDTH - 1
        assert drawn(app.field).endswith(visual("طلمبة مياه"))
        await pilot.press("end")
        assert cursor_column(app.field) == 0
        assert drawn(app.field).strip().startswith(visual("للشاحنات"))
        for _ in range(20):
            await pilot.press("right")
            assert 0 <= cursor_column(app.field) < WIDTH


@pytest.mark.parametrize(("language", "column"), [("ar", WIDTH - 1), ("en", 0)])
async def test_an_empty_field_begins_where_the_screen_does(language: strings.Language, column: int) -> None:
    strings.use(language)
    app = FieldApp()
    async with app.run_test():
        assert app.field.direction == (RTL if language == "ar" else LTR)
        assert cursor_column(app.field) == column
        app.field.placeholder = "ابحث عن قطعة" if language == "ar" else "Find a part"
        assert cursor_column(app.field) == column
        shown = drawn(app.field)
        expected = visual("ابحث عن قطعة").rjust(WIDTH) if language == "ar" else "Find a part".ljust(WIDTH)
        assert shown == expected


async def test_a_placeholder_that_is_too_long_shows_its_beginning() -> None:
    app = FieldApp(placeholder="ابحث باسم القطعة أو رقمها أو الباركود الخاص بها")
    async with app.run_test():
        assert drawn(app.field).endswith(visual("ابحث باسم"))
        assert cursor_column(app.field) == WIDTH - 1


async def test_a_password_gives_nothing_away() -> None:
    app = FieldApp(password=True, value="سر 12")
    async with app.run_test() as pilot:
        assert drawn(app.field).strip() == "•••••"
        await pilot.press("left")
        assert walk(app.field, app.field.action_cursor_right) == [WIDTH - 6 + n for n in range(6)]
        assert app.field.value == "سر 12"


async def test_presentation_forms_and_invisible_marks_are_not_stored() -> None:
    app = FieldApp()
    async with app.run_test() as pilot:
        await pilot.press("ﻻ")
        app.field.post_message(events.Paste("ﻣﺤﻤﺪ\u200f\t\u2066A\u00a01\u2069\nsecond"))
        await pilot.pause()
        assert app.field.value == "لامحمد A 1 second"


async def test_switching_the_language_turns_the_field() -> None:
    app = FieldApp(value="12")
    async with app.run_test() as pilot:
        assert drawn(app.field) == "12 ".rjust(WIDTH)
        strings.use("en")
        app.follow_language()
        await pilot.pause()
        assert drawn(app.field) == "12".ljust(WIDTH)


async def test_a_field_is_drawn_once() -> None:
    """The app's filter must leave its lines alone: they are in visual order."""
    app = FieldApp(value="فلتر (أصلي)")
    async with app.run_test() as pilot:
        await pilot.pause()
        rows = ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]
        assert visual("فلتر (أصلي)") in rows[0]


@pytest.mark.parametrize(
    "name", ["_cursor_offset", "_position_to_cell", "_cell_offset_to_index", "_watch_selection", "_watch_value"]
)
def test_names_of_input_that_the_field_relies_on(name: str) -> None:
    assert name in vars(Input), f"Textual no longer has Input.{name}"


def test_state_of_input_that_the_field_relies_on() -> None:
    assert {"_cursor_visible", "_suggestion", "selection", "value"} <= set(Input._reactives)


def test_typing_mixed_text_in_a_real_terminal(tmp_path: Path) -> None:
    """Every cursor position, as the terminal itself reports it."""
    program = tmp_path / "field.py"
    program.write_text(
        dedent("""
        from tests.test_ui.test_text_field import FieldApp
        from clutch_tui.terminal.bidi_mode import ordered_terminal
        with ordered_terminal("auto") as modes:
            app = FieldApp()
            app.order_modes = modes
            app.run()
            print("value:", app.field.value)
        """)
    )
    text = "فلتر BP-001/A لا 12"
    with Terminal([sys.executable, str(program)], columns=40, lines=6) as terminal:
        right = 39
        terminal.wait_for(lambda t: t.cursor == (right, 0))
        for typed in range(1, len(text) + 1):
            terminal.type(text[typed - 1])
            cells = len(visual(text[:typed]))
            terminal.wait_for(lambda t, cells=cells: t.cursor == (right - cells, 0))  # type: ignore[misc]
            terminal.wait_for(text[:typed])
        row = terminal.line(0)
        assert row.rstrip().endswith(visual(text))
        order = [row.index(visual(text)) + k for k in range(len(visual(text)))]
        for column in order:
            terminal.press("right")
            terminal.wait_for(lambda t, column=column: t.cursor == (column, 0))  # type: ignore[misc]
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert f"value: {text}" in terminal.output
        begin, draw = terminal.output.index("\x1b[8l"), terminal.output.index("\x1b[?1049h")
        assert begin < draw < terminal.output.rindex("\x1b[8h")


async def test_nothing_is_drawn_while_nothing_happens() -> None:
    app = FieldApp()
    async with app.run_test() as pilot:
        await pilot.press("a")
        assert app.field._blink_timer is not None
        assert not app.field._blink_timer._active.is_set()
        cursor_column(app.field)


async def test_what_was_typed_is_taken_back_word_by_word() -> None:
    app = FieldApp()
    async with app.run_test() as pilot:
        for character in "تيل فرامل":
            app.field.insert_text_at_cursor(character)
        await pilot.press("backspace", "backspace")
        assert app.field.value == "تيل فرا"
        await pilot.press("ctrl+z")
        assert (app.field.value, app.field.cursor_position) == ("تيل فرامل", 9)
        await pilot.press("ctrl+z")
        assert app.field.value == "تيل"
        await pilot.press("ctrl+y", "ctrl+y")
        assert app.field.value == "تيل فرا"
        await pilot.press("ctrl+z", "x", "ctrl+y")
        assert app.field.value == "تيل فراملx", "what is typed after going back ends the way forth"


async def test_nothing_comes_back_in_a_field_that_the_program_has_filled() -> None:
    app = FieldApp()
    async with app.run_test() as pilot:
        await pilot.press("a", "b")
        app.field.value = ""
        await pilot.press("ctrl+z", "ctrl+y")
        assert app.field.value == ""
        await pilot.press("c", "ctrl+z")
        assert app.field.value == ""


async def test_a_password_is_not_brought_back() -> None:
    app = FieldApp(password=True)
    async with app.run_test() as pilot:
        await pilot.press("s", "3", "backspace", "ctrl+z")
        assert app.field.value == "s"
