"""Help, the menu of screens and the palette: what lies over any screen for a moment and asks nothing of the shop.

One of them at a time, wherever its key is pressed: the key of another takes its place, its own key takes it off. Two of
a kind in one stack would have to be closed one after the other, and a palette that stayed behind on another screen
would come back with the commands of a moment long past.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.screen import Screen

from clutch_tui.text.strings import in_every_language, t
from clutch_tui.ui import keys

if TYPE_CHECKING:
    from textual.app import App

    _AppPart = App[Any]
else:
    _AppPart = object

COMMANDS = "palette"


class FoundCommand(SystemCommand):
    """A command of the palette; `names` are its words in every language, by which it is found as well."""

    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, key: str, help_text: str, run: Callable[[], Any]) -> FoundCommand:
        """Make one of the catalogue key of its words."""
        made = cls(t(key), help_text, run)
        made.names = in_every_language(key)
        return made


class Overlays(_AppPart):
    """Mixin, before `App`: their keys, and the word for who tries Ctrl+C."""

    if TYPE_CHECKING:
        _go_to: Callable[[str], Awaitable[None]]
        action_mode: Callable[[str], Awaitable[None]]

        @property
        def _asks(self) -> bool: ...

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

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Everything that a key does here, what belongs to the screen first."""
        for node, binding, enabled, _ in keys.active_nodes(screen):
            if enabled and not str(binding.id).startswith(("table.", "search.", "form.")):
                run = partial(self.run_action, binding.action, node)
                yield FoundCommand.of(binding.description, keys.shown_key(binding), run)
        if not self._asks:
            for mode in keys.MODES[10:]:  # those that no digit leads to
                title = "palette.sign_in" if mode == "sign_in" else f"mode.{mode}"
                yield FoundCommand.of(title, t(f"mode.{mode}"), partial(self._go_to, mode))
        for name in keys.OVER_TILL:
            yield FoundCommand.of(f"mode.{name}", "", partial(self.action_mode, name))

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

        menu = Choose("app.menu", [(mode, partial(t, f"mode.{mode}")) for mode in (*keys.MODES, *keys.OVER_TILL)])
        menu.overlay = "menu"
        if (mode := await self.push_screen_wait(menu)) is not None:
            await self._go_to(mode)

    def action_help_quit(self) -> None:
        """Ctrl+C: who presses it out of habit is told how one leaves, in the language of the screens."""
        quits = next(binding for binding in keys.GLOBAL if binding.action == "quit")
        self.notify(t("app.how_to_quit", key=keys.shown_key(quits)))
