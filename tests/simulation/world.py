"""One run: a server, two or three terminals, a line that fails, and people who work on regardless.

Everything that happens is drawn from the seed, on a clock that is only a number. A run has three parts: a
while in which anything may go wrong; a calm, in which nothing does and nobody touches anything, until all
that is healthy has been delivered; and the rest, in which all sides must agree.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import logging
import random
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from clutch_tui.core.replica import CHANNELS
from clutch_tui.core.store import Store

from . import clerk
from .disk import Crash
from .invariants import Books, Violation
from .network import Line, Weather
from .server import Server
from .terminal import Terminal
from .virtual_time import NothingLeft, VirtualLoop

PATIENCE = 120.0
"""Virtual seconds after the last fault within which everything healthy must be delivered."""

SLOW = timedelta(minutes=16)
"""After this long every change in the slow lane has been due again."""

MOST_CALLS = 150
"""Calls of one terminal in ten virtual seconds; more is an engine that runs hot."""


@dataclass(slots=True)
class Outcome:
    """How a run ended."""

    seed: int
    violation: str | None
    trace: str
    """A hash of everything that happened, in its order."""
    lines: list[str]
    counts: dict[str, int] = field(default_factory=dict)


class World:
    """The run of one seed."""

    def __init__(self, seed: int, steps: int, folder: Path) -> None:
        self.seed = seed
        self.steps = steps
        self.rng = self._chance("world")
        self.loop = VirtualLoop()
        self.server = Server(self.loop, self._chance("server"))
        self.weather = Weather(self._chance("weather"))
        self.books = Books(self.server)
        self.lines: list[str] = []
        self.counts: dict[str, int] = {}
        self._folder = folder
        self._failed: asyncio.Future[None] = self.loop.create_future()
        self.terminals = [self._terminal(name) for name in "abc"[: self.rng.choice((2, 2, 3))]]
        self.crash_odds = self.rng.choice((0, 0, 0.1, 0.3))
        self.full_odds = self.rng.choice((0, 0, 0.1, 0.3))

    def _chance(self, name: str) -> random.Random:
        # a text as a seed is hashed by random itself, the same everywhere; hash() is not
        return random.Random(f"{self.seed}/{name}")

    def _terminal(self, name: str) -> Terminal:
        path = self._folder / f"{name}.db"
        shutil.copyfile(_empty_disk(), path)
        line = Line(name, self.server, self.weather, self._chance(f"line {name}"), note=self.note, on_news=self._news)
        chance = self._chance(f"terminal {name}")
        return Terminal(name, path, self.loop, chance, line, on_commit=self.books.on_commit, on_end=self._ended)

    def note(self, *words: object) -> None:
        """A line of the trace."""
        self.lines.append(f"{self.loop.elapsed:.6f} " + " ".join(map(str, words)))

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    # --- what happens by itself ----------------------------------------------------------------------

    def _news(self, name: str) -> None:
        """The server wrote something: the others' sockets say so, sooner or later or, in bad times, never."""
        for terminal in self.terminals:
            if terminal.name != name and (self.weather.calm or self.rng.random() < 0.3):
                self.loop.call_later(self.rng.uniform(0.05, 3), self._wake, terminal)

    def _wake(self, terminal: Terminal) -> None:
        if terminal.alive:
            terminal.sync.wake()

    def _ended(self, terminal: Terminal, error: BaseException) -> None:
        """The engine's task is over: by a crash of its process, or by a mistake."""
        if isinstance(error, Crash):
            self._crashed(terminal)
        elif not self._failed.done():
            violation = error if isinstance(error, Violation) else Violation(f"{terminal.name}: {error!r}")
            self._failed.set_exception(violation)

    def _crashed(self, terminal: Terminal) -> None:
        self.note("crash", terminal.name)
        self.count("crash")
        terminal.kill()
        self.loop.call_later(self.rng.uniform(0.1, 5), self._boot, terminal)

    def _boot(self, terminal: Terminal) -> None:
        if not terminal.alive:
            self.note("boot", terminal.name)
            terminal.boot()

    # --- the run -------------------------------------------------------------------------------------

    async def live(self) -> None:
        for terminal in self.terminals:
            terminal.boot()
        await self._while_it_lasts()
        await self._calm()
        await self._rest()

    async def _while_it_lasts(self) -> None:
        for _ in range(self.steps):
            await self._pass(self.rng.choice((0.05, 0.3, 1.0, 3.0)) * self.rng.random())
            self._one_step()

    async def _pass(self, seconds: float) -> None:
        before = [terminal.line.calls for terminal in self.terminals]
        await asyncio.wait((self._failed,), timeout=seconds)
        if self._failed.done():
            self._failed.result()
        for terminal, calls in zip(self.terminals, before, strict=True):
            made = terminal.line.calls - calls
            if made > MOST_CALLS * max(1.0, seconds / 10):
                raise Violation(f"{terminal.name} runs hot: {made} calls in {seconds:.0f} s")

    def _one_step(self) -> None:
        terminal = self.rng.choice(self.terminals)
        self._threaten(terminal)
        if terminal.alive:
            self._act(terminal)

    def _threaten(self, terminal: Terminal) -> None:
        """Choose a write at which this terminal's process or disk gives up."""
        if not terminal.alive or terminal.guard.armed:
            return
        if self.rng.random() < self.crash_odds:
            terminal.guard.arm(self.rng.randint(0, 40), self.rng.choice(("crash before", "crash after")))
        elif self.rng.random() < self.full_odds:
            terminal.guard.arm(self.rng.randint(0, 40), "full")

    def _act(self, terminal: Terminal) -> None:
        try:
            self.note(terminal.name, clerk.act(terminal, self.rng))
        except Crash:
            self._crashed(terminal)

    # --- the calm and the rest -----------------------------------------------------------------------

    async def _calm(self) -> None:
        """No more faults, and nobody touches anything."""
        self.note("calm")
        self.weather.calm = True
        for terminal in self.terminals:
            if terminal.alive:
                terminal.guard.disarm()
        for _ in range(int(PATIENCE)):
            await self._pass(1.0)
            if not self._waiting("fast"):
                break
        if waiting := self._waiting("fast"):
            raise Violation(f"still not delivered after {PATIENCE:.0f} s: {waiting[:3]}")

    def _waiting(self, *lanes: str) -> list[tuple[str, str, str]]:
        if not all(terminal.alive for terminal in self.terminals):
            return [("", "a terminal is down", "")]
        return [
            change for terminal in self.terminals for change in self.books.unanswered(terminal) if change[2] in lanes
        ]

    async def _rest(self) -> None:
        """Quarter-hours pass, so that the slow lanes have their turn; then all must be one."""
        if self._waiting("slow"):
            self.count("slow lane")
            for terminal in self.terminals:
                terminal.clock.skew += SLOW
                terminal.sync.wake()
        for _ in range(int(PATIENCE)):
            await self._pass(1.0)
            if not self._waiting("fast", "slow") and self._settled():
                break
        if waiting := self._waiting("fast", "slow"):
            raise Violation(f"never delivered: {waiting[:3]}")
        if not self._settled():
            raise Violation(f"the terminals never reach the server's counter {self.server.counter}")
        self.note("rest")
        self.books.at_rest(self.terminals)

    def _settled(self) -> bool:
        """Every channel of every terminal stands at the server's counter."""
        where = dict.fromkeys(CHANNELS, (self.server.epoch, self.server.counter))
        return all(self.books.seen[terminal.name].cursors == where for terminal in self.terminals)

    def close(self) -> None:
        for terminal in self.terminals:
            if terminal.alive:
                terminal.kill()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()


class _Broken(logging.Handler):
    """What the engine and the server call their own mistakes: no fault of ours may ever cause one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.first is None:
            self.first = f"{record.getMessage()}: {record.exc_info[1]!r}" if record.exc_info else record.getMessage()


def run(seed: int, steps: int = 60) -> Outcome:
    """Run one seed."""
    with tempfile.TemporaryDirectory(dir=_memory(), prefix="clutch-") as folder:
        broken = _Broken()
        logging.getLogger("clutch_tui").addHandler(broken)
        world = World(seed, steps, Path(folder))
        violation = None
        try:
            asyncio.set_event_loop(world.loop)
            world.loop.run_until_complete(world.live())
        except (Violation, NothingLeft, Crash) as error:
            violation = str(error) or repr(error)
        finally:
            world.close()
            asyncio.set_event_loop(None)
            logging.getLogger("clutch_tui").removeHandler(broken)
        violation = broken.first if broken.first is not None else violation
    trace = hashlib.sha256("\n".join(world.lines).encode()).hexdigest()
    return Outcome(seed, violation, trace, world.lines, world.counts)


@cache
def _memory() -> str | None:
    """A folder in memory where the machine has one: the disks of a simulation need not survive it."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def _empty_disk() -> Path:
    """A database that was made and never used; every terminal begins with a copy."""
    folder = tempfile.mkdtemp(dir=_memory(), prefix="clutch-")
    path = Path(folder) / "empty.db"
    Store.open(path, inline=True).close()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return path
