"""Whatever stands on a terminal is turned into whatever is wanted: held against pyte and a writer that knows
nothing but "go to the line, take the pen, write the character"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from clutch_tui.terminal.cells import ATTRIBUTES, PLAIN, UNKNOWN, Pen, Pens, Row, put
from clutch_tui.terminal.front_buffer import Front, find_scroll
from clutch_tui.terminal.wire_encoder import change_of_pen

WIDTH, HEIGHT = 24, 9

TEXTS = ("a", "bc", " ", "   ", " " * 12, "ﻓﻠﺘﺮ", "ﺯﻳﺖ 5", "بَ", "ـُّ", "中", "中文", "x漢y", "│", "──", "é", "0")
COLOURS = ("default", "red", "bright_blue", "color(120)", "#4fb3bf", "#10151a")
NAMES = ("bold", "dim", "italic", "underline", "reverse", "strike")

styles = st.none() | st.builds(
    lambda fg, bg, names: Style(color=fg, bgcolor=bg, **dict.fromkeys(names, True)),
    st.none() | st.sampled_from(COLOURS),
    st.none() | st.sampled_from(COLOURS),
    st.sets(st.sampled_from(NAMES), max_size=2),
)
pieces = st.lists(st.builds(Segment, st.sampled_from(TEXTS), styles), min_size=1, max_size=5)


@dataclass(frozen=True)
class Write:
    """Write pieces somewhere, as a widget that was drawn again does."""

    x: int
    y: int
    pieces: list[Segment]

    def change(self, rows: list[Row], pens: Pens) -> None:
        put(rows[self.y], self.x, self.pieces, WIDTH, pens)


@dataclass(frozen=True)
class Scroll:
    """Move the rows of a region, as a list does, and write what came in."""

    top: int
    size: int
    by: int
    pieces: list[Segment]

    def change(self, rows: list[Row], pens: Pens) -> None:
        region = [row.copy() for row in rows[self.top : self.top + self.size]]
        turned = region[self.by :] + region[: self.by]
        for row in turned[-self.by :] if self.by > 0 else turned[: -self.by]:
            put(row, 0, self.pieces, WIDTH, pens)
        rows[self.top : self.top + self.size] = turned


@dataclass(frozen=True)
class Clear:
    style: Style | None

    def change(self, rows: list[Row], pens: Pens) -> None:
        for row in rows:
            put(row, 0, [Segment(" " * WIDTH, self.style)], WIDTH, pens)


writes = st.builds(Write, st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), pieces)
scrolls = st.builds(Scroll, st.integers(0, 3), st.integers(3, 6), st.sampled_from((-2, -1, 1, 2)), pieces)
frames = st.lists(st.lists(writes | scrolls | st.builds(Clear, styles), min_size=1, max_size=6), min_size=1, max_size=5)


class ColourlessErasure(pyte.Screen):
    """A terminal whose erased cells have its own background."""

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        attributes, self.cursor.attrs = self.cursor.attrs, self.default_char
        super().erase_in_line(how, private)
        self.cursor.attrs = attributes

    def erase_characters(self, count: int | None = None) -> None:
        attributes, self.cursor.attrs = self.cursor.attrs, self.default_char
        super().erase_characters(count)
        self.cursor.attrs = attributes


class Glass:
    """A terminal in memory."""

    def __init__(self, screen: pyte.Screen | None = None) -> None:
        self.screen = screen or pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.Stream(self.screen)

    def feed(self, data: str) -> None:
        for y in range(HEIGHT):
            _ = self.screen.buffer[y]  # pyte does not move lines that it has never been asked for
        self._stream.feed(data)

    def cells(self) -> list[list[object]]:
        return [[_seen(self.screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def _seen(cell: pyte.screens.Char) -> object:
    """What one sees of a cell: of a blank neither the colour of its letter nor its weight."""
    if cell.data != " " or cell.underscore or cell.reverse or cell.strikethrough:
        return cell
    return cell.data, cell.bg


def naive(rows: Sequence[Row]) -> str:
    out = ["\x1b[?7l"]
    last: Pen | None = None
    for y, row in enumerate(rows):
        out.append(f"\x1b[{y + 1};1H")
        for text, pen in row:
            if pen != last:
                on = [one.on for n, one in enumerate(ATTRIBUTES) if pen.attributes >> n & 1]
                out.append(f"\x1b[{';'.join(['0', *on, *filter(None, (pen.foreground, pen.background))])}m")
                last = pen
            out.append(text)
    return "".join(out)


def blank_rows() -> list[Row]:
    return [[(" ", PLAIN)] * WIDTH for _ in range(HEIGHT)]


@pytest.mark.parametrize("erases", [True, False])
@settings(max_examples=80, deadline=None)
@given(frames=frames, colours=st.sampled_from(list(ColorSystem)))
def test_every_frame_is_what_a_full_redraw_gives(erases: bool, frames: list[list[Write]], colours: ColorSystem) -> None:
    pens, front = Pens(colours), Front(WIDTH, HEIGHT, erases=erases)
    glass = Glass(None if erases else ColourlessErasure(WIDTH, HEIGHT))
    rows = blank_rows()
    for frame in frames:
        for change in frame:
            change.change(rows, pens)
        glass.feed(front.turn_into({y: row.copy() for y, row in enumerate(rows)}))
        whole = Glass()
        whole.feed(naive(rows))
        assert glass.cells() == whole.cells()
        assert front.rows == rows
        assert front.turn_into(dict(enumerate(rows))) == ""


@settings(max_examples=40, deadline=None)
@given(frames=frames, touched=st.lists(st.sets(st.integers(0, HEIGHT - 1)), min_size=5, max_size=5))
def test_rows_that_are_not_in_a_frame_stay(frames: list[list[Write]], touched: list[set[int]]) -> None:
    """Rows that nobody has drawn since the screen was forgotten are not drawn from memory either."""
    pens, front, glass = Pens(ColorSystem.TRUECOLOR), Front(WIDTH, HEIGHT), Glass()
    rows, known = blank_rows(), blank_rows()
    for frame, ys in zip(frames, touched, strict=False):
        for change in frame:
            change.change(rows, pens)
        glass.feed(front.turn_into({y: rows[y].copy() for y in ys}))
        for y in ys:
            known[y] = rows[y].copy()
        whole = Glass()
        whole.feed(naive(known))
        assert glass.cells() == whole.cells()


pen_codes = st.sampled_from(("", "31", "38;5;120", "38;2;1;2;3"))
all_pens = st.builds(
    Pen,
    pen_codes,
    pen_codes.map(lambda code: code.replace("3", "4", 1)),
    st.integers(0, (1 << len(ATTRIBUTES)) - 1),
)


def apply_sgr(pen: Pen, sequence: str) -> Pen:
    """What a terminal makes of a pen change, by the standard; of two kinds of underline, 24 ends both."""
    match = re.fullmatch(r"\x1b\[([\d;]*)m", sequence)
    assert match, repr(sequence)
    codes = match[1].split(";")
    foreground, background, attributes = pen
    while codes:
        code = codes.pop(0)
        if code in ("", "0"):
            foreground = background = ""
            attributes = 0
        elif code in ("38", "48"):
            more, codes = (codes[:2], codes[2:]) if codes[0] == "5" else (codes[:4], codes[4:])
            colour = ";".join((code, *more))
            foreground, background = (colour, background) if code == "38" else (foreground, colour)
        elif code in ("31", "39"):
            foreground = "" if code == "39" else code
        elif code in ("41", "49"):
            background = "" if code == "49" else code
        else:
            for n, one in enumerate(ATTRIBUTES):
                if code == one.on:
                    attributes |= 1 << n
                elif code == one.off:
                    attributes &= ~(1 << n)
    return Pen(foreground, background, attributes)


@given(old=all_pens, new=all_pens)
def test_a_pen_becomes_another(old: Pen, new: Pen) -> None:
    if old != new:  # the encoder never asks for a pen that it has
        assert apply_sgr(old, change_of_pen(old, new)) == new
        assert len(change_of_pen(old, new)) <= len(change_of_pen(None, new))
    assert apply_sgr(old, change_of_pen(None, new)) == new


def test_each_attribute_of_rich_is_known_by_its_name_and_code() -> None:
    for one in ATTRIBUTES:
        assert Style(**{one.name: True}).render("x", color_system=ColorSystem.TRUECOLOR) == f"\x1b[{one.on}mx\x1b[0m"


@pytest.mark.parametrize("system", list(ColorSystem))
def test_pens_are_what_rich_draws(system: ColorSystem) -> None:
    style = Style(color="#4fb3bf", bgcolor="#10151a", bold=True)
    pen = Pens(system).of(style)
    assert pen is not None
    assert change_of_pen(None, pen).replace("[0;", "[") + "x\x1b[0m" == style.render("x", color_system=system)


# --- what it costs, byte by byte --------------------------------------------------------------------------


def drawn(*texts: str, style: Style | None = None) -> list[Row]:
    rows = blank_rows()
    for row, text in zip(rows, texts, strict=False):
        put(row, 0, [Segment(text.ljust(WIDTH), style)], WIDTH, Pens(ColorSystem.TRUECOLOR))
    return rows


def numbers(count: int) -> list[str]:
    """Lines that have nothing in common."""
    return [f"{7919**4 * (n + 11) % 10**15:015} {7907 * (n + 3):06}" for n in range(count)]


def step(before: list[Row], after: list[Row], *, erases: bool = True) -> str:
    front = Front(WIDTH, HEIGHT, erases=erases)
    front.turn_into(dict(enumerate(before)))
    return front.turn_into(dict(enumerate(after)))


def test_a_letter_is_a_move_a_pen_and_the_letter() -> None:
    assert step(drawn("abc"), drawn("abcd")) == "\x1b[1;4H\x1b[md"


def test_a_short_gap_is_written_again_a_long_one_passed_over() -> None:
    assert step(drawn("a12b"), drawn("c12d")) == "\x1b[1H\x1b[mc12d"
    assert step(drawn("a1234567b"), drawn("c1234567d")) == "\x1b[1H\x1b[mc\x1b[9Gd"


def test_blanks_at_the_end_are_erased_in_their_colour() -> None:
    blue = Style(bgcolor="#000080")
    assert step(drawn("a long line", style=blue), drawn("", style=blue)) == "\x1b[1H\x1b[0;48;2;0;0;128m\x1b[K\x1b[m"
    plain = step(drawn("a long line", style=blue), drawn("", style=blue), erases=False)
    assert plain == "\x1b[1H\x1b[0;48;2;0;0;128m" + " " * 11 + "\x1b[m"


def test_underlined_blanks_are_written() -> None:
    line = Style(underline=True)
    assert "\x1b[K" not in step(drawn("a long line"), drawn("", style=line))


def test_rows_that_move_are_moved_by_the_terminal() -> None:
    lines = numbers(HEIGHT + 1)
    sent = step(drawn(*lines[:HEIGHT]), drawn(*lines[1:]))
    assert sent.startswith(f"\x1b[m\x1b[1;{HEIGHT}r\x1b[1H\x1b[M\x1b[r")
    assert sent.endswith(lines[-1])
    assert len(sent) < 60
    back = step(drawn(*lines[1:]), drawn(*lines[:HEIGHT]))
    assert back.startswith(f"\x1b[m\x1b[1;{HEIGHT}r\x1b[1H\x1b[L\x1b[r")


def test_a_move_beside_something_that_stays_is_weighed() -> None:
    """Few rows move, all of the other half would have to be drawn again: it is not worth it."""
    right = [f"{n * 7919:>12}" for n in range(HEIGHT)]
    before = drawn(*(f"{left:<12}{one}" for left, one in zip("abcdefghi", right, strict=True)))
    after = drawn(*(f"{left:<12}{one}" for left, one in zip("bcdefghij", right, strict=True)))
    assert find_scroll(before, dict(enumerate(after))) is None


def test_nothing_unknown_is_moved() -> None:
    lines = numbers(HEIGHT + 1)
    before = drawn(*lines[:HEIGHT])
    before[4] = [UNKNOWN] * WIDTH
    assert find_scroll(before, dict(enumerate(drawn(*lines[1:])))) is None


def test_what_follows_a_character_of_uncertain_width_is_placed_anew() -> None:
    assert step(drawn(""), drawn("中x")) == "\x1b[1H\x1b[m中\x1b[3Gx"
    assert step(drawn(""), drawn("بَx")) == "\x1b[1H\x1b[mبَ\x1b[2Gx"


@pytest.mark.parametrize(
    ("x", "text"), [(0, "xy  文"), (1, " xy 文"), (2, "漢xy文"), (3, "漢 xy "), (4, "漢  xy"), (5, "漢   x")]
)
def test_half_a_wide_character_is_none(x: int, text: str) -> None:
    """Terminals blank the other half; so do we, whoever draws it."""
    row: Row = [(" ", PLAIN)] * 6
    put(row, 0, [Segment("漢  文")], 6, Pens(ColorSystem.TRUECOLOR))
    put(row, x, [Segment("xy" if x < 5 else "x")], 6, Pens(ColorSystem.TRUECOLOR))
    assert "".join(glyphs for glyphs, _ in row) == text


def test_a_wide_character_without_room_is_a_blank() -> None:
    row: Row = [(" ", PLAIN)] * 6
    put(row, 3, [Segment("a漢字")], 5, Pens(ColorSystem.TRUECOLOR))
    assert [glyphs for glyphs, _ in row] == [" ", " ", " ", "a", " ", " "]


def test_marks_sit_on_the_cell_before_and_only_once() -> None:
    row: Row = [(" ", PLAIN)] * 4
    pens = Pens(ColorSystem.TRUECOLOR)
    put(row, 0, [Segment("فِ"), Segment("\u0651ل")], 4, pens)
    assert [glyphs for glyphs, _ in row] == ["فِ\u0651", "ل", " ", " "]
    put(row, 1, [Segment("\u0651ل")], 4, pens)
    assert [glyphs for glyphs, _ in row] == ["فِ\u0651", "ل", " ", " "]


def test_what_a_server_sends_does_not_steer_the_terminal() -> None:
    row: Row = [(" ", PLAIN)] * 8
    put(row, 0, [Segment("a\x1b[2Jé\x9bm")], 8, Pens(ColorSystem.TRUECOLOR))
    assert "".join(glyphs for glyphs, _ in row) == "a[2Jém  "


def test_the_last_corner_does_not_scroll() -> None:
    rows = [[("x", PLAIN)] * WIDTH for _ in range(HEIGHT)]
    glass = Glass()
    glass.feed(Front(WIDTH, HEIGHT).turn_into(dict(enumerate(rows))))
    assert glass.screen.display == ["x" * WIDTH] * HEIGHT


def test_a_forgotten_screen_is_drawn_whole_whatever_state_the_terminal_is_in() -> None:
    lines = [f"line {n}" for n in range(HEIGHT)]
    front, glass = Front(WIDTH, HEIGHT), Glass()
    glass.feed(front.turn_into(dict(enumerate(drawn(*lines)))))
    glass.feed("\x1b[2J\x1b[3;5r\x1b[?6h\x1b[4h\x1b[7mwall: the system goes down")
    front.forget()
    glass.feed(front.turn_into(dict(enumerate(drawn(*lines)))))
    assert [line.rstrip() for line in glass.screen.display] == lines
    assert not any(glass.screen.buffer[y][x].reverse for y in range(HEIGHT) for x in range(WIDTH))
    assert glass.screen.margins is None
