"""Looks whether a server that knows no marks still has what it has confirmed (contract, 5.3, rule 11).

Its counter does not tell a copy that was put back from what it had before. So it is asked about the newest changes
that it has confirmed, and about some older ones, at each new connection and once a day: what it does not know any more
it has lost, and everything that it ever confirmed is offered to it once more.
"""

from __future__ import annotations

from datetime import timedelta

from clutch_tui.core.clock import Clock
from clutch_tui.core.database.store import Store
from clutch_tui.core.sync import confirmations, replica, ways

from .. import wire
from ..client.errors import ABOUT_EVERY_CALL, ApiError
from ..connection import Monitor
from .exchange import CHANNELS, Exchange

EVERY = timedelta(days=1)


class LookBack:
    """The questions of one shop. Raises `ApiError` where the line or the server is down; of a call that the server has
    not, or breaks on, the other is tried, and then the next connection."""

    def __init__(self, store: Store, exchange: Exchange, monitor: Monitor, clock: Clock) -> None:
        self._store = store
        self._exchange = exchange
        self._monitor = monitor
        self._clock = clock
        self._asked_at: float | None = None

    def look_again(self) -> None:
        """The connection is new: behind it may stand another copy."""
        self._asked_at = None

    async def go(self) -> None:
        """Ask, where it is due and where only that can tell."""
        now = self._clock.monotonic()
        if self._asked_at is not None and now - self._asked_at < EVERY.total_seconds():
            return
        ids = await self._store.read(confirmations.to_ask_about)
        if not ids:
            return
        for channel in CHANNELS:
            if await self._store.read(ways.by_lists, channel):
                continue
            try:
                known = await self._exchange.knows(channel, ids)
            except ApiError as error:
                if error.kind in ABOUT_EVERY_CALL:
                    raise
            except wire.BadPayload:
                continue
            else:
                self._asked_at = now
                await self._judge(ids, known)
                return

    async def _judge(self, ids: tuple[str, ...], known: frozenset[str] | None) -> None:
        if known is None:  # of another epoch, which the next call tells
            return
        if not await self._store.run(confirmations.heard, ids, known):
            return
        epoch = await self._store.read(replica.epoch)
        await self._store.run(replica.doubt_epoch)
        self._monitor.note("warning", "sync", "sync.new_epoch", epoch=epoch)
        await self._exchange.recheck()
