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
from clutch_tui.core.outbox import outbox
from clutch_tui.core.sync import part_staging
from clutch_tui.core.sync.fallback import single_writes
from clutch_tui.errors import Problem

from .. import wire
from ..client.errors import ABOUT_EVERY_CALL, ApiError, Kind
from . import negotiation, record_calls
from .context import SyncContext, SyncPart
from .restore_check import RestoreCheck
from .schedule import Schedule
from .shop_profile import ShopProfile
from .transport import Transports

log = logging.getLogger(__name__)

PING_WITHIN = 5.0
"""Seconds that a server has for a ping once it has let another call wait in vain."""


class SyncEngine(SyncPart):
    """The engine of one store. `run` leads it; `round` does everything once and raises what went wrong."""

    def __init__(self, context: SyncContext) -> None:
        super().__init__(context)
        self._schedule = Schedule(context.clock, context.chance, context.idle)
        self._transports = Transports(context, self._schedule)
        self._profile = ShopProfile(context)
        self._restore_check = RestoreCheck(context, self._transports)
        self._is_new = True
        """Nobody has asked yet what the server behind this connection can do."""
        self._one_at_a_time = asyncio.Lock()
        self._starting = False
        self._pinged = False

    # --- the loop --------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something is worth a round: a new change, an event, a key. Cheap, and never lost."""
        self._schedule.wake()

    def pull(self, reason: str) -> None:
        """The socket asks for a round. One that has just been connected may have been cut off by a server that was
        started again, as another version or on another copy of its data."""
        if reason == "connected":
            self.look_again()
        self.wake()

    def look_again(self) -> None:
        """The line was away, or a person asks: the server may have learned to sync meanwhile, or a newer protocol."""
        self._is_new = True
        self._restore_check.look_again()

    def put_off_nothing(self) -> None:
        """A person waits for the next round: nothing in it is put off to spare the line."""
        self._transports.lists.at_once = True

    async def run(self) -> None:
        """Rounds for ever; ends by being cancelled, whatever goes wrong in them."""
        self._starting = True
        while True:
            await self._schedule.rest(await self.step())

    async def _start(self) -> None:
        """Do what a process does once, in its first round: a disk that is full then may have room in the next."""
        await self._store.run(outbox.wake_slow)
        while await self._store.run(search.index_slice):  # what a process that was killed had left
            pass
        self._starting = False

    async def step(self) -> float:
        """One round, with whatever goes wrong turned into a state; the seconds until the next is due."""
        self._schedule.begin()
        try:
            if self._starting:
                await self._start()
            before = self._monitor.traffic.sent
            await self.round()
            self._schedule.is_well()
            fruitful = self._monitor.traffic.sent > before
            return self._schedule.until(await self._store.read(outbox.next_due), fruitful=fruitful)
        except ApiError as error:
            return self._failed(error, self._schedule.after(error))
        except (wire.BadPayload, ShopError) as error:
            return self._failed(error, self._schedule.after_failure())
        except Exception as error:  # the engine outlives its own mistakes: it reports them and tries again
            log.exception("a sync round broke")
            return self._failed(error, self._schedule.after_failure())

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
        calls = self._transports.calls
        calls.begin_round()
        if await self._store.read(part_staging.is_torn):
            await self._store.run(part_staging.mend)
        await self._try_line()
        await self._get_to_know()
        await calls.recheck()
        await self._restore_check.go()
        await self._each_in_turn()
        self._transports.lists.at_once = False
        if (error := calls.too_old) is not None:
            calls.too_old = None
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
        await self._transports.look_for_sync(anew=anew)

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
        each = self._transports
        steps: list[Callable[[], Awaitable[None]]] = []
        if await each.sales_need_customers_first():
            steps.append(each.push_records)
        # what is new in the queue after its step has the next round: one that fails would count against itself twice
        steps += [partial(each.push, "inventory"), partial(each.exchange, "sales"), partial(each.pull, "inventory")]
        steps += [each.push_records, *(partial(each.pull, channel) for channel in record_calls.NOUNS)]
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
                if error.kind is Kind.TIMEOUT and not any(map(_is_silence, broken)):
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


def _is_silence(error: ApiError | wire.BadPayload) -> bool:
    return isinstance(error, ApiError) and error.kind is Kind.TIMEOUT


def _problem(error: Exception) -> Problem:
    if isinstance(error, ApiError):
        return error.problem
    if isinstance(error, wire.BadPayload):
        return Problem("error.sync.bad_answer", {"reason": error.reason})
    if isinstance(error, ShopError):
        return error.problem
    return Problem("error.sync.internal", {"reason": repr(error)[:200]})
