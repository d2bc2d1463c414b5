"""A server that has the sync calls, loses one of them or both, and has them again: what counts here, and how often."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.core import accounts, aftersales, customers, inventory, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.outbox import outbox, transports
from clutch_tui.core.sync import differences, queue
from clutch_tui.core.sync.fallback import listings, single_writes, stock_movers
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment
from clutch_tui.net.client.errors import ApiError
from clutch_tui.sandbox import server
from clutch_tui.sandbox.settings import Settings
from tests.test_net.conftest import StockBackend
from tests.test_net.test_lists import Line, Shop, minutes, part, sell_on_account, settle
from tests.test_net.till import Till, said

PARTS = 12


@pytest.fixture(scope="module")
def stocked(stock_backend: StockBackend) -> Path:
    return stock_backend(PARTS)


@pytest.fixture
async def shop(tmp_path: Path, stocked: Path) -> AsyncIterator[Shop]:
    with sqlite3.connect(stocked) as source, sqlite3.connect(tmp_path / "backend.db") as target:
        source.backup(target)
    async with server.running(Settings(db=str(tmp_path / "backend.db"), faults=True)) as sandbox:
        shop = Shop(tmp_path, sandbox)
        yield shop
        for till in shop.tills:
            await till.close()


async def test_what_went_up_between_two_pages_of_a_pull_counts_once(shop: Shop) -> None:
    """The part comes on the last page, with what was sold after the first."""
    line = Line()
    till = await shop.till(transport=line, page_size=2)
    await till.round()
    sold = part(till, "P-0001")
    await shop.be(missing=["sales.sync"])
    await minutes(till, 12)
    assert (till.ask(transports.of, "sales"), till.ask(transports.of, "inventory")) == ("lists", "sync")
    for number in ("P-0002", "P-0003", "P-0004"):
        await shop.edit(id=part(till, number).id, fields={"price": 777})
    line.cut["POST /inventory/sync"] = {line.count("POST /inventory/sync?") + 2}
    with pytest.raises(ApiError):
        await till.round()
    assert till.sql("SELECT count(*) FROM pull_page WHERE channel = 'inventory'") == [(1,)]
    till.sell(sold.id, 2)
    for _ in range(3):
        await till.round()
        assert till.shelf(sold.id) == sold.stock - 2
    assert shop.stock("P-0001") == sold.stock - 2
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


async def test_what_came_back_to_an_account_waits_for_sync(shop: Shop) -> None:
    """As a status of its sale it would leave the debt where it is, for good."""
    till = await shop.till()
    await till.round()
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    till.do(sell_on_account, part(till, "P-0001").id, made.id)
    await minutes(till, 2)
    assert shop.sql("SELECT balance FROM customer") == [(15000,)]
    await shop.be(own_ids=False)
    await minutes(till, 12)
    sale_id = till.sql("SELECT id FROM sale")[0][0]
    till.do(aftersales.give_back, sale_id, {1: 1}, cashier="c", device_id="d", reason="عيب")
    await minutes(till, 2)
    assert [(change.kind, change.lane) for change in till.changes] == [("return", "local")]
    assert till.ask(customers.get, made.id).balance == 0
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 3)
    assert (till.queue.unsent, till.queue.local) == (0, 0)
    assert shop.sql("SELECT balance FROM customer") == [(0,)]
    assert till.ask(customers.get, made.id).balance == 0
    assert till.shelf(part(till, "P-0001").id) == shop.stock("P-0001")


async def test_what_a_sale_moves_that_nobody_has_answered_for_is_not_taken_from_rows_by_sync(shop: Shop) -> None:
    """It went up by itself, and who moved its stock could not be seen: it waits in the slow lane, and its sync rows
    contain it. They know no change by which to say so."""
    await shop.be(own_ids=False)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    till.do(inventory.adjust, part(till, "P-0001").id, 3, "found")
    await minutes(till, 1)
    other, sold = part(till, "P-0002"), part(till, "P-0001")
    till.do(sell_on_account, sold.id, made.id)
    line.cut["GET /inventory/items"] = set(range(line.count("GET /inventory/items?") + 2, 1000))
    await till.step()
    assert shop.stock("P-0001") == sold.stock - 1
    assert shop.sql("SELECT balance FROM customer") == [(15000,)]
    assert [(change.kind, change.lane) for change in till.changes] == [("sale", "fast")]
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    await shop.sync()
    till.sync.look_again()
    for _ in range(3):
        till.sell(other.id)
        await till.step()
        assert till.shelf(sold.id) == sold.stock - 1
        assert till.shelf(other.id) == shop.stock("P-0002")
        assert till.ask(customers.get, made.id).balance == 15000
    assert till.ask(transports.known) == dict.fromkeys(transports.CHANNELS, "sync")
    await shop.edit(id=sold.id, fields={"stock_quantity": sold.stock + 6})
    line.cut.clear()
    till.sell(sold.id)
    await minutes(till, 20)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", "error.sync.stock_unclear")]
    assert till.shelf(sold.id) == sold.stock - 2
    till.do(queue.see, till.changes[0].id)
    await minutes(till, 2)
    assert till.changes == ()
    assert till.shelf(sold.id) == shop.stock("P-0001") == sold.stock + 5
    assert till.ask(customers.get, made.id).balance == 15000
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_nothing_goes_by_sync_that_moves_a_part_whose_figure_is_in_doubt(shop: Shop, kind: str) -> None:
    """Three pieces are missing, and the answer to that is lost; three are sold: the figure would be just the same."""
    await shop.be(missing=["inventory.sync"])
    till = await shop.till()
    await till.round()
    missing, other = part(till, "P-0001"), part(till, "P-0002")
    till.do(inventory.adjust, missing.id, -3, "كسر")
    till.sell(missing.id, 3)
    till.sell(other.id)
    await shop.fault(kind, "inventory.update")
    await till.step()
    assert len(shop.receipts()) == 1
    for _ in range(6):
        await till.step()
        assert till.shelf(missing.id) == missing.stock - 6
    assert till.changes == ()
    assert shop.stock("P-0001") == missing.stock - 6


async def test_a_void_waits_until_it_is_seen_who_moved_the_stock_of_its_sale(shop: Shop) -> None:
    """With the goods back on the shelf it would look as if nobody had, here and with every sale from then on."""
    await shop.be(own_ids=False)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    sold = part(till, "P-0001")
    sale_id = till.sell(sold.id, 2)
    line.cut["GET /inventory/items"] = set(range(line.count("GET /inventory/items?") + 2, 1000))
    await till.step()
    assert shop.stock("P-0001") == sold.stock - 2
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    await shop.sync()
    till.sync.look_again()
    till.do(aftersales.void, sale_id, "غلط", "سارة")
    for _ in range(3):
        await till.step()
        assert shop.stock("P-0001") == sold.stock - 2
        assert till.shelf(sold.id) == sold.stock
    line.cut.clear()
    await minutes(till, 20)
    assert till.changes == ()
    assert till.ask(stock_movers.movers) == {"sale": "server"}
    assert till.shelf(sold.id) == shop.stock("P-0001") == sold.stock


async def test_a_server_that_numbers_its_customers_may_have_ids_of_its_own(shop: Shop) -> None:
    """The customer was there twice here, one under each id, and a payment went to the one that nobody else knew."""
    await shop.be(missing=["sales.sync"], own_ids=True)
    till = await shop.till()
    await till.round()
    assert till.ask(transports.of, "customers") == "sync"
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    await minutes(till, 2)
    assert shop.sql("SELECT count(*) FROM customer WHERE id <> ?", made.id) == [(1,)]
    assert till.sql("SELECT id FROM customer WHERE deleted = 0") == [(made.id,)]
    till.do(accounts.pay, made.id, 5000, "cash", "", "c", beyond_debt=True)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 3)
    assert shop.sql("SELECT balance FROM customer") == [(-5000,)]
    assert till.sql("SELECT id, balance FROM customer WHERE deleted = 0") == [(made.id, -5000)]
    assert till.ask(customers.get, made.id).balance == -5000


@pytest.mark.parametrize("lost", [None, 2, 3, 4])
async def test_a_sale_whose_void_came_first_says_nothing_of_who_moves_the_stock(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, lost: int | None
) -> None:
    """The server took the void by sync, on a sale that broke its call; by itself the sale moves nothing any more. Nor
    does the shelf, when the sale goes up between the pages of a list: one is lost just before."""
    monkeypatch.setattr(listings, "LIMITS", (3,))
    line = Line()
    till = await shop.till(transport=line)
    await shop.sync()
    await till.round()
    sold = part(till, "P-0001")
    sale_id = till.sell(sold.id, 2)
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.do(aftersales.void, sale_id, "غلط", "سارة")
    await till.step()
    assert [(change.kind, change.lane) for change in till.changes] == [("sale", "slow")]
    assert till.shelf(sold.id) == sold.stock
    await shop.be(own_ids=False)
    reading = 2 * PARTS // 3  # the pages of the readings before the one in which the sale finds its turn
    line.cut["GET /inventory/items"] = {reading + lost} if lost is not None else set()
    for _ in range(20):
        await minutes(till, 1)
        assert till.shelf(sold.id) == sold.stock
    assert till.changes == ()
    assert shop.sql("SELECT status FROM sale") == [("voided",)]
    assert till.shelf(sold.id) == shop.stock("P-0001") == sold.stock
    assert till.ask(stock_movers.movers) == {}
    pages = [call for call in line.calls if call.startswith(("GET /inventory/items?", "POST /sales/transactions?"))]
    assert pages.index("POST /sales/transactions?") == reading + (PARTS // 3 if lost is None else lost)


async def test_what_is_looked_for_holds_up_the_sales_of_its_parts_for_a_minute(shop: Shop) -> None:
    """The answer to a count was lost, and something on the way took the look for an attack: the sales of that part
    waited for a quarter of an hour, although the server had the sync calls again."""
    await shop.be(missing=["inventory.sync", "sales.sync"])
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    counted = part(till, "P-0001")
    till.do(inventory.count_stock, counted.id, counted.stock + 5)
    await shop.fault("drop_after", "inventory.update")
    await till.step()
    looks = line.count("GET /inventory/items?")
    line.barred["GET /inventory/items"] = {looks + 1}
    await minutes(till, 1, seconds=5)
    assert [(change.lane, change.last_error) for change in till.changes] == [("slow", "error.api.forbidden")]
    await shop.sync()
    till.sync.look_again()
    till.sell(counted.id, 2)
    await minutes(till, 2)
    assert till.changes == ()
    assert till.shelf(counted.id) == shop.stock("P-0001") == counted.stock + 3


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("ends", ["sync", "person"])
async def test_a_move_that_may_have_gone_up_by_sync_is_not_written_on_top_of_itself(
    shop: Shop, kind: str, ends: str
) -> None:
    """Its answer was lost, then the sync calls: nothing at the server tells whether its figure contains it. Sync knows
    the change by its id once it is back; a person may know it before."""
    till = await shop.till()
    await shop.sync()
    await till.round()
    moved = part(till, "P-0001")
    till.do(inventory.adjust, moved.id, 3, "found")
    await shop.fault(kind, "*.sync", count=3)
    with pytest.raises(ApiError):
        await till.round()
    await shop.be(missing=["inventory.sync", "sales.sync"])
    await minutes(till, 14)
    assert till.ask(transports.of, "inventory") == "lists"
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", single_writes.UNCONFIRMED)]
    assert till.shelf(moved.id) == moved.stock + 3
    if ends == "sync":
        await shop.sync()
        till.sync.look_again()
    elif kind == "drop_before":
        till.do(queue.retry, till.changes[0].id)
    else:
        till.do(queue.see, till.changes[0].id)
    await minutes(till, 3)
    assert till.changes == ()
    assert till.shelf(moved.id) == shop.stock("P-0001") == moved.stock + 3
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


@pytest.mark.parametrize("kind", ["customer", "item"])
async def test_what_the_server_has_facts_of_is_made_under_its_own_id_or_waits(shop: Shop, kind: str) -> None:
    """It keeps facts of a record that it does not know, and counts them when that arrives. The sync calls went, the
    record was made by its own call, under an id of the server's: what was paid and sold counted nowhere."""
    till = await shop.till()
    await shop.sync()
    await till.round()
    if kind == "customer":
        made = till.do(customers.create, CustomerDraft(name="منى", phone="0100")).id
        till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
        till.do(accounts.pay, made, 357, "cash", "", "c", beyond_debt=True)
    else:
        made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
        till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
        till.do(inventory.adjust, made, -2, "كسر")
    await till.step()
    await till.step()
    assert till.changes[0].lane == "slow"
    await shop.be(missing=["inventory.sync", "sales.sync"], own_ids=True)
    await minutes(till, 30)
    assert till.changes[0].lane == "local"
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 3)
    assert [change.kind for change in till.changes if change.status == ""] == []
    if kind == "customer":
        assert shop.sql("SELECT balance FROM customer WHERE id = ?", made) == [(-357,)]
        assert till.ask(customers.get, made).balance == -357
    else:
        assert till.shelf(made) == shop.stock("N-1") == 8


@pytest.mark.parametrize("fault", [None, "drop_after"])
async def test_what_is_paid_waits_until_it_is_known_what_the_server_calls_the_customer(
    shop: Shop, fault: str | None
) -> None:
    """Customers are made by their own call, payments go by sync, and first: half a server kept the payment for a
    customer who came under another id."""
    await shop.be(missing=["inventory.sync"], own_ids=True)
    till = await shop.till()
    await till.round()
    assert till.ask(transports.of, "sales") == "sync"
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100")).id
    till.do(accounts.pay, made, 357, "cash", "", "c", beyond_debt=True)
    if fault:
        await shop.fault(fault, "customers.create", count=2)
    await minutes(till, 4)
    assert till.changes == ()
    assert [row for row in shop.sql("SELECT balance FROM customer") if row != (0,)] == [(-357,)]
    assert till.ask(customers.get, made).balance == -357


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("theirs", [None, 9])
async def test_an_edit_whose_answer_was_lost_is_compared_by_sync_once_that_is_back(
    shop: Shop, kind: str, theirs: int | None
) -> None:
    """A call that replaces fields cannot compare: between its look and its write another till wrote by sync."""
    await shop.be(missing=["inventory.sync", "sales.sync"])
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    seen = part(till, "P-0001")
    till.do(inventory.edit, seen.id, replace(seen.draft, price=777), seen=seen)
    await shop.fault(kind, "inventory.update", count=2)
    await till.step()
    writes = line.count("PUT /inventory/items")
    assert writes > 0
    assert [change.status for change in till.changes] == [""]
    await shop.sync()
    if theirs is not None:
        await shop.edit(id=seen.id, fields={"price": theirs})
    till.sync.look_again()
    await minutes(till, 3)
    assert line.count("PUT /inventory/items") == writes
    assert shop.sql("SELECT price FROM item WHERE id = ?", seen.id) == [(777 if theirs is None else 900,)]
    assert till.sql("SELECT status FROM outbox") == [("applied" if theirs is None else "conflict",)]


@pytest.mark.parametrize("own_ids", [False, True])
async def test_a_new_part_and_its_sale_do_not_wait_for_each_other(shop: Shop, own_ids: bool) -> None:
    """Both may have come by sync before the calls were lost: what is only in doubt holds up no making."""
    line = Line()
    till = await shop.till(transport=line)
    await shop.sync()
    await till.round()
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.sell(made, 2)
    for name in ("POST /inventory/sync", "POST /sales/sync"):
        line.cut[name] = set(range(0, 10_000))
    for _ in range(3):
        await till.step()
    line.cut.clear()
    await shop.be(missing=["inventory.sync", "sales.sync"], own_ids=own_ids)
    await minutes(till, 90)
    assert (len(shop.receipts()), till.changes) == (1, ())
    assert till.shelf(made) == shop.stock("N-1") == 8


async def test_a_move_that_a_person_sends_again_waits_for_no_making_that_waits_for_it(shop: Shop) -> None:
    line = Line()
    till = await shop.till(transport=line)
    await shop.sync()
    await till.round()
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(inventory.adjust, made, -2, "كسر")
    line.cut["POST /inventory/sync"] = set(range(0, 10_000))
    for _ in range(3):
        await till.step()
    line.cut.clear()
    await shop.be(missing=["inventory.sync", "sales.sync"])
    await minutes(till, 30)
    for change in till.changes:
        if change.lane == "attention":
            till.do(queue.retry, change.id)
    await minutes(till, 90)
    assert till.changes == ()
    assert till.shelf(made) == shop.stock("N-1") == 8


@pytest.mark.parametrize("half", [False, True])
async def test_a_sync_call_that_was_missing_once_holds_up_no_sale(shop: Shop, half: bool) -> None:
    """The sale of a customer whose making the server breaks on waited for ever."""
    if half:
        await shop.be(missing=["inventory.sync"])
    till = await shop.till()
    if not half:
        await shop.sync()
    await till.round()
    if not half:
        await shop.be(missing=["inventory.sync"])
        await till.step()
        await shop.sync()
        await minutes(till, 18, seconds=600)
    await shop.fault("error_before", "customers.create", count=None, status=500)
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    till.do(sell_on_account, part(till, "P-0001").id, made.id)
    await minutes(till, 60)
    assert len(shop.receipts()) == 1


async def test_a_list_that_is_shown_again_begins_the_patience_anew(shop: Shop) -> None:
    """Barred for two minutes, shown for forty, barred for two again: a person was asked at once."""
    await shop.be(own_ids=False)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    line.cut["POST /inventory/items"] = set(range(0, 10**4))
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    await minutes(till, 16)
    till.sell(made, 2)
    await minutes(till, 3)
    for shown in (40, 0):
        line.barred["GET /inventory/items"] = range(line.count("GET /inventory/items?") + 1, 10**5)
        await minutes(till, 2)
        if shown:
            line.barred.clear()
            await minutes(till, shown)
    assert [change.lane for change in till.changes if change.kind == "sale"] != ["attention"]


def sell_each(*part_ids: str) -> str:
    """One piece of each of these parts, in one sale; its id."""
    cart = sales.open_cart()
    for part_id in part_ids:
        cart = carts.add_line(cart, inventory.get(part_id), 1)
    rules = state.tax_rules()
    payments = (Payment("cash", carts.totals(cart, rules, "cash").total),)
    return sales.checkout(cart, payments, cashier="c", device_id="d", rules=rules).id


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("is_back", [False, True])
async def test_what_was_sold_before_its_part_is_made_is_moved_once(
    shop: Shop, own_ids: bool, moves: bool, is_known: bool, is_back: bool
) -> None:
    """A server that keeps our ids books it with the part, and it was written on top of that."""
    await shop.be(own_ids=own_ids, moves_stock=moves)
    till = await shop.till()
    await till.round()
    if is_known:
        till.sell(part(till, "P-0002").id)
        await settle(till)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.sell(made, 2)
    till.sell(made, 3)
    await till.step()
    assert len(shop.receipts()) == 2 + is_known
    assert [change.kind for change in till.changes if change.status == ""].count("sale") == 2
    if is_back:
        await shop.sync()
        till.sync.look_again()
    for _ in range(30):
        await minutes(till, 1)
        assert till.shelf(made) == 5
    assert till.changes == ()
    assert till.shelf(made) == shop.stock("N-1") == 5
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


@pytest.mark.parametrize("by", ["adjust", "count"])
async def test_what_waits_for_a_part_to_be_made_adds_up_with_what_was_sold_before(shop: Shop, by: str) -> None:
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.sell(made, 2)
    await till.step()
    if by == "adjust":
        till.do(inventory.adjust, made, -3, "كسر")
    else:
        till.do(inventory.count_stock, made, 5)
    await minutes(till, 30)
    assert till.changes == ()
    assert till.shelf(made) == shop.stock("N-1") == 5


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_sale_whose_answer_was_lost_before_its_part_is_made_is_moved_once(
    shop: Shop, own_ids: bool, kind: str
) -> None:
    """It was found when the part was there, and taken for one that had come after it."""
    await shop.be(own_ids=own_ids)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    till.sell(part(till, "P-0002").id)
    await settle(till)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.sell(made, 2)
    await shop.fault(kind, "sales.create")
    await till.step()
    till.do(outbox.wake_slow)
    line.barred["GET /sales/transactions"] = range(line.count("GET /sales/transactions?") + 1, 10**5)
    await minutes(till, 2)
    assert [change.kind for change in till.changes if change.status == ""] == ["sale"]
    assert shop.sql("SELECT count(*) FROM item WHERE part_number = 'N-1'") == [(1,)]
    line.barred.clear()
    await minutes(till, 30)
    assert till.changes == ()
    assert len(shop.receipts()) == 2
    assert till.shelf(made) == shop.stock("N-1") == 8


async def test_what_nobody_can_know_of_a_part_made_after_its_sale_is_asked(shop: Shop) -> None:
    """The answer to its making was lost, and others have moved it since."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.do(sell_each, made, other.id)
    await till.step()
    await shop.fault("drop_after", "inventory.create")
    till.do(outbox.wake_slow)
    await till.step()
    await shop.edit(id=made, fields={"stock_quantity": 30})
    await minutes(till, 30)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", single_writes.UNCLEAR_STOCK)]
    assert (shop.stock("N-1"), shop.stock("P-0001")) == (30, other.stock - 1)
    till.do(queue.retry, till.changes[0].id)
    await minutes(till, 3)
    assert till.changes == ()
    assert (shop.stock("N-1"), shop.stock("P-0001")) == (29, other.stock - 1)
    assert (till.shelf(made), till.shelf(other.id)) == (29, other.stock - 1)


async def test_what_a_person_says_of_one_part_moves_no_other_that_the_server_has_moved(shop: Shop) -> None:
    """Both were sold before they were made, and nothing that tells who moves the stock."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    made = [till.do(inventory.create, PartDraft(name=name, part_number=name, price=500), 10).id for name in "MN"]
    for change in till.changes:
        till.do(outbox.make_slow, change.id, "error.backend.server")
    till.do(sell_each, *made)
    await till.step()
    await shop.fault("drop_after", "inventory.create")
    till.do(outbox.wake_slow)
    await till.step()
    (first,) = shop.sql("SELECT part_number FROM item WHERE part_number IN ('M', 'N')")[0]
    await shop.edit(id=made["MN".index(first)], fields={"stock_quantity": 30})
    await minutes(till, 30)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", single_writes.UNCLEAR_STOCK)]
    till.do(queue.retry, till.changes[0].id)
    await minutes(till, 3)
    assert till.changes == ()
    assert {name: shop.stock(name) for name in "MN"} == {"M": 9, "N": 9} | {first: 29}


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("kind", ["void", "return"])
async def test_what_comes_back_of_a_part_that_the_server_knows_by_another_name_is_moved_once(
    shop: Shop, is_known: bool, kind: str
) -> None:
    """Its copy of the sale has our id of the part, its shelf an own one: nothing was moved, and it was taken for a
    server that moves nothing for what comes back, ever."""

    def bring_back(sale_id: str) -> None:
        if kind == "void":
            till.do(aftersales.void, sale_id, "غلط", "سارة")
        else:
            till.do(aftersales.give_back, sale_id, {1: 2}, cashier="c", device_id="d", reason="عيب")

    await shop.be(own_ids=True)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0002")
    if is_known:
        bring_back(till.sell(other.id, 2))
        await minutes(till, 2)
    movers = till.ask(stock_movers.movers)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    sale_id = till.sell(made, 2)
    await minutes(till, 30)
    assert (till.changes, shop.stock("N-1")) == ((), 8)
    bring_back(sale_id)
    await minutes(till, 5)
    assert till.changes == ()
    assert till.shelf(made) == shop.stock("N-1") == 10
    assert till.ask(stock_movers.movers) == movers
    bring_back(till.sell(other.id, 2))
    await minutes(till, 5)
    assert till.shelf(other.id) == shop.stock("P-0002") == other.stock


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("is_back", [True, False])
async def test_a_sale_that_waits_for_a_part_to_be_made_holds_up_no_sale_of_its_others(
    shop: Shop, moves: bool, is_back: bool
) -> None:
    """Who moves those has been seen long since; they were taken for being watched as long as it waited."""
    await shop.be(own_ids=False, moves_stock=moves)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.do(sell_each, made, other.id)
    await till.step()
    assert till.ask(stock_movers.movers) == {"sale": "server" if moves else "terminal"}
    await shop.fault("error_before", "inventory.create", count=None, status=500)
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    if is_back:
        await shop.sync()
        till.sync.look_again()
        till.sell(other.id, 3)
    else:
        till.do(inventory.adjust, other.id, -3, "كسر")
    await minutes(till, 5)
    assert [change.kind for change in till.changes if change.status == ""] == ["create", "sale"]
    assert shop.stock("P-0001") == other.stock - 4 == till.shelf(other.id)


async def test_a_document_that_has_come_and_waits_for_a_part_to_be_made_ends_no_round(shop: Shop) -> None:
    """Where the call for the stock broke, no sale went up any more: the document was taken for one in doubt."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.do(sell_each, made, other.id)
    await till.step()
    await shop.sync()
    till.sync.look_again()
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    await till.step()
    await shop.fault("error_before", "inventory.sync", count=None, status=500)
    till.do(inventory.adjust, part(till, "P-0003").id, -3, "كسر")
    till.sell(part(till, "P-0002").id)
    await minutes(till, 2)
    assert len(shop.receipts()) == 2
    assert till.shelf(other.id) == shop.stock("P-0001") == other.stock - 1


def make_late(till: Till, number: str = "N-1", stock: int = 10) -> str:
    """A new part whose making was set aside; its id."""
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number=number, price=500), stock).id
    (change,) = [one for one in till.changes if one.record_id == made]
    till.do(outbox.make_slow, change.id, "error.backend.server")
    return str(made)


def correct(till: Till, **fields: Any) -> None:
    """Correct the one request that the server has refused."""
    (change,) = [one for one in till.changes if one.status == "rejected"]
    refused = till.ask(queue.refused, change.id)
    till.do(queue.replace, refused, {**refused.fields, **fields})


async def know_who_moves(till: Till) -> None:
    """See once who moves the stock of a sale."""
    till.sell(part(till, "P-0002").id)
    await settle(till)


async def test_a_sale_that_waits_for_another_part_hides_nothing_of_this_one(shop: Shop) -> None:
    """The server had moved this one with it, and it was taken for being in doubt as long as it waited."""
    await shop.be(own_ids=False, missing=["sales.sync"])
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    made, other = make_late(till), make_late(till, "N-2")
    creates = {change.record_id: change.id for change in till.changes}
    till.sell(made, 2)
    await till.step()
    (late,) = [change for change in till.changes if change.kind == "sale"]
    till.do(outbox.postpone, late.id, 60)
    till.do(queue.retry, creates[made])
    till.do(sell_each, made, other)
    await till.step()
    assert (len(shop.receipts()), shop.stock("N-1")) == (3, 7)
    await minutes(till, 5)
    assert [change.kind for change in till.changes if change.status == ""] == ["create", "sale"]
    assert late.id not in [change.id for change in till.changes]
    till.do(queue.retry, creates[other])
    await minutes(till, 2)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (7, 7)
    assert (shop.stock("N-2"), till.shelf(other)) == (9, 9)


@pytest.mark.parametrize("moves", [True, False])
async def test_a_sale_whose_void_came_first_does_not_wait_for_itself(shop: Shop, moves: bool) -> None:
    """The server moves nothing for it, whoever moves the stock of others."""
    await shop.be(own_ids=False, moves_stock=moves)
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 3)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    await minutes(till, 8)
    sale_id = till.sell(made, 2)
    (sale,) = [change for change in till.changes if change.kind == "sale"]
    await shop.fault("poison", "sales.sync", count=None, change=sale.id)
    await minutes(till, 8)
    till.do(aftersales.void, sale_id, "غلط", "سارة")
    await minutes(till, 8)
    await shop.be(own_ids=False, moves_stock=moves)
    await minutes(till, 40)
    await shop.mend()
    await shop.sync()
    till.sync.look_again()
    till.do(outbox.wake_slow)
    await minutes(till, 30)
    assert [change.kind for change in till.changes if change.status == ""] == []
    assert (shop.stock("N-1"), till.shelf(made)) == (10, 10)


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_part_that_was_refused_and_corrected_begins_with_the_stock_that_was_taken(
    shop: Shop, is_known: bool
) -> None:
    """What the server had refused was taken for its opening stock, and the sale moved twice."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    if is_known:
        await know_who_moves(till)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    await shop.fault("error_before", "inventory.create", status=422)
    await till.step()
    correct(till, stock_quantity=12)
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.sell(made, 2)
    await till.step()
    assert till.shelf(made) == 10
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (10, 10)


async def test_a_part_of_which_all_was_sold_before_it_is_made_is_judged_at_once(shop: Shop) -> None:
    """A figure of 0 was taken for none, and what a delivery had brought since for what had been there at first."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    made = make_late(till, stock=2)
    till.sell(made, 2)
    await till.step()
    (sale,) = [change for change in till.changes if change.kind == "sale"]
    till.do(outbox.postpone, sale.id, 60)
    till.do(outbox.wake_slow)
    await till.step()
    assert shop.stock("N-1") == 0
    await shop.edit(id=made, fields={"stock_quantity": 2})
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (2, 2)


class Echo(Line):
    """A server that shows in its answer what it was sent, whatever it has made of it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if not (request.method == "POST" and request.url.path.endswith("/inventory/items")):
            return response
        answer = json.loads(await response.aread())
        answer["data"]["stock_quantity"] = json.loads(said(request))["stock_quantity"]
        return httpx.Response(response.status_code, json=answer, request=request)


async def test_a_part_is_not_judged_by_an_answer_that_shows_what_was_sent(shop: Shop) -> None:
    await shop.be(own_ids=False)
    till = await shop.till(transport=Echo())
    await till.round()
    await know_who_moves(till)
    made = make_late(till)
    till.sell(made, 2)
    await till.step()
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (8, 8)


@pytest.mark.parametrize("is_known", [False, True])
async def test_what_comes_back_of_a_sale_that_an_older_program_sent_is_moved_once(shop: Shop, is_known: bool) -> None:
    """That kept with the change alone what had been sold before its part was made."""
    await shop.be(own_ids=True)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0002")
    if is_known:
        till.do(aftersales.void, till.sell(other.id, 2), "غلط", "سارة")
        await minutes(till, 2)
    else:
        await know_who_moves(till)
    made = make_late(till)
    sale_id = till.sell(made, 2)
    await till.step()
    till.do(state.forget, f"late.{sale_id}")
    till.do(lambda: db.execute("UPDATE single SET body = json_remove(body, '$.moved')"))
    await minutes(till, 30)
    assert (till.changes, shop.stock("N-1"), till.shelf(made)) == ((), 8, 8)
    till.do(aftersales.void, sale_id, "غلط", "سارة")
    await minutes(till, 12)
    assert (till.changes, shop.stock("N-1"), till.shelf(made)) == ((), 10, 10)
    before = shop.stock("P-0002")
    till.do(aftersales.void, till.sell(other.id, 2), "غلط", "سارة")
    await minutes(till, 5)
    assert shop.stock("P-0002") == till.shelf(other.id) == before


@pytest.mark.parametrize("own_ids", [False, True])
async def test_a_sale_that_goes_up_while_the_parts_are_not_shown_is_moved_once(shop: Shop, own_ids: bool) -> None:
    """A part that was not made yet was taken for one that is there."""
    await shop.be(own_ids=own_ids)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    await know_who_moves(till)
    made = make_late(till)
    line.barred["GET /inventory/items"] = range(line.count("GET /inventory/items?") + 1, 10**5)
    till.sell(made, 2)
    await till.step()
    assert len(shop.receipts()) == 2
    line.barred.clear()
    await minutes(till, 60)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (8, 8)


@pytest.mark.parametrize(("own_ids", "moves"), [(False, True), (True, True), (False, False)])
@pytest.mark.parametrize("refused_first", [False, True])
async def test_what_was_sold_of_a_part_that_was_refused_is_moved_once_it_is_corrected(
    shop: Shop, own_ids: bool, moves: bool, refused_first: bool
) -> None:
    """A making that was refused was taken for one that is over, and the sale for one that moves nothing."""
    await shop.be(own_ids=own_ids, moves_stock=moves)
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    made = make_late(till)
    if not refused_first:
        till.sell(made, 2)
        await till.step()
    await shop.fault("error_before", "inventory.create", status=422)
    till.do(outbox.wake_slow)
    await minutes(till, 2)
    if refused_first:
        till.sell(made, 2)
    till.do(inventory.adjust, made, -1, "كسر")
    await minutes(till, 20)
    assert len(shop.receipts()) == 2
    assert [(change.kind, change.lane) for change in till.changes] == [
        ("create", "attention"),
        ("sale", "local"),
        ("adjust", "local"),
    ]
    assert till.ask(differences.between).counts == {"refused": 1, "local": 2}
    correct(till, name="أخرى")
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (7, 7)


async def test_what_was_sold_of_a_part_that_was_refused_ends_with_it(shop: Shop) -> None:
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    made = make_late(till)
    await shop.fault("error_before", "inventory.create", status=422)
    till.do(outbox.wake_slow)
    till.sell(made, 2)
    await minutes(till, 2)
    assert [(change.kind, change.lane) for change in till.changes] == [("create", "attention"), ("sale", "local")]
    till.do(queue.give_up, till.changes[0].id)
    await minutes(till, 2)
    assert till.changes == ()


@pytest.mark.parametrize("is_listed", [False, True])
async def test_a_sale_that_came_by_sync_is_moved_once_where_its_part_gets_another_name(
    shop: Shop, is_listed: bool
) -> None:
    """The server knows the part by our id in the sale alone, and it was taken for one that has moved it."""
    await shop.be(own_ids=True)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    await know_who_moves(till)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 3)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), 10).id
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    await minutes(till, 10)
    till.sell(made, 2)
    await shop.fault("drop_after", "sales.sync")
    line.before[f"POST /inventory/sync#{line.count('POST /inventory/sync?') + 1}"] = lambda: shop.be(own_ids=True)
    await till.step()
    assert len(shop.receipts()) == 2
    if is_listed:
        (sale,) = [change for change in till.changes if change.kind == "sale"]
        till.do(outbox.postpone, sale.id, 890)
    await minutes(till, 40)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (8, 8)


@pytest.mark.parametrize("is_waiting", [False, True])
@pytest.mark.parametrize("kind", ["void", "return"])
async def test_what_comes_back_by_sync_of_a_part_with_another_name_is_moved_once(
    shop: Shop, is_waiting: bool, kind: str
) -> None:
    """The server voids the lines that it has, and they name our id; what is returned names its own."""
    await shop.be(own_ids=True)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    await know_who_moves(till)
    made = make_late(till)
    sale_id = till.do(sell_each, made, other.id)
    await till.step()
    if is_waiting:
        await shop.fault("drop_after", "inventory.create")
        till.do(outbox.wake_slow)
        await till.step()
    else:
        await minutes(till, 30)
        assert (till.changes, shop.stock("N-1"), till.shelf(made)) == ((), 9, 9)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 0 if is_waiting else 3)
    if kind == "void":
        till.do(aftersales.void, sale_id, "غلط", "سارة")
    else:
        till.do(aftersales.give_back, sale_id, {1: 1, 2: 1}, cashier="c", device_id="d", reason="عيب")
    assert till.shelf(made) == 10
    await minutes(till, 40)
    assert [change.kind for change in till.changes if change.status == ""] == []
    assert (shop.stock("N-1"), till.shelf(made)) == (10, 10)
    assert (shop.stock("P-0001"), till.shelf(other.id)) == (other.stock, other.stock)
