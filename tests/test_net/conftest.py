"""A real backend on a loopback socket, a client for it, and a clock that a test owns."""

from __future__ import annotations

import asyncio
import heapq
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.config.settings import Backend
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.endpoint_tester import tester
from clutch_tui.net.monitor import Event, LoggedCall, Monitor
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings as SandboxSettings
from clutch_tui.security.vault import Vault
from clutch_tui.support import network_checks
from tests.test_net.shop import PARTS, Shop, opened
from tests.test_net.till import Till, open_till

DEVICE = "d0000000-0000-7000-8000-00000000000a"


class TestClock:
    """Time that moves only when a test says so, or when `eager` and somebody sleeps."""

    __test__ = False

    def __init__(self, *, eager: bool = True) -> None:
        self.start = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        self.elapsed = 0.0
        self.eager = eager
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.eager:
            self.elapsed += seconds
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.elapsed + seconds, id(future), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking every sleeper in its moment."""
        await settle()
        end = self.elapsed + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self.elapsed, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await settle()
        self.elapsed = end
        await settle()


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait for a condition; the deadline is for what never comes, not for a busy machine."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is somebody else's
            await asyncio.sleep(0.005)


@dataclass
class Client:
    """Everything that one terminal needs to speak, over real sockets unless a transport is given."""

    api: Api
    session: Session
    monitor: Monitor
    vault: Vault
    clock: TestClock
    exchanges: list[LoggedCall]
    events: list[Event]
    settings: Backend


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does three other things is no slow server."""
    monkeypatch.setattr(tester, "SLOW_MS", 600_000.0)
    monkeypatch.setattr(network_checks, "SLOW_MS", 600_000)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    """A backend with shops, people and keys, and nothing else."""
    async with running(SandboxSettings(db=str(tmp_path / "backend.db"), faults=True)) as sandbox:
        yield sandbox


@pytest.fixture
async def tills(tmp_path: Path, sandbox: Running) -> AsyncIterator[tuple[Till, Till]]:
    """Two tills of one shop, both up to date."""
    opened_tills = (await open_till(tmp_path, sandbox, "a"), await open_till(tmp_path, sandbox, "b"))
    for till in opened_tills:
        await till.round()
    yield opened_tills
    for till in opened_tills:
        await till.close()


MakeClient = Callable[..., Client]


@pytest.fixture
async def make_client(tmp_path: Path) -> AsyncIterator[MakeClient]:
    """Terminals that are closed at the end of the test."""
    made: list[Client] = []

    def make(
        base_url: str,
        *,
        clock: TestClock | None = None,
        api_key: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        secrets: str = "secrets.json",
        **settings: Any,
    ) -> Client:
        clock = clock or TestClock()
        backend = Backend(base_url=base_url, **{"shop_id": demo_data.SHOP_ID, **settings})
        monitor, exchanges, events = Monitor(clock), list[LoggedCall](), list[Event]()
        monitor.on_event.append(events.append)
        vault = Vault(tmp_path / secrets, base_url, backend.shop_id, "file")
        session = Session(vault, clock=clock, monitor=monitor, api_key=api_key)
        api = Api(
            backend,
            session=session,
            monitor=monitor,
            device_id=DEVICE,
            clock=clock,
            chance=random.Random(1),
            transport=transport,
            on_exchange=exchanges.append,
        )
        made.append(Client(api, session, monitor, vault, clock, exchanges, events, backend))
        return made[-1]

    yield make
    for client in made:
        await client.api.close()


@pytest.fixture
def client(sandbox: Running, make_client: MakeClient) -> Client:
    return make_client(sandbox.base_url)


Fault = Callable[..., Awaitable[None]]


@pytest.fixture
async def fault(sandbox: Running) -> AsyncIterator[Fault]:
    """Ask the sandbox for trouble: `await fault("not_json", endpoint="system.*", count=2)`."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as direct:

        async def order(kind: str, **values: Any) -> None:
            answer = await direct.post(f"{sandbox.root}/__faults", json={"kind": kind, **values})
            assert answer.status_code == 200, answer.text

        yield order


@pytest.fixture
async def control(sandbox: Running) -> AsyncIterator[Fault]:
    """Let something happen in the shop: `await control("order")`."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as direct:

        async def order(do: str, **values: Any) -> None:
            answer = await direct.post(f"{sandbox.root}/__control", json={"do": do, **values})
            assert answer.status_code == 200, answer.text

        yield order


StockBackend = Callable[[int], Path]


@pytest.fixture(scope="session")
def stock_backend(tmp_path_factory: pytest.TempPathFactory) -> StockBackend:
    """Backends' databases with some parts, each made once; whoever asks gets a copy, to do things to."""
    made: dict[int, Path] = {}

    async def stock(path: Path, parts: int) -> None:
        async with running(SandboxSettings(db=str(path))) as sandbox, httpx.AsyncClient(verify=False) as client:
            for n in range(parts):
                part = {
                    "id": f"01930000-0000-7000-8000-{n:012x}",
                    "name": f"قطعة رقم {n}",
                    "part_number": f"P-{n:04}",
                    "price": 150.00,
                    "stock_quantity": 20 + n,
                }
                headers = {"X-API-Key": demo_data.API_KEY, "Idempotency-Key": part["id"]}
                answer = await client.post(f"{sandbox.base_url}/inventory/items", json=part, headers=headers)
                answer.raise_for_status()

    def of(parts: int) -> Path:
        if parts not in made:
            path = tmp_path_factory.mktemp("backend") / f"{parts}.db"
            asyncio.run(stock(path, parts))
            made[parts] = path
        copy = tmp_path_factory.mktemp("backend") / "copy.db"
        with sqlite3.connect(made[parts]) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        return copy

    return of


@pytest.fixture(scope="module")
def stocked(stock_backend: StockBackend) -> Path:
    """A backend with a few parts that were made just now."""
    return stock_backend(PARTS)


@pytest.fixture
async def shop(tmp_path: Path, stocked: Path) -> AsyncIterator[Shop]:
    """A shop whose server has the sync calls, and may lose them."""
    async with opened(tmp_path, stocked) as shop:
        yield shop
