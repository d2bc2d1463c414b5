"""Words from outside, on their way out of the program: to a terminal, a file, paper, another program.

A part's name, a customer's, a server's sentence may hold anything: escape sequences that clear a screen, an `ESC p`
that kicks a printer's drawer open, overrides that show `gpj.exe` as `exe.jpg`. Inside they stay what they are; each
door out passes what goes through it to `harmless`, or to `escaped` where it is JSON.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Controls (C0 but tab and line feed, DEL, C1), line separators, embeddings and overrides, halves of surrogate pairs,
annotations and tags: nobody's name needs them."""
_ISOLATES = re.compile("[\u2066-\u2069]")
_STRANGE = "\ufffd"
_PDI = "\u2069"


def harmless(text: str) -> str:
    """Return `text` as any terminal, printer or reader may have it: what would command them is shown as `\ufffd`, and
    isolates, which this program needs itself, end with their line."""
    if text.isascii() and text.isprintable():
        return text
    text = _CONTROLS.sub(_STRANGE, text)
    if _ISOLATES.search(text):
        text = "\n".join(_balanced(line) for line in text.split("\n"))
    return text


def escaped(text: str) -> str:
    """Return JSON text that means the same and in which nothing commands a terminal: such characters, which stand in
    its strings alone, in JSON's own spelling."""
    return _CONTROLS.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))


def _balanced(line: str) -> str:
    """The line with its isolates ended, and without ends that began nowhere: they would turn round what follows."""
    depth, pieces = 0, []
    for letter in line:
        if "\u2066" <= letter <= "\u2068":
            depth += 1
        elif letter == _PDI:
            if not depth:
                continue
            depth -= 1
        pieces.append(letter)
    return "".join(pieces) + _PDI * depth


class HarmlessStream:
    """A text stream through which a terminal gets nothing but text; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(harmless(text))

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def harmless_output() -> Iterator[None]:
    """Print nothing but text while the block lasts, whoever prints. Textual draws on the streams beneath."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, HarmlessStream(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def drawn_on(stream: TextIO) -> TextIO:
    """Return what lies beneath a harmless stream, for a progress bar: it moves the cursor and says nothing."""
    return stream._stream if isinstance(stream, HarmlessStream) else stream
