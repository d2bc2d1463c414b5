"""The one table: what it fetches, where its cursor stays, how it looks from the right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from clutch_tui.core.types import Key
from clutch_tui.text import strings
from clutch_tui.text.bidi import visual
from clutch_tui.text.digits import Digits, show_number
from clutch_tui.text.format import isolate
from clutch_tui.ui.widgets.column import TableColumn, draw_cell, fit
from clutch_tui.ui.widgets.window import PAGE, RowSource, Window
from clutch_tui.ui.widgets.window_table import WindowTable
from tests.test_ui.shop_app import rows_shown


@dataclass(frozen=True, slots=True)
class Numbered:
    n: int

    @property
    def id(self) -> str:
        return f"row-{self.n}"

    @property
    def key(self) -> Key:
        return (self.n,)


class Rows:
    """A source over numbers that counts how many rows it was asked to give or to skip."""

    def __init__(self, count: int) -> None:
        self.numbers: Sequence[int] = range(count)
        self.given = 0
        self.skipped = 0

    async def count(self) -> int:
        return len(self.numbers)

    async def page(self, after: Key | None, skip: int, limit: int) -> Sequence[Numbered]:
        start = 0 if after is None else self.numbers.index(int(after[0])) + 1
        rows = [Numbered(n) for n in self.numbers[start + skip : start + skip + limit]]
        self.given += len(rows)
        self.skipped += skip
        return rows

    @property
    def source(self) -> RowSource[Numbered]:
        return RowSource(self.count, self.page)


class SlowRows(Rows):
    """A source whose answers wait until they are let go."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.counted = 0
        self.fails = False
        """Whether the next answer is an error."""

    async def count(self) -> int:
        self.counted += 1
        await self.may_answer.wait()
        if self.fails:
            self.fails = False
            raise OSError("disk")
        return await super().count()

    async def page(self, after: Key | None, skip: int, limit: int) -> Sequence[Numbered]:
        await self.may_answer.wait()
        return await super().page(after, skip, limit)


COLUMNS: tuple[TableColumn[Numbered], ...] = (
    TableColumn("common.name", 12, lambda row: f"قطعة {row.n}", flex=1),
    TableColumn("common.quantity", 8, lambda row: str(row.n), number=True),
    TableColumn("common.notes", 30, lambda row: "note", priority=1),
)


class TableApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []
        self.table: WindowTable[Numbered] = WindowTable(COLUMNS)

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def on_window_table_selected(self, event: WindowTable.Selected) -> None:
        self.heard.append(event.row)


@asynccontextmanager
async def showing(rows: Rows) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.table.show(rows.source)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        yield app, pilot


@asynccontextmanager
async def holding_back(rows: SlowRows) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    """A table that shows its rows, and a source whose next answers wait."""
    async with showing(rows) as (app, pilot):
        await settle(pilot)
        rows.may_answer.clear()
        yield app, pilot


async def let_go(rows: SlowRows, pilot: Pilot[None]) -> None:
    """Let the answers come, and those to what they set off."""
    rows.may_answer.set()
    for _ in range(2):
        await settle(pilot)


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@pytest.mark.parametrize("count", [10, 100_000, 1_000_000])
async def test_fetches_only_what_is_seen(count: int) -> None:
    rows = Rows(count)
    async with showing(rows) as (app, pilot):
        assert rows_shown(app.table)[0] == Numbered(0)
        await pilot.press("end")
        await settle(pilot)
        assert app.table.row == Numbered(count - 1)
        assert rows_shown(app.table)[-1] == Numbered(count - 1)
        await pilot.press("pageup", "pageup", "home", "down", "enter")
        await settle(pilot)
        assert app.heard == [Numbered(1)]
    assert rows.given <= 4 * PAGE


async def test_a_jump_costs_the_distance_to_the_nearest_anchor() -> None:
    rows = Rows(100_000)
    window = Window(rows.source)
    await window.load_count()
    await window.load(1000)
    assert rows.skipped == 1000 * PAGE
    await window.load(1001)
    await window.load(1003)
    assert rows.skipped == 1000 * PAGE + PAGE
    assert window.row(1003 * PAGE) == Numbered(1003 * PAGE)


async def test_two_that_miss_the_same_page_read_it_once() -> None:
    """A jump moves the cursor and scrolls: each looked for what is missing and skipped a hundred thousand rows."""
    rows = SlowRows(1_000)
    window = Window(rows.source)
    await window.load_count()
    rows.may_answer.clear()
    first = asyncio.create_task(window.load(3))
    await asyncio.sleep(0)
    second = asyncio.create_task(window.load(3))
    await asyncio.sleep(0)
    rows.may_answer.set()
    await asyncio.gather(first, second)
    assert (rows.given, window.row(3 * PAGE)) == (PAGE, Numbered(3 * PAGE))


async def test_a_page_whose_reading_was_ended_is_read_by_who_waited_for_it() -> None:
    rows = SlowRows(1_000)
    window = Window(rows.source)
    await window.load_count()
    rows.may_answer.clear()
    first = asyncio.create_task(window.load(3))
    await asyncio.sleep(0)
    second = asyncio.create_task(window.load(3))
    await asyncio.sleep(0)
    first.cancel()
    rows.may_answer.set()
    await second
    assert window.row(3 * PAGE) == Numbered(3 * PAGE)


async def test_forgets_pages_that_nobody_looks_at() -> None:
    window = Window(Rows(100_000).source)
    await window.load_count()
    for page in range(200):
        await window.load(page)
    assert window.row(0) is None
    assert window.row(199 * PAGE) is not None


async def test_rows_that_went_meanwhile_shorten_the_list() -> None:
    rows = Rows(100)
    window = Window(rows.source)
    await window.load_count()
    rows.numbers = range(70)
    await window.load(1)
    assert window.count == 70


async def test_reload_keeps_the_cursor_on_its_record() -> None:
    rows = Rows(100)
    async with showing(rows) as (app, pilot):
        await pilot.press(*["down"] * 5)
        assert app.table.row == Numbered(5)
        rows.numbers = [n for n in range(100) if n not in (1, 2)]
        app.table.reload()
        await settle(pilot)
        assert app.table.row == Numbered(5)
        assert app.table.cursor == 3


async def test_news_begins_no_search_anew_that_is_on_its_way() -> None:
    """News that came faster than a slow disk answered put the rows of a search off for as long as it lasted."""
    rows = SlowRows(10)
    async with holding_back(rows) as (app, pilot):
        found = SlowRows(3)
        found.may_answer = rows.may_answer
        app.table.show(found.source)
        for _ in range(5):
            app.table.reload()
            await pilot.pause()
        assert (app.table.is_awaited, found.counted) == (True, 1)
        await let_go(rows, pilot)
        assert (app.table.is_awaited, app.table.count, found.counted) == (False, 3, 2)


async def test_what_was_changed_from_here_is_waited_for_behind_news_of_others() -> None:
    """The rows that were on their way were read before it."""
    rows = SlowRows(10)
    async with holding_back(rows) as (app, pilot):
        app.table.reload()
        await pilot.pause()
        app.table.expect()
        app.table.reload()
        rows.numbers = range(4)
        assert app.table.is_awaited
        await let_go(rows, pilot)
        assert (app.table.is_awaited, app.table.count, rows.counted) == (False, 4, 3)


async def test_news_is_read_although_the_reading_before_it_failed() -> None:
    rows = SlowRows(10)
    async with holding_back(rows) as (app, pilot):
        rows.fails = True
        app.table.reload()
        await pilot.pause()
        app.table.reload()
        rows.numbers = range(4)
        rows.may_answer.set()
        for _ in range(5):
            await pilot.pause()
        assert app.table.count == 4


async def test_an_empty_list_says_so() -> None:
    async with showing(Rows(0)) as (app, pilot):
        assert app.table.row is None
        assert visual(strings.t("common.empty")) in app.table.render_line(1).text
        await pilot.press("down", "enter", "end", "pagedown")
        assert app.heard == []


async def test_columns_run_from_the_right_in_arabic(arabic: None) -> None:
    async with showing(Rows(3)) as (app, _):
        line = app.table.render_line(1).text
        assert line.rstrip().endswith("<")
        assert line.index("note") < line.index(draw_cell("قطعة 0", 12, False, True).strip())


async def test_columns_run_from_the_left_in_english(english: None) -> None:
    async with showing(Rows(3)) as (app, _):
        line = app.table.render_line(1).text
        assert line.startswith(">")
        assert line.index("note") > 30


def test_narrow_terminals_lose_the_columns_of_least_use() -> None:
    assert [placed.column.title for placed in fit(COLUMNS, 40)] == ["common.name", "common.quantity"]
    assert sum(placed.width for placed in fit(COLUMNS, 80)) + 2 == 80
    narrow = fit(COLUMNS, 18)
    assert [placed.width for placed in narrow] == [9, 8], "a name may be cut, a figure never"
    assert [placed.width for placed in fit(COLUMNS, 10)] == [8, 8], "scrolls sideways"


def test_a_long_name_is_cut_at_its_end_not_at_its_start() -> None:
    cut = draw_cell("طقم تيل فرامل أمامي أصلي", 10, False, True)
    assert "…" in cut[0]
    assert len(cut) <= 10


@pytest.mark.parametrize(("language", "digits"), [("en", "western"), ("ar", "western"), ("ar", "arabic")])
@pytest.mark.parametrize(
    ("figure", "width", "seen"),
    [
        ("1,234.125", 9, "1,234.125"),
        ("1,234.125", 8, "1234.125"),
        ("1,234.125", 6, "1,234…"),
        ("1,234.125", 5, "1234…"),
        ("1,234.125", 4, "…"),
        ("-1,234.125", 9, "-1234.125"),
        ("+12,345.125", 7, "+12345…"),
        ("12,345.5", 6, "12345…"),
        ("1,000,000", 8, "1000000"),
        ("1,000,000", 6, "…"),
        ("99,999,999.99", 10, "99999999…"),
    ],
)
def test_a_figure_loses_its_decimals_and_never_a_digit_before_them(
    language: strings.Language, digits: Digits, figure: str, width: int, seen: str
) -> None:
    """What is cut like a name reads as another figure: of 12,345.5 there was 12,34 and a sign."""
    before = strings.language()
    strings.use(language, digits)
    try:
        text = show_number(figure, digits)
        drawn = draw_cell(isolate(text) if language == "ar" else text, width, True, language == "ar")
        assert drawn == f"{show_number(seen, digits):>{width}}"
    finally:
        strings.use(before)


async def test_the_place_of_a_record_far_down_is_found_by_its_key() -> None:
    window = Window(Rows(5_000).source)
    await window.load_count()
    assert [await window.place((n,)) for n in (0, 63, 64, 4_321, 4_999)] == [0, 63, 64, 4_321, 4_999]
    assert await window.place(None) == 4_999


async def test_a_step_draws_only_the_row_that_came_and_those_of_the_cursor() -> None:
    drawn: list[int] = []

    def noted(row: Numbered) -> str:
        drawn.append(row.n)
        return f"قطعة {row.n}"

    async with showing(Rows(200)) as (app, pilot):
        app.table.columns = (TableColumn("common.name", 12, noted, flex=1),)
        app.table.reload()
        await settle(pilot)
        app.table.move_to(22)
        await settle(pilot)
        drawn.clear()
        await pilot.press("down")
        await settle(pilot)
        assert rows_shown(app.table)[-1] == Numbered(23)
        assert set(drawn) == {23}
        drawn.clear()
        await pilot.press("up")
        await settle(pilot)
        assert set(drawn) == {22, 23}


async def test_kept_lines_are_dropped_with_what_they_hang_on() -> None:
    async with showing(Rows(50)) as (app, pilot):

        def line() -> str:
            (strip,) = app.table.render_lines(Region(0, 5, app.table.size.width, 1))
            return strip.text

        kept = line()
        strings.use("en")
        app.table.relabel()
        assert line() != kept, "another language"
        strings.use("ar")
        app.table.relabel()
        assert line() == kept
        app.table.columns = (TableColumn("common.quantity", 8, lambda row: str(-row.n), number=True),)
        app.table.reload()
        await settle(pilot)
        assert "-4" in line(), "another list"
        await pilot.resize_terminal(60, 24)
        await settle(pilot)
        assert len(line()) == 60, "another width"
        before = app.table.render_lines(Region(0, 5, 60, 1))[0]
        app.theme = "textual-light"
        await settle(pilot)
        assert app.table.render_lines(Region(0, 5, 60, 1))[0] != before, "other colours"


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_lines_are_the_same_with_and_without_what_is_kept(language: strings.Language) -> None:
    """`render_line`, framed by Textual, is the yardstick."""
    strings.use(language)
    try:
        async with showing(Rows(300)) as (app, pilot):
            for key in ("down", "pagedown", "up", "right", "right", "end", "pageup", "left", "home"):
                await pilot.press(key)
                await settle(pilot)
                everything = Region(0, 0, *app.table.size)
                ours = [line.text for line in app.table.render_lines(everything)]
                app.table._styles_cache.clear()
                assert ours == [line.text for line in super(WindowTable, app.table).render_lines(everything)]
    finally:
        strings.use("ar")
