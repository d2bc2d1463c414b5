"""The transport of each channel, sync calls or fallback: found out, chosen and asked for here, and nowhere else
(docs/protocol.md#without-sync-calls).

Whoever has something to send or to fetch names the channel; by what calls that goes, what must be known before, and
what becomes of it where the server has lost or learned its sync calls meanwhile, is decided here. The choice is kept
in the database (`core.outbox.transports`), for the rules of the queue depend on it, too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from clutch_tui.core.outbox import outbox, transports
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import moves, replica, replica_rows
from clutch_tui.core.sync.fallback import single_writes

from .. import wire
from ..client.errors import NOT_FOR_THIS, SUSPICIOUS, ApiError, Kind
from . import record_calls
from .context import SyncContext, SyncPart
from .fallback.list_reader import ListReader
from .fallback.single_writes import SingleWrites
from .record_channels import NotTracked, RecordChannels
from .schedule import Schedule
from .sync_calls import SyncCalls, SyncChannel

LOOK_EVERY = 3600.0
"""Seconds after which a server without sync is asked again whether it has learned to."""


class NoSyncCall(Exception):
    """The server has no sync call for a channel just now; `error` says so."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.key)
        self.error = error


class Transport(Protocol):
    """The calls by which a channel travels. Each method raises `ApiError` and `wire.BadPayload`; by sync, `NoSyncCall`
    and `NotTracked` where the server has lost what this needs."""

    async def push(self, channel: SyncChannel) -> None:
        """Send what waits; makes no call where nothing does."""

    async def pull(self, channel: str) -> None:
        """Fetch what is new."""

    async def exchange(self, channel: SyncChannel) -> None:
        """Send what waits and fetch what is new, in as few calls as that takes."""

    async def settle(self, type: str) -> bool:
        """Find out what became of the documents that moved records of a type and have no answer; False where that
        cannot be known yet."""


class SyncTransport:
    """The sync calls of parts and sales, and the numbered lists of customers, suppliers and orders."""

    def __init__(self, store: Store, calls: SyncCalls, records: RecordChannels, singles: SingleWrites) -> None:
        self._store = store
        self._calls = calls
        self._records = records
        self._singles = singles

    async def push(self, channel: SyncChannel) -> None:
        if await self._store.read(outbox.waiting, channel):
            await self._end_begun(channel)
            await self._through(self._calls.everything(channel, pull=False))

    async def pull(self, channel: str) -> None:
        if channel in record_calls.NOUNS:
            await self._records.pull(channel)
        else:
            await self._through(self._calls.pull("inventory" if channel == "inventory" else "sales"))

    async def exchange(self, channel: SyncChannel) -> None:
        await self._end_begun(channel)
        await self._through(self._calls.everything(channel))

    async def settle(self, type: str) -> bool:
        await self._calls.ask("sales")
        return True

    async def _through(self, calls: Awaitable[None]) -> None:
        """Make these sync calls. Only of them a missing route says that the server has no sync."""
        try:
            await calls
        except ApiError as error:
            if error.kind is Kind.MISSING_ROUTE:
                raise NoSyncCall(error) from None
            raise

    async def _end_begun(self, channel: SyncChannel) -> None:
        """End what has begun to go up by itself that way, before anything else of its channel goes up."""
        if await self._store.read(single_writes.any_begun, channel):
            await self._singles.push(channel, begun=True)


class FallbackTransport:
    """Whole lists down and single writes up."""

    def __init__(self, store: Store, lists: ListReader, singles: SingleWrites) -> None:
        self._store = store
        self._lists = lists
        self._singles = singles

    async def push(self, channel: SyncChannel) -> None:
        await self._singles.push(channel)

    async def pull(self, channel: str) -> None:
        await self._lists.pull(channel)

    async def exchange(self, channel: SyncChannel) -> None:
        await self._singles.push(channel)
        await self._lists.pull(channel)

    async def settle(self, type: str) -> bool:
        return not await self._store.read(moves.unanswered, type)


class Transports(SyncPart):
    """The transports of one shop's channels. What talks to the server raises `ApiError` and `wire.BadPayload`."""

    def __init__(self, context: SyncContext, schedule: Schedule) -> None:
        super().__init__(context)
        self.calls = SyncCalls(context, schedule, by_sync=self.by_sync)
        self.records = RecordChannels(context, schedule, settle=self._settle)
        self.lists = ListReader(context)
        self.singles = SingleWrites(context)
        self._sync = SyncTransport(context.store, self.calls, self.records, self.singles)
        self._fallback = FallbackTransport(context.store, self.lists, self.singles)
        self._looked_at = 0.0
        self._looks = False
        """Whether it syncs has been asked and not been answered to the end."""

    # --- what is sent and fetched ----------------------------------------------------------------------

    async def push(self, channel: SyncChannel) -> None:
        """Send what waits of a channel, by what the server has for it."""
        await self._go(channel, lambda transport: transport.push(channel))

    async def pull(self, channel: str) -> None:
        """Fetch what is new in a channel, by what the server has for it."""
        await self._go(channel, lambda transport: transport.pull(channel))

    async def exchange(self, channel: SyncChannel) -> None:
        """Send what waits of a channel and fetch what is new, by what the server has for it."""
        await self._go(channel, lambda transport: transport.exchange(channel))

    async def _go(self, channel: str, step: Callable[[Transport], Awaitable[None]]) -> None:
        """Do a step by the channel's transport, and by the fallback where it turns out that the server has no other."""
        try:
            await step(await self._of(channel))
            return
        except NoSyncCall as missing:
            await self._fall_back(channel, missing.error)
        except NotTracked:
            await self._switch(channel, "lists")
        await step(self._fallback)

    async def push_records(self) -> None:
        """Send the waiting requests about customers, suppliers and orders, each type by what the server has for it."""
        if not await self._store.read(outbox.waiting, "rest"):
            return
        failed = await self._learn()
        listed = await self._store.read(transports.listed_types)
        if listed:
            await self.singles.push("rest", besides=frozenset(record_calls.NOUNS.values()) - listed)
        if await self._store.read(single_writes.any_begun, "rest"):
            await self.singles.push("rest", begun=True)
        try:
            await self.records.push(failed, besides=listed)
        except NotTracked as lost:  # the next round begins by finding out what it has
            await self._switch(lost.channel, "lists")

    async def sales_need_customers_first(self) -> bool:
        """Tell whether sales go up by themselves: then the customers that they name must be there before."""
        return await self._of("sales") is self._fallback

    async def by_sync(self, channels: Iterable[SyncChannel]) -> tuple[SyncChannel, ...]:
        """Return which of these channels have a sync call."""
        return tuple([channel for channel in channels if await self._of(channel) is self._sync])

    async def _settle(self, channel: str) -> bool:
        """Find out what became of the documents that moved a channel's records, by the transport of the sales."""
        return await (await self._of("sales")).settle(replica_rows.TYPES[channel])

    # --- which one -------------------------------------------------------------------------------------

    async def _of(self, channel: str) -> Transport:
        return self._fallback if await self._store.read(transports.of, channel) == "lists" else self._sync

    async def _switch(self, channel: str, name: transports.Transport) -> None:
        await self._store.run(transports.switch, channel, name)

    async def _fall_back(self, channel: str, error: ApiError) -> None:
        """Give a channel the fallback where its sync call is gone for good; otherwise raises the error."""
        if not await self._store.run(transports.miss, channel):
            raise error from None
        self._tell(channel, "lists")

    async def look_for_sync(self, *, anew: bool) -> None:
        """Ask a server that had no sync calls, once in a while, whether it has learned them."""
        self._looks = self._looks or anew or self._clock.monotonic() - self._looked_at >= LOOK_EVERY
        if not self._looks:
            return
        began = self._clock.monotonic()
        for channel in await self._store.read(transports.without_sync):
            if await self._has_sync(channel):
                await self._switch(channel, "sync")
                self._tell(channel, "sync")
            else:
                await self._store.run(single_writes.try_local_again, channel)
        self._looked_at, self._looks = began, False

    async def _has_sync(self, channel: str) -> bool:
        try:
            if channel in record_calls.NOUNS:
                return await record_calls.is_tracked(self._api, channel)
            await self.calls.once("inventory" if channel == "inventory" else "sales", (), pull=False)
        except ApiError as error:
            if error.kind in NOT_FOR_THIS:
                return False
            raise
        except wire.BadPayload:  # something answers there, but it is no sync
            return False
        return True

    async def _learn(self) -> dict[str, ApiError]:
        """Before the first request goes up: whether the server keeps our ids and numbers its records. Before one goes
        up again that may have arrived: whether it still does, or has become one that would make the record twice. The
        types of which that is not to be learned now, and why: the others go on."""
        failed: dict[str, ApiError] = {}
        barred: dict[str, ApiError] = {}
        sent = await self._store.read(outbox.types_under_way, "rest")
        for channel, type in record_calls.NOUNS.items():
            name = await self._store.read(transports.of, channel)
            if name == "lists" or (name == "sync" and type not in sent):
                continue
            try:
                tracked = await record_calls.is_tracked(self._api, channel)
            except ApiError as error:
                if error.kind in SUSPICIOUS:
                    failed[type] = error
                    continue
                if error.kind not in NOT_FOR_THIS:
                    raise
                if name == "sync":
                    continue
                if error.kind is not Kind.MISSING_ROUTE:
                    barred[channel] = error
                    continue
                tracked = False
            await self._switch(channel, "sync" if tracked else "lists")
        # whoever numbers anything numbers everything: a list that we may not see says nothing, and the others are heard
        # as soon as one of them comes to an answer
        if barred and not await self._store.read(_is_synced):
            if failed and not await self._store.read(transports.without_sync):
                return failed | {record_calls.NOUNS[channel]: error for channel, error in barred.items()}
            for channel in barred:
                await self._switch(channel, "lists")
        return failed

    def _tell(self, channel: str, name: transports.Transport) -> None:
        self._monitor.note("info", "sync", f"sync.way_{name}", channel=channel)
        self._on_change(frozenset({"queue", "connection"}))


def _is_synced() -> bool:
    """Tell whether this server has ever shown that it numbers its records: by an epoch, before any row of it is
    stored."""
    return replica.epoch() is not None or "sync" in map(transports.of, transports.CHANNELS)
