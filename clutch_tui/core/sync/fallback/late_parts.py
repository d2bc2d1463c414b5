"""Parts that the server did not have yet when a document came that moves them (`WriteProgress.late`).

A server that keeps our ids may remember what it was told, and move the part as soon as it has it
(docs/protocol.md#facts-and-requests). One that calls the part something else never knows what was meant, and one that
remembers nothing moves nothing. Which it is shows in the figure that the part has there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ... import state
from ...database import db
from .. import aliases
from . import single_writes, stock_movers

Verdict = Literal["moved", "not moved", "wait", "ask"]


def is_awaited(part_id: str, setting: str) -> bool:
    """Tell whether a document came before this part, and it is not known whether the server moved it."""
    return bool(_waiting(part_id, setting, ""))


def judge(part_id: str, figure: int, setting: str, change_id: str = "") -> Verdict:
    """See by the figure of a part that the server has now whether it moved it for the documents that came before, and
    keep that with each of them; `change_id` is one of them, if given. `wait` while what else was sent may be in the
    figure or not, `ask` where nobody can know. `setting` is that of `stock_movers.mover`."""
    waiting = _waiting(part_id, setting, change_id)
    verdict = _verdict(part_id, figure, waiting, setting)
    if verdict in ("moved", "not moved"):
        for change_id, progress in waiting.items():
            progress.moved[part_id] = verdict == "moved"
            single_writes.keep(change_id, progress)
    return verdict


def _waiting(part_id: str, setting: str, asking: str) -> dict[str, single_writes.WriteProgress]:
    """The documents that came before a part and of which it is not known whether the server moved it."""
    begun = single_writes.begun_documents().items()
    return {
        change_id: progress
        for change_id, (kind, progress) in begun
        if progress.posted
        and part_id in progress.late
        and part_id not in progress.moved
        and (change_id == asking or stock_movers.mover(kind, setting) != "terminal")
    }


def _verdict(part_id: str, figure: int, waiting: dict[str, single_writes.WriteProgress], setting: str) -> Verdict:
    if aliases.remote("item", part_id) != part_id:
        return "not moved"
    moves = db.execute(
        "SELECT change_id, sum(delta), outbox.kind, lane, status IN ('applied', 'applied_flagged'),"
        " answered_at IS NOT NULL FROM stock_move JOIN outbox USING (change_id)"
        " WHERE part_id = ? AND first_sent_at IS NOT NULL GROUP BY change_id",
        (part_id,),
    ).fetchall()
    without, waiting_delta, doubtful = 0, 0, set()
    for change_id, delta, kind, lane, applied, answered in moves:
        if change_id in waiting:
            waiting_delta += delta
            continue
        contained = bool(applied) if answered else _is_in_figure(change_id, kind, part_id, setting)
        if contained is None:
            doubtful.add(lane)
        elif contained:
            without += delta
    if doubtful:
        return "wait" if doubtful & {"fast", "slow"} else "ask"
    made = db.execute(
        "SELECT json_extract(payload, '$.stock_quantity') FROM outbox"
        " WHERE type = 'item' AND record_id = ? AND kind = 'create'"
        " ORDER BY coalesce(status IN ('applied', 'applied_flagged'), 0) DESC, n DESC LIMIT 1",
        (part_id,),
    ).fetchone()
    if made is None:
        return "ask"
    without += made[0] or 0
    if figure == without + waiting_delta:
        return "moved"
    return "not moved" if figure == without else "ask"


def _is_in_figure(change_id: str, kind: str, part_id: str, setting: str) -> bool | None:
    """Tell whether a part's figure contains what an unanswered change does to it; None where that is in doubt."""
    progress = single_writes.progress_of(change_id)
    if progress is None:  # sent by sync
        return None
    if (write := progress.writes.get(part_id)) is not None:
        return True if write.done else None
    if part_id in progress.moved:
        return progress.moved[part_id]
    if not progress.posted:
        return None if progress.by_sync or (kind in single_writes.DOCUMENTS and progress.tried_at) else False
    who = stock_movers.mover(kind, setting)
    return None if who is None else who == "server"


# --- documents that came by sync, and what becomes of a sale long after -----------------------------------


def late_by_sync(change_id: str, sale: Mapping[str, Any]) -> list[str]:
    """The late parts of a document that came by sync, by the server's copy of its sale: those that it may not have got
    yet, and those that it names by our id and has under its own."""
    parts = stock_movers.deltas(change_id)
    named = {line["item_id"] for line in sale.get("items") or ()}
    unmade = single_writes.being_made("item", parts)
    return [
        part_id
        for part_id in parts
        if part_id in unmade or (part_id in named and aliases.remote("item", part_id) != part_id)
    ]


def misnamed(sale_id: str) -> list[str]:
    """The parts that stand in the server's copy of a sale under our ids, and that it has under its own: it moves them
    for nothing that becomes of the sale."""
    return [part_id for part_id in _late_of(sale_id) if aliases.remote("item", part_id) != part_id]


def _late_of(sale_id: str) -> list[str]:
    return (state.get(f"late.{sale_id}") or "").split()


def take_over_voids() -> None:
    """A void of a sale with parts that the server has, or may get, under other ids than in its copy of the sale goes up
    by itself: by sync the server would put back what stands in that copy, and nobody the rest. Not where the terminal
    moves the stock of voids: a server with sync may move some of it as well."""
    if state.get("stock.void") == "terminal":
        return
    rows = db.execute(
        "SELECT change_id, substr(name, 6) AS sale_id FROM sync_state CROSS JOIN outbox INDEXED BY outbox_voids"
        " ON kind = 'void' AND json_extract(payload, '$.sale_id') = substr(name, 6)"
        " WHERE name > 'late.' AND name < 'late/' AND answered_at IS NULL AND first_sent_at IS NULL"
    ).fetchall()
    for change_id, sale_id in rows:
        if misnamed(sale_id) or single_writes.being_made("item", _late_of(sale_id)):
            db.execute("INSERT OR IGNORE INTO single (change_id) VALUES (?)", (change_id,))
