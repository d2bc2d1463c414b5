"""The REST interface as typed calls: one client for life, with credentials, retries, a breaker and figures."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from clutch_tui import __version__
from clutch_tui.core.clock import Clock, SystemClock
from clutch_tui.net.client.attempt import Answer, Record, Request, judge, read_body, request_for
from clutch_tui.net.client.errors import BREAKS, LINE_DOWN, ApiError, FieldError, Kind, from_exception
from clutch_tui.net.client.packing import Packing, pack
from clutch_tui.net.client.progress import PIECE, TransferPatience
from clutch_tui.net.client.recognition import Look, Recognition
from clutch_tui.net.client.retry import ATTEMPTS, Breaker, Budget, backoff
from clutch_tui.net.endpoints import BY_NAME, Endpoint
from clutch_tui.net.monitor import LoggedCall, Monitor

if TYPE_CHECKING:
    import httpx

    from clutch_tui.config.settings import Backend
    from clutch_tui.net.client.session import Session

__all__ = ["Answer", "Api", "ApiError", "FieldError", "Kind"]

SEEN_LIMIT = 2_000
DEBUG_LIMIT = 16_000
BUSY_FOR = 5.0
"""Seconds for which the line counts as busy after the last bytes of an answer."""
_ABOUT_A_BODY = frozenset({"Content-Type", "Content-Encoding", "Idempotency-Key", "If-None-Match"})


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
        on_exchange: Callable[[LoggedCall], None] | None = None,
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
        self._received_at = float("-inf")
        self._packing = Packing()
        self._client: httpx.AsyncClient | None = None
        self._is_proxied = False
        self._opening = asyncio.Lock()
        self.breaker = Breaker(self._clock.monotonic, self._chance)
        self._budget = Budget()
        self._recognition = Recognition(self._look, self._clock.monotonic)
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
        request = request_for(endpoint, endpoint.url(**(path or {})), query, body, idempotency_key, timeout)
        request = await self._by(self._methods.get(name, request.method), replace(request, probe=probe, etag=etag))
        try:
            return await self._run(request, retry and not probe)
        except ApiError as error:
            if error.kind is not Kind.MISSING_ROUTE or endpoint.also in ("", request.method):
                raise
        answer = await self._run(await self._by(endpoint.also, request), retry and not probe)
        self._methods[name] = endpoint.also
        return answer

    async def _by(self, method: str, request: Request) -> Request:
        """A request by the method that this server has for it. A token that is verified by POST stands in the body."""
        if request.name == "auth.verify" and method == "POST":
            from clutch_tui.net import wire

            request = replace(request, body=wire.dumps({"token": await self._session.bearer()}))
        return replace(request, method=method)

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
        endpoint = next(
            (endpoint for endpoint in BY_NAME.values() if (endpoint.method, endpoint.path) == (method, path)), None
        )
        endpoint = endpoint or Endpoint(f"{method} {path}", method.upper(), path)
        return await self._run(request_for(endpoint, path, query, body, idempotency_key, timeout), retry)

    @property
    def base_url(self) -> str:
        return self._settings.base_url

    @property
    def shop_id(self) -> str:
        return self._settings.shop_id

    @property
    def device_id(self) -> str:
        return self._device_id

    @property
    def packs(self) -> bool:
        """Tell whether bodies go out packed, as far as the server has said that it takes them."""
        return self._packing.is_taken

    @property
    def is_receiving(self) -> bool:
        """Tell whether bytes of an answer have come within the last seconds: the line is busy, not dead."""
        return self._clock.monotonic() - self._received_at < BUSY_FOR

    def try_now(self) -> None:
        """Forget that the server was down and what it lacked: the next call goes out, whatever the breaker thinks."""
        self.breaker.reset()
        self._recognition.forget()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    # --- attempts -----------------------------------------------------------------------------------

    async def _run(self, request: Request, retry: bool) -> Answer:
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

    def _may_repeat(self, request: Request, error: ApiError, attempt: int) -> bool:
        if attempt >= ATTEMPTS or not error.passing or error.kind is Kind.BREAKER_OPEN:
            return False
        return request.repeatable or not error.was_sent

    async def _attempt(self, request: Request, attempt: int) -> Answer:
        """One attempt under the session's credentials, and one more where those turn out to be stale."""
        bearer = await self._session.bearer()
        try:
            answer = await self._send(request, bearer, attempt)
        except ApiError as error:
            if error.kind is not Kind.UNAUTHORIZED:
                raise
            if bearer is None:
                kind = Kind.SIGNED_OUT if self._session.was_somebody else Kind.NOT_SIGNED_IN
                raise ApiError(kind, status=error.status, code=error.code) from error
            if bearer == self._session.api_key:
                if not request.probe:
                    self._session.refused(bearer)
                raise
            if request.probe:  # who only looks changes nothing: the next call of the program's own renews it
                raise
            if not await self._session.renew(bearer):
                raise ApiError(Kind.SIGNED_OUT, status=error.status, code=error.code) from error
            return await self._send(request, await self._session.bearer(), attempt)
        self._session.accepted(bearer)
        return answer

    async def send_as(
        self, name: str, body: object, *, bearer: str | None, probe: bool = False, path: str | None = None
    ) -> Answer:
        """One exchange under other credentials than the session's, without renewal or retry. Where `path` stands in
        for the endpoint's own, it counts for no endpoint."""
        endpoint = BY_NAME[name]
        if path is not None:
            endpoint = replace(endpoint, name="tester.control", path=path)
        request = request_for(endpoint, endpoint.path, None, body, None, None)
        return await self._send(replace(request, probe=probe), bearer, 1)

    async def _send(self, request: Request, bearer: str | None, attempt: int) -> Answer:
        """One exchange, its body packed where the server takes it; one more as it is where it did not. The same ids
        and the same key in both, so that it counts once, whichever the server has understood."""
        if request.body is None or not self._packing.suits(request):
            return await self._exchange_once(request, bearer, attempt)
        try:
            return await self._exchange_once(request, bearer, attempt, packed=pack(request.body))
        except ApiError as error:
            if not self._packing.is_doubted(error):
                raise
            refusal = error
        try:
            answer = await self._exchange_once(request, bearer, attempt)
        except ApiError as error:
            self._packing.compare(refusal.status, error.status)
            raise (error if error.was_sent else refusal) from None
        self._packing.compare(refusal.status, answer.status)
        return answer

    async def _exchange_once(
        self, request: Request, bearer: str | None, attempt: int, *, packed: bytes | None = None
    ) -> Answer:
        """Out, back, judged, reported. Everything that leaves here is an `ApiError`."""
        if not self._settings.base_url:
            raise ApiError(Kind.NOT_SET_UP)
        if self.is_cut:
            raise ApiError(Kind.CUT)
        if not (request.probe or self.breaker.enter()):
            raise ApiError(Kind.BREAKER_OPEN, retry_after=self.breaker.wait)
        if self._monitor.part("api").state == "off":
            self._monitor.set("api", "connecting")
        record = Record(request, self._headers(request, bearer), attempt, packed)
        try:
            client = await self._open()
            answer = await self._exchange(client, record)
        except ApiError as error:
            error.elapsed_ms, error.size = round(record.ms, 1), len(record.response)
            error.values = {**error.values, "shop": self._settings.shop_id or "-"}
            if error.kind is Kind.FORBIDDEN and "SHOP" in (error.code or "").upper():
                error.key = "error.api.forbidden.shop"
            self._report(record, error)
            raise
        except BaseException:
            if not request.probe:
                self.breaker.released()
            raise
        self._packing.answered(record)
        self._report(record, None)
        return answer

    async def _exchange(self, client: httpx.AsyncClient, record: Record) -> Answer:
        import httpx

        request, host = record.request, self._host
        progress = TransferPatience(self._note_bytes)
        in_pieces = self._transport is None and record.body is not None and len(record.body) > PIECE
        outgoing = client.build_request(
            request.method,
            self._settings.base_url + request.path,
            params={name: value for name, value in request.query.items() if value is not None},
            content=progress.pieces(record.body or b"") if in_pieces else record.body,
            headers=record.headers | ({"Content-Length": str(len(record.body or b""))} if in_pieces else {}),
        )
        record.url = str(outgoing.url)
        limit = request.timeout or self._settings.sync_timeout
        try:
            async with asyncio.timeout(limit) as patience:
                progress.patience, progress.limit = patience, limit
                response = await client.send(outgoing, stream=True)
                record.status = response.status_code
                record.response_headers = {name.lower(): value for name, value in response.headers.items()}
                try:
                    record.response = await read_body(record, response, progress.moved)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise ApiError(Kind.TIMEOUT, host=host) from None
        except httpx.HTTPError as error:
            raise await self._explain(from_exception(error, host, proxied=self._is_proxied)) from error
        except httpx.InvalidURL as error:
            raise ApiError(Kind.UNREACHABLE, message=str(error)[:200], host=host) from error
        finally:
            record.ms = (time.perf_counter() - record.started) * 1000
        return await self._judged(record)

    def _note_bytes(self) -> None:
        self._received_at = self._clock.monotonic()

    async def _judged(self, record: Record) -> Answer:
        """Return what the answer means. A missing route is believed where the server itself is there; else something
        answers in its place."""
        try:
            answer = judge(record)
        except ApiError as error:
            said_again = record.is_packed and self._packing.is_doubted(error)
            if error.kind is not Kind.MISSING_ROUTE or said_again or await self._recognition.is_missing(record):
                raise
            raise ApiError(Kind.NOT_BACKEND, status=error.status, path=record.request.path, host=self._host) from error
        self._recognition.works(record)
        self._compare_clocks(record)
        return answer

    def _compare_clocks(self, record: Record) -> None:
        """Every answer carries the server's time; one out of a store on the way would carry an old one."""
        if "age" not in record.response_headers and (date := record.response_headers.get("date")):
            with suppress(TypeError, ValueError):
                self._monitor.set_skew((self._clock.now() - parsedate_to_datetime(date)).total_seconds())

    async def _look(self, path: str, record: Record) -> Look | None:
        """One bare GET under the headers of another call, of which nobody is told; None where no answer came."""
        import httpx

        client = await self._open()
        headers = {name: value for name, value in record.headers.items() if name not in _ABOUT_A_BODY}
        headers["X-Request-ID"] = str(uuid.uuid4())
        outgoing = client.build_request(
            "GET", self._settings.base_url + path, params={"limit": 1}, content=None, headers=headers
        )
        try:
            async with asyncio.timeout(self._settings.read_timeout):
                answer = await client.send(outgoing, stream=True)
                try:
                    return Look(answer.status_code, await read_body(record, answer, lambda _size: None))
                finally:
                    await answer.aclose()
        except (TimeoutError, httpx.HTTPError, ApiError):
            return None

    async def _explain(self, error: ApiError) -> ApiError:
        """The most useful thing that can be said of a certificate."""
        if self._is_proxied or error.fault not in ("self_signed", "unknown_issuer"):
            return error
        from clutch_tui.net.client.egress import look_closer

        port = urlsplit(self._settings.base_url).port or 443
        return await look_closer(error, self._host, port, self._settings.connect_timeout)

    # --- around it ----------------------------------------------------------------------------------

    def _headers(self, request: Request, bearer: str | None) -> dict[str, str]:
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

        from clutch_tui.config.rules import is_loopback
        from clutch_tui.net.client.egress import proxy_for, trusted

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

    def _report(self, record: Record, error: ApiError | None) -> None:
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
