"""Customers, suppliers and orders, pushed and pulled by the calls of `record_calls`.

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
from clutch_tui.core.sync import aliases, marks, moves, refusal_doubts, replica
from clutch_tui.core.sync.fallback import late_parts
from clutch_tui.core.types import Lane

from .. import wire
from ..client.errors import NOT_FOR_THIS, SUSPICIOUS, ApiError, Kind
from . import record_calls
from .batch_sizes import BATCH, PageSizes, is_too_much
from .context import SyncContext, SyncPart
from .outcomes import BAD_ANSWER, epoch_in
from .quarantine import set_aside
from .record_calls import NumberedPage
from .schedule import Schedule

MOST_ROWS = 1000


class NewEpoch(Exception):
    """The server was restored, and must be offered what it has lost before anything else goes up."""


class NotTracked(Exception):
    """The server numbers the records of a channel no more, and what it was sent must be looked for."""

    def __init__(self, channel: str) -> None:
        super().__init__(channel)
        self.channel = channel


def claimed(channel: Channel, options: dict[str, Any]) -> tuple[Change, ...]:
    """Changes to send, under the ids that the server has for their records."""
    late_parts.take_over_voids()
    return tuple(aliases.outgoing(change) for change in outbox.claim(channel, **options))


class RecordChannels(SyncPart):
    """The three channels of one shop, of a server that numbers their records. Both ways raise `ApiError`,
    `wire.BadPayload`, and `NotTracked` where it numbers them no more; `settle` finds out what became of the documents
    that moved a channel's records (`transport.Transport`)."""

    def __init__(self, context: SyncContext, schedule: Schedule, *, settle: Callable[[str], Awaitable[bool]]) -> None:
        super().__init__(context)
        self._policies = context.policies
        self._pages = PageSizes(min(context.page_size, MOST_ROWS))
        self._schedule = schedule
        self._settle = settle

    # --- up --------------------------------------------------------------------------------------------

    async def push(self, failed: dict[str, ApiError], *, besides: Collection[str]) -> None:
        """Send the waiting requests one by one: each has an answer of its own. The types in `besides` go another way,
        those in `failed` have failed already, and the first failure is raised in the end."""
        failed = dict(failed)
        try:
            while changes := await self._claim("fast", besides | failed.keys()):
                for change in changes:
                    if change.type not in failed and (error := await self._push_one(change)) is not None:
                        failed[change.type] = error
            # those that hang would keep all others waiting
            for change in await self._claim("slow", besides | failed.keys(), limit=1):
                await self._push_one(change)
        except NewEpoch:
            return  # the next round begins by finding out what it has
        if failed:
            raise next(iter(failed.values()))

    async def _claim(self, lane: Lane, besides: Collection[str], limit: int = BATCH) -> tuple[Change, ...]:
        if not await self._store.read(outbox.waiting, "rest", lane):
            return ()
        return await self._store.run(claimed, "rest", {"limit": limit, "lane": lane, "besides": besides})

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
                raise NewEpoch from error
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
            raise NotTracked(channel)
        if epoch is not None and await self._store.read(replica.epoch) not in (None, epoch):
            await self._new_epoch(epoch)
            raise NewEpoch

    async def _may_be_tried_again(self, change: Change) -> bool:
        """A change failed alone. Where the server answers a probe, that counts against it, up to its place in the slow
        lane; where it does not, the probe's own failure is raised."""
        await self._api.call("system.ping", retry=False)
        self._schedule.is_well()
        return not await self._store.run(outbox.failed_alone, change.change_id)

    # --- down ------------------------------------------------------------------------------------------

    async def pull(self, channel: str) -> None:
        """Pages of a channel until it is complete. A server that lacks the route has nothing to pull."""
        while (listing := await self._next(channel)) is not None:
            if not listing.tracked:
                raise NotTracked(channel)
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
                rows_sent = len(listing.page.rows) + len(listing.bad_rows)
                self._pages.came(channel, rows_sent, self._clock.monotonic() - began)
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
        self._schedule.wake()

    async def _stored(self, channel: str, listing: NumberedPage) -> bool:
        """Store a page; whether another one follows."""
        page = listing.page
        if page is None:
            return False
        if not page.more and await self._store.read(moves.unsure, channel) and not await self._settle(channel):
            return False  # a lost answer may hide in these rows: it must be known before they are stored
        nouns = await self._store.run(replica.receive, channel, listing.epoch, {}, page)
        self._monitor.moved(fetched=len(page.rows))
        if nouns:
            self._on_change(nouns)
        return page.more
