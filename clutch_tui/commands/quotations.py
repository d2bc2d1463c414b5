"""`quote`: quotations to people at the counter, for scripts and for who has no screen."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, cast

import click

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import cart as carts
from clutch_tui.core import quotation_carts, quotations, sales, state
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import Quantity
from clutch_tui.core.quotations import Quotation, QuotationQuery, QuotationRow
from clutch_tui.core.sale_search import day_of
from clutch_tui.core.types import PAY_METHODS, Cart, PayMethod, Receipt
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import done, find_installation, in_units, json_option, say_json, wanted_customer
from .selling import sold_whole
from .wanted_parts import InOrder, filled, paired, part_options


def commands() -> tuple[click.Command, ...]:
    return (quote(),)


def quote() -> click.Group:
    @click.group("quote", help=t("cli.quote.help"))
    def group() -> None:
        """Hold the verbs."""

    for command in (make(), list_(), show(), lose(), sell()):
        group.add_command(command)
    return group


# --- making one ----------------------------------------------------------------------------------------


def make() -> click.Command:
    most = quotations.MOST_DAYS

    @click.command("make", cls=InOrder, help=t("cli.quote.make.help"))
    @part_options
    @click.option("--customer", default="", help=t("cli.quote.make.customer"))
    @click.option("--name", default="", help=t("cli.quote.make.name"))
    @click.option("--phone", default="", help=t("cli.quote.make.phone"))
    @click.option("--days", type=click.IntRange(0, most), help=t("cli.quote.make.days", n=quotations.USUAL_DAYS))
    @click.option("--until", metavar="DAY", help=t("cli.quote.make.until"))
    @click.option("--note", default="", help=t("cli.quote.make.note"))
    @click.option("--cashier", default="", help=t("cli.quote.make.cashier"))
    @click.option("--dry-run", is_flag=True, help=t("cli.quote.make.dry_run"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        /,
        parts: tuple[str, ...],
        quantities: tuple[Quantity, ...],
        customer: str,
        days: int | None,
        until: str | None,
        dry_run: bool,
        as_json: bool,
        **said: str,
    ) -> None:
        if customer and (said["name"] or said["phone"]):
            raise click.UsageError(t("cli.quote.make.customer_or_name"))
        if days is not None and until is not None:
            raise click.UsageError(t("cli.quote.make.days_or_until"))
        wanted = paired(parts, quantities)
        installation = find_installation(options)

        def quoted() -> Quotation:
            return quotations.quote(
                filled(_for_customer(sales.open_cart(), customer), wanted),
                valid_until=_last_day(days, until),
                device_id=installation.device_id,
                rules=state.tax_rules(),
                **said,
            )

        with installation.open_store(inline=True) as store:
            made = done(store, quoted, dry_run=dry_run)
            shop = store.read_now(state.setting, "shop.profile")
        if as_json:
            say_json(_fields(made) | {"dry_run": dry_run} | ({"id": "", "number": ""} if dry_run else {}))
            return
        _print_paper(installation, made, shop, numbered=not dry_run)
        if dry_run:
            print(t("import.dry_run"), file=sys.stderr)

    return command


def _last_day(days: int | None, until: str | None) -> str:
    """The day that is meant, as YYYY-MM-DD; what is none stays as it is, to be refused."""
    if until is not None:
        return day_of(until) or until
    return quotations.usual_end(quotations.USUAL_DAYS if days is None else days)


def _for_customer(cart: Cart, text: str) -> Cart:
    """The cart with the customer that a text means."""
    return carts.with_customer(cart, wanted_customer.meant(text)) if text else cart


# --- what there is -------------------------------------------------------------------------------------


def list_() -> click.Command:
    @click.command("list", help=t("cli.quote.list.help"))
    @click.argument("text", default="")
    @click.option("--status", type=click.Choice(quotations.STATUSES), help=t("cli.quote.list.status"))
    @click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], text: str, status: quotations.Status | None, limit: int, as_json: bool
    ) -> None:
        rows: tuple[QuotationRow, ...] = ()
        if (opened := find_installation(options).open_existing_store()) is not None:
            with opened as store:
                rows = store.read_now(quotations.page, QuotationQuery(text, status), None, 0, limit)
        if as_json:
            say_json([{key: value for key, value in in_units(row).items() if key != "key"} for row in rows])
            return
        for row in rows:
            until, word = shown.day(row.valid_until), t(f"quotation.status.{row.status}")
            about = f"{row.number:<14} {shown.date(row.at)}  {shown.money(row.total):>14}  {word}  {until}"
            print(f"{about}  {shown.name(row.customer_name)}".rstrip())
        if not rows:
            print(t("common.no_match" if text or status else "cli.quote.list.none"))

    return command


def show() -> click.Command:
    @click.command("show", help=t("cli.quote.show.help"))
    @click.argument("number")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, as_json: bool) -> None:
        installation = find_installation(options)
        with installation.open_store(inline=True) as store:
            quotation = store.read_now(quotations.find, number)
            shop = store.read_now(state.setting, "shop.profile")
        if as_json:
            say_json(_fields(quotation))
            return
        _print_paper(installation, quotation, shop)
        if quotation.reason:
            print(t("cli.quote.show.reason", reason=shown.name(quotation.reason)))

    return command


def _fields(quotation: Quotation) -> dict[str, Any]:
    """A quotation for another program."""
    return in_units(quotation)


def _print_paper(installation: Installation, quotation: Quotation, shop: Any, *, numbered: bool = True) -> None:
    from clutch_tui.printing import quotation as paper

    whole = quotation if numbered else replace(quotation, number="")
    print(paper.text(whole, shop=shop, footer=installation.settings.shop.receipt_footer), end="")


# --- what becomes of it --------------------------------------------------------------------------------


def lose() -> click.Command:
    @click.command("lose", help=t("cli.quote.lose.help"))
    @click.argument("number")
    @click.option("--reason", required=True, help=t("cli.quote.lose.reason"))
    @click.option("--cashier", default="", help=t("cli.quote.lose.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: str, reason: str, cashier: str, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            lost = store.run_now(lambda: quotations.lose(quotations.find(number).id, reason, cashier))
        if as_json:
            say_json(_fields(lost))
        else:
            print(t("cli.quote.lose.done", number=shown.part_number(lost.number)))

    return command


def sell() -> click.Command:
    @click.command("sell", help=t("cli.quote.sell.help"))
    @click.argument("number")
    @click.option("--quoted", is_flag=True, help=t("cli.quote.sell.quoted"))
    @click.option("--today", is_flag=True, help=t("cli.quote.sell.today"))
    @click.option("--pay", type=click.Choice(PAY_METHODS), default="cash", show_default=True, help=t("cli.sell.pay"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], number: str, quoted: bool, today: bool, pay: str, cashier: str, as_json: bool
    ) -> None:
        if quoted and today:
            raise click.UsageError(t("cli.quote.sell.one_choice"))
        installation = find_installation(options)

        def sold() -> Receipt:
            cart = _recalled(number, quoted=quoted, today=today, method=cast(PayMethod, pay))
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


def _recalled(number: str, *, quoted: bool, today: bool, method: PayMethod) -> Cart:
    """The cart of a quotation, by the prices that hold or that were asked for. What the till would ask about is an
    error: nobody is there."""
    quotation = quotations.find(number)
    if quotation.status == "sold":
        raise ShopError("error.quotation.sold", number=quotation.receipt_number)
    again = quotation_carts.recall(quotation.id)
    if again.gone:
        raise ShopError(
            "error.quotation.gone", number=quotation.number, parts=shown.listed(map(shown.name, again.gone))
        )
    if not (quotation.binds or quoted or today):
        rules = state.tax_rules()
        was, now = (shown.money(carts.totals(cart, rules, method).total) for cart in (again.quoted, again.today))
        day = shown.day(quotation.valid_until)
        raise ShopError("error.quotation.expired", number=quotation.number, day=day, quoted=was, today=now)
    if not today:
        return again.quoted
    for line in again.unpriced:  # nobody is there to be asked
        raise ShopError("error.sale.no_price", name=shown.of_language(line.name, line.name_en))
    return again.today
