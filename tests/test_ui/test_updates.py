"""The updates screen, and when a person is led to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clutch_tui import __version__
from clutch_tui.core import updates
from clutch_tui.text import strings
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.screens.updates import UpdatesScreen
from tests.test_ui.shop_app import Shop, open_app, press, settle, until, words_on

REFUSED = {"latest_client": "9.0.0", "minimum_client": "9.0.0", "changelog": [{"version": "9.0.0", "changes": ["New"]}]}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_news_and_the_command_are_shown(shop: Shop, language: strings.Language) -> None:
    shop.store.run_now(updates.keep, {**REFUSED, "minimum_client": ""}, __version__)
    async with open_app(shop, language) as (app, pilot):
        assert isinstance(app.screen, SalesScreen)
        await app.switch_mode("updates")
        await settle(pilot)
        text = words_on(app.screen)
        assert "9.0.0" in text
        assert "New" in text
        assert "clutch-tui" in text
        await press(pilot, "f6")
        assert strings.t("updates.own_title") in words_on(app.screen)


async def test_a_refused_version_leads_there_but_never_away_from_a_sale(shop: Shop) -> None:
    async with open_app(shop) as (app, pilot):
        await press(pilot, *"NGK-7", "enter")
        await settle(pilot)
        till = app.screen
        assert isinstance(till, SalesScreen)
        await until(pilot, lambda: till.is_selling)
        await app.write("updates", updates.keep, REFUSED, __version__)
        await settle(pilot)
        assert app.screen is till
        await press(pilot, "f8")
        await until(pilot, lambda: not till.is_selling)
        await app.write("sales", lambda: None)
        await until(pilot, lambda: isinstance(app.screen, UpdatesScreen))
        await app.switch_mode("sales")
        await settle(pilot)
        assert app.screen is till
