"""Keys as they were read: which came in one piece, and that Esc is a key of its own.

Most terminals send Alt and a key as ESC and that key's character: byte for byte what Esc and the character are when
they come in one piece, as over SSH and from a scanner. Time cannot tell these apart. So ESC and a character are the
two keys everywhere, and Alt is heard only from a terminal that says so itself (the kitty keyboard protocol, for which
Textual asks: `CSI 53;3u` is Alt+5). Only `[` and `O` may begin a sequence; they are waited for as Textual does. ESC
and a control character, such as Enter, are not: where a function key follows, Textual would type a `^` for that Esc
and obey the Enter alone. ESC and Tab stay Shift+Tab, as the console of Linux sends it, and ESC and DEL take the word
before the cursor away.

Some of those terminals tell the text of a key besides, also where Alt has added nothing to it; Textual takes any text
for one that was typed with the option key of a Macintosh.

All keys of one read carry the time of that read: `scanner` sees by it what came in one piece.

Names of Textual used here that its documentation does not promise: `textual._xterm_parser.XTermParser`, its `feed` and
`_sequence_to_key_events`, and that a driver finds it in its own module. A test pins them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from time import monotonic

from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.events import Key
from textual.message import Message

ESCAPE = "\x1b"
_NO_KEYS_OF_THEIR_OWN = frozenset("[O\t\x7f\x1b")
"""What stands behind ESC for something else than itself."""
_WITH_TEXT = re.compile(r"\x1b\[(\d+);(\d+);(\d+)u")
_ALT = 2


class ReadParser(XTermParser):
    """Textual's parser, with the time of the read and with Esc as a key of its own."""

    def feed(self, data: str) -> Iterable[Message]:
        now = monotonic()
        for token in super().feed(data):
            token.time = now
            yield token

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        if alt:
            yield Key("escape", ESCAPE)  # a sequence that was none, in its parts
        elif len(sequence) == 2 and sequence[0] == ESCAPE and sequence[1] not in _NO_KEYS_OF_THEIR_OWN:
            yield Key("escape", ESCAPE)
            sequence = sequence[1]
        elif (told := _WITH_TEXT.fullmatch(sequence)) and told[1] == told[3] and int(told[2]) - 1 & _ALT:
            sequence = f"{ESCAPE}[{told[1]};{told[2]}u"
        yield from super()._sequence_to_key_events(sequence)


def install(driver: type[Driver]) -> None:
    """Let this driver read with our parser; before it starts."""
    for one in driver.__mro__:
        names = vars(sys.modules[one.__module__])
        if names.get("XTermParser") is XTermParser and issubclass(one, Driver):
            names["XTermParser"] = ReadParser
