"""`find`, `sell` and `import`: what a script does with parts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import click

from clutch_tui.core import cart as carts
from clutch_tui.core import guards, lookup, money, pricing, sales, script_keys, state, tender
from clutch_tui.core.price_lists.headings import FIELDS
from clutch_tui.core.price_lists.notation import MARKS, Mark
from clutch_tui.core.quantity import written
from clutch_tui.core.types import Cart, Payment, PayMethod, Receipt
from clutch_tui.phrases import lookups
from clutch_tui.phrases.guards import words
from clutch_tui.text.strings import t

from . import done, find_installation, in_units, json_option, key_option, say_json
from .wanted_parts import InOrder
from .wanted_sale import WantedSale, of_options, sale_options, to_cart


def commands() -> tuple[click.Command, ...]:
    return (find(), sell(), import_parts())


def find() -> click.Command:
    @click.command("find", help=t("cli.find.help"))
    @click.argument("text")
    @click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], text: str, limit: int, as_json: bool) -> None:
        from clutch_tui.text.format import money, of_language

        with find_installation(options).open_store(inline=True) as store:
            meaning, rows = store.read_now(lookup.find, text, limit)
        if meaning.read_as:
            print(lookups.read_as(meaning.read_as), file=sys.stderr)
        if as_json:
            say_json([{key: value for key, value in in_units(row).items() if key != "key"} for row in rows])
            return
        for row in rows:
            name = of_language(row.name, row.name_en)
            print(f"{row.part_number:<18} {written(row.stock):>9} {money(row.price):>14}  {name}")
        if not rows:
            print(t("common.no_match"))

    return command


def sell() -> click.Command:
    @click.command("sell", cls=InOrder, help=t("cli.sell.help"))
    @sale_options
    @key_option
    @click.option("--dry-run", is_flag=True, help=t("cli.sell.dry_run"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], /, source: str | None, script_key: str, dry_run: bool, as_json: bool, **said: Any
    ) -> None:
        wanted = of_options(source, script_key, **said)
        installation = find_installation(options)
        with installation.open_store(inline=True) as store:
            receipt, concerns = done(store, lambda: _sell(wanted, installation.device_id), dry_run=dry_run)
            shop = store.read_now(state.setting, "shop.profile")
        for concern in concerns:  # nobody is there to be asked
            print(words(concern), file=sys.stderr)
        if dry_run:
            receipt = replace(receipt, id="", receipt_number="")
        if as_json:
            say_json(in_units(receipt) | ({"dry_run": True} if dry_run else {}))
            return
        from clutch_tui.printing import receipt as printing

        print(printing.text(receipt, shop=shop, footer=installation.settings.shop.receipt_footer))
        if dry_run:
            print(t("import.dry_run"), file=sys.stderr)

    return command


def _sell(wanted: WantedSale, device_id: str) -> tuple[Receipt, tuple[guards.Concern, ...]]:
    """The receipt of a whole sale in the one transaction that it is called in, made now or under its key before, and
    what goes below its cost in it."""
    concerns: list[guards.Concern] = []

    def make() -> str:
        cart, rules = to_cart(wanted, sales.open_cart()), state.tax_rules()
        concerns.extend(guards.concerns(cart, pricing.of_parts(line.part_id for line in cart.lines), money.WHOLE))
        paid = tender.settle(cart, rules, wanted.payments)
        till: dict[str, Any] = {"cashier": wanted.cashier, "device_id": device_id}
        return sales.checkout(cart, paid.payments, tendered=paid.tendered, rules=rules, **till).id

    return sales.get(script_keys.once(wanted.key, {"sell": wanted.said}, make)), tuple(concerns)


def sold_whole(cart: Cart, pay: str, cashier: str, device_id: str) -> Receipt:
    """The receipt of a cart that is paid at once, in one way. Raises `ShopError`."""
    rules, method = state.tax_rules(), cast(PayMethod, pay)
    totals = carts.totals(cart, rules, method)
    payments = (Payment(method, totals.total),)
    return sales.checkout(cart, payments, tendered=totals.total, cashier=cashier, device_id=device_id, rules=rules)


def import_parts() -> click.Command:
    @click.command("import", help=t("cli.import.help"))
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--dry-run", is_flag=True, help=t("cli.import.dry_run"))
    @click.option("--decimal", type=click.Choice(MARKS), help=t("cli.import.decimal"))
    @click.option("--column", "columns", multiple=True, metavar="FIELD=COLUMN", help=t("cli.import.column"))
    @click.option("--yes", is_flag=True, help=t("cli.import.yes"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        file: Path,
        dry_run: bool,
        decimal: Mark | None,
        columns: tuple[str, ...],
        yes: bool,
        as_json: bool,
    ) -> int:
        from clutch_tui.core.price_lists.price_list import Choices

        from .importing import run

        choices = Choices(decimal, _chosen(columns))
        return run(find_installation(options), file, choices=choices, yes=yes, dry_run=dry_run, as_json=as_json)

    return command


def _chosen(columns: tuple[str, ...]) -> dict[str, str]:
    """The columns that a person names, by their fields."""
    chosen = dict(said.partition("=")[::2] for said in columns)
    unknown = [field for field, column in chosen.items() if field not in FIELDS or not column]
    if unknown:
        raise click.UsageError(t("cli.import.column_unknown", field=unknown[0], fields=", ".join(FIELDS)))
    return chosen
