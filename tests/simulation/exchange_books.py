"""What must hold of exchanges: both halves are on the server or neither is, and the drawer sees the difference only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from clutch_tui.core.outbox.halves import change_id as id_of_half

from .disk import FragileConnection
from .facts import HALVES, Committed, halves
from .server import SHOP, Server
from .terminal import Terminal
from .violation import Violation

KIND = "exchange"


class ExchangeBooks:
    """The books of one run, as far as they are about exchanges."""

    def __init__(self, server: Server, committed: Mapping[str, Committed], uncertain: Collection[str]) -> None:
        self._server = server
        self._committed = committed
        self._uncertain = uncertain

    # --- at every commit -----------------------------------------------------------------------------

    def on_commit(self, terminal: Terminal, connection: FragileConnection, new: Sequence[Committed]) -> None:
        """Called after each commit with the documents that it made."""
        for one in new:
            if one.kind == KIND:
                self._check_made(terminal, one, connection)

    def _check_made(self, terminal: Terminal, one: Committed, connection: FragileConnection) -> None:
        """The halves pay each other the same, and the rest is one difference: all the money that has moved."""
        back, sale = one.payload["return"], one.payload["sale"]
        swapped = [[payment for payment in body["payments"] if payment["method"] == KIND] for body in (back, sale)]
        if swapped[0] != swapped[1]:
            raise Violation(f"{terminal.name}: the halves of {one.record_id} exchange {swapped[0]} and {swapped[1]}")
        out, paid = _money(back), _money(sale)
        if out and paid:
            raise Violation(f"{terminal.name}: in exchange {one.record_id} {paid} came and {out} went")
        if sum(paid.values()) - sum(out.values()) != sale["total"] - back["total"]:
            raise Violation(f"{terminal.name}: {paid} and {out} are not the difference of {one.record_id}")
        moved = dict(
            connection.peek(
                "SELECT method, sum(amount) FROM money_move WHERE change_id = ? GROUP BY 1", (one.change_id,)
            )
        )
        if moved != paid | {method: -amount for method, amount in out.items()}:
            raise Violation(f"{terminal.name}: {one.record_id} has moved {moved}, its difference is {paid or out}")
        ids = [half.record_id for half in halves(one)]
        named = connection.peek(f"SELECT id, exchange_id FROM sale WHERE id IN (?, ?) ORDER BY id = '{ids[1]}'", ids)
        if list(map(tuple, named)) != [tuple(ids), tuple(reversed(ids))]:
            raise Violation(f"{terminal.name}: the halves {ids} of an exchange are kept as {named}")

    # --- at rest -------------------------------------------------------------------------------------

    def documents(self) -> Iterator[Committed]:
        """All that was committed, each half of an exchange by itself, and once."""
        for one in self._committed.values():
            if one.kind != KIND or not self._is_split(one):
                yield from halves(one)

    def _is_split(self, one: Committed) -> bool:
        """Whether it has gone up in the words of version 1."""
        return id_of_half(one.change_id, "sale") in self._committed

    def at_rest(self, terminals: Collection[Terminal]) -> None:
        """Both halves are there or neither is, on the server and on every till. Of what a disk has lost that was put
        back, one may have gone up before where they went up one by one."""
        there = {row[0] for row in self._server.sql("SELECT receipt_number FROM sale WHERE shop_id = ?", SHOP)}
        known = [{row[0] for row in terminal.sql("SELECT receipt_number FROM sale")} for terminal in terminals]
        for one in self._committed.values():
            if one.kind != KIND or self._may_be_torn(one):
                continue
            numbers = [half.payload["receipt_number"] for half in halves(one)]
            for where, present in (("the server", there), *zip([one.name for one in terminals], known, strict=True)):
                if len(present.intersection(numbers)) == 1:
                    raise Violation(f"{where} has one half of the exchange {numbers}")

    def _may_be_torn(self, one: Committed) -> bool:
        ids = [id_of_half(one.change_id, kind) for kind in HALVES]
        return self._is_split(one) and any(id in self._uncertain for id in ids)

    def check_waiting(self, terminal: Terminal) -> None:
        """Without the sync calls no half of it goes up: all of it waits here, without alarm."""
        waiting = terminal.sql("SELECT record_id, lane FROM outbox WHERE kind = ? AND answered_at IS NULL", (KIND,))
        if strange := [row for row in waiting if row[1] != "local"]:
            raise Violation(f"{terminal.name}: the exchange {strange[0][0]} waits as {strange[0][1]}")
        there = {row[0] for row in self._server.sql("SELECT receipt_number FROM sale WHERE shop_id = ?", SHOP)}
        for one in self._committed.values():
            if one.kind == KIND and (sent := there & {half.payload["receipt_number"] for half in halves(one)}):
                raise Violation(f"a server without sync has heard of {sent} of an exchange")


def _money(body: Mapping[str, Any]) -> dict[str, int]:
    """What was paid in money, by method."""
    paid = Counter[str]()
    for payment in body["payments"]:
        if payment["method"] != KIND and payment["amount"]:
            paid[payment["method"]] += payment["amount"]
    return dict(paid)
