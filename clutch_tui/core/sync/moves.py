"""Ends own moves: what was sold, returned or counted here is added to the server's figure until the server's rows
contain it.

A move is a row of `stock_move` or `account_move`, written with the change that moves. It is open as long as the
figure shown is *the server's figure + the open moves*, and ends in the transaction that stores the rows which
contain it, so that the sum does not change.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from .. import state
from ..database import db
from ..outbox import overlay, transports
from . import withheld_figures

TABLES = {"inventory": ("stock_move", "part_id", "item"), "customers": ("account_move", "customer_id", "customer")}
"""Which own moves a channel's cursor ends, and the records that they move."""
_WITH_ITS_SALE = """NOT EXISTS (SELECT 1 FROM outbox AS void JOIN outbox AS sold ON sold.type = 'sale'
    AND sold.kind = 'sale' AND sold.record_id = json_extract(void.payload, '$.sale_id')
    JOIN {0} AS gone ON gone.change_id = sold.change_id AND gone.{1} = {0}.{1} AND gone.open = 1
    WHERE void.change_id = {0}.change_id)"""
"""True of a void whose sale's move has ended. A server that takes the void first moves nothing for it, and will for
neither: rows can contain the two together, or the sale alone, never the void alone."""
_VOIDS = """WITH given AS (SELECT outbox.* FROM json_each(?) CROSS JOIN outbox ON change_id = value)
    SELECT change_id FROM given WHERE kind = 'void' UNION SELECT void.change_id FROM given JOIN outbox AS void
    ON json_extract(void.payload, '$.sale_id') = given.record_id AND void.kind = 'void' WHERE given.kind = 'sale'"""
"""The voids among some changes, and those of the sales among them."""
_APPLIED = "outbox.status IN ('applied', 'applied_flagged')"


def unsure(channel: str) -> bool:
    """True while rows of this channel may contain own moves of which we have no answer. The sync calls ask
    about them in the very call that brings the rows; a list cannot. Rows of another epoch than ours count all
    moves anew, also those that have ended."""
    if channel not in TABLES:
        return False
    table, _, _ = TABLES[channel]
    which = "move.open = 1 AND " if state.get(f"{channel}.epoch") == state.get("epoch") else ""
    return (
        db.execute(
            f"SELECT 1 FROM {table} AS move JOIN outbox USING (change_id)"
            f" WHERE {which}outbox.answered_at IS NULL LIMIT 1"
        ).fetchone()
        is not None
    )


def unanswered(type: str) -> set[str]:
    """The records of a type whose figure may or may not contain an own move just now: sent, not answered."""
    return _moved(type, "outbox.answered_at IS NULL AND outbox.first_sent_at IS NOT NULL")


def moved(type: str) -> set[str]:
    """The records of a type that have own moves which their figure does not contain yet."""
    return _moved(type, "1")


def _moved(type: str, condition: str) -> set[str]:
    ids: set[str] = set()
    for table, column, of in TABLES.values():
        if of == type:
            rows = db.execute(
                f"SELECT DISTINCT {column} FROM {table} AS move JOIN outbox USING (change_id)"
                f" WHERE move.open = 1 AND {condition}"
            )
            ids |= {row[0] for row in rows.fetchall()}
    return ids


def end(channel: str, *, reopen: bool) -> None:
    """End the own moves that the channel's rows contain; `reopen` where those rows are of another epoch."""
    if channel not in TABLES:
        return
    if reopen:
        _reopen(channel)
    # in the order in which they were made, which is that of their changes: by records it took twice as long
    table, *_ = TABLES[channel]
    for kind in ("<>", "="):
        _end(channel, f"id IN (SELECT id FROM {table} WHERE open = 1 AND kind {kind} 'void')")


def end_answered(channel: str, answered: Collection[str], settled: Collection[str]) -> None:
    """End what answers alone can end, where no rows came: moves of the `answered` changes, and of the records whose
    request was `settled`, which may be known no longer. A queue of fifty thousand has many more open moves, and looking
    at all of them for each hundred answers took minutes."""
    _, record, _ = TABLES[channel]
    which = f"(change_id IN (SELECT value FROM json_each(?)) OR {record} IN (SELECT value FROM json_each(?)))"
    changes, records = json.dumps(list(answered)), json.dumps(sorted(settled))
    _end(channel, f"kind <> 'void' AND {which}", changes, records)
    voids = [row[0] for row in db.execute(_VOIDS, (changes,)).fetchall()]
    if voids or settled:
        _end(channel, f"kind = 'void' AND {which}", json.dumps(voids), records)


def _end(channel: str, which: str, *given: str) -> None:
    """End those of some moves whose result this channel's cursor has reached, in the epoch of its rows; a void's after
    its sale's.

    Only an applied fact is in those rows: the goods of one that was refused have gone all the same.
    One on a record that those rows do not hold yet goes on: the server keeps it, and counts it when the record
    arrives (docs/protocol.md#facts-and-requests).
    """
    table, record, type = TABLES[channel]
    place = state.get(f"{channel}.epoch")
    these = f" AND {which} AND (kind <> 'void' OR {_WITH_ITS_SALE.format(table, record)})"
    ids: tuple[str | int, ...] = given
    if place == transports.LISTS:
        _end_listed(channel, these, ids)
        return
    if held := withheld_figures.in_doubt(channel):
        these, ids = f"{these} AND {record} NOT IN (SELECT value FROM json_each(?))", (*ids, json.dumps(held))
    # a row that was set aside is not among ours, whatever the cursor says
    these += f" AND {record} NOT IN (SELECT record_id FROM set_aside WHERE channel = '{channel}')"
    db.execute(
        f"UPDATE {table} SET open = 0 WHERE open = 1{these} AND EXISTS (SELECT 1 FROM outbox WHERE"
        f" outbox.change_id = {table}.change_id AND result_epoch = ? AND result_seq <= ? AND {_APPLIED})"
        f" AND {record} NOT IN (SELECT id FROM base_record WHERE type = ? AND body IS NULL)",
        (*ids, place, state.number(f"{channel}.cursor"), type),
    )
    # what went up singly has no number of the server's: a pull that began later contains it
    if transports.has_answers() and (type != "customer" or transports.server_keeps_balances(otherwise=True)):
        db.execute(
            f"UPDATE {table} SET open = 0 WHERE open = 1{these} AND EXISTS (SELECT 1 FROM outbox"
            f" WHERE outbox.change_id = {table}.change_id AND result_epoch = ? AND tick <= ? AND {_APPLIED})",
            (*ids, transports.LISTS, transports.covered(channel)),
        )


def _end_listed(channel: str, these: str, ids: tuple[str | int, ...]) -> None:
    """End the moves that were answered before their record's page was asked for: its count stands in `seq`."""
    table, record, type = TABLES[channel]
    if type == "customer" and not transports.server_keeps_balances():
        return
    place, _ = overlay.RECORD_COLUMNS[type]
    db.execute(
        f"UPDATE {table} SET open = 0 WHERE open = 1{these} AND EXISTS (SELECT 1 FROM outbox"
        f" JOIN {place} AS listed ON listed.id = {table}.{record}"
        f" WHERE outbox.change_id = {table}.change_id AND {_APPLIED} AND tick <= listed.seq)"
        f" AND {record} NOT IN (SELECT id FROM base_record WHERE type = ? AND body IS NULL)",
        (*ids, type),
    )


def _reopen(channel: str) -> None:
    """Rows of another epoch came in: whatever they may not contain counts again until a result ends it. A figure that
    was held is the one from before, with what ended in it."""
    table, record, _ = TABLES[channel]
    db.execute(
        f"UPDATE {table} SET open = 1 WHERE open = 0 AND change_id IN (SELECT change_id FROM outbox)"
        f" AND {record} NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(withheld_figures.in_doubt(channel)),),
    )
