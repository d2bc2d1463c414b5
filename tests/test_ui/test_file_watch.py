"""The shop's file is taken away under an open till: the till says so by itself."""

from __future__ import annotations

import pytest

from clutch_tui.ui import file_watch
from clutch_tui.ui.dialogs import ShowText
from tests.test_ui.shop_app import Shop, open_app, press, until, words_on


async def test_a_till_that_nobody_touches_says_that_its_file_is_gone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "EVERY", 0.02)
    async with open_app(shop, "en") as (app, pilot):
        for path in shop.path.parent.glob(f"{shop.path.name}*"):
            path.unlink()
        await until(pilot, lambda: isinstance(app.screen, ShowText))
        (rescued,) = shop.path.parent.glob("*.rescued-*.db")
        assert rescued.name in words_on(app.screen).replace("\n", "")
        await press(pilot, "enter")
        await until(pilot, lambda: not isinstance(app.screen, ShowText))
        await pilot.pause(0.1)
        assert not isinstance(app.screen, ShowText), "once is enough"
