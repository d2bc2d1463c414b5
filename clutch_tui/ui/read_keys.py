"""Keys as they were read: which came in one piece, and whether ESC and a digit are one key or two.

A terminal sends Alt and a digit as ESC and the digit, in one piece. Textual takes them for one key as long as the digit
comes within a tenth of a second; but who presses Esc and scans has a digit behind it sooner than that, and would be
led to another screen. So it is one key only where both came with one read. (A key whose sequence is cut in two by a
slow line begins otherwise, and is waited for as before.)

All keys of one read carry the time of that read: `scans` sees by it what came in one piece.

Names of Textual used here that its documentation does not promise: `textual._xterm_parser.XTermParser`, its
`_timeout_time`, `tick` and `feed`, and that a driver finds it in its own module. A test pins them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from time import monotonic

from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.message import Message

ESCAPE = "\x1b"


class ReadParser(XTermParser):
    """Textual's parser, knowing where a read ended."""

    _ends_with_escape = False

    def feed(self, data: str) -> Iterable[Message]:
        now = monotonic()
        if self._ends_with_escape and data[:1].isdigit() and self._timeout_time is not None:
            self._timeout_time = 0.0
            yield from self._stamped(self.tick(), now)
        yield from self._stamped(super().feed(data), now)
        self._ends_with_escape = data.endswith(ESCAPE)

    def _stamped(self, tokens: Iterable[Message], now: float) -> Iterable[Message]:
        for token in tokens:
            token.time = now
            yield token


def install(driver: type[Driver]) -> None:
    """Let this driver read with our parser; before it starts."""
    for one in driver.__mro__:
        names = vars(sys.modules[one.__module__])
        if names.get("XTermParser") is XTermParser and issubclass(one, Driver):
            names["XTermParser"] = ReadParser
