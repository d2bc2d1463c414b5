"""The way out: certificates that are wrong in every way, proxies of both kinds, HTTP/2, and one line for many calls."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from websockets.asyncio.server import ServerConnection, serve

from clutch_tui.config.settings import Backend
from clutch_tui.net.client import egress
from clutch_tui.net.client.api import ApiError, Kind
from clutch_tui.net.socket.line import WebSocketDial
from clutch_tui.text import strings

from .certificates import DAY, answering, certificate, http, issued
from .conftest import MakeClient
from .proxies import Proxy, proxy

HOST = "shop.clutch.test"
GOOD = http("200 OK", '{"success": true, "data": {"message": "pong"}}', "application/json")


@pytest.fixture(autouse=True)
def _no_proxies_but_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def refusal(client: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await client.api.call("system.ping", retry=False)
    return caught.value


# --- certificates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (lambda folder: certificate(folder, starts=-1 * DAY, ends=DAY), "self_signed"),
        (lambda folder: certificate(folder, starts=-30 * DAY, ends=-1 * DAY), "expired"),
        (lambda folder: certificate(folder, starts=DAY, ends=2 * DAY), "not_yet"),
        (lambda folder: issued(folder, starts=-1 * DAY, ends=DAY)[0], "unknown_issuer"),
        (lambda folder: issued(folder, starts=-30 * DAY, ends=-1 * DAY)[0], "expired"),
        (lambda folder: None, "no_tls"),
    ],
    ids=["self_signed", "self_signed_expired", "self_signed_not_yet", "unknown_issuer", "unknown_expired", "no_tls"],
)
async def test_each_fault_of_a_certificate_has_its_own_word(
    make_client: MakeClient, tmp_path: Path, made: Callable[[Path], Path | None], fault: str
) -> None:
    async with answering(GOOD, made(tmp_path)) as port:
        error = await refusal(make_client(f"https://localhost:{port}"))
    assert (error.kind, error.fault, error.was_sent, error.passing) == (Kind.TLS, fault, False, False)
    assert error.key == f"error.api.tls.{fault}"


@pytest.mark.parametrize(
    ("starts", "ends", "name", "fault"),
    [
        (-1 * DAY, DAY, "other.clutch.test", "wrong_host"),
        (-30 * DAY, -1 * DAY, "localhost", "expired"),
        (DAY, 2 * DAY, "localhost", "not_yet"),
    ],
)
async def test_and_so_under_an_authority_that_is_trusted(
    make_client: MakeClient, tmp_path: Path, starts: Any, ends: Any, name: str, fault: str
) -> None:
    leaf, authority = issued(tmp_path, starts=starts, ends=ends, name=name)
    async with answering(GOOD, leaf) as port:
        error = await refusal(make_client(f"https://localhost:{port}", ca_file=str(authority)))
    assert (error.kind, error.fault) == (Kind.TLS, fault)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """What every default context demands from Python 3.13 on, also on an older one."""
    usual = ssl.create_default_context

    def context() -> ssl.SSLContext:
        made = usual()
        made.verify_flags |= ssl.VERIFY_X509_STRICT
        return made

    monkeypatch.setattr(ssl, "create_default_context", context)


@pytest.mark.usefixtures("strict")
async def test_an_authority_that_the_shop_names_need_not_write_key_identifiers(
    make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaf, authority = issued(tmp_path, starts=-1 * DAY, ends=DAY, complete=False)
    async with answering(GOOD, leaf) as port:
        client = make_client(f"https://localhost:{port}", ca_file=str(authority))
        assert (await client.api.call("system.ping")).status == 200
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))  # the system's own: nobody has named this one
        error = await refusal(make_client(f"https://localhost:{port}"))
    assert (error.kind, error.fault, error.was_sent) == (Kind.TLS, "incomplete", False)


@pytest.mark.usefixtures("strict")
async def test_a_certificate_that_lacks_nothing_is_taken_from_the_systems_authorities(
    make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaf, authority = issued(tmp_path, starts=-1 * DAY, ends=DAY)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with answering(GOOD, leaf) as port:
        assert (await make_client(f"https://localhost:{port}").api.call("system.ping")).status == 200


def test_each_fault_says_something_else_in_both_languages() -> None:
    from typing import get_args

    from clutch_tui.net.client.errors import TlsFault

    for language in strings.LANGUAGES:
        strings.use(language)
        said = {strings.t(f"error.api.tls.{one}", host="h", message="m") for one in get_args(TlsFault)}
        assert len(said) == len(get_args(TlsFault))
    strings.use("ar")


async def test_a_server_that_hangs_up_in_the_handshake_is_unreachable(make_client: MakeClient) -> None:
    async with answering(b"") as port:
        error = await refusal(make_client(f"https://localhost:{port}"))
    assert (error.kind, error.was_sent, error.passing) == (Kind.UNREACHABLE, False, True)


async def test_a_certificate_file_that_holds_none(make_client: MakeClient, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    error = await refusal(make_client("https://localhost:1", ca_file=str(tmp_path / "ca.pem")))
    assert error.key == "error.api.tls.ca_file"
    dial = WebSocketDial(
        Backend(base_url="https://localhost:1", ca_file=str(tmp_path / "ca.pem")), heartbeat=15, pong_timeout=10
    )
    with pytest.raises(ApiError, match="tls"):
        await dial("wss://localhost:1/ws", {})


def test_the_system_is_asked_where_it_keeps_its_own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    truststore = pytest.importorskip("truststore")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert type(egress.trusted("")) is truststore.SSLContext
    monkeypatch.setattr(sys, "platform", "linux")
    assert type(egress.trusted("")) is ssl.SSLContext


def test_a_machine_without_authorities_gets_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    monkeypatch.setattr(egress, "_BUNDLES", ())
    assert len(egress.trusted("").get_ca_certs()) > 50


# --- proxies -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def behind_a_proxy(folder: Path, answer: bytes = GOOD) -> AsyncIterator[tuple[Proxy, str]]:
    """A server under a name that nobody can look up; only the proxy knows the way. Its authority's file."""
    leaf, authority = issued(folder, starts=-1 * DAY, ends=DAY, name=HOST)
    async with answering(answer, leaf) as port, proxy(port) as way:
        yield way, str(authority)


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_proxy_of_ones_own(make_client: MakeClient, tmp_path: Path, scheme: str) -> None:
    async with behind_a_proxy(tmp_path) as (way, authority):
        client = make_client(f"https://{HOST}/api/v1", proxy=f"{scheme}://127.0.0.1:{way.port}", ca_file=authority)
        assert (await client.api.call("system.ping")).data == {"message": "pong"}
        assert way.asked == [HOST]


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_a_proxy_out_of_the_environment(
    make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    async with behind_a_proxy(tmp_path) as (way, authority):
        monkeypatch.setenv(variable, f"socks5h://127.0.0.1:{way.port}")
        client = make_client(f"https://{HOST}/api/v1", ca_file=authority)
        assert (await client.api.call("system.ping")).status == 200
        monkeypatch.setenv("NO_PROXY", HOST)
        excepted = make_client(f"https://{HOST}/api/v1", ca_file=authority)
        assert (await refusal(excepted)).kind is Kind.UNKNOWN_HOST
        assert way.asked == [HOST]


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("from_environment", [True, False])
async def test_the_live_connection_goes_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, from_environment: bool
) -> None:
    leaf, authority = issued(tmp_path, starts=-1 * DAY, ends=DAY, name=HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)

    async def greet(connection: ServerConnection) -> None:
        await connection.send("connected")

    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve(greet, "127.0.0.1", 0, ssl=context))
        way = await stack.enter_async_context(proxy(next(iter(server.sockets)).getsockname()[1]))
        address = f"{scheme}://127.0.0.1:{way.port}"
        if from_environment:
            monkeypatch.setenv("ALL_PROXY", address)
        backend = Backend(base_url=f"https://{HOST}", ca_file=str(authority), proxy="" if from_environment else address)
        line = await WebSocketDial(backend, heartbeat=15, pong_timeout=10)(f"wss://{HOST}/ws", {})
        assert await line.receive() == "connected"
        await line.close()
        assert way.asked == [HOST]


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_is_not_there_is_named_as_such(make_client: MakeClient, scheme: str) -> None:
    address = f"{scheme}://127.0.0.1:9"
    error = await refusal(make_client(f"https://{HOST}", proxy=address))
    assert (error.kind, error.was_sent, error.passing) == (Kind.PROXY, False, True)
    dial = WebSocketDial(Backend(base_url=f"https://{HOST}", proxy=address), heartbeat=15, pong_timeout=10)
    with pytest.raises(ApiError) as caught:
        await dial(f"wss://{HOST}/ws", {})
    assert caught.value.kind is Kind.PROXY


async def test_a_proxy_that_refuses_and_one_that_nobody_speaks(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(http("407 Proxy Authentication Required", "")) as port:
        error = await refusal(make_client(f"https://{HOST}", proxy=f"http://127.0.0.1:{port}"))
    assert (error.kind, "407" in str(error.values["message"])) == (Kind.PROXY, True)
    monkeypatch.setenv("ALL_PROXY", "socks4://127.0.0.1:9")
    assert (await refusal(make_client(f"https://{HOST}"))).kind is Kind.PROXY


def test_which_proxy_is_chosen() -> None:
    system = {"https": "proxy.example:8080", "http": "http://plain.example", "all": "socks5://all.example"}

    def chosen(url: str, own: str = "", **named: str) -> str:
        return egress.proxy_for(Backend(proxy=own), url, named or system)

    assert chosen("https://api.example.com") == "http://proxy.example:8080"
    assert chosen("wss://api.example.com/ws", all="socks5://all.example") == "socks5h://all.example:1080"
    assert chosen("https://api.example.com", own="socks5h://me:pw@own.example") == "socks5h://me:pw@own.example:1080"
    assert chosen("http://127.0.0.1:8765", own="http://own.example:1") == ""
    assert chosen("https://api.example.com", other="x") == ""


# --- HTTP/2 and keep-alive ---------------------------------------------------------------------------------


class Http2:
    """As much of a server as it takes to answer every request on one connection."""

    def __init__(self) -> None:
        self.connections = self.requests = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        talk.initiate_connection()
        body = GOOD.partition(b"\r\n\r\n")[2]
        try:
            writer.write(talk.data_to_send())
            while data := await reader.read(65536):
                for event in talk.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self.requests += 1
                        talk.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/json")])
                        talk.send_data(event.stream_id, body, end_stream=True)
                writer.write(talk.data_to_send())
        except ConnectionError:
            return
        finally:
            writer.close()


async def test_http_2_where_it_is_offered_and_one_connection_for_ten_calls(
    make_client: MakeClient, tmp_path: Path
) -> None:
    leaf, authority = issued(tmp_path, starts=-1 * DAY, ends=DAY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    context.set_alpn_protocols(["h2"])
    talking = Http2()
    server = await asyncio.start_server(talking, "127.0.0.1", 0, ssl=context)
    base_url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        client = make_client(base_url, ca_file=str(authority))
        answers = await asyncio.gather(*(client.api.call("system.ping") for _ in range(10)))
        assert {answer.data["message"] for answer in answers} == {"pong"}
        assert (talking.connections, talking.requests) == (1, 10)
        plain = make_client(base_url, ca_file=str(authority), http2=False)
        assert (await refusal(plain)).kind is Kind.DROPPED  # this server speaks nothing else
    finally:
        server.close()


async def test_a_connection_is_kept_for_the_next_call(make_client: MakeClient) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with_length = GOOD.replace(b"Connection: close\r\n", b"")
        with suppress(asyncio.IncompleteReadError):  # the client has closed it
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(with_length)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        client = make_client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        for _ in range(10):
            await client.api.call("system.ping")
        assert connections == 1
    finally:
        await client.api.close()
        server.close()
