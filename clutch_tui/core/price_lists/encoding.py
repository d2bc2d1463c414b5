"""The encoding of a file of text, and texts that an earlier program has already decoded wrongly.

Nothing in a text file says how it is encoded. UTF-8 proves itself; of the others the one is taken in which the
letters stand as letters do: Arabic beside Arabic, no accents within Arabic words, nothing undefined.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from pathlib import Path

_CHUNK = 1 << 16
_SAMPLE = 1 << 17
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY = ("cp1256", "iso8859_6", "cp1252", "cp720")
"""In the order in which they are taken where two of them read equally well."""

_FOREIGN = re.compile(rb"[^\n\r,;\t|]*[\x80-\xff][^\n\r,;\t|]*")
_ARABIC = "[\u0620-\u064a\u0671-\u06d3\ufe70-\ufefc]"
_ACCENTED = "[\u00aa\u00b5\u00ba\u00c0-\u024f]"
_STRANGE = (
    (re.compile("[\ufffd\x80-\x9f]"), 4),
    (re.compile(f"(?<={_ARABIC})[A-Za-z\u00aa-\u024f]|[A-Za-z\u00aa-\u024f](?={_ARABIC})"), 3),
    (re.compile(f"(?<={_ACCENTED}){_ACCENTED}"), 3),
    (re.compile(f"(?<!{_ARABIC})(?<![\u064b-\u0652])[\u064b-\u0652]"), 3),
    (re.compile("[\u0671-\u06d3\u2500-\u259f\u0192\u02c6\u2020-\u203a]"), 2),
    (re.compile("[\u064b-\u0652\u00a1-\u00bf\u00d7\u00f7]"), 1),
)
_COMMON = re.compile("[اليمنورتبهةفقسكدع]")
"""Letters that make up most of any Arabic text."""


def encoding_of(path: Path) -> str:
    """The name of the encoding of the file at `path`, found without holding the file in memory."""
    with path.open("rb") as file:
        head = file.read(4096)
        for mark, name in _BOMS:
            if head.startswith(mark):
                return name
        wide = _without_a_mark(head)
        if wide:
            return wide
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        foreign: Counter[bytes] = Counter()
        kept = broken = good = 0
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            lost = text.count("\ufffd")
            broken += lost
            if lost or not text.isascii():
                good += sum(character > "\x7f" for character in text) - lost
                if kept < _SAMPLE:
                    runs = _FOREIGN.findall(chunk)
                    kept += sum(map(len, runs))
                    foreign.update(runs)
    # one that is UTF-8 but for a few bytes stays UTF-8: in any other all its Arabic would be nonsense
    return "utf-8" if broken * 3 <= good else _legacy(b"\n".join(foreign))


def _without_a_mark(head: bytes) -> str:
    """UTF-16 without its mark: every second byte is the same page, Latin or Arabic."""
    pages = [sum(half.count(page) for page in (0, 6)) for half in (head[::2], head[1::2])]
    enough = len(head) // 2 * 0.7
    if head.count(0) <= len(head) // 16 or max(pages) < enough:
        return ""
    return "utf-16-be" if pages[0] > pages[1] else "utf-16-le"


def _legacy(sample: bytes) -> str:
    return min(_LEGACY, key=lambda name: strangeness(sample.decode(name, "replace")))


def strangeness(text: str) -> float:
    """Return how little a text looks like the Arabic and Latin that people write; the least is the best."""
    strange = sum(len(pattern.findall(text)) * weight for pattern, weight in _STRANGE)
    return strange - len(_COMMON.findall(text)) / 4


# --- decoded wrongly before ----------------------------------------------------------------------------


def _continued(encoding: str) -> str:
    """Return what the bytes that follow the first of a letter in UTF-8 look like in another encoding, for a pattern."""
    return re.escape("".join(_character(byte, encoding) for byte in range(0x80, 0xC0)))


def _character(byte: int, encoding: str) -> str:
    """Programs read what an encoding leaves undefined as the control of that number."""
    return bytes((byte,)).decode(encoding, "ignore") or chr(byte)


_LATIN = "".join(sorted({*_continued("cp1252"), *map(chr, range(0x80, 0xA0))}))
_UTF8_AS_LATIN = re.compile(f"[\u00d8-\u00db][{re.escape(_LATIN)}]")
_UTF8_AS_ARABIC = re.compile(f"[طظعغ][{_continued('cp1256')}]")
_ARABIC_AS_LATIN = re.compile(f"{_ACCENTED}{{3}}")
_UTF8_MISREAD = re.compile(f"{_UTF8_AS_LATIN.pattern}|{_UTF8_AS_ARABIC.pattern}")
_MISREAD = re.compile("|".join(pattern.pattern for pattern in (_UTF8_AS_LATIN, _UTF8_AS_ARABIC, _ARABIC_AS_LATIN)))
_LOST = re.compile(r"\?{2,}")


def repaired(text: str) -> str:
    """A cell as it was before a program read it in the wrong encoding and wrote it again; most are as they were.

    >>> repaired("ظپظ„طھط±")
    'فلتر'
    """
    for _ in range(3):
        if text.isascii() or not _MISREAD.search(text):
            break
        again = _read_again(text)
        if again is None:
            break
        text = again
    return text


def _read_again(text: str) -> str | None:
    for wrong in ("cp1252", "cp1256"):
        try:
            decoded = _bytes_of(text, wrong).decode("utf-8")
        except UnicodeError:
            continue
        if re.search(_ARABIC, decoded) or _MISREAD.search(decoded):
            return decoded
    if _UTF8_AS_LATIN.search(text):
        return None
    words = [word for word in text.split() if not word.isascii()]
    if all(re.fullmatch(f"(?:{_ACCENTED}|[^A-Za-z\u0600-\u06ff])+", word) for word in words):
        try:
            decoded = _bytes_of(text, "cp1252").decode("cp1256")
        except UnicodeError:
            return None
        plausible = all(_COMMON.search(word) for word in decoded.split() if not word.isascii())
        return decoded if plausible and strangeness(decoded) < strangeness(text) else None
    return None


def _bytes_of(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:  # see `_character`
        return b"".join(bytes((ord(c),)) if "\x80" <= c <= "\x9f" else c.encode(encoding) for c in text)


def is_damaged(text: str) -> bool:
    """True for a text whose letters are lost: a program has put question marks for them, or half of their bytes."""
    if text.isascii() and "??" not in text:
        return False
    if "\ufffd" in text or len(_UTF8_MISREAD.findall(text)) >= 2:
        return True
    if "??" not in text:
        return False
    runs = _LOST.findall(text)
    return len(runs) >= 2 or (len(runs) == 1 and not any(map(str.isalnum, text)))
