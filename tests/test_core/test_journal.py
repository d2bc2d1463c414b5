"""The audit chain, the connection's log and its figures, the notifications."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clutch_tui.core import journal
from clutch_tui.core.database import db
from clutch_tui.core.journal import LogQuery
from clutch_tui.core.store.store import Store
from tests.test_core.shop import HandClock


@pytest.fixture
def audited(store: Store) -> Store:
    for n in range(5):
        store.run_now(journal.audit, "edit", "item", f"part-{n}", {"price": n, "name": "طلمبة"}, "سارة")
    return store


def test_an_untouched_chain_holds(audited: Store) -> None:
    assert audited.read_now(journal.verify_audit) is None


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE audit SET detail = '{}' WHERE id = 3", 3),
        ("UPDATE audit SET actor = 'x' WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000Z' WHERE id = 5", 5),
        ("INSERT INTO audit SELECT 9, at, actor, action, type, record_id, detail, hash FROM audit WHERE id = 5", 9),
    ],
)
def test_a_changed_past_shows_where(audited: Store, tampering: str, found: int) -> None:
    audited.run_now(db.execute, tampering)
    assert audited.read_now(journal.verify_audit) == found


def test_the_log_is_read_newest_first_and_filtered(store: Store) -> None:
    store.run_now(journal.log, "info", "api", "log.api.call", name="inventory.sync", status=200)
    store.run_now(journal.log, "warning", "socket", "log.socket.closed", code=1006)
    store.run_now(journal.log, "error", "api", "log.api.failed", name="sales.sync", reason="الخط مقطوع")

    def events(**query: str) -> list[str]:
        q = LogQuery(**query)
        rows = store.read_now(journal.log_page, q, None, 0, 10)
        assert store.read_now(journal.log_count, q) == len(rows)
        return [row.event for row in rows]

    assert events() == ["log.api.failed", "log.socket.closed", "log.api.call"]
    assert events(level="warning") == ["log.api.failed", "log.socket.closed"]
    assert events(category="api") == ["log.api.failed", "log.api.call"]
    assert events(text="SYNC") == ["log.api.failed", "log.api.call"]
    assert events(text="الخط sales") == ["log.api.failed"]
    assert events(level="nonsense") == []


def test_the_log_pages_by_key_and_by_skip(store: Store) -> None:
    for n in range(10):
        store.run_now(journal.log, "info", "api", "log.api.call", n=n)
    everything = store.read_now(journal.log_page, LogQuery(), None, 0, 10)
    assert [row.values["n"] for row in everything] == list(range(9, -1, -1))
    assert store.read_now(journal.log_page, LogQuery(), everything[2].key, 1, 3) == everything[4:7]


def test_trimming_forgets_the_oldest_and_keeps_the_audit(audited: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT_LOG_ROWS", 3)
    monkeypatch.setattr(journal, "KEPT_NOTIFICATIONS", 2)
    for n in range(7):
        audited.run_now(journal.log, "info", "api", "log.api.call", n=n)
        audited.run_now(journal.notify, "system_message", {"n": n})
    audited.run_now(journal.trim)
    assert [row.values["n"] for row in audited.read_now(journal.log_page, LogQuery(), None, 0, 9)] == [6, 5, 4]
    assert [row.values["n"] for row in audited.read_now(journal.notifications, None, 0, 9)] == [6, 5]
    assert audited.read_now(journal.verify_audit) is None


def test_news_that_arrives_twice_is_news_once(store: Store) -> None:
    assert store.run_now(journal.notify, "stock_alert", {"part": "p1"}, notification_id="event-7")
    assert not store.run_now(journal.notify, "stock_alert", {"part": "p1"}, notification_id="event-7")
    store.run_now(journal.notify, "new_order", {})
    assert store.read_now(journal.unread_count) == 2
    store.run_now(journal.mark_read, "event-7")
    assert store.read_now(journal.unread_count) == 1
    store.run_now(journal.mark_read)
    assert store.read_now(journal.unread_count) == 0
    assert store.read_now(journal.notification_count) == 2


def test_connection_state_and_figures_are_the_last_ones(store: Store, clock: HandClock) -> None:
    since = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    store.run_now(journal.put_connection_state, "api", "offline", since, {"why": "dns"})
    store.run_now(journal.put_connection_state, "api", "connected", clock.now(), {})
    state = store.read_now(journal.connection_state)["api"]
    assert (state.state, state.since, state.detail) == ("connected", clock.now(), {})


def test_an_entry_keeps_its_moment_and_its_exchange(store: Store, clock: HandClock) -> None:
    at = datetime(2026, 11, 22, 8, 59, 30, tzinfo=UTC)
    exchange = {"method": "GET", "response_body": "{}"}
    store.run_now(
        journal.write_log,
        [
            journal.LogEntry(at, "warning", "api", "connection.exchange", {"endpoint": "sales.sync"}, exchange),
            journal.LogEntry(clock.now(), "info", "sync", "connection.sync.up"),
        ],
    )
    newest, oldest = store.read_now(journal.log_page, LogQuery(), None, 0, 9)
    assert (oldest.at, oldest.exchange, oldest.values) == (at, exchange, {"endpoint": "sales.sync"})
    assert newest.exchange is None
    assert store.read_now(journal.log_newest) == newest.id
    assert store.read_now(journal.log_categories) == ("api", "sync")


def test_what_comes_while_one_looks_stays_out_of_the_list_and_can_be_counted(store: Store) -> None:
    for n in range(5):
        store.run_now(journal.log, "info", "api", "log.api.call", n=n)
    seen = store.read_now(journal.log_newest)
    for n in range(5, 8):
        store.run_now(journal.log, "warning", "api", "log.api.call", n=n)
    frozen = LogQuery(newest=seen)
    assert [row.values["n"] for row in store.read_now(journal.log_page, frozen, None, 0, 9)] == [4, 3, 2, 1, 0]
    assert store.read_now(journal.log_count, LogQuery(oldest=seen)) == 3
    assert store.read_now(journal.log_count, LogQuery(oldest=seen, level="error")) == 0


def test_a_word_of_the_sentence_finds_the_entry_that_is_told_with_it(store: Store) -> None:
    store.run_now(journal.log, "warning", "socket", "error.socket.closed", code=1006)
    store.run_now(journal.log, "info", "sync", "connection.sync.up")
    asked = LogQuery(text="انقطع 1006", meant=(("error.socket.closed",), ()))
    (row,) = store.read_now(journal.log_page, asked, None, 0, 9)
    assert row.event == "error.socket.closed"
    assert store.read_now(journal.log_count, LogQuery(text="انقطع")) == 0
