"""Two tills of one shop that were apart, and come back: what both must show then."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.core import inventory, past_sales, sales
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import conflicts, queue, replica
from clutch_tui.core.types import SaleQuery
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.server import Running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.till import Till, open_till

PART = "01930000-0000-7000-8000-00000000000a"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    """A shop with one part, of which the last piece lies on the shelf."""
    async with server.running(Settings(db=str(tmp_path / "backend.db"), faults=True)) as running:
        part = {"id": PART, "name": "فلتر زيت", "part_number": "OF-1", "price": 150, "stock_quantity": 1}
        headers = {"X-API-Key": demo_data.API_KEY, "Idempotency-Key": PART}
        async with httpx.AsyncClient(verify=False) as client:
            answer = await client.post(f"{running.base_url}/inventory/items", json=part, headers=headers)
            answer.raise_for_status()
        yield running


@pytest.fixture
async def tills(tmp_path: Path, sandbox: Running) -> AsyncIterator[tuple[Till, Till]]:
    pair = (await open_till(tmp_path, sandbox, "a"), await open_till(tmp_path, sandbox, "b"))
    for till in pair:
        await till.round()
    yield pair
    for till in pair:
        await till.close()


def on_server(sandbox: Running, statement: str, *args: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{sandbox.settings.db}?mode=ro", uri=True)) as db:
        return db.execute(statement, args).fetchall()


def put_back(copy: Path, database: Path) -> None:
    """What an administrator does who knows nothing of epochs."""
    for rest in ("-wal", "-shm"):
        database.with_name(database.name + rest).unlink(missing_ok=True)
    shutil.copy(copy, database)


async def meet(*tills: Till) -> None:
    """Both are back: what the second has said reaches the first as well."""
    for till in (*tills, *tills):
        await till.round()


async def test_both_sell_the_last_piece_while_they_are_apart(tills: tuple[Till, Till], sandbox: Running) -> None:
    receipts = [till.sell(PART) for till in tills]
    assert [till.shelf(PART) for till in tills] == [0, 0]
    await meet(*tills)
    assert [till.shelf(PART) for till in tills] == [-1, -1]
    assert on_server(sandbox, "SELECT stock_quantity FROM item WHERE id = ?", PART) == [(whole(-1),)]
    for till in tills:
        assert {row.id for row in till.ask(past_sales.page, SaleQuery(), None, 0, 10)} == set(receipts)
        assert {row.status for row in till.ask(past_sales.page, SaleQuery(), None, 0, 10)} == {"completed"}
    (flagged,) = [row for till in tills for row in till.ask(queue.page, "", None, 0, 10)]
    assert (flagged.record_id, flagged.flags, flagged.lane) == (receipts[1], ("oversold",), "attention")
    assert tills[1].ask(sales.get, receipts[1]).flags == ("oversold",)
    (short,) = tills[1].ask(queue.concerns, flagged.id)["oversold"]
    assert (short.number, short.stock) == ("OF-1", whole(-1))


async def test_both_change_name_and_price_while_they_are_apart(tills: tuple[Till, Till], sandbox: Running) -> None:
    for till, name, price in zip(tills, ("فلتر بوش", "فلتر مان"), (160_00, 170_00), strict=True):
        seen = till.ask(inventory.get, PART)
        till.do(inventory.edit, PART, replace(seen.draft, name=name, price=price), seen=seen)
    await meet(*tills)
    first, second = tills
    assert {till.ask(inventory.get, PART).draft.price for till in tills} == {160_00}
    assert first.ask(conflicts.pending) == ()
    (conflict,) = second.ask(conflicts.pending)
    sides = (conflict.field, conflict.was, conflict.mine, conflict.theirs)
    assert sides == ("name", "فلتر زيت", "فلتر مان", "فلتر بوش")
    second.do(conflicts.resolve, conflict.id, "mine")
    await meet(second, first)
    assert {till.ask(inventory.get, PART).draft.name for till in tills} == {"فلتر مان"}
    assert on_server(sandbox, "SELECT name, price FROM item WHERE id = ?", PART) == [("فلتر مان", 160_00)]
    assert [till.queue.attention for till in tills] == [0, 0]


async def test_an_older_copy_of_the_servers_file_gets_every_sale_again(
    tmp_path: Path, tills: tuple[Till, Till], sandbox: Running
) -> None:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(sandbox.settings.db)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    receipts = [till.sell(PART) for till in (*tills, *tills)]
    await meet(*tills)
    await sandbox.stop()
    await asyncio.to_thread(put_back, copy, Path(sandbox.settings.db))
    async with server.running(sandbox.settings, port=sandbox.port):
        for _ in range(3):
            for till in tills:
                await till.step()
        counted = on_server(sandbox, "SELECT id, count(*) FROM sale GROUP BY id")
        assert sorted(counted) == sorted((receipt, 1) for receipt in receipts)
        assert on_server(sandbox, "SELECT stock_quantity FROM item WHERE id = ?", PART) == [(whole(-3),)]
        assert [till.shelf(PART) for till in tills] == [-3, -3]
        (epoch,) = {till.ask(replica.epoch) for till in tills}
        assert epoch != "e-1"
        assert [till.queue.unsent for till in tills] == [0, 0]


async def test_what_a_restored_server_has_lost_is_seen_although_another_till_comes_first(
    tmp_path: Path, tills: tuple[Till, Till], sandbox: Running
) -> None:
    """Three paid sales of the first are lost; the second brings the counter past all that the first has seen."""
    first, second = tills
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(sandbox.settings.db)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    receipts = [first.sell(PART) for _ in range(3)]
    await first.round()
    await sandbox.stop()
    await asyncio.to_thread(put_back, copy, Path(sandbox.settings.db))
    async with server.running(sandbox.settings, port=sandbox.port):
        receipts += [second.sell(PART) for _ in range(5)]
        await second.step()
        for till in (first, second, first):
            await till.step()
        counted = on_server(sandbox, "SELECT id, count(*) FROM sale GROUP BY id")
        assert sorted(counted) == sorted((receipt, 1) for receipt in receipts)
        assert on_server(sandbox, "SELECT stock_quantity FROM item WHERE id = ?", PART) == [(whole(-7),)]
        assert [till.shelf(PART) for till in tills] == [-7, -7]
        assert [till.queue.unsent for till in tills] == [0, 0]
