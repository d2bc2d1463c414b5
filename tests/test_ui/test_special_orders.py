"""Special orders by keyboard: what is not there is ordered, told of, and fetched with its deposit."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from clutch_tui.core import arrivals, customers, inventory, past_sales, special_orders
from clutch_tui.core.quantity import whole
from clutch_tui.core.special_orders import SpecialOrder, SpecialOrderQuery, SpecialOrderRow, Wanted
from clutch_tui.core.types import CustomerDraft, SaleQuery
from clutch_tui.text import strings
from clutch_tui.text.format import money, part_number
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Choose
from clutch_tui.ui.screens.customers import PickCustomer
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.pick_part import PickPart
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.screens.special_order_form import DepositForm, SpecialOrderForm
from clutch_tui.ui.screens.special_orders import SpecialOrderDialog, SpecialOrdersScreen
from tests.test_ui.shop_app import Shop, open_app, press, settle, toasts, type_text, until, words_on


@pytest.fixture
def hassan(shop: Shop) -> str:
    draft = CustomerDraft(name="حسن السويسي", phone="01000000001")
    return str(shop.store.run_now(customers.create, draft).id)


def rows(shop: Shop) -> tuple[SpecialOrderRow, ...]:
    return tuple(shop.read(special_orders.page, SpecialOrderQuery(), None, 0, 9))


def place(shop: Shop, customer_id: str, deposit: int = 0, part: int | None = 0) -> SpecialOrder:
    part_id = None if part is None else shop.parts[part].id
    wanted = Wanted(part_id, "دبرياج كامل", whole(20), 10_00)
    made: SpecialOrder = shop.store.run_now(
        lambda: special_orders.place(wanted, customer_id, deposit=deposit, cashier="", device_id="d")
    )
    return made


async def pick(app: ClutchApp, pilot: Pilot[int], name: str) -> None:
    await until(pilot, lambda: isinstance(app.screen, PickCustomer))
    await type_text(pilot, name)
    await settle(pilot)
    await press(pilot, "enter")


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_what_is_typed_is_ordered_with_a_deposit(shop: Shop, hassan: str, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await type_text(pilot, "دبرياج كامل")
        await settle(pilot)
        await press(pilot, "ctrl+x")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "4")
        await pick(app, pilot, "السويسي")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrderForm))
        await press(pilot, "down", "down")
        await type_text(pilot, "250")
        await press(pilot, "down")
        await type_text(pilot, "4")
        await press(pilot, "down")
        await type_text(pilot, "100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrderDialog))
        (row,) = rows(shop)
        assert (row.name, row.total, row.deposit, row.status) == ("دبرياج كامل", 250_00, 100_00, "ordered")
        assert row.expected
        assert all(word in words_on(app) for word in ("100.00", "150.00"))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen) and app.screen.field.value == "")


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_fetched_with_its_deposit_the_rest_is_paid(shop: Shop, hassan: str, language: strings.Language) -> None:
    place(shop, hassan, deposit=80_00)
    async with open_app(shop, language) as (app, pilot):
        await app.action_mode("special_orders")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrdersScreen) and app.screen.table.row is not None)
        await press(pilot, "f6")
        await until(pilot, lambda: rows(shop)[0].status == "here")
        await until(pilot, lambda: any("01000000001" in words.replace(" ", "") for words in map(_plain, toasts(app))))
        await settle(pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen) and app.screen.is_selling)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        assert t("pay.deposit", amount=money(80_00)) in words_on(app)
        assert t("pay.due", amount=money(120_00)) in words_on(app)
        await press(pilot, "f8")  # what was paid before is not taken off
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert all(word in words_on(app) for word in (t("receipt.deposit"), "80.00", "120.00"))
        (sold,) = shop.read(past_sales.page, SaleQuery(), None, 0, 9)
        assert [(part.method, part.amount) for part in sold.payments] == [("credit", 80_00), ("cash", 120_00)]
        assert (rows(shop)[0].status, shop.read(customers.get, hassan).balance) == ("fetched", 0)


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum() or letter == " ")


async def test_what_was_ordered_in_words_is_said_to_be_a_part_before_it_is_sold(shop: Shop, hassan: str) -> None:
    place(shop, hassan, part=None)
    async with open_app(shop, "en") as (app, pilot):
        await app.action_mode("special_orders")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrdersScreen) and app.screen.table.row is not None)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, PickPart))
        app.screen.search.value = shop.parts[1].draft.part_number
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen) and app.screen.is_selling)
        assert app.screen.cart.lines[0].part_id == shop.parts[1].id


async def test_cancelled_one_says_what_becomes_of_the_deposit(shop: Shop, hassan: str) -> None:
    place(shop, hassan)
    async with open_app(shop, "en") as (app, pilot):
        await app.action_mode("special_orders")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrdersScreen) and app.screen.table.row is not None)
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, DepositForm))
        await type_text(pilot, "50")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrderDialog))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrdersScreen))
        await until(pilot, lambda: app.screen.table.row is not None and app.screen.table.row.deposit == 50_00)
        await settle(pilot)
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "changed his mind")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert money(50_00) in words_on(app)
        await press(pilot, "2")
        await until(pilot, lambda: rows(shop)[0].status == "cancelled")
        order = shop.read(special_orders.get, rows(shop)[0].id)
        assert [deposit.state for deposit in order.deposits] == ["forfeited"]


@pytest.mark.parametrize("kind", arrivals.NEWS)
async def test_that_the_goods_are_here_is_told_and_leads_there(shop: Shop, hassan: str, kind: arrivals.News) -> None:
    order = place(shop, hassan)
    async with open_app(shop, "en") as (app, pilot):
        if kind == "special_order_arrived":
            await app.write("inventory notifications news", inventory.adjust, shop.parts[0].id, whole(15), "here")
        else:
            await app.write("sales notifications news", arrivals.tell, kind, order.id)
        number = part_number(order.number).strip("\u2066\u2069")
        await until(pilot, lambda: any(number in words for words in toasts(app)))
        await app.switch_mode("notifications")
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, SpecialOrdersScreen) and app.screen.table.row is not None)
        assert app.screen.table.row.id == order.id
        assert app.screen.table.row.may_be_here == (kind == "special_order_arrived")
