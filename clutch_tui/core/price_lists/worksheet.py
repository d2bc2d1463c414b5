"""The rows of one sheet of a book, as a person sees them: hidden ones told apart, merged cells filled, numbers as
their formats show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .archive import TooLarge
from .formats import PLAIN
from .lines import HIDDEN, MERGED, FileLine, Kind, line_of
from .workbook import MAX_CELL, Book, Sheet, column_of, unescaped

MAX_COLUMN, MAX_ROW = 16_384, 1_048_576
MAX_CELLS = 30_000_000
"""Cells of one sheet, empty ones with them: more are no price list."""
MAX_ROW_LETTERS = 2_000_000
"""Letters of one row: all of its cells are in memory at once."""

_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_YES = ("1", "true", "on")


def lines(book: Book, sheet: Sheet) -> Iterator[FileLine]:
    """The rows of a sheet, with blank ones where the file leaves them out. Raises `Damaged`."""
    merged = _Merged(book.merged(sheet))
    reader = _Reader(book, merged)
    number = 0
    for _ in book.stream(sheet, reader.start, reader.end, reader.text):
        for line in reader.ready:
            yield from (FileLine(blank, ()) for blank in range(number + 1, line.number))
            number = line.number
            yield line
        reader.ready.clear()


def hidden_columns(book: Book, sheet: Sheet) -> frozenset[int]:
    """The places, from 0, of columns that the sheet does not show. Raises `Damaged`."""
    hidden: set[int] = set()
    begun = [False]

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "col" and not begun[0]:
            if attributes.get("hidden") in _YES or _number(attributes.get("width"), 1) == 0:
                first, last = (int(_number(attributes.get(name), 0)) for name in ("min", "max"))
                hidden.update(range(max(first, 1) - 1, min(last, MAX_COLUMN)))
        elif tag == "sheetData":
            begun[0] = True

    for _ in book.stream(sheet, start, lambda tag: None, lambda text: None):
        if begun[0]:
            break
    return frozenset(hidden)


def _number(text: str | None, otherwise: float) -> float:
    try:
        return float(text) if text is not None else otherwise
    except ValueError:
        return otherwise


class _Merged:
    """The merged cells of a sheet: what stands in the first of them is said of all."""

    def __init__(self, ranges: tuple[tuple[int, int, int, int], ...]) -> None:
        self._wide = {(top, left) for left, top, right, _ in ranges if right > left}
        self._tall: dict[int, list[tuple[int, int, int]]] = {}
        for left, top, right, bottom in ranges:
            if left and bottom > top:
                self._tall.setdefault(top, []).append((left, right, bottom))
        self._open: dict[int, tuple[int, str]] = {}

    def is_title(self, row: int, cells: Mapping[int, str]) -> bool:
        """True for a row that is one cell over several columns."""
        return len(cells) == 1 and (row, next(iter(cells))) in self._wide

    def fill(self, row: int, cells: dict[int, str]) -> None:
        """Put what merged cells above say into this row; one without anything of its own stays blank."""
        if self._open:
            self._open = {column: above for column, above in self._open.items() if above[0] >= row}
            if cells:
                for column, (_, text) in self._open.items():
                    cells.setdefault(column, text)
        for left, _, bottom in self._tall.get(row, ()):
            if left in cells:
                self._open[left] = (bottom, cells[left])


class _Reader:
    """Takes the elements of a sheet as they come, and makes lines of them."""

    def __init__(self, book: Book, merged: _Merged) -> None:
        self.ready: list[FileLine] = []
        self._book, self._merged = book, merged
        self._row = self._column = self._cells_seen = self._letters = 0
        self._hidden = self._unformatted = False
        self._cells: dict[int, str] = {}
        self._exact: set[int] = set()
        self._type = self._style = self._open = ""
        self._value: list[str] = []
        self._formula: list[str] = []
        self._has_value = self._has_formula = self._aside = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "c":
            self._begin_cell(attributes)
        elif tag in ("v", "t"):
            if not self._aside:
                self._open = tag
                self._has_value = True
        elif tag == "f":
            self._open, self._has_formula = tag, True
        elif tag == "rPh":
            self._aside = True
        elif tag == "row":
            self._begin_row(attributes)

    def text(self, data: str) -> None:
        if self._open in ("v", "t"):
            self._value.append(data)
        elif self._open == "f":
            self._formula.append(data)

    def end(self, tag: str) -> None:
        self._open = ""
        if tag == "c":
            self._end_cell()
        elif tag == "row":
            self._end_row()
        elif tag == "rPh":
            self._aside = False

    # --- rows ------------------------------------------------------------------------------------------

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        said = attributes.get("r", "")
        number = int(said) if said.isascii() and said.isdigit() and len(said) < 8 else 0
        self._row = number if self._row < number <= MAX_ROW else self._row + 1
        self._hidden = attributes.get("hidden") in _YES or _number(attributes.get("ht"), 1) == 0
        self._column, self._unformatted, self._cells, self._exact = 0, False, {}, set()
        self._letters = 0

    def _end_row(self) -> None:
        cells = self._cells
        title = self._merged.is_title(self._row, cells)
        self._merged.fill(self._row, cells)
        if not cells:
            return
        width = max(cells)
        self._count(width)
        kind: Kind = HIDDEN if self._hidden else MERGED if title else "row"
        line = line_of(self._row, [cells.get(place, "") for place in range(1, width + 1)], kind)
        if self._unformatted or self._exact:
            line = replace(line, unformatted=self._unformatted, exact=frozenset(self._exact))
        self.ready.append(line)

    def _count(self, cells: int) -> None:
        self._cells_seen += cells
        if self._cells_seen > MAX_CELLS:
            raise TooLarge

    # --- cells -----------------------------------------------------------------------------------------

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        column = column_of(reference[1]) if reference else 0
        self._column = column if self._column < column <= MAX_COLUMN else self._column + 1
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value, self._formula, self._has_value, self._has_formula = [], [], False, False
        self._count(1)

    def _end_cell(self) -> None:
        if not (self._has_value or self._has_formula):
            return
        value = "".join(self._value)
        self._letters += len(value)
        if len(value) > MAX_CELL or self._letters > MAX_ROW_LETTERS or self._column > MAX_COLUMN:
            raise TooLarge
        text = self._shown(value)
        if text.strip():
            self._cells[self._column] = text
            if "." in text and self._type == "n":
                self._exact.add(self._column - 1)

    def _shown(self, value: str) -> str:
        kind = self._type
        if kind == "n" and not value.strip():
            return f"={''.join(self._formula)}" if self._has_formula else ""
        if kind == "s":
            return self._shared(value)
        if kind == "b":
            return "TRUE" if value.strip() in _YES else "FALSE"
        if kind == "d":
            return value[:10]
        if kind in ("str", "inlineStr", "e"):
            return unescaped(value)
        return self._format(value.strip())

    def _shared(self, value: str) -> str:
        try:
            place = int(value)
            return self._book.texts[place] if place >= 0 else "\ufffd"
        except (ValueError, IndexError):
            return "\ufffd"  # the letters are lost

    def _format(self, value: str) -> str:
        formats = self._book.formats
        try:
            style = int(self._style)
            cell_format = formats[style] if formats else PLAIN
            self._unformatted |= formats is None and style != 0
        except (ValueError, IndexError):
            cell_format = PLAIN
            self._unformatted = True
        return cell_format.shown(value, since_1904=self._book.since_1904)
