"""What is offered for a sale becomes its payments: held against a reckoning of its own, in decimals."""

from __future__ import annotations

import math
import random
from decimal import ROUND_HALF_UP, Decimal

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import sales, tender
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.tender import Offer
from clutch_tui.core.types import Cart, CartLine, Payment, TaxRules

SOME = Cart("c", (CartLine("p", "زيت", "OC-90", Quantity(1500), 180_05),))
"""270.08."""


def paid(cart: Cart, rules: TaxRules, *offers: Offer) -> tuple[list[tuple[str, int]], int]:
    settled = tender.settle(cart, rules, offers)
    sales.check_payments(cart, settled.payments, carts.totals_paid(cart, rules, settled.payments), rules.cash_rounding)
    sales.check_tender(settled.payments, settled.tendered)
    return [(payment.method, payment.amount) for payment in settled.payments], settled.tendered


def test_the_last_takes_what_is_left_and_only_cash_is_more() -> None:
    coin = TaxRules(cash_rounding=25)
    assert paid(SOME, coin, Offer("cash")) == ([("cash", 270_00)], 270_00)
    assert paid(SOME, coin, Offer("cash", 300_00)) == ([("cash", 270_00)], 300_00)
    assert paid(SOME, coin, Offer("visa")) == ([("visa", 270_08)], 0)
    split = paid(SOME, coin, Offer("visa", 100_00, "7"), Offer("instapay", 50_00), Offer("cash", 200_00))
    assert split == ([("visa", 100_00), ("instapay", 50_00), ("cash", 120_00)], 200_00)
    assert tender.settle(SOME, coin, [Offer("visa", None, "7")]).payments == (Payment("visa", 270_08, reference="7"),)


def test_what_is_less_than_half_a_coin_is_nobodys_to_pay() -> None:
    assert paid(SOME, TaxRules(cash_rounding=25), Offer("visa", 270_00), Offer("cash")) == (
        [("visa", 270_00), ("cash", 0)],
        0,
    )


@pytest.mark.parametrize(
    ("offers", "error"),
    [
        ((), "unpaid"),
        ((Offer("visa", 100_00),), "unpaid"),
        ((Offer("cash", -1),), "unpaid"),
        ((Offer("cash"), Offer("visa", 1_00)), "unpaid"),
        ((Offer("visa"), Offer("cash", 5_00)), "unpaid"),
        ((Offer("visa", 270_09),), "change"),
        ((Offer("cash", 100_00), Offer("instapay", 200_00)), "change"),
    ],
    ids=str,
)
def test_what_does_not_come_to_the_total_is_refused(offers: tuple[Offer, ...], error: str) -> None:
    with pytest.raises(ShopError, match=rf"error\.sale\.{error}"):
        tender.settle(SOME, TaxRules(), offers)


@pytest.mark.parametrize("seed", range(300))
def test_random_offers_are_settled_as_decimals_reckon_them(seed: int) -> None:
    """So much in each of some ways, the rest in cash, handed over in notes: what is kept, and what goes back."""
    rng = random.Random(seed)
    coin = rng.choice((0, 5, 25, 50, 100))
    price, quantity = rng.randint(1, 90_000), rng.randint(1, 4)
    cart = Cart("c", (CartLine("p", "زيت", "OC-90", whole(quantity), price),))
    left = Decimal(price * quantity) / 100
    offers, expected = list[Offer](), list[tuple[str, int]]()
    for method in rng.sample(("visa", "instapay", "vodafone_cash"), rng.randint(0, 2)):
        part = Decimal(rng.randint(1, int(left * 100) // 2 or 1)) / 100
        if part >= left:
            continue
        offers.append(Offer(method, int(part * 100)))
        expected.append((method, int(part * 100)))
        left -= part
    step = Decimal(coin or 1) / 100
    in_cash = (left / step).quantize(Decimal(1), ROUND_HALF_UP) * step
    handed = math.ceil(in_cash / 50) * 50 if in_cash else None
    offers.append(Offer("cash", None if handed is None else int(handed * 100)))
    settled = paid(cart, TaxRules(cash_rounding=coin), *offers)
    assert settled == ([*expected, ("cash", int(in_cash * 100))], int((handed or 0) * 100))
