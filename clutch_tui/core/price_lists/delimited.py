"""Rows of a text file: any delimiter, quotation marks that were never closed, one line in memory at a time."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from .lines import BROKEN, FileLine, line_of

DELIMITERS = (",", ";", "\t", "|")
MAX_SPAN = 20
"""Lines of a file that one row may run over: a quotation mark that nobody closed would swallow the rest."""
_MOST_LETTERS = 1_000_000
"""Of one line: a file without line ends must not come into memory whole."""


class _TooLong(Exception):
    pass


class _Source:
    """The physical lines of a file, with a memory of those that the present row has taken, so that they can be
    given back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        if len(self.taken) > MAX_SPAN:
            raise _TooLong
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.taken.append(line)
        return line

    @property
    def ended(self) -> bool:
        if not self._waiting:
            self._waiting.extend(line for line in (next(self._lines, None),) if line is not None)
        return not self._waiting

    def give_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))


def rows(path: Path, encoding: str, delimiter: str) -> Iterator[FileLine]:
    """The rows of a text. One that a stray quotation mark has begun is given up, and reading goes on below it."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        source = _Source(iter(lambda: file.readline(_MOST_LETTERS), ""))
        number = 1
        reader = csv.reader(source, delimiter=delimiter)
        while True:
            source.taken = []
            try:
                cells = next(reader, None)
            except (csv.Error, _TooLong):  # it swallowed what came after it
                cells = None
            taken = source.taken
            if not taken:
                return
            if cells is None or _never_closed(taken, source):
                yield FileLine(number, (), BROKEN)
                source.give_back(taken[1:])
                reader = csv.reader(source, delimiter=delimiter)
                number += 1
            else:
                yield line_of(number, cells)
                number += len(taken)


def _never_closed(taken: list[str], source: _Source) -> bool:
    return len(taken) > 1 and sum(line.count('"') for line in taken) % 2 == 1 and source.ended
