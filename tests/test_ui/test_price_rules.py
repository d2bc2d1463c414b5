"""Price levels on the screen: the list and its form, and what the till makes of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import customers, inventory, price_rules
from clutch_tui.core.price_rules import PriceRuleQuery
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import CustomerDraft, Discount, PriceRuleDraft
from clutch_tui.text import format as shown
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.guards import ConcernsDialog
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.price_rules import PriceRulesScreen
from clutch_tui.ui.screens.sales import SalesScreen
from tests.test_ui.shop_app import Shop, open_app, press, read_question, toasts, until, words_on

LANGUAGES: tuple[strings.Language, ...] = ("ar", "en")


def said(shop: Shop) -> list[tuple[object, ...]]:
    rows = shop.read(price_rules.page, PriceRuleQuery(), None, 0, 99)
    return [(row.level, row.scope, row.item_id, row.target, row.percent, row.price, row.from_quantity) for row in rows]


def make(shop: Shop, level: str = "workshop", **fields: object) -> str:
    draft = PriceRuleDraft(**{"level": level, "scope": "all", **fields})  # type: ignore[arg-type]
    return str(shop.store.run_now(price_rules.create, draft).id)


def prices(till: SalesScreen) -> list[tuple[int, str]]:
    return [] if till.cart is None else [(line.price, line.level) for line in till.cart.lines]


async def to_rules(app: object, pilot: object) -> PriceRulesScreen:
    await app.action_mode("price_rules")  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(app.screen, PriceRulesScreen))  # type: ignore[arg-type, attr-defined]
    return app.screen  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_rule_is_made_edited_and_deleted(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        screen = await to_rules(app, pilot)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        assert isinstance(form, FormDialog)
        values = {row.entry.name: row for row in form.rows}
        values["level"].field.value = "workshop"  # type: ignore[attr-defined]
        values["scope"].field.value = "part"  # type: ignore[attr-defined]
        values["target"].field.value = "NGK-7"  # type: ignore[attr-defined]
        values["percent"].field.value = "12.5"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        part = shop.parts[2]
        await until(pilot, lambda: said(shop) == [("workshop", "part", part.id, "", 1250, 0, 0)])
        await until(pilot, lambda: screen.table.row is not None and app.screen is screen)
        await until(pilot, lambda: "12.5" in words_on(screen) and t("customer.type.workshop") in words_on(screen))
        assert shown.of_language("بوجيه", "Spark plug") in words_on(screen)
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        assert isinstance(form, FormDialog)
        assert [row.entry.name for row in form.rows] == ["percent", "price", "from_quantity", "rounding"]
        assert form.rows[0].typed == "12.50"
        form.rows[1].field.value = "80"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: t("error.price_rule.both") in words_on(form))
        form.rows[0].field.value = ""  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: said(shop) == [("workshop", "part", part.id, "", 0, 80_00, 0)])
        await until(pilot, lambda: app.screen is screen)
        await press(pilot, "f8")
        await until(pilot, lambda: app.screen is not screen)
        await press(pilot, "enter")
        await until(pilot, lambda: said(shop) == [])


async def test_a_number_that_means_no_part_is_said_in_the_form(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await to_rules(app, pilot)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        assert isinstance(form, FormDialog)
        values = {row.entry.name: row for row in form.rows}
        values["scope"].field.value = "part"  # type: ignore[attr-defined]
        values["target"].field.value = "XYZ-1"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: t("error.part.unknown_number", number="XYZ-1") in words_on(form))
        assert said(shop) == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_cart_is_at_the_prices_of_its_customer_and_says_so(shop: Shop, language: strings.Language) -> None:
    make(shop, percent=1000)
    workshop = shop.store.run_now(customers.create, CustomerDraft(name="ورشة الأمل", customer_type="workshop"))
    async with open_app(shop, language) as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"OF-100", "enter")
        await until(pilot, lambda: prices(till) == [(125_00, "")])
        await till.sell_to(shop.read(customers.get, workshop.id))
        assert prices(till) == [(112_50, "workshop")]
        await until(pilot, lambda: any("112.50" in toast for toast in toasts(app)))
        await until(pilot, lambda: f"({t('customer.type.workshop')})" in words_on(app))
        await press(pilot, *"NGK-7", "enter")
        await until(pilot, lambda: prices(till) == [(112_50, "workshop"), (85_95, "workshop")])
        await till.sell_to(None)
        assert prices(till) == [(125_00, ""), (95_50, "")]
        two = strings.tn("sales.repriced", 2, level=t("customer.type.retail"))
        await until(pilot, lambda: any(two in toast for toast in toasts(app)))


async def test_a_quantity_that_is_reached_costs_less_and_a_price_that_was_typed_stays(shop: Shop) -> None:
    make(shop, "retail", percent=2000, from_quantity=whole(10))
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"OF-100", "enter")
        await until(pilot, lambda: prices(till) == [(125_00, "")])
        await press(pilot, *"*10", "enter")
        await until(pilot, lambda: prices(till) == [(100_00, "retail")])
        await until(pilot, lambda: any("100.00" in toast and "Retail" in toast for toast in toasts(app)))
        await press(pilot, "minus")
        await until(pilot, lambda: prices(till) == [(125_00, "")])
        await press(pilot, "ctrl+z")
        await until(pilot, lambda: prices(till) == [(100_00, "retail")])
        await press(pilot, "f4")
        await until(pilot, lambda: app.screen is not till)
        await press(pilot, *"90", "enter")
        await until(pilot, lambda: app.screen is till and prices(till) == [(90_00, "")])
        await press(pilot, *"*20", "enter")
        await until(pilot, lambda: till.cart is not None and till.cart.lines[0].quantity == whole(20))
        assert prices(till) == [(90_00, "")]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_price_that_changed_meanwhile_is_told_and_taken_with_one_key(
    shop: Shop, language: strings.Language
) -> None:
    part = shop.parts[0]
    async with open_app(shop, language) as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"OF-100", "enter")
        await until(pilot, lambda: prices(till) == [(125_00, "")])
        await press(pilot, "ctrl+s")
        assert not till.lines.news.display
        shop.store.run_now(inventory.edit, part.id, replace(part.draft, price=130_00), seen=part)
        app._announce(frozenset({"inventory"}))
        await until(pilot, lambda: till.lines.news.display and "130.00" in till.lines.news.text)
        assert prices(till) == [(125_00, "")]
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: prices(till) == [(130_00, "")])
        assert not till.lines.news.display
        await press(pilot, "ctrl+s")
        assert prices(till) == [(130_00, "")]


async def test_a_key_takes_the_price_that_stood_there_and_not_one_that_has_just_come(shop: Shop) -> None:
    part = shop.parts[0]
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"OF-100", "enter")
        await until(pilot, lambda: prices(till) == [(125_00, "")])
        shop.store.run_now(inventory.edit, part.id, replace(part.draft, price=130_00), seen=part)
        await till.look_at_prices()
        till.show_news()
        till.action_take_price()  # before it was drawn
        assert prices(till) == [(125_00, "")]
        await until(pilot, lambda: till._price_news is not None)
        till.action_take_price()
        assert prices(till) == [(130_00, "")]


async def test_what_others_took_from_the_shelf_is_told_in_the_cart(shop: Shop) -> None:
    part = shop.parts[0]
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        assert isinstance(till, SalesScreen)
        await press(pilot, *"5*OF-100", "enter")
        await until(pilot, lambda: till.cart is not None and len(till.cart.lines) == 1)
        shop.store.run_now(inventory.adjust, part.id, whole(-6), "x")
        app._announce(frozenset({"inventory"}))
        await until(pilot, lambda: till.lines.news.display and "4" in till.lines.news.text)
        await press(pilot, *"*4", "enter")
        await until(pilot, lambda: not till.lines.news.display)


async def _selling(shop: Shop, pilot: object, app: object, code: str = "OF-100") -> SalesScreen:
    till = app.screen  # type: ignore[attr-defined]
    assert isinstance(till, SalesScreen)
    await press(pilot, *code, "enter")  # type: ignore[arg-type]
    await until(pilot, lambda: till.cart is not None and len(till.cart.lines) == 1)  # type: ignore[arg-type]
    return till


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_goes_below_its_cost_is_asked_about_with_the_figure(shop: Shop, language: strings.Language) -> None:
    part = shop.parts[0]
    shop.store.run_now(inventory.edit, part.id, replace(part.draft, cost=130_00), seen=part)
    async with open_app(shop, language) as (app, pilot):
        till = await _selling(shop, pilot, app)
        await press(pilot, "f2", "enter")  # the Enter of who has not seen it yet
        await until(pilot, lambda: isinstance(app.screen, ConcernsDialog))
        assert all(figure in words_on(app.screen) for figure in ("125.00", "130.00", "5.00"))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till)
        assert shop.new_changes == [("update", "item")]
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ConcernsDialog))
        await read_question(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "enter")
        await until(pilot, lambda: ("sale", "sale") in shop.new_changes)


async def test_more_off_than_the_shop_allows_is_asked_about(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await app.save_settings({"shop.max_discount": Decimal("10")})
        till = await _selling(shop, pilot, app)
        assert till.cart is not None
        till._change(carts.set_discount(till.cart, 0, Discount(percent=1000)))
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till)
        till._change(carts.set_discount(till.cart, 0, Discount(percent=1050)))
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ConcernsDialog))
        assert "10.5" in words_on(app.screen)
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is till)
        await press(pilot, "f11")  # a quotation binds the shop as well
        await until(pilot, lambda: isinstance(app.screen, ConcernsDialog))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_left_is_shown_where_the_shop_wants_it(shop: Shop, language: strings.Language) -> None:
    part = shop.parts[0]
    shop.store.run_now(inventory.edit, part.id, replace(part.draft, cost=100_00), seen=part)
    async with open_app(shop, language) as (app, pilot):
        till = await _selling(shop, pilot, app)
        assert t("sales.margin") not in words_on(app)
        await app.save_settings({"shop.show_margin": True})
        app.changed.publish(frozenset({"shop"}))
        left = t("sales.margin_sum", amount=shown.amount(25_00), percent=shown.rate(2000))
        await until(pilot, lambda: left in words_on(app) and t("sales.margin") in words_on(app))
        assert till.lines.table.row.margin == 25_00
