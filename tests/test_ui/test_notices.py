"""Toasts cover nothing that must be seen."""

from __future__ import annotations

from typing import Any

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen

from clutch_tui.text.strings import Language, t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Dialog, ShowText
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets.big_figure import BigFigure
from clutch_tui.ui.widgets.notice import Notice
from tests.test_ui.shop_app import Shop, open_app, press, settle, toasts, until


async def covered_lines(app: ClutchApp, pilot: Pilot[int], many: int) -> set[int]:
    """The lines of the screen on which a part of some toast is seen."""
    for n in range(many):
        app.notify(f"{t('error.store.busy')} {n}", severity="warning")
    await until(pilot, lambda: len(app.screen.query(Notice)) == many)
    await settle(pilot)
    cells = [(x, y) for y in range(24) for x in range(0, 80, 4)]
    return {y for x, y in cells if isinstance(app.screen.get_widget_at(x, y)[0], Notice)}


def lines_of(region: Region) -> set[int]:
    return set(range(region.y, region.bottom))


@pytest.mark.parametrize(("language", "many"), [("ar", 1), ("en", 9)])
async def test_at_the_till_the_strip_the_sums_and_the_keys_are_seen(shop: Shop, language: Language, many: int) -> None:
    async with open_app(shop, language, notifications=True) as (app, pilot):
        covered = await covered_lines(app, pilot, many)
        till = app.screen
        assert isinstance(till, SalesScreen)
        assert covered
        for kept in (till.strip, till.key_bar, *till.lines.query("#cart-total, #cart-sums, #cart-customer")):
            assert not covered & lines_of(kept.region), kept


@pytest.mark.parametrize(("language", "many"), [("ar", 1), ("en", 9)])
@pytest.mark.parametrize(
    ("keys", "kind"), [(("f2",), PayDialog), (("f10",), Dialog), (("f3", "f2"), FormDialog), (("f1",), Dialog)]
)
async def test_over_a_dialog_its_keys_and_the_strip_are_seen(
    shop: Shop, language: Language, many: int, keys: tuple[str, ...], kind: type[Dialog[object]]
) -> None:
    async with open_app(shop, language, notifications=True) as (app, pilot):
        await press(pilot, *"OF-100", "enter", *keys)
        await until(pilot, lambda: isinstance(app.screen, kind))
        covered = await covered_lines(app, pilot, many)
        dialog = app.screen
        assert isinstance(dialog, Dialog)
        assert covered
        assert 0 not in covered
        assert not covered & lines_of(dialog.hint.region)
        if isinstance(dialog, PayDialog):
            assert not covered & lines_of(dialog.due_line.region)


async def fresh_receipt(app: ClutchApp, pilot: Pilot[int]) -> ReceiptDialog:
    await press(pilot, *"OF-100", "enter")
    await press(pilot, *"NGK-7", "enter", "f2", *"300", "enter")
    await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
    await settle(pilot)
    assert isinstance(app.screen, ReceiptDialog)
    return app.screen


@pytest.mark.parametrize(("language", "many"), [("ar", 1), ("en", 9)])
@pytest.mark.parametrize("kind", ["receipt", "help"])
async def test_no_line_of_a_text_to_read_is_covered(shop: Shop, language: Language, many: int, kind: str) -> None:
    async with open_app(shop, language, notifications=True) as (app, pilot):
        if kind == "receipt":
            await fresh_receipt(app, pilot)
        else:
            await press(pilot, "f1")
            await until(pilot, lambda: isinstance(app.screen, ShowText))
        box = app.screen.query_one(".dialog--box")
        before = box.region
        covered = await covered_lines(app, pilot, many)
        assert covered
        assert 0 not in covered
        assert not covered & lines_of(box.region)
        assert box.region.bottom <= 24
        for kept in (*app.screen.query(BigFigure), *app.screen.query(".dialog--hint")):
            assert lines_of(kept.region) <= lines_of(box.region)
        app.clear_notifications()
        await until(pilot, lambda: not app.screen.query(Notice))
        await until(pilot, lambda: box.region == before)


async def test_the_same_words_are_one_toast_with_how_often(shop: Shop) -> None:
    async with open_app(shop, "en", notifications=True) as (app, pilot):
        for words in ("[a] busy", "other", "[a] busy", "[a] busy"):
            app.notify(words, severity="warning", timeout=3600)
        app.notify("[a] busy", severity="error", timeout=3600)
        await until(pilot, lambda: len(app.screen.query(Notice)) == 3)
        shown = [bare(one.render().plain) for one in app.screen.query(Notice)]
        assert sorted(shown) == sorted(["other", "[a] busy (×3)", "[a] busy"])
        assert toasts(app) == ["other", "[a] busy", "[a] busy"]


def bare(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


async def test_a_toast_is_seen_once_however_many_screens_lie_upon_each_other(shop: Shop) -> None:
    async with open_app(shop, "en", notifications=True) as (app, pilot):

        def seen() -> list[Screen[Any]]:
            return [one for one in app.screen_stack if any(rack.display for rack in one.query("ToastRack"))]

        await press(pilot, *"OF-100", "enter")
        app.notify("once", timeout=3600)
        await until(pilot, lambda: app.screen.query(Notice))
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog) and app.screen.query(Notice))
        await settle(pilot)
        assert seen() == [app.screen]
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        await until(pilot, lambda: seen() == [app.screen])
