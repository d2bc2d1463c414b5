"""Debtors on the screen: how much, since when, on which paper, and what the till says of a customer who is chosen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clutch_tui.core import accounts, cart, customers, inventory, receivables, sales, state
from clutch_tui.core.database import db
from clutch_tui.core.types import CustomerDraft, Payment
from clutch_tui.phrases import debts
from clutch_tui.printing import statement as statement_paper
from clutch_tui.text import strings
from clutch_tui.text.format import money
from clutch_tui.text.strings import t, tn
from clutch_tui.ui.screens.account import AccountScreen, StatementDialog
from clutch_tui.ui.screens.customers import CustomersScreen, PickCustomer
from clutch_tui.ui.screens.debtors import DebtorsScreen
from tests.test_ui.shop_app import Shop, open_app, press, until, words_on


def owe(shop: Shop, name: str, pounds: int, days_ago: int) -> str:
    """A customer who bought for so much on account, so many days ago; his id."""

    def sell() -> str:
        customer = customers.create(CustomerDraft(name=name, phone="01001234567"))
        made = cart.with_customer(cart.add_line(sales.open_cart(), inventory.get(shop.parts[0].id)), customer)
        made = cart.set_price(made, 0, pounds * 100)
        rules = state.tax_rules()
        payment = Payment("credit", cart.totals(made, rules, "credit").total)
        sale = sales.checkout(made, (payment,), cashier="c", device_id="d", rules=rules)
        at = datetime.now(UTC) - timedelta(days=days_ago)
        moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        db.execute("UPDATE sale SET date = ?, business_day = ? WHERE id = ?", (moment, moment[:10], sale.id))
        return customer.id

    return str(shop.store.run_now(sell))


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_list_names_each_debt_by_its_age_and_the_sum(shop: Shop, language: strings.Language) -> None:
    owe(shop, "Karim", 1_000, 100)
    owe(shop, "Mona", 300, 40)
    shop.store.run_now(customers.create, CustomerDraft(name="Nobody"))
    async with open_app(shop, language, mode="customers") as (app, pilot):
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, DebtorsScreen) and app.screen.table.count == 2)
        screen = app.screen
        assert isinstance(screen, DebtorsScreen)
        await until(pilot, lambda: t("debt.total", amount=money(1_300_00)) in words_on(screen))
        rows = [screen.table.row_at(n) for n in range(2)]
        assert [(row.name, row.aging.by_age) for row in rows] == [
            ("Karim", (0, 0, 0, 1_000_00)),
            ("Mona", (0, 300_00, 0, 0)),
        ]
        await until(pilot, lambda: tn("debt.oldest", 100) in words_on(screen))
        await press(pilot, *"mona")
        await until(pilot, lambda: t("debt.total", amount=money(300_00)) in words_on(screen))


async def test_a_payment_from_the_list_takes_the_debtor_off_it(shop: Shop) -> None:
    owe(shop, "Karim", 50, 3)
    async with open_app(shop, "en", mode="customers") as (app, pilot):
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, DebtorsScreen) and app.screen.table.count == 1)
        screen = app.screen
        await press(pilot, "f4", *"50", "enter", "enter", "enter")
        await until(pilot, lambda: app.screen is not screen and t("payment.title") in words_on(app.screen))
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is screen)
        await until(pilot, lambda: isinstance(screen, DebtorsScreen) and screen.table.count == 0)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_statement_is_a_paper(shop: Shop, language: strings.Language, tmp_path: Path) -> None:
    karim = owe(shop, "Karim", 1_000, 45)
    shop.store.run_now(accounts.pay, karim, 250_00, "cash", "", "c")
    async with open_app(shop, language, mode="customers") as (app, pilot):
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, DebtorsScreen) and app.screen.table.count == 1)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, AccountScreen) and app.screen.table.count == 2)
        await until(pilot, lambda: tn("debt.oldest", 45) in words_on(app.screen))
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, StatementDialog))
        await until(pilot, lambda: t("statement.title") in words_on(app.screen))
        await press(pilot, "f2")
        await until(pilot, lambda: bool(list(app.services.receipts.glob("statement-*.txt"))))
        (saved,) = app.services.receipts.glob("statement-*.txt")
        paper = saved.read_text()
        assert "Karim" in paper
        assert t(debts.AGES[1]) in paper
        assert "750.00" in paper


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("width", [32, 42, 48])
def test_no_line_of_the_statement_is_wider_than_the_paper(shop: Shop, language: strings.Language, width: int) -> None:
    from rich.cells import cell_len

    name = "شركة النور والبركة لقطع غيار السيارات اليابانية والكورية"
    owe(shop, name, 9_999_999, 95)
    (row,) = shop.read(receivables.page, "", None, 0, 9)
    before = strings.language()
    strings.use(language)
    try:
        lines = statement_paper.lines(shop.read(receivables.statement, row.id), width=width)
    finally:
        strings.use(before)
    assert max(cell_len(line.replace("\u200f", "")) for line in lines) <= width


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_till_says_what_the_customer_owes_who_is_chosen(shop: Shop, language: strings.Language) -> None:
    owe(shop, "Karim", 1_000, 45)
    shop.store.run_now(customers.create, CustomerDraft(name="Karima"))
    shop.store.run_now(state.learn_shop, None, {"credit_limit": 900_00})
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, PickCustomer))
        await press(pilot, *"karim")
        await until(pilot, lambda: tn("debt.oldest", 45) in words_on(app.screen))
        said = words_on(app.screen)
        assert t("customer.owes", amount=money(1_000_00)) in said
        assert t("customer.limit", amount=money(900_00)) in said
        await press(pilot, "down")
        await until(pilot, lambda: tn("debt.oldest", 45) not in words_on(app.screen))


async def test_the_debtors_are_left_as_any_list(shop: Shop) -> None:
    async with open_app(shop, "en", mode="customers") as (app, pilot):
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, DebtorsScreen))
        assert app.screen.table.empty_key == "debt.none"
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, CustomersScreen))
