"""A month without a line: what a long queue costs the till, and how fast it drains once the line is back.

Nothing here has a bare counterpart. The first figures are ratios of the same work with and without a queue; the
drain is the real engine against the real sandbox, both in one process, while another process sells on the same file.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, search
from clutch_tui.core.database import models
from clutch_tui.core.database.store import Store
from clutch_tui.core.sync import outbox, queue, replica
from clutch_tui.core.types import PartQuery, PartRow, Payment, TaxRules
from clutch_tui.sandbox import server
from clutch_tui.sandbox.settings import Settings
from tests.bench.figures import Budget, Figure, Pace, alone, compared
from tests.test_net.till import Till, open_till

RULES = TaxRules()
PARTS, LINES = 1_400, 3
SALES_A_SECOND = 3
BITS_A_SECOND, ROUND_TRIP = 1_000_000, 0.2
"""The line of the budget: what a drain would take on it is reckoned from its calls and bytes."""


def measure(pace: Pace) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="clutch-queue-") as folder:
        yield from asyncio.run(_drained(Path(folder), pace.rounds(10_000, 200), pace))
        yield from asyncio.run(_offline(Path(folder), pace.rounds(50_000, 500), pace))


# --- a long queue ----------------------------------------------------------------------------------------


async def _offline(folder: Path, count: int, pace: Pace) -> list[Figure]:
    """The same looks and deeds on two disks, one of which has a month of sales in its queue."""
    short, long = folder / "short.db", folder / "long.db"
    await _pulled(folder, short)
    await _pulled(folder, long)
    pace.progress(f"queue: {count:,} sales offline")
    _sell_many(long, count)
    figures = []
    for what, deed in _DEEDS.items():
        pairs = [(_timed(long, deed), _timed(short, deed)) for _ in range(pace.rounds(15, 2))]
        figures.append(compared("queue", f"{what}, {count:,} queued", "ms", pairs, note="against an empty queue"))
    return figures


def _timed(path: Path, deed: Callable[[Store], Any]) -> float:
    began = time.perf_counter()
    with Store.open(path, inline=True) as store:
        if deed is not _open:
            store.read_now(_first_part)
            began = time.perf_counter()
        deed(store)
        return (time.perf_counter() - began) * 1e3


def _open(store: Store) -> None:
    """What a start reads before its first frame."""
    store.read_now(outbox.summary)
    store.read_now(inventory.page, PartQuery(), None, 0, 64)


def _first_part() -> Any:
    return models.execute("SELECT id FROM part LIMIT 1").fetchone()


_DEEDS: dict[str, Callable[[Store], Any]] = {
    "start": _open,
    "status": lambda store: store.read_now(outbox.summary),
    "queue screen": lambda store: (store.read_now(queue.count), store.read_now(queue.page, "", None, 0, 64)),
    "a sale": lambda store: store.run_now(_sell, random.Random(1)),
    "search": lambda store: store.read_now(search.find, "فلتر"),
}


def _sell_many(path: Path, count: int) -> None:
    """Sales as the till makes them, five hundred to a transaction."""

    def some(chance: random.Random, parts: list[PartRow]) -> None:
        for _ in range(min(500, count)):
            _sell(chance, parts)

    with Store.open(path, inline=True) as store:
        parts = list(store.read_now(inventory.page, PartQuery(), None, 0, PARTS))
        chance = random.Random(2)
        for _ in range(0, count, 500):
            store.run_now(some, chance, parts)


def _sell(chance: random.Random, parts: list[PartRow] | None = None) -> None:
    known = parts or list(inventory.page(PartQuery(), None, chance.randrange(PARTS - LINES), LINES))
    cart = sales.open_cart()
    for part in chance.sample(known, LINES):
        cart = carts.add_line(cart, part)
    total = carts.totals(cart, RULES).total
    sales.checkout(cart, (Payment("cash", total),), cashier="منى", device_id="bench", rules=RULES)


# --- the drain -------------------------------------------------------------------------------------------


async def _pulled(folder: Path, path: Path) -> None:
    """A terminal's file after its first pull."""
    settings = Settings(db=str(folder / f"{path.stem}-server.db"), parts=PARTS)
    async with server.running(settings) as sandbox:
        till = await open_till(folder, sandbox, store=Store.open(path, inline=True))
        await _pull(till)
        await till.close()


async def _pull(till: Till) -> None:
    """The first pull, tried again where a busy machine let a connection run into its timeout."""
    while not till.ask(replica.cursor, "inventory"):
        await till.step()


async def _drained(folder: Path, count: int, pace: Pace) -> list[Figure]:
    """Sell offline, plug the line in, and drain, while a clerk at another screen goes on selling."""
    path = folder / "drained.db"
    async with server.running(Settings(db=str(folder / "server.db"), parts=PARTS)) as sandbox:
        till = await open_till(folder, sandbox, store=Store.open(path))
        await _pull(till)
        await asyncio.to_thread(_sell_many, path, count)
        pace.progress(f"queue: {count:,} sales drain while a till sells")
        spawn = multiprocessing.get_context("spawn")
        waits: Queue[list[float]] = spawn.Queue()
        begun, over = spawn.Event(), spawn.Event()
        clerk = spawn.Process(target=_sell_on, args=(str(path), begun, over, waits))
        clerk.start()
        await asyncio.to_thread(begun.wait, 60)
        began = time.perf_counter()
        while till.queue.unsent > 2 * SALES_A_SECOND:
            await till.step()
        seconds, calls = time.perf_counter() - began, -(-count // 100)
        over.set()
        taken = await asyncio.to_thread(waits.get, True, 60)
        clerk.join()
        sent = _sent(till)
        await till.close()
    on_the_line = seconds + calls * ROUND_TRIP + sent * 8 / BITS_A_SECOND
    return [
        alone("queue", f"{count:,} sales drained on loopback", "s", [seconds]),
        alone("queue", "the same over 1 Mbit/s and 200 ms, reckoned", "s", [on_the_line], Budget(60, "worst")),
        alone("queue", "a sale meanwhile", "ms", taken, Budget(250, "worst")),
    ]


def _sent(till: Till) -> int:
    """What the changes that were sent so far weigh on the line."""
    return int(till.sql("SELECT coalesce(sum(length(CAST(payload AS BLOB)) + 300), 0) FROM outbox")[0][0])


def _sell_on(path: str, begun: Event, over: Event, waits: Queue[list[float]]) -> None:
    """A clerk who sells at a steady pace; how long each sale took."""
    taken: list[float] = []
    with Store.open(Path(path), inline=True) as store:
        chance = random.Random(3)
        while not over.wait(1 / SALES_A_SECOND):
            began = time.perf_counter()
            store.run_now(_sell, chance)
            taken.append((time.perf_counter() - began) * 1e3)
            begun.set()
    waits.put(taken)
