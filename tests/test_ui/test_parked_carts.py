"""Sales beside the one at the till: counted, told apart, and left alone by a restart."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from clutch_tui.core import inventory, sales
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from clutch_tui.text import strings
from clutch_tui.text.format import money
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Choose, Confirm
from clutch_tui.ui.screens.past_sales import PastSalesScreen
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.void import VoidDialog
from tests.test_ui.shop_app import Shop, open_app, press, read_question, settle, toasts, type_text, until, words_on
from tests.test_ui.test_sales import LANGUAGES, scan, till
from tests.test_ui.test_till_codes import in_cart


async def park(app: ClutchApp, pilot: Pilot[int]) -> None:
    await press(pilot, "f6")
    await until(pilot, lambda: isinstance(app.screen, Choose))
    await press(pilot, "enter")
    await until(pilot, lambda: app.screen is till(app) and not till(app).cart.lines)
    await settle(pilot)


async def take_over(app: ClutchApp, pilot: Pilot[int]) -> None:
    """The first sale of another window, with the yes to its question."""
    await press(pilot, "f6")
    await until(pilot, lambda: isinstance(app.screen, Choose))
    await press(pilot, "2")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await read_question(pilot)
    await press(pilot, "enter")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_parked_sales_are_counted_and_listed_with_what_is_due(shop: Shop, language: strings.Language) -> None:
    shop.store.run_now(inventory.create, PartDraft(name="صامولة", part_number="NUT", price=1_010), whole(9))
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "NUT")
        assert t("sales.others_open", count="") not in words_on(app)
        await park(app, pilot)
        assert t("sales.others_open", count="1") in words_on(app)
        await scan(app, pilot, "OF-100")
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        _, *prompts = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        here = [prompt for prompt in prompts if t("sales.cart_current", cart="").strip() in prompt]
        (other,) = [prompt for prompt in prompts if prompt not in here]
        assert (len(here), money(12_500) in here[0]) == (1, True)
        assert money(1_000) in other  # payable in coins of 25
        await press(pilot, str(1 + 1 + prompts.index(other)))
        await until(pilot, lambda: in_cart(app) == [("NUT", 1)])
        await settle(pilot)
        assert t("sales.others_open", count="1") in words_on(app)
        assert [cart.parked for cart in shop.read(sales.open_carts) if cart.lines[0].part_number == "NUT"] == [False]


async def test_a_restart_opens_what_was_at_the_till_and_says_that_it_is_not_saved(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "NGK-7")
        await park(app, pilot)
        await scan(app, pilot, "OF-100")
        await settle(pilot)
    async with open_app(shop, "en") as (app, pilot):
        assert in_cart(app) == [("OF-100", 1)]
        assert toasts(app) == [t("sales.taken_up")]
        assert t("sales.others_open", count="1") in words_on(app)


async def test_a_restart_after_the_payment_leaves_parked_sales_parked_and_names_the_one_saved(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await scan(app, pilot, "NGK-7")
        await park(app, pilot)
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
    async with open_app(shop, "en") as (app, pilot):
        await settle(pilot)
        number = shop.read(lambda: sales.beside("")[1]).receipt_number
        assert (in_cart(app), toasts(app)) == ([], [])
        assert t("sales.others_open", count="1") in words_on(app)
        assert number in words_on(app)
        assert money(12_500) in words_on(app)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_void_of_the_sale_that_was_saved_last_is_said_at_the_till(
    shop: Shop, language: strings.Language
) -> None:
    async with open_app(shop, language) as (app, pilot):
        await scan(app, pilot, "OF-100")
        await press(pilot, "f2", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        await press(pilot, "enter", "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.count == 1)
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, VoidDialog))
        await type_text(pilot, "wrong part")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.row.status == "voided")
        await press(pilot, "escape")
        await until(pilot, lambda: t("sale.state.voided") in words_on(app))


async def test_another_window_begins_anew_and_takes_a_sale_over_only_when_it_is_told_to(shop: Shop) -> None:
    async with open_app(shop, "en") as (first, at_first):
        await scan(first, at_first, "NGK-7")
        await settle(at_first)
        async with open_app(shop, "en") as (second, at_second):
            assert (in_cart(second), toasts(second)) == ([], [])
            await press(at_second, "f6")
            await until(at_second, lambda: isinstance(second.screen, Choose))
            (_, held) = [str(option.prompt) for option in second.screen.query_one(OptionList).options]
            assert "in another window" in held
            await press(at_second, "2")
            await until(at_second, lambda: isinstance(second.screen, Confirm))
            await press(at_second, "escape")
            await settle(at_second)
            assert in_cart(second) == []
            await take_over(second, at_second)
            await until(at_second, lambda: in_cart(second) == [("NGK-7", 1)])
            await scan(first, at_first, "OF-100")
            await until(at_first, lambda: in_cart(first) == [])
            assert t("error.cart.elsewhere") in toasts(first)
        assert [cart.lines[0].part_number for cart in shop.read(sales.open_carts)] == ["NGK-7"]


async def test_a_sale_that_another_window_has_taken_is_not_paid_twice(shop: Shop) -> None:
    """Its window promised to begin a new one and kept it in sight: a card was taken for what had been paid in cash."""
    async with open_app(shop, "en") as (first, at_first):
        await scan(first, at_first, "NGK-7")
        await settle(at_first)
        async with open_app(shop, "en") as (second, at_second):
            await take_over(second, at_second)
            await until(at_second, lambda: in_cart(second) == [("NGK-7", 1)])
            await press(at_first, "f2")
            await until(at_first, lambda: isinstance(first.screen, PayDialog))
            await press(at_second, "f2", "enter")
            await until(at_second, lambda: isinstance(second.screen, ReceiptDialog))
            await press(at_first, "f3", "enter")
            number = shop.read(lambda: sales.beside("")[1]).receipt_number
            await until(at_first, lambda: t("error.sale.sold_already", number=number) in toasts(first))
            await until(at_first, lambda: in_cart(first) == [])
