"""Exchanges between tills: both halves are there or neither, whatever the server knows of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clutch_tui.core import aftersales, exchanges, inventory, past_sales, sales
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.outbox import halves, outbox
from clutch_tui.core.outbox.messages import Change
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.types import Cart, PartDraft, Payment, Sale, SaleQuery, TaxRules
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.conftest import Fault
from tests.test_net.till import Till

RULES = TaxRules(1400, True, 25)
ONE = whole(1)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


def sold(till: Till, price: int) -> Sale:
    cart = cart_of(till, price)
    made: Sale = till.do(sales.checkout, cart, [Payment("visa", price)], cashier="علي", device_id="d", rules=RULES)
    return made


def cart_of(till: Till, price: int, quantity: Quantity = ONE) -> Cart:
    """So much of one part, which comes to this price."""

    def make() -> Cart:
        if quantity % 1000:
            part_id = inventory.create(PartDraft(name="زيت سايب", decimals=3)).id
        else:
            part_id = max(inventory.page(inventory.PartQuery(), None, 0, 99), key=lambda row: row.stock).id
        cart = carts.add_line(sales.open_cart(), inventory.get(part_id), quantity)
        return carts.set_price(cart, 0, price * 1000 // quantity)

    made: Cart = till.do(make)
    return made


def exchange(till: Till, sale: Sale, price: int = 200_00, quantity: Quantity = ONE) -> Sale:
    cart = till.ask(exchanges.bring_back, cart_of(till, price, quantity), sale.id, {1: ONE}, "")
    pay = carts.due(cart, RULES, (), "visa")
    made: Sale = till.do(exchanges.checkout, cart, [Payment("visa", pay)], cashier="علي", device_id="d", rules=RULES)
    return made


def told(till: Till, sale_id: str) -> tuple[list[tuple[str, int]], str]:
    sale = till.ask(sales.get, sale_id)
    return [(payment.method, payment.amount) for payment in sale.payments], sale.exchange_id or ""


def rows_of(till: Till) -> int:
    return int(till.ask(past_sales.count, SaleQuery()))


def figures(sandbox: Running) -> tuple[int, int, int]:
    """Sales, returns, and rows of the ledger about either."""
    with sandbox.backend.database.reading() as reading:
        return (
            reading.value("SELECT count(*) FROM sale WHERE status = 'completed'"),
            reading.value("SELECT count(*) FROM sale WHERE status = 'returned'"),
            reading.value("SELECT count(*) FROM ledger WHERE kind IN ('sale', 'return', 'exchange')"),
        )


def stock(till: Till) -> list[tuple[str, int]]:
    return [(row.id, row.stock) for row in till.ask(inventory.page, inventory.PartQuery(), None, 0, 99)]


async def rounds(*tills: Till) -> None:
    for till in tills:
        await till.round()


async def test_another_till_sees_both_halves_and_gives_back_as_it_was_paid(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    first, second = tills
    before = figures(sandbox)
    sale = exchange(first, sold(first, 150_00))
    assert sale.other_half is not None
    assert first.queue.unsent == 2
    await rounds(first, second)
    assert [now - then for now, then in zip(figures(sandbox), before, strict=True)] == [2, 1, 2]
    for till in tills:
        assert told(till, sale.id) == ([("exchange", 150_00), ("visa", 50_00)], sale.other_half.id)
        assert told(till, sale.other_half.id) == ([("exchange", 150_00)], sale.id)
    assert stock(first) == stock(second)
    back = second.do(aftersales.give_back, sale.id, {1: ONE}, cashier="سارة", device_id="e", reason="غلط")
    assert back.payments == (Payment("visa", 200_00),)
    await rounds(second, first)
    assert stock(first) == stock(second)
    assert (first.queue.unsent, second.queue.unsent) == (0, 0)


async def test_a_server_of_version_1_is_told_a_return_and_then_a_sale(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    first, second = tills
    sandbox.backend.database.protocol = 1
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    before = figures(sandbox)
    sale = exchange(first, sold(first, 150_00))
    assert sale.other_half is not None
    await first.round()
    await rounds(first, second)
    assert [now - then for now, then in zip(figures(sandbox), before, strict=True)] == [2, 1, 3]
    assert told(second, sale.id) == ([("visa", 150_00), ("visa", 50_00)], ""), "in words of version 1"
    assert told(second, sale.other_half.id) == ([("visa", 150_00)], "")
    assert told(first, sale.id)[1] == sale.other_half.id, "this till knows what it was"
    kinds = first.ask(_journal)
    assert kinds[-2:] == [("return", "applied"), ("sale", "applied")]
    assert stock(first) == stock(second)
    sandbox.backend.database.protocol = 2
    for till in (first, second, first, second):
        till.clock.forward(3600)
        await till.round()
    assert [now - then for now, then in zip(figures(sandbox), before, strict=True)] == [2, 1, 3], "it is told once"


def _journal() -> list[tuple[str, str]]:
    return [tuple(row) for row in db.execute("SELECT kind, status FROM outbox ORDER BY n").fetchall()]


async def test_nothing_is_split_before_the_server_was_heard(tills: tuple[Till, Till]) -> None:
    first, _ = tills
    sale = exchange(first, sold(first, 150_00))
    await first.round()
    assert first.ask(_journal)[-1] == ("exchange", "applied")
    assert not first.ask(sales.get, sale.id).unsent


async def test_a_server_that_has_gone_back_gets_what_was_frozen_for_it_in_halves(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    first, second = tills
    before = figures(sandbox)
    sandbox.backend.database.protocol = 1  # the till believes that it still speaks version 2
    sale = exchange(first, sold(first, 150_00))
    for _ in range(3):
        await first.round()
    await second.round()
    assert [now - then for now, then in zip(figures(sandbox)[:2], before[:2], strict=True)] == [2, 1]
    assert not first.ask(sales.get, sale.id).unsent
    assert stock(first) == stock(second)


async def test_two_copies_of_a_disk_that_say_it_in_either_way_count_once(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    first, second = tills
    before = figures(sandbox)
    sale = exchange(first, sold(first, 150_00))
    payload = first.ask(_payload, sale.id)
    for till in tills:
        await till.round()
    change = Change("01960000-0000-7000-8000-0000000000ee", 9, "exchange", "sale", sale.id, "", None, {}, {}, payload)
    copies = [halves.change_id(change.change_id, kind) for kind in halves.HALVES]
    assert len(set(copies)) == 2
    second.do(_as_if_copied, change)
    sandbox.backend.database.protocol = 1
    second.clock.forward(3600)
    for _ in range(3):
        await second.round()
    assert [now - then for now, then in zip(figures(sandbox)[:2], before[:2], strict=True)] == [2, 1]
    await rounds(first, second)
    assert stock(first) == stock(second)


def _payload(sale_id: str) -> dict[str, object]:
    row = db.execute("SELECT payload FROM outbox WHERE record_id = ? AND kind = 'exchange'", (sale_id,)).fetchone()
    found: dict[str, object] = json.loads(row[0])
    return found


def _as_if_copied(change: Change) -> None:
    outbox.add(change.kind, change.type, change.id, change.payload, change_id=change.change_id)


async def test_a_restored_server_gets_both_halves_again_once(
    tills: tuple[Till, Till], sandbox: Running, fault: Fault
) -> None:
    first, second = tills
    sale = sold(first, 150_00)
    await rounds(*tills)
    await fault("backup")
    before = figures(sandbox)
    made = exchange(first, sale)
    await rounds(*tills)
    await fault("restore")
    for _ in range(3):
        await rounds(*tills)
    assert [now - then for now, then in zip(figures(sandbox), before, strict=True)] == [1, 1, 1]
    for till in tills:
        assert told(till, made.id)[0] == [("exchange", 150_00), ("visa", 50_00)]
    assert stock(first) == stock(second)


async def test_a_fraction_keeps_both_halves_here_until_the_server_takes_it(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    first, _ = tills
    sandbox.backend.database.protocol = 1
    first.clock.forward(3600)
    await first.round()
    sale = sold(first, 150_00)
    made = exchange(first, sale, 150_00, Quantity(1500))
    back = first.do(aftersales.give_back, made.id, {1: Quantity(500)}, cashier="c", device_id="d", reason="r")
    for _ in range(3):
        await first.round()
    local = first.ask(lambda: db.execute("SELECT kind FROM outbox WHERE lane = 'local' ORDER BY n").fetchall())
    assert [kind for (kind,) in local if kind != "update"] == ["exchange", "return"]
    assert first.queue.unsent == 0
    before = figures(sandbox)
    sandbox.backend.database.protocol = 2
    for _ in range(2):
        first.clock.forward(3600)
        await first.round()
    assert [now - then for now, then in zip(figures(sandbox), before, strict=True)] == [1, 2, 2]
    assert not first.ask(sales.get, back.id).unsent


async def test_a_return_without_a_receipt_is_one_at_every_till_once_the_server_knows_it(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    first, second = tills
    sandbox.backend.database.protocol = 1
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    options = {"reason": "no paper", "cashier": "c", "device_id": "d", "rules": RULES}
    back = first.do(aftersales.give_back_without_receipt, cart_of(first, 40_05), "visa", **options)
    await rounds(first, second)
    assert (first.queue.local, rows_of(second)) == (1, rows_of(first) - 1)
    sandbox.backend.database.protocol = 2
    for till in (first, second, first, second):
        till.clock.forward(3600)
        await till.round()
    there = second.ask(sales.get, back.id)
    assert (there.without_receipt, there.is_return, there.payments) == (True, True, (Payment("visa", 40_05),))
    assert stock(first) == stock(second)
    sandbox.backend.database.protocol = 1  # whoever speaks version 1 would take it for a sale
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    assert second.ask(sales.get, back.id).is_return
