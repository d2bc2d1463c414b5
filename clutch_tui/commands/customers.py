"""`customers`: who they are, what they owe and for how long, their statement, and payments on account, for scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

import click

from clutch_tui.core import accounts, receivables, state
from clutch_tui.core import customers as core_customers
from clutch_tui.core.receivables import Aging, CustomerStatement, DebtorRow
from clutch_tui.core.types import PAY_METHODS, CustomerDraft, PayMethod
from clutch_tui.phrases import debts
from clutch_tui.phrases.errors import explain
from clutch_tui.text import format as shown
from clutch_tui.text.format import NumberError
from clutch_tui.text.strings import t

from . import find_installation, json_option, say_json
from .wanted_customer import meant

AT_ONCE = 500
"""Rows that are read in one piece."""


def commands() -> tuple[click.Command, ...]:
    return (customers(),)


def customers() -> click.Group:
    group = click.Group("customers", help=t("cli.customers.help"))
    for command in (find(), show_debtors(), statement(), pay(), add()):
        group.add_command(command)
    return group


def find() -> click.Command:
    @click.command("find", help=t("cli.customers.find"))
    @click.argument("text", default="")
    @click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help=t("cli.find.limit"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], text: str, limit: int, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            rows = store.read_now(core_customers.page, text, None, 0, limit)
        if as_json:
            say_json([_plain(row) for row in rows])
            return
        for row in rows:
            print(f"{shown.amount(row.balance):>14}  {shown.phone(row.phone):<16}  {row.name}  {row.car}".rstrip())
        if not rows:
            print(t("common.no_match"))

    return command


def show_debtors() -> click.Command:
    @click.command("debtors", help=t("cli.customers.debtors"))
    @click.argument("text", default="")
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], text: str, as_json: bool) -> None:
        with find_installation(options).open_store(inline=True) as store:
            rows: list[DebtorRow] = []
            while some := store.read_now(receivables.page, text, rows[-1].key if rows else None, 0, AT_ONCE):
                rows += some
        total = receivables.together(row.aging for row in rows)
        if as_json:
            debtors = [{**_plain(row), "aging": aging_json(row.aging)} for row in rows]
            say_json({"debtors": debtors, "total": aging_json(total)})
            return
        for row in rows:
            print(f"{shown.amount(row.balance):>14}  {row.name}   {_ages(row.aging)}".rstrip())
        print(t("debt.total", amount=shown.money(total.owed)) if rows else t("debt.none"))

    return command


def statement() -> click.Command:
    @click.command("statement", help=t("cli.customers.statement"))
    @click.argument("customer")
    @click.option(
        "--days",
        type=click.IntRange(0, 3660),
        default=receivables.STATEMENT_DAYS,
        show_default=True,
        help=t("cli.customers.days"),
    )
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], customer: str, days: int, as_json: bool) -> None:
        installation = find_installation(options)
        with installation.open_store(inline=True) as store:
            found = store.read_now(lambda: receivables.statement(meant(customer).id, days))
            shop = store.read_now(state.setting, "shop.profile")
        if as_json:
            say_json(_statement_json(found))
            return
        from clutch_tui.printing import page
        from clutch_tui.printing import statement as printing

        lines = printing.lines(found, shop=shop, footer=installation.settings.shop.receipt_footer)
        print(page.text(lines), end="")

    return command


def pay() -> click.Command:
    @click.command("pay", help=t("cli.customers.pay"))
    @click.argument("customer")
    @click.argument("amount")
    @click.option(
        "--method",
        type=click.Choice([method for method in PAY_METHODS if method != "credit"]),
        default="cash",
        show_default=True,
        help=t("cli.sell.pay"),
    )
    @click.option("--note", default="", help=t("cli.customers.note"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @click.option("--beyond-debt", is_flag=True, help=t("cli.customers.beyond_debt"))
    @json_option
    @click.pass_obj
    def command(
        options: dict[str, Any],
        customer: str,
        amount: str,
        method: str,
        note: str,
        cashier: str,
        beyond_debt: bool,
        as_json: bool,
    ) -> None:
        paid = _money(amount)
        installation = find_installation(options)

        def take() -> accounts.AccountPayment:
            way = cast(PayMethod, method)
            return accounts.pay(meant(customer).id, paid, way, note, cashier, beyond_debt=beyond_debt)

        with installation.open_store(inline=True) as store:
            payment = store.run_now(take)
            shop = store.read_now(state.setting, "shop.profile")
        if as_json:
            say_json(payment)
            return
        from clutch_tui.printing import page
        from clutch_tui.printing import payment as printing

        lines = printing.lines(payment, shop=shop, footer=installation.settings.shop.receipt_footer)
        print(page.text(lines), end="")

    return command


def add() -> click.Command:
    @click.command("add", help=t("cli.customers.add"))
    @click.argument("name")
    @click.option("--phone", default="", help=t("common.phone"))
    @click.option("--address", default="", help=t("common.address"))
    @click.option("--cashier", default="", help=t("cli.sell.cashier"))
    @json_option
    @click.pass_obj
    def command(options: dict[str, Any], name: str, phone: str, address: str, cashier: str, as_json: bool) -> None:
        draft = CustomerDraft(name=name.strip(), phone=phone.strip(), address=address.strip())
        with find_installation(options).open_store(inline=True) as store:
            made = store.run_now(core_customers.create, draft, actor=cashier)
        if as_json:
            say_json({"id": made.id, **asdict(made.draft)})
            return
        print(t("cli.customers.added", name=shown.name(made.draft.name)))

    return command


# --- how much -------------------------------------------------------------------------------------


def _money(text: str) -> int:
    try:
        return shown.parse_money(text)
    except NumberError as error:
        raise click.UsageError(explain(error)) from None


def _ages(aging: Aging) -> str:
    return "   ".join(f"{label} {shown.amount(amount)}" for label, amount in debts.parts(aging))


# --- for programs --------------------------------------------------------------------------------------


def _plain(row: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name not in ("key", "aging")}


def aging_json(aging: Aging) -> dict[str, Any]:
    """A debt by its age, each by the last day of it; money in minor units."""
    names = [f"up_to_{last}" for last in receivables.UP_TO] + ["older"]
    return {"owed": aging.owed, **dict(zip(names, aging.by_age, strict=True)), "oldest_days": aging.oldest}


def _statement_json(statement: CustomerStatement) -> dict[str, Any]:
    draft = statement.customer.draft
    return {
        "customer": {"id": statement.customer.id, "name": draft.name, "phone": draft.phone},
        "since": statement.since,
        "before": statement.before,
        "entries": [_plain(entry) for entry in statement.entries],
        "unpaid": [asdict(sale) for sale in statement.unpaid],
        "balance": statement.customer.balance,
        "limit": statement.limit,
        "aging": aging_json(statement.aging),
    }
