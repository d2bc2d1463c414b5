"""The updates screen, and when a person is led to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll
from textual.strip import Strip

from clutch_tui import __version__
from clutch_tui.core import updates
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.monitor import Monitor
from clutch_tui.support import upgrade
from clutch_tui.text import strings
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.screens.updates import UpdatesScreen
from clutch_tui.ui.widgets.words import Words
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


class Silent:
    """A network whose server cannot be asked for a version."""

    def __init__(self, kind: Kind) -> None:
        self.monitor = Monitor()
        self.offline, self.user_name = False, ""
        self.kind = kind

    async def check_version(self) -> updates.VersionStanding:
        raise ApiError(self.kind, path="/system/version")


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize(
    ("kind", "said"), [(Kind.MISSING_ROUTE, "updates.not_offered"), (Kind.UNREACHABLE, "updates.no_answer")]
)
async def test_a_server_that_cannot_say_is_named_and_nobody_is_told_to_update(
    shop: Shop, language: strings.Language, kind: Kind, said: str
) -> None:
    async with open_app(shop, language, mode="updates") as (app, pilot):
        app.network = Silent(kind)  # type: ignore[assignment]
        app.screen.refresh_bindings()
        await press(pilot, "f5")
        await until(pilot, lambda: strings.t(said) in words_on(app.screen))
        assert strings.t("updates.verdict.unknown") not in words_on(app.screen)
        assert strings.t("updates.type") not in words_on(app.screen)
        assert upgrade.upgrade_command() not in words_on(app.screen)


async def test_the_changelog_is_drawn_as_far_as_there_is_room_and_scrolls_to_its_end(shop: Shop) -> None:
    async with open_app(shop, "en", mode="updates") as (app, pilot):

        def drawn() -> str:
            return "\n".join(Strip(strip).text for strip in app.screen._compositor.render_strips())

        pages = app.screen.query_one("#updates-news", VerticalScroll)
        await press(pilot, "f6")
        await settle(pilot)
        lines = [line for line in upgrade.changelog("en").splitlines() if line]
        assert strings.t("updates.own_title") in drawn()
        assert lines[0].lstrip("# ") in drawn()
        assert pages.virtual_size.height > len(lines) / 2
        await press(pilot, "end")
        await until(pilot, lambda: lines[-1].split()[-1] in drawn())
        await press(pilot, "f6")
        await until(pilot, lambda: pages.virtual_size.height <= pages.size.height)
        assert strings.t("updates.own_title") not in drawn()


async def test_words_that_read_what_moves_on_get_the_room_that_they_need(shop: Shop) -> None:
    """The function told before and the one told now are the same; what it gives is not."""
    async with open_app(shop, "en", mode="updates") as (app, pilot):
        moving = ["one"]
        words = Words()
        await app.screen.query_one("#updates-news").mount(words)

        def live() -> str:
            return "\n".join(moving)

        words.tell(live)
        await pilot.pause()
        for text in (["one", "two", "three"], ["one"], []):
            moving[:] = text
            words.tell(live)
            await pilot.pause()
            assert words.size.height == max(1, len(text))
