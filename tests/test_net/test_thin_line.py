"""Lines that are thin, calls that are too large: everything finds its size, and the live connection its share."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core import inventory
from clutch_tui.core.database.db import execute
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import differences
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.sync import batch_sizes
from clutch_tui.net.sync.batch_sizes import BatchSizes, PageSizes
from clutch_tui.net.sync.schedule import SOONEST, Schedule
from clutch_tui.net.sync.sync_calls import MOST_PLAIN
from clutch_tui.sandbox import demo_data, server
from clutch_tui.sandbox.server import Running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.certificates import DAY, certificate
from tests.test_net.conftest import MakeClient
from tests.test_net.test_network import until
from tests.test_net.test_not_backend import _part
from tests.test_net.till import HandClock, open_till


@pytest.fixture
async def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    """A small shop, or one with as many parts as a test says."""
    parts = getattr(request, "param", 5)
    async with server.running(Settings(db=str(tmp_path / "backend.db"), parts=parts)) as running:
        yield running


@asynccontextmanager
async def thin(target: int, rate: int) -> AsyncIterator[int]:
    """A line to a local port that brings so many bytes a second, one connection's behind another's as a modem does."""
    queue: asyncio.Queue[tuple[asyncio.StreamWriter, bytes]] = asyncio.Queue(64)
    tasks: set[asyncio.Task[None]] = set()

    async def pump() -> None:
        while True:
            writer, chunk = await queue.get()
            await asyncio.sleep(len(chunk) / rate)
            writer.write(chunk)

    async def upward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            writer.write(chunk)

    async def downward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1024):
            await queue.put((writer, chunk))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        for way in (upward(reader, back), downward(there, writer)):
            tasks.add(asyncio.create_task(way))

    tasks.add(asyncio.create_task(pump()))
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("sandbox", [400], indirect=True)
async def test_a_long_history_arrives_over_a_thin_line_and_the_live_connection_stays(
    tmp_path: Path, sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that takes longer than the whole patience with a call; the heartbeat waits behind it."""
    monkeypatch.setattr(batch_sizes, "GOAL", 0.25)
    async with thin(sandbox.port, 150_000) as port:
        environ = {"CLUTCH_HOME": str(tmp_path / "home"), "CLUTCH_SECRETS": "file", "CLUTCH_API_KEY": demo_data.API_KEY}
        overrides = {
            "backend.base_url": f"http://127.0.0.1:{port}/api/v1",
            "backend.shop_id": demo_data.SHOP_ID,
            "backend.sync_timeout": 1.0,
            "backend.read_timeout": 1.0,
            "websocket.pong_timeout": 1.0,
            "websocket.heartbeat": 2.0,
        }
        installation = Installation.find(environ, overrides)
        store = installation.open_store()
        network = installation.network(installation.settings, store, lambda _nouns: None)
        events: list[str] = []
        network.monitor.on_event.append(
            lambda event: events.append(event.key) if event.key.endswith("retrying") else None
        )
        running = asyncio.create_task(network.run())
        try:
            await until(lambda: not store.read_now(differences.between).counts)
            assert store.read_now(execute, "SELECT count(*) FROM sale").fetchone()[0] > 3_000
            assert not [key for key in events if key.endswith(".retrying")]
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await asyncio.to_thread(store.close)


class Narrow(httpx.AsyncHTTPTransport):
    """Refuses every body that is longer than this, as a proxy does."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if len(await request.aread()) > self.most:
            self.refused += 1
            return httpx.Response(413, html="<h1>413 Request Entity Too Large</h1>")
        return await super().handle_async_request(request)


async def test_everything_in_a_call_is_halved_until_it_goes_through(tmp_path: Path, sandbox: Running) -> None:
    narrow = Narrow(1_800)
    till = await open_till(tmp_path, sandbox, transport=narrow)
    part = till.do(_part)
    for _ in range(60):
        till.sell(part)
    # refused before: all of them are asked about from now on, in every call
    till.do(execute, "UPDATE outbox SET first_sent_at = at")
    await till.round()
    assert (till.queue.unsent, till.queue.slow) == (0, 0)
    assert 0 < narrow.refused < 40, "a size that was too large is not tried with every call"
    await till.close()


async def test_a_call_with_nothing_to_say_finds_its_size_as_well(tmp_path: Path, sandbox: Running) -> None:
    till = await open_till(tmp_path, sandbox, transport=(narrow := Narrow(900)))
    part = till.do(_part)
    await till.round()
    for _ in range(60):
        till.sell(part)
    till.do(execute, "UPDATE outbox SET first_sent_at = at, lane = 'local' WHERE answered_at IS NULL")
    await till.round()
    assert narrow.refused
    await till.close()


class Breaks(Narrow):
    """A line on whose other end every call about the stock breaks."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/inventory/sync"):
            return httpx.Response(500, html="<h1>500 Internal Server Error</h1>")
        return await super().handle_async_request(request)


async def test_rows_that_waited_for_larger_questions_come_soon_after_they_fit(tmp_path: Path, sandbox: Running) -> None:
    """A proxy was in the way for minutes, and what others sold stayed away for hours."""
    till = await open_till(tmp_path, sandbox, transport=(line := Breaks(700)))
    part = till.do(_part)
    till.do(lambda: [inventory.adjust(part, whole(1), "found") for _ in range(120)])
    other = await open_till(tmp_path, sandbox, "b")
    await other.round()
    sold = other.sell(other.sql("SELECT id FROM part ORDER BY id")[0][0])
    await other.round()
    with pytest.raises(ApiError):
        await till.round()
    assert line.refused  # fifteen questions fit, of 121: their ids are random, and compress better or worse
    assert not till.sql("SELECT 1 FROM sale WHERE id = ?", sold), "nobody knows what the rows may contain"
    line.most = 3_000
    for _ in range(4):
        with pytest.raises(ApiError):
            await till.round()
    assert till.sql("SELECT 1 FROM sale WHERE id = ?", sold) == [(1,)]
    await other.close()
    await till.close()


async def test_larger_questions_are_tried_once_in_a_round(tmp_path: Path, sandbox: Running) -> None:
    till = await open_till(tmp_path, sandbox, transport=(line := Breaks(500)))
    part = till.do(_part)
    till.do(lambda: [inventory.adjust(part, whole(1), "found") for _ in range(120)])
    for _ in range(3):
        refused = line.refused
        with pytest.raises(ApiError):
            await till.round()
    assert line.refused == refused + 1
    await till.close()


def test_pages_shrink_after_a_cut_and_grow_again() -> None:
    pages = PageSizes(5_000)
    first = pages.size("sales")
    assert pages.cut("sales")
    assert pages.size("sales") == first // 4
    sizes = []
    for _ in range(6):
        pages.came("sales", pages.size("sales"), 0.01)
        sizes.append(pages.size("sales"))
    assert sizes == sorted(sizes)
    assert sizes[-1] == 5_000
    pages.came("sales", 5_000, batch_sizes.GOAL * 10)
    assert pages.size("sales") == 500
    while pages.cut("sales"):
        pass
    assert pages.size("sales") == batch_sizes.SMALLEST_PAGE


def test_what_a_call_asks_about_may_shrink_to_nothing_and_grows_again() -> None:
    asking = BatchSizes(batch_sizes.ASKED, least=0)
    for size in (1_000, 500, 250, 125, 62, 31, 15, 7, 3, 1):
        assert asking.size("sales") in (size, size + 1)
        asking.refused("sales", asking.size("sales"))
    assert asking.size("sales") == 0
    for _ in range(batch_sizes.RARELY):
        asking.went_through("sales", 0)
    assert asking.size("sales") == 2
    asking.try_larger("sales")
    assert asking.size("sales") == 2, "no more than twice what went through"
    asking.went_through("sales", 2)
    assert asking.size("sales") == 4
    asking.try_larger("inventory")
    assert asking.size("inventory") == batch_sizes.ASKED


def test_a_change_that_is_due_and_does_not_go_is_no_reason_to_hurry() -> None:
    clock = HandClock()
    pace = Schedule(clock, random.Random(1), lambda: 30.0)
    waits = [pace.until(clock.now(), fruitful=False) for _ in range(12)]
    assert waits[0] <= 2 * SOONEST
    assert waits == sorted(waits)
    assert waits[-1] == 30.0
    assert pace.until(clock.now()) == SOONEST
    assert pace.until(clock.now() + timedelta(seconds=5), fruitful=False) == 5.0


# --- HTTP/2 --------------------------------------------------------------------------------------------


class _Refusing(asyncio.Protocol):
    """An HTTP/2 server that answers 413 by the length that is told, and makes no room for more of the body."""

    def __init__(self) -> None:
        self._talk = H2Connection(H2Configuration(client_side=False))

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._talk.initiate_connection()
        transport.write(self._talk.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._talk.receive_data(data):
            if isinstance(event, RequestReceived):
                answer = [(":status", "413"), ("content-type", "text/html")]
                self._talk.send_headers(event.stream_id, answer, end_stream=True)
        self._transport.write(self._talk.data_to_send())


@pytest.mark.parametrize("size", [1_000, MOST_PLAIN])
async def test_a_413_over_http2_is_heard_at_once_and_named(tmp_path: Path, make_client: MakeClient, size: int) -> None:
    """Its waits are the limits of the call: a body that HTTP/2 takes in one go waits for none of them."""
    shown = certificate(tmp_path, starts=-DAY, ends=DAY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown)
    context.set_alpn_protocols(["h2"])
    listening = await asyncio.get_running_loop().create_server(_Refusing, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    client = make_client(
        f"https://localhost:{port}/api/v1", api_key="k", ca_file=str(shown), read_timeout=30.0, sync_timeout=30.0
    )
    with pytest.raises(ApiError) as caught:
        await client.api.call("sales.sync", body={"x": "y" * size}, retry=False)
    listening.close()
    await client.api.close()
    assert caught.value.kind is Kind.TOO_LARGE


async def test_bodies_stay_below_that_until_they_go_packed(tmp_path: Path, sandbox: Running) -> None:
    wide = Narrow(10**9)
    till = await open_till(tmp_path, sandbox, transport=wide)
    part = till.do(_part)
    for _ in range(batch_sizes.BATCH):
        till.sell(part)
    claimed = await till.sync._transports.calls.claim("sales")
    assert 0 < len(claimed) < batch_sizes.BATCH
    await till.api.call("system.ping")
    assert till.api.packs
    assert len(await till.sync._transports.calls.claim("sales")) == batch_sizes.BATCH
    await till.close()
