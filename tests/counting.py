"""Work, counted: what a clock says depends on what else the machine does, how many lines run does not.

For what must stay cheap: a slip (a copy of everything, a loop in a loop) multiplies the count. How fast it is stands in
`tests/bench`, beside the bare thing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from clutch_tui.core.store.store import Store

STEP = 10


def lines(function: Callable[[], object]) -> int:
    """How many lines of Python this runs, in this thread."""
    counted = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal counted
        counted += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return counted


class Steps:
    """How many tens of steps SQLite's machine does for what is asked through a store, from the beginning of the `with`
    block. Each connection belongs to a thread of the store's, so each is told in its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counted = 0

    def __enter__(self) -> Steps:
        self._listen(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        self._listen(None)

    def _count(self) -> int:
        self.counted += 1
        return 0

    def _listen(self, count: Callable[[], int] | None) -> None:
        for run, database in (
            (self._store.run_now, self._store._writer_db),
            (self._store.read_now, self._store._reader_db),
        ):
            run(lambda database=database: database.connection().set_progress_handler(count, STEP))
