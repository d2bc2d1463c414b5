"""`drawer`: the float, paying in and out, counting, closing, and the reports of this till, for scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from clutch_tui.core import cash, script_keys, state
from clutch_tui.core.cash import CATEGORIES, DrawerDeed, DrawerReport
from clutch_tui.core.errors import ShopError
from clutch_tui.printing import drawer as paper
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError, parse_money, parse_number
from clutch_tui.text.strings import t

from . import MONEY, done, find_installation, json_option, key_option, say_json


def commands() -> tuple[click.Command, ...]:
    return (drawer(),)


def drawer() -> click.Group:
    group = click.Group("drawer", help=t("cli.drawer.help"))
    for command in (open_(), pay_in(), pay_out(), no_sale(), count(), close(), report(), closings(), moves()):
        group.add_command(command)
    return group


class CoinsParameter(click.ParamType[tuple[int, int]]):
    """So many of a note or a coin: `200=5`, `0.25=12`; the note in minor units behind it."""

    name = "note=count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        note, _, count = str(value).partition("=")
        try:
            return parse_money(note), parse_number(count)
        except NumberError:
            self.fail(t("cli.drawer.no_coins", text=str(value)), param, ctx)


# --- what a person does ----------------------------------------------------------------------------------


def _deed(kind: DrawerDeed, *, amount: bool = True, reason: bool = False, category: bool = False) -> click.Command:
    """The command of one deed, with what it needs to be told."""
    name = kind.replace("_", "-")

    @click.command(name, help=t(f"cli.drawer.{kind}"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @key_option
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        /,
        cashier: str,
        script_key: str,
        as_json: bool,
        amount: int = 0,
        reason: str = "",
        category: str | None = None,
    ) -> None:
        installation = find_installation(options)

        def write() -> DrawerReport:
            told: dict[str, Any] = {"reason": reason, "category": category or ""}
            till = {"drawer_id": installation.device_id, "actor": cashier}
            said = {f"drawer {name}": [amount, told]}
            script_keys.once(script_key, said, lambda: cash.do(kind, amount, **told, **till))
            return cash.report()

        with installation.open_store(inline=True) as store:
            books = store.run_now(write)
        if as_json:
            say_json(_fields(books))
        else:
            print(t("drawer.books", expected=shown.money(books.expected)))

    if amount:
        command = click.argument("amount", type=MONEY)(command)
    if reason:
        command = click.option("--reason", default="", help=t("cli.stock.reason"))(command)
    if category:
        command = click.option("--for", "category", type=click.Choice(CATEGORIES), help=t("cli.drawer.for"))(command)
    return command


def open_() -> click.Command:
    return _deed("open")


def pay_in() -> click.Command:
    return _deed("pay_in", reason=True)


def pay_out() -> click.Command:
    return _deed("pay_out", reason=True, category=True)


def no_sale() -> click.Command:
    return _deed("no_sale", amount=False, reason=True)


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """What was counted: as a sum, or by notes and coins."""
    by_coins = click.option("--coins", multiple=True, type=CoinsParameter(), help=t("cli.drawer.coins"))
    return click.argument("counted", type=MONEY, required=False)(by_coins(function))


def _found(counted: int | None, coins: tuple[tuple[int, int], ...]) -> tuple[int, dict[int, int]]:
    """The sum, and its notes and coins where it was counted by them. Raises `click.UsageError` and
    `error.cash.coins`."""
    by_note: dict[int, int] = {}
    for note, times in coins:
        by_note[note] = by_note.get(note, 0) + times
    if counted is None and not coins:
        raise click.UsageError(t("cli.drawer.nothing_counted"))
    worth = cash.worth_of(by_note)
    if counted is not None and coins and worth != counted:
        raise ShopError("error.cash.coins")
    return worth if counted is None else counted, by_note


def count() -> click.Command:
    @click.command("count", help=t("cli.drawer.count"))
    @_counted
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any], counted: int | None, coins: tuple[tuple[int, int], ...], as_json: bool
    ) -> None:
        found, _ = _found(counted, coins)
        with find_installation(options).open_store(inline=True) as store:
            expected = store.read_now(cash.report).expected
        difference = found - expected
        if as_json:
            say_json({"counted": found, "expected": expected, "difference": difference})
            return
        print(f"{t('drawer.counted')}: {shown.money(found)}")
        print(f"{t('drawer.expected')}: {shown.money(expected)}")
        print(f"{paper.difference_word(difference)}: {shown.money(abs(difference))}")

    return command


def close() -> click.Command:
    @click.command("close", help=t("cli.drawer.close"))
    @_counted
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @click.option("--dry-run", is_flag=True, help=t("cli.sell.dry_run"))
    @key_option
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        counted: int | None,
        coins: tuple[tuple[int, int], ...],
        cashier: str,
        dry_run: bool,
        script_key: str,
        as_json: bool,
    ) -> None:
        found, by_note = _found(counted, coins)
        installation = find_installation(options)

        def write() -> DrawerReport:
            till: dict[str, Any] = {"drawer_id": installation.device_id, "actor": cashier}
            said = {"drawer close": [found, sorted(by_note.items())]}
            number = script_keys.once(script_key, said, lambda: str(cash.close(found, coins=by_note, **till).number))
            return _closing(int(number))

        with installation.open_store(inline=True) as store:
            closed = done(store, write, dry_run=dry_run)
            shop = store.read_now(state.setting, "shop.profile")
        _say(closed, shop, as_json)

    return command


# --- what the books say ----------------------------------------------------------------------------------


def report() -> click.Command:
    @click.command("x", help=t("cli.drawer.x"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            books = store.read_now(cash.report)
            shop = store.read_now(state.setting, "shop.profile")
        _say(books, shop, as_json)

    return command


def closings() -> click.Command:
    @click.command("z", help=t("cli.drawer.z"))
    @click.argument("number", type=click.IntRange(1), required=False)
    @click.option("--limit", type=click.IntRange(1, 10_000), default=30, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], number: int | None, limit: int, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            if number is not None:
                _say(store.read_now(_closing, number), store.read_now(state.setting, "shop.profile"), as_json)
                return
            rows = store.read_now(cash.closings, None, 0, limit)
        if as_json:
            say_json([_fields(row) for row in rows])
            return
        for row in rows:
            at = shown.date_time(row.until) if row.until else ""
            figures = (row.expected, row.counted or 0, row.difference or 0)
            print(f"{shown.number(row.number):>6}  {at}  " + "  ".join(f"{shown.amount(sum_):>14}" for sum_ in figures))

    return command


def _closing(number: int) -> DrawerReport:
    """The Z report of this number. Raises `error.cash.no_closing`."""
    newest = cash.closings_count()
    for found in cash.closings(None, max(0, newest - number), 1):
        if found.number == number:
            return found
    raise ShopError("error.cash.no_closing", number=number)


def moves() -> click.Command:
    @click.command("moves", help=t("cli.drawer.moves"))
    @click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], limit: int, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            rows = store.read_now(cash.page, None, 0, limit)
        if as_json:
            say_json(rows)
            return
        for row in rows:
            said = paper.spent_on(row.category) if row.category else ""
            told = "  ".join(filter(None, (paper.kind_word(row.kind), row.receipt_number, said, row.reason)))
            print(f"{shown.date_time(row.at)}  {shown.amount(row.amount):>14}  {told}".rstrip())

    return command


def _fields(books: DrawerReport) -> dict[str, Any]:
    """The books for a program: figures as how many and how much, in minor units."""

    def named(figures: Any) -> dict[str, dict[str, int]]:
        return {name or "unnamed": {"count": times, "amount": amount} for name, (times, amount) in figures.items()}

    return {
        "number": books.number,
        "since": books.since,
        "until": books.until,
        "sums": named(books.sums),
        "takings": named(books.takings),
        "on_account": {"count": books.on_account[0], "amount": books.on_account[1]},
        "expenses": named(books.expenses),
        "expected": books.expected,
        "counted": books.counted,
        "difference": books.difference,
        "coins": {str(note): count for note, count in books.coins.items()},
    }


def _say(books: DrawerReport, shop: Any, as_json: bool) -> None:
    if as_json:
        say_json(_fields(books))
        return
    for line in paper.lines(books, shop=shop):
        print(line)
