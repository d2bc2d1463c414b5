"""Divides money: the one place where an amount is rounded, shared out or brought to coins.

Amounts are whole minor units (piastres) and never below zero here; rates and percentages are hundredths of a percent
(1400 is 14 %). Every division rounds half up. What the shop makes of this is written down in `docs/money.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate, pairwise

WHOLE = 10_000
"""A hundred percent."""


def divide(amount: int, divisor: int) -> int:
    """`amount` / `divisor`, halves up, as a hand would."""
    return (2 * amount + divisor) // (2 * divisor)


def share(amount: int, part: int, whole: int) -> int:
    """Return what of `amount` falls to `part` of the `whole`; nothing where the whole is nothing.

    Several parts rounded one by one do not come to the amount: use `shares`, or take the share of all parts so far
    less the share of those before.
    """
    return divide(amount * part, whole) if whole else 0


def shares(amount: int, weights: Iterable[int]) -> tuple[int, ...]:
    """`amount` shared out by weights. The shares come to exactly the amount, each within one unit of its own."""
    reached = tuple(accumulate(weights, initial=0))
    return tuple(after - before for before, after in pairwise(share(amount, part, reached[-1]) for part in reached))


def percent_of(amount: int, percent: int) -> int:
    """A part of an amount; `percent` in hundredths, so that 1250 is 12.5 %."""
    return divide(amount * percent, WHOLE)


def tax_in(gross: int, rate: int) -> int:
    """The tax that an amount holds which includes it."""
    return divide(gross * rate, WHOLE + rate)


def tax_on(net: int, rate: int) -> int:
    """The tax that comes on top of an amount."""
    return percent_of(net, rate)


def to_coin(amount: int, coin: int) -> int:
    """The nearest amount that can be paid in coins of which `coin` is the smallest; 0 or 1 stand for no such coin."""
    return amount if coin <= 1 else divide(amount, coin) * coin


def down_to_coin(amount: int, coin: int) -> int:
    """The largest payable amount that is not above this one: what may be given where no more may."""
    return amount if coin <= 1 else amount // coin * coin


def is_payable(amount: int, coin: int) -> bool:
    """Tell whether coins come to exactly this amount."""
    return down_to_coin(amount, coin) == amount


def hundredths(value: Decimal) -> int:
    """Pounds in piastres, or percent in hundredths, as they are written with any number of decimals; halves away
    from zero, so that what another program counts below zero comes to the same."""
    return int((value * 100).to_integral_value(ROUND_HALF_UP))
