"""What a person should know before a sale is paid: what goes below its cost, and what is given off beyond what the shop
allows. Pure, as the cart is: what is known of prices and costs comes with it (`pricing.of_parts`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from . import cart as carts
from . import money
from .pricing import Prices, bought_in, price_for
from .quantity import worth
from .types import Cart


@dataclass(frozen=True, slots=True)
class LineMargin:
    """The figures of a line of a cart: what it comes to with its share of the discount on the whole sale (`net`), what
    it would come to at the price that its customer's level has (`full`), and what its goods have cost, None where
    nobody has said."""

    net: int
    full: int
    cost: int | None

    @property
    def margin(self) -> int | None:
        """Return what is left of it; below zero where it goes for less than it cost."""
        return None if self.cost is None else self.net - self.cost

    @property
    def off(self) -> int:
        """Return how much less it comes to than it would, in hundredths of a percent; never below zero."""
        return max(0, money.share(money.WHOLE, self.full - self.net, self.full)) if self.full > self.net else 0


@dataclass(frozen=True, slots=True)
class Margin:
    """What is left of a whole cart, of the lines whose cost is known; `percent` of what those come to, in hundredths.
    `is_whole` says whether that is all of them."""

    amount: int
    percent: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Concern:
    """What a person is asked about a line before it is paid: it goes `below_cost`, by so much money, or gives off more
    than the shop allows (`discount`), so many hundredths of a percent of it."""

    kind: Literal["below_cost", "discount"]
    name: str
    name_en: str
    figure: int
    net: int
    against: int
    """The cost that `net` is below, or what the line would come to without anything off."""


def margins(cart: Cart, prices: Prices) -> tuple[LineMargin, ...]:
    """Return the figures of each line of a cart, in their order."""
    shares = money.shares(carts.off_sale(cart), (line.total for line in cart.lines))
    found, bought = [], bought_in(cart)
    for line, share in zip(cart.lines, shares, strict=True):
        known = prices.get(line.part_id)
        full = line.gross
        if known is not None:
            usual = price_for(known.rules, line.usual_price, cart.level, bought[line.part_id])
            full = worth(usual.price, line.quantity)
        cost = worth(known.cost, line.quantity) if known is not None and known.cost else None
        found.append(LineMargin(line.total - share, full, cost))
    return tuple(found)


def margin(lines: tuple[LineMargin, ...]) -> Margin | None:
    """Return what is left of a cart; None where nothing is known of what it cost."""
    known = [(line.margin, line.net) for line in lines if line.margin is not None]
    if not known:
        return None
    amount, net = sum(left for left, _ in known), sum(comes_to for _, comes_to in known)
    share = money.share(money.WHOLE, abs(amount), net) if net > 0 else 0
    return Margin(amount, share if amount >= 0 else -share, len(known) == len(lines))


def concerns(cart: Cart, prices: Prices, most_off: int) -> tuple[Concern, ...]:
    """Return what is to be asked about before this cart is paid, the lines in their order. `most_off`, in hundredths of
    a percent, is what a shop lets be given off a line; what was quoted or ordered was promised, and is not judged by
    it."""
    promised = any((cart.quotation_id, cart.order_id, cart.special_order_id))
    told = []
    for line, figures in zip(cart.lines, margins(cart, prices), strict=True):
        about = line.name, line.name_en
        if figures.cost is not None and figures.net < figures.cost:
            told.append(Concern("below_cost", *about, figures.cost - figures.net, figures.net, figures.cost))
        if not promised and figures.off > most_off:
            told.append(Concern("discount", *about, figures.off, figures.net, figures.full))
    return tuple(told)
