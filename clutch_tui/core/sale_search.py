"""What a search among past sales means, word for word: an amount of money, a day, or the words of a sale.

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


def conditions(text: str) -> list[tuple[str, tuple[Any, ...]]]:
    """The conditions on a row of `sale`, all of which must hold, as SQL and what stands for its marks."""
    found: list[tuple[str, tuple[Any, ...]]] = []
    for word in text.split():
        day, amount = day_of(word), amount_of(word)
        if day:
            found.append(("(business_day = ? OR instr(search_key, ?) > 0)", (day, fold(word))))
        elif amount is not None and not word.isdigit():
            found.append(("(abs(total) = ? OR instr(search_key, ?) > 0)", (amount, fold(word))))
        elif amount is not None:
            found.append(("(abs(total) = ? OR instr(search_key, ?) > 0)", (amount, *terms(word))))
        else:
            found += [("instr(search_key, ?) > 0", (term,)) for term in terms(word)]
    return found


def is_figure(text: str) -> bool:
    """Tell whether a text is a day, or money with a point in it, and so no number of a receipt."""
    return bool(day_of(text)) or (amount_of(text) is not None and "." in read_digits(text))


def amount_of(word: str) -> int | None:
    """Return what a word means as money, in minor units and without its sign; None where it is none.

    >>> amount_of("90.62"), amount_of("1,250.5"), amount_of("٩٠"), amount_of("90.625"), amount_of("OC-90")
    (9062, 125050, 9000, None, None)
    """
    found = _AMOUNT.fullmatch(read_digits(word).replace(GROUP_SEPARATOR, ","))
    if found is None:
        return None
    return int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))


def day_of(word: str, today: date | None = None) -> str:
    """The day that a word names, as YYYY-MM-DD; empty where it names none. Without a year it is the last such day.

    >>> day_of("29/11/2026"), day_of("29-11-26"), day_of("2026-11-29"), day_of("31/2/2026"), day_of("12")
    ('2026-11-29', '2026-11-29', '2026-11-29', '', '')
    >>> day_of("29/11", date(2026, 11, 30)), day_of("1/12", date(2026, 11, 30))
    ('2026-11-29', '2025-12-01')
    """
    plain = read_digits(word)
    if found := _ISO_DAY.fullmatch(plain):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    found = _DAY.fullmatch(plain)
    if found is None:
        return ""
    day, month = int(found[1]), int(found[3])
    if found[4]:
        return _day(int(found[4]) if len(found[4]) == 4 else 2000 + int(found[4]), month, day)
    today = today or date.fromisoformat(state.business_day())
    past = (_day(today.year - back, month, day) for back in range(9))  # 29 February is eight years away at most
    return next((one for one in past if one and one <= today.isoformat()), "")


def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
