"""The cells of one row of a price list, turned into the fields of a part, with a word about all that is odd."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from clutch_tui.text.fold import fold

from .. import money
from ..inventory import MAX_MONEY, MAX_QUANTITY

Oddity = tuple[str, dict[str, Any]]
"""The key of a sentence and its values; `import.warning.` keys leave the row good, all others refuse it."""

_NOTHING = frozenset(map(fold, ("-", "--", "—", "–", "_", "n/a", "na", "null", "none", "لا يوجد", "بدون", "؟", "?")))
_LONGEST_NOTHING = max(map(len, _NOTHING))
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|#+)")
_AS_FORMULA = re.compile(r'="(.*)"')

_CURRENCY = re.compile(
    r"جنيهات|جنيها|جنيه|مصري|ج\s?\.?\s?م(?![^\W\d])\.?|ج(?![^\W\d])\.?|egp|e£|£|pounds?|l\.?\s?e(?![^\W\d])\.?"
)
_PIECES = re.compile(r"قطعه|قطع|حبه|عدد|pcs\.?|pieces?|pc\.?")
_PLAIN = re.compile(r"-?(\d+\.?\d*|\.\d+)", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}([, '’]\d{3})+(\.\d+)?", re.ASCII)
_COMMA_DECIMALS = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}", re.ASCII)

_LOST_DIGITS = re.compile(r"\d+([.,]\d+)?e\+\d+", re.ASCII | re.IGNORECASE)
_MADE_A_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BETWEEN_NUMBERS = re.compile(r"[\n;؛،,|\\]|\s/\s|\s[-+&]\s|/")
_SHORTEST_NUMBER = 4


class Row:
    """One row: `said` in, `found` (fields of a draft, and `quantity`), `others` and `odd` out."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = {field: self._bare_text(field, text) for field, text in said.items()}
        self.found: dict[str, str | int] = {}
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
        is_code = field in ("part_number", "barcode", "oem_number")
        return "" if fold(text) in _NOTHING or (is_code and text == "0") else text

    def read(self) -> None:
        for field, text in self._said.items():
            if text:
                _READERS.get(field, Row._words)(self, field, text)
        if self._said.get("price") == "":
            self._remark("import.warning.no_price")
        if any("\ufffd" in text for text in self._said.values()):
            self._remark("import.warning.damaged_text")
        if not (self.found.get("part_number") or self.found.get("barcode")):
            self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        name = self.found.get("name") or self.found.get("name_en")
        if not name:
            self._remark("import.bad.nothing_to_know_it_by")
        elif len(self.found) == 1 and len(self._said) > 1:
            self._remark("import.bad.only_a_name", text=name)  # a title between the rows more often than a part
        else:
            self._remark("import.warning.no_number", text=name)

    def _remark(self, key: str, **values: Any) -> None:
        self.odd.append((key, values))

    # --- texts -----------------------------------------------------------------------------------------

    def _words(self, field: str, text: str) -> None:
        self.found[field] = text if text.isalnum() else " ".join(text.split())

    def _paragraph(self, field: str, text: str) -> None:
        self.found[field] = text

    def _code(self, field: str, text: str) -> None:
        if _LOST_DIGITS.fullmatch(text) or _MADE_A_DATE.fullmatch(text):
            if field == "part_number":
                self._remark("import.bad.spoiled_number", field=field, text=text)
            else:
                self._remark("import.warning.spoiled_number", field=field, text=text)
            return
        first, *others = [text] if text.isalnum() else numbers_in(text)
        self.found[field] = first
        if others:
            keeps = "description" if field == "barcode" else "oem_number"
            self._remark("import.warning.several_numbers", field=field, first=first, others=", ".join(others))
            self.others.setdefault(keeps, []).extend(others)
        if field == "barcode" and not has_right_check_digit(first):
            self._remark("import.warning.check_digit", text=first)

    # --- numbers ---------------------------------------------------------------------------------------

    def _money(self, field: str, text: str) -> None:
        number, unusual = number_in(text, _CURRENCY)
        if number is None:
            self._remark("import.bad.not_a_number", field=field, text=text)
        elif number < 0:
            self._remark("import.bad.below_zero", field=field, text=text)
        elif number * 100 > MAX_MONEY:
            self._remark("import.bad.too_large", field=field, text=text)
        elif number == 0:
            self._remark("import.warning.zero", field=field)
        else:
            minor = money.hundredths(number)
            if unusual or minor != number * 100:
                self._remark(
                    "import.warning.read_as", field=field, text=text, amount=f"{minor // 100}.{minor % 100:02}"
                )
            self.found[field] = minor

    def _whole(self, field: str, text: str) -> None:
        number, unusual = number_in(text, _PIECES)
        if number is None:
            self._remark("import.bad.not_a_number", field=field, text=text)
        elif number < 0:
            self._remark("import.bad.below_zero", field=field, text=text)
        elif number != number.to_integral_value():
            self._remark("import.bad.not_whole", field=field, text=text)
        elif number > MAX_QUANTITY:
            self._remark("import.bad.too_large", field=field, text=text)
        else:
            if unusual or not text.isdigit():
                self._remark("import.warning.read_as", field=field, text=text, amount=str(int(number)))
            self.found[field] = int(number)


_READERS: dict[str, Callable[[Row, str, str], None]] = {
    **dict.fromkeys(("part_number", "barcode", "oem_number"), Row._code),
    **dict.fromkeys(("price", "cost"), Row._money),
    **dict.fromkeys(("quantity", "min_stock"), Row._whole),
    "description": Row._paragraph,
}


def number_in(text: str, around: re.Pattern[str]) -> tuple[Decimal | None, bool]:
    """The number that a cell holds beside the words in `around`, None where it holds none; and whether someone
    should look at how it was read.

    `1,250` has a thousand, because what follows the comma are three digits; `150,50` can only be decimals, but
    that is worth a remark.
    """
    if _PLAIN.fullmatch(text):
        return Decimal(text), False
    plain = fold(text)
    if not plain.isascii() or any(c.isalpha() or c in "£" for c in plain):
        plain = " ".join(around.sub(" ", plain.replace("\u2212", "-")).split())
    if _PLAIN.fullmatch(plain):
        return Decimal(plain), False
    if _GROUPED.fullmatch(plain):
        return Decimal(re.sub(r"[, '’]", "", plain)), False
    if _COMMA_DECIMALS.fullmatch(plain):
        return Decimal(plain.replace(".", "").replace(",", ".")), True
    return None, False


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
    digits = [int(c) for c in reversed(code)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0
