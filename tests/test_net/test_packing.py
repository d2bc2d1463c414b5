"""Packed request bodies: only where the server offers it, and never at the price of a call."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.net.client.api import ApiError, Kind
from clutch_tui.net.client.packing import LEAST, pack
from clutch_tui.sandbox import calls, demo_data, request_bodies
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings

from .conftest import Client, Fault, MakeClient
from .till import Till, open_till, said

BASE = "https://api.example.com/api/v1"
LONG = {"name": "تيل فرامل " * 200}
OFFER = {"Accept-Encoding": "gzip"}
GOOD = {"success": True, "data": {}}


class Server:
    """Answers as it is told, and keeps what came: header by header, byte by byte."""

    def __init__(self) -> None:
        self.came: list[httpx.Request] = []
        self.offer: dict[str, str] = OFFER
        self.refuses: Callable[[httpx.Request], int | None] = lambda request: None

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.came.append(request)
        if (status := self.refuses(request)) is not None:
            return httpx.Response(status, json={"success": False, "error": "NO"}, headers=self.offer)
        return httpx.Response(200, json=GOOD, headers=self.offer)

    @property
    def packed(self) -> list[bool]:
        """Of each call with a body whether it came packed."""
        return [is_packed(request) for request in self.came if request.content]


def is_packed(request: httpx.Request) -> bool:
    return request.headers.get("content-encoding") == "gzip"


def plainly(request: httpx.Request) -> Any:
    return json.loads(said(request))


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def talker(server: Server, make_client: MakeClient) -> Client:
    return make_client(BASE, transport=httpx.MockTransport(server.answer), api_key="shop-key")


async def write(client: Client, key: str = "ch-1", body: object = LONG) -> None:
    await client.api.call("customers.create", body=body, idempotency_key=key, retry=False)


# --- when ------------------------------------------------------------------------------------------------


async def test_a_server_that_never_offers_never_gets_a_packed_body(server: Server, talker: Client) -> None:
    server.offer = {"Vary": "Accept-Encoding", "Content-Language": "gzip"}
    for n in range(3):
        await write(talker, f"ch-{n}")
    assert server.packed == [False] * 3


async def test_the_first_body_goes_as_it_is_and_the_next_packed(server: Server, talker: Client) -> None:
    await write(talker)
    await write(talker, "ch-2")
    assert server.packed == [False, True]
    first, second = server.came
    assert plainly(second) == plainly(first) == LONG
    assert len(second.content) * 5 < len(first.content)
    assert second.headers["content-length"] == str(len(second.content))


async def test_what_fits_into_a_packet_goes_as_it_is(server: Server, talker: Client) -> None:
    await write(talker, "a", {"name": "x" * (LEAST - 11)})
    await write(talker, "b", {"name": "x" * (LEAST - 11)})
    assert (len(server.came[1].content), server.packed) == (LEAST, [False, False])
    await write(talker, "c", {"name": "x" * (LEAST - 10)})
    assert server.packed[-1]


@pytest.mark.parametrize("words", ["identity", "br, deflate", "gzip;q=0", "gzip; q=0.000", "", "gzipped"])
async def test_an_offer_of_something_else_is_none(server: Server, talker: Client, words: str) -> None:
    server.offer = {"Accept-Encoding": words}
    await write(talker)
    await write(talker, "ch-2")
    assert server.packed == [False, False]


@pytest.mark.parametrize("words", ["GZIP", "br;q=1, gzip;q=0.8", "x-gzip", "identity,gzip"])
async def test_an_offer_may_be_written_in_many_ways(server: Server, talker: Client, words: str) -> None:
    server.offer = {"Accept-Encoding": words}
    await write(talker)
    await write(talker, "ch-2")
    assert server.packed == [False, True]


async def test_an_offer_that_is_not_repeated_has_ended(server: Server, talker: Client) -> None:
    await write(talker)
    server.offer = {}
    await write(talker, "ch-2")
    await write(talker, "ch-3")
    assert server.packed == [False, True, False]


async def test_a_refusal_makes_no_offer(server: Server, talker: Client) -> None:
    """A proxy's error page says nothing about the server behind it, for or against."""
    server.refuses = lambda request: 403
    with pytest.raises(ApiError):
        await write(talker)
    server.refuses = lambda request: None
    await write(talker, "ch-2")
    assert server.packed == [False, False]


async def test_what_could_not_be_repeated_is_not_packed(server: Server, talker: Client) -> None:
    await write(talker)
    await talker.api.request("POST", "/anything", body=LONG)
    assert server.packed == [False, False]


# --- refused for it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [415, 400, 422, 500, 501])
async def test_a_packed_body_that_is_refused_is_said_again_as_it_is_and_no_other_is_packed(
    server: Server, talker: Client, status: int
) -> None:
    server.refuses = lambda request: status if is_packed(request) else None
    for n in range(4):
        await write(talker, f"ch-{n}")
    assert server.packed == [False, True, False, False, False]
    refused, again = server.came[1:3]
    assert plainly(refused) == plainly(again)
    assert refused.headers["idempotency-key"] == again.headers["idempotency-key"] == "ch-1"
    assert refused.headers["x-request-id"] != again.headers["x-request-id"]


async def test_a_call_that_is_refused_for_what_it_says_is_said_twice_at_most(server: Server, talker: Client) -> None:
    await write(talker)
    server.refuses = lambda request: 422
    with pytest.raises(ApiError) as caught:
        await write(talker, "ch-2")
    assert (caught.value.kind, server.packed) == (Kind.INVALID, [False, True, False])
    server.refuses = lambda request: None
    await write(talker, "ch-3")
    assert server.packed[-1], "the server has made no difference"


async def test_a_server_that_refuses_everything_with_415_is_asked_twice_and_then_plainly(
    server: Server, talker: Client
) -> None:
    await write(talker)
    server.refuses = lambda request: 415
    for n in range(3):
        with pytest.raises(ApiError):
            await write(talker, f"x-{n}")
    assert server.packed == [False, True, False, False, False]


async def test_a_server_that_has_understood_one_and_breaks_is_not_asked_twice(server: Server, talker: Client) -> None:
    await write(talker)
    await write(talker, "ch-2")
    server.refuses = lambda request: 500
    with pytest.raises(ApiError):
        await write(talker, "ch-3")
    assert server.packed == [False, True, True]


async def test_what_the_first_refusal_said_stands_where_the_second_call_never_left(
    server: Server, talker: Client
) -> None:
    await write(talker)
    for _ in range(4):
        talker.api.breaker.failed()
    server.refuses = lambda request: 500
    with pytest.raises(ApiError) as caught:
        await write(talker, "ch-2")
    assert (caught.value.kind, len(server.came)) == (Kind.SERVER, 2)


async def test_a_new_token_is_asked_for_and_the_call_is_packed_again(server: Server, talker: Client) -> None:
    await write(talker)
    server.refuses = lambda request: 401
    with pytest.raises(ApiError):
        await write(talker, "ch-2")
    assert server.packed == [False, True]


# --- what is told of it ----------------------------------------------------------------------------------


async def test_the_log_has_both_sizes(server: Server, talker: Client) -> None:
    await write(talker)
    await write(talker, "ch-2")
    plain, packed = talker.exchanges
    whole = len(json.dumps(LONG, ensure_ascii=False, separators=(",", ":")).encode())
    assert (plain.sent, plain.sent_on_line) == (whole, whole)
    assert (packed.sent, packed.sent_on_line) == (whole, len(server.came[1].content))
    assert packed.sent_on_line < whole
    assert "content-encoding" not in plain.request_headers
    assert packed.request_headers["content-encoding"] == "gzip"
    assert packed.request_body == plain.request_body, "a person reads the words, not the packing"


async def test_the_log_has_both_sizes_of_an_answer(make_client: MakeClient) -> None:
    answer = json.dumps({"success": True, "data": {"note": "x" * 9000}}).encode()
    small = gzip.compress(answer)

    def serve(request: httpx.Request) -> httpx.Response:
        headers = {"Content-Encoding": "gzip"}
        return httpx.Response(200, stream=httpx.ByteStream(small), headers=headers)

    client = make_client(BASE, transport=httpx.MockTransport(serve), api_key="k")
    await client.api.call("system.health")
    assert (client.exchanges[0].size, client.exchanges[0].size_on_line) == (len(answer), len(small))


# --- our own server --------------------------------------------------------------------------------------

HEADERS = {"X-API-Key": demo_data.API_KEY, "Content-Type": "application/json"}


async def post(sandbox: Running, content: bytes, encoding: str = "gzip") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=False) as direct:
        return await direct.post(
            f"{sandbox.base_url}/customers", content=content, headers=HEADERS | {"Content-Encoding": encoding}
        )


async def test_our_server_offers_it_in_every_answer_and_takes_it(sandbox: Running) -> None:
    good = await post(sandbox, gzip.compress(json.dumps({"name": "علي", "phone": "0100"}).encode()))
    assert (good.status_code, good.json()["data"]["name"], good.headers["accept-encoding"]) == (201, "علي", "gzip")
    async with httpx.AsyncClient(trust_env=False, verify=False) as direct:
        refused = await direct.get(f"{sandbox.base_url}/customers")
    assert (refused.status_code, refused.headers["accept-encoding"]) == (401, "gzip")


@pytest.mark.parametrize(
    ("content", "encoding", "status", "code"),
    [
        (b"no gzip at all", "gzip", 400, "MALFORMED_GZIP"),
        (gzip.compress(b'{"name": "x"}')[:-6], "gzip", 400, "MALFORMED_GZIP"),
        (gzip.compress(b'{"name": "x"}') + b"more", "gzip", 400, "MALFORMED_GZIP"),
        (zlib.compress(b'{"name": "x"}'), "gzip", 400, "MALFORMED_GZIP"),
        (gzip.compress(b"no json"), "gzip", 400, "MALFORMED_JSON"),
        (b'{"name": "x"}', "br", 415, "UNKNOWN_ENCODING"),
        (gzip.compress(gzip.compress(b'{"name": "x"}')), "gzip, gzip", 415, "UNKNOWN_ENCODING"),
        (gzip.compress(b" " * (calls.BODY_LIMIT + 1)), "gzip", 413, "PAYLOAD_TOO_LARGE"),
        (b"[" + b" " * calls.BODY_LIMIT, "identity", 413, "PAYLOAD_TOO_LARGE"),
    ],
    ids=["words", "cut off", "more behind it", "zlib", "no json", "brotli", "twice", "bomb", "long"],
)
async def test_our_server_refuses_what_it_cannot_read(
    sandbox: Running, content: bytes, encoding: str, status: int, code: str
) -> None:
    answer = await post(sandbox, content, encoding)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert (await post(sandbox, b'{"name": "y"}', "identity")).status_code == 201


def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, 1)
    tracemalloc.start()
    with pytest.raises(request_bodies.TooLarge):
        request_bodies.unpack(bomb, 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000, "as much as the limit, and what it takes to copy it"
    assert request_bodies.unpack(pack(b"x" * 1_000_000), 1_000_000) == b"x" * 1_000_000


async def test_a_server_that_is_not_ours_offers_nothing(sandbox: Running, client: Client, control: Fault) -> None:
    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    await client.api.call("system.health")
    await control("without_sync")
    for n in range(3):  # the first packed, by what the last answer said: such a server knows nothing of it
        part = {"name": "تيل", "price": 1, "description": f"{n} " * 900}
        await client.api.call("inventory.create", body=part, idempotency_key=f"ch-{n}")
        await client.api.call("system.health")
    written = [one for one in client.exchanges if one.endpoint == "inventory.create"]
    assert [(one.status, one.sent_on_line < one.sent) for one in written] == [
        (415, True), (201, False), (201, False), (201, False),
    ]  # fmt: skip
    assert "accept-encoding" not in client.exchanges[-1].response_headers


# --- a whole till ----------------------------------------------------------------------------------------


class Line(httpx.AsyncBaseTransport):
    """The real line; what was sent on it, and where somebody stands who refuses what is packed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bool, bytes]] = []
        self.refuses_packed = 0
        self._inner = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        self.sent.append((request.url.path, is_packed(request), body))
        if is_packed(request) and self.refuses_packed:
            return httpx.Response(self.refuses_packed, request=request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[tuple[Till, Line, Running]]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20)) as sandbox:
        line = Line()
        till = await open_till(tmp_path, sandbox, transport=line)
        await till.round()
        line.sent.clear()
        yield till, line, sandbox
        await till.close()


def sales_of(sandbox: Running) -> list[str]:
    with sandbox.backend.database.reading() as reading:
        return [row["id"] for row in reading.all("SELECT id FROM sale")]


@pytest.mark.parametrize("refusal", [0, 415, 400])
async def test_sales_go_up_packed_or_plainly_and_each_once(shop: tuple[Till, Line, Running], refusal: int) -> None:
    till, line, sandbox = shop
    parts = [row[0] for row in till.sql("SELECT id FROM part ORDER BY id")]
    before = set(sales_of(sandbox))
    sold = [till.sell(part) for part in parts for _ in range(2)]
    line.refuses_packed = refusal
    await till.round()
    assert till.queue.unsent == 0
    assert sorted(set(sales_of(sandbox)) - before) == sorted(sold)
    assert len(sales_of(sandbox)) == len(before) + len(sold)
    carried = [(packed, body) for path, packed, body in line.sent if path.endswith("/sales/sync") and len(body) > 1_024]
    if refusal:
        assert [packed for packed, _ in carried[:2]] == [True, False]
        assert gzip.decompress(carried[0][1]) == carried[1][1], "the very same call"
        assert not any(packed for packed, _ in carried[1:])
    else:
        assert all(packed for packed, _ in carried)
        assert len(carried[0][1]) * 4 < len(gzip.decompress(carried[0][1]))
