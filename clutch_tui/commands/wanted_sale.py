"""A sale as a script asks for it: by options, or as JSON. JSON says money in minor units and quantities in units, as
everything that a command prints with `--json`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import click
import simplejson

from clutch_tui.core import cart as carts
from clutch_tui.core import pricing
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import ONE, Quantity, of_decimal
from clutch_tui.core.tender import Offer
from clutch_tui.core.types import NO_DISCOUNT, PAY_METHODS, Cart, Discount, PayMethod
from clutch_tui.phrases.errors import explain
from clutch_tui.text.format import NumberError, of_language, parse_money
from clutch_tui.text.strings import t

from . import DISCOUNT, MONEY, QUANTITY, wanted_customer
from .wanted_parts import by_part, meant, so_many


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A part as it is named at the till; its own price, where none is given."""

    part: str
    quantity: Quantity = ONE
    price: int | None = None
    discount: Discount = NO_DISCOUNT
    note: str = ""


@dataclass(frozen=True, slots=True)
class WantedSale:
    """All that a script says of a sale. Without payments it is paid in cash."""

    lines: tuple[WantedLine, ...]
    payments: tuple[Offer, ...] = (Offer("cash"),)
    customer: str = ""
    discount: Discount = NO_DISCOUNT
    note: str = ""
    car: str = ""
    cashier: str = ""
    key: str = ""

    @property
    def said(self) -> dict[str, Any]:
        """Return it in JSON's terms, for the digest of a key."""
        return {name: value for name, value in asdict(self).items() if name != "key"}


class OfferParameter(click.ParamType[Offer]):
    """A payment on the command line: `cash`, `visa=100`, `instapay=250:88123`. Without an amount it is what is left."""

    name = "payment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Offer:
        if isinstance(value, Offer):
            return value
        said, _, reference = str(value).partition(":")
        method, given, amount = said.partition("=")
        if method not in PAY_METHODS:
            self.fail(t("cli.sell.no_method", method=method, methods=", ".join(PAY_METHODS)), param, ctx)
        try:
            return Offer(method, parse_money(amount) if given else None, reference.strip())
        except NumberError as error:
            self.fail(explain(error), param, ctx)


def sale_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of which `of_options` makes a sale, and `--from`. What is said of a part stands behind it."""
    for option in reversed(
        (
            click.option("--part", "parts", multiple=True, help=t("cli.sell.part")),
            click.option("--qty", "quantities", multiple=True, type=QUANTITY, help=t("cli.sell.qty")),
            click.option("--price", "prices", multiple=True, type=MONEY, help=t("cli.sell.price")),
            click.option("--discount", "discounts", multiple=True, type=DISCOUNT, help=t("cli.sell.discount")),
            click.option("--line-note", "line_notes", multiple=True, help=t("cli.sell.line_note")),
            click.option("--customer", default="", help=t("cli.quote.make.customer")),
            click.option("--sale-discount", type=DISCOUNT, default=None, help=t("cli.sell.sale_discount")),
            click.option(
                "--pay", "payments", multiple=True, type=OfferParameter(), metavar="METHOD[=AMOUNT][:REFERENCE]",
                help=t("cli.sell.payments"),
            ),
            click.option("--note", default="", help=t("cli.sell.note")),
            click.option("--car", default="", help=t("cli.sell.car")),
            click.option("--cashier", default="", help=t("cli.sell.cashier")),
            click.option(
                "--from", "source", type=click.Path(allow_dash=True, dir_okay=False), default=None,
                help=t("cli.sell.from"),
            ),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def of_options(source: str | None, script_key: str, **said: Any) -> WantedSale:
    """The sale that the options of `sale_options` mean, or a file of JSON. Raises `click.UsageError`."""
    if source is not None:
        if any(value not in (None, "", ()) for name, value in said.items() if name != "cashier"):
            raise click.UsageError(t("cli.sell.from_alone"))
        wanted = of_json(_text(source))
        return replace(wanted, cashier=said["cashier"] or wanted.cashier, key=script_key or wanted.key)
    of_parts = ("parts", "quantities", "prices", "discounts", "line_notes")
    names = dict(zip(of_parts, ("part", "quantity", "price", "discount", "note"), strict=True))
    groups = by_part(**{name: said[name] for name in of_parts})
    if not groups:
        raise click.UsageError(t("cli.sell.no_parts"))
    return WantedSale(
        lines=tuple(WantedLine(**{names[name]: value for name, value in group.items()}) for group in groups),
        payments=said["payments"] or (Offer("cash"),),
        customer=said["customer"],
        discount=said["sale_discount"] or NO_DISCOUNT,
        note=said["note"],
        car=said["car"],
        cashier=said["cashier"],
        key=script_key,
    )


def _text(source: str) -> str:
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(t("cli.sell.unreadable", file=source, reason=str(error))) from None


# --- JSON ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of JSON as it is read; `place` is where it stands, for whoever wrote it."""

    fields: Mapping[str, Any]
    place: str

    def get(self, name: str, read: Callable[[Any], Any], default: Any) -> Any:
        """A field as `read` understands it; raises `click.UsageError` where that raises `ValueError`."""
        value = self.fields.get(name)
        if value is None:
            return default
        try:
            return read(value)
        except (ValueError, ArithmeticError, TypeError):
            raise click.UsageError(t("cli.sell.no_such_value", place=f"{self.place}{name}")) from None


def of_json(text: str) -> WantedSale:
    """The sale that an object of JSON means. Raises `click.UsageError`."""
    try:
        whole = simplejson.loads(text, use_decimal=True)
    except ValueError:
        raise click.UsageError(t("cli.sell.no_json")) from None
    sale = _object(whole, "", ("lines", "payments", "customer", "discount", "note", "car", "cashier", "key"))
    lines = tuple(_line(row, f"lines[{n}].") for n, row in enumerate(sale.get("lines", _list, ())))
    if not lines:
        raise click.UsageError(t("cli.sell.no_parts"))
    payments = tuple(_offer(row, f"payments[{n}].") for n, row in enumerate(sale.get("payments", _list, ())))
    texts = {name: sale.get(name, _a_text, "") for name in ("customer", "note", "car", "cashier", "key")}
    return WantedSale(
        lines, payments or (Offer("cash"),), discount=sale.get("discount", _discount, NO_DISCOUNT), **texts
    )


def _object(value: Any, place: str, known: Sequence[str]) -> _Object:
    """An object with no other fields than those: one that is misspelt would else be passed over. Raises
    `click.UsageError`."""
    if not isinstance(value, dict):
        raise click.UsageError(t("cli.sell.no_such_value", place=place.rstrip(".") or "{}"))
    if strange := sorted(value.keys() - set(known)):
        raise click.UsageError(t("cli.sell.unknown_field", place=f"{place}{strange[0]}", fields=", ".join(known)))
    return _Object(value, place)


def _line(value: Any, place: str) -> WantedLine:
    line = _object(value, place, ("part", "quantity", "price", "discount", "note"))
    return WantedLine(
        part=line.get("part", _a_text, ""),
        quantity=line.get("quantity", _quantity, ONE),
        price=line.get("price", _minor, None),
        discount=line.get("discount", _discount, NO_DISCOUNT),
        note=line.get("note", _a_text, ""),
    )


def _offer(value: Any, place: str) -> Offer:
    offer = _object(value, place, ("method", "amount", "reference"))
    return Offer(
        offer.get("method", _method, "cash"), offer.get("amount", _minor, None), offer.get("reference", _a_text, "")
    )


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError
    return value


def _a_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value.strip()


def _minor(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    return value


def _quantity(value: Any) -> Quantity:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError
    return Quantity(of_decimal(Decimal(value)))


def _discount(value: Any) -> Discount:
    """An amount in minor units, or a percentage as it is typed: `"12.5%"`."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return DISCOUNT.convert(value, None, None)
        except click.BadParameter:
            raise ValueError from None
    return Discount(_minor(value))


def _method(value: Any) -> PayMethod:
    if value not in PAY_METHODS:
        raise ValueError
    return cast(PayMethod, value)


# --- the cart --------------------------------------------------------------------------------------------


def to_cart(wanted: WantedSale, cart: Cart) -> Cart:
    """The cart with all of it, each line by itself, at the prices of its customer. Raises `ShopError`."""
    if wanted.customer:
        cart = carts.with_customer(cart, wanted_customer.meant(wanted.customer))
    for line in wanted.lines:
        candidate = meant(line.part)
        made = carts.line_of(candidate.part, so_many(candidate.quantity, line.quantity), line.price)
        cart = replace(cart, lines=(*cart.lines, made))
    carts.check(cart)
    cart = pricing.as_priced_now(cart)
    for n, (line, made) in enumerate(zip(wanted.lines, cart.lines, strict=True)):
        if line.price is None and not made.price:  # the till asks for one
            raise ShopError("error.sale.no_price", name=of_language(made.name, made.name_en))
        cart = carts.set_note(carts.set_discount(cart, n, line.discount), n, line.note)
    return carts.with_discount(carts.with_notes(cart, wanted.note, wanted.car or cart.car), wanted.discount)
