"""What a text means that was typed or scanned where a part is wanted: at the till, and by `sell` and `find`.

A code that exists is that part, whatever else the text could mean, so the whole text is looked up first: `25*47*7`
is an oil seal. Then `3*code` and `code*3` are so many pieces, and last the same keys are tried on the other keyboard
layout. What is no number of pieces is refused and not guessed at; where a text means more than one thing, a person is
asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from clutch_tui.text import layouts
from clutch_tui.text.digits import read_digits
from clutch_tui.text.fold import fold

from . import search
from .database import models
from .types import PartRow

_SIGNS = "*×✕✖⨯"
_FIGURE = r"[-+]?(?:\d+(?:[.,،٬/]\d{0,3})?|[.,،٬]\d{1,3}|\d{0,4}[¼½¾⅓⅔⅛])\s*"
"""What a person may mean as a number of pieces, right or wrong. A code of several groups of digits is none."""
_PIECES = re.compile(rf"[{_SIGNS}]\s*({_FIGURE})|({_FIGURE})[{_SIGNS}]")
_TIMES = re.compile(rf"({_FIGURE})[{_SIGNS}]\s*(\S.*)")
_TIMES_BEHIND = re.compile(rf"(.*\S)\s*[{_SIGNS}]\s*({_FIGURE})")
_X = re.compile(r"(\d{1,4})(\s*)x(\s*)(\S.*)", re.IGNORECASE)
_X_BEHIND = re.compile(r"(.*\S)(\s*)x(\s*)(\d{1,4})", re.IGNORECASE)
_WHOLE = re.compile(r"\+?\d+")
_ONE_SIGN = str.maketrans(dict.fromkeys(_SIGNS, "*") | {" ": None})
_ANY_TOO_MANY = 12
"""So many digits are too many pieces, whichever they are: more of them need not be read."""


# --- how a text may be read -------------------------------------------------------------------------------


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
class Plan:
    """The ways in which a text may be read, before anything is looked up.

    `pieces` is what `*3` sets, `refused` a figure that is no number of pieces; both count only where no code is meant.
    A text with neither and without `times` is a code or a search and nothing else.
    """

    whole: str
    pieces: int | None = None
    refused: str = ""
    times: tuple[Times, ...] = ()

    @property
    def reckons(self) -> bool:
        """Whether there is a sign of multiplication in the text that may be meant as one."""
        return self.pieces is not None or bool(self.refused) or any(one.sure for one in self.times)


def plan(text: str) -> Plan:
    """Read a text in every way that it has; any digits, any sign of multiplication, before or behind the code."""
    whole = read_digits(text).strip()
    if found := _PIECES.fullmatch(whole):
        figure = (found[1] or found[2]).strip()
        return Plan(whole, pieces=_pieces(figure)) if _WHOLE.fullmatch(figure) else Plan(whole, refused=figure)
    before, behind = _TIMES.fullmatch(whole), _TIMES_BEHIND.fullmatch(whole)
    ways = [(before[1].strip(), before[2], False)] if before else []
    ways += [(behind[2].strip(), behind[1], True)] if behind else []
    odd = next((figure for figure, *_ in ways if not _WHOLE.fullmatch(figure)), "")
    times = [Times(_pieces(figure), code, behind=behind) for figure, code, behind in ways if _WHOLE.fullmatch(figure)]
    return Plan(whole, refused=odd, times=tuple(times) if ways else tuple(_with_x(whole)))


def _with_x(whole: str) -> list[Times]:
    """The letter x as a sign; surely one only where a blank parts it from the code."""
    ways = []
    if found := _X.fullmatch(whole):
        ways.append(Times(_pieces(found[1]), found[4], sure=bool(found[3])))
    if found := _X_BEHIND.fullmatch(whole):
        ways.append(Times(_pieces(found[4]), found[1], sure=bool(found[2]), behind=True))
    return ways


def _pieces(digits: str) -> int:
    return int(digits.lstrip("+0")[:_ANY_TOO_MANY] or "0")


# --- what it means in this shop ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part that a text may mean, and how many pieces of it."""

    part: PartRow
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a text means in this shop.

    `exact` are the parts that it names by a code. Where it names none, it is a search for `wanted`, of which
    `quantity` pieces are meant. Where it is not `sure` how the text is meant, a person is asked, even if there is only
    one part. `read_as` is the text on the other keyboard layout, where only that is found.
    """

    wanted: str
    quantity: int = 1
    exact: tuple[Candidate, ...] = ()
    sure: bool = True
    pieces: int | None = None
    refused: str = ""
    read_as: str = ""

    @property
    def one(self) -> Candidate | None:
        """What is meant without a doubt; None where a person is asked, or where no code is named."""
        return self.exact[0] if len(self.exact) == 1 and self.sure else None

    def of(self, part: PartRow) -> Candidate:
        """This part, and the number of pieces that the text says of it."""
        return next((one for one in self.exact if one.part.id == part.id), Candidate(part, self.quantity))


def resolve(text: str) -> Lookup:
    """What a text means. The other layout counts only where neither a code nor a search finds anything."""
    found = _resolve(text)
    if found.exact or found.refused or found.pieces is not None or search.find(found.wanted, 1):
        return found
    return next((other for other in _on_the_other_layout(text) if other.exact), found)


def find(text: str, limit: int = 50) -> tuple[Lookup, tuple[PartRow, ...]]:
    """What a text means, and the parts that fit it so far: those that it names first, then those of the search."""
    found = _resolve(text)
    rows = _rows(found, limit)
    if not rows and not found.refused and found.pieces is None:
        for other in _on_the_other_layout(text):
            if rows := _rows(other, limit):
                return other, rows
    return found, rows


def _on_the_other_layout(text: str) -> list[Lookup]:
    return [replace(_resolve(other), read_as=other) for other in layouts.on_the_other(text)]


def _rows(found: Lookup, limit: int) -> tuple[PartRow, ...]:
    if found.refused or found.pieces is not None:
        return ()
    by_id = {one.part.id: one.part for one in found.exact}
    by_id.update((row.id, row) for row in search.find(found.wanted, limit))
    return tuple(by_id.values())[:limit]


def _resolve(text: str) -> Lookup:
    planned = plan(text)
    own = search.with_code(planned.whole)
    if planned.reckons:
        as_written = [pk for pk in own if _is_written(pk, planned.whole)]
        if not as_written:
            return _reckoned(planned, own)
        own = as_written
    if own or not planned.times:
        return Lookup(planned.whole, exact=_candidates({(pk, 1): True for pk in own}))
    return _reckoned(planned, own)


def _reckoned(planned: Plan, own: list[int]) -> Lookup:
    """What a text means whose whole is no part's code as it stands. A code that has other punctuation in its place
    is one meaning among several: with parts 315 and 15, `3*15` may be either."""
    if planned.pieces is not None:
        return Lookup(planned.whole, pieces=planned.pieces)
    if meant := _meant(planned, own):
        first = planned.times[0] if planned.times else Times(1, planned.whole)
        return Lookup(first.code, first.quantity, _candidates(meant), sure=all(meant.values()))
    if planned.refused:
        return Lookup(planned.whole, refused=planned.refused)
    first = planned.times[0]
    if not first.sure or _is_in_a_name(planned.whole):
        return Lookup(planned.whole)
    return Lookup(first.code, first.quantity, sure=not first.behind)


def _meant(planned: Plan, own: list[int]) -> dict[tuple[int, int], bool]:
    """The parts and quantities that a text may mean, each with whether it is surely meant so. Beside a figure that is
    no number of pieces a code counts only as it is written: `2*3/4` is two pieces of 3/4, `-2*15` is nothing."""
    if not planned.refused:
        meant = {(pk, 1): True for pk in own}
        for one in planned.times:
            meant |= {(pk, one.quantity): one.sure for pk in search.with_code(one.code)}
        return meant
    return {
        (pk, one.quantity): not one.behind
        for one in planned.times
        for pk in search.with_code(one.code)
        if _is_written(pk, one.code)
    }


def _candidates(meant: dict[tuple[int, int], bool]) -> tuple[Candidate, ...]:
    parts = search.rows([pk for pk, _ in meant])
    return tuple(Candidate(part, quantity) for part, (_, quantity) in zip(parts, meant, strict=True))


def _is_written(pk: int, text: str) -> bool:
    """Whether a part has `text` as a code with this very punctuation. Blanks and capitals mean nothing, and any sign
    of multiplication is one."""
    row = models.execute("SELECT part_number, barcode, oem_number FROM part WHERE pk = ?", (pk,)).fetchone()
    return _squeezed(text) in map(_squeezed, row)


def _is_in_a_name(text: str) -> bool:
    """Whether a part is found whose number or name holds every word with a sign in it as it stands: `35*50` is the
    beginning of a seal's measures then."""
    signed = [_squeezed(word) for word in fold(text).split() if not word.isalnum() and any(map(str.isalnum, word))]
    return bool(signed) and any(
        all(any(word in _squeezed(field) for field in (row.part_number, row.name, row.name_en)) for word in signed)
        for row in search.find(text, 8)
    )


def _squeezed(text: str) -> str:
    return fold(text).translate(_ONE_SIGN)
