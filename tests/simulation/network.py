"""The line between a terminal and the server, and everything that lines, proxies and servers do to a call.

An exchange is two journeys. Each may be late, lost, or come twice; a call that the terminal has given up
travels on and arrives whenever it arrives. Lost means either that the terminal notices (the connection breaks)
or that it does not (nothing ever comes back), which only its own timeout ends.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from .server import Server

CHOICES = (0, 0, 0.03, 0.1, 0.25)
"""How often one kind of fault strikes in one run: most kinds are absent, so that the others show."""

KINDS = (
    "refused",
    "lost request",
    "lost answer",
    "silent",
    "twice",
    "late request",
    "late answer",
    "error before",
    "error after",
    "unauthorized",
    "unauthorized within",
    "death within",
    "rate limit",
    "busy",
    "not json",
    "truncated",
    "cut",
    "frame lost",
    "frame twice",
    "late frame",
)


class _Torn(httpx.AsyncByteStream):
    """A body whose connection breaks in the middle."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise httpx.RemoteProtocolError("the connection broke in the middle of the body")


@dataclass(frozen=True, slots=True)
class Message:
    """A request on its way."""

    method: str
    url: httpx.URL
    headers: dict[str, str]
    body: bytes
    sender: str
    """The terminal that sent it."""

    @property
    def path(self) -> str:
        return self.url.path.removeprefix("/api/v1")

    @property
    def key(self) -> str:
        """The change that a REST write carries; empty for everything else."""
        return self.headers.get("idempotency-key", "")


Answer = tuple[int, dict[str, str], bytes]


NOUNS = ("inventory", "sales", "customers", "suppliers", "orders")


class Weather:
    """How bad the line is in one run; `calm` ends all of it, but for the noun that is `broken`."""

    def __init__(self, rng: random.Random, trouble: random.Random) -> None:
        self._rng = rng
        self._trouble = trouble
        self.odds = {kind: rng.choice(CHOICES) for kind in KINDS}
        self.calm = False
        self.limit = trouble.choice((2_000, 5_000)) if trouble.random() < 0.15 else 0
        """Bytes that something on the way lets through; 0 for any number."""
        self.forbids = trouble.choice((0.03, 0.1)) if trouble.random() < 0.15 else 0.0
        """How often something on the way takes a call for an attack."""
        self.broken = trouble.choice(NOUNS) if trouble.random() < 0.15 else ""
        """The noun whose calls the server answers with 500 and nothing else until somebody mends it."""
        self.odds["unreadable"] = trouble.choice((0.03, 0.1)) if trouble.random() < 0.2 else 0.0

    def stops(self, message: Message) -> int:
        """The status with which a call ends before the application sees it; 0 where it gets through."""
        if self.broken and message.path.startswith(f"/{self.broken}"):
            return 500
        if self.calm:
            return 0
        if self.limit and len(message.body) > self.limit:
            return 413
        if self.forbids and self._trouble.random() < self.forbids:
            return 403
        return 0

    def strikes(self, kind: str, message: Message | None = None) -> bool:
        """Whether this goes wrong just now; `message` is what it would befall, where that is a call."""
        odds = self.odds[kind]
        return not self.calm and odds > 0 and self._rng.random() < odds

    def journey(self, kind: str) -> float:
        """Seconds that a message needs."""
        late = self._rng.choice((3.0, 20.0, 70.0)) if self.strikes(kind) else 0.0
        return self._rng.uniform(0.01, 0.2) + self._rng.uniform(0, late)


class Line(httpx.AsyncBaseTransport):
    """One terminal's way to the server. `poison` names the changes on which the server always breaks: with a 500,
    or (true) by dying without a word. In a sync call the sandbox's own fault does it, after the changes before."""

    def __init__(
        self,
        name: str,
        server: Server,
        weather: Weather,
        rng: random.Random,
        *,
        poison: Mapping[str, bool],
        note: Callable[..., None],
        on_page: Callable[[Message], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._name = name
        self._server = server
        self._weather = weather
        self._rng = rng
        self._poison = poison
        self._note = note
        self._on_page = on_page
        self._on_failure = on_failure
        self._under_way: set[asyncio.Task[None]] = set()
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        headers = {name: value for name, value in request.headers.items() if name not in ("accept-encoding", "host")}
        message = Message(request.method, request.url, headers, await request.aread(), self._name)
        answer: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        self._note("call", self._name, message.method, message.path, len(message.body))
        if self._weather.strikes("refused", message):
            await asyncio.sleep(self._weather.journey("late request"))
            raise httpx.ConnectError("connection refused")
        for _ in range(2 if self._weather.strikes("twice", message) else 1):
            self._send(self._travel(message, answer))
        response = await answer
        response.request = request
        return response

    def _send(self, journey: Any) -> None:
        task = asyncio.get_running_loop().create_task(journey)
        self._under_way.add(task)
        task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error)

    async def _travel(self, message: Message, answer: asyncio.Future[httpx.Response]) -> None:
        """There and back again. Whatever comes back after another answer has come goes nowhere."""
        await asyncio.sleep(self._weather.journey("late request"))
        if self._weather.strikes("lost request", message):
            self._lose(message, answer)
            return
        response = await self._serve(message)
        await asyncio.sleep(self._weather.journey("late answer"))
        if response is None or self._weather.strikes("lost answer", message):
            self._lose(message, answer)
            return
        if not answer.done():
            answer.set_result(response)

    def _lose(self, message: Message, answer: asyncio.Future[httpx.Response]) -> None:
        if not self._weather.strikes("silent", message) and not answer.done():
            answer.set_exception(httpx.ReadError("the connection was reset"))

    async def _serve(self, message: Message) -> httpx.Response | None:
        """What the server does with the request, and what it answers; None where it dies before that."""
        strikes = partial(self._weather.strikes, message=message)
        if status := self._weather.stops(message):
            self._note("stopped", self._name, message.path, status)
            return httpx.Response(status, content=b"<html>not here, not now</html>")
        if message.key in self._poison:
            return None if self._poison[message.key] else _failure(500, "SERVER_ERROR")
        if strikes("error before"):
            return _failure(self._rng.choice((500, 502, 503)), "SERVER_ERROR")
        if strikes("unauthorized"):
            return _failure(401, "TOKEN_EXPIRED")
        if strikes("rate limit"):
            return _failure(429, "RATE_LIMITED", {"retry-after": str(self._rng.randint(1, 9))})
        died = strikes("death within")
        self._arm_within(message, died)
        status, headers, body = await self._server.handle(message)
        self._disarm_within()
        if b'"more":true' in body:
            self._on_page(message)
        self._note("served", self._name, message.path, status, len(body))
        if died or (status == 500 and self._chokes(message)):
            return None
        if strikes("error after"):
            return _failure(self._rng.choice((500, 502, 504)), "SERVER_ERROR")
        if strikes("not json"):
            return httpx.Response(200, content=b"<html>502 Bad Gateway</html>")
        if status == 200 and message.path.endswith("/sync") and strikes("unreadable"):
            body = self._garbled(body)
        if strikes("truncated"):
            return self._truncated(status, headers, body)
        return httpx.Response(status, headers=headers, content=body)

    def _chokes(self, message: Message) -> bool:
        """Is there a change in this call on which the server does not answer 500 but dies?"""
        return any(dies and change_id.encode() in message.body for change_id, dies in self._poison.items())

    def _truncated(self, status: int, headers: dict[str, str], body: bytes) -> httpx.Response:
        """Cut off by a broken connection, or by a proxy that finds half an answer good enough."""
        if self._rng.random() < 0.5:
            return httpx.Response(status, headers=headers, stream=_Torn(body))
        return httpx.Response(status, headers=headers, content=body[: len(body) // 2])

    def _garbled(self, body: bytes) -> bytes:
        """An answer of which one row, or one result, makes no sense."""
        answer = json.loads(body)
        data = answer.get("data") or {}
        rows = [row for row in data.get("changes", ()) if "stock_quantity" in row and not row.get("deleted")]
        results = list(data.get("results", {}).values())
        spoilt = self._rng.choice(rows + results) if rows + results else None
        if spoilt is None:
            return body
        self._note("unreadable", self._name, spoilt.get("id") or spoilt.get("status"))
        spoilt |= {"stock_quantity": "15.55555"} if "stock_quantity" in spoilt else {"seq": 10**30}
        return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()

    def _arm_within(self, message: Message, died: bool) -> None:
        """Faults in the middle of a batch: the changes before are committed, the others were never seen."""
        faults = self._server.backend.faults
        if died or self._weather.strikes("unauthorized within", message):
            faults.arm({"kind": "unauthorized", "endpoint": "*.sync", "after_changes": self._rng.randint(0, 3)})
        if self._weather.strikes("busy", message):
            faults.arm({"kind": "retry", "endpoint": "*.sync", "retry_after": self._rng.randint(1, 20)})

    def _disarm_within(self) -> None:
        faults = self._server.backend.faults
        faults.clear("unauthorized_within")
        faults.clear("retry")


def _failure(status: int, code: str, headers: dict[str, str] | None = None) -> httpx.Response:
    body = {"success": False, "error": code, "message": "a simulated fault", "timestamp": ""}
    return httpx.Response(status, headers=headers, json=body)
