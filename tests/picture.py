"""A terminal's screen as a picture, cell by cell.

What pyte holds is what a terminal would show, Arabic joined and in visual order already, so each cell is drawn
where it stands, by its own glyph: no shaping, no second reordering, no browser. DejaVu Sans Mono has every form
of the Arabic letters at one width. Lines and blocks are drawn as shapes, since the font's own leave gaps.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pyte
from PIL import Image, ImageDraw, ImageFont
from pyte.screens import Char

CELL: Final = (12, 24)
FONT_SIZE: Final = 20
BASELINE: Final = 19
GROUND, TEXT = "#10151a", "#e6e6e6"
"""What the terminal has where the program sets no colour."""

NAMED = {
    "black": "#000000", "red": "#cd3131", "green": "#0dbc79", "brown": "#e5e510", "blue": "#2472c8",
    "magenta": "#bc3fbc", "cyan": "#11a8cd", "white": "#e5e5e5", "brightblack": "#666666", "brightred": "#f14c4c",
    "brightgreen": "#23d18b", "brightbrown": "#f5f543", "brightblue": "#3b8eea", "brightmagenta": "#d670d6",
    "brightcyan": "#29b8db", "brightwhite": "#ffffff",
}  # fmt: skip

# arms to the left, right, up and down; rounded corners are drawn square
LINES = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "rud", "┤": "lud", "┬": "lrd",
    "┴": "lru", "┼": "lrud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "╴": "l", "╶": "r", "╵": "u", "╷": "d",
}  # fmt: skip
# eighths of the cell: left, top, right, bottom
BLOCKS = {
    "█": (0, 0, 8, 8), "▀": (0, 0, 8, 4), "▄": (0, 4, 8, 8), "▌": (0, 0, 4, 8), "▐": (4, 0, 8, 8), "▔": (0, 0, 8, 1),
    "▁": (0, 7, 8, 8), "▂": (0, 6, 8, 8), "▃": (0, 5, 8, 8), "▅": (0, 3, 8, 8), "▆": (0, 2, 8, 8), "▇": (0, 1, 8, 8),
    "▊": (0, 0, 6, 8), "▋": (0, 0, 5, 8), "▉": (0, 0, 7, 8), "▍": (0, 0, 3, 8), "▎": (0, 0, 2, 8), "▏": (0, 0, 1, 8),
    "▕": (7, 0, 8, 8),
}  # fmt: skip

COLOURS = 256

Box = tuple[int, int, int, int]


def draw(screen: pyte.Screen) -> Image.Image:
    """The screen as it stands, with a palette of its own so that the file stays small."""
    width, height = CELL
    picture = Image.new("RGB", (screen.columns * width, screen.lines * height), GROUND)
    pen = ImageDraw.Draw(picture)
    for y in range(screen.lines):
        for x in range(screen.columns):
            _draw_cell(pen, screen.buffer[y][x], (x * width, y * height, (x + 1) * width, (y + 1) * height))
    if not screen.cursor.hidden:
        left, top = screen.cursor.x * width, screen.cursor.y * height
        pen.rectangle((left, top + height - 3, left + width - 1, top + height - 1), fill=TEXT)
    return _in_palette(picture)


def _in_palette(picture: Image.Image) -> Image.Image:
    """A quarter of the size, and the grounds exactly as they are: the commonest colours stand for their neighbours."""
    counted: list[Any] = list(picture.getcolors(picture.width * picture.height) or ())
    commonest = [colour for _, colour in sorted(counted, reverse=True, key=lambda one: one[0])[:COLOURS]]
    palette = Image.new("P", (1, 1))
    palette.putpalette(b"".join(bytes(colour) for colour in commonest))
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def _draw_cell(pen: ImageDraw.ImageDraw, cell: Char, box: Box) -> None:
    left, top, right, bottom = box
    ink, ground = _colour(cell.fg, TEXT), _colour(cell.bg, GROUND)
    if cell.reverse:
        ink, ground = ground, ink
    if ground != GROUND:
        pen.rectangle((left, top, right - 1, bottom - 1), fill=ground)
    glyph = cell.data
    if glyph in LINES:
        _draw_lines(pen, LINES[glyph], box, ink)
    elif glyph in BLOCKS:
        _draw_block(pen, BLOCKS[glyph], box, ink)
    elif glyph.strip():
        for character in glyph:  # a letter, and marks that sit on it
            pen.text((left, top + BASELINE), character, fill=ink, font=_font(cell.bold), anchor="ls")
    if cell.underscore:
        pen.line((left, bottom - 3, right - 1, bottom - 3), fill=ink)


def _draw_lines(pen: ImageDraw.ImageDraw, arms: str, box: Box, ink: str) -> None:
    left, top, right, bottom = box
    x, y = (left + right) // 2, (top + bottom) // 2
    ends = {"l": (left, y), "r": (right - 1, y), "u": (x, top), "d": (x, bottom - 1)}
    for arm in arms:
        pen.line((x, y, *ends[arm]), fill=ink, width=1)


def _draw_block(pen: ImageDraw.ImageDraw, eighths: Box, box: Box, ink: str) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    one, two, three, four = eighths
    pen.rectangle(
        (left + one * width // 8, top + two * height // 8, left + three * width // 8 - 1, top + four * height // 8 - 1),
        fill=ink,
    )


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return NAMED.get(name) or f"#{name}"


@lru_cache(maxsize=2)
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    """DejaVu Sans Mono, from the machine (Debian: fonts-dejavu-core). The basic layout engine: the other one,
    where it is there, would join and turn what is joined and turned already."""
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    return ImageFont.truetype(name, FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def save(screen: pyte.Screen, path: Path) -> None:
    """Write the picture of a screen as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(screen).save(path, optimize=True)
