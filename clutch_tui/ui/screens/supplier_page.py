"""Everything that is known of one supplier, on one page."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from clutch_tui.core.types import Supplier
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import ShowText, field_lines, keys_of_row


class SupplierDialog(ShowText):
    """The page of a supplier; F3 to F8 do what they do to a row of the list."""

    BINDINGS: ClassVar[list[BindingType]] = keys_of_row(
        "supplier",
        (
            ("f3", "edit", "common.edit"),
            ("f6", "parts", "supplier.parts"),
            ("f8", "delete", "common.delete"),
        ),
    )

    def __init__(self, supplier: Supplier) -> None:
        super().__init__("supplier.title", lambda: supplier_lines(supplier), hint="supplier.page_hint")
        self.add_class("-form")


def supplier_lines(supplier: Supplier) -> list[str]:
    """A line for each field that has something in it."""
    draft = supplier.draft
    lines = field_lines(
        ("common.name", shown.name(draft.name)),
        ("supplier.contact", shown.name(draft.contact_person)),
        ("common.phone", shown.phone(draft.phone)),
        ("common.email", shown.isolate(draft.email)),
        ("common.address", shown.name(draft.address)),
        ("supplier.terms", shown.name(draft.payment_terms)),
        ("supplier.rating", shown.number(draft.rating) if draft.rating else ""),
    )
    return [*lines, t("common.has_unsent")] if supplier.unsent else lines
