"""The first look at a list: what concerns whole columns, found before any row is read.

How a column writes its numbers only all of its cells together can say. And that a spreadsheet has spoiled every
barcode of a list is one thing to know before it goes in, not a thousand remarks afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cells import AROUND, CODES, MONEY, has_right_check_digit, is_foreign, is_spoiled, shortened
from .encoding import is_damaged
from .lines import HIDDEN, FileLine
from .notation import CERTAIN, MARKS, Mark, Notation, NumberColumn, WrittenNumber, written
from .remarks import Remark

SOME, MANY = 3, 100
"""Cells of one kind from which on a column is spoken of: so few only where they are a tenth of it."""

SAID = ("hidden_rows", "repaired", "foreign", "damaged", "spoiled")
ASKED = ("check_digit", "spoiled")
"""Of what a column may be full: what is said of it because its rows are refused or not read, and what is asked about
because its rows would be taken without it. Part numbers are never asked about: without one a row is refused."""


@dataclass(slots=True)
class _Case:
    """Cells of one kind: how many, and the first of them."""

    count: int = 0
    line: int = 0
    text: str = ""

    def add(self, line: int, text: str = "") -> None:
        self.count += 1
        if not self.line:
            self.line, self.text = line, text

    def values(self) -> dict[str, Any]:
        return {"count": self.count, "first_line": self.line} | ({"text": self.text} if self.text else {})


@dataclass(frozen=True, slots=True)
class Survey:
    """The findings of a first look: how the numbers of each field are read, and what to say before all else.
    `asks` want an answer before anything is stored; `rows` are all that the file has."""

    rows: int
    notations: Mapping[str, Notation] = field(hash=False)
    remarks: tuple[Remark, ...]
    asks: tuple[Remark, ...]


def survey(lines: Iterable[FileLine], below: int, columns: Mapping[int, str], decimal: Mark | None) -> Survey:
    """Look at all `lines`, and at the cells of those below the headings in line `below`. `decimal` is what a person
    has said of all columns."""
    look = _Look(columns)
    rows = 0
    for line in lines:
        rows += 1
        if line.number > below:
            look.at(line)
    notations = dict.fromkeys(AROUND, CERTAIN[decimal]) if decimal else look.notations()
    return Survey(rows, notations, tuple(look.remarks(notations)), tuple(look.asks(notations)))


class _Look:
    def __init__(self, columns: Mapping[int, str]) -> None:
        self._columns = tuple(columns.items())
        self._numbers = {name: NumberColumn() for name in AROUND}
        self._filled = dict.fromkeys(columns.values(), 0)
        self._cases: dict[tuple[str, str], _Case] = {}
        self._doubts: dict[str, list[tuple[int, str, WrittenNumber]]] = {name: [] for name in AROUND}

    def at(self, line: FileLine) -> None:
        if line.kind == HIDDEN:
            self._case("hidden_rows", "").add(line.number)
            return
        if line.repaired:
            self._case("repaired", "").add(line.number)
        if line.unformatted:
            self._case("unformatted", "").add(line.number)
        for place, name in self._columns:
            text = line.cells[place] if place < len(line.cells) else ""
            if text:
                self._filled[name] += 1
                if place not in line.exact:
                    self._look_at(name, line.number, text)
                elif name in MONEY and is_foreign(text):
                    self._case("foreign", name).add(line.number, text)

    def _case(self, kind: str, name: str) -> _Case:
        return self._cases.setdefault((kind, name), _Case())

    def _look_at(self, name: str, line: int, text: str) -> None:
        if name in AROUND:
            number = written(text, AROUND[name])
            if number is not None:
                self._look_at_number(name, line, text, number)
            elif name in MONEY and is_foreign(text):
                self._case("foreign", name).add(line, text)
        elif name in CODES and is_spoiled(text):
            self._case("spoiled", name).add(line, text)
        elif name == "barcode" and not has_right_check_digit(text):
            self._case("check_digit", name).add(line, text)
        elif is_damaged(text):
            self._case("damaged", name).add(line, text)

    def _look_at_number(self, name: str, line: int, text: str, number: WrittenNumber) -> None:
        self._numbers[name].look(number)
        if number.value is None:
            case = self._case(f"open_{number.mark}", name)
            case.add(line, text)
            if case.count == 1:
                self._doubts[name].append((line, text, number))

    def notations(self) -> dict[str, Notation]:
        proven = {column.decimal for column in self._numbers.values()} - {None}
        fallback = next(iter(proven)) if len(proven) == 1 else None
        return {name: Notation.of(column, fallback) for name, column in self._numbers.items()}

    # --- in words --------------------------------------------------------------------------------------

    def _is_much(self, case: _Case, name: str) -> bool:
        return case.count >= MANY or (case.count >= SOME and case.count * 10 >= self._filled[name])

    def remarks(self, notations: Mapping[str, Notation]) -> Iterable[Remark]:
        """Return what is said first and asks nothing: no row is read wrongly by it."""
        for name, notation in notations.items():
            if notation.decimal == "comma" and self._numbers[name].proofs["comma"]:
                yield Remark(0, "import.column.decimal_comma", {"field": name})
        for kind in ("hidden_rows", "repaired"):
            if (kind, "") in self._cases:
                yield Remark(0, f"import.column.{kind}", self._cases[kind, ""].values())
        for (kind, name), case in self._cases.items():
            refused = kind in SAID and name and (kind != "spoiled" or name == "part_number")
            if refused and self._is_much(case, name):
                yield Remark(0, f"import.column.{kind}", {"field": name, **case.values()})

    def asks(self, notations: Mapping[str, Notation]) -> Iterable[Remark]:
        """Return what a person must decide: how doubtful numbers are read, and whether a list that has lost something
        goes in without it."""
        for name, doubts in self._doubts.items():
            unread = [doubt for doubt in doubts if notations[name].read(doubt[2]) is None]
            if unread:
                line, text, number = unread[0]
                count = sum(self._cases[f"open_{doubtful.mark}", name].count for _, _, doubtful in unread)
                ways = {mark: shortened(number.read(mark)) for mark in MARKS}
                values = {"field": name, "text": text, "count": count, "first_line": line}
                yield Remark(0, "import.ask.decimal", values | ways)
        for (kind, name), case in self._cases.items():
            lossy = kind in ASKED and name != "part_number"
            if lossy and self._is_much(case, name):
                yield Remark(0, f"import.ask.{kind}", {"field": name, **case.values()})
        if ("unformatted", "") in self._cases:
            yield Remark(0, "import.ask.unformatted", self._cases["unformatted", ""].values())
