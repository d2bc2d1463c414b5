"""The headings of price lists, in Arabic and English, and which field of a part each of them means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clutch_tui.text.fold import fold, fold_number

from ..records.declaration import fields_of
from ..records.part import PartDraft

_SPOKEN: dict[str, str] = {
    **{name: field.headings for name, field in fields_of(PartDraft).items()},
    "quantity": """كمية | رصيد | مخزون | عدد | كمية متاحة | رصيد المخزن | رصيد حالي | كمية حالية | رصيد المخزون
        | quantity | qty | stock | on hand | balance | count | stock quantity | qty on hand | available | in stock""",
}

FIELDS = tuple(_SPOKEN)
"""What a price list may say about a part: the fields of a draft, and `quantity` for what lies on the shelf."""

KNOWN_BY = ("part_number", "barcode", "name", "name_en")
"""Fields of which a list must have one, or nobody can tell what its rows are about."""

_WEIGHTY = ("part_number", "barcode", "price", "cost", "quantity")

_NUMBERING = "م | مسلسل | ت | رقم مسلسل | # | no | sn | s/n | serial | sl | sl no | sr | sr no"
_BRACKETS = re.compile(r"[(\[（].*?[)\]）]")


def _key(heading: str) -> str:
    return "".join(fold_number(word.removeprefix("ال")) for word in fold(heading).split()) or fold(heading)


_MEANING = {_key(word): field for field, words in _SPOKEN.items() for word in words.split("|")}
_SERIAL = frozenset(_key(word) for word in _NUMBERING.split("|"))


def field_of(heading: str) -> str | None:
    """The field that a heading means, None for an unknown one.

    What stands in brackets counts only where the heading says nothing without it: `السعر (ج.م)` is a price,
    `الاسم (English)` is not the Arabic name.
    """
    return _MEANING.get(_key(heading)) or _MEANING.get(_key(_BRACKETS.sub(" ", heading)))


def is_numbering(heading: str) -> bool:
    """True for the column that only counts the rows."""
    return _key(heading) in _SERIAL


def columns(cells: Sequence[str]) -> dict[int, str]:
    """The field of each column that this row, read as headings, names; a field that is named twice counts at
    its first place."""
    fields: dict[int, str] = {}
    for place, cell in enumerate(cells):
        field = field_of(cell) if cell else None
        if field is not None and field not in fields.values():
            fields[place] = field
    if not {"name", "name_en"} & set(fields.values()):
        # many lists have nothing but a description to call their parts by
        fields = {place: "name" if field == "description" else field for place, field in fields.items()}
    return fields


def several(cells: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Fields of which it matters which column is theirs, and that several columns name: with all of these."""
    places: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        field = field_of(cell) if cell else None
        if field in _WEIGHTY:
            places.setdefault(field, []).append(place)
    return {field: tuple(its_places) for field, its_places in places.items() if len(its_places) > 1}


def is_same(heading: str, said: str) -> bool:
    """True where a person who typed `said` means the column with this heading."""
    return _key(heading) == _key(said)


# --- headings in two rows ------------------------------------------------------------------------------


def is_below(top: Sequence[str], below: Sequence[str]) -> bool:
    """True for a row that says more about the headings above it: words alone, and none where `top` names what
    parts are known by."""
    understood = columns(top)
    own = {place: cell for place, cell in enumerate(below) if cell and cell != _at(top, place)}
    if not own or any(any(map(str.isdigit, cell)) for cell in own.values()):
        return False
    return not any(understood.get(place) in KNOWN_BY for place in own)


def joined(top: Sequence[str], below: Sequence[str]) -> tuple[str, ...]:
    """Two rows of headings as one. What stands over several columns is said of each; where it stands over one
    alone and nobody understands both together, the one that is understood counts."""
    said, over, spans = [], "", dict[int, int]()
    first = 0
    for place in range(max(len(top), len(below))):
        upper, lower = _at(top, place), _at(below, place)
        if upper:
            over, first = upper, place
        spans[first] = spans.get(first, 0) + bool(lower or upper)
        said.append((first, over if lower or upper else "", lower if lower != upper else ""))
    return tuple(_both(over, lower, alone=spans[first] == 1) for first, over, lower in said)


def _both(over: str, lower: str, *, alone: bool) -> str:
    both = f"{over} {lower}".strip()
    if not lower or not over or field_of(both):
        return both
    if field_of(lower):
        return lower
    return over if alone and field_of(over) else both


def spread(top: Sequence[str], below: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Fields of which it matters which column is theirs, and that `top` names over several columns."""
    places_of: dict[str, tuple[int, ...]] = {}
    whole = joined(top, below)
    for place, cell in enumerate(top):
        field = field_of(cell) if cell else None
        end = next((n for n in range(place + 1, len(whole)) if _at(top, n)), len(whole))
        places = tuple(n for n in range(place, end) if whole[n])
        if field in _WEIGHTY and len(places) > 1:
            places_of[field] = places
    return places_of


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def examples() -> tuple[str, ...]:
    """One Arabic and one English heading for each field, for whoever has a file without any."""
    spoken = (tuple(word.strip() for word in words.split("|")) for words in _SPOKEN.values())
    return tuple(f"{words[0]} / {next(word for word in words if word.isascii())}" for words in spoken)
