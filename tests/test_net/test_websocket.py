"""The live connection: against the real backend, and over a line that a test holds both ends of."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from clutch_tui.config.settings import Backend, Settings, WebSocket
from clutch_tui.core.errors import ShopError
from clutch_tui.net import monitor as net_monitor
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.events import BY_NAME, Happening, NewOrder, SystemMessage
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.socket.line import HandshakeRefused, LineClosed, SocketLine
from clutch_tui.net.socket.sequence import Sequence
from clutch_tui.net.socket.websocket import REFUSED_WAIT, SPREAD, Socket
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running

from .conftest import DEVICE, Client, Fault, TestClock, settle, until

SHOP = demo_data.SHOP_ID


class Kept:
    """A cursor in memory."""

    def __init__(self, seq: int | None = None, head: int | None = None) -> None:
        self.seq, self.cursor = seq, head

    async def load(self) -> int | None:
        return self.seq

    async def save(self, seq: int) -> None:
        self.seq = seq

    async def head(self) -> int | None:
        return self.cursor


class Heard:
    """What a socket told: its events and its wishes for a pull."""

    def __init__(self, socket: Socket) -> None:
        self.events: list[Happening] = []
        self.pulls: list[str] = []
        for kind in BY_NAME.values():
            socket.on(kind, self.events.append)
        socket.on_pull = self.pulls.append

    def types(self) -> list[str]:
        return [event.TYPE for event in self.events]

    def messages(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, SystemMessage)]


@asynccontextmanager
async def kept_open(socket: Socket) -> AsyncIterator[None]:
    task = asyncio.create_task(socket.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def subscribed(socket: Socket) -> AsyncIterator[None]:
    """An open socket to which everything is told: between its subscriptions a server tells only of the first."""
    channels: set[str] = set()

    def note(way: str, frame: str | bytes) -> None:
        said = json.loads(frame)
        if way == "in" and said["type"] == "subscribed":
            channels.add(said["data"]["channel"])

    socket.on_frame = note
    async with kept_open(socket):
        await until(lambda: channels == set(BY_NAME))
        yield


# --- against the real backend ----------------------------------------------------------------------------


@pytest.fixture
async def live(client: Client) -> AsyncIterator[tuple[Socket, Heard, Kept]]:
    """A signed-in socket on the machine's own clock."""
    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    cursor = Kept()
    settings = Settings(backend=client.settings, websocket=WebSocket(heartbeat=1.0, pong_timeout=1.0))
    socket = Socket(settings, session=client.session, monitor=client.monitor, device_id=DEVICE, cursor=cursor)
    heard = Heard(socket)
    async with subscribed(socket):
        assert client.monitor.part("socket").state == "up"
        yield socket, heard, cursor


async def test_it_hears_what_happens_in_the_shop(
    live: tuple[Socket, Heard, Kept], client: Client, control: Fault
) -> None:
    socket, heard, _ = live
    orders: list[NewOrder] = []
    socket.on(NewOrder, orders.append)
    await control("message", message="hello", message_ar="أهلا", level="info")
    await control(
        "edit", kind="create", type="item", id="01930000-0000-7000-8000-0000000000f1", fields={"name": "بوجيه"}
    )
    await control("order")
    await until(lambda: "new_order" in heard.types() and "inventory_update" in heard.types())
    assert heard.events[0] == SystemMessage("hello", "أهلا", "info", seq=heard.events[0].seq)
    assert orders == [event for event in heard.events if event.TYPE == "new_order"]
    assert len(orders) == 1
    assert orders[0].order["status"] == "pending"
    assert heard.pulls[0] == "connected"
    assert {"inventory_update", "new_order"} <= set(heard.pulls)
    assert client.monitor.part("socket").state == "up"


async def test_what_was_missed_while_away_is_replayed_once(
    live: tuple[Socket, Heard, Kept], client: Client, control: Fault, fault: Fault
) -> None:
    _, heard, _ = live
    await control("message", message="one", level="info")
    await until(lambda: heard.types() == ["system_message"])
    await fault("close_sockets", cut=True)
    await control("message", message="two", level="info")
    await until(lambda: len(heard.events) == 2)
    await control("message", message="three", level="info")
    await until(lambda: len(heard.events) == 3)
    assert heard.messages() == ["one", "two", "three"]
    assert "gap" not in heard.pulls


async def test_a_lost_event_in_the_middle_and_one_at_the_end(
    live: tuple[Socket, Heard, Kept], control: Fault, fault: Fault
) -> None:
    _, heard, _ = live
    await control("message", message="one", level="info")
    await fault("lose_event", count=1)
    await control("message", message="lost", level="info")
    await control("message", message="three", level="info")
    await until(lambda: "gap" in heard.pulls)
    await fault("lose_event", count=1)
    await control("message", message="lost again", level="info")
    await until(lambda: "missed" in heard.pulls)
    assert heard.messages() == ["one", "three"]


async def test_a_disk_that_is_full_for_a_while_does_not_end_it(client: Client, control: Fault) -> None:
    """The number of an event that could not be kept took the whole network down with it."""

    class Full(Kept):
        tries = 0

        async def save(self, seq: int) -> None:
            self.tries += 1
            if self.tries == 1:
                raise ShopError("error.store.full", path="shop.db")
            await super().save(seq)

    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    cursor = Full()
    settings = Settings(backend=client.settings, websocket=WebSocket(heartbeat=1.0, pong_timeout=1.0))
    socket = Socket(settings, session=client.session, monitor=client.monitor, device_id=DEVICE, cursor=cursor)
    async with subscribed(socket):
        await control("message", message="one", level="info")
        await until(lambda: cursor.seq is not None)
    assert cursor.tries == 2


async def test_a_doubled_event_is_told_once(live: tuple[Socket, Heard, Kept], control: Fault, fault: Fault) -> None:
    _, heard, _ = live
    await fault("double_event", count=1)
    await control("message", message="one", level="info")
    await control("message", message="two", level="info")
    await until(lambda: len(heard.events) >= 2)
    assert heard.messages() == ["one", "two"]


async def test_a_restored_backend_says_so(live: tuple[Socket, Heard, Kept], control: Fault, fault: Fault) -> None:
    _, heard, _ = live
    await fault("backup")
    await control("message", message="one", level="info")
    await fault("restore")
    await until(lambda: len(heard.events) == 2)
    assert "restored" in heard.messages()[1]
    assert "gap" in heard.pulls  # the numbers leave a hole, and the hole asks for a pull


async def test_a_refused_token_is_renewed_and_the_socket_comes_back(
    live: tuple[Socket, Heard, Kept], client: Client, fault: Fault
) -> None:
    _, heard, _ = live
    before = await client.session.bearer()
    await fault("close_sockets", code=4001)
    await until(lambda: heard.pulls.count("connected") == 2)
    assert await client.session.bearer() != before


async def test_a_silent_server_is_left_and_called_again(
    live: tuple[Socket, Heard, Kept], client: Client, fault: Fault
) -> None:
    socket, heard, _ = live
    await fault("silent_socket", endpoint="socket", count=1)
    socket.reconnect_now()
    await until(lambda: client.monitor.part("socket").state == "retrying")
    await until(lambda: heard.pulls.count("connected") == 2)


async def test_it_survives_its_server(sandbox: Running, live: tuple[Socket, Heard, Kept], client: Client) -> None:
    from clutch_tui.sandbox.server import start

    await sandbox.stop()
    await until(lambda: client.monitor.part("socket").state == "retrying")
    again = await start(sandbox.settings, port=sandbox.port)
    try:
        await until(lambda: client.monitor.part("socket").state == "up")
    finally:
        await again.stop()


async def test_it_ends_when_it_is_told_to(client: Client) -> None:
    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    socket = Socket(Settings(backend=client.settings), session=client.session, monitor=client.monitor, device_id=DEVICE)
    async with kept_open(socket):
        await until(lambda: client.monitor.part("socket").state == "up")
    assert client.monitor.part("socket").state == "off"


# --- with both ends in the test's hand -------------------------------------------------------------------


class FakeLine:
    """The server's end: `push` sends, `said` holds what came, `end` closes."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url, self.headers = url, headers
        self.said: list[dict[str, Any]] = []
        self._incoming: asyncio.Queue[str | LineClosed] = asyncio.Queue()
        self.closed = False

    async def send(self, text: str) -> None:
        if self.closed:
            raise LineClosed(1006)
        self.said.append(json.loads(text))

    async def receive(self) -> str:
        frame = await self._incoming.get()
        if isinstance(frame, LineClosed):
            self.closed = True
            raise frame
        return frame

    async def close(self) -> None:
        self.closed = True

    def push(self, kind: str, **rest: Any) -> None:
        self._incoming.put_nowait(json.dumps({"type": kind, **rest}))

    def end(self, code: int) -> None:
        self._incoming.put_nowait(LineClosed(code))

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.said]


class Exchange:
    """The telephone exchange: what a dial gets, and all lines that were opened."""

    def __init__(self) -> None:
        self.lines: list[FakeLine] = []
        self.answers: list[Exception | None] = []
        self.calls: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, url: str, headers: Mapping[str, str]) -> SocketLine:
        self.calls.append((url, dict(headers)))
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        assert all(line.closed for line in self.lines), "two sockets at once"
        self.lines.append(FakeLine(url, headers))
        return self.lines[-1]

    @property
    def line(self) -> FakeLine:
        return self.lines[-1]


class FakeSession:
    """As much of a session as the socket uses."""

    was_somebody = True

    def __init__(self) -> None:
        self.token: str | None = "token-1"
        self.api_key: str | None = None
        self.state = "user"
        self.renewals = 0
        self.may_renew = True
        self.refusals: list[str | None] = []

    async def bearer(self) -> str | None:
        return self.token

    async def renew(self, stale: str) -> bool:
        self.renewals += 1
        if self.may_renew:
            self.token = f"token-{self.renewals + 1}"
        return self.may_renew

    def refused(self, bearer: str | None) -> None:
        self.refusals.append(bearer)


class Bench:
    """A socket on a clock that the test owns."""

    def __init__(self, cursor: Kept | None = None, ws_url: str = "", **websocket: Any) -> None:
        self.clock = TestClock(eager=False)
        self.exchange, self.session, self.monitor = Exchange(), FakeSession(), Monitor(self.clock)
        self.logged: list[net_monitor.Event] = []
        self.monitor.on_event.append(self.logged.append)
        self.cursor = cursor or Kept()
        self.socket = Socket(
            Settings(
                backend=Backend(base_url="https://api.example.com/api/v1", shop_id="s 1", ws_url=ws_url),
                websocket=WebSocket(**websocket),
            ),
            session=self.session,  # type: ignore[arg-type]
            monitor=self.monitor,
            device_id=DEVICE,
            clock=self.clock,
            chance=random.Random(3),
            cursor=self.cursor,
            dial=self.exchange,
        )
        self.heard = Heard(self.socket)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with kept_open(self.socket):
            await settle()
            yield

    async def greet(self, **rest: Any) -> FakeLine:
        await settle()
        self.exchange.line.push("connection", data={}, **rest)
        await settle()
        return self.exchange.line

    @property
    def state(self) -> str:
        return self.monitor.part("socket").state


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_it_introduces_itself() -> None:
    bench = Bench(Kept(41))
    async with bench.running():
        line = await bench.greet()
        auth, *subscriptions = line.said[:10]
        assert auth == {"type": "auth", "data": {"shop_id": "s 1", "token": "token-1", "device_id": DEVICE}}
        assert [frame["channel"] for frame in subscriptions] == list(BY_NAME)
        assert line.said[10] == {"type": "resume", "data": {"last_seq": 41}}
        assert line.said[11]["type"] == "ping"
        assert (bench.state, bench.heard.pulls) == ("up", ["connected"])


@pytest.mark.parametrize(
    ("ws_url", "token", "url", "has_header"),
    [
        ("", "auto", "wss://api.example.com/ws", True),
        ("", "query", "wss://api.example.com/ws?token=token-1", False),
        ("wss://h/ws/shop/{shop_id}", "header", "wss://h/ws/shop/s%201", True),
        ("wss://h/ws/shop/{shop_id}?token={token}", "auto", "wss://h/ws/shop/s%201?token=token-1", False),
        ("wss://h/ws?v=1", "query", "wss://h/ws?v=1&token=token-1", False),
    ],
)
async def test_the_address_and_where_the_token_goes(ws_url: str, token: str, url: str, has_header: bool) -> None:
    bench = Bench(ws_url=ws_url, token=token)
    async with bench.running():
        assert bench.exchange.calls[0][0] == url
        assert ("Authorization" in bench.exchange.calls[0][1]) == has_header


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_auto_tries_the_query_once_and_remembers_what_worked(bench: Bench, status: int) -> None:
    bench.exchange.answers = [HandshakeRefused(status)]
    async with bench.running():
        line = await bench.greet()
        assert [url for url, _ in bench.exchange.calls] == [
            "wss://api.example.com/ws",
            "wss://api.example.com/ws?token=token-1",
        ]
        line.end(1006)
        await bench.clock.advance(1)
        assert bench.exchange.calls[2][0].endswith("?token=token-1")
        assert bench.session.renewals == 0


async def test_auto_does_not_remember_what_did_not_work(bench: Bench) -> None:
    """A gateway that says 404 while the server behind it starts must not cost the header for good."""
    bench.exchange.answers = [HandshakeRefused(404), HandshakeRefused(404)]
    async with bench.running():
        await bench.clock.advance(2)
        await bench.greet()
        assert [url.partition("?")[2] for url, _ in bench.exchange.calls] == ["", "token=token-1", ""]


async def test_a_close_before_the_first_message_is_a_refused_header_too(bench: Bench) -> None:
    async with bench.running():
        bench.exchange.line.end(1008)
        await bench.greet()
        assert bench.exchange.calls[1][0].endswith("?token=token-1")
        assert (bench.session.renewals, bench.state) == (0, "up")


async def test_refused_both_ways_means_another_token(bench: Bench) -> None:
    bench.exchange.answers = [HandshakeRefused(401), HandshakeRefused(401)]
    async with bench.running():
        await bench.greet()
        assert bench.session.renewals == 1
        url, headers = bench.exchange.calls[2]
        assert (url, headers["Authorization"]) == ("wss://api.example.com/ws", "Bearer token-2")


async def test_a_server_that_refuses_every_token_is_not_asked_without_end(bench: Bench) -> None:
    bench.exchange.answers = [HandshakeRefused(401)] * 2000
    async with bench.running():
        for _ in range(60):
            await bench.clock.advance(60)
        assert bench.state == "retrying"
        assert len(bench.exchange.calls) < 1200
        assert bench.session.renewals < 300


async def test_a_server_that_sends_us_elsewhere_is_named_and_not_followed(bench: Bench) -> None:
    bench.exchange.answers = [HandshakeRefused(302, "https://portal.example/login")]
    async with bench.running():
        problem = bench.monitor.part("socket").problem
    assert problem is not None
    assert (problem.key, problem.values["place"]) == ("error.api.redirected", "https://portal.example/login")
    assert len(bench.exchange.calls) == 1


async def test_a_network_that_wants_a_sign_in_is_no_fault_of_the_server(bench: Bench) -> None:
    bench.exchange.answers = [HandshakeRefused(511)]
    async with bench.running():
        problem = bench.monitor.part("socket").problem
    assert problem is not None
    assert problem.key == "error.api.portal"


async def test_signed_out_it_waits_and_comes_back_when_called(bench: Bench) -> None:
    bench.session.token = None
    async with bench.running():
        assert (bench.state, bench.exchange.calls) == ("down", [])
        bench.session.token = "fresh"
        bench.socket.reconnect_now()
        await bench.greet()
        assert bench.state == "up"


async def test_a_refused_key_is_reported_and_not_hammered(bench: Bench) -> None:
    bench.session.token = bench.session.api_key = "key"
    async with bench.running():
        await bench.greet()
        bench.exchange.line.end(4001)
        await settle()
        assert (bench.session.refusals, bench.state) == (["key"], "refused")
        await bench.clock.advance(REFUSED_WAIT - 1)
        assert len(bench.exchange.calls) == 1
        await bench.clock.advance(2)
        assert len(bench.exchange.calls) == 2


async def test_a_refused_shop_is_told_and_tried_every_quarter_of_an_hour_and_by_key(bench: Bench) -> None:
    async with bench.running():
        (await bench.greet()).end(4003)
        await settle()
        part = bench.monitor.part("socket")
        assert (part.state, part.problem and part.problem.key) == ("refused", "error.socket.shop_refused")
        await bench.clock.advance(REFUSED_WAIT - 1)
        assert len(bench.exchange.lines) == 1
        await bench.clock.advance(2)
        assert len(bench.exchange.lines) == 2
        (await bench.greet()).end(4003)
        await settle()
        bench.socket.reconnect_now()
        await settle()
        assert len(bench.exchange.lines) == 3


async def test_a_line_that_is_back_ends_the_pause_soon_but_for_all_tills_not_at_once(bench: Bench) -> None:
    """It waited out its own pause: up to seventeen seconds in which the shop saw that something was wrong."""
    bench.exchange.answers = [ApiError(Kind.UNREACHABLE, host="h")] * 9
    async with bench.running():
        for _ in range(4):
            bench.socket.line_is_back()
            await settle()
            assert bench.state == "retrying"
            await bench.clock.advance(SPREAD)
        assert len(bench.exchange.calls) >= 5
        tried = len(bench.exchange.calls)
        due = bench.monitor.part("socket").next_attempt
        assert due is not None
        assert due > bench.clock.now() + timedelta(seconds=SPREAD)  # it has become patient meanwhile
        bench.socket.line_is_back()
        await settle()
        due = bench.monitor.part("socket").next_attempt
        assert due is not None
        assert due <= bench.clock.now() + timedelta(seconds=SPREAD)
        await bench.clock.advance(SPREAD)
        assert len(bench.exchange.calls) == tried + 1


async def test_a_line_that_is_back_is_no_reason_where_the_server_said_when(bench: Bench) -> None:
    async with bench.running():
        (await bench.greet()).end(4003)
        await settle()
        bench.socket.line_is_back()
        await bench.clock.advance(SPREAD)
        assert len(bench.exchange.lines) == 1


async def test_too_many_connections_backs_off_longer(bench: Bench) -> None:
    async with bench.running():
        (await bench.greet()).end(4029)
        await bench.clock.advance(4.9)
        assert len(bench.exchange.lines) == 1
        await bench.clock.advance(30)
        assert len(bench.exchange.lines) > 1


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 1012, 4999])
async def test_any_other_end_is_followed_by_another_beginning(bench: Bench, code: int) -> None:
    async with bench.running():
        (await bench.greet()).end(code)
        await settle()
        assert bench.state == "retrying"
        await bench.clock.advance(1.01)
        await bench.greet()
        assert bench.state == "up"


async def test_since_tells_when_the_line_was_lost(bench: Bench) -> None:
    async with bench.running():
        (await bench.greet()).end(1006)
        await settle()
        lost = bench.clock.now()
        bench.exchange.answers = [ApiError(Kind.UNREACHABLE, host="h")] * 5
        await bench.clock.advance(8)
        part = bench.monitor.part("socket")
        assert (part.state, part.since) == ("retrying", lost)
        assert part.next_attempt is not None


async def test_no_pong_in_time_ends_a_half_open_socket(bench: Bench) -> None:
    async with bench.running():
        line = await bench.greet(seq=1)
        line.push("pong", seq=1)
        await bench.clock.advance(15)
        assert line.kinds().count("ping") == 2
        await bench.clock.advance(9.9)
        assert bench.state == "up"
        await bench.clock.advance(0.2)
        assert bench.state in ("retrying", "connecting")
        assert line.closed


@pytest.mark.parametrize("is_ours", [True, False])
async def test_a_half_open_socket_is_found_within_45_seconds(bench: Bench, is_ours: bool) -> None:
    async with bench.running():
        line = await bench.greet()
        line.push("pong", **({"seq": 1} if is_ours else {}))
        await bench.clock.advance(10.1)  # heard in time: from here on, silence
        lost = bench.clock.monotonic()
        while not line.closed:
            await bench.clock.advance(0.5)
            assert bench.clock.monotonic() - lost < 45


async def test_a_foreign_server_is_asked_every_half_minute_and_ours_every_quarter(bench: Bench) -> None:
    async with bench.running():
        line = await bench.greet()
        line.push("pong")
        await bench.clock.advance(29)
        assert line.kinds().count("ping") == 1
        await bench.clock.advance(2)
        assert line.kinds().count("ping") == 2
        line.push("pong", seq=3)
        await bench.clock.advance(15)
        assert line.kinds().count("ping") == 3


async def test_counters_that_are_ahead_mean_pull() -> None:
    bench = Bench(Kept(5, head=100))
    async with bench.running():
        line = await bench.greet()
        line.push("pong", seq=5, head=100)
        await settle()
        assert bench.heard.pulls == ["connected"]
        line.push("pong", seq=5, head=101)
        await settle()
        assert bench.heard.pulls == ["connected", "head"]
        line.push("pong", seq=7, head=100)
        await settle()
        assert bench.heard.pulls == ["connected", "head", "missed"]


async def test_an_event_whose_rows_are_here_asks_for_none() -> None:
    """The echo of an own sale cost a round of five calls."""
    bench = Bench(Kept(5, head=100))
    async with bench.running():
        line = await bench.greet()
        for seq, head in ((6, 99), (7, 100), (7, 100), (8, 101), (9, None)):
            line.push("inventory_update", data={"item_id": "p", "action": "update"}, seq=seq, head=head)
        line.push("order_update", data={"order_id": "o", "status": "accepted"}, seq=10, head=50)
        line.push("inventory_update", data={"item_id": "p", "action": "update"}, seq=12, head=60)
        await settle()
        assert bench.heard.pulls == ["connected", "inventory_update", "inventory_update", "order_update", "gap"]
        assert [event.seq for event in bench.heard.events] == [6, 7, 8, 9, 10, 12]


async def test_late_doubled_and_missing_events(bench: Bench) -> None:
    async with bench.running():
        line = await bench.greet()
        for seq in (1, 2, 2, 5, 4, 1, 6):
            line.push("system_message", data={"message": str(seq)}, seq=seq)
        line.push("pong", seq=8)
        line.push("system_message", data={"message": "8"}, seq=8)
        await settle()
        assert [event.seq for event in bench.heard.events] == [1, 2, 5, 4, 6, 8]
        assert bench.heard.pulls == ["connected", "gap", "missed"]


async def test_a_pong_that_events_have_overtaken_says_nothing() -> None:
    """It was taken for a server that counts anew: everything was fetched, and once more with the next pong."""
    bench = Bench(Kept(5))
    async with bench.running():
        line = await bench.greet()
        for seq in (6, 7):
            line.push("system_message", data={"message": str(seq)}, seq=seq)
        line.push("pong", seq=6)
        await bench.clock.advance(16)
        first, second = (one["timestamp"] for one in line.said if one["type"] == "ping")
        line.push("pong", data={"timestamp": first}, seq=5)
        line.push("pong", data={"timestamp": second}, seq=7)
        line.push("system_message", data={"message": "7"}, seq=7)
        await settle()
        assert bench.heard.pulls == ["connected"]
        assert [event.seq for event in bench.heard.events] == [6, 7]
        line.push("pong", data={"timestamp": second}, seq=6)
        await settle()
        assert bench.heard.pulls == ["connected", "missed"]


async def test_a_server_that_counts_anew_is_believed_and_pulled_from() -> None:
    bench = Bench(Kept(500))
    async with bench.running():
        line = await bench.greet()
        line.push("inventory_update", data={"item_id": "p"}, seq=3)
        line.push("pong", seq=3)
        line.push("system_message", data={"message": "x"}, seq=4)
        await settle()
        assert bench.heard.pulls == ["connected", "inventory_update", "missed"]
        assert bench.heard.types() == ["system_message"]


async def test_resync_forgets_the_old_numbers() -> None:
    bench = Bench(Kept(1000))
    async with bench.running():
        line = await bench.greet()
        line.push("resync", seq=3)
        line.push("system_message", data={"message": "x"}, seq=4)
        await settle()
        assert (bench.heard.pulls, len(bench.heard.events)) == (["connected", "resync"], 1)
    assert bench.cursor.seq == 4


async def test_damaged_frames_and_raising_listeners_disturb_nobody(bench: Bench) -> None:
    def broken(event: SystemMessage) -> None:
        raise RuntimeError("a mistake of ours")

    bench.socket.on(SystemMessage, broken)
    async with bench.running():
        line = await bench.greet()
        line._incoming.put_nowait("{nonsense")
        line.push("price_update", data={"item_id": "p", "new_price": "cheap"}, seq=1)
        line.push("something_new", data={"x": 1}, seq=2)
        line.push("system_message", data={"message": "x"}, seq=3)
        await settle()
        assert bench.heard.types() == ["system_message"]
        logged = [event.values for event in bench.logged if event.key == "connection.event"]
        assert logged == [{"type": "something_new", "seq": 2}, {"type": "system_message", "seq": 3}]
        assert "price_update" in bench.heard.pulls
        keys = [event.key for event in bench.logged]
        assert keys.count("error.socket.bad_frame") == 2
        assert keys.count("error.socket.listener") == 1
        assert bench.state == "up"


async def test_five_hundred_ends_and_it_always_comes_back(bench: Bench) -> None:
    chance = random.Random(11)
    troubles: list[Callable[[], Exception]] = [
        lambda: HandshakeRefused(503),
        lambda: HandshakeRefused(401),
        lambda: ApiError(Kind.UNREACHABLE, host="h"),
        lambda: ApiError(Kind.UNKNOWN_HOST, host="h"),
    ]
    seq = 0
    async with bench.running():
        for _ in range(500):
            match chance.randrange(3):
                case 0:
                    bench.exchange.answers.append(chance.choice(troubles)())
                case 1 if bench.state == "up":
                    seq += 1
                    bench.exchange.line.push("system_message", data={"message": "x"}, seq=seq)
                    await settle()
            if bench.exchange.lines and not bench.exchange.line.closed:
                bench.exchange.line.end(chance.choice([1000, 1001, 1006, 1011, 4001, 1008]))
            await bench.clock.advance(31)
            if bench.exchange.lines and not bench.exchange.line.closed:
                await bench.greet(seq=None)
        bench.socket.reconnect_now()
        await bench.greet()
        assert bench.state == "up"
        assert [event.seq for event in bench.heard.events] == list(range(1, seq + 1))
        assert "gap" not in bench.heard.pulls
        assert len(asyncio.all_tasks()) < 10


async def test_what_a_new_event_overtook_is_asked_for_again_when_the_line_breaks_between() -> None:
    bench = Bench(Kept(3))
    async with bench.running():
        line = await bench.greet()
        line.push("system_message", data={"message": "6"}, seq=6)  # 4 and 5 are still to be repeated
        await settle()
        line.end(1006)
        await bench.clock.advance(2)
        line = await bench.greet()
        assert {"type": "resume", "data": {"last_seq": 3}} in line.said
        for seq in (4, 5, 6):
            line.push("system_message", data={"message": str(seq)}, seq=seq)
        line.push("pong", seq=6)
        await settle()
        assert [event.seq for event in bench.heard.events] == [6, 4, 5]
        line.push("system_message", data={"message": "9"}, seq=9)  # 7 and 8 are lost for good
        await settle()
        line.end(1006)
        await bench.clock.advance(2)
        line = await bench.greet()
        assert {"type": "resume", "data": {"last_seq": 6}} in line.said
        line.push("pong", seq=9)
        await settle()
        line.end(1006)
        await bench.clock.advance(2)
        line = await bench.greet()
        assert {"type": "resume", "data": {"last_seq": 9}} in line.said
    assert bench.cursor.seq == 9


def test_a_huge_jump_of_the_counter_costs_no_memory() -> None:
    sequence = Sequence()
    assert sequence.take(1) == "new"
    assert sequence.take(10**12) == "gap"
    assert len(sequence._missing) <= 1000
    assert sequence.take(10**12 - 1) == "new"
    assert sequence.take(5) == "seen"


async def test_in_debug_mode_every_frame_is_heard_of(bench: Bench) -> None:
    frames: list[tuple[str, str]] = []
    bench.socket.on_frame = lambda way, frame: frames.append((way, json.loads(frame)["type"]))
    async with bench.running():
        line = await bench.greet()
        line.push("pong", seq=1)
        await settle()
    assert frames[0] == ("out", "auth")
    assert [kind for way, kind in frames if way == "in"] == ["connection", "pong"]


async def test_a_backlog_of_events_does_not_starve_the_loop(bench: Bench) -> None:
    async with bench.running():
        line = await bench.greet()
        for seq in range(1, 3001):
            line.push("inventory_update", data={"item_id": "p"}, seq=seq)
        await until(lambda: len(bench.heard.events) == 3000)
        assert bench.heard.pulls.count("inventory_update") == 3000


async def test_a_server_that_is_asked_too_often_is_left_alone_for_as_long_as_it_says(bench: Bench) -> None:
    bench.exchange.answers = [HandshakeRefused(429, retry_after=45.0)]
    async with bench.running():
        await settle()
        problem = bench.monitor.part("socket").problem
        assert problem is not None
        assert problem.key == "error.api.rate_limited"
        await bench.clock.advance(44)
        assert len(bench.exchange.calls) == 1
        await bench.clock.advance(2)
        assert len(bench.exchange.calls) == 2


async def test_connections_that_are_cut_after_the_same_time_hint_at_a_proxy(bench: Bench) -> None:
    async with bench.running():
        for _ in range(3):
            line = await bench.greet()
            await bench.clock.advance(8)
            line.end(1006)
            await bench.clock.advance(0.001)
            problem = bench.monitor.part("socket").problem
            bench.socket.reconnect_now()
            await settle()
        assert problem is not None
        assert (problem.key, problem.values["n"]) == ("error.socket.cut_regularly", 8)
