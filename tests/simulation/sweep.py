"""The crash sweep: short stories, told again and again, and each time the till dies, or its disk is full, at
another write, until every single one has had its turn.

The line is perfect here and chance has nothing to say: whatever goes wrong is this one write.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

from tests.memory import memory

from . import clerk, exchanging, noting, ordering, outcome, price_levels, quoting
from .disk import Moment
from .violation import Violation
from .virtual_time import NothingLeft
from .world import World

MOMENTS: tuple[Moment, ...] = get_args(Moment)


class Rehearsal(World):
    """A world in which nothing happens but the story, and the one write."""

    def __init__(self, story: Story, write: int, moment: Moment, folder: Path) -> None:
        super().__init__(STORY_SEED, 0, folder, [outcome.new_disks()[-1]])
        self.odds = dict.fromkeys(self.odds, 0.0)
        self.weather.calm, self.weather.broken = True, ""
        while len(self.terminals) > 2:
            self.terminals.pop()
        self._story, self._write, self._moment = story, write, moment
        self.first, self.second = self.terminals
        self.met = False
        """The story got as far as the write that was to fail."""

    async def live(self) -> None:
        for terminal in self.terminals:
            terminal.boot()
        guard = self.first.guard
        guard.arm(self._write, self._moment)
        await self._story(self)
        self.met = not guard.armed
        await self._calm()
        await self._rest()

    def at_once(self, deed: clerk.Deed) -> None:
        """One deed, without waiting for anything."""
        if self.first.alive:
            self.act(self.first, partial(clerk.attempt, deed))

    async def do(self, deed: clerk.Deed, *, second: bool = False) -> None:
        """One deed, and time for a round; a till that is down is waited for, as its clerk would."""
        terminal = self.second if second else self.first
        while not terminal.alive:
            await self.pass_time(1.0)
        self.act(terminal, partial(clerk.attempt, deed))
        await self.pass_time(2.0)


Story = Callable[[Rehearsal], Awaitable[None]]
STORIES: dict[str, Story] = {}
STORY_SEED = 2


def story(tell: Story) -> Story:
    STORIES[tell.__name__] = tell
    return tell


@story
async def a_sale_and_its_end(world: Rehearsal) -> None:
    await world.do(clerk.sell)
    await world.do(clerk.give_back)
    await world.do(clerk.sell)
    await world.do(clerk.void)


@story
async def many_sales_at_once(world: Rehearsal) -> None:
    for _ in range(6):
        world.at_once(clerk.sell)
    await world.pass_time(3.0)


@story
async def somebody_elses_sale(world: Rehearsal) -> None:
    await world.do(clerk.sell, second=True)
    await world.do(clerk.void)
    await world.do(clerk.sell, second=True)
    await world.do(clerk.give_back)


@story
async def a_quotation_and_its_end(world: Rehearsal) -> None:
    await world.do(quoting.quote)
    await world.do(quoting.lose)
    await world.do(quoting.take_up)
    await world.do(clerk.void)
    await world.do(quoting.take_up)


@story
async def an_exchange_and_its_return(world: Rehearsal) -> None:
    await world.do(clerk.sell)
    await world.do(exchanging.exchange)
    await world.do(clerk.give_back)
    await world.do(exchanging.exchange, second=True)
    await world.do(exchanging.give_back_loose)


@story
async def what_was_asked_for_in_vain(world: Rehearsal) -> None:
    await world.do(noting.note)
    await world.do(noting.note, second=True)
    await world.do(noting.note)


@story
async def a_special_order_and_its_deposit(world: Rehearsal) -> None:
    await world.do(ordering.place)
    await world.do(ordering.order)
    await world.do(ordering.order)
    await world.do(clerk.take_back)
    await world.do(ordering.order)


@story
async def what_a_level_pays(world: Rehearsal) -> None:
    await world.do(price_levels.make)
    await world.do(price_levels.write, second=True)
    await world.do(price_levels.sell)
    await world.do(price_levels.end)


@story
async def a_new_part(world: Rehearsal) -> None:
    await world.do(clerk.create_part)
    await world.do(clerk.sell)
    await world.do(clerk.edit_part)


@story
async def two_edits_of_one_part(world: Rehearsal) -> None:
    for _ in range(3):
        await world.do(clerk.open_form)
        await world.do(clerk.edit_part, second=True)
        await world.do(clerk.edit_part)
    await world.do(clerk.decide)


@story
async def a_part_that_goes(world: Rehearsal) -> None:
    await world.do(clerk.delete_part)
    await world.do(clerk.edit_part, second=True)
    world.server.purge()
    await world.do(clerk.delete_part, second=True)
    await world.do(clerk.sell)


@story
async def a_customer_on_account(world: Rehearsal) -> None:
    await world.do(clerk.create_customer)
    await world.do(clerk.edit_customer)
    await world.do(clerk.pay)
    await world.do(clerk.delete_customer)


@story
async def an_order(world: Rehearsal) -> None:
    world.server.place_order(world.rng)
    await world.pass_time(35.0)
    await world.do(clerk.answer_order)
    await world.do(clerk.sell_order)


@story
async def stock_without_a_sale(world: Rehearsal) -> None:
    await world.do(clerk.count_stock)
    await world.do(clerk.adjust)
    await world.do(clerk.drawer)


@story
async def a_restored_server(world: Rehearsal) -> None:
    world.server.backup()
    await world.do(clerk.sell)
    await world.do(clerk.edit_part)
    await world.do(clerk.create_part)
    world.server.restore()
    await world.do(clerk.sell)
    await world.pass_time(5.0)


@story
async def a_floor_above_the_cursor(world: Rehearsal) -> None:
    await world.do(clerk.sell)
    await world.do(clerk.delete_part, second=True)
    await world.do(clerk.delete_part, second=True)
    world.server.purge()
    await world.do(clerk.sell)
    await world.pass_time(5.0)


@story
async def a_change_that_chokes_the_server(world: Rehearsal) -> None:
    await world.do(clerk.sell)
    for _ in range(3):
        world.at_once(clerk.sell)
    for change_id in list(world.books.committed)[-1:]:
        world.choke(change_id)
    await world.pass_time(10.0)
    await world.do(clerk.adjust)


@dataclass(frozen=True, slots=True)
class Telling:
    """One run of a story: what was wrong in the end, and whether the write that was to fail was reached."""

    violation: str | None
    reached: bool


def tell(name: str, write: int, moment: Moment) -> Telling:
    """Tell a story once, with this write failing in this way."""
    folder = tempfile.mkdtemp(dir=memory(), prefix="clutch-")
    world = Rehearsal(STORIES[name], write, moment, Path(folder))
    violation = None
    with outcome.mistakes_heard() as broken:
        try:
            asyncio.set_event_loop(world.loop)
            world.loop.run_until_complete(outcome.listen(world, broken))
        except (Violation, NothingLeft) as error:
            violation = str(error) or repr(error)
        finally:
            world.close()
            asyncio.set_event_loop(None)
            shutil.rmtree(folder, ignore_errors=True)
    return Telling(violation if broken.first is None else broken.first, world.met)


def sweep(name: str, *, every: int = 1) -> Iterator[tuple[int, Moment, str | None]]:
    """Tell a story for each write (or every few), in every way in which it can fail, until none is left."""
    for moment in MOMENTS:
        write = 0
        while True:
            telling = tell(name, write, moment)
            if not telling.reached:
                break
            yield write, moment, telling.violation
            write += every
