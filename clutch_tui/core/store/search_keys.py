"""The stored search keys made anew, after the rules that make them have changed.

Keys are folded when a record is written (`keys_of` of each noun); what was written by the rules of before would not
be found by the rules of now. A migration calls this, so it must work on every schema from then on: of the columns
that the present rules read, one that is not there yet counts as empty, and only those that are there are written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..records import RECORDS
from ..records.part import PartNextTable

AT_ONCE = 5_000

_KeysOf = Callable[[Mapping[str, Any]], dict[str, str]]
_TABLES: tuple[tuple[str, _KeysOf], ...] = (
    *((record.table_name, record.keys_of) for record in RECORDS.values()),
    (PartNextTable._meta.table_name, RECORDS["item"].keys_of),
)
_LINES = {
    "orders": "SELECT order_id, name AS item_name, '' AS part_number FROM order_line WHERE order_id IN",
    "sale": "SELECT sale_id, name AS item_name, part_number FROM sale_line WHERE sale_id IN",
}


def rebuild(db: Any) -> int:
    """Make every stored key anew on a connection that is in a transaction; how many records got others.

    A record whose keys are as they were is not written: its words stay in the full-text index as they are.
    """
    changed = sum(_rebuild_table(db, table, keys_of) for table, keys_of in _TABLES)
    _forget_staged_keys(db)
    return changed


def _rebuild_table(db: Any, table: str, keys_of: _KeysOf) -> int:
    changed, columns = 0, tuple(keys_of({}))
    present = {row[1] for row in db.execute_sql(f"PRAGMA table_info({table})").fetchall()}
    written = [column for column in columns if column in present]
    if not written:
        return 0
    assignments = ", ".join(f"{column} = ?" for column in written)
    for records in _portions(db, table):
        keys = [keys_of(record) for record in records]
        other = [
            (*(made[column] for column in written), record["id"])
            for record, made in zip(records, keys, strict=True)
            if any(record[column] != made[column] for column in written)
        ]
        db.connection().executemany(f"UPDATE {table} SET {assignments} WHERE id = ?", other)
        changed += len(other)
    return changed


def _portions(db: Any, table: str) -> Iterator[list[dict[str, Any]]]:
    """The records of a table some thousand at a time, with their lines where they have any."""
    last = ""
    while True:
        cursor = db.execute_sql(f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT {AT_ONCE}", (last,))
        names = [column[0] for column in cursor.description]
        records = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if not records:
            return
        if table in _LINES:
            _add_lines(db, table, records)
        last = records[-1]["id"]
        yield records


def _add_lines(db: Any, table: str, records: list[dict[str, Any]]) -> None:
    lines: dict[str, list[dict[str, str]]] = {record["id"]: [] for record in records}
    asked = json.dumps(list(lines))
    rows = db.execute_sql(f"{_LINES[table]} (SELECT value FROM json_each(?))", (asked,)).fetchall()
    for record_id, name, number in rows:
        lines[record_id].append({"item_name": name, "part_number": number})
    for record in records:
        record["items"] = lines[record["id"]]


def _forget_staged_keys(db: Any) -> None:
    """Pages of a pull that wait for the next one bring keys along; without them they are made when it is stored."""
    keys = {key for _, keys_of in _TABLES for key in keys_of({})}
    pages = db.execute_sql("SELECT channel, n, body FROM pull_page").fetchall()
    for channel, n, body in pages:
        page = json.loads(body)
        for row in page["rows"] if isinstance(page, dict) else page:
            for key in keys & row.keys():
                del row[key]
        text = json.dumps(page, ensure_ascii=False)
        db.execute_sql("UPDATE pull_page SET body = ? WHERE channel = ? AND n = ?", (text, channel, n))
