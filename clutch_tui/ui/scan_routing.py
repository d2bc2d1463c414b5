"""The way of a scan: into the till, into a field that asks for a code, or nowhere, which is said.

A screen or dialog that has an opinion says so by `take_scan(text)`: True where it took the scan, False where it lets
none through (a question that waits for its answer), None where the next one below may have it. What lies over a
screen for a moment (`overlays`) is taken off first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

if TYPE_CHECKING:
    from textual.app import App

    from clutch_tui.config.settings import Settings
    from clutch_tui.ui.overlays import Overlays

    class _AppPart(Overlays, App[Any]):
        settings: Settings
else:
    _AppPart = object


class Scanning(_AppPart):
    """Mixin, before `App`, behind `KeysInOrder`, which finds out what was scanned."""

    @property
    def scan_prefix(self) -> str:
        """Return what the scanner was set to send before each code; may be empty."""
        return self.settings.ui.scan_prefix

    def take_scan(self, text: str) -> None:
        self.close_overlay()
        for screen in reversed(self.screen_stack):
            take = getattr(screen, "take_scan", None)
            if take is not None and (taken := take(text)) is not None:
                break
        else:
            taken = False
        if not taken:
            self.bell()
            self.notify(t("scan.not_here", text=shown.name(text)), severity="warning")
