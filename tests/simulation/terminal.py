"""One terminal: a disk, a clock, and on them, as long as it lives, the program's own store, client and engine."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from clutch_tui.config.settings import Backend, Settings
from clutch_tui.core.database import faults
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.types import Part
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.network import POLL_WITH_SOCKET, _EventCursor
from clutch_tui.net.socket.websocket import Socket
from clutch_tui.net.sync.context import SyncContext
from clutch_tui.net.sync.engine import SyncEngine
from clutch_tui.sandbox import demo_data
from clutch_tui.security.vault import Secrets

from .disk import Crash, Disk, FragileConnection, FragileStore, Guard
from .network import Line
from .violation import Violation
from .virtual_time import TerminalClock, VirtualLoop
from .wire import Exchange

if TYPE_CHECKING:
    from clutch_tui.security.vault import Vault

SETTINGS = Backend(base_url="http://127.0.0.1:1/api/v1", shop_id=demo_data.SHOP_ID)
POLL = 30.0
"""Seconds between two rounds where no socket tells of news."""
POLICIES = {"price": "server_wins", "cost": "local_wins", "*": "ask"}
PORTION = 2
"""Parts that are prepared in one transaction: so few that most pages take two."""
FEW = 3
"""A shop of at most so many parts that gets more takes over the table that they come in: most first pulls do."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a shop may set in its configuration and a run draws: how much a call brings, how long it may take."""

    page_size: int
    """So few rows that most pulls take several pages."""
    timeout: float
    stock_by: str = "auto"
    """Who writes the stock of a server without sync; found out where nobody says it."""


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A quotation that is being sold."""

    quotation_id: str
    at_its_prices: bool


class MemoryVault:
    """The real vault's doors, without its file and its lock."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def read(self) -> Secrets:
        return self._secrets

    def write(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def change(self, fields: Mapping[str, Any], known: Secrets) -> Secrets:
        self._secrets = replace(known if self._secrets == Secrets() else self._secrets, **fields)
        return self._secrets

    def acquire(self) -> None:
        return

    def release(self) -> None:
        return


class Client:
    """What the program asks of `httpx.AsyncClient`, without what it never uses: redirects, cookies, proxies and
    authentication flows take more of a call than the program itself. Requests and answers are httpx's own."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def build_request(
        self, method: str, url: str, *, params: Mapping[str, Any], content: bytes | None, headers: Mapping[str, str]
    ) -> httpx.Request:
        return httpx.Request(method, httpx.URL(url, params=params) if params else url, headers=headers, content=content)

    async def send(self, request: httpx.Request, *, stream: bool) -> httpx.Response:
        return await self._line.handle_async_request(request)

    async def aclose(self) -> None:
        return


class SimulatedApi(Api):
    """The program's own interface over a line that is only a function call."""

    _transport: Line

    async def _open(self) -> Any:
        return Client(self._transport)


class SocketCursor(_EventCursor):
    """The number of the last event, on a disk that dies with its process: what a task does on its way out of a
    dead process is done by nobody."""

    _store: FragileStore

    async def save(self, seq: int) -> None:
        if self._store.guard.dead:
            raise Crash
        await super().save(seq)


class Terminal:
    """A till of the shop. `boot` and `kill` start and end processes on its disk."""

    def __init__(
        self,
        name: str,
        path: Path,
        loop: VirtualLoop,
        rng: random.Random,
        line: Line,
        exchange: Exchange,
        *,
        pace: Pace,
        secrets: Secrets,
        measures: bool = True,
        on_commit: Callable[[Terminal, FragileConnection, set[str]], None],
        on_end: Callable[[Terminal, BaseException], None],
        has_come: Callable[[str], bool],
    ) -> None:
        self.name = name
        self.has_come = has_come
        self.disk = Disk(path)
        self.clock = TerminalClock(loop)
        self.rng = rng
        self.line = line
        self.exchange = exchange
        self.boots = 0
        self.saw: dict[str, Any] | None = None
        """What stands in the form that is being saved just now."""
        self.taken_up: TakenUp | None = None
        """The quotation that is being sold just now."""
        self.alive = False
        self._loop = loop
        self._pace = pace
        self._on_commit = on_commit
        self._on_end = on_end
        self.measures = measures
        """Whether its people sell by the litre and the metre, too."""
        self._vault: Vault = MemoryVault(secrets)  # type: ignore[assignment]

    # --- processes -----------------------------------------------------------------------------------

    def boot(self) -> None:
        """Start the program on the disk as it is."""
        self.boots += 1
        self.forms: dict[str, Part] = {}
        self.guard = Guard(self.disk, lambda connection, touched: self._on_commit(self, connection, touched))
        self.store = FragileStore(self.disk.path, self.guard, clock=self.clock, new_id=self.new_id)
        self.monitor = Monitor(self.clock)
        session = Session(self._vault, clock=self.clock, monitor=self.monitor, api_key=demo_data.API_KEY)
        self.api = SimulatedApi(
            replace(SETTINGS, sync_timeout=self._pace.timeout),
            session=session,
            monitor=self.monitor,
            device_id=f"device-{self.name}",
            clock=self.clock,
            chance=self.rng,
            transport=self.line,
        )
        self.sync = SyncEngine(
            SyncContext(
                self.store,
                self.api,
                self.monitor,
                shop_id=SETTINGS.shop_id,
                device_id=f"device-{self.name}",
                clock=self.clock,
                chance=self.rng,
                on_change=lambda nouns: None,
                policies=POLICIES,
                page_size=self._pace.page_size,
                portion=PORTION,
                timeout=self._pace.timeout,
                idle=self._idle,
                stock_by=self._pace.stock_by,
            )
        )
        self._lead(session)

    def _lead(self, session: Session) -> None:
        """What `net.network` does in the process that leads: the engine, and the socket that wakes it."""
        socket = Socket(
            Settings(backend=SETTINGS),
            session=session,
            monitor=self.monitor,
            device_id=f"device-{self.name}",
            cursor=SocketCursor(self.store),
            clock=self.clock,
            chance=self.rng,
            dial=self.exchange,
        )
        socket.on_pull = self.sync.pull
        self.alive = True
        self._leading = [self._loop.create_task(run()) for run in (self.sync.run, socket.run)]
        for task in self._leading:
            task.add_done_callback(self._ended)

    def _idle(self) -> float:
        return POLL_WITH_SOCKET if self.monitor.part("socket").state == "up" else POLL

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if self.alive and task in self._leading:
            self._on_end(self, error or RuntimeError("the engine has ended by itself"))

    def kill(self) -> None:
        """The process is gone: memory lost, the open transaction rolled back, the disk as it is."""
        self.alive = False
        self.guard.dead = True
        self.exchange.break_off()
        for task in self._leading:
            task.cancel()
        self.store.close()
        self.disk.come_back()

    # --- what its program does -----------------------------------------------------------------------

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One deed of a clerk, in one transaction; the engine hears of it as from the screens."""
        broken = self.guard.unsynced
        try:
            done = self.store.run_now(function, *args, **kwargs)
        except ShopError as refusal:
            if self.guard.unsynced and not broken and refusal.key != faults.UNSURE:
                raise Violation(f"{self.name} is told {refusal.key} of what the disk has") from refusal
            raise
        self.sync.wake()
        return done

    def save(self, function: Callable[..., Any], record_id: str, draft: Any, *, seen: Any) -> None:
        """Save a form that was filled from `seen`."""
        self.saw = asdict(seen.draft)
        try:
            self.do(function, record_id, draft, seen=seen)
        finally:
            self.saw = None

    def ask(self, function: Callable[..., Any], *args: Any) -> Any:
        return self.store.read_now(function, *args)

    def sql(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self.store.peek(statement, values)

    def wake_slow(self) -> None:
        self.do(outbox.wake_slow)

    def new_id(self) -> str:
        """A UUIDv7 of this terminal's time and chance."""
        bits = int(self.clock.now().timestamp() * 1000) << 80 | self.rng.getrandbits(80)
        bits = bits & ~(0xF << 76) | 0x7 << 76
        return str(uuid.UUID(int=bits & ~(0x3 << 62) | 0x2 << 62))
