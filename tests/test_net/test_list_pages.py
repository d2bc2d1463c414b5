"""How many rows of a list are asked for at once: what server and line bear, over real sockets."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clutch_tui.core.outbox import transports
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync.fallback import listings
from clutch_tui.net import wire
from clutch_tui.net.client.errors import ApiError
from clutch_tui.sandbox import server
from clutch_tui.sandbox.settings import Settings
from clutch_tui.sandbox.without_sync import Plain
from tests.test_net.conftest import StockBackend
from tests.test_net.proxies import Front
from tests.test_net.till import open_till

PARTS = 12
COLUMNS = "id, name, part_number, price, stock_quantity, deleted"


def answer(status: str, body: str, length: int | None = None) -> bytes:
    """An answer over the line; with a `length` beyond the body it is cut in the middle."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {length or len(body)}\r\n\r\n{body}".encode()


TOO_MUCH = {
    "400": answer("400 Bad Request", '{"success": false, "error": "VALIDATION", "message": "limit"}'),
    "413": answer("413 Content Too Large", ""),
    "500": answer("500 Internal Server Error", '{"success": false, "message": "out of memory"}'),
    "504": answer("504 Gateway Timeout", "<html></html>"),
    "cut": answer("200 OK", '{"success": true, "data": [{"id": "1', 4096),
    "truncated": answer("200 OK", '{"success": true, "data": [{"id": "1'),
}


class Narrow(Front):
    """Bears only small pages of parts, be it from the first one or from a later one on."""

    bears = 1000
    from_page = 1
    too_much = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.page = b""
        asked = re.match(rb"GET \S+/inventory/items\?page=(\d+)&limit=(\d+)", head)
        if asked is not None:
            page, limit = int(asked[1]), int(asked[2])
            self.asked.append((page, limit))
            self.page = self.too_much if limit > self.bears and page >= self.from_page else b""
        whole = asyncio.StreamReader()
        whole.feed_data(head)
        feeding = asyncio.create_task(_feed(reader, whole))
        try:
            await super().serve(whole, writer)
        finally:
            feeding.cancel()

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.asked: list[tuple[int, int]] = []


async def _feed(reader: asyncio.StreamReader, whole: asyncio.StreamReader) -> None:
    while data := await reader.read(65536):
        whole.feed_data(data)
    whole.feed_eof()


@pytest.fixture(scope="module")
def stocked(stock_backend: StockBackend) -> Path:
    return stock_backend(PARTS)


@pytest.fixture
async def narrow(tmp_path: Path, stocked: Path) -> AsyncIterator[Narrow]:
    """What stands before a server without sync, which has twelve parts."""
    path = tmp_path / "backend.db"
    shutil.copy(stocked, path)
    async with server.running(Settings(db=str(path), plain=Plain())) as sandbox:
        one = Narrow(sandbox.port)
        listening = await asyncio.start_server(one.serve, "127.0.0.1", 0)
        one.port = listening.sockets[0].getsockname()[1]
        async with listening:
            yield one


@pytest.mark.parametrize("how", TOO_MUCH)
@pytest.mark.parametrize("from_page", [1, 2])
async def test_pages_that_are_too_much_get_smaller_and_larger_again(
    tmp_path: Path, narrow: Narrow, monkeypatch: pytest.MonkeyPatch, how: str, from_page: int
) -> None:
    monkeypatch.setattr(listings, "LIMITS", (6, 3))
    narrow.bears, narrow.from_page, narrow.too_much = 3, from_page, TOO_MUCH[how]
    till = await open_till(tmp_path, narrow)
    if how == "cut":  # whoever paces the rounds tries again
        with pytest.raises(ApiError):
            await till.round()
    await till.round()
    with sqlite3.connect(f"file:{tmp_path / 'backend.db'}?mode=ro", uri=True) as theirs:
        assert (
            till.sql(f"SELECT {COLUMNS} FROM part ORDER BY id")
            == theirs.execute(f"SELECT {COLUMNS} FROM item ORDER BY id").fetchall()
        )
    first = [(1, 6), (1, 3), (2, 3)] if from_page == 1 else [(1, 6), (2, 6)]
    assert narrow.asked == [*first, (3, 3), (4, 3)], "what was read is read once"
    assert till.ask(listings.limit_of, "inventory") == 6, "it went easily"
    narrow.bears = 1000
    narrow.asked.clear()
    till.clock.forward(86_500)
    await till.round()
    assert narrow.asked == [(1, 6), (2, 6)]
    await till.close()


async def test_a_server_that_is_away_is_asked_for_pages_of_the_same_size(
    tmp_path: Path, narrow: Narrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "LIMITS", (6, 3))
    narrow.bears, narrow.too_much = 0, answer("503 Service Unavailable", "")
    till = await open_till(tmp_path, narrow)
    with pytest.raises(ApiError):
        await till.round()
    assert till.ask(listings.limit_of, "inventory") == 6
    await till.close()


def test_pages_of_a_servers_own_size_stay_where_only_the_line_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives two rows where six were asked for: its second page does not begin where a page of three would."""
    monkeypatch.setattr(listings, "LIMITS", (6, 3))

    def begin() -> listings.PagePlan:
        plan = listings.plan("suppliers")
        assert plan is not None
        rows, _ = wire.read_rows("supplier", [{"id": f"{n}", "name": "مورد"} for n in range(2)])
        assert listings.stage(plan, listings.ListPage(rows, (), 6, False))[0] == "more"
        following = listings.plan("suppliers")
        assert following is not None
        return following

    with Store.open(tmp_path / "shop.db", inline=True) as store:
        store.run_now(transports.switch, "suppliers", "lists")
        assert store.run_now(begin).page == 2
        assert not store.run_now(lambda: listings.shrink("suppliers", refused=False))
        again = store.read_now(listings.plan, "suppliers")
        assert again is not None
        assert (again.page, again.limit, again.read) == (2, 6, 2)
        assert store.run_now(lambda: listings.shrink("suppliers", refused=True))
        anew = store.read_now(listings.plan, "suppliers")
        assert anew is not None
        assert (anew.page, anew.limit, anew.read) == (1, 3, 0)
        assert not store.run_now(lambda: listings.shrink("suppliers", refused=True)), "smaller pages there are none"
