"""The car that a part fits or that a customer drives, as a person says it."""

from __future__ import annotations


def described(brand: str, model: str, years: str, *more: str) -> str:
    """Make, model, years and what else is known as one text. Years that the model names already, or that begin and end
    in one, are said once.

    >>> described("Toyota", "Corolla 2008", "2008-2008", "س ص 1234")
    'Toyota Corolla 2008 س ص 1234'
    """
    first, dash, last = years.partition("-")
    if dash and first.strip() == last.strip():
        years = first.strip()
    if years in model.split():
        years = ""
    return " ".join(filter(None, (brand, model, years, *more)))
