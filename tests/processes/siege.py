"""One run: work, die, come back, and in the end agree."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clutch_tui.bootstrap import exit_codes
from clutch_tui.core.quantity import whole
from clutch_tui.sandbox import changes, demo_data
from clutch_tui.sandbox.backend import Backend
from clutch_tui.sandbox.ledger import Change, Origin
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings

from .books import ServerBooks, Sold, TerminalBooks, compare
from .programs import Program, Server, Terminal, free_port
from .proxy import Proxy

Start = Callable[[], Awaitable[Program]]

NAMES = ("a", "b", "c")
PARTS, SOLD, OPENING = 150, 12, 60
"""Parts on the shelf, how many of them are sold (few, so that all fight for the same), and pieces of each."""
METHODS = ("cash", "cash", "visa", "instapay", "vodafone_cash")
KILLED_SALES, AT_COMMIT = 0.6, 0.5
"""Which share of the sales dies, and which of those just after the commit, before the receipt or while it prints."""
PATIENCE = 600.0
"""Seconds after the last fault in which everything must settle by itself; the longest wait between two attempts of
a terminal is half a minute."""


@dataclass(slots=True)
class Outcome:
    """How a run ended: who was killed how often, what was sold, what struck, and what is wrong."""

    kills: Counter[str]
    sales: int
    printed: int
    struck: Counter[str]
    settled_in: float
    seconds: float
    wrong: list[str]


class Siege:
    """Three terminals, a server, a line between them, and the kills."""

    def __init__(self, folder: Path, seed: int, goal: int, say: Callable[[str], None] = lambda text: None) -> None:
        self.folder = folder
        self.seed = seed
        self.goal = goal
        self.say = say
        self.server = Server(folder, free_port())
        self.proxy = Proxy(self._chance("line"), self.server.port)
        self.kills: Counter[str] = Counter()
        self.printed: dict[str, dict[str, Sold]] = {name: {} for name in NAMES}
        self.lengths = [1.0]
        """Seconds that sales took which nobody killed: the next death falls somewhere into such a time."""
        self.complaints: list[str] = []
        self.opening: dict[str, int] = {}
        self._fire, self._ceased, self._over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.proxy.calm = True

    async def run(self) -> Outcome:
        """The whole run. Raises `TimeoutError` where it does not settle."""
        began = time.perf_counter()
        self.opening = await _open_shop(self.server.database)
        await self.proxy.start()
        terminals = [Terminal(name, self.folder, self.proxy.port) for name in NAMES]
        try:
            with open_books(terminals) as books:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._live(self.server.start, "server", (4, 24)))
                    for one in terminals:
                        tasks.create_task(self._live(one.watch, f"sync at {one.name}", (2, 18)))
                    await self._settle(books)
                    self.say("three terminals have the shop's parts")
                    await self._besiege(terminals, books)
                    self.say(f"{self.kills.total()} kills, no more faults")
                    settled_in = await self._settle(books)
                    await self._send_slow(terminals, books)
                    self._over.set()
                wrong = self.complaints + self.compare(books)
        finally:
            await self.proxy.stop()
        sales, printed = len(ServerBooks(self.server.database).sales()), sum(map(len, self.printed.values()))
        return Outcome(self.kills, sales, printed, self.proxy.struck, settled_in, time.perf_counter() - began, wrong)

    async def _besiege(self, terminals: list[Terminal], books: list[TerminalBooks]) -> None:
        """Sell under fire until enough have died."""
        self.proxy.calm = False
        self._fire.set()
        async with asyncio.TaskGroup() as tasks:
            for one, its_books in zip(terminals, books, strict=True):
                tasks.create_task(self._work(one, its_books))
        self.proxy.calm = True

    async def _settle(self, books: list[TerminalBooks]) -> float:
        """Wait, touching nothing, until every terminal stands where the server stands; the seconds it took. Only
        what is in the slow lane has more time: a quarter of an hour."""
        began, server = time.perf_counter(), ServerBooks(self.server.database)
        async with asyncio.timeout(PATIENCE):
            while not all(one.is_settled(server.counter) for one in books):  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.2)
        return time.perf_counter() - began

    async def _send_slow(self, terminals: list[Terminal], books: list[TerminalBooks]) -> None:
        """A change that had the bad luck to fail alone three times waits for a person, among others: be that person."""
        for terminal, one in zip(terminals, books, strict=True):
            if slow := one.waiting("slow"):
                self.say(f"{slow} in the slow lane of {terminal.name}: sent by hand")
                await (await terminal.start("sync")).end(kill_after=PATIENCE)
        await self._settle(books)

    def compare(self, books: list[TerminalBooks]) -> list[str]:
        """Everything on which receipts, terminals and server disagree."""
        killed = {name: self.kills[f"sale at {name}"] for name in NAMES}
        return compare(self.opening, ServerBooks(self.server.database), books, self.printed, killed)

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self.seed}/{name}")

    @property
    def _usual(self) -> float:
        """Seconds that a sale takes just now."""
        return statistics.median(self.lengths[-30:])

    # --- those who die -------------------------------------------------------------------------------

    def _killed(self, what: str) -> None:
        self.kills[what] += 1
        total = self.kills.total()
        if total % 20 == 0:
            self.say(f"{total} kills, {sum(map(len, self.printed.values()))} receipts")
        if total >= self.goal:
            self._fire.clear()
            self._ceased.set()

    async def _live(self, start: Start, name: str, life: tuple[int, int]) -> None:
        """A process that stays. Under fire it is killed after a while (`life`, in lengths of a sale: a busy machine
        takes its time for everything) and started again; otherwise it is left alone."""
        chance, over = self._chance(name), asyncio.ensure_future(self._over.wait())
        while not over.done():
            program = await start()
            ending = asyncio.ensure_future(program.end())
            try:
                await self._await_death((ending, over), chance.uniform(*life) * self._usual)
                condemned = not ending.done() and not over.done()
            finally:
                program.kill()
            ended = await ending
            if condemned:
                self._killed(name)
            elif not over.done():
                self.complaints.append(f"the {name} ended by itself with {ended.code}: {ended.printed[-300:]!r}")
                await asyncio.sleep(0.5)

    async def _await_death(self, ends: tuple[asyncio.Future[Any], ...], seconds: float) -> None:
        """Wait for one of these ends, or for so many seconds under fire."""
        while True:
            fire = asyncio.ensure_future(self._fire.wait())
            await asyncio.wait((*ends, fire), return_when=asyncio.FIRST_COMPLETED)
            fire.cancel()
            if any(end.done() for end in ends):
                return
            ceased = asyncio.ensure_future(self._ceased.wait())
            done, _ = await asyncio.wait((*ends, ceased), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            ceased.cancel()
            if ceased not in done:
                return

    async def _work(self, terminal: Terminal, books: TerminalBooks) -> None:
        """A clerk's day: sale upon sale."""
        chance = self._chance(f"sales at {terminal.name}")
        while self._fire.is_set():
            await self._sell(terminal, books, chance)

    async def _sell(self, terminal: Terminal, books: TerminalBooks, chance: random.Random) -> None:
        """One sale, which its process may or may not survive."""
        arguments = ["sell", "--json", "--pay", chance.choice(METHODS), "--cashier", terminal.name]
        for n in chance.sample(range(SOLD), chance.randint(1, 3)):
            arguments += ["--part", f"P-{n:03}"]
        arguments += ["--qty", str(chance.randint(1, 3))]
        dies, usual = chance.random() < KILLED_SALES, self._usual
        began = time.perf_counter()
        program = await terminal.start(*arguments)
        if dies and chance.random() < AT_COMMIT:
            await _next_sale(books, 3 * usual)
            ended = await program.end(kill_after=chance.uniform(0, 0.01))
        else:
            ended = await program.end(kill_after=usual * chance.uniform(0.1, 1.1) if dies else None)
        if not dies and ended.code == exit_codes.DONE:
            self.lengths.append(time.perf_counter() - began)
        if ended.killed:
            self._killed(f"sale at {terminal.name}")
        elif ended.code != exit_codes.DONE:
            self.complaints.append(f"a sale at {terminal.name} failed with {ended.code}")
        with contextlib.suppress(json.JSONDecodeError):  # one that was killed may have printed nothing, or a part
            receipt = json.loads(ended.printed)
            self.printed[terminal.name][receipt["id"]] = Sold.printed(receipt)


async def _next_sale(books: TerminalBooks, seconds: float) -> None:
    """Wait until a sale more is committed, at most so many seconds."""
    before, end = books.committed, time.perf_counter() + seconds
    while books.committed == before and time.perf_counter() < end:  # noqa: ASYNC110 - another process sells
        await asyncio.sleep(0.0005)


@contextlib.contextmanager
def open_books(terminals: list[Terminal]) -> Iterator[list[TerminalBooks]]:
    """The books of the terminals, open for as long as the block lasts."""
    with contextlib.ExitStack() as stores:
        yield [
            TerminalBooks(one.name, stores.enter_context(one.installation.open_store(inline=True))) for one in terminals
        ]


async def _open_shop(path: Path) -> dict[str, int]:
    """Make the server's file: a shop and its parts; the quantity of each part."""
    settings = Settings(db=str(path), parts=None)
    async with running(settings) as sandbox:
        backend: Backend = sandbox.backend
        opening = {}
        for n in range(PARTS):
            part_id = f"01930000-0000-7000-8000-{n:012x}"
            fields = {"name": f"قطعة {n}", "part_number": f"P-{n:03}", "price": 100 + n, "stock_quantity": OPENING}
            change = Change(f"opening-{n}", "create", "item", part_id, fields=fields)
            await backend.write(changes.apply, demo_data.SHOP_ID, change, Origin())
            opening[part_id] = whole(OPENING)
    return opening
