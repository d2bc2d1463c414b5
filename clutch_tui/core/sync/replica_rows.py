"""Makes the server's rows ours: upserts by the hundred thousand, and requests laid over the result.

Everything here runs inside the one transaction in which a complete pull is stored (`replica`). Rows arrive
validated and in core names; a record with requests under way gets its row by `rebase`, every other by one
`executemany`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from .. import line_ties, order_news, orders, state
from ..clock import to_text
from ..database import db
from ..outbox import abilities, answers, overlay, precedence, transports, waiting_edits
from ..records import RECORDS
from . import aliases, documents, quarantine, unconfirmed

Row = Mapping[str, Any]

SALES_REACH = timedelta(days=399)
"""A snapshot holds the sales of 400 days, by the server's clock; one of ours may be a day off."""

KEY_COLUMNS: dict[str, tuple[str, ...]] = {name: record.keys for name, record in RECORDS.items()}

NOUNS = {name: record.channel for name, record in RECORDS.items()}
"""What the screens, and the channels of a pull, call each type of record."""
TYPES = {channel: type for type, channel in reversed(NOUNS.items())}
"""The first type of each channel: the one that also comes in lists."""


def types_of(channel: str) -> tuple[str, ...]:
    """Every type of record that comes with a channel's rows."""
    return tuple(type for type, of in NOUNS.items() if of == channel)


def store(type: str, rows: Sequence[Row], *, snapshot: bool, spared: Collection[str] = ()) -> None:
    """Store the rows of a complete pull; of a snapshot also forget what it does not hold, but for the `spared`."""
    rows = aliases.incoming(type, rows)
    if type in documents.KINDS:
        documents.store(rows)
        return
    if type == "sale":
        if rows or snapshot:
            _store_sales(rows, snapshot=snapshot, spared=spared)
        return
    if type == "item":
        abilities.hear_fraction(rows)
    elif type == "order":
        order_news.hear(rows)
        line_ties.learn(row for row in rows if not row["deleted"])
    if snapshot:
        keep_before_snapshot(type)
    kept = overlay.kept(type)
    _upsert(type, [row for row in rows if not row["deleted"] and row["id"] not in kept])
    _bury(type, [row for row in rows if row["deleted"] and row["id"] not in kept])
    for row in rows:
        if row["id"] in kept:
            overlay.keep(type, row["id"], server_copy(type, row))
    if snapshot:
        _sweep(type, [*(row["id"] for row in rows), *spared], kept)
    for record_id in kept:
        rebase(type, record_id)


def with_keys(type: str, row: Row) -> Row:
    """A pulled row with its folded columns. Made before a large pull is swapped, so that the swap has only to bind."""
    if type not in KEY_COLUMNS or KEY_COLUMNS[type][0] in row:
        return row
    return {**row, **RECORDS[type].keys_of(row)}


def _upsert(type: str, rows: Sequence[Row]) -> None:
    table, columns = overlay.RECORD_COLUMNS[type]
    names = ("id", *columns, *KEY_COLUMNS[type])
    if type == "order":
        rows = [{**row, "quote": orders.quote_text(row["quote"])} for row in rows]
    db.executemany(_upsert_sql(table, names), (with_keys(type, row) for row in rows))
    if type == "order":
        _store_order_lines(rows)


def _upsert_sql(table: str, names: Sequence[str]) -> str:
    values = ", ".join(f":{name}" for name in names)
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values}) ON CONFLICT (id) DO UPDATE SET {assignments}"


def _bury(type: str, tombstones: Sequence[Row]) -> None:
    """A deleted record keeps its fields, because old sales still name it; only the lists forget it."""
    table, _ = overlay.RECORD_COLUMNS[type]
    db.executemany(
        f"UPDATE {table} SET deleted = 1, version = :version, seq = :seq WHERE id = :id",
        [{"id": row["id"], "version": row["version"], "seq": row["seq"]} for row in tombstones],
    )


def server_copy(type: str, row: Row) -> dict[str, Any]:
    """Return what is kept of a pulled row while requests lie over it: a tombstone keeps the fields known before."""
    if row["deleted"]:
        before = overlay.base(type, row["id"]) or overlay.current(type, row["id"]) or {}
        return {**before, "id": row["id"], "deleted": True, "version": row["version"], "seq": row["seq"]}
    _, columns = overlay.RECORD_COLUMNS[type]
    copy = {"id": row["id"], **{name: row[name] for name in columns}}
    if type == "order":
        copy["items"] = row["items"]
    return copy


def keep_before_snapshot(type: str) -> None:
    """Before a snapshot, every record with an unanswered request gets a base: it may not be in the snapshot."""
    pending = db.execute(
        "SELECT DISTINCT record_id FROM outbox WHERE type = ? AND answered_at IS NULL"
        f" AND kind NOT IN ({precedence.FACT_LIST})",
        (type,),
    ).fetchall()
    for (record_id,) in pending:
        overlay.begin_request(type, record_id)


def listed_ids(type: str, oldest: str) -> set[str]:
    """The records that the server has as far as we know, and that a whole list should hold; of sales the other
    terminals', from the `oldest` date of the list on."""
    if type == "sale":
        rows = db.execute("SELECT id FROM sale WHERE own = 0 AND date >= ?", (oldest,))
    else:
        table, _ = overlay.RECORD_COLUMNS[type]
        rows = db.execute(
            f"SELECT id FROM {table} WHERE deleted = 0 AND version > 0"
            " AND id NOT IN (SELECT id FROM base_record WHERE type = ? AND body IS NULL)",
            (type,),
        )
    return {row[0] for row in rows.fetchall()}


def _sweep(type: str, present: Iterable[str], kept: set[str]) -> None:
    """Forget the records that a snapshot does not hold. What has requests under way loses only its base."""
    table, _ = overlay.RECORD_COLUMNS[type]
    db.execute("CREATE TEMP TABLE IF NOT EXISTS in_snapshot (id TEXT PRIMARY KEY) WITHOUT ROWID")
    db.execute("DELETE FROM in_snapshot")
    db.executemany("INSERT OR IGNORE INTO in_snapshot (id) VALUES (?)", ((record_id,) for record_id in present))
    for record_id in kept:
        gone = db.execute("SELECT 1 FROM in_snapshot WHERE id = ?", (record_id,)).fetchone() is None
        if gone:
            overlay.keep(type, record_id, None)
    db.execute(
        f"UPDATE {table} SET deleted = 1 WHERE deleted = 0 AND id NOT IN (SELECT id FROM in_snapshot)"
        " AND id NOT IN (SELECT id FROM base_record WHERE type = ?)",
        (type,),
    )


# --- requests over the server's copy -------------------------------------------------------------------


def rebase(type: str, record_id: str) -> None:
    """Make the row of a record anew: the server's copy with the requests that it does not contain yet.

    A request counts while it is unanswered, and after its answer until the rows of its channel reach that
    answer. When none counts any more, the copy is the row and is no longer kept. A record that the server does not
    have is there only where it is being made.
    """
    # an answer may come long after the copy was let go: the row itself is the copy then
    overlay.begin_request(type, record_id)
    copy = overlay.base(type, record_id)
    refused = copy is None and _refused(type, record_id)
    row = dict(copy) if copy else {"deleted": not refused} | _UNCOUNTED.get(type, {})
    pending = False
    aside = quarantine.holds(NOUNS[type], record_id)
    changes = _requests(type, record_id)
    last_said = waiting_edits.last_said(type, record_id, changes[0]["n"]) if changes else {}
    for change in changes:
        if _found_nothing(change, NOUNS[type]):
            gone = bool(copy["deleted"]) if copy else not (pending or refused)
            over = gone or bool(change["tick"] <= transports.covered(NOUNS[type]))
        else:
            over = not aside and _contained(change, copy, NOUNS[type], is_listed=type not in precedence.LATER_TYPES)
        fields = None if over else _counting_fields(change, last_said)
        if fields is None:
            _cover(change["change_id"])
            continue
        pending = True
        row |= _row_fields(type, change["kind"], fields, known=copy is not None)
    before = overlay.current(type, record_id) or _empty(type)
    _upsert(type, [{**before, **row, "id": record_id}])
    if not pending and not refused:
        overlay.forget(type, record_id)


_UNCOUNTED = {"customer": {"balance": 0, "total_purchases": 0}}
"""What the server has counted for a record that it does not have. A restored one may have told more before; that was
of another epoch, whose deeds count again as they come. A part begins with what its maker found on the shelf."""


def _requests(type: str, record_id: str) -> list[dict[str, Any]]:
    cursor = db.execute(
        "SELECT change_id, n, kind, payload, first_sent_at, answered_at, status, result_epoch, result_seq, result, tick"
        " FROM outbox"
        f" WHERE type = ? AND record_id = ? AND covered = 0 AND kind NOT IN ({precedence.FACT_LIST}) ORDER BY n",
        (type, record_id),
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _contained(change: dict[str, Any], copy: Row | None, channel: str, *, is_listed: bool = True) -> bool:
    """Is the answer in the rows that we have? The number that it took says so, whatever became of the record
    since; the record's version only where a server has no numbers. A list has the count of its page, and of what it
    does not tell of nothing new is known until the rows come by sync again."""
    place = state.get(f"{channel}.epoch")
    if change["answered_at"] is None:
        return False
    if place == transports.LISTS and not is_listed:
        return False
    if place == transports.LISTS:
        asked_at = state.number(f"{channel}.cursor") if copy is None or copy["deleted"] else copy["seq"]
        return bool((change["tick"] or 0) <= asked_at)
    if change["result_epoch"] == transports.LISTS:
        return bool(change["tick"] <= transports.covered(channel))
    if change["result_epoch"] != place:
        return False
    if change["result_seq"]:
        return bool(change["result_seq"] <= state.number(f"{channel}.cursor"))
    return copy is not None and copy["version"] >= (json.loads(change["result"]).get("version") or 0)


def _found_nothing(change: dict[str, Any], channel: str) -> bool:
    """A delete of what the server did not have any more took no number, and may be answered before or after the rows
    that say so: a tombstone, or a snapshot without the record. Rows that were asked for afterwards and hold the record
    have the last word: another till has given it to the server once more, which had been restored."""
    answer = change["kind"], change["status"], change["result_seq"]
    place = state.get(f"{channel}.epoch")
    return answer == ("delete", "applied", 0) and change["result_epoch"] == place != transports.LISTS


def _counting_fields(change: dict[str, Any], last_said: Mapping[str, int]) -> dict[str, Any] | None:
    """The fields of a request that lie over the copy, None where none of it was taken. Of what waits, those count that
    no later edit says (`waiting_edits.last_said`)."""
    payload: dict[str, Any] = json.loads(change["payload"])
    if change["answered_at"] is None:
        if change["kind"] != "update" or change["first_sent_at"] is not None:
            return payload
        return {name: value for name, value in payload.items() if last_said.get(name, 0) <= change["n"]}
    if change["status"] not in ("applied", "applied_flagged", "conflict"):
        return None
    fields = answers.taken(change["status"], payload, json.loads(change["result"]))
    return fields if fields or (change["kind"] == "delete" and change["status"] != "conflict") else None


def _refused(type: str, record_id: str) -> bool:
    """True for a record that was made here and that the server refused: what a person wrote stays to be seen, and
    stays known as a record that the server does not have, through every snapshot."""
    last = db.execute(
        "SELECT status, outcome FROM outbox WHERE type = ? AND record_id = ? AND kind = 'create'"
        " ORDER BY n DESC LIMIT 1",
        (type, record_id),
    ).fetchone()
    return last is not None and last[0] == "rejected" and last[1] != "given_up"


def _cover(change_id: str) -> None:
    db.execute("UPDATE outbox SET covered = 1 WHERE change_id = ? AND answered_at IS NOT NULL", (change_id,))


def _row_fields(type: str, kind: str, fields: dict[str, Any], *, known: bool) -> dict[str, Any]:
    """Return what a request writes into the row: the answer to an order changes its status and its quote. A part is
    made with what lies on the shelf, but once the server knows it that figure is the server's."""
    if type == "order":
        return orders.answered(kind, fields)
    if kind == "delete":
        return {"deleted": True}
    _, columns = overlay.RECORD_COLUMNS[type]
    made = {"deleted": False} if kind == "create" and not known else {}
    return made | {
        name: value for name, value in fields.items() if name in columns and not (known and name == "stock_quantity")
    }


def _empty(type: str) -> dict[str, Any]:
    """The row of a record of which nothing is known: what its table says of each column."""
    columns = RECORDS[type].table._meta.fields
    return {name: columns[name].default for name in overlay.RECORD_COLUMNS[type][1]}


# --- orders and sales: records with lines --------------------------------------------------------------


def _store_order_lines(rows: Sequence[Row]) -> None:
    with_lines = [row for row in rows if "items" in row]
    db.executemany("DELETE FROM order_line WHERE order_id = ?", [(row["id"],) for row in with_lines])
    db.executemany(
        "INSERT INTO order_line (order_id, n, part_id, name, quantity, price) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (row["id"], n, line["item_id"], line["item_name"], line["quantity"], line["price"])
            for row in with_lines
            for n, line in enumerate(row["items"], 1)
        ],
    )


_SALE_COLUMNS = (
    "id", "kind", "receipt_number", "date", "device_id", "cashier", "customer_id", "customer_name", "subtotal",
    "discount", "tax", "rounding", "total", "payment_method", "status", "return_of", "order_id", "business_day",
    "notes", "flags", "version", "seq", "search_key", "exchange_id",
    "without_receipt", "car",
)  # fmt: skip


def _store_sales(rows: Sequence[Row], *, snapshot: bool, spared: Collection[str] = ()) -> None:
    """Sales of all terminals. Our own keep every figure as it was printed; of theirs only status, flags and
    version follow the server."""
    sold = [row for row in rows if not row["deleted"]]
    db.executemany(
        "UPDATE sale SET status = :status, version = :version, seq = :seq WHERE id = :id AND own = 1",
        ({name: row[name] for name in ("status", "version", "seq", "id")} for row in sold),
    )
    own = _own(sold)
    theirs = [row for row in sold if row["id"] not in own]
    names = ", ".join((*_SALE_COLUMNS, "own"))
    values = ", ".join(f":{name}" for name in _SALE_COLUMNS)
    updates = ", ".join(f"{name} = excluded.{name}" for name in _SALE_COLUMNS if name != "id")
    db.executemany(
        f"INSERT INTO sale ({names}) VALUES ({values}, 0) ON CONFLICT (id) DO UPDATE SET {updates}",
        (_sale_row(row) for row in theirs),
    )
    _store_sale_lines(theirs)
    if snapshot:
        oldest = min([to_text(db.now() - SALES_REACH), *(row["date"] or "" for row in sold)])
        sweep_sales({row["id"] for row in sold}.union(spared), oldest)
        _offer_forgotten(sold, oldest, spared)
    _keep_voided()
    state.bump_receipt_counter(row["receipt_number"] for row in rows)


def _offer_forgotten(sold: Sequence[Row], oldest: str, spared: Collection[str]) -> None:
    """Send the own documents again that went up without the sync calls and are not in a whole pull of the sales: the
    server was restored since. It cannot be asked about them, for it never knew their changes; the sales themselves
    tell. A sale is never deleted there, so one that is missing is lost."""
    if not transports.has_answers() or state.get("sales.epoch") == transports.LISTS:
        return
    there = dict.fromkeys(spared, "") | {row["id"]: row["status"] for row in sold}
    numbers = {row["receipt_number"] for row in sold}
    documents = db.execute(
        "SELECT change_id, kind, record_id, payload FROM outbox WHERE result_epoch = ? AND tick <= ? AND at >= ?"
        " AND kind IN ('sale', 'void', 'return') AND status IN ('applied', 'applied_flagged') ORDER BY n",
        (transports.LISTS, transports.covered("sales"), oldest),
    ).fetchall()
    forgotten: list[str] = []
    lost_sales: set[str] = set()
    for change_id, kind, record_id, text in documents:
        payload = json.loads(text)
        if kind == "sale":
            is_there = record_id in there or payload["receipt_number"] in numbers
        else:  # a status of the sale that it is about
            about = payload["sale_id" if kind == "void" else "return_of"]
            is_there = about not in lost_sales and there.get(about) != "completed"
        if not is_there:
            forgotten.append(change_id)
            lost_sales |= {record_id} if kind == "sale" else set()
    unconfirmed.offer_again(forgotten)


def _keep_voided() -> None:
    """Void again what was voided here, whoever sold it, where the row that came is older than that void: its money is
    paid out already, and a sale that looked open would be paid out twice. A void that was refused was paid out, too.
    """
    cursor = db.execute(
        "SELECT sale.id, seq, version, answered_at, outbox.status, result_epoch, result_seq, result, tick"
        " FROM outbox INDEXED BY outbox_voids JOIN sale ON sale.id = json_extract(payload, '$.sale_id')"
        " WHERE outbox.kind = 'void' AND sale.status <> 'voided'"
    )
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        void = dict(zip(names, row, strict=True))
        applied = void["status"] in ("applied", "applied_flagged")
        if not applied or not _contained(void, {**void, "deleted": False}, "sales"):
            db.execute("UPDATE sale SET status = 'voided' WHERE id = ?", (void["id"],))


_FOLLOWED = ("type", "id", "deleted", "status", "version", "seq", "date", "receipt_number")


def shortened(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows of sales with of our own only what is taken from them: a queue that drains comes back whole."""
    own = _own([row for row in rows if not row["deleted"]])
    return tuple({name: row[name] for name in _FOLLOWED} if row["id"] in own else row for row in rows)


def _own(sold: Sequence[Row]) -> set[str]:
    """Return which of these sales were made here; a shop's own sales are many more than one pull brings."""
    asked = json.dumps([row["id"] for row in sold])
    rows = db.execute("SELECT id FROM sale WHERE own = 1 AND id IN (SELECT value FROM json_each(?))", (asked,))
    return {row[0] for row in rows.fetchall()}


def _sale_row(row: Row) -> dict[str, Any]:
    filled = {
        **with_keys("sale", row),
        "kind": "return" if row["return_of"] or row.get("without_receipt") else "sale",
        "without_receipt": bool(row.get("without_receipt")),
        "flags": " ".join(row["flags"]),
        "date": row["date"] or db.now_text(),
        "car": row.get("car", ""),  # a page that a program of before has staged has none of the three
    }
    return {name: filled.get(name) for name in _SALE_COLUMNS}


def _store_sale_lines(rows: Sequence[Row]) -> None:
    db.executemany("DELETE FROM sale_line WHERE sale_id = ?", [(row["id"],) for row in rows])
    db.executemany("DELETE FROM payment WHERE sale_id = ?", [(row["id"],) for row in rows])
    db.executemany(
        "INSERT INTO sale_line (sale_id, n, part_id, name, part_number, quantity, price, discount, total, sale_line,"
        " level, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                row["id"], n, line["item_id"] or "", line["item_name"], line["part_number"], line["quantity"],
                line["price"], line["discount"], line["total"], line["sale_line"],
                # a page that has waited since before there were levels and notes
                line.get("level", ""), line.get("note", ""),
            )
            for row in rows
            for n, line in enumerate(row["items"], 1)
        ),
    )  # fmt: skip
    db.executemany(
        "INSERT INTO payment (sale_id, n, method, amount, way, reference) VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                row["id"], n, payment["method"], payment["amount"], payment.get("way") or "",
                payment.get("reference", ""),
            )
            for row in rows
            for n, payment in enumerate(row["payments"], 1)
        ),
    )  # fmt: skip


def sweep_sales(present: Collection[str], oldest: str) -> None:
    """Forget the other terminals' sales that a snapshot does not hold, as far back as it reaches: to its `oldest`
    date. Our own are facts and stay: a restored server gets them again."""
    gone = [
        (sale_id,)
        for (sale_id,) in db.execute("SELECT id FROM sale WHERE own = 0 AND date >= ?", (oldest,)).fetchall()
        if sale_id not in present
    ]
    for table, column in (("sale_line", "sale_id"), ("payment", "sale_id"), ("sale", "id")):
        db.executemany(f"DELETE FROM {table} WHERE {column} = ?", gone)


def sweep_documents(rows: Iterable[Row], spared: Collection[str]) -> None:
    """The same for the documents beside the sales, of which these and the `spared` are all that a snapshot holds."""
    present = [*(row["id"] for row in rows if row["type"] in documents.KINDS), *spared]
    documents.sweep(present, to_text(db.now() - SALES_REACH))


def by_type(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows of a page by their `type`, each in the page's order."""
    ordered = sorted(rows, key=lambda row: str(row["type"]))
    return {type: list(group) for type, group in groupby(ordered, key=lambda row: str(row["type"]))}
