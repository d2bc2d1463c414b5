"""The demo's backend: how long the shop takes to be there.

The bare thing is SQLite copying the same tables, which is the least that writing them costs.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from clutch_tui.commands.demo import PARTS
from clutch_tui.sandbox.app import create_backend
from clutch_tui.sandbox.settings import Settings
from tests.bench.figures import Budget, Figure, Pace, compared, in_turns


def measure(pace: Pace) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="clutch-bench-") as folder:
        made = Path(folder) / "made.db"

        def ours() -> float:
            made.unlink(missing_ok=True)
            began = time.process_time()
            create_backend(Settings(db=str(made), parts=PARTS)).close()
            return time.process_time() - began

        def bare() -> float:
            began = time.process_time()
            _copy(made)
            return time.process_time() - began

        pairs = in_turns(pace.rounds(5, 1), ours, bare)
    yield compared("demo", "a shop of 1,400 parts and three months", "s", pairs, Budget(60.0))


def _copy(path: Path) -> None:
    """Write every row of the database into an empty one, table by table."""
    with sqlite3.connect(":memory:") as target:
        target.execute("ATTACH ? AS made", (str(path),))
        names = "SELECT name FROM made.sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        for (name,) in target.execute(names).fetchall():
            target.execute(f'CREATE TABLE copy_{name} AS SELECT * FROM made."{name}"')
