"""A paper on the screen, as it is printed, and as a text file for whoever prints or sends it."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.events import Key

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import shop
from clutch_tui.ui.dialogs import ShowText


class PaperDialog(ShowText):
    """Enter goes on, `save` (F2 in each of them) writes the paper as text. It is drawn again as soon as the shop's
    profile has been read, which its head shows."""

    DEFAULT_CSS = "PaperDialog .dialog--box { width: 48; }"
    SAVED: ClassVar[str] = "receipt.saved"
    """The sentence about the file."""

    def __init__(self, title: str) -> None:
        self._profile: dict[str, object] = {}
        super().__init__(title, self._draw, hint="receipt.hint")

    @abstractmethod
    def _lines(self) -> list[str]:
        """The paper, line by line."""

    @abstractmethod
    def _write(self, folder: Path) -> Path:
        """Write the paper into a folder, in a thread; the file's path."""

    def _draw(self) -> list[str]:
        # what fills up a line on paper would hold it off its side here
        return [line.rstrip() for line in self._lines()]

    def on_mount(self) -> None:
        super().on_mount()
        self._load()

    @work(group="profile", exit_on_error=False)
    async def _load(self) -> None:
        await self._read()
        self.body.refresh(layout=True)

    async def _read(self) -> None:
        self._profile = await self.app.store.read(shop.state.setting, "shop.profile", {})

    @work(group="save", exit_on_error=False)
    async def action_save(self) -> None:
        path = await asyncio.to_thread(self._write, self.app.services.receipts)
        self.app.notify(t(self.SAVED, path=shown.isolate(str(path))))


class TillPaper(PaperDialog):
    """A paper that is handed to whoever stands at the till: the next customer's first part, scanned or typed, takes it
    off the screen."""

    def take_scan(self, text: str) -> bool | None:
        """Let the paper go; the scan belongs to what lies below."""
        self.dismiss(None)
        return None

    def on_key(self, event: Key) -> None:
        """Pass what is typed on to what lies below as well, but for a key of the paper's own."""
        if event.is_printable and event.key not in self.active_bindings:
            event.stop()
            self.dismiss(None)
            self.app.press_next(event.key, event.character)
