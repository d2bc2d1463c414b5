"""`lost-sales`: notes what was asked for and not sold, lists it, and adds up what is missed most, for scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

import click

from clutch_tui.core import lost_sales as core_lost_sales
from clutch_tui.core.lost_sales import REASONS, LostSale, LostSaleQuery, Reason
from clutch_tui.core.quantity import ONE, Quantity, to_decimal, written
from clutch_tui.phrases.lost_sales import why
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t

from . import QUANTITY, find_installation, json_option, say_json
from .wanted_parts import meant

_reason = click.Choice(REASONS)


def commands() -> tuple[click.Command, ...]:
    return (lost_sales(),)


def lost_sales() -> click.Group:
    group = click.Group("lost-sales", help=t("cli.lost_sales.help"))
    for command in (note(), show(), wanted()):
        group.add_command(command)
    return group


def note() -> click.Command:
    @click.command("note", help=t("cli.lost_sales.note"))
    @click.argument("text", default="")
    @click.option("--part", help=t("cli.sell.part"))
    @click.option("--reason", type=_reason, required=True, help=t("cli.lost_sales.reason"))
    @click.option("--qty", "quantity", type=QUANTITY, default=None, help=t("cli.sell.qty"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        text: str,
        part: str | None,
        reason: str,
        quantity: Quantity | None,
        cashier: str,
        as_json: bool,
    ) -> None:
        def take() -> LostSale:
            part_id = meant(part).part.id if part else None
            why = cast(Reason, reason)
            return core_lost_sales.note(
                why, ONE if quantity is None else quantity, part_id=part_id, text=text, cashier=cashier
            )

        with find_installation(options).open_store(inline=True) as store:
            noted = store.run_now(take)
        if as_json:
            say_json(_plain(noted))
            return
        print(t("lost_sale.noted", name=shown.name(noted.name), reason=why(noted.reason)))

    return command


def show() -> click.Command:
    @click.command("list", help=t("cli.lost_sales.list"))
    @click.argument("text", default="")
    @click.option("--reason", type=_reason, help=t("cli.lost_sales.reason"))
    @click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], text: str, reason: str | None, limit: int, as_json: bool) -> None:
        query = LostSaleQuery(text, cast("Reason | None", reason))
        with find_installation(options).open_store(inline=True) as store:
            rows = store.read_now(core_lost_sales.page, query, None, 0, limit)
        if as_json:
            say_json([_plain(row) for row in rows])
            return
        for row in rows:
            said = f"{shown.date(row.at)}  {written(row.quantity):>8}  {why(row.reason)}"
            print(f"{said}  {row.name}  {row.part_number}".rstrip())
        if not rows:
            print(t("lost_sale.none"))

    return command


def wanted() -> click.Command:
    @click.command("wanted", help=t("cli.lost_sales.wanted"))
    @click.option("--days", type=click.IntRange(0, 3660), default=90, show_default=True, help=t("cli.lost_sales.days"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], days: int, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            rows = store.read_now(core_lost_sales.wanted, days)
        if as_json:
            say_json([_plain(row) for row in rows])
            return
        for row in rows:
            print(f"{row.times:>5}  {written(row.quantity):>8}  {row.name}  {row.part_number}".rstrip())
        if not rows:
            print(t("lost_sale.none"))

    return command


def _plain(row: Any) -> dict[str, Any]:
    """A row for a program: quantities in units, money in minor units."""
    values = {name: value for name, value in asdict(row).items() if name != "key"}
    return {
        name: to_decimal(value) if name in ("quantity", "stock") and value is not None else value
        for name, value in values.items()
    }
