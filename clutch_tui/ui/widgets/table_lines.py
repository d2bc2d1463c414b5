"""The lines of a table as they are drawn, kept for as long as they stay the same.

A step of the cursor at the edge of a list moves every row by one line and changes two of them. Textual draws all of
them again, each through its frame of borders and paddings. Here a drawn row is kept by its place in the list, so
that a step draws the row that came and the two that the cursor left and reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip

from clutch_tui.text import strings
from clutch_tui.text.digits import Digits
from clutch_tui.text.strings import Language, is_rtl, t
from clutch_tui.ui.scroll_bars import left_bar
from clutch_tui.ui.widgets.column import GAP, draw_cell
from clutch_tui.ui.widgets.window import R

if TYPE_CHECKING:
    from clutch_tui.ui.widgets.window_table import WindowTable

MARKER = 1
"""The cell at the reading start that shows the cursor on terminals without colours."""

KEPT_LINES = 512
_BELOW = -1


class Ground(NamedTuple):
    """The state that every line depends on beside its row: a change of any of it makes all lines new."""

    width: int
    bar: int
    scrolled: int
    full: int
    language: Language
    digits: Digits
    style: Style
    background: Color
    filters: tuple[LineFilter, ...]


class TableLines(Generic[R]):
    """Draws the heading and the rows of one table."""

    def __init__(self, table: WindowTable[R]) -> None:
        self._table = table
        self._ground: Ground | None = None
        self._kept: dict[int, Strip] = {}
        self._drawn: tuple[Region | None, list[Strip]] = (None, [])

    def look_again(self) -> None:
        """Something is to be drawn otherwise; until then the lines of the last time stand."""
        self._drawn = (None, [])

    def forget(self) -> None:
        """Rows, columns or what cells say have changed."""
        self._kept.clear()

    def draw(self, crop: Region) -> list[Strip]:
        """Return finished lines of the whole table, the room of its scroll bars included."""
        if self._drawn[0] == crop:
            return self._drawn[1]
        ground = self._look()
        if ground != self._ground:
            self._ground = ground
            self._kept.clear()
        lines = [self._finished(y, ground) for y in crop.line_range]
        first, end = crop.column_span
        if (first, end) != (0, self._table.size.width):
            lines = [line.crop(first, end) for line in lines]
        self._drawn = (crop, lines)
        return lines

    def _look(self) -> Ground:
        table = self._table
        return Ground(
            table.scrollable_content_region.width,
            left_bar(table),
            table.scroll_offset.x,
            table.virtual_size.width,
            strings.language(),
            strings.digits(),
            table.rich_style,
            table.background_colors[1],
            tuple(table.get_line_filters()),
        )

    def _finished(self, y: int, ground: Ground) -> Strip:
        place = self._place(y)
        if place is not None and (kept := self._kept.get(place)) is not None:
            return kept
        drawn = self.line(y, ground.style).crop_extend(ground.scrolled, ground.scrolled + ground.width, ground.style)
        after = self._table.size.width - ground.bar - ground.width
        line = Strip([Segment(" " * ground.bar, ground.style), *drawn, Segment(" " * after, ground.style)])
        for line_filter in ground.filters:
            line = line.apply_filter(line_filter, ground.background)
        if place is not None:
            if len(self._kept) >= KEPT_LINES:
                self._kept.clear()
            self._kept[place] = line
        return line

    def _place(self, y: int) -> int | None:
        """Under which number a line is kept, the same for all below the last row; None for one that is not: the
        heading, the line of the cursor, rows on their way and the sentence of an empty list."""
        index = y - 1 + self._table.scroll_offset.y
        if y == 0 or index == self._table.cursor:
            return None
        if index >= self._table.count:
            return _BELOW if index else None
        return index if self._table.row_at(index) is not None else None

    def line(self, y: int, plain: Style) -> Strip:
        """Draw one line of the table as wide as its columns: the heading, or a row."""
        if y:
            return self._row(y - 1 + self._table.scroll_offset.y, plain)
        style = self._table.get_component_rich_style("window-table--header")
        placed = self._table.placed
        texts = [t(placed_column.column.title) if placed_column.column.title else "" for placed_column in placed]
        return self._line(texts, [style] * len(texts), style, " ")

    def _row(self, index: int, plain: Style) -> Strip:
        table = self._table
        if index >= table.count:
            return self._message(table.nothing, plain) if index == 0 else Strip.blank(table.virtual_size.width, plain)
        under_cursor = index == table.cursor
        style = table.get_component_rich_style("window-table--cursor") if under_cursor else plain
        row = table.row_at(index)
        if row is None:
            return self._line(["…"] * len(table.placed), [style] * len(table.placed), style, " ")
        texts, styles = [], []
        for placed in table.placed:
            texts.append(placed.column.value(row))
            tone = placed.column.tone(row) if placed.column.tone is not None else ""
            styles.append(self._toned(tone, plain) if tone and not under_cursor else style)
        return self._line(texts, styles, style, (">" if not is_rtl() else "<") if under_cursor else " ")

    def _toned(self, tone: str, plain: Style) -> Style:
        return plain + self._table.get_component_rich_style(f"window-table--{tone}", partial=True)

    def _line(self, texts: list[str], styles: list[Style], style: Style, marker: str) -> Strip:
        rtl = is_rtl()
        segments = [Segment(marker, style)]
        for n, (placed, text) in enumerate(zip(self._table.placed, texts, strict=True)):
            if n:
                segments.append(Segment(" " * GAP, style))
            segments.append(Segment(draw_cell(text, placed.width, placed.column.number, rtl), styles[n]))
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(" " * max(0, self._table.virtual_size.width - used), style))
        return Strip(segments[::-1] if rtl else segments)

    def _message(self, text: str, plain: Style) -> Strip:
        style = self._toned("muted", plain)
        shown = draw_cell(text, max(1, self._table.virtual_size.width - 2 * MARKER), False, is_rtl())
        return Strip([Segment(" ", style), Segment(shown, style), Segment(" ", style)])
