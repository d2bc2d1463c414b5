"""Tells who moves the stock and the debts at a server without sync, by what was seen there, and what a change moves.

A server may move its stock with a document, or leave that to the terminal; it says neither, and shows it in the figures
around a document (docs/protocol.md#without-sync-calls).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from ... import state
from ...database import db
from ...outbox import overlay, transports
from ...outbox.messages import Change
from . import single_writes

Who = Literal["server", "terminal"]


def deltas(change_id: str) -> dict[str, int]:
    """Return what a change moves, by our ids of the parts."""
    rows = db.execute(
        "SELECT part_id, sum(delta) FROM stock_move WHERE change_id = ? GROUP BY part_id HAVING sum(delta) <> 0"
        " ORDER BY part_id",
        (change_id,),
    )
    return dict(rows.fetchall())


def mover(kind: str, setting: str) -> Who | None:
    """Return who moves the stock of a document of this kind; None where it has not been seen yet. A server that moves
    it with a sale need not do so when the sale's status says that it came back: that is always watched."""
    if setting == "server" and kind != "return":
        return "server"
    if setting == "terminal" or kind in ("adjust", "count", "receive"):
        return "terminal"
    seen = state.get(f"stock.{kind}")
    return "server" if seen == "server" else "terminal" if seen == "terminal" else None


def movers() -> dict[str, str]:
    """Return what has been seen of who moves the stock, by kind of document."""
    return {kind: seen for kind in ("sale", "return", "void") if (seen := state.get(f"stock.{kind}")) is not None}


def learn_mover(kind: str, before: Mapping[str, int], after: Mapping[str, int], moved: Mapping[str, int]) -> Who | None:
    """Return who moved the stock, by the figures around the document; None where somebody else moved in between. Parts
    that the server does not have tell nothing, and where it has none of them there is nothing for anybody to move."""
    shifts = {part_id: after[part_id] - before[part_id] for part_id in moved if part_id in after and part_id in before}
    if not shifts:
        return None if after else "server"
    who: Who | None = None
    if shifts == {part_id: moved[part_id] for part_id in shifts}:
        who = "server"
    elif not any(shifts.values()):
        who = "terminal"
    if who is not None:
        state.put(f"stock.{kind}", who)
    return who


def is_undone(sale_id: str) -> bool:
    """Tell whether the server has taken the void of a sale by sync. It knows by that to move nothing when the sale
    comes."""
    row = db.execute(
        "SELECT 1 FROM outbox WHERE kind = 'void' AND json_extract(payload, '$.sale_id') = ? AND result_epoch <> ?",
        (sale_id, transports.LISTS),
    ).fetchone()
    return row is not None


def being_watched(change_id: str, parts: Collection[str]) -> bool:
    """Tell whether another change is just showing who moves the stock of one of these parts: a move in between would
    hide it."""
    rows = db.execute(
        "SELECT change_id, body FROM single CROSS JOIN outbox USING (change_id) WHERE answered_at IS NULL"
        " AND lane IN ('fast', 'slow') AND kind IN ('sale', 'return', 'void') AND change_id <> ?",
        (change_id,),
    ).fetchall()
    return any(
        watched.before and not watched.before.keys().isdisjoint(parts)
        for watched in (single_writes.read(row[1]) for row in rows)
    )


def unsettled(change_id: str, parts: Collection[str], setting: str) -> set[str]:
    """The parts of which another change is in doubt: a figure that was written and not answered, or a document that may
    or may not have come and moved them. An unanswered write is judged by the figure, so nothing of ours may move a part
    meanwhile: it could make just that figure, or one that nobody can explain. What a person decides holds up nothing.
    `setting` is that of `mover`."""
    rows = db.execute(
        "SELECT change_id, kind, body FROM single CROSS JOIN outbox USING (change_id) WHERE answered_at IS NULL"
        " AND lane IN ('fast', 'slow') AND change_id <> ?",
        (change_id,),
    ).fetchall()
    part_ids: set[str] = set()
    for other, kind, body in rows:
        progress = single_writes.read(body)
        part_ids |= {part_id for part_id, write in progress.writes.items() if not write.done}
        if (
            kind in single_writes.DOCUMENTS
            and progress.tried_at
            and not progress.posted
            and mover(kind, setting) != "terminal"
        ):
            part_ids |= deltas(other).keys()
    return part_ids & set(parts)


def learn_balances(type: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """See whether the server adds our answered credit to its customers' balances: before a list of them is stored,
    each new balance is compared with the one that it replaces. A server that never moves it keeps none."""
    if type != "customer" or state.get("balance.by") is not None:
        return
    for row in rows:
        added = db.execute(
            "SELECT sum(amount) FROM account_move JOIN outbox USING (change_id) WHERE customer_id = ? AND open = 1"
            " AND answered_at IS NOT NULL AND tick <= ?",
            (row["id"], row["seq"]),
        ).fetchone()[0]
        before = overlay.current("customer", row["id"])
        if not added or before is None:
            continue
        if row["balance"] - before["balance"] in (added, 0):
            state.put("balance.by", "server" if row["balance"] != before["balance"] else "terminal")
            return


def is_status(change: Change) -> bool:
    """Tell whether a return can go up as a status of its sale: one that brings back the whole of it, and nothing onto
    an account. What a customer owes no call can write, and a server need not take it off for a status."""
    if db.execute("SELECT 1 FROM account_move WHERE change_id = ?", (change.change_id,)).fetchone() is not None:
        return False
    sold = _pieces("sale_id = ?", change.payload["return_of"])
    back: dict[str, int] = {}
    for line in change.payload["items"]:
        back[line["item_id"]] = back.get(line["item_id"], 0) + line["quantity"]
    return bool(sold) and sold == back


def _pieces(where: str, *values: str) -> dict[str, int]:
    rows = db.execute(
        f"SELECT part_id, sum(quantity) FROM sale_line WHERE {where} GROUP BY part_id HAVING sum(quantity) <> 0", values
    )
    return dict(rows.fetchall())
