"""The queue as two files for a person to keep or to mail: one for programs, one to read.

They hold customers' names and what was sold, and nobody but their owner may read them. Secrets are not in the
queue and so not in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import simplejson

from clutch_tui import __version__
from clutch_tui.config.paths import write_private
from clutch_tui.core import state
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import conflicts, queue
from clutch_tui.core.sync.queue import ChangeDetail
from clutch_tui.phrases import changes as change_phrases
from clutch_tui.text import format as shown
from clutch_tui.text.harmless import escaped, harmless
from clutch_tui.text.strings import t

DetailedChange = tuple[dict[str, Any], ChangeDetail]
"""A change as it is stored, and as it is told."""

PORTION = 100
"""So many changes are read at once: whoever searches meanwhile must not wait for ten thousand."""


@dataclass(frozen=True, slots=True)
class QueueExport:
    """Everything that waits, and where."""

    shop: str
    conflicts: int
    changes: Sequence[DetailedChange]


def where() -> tuple[str, int]:
    """The shop's name, and how many conflicts it has."""
    return str(state.setting("shop.profile", {}).get("name") or ""), conflicts.count()


def portion(after: int) -> tuple[DetailedChange, ...]:
    """The changes beyond a number, a handful of them."""
    return tuple((raw, queue.detail(raw["change_id"])) for raw in queue.dump(after, PORTION))


def gather_now(store: Store) -> QueueExport:
    """Read all that waits."""
    changes: list[DetailedChange] = []
    while some := store.read_now(portion, changes[-1][1].row.n if changes else 0):
        changes += some
    return QueueExport(*store.read_now(where), changes)


async def gather(store: Store) -> QueueExport:
    """The same beside a screen that is in use."""
    changes: list[DetailedChange] = []
    while some := await store.read(portion, changes[-1][1].row.n if changes else 0):
        changes += some
    return QueueExport(*await store.read(where), changes)


def name_at(moment: datetime) -> str:
    """Return what the file of this moment is called."""
    return f"queue-{moment:%Y%m%d-%H%M%S}.json"


def save(waiting: QueueExport, path: Path, moment: datetime) -> Path:
    """Write `path`, and what can be read of it beside it; gives back the file to read. Raises `OSError`."""
    document = {
        "program": f"clutch-tui {__version__}",
        "at": moment.isoformat().replace("+00:00", "Z"),
        "shop": waiting.shop,
        "conflicts": waiting.conflicts,
        "changes": [raw for raw, _ in waiting.changes],
    }
    write_private(path, escaped(simplejson.dumps(document, ensure_ascii=False, indent=2, use_decimal=True)).encode())
    readable = path.with_suffix(".txt")
    write_private(readable, harmless("\n".join(_lines(waiting, moment)) + "\n").encode())
    return readable


def _lines(waiting: QueueExport, moment: datetime) -> Sequence[str]:
    title = t("queue.file.title", shop=waiting.shop or "Clutch", at=shown.date_time(moment))
    lines = [title, "=" * 72]
    for _, change in waiting.changes:
        lines += ["", *change_phrases.detail_lines(change), "-" * 72]
    return lines if waiting.changes else [*lines, "", t("queue.file.empty")]
