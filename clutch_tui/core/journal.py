"""What happened, kept so that a person can ask later: the audit chain, the connection's log and its figures,
and the notifications.

The audit says who did what in the shop and is never trimmed: each row's hash covers the row before it, so
that a row changed, removed or slipped in afterwards shows. The log says what the connection did and forgets.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from clutch_tui.text.fold import fold

from . import models
from .clock import from_text, to_text
from .types import Key, LogQuery, LogRow, Notification

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)

KEPT_LOG_ROWS = 20_000
KEPT_NOTIFICATIONS = 1_000

STALE = timedelta(seconds=15)
"""A process that leads the sync writes what it knows at least every five seconds; after this it has ended."""

_NEWEST = 2**63 - 1


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


# --- the audit chain -----------------------------------------------------------------------------------


def audit(action: str, type: str, record_id: str, detail: Mapping[str, Any], actor: str) -> None:
    """Chain one deed to those before it. Only inside the transaction that does the deed.

    `detail` is JSON-able; money in minor units, as everywhere.
    """
    row = (models.now_text(), actor, action, type, record_id, _json(detail))
    last = models.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    models.execute(
        "INSERT INTO audit (at, actor, action, type, record_id, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*row, _link(last[0] if last else "", row)),
    )


def verify_audit() -> int | None:
    """The id of the first audit row that does not fit the chain, None where the whole chain holds."""
    before = ""
    for id_, at, actor, action, type_, record_id, detail, found in models.execute(
        "SELECT id, at, actor, action, type, record_id, detail, hash FROM audit ORDER BY id"
    ):
        before = _link(before, (at, actor, action, type_, record_id, detail))
        if found != before:
            return int(id_)
    return None


def _link(before: str, row: tuple[str, ...]) -> str:
    # JSON and not a join: no two rows may run together into the same text
    return hashlib.sha256(json.dumps((before, *row), ensure_ascii=False).encode()).hexdigest()


# --- the connection's log ------------------------------------------------------------------------------


def log(level: Level, category: str, event: str, **values: Any) -> None:
    """Write one entry. `event` is a catalogue key, `values` are JSON-able and fill its places."""
    text = fold(" ".join((level, category, event, *map(str, values.values()))))
    models.execute(
        "INSERT INTO connection_log (at, level, category, event, detail, text) VALUES (?, ?, ?, ?, ?, ?)",
        (models.now_text(), level, category, event, _json(values), text),
    )


def log_count(q: LogQuery) -> int:
    where, params = _log_filter(q)
    return int(models.execute(f"SELECT count(*) FROM connection_log WHERE {where}", params).fetchone()[0])


def log_page(q: LogQuery, after: Key | None, skip: int, limit: int) -> tuple[LogRow, ...]:
    """Entries of at least the level asked for, newest first."""
    where, params = _log_filter(q)
    rows = models.execute(
        f"SELECT id, at, level, category, event, detail FROM connection_log WHERE {where}"
        " AND id < ? ORDER BY id DESC LIMIT ? OFFSET ?",
        (*params, after[0] if after else _NEWEST, limit, skip),
    )
    return tuple(
        LogRow(id_, (id_,), from_text(at), level, category, event, json.loads(detail))
        for id_, at, level, category, event, detail in rows
    )


def _log_filter(q: LogQuery) -> tuple[str, tuple[str, ...]]:
    where: list[str] = ["1"]
    params: list[str] = []
    if q.level:
        enough = LEVELS[LEVELS.index(q.level) :] if q.level in LEVELS else ()
        where.append(f"level IN ({', '.join('?' * len(enough))})")
        params += enough
    if q.category:
        where.append("category = ?")
        params.append(q.category)
    for word in fold(q.text).split():
        where.append("instr(text, ?)")
        params.append(word)
    return " AND ".join(where), tuple(params)


# --- what every process shows of the connection --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """What the process that leads the sync last said about one part of the connection."""

    part: str
    state: str
    since: datetime
    detail: dict[str, Any] = field(hash=False)
    updated_at: datetime
    pid: int

    def is_stale(self, now: datetime) -> bool:
        """Whether nobody has said so for too long: who did has ended, however it did."""
        return now - self.updated_at > STALE


@dataclass(frozen=True, slots=True)
class EndpointFigure:
    """An endpoint's last result, and how often it was called and failed since the database was made."""

    name: str
    state: str
    status: int | None
    latency_ms: float | None
    at: datetime
    calls: int
    failures: int


def put_connection_state(part: str, state: str, since: datetime, detail: Mapping[str, Any]) -> None:
    models.execute(
        "INSERT INTO connection_state (part, state, since, detail, updated_at, pid) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (part) DO UPDATE SET state = excluded.state, since = excluded.since,"
        " detail = excluded.detail, updated_at = excluded.updated_at, pid = excluded.pid",
        (part, state, to_text(since), _json(detail), models.now_text(), os.getpid()),
    )


def connection_state() -> dict[str, ConnectionState]:
    """The last known state of each part of the connection, by the part's name."""
    rows = models.execute("SELECT part, state, since, detail, updated_at, pid FROM connection_state ORDER BY part")
    return {
        part: ConnectionState(part, state, from_text(since), json.loads(detail), from_text(updated_at), pid)
        for part, state, since, detail, updated_at, pid in rows
    }


def put_figure(name: str, state: str, status: int | None, latency_ms: float | None, *, failed: bool) -> None:
    """Note the result of one call of the endpoint `name`."""
    models.execute(
        "INSERT INTO endpoint_figure (name, state, status, latency_ms, at, calls, failures)"
        " VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state,"
        " status = excluded.status, latency_ms = excluded.latency_ms, at = excluded.at,"
        " calls = calls + 1, failures = failures + excluded.failures",
        (name, state, status, latency_ms, models.now_text(), int(failed)),
    )


def figures() -> tuple[EndpointFigure, ...]:
    """Every endpoint that was ever called, by name."""
    rows = models.execute(
        "SELECT name, state, status, latency_ms, at, calls, failures FROM endpoint_figure ORDER BY name"
    )
    return tuple(
        EndpointFigure(name, state, status, latency, from_text(at), calls, failures)
        for name, state, status, latency, at, calls, failures in rows
    )


# --- notifications -------------------------------------------------------------------------------------


def notify(kind: str, values: Mapping[str, Any], *, notification_id: str | None = None) -> bool:
    """Keep news for a person; False where it is known already.

    `notification_id` is given where the same news may arrive twice, as an event of the socket does: the
    second time it is not news.
    """
    cursor = models.execute(
        "INSERT INTO notification (id, at, kind, detail) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (notification_id or models.new_id(), models.now_text(), kind, _json(values)),
    )
    return bool(cursor.rowcount)


def notification_count() -> int:
    return int(models.execute("SELECT count(*) FROM notification").fetchone()[0])


def unread_count() -> int:
    return int(models.execute("SELECT count(*) FROM notification WHERE read = 0").fetchone()[0])


def notifications(after: Key | None, skip: int, limit: int) -> tuple[Notification, ...]:
    """Notifications, newest first."""
    where, params = ("WHERE (at, id) < (?, ?)", tuple(after)) if after else ("", ())
    rows = models.execute(
        f"SELECT id, at, kind, detail, read FROM notification {where} ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )
    return tuple(
        Notification(id_, (at, id_), from_text(at), kind, json.loads(detail), bool(read))
        for id_, at, kind, detail, read in rows
    )


def mark_read(notification_id: str | None = None) -> None:
    """Mark one notification as read, or all of them."""
    models.execute("UPDATE notification SET read = 1 WHERE id = ? OR ? IS NULL", (notification_id, notification_id))


def trim() -> None:
    """Forget the oldest log entries and notifications; the audit stays whole."""
    models.execute("DELETE FROM connection_log WHERE id <= (SELECT max(id) FROM connection_log) - ?", (KEPT_LOG_ROWS,))
    models.execute(
        "DELETE FROM notification WHERE (at, id) <= (SELECT at, id FROM notification"
        " ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?)",
        (KEPT_NOTIFICATIONS,),
    )
