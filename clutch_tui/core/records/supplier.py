"""A supplier: what a person may write of one, and the table."""

from __future__ import annotations

from dataclasses import dataclass

from clutch_tui.text.fold import fold

from ..limits import BEST_RATING, NOTE, PHONE
from ..search_words import fold_often, phone_key
from .declaration import Key, editable, keys_from, number, text
from .table import Party

_OFTEN = Key(fold_often)


@dataclass(frozen=True, slots=True)
class SupplierDraft:
    """The fields of a supplier that a person may write."""

    name: str = text("common.name", missing="error.field.empty", keys=(Key(fold, "name_key"),))
    contact_person: str = text("supplier.contact", keys=(Key(fold),))
    phone: str = text("common.phone", maximum=PHONE, keys=(Key(phone_key, "phone_key"),))
    email: str = text("common.email", keys=(Key(fold),))
    address: str = text("common.address", maximum=NOTE, keys=(_OFTEN,))
    payment_terms: str = text("supplier.terms", keys=(_OFTEN,))
    rating: int = number("supplier.rating", maximum=BEST_RATING)


keys_of = keys_from(SupplierDraft)
"""Fold the key columns of a supplier, and all words."""


@editable(SupplierDraft)
class SupplierTable(Party):
    """Suppliers."""

    class Meta:
        table_name = "supplier"
