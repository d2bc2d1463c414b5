"""The connection of one shop, whole: session, API, socket and sync, led by one process of the machine.

Several processes may have the shop's database open. One of them holds a file lock and leads: it runs the socket
and the sync, and writes what it knows of the connection into the database. The others show that, notice new
rows, and take over when the leader ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout

from clutch_tui.config.settings import Settings
from clutch_tui.core import state
from clutch_tui.core.clock import SystemClock
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.reference import Reference
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import other_writers, replica
from clutch_tui.core.updates import VersionStanding
from clutch_tui.security.vault import Vault

from . import update_check, wire
from .client import reference
from .client.api import Api
from .client.errors import ApiError, Kind
from .client.session import Session
from .connection_log import NEWS, ConnectionLog
from .monitor import Monitor
from .socket.websocket import Socket
from .supervisor import Start, Supervisor, TaskJob
from .sync.context import OnChange, SyncContext
from .sync.engine import SyncEngine

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds that a process waits for the one that leads to do a round for it."""
WATCH = 1.0
"""Seconds between two looks at what other processes did, and between two writes of the connection log."""
POLL_WITH_SOCKET = 300.0
"""While the socket tells us of news, a pull without an occasion is only a safety net."""
TRIM_EVERY, FIRST_TRIM = 600, 30
"""Looks between two times that the oldest log entries and notifications are forgotten."""

EVERYTHING = frozenset({"inventory", "sales", "orders", "customers", "suppliers", "queue", "conflicts"})


class Network:
    """One shop's connection. Make it, then `run()` it; everything else may be called any time."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        on_change: OnChange,
        *,
        vault: Vault,
        device_id: str,
        api_key: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        clock, chance = SystemClock(), random.Random()
        self._settings = settings
        self._store = store
        self._on_change = on_change
        self._clock = clock
        self._vault = vault
        self._device_id = device_id
        self._transport = transport
        self._lock = FileLock(f"{store.path}.lead.lock", thread_local=False, mode=0o600)
        self._seen: tuple[int, ...] | None = None
        self._led = Supervisor()
        """What runs while this process leads: API upkeep, socket and sync."""
        self._changed_state = asyncio.Event()
        self._beat = 0
        self._socket_was_up = False
        self._line_was_lost = False
        self.offline = False
        self.monitor = Monitor(clock)
        self.connection_log = ConnectionLog(
            store,
            self.monitor,
            clock=clock,
            level=settings.log.level,
            on_change=on_change,
        )
        self.monitor.on_change.append(self._changed_state.set)
        self.monitor.set("database", "up")
        self.session = Session(vault, clock=clock, monitor=self.monitor, api_key=api_key)
        self.api = Api(
            settings.backend,
            session=self.session,
            monitor=self.monitor,
            device_id=device_id,
            clock=clock,
            chance=chance,
            transport=transport,
        )
        self.sync = SyncEngine(
            SyncContext(
                store,
                self.api,
                self.monitor,
                shop_id=settings.backend.shop_id,
                device_id=device_id,
                clock=clock,
                chance=chance,
                on_change=on_change,
                policies={"*": settings.sync.policy_default, **settings.sync.policies},
                page_size=settings.sync.page_size,
                stock_by=settings.sync.stock_by,
                timeout=settings.backend.sync_timeout,
                idle=self._idle,
                aside=asyncio.to_thread,
            )
        )
        self.socket = Socket(
            settings,
            session=self.session,
            monitor=self.monitor,
            device_id=device_id,
            clock=clock,
            chance=chance,
            cursor=_EventCursor(store),
        )
        self.socket.on_pull = self.sync.pull
        self.socket.is_line_busy = lambda: self.api.is_receiving
        for kind in NEWS:
            self.socket.on(kind, self.connection_log.hear_news)
        self.monitor.on_change += [self._watch_socket, self._watch_line]
        self.set_debug(settings.log.debug)

    def _watch_socket(self) -> None:
        """The wait until the next pull was measured for a socket that is up: without one it is too long."""
        up = self.monitor.part("socket").state == "up"
        if self._socket_was_up and not up:
            self.sync.wake()
        self._socket_was_up = up

    def _watch_line(self) -> None:
        """A call that goes through again says more about the line than the socket's own patience."""
        api = self.monitor.part("api").state
        if self._line_was_lost and api == "up":
            self.socket.line_is_back()
            self.sync.look_again()
        if api in ("up", "retrying", "down"):
            self._line_was_lost = api != "up"

    def _idle(self) -> float:
        up = self.monitor.part("socket").state == "up"
        return POLL_WITH_SOCKET if up else float(self._settings.sync.poll_interval)

    @property
    def user_name(self) -> str:
        """Return who is signed in, as the server calls them; empty with an API key alone or nobody."""
        return self.session.user.name if self.session.user else ""

    @property
    def leads(self) -> bool:
        """True where this process holds the connection for all processes of the machine."""
        return bool(self._lock.is_locked)

    # --- running ---------------------------------------------------------------------------------------

    async def run(self, start: Start = TaskJob) -> None:
        """For ever; ends by being cancelled, and closes what it opened. Here it is found out who leads; every other job
        of the connection runs beside it, as whatever `start` makes of it."""
        self._led, reports = Supervisor(start), Supervisor(start)
        try:
            await self.session.open()
            reports.begin({"log": self._every_second(self._report)})
            await self._every_second(self._lead_or_follow)
        finally:
            await reports.end()
            await self._stand_down()
            await self.api.close()
            with contextlib.suppress(Exception):  # the store may be closing; the log of the end is not worth a crash
                await self.connection_log.write()

    async def sync_once(self, patience: float) -> None:
        """One round without running: for a script. Where another process leads, it is asked for the round and
        given `patience` seconds. Raises `ApiError`, `wire.BadPayload` and `ShopError`."""
        try:
            await self.session.open()
            if self._take_lead():
                await self._store.run(outbox.wake_slow)
                self.sync.look_again()
                await self.sync.round()
                return
            await self._ask_leader(patience)
        finally:
            await self.connection_log.write()
            await self._stand_down()
            await self.api.close()

    async def _every_second(self, look: Callable[[], Awaitable[None]]) -> None:
        """Do it again and again. A database that is full or busy for a while must not end the connection, nor fill the
        log with the same words every second."""
        said = ""
        while True:
            try:
                await look()
                said = ""
            except Exception as error:
                if repr(error) != said:
                    log.exception("the connection's %s failed; it is tried again", look.__name__)
                said = repr(error)
            await self._clock.sleep(WATCH)

    async def _lead_or_follow(self) -> None:
        if not self.offline and not self.leads and self._take_lead():
            self._lead()
        if (ended := self._led.ended) is not None:
            # the database could not be read when it began: the loops inside outlive their own mistakes
            log.error("the connection's job %s ended", ended[0], exc_info=ended[1])
            await self._stand_down()
        if self.leads:
            await self._look_for_work()
        else:
            await self._follow()

    def _take_lead(self) -> bool:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        self.monitor.lead()
        self.monitor.note("info", "sync", "sync.leads", pid=os.getpid())
        return True

    def _lead(self) -> None:
        watch = update_check.watch(self.api, self._store, self.monitor, self._clock, self._on_change)
        self._led.begin({"api": watch, "socket": self.socket.run(), "sync": self.sync.run()})

    async def _stand_down(self) -> None:
        await self._led.end()
        if self.leads:
            self._lock.release()

    async def _look_for_work(self) -> None:
        """Another process may have sold something: send it, and show it. Or it has signed in, or wants a round."""
        if await self.session.look_again():
            self.reconnect()
        await self._answer_followers()
        if await self._show_what_others_wrote():
            due = await self._store.read(outbox.next_due)
            if due is not None and due <= self._clock.now():
                self.sync.wake()

    async def _follow(self) -> None:
        """Show what the leader knows, but where the line was cut here on purpose, and the rows that were stored."""
        if not self.offline:
            await self.connection_log.show()
        await self._show_what_others_wrote()

    async def _show_what_others_wrote(self) -> bool:
        """Have the screens read again where any process has written; whether one has."""
        figures = await self._store.read(other_writers.figures)
        has_moved = self._seen is not None and figures != self._seen
        if has_moved:
            self._on_change(EVERYTHING)
        self._seen = figures
        return has_moved

    # --- what is kept of the connection ----------------------------------------------------------------

    async def _report(self) -> None:
        """Write the log and, where this process leads, the state of the connection."""
        await self.connection_log.write()
        await self.connection_log.look_for_news()
        self._beat += 1
        if not self.leads:
            return
        self.connection_log.look()
        if self._changed_state.is_set() or self._beat % 5 == 0:
            self._changed_state.clear()
            await self.connection_log.write_state()
        if self._beat % TRIM_EVERY == FIRST_TRIM % TRIM_EVERY:
            await self.connection_log.trim()

    def set_debug(self, debug: bool) -> None:
        """Write every exchange and every frame into the log, or stop doing so."""
        self.connection_log.debug = debug
        self.api.on_exchange = self.connection_log.exchanged if debug else None
        self.socket.on_frame = self.connection_log.framed if debug else None

    # --- what a person can do --------------------------------------------------------------------------

    def wake(self) -> None:
        """A change has entered the queue: send it soon."""
        self.sync.wake()

    async def force_sync(self) -> None:
        """One whole round now, here or in the process that leads. Raises what the round raises, `error.sync.cut`
        while the line is cut on purpose, and `error.sync.other_leads` where the leader does not answer."""
        if self.offline:
            raise ShopError("error.sync.cut")
        if self.leads:
            await self._store.run(outbox.wake_slow)
            self.api.try_now()
            self.sync.look_again()
            self.sync.put_off_nothing()
            await self.sync.round()
        else:
            await self._ask_leader(PATIENCE)

    async def _ask_leader(self, patience: float) -> None:
        """Have the process that leads do a round, and wait for its answer."""
        asked = self._store.new_id()
        await self._store.run(state.put, "round.asked", asked)
        end = self._clock.monotonic() + patience
        while self._clock.monotonic() < end:
            answer = await self._answered()
            if answer.get("asked") == asked:
                if answer["error"]:
                    raise ShopError(answer["error"], **answer["values"])
                return
            await self._clock.sleep(WATCH / 4)
        raise ShopError("error.sync.other_leads")

    async def _answered(self) -> dict[str, Any]:
        """Return how the last round that was asked for went."""
        text = await self._store.read(state.get, "round.answered")
        answer: dict[str, Any] = json.loads(text) if text else {}
        return answer

    async def _answer_followers(self) -> None:
        """Do the round that another process has asked for, and tell it how it went."""
        asked = await self._store.read(state.get, "round.asked")
        if asked is None or (await self._answered()).get("asked") == asked:
            return
        error, values = "", {}
        try:
            await self._store.run(outbox.wake_slow)
            self.api.try_now()
            self.sync.look_again()
            await self.sync.round()
        except (ApiError, ShopError) as failure:
            error, values = failure.key, {name: str(value) for name, value in failure.values.items()}
        except wire.BadPayload as failure:
            error, values = "error.sync.bad_answer", {"reason": failure.reason}
        answer = json.dumps({"asked": asked, "error": error, "values": values})
        await self._store.run(state.put, "round.answered", answer)

    def reconnect(self) -> None:
        """Forget every waiting time and try API and socket at once."""
        self.api.try_now()
        self.socket.reconnect_now()
        self.sync.look_again()
        self.sync.wake()

    def go_offline(self, offline: bool) -> None:
        """Cut the connection on purpose, or take it up again."""
        if offline == self.offline:
            return
        self.offline = self.api.is_cut = offline
        if offline:
            self.monitor.lead()  # what another process goes on to do is not what this one does
            self._cut = asyncio.ensure_future(self._stand_down())
            for part in ("api", "socket", "sync"):
                self.monitor.set(part, "off")
            self.monitor.note("info", "session", "connection.cut_on_purpose")
        else:
            self.api.breaker.reset()

    async def test_endpoints(self, names: Sequence[str] = ()) -> bool:
        """Try the named endpoints, or all; the results arrive in the monitor as they come. False where the server
        answered none of them. Raises `ApiError` while the line is cut on purpose."""
        from clutch_tui.net.endpoint_tester.tester import Tester

        if self.offline:
            raise ApiError(Kind.CUT)
        report = await Tester(self.api, self.session, self.monitor).run(names=names)
        return any(result.status is not None for result in report.results)

    async def fetch(self, name: str) -> Reference:
        """Return what a reading endpoint says now, checked, in core's terms and kept with its age. Raises `ApiError`,
        `wire.BadPayload`."""
        return await reference.fetch(self.api, self._store, name)

    async def ping(self) -> None:
        """Have the backend answer, once; by its health where it has no ping. Raises `ApiError`."""
        try:
            await self.api.call("system.ping", retry=False)
        except ApiError as error:
            if error.kind is not Kind.MISSING_ROUTE:
                raise
            await self.api.call("system.health", retry=False)

    async def check_version(self) -> VersionStanding:
        """Ask now which version of this program is the newest. Raises `ApiError`, `wire.BadPayload`."""
        return await update_check.check(self.api, self._store)

    async def sign_in(self, email: str, password: str) -> None:
        """Raises `ApiError`. The credentials that come back are kept in the vault."""
        await self.session.login(email, password)
        self.reconnect()

    async def use_api_key(self, key: str) -> None:
        """Keep this key and prove it. Raises `ApiError` when the server refuses it; it is not kept then."""
        if self.offline:
            raise ApiError(Kind.CUT)
        if not (key.isascii() and key.isprintable()):
            raise ApiError(Kind.BAD_CREDENTIALS)
        trial = Api(
            self._settings.backend,
            session=Session(self._vault.at("", "trial"), clock=self._clock, api_key=key),
            monitor=Monitor(self._clock),
            device_id=self._device_id,
            clock=self._clock,
            transport=self._transport,
        )
        try:
            await trial.call("shop.profile", retry=False)
        finally:
            await trial.close()
        await self.session.use_api_key(key)
        self.reconnect()

    async def sign_out(self) -> None:
        """Forget who was signed in, user and stored key alike: afterwards nothing goes out."""
        await self.session.logout()
        await self.session.use_api_key(None)


def is_led(database: Path) -> bool:
    """Tell whether some process leads the connection of this database, alive or stopped."""
    lock = FileLock(f"{database}.lead.lock", thread_local=False, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


class _EventCursor:
    """The number of the last event, kept in the database: what a reconnected socket resumes from."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self) -> int | None:
        value = await self._store.read(state.get, "socket.last_seq")
        return None if value is None else int(value)

    async def save(self, seq: int) -> None:
        await self._store.run(state.put, "socket.last_seq", seq)

    async def head(self) -> int | None:
        """Return how far our parts and our sales reach; a `head` above it means that there are rows to fetch."""
        return await self._store.read(replica.common_cursor)
