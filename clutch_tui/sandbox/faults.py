"""Things that go wrong, on demand: what a line, a proxy, a server and a disk do to a shop on a bad day.

A fault waits for requests of its endpoint and hits them with its probability until its count is used up. Only
`--faults` enables the control, and only a loopback address reaches it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import payload
from .payload import JSON

KINDS = frozenset(
    {
        "latency",
        "drop_before",
        "drop_after",
        "unauthorized",
        "unauthorized_within",
        "rate_limit",
        "error_before",
        "error_after",
        "not_json",
        "truncated",
        "missing",
        "silent_socket",
        "poison",
        "retry",
    }
)
# Other words for the same: longer ones, and bare status codes.
ALIASES = {
    "drop_before_commit": "drop_before",
    "drop_after_commit": "drop_after",
    "401": "unauthorized",
    "429": "rate_limit",
    "purge_tombstones": "purge",
}


@dataclass(slots=True)
class Fault:
    """One thing that is to go wrong. `count` None goes on until it is cleared."""

    id: int
    kind: str
    endpoint: str = "*"
    count: int | None = 1
    probability: float = 1.0
    seconds: float = 1.0
    retry_after: float = 1.0
    status: int = 503
    change: str = ""
    after_changes: int = 0
    hits: int = 0

    def strikes(self, name: str, chance: Callable[[], float]) -> bool:
        """Does it hit this request? Uses up one of its count if it does."""
        if self.count == 0 or not fnmatchcase(name, self.endpoint):
            return False
        if self.probability < 1 and chance() >= self.probability:
            return False
        self.hits += 1
        if self.count is not None:
            self.count -= 1
        return True


class Faults:
    """The faults that are armed, in the order in which they were asked for."""

    def __init__(self, enabled: bool, chance: Callable[[], float]) -> None:
        self.enabled = enabled
        self._chance = chance
        self._armed: list[Fault] = []
        self._next = 1

    def arm(self, given: JSON) -> Fault:
        """Arm a fault from its JSON; raises `Invalid`."""
        kind = ALIASES.get(str(given.get("kind")), str(given.get("kind")))
        if kind not in KINDS:
            raise payload.invalid("kind", f"must be one of {', '.join(sorted(KINDS))}")
        fault = Fault(self._next, kind)
        for name in ("endpoint", "change"):
            if given.get(name) is not None:
                setattr(fault, name, str(given[name]))
        for name in ("probability", "seconds", "retry_after"):
            if given.get(name) is not None:
                setattr(fault, name, float(payload.number(given[name], name)))
        for name in ("count", "status", "after_changes"):
            if given.get(name) is not None:
                setattr(fault, name, int(payload.number(given[name], name)))
        if "count" in given and given["count"] is None:
            fault.count = None
        if kind == "unauthorized" and "after_changes" in given:
            fault.kind = "unauthorized_within"
        self._next += 1
        self._armed.append(fault)
        return fault

    def clear(self, kind: str = "") -> int:
        kind = ALIASES.get(kind, kind)
        before = len(self._armed)
        self._armed = [fault for fault in self._armed if kind and fault.kind != kind]
        return before - len(self._armed)

    def listing(self) -> list[JSON]:
        return [asdict(fault) for fault in self._armed]

    def strike(self, name: str, *kinds: str) -> Fault | None:
        """The first armed fault of these kinds that hits a request to `name`."""
        if not self.enabled:
            return None
        for fault in self._armed:
            if fault.kind in kinds and fault.strikes(name, self._chance):
                self._armed = [armed for armed in self._armed if armed.count != 0]
                return fault
        return None

    def strike_change(self, name: str, n: int, change_id: str, record_id: str) -> Fault | None:
        """The fault that hits change number `n` of a sync call: a token that ends there, a change on which
        the server always breaks (`poison`), or one that it puts off (`retry`)."""
        if not self.enabled:
            return None
        for fault in self._armed:
            aimed = fault.change in ("", change_id, record_id)
            here = fault.kind == "unauthorized_within" and n >= fault.after_changes
            if (here or (fault.kind in ("poison", "retry") and aimed)) and fault.strikes(name, self._chance):
                self._armed = [armed for armed in self._armed if armed.count != 0]
                return fault
        return None

    def socket_is_silent(self) -> bool:
        return self.strike("socket", "silent_socket") is not None


class FaultyLine:
    """ASGI middleware: stands between the socket and the application and spoils what passes."""

    def __init__(
        self,
        app: ASGIApp,
        faults: Faults,
        name_of: Callable[[Scope], str | None],
        cut: Callable[[Scope], Awaitable[None]],
        now: Callable[[], str],
    ) -> None:
        self._app, self._faults, self._name_of, self._cut, self._now = app, faults, name_of, cut, now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = self._name_of(scope) if scope["type"] == "http" and self._faults.enabled else None
        if name is None:
            await self._app(scope, receive, send)
            return
        if slow := self._faults.strike(name, "latency"):
            await asyncio.sleep(slow.seconds)
        before = self._faults.strike(name, "drop_before", "unauthorized", "rate_limit", "error_before", "missing")
        if before is not None:
            await self._instead(before, scope, send)
            return
        after = self._faults.strike(name, "drop_after", "error_after", "not_json", "truncated")
        if after is None:
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        await self._spoil(after, scope, send, messages)

    async def _instead(self, fault: Fault, scope: Scope, send: Send) -> None:
        """Answer without letting the application see the request."""
        if fault.kind == "drop_before":
            await self._cut(scope)
        elif fault.kind == "unauthorized":
            await self._fail(send, 401, "TOKEN_EXPIRED", {})
        elif fault.kind == "rate_limit":
            await self._fail(send, 429, "RATE_LIMITED", {"retry-after": f"{fault.retry_after:g}"})
        elif fault.kind == "missing":
            await _send(send, 404, b"Not Found", "text/plain", {})
        else:
            await self._fail(send, fault.status, "SERVER_ERROR", {})

    async def _spoil(self, fault: Fault, scope: Scope, send: Send, messages: list[Message]) -> None:
        """The work is committed; only its answer suffers."""
        body = b"".join(message.get("body", b"") for message in messages[1:])
        if fault.kind == "drop_after":
            await self._cut(scope)
        elif fault.kind == "error_after":
            await self._fail(send, fault.status, "SERVER_ERROR", {})
        elif fault.kind == "not_json":
            await _send(send, 200, b"<html><body>502 Bad Gateway</body></html>", "text/html", {})
        else:
            await send(messages[0])
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0)
            await self._cut(scope)

    async def _fail(self, send: Send, status: int, code: str, headers: dict[str, str]) -> None:
        answer = {"success": False, "error": code, "message": "a fault on demand", "timestamp": self._now()}
        await _send(send, status, payload.dump(answer).encode(), "application/json", headers)


async def _send(send: Send, status: int, body: bytes, media_type: str, headers: dict[str, str]) -> None:
    pairs: dict[str, Any] = {"content-type": media_type, "content-length": str(len(body))} | headers
    raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
