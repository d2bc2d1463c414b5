"""Another window or a command writes into the shop's file: a till that works alone shows it by itself."""

from __future__ import annotations

import pytest

from clutch_tui.core import cart, sales, state
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Payment
from clutch_tui.ui import other_windows
from clutch_tui.ui.screens.inventory import InventoryScreen
from tests.test_ui.shop_app import Shop, open_app, rows_shown, until, words_on


def sell_elsewhere(shop: Shop) -> str:
    """Sell one oil filter as another process does; the number of its receipt."""
    with Store.open(shop.path, inline=True) as store:
        rules = store.read_now(state.tax_rules)
        made = cart.add_line(store.run_now(sales.open_cart), shop.parts[0])
        paid = (Payment("cash", cart.totals(made, rules).total),)
        sold = store.run_now(lambda: sales.checkout(made, paid, cashier="", device_id="d2", rules=rules))
        return sold.receipt_number


async def test_the_till_says_what_another_window_has_sold_and_how_much_is_unsent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_windows, "EVERY", 0.1)
    async with open_app(shop, "en") as (app, pilot):
        before = app.status.unsent
        number = sell_elsewhere(shop)
        await until(pilot, lambda: app.status.unsent > before and number in words_on(app))


async def test_the_stock_shows_what_another_window_has_sold(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_windows, "EVERY", 0.1)
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        assert isinstance(app.screen, InventoryScreen)
        table = app.screen.table

        def stock() -> int:
            return next(row.stock for row in rows_shown(table) if row.id == shop.parts[0].id)

        await until(pilot, lambda: rows_shown(table) and stock() == whole(10))
        sell_elsewhere(shop)
        await until(pilot, lambda: stock() == whole(9))
