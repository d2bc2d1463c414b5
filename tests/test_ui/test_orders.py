"""Orders and conflicts by keyboard: what a person answers goes into the queue, and an order becomes a sale."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from rich.cells import cell_len

from clutch_tui.core import cart, inventory, journal, line_ties, orders, past_sales, sales, state
from clutch_tui.core.clock import to_text
from clutch_tui.core.database import db
from clutch_tui.core.order_types import OrderQuery
from clutch_tui.core.outbox import abilities
from clutch_tui.core.outbox.messages import Result
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.sync import replica, replica_rows
from clutch_tui.core.types import Payment, SaleQuery
from clutch_tui.text import shop_time, strings
from clutch_tui.text.format import isolate, money, name, part_number
from clutch_tui.text.strings import t, tn
from clutch_tui.ui.dialogs import Ask, Confirm, ConfirmUnexpected, ShowText
from clutch_tui.ui.forms import LINE_LABEL, FormDialog
from clutch_tui.ui.screens.insights import InsightsScreen
from clutch_tui.ui.screens.notifications import NotificationsScreen
from clutch_tui.ui.screens.order_page import OrderDialog
from clutch_tui.ui.screens.order_quote import LineDialog, OrderQuoteDialog
from clutch_tui.ui.screens.orders import COLUMNS, OrdersScreen
from clutch_tui.ui.screens.past_sales import PastSalesScreen
from clutch_tui.ui.screens.pay import PayDialog
from clutch_tui.ui.screens.pick_part import PickPart
from clutch_tui.ui.screens.queue import QueueScreen
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.screens.sales import SalesScreen
from clutch_tui.ui.widgets.text_field import TextField
from tests.test_ui.shop_app import (
    Shop,
    has_keys,
    open_app,
    press,
    read_question,
    rows_shown,
    settle,
    toasts,
    type_text,
    until,
    words_on,
)


def order_row(shop: Shop, n: int) -> dict[str, Any]:
    return {
        "id": f"order-{n}",
        "order_number": f"MK-{n}",
        "customer_id": None,
        "customer_name": "كريم",
        "phone": "01001234567",
        "items": [
            {"item_id": shop.parts[0].id, "item_name": "فلتر زيت", "quantity": whole(2), "price": 12_500},
            {"item_id": None, "item_name": "مساحات", "quantity": ONE, "price": None},
        ],
        "total": 0,
        "status": "pending",
        "delivery_address": "",
        "notes": "",
        "created_at": f"2026-11-22T10:0{n}:00.000Z",
        "expires_at": "2099-01-01T00:00:00.000Z",
        "reason": "",
        "quote": None,
        "version": 1,
        "seq": n,
        "deleted": False,
    }


@pytest.fixture
def ordered(shop: Shop) -> Shop:
    """Two orders have come: the newest is of two oil filters and of something that the shop does not have."""
    for n in (1, 2):
        shop.store.run_now(replica_rows.store, "order", [order_row(shop, n)], snapshot=False)
    return shop


def answer(shop: Shop, result: Result) -> None:
    """The server answers the newest change of the queue."""

    def deliver() -> None:
        (newest,) = db.execute("SELECT change_id FROM outbox ORDER BY n DESC LIMIT 1").fetchone()
        replica.deliver({newest: result}, "e-1")

    shop.store.run_now(deliver)


def sell(shop: Shop, pieces: int) -> None:
    """Sell pieces of the oil filter, of which ten lie on the shelf, for cash."""
    rules = shop.read(state.tax_rules)
    made = cart.add_line(shop.store.run_now(sales.open_cart), shop.parts[0], whole(pieces))
    paid = (Payment("cash", cart.totals(made, rules).total),)
    shop.store.run_now(lambda: sales.checkout(made, paid, cashier="", device_id="d", rules=rules))


def states(shop: Shop) -> dict[str, str]:
    rows = shop.read(orders.page, OrderQuery(open_only=False), None, 0, 10)
    return {row.order_number: row.status for row in rows}


async def test_accept_and_reject(ordered: Shop) -> None:
    async with open_app(ordered, "ar", mode="orders") as (app, pilot):
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ShowText))
        assert "مساحات" in words_on(app)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, OrdersScreen))
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: states(ordered)["MK-2"] == "accepted")
        await until(pilot, lambda: isinstance(app.screen, OrdersScreen))
        await settle(pilot)
        await press(pilot, "up", "f4")  # what is accepted ends no more, and stands behind
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, "enter")
        assert t("error.field.empty") in words_on(app)
        await type_text(pilot, "خلص")
        await press(pilot, "enter")
        await until(pilot, lambda: states(ordered)["MK-1"] == "rejected")
        assert ordered.new_changes == [("accept", "order"), ("reject", "order")]
        assert toasts(app) == []


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_the_page_of_an_order_says_what_the_shop_has_of_it_and_is_answered_there(
    ordered: Shop, language: strings.Language
) -> None:
    part = ordered.parts[0].draft
    async with open_app(ordered, language, mode="orders") as (app, pilot):
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, OrderDialog))
        has = [part_number(part.part_number), t("part.on_shelf", stock="10"), money(part.price)]
        assert all(word in words_on(app) for word in [*has, t("order.no_part"), f"F3 {t('order.quote')}"])
        assert t("order.withdraw") not in words_on(app)
        await press(pilot, "f6")  # there is no quote to take back
        await until(pilot, lambda: not has_keys(app))
        assert isinstance(app.screen, OrderDialog)
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_pieces_and_stock_stay_where_the_name_in_a_quote_is_long(
    ordered: Shop, language: strings.Language
) -> None:
    def lengthen() -> None:
        db.execute("UPDATE order_line SET name = ?", ("بلف حرارة ثرموستات لوجان 2014 تاما ياباني اصلي",))

    ordered.store.run_now(lengthen)
    async with open_app(ordered, language, mode="orders") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        label = app.screen.rows[0].label.text
        assert label.endswith(f"… × 2 ({t('order.on_shelf', stock='10')})".replace("…", ""))
        assert cell_len(label) <= LINE_LABEL


async def test_a_quote_wants_every_price(ordered: Shop) -> None:
    async with open_app(ordered, "en", mode="orders") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        await press(pilot, "f2")
        await settle(pilot)
        assert t("error.field.empty") in words_on(app)
        form.query_one("#field-price1", TextField).value = "75"
        await press(pilot, "f2")
        await until(pilot, lambda: states(ordered)["MK-2"] == "quoted")
        assert ordered.new_changes == [("quote", "order")]


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_of_each_line_of_a_quote_one_says_how_many_which_brand_and_when(
    ordered: Shop, language: strings.Language
) -> None:
    """The second line is tied to a part; of the first there are less than wanted, of another brand, and tomorrow."""
    part = ordered.parts[1]
    ordered.store.run_now(db.execute, "UPDATE part SET cost = 9100 WHERE id = ?", (ordered.parts[0].id,))
    async with open_app(ordered, language, mode="orders") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, OrderQuoteDialog))
        form = app.screen
        cost = t("order.cost", cost=money(91_00))
        assert all(word in words_on(app) for word in (t("part.on_shelf", stock="10"), cost))
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, LineDialog))
        await type_text(pilot, "1")
        await press(pilot, "enter")
        await type_text(pilot, "Bosch")
        await press(pilot, "enter", "space", "f2")
        await until(pilot, lambda: app.screen is form)
        assert "(" + t("order.available.tomorrow") + ")" in words_on(app)
        assert t("order.of_brand", brand=name("Bosch")) in words_on(app)
        await press(pilot, "down")
        await until(pilot, lambda: t("order.no_part") in words_on(app))
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, PickPart))
        await press(pilot, "enter")  # nobody has chosen yet
        assert t("order.pick_first") in words_on(app)
        app.screen.search.value = part.draft.part_number
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: app.screen is form)
        assert form.query_one("#field-price1", TextField).value == f"{part.draft.price / 100:.2f}"
        await press(pilot, "f2")
        await until(pilot, lambda: states(ordered)["MK-2"] == "quoted")
        quote = ordered.read(orders.get, "order-2").quote
        assert quote is not None
        first, second = quote.lines
        tomorrow = (shop_time.local(datetime.now(UTC)).date() + timedelta(days=1)).isoformat()
        assert (first.quantity, first.brand, first.available) == (whole(1), "Bosch", tomorrow)
        assert (second.part_id, second.price, second.available) == (part.id, part.draft.price, "now")
        await until(pilot, lambda: isinstance(app.screen, OrdersScreen))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, OrderDialog))
        assert all(word in words_on(app) for word in ("Bosch", t("order.available.tomorrow"), t("order.tied")))


async def test_a_line_that_cannot_be_had_wants_no_price_and_esc_asks_before_it_is_forgotten(ordered: Shop) -> None:
    async with open_app(ordered, "en", mode="orders") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, OrderQuoteDialog))
        form = app.screen
        await press(pilot, "down", "f4")
        await until(pilot, lambda: isinstance(app.screen, LineDialog))
        await press(pilot, "down", "down", "left", "f2")
        await until(pilot, lambda: app.screen is form)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "escape")
        await until(pilot, lambda: app.screen is form)
        await press(pilot, "f2")
        await until(pilot, lambda: states(ordered)["MK-2"] == "quoted")
        order = ordered.read(orders.get, "order-2")
        assert order.quote is not None
        assert ([line.available for line in order.quote.lines], order.total) == (["now", "no"], 250_00)


async def test_a_line_comes_on_a_day_that_is_typed(ordered: Shop) -> None:
    async with open_app(ordered, "en", mode="orders") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, OrderQuoteDialog))
        form = app.screen
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, LineDialog))
        await press(pilot, "down", "down", "space", "space", "f2")
        await until(pilot, lambda: any("day" in words for words in words_on(app).split("\n") if "366" in words))
        await type_text(pilot, "3")
        await press(pilot, "f2")
        await until(pilot, lambda: app.screen is form)
        day = (shop_time.local(datetime.now(UTC)).date() + timedelta(days=3)).strftime("%d/%m/%Y")
        assert t("order.available.on", day=day) in words_on(app)


async def test_an_unknown_line_is_tied_to_a_part_once_for_all(ordered: Shop) -> None:
    part = ordered.parts[1]
    async with open_app(ordered, "ar", mode="orders") as (app, pilot):
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, PickPart))
        app.screen.search.value = part.draft.part_number
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: ordered.read(line_ties.part_of, "مساحات") == part.id)
        await until(pilot, lambda: any("مساحات" in words for words in toasts(app)))
        await press(pilot, "down", "enter")  # the other order, in the same words
        await until(pilot, lambda: isinstance(app.screen, OrderDialog))
        assert t("order.tied") in words_on(app)


async def test_the_list_says_how_long_there_is(ordered: Shop) -> None:
    def soon() -> None:
        for order, minutes in (("order-1", 10), ("order-2", 200)):
            db.execute("UPDATE orders SET expires_at = ? WHERE id = ?", (in_minutes(minutes), order))

    ordered.store.run_now(soon)
    async with open_app(ordered, "en", mode="orders") as (app, pilot):
        await until(pilot, lambda: len(rows_shown(app.screen.table)) == 2)
        (left,) = (column for column in COLUMNS if column.title == "order.left")
        first, second = rows_shown(app.screen.table)
        assert (first.order_number, left.value(first), left.tone(first)) == ("MK-1", f"! {isolate('0:09')}", "bad")
        assert (left.value(second), left.tone(second)) == (isolate("3:19"), "")


def in_minutes(minutes: int) -> str:
    return to_text(datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [("accepted", "", "accepted"), ("cancelled", "customer", "cancelled"), ("cancelled", "taken", "taken")],
)
async def test_what_becomes_of_an_order_is_told_and_leads_there(
    ordered: Shop, status: str, reason: str, kind: str
) -> None:
    async with open_app(ordered, "en", mode="sales") as (app, pilot):
        ordered.store.run_now(db.execute, "UPDATE orders SET status = 'quoted' WHERE id = 'order-1'")
        row = order_row(ordered, 1) | {"status": status, "reason": reason, "version": 3}
        await app.write("orders notifications news", replica_rows.store, "order", [row], snapshot=False)
        await until(pilot, lambda: any("MK-1" in words for words in toasts(app)))
        assert toasts(app) == [t(f"news.order_{kind}", order_number="MK-1", customer_name=name("كريم")).strip()]
        await app.switch_mode("notifications")
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, OrdersScreen) and app.screen.table.row is not None)
        assert app.screen.table.row.order_number == "MK-1"


async def test_a_quote_is_corrected_withdrawn_and_sold_as_it_was_named(ordered: Shop) -> None:
    async with open_app(ordered, "ar", mode="orders") as (app, pilot):
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        assert app.screen.query_one("#field-price0", TextField).value == "125.00"
        app.screen.query_one("#field-price1", TextField).value = "75"
        await press(pilot, "f2")
        await until(pilot, lambda: states(ordered)["MK-2"] == "quoted")
        answer(ordered, Result("applied", 1, version=2))
        await app.write("orders", lambda: None)
        await settle(pilot)
        await press(pilot, "f3")  # a server of which nothing is known takes no second quote
        await until(pilot, lambda: t("error.order.quote_stands") in toasts(app))
        ordered.store.run_now(abilities.learn, 2, ["quote"])
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        assert app.screen.query_one("#field-price1", TextField).value == "75.00"
        app.screen.query_one("#field-price1", TextField).value = "80"
        await press(pilot, "f2")
        await until(pilot, lambda: ordered.read(orders.get, "order-2").total == 330_00)
        answer(ordered, Result("applied", 2, version=3))
        await app.write("orders", lambda: None)
        await settle(pilot)
        await press(pilot, "f5")  # of the two the shop has one, and says so
        await until(pilot, lambda: isinstance(app.screen, SalesScreen))
        assert app.screen.cart is not None
        assert cart.net(app.screen.cart) == 250_00
        await until(pilot, lambda: any("330.00" in words for words in toasts(app)))
        await app.switch_mode("orders")
        await settle(pilot)
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: states(ordered)["MK-2"] == "pending")


async def test_an_order_that_another_shop_has_says_so(ordered: Shop) -> None:
    taken = "UPDATE orders SET status = 'cancelled', reason = 'taken' WHERE id = 'order-2'"
    ordered.store.run_now(db.execute, taken)
    async with open_app(ordered, "en", mode="orders") as (app, pilot):
        await press(pilot, "f7", "down")
        await until(pilot, lambda: t("order.over.taken") in words_on(app))


async def test_an_order_is_sold_at_the_till(ordered: Shop) -> None:
    async with open_app(ordered, "en") as (app, pilot):
        await press(pilot, "f7")  # the past sales lie over the till
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen))
        await app.switch_mode("orders")
        await settle(pilot)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen) and app.screen.cart.order_id == "order-2")
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, PayDialog))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog))
        (row,) = ordered.read(past_sales.page, SaleQuery(), None, 0, 10)
        assert ordered.read(sales.get, row.id).order_id == "order-2"
        assert ordered.read(inventory.get, ordered.parts[0].id).stock == whole(8)


@pytest.mark.parametrize("answer", ["enter", "escape"])
async def test_an_order_that_another_till_sold_meanwhile_is_not_paid_unasked(ordered: Shop, answer: str) -> None:
    async with open_app(ordered, "en", mode="orders") as (app, pilot):
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, SalesScreen) and app.screen.cart.lines)
        there = replace(app.screen.cart, id=str(uuid4()))
        rules = ordered.read(state.tax_rules)
        pay = (Payment("cash", cart.totals(there, rules, "cash").total),)
        sold = ordered.store.run_now(sales.checkout, there, pay, cashier="", device_id="d", rules=rules)
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, ConfirmUnexpected))
        assert app.screen.heading.text == t("order.ask_sell_again", receipt=part_number(sold.receipt_number))
        await read_question(pilot)
        await press(pilot, answer)
        await until(pilot, lambda: isinstance(app.screen, PayDialog if answer == "enter" else SalesScreen))


async def test_a_lane_of_the_queue_is_named_and_forgotten(shop: Shop) -> None:
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        queue = app.screen
        assert isinstance(queue, QueueScreen)
        await press(pilot, "f7")
        await settle(pilot)
        assert t("queue.only", lane=t("lane.attention")) in words_on(app)
        assert (queue.table.count, queue.table.empty_key) == (0, "common.no_match")
        await app.switch_mode("inventory")
        await until(pilot, lambda: queue.lane == "")
        await app.switch_mode("queue")
        await until(pilot, lambda: queue.table.count == len(shop.parts))
        assert not queue.shown_lane.display


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_an_order_is_seen_over_a_hundred_alerts_and_opened(
    ordered: Shop, language: strings.Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(ordered, language, mode="notifications") as (app, pilot):
        rung: list[int] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append(1))
        ordered.store.run_now(journal.notify, "new_order", {"order_number": "MK-1", "customer_name": "Mona"})
        for _ in range(140):
            ordered.store.run_now(
                journal.notify, "stock_alert", {"item_name": "P", "current_stock": ONE, "min_stock": whole(2)}
            )
        app._brake.add(frozenset({"news", "notifications"}))
        screen = app.screen
        assert isinstance(screen, NotificationsScreen)
        await until(pilot, lambda: screen.table.count == 2)
        await settle(pilot)
        assert [(row.kind, row.count) for row in rows_shown(screen.table)] == [("new_order", 1), ("stock_alert", 140)]
        assert tn("status.orders", 1) in screen.strip.text or t("status.short.orders", n=1) in screen.strip.text
        assert "MK-1" in toasts(app)[0]
        app._brake.add(frozenset({"notifications"}))
        await settle(pilot)
        assert (rung, len(toasts(app))) == ([1], 1)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, OrdersScreen))
        await settle(pilot)
        assert app.screen.table.row.order_number == "MK-1"  # type: ignore[attr-defined]
        assert ordered.read(journal.unread_orders) == 0
        await press(pilot, "alt+7")
        await until(pilot, lambda: app.screen is screen)
        await settle(pilot)
        assert [(row.kind, row.read) for row in rows_shown(screen.table)] == [
            ("stock_alert", False),
            ("new_order", True),
        ]
        await press(pilot, "home", "enter")
        await until(pilot, lambda: isinstance(app.screen, InsightsScreen) and app.screen.topic == "inventory.alerts")
        assert ordered.read(journal.unread_count) == 0


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_what_part_of_the_list_is_shown_is_said_and_forgotten(ordered: Shop, language: strings.Language) -> None:
    async with open_app(ordered, language, mode="orders") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, OrdersScreen)
        assert screen.filter.text == t("order.shows_open")
        await press(pilot, "f7")
        assert screen.filter.text == t("order.shows_all")
        await type_text(pilot, "nobody")
        await until(pilot, lambda: screen.table.count == 0)
        assert 0 < screen.filter.region.x + screen.filter.region.width <= 80
        assert screen.search.region.width > 30
        await press(pilot, "alt+1", "alt+3")
        await until(pilot, lambda: app.screen is screen and screen.table.count == 2)
        assert (screen.search.value, screen.filter.text) == ("", t("order.shows_open"))
        await press(pilot, "alt+2", "f7")
        await until(pilot, lambda: t("inventory.only_low") in words_on(app))
        await type_text(pilot, "no such part")  # an empty list says why, too
        await settle(pilot)
        assert t("inventory.only_low") in words_on(app)
        await press(pilot, "alt+1", "alt+2")
        await settle(pilot)
        assert t("inventory.only_low") not in words_on(app)
