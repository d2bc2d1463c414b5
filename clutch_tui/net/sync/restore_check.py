"""Looks whether a server that knows no marks still has what it has confirmed (docs/protocol.md#marks).

Its counter does not tell a copy that was put back from what it had before. So it is asked about the newest changes
that it has confirmed, and about some older ones, at each new connection and once a day: what it does not know any more
it has lost, and everything that it ever confirmed is offered to it once more.

A server that names none of them, and has never named any, may answer no such question or have lost them all. So it is
asked once more as soon as it has confirmed something new: if it answers at all, it must know that. Silence about that,
too, is believed until the next connection or the next day, and never for good.
"""

from __future__ import annotations

from datetime import timedelta

from clutch_tui.core.sync import confirmations, replica

from .. import wire
from ..client.errors import ABOUT_EVERY_CALL, ApiError
from .context import SyncContext, SyncPart
from .sync_calls import CHANNELS
from .transport import Transports

EVERY = timedelta(days=1)


class RestoreCheck(SyncPart):
    """The questions of one shop. Raises `ApiError` where the line or the server is down; of a call that the server has
    not, or breaks on, the other is tried, and then the next connection."""

    def __init__(self, context: SyncContext, transports: Transports) -> None:
        super().__init__(context)
        self._transports = transports
        self._asked_at = 0.0
        self._is_new = True
        """Nothing has been asked yet on this connection."""
        self._unproven: str | None = None
        """The newest change at the first silence: whether that means anything, the next newer one will tell."""

    def look_again(self) -> None:
        """The connection is new: behind it may stand another copy, whatever a question under way is answered."""
        self._is_new, self._unproven = True, None

    async def go(self) -> None:
        """Ask, where it is due and where only that can tell."""
        due = self._is_new or self._clock.monotonic() - self._asked_at >= EVERY.total_seconds()
        if not due and self._unproven is None:
            return
        ids = await self._store.read(confirmations.to_ask_about)
        if not ids or (not due and ids[0] == self._unproven):
            return
        self._asked_at, self._is_new = self._clock.monotonic(), False
        answered = False
        try:
            answered = await self._ask(ids)
        finally:
            self._is_new |= not answered

    async def _ask(self, ids: tuple[str, ...]) -> bool:
        """Ask by the first call that is answered; False where none is."""
        for channel in await self._transports.by_sync(CHANNELS):
            try:
                known = await self._transports.calls.knows(channel, ids)
            except ApiError as error:
                if error.kind in ABOUT_EVERY_CALL:
                    raise
            except wire.BadPayload:
                continue
            else:
                await self._judge(ids, known)
                return True
        return False

    async def _judge(self, ids: tuple[str, ...], known: frozenset[str] | None) -> None:
        if known is None:  # of another epoch, which the next call tells
            return
        verdict = await self._store.run(confirmations.heard, ids, known)
        first_silence = verdict == "silent" and self._unproven in (None, ids[0])
        self._unproven = ids[0] if first_silence else None
        if verdict != "lost":
            return
        epoch = await self._store.read(replica.epoch)
        await self._store.run(replica.doubt_epoch)
        self._monitor.note("warning", "sync", "sync.new_epoch", epoch=epoch)
        await self._transports.calls.recheck()
