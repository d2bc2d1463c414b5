"""The differences between this terminal and the server: the one judgement whether all is exchanged.

Whoever says "everything is sent and everything is here" (strip, queue, doctor, `sync`, `status`) asks here, so that
none of them knows less than another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from .. import state, unfinished_imports
from ..clock import from_text
from ..database import db
from ..outbox import outbox, transports
from ..outbox.views import QueueSummary
from ..unfinished_imports import Unfinished
from . import quarantine, replica

Reason = Literal[
    "stranded", "untold", "unsent", "refused", "set_aside", "arriving", "unfinished", "local_sales", "local"
]

_HARMLESS: frozenset[Reason] = frozenset({"local", "unfinished"})
"""What waits by agreement, or for the file of which it is the rest: told each time, and no failure of an exchange."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """Another database of this home with work that no server has: of a former address, or of no shop yet.

    `base_url` and `shop_id` are what it was opened for, empty where it never learned them; `server_shop` is what the
    server itself said that the shop is."""

    path: Path
    unsent: int
    oldest_at: datetime | None
    base_url: str = ""
    shop_id: str = ""
    server_shop: str = ""
    heard: bool = False
    """Whether a server has ever answered it."""
    fault: str = ""
    """The key of what is wrong with it where it cannot be looked into: nobody knows what is in it then."""

    def may_belong_to(self, server_shop: str, shop_id: str) -> bool:
        """Tell whether its work is that of the shop that a server calls `server_shop` and the settings `shop_id`: by
        what a server has said of it; or, where none ever has, by what it was opened for."""
        if self.fault:
            return False
        if self.server_shop:
            return self.server_shop == server_shop
        return self.shop_id in (server_shop, shop_id) if self.shop_id else not self.heard


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything that is on one side only, at one moment. `refused` changes were answered and are not at the server,
    `set_aside` are records of the server that this program cannot read, `arriving` are channels whose rows are not
    all here yet."""

    queue: QueueSummary
    refused: int
    set_aside: int
    arriving: tuple[str, ...]
    local_sales: int
    imports: tuple[Unfinished, ...] = ()
    """Price lists that went in only in part."""
    stranded: tuple[Stranded, ...] = ()

    @property
    def stranded_changes(self) -> int:
        return sum(database.unsent for database in self.stranded)

    @property
    def counts(self) -> dict[Reason, int]:
        """Return how much there is of each kind, the worst first; what there is nothing of is left out."""
        counts: dict[Reason, int] = {
            "stranded": self.stranded_changes,
            "untold": sum(bool(database.fault) for database in self.stranded),
            "unsent": self.queue.unsent,
            "refused": self.refused,
            "set_aside": self.set_aside,
            "arriving": len(self.arriving),
            "unfinished": len(self.imports),
            "local_sales": self.local_sales,
            "local": self.queue.local - self.local_sales,
        }
        return {reason: n for reason, n in counts.items() if n > 0}

    @property
    def is_sent(self) -> bool:
        """Tell whether the server has everything that was done here."""
        return not self.counts.keys() - {"set_aside", "arriving", "unfinished"}

    @property
    def is_well(self) -> bool:
        """Tell whether nothing but what waits by agreement is missing on either side."""
        return not self.counts.keys() - _HARMLESS


def between(stranded: tuple[Stranded, ...] = (), *, alone: bool = False) -> Differences:
    """The differences of the open database; from indexes and single rows only, so it may be asked for every second.

    `stranded` are those that whoever knows this home has found beside it; a terminal that works `alone` awaits
    nothing from anybody."""
    queue = outbox.summary()
    return Differences(
        queue=queue,
        refused=_refused() if queue.attention else 0,
        set_aside=quarantine.count(),
        arriving=() if alone else _arriving(),
        local_sales=_local_sales() if queue.local else 0,
        imports=unfinished_imports.imports(),
        stranded=stranded,
    )


def _refused() -> int:
    row = db.execute(
        "SELECT count(*) FROM outbox WHERE lane = 'attention' AND answered_at IS NOT NULL"
        " AND status IN ('rejected', 'key_reuse', 'conflict')"
    ).fetchone()
    return int(row[0])


def _local_sales() -> int:
    row = db.execute(  # one that the server has waits for a part that it has refused
        "SELECT count(*) FROM outbox INDEXED BY outbox_unanswered"
        " WHERE answered_at IS NULL AND lane = 'local' AND kind IN ('sale', 'exchange')"
        " AND change_id NOT IN (SELECT change_id FROM single WHERE json_extract(body, '$.posted'))"
    ).fetchone()
    return int(row[0])


def _arriving() -> tuple[str, ...]:
    return tuple(channel for channel in transports.CHANNELS if _is_arriving(channel))


def _is_arriving(channel: str) -> bool:
    """Tell whether rows of a channel are on their way, or have never come. A list that the server does not offer never
    will."""
    if state.get(f"{channel}.lacking") is not None:
        return False
    if transports.by_lists(channel):
        return state.get(f"{channel}.listed_at") is None
    if state.get(f"{channel}.renew") is not None:  # its rows held what could not be read then
        return True
    present = replica.epoch()
    return present is None or state.get(f"{channel}.epoch") != present or replica.is_staging(channel)


# --- other databases -----------------------------------------------------------------------------------


def note_place(base_url: str, shop_id: str) -> None:
    """Remember in the database for which shop it is: its file's name tells nobody."""
    state.put("place.base_url", base_url)
    state.put("place.shop_id", shop_id)


def has_place(base_url: str, shop_id: str) -> bool:
    """Tell whether `note_place` would write nothing."""
    return (state.get("place.base_url"), state.get("place.shop_id")) == (base_url, shop_id)


def left_in(path: Path) -> Stranded | None:
    """Return what is unsent in the database that is being read, whatever its lane; None where nothing is. In words that
    the oldest schema knows, too: the file is not migrated for that."""
    unsent, oldest = db.execute("SELECT count(*), min(at) FROM outbox WHERE answered_at IS NULL").fetchone()
    if not unsent:
        return None
    profile: dict[str, Any] = state.setting("shop.profile") or {}
    return Stranded(
        path,
        int(unsent),
        from_text(oldest) if oldest else None,
        state.get("place.base_url") or "",
        state.get("place.shop_id") or "",
        str(profile.get("id") or ""),
        state.get("epoch") is not None or bool(profile),
    )
