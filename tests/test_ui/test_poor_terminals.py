"""Poor terminals: no UTF-8, no Arabic font, sixteen colours or none, no mouse, 80x24. Real ones, through a pty."""

from __future__ import annotations

import ctypes
import re
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from clutch_tui.core import inventory
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from clutch_tui.terminal import glyphs, plain_lines
from clutch_tui.terminal.glyphs import FORMS, Glyphs, drawable, find
from clutch_tui.text import strings
from clutch_tui.ui import themes
from tests.terminal import Terminal

from .shop_app import Shop

BLACK = Color.parse("black")
ROOM = {"LANG": "C.UTF-8", "LC_ALL": "", "LC_CTYPE": ""}


@contextmanager
def shop_in(folder: Path, **environment: str) -> Iterator[Terminal]:
    """The whole program over a shop with three parts, at 80x24."""
    with Shop(folder).store as store:
        store.run_now(inventory.create, PartDraft(name="فلتر زيت تويوتا", part_number="AR-1", price=100), whole(1))
    # the shop is made plain: that it is being encrypted would be said over what is looked at
    environment = {"CLUTCH_HOME": str(folder), "CLUTCH_DATABASE__ENCRYPTION": "false", **ROOM, **environment}
    with Terminal([sys.executable, "-m", "clutch_tui"], env=environment) as terminal:
        yield terminal


HELP = "the marked line becomes 3"
"""In the first sentence of the till's help, which stands there however long the rest is."""


def through(terminal: Terminal) -> None:
    """Search, sell, menu, help: what draws frames, marks, bars and lists."""
    terminal.wait_for("Working alone")
    terminal.press("f", "i", "l")
    terminal.wait_for("Oil filter Toyota")
    terminal.press("enter")
    terminal.wait_for("To pay: 125.00")
    terminal.press("f9")
    terminal.wait_for("Suppliers")
    close(terminal, "Suppliers")
    terminal.press("f1")
    terminal.wait_for(HELP)


def close(terminal: Terminal, shown: str) -> None:
    """Escape from a dialog, and wait until what it showed is gone: a key too early would become Alt and that key."""
    terminal.press("escape")
    terminal.wait_for(lambda terminal: not terminal.shows(shown))


# --- what is found out ----------------------------------------------------------------------------------


def nothing() -> frozenset[str] | None:
    return None


@pytest.mark.parametrize(
    ("environment", "lack"),
    [
        ({"LANG": "ar_EG.UTF-8"}, None), ({"LANG": "C.utf8"}, None), ({}, None), ({"LC_CTYPE": "UTF-8"}, None),
        ({"LANG": "C"}, "not_utf8"), ({"LANG": "POSIX"}, "not_utf8"), ({"LANG": "en_US"}, "not_utf8"),
        ({"LANG": "ar_EG.ISO-8859-6"}, "not_utf8"), ({"LANG": "C.UTF-8", "LC_ALL": "C"}, "not_utf8"),
        ({"LANG": "C", "LC_ALL": "en_GB.UTF-8"}, None), ({"LANG": "C.UTF-8", "LC_CTYPE": "C"}, "not_utf8"),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, "no_arabic"), ({"LANG": "C", "TERM": "linux"}, "not_utf8"),
    ],
)  # fmt: skip
def test_the_locale_decides_and_then_the_font(environment: dict[str, str], lack: str | None) -> None:
    found = find("auto", environment, nothing, lambda: environment)
    assert found.lack == lack
    assert found.language("ar") == ("ar" if lack is None else "en")
    assert found.language("en") == "en"


def test_what_python_sets_for_itself_is_no_ones_wish() -> None:
    coerced = {"LANG": "C", "LC_CTYPE": "C.UTF-8"}
    assert find("auto", coerced, nothing, lambda: {"LANG": "C"}).lack == "not_utf8"
    assert find("auto", coerced, nothing, lambda: coerced).lack is None


def test_the_setting_wins_over_all_looking() -> None:
    console = {"LANG": "C", "TERM": "linux"}
    assert find("arabic", console, nothing) == Glyphs(locale="C")
    assert find("latin", {}, nothing).lack == "no_arabic"
    assert find("ascii", {}, nothing).beyond_ascii == frozenset()


def test_a_console_with_an_arabic_font_speaks_arabic() -> None:
    environment = {"LANG": "C.UTF-8", "TERM": "linux"}
    whole = find("auto", environment, lambda: FORMS | {"│"}, dict)
    assert (whole.lack, whole.language("ar"), whole.digits("arabic")) == (None, "ar", "western")
    assert find("auto", environment, lambda: FORMS | glyphs.ARABIC_DIGITS, dict).digits("arabic") == "arabic"
    assert find("auto", environment, lambda: FORMS - {"\ufefc"}, dict).lack == "no_arabic"


def test_the_kernel_is_asked_for_the_font(monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl
    import os

    def answer(descriptor: int, request: int, argument: bytearray, mutate: bool) -> int:
        room, address = struct.unpack("@HP", argument)
        assert (request, room, mutate) == (0x4B66, 0xFFFF, True)
        pairs = (ctypes.c_ushort * 4).from_address(address)
        pairs[:] = [ord("A"), 65, ord("│"), 179]
        struct.pack_into("@H", argument, 0, 2)
        return 0

    monkeypatch.setattr(os, "open", lambda path, flags: os.dup(2))
    monkeypatch.setattr(fcntl, "ioctl", answer)
    assert glyphs.console_font() == {"A", "│"}


@pytest.mark.parametrize(
    ("environment", "number"),
    [
        ({"TERM": "xterm"}, 16), ({"TERM": "linux"}, 16), ({"TERM": "xterm-256color"}, 256), ({"TERM": "dumb"}, 0),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 1 << 24), ({"TERM": "xterm", "NO_COLOR": "1"}, 0),
        ({"TERM": "xterm", "NO_COLOR": ""}, 16), ({}, 0),
    ],
)  # fmt: skip
def test_how_many_colours_there_are(environment: dict[str, str], number: int) -> None:
    assert glyphs.colours(environment) == number


# --- what is drawn instead ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("│ ╭──╮ ▌", "| +--+ |"), ("• • …", "* * ."), ("↑ ↓ → ←", "^ v > <"), ("Café 150×2", "Cafe 150x2"),
        ("محمد علي، ٤٢", "m7md 3ly, 42"), ("日本", "????"), ("a\u2066b\u2069c", "abc"), ("1\u00a0000", "1 000"),
        ("€", "?"), ("▁▂▃▄▅▆▇█", "__--==##"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_everything_has_its_likeness_in_ascii(text: str, seen: str) -> None:
    assert drawable(text, frozenset()) == seen


def test_every_frame_and_block_has_its_likeness_and_keeps_its_width() -> None:
    from rich.cells import cell_len

    for code in (*range(0x2500, 0x25A0), *range(0x2190, 0x2194)):
        seen = drawable(chr(code), frozenset())
        assert seen.isascii()
        assert len(seen) == cell_len(chr(code))
    frames = "".join(map(chr, range(0x2500, 0x2580))).translate(dict.fromkeys(map(ord, "╱╲╳")))
    assert "?" not in drawable(frames, frozenset())


def test_what_the_font_has_is_drawn() -> None:
    filter_ = plain_lines.PlainGlyphs(frozenset("│é"))
    (drawn,) = filter_.apply([Segment("│é•", Style(bold=True))], BLACK)
    assert drawn == Segment("│é*", Style(bold=True))


def test_without_colours_a_bright_ground_is_reversed_and_twice_is_once() -> None:
    cursor = Style(color="black", bgcolor="#ffffff", bold=True)
    written = Style(color="#ffffff", bgcolor="#000000", reverse=True)
    plain = Style(color="#e0e0e0", bgcolor="#101010", underline=True)
    once = plain_lines.Colourless().apply([Segment("x", style) for style in (cursor, written, plain)], BLACK)
    assert [segment.style for segment in once] == [
        Style(bold=True, reverse=True),
        Style(reverse=True),
        Style(underline=True),
    ]
    assert plain_lines.Colourless().apply(once, BLACK) == once


def test_a_style_without_colours_still_knows_what_a_click_means() -> None:
    style = Style(color="red", meta={"row": 3})
    (bare,) = plain_lines.Colourless().apply([Segment("x", style)], BLACK)
    assert bare.style is not None
    assert (bare.style.meta, bare.style.color) == ({"row": 3}, None)


# --- the program in such terminals ----------------------------------------------------------------------


def test_without_utf8_only_ascii_is_written(tmp_path: Path) -> None:
    with shop_in(tmp_path, LANG="C") as terminal:
        terminal.wait_for("This terminal's letters are not UTF-8 (LANG=C)")
        terminal.wait_for("Working alone")
        terminal.press("a", "r", "-", "1")
        terminal.wait_for("fltr zyt twywta")  # a part that has no English name
        terminal.press(*["backspace"] * 4)
        through(terminal)
        close(terminal, HELP)
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert sorted({one for one in terminal.output if not one.isascii()}) == []
    assert not (tmp_path / "config.toml").exists()  # the setting stays what it was


def test_the_linux_console_starts_in_english_and_says_why(tmp_path: Path) -> None:
    with shop_in(tmp_path, TERM="linux", COLORTERM="") as terminal:
        terminal.wait_for("font has no Arabic")
        assert terminal.shows("setfont Arabic-Fixed16")
        through(terminal)
        assert "─" in terminal.text
        assert not re.search("[\u0600-\u06ff\ufe70-\ufefc]", terminal.output)
    with shop_in(tmp_path / "told", TERM="linux", COLORTERM="", CLUTCH_TEXT__LETTERS="arabic") as terminal:
        terminal.wait_for("المبيعات")


_SGR = re.compile(r"\x1b\[([0-9;:]*)m")


def test_no_color_means_no_colour(tmp_path: Path) -> None:
    with shop_in(tmp_path, NO_COLOR="1", CLUTCH_LANG="en") as terminal:
        through(terminal)
        codes = {int(code) for sequence in _SGR.findall(terminal.output) for code in re.split("[;:]", sequence) if code}
        assert codes <= {0, 1, 2, 3, 4, 7, 22, 23, 24, 27}
        close(terminal, HELP)
        terminal.press("f", "i", "l")
        terminal.wait_for(lambda terminal: any("OF-100" in line for line in terminal.screen.display))
        row = next(y for y in range(24) if "OF-100" in terminal.line(y))
        assert terminal.screen.buffer[row][0].reverse


_VGA = {
    "black": 0x000000, "red": 0xAA0000, "green": 0x00AA00, "brown": 0xAA5500, "blue": 0x0000AA,
    "magenta": 0xAA00AA, "cyan": 0x00AAAA, "white": 0xAAAAAA, "brightblack": 0x555555, "brightred": 0xFF5555,
    "brightgreen": 0x55FF55, "brightbrown": 0xFFFF55, "brightblue": 0x5555FF, "brightmagenta": 0xFF55FF,
    "bfightmagenta": 0xFF55FF,  # so pyte calls it
    "brightcyan": 0x55FFFF, "brightwhite": 0xFFFFFF,
}  # fmt: skip


def contrast(ink: str, ground: str) -> float:
    one, other = sorted((_luminance(_VGA[ink]), _luminance(_VGA[ground])), reverse=True)
    return (one + 0.05) / (other + 0.05)


def _luminance(colour: int) -> float:
    parts = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["clutch-dark", "clutch-light"])
@pytest.mark.parametrize("term", ["xterm", "linux"])
def test_sixteen_colours_can_be_read(tmp_path: Path, theme: str, term: str) -> None:
    with shop_in(tmp_path, TERM=term, COLORTERM="", CLUTCH_UI__THEME=theme, CLUTCH_LANG="en") as terminal:
        terminal.wait_for("Working alone")
        terminal.press("f", "i", "l")
        terminal.wait_for("Oil filter Toyota")
        cells = [cell for row in terminal.screen.buffer.values() for cell in row.values() if cell.data.strip()]
        pairs = {(cell.bg, cell.fg) if cell.reverse else (cell.fg, cell.bg) for cell in cells}
        assert len(pairs) > 4
        unreadable = {pair for pair in pairs if contrast(*pair) < 3}
        assert not unreadable
        assert not re.search(r"\x1b\[[0-9;]*[34]8[;:]", terminal.output)


def test_themes_for_few_colours_keep_to_their_side() -> None:
    for wanted, found in ((themes.DARK, themes.SIXTEEN), (themes.LIGHT, themes.SIXTEEN_LIGHT)):
        assert themes.suitable(wanted.name, "standard") == found.name
        assert themes.suitable(wanted.name, "truecolor") == wanted.name
        assert themes.suitable(wanted.name, "truecolor", colourless=True) == themes.COLOURLESS.name
    for theme in (themes.SIXTEEN, themes.SIXTEEN_LIGHT):
        for ink in ("primary", "secondary", "accent", "warning", "error", "success", "foreground"):
            colour = getattr(theme, ink)
            assert int(colour[1:], 16) in _VGA.values(), f"{theme.name}: {ink}"


def test_everything_fits_and_nothing_moves(tmp_path: Path) -> None:
    """80x24, mouse off: no mode of the mouse is asked for, no animation, and an idle screen writes nothing."""
    with shop_in(tmp_path, CLUTCH_UI__MOUSE="false", TEXTUAL_ANIMATIONS="", CLUTCH_LANG="en") as terminal:
        through(terminal)
        close(terminal, HELP)
        assert "F10" in terminal.line(23) + terminal.line(22)
        for _ in range(20):  # what a busy machine draws late is no cursor that blinks: that goes on for ever
            terminal.settle(0.5)
            written = len(terminal.output)
            terminal.settle(1.2, 1.2)  # longer than a cursor blinks
            if len(terminal.output) == written:
                break
        assert len(terminal.output) == written
        assert not re.search(r"\x1b\[\?100[0-36]h", terminal.output)


# --- no emoji -------------------------------------------------------------------------------------------

_EMOJI = """
231A-231B 23E9-23EC 23F0 23F3 25FD-25FE 2614-2615 2648-2653 267F 2693 26A1 26AA-26AB 26BD-26BE 26C4-26C5 26CE 26D4
26EA 26F2-26F3 26F5 26FA 26FD 2705 270A-270B 2728 274C 274E 2753-2755 2757 2795-2797 27B0 27BF 2B1B-2B1C 2B50 2B55
FE0F 1F000-1FAFF
"""
"""Code points with Emoji_Presentation (Unicode 15.1), the blocks of pictures as a whole, and the selector that asks
for a picture."""


def _emoji() -> re.Pattern[str]:
    spans = [span.partition("-") for span in _EMOJI.split()]
    return re.compile("[" + "".join(f"{chr(int(a, 16))}-{chr(int(b or a, 16))}" for a, _, b in spans) + "]")


def test_there_are_no_emoji() -> None:
    pattern, root = _emoji(), Path(strings.__file__).parents[1]
    assert pattern.search("\u231a")
    assert pattern.search("\U0001f600")
    files = [path for kind in ("*.py", "*.po", "*.tcss") for path in root.rglob(kind)]
    assert len(files) > 100
    found = {str(path.relative_to(root)): pattern.findall(path.read_text("utf-8")) for path in files}
    assert {path: faces for path, faces in found.items() if faces} == {}
