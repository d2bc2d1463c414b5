"""Customers, suppliers and orders, pushed and pulled by the calls of `record_calls`, or, without numbers, by lists.

The engine decides when; what is found out of a change or of a list is stored here. A change that chokes the
server alone leaves the way of the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from clutch_tui.core import state
from clutch_tui.core.outbox import outbox, transports
from clutch_tui.core.outbox.messages import Change, Result
from clutch_tui.core.outbox.outbox import Channel
from clutch_tui.core.sync import aliases, marks, moves, refusal_doubts, replica, replica_rows
from clutch_tui.core.sync.fallback import late_parts, single_writes
from clutch_tui.core.types import Lane

from .. import wire
from ..client.errors import NOT_FOR_THIS, SUSPICIOUS, ApiError, Kind
from . import record_calls
from .batch_sizes import BATCH, PageSizes, is_too_much
from .context import SyncContext
from .fallback.list_reader import ListReader
from .fallback.single_writes import SingleWrites
from .outcomes import BAD_ANSWER, epoch_in
from .quarantine import set_aside
from .record_calls import NumberedPage
from .schedule import Schedule

MOST_ROWS = 1000


class Another(Exception):
    """The server is not the one that it was: it was restored, and must be offered what it has lost before anything else
    goes up, or it numbers its records no more, and what it was sent must be looked for."""


def claimed(channel: Channel, options: dict[str, Any]) -> tuple[Change, ...]:
    """Changes to send, under the ids that the server has for their records."""
    late_parts.take_over_voids()
    return tuple(aliases.outgoing(change) for change in outbox.claim(channel, **options))


def _is_synced() -> bool:
    """Tell whether this server has ever shown that it numbers its records: by an epoch, before any row of it is
    stored."""
    return replica.epoch() is not None or "sync" in map(transports.of, transports.CHANNELS)


class RecordChannels:
    """The three channels of one shop. Both ways raise `ApiError` and `wire.BadPayload`."""

    def __init__(
        self,
        context: SyncContext,
        pace: Schedule,
        *,
        lists: ListReader,
        singles: SingleWrites,
        ask_about_sales: Callable[[], Awaitable[object]],
    ) -> None:
        self._store = context.store
        self._api = context.api
        self._monitor = context.monitor
        self._lists = lists
        self._singles = singles
        self._on_change = context.on_change
        self._policies = context.policies
        self._pages = PageSizes(min(context.page_size, MOST_ROWS))
        self._pace = pace
        self._clock = context.clock
        self._ask_about_sales = ask_about_sales

    # --- up --------------------------------------------------------------------------------------------

    async def push(self) -> None:
        """Send the waiting requests one by one: each has an answer of its own."""
        if not await self._store.read(outbox.waiting, "rest"):
            return
        failed = await self._learn_ways()
        listed = await self._store.read(transports.listed_types)
        if listed:
            await self._singles.push("rest", besides=frozenset(record_calls.NOUNS.values()) - listed)
        if await self._store.read(single_writes.any_begun, "rest"):
            await self._singles.push("rest", begun=True)
        try:
            while changes := await self._claim("fast", listed | failed.keys()):
                for change in changes:
                    if change.type not in failed and (error := await self._push_one(change)) is not None:
                        failed[change.type] = error
            # those that hang would keep all others waiting
            for change in await self._claim("slow", listed | failed.keys(), limit=1):
                await self._push_one(change)
        except Another:
            return  # the next round begins by finding out what it has
        if failed:
            raise next(iter(failed.values()))

    async def _claim(self, lane: Lane, besides: Collection[str], limit: int = BATCH) -> tuple[Change, ...]:
        if not await self._store.read(outbox.waiting, "rest", lane):
            return ()
        return await self._store.run(claimed, "rest", {"limit": limit, "lane": lane, "besides": besides})

    async def _learn_ways(self) -> dict[str, ApiError]:
        """Before the first request goes up: whether the server keeps our ids and numbers its records. Before one goes
        up again that may have arrived: whether it still does, or has become one that would make the record twice. The
        types of which that is not to be learned now, and why: the others go on."""
        failed: dict[str, ApiError] = {}
        barred: list[str] = []
        sent = await self._store.read(outbox.types_under_way, "rest")
        for channel, type in record_calls.NOUNS.items():
            way = await self._store.read(transports.of, channel)
            if way == "lists" or (way == "sync" and type not in sent):
                continue
            try:
                tracked = await record_calls.is_tracked(self._api, channel)
            except ApiError as error:
                if error.kind in SUSPICIOUS:
                    failed[type] = error
                    continue
                if error.kind not in NOT_FOR_THIS:
                    raise
                if way == "sync":
                    continue
                if error.kind is not Kind.MISSING_ROUTE:
                    barred.append(channel)
                    continue
                tracked = False
            await self._store.run(transports.take, channel, "sync" if tracked else "lists")
        # whoever numbers anything numbers everything: a list that we may not see says nothing, and the others are heard
        if barred and not await self._store.read(_is_synced):
            for channel in barred:
                await self._store.run(transports.take, channel, "lists")
        return failed

    async def _push_one(self, change: Change) -> ApiError | None:
        """Send one request; what went wrong with it alone, and will be tried again in the next round."""
        try:
            result, remote_id = await record_calls.push(self._api, change, await self._store.read(marks.heard))
        except wire.BadPayload:  # an answer that cannot be understood is none
            await self._store.run(outbox.failed, [change.change_id], BAD_ANSWER)
            await self._store.run(outbox.make_slow, change.change_id, BAD_ANSWER)
            return None
        except ApiError as error:
            if (epoch := epoch_in(error)) is not None:
                await self._new_epoch(epoch)
                raise Another from error
            if error.kind not in SUSPICIOUS | NOT_FOR_THIS:
                raise
            await self._store.run(outbox.failed, [change.change_id], error.key)
            if change.lane == "fast" and error.kind in SUSPICIOUS:
                return error if await self._may_be_tried_again(change) else None
            # the server works for others: this change waits in the slow lane and holds up nothing
            await self._store.run(outbox.make_slow, change.change_id, error.key)
            return None
        if result.status != "retry" and not refusal_doubts.is_yes(result):
            await self._ensure_same(record_calls.PLURALS[change.type])
        epoch = await self._store.read(replica.epoch) or ""
        nouns = await self._store.run(self._deliver, change, result, remote_id, epoch)
        self._monitor.moved(sent=1)
        self._on_change(frozenset(nouns))
        return None

    def _deliver(self, change: Change, result: Result, remote_id: str, epoch: str) -> set[str]:
        """Store an answer, and by what id the server calls what it has made."""
        if change.kind == "create":
            aliases.put(change.type, change.id, remote_id)
        return replica.deliver({change.change_id: result}, epoch, policies=self._policies)

    async def _ensure_same(self, channel: str) -> None:
        """A refusal, or an answer without a number, says nothing of the epoch, and counts only in the one that we know;
        of a server that numbers nothing any more it may be about another record than ours."""
        tracked, epoch = await record_calls.standing(self._api, channel)
        if not tracked:
            await self._store.run(transports.take, channel, "lists")
            raise Another
        if epoch is not None and await self._store.read(replica.epoch) not in (None, epoch):
            await self._new_epoch(epoch)
            raise Another

    async def _may_be_tried_again(self, change: Change) -> bool:
        """A change failed alone. Where the server answers a probe, that counts against it, up to its place in the slow
        lane; where it does not, the probe's own failure is raised."""
        await self._api.call("system.ping", retry=False)
        self._pace.is_well()
        return not await self._store.run(outbox.failed_alone, change.change_id)

    # --- down ------------------------------------------------------------------------------------------

    async def pull(self, channel: str) -> None:
        """Pages of a channel until it is complete. A server that lacks the route has nothing to pull."""
        if await self._store.read(transports.by_lists, channel):
            await self._lists.pull(channel)
            return
        while (listing := await self._next(channel)) is not None:
            if not listing.tracked:
                await self._store.run(transports.take, channel, "lists")
                await self._lists.pull(channel)
                return
            begins = listing.page is not None and listing.page.begins
            await set_aside(self._store, self._monitor, channel, listing.bad_rows, anew=begins)
            if await self._store.read(replica.epoch) not in (None, listing.epoch):
                await self._new_epoch(listing.epoch)
                return
            if listing.reset:
                await self._store.run(replica.restart, channel)
            elif not await self._stored(channel, listing):
                return

    async def _next(self, channel: str) -> NumberedPage | None:
        """The next page; None where there is none to be had."""
        here = await self._store.read(replica.pull_state, channel)
        if await self._store.read(transports.is_behind, channel):
            await self._store.run(transports.begin, channel)
        try:
            heard = await self._store.read(marks.heard)
            began = self._clock.monotonic()
            listing = await record_calls.pull(self._api, channel, here, limit=self._pages.size(channel), heard=heard)
            if listing.page is not None:
                told = len(listing.page.rows) + len(listing.bad_rows)
                self._pages.came(channel, told, self._clock.monotonic() - began)
            return listing
        except ApiError as error:
            if error.kind is Kind.TOO_LARGE or is_too_much(error):
                self._pages.cut(channel)
            if error.kind in (Kind.MISSING_ROUTE, Kind.FORBIDDEN):
                self._monitor.note("warning", "sync", "sync.no_list", channel=channel)
                await self._store.run(state.put, f"{channel}.lacking", error.kind.value)
                return None
            if (epoch := epoch_in(error)) is not None:
                await self._new_epoch(epoch)
                return None
            raise

    async def _new_epoch(self, epoch: str) -> None:
        await self._store.run(replica.new_epoch, epoch)
        self._pace.wake()

    async def _stored(self, channel: str, listing: NumberedPage) -> bool:
        """Store a page; whether another one follows."""
        page = listing.page
        if page is None:
            return False
        if not page.more and await self._store.read(moves.unsure, channel):
            # a lost answer may hide in these rows: it must be known before they are stored
            if not await self._store.read(transports.by_lists, "sales"):
                await self._ask_about_sales()
            elif await self._store.read(moves.unanswered, replica_rows.TYPES[channel]):
                return False
        nouns = await self._store.run(replica.receive, channel, listing.epoch, {}, page)
        self._monitor.moved(fetched=len(page.rows))
        if nouns:
            self._on_change(nouns)
        return page.more
