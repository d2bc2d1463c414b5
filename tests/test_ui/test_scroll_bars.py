"""Scroll bars stand where reading ends: at the left in Arabic, at the right in English, whatever scrolls."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature
from unicodedata import normalize

import pytest
from textual import widget as textual_widget
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Label, Log, OptionList, RichLog, Tree

from clutch_tui.text import strings
from clutch_tui.ui import scroll_bars
from clutch_tui.ui.bidi_filter import BidiApp, VisualLines
from clutch_tui.ui.scroll_bars import FramedBesideBar
from clutch_tui.ui.widgets.column import TableColumn
from clutch_tui.ui.widgets.text_field import TextField
from clutch_tui.ui.widgets.window_table import WindowTable
from tests.test_ui.test_arabic_rendering import Row

SIZE = (60, 40)
NAMES = ("table", "rows", "options", "log")


@pytest.fixture(autouse=True)
def _arabic() -> Iterator[None]:
    strings.use("ar")
    yield
    strings.use("ar")


class Scrolling(BidiApp, App[None]):
    """One of each thing that scrolls, each with more in it than fits."""

    CSS_PATH = "../../clutch_tui/ui/mirror.tcss"
    CSS = """
    Widget { scrollbar-size-vertical: 1; }
    Label { width: 1fr; }
    WindowTable, VerticalScroll, OptionList, RichLog { height: 6; width: 50; padding: 0; }
    OptionList { border: round red; padding: 0 1; }
    TextField { border: none; height: 1; padding: 0; }
    """

    def compose(self) -> ComposeResult:
        yield WindowTable([TableColumn("", 60, lambda row: row.text)], id="table")
        with VerticalScroll(id="rows"):
            for n in range(12):
                yield Label(f"سطر {n}", id=f"row{n}")
            yield TextField(value="سطر", select_on_focus=False)
        yield OptionList(*(f"اختيار {n}" for n in range(12)), id="options")
        yield RichLog(id="log")

    def on_mount(self) -> None:
        self.query_one(WindowTable).show_rows([Row(str(n), f"صنف {n}") for n in range(40)])
        for n in range(12):
            self.query_one(RichLog).write(f"سطر {n}")


def bar_of(widget: Widget) -> Region:
    return widget.screen.find_widget(widget.vertical_scrollbar).region


def cells_of(widget: Widget) -> list[str]:
    lines = [Strip(strip) for strip in widget.app.screen._compositor.render_strips()]
    region = widget.region
    return [lines[y].crop(region.x, region.right).text for y in range(region.y, region.bottom)]


async def test_bars_stand_at_the_left_in_arabic_and_at_the_right_in_english() -> None:
    app = Scrolling()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        framed = {"options": 12}  # beside border and padding
        assert {name: bar_of(app.query_one(f"#{name}")).x for name in NAMES} == dict.fromkeys(NAMES, 10) | framed
        strings.use("en")
        app.follow_language()
        await pilot.pause()
        framed = {"options": 47}
        assert {name: bar_of(app.query_one(f"#{name}")).x for name in NAMES} == dict.fromkeys(NAMES, 49) | framed


async def test_what_scrolls_begins_beside_the_bar_and_ends_at_the_reading_edge() -> None:
    app = Scrolling()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.query_one("#row0").region == Region(11, 6, 49, 1)
        assert app.query_one("#table").scrollable_content_region == Region(11, 0, 49, 5)
        for name in NAMES:
            widget = app.query_one(f"#{name}")
            last = {"table": 1, "options": 1}.get(name, 0)
            line = cells_of(widget)[last]
            assert line.strip("│ <").endswith(("\ufeae\ufec4\ufeb3", "\ufed2\ufee8\ufebb", "\ufe8d")), (name, line)
            assert not line.rstrip("│ <").endswith("▎"), name


async def test_switching_at_run_time_leaves_nothing_behind() -> None:
    app = Scrolling()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        before = {name: cells_of(app.query_one(f"#{name}")) for name in NAMES}
        for language in ("en", "ar"):
            strings.use(language)
            app.query_one(WindowTable).relabel()
            app.follow_language()
            await pilot.pause()
        assert {name: cells_of(app.query_one(f"#{name}")) for name in NAMES} == before
        assert app.query_one("#rows").max_scroll_x == 0, "the room for the bar can be scrolled away"


async def test_a_bar_is_dragged_where_one_sees_it() -> None:
    app = Scrolling()
    async with app.run_test(size=SIZE) as pilot:
        for name in NAMES:
            widget = app.query_one(f"#{name}")
            widget.scroll_home(animate=False, immediate=True)
            await pilot.pause()
            bar = bar_of(widget)
            await pilot.mouse_down(offset=bar.offset)
            await pilot.hover(offset=(bar.x, bar.y + 2))
            await pilot.mouse_up(offset=(bar.x, bar.y + 2))
            assert widget.scroll_y > 0, name


async def test_a_click_meets_the_cell_that_one_sees() -> None:
    app = Scrolling()
    async with app.run_test(size=SIZE) as pilot:
        field = app.query_one(TextField)
        field.focus(scroll_visible=False)
        app.query_one("#rows").scroll_end(animate=False, immediate=True)
        await pilot.pause()
        y, right = field.region.y, field.region.right
        assert field.region.x > bar_of(app.query_one("#rows")).x == app.query_one("#rows").region.x
        await pilot.click(offset=(right - 1, y))
        assert field.cursor_position == 0
        await pilot.click(offset=(right - 2, y))
        assert field.cursor_position == 1
        assert app.cursor_position == (right - 2, y)


async def test_dialogs_have_their_bars_at_the_left_too() -> None:
    class Dialog(VisualLines, ModalScreen[None]):
        DEFAULT_CSS = "Dialog { align: center middle; } Dialog VerticalScroll { width: 30; height: 5; }"

        def compose(self) -> ComposeResult:
            with VerticalScroll(id="inside"):
                for n in range(9):
                    yield Label(f"سطر {n}")

    app = Scrolling()
    async with app.run_test(size=SIZE) as pilot:
        await app.push_screen(Dialog())
        await pilot.pause()
        inside = app.screen.query_one("#inside")
        assert bar_of(inside).x == inside.region.x


async def test_an_app_that_is_not_mirrored_keeps_its_bars() -> None:
    class Plain(App[None]):
        def compose(self) -> ComposeResult:
            yield OptionList(*(str(n) for n in range(50)))

    Scrolling()
    app = Plain()
    async with app.run_test(size=SIZE):
        bar = bar_of(app.query_one(OptionList))
        assert bar.x > SIZE[0] - 6


async def test_trees_and_logs_stand_at_the_right_and_turn_back() -> None:
    class Lines(BidiApp, App[None]):
        CSS = "Tree, RichLog, Log { width: 20; height: 3; background: black; }"

        def compose(self) -> ComposeResult:
            tree: Tree[None] = Tree("جذر")
            tree.root.expand().add("فرع", expand=True).add_leaf("ورقة")
            yield tree
            yield RichLog()
            yield Log()

        def on_mount(self) -> None:
            self.query_one(RichLog).write("سطر")
            self.query_one(Log).write_line("سطر")

    def seen(app: Lines) -> list[str]:
        lines = [Strip(strip).text for strip in app.screen._compositor.render_strips()]
        return [normalize("NFKC", line).rstrip() for line in lines[:7]]

    app = Lines()
    async with app.run_test(size=(20, 9)) as pilot:
        await pilot.pause()
        arabic = seen(app)
        assert arabic[:3] == ["رذج ▼".rjust(20), "عرف ▼ ──┘".rjust(20), "ةقرو ──┘   ".rstrip().rjust(16)]
        assert arabic[3] == arabic[6] == "رطس".rjust(20)
        await pilot.click(Tree, offset=(10, 2))
        await pilot.pause()
        assert app.query_one(Tree).cursor_line == 2
        strings.use("en")
        app.follow_language()
        await pilot.pause()
        assert seen(app)[1] == "└── ▼ عرف"
        strings.use("ar")
        app.follow_language()
        await pilot.pause()
        assert seen(app) == arabic


def test_names_of_textual_that_bars_rely_on() -> None:
    Scrolling()
    assert vars(textual_widget)["StylesCache"] is FramedBesideBar
    assert isinstance(Widget()._styles_cache, FramedBesideBar)
    assert Widget.scrollbar_gutter.fget is scroll_bars._bars_around
    assert {*vars(Widget)} >= {"_arrange_scrollbars", "_get_scrollable_region", "arrange", "scrollbar_size_vertical"}
    assert {"content_size", "padding"} <= set(signature(StylesCache.render).parameters)
