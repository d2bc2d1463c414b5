"""`prices`: the rules of the price levels, and what a part costs a level, for scripts."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click

from clutch_tui.core import price_rules, pricing
from clutch_tui.core.errors import ShopError
from clutch_tui.core.price_rules import PriceRuleQuery, PriceRuleRecord, PriceRuleRow
from clutch_tui.core.quantity import ONE, Quantity, to_decimal, written
from clutch_tui.core.records.price_rule import SCOPES
from clutch_tui.core.types import PriceRuleDraft
from clutch_tui.phrases.errors import explain
from clutch_tui.phrases.fields import PRICE_FIGURES
from clutch_tui.phrases.fields import read as read_field
from clutch_tui.phrases.price_levels import level_word
from clutch_tui.phrases.price_rules import about, says
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t

from . import QUANTITY, find_installation, in_units, json_option, say_json
from .wanted_parts import meant


def commands() -> tuple[click.Command, ...]:
    return (prices(),)


def prices() -> click.Group:
    group = click.Group("prices", help=t("cli.prices.help"))
    for command in (list_(), of(), add(), edit(), delete()):
        group.add_command(command)
    return group


class _Figure(click.ParamType[int]):
    """A figure of a rule as it is typed in its form: money in pounds, a percentage, a quantity."""

    def __init__(self, field: str) -> None:
        self.name = field
        self._entry = next(entry for entry in PRICE_FIGURES if entry.name == field)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(read_field(self._entry, str(value)))
        except NumberError as error:
            self.fail(explain(error), param, ctx)


def _figure_options(function: Any) -> Any:
    """The figures of a rule, the same for every command that writes them."""
    for name, option in (
        ("rounding", "--round"),
        ("from_quantity", "--from"),
        ("price", "--price"),
        ("percent", "--off"),
    ):
        function = click.option(option, name, type=_Figure(name), help=t(f"cli.prices.{name}"))(function)
    return function


def list_() -> click.Command:
    @click.command("list", help=t("cli.prices.list"))
    @click.argument("text", default="")
    @click.option("--level", default="", help=t("cli.prices.level"))
    @click.option(
        "--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help=t("cli.find.limit")
    )
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], text: str, level: str, limit: int, as_json: bool) -> None:
        rows: tuple[PriceRuleRow, ...] = ()
        if (opened := find_installation(options).open_existing_store()) is not None:
            with opened as store:
                rows = store.read_now(price_rules.page, PriceRuleQuery(text, level), None, 0, limit)
        if as_json:
            say_json([{key: value for key, value in in_units(row).items() if key != "key"} for row in rows])
            return
        for row in rows:
            start = written(row.from_quantity) if row.from_quantity else ""
            line = f"{row.id}  {level_word(row.level):<10} {start:>6} {says(row):>14}"
            print(f"{line}  {about(row)}  {row.part_number}".rstrip())
        if not rows:
            print(t("common.no_match" if text or level else "price_rule.none"))

    return command


def of() -> click.Command:
    @click.command("of", help=t("cli.prices.of"))
    @click.argument("part")
    @click.option("--level", default="", help=t("cli.prices.level"))
    @click.option("--qty", "quantity", type=QUANTITY, default=None, help=t("cli.sell.qty"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], part: str, level: str, quantity: Quantity | None, as_json: bool) -> None:
        def look() -> list[dict[str, Any]]:
            row = meant(part).part
            known = pricing.of_parts([row.id])[row.id]
            levels = [level] if level else price_rules.levels()
            bought = ONE if quantity is None else quantity
            told = ((name, pricing.price_for(known.rules, known.own, name, bought)) for name in levels)
            return [{"level": name, "price": one.price, "by": one.level, "own": known.own} for name, one in told]

        with find_installation(options).open_store(inline=True) as store:
            told = store.read_now(look)
        if as_json:
            say_json(told)
            return
        for one in told:
            by = level_word(one["by"]) if one["by"] else t("cli.prices.own")
            print(f"{level_word(one['level']):<12} {shown.money(one['price']):>14}  {by}")

    return command


def add() -> click.Command:
    @click.command("add", help=t("cli.prices.add"))
    @click.option("--level", required=True, help=t("cli.prices.level"))
    @click.option("--part", help=t("cli.sell.part"))
    @click.option("--category", help=t("cli.prices.category"))
    @click.option("--brand", help=t("cli.prices.brand"))
    @_figure_options
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        /,
        level: str,
        part: str | None,
        category: str | None,
        brand: str | None,
        cashier: str,
        as_json: bool,
        **figures: int | None,
    ) -> None:
        named = {"part": part, "category": category, "brand": brand}
        said = [scope for scope in SCOPES if named.get(scope) is not None]
        if len(said) > 1:
            raise click.UsageError(t("cli.prices.one_scope"))
        scope = said[0] if said else "all"

        def make() -> PriceRuleRecord:
            draft = PriceRuleDraft(
                level=level,
                scope=scope,
                item_id=meant(part).part.id if part is not None else "",
                target=(category or brand or "") if part is None else "",
            )
            return price_rules.create(replace(draft, **_given(figures)), actor=cashier)

        with find_installation(options).open_store(inline=True) as store:
            _say(store.run_now(make), as_json)

    return command


def edit() -> click.Command:
    @click.command("edit", help=t("cli.prices.edit"))
    @click.argument("rule_id")
    @_figure_options
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], /, rule_id: str, cashier: str, as_json: bool, **figures: int | None) -> None:
        def write() -> PriceRuleRecord:
            seen, given = _existing(rule_id), _given(figures)
            if given.get("price"):  # one takes the place of the other
                given.setdefault("percent", 0)
            elif given.get("percent"):
                given.setdefault("price", 0)
            return price_rules.edit(rule_id, replace(seen.draft, **given), seen=seen, actor=cashier)

        with find_installation(options).open_store(inline=True) as store:
            _say(store.run_now(write), as_json)

    return command


def delete() -> click.Command:
    @click.command("delete", help=t("cli.prices.delete"))
    @click.argument("rule_id")
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @click.pass_obj
    def command(options: dict[str, Any], rule_id: str, cashier: str) -> None:
        def end() -> str:
            seen = _existing(rule_id)
            price_rules.delete(rule_id, seen=seen, actor=cashier)
            return price_rules.label(seen.draft)

        with find_installation(options).open_store(inline=True) as store:
            name = store.run_now(end)
        print(t("cli.prices.deleted", name=shown.name(name)), file=sys.stderr)

    return command


def _existing(rule_id: str) -> PriceRuleRecord:
    """The rule of an id. Raises `error.price_rule.unknown`, also for one that was deleted."""
    seen = price_rules.get(rule_id)
    if seen.deleted:
        raise ShopError("error.price_rule.unknown")
    return seen


def _given(figures: dict[str, int | None]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if value is not None}


def _say(made: PriceRuleRecord, as_json: bool) -> None:
    if as_json:
        say_json({"id": made.id, "unsent": made.unsent} | _plain(made.draft))
    else:
        print(made.id)


def _plain(draft: PriceRuleDraft) -> dict[str, Any]:
    """A rule for a program: money in minor units, percentages in hundredths, quantities in units."""
    return in_units(draft) | {"from_quantity": to_decimal(draft.from_quantity)}
