"""The fields of the shop's records as a person meets them: word, kind and limits of each.

Forms are built of them, and whatever names a field elsewhere (a conflict, a change in the queue, a command) looks
it up here, so that it has one word and the same limits everywhere. Imports nothing that draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from clutch_tui.core import units
from clutch_tui.core.limits import MAX_QUANTITY
from clutch_tui.core.quantity import DECIMALS
from clutch_tui.core.records import EDITABLE
from clutch_tui.core.records.price_rule import FIGURES
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError, parse_decimal, parse_money, parse_number, parse_quantity

Kind = Literal["text", "secret", "money", "percent", "number", "quantity", "decimal", "choice"]


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form. `name` is the field of the record, `label` a catalogue key; a number is given and
    taken as a number, money in minor units, a percentage in hundredths, a quantity in thousandths, everything else as a
    text."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    maximum: int | None = None
    """The greatest number, or the greatest length of a text."""
    among: Sequence[int] = ()
    """The only numbers that it takes, where not all do."""
    choices: Sequence[tuple[str, str]] = field(default=())
    missing: str = "error.field.empty"
    """The sentence where a required field is left empty."""
    places: int = DECIMALS
    """The most decimals of a quantity."""
    is_code: bool = False
    """Whether it is printed on the part, so that it may be scanned in."""
    follows: str = ""
    """The name of the choice that fills it in where nobody has typed it."""
    usual: Callable[[str], object] = str
    """What that choice fills in, by its value."""


def _of_form(type: str) -> tuple[FormField, ...]:
    """The entries of a record, as it is declared."""
    return tuple(
        FormField(
            name,
            field.label,
            field.kind,
            required=bool(field.missing),
            maximum=field.maximum,
            choices=field.choices,
            missing=field.missing,
            is_code=field.is_code,
        )
        for name, field in EDITABLE[type].fields.items()
        if field.on_form
    )


def _with_usual(entry: FormField) -> FormField:
    if entry.name != "decimals":
        return entry
    return replace(entry, follows="unit", usual=lambda code: units.of_code(code).decimals)


PART, CUSTOMER, SUPPLIER = tuple(map(_with_usual, _of_form("item"))), _of_form("customer"), _of_form("supplier")
ENGLISH_PART = (replace(PART[0], required=False), *PART[1:])
"""A part that has only an English name already: its server takes it so."""
FIRST_STOCK = FormField("stock_quantity", "part.first_stock", "quantity", maximum=MAX_QUANTITY)
"""What lies on the shelf when a part is made; afterwards stock moves and is not written."""

PRICE_RULE = _of_form("price_rule")
PRICE_FIGURES = tuple(entry for entry in PRICE_RULE if entry.name in FIGURES)
"""What may be written of a price rule after it was made."""

OF_TYPE = {"item": PART, "customer": CUSTOMER, "supplier": SUPPLIER, "price_rule": PRICE_RULE}
"""By the type of record that the protocol names."""


def find(type: str, name: str) -> FormField | None:
    """The entry of a record's field; None for a field that no form has."""
    if type == "item" and name == FIRST_STOCK.name:
        return FIRST_STOCK
    return next((entry for entry in OF_TYPE.get(type, ()) if entry.name == name), None)


def _percent(text: str) -> int:
    return int(parse_decimal(text.rstrip("%٪ "), 2) * 100)


_READ: dict[Kind, Callable[[str], Any]] = {
    "money": parse_money,
    "percent": _percent,
    "number": parse_number,
    "decimal": parse_decimal,
}


def read(entry: FormField, text: str) -> Any:
    """Return what was typed as the record's value. Raises `NumberError` with the sentence for the field."""
    text = text.strip()
    if entry.required and not text:
        raise NumberError(entry.missing)
    if entry.kind in ("text", "secret", "choice"):
        if entry.maximum is not None and len(text) > entry.maximum:
            raise NumberError("error.field.too_long", maximum=entry.maximum)
        return text
    value = _value(entry, text) if text else 0
    if value < 0:
        raise NumberError("error.number.too_small", minimum=0)
    if entry.maximum is not None and value > entry.maximum:
        raise NumberError("error.number.too_large", maximum=_shown(entry)(entry.maximum))
    if entry.among and value not in entry.among:
        raise NumberError("error.number.not_among", choices=shown.listed(map(_shown(entry), entry.among)))
    return value


def _value(entry: FormField, text: str) -> Any:
    return parse_quantity(text, entry.places) if entry.kind == "quantity" else _READ[entry.kind](text)


_SHOWN: dict[Kind, Callable[[int], str]] = {
    "money": shown.amount,
    "percent": shown.rate,
    "quantity": shown.quantity,
}


def _shown(entry: FormField) -> Callable[[int], str]:
    return _SHOWN.get(entry.kind, shown.number)
