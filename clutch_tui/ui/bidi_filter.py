"""Arabic at the last step before the terminal: one filter over every line that any widget draws.

Widgets, screens and styles know nothing of order. A line that they have wrapped, cut and coloured goes through
`BidiFilter`, which joins its letters and puts its cells in visual order; each style stays on its letters.
Labels, buttons, lists, toasts, border titles and logs are right without any code of their own.

Some lines must not be ordered twice:
- a widget that orders its own text (a table before it scrolls sideways, a field with a cursor) inherits
  `VisualLines`;
- so does every modal screen (`class Ask(VisualLines, ModalScreen[bool])`): it draws the finished screen beneath
  it as its own lines, and would turn that back.

Names of Textual used here that its documentation does not promise: `App.get_line_filters` and `App._driver`,
`Widget.get_line_filters`, `LineFilter`, `Style._meta` of segments. Each is pinned by a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pickle import loads
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.style import Style as ContentStyle
from textual.widget import Widget

from clutch_tui.terminal.bidi_mode import OrderModes
from clutch_tui.text import strings
from clutch_tui.text.bidi import LTR, RTL, Direction, base_direction, layout, needs_order
from clutch_tui.text.format import FSI, LRI, PDI
from clutch_tui.ui import mirror
from clutch_tui.ui.scroll_bars import install_scroll_bars

# Borders, tree guides, scroll bars, charts: they draw places, not text, and never move
_OPENINGS = (LRI, "\u2067", FSI)
_FIXED = re.compile("([\u2500-\u25ff\U0001fb00-\U0001fbff]+)")

BASE = "text_base"
"""Key of a style's meta data that tells a line the direction of its paragraph."""
_BASE_MARK = BASE.encode()  # as it stands in pickled meta data: asked of every line, so never unpickled for that

Run = tuple[str, Style | None]


class BidiFilter(LineFilter):
    """Puts lines in visual order for screens of direction `screen`.

    Textual caches a filter's results by the filter: another direction needs another instance.
    """

    def __init__(self, screen: Direction = RTL) -> None:
        super().__init__()
        self.screen = screen

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        for text, style, _ in segments:
            if (not text.isascii() and needs_order(text)) or (style and style._meta and _BASE_MARK in style._meta):
                if any([control is not None for _, _, control in segments]):  # such a line is seldom drawn twice
                    return order_line(segments, self.screen)
                return list(_ordered(tuple(segments), self.screen))
        return segments


if TYPE_CHECKING:

    class _AppPart(App[Any]):
        """The class that the mixin stands beside."""

    class _WidgetPart(Widget):
        """The class that the mixin stands beside."""

else:
    # a mixin that were a widget would hide the style sheet of the class behind it
    _AppPart = _WidgetPart = object

_FILTERS = {False: BidiFilter(LTR), True: BidiFilter(RTL)}


class BidiApp(_AppPart):
    """Mixin, before `App`: everything this app draws is in visual order, its screens run as the language does.

    `order_modes` is what `bidi_mode.ordered_terminal` yielded. Call `follow_language` after `strings.use`, at the
    start and whenever a person chooses another language.
    """

    order_modes = OrderModes()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from clutch_tui.ui.widgets.notice import Toasts, install_notices

        mirror.install_layouts()
        install_scroll_bars()
        install_notices()
        super().__init__(*args, **kwargs)
        self._notifications = Toasts()
        self.follow_language()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [_FILTERS[strings.is_rtl()], *super().get_line_filters()]

    def follow_language(self) -> None:
        """Turn all screens to the side of the language that is spoken now, and draw them anew."""
        mirror.set_direction(self, rtl=strings.is_rtl())

    def on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, lambda _: self._tell_terminal(self.order_modes.end), True)
        self.app_resume_signal.subscribe(self, lambda _: self._tell_terminal(self.order_modes.begin), True)

    def _tell_terminal(self, sequence: str) -> None:
        """Write between two frames: the driver's own queue keeps it out of the middle of one."""
        if sequence and self._driver is not None:
            self._driver.write(sequence)


class VisualLines(_WidgetPart):
    """Mixin, before the widget's class: the lines of this widget are in visual order when it draws them.

    Modal screens need it too: their only lines are those of the screen beneath.
    """

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [line_filter for line_filter in super().get_line_filters() if not isinstance(line_filter, BidiFilter)]


def paragraph(text: str, screen: Direction = RTL, *, base: Direction | None = None) -> Content:
    """Return `text` for wrapping, each line in the direction of the whole, which `base` knows or is guessed.

    A line's direction is guessed from its letters; one that wrapping left without an Arabic word would come
    out from left to right, with its full stop on the wrong side.
    """
    style = ContentStyle.from_meta({BASE: base_direction(text, screen) if base is None else base})
    return Content(text).stylize(style)


def order_line(segments: Iterable[Segment], screen: Direction = RTL) -> list[Segment]:
    """Return a finished line in visual order, as wide as it was.

    Fixed characters part it, and so do table cells (segments whose style carries another row or column).
    """
    ordered: list[Segment] = []
    runs: list[Run] = []
    cell: object = None
    base: Direction | None = None

    def finish() -> None:
        if runs:
            ordered.extend(_order_runs(tuple(runs), screen, base))
            runs.clear()

    for segment in segments:
        text, style, control = segment
        if control:
            finish()
            ordered.append(segment)
            continue
        belongs, direction = _read_meta(style._meta if style else None)
        if belongs != cell or direction != base:
            finish()
            cell, base = belongs, direction
        for n, part in enumerate(_FIXED.split(text)):
            if n % 2:
                finish()
                ordered.append(Segment(part, style))
            elif part:
                runs.append((part, style))
    finish()
    return ordered


@lru_cache(maxsize=2048)
def _ordered(line: tuple[Segment, ...], screen: Direction) -> tuple[Segment, ...]:
    """Most lines of a screen were drawn before: found whole, they are not even taken to pieces."""
    return tuple(order_line(line, screen))


@lru_cache(maxsize=4096)
def _order_runs(runs: tuple[Run, ...], screen: Direction, base: Direction | None) -> tuple[Segment, ...]:
    """Order one piece of a line; blanks at its ends stay there, since they hold its place on the line."""
    text = "".join([text for text, _ in runs])
    unchanged = tuple([Segment(text, style) for text, style in runs])
    if base is None:
        base = base_direction(text, screen)
    core = text.strip(" ")
    if not core or not (needs_order(core) or base == RTL):
        return unchanged
    styles = [style for text, style in runs for _ in text]
    start = len(text) - len(text.lstrip(" "))
    end = start + len(core)
    lost = _lost_openings(core)
    drawn: list[Run] = [
        (cell.glyphs, styles[start + max(0, cell.start - lost)]) for cell in layout(FSI * lost + core, base)
    ]
    # a lam-alef and whatever was measured wider leave cells over, which go where reading ends
    room = sum([cell_len(text) for text, _ in runs]) - start - (len(text) - end)
    spare = room - sum([cell_len(glyphs) for glyphs, _ in drawn])
    if spare < 0:
        return unchanged
    blanks: list[Run] = [(" ", styles[end - 1])] * spare
    before = [(" ", style) for style in styles[:start]]
    after = [(" ", style) for style in styles[end:]]
    middle = blanks + drawn if base == RTL else drawn + blanks
    return tuple(_join_runs([*before, *middle, *after]))


def _lost_openings(text: str) -> int:
    """Return how many isolates began on the line before this one: a long path that was wrapped would else come out with
    its pieces in the order of the Arabic around it."""
    if PDI not in text:
        return 0
    lost = depth = 0
    for character in text:
        if character in _OPENINGS:
            depth += 1
        elif character == PDI and depth:
            depth -= 1
        elif character == PDI:
            lost += 1
    return lost


def _join_runs(cells: Iterable[Run]) -> list[Segment]:
    """Make segments of neighbouring cells that have one style."""
    segments: list[Segment] = []
    run: list[str] = []
    current: Style | None = None
    for glyphs, style in cells:
        if run and style is not current and style != current:
            segments.append(Segment("".join(run), current))
            run = []
        current = style
        run.append(glyphs)
    if run:
        segments.append(Segment("".join(run), current))
    return segments


@lru_cache(maxsize=4096)
def _read_meta(meta: bytes | None) -> tuple[object, Direction | None]:
    """Return which table cell a style belongs to, and the direction of its paragraph."""
    if not meta:
        return None, None
    values: dict[str, object] = loads(meta)
    cell = (values.get("row"), values["column"]) if "column" in values else None
    base = values.get(BASE)
    return cell, None if base is None else RTL if base else LTR
