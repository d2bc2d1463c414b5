"""Servers that are broken, half understood or hostile: no crash, no hang, no memory without end, and bad rows named."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import string
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch_tui.config.settings import Backend
from clutch_tui.net import wire
from clutch_tui.net.client.api import Answer, Api, ApiError, Kind
from clutch_tui.net.client.attempt import ANSWER_LIMIT
from clutch_tui.net.client.session import Session
from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.net.events import Happening
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.socket import frames
from clutch_tui.security.vault import Secrets, Vault

from .conftest import DEVICE, MakeClient, TestClock

MIB = 1024 * 1024
BASE = "https://api.example.com/api/v1"


class Memory(Vault):
    """Secrets that nobody has."""

    def __init__(self) -> None:
        self.secrets = Secrets(api_key="k")

    def read(self) -> Secrets:
        return self.secrets

    def write(self, secrets: Secrets) -> None:
        self.secrets = secrets

    def acquire(self) -> None:
        """Nobody else has it."""

    def release(self) -> None:
        """Nobody waits for it."""


# --- whatever comes, through the whole client ------------------------------------------------------------

keys = st.sampled_from(
    [
        "id",
        "_id",
        "name",
        "price",
        "stockQuantity",
        "items",
        "data",
        "success",
        "error",
        "errors",
        "pagination",
        "type",
        "version",
        "token",
        "user",
        "shop",
        "changes",
        "epoch",
        "cursor",
        "results",
        "deleted",
        "updated_at",
        "year",
    ]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["1e999999", "-0", "١٢٣", "NaN", "2026-13-45T99:99:99Z", "\x00", "‮", "12.345", "0x10", " 7 "]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys | st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)
rows = st.lists(st.dictionaries(keys, values, max_size=6) | values, max_size=5)
documents = st.one_of(
    values,
    st.builds(lambda data: {"success": True, "data": data}, values),
    st.builds(lambda noun, inner: {"success": True, "data": {noun: inner}}, st.sampled_from(["items", "orders"]), rows),
    st.builds(lambda inner: {"success": False, "error": inner, "message": inner, "errors": inner}, values),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A JSON text, whole, cut, or with something in it that does not belong there."""
    raw = json.dumps(draw(documents), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    damage = draw(st.sampled_from(["none", "none", "cut", "flip", "insert", "number", "bom", "bytes"]))
    place = draw(st.integers(0, len(raw)))
    if damage == "cut":
        return raw[:place]
    if damage == "flip" and raw:
        place = min(place, len(raw) - 1)
        return raw[:place] + bytes([raw[place] ^ draw(st.integers(1, 255))]) + raw[place + 1 :]
    if damage == "insert":
        junk = draw(st.sampled_from([b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\\ud800", b"\x00", b"[" * 50, b"NaN"]))
        return raw[:place] + junk + raw[place:]
    if damage == "number":
        return raw.replace(b"1", draw(st.sampled_from([b"1e99999", b"9" * 5000, b"-Infinity", b"1.5e-9999"])))
    if damage == "bom":
        return b"\xef\xbb\xbf" + raw
    return draw(st.binary(max_size=40)) if damage == "bytes" else raw


class Hostile:
    """A client whose server says whatever it was told to say."""

    def __init__(self) -> None:
        self.response: Callable[[], httpx.Response] = lambda: httpx.Response(200)
        self.clock = TestClock()
        self.session = Session(Memory(), clock=self.clock)
        self.api = Api(
            Backend(base_url=BASE),
            session=self.session,
            monitor=Monitor(self.clock),
            device_id=DEVICE,
            clock=self.clock,
            chance=random.Random(1),
            transport=httpx.MockTransport(lambda request: self.response()),
            on_exchange=repr,
        )


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[Hostile, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        yield Hostile(), runner


statuses = st.sampled_from([200, 200, 200, 201, 204, 304, 400, 401, 404, 409, 422, 429, 500])
headers = st.dictionaries(
    st.sampled_from(["Retry-After", "Date", "ETag", "Location", "Content-Encoding", "Content-Type"]),
    st.text(string.printable.replace("\r", "").replace("\n", ""), max_size=12)
    | st.sampled_from(["gzip", "deflate", "gzip, gzip", "br", "-1", "1e400", "99999999999999999999"]),
    max_size=2,
)


@settings(max_examples=60, deadline=None)
@given(raw=bodies(), name=st.sampled_from([one.name for one in ENDPOINTS]), status=statuses, given_headers=headers)
def test_whatever_comes_is_an_answer_or_one_of_our_errors(
    hostile: tuple[Hostile, asyncio.Runner], raw: bytes, name: str, status: int, given_headers: dict[str, str]
) -> None:
    server, runner = hostile

    def response() -> httpx.Response:
        return httpx.Response(status, stream=_Once(raw), headers=given_headers)

    server.response = response
    server.api.try_now()
    try:
        path = {"id": "x"}
        answer = runner.run(server.api.call(name, path=path, body={}, etag='"m"', retry=False))
    except ApiError as error:
        check_error(error)
    else:
        check_reading(name, answer)


class _Once(httpx.AsyncByteStream):
    """A body that is unpacked on the way in, as from a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._raw


def check_error(error: ApiError) -> None:
    """Something that fits on a screen."""
    assert len(str(error)) < 500
    assert all(len(str(value)) < 12_000 for value in error.values.values())


def check_reading(name: str, answer: Answer) -> None:
    """Every row is read or named; nothing else can come out."""
    with suppress(wire.BadPayload):
        wire.read_changes(wire.read_sync(answer.data)["changes"])
    try:
        reading = wire.read_answer(name, answer.data)
    except wire.BadPayload:
        return
    assert all(bad.reason and bad.index >= 0 for bad in reading.bad)
    assert len({bad.index for bad in reading.bad}) == len(reading.bad)


@settings(max_examples=30, deadline=None)
@given(raw=bodies())
def test_a_sign_in_ends_as_a_user_or_as_one_of_our_errors(hostile: tuple[Hostile, asyncio.Runner], raw: bytes) -> None:
    server, runner = hostile
    server.response = lambda: httpx.Response(200, stream=_Once(raw))
    server.api.try_now()
    try:
        user = runner.run(server.session.login("a", "b"))
    except ApiError:
        return
    assert isinstance(user.id, str)


@settings(max_examples=30, deadline=None)
@given(raw=bodies())
def test_a_frame_of_the_socket_is_read_or_refused(raw: bytes) -> None:
    try:
        event = frames.read_event(frames.read_frame(raw))
    except wire.BadPayload:
        return
    assert event is None or isinstance(event, Happening)


# --- more of it than anybody needs -----------------------------------------------------------------------


def packed(pieces: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(piece) for piece in pieces), packer.flush()])


def repeated(piece: bytes, size: int) -> Iterator[bytes]:
    block = piece * (MIB // len(piece))
    for _ in range(size // MIB):
        yield block


ROW = b'{"id":"a","name":"\xd8\xa8\xd9\x88\xd8\xac\xd9\x8a\xd9\x87","price":12.50},'
BOMB = packed(repeated(b" ", 200 * MIB))
"""Two hundred thousand bytes that become two hundred million."""


@asynccontextmanager
async def pouring(pieces: Callable[[], Iterator[bytes]], *headers: str) -> AsyncIterator[str]:
    """A server that pours out whatever it has, without saying how much there is."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write("\r\n".join(("HTTP/1.1 200 OK", *headers, "Connection: close", "", "")).encode())
            for piece in pieces():
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize(
    ("pieces", "headers", "kind"),
    [
        (lambda: repeated(b" ", 50 * MIB), (), Kind.ANSWER_TOO_LARGE),
        (lambda: repeated(b" ", 50 * MIB), (f"Content-Length: {50 * MIB}",), Kind.ANSWER_TOO_LARGE),
        (lambda: iter([BOMB]), ("Content-Encoding: gzip",), Kind.ANSWER_TOO_LARGE),
        (lambda: iter([gzip.compress(BOMB)]), ("Content-Encoding: gzip, gzip",), Kind.NOT_JSON),
        (lambda: repeated(b"[", 20 * MIB), (), Kind.NOT_JSON),
        (lambda: repeated(b"[],", 20 * MIB), (), Kind.NOT_JSON),
        (lambda: repeated(b"9", 20 * MIB), (), Kind.NOT_JSON),
        (lambda: repeated(b"\xff", 20 * MIB), (), Kind.NOT_JSON),
        (lambda: iter([b"{" + b'"a":{' * 100_000]), (), Kind.NOT_JSON),
    ],
    ids=["50_mb", "50_mb_announced", "bomb", "bomb_in_a_bomb", "nested", "lists", "digits", "no_utf_8", "nested_keys"],
)
async def test_more_than_anybody_needs_is_dropped_in_bounded_memory(
    make_client: MakeClient, pieces: Callable[[], Iterator[bytes]], headers: tuple[str, ...], kind: Kind
) -> None:
    async with pouring(pieces, *headers) as base_url:
        client = make_client(base_url, api_key="k")
        tracemalloc.start()
        try:
            async with asyncio.timeout(120):
                with pytest.raises(ApiError) as caught:
                    await client.api.call("inventory.list", retry=False)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        await client.api.close()
    assert caught.value.kind is kind
    assert peak < 4 * ANSWER_LIMIT, f"{peak / MIB:.0f} MiB"


async def test_a_large_page_that_is_honest_is_read(make_client: MakeClient) -> None:
    """Five thousand rows, four times over: more than a page, and still no reason to refuse it."""

    def page() -> Iterator[bytes]:
        yield b'{"success":true,"data":{"items":['
        yield ROW * 20_000
        yield b'{"id":"last","price":"cheap"}]}}'

    async with pouring(page) as base_url:
        client = make_client(base_url, api_key="k")
        answer = await client.api.call("inventory.list")
        await client.api.close()
    reading = wire.read_answer("inventory.list", answer.data)
    assert (len(reading.good), reading.good[0]["price"]) == (20_000, 1250)
    assert [(bad.index, bad.id) for bad in reading.bad] == [(20_000, "last")]


@pytest.mark.parametrize("depth", [500, 900, 990, 1100])
@pytest.mark.parametrize("inside", ["1", '"\\ud800"'])
def test_depth_is_bounded_whatever_lies_at_the_bottom(depth: int, inside: str) -> None:
    raw = ("[" * depth + inside + "]" * depth).encode()
    try:
        value = wire.loads(raw)
    except wire.BadPayload:
        assert depth > 400
        return
    good, bad = wire.read_rows("item", [{"id": "a", "name": value}, {"id": "b", "unknown": value}])
    assert [row["id"] for row in good] == ["b"]
    assert [row.id for row in bad] == ["a"]


def test_numbers_that_no_till_has_ever_seen_cost_nothing() -> None:
    for number in ("1e999999999", "-1e999999999", "1e-999999999", "9" * 4000, "1" + "0" * 4000):
        raw = f'[{{"id": "a", "price": {number}, "stock_quantity": {number}, "version": {number}, "year": {number}}}]'
        good, bad = wire.read_rows("item", wire.loads(raw.encode()))
        assert len(good) + len(bad) == 1
        assert all(len(str(value)) <= 20_000 for row in good for value in row.values())
