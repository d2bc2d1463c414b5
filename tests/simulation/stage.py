"""A world in which nothing happens by chance: what goes wrong, and when, is written in a scenario or a story."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from clutch_tui.core.sync.replica import CHANNELS
from clutch_tui.sandbox.settings import PROTOCOL
from clutch_tui.sandbox.without_sync import Plain

from . import clerk, outcome, world
from .network import Message, Weather
from .plain import PlainWorld
from .terminal import Pace, Terminal
from .violation import Violation

JOURNEY = 0.05
"""Seconds that every message needs here, so that nothing overtakes anything."""
FOR_EVER = 10**6
FORBIDDEN = "forbidden"
"""The kind of an order that lets something on the way answer 403."""


@dataclass(slots=True)
class Order:
    """Something that is to go wrong. `kind` is one of the weather's; it lets `past` chances go by before it takes
    the next `times`."""

    kind: str
    path: str
    sender: str
    times: int
    past: int

    def meant(self, kind: str, message: Message | None) -> bool:
        if kind != self.kind or self.times == 0:
            return False
        if message is None:
            return not self.path and not self.sender
        return self.path in ("", message.path) and self.sender in ("", message.sender)


class Script(Weather):
    """The weather of a stage: fine, but for what was ordered."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng, rng)
        self.limit, self.forbids, self.broken = 0, 0.0, ""
        self.odds = dict.fromkeys(self.odds, 0.0)
        self._orders: list[Order] = []

    def order(self, kind: str, path: str = "", sender: str = "", *, times: int = 1, past: int = 0) -> None:
        """Let something go wrong with calls of this path, or of any, from this terminal, or from any."""
        assert kind in (*self.odds, FORBIDDEN), kind
        self._orders.append(Order(kind, path, sender, times, past))

    def clear(self) -> None:
        """What was ordered and has not happened will not."""
        self._orders.clear()

    def strikes(self, kind: str, message: Message | None = None) -> bool:
        for order in self._orders:
            if not order.meant(kind, message):
                continue
            if order.past > 0:
                order.past -= 1
                return False
            order.times -= 1
            return True
        return False

    def stops(self, message: Message) -> int:
        return 403 if self.strikes(FORBIDDEN, message) else super().stops(message)

    def journey(self, kind: str) -> float:
        return JOURNEY


class Stage(world.World):
    """The run of one scenario: a good line, two tills, and a hand on everything that may go wrong."""

    weather: Script

    def __init__(self, act: Act, empty: bool, seed: int, steps: int, folder: Path, disks: Sequence[Path]) -> None:
        super().__init__(seed, steps, folder, disks[:1] if empty else disks[-1:])
        self.odds = dict.fromkeys(self.odds, 0.0)
        del self.terminals[2:]
        self.first, self.second = self.terminals[0], self.terminals[-1]
        self.on_page: Callable[[Message], None] = lambda message: None
        """Told of every page that is not the last of its pull, before it travels back."""
        self._act = act

    def _draw_protocol(self) -> int:
        return PROTOCOL

    def _make_weather(self) -> Script:
        return Script(self._chance("weather"))

    def _draw_pace(self) -> Pace:
        return Pace(page_size=2, timeout=10.0)

    def _between_pages(self, message: Message) -> None:
        self.on_page(message)

    async def live(self) -> None:
        self.server.backup()
        await self._act(self)

    async def open(self, within: float = world.PATIENCE) -> None:
        """Start both tills, and wait until they have what the server has."""
        for terminal in self.terminals:
            terminal.boot()
        await self.until(lambda: all(map(self.is_level, self.terminals)), within=within)

    async def end(self) -> None:
        """No more faults: everything must be delivered, and all sides must agree."""
        self.weather.clear()
        await self._calm()
        await self._rest()

    async def until(self, true: Callable[[], bool], within: float = world.PATIENCE) -> None:
        """Let time pass until something has come about."""
        began = self.loop.elapsed
        while not true():
            if self.loop.elapsed - began > within:
                raise Violation(f"it did not come about within {within:.0f} s")
            await self.pass_time(0.5)

    def do(self, terminal: Terminal, deed: clerk.Deed) -> None:
        """One deed of a clerk that must succeed."""
        self.act(terminal, deed)

    def attempt(self, terminal: Terminal, deed: clerk.Deed) -> None:
        """One deed of a clerk that the program may refuse."""
        self.act(terminal, partial(clerk.attempt, deed))

    def mend(self) -> None:
        """The server breaks on nothing any more."""
        self.poison.clear()
        self.server.backend.faults.clear()

    def choke_last(self, kind: str) -> None:
        """The server breaks, every time, on the last change of this kind."""
        self.choke(next(id for id in reversed(self.books.committed) if self.books.committed[id].kind == kind))

    def delete_part(self, n: int) -> None:
        """Somebody deletes the `n`th part on the server itself, and its tombstone is purged at once."""
        change_id = self.server.delete_part(self.rng, n)
        self.books.enter_foreign(change_id, self.server.deeds[self.server.life][change_id])
        self.server.purge()

    def is_level(self, terminal: Terminal) -> bool:
        """Does this till have all that the server has?"""
        here = dict.fromkeys(CHANNELS, (self.server.life, self.server.counter))
        return terminal.name in self.books.seen and self.books.seen[terminal.name].cursors == here


class PlainStage(Stage, PlainWorld):
    """The run of one scenario against a server without sync, on which one till is alone."""

    def _draw_pace(self) -> Pace:
        self.books.alone = True
        self.server.backend.simplify(Plain())
        return Pace(page_size=10, timeout=10.0)


Act = Callable[[Stage], Awaitable[None]]


def play(act: Act, *, empty: bool, without_sync: bool, mutant: str | None) -> outcome.Outcome:
    """Play a scenario, with a mistake planted or without."""
    stage = PlainStage if without_sync else Stage
    return outcome.run(SEED, 0, mutant, partial(stage, act, empty))


SEED = 2
"""Of what little chance is left: the ids, and how long an engine waits."""
