"""Keeps what happened, so that a person can ask later: the audit chain, the connection's log and its figures,
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

import peewee

from clutch_tui.text.fold import fold

from .clock import from_text, to_text
from .database import db
from .database.statement import Statement, given, insert, put_by_key
from .records.journal import AuditTable, ConnectionLogTable, ConnectionStateTable, NotificationTable
from .types import Key

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)

KEPT_LOG_ROWS = 20_000
KEPT_NOTIFICATIONS = 1_000

STALE = timedelta(seconds=15)
"""A process that leads the sync writes what it knows at least every five seconds; after this it has ended."""

SILENT = timedelta(seconds=20)
"""After this a process that leads and is still there has to be named: the others wait for it."""

_EXCHANGE = "exchange"

_ADD_AUDIT = insert(AuditTable)
_LAST_AUDIT = Statement(AuditTable.select(AuditTable.hash).order_by(AuditTable.id.desc()).limit(1))
_WHOLE_AUDIT = Statement(AuditTable.select().order_by(AuditTable.id))
_ADD_LOG = insert(ConnectionLogTable)
_NEWEST_LOG = Statement(ConnectionLogTable.select(peewee.fn.max(ConnectionLogTable.id)))
_LOG_CATEGORIES = Statement(
    ConnectionLogTable.select(ConnectionLogTable.category).distinct().order_by(ConnectionLogTable.category)
)
_PUT_STATE = put_by_key(ConnectionStateTable)
_STATES = Statement(ConnectionStateTable.select().order_by(ConnectionStateTable.part))
_ADD_NEWS = insert(NotificationTable, or_leave=True)
_UNREAD = Statement(NotificationTable.select(peewee.fn.count()).where(NotificationTable.read == 0))
_UNREAD_OF_A_KIND = Statement(
    NotificationTable.select(peewee.fn.count()).where(
        NotificationTable.read == 0, NotificationTable.kind == given("kind")
    )
)


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
    """Chain one action to those before it. Only inside the transaction of the action itself.

    `detail` is JSON-able; money in minor units, as everywhere.
    """
    row = {
        "at": db.now_text(),
        "actor": actor,
        "action": action,
        "type": type,
        "record_id": record_id,
        "detail": _json(detail),
    }
    _ADD_AUDIT.run(**row, hash=_link(_LAST_AUDIT.value() or "", row))


def verify_audit() -> int | None:
    """The id of the first audit row that does not fit the chain, None where the whole chain holds."""
    before = ""
    for row in _WHOLE_AUDIT.each():
        before = _link(before, row)
        if row["hash"] != before:
            return int(row["id"])
    return None


_CHAINED = ("at", "actor", "action", "type", "record_id", "detail")


def _link(before: str, row: Any) -> str:
    # JSON and not a join: no two rows may run together into the same text
    return hashlib.sha256(_chained((before, *(row[name] for name in _CHAINED))).encode()).hexdigest()


# --- the connection's log ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogEntry:
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
    write_log((LogEntry(db.now(), level, category, event, values),))


def write_log(entries: Iterable[LogEntry]) -> None:
    """Write entries, in their order."""
    _ADD_LOG.run_many(map(_log_values, entries))


def _log_values(entry: LogEntry) -> dict[str, str]:
    text = fold(" ".join((entry.level, entry.category, entry.event, *map(str, entry.values.values()))))
    detail = dict(entry.values) if entry.exchange is None else {**entry.values, _EXCHANGE: entry.exchange}
    return {
        "at": to_text(entry.at),
        "level": entry.level,
        "category": entry.category,
        "event": entry.event,
        "detail": json.dumps(detail, ensure_ascii=False, separators=(",", ":"), default=str),
        "text": text,
    }


def log_count(q: LogQuery) -> int:
    """Return how many entries `log_page` would list in all."""
    return int(Statement(ConnectionLogTable.select(peewee.fn.count()).where(*_log_filter(q))).value())


def log_page(q: LogQuery, after: Key | None, skip: int, limit: int) -> tuple[LogRow, ...]:
    """Entries of at least the level asked for, newest first."""
    where = _log_filter(q)
    if after:
        where.append(ConnectionLogTable.id < after[0])
    newest_first = ConnectionLogTable.select().where(*where).order_by(ConnectionLogTable.id.desc())
    return tuple(map(_log_row, Statement(newest_first.limit(limit).offset(skip)).rows()))


def _log_row(row: Any) -> LogRow:
    values = json.loads(row["detail"])
    exchange = values.pop(_EXCHANGE, None)
    at = from_text(row["at"])
    return LogRow(row["id"], (row["id"],), at, row["level"], row["category"], row["event"], values, exchange)


def log_newest() -> int:
    """The id of the newest entry, 0 where there is none: ids count up, so that a reader can ask for what has come."""
    return int(_NEWEST_LOG.value() or 0)


def log_categories() -> tuple[str, ...]:
    """The categories that the log holds now."""
    return tuple(row["category"] for row in _LOG_CATEGORIES.rows())


def _log_filter(q: LogQuery) -> list[Any]:
    entry = ConnectionLogTable
    where: list[Any] = [entry.id > (q.oldest or 0)]
    if q.level:
        where.append(entry.level.in_(LEVELS[LEVELS.index(q.level) :] if q.level in LEVELS else ()))
    if q.category:
        where.append(entry.category == q.category)
    if q.newest is not None:
        where.append(entry.id <= q.newest)
    for n, word in enumerate(fold(q.text).split()):
        meant = q.meant[n] if n < len(q.meant) else ()
        where.append((peewee.fn.instr(entry.text, word) > 0) | entry.event.in_(meant))
    return where


# --- what every process shows of the connection --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """One part of the connection, as the process that leads the sync last spoke of it."""

    part: str
    state: str
    since: datetime
    detail: dict[str, Any] = field(hash=False)
    updated_at: datetime
    pid: int

    def is_stale(self, now: datetime) -> bool:
        """Tell whether nobody has said so for too long: who did has ended, however it did."""
        return now - self.updated_at > STALE

    def is_silent(self, now: datetime) -> bool:
        """Tell whether who said so is still there and has not spoken for too long: it is stopped, or hangs."""
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
    _PUT_STATE.run(
        part=part,
        state=state,
        since=to_text(since),
        detail=_json(detail),
        updated_at=db.now_text(),
        pid=os.getpid(),
    )


def connection_state() -> dict[str, ConnectionState]:
    """The last known state of each part of the connection, by the part's name."""
    return {
        row["part"]: ConnectionState(
            row["part"],
            row["state"],
            from_text(row["since"]),
            json.loads(row["detail"]),
            from_text(row["updated_at"]),
            row["pid"],
        )
        for row in _STATES.rows()
    }


# --- notifications -------------------------------------------------------------------------------------


def notify(kind: str, values: Mapping[str, Any], *, notification_id: str | None = None) -> bool:
    """Keep news for a person; False where it is known already.

    `notification_id` is given where the same news may arrive twice, as an event of the socket does: the
    second time it is not news.
    """
    added = _ADD_NEWS.run(
        id=notification_id or db.new_id(), at=db.now_text(), kind=kind, detail=_json(values), read=False
    )
    return bool(added)


FOLDED = ("stock_alert", "price_alert", "demand_forecast", "market_insight")
"""Kinds of which a hundred an hour may come: all that are unread are one line of the list, and so are those that were
read. An order, and what the system says to everybody, is never folded."""
ORDER = "new_order"
"""The kind that a customer waits behind: unread ones come first."""
_LINE = f"CASE WHEN kind IN {FOLDED} THEN kind || ' ' || read ELSE id END"


def notification_count() -> int:
    """Return how many lines the list of notifications has."""
    return int(db.execute(f"SELECT count(DISTINCT {_LINE}) FROM notification").fetchone()[0])


def unread_count() -> int:
    return int(_UNREAD.value())


def unread_orders() -> int:
    """Return how many notifications of orders nobody has read."""
    return int(_UNREAD_OF_A_KIND.value(kind=ORDER))


def news_mark() -> tuple[int, int]:
    """Two figures that move when a notification comes, and when any is read: the number of the newest, and how many
    are unread."""
    row = db.first("SELECT coalesce(max(rowid), 0) AS newest, total(read = 0) AS unread FROM notification")
    return int(row["newest"]), int(row["unread"])


def news_since(number: int) -> tuple[tuple[int, Notification], ...]:
    """Notifications that have come after the one with this number (`news_mark`), oldest first, with theirs."""
    rows = db.rows(
        "SELECT rowid AS number, *, 1 AS n, 0 AS first FROM notification WHERE rowid > ? ORDER BY rowid LIMIT 100",
        (number,),
    )
    return tuple((row["number"], _notification(row)) for row in rows)


def notifications(after: Key | None, skip: int, limit: int) -> tuple[Notification, ...]:
    """Notifications, unread orders before all others, newest first; `FOLDED` kinds by their newest alone."""
    where, params = ("WHERE (first, at, id) < (?, ?, ?)", tuple(after)) if after else ("", ())
    lines = (  # what stands beside max() is of the row that has it
        f"SELECT id, max(at) AS at, kind, detail, read, count(*) AS n, kind = '{ORDER}' AND read = 0 AS first"
        f" FROM notification GROUP BY {_LINE}"
    )
    rows = db.rows(
        f"SELECT * FROM ({lines}) {where} ORDER BY first DESC, at DESC, id DESC LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )
    return tuple(map(_notification, rows))


def _notification(row: Any) -> Notification:
    key = (row["first"], row["at"], row["id"])
    values = json.loads(row["detail"])
    return Notification(row["id"], key, from_text(row["at"]), row["kind"], values, bool(row["read"]), row["n"])


def mark_read(notification_id: str | None = None) -> None:
    """Mark one notification as read, with those that it stands for, or all of them."""
    db.execute(
        "UPDATE notification SET read = 1 WHERE ? IS NULL OR id = ?"
        f" OR kind IN {FOLDED} AND kind = (SELECT kind FROM notification WHERE id = ?)",
        (notification_id,) * 3,
    )


def trim() -> None:
    """Forget the oldest log entries and notifications; the audit stays whole."""
    db.execute("DELETE FROM connection_log WHERE id <= (SELECT max(id) FROM connection_log) - ?", (KEPT_LOG_ROWS,))
    db.execute(
        "DELETE FROM notification WHERE (at, id) <= (SELECT at, id FROM notification"
        " ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?)",
        (KEPT_NOTIFICATIONS,),
    )
