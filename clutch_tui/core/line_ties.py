"""The part of this shop that the words of an order's line mean, where the order names none: a person has said it once.

The marketplace has its own words for a part, and the same ones come again. A tie is no record of the shop's: it is
memory of this till, in a table that no pull touches, and it reaches the other tills in what it is for. A quote names
the part of each of its lines, and whoever pulls the order learns the tie from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clutch_tui.text.fold import fold

from .database import db
from .database.statement import Statement, given, insert
from .records.order import LineTieTable

_ADD = insert(LineTieTable, or_leave=True)
_FORGET = Statement(LineTieTable.delete().where(LineTieTable.words == given("words")))
_TIED = Statement(LineTieTable.select(LineTieTable.part_id).where(LineTieTable.words == given("words")))


def tie(name: str, part_id: str) -> None:
    """Remember that a line of this name means this part; what was said before is forgotten."""
    if words := fold(name).strip():
        _FORGET.run(words=words)
        _ADD.run(words=words, part_id=part_id, at=db.now_text())


def part_of(name: str) -> str | None:
    """The part that a line of this name was said to mean."""
    row = _TIED.first(words=fold(name).strip())
    return None if row is None else str(row["part_id"])


def learn(orders: Iterable[Mapping[str, Any]]) -> None:
    """Learn from pulled orders which part another till has quoted for a line that names none. What was said here
    stands."""
    for order in orders:
        quote = order["quote"]
        lines: Sequence[Mapping[str, Any]] = quote["lines"] if isinstance(quote, Mapping) else ()
        unnamed = {line["item_name"] for line in order.get("items") or () if line["item_id"] is None}
        for line in lines:
            if line.get("item_id") and line["item_name"] in unnamed and (words := fold(line["item_name"]).strip()):
                _ADD.run(words=words, part_id=line["item_id"], at=db.now_text())
