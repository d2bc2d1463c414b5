"""Special orders and deposits between tills: each knows what the other has ordered, and a deposit counts once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import accounts, aftersales, customers, inventory, journal, sales, special_orders
from clutch_tui.core.quantity import whole
from clutch_tui.core.special_orders import SpecialOrder, Wanted
from clutch_tui.core.sync import queue
from clutch_tui.core.types import PartDraft, Payment, Sale, TaxRules
from clutch_tui.net.sync import messages
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.till import Till

TILL: dict[str, Any] = {"cashier": "سارة", "device_id": "d"}


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


def place(till: Till, deposit: int = 0) -> SpecialOrder:
    def make() -> SpecialOrder:
        part = inventory.create(PartDraft(name="كاوتش طلمبة", part_number="SP-1", price=140_00))  # none is on the shelf
        customer = customers.page("", None, 0, 1)[0]
        return special_orders.place(
            Wanted(part.id, "", whole(2), 150_00), customer.id, deposit=deposit, method="visa", **TILL
        )

    made: SpecialOrder = till.do(make)
    return made


def fetch(till: Till, order: SpecialOrder) -> Sale:
    cart = till.ask(special_orders.to_cart, order.id)
    paid = (Payment("credit", order.deposit), Payment("visa", order.total - order.deposit))
    sold: Sale = till.do(sales.checkout, cart, tuple(part for part in paid if part.amount), rules=TaxRules(), **TILL)
    return sold


def seen(till: Till, order: SpecialOrder) -> tuple[str, int, int]:
    """How an order stands at a till: its status, what is left for it, and what its customer owes."""
    now = till.ask(special_orders.get, order.id)
    return now.status, now.deposit, till.ask(customers.get, order.customer_id).balance


def flags(till: Till) -> list[str]:
    rows = till.ask(queue.page, "attention", None, 0, 99)
    return [flag for row in rows for flag in row.flags if flag != "oversold"]


async def both(tills: tuple[Till, Till]) -> None:
    for till in (*tills, *tills):
        await till.round()


async def test_what_one_till_ordered_the_other_sells(tills: tuple[Till, Till]) -> None:
    first, second = tills
    order = place(first, deposit=80_00)
    owed = first.ask(customers.get, order.customer_id).balance
    await both(tills)
    assert seen(second, order) == seen(first, order) == ("ordered", 80_00, owed)
    first.do(special_orders.arrived, order.id, "سارة")
    await both(tills)
    assert [one.kind for one in second.ask(journal.notifications, None, 0, 9)] == ["special_order_here"]
    sold = fetch(second, second.ask(special_orders.get, order.id))
    await both(tills)
    assert seen(second, order) == seen(first, order) == ("fetched", 0, owed)
    assert first.ask(sales.get, sold.id).deposit == 80_00
    second.do(aftersales.void, sold.id, "رجع", "سارة")
    await both(tills)
    assert seen(second, order) == seen(first, order) == ("here", 80_00, owed)
    assert [till.queue.unsent for till in tills] == [0, 0]


async def test_a_second_use_of_a_deposit_is_flagged_and_stands_on_the_account(tills: tuple[Till, Till]) -> None:
    first, second = tills
    order = place(first, deposit=80_00)
    owed = first.ask(customers.get, order.customer_id).balance
    await both(tills)
    fetch(first, order)
    second.do(lambda: special_orders.cancel(order.id, "ما جاش", "علي", deposit="refund"))
    await both(tills)
    assert seen(second, order) == seen(first, order) == ("fetched", 0, owed + 80_00)
    assert flags(first) + flags(second) == ["deposit_used"]


async def test_two_sales_of_one_special_order_are_flagged(tills: tuple[Till, Till]) -> None:
    first, second = tills
    order = place(first, deposit=80_00)
    owed = first.ask(customers.get, order.customer_id).balance
    await both(tills)
    for till in tills:
        fetch(till, order)
    await both(tills)
    assert seen(second, order) == seen(first, order) == ("fetched", 0, owed + 80_00)
    assert flags(first) == []
    assert "special_order_fetched" in flags(second)


async def test_a_deposit_that_the_shop_keeps_leaves_the_account_once(tills: tuple[Till, Till]) -> None:
    first, second = tills
    order = place(first, deposit=80_00)
    owed = first.ask(customers.get, order.customer_id).balance
    await both(tills)
    for till in tills:
        till.do(lambda: special_orders.cancel(order.id, "ما جاش", "علي", deposit="forfeit"))
    await both(tills)
    assert "deposit_used" in flags(second)
    assert seen(first, order) == seen(second, order) == ("cancelled", 0, owed)


@pytest.mark.parametrize("learns", ["before", "after"])
async def test_a_server_of_version_1_has_the_money_right_and_learns_the_rest(
    tills: tuple[Till, Till], sandbox: Running, learns: str
) -> None:
    """Whether it learns before the order is fetched or after, the account is the same at every moment."""
    first, second = tills
    sandbox.backend.database.protocol = 1
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    order = place(first, deposit=80_00)
    owed = first.ask(customers.get, order.customer_id).balance
    await first.round()
    assert (seen(first, order), first.queue.local) == (("ordered", 80_00, owed), 2)
    if learns == "after":
        fetch(first, order)
        await first.round()
        assert seen(first, order) == ("fetched", 0, owed)
    sandbox.backend.database.protocol = 2
    for till in (*tills, *tills):
        till.clock.forward(3600)
        await till.round()
    if learns == "before":
        assert seen(second, order) == ("ordered", 80_00, owed)
        fetch(second, second.ask(special_orders.get, order.id))
        await both(tills)
    assert seen(first, order) == seen(second, order) == ("fetched", 0, owed)
    assert [till.queue.local for till in tills] == [0, 0]
    assert flags(first) + flags(second) == []


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [
        ("special_order", {"item_name": ""}),
        ("special_order", {"quantity": "much"}),
        ("special_order", {"expected": "soon"}),
        ("special_order_step", {"step": "lost"}),
        ("special_order_step", {"special_order_id": ""}),
        ("deposit", {"payment_id": ""}),
        ("deposit", {"amount": "much"}),
    ],
)
async def test_what_cannot_be_understood_is_refused(
    tills: tuple[Till, Till], kind: str, spoilt: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = messages._fact
    monkeypatch.setattr(messages, "_fact", lambda change: {**write(change), **(spoilt if change.kind == kind else {})})
    first, _ = tills
    order = place(first, deposit=80_00)
    first.do(special_orders.arrived, order.id, "سارة")
    await first.round()
    refused = first.ask(queue.page, "attention", None, 0, 9)
    assert [row.kind for row in refused] == [kind]
    assert seen(first, order)[:2] == ("here", 80_00), "what was done stays as it was done"


async def test_a_deposit_that_is_taken_back_as_a_payment_ends_it_everywhere(tills: tuple[Till, Till]) -> None:
    first, second = tills
    order = place(first, deposit=80_00)
    owed = first.ask(customers.get, order.customer_id).balance
    await both(tills)
    second.do(accounts.take_back, order.deposits[0].payment_id, "محتاجهم", "علي")
    await both(tills)
    assert seen(first, order) == seen(second, order) == ("ordered", 0, owed)
    assert flags(first) + flags(second) == []
