"""From a route to an answer: the envelope, who is calling, and the one place where failures get a status."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from clutch_tui.net.endpoints import BY_NAME, Endpoint

from . import payload, request_bodies
from .auth import Denied, Identity, identify
from .backend import Backend
from .payload import JSON, Invalid

log = logging.getLogger(__name__)
OPEN = frozenset({"auth.login", "auth.refresh"})
BODY_LIMIT = 1024 * 1024
_OFFER = {"Accept-Encoding": request_bodies.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Encoded:
    """Data that is JSON text already, encoded on the thread that read it."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that a handler returns; the envelope goes around it."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A failure with a place in the envelope."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        data: Any = None,
        errors: list[JSON] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.data, self.errors, self.headers = data, errors, headers or {}


@dataclass(slots=True)
class Call:
    """One request on its way to a handler."""

    backend: Backend
    request: Request
    endpoint: Endpoint
    identity: Identity
    body: JSON
    size: int = 0

    @property
    def shop_id(self) -> str:
        return self.identity.shop_id

    @property
    def device_id(self) -> str:
        return self.request.headers.get("x-device-id", "")

    @property
    def record_id(self) -> str:
        return str(self.request.path_params["id"])

    def query(self, name: str, default: str = "") -> str:
        return str(self.request.query_params.get(name, default)).strip()

    def whole(self, name: str, default: int, least: int = 0, most: int = 2**53) -> int:
        """A whole number from the query; raises `Invalid` for anything else or anything out of range."""
        given = self.query(name)
        if not given:
            return default
        if not given.isdecimal() or not least <= int(given) <= most:
            raise payload.invalid(name, f"must be a whole number from {least} to {most}")
        return int(given)


Handler = Callable[[Call], Awaitable[Answer]]
HANDLERS: dict[str, Handler] = {}


def endpoint(*names: str) -> Callable[[Handler], Handler]:
    """Register the handler of catalogue entries."""

    def register(handler: Handler) -> Handler:
        for name in names:
            if name in HANDLERS or name not in BY_NAME:
                raise ValueError(f"{name} has a handler already, or is not in the catalogue")
            HANDLERS[name] = handler
        return handler

    return register


def envelope(now: str, data: Any) -> str:
    text = data.text if isinstance(data, Encoded) else payload.dump(data)
    return f'{{"success":true,"data":{text},"timestamp":"{now}"}}'


def failure(now: str, refusal: Refusal) -> str:
    body: JSON = {"success": False, "error": refusal.code, "message": refusal.message, "timestamp": now}
    if refusal.errors:
        body["errors"] = refusal.errors
    if refusal.data is not None:
        body["data"] = refusal.data
    return payload.dump(body)


def refusal_of(problem: Refusal | Invalid | Denied) -> Refusal:
    if isinstance(problem, Refusal):
        return problem
    if isinstance(problem, Denied):
        return Refusal(401, problem.code, str(problem), headers={"WWW-Authenticate": "Bearer"})
    errors: list[JSON] = [{"field": error.field, "message": error.message} for error in problem.errors]
    return Refusal(422, "VALIDATION", str(problem), errors=errors)


def respond(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(text, status, _OFFER | (headers or {}), media_type="application/json")


async def serve(backend: Backend, entry: Endpoint, request: Request) -> Response:
    """Run one endpoint and answer in the envelope."""
    now = backend.database.now
    try:
        call = await _call(backend, entry, request)
        answer = await HANDLERS[entry.name](call)
    except (Refusal, Invalid, Denied) as problem:
        refusal = refusal_of(problem)
        return respond(failure(now, refusal), refusal.status, refusal.headers)
    except Exception:
        log.exception("%s failed", entry.name)
        refusal = Refusal(500, "SERVER_ERROR", "the server failed; it is in its log")
        return respond(failure(now, refusal), 500)
    if isinstance(answer.data, Ready):
        return respond(answer.data.text, answer.status, answer.headers)
    if entry.is_reference:
        return _marked(backend, request, answer)
    return respond(envelope(backend.database.now, answer.data), answer.status, answer.headers)


def _marked(backend: Backend, request: Request, answer: Answer) -> Response:
    """An answer under the mark of its data; empty where the caller has this data already."""
    text = answer.data.text if isinstance(answer.data, Encoded) else payload.dump(answer.data)
    mark = f'W/"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'
    headers = {**answer.headers, "ETag": mark, "Cache-Control": "private, no-cache"}
    known = {tag.strip() for tag in request.headers.get("if-none-match", "").split(",")}
    if mark in known or "*" in known:
        return Response(None, 304, _OFFER | headers)
    return respond(envelope(backend.database.now, Encoded(text)), answer.status, headers)


@dataclass(frozen=True, slots=True)
class Ready:
    """A whole answer with its envelope, as the ledger keeps it for replays."""

    text: str


async def _call(backend: Backend, entry: Endpoint, request: Request) -> Call:
    if entry.category == "system" or entry.name in OPEN:
        identity = Identity("")
    else:
        identity = await _identity(backend, request)
    raw = await _body(request)
    body: Any = {}
    if raw and entry.method != "GET":
        try:
            body = payload.load(raw)
        except (ValueError, RecursionError):
            raise Refusal(400, "MALFORMED_JSON", "the body is not JSON") from None
        if not isinstance(body, dict):
            raise Refusal(400, "MALFORMED_JSON", "the body must be an object")
    return Call(backend, request, entry, identity, body, len(raw))


async def _body(request: Request) -> bytes:
    try:
        return await request_bodies.read(request, BODY_LIMIT)
    except request_bodies.TooLarge:
        raise Refusal(413, "PAYLOAD_TOO_LARGE", f"more than {BODY_LIMIT} bytes") from None
    except request_bodies.BadPacking as problem:
        raise Refusal(400, "MALFORMED_GZIP", f"the body is not gzip: {problem}") from None
    except request_bodies.UnknownPacking as problem:
        raise Refusal(415, "UNKNOWN_ENCODING", f"Content-Encoding {str(problem)[:40]} is not spoken here") from None


async def _identity(backend: Backend, request: Request) -> Identity:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else ""
    identity = await backend.read(identify, token, request.headers.get("x-api-key", ""))
    shop_id = request.headers.get("x-shop-id", "")
    if shop_id and shop_id != identity.shop_id:
        raise Refusal(403, "SHOP_MISMATCH", "these credentials belong to another shop")
    return identity
