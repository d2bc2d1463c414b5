"""A server that has the sync calls, loses one of them or both, and has them again: what counts here, and how often."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from clutch_tui.core import accounts, aftersales, customers, inventory, suppliers
from clutch_tui.core.outbox import outbox, transports
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import queue
from clutch_tui.core.sync.fallback import listings, single_writes, stock_movers
from clutch_tui.core.types import CustomerDraft, PartDraft, SupplierDraft
from clutch_tui.net.client.errors import ApiError
from tests.test_net.shop import PARTS, Line, Shop, minutes, part, sell_on_account, units


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
        assert till.shelf(sold.id) == units(sold) - 2
    assert shop.stock("P-0001") == units(sold) - 2
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
    till.do(aftersales.give_back, sale_id, {1: whole(1)}, cashier="c", device_id="d", reason="عيب")
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


async def test_a_new_customer_whose_payment_went_by_sync_goes_by_sync_too(shop: Shop) -> None:
    """His making may have come by sync when the server was taken for one without it, for a while: he was to be looked
    for, his payment went by sync meanwhile, and with that there he could not go up by himself any more. He waited for
    a server that syncs, for good, on one that did."""
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    line.cut["POST /customers"] = {1}
    with pytest.raises(ApiError):
        await till.sync._transports.push_records()
    till.do(transports.switch, "customers", "lists")
    till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    await till.sync._transports.push("sales")
    assert [(change.kind, change.lane) for change in till.changes] == [("create", "fast")]
    till.sync.look_again()
    await minutes(till, 4)
    assert till.ask(transports.known) == dict.fromkeys(transports.CHANNELS, "sync")
    assert (till.queue.unsent, till.queue.local) == (0, 0)
    assert shop.sql("SELECT id, balance FROM customer") == [(made.id, -50_00)]
    assert till.ask(customers.get, made.id).balance == -50_00


async def test_what_a_sale_moves_that_nobody_has_answered_for_is_not_taken_from_rows_by_sync(shop: Shop) -> None:
    """It went up by itself, and who moved its stock could not be seen: it waits in the slow lane, and its sync rows
    contain it. They know no change by which to say so."""
    await shop.be(own_ids=False)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    made = till.do(customers.create, CustomerDraft(name="منى", phone="0100"))
    till.do(inventory.adjust, part(till, "P-0001").id, whole(3), "found")
    await minutes(till, 1)
    other, sold = part(till, "P-0002"), part(till, "P-0001")
    till.do(sell_on_account, sold.id, made.id)
    line.cut["GET /inventory/items"] = set(range(line.count("GET /inventory/items?") + 2, 1000))
    await till.step()
    assert shop.stock("P-0001") == units(sold) - 1
    assert shop.sql("SELECT balance FROM customer") == [(15000,)]
    assert [(change.kind, change.lane) for change in till.changes] == [("sale", "fast")]
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    await shop.sync()
    till.sync.look_again()
    for _ in range(3):
        till.sell(other.id)
        await till.step()
        assert till.shelf(sold.id) == units(sold) - 1
        assert till.shelf(other.id) == shop.stock("P-0002")
        assert till.ask(customers.get, made.id).balance == 15000
    assert till.ask(transports.known) == dict.fromkeys(transports.CHANNELS, "sync")
    await shop.edit(id=sold.id, fields={"stock_quantity": units(sold) + 6})
    line.cut.clear()
    till.sell(sold.id)
    await minutes(till, 20)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", "error.sync.stock_unclear")]
    assert till.shelf(sold.id) == units(sold) - 2
    till.do(queue.see, till.changes[0].id)
    await minutes(till, 2)
    assert till.changes == ()
    assert till.shelf(sold.id) == shop.stock("P-0001") == units(sold) + 5
    assert till.ask(customers.get, made.id).balance == 15000
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_nothing_goes_by_sync_that_moves_a_part_whose_figure_is_in_doubt(shop: Shop, kind: str) -> None:
    """Three pieces are missing, and the answer to that is lost; three are sold: the figure would be just the same."""
    await shop.be(missing=["inventory.sync"])
    till = await shop.till()
    await till.round()
    missing, other = part(till, "P-0001"), part(till, "P-0002")
    till.do(inventory.adjust, missing.id, whole(-3), "كسر")
    till.sell(missing.id, 3)
    till.sell(other.id)
    await shop.fault(kind, "inventory.update")
    await till.step()
    assert len(shop.receipts()) == 1
    for _ in range(6):
        await till.step()
        assert till.shelf(missing.id) == units(missing) - 6
    assert till.changes == ()
    assert shop.stock("P-0001") == units(missing) - 6


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
    assert shop.stock("P-0001") == units(sold) - 2
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    await shop.sync()
    till.sync.look_again()
    till.do(aftersales.void, sale_id, "غلط", "سارة")
    for _ in range(3):
        await till.step()
        assert shop.stock("P-0001") == units(sold) - 2
        assert till.shelf(sold.id) == units(sold)
    line.cut.clear()
    await minutes(till, 20)
    assert till.changes == ()
    assert till.ask(stock_movers.movers) == {"sale": "server"}
    assert till.shelf(sold.id) == shop.stock("P-0001") == units(sold)


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
    assert till.shelf(sold.id) == units(sold)
    await shop.be(own_ids=False)
    reading = 2 * PARTS // 3  # the pages of the readings before the one in which the sale finds its turn
    line.cut["GET /inventory/items"] = {reading + lost} if lost is not None else set()
    for _ in range(20):
        await minutes(till, 1)
        assert till.shelf(sold.id) == units(sold)
    assert till.changes == ()
    assert shop.sql("SELECT status FROM sale") == [("voided",)]
    assert till.shelf(sold.id) == shop.stock("P-0001") == units(sold)
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
    till.do(inventory.count_stock, counted.id, counted.stock + whole(5))
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
    assert till.shelf(counted.id) == shop.stock("P-0001") == units(counted) + 3


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
    till.do(inventory.adjust, moved.id, whole(3), "found")
    await shop.fault(kind, "*.sync", count=3)
    with pytest.raises(ApiError):
        await till.round()
    await shop.be(missing=["inventory.sync", "sales.sync"])
    await minutes(till, 14)
    assert till.ask(transports.of, "inventory") == "lists"
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", single_writes.UNCONFIRMED)]
    assert till.shelf(moved.id) == units(moved) + 3
    if ends == "sync":
        await shop.sync()
        till.sync.look_again()
    elif kind == "drop_before":
        till.do(queue.retry, till.changes[0].id)
    else:
        till.do(queue.see, till.changes[0].id)
    await minutes(till, 3)
    assert till.changes == ()
    assert till.shelf(moved.id) == shop.stock("P-0001") == units(moved) + 3
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
        made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), whole(10)).id
        till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
        till.do(inventory.adjust, made, whole(-2), "كسر")
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
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), whole(10)).id
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
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), whole(10)).id
    till.do(inventory.adjust, made, whole(-2), "كسر")
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
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), whole(10)).id
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


async def test_a_list_that_something_bars_says_nothing_of_a_server_that_numbers_another(shop: Shop) -> None:
    """Nothing was known of the server yet, and the channel went by lists from then on: but it numbers its orders."""
    line = Line()
    line.barred["GET /suppliers"] = [1]
    await shop.sync()
    for call in ("inventory.sync", "sales.sync", "customers.list"):
        await shop.fault("error_before", call, count=1, status=500)
    till = await shop.till(transport=line)
    till.do(suppliers.create, SupplierDraft(name="شركة النيل"))
    await till.step()
    assert till.ask(transports.of, "orders") == "sync"
    assert till.ask(transports.of, "suppliers") in (None, "sync")
    await minutes(till, 2)
    assert set(till.ask(transports.known).values()) == {"sync"}
    assert shop.sql("SELECT count(*) FROM supplier WHERE name = 'شركة النيل'") == [(1,)]


class PinglessLine(Line):
    """A line to a server that has no ping."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/system/ping"):
            return httpx.Response(404, content=b"Cannot GET /system/ping", request=request)
        return await super().handle_async_request(request)


async def test_a_missing_ping_is_no_missing_sync_call(shop: Shop) -> None:
    """What has begun to go up by itself fails, and the server is asked whether it is well: that it cannot say so is no
    news of its sync calls."""
    await shop.be(own_ids=False)
    line = PinglessLine()
    till = await shop.till(transport=line)
    await till.round()
    sold = part(till, "P-0001")
    till.sell(sold.id)
    line.cut["POST /sales/transactions"] = {1}
    await till.step()
    assert [(change.kind, change.lane) for change in till.changes] == [("sale", "fast")]
    await shop.sync()
    till.sync.look_again()
    line.cut["GET /sales/transactions"] = set(range(line.count("GET /sales/transactions?") + 1, 1000))
    await till.step()
    assert till.ask(transports.of, "sales") == "sync"
    line.cut.clear()
    await minutes(till, 3)
    assert till.changes == ()
    assert till.ask(transports.known) == dict.fromkeys(transports.CHANNELS, "sync")
    assert till.shelf(sold.id) == shop.stock("P-0001") == units(sold) - 1
    assert len(shop.receipts()) == 1
