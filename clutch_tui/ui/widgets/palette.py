"""The command palette, in the language of the screens and with a field that Arabic can be typed into.

Private names of Textual used here: `CommandPalette._placeholder`, `_start_no_matches_countdown` and what it needs
(`_stop_no_matches_countdown`, `_no_matches_timer`, `_list_visible`, `_NO_MATCHES`). Each is pinned by a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.widgets import LoadingIndicator
from textual.widgets.option_list import Option

from clutch_tui.text.fold import fold
from clutch_tui.text.strings import t
from clutch_tui.ui.bidi_filter import VisualLines
from clutch_tui.ui.widgets.text_field import VisualCursor

BY_KEY = 1000.0
"""What a command weighs whose key was typed: more than any that is only called alike."""


def _bare(key: str) -> str:
    """A key's name without what stands between its parts."""
    return re.sub(r"[\s+-]", "", key).casefold()


class PaletteField(VisualCursor, CommandInput):
    """The field in which one types what to do."""

    cursor_blink = reactive(False, init=False)


class FoldedCommands(Provider):
    """The commands of the screen, found however they are spelt (`خزنه` means `الخزنة`, as in every search), in every
    language, and by the key that does the same (`f5`, `ctrl d`)."""

    async def discover(self) -> Hits:
        for name, help_text, run, discover in sorted(self._commands(), key=lambda command: command[0]):
            if discover:
                yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(fold(query))
        for command in self._commands():
            name, help_text, run, _ = command
            names = {name, *getattr(command, "names", ())}
            match = BY_KEY if _bare(help_text) == _bare(query) else max(matcher.match(fold(name)) for name in names)
            if match > 0:
                yield Hit(match, name, run, help=help_text)

    def _commands(self) -> Iterable[SystemCommand]:
        """Each once: what a key does here may also be had everywhere."""
        return {command[0]: command for command in reversed([*self.app.get_system_commands(self.screen)])}.values()


class Palette(VisualLines, CommandPalette):
    """Every command of the screen, found as one types. Without the id that Textual's has: one that is still going and
    one that comes are not the same."""

    overlay = "palette"

    def __init__(self) -> None:
        super().__init__([FoldedCommands], placeholder=t("palette.placeholder"))

    def compose(self) -> ComposeResult:
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield PaletteField(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield CommandList()
                yield LoadingIndicator()

    def relabel(self) -> None:
        """The language has changed: what is listed was looked up by words of the other one. A palette that was left
        open over a screen behind cannot go; it begins anew."""
        if self.app.screen is self:
            self.dismiss(None)
        else:
            field = self.query_one(PaletteField)
            field.value, field.placeholder = "", t("palette.placeholder")

    def _start_no_matches_countdown(self, search_value: str) -> None:
        self._stop_no_matches_countdown()
        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, lambda: self._show_no_matches(search_value))

    def _show_no_matches(self, search_value: str) -> None:
        commands = self.query_one(CommandList)
        if search_value and all(option.id != self._NO_MATCHES for option in commands.options):
            commands.add_option(Option(t("common.no_match"), disabled=True, id=self._NO_MATCHES))
        self._list_visible = bool(search_value)
