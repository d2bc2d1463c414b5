"""What a committed change says: the goods, debts and cash that it moves, whatever the program makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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


def lines(sale: Committed) -> Moves:
    sign = -1 if sale.kind == "sale" else 1
    moves: Moves = {}
    for line in sale.payload["items"]:
        moves[line["item_id"]] = moves.get(line["item_id"], 0) + sign * line["quantity"]
    return moves


def debt(body: Mapping[str, Any], sign: int) -> Moves:
    owed = sum(payment["amount"] for payment in body["payments"] if payment["method"] == "credit")
    return {body["customer_id"]: sign * owed} if owed else {}


def drawn(body: Mapping[str, Any]) -> int:
    """What a deed moved in the drawer's books: a closing moves them to what was counted."""
    if body["kind"] == "close":
        return int(body["counted"]) - int(body["amount"])
    return {"open": 1, "pay_in": 1, "pay_out": -1}.get(body["kind"], 0) * int(body["amount"])


def cash(body: Mapping[str, Any]) -> int:
    return sum(payment["amount"] for payment in body["payments"] if payment["method"] == "cash")
