"""Recognises the part of the shop that a row of a price list is about.

By its number, else by its barcode, else, where a row has neither, by its name and car. A whole batch of rows is
looked up with three queries, because it happens while the till waits for the write lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..codes import barcode_key
from ..database import db
from ..errors import ShopError
from ..records.declaration import fields_of
from ..search import STOCK
from ..search_words import fold_often
from ..types import Part, PartDraft
from .rows import PartEntry, looks_of

DRAFT_FIELDS = tuple(fields_of(PartDraft))


def record_of(draft: PartDraft) -> dict[str, Any]:
    """The fields of a draft by name; `dataclasses.asdict` copies each of them: 22 us instead of 2."""
    return {name: getattr(draft, name) for name in DRAFT_FIELDS}


class Candidates:
    """The parts that a batch may be about, asked for at once by number, barcode and name."""

    def __init__(self, batch: Sequence[PartEntry]) -> None:
        self._by_number = _parts_by("number_key", {entry.number_key for entry in batch})
        self._by_barcode = _parts_by("barcode_key", {entry.barcode_key for entry in batch})
        nameless = [entry for entry in batch if not (entry.number_key or entry.barcode_key)]
        self._by_name = _parts_by("name_key", {entry.looks[0] for entry in nameless})

    def find(self, entry: PartEntry) -> Part | None:
        """The part of the shop that a row is about, None for a new one. Raises `ShopError` with the key of a
        remark where several could be meant. Parts may share a barcode: a row with a number of its own is a part of
        its own."""
        candidates = self._of_its_number(entry)
        if not candidates and entry.barcode_key:
            candidates = self._by_barcode.get(entry.barcode_key, [])
            if others := self.sharing(entry):
                if len(others) < len(candidates):  # one of them may be this very part, before it had a number
                    raise ShopError("import.bad.barcode_of_other", text=entry.said["barcode"], number=others[0])
                return None
        if not (entry.number_key or entry.barcode_key):
            candidates = [part for part in self._by_name.get(entry.looks[0], []) if _looks(part) == entry.looks]
            # one without a number is what an earlier import of this row has made
            candidates = [part for part in candidates if not part.draft.part_number] or candidates
        if len(candidates) > 1:
            raise ShopError("import.bad.several_parts", count=len(candidates))
        return candidates[0] if candidates else None

    def other_brands(self, entry: PartEntry) -> tuple[str, ...]:
        """Brands under which the shop has the number of this row already, none of them the row's own."""
        if not (entry.number_key and entry.brand_key):
            return ()
        brands = {part.draft.brand for part in self._by_number.get(entry.number_key, []) if part.draft.brand}
        return () if entry.brand_key in map(fold_often, brands) else tuple(sorted(brands))

    def sharing(self, entry: PartEntry) -> tuple[str, ...]:
        """Other numbers under which the shop has the barcode of this row; none for a row without a number."""
        if not (entry.number_key and entry.barcode_key):
            return ()
        own = {part.id for part in self._by_number.get(entry.number_key, [])}
        others = [part for part in self._by_barcode.get(entry.barcode_key, []) if part.id not in own]
        return tuple(part.draft.part_number for part in others if part.draft.part_number)

    def _of_its_number(self, entry: PartEntry) -> list[Part]:
        """Of the parts with the row's number those that it can mean: the one with its barcode, else those of its
        brand, else those that say no brand. One number of several brands is several parts."""
        candidates = self._by_number.get(entry.number_key, []) if entry.number_key else []
        code = entry.barcode_key
        same_barcode = [part for part in candidates if code and barcode_key(part.draft.barcode) == code]
        if same_barcode:
            return same_barcode
        if entry.brand_key:
            of_brand = [part for part in candidates if fold_often(part.draft.brand) == entry.brand_key]
            candidates = of_brand or [part for part in candidates if not part.draft.brand]
        if len(candidates) > 1:
            return [part for part in candidates if _looks(part) == entry.looks] or candidates
        return candidates


def _parts_by(column: str, keys: set[str]) -> dict[str, list[Part]]:
    """The parts that have one of these keys, by key, in the order in which they were entered."""
    asked = tuple(keys - {""})
    rows = db.execute(
        f"SELECT {column}, id, stock_quantity, {STOCK}, version, {', '.join(DRAFT_FIELDS)} FROM part WHERE deleted = 0"
        f" AND {column} <> '' AND {column} IN ({', '.join('?' * len(asked))}) ORDER BY pk",
        asked,
    )
    parts: dict[str, list[Part]] = {}
    for key, id_, base_stock, stock, version, *draft in rows.fetchall():
        part = Part(id_, PartDraft(*draft), stock, base_stock, version, None, None, unsent=False, deleted=False)
        parts.setdefault(key, []).append(part)
    return parts


def _looks(part: Part) -> tuple[str, ...]:
    return looks_of(record_of(part.draft))
