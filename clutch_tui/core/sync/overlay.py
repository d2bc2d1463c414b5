"""The row on the screen = the server's copy + this terminal's requests that the copy does not contain yet.

While a record has no request under way its row is the server's copy itself. The first request keeps that copy
aside (`base_record`); every answer and every pull then lays the requests that still count over the copy again
(`replica.rebase`). So an edit is seen at once, survives any pull, and disappears by itself when the server
refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..database import models
from ..records import RECORDS

RECORD_COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    name: (record.table_name, record.columns) for name, record in RECORDS.items() if name != "sale"
}
"""For each type of record: its table and the columns that hold what the server says."""


def begin_request(type: str, record_id: str) -> None:
    """Keep the server's copy of a record, before the first local request on it changes the row.

    Call it before the row is written; for a record that is made here, before the insert. Further calls do
    nothing while a request is under way.
    """
    known = models.execute("SELECT 1 FROM base_record WHERE type = ? AND id = ?", (type, record_id)).fetchone()
    if known is None:
        copy = current(type, record_id)
        keep(type, record_id, copy if copy is not None and copy["version"] > 0 else None)


def begin_requests(type: str, record_ids: Sequence[str]) -> None:
    """`begin_request` for many records at once, of which no two are the same."""
    table, columns = RECORD_COLUMNS[type]
    marks = ", ".join("?" * len(record_ids))
    cursor = models.execute(
        f"SELECT id, {', '.join(columns)} FROM {table} WHERE id IN ({marks}) AND version > 0", tuple(record_ids)
    )
    copies = {row[0]: dict(zip(("id", *columns), row, strict=True)) for row in cursor.fetchall()}
    models.executemany(
        "INSERT OR IGNORE INTO base_record (type, id, body) VALUES (?, ?, ?)",
        [(type, id_, json.dumps(copies[id_], ensure_ascii=False) if id_ in copies else None) for id_ in record_ids],
    )


def current(type: str, record_id: str) -> dict[str, Any] | None:
    """The row of a record as it stands, in core names; None where there is none."""
    table, columns = RECORD_COLUMNS[type]
    row = models.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?", (record_id,)).fetchone()
    return None if row is None else {"id": record_id, **dict(zip(columns, row, strict=True))}


def base(type: str, record_id: str) -> dict[str, Any] | None:
    """The server's copy that is kept for a record; None where the server does not know the record."""
    row = models.execute("SELECT body FROM base_record WHERE type = ? AND id = ?", (type, record_id)).fetchone()
    return None if row is None or row[0] is None else json.loads(row[0])


def keep(type: str, record_id: str, copy: dict[str, Any] | None) -> None:
    """Make `copy` the server's copy of a record that has requests under way."""
    models.execute(
        "INSERT INTO base_record (type, id, body) VALUES (?, ?, ?)"
        " ON CONFLICT (type, id) DO UPDATE SET body = excluded.body",
        (type, record_id, None if copy is None else json.dumps(copy, ensure_ascii=False)),
    )


def forget(type: str, record_id: str) -> None:
    models.execute("DELETE FROM base_record WHERE type = ? AND id = ?", (type, record_id))


def kept(type: str) -> set[str]:
    """The ids of all records of a type that have requests under way."""
    return {row[0] for row in models.execute("SELECT id FROM base_record WHERE type = ?", (type,)).fetchall()}
