"""Figures that must not be taken from the server's rows just now: the stock and the debts that what has begun to go up
by itself moves, and of which nobody knows whether the server's rows contain it.

The sync calls know each change by its id, and tell what their rows contain. What goes up without them (`single_writes`)
has no id there: until it is answered, a row that comes by sync keeps the figure that is known here, and nothing that
moved its record ends. Then the channel is fetched once more. Lists hold their rows by themselves (`listings`).
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import state
from ..database import db
from ..outbox import overlay
from . import aliases, part_staging, replica_rows

NAMES = {"item": "stock_quantity", "customer": "balance"}
"""The figure of a record that movements add to."""

_MOVED = {
    "inventory": """SELECT written.key FROM single CROSS JOIN outbox USING (change_id),
        json_each(single.body, '$.writes') AS written WHERE answered_at IS NULL
        UNION SELECT part_id FROM begun JOIN stock_move USING (change_id)""",
    "customers": "SELECT DISTINCT customer_id FROM begun JOIN account_move USING (change_id)",
}


def in_doubt(channel: str) -> list[str]:
    """The records of a channel whose figure may contain at the server what has begun to go up by itself and has no
    answer: parts of which a figure was to be written, and what a document moves that was sent."""
    if channel not in _MOVED:
        return []
    rows = db.execute(
        "WITH begun AS (SELECT change_id FROM single CROSS JOIN outbox USING (change_id) WHERE answered_at IS NULL"
        " AND kind IN ('sale', 'return', 'void')"
        " AND (json_extract(single.body, '$.posted') OR json_extract(single.body, '$.tried_at') <> ''))"
        f" SELECT * FROM ({_MOVED[channel]}) ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows]


def hold(
    channel: str, rows: Sequence[replica_rows.Row], held: Sequence[str], *, arriving: bool
) -> list[replica_rows.Row]:
    """Rows with the figure that is known here for those of `held`, which are what is `in_doubt`; `arriving` parts were
    prepared before. What is held is fetched once more in the end."""
    type = replica_rows.TYPES[channel]
    name = NAMES[type]
    came = arriving and part_staging.hold_figures(held)
    here = {id: overlay.base(type, id) or overlay.current(type, id) for id in held}
    kept = [
        {**row, name: known[name], "seq": known["seq"]}
        if row["type"] == type and not row["deleted"] and (known := here.get(str(row["id"]))) is not None
        else row
        for row in aliases.incoming(type, rows)
    ]
    if came or kept != rows:
        state.put(f"{channel}.held", 1)
    return kept


def must_reopen(channel: str) -> bool:
    """Tell whether figures were held when rows of another epoch came in: what moved them counts anew with the next
    rows."""
    return state.get(f"{channel}.reopen") is not None


def stored(channel: str, held: Sequence[str], *, reopen: bool, whole: bool) -> None:
    """The rows of a pull are in, with the figures of `held` as they were. `reopen` where all movements count anew by
    them, `whole` where they are all that the server has."""
    if held and reopen:
        state.put(f"{channel}.reopen", 1)
    elif not held:
        state.forget(f"{channel}.reopen")
        if whole:
            state.forget(f"{channel}.held")
        release(channel)


def release(channel: str) -> None:
    """Have a channel fetched anew once nothing is in doubt any more of which its rows were held. A pull that has begun
    is past some of them."""
    if state.get(f"{channel}.held") is not None and not in_doubt(channel):
        state.forget(f"{channel}.held")
        state.put(f"{channel}.renew", 1)
        db.execute("DELETE FROM pull_page WHERE channel = ? AND snapshot = 0", (channel,))
