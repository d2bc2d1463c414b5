"""Makes out what a text means that was typed or scanned where a part is wanted: at the till, and by `sell` and `find`.

A code that exists is that part, whatever else the text could mean, so the whole text is looked up first: `25*47*7`
is an oil seal. Then `3*code` and `code*3` are so much of it, and last the same keys are tried on the other keyboard
layout. What is no quantity is refused and not guessed at; where a text means more than one thing, a person is
asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from clutch_tui.text import layouts
from clutch_tui.text.fold import fold

from . import search
from .database import db
from .lookup_plan import SIGNS, LookupPlan, Times, plan
from .quantity import ONE, Quantity
from .types import PartRow

_ONE_SIGN = str.maketrans(dict.fromkeys(SIGNS, "*") | {" ": None})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part that a text may mean, and how much of it."""

    part: PartRow
    quantity: Quantity = ONE


@dataclass(frozen=True, slots=True)
class Lookup:
    """The meaning of a text in this shop.

    `exact` are the parts that it names by a code. Where it names none, it is a search for `wanted`, of which
    `quantity` is meant. Where it is not `sure` how the text is meant, a person is asked, even if there is only
    one part. `read_as` is the text on the other keyboard layout, where only that is found.
    """

    wanted: str
    quantity: Quantity = ONE
    exact: tuple[Candidate, ...] = ()
    sure: bool = True
    pieces: Quantity | None = None
    refused: str = ""
    read_as: str = ""

    @property
    def unambiguous(self) -> Candidate | None:
        """Return what is meant without a doubt; None where a person is asked, or where no code is named."""
        return self.exact[0] if len(self.exact) == 1 and self.sure else None

    def meant(self, marked: PartRow | None, *, by_hand: bool) -> tuple[Candidate, ...]:
        """Return what is sold, or asked about where it is several or not `sure`: the row that was marked by hand, else
        what the text names by its code, else the row that the search has marked by itself."""
        if marked is None or (self.exact and not by_hand):
            return self.exact
        named = (candidate for candidate in self.exact if candidate.part.id == marked.id)
        return (next(named, Candidate(marked, self.quantity)),)


def resolve(text: str) -> Lookup:
    """Return what a text means. The other layout counts only where neither a code nor a search finds anything."""
    lookup = _resolve(text)
    if lookup.exact or lookup.refused or lookup.pieces is not None or search.find(lookup.wanted, 1):
        return lookup
    return next((other for other in _on_the_other_layout(text) if other.exact), lookup)


def find(text: str, limit: int = 50) -> tuple[Lookup, tuple[PartRow, ...]]:
    """Return what a text means, and the parts that fit it so far: those that it names first, then those of the
    search."""
    lookup = _resolve(text)
    rows = _rows(lookup, limit)
    if not rows and not lookup.refused and lookup.pieces is None:
        for other in _on_the_other_layout(text):
            if (other.exact or layouts.may_be_sought(other.wanted)) and (rows := _rows(other, limit)):
                return other, rows
    return lookup, rows


def _on_the_other_layout(text: str) -> list[Lookup]:
    return [replace(_resolve(other), read_as=other) for other in layouts.on_the_other(text)]


def _rows(lookup: Lookup, limit: int) -> tuple[PartRow, ...]:
    if lookup.refused or lookup.pieces is not None:
        return ()
    by_id = {candidate.part.id: candidate.part for candidate in lookup.exact}
    by_id.update((row.id, row) for row in search.find(lookup.wanted, limit))
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
        return Lookup(planned.whole, exact=_candidates({(pk, ONE): True for pk in own}))
    return _reckoned(planned, own)


def _reckoned(planned: LookupPlan, own: list[int]) -> Lookup:
    """Return what a text means whose whole is no part's code as it stands. A code that has other punctuation in its
    place is one meaning among several: with parts 315 and 15, `3*15` may be either."""
    if planned.pieces is not None:
        return Lookup(planned.whole, pieces=planned.pieces)
    if meant := _meant(planned, own):
        first = planned.times[0] if planned.times else Times(ONE, planned.whole)
        return Lookup(first.code, first.quantity, _candidates(meant), sure=all(meant.values()))
    if planned.refused:
        return Lookup(planned.whole, refused=planned.refused)
    first = planned.times[0]
    if not first.sure or _is_in_a_name(planned.whole):
        return Lookup(planned.whole)
    return Lookup(first.code, first.quantity, sure=not first.behind)


def _meant(planned: LookupPlan, own: list[int]) -> dict[tuple[int, Quantity], bool]:
    """The parts and quantities that a text may mean, each with whether it is surely meant so. Beside a figure that is
    no quantity a code counts only as it is written: `2*3/4` is two pieces of 3/4, `-2*15` is nothing."""
    if not planned.refused:
        meant = {(pk, ONE): True for pk in own}
        for times in planned.times:
            meant |= {(pk, times.quantity): times.sure for pk in search.with_code(times.code)}
        return meant
    return {
        (pk, times.quantity): not times.behind
        for times in planned.times
        for pk in search.with_code(times.code)
        if _is_written(pk, times.code)
    }


def _candidates(meant: dict[tuple[int, Quantity], bool]) -> tuple[Candidate, ...]:
    parts = search.rows([pk for pk, _ in meant])
    return tuple(Candidate(part, quantity) for part, (_, quantity) in zip(parts, meant, strict=True))


def _is_written(pk: int, text: str) -> bool:
    """Tell whether a part has `text` as a code with this very punctuation. Blanks and capitals mean nothing, and any
    sign of multiplication is one."""
    row = db.execute("SELECT part_number, barcode, oem_number FROM part WHERE pk = ?", (pk,)).fetchone()
    return _squeezed(text) in map(_squeezed, row)


def _is_in_a_name(text: str) -> bool:
    """Tell whether a part is found whose number or name holds every word with a sign in it as it stands: `35*50` is the
    beginning of a seal's measures then."""
    signed = [_squeezed(word) for word in fold(text).split() if not word.isalnum() and any(map(str.isalnum, word))]
    return bool(signed) and any(
        all(any(word in _squeezed(field) for field in (row.part_number, row.name, row.name_en)) for word in signed)
        for row in search.find(text, 8)
    )


def _squeezed(text: str) -> str:
    return fold(text).translate(_ONE_SIGN)
