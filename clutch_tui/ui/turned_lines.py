"""Trees and logs from right to left: Textual draws their lines from the left, whatever `text-align` says.

A finished line is turned as a whole: what fills it up goes to its left, the guides of a tree to its right, each with
its corner on the other side. Its text stays as it is, for the filter that orders it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

_TURNED = frozenset({"Tree", "RichLog", "Log"})
"""By name: importing them would cost the first frame of a program that shows none."""
_GUIDES = frozenset(" │║┃├╠┣└╚┗─═━▼▶")
_OTHER_SIDE = str.maketrans("├╠┣└╚┗▶", "┤╣┫┘╝┛◀")


def turned(widget: Widget) -> Callable[[Strip], Strip] | None:
    """Return how the lines of this widget are turned on a screen from right to left; None where they need not be."""
    return _turn if _is_turned(type(widget)) else None


@lru_cache(maxsize=256)
def _is_turned(kind: type[Widget]) -> bool:
    return any(ancestor.__name__ in _TURNED for ancestor in kind.__mro__)


def _turn(strip: Strip) -> Strip:
    cells = [Segment(character, style) for text, style, _ in strip for character in text]
    first = next((n for n, cell in enumerate(cells) if cell.text not in _GUIDES), len(cells))
    last = next((n for n in range(len(cells), first, -1) if cells[n - 1].text != " "), first)
    guides = [Segment(text.translate(_OTHER_SIDE), style) for text, style, _ in reversed(cells[:first])]
    return Strip(Segment.simplify([*cells[last:], *cells[first:last], *guides]))
