"""The cart that a quotation becomes when it comes back to the till: at its own prices, and at today's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import customers, pricing, quotations
from .database import db
from .errors import ShopError
from .quantity import fits
from .quotations import Quotation
from .types import NO_DISCOUNT, Cart, CartLine, Discount, SaleLine


@dataclass(frozen=True, slots=True)
class Repriced:
    """A quotation beside today's prices: the carts that it would be by either, and the lines of which the price for one
    unit is another now, as (name, quoted, today); `gone` names those whose part is not sold any more."""

    quoted: Cart
    today: Cart
    changed: tuple[tuple[str, int, int], ...]
    gone: tuple[str, ...]
    unpriced: tuple[CartLine, ...] = ()
    """The lines whose part has no price today: they come at the quoted one by either."""


def recall(quotation_id: str) -> Repriced:
    """The cart that a quotation becomes, at its prices and at today's, neither kept yet: whoever has decided saves one
    with `sales.save_cart`. Discounts stay as they were typed. Both name the quotation; that is ended only by the sale.

    Raises `error.quotation.unknown`, and `error.quotation.nothing_left` where none of its parts is known any more.
    """
    quotation = quotations.get(quotation_id)
    present = {line.part_id: _part(line.part_id) for line in quotation.lines}
    kept = [line for line in quotation.lines if present[line.part_id] is not None and line.quantity > 0]
    if not kept:
        raise ShopError("error.quotation.nothing_left", number=quotation.number)
    off_whole = _off_whole(quotation, kept)
    discount = Discount(percent=quotation.percent) if quotation.percent else Discount(off_whole)
    cart = Cart(
        id=db.new_id(),
        lines=tuple(_cart_line(line, present[line.part_id]) for line in kept),
        discount=discount if off_whole or quotation.percent else NO_DISCOUNT,
        customer_id=quotation.customer_id,
        customer_name=quotation.customer_name,
        customer_phone=quotation.customer_phone,
        notes=quotation.note,
        quotation_id=quotation.id,
        level=customers.level_of(quotation.customer_id),
    )
    usual = tuple(_at_usual_price(line, present[line.part_id]["price"]) for line in cart.lines)
    today = pricing.repriced(replace(cart, lines=usual), pricing.of_parts(present))
    changed = tuple(
        (line.name, line.price, later.price)
        for line, later in zip(cart.lines, today.lines, strict=True)
        if line.price != later.price
    )
    gone = tuple(line.name for line in quotation.lines if (part := present[line.part_id]) is None or part["deleted"])
    unpriced = tuple(line for line in cart.lines if not present[line.part_id]["price"])
    return Repriced(cart, today, changed, gone, unpriced)


def _at_usual_price(line: CartLine, price: int) -> CartLine:
    """The line at the part's own price; one whose part has none keeps the quoted one."""
    return replace(line, price=price, own_price=price, is_price_kept=False) if price else line


def _off_whole(quotation: Quotation, kept: Sequence[SaleLine]) -> int:
    """The money that the discount on the whole quotation comes to for the lines that are kept: their share of it."""
    off = max(0, quotation.totals.discount - sum(line.discount for line in quotation.lines))
    whole, left = (sum(line.total for line in lines) for lines in (quotation.lines, kept))
    return off * left // whole if 0 < left < whole else off


def _part(part_id: str) -> Any:
    return db.first("SELECT name_en, unit, decimals, price, deleted FROM part WHERE id = ?", (part_id,))


def _cart_line(line: SaleLine, part: Any) -> CartLine:
    sold_so = fits(line.quantity, part["decimals"])
    return CartLine(
        line.part_id,
        line.name,
        line.part_number,
        line.quantity,
        line.price,
        Discount(percent=line.percent) if line.percent else Discount(line.discount),
        name_en=part["name_en"],
        unit=part["unit"],
        decimals=part["decimals"] if sold_so else line.places,
        own_price=part["price"],
        is_price_kept=True,
    )
