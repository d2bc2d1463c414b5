"""What the connection says about itself: its four words, and the figures behind them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

from clutch_tui.errors import Problem
from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.net.monitor import Component, Event, LoggedCall, Monitor

from .conftest import TestClock


def exchange(name: str, clock: TestClock, **fields: Any) -> LoggedCall:
    given = {"status": 200, "ms": 10.0, "size": 100, "request_id": "r"} | fields
    return LoggedCall(endpoint=name, method="GET", url="/", at=clock.now(), **given)


def working(clock: TestClock) -> Monitor:
    monitor = Monitor(clock)
    monitor.set_access("user")
    monitor.set("api", "up")
    monitor.set("socket", "up")
    return monitor


def test_whether_anybody_was_ever_signed_in() -> None:
    monitor = Monitor(TestClock())
    monitor.set_access("signed_out", was_somebody=False)
    assert not monitor.snapshot().was_somebody
    monitor.set_access("key", was_somebody=False)
    assert monitor.snapshot().was_somebody
    monitor.set_access("signed_out", was_somebody=True)
    assert monitor.snapshot().was_somebody


def test_the_four_words() -> None:
    clock = TestClock()
    monitor = Monitor(clock)
    assert monitor.overall == "offline"
    monitor.set("api", "connecting")
    assert monitor.overall == "signed_out"
    monitor.set_access("key")
    assert monitor.overall == "offline"
    monitor.set("api", "up")
    assert monitor.overall == "limited"
    monitor.set("socket", "up")
    assert monitor.overall == "connected"
    monitor.set("api", "retrying", Problem("error.api.unreachable", {"host": "h"}))
    snapshot = monitor.snapshot()
    assert (snapshot.overall, snapshot.reason) == ("offline", Problem("error.api.unreachable", {"host": "h"}))


def test_a_required_endpoint_that_is_missing_limits_and_says_which() -> None:
    clock = TestClock()
    monitor = working(clock)
    monitor.exchange(exchange("ai.market_analysis", clock, works=False, status=404))
    assert monitor.overall == "connected"
    monitor.exchange(exchange("sales.sync", clock, works=False, status=404))
    reason = monitor.snapshot().reason
    assert monitor.overall == "limited"
    assert reason is not None
    assert reason.values["endpoint"] == "sales.sync"
    clock.elapsed += 3600
    assert monitor.snapshot().overall == "limited"
    monitor.exchange(exchange("sales.sync", clock))
    assert monitor.overall == "connected"


def test_a_server_without_sync_is_no_alarm_and_the_last_thing_to_tell() -> None:
    clock = TestClock()
    monitor = working(clock)
    missing = Problem("error.api.missing_route", {"path": "/sales/sync"})
    monitor.exchange(exchange("sales.sync", clock, works=False, status=404, problem=missing))
    assert monitor.snapshot().reason == Problem("connection.limited.lists")
    monitor.exchange(exchange("inventory.list", clock, works=False, status=404, problem=missing))
    reason = monitor.snapshot().reason
    assert reason is not None
    assert reason.values["endpoint"] == "inventory.list"


def test_a_passing_failure_is_forgiven_after_a_while() -> None:
    clock = TestClock()
    monitor = working(clock)
    monitor.exchange(exchange("customers.create", clock, works=False, passing=True, status=503))
    assert monitor.snapshot().overall == "limited"
    clock.elapsed += timedelta(minutes=6).total_seconds()
    assert monitor.snapshot().overall == "connected"


def test_since_moves_with_the_state_alone() -> None:
    clock = TestClock()
    monitor = Monitor(clock)
    monitor.set("socket", "retrying", Problem("error.socket.closed", {"code": 1006}))
    began = clock.now()
    clock.elapsed += 60
    monitor.set("socket", "retrying", Problem("error.socket.closed", {"code": 1001}), clock.now())
    part = monitor.part("socket")
    assert (part.since, part.next_attempt) == (began, clock.now())
    assert part.problem == Problem("error.socket.closed", {"code": 1001})
    monitor.set("socket", "connecting")
    assert monitor.part("socket").problem is not None
    monitor.set("socket", "up")
    assert monitor.part("socket").problem is None
    assert monitor.part("socket").since == clock.now()


def test_an_attempt_that_ends_where_it_began_is_no_news() -> None:
    clock = TestClock()
    monitor, events = Monitor(clock), list[Event]()
    monitor.on_event.append(events.append)
    problem = Problem("error.api.timeout", {"host": "h"})
    monitor.set("sync", "retrying", problem)
    began = clock.now()
    for _ in range(3):
        clock.elapsed += 30
        monitor.set("sync", "working")
        monitor.set("sync", "retrying", problem)
    assert monitor.part("sync").since == began
    told = [(event.level, event.key) for event in events if event.level != "debug"]
    assert told == [("warning", "connection.sync.retrying")]
    assert events[0].values["problem"] == "error.api.timeout"
    clock.elapsed += 30
    monitor.set("sync", "working")
    monitor.set("sync", "up")
    assert monitor.part("sync").since == clock.now()
    assert events[-1].level == "info"
    assert monitor.traffic.busy == 0


def test_what_another_process_found_is_shown_until_this_one_leads() -> None:
    clock = TestClock()
    monitor = working(clock)
    heard: list[int] = []
    monitor.on_change.append(lambda: heard.append(1))
    reason = Problem("error.api.unreachable", {"host": "h"})
    away = Component("api", "down", clock.now(), reason, clock.now())
    for _ in range(2):
        monitor.show("offline", reason, clock.now(), {"api": away})
    snapshot = monitor.snapshot()
    assert (snapshot.overall, snapshot.reason, snapshot.parts["api"]) == ("offline", reason, away)
    assert heard == [1]
    monitor.lead()
    assert monitor.part("api").state == "off"
    monitor.set("api", "up")
    monitor.set("socket", "up")
    assert monitor.overall == "connected"


def test_a_refused_key_is_the_reason_for_being_signed_out() -> None:
    monitor = Monitor(TestClock())
    monitor.set("api", "up")
    refused = Problem("error.api.unauthorized")
    monitor.set("sync", "refused", refused)
    assert (monitor.overall, monitor.snapshot().reason) == ("signed_out", refused)


def test_figures_of_an_endpoint() -> None:
    clock = TestClock()
    monitor = Monitor(clock)
    for ms in range(1, 201):
        monitor.exchange(exchange("system.ping", clock, ms=float(ms)))
    monitor.exchange(exchange("system.ping", clock, status=None, works=False, ms=5000.0))
    figures = monitor.figures("system.ping")
    assert (figures.calls, figures.failures, figures.works) == (201, 1, False)
    assert (len(figures.latencies), figures.worst) == (120, 200.0)
    assert figures.median is not None
    assert figures.p95 is not None
    assert 135 <= figures.median <= 145
    assert 190 <= figures.p95 <= 200
    assert set(monitor.snapshot().endpoints) == {one.name for one in ENDPOINTS}


def test_listeners_hear_of_changes_and_not_of_repetitions() -> None:
    monitor = Monitor(TestClock())
    heard: list[str] = []
    monitor.on_change.append(lambda: heard.append(monitor.part("sync").state))
    for _ in range(3):
        monitor.set("sync", "working")
    monitor.set("sync", "up")
    assert heard == ["working", "up"]


def test_what_the_app_imports_before_its_first_frame_is_light() -> None:
    program = (
        "import sys, clutch_tui.config.settings, clutch_tui.net.monitor\n"
        "import clutch_tui.net.client.api, clutch_tui.net.client.session\n"
        "import clutch_tui.net.socket.websocket, clutch_tui.security.vault\n"
        "heavy = {'httpx', 'websockets', 'pydantic', 'keyring', 'filelock', 'platformdirs', 'tomlkit'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=180)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr


async def test_what_failed_for_a_moment_is_forgiven_by_the_next_whole_round() -> None:
    clock = TestClock()
    monitor = working(clock)
    monitor.exchange(exchange("system.ping", clock, status=503, works=False, passing=True))
    assert monitor.snapshot().overall == "limited"
    await clock.sleep(1)
    monitor.set("sync", "working")
    monitor.set("sync", "up")
    assert monitor.snapshot().overall == "connected"


async def test_a_clock_that_is_far_off_is_told_until_it_is_right() -> None:
    monitor = Monitor(TestClock())
    events: list[str] = []
    monitor.on_event.append(lambda event: events.append(event.key))
    for seconds, told in ((90, 0), (172_800, 172_800), (172_801, 172_800), (-63_072_000, -63_072_000), (3, 0)):
        monitor.set_skew(seconds)
        assert monitor.snapshot().skew == told
    assert events == ["sync.skew"]
