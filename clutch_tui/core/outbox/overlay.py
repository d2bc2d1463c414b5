"""The row on the screen = the server's copy + this terminal's requests that the copy does not contain yet.

While a record has no request under way its row is the server's copy itself. The first request keeps that copy
aside (`base_record`); every answer and every pull then lays the requests that still count over the copy again
(`replica_rows.rebase`). So an edit is seen at once, survives any pull, and disappears by itself when the server
refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import peewee

from ..database.statement import Statement, given, put_by_key
from ..records import RECORDS, RecordType
from ..records.sync import BaseRecordTable

RECORD_COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    name: (record.table_name, record.columns) for name, record in RECORDS.items() if name != "sale"
}
"""For each type of record: its table and the columns that hold what the server says."""


def _copy(record: RecordType, *conditions: Any) -> Statement:
    """The server's columns of a record's rows, with the id."""
    table = record.table
    columns = [getattr(table, name) for name in ("id", *record.columns)]
    return Statement(table.select(*columns).where(*conditions))


_OVERLAID = {name: RECORDS[name] for name in RECORD_COLUMNS}
_CURRENT = {name: _copy(record, record.table.id == given("id")) for name, record in _OVERLAID.items()}
_AMONG = peewee.SQL("(SELECT value FROM json_each(?))", given("ids").params)
_KNOWN_COPIES = {
    name: _copy(record, record.table.id.in_(_AMONG), record.table.version > 0) for name, record in _OVERLAID.items()
}
_ONE = (BaseRecordTable.type == given("type")) & (BaseRecordTable.id == given("id"))
_BASE = Statement(BaseRecordTable.select(BaseRecordTable.body).where(_ONE))
_KEEP = put_by_key(BaseRecordTable)
_BEGIN = Statement(BaseRecordTable.insert({name: given(name) for name in ("type", "id", "body")}).on_conflict_ignore())
_FORGET = Statement(BaseRecordTable.delete().where(_ONE))
_KEPT = Statement(BaseRecordTable.select(BaseRecordTable.id).where(BaseRecordTable.type == given("type")))


def begin_request(type: str, record_id: str) -> None:
    """Keep the server's copy of a record, before the first local request on it changes the row.

    Call it before the row is written; for a record that is made here, before the insert. Further calls do
    nothing while a request is under way.
    """
    if _BASE.first(type=type, id=record_id) is None:
        copy = current(type, record_id)
        keep(type, record_id, copy if copy is not None and copy["version"] > 0 else None)


def begin_requests(type: str, record_ids: Sequence[str]) -> None:
    """`begin_request` for many records at once, of which no two are the same."""
    copies = {row["id"]: dict(row) for row in _KNOWN_COPIES[type].rows(ids=json.dumps(record_ids))}
    _BEGIN.run_many(
        {"type": type, "id": id_, "body": json.dumps(copies[id_], ensure_ascii=False) if id_ in copies else None}
        for id_ in record_ids
    )


def current(type: str, record_id: str) -> dict[str, Any] | None:
    """The row of a record as it stands, in core names; None where there is none."""
    row = _CURRENT[type].first(id=record_id)
    return None if row is None else dict(row)


def base(type: str, record_id: str) -> dict[str, Any] | None:
    """The server's copy that is kept for a record; None where the server does not know the record."""
    row = _BASE.first(type=type, id=record_id)
    return None if row is None or row["body"] is None else json.loads(row["body"])


def keep(type: str, record_id: str, copy: dict[str, Any] | None) -> None:
    """Make `copy` the server's copy of a record that has requests under way."""
    _KEEP.run(type=type, id=record_id, body=None if copy is None else json.dumps(copy, ensure_ascii=False))


def forget(type: str, record_id: str) -> None:
    _FORGET.run(type=type, id=record_id)


def kept(type: str) -> set[str]:
    """The ids of all records of a type that have requests under way."""
    return {row["id"] for row in _KEPT.rows(type=type)}
