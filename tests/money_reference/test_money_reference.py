"""A share of the million for every run of the tests; `python -m tests.money_reference` reckons as many as one likes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import cart, money, pricing, quantity, refunds, types
from clutch_tui.core.pricing import PriceRule
from clutch_tui.core.quantity import Quantity, of_decimal
from clutch_tui.core.types import EXCHANGE, Cart, CartLine, Discount, Payment, SaleLine, TaxRules

from . import examples, run
from .examples import Example
from .rules import Off, Returns
from .tickets import Functions, pay_method, pounds, said


def test_tickets_come_to_what_the_rules_say(tmp_path: Path) -> None:
    told = run.reckon(range(300), 15, tmp_path)
    assert told.failures == []
    assert (told.tickets, told.stored) == (300, 20)
    assert told.returns > 300


def test_tickets_that_differed_once(tmp_path: Path) -> None:
    """What coins could not pay of the difference of an exchange stayed with another way than cash."""
    told = [run.reckon([seed], 0, tmp_path) for seed in (906505, 906889, 909535, 912768, 913082)]
    assert [failure for one in told for failure in one.failures] == []


def _freeze(made: Cart, n: int, quantity: Quantity) -> Cart:
    line = made.lines[n]
    frozen = replace(line, quantity=quantity, discount=Discount(line.off))
    return replace(made, lines=(*made.lines[:n], frozen, *made.lines[n + 1 :]))


def _paid_before_is_forgotten(sale: Any, before: Any) -> Any:
    return _left(sale, refunds.Refunded())


def _cut(price: int, quantity: int) -> int:
    return price * quantity // 1000


def _off_below_zero(*given: Any) -> Iterator[SaleLine]:
    for line in _lines(*given):
        yield replace(line, discount=quantity.worth(line.price, line.quantity) - line.total)


def _one_by_one(amount: int, weights: Iterable[int]) -> list[int]:
    given = list(weights)
    return [money.share(amount, one, sum(given)) for one in given]


def _exchanged_in_coins(made: Cart, rules: TaxRules) -> int:
    return money.to_coin(_exchanged(made, rules), rules.cash_rounding)


def _more_comes_back(made: Cart, rules: TaxRules) -> int:
    return 0 if made.back is None else made.back.owed


def _as_cash(payment: Payment) -> Any:
    return "cash" if payment.method == EXCHANGE else payment.method


_left, _lines, _exchanged = refunds.left, refunds._lines, cart.exchanged
_rule_for, _price_for, _reprice = pricing.rule_for, pricing.price_for, pricing._repriced


def _everybody_first(rules: Any, level: str, quantity: int) -> Any:
    return _rule_for(rules, "retail", quantity) or _rule_for(rules, level, quantity)


def _must_be_passed(rules: Any, own: int, level: str, quantity: int) -> Any:
    return _price_for(rules, own, level, quantity - 1)


def _typed_prices_too(line: Any, *known: Any) -> Any:
    return _reprice(replace(line, is_price_kept=False), *known)


MISTAKES: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "halves go down": (money, "divide", lambda amount, divisor: amount // divisor),
    "the price of a fraction is cut": (types, "worth", _cut),
    "the price of a fraction that comes back is cut": (quantity, "worth", _cut),
    "fractions are sold as if they were whole": (types, "worth", lambda price, sold: price * (sold // 1000)),
    "a discount of what comes back is below zero": (refunds, "_lines", _off_below_zero),
    "each fraction that comes back is worth its price": (
        refunds,
        "_back",
        lambda line, worth, back: _cut(line.price, back),
    ),
    "a percentage becomes money": (cart, "set_quantity", _freeze),
    "shares are rounded one by one": (money, "shares", _one_by_one),
    "cash goes back unrounded": (refunds, "_in_cash", lambda owed, most, coin: min(owed, most)),
    "more cash goes back than came": (refunds, "_in_cash", lambda owed, most, coin: money.to_coin(owed, coin)),
    "what went back by one way is forgotten": (refunds, "left", _paid_before_is_forgotten),
    "a rule of everybody counts before the level's own": (pricing, "rule_for", _everybody_first),
    "a price is rounded down": (
        PriceRule,
        "of",
        lambda rule, own: rule.price or money.down_to_coin(own - money.percent_of(own, rule.percent), rule.rounding),
    ),
    "a quantity is that of its line alone": (
        pricing,
        "bought_in",
        lambda cart: {line.part_id: line.quantity for line in cart.lines},
    ),
    "a quantity must be passed, not reached": (pricing, "price_for", _must_be_passed),
    "a price that was typed is reckoned anew": (pricing, "_repriced", _typed_prices_too),
    "tax on top is tax included": (money, "tax_on", money.tax_in),
    "what is exchanged is brought to coins": (cart, "exchanged", _exchanged_in_coins),
    "all that comes back is exchanged, whatever goes out": (cart, "exchanged", _more_comes_back),
    "what was exchanged was paid in cash": (types.Payment, "came_by", property(_as_cash)),
    "the money leaves too little for what is exchanged": (
        refunds,
        "_reserved",
        lambda amount, limits, first: dict(limits),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, function, mistake = MISTAKES[name]
    monkeypatch.setattr(owner, function, mistake)
    assert run.reckon(range(300), 0, tmp_path).failures


# --- the page itself ---------------------------------------------------------------------------------------


def _discount(off: Off) -> Discount:
    return Discount(_minor(off.amount), _minor(off.percent))


def _minor(amount: Decimal) -> int:
    return int(amount * 100)


@pytest.mark.parametrize("example", examples.read())
def test_an_example_of_the_page_is_right(example: Example) -> None:
    ticket = example.ticket
    assert (ticket.net, ticket.tax) == (example.net, example.tax)
    assert sum(one.amount for one in example.paid) == example.total == ticket.exact + example.rounding
    returns = Returns(ticket, example.paid)
    for back in example.returns:
        given = returns.give_back(back.quantities, ticket.coin)
        assert (given.paid, given.tax, given.rounding) == (back.paid, back.tax, back.rounding)


@pytest.mark.parametrize("example", examples.read())
def test_the_program_says_what_an_example_says(example: Example) -> None:
    ticket, till = example.ticket, Functions()
    lines = (
        CartLine(
            *(str(n), "", "", of_decimal(one.quantity), _minor(one.price)),
            Discount(_minor(one.off.amount), _minor(one.off.percent)),
            decimals=3,
        )
        for n, one in enumerate(ticket.lines)
    )
    off = Discount(_minor(ticket.off.amount), _minor(ticket.off.percent))
    made = Cart("c", tuple(lines), off, customer_id="customer")
    rules = TaxRules(_minor(ticket.rate), ticket.tax_in_prices, _minor(ticket.coin))
    sale = till.sell(made, [Payment(pay_method(one.way), _minor(one.amount)) for one in example.paid], rules)
    figures = sale.totals
    assert (pounds(figures.tax), pounds(figures.rounding), pounds(figures.total)) == (
        example.tax,
        example.rounding,
        example.total,
    )
    for back in example.returns:
        quantities = {n + 1: of_decimal(units) for n, units in back.quantities.items() if units}
        refund = till.give_back(sale, quantities, rules.cash_rounding, None, None)
        assert said(refund.payments) == [(one.way, one.amount) for one in back.paid]
        assert (pounds(refund.totals.tax), pounds(refund.totals.rounding)) == (back.tax, back.rounding)
