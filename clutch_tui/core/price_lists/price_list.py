"""A price list as a shop gets it: rows that say something about parts, and everything that is odd about them.

Real lists are dirty. A row is good, or taken with a remark, or refused with a reason; nothing that a cell says
is dropped without one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from clutch_tui.text.fold import fold

from ..codes import barcode_key
from ..types import ShopError
from ..words import bare, fold_often
from . import cells, headings, sheets
from .sheets import Grid, Line

HEADING_ROWS = 30
"""How far down the headings are looked for: above them stand the shop's name, dates, merged titles."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What is odd about a row: `key` names a sentence, `values` (JSON-able) fill its places. `field` among them
    is the name of a field. Line 0 is the file as a whole."""

    line: int
    key: str
    values: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def bad(self) -> bool:
        """True where the row was refused, False where it was taken, or held no part."""
        return not self.key.startswith("import.warning.")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row says about a part.

    `said` holds only fields whose cells were filled: an empty cell says nothing, it does not erase. `quantity`
    is what lies on the shelf, None where the row does not say. `others` are further numbers of an overfull
    cell, by the field that takes them in beside what it holds.
    """

    line: int
    said: dict[str, Any] = field(hash=False)
    quantity: int | None = None
    others: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    number_key: str = field(init=False, compare=False)
    barcode_key: str = field(init=False, compare=False)
    looks: tuple[str, ...] = field(init=False, compare=False)
    """What tells apart parts that have neither number nor barcode; see `looks_of`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "number_key", bare(fold(self.said.get("part_number", ""))))
        object.__setattr__(self, "barcode_key", barcode_key(self.said.get("barcode", "")))
        object.__setattr__(self, "looks", looks_of(self.said))


def looks_of(part: Mapping[str, Any]) -> tuple[str, ...]:
    """A part's name and the car it fits, folded; the name in front as it is in `part.name_key`."""
    name = fold(part.get("name") or "") or fold(part.get("name_en") or "")
    return (name, *(fold_often(part.get(field) or "") for field in ("brand", "car_brand", "car_model", "year")))


@dataclass(frozen=True, slots=True)
class Table:
    """A price list: `columns` maps the place of each understood column to its field; `remarks` are about the
    file as a whole. `rows()` reads from the start at every call."""

    sheet: str
    heading: Line
    columns: dict[int, str] = field(hash=False)
    remarks: tuple[Remark, ...]
    _grid: Grid

    def rows(self) -> Iterator[tuple[Entry | None, tuple[Remark, ...]]]:
        """Each row below the headings: what it says, None where it was refused or left out, and the remarks."""
        reader = _Reader(self)
        for line in self._grid.lines():
            if line.number > self.heading.number:
                yield reader.read(line)
        yield None, tuple(reader.unread_columns())


def read(path: Path) -> Table:
    """Find the headings in the file at `path` and give back its table.

    Raises `ShopError`: those of `sheets.grids`, and `error.import.no_headings` where no row near the top says
    what its columns are.
    """
    best: tuple[int, Grid, Line] | None = None
    ways = sheets.grids(path)
    for grid in ways:
        for line in islice(grid.lines(), HEADING_ROWS):
            understood = headings.columns(line.cells or ())
            if len(understood) < 2 or not set(headings.KNOWN_BY) & set(understood.values()):
                continue
            if best is None or (len(understood) > best[0] and grid.sheet in ("", best[1].sheet)):
                best = len(understood), grid, line
    if best is None:
        raise ShopError("error.import.no_headings", file=path.name, headings=", ".join(headings.examples()))
    _, grid, line = best
    unread = [way for way in ways if way.sheet != grid.sheet and next(way.lines(), None) is not None]
    remarks = tuple(Remark(0, "import.warning.sheet", {"sheet": way.sheet}) for way in unread)
    return Table(grid.sheet, line, headings.columns(line.cells or ()), remarks, grid)


_TOTALS = frozenset(
    map(fold, ("الإجمالي", "إجمالي", "المجموع", "مجموع", "الإجمالى العام", "total", "grand total", "sum"))
)
_LONGEST_TOTAL = 20


class _Reader:
    """Reads rows one by one and remembers what the rows before have said, to find what stands there twice."""

    def __init__(self, table: Table) -> None:
        self._columns = table.columns
        self._heading = table.heading
        self._width = len(table.heading.cells or ())
        self._in_sheet = bool(table.sheet)
        self._unread: dict[int, int] = {}
        self._seen: dict[tuple[str, object], Entry] = {}

    def read(self, line: Line) -> tuple[Entry | None, tuple[Remark, ...]]:
        if line.cells is None:
            return None, (Remark(line.number, "import.bad.quote"),)
        beyond = [cell for cell in line.cells[self._width :] if cell]
        if beyond and not self._in_sheet:
            # one comma too many: every cell behind it stands under the wrong heading
            return None, (Remark(line.number, "import.bad.too_many_cells", {"text": beyond[0]}),)
        for place in range(len(line.cells)):
            if place not in self._columns and line.cells[place]:
                self._unread.setdefault(place, line.number)
        said = {field: line.cells[place] for place, field in self._columns.items() if place < len(line.cells)}
        if not any(said.values()):
            return None, ()
        left_out = self._is_no_part(line.cells, said)
        if left_out:
            return None, (Remark(line.number, left_out, {"text": next(filter(None, said.values()))}),)
        return self._understand(line.number, said)

    def _is_no_part(self, row: Sequence[str], said: Mapping[str, str]) -> str:
        """The key of the remark for a row of sums and for headings printed again; empty for all others."""
        labels = {said.get("part_number", ""), said.get("name", ""), next(filter(None, row))}
        labels.discard(said.get("brand", ""))  # Total also makes oil
        if any(len(label) <= _LONGEST_TOTAL and fold(label).rstrip(": ") in _TOTALS for label in labels):
            return "import.warning.total"
        same = {cell for cell, title in zip(row, self._heading.cells or (), strict=False) if cell == title}
        return "import.warning.heading_again" if len(same - {""}) >= 2 else ""

    def _understand(self, number: int, said: Mapping[str, str]) -> tuple[Entry | None, tuple[Remark, ...]]:
        row = cells.Row(said)
        row.read()
        remarks = [Remark(number, key, values) for key, values in row.odd]
        refused = tuple(remark for remark in remarks if remark.bad)
        if refused:
            return None, refused
        quantity = row.found.pop("quantity", None)
        others = {name: tuple(texts) for name, texts in row.others.items()}
        entry = Entry(number, row.found, quantity if isinstance(quantity, int) else None, others)
        twice = self._twice(entry)
        return (entry, tuple(remarks)) if twice is None else (None, (twice,))

    def _twice(self, entry: Entry) -> Remark | None:
        """A remark where an earlier row was about the same part; what it says counts, not this one."""
        known_by: list[tuple[str, object]] = [
            *([("part_number", entry.number_key)] if entry.number_key else []),
            *([("barcode", entry.barcode_key)] if entry.barcode_key else []),
        ]
        looks: tuple[str, object] = ("name", entry.looks)
        for key in known_by or [looks]:
            earlier = self._seen.get(key)
            if earlier is None:
                continue
            values = {"field": key[0], "text": str(entry.said.get(key[0], "")), "other_line": earlier.line}
            if replace(earlier, line=entry.line) == entry:
                return Remark(entry.line, "import.warning.repeated", values)
            return Remark(entry.line, "import.bad.twice", values)
        self._seen.update(dict.fromkeys(known_by, entry))
        self._seen.setdefault(looks, entry)
        return None

    def unread_columns(self) -> Iterable[Remark]:
        titles = self._heading.cells or ()
        for place, line in sorted(self._unread.items()):
            title = titles[place] if place < len(titles) else ""
            if headings.is_numbering(title):
                continue
            values = {"heading": title or str(place + 1), "first_line": line}
            yield Remark(self._heading.number, "import.warning.column", values)
