"""The one table of this program: ten rows or a million, it holds the few dozen around the eye.

Loading happens in a worker, through `window.Window`; `render_line` only draws what is there. A new list (other
search, changed data) is prepared beside the shown one and replaces it when its first rows are in, so that
nothing flickers and the cursor stays on its record.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from textual import work
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import Worker, WorkerState

from clutch_tui.text.strings import is_rtl, t
from clutch_tui.ui.bidi_filter import VisualLines
from clutch_tui.ui.errors import report
from clutch_tui.ui.widgets.column import GAP, Placed, TableColumn, fit
from clutch_tui.ui.widgets.table_lines import MARKER, TableLines
from clutch_tui.ui.widgets.window import PAGE, R, RowSource, Window, fixed

if TYPE_CHECKING:
    from clutch_tui.core.types import Key


NOTICED_AFTER = 1.0
"""Seconds that a person needs to see that another row is marked, and to keep the finger from the key."""
READ_AFTER = 0.4
"""Seconds in which nobody reads a row: a key pressed before was meant for what stood there earlier."""


class WindowTable(VisualLines, ScrollView, Generic[R], can_focus=True):
    """Rows of `columns` from a source. Enter sends `Selected`, moving the cursor sends `Highlighted`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "window-table--header",
        "window-table--cursor",
        "window-table--muted",
        "window-table--good",
        "window-table--warning",
        "window-table--bad",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "table.up", show=False, id="table.up"),
        Binding("down", "move(1)", "table.down", show=False, id="table.down"),
        Binding("pageup", "move_page(-1)", "table.page_up", show=False, id="table.page_up"),
        Binding("pagedown", "move_page(1)", "table.page_down", show=False, id="table.page_down"),
        Binding("home", "jump(0)", "table.first", show=False, id="table.first"),
        Binding("end", "jump(-1)", "table.last", show=False, id="table.last"),
        Binding("left", "sideways(-8)", "table.left", show=False, id="table.left"),
        Binding("right", "sideways(8)", "table.right", show=False, id="table.right"),
        Binding("enter", "choose", "table.choose", show=False, id="table.choose"),
    ]
    DEFAULT_CSS = """
    WindowTable {
        height: 1fr; background: $surface; color: $foreground; scrollbar-size-vertical: 1;
        overflow-x: auto; overflow-y: auto; scrollbar-gutter: stable; scrollbar-size-horizontal: 1;
        & > .window-table--header { color: $primary; text-style: bold; background: $panel; }
        & > .window-table--cursor { background: $primary-muted; color: $foreground; }
        &:focus > .window-table--cursor, &.-active > .window-table--cursor {
            background: $primary; color: $background;
        }
        & > .window-table--muted { color: $text-muted; }
        & > .window-table--good { color: $text-success; }
        & > .window-table--warning { color: $text-warning; }
        & > .window-table--bad { color: $text-error; text-style: bold; }
    }
    """

    virtual_size = Reactive(Size(0, 0))
    """As Textual's, but another length of the list is no reason to lay out all of the screen again."""

    @dataclass
    class Selected(Message):
        """Enter was pressed on a row."""

        table: WindowTable[Any]
        row: object

        @property
        def control(self) -> WindowTable[Any]:
            return self.table

    @dataclass
    class Highlighted(Message):
        """The cursor is on another row, or on none (`row` is None)."""

        table: WindowTable[Any]
        row: object | None

        @property
        def control(self) -> WindowTable[Any]:
            return self.table

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, WindowTable.Highlighted) and message.table is self.table

    def __init__(
        self, columns: Sequence[TableColumn[R]], *, empty: str = "common.empty", id: str | None = None
    ) -> None:
        self._lines: TableLines[R] = TableLines(self)
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.cursor = 0
        self.empty_key = empty
        self._window: Window[R] = Window(fixed(()))
        self._source = self._window.source
        """What was asked for last; the rows that are shown may still be those of the question before."""
        self._loaded = False
        self._asked = self._answered = 0
        """How often rows were asked for by a person, and up to which of these questions they are here."""
        self._arrivals: list[asyncio.Future[None]] = []
        self._opening: Worker[None] | None = None
        self._overtaken = False
        """Whether the data has changed since the rows that are on their way were asked for."""
        self._slipped_at = self._marked_at = -math.inf
        self.must_be_read = False
        """Whether a key may act only on a row that somebody can have read: where one key decides at once."""
        self.placed: tuple[Placed[R], ...] = ()
        """The columns that fit, as wide as they are now."""
        self._highlighted: tuple[str | int | None, int] | None = None

    # --- what is shown ---------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        return self._window.count

    @property
    def row(self) -> R | None:
        """The row under the cursor, None in an empty list and while it is being loaded."""
        return self._window.row(self.cursor)

    def row_at(self, index: int) -> R | None:
        """A row by its place; None while it is being loaded."""
        return self._window.row(index)

    @property
    def nothing(self) -> str:
        """Return what is said where no rows are."""
        return t(self.empty_key) if self._loaded else t("common.loading")

    @property
    def is_awaited(self) -> bool:
        """Tell whether the rows that a person asked for are not here yet: those that are shown are others."""
        return self._answered < self._asked or (self.row is None and self.count > 0)

    def has_slipped(self, at: float) -> bool:
        """Tell whether news took the marked row away so shortly before `at` (on the monotonic clock) that who pressed a
        key then meant the row that was marked before."""
        return -math.inf < self._slipped_at and at - self._slipped_at < NOTICED_AFTER

    def is_unread(self, at: float) -> bool:
        """Tell whether the marked row had not stood there long enough at `at` for whoever pressed a key then to have
        read what it says, where that must be."""
        return self.must_be_read and at - self._marked_at < READ_AFTER

    async def arrival(self) -> None:
        """Wait for other rows than those that are here."""
        arrival = asyncio.get_running_loop().create_future()
        self._arrivals.append(arrival)
        await arrival

    def _tell_arrival(self) -> None:
        arrivals, self._arrivals = self._arrivals, []
        for arrival in arrivals:
            if not arrival.done():
                arrival.set_result(None)

    def expect(self) -> None:
        """Other rows are on their way, and a person knows it: they were asked for, or what is here has been changed.
        Whoever says so shows them, or reads these again."""
        self._asked += 1

    def show(self, source: RowSource[R]) -> None:
        """Show another list from its start, as soon as its first rows are here."""
        self.expect()
        self._source = source
        self._begin(self._open(source, None, answers=self._asked))

    def show_rows(self, rows: Sequence[R], cursor: int | None = None, *, is_news: bool = False) -> None:
        """Show rows that are already here, at once. The cursor stays on its record unless it is given; `is_news` where
        nobody here has asked for other rows."""
        here, self._answered = self.row, self._asked
        if self._loaded and not rows and not self.count:
            self._tell_arrival()
            return  # a search finds nothing at one character after the other
        window = Window(fixed(rows))
        window.count = len(rows)
        for start in range(0, len(rows), PAGE):
            window.put(start // PAGE, rows[start : start + PAGE])
        if cursor is None and here is not None:
            cursor = window.find(here.id)
            if cursor is None and is_news:
                self._slipped_at = monotonic()
        self._show(window, self.cursor if cursor is None else cursor)

    def reload(self) -> None:
        """Read the same list again, because its data changed; the cursor stays on its record. Rows that are on their
        way are shown first: news that comes faster than they do must not put them off for as long as it lasts."""
        if self._opening is not None and not self._opening.is_finished:
            self._overtaken = True
            return
        here = self.row if self._window.source is self._source else None
        keep = here.id if here is not None else "" if self._window.source is self._source else None
        self._begin(self._open(self._source, keep, was=None if here is None else here.key, answers=self._asked))

    def reveal(self, row_id: str | int, key: Key | None) -> None:
        """Read the same list again and put the cursor on a record that has just come, by its place in the order
        of the list; None where it comes last."""
        self.expect()
        self._begin(self._open(self._source, row_id, (row_id, key), answers=self._asked))

    def _begin(self, opening: Worker[None]) -> None:
        self._opening, self._overtaken = opening, False

    @work(exclusive=True, group="window", exit_on_error=False)
    async def _open(
        self,
        source: RowSource[R],
        keep: str | int | None,
        sought: tuple[str | int, Key | None] | None = None,
        *,
        was: Key | None = None,
        answers: int,
    ) -> None:
        window = Window(source)
        await window.load_count()
        first = 0 if keep is None else self._top
        if sought is not None:
            place = await window.place(sought[1])
            for page in window.missing(place, place):
                await window.load(page)
        for page in window.missing(first, first + max(1, self._height)):
            await window.load(page)
        cursor = 0 if keep is None else self.cursor
        if keep is not None:
            if sought is None and keep and self.row is not None:  # somebody may have moved on meanwhile
                keep, was = self.row.id, self.row.key
            for page in window.missing(cursor, cursor):
                await window.load(page)
            index = window.find(keep)
            if index is None and was is not None:  # so many came before it, or went, that it stands on another page
                place = await window.place(was)
                for page in window.missing(place, place):
                    await window.load(page)
                index = window.find(keep)
            cursor = cursor if index is None else index
            if index is None and was is not None and answers == self._answered:
                self._slipped_at = monotonic()
        self._answered = answers
        self._show(window, cursor)

    def _show(self, window: Window[R], cursor: int) -> None:
        self._window = window
        self._loaded = True
        self.cursor = max(0, min(cursor, window.count - 1))
        self._measure()
        self._keep_in_view()
        self.refresh()
        self._after_move()
        self._tell_arrival()

    @work(group="window-rows", exit_on_error=False)
    async def _fill(self, window: Window[R]) -> None:
        """Load what is on the screen until nothing of it is missing; what was scrolled past is left out."""
        while window is self._window:
            pages = window.missing(self._top, self._top + self._height)
            if not pages:
                break
            await window.load(pages[0])
        if window is self._window:
            self._measure()
            self.cursor = max(0, min(self.cursor, window.count - 1))
            self.refresh()
            self._tell()
            self._tell_arrival()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            report(self, event.worker.error)
            if event.worker.group == "window" and self._answered < self._asked:
                self._answered = self._asked
                self._show(Window(fixed(())), 0)  # the rows of another question must not stand for these
        if event.worker is self._opening and event.worker.is_finished and self._overtaken:
            self.reload()

    # --- moving ----------------------------------------------------------------------------------------

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _height(self) -> int:
        """Rows that fit below the heading."""
        return max(1, self.scrollable_content_region.height - 1)

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_move_page(self, pages: int) -> None:
        self.move_to(self.cursor + pages * max(1, self._height - 1))

    def action_jump(self, index: int) -> None:
        self.move_to(index if index >= 0 else self.count - 1)

    def action_sideways(self, by: int) -> None:
        self.scroll_to(x=self.scroll_offset.x + by, animate=False)

    def action_choose(self) -> None:
        if (row := self.row) is not None:
            self.post_message(self.Selected(self, row))

    def move_to(self, index: int) -> None:
        """Put the cursor on a row; only the two rows that changed are drawn again where nothing scrolled."""
        self._slipped_at = -math.inf
        before, self.cursor = self.cursor, max(0, min(index, self.count - 1))
        if self.cursor == before:
            return
        if not self._keep_in_view():
            for n in (before, self.cursor):
                self.refresh(Region(0, n - self._top + 1, self.size.width, 1))
        self._after_move()

    def _keep_in_view(self) -> bool:
        top = self._top
        if self.cursor < top:
            top = self.cursor
        elif self.cursor >= top + self._height:
            top = self.cursor - self._height + 1
        if top == self._top:
            return False
        self.scroll_to(y=top, animate=False, force=True)
        return True

    def _after_move(self) -> None:
        if self._window.missing(self._top, self._top + self._height):
            self._fill(self._window)
        self._tell()

    def _tell(self) -> None:
        row = self.row
        now = (None if row is None else row.id, self.count)
        if self._highlighted is None or now[0] != self._highlighted[0]:
            self._marked_at = monotonic()
        if now != self._highlighted or row is not None:
            self._highlighted = now
            self.post_message(self.Highlighted(self, row))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._window.missing(self._top, self._top + self._height):
            self._fill(self._window)

    def on_click(self, event: Click) -> None:
        index = event.y - 1 + self._top
        if event.y > 0 and index < self.count:
            if index == self.cursor:
                self.action_choose()
            self.move_to(index)

    def relabel(self) -> None:
        """The language has changed: columns change sides."""
        self._measure()
        self.scroll_to(x=self.max_scroll_x if is_rtl() else 0, animate=False, force=True)
        self.refresh()

    # --- drawing ---------------------------------------------------------------------------------------

    def watch_virtual_size(self, size: Size) -> None:
        self._scroll_update(size)
        if self.styles.auto_dimensions:
            self.refresh(layout=True)

    def on_resize(self, event: Resize) -> None:
        self._measure()
        self._keep_in_view()

    def _measure(self) -> None:
        width = self.scrollable_content_region.width
        self.placed = fit(self.columns, max(1, width - MARKER))
        full = sum(placed.width + GAP for placed in self.placed) - GAP + MARKER
        was = self.max_scroll_x
        self.virtual_size = Size(max(width, full), self.count + 1)
        if is_rtl() and self.max_scroll_x != was:  # an Arabic table starts at its right edge
            self.scroll_to(x=self.max_scroll_x, animate=False, force=True)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> WindowTable[R]:
        """Draw all rows anew; `regions` are drawn from what is kept of them."""
        if not regions:
            self._lines.forget()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _set_dirty(self, *regions: Region) -> None:
        self._lines.look_again()
        super()._set_dirty(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        if any(self.styles.gutter):  # Textual frames what has a border or a padding
            return super().render_lines(crop)
        return self._lines.draw(crop)

    def render_line(self, y: int) -> Strip:
        first, width = self.scroll_offset.x, self.scrollable_content_region.width
        return self._lines.line(y, self.rich_style).crop_extend(first, first + width, self.rich_style)
