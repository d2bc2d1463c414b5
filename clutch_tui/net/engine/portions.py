"""How many changes go into one call of a channel.

A call that is too large for the server, or on which it breaks, is halved; calls that go through grow again. A size
that was too large once is not tried with every second call: what the server takes does not change from call to call.
"""

from __future__ import annotations

BATCH = 100
RARELY = 100
"""Calls of a channel that must go through before a size that was too large is tried once more."""


class Portions:
    """The sizes of every channel, for the life of a process."""

    def __init__(self) -> None:
        self._size: dict[str, int] = {}
        self._most: dict[str, int] = {}
        self._through: dict[str, int] = {}

    def size(self, channel: str) -> int:
        return min(self._size.get(channel, BATCH), self._most.get(channel, BATCH))

    def halve(self, channel: str, sent: int) -> None:
        """Something in a call of so many is to blame: look for it in half of them."""
        self._size[channel] = max(1, sent // 2)

    def refused(self, channel: str, sent: int) -> None:
        """A call of so many was too large."""
        self._most[channel] = max(1, sent // 2)
        self._through[channel] = 0

    def went_through(self, channel: str, sent: int) -> None:
        """A call of so many was answered: the next may carry more."""
        self._size[channel] = min(BATCH, max(sent, self.size(channel)) * 2)
        if channel not in self._most:
            return
        self._through[channel] += 1
        if self._through[channel] >= RARELY:
            self._most[channel] = min(BATCH, self._most[channel] * 2)
            self._through[channel] = 0

    def restore(self, channel: str) -> None:
        """What was to blame is out of the way."""
        self._size.pop(channel, None)
