"""The backend as a server without sync: what a shop meets that points its terminal at a server we did not write.

It stands between the line and the application and takes away what a server may lack: the sync calls,
cursors, conflict detection, the memory for `Idempotency-Key`, our ids. What it answers may be a bare list with `_id`
and camelCase names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import payload
from .payload import JSON

_EMPTY_ITEM = {"part_number": "", "barcode": "", "category": "", "location": "", "price": 0, "min_stock": 0}
SYNC = ("inventory.sync", "sales.sync")
_CATEGORIES = ("inventory", "sales", "customers", "suppliers", "orders")
_TRACKING = frozenset({"since_seq", "since", "snapshot", "epoch", "mark", "heard", "heard_mark"})
_OURS = frozenset({"seq", "version", "versions", "deleted", "flags"})
_MERGING = frozenset({"base", "was", "epoch", "heard"})


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain server: what it lacks, and how it writes. `status` is how it says that a route is missing."""

    missing: tuple[str, ...] = SYNC
    status: int = 404
    own_ids: bool = True
    remembers_keys: bool = False
    filters: bool = True
    """`updated_since` and `date_from` do something."""
    searches: bool = True
    bare: bool = False
    replaces: bool = False
    """A PUT empties every field that it does not name."""
    moves_stock: bool = True
    """A sale reduces the stock by itself, and a void puts it back."""

    @property
    def tracks(self) -> bool:
        """Half a server still numbers its records."""
        return not all(name in self.missing for name in SYNC)


def read(given: JSON) -> Plain:
    """The options of `/__control`; raises `Invalid` for a value of another kind."""
    values: JSON = {}
    for about in fields(Plain):
        if about.name not in given:
            continue
        value, default = given[about.name], getattr(Plain(), about.name)
        if isinstance(default, tuple):
            value = tuple(str(name) for name in value) if isinstance(value, list) else value
        if type(value) is not type(default):
            raise payload.invalid(about.name, f"must be like {default}")
        values[about.name] = value
    return Plain(**values)


class PlainServer:
    """ASGI middleware; does nothing while `plain()` is None."""

    def __init__(self, app: ASGIApp, plain: Callable[[], Plain | None], name_of: Callable[[Scope], str | None]) -> None:
        self._app, self._plain, self._name_of = app, plain, name_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = self._plain()
        name = self._name_of(scope) if plain is not None and scope["type"] == "http" else None
        if plain is None:
            await self._app(scope, receive, send)
            return
        if name is None or name.partition(".")[0] not in _CATEGORIES:
            await self._app(scope, receive, _offering_nothing(send))
            return
        if any(header == b"content-encoding" for header, _ in scope["headers"]):
            await _send(send, 415, b"Unsupported Media Type", "text/plain")
            return
        if name in plain.missing:
            await _send(send, plain.status, b"Cannot find it", "text/plain")
            return
        body = _asked(plain, name, await _body(receive))
        answer = await self._answer(_simplified(plain, name, scope, body), body)
        await _send(send, answer[0], _told(plain, name, *answer), "application/json")

    async def _answer(self, scope: Scope, body: bytes) -> tuple[int, bytes]:
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        return messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:])


def _offering_nothing(send: Send) -> Send:
    """The answers of a server that takes no packed bodies."""

    async def pass_on(message: Message) -> None:
        if "headers" in message:
            kept = [(name, value) for name, value in message["headers"] if name.lower() != b"accept-encoding"]
            message = {**message, "headers": kept}
        await send(message)

    return pass_on


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _send(send: Send, status: int, body: bytes, kind: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _asked(plain: Plain, name: str, body: bytes) -> bytes:
    """The body of a write as such a server understands it."""
    try:
        given: Any = payload.load(body) if body else None
    except ValueError:
        return body
    if not isinstance(given, dict):
        return body
    left_out = _MERGING | ({"id"} if plain.own_ids and name.endswith(".create") else frozenset())
    if plain.tracks and not plain.own_ids:
        left_out = frozenset()
    if plain.replaces and name == "inventory.update":
        given = _EMPTY_ITEM | given
    return payload.dump({key: value for key, value in given.items() if key not in left_out}).encode()


def _simplified(plain: Plain, name: str, scope: Scope, body: bytes) -> Scope:
    ignored = frozenset() if plain.tracks else _TRACKING
    if not plain.filters:
        ignored |= {"updated_since", "date_from", "date_to"}
    if not plain.searches:
        ignored |= {"search"}
    query = [(key, value) for key, value in parse_qsl(scope["query_string"].decode()) if key not in ignored]
    forgotten = {b"content-length"} if plain.remembers_keys else {b"content-length", b"idempotency-key"}
    headers = [(key, value) for key, value in scope["headers"] if key not in forgotten]
    headers.append((b"content-length", str(len(body)).encode()))
    return {**scope, "query_string": urlencode(query).encode(), "headers": headers}


def _told(plain: Plain, name: str, status: int, body: bytes) -> bytes:
    """The answer in such a server's words; a refusal stays as it is."""
    answer: Any = payload.load(body)
    if status >= 400 or not isinstance(answer, dict):
        return body
    data = answer.get("data")
    if not plain.tracks:
        data = _without(data, _OURS)
    if not plain.bare:
        return payload.dump({**answer, "data": data}).encode()
    if name.endswith(".list") and isinstance(data, dict):
        data = next(value for value in data.values() if isinstance(value, list))
    return payload.dump(_renamed(data)).encode()


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_without(inner, names) for inner in value]
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return value


def _renamed(value: Any) -> Any:
    """`id` as `_id` and the rest in camelCase."""
    if isinstance(value, list):
        return [_renamed(inner) for inner in value]
    if isinstance(value, dict):
        return {"_id" if key == "id" else _camel(key): _renamed(inner) for key, inner in value.items()}
    return value


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)
