"""`special-orders`: what is not there is ordered for a customer, with a deposit or without, for scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import click

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import cart as carts
from clutch_tui.core import deposits, sales, state
from clutch_tui.core import special_orders as core_special_orders
from clutch_tui.core.quantity import ONE, Quantity
from clutch_tui.core.sale_search import day_of
from clutch_tui.core.special_orders import ON_CANCEL, STATUSES, SpecialOrder, SpecialOrderQuery, SpecialOrderRow, Wanted
from clutch_tui.core.types import PAY_METHODS, Payment, PayMethod, Receipt
from clutch_tui.phrases.errors import explain
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t

from . import QUANTITY, find_installation, in_units, json_option, say_json, wanted_customer
from .wanted_parts import meant

_method = click.Choice([method for method in PAY_METHODS if method != "credit"])


def commands() -> tuple[click.Command, ...]:
    return (special_orders(),)


def special_orders() -> click.Group:
    group = click.Group("special-orders", help=t("cli.special_orders.help"))
    for command in (make(), list_(), show(), deposit(), here(), cancel(), sell()):
        group.add_command(command)
    return group


class _Money(click.ParamType[int]):
    """An amount on the command line, in pounds."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return shown.parse_money(str(value))
        except NumberError as error:
            self.fail(explain(error), param, ctx)


_MONEY = _Money()


def make() -> click.Command:
    @click.command("make", help=t("cli.special_orders.make"))
    @click.argument("text", default="")
    @click.option("--part", help=t("cli.sell.part"))
    @click.option("--qty", "quantity", type=QUANTITY, default=None, help=t("cli.sell.qty"))
    @click.option("--price", type=_MONEY, help=t("cli.special_orders.price"))
    @click.option("--customer", required=True, help=t("cli.special_orders.customer"))
    @click.option("--expected", default="", help=t("cli.special_orders.expected"))
    @click.option("--deposit", type=_MONEY, default=0, help=t("cli.special_orders.deposit"))
    @click.option("--pay", type=_method, default="cash", show_default=True, help=t("cli.sell.pay"))
    @click.option("--note", default="", help=t("cli.quote.make.note"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        text: str,
        part: str | None,
        quantity: Quantity | None,
        price: int | None,
        customer: str,
        expected: str,
        deposit: int,
        pay: str,
        note: str,
        cashier: str,
        as_json: bool,
    ) -> None:
        installation = find_installation(options)

        def placed() -> SpecialOrder:
            found = meant(part).part if part else None
            of_shelf = 0 if found is None else found.price
            wanted = Wanted(
                None if found is None else found.id,
                text,
                ONE if quantity is None else quantity,
                of_shelf if price is None else price,
                day_of(expected) or expected,
                note,
            )
            return core_special_orders.place(
                wanted,
                wanted_customer.meant(customer).id,
                deposit=deposit,
                method=cast(PayMethod, pay),
                cashier=cashier,
                device_id=installation.device_id,
            )

        _do(installation, as_json, placed)

    return command


def _do(installation: Installation, as_json: bool, deed: Callable[[], SpecialOrder]) -> None:
    """Do something to a special order, and print how it stands then."""
    with installation.open_store(inline=True) as store:
        order = store.run_now(deed)
        shop = store.read_now(state.setting, "shop.profile")
    if as_json:
        say_json(in_units(order) | {"total": order.total, "deposit": order.deposit})
        return
    from clutch_tui.printing import special_order as paper

    print(paper.text(order, shop=shop, footer=installation.settings.shop.receipt_footer), end="")


def list_() -> click.Command:
    @click.command("list", help=t("cli.special_orders.list"))
    @click.argument("text", default="")
    @click.option("--status", type=click.Choice(STATUSES), help=t("cli.quote.list.status"))
    @click.option("--open", "open_only", is_flag=True, help=t("cli.special_orders.open"))
    @click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        text: str,
        status: core_special_orders.Status | None,
        open_only: bool,
        limit: int,
        as_json: bool,
    ) -> None:
        rows: tuple[SpecialOrderRow, ...] = ()
        if (opened := find_installation(options).open_existing_store()) is not None:
            with opened as store:
                rows = store.read_now(
                    core_special_orders.page, SpecialOrderQuery(text, status, open_only), None, 0, limit
                )
        if as_json:
            say_json([{key: value for key, value in in_units(row).items() if key != "key"} for row in rows])
            return
        for row in rows:
            word = t(f"special_order.status.{row.status}")
            about = f"{row.number:<14} {shown.date(row.at)}  {shown.money(row.total):>14}  {word}"
            print(f"{about}  {shown.quantity(row.quantity)} × {shown.name(row.name)}  {shown.name(row.customer_name)}")
        if not rows:
            print(t("common.no_match" if text or status else "cli.special_orders.none"))

    return command


def show() -> click.Command:
    @click.command("show", help=t("cli.special_orders.show"))
    @click.argument("number")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, as_json: bool) -> None:
        _do(find_installation(options), as_json, lambda: core_special_orders.find(number))

    return command


def deposit() -> click.Command:
    @click.command("deposit", help=t("cli.special_orders.take"))
    @click.argument("number")
    @click.argument("amount", type=_MONEY)
    @click.option("--pay", type=_method, default="cash", show_default=True, help=t("cli.sell.pay"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, amount: int, pay: str, cashier: str, as_json: bool) -> None:
        def taken() -> SpecialOrder:
            order = core_special_orders.find(number)
            return core_special_orders.take_deposit(order.id, amount, cast(PayMethod, pay), cashier)

        _do(find_installation(options), as_json, taken)

    return command


def here() -> click.Command:
    @click.command("here", help=t("cli.special_orders.here"))
    @click.argument("number")
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, cashier: str, as_json: bool) -> None:
        def arrived() -> SpecialOrder:
            return core_special_orders.arrived(core_special_orders.find(number).id, cashier)

        _do(find_installation(options), as_json, arrived)

    return command


def cancel() -> click.Command:
    @click.command("cancel", help=t("cli.special_orders.cancel"))
    @click.argument("number")
    @click.option("--reason", required=True, help=t("cli.special_orders.reason"))
    @click.option("--deposit", "becomes", type=click.Choice(ON_CANCEL), help=t("cli.special_orders.becomes"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], number: str, reason: str, becomes: str | None, cashier: str, as_json: bool
    ) -> None:
        def cancelled() -> SpecialOrder:
            order = core_special_orders.find(number)
            return core_special_orders.cancel(order.id, reason, cashier, deposit=becomes or "")

        _do(find_installation(options), as_json, cancelled)

    return command


def sell() -> click.Command:
    @click.command("sell", help=t("cli.special_orders.sell"))
    @click.argument("number")
    @click.option("--part", help=t("cli.special_orders.part"))
    @click.option("--pay", type=click.Choice(PAY_METHODS), default="cash", show_default=True, help=t("cli.sell.pay"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, part: str | None, pay: str, cashier: str, as_json: bool) -> None:
        installation = find_installation(options)

        def sold() -> Receipt:
            return _sold(number, part, cast(PayMethod, pay), cashier, installation.device_id)

        with installation.open_store(inline=True) as store:
            receipt = store.run_now(sold)
            shop = store.read_now(state.setting, "shop.profile")
        if as_json:
            say_json(receipt)
            return
        from clutch_tui.printing import receipt as printing

        print(printing.text(receipt, shop=shop, footer=installation.settings.shop.receipt_footer))

    return command


def _sold(number: str, part: str | None, method: PayMethod, cashier: str, device_id: str) -> Receipt:
    """The sale that fetches a special order: what was left for it first, the rest in one way."""
    order = core_special_orders.find(number)
    cart = core_special_orders.to_cart(order.id, meant(part).part.id if part else None)
    rules = state.tax_rules()
    waiting = min(deposits.left(order.id), carts.totals(cart, rules, "credit").total)
    before = (Payment("credit", waiting),) if waiting else ()
    rest = carts.due(cart, rules, before, method)
    payments = (*before, Payment(method, rest)) if rest else before
    tendered = rest if method == "cash" else 0
    return sales.checkout(cart, payments, tendered=tendered, cashier=cashier, device_id=device_id, rules=rules)
