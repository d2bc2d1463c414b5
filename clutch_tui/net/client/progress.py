"""The patience with one exchange: it lasts as long as bytes move, however slow the line is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

PIECE = 16 * 1024
"""Bytes of a body that are sent at once where it is larger than that."""
ENOUGH = 1024
"""Bytes that must move within each span of patience: a server that drips is as good as a silent one."""


class TransferPatience:
    """Puts an exchange's deadline off by its limit whenever `ENOUGH` bytes have moved since it was last put off.
    `heard` is told of each part of the answer."""

    def __init__(self, heard: Callable[[], None]) -> None:
        self.patience: asyncio.Timeout | None = None
        self.limit = 0.0
        self._heard = heard
        self._counted = 0

    async def pieces(self, body: bytes) -> AsyncIterator[bytes]:
        """A body bit by bit: the next is asked for when the line has taken the one before."""
        for start in range(0, len(body), PIECE):
            self._put_off()
            yield body[start : start + PIECE]

    def moved(self, received: int) -> None:
        """So many bytes of the answer have come by now."""
        self._heard()
        if received - self._counted >= ENOUGH:
            self._counted = received
            self._put_off()

    def _put_off(self) -> None:
        if self.patience is not None and not self.patience.expired():
            self.patience.reschedule(asyncio.get_running_loop().time() + self.limit)
