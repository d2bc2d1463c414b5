"""The cells of a terminal's screen: what stands in each, and how it is drawn.

A row is a list of cells. A cell is its characters (a letter with the marks that sit on it; empty for the right
half of a wide character) and the pen that drew them. Cells that look the same are equal: a blank keeps of its
pen only what is seen of it, so that a changed colour of letters that are not there costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from rich.cells import split_graphemes
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style


class Pen(NamedTuple):
    """How characters are drawn: SGR codes of both colours, empty for the terminal's own, and attributes.

    Bit n of `attributes` is `ATTRIBUTES[n]`.
    """

    foreground: str = ""
    background: str = ""
    attributes: int = 0


class Attribute(NamedTuple):
    """An attribute of Rich's style, the codes that begin and end it, and whether a blank shows it."""

    name: str
    on: str
    off: str
    on_blanks: bool = False


ATTRIBUTES = (
    Attribute("bold", "1", "22"),
    Attribute("dim", "2", "22"),
    Attribute("italic", "3", "23"),
    Attribute("underline", "4", "24", True),
    Attribute("blink", "5", "25"),
    Attribute("blink2", "6", "25"),
    Attribute("reverse", "7", "27", True),
    Attribute("conceal", "8", "28"),
    Attribute("strike", "9", "29", True),
    Attribute("underline2", "21", "24", True),
    Attribute("frame", "51", "54", True),
    Attribute("encircle", "52", "54", True),
    Attribute("overline", "53", "55", True),
)
ON_BLANKS = sum(1 << n for n, one in enumerate(ATTRIBUTES) if one.on_blanks)
"""The attributes that one sees where no letter stands."""

PLAIN = Pen()
Cell = tuple[str, Pen]
Row = list[Cell]
UNKNOWN: Cell = ("\0", PLAIN)
"""A cell that may hold anything: no cell that is to be drawn equals it."""

_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)])
_SPANS = 1024
"""Pieces of text whose cells are remembered; most of a screen is the same from frame to frame."""


class Pens:
    """The pens of Rich's styles for a terminal with these colours."""

    def __init__(self, colours: ColorSystem) -> None:
        self._colours = colours
        self._known: dict[Style | None, Pen] = {None: PLAIN}

    def of(self, style: Style | None) -> Pen | None:
        """Return the pen of a style; None for one that is more than a pen, such as a link."""
        pen = self._known.get(style)
        if pen is None and style is not None and not style.link:
            if len(self._known) > 4 * _SPANS:  # animated colours would fill it without end
                self._known = {None: PLAIN}
            pen = self._known[style] = Pen(
                self._codes(style.color, foreground=True),
                self._codes(style.bgcolor, foreground=False),
                sum(1 << n for n, one in enumerate(ATTRIBUTES) if getattr(style, one.name)),
            )
        return pen

    def _codes(self, colour: Color | None, *, foreground: bool) -> str:
        if colour is None or colour.is_default:
            return ""
        return ";".join(colour.downgrade(self._colours).get_ansi_codes(foreground))


def blank_of(pen: Pen) -> Cell:
    """Return the cell of a blank that this pen draws."""
    return (" ", pen) if pen.attributes & ON_BLANKS else (" ", Pen(background=pen.background))


@lru_cache(_SPANS)
def cells_of(text: str, pen: Pen) -> tuple[str, tuple[Cell, ...]]:
    """Return the cells of a text, before them the marks at its beginning that sit on the cell in front of it.

    Control characters are left out: what a server sends must not steer the terminal.
    """
    blank = blank_of(pen)
    if text.isascii() and text.isprintable():
        return "", tuple([blank if character == " " else (character, pen) for character in text])
    text = text.translate(_CONTROLS)
    marks, cells = "", list[Cell]()
    for start, end, width in split_graphemes(text)[0]:
        glyphs = text[start:end]
        if width == 0:
            marks += glyphs
        else:
            cells.append(blank if glyphs == " " else (glyphs, pen))
            if width == 2:
                cells.append(("", pen))
    return marks, tuple(cells)


def put(row: Row, x: int, segments: Iterable[Segment], limit: int, pens: Pens) -> bool:
    """Write segments into a row from column `x` up to, not including, `limit`.

    Returns False at the first segment that cannot be drawn in cells (a control code, a link); the row is of no
    use then.
    """
    _part_wide(row, x)
    for text, style, control in segments:
        pen = None if control else pens.of(style)
        if pen is None:
            return False
        marks, cells = cells_of(text, pen)
        if marks and x:
            _set_on(row, x - 1, marks)
        room = limit - x
        if len(cells) > room:
            cells = _cut(cells, max(room, 0))
        row[x : x + len(cells)] = cells
        x += len(cells)
    if x < len(row) and not row[x][0]:  # the left half of a wide character is written over: so is the right one
        row[x] = blank_of(row[x][1])
    return True


def _part_wide(row: Row, x: int) -> None:
    """Make blanks of both halves of a wide character that will be written over from its right half on."""
    if 0 < x < len(row) and not row[x][0]:
        row[x - 1] = row[x] = blank_of(row[x][1])


def _set_on(row: Row, x: int, marks: str) -> None:
    """Set marks on the character at `x`, once only: the same piece of a line may be written again without it."""
    while x and not row[x][0]:
        x -= 1
    glyphs, pen = row[x]
    if glyphs and not glyphs.endswith(marks):
        row[x] = (glyphs + marks, pen)


def _cut(cells: tuple[Cell, ...], room: int) -> tuple[Cell, ...]:
    """The first cells; of a wide character whose right half has no room, a blank is left."""
    kept = cells[:room]
    if kept and not cells[room][0]:
        return (*kept[:-1], blank_of(kept[-1][1]))
    return kept
