"""An exchange by keyboard: from the receipt to what goes out for it, and the one difference."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Digits

from clutch_tui.core import cart as carts
from clutch_tui.core import cash, customers, exchanges, inventory, past_sales, sales, state
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import CustomerDraft, Payment, Sale
from clutch_tui.text import strings
from clutch_tui.text.format import amount, money, part_number
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Confirm
from clutch_tui.ui.screens.exchange import ExchangeDialog, GiveDialog
from clutch_tui.ui.screens.give_back import DAMAGED, ReturnDialog
from clutch_tui.ui.screens.past_sales import PastSalesScreen, state_word
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.without_receipt import LooseReturnDialog
from clutch_tui.ui.widgets.choice_field import ChoiceField
from clutch_tui.ui.widgets.words import Words
from tests.test_ui.shop_app import Shop, open_app, press, settle, toasts, type_text, until, words_on
from tests.test_ui.test_sales import LANGUAGES, first_past_sale, scan, sell_in_parts, sold, till, total


def bought(shop: Shop, n: int = 0, pieces: int = 1, *payments: Payment) -> Sale:
    """What somebody has bought before: oil filters at 125.00, or (2) spark plugs at 95.50."""
    cart = carts.add_line(shop.store.run_now(sales.open_cart), shop.parts[n], whole(pieces))
    rules = shop.read(state.tax_rules)
    paid = payments or (Payment("cash", carts.due(cart, rules, (), "cash")),)
    return shop.store.run_now(lambda: sales.checkout(cart, paid, cashier="", device_id="d", rules=rules))


def line_of_what_comes_back(app: ClutchApp) -> str:
    words = till(app).lines.query_one("#cart-back", Words)
    return words.text if words.display else ""


async def mark_all(app: ClutchApp, pilot: Pilot[int], typed: str) -> None:
    """Type a receipt's number, and let all of it come back."""
    await type_text(pilot, typed)
    await press(pilot, "ctrl+e")
    await until(pilot, lambda: isinstance(app.screen, ExchangeDialog))
    await press(pilot, "f5", "enter")
    await until(pilot, lambda: app.screen is till(app) and till(app).cart.back)
    await settle(pilot)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_receipt_is_typed_and_something_dearer_goes_out(shop: Shop, language: strings.Language) -> None:
    first = bought(shop, 2)
    async with open_app(shop, language) as (app, pilot):
        await type_text(pilot, first.receipt_number)
        await press(pilot, "ctrl+e")
        await until(pilot, lambda: isinstance(app.screen, ExchangeDialog))
        assert t("exchange.worth_nothing") in words_on(app)
        await press(pilot, "f5")
        await until(pilot, lambda: t("exchange.worth", amount=money(95_50)) in words_on(app))
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.back)
        await settle(pilot)
        assert till(app).field.value == ""
        assert amount(-95_50) in line_of_what_comes_back(app)
        assert part_number(first.receipt_number) in line_of_what_comes_back(app)
        assert t("exchange.to_give", amount=money(95_50)) in total(app)
        await scan(app, pilot, "6221000000017")
        assert t("sales.to_pay", total=money(29_50)) in total(app)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        assert t("pay.due", amount=money(29_50)) in words_on(app)
        await type_text(pilot, "30")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await settle(pilot)
        assert [str(one.value) for one in app.screen.query(Digits)] == [amount(29_50), amount(50)]
        back, sale = sold(shop)[1], sold(shop)[0]
        for words in ("receipt.exchange", "receipt.exchanged"):
            assert t(words) in words_on(app)
        assert t("receipt.came_back", number=part_number(back.receipt_number)) in words_on(app)
        assert t("receipt.went_out", number=part_number(sale.receipt_number)) in words_on(app)
        assert (sale.exchange_id, back.return_of) == (back.id, first.id)
        assert shop.new_changes[-1:] == [("exchange", "sale")]
        assert (till(app).cart.back, line_of_what_comes_back(app)) == (None, "")
        assert toasts(app) == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_from_the_past_sales_something_cheaper_goes_out(shop: Shop, language: strings.Language) -> None:
    sell_in_parts(shop, Payment("cash", 25_00), Payment("credit", 100_00))
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "ngk7")
        await first_past_sale(app, pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, ExchangeDialog))
        await press(pilot, "f5", "enter")
        await until(pilot, lambda: app.screen is till(app) and till(app).cart.back)
        await settle(pilot)
        assert till(app).cart.customer_name == "منى"
        assert t("exchange.to_give", amount=money(29_50)) in total(app)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, GiveDialog))
        assert f"{t('pay.credit')} 29.50" in words_on(app)
        await press(pilot, "f6")
        await until(pilot, lambda: f"{t('pay.cash')} 25.00 + {t('pay.credit')} 4.50" in words_on(app))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await settle(pilot)
        assert [str(one.value) for one in app.screen.query(Digits)] == [amount(29_50), amount(25_00)]
        back = next(one for one in sold(shop) if one.return_of)
        assert back.payments == (
            Payment("exchange", 95_50, "credit"), Payment("cash", 25_00), Payment("credit", 4_50)
        )  # fmt: skip
        assert shop.read(customers.get, back.customer_id).balance == 95_50
        await press(pilot, "enter", "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 3)
        rows = {row.id: row for row in shop.read(past_sales.page, past_sales.SaleQuery(), None, 0, 5)}
        assert {state_word(rows[one.id]) for one in (back, back.other_half) if one} == {t("sale.state.exchange")}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_goods_that_come_back_damaged_stay_off_the_shelf(shop: Shop, language: strings.Language) -> None:
    bought(shop, 2)
    async with open_app(shop, language) as (app, pilot):
        await first_past_sale(app, pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, ReturnDialog))
        await press(pilot, "f5")
        await type_text(pilot, "broken")
        await press(pilot, "down", "space")
        await until(pilot, lambda: app.screen.query_one(ChoiceField).value == DAMAGED)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert [kind for kind, _ in shop.new_changes] == ["sale", "return", "adjust"]
        assert shop.read(inventory.get, shop.parts[2].id).stock == whole(9)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_goods_come_back_without_a_receipt(shop: Shop, language: strings.Language) -> None:
    bought(shop)
    async with open_app(shop, language) as (app, pilot):
        await first_past_sale(app, pilot, "f10")
        await until(pilot, lambda: t("return.nothing_scanned") in toasts(app))
        await scan(app, pilot, "ngk7")
        await first_past_sale(app, pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, LooseReturnDialog))
        assert t("sale.goes_back", total=money(95_50)) in words_on(app)
        await type_text(pilot, "no paper")
        await press(pilot, "down", "space")
        await until(pilot, lambda: app.screen.query(ChoiceField).first().value != "cash")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert t("receipt.without_receipt") in words_on(app)
        back = sold(shop)[0]
        (paid,) = back.payments
        assert (back.without_receipt, paid.amount, paid.method != "cash") == (True, 95_50, True)
        assert till(app).cart.lines == ()
        await press(pilot, "enter", "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 2)
        rows = {row.id: row for row in shop.read(past_sales.page, past_sales.SaleQuery(), None, 0, 5)}
        assert state_word(rows[back.id]) == t("sale.state.without_receipt")
        await settle(pilot)
        await press(pilot, "f6")
        await settle(pilot)
        assert isinstance(app.screen, PastSalesScreen)


async def test_what_is_even_is_given_with_enter(shop: Shop) -> None:
    first = bought(shop)
    async with open_app(shop, "en") as (app, pilot):
        await mark_all(app, pilot, first.receipt_number)
        await scan(app, pilot, "6221000000017")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, GiveDialog))
        assert t("exchange.even") in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert shop.read(cash.report).expected == first.totals.total


async def test_what_comes_back_is_taken_off_again(shop: Shop) -> None:
    first = bought(shop)
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "ngk7")
        await mark_all(app, pilot, first.receipt_number)
        await press(pilot, "ctrl+e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.back is None)
        assert [line.part_number for line in till(app).cart.lines] == ["NGK-7"]
        await press(pilot, "ctrl+z")
        await until(pilot, lambda: till(app).cart.back)
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: till(app).cart.back is None and not till(app).cart.lines)


@pytest.mark.parametrize(
    ("typed", "key"), [("ZZZ-000009", "error.sale.unknown_number"), ("", "")], ids=["unknown", "empty"]
)
async def test_a_number_that_is_none_is_said_and_no_number_leads_to_the_past_sales(
    shop: Shop, typed: str, key: str
) -> None:
    bought(shop)
    async with open_app(shop, "en") as (app, pilot):
        await type_text(pilot, typed)
        await press(pilot, "ctrl+e")
        if key:
            await until(pilot, lambda: t(key, number=typed) in toasts(app))
            assert till(app).field.value == typed
        else:
            await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))


async def test_a_number_that_two_tills_have_given_is_asked_for_in_whole(shop: Shop) -> None:
    theirs, ours = bought(shop), bought(shop)
    shop.store.run_now(
        db.execute,
        "UPDATE sale SET receipt_number = 'ZZZZ-000002', search_key = 'zzzz000002' WHERE id = ?",
        (theirs.id,),
    )
    async with open_app(shop, "en") as (app, pilot):
        await type_text(pilot, "2")
        await press(pilot, "ctrl+e")
        await until(pilot, lambda: t("error.sale.several", number="2") in toasts(app))
        assert till(app).field.value == "2"
    assert shop.read(past_sales.find, ours.receipt_number) == shop.read(past_sales.find, ours.id) == ours.id


async def test_what_came_back_meanwhile_is_said_and_the_cart_stays(shop: Shop) -> None:
    first = bought(shop)
    async with open_app(shop, "en") as (app, pilot):
        await mark_all(app, pilot, first.receipt_number)
        await scan(app, pilot, "ngk7")
        rules = shop.read(state.tax_rules)
        other = shop.read(exchanges.bring_back, shop.store.run_now(sales.open_cart), first.id, {1: whole(1)})
        other = carts.add_line(other, shop.parts[0], whole(1))
        shop.store.run_now(lambda: exchanges.checkout(other, [], cashier="", device_id="d", rules=rules))
        await press(pilot, "f2")
        await until(pilot, lambda: toasts(app))
        assert t("error.sale.over_returned", name=first.lines[0].name) in toasts(app)
        assert till(app).cart.back is not None


async def test_the_paper_of_either_half_is_the_same(shop: Shop) -> None:
    from clutch_tui.printing import receipt

    customer = shop.store.run_now(customers.create, CustomerDraft(name="منى"))
    first = bought(shop, 2, 2)
    rules = shop.read(state.tax_rules)
    cart = carts.with_customer(carts.add_line(shop.store.run_now(sales.open_cart), shop.parts[0]), customer)
    cart = shop.read(exchanges.bring_back, cart, first.id, {1: whole(1)}, "مش مقاسه")
    paid = [Payment("visa", carts.due(cart, rules, (), "visa"))]
    sale = shop.store.run_now(lambda: exchanges.checkout(cart, paid, cashier="علي", device_id="d", rules=rules))
    back = shop.read(sales.get, sale.exchange_id)
    papers = [receipt.text(one) for one in (sale, back)]
    assert papers[0] == papers[1]
    for figure in (amount(95_50), amount(125_00), amount(29_50), "منى", part_number(first.receipt_number)):
        assert figure in papers[0]
    assert papers[0].count(t("receipt.exchanged")) == 1
    assert shop.read(inventory.get, shop.parts[2].id).stock == whole(9)
