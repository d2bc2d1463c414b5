"""Figures about a shop's database for support: how much of what there is, and whether it is whole. No shop data."""

from __future__ import annotations

from typing import Any

from .. import journal
from ..database import db


def of_database() -> dict[str, Any]:
    """Rows of each table, pages, and the id of the first audit row that does not fit its chain (None: all fit)."""
    pragmas = ("page_size", "page_count", "freelist_count", "journal_mode", "encoding", "user_version")
    return {
        "rows": {name: _count(name) for name in _tables()},
        **{name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas},
        "first_broken_audit_row": journal.verify_audit(),
    }


def of_queue() -> list[dict[str, Any]]:
    """How many unanswered changes there are of each lane, kind and last error, the oldest moment with them."""
    rows = db.execute(
        "SELECT lane, kind, type, last_error, count(*), min(at), max(attempts) FROM outbox"
        " WHERE answered_at IS NULL OR lane = 'attention' GROUP BY lane, kind, type, last_error ORDER BY count(*) DESC"
    )
    names = ("lane", "kind", "type", "last_error", "count", "oldest", "attempts")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _tables() -> tuple[str, ...]:
    """Every table of ours; not those that SQLite and its full-text search keep for themselves."""
    rows = db.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    )
    return tuple(row[0] for row in rows)


def _count(table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
