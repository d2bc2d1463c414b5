"""One value that no parser can bear costs its own row, and never the channel: a real backend behind a relay that puts
such a value into one row of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from clutch_tui.core.database import db
from clutch_tui.core.sync import replica
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.conftest import StockBackend
from tests.test_net.till import open_till


@dataclass
class Relay:
    """Passes every call on, one on each connection, and puts `value` in the place of a `text` in the answers."""

    target: str
    text: bytes = b""
    value: bytes = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            body = await reader.readexactly(int(headers.get("content-length", headers.get("Content-Length", "0"))))
            method, path, _ = first.split(" ")
            async with httpx.AsyncClient(verify=False) as client:
                answer = await client.request(method, self.target + path, headers=headers, content=body)
            content = answer.content.replace(self.text, self.value) if self.text else answer.content
            head = f"HTTP/1.1 {answer.status_code} Said\r\nContent-Type: application/json\r\nConnection: close"
            writer.write(f"{head}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def relay(target: str) -> AsyncIterator[tuple[Relay, int]]:
    one = Relay(target)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    try:
        yield one, server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
def stocked(stock_backend: StockBackend) -> Path:
    return stock_backend(8)


@pytest.fixture
async def sandbox(stocked: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(stocked))) as server:
        yield server


@pytest.mark.parametrize("page_size", [5000, 3])
@pytest.mark.parametrize(
    "value", [b"[" * 50_000 + b"]" * 50_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"9" * 50_000, b"NaN"]
)
async def test_one_value_costs_one_row(tmp_path: Path, sandbox: Running, value: bytes, page_size: int) -> None:
    async with relay(sandbox.root) as (between, port):
        till = await open_till(tmp_path, replace(sandbox, port=port), page_size=page_size)
        await till.round()
        ids = [row[0] for row in till.sql("SELECT id FROM part WHERE deleted = 0 ORDER BY id")]
        between.text, between.value = b'"P-0001"', value
        till.do(replica.restart, "inventory")
        till.do(lambda: db.execute("UPDATE part SET name = ''"))
        await till.round()
        assert till.sql("SELECT record_id FROM set_aside") == [(ids[1],)]
        fresh = till.sql("SELECT id FROM part WHERE name <> '' AND deleted = 0 ORDER BY id")
        assert [row[0] for row in fresh] == [id for id in ids if id != ids[1]]
        await till.close()
