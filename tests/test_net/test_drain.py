"""A long queue goes up batch by batch, and what it would pull meanwhile comes afterwards, once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.core.sync import replica
from clutch_tui.net.sync.sync_calls import BATCH
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings

from .till import Till, open_till, said, sell


@dataclass
class Heard(httpx.AsyncBaseTransport):
    """The real line; what was asked in each sales call, and what came of it."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    answered: list[dict[str, Any]] = field(default_factory=list)
    inner: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        response = await self.inner.handle_async_request(request)
        await response.aread()
        if request.url.path.endswith("/sales/sync"):
            self.asked.append(json.loads(said(request)))
            self.answered.append(json.loads(response.content)["data"])
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=10)) as server:
        yield server


async def with_a_queue(folder: Path, sandbox: Running, count: int) -> tuple[Till, Heard]:
    heard = Heard()
    till = await open_till(folder, sandbox, transport=heard)
    await till.round()
    parts = [row[0] for row in till.sql("SELECT id FROM part ORDER BY id")]

    def sell_many() -> None:
        for n in range(count):
            sell(parts[n % len(parts)], 1, 15000)

    till.do(sell_many)
    heard.asked.clear()
    heard.answered.clear()
    return till, heard


@pytest.mark.parametrize("count", [2 * BATCH + 30, BATCH])
async def test_own_sales_come_back_after_the_last_batch_and_once(tmp_path: Path, sandbox: Running, count: int) -> None:
    till, heard = await with_a_queue(tmp_path, sandbox, count)
    await till.round()
    assert till.queue.unsent == 0
    rows = [[row["id"] for row in answer["changes"] if row["type"] == "sale"] for answer in heard.answered]
    full = [n for n, call in enumerate(heard.asked) if len(call["changes"]) == BATCH]
    assert len(full) == count // BATCH
    assert all(len(rows[n]) <= 1 and heard.asked[n]["unconfirmed"] == [] for n in full)
    assert len(rows[-1]) == count, "all of them, in the call that sends no full batch"
    with sandbox.backend.database.reading() as reading:
        counter = reading.value("SELECT counter FROM shop")
    assert till.ask(replica.cursor, "sales") == till.ask(replica.cursor, "inventory") == counter
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
    await till.close()


async def test_what_others_sold_comes_with_the_last_batch(tmp_path: Path, sandbox: Running) -> None:
    till, _ = await with_a_queue(tmp_path, sandbox, BATCH + 1)
    other = await open_till(tmp_path, sandbox, "b")
    await other.round()
    sold = other.sell(other.sql("SELECT id FROM part LIMIT 1")[0][0])
    await other.round()
    await till.round()
    assert till.sql("SELECT count(*) FROM sale WHERE id = ?", sold) == [(1,)]
    await other.close()
    await till.close()
