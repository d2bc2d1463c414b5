"""Toasts as they are read here: each line in the direction of the whole, and nothing in them is markup.

Textual's own guess the direction of each wrapped line, so that one without an Arabic word had its full stop on the
wrong side; and they read square brackets, which stand in parts' names, as orders.

They lie between the strip and what a screen keeps clear at its foot: its keys, and at the till what the sale comes to.
Over a dialog they stand above its box or below it, and where neither has room above its line of keys; a text to read,
such as a receipt, gives way to them as long as they stand (`make_room`). Where they are more than fit, the newest are
seen. What is said again while it still stands is one toast, with how often.

Names of Textual used here that its documentation does not promise: `textual.widgets._toast.Toast`, its
`_notification` and the `ToastRack` around it, `App._notifications`. A test pins them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

from textual.content import Content
from textual.notifications import Notification, Notifications
from textual.screen import Screen
from textual.widgets import _toast

from clutch_tui.text import format as shown
from clutch_tui.text.bidi import LTR, RTL
from clutch_tui.text.strings import is_rtl
from clutch_tui.ui.bidi_filter import paragraph


@dataclass
class Repeated(Notification):
    """A toast that was shown more than once while it stood."""

    times: int = 1


class Toasts(Notifications):
    """The toasts that stand now; the same words once, as the newest."""

    def add(self, notification: Notification) -> Self:
        said = (notification.message, notification.title, notification.severity)
        for toast in [toast for toast in self if (toast.message, toast.title, toast.severity) == said]:
            given = {field.name: getattr(notification, field.name) for field in fields(Notification)}
            notification = Repeated(**given, times=getattr(toast, "times", 1) + 1)
            del self[toast]
        return super().add(notification)


class Notice(_toast.Toast):
    """A toast whose text is a text."""

    def on_mount(self) -> None:
        self.call_after_refresh(keep_clear, self.screen)

    def on_unmount(self) -> None:
        if self.app.is_running and self.app.screen_stack:
            screen = self.app.screen
            screen.call_after_refresh(keep_clear, screen)

    def render(self) -> Content:
        screen = RTL if is_rtl() else LTR
        times = getattr(self._notification, "times", 1)
        message = self._notification.message + (f" ({shown.isolate(f'×{shown.number(times)}')})" if times > 1 else "")
        return Content("\n").join(paragraph(line, screen) for line in message.split("\n"))


def keep_clear(screen: Screen[Any]) -> None:
    """Let the toasts of a screen cover nothing that must be seen: it says by `toast_room` from which line on, and up
    to which, they may lie."""
    if (make_room := getattr(screen, "make_room", None)) is not None:
        make_room(bool(screen.query(Notice)))
    room: tuple[int, int] | None = getattr(screen, "toast_room", None)
    if room is not None:
        top, bottom = room
        margin = (0, 0, max(0, screen.size.height - bottom), 0)
        for beneath in screen.app.screen_stack[:-1]:  # each screen has toasts of its own, all of the same words
            if beneath is not screen:
                beneath.query("ToastRack").set(display=False)
        screen.query("ToastRack").set_styles(margin=margin, max_height=max(1, bottom - top))
        screen.refresh()  # Textual leaves a line behind where a toast stood before


def install_notices() -> None:
    """Let every app of this process show these; before the first toast."""
    vars(_toast)["Toast"] = Notice
