"""Quantities of goods: whole thousandths of a part's unit, the one form in which they are stored, added and compared.

Two pieces are 2000 and a litre and a half is 1500, whichever the part's unit is. No quantity is ever a float: what is
typed and what comes over the wire is a decimal (`of_decimal`), and a decimal is what goes out (`to_decimal`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NewType

from . import money

Quantity = NewType("Quantity", int)
"""Thousandths of a unit; below zero for what leaves the shelf."""

DECIMALS = 3
"""The most decimals that a part may be sold in."""
_UNIT: int = 10**DECIMALS
_MOST_DIGITS = 20
_STEPS = (1000, 100, 10, 1)
"""The smallest quantity of a part that is sold in 0, 1, 2 or 3 decimals."""

_NAMES = frozenset(
    {"quantity", "stock_quantity", "min_stock", "delta", "counted", "expected", "before", "stock", "from_quantity"}
)
"""The fields of records, requests and facts of the shelf that are quantities."""

NOTHING = Quantity(0)
ONE = Quantity(_UNIT)
"""One piece, one litre."""


def whole(units: int) -> Quantity:
    """Return so many whole units."""
    return Quantity(units * _UNIT)


def of_decimal(value: Decimal | int) -> Quantity:
    """Return a number of units as a quantity. Raises `ValueError` for what is no number, for more than three decimals,
    and for so many units that decimals no longer reckon them exactly: nothing is rounded."""
    number = Decimal(value)
    if number.is_finite() and number.adjusted() <= _MOST_DIGITS:
        thousandths = number.scaleb(DECIMALS).to_integral_value()
        if thousandths.scaleb(-DECIMALS) == number:  # a step rounds what is too long, a comparison does not
            return Quantity(int(thousandths))
    raise ValueError("not a quantity")


def to_decimal(quantity: int) -> int | Decimal:
    """Return the units of a quantity: an `int` where they are whole, else a `Decimal` without zeros at its end."""
    units, rest = divmod(quantity, _UNIT)
    return units if not rest else Decimal(quantity).scaleb(-DECIMALS).normalize()


def written(quantity: int) -> int | str:
    """Return the units of a quantity for a text: `2` or `"1.5"`."""
    units = to_decimal(quantity)
    return units if isinstance(units, int) else f"{units:f}"


def told(value: Any, name: str = "", form: Callable[[int], Any] = written) -> Any:
    """Return a value in core's terms, of the field of this `name`, as it is told outside: the quantities in it are in
    units, in this `form`. A text that is never written anew, such as the audit's, has them `written`. What a drawer
    counts is no quantity and not for this."""
    if isinstance(value, Mapping):
        return {field: told(inner, field, form) for field, inner in value.items()}
    if isinstance(value, list | tuple):
        return [told(inner, "", form) for inner in value]
    return form(value) if name in _NAMES and isinstance(value, int) else value


def to_units(quantity: int) -> int:
    """Return the whole units of a quantity; what is beyond them is left out."""
    return quantity // _UNIT


def total(quantities: Iterable[int]) -> Quantity:
    """Return the sum of quantities of one part."""
    return Quantity(sum(quantities))


def times(quantity: int, factor: int) -> Quantity:
    """Return a quantity so many times, of which the factor is one as well. Raises `ValueError` for what is finer than a
    quantity can be."""
    product, rest = divmod(quantity * factor, _UNIT)
    if rest:
        raise ValueError("finer than a quantity")
    return Quantity(product)


def is_whole(quantity: int) -> bool:
    """Tell whether it is a number of whole units, which every server takes."""
    return not quantity % _UNIT


def fits(quantity: int, decimals: int) -> bool:
    """Tell whether a part that is sold in so many decimals can be sold in this quantity."""
    return not quantity % smallest(decimals)


def pieces_of(quantity: int, decimals: int) -> int:
    """Return how many things a quantity of a part is that is sold in so many decimals: four litres are one can."""
    return to_units(quantity) if not decimals and is_whole(quantity) else 1


def decimals_of(quantity: int) -> int:
    """Return in how many decimals a quantity is written."""
    return next(decimals for decimals in range(DECIMALS + 1) if fits(quantity, decimals))


def smallest(decimals: int) -> Quantity:
    """Return the smallest quantity of a part that is sold in so many decimals."""
    return Quantity(_STEPS[decimals])


def worth(price: int, quantity: int) -> int:
    """Return what a quantity costs at a price for one unit, in minor units, halves up."""
    return money.divide(price * quantity, _UNIT)
