"""A price list as a shop gets it: which of its rows are headings, what its columns mean, what to ask about them.

Real lists are dirty. A row is good, or taken with a remark, or refused with a reason; nothing that a cell says
is dropped without one of the two, and every row of the file is counted somewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from ..errors import ShopError
from . import headings, sheets
from .cells import MONEY, is_foreign
from .lines import HIDDEN, FileLine
from .notation import Mark, Notation
from .remarks import Remark
from .rows import Reader, RowReading, named
from .sheets import Grid, Ways
from .survey import survey
from .workbook import column_of

HEADING_ROWS = 30
"""How far down the headings are looked for: above them stand the shop's name, dates, merged titles."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of a person about a list: the mark before decimals, and by their fields the columns that count,
    each as its letters, its number or its heading."""

    decimal: Mark | None = None
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Heading:
    """The headings of a list, one cell for each column: those of the row in line `number`, joined with those of the
    row above or below where there are two. `doubts` are columns that could each be the one of a field; `currency` is
    what stands above all and names another one than the pound."""

    number: int
    cells: tuple[str, ...]
    doubts: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)
    currency: str = ""


@dataclass(frozen=True, slots=True)
class PriceList:
    """A price list: `columns` maps the place of each understood column to its field. `remarks` are about the file
    and its columns and come before all others; `asks` want an answer before anything is stored. `count` are the
    rows of the file, every one. `rows()` reads from the start at every call."""

    path: Path
    sheet: str
    heading: Heading
    columns: dict[int, str] = field(hash=False)
    remarks: tuple[Remark, ...]
    asks: tuple[Remark, ...]
    count: int
    notations: Mapping[str, Notation] = field(hash=False)
    _grid: Grid

    def rows(self) -> Iterator[RowReading]:
        """Every row of the file, with what it says, and at the end what concerns its columns."""
        reader = Reader(self.heading.cells, self.columns, self.notations, self._grid.hidden, in_sheet=bool(self.sheet))
        for line in self._grid.lines():
            if line.number <= self.heading.number:
                reader.title_hidden(line.cells)
                yield RowReading(line.number, "heading")
            else:
                yield reader.read(line)
        yield RowReading(
            self.heading.number, "end", None, tuple(reader.unread_columns(self.heading.number, self._asked()))
        )

    def _asked(self) -> set[int]:
        """The columns that a person has been asked about: nothing more is said of those that were not chosen."""
        return {place for places in self.heading.doubts.values() for place in places}


AS_IT_STANDS = Choices()


def read(path: Path, choices: Choices = AS_IT_STANDS) -> PriceList:
    """Find the headings in the file at `path`, look at all of its columns, and give back its table.

    Raises `ShopError`: those of `sheets.ways`, `error.import.no_headings` where no row near the top says what its
    columns are, and `error.import.no_column` for a chosen column that is not there.
    """
    ways = sheets.ways(path)
    grid, heading = _found(path, ways)
    columns = headings.columns(heading.cells)
    doubts = dict(heading.doubts)
    for name, said in choices.columns.items():
        chosen = _column(path, heading.cells, said)
        columns = {place: other for place, other in columns.items() if other != name} | {chosen: name}
        doubts.pop(name, None)
    seen = survey(grid.lines(), heading.number, columns, choices.decimal)
    return PriceList(
        path,
        grid.sheet,
        heading,
        dict(sorted(columns.items())),
        (*_about_the_file(ways, grid), *_about_columns(heading, columns), *seen.remarks),
        (*_doubtful(heading, columns, doubts), *seen.asks),
        seen.rows,
        seen.notations,
        grid,
    )


# --- headings ------------------------------------------------------------------------------------------


def _found(path: Path, ways: Ways) -> tuple[Grid, Heading]:
    best: tuple[int, Grid, Heading] | None = None
    for grid in ways.grids:
        top = [_shown(line, grid) for line in islice(_filled(grid), HEADING_ROWS + 1)]
        for place, line in enumerate(top[:HEADING_ROWS]):
            understood = headings.columns(line.cells)
            if len(understood) < 2 or not set(headings.KNOWN_BY) & set(understood.values()):
                continue
            if best is None or (len(understood) > best[0] and grid.sheet in ("", best[1].sheet)):
                foreign = (cell for above in top[:place] for cell in above.cells if is_foreign(cell))
                best = len(understood), grid, replace(_joined(top, place), currency=next(foreign, ""))
    if best is None:
        raise ShopError("error.import.no_headings", file=path.name, headings=", ".join(headings.examples()))
    return best[1:]


def _filled(grid: Grid) -> Iterator[FileLine]:
    return (line for line in grid.lines() if not line.blank and line.kind != HIDDEN)


def _shown(line: FileLine, grid: Grid) -> FileLine:
    """The row without what stands in hidden columns."""
    cells = tuple("" if place in grid.hidden else cell for place, cell in enumerate(line.cells))
    return FileLine(line.number, cells, line.kind)


def _joined(top: Sequence[FileLine], place: int) -> Heading:
    """The headings of a row, with those of the next one or of the one before where these say more about them."""
    line = top[place]
    below = top[place + 1] if place + 1 < len(top) else None
    if below is not None and headings.is_below(line.cells, below.cells):
        cells = headings.joined(line.cells, below.cells)
        several, known = headings.several(cells), headings.columns(cells).values()
        spread = headings.spread(line.cells, below.cells)
        unknown = {name: places for name, places in spread.items() if name not in known}
        return Heading(below.number, cells, several | unknown)
    above = top[place - 1] if place else None
    if above is not None and sum(map(bool, above.cells)) > 1:
        cells = headings.joined(above.cells, line.cells)
        if set(headings.columns(cells).values()) > set(headings.columns(line.cells).values()):
            return Heading(line.number, cells, headings.several(cells))
    return Heading(line.number, line.cells, headings.several(line.cells))


def _column(path: Path, cells: Sequence[str], said: str) -> int:
    """The place of a column that a person names: by its heading, its letters or its number."""
    for place, cell in enumerate(cells):
        if cell and headings.is_same(cell, said):
            return place
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 6 else column_of(said.upper())
    if not 0 < number <= len(cells):
        raise ShopError("error.import.no_column", file=path.name, text=said)
    return number - 1


# --- what to say first ---------------------------------------------------------------------------------


def _about_the_file(ways: Ways, read: Grid) -> Iterable[Remark]:
    for title in ways.hidden:
        yield Remark(0, "import.column.hidden_sheet", {"sheet": title})
    for title in ways.damaged:
        yield Remark(0, "import.column.damaged_sheet", {"sheet": title})
    for way in ways.grids:
        if way.sheet != read.sheet and next(way.lines(), None) is not None:
            yield Remark(0, "import.warning.sheet", {"sheet": way.sheet})


def _about_columns(heading: Heading, columns: Mapping[int, str]) -> Iterable[Remark]:
    for place, name in columns.items():
        if name in MONEY and is_foreign(heading.cells[place]):
            yield Remark(0, "import.column.foreign_heading", {"field": name, "heading": heading.cells[place]})


def _doubtful(heading: Heading, columns: Mapping[int, str], doubts: Mapping[str, tuple[int, ...]]) -> Iterable[Remark]:
    places = {name: place for place, name in columns.items()}
    for name, several in doubts.items():
        values = {"field": name, "columns": [named(place, heading.cells[place]) for place in several]}
        if name in places:
            yield Remark(
                0, "import.ask.several_columns", values | {"taken": named(places[name], heading.cells[places[name]])}
            )
        else:
            yield Remark(0, "import.ask.no_column", values)
    if heading.currency and set(MONEY) & places.keys():
        yield Remark(0, "import.ask.currency", {"text": heading.currency})
