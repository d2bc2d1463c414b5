"""`return` and `exchange`: what a script does with goods that come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import click

from clutch_tui.core import aftersales, exchanges, past_sales, refunds, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import NOTHING, ONE, Quantity, total
from clutch_tui.core.types import EXCHANGE, PAY_METHODS, Cart, Payment, PayMethod, Receipt, Sale
from clutch_tui.text.strings import t

from . import QUANTITY, find_installation, json_option, say_json
from .wanted_parts import InOrder, by_part, filled, meant, paired, part_options, so_many

_Wanted = list[tuple[str, Quantity]]


def commands() -> tuple[click.Command, ...]:
    return (give_back(), give_back_without_receipt(), exchange())


def _back_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What comes back, and who takes it; the same for both."""
    options = (
        click.argument("number"),
        click.option("--back", "back", multiple=True, metavar="PART", help=t("cli.return.back")),
        click.option("--back-qty", "back_quantities", multiple=True, type=QUANTITY, help=t("cli.return.back_qty")),
        click.option("--all", "everything", is_flag=True, help=t("cli.return.all")),
        click.option("--reason", default="", help=t("cli.return.reason")),
        click.option("--damaged", is_flag=True, help=t("cli.return.damaged")),
        click.option("--cashier", default="", help=t("cli.sell.cashier")),
        click.option("--dry-run", is_flag=True, help=t("cli.return.dry_run")),
        json_option,
    )
    for option in reversed(options):
        function = option(function)
    return function


def give_back() -> click.Command:
    @click.command("return", cls=InOrder, help=t("cli.return.help"))
    @click.option("--first", type=click.Choice(PAY_METHODS), help=t("cli.return.first"))
    @_back_options
    @click.pass_obj
    def command(
        options: dict[str, Any],
        number: str,
        back: tuple[str, ...],
        back_quantities: tuple[Quantity, ...],
        everything: bool,
        reason: str,
        damaged: bool,
        first: str | None,
        cashier: str,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        wanted = _wanted(back, back_quantities, everything)
        installation = find_installation(options)

        def refund() -> tuple[Sale, dict[int, Quantity], refunds.Refund]:
            sale = sales.get(past_sales.find(number))
            quantities = _quantities(sale, wanted)
            aftersales.check_back(sale, quantities)
            coin, before = state.tax_rules().cash_rounding, aftersales.refunded(sale.id)
            return sale, quantities, refunds.reckon(sale, before, quantities, coin, first=cast(PayMethod, first))

        def do() -> Receipt:
            sale, quantities, reckoned = refund()
            device_id, payments = installation.device_id, reckoned.payments
            people = {"cashier": cashier, "device_id": device_id}
            return aftersales.give_back(
                sale.id, quantities, payments=payments, reason=reason, damaged=damaged, **people
            )

        with installation.open_store(inline=True) as store:
            if dry_run:
                _say_figures({"give": store.read_now(refund)[2].payments}, as_json)
                return
            if not reason.strip():
                raise click.UsageError(t("cli.return.why"))
            receipt = store.run_now(do)
            shop = store.read_now(state.setting, "shop.profile")
        _say_receipt(receipt, shop, installation.settings.shop.receipt_footer, as_json)

    return command


def give_back_without_receipt() -> click.Command:
    @click.command("return-without-receipt", cls=InOrder, help=t("cli.return_without_receipt.help"))
    @part_options
    @click.option("--price", "prices", multiple=True, help=t("cli.return_without_receipt.price"))
    @click.option(
        "--pay",
        type=click.Choice([method for method in PAY_METHODS if method != "credit"]),
        default="cash",
        show_default=True,
        help=t("cli.return_without_receipt.pay"),
    )
    @click.option("--reason", required=True, help=t("cli.return.reason"))
    @click.option("--damaged", is_flag=True, help=t("cli.return.damaged"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        parts: tuple[str, ...],
        quantities: tuple[Quantity, ...],
        prices: tuple[str, ...],
        pay: str,
        reason: str,
        damaged: bool,
        cashier: str,
        as_json: bool,
    ) -> None:
        from clutch_tui.text.format import parse_money

        if len(prices) > len(parts):
            raise click.UsageError(t("cli.return_without_receipt.too_many_prices"))
        wanted = by_part(parts=parts, quantities=quantities, prices=[parse_money(price) for price in prices])
        installation = find_installation(options)

        def do() -> Receipt:
            cart = sales.open_cart()
            for asked in wanted:
                one = meant(asked["parts"])
                quantity = so_many(one.quantity, asked.get("quantities", ONE))
                cart = replace(cart, lines=(*cart.lines, carts.line_of(one.part, quantity, asked.get("prices"))))
            return aftersales.give_back_without_receipt(
                cart,
                cast(PayMethod, pay),
                reason=reason,
                damaged=damaged,
                cashier=cashier,
                device_id=installation.device_id,
                rules=state.tax_rules(),
            )

        with installation.open_store(inline=True) as store:
            receipt = store.run_now(do)
            shop = store.read_now(state.setting, "shop.profile")
        _say_receipt(receipt, shop, installation.settings.shop.receipt_footer, as_json)

    return command


def exchange() -> click.Command:
    @click.command("exchange", cls=InOrder, help=t("cli.exchange.help"))
    @part_options
    @click.option(
        "--pay", type=click.Choice(PAY_METHODS), default="cash", show_default=True, help=t("cli.exchange.pay")
    )
    @_back_options
    @click.pass_obj
    def command(
        options: dict[str, Any],
        number: str,
        back: tuple[str, ...],
        back_quantities: tuple[Quantity, ...],
        everything: bool,
        parts: tuple[str, ...],
        quantities: tuple[Quantity, ...],
        pay: str,
        reason: str,
        damaged: bool,
        cashier: str,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        comes, goes = _wanted(back, back_quantities, everything), paired(parts, quantities)
        installation, method = find_installation(options), cast(PayMethod, pay)

        def cart(empty: Cart) -> Cart:
            sale = sales.get(past_sales.find(number))
            back = _quantities(sale, comes)
            return exchanges.bring_back(filled(empty, goes), sale.id, back, reason, damaged=damaged)

        def do() -> Receipt:
            made = cart(sales.open_cart())
            pays, gives = _difference(made, method)
            tendered = sum(payment.amount for payment in pays if payment.method == "cash")
            return exchanges.checkout(
                made,
                pays or gives,
                tendered=tendered,
                cashier=cashier,
                device_id=installation.device_id,
                rules=state.tax_rules(),
            )

        with installation.open_store(inline=True) as store:
            if dry_run:
                pays, gives = store.read_now(lambda: _difference(cart(Cart("")), method))
                _say_figures({"pay": pays, "give": gives}, as_json)
                return
            receipt = store.run_now(do)
            shop = store.read_now(state.setting, "shop.profile")
        _say_receipt(receipt, shop, installation.settings.shop.receipt_footer, as_json)

    return command


def _wanted(back: Sequence[str], quantities: Sequence[Quantity], everything: bool) -> _Wanted | None:
    """What is to come back, None for all that is left. Raises `click.UsageError` where that is not said in one way."""
    if everything == bool(back):
        raise click.UsageError(t("cli.return.what"))
    if everything:
        return None
    groups = by_part("back", back=back, back_quantities=quantities)
    return [(group["back"], group.get("back_quantities", ONE)) for group in groups]


def _quantities(sale: Sale, wanted: _Wanted | None) -> dict[int, Quantity]:
    """How much of each line of a sale comes back, by its number: of a part in more than one line first of the first."""
    if wanted is None:
        return {line.n: line.left for line in sale.lines if line.left}
    back: dict[int, Quantity] = {}
    for text, quantity in wanted:
        part_id, rest = meant(text).part.id, quantity
        lines = [line for line in sale.lines if line.part_id == part_id]
        if not lines:
            raise ShopError("error.sale.not_in_it", name=text, number=sale.receipt_number)
        for line in lines:
            more = min(rest, Quantity(line.left - back.get(line.n, NOTHING)))
            back[line.n] = total((back.get(line.n, NOTHING), Quantity(more)))
            rest = Quantity(rest - more)
        if rest:
            raise ShopError("error.sale.over_returned", name=lines[0].name)
    return back


def _difference(cart: Cart, method: PayMethod) -> tuple[tuple[Payment, ...], tuple[Payment, ...]]:
    """What the customer pays in this way, or what he is given, in this way as far as it came in by it."""
    rules = state.tax_rules()
    by_way = exchanges.ways_to_give(cart, rules)
    if carts.to_give(cart, rules):
        given = by_way.get(method, by_way[None]).payments
        return (), tuple(payment for payment in given if payment.method != EXCHANGE)
    due = carts.due(cart, rules, (), method)
    return ((Payment(method, due),) if due or method == "cash" else ()), ()


def _say_figures(figures: dict[str, tuple[Payment, ...]], as_json: bool) -> None:
    from clutch_tui.printing.page import payment_words

    if as_json:
        say_json(figures)
        return
    for name, payments in figures.items():
        if money := [payment for payment in payments if payment.amount]:
            print(t(f"cli.return.would_{name}", payments=payment_words(money)))
    if not any(payment.amount for payments in figures.values() for payment in payments):
        print(t("exchange.even"))


def _say_receipt(receipt: Receipt, shop: Any, footer: str, as_json: bool) -> None:
    from clutch_tui.printing import receipt as printing

    if as_json:
        say_json(receipt)
    else:
        print(printing.text(receipt, shop=shop, footer=footer))
