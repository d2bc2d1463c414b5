"""What a customer hands over for a sale, as payments: what is kept of it, and the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import cart as carts
from .errors import ShopError
from .types import Cart, Payment, PayMethod, TaxRules


@dataclass(frozen=True, slots=True)
class Offer:
    """Money that is offered for a sale, in minor units; None is all that is left to pay."""

    method: PayMethod
    amount: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The payments of a sale, and the cash that was handed over for them, change still in it."""

    payments: tuple[Payment, ...]
    tendered: int


def settle(cart: Cart, rules: TaxRules, offers: Sequence[Offer]) -> Settlement:
    """Take what is offered, in its order; more than is due in cash is change.

    Raises `error.sale.change` for more than is due in any other way, `error.sale.unpaid` for less than nothing, for
    what comes after all is paid, and where something is left to pay at the end.
    """
    payments = list[Payment]()
    tendered = 0
    for n, offer in enumerate(offers):
        due = carts.due(cart, rules, payments, offer.method)
        amount = due if offer.amount is None else offer.amount
        rounds_off = offer.method == "cash" and offer.amount is None  # what is left is less than half a coin
        if amount < 0 or (n and due <= 0 and not rounds_off):
            raise ShopError("error.sale.unpaid")
        if amount > due and offer.method != "cash":
            raise ShopError("error.sale.change")
        payments.append(Payment(offer.method, min(amount, due), reference=offer.reference))
        tendered += amount if offer.method == "cash" else 0
    if not offers or carts.due(cart, rules, payments, offers[-1].method) != 0:
        raise ShopError("error.sale.unpaid")
    return Settlement(tuple(payments), tendered)
