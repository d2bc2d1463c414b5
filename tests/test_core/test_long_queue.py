"""Thirty days without a line: nothing that a clerk does, sees or waits for grows with what is queued.

Work is counted in steps of SQLite's own machine, which no busy neighbour changes. `python -m tests.bench --only queue`
measures the same with fifty thousand sales.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, state
from clutch_tui.core.clock import to_text
from clutch_tui.core.database import db
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import queue, replica, unconfirmed
from clutch_tui.core.types import PartDraft, PartQuery, Payment, TaxRules
from tests.counting import Steps, lines

PARTS, SHORT, LONG = 100, 1_100, 2_600
"""Both queues are longer than what one call asks about."""
STEP = 10


def sell(n: int) -> str:
    """One part for cash; another one each time, as a shop sells."""
    parts = inventory.page(PartQuery(), None, n % PARTS, 1)
    cart = carts.add_line(sales.open_cart(), parts[0])
    total = carts.totals(cart, TaxRules(), "cash").total
    receipt = sales.checkout(
        cart, (Payment("cash", total),), tendered=total, cashier="c", device_id="d", rules=TaxRules()
    )
    return receipt.id


def sell_many(count: int) -> None:
    for n in range(count):
        sell(n)


def stock_shelf() -> None:
    for n in range(PARTS):
        inventory.create(PartDraft(name=f"part {n:03}", part_number=f"P-{n:03}", price=500), whole(9))


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two shops of the same parts: one has sold a little, the other for a month."""
    folder = tmp_path_factory.mktemp("queue")
    found = {}
    for name, count in (("short", SHORT), ("long", LONG)):
        found[name] = folder / f"{name}.db"
        with Store.open(found[name], inline=True) as store:
            store.run_now(stock_shelf)
            store.run_now(db.execute, "DELETE FROM outbox")  # the parts are the server's
            store.run_now(db.execute, "DELETE FROM base_record")
            store.run_now(sell_many, count)
    return found


@pytest.fixture
def shops(months: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Copies of the two shops, to do things to."""
    return {name: Path(shutil.copy(path, tmp_path)) for name, path in months.items()}


def steps(store: Store, what: Callable[..., Any], *args: Any) -> int:
    """How many tens of steps of SQLite's machine this takes."""
    with Steps(store) as steps:
        what(*args)
    return steps.counted


def claim(store: Store) -> Any:
    return store.run_now(outbox.claim, "sales", limit=20)


def answer(store: Store) -> None:
    """Twenty sales go out and are answered."""
    sent = claim(store)
    asked = store.run_now(unconfirmed.offer, repeated={change.change_id for change in sent})
    results = {change.change_id: Result("applied", change.n, version=1) for change in sent}
    page = PullPage("e-1", (), 0, False, None, 0, store.read_now(replica.pull_state, "sales").snapshot)
    store.run_now(replica.receive, "sales", "e-1", results, page, asked=asked)


DEEDS: dict[str, Callable[[Store], Any]] = {
    "a sale": lambda store: store.run_now(sell, 7),
    "the queue's first page": lambda store: store.read_now(queue.page, "", None, 0, 40),
    "what is due": lambda store: store.read_now(outbox.next_due),
    "the parts' first page": lambda store: store.read_now(inventory.page, PartQuery(), None, 0, 40),
    "a batch": claim,
    "what to ask about": lambda store: store.run_now(unconfirmed.offer),
    "a batch and its answer": answer,
    "a batch and its answer, again": answer,
}


@pytest.mark.parametrize("sent", [False, True])
def test_nothing_takes_more_work_because_the_queue_is_long(shops: dict[str, Path], sent: bool) -> None:
    """Nor because every change of it was sent once: a server that was put back has all of them again."""
    work: dict[str, dict[str, int]] = {}
    for name, path in shops.items():
        with Store.open(path, inline=True) as store:
            store.run_now(state.put, "epoch", "e-1")
            store.run_now(state.put, "inventory.epoch", "e-1")
            if sent:
                store.run_now(db.execute, "UPDATE outbox SET first_sent_at = at WHERE answered_at IS NULL")
            store.run_now(unconfirmed.offer)  # the first call of an epoch looks through the journal, once
            work[name] = {what: steps(store, lambda deed=deed: deed(store)) for what, deed in DEEDS.items()}
            summary = store.read_now(outbox.summary)
            assert store.read_now(queue.count) == summary.unsent + summary.attention
    grown = {
        what: (work["short"][what], often) for what, often in work["long"].items() if often > 2 * work["short"][what]
    }
    assert not grown, f"steps with {SHORT} and with {LONG} queued: {grown}"


def test_the_figures_of_the_queue_come_from_its_index_alone(shops: dict[str, Path], monkeypatch: Any) -> None:
    """The status strip asks for them with every change: no row may be read for them, nor the queue walked for its
    oldest change."""
    asked: list[str] = []
    execute = db.execute

    def seen(sql: str, *args: Any) -> Any:
        asked.append(sql)
        return execute(sql, *args)

    with Store.open(shops["long"], inline=True) as store:
        monkeypatch.setattr(db, "execute", seen)
        summary = store.read_now(outbox.summary)
        monkeypatch.undo()
        plans = [
            row[3]
            for sql in asked
            for row in store.read_now(lambda sql=sql: execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
        ]
        first = store.read_now(lambda: execute("SELECT min(at) FROM outbox WHERE answered_at IS NULL").fetchone()[0])
    assert summary.oldest_at is not None
    assert to_text(summary.oldest_at) == first
    of_the_queue = [plan for plan in plans if "outbox" in plan and "INTEGER PRIMARY KEY" not in plan]
    assert len(of_the_queue) == 3
    assert all("COVERING INDEX" in plan for plan in of_the_queue), plans
    assert any("(lane=? AND channel=?)" in plan for plan in of_the_queue), plans


def test_numbers_go_on_and_on(shops: dict[str, Path]) -> None:
    """Receipt numbers, the queue's own numbers and the ids asked about in one call know no end of a day or month."""
    with Store.open(shops["long"], inline=True) as store:
        store.run_now(db.execute, "UPDATE sync_state SET value = '999999' WHERE name = 'receipt_counter'")
        store.run_now(db.execute, "UPDATE sqlite_sequence SET seq = 5000000000 WHERE name = 'outbox'")
        sale = store.read_now(sales.get, store.run_now(sell, 1))
        assert sale.receipt_number.endswith("1000000")
        assert store.read_now(outbox.head) == 5_000_000_001
        store.run_now(db.execute, "UPDATE outbox SET first_sent_at = at WHERE answered_at IS NULL")
        asked = store.run_now(unconfirmed.offer)
        assert (len(asked.ids), asked.complete) == (1000, False)


def test_an_edit_reads_each_edit_that_waits_of_its_record_once(tmp_path: Path) -> None:
    """A clerk who corrects one part all day without a line, or one on which the server chokes."""
    with Store.open(tmp_path / "edits.db", inline=True) as store:
        part = store.run_now(inventory.create, PartDraft(name="part"), whole(1))

        def edit(place: int) -> None:
            seen = store.read_now(inventory.get, part.id)
            store.run_now(inventory.edit, part.id, replace(seen.draft, location=f"L-{place}"), seen=seen)

        work = {}
        for place in range(161):
            work[place] = lines(partial(edit, place)) if place in (40, 80, 160) else edit(place)
    assert work[160] - work[80] < 2.2 * (work[80] - work[40])
