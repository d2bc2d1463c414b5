"""Toasts as they are read here: each line in the direction of the whole, and nothing in them is markup.

Textual's own guess the direction of each wrapped line, so that one without an Arabic word had its full stop on the
wrong side; and they read square brackets, which stand in parts' names, as orders.

They lie between the strip and what a screen keeps clear at its foot: its keys, and at the till what the sale comes to.
Over a dialog they stand above its box or below it, and where neither has room above its line of keys. Where they are
more than fit, the newest are seen.

Names of Textual used here that its documentation does not promise: `textual.widgets._toast.Toast`, its
`_notification` and the `ToastRack` around it. A test pins them.
"""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.screen import Screen
from textual.widgets import _toast

from clutch_tui.text.bidi import LTR, RTL
from clutch_tui.text.strings import is_rtl
from clutch_tui.ui.bidi_filter import paragraph


class Notice(_toast.Toast):
    """A toast whose text is a text."""

    def on_mount(self) -> None:
        self.call_after_refresh(keep_clear, self.screen)

    def render(self) -> Content:
        screen = RTL if is_rtl() else LTR
        return Content("\n").join(paragraph(line, screen) for line in self._notification.message.split("\n"))


def keep_clear(screen: Screen[Any]) -> None:
    """Let the toasts of a screen cover nothing that must be seen: it says by `toast_room` from which line on, and up
    to which, they may lie."""
    room: tuple[int, int] | None = getattr(screen, "toast_room", None)
    if room is not None:
        top, bottom = room
        margin = (0, 0, max(0, screen.size.height - bottom), 0)
        screen.query("ToastRack").set_styles(margin=margin, max_height=max(1, bottom - top))
        screen.refresh()  # Textual leaves a line behind where a toast stood before


def install_notices() -> None:
    """Let every app of this process show these; before the first toast."""
    vars(_toast)["Toast"] = Notice
