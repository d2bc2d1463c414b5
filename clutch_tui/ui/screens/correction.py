"""A refused request in its form again: what was typed, and beside each field what the server said of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from clutch_tui.core.sync.queue import Refused
from clutch_tui.phrases import changes
from clutch_tui.phrases import fields as record_fields
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.forms import FormDialog


class CorrectionForm(FormDialog[str]):
    """The record's form with the refused values. The cursor stands in the first field that the server named; what
    it refused as a whole is said below."""

    def __init__(self, refused: Refused, save: Callable[[dict[str, Any]], Awaitable[str]]) -> None:
        row = refused.row
        fields = record_fields.OF_TYPE[row.type]
        if row.type == "item" and row.kind == "create":
            fields = (*fields, record_fields.FIRST_STOCK)
        super().__init__("queue.correct", fields, refused.fields, save, name=shown.name(changes.label(row)))
        self._request = refused

    def on_mount(self) -> None:
        self.call_after_refresh(self._say_what_was_refused)  # the form itself has put the cursor into its first field

    def _say_what_was_refused(self) -> None:
        named = [row.entry.name for row in self.rows if row.entry.name in self._request.errors]
        for name in reversed(named):
            self.complain(partial(_server_says, self._request.errors[name]), name)
        if not named:
            self.complain(partial(changes.error_words, self._request.row))


def _server_says(words: str) -> str:
    return t("queue.server_says", words=shown.name(words))
