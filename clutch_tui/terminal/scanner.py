"""What a scanner types, told from what a person types.

A scanner is a keyboard: its code comes as keys with an end behind them, and whoever has the focus gets them. A *run* is
what can be a scan: printable keys of which each comes at most 30 ms after the one before, and Enter, Tab or LF as
soon behind the last. Scanners leave 1 to 20 ms between two keys. Two fingers that roll over two keys can be as fast;
six keys in a row cannot (the fastest typists leave 60 ms on average), and a key that repeats itself does so every
33 ms. But over SSH, behind a terminal multiplexer and on a busy machine, keys of a person come in one piece as well:
then time says nothing, and the text must. A run is a scan

1. where it begins with the prefix that the scanner was set to send (`ui.scan_prefix`), whatever else it is;
2. where it is a code of the shop (of 6 characters or more), however it came;
3. where it is a number of trade by its check digit (EAN-8, UPC-A, EAN-13, GTIN-14), however it came; in a field for
   text only 13 digits count, because a telephone number with its country has 12 or 14;
4. where it came key by key at a scanner's pace (so that time was to be seen), is at least 4 characters long, holds a
   digit and nothing but ASCII without blanks. Not in the fields of a form, which programs fill in at that pace; and
   not where it reads as an amount below ten millions in a field for numbers: on a line that was stuck, what was
   typed arrives at a pace of its own.

Everything else is typed. A password is never a scan.

In a field a run is written as it comes, and taken back when it turns out to be a scan; anywhere else, where a single
digit may be an answer, it is held until it is over, which takes 30 ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from textual.events import Key
from textual.widgets import Input
from textual.widgets.input import Selection

GAP = 0.030
"""Seconds between two keys of a scanner at most."""
GAP_BEFORE_END = 0.150
"""Seconds between the last character and the end, where there are enough of them to be a number of trade: a program
that draws a long list meanwhile reads the end later."""
ONE_PIECE = 0.001
"""Seconds below which two keys came in one piece: time says nothing about them."""
ENDS = frozenset({"enter", "tab", "ctrl+j"})
SHORTEST, SHORTEST_BY_TEXT, SHORTEST_ALONE = 4, 6, 8
"""Characters of a scan: by its pace, by being a code of the shop, by its check digit."""
_LENGTHS = (8, 12, 13, 14)
_TEXT_LENGTHS = (13,)
_AMOUNT = re.compile(r"-?[\d,]{0,7}(\.\d{0,3})?%?")

Place = Literal["keys", "number", "text", "form", "secret"]
"""Where keys go: to no field at all, into one for numbers, for a text or a search, of a form, for a password."""


@dataclass(eq=False, slots=True)
class Scan:
    """A code that was scanned, without its end and without the scanner's prefix."""

    text: str


@dataclass(eq=False)
class Run:
    """Keys that came as fast as a scanner's. `before` is what the field held in which it began."""

    keys: list[Key]
    text: str
    times: list[float]
    end: Key | None = None
    is_over: bool = False
    is_typed: bool = False
    """Whether it was found to be no scan: its keys go their way."""
    before: tuple[Input, str, Selection] | None = None

    @property
    def patience(self) -> float:
        """Seconds for which an end is waited for."""
        return GAP_BEFORE_END if len(self.text) >= SHORTEST_ALONE else GAP

    @property
    def last(self) -> float:
        return self.times[-1]

    def is_ended_before(self, key: Key) -> bool:
        """Tell whether this key comes behind the end, as LF behind CR."""
        return self.end is not None and key is not self.end and key is self.keys[-1]

    def add(self, key: Key) -> None:
        self.keys.append(key)
        self.times.append(key.time)
        if key.key in ENDS:
            self.end, self.is_over = key, True
        else:
            self.text += key.character or ""

    @property
    def was_timed(self) -> bool:
        """Tell whether its keys came one by one, so that their pace says something."""
        gaps = sorted(later - sooner for sooner, later in zip(self.times, self.times[1:], strict=False))
        return bool(gaps) and gaps[len(gaps) // 2] >= ONE_PIECE


@dataclass
class Runs:
    """The run to which a key belongs, as keys arrive."""

    _run: Run | None = field(default=None)

    def note(self, key: Key) -> Run | None:
        """The run of this key; None for a key that is neither printable nor the end of one."""
        run = self._run
        if run is not None and key.time - run.last > (run.patience if key.key in ENDS else GAP):
            run.is_over, run = True, None
        if run is not None and run.end is not None and (run.end.key, key.key) == ("enter", "ctrl+j"):
            run.keys.append(key)  # CR LF
            self._run = None
            return run
        if run is not None and run.is_over:
            run = None
        if key.is_printable:
            if run is None:
                run = Run([key], key.character or "", [key.time])
            else:
                run.add(key)
        elif run is not None and key.key in ENDS:
            run.add(key)
        elif run is not None:
            run.is_over, run = True, None
        self._run = run
        return run


def judge(run: Run, place: Place, prefix: str = "") -> bool | None:
    """Tell whether a run is a scan; None where that hangs on whether the shop has such a code."""
    text = run.text
    if run.end is None or place == "secret":
        return False
    if prefix and text.startswith(prefix) and len(text) > len(prefix):
        return True
    if _is_number_of_trade(text, _TEXT_LENGTHS if place in ("text", "form") and not run.was_timed else _LENGTHS):
        return True
    is_code = text.isascii() and any(map(str.isdigit, text)) and " " not in text
    is_amount = place == "number" and _AMOUNT.fullmatch(text) is not None
    if run.was_timed and len(text) >= SHORTEST and is_code and place != "form" and not is_amount:
        return True
    return None if len(text) >= SHORTEST_BY_TEXT and "*" not in text and not text.isspace() else False


def code_of(run: Run, prefix: str) -> str:
    """The code without what the scanner was set to put before it."""
    return run.text.removeprefix(prefix).strip()


def is_pasted_code(text: str, place: Place) -> bool:
    """Tell whether what was pasted is a number of trade where another number is asked for."""
    return place == "number" and _is_number_of_trade(text.strip(), _LENGTHS)


def _is_number_of_trade(text: str, lengths: tuple[int, ...]) -> bool:
    from clutch_tui.core.codes import has_check_digit

    return text.isascii() and text.isdecimal() and len(text) in lengths and has_check_digit(text)
