"""Every fault (docs/protocol.md#failure), one row each, through real sockets: how often it is tried again,
after how long, and what a person reads in the end."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from clutch_tui.net.client.api import ApiError, Kind
from clutch_tui.net.client.retry import BASE, CAP
from clutch_tui.text import strings
from tests.patient_loop import skip

from .conftest import MakeClient, settle
from .test_backend_command import unused_port

Reply = bytes | str
"""What is sent, or one of the words below."""
DROP, RESET, SILENT, TRICKLE = "drop", "reset", "silent", "trickle"
READ, WHOLE = 30.0, 60.0
"""Seconds that the client waits for a byte, and for all of an answer; they pass only where the server keeps silent."""


def answer(status: str, body: str = "", *headers: str) -> bytes:
    content = body.encode()
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def refused(status: str, code: str, *headers: str) -> bytes:
    return answer(status, f'{{"success": false, "error": "{code}", "message": "no"}}', *headers)


GOOD = answer("200 OK", '{"success": true, "data": {"id": "1"}}')
HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"success": true, '
HTML = answer("200 OK", "<html>Sign in to the Wi-Fi</html>")


@dataclass
class Server:
    """Answers by a script, and well when that is at its end (or ill for ever, where the last word is `...`)."""

    script: list[Reply]
    for_ever: bool = False
    requests: list[dict[str, str]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(headers)
        reply = self._next()
        if isinstance(reply, bytes):
            writer.write(reply)
            return reply is not HALF
        if reply == RESET:
            writer.get_extra_info("socket").setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: no goodbye
        elif reply == SILENT:
            await settle()  # the client waits by now; else this takes as long as its limit
            skip(READ)
            await self.ended.wait()
        elif reply == TRICKLE:
            await self._trickle(writer)
        return False

    async def _trickle(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for sent in range(10**9):
            writer.write(b" ")
            await writer.drain()
            if sent < 4:
                await settle()
                skip(WHOLE / 4)
            elif self.ended.is_set():
                return
            else:
                await asyncio.sleep(0.02)

    def _next(self) -> Reply:
        if self.for_ever and len(self.script) == 1:
            return self.script[0]
        return self.script.pop(0) if self.script else GOOD


@asynccontextmanager
async def playing(script: Sequence[Reply], *, for_ever: bool = False) -> AsyncIterator[tuple[Server, str]]:
    one = Server(list(script), for_ever)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    try:
        yield one, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        one.ended.set()
        server.close()


@dataclass(frozen=True)
class Row:
    """`waits`: the bound of each waiting time (full jitter draws below it), or what the server asked for. `ends`:
    the kind of the error, or None where the call works in the end."""

    name: str
    script: tuple[Reply, ...]
    waits: tuple[float | Asked, ...] = ()
    ends: Kind | None = None
    for_ever: bool = False
    call: str = "read"


UP_TO_1, UP_TO_2, UP_TO_4 = BASE, BASE * 2, BASE * 4
ALL = (UP_TO_1, UP_TO_2, UP_TO_4)


@dataclass(frozen=True)
class Asked:
    """Not sooner than the server said."""

    seconds: float


ASKED_7 = Asked(7)

PASSING: tuple[Row, ...] = (
    *(
        Row(f"{code} twice", (refused(f"{code} x", "SERVER_ERROR"),) * 2, (UP_TO_1, UP_TO_2))
        for code in (500, 502, 503, 504)
    ),
    Row("503 for ever", (refused("503 x", "BUSY"),), ALL, Kind.SERVER, for_ever=True),
    Row("503 that says when", (refused("503 x", "BUSY", "Retry-After: 7"),), (ASKED_7,)),
    Row("503 in an hour", (refused("503 x", "BUSY", "Retry-After: 3600"),), (), Kind.SERVER),
    Row("429 that says when", (refused("429 x", "RATE_LIMITED", "Retry-After: 7"),), (ASKED_7,)),
    Row("429 that does not", (refused("429 x", "RATE_LIMITED"),), (UP_TO_1,)),
    Row("429 for ever", (refused("429 x", "RATE_LIMITED"),), ALL, Kind.RATE_LIMITED, for_ever=True),
    Row("408", (refused("408 x", "TIMEOUT"),), (UP_TO_1,)),
    Row("425 under a key", (refused("425 x", "TOO_EARLY", "Retry-After: 7"),), (ASKED_7,), call="keyed"),
    Row("a line that breaks", (DROP, RESET), (UP_TO_1, UP_TO_2)),
    Row("half an answer", (HALF,), (UP_TO_1,)),
    Row("a line that always breaks", (DROP,), ALL, Kind.DROPPED, for_ever=True),
    Row("silence", (SILENT,), (UP_TO_1,)),
    Row("silence for ever", (SILENT,), ALL, Kind.TIMEOUT, for_ever=True),
    Row("one byte after the other", (TRICKLE,), (UP_TO_1,)),
    Row("a write under a key", (DROP, HALF, refused("503 x", "BUSY")), ALL, call="keyed"),
    Row("a write without one", (DROP,), (), Kind.DROPPED, call="write"),
    Row("a write without one, refused", (refused("503 x", "BUSY"),), (), Kind.SERVER, call="write"),
    Row("a sync round", (DROP, HALF), (UP_TO_1, UP_TO_2), call="sync"),
)
FINAL: tuple[Row, ...] = (
    Row("400", (refused("400 x", "VALIDATION"),), (), Kind.INVALID),
    Row("401", (refused("401 x", "INVALID_TOKEN"),), (), Kind.UNAUTHORIZED),
    Row("403", (refused("403 x", "FORBIDDEN"),), (), Kind.FORBIDDEN),
    Row("404 of a record", (refused("404 x", "NOT_FOUND"),), (), Kind.MISSING_RECORD),
    Row("404 of a route", (answer("404 x", "<pre>Cannot GET /x</pre>"),), (), Kind.MISSING_ROUTE),
    Row("405", (answer("405 x"),), (), Kind.MISSING_ROUTE),
    Row("409", (refused("409 x", "CONFLICT"),), (), Kind.CONFLICT),
    Row("413", (answer("413 x"),), (), Kind.TOO_LARGE, call="keyed"),
    Row("422", (refused("422 x", "VALIDATION"),), (), Kind.INVALID, call="keyed"),
    Row("426", (refused("426 x", "UPGRADE_REQUIRED"),), (), Kind.TOO_OLD),
    Row("501", (answer("501 x"),), (), Kind.MISSING_ROUTE),
    Row("302", (answer("302 x", "", "Location: https://elsewhere.example/"),), (), Kind.REDIRECTED),
    Row("a web page", (HTML,), (), Kind.NOT_JSON),
    Row(
        "more than is reasonable", (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",), (), Kind.ANSWER_TOO_LARGE
    ),
)
CALLS: dict[str, dict[str, Any]] = {
    "read": {"name": "system.health"},
    "keyed": {"name": "customers.create", "body": {"name": "علي"}, "idempotency_key": "change-1"},
    "write": {"name": "customers.create", "body": {"name": "علي"}},
    "sync": {"name": "sales.sync", "body": {"changes": []}},
}


@pytest.mark.parametrize("row", [*PASSING, *FINAL], ids=lambda row: row.name)
async def test_a_fault_is_tried_again_as_the_contract_says(make_client: MakeClient, row: Row) -> None:
    async with playing(row.script, for_ever=row.for_ever) as (server, base_url):
        client = make_client(base_url, api_key="k", read_timeout=READ, sync_timeout=WHOLE)
        error: ApiError | None = None
        try:
            await client.api.call(**CALLS[row.call])
        except ApiError as caught:
            error = caught
        await client.api.close()
    assert (error.kind if error else None) == row.ends
    looks = 1 if row.ends is Kind.MISSING_ROUTE else 0  # whether the server itself is there
    assert len(server.requests) == len(row.waits) + 1 + looks
    assert client.clock.slept == pytest.approx(expected_waits(row.waits))
    if row.call == "keyed":
        assert {headers["idempotency-key"] for headers in server.requests} == {"change-1"}
    assert len({headers["x-request-id"] for headers in server.requests}) == len(server.requests)
    if error is not None:
        check_words(error)


def expected_waits(bounds: Sequence[float | Asked]) -> list[float]:
    """The same dice as the client's: each waiting time is drawn between nothing and its bound."""
    dice = random.Random(1)
    waits = []
    for n, bound in enumerate(bounds):
        drawn = dice.uniform(0, min(CAP, BASE * 2**n))
        if isinstance(bound, Asked):
            waits.append(max(drawn, bound.seconds))
        else:
            assert drawn <= bound
            waits.append(drawn)
    return waits


def check_words(error: ApiError) -> None:
    """One sentence in each language, for this kind and no other, with every gap filled."""
    assert error.key == f"error.api.{error.kind}"
    for language in strings.LANGUAGES:
        strings.use(language)
        sentence = strings.t(error.key, **error.values)
        assert sentence != error.key
        assert "{" not in sentence
        assert sentence.rstrip().endswith((".", "؟", "!", ")"))
    strings.use("ar")


async def test_a_closed_port_is_tried_four_times_whatever_is_sent(make_client: MakeClient) -> None:
    """Nothing left this machine, so even a write without a key may go again."""
    for call in CALLS.values():
        client = make_client(f"http://127.0.0.1:{unused_port()}", api_key="k")
        with pytest.raises(ApiError) as caught:
            await client.api.call(**call)
        assert (caught.value.kind, len(client.exchanges)) == (Kind.UNREACHABLE, 4)
        assert client.clock.slept == pytest.approx(expected_waits(ALL))
        check_words(caught.value)


async def test_five_failures_open_the_circuit_and_one_trial_at_a_time_closes_it(make_client: MakeClient) -> None:
    async with playing([refused("503 x", "BUSY")], for_ever=True) as (server, base_url):
        client = make_client(base_url, api_key="k")
        for _ in range(2):
            with pytest.raises(ApiError):
                await client.api.call("system.health")
        assert len(server.requests) == 5
        with pytest.raises(ApiError) as caught:
            await client.api.call("system.health")
        assert (caught.value.kind, caught.value.was_sent, len(server.requests)) == (Kind.BREAKER_OPEN, False, 5)
        check_words(caught.value)
        assert caught.value.retry_after is not None
        assert 1 <= caught.value.retry_after <= 2
        opened: list[float] = []
        for trial in range(6, 12):  # each trial that fails is followed by a longer wait, thirty seconds at most
            client.clock.elapsed += client.api.breaker.wait
            results = await asyncio.gather(
                *(client.api.call("system.health", retry=False) for _ in range(5)), return_exceptions=True
            )
            assert all(isinstance(one, ApiError) for one in results)
            assert len(server.requests) == trial
            opened.append(client.api.breaker.wait)
        assert opened[0] < opened[2] < opened[-1] <= CAP
        server.for_ever = False
        server.script.clear()
        client.clock.elapsed += client.api.breaker.wait
        assert (await client.api.call("system.health")).status == 200
        assert not client.api.breaker.is_open
        await client.api.close()


async def test_a_dead_server_is_not_hammered(make_client: MakeClient) -> None:
    """A hundred calls cost what they cost, and a tenth of that in retries."""
    async with playing([refused("503 x", "BUSY")], for_ever=True) as (server, base_url):
        client = make_client(base_url, api_key="k")
        for _ in range(100):
            client.api.try_now()
            with pytest.raises(ApiError):
                await client.api.call("system.health")
        assert len(server.requests) <= 100 + 10 + 10
        await client.api.close()
