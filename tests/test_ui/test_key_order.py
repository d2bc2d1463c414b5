"""Keys that come in one piece, as over SSH, do what they would do one by one, however late the rows come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic
from typing import Any

import pytest

from clutch_tui.core import cart, customers, inventory, lookup, past_sales, sales, state
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import CustomerDraft, PartDraft, PartQuery, Payment, SaleQuery
from clutch_tui.text.format import money
from clutch_tui.text.strings import t
from clutch_tui.ui import key_order
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Ask, Confirm
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.screens.past_sales import PastSalesScreen
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets import window_table
from clutch_tui.ui.widgets.text_field import TextField
from tests.test_ui.shop_app import Shop, open_app, open_form, press, read_question, settle, toasts, until, words_on

NAMES = ("Ahmed Fathy", "Bassem Adel", "Karim Nabil", "Mona Samir")


@contextmanager
def late_rows(app: ClutchApp) -> Iterator[Event]:
    """The store's reader has something else to do until the event is set, as on a slow disk."""
    assert app.store._reader is not None
    done = Event()
    app.store._reader.submit(done.wait, 600)
    try:
        yield done
    finally:
        done.set()


def sell(shop: Shop, code: str) -> str:
    """One sale of one piece; its receipt number."""
    rules = shop.read(state.tax_rules)
    part = shop.read(inventory.find_code, code)
    assert part is not None
    filled = cart.add_line(shop.store.run_now(sales.open_cart), part)
    paid = (Payment("cash", cart.due(filled, rules, (), "cash")),)
    more = {"tendered": paid[0].amount, "cashier": "", "device_id": "d", "rules": rules}
    return shop.store.run_now(sales.checkout, filled, paid, **more).receipt_number


def shown_on(app: ClutchApp) -> str:
    """The sentences on the screen in front, and what stands in its fields."""
    return words_on(app) + "".join(field.value for field in app.screen.query(TextField))


def customer_of(app: ClutchApp) -> str:
    till = app.screen_stack[0]
    assert isinstance(till, SalesScreen)
    return till.cart.customer_name if till.cart is not None else ""


@pytest.mark.parametrize("key", ["enter", "f3", "f4", "f5", "f8"])
async def test_a_key_behind_a_search_is_for_the_row_of_that_search(shop: Shop, key: str) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        with late_rows(app) as here:
            await press(pilot, *"spark", key)
            assert isinstance(app.screen, InventoryScreen)
            here.set()
            await until(pilot, lambda: not isinstance(app.screen, InventoryScreen) and "Spark" in shown_on(app))
        assert "brake" not in shown_on(app)


async def test_down_moves_in_the_rows_of_the_search(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        with late_rows(app) as here:
            await press(pilot, "f", "down", "f8")  # filter, front
            here.set()
            await until(pilot, lambda: isinstance(app.screen, Confirm))
        table = next(one for one in app.screen_stack if isinstance(one, InventoryScreen)).table
        assert table.cursor == 1
        assert table.row.name_en in words_on(app)


async def test_the_customer_of_the_sale_is_the_one_that_was_typed(shop: Shop) -> None:
    for name in NAMES:
        shop.store.run_now(customers.create, CustomerDraft(name=name))
    async with open_app(shop, "en") as (app, pilot):
        with late_rows(app) as here:
            await press(pilot, "f3", *"karim", "enter")
            here.set()
            await until(pilot, lambda: customer_of(app))
        assert customer_of(app) == "Karim Nabil"
        assert len(app.screen_stack) == 1


async def test_the_sale_that_was_looked_for_is_voided(shop: Shop) -> None:
    numbers = [sell(shop, "OF-100") for _ in range(3)]
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))
        await settle(pilot)
        with late_rows(app) as here:
            await press(pilot, *numbers[0], "f8", *"mistake", "enter")
            here.set()
            await until(pilot, lambda: not isinstance(app.screen, Ask))
            await settle(pilot)
        states = {row.receipt_number: row.status for row in shop.read(past_sales.page, SaleQuery(), None, 0, 9)}
        assert states == {numbers[0]: "voided", numbers[1]: "completed", numbers[2]: "completed"}


async def test_a_burst_sells_nothing_above_the_limit(shop: Shop) -> None:
    """`F2 F6 Enter` in one piece, and an Enter too many: the question is read before it is answered."""
    mona = shop.store.run_now(customers.create, CustomerDraft(name="Mona Samir"))
    shop.store.run_now(state.put_setting, "shop.settings", {"credit_limit": 100_00})
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f3", *"mona", "enter")
        await until(pilot, lambda: customer_of(app))
        await press(pilot, *"OF-100", "enter", "f2", "f6", "enter", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await settle(pilot)
        assert isinstance(app.screen, Confirm)
        assert toasts(app) == [t("dialog.not_answered")]
        assert money(25_00) in words_on(app)
        assert shop.read(past_sales.count, SaleQuery()) == 0
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await read_question(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        assert shop.read(customers.get, mona.id).balance == 125_00


async def test_a_burst_hands_over_no_odd_sum(shop: Shop) -> None:
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, *"OF-100", "enter", "f2", *"5000", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm) and bool(toasts(app)))
        assert shop.read(past_sales.count, SaleQuery()) == 0
        await read_question(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))


@pytest.mark.parametrize("dialog", [Ask, FormDialog])
async def test_what_is_typed_behind_an_answer_is_for_the_dialog_that_comes_of_what_is_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, dialog: Any
) -> None:
    """Such a dialog comes by itself, behind the key, and on a busy machine it is a while before it has the focus."""
    mount = dialog.on_mount

    async def mount_late(self: Any) -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        mount(self)

    async with open_app(shop, "en", mode="inventory") as (_, pilot):
        part = shop.read(inventory.find_code, "NGK-7")
        assert part is not None
        await press(pilot, *"NGK-7")
        await settle(pilot)
        monkeypatch.setattr(dialog, "on_mount", mount_late)
        await press(pilot, "f4", "5", "enter", "t", "enter", "f5", "3", "enter", "f3", *"شمعة", "f2")
        await until(pilot, lambda: shop.read(inventory.get, part.id).draft.name == "شمعة")
        moves = shop.read(inventory.history, part.id, None, 0, 2)
        assert [(move.kind, move.reason) for move in moves] == [("count", ""), ("adjust", "t")]


async def test_keys_that_nobody_can_place_are_given_up_aloud(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "PATIENCE", 0.0)
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        with late_rows(app) as here:
            await press(pilot, *"spark", "f8", "enter")
            await until(pilot, lambda: toasts(app))
            assert toasts(app) == [t("keys.given_up")]
            here.set()
            await settle(pilot)
        assert isinstance(app.screen, InventoryScreen)
        assert app.screen.search.value == "spark"
        assert shop.read(inventory.count, PartQuery()) == 3


async def test_a_machine_that_stood_still_gives_no_key_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour passes with every look at the clock, and nobody has waited for it."""
    looks: list[float] = []

    def hours_later() -> float:
        looks.append(monotonic() + 3600 * len(looks))
        return looks[-1]

    monkeypatch.setattr(key_order, "PATIENCE", 600.0)
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        with late_rows(app) as here:
            await press(pilot, *"spark")
            monkeypatch.setattr(key_order, "monotonic", hours_later)
            await press(pilot, "f8")
            await until(pilot, lambda: len(looks) > 5 or toasts(app))
            assert toasts(app) == []
            here.set()
            await until(pilot, lambda: isinstance(app.screen, Confirm))


async def test_a_row_that_news_took_away_is_not_confused_with_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_table, "NOTICED_AFTER", 3600.0)
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        gone = screen.table.row
        seen = shop.read(inventory.get, gone.id)
        shop.store.run_now(inventory.delete, gone.id, seen=seen)
        app._brake.add(frozenset({"inventory"}))  # as a sync does
        await until(pilot, lambda: screen.table.count == 2)
        await press(pilot, "f8")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("keys.row_has_gone")]
        assert shop.read(inventory.count, PartQuery()) == 2
        await press(pilot, "down", "up", "f8")  # looked at
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert screen.table.row.name_en in words_on(app)


async def test_the_mark_stays_on_its_hit_when_news_comes(shop: Shop) -> None:
    """Between Down and Enter another till sold something: the mark went back to the first hit, and Enter sold that."""
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        await press(pilot, "f")
        await until(pilot, lambda: till.hits.count == 2)
        await press(pilot, "down")
        meant = till.hits.row.id
        with late_rows(app) as done:
            app._brake.add(frozenset({"inventory"}))  # as a sync does
            await pilot.pause(0.3)
            done.set()
        await settle(pilot)
        assert till.hits.row.id == meant
        await press(pilot, "enter")
        await until(pilot, lambda: till.cart.lines)
        assert [line.part_id for line in till.cart.lines] == [meant]


async def test_the_mark_that_is_moved_while_news_is_read_stays_where_it_was_put(shop: Shop) -> None:
    """It went back to the row that was marked when the news came, and F8 asked to delete that."""
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        table = app.screen.table
        await until(pilot, lambda: table.count == 3)
        await press(pilot, "down")
        await settle(pilot)
        with late_rows(app) as done:
            app._brake.add(frozenset({"inventory"}))
            await until(pilot, lambda: any(one.group == "window" and not one.is_finished for one in app.workers))
            await press(pilot, "down")
            await until(pilot, lambda: table.cursor == 2)
            done.set()
        await settle(pilot)
        assert table.cursor == 2
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert table.row_at(2).name_en in words_on(app)


async def test_a_search_that_failed_is_made_again_with_news(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = lookup.find, []

    def broken(text: str, limit: int = 50) -> Any:
        calls.append(text)
        raise ShopError("error.store.unreadable", path="x")

    async with open_app(shop, "en") as (app, pilot):
        monkeypatch.setattr(lookup, "find", broken)
        await press(pilot, "f")
        await until(pilot, lambda: calls)
        await settle(pilot)
        monkeypatch.setattr(lookup, "find", real)
        app._brake.add(frozenset({"inventory"}))
        await until(pilot, lambda: app.screen.hits.count == 2)


async def test_a_hit_that_news_took_away_is_not_confused_with_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_table, "NOTICED_AFTER", 3600.0)
    async with open_app(shop, "en") as (app, pilot):
        till = app.screen
        await press(pilot, "f")
        await until(pilot, lambda: till.hits.count == 2)
        gone = shop.read(inventory.get, till.hits.row.id)
        shop.store.run_now(inventory.delete, gone.id, seen=gone)
        app._brake.add(frozenset({"inventory"}))
        await until(pilot, lambda: till.hits.count == 1)
        await press(pilot, "enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [t("keys.row_has_gone")]
        assert till.cart.lines == ()


async def test_a_marked_row_is_followed_far_away(shop: Shop) -> None:
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, InventoryScreen)
        await press(pilot, "end")
        await settle(pilot)
        await press(pilot, "ctrl+end")
        marked = screen.table.row.id
        for n in range(200):
            shop.store.run_now(inventory.create, PartDraft(name=f"ا {n}", part_number=f"A{n}", price=100), whole(1))
        app._brake.add(frozenset({"inventory"}))
        await until(pilot, lambda: screen.table.count == 203)
        assert screen.table.row.id == marked


async def test_what_one_does_oneself_goes_on_with_the_next_row(shop: Shop) -> None:
    """Two deletions in one piece: the second is for the row that the first left marked."""
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        await press(pilot, "f8", "enter", "f8", "enter")
        await until(pilot, lambda: shop.read(inventory.count, PartQuery()) == 1)
        assert toasts(app) == []


async def test_a_deed_that_is_waited_for_is_not_ended(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting looks up again and again; what it waits for goes on."""
    monkeypatch.setattr(key_order, "SHOWN_AFTER", 0.001)
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, *"NGK-7")
        await settle(pilot)
        with late_rows(app) as here:
            await press(pilot, "enter", *"spark", "enter")
            for _ in range(20):
                await pilot.pause(0.002)
            here.set()
            await settle(pilot)
        till = app.screen
        assert isinstance(till, SalesScreen)
        assert [(line.part_number, line.quantity) for line in till.cart.lines] == [("NGK-7", whole(2))]


async def test_the_end_of_the_program_is_no_mistake_where_keys_may_still_be_a_scan(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of their run rang while the program ended, and it ended with words about a mistake of its own."""
    clocks: list[Callable[[], Awaitable[None]]] = []
    async with open_app(shop, "en", mode="inventory") as (app, pilot):
        form = await open_form(app, pilot, "f2")
        next(row.field for row in form.rows if row.entry.kind == "choice").focus()
        monkeypatch.setattr(app, "set_timer", lambda _seconds, ring: clocks.append(ring))
        await press(pilot, *"62210")
    assert app._held
    await clocks[-1]()
