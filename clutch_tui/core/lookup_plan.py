"""The ways in which a text may be read that was typed or scanned where a part is wanted, before anything is looked up.

Pure, and asked at every key: `3*code` and `code*3` are so many pieces, `*3` is for the line that is marked, and what is
no number of pieces is known as that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clutch_tui.text.digits import read_digits

SIGNS = "*×✕✖⨯"
"""Of multiplication."""
_FIGURE = r"[-+]?(?:\d+(?:[.,،٬/]\d{0,3})?|[.,،٬]\d{1,3}|\d{0,4}[¼½¾⅓⅔⅛])\s*"
"""What a person may mean as a number of pieces, right or wrong. A code of several groups of digits is none."""
_PIECES = re.compile(rf"[{SIGNS}]\s*({_FIGURE})|({_FIGURE})[{SIGNS}]")
_TIMES = re.compile(rf"({_FIGURE})[{SIGNS}]\s*(\S.*)")
_TIMES_BEHIND = re.compile(rf"(.*\S)\s*[{SIGNS}]\s*({_FIGURE})")
_X = re.compile(r"(\d{1,4})(\s*)x(\s*)(\S.*)", re.IGNORECASE)
_X_BEHIND = re.compile(r"(.*\S)(\s*)x(\s*)(\d{1,4})", re.IGNORECASE)
_WHOLE = re.compile(r"\+?\d+")
_BARE = re.compile(r"\d{1,3}", re.ASCII)
_ANY_TOO_MANY = 12
"""So many digits are too many pieces, whichever they are: more of them need not be read."""


@dataclass(frozen=True, slots=True)
class Times:
    """So many pieces of the part with a code. Not `sure` where the sign of multiplication may be a letter of the
    code, as in `3x15`: then a person is asked even if only this can be meant. `behind` the code a figure may as well
    belong to what is searched for (a seal 35*50)."""

    quantity: int
    code: str
    sure: bool = True
    behind: bool = False


@dataclass(frozen=True, slots=True)
class LookupPlan:
    """The ways in which a text may be read, before anything is looked up.

    `pieces` is what `*3` sets, `refused` a figure that is no number of pieces; both count only where no code is meant.
    A text with neither and without `times` is a code or a search and nothing else.
    """

    whole: str
    pieces: int | None = None
    refused: str = ""
    times: tuple[Times, ...] = ()

    @property
    def figure(self) -> int | None:
        """A short figure and nothing else: the beginning of a code, or a number of pieces without its sign, right or
        wrong (0 is none)."""
        return int(self.whole) if _BARE.fullmatch(self.whole) else None

    @property
    def reckons(self) -> bool:
        """Tell whether there is a sign of multiplication in the text that may be meant as one."""
        return self.pieces is not None or bool(self.refused) or any(times.sure for times in self.times)

    @property
    def begins_with_figure(self) -> bool:
        """Tell whether the text begins with a number of pieces: a sign right before it belongs to it."""
        return any(not times.behind for times in self.times) or (self.pieces is not None and self.whole[0] not in SIGNS)


def plan(text: str) -> LookupPlan:
    """Read a text in every way that it has; any digits, any sign of multiplication, before or behind the code."""
    whole = read_digits(text).strip()
    if match := _PIECES.fullmatch(whole):
        figure = (match[1] or match[2]).strip()
        return (
            LookupPlan(whole, pieces=_pieces(figure)) if _WHOLE.fullmatch(figure) else LookupPlan(whole, refused=figure)
        )
    before, behind = _TIMES.fullmatch(whole), _TIMES_BEHIND.fullmatch(whole)
    ways = [(before[1].strip(), before[2], False)] if before else []
    ways += [(behind[2].strip(), behind[1], True)] if behind else []
    odd = next((figure for figure, *_ in ways if not _WHOLE.fullmatch(figure)), "")
    times = [Times(_pieces(figure), code, behind=behind) for figure, code, behind in ways if _WHOLE.fullmatch(figure)]
    return LookupPlan(whole, refused=odd, times=tuple(times) if ways else tuple(_with_x(whole)))


def _with_x(whole: str) -> list[Times]:
    """The letter x as a sign; surely one only where a blank parts it from the code."""
    ways = []
    if match := _X.fullmatch(whole):
        ways.append(Times(_pieces(match[1]), match[4], sure=bool(match[3])))
    if match := _X_BEHIND.fullmatch(whole):
        ways.append(Times(_pieces(match[4]), match[1], sure=bool(match[2]), behind=True))
    return ways


def _pieces(digits: str) -> int:
    return int(digits.lstrip("+0")[:_ANY_TOO_MANY] or "0")
