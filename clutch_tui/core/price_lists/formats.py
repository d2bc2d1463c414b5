"""Number formats of a spreadsheet: what a person sees where the file holds a bare number.

A format can be the only place that says a currency, the zeros in front of a part's number, or that a number is a
date. Decimals and the marks between thousands are left as the number has them: they say nothing more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from typing import Literal

_DATES = (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))
_BUILT_IN = {9: "0%", 10: "0.00%", 49: "@", **dict.fromkeys(_DATES, "yyyy-mm-dd")}

_TOKEN = re.compile(r'"([^"]*)"?|\\(.)|_.|\*.|\[\$([^\]-]*)(?:-([0-9A-Fa-f]+))?\]|\[([^\]]*)\]|(.)', re.DOTALL)
_POUND_OF_BRITAIN = ("809",)
_DIGITS = "0#?"
_SIGNS = "()-+"
_LONGEST = 255
"""Letters of a format in Excel; longer ones are not formats."""

_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST_DAY = 2_958_465
_LONGEST_NUMBER = 15
_EXCEL = Context(prec=_LONGEST_NUMBER)


@dataclass(frozen=True, slots=True)
class Format:
    """The additions of one format to the number: `before` and `after` are words, `digits` the places for digits before
    the decimals with what stands between them; a `date` is shown as its day, or its year alone."""

    before: str = ""
    after: str = ""
    digits: str = ""
    date: Literal["", "day", "year"] = ""

    def shown(self, number: str, *, since_1904: bool = False) -> str:
        """The text of a cell that holds `number`; an unreadable number is given back as it is."""
        try:
            value = _EXCEL.create_decimal(number)
            value = _EXCEL.scaleb(value, 2) if "%" in self.after else value
        except ArithmeticError:
            return number
        if not value.is_finite():
            return number
        if self.date:
            return _day(value, self.date, since_1904)
        text = plain(value)
        if self.digits.count("0") > 1 and text.isdigit():
            text = _filled(text, self.digits)
        return f"{self.before}{text}{self.after}"


PLAIN = Format()


def plain(value: Decimal) -> str:
    """A number without the zeros that a spreadsheet keeps behind it. One of more digits than it can keep is shown
    as spreadsheets do: its last digits are lost."""
    if value and not -_LONGEST_NUMBER <= value.adjusted() < _LONGEST_NUMBER:
        return f"{value:.10E}"
    if value == value.to_integral_value():
        return str(int(value))
    return format(value.normalize(), "f")


def format_of(number_format: int, codes: dict[int, str]) -> Format:
    """The format with this number, in a book that declares `codes` of its own."""
    code = codes.get(number_format, _BUILT_IN.get(number_format, ""))
    return parsed(code) if code and len(code) <= _LONGEST else PLAIN


def parsed(code: str) -> Format:
    """Read the code of a format: its first section, which is that of numbers above zero.

    >>> parsed('[$€-2] #,##0.00').shown("99")
    '€ 99'
    >>> parsed("0000000000").shown("986452041")
    '0986452041'
    """
    if code == "@" or code.lower() == "general":
        return PLAIN
    words, digits, after_digits, letters, decimals = ["", ""], "", "", "", False
    for quoted, escaped, currency, locale, _, bare in _TOKEN.findall(code):
        word = quoted or escaped
        if currency:
            word = "GBP" if currency == "£" and locale.lower() in _POUND_OF_BRITAIN else currency
        if bare == ";":
            break
        if bare and bare in _DIGITS:
            if not decimals:
                digits += after_digits + bare
            after_digits = ""
            continue
        if bare == ".":
            decimals = True
        elif bare == "%" or (bare and bare in "$€£¥+-() /:"):
            word = bare
        elif bare not in ("", ","):
            letters += bare.lower()
        if word and digits and not decimals:
            after_digits += word
        elif word and (quoted or escaped or currency or word not in _SIGNS):
            words[bool(digits)] += word
    if "/" in digits or "/" in after_digits:  # a fraction
        return PLAIN
    if not digits and set(letters) & set("ymdhs"):
        return Format(date="year" if set(letters) == {"y"} else "day")
    if "e" in letters:  # a power of ten: the number says more
        return PLAIN
    before, after = words[0], after_digits.rstrip(_SIGNS) + words[1]
    return Format(before if before.strip() else "", after if after.strip() else "", digits)


def _filled(text: str, digits: str) -> str:
    """The digits of a number in their places, those in front as zeros: `0 000` makes `12` into `0 012`."""
    waiting, filled = list(text), []
    for place in reversed(digits):
        if place not in _DIGITS:
            filled.append(place)
        elif waiting:
            filled.append(waiting.pop())
        elif place == "0":
            filled.append("0")
    return "".join(waiting) + "".join(reversed(filled)).lstrip(" -/")


def _day(value: Decimal, kind: str, since_1904: bool) -> str:
    if not 0 <= value <= _LAST_DAY:
        return plain(value)
    day = (_EPOCH_1904 if since_1904 else _EPOCH) + timedelta(days=int(value))
    return str(day.year) if kind == "year" else day.isoformat()
