"""What is written on a sale, between tills: the others read it, whatever version the server speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, past_sales, sales
from clutch_tui.core.types import Payment, Sale, TaxRules
from clutch_tui.net.sync import messages
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.till import Till


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


def sell(till: Till) -> Sale:
    def make() -> Sale:
        part = next(row for row in inventory.page(inventory.PartQuery(), None, 0, 99) if row.price)
        cart = carts.add_line(sales.open_cart(), inventory.get(part.id))
        cart = carts.set_note(carts.with_notes(cart, "بكرة", "Lada 2107"), 0, "قدام")
        payments = [Payment("instapay", carts.totals(cart, TaxRules(), "instapay").total, reference="88123")]
        return sales.checkout(cart, payments, cashier="علي", device_id="d", rules=TaxRules())

    made: Sale = till.do(make)
    return made


def said(sale: Sale) -> tuple[Any, ...]:
    return sale.notes, sale.car, sale.lines[0].note, sale.payments


async def test_the_other_till_reads_all_of_it(tills: tuple[Till, Till]) -> None:
    first, second = tills
    made = sell(first)
    for till in tills:
        await till.round()
    assert said(second.ask(sales.get, made.id)) == said(made) == ("بكرة", "Lada 2107", "قدام", made.payments)
    assert [row.id for row in second.ask(past_sales.page, past_sales.SaleQuery("88123"), None, 0, 9)] == [made.id]


async def test_by_a_server_of_version_1_it_reads_the_words(tills: tuple[Till, Till], sandbox: Running) -> None:
    first, second = tills
    sandbox.backend.database.protocol = 1
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    made = sell(first)
    for till in tills:
        await till.round()
    there = second.ask(sales.get, made.id)
    number = made.lines[0].part_number
    assert there.notes == f"بكرة\nLada 2107\n{number}: قدام\ninstapay: 88123"
    assert (there.car, there.lines[0].note, there.payments[0].reference) == ("", "", "")
    assert said(first.ask(sales.get, made.id)) == said(made), "its own paper stays as it is"
    assert [row.id for row in second.ask(past_sales.page, past_sales.SaleQuery("88123"), None, 0, 9)] == [made.id]


@pytest.mark.parametrize(
    "spoilt",
    [{"car": []}, {"items": {"note": []}}, {"payments": {"reference": {}}}, {"payments": {"reference": "1" * 501}}],
    ids=str,
)
async def test_what_is_no_text_is_refused(
    tills: tuple[Till, Till], spoilt: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(change: Any) -> dict[str, Any]:
        body = before(change)
        rows = {name: [row | more for row in body[name]] for name, more in spoilt.items() if isinstance(more, dict)}
        return {**body, **spoilt, **rows}

    before = messages._fact
    monkeypatch.setattr(messages, "_fact", write)
    first, _ = tills
    sell(first)
    await first.round()
    (refused,) = first.changes
    assert (refused.status, refused.lane) == ("rejected", "attention")
