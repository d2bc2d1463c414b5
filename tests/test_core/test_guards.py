"""What a sale leaves, and what a person is asked about before it is paid: held against decimals."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import guards
from clutch_tui.core.guards import Concern, Margin
from clutch_tui.core.pricing import PartPrices, PriceRule, repriced
from clutch_tui.core.quantity import NOTHING, ONE, Quantity, whole
from clutch_tui.core.types import NO_DISCOUNT, Cart, CartLine, Discount

EVERYTHING = 100_00
TENTH = PriceRule("r", "workshop", "all", 1000, 0, NOTHING, 0)


def line(price: int, quantity: Quantity = ONE, discount: Discount = NO_DISCOUNT, part: str = "p") -> CartLine:
    return CartLine(part, "طلمبة", "", quantity, price, discount, name_en="Pump", decimals=3, own_price=price)


def costs(cost: int, own: int = 100_00, part: str = "p", *rules: PriceRule) -> dict[str, PartPrices]:
    return {part: PartPrices(own, cost, whole(9), tuple(rules))}


@pytest.mark.parametrize(
    ("discount", "off", "net", "margin", "told"),
    [
        (NO_DISCOUNT, NO_DISCOUNT, 100_00, 20_00, None),
        (Discount(percent=2000), NO_DISCOUNT, 80_00, 0, None),
        (Discount(percent=2001), NO_DISCOUNT, 79_99, -1, 1),
        (NO_DISCOUNT, Discount(30_00), 70_00, -10_00, 10_00),
    ],
)
def test_what_goes_below_its_cost_is_told_by_how_much(
    discount: Discount, off: Discount, net: int, margin: int, told: int | None
) -> None:
    cart = Cart("c", (line(100_00, discount=discount),), off)
    (figures,) = guards.margins(cart, costs(80_00))
    assert (figures.net, figures.margin) == (net, margin)
    below = [one.figure for one in guards.concerns(cart, costs(80_00), EVERYTHING)]
    assert below == ([] if told is None else [told])
    assert guards.concerns(cart, costs(0), EVERYTHING) == (), "nobody knows what it cost"


def test_a_discount_is_judged_by_what_the_customer_would_have_paid() -> None:
    """A price that was typed is one, too; what a level takes off is none."""
    workshop = Cart("c", (line(100_00),), level="workshop")
    at_level = repriced(workshop, costs(0, 100_00, "p", TENTH))
    prices = costs(0, 100_00, "p", TENTH)
    assert at_level.lines[0].price == 90_00
    assert guards.concerns(at_level, prices, 0) == ()
    typed = carts.set_price(at_level, 0, 81_00)
    assert guards.concerns(typed, prices, 1000) == ()
    (told,) = guards.concerns(typed, prices, 999)
    assert told == Concern("discount", "طلمبة", "Pump", 1000, 81_00, 90_00)
    dearer = carts.set_price(at_level, 0, 95_00)
    assert guards.concerns(dearer, prices, 0) == ()


@pytest.mark.parametrize("promised", [{"quotation_id": "q"}, {"order_id": "o"}, {"special_order_id": "s"}], ids=str)
def test_what_was_promised_is_asked_about_only_below_cost(promised: dict[str, str]) -> None:
    cart = replace(Cart("c", (line(100_00, discount=Discount(percent=5000)),)), **promised)
    assert guards.concerns(cart, costs(50_00), 0) == ()
    (told,) = guards.concerns(cart, costs(50_01), 0)
    assert (told.kind, told.figure) == ("below_cost", 1)


def test_a_whole_cart_says_of_how_much_it_knows() -> None:
    known, unknown = line(100_00), line(50_00, part="q")
    prices = costs(60_00) | costs(0, 50_00, "q")
    assert guards.margin(guards.margins(Cart("c", (known,)), prices)) == Margin(40_00, 4000, True)
    assert guards.margin(guards.margins(Cart("c", (known, unknown)), prices)) == Margin(40_00, 4000, False)
    assert guards.margin(guards.margins(Cart("c", (unknown,)), prices)) is None
    assert guards.margin(()) is None
    lost = Cart("c", (line(100_00, discount=Discount(percent=5000)),))
    assert guards.margin(guards.margins(lost, prices)) == Margin(-10_00, -2000, True)
    given = Cart("c", (line(100_00, discount=Discount(percent=10_000)),))
    assert guards.margin(guards.margins(given, prices)) == Margin(-60_00, 0, True)


def _half_up(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _pounds(piastres: int) -> Decimal:
    return Decimal(piastres).scaleb(-2)


@pytest.mark.parametrize("seed", range(200))
def test_the_margins_of_random_carts_come_to_the_sale_less_its_cost(seed: int) -> None:
    rng = random.Random(seed)
    lines, prices, spent = [], dict[str, PartPrices](), Decimal(0)
    for n in range(rng.randint(1, 5)):
        price, cost, quantity = rng.randint(1, 99_999), rng.randint(1, 99_999), Quantity(rng.randint(1, 9_999))
        discount = rng.choice((NO_DISCOUNT, Discount(percent=rng.randint(1, 10_000)), Discount(rng.randint(1, 500))))
        lines.append(line(price, quantity, discount, f"p{n}"))
        prices |= costs(cost, price, f"p{n}")
        spent += _half_up(_pounds(cost) * Decimal(quantity).scaleb(-3))
    off = rng.choice((NO_DISCOUNT, Discount(percent=rng.randint(1, 10_000)), Discount(rng.randint(1, 5_000))))
    cart = Cart("c", tuple(lines), off)
    figures = guards.margins(cart, prices)
    left = guards.margin(figures)
    assert left is not None
    assert left.is_whole
    assert _pounds(left.amount) == _pounds(carts.net(cart)) - spent
    if carts.net(cart):
        share = (Decimal(abs(left.amount)) * 10_000 / carts.net(cart)).quantize(Decimal(1), ROUND_HALF_UP)
        assert abs(left.percent) == share
    told = {(one.name, one.figure) for one in guards.concerns(cart, prices, EVERYTHING) if one.kind == "below_cost"}
    assert len(told) <= len(lines)
    for sold, one in zip(cart.lines, figures, strict=True):
        cost = _half_up(_pounds(prices[sold.part_id].cost) * Decimal(sold.quantity).scaleb(-3))
        assert ((_pounds(one.net) < cost) is True) == (("طلمبة", one.cost - one.net) in told if one.cost else False)
