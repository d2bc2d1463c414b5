"""The state of the connection, for people: its parts, figures, and its events as they happen.

Plain data and no waiting: the network parts report here, the screens take snapshots. Everything runs in the
thread of the event loop; a snapshot may go anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from clutch_tui.core.clock import Clock, SystemClock
from clutch_tui.errors import Problem
from clutch_tui.net.endpoints import BY_NAME, ENDPOINTS

PartName = Literal["api", "socket", "sync", "database"]
State = Literal["off", "idle", "connecting", "working", "up", "retrying", "down", "refused"]
Overall = Literal["connected", "limited", "offline", "signed_out"]
Access = Literal["signed_out", "key", "user"]
Level = Literal["debug", "info", "warning", "error"]

PARTS: tuple[PartName, ...] = ("api", "socket", "sync", "database")
_ATTEMPTS = frozenset({"connecting", "working"})
LATENCIES = 120
SYNC_CALLS = frozenset({"inventory.sync", "sales.sync"})
SKEW = 120.0
"""Seconds between two clocks from which on a person should hear of it."""
FORGIVEN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the connection: its state, since when, what was wrong last, when it tries again."""

    name: PartName
    state: State = "off"
    since: datetime | None = None
    problem: Problem | None = None
    next_attempt: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One request and its answer. Bodies and headers are there for the debug log, secrets already removed.

    `size` and `sent` are the bytes of the answer's and the request's body as they are read and written here,
    `size_on_line` and `sent_on_line` what they weighed on the line: less where they were packed.

    `works` is about the endpoint, not about the call: a refused form or a conflict is the answer of an endpoint
    that works. `passing` failures (a timeout, a 503) are forgiven after a while, others (no such route) are not.
    """

    endpoint: str
    method: str
    url: str
    at: datetime
    ms: float
    status: int | None
    size: int
    request_id: str
    attempt: int = 1
    works: bool = True
    passing: bool = False
    problem: Problem | None = None
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: str = ""
    response_body: str = ""
    size_on_line: int = 0
    sent: int = 0
    sent_on_line: int = 0

    @property
    def log_values(self) -> dict[str, object]:
        """Return what fills the sentence of its entry in the log, the reason of a failure with it."""
        own: dict[str, object] = {
            "endpoint": self.endpoint,
            "method": self.method,
            "status": self.status,
            "ms": round(self.ms),
            "size": self.size,
        }
        return own if self.problem is None else {**self.problem.values, **own, "problem": self.problem.key}


@dataclass(frozen=True, slots=True)
class ConnectionFigures:
    """The figures of one endpoint. `works` is `None` until it was called."""

    name: str
    works: bool | None = None
    passing: bool = False
    status: int | None = None
    ms: float | None = None
    at: datetime | None = None
    calls: int = 0
    failures: int = 0
    problem: Problem | None = None
    latencies: tuple[float, ...] = ()

    @property
    def median(self) -> float | None:
        return _quantile(self.latencies, 0.5)

    @property
    def p95(self) -> float | None:
        return _quantile(self.latencies, 0.95)

    @property
    def worst(self) -> float | None:
        return max(self.latencies, default=None)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the connection log."""

    at: datetime
    level: Level
    category: str
    key: str
    values: Mapping[str, object]
    exchange: LoggedCall | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """The changes and records that sync has moved since the process began, and the seconds that it was at work."""

    sent: int = 0
    fetched: int = 0
    busy: float = 0.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The connection at one moment. `reason` says what keeps it from being `connected`."""

    overall: Overall
    since: datetime
    reason: Problem | None
    access: Access
    parts: Mapping[PartName, Component]
    endpoints: Mapping[str, ConnectionFigures]
    skew: float = 0.0
    """Seconds that this machine's clock is ahead of the server's, behind where negative; 0 where nobody need know."""
    was_somebody: bool = True
    """Whether anybody was ever signed in here."""


class Monitor:
    """Gathers what the network parts report. `on_change` callables are told that something is different, not
    what: they must be cheap, and a screen takes a snapshot when it draws. Those of `on_event` get every event."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.on_change: list[Callable[[], None]] = []
        self.on_event: list[Callable[[Event], None]] = []
        self._clock = clock or SystemClock()
        self._parts: dict[PartName, Component] = {name: Component(name) for name in PARTS}
        self._figures: dict[str, ConnectionFigures] = {
            endpoint.name: ConnectionFigures(endpoint.name) for endpoint in ENDPOINTS
        }
        self._latencies: dict[str, deque[float]] = {}
        self._settled: dict[PartName, Component] = {}
        """Each part as it was last, attempts left out."""
        self._access: Access = "signed_out"
        self._was_somebody = True
        self._skew = 0.0
        self._well_at = self._clock.now() - FORGIVEN_AFTER
        """When a whole round of sync last went through: what failed for a moment before that has passed."""
        self._traffic = Traffic()
        self._leader_state: tuple[Overall, Problem | None, datetime] | None = None
        self._overall: tuple[Overall, Problem | None, datetime] = ("offline", None, self._clock.now())
        self._refresh_overall()

    def set(
        self,
        name: PartName,
        state: State,
        problem: Problem | None = None,
        next_attempt: datetime | None = None,
    ) -> None:
        """A part's state. `since` moves only when the state does; a problem stays visible until it is `up`."""
        before = self._parts[name]
        kept = problem if problem is not None or state in ("up", "off") else before.problem
        after = Component(name, state, self._since(name, state), kept, next_attempt)
        if after == before:
            return
        self._parts[name] = after
        if before.state != state:
            if name == "sync" and before.state == "working" and before.since is not None:
                spent = (self._clock.now() - before.since).total_seconds()
                self._traffic = replace(self._traffic, busy=self._traffic.busy + max(0.0, spent))
            reason = {} if problem is None else {**problem.values, "problem": problem.key}
            self._add(self._level(after), name, f"connection.{name}.{state}", reason)
            if name == "sync" and state == "up":
                self._well_at = self._clock.now()
        elif problem is not None and problem != before.problem:
            self._add("warning", name, problem.key, problem.values)
        self._refresh_overall()
        self._changed()

    def _since(self, name: PartName, state: State) -> datetime:
        """Return when a part came into this state. An attempt in between, `working` or `connecting`, that ends where it
        began has changed nothing: a sync that fails every minute has been failing since the first."""
        before, settled = self._parts[name], self._settled.get(name)
        if before.state == state and before.since is not None:
            return before.since
        if before.state in _ATTEMPTS and settled is not None and settled.state == state and settled.since is not None:
            return settled.since
        return self._clock.now()

    def _level(self, part: Component) -> Level:
        """Return how much a change of state is worth: attempts, and what comes back to where it was, only in debug
        mode."""
        if part.state in _ATTEMPTS:
            return "debug"
        settled, self._settled[part.name] = self._settled.get(part.name), part
        if settled is not None and (settled.state, settled.problem) == (part.state, part.problem):
            return "debug"
        return "warning" if part.state in ("retrying", "down", "refused") else "info"

    def show(
        self, overall: Overall, reason: Problem | None, since: datetime, parts: Mapping[PartName, Component]
    ) -> None:
        """Say what another process, which leads the connection, has found; no line in the log, it has its own."""
        state = (overall, reason, since)
        if state == self._leader_state and all(self._parts[name] == part for name, part in parts.items()):
            return
        self._leader_state = state
        self._parts.update(parts)
        self._refresh_overall()
        self._changed()

    def set_skew(self, seconds: float) -> None:
        """Note how far this machine's clock is ahead of the server's; told from two minutes on, and cleared below
        that."""
        skew = seconds if abs(seconds) > SKEW else 0.0
        if abs(skew - self._skew) < SKEW / 2 and bool(skew) == bool(self._skew):
            return
        if skew and not self._skew:
            self._add("warning", "session", "sync.skew", {"seconds": round(skew)})
        self._skew = skew
        self._changed()

    def lead(self) -> None:
        """From now on this process finds out for itself."""
        if self._leader_state is not None:
            self._leader_state = None
            self._settled.clear()
            self._parts.update({name: Component(name) for name in PARTS if name != "database"})
            self._refresh_overall()
            self._changed()

    def moved(self, *, sent: int = 0, fetched: int = 0) -> None:
        """Sync has stored the answers to so many changes, and so many records."""
        before = self._traffic
        self._traffic = replace(before, sent=before.sent + sent, fetched=before.fetched + fetched)

    @property
    def traffic(self) -> Traffic:
        return self._traffic

    def set_access(self, access: Access, *, was_somebody: bool = True) -> None:
        """Note who is speaking: nobody, the shop's key, or a user; and whether anybody ever was."""
        self._was_somebody = was_somebody or access != "signed_out"
        if access != self._access:
            self._access = access
            self._add("info", "session", f"connection.access.{access}", {})
            self._refresh_overall()
            self._changed()

    def exchange(self, exchange: LoggedCall) -> None:
        """One request has ended, well or badly."""
        name = exchange.endpoint
        latencies = self._latencies.setdefault(name, deque(maxlen=LATENCIES))
        works = exchange.works
        if exchange.status is not None:
            latencies.append(exchange.ms)
        before = self._figures.get(name, ConnectionFigures(name))
        self._figures[name] = replace(
            before,
            works=works,
            passing=exchange.passing,
            status=exchange.status,
            ms=exchange.ms,
            at=exchange.at,
            calls=before.calls + 1,
            failures=before.failures + (not works),
            problem=exchange.problem,
        )
        self._add(
            "debug" if exchange.problem is None else "info" if works else "warning",
            "api",
            "connection.exchange" if exchange.status is not None else "connection.no_answer",
            exchange.log_values,
            exchange,
        )
        if name in BY_NAME and BY_NAME[name].required and before.works != works:
            self._refresh_overall()
        self._changed()

    def note(self, level: Level, category: str, key: str, **values: object) -> None:
        """Anything else worth a line in the log."""
        self._add(level, category, key, values)
        self._changed()

    def part(self, name: PartName) -> Component:
        return self._parts[name]

    @property
    def overall(self) -> Overall:
        return self._overall[0]

    def figures(self, name: str) -> ConnectionFigures:
        """One endpoint's figures, with its latencies."""
        return replace(self._figures.get(name, ConnectionFigures(name)), latencies=tuple(self._latencies.get(name, ())))

    def snapshot(self) -> Snapshot:
        self._refresh_overall()  # passing failures are forgiven by time alone
        overall, reason, since = self._overall
        return Snapshot(
            overall=overall,
            since=since,
            reason=reason,
            access=self._access,
            parts=dict(self._parts),
            endpoints={name: self.figures(name) for name in self._figures},
            skew=self._skew,
            was_somebody=self._was_somebody,
        )

    def _add(
        self,
        level: Level,
        category: str,
        key: str,
        values: Mapping[str, object],
        exchange: LoggedCall | None = None,
    ) -> None:
        event = Event(self._clock.now(), level, category, key, dict(values), exchange)
        for listen in self.on_event:
            listen(event)

    def _changed(self) -> None:
        for listen in self.on_change:
            listen()

    def _refresh_overall(self) -> None:
        if self._leader_state is not None:
            self._overall = self._leader_state
            return
        overall, reason = self._judge()
        since = self._overall[2] if overall == self._overall[0] else self._clock.now()
        self._overall = (overall, reason, since)

    def _judge(self) -> tuple[Overall, Problem | None]:
        """`connected` when API and socket work and no required endpoint is known to fail
        (docs/protocol.md#connected-limited-offline)."""
        api, socket = self._parts["api"], self._parts["socket"]
        if self._access == "signed_out" and api.state != "off":
            refused = (part.problem for part in self._parts.values() if part.problem is not None)
            return "signed_out", next(refused, None)
        if api.state != "up":
            return "offline", api.problem
        required = [
            endpoint for endpoint in ENDPOINTS if endpoint.required and self._fails(self._figures[endpoint.name])
        ]
        failing = [endpoint for endpoint in required if not self._lacks_sync(endpoint.name)]
        if failing:
            return "limited", Problem(
                "connection.limited.endpoint",
                {
                    "endpoint": failing[0].name,
                    "n": len(failing),
                    "method": failing[0].method,
                    "path": failing[0].path,
                },
            )
        if socket.state != "up":
            return "limited", Problem("connection.limited.socket")
        return ("limited", Problem("connection.limited.lists")) if required else ("connected", None)

    def _lacks_sync(self, name: str) -> bool:
        """A sync call that the server does not have: there is another way for it, and nothing is wrong."""
        problem = self._figures[name].problem
        return name in SYNC_CALLS and problem is not None and problem.key == "error.api.missing_route"

    def _fails(self, figures: ConnectionFigures) -> bool:
        if figures.works is not False or figures.at is None or figures.status is None:
            return False  # without any answer it was the line that failed, which has a state of its own
        if not figures.passing:
            return True
        return figures.at >= self._well_at and self._clock.now() - figures.at < FORGIVEN_AFTER


def _quantile(values: tuple[float, ...], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
