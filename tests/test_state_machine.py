"""Hypothesis at the counter: any deed, at either of two terminals, with a line that is cut, programs that crash and
a server that is restored, in any order; and when all has come to rest everything must agree.

The parts are those of the simulation: the real engine and store, the real sandbox, the virtual clock, and its books,
which are held against every single commit. What differs is who chooses: here each step is drawn by Hypothesis, so
that a failure shrinks to the few steps that matter and is printed as a program that repeats it.

`STATE_MACHINE=2000 pytest tests/test_state_machine.py` runs 2,000 programs of up to 60 steps, a new selection each
time; without the variable it is the same few short ones.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.memory import memory
from tests.simulation import clerk, price_levels
from tests.simulation.disk import Moment
from tests.simulation.habits import DEEDS, OF_QUOTATIONS
from tests.simulation.invariants import Violation
from tests.simulation.mutants import planted
from tests.simulation.network import Weather
from tests.simulation.noting import note
from tests.simulation.outcome import new_disks
from tests.simulation.terminal import Terminal
from tests.simulation.world import World

PROGRAMS = int(os.environ.get("STATE_MACHINE", "0"))
MUTANT = os.environ.get("STATE_MACHINE_MUTANT")
"""Plant this mistake (tests/simulation/mutants.py): to see that the machine finds it."""

WHO = some.integers(0, 1)
CHANCE = some.randoms(use_true_random=False)
FAULTS = ("refused", "lost request", "lost answer", "twice", "late answer", "error after", "truncated")


class Counter(World):
    """A world in which nothing happens by chance: two terminals, each with a line of its own."""

    def __init__(self, folder: Path, disk: int) -> None:
        self.lines_of: list[Weather] = []
        super().__init__(1, 0, folder, [new_disks()[disk]])
        self.odds = dict.fromkeys(self.odds, 0.0)
        del self.terminals[2:]

    def _terminal(self, n: int) -> Terminal:
        self.weather = Weather(self._chance(f"line {n}"), self._chance(f"trouble {n}"))
        self.weather.odds = dict.fromkeys(self.weather.odds, 0.0)
        self.weather.limit, self.weather.forbids, self.weather.broken = 0, 0.0, ""
        self.lines_of.append(self.weather)
        return super()._terminal(n)

    async def rest(self) -> None:
        """No faults and no deeds any more; everything must be delivered, and all sides agree."""
        for weather in self.lines_of:
            weather.calm = True
        for terminal in self.terminals:
            self._boot(terminal)
        await self._calm()
        await self._rest()


class ShopMachine(RuleBasedStateMachine):
    """What may happen in the shop."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=memory(), prefix="clutch-")
        self._broken = False

    @initialize(disk=some.sampled_from((0, -1)))
    def open_shop(self, disk: int) -> None:
        """New disks, or disks after their first pull."""
        self.counter = Counter(Path(self._folder.name), disk)
        self.counter.server.backup()
        self._do(self._boot_all())

    async def _boot_all(self) -> None:
        for terminal in self.counter.terminals:
            terminal.boot()

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        """Let the world's own time pass; a broken promise is a failure that Hypothesis understands."""
        asyncio.set_event_loop(self.counter.loop)
        try:
            with planted(MUTANT):
                self.counter.loop.run_until_complete(what)
        except Violation as violation:
            self._broken = True
            raise AssertionError(str(violation)) from violation
        finally:
            asyncio.set_event_loop(None)

    # --- people --------------------------------------------------------------------------------------

    @rule(who=WHO, deed=some.sampled_from([*DEEDS, *OF_QUOTATIONS, note, price_levels.act]), chance=CHANCE)
    def work(self, who: int, deed: clerk.Deed, chance: random.Random) -> None:
        """Sell, take back, void, pay, count, edit, create, delete, answer an order, decide a conflict..."""
        self._do(self._work(who, deed, chance))

    @rule(who=WHO, chance=CHANCE)
    def sell(self, who: int, chance: random.Random) -> None:
        self._do(self._work(who, clerk.sell, chance))

    async def _work(self, who: int, deed: clerk.Deed, chance: random.Random) -> None:
        terminal = self.counter.terminals[who]
        if terminal.alive:
            self.counter.act(terminal, lambda till, _: clerk.attempt(deed, till, chance))

    @rule()
    def order(self) -> None:
        """A customer orders on the marketplace. The world's own chance makes the id: Hypothesis would repeat one."""
        self.counter.server.place_order(self.counter.rng)

    # --- time, lines, disks --------------------------------------------------------------------------

    @rule(seconds=some.sampled_from((0.1, 1.0, 5.0, 40.0)))
    def wait(self, seconds: float) -> None:
        self._do(self.counter.pass_time(seconds))

    @rule(who=WHO, fault=some.sampled_from(FAULTS))
    def cut(self, who: int, fault: str) -> None:
        """From now on every call of this terminal meets this fault."""
        self.counter.lines_of[who].odds[fault] = 1.0

    @rule(who=WHO)
    def restore_line(self, who: int) -> None:
        weather = self.counter.lines_of[who]
        weather.odds = dict.fromkeys(weather.odds, 0.0)

    @rule(who=WHO)
    def crash(self, who: int) -> None:
        if self.counter.terminals[who].alive:
            self.counter.terminals[who].kill()

    @rule(who=WHO, writes=some.integers(0, 30), moment=some.sampled_from(get_args(Moment)))
    def crash_at_write(self, who: int, writes: int, moment: Moment) -> None:
        """The process dies, or its disk is full, at a later write."""
        if self.counter.terminals[who].alive:
            self.counter.terminals[who].guard.arm(writes, moment)

    @rule(who=WHO)
    def reopen(self, who: int) -> None:
        self._do(self._reopen(who))

    async def _reopen(self, who: int) -> None:
        if not self.counter.terminals[who].alive:
            self.counter.terminals[who].boot()

    @rule(who=WHO, days=some.sampled_from((-1, 1)))
    def jump_clock(self, who: int, days: int) -> None:
        self.counter.terminals[who].clock.jump(timedelta(days=days))

    # --- the server ----------------------------------------------------------------------------------

    @rule()
    def back_up(self) -> None:
        self.counter.server.backup()

    @rule()
    def restore_server(self) -> None:
        """Everything since the backup is lost there."""
        self.counter.server.restore()

    @rule()
    def purge(self) -> None:
        self.counter.server.purge()

    @precondition(lambda self: self.counter.server.parts() > 2)
    @rule()
    def delete_elsewhere(self) -> None:
        """Somebody deletes a part on the server itself."""
        server = self.counter.server
        change_id = server.delete_part(self.counter.rng)
        self.counter.books.enter_foreign(change_id, server.deeds[server.life][change_id])

    # --- the end -------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if hasattr(self, "counter") and not self._broken:
                self._do(self.counter.rest())
        finally:
            if hasattr(self, "counter"):
                asyncio.set_event_loop(self.counter.loop)
                self.counter.close()
                asyncio.set_event_loop(None)
            self._folder.cleanup()


ShopMachine.TestCase.settings = settings(
    max_examples=PROGRAMS or 8,
    stateful_step_count=60 if PROGRAMS else 25,
    derandomize=not PROGRAMS,
    deadline=None,
    print_blob=bool(PROGRAMS),
    suppress_health_check=list(HealthCheck),
)
TestShop = ShopMachine.TestCase
