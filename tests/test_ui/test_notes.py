"""What a clerk writes on a sale: the form of the notes, and the reference of a payment where it is paid."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from clutch_tui.core import past_sales, sales
from clutch_tui.core.types import Sale, SaleQuery
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets.text_field import TextField
from tests.test_ui.shop_app import Shop, open_app, press, until, words_on


def till(app: ClutchApp) -> SalesScreen:
    assert isinstance(app.screen, SalesScreen)
    return app.screen


def sold(shop: Shop) -> Sale:
    (row,) = shop.read(past_sales.page, SaleQuery(), None, 0, 9)
    return shop.read(sales.get, row.id)


async def scan(app: ClutchApp, pilot: Pilot[int], code: str) -> None:
    screen = till(app)
    before = len(screen.cart.lines) if screen.cart is not None else 0
    await press(pilot, *code, "enter")
    await until(pilot, lambda: screen.cart is not None and len(screen.cart.lines) == before + 1)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_notes_and_car_are_written_and_are_on_the_receipt(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await scan(app, pilot, "NGK-7")
        await press(pilot, "ctrl+k")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await press(pilot, *"قدام", "enter", *"بكرة", "enter", *"Lada 2107", "enter")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        assert "Lada 2107" in words_on(app)
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        sale = sold(shop)
        assert (sale.notes, sale.car, [line.note for line in sale.lines]) == ("بكرة", "Lada 2107", ["", "قدام"])
        await until(pilot, lambda: "Lada 2107" in words_on(app))


async def test_who_goes_back_from_the_notes_has_written_nothing(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "ctrl+k")
        assert isinstance(app.screen, SalesScreen), "an empty sale has nothing to write on"
        await scan(app, pilot, "OF-100")
        await press(pilot, "ctrl+k")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await press(pilot, "x", "escape")
        await until(pilot, lambda: not isinstance(app.screen, FormDialog | SalesScreen))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        assert till(app).cart is not None
        assert till(app).cart.lines[0].note == ""


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_each_payment_takes_its_reference(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        field = app.screen.query_one("#pay-reference", TextField)
        assert not field.region, "cash has none"
        await press(pilot, "f4")
        await until(pilot, lambda: field.region.width > 20)
        assert t("pay.reference") in words_on(app)
        assert app.screen.query_one(".dialog--box").region.bottom <= 24
        await press(pilot, *"100", "tab", *"88123", "enter")
        await until(pilot, lambda: "88123" in words_on(app))
        assert app.screen.query_one("#pay-reference", TextField).value == "", "the next payment has another"
        await press(pilot, *"5", "f5", "tab", *"v-9", "enter", "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        paid = [(one.method, one.amount, one.reference) for one in sold(shop).payments]
        assert paid == [("instapay", 100_00, "88123"), ("vodafone_cash", 5_00, "v-9"), ("cash", 20_00, "")]


async def test_what_was_typed_for_a_card_is_none_of_the_cash(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "f3", "tab", *"77", "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert [(one.method, one.reference) for one in sold(shop).payments] == [("cash", "")]


async def test_a_card_sale_takes_no_key_more_than_before(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2", "f3", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert sold(shop).payments[0].method == "visa"
