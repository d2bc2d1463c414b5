"""`report`: what a day brought in the whole shop, for scripts."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from clutch_tui.core import day_report, state
from clutch_tui.core.day_report import ShopDay, TillDay
from clutch_tui.core.sale_search import day_of
from clutch_tui.text.strings import t

from . import find_installation, in_units, json_option, say_json


def commands() -> tuple[click.Command, ...]:
    return (report(),)


def report() -> click.Group:
    group = click.Group("report", help=t("cli.report.help"))
    group.add_command(day())
    return group


def day() -> click.Command:
    @click.command("day", help=t("cli.report.day"))
    @click.argument("day", default="")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], day: str, as_json: bool) -> None:
        installation = find_installation(options)

        def read() -> ShopDay:
            wanted = day_of(day) if day else state.business_day()
            if not wanted:
                raise click.UsageError(t("cli.sales.no_day", day=day))
            return day_report.shop_day(date.fromisoformat(wanted).isoformat(), installation.device_id)

        with installation.open_store(inline=True) as store:
            found = store.read_now(read)
            shop = store.read_now(state.setting, "shop.profile")
        if as_json:
            say_json(_fields(found))
            return
        from clutch_tui.printing import day_report as paper

        for line in paper.lines(found, shop=shop):
            print(line)

    return command


def _fields(found: ShopDay) -> dict[str, Any]:
    """The report for a program, money in minor units."""
    takings = in_units(found.takings) | {"methods": dict(found.takings.methods)}
    return {
        "day": found.day,
        "takings": takings,
        "on_account": dict(found.on_account),
        "expenses": _figures(found.expenses),
        "difference": found.difference,
        "tills": [_till(till) for till in found.tills],
    }


def _till(till: TillDay) -> dict[str, Any]:
    closings = [
        {"expected": one.expected, "counted": one.counted, "difference": one.difference} for one in till.closings
    ]
    figures = {"deeds": _figures(till.deeds), "expenses": _figures(till.expenses), "closings": closings}
    return {**in_units(till), "methods": dict(till.methods), "paid_out": till.paid_out, **figures}


def _figures(figures: Any) -> dict[str, dict[str, int]]:
    return {name or "unnamed": {"count": times, "amount": amount} for name, (times, amount) in figures.items()}
