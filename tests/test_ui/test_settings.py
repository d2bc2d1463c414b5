"""Moving to another server or shop in the settings: asked first, once, and nothing of the old shop on the screens."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.config.settings import Settings
from clutch_tui.core import inventory, sales, state
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PartDraft
from clutch_tui.phrases import fields
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Confirm
from clutch_tui.ui.forms import EntryRow
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.screens.settings import ENTRIES, SettingsScreen
from clutch_tui.ui.screens.sign_in import ENTRIES as SIGN_IN
from tests.test_ui.shop_app import press, rows_shown, settle, toasts, until, words_on

URL = "http://127.0.0.1:9"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A terminal that knows two shops of one server, which cannot be reached: one unsent part in the first, two
    in the second."""
    before = strings.language()
    installation = Installation.find({"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file", "CLUTCH_LANG": "en"})
    for shop_id, names in {"two": ("Belt", "Bulb"), "one": ("Spark plug",)}.items():
        installation.save_settings({"backend.base_url": URL, "backend.shop_id": shop_id})
        with installation.open_store(inline=True) as store:
            for name in names:
                store.run_now(inventory.create, PartDraft(name=name, part_number=name, price=100), whole(5))
    yield installation
    strings.use(before)


@asynccontextmanager
async def app_of(installation: Installation) -> AsyncIterator[tuple[ClutchApp, Pilot[int]]]:
    app = ClutchApp(installation.services())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.network is not None)
        await settle(pilot)
        yield app, pilot


async def settings_row(app: ClutchApp, pilot: Pilot[int], name: str) -> EntryRow:
    await app.switch_mode("settings")
    await settle(pilot)
    assert isinstance(app.screen, SettingsScreen)
    return next(row for row in app.screen.rows if row.entry.name == name)


async def move(app: ClutchApp, pilot: Pilot[int], shop_id: str) -> None:
    row = await settings_row(app, pilot, "backend.shop_id")
    row.field.value = shop_id  # type: ignore[attr-defined]
    await press(pilot, "f2")
    await until(pilot, lambda: isinstance(app.screen, Confirm))
    await press(pilot, "enter")
    await until(pilot, lambda: app.settings.backend.shop_id == shop_id and app.network is not None)
    await until(pilot, lambda: isinstance(app.screen, SettingsScreen) and not app.screen.writing)


async def names_in_stock(app: ClutchApp, pilot: Pilot[int]) -> set[str]:
    await app.switch_mode("inventory")
    await settle(pilot)
    assert isinstance(app.screen, InventoryScreen)
    return {row.name for row in rows_shown(app.screen.table)}


async def test_after_a_move_the_screens_show_the_other_shop_alone(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with app_of(installation) as (app, pilot):
        await press(pilot, *"Spark", "enter")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen) and app.screen.cart.lines)
        assert await names_in_stock(app, pilot) == {"Spark plug"}

        await move(app, pilot, "two")
        assert await names_in_stock(app, pilot) == {"Belt", "Bulb"}
        await app.switch_mode("sales")
        await settle(pilot)
        assert isinstance(app.screen, SalesScreen)
        assert app.screen.cart is not None
        assert not app.screen.cart.lines
        assert app.store.read_now(sales.open_carts) == ()

        await move(app, pilot, "one")
        await app.switch_mode("sales")
        await settle(pilot)
        assert [line.name for line in app.screen.cart.lines] == ["Spark plug"]  # type: ignore[attr-defined]
        assert await names_in_stock(app, pilot) == {"Spark plug"}
    assert "after shutdown" not in caplog.text


async def test_unsent_changes_are_counted_before_they_stay_behind(installation: Installation) -> None:
    async with app_of(installation) as (app, pilot):
        row = await settings_row(app, pilot, "backend.shop_id")
        row.field.value = "two"  # type: ignore[attr-defined]
        await press(pilot, "f2", "f2")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert t("app.move.left", unsent=1, shop="one") in words_on(app)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await settle(pilot)
        assert app.settings.backend.shop_id == "one"
        assert Installation.find(installation.environ).settings.backend.shop_id == "one"
        assert app.store.read_now(outbox.summary).unsent == 1
        assert isinstance(app.screen, SettingsScreen)  # the second F2 asked nothing
        assert not app.screen.writing


async def test_three_presses_save_once(installation: Installation) -> None:
    services, saved = installation.services(), []

    def save(changes: Mapping[str, Any]) -> Settings:
        saved.append(changes)
        return installation.save_settings(changes)

    app = ClutchApp(replace(services, save_settings=save))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.network is not None)
        row = await settings_row(app, pilot, "shop.receipt_footer")
        row.field.value = "Thanks"  # type: ignore[attr-defined]
        await press(pilot, "f2", "f2", "f2")
        await settle(pilot)
        assert app.settings.shop.receipt_footer == "Thanks"
    assert saved == [{"shop.receipt_footer": "Thanks"}]


async def test_where_nothing_was_changed_the_key_says_so(installation: Installation) -> None:
    async with app_of(installation) as (app, pilot):
        await settings_row(app, pilot, "shop.receipt_footer")
        await press(pilot, "f2")
        await until(pilot, lambda: toasts(app) == [t("settings.unchanged")])


async def test_a_move_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    installation = Installation.find({"CLUTCH_HOME": str(tmp_path), "CLUTCH_SECRETS": "file", "CLUTCH_LANG": "en"})
    with installation.open_store(inline=True) as window:  # another window of the program
        window.run_now(inventory.create, PartDraft(name="Spark plug", price=100), whole(5))
        window.run_now(state.put_setting, "works_alone", True)
        app = ClutchApp(installation.services())
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.is_open)
            row = await settings_row(app, pilot, "backend.base_url")
            row.field.value = URL  # type: ignore[attr-defined]
            await press(pilot, "f2")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            assert t("app.move.along", unsent=1, url=URL) in words_on(app)
            await press(pilot, "enter")
            await until(pilot, lambda: toasts(app))
            assert toasts(app) == [t("error.store.in_use", path=str(window.path))]
            await until(pilot, lambda: app.is_open)
            assert app.store.path == window.path
            assert not app.settings.backend.is_set_up
            assert not Installation.find(installation.environ).settings.backend.is_set_up
            assert await names_in_stock(app, pilot) == {"Spark plug"}


async def test_tax_that_the_server_sets_cannot_be_typed_over(installation: Installation) -> None:
    with installation.open_store(inline=True) as store:
        store.run_now(state.learn_shop, None, {"tax_rate": 5.0, "prices_include_tax": False})
    async with app_of(installation) as (app, pilot):
        rate = await settings_row(app, pilot, "shop.tax_rate")
        await until(pilot, lambda: rate.field.disabled)
        assert rate.typed == "5"
        assert t("settings.tax_from_server") in words_on(app)
        coin = await settings_row(app, pilot, "shop.cash_rounding")
        coin.field.value = "0.50"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await settle(pilot)
        rules = await app.tax_rules()
        assert (rules.rate, rules.prices_include_tax, rules.cash_rounding) == (500, False, 50)

        await move(app, pilot, "two")
        await until(pilot, lambda: not rate.field.disabled)
        assert rate.typed == "14"
        assert t("settings.tax_from_server") not in words_on(app)


async def test_an_address_that_cannot_be_is_told_of_as_the_field_that_it_is(installation: Installation) -> None:
    async with app_of(installation) as (app, pilot):
        for name, typed in (
            ("backend.base_url", "shop.example"),
            ("backend.ws_url", "ws://10.0.0.7/ws"),
            ("backend.ws_url", "wss://h/ws/{shop}"),
        ):
            row = await settings_row(app, pilot, name)
            row.field.value = typed  # type: ignore[attr-defined]
            await press(pilot, "f2")
            await until(pilot, lambda row=row: row.problem.text)  # type: ignore[misc]
            assert typed in row.problem.text
            assert name not in row.problem.text
            assert "config.toml" not in row.problem.text
            await press(pilot, "escape")


async def test_the_field_of_the_language_follows_its_key(installation: Installation) -> None:
    environ = {name: value for name, value in installation.environ.items() if name != "CLUTCH_LANG"}
    async with app_of(Installation.find(environ)) as (app, pilot):
        row = await settings_row(app, pilot, "text.language")
        footer = await settings_row(app, pilot, "shop.receipt_footer")
        footer.field.value = "Thanks"  # type: ignore[attr-defined]
        assert row.typed == "ar"
        await press(pilot, "f12")
        await until(pilot, lambda: row.typed == "en")
        assert (row.changed, footer.typed, footer.changed) == (False, "Thanks", True)  # what is not saved stays
        await app.switch_mode("sales")
        await settle(pilot)
        await press(pilot, "f12")
        await until(pilot, lambda: app.settings.text.language == "ar")
        await settings_row(app, pilot, "text.language")
        await until(pilot, lambda: row.typed == "ar")


async def test_what_is_switched_elsewhere_is_switched_in_the_settings(installation: Installation) -> None:
    async with app_of(installation) as (app, pilot):
        debug = await settings_row(app, pilot, "log.debug")
        bell = await settings_row(app, pilot, "ui.bell")
        await app.save_settings({"log.debug": True, "ui.bell": False})
        await until(pilot, lambda: (debug.typed, bell.typed) == ("yes", "no"))
        assert (debug.changed, bell.changed) == (False, False)


@pytest.mark.parametrize("how", ["option", "variable"])
async def test_the_language_that_was_chosen_last_is_spoken(installation: Installation, how: str) -> None:
    """An option and a variable say in which language to begin."""
    environ = {**installation.environ, "CLUTCH_LANG": "" if how == "option" else "ar"}
    overrides = {"text.language": "ar"} if how == "option" else {}
    async with app_of(Installation.find(environ, overrides)) as (app, pilot):
        assert strings.language() == "ar"
        await press(pilot, "f12")
        await until(pilot, lambda: app.settings.text.language == "en")
        row = await settings_row(app, pilot, "shop.receipt_footer")
        row.field.value = "Thanks"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: app.settings.shop.receipt_footer == "Thanks")
        await settle(pilot)
        assert strings.language() == "en"
        language = await settings_row(app, pilot, "text.language")
        language.field.value = "ar"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: strings.language() == "ar")
    assert Installation.find({**environ, "CLUTCH_LANG": ""}).settings.text.language == "ar"


async def test_a_coin_that_does_not_exist_is_refused_in_its_field(installation: Installation) -> None:
    async with app_of(installation) as (app, pilot):
        row = await settings_row(app, pilot, "shop.cash_rounding")
        for typed in ("0.07", "0.10", "2"):
            row.field.value = typed  # type: ignore[attr-defined]
            await press(pilot, "f2")
            await settle(pilot)
            assert t("error.number.not_among", choices="0.00, 0.05, 0.25, 0.50, 1.00") in words_on(app)
            assert (await app.tax_rules()).cash_rounding == 25
        for typed, coin in (("0.05", 5), ("1", 100), ("", 0)):
            row.field.value = typed  # type: ignore[attr-defined]
            await press(pilot, "f2")
            await settle(pilot)
            assert (await app.tax_rules()).cash_rounding == coin
    assert Installation.find(installation.environ).settings.shop.cash_rounding == 0


async def test_a_coin_from_before_that_does_not_exist_is_told_of_and_not_used(installation: Installation) -> None:
    file = installation.home.config_file
    file.write_text(f"{file.read_text()}\n[shop]\ncash_rounding = 7\n")
    async with app_of(Installation.find(installation.environ)) as (app, pilot):
        await until(pilot, lambda: toasts(app) == [t("settings.no_such_coin", given="0.07", coin="0.05")])
        assert (await app.tax_rules()).cash_rounding == 5
        footer = await settings_row(app, pilot, "shop.receipt_footer")
        assert t("settings.no_such_coin", given="0.07", coin="0.05") in words_on(app)
        footer.field.value = "Thanks"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: app.settings.shop.receipt_footer == "Thanks")
        coin = await settings_row(app, pilot, "shop.cash_rounding")
        coin.field.value = "0.25"  # type: ignore[attr-defined]
        await press(pilot, "f2")
        await until(pilot, lambda: app.settings.shop.cash_rounding == 25)
        assert (await app.tax_rules()).cash_rounding == 25


async def test_the_terminals_letters_are_a_choice_that_counts_from_the_next_start(installation: Installation) -> None:
    async with app_of(installation) as (app, pilot):
        row = await settings_row(app, pilot, "text.letters")
        row.field.focus()
        await press(pilot, "space", "space", "f2")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("settings.next_start")]
    assert Installation.find(installation.environ).settings.text.letters == "latin"


@pytest.mark.parametrize("language", strings.LANGUAGES)
def test_every_label_of_a_form_has_room(language: strings.Language) -> None:
    """A label has one line of twenty cells; what is longer would lose its last word."""
    strings.use(language)
    labels = {entry.label for form in (*fields.OF_TYPE.values(), ENTRIES, SIGN_IN) for entry in form}
    assert {label: t(label) for label in labels if cell_len(t(label)) > 20} == {}
