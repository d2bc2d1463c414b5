"""The live connection: one socket, for ever. It brings news, never rows (docs/protocol.md#live-connection)."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import quote, urlsplit

from clutch_tui.core.clock import Clock, SystemClock
from clutch_tui.core.errors import ShopError
from clutch_tui.errors import Problem
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.client.retry import backoff
from clutch_tui.net.events import BY_NAME, H, InventoryUpdate, NewOrder, OrderUpdate, PriceUpdate
from clutch_tui.net.monitor import Level, Monitor, State
from clutch_tui.net.socket.line import Dial, HandshakeRefused, LineClosed, SocketLine, WebSocketDial
from clutch_tui.net.socket.sequence import Sequence

if TYPE_CHECKING:
    from clutch_tui.config.settings import Settings
    from clutch_tui.net.client.session import Session
    from clutch_tui.net.socket.frames import Frame

_PULLING = frozenset(kind.TYPE for kind in (InventoryUpdate, PriceUpdate, NewOrder, OrderUpdate))
"""Those that speak of rows. They ask for a pull as they come in, also where their data cannot be read."""
_COUNTED = frozenset(kind.TYPE for kind in (InventoryUpdate, PriceUpdate))
"""Those whose rows the cursor counts."""
TOKEN_REFUSED = frozenset({1008, 4001})
SHOP_REFUSED = 4003
TOO_MANY = 4029
REFUSED_WAIT = 15 * 60.0
FOREIGN_HEARTBEAT = 30.0
PATIENCE = 6
"""How many times as long a pong is waited for while a call's answer fills the line."""
REGULAR = 3
"""Connections in a row that are cut after the same time: something between here and the server does that."""
BUSY = 30.0
"""Seconds to stay away from a server that says it is asked too often, and not for how long."""
SPREAD = 2.0
"""Seconds over which the tills of a shop spread their next try, once the line is back."""
SETTLED = 10.0
"""Seconds that a connection must have held before its end counts as the first failure again."""


class Cursor(Protocol):
    """The number of the last event, kept so that a new process can ask for what it missed; and the numbers up to which
    our own parts and sales go (`head`), to be compared with the server's counter; None where they cannot be."""

    async def load(self) -> int | None: ...

    async def save(self, seq: int) -> None: ...

    async def head(self) -> int | None: ...


class _NoCursor:
    async def load(self) -> int | None:
        return None

    async def save(self, seq: int) -> None:
        return

    async def head(self) -> int | None:
        return None


class _TokenRefused(Exception):
    """The server does not take this token: get another."""


class Socket:
    """Keeps one socket open and tells what comes in.

    `on_pull(reason)`, to be set by its owner, asks for a pull and may be called often: it must only wake
    somebody. Listeners of `on` are called in the loop, in order; one that raises is logged and the others still
    hear the event.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        session: Session,
        monitor: Monitor,
        device_id: str,
        cursor: Cursor | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        dial: Dial | None = None,
    ) -> None:
        self._backend = settings.backend
        self._settings = settings.websocket
        self._session = session
        self._monitor = monitor
        self._device_id = device_id
        self.on_pull: Callable[[str], None] = lambda reason: None
        self.is_line_busy: Callable[[], bool] = lambda: False
        """Whether a call's answer is coming in just now."""
        self.on_frame: Callable[[str, str | bytes], None] | None = None
        """The debug log: called with "in" or "out" and each frame as it is, secrets and all."""
        self._cursor: Cursor = cursor or _NoCursor()
        self._clock = clock or SystemClock()
        self._chance = chance or random.Random()
        self._dial: Dial = dial or WebSocketDial(
            settings.backend,
            heartbeat=settings.websocket.heartbeat,
            pong_timeout=settings.websocket.pong_timeout,
        )
        self._listeners: dict[type[Any], list[Callable[[Any], None]]] = {}
        self._poked = asyncio.Event()
        self._line_back = asyncio.Event()
        self._waits_for_line = False
        self._sequence = Sequence()
        self._token_in: Literal["header", "query"] | None = None
        self._kept: int | None = None
        self._failures = 0
        self._lives: list[float] = []
        """How long the last connections stood that were cut without a word."""
        self._renewed = False
        self._line: SocketLine | None = None
        # of the connection that is open now:
        self._heard = 0
        self._is_ours = False
        self._complained = False
        self._asked_up_to: int | None = None
        self._pinged: tuple[int, int | None] = (0, None)
        """The moment of the last ping, which its pong repeats, and the last event that had come by then."""

    def on(self, kind: type[H], listener: Callable[[H], None]) -> None:
        """Hear one kind of event, named by its type (`events.StockAlert`), from now on."""
        self._listeners.setdefault(kind, []).append(listener)

    def reconnect_now(self) -> None:
        """Try at once, whatever the waiting time; a connection that is open is closed and opened again."""
        self._failures = 0
        self._poked.set()

    def line_is_back(self) -> None:
        """The server has answered somebody after a silence: a pause that only waits for the line ends soon."""
        self._line_back.set()

    async def run(self) -> None:
        """Connect, listen, and come back, for ever; ends only by being cancelled."""
        self._sequence.restart(await self._cursor.load())
        try:
            while True:
                self._poked.clear()
                await self._pause(await self._connect_once())
        finally:
            self._monitor.set("socket", "off")

    # --- one connection after the other -------------------------------------------------------------

    async def _connect_once(self) -> float:
        """One connection from the handshake to its end; the seconds until the next."""
        state = self._monitor.part("socket").state
        self._waits_for_line = False
        # Between two attempts it stays what it was, so that "since" tells when the line was lost.
        self._monitor.set("socket", "connecting" if state in ("off", "up") else state)
        opened = self._clock.monotonic()
        try:
            bearer = await self._session.bearer()
            if bearer is None:
                kind = Kind.SIGNED_OUT if self._session.was_somebody else Kind.NOT_SIGNED_IN
                return self._wait("down", ApiError(kind).problem, REFUSED_WAIT)
            try:
                await self._converse(bearer)
            except _TokenRefused:
                return await self._renew(bearer)
        except ApiError as error:
            return self._retry(error.problem, at_least=error.retry_after or 0.0)
        except ShopError as error:  # a full disk keeps no number of an event: that is no reason to hear no more
            return self._retry(error.problem)
        except LineClosed as end:
            if self._poked.is_set():
                return 0.0
            lasted = self._clock.monotonic() - opened
            if self._heard and lasted >= SETTLED:
                self._failures = 0
            return self._ended(end, lasted if self._heard else None)
        return 0.0

    def _ended(self, end: LineClosed, lasted: float | None = None) -> float:
        problem = Problem("error.socket.closed", {"code": end.code, "reason": end.reason[:100]})
        self._lives = [*self._lives[1 - REGULAR :], lasted] if lasted is not None and end.code == 1006 else []
        if len(self._lives) == REGULAR and max(self._lives) - min(self._lives) <= max(2.0, 0.1 * max(self._lives)):
            problem = Problem("error.socket.cut_regularly", {"n": round(sum(self._lives) / REGULAR)})
        if end.code == SHOP_REFUSED:
            return self._wait("refused", Problem("error.socket.shop_refused", problem.values), REFUSED_WAIT)
        if end.code == TOO_MANY:
            self._failures = max(self._failures, 4)
            return self._retry(Problem("error.socket.too_many", problem.values), at_least=5.0)
        return self._retry(problem)

    async def _renew(self, bearer: str) -> float:
        """The token was refused: a new one, then again. Twice in a row is a failure like any other, or a server
        that refuses everything would be asked without end."""
        problem = ApiError(Kind.UNAUTHORIZED, shop=self._backend.shop_id or "-").problem
        if bearer == self._session.api_key:
            self._session.refused(bearer)
            return self._wait("refused", problem, REFUSED_WAIT)
        if self._renewed:
            self._renewed = False
            return self._retry(problem)
        self._renewed = True
        if await self._session.renew(bearer) or self._session.state == "key":
            return 0.0
        return self._wait("refused", ApiError(Kind.SIGNED_OUT).problem, REFUSED_WAIT)

    def _retry(self, problem: Problem, at_least: float = 0.0) -> float:
        self._failures += 1
        self._waits_for_line = at_least == 0.0
        return self._wait("retrying", problem, max(at_least, backoff(self._failures, self._chance)))

    def _wait(self, state: State, problem: Problem | None, seconds: float) -> float:
        again = self._clock.now() + timedelta(seconds=seconds)
        self._monitor.set("socket", state, problem, again)
        return seconds

    async def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self._line_back.clear()
        due = self._clock.monotonic() + seconds
        if not self._waits_for_line:
            await self._sleep(seconds, self._poked)
            return
        await self._sleep(seconds, self._poked, self._line_back)
        left = due - self._clock.monotonic()
        if self._poked.is_set() or left <= 0:
            return
        soon = min(left, self._chance.uniform(0, SPREAD))  # all tills of a shop have heard it in the same moment
        self._wait("retrying", self._monitor.part("socket").problem, soon)
        await self._sleep(soon, self._poked)

    async def _sleep(self, seconds: float, *events: asyncio.Event) -> None:
        """Wait so long, or until one of these has happened."""
        if any(event.is_set() for event in events):
            return
        waits = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            *(asyncio.ensure_future(event.wait()) for event in events),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    # --- one connection -----------------------------------------------------------------------------

    async def _converse(self, bearer: str) -> None:
        """Open a line and serve it until it ends; always raises `LineClosed`, `ApiError` or `_TokenRefused`."""
        self._heard, self._is_ours, self._complained = 0, False, False
        way = self._token_in or ("query" if self._settings.token == "query" else "header")
        while True:
            try:
                await self._open_and_serve(bearer, way)
            except HandshakeRefused as refused:
                if refused.status in (401, 403, 404) and self._may_try_query(way):
                    way = "query"
                    continue
                if refused.status in (401, 403):
                    raise _TokenRefused from None
                if 300 <= refused.status < 400:
                    raise ApiError(Kind.REDIRECTED, status=refused.status, place=refused.place) from None
                path = urlsplit(self._backend.socket_template).path
                if refused.status == 429:
                    raise ApiError(Kind.RATE_LIMITED, status=429, retry_after=refused.retry_after or BUSY) from None
                if refused.status == 511:
                    raise ApiError(Kind.PORTAL, status=511, path=path) from None
                is_missing = refused.status in (404, 405, 501)
                kind = Kind.MISSING_ROUTE if is_missing else Kind.NOT_JSON if refused.status < 400 else Kind.SERVER
                raise ApiError(kind, status=refused.status, path=path) from None
            except LineClosed as end:
                if end.code in TOKEN_REFUSED:
                    if not self._heard and self._may_try_query(way):
                        way = "query"
                        continue
                    raise _TokenRefused from None
                raise

    def _may_try_query(self, way: str) -> bool:
        """In mode `auto`, a header that was refused is followed by one try with the token in the URL. A server
        that took the header before is not asked that way: its refusal is about the token. What did not work is
        not kept: a server that was only starting takes the header the next time."""
        return self._settings.token == "auto" and way == "header" and self._token_in is None

    async def _open_and_serve(self, bearer: str, way: str) -> None:
        url, headers = self._address(bearer, way)
        self._line = line = await self._dial(url, headers)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._introduce(line, bearer)
            tasks = [
                asyncio.create_task(self._read(line)),
                asyncio.create_task(self._beat(line)),
                asyncio.create_task(self._leave_when_poked()),
            ]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:  # reading first: its end knows the code, a missed pong does not
                if task in done:
                    await task
        finally:
            self._line = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(LineClosed, OSError):
                await line.close()
            if self._heard:
                if self._settings.token == "auto":
                    self._token_in = "query" if way == "query" else "header"
                await self._keep()

    def _address(self, bearer: str, way: str) -> tuple[str, dict[str, str]]:
        template = self._backend.socket_template
        url = template.format(shop_id=quote(self._backend.shop_id, safe=""), token=quote(bearer, safe=""))
        if way == "query" and "{token}" not in template:
            url += f"{'&' if '?' in url else '?'}token={quote(bearer, safe='')}"
        headers = {"X-Device-ID": self._device_id}
        if way == "header" and "{token}" not in template:
            headers["Authorization"] = f"Bearer {bearer}"
        return url, headers

    async def _introduce(self, line: SocketLine, bearer: str) -> None:
        auth = {"shop_id": self._backend.shop_id, "token": bearer, "device_id": self._device_id}
        await self._say(line, "auth", data=auth)
        for channel in BY_NAME:
            await self._say(line, "subscribe", channel=channel)
        self._asked_up_to = self._sequence.last
        if (seen := self._sequence.resume_from) is not None:
            await self._say(line, "resume", data={"last_seq": seen})

    async def _say(self, line: SocketLine, kind: str, **rest: object) -> None:
        text = json.dumps({"type": kind, **rest}, ensure_ascii=False)
        if self.on_frame is not None:
            self.on_frame("out", text)
        await line.send(text)

    async def _leave_when_poked(self) -> None:
        await self._poked.wait()
        raise LineClosed(1000, "asked to reconnect")

    async def _beat(self, line: SocketLine) -> None:
        """A ping now and then; any frame that comes in its time proves that the server is alive. A protocol pong
        would not: proxies and half-dead servers send those."""
        while True:
            before = self._heard
            stamp = int(self._clock.now().timestamp() * 1000)
            self._pinged = stamp, self._sequence.last
            await self._say(line, "ping", timestamp=stamp)
            for _ in range(PATIENCE):
                await self._clock.sleep(self._settings.pong_timeout)
                if self._heard != before or not self.is_line_busy():
                    break  # on a thin line the answer of a call may stand before the pong
            if self._heard == before:
                raise LineClosed(1006, "no pong")
            await self._keep()
            interval = self._settings.heartbeat if self._is_ours else max(FOREIGN_HEARTBEAT, self._settings.heartbeat)
            await self._clock.sleep(max(0.0, interval - self._settings.pong_timeout))

    async def _read(self, line: SocketLine) -> None:
        from clutch_tui.net import wire
        from clutch_tui.net.socket import frames

        while True:
            text = await line.receive()
            if self.on_frame is not None:
                self.on_frame("in", text)
            self._heard += 1
            if self._heard == 1:
                self._renewed = False
                self._monitor.set("socket", "up")
                self.on_pull("connected")
            try:
                frame = frames.read_frame(text)
            except wire.BadPayload as bad:
                self._monitor.note("warning", "socket", "error.socket.bad_frame", reason=bad.reason)
                continue
            if frame.type == "pong":
                await self._compare(frame)
            else:
                await self._take(frame)

    # --- what comes in ------------------------------------------------------------------------------

    async def _compare(self, pong: Frame) -> None:
        """See whether a last event was lost: the server's counters are ahead of ours then, and nothing comes."""
        self._sequence.settle(self._asked_up_to)  # it was asked to resume before it was asked for this
        if pong.seq is not None:
            self._is_ours = True
            stamp, last = self._pinged
            echoed = pong.data.get("timestamp", stamp) if isinstance(pong.data, dict) else stamp
            if self._sequence.heard_of(pong.seq, last if echoed == stamp else None):
                self.on_pull("missed")
        ours = await self._cursor.head()
        if pong.head is not None and ours is not None and pong.head > ours:
            self.on_pull("head")

    async def _take(self, frame: Frame) -> None:
        if frame.type == "resync":
            self._sequence.restart(frame.seq)
            self.on_pull("resync")
        elif frame.type == "error":
            # one that does not know our subscriptions says so to each of them, and is a good server all the same
            level: Level = "debug" if self._complained else "warning"
            self._complained = True
            self._monitor.note(level, "socket", "error.socket.server_says", reason=str(frame.data)[:200])
        elif frame.type in BY_NAME or frame.seq is not None:
            await self._deliver(frame)

    async def _deliver(self, frame: Frame) -> None:
        from clutch_tui.net import wire
        from clutch_tui.net.socket import frames

        verdict = "new" if frame.seq is None else self._sequence.take(frame.seq)
        if verdict == "gap":
            self.on_pull("gap")
        if frame.type in _PULLING and not await self._is_here(frame):
            self.on_pull(frame.type)
        if verdict == "seen":
            return
        try:
            event = frames.read_event(frame)
        except wire.BadPayload as bad:
            self._monitor.note("warning", "socket", "error.socket.bad_frame", reason=f"{frame.type}: {bad.reason}")
            return
        self._monitor.note("debug", "socket", "connection.event", type=frame.type, seq=frame.seq or 0)
        for listen in self._listeners.get(type(event), ()):
            try:
                listen(event)
            except Exception as error:
                self._monitor.note(
                    "error", "socket", "error.socket.listener", type=frame.type, reason=repr(error)[:200]
                )

    async def _is_here(self, frame: Frame) -> bool:
        """Tell whether the rows that an event speaks of have come already: most events of a till are the echo of its
        own deeds, and one that was late has been overtaken by the rows."""
        if frame.head is None or frame.type not in _COUNTED:
            return False
        ours = await self._cursor.head()
        return ours is not None and frame.head <= ours

    async def _keep(self) -> None:
        if self._sequence.last is not None and self._sequence.last != self._kept:
            last = self._sequence.last
            await self._cursor.save(last)
            self._kept = last
