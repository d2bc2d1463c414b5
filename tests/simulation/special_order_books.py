"""What must hold of special orders and deposits: each is shown where it was made for ever and never rewritten, at rest
every till and the server have the same ones; and a deposit is counted once, or the server has flagged it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from clutch_tui.core import customers, deposits, special_orders
from clutch_tui.core.outbox import abilities

from .disk import FragileConnection
from .facts import Committed
from .server import SHOP, Deed, Server
from .terminal import Terminal
from .violation import Violation

KINDS = (*special_orders.KINDS, *deposits.KINDS)
_TABLES = {
    "special_order": (
        "special_order",
        ("at", "number", "customer_id", "customer_name", "item_id", "item_name", "quantity", "price", "expected"),
        "1",
    ),
    "special_order_step": (
        "special_order_step",
        ("special_order_id", "step", "reason", "sale_id", "receipt_number"),
        "1",
    ),
    "deposit": ("deposit", ("special_order_id", "payment_id", "customer_id", "amount"), "kind = 'deposit'"),
    "deposit_forfeit": (
        "deposit",
        ("special_order_id", "payment_id", "customer_id", "amount", "reason"),
        "kind = 'deposit_forfeit'",
    ),
}
"""For each kind: its table, the columns that show what was said, and which of its rows those are."""
_PLACES = {"quantity": 3, "price": 2, "amount": 2}
"""How many decimals of a unit the terminal's whole numbers count."""
_RAW = """SELECT id, balance + coalesce((SELECT sum(amount) FROM account_move WHERE customer_id = customer.id
    AND open = 1), 0)"""


class SpecialOrderBooks:
    """The books of one run, as far as they are about special orders."""

    def __init__(self, server: Server, committed: Mapping[str, Committed], uncertain: Collection[str]) -> None:
        self._server = server
        self._committed = committed
        self._uncertain = uncertain
        self._made: dict[tuple[str, str], Mapping[str, Any]] = {}
        """What each fact said when it was made."""

    # --- at every commit -----------------------------------------------------------------------------

    def on_commit(
        self, terminal: Terminal, connection: FragileConnection, touched: set[str], new: Sequence[Committed]
    ) -> None:
        """Called after each commit with the documents that it made."""
        for one in new:
            if one.kind in KINDS:
                self._made[one.kind, one.record_id] = one.payload
        for kind, (table, columns, which) in _TABLES.items():
            if table in touched:
                self._check_shown(terminal, connection, kind, table, columns, which)

    def _check_shown(
        self,
        terminal: Terminal,
        connection: FragileConnection,
        kind: str,
        table: str,
        columns: Sequence[str],
        which: str,
    ) -> None:
        """Every till shows what the one that made it has said, and forgets nothing of its own disk."""
        shown = dict[str, tuple[Any, ...]]()
        for id, *values in connection.peek(f"SELECT id, {', '.join(columns)} FROM {table} WHERE {which}"):
            shown[id] = tuple(values)
            if (kind, id) not in self._made:
                raise Violation(f"{terminal.name} shows the {kind} {id}, which nobody has made")
            said = self._made[kind, id]
            for name, value in zip(columns, values, strict=True):
                if value != said["date" if name == "at" else name]:
                    raise Violation(f"{terminal.name}: {name} of {kind} {id} was {said[name]!r}, and is {value!r}")
        own = connection.peek("SELECT DISTINCT record_id FROM outbox WHERE kind = ?", (kind,))
        if lost := {row[0] for row in own} - shown.keys():
            raise Violation(f"{terminal.name} has forgotten its own {kind} {sorted(lost)[0]}")

    # --- at rest -------------------------------------------------------------------------------------

    def at_rest(self, terminals: Collection[Terminal], deeds: Mapping[str, Deed]) -> None:
        """All sides have the same ones, none is missing or double, and each deposit was counted once."""
        for kind in KINDS:
            self._check_server(kind, deeds)
        first: list[Any] = []
        for terminal in terminals:
            if not all(terminal.ask(abilities.knows, kind) for kind in KINDS):
                continue
            rows = [
                (kind, *row)
                for kind, (table, columns, which) in _TABLES.items()
                for row in terminal.sql(f"SELECT id, {', '.join(columns)} FROM {table} WHERE {which} ORDER BY id")
            ]
            if rows != (first := first or rows):
                differs = sorted(map(str, set(rows) ^ set(first)))[0]
                raise Violation(f"{terminal.name} shows a special order otherwise than another till: {differs}")
            self._check_owed(terminal)
        self._check_uses()

    def _check_server(self, kind: str, deeds: Mapping[str, Deed]) -> None:
        done = {deed.record_id for deed in deeds.values() if deed.kind == kind and deed.applied}
        sql = "SELECT id, body FROM document WHERE shop_id = ? AND kind = ? ORDER BY id"
        there = dict(self._server.sql(sql, SHOP, kind))
        if strange := there.keys() ^ done:
            raise Violation(f"on the server are not the {kind} that were told: {sorted(strange)[0]}")
        for id, text in there.items():
            body = json.loads(text, parse_float=Decimal)
            for name, said in self._made[kind, id].items():
                told = Decimal(said).scaleb(-_PLACES[name]) if name in _PLACES else said
                if body[name] != told:
                    raise Violation(f"{name} of {kind} {id} was {told!r}, the server has {body[name]!r}")
        certain = {
            one.record_id for id, one in self._committed.items() if one.kind == kind and id not in self._uncertain
        }
        if missing := certain - there.keys():
            raise Violation(f"the server has never heard of the {kind} {sorted(missing)[0]}")

    def _check_owed(self, terminal: Terminal) -> None:
        """What a customer is shown to owe is the account without the deposits that wait, reckoned here anew."""
        raw = dict(map(tuple, terminal.sql(f"{_RAW} FROM customer WHERE deleted = 0")))
        waiting: defaultdict[str, int] = defaultdict(int)
        for customer_id, amount, ends in self._ends(terminal):
            waiting[customer_id] += 0 if ends else amount
        for customer_id, account in raw.items():
            shown = terminal.ask(customers.get, customer_id).balance
            if shown != account + waiting[customer_id]:
                raise Violation(
                    f"{terminal.name}: {customer_id} is shown to owe {shown}: {account} on the account and"
                    f" {waiting[customer_id]} left as deposits"
                )

    def _ends(self, terminal: Terminal) -> Iterator[tuple[str, int, int]]:
        """Each deposit that a till knows, and how often it was used, given back or kept."""
        voided = {row[0] for row in terminal.sql("SELECT id FROM sale WHERE status = 'voided'")}
        back = {row[0] for row in terminal.sql("SELECT about FROM document WHERE kind = 'payment_void'")}
        kept = {row[0] for row in terminal.sql("SELECT payment_id FROM deposit WHERE kind = 'deposit_forfeit'")}
        fetched: defaultdict[str, int] = defaultdict(int)
        steps = "SELECT special_order_id, sale_id FROM special_order_step WHERE step = 'fetched'"
        for order_id, sale_id in terminal.sql(steps):
            fetched[order_id] += sale_id not in voided
        sql = "SELECT special_order_id, payment_id, customer_id, amount FROM deposit WHERE kind = 'deposit'"
        for order_id, payment_id, customer_id, amount in terminal.sql(sql):
            yield customer_id, amount, fetched[order_id] + (payment_id in back) + (payment_id in kept)

    def _check_uses(self) -> None:
        """What was done twice to one deposit, or to one order, the server has flagged."""
        documents = [
            (kind, id, json.loads(text))
            for kind, id, text in self._server.sql("SELECT kind, id, body FROM document WHERE shop_id = ?", SHOP)
        ]
        voided = {body["sale_id"] for kind, _, body in documents if kind == "void"}
        by_order, by_payment = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        for kind, id, body in documents:
            if kind == "special_order_step" and body["step"] == "fetched" and body["sale_id"] not in voided:
                by_order[body["special_order_id"]].add(id)
            elif kind in ("payment_void", "deposit_forfeit"):
                by_payment[body["payment_id"]].add(id)
        flags: defaultdict[str, set[str]] = defaultdict(set)
        for record_id, text in self._server.sql("SELECT record_id, result FROM ledger WHERE shop_id = ?", SHOP):
            flags[record_id] |= set(json.loads(text).get("flags") or ())
        for order_id, ids in by_order.items():
            if len(ids) > 1 and not any("special_order_fetched" in flags[id] for id in ids):
                raise Violation(f"{order_id} was fetched {len(ids)} times, and nobody was told")
        for kind, _, body in documents:
            ends = by_payment[body["payment_id"]] | by_order[body["special_order_id"]] if kind == "deposit" else set()
            told = {flag for id in ends for flag in flags[id]}
            if len(ends) > 1 and not told & {"deposit_used", "special_order_fetched", "already_voided"}:
                raise Violation(f"the deposit {body['payment_id']} was used {len(ends)} times, and nobody was told")
