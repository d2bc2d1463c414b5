"""Tells of rows that could not be read, and keeps what they hold back (`core.sync.quarantine`)."""

from __future__ import annotations

from collections.abc import Sequence

from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import quarantine

from .. import wire
from ..monitor import Monitor


async def set_aside(store: Store, monitor: Monitor, channel: str, bad: Sequence[wire.BadRow], *, anew: bool) -> None:
    """Log the bad rows of a page and remember them; `anew` for the first page of a whole list."""
    for row in bad:
        monitor.note("error", "sync", "sync.bad_row", channel=channel, record=row.id or "?", reason=row.reason)
    if bad or anew:
        await store.run(quarantine.note, channel, [(row.id, row.reason) for row in bad], anew=anew)
