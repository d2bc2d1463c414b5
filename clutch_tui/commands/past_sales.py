"""`sales`: what was sold, listed, shown and voided by scripts."""

from __future__ import annotations

from typing import Any, cast

import click

from clutch_tui.core import aftersales, past_sales, sales, script_keys, state
from clutch_tui.core.sale_search import day_of
from clutch_tui.core.types import PAY_METHODS, PayMethod, Receipt, SaleQuery, SaleRow
from clutch_tui.printing.page import payment_words
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import MONEY, find_installation, in_units, json_option, key_option, say_json, wanted_customer, wanted_parts


def commands() -> tuple[click.Command, ...]:
    return (group(),)


def group() -> click.Group:
    made = click.Group("sales", help=t("cli.sales.help"))
    for command in (list_(), show(), void()):
        made.add_command(command)
    return made


def list_() -> click.Command:
    @click.command("list", help=t("cli.sales.list"))
    @click.argument("text", default="")
    @click.option("--day", default="", metavar="DAY", help=t("cli.sales.day"))
    @click.option("--until", default="", metavar="DAY", help=t("cli.sales.until"))
    @click.option("--method", type=click.Choice(PAY_METHODS), help=t("cli.sales.method"))
    @click.option("--cashier", default="", help=t("cli.sales.cashier"))
    @click.option("--customer", default="", help=t("cli.sales.customer"))
    @click.option("--part", default="", help=t("cli.sales.part"))
    @click.option("--min", "least", type=MONEY, help=t("cli.sales.min"))
    @click.option("--max", "most", type=MONEY, help=t("cli.sales.max"))
    @click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        /,
        text: str,
        day: str,
        until: str,
        method: str | None,
        cashier: str,
        customer: str,
        part: str,
        least: int | None,
        most: int | None,
        limit: int,
        as_json: bool,
    ) -> None:
        if until and not day:
            raise click.UsageError(t("cli.sales.until_alone"))

        def read() -> tuple[SaleRow, ...]:
            query = SaleQuery(
                text=text,
                day=_day(day),
                until=_day(until),
                method=cast("PayMethod | None", method),
                cashier=past_sales.cashier_named(cashier) if cashier else "",
                customer_id=wanted_customer.meant(customer).id if customer else "",
                part_id=wanted_parts.meant(part).part.id if part else "",
                least=least,
                most=most,
            )
            return past_sales.page(query, None, 0, limit)

        with find_installation(options).open_store(inline=True) as store:
            rows = store.read_now(read)
        if as_json:
            say_json([{name: value for name, value in in_units(row).items() if name != "key"} for row in rows])
            return
        for row in rows:
            amount = shown.amount(-row.total if row.kind == "return" and row.total > 0 else row.total)
            said = f"{shown.date_time(row.at)}  {row.receipt_number:<12} {amount:>14}"
            print(f"{said}  {payment_words(row.payments)}  {row.customer_name}".rstrip())
        if not rows:
            print(t("common.no_match"))

    return command


def _day(text: str) -> str:
    """A day as it is typed, or nothing. Raises `click.UsageError`."""
    day = state.business_day() if text == "today" else day_of(text)
    if text and not day:
        raise click.UsageError(t("cli.sales.no_day", day=text))
    return day


def show() -> click.Command:
    @click.command("show", help=t("cli.sales.show"))
    @click.argument("sale")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], sale: str, as_json: bool) -> None:
        installation = find_installation(options)
        with installation.open_store(inline=True) as store:
            found = store.read_now(lambda: sales.get(past_sales.find(sale, returns=True)))
            shop = store.read_now(state.setting, "shop.profile")
        _say(found, shop, installation.settings.shop.receipt_footer, as_json)

    return command


def void() -> click.Command:
    @click.command("void", help=t("cli.sales.void"))
    @click.argument("sale")
    @click.option("--reason", required=True, help=t("cli.stock.reason"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @key_option
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], sale: str, reason: str, cashier: str, script_key: str, as_json: bool) -> None:
        def write() -> Receipt:
            sale_id = past_sales.find(sale, returns=True)
            said = {"sales void": [sale_id, reason]}
            return sales.get(script_keys.once(script_key, said, lambda: aftersales.void(sale_id, reason, cashier).id))

        installation = find_installation(options)
        with installation.open_store(inline=True) as store:
            voided = store.run_now(write)
            shop = store.read_now(state.setting, "shop.profile")
        _say(voided, shop, installation.settings.shop.receipt_footer, as_json)

    return command


def _say(receipt: Receipt, shop: Any, footer: str | None, as_json: bool) -> None:
    if as_json:
        say_json(receipt)
        return
    from clutch_tui.printing import receipt as printing

    print(printing.text(receipt, shop=shop, footer=footer), end="")
