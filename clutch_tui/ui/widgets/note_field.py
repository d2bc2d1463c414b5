"""A field of several lines for notes: logical text, wrapped, with a cursor that goes where one sees it go.

Textual's `TextArea` sets Arabic at the left, moves its cursor in logical order and highlights code; a shop's
note is a few sentences. Each paragraph runs in the direction of its own letters. Enter begins a line, Tab leaves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Key, MouseDown, MouseMove, MouseUp, Paste, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets.input import Selection

from clutch_tui.text.bidi import LTR, RTL, Direction
from clutch_tui.text.strings import is_rtl
from clutch_tui.text.wrap import Line, find_line, wrap
from clutch_tui.ui.bidi_filter import VisualLines
from clutch_tui.ui.widgets.text_field import PlacedCell, clean_typed, place_cells
from clutch_tui.ui.widgets.undo import Moment, Undo

_LINE_END = re.compile("\r\n|[\n\r\u2028\u2029]")
_WORD_START = re.compile(r"(?<!\w)\w")


def _bind(keys: str, action: str, word: str) -> list[BindingType]:
    """Bind a movement by itself, and with Shift to select on the way."""
    shifted = ",".join(
        f"{before}+shift+{key}" if before else f"shift+{key}"
        for before, _, key in (one.rpartition("+") for one in keys.split(","))
    )
    return [
        Binding(keys, f"{action})", word, show=False),
        Binding(shifted, f"{action}, True)", word, show=False),
    ]


class NoteField(VisualLines, ScrollView, can_focus=True):
    """Several lines of text. `value` is logical, with `\\n` between paragraphs."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"note-field--cursor", "note-field--selection", "note-field--placeholder"}
    DEFAULT_CSS = """
    NoteField {
        height: 4; background: $surface; color: $foreground; padding: 0 1; scrollbar-size-vertical: 1;
        overflow-x: hidden;
        & > .note-field--cursor { background: $input-cursor-background; color: $input-cursor-foreground; }
        & > .note-field--selection { background: $input-selection-background; }
        & > .note-field--placeholder { color: $text-disabled; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *_bind("left", "step(-1", "field.move"),
        *_bind("right", "step(1", "field.move"),
        *_bind("ctrl+left", "word(-1", "field.move"),
        *_bind("ctrl+right", "word(1", "field.move"),
        *_bind("up", "line(-1", "field.move"),
        *_bind("down", "line(1", "field.move"),
        *_bind("pageup", "page(-1", "field.move"),
        *_bind("pagedown", "page(1", "field.move"),
        *_bind("home", "edge(False", "field.move"),
        *_bind("end", "edge(True", "field.move"),
        *_bind("ctrl+home", "jump(False", "field.move"),
        *_bind("ctrl+end", "jump(True", "field.move"),
        Binding("backspace", "delete(-1)", "common.delete", show=False),
        Binding("delete", "delete(1)", "common.delete", show=False),
        Binding("ctrl+a", "select_all", "field.select_all", show=False),
        Binding("ctrl+c,super+c", "copy", "common.copy", show=False),
        Binding("ctrl+x", "cut", "field.cut", show=False),
        Binding("ctrl+z", "undo", "field.undo", show=False),
        Binding("ctrl+y", "redo", "field.redo", show=False),
    ]

    value = reactive("", init=False)
    selection = reactive(Selection.cursor(0), init=False)
    placeholder = reactive("")

    @dataclass
    class Changed(Message):
        """The text has changed."""

        field: NoteField
        value: str

        @property
        def control(self) -> NoteField:
            return self.field

    def __init__(
        self,
        value: str = "",
        placeholder: str = "",
        *,
        max_length: int = 0,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.max_length = max_length
        self._goal: int | None = None  # the column that moving up and down tries to keep
        self._wrapped: tuple[object, list[Line]] = (None, [])
        self._undo = Undo()
        self.set_reactive(NoteField.value, value)
        self.set_reactive(NoteField.placeholder, placeholder)
        self.set_reactive(NoteField.selection, Selection.cursor(len(value)))

    @property
    def cursor_position(self) -> int:
        return self.selection.end

    @property
    def selected_text(self) -> str:
        start, end = sorted(self.selection)
        return self.value[start:end]

    # Where things are ------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[Line]:
        """The lines as they are wrapped now."""
        screen: Direction = RTL if is_rtl() else LTR
        asked = (self.value, self._width, screen)
        if self._wrapped[0] != asked:
            self._wrapped = (asked, wrap(self.value, self._width - 1, screen, cell_len))
        return self._wrapped[1]

    @property
    def _width(self) -> int:
        return max(2, self.scrollable_content_region.width)

    def cells_of(self, line: Line) -> list[PlacedCell]:
        """The cells of one line; `start` and `end` count from the start of the whole text."""
        text = self.value[line.start : line.end]
        placed = place_cells(text, line.base, self._width, with_end=line.ends_paragraph)
        return [cell._replace(start=cell.start + line.start, end=cell.end + line.start) for cell in placed]

    def _cursor_cell(self) -> tuple[int, PlacedCell]:
        """The cell under the cursor, and the index of its line."""
        index = find_line(self.lines, self.cursor_position)
        cells = self.cells_of(self.lines[index])
        return index, next((cell for cell in cells if cell.start <= self.cursor_position < cell.end), cells[-1])

    def _position_at(self, x: int, y: int) -> int:
        """The position that is drawn at a column of a line, or nearest to it."""
        line = self.lines[min(max(0, y), len(self.lines) - 1)]
        nearest = min(self.cells_of(line), key=lambda cell: (max(cell.x - x, x - cell.x - cell.width + 1, 0), cell.x))
        return min(nearest.start, line.last)

    def _measure(self) -> None:
        """There may be more lines now, or fewer."""
        self.virtual_size = Size(self._width, len(self.lines))
        self._show_cursor()

    # Changing --------------------------------------------------------------------------------------------

    def validate_selection(self, selection: Selection) -> Selection:
        size = len(self.value)
        return Selection(min(max(0, selection.start), size), min(max(0, selection.end), size))

    def watch_value(self) -> None:
        self.selection = self.validate_selection(self.selection)
        self._measure()
        self.refresh()
        self.post_message(self.Changed(self, self.value))

    def watch_selection(self) -> None:
        self._show_cursor()

    def on_resize(self, _: Resize) -> None:
        self._measure()

    def _show_cursor(self) -> None:
        if not self.is_mounted:
            return
        index, cell = self._cursor_cell()
        self.scroll_to_region(Region(cell.x, index, 1, 1), animate=False, force=True)
        if self.has_focus:
            x, y = self.scrollable_content_region.offset
            self.app.cursor_position = type(self.app.cursor_position)(x + cell.x, y + index - self.scroll_offset.y)

    def on_focus(self) -> None:
        self._show_cursor()

    def replace(self, text: str, start: int, end: int) -> None:
        """Put `text` in the place of `value[start:end]`, and the cursor behind it."""
        start, end = sorted((start, end))
        text = "\n".join(clean_typed(line) for line in _LINE_END.split(text))
        changed = self.value[:start] + text + self.value[end:]
        if self.max_length and len(changed) > max(self.max_length, len(self.value)):
            self.app.bell()
            return
        before = Moment(self.value, self.selection)
        self._goal = None
        self.value = changed
        self.selection = Selection.cursor(start + len(text))
        self._undo.note(before, changed, start=start, end=end, typed=text)

    def action_undo(self) -> None:
        self._go_to(self._undo.back(Moment(self.value, self.selection)))

    def action_redo(self) -> None:
        self._go_to(self._undo.forth(Moment(self.value, self.selection)))

    def _go_to(self, moment: Moment | None) -> None:
        if moment is not None:
            self._goal = None
            self.value, self.selection = moment

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key == "enter" or (character is not None and character.isprintable())

    def on_key(self, event: Key) -> None:
        text = "\n" if event.key == "enter" else event.character if event.is_printable else None
        if text is not None:
            event.stop()
            event.prevent_default()
            self.replace(text, *self.selection)

    def on_paste(self, event: Paste) -> None:
        event.stop()
        self.replace(event.text, *self.selection)

    def action_delete(self, by: int) -> None:
        start, end = self.selection
        if start == end:
            end = min(max(0, start + by), len(self.value))
        self.replace("", start, end)

    def action_select_all(self) -> None:
        self.selection = Selection(0, len(self.value))

    def action_copy(self) -> None:
        if self.selected_text:
            self.app.copy_to_clipboard(self.selected_text)

    def action_cut(self) -> None:
        self.action_copy()
        self.replace("", *self.selection)

    # Moving ----------------------------------------------------------------------------------------------

    def _go(self, position: int, select: bool, *, keep_goal: bool = False) -> None:
        if not keep_goal:
            self._goal = None
        self.selection = Selection(self.selection.start if select else position, position)

    def action_step(self, by: int, select: bool = False) -> None:
        """Go to the next cell to the left or right, and from the edge of a line to the line that reading meets."""
        index, cell = self._cursor_cell()
        line = self.lines[index]
        cells = [one for one in self.cells_of(line) if one.start <= line.last]
        k = cells.index(cell) + by if cell in cells else 0
        forward = (by < 0) == (line.base == RTL)
        if 0 <= k < len(cells):
            self._go(cells[k].start, select)
        elif forward and index + 1 < len(self.lines):
            self._go(self.lines[index + 1].start, select)
        elif not forward and index:
            self._go(self.lines[index - 1].last, select)

    def action_word(self, by: int, select: bool = False) -> None:
        """Go to the start of the next word in the direction of the key."""
        here = self.cursor_position
        starts = [match.start() for match in _WORD_START.finditer(self.value)]
        base = self.lines[find_line(self.lines, here)].base
        if (by < 0) == (base == RTL):
            self._go(next((at for at in starts if at > here), len(self.value)), select)
        else:
            self._go(next((at for at in reversed(starts) if at < here), 0), select)

    def action_line(self, by: int, select: bool = False) -> None:
        index, cell = self._cursor_cell()
        if 0 <= index + by < len(self.lines):
            self._goal = cell.x if self._goal is None else self._goal
            self._go(self._position_at(self._goal, index + by), select, keep_goal=True)
        else:
            self._go(0 if by < 0 else len(self.value), select)

    def action_page(self, by: int, select: bool = False) -> None:
        index, _ = self._cursor_cell()
        page = by * max(1, self.scrollable_content_region.height - 1)
        self.action_line(min(max(page, -index), len(self.lines) - 1 - index) or by, select)

    def action_edge(self, end: bool, select: bool = False) -> None:
        line = self.lines[find_line(self.lines, self.cursor_position)]
        self._go(line.last if end else line.start, select)

    def action_jump(self, end: bool, select: bool = False) -> None:
        self._go(len(self.value) if end else 0, select)

    def on_mouse_down(self, event: MouseDown) -> None:
        offset = event.get_content_offset_capture(self)
        self.capture_mouse()
        self._go(self._position_at(offset.x, offset.y + self.scroll_offset.y), event.shift)

    def on_mouse_move(self, event: MouseMove) -> None:
        if self.app.mouse_captured is self:
            offset = event.get_content_offset_capture(self)
            self._go(self._position_at(offset.x, offset.y + self.scroll_offset.y), True)

    def on_mouse_up(self, _: MouseUp) -> None:
        self.release_mouse()

    # Drawing ---------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        if index >= len(self.lines):
            return Strip.blank(self._width, self.rich_style)
        if not self.value:
            segments = self._empty_line()
        else:
            line = self.lines[index]
            segments = self._draw(self.cells_of(line))
        return Strip(segments).simplify().crop_extend(0, self._width, None).apply_style(self.rich_style)

    def _draw(self, cells: list[PlacedCell]) -> list[Segment]:
        selected = range(*sorted(self.selection)) if self.has_focus else range(0)
        cursor = self.cursor_position if self.has_focus else -1
        segments = [Segment(" " * cells[0].x)] if cells else []
        for cell in cells:
            name = "cursor" if cell.start <= cursor < cell.end else "selection" if cell.start in selected else ""
            style = self.get_component_rich_style(f"note-field--{name}") if name else None
            segments.append(Segment(cell.glyphs, style))
        return segments

    def _empty_line(self) -> list[Segment]:
        screen: Direction = RTL if is_rtl() else LTR
        cells = place_cells(self.placeholder, screen, self._width, with_end=not self.placeholder)
        style = self.get_component_rich_style("note-field--placeholder")
        first = len(cells) - 1 if screen == RTL else 0
        cursor = self.get_component_rich_style("note-field--cursor") if self.has_focus else style
        drawn = [Segment(cell.glyphs, cursor if k == first else style) for k, cell in enumerate(cells)]
        return [Segment(" " * cells[0].x), *drawn]
