"""Only what changed goes to the terminal: for thin lines, and for everybody who pays for them.

Textual writes every line of every widget that asked to be drawn, with all its colours; most of it stands on the
terminal already. Here its updates are laid into rows of cells and compared with what stands there
(`front_buffer.Front`). An update that is not understood goes out as Textual wrote it, and what stands there is
unknown from then on. Textual still decides when to draw, keeps its marks of synchronised updates around it, and
places the cursor; a screen in memory (tests), in a browser, or in a few lines of a shell is left to it.

Names of Textual used here that its documentation does not promise: `App._display`, `App._batch_count`,
`App._end_batch`, `Screen._compositor_refresh`; of `textual._compositor` `CompositorUpdate.render_segments`,
`LayoutUpdate.strips` and `.region`, `ChopsUpdate.chops`, `.spans` and `.chop_ends`. Each is pinned by a test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, RenderableType
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.events import Resize

from clutch_tui.terminal.cells import Pens, Row, put
from clutch_tui.terminal.front_buffer import Front

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    _AppPart = App[Any]
else:
    _AppPart = object

_SURELY_ERASE_IN_COLOUR = frozenset({"alacritty", "konsole-256color", "linux", "xterm", "xterm-256color"})
"""TERM of terminals of which every machine's entry says so: looking it up would keep the first frame waiting."""
_ERASE_IN_COLOUR = (
    "alacritty", "contour", "foot", "ghostty", "iterm", "konsole", "linux", "mlterm", "rxvt", "st-", "vte", "wezterm",
    "xterm",
)  # fmt: skip
"""Beginnings of TERM of terminals that erase in the pen's colour, where the machine has no entry for them."""


def erases_in_colour(environment: Mapping[str, str]) -> bool:
    """Tell whether this terminal gives erased cells the background of the pen (terminfo's bce)."""
    term = environment.get("TERM", "")
    if term in _SURELY_ERASE_IN_COLOUR:
        return True
    try:
        import curses

        curses.setupterm(term, 2)
        return curses.tigetflag("bce") == 1
    except (ImportError, curses.error):
        return term.startswith(_ERASE_IN_COLOUR)


class ThinWire(_AppPart):
    """Mixin, before `App`: draws by differences."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._front: Front | None = None
        self._held_back: Screen[Any] | None = None
        self._pens = Pens(COLOR_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR))

    def is_held_back(self, screen: Screen[Any]) -> bool:
        """Tell whether a screen has to wait with its drawing for the end of a batch, such as the app's own start.
        Textual would make that frame, throw it away, and take it for drawn."""
        if self._batch_count:
            self._held_back = screen
        return self._batch_count > 0

    def _end_batch(self) -> None:
        super()._end_batch()
        if not self._batch_count and (screen := self._held_back) is not None:
            self._held_back = None
            screen.call_later(screen._compositor_refresh)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, self._thinned(screen, renderable))

    def _thinned(self, screen: Screen[Any], update: RenderableType | None) -> RenderableType | None:
        """Return what is to be displayed in place of `update`; None where it would change nothing."""
        if update is None or self.is_headless or self.is_inline or self.is_web:
            return update
        front = self._front_for(*self.size)
        rows = None
        if isinstance(update, LayoutUpdate):
            rows = _rows_of_layout(update, front, self._pens)
        elif isinstance(update, ChopsUpdate):
            rows = _rows_of_chops(update, front, self._pens)
        if rows is None:
            front.forget()
            return update
        cursor = screen.outer_size.clamp_offset(self.cursor_position)
        if cursor == front.cursor and not front.differs(rows):
            return None
        return cast(RenderableType, _Difference(front, rows, cursor))

    def _front_for(self, width: int, height: int) -> Front:
        front = self._front
        if front is None or (front.width, front.height) != (width, height):
            front = self._front = Front(width, height, erases=erases_in_colour(os.environ))
        return front

    def on_resize(self, event: Resize) -> None:
        """A terminal that was resized, or that we come back to after a suspension, may show anything. Textual
        draws nothing where the size is the same as before."""
        if self._front is not None:
            self._front.forget()
            if event.size == self.size:
                self.refresh()

    def action_repaint(self) -> None:
        """Draw everything again: another program has written over the screen."""
        if self._front is not None:
            self._front.forget()
        self.refresh()


class _Difference(CompositorUpdate):
    """An update whose bytes are made when Textual is about to write them, for from then on they stand there."""

    def __init__(self, front: Front, rows: Mapping[int, Row], cursor: tuple[int, int]) -> None:
        self._front, self._rows, self._cursor = front, rows, cursor

    def render_segments(self, console: Console) -> str:
        self._front.cursor = self._cursor
        return self._front.turn_into(self._rows)


def _rows_of_layout(update: LayoutUpdate, front: Front, pens: Pens) -> dict[int, Row] | None:
    """The rows that a whole screen makes; None where it holds what cells cannot."""
    rows: dict[int, Row] = {}
    for y, strips in enumerate(update.strips, update.region.y):
        if y >= front.height:
            break
        row, x = front.rows[y].copy(), update.region.x
        for strip in strips:
            if not put(row, x, strip, front.width, pens):
                return None
            x += strip.cell_length
        rows[y] = row
    return rows


def _rows_of_chops(update: ChopsUpdate, front: Front, pens: Pens) -> dict[int, Row] | None:
    """The rows that changed pieces of lines make; None where they hold what cells cannot."""
    rows: dict[int, Row] = {}
    for y, first, last in update.spans:
        if y >= front.height:
            continue
        row = rows[y] if y in rows else front.rows[y].copy()
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > last or end <= first:
                continue
            if not put(row, x, strip, min(end, front.width), pens):
                return None
        rows[y] = row
    return rows
