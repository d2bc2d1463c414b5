"""The figures that this process measures of itself, in memory until somebody writes it down (`measures.keep`).

Noting a figure must not be felt in what is measured: it appends to a queue, from any thread and without a lock;
sorting the figures is left to whoever asks for them. Nobody asks in a process that only sells and ends, so the
queues forget the oldest.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from functools import cache
from typing import Any

from .histogram import Histogram

DEEDS = {
    "clutch_tui.core.sales.checkout": "sale.commit",
    "clutch_tui.core.lookup.find": "search.find",
}
"""Functions of core that have a budget of their own, by module and name."""

KEEP_EVERY = 60.0
"""Seconds between two times that a running program writes down what it measured."""

_WAITING = 10_000


@cache
def _budgeted(module: str, name: str) -> str | None:
    return DEEDS.get(f"{module}.{name}")


class Meter:
    """Figures by name, from any thread."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_WAITING))
        self._lock = threading.Lock()
        self._fresh: dict[str, Histogram] = {}
        self._session: dict[str, Histogram] = {}

    def note(self, name: str, figure: float) -> None:
        """`name` is one of `measures.MEASURES`; the figure is in its unit."""
        self._waiting[name].append(figure)

    def note_transaction(self, name: str, function: Callable[..., Any], ms: float) -> None:
        """Note a transaction of the store, and once more where what it did has a budget of its own."""
        self._waiting[name].append(ms)
        own = _budgeted(function.__module__, getattr(function, "__name__", ""))
        if own is not None:
            self._waiting[own].append(ms)

    def take(self) -> dict[str, Histogram]:
        """Return what was noted since the last time, to be written down."""
        with self._lock:
            self._sort()
            fresh, self._fresh = self._fresh, {}
        return fresh

    def session(self) -> dict[str, Histogram]:
        """All that was noted since the process began, as it stands now."""
        with self._lock:
            self._sort()
            return {name: histogram.copy() for name, histogram in self._session.items()}

    def _sort(self) -> None:
        for name in tuple(self._waiting):
            figures = self._waiting[name]
            for _ in range(len(figures)):
                figure = figures.popleft()
                self._fresh.setdefault(name, Histogram()).add(figure)
                self._session.setdefault(name, Histogram()).add(figure)
