"""A row of a file as it stands there, before anybody asks what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from .encoding import repaired

Kind = Literal["row", "hidden", "merged", "broken"]
HIDDEN: Kind = "hidden"
MERGED: Kind = "merged"
BROKEN: Kind = "broken"

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")


@dataclass(frozen=True, slots=True)
class FileLine:
    """A row of a file. `number` is where it begins, counted from 1.

    `hidden` is what the sheet does not show, `merged` one cell that runs over several columns, `broken` what cannot
    be read because a quotation mark in it is never closed. `repaired` says that its letters had been read in a wrong
    encoding before, `unformatted` that it holds a number of which nobody knows how the sheet shows it. In the places
    of `exact` the file holds numbers, not texts: nobody need ask what a dot in them means.
    """

    number: int
    cells: tuple[str, ...]
    kind: Kind = "row"
    repaired: bool = False
    unformatted: bool = False
    exact: frozenset[int] = frozenset()

    @property
    def blank(self) -> bool:
        return self.kind != BROKEN and not any(self.cells)


def line_of(number: int, texts: Iterable[str], kind: Kind = "row") -> FileLine:
    """A row with its cells made tidy and their letters made right."""
    texts = list(texts)
    right = [text if text.isascii() else repaired(text) for text in texts]
    return FileLine(number, tuple(map(_tidy, right)), kind, right != texts)


def _tidy(cell: str) -> str:
    return (cell if cell.isprintable() else _CONTROLS.sub("", cell)).strip()


def without_the_end(lines: Iterable[FileLine]) -> Iterator[FileLine]:
    """The lines without the blank ones at the end, which no person counts as rows."""
    first = waiting = 0
    for line in lines:
        if line.blank:
            first, waiting = first or line.number, waiting + 1
            continue
        yield from (FileLine(number, ()) for number in range(first, first + waiting))
        first = waiting = 0
        yield line
