"""`orders`: marketplace orders and this shop's answers to them, for scripts and for who has no screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from clutch_tui.core import orders as core_orders
from clutch_tui.core import state
from clutch_tui.core.errors import ShopError
from clutch_tui.core.order_types import LinePart, Order, OrderLine, OrderQuery, OrderRow
from clutch_tui.core.outbox import abilities
from clutch_tui.core.quantity import Quantity, to_decimal
from clutch_tui.core.sale_search import day_of
from clutch_tui.core.types import PAY_METHODS, Receipt
from clutch_tui.phrases import orders as words
from clutch_tui.phrases.errors import explain
from clutch_tui.text import format as shown
from clutch_tui.text import shop_time
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t

from . import find_installation, in_units, json_option, say_json
from .selling import sold_whole
from .wanted_parts import meant

Parts = Sequence[LinePart | None]


def commands() -> tuple[click.Command, ...]:
    return (orders(),)


def orders() -> click.Group:
    group = click.Group("orders", help=t("cli.orders.help"))
    for command in (list_(), show(), accept(), reject(), quote(), withdraw(), tie(), sell()):
        group.add_command(command)
    return group


def list_() -> click.Command:
    @click.command("list", help=t("cli.orders.list.help"))
    @click.argument("text", default="")
    @click.option("--all", "everything", is_flag=True, help=t("cli.orders.list.all"))
    @click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], text: str, everything: bool, limit: int, as_json: bool) -> None:
        rows: tuple[OrderRow, ...] = ()
        if (opened := find_installation(options).open_existing_store()) is not None:
            with opened as store:
                rows = store.read_now(core_orders.page, OrderQuery(text, not everything), None, 0, limit)
        if as_json:
            say_json([{name: value for name, value in in_units(row).items() if name != "key"} for row in rows])
            return
        now = datetime.now(UTC)
        for row in rows:
            left = words.time_left(row.ends_at, now)
            total = shown.money(row.total) if row.total else ""
            about = f"{row.order_number:<14} {words.status_word(row):<12} {left:>9} {total:>14}"
            print(f"{about}  {shown.name(row.customer_name)}".rstrip())
        if not rows:
            print(t("common.no_match" if text else "cli.orders.list.none"))

    return command


def _whole(order: Order, parts: Parts) -> dict[str, Any]:
    """An order for another program, each line with what the shop has of it."""
    lines = [_line(line) | {"shelf": _shelf(part)} for line, part in zip(order.lines, parts, strict=True)]
    quote = None if order.quote is None else in_units(order.quote) | {"lines": list(map(_line, order.quote.lines))}
    return in_units(order) | {"lines": lines, "quote": quote}


def _line(line: OrderLine) -> dict[str, Any]:
    return in_units(line)


def _shelf(found: LinePart | None) -> dict[str, Any] | None:
    if found is None:
        return None
    part = found.part
    return {
        "id": part.id,
        "part_number": part.part_number,
        "stock": to_decimal(part.stock),
        "place": part.location,
        "price": part.price,
        "cost": found.cost,
        "tied": found.is_tied,
    }


def _page(order: Order, parts: Parts) -> None:
    print("\n".join(words.whole(order, parts)))


Deed = Callable[[Order], object]


def _do(options: dict[str, Any], number: str, as_json: bool, deed: Deed) -> None:
    """Do something to the order of this number, and say how it stands then."""

    def done() -> tuple[Order, Parts]:
        order = core_orders.find(number)
        deed(order)
        after = core_orders.get(order.id)
        return after, core_orders.suggestions(after)

    with find_installation(options).open_store(inline=True) as store:
        order, parts = store.run_now(done)
    if as_json:
        say_json(_whole(order, parts))
    else:
        _page(order, parts)


def show() -> click.Command:
    @click.command("show", help=t("cli.orders.show.help"))
    @click.argument("number")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, as_json: bool) -> None:
        _do(options, number, as_json, lambda order: None)

    return command


def accept() -> click.Command:
    @click.command("accept", help=t("cli.orders.accept.help"))
    @click.argument("number")
    @click.option("--cashier", default="", help=t("cli.orders.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, cashier: str, as_json: bool) -> None:
        _do(options, number, as_json, lambda order: core_orders.accept(order.id, actor=cashier))

    return command


def reject() -> click.Command:
    @click.command("reject", help=t("cli.orders.reject.help"))
    @click.argument("number")
    @click.option("--reason", required=True, help=t("cli.orders.reject.reason"))
    @click.option("--cashier", default="", help=t("cli.orders.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, reason: str, cashier: str, as_json: bool) -> None:
        _do(options, number, as_json, lambda order: core_orders.reject(order.id, reason, actor=cashier))

    return command


def withdraw() -> click.Command:
    @click.command("withdraw", help=t("cli.orders.withdraw.help"))
    @click.argument("number")
    @click.option("--cashier", default="", help=t("cli.orders.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, cashier: str, as_json: bool) -> None:
        _do(options, number, as_json, lambda order: core_orders.withdraw(order.id, actor=cashier))

    return command


# --- quoting -------------------------------------------------------------------------------------------


class _OfLine(click.ParamType[tuple[int, str]]):
    """`N=VALUE`: something about the line N of an order, counted from 1."""

    name = "n=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        if isinstance(value, tuple):
            return value
        n, sign, said = str(value).partition("=")
        if not sign or not n.strip().isdecimal() or not int(n):
            self.fail(t("cli.orders.quote.no_line", text=shown.isolate(str(value))), param, ctx)
        return int(n), said.strip()


def _said(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option about a line of a quote, which may be given for each of them."""
    return click.option(f"--{name}", f"{name}s", multiple=True, type=_OfLine(), help=t(f"cli.orders.quote.{name}"))


def quote() -> click.Command:
    @click.command("quote", help=t("cli.orders.quote.help"))
    @click.argument("number")
    @_said("price")
    @_said("qty")
    @_said("part")
    @_said("brand")
    @_said("available")
    @click.option("--days", type=click.IntRange(1, 365), default=3, show_default=True, help=t("cli.orders.quote.days"))
    @click.option("--note", default="", help=t("cli.orders.quote.note"))
    @click.option("--cashier", default="", help=t("cli.orders.cashier"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], /, number: str, days: int, note: str, cashier: str, as_json: bool, **said: Any
    ) -> None:
        until = datetime.now(UTC) + timedelta(days=days)

        def quoted(order: Order) -> None:
            if order.status == "quoted" and not abilities.knows("quote"):
                raise ShopError("error.order.quote_stands")
            lines = [line for line, _ in core_orders.begin_quote(order)]
            for name, given in said.items():
                for n, value in given:
                    if n > len(lines):
                        raise click.UsageError(t("cli.orders.quote.no_line", text=shown.isolate(f"{n}={value}")))
                    lines[n - 1] = _CHANGES[name](lines[n - 1], value)
            core_orders.quote(order.id, lines, until, note, actor=cashier)

        _do(options, number, as_json, quoted)

    return command


def _of_part(line: OrderLine, value: str) -> OrderLine:
    part = meant(value).part
    return replace(line, part_id=part.id, brand=part.brand)


def _figure(read: Callable[[str], int], value: str) -> int:
    try:
        return read(value)
    except NumberError as error:
        raise click.UsageError(explain(error)) from None


def _available(value: str) -> str:
    if value == "tomorrow":
        return (shop_time.local(datetime.now(UTC)).date() + timedelta(days=1)).isoformat()
    return value if value in ("now", "no") else day_of(value) or value


_CHANGES: Mapping[str, Callable[[OrderLine, str], OrderLine]] = {
    "parts": _of_part,
    "brands": lambda line, value: replace(line, brand=value),
    "prices": lambda line, value: replace(line, price=_figure(shown.parse_money, value)),
    "qtys": lambda line, value: replace(line, quantity=Quantity(_figure(shown.parse_quantity, value))),
    "availables": lambda line, value: replace(line, available=_available(value)),
}
"""What each option makes of a line. A part brings its brand, which may be said otherwise."""


def tie() -> click.Command:
    @click.command("tie", help=t("cli.orders.tie.help"))
    @click.argument("number")
    @click.option("--line", "n", type=click.IntRange(1), required=True, help=t("cli.orders.tie.line"))
    @click.option("--part", "part", required=True, help=t("cli.orders.tie.part"))
    @click.option("--cashier", default="", help=t("cli.orders.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, n: int, part: str, cashier: str, as_json: bool) -> None:
        def tied(order: Order) -> None:
            if n > len(order.lines):
                raise click.UsageError(t("cli.orders.quote.no_line", text=shown.isolate(str(n))))
            core_orders.tie(order.id, n - 1, meant(part).part.id, actor=cashier)

        _do(options, number, as_json, tied)

    return command


def sell() -> click.Command:
    @click.command("sell", help=t("cli.orders.sell.help"))
    @click.argument("number")
    @click.option("--pay", type=click.Choice(PAY_METHODS), default="cash", show_default=True, help=t("cli.sell.pay"))
    @click.option("--expired", is_flag=True, help=t("cli.orders.sell.expired"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, pay: str, expired: bool, cashier: str, as_json: bool) -> None:
        installation = find_installation(options)

        def sold() -> Receipt:
            order = core_orders.find(number)
            quote = order.quote
            until = None if quote is None else quote.valid_until
            if quote is not None and until is not None and until < datetime.now(UTC) and not expired:
                raise ShopError("error.order.quote_expired", number=order.order_number, at=shown.date_time(until))
            cart = core_orders.to_cart(order.id)
            return sold_whole(cart, pay, cashier, installation.device_id)

        with installation.open_store(inline=True) as store:
            receipt = store.run_now(sold)
            shop = store.read_now(state.setting, "shop.profile")
        if as_json:
            say_json(receipt)
            return
        from clutch_tui.printing import receipt as printing

        print(printing.text(receipt, shop=shop, footer=installation.settings.shop.receipt_footer))

    return command
