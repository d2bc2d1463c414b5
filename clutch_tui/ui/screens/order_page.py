"""All of an order on one page: what is asked for, what this shop has of it, and what was offered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.binding import BindingType

from clutch_tui.core.order_types import LinePart, Order
from clutch_tui.phrases import orders
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import ShowText, keys_of_row

ANSWERS = (
    ("f2", "accept", "order.accept"),
    ("f3", "quote", "order.quote"),
    ("f4", "reject", "order.reject"),
    ("f5", "sell", "order.sell"),
    ("f6", "withdraw", "order.withdraw"),
    ("f8", "tie", "order.tie"),
)
"""Key, action of the list and word of everything that can be done with an order."""


class OrderDialog(ShowText):
    """The page of an order; `possible` are the actions of the list that can be done with it now, by their keys."""

    BINDINGS: ClassVar[list[BindingType]] = keys_of_row("order", ANSWERS)

    def __init__(self, order: Order, parts: Sequence[LinePart | None], possible: Collection[str]) -> None:
        super().__init__("order.title", lambda: orders.whole(order, parts))
        self.add_class("-form")
        self._possible = possible
        self.hint.tell(self._keys)

    def _keys(self) -> str:
        named = [f"{key.upper()} {t(word)}" for key, action, word in ANSWERS if action in self._possible]
        return "  ".join([*named, t("dialog.hint.read")])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return parameters[0] in self._possible if action == "dismiss" and parameters else True
