"""What this terminal can draw: Arabic, frames, or ASCII alone. Found out once, before the first frame.

Two things can be missing. A locale that is not UTF-8 (`LANG=C`) promises ASCII and nothing else. The console of
Linux draws from a font of at most 512 glyphs, which it can be asked for; most of them hold no Arabic. Where Arabic
cannot be drawn the program speaks English, whatever the settings say, and says why. Cheap to import.
"""

from __future__ import annotations

import array
import os
import struct
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from clutch_tui.text.digits import Digits
from clutch_tui.text.strings import Language

Letters = Literal["auto", "arabic", "latin", "ascii"]
"""The setting `text.letters`, for terminals that cannot be asked, such as a Linux console behind SSH."""

Lack = Literal["not_utf8", "no_arabic"]

FORMS = frozenset(map(chr, range(0xFE80, 0xFEFD)))
"""The joined shapes of Arabic letters: without every one of them words have holes."""
ARABIC_DIGITS = frozenset("٠١٢٣٤٥٦٧٨٩")

# What every font of a Linux console has: Latin-1 and the line drawing of the IBM PC.
_CONSOLE = frozenset(
    "".join(map(chr, range(0xA1, 0x100))).replace("\xad", "") + "─│┌┐└┘├┤┬┴┼═║╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬▀▄█▌▐░▒▓■•←↑→↓"
)
_GIO_UNIMAP = 0x4B66
_COERCED = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What can be drawn. `beyond_ascii` None is everything; `lack` is why there is no Arabic, `locale` the one
    that was found."""

    beyond_ascii: frozenset[str] | None = None
    lack: Lack | None = None
    locale: str = ""
    colourless: bool = False

    def language(self, wanted: Language) -> Language:
        """The language to speak: the one that a person wants, where its letters can be drawn."""
        return "en" if self.lack else wanted

    def digits(self, wanted: Digits) -> Digits:
        """Arabic digits, where they can be drawn."""
        drawable = self.beyond_ascii is None or self.beyond_ascii >= ARABIC_DIGITS
        return wanted if drawable else "western"


EVERYTHING = Glyphs()

ConsoleFont = Callable[[], frozenset[str] | None]


def console_font() -> frozenset[str] | None:
    """The characters of the Linux console's font; None where this is no such console. Over SSH it cannot be
    asked: there is only a pseudo-terminal here."""
    import fcntl

    pairs = array.array("H", bytes(4 * 0xFFFF))
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        request = bytearray(struct.pack("@HP", 0xFFFF, pairs.buffer_info()[0]))
        fcntl.ioctl(terminal, _GIO_UNIMAP, request, True)
    except OSError:
        return None
    finally:
        os.close(terminal)
    (count,) = struct.unpack_from("@H", request)
    return frozenset(map(chr, pairs[: 2 * count : 2]))


def find(
    letters: Letters = "auto",
    environment: Mapping[str, str] | None = None,
    font: ConsoleFont = console_font,
    given: Callable[[], Mapping[str, str]] | None = None,
) -> Glyphs:
    """Return what the terminal of this environment can draw; `letters` other than `auto` overrides all looking.

    `given` tells the variables as the process was given them, before Python changed its own.
    """
    environment = os.environ if environment is None else environment
    locale = locale_name(environment, given or variables_at_start)
    drawn, lack = _letters(letters, environment, is_utf8(locale), font)
    return Glyphs(drawn, lack, locale, colours(environment) == 0)


def _letters(
    letters: Letters, environment: Mapping[str, str], utf8: bool, font: ConsoleFont
) -> tuple[frozenset[str] | None, Lack | None]:
    if letters == "arabic":
        return None, None
    if letters == "ascii" or (letters == "auto" and not utf8):
        return frozenset(), "not_utf8"
    if letters == "latin":
        return _CONSOLE, "no_arabic"
    if environment.get("TERM") != "linux":
        return None, None
    found = font()
    drawn = _CONSOLE if found is None else found
    return drawn, None if drawn >= FORMS else "no_arabic"


def locale_name(environment: Mapping[str, str], given: Callable[[], Mapping[str, str]]) -> str:
    """The locale that decides over letters; empty where nobody has set one.

    In the C locale Python sets `LC_CTYPE=C.UTF-8` for itself (PEP 538). That is Python's wish, not the terminal's:
    the process's first variables tell whether a person has set it.
    """
    if environment.get("LC_ALL"):
        return environment["LC_ALL"]
    chosen = environment.get("LC_CTYPE", "")
    if chosen in _COERCED and not given().get("LC_CTYPE"):
        chosen = ""
    return chosen or environment.get("LANG", "")


def variables_at_start() -> Mapping[str, str]:
    """The environment as the kernel keeps it; where it does not, ours."""
    try:
        block = Path("/proc/self/environ").read_bytes()
    except OSError:
        return os.environ
    pairs = (entry.partition(b"=") for entry in block.split(b"\0") if entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def colours(environment: Mapping[str, str]) -> int:
    """Return how many colours the terminal says it has: 16,777,216, 256, 16, or 0 for none and for `NO_COLOR`."""
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR") or term in ("", "dumb", "unknown"):
        return 0
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return 1 << 24
    return 256 if "256color" in term or "kitty" in term else 16


def is_utf8(locale: str) -> bool:
    """Tell whether a locale's letters are UTF-8. One that nobody has set is taken for it, as Python does: terminals
    are, and the bare environment of a container or a service says nothing about the one that looks at it."""
    return not locale or "utf8" in locale.lower().replace("-", "")


# --- in place of what cannot be drawn -----------------------------------------------------------------

_ROWS = """
─━┄┅┈┉╌╍═╴╶╸╺╼╾⎯ -
│┃┆┇┊┋╎╏║╵╷╹╻╽╿▏▎▍▌▐▕▋▊▉ |
┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋ +
╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯╰ +
▁▂ _
▃▄▔ -
▅▆░ =
▇█▀▒▓■▪▙▛▜▟▖▗▘▝ #
•●◆◉◼★✦ *
·∙○◦◇□☆… .
✓✔ v
✗✘×✖ x
→▶▸►❯›⟩⇒ >
←◀◂◄❮‹⟨⇐ <
↑▲▴⇑ ^
↓▼▾⇓ v
«»“”„‟ "
‘’‚‛ '
–—−‐‑‒ -
"""
# As Egyptians write Arabic on a telephone that has none; one letter each, for a column must keep its width.
_LETTERS = """
اأآىٱ a
إ i
ءئؤ 2
ب b
تط t
ثسص s
ش S
جغگ g
ح 7
خ 5
دض d
ذزظ z
ر r
ع 3
ف f
ق q
كک k
ل l
م m
ن n
هة h
و w
يی y
پ p
چ C
ژ j
ڤ v
، ,
؛ ;
؟ ?
٪ %
٫ .
٬ ,
"""
INSTEAD: Mapping[str, str] = {
    character: replacement
    for characters, _, replacement in (line.partition(" ") for line in (_ROWS + _LETTERS).split("\n") if line)
    for character in characters
}
"""Frames, bars, bullets, arrows and Arabic letters in ASCII, each as wide as it was: a customer's name in another
script is still that customer's name."""


@lru_cache(maxsize=4096)
def drawable(text: str, beyond_ascii: frozenset[str]) -> str:
    """`text` as far as it can be drawn, as wide as it was: what is missing is replaced by what resembles it, an
    accented letter by its bare one, an Arabic one by its sound, anything else by a question mark."""
    return "".join(one if one.isascii() or one in beyond_ascii else _instead(one) for one in text)


def _instead(character: str) -> str:
    from rich.cells import cell_len

    width = cell_len(character)
    if character in INSTEAD or not width:
        return INSTEAD.get(character, "") if width else ""
    digit = unicodedata.digit(character, None)
    parts = unicodedata.normalize("NFKD", character) if digit is None else str(digit)
    bare = "".join(one for one in parts if one.isascii())
    return bare if len(bare) == width else "?" * width
