"""The till's field: a search field in which plus, minus and Delete change the cart while it is empty."""

from __future__ import annotations

from dataclasses import dataclass

from textual.events import Key
from textual.message import Message

from clutch_tui.ui.widgets.search_field import SearchField


class ScanField(SearchField):
    """With nothing typed, + and - step the quantity of the cart's line and Delete removes it."""

    @dataclass
    class Stepped(Message):
        """One more, or one less."""

        by: int

    class Removed(Message):
        """Delete was pressed."""

    async def _on_key(self, event: Key) -> None:
        if not self.value:
            if event.character in ("+", "-"):
                self.post_message(self.Stepped(1 if event.character == "+" else -1))
                event.stop()
                event.prevent_default()
                return
            if event.key == "delete":
                self.post_message(self.Removed())
                event.stop()
                event.prevent_default()
                return
        await super()._on_key(event)
