"""The one-line field of this program: Textual's `Input` with a logical value and a visual cursor.

`value`, `cursor_position` and `selection` count characters of the text as it is stored. What one sees is in
visual order: the arrows go to the neighbouring cell, the mouse to the cell under it, Home and End to where
reading begins and ends. On a screen from right to left the text stands at the right.

The cursor covers the character before which the next one is inserted; behind the last one it covers a blank
where reading goes on.

Private names of `Input` used here: `_cursor_offset`, `_position_to_cell`, `_cell_offset_to_index` (overridden),
`_cursor_visible`, `_suggestion` (read), `_watch_selection` (relied upon to scroll). Each is pinned by a test.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Paste, Resize
from textual.geometry import Region, Size
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.widgets import Input
from textual.widgets.input import Selection

from clutch_tui.text.bidi import LTR, RTL, Direction, base_direction, layout, to_letters
from clutch_tui.text.strings import is_rtl, t
from clutch_tui.ui.bidi_filter import VisualLines
from clutch_tui.ui.widgets.undo import Moment, Undo

# what is typed or pasted becomes data: no line ends, no invisible marks that a search would stumble over
_BLANKS = re.compile("[\t\r\n\u00a0\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200d-\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")


class PlacedCell(NamedTuple):
    """A drawn cell of a field: `glyphs` at column `x` for `start:end` of the text; the last one is the end."""

    x: int
    glyphs: str
    start: int
    end: int

    @property
    def width(self) -> int:
        return cell_len(self.glyphs)


def clean_typed(text: str) -> str:
    """Return typed or pasted text as it is stored: letters for presentation forms, no invisible marks."""
    return _INVISIBLE.sub("", _BLANKS.sub(" ", to_letters(text)))


def place_cells(text: str, base: Direction, width: int, *, with_end: bool = True) -> list[PlacedCell]:
    """Return the cells of one line from left to right, set against the side where the screen begins.

    `with_end` adds a blank for the position behind the last character, where reading goes on.
    """
    drawn = [(cell.glyphs, cell.start, cell.end) for cell in layout(text, base)]
    if with_end:
        end = (" ", len(text), len(text) + 1)
        drawn = [end, *drawn] if base == RTL else [*drawn, end]
    x = max(0, width - sum([cell_len(glyphs) for glyphs, _, _ in drawn])) if is_rtl() else 0
    cells = []
    for glyphs, start, stop in drawn:
        cells.append(PlacedCell(x, glyphs, start, stop))
        x += cells[-1].width
    return cells


if TYPE_CHECKING:

    class _InputPart(Input):
        """The class that the mixin stands beside."""

else:
    # a mixin that were a widget would hide the style sheet of the class behind it
    _InputPart = object


class VisualCursor(VisualLines, _InputPart):
    """Mixin, before `Input` or a class of it: order, cursor, keys and mouse of text in any direction."""

    most = 1_100
    """Characters that may be typed, except of a password. Every one lays out all of the line anew: something heavy that
    lies on the keyboard would else keep the till busy for minutes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.undo = Undo()
        self._cells: tuple[object, list[PlacedCell]] = (None, [])
        """The cells as they were asked for last; a key asks for them half a dozen times."""
        super().__init__(*args, **kwargs)

    @property
    def direction(self) -> Direction:
        """Return where reading begins: by the text, and by the screen while there is none."""
        screen = RTL if is_rtl() else LTR
        return base_direction(self.value, screen) if self.value and not self.password else screen

    def to_stored(self, text: str) -> str:
        """Return what was typed or pasted as it is put into `value`."""
        return clean_typed(text)

    def to_shown(self, text: str) -> str:
        """Return `text` as it is drawn, character for character. A field has one line: where a text of several came
        from elsewhere, their ends are blanks, and stay what they are in `value`."""
        return "•" * len(text) if self.password else _BLANKS.sub(" ", text)

    def replace(self, text: str, start: int, end: int) -> None:
        before, typed = Moment(self.value, self.selection), self.to_stored(text)
        start, end = sorted((max(0, start), min(len(self.value), end)))
        if not self.password and typed:
            room = max(0, self.most - len(self.value) + end - start)
            if len(typed) > room:
                self.app.bell()
                if len(typed) > 1:
                    self.app.notify(t("field.cut", most=self.most), severity="warning")
            typed = typed[:room]
            if not typed:
                return
        super().replace(typed, start, end)
        if not self.password:  # nobody looks over a shoulder for what was typed before
            self.undo.note(before, self.value, start=start, end=end, typed=typed)

    def _on_paste(self, event: Paste) -> None:
        """All lines, with blanks between them: a field has one. Textual takes the first and says nothing."""
        event.stop()
        event.prevent_default()
        if text := " ".join(event.text.splitlines()):
            self.replace(text, *self.selection)

    def action_undo(self) -> None:
        self.go_to(self.undo.back(Moment(self.value, self.selection)))

    def action_redo(self) -> None:
        self.go_to(self.undo.forth(Moment(self.value, self.selection)))

    def go_to(self, moment: Moment | None) -> None:
        """Hold what it held then; nothing for no moment."""
        if moment is not None:
            self.value, self.selection = moment

    # Where things are ------------------------------------------------------------------------------------

    @property
    def cells(self) -> list[PlacedCell]:
        """The cells from left to right, the blank of the end among them; columns count before scrolling."""
        asked = (self._drawn_text, self.direction, self.scrollable_content_region.width, is_rtl())
        if self._cells[0] != asked:
            self._cells = (asked, self._place(asked[0], asked[1]))
        return self._cells[1]

    @property
    def _drawn_text(self) -> str:
        offered = self._suggestion[len(self.value) :] if self.has_focus else ""
        return self.to_shown(self.value) + offered

    def _place(self, text: str, base: Direction) -> list[PlacedCell]:
        return place_cells(text, base, self.scrollable_content_region.width)

    def _position_to_cell(self, position: int) -> int:
        for cell in self.cells:
            if cell.start <= position < cell.end:
                return cell.x
        return 0

    @property
    def _cursor_offset(self) -> int:
        if not self.value:
            return max(0, self.scrollable_content_region.width - 1) if is_rtl() else 0
        return self._position_to_cell(self.cursor_position)

    def _cell_offset_to_index(self, offset: int) -> int:
        column = offset + self.scroll_offset.x
        cells = self.cells
        for cell in cells:
            if cell.x <= column < cell.x + cell.width:
                return min(cell.start, len(self.value))
        beyond_end = column < cells[0].x if self.direction == RTL else column >= cells[-1].x
        return len(self.value) if beyond_end else 0

    @property
    def content_width(self) -> int:
        if self.value:
            return sum(cell.width for cell in self.cells)
        return max(1, cell_len(self.placeholder))

    # Moving ----------------------------------------------------------------------------------------------

    def action_cursor_left(self, select: bool = False) -> None:
        self._step(-1, select)

    def action_cursor_right(self, select: bool = False) -> None:
        self._step(1, select)

    def _step(self, by: int, select: bool) -> None:
        """Go to the next cell to the left or right, or to that edge of what is selected."""
        if not select and not self.selection.is_empty:
            edges = sorted(self.selection, key=self._position_to_cell)
            self.cursor_position = edges[0] if by < 0 else edges[1]
            return
        forward = (by < 0) == (self.direction == RTL)
        if forward and not select and self.cursor_at_end and self._suggestion:
            self.value = self._suggestion
            self.cursor_position = len(self.value)
            return
        positions = [cell.start for cell in self.cells if cell.start <= len(self.value)]
        here = max((k for k, at in enumerate(positions) if at <= self.cursor_position), key=positions.__getitem__)
        position = positions[min(max(0, here + by), len(positions) - 1)]
        self.selection = Selection(self.selection.start if select else position, position)

    def action_cursor_left_word(self, select: bool = False) -> None:
        if self.direction == RTL:
            super().action_cursor_right_word(select)
        else:
            super().action_cursor_left_word(select)

    def action_cursor_right_word(self, select: bool = False) -> None:
        if self.direction == RTL:
            super().action_cursor_left_word(select)
        else:
            super().action_cursor_right_word(select)

    def watch_value(self) -> None:
        """The same position may now be in another column."""
        self._follow_cursor()

    def watch_virtual_size(self) -> None:
        self.scroll_x = self.validate_scroll_x(self.scroll_x)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self._put_terminal_cursor()

    def on_resize(self, _: Resize) -> None:
        self._follow_cursor()

    def _follow_cursor(self) -> None:
        if self.has_focus:
            self.scroll_to_region(Region(self._cursor_offset, 0, 1, 1), force=True, animate=False)
            self._put_terminal_cursor()

    def _put_terminal_cursor(self) -> None:
        """Move the terminal's own cursor along: input methods open their window there."""
        if self.has_focus:
            self.app.cursor_position = self.cursor_screen_offset

    # Drawing ---------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y != 0:
            return Strip.blank(self.size.width, self.rich_style)
        cells, styles = self._look() if self.value else self._empty_look()
        segments = [Segment(" " * cells[0].x)] if cells[0].x > 0 else []
        segments += [Segment(cell.glyphs, styles[cell.start]) for cell in cells]
        left = self.scroll_offset.x - min(0, cells[0].x)
        strip = Strip(segments).simplify().crop_extend(left, left + width, None)
        return strip.apply_style(self.rich_style)

    def _look(self) -> tuple[list[PlacedCell], dict[int, Style | None]]:
        """Return the cells and the style of each by where its text starts."""
        cells = self.cells
        selected = range(*sorted(self.selection)) if self.has_focus else range(0)
        cursor = self.cursor_position if self.has_focus and self._cursor_visible else -1
        styles: dict[int, Style | None] = {}
        for cell in cells:
            if cell.start <= cursor < cell.end:
                name = "input--cursor"
            elif cell.start in selected:
                name = "input--selection"
            elif cell.start >= len(self.value) and cell.glyphs != " ":
                name = "input--suggestion"
            else:
                name = ""
            styles[cell.start] = self.get_component_rich_style(name) if name else None
        return cells, styles

    def _empty_look(self) -> tuple[list[PlacedCell], dict[int, Style | None]]:
        """The placeholder, the cursor upon it where reading begins."""
        screen = RTL if is_rtl() else LTR
        style = self.get_component_rich_style("input--placeholder")
        cells = [cell for cell in self._place(self.placeholder, base_direction(self.placeholder, screen))]
        if self.placeholder:  # without the blank of its end, which would part it from the edge
            cells = [cell for cell in cells if cell.start < len(self.placeholder)]
            shift = self._cursor_offset - (cells[-1].x + cells[-1].width - 1) if screen == RTL else -cells[0].x
            cells = [cell._replace(x=cell.x + shift) for cell in cells]
        styles: dict[int, Style | None] = {cell.start: style for cell in cells}
        if self.has_focus and self._cursor_visible:
            first = cells[-1] if screen == RTL else cells[0]
            styles[first.start] = self.get_component_rich_style("input--cursor")
        return cells, styles


class TextField(VisualCursor, Input):
    """One line of text in any direction. Takes what `Input` takes, except a highlighter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "undo", "field.undo", show=False, id="field.undo"),
        Binding("ctrl+y", "redo", "field.redo", show=False, id="field.redo"),
    ]

    cursor_blink = reactive(False, init=False)
    """A cursor that stands still: while nothing happens, nothing goes over the line."""
    virtual_size = Reactive(Size(0, 0))
    """As Textual's, but a character more is no reason to lay out all of the screen again."""
