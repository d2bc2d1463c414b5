"""The REST interface as typed calls: one client for life, with credentials, retries, a breaker and figures."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from clutch_tui import __version__
from clutch_tui.core.clock import Clock, SystemClock
from clutch_tui.net.connection import Exchange, Monitor
from clutch_tui.net.endpoints import BY_NAME, Endpoint
from clutch_tui.net.errors import ANSWERED, BREAKS, LINE_DOWN, ApiError, FieldError, Kind, from_answer, from_exception
from clutch_tui.net.retry import ATTEMPTS, Breaker, Budget, backoff

if TYPE_CHECKING:
    import httpx

    from clutch_tui.config import Backend
    from clutch_tui.net.session import Session

__all__ = ["Answer", "Api", "ApiError", "FieldError", "Kind"]

ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an unpacked answer; a full page of five thousand records is a tenth of it."""
SEEN_LIMIT = 2_000
DEBUG_LIMIT = 16_000
# POST, but harmless to repeat: their ledger takes care.
_REPEATABLE = frozenset({"inventory.sync", "sales.sync", "auth.verify"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer. `data` is the envelope's, or the whole body where there is no envelope; `envelope` is
    what else stood beside it. Numbers with a point are `Decimal`. Header names are in lower case.

    An answer that `is_unchanged` has no data: what was kept under the `etag` of the call still holds."""

    status: int
    data: Any
    envelope: Mapping[str, Any]
    headers: Mapping[str, str]
    elapsed_ms: float
    size: int
    request_id: str

    @property
    def pagination(self) -> Mapping[str, Any]:
        """`page`, `limit`, `total`, `pages`, wherever this server puts them; empty where it has none."""
        inside = self.data.get("pagination") if isinstance(self.data, dict) else None
        found = inside or self.envelope.get("pagination")
        return found if isinstance(found, dict) else {}

    @property
    def replayed(self) -> bool:
        """The server had done this before and repeated its answer."""
        return self.headers.get("idempotent-replay", "").lower() == "true"

    @property
    def etag(self) -> str | None:
        """The server's mark of this state of the data, to be named in the next call."""
        return self.headers.get("etag")

    @property
    def is_unchanged(self) -> bool:
        return self.status == 304


@dataclass(frozen=True, slots=True)
class _Request:
    """One call, ready to be sent as often as it takes."""

    name: str
    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    idempotency_key: str | None = None
    timeout: float | None = None
    probe: bool = False
    etag: str | None = None

    @property
    def repeatable(self) -> bool:
        return (
            self.method in ("GET", "HEAD", "PUT", "DELETE")
            or self.idempotency_key is not None
            or self.name in _REPEATABLE
        )


class Api:
    """The backend. Make one, keep it, `close()` it; nothing is opened before the first call.

    `transport`, `clock` and `chance` are handed in by tests and the simulation. `on_exchange` sees every single
    exchange, secrets removed, with its bodies: the debug log.
    """

    def __init__(
        self,
        settings: Backend,
        *,
        session: Session,
        monitor: Monitor,
        device_id: str,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._monitor = monitor
        self._device_id = device_id
        self._clock = clock or SystemClock()
        self._chance = chance or random.Random()
        self._transport = transport
        self.on_exchange = on_exchange
        self.is_cut = False
        """Somebody has cut the connection on purpose: nothing goes out, whoever asks."""
        self._methods: dict[str, str] = {}
        self._client: httpx.AsyncClient | None = None
        self._is_proxied = False
        self._opening = asyncio.Lock()
        self.breaker = Breaker(self._clock.monotonic, self._chance)
        self._budget = Budget()
        session.bind(self.send_as)

    async def call(
        self,
        name: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - handed on to the transport, phase by phase
        retry: bool = True,
        probe: bool = False,
        etag: str | None = None,
    ) -> Answer:
        """Call an endpoint of the catalogue. Raises `ApiError`.

        `retry=False` makes one attempt (and one more under a fresh token), for callers with a timer of their
        own. Without it only what may be repeated is: reads, PUT, DELETE, the sync calls, and anything that
        carries an `idempotency_key`, which must stay the same for every retry of one change. A `probe` goes past
        the breaker and does not count there: a tester asks for trouble. With the `etag` of an earlier answer the
        server may say that it `is_unchanged`.
        """
        endpoint = BY_NAME[name]
        request = _request(endpoint, endpoint.url(**(path or {})), query, body, idempotency_key, timeout)
        request = replace(request, probe=probe, etag=etag, method=self._methods.get(name, request.method))
        try:
            return await self._run(request, retry and not probe)
        except ApiError as error:
            if error.kind is not Kind.MISSING_ROUTE or endpoint.also in ("", request.method):
                raise
        answer = await self._run(replace(request, method=endpoint.also), retry and not probe)
        self._methods[name] = endpoint.also
        return answer

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        retry: bool = True,
    ) -> Answer:
        """Any method on any path below the base URL, like a call by hand. Raises `ApiError`."""
        endpoint = next((one for one in BY_NAME.values() if (one.method, one.path) == (method, path)), None)
        endpoint = endpoint or Endpoint(f"{method} {path}", method.upper(), path)
        return await self._run(_request(endpoint, path, query, body, idempotency_key, timeout), retry)

    @property
    def base_url(self) -> str:
        return self._settings.base_url

    @property
    def shop_id(self) -> str:
        return self._settings.shop_id

    @property
    def device_id(self) -> str:
        return self._device_id

    def try_now(self) -> None:
        """Forget that the server was down: the next call goes out, whatever the breaker thinks."""
        self.breaker.reset()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    # --- attempts -----------------------------------------------------------------------------------

    async def _run(self, request: _Request, retry: bool) -> Answer:
        self._budget.earn()
        attempt = 1
        while True:
            try:
                return await self._attempt(request, attempt)
            except ApiError as error:
                if not (retry and self._may_repeat(request, error, attempt)):
                    raise
                wait = backoff(attempt, self._chance)
                if error.retry_after is not None:
                    wait = max(wait, error.retry_after)
                if wait > 60 or self.breaker.wait > wait or not self._budget.spend():
                    raise
                self._monitor.note("info", "api", "connection.retry", endpoint=request.name, seconds=round(wait, 1))
            await self._clock.sleep(wait)
            attempt += 1

    def _may_repeat(self, request: _Request, error: ApiError, attempt: int) -> bool:
        if attempt >= ATTEMPTS or not error.passing or error.kind is Kind.BREAKER_OPEN:
            return False
        return request.repeatable or not error.was_sent

    async def _attempt(self, request: _Request, attempt: int) -> Answer:
        """One attempt under the session's credentials, and one more where those turn out to be stale."""
        bearer = await self._session.bearer()
        try:
            answer = await self._send(request, bearer, attempt)
        except ApiError as error:
            if error.kind is not Kind.UNAUTHORIZED:
                raise
            if bearer is None or bearer == self._session.api_key:
                self._session.refused(bearer)
                raise
            if not await self._session.renew(bearer):
                raise ApiError(Kind.SIGNED_OUT, status=error.status, code=error.code) from error
            return await self._send(request, await self._session.bearer(), attempt)
        self._session.accepted(bearer)
        return answer

    async def send_as(self, name: str, body: object, *, bearer: str | None, probe: bool = False) -> Answer:
        """One exchange under other credentials than the session's, without renewal or retry."""
        endpoint = BY_NAME[name]
        request = _request(endpoint, endpoint.path, None, body, None, None)
        return await self._send(replace(request, probe=probe), bearer, 1)

    async def _send(self, request: _Request, bearer: str | None, attempt: int) -> Answer:
        """One exchange: out, back, judged, reported. Everything that leaves here is an `ApiError`."""
        if not self._settings.base_url:
            raise ApiError(Kind.NOT_SET_UP)
        if self.is_cut:
            raise ApiError(Kind.CUT)
        if not (request.probe or self.breaker.enter()):
            raise ApiError(Kind.BREAKER_OPEN, retry_after=self.breaker.wait)
        if self._monitor.part("api").state == "off":
            self._monitor.set("api", "connecting")
        record = _Record(request, self._headers(request, bearer), attempt)
        try:
            client = await self._open()
            answer = await self._exchange(client, record)
        except ApiError as error:
            error.elapsed_ms = round(record.ms, 1)
            self._report(record, error)
            raise
        except BaseException:
            if not request.probe:
                self.breaker.released()
            raise
        self._report(record, None)
        return answer

    async def _exchange(self, client: httpx.AsyncClient, record: _Record) -> Answer:
        import httpx

        request, host = record.request, self._host
        outgoing = client.build_request(
            request.method,
            self._settings.base_url + request.path,
            params={name: value for name, value in request.query.items() if value is not None},
            content=request.body,
            headers=record.headers,
        )
        record.url = str(outgoing.url)
        limit = request.timeout or self._settings.sync_timeout
        try:
            async with asyncio.timeout(limit):
                response = await client.send(outgoing, stream=True)
                record.status = response.status_code
                record.response_headers = {name.lower(): value for name, value in response.headers.items()}
                try:
                    record.response = await _read(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise ApiError(Kind.TIMEOUT, host=host) from None
        except httpx.HTTPError as error:
            raise from_exception(error, host, proxied=self._is_proxied) from error
        except httpx.InvalidURL as error:
            raise ApiError(Kind.UNREACHABLE, message=str(error)[:200], host=host) from error
        finally:
            record.ms = (time.perf_counter() - record.started) * 1000
        return _judge(record)

    # --- around it ----------------------------------------------------------------------------------

    def _headers(self, request: _Request, bearer: str | None) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"clutch-tui/{__version__}",
            "X-Device-ID": self._device_id,
            "X-Client-Version": __version__,
            "X-Request-ID": str(uuid.uuid4()),
        }
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if self._session.api_key:
            headers["X-API-Key"] = self._session.api_key
        if self._settings.shop_id:
            headers["X-Shop-ID"] = self._settings.shop_id
        if request.body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        if request.etag:
            headers["If-None-Match"] = request.etag
        return headers

    async def _open(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._client is None:
                if self._transport is not None:
                    self._client = self._make_client()
                else:  # reads the certificates and imports HTTP/2: 60 ms that no screen should wait for
                    self._client = await asyncio.to_thread(self._make_client)
            return self._client

    def _make_client(self) -> httpx.AsyncClient:
        import httpx

        from clutch_tui.config_rules import is_loopback
        from clutch_tui.net.egress import proxy_for, trusted

        settings = self._settings
        secure = settings.base_url.startswith("https://")
        if not secure and not is_loopback(self._host):
            raise ApiError(Kind.TLS, message=settings.base_url, host=self._host, fault="open_line")
        try:
            trust = trusted(settings.ca_file) if secure else False
        except OSError as error:
            message = f"{settings.ca_file}: {error.strerror or error}"[:200]
            raise ApiError(Kind.TLS, message=message, host=self._host, fault="ca_file") from error
        proxy = "" if self._transport else proxy_for(settings, settings.base_url)
        self._is_proxied = bool(proxy)
        try:
            return httpx.AsyncClient(
                transport=self._transport,
                verify=trust,
                http2=settings.http2 and secure,
                proxy=proxy or None,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
                limits=httpx.Limits(max_connections=10, keepalive_expiry=60),
            )
        except ValueError as error:  # a variable names a kind of proxy that nobody speaks any more
            raise ApiError(Kind.PROXY, message=str(error)[:200], host=self._host) from error

    @property
    def _host(self) -> str:
        return urlsplit(self._settings.base_url).hostname or ""

    def _report(self, record: _Record, error: ApiError | None) -> None:
        """Tell the breaker, the monitor and the debug log how it went."""
        if error is None or error.kind not in BREAKS:
            self.breaker.succeeded()
            self._monitor.set("api", "up")
        elif not record.request.probe:
            self.breaker.failed()
            self._mark_down(error)
        seen = SEEN_LIMIT if error is not None or self.on_exchange is not None else 0
        self._monitor.exchange(record.exchange(error, self._clock, seen))
        if self.on_exchange is not None:
            self.on_exchange(record.exchange(error, self._clock, DEBUG_LIMIT))

    def _mark_down(self, error: ApiError) -> None:
        """The line is down when the machine says so or when failures follow each other: one slow endpoint is
        no outage."""
        from datetime import timedelta

        again = self._clock.now() + timedelta(seconds=self.breaker.wait) if self.breaker.is_open else None
        was_up = self._monitor.part("api").state == "up"
        if self.breaker.is_open:
            self._monitor.set("api", "down", error.problem, again)
        elif error.kind in LINE_DOWN or self.breaker.failures > 1 or not was_up:
            self._monitor.set("api", "retrying", error.problem)


class _Record:
    """What is gathered while one exchange runs."""

    def __init__(self, request: _Request, headers: dict[str, str], attempt: int) -> None:
        self.request = request
        self.headers = headers
        self.attempt = attempt
        self.started = time.perf_counter()
        self.url = request.path
        self.ms = 0.0
        self.status: int | None = None
        self.response = b""
        self.response_headers: dict[str, str] = {}

    def exchange(self, error: ApiError | None, clock: Clock, bodies: int) -> Exchange:
        from clutch_tui.net.redaction import hide_body, hide_headers, hide_text

        return Exchange(
            endpoint=self.request.name,
            method=self.request.method,
            url=hide_text(self.url),
            at=clock.now(),
            ms=self.ms,
            status=self.status,
            size=len(self.response),
            request_id=self.headers["X-Request-ID"],
            attempt=self.attempt,
            works=error is None or error.kind in ANSWERED or _is_refused_login(self.request.name, error),
            passing=error is not None and error.passing,
            problem=error.problem if error else None,
            request_headers=hide_headers(self.headers) if bodies else {},
            response_headers=hide_headers(self.response_headers) if bodies else {},
            request_body=hide_body(self.request.body or b"", bodies) if bodies else "",
            response_body=hide_body(self.response, bodies) if bodies else "",
        )


def _is_refused_login(name: str, error: ApiError) -> bool:
    """A wrong password is the right answer of a login that works."""
    return error.kind is Kind.UNAUTHORIZED and name in ("auth.login", "auth.refresh")


def _request(
    endpoint: Endpoint,
    path: str,
    query: Mapping[str, Any] | None,
    body: object,
    idempotency_key: str | None,
    timeout: float | None,
) -> _Request:
    from clutch_tui.net import wire

    content = None if body is None else wire.dumps(body)
    return _Request(endpoint.name, endpoint.method, path, query or {}, content, idempotency_key, timeout)


_UNPACKED = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


async def _read(response: httpx.Response) -> bytes:
    """The body, unpacked, as long as it stays within reason. Packed twice, it would grow beyond all reason before
    it could be measured: one layer makes a thousand bytes out of one, two make a million."""
    packed = response.headers.get("content-encoding", "").strip().lower()
    if packed not in _UNPACKED:
        raise ApiError(Kind.NOT_JSON, status=response.status_code, message=f"Content-Encoding: {packed[:40]}")
    told = response.headers.get("content-length", "")
    if told.isdecimal() and int(told[:20]) > ANSWER_LIMIT:
        raise ApiError(Kind.ANSWER_TOO_LARGE, status=response.status_code)
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > ANSWER_LIMIT:
            raise ApiError(Kind.ANSWER_TOO_LARGE, status=response.status_code)
        parts.append(part)
    return b"".join(parts)


def _judge(record: _Record) -> Answer:
    """The answer, or the error that it means."""
    from clutch_tui.net import wire

    status, path = record.status or 0, record.request.path
    body: Any = None
    try:
        body = wire.loads(record.response) if record.response.strip() else None
    except wire.BadPayload as bad:
        if 200 <= status < 300:
            raise ApiError(Kind.NOT_JSON, status=status, message=bad.reason) from None
    is_unchanged = status == 304 and record.request.etag is not None
    if 300 <= status < 400 and not is_unchanged:
        raise ApiError(Kind.REDIRECTED, status=status, place=record.response_headers.get("location", "")[:200])
    if status >= 400 or (isinstance(body, dict) and body.get("success") is False):
        retry_after = _seconds(record.response_headers.get("retry-after"), record.response_headers.get("date"))
        raise from_answer(status, body, path=path, retry_after=retry_after)
    enveloped = isinstance(body, dict) and "success" in body and ("data" in body or len(body) <= 3)
    return Answer(
        status=status,
        data=body.get("data") if enveloped else body,
        envelope={name: value for name, value in body.items() if name != "data"} if enveloped else {},
        headers=record.response_headers,
        elapsed_ms=record.ms,
        size=len(record.response),
        request_id=record.headers["X-Request-ID"],
    )


def _seconds(retry_after: str | None, date: str | None) -> float | None:
    """`Retry-After` in seconds; a date counts from the server's own."""
    if not retry_after:
        return None
    try:
        return min(86_400.0, max(0.0, float(retry_after)))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(retry_after) - parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return None
    return min(86_400.0, max(0.0, until.total_seconds()))
