"""The drawer by keyboard: float, paying in and out, the X report, counting, the Z report."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from clutch_tui.core import cash, customers
from clutch_tui.core.database import db
from clutch_tui.core.types import CustomerDraft
from clutch_tui.text import strings
from clutch_tui.text.format import money
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Choose, Confirm
from clutch_tui.ui.screens.account import PaymentDialog
from clutch_tui.ui.screens.counting import CountDialog, NotesDialog
from clutch_tui.ui.screens.day_report import DayDialog
from clutch_tui.ui.screens.drawer import ClosingsScreen, DrawerScreen, ReportDialog
from clutch_tui.ui.widgets.number_field import MoneyField
from tests.test_ui.shop_app import Shop, open_app, press, read_question, toasts, type_text, until, words_on


def printed(folder: Path) -> list[str]:
    """What was saved of Z reports, the first one first."""
    return [path.read_text("utf-8") for path in sorted(folder.glob("Z-*.txt"), key=lambda path: path.stem)]


async def count_drawer(app: ClutchApp, pilot: Pilot[int], amount: str) -> None:
    """From the till as far as the question whether to close with this amount."""
    await press(pilot, "ctrl+d")
    await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
    await press(pilot, "f8")
    await until(pilot, lambda: isinstance(app.screen, Ask))
    await type_text(pilot, amount)
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(app.screen, Confirm))


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_day_at_the_drawer(shop: Shop, language: strings.Language) -> None:
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, "ctrl+d")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        screen = app.screen
        assert isinstance(screen, DrawerScreen)
        for key, amount, reason in (("f3", "200", ""), ("f4", "50", "فكة"), ("f5", "30.50", "شاي")):
            before = screen.table.count
            await press(pilot, key)
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await type_text(pilot, amount)
            await press(pilot, "enter")
            if key == "f5":
                await until(pilot, lambda: isinstance(app.screen, Choose))
                await press(pilot, "4")
            if reason:
                await until(pilot, lambda: t("drawer.ask_reason") in words_on(app.screen))
            if key == "f4":
                await press(pilot, "enter")  # without a word nothing happens
                assert isinstance(app.screen, Ask)
            if reason:
                await type_text(pilot, reason)
                await press(pilot, "enter")
            await until(pilot, lambda before=before: app.screen is screen and screen.table.count == before + 1)
        books = shop.store.read_now(cash.report)
        assert (books.expected, books.expenses) == (219_50, {"food": (1, 30_50)})
        assert "219.50" not in words_on(screen), "who counts does not know yet what should be there"

        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ReportDialog) and t("drawer.x") in words_on(app.screen))
        await press(pilot, "escape")

        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "219")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm) and t("drawer.short") in words_on(app.screen))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReportDialog))
        await press(pilot, "f2")
        await until(pilot, lambda: any("Z-0001" in words for words in toasts(app)))
        (original,) = printed(app.services.receipts)
        assert t("drawer.short") in original
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is screen and screen.table.count == 0)

        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, ClosingsScreen) and app.screen.table.count == 1)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReportDialog))
        await press(pilot, "f2")  # written once: what is saved again is a copy, and says so
        await until(pilot, lambda: any("copy1" in words for words in toasts(app)))
        first, second = printed(app.services.receipts)
        assert first == original
        assert t("drawer.copy") in second
        assert t("drawer.copy") not in first
        await press(pilot, "escape", "escape", "escape")
        await until(pilot, lambda: app.screen.id != "drawer" and not isinstance(app.screen, DrawerScreen))


async def test_a_drawer_that_moved_while_it_was_asked_about_is_not_closed(shop: Shop) -> None:
    """Another window closed it between the question and its yes: a second Z report was far above its books."""
    who = {"drawer_id": "d", "actor": ""}
    shop.store.run_now(cash.do, "open", 200_00, **who)
    async with open_app(shop, "en") as (app, pilot):
        await count_drawer(app, pilot, "200")
        shop.store.run_now(cash.close, 200_00, **who)
        await press(pilot, "enter")
        await until(pilot, lambda: toasts(app) == [t("error.cash.moved")])
        assert isinstance(app.screen, DrawerScreen)
        assert shop.store.read_now(cash.closings_count) == 1


async def test_a_question_speaks_the_language_that_is_chosen_while_it_is_asked(shop: Shop) -> None:
    """Sums and words in it stayed in the language in which it was asked."""
    shop.store.run_now(cash.do, "open", 200_00, drawer_id="d", actor="")
    async with open_app(shop, "en") as (app, pilot):
        await count_drawer(app, pilot, "150")
        for language in ("ar", "en"):
            await press(pilot, "f12")
            await until(pilot, lambda language=language: strings.language() == language)
            sums = {"expected": money(200_00), "counted": money(150_00), "difference": money(50_00)}
            assert app.screen.heading.text == t("drawer.ask_close", word=t("drawer.short"), **sums)


async def test_the_drawer_is_in_the_menu_from_every_screen(shop: Shop) -> None:
    async with open_app(shop, "en", mode="orders") as (app, pilot):
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "end", "enter")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        await press(pilot, "escape")
        await until(pilot, lambda: app.current_mode == "sales" and not isinstance(app.screen, DrawerScreen))


async def test_taking_out_more_than_there_is_asks_and_is_said(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "ctrl+d")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        screen = app.screen
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await type_text(pilot, "80")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm) and "80.00" in words_on(app.screen))
        await read_question(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "0")
        await until(pilot, lambda: t("drawer.ask_reason") in words_on(app.screen))
        await type_text(pilot, "tea")
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is screen and "below zero" in words_on(screen))


@pytest.mark.parametrize(("key", "typed"), [("f5", "80"), ("f8", "12.5")])
async def test_a_no_leads_back_to_the_amount_as_it_was_typed(shop: Shop, key: str, typed: str) -> None:
    """Esc closed everything: the amount was lost, and the next figures went elsewhere."""
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "ctrl+d")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        await press(pilot, key)
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, *typed, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "escape", "0")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert app.screen.query_one(MoneyField).value == f"{typed}0"
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        assert shop.store.read_now(cash.report).expected == 0


async def test_a_payment_beyond_the_debt_is_corrected_where_it_was_typed(shop: Shop) -> None:
    mona = shop.store.run_now(customers.create, CustomerDraft(name="Mona"))
    shop.store.run_now(db.execute, "UPDATE customer SET balance = 10000 WHERE id = ?", (mona.id,))
    async with open_app(shop, "en", mode="customers") as (app, pilot):
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, *"1000", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm) and "900.00" in words_on(app))
        await press(pilot, "escape", "backspace", "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "enter")
        await until(pilot, lambda: t("customer.ask_note") in words_on(app))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PaymentDialog))
        assert shop.read(customers.get, mona.id).balance == 0


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_drawer_is_counted_by_notes_and_coins(shop: Shop, language: strings.Language) -> None:
    """What the books expect is said behind the count, and the notes stand on the Z report."""
    shop.store.run_now(cash.do, "open", 500_00, drawer_id="d", actor="")
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, "ctrl+d")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, CountDialog))
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, NotesDialog))
        assert app.screen.query_one(".dialog--box").region.bottom <= 24
        await press(pilot, "2", "enter", "enter", "1", "enter", "2", "enter")
        await until(pilot, lambda: money(490_00) in words_on(app.screen))
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, CountDialog))
        assert "500.00" not in words_on(app.screen)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm) and t("drawer.short") in words_on(app.screen))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReportDialog))
        (closed,) = shop.store.read_now(cash.closings, None, 0, 9)
        assert closed.coins == {200_00: 2, 50_00: 1, 20_00: 2}
        assert (closed.counted, closed.difference) == (490_00, -10_00)
        assert "400.00" in words_on(app.screen)


async def test_a_sum_that_is_typed_anew_is_none_of_the_notes(shop: Shop) -> None:
    shop.store.run_now(cash.do, "open", 500_00, drawer_id="d", actor="")
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "ctrl+d")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        await press(pilot, "f8", "f2")
        await until(pilot, lambda: isinstance(app.screen, NotesDialog))
        await press(pilot, "2", "f2")
        await until(pilot, lambda: isinstance(app.screen, CountDialog))
        await press(pilot, *["backspace"] * 6)
        await type_text(pilot, "500")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReportDialog))
        (closed,) = shop.store.read_now(cash.closings, None, 0, 9)
        assert (closed.counted, closed.coins) == (500_00, {})


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_day_of_the_shop_is_read_and_turned(shop: Shop, language: strings.Language) -> None:
    shop.store.run_now(cash.do, "pay_out", 35_00, drawer_id="d", actor="", category="transport")
    async with open_app(shop, language) as (app, pilot):
        await press(pilot, "ctrl+d")
        await until(pilot, lambda: isinstance(app.screen, DrawerScreen))
        await press(pilot, "f10")
        await until(pilot, lambda: isinstance(app.screen, DayDialog) and t("expense.transport") in words_on(app.screen))
        await press(pilot, "f5")
        await until(pilot, lambda: t("expense.transport") not in words_on(app.screen))
        await press(pilot, "f6", "f6")
        await until(pilot, lambda: t("expense.transport") in words_on(app.screen))
        await press(pilot, "f2")
        await until(pilot, lambda: any("DAY-" in words for words in toasts(app)))
