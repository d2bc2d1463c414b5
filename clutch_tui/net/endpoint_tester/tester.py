"""Every endpoint tried and judged: one engine for the screen and the command line.

Without being told to, it leaves no trace in the shop (`probes`). Told to write, it does whole round trips with
marked records of its own (`round_trips`). It also tries what synchronisation leans on (`capabilities`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from clutch_tui.core.clock import Clock, SystemClock
from clutch_tui.errors import Problem
from clutch_tui.net.client.api import Answer, Api
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.client.session import Session
from clutch_tui.net.endpoint_tester import capabilities, own_session
from clutch_tui.net.endpoint_tester.capabilities import Capability
from clutch_tui.net.endpoint_tester.own_session import Login
from clutch_tui.net.endpoint_tester.probes import (
    NO_TOKEN,
    Probe,
    fault_of,
    is_expected,
    probe_for,
    routes_before_tokens,
)
from clutch_tui.net.endpoint_tester.round_trips import NOUNS, RoundTrip, TripStep
from clutch_tui.net.endpoints import BY_NAME, ENDPOINTS, Endpoint
from clutch_tui.net.monitor import Monitor

if TYPE_CHECKING:
    from clutch_tui.config.settings import Settings

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
LONGEST_WAIT = 300.0
"""Seconds in all that one endpoint is waited for where the server asks for patience."""

_STATES: dict[Kind, State] = {
    Kind.UNREACHABLE: "unreachable",
    Kind.UNKNOWN_HOST: "unreachable",
    Kind.TLS: "unreachable",
    Kind.PROXY: "unreachable",
    Kind.NOT_SET_UP: "unreachable",
    Kind.CUT: "unreachable",
    Kind.BREAKER_OPEN: "unreachable",
    Kind.TIMEOUT: "timeout",
    Kind.UNAUTHORIZED: "unauthorized",
    Kind.SIGNED_OUT: "unauthorized",
    Kind.NOT_SIGNED_IN: "unauthorized",
    Kind.BAD_CREDENTIALS: "unauthorized",
    Kind.FORBIDDEN: "forbidden",
    Kind.MISSING_ROUTE: "missing",
    Kind.RATE_LIMITED: "rate_limited",
    Kind.NOT_JSON: "invalid",
    Kind.REDIRECTED: "invalid",
    Kind.PORTAL: "invalid",
    Kind.NOT_BACKEND: "missing",
    Kind.ANSWER_TOO_LARGE: "invalid",
}
_LISTS = ("inventory.list", "customers.list", "suppliers.list", "sales.list", "orders.list")
_LINE_DOWN = frozenset({Kind.UNREACHABLE, Kind.UNKNOWN_HOST, Kind.TLS, Kind.PROXY, Kind.CUT, Kind.NOT_SET_UP})


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """The result of one endpoint. `problem` says what was wrong; the remedy's sentence is `tester.remedy.<state>`."""

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
class EndpointReport:
    """All results in the catalogue's order. `chosen` means that somebody named the endpoints to be tried; what
    synchronisation leans on is then not looked at."""

    base_url: str
    results: tuple[EndpointResult, ...]
    chosen: bool = False
    capabilities: tuple[Capability, ...] = ()

    @property
    def summary(self) -> dict[str, int]:
        counts = Counter(result.state for result in self.results)
        working = sum(result.works for result in self.results)
        return {"total": len(self.results), "working": working, **dict(sorted(counts.items()))}

    @property
    def recommendations(self) -> tuple[str, ...]:
        """Keys of what to do, the most useful first, each once."""
        states = {result.state for result in self.results}
        if not self.chosen and states <= {"missing", "invalid", "skipped"}:
            return ("tester.advice.no_backend",)
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


class Tester:
    """Tries endpoints through the program's own client, so that headers, token and proxy are the real ones.

    Without a `login` of its own it leaves auth.refresh and auth.logout at a probe; without `settings` it does not
    try the socket.
    """

    def __init__(
        self,
        api: Api,
        session: Session,
        monitor: Monitor,
        *,
        clock: Clock | None = None,
        settings: Settings | None = None,
        login: Login | None = None,
    ) -> None:
        self._api = api
        self._session = session
        self._monitor = monitor
        self._clock = clock or SystemClock()
        self._settings = settings
        self._login = login
        self._places = asyncio.Semaphore(AT_ONCE)
        self._trips = RoundTrip(api, monitor)
        self._not_before = 0.0
        self._on_wait: Callable[[float], None] = lambda seconds: None
        self._results: dict[str, EndpointResult] = {}
        self._on_result: Callable[[EndpointResult], None] = lambda result: None

    async def run(
        self,
        names: Sequence[str] = (),
        category: str | None = None,
        on_result: Callable[[EndpointResult], None] = lambda result: None,
        *,
        on_wait: Callable[[float], None] = lambda seconds: None,
        write: bool = False,
    ) -> EndpointReport:
        """Judge the endpoints that are named, those of a category, or all; five at a time.

        With `write`, what the protocol lets us delete again is made, changed and deleted, and the shop is told its
        own profile: nothing remains but the server's own record of it.
        """
        wanted = set(names)
        chosen = [
            endpoint
            for endpoint in ENDPOINTS
            if (not wanted or endpoint.name in wanted) and category in (None, endpoint.category)
        ]
        self._results, self._on_result, self._on_wait = {}, on_result, on_wait
        is_whole = not (wanted or category)
        examined: tuple[Capability, ...] = ()
        if (down := await self._try_line()) is not None:
            for endpoint in chosen:
                self._tell(_result(endpoint, _STATES[down.kind], error=down, problem=down.problem))
        else:
            await self._judge_all(chosen, write)
            if is_whole:
                examined = await capabilities.examine(
                    self._api,
                    self._session,
                    self._clock,
                    settings=self._settings,
                    is_idempotent=self._trips.is_idempotent,
                )
        done = tuple(self._results[endpoint.name] for endpoint in chosen)
        return EndpointReport(self._api.base_url, done, chosen=not is_whole, capabilities=examined)

    def _tell(self, result: EndpointResult) -> None:
        self._results[result.name] = result
        self._on_result(result)

    async def _try_line(self) -> ApiError | None:
        """The error that would be everybody's, found once instead of for each endpoint: no way to the server, or a
        server that answers nothing at all."""
        failures = await asyncio.gather(*(self._failure(name) for name in ("system.ping", "system.health")))
        kinds = {error.kind if error is not None else None for error in failures}
        if kinds == {Kind.NOT_BACKEND} and await self._has_a_list():
            return None
        if kinds in ({Kind.TIMEOUT}, {Kind.NOT_BACKEND}) or kinds & _LINE_DOWN:
            return next(error for error in failures if error is not None)
        return None

    async def _has_a_list(self) -> bool:
        """Tell whether a server that lacks all of `system` answers as one of ours anywhere else."""
        for name in _LISTS:
            try:
                await self._api.call(name, query={"limit": 1}, probe=True)
            except ApiError as error:
                if error.kind is not Kind.NOT_BACKEND:
                    return True
            else:
                return True
        return False

    async def _failure(self, name: str) -> ApiError | None:
        try:
            await self._api.send_as(name, None, bearer=None, probe=True)
        except ApiError as error:
            return error
        return None

    async def _judge_all(self, chosen: Sequence[Endpoint], write: bool) -> None:
        names = {endpoint.name for endpoint in chosen}
        trips = {
            endpoint.category
            for endpoint in chosen
            if write and endpoint.category in NOUNS and _has_round_trip(endpoint)
        }
        signed = names & set(own_session.CALLS) if self._login is not None else set()
        async with asyncio.TaskGroup() as group:
            if signed:
                group.create_task(self._sign_in_and_out(signed))
            for category in sorted(trips):
                group.create_task(self._go_round(category, names))
            for endpoint in chosen:
                if endpoint.name in signed or (endpoint.category in trips and _has_round_trip(endpoint)):
                    continue
                if endpoint.name == "shop.update" and write:
                    group.create_task(self._send_profile())
                else:
                    group.create_task(self._judge(endpoint))

    # --- one endpoint -------------------------------------------------------------------------------

    async def _judge(self, endpoint: Endpoint) -> None:
        async with self._places:
            self._tell(await self._probe(endpoint))

    async def _probe(self, endpoint: Endpoint) -> EndpointResult:
        """The verdict on a question that leaves no trace."""
        if endpoint.name == "auth.logout":
            return await self._probe_logout(endpoint)
        probe = await probe_for(endpoint, self._api)
        if probe is None:
            return _result(endpoint, "skipped")
        try:
            answer = await self._ask(endpoint, probe)
        except ApiError as error:
            if probe.expects_refusal and is_expected(endpoint, error):
                return _result(endpoint, "reachable", error=error)
            return _failed(endpoint, error)
        if probe.expects_refusal:
            return await self._undo(endpoint, answer)
        return _answered(endpoint, answer, fault_of(endpoint, answer))

    async def _ask(self, endpoint: Endpoint, probe: Probe) -> Answer:
        """One call; another whenever the server asked for patience, which all endpoints then have."""
        waited = 0.0
        while True:
            await self._have_patience()
            try:
                if endpoint.name in ("auth.login", "auth.refresh"):
                    return await self._api.send_as(endpoint.name, probe.body, bearer=None, probe=True)
                return await self._api.call(
                    endpoint.name, path=probe.path, query=probe.query, body=probe.body, probe=True
                )
            except ApiError as error:
                wait = error.retry_after if error.kind is Kind.RATE_LIMITED else None
                if wait is None or waited + wait > LONGEST_WAIT:
                    raise
            waited += max(wait, 1.0)
            self._ask_for_patience(max(wait, 1.0))

    def _ask_for_patience(self, seconds: float) -> None:
        """Nobody asks anything for so long; whoever watches is told, once for each time."""
        until = self._clock.monotonic() + seconds
        if until > self._not_before + 0.5:
            self._monitor.note("info", "tester", "tester.waits", seconds=round(seconds))
            self._on_wait(seconds)
        self._not_before = max(self._not_before, until)

    async def _have_patience(self) -> None:
        while (left := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)

    async def _probe_logout(self, endpoint: Endpoint) -> EndpointResult:
        """Nobody's session is ended: a token that never was is signed out."""
        try:
            answer = await self._api.send_as(endpoint.name, {}, bearer=NO_TOKEN, probe=True)
        except ApiError as error:
            if error.kind is not Kind.UNAUTHORIZED:
                return _failed(endpoint, error)
            if await routes_before_tokens(self._api, endpoint):
                return _result(endpoint, "reachable", error=error)
            return _result(endpoint, "skipped")
        return _answered(endpoint, answer, None)

    async def _undo(self, endpoint: Endpoint, answer: Answer) -> EndpointResult:
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

    # --- stories of several calls -------------------------------------------------------------------

    async def _sign_in_and_out(self, names: set[str]) -> None:
        """A session of the tester's own; what it does not come to (the password was wrong) is only probed."""
        assert self._login is not None
        judged: set[str] = set()

        def keep(step: TripStep) -> None:
            judged.add(step.endpoint.name)
            if step.endpoint.name in names:
                self._tell(_of_step(step))

        async with self._places:
            await own_session.live(self._api, self._login, keep)
            for name in sorted(names - judged):
                self._tell(await self._probe(BY_NAME[name]))

    async def _go_round(self, category: str, names: set[str]) -> None:
        """Make, change, delete. What the round trip does not come to (there is no create) is only probed."""
        judged: set[str] = set()

        async def keep(step: TripStep) -> None:
            judged.add(step.endpoint.name)
            if step.endpoint.name in names:
                self._tell(_of_step(step))

        async with self._places:
            await self._trips.sweep(category)
            try:
                await self._trips.run(category, keep)
            finally:
                left = await self._trips.sweep(category)
            if left:
                self._monitor.note("warning", "tester", "tester.swept", nouns=category, n=left)
            for action in ("create", "update", "delete"):
                name = f"{category}.{action}"
                if name in names and name not in judged:
                    self._tell(await self._probe(BY_NAME[name]))

    async def _send_profile(self) -> None:
        async with self._places:
            self._tell(_of_step(await self._trips.send_profile()))


def _has_round_trip(endpoint: Endpoint) -> bool:
    return endpoint.action in ("create", "update", "delete")


def _of_step(step: TripStep) -> EndpointResult:
    if step.error is not None:
        return _failed(step.endpoint, step.error)
    assert step.answer is not None
    return _answered(step.endpoint, step.answer, step.problem)


def _failed(endpoint: Endpoint, error: ApiError) -> EndpointResult:
    return _result(endpoint, _STATES.get(error.kind, "error"), error=error, problem=error.problem)


def _answered(endpoint: Endpoint, answer: Answer, problem: Problem | None) -> EndpointResult:
    if problem is not None:
        return _result(endpoint, "invalid", answer=answer, problem=problem)
    return _result(endpoint, "slow" if answer.elapsed_ms > SLOW_MS else "ok", answer=answer)


def _result(
    endpoint: Endpoint,
    state: State,
    *,
    answer: Answer | None = None,
    error: ApiError | None = None,
    problem: Problem | None = None,
) -> EndpointResult:
    return EndpointResult(
        name=endpoint.name,
        category=endpoint.category,
        method=endpoint.method,
        path=endpoint.path,
        required=endpoint.required,
        state=state,
        status=answer.status if answer else error.status if error else None,
        latency_ms=round(answer.elapsed_ms, 1) if answer else error.elapsed_ms if error else None,
        size=answer.size if answer else error.size if error else 0,
        problem=problem,
    )
