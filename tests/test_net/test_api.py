"""Calls over real sockets: what is sent, what every kind of trouble becomes, and what is tried again."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from clutch_tui.net.client.api import ApiError, Kind
from clutch_tui.sandbox import demo_data
from clutch_tui.sandbox.server import Running
from clutch_tui.text import strings
from tests.patient_loop import skip

from .conftest import DEVICE, Client, Fault, MakeClient, settle

BASE = "https://api.example.com/api/v1"


async def failure(call: Awaitable[object]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await call
    return caught.value


@pytest.fixture
async def signed_in(client: Client) -> Client:
    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    client.exchanges.clear()
    return client


@pytest.fixture
def mocked(make_client: MakeClient) -> Callable[[Callable[[httpx.Request], httpx.Response]], Client]:
    """A client whose server is a function, for answers that the sandbox cannot give."""

    def make(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
        return make_client(BASE, transport=httpx.MockTransport(answer), api_key="shop-key")

    return make


# --- what is sent ----------------------------------------------------------------------------------------


async def test_the_headers_of_a_call(make_client: MakeClient) -> None:
    client = make_client(BASE, api_key="shop-key")
    with respx.mock() as router:
        route = router.post(f"{BASE}/customers").respond(201, json={"success": True, "data": {"id": "c"}})
        await client.api.call(
            "customers.create", body={"name": "علي", "balance": Decimal("1.50")}, idempotency_key="ch-1"
        )
        sent = route.calls.last.request
    assert sent.headers["authorization"] == "Bearer shop-key"
    assert sent.headers["x-api-key"] == "shop-key"
    assert sent.headers["x-shop-id"] == demo_data.SHOP_ID
    assert sent.headers["x-device-id"] == DEVICE
    assert sent.headers["idempotency-key"] == "ch-1"
    assert sent.headers["accept-encoding"] == "gzip"
    assert sent.headers["x-client-version"]
    assert sent.content == '{"name":"علي","balance":1.50}'.encode()


async def test_every_attempt_has_an_id_of_its_own_and_a_change_keeps_its_key(make_client: MakeClient) -> None:
    client = make_client(BASE, api_key="k")
    with respx.mock() as router:
        route = router.put(f"{BASE}/customers/c%2F1")
        route.side_effect = [httpx.Response(503), httpx.ReadError("cut"), httpx.Response(200, json={"id": "c/1"})]
        await client.api.call("customers.update", path={"id": "c/1"}, body={}, idempotency_key="ch-1")
        sent = [call.request.headers for call in route.calls]
    assert len({headers["x-request-id"] for headers in sent}) == 3
    assert {headers["idempotency-key"] for headers in sent} == {"ch-1"}


async def test_an_answer_with_envelope_and_without(
    mocked: Callable[[Callable[[httpx.Request], httpx.Response]], Client],
) -> None:
    bodies = {
        "/a": {"success": True, "data": {"items": [], "pagination": {"total": 3}}, "timestamp": "t"},
        "/b": [{"id": 1}],
        "/c": {"success": True, "items": [1], "total": 1, "page": 1},
    }
    client = mocked(lambda request: httpx.Response(200, json=bodies[request.url.path.removeprefix("/api/v1")]))
    a, b, c = [await client.api.request("GET", path) for path in ("/a", "/b", "/c")]
    assert (a.data, a.envelope["timestamp"], a.pagination) == (bodies["/a"]["data"], "t", {"total": 3})
    assert (b.data, b.envelope) == ([{"id": 1}], {})
    assert c.data["items"] == [1]


async def test_compressed_answers_and_empty_ones(
    mocked: Callable[[Callable[[httpx.Request], httpx.Response]], Client],
) -> None:
    packed = gzip.compress(b'{"success": true, "data": {"price": 12.30}}')
    client = mocked(
        lambda request: (
            httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"})
            if request.method == "GET"
            else httpx.Response(204)
        )
    )
    answer = await client.api.call("system.health")
    assert answer.data == {"price": Decimal("12.30")}
    assert (await client.api.call("suppliers.delete", path={"id": "s"})).data is None


# --- what trouble becomes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx.Response(400, json={"success": False, "error": "VALIDATION"}), Kind.INVALID),
        (httpx.Response(422, json={"success": False, "error": "KEY_REUSE"}), Kind.INVALID),
        (httpx.Response(403, json={"success": False, "error": "FORBIDDEN"}), Kind.FORBIDDEN),
        (httpx.Response(404, json={"success": False, "error": "NOT_FOUND"}), Kind.MISSING_RECORD),
        (httpx.Response(404, json={"success": False, "error": "ROUTE_NOT_FOUND"}), Kind.MISSING_ROUTE),
        (httpx.Response(404, json={"message": "Cannot GET /shops/stats"}), Kind.MISSING_ROUTE),
        (httpx.Response(404, json={"success": False, "message": "Not Found - /v1/shops/stats"}), Kind.MISSING_ROUTE),
        (httpx.Response(404, html="<pre>Cannot GET /shops/stats</pre>"), Kind.MISSING_ROUTE),
        (httpx.Response(405), Kind.MISSING_ROUTE),
        (httpx.Response(501), Kind.MISSING_ROUTE),
        (httpx.Response(409, json={"success": False, "error": "EPOCH", "data": {"epoch": "e-2"}}), Kind.CONFLICT),
        (httpx.Response(413), Kind.TOO_LARGE),
        (httpx.Response(425), Kind.TOO_EARLY),
        (httpx.Response(426), Kind.TOO_OLD),
        (httpx.Response(429, headers={"Retry-After": "7"}), Kind.RATE_LIMITED),
        (httpx.Response(500, html="<h1>Oops</h1>"), Kind.SERVER),
        (httpx.Response(502), Kind.SERVER),
        (httpx.Response(200, html="<html>Sign in to the Wi-Fi</html>"), Kind.NOT_JSON),
        (httpx.Response(200, content=b'{"success": tru'), Kind.NOT_JSON),
        (httpx.Response(200, json={"success": False, "error": "NO_STOCK", "message": "none"}), Kind.INVALID),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example/"}), Kind.REDIRECTED),
        (httpx.Response(418), Kind.INVALID),
    ],
    ids=lambda value: value.value if isinstance(value, Kind) else str(value.status_code),
)
async def test_every_bad_answer_is_one_of_our_kinds(
    mocked: Callable[[Callable[[httpx.Request], httpx.Response]], Client], response: httpx.Response, kind: Kind
) -> None:
    healthy = httpx.Response(200, json={"success": True, "data": {"status": "healthy"}})
    answers = iter([response])
    client = mocked(lambda request: next(answers, healthy))
    error = await failure(client.api.call("shop.stats", retry=False))
    assert (error.kind, error.status) == (kind, response.status_code)
    assert error.was_sent


async def test_the_servers_own_words_come_along(
    mocked: Callable[[Callable[[httpx.Request], httpx.Response]], Client],
) -> None:
    body = {
        "success": False,
        "error": "VALIDATION",
        "message": "no",
        "errors": [{"field": "price", "message": "must be a number"}],
        "data": {"record": {"id": "c"}},
    }
    client = mocked(lambda request: httpx.Response(422, json=body))
    error = await failure(client.api.call("customers.create", body={}))
    assert (error.code, error.message, error.data) == ("VALIDATION", "no", {"record": {"id": "c"}})
    assert [(one.field, one.message) for one in error.errors] == [("price", "must be a number")]


def test_every_kind_has_its_sentence_in_both_languages() -> None:
    for language in strings.LANGUAGES:
        strings.use(language)
        for kind in Kind:
            error = ApiError(kind, host="h", path="/p", place="https://x", retry_after=3.0, method="GET")
            sentence = strings.t(error.key, **error.values)
            assert sentence != error.key
            assert "{" not in sentence, sentence
    strings.use("ar")


@asynccontextmanager
async def listening(
    answer: bytes | None, *, tls: ssl.SSLContext | None = None, asked: Callable[[], object] = lambda: None
) -> AsyncIterator[int]:
    """A server that sends these bytes and hangs up, or says nothing at all. `asked` is called when a request is here
    and the client waits."""
    hold = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        await settle()
        asked()
        if answer is None:
            await hold.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        hold.set()
        server.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def test_a_closed_port_is_unreachable_and_nothing_was_sent(make_client: MakeClient) -> None:
    error = await failure(make_client(f"http://127.0.0.1:{free_port()}").api.call("system.ping", retry=False))
    assert (error.kind, error.was_sent, error.status) == (Kind.UNREACHABLE, False, None)


async def test_a_name_that_nobody_has(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    error = await failure(make_client("https://no-such-host.invalid/v1").api.call("system.ping", retry=False))
    assert (error.kind, error.values["host"]) == (Kind.UNKNOWN_HOST, "no-such-host.invalid")


async def test_a_server_that_never_answers_is_left_in_time(make_client: MakeClient) -> None:
    async with listening(None, asked=lambda: skip(30)) as port:
        client = make_client(f"http://127.0.0.1:{port}", read_timeout=30, sync_timeout=600)
        error = await failure(client.api.call("system.ping", retry=False))
        assert (error.kind, error.was_sent) == (Kind.TIMEOUT, True)
        patient = make_client(f"http://127.0.0.1:{port}", read_timeout=600, sync_timeout=600)
        error = await failure(patient.api.call("system.ping", timeout=30, retry=False))
        assert error.kind is Kind.TIMEOUT


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", Kind.DROPPED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Kind.DROPPED),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Kind.DROPPED),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", Kind.NOT_JSON),
    ],
)
async def test_half_an_answer_and_other_peoples_protocols(make_client: MakeClient, answer: bytes, kind: Kind) -> None:
    async with listening(answer) as port:
        error = await failure(make_client(f"http://127.0.0.1:{port}").api.call("system.ping", retry=False))
    assert (error.kind, error.was_sent) == (kind, True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that only its own file vouches for."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import IPv4Address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


async def test_an_unknown_authority_is_refused_and_ones_own_is_trusted(
    make_client: MakeClient, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    public, context = certificate
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{"success": true, "data": {}}\n'
    async with listening(answer, tls=context) as port:
        error = await failure(make_client(f"https://127.0.0.1:{port}").api.call("system.ping", retry=False))
        assert (error.kind, error.was_sent) == (Kind.TLS, False)
        assert "self-signed" in str(error.values["message"])
        trusting = make_client(f"https://127.0.0.1:{port}", ca_file=str(public))
        assert (await trusting.api.call("system.ping")).data == {}
        lost = make_client(f"https://127.0.0.1:{port}", ca_file="/nowhere/ca.pem")
        assert (await failure(lost.api.call("system.ping", retry=False))).kind is Kind.TLS


async def test_an_open_line_to_another_machine_is_refused(make_client: MakeClient) -> None:
    error = await failure(make_client("http://192.0.2.7/v1", api_key="k").api.call("system.ping", retry=False))
    assert (error.kind, error.was_sent) == (Kind.TLS, False)


async def test_no_address_no_call(make_client: MakeClient) -> None:
    assert (await failure(make_client("").api.call("system.ping"))).kind is Kind.NOT_SET_UP


async def test_an_endless_answer_is_dropped(
    mocked: Callable[[Callable[[httpx.Request], httpx.Response]], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clutch_tui.net.client.attempt.ANSWER_LIMIT", 1000)
    bomb = gzip.compress(b" " * 5_000_000)
    client = mocked(lambda request: httpx.Response(200, content=bomb, headers={"Content-Encoding": "gzip"}))
    assert (await failure(client.api.call("system.ping"))).kind is Kind.ANSWER_TOO_LARGE


# --- what is tried again ---------------------------------------------------------------------------------


async def test_a_read_is_repeated_until_it_works(signed_in: Client, fault: Fault) -> None:
    await fault("error_before", endpoint="inventory.list", status=503, count=2)
    assert (await signed_in.api.call("inventory.list")).status == 200
    assert [exchange.status for exchange in signed_in.exchanges] == [503, 503, 200]
    first, second = signed_in.clock.slept
    assert 0 <= first <= 1
    assert 0 <= second <= 2


async def test_a_write_without_a_key_is_not_repeated_and_one_with_a_key_is(signed_in: Client, fault: Fault) -> None:
    body = {"name": "علي", "phone": "01000000001"}
    await fault("error_before", endpoint="customers.create", status=503, count=1)
    assert (await failure(signed_in.api.call("customers.create", body=body))).kind is Kind.SERVER
    await fault("drop_after", endpoint="customers.create", count=1)
    keyed = {"id": "01960000-0000-7000-8000-000000000001", **body}
    answer = await signed_in.api.call("customers.create", body=keyed, idempotency_key=keyed["id"])
    assert answer.replayed
    customers = (await signed_in.api.call("customers.list")).data["customers"]
    assert [customer["name"] for customer in customers] == ["علي"]


async def test_a_write_that_never_left_is_repeated_even_without_a_key(make_client: MakeClient) -> None:
    client = make_client(f"http://127.0.0.1:{free_port()}")
    await failure(client.api.call("customers.create", body={}))
    assert len(client.exchanges) == 4


async def test_one_attempt_where_the_caller_has_a_timer_of_its_own(signed_in: Client, fault: Fault) -> None:
    await fault("error_before", endpoint="inventory.list", status=503, count=1)
    await failure(signed_in.api.call("inventory.list", retry=False))
    assert len(signed_in.exchanges) == 1


async def test_retry_after_is_obeyed(signed_in: Client, fault: Fault) -> None:
    await fault("rate_limit", endpoint="system.health", retry_after=7, count=1)
    await signed_in.api.call("system.health")
    assert signed_in.clock.slept == [7.0]


async def test_a_server_that_asks_for_an_hour_is_not_waited_for(
    mocked: Callable[[Callable[[httpx.Request], httpx.Response]], Client],
) -> None:
    client = mocked(lambda request: httpx.Response(503, headers={"Retry-After": "3600"}))
    error = await failure(client.api.call("system.ping"))
    assert (error.retry_after, client.clock.slept) == (3600.0, [])


async def test_retry_after_as_a_date_counts_by_the_servers_clock(
    mocked: Callable[[Callable[[httpx.Request], httpx.Response]], Client],
) -> None:
    headers = {"Retry-After": "Sun, 22 Nov 2026 09:00:09 GMT", "Date": "Sun, 22 Nov 2026 09:00:00 GMT"}
    client = mocked(lambda request: httpx.Response(429, headers=headers))
    assert (await failure(client.api.call("system.ping", retry=False))).retry_after == 9.0


async def test_a_refusal_is_not_repeated(signed_in: Client) -> None:
    error = await failure(signed_in.api.call("inventory.update", path={"id": "none"}, body={}, idempotency_key="x"))
    assert error.kind in (Kind.MISSING_RECORD, Kind.INVALID)
    assert len(signed_in.exchanges) == 1


async def test_the_breaker_opens_lets_one_through_and_closes(sandbox: Running, signed_in: Client, fault: Fault) -> None:
    await fault("error_before", endpoint="system.ping", status=500, count=6)
    for _ in range(5):
        await failure(signed_in.api.call("system.ping", retry=False))
    blocked = await failure(signed_in.api.call("inventory.list", retry=False))
    assert (blocked.kind, blocked.was_sent) == (Kind.BREAKER_OPEN, False)
    assert blocked.retry_after is not None
    assert signed_in.monitor.part("api").state == "down"
    assert signed_in.monitor.part("api").next_attempt is not None
    assert len(signed_in.exchanges) == 5

    signed_in.clock.elapsed += blocked.retry_after
    trial, other = await asyncio.gather(
        failure(signed_in.api.call("system.ping", retry=False)),
        failure(signed_in.api.call("system.ping", retry=False)),
    )
    assert {trial.kind, other.kind} == {Kind.SERVER, Kind.BREAKER_OPEN}
    signed_in.api.try_now()
    assert (await signed_in.api.call("system.ping")).status == 200
    assert signed_in.monitor.part("api").state == "up"


async def test_a_dead_server_costs_little_more_than_the_calls(make_client: MakeClient) -> None:
    client = make_client(BASE, api_key="k", transport=httpx.MockTransport(lambda request: httpx.Response(503)))
    for _ in range(60):
        client.api.try_now()
        await failure(client.api.call("system.ping"))
    assert len(client.exchanges) < 60 + 10 + 10


async def test_a_cancelled_call_leaves_the_next_one_its_way(make_client: MakeClient) -> None:
    asked = asyncio.Event()
    async with listening(None, asked=asked.set) as port:
        client = make_client(f"http://127.0.0.1:{port}")
        task = asyncio.create_task(client.api.call("system.ping"))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await failure(client.api.call("system.ping", retry=False))).kind is Kind.UNREACHABLE


# --- what is reported ------------------------------------------------------------------------------------


async def test_the_monitor_hears_of_every_exchange(signed_in: Client, fault: Fault) -> None:
    await signed_in.api.call("system.ping")
    await fault("not_json", endpoint="sales.list", count=1)
    await failure(signed_in.api.call("sales.list", retry=False))
    snapshot = signed_in.monitor.snapshot()
    assert snapshot.endpoints["system.ping"].works
    assert snapshot.endpoints["sales.list"].works is False
    assert snapshot.overall == "limited"
    assert snapshot.reason is not None
    keys = [event.key for event in signed_in.events if event.category == "api"]
    assert keys.count("connection.exchange") >= 3


async def test_secrets_are_in_no_report(client: Client) -> None:
    await client.session.use_api_key("very-secret-key")
    await failure(client.session.login("owner@clutch.test", "not-the-password"))
    await client.session.login("owner@clutch.test", demo_data.PASSWORD)
    token = await client.session.bearer()
    assert token
    await client.api.request("GET", "/system/ping", query={"token": token})
    seen = repr(client.exchanges) + repr(client.events) + repr(client.monitor.snapshot())
    assert len(client.exchanges) >= 3
    for secret in ("very-secret-key", "not-the-password", demo_data.PASSWORD, token, client.vault.read().refresh_token):
        assert secret
        assert secret not in seen


async def test_a_call_by_hand_counts_for_the_endpoint_that_it_is(signed_in: Client) -> None:
    answer: Any = await signed_in.api.request("GET", "/system/health")
    assert answer.data["status"]
    assert signed_in.monitor.figures("system.health").calls == 1
