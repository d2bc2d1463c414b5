"""Sends what the shop did and fetches what others did, for ever (contract, section 5).

A round pushes inventory, pushes sales, pulls both, then does the same for customers, suppliers and orders. One
call is in flight at a time. What a call brings is stored in one transaction; what it does not bring is asked
for again. Nothing here gives up: a failed round arms a timer with full jitter, a change that fails alone while
an empty probe succeeds leaves the way of the others, and only the server's own answer ends a change.

Clock, chance, store and transport (inside `Api`) are handed in; nothing sleeps by itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from clutch_tui.core import search, state
from clutch_tui.core.clock import Clock
from clutch_tui.core.database.store import Store
from clutch_tui.core.sync import arrivals, offers, outbox, replica, singles, ways
from clutch_tui.core.sync.messages import Change, PullPage, PullState
from clutch_tui.core.sync.offers import Offer
from clutch_tui.core.sync.outbox import Channel
from clutch_tui.core.types import Lane, ShopError

from .. import wire
from ..client import reference
from ..client.api import Api
from ..client.errors import NOT_ABOUT_A_CHANGE, NOT_FOR_THIS, ApiError, Kind
from ..client.retry import backoff
from ..connection import Monitor, Problem
from . import protocol, rest
from .lists import Lists
from .parties import BAD_ANSWER, Parties, claimed
from .portions import BATCH, Portions
from .singles import Singles

log = logging.getLogger(__name__)

SyncChannel = Literal["inventory", "sales"]

MOST_BYTES = 240 * 1024
"""A little less than the server takes: the envelope of the call counts, too."""
MOST_REPEATS = 20
"""Calls in a row for the same thing. One whose answer moves nothing and wants another would go on for ever, as fast as
the line allows."""
MOST_EPOCHS = 3
"""New epochs in one round. More come from servers that stand in for each other, each with an epoch of its own."""
LOOK_EVERY = 3600.0
"""Seconds after which a server without sync is asked again whether it has learned to."""
SHOP_EVERY, SHOP_AGAIN = timedelta(hours=1), timedelta(minutes=5)
"""How often the shop's profile and settings are asked for, and how soon again where they were not to be had."""
SKEW = timedelta(minutes=2)
"""From here on a clock that is wrong is worth telling."""

OnChange = Callable[[frozenset[str]], None]
Aside = Callable[..., Awaitable[protocol.SyncAnswer]]
"""Does long work off the event loop, so that keys are heard while a first pull is checked: `asyncio.to_thread`."""


async def _here(work: Callable[..., protocol.SyncAnswer], *args: Any) -> protocol.SyncAnswer:
    return work(*args)


def _epoch_in(error: ApiError) -> str | None:
    """The epoch that a refusal names, where it is one of an epoch."""
    if error.kind is not Kind.CONFLICT or error.code != "EPOCH" or not isinstance(error.data, dict):
        return None
    return str(error.data["epoch"]) if error.data.get("epoch") else None


class Sync:
    """The engine of one store. `run` leads it; `round` does everything once and raises what went wrong.

    `on_change` is told, in the event loop's thread, which nouns have new rows after each stored answer.
    """

    def __init__(
        self,
        store: Store,
        api: Api,
        monitor: Monitor,
        *,
        shop_id: str,
        device_id: str,
        clock: Clock,
        chance: random.Random,
        on_change: OnChange,
        policies: Mapping[str, str],
        page_size: int = 5000,
        portion: int = arrivals.AT_ONCE,
        stock_by: str = "auto",
        timeout: float = 60.0,
        idle: Callable[[], float] = lambda: 30.0,
        aside: Aside | None = None,
    ) -> None:
        self._store = store
        self._api = api
        self._monitor = monitor
        self._shop_id = shop_id
        self._device_id = device_id
        self._clock = clock
        self._chance = chance
        self._on_change = on_change
        self._policies = policies
        self._page_size = page_size
        self._portion = portion
        self._timeout = timeout
        self._idle = idle
        self._aside = aside or _here
        self._lists = Lists(store, api, monitor, clock=clock, on_change=on_change)
        self._singles = Singles(
            store, api, monitor, clock=clock, on_change=on_change, policies=policies, stock_by=stock_by
        )
        self._parties = Parties(
            store,
            api,
            monitor,
            lists=self._lists,
            singles=self._singles,
            on_change=on_change,
            policies=policies,
            page_size=page_size,
            wake=self.wake,
            is_well=self._is_well,
            ask_about_sales=self._ask_about_sales,
        )
        self._looked_at: float | None = None
        self._wanted = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._failures = 0
        self._portions = Portions()
        self._suspects: dict[str, tuple[str, ...]] = {}
        self._repeated: tuple[tuple[object, ...] | None, int] = (None, 0)
        self._too_old_error: ApiError | None = None
        self._shop_known_at: datetime | None = None
        self._starting = False
        self._epochs = 0
        self._not_before = 0.0

    # --- the loop --------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something is worth a round: a new change, an event, a key. Cheap, and never lost."""
        self._wanted.set()

    def look_again(self) -> None:
        """The line was away, or a person asks: the server may have learned to sync meanwhile."""
        self._looked_at = None

    def hurry(self) -> None:
        """A person waits for the next round: nothing in it is put off to spare the line."""
        self._lists.hurry = True

    async def run(self) -> None:
        """Rounds for ever; ends by being cancelled, whatever goes wrong in them."""
        self._starting = True
        while True:
            await self._rest(await self.step())

    async def _start(self) -> None:
        """What a process does once, in its first round: a disk that is full then may have room in the next."""
        await self._store.run(outbox.wake_slow)
        while await self._store.run(search.index_slice):  # what a process that was killed had left
            pass
        self._starting = False

    async def step(self) -> float:
        """One round, with whatever goes wrong turned into a state; the seconds until the next is due."""
        self._wanted.clear()
        try:
            if self._starting:
                await self._start()
            await self.round()
            self._failures = 0
            self._monitor.set("sync", "up")
            return await self._until_due()
        except ApiError as error:
            return self._failed(error.problem, self._wait_for(error), refused=error.kind is Kind.UNAUTHORIZED)
        except wire.BadPayload as error:
            return self._failed(Problem("error.sync.bad_answer", {"reason": error.reason}), self._next_wait())
        except ShopError as error:
            return self._failed(Problem(error.key, error.values), self._next_wait())
        except Exception as error:  # the engine outlives its own mistakes: it reports them and tries again
            log.exception("a sync round broke")
            return self._failed(Problem("error.sync.internal", {"reason": repr(error)[:200]}), self._next_wait())

    async def _rest(self, seconds: float) -> None:
        """Wait until the timer ends or somebody wakes us."""
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        wanted = asyncio.ensure_future(self._wanted.wait())
        try:
            await asyncio.wait((timer, wanted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            wanted.cancel()
        if (held := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(held)  # the server has said when: a sale or an event is no reason to come sooner

    def _failed(self, problem: Problem, seconds: float, *, refused: bool = False) -> float:
        due = self._clock.now() + timedelta(seconds=seconds)
        self._monitor.set("sync", "refused" if refused else "retrying", problem, due)
        return seconds

    def _wait_for(self, error: ApiError) -> float:
        wait = self._next_wait()
        if error.kind is Kind.BREAKER_OPEN and error.retry_after is not None:
            return error.retry_after + self._chance.uniform(0, 0.5)
        if error.kind is Kind.RATE_LIMITED and error.retry_after:
            self._not_before = self._clock.monotonic() + error.retry_after
        return max(wait, error.retry_after or 0.0)

    def _next_wait(self) -> float:
        self._failures += 1
        return backoff(self._failures, self._chance)

    async def _until_due(self) -> float:
        """Seconds to the next round when all is well: the poll, or sooner where a change waits."""
        due = await self._store.read(outbox.next_due)
        if due is None:
            return self._idle()
        return min(self._idle(), max(0.2, (due - self._clock.now()).total_seconds()))

    # --- a round ---------------------------------------------------------------------------------------

    async def round(self) -> None:
        """Push and pull everything once. Raises `ApiError`, `wire.BadPayload` and `ShopError`; what was stored
        before that stays stored."""
        async with self._one_at_a_time:
            self._monitor.set("sync", "working")
            self._epochs = 0
            self._repeated = (None, 0)  # what failed in another round is no repetition in this one
            if await self._store.read(arrivals.is_torn):
                await self._store.run(arrivals.mend)
            await self._look_for_sync()
            await self._recheck()
            await self._each_in_turn()
            self._lists.hurry = False
            await self._ask_about_shop()
            if self._too_old_error is not None:
                error, self._too_old_error = self._too_old_error, None
                raise error

    async def _each_in_turn(self) -> None:
        """Both ways of every channel. What breaks one holds up no other while the server answers; the first that
        went wrong is raised in the end."""
        steps: list[Callable[[], Awaitable[None]]] = []
        if await self._store.read(ways.by_lists, "sales"):
            steps.append(self._push_rest)  # a sale that goes up by itself names a customer who must be there
        if await self._store.read(outbox.waiting, "inventory"):
            steps.append(partial(self._go, "inventory", pull=False))
        # what is new in the queue by then has the next round: one that fails would count against itself twice in one
        steps += [partial(self._go, "sales"), partial(self._go, "inventory", push=False), self._push_rest]
        steps += [partial(self._pull_rest, channel) for channel in rest.NOUNS]
        broken: list[ApiError | wire.BadPayload] = []
        for step in steps:
            try:
                await step()
            except ApiError as error:
                if error.kind in NOT_ABOUT_A_CHANGE or await self._store.read(singles.in_doubt):
                    raise
                broken.append(error)
            except wire.BadPayload as error:
                broken.append(error)
        if broken:
            raise broken[0]

    # --- with sync, or without -------------------------------------------------------------------------

    async def _go(self, channel: SyncChannel, *, push: bool = True, pull: bool = True) -> None:
        """Push and pull a channel the way that this server has for it."""
        if await self._store.read(ways.by_lists, channel):
            if push:
                await self._singles.push(channel)
            if pull:
                await self._lists.pull(channel)
            return
        if push and await self._store.read(singles.any_begun, channel):
            await self._singles.push(channel, begun=True)
        try:
            if push:
                await self._exchange_all(channel, pull=pull)
            else:
                while await self._exchange(channel, ()):
                    pass
        except ApiError as error:
            if error.kind is not Kind.MISSING_ROUTE or not await self._store.run(ways.miss, channel):
                raise
            self._tell_way(channel, "lists")
            await self._go(channel, push=push, pull=pull)

    async def _look_for_sync(self) -> None:
        """Ask a server that had no sync calls, once in a while, whether it has learned them."""
        now = self._clock.monotonic()
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            return
        for channel in await self._store.read(ways.without_sync):
            if await self._has_sync(channel):
                await self._store.run(ways.take, channel, "sync")
                self._tell_way(channel, "sync")
            else:
                await self._store.run(singles.try_local_again, channel)
        self._looked_at = now

    async def _has_sync(self, channel: str) -> bool:
        try:
            if channel in rest.NOUNS:
                return await rest.is_tracked(self._api, channel)
            await self._exchange("inventory" if channel == "inventory" else "sales", (), pull=False)
        except ApiError as error:
            if error.kind in NOT_FOR_THIS:
                return False
            raise
        except wire.BadPayload:  # something answers there, but it is no sync
            return False
        return True

    def _tell_way(self, channel: str, way: ways.Way) -> None:
        self._monitor.note("info", "sync", f"sync.way_{way}", channel=channel)
        self._on_change(frozenset({"queue", "connection"}))

    async def _exchange_all(self, channel: SyncChannel, *, pull: bool = True) -> None:
        """Call until the channel has nothing more to send and its pull is complete.

        A batch on which a healthy server breaks is halved at once; a change that breaks it alone ends the round
        instead: three failures in one second would say more about that second than about the change.
        """
        await self._probe_suspects(channel)
        more = True
        while more:
            changes = await self._claim(channel)
            try:
                more = await self._exchange(channel, changes, pull=pull)
            except (ApiError, wire.BadPayload):
                if len(changes) < 2 or not self._suspects.get(channel):
                    raise
                await self._probe_suspects(channel)
        for change in await self._claim(channel, lane="slow", limit=1):
            await self._try_alone(channel, change)

    async def _claim(self, channel: Channel, *, lane: Lane = "fast", limit: int = BATCH) -> tuple[Change, ...]:
        """The next changes to send. Looked for first by reading: a round with nothing to send takes no turn at
        writing, in which a sale would have to wait for it."""
        if not await self._store.read(outbox.waiting, channel, lane):
            return ()
        limit = min(limit, self._portions.size(channel))
        options = {"limit": limit, "max_bytes": MOST_BYTES, "lane": lane}
        return await self._store.run(claimed, channel, options)

    async def _recheck(self) -> None:
        """After a restore: offer everything that the old epoch answered, before any new row is stored."""
        while await self._store.read(offers.rechecking):
            if await self._store.read(ways.by_lists, "inventory"):
                if await self._store.read(ways.by_lists, "sales"):
                    return
                await self._exchange("sales", (), pull=False)
            else:
                await self._exchange("inventory", (), pull=False)

    async def _probe_suspects(self, channel: SyncChannel) -> None:
        """The last call with changes failed. If an empty one succeeds, something in the batch was to blame:
        halve it, and count it against a change that was alone."""
        if channel not in self._suspects:
            self._suspects[channel] = await self._store.read(outbox.suspects, channel)
        suspects = self._suspects[channel]
        if not suspects:
            return
        await self._exchange(channel, (), pull=False)
        self._failures = 0  # the server is well: what one change does to it is no reason to stay away for long
        await self._clear(channel)
        if len(suspects) > 1:
            self._portions.halve(channel, len(suspects))
        elif await self._store.run(outbox.failed_alone, suspects[0]):
            self._portions.restore(channel)
            self._monitor.note("warning", "sync", "sync.slow_lane", change=suspects[0])
            self._on_change(frozenset({"queue"}))

    async def _clear(self, channel: SyncChannel) -> None:
        if self._suspects.get(channel):
            await self._store.run(outbox.clear, channel)
        self._suspects[channel] = ()

    async def _try_alone(self, channel: SyncChannel, change: Change) -> None:
        """Try a change of the slow lane by itself; its failure is its own."""
        try:
            await self._exchange(channel, (change,), pull=False)
        except (ApiError, wire.BadPayload) as error:
            if isinstance(error, ApiError) and error.kind in NOT_ABOUT_A_CHANGE:
                raise
            await self._clear(channel)
            key = error.key if isinstance(error, ApiError) else BAD_ANSWER
            await self._store.run(outbox.make_slow, change.change_id, key)

    # --- one sync call ---------------------------------------------------------------------------------

    async def _exchange(self, channel: SyncChannel, changes: Sequence[Change], *, pull: bool = True) -> bool:
        """One call and its answer, stored. True where another call should follow at once."""
        here, asked, types, body = await self._store.run(self._compose, channel, changes)
        self._count_repeats((channel, here, asked, *(change.change_id for change in changes)))
        try:
            answer = await self._api.call(f"{channel}.sync", body=body, retry=False, timeout=self._timeout)
        except ApiError as error:
            if error.kind is Kind.TOO_OLD and isinstance(error.data, dict) and "epoch" in error.data:
                understood = protocol.read_sync(error.data, here, types)
                return await self._too_old(channel, changes, understood, asked, error)
            return await self._call_failed(channel, changes, error)
        understood = await self._aside(protocol.read_sync, answer.data, here, types)
        if changes and not any(change.change_id in understood.results for change in changes):
            await self._blame(channel, tuple(change.change_id for change in changes), BAD_ANSWER)
            raise wire.BadPayload("an answer without a result for any change")
        await self._note(channel, understood)
        for change in changes:
            if change.change_id in understood.unreadable:  # the server answers the others: this one alone waits
                await self._store.run(outbox.make_slow, change.change_id, BAD_ANSWER)
        # a change that was put off may have come through by an earlier copy of its call: its rows must wait until
        # the next call has asked about it
        put_off = any(not replica.answers(understood.results.get(change.change_id)) for change in changes)
        page = understood.page if pull and asked.complete and not put_off else None
        await self._stored(channel, understood, page, asked)
        if changes:
            self._portions.went_through(channel, len(changes))
        if understood.reset and pull:
            await self._store.run(replica.restart, channel)
            return True
        unfinished = (page is not None and page.more) or (put_off and pull)
        return unfinished or (bool(changes) and await self._store.read(outbox.waiting, channel))

    def _compose(
        self, channel: SyncChannel, changes: Sequence[Change]
    ) -> tuple[PullState, Offer, dict[str, str], dict[str, Any]]:
        """The body of a call, in one transaction: where the pull stands and what is unanswered belong together.
        Beside it what its answer is understood with: the types of the changes that it may speak of."""
        replica.begin(channel)
        here = replica.pull_state(channel)
        asked = offers.offer(repeated={change.change_id for change in changes})
        types = {change.change_id: change.type for change in changes} | offers.types_of(asked.ids)
        body = protocol.sync_request(
            shop_id=self._shop_id,
            device_id=self._device_id,
            lineage=state.lineage(),
            head=outbox.head(),
            pull=here,
            changes=changes,
            asked=asked,
            limit=self._page_size,
        )
        return here, asked, types, body

    def _count_repeats(self, call: tuple[object, ...]) -> None:
        last, times = self._repeated
        self._repeated = (call, times + 1 if call == last else 0)
        if self._repeated[1] >= MOST_REPEATS:
            raise wire.BadPayload("calls that move nothing, and a server that wants more of them")

    async def _stored(
        self, channel: str, understood: protocol.SyncAnswer, page: PullPage | None, asked: Offer | None
    ) -> None:
        """Store what an answer brought, in one transaction; or only its epoch, where that is news."""
        rest = await self._prepare(channel, page)
        nouns = await self._store.run(self._receive, channel, understood, rest, asked)
        if nouns is None:
            self.wake()
            return
        self._monitor.moved(sent=len(understood.results), fetched=len(page.rows) if page is not None else 0)
        while nouns and page is not None and await self._store.run(search.index_slice):
            pass
        if nouns:
            self._on_change(nouns)

    async def _prepare(self, channel: str, page: PullPage | None) -> PullPage | None:
        """Prepare the parts of a large pull ahead of the page they came with, so many at a time that a sale finds its
        turn; what is left of the page. They are shown when the pull is complete."""
        if page is None or channel != "inventory":
            return page
        if not page.more and not await self._store.read(replica.is_staging, channel):
            return page
        while len(page.rows) > self._portion:
            portion, rest = page.rows[: self._portion], page.rows[self._portion :]
            await self._store.run(replica.prepare, channel, replace(page, rows=portion))
            page = replace(page, rows=rest, prepared=page.prepared + len(portion))
        while not page.more and await self._store.run(replica.build, channel, page):
            pass
        return page

    def _receive(
        self, channel: str, understood: protocol.SyncAnswer, page: PullPage | None, asked: Offer | None
    ) -> frozenset[str] | None:
        if replica.epoch() not in (None, understood.epoch):
            replica.new_epoch(understood.epoch)
            return None
        results = understood.results
        return replica.receive(channel, understood.epoch, results, page, asked=asked, policies=self._policies)

    async def _call_failed(self, channel: SyncChannel, changes: Sequence[Change], error: ApiError) -> bool:
        """Learn from a failed call; True to go on at once, otherwise the error is raised."""
        ids = tuple(change.change_id for change in changes)
        if (epoch := _epoch_in(error)) is not None:
            await self._store.run(replica.new_epoch, epoch)
            self._monitor.note("warning", "sync", "sync.new_epoch", epoch=epoch)
            self._epochs += 1
            if self._epochs > MOST_EPOCHS:
                raise error
            await self._recheck()
            return True
        if error.kind is Kind.CONFLICT and error.code == "LINEAGE_FORK":
            await self._store.run(outbox.take_new_lineage)
            self._monitor.note("warning", "sync", "sync.new_lineage")
            return True
        if error.kind is Kind.TOO_LARGE and len(ids) > 1:
            self._portions.refused(channel, len(ids))
            return True
        if error.kind is Kind.TOO_LARGE and ids:
            await self._store.run(outbox.make_slow, ids[0], error.key)
            return True
        if ids and error.kind not in NOT_ABOUT_A_CHANGE:
            await self._blame(channel, ids, error.key)
        if ids and error.kind is Kind.MISSING_ROUTE:
            await self._store.run(singles.never_sent, ids)
        raise error

    async def _blame(self, channel: SyncChannel, ids: tuple[str, ...], key: str) -> None:
        """A call with these changes failed; a probe will show whether they are why."""
        self._suspects[channel] = ids
        await self._store.run(outbox.suspect, channel, ids, key)

    async def _too_old(
        self,
        channel: SyncChannel,
        changes: Sequence[Change],
        understood: protocol.SyncAnswer,
        asked: Offer,
        error: ApiError,
    ) -> bool:
        """Rows are for newer programs; what this shop did still goes up, and its answers come with the refusal."""
        self._too_old_error = error
        await self._stored(channel, understood, None, asked)
        return bool(changes) and await self._store.read(outbox.waiting, channel)

    async def _note(self, channel: str, understood: protocol.SyncAnswer) -> None:
        for bad in understood.bad_rows:
            self._monitor.note(
                "error", "sync", "sync.bad_row", channel=channel, record=bad.id or "?", reason=bad.reason
            )
        if understood.server_time is not None:
            skew = self._clock.now() - understood.server_time
            if abs(skew) > SKEW:
                self._monitor.note("warning", "sync", "sync.skew", seconds=round(skew.total_seconds()))

    # --- customers, suppliers, orders ------------------------------------------------------------------

    async def _push_rest(self) -> None:
        await self._parties.push()

    async def _pull_rest(self, channel: str) -> None:
        await self._parties.pull(channel)

    async def _ask_about_sales(self) -> None:
        await self._exchange("sales", (), pull=False)

    def _is_well(self) -> None:
        """The server answers others: what one change does to it is no reason to stay away for long."""
        self._failures = 0

    # --- the shop itself -------------------------------------------------------------------------------

    async def _ask_about_shop(self) -> None:
        """Profile and settings, once an hour: the till needs the shop's name and tax rules offline, too."""
        now = self._clock.now()
        if self._shop_known_at is not None and now - self._shop_known_at < SHOP_EVERY:
            return
        profile = settings = None
        try:
            profile = (await reference.fetch(self._api, self._store, "shop.profile", retry=False)).data
            settings = (await reference.fetch(self._api, self._store, "shop.settings", retry=False)).data
        except (ApiError, wire.BadPayload) as error:
            # the till sells without them; the monitor has the failed call
            log.info("the shop's profile or settings are not to be had: %s", error)
            self._shop_known_at = now - SHOP_EVERY + SHOP_AGAIN
        await self._store.run(state.learn_shop, profile, settings)
        if profile is not None and settings is not None:
            self._shop_known_at = now
            self._on_change(frozenset({"shop"}))
