"""What each side says was sold, and the list of everything on which two sides disagree.

Three kinds of sides: the receipts that were printed, each terminal's database, the server's database. The
databases are read as files, past every cache of the programs that wrote them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clutch_tui.core import journal
from clutch_tui.core.database import db
from clutch_tui.core.quantity import of_decimal
from clutch_tui.core.search import STOCK
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import replica
from clutch_tui.sandbox import demo_data, payload

SHOP = demo_data.SHOP_ID

Line = tuple[str, int, int, int, int]
"""Part, quantity in thousandths, price, discount, total."""


@dataclass(frozen=True, slots=True)
class Sold:
    """One sale as one side has it; money in piastres."""

    number: str
    total: int
    tax: int
    discount: int
    lines: tuple[Line, ...]
    payments: tuple[tuple[str, int], ...]

    @classmethod
    def printed(cls, receipt: Mapping[str, Any]) -> Sold:
        """As `clutch-tui sell --json` printed it."""
        totals = receipt["totals"]
        return cls(
            receipt["receipt_number"],
            totals["total"],
            totals["tax"],
            totals["discount"],
            tuple(
                (line["part_id"], of_decimal(line["quantity"]), line["price"], line["discount"], line["total"])
                for line in receipt["lines"]
            ),
            tuple((payment["method"], payment["amount"]) for payment in receipt["payments"]),
        )

    def pieces(self) -> Counter[str]:
        return Counter({part: sum(line[1] for line in self.lines if line[0] == part) for part, *_ in self.lines})


class ServerBooks:
    """The server's file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=180)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    @property
    def counter(self) -> int:
        return int(self.ask("SELECT counter FROM shop WHERE id = ?", SHOP)[0][0])

    def stock(self) -> dict[str, int]:
        return dict(self.ask("SELECT id, stock_quantity FROM item WHERE shop_id = ? AND deleted = 0", SHOP))

    def sales(self) -> dict[str, Sold]:
        rows = self.ask("SELECT id, receipt_number, total, tax, discount, body FROM sale WHERE shop_id = ?", SHOP)
        return {
            id: Sold(number, total, tax, discount, *_lines_and_payments(payload.load(body)))
            for id, number, total, tax, discount, body in rows
        }

    def wrong(self) -> Iterator[str]:
        """What the file says against itself: its columns, its lines, its ledger."""
        if (found := self.ask("PRAGMA integrity_check")) != [("ok",)]:
            yield f"the server's file is damaged: {found[:2]}"
        kept: dict[str, list[tuple[str, int, int]]] = {}
        for id, item, quantity, total in self.ask(
            "SELECT sale_id, item_id, quantity, total FROM sale_line WHERE shop_id = ? ORDER BY sale_id, n", SHOP
        ):
            kept.setdefault(id, []).append((item, quantity, total))
        for id, sold in self.sales().items():
            if kept.get(id) != [(part, quantity, total) for part, quantity, _, _, total in sold.lines]:
                yield f"sale {id}: its lines on the server are {kept.get(id)}, it was sent as {sold.lines}"
        ledger = Counter(row[0] for row in self.ask("SELECT record_id FROM ledger WHERE shop_id = ?", SHOP))
        for id in self.sales():
            if ledger[id] != 1:
                yield f"sale {id} is in the server's ledger {ledger[id]} times"


def _lines_and_payments(body: Mapping[str, Any]) -> tuple[tuple[Line, ...], tuple[tuple[str, int], ...]]:
    lines = tuple(
        (line["item_id"], of_decimal(line["quantity"]), *(payload.piastres(line[name], name) for name in _LINE_MONEY))
        for line in body["items"]
    )
    payments = tuple((one["method"], payload.piastres(one["amount"], "amount")) for one in body["payments"])
    return lines, payments


_LINE_MONEY = ("price", "discount", "total")


class TerminalBooks:
    """A terminal's file, through its own store."""

    def __init__(self, name: str, store: Store) -> None:
        self.name = name
        self._store = store

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._store.read_now(lambda: db.execute(sql).fetchall())

    @property
    def committed(self) -> int:
        """The number of the last change that was ever committed here."""
        return int(self.ask("SELECT coalesce(max(n), 0) FROM outbox")[0][0])

    def waiting(self, lane: str) -> int:
        """How many changes of a lane have no answer."""
        waiting = self.ask(f"SELECT count(*) FROM outbox WHERE answered_at IS NULL AND lane = '{lane}'")
        return int(waiting[0][0])

    def is_settled(self, counter: int) -> bool:
        """Everything in the fast lane was answered, and the rows are those of the server's counter."""
        cursors = [self._store.read_now(replica.cursor, channel) for channel in ("inventory", "sales")]
        return not self.waiting("fast") and min(cursors) >= counter

    def stock(self) -> dict[str, int]:
        return dict(self.ask(f"SELECT id, {STOCK} FROM part WHERE deleted = 0"))

    def sales(self) -> dict[str, Sold]:
        lines: dict[str, list[Line]] = {}
        for sale_id, *line in self.ask(
            "SELECT sale_id, part_id, quantity, price, discount, total FROM sale_line ORDER BY sale_id, n"
        ):
            lines.setdefault(sale_id, []).append(tuple(line))
        payments: dict[str, list[tuple[str, int]]] = {}
        for sale_id, method, amount in self.ask("SELECT sale_id, method, amount FROM payment ORDER BY sale_id, n"):
            payments.setdefault(sale_id, []).append((method, amount))
        return {
            id: Sold(number, total, tax, discount, tuple(lines.get(id, ())), tuple(payments.get(id, ())))
            for id, number, total, tax, discount in self.ask(
                "SELECT id, receipt_number, total, tax, discount FROM sale"
            )
        }

    def own(self) -> set[str]:
        return {row[0] for row in self.ask("SELECT id FROM sale WHERE own = 1")}

    def wrong(self) -> Iterator[str]:
        """What the file says against itself: every own sale has all that belongs to it, once."""
        if (found := self.ask("PRAGMA integrity_check")) != [("ok",)]:
            yield f"{self.name}: the file is damaged: {found[:2]}"
        if (broken := self._store.read_now(journal.verify_audit)) is not None:
            yield f"{self.name}: the audit chain breaks at row {broken}"
        if left := self.ask("SELECT change_id FROM outbox WHERE answered_at IS NULL"):
            yield f"{self.name}: {len(left)} changes were never answered"
        if left := self.ask("SELECT change_id FROM stock_move WHERE open = 1"):
            yield f"{self.name}: {len(left)} stock moves never end"
        sales, own = self.sales(), self.own()
        pieces = {id: {part: -n for part, n in sales[id].pieces().items()} for id in own}
        moved: dict[str, Counter[str]] = {}
        for id, part, delta in self.ask("SELECT sale_id, part_id, delta FROM stock_move WHERE kind = 'sale'"):
            moved.setdefault(id, Counter())[part] += delta
        yield from _differences(f"{self.name}: stock moves of", moved, pieces)
        cash = {id: sum(n for method, n in sales[id].payments if method == "cash") for id in own}
        drawer = dict(self.ask("SELECT sale_id, sum(amount) FROM money_move WHERE method = 'cash' GROUP BY sale_id"))
        yield from _differences(f"{self.name}: cash of", drawer, {id: n for id, n in cash.items() if n})
        for what, table, column in (("queue", "outbox", "record_id"), ("audit", "audit", "record_id")):
            times = dict(self.ask(f"SELECT {column}, count(*) FROM {table} WHERE type = 'sale' GROUP BY 1"))
            yield from _differences(f"{self.name}: entries in the {what} of", times, dict.fromkeys(own, 1))
        if refused := self.ask(
            "SELECT record_id, status FROM outbox WHERE status NOT IN ('applied', 'applied_flagged')"
        ):
            yield f"{self.name}: a sale was refused: {refused[:3]}"


def compare(
    opening: Mapping[str, int],
    server: ServerBooks,
    terminals: Sequence[TerminalBooks],
    printed: Mapping[str, Mapping[str, Sold]],
    killed: Mapping[str, int],
) -> list[str]:
    """All disagreements, empty where there are none.

    `printed` holds for each terminal the receipts that its clerk has seen, `killed` how many of its sales died:
    only those may have been made without a receipt.
    """
    wrong = list(server.wrong())
    there = server.sales()
    for terminal in terminals:
        wrong += terminal.wrong()
        wrong += _differences(f"{terminal.name}: the sale", terminal.sales(), there)
        wrong += _differences(f"{terminal.name}: the stock of", terminal.stock(), server.stock())
    sold: Counter[str] = Counter()
    for one in there.values():
        sold.update(one.pieces())
    wrong += _differences("stock and sales:", server.stock(), {part: n - sold[part] for part, n in opening.items()})
    numbers = Counter(one.number for one in there.values())
    wrong += [f"the receipt number {number} was given {n} times" for number, n in numbers.items() if n > 1]
    made = Counter(id for terminal in terminals for id in terminal.own())
    wrong += _differences("terminals that made", dict(made), dict.fromkeys(there, 1))
    for terminal in terminals:
        seen = printed[terminal.name]
        wrong += _differences("the receipt of", seen, {id: there.get(id) for id in seen})
        silent = terminal.own() - seen.keys()
        if len(silent) > killed[terminal.name]:
            wrong.append(f"{terminal.name}: {len(silent)} sales without a receipt, {killed[terminal.name]} kills")
    return wrong


def _differences(what: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    return [
        f"{what} {id}: {json.dumps(here.get(id), default=str)} here, {json.dumps(there.get(id), default=str)} there"
        for id in sorted({*here, *there})
        if here.get(id) != there.get(id)
    ]
