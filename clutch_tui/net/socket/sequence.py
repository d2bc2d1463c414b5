"""The order of a shop's events: which are new, which came twice, and which are missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["new", "gap", "seen"]
REMEMBERED = 1_000


@dataclass(slots=True)
class Sequence:
    """The last event number that was seen, and the numbers before it that were not.

    An event that was late is not one that came twice: it is still told to the shop, because the pull that its
    gap has caused brings its rows but not its news.
    """

    last: int | None = None
    _missing: set[int] = field(default_factory=set)
    _settled: int = 0

    @property
    def resume_from(self) -> int | None:
        """The number after which the server is to repeat its events. Not always the last: where a new event overtook
        the repeated ones and the line broke between them, they would never come again."""
        lowest = min((number for number in self._missing if number > self._settled), default=None)
        return self.last if lowest is None else lowest - 1

    def settle(self, until: int | None) -> None:
        """The server has repeated what it has: what is missing up to this number it will not be asked for again."""
        self._settled = max(self._settled, until or 0)

    def take(self, seq: int) -> Verdict:
        """Judge an event that carries this number."""
        if self.last is None or seq == self.last + 1:
            self.last = seq
            return "new"
        if seq > self.last:
            self._miss(seq)
            self.last = seq
            return "gap"
        if seq in self._missing:
            self._missing.discard(seq)
            return "new"
        return "seen"

    def heard_of(self, seq: int, asked_at: int | None) -> bool:
        """The server says that its last event has this number; when it was asked, ours was `asked_at`, None where that
        is not known. True where it is ahead of what we saw, or counts anew. A number between the two was overtaken by
        the events that came after it, and says nothing."""
        if self.last is None:
            self.restart(seq)
            return False
        if seq == self.last:
            return False
        if seq < self.last:
            if asked_at is None or seq >= asked_at:
                return False
            self.restart(seq)  # it counts anew: the server was restored
            return True
        self._miss(seq + 1)
        self.last = seq
        return True

    def restart(self, seq: int | None) -> None:
        self.last = seq
        self._settled = 0
        self._missing.clear()

    def _miss(self, until: int) -> None:
        first = (self.last or 0) + 1
        self._missing.update(range(max(first, until - REMEMBERED), until))
        while len(self._missing) > REMEMBERED:
            self._missing.discard(min(self._missing))
