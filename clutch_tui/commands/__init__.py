"""The commands beside the app, for scripts and for people without a screen.

Each does its work through the same core functions as the screens. `--json` prints keys and figures for a
program, otherwise sentences for a person.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import simplejson

from clutch_tui import __version__
from clutch_tui.bootstrap.composition import Installation
from clutch_tui.bootstrap.run import run_app
from clutch_tui.commands import usage
from clutch_tui.config.paths import Home
from clutch_tui.config.settings import ConfigError, Settings
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import Quantity, to_decimal
from clutch_tui.phrases.errors import explain
from clutch_tui.support import logs
from clutch_tui.terminal import glyphs
from clutch_tui.text import strings
from clutch_tui.text.format import NumberError, isolate, parse_decimal, parse_money, parse_quantity
from clutch_tui.text.harmless import escaped
from clutch_tui.text.strings import t

if TYPE_CHECKING:
    from clutch_tui.core.store.store import Store
    from clutch_tui.core.types import Discount
    from clutch_tui.errors import Problem

T = TypeVar("T")


def build() -> click.Group:
    """The whole command tree, with its help in the language that is in force now."""
    usage.speak()

    @click.group(
        invoke_without_command=True, help=t("cli.help"), context_settings={"help_option_names": ["-h", "--help"]}
    )
    @click.option("--lang", type=click.Choice(["ar", "en"]), help=t("cli.option.lang"))
    @click.option("--base-url", help=t("cli.option.base_url"))
    @click.option("--ws-url", help=t("cli.option.ws_url"))
    @click.option("--shop-id", help=t("cli.option.shop_id"))
    @click.option("--api-key", help=t("cli.option.api_key"))
    @click.option("--api-key-file", metavar="FILE|-", help=t("cli.option.api_key_file"))
    @click.option("--home", type=click.Path(path_type=Path), help=t("cli.option.home"))
    @click.option("--debug", is_flag=True, help=t("cli.option.debug"))
    @click.version_option(__version__, message="%(prog)s %(version)s", help=t("cli.option.version"))
    @click.pass_context
    def group(context: click.Context, /, **options: Any) -> None:
        context.obj = options
        if context.invoked_subcommand is None:
            context.exit(run_app(find_installation(options)))

    from . import (
        about,
        connection,
        customers,
        drawer,
        giving_back,
        keys,
        lost_sales,
        orders,
        past_sales,
        prices,
        queue,
        quotations,
        reporting,
        selling,
        servers,
        special_orders,
        stock,
        suppliers,
        support_tools,
    )

    at_the_counter = (
        *(selling, giving_back, past_sales, quotations, orders, special_orders, lost_sales, prices),
        *(drawer, reporting, customers, stock, suppliers),
    )
    for module in (*at_the_counter, connection, queue, support_tools, keys, servers, about):
        for command in module.commands():
            group.add_command(command)
    return group


_OVERRIDES = {
    "lang": "text.language",
    "base_url": "backend.base_url",
    "ws_url": "backend.ws_url",
    "shop_id": "backend.shop_id",
    "api_key": "api_key",
}


def find_installation(options: Mapping[str, Any]) -> Installation:
    """The installation that the global options mean. Raises `ConfigError`."""
    overrides = {name: options[option] for option, name in _OVERRIDES.items() if options.get(option)}
    if options.get("debug"):
        overrides["log.debug"] = True
    if options.get("api_key_file"):
        overrides["api_key"] = _read_key(str(options["api_key_file"]))
    installation = Installation.find(environment(options), overrides)
    log = installation.settings.log
    logs.start(installation.home.log_dir, debug=log.debug, level=log.level)
    if logs.unwritten() is not None:
        print(t("cli.logs.unwritten", folder=isolate(str(installation.home.log_dir))), file=sys.stderr)
    if sys.stdin.isatty():
        installation.ask_passphrase = ask_passphrase
    if sys.stderr.isatty():
        installation.listen(lambda key: print(t(key), file=sys.stderr))
    text = installation.settings.text
    glyph_set = glyphs.find(text.letters, installation.environ) if sys.stdout.isatty() else glyphs.EVERYTHING
    strings.use(glyph_set.language(text.language), digits=glyph_set.digits(text.digits))
    if installation.settings.shop.coin != installation.settings.shop.cash_rounding:
        from clutch_tui.phrases.coins import no_such_coin

        print(no_such_coin(installation.settings.shop), file=sys.stderr)
    return installation


def find_any_installation(options: Mapping[str, Any]) -> tuple[Installation, Problem | None]:
    """The installation, or what is left of it where its configuration cannot be read, and that as a problem: for
    those who look for what is wrong."""
    environ = environment(options)
    try:
        return find_installation(options), None
    except ConfigError as error:
        installation = Installation(Home.find(environ), environ, {}, None, Settings())
        return installation, error.problem


def _read_key(place: str) -> str:
    """The shop's key from a file, or from what comes in. Raises `ConfigError`."""
    try:
        return (sys.stdin.readline() if place == "-" else Path(place).read_text("utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("error.config.api_key_file", place=place, reason=str(error)) from error


def ask_passphrase(error: ShopError) -> str:
    """The passphrase, typed unseen by whoever sits at this terminal; a new one is typed twice."""
    print(explain(error), file=sys.stderr)
    if error.key == "error.key.choose_passphrase":
        return str(
            click.prompt(t("cli.key.ask.new"), hide_input=True, confirmation_prompt=t("cli.key.ask.again"), err=True)
        )
    return str(click.prompt(t("cli.key.ask.passphrase"), hide_input=True, err=True))


def environment(options: Mapping[str, Any]) -> dict[str, str]:
    """The variables of this run, with the home that an option names."""
    environ = dict(os.environ)
    if options.get("home"):
        environ["CLUTCH_HOME"] = str(options["home"])
    return environ


def output_file(path: Path) -> Path:
    """The file that a person names for what is written, as it is called from everywhere. A folder that is not there is
    a slip of the finger and is not made. Raises `ShopError`."""
    whole = path.expanduser()
    if not whole.parent.is_dir():
        raise ShopError("error.file.no_folder", folder=str(whole.parent))
    return whole.resolve()


def say_json(value: Any) -> None:
    """Print a value for another program: moments in RFC 3339, anything else that JSON lacks as text."""
    print(escaped(simplejson.dumps(value, ensure_ascii=False, default=plain, indent=2, use_decimal=True)))


def plain(value: object) -> object:
    """Return what JSON has no word for: moments in RFC 3339, records by their fields, anything else as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return in_units(value)
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def in_units(record: Any) -> dict[str, Any]:
    """Return a record by its fields, quantities as numbers of units: `1.5`."""
    values = {field.name: (getattr(record, field.name), field.type) for field in fields(record)}
    return {name: to_decimal(value) if type == "Quantity" else value for name, (value, type) in values.items()}


class QuantityParameter(click.ParamType[Quantity]):
    """A quantity of goods on the command line: `2`, `1.5`."""

    name = "quantity"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Quantity:
        try:
            return Quantity(parse_quantity(str(value)))
        except NumberError as error:
            self.fail(explain(error), param, ctx)


class MoneyParameter(click.ParamType[int]):
    """An amount of money on the command line, in pounds; in minor units behind it."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else parse_money(str(value))
        except NumberError as error:
            self.fail(explain(error), param, ctx)


class DiscountParameter(click.ParamType["Discount"]):
    """Money off, or a percentage: `5`, `12.5%`."""

    name = "discount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Discount:
        from clutch_tui.core.types import Discount

        text = str(value).strip()
        try:
            if not text.endswith("%"):
                return Discount(parse_money(text))
            percent = int(parse_decimal(text.removesuffix("%"), 2).scaleb(2))
        except NumberError as error:
            self.fail(explain(error), param, ctx)
        return Discount(percent=percent)


QUANTITY, MONEY, DISCOUNT = QuantityParameter(), MoneyParameter(), DiscountParameter()


class _TakenBack(Exception):
    """Ends the transaction of a trial, which is undone by that."""


def done(store: Store, deed: Callable[[], T], *, dry_run: bool = False) -> T:
    """Return what a deed makes, in a transaction of its own; of a trial, too, which leaves nothing behind."""
    if not dry_run:
        return store.run_now(deed)
    made: list[T] = []

    def trial() -> None:
        made.append(deed())
        raise _TakenBack

    with suppress(_TakenBack):
        store.run_now(trial)
    return made[0]


def key_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--key`, the same for every command of which a script may not be sure that it has run."""
    return click.option("--key", "script_key", default="", help=t("cli.option.key"))(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`, the same for every command that has it."""
    return click.option("--json", "as_json", is_flag=True, help=t("cli.option.json"))(function)
