"""The clock of the running event loop, which a test sets ahead: what would take a minute is over at once, and a busy
machine reaches no limit before a test says so."""

from __future__ import annotations

import asyncio


class LoopTime:
    """Stands in for the clock of the running loop until that loop ends."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._time, self._ahead = loop.time, 0.0
        vars(loop)["time"] = self.now

    def now(self) -> float:
        """Seconds by the loop's clock."""
        return self._time() + self._ahead

    def skip(self, seconds: float) -> None:
        """Set the clock ahead: each limit of the loop that ends within these seconds ends now."""
        self._ahead += seconds
