"""The ways in which a text may be read that was typed or scanned where a part is wanted, before anything is looked up.

Pure, and asked at every key: `3*code` and `code*1.5` are so much of a part, `*3` is for the line that is marked, and
what is no quantity is known as that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clutch_tui.text.digits import read_digits

from .quantity import Quantity, whole

SIGNS = "*×✕✖⨯"
"""Of multiplication."""
_EIGHTHS = {"⅛": 125, "¼": 250, "⅜": 375, "½": 500, "⅝": 625, "¾": 750, "⅞": 875}
_OTHER_FRACTIONS = "⅓⅔⅕⅖⅗⅘⅙⅚"
_FIGURE = rf"[-+]?(?:\d+(?:[.,،٬/]\d{{0,3}})?|[.,،٬]\d{{1,3}}|\d{{0,4}}[{''.join(_EIGHTHS)}{_OTHER_FRACTIONS}])\s*"
"""What a person may mean as a quantity, right or wrong. A code of several groups of digits is none."""
_PIECES = re.compile(rf"[{SIGNS}]\s*({_FIGURE})|({_FIGURE})[{SIGNS}]")
_TIMES = re.compile(rf"({_FIGURE})[{SIGNS}]\s*(\S.*)")
_TIMES_BEHIND = re.compile(rf"(.*\S)\s*[{SIGNS}]\s*({_FIGURE})")
_BY_X = rf"\d{{1,4}}(?:[.٫]\d{{1,3}})?|[.٫]\d{{1,3}}|\d{{0,4}}[{''.join(_EIGHTHS)}]"
_X = re.compile(rf"({_BY_X})(\s*)x(\s*)(\S.*)", re.IGNORECASE)
_X_BEHIND = re.compile(rf"(.*\S)(\s*)x(\s*)({_BY_X})", re.IGNORECASE)
_QUANTITY = re.compile(rf"\+?(?:\d+(?:[.٫]\d{{1,3}})?|[.٫]\d{{1,3}}|\d{{0,4}}[{''.join(_EIGHTHS)}])")
"""A figure that is one. Of a comma nobody knows whether decimals stand behind it or thousands."""
_BARE = re.compile(r"\d{1,3}", re.ASCII)
_FRACTION = re.compile(rf"\d{{0,3}}(?:\.\d{{1,3}}|[{''.join(_EIGHTHS)}])", re.ASCII)
_ANY_TOO_MANY = 12
"""So many digits are too much of anything, whichever they are: more of them need not be read."""


@dataclass(frozen=True, slots=True)
class Times:
    """So much of the part with a code. Not `sure` where the sign of multiplication may be a letter of the
    code, as in `3x15`, and where the code may be the quantity, as in `3*1.5`: then a person is asked even if only this
    can be meant. `behind` the code a figure may as well belong to what is searched for (a seal 35*50)."""

    quantity: Quantity
    code: str
    sure: bool = True
    behind: bool = False


@dataclass(frozen=True, slots=True)
class LookupPlan:
    """The ways in which a text may be read, before anything is looked up.

    `pieces` is what `*3` sets, `refused` a figure that is no quantity; both count only where no code is meant.
    A text with neither and without `times` is a code or a search and nothing else.
    """

    whole: str
    pieces: Quantity | None = None
    refused: str = ""
    times: tuple[Times, ...] = ()

    @property
    def figure(self) -> Quantity | None:
        """A short figure and nothing else: the beginning of a code, or a quantity without its sign, right or wrong: 0
        is none."""
        return whole(int(self.whole)) if _BARE.fullmatch(self.whole) else None

    @property
    def step(self) -> Quantity | None:
        """A short figure and nothing else, with or without a fraction: what a sign before it adds or takes off."""
        return _quantity(self.whole) if _FRACTION.fullmatch(self.whole) else self.figure

    @property
    def reckons(self) -> bool:
        """Tell whether there is a sign of multiplication in the text that may be meant as one."""
        return self.pieces is not None or bool(self.refused) or any(times.sure for times in self.times)

    @property
    def begins_with_figure(self) -> bool:
        """Tell whether the text begins with a quantity: a sign right before it belongs to it."""
        return any(not times.behind for times in self.times) or (self.pieces is not None and self.whole[0] not in SIGNS)


def plan(text: str) -> LookupPlan:
    """Read a text in every way that it has; any digits, any sign of multiplication, before or behind the code."""
    asked = read_digits(text).strip()
    if match := _PIECES.fullmatch(asked):
        figure = (match[1] or match[2]).strip()
        if _QUANTITY.fullmatch(figure):
            return LookupPlan(asked, pieces=_quantity(figure))
        return LookupPlan(asked, refused=figure)
    before, behind = _TIMES.fullmatch(asked), _TIMES_BEHIND.fullmatch(asked)
    ways = [(before[1].strip(), before[2], False)] if before else []
    ways += [(behind[2].strip(), behind[1], True)] if behind else []
    odd = next((figure for figure, *_ in ways if not _QUANTITY.fullmatch(figure)), "")
    times = [
        Times(_quantity(figure), code, sure=not _is_fraction(code), behind=behind)
        for figure, code, behind in ways
        if _QUANTITY.fullmatch(figure)
    ]
    return LookupPlan(asked, refused=odd, times=tuple(times) if ways else tuple(_with_x(asked)))


def _with_x(asked: str) -> list[Times]:
    """The letter x as a sign; surely one only where a blank parts it from the code."""
    ways = []
    if match := _X.fullmatch(asked):
        ways.append(Times(_quantity(match[1]), match[4], sure=bool(match[3])))
    if match := _X_BEHIND.fullmatch(asked):
        ways.append(Times(_quantity(match[4]), match[1], sure=bool(match[2]), behind=True))
    return ways


def _is_fraction(text: str) -> bool:
    return not text.isdigit() and _QUANTITY.fullmatch(text) is not None


def _quantity(figure: str) -> Quantity:
    """Return a figure, of which `_QUANTITY` has seen that it is one, as a quantity."""
    units, _, decimals = figure.removeprefix("+").replace("٫", ".").partition(".")
    rest = _EIGHTHS.get(units[-1:], 0)
    units = units[:-1] if rest else units
    count = int(units.lstrip("0")[:_ANY_TOO_MANY] or "0")
    return Quantity(whole(count) + rest + int(decimals.ljust(3, "0") or "0"))
