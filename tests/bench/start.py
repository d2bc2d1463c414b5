"""How soon there is something to use, and what it holds in memory by then.

The bare thing is the smallest Textual app (`plain.py hello`). The program's first frame is the till's, with its
field and its keys, in Arabic, for a terminal that works without a server.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from clutch_tui.home import Home
from clutch_tui.text import strings
from tests.bench import shops
from tests.bench.figures import Budget, Figure, Pace, alone, compared, in_turns
from tests.bench.terminals import TimedTerminal

PLAIN = str(Path(__file__).with_name("plain.py"))
FRAME = ("sales.scan", "sales.pay")
"""Catalogue keys of words that stand on the first frame of the till: beside the field, and below among the keys."""


def measure(pace: Pace) -> Iterator[Figure]:
    strings.use("ar")
    usual = shops.home(1_400)
    pace.progress("start: 1,400 parts against hello")
    pairs = in_turns(pace.rounds(9, 1), lambda: ours(usual), hello)
    yield compared("start", "first frame", "ms", [(a[0], b[0]) for a, b in pairs], Budget(1.4))
    yield compared("start", "memory at the first frame", "MB", [(a[1], b[1]) for a, b in pairs], Budget(1.25))
    yield alone("start", "till at work (store open, first letter found)", "ms", [a[2] for a, _ in pairs])
    few = shops.home(1_000)
    many_parts = pace.rounds(1_000_000, 10_000)
    pace.progress(f"start: {many_parts:,} parts against 1,000")
    many = shops.home(many_parts)
    pairs = in_turns(pace.rounds(5, 1), lambda: ours(many), lambda: ours(few))
    what = f"with {many_parts:,} parts against 1,000"
    yield compared("start", f"first frame {what}", "ms", [(a[0], b[0]) for a, b in pairs], Budget(1.05))
    yield compared("start", f"memory {what}", "MB", [(a[1], b[1]) for a, b in pairs], Budget(1.05))
    yield compared("start", f"at work {what}", "ms", [(a[2], b[2]) for a, b in pairs])


def ours(home: Home) -> tuple[float, float, float]:
    """One start: milliseconds to the first frame, megabytes then, milliseconds to the first found part."""
    with program(home) as terminal:
        frame = terminal.first_frame(*(strings.t(key) for key in FRAME))
        memory = terminal.memory
        terminal.type("فلتر")
        return frame, memory, terminal.first_frame("فلتر زيت")


def hello() -> tuple[float, float]:
    with TimedTerminal([sys.executable, "-P", PLAIN, "hello"]) as terminal:
        return terminal.first_frame("Hello"), terminal.memory


def program(home: Home) -> TimedTerminal:
    """The program itself in this home, in Arabic, started as its console command does."""
    environment = {"CLUTCH_HOME": str(home.config_dir), "CLUTCH_LANG": "ar"}
    return TimedTerminal([sys.executable, "-c", "from clutch_tui.cli import main; main()"], env=environment)
