"""One sale of three lines for cash, and four tills that sell into one file.

The bare thing writes the same rows with prepared values: what the program wrote for one sale is read back, and
the same statements put it in again under fresh identities, by the same driver with the same pragmas into a file
with the same indexes. It decides nothing, checks nothing and makes no JSON.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite
from uuid_utils import uuid7

from clutch_tui.core import sales, search
from clutch_tui.core.cart import add_line, totals
from clutch_tui.core.errors import ShopError
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, PartRow, Payment, Receipt, TaxRules
from tests.bench import shops
from tests.bench.figures import Budget, Figure, Pace, alone, compared, in_turns

RULES = TaxRules()
TABLES = {
    "sale": "id", "sale_line": "sale_id", "payment": "sale_id", "stock_move": "sale_id", "money_move": "sale_id",
    "outbox": "record_id", "audit": "record_id",
}  # fmt: skip
"""The tables that a sale writes to, and the column that names the sale."""
TILLS, RATE = 4, 75


def measure(pace: Pace) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="clutch-sale-") as folder:
        mine, theirs = (shops.copy_of(1_400, _folder(folder, name)) for name in ("ours", "bare"))
        with Store.open(mine, inline=True) as store, Store.open(mine) as threaded:
            parts = store.read_now(search.find, "فلتر", 3)
            bare = BareTill(theirs, _rows(store, _sell(store, _cart(parts))))
            pace.progress("sale: one by one")
            rounds = pace.rounds(300, 20)
            pairs = in_turns(rounds, lambda: timed_sale(store, parts), bare.sell)
            yield compared("sale", "three lines for cash", "ms", pairs, Budget(1.5))
            pairs = in_turns(rounds, lambda: timed_sale(threaded, parts), bare.sell)
            yield compared("sale", "through the writer's thread", "ms", pairs)
            bare.connection.close()
        yield from _four_tills(mine, pace.rounds(20, 2), pace)


def _folder(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    return folder


def _cart(parts: tuple[PartRow, ...]) -> Cart:
    cart = Cart(id=str(uuid7()))  # as the till makes it: a random one writes other pages of the indexes
    for part in parts:
        cart = add_line(cart, part)
    return cart


def _sell(store: Store, cart: Cart) -> Receipt:
    payment = Payment("cash", totals(cart, RULES).total)
    return store.run_now(sales.checkout, cart, (payment,), cashier="منى", device_id="bench", rules=RULES)


def timed_sale(store: Store, parts: tuple[PartRow, ...]) -> float:
    """Milliseconds from the key to the committed sale; the cart was made line by line before."""
    cart = _cart(parts)
    started = time.perf_counter()
    _sell(store, cart)
    return (time.perf_counter() - started) * 1e3


def _rows(store: Store, receipt: Receipt) -> dict[str, list[dict[str, Any]]]:
    """All rows that this sale has made, by table."""
    connection = sqlite.connect(str(store.path))
    connection.row_factory = sqlite.Row
    found = {
        table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} WHERE {column} = ?", (receipt.id,))]
        for table, column in TABLES.items()
    }
    connection.close()
    assert all(found.values()), f"a sale no longer writes to one of {', '.join(TABLES)}"
    return found


class BareTill:
    """The same rows again and again, under fresh identities."""

    def __init__(self, path: Path, rows: dict[str, list[dict[str, Any]]]) -> None:
        self.connection = sqlite.connect(str(path), isolation_level=None)
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = 1", "cache_size = -16000"):
            self.connection.execute(f"PRAGMA {pragma}")
        self._sale, self._change = rows["sale"][0]["id"], rows["outbox"][0]["change_id"]
        self._rows, self._numbers = rows, count(2)
        for table in ("stock_move", "money_move", "audit"):
            for row in rows[table]:
                del row["id"]
        del rows["outbox"][0]["n"]
        self._inserts = {
            table: f"INSERT INTO {table} ({', '.join(made[0])}) VALUES ({', '.join('?' * len(made[0]))})"
            for table, made in rows.items()
        }

    def sell(self) -> float:
        """Milliseconds for one transaction."""
        fresh = {self._sale: str(uuid7()), self._change: str(uuid7())}
        values = {
            table: [[fresh.get(value, value) for value in row.values()] for row in made]
            for table, made in self._rows.items()
        }
        started = time.perf_counter()
        self.connection.execute("BEGIN IMMEDIATE")
        for table, insert in self._inserts.items():
            self.connection.executemany(insert, values[table])
        self.connection.execute(
            "INSERT OR REPLACE INTO sync_state VALUES ('receipt_counter', ?)", (next(self._numbers),)
        )
        self.connection.execute("DELETE FROM cart WHERE id = ?", (fresh[self._sale],))
        self.connection.execute("COMMIT")
        return (time.perf_counter() - started) * 1e3


# --- four tills ----------------------------------------------------------------------------------------


def _four_tills(path: Path, seconds: int, pace: Pace) -> Iterator[Figure]:
    pace.progress(f"sale: {TILLS} processes, {RATE} sales a second together, {seconds} s")
    spawn = multiprocessing.get_context("spawn")
    results: Queue[tuple[list[float], int]] = spawn.Queue()
    tills = [spawn.Process(target=_till, args=(str(path), seconds, results)) for _ in range(TILLS)]
    for till in tills:
        till.start()
    answers = [results.get(timeout=seconds + 60) for _ in tills]
    for till in tills:
        till.join()
    waits = [wait for waits, _ in answers for wait in waits]
    what = f"{TILLS} tills at {RATE} a second"
    yield alone("sale", f"{what}: a sale", "ms", waits, Budget(250, "worst"))
    yield alone("sale", f"{what}: refused", "", [sum(refused for _, refused in answers)], Budget(0, "worst"))
    yield alone("sale", f"{what}: sales in all", "", [len(waits)])


def _till(path: str, seconds: int, results: Queue[tuple[list[float], int]]) -> None:
    """Sell at a steady pace, catching up where a sale took longer than its turn."""
    waits: list[float] = []
    refused = 0
    with Store.open(Path(path), inline=True) as store:
        parts = store.read_now(search.find, "فلتر", 3)
        started = time.perf_counter()
        for turn in range(seconds * RATE // TILLS):
            time.sleep(max(0.0, started + turn * TILLS / RATE - time.perf_counter()))
            try:
                waits.append(timed_sale(store, parts))
            except ShopError:
                refused += 1
    results.put((waits, refused))
