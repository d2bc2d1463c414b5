"""Help, the menu of screens and the palette: what lies over any screen for a moment and asks nothing of the shop.

One of them at a time, wherever its key is pressed: the key of another takes its place, its own key takes it off. Two of
a kind in one stack would have to be closed one after the other, and a palette that stayed behind on another screen
would come back with the commands of a moment long past.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import work
from textual.await_complete import AwaitComplete

from clutch_tui.text.strings import t
from clutch_tui.ui import keys

if TYPE_CHECKING:
    from textual.app import App

    _AppPart = App[Any]
else:
    _AppPart = object

COMMANDS = "palette"


class Overlays(_AppPart):
    """Mixin, before `App`: their keys, and the word for who tries Ctrl+C."""

    if TYPE_CHECKING:
        _go_to: Callable[[str], Awaitable[None]]

    def close_overlay(self) -> str:
        """Take off the one that is in front; what it was, empty where there is none."""
        name = str(getattr(self.screen, "overlay", ""))
        if name:
            closing: AwaitComplete = self.screen.dismiss(None)
            del closing  # nobody waits: this may be the overlay's own handler
        return name

    def action_help(self) -> None:
        if self.close_overlay() == "help":
            return
        from clutch_tui.ui.dialogs import ShowText

        screen = self.screen
        shown = ShowText("app.help", lambda: keys.help_lines(screen))
        shown.overlay = "help"
        self.push_screen(shown)

    def action_command_palette(self) -> None:
        """Open our own palette: Textual's types from left to right, and turns back what is beneath it."""
        if self.close_overlay() == COMMANDS or not self.use_command_palette:
            return
        from clutch_tui.ui.widgets.palette import Palette

        self.push_screen(Palette())

    @work(group="menu", exclusive=True, exit_on_error=False)
    async def action_menu(self) -> None:
        if self.close_overlay() == "menu":
            return
        from clutch_tui.ui.dialogs import Choose

        menu = Choose("app.menu", [(mode, partial(t, f"mode.{mode}")) for mode in (*keys.MODES, keys.DRAWER)])
        menu.overlay = "menu"
        if (mode := await self.push_screen_wait(menu)) is not None:
            await self._go_to(mode)

    def action_help_quit(self) -> None:
        """Ctrl+C: who presses it out of habit is told how one leaves, in the language of the screens."""
        quits = next(one for one in keys.GLOBAL if one.action == "quit")
        self.notify(t("app.how_to_quit", key=keys.shown_key(quits)))
