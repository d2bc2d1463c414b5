"""A till that is killed at any moment has sold the whole sale or none of it.

A forking server holds the imported program, so that each till is a process of its own that costs milliseconds.
Tills sell in a loop and say each receipt only after its commit, as a printer would; they are killed with
SIGKILL while they do, two at a time on one file.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import inventory, journal
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from tests.forking import ForkingServer

ROUNDS, TILLS = 40, 2
LINES_PER_SALE, PIECES, PRICE, ON_CREDIT = 3, 2, 50_00, 100_00
TOTAL = LINES_PER_SALE * PIECES * PRICE

TILLS_PROGRAM = f"""
import os, sys
from pathlib import Path
from clutch_tui.core import inventory, sales
from clutch_tui.core.cart import add_line, with_customer
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Customer, CustomerDraft, PartQuery, Payment, TaxRules

def sell_for_ever(path):
    buyer = Customer("buyer", CustomerDraft(name="منى", phone="0100"), 0, 0, None, 1, False, False)
    with Store.open(Path(path), inline=True) as store:
        parts = store.read_now(inventory.page, PartQuery(), None, 0, {LINES_PER_SALE})
        while True:
            cart = with_customer(store.run_now(sales.open_cart), buyer)
            for part in parts:
                cart = add_line(cart, part, whole({PIECES}))
                store.run_now(sales.save_cart, cart)
            payments = (Payment("cash", {TOTAL - ON_CREDIT}), Payment("credit", {ON_CREDIT}))
            sale = store.run_now(
                sales.checkout, cart, payments, tendered={TOTAL}, cashier="sara", device_id="d", rules=TaxRules(1400))
            os.write(1, f"sold {{sale.id}}\\n".encode())

os.write(1, b"ready\\n")
for line in iter(sys.stdin.readline, ""):
    word, _, path = line.strip().partition(" ")
    if word == "open":
        pid = os.fork()
        if pid == 0:
            sell_for_ever(path)
        os.write(1, f"till {{pid}}\\n".encode())
    else:
        pid, status = os.wait()
        os.write(1, f"dead {{pid}} {{status}}\\n".encode())
"""


class Tills:
    """Tills on one file, forked from one server, and what they have said they sold."""

    def __init__(self, path: Path, server: ForkingServer) -> None:
        self.path = path
        self.sold: set[str] = set()
        self._server = server

    def open(self) -> int:
        self._server.say(f"open {self.path}")
        return int(self._expect("till")[0])

    def wait_for_sale(self) -> None:
        """Until one of the tills has said another sale."""
        self._expect("sold")

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self._server.say("wait")
        _, status = self._expect("dead")
        assert int(status) == signal.SIGKILL, "the till had ended by itself"

    def _expect(self, word: str) -> list[str]:
        """The answer that begins with `word`; sales that are said before it are noted."""
        while True:
            found, *rest = self._server.hear().split()
            if found == "sold":
                self.sold.add(rest[0])
            if found == word:
                return rest


@pytest.fixture
def tills(tmp_path: Path) -> Iterator[Tills]:
    with Store.open(tmp_path / "shop.db", inline=True) as store:
        for n in range(LINES_PER_SALE):
            store.run_now(inventory.create, PartDraft(name=f"part {n}", part_number=f"P-{n}", price=PRICE), whole(1000))
    with ForkingServer(TILLS_PROGRAM) as server:
        yield Tills(tmp_path / "shop.db", server)


def test_a_killed_till_has_sold_all_of_a_sale_or_nothing(tills: Tills) -> None:
    moments = random.Random(7)
    for _ in range(ROUNDS):
        pids = [tills.open() for _ in range(TILLS)]
        for _ in range(moments.choice((0, 1, 2, 3))):  # a busy machine makes sales slower, not fewer
            tills.wait_for_sale()
        time.sleep(moments.uniform(0, 0.04))  # the random moment itself, nothing is waited for
        for pid in pids:
            tills.kill(pid)
    with Store.open(tills.path, inline=True) as store:
        assert store.read_now(what_is_wrong) == {}
        assert store.read_now(db.execute, "PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.read_now(journal.verify_audit) is None
        stored = {row[0] for row in store.read_now(lambda: db.execute("SELECT id FROM sale").fetchall())}
    assert len(stored) > ROUNDS
    assert tills.sold <= stored, "a receipt was printed for a sale that is gone"
    assert len(stored - tills.sold) <= ROUNDS * TILLS, "at most the last sale of each till was not said"


OWNED = {
    "sale_line": ("SELECT sale_id, total AS worth FROM sale_line", LINES_PER_SALE, TOTAL),
    "payment": ("SELECT sale_id, amount AS worth FROM payment", 2, TOTAL),
    "stock_move": ("SELECT sale_id, delta AS worth FROM stock_move", LINES_PER_SALE, whole(-LINES_PER_SALE * PIECES)),
    "money_move": ("SELECT sale_id, amount AS worth FROM money_move WHERE method = 'cash'", 1, TOTAL - ON_CREDIT),
    "account_move": (
        "SELECT record_id AS sale_id, amount AS worth FROM account_move JOIN outbox USING (change_id)",
        1,
        ON_CREDIT,
    ),
    "outbox": ("SELECT record_id AS sale_id, 1 AS worth FROM outbox WHERE type = 'sale'", 1, 1),
    "audit": ("SELECT record_id AS sale_id, 1 AS worth FROM audit WHERE type = 'sale'", 1, 1),
}
"""What belongs to each sale: its rows, how many they are, and what they come to."""


def what_is_wrong() -> dict[str, list[Any]]:
    """The sales of this database that are not whole, and what belongs to none; empty where all is well."""
    wrong = {}
    for what, (owned, rows, worth) in OWNED.items():
        wrong[what] = db.execute(
            f"SELECT id FROM sale LEFT JOIN ({owned}) ON sale_id = id"
            " GROUP BY id HAVING count(sale_id) <> ? OR sum(worth) <> ?",
            (rows, worth),
        ).fetchall()
        wrong[f"{what} of nothing"] = db.execute(
            f"SELECT sale_id FROM ({owned}) WHERE sale_id NOT IN (SELECT id FROM sale)"
        ).fetchall()
    wrong["sold and still open"] = db.execute("SELECT id FROM cart WHERE id IN (SELECT id FROM sale)").fetchall()
    wrong["receipt numbers"] = db.execute(
        "SELECT count(*), max(receipt_number) FROM sale"
        " HAVING count(*) <> count(DISTINCT receipt_number)"
        " OR count(*) <> CAST(substr(max(receipt_number), instr(max(receipt_number), '-') + 1) AS INT)"
    ).fetchall()
    return {what: rows for what, rows in wrong.items() if rows}
