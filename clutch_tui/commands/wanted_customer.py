"""The customer that a script means, where nobody is there to be asked."""

from __future__ import annotations

from collections.abc import Callable

from clutch_tui.core import customers
from clutch_tui.core.errors import ShopError
from clutch_tui.core.search_words import phone_key
from clutch_tui.core.types import CustomerRow
from clutch_tui.text import format as shown
from clutch_tui.text.fold import fold

AT_MOST = 500
"""Customers among whom one is looked for by his whole name."""
NAMED = 5
"""How many customers a refusal names that a text may mean."""


def meant(text: str) -> CustomerRow:
    """The one customer that a text means: an id, a telephone number, a name; nobody is there to be asked, so what is
    not sure is an error. Raises `error.customer.unknown_text` and `error.customer.several`."""
    fitting = customers.page(text, None, 0, AT_MOST) if text.strip() else ()
    exact: Callable[[CustomerRow], bool]
    for exact in (lambda row: fold(row.name) == fold(text), lambda row: phone_key(row.phone) == phone_key(text) != ""):
        if len(named := [row for row in fitting if exact(row)]) == 1:
            return named[0]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = shown.listed(f"{shown.name(row.name)} {shown.phone(row.phone)}".strip() for row in fitting[:NAMED])
        raise ShopError("error.customer.several", text=text, names=names)
    try:
        customer = customers.get(text)
    except ShopError:
        raise ShopError("error.customer.unknown_text", text=text) from None
    draft = customer.draft
    return CustomerRow(
        customer.id, (), draft.name, draft.phone, draft.car, customer.balance, customer.unsent, draft.customer_type
    )
