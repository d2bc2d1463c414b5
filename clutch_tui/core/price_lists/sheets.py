"""Files of rows as people send them: CSV of any encoding and delimiter, and Excel sheets, as lines of cells.

Nothing is interpreted here. A file may be readable in more than one way (every delimiter, every sheet): each is
a `Grid`, and whoever knows what headings look like chooses among them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..types import ShopError

MAX_BYTES = 100 * 1024 * 1024
MAX_SPAN = 20
"""Lines of a file that one row may run over: a quotation mark that nobody closed would swallow the rest."""

_DELIMITERS = (",", ";", "\t", "|")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file. `number` is where it begins, counted from 1; `cells` is None where it cannot be read
    because a quotation mark in it is never closed."""

    number: int
    cells: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Grid:
    """One way to read a file. `lines()` reads from the start at every call; `sheet` is empty for a CSV."""

    sheet: str
    lines: Callable[[], Iterator[Line]]


def grids(path: Path) -> tuple[Grid, ...]:
    """Every way to read the file at `path`, blank rows left out.

    Raises `ShopError`: `error.import.unreadable`, `error.import.too_large`, `error.import.old_excel` for the
    format of before 2007 and for one with a password, `error.import.empty`.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ShopError("error.import.too_large", file=path.name, megabytes=MAX_BYTES // 1024 // 1024)
        content = path.read_bytes()
    except OSError as error:
        raise ShopError("error.import.unreadable", file=path.name) from error
    if content.startswith(_OLE):
        raise ShopError("error.import.old_excel", file=path.name)
    if content.startswith(_ZIP):
        return _sheets(path, content)
    text = decode(content)
    if not text.strip():
        raise ShopError("error.import.empty", file=path.name)
    physical = list(io.StringIO(text, newline=""))
    return tuple(Grid("", lambda mark=mark: _rows(physical, mark)) for mark in _DELIMITERS)  # type: ignore[misc]


# --- CSV -----------------------------------------------------------------------------------------------


def decode(content: bytes) -> str:
    """The text of a file of unknown encoding: a byte-order mark, UTF-16 by its zeros, UTF-8, else Windows-1256.

    A file that is UTF-8 but for a few bytes stays UTF-8 with U+FFFD in those places: read as Windows-1256 all
    its Arabic would be nonsense.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    head = content[:4096]
    if head.count(0) > len(head) // 8:
        return content.decode("utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        lenient = content.decode("utf-8-sig", "replace")
    foreign = sum(character > "\x7f" for character in lenient)
    return lenient if lenient.count("\ufffd") * 4 < foreign else content.decode("cp1256", "replace")


def _rows(physical: Sequence[str], delimiter: str) -> Iterator[Line]:
    """The rows of a text. One that a stray quotation mark has begun is given up, and reading goes on below it."""
    start = 0
    while start < len(physical):
        begun = start
        for number, cells, end in _until_trouble(physical, start, delimiter):
            if cells is None:
                yield Line(number, None)
                start = number
                break
            if any(cells):
                yield Line(number, cells)
            start = end
        if start == begun:  # nothing but what is broken
            return


def _until_trouble(
    physical: Sequence[str], start: int, delimiter: str
) -> Iterator[tuple[int, tuple[str, ...] | None, int]]:
    reader = csv.reader((physical[n] for n in range(start, len(physical))), delimiter=delimiter)
    begins = start
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:  # a field beyond every size: it swallowed what came after it
            yield begins + 1, None, begins + 1
            return
        if cells is None:
            return
        end = start + reader.line_num
        raw = physical[begins:end]
        unclosed = end == len(physical) and len(raw) > 1 and sum(line.count('"') for line in raw) % 2
        if len(raw) > MAX_SPAN or unclosed:
            yield begins + 1, None, begins + 1
            return
        yield begins + 1, tuple(_tidy(cell) for cell in cells), end
        begins = end


def _tidy(cell: str) -> str:
    return (cell if cell.isprintable() else _CONTROLS.sub("", cell)).strip()


# --- Excel ---------------------------------------------------------------------------------------------


def _sheets(path: Path, content: bytes) -> tuple[Grid, ...]:
    from zipfile import BadZipFile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise ShopError("error.import.unreadable", file=path.name) from error
    return tuple(Grid(sheet.title, lambda sheet=sheet: _sheet_lines(sheet)) for sheet in book.worksheets)  # type: ignore[misc]


def _sheet_lines(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()  # many programs write a wrong one, and rows beyond it would be left out silently
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = tuple(map(_text_of, row))
        if any(cells):
            yield Line(number, cells)


def _text_of(value: object) -> str:
    """A cell as the text that a person sees: a number without the zeros that Excel keeps behind it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _tidy(value)
    if isinstance(value, float):
        whole = int(value) if value.is_integer() else None
        return str(whole) if whole is not None else format(Decimal(repr(round(value, 6))), "f")
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    return str(value)
