"""One attempt at a call: what is sent, what is gathered while it runs, and what its answer means."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from clutch_tui.core.clock import Clock
from clutch_tui.net.client.errors import ANSWERED, ApiError, Kind, from_answer
from clutch_tui.net.endpoints import Endpoint
from clutch_tui.net.monitor import LoggedCall

if TYPE_CHECKING:
    import httpx

ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an unpacked answer; a full page of five thousand records is a tenth of it."""
# POST, but harmless to repeat: their ledger takes care.
_REPEATABLE = frozenset({"inventory.sync", "sales.sync", "auth.verify"})
# What stands around the data; a body with more than this and no `data` is the data.
_AROUND = frozenset({"success", "message", "timestamp", "error"})
# How a body may be packed, once. Packed twice it would grow beyond all reason before it could be measured: one
# layer makes a thousand bytes out of one, two make a million.
_PACKINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


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
    def whole(self) -> Any:
        """The data with what stands beside it: where some servers put the token of a sign-in."""
        if not isinstance(self.data, dict):
            return self.data
        return {**{name: value for name, value in self.envelope.items() if name not in _AROUND}, **self.data}

    @property
    def pagination(self) -> Mapping[str, Any]:
        """`page`, `limit`, `total`, `pages`, wherever this server puts them; empty where it has none."""
        inside = self.data.get("pagination") if isinstance(self.data, dict) else None
        pagination = inside or self.envelope.get("pagination")
        return pagination if isinstance(pagination, dict) else {}

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
class Request:
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


class Record:
    """The record of one exchange, gathered while it runs."""

    def __init__(self, request: Request, headers: dict[str, str], attempt: int, packed: bytes | None = None) -> None:
        self.request = request
        self.headers = headers if packed is None else headers | {"Content-Encoding": "gzip"}
        self.packed = packed
        self.attempt = attempt
        self.started = time.perf_counter()
        self.url = request.path
        self.ms = 0.0
        self.status: int | None = None
        self.response = b""
        self.response_headers: dict[str, str] = {}
        self.received = 0
        """Bytes of the answer's body as they came over the line."""

    @property
    def is_packed(self) -> bool:
        return self.packed is not None

    @property
    def body(self) -> bytes | None:
        """Return what goes over the line."""
        return self.request.body if self.packed is None else self.packed

    def exchange(self, error: ApiError | None, clock: Clock, bodies: int) -> LoggedCall:
        from clutch_tui.security.redaction import hide_body, hide_headers, hide_text

        return LoggedCall(
            endpoint=self.request.name,
            method=self.request.method,
            url=hide_text(self.url),
            at=clock.now(),
            ms=self.ms,
            status=self.status,
            size=len(self.response),
            size_on_line=self.received,
            sent=len(self.request.body or b""),
            sent_on_line=len(self.body or b""),
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
    """A wrong password is the right answer of a login that works, a token that has ended of a logout that does."""
    return error.kind is Kind.UNAUTHORIZED and name in ("auth.login", "auth.refresh", "auth.logout")


def request_for(
    endpoint: Endpoint,
    path: str,
    query: Mapping[str, Any] | None,
    body: object,
    idempotency_key: str | None,
    timeout: float | None,
) -> Request:
    from clutch_tui.net import wire

    content = None if body is None else wire.dumps(body)
    return Request(endpoint.name, endpoint.method, path, query or {}, content, idempotency_key, timeout)


async def read_body(record: Record, response: httpx.Response, moved: Callable[[int], None]) -> bytes:
    """The body, unpacked, as long as it stays within reason; `moved` hears how many bytes have come by now."""
    packed = response.headers.get("content-encoding", "").strip().lower()
    if packed not in _PACKINGS:
        raise ApiError(Kind.NOT_JSON, status=response.status_code, message=f"Content-Encoding: {packed[:40]}")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > ANSWER_LIMIT:
        raise ApiError(Kind.ANSWER_TOO_LARGE, status=response.status_code)
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        record.received = response.num_bytes_downloaded
        moved(record.received)
        size += len(part)
        if size > ANSWER_LIMIT:
            raise ApiError(Kind.ANSWER_TOO_LARGE, status=response.status_code)
        parts.append(part)
    return b"".join(parts)


def judge(record: Record) -> Answer:
    """The answer, or the error that it means."""
    from clutch_tui.net import wire

    status, path = record.status or 0, record.request.path
    body: Any = None
    try:
        body = wire.loads(record.response) if record.response.strip() else None
    except wire.BadPayload as bad:
        if 200 <= status < 300 or record.response.lstrip()[:1] in (b"{", b"["):  # cut in the middle: it means nothing
            raise ApiError(Kind.NOT_JSON, status=status, message=bad.reason) from None
    is_unchanged = status == 304 and record.request.etag is not None
    if 300 <= status < 400 and not is_unchanged:
        raise ApiError(Kind.REDIRECTED, status=status, place=record.response_headers.get("location", "")[:200])
    if status >= 400 or (isinstance(body, dict) and body.get("success") is False):
        retry_after = seconds(record.response_headers.get("retry-after"), record.response_headers.get("date"))
        raise from_answer(status, body, path=path, method=record.request.method, retry_after=retry_after)
    enveloped = isinstance(body, dict) and "success" in body and ("data" in body or body.keys() <= _AROUND)
    return Answer(
        status=status,
        data=body.get("data") if enveloped else body,
        envelope={name: value for name, value in body.items() if name != "data"} if enveloped else {},
        headers=record.response_headers,
        elapsed_ms=record.ms,
        size=len(record.response),
        request_id=record.headers["X-Request-ID"],
    )


def seconds(retry_after: str | None, date: str | None) -> float | None:
    """A `Retry-After` in seconds; a date counts from the server's own."""
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
