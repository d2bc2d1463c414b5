"""A short try of the machine under the shop: how fast the disk answers, and the database upon it.

Nothing of the shop's is changed: the disk is tried with a file that is removed, the database with a search, a page
of parts and one remembered figure.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from .. import inventory, search, state
from ..types import PartQuery
from .store import Store

Trial = Literal["disk", "read", "search", "write", "network", "terminal"]

BUDGETS: dict[Trial, float] = {
    "disk": 5.0,  # a sale waits for one such write
    "read": 2.0,
    "search": 2.0,
    "write": 6.0,
    "network": 300.0,  # below it a round of sync is not felt
    "terminal": 150.0,  # above it a typed letter seems to stick
}
"""Milliseconds that the median may take."""

_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A trial's median and worst in milliseconds; both None where it could not be made, with the reason's key."""

    trial: Trial
    median: float | None
    worst: float | None
    reason: str = ""

    @property
    def within(self) -> bool | None:
        return None if self.median is None else self.median <= BUDGETS[self.trial]


def timed(trial: Trial, milliseconds: list[float]) -> TrialResult:
    return TrialResult(trial, statistics.median(milliseconds), max(milliseconds))


def disk(folder: Path) -> TrialResult:
    """A small write that has reached the disk, as every sale needs. Raises `OSError`."""
    path = folder / f".trial-{os.getpid()}"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:

        def write() -> None:
            os.pwrite(file, os.urandom(4096), 0)
            os.fsync(file)

        return timed("disk", _times(write))
    finally:
        os.close(file)
        path.unlink()


def read(store: Store) -> TrialResult:
    """A page of the stock list."""
    return timed("read", _times(lambda: store.read_now(inventory.page, PartQuery(), None, 0, 64)))


def find(store: Store) -> TrialResult:
    """A search as it is typed: two letters, in Arabic and in a part number."""
    times = [time for text in ("فل", "26") for time in _times(partial(store.read_now, search.find, text))]
    return timed("search", times)


def write(store: Store) -> TrialResult:
    """A committed transaction of one row."""
    return timed("write", _times(lambda: store.run_now(state.put, "trial", time.time_ns())))


def _times(action: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        action()
        times.append((time.perf_counter() - begun) * 1000)
    return times
