"""The parts that a command is given with `--part` and `--qty`, as lines of a cart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from clutch_tui.core import cart as carts
from clutch_tui.core import lookup, pricing
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import ONE, Quantity, times, written
from clutch_tui.core.types import Cart
from clutch_tui.text.strings import t

from . import QUANTITY


def part_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--part` and `--qty`, the same for every command that has them; `paired` puts them together."""
    with_quantities = click.option("--qty", "quantities", multiple=True, type=QUANTITY, help=t("cli.sell.qty"))
    with_parts = click.option("--part", "parts", multiple=True, required=True, help=t("cli.sell.part"))
    return with_parts(with_quantities(function))


_ORDER = f"{__name__}.order"


class InOrder(click.Command):
    """A command that remembers in which order its options were given: what is said of a part stands behind it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [(param.name, param.opts[0]) for param in order]
        return super().parse_args(ctx, args)


def by_part(begins: str = "parts", **said: Sequence[Any]) -> list[dict[str, Any]]:
    """What is said of each part, by the names of the options, of which `begins` begins another part; what stands before
    the first one is said of that. Only in an `InOrder` command. Raises `click.UsageError` for what is said twice."""
    values = {name: iter(given) for name, given in said.items()}
    groups: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    for name, option in click.get_current_context().meta[_ORDER]:
        if name == begins:
            groups.append(before | {name: next(values[name])})
            before = {}
        elif name in values:
            group = groups[-1] if groups else before
            if name in group:
                raise click.UsageError(t("cli.sell.said_twice", option=option))
            group[name] = next(values[name])
    return groups


def paired(parts: Sequence[str], quantities: Sequence[Quantity]) -> list[tuple[str, Quantity]]:
    """Each part with its quantity, which is one where none is said. Raises `click.UsageError`."""
    groups = by_part(parts=parts, quantities=quantities)
    return [(group["parts"], group.get("quantities", ONE)) for group in groups]


def filled(cart: Cart, wanted: Sequence[tuple[str, Quantity]]) -> Cart:
    """The cart with these parts, each named as at the till, at the prices of its customer. Raises `ShopError`."""
    from clutch_tui.text.format import of_language

    for text, quantity in wanted:
        wanted_one = meant(text)
        part = wanted_one.part
        cart = carts.add_line(cart, part, so_many(wanted_one.quantity, quantity))
    cart = pricing.as_priced_now(cart)
    for line in cart.lines:
        if not line.price:  # the till asks for one
            raise ShopError("error.sale.no_price", name=of_language(line.name, line.name_en))
    return cart


def so_many(each: Quantity, factor: Quantity) -> Quantity:
    """So many times a quantity that stands in a text, such as `3*code`. Raises `error.sale.figure`."""
    try:
        return times(each, factor)
    except ValueError:
        figure = f"{written(factor)}*{written(each)}"
        raise ShopError("error.sale.figure", figure=figure) from None


def meant(text: str) -> lookup.Candidate:
    """The one part that a text means, as at the till; nobody is there to be asked, so what is not sure is an error."""
    from clutch_tui.text.format import listed, of_language

    meaning = lookup.resolve(text)
    if meaning.refused:
        raise ShopError("error.sale.figure", figure=meaning.refused)
    if meaning.unambiguous is None and meaning.exact:
        named = (candidate.part for candidate in meaning.exact)
        parts = listed(part.part_number or of_language(part.name, part.name_en) for part in named)
        raise ShopError("error.part.several", text=text, parts=parts)
    if meaning.unambiguous is None:
        raise ShopError("error.part.unknown_number", number=text)
    return meaning.unambiguous
