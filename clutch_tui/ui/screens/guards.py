"""The question about a sale that goes below its cost, or gives off more than the shop allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from clutch_tui.phrases.guards import words
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import ConfirmUnexpected
from clutch_tui.ui.widgets.words import Words

if TYPE_CHECKING:
    from clutch_tui.core.guards import Concern

MOST_LINES = 5


class ConcernsDialog(ConfirmUnexpected):
    """Yes or no, with the figure of each line. It does not always come, so an Enter that was pressed before anybody can
    have read it is no answer."""

    DEFAULT_CSS = "ConcernsDialog #concerns { color: $text-warning; margin-bottom: 1; }"

    def __init__(self, concerns: Sequence[Concern]) -> None:
        super().__init__("guard.ask")
        self._concerns = tuple(concerns)
        self.lines = Words(id="concerns")

    def compose_body(self) -> ComposeResult:
        yield self.lines
        yield from super().compose_body()

    def on_mount(self) -> None:
        self.lines.tell(self._draw)

    def _draw(self) -> str:
        lines = [words(concern) for concern in self._concerns[:MOST_LINES]]
        if (more := len(self._concerns) - MOST_LINES) > 0:
            lines.append(t("guard.more", count=shown.number(more)))
        return "\n".join(lines)
