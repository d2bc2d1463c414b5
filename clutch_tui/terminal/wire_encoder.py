"""Cells of a row drawn in the fewest bytes: the shortest way there, the shortest change of pen, and runs of
blanks erased instead of written.

Nothing is taken for granted that another program on the same terminal may have changed between two frames: each
frame begins with an absolute move and a complete pen, and ends with the terminal's own pen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress
from operator import itemgetter, ne

from clutch_tui.terminal.cells import ATTRIBUTES, ON_BLANKS, PLAIN, Cell, Pen, Row

UNSET = -1
"""A column or a row of the cursor that is not known."""
_ERASE_FROM = 9
"""Blanks that are cheaper erased (up to 5 bytes) and passed over (up to 5) than written."""
_BRIDGE = 4
_glyphs = itemgetter(0)


class Encoder:
    """Writes one frame and remembers where that leaves the terminal's cursor and pen; -1 is not known."""

    def __init__(self, erases: bool) -> None:
        self.out: list[str] = []
        self._erases = erases
        self._x = self._y = UNSET
        self._pen: Pen | None = None

    def finish(self) -> str:
        if self._pen is not None and self._pen != PLAIN:
            self.out.append("\x1b[m")
        return "".join(self.out)

    def scroll(self, top: int, bottom: int, by: int) -> None:
        """Move the rows of a region up by `by`; what becomes free is blank, in the terminal's own colours."""
        count = "" if abs(by) == 1 else abs(by)
        self._take(PLAIN)
        self.out.append(f"\x1b[{top + 1};{bottom + 1}r\x1b[{top + 1}H\x1b[{count}{'M' if by > 0 else 'L'}\x1b[r")
        self._x = self._y = UNSET  # home, says the standard; not everybody does

    def draw_row(self, y: int, new: Row, old: Row) -> None:
        """Draw the cells of a row that differ; or erase first what will mostly be blank, if that is shorter."""
        changed = list(map(ne, new, old))
        if True not in changed:
            return
        start = len(self.out)
        before = self._x, self._y, self._pen
        self._draw_cells(y, new, changed)
        if (blank := self._mostly(new, changed)) is None:
            return
        drawn, after = self.out[start:], (self._x, self._y, self._pen)
        del self.out[start:]
        self._x, self._y, self._pen = before
        self._erase_and_draw(y, new, changed, blank)
        if _size("".join(self.out[start:])) >= _size("".join(drawn)):
            self.out[start:] = drawn
            self._x, self._y, self._pen = after

    def _mostly(self, new: Row, changed: list[bool]) -> Cell | None:
        """The blank of which so many are to be drawn between others that erasing them first may be worth it."""
        if not self._erases:
            return None
        end = min(_ends(changed)[1], self._blank_tail(new))
        for cell, count in Counter(compress(new[:end], changed)).most_common(2):
            if count >= _ERASE_FROM and self._is_erasable(cell):
                return cell
        return None

    def _erase_and_draw(self, y: int, new: Row, changed: list[bool], blank: Cell) -> None:
        first, end = _ends(changed)
        while not new[first][0]:
            first -= 1
        self._go(first, y, new)
        self._take_for_blank(blank[1])
        to_the_end = all(cell == blank for cell in new[end:])
        self.out.append("\x1b[K" if to_the_end else f"\x1b[{end - first}X")
        self._draw_cells(y, new, [first <= x < end and cell != blank for x, cell in enumerate(new)])

    def _draw_cells(self, y: int, new: Row, changed: list[bool]) -> None:
        if True not in changed:
            return
        x, end = _ends(changed)
        tail = self._blank_tail(new)
        while x < end:
            x = changed.index(True, x)
            while x and not new[x][0]:  # the right half of a wide character comes with its left
                x -= 1
                changed[x] = True
            self._go(x, y, new)
            x = self._draw_run(x, end, tail, new, changed)
            if x >= len(new):
                self._x = UNSET

    def _blank_tail(self, row: Row) -> int:
        """Return where the blanks that can be erased at the end of a row begin."""
        x, last = len(row), row[-1]
        if self._is_erasable(last):
            while x and row[x - 1] == last:
                x -= 1
        return x

    def _is_erasable(self, cell: Cell) -> bool:
        text, pen = cell
        return text == " " and not pen.attributes and (self._erases or not pen.background)

    def _draw_run(self, x: int, end: int, tail: int, row: Row, changed: list[bool]) -> int:
        """Draw from `x` until a cell that need not be drawn, or until the cursor's place is lost; return where."""
        while x < end and changed[x]:
            text, pen = row[x]
            if text == " ":
                if x >= tail and end - x > len("\x1b[K"):
                    self._take_for_blank(pen)
                    self.out.append("\x1b[K")
                    return end
                stop = self._end_of_blanks(x, end, row, changed)
                self._take_for_blank(pen)
                if stop - x >= _ERASE_FROM and self._erases and not pen.attributes:
                    self.out.append(f"\x1b[{stop - x}X")
                    return stop
                self.out.append(" " * (stop - x))
                self._x += stop - x
                x = stop
                continue
            self._take(pen)
            if len(text) > 1 or (x + 1 < len(row) and not row[x + 1][0]):
                # terminals differ in how wide such a character is: whatever follows is put in its place anew
                self.out.append(text)
                self._x = UNSET
                return x + 2 if x + 1 < len(row) and not row[x + 1][0] else x + 1
            stop = self._end_of_letters(x, end, row, changed)
            self.out += map(_glyphs, row[x:stop])
            self._x += stop - x
            x = stop
        return x

    def _end_of_letters(self, x: int, end: int, row: Row, changed: list[bool]) -> int:
        """Behind the simple letters of one pen that begin at `x`."""
        pen = row[x][1]
        for stop in range(x + 1, end):
            text, other = row[stop]
            if not changed[stop] or len(text) != 1 or text == " " or (other is not pen and other != pen):
                return stop
            if stop + 1 < len(row) and not row[stop + 1][0]:
                return stop  # the left half of a wide one
        return end

    def _end_of_blanks(self, x: int, end: int, row: Row, changed: list[bool]) -> int:
        """Behind the last blank to be drawn of those that begin at `x`; some between may stand there already."""
        cell, stop = row[x], x + 1
        for other in range(stop, end):
            if row[other] != cell:
                break
            if changed[other]:
                stop = other + 1
        return stop

    def _go(self, x: int, y: int, row: Row) -> None:
        """Move the cursor to a cell of `row`, which is row `y`: the shortest way, or over what stands between."""
        if (self._x, self._y) == (x, y):
            return
        way = shortest_move(self._x, self._y, x, y)
        if self._y == y and self._x != UNSET and 0 < x - self._x <= _BRIDGE:
            bridge = self._bridge(row[self._x : x])
            if bridge and _size(bridge) <= len(way):
                way = bridge
        self.out.append(way)
        self._x, self._y = x, y

    def _bridge(self, cells: Sequence[Cell]) -> str:
        """Return what stands between here and there, if writing it again needs no other pen; else nothing."""
        for text, pen in cells:
            if len(text) != 1 or (pen != self._pen and not (text == " " and self._shows_blank(pen))):
                return ""
        return "".join([text for text, _ in cells])

    def _take(self, pen: Pen) -> None:
        if pen is not self._pen and pen != self._pen:
            self.out.append(change_of_pen(self._pen, pen))
            self._pen = pen

    def _take_for_blank(self, pen: Pen) -> None:
        """Take a pen that draws the blank of `pen`: colour and weight of letters may stay as they are."""
        if self._shows_blank(pen):
            return
        if self._pen is None or pen.attributes:
            self._take(pen)
        else:
            self._take(Pen(self._pen.foreground, pen.background, self._pen.attributes & ~ON_BLANKS))

    def _shows_blank(self, pen: Pen) -> bool:
        now = self._pen
        if now is None or pen.attributes:
            return now == pen
        return now.background == pen.background and not now.attributes & ON_BLANKS


def _ends(changed: list[bool]) -> tuple[int, int]:
    """The first cell to draw, and behind the last."""
    return changed.index(True), len(changed) - changed[::-1].index(True)


@lru_cache(4096)
def shortest_move(from_x: int, from_y: int, x: int, y: int) -> str:
    """Return the shortest sequence that moves the cursor; -1 is a column or a row that is not known."""
    ways = [f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"]
    if from_y == y:
        ways.append(f"\x1b[{x + 1}G" if x else "\r")
        if from_x != UNSET:
            ways.append(_step(x - from_x, "C", "D"))
    elif from_y != UNSET:
        if x == 0 and y == from_y + 1:
            ways.append("\r\n")
        elif x == from_x:
            ways += f"\x1b[{y + 1}d", _step(y - from_y, "B", "A")
    return min(ways, key=len)


def _step(count: int, forwards: str, backwards: str) -> str:
    """A relative move; one column back is a byte."""
    if count == -1 and backwards == "D":
        return "\b"
    size = "" if abs(count) == 1 else abs(count)
    return f"\x1b[{size}{forwards if count > 0 else backwards}"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


@lru_cache(4096)
def change_of_pen(old: Pen | None, new: Pen) -> str:
    """Return the shortest sequence that makes one pen of another; from None, whatever it was."""
    colours = [code for code in (new.foreground, new.background) if code]
    whole = ["0", *_attribute_codes(new.attributes), *colours] if colours or new.attributes else [""]
    if old is None:
        return f"\x1b[{';'.join(whole)}m"
    gone = old.attributes & ~new.attributes
    ends = {one.off for n, one in enumerate(ATTRIBUTES) if gone >> n & 1}
    again = sum(1 << n for n, one in enumerate(ATTRIBUTES) if one.off in ends)  # 22 ends bold and dim alike
    steps = [*sorted(ends), *_attribute_codes(new.attributes & (~old.attributes | again))]
    if new.foreground != old.foreground:
        steps.append(new.foreground or "39")
    if new.background != old.background:
        steps.append(new.background or "49")
    return min(f"\x1b[{';'.join(steps)}m", f"\x1b[{';'.join(whole)}m", key=len)


def _attribute_codes(attributes: int) -> list[str]:
    return [one.on for n, one in enumerate(ATTRIBUTES) if attributes >> n & 1]
