"""The till's field: a search field in which plus, minus, Delete and Ctrl+Z change the cart while it is empty."""

from __future__ import annotations

from dataclasses import dataclass

from textual.events import Key
from textual.message import Message
from textual.widgets.input import Selection

from clutch_tui.ui.widgets.search_field import SearchField
from clutch_tui.ui.widgets.undo import Moment


class ScanField(SearchField):
    """With nothing typed, + and - step the quantity of the cart's line, Delete removes it, and Ctrl+Z takes back what
    was done to the cart."""

    @dataclass
    class Stepped(Message):
        """One more, or one less."""

        by: int

    @dataclass
    class Entered(Message):
        """Enter was pressed on this text; the field is empty again. `by_hand` where a row was marked on purpose; `sign`
        is the plus or minus that was pressed right before the text, and has stepped the cart's line."""

        text: str
        by_hand: bool = False
        sign: str = ""

    class Removed(Message):
        """Delete was pressed."""

    @dataclass
    class TakenBack(Message):
        """Ctrl+Z was pressed where nothing typed is to be taken back; `again` for Ctrl+Y."""

        again: bool = False

    sign = ""
    """The plus or minus that was the last key, while nothing has been done since."""

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
            entered = self.Entered(self.value.strip(), self.has_steered, self.sign)
            self.value = self.sign = ""
            if entered.text:
                self.post_message(entered)
            return
        if not self.value:
            if event.character in ("+", "-"):
                self.sign = event.character
                self.post_message(self.Stepped(1 if event.character == "+" else -1))
                event.stop()
                event.prevent_default()
                return
            if event.key == "delete":
                self.post_message(self.Removed())
                event.stop()
                event.prevent_default()
                return
            if not event.is_printable:
                self.sign = ""
        await super()._on_key(event)

    def action_undo(self) -> None:
        self._take_back(self.undo.back(Moment(self.value, self.selection)), again=False)

    def action_redo(self) -> None:
        self._take_back(self.undo.forth(Moment(self.value, self.selection)), again=True)

    def _take_back(self, moment: Moment | None, *, again: bool) -> None:
        if moment is None and not self.value:
            self.post_message(self.TakenBack(again))
        self.go_to(moment)
