"""What a committed change says: the goods, debts and cash that it moves, whatever the program makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .server import Deed, Moves


@dataclass(slots=True)
class Committed:
    """A change that some terminal has committed: the shop counts on it."""

    change_id: str
    n: int
    kind: str
    type: str
    record_id: str
    payload: dict[str, Any]
    was: dict[str, Any]
    """What its writer saw, as it was last frozen."""
    base: dict[str, int] = field(default_factory=dict)
    """The versions that he saw, as they were last frozen."""


def sums(
    known: Iterable[str],
    opening: Mapping[str, int],
    counted: Iterable[Moves],
    covered: Mapping[str, Deed],
    own: Iterable[tuple[str, str, int]],
) -> Moves:
    """What records come to: what the server has counted, and the own moves that it has not. Moves on a record
    that it does not know wait there for the record; until then they are in nobody's figure but the own one, and so is
    what a fact has moved that it has refused."""
    applied = {change_id for change_id, deed in covered.items() if deed.applied}
    known = set(known)
    sums = dict(opening)
    for moves in counted:
        for id, delta in moves.items():
            if id in known:
                sums[id] = sums.get(id, 0) + delta
    for change_id, id, delta in own:
        if change_id not in applied or id not in known:
            sums[id] = sums.get(id, 0) + delta
    return sums


HALVES = ("return", "sale")


def halves(one: Committed) -> list[Committed]:
    """The documents of a change: of an exchange two, else itself."""
    if one.kind != "exchange":
        return [one]
    return [replace(one, kind=kind, record_id=one.payload[kind]["id"], payload=one.payload[kind]) for kind in HALVES]


def added(*all_moves: Moves) -> Moves:
    sums: Moves = {}
    for moves in all_moves:
        for id, delta in moves.items():
            sums[id] = sums.get(id, 0) + delta
    return sums


def lines(sale: Committed) -> Moves:
    """What a sale or a return moves on the shelf, an exchange in both its halves."""
    signed = [(-1 if half.kind == "sale" else 1, half.payload["items"]) for half in halves(sale)]
    return added(*({line["item_id"]: sign * line["quantity"]} for sign, items in signed for line in items))


def debt(body: Mapping[str, Any], sign: int, *, undone: bool = False) -> Moves:
    """What a document puts on its customer's account; `undone` where all of it goes back, also what was exchanged and
    had been on account."""
    owed = _paid(body, "credit", undone=undone)
    return {body["customer_id"]: sign * owed} if owed else {}


def _paid(body: Mapping[str, Any], method: str, *, undone: bool) -> int:
    ways = ("method", "way") if undone else ("method",)
    return sum(one["amount"] for one in body["payments"] if method in [one.get(name) for name in ways])


def drawn(body: Mapping[str, Any]) -> int:
    """What a deed moved in the drawer's books: a closing moves them to what was counted."""
    if body["kind"] == "close":
        return int(body["counted"]) - int(body["amount"])
    return {"open": 1, "pay_in": 1, "pay_out": -1}.get(body["kind"], 0) * int(body["amount"])


def cash(body: Mapping[str, Any], *, undone: bool = False) -> int:
    return _paid(body, "cash", undone=undone)
