"""Lost sales between tills, and what a server makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import inventory, lost_sales
from clutch_tui.core.lost_sales import LostSaleQuery
from clutch_tui.core.quantity import Quantity
from clutch_tui.net.sync import messages
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.till import Till


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


def lost(till: Till) -> list[tuple[Any, ...]]:
    rows = till.ask(lost_sales.page, LostSaleQuery(), None, 0, 99)
    return [(row.item_id, row.name, row.quantity, row.price, row.reason, row.at) for row in rows]


async def test_what_one_till_missed_the_others_know(tills: tuple[Till, Till]) -> None:
    first, second = tills
    part = first.ask(inventory.page, inventory.PartQuery(), None, 0, 1)[0]
    first.do(lost_sales.note, "too_dear", Quantity(1500), part_id=part.id, cashier="سارة")
    first.do(lost_sales.note, "not_carried", Quantity(2000), text="دبرياج", cashier="سارة")
    await first.round()
    await second.round()
    assert lost(second) == lost(first)
    assert [one.times for one in second.ask(lost_sales.wanted)] == [1, 1]
    assert (first.queue.unsent, second.queue.unsent) == (0, 0)


async def test_a_server_of_version_1_learns_of_them_when_it_can(tills: tuple[Till, Till], sandbox: Running) -> None:
    first, second = tills
    sandbox.backend.database.protocol = 1
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    first.do(lost_sales.note, "not_carried", Quantity(1000), text="دبرياج", cashier="سارة")
    await first.round()
    assert first.queue.local == 1
    sandbox.backend.database.protocol = 2
    for till in (*tills, *tills):
        till.clock.forward(3600)
        await till.round()
    assert (first.queue.unsent, first.queue.local) == (0, 0)
    assert lost(second) == lost(first)


@pytest.mark.parametrize(
    "spoilt", [{"reason": "because"}, {"item_name": ""}, {"quantity": "much"}, {"price": "dear"}], ids=str
)
async def test_what_cannot_be_understood_is_refused(
    tills: tuple[Till, Till], spoilt: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = messages._fact
    monkeypatch.setattr(messages, "_fact", lambda change: {**write(change), **spoilt})
    first, _ = tills
    first.do(lost_sales.note, "not_carried", Quantity(1000), text="دبرياج", cashier="سارة")
    await first.round()
    (refused,) = first.changes
    assert (refused.status, refused.lane) == ("rejected", "attention")
