"""Every endpoint tried and judged, without leaving a trace in the shop.

What reads is called and its answer checked. What writes is asked for something that a sound server must refuse:
a record of the wrong types, an identity that does not exist. The refusal proves that the route is there and that
we have the right to use it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote
from uuid import uuid4

from clutch_tui.core.clock import Clock, SystemClock
from clutch_tui.net import wire
from clutch_tui.net.api import Answer, Api
from clutch_tui.net.connection import Monitor, Problem
from clutch_tui.net.endpoints import BY_NAME, ENDPOINTS, Endpoint
from clutch_tui.net.errors import ApiError, Kind
from clutch_tui.net.session import Session

State = Literal[
    "ok",
    "reachable",
    "slow",
    "invalid",
    "unauthorized",
    "forbidden",
    "missing",
    "rate_limited",
    "error",
    "timeout",
    "unreachable",
    "skipped",
]
WORKING: frozenset[State] = frozenset({"ok", "reachable", "slow"})
SLOW_MS = 2_000.0
AT_ONCE = 5
LONGEST_WAIT = 10.0

_STATES: dict[Kind, State] = {
    Kind.UNREACHABLE: "unreachable",
    Kind.UNKNOWN_HOST: "unreachable",
    Kind.TLS: "unreachable",
    Kind.PROXY: "unreachable",
    Kind.NOT_SET_UP: "unreachable",
    Kind.BREAKER_OPEN: "unreachable",
    Kind.TIMEOUT: "timeout",
    Kind.UNAUTHORIZED: "unauthorized",
    Kind.SIGNED_OUT: "unauthorized",
    Kind.BAD_CREDENTIALS: "unauthorized",
    Kind.FORBIDDEN: "forbidden",
    Kind.MISSING_ROUTE: "missing",
    Kind.RATE_LIMITED: "rate_limited",
    Kind.NOT_JSON: "invalid",
    Kind.REDIRECTED: "invalid",
    Kind.ANSWER_TOO_LARGE: "invalid",
}
_LINE_DOWN = frozenset({Kind.UNREACHABLE, Kind.UNKNOWN_HOST, Kind.TLS, Kind.PROXY, Kind.NOT_SET_UP})
# The right refusals of a probe.
_REFUSALS = frozenset({Kind.INVALID, Kind.MISSING_RECORD, Kind.CONFLICT})
# No server that looks at its input takes these for a record.
_DAMAGED: dict[str, Any] = {"name": {"not": "a name"}, "price": "not a price", "items": "not a list", "total": []}


@dataclass(frozen=True, slots=True)
class Result:
    """What one endpoint did. `problem` says what was wrong; the remedy's sentence is `tester.remedy.<state>`."""

    name: str
    category: str
    method: str
    path: str
    required: bool
    state: State
    status: int | None = None
    latency_ms: float | None = None
    size: int = 0
    problem: Problem | None = None

    @property
    def works(self) -> bool:
        return self.state in WORKING

    @property
    def remedy(self) -> str | None:
        return None if self.state in ("ok", "reachable") else f"tester.remedy.{self.state}"


@dataclass(frozen=True, slots=True)
class Report:
    """All results in the catalogue's order. `chosen` means that somebody named the endpoints to be tried."""

    base_url: str
    results: tuple[Result, ...]
    chosen: bool = False

    @property
    def summary(self) -> dict[str, int]:
        counts = Counter(result.state for result in self.results)
        working = sum(result.works for result in self.results)
        return {"total": len(self.results), "working": working, **dict(sorted(counts.items()))}

    @property
    def recommendations(self) -> tuple[str, ...]:
        """Keys of what to do, the most useful first, each once."""
        states = {result.state for result in self.results}
        order: tuple[State, ...] = (
            *("unreachable", "timeout", "unauthorized", "forbidden", "missing"),
            *("invalid", "error", "rate_limited", "slow"),
        )
        return tuple(f"tester.advice.{state}" for state in order if state in states)

    @property
    def exit_code(self) -> int:
        """0 all required ones work (all, where somebody chose them), 1 some do not, 3 nothing was reached."""
        judged = [result for result in self.results if result.state != "skipped"]
        if judged and all(result.state in ("unreachable", "timeout") for result in judged):
            return 3
        return int(any(not result.works for result in judged if result.required or self.chosen))


@dataclass(frozen=True, slots=True)
class _Probe:
    """How one endpoint is asked."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: object = None
    expects_refusal: bool = False


class Tester:
    """Tries endpoints through the program's own client, so that headers, token and proxy are the real ones."""

    def __init__(self, api: Api, session: Session, monitor: Monitor, *, clock: Clock | None = None) -> None:
        self._api = api
        self._session = session
        self._monitor = monitor
        self._clock = clock or SystemClock()

    async def run(
        self,
        names: Sequence[str] = (),
        *,
        category: str | None = None,
        on_result: Callable[[Result], None] = lambda result: None,
    ) -> Report:
        """Try the named endpoints, those of a category, or all; five at a time. Never raises for what the server
        does. `on_result` hears each one as it is done."""
        wanted = set(names)
        chosen = [
            one
            for one in ENDPOINTS
            if (not wanted or one.name in wanted) and (category is None or one.category == category)
        ]
        await self._session.open()
        line = await self._try_line()
        places = asyncio.Semaphore(AT_ONCE)
        results: dict[str, Result] = {}

        async def judge(endpoint: Endpoint) -> None:
            async with places:
                result = _result(endpoint, "unreachable", error=line) if line else await self._judge(endpoint)
            results[endpoint.name] = result
            on_result(result)

        async with asyncio.TaskGroup() as group:
            for endpoint in chosen:
                group.create_task(judge(endpoint))
        done = tuple(results[one.name] for one in chosen)
        return Report(self._api.base_url, done, chosen=bool(wanted or category))

    async def _try_line(self) -> ApiError | None:
        """The error that would be everybody's, found once instead of 47 times."""
        try:
            await self._api.send_as("system.ping", None, bearer=None, probe=True)
        except ApiError as error:
            return error if error.kind in _LINE_DOWN else None
        return None

    async def _judge(self, endpoint: Endpoint) -> Result:
        probe = await self._probe(endpoint)
        if probe is None:
            return _result(endpoint, "skipped")
        try:
            answer = await self._ask(endpoint, probe)
        except ApiError as error:
            if probe.expects_refusal and (error.kind in _REFUSALS or _is_refused_login(endpoint, error)):
                return _result(endpoint, "reachable", error=error, problem=None)
            return _result(endpoint, _STATES.get(error.kind, "error"), error=error, problem=error.problem)
        if probe.expects_refusal:
            return await self._undo(endpoint, answer)
        problem = _check(endpoint, answer)
        if problem is not None:
            return _result(endpoint, "invalid", answer=answer, problem=problem)
        return _result(endpoint, "slow" if answer.elapsed_ms > SLOW_MS else "ok", answer=answer)

    async def _ask(self, endpoint: Endpoint, probe: _Probe) -> Answer:
        """One call, and one more where the server asked for a moment's patience."""
        for last in (False, True):
            try:
                if endpoint.name in ("auth.login", "auth.refresh"):
                    return await self._api.send_as(endpoint.name, probe.body, bearer=None, probe=True)
                return await self._api.call(
                    endpoint.name, path=probe.path, query=probe.query, body=probe.body, probe=True
                )
            except ApiError as error:
                wait = error.retry_after if error.kind is Kind.RATE_LIMITED else None
                if last or wait is None or wait > LONGEST_WAIT:
                    raise
            await self._clock.sleep(wait)
        raise AssertionError("unreachable")

    async def _probe(self, endpoint: Endpoint) -> _Probe | None:
        """How to ask without leaving a trace; `None` where that is impossible."""
        if endpoint.name in ("auth.logout", "shop.update"):
            return None
        if endpoint.name == "auth.login":
            return _Probe(body={"email": 0, "emailOrPhone": 0, "password": 0}, expects_refusal=True)
        if endpoint.name == "auth.refresh":
            return _Probe(body={"refresh_token": "no-such-token"}, expects_refusal=True)
        if endpoint.action == "sync":
            return _Probe(body=self._empty_sync())
        if endpoint.name == "orders.get":
            known = await self._some_order()
            return _Probe(path={"id": known or str(uuid4())}, expects_refusal=known is None)
        if endpoint.reads:
            return _Probe(query={"limit": 5} if endpoint.action == "list" else {})
        if "{id}" in endpoint.path:
            body = None if endpoint.method == "DELETE" else _unharmful(endpoint)
            return _Probe(path={"id": str(uuid4())}, body=body, expects_refusal=True)
        return _Probe(body=_DAMAGED, expects_refusal=True)

    def _empty_sync(self) -> dict[str, Any]:
        """A round that brings nothing and asks for one row."""
        return {
            **{"protocol": 1, "shop_id": self._api.shop_id, "device_id": self._api.device_id},
            **{"lineage": str(uuid4()), "head": 0, "epoch": None, "cursor": 0, "snapshot": False},
            **{"since": None, "limit": 1, "changes": [], "unconfirmed": []},
        }

    async def _some_order(self) -> str | None:
        try:
            answer = await self._api.call("orders.list", query={"limit": 1}, probe=True)
            orders, _ = wire.read_rows("order", answer.data)
        except (ApiError, wire.BadPayload):
            return None
        return str(orders[0]["id"]) if orders else None

    async def _undo(self, endpoint: Endpoint, answer: Answer) -> Result:
        """A server that takes anything has taken our damaged record: delete it at once, and name it."""
        made = answer.data if isinstance(answer.data, dict) else {}
        identity = made.get("id", made.get("_id"))
        delete = BY_NAME.get(f"{endpoint.category}.delete")
        removed = False
        if endpoint.action == "create" and isinstance(identity, str | int) and delete is not None:
            try:
                await self._api.call(delete.name, path={"id": str(identity)}, probe=True)
                removed = True
            except ApiError as error:
                self._monitor.note("error", "tester", error.key, **error.values)
        key = "tester.accepted_and_removed" if removed else "tester.accepted"
        problem = Problem(key, {"endpoint": endpoint.name, "id": quote(str(identity or ""), safe="")[:80]})
        return _result(endpoint, "invalid", answer=answer, problem=problem)


def _unharmful(endpoint: Endpoint) -> dict[str, Any]:
    """A body for a record that does not exist: right enough that the server looks for the record."""
    bodies: dict[str, dict[str, Any]] = {
        "orders.reject": {"reason": "connection test"},
        "orders.quote": {"lines": [], "total": 0, "notes": "connection test"},
    }
    return bodies.get(endpoint.name, {})


def _is_refused_login(endpoint: Endpoint, error: ApiError) -> bool:
    return error.kind is Kind.UNAUTHORIZED and endpoint.name in ("auth.login", "auth.refresh")


def _check(endpoint: Endpoint, answer: Answer) -> Problem | None:
    """What is wrong with an answer's content."""
    try:
        reading = wire.read_answer(endpoint.name, answer.data)
    except wire.BadPayload as bad:
        return Problem("tester.bad_answer", {"reason": bad.reason})
    if reading.bad:
        first = reading.bad[0]
        return Problem("tester.bad_rows", {"n": len(reading.bad), "id": first.id or "", "reason": first.reason})
    return None


def _result(
    endpoint: Endpoint,
    state: State,
    *,
    answer: Answer | None = None,
    error: ApiError | None = None,
    problem: Problem | None = None,
) -> Result:
    if state == "unreachable" and error is not None:
        problem = error.problem
    return Result(
        name=endpoint.name,
        category=endpoint.category,
        method=endpoint.method,
        path=endpoint.path,
        required=endpoint.required,
        state=state,
        status=answer.status if answer else error.status if error else None,
        latency_ms=round(answer.elapsed_ms, 1) if answer else error.elapsed_ms if error else None,
        size=answer.size if answer else 0,
        problem=problem,
    )
