"""The connection as it is written down: its log, its figures, its state, and the news that it brought.

The monitor forgets when the process ends, and no other process sees it. `ConnectionLog` writes down what the monitor
hears, once a second and off the loop's thread, so that every window of the same database shows the same, also
tomorrow. The process that leads writes the state; those that follow show it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clutch_tui.core import journal
from clutch_tui.core.clock import Clock, from_text, to_text
from clutch_tui.core.errors import ShopError
from clutch_tui.core.performance import usage
from clutch_tui.errors import Problem
from clutch_tui.security.redaction import hide_text, hide_value

from .events import DemandForecast, Happening, MarketInsight, NewOrder, PriceAlert, StockAlert, SystemMessage
from .monitor import PARTS, Component, Event, LoggedCall, Monitor, PartName

if TYPE_CHECKING:
    from clutch_tui.core.store.store import Store

LINE = logging.getLogger("clutch_tui.connection")
"""The same log as lines of the program's log file: what is left where the database cannot be written."""

CLOCK = "clock"
"""The row of how far the clocks are apart."""
OVERALL = "overall"
"""The row beside those of the parts: the word for all of it, and the reason."""

NEWS: tuple[type[Happening], ...] = (StockAlert, PriceAlert, DemandForecast, MarketInsight, SystemMessage, NewOrder)
"""Events that a person should hear of; the others only say that there are rows to fetch."""

INSIGHTS: Mapping[type[Happening], str] = {
    DemandForecast: "ai.demand_forecast",
    PriceAlert: "ai.price_optimization",
    MarketInsight: "market.insights",
    StockAlert: "inventory.alerts",
}
"""Events that make an answer old that is kept: the endpoint that has more to say about them."""

LONGEST_LOOK = 30.0
"""Seconds between two looks that count as watched: a machine that slept in between did not watch."""
FRAME_LIMIT = 4_000
_NUMBERS = {name: getattr(logging, name.upper()) for name in journal.LEVELS}


class ConnectionLog:
    """One process's pen. Hangs itself on the monitor; `write`, `write_state` and `trim` are called by its owner."""

    def __init__(
        self,
        store: Store,
        monitor: Monitor,
        *,
        clock: Clock,
        level: journal.Level = "info",
        debug: bool = False,
        on_change: Callable[[frozenset[str]], None] = lambda nouns: None,
    ) -> None:
        self._store = store
        self._monitor = monitor
        self._clock = clock
        self._level = level
        self._on_change = on_change
        self._entries: list[journal.LogEntry] = []
        self._calls: list[usage.MeasuredCall] = []
        self._looked: float | None = None
        self._seconds = dict.fromkeys(("watched", "api", "socket"), 0.0)
        self._moved = monitor.traffic
        self._news: tuple[int, int] | None = None
        self._keeping: set[asyncio.Task[None]] = set()
        self.debug = debug
        """Whether everything is written, each exchange with its headers and bodies."""
        monitor.on_event.append(self._heard)

    # --- what happens ----------------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        exchange = event.exchange
        if exchange is not None:
            problem = None if exchange.works or exchange.problem is None else _plain(exchange.problem)
            ms = exchange.ms if exchange.status is not None else None
            self._calls.append(
                usage.MeasuredCall(exchange.endpoint, exchange.at, ms, exchange.status, exchange.works, problem)
            )
        if not self.debug and journal.LEVELS.index(event.level) < journal.LEVELS.index(self._level):
            return
        seen = _seen(exchange) if exchange is not None else None
        values = {name: hide_value(value, name) for name, value in event.values.items()}
        entry = journal.LogEntry(event.at, event.level, event.category, event.key, values, seen)
        self._entries.append(entry)
        if seen is None or not self.debug:  # the whole exchange is written by `exchanged`
            _write_line(entry)

    def exchanged(self, exchange: LoggedCall) -> None:
        """In debug mode, an exchange as a line of the log file, which leaves out what it carried."""
        key = "connection.exchange" if exchange.status is not None else "connection.no_answer"
        values = {name: hide_value(value, name) for name, value in exchange.log_values.items()}
        _write_line(journal.LogEntry(exchange.at, "debug", "api", key, values, _seen(exchange)))

    def framed(self, direction: str, text: str | bytes) -> None:
        """In debug mode, a frame of the socket; `direction` is "in" or "out". The file takes its size alone."""
        frame = text if isinstance(text, str) else text.decode("utf-8", "replace")
        shown = hide_text(frame[:FRAME_LIMIT])
        values = {"direction": direction, "frame": shown, "size": len(frame)}
        entry = journal.LogEntry(self._clock.now(), "debug", "socket", f"connection.frame.{direction}", values)
        self._entries.append(entry)
        _write_line(entry)

    # --- what is written -------------------------------------------------------------------------------

    async def write(self) -> None:
        """Write what has happened since the last time. What cannot be written now is kept for the next."""
        entries, calls, before, traffic = self._entries, self._calls, self._moved, self._monitor.traffic
        if not (entries or calls or traffic != before):
            return
        self._entries, self._calls, self._moved = [], [], traffic
        moved = usage.Watch(
            sent=traffic.sent - before.sent, fetched=traffic.fetched - before.fetched, busy=traffic.busy - before.busy
        )
        try:
            await self._store.run(_write, entries, calls, moved)
        except Exception as error:
            self._entries = [*entries, *self._entries][-journal.KEPT_LOG_ROWS // 20 :]
            self._calls = [*calls, *self._calls][-1_000:]
            self._moved = before
            if isinstance(error, ShopError):
                self._monitor.set("database", "retrying", error.problem)
            raise
        self._monitor.set("database", "up")

    def look(self) -> None:
        """Add up for how long the line has been up; called about once a second by the process that leads."""
        now = self._clock.monotonic()
        passed = 0.0 if self._looked is None else min(LONGEST_LOOK, now - self._looked)
        self._looked = now
        self._seconds["watched"] += passed
        for name in ("api", "socket"):
            if self._monitor.part(name).state == "up":
                self._seconds[name] += passed

    async def write_state(self) -> None:
        """Write what this process, which leads, knows of the connection now."""
        snapshot = self._monitor.snapshot()
        rows: list[tuple[str, str, datetime, dict[str, Any]]] = [
            (OVERALL, snapshot.overall, snapshot.since, {} if snapshot.reason is None else _plain(snapshot.reason))
        ]
        for part in snapshot.parts.values():
            if part.since is not None:
                detail = {} if part.problem is None else _plain(part.problem)
                if part.next_attempt is not None:
                    detail["next"] = to_text(part.next_attempt)
                rows.append((part.name, part.state, part.since, detail))
        clock = "wrong" if snapshot.skew else "right"
        rows.append((CLOCK, clock, snapshot.since, {"seconds": round(snapshot.skew)}))
        seconds, self._seconds = self._seconds, dict.fromkeys(self._seconds, 0.0)
        await self._store.run(_write_state, rows, usage.Watch(seconds["watched"], seconds["api"], seconds["socket"]))

    async def trim(self) -> None:
        """Forget what is too old, and roll up the figures."""
        await self._store.run(_trim)

    # --- what others wrote -----------------------------------------------------------------------------

    async def show(self) -> None:
        """Let the monitor of a process that follows say what the one that leads has written."""
        known = await self._store.read(journal.connection_state)
        now = self._clock.now()
        fresh = {name: row for name, row in known.items() if not row.is_stale(now)}
        overall = fresh.get(OVERALL)
        if overall is None:
            self._tell_silence(known.get(OVERALL), now)
            return
        if (clock := fresh.get(CLOCK)) is not None:
            self._monitor.set_skew(float(clock.detail.get("seconds", 0)))
        parts = {name: _part(name, fresh[name]) for name in PARTS if name in fresh and name != "database"}
        self._monitor.show(overall.state, _problem(overall.detail), overall.since, parts)  # type: ignore[arg-type]

    def _tell_silence(self, last: journal.ConnectionState | None, now: datetime) -> None:
        """The process that leads holds the lock and has not written for too long: nobody sends anything."""
        if last is not None and last.is_silent(now):
            problem = Problem("connection.lead_silent", {"pid": last.pid})
            self._monitor.show("offline", problem, last.updated_at, {})

    # --- news ------------------------------------------------------------------------------------------

    def hear_news(self, event: Happening) -> None:
        """Keep an event of the socket that a person should hear of: one of `NEWS`."""
        task = asyncio.ensure_future(self._keep_news(event))
        self._keeping.add(task)
        task.add_done_callback(self._kept)

    async def _keep_news(self, event: Happening) -> None:
        if isinstance(event, NewOrder):
            values = {name: event.order[name] for name in ("order_number", "customer_name") if event.order.get(name)}
        else:
            values = {field.name: getattr(event, field.name) for field in fields(event) if field.name != "seq"}
        key = f"{event.TYPE}:{event.seq}" if event.seq is not None else None
        is_new = await self._store.run(journal.notify, event.TYPE, values, notification_id=key)
        await self.look_for_news()
        if is_new and type(event) in INSIGHTS:
            self._on_change(frozenset({INSIGHTS[type(event)]}))

    def _kept(self, task: asyncio.Task[None]) -> None:
        self._keeping.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LINE.error("a notification could not be kept", exc_info=error)

    async def look_for_news(self) -> None:
        """Announce notifications that have come, `news`, or that were read, whichever process it was."""
        newest, unread = await self._store.read(journal.news_mark)
        before, self._news = self._news, (newest, unread)
        if before is None or before == self._news:
            return
        self._on_change(frozenset({"notifications", "news"} if newest > before[0] else {"notifications"}))


def _write(entries: list[journal.LogEntry], calls: list[usage.MeasuredCall], moved: usage.Watch) -> None:
    journal.write_log(entries)
    usage.count_calls(calls)
    usage.watched(moved)


def _write_state(rows: list[tuple[str, str, datetime, dict[str, Any]]], watch: usage.Watch) -> None:
    for row in rows:
        journal.put_connection_state(*row)
    usage.watched(watch)


def _trim() -> None:
    journal.trim()
    usage.roll_up()


def _write_line(entry: journal.LogEntry) -> None:
    if LINE.isEnabledFor(_NUMBERS[entry.level]):
        LINE.log(_NUMBERS[entry.level], "%s", entry.event, extra={"entry": entry})


def _seen(exchange: LoggedCall) -> dict[str, Any] | None:
    """An exchange as the log keeps it; None where there is nothing to see but what the entry says."""
    if not exchange.request_headers:
        return None
    kept = asdict(exchange)
    for name in ("endpoint", "at", "works", "passing"):
        del kept[name]
    return kept | {"problem": None if exchange.problem is None else _plain(exchange.problem)}


def _plain(problem: Problem) -> dict[str, Any]:
    return {"key": problem.key, "values": {name: hide_value(value, name) for name, value in problem.values.items()}}


def _problem(detail: Mapping[str, Any]) -> Problem | None:
    return Problem(detail["key"], detail.get("values", {})) if detail.get("key") else None


def _part(name: PartName, row: journal.ConnectionState) -> Component:
    again = row.detail.get("next")
    return Component(
        *(name, row.state, row.since, _problem(row.detail)),  # type: ignore[arg-type]
        from_text(again) if again else None,
    )
