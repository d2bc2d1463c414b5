"""The bar of keys: nothing covers it, and it covers nothing."""

from __future__ import annotations

from textual.widgets._toast import Toast

from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets.cart_view import CartView
from clutch_tui.ui.widgets.key_bar import KeyBar
from tests.test_ui.shop_app import Shop, until


async def test_toasts_stand_above_the_keys_however_many_lines_they_take(shop: Shop) -> None:
    app = ClutchApp(shop.services("ar"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.is_open)
        await app.switch_mode("inventory")
        for width in (80, 50):
            await pilot.resize_terminal(width, 24)
            app.notify("x")
            await until(pilot, lambda: app.screen.query(Toast))
            await pilot.pause()
            keys = app.screen.query_one(KeyBar).region
            assert keys.height >= (2 if width == 80 else 3)
            assert app.screen.query(Toast).last().region.bottom == keys.y
            app.clear_notifications()
            await until(pilot, lambda: not app.screen.query(Toast))


async def test_toasts_leave_the_totals_of_the_till_to_be_seen(shop: Shop) -> None:
    app = ClutchApp(shop.services("en"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.is_open and isinstance(app.screen, SalesScreen))
        for width in (80, 50):
            await pilot.resize_terminal(width, 24)
            app.notify("x")
            await until(pilot, lambda: app.screen.query(Toast))
            await pilot.pause()
            whose = app.screen.query_one(CartView).query_one("#cart-customer").region
            assert app.screen.query(Toast).last().region.bottom == whose.y
            app.clear_notifications()
            await until(pilot, lambda: not app.screen.query(Toast))
