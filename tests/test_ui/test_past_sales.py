"""Past sales by day, way of paying, cashier, part and amount: what a clerk in a hurry finds, by keys."""

from __future__ import annotations

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, state
from clutch_tui.core.types import Payment, PayMethod, TaxRules
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.past_sales import PastSalesScreen
from tests.test_ui.shop_app import Shop, open_app, press, until, words_on


def sell(shop: Shop, n: int, method: PayMethod, cashier: str) -> str:
    def make() -> str:
        cart = carts.add_line(sales.open_cart(), inventory.get(shop.parts[n].id))
        paid = [Payment(method, carts.totals(cart, TaxRules(), method).total)]
        return sales.checkout(cart, paid, cashier=cashier, device_id="d", rules=TaxRules()).id

    return shop.store.run_now(make)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_sales_are_narrowed_by_a_key_and_by_a_form(shop: Shop, language: strings.Language) -> None:
    oil, pads = sell(shop, 0, "visa", "سارة"), sell(shop, 1, "cash", "علي")
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 2)
        listed = app.screen
        assert isinstance(listed, PastSalesScreen)

        def shows(*ids: str) -> bool:
            rows = [listed.table.row_at(n) for n in range(listed.table.count)]
            return [row.id for row in rows if row is not None] == list(ids)

        await press(pilot, "f4")
        await until(pilot, lambda: shows(pads))
        assert t("pay.cash") in words_on(listed)
        await press(pilot, "f4")
        await until(pilot, lambda: shows(oil))
        await press(pilot, "f11")
        await until(pilot, lambda: shows(pads, oil))
        await press(pilot, "f7")
        await until(pilot, lambda: shows(pads, oil) and listed.narrowed == "today")
        await press(pilot, "f7")
        await until(pilot, lambda: shows() and listed.narrowed == "yesterday")
        await press(pilot, "f11", "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await press(pilot, "enter", "enter", "enter", *"سار", "enter", "enter", "enter", *"900", "enter")
        await until(pilot, lambda: app.screen is listed and shows(oil))
        assert "900.00" in words_on(listed)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await press(pilot, "enter", "enter", "enter", *["backspace"] * 3, "enter", *"06L115562B", "enter", "f2")
        await until(pilot, lambda: app.screen is listed and shows(pads))
        await press(pilot, *"علي")
        await until(pilot, lambda: listed.search.value == "علي" and shows(pads))


async def test_what_is_no_day_stays_in_the_form(shop: Shop) -> None:
    sell(shop, 0, "visa", "سارة")
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 1)
        listed = app.screen
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await press(pilot, *"someday", "f2")
        await until(pilot, lambda: "someday" in words_on(app.screen) and isinstance(app.screen, FormDialog))
        await press(pilot, *["backspace"] * 7, *shop.read(state.business_day), "f2")
        await until(pilot, lambda: app.screen is listed)
        assert isinstance(listed, PastSalesScreen)
        await until(pilot, lambda: listed.table.count == 1)
