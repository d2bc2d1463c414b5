"""What must hold, at every commit of every terminal and when all has come to rest.

The truth is what the server's own transactions did (`Server.deeds`), epoch by epoch: a terminal that stands at
cursor c of epoch e must show exactly the deeds of e up to c, and its own that are not among them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from clutch_tui.core import journal
from clutch_tui.core.replica import CHANNELS
from clutch_tui.core.search import STOCK

from .disk import FragileConnection
from .server import SHOP, Deed, Server
from .terminal import Terminal


class Violation(BaseException):
    """A promise was broken. No `except Exception` of the program may survive it."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A change that some terminal has committed: the shop counts on it."""

    change_id: str
    n: int
    kind: str
    type: str
    record_id: str
    payload: dict[str, Any]


@dataclass(slots=True)
class Seen:
    """What was last seen of one disk."""

    last_n: int = 0
    cursors: dict[str, tuple[str, int]] = field(default_factory=dict)
    """For each channel: the epoch of its rows, and how far they reach."""


class Books:
    """The books of one run: what was committed where, and whether the terminals tell the truth about it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.committed: dict[str, Committed] = {}
        self.uncertain: set[str] = set()
        """Lost with a disk that was put back to an older state, unless they had reached the server."""
        self.seen: dict[str, Seen] = {}

    # --- at every commit -----------------------------------------------------------------------------

    def on_commit(self, terminal: Terminal, connection: FragileConnection, touched: set[str]) -> None:
        """Called by the disk after each commit, with the tables that the transaction wrote."""
        seen = self.seen.setdefault(terminal.name, Seen())
        if "outbox" in touched:
            self._enter(seen, connection)
        if "sync_state" in touched:
            self._check_cursors(terminal, seen, connection)
        if not touched.isdisjoint(("part", "stock_move", "sync_state")):
            self._check_stock(terminal, seen, connection)

    def _enter(self, seen: Seen, connection: FragileConnection) -> None:
        rows = connection.peek(
            "SELECT n, change_id, kind, type, record_id, payload FROM outbox WHERE n > ? ORDER BY n", (seen.last_n,)
        )
        for n, change_id, kind, type, record_id, payload in rows:
            seen.last_n = n
            self.committed[change_id] = Committed(change_id, n, kind, type, record_id, json.loads(payload))

    def _check_cursors(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        state = dict(connection.peek("SELECT name, value FROM sync_state"))
        for channel in CHANNELS:
            if f"{channel}.cursor" not in state:
                continue
            cursor = int(state[f"{channel}.cursor"])
            before = seen.cursors.get(channel)
            epoch = state.get(f"{channel}.epoch") or (before[0] if before else None)
            if epoch is None:
                continue
            if before is not None and before[0] == epoch and cursor < before[1]:
                raise Violation(f"{terminal.name}: the cursor of {channel} went back from {before[1]} to {cursor}")
            seen.cursors[channel] = (epoch, cursor)

    def _check_stock(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        if "inventory" not in seen.cursors:
            return
        epoch, cursor = seen.cursors["inventory"]
        covered = {id: deed for id, deed in self._server.deeds[epoch].items() if deed.seq <= cursor}
        expected = dict(self._server.opening)
        for deed in covered.values():
            for part_id, delta in deed.moves.items():
                expected[part_id] = expected.get(part_id, 0) + delta
        for change_id, part_id, delta in connection.peek("SELECT change_id, part_id, delta FROM stock_move"):
            if change_id not in covered:
                expected[part_id] = expected.get(part_id, 0) + delta
        for part_id, stock in connection.peek(f"SELECT id, {STOCK} FROM part WHERE deleted = 0"):
            if stock != expected[part_id]:
                raise Violation(
                    f"{terminal.name}: the clerk sees {stock} of {part_id}, the truth at {epoch}/{cursor}"
                    f" is {expected[part_id]}"
                )

    # --- at rest -------------------------------------------------------------------------------------

    def unanswered(self, terminal: Terminal) -> list[tuple[str, str, str]]:
        """The changes that wait on a terminal: id, kind and lane."""
        return terminal.sql("SELECT change_id, kind, lane FROM outbox WHERE answered_at IS NULL ORDER BY n")

    def at_rest(self, terminals: list[Terminal]) -> None:
        """Everything was delivered: all sides must tell the same, and nothing may be missing or double."""
        deeds = self._server.deeds[self._server.epoch]
        self._check_delivered(deeds)
        self._check_sales(deeds)
        self._check_server_stock(deeds)
        for terminal in terminals:
            self._check_copy(terminal)
            if (broken := terminal.ask(journal.verify_audit)) is not None:
                raise Violation(f"{terminal.name}: the audit chain breaks at row {broken}")

    def _check_delivered(self, deeds: dict[str, Deed]) -> None:
        missing = self.committed.keys() - deeds.keys() - self.uncertain
        if missing:
            raise Violation(f"lost: {self._told(missing)}")
        strange = deeds.keys() - self.committed.keys()
        if strange:
            raise Violation(f"nobody did this: {sorted(strange)[:3]}")

    def _told(self, change_ids: set[str]) -> str:
        return ", ".join(f"{self.committed[id].kind} {id}" for id in sorted(change_ids)[:3])

    def _check_sales(self, deeds: dict[str, Deed]) -> None:
        there = dict(self._server.sql("SELECT id, total FROM sale WHERE shop_id = ?", SHOP))
        done = [one for id, one in self.committed.items() if id in deeds and one.kind in ("sale", "return")]
        if len(done) != len(there):
            raise Violation(f"{len(done)} sales were made, {len(there)} are on the server")
        for one in done:
            sign = 1 if one.kind == "sale" else -1
            if there.get(one.record_id) != sign * one.payload["total"]:
                raise Violation(f"sale {one.record_id}: {one.payload['total']} here, {there.get(one.record_id)} there")

    def _check_server_stock(self, deeds: dict[str, Deed]) -> None:
        expected = dict(self._server.opening)
        for id in deeds:
            one = self.committed[id]
            sign = {"sale": -1, "return": 1}.get(one.kind, 0)
            for line in one.payload.get("items", ()) if sign else ():
                expected[line["item_id"]] = expected.get(line["item_id"], 0) + sign * line["quantity"]
        for part_id, stock in self._server.sql("SELECT id, stock_quantity FROM item WHERE shop_id = ?", SHOP):
            if stock != expected[part_id]:
                raise Violation(f"the server has {stock} of {part_id}, the deeds come to {expected[part_id]}")

    def _check_copy(self, terminal: Terminal) -> None:
        columns = "id, name, part_number, price, cost, stock_quantity, location, version, seq"
        theirs = self._server.sql(f"SELECT {columns} FROM item WHERE shop_id = ? AND deleted = 0 ORDER BY id", SHOP)
        ours = terminal.sql(f"SELECT {columns} FROM part WHERE deleted = 0 ORDER BY id")
        _compare(terminal.name, "parts", ours, theirs)
        columns = "id, status, version, seq"
        theirs = self._server.sql(f"SELECT {columns} FROM sale WHERE shop_id = ? ORDER BY id", SHOP)
        _compare(terminal.name, "sales", terminal.sql(f"SELECT {columns} FROM sale ORDER BY id"), theirs)
        if open_moves := terminal.sql("SELECT change_id FROM stock_move WHERE open = 1"):
            raise Violation(f"{terminal.name}: a delta never ends: {open_moves[:3]}")


def _compare(name: str, what: str, ours: list[Any], theirs: list[Any]) -> None:
    if list(map(tuple, ours)) == list(map(tuple, theirs)):
        return
    ours_only = sorted(set(map(tuple, ours)) - set(map(tuple, theirs)))[:2]
    theirs_only = sorted(set(map(tuple, theirs)) - set(map(tuple, ours)))[:2]
    raise Violation(f"{name}: {what} differ at rest: {ours_only} here, {theirs_only} on the server")
