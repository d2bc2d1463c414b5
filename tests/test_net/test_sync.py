"""The engine against a real backend over real sockets: every failure that docs/protocol.md names, in the middle."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.core import accounts, customers, inventory, orders, search, state
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db as database_db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import abilities, attention, outbox
from clutch_tui.core.quantity import to_decimal, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import conflicts, queue, replica, unconfirmed
from clutch_tui.core.types import CustomerDraft, PartDraft
from clutch_tui.net import wire
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.server import Running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.conftest import StockBackend
from tests.test_net.till import HandClock, Till, open_till, said, sell

PARTS = 60


@pytest.fixture(scope="session")
def seeded(stock_backend: StockBackend) -> Path:
    return stock_backend(PARTS)


@pytest.fixture
async def sandbox(tmp_path: Path, seeded: Path) -> AsyncIterator[Running]:
    with sqlite3.connect(seeded) as source, sqlite3.connect(tmp_path / "backend.db") as target:
        source.backup(target)
    async with server.running(Settings(db=str(tmp_path / "backend.db"), faults=True)) as running:
        yield running


@pytest.fixture
async def till(tmp_path: Path, sandbox: Running) -> AsyncIterator[Till]:
    opened = await open_till(tmp_path, sandbox)
    await opened.round()
    yield opened
    await opened.close()


async def fault(sandbox: Running, kind: str, **details: Any) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        (await client.post(f"{sandbox.root}/__faults", json={"kind": kind, **details})).raise_for_status()


async def control(sandbox: Running, **order: Any) -> Any:
    async with httpx.AsyncClient(verify=False) as client:
        return (await client.post(f"{sandbox.root}/__control", json=order)).raise_for_status().json()["data"]


def on_server(sandbox: Running, statement: str, *args: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{sandbox.settings.db}?mode=ro", uri=True) as db:
        return db.execute(statement, args).fetchall()


def server_stock(sandbox: Running, part_id: str) -> int | Decimal:
    """What lies on the shelf of a part, in units."""
    return to_decimal(on_server(sandbox, "SELECT stock_quantity FROM item WHERE id = ?", part_id)[0][0])


def a_part(till: Till) -> tuple[str, int | Decimal]:
    """A part with stock, and how much of it is there, in units."""
    found = "SELECT id, stock_quantity FROM part WHERE deleted = 0 AND stock_quantity > ? ORDER BY id LIMIT 1"
    ((part_id, stock),) = till.sql(found, whole(5))
    return str(part_id), to_decimal(stock)


def sales_on_server(sandbox: Running, sale_id: str) -> int:
    return int(on_server(sandbox, "SELECT count(*) FROM sale WHERE id = ?", sale_id)[0][0])


# --- the plain way -------------------------------------------------------------------------------------


async def test_the_first_round_brings_the_whole_shop(till: Till, sandbox: Running) -> None:
    assert till.sql("SELECT count(*) FROM part")[0][0] == PARTS
    for channel in replica.CHANNELS:
        assert till.ask(replica.pull_state, channel).snapshot is False
    assert till.ask(state.setting, "shop.profile")["name"]
    assert till.ask(state.tax_rules).rate == 1400
    assert {"inventory", "shop"} <= till.nouns


async def test_a_pull_in_small_pages_brings_the_same(tmp_path: Path, sandbox: Running, till: Till) -> None:
    other = await open_till(tmp_path, sandbox, "b", page_size=7)
    await other.round()
    columns = "id, name, price, stock_quantity, version, seq, words"
    assert other.sql(f"SELECT {columns} FROM part ORDER BY id") == till.sql(f"SELECT {columns} FROM part ORDER BY id")
    assert other.sql("SELECT count(*) FROM pull_page") == [(0,)]
    await other.close()


async def test_a_sale_reaches_the_server_and_the_shelf_is_exact_at_every_step(till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    sale_id = till.sell(part_id, 2)
    assert till.shelf(part_id) == stock - 2
    assert till.queue.unsent == 1
    await till.round()
    assert till.queue.unsent == 0
    assert till.shelf(part_id) == stock - 2 == server_stock(sandbox, part_id)
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
    assert sales_on_server(sandbox, sale_id) == 1


async def test_another_terminals_sale_arrives(tmp_path: Path, till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    other = await open_till(tmp_path, sandbox, "b")
    await other.round()
    sale_id = other.sell(part_id, 3)
    await other.round()
    await till.round()
    assert till.shelf(part_id) == stock - 3
    assert till.sql("SELECT own FROM sale WHERE id = ?", sale_id) == [(0,)]
    assert till.sql("SELECT count(*) FROM sale_line WHERE sale_id = ?", sale_id) == [(1,)]
    await other.close()


# --- lost answers and broken calls ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "error_before", "error_after", "not_json", "truncated"])
async def test_a_sale_counts_once_whatever_happens_to_its_call(till: Till, sandbox: Running, kind: str) -> None:
    part_id, stock = a_part(till)
    sale_id = till.sell(part_id)
    await fault(sandbox, kind, endpoint="sales.sync")
    with pytest.raises(ApiError):
        await till.round()
    assert till.shelf(part_id) == stock - 1
    for _ in range(3):
        await till.step()
    assert till.queue.unsent == 0
    assert sales_on_server(sandbox, sale_id) == 1
    assert till.shelf(part_id) == stock - 1 == server_stock(sandbox, part_id)


async def test_a_lost_answer_is_confirmed_before_the_rows_that_contain_it(till: Till, sandbox: Running) -> None:
    """The inventory pull after the lost answer brings the new stock: the own move must end in the same moment."""
    part_id, stock = a_part(till)
    till.sell(part_id)
    await fault(sandbox, "drop_after", endpoint="sales.sync", count=2)
    for _ in range(2):
        with pytest.raises(ApiError):
            await till.round()
        assert till.shelf(part_id) == stock - 1
    await till.sync._transports.calls.once("inventory", ())
    assert till.shelf(part_id) == stock - 1
    assert till.queue.unsent == 0


async def test_a_token_that_ends_in_the_middle_costs_no_attempt(till: Till, sandbox: Running) -> None:
    part_id, _ = a_part(till)
    till.sell(part_id)
    await fault(sandbox, "unauthorized", endpoint="sales.sync", count=2)
    await till.step()
    assert all(change.attempts == 0 for change in till.changes)
    await till.step()
    await till.step()
    assert till.queue.unsent == 0


async def test_the_network_may_be_gone_for_a_month(till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    await sandbox.stop()
    for _ in range(40):
        till.sell(part_id)
        till.clock.forward(86400 * 0.75)
        await till.step()
    assert till.queue.unsent == 40
    assert all(change.lane == "fast" for change in till.changes)
    again = await server.start(sandbox.settings, port=sandbox.port)
    try:
        for _ in range(10):
            await till.step()
        assert till.queue.unsent == 0
        assert till.shelf(part_id) == stock - 40 == server_stock(sandbox, part_id)
    finally:
        await again.stop()


async def test_a_process_that_dies_after_sending_asks_for_its_answer(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    part_id, stock = a_part(till)
    sale_id = till.sell(part_id)
    await fault(sandbox, "drop_after", endpoint="sales.sync")
    with pytest.raises(ApiError):
        await till.round()
    await till.close()
    reborn = await open_till(tmp_path, sandbox)
    await reborn.round()
    assert reborn.queue.unsent == 0
    assert sales_on_server(sandbox, sale_id) == 1
    assert reborn.shelf(part_id) == stock - 1
    await reborn.close()


class _Poison(httpx.AsyncBaseTransport):
    """Lets everything through but calls that carry one record: those get a 500, as from a server that chokes."""

    def __init__(self, record_id: str) -> None:
        self.record_id = record_id.encode()
        self.healed = False
        self._inner = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if not self.healed and request.method == "POST" and b'"id":"' + self.record_id in said(request):
            return httpx.Response(500, json={"success": False, "error": "INTERNAL"})
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_a_change_that_chokes_the_server_holds_up_nothing(tmp_path: Path, till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    sold = [till.sell(part_id) for _ in range(9)]
    await till.api.close()
    poison = _Poison(sold[4])
    choked = await open_till(tmp_path, sandbox, clock=till.clock, transport=poison)
    for _ in range(30):
        await choked.step()
    assert [sales_on_server(sandbox, sale_id) for sale_id in sold] == [1, 1, 1, 1, 0, 1, 1, 1, 1]
    assert (choked.queue.unsent, choked.queue.slow) == (1, 1)
    assert choked.shelf(part_id) == stock - 9
    poison.healed = True
    choked.clock.forward(16 * 60)
    await choked.step()
    assert choked.queue.unsent == 0
    assert server_stock(sandbox, part_id) == stock - 9 == choked.shelf(part_id)
    await choked.close()


async def test_what_chokes_a_healthy_server_costs_the_others_seconds(till: Till, sandbox: Running) -> None:
    """Each failure made the pause before the next round longer, although every probe said that the server is well."""
    part_id, _ = a_part(till)
    sold = [till.sell(part_id) for _ in range(20)]
    choking = {sold[3], sold[11], sold[12]}
    for sale_id in choking:
        await fault(sandbox, "poison", change=sale_id, count=None)
    began = till.clock.elapsed
    while True:
        wait = await till.sync.step()
        if till.queue.unsent <= len(choking):
            break
        till.clock.forward(wait)
    assert till.clock.elapsed - began < 10
    assert {sale_id for sale_id in sold if not sales_on_server(sandbox, sale_id)} == choking


@pytest.mark.parametrize("kind", ["error_before", "drop_before"])
async def test_a_customer_who_chokes_the_server_holds_up_nobody(till: Till, sandbox: Running, kind: str) -> None:
    till.do(customers.create, CustomerDraft(name="أحمد", phone="01000000098"))
    made = till.do(customers.create, CustomerDraft(name="منى", phone="01000000097"))
    seen = till.ask(customers.get, made.id)
    await till.round()
    till.do(customers.edit, made.id, _with(seen.draft, phone="01000000096"), seen=seen)
    other = till.do(customers.create, CustomerDraft(name="سعاد", phone="01000000095"))
    await fault(sandbox, kind, endpoint="customers.update", count=None)
    for _ in range(6):
        await till.step()
    assert on_server(sandbox, "SELECT count(*) FROM customer WHERE id = ?", other.id) == [(1,)]
    assert (till.queue.unsent, till.queue.slow) == (1, 1)
    async with httpx.AsyncClient(verify=False) as client:
        await client.delete(f"{sandbox.root}/__faults")
    till.clock.forward(16 * 60)
    await till.step()
    assert till.queue.unsent == 0


async def test_a_clock_that_is_set_back_puts_nothing_off_for_a_day(till: Till, sandbox: Running) -> None:
    part_id, _ = a_part(till)
    till.sell(part_id)
    await fault(sandbox, "retry", endpoint="sales.sync", retry_after=20)
    await till.round()
    assert till.queue.unsent == 1
    till.clock.at -= timedelta(days=1)
    await till.step()
    assert till.queue.unsent == 0


async def test_what_waits_for_a_stuck_change_neither_keeps_the_engine_busy_nor_others_waiting(
    till: Till, sandbox: Running
) -> None:
    part_id, _ = a_part(till)
    stuck = till.do(inventory.create, PartDraft(name="عالقة"))
    await fault(sandbox, "poison", change=stuck.id, count=None)
    for n in range(450):
        seen = till.ask(inventory.get, stuck.id)
        till.do(inventory.edit, stuck.id, _with(seen.draft, location=f"L-{n}"), seen=seen)
    till.do(inventory.adjust, part_id, whole(1), "found")
    for _ in range(5):
        await till.step()
    assert (till.queue.unsent, till.queue.slow) == (451, 1)
    assert await till.sync.step() > 20


def test_a_call_and_the_status_strip_never_walk_the_journal(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds 400 days; each call took a third of a second at 60,000 changes, and sales waited for it."""
    till.do(unconfirmed.offer)
    execute, plans = database_db.execute, list[str]()

    def explained(sql: str, params: Any = ()) -> Any:
        if "outbox" in sql and sql.startswith("SELECT"):
            plans.extend(row[3] for row in execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())
        return execute(sql, params)

    monkeypatch.setattr(database_db, "execute", explained)
    till.ask(unconfirmed.rechecking)
    till.do(unconfirmed.offer)
    for channel in ("inventory", "sales", "rest"):
        till.ask(outbox.waiting, channel)
        till.do(outbox.claim, channel)
    till.ask(outbox.next_due)
    till.ask(outbox.summary)
    assert len(plans) > 10
    assert [plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan and "CONSTANT" not in plan] == []


async def test_a_movement_of_a_deleted_part_ends_when_the_last_request_on_it_is_answered(
    till: Till, sandbox: Running
) -> None:
    """The part was kept as one that the server may still make, because an edit of it was stuck; when that was
    answered, nothing looked at the sale any more and it went on counting for ever."""
    part_id, _ = a_part(till)
    till.sell(part_id)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, price=9900), seen=seen)
    await control(sandbox, do="edit", kind="delete", type="item", id=part_id)
    await fault(sandbox, "purge")
    await fault(sandbox, "poison", change=part_id, count=None)
    for _ in range(8):
        await till.step()
    assert [(change.kind, change.lane) for change in till.changes if change.status == ""] == [("update", "slow")]
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(1,)]
    async with httpx.AsyncClient(verify=False) as client:
        await client.delete(f"{sandbox.root}/__faults")
    till.clock.forward(16 * 60)
    await till.sync._transports.calls.everything("inventory")
    assert till.queue.unsent == 0
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


# --- restored servers, purged tombstones, cloned disks -------------------------------------------------


async def test_a_restored_server_gets_every_sale_again_once(till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    before = till.sell(part_id)
    await till.round()
    await fault(sandbox, "backup")
    after = till.sell(part_id, 2)
    await till.round()
    await fault(sandbox, "restore")
    assert sales_on_server(sandbox, after) == 0
    unsent = till.sell(part_id)
    for _ in range(4):
        await till.step()
        assert till.shelf(part_id) == stock - 4
    assert [sales_on_server(sandbox, one) for one in (before, after, unsent)] == [1, 1, 1]
    assert server_stock(sandbox, part_id) == stock - 4
    assert till.ask(replica.epoch) == "e-2"
    assert till.queue.unsent == 0


class _RestoredBefore(httpx.AsyncBaseTransport):
    """The server is restored in the very moment in which the first call of a method is under way."""

    def __init__(self, sandbox: Running, method: str) -> None:
        self.sandbox = sandbox
        self.method: str | None = method
        self._inner = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == self.method:
            self.method = None
            await fault(self.sandbox, "restore")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.mark.parametrize(("deed", "method"), [("edit", "PUT"), ("edit again", "PUT"), ("delete", "DELETE")])
async def test_what_a_server_refuses_that_has_just_been_restored_is_sent_again(
    tmp_path: Path, till: Till, sandbox: Running, deed: str, method: str
) -> None:
    """It refuses what it has forgotten the ground of: the customer who was made since the copy, or the edit before."""
    if deed != "edit again":
        await fault(sandbox, "backup")
    made = till.do(customers.create, CustomerDraft(name="أحمد", phone="01000000001"))
    await till.round()
    if deed == "edit again":
        await fault(sandbox, "backup")
        seen = till.ask(customers.get, made.id)
        till.do(customers.edit, made.id, _with(seen.draft, phone="01000000002"), seen=seen)
        await till.round()
    await till.api.close()
    surprised = await open_till(tmp_path, sandbox, clock=till.clock, transport=_RestoredBefore(sandbox, method))
    seen = surprised.ask(customers.get, made.id)
    if deed == "delete":
        surprised.do(customers.delete, made.id, seen=seen)
    else:
        surprised.do(customers.edit, made.id, _with(seen.draft, phone="01000000003"), seen=seen)
    for _ in range(5):
        await surprised.step()
    assert surprised.ask(replica.epoch) == "e-2"
    assert surprised.changes == ()
    expected = ("01000000001", 1) if deed == "delete" else ("01000000003", 0)
    assert on_server(sandbox, "SELECT phone, deleted FROM customer WHERE id = ?", made.id) == [expected]
    assert surprised.ask(customers.get, made.id).deleted is (deed == "delete")
    await surprised.close()


async def test_a_journal_longer_than_one_call_is_offered_to_a_restored_server(till: Till, sandbox: Running) -> None:
    """What came back into the queue filled the next offer, so that the rest of the journal was never asked about
    and the engine called without an end."""
    part_id, stock = a_part(till)
    await fault(sandbox, "backup")
    till.do(lambda: [inventory.adjust(part_id, whole(1), "found") for _ in range(1250)])
    await till.round()
    assert till.queue.unsent == 0
    await fault(sandbox, "restore")
    async with asyncio.timeout(60):
        await till.step()
        await till.step()
    assert till.queue.unsent == 0
    assert till.shelf(part_id) == stock + 1250 == server_stock(sandbox, part_id)


async def test_versions_of_another_epoch_say_nothing(till: Till, sandbox: Running) -> None:
    """An edit that is made between the restore and the snapshot is based on numbers of the old epoch. Sent as one
    of the new, it replaced a name that its writer had never seen."""
    part_id, _ = a_part(till)
    await fault(sandbox, "backup")
    for name in ("أول", "ثاني"):
        await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"name": name})
    await till.round()
    seen = till.ask(inventory.get, part_id)
    await fault(sandbox, "restore")
    await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"name": "غيرهم"})
    till.do(replica.new_epoch, "e-2")
    till.do(inventory.edit, part_id, _with(seen.draft, name="اسمي"), seen=seen)
    for _ in range(3):
        await till.step()
    (conflict,) = till.ask(conflicts.pending)
    assert (conflict.mine, conflict.theirs) == ("اسمي", "غيرهم")
    assert on_server(sandbox, "SELECT name FROM item WHERE id = ?", part_id) == [("غيرهم",)]


async def test_a_part_that_was_made_here_keeps_the_servers_figure_through_a_restore(
    till: Till, sandbox: Running
) -> None:
    """Made anew for the restored server, it showed its opening stock as if nothing had been sold since."""
    await fault(sandbox, "backup")
    made = till.do(inventory.create, PartDraft(name="قطعة جديدة", part_number="NEW-3"), whole(10))
    till.sell(made.id, 3)
    await till.round()
    await fault(sandbox, "restore")
    till.do(replica.new_epoch, "e-2")
    await till.sync._transports.calls.recheck()
    assert till.shelf(made.id) == 7
    await push(till)
    assert till.shelf(made.id) == 7
    for _ in range(2):
        await till.step()
    assert till.shelf(made.id) == 7 == server_stock(sandbox, made.id)


async def test_an_edit_of_a_part_that_is_gone_does_not_bring_it_back(till: Till, sandbox: Running) -> None:
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    await control(sandbox, do="edit", kind="delete", type="item", id=part_id)
    await fault(sandbox, "purge")
    till.do(inventory.edit, part_id, _with(seen.draft, location="Z-1"), seen=seen)
    await fault(sandbox, "retry", endpoint="inventory.sync", retry_after=60)
    await till.round()
    assert till.queue.unsent == 1
    assert till.ask(inventory.get, part_id).deleted is True


async def test_a_purged_tombstone_ends_in_a_snapshot(tmp_path: Path, till: Till, sandbox: Running) -> None:
    gone, _ = a_part(till)
    other = await open_till(tmp_path, sandbox, "b")
    await other.round()
    await control(sandbox, do="edit", kind="delete", type="item", id=gone)
    await fault(sandbox, "purge")
    sale_id = other.sell(gone)
    await other.round()
    assert other.sql("SELECT deleted FROM part WHERE id = ?", gone) == [(1,)]
    assert sales_on_server(sandbox, sale_id) == 1
    assert other.sql("SELECT flags FROM sale WHERE id = ?", sale_id) != [("",)]
    await other.close()


async def test_a_cloned_disk_takes_a_new_lineage_and_loses_nothing(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    part_id, stock = a_part(till)
    till.sell(part_id)
    await till.round()
    clone = tmp_path / "clone" / "data"
    clone.mkdir(parents=True)
    with sqlite3.connect(till.store.path) as source, sqlite3.connect(clone / "shop.db") as target:
        source.backup(target)
    till.sell(part_id)
    await till.round()
    prefix = till.ask(state.get, "receipt_prefix")

    copy = await open_till(tmp_path, sandbox, "clone")
    sale_id = copy.sell(part_id)
    # the clone's number is one that the first disk has used: not above its head, but under another change
    await copy.step()
    assert copy.ask(state.get, "receipt_prefix") != prefix
    later = copy.sell(part_id)
    await copy.step()
    assert copy.ask(state.get, "receipt_prefix") != prefix
    assert copy.queue.unsent == 0
    assert [sales_on_server(sandbox, one) for one in (sale_id, later)] == [1, 1]
    assert copy.shelf(part_id) == stock - 4 == server_stock(sandbox, part_id)
    await copy.close()


async def test_a_clone_counts_once_what_the_other_has_sent_for_it(tmp_path: Path, till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    till.sell(part_id)
    clone = tmp_path / "clone" / "data"
    clone.mkdir(parents=True)
    with sqlite3.connect(till.store.path) as source, sqlite3.connect(clone / "shop.db") as target:
        source.backup(target)
    await till.round()
    copy = await open_till(tmp_path, sandbox, "clone")
    await copy.sync._transports.calls.once("inventory", ())
    assert copy.shelf(part_id) == stock - 1
    await copy.close()


async def test_a_clone_learns_what_its_twin_has_sent_before_it_stores_a_balance(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    """The first question found the disk cloned and brought no answer; the balance then held the payment twice."""
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    clone = tmp_path / "clone" / "data"
    clone.mkdir(parents=True)
    with sqlite3.connect(till.store.path) as source, sqlite3.connect(clone / "shop.db") as target:
        source.backup(target)
    part_id, _ = a_part(till)
    till.sell(part_id)
    await till.round()
    copy = await open_till(tmp_path, sandbox, "clone")
    copy.do(state.put, "lineage", till.ask(state.get, "lineage"))
    await copy.sync._transports.pull("customers")
    assert copy.ask(state.get, "lineage") != till.ask(state.get, "lineage")
    assert copy.ask(customers.get, made.id).balance == till.ask(customers.get, made.id).balance == -50_00
    await copy.close()


async def test_a_payment_that_a_restored_server_got_again_counts_once(till: Till, sandbox: Running) -> None:
    """It had ended in the old epoch, so nobody asked what became of it before the list of the new one was stored."""
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    await fault(sandbox, "backup")
    till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    await till.round()
    await till.round()
    await fault(sandbox, "restore")
    till.do(replica.new_epoch, "e-2")
    await till.sync._transports.calls.recheck()
    await fault(sandbox, "drop_after", endpoint="sales.sync")
    with pytest.raises(ApiError):
        await till.sync._transports.calls.everything("sales")
    await till.sync._transports.pull("customers")
    assert till.ask(customers.get, made.id).balance == -50_00
    assert till.ask(state.get, "customers.epoch") == "e-2"


async def test_a_payment_is_taken_back_at_every_till(tmp_path: Path, till: Till, sandbox: Running) -> None:
    other = await open_till(tmp_path, sandbox, "b")
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    paid = till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    await till.round()
    await other.round()
    other.do(accounts.take_back, paid.id, "غلط", "علي")
    await other.round()
    await till.round()
    for one in (till, other):
        assert one.ask(customers.get, made.id).balance == 0
        lines = one.ask(accounts.statement, made.id, None, 0, 9)
        assert [(line.kind, line.amount, line.unsent) for line in lines] == [
            ("payment_void", 50_00, False),
            ("payment", -50_00, False),
        ]
    assert (till.queue.unsent, other.queue.unsent) == (0, 0)
    await other.close()


async def test_a_customer_who_owes_something_is_not_deleted_and_that_is_said(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    """The server shows the record with its refusal, which is no conflict about it: it was sent again for ever."""
    other = await open_till(tmp_path, sandbox, "b")
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    await other.round()
    other.do(accounts.pay, made.id, 50_00, "cash", "", "علي", beyond_debt=True)
    await other.round()
    till.do(customers.delete, made.id, seen=till.ask(customers.get, made.id))
    await till.round()
    (refused,) = till.changes
    assert (refused.kind, refused.status, refused.code) == ("delete", "rejected", "HAS_BALANCE")
    assert till.ask(conflicts.count) == 0
    await other.close()


@pytest.mark.parametrize("asks", [lambda till: till.clock.forward(3600), lambda till: till.sync.pull("connected")])
async def test_a_server_of_version_1_gets_a_payment_back_as_a_negative_one(
    till: Till, sandbox: Running, asks: Callable[[Till], None]
) -> None:
    """And when it has learned the second version, it is spoken to in it; when it goes back, in the first again."""
    sandbox.backend.database.protocol = 1
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    paid = till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    till.do(accounts.take_back, paid.id, "غلط", "سارة")
    await till.round()
    await till.round()
    assert (till.queue.unsent, till.queue.local) == (0, 0)
    assert till.ask(customers.get, made.id).balance == 0
    sandbox.backend.database.protocol = 2
    await till.round()
    assert not till.ask(abilities.knows, "payment_void")
    asks(till)
    await till.round()
    assert till.ask(abilities.knows, "payment_void")
    sandbox.backend.database.protocol = 1
    await till.round()
    assert till.ask(abilities.protocol) == 1


@pytest.mark.parametrize("first", [1, 2])
async def test_two_copies_of_a_disk_take_a_payment_back_once_though_the_server_learns_between_them(
    till: Till, sandbox: Running, tmp_path: Path, first: int
) -> None:
    """They say one change in the words of two versions. The second was refused as another content under its id, and the
    customer owed here what he did not owe there."""
    sandbox.backend.database.protocol = first
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    paid = till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    till.do(accounts.take_back, paid.id, "غلط", "سارة")
    clone = tmp_path / "clone" / "data"
    clone.mkdir(parents=True)
    with sqlite3.connect(till.store.path) as source, sqlite3.connect(clone / "shop.db") as target:
        source.backup(target)
    copy = await open_till(tmp_path, sandbox, "clone")
    await till.round()
    sandbox.backend.database.protocol = 3 - first
    copy.clock.forward(3600)
    for _ in range(3):
        await copy.round()
    assert (copy.queue.unsent, copy.changes) == (0, ())
    assert copy.ask(customers.get, made.id).balance == 0
    assert copy.sql("SELECT count(*) FROM account_move WHERE open = 1") == [(0,)]
    with sandbox.backend.database.reading() as reading:
        assert reading.value("SELECT balance FROM customer WHERE id = ?", (made.id,)) == 0
    await copy.close()


async def test_a_payment_that_two_tills_take_back_counts_once_though_one_has_not_heard_the_version(
    till: Till, sandbox: Running, tmp_path: Path
) -> None:
    """In version 1's words it is a payment of its own, which no server can tell from the other till's void."""
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    paid = till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    await till.round()
    await fault(sandbox, "error_before", endpoint="system.version", status=500, count=None)
    async with httpx.AsyncClient(verify=False) as client:
        other = await open_till(tmp_path, sandbox, "b")
        await other.step()
        for one in (other, till):
            one.do(accounts.take_back, paid.id, "غلط", "سارة")
            await one.step()
        assert not other.ask(abilities.knows, "payment_void")
        await client.delete(f"{sandbox.root}/__faults")
    for one in (other, till, other, till):
        await one.step()
    assert [one.queue.unsent for one in (other, till)] == [0, 0]
    assert [one.ask(customers.get, made.id).balance for one in (other, till)] == [0, 0]
    with sandbox.backend.database.reading() as reading:
        assert reading.value("SELECT balance FROM customer WHERE id = ?", (made.id,)) == 0
    await other.close()


@pytest.mark.parametrize(
    ("trouble", "after"), [({"kind": "error_before", "status": 500}, 3600), ({"kind": "missing"}, 0)]
)
async def test_a_server_that_never_says_its_version_gets_a_payment_back_in_the_words_of_the_first(
    tmp_path: Path, sandbox: Running, trouble: dict[str, Any], after: float
) -> None:
    """One that breaks on the question is asked for an hour: it may only be ill."""
    sandbox.backend.database.protocol = 1
    await fault(sandbox, **trouble, endpoint="system.version", count=None)
    till = await open_till(tmp_path, sandbox, "b")
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    paid = till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    await till.step()
    till.do(accounts.take_back, paid.id, "غلط", "سارة")
    if after:
        await till.step()
        assert (till.queue.unsent, till.ask(abilities.has_spoken)) == (1, False)
        till.clock.forward(after)
    await till.step()
    await till.step()
    assert (till.queue.unsent, till.queue.local) == (0, 0)
    with sandbox.backend.database.reading() as reading:
        assert reading.value("SELECT balance FROM customer WHERE id = ?", (made.id,)) == 0
    await till.close()


async def test_a_payment_back_that_met_a_server_that_went_back_goes_up_in_its_words(
    till: Till, sandbox: Running
) -> None:
    """The call was frozen for the second version and turned away by the first, which then refused the fact for ever:
    the customer owed nothing here, and on the server the payment stood."""
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    assert till.ask(abilities.knows, "payment_void")
    sandbox.backend.database.protocol = 1
    paid = till.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    till.do(accounts.take_back, paid.id, "غلط", "سارة")
    await till.round()
    await till.round()
    assert till.ask(outbox.count_listed) == 0
    assert till.ask(customers.get, made.id).balance == 0
    with sandbox.backend.database.reading() as reading:
        assert reading.value("SELECT balance FROM customer WHERE id = ?", (made.id,)) == 0


async def test_a_customer_whom_a_restored_server_forgot_owes_nothing_yet(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    """He was shown with what the server had counted before, and the payments that came again were laid on top."""
    other = await open_till(tmp_path, sandbox, "b")
    await fault(sandbox, "backup")
    made = till.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await till.round()
    await other.round()
    other.do(accounts.pay, made.id, 50_00, "cash", "", "سارة", beyond_debt=True)
    await other.round()
    await till.round()
    assert till.ask(customers.get, made.id).balance == -50_00
    await fault(sandbox, "restore")
    till.do(replica.new_epoch, "e-2")
    await till.sync._transports.calls.recheck()
    await till.sync._transports.pull("customers")
    assert till.ask(state.get, "customers.epoch") == "e-2"
    assert till.ask(customers.get, made.id).balance == 0
    for one in (till, other, till):
        await one.round()
    assert till.ask(customers.get, made.id).balance == -50_00
    await other.close()


async def test_a_customer_whom_a_restored_server_gets_again_is_shown_again(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    """The delete was offered again before the other till had given the customer again: it found nothing, and hid him
    here for ever."""
    other = await open_till(tmp_path, sandbox, "b")
    await other.round()
    await fault(sandbox, "backup")
    made = other.do(customers.create, CustomerDraft(name="حسن", phone="01007654321"))
    await other.round()
    await till.round()
    till.do(customers.delete, made.id, seen=till.ask(customers.get, made.id))
    await till.round()
    await fault(sandbox, "restore")
    till.do(replica.new_epoch, "e-2")
    await till.sync._transports.calls.recheck()
    await till.sync._transports.push_records()
    for one in (other, other, till):
        await one.step()
    assert on_server(sandbox, "SELECT count(*) FROM customer WHERE id = ? AND deleted = 0", made.id) == [(1,)]
    assert not till.ask(customers.get, made.id).deleted
    assert till.sql("SELECT count(*) FROM base_record") == [(0,)]
    await other.close()


async def test_a_restored_disk_asks_about_its_whole_queue_before_it_stores_rows(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    """It asked about a hundred sales, stored rows that held three hundred and fifty, and counted the others twice."""
    from tests.simulation.disk import Disk

    part_id, _ = a_part(till)
    await till.round()
    truth = till.shelf(part_id) - 350
    for _ in range(350):
        till.sell(part_id)
    copied = tmp_path / "copied.db"
    Disk(till.store.path).copy_to(copied)
    while till.queue.unsent:
        await till.step()
    again = await open_till(tmp_path, sandbox, "a", store=Store.open(copied, inline=True))
    await fault(sandbox, "error_before", endpoint="sales.sync", count=8)
    for _ in range(3):
        await again.step()
        assert again.shelf(part_id) == truth
    while again.queue.unsent:
        again.clock.forward(60)
        await again.step()
    assert (again.shelf(part_id), server_stock(sandbox, part_id)) == (truth, truth)
    await again.close()


async def test_a_restored_disk_is_noticed_by_the_server(tmp_path: Path, till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    old = tmp_path / "old" / "data"
    old.mkdir(parents=True)
    with sqlite3.connect(till.store.path) as source, sqlite3.connect(old / "shop.db") as target:
        source.backup(target)
    till.sell(part_id)
    await till.round()
    restored = await open_till(tmp_path, sandbox, "old")
    restored.do(state.put, "lineage", till.ask(state.get, "lineage"))
    await restored.round()
    assert restored.ask(state.get, "lineage") != till.ask(state.get, "lineage")
    assert restored.shelf(part_id) == stock - 1
    await restored.close()


# --- requests and conflicts ----------------------------------------------------------------------------


async def test_an_edit_is_seen_at_once_and_survives_the_pull(till: Till, sandbox: Running) -> None:
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, location="Z-99"), seen=seen)
    await control(sandbox, do="price", id=part_id, price="777.00")
    assert till.ask(inventory.get, part_id).draft.location == "Z-99"
    await till.sync._transports.calls.once("inventory", ())  # a pull that does not carry the edit
    shown = till.ask(inventory.get, part_id)
    assert (shown.draft.location, shown.draft.price) == ("Z-99", 77700)
    await till.round()
    shown = till.ask(inventory.get, part_id)
    assert (shown.draft.location, shown.draft.price, shown.unsent) == ("Z-99", 77700, False)
    assert till.sql("SELECT count(*) FROM base_record") == [(0,)]


async def test_what_lay_hidden_under_an_unsent_edit_is_not_overwritten_by_the_next(
    till: Till, sandbox: Running
) -> None:
    """The row had come in under the first edit, and its version with it: the second seemed to have seen both."""
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, location="OURS-1"), seen=seen)
    await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"location": "THEIRS"})
    await till.sync._transports.calls.once("inventory", ())  # their row comes, and ours lies over it
    seen = till.ask(inventory.get, part_id)
    assert seen.draft.location == "OURS-1"
    till.do(inventory.edit, part_id, _with(seen.draft, location="OURS-2"), seen=seen)
    await till.round()
    assert on_server(sandbox, "SELECT location FROM item WHERE id = ?", part_id) == [("THEIRS",)]
    assert {one.mine for one in till.ask(conflicts.pending)} >= {"OURS-2"}


async def test_price_from_the_server_and_the_name_in_the_conflict_screen(till: Till, sandbox: Running) -> None:
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, name="اسمي", price=100, location="Q-1"), seen=seen)
    await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"name": "اسمهم", "price": 55.5})
    await till.round()
    shown = till.ask(inventory.get, part_id).draft
    assert (shown.name, shown.price, shown.location) == ("اسمهم", 5550, "Q-1")
    (conflict,) = till.ask(conflicts.pending)
    assert (conflict.field, conflict.mine, conflict.theirs) == ("name", "اسمي", "اسمهم")
    assert till.queue.attention == 1

    till.do(conflicts.resolve, conflict.id, "mine")
    assert till.ask(inventory.get, part_id).draft.name == "اسمي"
    await till.round()
    assert till.ask(inventory.get, part_id).draft.name == "اسمي"
    assert on_server(sandbox, "SELECT name FROM item WHERE id = ?", part_id) == [("اسمي",)]
    assert (till.ask(conflicts.pending), till.queue.attention) == ((), 0)


async def test_a_part_made_and_sold_offline_arrives_with_its_stock(till: Till, sandbox: Running) -> None:
    made = till.do(inventory.create, PartDraft(name="قطعة جديدة", part_number="NEW-1", price=5000), whole(10))
    till.sell(made.id, 3)
    assert till.shelf(made.id) == 7
    await till.round()
    assert till.shelf(made.id) == 7 == server_stock(sandbox, made.id)
    assert till.queue.unsent == 0


async def test_an_answer_that_changes_nothing_is_over_with_the_next_pull(till: Till, sandbox: Running) -> None:
    """It takes no number of its own, so that the page which reaches it may hold no row at all."""
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, location="Z-1"), seen=seen)
    await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"location": "Z-1"})
    await till.sync._transports.calls.once("inventory", ())
    made = till.do(customers.create, CustomerDraft(name="أحمد"))
    await till.sync._transports.push_records()
    await push(till)
    assert till.sql("SELECT type FROM base_record ORDER BY 1") == [("customer",), ("item",)]
    await till.round()
    assert till.ask(customers.get, made.id).unsent is False
    assert till.sql("SELECT type FROM base_record") == []


async def test_a_part_may_get_two_names_in_one_answer(till: Till, sandbox: Running) -> None:
    """Its own answer lays one over the row and the page of the same call another."""
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, name="اسمي"), seen=seen)
    await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"name": "اسمهم"})
    await till.sync._transports.calls.once("inventory", await till.sync._transports.calls.claim("inventory"))
    assert till.ask(inventory.get, part_id).draft.name == "اسمهم"
    assert till.queue.unsent == 0
    assert [row.id for row in till.ask(search.find, "اسمهم")] == [part_id]


async def test_edits_of_one_record_go_one_after_the_other_and_do_not_conflict_with_themselves(
    till: Till, sandbox: Running
) -> None:
    part_id, _ = a_part(till)
    for location in ("A-1", "A-2", "A-3"):
        seen = till.ask(inventory.get, part_id)
        till.do(inventory.edit, part_id, _with(seen.draft, location=location), seen=seen)
    for _ in range(3):
        await till.step()
    assert till.queue.unsent == 0
    assert till.ask(conflicts.pending) == ()
    assert on_server(sandbox, "SELECT location FROM item WHERE id = ?", part_id) == [("A-3",)]


async def test_a_customer_whose_answer_is_lost_is_there_once(till: Till, sandbox: Running) -> None:
    made = till.do(customers.create, CustomerDraft(name="أحمد", phone="01000000099", car_brand="Kia"))
    await fault(sandbox, "drop_after", endpoint="customers.create")
    with pytest.raises(ApiError):
        await till.round()
    await till.step()
    assert till.queue.unsent == 0
    assert on_server(sandbox, "SELECT count(*) FROM customer WHERE name = 'أحمد'") == [(1,)]
    seen = till.ask(customers.get, made.id)
    till.do(customers.edit, made.id, _with(seen.draft, car_model="Rio"), seen=seen)
    await till.round()
    assert till.ask(customers.get, made.id).draft.car_model == "Rio"
    assert till.ask(customers.get, made.id).draft.car_brand == "Kia"
    assert till.ask(conflicts.pending) == ()


async def test_a_program_that_is_too_old_still_sends_what_it_sold(till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    sold = [till.sell(part_id) for _ in range(3)]
    await control(sandbox, do="minimum_client", version="99.0.0")
    with pytest.raises(ApiError) as refused:
        await till.round()
    assert refused.value.kind is Kind.TOO_OLD
    assert till.queue.unsent == 0
    assert [sales_on_server(sandbox, one) for one in sold] == [1, 1, 1]
    assert till.shelf(part_id) == stock - 3


async def test_a_delete_of_a_part_that_was_changed_meanwhile_asks_with_the_whole_part(
    till: Till, sandbox: Running
) -> None:
    """The server's copy came as it was on the wire, with money that no JSON text could hold: its answer was never
    stored, and every round broke on it again."""
    part_id, _ = a_part(till)
    till.do(inventory.delete, part_id, seen=till.ask(inventory.get, part_id))
    await control(sandbox, do="price", id=part_id, price="777.50")
    await till.round()
    (conflict,) = till.ask(conflicts.pending)
    assert (conflict.field, conflict.theirs["id"], conflict.theirs["price"]) == ("*", part_id, 77750)
    assert till.ask(inventory.get, part_id).deleted is False
    assert (till.queue.unsent, till.queue.attention) == (0, 1)


async def test_an_edit_of_a_part_that_was_deleted_meanwhile_asks(till: Till, sandbox: Running) -> None:
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, location="Z-1"), seen=seen)
    await control(sandbox, do="edit", kind="delete", type="item", id=part_id)
    await till.round()
    (conflict,) = till.ask(conflicts.pending)
    assert (conflict.field, conflict.theirs) == ("*", {"id": part_id, "deleted": True})
    assert till.ask(inventory.get, part_id).deleted is True


async def push(till: Till, channel: Any = "inventory") -> None:
    """Send what waits on a channel, and pull nothing."""
    await till.sync._transports.calls.once(channel, await till.sync._transports.calls.claim(channel), pull=False)


async def test_a_delete_whose_tombstone_was_purged_is_over_with_the_snapshot(till: Till, sandbox: Running) -> None:
    """A snapshot holds no tombstone: only the number of the answer says that the rows know of the delete."""
    part_id, _ = a_part(till)
    till.do(inventory.delete, part_id, seen=till.ask(inventory.get, part_id))
    await push(till)
    await fault(sandbox, "purge")
    await till.round()
    assert till.ask(inventory.get, part_id).deleted is True
    assert till.sql("SELECT count(*) FROM base_record") == [(0,)]


@pytest.mark.parametrize("listed", ["before", "after"])
async def test_a_customer_who_was_deleted_elsewhere_first_stays_gone_and_is_kept_no_longer(
    till: Till, sandbox: Running, listed: str
) -> None:
    """The server answers 404, without a number. Where the customer still stood in the list, he was back until the next
    one; where a snapshot had forgotten him, his old copy was kept for ever."""
    made = till.do(customers.create, CustomerDraft(name="أحمد", phone="01000000001"))
    await till.round()
    await control(sandbox, do="edit", kind="delete", type="customer", id=made.id)
    till.do(customers.delete, made.id, seen=till.ask(customers.get, made.id))
    await fault(sandbox, "purge")
    if listed == "before":
        await till.sync._transports.pull("customers")
    await till.sync._transports.push_records()
    assert till.queue.unsent == 0
    assert till.ask(customers.get, made.id).deleted is True
    await till.round()
    assert till.ask(customers.get, made.id).deleted is True
    assert till.sql("SELECT id FROM base_record") == []


async def test_an_answer_after_the_restore_does_not_take_the_part_off_the_list(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    """The server's copy had been let go with the first answer. The second, which applies nothing, laid nothing
    over no copy: the part was gone until the snapshot came."""
    other = await open_till(tmp_path, sandbox, "b", page_size=7)
    await other.round()
    part_id, _ = a_part(other)
    await fault(sandbox, "backup")
    seen = other.ask(inventory.get, part_id)
    other.do(inventory.edit, part_id, _with(seen.draft, name="اسمي"), seen=seen)
    await other.round()
    await fault(sandbox, "restore")
    await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"name": "اسمهم"})
    for _ in range(4):
        await push(other)
        assert other.ask(inventory.get, part_id).deleted is False
    assert len(other.ask(conflicts.pending)) == 1
    await other.round()
    assert other.ask(inventory.get, part_id).draft.name == "اسمهم"
    await other.close()


@pytest.mark.parametrize("fate", ["waits", "refused"])
async def test_what_was_sold_of_a_part_that_the_server_does_not_have_stays_sold(
    tmp_path: Path, till: Till, sandbox: Running, fate: str
) -> None:
    """The sale is answered and its number reached, but the server counts it only when the part arrives."""
    number = "N" * 300 if fate == "refused" else "NEW-2"
    made = till.do(inventory.create, PartDraft(name="قطعة جديدة", part_number=number), whole(10))
    if fate == "waits":
        await fault(sandbox, "poison", change=made.id, count=None)
    till.sell(made.id, 3)
    for _ in range(8):
        await till.step()
        assert till.shelf(made.id) == 7
    assert till.sql("SELECT answered_at IS NULL FROM outbox WHERE kind = 'sale'") == [(0,)]
    till.do(replica.restart, "inventory")
    await till.step()
    assert (till.shelf(made.id), till.ask(inventory.get, made.id).deleted) == (7, False)
    assert till.queue.attention == 1 + (fate == "refused")


async def test_a_payment_that_arrives_late_counts_once_in_the_balance(till: Till, sandbox: Running) -> None:
    """Its call was given up and came through after all, between the sync calls and the customers' list."""
    made = till.do(customers.create, CustomerDraft(name="أحمد"))
    await till.round()
    till.do(accounts.pay, made.id, 5000, "cash", "", "c", beyond_debt=True)
    *_, body = await till.store.run(
        till.sync._transports.calls.compose, "sales", await till.sync._transports.calls.claim("sales")
    )
    async with httpx.AsyncClient(verify=False) as client:
        headers = {"X-API-Key": demo_data.API_KEY}
        late = await client.post(f"{sandbox.base_url}/sales/sync", content=wire.dumps(body), headers=headers)
        late.raise_for_status()
    await till.sync._transports.pull("customers")
    assert till.ask(customers.get, made.id).balance == -5000
    await till.round()
    assert till.ask(customers.get, made.id).balance == -5000


async def test_a_change_that_is_put_off_may_have_come_through_before(till: Till, sandbox: Running) -> None:
    """Its call travelled twice: one copy was taken, the other found the database busy and was the one that
    answered. The rows of that answer held the change, and the own movement counted beside them."""
    part_id, stock = a_part(till)
    till.do(inventory.adjust, part_id, whole(-2), "broken")
    changes = await till.sync._transports.calls.claim("inventory")
    *_, body = await till.store.run(till.sync._transports.calls.compose, "inventory", changes)
    async with httpx.AsyncClient(verify=False) as client:
        url, headers = f"{sandbox.base_url}/inventory/sync", {"X-API-Key": demo_data.API_KEY}
        (await client.post(url, content=wire.dumps(body), headers=headers)).raise_for_status()
    await fault(sandbox, "retry", endpoint="inventory.sync", retry_after=20)
    assert await till.sync._transports.calls.once("inventory", changes)
    assert till.shelf(part_id) == stock - 2
    assert till.queue.unsent == 1
    await till.sync._transports.calls.once("inventory", ())
    assert till.shelf(part_id) == stock - 2 == server_stock(sandbox, part_id)
    assert till.queue.unsent == 0


async def test_a_conflict_that_a_restored_server_repeats_is_asked_once(till: Till, sandbox: Running) -> None:
    part_id, _ = a_part(till)
    seen = till.ask(inventory.get, part_id)
    till.do(inventory.edit, part_id, _with(seen.draft, name="اسمي", cost=700), seen=seen)
    await control(sandbox, do="edit", kind="update", type="item", id=part_id, fields={"name": "اسمهم", "cost": 9})
    await till.round()
    await fault(sandbox, "backup")
    await fault(sandbox, "restore")
    for _ in range(3):
        await till.step()
    assert till.ask(replica.epoch) == "e-2"
    assert [one.field for one in till.ask(conflicts.pending)] == ["name"]
    assert till.sql("SELECT count(*) FROM outbox") == [(1,)]


async def test_what_is_refused_again_is_still_there(till: Till, sandbox: Running) -> None:
    """An edit that was sent once more, and refused once more, took its customer off the list."""
    made = till.do(customers.create, CustomerDraft(name="أحمد", phone="01000000099"))
    await till.round()
    seen = till.ask(customers.get, made.id)
    till.do(customers.edit, made.id, _with(seen.draft, phone="0" * 60), seen=seen)
    await till.round()
    for _ in range(2):
        (refused,) = till.changes
        assert (refused.lane, refused.status) == ("attention", "rejected")
        till.do(attention.retry, refused.id)
        await till.round()
        assert till.ask(customers.get, made.id).deleted is False
        assert till.ask(customers.get, made.id).draft.phone == "01000000099"
    with pytest.raises(ShopError, match=r"error\.queue\.gone"):
        till.do(attention.retry, refused.id)


async def test_a_refused_session_waits_for_a_person_and_keeps_everything(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    part_id, _ = a_part(till)
    till.sell(part_id)
    locked_out = await open_till(tmp_path, sandbox, api_key="ck_wrong_000000000000000000000000001")
    for _ in range(5):
        assert await locked_out.step() <= 30
    assert locked_out.monitor.part("sync").state == "refused"
    assert [(change.lane, change.attempts) for change in locked_out.changes] == [("fast", 0)]
    await locked_out.close()
    await till.round()
    assert till.queue.unsent == 0


def _with(draft: Any, **fields: Any) -> Any:
    from dataclasses import replace

    return replace(draft, **fields)


def test_the_hand_clock_moves_only_by_hand() -> None:
    clock = HandClock()
    before = clock.now()
    clock.forward(5)
    assert ((clock.now() - before).total_seconds(), clock.monotonic()) == (5, 5)


async def test_the_server_is_ahead_where_either_parts_or_sales_are_behind(till: Till, sandbox: Running) -> None:
    """A sale that came between the two pulls, and whose event was lost, was not missed for five minutes."""
    from clutch_tui.net.network import _EventCursor

    event_cursor = _EventCursor(till.store)
    at_rest = await event_cursor.head()
    part_id, _ = a_part(till)
    till.do(inventory.adjust, part_id, whole(1), "found")
    await till.sync._transports.calls.everything("inventory")
    assert till.ask(replica.cursor, "inventory") > at_rest == await event_cursor.head()
    await till.round()
    assert await event_cursor.head() == till.ask(replica.cursor, "sales") > at_rest


# --- a disk that gives up ------------------------------------------------------------------------------


def test_a_full_disk_is_told_in_words_whichever_statement_meets_it(till: Till) -> None:
    """A sale writes by single statements and by lists of rows: all of them must end in the same error."""
    from tests.simulation.disk import Disk, FragileStore, Guard

    part_id, _ = a_part(till)
    guard = Guard(Disk(till.store.path), lambda connection, touched: None)
    with FragileStore(till.store.path, guard, clock=till.clock) as store:
        for write in range(9):
            guard.arm(write, "full")
            with pytest.raises(ShopError) as refused:
                store.run_now(sell, part_id, 1, 15000)
            assert refused.value.key == "error.store.full"
    assert till.queue.unsent == 0


async def test_an_engine_that_starts_on_a_full_disk_goes_on_when_there_is_room(
    tmp_path: Path, till: Till, sandbox: Running
) -> None:
    from tests.simulation.disk import Disk, FragileStore, Guard

    part_id, _ = a_part(till)
    till.sell(part_id)
    guard = Guard(Disk(till.store.path), lambda connection, touched: None)
    with FragileStore(till.store.path, guard, clock=till.clock) as store:
        full = await open_till(tmp_path, sandbox, store=store)
        full.do(outbox.wake_slow)
        guard.arm(0, "full")
        leading = asyncio.create_task(full.sync.run())
        async with asyncio.timeout(120):
            while till.queue.unsent:
                assert not leading.done()
                await asyncio.sleep(0.01)
        leading.cancel()
        await full.api.close()


async def test_a_round_that_a_person_asked_for_is_over_when_it_failed(till: Till, sandbox: Running) -> None:
    await till.sync.round()
    assert till.monitor.part("sync").state == "up"
    await sandbox.stop()
    with pytest.raises(ApiError):
        await till.sync.round()
    part = till.monitor.part("sync")
    assert part.state == "retrying"
    assert part.problem is not None
    assert part.problem.key.startswith("error.api.")


# --- orders ----------------------------------------------------------------------------------------------


async def an_order(till: Till, sandbox: Running, **given: object) -> str:
    """An order of three parts that the till has pulled; its id."""
    parts = till.sql("SELECT id, name FROM part WHERE price > 0 ORDER BY id LIMIT 3")
    lines = [{"item_id": id, "item_name": name, "quantity": 1} for id, name in parts]
    answer = await control(
        sandbox, do="order", order={"customer_name": "كريم", "phone": "0100", "lines": lines}, **given
    )
    await till.round()
    return str(answer["id"])


async def test_what_one_till_quoted_another_sells(tmp_path: Path, till: Till, sandbox: Running) -> None:
    other = await open_till(tmp_path, sandbox, "b")
    await till.round()
    order_id = await an_order(till, sandbox)
    for prices in ((45000, 10050, 7700), (45000, 10050, 7600)):
        lines = till.ask(orders.get, order_id).lines
        quoted = [replace(line, price=price) for line, price in zip(lines, prices, strict=True)]
        till.do(orders.quote, order_id, quoted, till.clock.now() + timedelta(days=2))
        await till.round()
    await other.round()
    quote = other.ask(orders.get, order_id).quote
    assert quote is not None
    assert quote.total == 62650
    assert carts.net(other.do(orders.to_cart, order_id)) == 62650
    till.do(orders.withdraw, order_id)
    await till.round()
    await other.round()
    assert (other.ask(orders.get, order_id).status, other.ask(orders.get, order_id).quote) == ("pending", None)
    assert till.queue.attention == 0
    await other.close()


async def test_an_order_that_went_to_another_shop_is_said_once_and_asks_nothing(till: Till, sandbox: Running) -> None:
    await till.round()
    order_id = await an_order(till, sandbox, shop_ids=[demo_data.SHOP_ID, demo_data.SECOND_SHOP_ID])
    other = {"X-API-Key": demo_data.SECOND_API_KEY}
    async with httpx.AsyncClient(headers=other, verify=False) as client:
        (theirs,) = (await client.get(f"{sandbox.base_url}/orders")).json()["data"]["orders"]
        accepted = await client.post(f"{sandbox.base_url}/orders/{theirs['id']}/accept", json={})
        assert accepted.status_code == 200
    till.do(orders.accept, order_id)
    await till.round()
    await till.round()
    order = till.ask(orders.get, order_id)
    assert (order.status, order.reason) == ("cancelled", "taken")
    assert till.ask(conflicts.count) == 0
    (refused,) = till.changes
    assert (refused.status, refused.code) == ("rejected", "TAKEN")
    assert (queue.may_retry(refused), queue.may_be_seen(refused)) == (False, True)
    till.do(queue.see, refused.id)
    assert till.changes == ()


# --- rows that cannot be read --------------------------------------------------------------------------


def take_half(sandbox: Running, part_id: str) -> None:
    """Half a thousandth leaves the shelf: a server that keeps such figures, and a terminal that cannot read them."""
    with sandbox.backend.database.writing(demo_data.SHOP_ID) as transaction:
        values = transaction.take(), demo_data.SHOP_ID, part_id
        transaction.execute(
            "UPDATE item SET stock_quantity = stock_quantity - 0.5, seq = ? WHERE shop_id = ? AND id = ?", values
        )


async def test_a_row_that_cannot_be_read_ends_no_movement_that_it_contains(till: Till, sandbox: Running) -> None:
    part_id, stock = a_part(till)
    seen = till.ask(inventory.get, part_id)
    take_half(sandbox, part_id)
    till.sell(part_id, 2)
    till.do(inventory.edit, part_id, replace(seen.draft, location="C3"), seen=seen)
    for _ in range(2):
        await till.round()
        assert till.shelf(part_id) == stock - 2
        assert till.ask(inventory.get, part_id).draft.location == "C3"
    assert till.queue.unsent == 0
    take_half(sandbox, part_id)
    await till.round()
    assert till.shelf(part_id) == stock - 2 - Decimal("0.001")
    assert till.ask(inventory.get, part_id).draft.location == "C3"
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
    assert till.sql("SELECT count(*) FROM base_record") == [(0,)]
