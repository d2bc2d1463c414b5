"""One run: a server, two or three terminals, a line that fails, and people who work on regardless.

Everything that happens is drawn from the seed, on a clock that is only a number. A run has three parts: a
while in which anything may go wrong; a calm, in which nothing does and nobody touches anything, until all
that is healthy has been delivered; and the rest, in which all sides must agree.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable, Container, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from clutch_tui.core import state
from clutch_tui.core.clock import to_text
from clutch_tui.core.outbox import abilities
from clutch_tui.core.sync.replica import CHANNELS
from clutch_tui.sandbox.settings import PROTOCOL
from clutch_tui.security.vault import Secrets

from . import clerk, noting, ordering, price_levels
from .disk import Crash
from .habits import Habits
from .invariants import Books, Seen
from .network import Line, Message, Weather
from .server import Server
from .terminal import Pace, Terminal
from .violation import Violation
from .virtual_time import EPOCH, VirtualLoop
from .wire import Exchange

STEPS = 25
"""How much happens in a run before the calm."""

PATIENCE = 120.0
"""Virtual seconds after the last fault within which everything healthy must be delivered."""

HOUR = timedelta(minutes=61)
"""After this long every terminal has asked the server once more what it knows."""

SLOW = timedelta(minutes=16)
"""After this long every change in the slow lane has been due again."""

FEW_AT_ONCE = 3
"""Of the changes that come in one moment, so many may choke the server."""

MOST_CALLS = 150
"""Calls of one terminal in ten virtual seconds; more is an engine that runs hot."""


class World:
    """The run of one seed."""

    measures = True
    """Whether the shop sells by the litre and the metre, too."""
    quotes = True
    """Whether it makes quotations."""
    exchanges = True
    """Whether it exchanges what it has sold."""
    notes = True
    """Whether it notes what it could not sell."""
    orders = True
    """Whether it orders what is not there."""
    levels = True
    """Whether it has price levels."""

    def __init__(self, seed: int, steps: int, folder: Path, disks: Sequence[Path]) -> None:
        self.seed = seed
        self.steps = steps
        self.rng = rng = self._chance("world")
        self.loop = VirtualLoop()
        self.server = Server(self.loop, self._chance("server"))
        self.server.begin_with(self._draw_protocol())
        if not self.measures:
            self.server.sell_pieces()
        self.weather = self._make_weather()
        self.books = self._make_books()
        self.habits = Habits(self._chance("habits"), quotes=self.quotes, exchanges=self.exchanges)
        self.tempo = rng.choice((0.3, 1.0, 3.0))
        """How long people rest between two deeds: hardly, or so long that whole rounds go by."""
        self.pace = self._draw_pace()
        self.poison: dict[str, bool] = {}
        self.lines: list[str] = []
        self.counts: dict[str, int] = {}
        self._folder = folder
        self._failed: asyncio.Future[None] = self.loop.create_future()
        self._copies: dict[str, tuple[Path, Seen]] = {}
        self._new_disk = rng.choice(disks)
        self.terminals = [self._terminal(n) for n in range(rng.choice((2, 2, 3)))]
        self.odds = {
            "crash": rng.choice((0, 0, 0.1, 0.3)),
            "disk full": rng.choice((0, 0, 0.1, 0.3)),
            "poison": rng.choice((0, 0, 0.05, 0.15)),
            "clock jump": rng.choice((0, 0, 0.03)),
            "server restored": rng.choice((0, 0, 0.04)),
            "purge": rng.choice((0, 0, 0.05, 0.3)),
            "disk restored": rng.choice((0, 0, 0, 0.03)),
            "clone": rng.choice((0, 0, 0, 0.03)),
            "deleted between pages": rng.choice((0, 0, 0.1)),
            "restored between pages": rng.choice((0, 0, 0, 0.1)),
            "order": 0.04,
            "unsynced": self._chance("unsynced").choice((0, 0, 0, 0.1)),
        }
        self._quiet = self._chance("put back")
        self._steps = self._chance("in step")
        self._in_step: dict[str, list[Terminal]] = {}
        """The clones that do as much as their original, at the same time: their changes bear the same numbers."""
        self._missed = self._chance("lost sales")
        self._often_missed = self._missed.choice(noting.OFTEN) if self.notes else 0.0
        self._ordering = self._chance("special orders")
        self._often_ordered = self._ordering.choice(ordering.OFTEN) if self.orders else 0.0
        self._priced = self._chance("price levels")
        self._often_priced = self._priced.choice(price_levels.OFTEN) if self.levels else 0.0
        trouble = self._chance("burst")
        self.burst_at = trouble.randrange(steps) if steps and trouble.random() < 0.08 else -1
        """The step at which somebody does more at once than one call may carry; -1 for never."""

    def _draw_protocol(self) -> int:
        """A server that has not learned the second version of the protocol, or one that has."""
        return self._chance("protocol").choice((1, PROTOCOL, PROTOCOL, PROTOCOL))

    def _make_weather(self) -> Weather:
        return Weather(self._chance("weather"), self._chance("trouble"))

    def _make_books(self) -> Books:
        return Books(self.server)

    def _draw_pace(self) -> Pace:
        return Pace(self.rng.choice((2, 3, 3, 10)), self.rng.choice((5.0, 10.0, 60.0)))

    def _chance(self, name: str) -> random.Random:
        # a text as a seed is hashed by random itself, the same everywhere; hash() is not
        return random.Random(f"{self.seed}/{name}")

    def _terminal(self, n: int) -> Terminal:
        name = "abcd"[n]
        path = self._folder / f"{name}.db"
        shutil.copyfile(self._new_disk, path)
        if not self.measures:
            with closing(sqlite3.connect(path)) as disk, disk:
                disk.execute("UPDATE part SET unit = '', decimals = 0")
        line = Line(
            name,
            self.server,
            self.weather,
            self._chance(f"line {name}"),
            poison=self.poison,
            note=self.note,
            on_page=self._between_pages,
            on_failure=self._fail,
        )
        return Terminal(
            name,
            path,
            self.loop,
            self._chance(f"terminal {name}"),
            line,
            Exchange(self.server, self.weather, self._chance(f"wire {name}"), self._fail),
            pace=self.pace,
            secrets=self._secrets(n),
            measures=self.measures,
            on_commit=self.books.on_commit,
            on_end=self._ended,
            has_come=self.server.has_come,
        )

    def _secrets(self, n: int) -> Secrets:
        """Half of the terminals are signed in, with tokens that end; the others have the shop's key only."""
        if self.rng.random() < 0.5:
            return Secrets()
        tokens = self.server.tokens[n]
        lifetime = float(tokens["expires_in"])
        ends = to_text(EPOCH + timedelta(seconds=lifetime))
        return Secrets(None, tokens["token"], tokens["refresh_token"], ends, lifetime, "u", "u", "cashier")

    def note(self, *words: object) -> None:
        """A line of the trace."""
        self.lines.append(f"{self.loop.elapsed:.6f} " + " ".join(map(str, words)))

    def happened(self, what: str, *words: object) -> None:
        """Something worth a line and a figure."""
        self.note(what, *words)
        self.counts[what] = self.counts.get(what, 0) + 1

    # --- what happens by itself ----------------------------------------------------------------------

    def _ended(self, terminal: Terminal, error: BaseException) -> None:
        """The engine's task is over: by a crash of its process, or by a mistake."""
        if isinstance(error, Crash):
            self._crashed(terminal)
        else:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """End the run: something happened that must not."""
        if not self._failed.done():
            self._failed.set_exception(error if isinstance(error, Violation) else Violation(repr(error)))

    def _crashed(self, terminal: Terminal) -> None:
        self.happened("crash", terminal.name)
        terminal.kill()
        self.loop.call_later(self.rng.uniform(0.1, 5), self._boot, terminal)

    def _boot(self, terminal: Terminal) -> None:
        if not terminal.alive:
            self.note("boot", terminal.name)
            terminal.boot()

    # --- the run -------------------------------------------------------------------------------------

    async def live(self) -> None:
        self.server.backup()
        for terminal in self.terminals:
            terminal.boot()
        for n in range(self.steps):
            await self.pass_time(self.tempo * self.rng.choice((0.1, 0.5, 1.0, 4.0)) * self.rng.random())
            self._one_step()
            if n == self.burst_at:
                self._burst()
        await self._calm()
        await self._rest()

    async def pass_time(self, seconds: float) -> None:
        before = {terminal.name: terminal.line.calls for terminal in self.terminals}
        await asyncio.wait((self._failed,), timeout=seconds)
        if self._failed.done():
            self._failed.result()
        for terminal in self.terminals:
            made = terminal.line.calls - before[terminal.name]
            if made > MOST_CALLS * max(1.0, seconds / 10):
                raise Violation(f"{terminal.name} runs hot: {made} calls in {seconds:.0f} s")

    def _one_step(self) -> None:
        terminal = self.rng.choice(self.terminals)
        self._befall_server()
        self._befall(terminal)
        for one in (terminal, *self._in_step.get(terminal.name, ())):
            if one.alive:
                self.act(one, self.habits.act)
        if self._missed.random() < self._often_missed:
            self._note_missed(terminal)
        if self._ordering.random() < self._often_ordered and terminal.alive:
            self.happened("special order", terminal.name)
            self.act(terminal, lambda terminal, _: clerk.attempt(ordering.order, terminal, self._ordering))
        if self._priced.random() < self._often_priced and terminal.alive:
            self.happened("price level", terminal.name)
            self.act(terminal, lambda terminal, _: clerk.attempt(price_levels.act, terminal, self._priced))

    def _note_missed(self, terminal: Terminal) -> None:
        """Somebody asks for something at a till, and goes without it."""
        if terminal.alive:
            self.happened("lost sale", terminal.name)
            self.act(terminal, lambda terminal, _: clerk.attempt(noting.note, terminal, self._missed))

    def _burst(self) -> None:
        """A stocktaking from a list, or a drawer's whole day: more changes, or more bytes, than one call carries."""
        chance = self._chance("burst of work")
        terminal = chance.choice(self.terminals)
        if terminal.alive:
            self.happened("burst", terminal.name)
            self.act(terminal, lambda terminal, _: clerk.attempt(clerk.much_at_once, terminal, chance))

    def _strikes(self, what: str) -> bool:
        odds = self.odds[what]
        return odds > 0 and self.rng.random() < odds

    def _befall_server(self) -> None:
        if self._strikes("order"):
            self.happened("order", self.server.place_order(self.rng))
        if self._strikes("server restored"):
            if self.rng.random() < 0.5:
                self.restore("server restored")
            else:
                self.server.backup()
                self.note("server backed up")
        if self._strikes("purge"):
            self.server.purge()
            self.happened("purge")

    def _between_pages(self, message: Message) -> None:
        """A page of a pull was read, and more are to come: now is the worst moment."""
        if self.weather.calm:
            return
        if self._strikes("deleted between pages") and self.server.parts() > 2:
            change_id = self.server.delete_part(self.rng)
            self.books.enter_foreign(change_id, self.server.deeds[self.server.life][change_id])
            self.server.purge()
            self.happened("deleted between pages", change_id)
        if self._strikes("restored between pages"):
            self.restore("restored between pages")

    def restore(self, what: str = "server restored", *, announced: bool | None = None) -> None:
        """The server comes up again on an older copy of its data: its lines are cut, what it was asked is answered.
        Of three times it says so once, once it does not, and once so much happens there before a terminal looks that
        its counter has passed what they have seen."""
        if announced is None:
            announced = self._quiet.random() < 1 / 3
        before = self.server.counter
        self.server.restore(announced=announced)
        for terminal in self.terminals:
            terminal.exchange.break_off()
        self.happened(what if announced else f"{what} quietly", self.server.life)
        if not announced and self._quiet.random() < 0.5:
            self.overtake(before)

    def overtake(self, counter: int) -> None:
        """Customers order until the server's counter has passed where it stood in its life before."""
        while self.server.counter <= counter:
            self.server.place_order(self._quiet)
        self.happened("overtaken", self.server.counter)

    def _befall(self, terminal: Terminal) -> None:
        if self._strikes("clock jump"):
            terminal.clock.jump(timedelta(days=self.rng.choice((-1, 1))))
            self.happened("clock jump", terminal.name)
        if self._strikes("disk restored"):
            self._copy_or_restore(terminal)
        if self._strikes("clone") and len(self.terminals) < 4:
            self._clone(terminal)
        if terminal.alive and not terminal.guard.armed:
            self._threaten(terminal)

    def _threaten(self, terminal: Terminal) -> None:
        """Choose a write at which this terminal's process or disk gives up."""
        if self._strikes("crash"):
            terminal.guard.arm(self.rng.randint(0, 40), self.rng.choice(("crash before", "crash after")))
        elif self._strikes("disk full"):
            self.happened("disk full", terminal.name)
            terminal.guard.arm(self.rng.randint(0, 40), "full")
        elif self._strikes("unsynced"):
            self.happened("unsynced", terminal.name)
            terminal.guard.arm(self.rng.randint(0, 10), "unsynced")

    def _copy_or_restore(self, terminal: Terminal) -> None:
        if terminal.name not in self._copies or self.rng.random() < 0.3:
            self.copy_disk(terminal)
        else:
            self.put_back_disk(terminal)

    def copy_disk(self, terminal: Terminal) -> None:
        """Somebody makes a backup of a terminal's disk."""
        path = self._folder / f"{terminal.name}.copy"
        terminal.disk.copy_to(path)
        self._copies[terminal.name] = path, self.books.remember(terminal.name)
        self.note("disk copied", terminal.name)

    def put_back_disk(self, terminal: Terminal) -> None:
        """The backup takes the place of the disk."""
        path, remembered = self._copies[terminal.name]
        if terminal.alive:
            terminal.kill()
        terminal.disk.replace_by(path)
        self.books.put_back(terminal.name, remembered)
        self.happened("disk restored", terminal.name)
        self._boot(terminal)

    def _clone(self, original: Terminal) -> None:
        """The disk of a terminal is copied into a second machine, and both go on."""
        clone = self._terminal(len(self.terminals))
        original.disk.copy_to(clone.disk.path)
        self.books.seen[clone.name] = self.books.remember(original.name)
        self.terminals.append(clone)
        if self._steps.random() < 0.5:
            self._in_step.setdefault(original.name, []).append(clone)
        self.happened("clone", original.name, clone.name)
        clone.boot()

    def act(self, terminal: Terminal, act: Callable[[Terminal, random.Random], str]) -> None:
        """Let somebody do something at a terminal, which may be its last."""
        before = set(self.books.committed)
        try:
            self.note(terminal.name, act(terminal, self.rng))
        except Crash:
            self._crashed(terminal)
        new = [change_id for change_id in self.books.committed if change_id not in before]
        for change_id in new[:FEW_AT_ONCE]:  # a server that breaks on twenty changes of one call is no server
            if self._strikes("poison"):
                self.choke(change_id)

    def choke(self, change_id: str) -> None:
        """The server will break on this change, every time."""
        self.poison[change_id] = self.rng.random() < 0.3
        self.server.backend.faults.arm({"kind": "poison", "change": change_id, "count": None})
        one = self.books.committed.get(change_id)  # the half of an exchange is none before it goes up
        self.happened("poison", "half" if one is None else one.kind, change_id, self.poison[change_id])

    # --- the calm and the rest -----------------------------------------------------------------------

    async def _calm(self) -> None:
        """No more faults, and nobody touches anything. What the server still breaks on may hold up nothing."""
        self.note("calm")
        self.weather.calm = True
        for terminal in self.terminals:
            terminal.guard.disarm()
        if self.weather.broken:
            await self._go_on_without(self.weather.broken)
        began = self.loop.elapsed
        while waiting := self._waiting("fast", besides=self.poison):
            if self.loop.elapsed - began > PATIENCE:
                raise Violation(f"still not delivered after {PATIENCE:.0f} s: {waiting[:3]}")
            await self.pass_time(1.0)
        self.books.check_lanes(self.terminals, self.poison)

    async def _go_on_without(self, noun: str) -> None:
        """One noun of the server is still broken: that holds up nothing else."""
        self.happened("broken", noun)
        began = self.loop.elapsed
        while waiting := self._held_up(noun):
            if self.loop.elapsed - began > PATIENCE:
                raise Violation(f"held up because {noun} is broken: {waiting[:3]}")
            await self.pass_time(1.0)
        self.weather.broken = ""

    def _held_up(self, noun: str) -> list[object]:
        """What waits although its own calls work: changes, and channels. A list of customers waits for word of the
        payments that may be in it."""
        held: list[object] = [
            change
            for change in self._waiting("fast", besides=self.poison)
            if not change[0] or self._channel_of(change[0]) != noun
        ]
        where = (self.server.life, self.server.counter)
        besides = {noun, "customers"} if noun == "sales" else {noun}
        for terminal in self.terminals:
            seen = self.books.seen.get(terminal.name, Seen()).cursors
            held += [(terminal.name, one) for one in CHANNELS if one not in besides and seen.get(one) != where]
        return held

    def _channel_of(self, change_id: str) -> str:
        """The noun whose calls carry a change."""
        type = self.books.committed[change_id].type
        by_type = dict.fromkeys(("item", "receipt", "price_rule"), "inventory") | {
            "customer": "customers",
            "supplier": "suppliers",
        }
        return by_type.get(type, "orders" if type == "order" else "sales")

    def _waiting(self, *lanes: str, besides: Container[str] = ()) -> list[tuple[str, str, str]]:
        if not all(terminal.alive for terminal in self.terminals):
            return [("", "a terminal is down", "")]
        return [
            change
            for terminal in self.terminals
            for change in self.books.unanswered(terminal)
            if change[2] in lanes and change[0] not in besides
        ]

    async def _teach(self) -> None:
        """A server of version 1 learns the second, and terminals that have not heard of it ask in the next hour: then
        nothing has to wait here any more for the want of words."""
        if waiting := self._wordless():
            self.happened("kept here", str(len(waiting)))
        if self.server.backend.database.protocol == 1:
            for terminal in self.terminals:
                self.books.lost_sales.check_waiting(terminal, or_fast=True)
                price_levels.check_waiting(terminal, or_fast=True)
        self.server.teach()
        if not self._have_learned():
            await self.pass_time(40.0)  # a call that was missing once would else be missing for an hour
        self._let_hour_pass()
        await self.pass_time(5.0)  # of an answer that was on its way no terminal hears anything for an hour
        self._let_hour_pass()
        began = self.loop.elapsed
        while (waiting := self._wordless()) or not self._have_learned():
            if self.loop.elapsed - began > PATIENCE:
                raise Violation(f"the server has learned, and still waits here: {waiting[:3]}")
            await self.pass_time(1.0)

    def _wordless(self) -> list[tuple[str, ...]]:
        """What waits because the server has no words for it: it was never sent."""
        sql = (
            "SELECT change_id, kind, type FROM outbox WHERE lane = 'local' AND answered_at IS NULL"
            " AND first_sent_at IS NULL"
        )
        return [row for terminal in self.terminals if terminal.alive for row in terminal.sql(sql)]

    def _have_learned(self) -> bool:
        return all(terminal.alive and terminal.ask(_has_learned) for terminal in self.terminals)

    def _let_hour_pass(self) -> None:
        for terminal in self.terminals:
            if terminal.alive and not terminal.ask(_has_learned):
                terminal.clock.jump(HOUR)
                terminal.sync.wake()

    async def _rest(self) -> None:
        """The server is mended and a quarter of an hour passes; then all must be one. What failed before it was mended
        may reach the slow lane only now: it gets a quarter of an hour of its own."""
        self.poison.clear()
        self.server.backend.faults.clear()
        await self._teach()
        if self._waiting("slow", "fast"):
            self.happened("slow lane")
            await self.pass_time(5.0)  # what was answered before the server was mended arrives
            self.pass_quarter()
        self._send_again_what_was_unread()
        began, again = self.loop.elapsed, True
        while (waiting := self._waiting("fast", "slow")) or not self._settled() or self._send_again_what_was_unread():
            if again and waiting and not self._waiting("fast"):
                again = False
                self.pass_quarter()
            if self.loop.elapsed - began > PATIENCE:
                missing = waiting[:3] or f"not at the server's counter {self.server.counter}"
                raise Violation(f"never delivered: {missing}")
            await self.pass_time(1.0)
        self.note("rest")
        self.books.at_rest(self.terminals)
        if self.rng.random() < 0.25:
            await self._idle()

    def _send_again_what_was_unread(self) -> bool:
        """A row that makes no sense is not asked for again: it comes when somebody changes it. One may still be on its
        way when the faults end: this is asked again when all has arrived. False where no terminal waits for any."""
        asides = [terminal.sql("SELECT record_id FROM set_aside") for terminal in self.terminals if terminal.alive]
        sent = False
        for part_id in sorted({row[0] for rows in asides for row in rows}):
            if (change_id := self.server.touch_part(self.rng, part_id)) is not None:
                self.books.enter_foreign(change_id, self.server.deeds[self.server.life][change_id])
                self.happened("unreadable", part_id)
                sent = True
        return sent

    def pass_quarter(self) -> None:
        for terminal in self.terminals:
            terminal.clock.jump(SLOW)
            terminal.sync.wake()  # as its timer would: that does not jump

    async def _idle(self) -> None:
        """Nothing is left to do, so next to nothing is done, but by a terminal that hears only now what the server can
        do: it fetches once more what it could not read."""
        began = self.loop.elapsed
        while self._fetches_anew() and self.loop.elapsed - began < PATIENCE:
            await self.pass_time(1.0)
        before = {one.name: (one.line.calls, one.ask(abilities.knows, "payment_void")) for one in self.terminals}
        await self.pass_time(65.0)
        for terminal in self.terminals:
            calls, knew = before[terminal.name]
            made = terminal.line.calls - calls
            if made > 40 and terminal.ask(abilities.knows, "payment_void") == knew:
                raise Violation(f"{terminal.name} does not rest: {made} calls in a minute without any news")

    def _fetches_anew(self) -> bool:
        """Whether a terminal is in the middle of fetching once more what it had."""
        pending = "SELECT 1 FROM sync_state WHERE name LIKE '%.renew' UNION SELECT 1 FROM pull_page"
        return any(terminal.sql(pending) for terminal in self.terminals)

    def _settled(self) -> bool:
        """Every channel of every terminal stands at the server's counter."""
        where = dict.fromkeys(CHANNELS, (self.server.life, self.server.counter))
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


def _has_learned() -> bool:
    """The terminal has heard what the server knows, and has fetched what it could not read before."""
    renewed = not any(state.get(f"{channel}.renew") for channel in CHANNELS)
    return abilities.knows("unit") and renewed
