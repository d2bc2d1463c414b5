"""The rows of a price list, one by one: what each says about a part, or why it is none."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from clutch_tui.text.fold import fold

from ..codes import barcode_key
from ..quantity import Quantity
from ..search_words import bare, fold_often
from . import cells, headings
from .lines import BROKEN, HIDDEN, MERGED, FileLine
from .notation import Notation
from .remarks import Remark
from .workbook import letters_of

Outcome = Literal[
    "part", "refused", "repeated", "heading", "heading_again", "blank", "hidden", "title", "total", "unread", "end"
]
"""What a row is: a `part` goes on to the shop. From `heading` on rows are skipped; `end` is no row at all."""

SHARED = "import.warning.shared_barcode"
"""Said of a part that is taken although another one has its barcode: at the till a scan of it asks which."""

SKIPPED: tuple[Outcome, ...] = ("heading", "heading_again", "blank", "hidden", "title", "total", "unread")


@dataclass(frozen=True, slots=True)
class PartEntry:
    """A part as one row describes it.

    `said` holds only fields whose cells were filled: an empty cell says nothing, it does not erase. `quantity`
    is what lies on the shelf, None where the row does not say. `others` are further numbers of an overfull
    cell, by the field that takes them in beside what it holds. A `sibling` has the number of an earlier row, and
    another brand; a `twin` has the barcode of an earlier row, and another number.
    """

    line: int
    said: dict[str, Any] = field(hash=False)
    quantity: Quantity | None = None
    others: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    sibling: bool = False
    twin: bool = False

    number_key: str = field(init=False, compare=False)
    brand_key: str = field(init=False, compare=False)
    barcode_key: str = field(init=False, compare=False)
    looks: tuple[str, ...] = field(init=False, compare=False)
    """What tells apart parts that have neither number nor barcode; see `looks_of`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "number_key", bare(fold(self.said.get("part_number", ""))))
        object.__setattr__(self, "barcode_key", barcode_key(self.said.get("barcode", "")))
        object.__setattr__(self, "brand_key", fold_often(self.said.get("brand", "")))
        object.__setattr__(self, "looks", looks_of(self.said))


def looks_of(part: Mapping[str, Any]) -> tuple[str, ...]:
    """A part's name and the car it fits, folded; the name in front as it is in `part.name_key`."""
    name = fold(part.get("name") or "") or fold(part.get("name_en") or "")
    return (name, *(fold_often(part.get(field) or "") for field in ("brand", "car_brand", "car_model", "year")))


@dataclass(frozen=True, slots=True)
class RowReading:
    """One row as it was read: its `entry` where it is a part."""

    line: int
    outcome: Outcome
    entry: PartEntry | None = None
    remarks: tuple[Remark, ...] = ()


_TOTALS = frozenset(
    map(fold, ("الإجمالي", "إجمالي", "المجموع", "مجموع", "الإجمالى العام", "total", "grand total", "sum"))
)
_LONGEST_TOTAL = 20


class Reader:
    """Reads rows one by one and remembers what the rows before have said, to find what stands there twice."""

    def __init__(
        self,
        heading: Sequence[str],
        columns: Mapping[int, str],
        notations: Mapping[str, Notation],
        hidden: frozenset[int],
        *,
        in_sheet: bool,
    ) -> None:
        self._heading, self._columns, self._notations = heading, columns, notations
        self._hidden = hidden
        self._in_sheet = in_sheet
        self._foreign = {
            name: heading[place]
            for place, name in columns.items()
            if name in cells.MONEY and place < len(heading) and cells.is_foreign(heading[place])
        }
        self._unread: dict[int, int] = {}
        self._titles = dict(enumerate(heading))
        self._seen = _Seen()

    def title_hidden(self, cells: Sequence[str]) -> None:
        """Learn from a row of headings what hidden columns are called."""
        self._titles |= {place: cell for place, cell in enumerate(cells) if cell and place in self._hidden}

    def read(self, line: FileLine) -> RowReading:
        number = line.number
        if line.kind == BROKEN:
            return _refused(Remark(number, "import.bad.quote"))
        if line.kind == HIDDEN or line.blank:
            return RowReading(number, "blank" if line.blank else "hidden")
        beyond = [cell for cell in line.cells[len(self._heading) :] if cell]
        if beyond and not self._in_sheet:
            # one comma too many: every cell behind it stands under the wrong heading
            return _refused(Remark(number, "import.bad.too_many_cells", {"text": beyond[0]}))
        for place, cell in enumerate(line.cells):
            if cell and place not in self._columns:
                self._unread.setdefault(place, number)
        said = {name: line.cells[place] for place, name in self._columns.items() if place < len(line.cells)}
        if not any(said.values()):
            return RowReading(number, "unread")
        outcome = "title" if line.kind == MERGED else self._is_no_part(line.cells, said)
        if outcome is not None:
            text = next(filter(None, said.values()))
            return RowReading(number, outcome, None, (Remark(number, f"import.warning.{outcome}", {"text": text}),))
        return self._understand(number, said, {self._columns[place] for place in line.exact & self._columns.keys()})

    def _is_no_part(self, row: Sequence[str], said: Mapping[str, str]) -> Outcome | None:
        """Return what a row of sums or of headings printed again is; None for all others."""
        labels = {said.get("part_number", ""), said.get("name", ""), next(filter(None, row))}
        labels.discard(said.get("brand", ""))  # Total also makes oil
        if any(len(label) <= _LONGEST_TOTAL and fold(label).rstrip(": ") in _TOTALS for label in labels):
            return "total"
        same = {cell for cell, title in zip(row, self._heading, strict=False) if cell == title}
        return "heading_again" if len(same - {""}) >= 2 else None

    def _understand(self, number: int, said: Mapping[str, str], exact: set[str]) -> RowReading:
        row = cells.RowCells(said, self._notations, exact)
        row.read()
        odd = [("import.bad.foreign_currency", {"field": name, "text": text}) for name, text in self._in_foreign(said)]
        remarks = tuple(Remark(number, key, values) for key, values in (*row.odd, *odd))
        refused = tuple(remark for remark in remarks if remark.bad)
        if refused:
            return _refused(*refused)
        quantity = row.values.pop("quantity", None)
        others = {name: tuple(texts) for name, texts in row.others.items()}
        entry = PartEntry(number, row.values, Quantity(quantity) if isinstance(quantity, int) else None, others)
        if self._seen.has_number(entry):
            entry = replace(entry, sibling=True)
        twice = self._seen.earlier(entry)
        if twice is None:
            return RowReading(number, "part", entry, remarks)
        if twice.key == SHARED:
            return RowReading(number, "part", replace(entry, twin=True), (*remarks, twice))
        return _refused(twice) if twice.bad else RowReading(number, "repeated", None, (twice,))

    def _in_foreign(self, said: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """The cells under a heading that names another currency."""
        return ((name, f"{said[name]} ({heading})") for name, heading in self._foreign.items() if said.get(name))

    def unread_columns(self, line: int, asked: Collection[int] = ()) -> Iterable[Remark]:
        """A word about each column that held something and was not read, but for those that were `asked` about."""
        for place, first in sorted(self._unread.items()):
            if place in asked and place not in self._hidden:
                continue
            title = self._titles.get(place, "")
            if place in self._hidden:
                yield Remark(0, "import.column.hidden_column", {"heading": named(place, title), "first_line": first})
            elif not headings.is_numbering(title):
                values = {"heading": title or letters_of(place + 1), "first_line": first}
                yield Remark(line, "import.warning.column", values)


def named(place: int, heading: str) -> str:
    """A column as a person finds it: its letters and its heading."""
    return f"{letters_of(place + 1)} ({heading})" if heading else letters_of(place + 1)


def _refused(*remarks: Remark) -> RowReading:
    return RowReading(remarks[0].line, "refused", None, remarks)


class _Seen:
    """The parts that the rows so far were about. A list has hundreds of thousands of them, so of each only numbers
    are kept: its line and what its texts come to."""

    def __init__(self) -> None:
        self._lines, self._contents, self._brands, self._numbers = array("L"), array("q"), array("q"), array("q")
        self._places: dict[int, int] = {}

    def has_number(self, entry: PartEntry) -> bool:
        """True where an earlier row had this number, be it of another brand."""
        return bool(entry.number_key) and hash(("part_number", entry.number_key)) in self._places

    def earlier(self, entry: PartEntry) -> Remark | None:
        """A remark where an earlier row was about the same part; what that one says counts, not this one. One number
        of several brands is several parts, and so is one barcode of several numbers, which is said."""
        keys: list[tuple[str, ...]] = []
        if entry.number_key:
            keys.append(("part_number", entry.number_key))
        if entry.barcode_key:
            keys.append(("barcode", entry.barcode_key))
        looks = ("name", *entry.looks)
        shared = None
        content = hash((tuple(sorted(entry.said.items())), entry.quantity, tuple(sorted(entry.others.items()))))
        for key in keys or [looks]:
            place = self._place(key, entry.brand_key)
            if place is None:
                continue
            values = {
                "field": key[0],
                "text": str(entry.said.get(key[0], "")),
                "other_line": self._lines[place],
            }
            if key[0] == "barcode" and entry.number_key and self._numbers[place] not in (0, hash(entry.number_key)):
                shared = Remark(entry.line, SHARED, values)
                continue
            same = self._contents[place] == content
            return Remark(entry.line, "import.warning.repeated" if same else "import.bad.twice", values)
        place = len(self._lines)
        self._lines.append(entry.line)
        self._contents.append(content)
        self._brands.append(hash(entry.brand_key) if entry.brand_key else 0)
        self._numbers.append(hash(entry.number_key) if entry.number_key else 0)
        for key in (*keys, looks):
            self._places.setdefault(hash(key), place)
        if entry.number_key:
            self._places[hash(("part_number", entry.number_key, entry.brand_key))] = place
        return shared

    def _place(self, key: tuple[str, ...], brand: str) -> int | None:
        """Return where an earlier row with this key is kept; with a brand of its own, one of that brand or without
        any."""
        first = self._places.get(hash(key))
        if first is None or key[0] != "part_number" or not brand:
            return first
        if self._brands[first] in (0, hash(brand)):
            return first
        return self._places.get(hash((*key, brand)), self._places.get(hash((*key, ""))))
