"""What stands on a terminal, and the fewest bytes that turn it into what is to stand there.

Rows that moved are moved by the terminal (DL and IL inside a scroll region: the Linux console and many others
have no SU and SD); of the rest only cells that differ are drawn (`wire_encoder`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter, ne

from clutch_tui.terminal.cells import PLAIN, UNKNOWN, Cell, Row
from clutch_tui.terminal.wire_encoder import Encoder

_CLEAR_MODES = "\x1b[?6l\x1b[r\x1b[4l\x1b[?7l\x1b(B\x0f"
"""Origin mode, scroll region, insert mode, wrapping and character set as drawing needs them."""
_SCROLL_FROM = 4
"""Rows that must have changed before it is asked whether they moved."""
_SCROLL_GAIN = 24
"""Cells that must be spared by moving rows: about the bytes that the move costs."""
_TWICE = -1
_glyphs = itemgetter(0)


class Front:
    """What stands on the terminal, cell by cell, and where its cursor was left.

    `erases`: whether erased cells take the background of the pen (terminfo's bce). Where they take the terminal's
    own, coloured blanks are written.
    """

    def __init__(self, width: int, height: int, *, erases: bool = True) -> None:
        self.width, self.height = width, height
        self.erases = erases
        self.cursor: tuple[int, int] | None = None
        self.rows: list[Row] = []
        self._is_lost = True
        self.forget()

    def forget(self) -> None:
        """From now on nothing is known of the terminal: every cell that is to be drawn differs."""
        self.rows = [[UNKNOWN] * self.width for _ in range(self.height)]
        self.cursor = None
        self._is_lost = True

    def differs(self, rows: Mapping[int, Row]) -> bool:
        """Tell whether one of these rows is not what stands there."""
        return any(row != self.rows[y] for y, row in rows.items())

    def turn_into(self, rows: Mapping[int, Row]) -> str:
        """Return what the terminal must be sent so that these rows stand there; from now on they do."""
        encoder = Encoder(self.erases)
        if self._is_lost:
            encoder.out.append(_CLEAR_MODES)
            self._is_lost = False
        wanted = {y: row for y, row in rows.items() if row != self.rows[y]}
        if len(wanted) >= _SCROLL_FROM and (scroll := find_scroll(self.rows, wanted)):
            top, bottom, by = scroll
            wanted = {y: self.rows[y] for y in range(top, bottom + 1)} | wanted
            self._move(top, bottom, by)
            encoder.scroll(top, bottom, by)
        for y in sorted(wanted):
            encoder.draw_row(y, wanted[y], self.rows[y])
            self.rows[y] = wanted[y]
        return encoder.finish()

    def _move(self, top: int, bottom: int, by: int) -> None:
        kept = self.rows[top : bottom + 1]
        empty: list[Row] = [[(" ", PLAIN)] * self.width for _ in range(abs(by))]
        self.rows[top : bottom + 1] = kept[by:] + empty if by > 0 else empty + kept[:by]


def find_scroll(old: Sequence[Row], wanted: Mapping[int, Row]) -> tuple[int, int, int] | None:
    """Find rows that moved: the first and the last row of the region, and by how many rows it moved upwards.

    Rows are recognised by a third of their text, so that a scroll bar or a list at one side does not hide what
    the other side did. A move is only taken if fewer cells are left to draw after it.
    """
    span = range(min(wanted), max(wanted) + 1)
    before = {y: _thirds(old[y]) for y in span}
    after = {y: _thirds(row) for y, row in wanted.items()}
    places: dict[tuple[int, str], int] = {}
    for y in span:
        for third in before[y]:
            places[third] = _TWICE if third in places else y  # text that stands twice says nothing
    votes: Counter[int] = Counter()
    for y, thirds in after.items():
        votes.update({places[third] - y for third in thirds if places.get(third, _TWICE) not in (_TWICE, y)})
    if not votes:
        return None
    by = votes.most_common(1)[0][0]
    moved = [y for y in wanted if y + by in span and not before[y + by].isdisjoint(after[y])]
    top, bottom = min(moved) + min(by, 0), max(moved) + max(by, 0)
    if any(UNKNOWN in old[y] for y in range(top, bottom + 1)):
        return None  # nobody could draw it again where it would come to stand
    gain = 0
    for y in range(top, bottom + 1):
        new = wanted.get(y, old[y])
        came: Sequence[Cell] = old[y + by] if top <= y + by <= bottom else [(" ", PLAIN)] * len(new)
        gain += sum(map(ne, new, old[y])) - sum(map(ne, new, came))
    return (top, bottom, by) if gain > _SCROLL_GAIN else None


def _thirds(row: Row) -> set[tuple[int, str]]:
    """The text of each third of a row, with its number; blank ones say nothing."""
    text = "".join(map(_glyphs, row))
    size = len(text) // 3 + 1
    thirds = ((n, text[n * size : (n + 1) * size]) for n in range(3))
    return {third for third in thirds if not third[1].isspace()}
