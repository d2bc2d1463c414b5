"""What must hold of lost sales: each is shown where it was noted, at once and for ever, and is never rewritten; none
moves anything, and at rest every till and the server have the same ones, each once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from clutch_tui.core import lost_sales

from . import noting
from .disk import FragileConnection
from .facts import Committed
from .server import SHOP, Deed, Server
from .terminal import Terminal
from .violation import Violation

KIND = lost_sales.KIND
_SAID = ("at", "item_id", "item_name", "part_number", "quantity", "price", "reason", "cashier")
"""The columns that show what was noted; `at` is the note's `date`."""
_SHOWN = f"SELECT id, {', '.join(_SAID)} FROM lost_sale ORDER BY id"
_WHOLE = f"SELECT id, {', '.join(_SAID)}, business_day, search_key FROM lost_sale ORDER BY id"
_FORGOTTEN = (
    f"SELECT record_id FROM outbox WHERE kind = '{KIND}' AND record_id NOT IN (SELECT id FROM lost_sale WHERE own = 1)"
)
_UNNAMED = (
    "SELECT record_id, group_concat(DISTINCT iif(answered_at IS NULL AND first_sent_at IS NOT NULL, 'local', lane))"
    " FROM outbox WHERE kind = ? AND coalesce(outcome, '') <> 'resent' GROUP BY record_id"
)
"""The lane of each lost sale, whose answer may still be on its way where it was sent before its till knew better."""
_MOVED = {"part", "stock_move", "customer", "account_move", "money_move", "sale", "document"}
"""The tables of the shop's goods, accounts and money."""
_PLACES = {"quantity": 3, "price": 2}
"""How many decimals of a unit the terminal's whole numbers count."""


class LostSaleBooks:
    """The books of one run, as far as they are about lost sales."""

    compares_ids = True
    """Whether the server calls parts what the tills call them."""

    def __init__(self, server: Server, committed: Mapping[str, Committed], uncertain: Collection[str]) -> None:
        self._server = server
        self._committed = committed
        self._uncertain = uncertain
        self._made: dict[str, Mapping[str, Any]] = {}
        """What each lost sale said when it was noted."""

    # --- at every commit -----------------------------------------------------------------------------

    def on_commit(
        self, terminal: Terminal, connection: FragileConnection, touched: set[str], new: Sequence[Committed]
    ) -> None:
        """Called after each commit with the documents that it made."""
        for one in new:
            if one.kind != KIND:
                continue
            self._made[one.record_id] = one.payload
            if moved := touched & _MOVED:
                raise Violation(f"{terminal.name} has noted {one.record_id}, and has written {sorted(moved)}")
        if not touched.isdisjoint(("lost_sale", "outbox")):
            self._check_shown(terminal, connection)

    def _check_shown(self, terminal: Terminal, connection: FragileConnection) -> None:
        """Every till shows what the one that noted it has noted, and forgets nothing that was noted on its own disk."""
        for id, *columns in connection.peek(_SHOWN):
            if id not in self._made:
                raise Violation(f"{terminal.name} shows the lost sale {id}, which nobody has noted")
            said = self._made[id]
            for name, shown in zip(_SAID, columns, strict=True):
                noted = said["date" if name == "at" else name]
                if shown != noted and (self.compares_ids or name != "item_id"):
                    raise Violation(f"{terminal.name}: {name} of {id} was {noted!r}, and is shown as {shown!r}")
        if lost := connection.peek(_FORGOTTEN):
            raise Violation(f"{terminal.name} has forgotten its own lost sale {lost[0][0]}")

    # --- at rest -------------------------------------------------------------------------------------

    def at_rest(self, terminals: Collection[Terminal], deeds: Mapping[str, Deed]) -> None:
        """All sides have the same lost sales, none is missing or double, and none has moved anything."""
        done = set[str]()
        for id, deed in deeds.items():
            if deed.kind == KIND:
                done |= {deed.record_id} if deed.applied else set()
                if deed.moves or deed.entries:
                    raise Violation(f"the lost sale {id} has moved {deed.moves or deed.entries}")
        sql = "SELECT id, body FROM document WHERE shop_id = ? AND kind = ? ORDER BY id"
        there = dict(self._server.sql(sql, SHOP, KIND))
        if strange := there.keys() ^ done:
            raise Violation(f"on the server are not the lost sales that were told: {sorted(strange)[0]}")
        certain = {
            one.record_id for id, one in self._committed.items() if one.kind == KIND and id not in self._uncertain
        }
        if missing := certain - there.keys():
            raise Violation(f"the server has never heard of the lost sale {sorted(missing)[0]}")
        for id, text in there.items():
            self._check_body(id, json.loads(text, parse_float=Decimal))
        first: list[Any] = []
        for terminal in terminals:
            self._check_known(terminal, there)
            rows = list(map(tuple, terminal.sql(_WHOLE)))
            if rows != (first := first or rows):
                differs = sorted(set(rows) ^ set(first))[0]
                raise Violation(f"{terminal.name} shows a lost sale otherwise than another till: {differs}")

    def _check_body(self, id: str, body: Mapping[str, Any]) -> None:
        """The server has what was noted."""
        for name, noted in self._made[id].items():
            told = Decimal(noted).scaleb(-_PLACES[name]) if name in _PLACES else noted
            if body[name] != told and (self.compares_ids or name != "item_id"):
                raise Violation(f"{name} of the lost sale {id} was {told!r}, the server has {body[name]!r}")

    def _check_known(self, terminal: Terminal, there: Collection[str]) -> None:
        """A till shows what the server has, and that it is sent."""
        shown = terminal.ask(lost_sales.page, noting.EVERY, None, 0, 1000)
        if strange := {one.id for one in shown} ^ set(there):
            raise Violation(f"{terminal.name}: the lost sale {sorted(strange)[0]} is not on both sides")
        if waiting := [one.id for one in shown if one.unsent]:
            raise Violation(f"{terminal.name} shows the lost sale {waiting[0]} as not sent")
        noting.check_wanted(terminal, shown)

    def check_waiting(self, terminal: Terminal, *, or_fast: bool = False) -> None:
        """At a server that does not name them, they wait here without alarm, and are shown. One that was sent before
        its till knew better was refused, and waits anew. With `or_fast` one may not have had its turn yet (seed
        950155)."""
        for id, lane in terminal.sql(_UNNAMED, (KIND,)):
            if lane != "local" and not (or_fast and lane == "fast"):
                raise Violation(f"{terminal.name}: the lost sale {id} does not wait as local, but as {lane}")
        if self._server.sql("SELECT 1 FROM document WHERE kind = ?", KIND):
            raise Violation("a server that does not name lost sales has heard of one")
        noting.check_wanted(terminal, terminal.ask(lost_sales.page, noting.EVERY, None, 0, 1000))
