"""The last filters before a poor terminal: glyphs that it lacks are replaced, colours that nobody wants are left out.

Both see every line that any widget draws, after it was put in visual order, so no widget knows of them. A modal
screen draws the finished screen beneath it once more: what went through once comes out of a second time as it was.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as TerminalColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from clutch_tui.terminal.glyphs import Glyphs, drawable

BRIGHT = 0.4
"""Grounds from this brightness on are drawn reversed: cursor lines, selections, pressed buttons."""


def filters(glyphs: Glyphs) -> tuple[LineFilter, ...]:
    """Return what this terminal needs; on most nothing."""
    found: list[LineFilter] = [] if glyphs.beyond_ascii is None else [PlainGlyphs(glyphs.beyond_ascii)]
    return (*found, Colourless()) if glyphs.colourless else tuple(found)


class PlainGlyphs(LineFilter):
    """Draws with the characters that there are."""

    def __init__(self, beyond_ascii: frozenset[str]) -> None:
        super().__init__()
        self._beyond_ascii = beyond_ascii

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.control or segment.text.isascii() else self._replace(segment) for segment in segments
        ]

    def _replace(self, segment: Segment) -> Segment:
        return Segment(drawable(segment.text, self._beyond_ascii), segment.style)


class Colourless(LineFilter):
    """Draws with bold, underline and reverse alone, as `NO_COLOR` asks. Textual's own answer to it is grey, which
    is a colour to a terminal. Use it with the theme `themes.COLOURLESS`, whose grounds are black or white."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.style is None or segment.control else Segment(segment.text, _bare(segment.style))
            for segment in segments
        ]


@lru_cache(maxsize=1024)
def _bare(style: Style) -> Style:
    """The style without colours. What was a bright ground, or ink turned into one, is reversed."""
    ground = style.color if style.reverse else style.bgcolor
    reverse = bool(style.reverse) if ground is None or ground.is_default else _brightness(ground) >= BRIGHT
    bare: Style = style.without_color
    if style.meta:  # what a click on it means
        bare += Style.from_meta(style.meta)
    return bare + Style(reverse=reverse) if reverse or style.reverse else bare


def _brightness(color: TerminalColor) -> float:
    return Color.from_rich_color(color).brightness
