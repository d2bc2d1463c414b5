"""Tells whether a row of the server is what we sent, where the answer was lost and the server has ids of its own.

Only marks that a person gives once are looked at. A price or a stock figure may have changed since; a receipt's
number, its total and a part's numbers do not change within the minutes that are in doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

Verdict = Literal["same", "maybe", "other"]
Row = Mapping[str, Any]

_MARKS = {
    "item": ("part_number", "barcode", "name"),
    "customer": ("phone", "name"),
    "supplier": ("phone", "name"),
}


def compare(type: str, sent: Row, row: Row) -> Verdict:
    """Both in core names. `maybe` where the server keeps too little of what was sent to tell."""
    if type == "sale":
        return _compare_sales(sent, row)
    return "same" if all(_plain(sent, name) == _plain(row, name) for name in _MARKS[type]) else "other"


def _compare_sales(sent: Row, row: Row) -> Verdict:
    if sent["total"] != row["total"]:
        return "other"
    if row["receipt_number"]:
        return "same" if _plain(sent, "receipt_number") == _plain(row, "receipt_number") else "other"
    if _second(sent) == _second(row):
        return "same"
    return "maybe" if (sent["date"] or "")[:10] == (row["date"] or "")[:10] else "other"


def find(type: str, ids: Collection[str], sent: Row, rows: Iterable[Row]) -> tuple[Row | None, bool]:
    """The row that is ours, and whether one of the others might be. Under an id that it is known by nothing else is
    asked."""
    maybe = False
    alike: Row | None = None
    for row in rows:
        if row["id"] in ids:
            return row, False
        verdict = compare(type, sent, row)
        maybe = maybe or verdict == "maybe"
        if verdict == "same":
            # two that are the same cannot be told apart: neither is taken
            alike, maybe = (row, maybe) if alike is None else (alike, True)
    return (None, True) if maybe and alike is not None else (alike, maybe)


def _plain(row: Row, name: str) -> str:
    return " ".join(str(row.get(name) or "").split()).casefold()


def _second(row: Row) -> str:
    return str(row["date"] or "")[:19]


def search_term(type: str, sent: Row) -> str:
    """Return what to ask a list's `search` for; empty where the record has nothing to be found by."""
    names = {"sale": ("receipt_number",), "item": ("part_number", "barcode", "oem_number", "name", "name_en")}
    return next((str(sent[name]) for name in names.get(type, ("phone", "name")) if sent.get(name)), "")
