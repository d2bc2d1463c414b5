"""The sizes of a channel's calls: changes that go into one, others that it asks about, rows that it asks for.

A call that is too large for the server, or on which it breaks, is halved; calls that go through grow again. A size
that was too large once is not tried with every second call: what the server takes does not change from call to call.
Where it holds up the rows of a channel it is tried with every round: what refused it may have been the line.
"""

from __future__ import annotations

from ..client.errors import ApiError, Kind

BATCH = 100
ASKED = 1000
"""Ids that one call may ask about at most."""
FIRST_PAGE, SMALLEST_PAGE = 500, 25
GOAL = 4.0
"""Seconds that a page should take: the live connection's heartbeat has to get through between two."""
CUT = frozenset({Kind.TIMEOUT, Kind.DROPPED, Kind.ANSWER_TOO_LARGE})
"""How a page ends that was too much for the line."""
_HEAVY = frozenset({500, 504})
"""How a server breaks on a page that is too heavy for it. With 502 and 503 it is away."""
RARELY = 100
"""Calls of a channel that must go through before a size that was too large is tried once more."""


def is_too_much(error: ApiError) -> bool:
    """Tell whether a page did not come whole, so that a smaller one may."""
    return error.kind in CUT or error.kind is Kind.NOT_JSON or (error.kind is Kind.SERVER and error.status in _HEAVY)


class BatchSizes:
    """The sizes of every channel, for the life of a process: of at most `most`, and no less than `least`."""

    def __init__(self, most: int = BATCH, least: int = 1) -> None:
        self._largest = most
        self._least = least
        self._size: dict[str, int] = {}
        self._most: dict[str, int] = {}
        self._through: dict[str, int] = {}

    def size(self, channel: str) -> int:
        return min(self._size.get(channel, self._largest), self._most.get(channel, self._largest))

    def halve(self, channel: str, sent: int) -> None:
        """Something in a call of so many is to blame: look for it in half of them."""
        self._size[channel] = max(self._least, sent // 2)

    def refused(self, channel: str, sent: int) -> None:
        """A call of so many was too large."""
        self._most[channel] = max(self._least, sent // 2)
        self._through[channel] = 0

    def went_through(self, channel: str, sent: int) -> None:
        """A call of so many was answered: the next may carry more."""
        self._size[channel] = min(self._largest, max(sent, self.size(channel), 1) * 2)
        if channel not in self._most:
            return
        self._through[channel] += 1
        if self._through[channel] >= RARELY:
            self.try_larger(channel)

    def try_larger(self, channel: str) -> None:
        """Have the next call try twice of what is thought to fit: too little goes into one to get anywhere."""
        if channel in self._most:
            self._most[channel] = min(self._largest, max(self._most[channel], 1) * 2)
            self._through[channel] = 0

    def restore(self, channel: str) -> None:
        """Go back to what went before: what was to blame is out of the way."""
        self._size.pop(channel, None)


class PageSizes:
    """The rows that each channel asks for: as many as come in `GOAL` seconds on this line, fewer after a cut."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size: dict[str, int] = {}

    def size(self, channel: str) -> int:
        return min(self._most, self._size.get(channel, FIRST_PAGE))

    def came(self, channel: str, rows: int, seconds: float) -> None:
        """A page came whole in so many seconds. One that was not full says little of what a full one would take."""
        size = self.size(channel)
        if seconds > GOAL:
            self._size[channel] = max(SMALLEST_PAGE, int(size * GOAL / seconds))
        elif rows >= size:
            self._size[channel] = min(self._most, int(size * min(4.0, GOAL / max(seconds, 0.001))))

    def cut(self, channel: str) -> bool:
        """A page did not come whole; False where it was the smallest already."""
        size = self.size(channel)
        self._size[channel] = max(min(SMALLEST_PAGE, self._most), size // 4)
        return self._size[channel] < size
