"""What version 2 adds to facts of version 1: a note on a line, the reference of a payment, the car of a sale, and what
money was paid out of a drawer for.

A fact that says none of it is the same for every server. One that does goes up as it is to a server that names the
addition; to any other its words stand where version 1 has room for words, so that no till of the shop lacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]


def _line_notes(body: Body) -> Iterator[str]:
    for line in body["items"]:
        if note := line.get("note"):
            yield f"{line['part_number'] or line['item_name']}: {note}"


def _references(body: Body) -> Iterator[str]:
    for payment in body["payments"]:
        if reference := payment.get("reference"):
            yield f"{payment['method']}: {reference}"


def _cars(body: Body) -> Iterator[str]:
    if car := body.get("car"):
        yield car


def _without(rows: Collection[Body], name: str) -> list[Body]:
    return [{key: value for key, value in row.items() if key != name} for row in rows]


_SALES: dict[str, tuple[Callable[[Body], Iterator[str]], Callable[[Body], Body]]] = {
    "car": (_cars, lambda body: {name: value for name, value in body.items() if name != "car"}),
    "level": (lambda body: iter(()), lambda body: {**body, "items": _without(body["items"], "level")}),
    "line_note": (_line_notes, lambda body: {**body, "items": _without(body["items"], "note")}),
    "reference": (_references, lambda body: {**body, "payments": _without(body["payments"], "reference")}),
}
"""What is added to a sale or a return, by the name under which a server says that it knows it: the words of it, and the
body without it."""
WORDLESS = frozenset({"level"})
"""Those of which nothing is said to a server that does not know them: the price level of a line, which its price tells
in its way."""
_EXPENSE = "expense"
NAMES = (*_SALES, _EXPENSE)


_HALVES = ("return", "sale")
"""The kinds of documents that say any of it, which are the halves of an exchange as well."""


def said_by(kind: str, body: Body) -> frozenset[str]:
    """Return the names of the additions that a fact makes use of."""
    if kind == "cash":
        return frozenset({_EXPENSE} if body.get("category") else ())
    sold = [body[half] for half in _HALVES] if kind == "exchange" else [body] if kind in _HALVES else []
    said = {name for name, (words, _) in _SALES.items() if any(next(words(one), None) for one in sold)}
    has_level = any(line.get("level") for one in sold for line in one["items"])
    return frozenset(said | ({"level"} if has_level else set()))


def in_words(body: Body, unknown: Collection[str]) -> dict[str, Any]:
    """The body of a fact for a server that does not know these additions: their words stand behind the notes of a sale,
    of each half of an exchange, one a line, and before the reason of what was paid out."""
    if _HALVES[0] in body:
        return {**body, **{half: in_words(body[half], unknown) for half in _HALVES}}
    if _EXPENSE in unknown:
        said = ": ".join(filter(None, (body["category"], body["reason"])))
        return {name: value for name, value in body.items() if name != "category"} | {"reason": said}
    lines = [body["notes"]] if body["notes"] else []
    for name in sorted(unknown):
        words, without = _SALES[name]
        lines += words(body)
        body = without(body)
    return {**body, "notes": "\n".join(lines)}
