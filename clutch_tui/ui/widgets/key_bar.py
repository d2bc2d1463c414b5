"""The bar at the foot of every screen: which key does what, in words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from clutch_tui.text.format import NO_BREAK_SPACE, RLM
from clutch_tui.text.strings import is_rtl, t
from clutch_tui.ui import keys
from clutch_tui.ui.widgets.notice import keep_clear

_GAP = {True: f" {RLM} ", False: "  "}
"""What stands between two keys; without the mark a Latin word and the key after it would be read as one."""
_BEHIND_KEY = {True: RLM + NO_BREAK_SPACE, False: NO_BREAK_SPACE}
"""What stands between a key and its word, which may begin with a figure."""


class KeyBar(Widget):
    """The screen's shown bindings, greyed out where `check_action` says that they cannot be done now."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: auto; max-height: 4; width: 1fr; background: $panel; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._drawn: Sequence[object] = ()
        self._waiting = False
        self._looked_at: Sequence[object] = ()
        """The keys as they were when they were last drawn or compared with what is drawn."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen is not self.screen:
            return
        if (shown := self._shown) == self._looked_at:  # bindings are looked at with every row that the cursor passes
            return
        self._looked_at = shown
        wanted = _seen(self._lines(self.size.width))
        if wanted != self._drawn:
            self.refresh(layout=len(wanted) != len(self._drawn))

    def on_resize(self, event: Resize) -> None:
        """Toasts stand above the keys, however many lines these take."""
        keep_clear(self.screen)

    def show_waiting(self, waiting: bool) -> None:
        """Say that a key waits, in the place of what keys do; or no longer."""
        self._waiting = waiting
        self.refresh()

    def relabel(self) -> None:
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self._lines(width)))

    def render(self) -> Content:
        if self._waiting:
            return Content.styled(t("keys.waiting"), "bold $text-warning")
        self._looked_at = self._shown
        lines = self._lines(self.size.width)
        self._drawn = _seen(lines)
        return Content("\n").join(lines)

    @property
    def _shown(self) -> Sequence[object]:
        """Return what the lines are made of."""
        bindings = [(binding.id, enabled) for binding, enabled in keys.active(self.screen) if binding.show]
        return [is_rtl(), self.size.width, *bindings]

    def _lines(self, width: int) -> list[Content]:
        """Keys with their words in lines of at most `width` cells; a key is never parted from its word, which
        Textual's own wrapping does at any kind of blank."""
        lines: list[Content] = []
        for binding, enabled in keys.active(self.screen):
            if not binding.show:
                continue
            part = Content.assemble(
                (keys.shown_key(binding), "$accent bold" if enabled else "$text-disabled"),
                (_BEHIND_KEY[is_rtl()] + keys.word(binding), "" if enabled else "$text-disabled"),
            )
            if lines and lines[-1].cell_length + part.cell_length + 2 <= width:
                lines[-1] += _GAP[is_rtl()] + part
            else:
                lines.append(part)
        return lines


def _seen(lines: Sequence[Content]) -> Sequence[object]:
    """Return what tells drawn lines from others."""
    return [(line.plain, tuple(line.spans)) for line in lines]
