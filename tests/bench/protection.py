"""What encryption at rest costs: the same shop twice, plain and encrypted, in turns.

A search is timed twice: with its pages in memory, as while somebody types, and the first one after another
connection has sold something, which makes SQLite forget them all. That one decrypts what it reads anew.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.config.paths import Home, write_private
from clutch_tui.core import search, state
from clutch_tui.core.store.store import Store
from clutch_tui.text import strings
from tests.bench import shops
from tests.bench.figures import Budget, Figure, Pace, Spread, alone, compared, in_turns
from tests.bench.sale import timed_sale
from tests.bench.search import LIMIT, routes
from tests.bench.start import ours

MOST = 1.3
"""Budget 9 of PERFORMANCE.md: search and sale cost at most so many times the plain ones."""
LATER = 30.0
"""Milliseconds that a start may take longer: of the processor, since a busy machine stretches the rest at random."""


def measure(pace: Pace) -> Iterator[Figure]:
    count = pace.rounds(100_000, 2_000)
    pace.progress(f"protection: {count:,} parts, encrypted against plain")
    with tempfile.TemporaryDirectory(prefix="clutch-protection-") as folder, ExitStack() as stores:
        plain_home, locked_home = _homes(count, Path(folder))
        plain, locked = (stores.enter_context(_open(home)) for home in (plain_home, locked_home))
        assert (plain.key, locked.key is not None) == (None, True)
        yield from _searches(plain, locked, count, pace)
        yield from _sales(plain, locked, pace)
    if not pace.quick:
        yield from _starts(pace)


def _homes(count: int, folder: Path) -> tuple[Home, Home]:
    """A home to write in, and the same encrypted."""
    plain = shops.home(count)
    copy = Home.find({"CLUTCH_HOME": str(folder / "plain")})
    copy.prepare()
    write_private(copy.config_file, plain.config_file.read_bytes())
    shops.copy_of(count, copy.data_dir).rename(copy.database("", ""))
    return copy, shops.encrypted_home(count, folder / "locked")


def _open(home: Home) -> Store:
    return Installation.find({"CLUTCH_HOME": str(home.config_dir)}).open_store(inline=True)


def _searches(plain: Store, locked: Store, count: int, pace: Pace) -> Iterator[Figure]:
    texts = [text for route in routes(count, pace.rounds(30, 3)) for text in route.texts]
    warm: list[tuple[float, float]] = []
    cold: list[tuple[float, float]] = []
    for n, text in enumerate(texts):
        for store in (plain, locked):
            store.run_now(state.put, "bench", n)
        for pairs in (cold, warm):
            turns = (locked, plain) if n % 2 else (plain, locked)  # whoever comes first warms what both use
            times = {store: _timed_search(store, text) for store in turns}
            pairs.append((times[locked], times[plain]))
    yield compared("protection", f"search as one types, {count:,} parts", "ms", warm, Budget(MOST))
    yield compared("protection", "the first search after a write elsewhere", "ms", cold)


def _timed_search(store: Store, text: str) -> float:
    started = time.perf_counter()
    store.read_now(search.find, text, LIMIT)
    return (time.perf_counter() - started) * 1e3


def _sales(plain: Store, locked: Store, pace: Pace) -> Iterator[Figure]:
    parts = plain.read_now(search.find, "فلتر", 3)
    pairs = in_turns(pace.rounds(400, 20), lambda: timed_sale(locked, parts), lambda: timed_sale(plain, parts))
    yield compared("protection", "a sale of three lines", "ms", pairs, Budget(MOST))


def _starts(pace: Pace) -> Iterator[Figure]:
    strings.use("ar")
    pace.progress("protection: starts")
    with tempfile.TemporaryDirectory(prefix="clutch-protection-") as folder:
        plain, locked = _homes(1_400, Path(folder))
        pairs = in_turns(pace.rounds(15, 1), lambda: ours(locked), lambda: ours(plain))
    yield compared("protection", "first frame", "ms", [(a.frame, b.frame) for a, b in pairs])
    yield compared("protection", "till at work", "ms", [(a.at_work, b.at_work) for a, b in pairs])
    yield from _efforts("first frame", [(a.effort, b.effort) for a, b in pairs])
    yield from _efforts("till at work", [(a.effort_at_work, b.effort_at_work) for a, b in pairs])


def _efforts(what: str, pairs: Sequence[tuple[float, float]]) -> Iterator[Figure]:
    """What the processor does until then, and how much more of it in the least disturbed tenth of the starts."""
    yield compared("protection", f"{what}, processor time", "ms", pairs)
    least = [Spread.of(turns).low for turns in zip(*pairs, strict=True)]
    more = f"{what}, processor time: more by, of the least disturbed tenth"
    yield alone("protection", more, "ms", [least[0] - least[1]], Budget(LATER, "median"))
