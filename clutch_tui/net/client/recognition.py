"""Telling the backend from what else may answer: a proxy, a captive portal or a wrong path says "no such route" too.

A route that is answered as missing is missing only where the backend itself is seen to be there, by any call that it
knows. Without that a page of a proxy's would teach the terminal that its server has no sync and takes no sales.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from clutch_tui.net.client.attempt import Record
from clutch_tui.net.endpoints import BY_NAME

_KNOWN = ("system.health", "system.ping", "shop.profile", "inventory.list")
"""What a backend has, the cheapest first; one of them is enough."""
RECENTLY = 10.0
"""Seconds for which one look serves all calls of a tester."""
_REFUSES = frozenset({401, 403})


class Look(NamedTuple):
    """The answer to one bare GET."""

    status: int
    body: bytes


class Recognition:
    """Asks for the backend itself, once for everybody who wants to know in the same moment, and remembers which of its
    routes were found missing: those are not asked about again."""

    def __init__(self, look: Callable[[str, Record], Awaitable[Look | None]], monotonic: Callable[[], float]) -> None:
        self._look = look
        self._monotonic = monotonic
        self._one_at_a_time = asyncio.Lock()
        self._looked_at = -1.0
        self._answered_at = -RECENTLY
        self._is_there = False
        self._missing: set[tuple[str, str]] = set()

    def forget(self) -> None:
        """Somebody asks anew: what was missing may be there now."""
        self._missing.clear()
        self._looked_at = -1.0

    def works(self, record: Record) -> None:
        """The backend has answered this call."""
        self._missing.discard((record.request.method, record.request.name))
        self._answered_at = self._monotonic()

    async def is_missing(self, record: Record) -> bool:
        """Tell whether the backend has no such route, asked after somebody has said so under these headers."""
        route = record.request.method, record.request.name
        if route in self._missing:
            return True
        since = self._monotonic() - (RECENTLY if record.request.probe else 0.0)
        if record.request.probe and self._answered_at > since:  # a tester asks all at once: it was there just now
            self._missing.add(route)
            return True
        async with self._one_at_a_time:
            if self._looked_at < since or self._looked_at < 0:
                self._is_there = await self._find(record)
                self._looked_at = self._monotonic()
        if self._is_there:
            self._missing.add(route)
        return self._is_there

    async def _find(self, record: Record) -> bool:
        for name in _KNOWN:
            look = await self._look(BY_NAME[name].path, record)
            if look is not None and _is_backend(look):
                return True
        return False


def _is_backend(look: Look) -> bool:
    """An answer in JSON that is no refusal of the route."""
    from clutch_tui.net import wire

    try:
        body = wire.loads(look.body)
    except wire.BadPayload:
        return False
    if look.status in _REFUSES:
        return isinstance(body, dict) and "success" in body
    return 200 <= look.status < 300 and isinstance(body, dict | list)
