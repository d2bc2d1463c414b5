"""Lost sales at the till: two keys, about what the clerk saw; the list, and what is missed most."""

from __future__ import annotations

import pytest

from clutch_tui.core import lost_sales
from clutch_tui.core.lost_sales import LostSale, LostSaleQuery
from clutch_tui.core.quantity import whole
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import Choose
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.screens.lost_sales import LostSalesScreen, WantedScreen
from clutch_tui.ui.screens.sales import SalesScreen
from tests.test_ui.shop_app import Shop, open_app, press, toasts, until, words_on


def noted(shop: Shop) -> list[tuple[str | None, str, int, int, str]]:
    rows: tuple[LostSale, ...] = shop.read(lost_sales.page, LostSaleQuery(), None, 0, 99)
    return [(row.item_id, row.name, row.quantity, row.price, row.reason) for row in reversed(rows)]


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_what_nobody_carries_is_noted_in_two_keys(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"دبرياج")
        await until(pilot, lambda: till._hits_for == "دبرياج")
        await press(pilot, "ctrl+x", "3")
        await until(pilot, lambda: noted(shop) == [(None, "دبرياج", 1000, 0, "not_carried")])
        await until(pilot, lambda: app.screen is till and till.field.value == "")
        await until(pilot, lambda: any(t("lost_sale.not_carried") in toast for toast in toasts(app)))


async def test_the_row_that_is_marked_is_what_was_missed(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"06L-115")
        await until(pilot, lambda: till._hits_for == "06L-115" and till.hits.row is not None)
        await press(pilot, "ctrl+x")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "تيل فرامل أمامي" in words_on(app.screen)
        await press(pilot, "1")
        part = shop.parts[1]
        await until(pilot, lambda: noted(shop) == [(part.id, part.draft.name, 1000, 85_000, "no_stock")])


async def test_the_marked_line_of_the_sale_is_noted_with_its_quantity_and_price(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"NGK-7", "enter")
        await until(pilot, lambda: till.cart is not None and len(till.cart.lines) == 1)
        await press(pilot, *"*3", "enter")
        await until(pilot, lambda: till.cart is not None and till.cart.lines[0].quantity == whole(3))
        await press(pilot, "ctrl+x", "2")
        await until(pilot, lambda: noted(shop) == [(shop.parts[2].id, "بوجيه", 3000, 9_550, "too_dear")])
        assert till.cart is not None
        assert len(till.cart.lines) == 1, "the sale is as it was"


async def test_who_goes_back_has_noted_nothing(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"xyz", "ctrl+x")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till)
        assert (noted(shop), till.field.value) == ([], "xyz")


async def test_all_keys_in_one_burst_note_what_was_typed(shop: Shop) -> None:
    """As SSH sends them: the hits had not come when the key did, so the words are noted and no row nobody saw."""
    async with open_app(shop, "en") as (_, pilot):
        await press(pilot, *"clutch kit", "ctrl+x", "3")
        await until(pilot, lambda: [name for _, name, *_ in noted(shop)] == ["clutch kit"])


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_list_is_searched_and_shows_what_is_missed_most(shop: Shop, language: strings.Language) -> None:
    for reason, part, text in (
        ("no_stock", shop.parts[0].id, ""),
        ("no_stock", shop.parts[0].id, ""),
        ("not_carried", None, "دبرياج"),
    ):
        shop.store.run_now(lost_sales.note, reason, whole(2), part_id=part, text=text, cashier="سارة")
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, "ctrl+x")
        await until(pilot, lambda: isinstance(app.screen, LostSalesScreen) and app.screen.table.count == 3)
        listed = app.screen
        assert isinstance(listed, LostSalesScreen)
        await press(pilot, "f7")
        await until(pilot, lambda: listed.table.count == 2)
        assert t("lost_sale.no_stock") in words_on(listed)
        await press(pilot, "f7")
        await until(pilot, lambda: listed.table.count == 0)
        await press(pilot, "f7", "f7")
        await until(pilot, lambda: listed.table.count == 3)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, WantedScreen) and app.screen.table.count == 2)
        wanted = app.screen
        assert isinstance(wanted, WantedScreen)
        rows = [wanted.table.row_at(n) for n in range(2)]
        assert [(row.name, row.times, row.quantity) for row in rows if row] == [
            ("فلتر زيت تويوتا", 2, whole(4)),
            ("دبرياج", 1, whole(2)),
        ]
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen) and app.screen.table.count == 1)
