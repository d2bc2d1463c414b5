"""Records of the server that this program cannot read: they were set aside, and the rest of their page was used.

Kept until the record comes in a form that can be read, or a list of its channel begins anew: until then not
everything is here, whoever asks.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from ..database import models

MOST = 1000
"""Of a channel: from here on the number itself says enough."""


def note(channel: str, rows: Iterable[tuple[str | None, str]], *, anew: bool = False) -> None:
    """Remember records by their id (None where not even that could be read) and why; `anew` where the list that they
    came in begins here, and tells of every record once more."""
    if anew:
        models.execute("DELETE FROM set_aside WHERE channel = ?", (channel,))
    known = count(channel)
    models.executemany(
        "INSERT INTO set_aside (channel, record_id, reason, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (channel, record_id) DO UPDATE SET reason = excluded.reason",
        [
            (channel, record_id or f"? {reason}"[:100], reason, models.now_text())
            for record_id, reason in list(rows)[: max(0, MOST - known)]
        ],
    )


def came(channel: str, record_ids: Collection[str]) -> None:
    """These records have come in a form that can be read."""
    if record_ids and count(channel):
        models.execute(
            "DELETE FROM set_aside WHERE channel = ? AND record_id IN (SELECT value FROM json_each(?))",
            (channel, json.dumps(list(record_ids))),
        )


def holds(channel: str, record_id: str) -> bool:
    """Whether what the server says of this record is not among the rows that we have."""
    row = models.execute("SELECT 1 FROM set_aside WHERE channel = ? AND record_id = ?", (channel, record_id)).fetchone()
    return row is not None


def count(channel: str = "") -> int:
    """How many of a channel, or of all."""
    row = models.execute("SELECT count(*) FROM set_aside WHERE ? IN ('', channel)", (channel,)).fetchone()
    return int(row[0])
