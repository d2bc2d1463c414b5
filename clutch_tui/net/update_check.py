"""Asking the backend which version of this program is the newest: once a day, and when a person wants to know.

The answer is only kept and shown. Nothing is downloaded or installed by this program.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from clutch_tui import __version__
from clutch_tui.core import updates
from clutch_tui.core.clock import Clock
from clutch_tui.core.errors import ShopError
from clutch_tui.core.store.store import Store
from clutch_tui.core.updates import VersionStanding

from . import wire
from .client.api import Api
from .client.errors import ApiError
from .monitor import Monitor

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0
"""Seconds between two looks at whether the day is over; what is asked of the backend is one call a day."""
ASK_AGAIN = 3600.0
"""Seconds until a backend that did not answer is asked again."""

OnNews = Callable[[frozenset[str]], None]


async def check(api: Api, store: Store) -> VersionStanding:
    """Ask now and keep the answer. Raises `ApiError`, `wire.BadPayload` and `ShopError`."""
    answer = await api.call("system.version")
    reading = wire.read_answer("system.version", answer.data)
    return await store.run(updates.keep, reading.record or {}, __version__)


async def watch(api: Api, store: Store, monitor: Monitor, clock: Clock, on_news: OnNews) -> None:
    """For as long as this process leads: ask once a day, and at once when the backend calls us too old."""
    asked = -ASK_AGAIN
    while True:
        await clock.sleep(LOOK_EVERY)
        try:
            due = _called_too_old(monitor) or await store.read(updates.is_due)
            if due and monitor.part("api").state == "up" and clock.monotonic() - asked >= ASK_AGAIN:
                asked = clock.monotonic()
                await check(api, store)
                on_news(frozenset({"updates"}))
        except (ApiError, wire.BadPayload, ShopError) as error:
            log.info("the backend does not say which version is the newest: %s", error.key)


def _called_too_old(monitor: Monitor) -> bool:
    problem = monitor.part("sync").problem
    return problem is not None and problem.key == "error.api.too_old"
