"""Notes of several lines: wrapped in logical order, walked in visual order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult

from clutch_tui.text import strings
from clutch_tui.text.bidi import LTR, RTL, visual
from clutch_tui.text.wrap import find_line, wrap
from clutch_tui.ui.bidi_filter import BidiApp
from clutch_tui.ui.widgets.note_field import NoteField

WIDTH = 20
TEXT = "العميل عايز طلمبة Bosch أصلية\nالتسليم يوم الخميس"


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    strings.use("ar")
    yield
    strings.use("ar")


class NoteApp(BidiApp, App[None]):
    """One note of 20 columns and 4 lines, plain."""

    CSS = "NoteField { width: 20; height: 4; padding: 0; scrollbar-size-vertical: 0; }"

    def __init__(self, value: str = "", placeholder: str = "", max_length: int = 0) -> None:
        super().__init__()
        self.given = (value, placeholder, max_length)
        self.changes: list[str] = []

    def compose(self) -> ComposeResult:
        value, placeholder, max_length = self.given
        self.note = NoteField(value, placeholder, max_length=max_length)
        yield self.note

    def on_mount(self) -> None:
        self.note.focus()

    def on_note_field_changed(self, event: NoteField.Changed) -> None:
        self.changes.append(event.value)


def drawn(note: NoteField) -> list[str]:
    return [note.render_line(y).text for y in range(note.size.height)]


def cursor(note: NoteField) -> tuple[int, int]:
    """Where the cursor is drawn, which must be where the terminal's own is."""
    style = note.get_component_rich_style("note-field--cursor")
    for y in range(note.size.height):
        x = 0
        for segment in note.render_line(y):
            if segment.style and (segment.style.bgcolor, segment.style.color) == (style.bgcolor, style.color):
                offset = note.content_region.offset
                assert note.app.cursor_position == (offset.x + x, offset.y + y)
                return x, y
            x += segment.cell_length
    raise AssertionError("no cursor is drawn")


@given(st.text(alphabet="ابت لاab 12.\n漢", max_size=80), st.integers(min_value=2, max_value=12))
def test_every_character_is_on_one_line_that_is_wide_enough(text: str, width: int) -> None:
    lines = wrap(text, width, RTL, cell_len)
    assert "".join(text[line.start : line.end] + "\n" * line.ends_paragraph for line in lines)[:-1] == text
    assert all(cell_len(text[line.start : line.end].rstrip()) <= width for line in lines)
    assert all(cell_len(text[line.start : line.end]) <= width + 1 for line in lines)
    for position in range(len(text) + 1):
        line = lines[find_line(lines, position)]
        assert line.start <= position <= line.last or position == line.end


def test_lines_are_wrapped_at_words_each_in_its_paragraphs_direction() -> None:
    lines = wrap(TEXT + "\nsent by SMS", WIDTH, RTL, cell_len)
    texts = [(TEXT + "\nsent by SMS")[line.start : line.end] for line in lines]
    assert texts == ["العميل عايز طلمبة ", "Bosch أصلية", "التسليم يوم الخميس", "sent by SMS"]
    assert [line.base for line in lines] == [RTL, RTL, RTL, LTR]


async def test_a_note_is_read_from_the_right() -> None:
    app = NoteApp(TEXT)
    async with app.run_test():
        lines = drawn(app.note)
        assert lines[0] == visual("العميل عايز طلمبة").rjust(WIDTH)
        assert lines[1] == (" " + visual("Bosch أصلية", RTL)).rjust(WIDTH)
        assert lines[2] == (" " + visual("التسليم يوم الخميس")).rjust(WIDTH)
    strings.use("en")
    app = NoteApp("sent by SMS")
    async with app.run_test():
        assert drawn(app.note)[0] == "sent by SMS".ljust(WIDTH)


async def test_typing_breaking_and_deleting() -> None:
    app = NoteApp()
    async with app.run_test() as pilot:
        await pilot.press(*"سطر", "enter", *"لا 2")
        assert app.note.value == "سطر\nلا 2"
        assert cursor(app.note) == (WIDTH - 4, 1), "three cells, since lam-alef is one, and the blank of the end"
        await pilot.press("backspace", "backspace", "backspace", "backspace", "backspace")
        assert app.note.value == "سطر"
        await pilot.press("home", "delete")
        assert app.note.value == "طر"
        assert app.changes[-1] == "طر"
        app.note.post_message(events.Paste("ﻻ\r\nA\tB\u200f"))
        await pilot.pause()
        assert app.note.value == "لا\nA Bطر"


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_arrows_visit_every_cell_of_every_line(language: strings.Language) -> None:
    strings.use(language)
    app = NoteApp(TEXT)
    async with app.run_test():
        note = app.note
        note.action_jump(False)
        forward = -1  # every paragraph here is read from the right
        seen = {cursor(note)}
        for _ in range(len(TEXT) * 2):
            before = note.cursor_position
            note.action_step(forward)
            seen.add(cursor(note))
            if note.cursor_position == before:
                break
        cells = {(cell.x, y) for y, line in enumerate(note.lines) for cell in note.cells_of(line)}
        latin = {(cell.x, 1) for cell in note.cells_of(note.lines[1])}
        assert cells - seen <= latin, "only where reading turns are cells passed over at a line's edge"
        assert len(cells - seen) <= 5
        assert note.cursor_position == len(TEXT)


async def test_up_and_down_keep_the_column() -> None:
    app = NoteApp("طويل جدا هنا\nلا\nطويل مرة تانية")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+home", "left", "left", "left", "left", "left", "left")
        column = cursor(app.note)[0]
        await pilot.press("down")
        assert cursor(app.note) == (WIDTH - 2, 1), "as far as the short line goes"
        await pilot.press("down")
        assert cursor(app.note) == (column, 2)
        await pilot.press("up", "up")
        assert cursor(app.note) == (column, 0)
        await pilot.press("up")
        assert app.note.cursor_position == 0


async def test_words_selection_and_clipboard() -> None:
    app = NoteApp("كلمة تانية")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+home", "ctrl+left")
        assert app.note.cursor_position == 5
        await pilot.press("shift+end", "ctrl+c")
        assert app.clipboard == "تانية"
        await pilot.press("ctrl+x")
        assert app.note.value == "كلمة "
        await pilot.press("ctrl+shift+right", "ب")
        assert app.note.value == "ب"
        await pilot.press("ctrl+a", "backspace")
        assert app.note.value == ""


async def test_the_mouse_puts_the_cursor_on_the_letter_under_it() -> None:
    app = NoteApp(TEXT)
    async with app.run_test() as pilot:
        for y, line in enumerate(app.note.lines):
            cell = app.note.cells_of(line)[-2]
            await pilot.click(app.note, offset=(cell.x, y))
            assert app.note.cursor_position == cell.start
            assert cursor(app.note) == (cell.x, y)


async def test_a_long_note_scrolls_with_the_cursor() -> None:
    app = NoteApp("\n".join(f"سطر {n}" for n in range(20)))
    async with app.run_test() as pilot:
        await pilot.press("ctrl+home")
        assert cursor(app.note)[1] == 0
        await pilot.press("pagedown", "pagedown")
        assert drawn(app.note)[cursor(app.note)[1]].strip() == visual("سطر 6")
        await pilot.press("ctrl+end")
        assert cursor(app.note)[1] == 3
        assert drawn(app.note)[3].strip() == visual("سطر 19")


async def test_an_empty_note_shows_what_belongs_there() -> None:
    app = NoteApp(placeholder="اكتب ملاحظة")
    async with app.run_test() as pilot:
        assert drawn(app.note)[0] == visual("اكتب ملاحظة").rjust(WIDTH)
        assert cursor(app.note) == (WIDTH - 1, 0)
        strings.use("en")
        app.follow_language()
        app.note.placeholder = "A note"
        await pilot.pause()
        assert drawn(app.note)[0] == "A note".ljust(WIDTH)


async def test_a_full_note_takes_no_more() -> None:
    app = NoteApp("12345", max_length=5)
    async with app.run_test() as pilot:
        await pilot.press("6")
        assert app.note.value == "12345"
        await pilot.press("backspace", "6")
        assert app.note.value == "12346"


async def test_a_paste_and_a_broken_line_are_taken_back_one_by_one() -> None:
    app = NoteApp("أصلية")
    async with app.run_test() as pilot:
        await pilot.press("enter")
        app.note.post_message(events.Paste("التسليم يوم الخميس"))
        await pilot.pause()
        await pilot.press("ctrl+z")
        assert (app.note.value, app.note.cursor_position) == ("أصلية\n", 6)
        await pilot.press("ctrl+z")
        assert app.note.value == "أصلية"
        await pilot.press("ctrl+y", "ctrl+y")
        assert app.note.value == "أصلية\nالتسليم يوم الخميس"
        assert app.changes[-1] == app.note.value
