"""Arabic as a terminal must be given it: joined letters, in visual order, with a map back to the text.

Text is logical everywhere in this program; only who draws cells calls `layout`, and it does so once, on a
finished line. (Reordering before a line is wrapped puts the paragraph's words on the wrong lines.)

`layout` returns the line's cells from left to right. Each knows which characters of the text it draws, so
styles, cursors and the mouse find their letters again:

    >>> [(cell.glyphs, cell.start, cell.end) for cell in layout("لا 5", RTL)]
    [('5', 3, 4), (' ', 2, 3), ('ﻻ', 0, 2)]
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple
from unicodedata import bidirectional, category, normalize

from clutch_tui.text.levels import BRACKETS, levels, order
from clutch_tui.text.shaping import LAM, LAM_ALEF, shape

Direction = Literal[0, 1]
LTR: Direction = 0
RTL: Direction = 1


class Cell(NamedTuple):
    """A cell is drawn at one place: a character with its marks, for `text[start:end]` of the line.

    The cells of a line cover all of its text: direction marks belong to the cell before them (or to the first
    one), and both letters of a lam-alef to their one cell.
    """

    glyphs: str
    start: int
    end: int


_ISOLATED = re.compile("[\u2066-\u2068][^\u2069]*(?:\u2069|$)")
_ORDERED = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RIGHT = re.compile(
    "[\u05be-\u05f4\u0608\u060b\u060d\u061b-\u064a\u066d-\u066f\u0671-\u06d5\u06e5\u06e6\u06ee\u06ef"
    "\u06fa-\u08c9\ufb1d-\ufdff\ufe70-\ufefc\u200f\u061c]"
)
# text whose every level is 1 in a paragraph from right to left: it needs no algorithm
_PLAIN_ARABIC = re.compile("[ \u060c\u061b\u061f\u0621-\u065f\u0671-\u06d3().:!\u00ab\u00bb-]*").fullmatch
_PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
_CONTROLS = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_MARKS = frozenset(("Mn", "Me", "Cf"))

MIRRORED = {
    sign: other
    for left, right in (*BRACKETS, *("<>", "«»", "‹›", "≤≥", "≪≫", "≮≯", "≰≱", "≺≻", "⊂⊃", "⊆⊇", "∈∋", "⋖⋗"))
    for sign, other in ((left, right), (right, left))
}


class _Drawing:
    """The choice of who orders text now; one for the process, as there is one terminal."""

    __slots__ = ("by_terminal",)

    def __init__(self) -> None:
        self.by_terminal = False


_drawing = _Drawing()


def leave_order_to_terminal(leave: bool) -> None:
    """Draw all text as it comes from now on, for a terminal that orders and joins by itself; or order again."""
    _drawing.by_terminal = leave
    layout.cache_clear()


def needs_order(text: str) -> bool:
    """Return whether `text` holds anything that is not simply drawn as it comes (a fast look, no algorithm)."""
    return _ORDERED.search(text) is not None and not _drawing.by_terminal


def base_direction(text: str, screen: Direction = RTL) -> Direction:
    """Guess the direction of a line that says nothing about itself.

    On a screen from right to left a single Arabic letter makes the line Arabic: part numbers often come first.
    On one from left to right the first strong letter decides, as UAX #9 has it, so that an Arabic name inside
    an English sentence stays a name. What is isolated has no say there.
    """
    if _RIGHT.search(text) is None:
        return LTR
    if screen == RTL:
        return RTL
    kinds = (bidirectional(character) for character in _ISOLATED.sub("", text))
    return RTL if next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L" else LTR


@lru_cache(maxsize=8192)
def layout(text: str, base: Direction) -> tuple[Cell, ...]:
    """Return the cells of one line from left to right, in a paragraph of direction `base`.

    Lines are cached, so equal text is laid out once. Zero-width characters that steer order or joining are
    not drawn any more: the terminal is told to leave the order alone.
    """
    if not text:
        return ()
    shaped = " ".join([shape(word) for word in text.split(" ")]) if needs_order(text) else text
    resolved = _levels(text, base)
    cells: list[Cell] = []
    cell_levels: list[int] = []
    start = 0
    for i, glyph in enumerate(shaped):
        if glyph in _CONTROLS:
            if cells:
                cells[-1] = cells[-1]._replace(end=i + 1)
                start = i + 1
            continue
        before = cells[-1] if cells else None
        if before and category(glyph) in _MARKS:
            cells[-1] = Cell(before.glyphs + glyph, before.start, i + 1)
        elif before and resolved[i] & 1 and glyph in LAM_ALEF and before.glyphs[0] in LAM:
            joined = LAM_ALEF[glyph][LAM.index(before.glyphs[0])]
            cells[-1] = Cell(joined + before.glyphs[1:], before.start, i + 1)
        else:
            cells.append(Cell(MIRRORED.get(glyph, glyph) if resolved[i] & 1 else glyph, start, i + 1))
            cell_levels.append(resolved[i])
        start = i + 1
    return tuple([cells[k] for k in order(cell_levels)])


def _levels(text: str, base: Direction) -> list[int]:
    if _drawing.by_terminal:
        return [0] * len(text)
    return [1] * len(text) if base and _PLAIN_ARABIC(text) else levels(text, base)[0]


def visual(text: str, base: Direction | None = None) -> str:
    """Return `text` as a row of glyphs from left to right, for a printer or a test; `base` None guesses.

    The result is good for nothing but showing: it must not be stored, searched or wrapped.
    """
    if not needs_order(text):
        return text
    return "".join([cell.glyphs for cell in layout(text, base_direction(text) if base is None else base)])


def to_letters(text: str) -> str:
    """Return `text` with presentation forms as the letters they stand for.

    The Arabic keyboard of X11 types lam-alef as one such form, and what is copied from a terminal consists of
    them; kept as they are, nothing would find them again.
    """
    return _PRESENTATION.sub(lambda match: normalize("NFKC", match[0]), text)
