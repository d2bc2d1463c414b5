"""Shows what other windows and commands write into the shop's file, where no connection does: of a shop that works
alone. A shop with a server has it from its connection (`net.network`), which looks at the same figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clutch_tui.ui import shop

if TYPE_CHECKING:
    from textual.timer import Timer

    from clutch_tui.core.store.store import Store
    from clutch_tui.ui.app import ClutchApp

EVERY = 2.0
"""Seconds between two looks; each costs a few reads of indexes."""


def begin(app: ClutchApp, store: Store, on_change: Callable[[frozenset[str]], None]) -> None:
    """Watch what is written into a store for as long as the app works with it alone."""
    watch = _Watch(app, store, on_change)
    watch.timer = app.set_interval(EVERY, watch.look)


class _Watch:
    """One store, the timer that looks at it, and what was seen last."""

    timer: Timer

    def __init__(self, app: ClutchApp, store: Store, on_change: Callable[[frozenset[str]], None]) -> None:
        self._app = app
        self._store = store
        self._on_change = on_change
        self._seen: tuple[int, ...] | None = None

    def look(self) -> None:
        if not self._app.is_open or self._app.store is not self._store or self._app.network is not None:
            self.timer.stop()
        else:
            self._app.run_worker(self._compare(), group="other_windows", exclusive=True, exit_on_error=False)

    async def _compare(self) -> None:
        figures = await self._store.read_later(shop.other_writers.figures)
        if self._seen is not None and figures != self._seen:
            self._on_change(frozenset({"everything"}))
        self._seen = figures
