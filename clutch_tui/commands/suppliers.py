"""`suppliers`: whom the shop buys from, found, shown, added and edited by scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import click

from clutch_tui.core import script_keys
from clutch_tui.core import suppliers as core_suppliers
from clutch_tui.core.errors import ShopError
from clutch_tui.core.types import Supplier, SupplierDraft
from clutch_tui.phrases import fields as record_fields
from clutch_tui.phrases.errors import explain
from clutch_tui.phrases.fields import SUPPLIER
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t

from . import find_installation, json_option, key_option, say_json
from .wanted_contact import AT_MOST, named


def commands() -> tuple[click.Command, ...]:
    return (suppliers(),)


def suppliers() -> click.Group:
    group = click.Group("suppliers", help=t("cli.suppliers.help"))
    for command in (find(), show(), add(), edit()):
        group.add_command(command)
    return group


def meant(text: str) -> Supplier:
    """The one supplier that a text means: an id, a name, a telephone number. Raises `error.supplier.unknown_text` and
    `error.supplier.several`."""
    fitting = core_suppliers.page(text, None, 0, AT_MOST) if text.strip() else ()
    row = named("supplier", text, fitting)
    try:
        return core_suppliers.get(text if row is None else row.id)
    except ShopError:
        raise ShopError("error.supplier.unknown_text", text=text) from None


def _field_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each field that a person may write, as the form words it; the name is an argument of `add`."""
    for entry in reversed(SUPPLIER):
        if entry.name != "name":
            option = f"--{entry.name.replace('_', '-')}"
            function = click.option(option, entry.name, default=None, help=t(entry.label))(function)
    return function


def _values(typed: dict[str, str | None]) -> dict[str, Any]:
    """What was given, as the record has it. Raises `click.UsageError`."""
    values: dict[str, Any] = {}
    for entry in SUPPLIER:
        if (text := typed.get(entry.name)) is not None:
            try:
                values[entry.name] = record_fields.read(entry, text)
            except NumberError as error:
                raise click.UsageError(f"{t(entry.label)}: {explain(error)}") from None
    return values


def find() -> click.Command:
    @click.command("find", help=t("cli.suppliers.find"))
    @click.argument("text", default="")
    @click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], text: str, limit: int, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            rows = store.read_now(core_suppliers.page, text, None, 0, limit)
        if as_json:
            say_json([{name: value for name, value in asdict(row).items() if name != "key"} for row in rows])
            return
        for row in rows:
            print(f"{shown.phone(row.phone):<16}  {row.name}  {row.contact_person}".rstrip())
        if not rows:
            print(t("common.no_match"))

    return command


def show() -> click.Command:
    @click.command("show", help=t("cli.suppliers.show"))
    @click.argument("supplier")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], supplier: str, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            found = store.read_now(meant, supplier)
        _say(found, as_json)

    return command


def add() -> click.Command:
    @click.command("add", help=t("cli.suppliers.add"))
    @click.argument("name")
    @_field_options
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @key_option
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], /, name: str, cashier: str, script_key: str, as_json: bool, **typed: str | None
    ) -> None:
        draft = SupplierDraft(**_values({**typed, "name": name}))

        def make() -> Supplier:
            said = {"suppliers add": asdict(draft)}
            return core_suppliers.get(
                script_keys.once(script_key, said, lambda: core_suppliers.create(draft, actor=cashier).id)
            )

        with find_installation(options).open_store(inline=True) as store:
            made = store.run_now(make)
        _say(made, as_json)

    return command


def edit() -> click.Command:
    @click.command("edit", help=t("cli.suppliers.edit"))
    @click.argument("supplier")
    @click.option("--name", default=None, help=t("common.name"))
    @_field_options
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], /, supplier: str, cashier: str, as_json: bool, **typed: str | None) -> None:
        values = _values(typed)
        if not values:
            raise click.UsageError(t("cli.suppliers.nothing"))

        def write() -> Supplier:
            seen = meant(supplier)
            return core_suppliers.edit(seen.id, replace(seen.draft, **values), seen=seen, actor=cashier)

        with find_installation(options).open_store(inline=True) as store:
            edited = store.run_now(write)
        _say(edited, as_json)

    return command


def _say(supplier: Supplier, as_json: bool) -> None:
    if as_json:
        say_json({"id": supplier.id, **asdict(supplier.draft), "unsent": supplier.unsent})
        return
    for entry in SUPPLIER:
        if value := getattr(supplier.draft, entry.name):
            print(f"{t(entry.label)}: {shown.phone(value) if entry.name == 'phone' else value}")
