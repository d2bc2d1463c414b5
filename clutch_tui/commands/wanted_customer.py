"""The customer that a script means, where nobody is there to be asked."""

from __future__ import annotations

from clutch_tui.core import customers
from clutch_tui.core.errors import ShopError
from clutch_tui.core.types import CustomerRow

from .wanted_contact import AT_MOST, named


def meant(text: str) -> CustomerRow:
    """The one customer that a text means: an id, a telephone number, a name; nobody is there to be asked, so what is
    not sure is an error. Raises `error.customer.unknown_text` and `error.customer.several`."""
    fitting = customers.page(text, None, 0, AT_MOST) if text.strip() else ()
    if (row := named("customer", text, fitting)) is not None:
        return row
    try:
        customer = customers.get(text)
    except ShopError:
        raise ShopError("error.customer.unknown_text", text=text) from None
    draft = customer.draft
    return CustomerRow(
        customer.id, (), draft.name, draft.phone, draft.car, customer.balance, customer.unsent, draft.customer_type
    )
