"""The columns of a table: how wide they are on this terminal, and how a cell of one is drawn.

Cells are put in visual order here, each by itself and before the table crops its line to the view: a line
that is cropped first and ordered then shows the wrong end of an Arabic name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from rich.cells import cell_len, chop_cells

from clutch_tui.text import bidi
from clutch_tui.text.digits import GROUP_SEPARATOR
from clutch_tui.text.format import isolate

R = TypeVar("R")

GAP = 1
MORE = "…"
_FIGURE = re.compile(r"[\u2066]?([-+]?)(\d[\d,٬]*)((?:[.٫]\d+)?)[\u2069]?")
"""Of a quantity or an amount: its sign, its units with the marks between their thousands, its decimals."""
NARROWEST = 8
"""Cells to which a column that flexes is cut down on a terminal that is too narrow."""


@dataclass(frozen=True, slots=True)
class TableColumn(Generic[R]):
    """One column. `title` is a catalogue key. Where the terminal is too narrow for all, the columns with the
    highest `priority` go first; those with 0 never go. `flex` columns share what is left over."""

    title: str
    width: int
    value: Callable[[R], str]
    number: bool = False
    """Aligned right in both languages, so that units stand under units."""
    priority: int = 0
    flex: int = 0
    tone: Callable[[R], str] | None = None
    """A tone of the table's component classes: muted, good, warning, bad; empty for none."""


@dataclass(frozen=True, slots=True)
class Placed(Generic[R]):
    """A column with the width that it has on this terminal."""

    column: TableColumn[R]
    width: int


def fit(columns: Sequence[TableColumn[R]], width: int) -> tuple[Placed[R], ...]:
    """The columns that fit into `width` cells, in reading order. Where even those that never go are too wide, those
    that flex give way: a name may be cut, a price of which the first digits are missing is another price. What is
    too wide then keeps its width, and the table scrolls sideways."""
    kept = list(columns)
    while _needed(kept) > width:
        leaving = max(kept, key=lambda column: column.priority)
        if leaving.priority == 0:
            break
        kept.remove(leaving)
    spare = width - _needed(kept)
    if spare < 0:
        return _narrowed(kept, -spare)
    flexes = sum(column.flex for column in kept)
    placed = []
    for column in kept:
        share = spare * column.flex // flexes if flexes else 0
        placed.append(Placed(column, column.width + share))
    return tuple(placed)


def _narrowed(columns: Sequence[TableColumn[R]], lacking: int) -> tuple[Placed[R], ...]:
    """So many cells fewer, a cell at a time from the widest of those that flex."""
    widths = [column.width for column in columns]
    giving = [n for n, column in enumerate(columns) if column.flex and column.width > NARROWEST]
    while lacking and giving:
        widest = max(giving, key=widths.__getitem__)
        widths[widest] -= 1
        lacking -= 1
        giving = [n for n in giving if widths[n] > NARROWEST]
    return tuple(map(Placed, columns, widths))


def _needed(columns: Sequence[TableColumn[R]]) -> int:
    return sum(column.width for column in columns) + GAP * max(0, len(columns) - 1)


@lru_cache(maxsize=8192)
def draw_cell(text: str, width: int, number: bool, rtl: bool) -> str:
    """`text` in visual order, cut or filled to exactly `width` cells."""
    text = text.replace("\n", " ")
    if cell_len(text) > width:
        figure = _FIGURE.fullmatch(text) if number else None
        text = chop_cells(text, max(1, width - 1))[0] + MORE if figure is None else _shorter(figure, width)
    shown = bidi.visual(text, bidi.base_direction(text, bidi.RTL if rtl else bidi.LTR))
    blank = " " * max(0, width - cell_len(shown))
    return blank + shown if rtl or number else shown + blank


def _shorter(figure: re.Match[str], width: int) -> str:
    """A figure in at most `width` cells: without the marks between its thousands, or with a sign in the place of its
    decimals. One of which digits are missing would be another figure, so what has no room even then is not shown."""
    sign, units, decimals = figure.groups()
    bare = units.replace(",", "").replace(GROUP_SEPARATOR, "")
    ways = (f"{sign}{bare}{decimals}", f"{sign}{units}{MORE}", f"{sign}{bare}{MORE}")
    return next((isolate(way) for way in ways if cell_len(way) <= width), MORE)
