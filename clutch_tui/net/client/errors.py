"""The failures between here and the server, by kinds that a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from clutch_tui.errors import ClutchError
from clutch_tui.security.redaction import hide_text

if TYPE_CHECKING:
    import ssl

    import httpx


class Kind(StrEnum):
    """Each has a sentence `error.api.<kind>` that says what happened, what is safe, and what to do."""

    UNREACHABLE = "unreachable"
    UNKNOWN_HOST = "unknown_host"
    TIMEOUT = "timeout"
    DROPPED = "dropped"
    TLS = "tls"
    PROXY = "proxy"
    UNAUTHORIZED = "unauthorized"
    SIGNED_OUT = "signed_out"
    NOT_SIGNED_IN = "not_signed_in"
    BAD_CREDENTIALS = "bad_credentials"
    FORBIDDEN = "forbidden"
    MISSING_ROUTE = "missing_route"
    NOT_BACKEND = "not_backend"
    MISSING_RECORD = "missing_record"
    CONFLICT = "conflict"
    INVALID = "invalid"
    RATE_LIMITED = "rate_limited"
    TOO_LARGE = "too_large"
    TOO_OLD = "too_old"
    TOO_EARLY = "too_early"
    SERVER = "server"
    NOT_JSON = "not_json"
    REDIRECTED = "redirected"
    PORTAL = "portal"
    ANSWER_TOO_LARGE = "answer_too_large"
    BREAKER_OPEN = "breaker_open"
    CUT = "cut"
    NOT_SET_UP = "not_set_up"


TlsFault = Literal[
    "expired", "not_yet", "wrong_host", "self_signed", "unknown_issuer", "incomplete", "ca_file", "open_line", "no_tls"
]
"""What is wrong with the secure line, where that is known: `error.api.tls.<fault>` says what to do about it."""

# The line itself is down, whatever was asked.
LINE_DOWN = frozenset({Kind.UNREACHABLE, Kind.UNKNOWN_HOST, Kind.TLS, Kind.PROXY})
# Another attempt may go better.
PASSING = LINE_DOWN - {Kind.TLS} | {
    Kind.TIMEOUT,
    Kind.DROPPED,
    Kind.SERVER,
    Kind.NOT_BACKEND,
    Kind.RATE_LIMITED,
    Kind.TOO_EARLY,
    Kind.BREAKER_OPEN,
}
# What counts towards opening the breaker.
BREAKS = (
    LINE_DOWN
    | {Kind.TIMEOUT, Kind.DROPPED, Kind.SERVER, Kind.NOT_JSON, Kind.NOT_BACKEND}
    | {
        Kind.REDIRECTED,
        Kind.PORTAL,
    }
)
# Nothing has left this machine, so nothing can have happened on the other side.
NEVER_SENT = LINE_DOWN | {Kind.BREAKER_OPEN, Kind.CUT, Kind.NOT_SET_UP, Kind.SIGNED_OUT, Kind.NOT_SIGNED_IN}
# The server did something with the call and it went wrong: a change in it may be why.
SUSPICIOUS = frozenset({Kind.SERVER, Kind.TIMEOUT, Kind.DROPPED, Kind.NOT_JSON, Kind.INVALID, Kind.ANSWER_TOO_LARGE})
# Refusals that have nothing to do with what a call carries: who asks, how often, and by which way.
NOT_ABOUT_A_CHANGE = NEVER_SENT | {
    Kind.UNAUTHORIZED,
    Kind.RATE_LIMITED,
    Kind.MISSING_ROUTE,
    Kind.NOT_BACKEND,
    Kind.PORTAL,
    Kind.TOO_OLD,
}
# The same, but for what one call alone may lack: the others would meet it as well.
ABOUT_EVERY_CALL = NOT_ABOUT_A_CHANGE - {Kind.MISSING_ROUTE}
# Asking again soon would bring the same: the server has no such way for this, or not for us.
NOT_FOR_THIS = frozenset({Kind.FORBIDDEN, Kind.MISSING_ROUTE, Kind.TOO_LARGE})
# The endpoint did its work and said no.
ANSWERED = frozenset(
    {Kind.MISSING_RECORD, Kind.CONFLICT, Kind.INVALID, Kind.TOO_EARLY, Kind.BAD_CREDENTIALS, Kind.TOO_LARGE}
)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that the server refused, in its words."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class RefusalBody:
    """The body of an answer that refuses a call: its data, the fields that it names, and whether it came in the
    server's own form, and from nobody in between."""

    data: Any = None
    errors: tuple[FieldError, ...] = ()
    is_enveloped: bool = False


class ApiError(ClutchError):
    """A call that brought no usable answer.

    `code` is the server's own word (`EPOCH`, `TOKEN_EXPIRED`), `refusal` what came with it, `retry_after` the
    seconds the server or the breaker asks for. A `fault` of the secure line has a sentence of its own. As a text it is
    kind, status and code, for the log and for sentences that quote it.
    """

    def __init__(
        self,
        kind: Kind,
        *,
        status: int | None = None,
        code: str | None = None,
        message: str = "",
        retry_after: float | None = None,
        fault: TlsFault | None = None,
        refusal: RefusalBody = RefusalBody(),
        **values: object,
    ) -> None:
        super().__init__(f"error.api.{kind.value}" if fault is None else f"error.api.{kind.value}.{fault}")
        self.kind = kind
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.data = refusal.data
        self.errors = refusal.errors
        self.is_enveloped = refusal.is_enveloped
        self.elapsed_ms: float | None = None
        self.size = 0
        self.fault = fault
        self.values = {
            "status": status or 0,
            "code": code or "",
            "message": message,
            "seconds": round(retry_after or 0),
            "shop": "-",
            "fields": ", ".join(f"{error.field} ({error.message})" for error in refusal.errors),
            **values,
        }

    def __str__(self) -> str:
        return " ".join(str(word) for word in (self.kind, self.status, self.code) if word)

    @property
    def was_sent(self) -> bool:
        """False only where it is certain that the server has not seen the request."""
        return self.kind not in NEVER_SENT

    @property
    def passing(self) -> bool:
        return self.kind in PASSING


_BY_STATUS = {
    400: Kind.INVALID,
    401: Kind.UNAUTHORIZED,
    403: Kind.FORBIDDEN,
    405: Kind.MISSING_ROUTE,
    408: Kind.TIMEOUT,
    409: Kind.CONFLICT,
    410: Kind.MISSING_RECORD,
    413: Kind.TOO_LARGE,
    422: Kind.INVALID,
    425: Kind.TOO_EARLY,
    426: Kind.TOO_OLD,
    429: Kind.RATE_LIMITED,
    501: Kind.MISSING_ROUTE,
    511: Kind.PORTAL,  # "network authentication required": never the server's own word
}


def from_answer(status: int, body: Any, *, path: str, method: str = "", retry_after: float | None = None) -> ApiError:
    """The error that an answer with a bad status, or with `success: false`, means."""
    envelope = body if isinstance(body, dict) else {}
    code = envelope.get("error", envelope.get("code"))
    if isinstance(code, dict):  # {"error": {"code": ..., "message": ...}}
        envelope = {**envelope, **code}
        code = envelope.get("code")
    message = envelope.get("message")
    return ApiError(
        _kind(status, envelope, code, path),
        status=status,
        code=str(code)[:80] if isinstance(code, str | int) else None,
        message=hide_text(message)[:300] if isinstance(message, str) else "",
        retry_after=retry_after,
        refusal=RefusalBody(envelope.get("data", body), _field_errors(envelope.get("errors")), "success" in envelope),
        path=path,
        method=method,
    )


_CANNOT = ("cannot get", "cannot post", "cannot put", "cannot delete")


def _kind(status: int, envelope: dict[str, Any], code: object, path: str) -> Kind:
    if status == 404:
        return Kind.MISSING_ROUTE if _is_route_missing(envelope, code, path) else Kind.MISSING_RECORD
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return Kind.REDIRECTED
    return Kind.SERVER if status >= 500 else Kind.INVALID


def _is_route_missing(envelope: dict[str, Any], code: object, path: str) -> bool:
    """A 404 without our envelope, or with one that names the route ("Not found - /api/v1/ai/advice"): no such
    endpoint; otherwise no such record."""
    if "success" not in envelope:
        return True
    words = f"{code} {envelope.get('message', '')}".lower()
    return path.lower() in words or any(word in words for word in ("route", "endpoint", *_CANNOT))


def _field_errors(raw: object) -> tuple[FieldError, ...]:
    if isinstance(raw, dict):  # {"price": "must be a number"}
        raw = [{"field": name, "message": text} for name, text in raw.items()]
    if not isinstance(raw, list):
        return ()
    rows = [row for row in raw[:20] if isinstance(row, dict)]
    return tuple(
        FieldError(str(row.get("field", row.get("path", "")))[:60], str(row.get("message", row.get("msg", "")))[:200])
        for row in rows
    )


def from_exception(error: httpx.HTTPError, host: str, *, proxied: bool = False) -> ApiError:
    """The error behind one of httpx's: what the machine underneath said decides. What broke after the line stood
    is a broken line, whatever broke it: the request may have arrived."""
    import httpx

    text = str(error)[:200]
    if isinstance(error, httpx.ConnectTimeout):
        return ApiError(Kind.PROXY if proxied else Kind.UNREACHABLE, message=text or "timeout", host=host)
    if isinstance(error, httpx.TimeoutException):
        return ApiError(Kind.TIMEOUT, message=text, host=host)
    if isinstance(error, httpx.ConnectError):
        return from_os_error(error, host, proxied=proxied)
    if isinstance(error, httpx.ProxyError):
        return ApiError(Kind.PROXY, message=text, host=host)
    if isinstance(error, httpx.UnsupportedProtocol):
        return ApiError(Kind.UNREACHABLE, message=text, host=host)
    if isinstance(error, httpx.DecodingError):
        return ApiError(Kind.NOT_JSON, message=text, host=host)
    return ApiError(Kind.DROPPED, message=text, host=host)


def from_os_error(error: Exception, host: str, *, proxied: bool = False) -> ApiError:
    """The error behind a connection that could not be opened. Behind a proxy it is the proxy that was not
    reached: what lies beyond it the proxy tells in words of its own."""
    import socket
    import ssl

    text = str(error)[:200]
    causes = _causes(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return from_ssl_error(cause, host)
    if proxied:
        return ApiError(Kind.PROXY, message=text, host=host)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return ApiError(Kind.UNKNOWN_HOST, message=text, host=host)
    return ApiError(Kind.UNREACHABLE, message=text, host=host)


INCOMPLETE = frozenset(range(80, 95))
"""Those of OpenSSL's X509_V_ERR_* that only `VERIFY_X509_STRICT` finds: key identifiers and the like are missing."""
# OpenSSL's X509_V_ERR_*, and what they mean to a person.
_CERTIFICATE_FAULTS: dict[int, TlsFault] = {
    9: "not_yet",
    10: "expired",
    18: "self_signed",
    **dict.fromkeys((2, 19, 20, 21, 27), "unknown_issuer"),
    **dict.fromkeys((62, 64), "wrong_host"),
    **dict.fromkeys(INCOMPLETE, "incomplete"),
}
# What comes back from a server that speaks something else than TLS.
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"})


def from_ssl_error(error: ssl.SSLError, host: str) -> ApiError:
    """Tell why the secure line could not be opened. A handshake that simply ended says nothing about certificates."""
    import ssl

    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return ApiError(Kind.UNREACHABLE, message=str(error.reason or "TLS")[:200], host=host)
    reason = str(getattr(error, "verify_message", "") or error.reason or "TLS")[:200]
    fault = _CERTIFICATE_FAULTS.get(getattr(error, "verify_code", 0))
    if fault is None and error.reason in _NO_TLS:
        fault = "no_tls"
    return ApiError(Kind.TLS, message=reason, host=host, fault=fault)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all that stands behind it; anyio hides the addresses it tried in a group."""
    causes: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting and len(causes) < 50:
        cause = waiting.pop()
        if cause is None or cause in causes:
            continue
        causes.append(cause)
        waiting += [cause.__cause__, cause.__context__]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
    return causes
