"""Toasts as they are read here: each line in the direction of the whole, and nothing in them is markup.

Textual's own guess the direction of each wrapped line, so that one without an Arabic word had its full stop on the
wrong side; and they read square brackets, which stand in parts' names, as orders.

Names of Textual used here that its documentation does not promise: `textual.widgets._toast.Toast` and its
`_notification`. A test pins them.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import _toast

from clutch_tui.text.bidi import LTR, RTL
from clutch_tui.text.strings import is_rtl
from clutch_tui.ui.bidi_filter import paragraph


class Notice(_toast.Toast):
    """A toast whose text is a text."""

    def render(self) -> Content:
        screen = RTL if is_rtl() else LTR
        return Content("\n").join(paragraph(line, screen) for line in self._notification.message.split("\n"))


def install_notices() -> None:
    """Let every app of this process show these; before the first toast."""
    vars(_toast)["Toast"] = Notice
