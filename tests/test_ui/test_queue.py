"""The queue and the conflicts as a person uses them."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from clutch_tui.core import cart as carts
from clutch_tui.core import customers, inventory, sales, state
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.outbox.views import ChangeRow, Conflict
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import conflicts, queue, replica
from clutch_tui.core.sync.differences import Stranded
from clutch_tui.core.sync.fallback import single_writes
from clutch_tui.core.types import CustomerDraft, Part, Payment
from clutch_tui.text import format as shown
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui import keys
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Choose, Confirm
from clutch_tui.ui.forms import FormDialog
from clutch_tui.ui.screens.change import ChangeDialog
from clutch_tui.ui.screens.conflicts import ConflictsScreen
from clutch_tui.ui.screens.correction import CorrectionForm
from clutch_tui.ui.screens.inventory import InventoryScreen
from clutch_tui.ui.screens.past_sales import COLUMNS, PastSalesScreen
from clutch_tui.ui.screens.queue import QueueScreen
from clutch_tui.ui.screens.receipt import ReceiptDialog
from clutch_tui.ui.widgets import window_table
from clutch_tui.ui.widgets.part_columns import PART_COLUMNS
from clutch_tui.ui.widgets.text_field import TextField
from tests.test_ui.shop_app import (
    Shop,
    hand_is_back,
    open_app,
    press,
    rows_shown,
    settle,
    toasts,
    type_text,
    until,
    words_on,
)

LANGUAGES: tuple[strings.Language, ...] = ("ar", "en")
REFUSED = Result(
    status="rejected", seq=7, code="VALIDATION", message="price: too high", errors={"price": "must be below 90"}
)


def deliver(shop: Shop, results: dict[str, Result]) -> None:
    shop.store.run_now(replica.new_epoch, "e-1")
    shop.store.run_now(replica.deliver, results, "e-1")


def settle_the_shelf(shop: Shop) -> list[Part]:
    """The server has taken the parts of the fixture: they are as if they had been pulled."""
    sent = shop.store.run_now(outbox.claim, "inventory")
    deliver(shop, {one.change_id: Result(status="applied", seq=n, version=1) for n, one in enumerate(sent, 1)})
    return [shop.read(inventory.get, part.id) for part in shop.parts]


def edit(shop: Shop, part: Part, result: Result, **fields: Any) -> ChangeRow:
    """Edit a part; the server answers so."""
    shop.store.run_now(lambda: inventory.edit(part.id, replace(part.draft, **fields), seen=part))
    (change,) = shop.store.run_now(outbox.claim, "inventory")
    deliver(shop, {change.change_id: result})
    return shop.read(queue.get, change.change_id)


def disagree(shop: Shop, part: Part, field: str, mine: Any, theirs: Any) -> Conflict:
    """Ours and the server's value of a field, and nobody has decided yet."""
    answer = Result(status="conflict", seq=50, version=9, applied=(), theirs={field: (theirs, 9)})
    row = edit(shop, part, answer, **{field: mine})
    return next(one for one in shop.read(conflicts.pending) if one.change_id == row.id)


def sell(shop: Shop, part: Part, quantity: int) -> str:
    def sold() -> str:
        cart = carts.add_line(sales.open_cart(), part, whole(quantity))
        rules = state.tax_rules()
        total = carts.totals(cart, rules, "cash").total
        paid = (Payment("cash", total),)
        return sales.checkout(cart, paid, tendered=total, cashier="t", device_id="d", rules=rules).id

    return shop.store.run_now(sold)


@pytest.fixture(autouse=True)
def read_at_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pressed once a row is there was pressed by somebody who has read it."""
    monkeypatch.setattr(window_table, "READ_AFTER", 0.0)


def queue_in_front(app: ClutchApp) -> QueueScreen:
    assert isinstance(app.screen, QueueScreen)
    return app.screen


async def open_conflicts(app: ClutchApp, pilot: Pilot[int]) -> ConflictsScreen:
    await press(pilot, "f2")
    await until(pilot, lambda: isinstance(app.screen, ConflictsScreen) and app.screen.table.row is not None)
    await settle(pilot)
    assert isinstance(app.screen, ConflictsScreen)
    return app.screen


# --- the queue ---------------------------------------------------------------------------------------


async def test_a_refused_edit_is_corrected_in_its_form(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    row = edit(shop, part, REFUSED, price=99_00)
    async with open_app(shop, "ar", mode="queue") as (app, pilot):
        assert t("refusal.VALIDATION") in words_on(app)
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(app.screen, CorrectionForm))
        await until(pilot, lambda: "must be below 90" in words_on(app))
        price = app.screen.query_one("#field-price", TextField)
        assert (price.value, price.has_focus) == ("99.00", True)
        price.value = "abc"
        await press(pilot, "f2")
        await settle(pilot)
        assert isinstance(app.screen, CorrectionForm)
        price.value = "55.50"
        await press(pilot, "f2")
        await until(pilot, lambda: isinstance(app.screen, QueueScreen))
        await until(pilot, lambda: t("queue.corrected") in toasts(app))
    assert shop.read(inventory.get, part.id).draft.price == 55_50
    old = shop.read(queue.detail, row.id)
    assert (old.row.outcome, old.row.lane) == ("replaced", "done")
    assert [(one.kind, one.lane) for one in shop.read(queue.page, "", None, 0, 10)] == [("update", "fast")]


async def test_giving_up_asks_with_the_words_of_what_is_lost(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    row = edit(shop, part, REFUSED, price=99_00)
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        for answer, outcome in (("escape", ""), ("enter", "given_up")):
            await press(pilot, "f8")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            assert "99.00" in words_on(app)
            assert "125.00" in words_on(app)
            await press(pilot, answer)
            await until(pilot, lambda: isinstance(app.screen, QueueScreen))
            await settle(pilot)
            assert shop.read(queue.get, row.id).outcome == outcome
        await until(pilot, lambda: queue_in_front(app).table.count == 0)


async def test_a_sale_is_never_given_up(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    sell(shop, part, 1)
    (change,) = shop.store.run_now(outbox.claim, "sales")
    deliver(shop, {change.change_id: REFUSED})
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        screen = queue_in_front(app)
        assert t("queue.why.refused_fact") in words_on(app)
        for action in ("give_up", "edit", "seen"):
            assert screen.check_action(action, ()) is None
        await press(pilot, "f8", "f6", "f3")
        await settle(pilot)
        assert app.screen is screen
        await press(pilot, "f5")
        await until(pilot, lambda: t("queue.trying") in toasts(app))
    (again,) = shop.read(queue.page, "", None, 0, 10)
    assert (again.kind, again.lane) == ("sale", "fast")


def put_before_a_person(shop: Shop, why: str) -> str:
    """A sale without sync that waits for a person; its change."""
    part, *_ = settle_the_shelf(shop)
    sell(shop, part, 1)
    change_id: str = shop.read(queue.page, "", None, 0, 10)[0].id
    shop.store.run_now(single_writes.claim, "sales")
    shop.store.run_now(single_writes.wait_for_person, change_id, why)
    return change_id


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("key", "why", "question", "ends"),
    [
        ("f6", single_writes.UNCONFIRMED, "there", "done"),
        ("f5", single_writes.UNCONFIRMED, "send_again", "fast"),
        ("f6", single_writes.UNCLEAR_STOCK, "moved", "done"),
        ("f5", single_writes.UNCLEAR_STOCK, "not_moved", "fast"),
    ],
)
async def test_what_a_person_finds_at_the_server_is_asked_for_before_it_counts(
    shop: Shop, language: strings.Language, key: str, why: str, question: str, ends: str
) -> None:
    change_id = put_before_a_person(shop, why)
    label = shop.read(queue.get, change_id).label
    async with open_app(shop, language, mode="queue") as (app, pilot):
        words = {binding.description for binding, enabled in keys.active(app.screen) if enabled}
        assert {"queue.there", "queue.send_again"} == words & {
            "queue.there",
            "queue.send_again",
            "queue.seen",
            "common.retry",
        }
        for answer, lane in (("escape", "attention"), ("enter", ends)):
            await press(pilot, key)
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            assert t(f"queue.ask.{question}", name=shown.name(label)) in words_on(app)
            await press(pilot, answer)
            await until(pilot, lambda: isinstance(app.screen, QueueScreen))
            await until(pilot, lambda lane=lane: shop.read(queue.get, change_id).lane == lane)


async def test_a_sale_that_a_server_without_sync_refused_says_which_key_helps(shop: Shop) -> None:
    put_before_a_person(shop, "error.api.invalid")
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        assert t("queue.why.refused_fact") in words_on(app)
        assert queue_in_front(app).check_action("there", ()) is False
        await press(pilot, "f5")
        await until(pilot, lambda: t("queue.trying") in toasts(app))


async def test_a_change_in_full_with_the_keys_that_are_possible(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    edit(shop, part, REFUSED, price=99_00)
    async with open_app(shop, "ar", mode="queue") as (app, pilot):
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ChangeDialog))
        words = words_on(app)
        assert t("queue.detail.answer") in words
        assert "99.00" in words
        assert "125.00" in words
        assert "must be below 90" in words
        assert "F3" in words
        assert "F2" not in words
        await press(pilot, "f2")
        await settle(pilot)
        assert isinstance(app.screen, ChangeDialog)
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, Confirm))


async def test_a_flagged_sale_names_the_part_until_it_is_seen(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    sell(shop, part, 12)
    (change,) = shop.store.run_now(outbox.claim, "sales")
    deliver(shop, {change.change_id: Result(status="applied_flagged", seq=9, flags=("oversold",))})
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        await until(pilot, lambda: "OF-100" in words_on(app))
        assert "stock -2" in words_on(app)
        await press(pilot, "f6")
        await until(pilot, lambda: queue_in_front(app).table.count == 0)


async def test_the_lanes_go_round_to_the_journal(shop: Shop) -> None:
    settle_the_shelf(shop)
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        screen = queue_in_front(app)
        assert screen.table.count == 0
        assert t(screen.table.empty_key) == t("queue.empty_alone")  # there is no server that could have it all
        at_a_server = replace(app.settings.backend, base_url="https://shop.example.com/api/v1")
        app.settings = replace(app.settings, backend=at_a_server)
        screen.reload()
        assert t(screen.table.empty_key) == t("queue.empty")
        for lane in ("attention", "fast", "slow", "local", "done"):
            await press(pilot, "f7")
            await settle(pilot)
            assert t("queue.only", lane=t(f"lane.{lane}")) in words_on(app)
        assert screen.table.count == 3
        assert [row.n for row in rows_shown(screen.table)] == [3, 2, 1]
        await press(pilot, "escape")
        await settle(pilot)
        assert screen.table.count == 0


async def test_the_queue_is_saved_for_support(shop: Shop) -> None:
    async with open_app(shop, "ar", mode="queue") as (app, pilot):
        await press(pilot, "f4")
        await until(pilot, lambda: toasts(app))
        (saved,) = (shop.home.data_dir / "exports").glob("*.json")
        assert saved.name in toasts(app)[0]
    document = json.loads(saved.read_text("utf-8"))
    assert [one["kind"] for one in document["changes"]] == ["create"] * 3
    assert document["changes"][0]["payload"]["part_number"] == "OF-100"
    readable = saved.with_suffix(".txt")
    assert "فلتر زيت تويوتا" in readable.read_text("utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (saved, readable)} == {0o600}


async def test_what_waits_for_a_time_is_tried_now_and_its_age_moves_by_itself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in shop.read(queue.page, "", None, 0, 10):
        shop.store.run_now(outbox.make_slow, row.id, "error.api.server")
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        assert t("queue.failed.server") in words_on(app)
        await press(pilot, "f10")
        await until(pilot, lambda: t("queue.trying_all", n=3) in toasts(app))
        drawn: list[str] = []
        monkeypatch.setattr("clutch_tui.text.format.age", lambda then, now: drawn.append("age") or "x")
        app._brake.add(frozenset({"age"}))
        await until(pilot, lambda: drawn)
    assert [row.due for row in shop.read(queue.page, "", None, 0, 10)] == [None] * 3


# --- the conflicts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
async def test_one_key_decides_and_the_next_conflict_is_there(shop: Shop, language: strings.Language) -> None:
    first, second, _ = settle_the_shelf(shop)
    disagree(shop, first, "location", "A-1", "B-2")
    disagree(shop, second, "name", "تيل سيراميك", "تيل أمامي")
    async with open_app(shop, language, mode="queue") as (app, pilot):
        screen = await open_conflicts(app, pilot)
        assert t("mode.conflicts") in screen.strip.text
        words = words_on(app)
        assert "A-1" in words
        assert "B-2" in words
        assert all(widget.region.right <= 80 for widget in screen.query("*"))
        await press(pilot, "f2")
        await until(pilot, lambda: screen.table.count == 1)
        await settle(pilot)
        assert "تيل أمامي" in words_on(app)
        await press(pilot, "f3")
        await until(pilot, lambda: screen.table.count == 0)
        await press(pilot, "f2", "f3", "f4", "f5", "f6", "enter")
        await settle(pilot)
        assert app.screen is screen
        assert toasts(app) == []
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, QueueScreen))
    assert shop.read(inventory.get, first.id).draft.location == "A-1"
    assert shop.read(inventory.get, second.id).draft.name == second.draft.name


async def test_a_burst_decides_nothing_that_nobody_has_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = settle_the_shelf(shop)
    for part in (first, second):
        disagree(shop, part, "location", "A-1", "B-2")
    async with open_app(shop, "ar", mode="queue") as (app, pilot):
        app.NOTIFICATION_TIMEOUT = 3600.0
        await press(pilot, "f2", "f2")
        await until(pilot, lambda: toasts(app) == [t("keys.not_read")])
        assert len(shop.read(conflicts.pending)) == 2
        assert isinstance(app.screen, ConflictsScreen)
        await hand_is_back()
        await press(pilot, "f2", "f2")  # the first is meant for what stands there, the second for nothing
        await until(pilot, lambda: [getattr(one, "times", 1) for one in app._notifications] == [2])
        await settle(pilot)
        assert len(shop.read(conflicts.pending)) == 1
        monkeypatch.setattr(window_table, "READ_AFTER", 3600.0)  # a finger that is twice as fast as an eye
        await press(pilot, "f3")
        await until(pilot, lambda: [getattr(one, "times", 1) for one in app._notifications] == [3])
        assert len(shop.read(conflicts.pending)) == 1


async def test_the_menu_opens_the_queue_and_not_what_lay_on_it(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    disagree(shop, part, "location", "A-1", "B-2")
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        await open_conflicts(app, pilot)
        await press(pilot, "alt+1")
        await until(pilot, lambda: app.current_mode == "sales")
        await press(pilot, "f9", "6")
        await until(pilot, lambda: isinstance(app.screen, QueueScreen))


@pytest.mark.parametrize(("language", "name", "other"), [("ar", "فلتر زيت", "Oil"), ("en", "Oil filter", "فلتر")])
async def test_parts_are_called_by_their_name_in_the_language_of_the_screen(
    shop: Shop, language: strings.Language, name: str, other: str
) -> None:
    """An English screen showed the Arabic name alone."""
    first = settle_the_shelf(shop)[0]
    named = replace(first.draft, name="فلتر زيت", name_en="Oil filter")
    shop.store.run_now(inventory.edit, first.id, named, seen=first)
    (change,) = shop.store.run_now(outbox.claim, "inventory")
    deliver(shop, {change.change_id: Result(status="applied", seq=40, version=8)})
    disagree(shop, shop.read(inventory.get, first.id), "location", "A-1", "B-2")
    async with open_app(shop, language, mode="queue") as (app, pilot):
        await until(pilot, lambda: name in words_on(app))
        assert other not in words_on(app)
        await open_conflicts(app, pilot)
        assert name in words_on(app)
        assert other not in words_on(app)


async def test_the_cursor_begins_at_the_change_one_came_from(shop: Shop) -> None:
    parts = settle_the_shelf(shop)
    for part in parts:
        disagree(shop, part, "location", "A-1", "B-2")
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        await press(pilot, "end")
        screen = await open_conflicts(app, pilot)
        await until(pilot, lambda: screen.table.row is not None and screen.table.row.record_id == parts[2].id)


async def test_a_third_value_is_typed_and_judged(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    disagree(shop, part, "price", 99_00, 110_00)
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        await open_conflicts(app, pilot)
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        field = app.screen.query_one("#field-price", TextField)
        assert field.value == "99.00"
        for nonsense in ("", "-5", "99999999999999", "1,2,3"):
            field.value = nonsense
            await press(pilot, "f2")
            await settle(pilot)
        # an empty price is nought, like in the part's own form: the first nonsense has been taken
        await until(pilot, lambda: isinstance(app.screen, ConflictsScreen))
    assert shop.read(inventory.get, part.id).draft.price == 0


async def test_a_conflict_that_is_settled_while_its_field_is_open_says_so_and_keeps_what_was_typed(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    conflict = disagree(shop, part, "name", "فلتر بوش", "فلتر مان")
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        await open_conflicts(app, pilot)
        await press(pilot, "f4")
        await until(pilot, lambda: isinstance(app.screen, FormDialog))
        form = app.screen
        await app.write("conflicts", conflicts.resolve, conflict.id, "theirs")
        await settle(pilot)
        await type_text(pilot, "x")
        await press(pilot, "f2")
        await until(pilot, lambda: t("error.conflict.gone") in words_on(app))
        assert app.screen is form
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ConflictsScreen))


async def test_equal_conflicts_are_decided_together_with_their_number(shop: Shop) -> None:
    parts = settle_the_shelf(shop)
    for part in parts:
        disagree(shop, part, "location", "A-1", "B-2")
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        screen = await open_conflicts(app, pilot)
        await until(pilot, lambda: t("conflict.line_alike", n=3) in words_on(app))
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert t("conflict.all_title", n=3, field=t("part.place")) in words_on(app)
        await press(pilot, "1")
        await until(pilot, lambda: t("conflict.settled", n=3) in toasts(app))
        await until(pilot, lambda: screen.table.count == 0)
    assert {shop.read(inventory.get, part.id).draft.location for part in parts} == {"A-1"}


async def test_what_was_deleted_there_comes_back_as_new(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    answer = Result(
        status="conflict", seq=50, version=9, applied=(), theirs={"*": ({"id": part.id, "deleted": True}, 9)}
    )
    edit(shop, part, answer, location="Z-1")
    async with open_app(shop, "ar", mode="queue") as (app, pilot):
        screen = await open_conflicts(app, pilot)
        assert t("conflict.is_deleted") in words_on(app)
        assert t("conflict.line_gone") in words_on(app)
        assert screen.check_action("mine", ()) is None
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await press(pilot, "enter")
        await until(pilot, lambda: screen.table.count == 0)
    made = [row for row in shop.read(queue.page, "", None, 0, 10) if row.kind == "create"]
    assert len(made) == 1
    assert shop.read(inventory.get, made[0].record_id).draft.location == "Z-1"


async def test_the_decisions_in_whole_words(shop: Shop) -> None:
    made = shop.store.run_now(customers.create, CustomerDraft(name="منى", phone="1"))
    (create,) = shop.store.run_now(outbox.claim, "rest")
    deliver(shop, {create.change_id: Result(status="applied", seq=5, version=1)})
    shop.store.run_now(lambda: customers.edit(made.id, replace(made.draft, phone="2"), seen=made))
    (change,) = shop.store.run_now(outbox.claim, "rest")
    deliver(
        shop, {change.change_id: Result(status="conflict", seq=6, version=2, applied=(), theirs={"phone": ("3", 2)})}
    )
    async with open_app(shop, "ar", mode="queue") as (app, pilot):
        await press(pilot, "end")
        screen = await open_conflicts(app, pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "2")
        await until(pilot, lambda: screen.table.count == 0)
    assert shop.read(conflicts.pending) == ()


async def test_a_delete_against_an_edit_is_asked_as_what_it_is(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    shop.store.run_now(lambda: inventory.delete(part.id, seen=part))
    (change,) = shop.store.run_now(outbox.claim, "inventory")
    theirs = {"*": ({"id": part.id, "price": 1, "deleted": False}, 9)}
    deliver(shop, {change.change_id: Result(status="conflict", seq=50, version=9, applied=(), theirs=theirs)})
    async with open_app(shop, "en", mode="queue") as (app, pilot):
        await open_conflicts(app, pilot)
        words = words_on(app)
        assert t("change.delete") in words
        assert t("queue.changed_there") in words
        await press(pilot, "f2")
        await until(pilot, lambda: not shop.read(conflicts.pending))
    assert shop.new_changes == [("delete", "item"), ("delete", "item")]


async def test_marks_and_the_servers_figure_with_its_moment(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    page = PullPage("e-1", (), 99, False, None, 0, True)
    row = {**asdict(part.draft), "id": part.id, "type": "item", "version": 1, "seq": 3, "stock_quantity": whole(5)}
    row |= {"updated_at": None, "deleted": False}
    shop.store.run_now(replica.receive, "inventory", "e-1", {}, replace(page, rows=(row,)))
    sell(shop, part, 2)
    async with open_app(shop, "ar", mode="inventory") as (app, pilot):
        assert isinstance(app.screen, InventoryScreen)
        shown_row = app.screen.table.row
        assert (shown_row.stock, shown_row.moved, shown_row.unsent) == (whole(3), whole(-2), True)
        await until(pilot, lambda: t("part.at_server_ours", stock="5", at="", moved="").split("5")[0] in words_on(app))
        assert "-2" in words_on(app)
        await press(pilot, "f1")
        await until(pilot, lambda: t("common.has_unsent") in words_on(app))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_part_of_which_less_than_nothing_is_left_is_marked_on_every_till(
    shop: Shop, language: strings.Language
) -> None:
    """The server tells its flag to the till alone that sold too much; whose sale it was counts for nothing here."""
    part, *_ = settle_the_shelf(shop)
    row = {**asdict(part.draft), "id": part.id, "type": "item", "version": 2, "seq": 9, "stock_quantity": whole(-1)}
    row |= {"updated_at": None, "deleted": False}
    shop.store.run_now(replica.receive, "inventory", "e-1", {}, PullPage("e-1", (row,), 99, False, None, 0, True))
    async with open_app(shop, language, mode="inventory") as (app, pilot):
        await until(pilot, lambda: t("inventory.below_zero") in words_on(app))
        assert PART_COLUMNS[0].value(app.screen.table.row) == "!"  # type: ignore[attr-defined]
        list_screen = app.screen
        await press(pilot, "f1")
        await until(pilot, lambda: app.screen is not list_screen and t("inventory.below_zero") in words_on(app))


async def test_a_flagged_sale_is_marked_and_its_receipt_says_why(shop: Shop) -> None:
    part, *_ = settle_the_shelf(shop)
    sale_id = sell(shop, part, 12)
    (change,) = shop.store.run_now(outbox.claim, "sales")
    deliver(shop, {change.change_id: Result(status="applied_flagged", seq=9, flags=("oversold",))})
    async with open_app(shop, "en") as (app, pilot):
        await press(pilot, "f7")
        await until(pilot, lambda: isinstance(app.screen, PastSalesScreen) and app.screen.table.row is not None)
        assert COLUMNS[0].value(app.screen.table.row) == "!"  # type: ignore[attr-defined]
        await settle(pilot)
        assert t("flag.oversold") in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ReceiptDialog) and "OF-100" in app.screen.remarks.text)
        assert "stock -2" in words_on(app)
    assert shop.read(sales.get, sale_id).flags == ("oversold",)


async def test_work_in_another_database_is_sent_by_a_person_who_agrees(shop: Shop, tmp_path: Path) -> None:
    """Only after the server has said that it is the same shop, and the question."""
    left = [
        Stranded(tmp_path / "cut.db", 0, None, fault="error.store.emptied"),
        Stranded(tmp_path / "old.db", 3, None, "https://old.example/api", "shop-1"),
    ]
    asked, sent = list[Path](), list[Path]()

    async def same(one: Stranded, _settings: object) -> str:
        asked.append(one.path)
        return "shop-1"

    async def send(path: Path, _settings: object) -> None:
        sent.append(path)
        del left[1]

    async with open_app(shop, "en", mode="queue") as (app, pilot):
        assert "old.db" not in words_on(app)
        found = {"stranded": lambda _settings: tuple(left), "must_be_same_shop": same, "send_stranded": send}
        app.services = replace(app.services, **found)  # type: ignore[arg-type]
        app.look_beside()
        await until(pilot, lambda: app.status.stranded == 3)
        await settle(pilot)
        assert "old.db" in words_on(app)
        assert t("difference.untold", file="cut.db") in " ".join(words_on(app).split())
        await pilot.press("ctrl+e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert (asked, sent) == ([left[1].path], [])
        await press(pilot, "enter")
        await until(pilot, lambda: sent and app.status.stranded == 0)
