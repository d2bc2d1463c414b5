"""Looks every few seconds whether the open database is still the file of its name, and says so where it is not."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clutch_tui.core.errors import ShopError
from clutch_tui.phrases.errors import explain
from clutch_tui.ui.dialogs import ShowText
from clutch_tui.ui.errors import note

if TYPE_CHECKING:
    from textual.timer import Timer

    from clutch_tui.core.store.store import Store
    from clutch_tui.ui.app import ClutchApp

EVERY = 3.0
"""Seconds between two looks; each costs two calls of the system and no disk."""


def begin(app: ClutchApp, store: Store) -> None:
    """Watch the file of a store for as long as the app works with it."""
    watch = _Watch(app, store)
    watch.timer = app.set_interval(EVERY, watch.look)


class _Watch:
    """One store and the timer that looks at it."""

    timer: Timer

    def __init__(self, app: ClutchApp, store: Store) -> None:
        self._app = app
        self._store = store

    def look(self) -> None:
        if not self._app.is_open or self._app.store is not self._store:
            self.timer.stop()
        elif not self._store.is_in_place():
            self.timer.stop()
            self._app.run_worker(self._tell(), group="file", exit_on_error=False)

    async def _tell(self) -> None:
        """Have what the open file holds saved beside, and say it in a window that stays until it is closed."""
        try:
            await self._store.read(str)
        except ShopError as error:
            note(error)
            self._app.bell()
            self._app.push_screen(ShowText("file.lost", partial(_lines, error)))


def _lines(error: ShopError) -> list[str]:
    return [explain(error)]
