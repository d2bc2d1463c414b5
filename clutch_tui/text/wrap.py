"""Lines of a text that is edited: wrapped at blanks, each character on exactly one line.

Wrapping happens in logical order; what it returns is put in visual order line by line, each in the direction
of its paragraph. Widths are counted in cells by `measure`, since this layer knows no terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clutch_tui.text.bidi import Direction, base_direction

_WORD = re.compile(r"\s*\S+\s?|\s+")


@dataclass(frozen=True, slots=True)
class Line:
    """`text[start:end]` on one line. `ends_paragraph`: a line break or the end of the text follows, not a wrap."""

    start: int
    end: int
    base: Direction
    ends_paragraph: bool

    @property
    def last(self) -> int:
        """The last position of a cursor on this line; behind a wrapped line's last blank the next line begins."""
        return self.end if self.ends_paragraph else max(self.start, self.end - 1)


def wrap(text: str, width: int, screen: Direction, measure: Callable[[str], int]) -> list[Line]:
    """Return the lines of `text`; there is always one, and an empty one after each line break at the end."""
    lines: list[Line] = []
    start = 0
    for paragraph in text.split("\n"):
        base = base_direction(paragraph, screen) if paragraph else screen
        cuts = [start + cut for cut in _cuts(paragraph, max(1, width), measure)]
        for first, end in zip([start, *cuts], [*cuts, start + len(paragraph)], strict=True):
            lines.append(Line(first, end, base, end == start + len(paragraph)))
        start += len(paragraph) + 1
    return lines


def find_line(lines: list[Line], position: int) -> int:
    """Return the index of the line on which a cursor at `position` stands."""
    return max(k for k, line in enumerate(lines) if line.start <= position)


def _cuts(paragraph: str, width: int, measure: Callable[[str], int]) -> Iterator[int]:
    """Yield where a paragraph is wrapped: before words, and inside one that is wider than a line."""
    used = 0
    for match in _WORD.finditer(paragraph):
        word = match[0]
        if used and used + measure(word.rstrip()) > width:
            yield match.start()
            used = 0
        for k, character in enumerate(word):
            cells = measure(character)
            room = width + 1 if character.isspace() else width  # one blank may hang over the edge
            if used + cells > room:
                yield match.start() + k
                used = 0
            used += cells
