"""The sync calls: what is sent in them, what their answers and their failures mean (docs/protocol.md#the-sync-call).

What a call brings is stored in one transaction. A change that fails alone while an empty probe succeeds leaves the
way of the others; only the server's own answer ends a change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from clutch_tui.core import search, state
from clutch_tui.core.outbox import abilities, outbox, transports
from clutch_tui.core.outbox.messages import Change, PullPage, PullState, Sent
from clutch_tui.core.outbox.outbox import Channel
from clutch_tui.core.sync import marks, replica
from clutch_tui.core.sync import unconfirmed as sync_unconfirmed
from clutch_tui.core.sync.fallback import single_writes
from clutch_tui.core.sync.unconfirmed import Offer
from clutch_tui.core.types import Lane

from .. import wire
from ..client.errors import ABOUT_EVERY_CALL, NOT_ABOUT_A_CHANGE, ApiError, Kind
from . import messages
from .batch_sizes import ASKED, BATCH, BatchSizes, PageSizes, is_too_much
from .context import SyncContext, SyncPart
from .outcomes import BAD_ANSWER, epoch_in
from .quarantine import set_aside
from .record_channels import claimed
from .schedule import Schedule

SyncChannel = Literal["inventory", "sales"]
BySync = Callable[[Iterable[SyncChannel]], Awaitable[tuple[SyncChannel, ...]]]
CHANNELS: tuple[SyncChannel, ...] = get_args(SyncChannel)

MOST_BYTES = 240 * 1024
"""A little less than the server takes: the envelope of the call counts, too."""
MOST_PLAIN = 56 * 1024
"""Of a body that is not packed: one that HTTP/2 takes in one go. A larger one waits for the server to make room, which
one that has refused it by its length never does."""
MOST_REPEATS = 20
"""Calls in a row for the same thing. One whose answer moves nothing and wants another would go on for ever, as fast as
the line allows."""
MOST_EPOCHS = 3
"""New epochs in one round. More come from servers that stand in for each other, each with an epoch of its own."""


class SyncCalls(SyncPart):
    """The sync calls of one shop, one at a time. What talks to the server raises `ApiError` and `wire.BadPayload`.
    `by_sync` says which channels have such a call."""

    def __init__(self, context: SyncContext, schedule: Schedule, *, by_sync: BySync) -> None:
        super().__init__(context)
        self._shop_id = context.shop_id
        self._device_id = context.device_id
        self._schedule = schedule
        self._by_sync = by_sync
        self._policies = context.policies
        self._pages = PageSizes(context.page_size)
        self._portion = context.portion
        self._timeout = context.timeout
        self._aside = context.aside
        self._batches = BatchSizes()
        self._asking = BatchSizes(ASKED, least=0)
        self._held_up: set[str] = set()
        """Channels whose rows wait because one call could not ask about all that they may contain."""
        self._suspects: dict[str, tuple[str, ...]] = {}
        self._repeated: tuple[tuple[object, ...] | None, int] = (None, 0)
        self._epochs = 0
        self.too_old: ApiError | None = None
        """The refusal of a server for which this program is too old, until a round has told it."""

    def begin_round(self) -> None:
        """Begin to count anew: what failed in another round is no repetition in this one, and what was too large may
        fit."""
        self._epochs = 0
        self._repeated = (None, 0)
        for channel in self._held_up:
            self._asking.try_larger(channel)
        self._held_up.clear()

    async def pull(self, channel: SyncChannel) -> None:
        """Fetch what is new, and send nothing."""
        while await self.once(channel, ()):
            pass

    async def ask(self, channel: SyncChannel) -> None:
        """Ask what became of all that is unanswered, until the server has said so: a call that finds it restored, or
        this disk cloned, brings no answer."""
        while await self.once(channel, (), pull=False):
            pass

    async def everything(self, channel: SyncChannel, *, pull: bool = True) -> None:
        """Call until the channel has nothing more to send and its pull is complete.

        A batch on which a healthy server breaks is halved at once; a change that breaks it alone ends the round
        instead: three failures in one second would say more about that second than about the change.
        """
        await self._probe_suspects(channel)
        more = True
        while more:
            changes = await self.claim(channel)
            later = pull and len(changes) == BATCH  # more may wait: rows, which make a call twice as long, come last
            try:
                more = await self.once(channel, changes, pull=pull and not later) or later
            except (ApiError, wire.BadPayload):
                if len(changes) < 2 or not self._suspects.get(channel):
                    raise
                await self._probe_suspects(channel)
        for change in await self.claim(channel, lane="slow", limit=1):
            await self._try_alone(channel, change)

    async def claim(self, channel: Channel, *, lane: Lane = "fast", limit: int = BATCH) -> tuple[Change, ...]:
        """The next changes to send. Looked for first by reading: a round with nothing to send takes no turn at
        writing, in which a sale would have to wait for it."""
        if not await self._store.read(outbox.waiting, channel, lane):
            return ()
        limit = min(limit, self._batches.size(channel))
        options = {"limit": limit, "max_bytes": MOST_BYTES if self._api.packs else MOST_PLAIN, "lane": lane}
        return await self._store.run(claimed, channel, options)

    async def recheck(self) -> None:
        """After a restore: offer everything that the old epoch answered, before any new row is stored. Both calls can
        ask: where the server has not the one, or breaks on it, the other does."""
        while await self._store.read(sync_unconfirmed.rechecking):
            if not await self._ask_either():
                return

    async def _ask_either(self) -> bool:
        """Offer by the first call that goes; False where the server has neither, so that lists must do."""
        failed: list[ApiError | wire.BadPayload] = []
        for channel in await self._by_sync(CHANNELS):
            try:
                await self.once(channel, (), pull=False)
                return True
            except ApiError as error:
                if error.kind in ABOUT_EVERY_CALL:
                    raise
                failed.append(error)
            except wire.BadPayload as error:
                failed.append(error)
        for failure in failed:
            if not isinstance(failure, ApiError) or failure.kind is not Kind.MISSING_ROUTE:
                raise failure
        return False

    async def _probe_suspects(self, channel: SyncChannel) -> None:
        """The last call with changes failed. If an empty one succeeds, something in the batch was to blame:
        halve it, and count it against a change that was alone."""
        if channel not in self._suspects:
            self._suspects[channel] = await self._store.read(outbox.suspects, channel)
        suspects = self._suspects[channel]
        if not suspects:
            return
        await self.ask(channel)
        self._schedule.is_well()
        await self._clear(channel)
        if len(suspects) > 1:
            self._batches.halve(channel, len(suspects))
        elif await self._store.run(outbox.failed_alone, suspects[0]):
            self._batches.restore(channel)
            self._monitor.note("warning", "sync", "sync.slow_lane", change=suspects[0])
            self._on_change(frozenset({"queue"}))

    async def _clear(self, channel: SyncChannel) -> None:
        if self._suspects.get(channel):
            await self._store.run(outbox.clear, channel)
        self._suspects[channel] = ()

    async def _try_alone(self, channel: SyncChannel, change: Change) -> None:
        """Try a change of the slow lane by itself; its failure is its own."""
        try:
            await self.once(channel, (change,), pull=False)
        except (ApiError, wire.BadPayload) as error:
            if isinstance(error, ApiError) and error.kind in NOT_ABOUT_A_CHANGE:
                raise
            await self._clear(channel)
            key = error.key if isinstance(error, ApiError) else BAD_ANSWER
            await self._store.run(outbox.make_slow, change.change_id, key)

    # --- one call ---------------------------------------------------------------------------------------

    async def once(self, channel: SyncChannel, changes: Sequence[Change], *, pull: bool = True) -> bool:
        """One call and its answer, stored. True where another call should follow at once."""
        here, asked, sent, body = await self._store.run(self.compose, channel, changes, pull)
        self._count_repeats((channel, here, asked, *(change.change_id for change in changes)))
        began = self._clock.monotonic()
        try:
            answer = await self._api.call(f"{channel}.sync", body=body, retry=False, timeout=self._timeout)
        except ApiError as error:
            if error.kind is Kind.TOO_OLD and isinstance(error.data, dict) and "epoch" in error.data:
                understood = messages.read_sync(error.data, here, sent)
                return await self._too_old(channel, changes, understood, asked, error)
            if error.kind is Kind.TOO_OLD and body["protocol"] > 1 and await self._store.run(abilities.fall_back):
                return True
            if self._is_smaller_now(channel, changes, asked, error, pull=pull):
                return True
            return await self._call_failed(channel, changes, error)
        took = self._clock.monotonic() - began
        understood = await self._aside(messages.read_sync, answer.data, here, sent)
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
            self._batches.went_through(channel, len(changes))
        self._asking.went_through(channel, len(asked.ids))
        if pull and not asked.complete:
            self._held_up.add(channel)
        if page is not None:
            self._pages.came(channel, understood.rows_sent, took)
        if understood.reset and pull:
            await self._store.run(replica.restart, channel)
            return True
        if understood.page is None and not understood.reset:
            raise wire.BadPayload("an answer that does not say how far its rows reach")
        unfinished = (page is not None and page.more) or (put_off and pull)
        return unfinished or (bool(changes) and await self._store.read(outbox.waiting, channel))

    def compose(
        self, channel: SyncChannel, changes: Sequence[Change], pull: bool = True
    ) -> tuple[PullState, Offer, dict[str, Sent], dict[str, Any]]:
        """The body of a call, in one transaction: where the pull stands and what is unanswered belong together.
        Beside it what its answer is understood with: what the changes that it may speak of ask for."""
        transports.begin(channel)
        here = replica.pull_state(channel)
        # a call that brings nothing up asks on behalf of the rows of another: a clone may have sent what we have not
        asked = sync_unconfirmed.offer(
            repeated={change.change_id for change in changes},
            unsent=pull or not changes,
            limit=self._asking.size(channel),
        )
        sent = {change.change_id: change.sent for change in changes} | sync_unconfirmed.sent(asked.ids)
        body = messages.sync_request(
            version=abilities.protocol(),
            shop_id=self._shop_id,
            device_id=self._device_id,
            lineage=state.lineage(),
            head=outbox.head(),
            pull=here,
            changes=changes,
            asked=asked,
            limit=self._pages.size(channel) if pull else 1,  # no row of a call that does not pull is used
            heard=marks.heard(),
        )
        return here, asked, sent, body

    async def knows(self, channel: SyncChannel, ids: Sequence[str]) -> frozenset[str] | None:
        """Return which of these changes the server's ledger has; None where it says of another epoch than ours."""
        here, _, _, body = await self._store.run(self.compose, channel, (), False)
        sent = await self._store.read(sync_unconfirmed.sent, ids)
        body |= {"unconfirmed": list(ids)}
        answer = await self._api.call(f"{channel}.sync", body=body, retry=False, timeout=self._timeout)
        understood = messages.read_sync(answer.data, here, sent)
        if understood.epoch != here.epoch:
            return None
        return frozenset(understood.results) | frozenset(understood.unreadable)

    def _count_repeats(self, call: tuple[object, ...]) -> None:
        last, times = self._repeated
        self._repeated = (call, times + 1 if call == last else 0)
        if self._repeated[1] >= MOST_REPEATS:
            raise wire.BadPayload("calls that move nothing, and a server that wants more of them")

    async def _stored(
        self, channel: str, understood: messages.SyncAnswer, page: PullPage | None, asked: Offer | None
    ) -> None:
        """Store what an answer brought, in one transaction; or only its epoch, where that is news."""
        rest = await self._prepare(channel, page)
        nouns = await self._store.run(self._receive, channel, understood, rest, asked)
        if nouns is None:
            self._schedule.wake()
            return
        self._monitor.moved(sent=len(understood.results), fetched=len(page.rows) if page is not None else 0)
        while nouns and page is not None and await self._store.run(search.index_slice):
            pass
        if nouns:
            self._on_change(nouns)

    async def _prepare(self, channel: str, page: PullPage | None) -> PullPage | None:
        """Do what takes long before the transaction in which a page is stored, so that no sale waits for it; what is
        left of the page."""
        if page is None:
            return None
        if channel == "inventory" and (page.more or await self._store.read(replica.is_staging, channel)):
            return await self._prepare_parts(channel, page)
        if len(page.rows) > self._portion:
            return replace(page, rows=await self._aside(replica.with_keys, page.rows))
        return page

    async def _prepare_parts(self, channel: str, page: PullPage) -> PullPage:
        """Prepare the parts of a large pull ahead of the page they came with, so many at a time that a sale finds its
        turn; what is left of the page. They are shown when the pull is complete."""
        parts = tuple(row for row in page.rows if row["type"] == "item")
        others = tuple(row for row in page.rows if row["type"] != "item")  # they are few, and stored with the page
        while len(parts) > self._portion:
            portion, parts = parts[: self._portion], parts[self._portion :]
            await self._store.run(replica.prepare, channel, replace(page, rows=portion))
            page = replace(page, rows=(*parts, *others), prepared=page.prepared + len(portion))
        while not page.more and await self._store.run(replica.build, channel, page):
            pass
        return page

    def _receive(
        self, channel: str, understood: messages.SyncAnswer, page: PullPage | None, asked: Offer | None
    ) -> frozenset[str] | None:
        if replica.epoch() not in (None, understood.epoch):
            replica.new_epoch(understood.epoch)
            return None
        results = understood.results
        return replica.receive(channel, understood.epoch, results, page, asked=asked, policies=self._policies)

    def _is_smaller_now(
        self, channel: SyncChannel, changes: Sequence[Change], asked: Offer, error: ApiError, *, pull: bool
    ) -> bool:
        """Make everything smaller in a call that was too large, and what it asks for where the answer did not come
        whole; True where the same may be tried again at once."""
        if error.kind is Kind.TOO_LARGE:
            if asked.ids:
                self._asking.refused(channel, len(asked.ids))
            if len(changes) > 1:
                self._batches.refused(channel, len(changes))
            return bool(asked.ids) or len(changes) > 1 or (pull and not changes and self._pages.cut(channel))
        if pull and is_too_much(error):
            return self._pages.cut(channel) and error.kind is Kind.ANSWER_TOO_LARGE
        return False

    async def _call_failed(self, channel: SyncChannel, changes: Sequence[Change], error: ApiError) -> bool:
        """Learn from a failed call; True to go on at once, otherwise the error is raised."""
        ids = tuple(change.change_id for change in changes)
        if (epoch := epoch_in(error)) is not None:
            await self._store.run(replica.new_epoch, epoch)
            self._monitor.note("warning", "sync", "sync.new_epoch", epoch=epoch)
            self._epochs += 1
            if self._epochs > MOST_EPOCHS:
                raise error
            await self.recheck()
            return True
        if error.kind is Kind.CONFLICT and error.code == "LINEAGE_FORK":
            await self._store.run(outbox.take_new_lineage)
            self._monitor.note("warning", "sync", "sync.new_lineage")
            return True
        if error.kind is Kind.TOO_LARGE and ids:
            await self._store.run(outbox.make_slow, ids[0], error.key)
            return True
        if ids and error.kind not in NOT_ABOUT_A_CHANGE:
            await self._blame(channel, ids, error.key)
        if ids and error.kind is Kind.MISSING_ROUTE:
            await self._store.run(single_writes.never_sent, ids)
        raise error

    async def _blame(self, channel: SyncChannel, ids: tuple[str, ...], key: str) -> None:
        """A call with these changes failed; a probe will show whether they are why."""
        self._suspects[channel] = ids
        await self._store.run(outbox.suspect, channel, ids, key)

    async def _too_old(
        self,
        channel: SyncChannel,
        changes: Sequence[Change],
        understood: messages.SyncAnswer,
        asked: Offer,
        error: ApiError,
    ) -> bool:
        """Rows are for newer programs; what this shop did still goes up, and its answers come with the refusal."""
        self.too_old = error
        await self._stored(channel, understood, None, asked)
        return bool(changes) and await self._store.read(outbox.waiting, channel)

    async def _note(self, channel: str, understood: messages.SyncAnswer) -> None:
        begins = (page := understood.page) is not None and page.begins
        await set_aside(self._store, self._monitor, channel, understood.bad_rows, anew=begins)
        if understood.server_time is not None:
            self._monitor.set_skew((self._clock.now() - understood.server_time).total_seconds())
