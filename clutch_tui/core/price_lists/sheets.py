"""Files of rows as people send them: text of any encoding and delimiter, and Excel books, as lines of cells.

Nothing is interpreted here. A file may be readable in more than one way (every delimiter, every sheet): each is
a `Grid`, and whoever knows what headings look like chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import ShopError
from . import delimited, worksheet
from .archive import Damaged, TooLarge
from .encoding import encoding_of
from .lines import FileLine, without_the_end
from .workbook import Book, Sheet

MAX_BYTES = 100 * 1024 * 1024

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Grid:
    """One way to read a file. `lines()` reads from the start at every call, blank rows and hidden ones with it, but
    for blank ones at the end; `hidden` are the places of columns that are not shown. `sheet` is empty for a text."""

    sheet: str
    lines: Callable[[], Iterator[FileLine]]
    hidden: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Ways:
    """Every way to read a file; `hidden` and `damaged` are titles of sheets that cannot be or must not be read."""

    grids: tuple[Grid, ...]
    hidden: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def ways(path: Path) -> Ways:
    """Every way to read the file at `path`.

    Raises `ShopError`: `error.import.unreadable`, `error.import.too_large`, `error.import.unpacks_too_large`,
    `error.import.old_excel` for the format of before 2007 and for one with a password, `error.import.empty`,
    `error.import.all_hidden`. `lines()` of a grid may raise the first and the third.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ShopError("error.import.too_large", file=path.name, megabytes=MAX_BYTES // 1024 // 1024)
        with path.open("rb") as file:
            head = file.read(len(_OLE))
        if head.startswith(_OLE):
            raise ShopError("error.import.old_excel", file=path.name)
        return _sheets(path) if head.startswith(_ZIP) else _texts(path)
    except OSError as error:
        raise ShopError("error.import.unreadable", file=path.name) from error


def _texts(path: Path) -> Ways:
    encoding = encoding_of(path)

    def read(mark: str) -> Grid:
        return Grid("", lambda: without_the_end(delimited.rows(path, encoding, mark)))

    grids = tuple(map(read, delimited.DELIMITERS))
    if next(grids[0].lines(), None) is None:
        raise ShopError("error.import.empty", file=path.name)
    return Ways(grids)


def _sheets(path: Path) -> Ways:
    with _in_words(path):
        book = Book.read(path)
        if not book.sheets:
            raise Damaged
        grids, damaged = [], []
        for sheet in book.sheets:
            if sheet.hidden:
                continue
            try:
                grids.append(_grid(path, book, sheet))
            except TooLarge:
                raise
            except Damaged:
                damaged.append(sheet.title)
        hidden = tuple(sheet.title for sheet in book.sheets if sheet.hidden)
        if not grids and not damaged:
            raise ShopError("error.import.all_hidden", file=path.name)
        if not grids:
            raise Damaged
        return Ways(tuple(grids), hidden, tuple(damaged))


def _grid(path: Path, book: Book, sheet: Sheet) -> Grid:
    def lines() -> Iterator[FileLine]:
        with _in_words(path):
            yield from without_the_end(worksheet.lines(book, sheet))

    return Grid(sheet.title, lines, worksheet.hidden_columns(book, sheet))


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Damage of a book as the sentence that a person reads."""
    try:
        yield
    except TooLarge as error:
        raise ShopError("error.import.unpacks_too_large", file=path.name) from error
    except Damaged as error:
        raise ShopError("error.import.unreadable", file=path.name) from error
