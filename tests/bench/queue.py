"""A month without a line: what a long queue costs the till, and how fast it drains once the line is back.

Nothing here has a bare counterpart. The drain is the real engine against the real sandbox, both in one process, while
another process sells on the same file: once on loopback, where the machine is the limit, and once over a line of
1 Mbit/s and 200 ms. The sandbox waits for its disk at every sale; its file is in memory, for its disk is not ours.
The last figures are ratios of the same work with and without a queue.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, search
from clutch_tui.core.database.db import execute
from clutch_tui.core.outbox import outbox
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import queue, replica
from clutch_tui.core.types import PartQuery, PartRow, Payment, TaxRules
from clutch_tui.sandbox import server
from clutch_tui.sandbox.settings import Settings
from tests.bench import line as lines
from tests.bench.figures import Budget, Figure, Pace, alone, compared
from tests.memory import memory
from tests.test_net.conftest import until
from tests.test_net.till import Till, open_till

RULES = TaxRules()
PARTS, LINES = 1_400, 3
SALES_A_SECOND = 3
BITS_A_SECOND, ROUND_TRIP = 1_000_000, 0.2
QUEUED, SECONDS = 10_000, 60.0
"""The budget: so many sales over that line in so many seconds; fewer in as much less."""


def measure(pace: Pace) -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="clutch-queue-") as folder,
        tempfile.TemporaryDirectory(prefix="clutch-queue-", dir=memory()) as theirs,
    ):
        count = pace.rounds(QUEUED, 500)
        pace.progress(f"queue: {count:,} sales drain on loopback while a till sells")
        yield from _on_loopback(asyncio.run(_drained(Path(folder), Path(theirs), count, is_slow=False)), count)
        pace.progress(f"queue: {count:,} sales drain over 1 Mbit/s and 200 ms while a till sells")
        yield from _on_the_line(asyncio.run(_drained(Path(folder), Path(theirs), count, is_slow=True)), count)
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
    return execute("SELECT id FROM part LIMIT 1").fetchone()


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


@dataclass(frozen=True, slots=True)
class Drain:
    """What it took. `seconds` until the server had answered for every sale that was queued, `whole` until the round was
    over, the shop's own sales pulled back included; what the line carried, packets and all; how long each sale took
    that was made meanwhile."""

    seconds: float
    whole: float
    up: int
    down: int
    sales: list[float]


async def _drained(folder: Path, theirs: Path, count: int, *, is_slow: bool) -> Drain:
    """Sell offline, plug the line in, and drain, while a clerk at another screen goes on selling."""
    path = folder / f"drained{is_slow:d}.db"
    settings = Settings(db=str(theirs / f"server{is_slow:d}.db"), parts=PARTS)
    async with server.running(settings) as sandbox, _line(sandbox) as line:
        till = await open_till(
            folder,
            replace(sandbox, port=line.port) if is_slow else sandbox,
            f"till{is_slow:d}",
            store=Store.open(path),
        )
        await _pull(till)
        await asyncio.to_thread(_sell_many, path, count)
        async with _clerk(path) as taken:
            drain = await _drain(till, count, line)
        await till.close()
    return replace(drain, sales=taken)


async def _drain(till: Till, count: int, line: lines.Line) -> Drain:
    before, carried = till.monitor.traffic.sent, (line.up.carried, line.down.carried)
    began = time.perf_counter()

    async def answered() -> tuple[float, int, int]:
        await until(lambda: till.monitor.traffic.sent - before >= count, 3600)
        return time.perf_counter() - began, line.up.carried - carried[0], line.down.carried - carried[1]

    watching = asyncio.ensure_future(answered())
    while till.queue.unsent > 2 * SALES_A_SECOND or not watching.done():
        await till.step()
    seconds, up, down = await watching
    return Drain(seconds, time.perf_counter() - began, up, down, [])


@asynccontextmanager
async def _line(sandbox: server.Running) -> AsyncIterator[lines.Line]:
    async with lines.slow(sandbox.port, BITS_A_SECOND, ROUND_TRIP) as line:
        yield line


@asynccontextmanager
async def _clerk(path: Path) -> AsyncIterator[list[float]]:
    """A clerk in a process of his own; the list has the milliseconds of his sales when he is through."""
    taken: list[float] = []
    spawn = multiprocessing.get_context("spawn")
    waits: Queue[list[float]] = spawn.Queue()
    begun, over = spawn.Event(), spawn.Event()
    clerk = spawn.Process(target=_sell_on, args=(str(path), begun, over, waits))
    clerk.start()
    await asyncio.to_thread(begun.wait, 60)
    yield taken
    over.set()
    taken += await asyncio.to_thread(waits.get, True, 60)
    clerk.join()


def _on_loopback(drain: Drain, count: int) -> Iterator[Figure]:
    yield alone("queue", f"{count:,} sales drained on loopback", "s", [drain.seconds])
    yield alone("queue", "a sale meanwhile", "ms", drain.sales, Budget(250, "worst"))


def _on_the_line(drain: Drain, count: int) -> Iterator[Figure]:
    budget = Budget(SECONDS * count / QUEUED, "worst")
    yield alone("queue", f"{count:,} sales drained over 1 Mbit/s and 200 ms", "s", [drain.seconds], budget)
    yield alone("queue", "until they are pulled back as well", "s", [drain.whole])
    yield alone("queue", "a sale on the line, up", "bytes", [drain.up / count])
    yield alone("queue", "its answer, down", "bytes", [drain.down / count])
    yield alone("queue", "a sale meanwhile", "ms", drain.sales, Budget(250, "worst"))


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
