"""The till's field: a search field in which plus, minus and Delete change the cart while it is empty."""

from __future__ import annotations

from dataclasses import dataclass

from textual.events import Key
from textual.message import Message
from textual.widgets.input import Selection

from clutch_tui.ui.widgets.search_field import SearchField


class ScanField(SearchField):
    """With nothing typed, + and - step the quantity of the cart's line and Delete removes it."""

    @dataclass
    class Stepped(Message):
        """One more, or one less."""

        by: int

    @dataclass
    class Entered(Message):
        """Enter was pressed on this text; the field is empty again. `by_hand` where a row was marked on purpose."""

        text: str
        by_hand: bool = False

    class Removed(Message):
        """Delete was pressed."""

    def offer_again(self, text: str) -> None:
        """Put back what found nothing, selected: it can be corrected, and the next key or scan replaces it."""
        self.value = text
        self.selection = Selection(0, len(text))

    async def type_key(self, event: Key) -> None:
        """Take a key that was pressed elsewhere on the screen."""
        await self._on_key(event)

    async def _on_key(self, event: Key) -> None:
        """Enter empties the field here and now: a scanner's next code is right behind it. As a binding it would
        only be heard after it had bubbled through the whole screen, and the next code would be added to this. Tab
        behind a text is the end that some scanners send."""
        if event.key == "enter" or (event.key == "tab" and self.value.strip()):
            event.stop()
            event.prevent_default()
            text, by_hand = self.value.strip(), self.has_steered
            self.value = ""
            if text:
                self.post_message(self.Entered(text, by_hand))
            return
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
