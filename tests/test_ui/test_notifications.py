"""The centre for notifications: the bell rings for news alone, and what the system says is shown once."""

from __future__ import annotations

import pytest

from clutch_tui.core import journal
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.text.format import name
from clutch_tui.text.strings import t
from clutch_tui.ui.dialogs import ShowText
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.widgets.status_strip import StatusStrip
from clutch_tui.ui.widgets.window_table import WindowTable
from tests.test_ui.shop_app import Shop, open_app, press, settle, toasts, until, words_on

MESSAGE = {"message": "The server rests at ten", "message_ar": "السيرفر هيقف الساعة عشرة", "level": "warning"}


async def test_news_rings_once_and_is_read_without_a_sound(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_app(shop, "ar", mode="notifications") as (app, pilot):
        rung: list[int] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append(1))
        news = frozenset({"news", "notifications"})
        shop.store.run_now(journal.notify, "system_message", MESSAGE)
        shop.store.run_now(
            journal.notify, "stock_alert", {"item_name": "P", "current_stock": ONE, "min_stock": whole(2)}
        )
        app._brake.add(news)
        await until(pilot, lambda: rung)
        assert toasts(app) == [name(MESSAGE["message_ar"])]
        await until(pilot, lambda: "2" in app.screen.query_one(StatusStrip).text)
        app._brake.add(news)
        await settle(pilot)
        await press(pilot, "f2")
        await until(pilot, lambda: shop.read(journal.unread_count) == 1)
        await press(pilot, "f5")
        await until(pilot, lambda: shop.read(journal.unread_count) == 0)
        await settle(pilot)
        assert (rung, toasts(app)) == ([1], [name(MESSAGE["message_ar"])])


async def test_a_muted_bell_keeps_still_and_the_news_comes_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(shop, "en", mode="notifications") as (app, pilot):
        rung: list[int] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append(1))
        await press(pilot, "f8")
        await until(pilot, lambda: t("news.muted") in toasts(app))
        assert "bell = false" in shop.home.config_file.read_text("utf-8")
        shop.store.run_now(journal.notify, "system_message", MESSAGE)
        app._brake.add(frozenset({"news", "notifications"}))
        await until(pilot, lambda: name(MESSAGE["message"]) in toasts(app))
        await until(pilot, lambda: MESSAGE["message"] in words_on(app))
        assert rung == []


async def test_what_came_before_the_start_is_not_told_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.store.run_now(journal.notify, "system_message", MESSAGE)
    async with open_app(shop, "en") as (app, pilot):
        rung: list[int] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append(1))
        app._brake.add(frozenset({"news", "notifications"}))
        await settle(pilot)
        await until(pilot, lambda: "1" in app.screen.query_one(StatusStrip).text)
        assert (rung, toasts(app)) == ([], [])


ALERT = {"item_name": "P", "current_stock": ONE, "min_stock": whole(2)}


async def test_an_alert_opens_its_part_and_a_message_its_words(shop: Shop) -> None:
    shop.store.run_now(journal.notify, "system_message", MESSAGE)
    shop.store.run_now(journal.notify, "stock_alert", {**ALERT, "item_id": shop.parts[1].id})
    async with open_app(shop, "en", mode="notifications") as (app, pilot):
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, InventoryScreen))
        await settle(pilot)
        assert app.screen.table.row.id == shop.parts[1].id  # type: ignore[attr-defined]
        await press(pilot, "alt+7", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, ShowText) and MESSAGE["message"] in words_on(app))


async def test_the_notices_open_at_the_newest_and_stay_where_one_reads(shop: Shop) -> None:
    """They opened at the row that was marked before, and the orders that had come since stood above the window."""

    def come(*numbers: int) -> None:
        for n in numbers:
            shop.store.run_now(journal.notify, "new_order", {"order_number": f"M-{n}"})

    def here() -> str:
        return words_on(app)

    come(*range(30))
    async with open_app(shop, "en", mode="notifications") as (app, pilot):
        table = app.screen.query_one("#list", WindowTable)
        await until(pilot, lambda: "M-29" in here())
        await press(pilot, "end")
        await until(pilot, lambda: "M-0" in here())
        come(30)
        app._brake.add(frozenset({"notifications"}))
        await until(pilot, lambda: table.count == 31)
        assert "M-0" in here()
        await press(pilot, "alt+1")
        await until(pilot, lambda: app.current_mode == "sales")
        come(*range(31, 60))
        app._brake.add(frozenset({"notifications"}))
        await press(pilot, "alt+7")
        await until(pilot, lambda: table.count == 60)
        assert (table.cursor, table.scroll_offset.y) == (0, 0)
        assert "M-59" in here()
        await press(pilot, "end", "alt+1", "alt+7")  # nothing has come
        await until(pilot, lambda: "M-59" in here())
