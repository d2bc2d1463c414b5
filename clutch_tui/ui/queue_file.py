"""The queue as two files for a person to keep or to mail: one for programs, one to read.

They hold customers' names and what was sold, and nobody but their owner may read them. Secrets are not in the
queue and so not in them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from clutch_tui import __version__
from clutch_tui.core import conflicts, queue, state
from clutch_tui.core.queue import ChangeDetail
from clutch_tui.home import write_private
from clutch_tui.text import format as shown
from clutch_tui.text.strings import t
from clutch_tui.ui import change_words


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that waits, as it is stored and as it is told."""

    shop: str
    raw: tuple[dict[str, Any], ...]
    details: tuple[ChangeDetail, ...]
    conflicts: int


def gather() -> Waiting:
    """Read what waits, in one snapshot of the store."""
    profile = state.setting("shop.profile", {})
    raw = queue.dump()
    details = tuple(queue.detail(change["change_id"]) for change in raw)
    return Waiting(str(profile.get("name") or ""), raw, details, conflicts.count())


def name_at(moment: datetime) -> str:
    """What the file of this moment is called."""
    return f"queue-{moment:%Y%m%d-%H%M%S}.json"


def save(waiting: Waiting, path: Path, moment: datetime) -> Path:
    """Write `path`, and what can be read of it beside it; gives back the file to read. Raises `OSError`."""
    document = {
        "program": f"clutch-tui {__version__}",
        "at": moment.isoformat().replace("+00:00", "Z"),
        "shop": waiting.shop,
        "conflicts": waiting.conflicts,
        "changes": waiting.raw,
    }
    write_private(path, json.dumps(document, ensure_ascii=False, indent=2).encode())
    readable = path.with_suffix(".txt")
    write_private(readable, ("\n".join(_lines(waiting, moment)) + "\n").encode())
    return readable


def _lines(waiting: Waiting, moment: datetime) -> Sequence[str]:
    title = t("queue.file.title", shop=waiting.shop or "Clutch", at=shown.date_time(moment))
    lines = [title, "=" * 72]
    for change in waiting.details:
        lines += ["", *change_words.detail_lines(change), "-" * 72]
    return lines if waiting.details else [*lines, "", t("queue.file.empty")]
