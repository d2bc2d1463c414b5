"""Figures about a shop's database for support: how much of what there is, and whether it is whole. No shop data."""

from __future__ import annotations

from typing import Any

from .. import journal
from ..database import db
from ..outbox.outbox import LISTED


def of_database() -> dict[str, Any]:
    """Rows of each table, pages, and the id of the first audit row that does not fit its chain (None: all fit)."""
    pragmas = ("page_size", "page_count", "freelist_count", "journal_mode", "encoding", "user_version")
    return {
        "rows": {name: _count(name) for name in _tables()},
        **{name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas},
        "first_broken_audit_row": journal.verify_audit(),
    }


def of_queue() -> list[dict[str, Any]]:
    """Return how many unanswered changes there are of each lane, kind and last error, the oldest moment with them."""
    rows = db.rows(  # as text: each half from its index, which serves no value that is filled in
        "SELECT lane, kind, type, last_error, count(*) AS count, min(at) AS oldest, max(attempts) AS attempts"
        f" FROM outbox WHERE {LISTED} GROUP BY lane, kind, type, last_error ORDER BY count(*) DESC"
    )
    return [dict(row) for row in rows]


def _tables() -> tuple[str, ...]:
    """Every table of ours; not those that SQLite and its full-text search keep for themselves."""
    rows = db.rows(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name"
    )
    return tuple(row["name"] for row in rows)


def _count(table: str) -> int:
    return int(db.first(f"SELECT count(*) AS n FROM {table}")["n"])
