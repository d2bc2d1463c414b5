"""The report of a day over two tills: the same at both, to the piastre, and equal to a reckoning by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clutch_tui.core import accounts, aftersales, cash, customers, day_report, inventory, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.day_report import Closed, ShopDay
from clutch_tui.core.quantity import ONE
from clutch_tui.core.types import CustomerDraft, Payment, PayMethod, TaxRules
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.conftest import Fault
from tests.test_net.till import Till


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


def sell(till: Till, price: int, *methods: PayMethod) -> str:
    """A part at this price, half by each of the ways."""

    def make() -> str:
        part = next(row for row in inventory.page(inventory.PartQuery(), None, 0, 99) if not row.decimals)
        cart = carts.set_price(carts.add_line(sales.open_cart(), inventory.get(part.id)), 0, price)
        paid = [Payment(method, price // len(methods)) for method in methods]
        device_id = till.api.device_id
        return sales.checkout(cart, paid, cashier="c", device_id=device_id, rules=TaxRules()).id

    sale_id: str = till.do(make)
    return sale_id


def draw(till: Till, kind: cash.DrawerDeed, amount: int, category: str = "") -> None:
    till.do(cash.do, kind, amount, drawer_id=till.api.device_id, actor="c", reason="x", category=category)


def at(till: Till) -> ShopDay:
    found: ShopDay = till.ask(day_report.shop_day, till.ask(state.business_day), till.api.device_id)
    return found


async def test_both_tills_tell_the_same_day(tills: tuple[Till, Till]) -> None:
    first, second = tills
    for till in tills:
        await till.round()
    before = at(first).takings  # what others have sold today
    for till in tills:
        draw(till, "open", 200_00)
    sell(first, 300_00, "cash", "visa")
    voided = sell(first, 77_00, "cash")
    first.do(aftersales.void, voided, "غلط", "c")
    back = sell(second, 120_00, "cash")
    second.do(aftersales.give_back, back, {1: ONE}, cashier="c", device_id=second.api.device_id, reason="تالفة")
    sell(second, 90_00, "instapay")
    draw(first, "pay_out", 35_00, "transport")
    draw(second, "pay_out", 15_00, "transport")
    draw(second, "pay_out", 20_00)
    hassan = second.do(customers.create, CustomerDraft(name="حسن"))
    second.do(accounts.pay, hassan.id, 50_00, "visa", "", "c", beyond_debt=True)
    mistaken = second.do(accounts.pay, hassan.id, 60_00, "visa", "", "c", beyond_debt=True)
    second.do(accounts.take_back, mistaken.id, "غلط", "c")
    first.do(cash.close, 310_00, drawer_id=first.api.device_id, actor="c")
    for till in (first, second, first):
        await till.round()
    here, there = at(first), at(second)
    assert here == there
    assert (here.takings.sales - before.sales, here.takings.returns - before.returns) == (3, 1)
    assert here.takings.revenue - before.revenue == 390_00
    assert here.on_account == {"visa": 50_00}
    assert here.expenses == {"transport": (2, 50_00), "": (1, 20_00)}
    assert here.difference == 310_00 - (200_00 + 150_00 - 35_00)
    one, other = (next(till for till in here.tills if till.device_id == one.api.device_id) for one in tills)
    assert (one.device_id, one.revenue, one.methods) == (
        first.api.device_id,
        300_00,
        {"cash": 150_00, "visa": 150_00},
    )
    assert one.closings == (Closed(315_00, 310_00),)
    assert one.deeds == {"open": (1, 200_00), "pay_out": (1, 35_00)}
    assert (other.revenue, other.sales, other.returns, other.paid_out) == (90_00, 2, 1, 35_00)
    assert other.methods == {"cash": 0, "instapay": 90_00}
    assert one.name != other.name
    assert sum(till.revenue for till in here.tills) == here.takings.revenue


async def test_another_day_is_empty(tills: tuple[Till, Till]) -> None:
    first, _ = tills
    draw(first, "pay_out", 35_00, "food")
    report = first.ask(day_report.shop_day, "2020-01-01", first.api.device_id)
    assert (report.tills, report.expenses, report.on_account, report.takings.revenue) == ((), {}, {}, 0)


async def test_what_a_restored_server_has_lost_of_the_drawers_comes_again_once(
    tills: tuple[Till, Till], fault: Fault
) -> None:
    first, second = tills
    await first.round()
    await fault("backup")
    draw(first, "pay_out", 35_00, "food")
    for till in tills:
        await till.round()
    assert at(second).expenses == {"food": (1, 35_00)}
    await fault("restore")
    for _ in range(3):
        for till in tills:
            await till.round()
    for till in tills:
        assert at(till).expenses == {"food": (1, 35_00)}
