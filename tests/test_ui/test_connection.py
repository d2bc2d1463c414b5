"""The connection screen and its log: what support looks at."""

from __future__ import annotations

import json
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from clutch_tui.core import journal
from clutch_tui.core.database import db
from clutch_tui.core.performance import usage
from clutch_tui.errors import Problem
from clutch_tui.net.endpoints import find
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.supervisor import Start
from clutch_tui.support.bundle import Section
from clutch_tui.text import format as shown
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.app import ClutchApp
from clutch_tui.ui.dialogs import Choose, ShowText
from clutch_tui.ui.screens import connection, connection_log
from clutch_tui.ui.screens.connection import ConnectionScreen
from clutch_tui.ui.screens.connection_endpoints import EndpointRow, curve, details
from clutch_tui.ui.screens.connection_log import ConnectionLogScreen
from clutch_tui.ui.widgets.key_bar import KeyBar
from tests.counting import STEP, Steps
from tests.test_ui.shop_app import Shop, open_app, press, rows_shown, settle, toasts, type_text, until, words_on

NOW = datetime.now(UTC)
UNREACHABLE = Problem("error.api.unreachable", {"host": "shop.example.com"})


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait for the second that a person does."""
    monkeypatch.setattr(connection, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(connection_log, "LOOK_EVERY", 0.1)


class FakeNetwork:
    """As much of a network as the screen uses; what it was asked for stands in `asked`."""

    def __init__(self) -> None:
        self.monitor = Monitor()
        self.offline = False
        self.user_name = "منى"
        self.asked: list[object] = []
        self.answers = True

    async def run(self, start: Start) -> None: ...

    def wake(self) -> None: ...

    def reconnect(self) -> None:
        self.asked.append("reconnect")

    def set_debug(self, debug: bool) -> None:
        self.asked.append(("debug", debug))

    async def test_endpoints(self, names: Sequence[str] = ()) -> bool:
        self.asked.append(tuple(names))
        return self.answers


def calls() -> list[usage.MeasuredCall]:
    problem = {"key": "error.api.unreachable", "values": {"host": "shop.example.com"}}
    return [
        *(usage.MeasuredCall("system.ping", NOW, float(ms), 200, True) for ms in (10, 20, 40, 80)),
        usage.MeasuredCall("orders.list", NOW, None, None, False, problem),
    ]


@asynccontextmanager
async def looking(
    shop: Shop, language: strings.Language = "en", network: FakeNetwork | None = None
) -> AsyncIterator[tuple[ClutchApp, Pilot[int], ConnectionScreen]]:
    shop.store.run_now(usage.count_calls, calls())
    shop.store.run_now(usage.watched, usage.Watch(100, 75, 50, sent=3, fetched=300, busy=0.5))
    async with open_app(shop, language) as (app, pilot):
        if network is not None:
            app.network = network  # type: ignore[assignment]
            app.settings = replace(app.settings, backend=replace(app.settings.backend, base_url="https://h/api"))
        await app.switch_mode("connection")
        screen = app.screen
        assert isinstance(screen, ConnectionScreen)
        await until(pilot, lambda: screen.endpoints.count == 47)
        yield app, pilot, screen


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_supporter_sees_what_is_wrong_since_when_and_when_it_is_tried_again(
    shop: Shop, language: strings.Language
) -> None:
    network = FakeNetwork()
    again = datetime.now(UTC) + timedelta(seconds=100)
    network.monitor.show(
        "offline",
        UNREACHABLE,
        NOW,
        {
            "api": replace(network.monitor.part("api"), state="down", since=NOW, problem=UNREACHABLE),
            "sync": replace(
                network.monitor.part("sync"),
                state="retrying",
                since=NOW - timedelta(hours=3),
                problem=Problem("error.sync.bad_answer", {"reason": "x"}),
                next_attempt=again,
            ),
        },
    )
    async with looking(shop, language, network) as (app, pilot, screen):
        app._brake.add(frozenset({"connection"}))
        await until(pilot, lambda: app.status.overall == "offline")
        await pilot.pause()
        seen = words_on(app)
        assert t("connection.overall.offline") in seen
        assert t("error.api.unreachable", **UNREACHABLE.values) in seen
        assert seen.count(t("error.api.unreachable", **UNREACHABLE.values)) == 1
        sync = next(line for line in seen.splitlines() if line.startswith(t("connection.part.sync")))
        assert t("connection.state.retrying") in sync
        assert any(t("connection.next", n=n) in sync for n in range(70, 101))
        assert t("error.sync.bad_answer", reason="x")[:40] in seen
        assert screen.query_one(KeyBar).region.height <= 2
        assert screen.endpoints.size.height >= 7


async def test_how_it_went_is_read_from_the_database(shop: Shop) -> None:
    async with looking(shop) as (app, pilot, screen):
        await until(pilot, lambda: "80.0% of 5 fine" in words_on(app))
        assert words_on(app).count("up: API 75.0%, live 50.0%") == 3
        assert "sent 3, fetched 300 (606/s)" in words_on(app)
        assert [row.id for row in rows_shown(screen.endpoints)[:2]] == ["orders.list", "auth.login"]
        await press(pilot, "f4")
        await until(pilot, lambda: screen.endpoints.count == 1)
        assert "1 of 47" in words_on(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ShowText))
        told = words_on(app).replace("\N{NO-BREAK SPACE}", " ")
        assert "GET /orders" in told
        assert t("error.api.unreachable", host="shop.example.com") in told
        assert "Hour: 1 calls, 0.0% fine" in told
        await press(pilot, "escape", "escape")
        await until(pilot, lambda: screen.endpoints.count == 47)


async def test_one_a_group_and_all_are_tested_by_key(shop: Shop) -> None:
    network = FakeNetwork()
    async with looking(shop, network=network) as (_, pilot, screen):
        await press(pilot, "f5")
        await until(pilot, lambda: network.asked)
        await press(pilot, "f10")
        await until(pilot, lambda: len(network.asked) == 2)
        await press(pilot, "f2")
        await until(pilot, lambda: len(network.asked) == 3)
        await press(pilot, "f7")
        group = ("orders.list", "orders.get", "orders.accept", "orders.reject", "orders.quote")
        assert network.asked == [("orders.list",), group, (), "reconnect"]
        assert screen.is_current


async def test_a_server_that_is_down_was_not_tested(shop: Shop) -> None:
    network = FakeNetwork()
    network.answers = False
    async with looking(shop, network=network) as (app, pilot, _):
        await press(pilot, "f2")
        await until(pilot, lambda: t("connection.untested") in toasts(app))
        assert t("connection.tested") not in toasts(app)


def test_the_curve() -> None:
    assert curve([1.0, 100.0, None, 50.0]) == "▁█×▅"
    assert curve([]) == ""
    assert len(curve([1.0] * 40)) == 10


# --- the log -------------------------------------------------------------------------------------------


def entries(count: int, **fields: Any) -> list[journal.LogEntry]:
    given: dict[str, Any] = {"level": "info", "category": "sync", "event": "connection.sync.up"} | fields
    return [journal.LogEntry(NOW, values={"n": n}, **given) for n in range(count)]


@asynccontextmanager
async def reading(
    shop: Shop, language: strings.Language = "en"
) -> AsyncIterator[tuple[ClutchApp, Pilot[int], ConnectionLogScreen]]:
    async with open_app(shop, language, mode="connection") as (app, pilot):
        await press(pilot, "f3")
        screen = app.screen
        assert isinstance(screen, ConnectionLogScreen)
        await settle(pilot)
        yield app, pilot, screen


async def test_the_log_follows_stands_still_and_catches_up(shop: Shop) -> None:
    shop.store.run_now(journal.write_log, entries(50))
    async with reading(shop) as (app, pilot, screen):
        await until(pilot, lambda: screen.table.count == 50)
        assert t("log.follows") in words_on(app)
        shop.store.run_now(journal.write_log, entries(1))
        await until(pilot, lambda: screen.table.count == 51)
        top = screen.table.row_at(2)
        await press(pilot, "down", "down")
        await until(pilot, lambda: screen.table.row == top)
        here = screen.table.row
        shop.store.run_now(journal.write_log, entries(3))
        await until(pilot, lambda: "+3" in words_on(app))
        assert screen.table.row == here
        assert screen.table.count == 51
        await press(pilot, "ctrl+home")
        await until(pilot, lambda: screen.table.count == 54 and "+3" not in words_on(app))
        await press(pilot, "f2")
        await until(pilot, lambda: t("log.paused") in words_on(app))
        shop.store.run_now(journal.write_log, entries(2))
        await until(pilot, lambda: "+2" in words_on(app))
        assert t("log.paused") in words_on(app)
        await press(pilot, "f2")
        await until(pilot, lambda: screen.table.count == 56)


async def test_it_is_filtered_by_level_part_and_words_also_those_of_the_sentence(shop: Shop) -> None:
    shop.store.run_now(journal.write_log, entries(5))
    shop.store.run_now(journal.write_log, entries(2, level="warning", category="socket", event="error.socket.too_many"))
    async with reading(shop, "ar") as (app, pilot, screen):
        await until(pilot, lambda: screen.table.count == 7)
        word = t("error.socket.too_many").split()[1]
        await type_text(pilot, word)
        await until(pilot, lambda: screen.table.count == 2)
        await press(pilot, "escape")
        await until(pilot, lambda: screen.table.count == 7)
        await press(pilot, "f4", "f4")
        await until(pilot, lambda: screen.table.count == 2)
        await press(pilot, "f4", "f4")
        await until(pilot, lambda: screen.table.count == 7)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await press(pilot, "3")
        await until(pilot, lambda: screen.table.count == 5)
        await press(pilot, "f6")
        await until(pilot, lambda: screen.table.count == 0)
        await press(pilot, "f6")
        await until(pilot, lambda: screen.table.count == 5)


async def test_an_entry_is_shown_with_its_request_and_exported_for_its_owner_alone(shop: Shop) -> None:
    exchange = {
        "method": "POST",
        "url": "https://h/api/v1/sales/sync",
        "status": 500,
        "ms": 31.5,
        "size": 20,
        "size_on_line": 20,
        "sent": 125478,
        "sent_on_line": 20288,
        "request_headers": {"authorization": "•••"},
        "request_body": '{"lineage": "x"}',
        "response_headers": {"content-type": "application/json"},
        "response_body": '{"success": false}',
    }
    values = {"endpoint": "sales.sync", "method": "POST", "status": 500, "ms": 31}
    entry = journal.LogEntry(NOW, "warning", "api", "connection.exchange", values, exchange)
    shop.store.run_now(journal.write_log, [entry])
    async with reading(shop) as (app, pilot, screen):
        await until(pilot, lambda: screen.table.count == 1)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ShowText))
        told = words_on(app).replace("\N{NO-BREAK SPACE}", " ")
        for expected in ("POST https://h/api/v1/sales/sync", "authorization: •••", '"lineage": "x"', "32 ms"):
            assert expected in told
        assert "125478 B (gzip 20288 B)" in told
        assert "32 ms  20 B" in told
        await press(pilot, "escape", "f3")
        await until(pilot, lambda: toasts(app))
        (path,) = app.services.exports.glob("clutch-log-*.jsonl")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        (line,) = map(json.loads, path.read_text("utf-8").splitlines())
        assert line["exchange"] == exchange
        assert line["message"] == "POST sales.sync: 500 in 31 ms"


async def test_debug_mode_is_a_key_and_lasts(shop: Shop) -> None:
    network = FakeNetwork()
    async with looking(shop, network=network) as (app, pilot, _):
        await press(pilot, "f3", "f7")
        await until(pilot, lambda: ("debug", True) in network.asked)
        assert "debug = true" in shop.home.config_file.read_text("utf-8")
        await press(pilot, "f7")
        await until(pilot, lambda: ("debug", False) in network.asked)
        assert not app.settings.log.debug


async def test_the_support_file_is_a_key_and_says_what_is_inside(shop: Shop) -> None:
    asked: list[Path] = []

    async def make_bundle(path: Path) -> tuple[Section, ...]:
        asked.append(path)
        return (Section("versions", ("versions.json",), 1500), Section("tester", missing="nobody to ask"))

    async with looking(shop) as (app, pilot, screen):
        assert screen.check_action("bundle", ()) is None
        app.services = replace(app.services, make_bundle=make_bundle)
        await press(pilot, "ctrl+e")
        await until(pilot, lambda: isinstance(app.screen, ShowText))
        told = words_on(app).replace("\N{NO-BREAK SPACE}", " ")
        assert asked[0].parent == app.services.exports
        assert str(asked[0]) in told
        assert t("support.inside", section=t("support.section.versions"), size="1.5") in told
        assert t("support.missing", section=t("support.section.tester"), reason=shown.name("nobody to ask")) in told


async def test_a_hundred_thousand_entries_are_counted_for_a_key_and_no_more(shop: Shop) -> None:
    """Counting and skipping are three steps of SQLite's machine for each; sorting or reading would be many more."""
    shop.store.run_now(journal.write_log, entries(100))
    shop.store.run_now(_fill)
    async with reading(shop) as (app, pilot, screen):
        await until(pilot, lambda: screen.table.count == 100_000)
        with Steps(app.store) as steps:
            for key in ("ctrl+end", "pageup", "ctrl+home"):
                await press(pilot, key)
                await settle(pilot)
        assert screen.table.row is not None
    assert 0 < steps.counted * STEP < 3 * 5 * 100_000


def _fill() -> None:
    db.execute(
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 99900)"
        " INSERT INTO connection_log (at, level, category, event, detail, text)"
        " SELECT at, level, category, event, detail, text FROM connection_log, c WHERE id = 1"
    )


@pytest.mark.usefixtures("english")
def test_a_call_without_an_answer_has_no_time() -> None:
    """It said `no answer in  ms`."""
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    silent = usage.Figure("sales.sync", works=False, status=None, ms=None, at=at, calls=1, failures=1, problem=None)
    (last,) = [line for line in details(EndpointRow(1, find("sales.sync"), silent, None), {}) if "2026" in line]
    assert last == t("endpoint.last_untimed", code=t("endpoint.no_answer"), at=shown.date_time(at))
    answered = replace(silent, status=200, ms=15.2)
    assert "15" in " ".join(details(EndpointRow(1, find("sales.sync"), answered, None), {}))
