"""The last step before the terminal: every widget's lines in visual order, once, with their styles."""

from __future__ import annotations

import inspect
import pickle
import pkgutil
from collections import Counter
from collections.abc import Iterator
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.driver import Driver
from textual.screen import ModalScreen
from textual.signal import Signal
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Label, OptionList, Static

import clutch_tui.ui
from clutch_tui.text import bidi, strings
from clutch_tui.text.bidi import LTR, RTL, visual
from clutch_tui.text.format import isolate
from clutch_tui.ui.bidi_filter import (
    BidiApp,
    BidiFilter,
    VisualLines,
    order_line,
    paragraph,
)
from tests.counting import lines
from tests.test_ui.shop_app import PATIENCE, until

RED, GREEN = Style(color="red"), Style(color="green")
# without the zero-width joiner, which Rich takes for the glue of an emoji and measures otherwise than terminals do
LETTERS = "ابتثجحخلللاااأإآءةىوي ًَُِّ ()[]<>.,:/-+%0123456789٠١٢٣abcXYZ\u2066\u2069\u200f─│漢"
SEGMENTS = st.lists(
    st.builds(Segment, st.text(alphabet=LETTERS, max_size=10), st.sampled_from([RED, GREEN, None])), max_size=6
)


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    strings.use("ar")
    yield
    strings.use("ar")


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def lines_of(app: App[None]) -> list[str]:
    """What the terminal is given now."""
    return [Strip(strip).text for strip in app.screen._compositor.render_strips()]


@given(SEGMENTS, st.sampled_from([RTL, LTR]))
def test_a_line_never_changes_its_width(segments: list[Segment], screen: bidi.Direction) -> None:
    before = list(segments)
    ordered = BidiFilter(screen).apply(segments, Color(0, 0, 0))
    assert sum(segment.cell_length for segment in ordered) == Strip(segments).cell_length
    assert segments == before


@given(SEGMENTS, st.sampled_from([RTL, LTR]))
def test_each_character_keeps_its_style(segments: list[Segment], screen: bidi.Direction) -> None:
    def letters(line: list[Segment]) -> Counter[tuple[str, Style | None]]:
        return Counter((c, style) for text, style, _ in line for c in text if c.isascii() and c.isalnum())

    assert letters(BidiFilter(screen).apply(segments, Color(0, 0, 0))) == letters(segments)


@given(SEGMENTS)
def test_borders_never_move(segments: list[Segment]) -> None:
    def columns(line: list[Segment]) -> list[tuple[int, str]]:
        found, x = [], 0
        for segment in line:
            if set(segment.text) <= set("│─"):
                found += [(x + k, character) for k, character in enumerate(segment.text)]
            x += segment.cell_length
        return found

    line = [Segment("│"), *(segment for segment in segments if not set(segment.text) & set("│─")), Segment("│")]
    assert columns(order_line(line)) == columns(line)


def test_styles_follow_their_words() -> None:
    line = [Segment("رقم "), Segment("BP-1", RED), Segment(" (أصلي)", GREEN)]
    assert order_line(line) == [
        Segment("(ﻲﻠﺻﺃ) ", GREEN),
        Segment("BP-1", RED),
        Segment(" ﻢﻗﺭ"),
    ]


def test_a_lam_alef_leaves_its_cell_where_reading_ends() -> None:
    assert text_of(order_line([Segment("لا شيء")])) == " " + visual("لا شيء")
    assert text_of(order_line([Segment("  لا  ")])) == "   ﻻ  "


def test_cells_of_a_table_do_not_mix() -> None:
    styles = [Style.from_meta({"row": 0, "column": column}) for column in range(2)]
    ordered = order_line([Segment("سعر ", styles[0]), Segment("قطعة", styles[1])])
    assert [(segment.text, segment.style) for segment in ordered] == [("ﺮﻌﺳ ", styles[0]), ("ﺔﻌﻄﻗ", styles[1])]


def test_blanks_at_the_ends_hold_the_place_of_a_text() -> None:
    assert text_of(order_line([Segment("    سعر  ")])) == "    ﺮﻌﺳ  "


def test_an_arabic_name_in_an_english_sentence_stays_a_name() -> None:
    line = [Segment("Sold: طلمبة for 150.00 EGP")]
    assert text_of(order_line(line, LTR)) == "Sold: ﺔﺒﻤﻠﻃ for 150.00 EGP"


def test_a_path_that_was_wrapped_keeps_its_order() -> None:
    path = "/home/mona/.local/share/clutch-tui/exports"
    first, second = f"اتحفظ في \u2068{path[:20]}", f"{path[20:]}\u2069 وخلاص"
    assert path[:20] in text_of(order_line([Segment(first)]))
    assert path[20:] in text_of(order_line([Segment(second)]))
    assert text_of(order_line([Segment(second, RED)])) == text_of(order_line([Segment(second)]))


async def test_a_paragraph_gives_its_direction_to_a_line_without_arabic() -> None:
    text = "طلمبة مياه من Bosch GmbH 4PK, و سير"

    class ParagraphApp(BidiApp, App[None]):
        CSS = "Static { width: 16; text-align: right; }"

        def compose(self) -> ComposeResult:
            yield Static(text)
            yield Static(paragraph(text))

    app = ParagraphApp()
    async with app.run_test():
        lines = [line.strip() for line in lines_of(app)]
        assert lines[1] == "Bosch GmbH 4PK,", "guessed from its own letters"
        assert lines[4] == ",Bosch GmbH 4PK"


SEEN_EVERYWHERE = [
    (isolate("+20 100 123 4567"), "+20\u00a0100\u00a0123\u00a04567"),
    (isolate("-5"), "-5"),
    (isolate("7-A/BP"), "7-A/BP"),
    (isolate("2026-11-22"), "2026-11-22"),
    (isolate("10%"), "10%"),
    ("(قطعة)", visual("(قطعة)")),
    ("محمّد", visual("محمّد")),
    ("الله", visual("الله")),
    ("لا", visual("لا")),
]


class Question(VisualLines, ModalScreen[None]):
    """A dialog over everything."""

    CSS = "Question { align: center middle; } Question Label { width: 40; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        yield Label(self.text)


class Everywhere(BidiApp, App[None]):
    """One text in a label, a list and a border title."""

    CSS = "Vertical { border: round red; height: 4; width: 60; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self.text
            yield Label(self.text)
        yield OptionList(self.text)


@pytest.mark.parametrize(("text", "seen"), SEEN_EVERYWHERE)
async def test_what_every_place_shows(text: str, seen: str) -> None:
    sentence = f"كلمة {text} ثم"
    app = Everywhere(sentence)
    async with app.run_test(size=(80, 20), notifications=True) as pilot:
        assert sum(seen in line for line in lines_of(app)) == 3
        before = lines_of(app)
        app.notify(sentence, timeout=PATIENCE)
        await until(pilot, lambda: sum(seen in line for line in lines_of(app)) == 4)  # the toast
        await app.push_screen(Question(sentence))
        await pilot.pause()
        assert sum(seen in line for line in lines_of(app)) >= 4, "the dialog, and the screen beneath it as it was"
        assert lines_of(app)[:4] == before[:4]


async def test_a_modal_screen_without_the_mixin_turns_everything_back() -> None:
    """Why every modal screen needs `VisualLines`; should Textual change this, the mixin can go."""

    class Careless(ModalScreen[None]):
        pass

    app = Everywhere("فلتر زيت")
    async with app.run_test() as pilot:
        before = lines_of(app)
        await app.push_screen(Careless())
        await pilot.pause()
        assert lines_of(app) != before
        app.pop_screen()
        await app.push_screen(Question(""))
        await pilot.pause()
        assert lines_of(app)[:4] == before[:4]


async def test_switching_the_language_orders_anew() -> None:
    """Textual keeps filtered lines; those of the other direction must not be shown again."""
    app = Everywhere("BP-1 قطعة 12.")
    async with app.run_test() as pilot:
        arabic = lines_of(app)
        strings.use("en")
        app.follow_language()
        await pilot.pause()
        english = lines_of(app)
        assert visual("BP-1 قطعة 12.", RTL) in arabic[1]
        assert visual("BP-1 قطعة 12.", LTR) in english[1]
        strings.use("ar")
        app.follow_language()
        await pilot.pause()
        assert lines_of(app) == arabic


async def test_a_terminal_that_orders_by_itself_is_given_plain_lines() -> None:
    bidi.leave_order_to_terminal(True)
    try:
        app = Everywhere("فلتر (لا)")
        async with app.run_test():
            assert sum("فلتر (لا)" in line for line in lines_of(app)) == 3
    finally:
        bidi.leave_order_to_terminal(False)


async def test_a_suspended_app_gives_the_terminal_back() -> None:
    from clutch_tui.terminal.bidi_mode import OrderModes

    written: list[str] = []
    app = Everywhere("لا")
    app.order_modes = OrderModes("<begin>", "<end>")
    async with app.run_test():
        assert app._driver is not None
        app._driver.write = written.append  # type: ignore[method-assign]
        app.app_suspend_signal.publish(app)
        app.app_resume_signal.publish(app)
        assert [text for text in written if text.startswith("<")] == ["<end>", "<begin>"]


def test_a_line_that_needs_no_ordering_or_was_ordered_before_is_next_to_no_work() -> None:
    """Ordering one takes thousands of lines. What they take in time: `python -m tests.bench --only order`."""
    latin = [Segment("│", RED), Segment(" BP-001/A  Brake pads front ", GREEN), Segment("150.00 EGP │")]
    arabic = [Segment("│", RED), Segment(" BP-001/A  طلمبة مياه أصلية ", GREEN), Segment("150.00 ج.م. │")]
    filter_, black = BidiFilter(), Color(0, 0, 0)
    assert lines(lambda: filter_.apply(latin, black)) < 30
    filter_.apply(arabic, black)
    assert lines(lambda: filter_.apply(arabic, black)) < 40


def test_names_of_textual_that_the_filter_relies_on() -> None:
    assert {"get_line_filters"} <= set(vars(Widget)) & set(vars(App))
    assert "write" in vars(Driver)
    assert "publish" in vars(Signal)
    style = Style.from_meta({"column": 1})
    assert pickle.loads(style._meta or b"") == {"column": 1}
    assert "_driver" in vars(App())


def test_every_modal_screen_of_ours_leaves_what_is_beneath_it_alone() -> None:
    for module in pkgutil.walk_packages(clutch_tui.ui.__path__, "clutch_tui.ui."):
        for name, thing in vars(import_module(module.name)).items():
            if inspect.isclass(thing) and issubclass(thing, ModalScreen) and thing.__module__ == module.name:
                assert issubclass(thing, VisualLines), f"{module.name}.{name}"
