"""The inventory by keyboard: what is on the screen, in the rows, in the outbox."""

from __future__ import annotations

import pytest

from clutch_tui.core import inventory
from clutch_tui.core.quantity import whole
from clutch_tui.text import strings
from clutch_tui.text.format import isolate, name
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import Ask, Confirm, ConfirmUnexpected
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.widgets.number_field import NumberField
from tests.test_ui.shop_app import (
    Shop,
    open_app,
    open_form,
    press,
    read_question,
    rows_shown,
    settle,
    toasts,
    type_by_hand,
    type_text,
    until,
    words_on,
)

LANGUAGES: tuple[strings.Language, ...] = ("ar", "en")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_search_as_you_type(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language, mode="inventory") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        assert screen.table.count == 3
        await type_text(pilot, "06l115562b")
        await settle(pilot)
        assert [row.part_number for row in rows_shown(screen.table)] == ["06L-115-562-B"]
        await press(pilot, "escape")
        await settle(pilot)
        assert screen.search.value == ""
        assert screen.table.count == 3


async def test_what_lies_on_the_keyboard_keeps_nothing_busy(shop: Shop) -> None:
    async with open_app(shop, mode="inventory") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        screen.search.replace("س" * 5_000, 0, 0)
        assert len(screen.search.value) == screen.search.most == 200
        await press(pilot, *"سس")
        assert len(screen.search.value) == 200
        screen.search.value = "ص" * 300  # what is there already can still be taken away
        await press(pilot, "backspace")
        assert len(screen.search.value) == 299


@pytest.mark.parametrize("language", LANGUAGES)
async def test_add_a_part(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language, mode="inventory") as (app, pilot):
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await type_text(pilot, "طلمبة")
        await press(pilot, "enter")
        await type_text(pilot, "Pump")
        await press(pilot, "enter")
        await type_text(pilot, "WP-1")
        for _ in range(3):
            await press(pilot, "down")
        await type_text(pilot, "٢٥٠.٥")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen))
        await settle(pilot)
        found = shop.read(inventory.find_code, "wp1")
        assert found is not None
        assert (found.name, found.name_en, found.price) == ("طلمبة", "Pump", 25_050)
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        await until(pilot, lambda: screen.table.row is not None and screen.table.row.id == found.id)
        await app.write("inventory", inventory.get, found.id)  # news of any kind leave the cursor there
        await settle(pilot)
        assert screen.table.row.id == found.id
        assert shop.new_changes == [("create", "item")]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_part_that_the_server_would_refuse_is_refused_here(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language, mode="inventory") as (app, pilot):
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        await press(pilot, "down")
        await type_text(pilot, "Pump")
        await press(pilot, "f2")
        await until(pilot, lambda: t("error.part.server_wants_name") in words_on(app.screen))
        await type_text(pilot, "Pump")  # the cursor stands where something is missing
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await read_question(pilot)
        await press(pilot, "enter")  # yes, it has no price
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen))
        assert shop.new_changes == [("create", "item")]


async def test_a_form_that_is_longer_than_its_box_is_gone_through_by_the_same_keys(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f2")
        await press(pilot, "f2")  # the sentence below the first field makes it longer
        await until(pilot, lambda: form.rows[0].problem.text)
        await until(pilot, lambda: form.rows[0].parent.max_scroll_y > 0)
        for row in form.rows[1:]:
            await press(pilot, "down")
            assert form.focused is row.field
        await press(pilot, "up")
        assert form.focused is form.rows[-2].field


async def test_the_first_problem_is_brought_into_view(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f2")
        first = form.rows[0]
        first.field.value = "x" * 5000
        form.rows[-1].field.focus()
        await pilot.pause()
        await press(pilot, "f2")
        await until(pilot, lambda: first.problem.text)
        await until(pilot, lambda: first.parent.scroll_y <= first.virtual_region.y)
        assert form.focused is first.field


async def test_a_price_that_a_character_was_left_out_of_is_not_saved(shop: Shop) -> None:
    """`1.2.3` and F2 saved 1.23."""
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f3")
        price = next(row for row in form.rows if row.entry.name == "price")
        price.field.focus()
        await pilot.pause()
        await press(pilot, *"1.2.3", "down", "f2")
        await until(pilot, lambda: price.problem.text == t("error.number.left_out", text=name(".")))
        assert app.screen is form
        assert price.field.has_focus
        await press(pilot, *"7.5", "f2")
        await until(pilot, lambda: app.screen is not form)
        assert shop.read(inventory.get, app.screen.table.row.id).draft.price == 7_50  # type: ignore[attr-defined]


async def test_a_wrong_field_says_so_and_keeps_what_was_typed(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f3")
        price = next(row for row in form.rows if row.entry.name == "price")
        price.field.value = "1e999"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await settle(pilot)
        assert app.screen is form
        assert "1e999" in price.problem.text
        assert price.field.has_focus
        assert shop.new_changes == []


async def test_leaving_a_changed_form_asks_first(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        await type_text(pilot, "x")
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is not form)
        assert t("form.discard") in words_on(app)
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is form)
        assert isinstance(form, FormDialog)
        assert form.rows[0].typed == "x"


async def test_adjust_and_count_move_stock(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await type_text(pilot, "NGK-7")
        await settle(pilot)
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "-3")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and t("inventory.ask_reason") in words_on(app))
        await type_text(pilot, "broken")
        await press(pilot, "enter")
        await until(pilot, lambda: len(shop.new_changes) == 1)
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen))
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "5")
        await press(pilot, "enter")
        await until(pilot, lambda: len(shop.new_changes) == 2)
        assert [kind for kind, _ in shop.new_changes] == ["adjust", "count"]
        assert shop.read(inventory.get, shop.parts[2].id).stock == whole(5)


@pytest.mark.parametrize("answer", ["enter", "escape"])
async def test_taking_more_off_a_shelf_than_lies_there_asks(shop: Shop, answer: str) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await type_text(pilot, "NGK-7")
        await settle(pilot)
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "-100")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmUnexpected))
        assert t("inventory.ask_below_zero", name=name("Spark plug"), present="10", amount="100") in words_on(app)
        await read_question(pilot)
        await press(pilot, answer)
        if answer == "escape":
            await until(pilot, lambda: isinstance(app.screen, InventoryScreen))
            assert shop.new_changes == []
            return
        await until(pilot, lambda: isinstance(app.screen, Ask) and t("inventory.ask_reason") in words_on(app))
        await type_text(pilot, "fire")
        await press(pilot, "enter")
        await until(pilot, lambda: shop.new_changes == [("adjust", "item")])
        await until(pilot, lambda: t("inventory.below_zero") in words_on(app))
        assert "sold" not in t("inventory.below_zero")
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "20")  # what is put on the shelf asks nothing, though it stays below zero
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Ask) and t("inventory.ask_reason") in words_on(app))


@pytest.mark.parametrize("key", ["f4", "f5"])
async def test_a_count_that_cannot_be_stands_where_it_was_typed(shop: Shop, key: str) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await type_text(pilot, "NGK-7")
        await settle(pilot)
        await press(pilot, key)
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_by_hand(pilot, "6221000000017")
        await press(pilot, "enter")
        await until(pilot, lambda: "999,999" in words_on(app.screen))
        assert app.screen.query_one(NumberField).value == "6221000000017"
        assert shop.new_changes == []


async def test_delete_asks_and_deletes(shop: Shop) -> None:
    async with open_app(shop, "ar", mode="inventory") as (app, pilot):
        await type_text(pilot, "NGK-7")
        await settle(pilot)
        await press(pilot, "f8")
        await until(pilot, lambda: "؟" in words_on(app))
        await press(pilot, "enter")
        await until(pilot, lambda: shop.new_changes == [("delete", "item")])
        await settle(pilot)
        assert shop.read(inventory.find_code, "NGK-7") is None
        assert toasts(app) == []


async def test_keys_without_a_row_are_grey(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await type_text(pilot, "zzzz")
        await settle(pilot)
        enabled = {one.binding.id: one.enabled for one in app.screen.active_bindings.values()}
        assert enabled["inventory.edit"] is False
        assert enabled["inventory.add"] is True


async def test_a_number_typed_on_the_arabic_layout_is_found_and_said(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await type_text(pilot, "ىلن-7")
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        await until(pilot, lambda: t("lookup.from_arabic", text=isolate("NGK-7")) in words_on(app))
        assert screen.table.row.part_number == "NGK-7"
        await press(pilot, "escape")
        await until(pilot, lambda: t("lookup.from_arabic", text=isolate("NGK-7")) not in words_on(app))
