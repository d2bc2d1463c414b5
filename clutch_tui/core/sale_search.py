"""Reads a search among past sales, word for word: an amount of money, a day, or the words of a sale.

A word may be several of these, as `1250` is an amount and may be a number of a receipt: then each finds what it means.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from clutch_tui.text.digits import GROUP_SEPARATOR, read_digits
from clutch_tui.text.fold import fold

from . import state
from .search_words import terms

_AMOUNT = re.compile(r"-?(\d{1,3}(?:,\d{3})+|\d{1,11})(?:\.(\d{1,2}))?")
_DAY = re.compile(r"(\d{1,2})([/-])(\d{1,2})(?:\2(\d{4}|\d{2}))?")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def conditions(text: str, *, money: str = "total") -> list[tuple[str, tuple[Any, ...]]]:
    """The conditions on a row of `sale`, or of another table with the same columns, all of which must hold, as SQL and
    what stands for its marks. `money` is the column in which an amount is looked for."""
    clauses: list[tuple[str, tuple[Any, ...]]] = []
    for word in text.split():
        day, amount = day_of(word), amount_of(word)
        if day:
            clauses.append(("(business_day = ? OR instr(search_key, ?) > 0)", (day, fold(word))))
        elif amount is not None and not word.isdigit():
            clauses.append((f"(abs({money}) = ? OR instr(search_key, ?) > 0)", (amount, fold(word))))
        elif amount is not None:
            clauses.append((f"(abs({money}) = ? OR instr(search_key, ?) > 0)", (amount, *terms(word))))
        else:
            clauses += [("instr(search_key, ?) > 0", (term,)) for term in terms(word)]
    return clauses


def is_figure(text: str) -> bool:
    """Tell whether a text is a day, or money with a point in it, and so no number of a receipt."""
    return bool(day_of(text)) or (amount_of(text) is not None and "." in read_digits(text))


def amount_of(word: str) -> int | None:
    """Return what a word means as money, in minor units and without its sign; None where it is none.

    >>> amount_of("90.62"), amount_of("1,250.5"), amount_of("٩٠"), amount_of("90.625"), amount_of("OC-90")
    (9062, 125050, 9000, None, None)
    """
    match = _AMOUNT.fullmatch(read_digits(word).replace(GROUP_SEPARATOR, ","))
    if match is None:
        return None
    return int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))


def day_of(word: str, today: date | None = None) -> str:
    """The day that a word names, as YYYY-MM-DD; empty where it names none. Without a year it is the last such day.

    >>> day_of("29/11/2026"), day_of("29-11-26"), day_of("2026-11-29"), day_of("31/2/2026"), day_of("12")
    ('2026-11-29', '2026-11-29', '2026-11-29', '', '')
    >>> day_of("29/11", date(2026, 11, 30)), day_of("1/12", date(2026, 11, 30))
    ('2026-11-29', '2025-12-01')
    """
    plain = read_digits(word)
    if match := _ISO_DAY.fullmatch(plain):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    match = _DAY.fullmatch(plain)
    if match is None:
        return ""
    day, month = int(match[1]), int(match[3])
    if match[4]:
        return _day(int(match[4]) if len(match[4]) == 4 else 2000 + int(match[4]), month, day)
    today = today or date.fromisoformat(state.business_day())
    past = (_day(today.year - back, month, day) for back in range(9))  # 29 February is eight years away at most
    return next((candidate for candidate in past if candidate and candidate <= today.isoformat()), "")


def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
