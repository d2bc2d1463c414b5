"""`stock`: what lies on the shelves, found, shown, adjusted and counted by scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from clutch_tui.core import inventory, script_keys
from clutch_tui.core.quantity import Quantity, to_decimal, written
from clutch_tui.core.types import Part, PartQuery, StockMove
from clutch_tui.phrases.units import measured
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t

from . import QUANTITY, done, find_installation, in_units, json_option, key_option, say_json
from .selling import find
from .wanted_parts import meant

MOVES = 20
"""Movements that `show` tells of where nobody says how many."""


def commands() -> tuple[click.Command, ...]:
    return (stock(),)


def stock() -> click.Group:
    group = click.Group("stock", help=t("cli.stock.help"))
    for command in (find(), low(), show(), adjust(), count()):
        group.add_command(command)
    return group


def low() -> click.Command:
    @click.command("low", help=t("cli.stock.low"))
    @click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], limit: int, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            rows = store.read_now(inventory.page, PartQuery(low_only=True), None, 0, limit)
        if as_json:
            say_json([{key: value for key, value in in_units(row).items() if key != "key"} for row in rows])
            return
        for row in rows:
            name = shown.of_language(row.name, row.name_en)
            print(f"{row.part_number:<18} {written(row.stock):>9} {written(row.min_stock):>9}  {name}")
        if not rows:
            print(t("common.no_match"))

    return command


def show() -> click.Command:
    @click.command("show", help=t("cli.stock.show"))
    @click.argument("part")
    @click.option(
        "--moves", type=click.IntRange(0, 10_000), default=MOVES, show_default=True, help=t("cli.stock.moves")
    )
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], part: str, moves: int, as_json: bool) -> None:
        def read() -> tuple[Part, tuple[StockMove, ...]]:
            found = inventory.get(meant(part).part.id)
            return found, inventory.history(found.id, None, 0, moves)

        with find_installation(options).open_store(inline=True) as store:
            found, history = store.read_now(read)
        if as_json:
            say_json(_fields(found) | {"moves": [_move(row) for row in history]})
            return
        _say(found)
        for row in history:
            kind = t(f"move.{row.kind}") if has(f"move.{row.kind}") else row.kind
            said = f"{shown.date_time(row.at)}  {shown.quantity(row.delta, signed=True):>9}  {kind}  {row.reason}"
            print(said.rstrip())

    return command


def adjust() -> click.Command:
    @click.command("adjust", help=t("cli.stock.adjust"))
    @click.argument("part")
    @click.option("--by", "delta", type=QUANTITY, required=True, help=t("cli.stock.by"))
    @click.option("--reason", required=True, help=t("cli.stock.reason"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @click.option("--dry-run", is_flag=True, help=t("cli.sell.dry_run"))
    @key_option
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        part: str,
        delta: Quantity,
        reason: str,
        cashier: str,
        dry_run: bool,
        script_key: str,
        as_json: bool,
    ) -> None:
        def write() -> Part:
            part_id = meant(part).part.id
            said = {"stock adjust": [part_id, delta, reason]}
            return inventory.get(
                script_keys.once(script_key, said, lambda: inventory.adjust(part_id, delta, reason, actor=cashier).id)
            )

        with find_installation(options).open_store(inline=True) as store:
            now = done(store, write, dry_run=dry_run)
        if as_json:
            say_json(_fields(now))
        else:
            _say(now)

    return command


def count() -> click.Command:
    @click.command("count", help=t("cli.stock.count"))
    @click.argument("part")
    @click.argument("counted", type=QUANTITY)
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @click.option("--dry-run", is_flag=True, help=t("cli.sell.dry_run"))
    @key_option
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        part: str,
        counted: Quantity,
        cashier: str,
        dry_run: bool,
        script_key: str,
        as_json: bool,
    ) -> None:
        def write() -> Part:
            part_id = meant(part).part.id
            said = {"stock count": [part_id, counted]}
            return inventory.get(
                script_keys.once(script_key, said, lambda: inventory.count_stock(part_id, counted, actor=cashier).id)
            )

        with find_installation(options).open_store(inline=True) as store:
            now = done(store, write, dry_run=dry_run)
        if as_json:
            say_json(_fields(now))
        else:
            _say(now)

    return command


def _fields(part: Part) -> dict[str, Any]:
    """A part for a program: quantities in units, money in minor units."""
    draft = asdict(part.draft) | {"min_stock": to_decimal(part.draft.min_stock)}
    return {"id": part.id, **draft, "stock": to_decimal(part.stock), "unsent": part.unsent, "deleted": part.deleted}


def _move(row: StockMove) -> dict[str, Any]:
    return {name: value for name, value in in_units(row).items() if name != "key"}


def _say(part: Part) -> None:
    draft = part.draft
    name = shown.of_language(draft.name, draft.name_en)
    print(f"{draft.part_number:<18} {measured(part.stock, draft.unit):>12} {shown.money(draft.price):>14}  {name}")
