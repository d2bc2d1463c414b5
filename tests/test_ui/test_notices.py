"""Toasts cover nothing that must be seen."""

from __future__ import annotations

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from clutch_tui.text.strings import Language, t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Dialog
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets.notice import Notice
from tests.test_ui.shop_app import Shop, open_app, press, settle, until


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
