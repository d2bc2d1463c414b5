"""The cells of one row of a price list, turned into the fields of a part, with a word about all that is odd."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from clutch_tui.text.fold import fold

from .. import money, units
from ..codes import has_check_digit
from ..limits import MAX_MONEY, MAX_QUANTITY
from ..quantity import of_decimal, to_decimal
from ..records.declaration import fields_of
from ..records.part import PartDraft
from .encoding import is_damaged
from .notation import CERTAIN, MARKS, Notation, written

Oddity = tuple[str, dict[str, Any]]
"""The key of a sentence and its values; `import.warning.` keys leave the row good, all others refuse it."""

_NOTHING = frozenset(map(fold, ("-", "--", "—", "–", "_", "n/a", "na", "null", "none", "لا يوجد", "بدون", "؟", "?")))
_LONGEST_NOTHING = max(map(len, _NOTHING))
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|#+)")
_AS_FORMULA = re.compile(r'="(.*)"')

_POUNDS = re.compile(
    r"جنيهات|جنيها|جنيه|مصري|ج\s?\.?\s?م(?![^\W\d])\.?|ج(?![^\W\d])\.?|egp|e£|£|pounds?|l\.?\s?e(?![^\W\d])\.?"
)
_FOREIGN = re.compile(
    r"[$€¥₺₽₹]|(?<![a-z])(?:usd?|eur|euros?|dollars?|gbp|sar|aed|kwd|qar|try|cny|rmb|jpy|chf|inr)(?![a-z])"
    r"|(?<!\w)[بلو]?(?:ال|ل)?(?:دولار|يورو|ريال|درهم|دينار|استرليني|يوان|ليره)|(?<!\w)(?:ر\.?\s?س|د\.?\s?[اك])(?!\w)"
)
_UNITS = re.compile(
    r"قطعه|قطع|حبه|عدد|pcs\.?|pieces?|pc\.?|لترات|لتر|ليتر|lit(?:re|er)s?|ltrs?\.?|امتار|متر|met(?:re|er)s?|mtrs?\.?"
    r"|كيلو|كجم|kgs?\.?|جوز|زوج|pairs?|طقم|اطقم|sets?"
)

_PART = fields_of(PartDraft)
QUANTITIES = ("quantity", *(name for name, field in _PART.items() if field.kind == "quantity"))
_NUMBERS = tuple(name for name, field in _PART.items() if field.kind == "number")

MONEY = tuple(name for name, field in _PART.items() if field.kind == "money")
CODES = tuple(name for name, field in _PART.items() if field.is_code)
AROUND = {**dict.fromkeys(MONEY, _POUNDS), **dict.fromkeys((*QUANTITIES, *_NUMBERS), _UNITS)}
"""The words that may stand beside the number in a cell of each field that is one."""


_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec"
_LONG_MONTHS = "uary|ruary|ch|il|e|y|ust|tember|ober|ember"
_ARABIC_MONTHS = "يناير|فبراير|مارس|ابريل|مايو|يونيو|يونيه|يوليو|يوليه|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر"
_MONTH = f"(?:(?:{_MONTHS})(?:{_LONG_MONTHS})?|{_ARABIC_MONTHS})"
_YEAR = r"(?:\d\d|(?:19|20)\d\d)"
_LOST_DIGITS = re.compile(r"\d+[.,]\d+e\+?\d+|\d+e\+\d+", re.ASCII | re.IGNORECASE)
_MADE_A_DATE = re.compile(
    rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}(?: [\d:]+)?|\d{{1,2}}([/.-])\d{{1,2}}\1(?:19|20)\d\d(?: [\d:]+)?"
    rf"|(?:0?[1-9]|[12]\d|3[01])[- ]{_MONTH}(?:[- ]{_YEAR})?|{_MONTH}[- ]{_YEAR}",
)
_BETWEEN_NUMBERS = re.compile(r"[\n;؛،,|\\]|\s/\s|\s[-+&]\s|/")
_SHORTEST_NUMBER = 4
_AS_READ = re.compile(r"\d+(?:\.0*[1-9]\d?|\.0+)?", re.ASCII)
"""A quantity about which nobody has to look: figures, and a point before decimals."""


class RowCells:
    """One row: `said` in, `values` (fields of a draft, and `quantity`), `others` and `odd` out. In the fields of
    `exact` the file holds numbers: a dot in them stands before decimals, however the column writes its texts."""

    def __init__(self, said: Mapping[str, str], notations: Mapping[str, Notation], exact: Collection[str] = ()) -> None:
        self._notations = {**notations, **dict.fromkeys(exact, CERTAIN["point"])} if exact else notations
        self._said = {field: self._bare_text(field, text) for field, text in said.items()}
        self.values: dict[str, str | int] = {}
        self.others: dict[str, list[str]] = {}
        self.odd: list[Oddity] = [
            ("import.warning.cell_error", {"field": field, "text": text})
            for field, text in said.items()
            if text.startswith("#") and _ERROR.fullmatch(text)
        ]

    @staticmethod
    def _bare_text(field: str, text: str) -> str:
        """A cell without what programs put around texts so that a spreadsheet leaves their zeros alone."""
        if text[:1] in ("=", "'", "#"):
            wrapped = _AS_FORMULA.fullmatch(text)
            text = wrapped[1].strip() if wrapped else text.removeprefix("'")
            if _ERROR.fullmatch(text):
                return ""
        if len(text) > _LONGEST_NOTHING:
            return text
        return "" if fold(text) in _NOTHING or (field in CODES and text == "0") else text

    def read(self) -> None:
        for field, text in self._said.items():
            if text[:1] == "=":
                self._remark("import.bad.formula", field=field, text=text)
            elif is_damaged(text):
                self._remark("import.bad.damaged_text", field=field, text=text)
            elif text:
                _READERS.get(field, RowCells._words)(self, field, text)
        if self._said.get("price") == "":
            self._remark("import.warning.no_price")
        if not (self.values.get("part_number") or self.values.get("barcode")):
            self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        name = self.values.get("name") or self.values.get("name_en")
        if not name:
            self._remark("import.bad.nothing_to_know_it_by")
        elif len(self.values) == 1 and len(self._said) > 1:
            self._remark("import.bad.only_a_name", text=name)  # a title between the rows more often than a part
        else:
            self._remark("import.warning.no_number", text=name)

    def _remark(self, key: str, **values: Any) -> None:
        self.odd.append((key, values))

    # --- texts -----------------------------------------------------------------------------------------

    def _words(self, field: str, text: str) -> None:
        self._keep(field, text if text.isalnum() else " ".join(text.split()))

    def _paragraph(self, field: str, text: str) -> None:
        self._keep(field, text.strip())

    def _keep(self, field: str, text: str) -> None:
        """Take a text that the server takes as well; a shorter one would be another."""
        if len(text) > _PART[field].maximum:
            self.odd.append(too_long(field, text))
        else:
            self.values[field] = text

    def _code(self, field: str, text: str) -> None:
        if is_spoiled(text):
            if field == "part_number":
                self._remark("import.bad.spoiled_number", field=field, text=text)
            else:
                self._remark("import.warning.spoiled_number", field=field, text=text)
            return
        first, *others = [text] if text.isalnum() else numbers_in(text)
        self._keep(field, first)
        if others:
            keeps = "description" if field == "barcode" else "oem_number"
            self._remark("import.warning.several_numbers", field=field, first=first, others=", ".join(others))
            self.others.setdefault(keeps, []).extend(others)
        if field == "barcode" and not has_right_check_digit(first):
            self._remark("import.warning.check_digit", text=first)

    # --- numbers ---------------------------------------------------------------------------------------

    def _number(self, field: str, text: str) -> tuple[Decimal, bool] | None:
        """The number of a cell, and whether someone should look at how it was read; None after a remark where
        there is none to be taken."""
        number, notation = written(text, AROUND[field]), self._notations.get(field, _UNKNOWN)
        if number is None:
            foreign = field in MONEY and is_foreign(text)
            self._remark(
                "import.bad.foreign_currency" if foreign else "import.bad.not_a_number", field=field, text=text
            )
            return None
        value = notation.read(number)
        if value is None:
            ways = {mark: shortened(number.read(mark)) for mark in MARKS}
            self._remark("import.bad.unclear_number", field=field, text=text, **ways)
            return None
        if value < 0:
            self._remark("import.bad.below_zero", field=field, text=text)
            return None
        return value, notation.is_unusual(number)

    def _money(self, field: str, text: str) -> None:
        parsed = self._number(field, text)
        if parsed is None:
            return
        number, unusual = parsed
        if number * 100 > MAX_MONEY:
            self._remark("import.bad.too_large", field=field, text=text)
        elif number == 0:
            self._remark("import.warning.zero", field=field)
        else:
            minor = money.hundredths(number)
            if unusual or minor != number * 100:
                self._remark(
                    "import.warning.read_as", field=field, text=text, amount=f"{minor // 100}.{minor % 100:02}"
                )
            self.values[field] = minor

    def _whole(self, field: str, text: str) -> None:
        parsed = self._number(field, text)
        if parsed is None:
            return
        number, _ = parsed
        if number != number.to_integral_value():
            self._remark("import.bad.not_whole", field=field, text=text)
        elif number > _PART[field].maximum:
            self._remark("import.bad.too_large", field=field, text=text)
        else:
            self.values[field] = int(number)

    def _quantity(self, field: str, text: str) -> None:
        parsed = self._number(field, text)
        if parsed is None:
            return
        number, unusual = parsed
        if number > to_decimal(MAX_QUANTITY):
            self._remark("import.bad.too_large", field=field, text=text)
            return
        try:
            self.values[field] = of_decimal(number)
        except ValueError:
            self._remark("import.bad.too_fine", field=field, text=text)
            return
        if unusual or not _AS_READ.fullmatch(text):
            self._remark("import.warning.read_as", field=field, text=text, amount=shortened(number))

    def _choice(self, field: str, text: str) -> None:
        """A unit, by any of its words. One that nobody knows is left out, and the part stays what it was sold in."""
        unit = units.of_word(fold(text))
        if unit is None:
            self._remark("import.warning.unknown_unit", field=field, text=text[:_QUOTED])
        else:
            self.values[field] = unit.code


_UNKNOWN = Notation()
_TELLING = frozenset({"part_number", "barcode", "name", "name_en", "brand", "car_brand", "car_model", "year"})
"""Texts by which a part is told from others: a row without one of them would be about another part."""
_QUOTED = 60


def too_long(field: str, text: str) -> Oddity:
    """Return what is said of a text that the server would refuse; it is quoted by its beginning."""
    key = "import.bad.too_long" if field in _TELLING else "import.warning.too_long"
    quoted = f"{text[:_QUOTED].rstrip()}…" if len(text) > _QUOTED else text
    return key, {"field": field, "text": quoted, "length": len(text), "maximum": _PART[field].maximum}


_READERS: dict[str, Callable[[RowCells, str, str], None]] = {
    **dict.fromkeys(CODES, RowCells._code),
    **dict.fromkeys(MONEY, RowCells._money),
    **dict.fromkeys(QUANTITIES, RowCells._quantity),
    **dict.fromkeys(_NUMBERS, RowCells._whole),
    "unit": RowCells._choice,
    **{name: RowCells._paragraph for name, field in _PART.items() if not field.is_one_line},
}


def shortened(number: Decimal) -> str:
    """A number without the zeros behind its decimals, for a sentence."""
    return format(number.normalize(), "f")


def is_foreign(text: str) -> bool:
    """True for an amount, or a heading, that names another currency than the pound."""
    return _FOREIGN.search(fold(text)) is not None


def is_spoiled(code: str) -> bool:
    """True for a code that a spreadsheet took for a number and rounded, or for a date.

    >>> is_spoiled("6.22E+12"), is_spoiled("Mar-26"), is_spoiled("W 712/75")
    (True, True, False)
    """
    if code.isalnum() and code.isascii():
        return False
    folded = fold(code)
    return bool(_LOST_DIGITS.fullmatch(folded) or _MADE_A_DATE.fullmatch(folded))


def numbers_in(text: str) -> list[str]:
    """The numbers of a cell that holds several; a part number with a slash or a dash of its own stays whole.

    >>> numbers_in("90915-YZZD2 / 90915-10003")
    ['90915-YZZD2', '90915-10003']
    >>> numbers_in("7-A/BP")
    ['7-A/BP']
    """
    pieces = [" ".join(piece.split()) for piece in _BETWEEN_NUMBERS.split(text)]
    pieces = list(dict.fromkeys(filter(None, pieces)))
    return pieces if pieces and all(map(_is_a_number, pieces)) else [" ".join(text.split())]


def _is_a_number(piece: str) -> bool:
    return sum(map(str.isalnum, piece)) >= _SHORTEST_NUMBER and any(map(str.isdigit, piece))


def has_right_check_digit(code: str) -> bool:
    """False for an EAN, UPC or GTIN whose last digit does not fit the others; other codes have none to check."""
    if not (code.isascii() and code.isdigit() and len(code) in (8, 12, 13, 14)):
        return True
    return has_check_digit(code)
