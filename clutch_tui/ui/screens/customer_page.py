"""Everything that is known of one customer, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from clutch_tui.core import cars
from clutch_tui.core.accounts import AccountEntry, AccountStanding
from clutch_tui.core.receivables import Aging
from clutch_tui.core.types import Customer
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t
from clutch_tui.ui.dialogs import ShowText, field_lines, keys_of_row
from clutch_tui.ui.screens.history import kind_word

LAST_ENTRIES = 5
"""How many lines of the statement stand on the page of a customer."""


class CustomerDialog(ShowText):
    """The page of a customer, with the last lines of the statement; F3 to F8 do what they do to a row of the list."""

    BINDINGS: ClassVar[list[BindingType]] = keys_of_row(
        "customer",
        (
            ("f3", "edit", "common.edit"),
            ("f4", "pay", "customer.pay"),
            ("f5", "sell_to", "customer.sell_to"),
            ("f6", "account", "customer.account"),
            ("f7", "quotations", "customer.quotations"),
            ("f8", "delete", "common.delete"),
        ),
    )

    def __init__(
        self, customer: Customer, standing: AccountStanding | None, aging: Aging, last: Sequence[AccountEntry]
    ) -> None:
        super().__init__(
            "customer.title", lambda: customer_lines(customer, standing, aging, last), hint="customer.page_hint"
        )
        self.add_class("-form")


def customer_lines(
    customer: Customer, standing: AccountStanding | None, aging: Aging, last: Sequence[AccountEntry]
) -> list[str]:
    """A line for each field that has something in it, what is owed and for how long, and the newest lines of the
    statement."""
    from clutch_tui.ui.screens.account import owed_words

    draft = customer.draft
    kind = f"customer.type.{draft.customer_type}"
    car = cars.described(draft.car_brand, draft.car_model, draft.car_year)
    lines = field_lines(
        ("common.name", shown.name(draft.name)),
        ("common.phone", shown.phone(draft.phone)),
        ("common.email", shown.isolate(draft.email)),
        ("common.address", shown.name(draft.address)),
        ("customer.type", t(kind) if has(kind) else shown.name(draft.customer_type)),
        ("part.car", shown.isolate(car) if car.isascii() else car),
        ("customer.plate", shown.name(draft.car_plate)),
        ("account.standing", owed_words(standing, aging)),
        ("customer.bought", shown.money(customer.total_purchases) if customer.total_purchases else ""),
        ("customer.last_visit", shown.date_time(customer.last_visit) if customer.last_visit else ""),
    )
    if customer.unsent:
        lines.append(t("common.has_unsent"))
    if last:
        lines += ["", f"{t('customer.account')}:", *map(_entry_line, last)]
    return lines


def _entry_line(entry: AccountEntry) -> str:
    """One line of the statement as a sentence."""
    if entry.at is None:
        return t("customer.entry_before", balance=shown.amount(entry.balance))
    return t(
        "customer.entry",
        at=shown.date_time(entry.at),
        kind=kind_word(entry.kind),
        number=shown.part_number(entry.number),
        amount=shown.amount(entry.amount),
        balance=shown.amount(entry.balance),
    )
