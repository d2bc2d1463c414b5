"""All of an order on one page: what is asked for, what this shop has of it, and what was offered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.binding import BindingType

from clutch_tui.core.types import Order, OrderRow, PartRow, Quote
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import ShowText, keys_of_row

ANSWERS = (
    ("f2", "accept", "order.accept"),
    ("f3", "quote", "order.quote"),
    ("f4", "reject", "order.reject"),
    ("f5", "sell", "order.sell"),
    ("f6", "withdraw", "order.withdraw"),
)
"""Key, action of the list and word of everything that can be done with an order."""

WHY_OVER = ("taken", "expired")
"""Why an order came to nothing that nobody here has refused."""


def status_word(order: OrderRow | Order) -> str:
    """Return how an order stands, and where it is over, by what."""
    over = order.status == "cancelled" and order.reason in WHY_OVER
    return t(f"order.status.{order.reason if over else order.status}")


class OrderDialog(ShowText):
    """The page of an order; `possible` are the actions of the list that can be done with it now, by their keys."""

    BINDINGS: ClassVar[list[BindingType]] = keys_of_row("order", ANSWERS)

    def __init__(self, order: Order, parts: Sequence[PartRow | None], possible: Collection[str]) -> None:
        super().__init__("order.title", lambda: order_lines(order, parts))
        self.add_class("-form")
        self._possible = possible
        self.hint.tell(self._keys)

    def _keys(self) -> str:
        named = [f"{key.upper()} {t(word)}" for key, action, word in ANSWERS if action in self._possible]
        return "  ".join([*named, t("dialog.hint.read")])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return parameters[0] in self._possible if action == "dismiss" and parameters else True


def order_lines(order: Order, parts: Sequence[PartRow | None]) -> list[str]:
    """An order, whole, as lines to read. `parts` are those of this shop that its lines mean, None for none."""
    number = shown.part_number(order.order_number)
    lines = [
        f"{t('order.number')}: {number}   {status_word(order)}",
        f"{t('sales.customer')}: {order.customer_name or '-'}   {shown.phone(order.phone)}",
    ]
    if order.delivery_address:
        lines.append(f"{t('common.address')}: {order.delivery_address}")
    if order.created_at is not None:
        lines.append(f"{t('order.came')}: {shown.date_time(order.created_at)}")
    if order.expires_at is not None:
        lines.append(t("order.expires", at=shown.date_time(order.expires_at)))
    lines.append("")
    for line, part in zip(order.lines, parts, strict=True):
        price = "" if line.price is None else f" × {shown.amount(line.price)}"
        lines.append(f"- {shown.name(line.name)}: {shown.quantity(line.quantity)}{price}")
        lines.append(f"  {_part_words(part)}")
    lines.append("")
    if order.quote is not None:
        lines += _quote_lines(order.quote)
    elif order.total:
        lines.append(f"{t('common.total')}: {shown.money(order.total)}")
    if order.notes:
        lines.append(f"{t('common.notes')}: {order.notes}")
    if order.answer:
        lines.append(t("order.answered", answer=t(f"order.{order.answer}")))
    return lines


def _part_words(part: PartRow | None) -> str:
    """Return what this shop has of a line."""
    if part is None:
        return t("order.no_part")
    about = [shown.part_number(part.part_number) or "-", t("part.on_shelf", stock=measured(part.stock, part.unit))]
    if part.location:
        about.append(t("part.at_place", place=shown.part_number(part.location)))
    return "   ".join([*about, shown.money(part.price)])


def _quote_lines(quote: Quote) -> list[str]:
    lines = [t("order.quoted")]
    for line in quote.lines:
        lines.append(f"- {shown.name(line.name)}: {shown.quantity(line.quantity)} × {shown.amount(line.price or 0)}")
    lines.append(f"{t('common.total')}: {shown.money(quote.total)}")
    if quote.valid_until is not None:
        lines.append(t("order.valid_until", at=shown.date_time(quote.valid_until)))
    return lines
