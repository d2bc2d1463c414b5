"""Everything that is known of one change, on one page."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, cast

from textual.binding import Binding, BindingType

from clutch_tui.core.sync.queue import ChangeDetail
from clutch_tui.phrases import changes
from clutch_tui.text.format import NO_BREAK_SPACE
from clutch_tui.text.strings import t
from clutch_tui.ui import keys
from clutch_tui.ui.dialogs import ShowText, keys_of_row

ACTIONS = {
    "decide": ("f2", "queue.decide"),
    "edit": ("f3", "queue.edit"),
    "retry": ("f5", "common.retry"),
    "send_again": ("f5", "queue.send_again"),
    "seen": ("f6", "queue.seen"),
    "there": ("f6", "queue.there"),
    "give_up": ("f8", "queue.give_up"),
}
"""What can be done to one change: its key and its word, here and in the list."""


class ChangeDialog(ShowText):
    """The page of a change. The keys that are `possible` for it close the page and do what they do in the list."""

    BINDINGS: ClassVar[list[BindingType]] = keys_of_row(
        "change", ((key, action, word) for action, (key, word) in ACTIONS.items())
    )

    def __init__(self, change: ChangeDetail, possible: Collection[str]) -> None:
        super().__init__("queue.detail", lambda: changes.detail_lines(change))
        self.add_class("-form")
        self._possible = possible
        self.hint.tell(self._keys)

    def _keys(self) -> str:
        own = cast("list[Binding]", self.BINDINGS)
        words = [
            f"{keys.shown_key(binding)}{NO_BREAK_SPACE}{keys.word(binding)}"
            for action, binding in zip(ACTIONS, own, strict=True)
            if action in self._possible
        ]
        return t("queue.detail_keys", keys="  ".join(words)) if words else t("dialog.hint.read")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "dismiss" and parameters:
            return parameters[0] in self._possible
        return super().check_action(action, parameters)
