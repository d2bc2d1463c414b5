"""Sends what the shop did and fetches what others did, for ever (docs/protocol.md#synchronisation).

A round pushes inventory, pushes sales, pulls both, then does the same for customers, suppliers and orders. One
call is in flight at a time. What a call brings is stored in one transaction; what it does not bring is asked
for again. Nothing here gives up: a failed round arms a timer with full jitter, a change that fails alone while
an empty probe succeeds leaves the way of the others, and only the server's own answer ends a change.

Clock, chance, store and transport (inside `Api`) are handed in; nothing sleeps by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from clutch_tui.core import search
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox, transports
from clutch_tui.core.sync import part_staging
from clutch_tui.core.sync.fallback import single_writes

from .. import wire
from ..client.errors import ABOUT_EVERY_CALL, NOT_FOR_THIS, ApiError, Kind
from ..monitor import Problem
from . import negotiation, record_calls
from .context import SyncContext
from .fallback.list_reader import ListReader
from .fallback.single_writes import SingleWrites
from .record_channels import RecordChannels
from .restore_check import RestoreCheck
from .schedule import Schedule
from .shop_profile import ShopProfile
from .sync_calls import SyncCalls, SyncChannel

log = logging.getLogger(__name__)

PING_WITHIN = 5.0
"""Seconds that a server has for a ping once it has let another call wait in vain."""
LOOK_EVERY = 3600.0
"""Seconds after which a server without sync is asked again whether it has learned to."""


class SyncEngine:
    """The engine of one store. `run` leads it; `round` does everything once and raises what went wrong."""

    def __init__(self, context: SyncContext) -> None:
        store, api, monitor = context.store, context.api, context.monitor
        clock, on_change = context.clock, context.on_change
        self._store = store
        self._api = api
        self._monitor = monitor
        self._clock = clock
        self._on_change = on_change
        self._pace = Schedule(clock, context.chance, context.idle)
        self._exchange = SyncCalls(context, self._pace)
        self._profile = ShopProfile(store, api, clock=clock, on_change=on_change)
        self._lists = ListReader(store, api, monitor, clock=clock, on_change=on_change)
        self._singles = SingleWrites(
            store,
            api,
            monitor,
            clock=clock,
            on_change=on_change,
            policies=context.policies,
            stock_by=context.stock_by,
        )
        self._parties = RecordChannels(
            context,
            self._pace,
            lists=self._lists,
            singles=self._singles,
            ask_about_sales=partial(self._exchange.ask, "sales"),
        )
        self._lookback = RestoreCheck(store, self._exchange, monitor, clock)
        self._looked_at = 0.0
        self._is_new = True
        """Nobody has asked yet what the server behind this connection can do."""
        self._looks = False
        """Whether it syncs has been asked and not been answered to the end."""
        self._one_at_a_time = asyncio.Lock()
        self._starting = False
        self._pinged = False

    # --- the loop --------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something is worth a round: a new change, an event, a key. Cheap, and never lost."""
        self._pace.wake()

    def pull(self, reason: str) -> None:
        """The socket asks for a round. One that has just been connected may have been cut off by a server that was
        started again, as another version or on another copy of its data."""
        if reason == "connected":
            self.look_again()
        self.wake()

    def look_again(self) -> None:
        """The line was away, or a person asks: the server may have learned to sync meanwhile, or a newer protocol."""
        self._is_new = True
        self._lookback.look_again()

    def hurry(self) -> None:
        """A person waits for the next round: nothing in it is put off to spare the line."""
        self._lists.hurry = True

    async def run(self) -> None:
        """Rounds for ever; ends by being cancelled, whatever goes wrong in them."""
        self._starting = True
        while True:
            await self._pace.rest(await self.step())

    async def _start(self) -> None:
        """Do what a process does once, in its first round: a disk that is full then may have room in the next."""
        await self._store.run(outbox.wake_slow)
        while await self._store.run(search.index_slice):  # what a process that was killed had left
            pass
        self._starting = False

    async def step(self) -> float:
        """One round, with whatever goes wrong turned into a state; the seconds until the next is due."""
        self._pace.begin()
        try:
            if self._starting:
                await self._start()
            before = self._monitor.traffic.sent
            await self.round()
            self._pace.is_well()
            fruitful = self._monitor.traffic.sent > before
            return self._pace.until(await self._store.read(outbox.next_due), fruitful=fruitful)
        except ApiError as error:
            return self._failed(error, self._pace.after(error))
        except (wire.BadPayload, ShopError) as error:
            return self._failed(error, self._pace.after_failure())
        except Exception as error:  # the engine outlives its own mistakes: it reports them and tries again
            log.exception("a sync round broke")
            return self._failed(error, self._pace.after_failure())

    def _failed(self, error: Exception, seconds: float | None = None) -> float:
        """Say why the last round failed, and when the next will be, where that is known."""
        seconds, due = (0.0, None) if seconds is None else (seconds, self._clock.now() + timedelta(seconds=seconds))
        refused = isinstance(error, ApiError) and error.kind is Kind.UNAUTHORIZED
        self._monitor.set("sync", "refused" if refused else "retrying", _problem(error), due)
        return seconds

    # --- a round ---------------------------------------------------------------------------------------

    async def round(self) -> None:
        """Push and pull everything once. Raises `ApiError`, `wire.BadPayload` and `ShopError`; what was stored
        before that stays stored."""
        async with self._one_at_a_time:
            self._monitor.set("sync", "working")
            try:
                await self._everything()
            except Exception as error:
                self._failed(error)  # also of a round that a person has asked for, whose next has its time already
                raise
            self._monitor.set("sync", "up")

    async def _everything(self) -> None:
        self._exchange.begin_round()
        if await self._store.read(part_staging.is_torn):
            await self._store.run(part_staging.mend)
        await self._try_line()
        await self._get_to_know()
        await self._exchange.recheck()
        await self._lookback.go()
        await self._each_in_turn()
        self._lists.hurry = False
        if (error := self._exchange.too_old) is not None:
            self._exchange.too_old = None
            raise error

    async def _get_to_know(self) -> None:
        """Hear what the server can do. What another connection has told holds for no longer than that, and one that
        begins meanwhile is looked at in the next round."""
        anew, self._is_new, through = self._is_new, False, False
        try:
            await negotiation.refresh(self._store, self._api, anew=anew)
            through = True
        except ApiError as late:
            if late.kind is not Kind.TIMEOUT:
                raise
            await self._must_answer(late)
            through = True
        finally:
            self._is_new |= anew and not through
        await self._look_for_sync(anew=anew)

    async def _try_line(self) -> None:
        """While the circuit is open one call may try. Every other time that is a ping: were it always the first call
        of a round, and that call alone broken, a server that does all others would never be heard again."""
        breaker = self._api.breaker
        if not breaker.is_open or breaker.wait > 0:
            return
        self._pinged = not self._pinged
        if not self._pinged:
            return
        try:
            await self._api.call("system.ping", retry=False)
        except ApiError:
            if breaker.is_open:
                raise

    async def _each_in_turn(self) -> None:
        """Both ways of every channel. What breaks one holds up no other while the server answers; the first that
        went wrong is raised in the end."""
        steps: list[Callable[[], Awaitable[None]]] = []
        if await self._store.read(transports.by_lists, "sales"):
            steps.append(self._parties.push)  # a sale that goes up by itself names a customer who must be there
        if await self._store.read(outbox.waiting, "inventory"):
            steps.append(partial(self._go, "inventory", pull=False))
        # what is new in the queue by then has the next round: one that fails would count against itself twice in one
        steps += [partial(self._go, "sales"), partial(self._go, "inventory", push=False), self._parties.push]
        steps += [partial(self._parties.pull, channel) for channel in record_calls.NOUNS]
        # also where something else is broken: whose work this database holds, only the server's profile says for good
        steps.append(self._profile.refresh)
        broken: list[ApiError | wire.BadPayload] = []
        for step in steps:
            try:
                await step()
            except ApiError as error:
                if error.kind is Kind.BREAKER_OPEN and broken:
                    raise broken[-1] from None  # what opened it says more than that we wait
                if error.kind in ABOUT_EVERY_CALL or await self._store.read(single_writes.in_doubt):
                    raise
                if error.kind is Kind.TIMEOUT and not any(_is_silence(one) for one in broken):
                    await self._must_answer(error)
                broken.append(error)
            except wire.BadPayload as error:
                broken.append(error)
        if broken:
            raise broken[0]

    async def _must_answer(self, late: ApiError) -> None:
        """One call was not answered in time. Where not even a ping is, the others would only wait as long: raises what
        was late."""
        try:
            await self._api.call("system.ping", retry=False, timeout=PING_WITHIN)
        except ApiError as error:
            if error.kind is Kind.TIMEOUT:
                raise late from None

    # --- with sync, or without -------------------------------------------------------------------------

    async def _go(self, channel: SyncChannel, *, push: bool = True, pull: bool = True) -> None:
        """Push and pull a channel the way that this server has for it."""
        if await self._store.read(transports.by_lists, channel):
            if push:
                await self._singles.push(channel)
            if pull:
                await self._lists.pull(channel)
            return
        if push and await self._store.read(single_writes.any_begun, channel):
            await self._singles.push(channel, begun=True)
        try:
            if push:
                await self._exchange.everything(channel, pull=pull)
            else:
                await self._exchange.pull(channel)
        except ApiError as error:
            if error.kind is not Kind.MISSING_ROUTE or not await self._store.run(transports.miss, channel):
                raise
            self._tell_way(channel, "lists")
            await self._go(channel, push=push, pull=pull)

    async def _look_for_sync(self, *, anew: bool) -> None:
        """Ask a server that had no sync calls, once in a while, whether it has learned them."""
        self._looks = self._looks or anew or self._clock.monotonic() - self._looked_at >= LOOK_EVERY
        if not self._looks:
            return
        began = self._clock.monotonic()
        for channel in await self._store.read(transports.without_sync):
            if await self._has_sync(channel):
                await self._store.run(transports.take, channel, "sync")
                self._tell_way(channel, "sync")
            else:
                await self._store.run(single_writes.try_local_again, channel)
        self._looked_at, self._looks = began, False

    async def _has_sync(self, channel: str) -> bool:
        try:
            if channel in record_calls.NOUNS:
                return await record_calls.is_tracked(self._api, channel)
            await self._exchange.once("inventory" if channel == "inventory" else "sales", (), pull=False)
        except ApiError as error:
            if error.kind in NOT_FOR_THIS:
                return False
            raise
        except wire.BadPayload:  # something answers there, but it is no sync
            return False
        return True

    def _tell_way(self, channel: str, way: transports.Way) -> None:
        self._monitor.note("info", "sync", f"sync.way_{way}", channel=channel)
        self._on_change(frozenset({"queue", "connection"}))


def _is_silence(error: ApiError | wire.BadPayload) -> bool:
    return isinstance(error, ApiError) and error.kind is Kind.TIMEOUT


def _problem(error: Exception) -> Problem:
    if isinstance(error, ApiError):
        return error.problem
    if isinstance(error, wire.BadPayload):
        return Problem("error.sync.bad_answer", {"reason": error.reason})
    if isinstance(error, ShopError):
        return Problem(error.key, error.values)
    return Problem("error.sync.internal", {"reason": repr(error)[:200]})
