"""What happened, kept so that a person can ask later: the audit chain, the connection's log and its figures,
and the notifications.

The audit says who did what in the shop and is never trimmed: each row's hash covers the row before it, so
that a row changed, removed or slipped in afterwards shows. The log says what the connection did and forgets.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from clutch_tui.text.fold import fold

from .clock import from_text, to_text
from .database import models
from .types import Key

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)

KEPT_LOG_ROWS = 20_000
KEPT_NOTIFICATIONS = 1_000

STALE = timedelta(seconds=15)
"""A process that leads the sync writes what it knows at least every five seconds; after this it has ended."""

SILENT = timedelta(seconds=20)
"""After this a process that leads and is still there has to be named: the others wait for it."""

_NEWEST = 2**63 - 1
_EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class LogRow:
    """An entry of the connection log. `event` is a catalogue key, `values` fill its places; `exchange` holds a
    request and its answer, secrets removed, where they were worth keeping."""

    id: int
    key: Key
    at: datetime
    level: Literal["debug", "info", "warning", "error"]
    category: str
    event: str
    values: dict[str, Any] = field(hash=False)
    exchange: dict[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Entries of at least `level`, behind the id `oldest` and up to `newest`. Every word of `text` must stand in an
    entry, or in its sentence: core has no sentences, so whoever has them names with `meant`, word for word, the
    events whose sentence holds it."""

    level: str = ""
    category: str = ""
    text: str = ""
    meant: tuple[tuple[str, ...], ...] = ()
    newest: int | None = None
    oldest: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    id: str
    key: Key
    at: datetime
    kind: str
    values: dict[str, Any] = field(hash=False)
    read: bool = False
    count: int = 1
    """How many of its kind it stands for in a list."""


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_chained = json.JSONEncoder(ensure_ascii=False).encode


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
    return hashlib.sha256(_chained((before, *row)).encode()).hexdigest()


# --- the connection's log ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be written into the log. `event` is a catalogue key, `values` are JSON-able and fill its places;
    `exchange` is the request and its answer where that is worth keeping, secrets removed."""

    at: datetime
    level: Level
    category: str
    event: str
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    exchange: Mapping[str, Any] | None = field(default=None, hash=False)


def log(level: Level, category: str, event: str, **values: Any) -> None:
    """Write one entry of this moment."""
    write_log((Entry(models.now(), level, category, event, values),))


def write_log(entries: Iterable[Entry]) -> None:
    """Write entries, in their order."""
    models.executemany(
        "INSERT INTO connection_log (at, level, category, event, detail, text) VALUES (?, ?, ?, ?, ?, ?)",
        [_log_values(entry) for entry in entries],
    )


def _log_values(entry: Entry) -> tuple[str, ...]:
    text = fold(" ".join((entry.level, entry.category, entry.event, *map(str, entry.values.values()))))
    detail = dict(entry.values) if entry.exchange is None else {**entry.values, _EXCHANGE: entry.exchange}
    return (
        to_text(entry.at),
        entry.level,
        entry.category,
        entry.event,
        json.dumps(detail, ensure_ascii=False, separators=(",", ":"), default=str),
        text,
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
    return tuple(_log_row(*row) for row in rows)


def _log_row(id_: int, at: str, level: Any, category: str, event: str, detail: str) -> LogRow:
    values = json.loads(detail)
    exchange = values.pop(_EXCHANGE, None)
    return LogRow(id_, (id_,), from_text(at), level, category, event, values, exchange)


def log_newest() -> int:
    """The id of the newest entry, 0 where there is none: ids count up, so that a reader can ask for what has come."""
    return int(models.execute("SELECT coalesce(max(id), 0) FROM connection_log").fetchone()[0])


def log_categories() -> tuple[str, ...]:
    """The categories that the log holds now."""
    return tuple(row[0] for row in models.execute("SELECT DISTINCT category FROM connection_log ORDER BY category"))


def _log_filter(q: LogQuery) -> tuple[str, tuple[str | int, ...]]:
    where: list[str] = ["1"]
    params: list[str | int] = []
    if q.level:
        enough = LEVELS[LEVELS.index(q.level) :] if q.level in LEVELS else ()
        where.append(f"level IN ({', '.join('?' * len(enough))})")
        params += enough
    if q.category:
        where.append("category = ?")
        params.append(q.category)
    if q.newest is not None:
        where.append("id <= ?")
        params.append(q.newest)
    if q.oldest is not None:
        where.append("id > ?")
        params.append(q.oldest)
    for n, word in enumerate(fold(q.text).split()):
        meant = q.meant[n] if n < len(q.meant) else ()
        where.append(f"(instr(text, ?) OR event IN ({', '.join('?' * len(meant))}))")
        params += (word, *meant)
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

    def is_silent(self, now: datetime) -> bool:
        """Whether who said so is still there and has not spoken for too long: it is stopped, or hangs."""
        return now - self.updated_at > SILENT and _lives(self.pid)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


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


FOLDED = ("stock_alert", "price_alert", "demand_forecast", "market_insight")
"""Kinds of which a hundred an hour may come: all that are unread are one line of the list, and so are those that were
read. An order, and what the system says to everybody, is never folded."""
ORDER = "new_order"
"""The kind that a customer waits behind: unread ones come first."""
_LINE = f"CASE WHEN kind IN {FOLDED} THEN kind || ' ' || read ELSE id END"


def notification_count() -> int:
    """How many lines the list of notifications has."""
    return int(models.execute(f"SELECT count(DISTINCT {_LINE}) FROM notification").fetchone()[0])


def unread_count() -> int:
    return int(models.execute("SELECT count(*) FROM notification WHERE read = 0").fetchone()[0])


def unread_orders() -> int:
    """How many notifications of orders nobody has read."""
    where = "kind = ? AND read = 0"
    return int(models.execute(f"SELECT count(*) FROM notification WHERE {where}", (ORDER,)).fetchone()[0])


def news_mark() -> tuple[int, int]:
    """Two figures that move when a notification comes, and when any is read: the number of the newest, and how many
    are unread."""
    newest, unread = models.execute("SELECT coalesce(max(rowid), 0), total(read = 0) FROM notification").fetchone()
    return int(newest), int(unread)


def news_since(number: int) -> tuple[tuple[int, Notification], ...]:
    """Notifications that have come after the one with this number (`news_mark`), oldest first, with theirs."""
    rows = models.execute(
        "SELECT rowid, id, at, kind, detail, read FROM notification WHERE rowid > ? ORDER BY rowid LIMIT 100", (number,)
    )
    return tuple((row[0], _notification(*row[1:])) for row in rows)


def notifications(after: Key | None, skip: int, limit: int) -> tuple[Notification, ...]:
    """Notifications, unread orders before all others, newest first; `FOLDED` kinds by their newest alone."""
    where, params = ("WHERE (first, at, id) < (?, ?, ?)", tuple(after)) if after else ("", ())
    lines = (  # what stands beside max() is of the row that has it
        f"SELECT id, max(at) AS at, kind, detail, read, count(*) AS n, kind = '{ORDER}' AND read = 0 AS first"
        f" FROM notification GROUP BY {_LINE}"
    )
    rows = models.execute(
        f"SELECT id, at, kind, detail, read, n, first FROM ({lines}) {where}"
        " ORDER BY first DESC, at DESC, id DESC LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )
    return tuple(_notification(*row) for row in rows)


def _notification(id_: str, at: str, kind: str, detail: str, read: int, count: int = 1, first: int = 0) -> Notification:
    return Notification(id_, (first, at, id_), from_text(at), kind, json.loads(detail), bool(read), count)


def mark_read(notification_id: str | None = None) -> None:
    """Mark one notification as read, with those that it stands for, or all of them."""
    models.execute(
        "UPDATE notification SET read = 1 WHERE ? IS NULL OR id = ?"
        f" OR kind IN {FOLDED} AND kind = (SELECT kind FROM notification WHERE id = ?)",
        (notification_id,) * 3,
    )


def trim() -> None:
    """Forget the oldest log entries and notifications; the audit stays whole."""
    models.execute("DELETE FROM connection_log WHERE id <= (SELECT max(id) FROM connection_log) - ?", (KEPT_LOG_ROWS,))
    models.execute(
        "DELETE FROM notification WHERE (at, id) <= (SELECT at, id FROM notification"
        " ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?)",
        (KEPT_NOTIFICATIONS,),
    )
