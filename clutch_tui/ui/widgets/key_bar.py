"""The bar at the foot of every screen: which key does what, in words."""

from __future__ import annotations

from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from clutch_tui.text.format import NO_BREAK_SPACE
from clutch_tui.ui import keys


class KeyBar(Widget):
    """The screen's shown bindings, greyed out where `check_action` says that they cannot be done now."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: auto; max-height: 2; width: 1fr; background: $panel; color: $foreground; }
    .-rtl KeyBar { text-align: right; }
    """

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh(layout=True)

    def relabel(self) -> None:
        self.refresh(layout=True)

    def render(self) -> Content:
        parts: list[Content] = []
        for binding, enabled in keys.active(self.screen):
            if not binding.show:
                continue
            word = keys.word(binding).replace(" ", NO_BREAK_SPACE)
            parts.append(
                Content.assemble(
                    (keys.shown_key(binding), "$accent bold" if enabled else "$text-disabled"),
                    (NO_BREAK_SPACE + word, "" if enabled else "$text-disabled"),
                )
            )
        return Content("  ").join(parts)
