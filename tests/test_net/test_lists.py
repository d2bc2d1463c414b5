"""A server without sync, over real sockets: lists down, single calls up, nothing lost and nothing doubled."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.core import accounts, aftersales, customers, inventory, sales, state, suppliers
from clutch_tui.core import cart as carts
from clutch_tui.core.outbox import attention, outbox, transports
from clutch_tui.core.quantity import of_decimal, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import conflicts, queue
from clutch_tui.core.sync.fallback import listings, single_writes
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment
from clutch_tui.net import wire
from clutch_tui.net.client.errors import ApiError
from clutch_tui.sandbox.without_sync import Plain
from tests.test_net.conftest import StockBackend
from tests.test_net.shop import PARTS, Line, Shop, edit, minutes, opened, part, sell_on_account, settle, units
from tests.test_net.till import HandClock, Till

COLUMNS = "id, name, part_number, price, stock_quantity, deleted"


@pytest.fixture(scope="module")
def stocked(stock_backend: StockBackend) -> Path:
    """Some parts whose last change is not within the minutes that a list reaches back."""
    path = stock_backend(PARTS)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE item SET updated_at = '2026-01-01T00:00:00.000Z'")
    return path


@pytest.fixture
async def shop(tmp_path: Path, stocked: Path) -> AsyncIterator[Shop]:
    async with opened(tmp_path, stocked, plain=Plain()) as shop:
        yield shop


# --- down ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [{"bare": True, "status": 405}, {"status": 501, "filters": False}])
async def test_the_first_round_brings_the_whole_shop(shop: Shop, plain: dict[str, Any]) -> None:
    await shop.be(**plain)
    till = await shop.till()
    await till.round()
    assert till.sql(f"SELECT {COLUMNS} FROM part ORDER BY id") == shop.sql(f"SELECT {COLUMNS} FROM item ORDER BY id")
    assert till.ask(transports.known) == dict.fromkeys(transports.CHANNELS, "lists")
    await till.round()
    assert till.sql("SELECT count(*) FROM part WHERE deleted = 0") == [(PARTS,)]


async def test_a_list_that_is_cut_at_every_page_is_read_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "LIMITS", (3,))
    line = Line()
    line.cut["GET /inventory/items"] = {1, 3, 5, 7}
    till = await shop.till(transport=line)
    for _ in range(4):
        with pytest.raises(ApiError):
            await till.round()
        await till.close()  # the program, too
        shop.tills.remove(till)
        line._inner = httpx.AsyncHTTPTransport(verify=False)
        till = await shop.till(transport=line)
    assert till.sql("SELECT count(*) FROM part") == [(0,)]
    await till.round()
    assert till.sql(f"SELECT {COLUMNS} FROM part ORDER BY id") == shop.sql(f"SELECT {COLUMNS} FROM item ORDER BY id")
    assert line.count("GET /inventory/items?") == 8


async def test_a_list_that_changes_while_it_is_read_loses_and_doubles_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "LIMITS", (5,))
    line = Line()
    first = shop.sql("SELECT id FROM item ORDER BY id LIMIT 1")[0][0]
    line.before["GET /inventory/items#2"] = lambda: shop.edit(kind="delete", id=first)
    line.before["GET /inventory/items#5"] = lambda: shop.edit(kind="create", id="0", fields={"name": "سابقة"})
    till = await shop.till(transport=line)
    await till.round()
    names = {row[0] for row in till.sql("SELECT name FROM part WHERE deleted = 0")}
    assert names == {row[0] for row in shop.sql("SELECT name FROM item WHERE deleted = 0")}
    assert till.sql("SELECT count(*), count(DISTINCT id) FROM part WHERE deleted = 0") == [(PARTS, PARTS)]


async def test_a_row_that_slips_through_two_pages_is_not_taken_for_deleted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is deleted on a page that was read and another is added, between the same two pages: the totals agree."""
    monkeypatch.setattr(listings, "LIMITS", (6,))
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    first, last = (shop.sql(f"SELECT min({name}), max({name}) FROM item")[0] for name in ("id", "id"))

    async def swap() -> None:
        await shop.edit(kind="delete", id=first[0])
        await shop.edit(kind="create", id=last[1] + "z", fields={"name": "أخيرة"})

    till.clock.forward(86_500)
    line.before[f"GET /inventory/items#{line.count('GET /inventory/items?') + 2}"] = swap
    await till.round()
    there = {row[0] for row in shop.sql("SELECT name FROM item WHERE deleted = 0")}
    assert {row[0] for row in till.sql("SELECT name FROM part WHERE deleted = 0")} >= there
    await till.round()
    assert {row[0] for row in till.sql("SELECT name FROM part WHERE deleted = 0")} == there


async def test_deletions_show_in_the_daily_list_and_a_thin_line_carries_no_more(shop: Shop) -> None:
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    gone = part(till, "P-0003")
    await shop.edit(kind="delete", id=gone.id)
    await shop.edit(id=part(till, "P-0004").id, fields={"price": 99})
    for _ in range(3):
        till.clock.forward(30)
        await till.round()
    assert not part(till, "P-0003").deleted
    assert part(till, "P-0004").draft.price == 9900
    asked = [call for call in line.calls if call.startswith("GET /inventory/items?")]
    assert len(asked) == 4
    assert all("updated_since" in call for call in asked[1:])
    till.clock.forward(86_400)
    await till.round()
    assert till.ask(inventory.get, gone.id).deleted


async def test_a_server_that_cannot_filter_is_read_whole_and_seldom(shop: Shop) -> None:
    await shop.be(filters=False)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    till.do(state.put, "inventory.took", 60.0)  # as over a thin line
    till.clock.forward(30)
    for _ in range(6):
        await till.round()
        till.clock.forward(30)
    assert line.count("GET /inventory/items?") == 2  # the whole list, and the page that showed that it does not filter
    await shop.edit(id=part(till, "P-0004").id, fields={"price": 99})
    till.clock.forward(listings.SHARE * 60)
    await till.round()
    assert part(till, "P-0004").draft.price == 9900
    till.do(state.put, "inventory.took", 60.0)
    await shop.edit(id=part(till, "P-0004").id, fields={"price": 98})
    till.sync.put_off_nothing()  # somebody presses the key
    await till.round()
    assert part(till, "P-0004").draft.price == 9800


def test_a_total_that_means_something_else_does_not_have_the_list_read_for_ever(tmp_path: Path) -> None:
    with Store.open(tmp_path / "shop.db", inline=True) as store:
        store.run_now(transports.switch, "suppliers", "lists")
        outcomes = []
        while not outcomes or outcomes[-1] != "stored":
            plan = store.read_now(listings.plan, "suppliers")
            assert plan is not None
            named = [{"id": f"{plan.page}-{n}", "name": "مورد"} for n in range(3)]
            rows, _ = wire.read_rows("supplier", named)
            page = listings.ListPage(rows, (), 50, last=plan.page == 2)
            outcomes.append(store.run_now(listings.stage, plan, page)[0])
        assert outcomes == ["more", "torn", "more", "stored"]
        assert store.read_now(suppliers.count, "") == 6


async def test_a_server_that_takes_smaller_pages_gets_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "LIMITS", (5000, 4))
    till = await shop.till()
    await till.round()
    assert till.sql("SELECT count(*) FROM part") == [(PARTS,)]


# --- up --------------------------------------------------------------------------------------------------

UNKNOWN = ("drop_before", "drop_after", "error_before", "error_after", "not_json", "truncated")


PLAIN: tuple[dict[str, Any], ...] = ({}, {"own_ids": False}, {"searches": False, "bare": True})


@pytest.mark.parametrize(("kind", "plain"), list(zip(UNKNOWN, PLAIN * 2, strict=True)))
async def test_a_part_is_made_once_whatever_becomes_of_the_answer(shop: Shop, kind: str, plain: dict[str, Any]) -> None:
    await shop.be(**plain)
    till = await shop.till()
    await till.round()
    till.do(inventory.create, PartDraft(name="طقم تيل", part_number="N-1", price=100), whole(7))
    await shop.fault(kind, "inventory.create")
    await settle(till)
    assert shop.sql("SELECT count(*), max(stock_quantity) FROM item WHERE part_number = 'N-1'") == [(1, whole(7))]
    await till.round()
    assert units(part(till, "N-1")) == 7
    edit(till, "N-1", price=250)
    await settle(till)
    assert shop.sql("SELECT price FROM item WHERE part_number = 'N-1'") == [(250,)]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncated"])
async def test_a_sale_goes_up_once_whatever_becomes_of_the_answer(shop: Shop, kind: str) -> None:
    till = await shop.till()
    await till.round()
    sold = part(till, "P-0001")
    before = units(sold)
    till.sell(sold.id, 2)
    till.sell(sold.id, 3)
    assert units(part(till, "P-0001")) == before - 5
    await shop.fault(kind, "sales.create")
    for _ in range(8):
        await till.step()
        assert units(part(till, "P-0001")) == before - 5
    assert till.queue.unsent == 0
    assert len(shop.receipts()) == len(set(shop.receipts())) == 2
    assert shop.stock("P-0001") == before - 5
    assert till.sql("SELECT count(*) FROM sale") == [(2,)]


@pytest.mark.parametrize("moves", [True, False])
async def test_stock_is_exact_at_every_step_whoever_moves_it(shop: Shop, moves: bool) -> None:
    await shop.be(moves_stock=moves)
    till = await shop.till()
    await till.round()
    one, two = units(part(till, "P-0001")), units(part(till, "P-0002"))
    sale = till.sell(part(till, "P-0001").id, 4)
    till.do(inventory.adjust, part(till, "P-0002").id, whole(-3), "كسر")
    till.do(inventory.count_stock, part(till, "P-0001").id, of_decimal(one + 10))
    await shop.fault("drop_after", "inventory.update")
    await shop.fault("error_after", "sales.create")
    for _ in range(10):
        await till.step()
        assert (units(part(till, "P-0001")), units(part(till, "P-0002"))) == (one + 10, two - 3)
    assert till.queue.unsent == 0
    assert (shop.stock("P-0001"), shop.stock("P-0002")) == (one + 10, two - 3)
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
    till.do(aftersales.void, sale, "غلطة", "c")
    for _ in range(6):
        await till.step()
        assert units(part(till, "P-0001")) == one + 14
    assert shop.stock("P-0001") == one + 14
    assert shop.sql("SELECT status FROM sale") == [("voided",)]


@pytest.mark.parametrize("known", [True, False])
async def test_a_sale_of_a_part_that_the_server_refused_goes_up_too(shop: Shop, known: bool) -> None:
    """Nobody could see who moved the stock of a part that is not there, and the sale waited for ever."""
    await shop.be(moves_stock=False)
    till = await shop.till()
    await till.round()
    refused = till.do(inventory.create, PartDraft(name="جديدة", part_number="N" * 250, price=500))
    await till.round()
    cart = carts.add_line(till.do(sales.open_cart), refused)
    if known:
        cart = carts.add_line(cart, part(till, "P-0003"), whole(2))
    total = carts.totals(cart, till.ask(state.tax_rules), "cash").total
    options = {"cashier": "c", "device_id": "d", "rules": till.ask(state.tax_rules)}
    till.do(sales.checkout, cart, (Payment("cash", total),), tendered=total, **options)
    await settle(till)
    assert len(shop.receipts()) == 1
    assert shop.stock("P-0003") == 23 - 2 * known == units(part(till, "P-0003"))


async def test_what_nobody_can_find_out_is_put_before_a_person(shop: Shop) -> None:
    await shop.be(missing=["inventory.sync", "sales.sync", "sales.list"])
    till = await shop.till()
    await till.round()
    till.sell(part(till, "P-0001").id)
    await shop.fault("error_before", "sales.create")
    await settle(till)
    waiting = [(change.lane, change.last_error) for change in till.changes]
    assert waiting == [("attention", "error.sync.unconfirmed")]
    assert shop.receipts() == []
    till.do(attention.retry, till.changes[0].id)  # the person has looked: it is not there
    await settle(till)
    assert len(shop.receipts()) == 1
    assert till.changes == ()


@pytest.mark.parametrize(("kind", "there"), [("error_after", 1), ("error_before", 0)])
@pytest.mark.parametrize("for_good", [False, True])
async def test_a_list_that_is_barred_is_tried_once_more_before_a_person_is_asked(
    shop: Shop, kind: str, there: int, for_good: bool
) -> None:
    """A firewall that took one look for an attack cost a person the question whether the sale is there."""
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    till.sell(part(till, "P-0001").id)
    await shop.fault(kind, "sales.create")
    looks = line.count("GET /sales/transactions")
    line.barred["GET /sales/transactions"] = range(looks + 1, looks + (100 if for_good else 2))
    for _ in range(3):
        await till.step()
    assert [(change.lane, change.last_error) for change in till.changes] == [("slow", "error.api.forbidden")]
    till.clock.forward(16 * 60)
    await till.step()
    if for_good:
        waiting = [(change.lane, change.last_error) for change in till.changes]
        assert (waiting, len(shop.receipts())) == ([("attention", "error.sync.unconfirmed")], there)
    else:
        await settle(till)
        assert (till.changes, len(shop.receipts())) == ((), 1)


async def test_what_a_person_says_is_there_is_not_sent_again(shop: Shop) -> None:
    await shop.be(missing=["inventory.sync", "sales.sync", "sales.list"])
    till = await shop.till()
    await till.round()
    before = units(part(till, "P-0001"))
    till.sell(part(till, "P-0001").id)
    await shop.fault("error_after", "sales.create")
    await settle(till)
    till.do(queue.see, till.changes[0].id)
    assert till.changes == ()
    await till.round()
    assert len(shop.receipts()) == 1
    assert units(part(till, "P-0001")) == before - 1 == shop.stock("P-0001")


async def test_who_moved_the_stock_is_asked_where_nobody_could_see_it(shop: Shop) -> None:
    """Somebody else moves the part of the first sale, between the two looks at its figure."""
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    sold = part(till, "P-0001")
    elsewhere = {"stock_quantity": shop.stock("P-0001") + 9}
    line.before["POST /sales/transactions#1"] = lambda: shop.edit(id=sold.id, fields=elsewhere)
    till.sell(sold.id, 2)
    till.do(inventory.adjust, sold.id, whole(1), "لقيناها")
    for _ in range(7):
        await till.step()
        till.clock.forward(100)
        assert units(part(till, "P-0001")) == units(sold) - 1
    waiting = [(change.kind, change.last_error) for change in till.changes if change.lane == "attention"]
    assert waiting == [("sale", "error.sync.stock_unclear")]
    till.do(queue.see, till.changes[0].id)  # the person sees there that the server has moved it
    await settle(till)
    await till.round()
    assert units(part(till, "P-0001")) == units(sold) + 9 - 2 == shop.stock("P-0001")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_nothing_of_ours_moves_a_part_of_which_a_write_is_in_doubt(shop: Shop, kind: str) -> None:
    """Three pieces are missing, and the answer to that is lost; three are sold: the figure would be just the same."""
    till = await shop.till()
    await till.round()
    till.sell(part(till, "P-0002").id)  # shows who moves the stock of a sale
    await settle(till)
    there = units(part(till, "P-0001"))
    till.do(inventory.adjust, part(till, "P-0001").id, whole(-3), "كسر")
    till.sell(part(till, "P-0001").id, 3)
    await shop.fault(kind, "inventory.update")
    for _ in range(8):
        await till.step()
        assert units(part(till, "P-0001")) == there - 6
    assert till.changes == ()
    assert shop.stock("P-0001") == there - 6


async def test_the_void_of_a_sale_goes_although_nobody_knows_of_its_stock(shop: Shop) -> None:
    await shop.be(moves_stock=False)
    till = await shop.till()
    await till.round()
    sold = part(till, "P-0001")
    sale = till.sell(sold.id, 2)
    await shop.fault("drop_before", "inventory.update")
    await till.step()
    await shop.edit(id=sold.id, fields={"stock_quantity": units(sold) + 7})
    await settle(till)
    assert [(one.kind, one.last_error) for one in till.changes] == [("sale", "error.sync.unconfirmed")]
    till.do(aftersales.void, sale, "غلطة", "c")
    await settle(till)
    assert shop.sql("SELECT status FROM sale") == [("voided",)]
    assert [one.kind for one in till.changes] == ["sale"]
    till.do(attention.retry, till.changes[0].id)  # the person has looked: the two pieces were not taken off
    await settle(till)
    await till.round()
    assert units(part(till, "P-0001")) == units(sold) + 7 == shop.stock("P-0001")


async def test_two_terminals_agree(shop: Shop) -> None:
    one, two = await shop.till("one"), await shop.till("two")
    await one.round()
    await two.round()
    before = units(part(one, "P-0001"))
    sold = one.sell(part(one, "P-0001").id, 2)
    await settle(one)
    two.sell(part(two, "P-0001").id, 3)
    await settle(two)
    for till in (one, two):
        await till.round()
        assert units(part(till, "P-0001")) == before - 5 == shop.stock("P-0001")
        assert till.sql("SELECT count(*) FROM sale") == [(2,)]
    assert two.sql("SELECT own FROM sale WHERE receipt_number = ?", one.ask(sales.get, sold).receipt_number) == [(0,)]


@pytest.mark.parametrize("own_ids", [True, False])
async def test_an_edit_is_compared_with_what_the_person_saw(shop: Shop, own_ids: bool) -> None:
    await shop.be(own_ids=own_ids)
    till = await shop.till()
    await till.round()
    edit(till, "P-0005", name="اسم عندي", price=111, location="رف ٣")
    await shop.edit(id=part(till, "P-0005").id, fields={"name": "اسم عندهم", "price": 222})
    await settle(till)
    found = shop.sql("SELECT name, price, location FROM item WHERE part_number = 'P-0005'")
    assert found == [("اسم عندهم", 22200, "رف ٣")]  # the price by policy, the name asks
    waiting = till.ask(conflicts.pending)
    assert [(one.field, one.mine, one.theirs) for one in waiting] == [("name", "اسم عندي", "اسم عندهم")]
    till.do(conflicts.resolve, waiting[0].id, "mine")
    await settle(till)
    await till.round()
    assert part(till, "P-0005").draft.name == "اسم عندي"
    assert shop.sql("SELECT name, price FROM item WHERE part_number = 'P-0005'") == [("اسم عندي", 22200)]


async def test_a_put_that_replaces_the_whole_record_empties_nothing(shop: Shop) -> None:
    await shop.be(replaces=True, moves_stock=False)
    till = await shop.till()
    await till.round()
    till.do(inventory.adjust, part(till, "P-0005").id, whole(2), "لقيناها")
    await settle(till)
    edit(till, "P-0005", location="رف ٣")
    await settle(till)
    found = shop.sql("SELECT name, price, location, stock_quantity FROM item WHERE part_number = 'P-0005'")
    assert found == [("قطعة رقم 5", 15000, "رف ٣", whole(27))]


async def test_a_sale_on_account_waits_for_its_customer(shop: Shop) -> None:
    """A server with its own ids would know the customer of the sale twice."""
    till = await shop.till()
    await till.round()
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    till.do(sell_on_account, part(till, "P-0001").id, made.id)
    await shop.fault("error_after", "customers.create")
    await settle(till, 20)
    assert shop.sql("SELECT count(*), max(balance) FROM customer") == [(1, 15000)]
    assert shop.sql("SELECT customer_id FROM sale") == shop.sql("SELECT id FROM customer")
    for _ in range(3):
        await till.round()
        assert till.ask(customers.get, made.id).balance == 15000
    assert till.sql("SELECT count(*) FROM customer WHERE deleted = 0") == [(1,)]


async def test_a_part_that_was_edited_is_not_deleted_unseen(shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    for number in ("P-0005", "P-0006"):
        till.do(inventory.delete, part(till, number).id, seen=part(till, number))
    await shop.edit(id=shop.sql("SELECT id FROM item WHERE part_number = 'P-0005'")[0][0], fields={"name": "مهمة"})
    await settle(till)
    assert [one.field for one in till.ask(conflicts.pending)] == ["*"]
    assert shop.sql("SELECT part_number, deleted FROM item WHERE part_number IN ('P-0005', 'P-0006')") == [
        ("P-0005", 0),
        ("P-0006", 1),
    ]
    till.clock.forward(86_400)
    await till.round()
    assert till.sql("SELECT deleted FROM part WHERE part_number = 'P-0006'") == [(1,)]


@pytest.mark.parametrize("kind", ["error_before", "drop_after"])
async def test_a_customer_is_made_once_and_owes_what_was_sold(shop: Shop, kind: str) -> None:
    till = await shop.till()
    await till.round()
    made = till.do(customers.create, CustomerDraft(name="أحمد سعيد", phone="01000000001"))
    await shop.fault(kind, "customers.create")
    await settle(till)
    assert shop.sql("SELECT count(*) FROM customer WHERE phone = '01000000001'") == [(1,)]
    await till.round()
    seen = till.ask(customers.get, made.id)
    till.do(customers.edit, made.id, CustomerDraft(name="أحمد سعيد", phone="01000000002"), seen=seen)
    await settle(till)
    await till.round()
    assert till.sql("SELECT name, phone FROM customer WHERE deleted = 0") == [("أحمد سعيد", "01000000002")]
    assert shop.sql("SELECT phone FROM customer") == [("01000000002",)]


async def test_what_has_no_call_waits_without_alarm(shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    made = till.do(customers.create, CustomerDraft(name="منى"))
    till.do(accounts.pay, made.id, 5000, "cash", "", "c", beyond_debt=True)
    sale = till.sell(part(till, "P-0001").id, 2)
    await settle(till)
    till.do(aftersales.give_back, sale, {1: whole(1)}, cashier="c", device_id="d", reason="زيادة")
    await settle(till)
    assert {(change.kind, change.lane) for change in till.changes} == {("payment", "local"), ("return", "local")}
    assert (till.queue.unsent, till.queue.local, till.queue.oldest_at) == (0, 2, None)
    assert till.ask(customers.get, made.id).balance == -5000
    assert units(part(till, "P-0001")) == shop.stock("P-0001") + 1
    assert await till.sync.step() == 30.0


async def test_a_sale_that_comes_back_whole_is_a_status(shop: Shop) -> None:
    await shop.be(moves_stock=False)
    till = await shop.till()
    await till.round()
    before = units(part(till, "P-0001"))
    sale = till.sell(part(till, "P-0001").id, 2)
    till.do(aftersales.give_back, sale, {1: whole(2)}, cashier="c", device_id="d", reason="عيب")
    await shop.fault("error_after", "sales.update")
    await settle(till)
    assert shop.sql("SELECT status FROM sale") == [("returned",)]
    assert units(part(till, "P-0001")) == before == shop.stock("P-0001")


# --- half a server, and one that learns ------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["inventory.sync", "sales.sync"])
async def test_half_a_server_is_used_as_far_as_it_goes(shop: Shop, missing: str) -> None:
    await shop.be(missing=[missing], own_ids=False)
    till = await shop.till()
    await till.round()
    before = units(part(till, "P-0001"))
    till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1"), whole(5))
    till.sell(part(till, "P-0001").id, 2)
    till.do(inventory.adjust, part(till, "P-0001").id, whole(-1), "كسر")
    till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    await shop.fault("drop_after", "sales.create" if missing == "sales.sync" else "sales.sync")
    for _ in range(6):
        await till.step()
        assert units(part(till, "P-0001")) == before - 3
    assert till.queue.unsent == 0
    assert len(shop.receipts()) == 1
    assert shop.stock("P-0001") == before - 3
    assert (units(part(till, "N-1")), shop.stock("N-1")) == (5, 5)
    assert till.ask(transports.of, missing.partition(".")[0]) == "lists"
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


async def test_a_server_that_learns_to_sync_gets_what_waited_and_nothing_twice(shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    before = units(part(till, "P-0001"))
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    sale = till.sell(part(till, "P-0001").id, 2)
    till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1"), whole(5))
    await settle(till)
    till.do(accounts.pay, made.id, 5000, "cash", "", "c", beyond_debt=True)
    till.do(aftersales.give_back, sale, {1: whole(1)}, cashier="c", device_id="d", reason="زيادة")
    await settle(till)
    till.sell(part(till, "P-0001").id, 4)
    await shop.fault("error_after", "sales.create")
    with pytest.raises(ApiError):
        await till.round()
    await shop.sync()
    till.sync.look_again()
    for _ in range(6):
        await till.step()
        assert units(part(till, "P-0001")) == before - 5
    assert till.ask(transports.known) == dict.fromkeys(transports.CHANNELS, "sync")
    assert (till.queue.unsent, till.queue.local) == (0, 0)
    assert shop.stock("P-0001") == before - 5
    assert len(shop.receipts()) == len(set(shop.receipts())) == 3
    assert till.sql("SELECT count(*) FROM sale") == [(3,)]
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
    assert shop.sql("SELECT balance FROM customer") == [(-5000,)]
    assert till.ask(customers.get, made.id).balance == -5000
    edit(till, "N-1", price=777)
    till.sell(part(till, "N-1").id, 1)
    await settle(till)
    assert shop.sql("SELECT price, stock_quantity FROM item WHERE part_number = 'N-1'") == [(777, whole(4))]
    assert units(part(till, "N-1")) == 4


async def test_a_server_that_loses_sync_is_believed_after_a_while(shop: Shop) -> None:
    await shop.sync()
    till = await shop.till()
    await till.round()
    before = units(part(till, "P-0001"))
    till.sell(part(till, "P-0001").id, 1)
    await settle(till)
    await shop.be(own_ids=False)
    till.sell(part(till, "P-0001").id, 2)
    with pytest.raises(ApiError):
        await till.round()
    assert till.ask(transports.of, "sales") in (None, "sync")
    till.clock.forward(transports.BELIEVED_AFTER.total_seconds())
    for _ in range(4):
        await till.step()
        till.clock.forward(transports.BELIEVED_AFTER.total_seconds())
        assert units(part(till, "P-0001")) == before - 3
    assert till.ask(transports.of, "sales") == "lists"
    assert len(shop.receipts()) == 2
    assert shop.stock("P-0001") == before - 3
    await shop.sync()
    till.sync.look_again()
    till.sell(part(till, "P-0001").id, 4)
    await settle(till)
    await till.round()
    assert units(part(till, "P-0001")) == before - 7 == shop.stock("P-0001")
    assert len(shop.receipts()) == 3


async def test_a_server_without_sync_is_asked_again_each_hour(shop: Shop) -> None:
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    asked = line.count("POST /inventory/sync")
    for _ in range(3):
        till.clock.forward(600)
        await till.round()
    assert line.count("POST /inventory/sync") <= asked + 1
    await shop.sync()
    till.clock.forward(3600)
    await till.round()
    assert till.ask(transports.of, "inventory") == "sync"


# --- dying -----------------------------------------------------------------------------------------------


class Dead(Exception):
    """The process ended here."""


async def test_a_till_may_die_at_every_write(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sale, an adjustment and a new part; the program dies before each of its transactions, and comes back."""
    await shop.be(moves_stock=False)
    till = await shop.till()
    await till.round()
    before = units(part(till, "P-0001"))
    till.sell(part(till, "P-0001").id, 2)
    till.do(inventory.adjust, part(till, "P-0001").id, whole(-3), "كسر")
    till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1"), whole(5))
    for n in range(1, 60, 2):
        left = [n]
        run = till.store.run

        async def dies(function: Any, *args: Any, left: list[int] = left, run: Any = run, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Dead
            return await run(function, *args, **kwargs)

        try:
            with monkeypatch.context() as patch:
                patch.setattr(till.store, "run", dies)
                await till.round()
            break
        except (Dead, ApiError):
            clock = till.clock
            await till.close()
            shop.tills.remove(till)
            clock.forward(20)
            till = await shop.till(clock=clock)
            assert units(part(till, "P-0001")) == before - 5
    assert left[0] > 0, "it never came through"
    assert till.queue.unsent == 0
    await till.round()
    assert units(part(till, "P-0001")) == before - 5 == shop.stock("P-0001")
    assert len(shop.receipts()) == 1
    assert (units(part(till, "N-1")), shop.stock("N-1")) == (5, 5)


# --- after an attempt that nobody saw end ----------------------------------------------------------------


class Late(httpx.AsyncBaseTransport):
    """A server that is slow with one kind of call: it is given up after `after` seconds, and done later by `finish`."""

    def __init__(self, clock: HandClock, method: str, path: str, after: float = 30.0) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=False)
        self._clock, self._method, self._path, self._after = clock, method, path, after
        self.tried: list[httpx.Request] = []
        self.slow = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == self._method and request.url.path.endswith(self._path):
            self.tried.append(request)
            if self.slow:
                self._clock.forward(self._after)
                raise httpx.ReadTimeout("slow", request=request)
        return await self._inner.handle_async_request(request)

    async def finish(self) -> None:
        first = self.tried[0]
        async with httpx.AsyncClient(verify=False) as client:
            (await client.post(first.url, content=first.content, headers=first.headers)).raise_for_status()

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_a_sale_that_a_slow_server_takes_after_it_was_given_up_is_there_once(shop: Shop) -> None:
    clock = HandClock()
    line = Late(clock, "POST", "/sales/transactions")
    till = await shop.till(clock=clock, transport=line)
    await till.round()
    till.sell(part(till, "P-0001").id, 2)
    with pytest.raises(ApiError):
        await till.round()
    line.slow = False
    till.clock.forward(5)
    till.sync.look_again()
    await till.round()  # looks, and does not find it yet
    assert len(line.tried) == 1
    till.clock.forward(20)
    await line.finish()
    await settle(till, 12)
    assert len(line.tried) == 1
    assert len(shop.receipts()) == 1
    assert shop.stock("P-0001") == units(part(till, "P-0001"))


async def told_to_send(shop: Shop, line: Line) -> Till:
    """A till whose sale may have reached a server that shows no sales; a person has said that it is not there."""
    await shop.be(missing=["inventory.sync", "sales.sync", "sales.list"])
    till = await shop.till(transport=line)
    await till.round()
    till.sell(part(till, "P-0001").id)
    await shop.fault("error_before", "sales.create")
    await settle(till)
    (waiting,) = till.changes
    till.do(attention.retry, waiting.id)
    return till


async def test_what_a_person_has_said_counts_for_one_attempt(shop: Shop) -> None:
    """The person says that it is not there; the program dies when it has been sent, before the answer."""
    till = await told_to_send(shop, Line())

    call = till.api.call

    async def die_after(name: str, **options: Any) -> Any:
        answer = await call(name, **options)
        if name == "sales.create":
            raise Dead
        return answer

    till.api.call = die_after  # type: ignore[method-assign]
    with pytest.raises(Dead):
        await till.round()
    clock = till.clock
    await till.close()
    shop.tills.remove(till)
    assert len(shop.receipts()) == 1
    clock.forward(600)
    till = await shop.till(clock=clock)
    await settle(till)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", "error.sync.unconfirmed")]
    assert len(shop.receipts()) == 1


async def test_what_a_person_has_said_lasts_until_it_could_be_sent(shop: Shop) -> None:
    line = Line()
    till = await told_to_send(shop, line)

    async def unplugged() -> None:
        raise httpx.ConnectError("no line")

    for n in (1, 2):
        line.before[f"POST /sales/transactions#{line.count('POST /sales/transactions?') + n}"] = unplugged
    for _ in range(6):
        await till.step()
        assert [change for change in till.changes if change.lane == "attention"] == []
    assert till.changes == ()
    assert len(shop.receipts()) == 1


async def test_a_step_that_was_begun_stays_known_where_a_later_call_was_never_sent(shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    moved = part(till, "P-0001")
    till.do(inventory.adjust, moved.id, whole(3), "لقيناها")
    claimed = till.do(single_writes.claim, "inventory")
    claimed.progress.writes[moved.id] = single_writes.Write(moved.stock, moved.stock + whole(3))
    till.do(single_writes.keep, claimed.change.change_id, claimed.progress)
    await shop.edit(id=moved.id, fields={"stock_quantity": units(moved) + 3})  # it was done; then the line went down
    till.do(single_writes.not_sent, claimed)
    await settle(till)
    await till.round()
    assert shop.stock("P-0001") == units(moved) + 3 == units(part(till, "P-0001"))


# --- what hangs holds up nothing else --------------------------------------------------------------------


async def test_a_customer_and_a_part_that_the_server_cannot_take_hold_no_sale_up(shop: Shop) -> None:
    """Their making breaks the server each time; the sales of both go up, and its stock when the part is there."""
    till = await shop.till()
    await till.round()
    till.sell(part(till, "P-0009").id)
    await settle(till)
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    new = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=100), whole(5))
    for endpoint in ("customers.create", "inventory.create"):
        await shop.fault("error_before", endpoint, count=3)
    till.do(sell_on_account, part(till, "P-0001").id, made.id)
    till.sell(new.id, 2)
    for _ in range(40):
        await till.step()
        if len(shop.receipts()) == 3:
            break
    assert len(shop.receipts()) == 3
    assert {change.lane for change in till.changes if change.kind == "create"} == {"slow"}
    assert units(part(till, "N-1")) == 3
    till.clock.forward(900)
    await settle(till, 20)
    await till.round()
    assert till.changes == ()
    assert (units(part(till, "N-1")), shop.stock("N-1")) == (3, 3)


async def test_a_server_that_shows_its_parts_to_nobody_gets_the_sale_all_the_same(shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    till.sell(part(till, "P-0001").id)
    await shop.be(missing=["inventory.sync", "sales.sync", "inventory.list"])
    await till.sync._transports.singles.push("sales")
    assert len(shop.receipts()) == 1
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", "error.sync.stock_unclear")]


async def test_one_slow_change_is_tried_in_a_round(shop: Shop) -> None:
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    for n in range(4):
        till.do(inventory.create, PartDraft(name="جديدة", part_number=f"N-{n}", price=100))
    for change in till.changes:
        till.do(outbox.make_slow, change.id, "error.api.timeout")
    till.do(outbox.wake_slow)
    await till.sync._transports.singles.push("inventory")
    assert line.count("POST /inventory/items?") == 1
    await settle(till)
    assert line.count("POST /inventory/items?") == 4


async def test_an_answer_that_makes_no_sense_is_a_failure_of_its_change_alone(shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    till.sell(part(till, "P-0001").id)
    till.sell(part(till, "P-0002").id)
    call, odd = till.api.call, [1]

    async def answer_oddly(name: str, **options: Any) -> Any:
        answer = await call(name, **options)
        if name == "inventory.list" and odd:
            odd.pop()
            return replace(answer, data="?")
        return answer

    till.api.call = answer_oddly  # type: ignore[method-assign]
    await till.sync._transports.singles.push("sales")
    assert [(change.lane, change.last_error) for change in till.changes] == [("slow", "queue.failed.bad_answer")]
    assert len(shop.receipts()) == 1
    till.clock.forward(900)
    await settle(till)
    assert len(shop.receipts()) == 2


# --- a server that loses its sync calls for a while ------------------------------------------------------


async def test_what_was_moved_while_the_sync_calls_were_missing_counts_once(shop: Shop) -> None:
    """No list was stored meanwhile: the delta of what had gone up by itself never ended."""
    await shop.sync()
    till = await shop.till()
    await till.round()
    await shop.be(missing=["inventory.sync", "sales.sync"])
    moved = part(till, "P-0002")
    till.do(inventory.adjust, moved.id, whole(3), "found")
    await minutes(till, 14)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 4, 300)
    assert till.shelf(moved.id) == shop.stock("P-0002") == units(moved) + 3
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


async def test_one_missing_call_holds_up_no_sale(shop: Shop) -> None:
    await shop.sync()
    till = await shop.till()
    await till.round()
    await shop.be(missing=["inventory.sync"])
    till.do(inventory.adjust, part(till, "P-0002").id, whole(3), "found")
    till.sell(part(till, "P-0001").id)
    await minutes(till, 1)
    assert len(shop.receipts()) == 1


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_sale_that_went_up_by_itself_is_offered_to_a_restored_server(
    shop: Shop, own_ids: bool, is_lost: bool
) -> None:
    """Nobody knew its change there, so nobody asked, and the sale was gone without a word."""
    await shop.sync()
    till = await shop.till()
    await till.round()
    sold = part(till, "P-0001")
    earlier = till.sell(sold.id)
    await till.round()
    if is_lost:
        await shop.fault("backup", "*")
    await shop.be(own_ids=own_ids)
    till.sell(sold.id, 2)
    till.do(aftersales.void, earlier, "غلط", "سارة")
    await minutes(till, 16)
    assert (len(shop.receipts()), till.changes) == (2, ())
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 2)
    if not is_lost:
        await shop.fault("backup", "*")
    await shop.fault("restore", "*")
    await minutes(till, 6, 40)
    assert till.ask(state.get, "epoch") == "e-2"
    assert till.changes == ()
    assert shop.sql("SELECT status, count(*) FROM sale GROUP BY 1 ORDER BY 1") == [("completed", 1), ("voided", 1)]
    assert till.shelf(sold.id) == shop.stock("P-0001") == units(sold) - 2
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


async def test_a_customer_whom_a_server_makes_that_numbers_nothing_any_more_is_one_here_too(shop: Shop) -> None:
    await shop.sync()
    till = await shop.till()
    await till.round()
    await shop.be()
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    await minutes(till, 4)
    assert till.ask(transports.of, "customers") == "lists"
    assert shop.sql("SELECT name FROM customer") == [("منى",)]
    assert till.sql("SELECT id, name FROM customer WHERE deleted = 0") == [(made.id, "منى")]
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 2)
    assert till.sql("SELECT id, version > 0 FROM customer WHERE deleted = 0") == [(made.id, 1)]


async def test_a_customer_whose_answer_was_lost_is_made_once_by_a_server_that_has_forgotten_its_keys(
    shop: Shop,
) -> None:
    await shop.sync()
    till = await shop.till()
    await till.round()
    till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    await shop.fault("error_after", "customers.create")
    await till.step()
    assert till.queue.unsent == 1
    await shop.be()
    await minutes(till, 4)
    assert till.queue.unsent == 0
    assert shop.sql("SELECT name FROM customer") == [("منى",)]


async def test_a_void_waits_for_its_sale_that_has_begun_to_go_up_by_itself(shop: Shop) -> None:
    """The server that heard of the void first would move nothing for the sale, and be taken for one that never does."""
    await shop.sync()
    till = await shop.till()
    await till.round()
    before = units(part(till, "P-0001"))
    await shop.be(own_ids=False)
    await minutes(till, 12)
    assert till.ask(transports.of, "sales") == "lists"
    sale = till.sell(part(till, "P-0001").id, 2)
    await shop.fault("error_before", "sales.create")
    await till.step()
    assert till.sql("SELECT count(*) FROM single") == [(1,)]
    till.do(aftersales.void, sale, "غلط", "سارة")
    await shop.sync()
    till.sync.look_again()
    for seconds in (0, 0, 60, 60, 60, 60):
        till.clock.forward(seconds)
        await till.step()
        assert till.shelf(part(till, "P-0001").id) == before
    assert till.queue.unsent == 0
    assert shop.stock("P-0001") == before
    assert shop.sql("SELECT status FROM sale") == [("voided",)]


async def test_a_figure_that_nobody_knows_is_held_when_the_server_syncs_again(shop: Shop) -> None:
    """The server has what was to be written, and says so among its rows: it must not count here a second time."""
    till = await shop.till()
    await till.round()
    found = part(till, "P-0002")
    till.do(inventory.adjust, found.id, whole(3), "found")
    await shop.fault("error_after", "inventory.update")
    await till.step()
    assert shop.stock("P-0002") == units(found) + 3
    await shop.edit(id=found.id, fields={"stock_quantity": units(found) + 7})
    await minutes(till, 4)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", "error.sync.unconfirmed")]
    await shop.sync()
    till.sync.look_again()
    for _ in range(3):
        await minutes(till, 1)
        assert till.shelf(found.id) == units(found) + 3
    assert till.ask(transports.of, "inventory") == "sync"
    till.do(queue.see, till.changes[0].id)  # the person has looked: it is there
    await minutes(till, 2)
    assert till.shelf(found.id) == shop.stock("P-0002") == units(found) + 7
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


async def test_a_payment_that_may_have_arrived_waits_for_sync_and_is_not_taken_for_done(shop: Shop) -> None:
    """It was sent by sync, and the sync calls are gone: there is no other call for it."""
    await shop.sync()
    till = await shop.till()
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    await till.round()
    await shop.fault("error_before", "sales.sync")
    till.do(accounts.pay, made.id, 5000, "cash", "", "c", beyond_debt=True)
    await till.step()
    await shop.be(own_ids=False)
    await minutes(till, 12)
    assert till.ask(transports.of, "sales") == "lists"
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 4)
    assert till.queue.unsent == 0
    assert shop.sql("SELECT balance FROM customer") == [(-5000,)]


async def test_a_sale_of_another_window_is_due_at_once_though_a_figure_is_in_doubt(shop: Shop) -> None:
    """By lists it waits for nothing: only its stock does, and who moves that is known."""
    await shop.be(moves_stock=False)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    sold = part(till, "P-0001")
    till.sell(sold.id)
    await minutes(till, 2)
    assert till.changes == ()
    writes = f"PUT /inventory/items/{sold.id}"
    line.cut[writes] = set(range(line.count(f"{writes}?") + 1, 1000))
    till.sell(sold.id)
    while [(change.kind, change.lane) for change in till.changes] != [("sale", "slow")]:
        till.clock.forward(60)
        await till.sync.step()
    assert till.ask(outbox.next_due) > till.clock.now()
    till.sell(sold.id)
    assert till.ask(outbox.next_due) == till.clock.now()
    await till.step()
    assert len(shop.receipts()) == 3
