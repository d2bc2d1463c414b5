"""The fields of the shop's records as a person meets them: word, kind and limits of each.

Forms are built of them, and whatever names a field elsewhere (a conflict, a change in the queue, a command) looks
it up here, so that it has one word and the same limits everywhere. Imports nothing that draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from clutch_tui.core.limits import BEST_RATING, LONGEST, MAX_MONEY, MAX_QUANTITY
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError, parse_decimal, parse_money, parse_number

Kind = Literal["text", "secret", "money", "number", "decimal", "choice"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a form. `name` is the field of the record, `label` a catalogue key; a number is given and
    taken as a number, money in minor units, everything else as a text."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    maximum: int | None = None
    """The greatest number, or the greatest length of a text."""
    choices: Sequence[tuple[str, str]] = field(default=())
    missing: str = "error.field.empty"
    """The sentence where a required field is left empty."""
    is_code: bool = False
    """Whether it is printed on the part, so that it may be scanned in."""


def _bounded(type: str, *entries: Entry) -> tuple[Entry, ...]:
    """The entries with the limits of the record's texts."""
    texts = LONGEST[type]
    return tuple(
        replace(entry, maximum=texts[entry.name]) if entry.kind in ("text", "choice") else entry for entry in entries
    )


PART = _bounded(
    "item",
    Entry("name", "part.name_ar", required=True, missing="error.part.server_wants_name"),
    Entry("name_en", "part.name_en"),
    Entry("part_number", "part.number", is_code=True),
    Entry("barcode", "part.barcode", is_code=True),
    Entry("oem_number", "part.oem", is_code=True),
    Entry("price", "part.price", "money", maximum=MAX_MONEY),
    Entry("cost", "part.cost", "money", maximum=MAX_MONEY),
    Entry("min_stock", "part.min_stock", "number", maximum=MAX_QUANTITY),
    Entry("location", "part.place"),
    Entry("category", "part.category"),
    Entry("brand", "part.brand"),
    Entry("car_brand", "part.car_brand"),
    Entry("car_model", "part.car_model"),
    Entry("year", "part.year"),
    Entry("supplier", "part.supplier"),
    Entry("description", "part.description"),
)
ENGLISH_PART = (replace(PART[0], required=False), *PART[1:])
"""A part that has only an English name already: its server takes it so."""
FIRST_STOCK = Entry("stock_quantity", "part.first_stock", "number", maximum=MAX_QUANTITY)
"""What lies on the shelf when a part is made; afterwards stock moves and is not written."""

_CUSTOMER_TYPES = (
    ("", "customer.type.none"),
    ("retail", "customer.type.retail"),
    ("workshop", "customer.type.workshop"),
    ("wholesale", "customer.type.wholesale"),
)
"""The server's words; one that it uses beside them is shown as it is."""

CUSTOMER = _bounded(
    "customer",
    Entry("name", "common.name", required=True),
    Entry("phone", "common.phone"),
    Entry("email", "common.email"),
    Entry("address", "common.address"),
    Entry("customer_type", "customer.type", "choice", choices=_CUSTOMER_TYPES),
    Entry("car_brand", "part.car_brand"),
    Entry("car_model", "part.car_model"),
    Entry("car_year", "part.year"),
    Entry("car_plate", "customer.plate"),
)

SUPPLIER = _bounded(
    "supplier",
    Entry("name", "common.name", required=True),
    Entry("contact_person", "supplier.contact"),
    Entry("phone", "common.phone"),
    Entry("email", "common.email"),
    Entry("address", "common.address"),
    Entry("payment_terms", "supplier.terms"),
    Entry("rating", "supplier.rating", "number", maximum=BEST_RATING),
)

OF_TYPE = {"item": PART, "customer": CUSTOMER, "supplier": SUPPLIER}
"""By the type of record that the protocol names."""


def find(type: str, name: str) -> Entry | None:
    """The entry of a record's field; None for a field that no form has."""
    if type == "item" and name == FIRST_STOCK.name:
        return FIRST_STOCK
    return next((entry for entry in OF_TYPE.get(type, ()) if entry.name == name), None)


_READ: dict[Kind, Callable[[str], Any]] = {"money": parse_money, "number": parse_number, "decimal": parse_decimal}


def read(entry: Entry, text: str) -> Any:
    """What was typed as the record's value. Raises `NumberError` with the sentence for the field."""
    text = text.strip()
    if entry.required and not text:
        raise NumberError(entry.missing)
    if entry.kind in ("text", "secret", "choice"):
        if entry.maximum is not None and len(text) > entry.maximum:
            raise NumberError("error.field.too_long", maximum=entry.maximum)
        return text
    value = _READ[entry.kind](text) if text else 0
    if value < 0:
        raise NumberError("error.number.too_small", minimum=0)
    if entry.maximum is not None and value > entry.maximum:
        most = shown.amount(entry.maximum) if entry.kind == "money" else shown.number(entry.maximum)
        raise NumberError("error.number.too_large", maximum=most)
    return value
