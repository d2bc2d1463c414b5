"""The notation of a column's numbers: which mark stands between their thousands, and which before their decimals.

`1.250` is a thousand and more in one list and one and a quarter in the next. The other cells of the column know:
one that can be read in a single way (`1.250,50`, `850,00`) says what the marks mean. Where none does, or where they
contradict each other, nobody may guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Literal

from clutch_tui.text.fold import fold

Mark = Literal["point", "comma"]

MARKS: tuple[Mark, ...] = ("point", "comma")
"""What may stand before the decimals."""

_SIGN: dict[Mark, str] = {"point": ".", "comma": ","}
_OTHER: dict[Mark, Mark] = {"point": "comma", "comma": "point"}

_COMMON = re.compile(r"\d+(?:\.\d\d?)?", re.ASCII)
_PLAIN = re.compile(r"\d+", re.ASCII)
_SPACED = re.compile(r"\d{1,3}(?:[ '’]\d{3})+", re.ASCII)
_ONE_MARK = re.compile(r"(\d*)([.,])(\d*)", re.ASCII)
_GROUPS = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+", re.ASCII)
_GROUPS_AND_DECIMALS = re.compile(r"\d{1,3}(?:([., '’])\d{3})+(?!\1)([.,])(\d*)", re.ASCII)
_ARABIC_DECIMAL = "٫"
_EXCEL = Context(prec=15)
"""Spreadsheets keep fifteen digits; what stands behind them is the dirt of binary fractions."""


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number as it is written, its sign and words taken off. `value` is what it can only mean, None where its
    one mark may be either; `mark` then is the mark in question, else the decimal mark that it proves, None where
    it proves nothing."""

    value: Decimal | None
    mark: Mark | None = None
    decimals: int = 0
    negative: bool = False
    text: str = ""

    def read(self, decimal: Mark) -> Decimal:
        """Return what it means where `decimal` stands before the decimals."""
        if self.value is not None:
            return self.value
        whole = self.text.replace(_SIGN[_OTHER[decimal]], "")
        return self._signed(Decimal(whole.replace(",", ".")))

    def _signed(self, number: Decimal) -> Decimal:
        return -number if self.negative else number


def written(text: str, around: re.Pattern[str]) -> WrittenNumber | None:
    """The number of a cell beside the words in `around`, None where the cell holds none."""
    if _COMMON.fullmatch(text):
        decimals = len(text.partition(".")[2])
        return WrittenNumber(Decimal(text), "point" if decimals else None, decimals)
    plain = " ".join(around.sub(" ", fold(text.replace(_ARABIC_DECIMAL, "\0")).replace("\u2212", "-")).split())
    plain = plain.replace("،", ",")
    plain, negative = _without_sign(plain)
    if "\0" in plain:  # the Arabic decimal mark can mean nothing else, so all other marks stand between thousands
        whole, _, rest = plain.partition("\0")
        whole = re.sub(r"[., '’]", "", whole)
        if not (_PLAIN.fullmatch(whole or "0") and _PLAIN.fullmatch(rest or "0")):
            return None
        return _exact(f"{whole or 0}.{rest or 0}", negative)
    if _PLAIN.fullmatch(plain):
        return _exact(plain, negative)
    if _SPACED.fullmatch(plain):
        return _exact(re.sub(r"[ '’]", "", plain), negative)
    grouped = _GROUPS.fullmatch(plain)
    if grouped:
        return _exact(plain.replace(grouped[1], ""), negative, _OTHER[_mark(grouped[1])])
    both = _GROUPS_AND_DECIMALS.fullmatch(plain)
    if both:
        number = plain.replace(both[1], "").replace(",", ".")
        return _exact(number, negative, _mark(both[2]), len(both[3]))
    single = _ONE_MARK.fullmatch(plain)
    return _with_one_mark(plain, negative, *single.groups()) if single else None


def _with_one_mark(plain: str, negative: bool, whole: str, sign: str, rest: str) -> WrittenNumber | None:
    if not (whole or rest):
        return None
    could_be_thousands = len(rest) == 3 and 0 < len(whole) <= 3 and not whole.startswith("0")
    if could_be_thousands:
        return WrittenNumber(None, _mark(sign), 3, negative, plain)
    return _exact(f"{whole or 0}.{rest or 0}", negative, _mark(sign) if rest else None, len(rest))


def _without_sign(plain: str) -> tuple[str, bool]:
    """`-3`, `3-` and the `(3)` of accountants are three below zero."""
    if plain[:1] == "(" and plain[-1:] == ")":
        return plain[1:-1].strip(), True
    if plain[:1] == "-" or plain[-1:] == "-":
        bare = plain.removeprefix("-") if plain[:1] == "-" else plain.removesuffix("-")
        return bare.strip(), True
    return plain, False


def _exact(number: str, negative: bool, mark: Mark | None = None, decimals: int = 0) -> WrittenNumber:
    value = Decimal(number)
    if decimals > 10:
        value = _EXCEL.create_decimal(value)
    return WrittenNumber(-value if negative else value, mark, decimals, negative, number)


def _mark(sign: str) -> Mark:
    return "point" if sign == "." else "comma"


@dataclass(slots=True)
class NumberColumn:
    """The evidence of the numbers of one column, gathered cell by cell before any of them is read."""

    proofs: dict[Mark, int] = field(default_factory=lambda: dict.fromkeys(MARKS, 0))
    """Cells that can only be read with this mark before the decimals."""
    long: set[Mark] = field(default_factory=set)
    """Marks with three decimals and more behind them in a cell that leaves no doubt."""
    open: dict[Mark, int] = field(default_factory=lambda: dict.fromkeys(MARKS, 0))
    """Cells with this mark and three digits behind it: thousands or decimals."""

    def look(self, number: WrittenNumber) -> None:
        if number.mark is None:
            return
        if number.value is None:
            self.open[number.mark] += 1
        else:
            self.proofs[number.mark] += 1
            if number.decimals >= 3:
                self.long.add(number.mark)

    @property
    def decimal(self) -> Mark | None:
        """The mark before the decimals; None where the cells prove neither, or both."""
        proven = [mark for mark in MARKS if self.proofs[mark]]
        return proven[0] if len(proven) == 1 else None


@dataclass(frozen=True, slots=True)
class Notation:
    """The way to read the numbers of a column. Without `decimal` a cell that may be either is not read; `long` says
    that three digits behind the decimal mark are nothing odd in this column."""

    decimal: Mark | None = None
    long: bool = False

    @classmethod
    def of(cls, column: NumberColumn, fallback: Mark | None = None) -> Notation:
        """As the column proves; a column that proves nothing is written as the others of its file (`fallback`)."""
        silent = not any(column.proofs.values())
        decimal = column.decimal or (fallback if silent else None)
        if decimal is None:
            return cls()
        return cls(decimal, decimal in column.long or bool(column.open[_OTHER[decimal]]))

    def read(self, number: WrittenNumber) -> Decimal | None:
        """The number, None where this column leaves in doubt what is meant."""
        if number.value is not None:
            return number.value
        if self.decimal is None or (number.mark == self.decimal and not self.long):
            # `1,250` beside `850,50`: three decimals where all others have two, or a thousand by another hand
            return None
        return number.read(self.decimal)

    def is_unusual(self, number: WrittenNumber) -> bool:
        """True for a number that is not written as the others of its column."""
        if number.value is None:
            return number.mark == self.decimal
        return number.mark == "comma" != self.decimal


CERTAIN = {mark: Notation(mark, True) for mark in MARKS}
"""What a person has said, by the mark: nothing is left in doubt."""
