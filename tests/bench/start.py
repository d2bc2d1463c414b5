"""How soon there is something to use, and what it holds in memory by then.

The bare thing is the smallest Textual app (`plain.py hello`). The program's first frame is the till's, with its
field and its keys, in Arabic, for a terminal that works without a server. What a person waits for moves with whatever
else the machine does; the processor's time beside it moves less.

A million parts take minutes to put together. They are looked at where `search` has left them; else a tenth of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clutch_tui.config.paths import Home
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
    yield compared("start", "first frame", "ms", [(a.frame, b.frame) for a, b in pairs], Budget(1.4))
    what = "first frame, processor time"
    yield compared("start", what, "ms", [(a.effort, b.effort) for a, b in pairs])
    yield compared("start", "memory at the first frame", "MB", [(a.memory, b.memory) for a, b in pairs], Budget(1.25))
    yield alone("start", "till at work (store open, first letter found)", "ms", [a.at_work for a, _ in pairs])
    few_parts = 1_000
    many_parts = pace.rounds(1_000_000 if shops.is_built(1_000_000) else 100_000, 10_000)
    pace.progress(f"start: {many_parts:,} parts against {few_parts:,}")
    few, many = shops.home(few_parts), shops.home(many_parts)
    pairs = in_turns(pace.rounds(5, 1), lambda: ours(many), lambda: ours(few))
    what = f"with {many_parts:,} parts against {few_parts:,}"
    yield compared("start", f"first frame {what}", "ms", [(a.frame, b.frame) for a, b in pairs], Budget(1.05))
    yield compared("start", f"memory {what}", "MB", [(a.memory, b.memory) for a, b in pairs], Budget(1.05))
    yield compared("start", f"at work {what}", "ms", [(a.at_work, b.at_work) for a, b in pairs])


@dataclass(frozen=True, slots=True)
class Start:
    """One start: milliseconds to the first frame, of the processor until then, megabytes then, milliseconds to the
    first found part and of the processor until then; the last two 0 where nothing is looked for."""

    frame: float
    effort: float
    memory: float
    at_work: float = 0.0
    effort_at_work: float = 0.0


def ours(home: Home) -> Start:
    with program(home) as terminal:
        frame = terminal.first_frame(*(strings.t(key) for key in FRAME))
        effort, memory = terminal.effort, terminal.memory
        terminal.type("فلتر")
        return Start(frame, effort, memory, terminal.first_frame("فلتر زيت"), terminal.effort)


def hello() -> Start:
    with TimedTerminal([sys.executable, "-P", PLAIN, "hello"]) as terminal:
        return Start(terminal.first_frame("Hello"), terminal.effort, terminal.memory)


def program(home: Home) -> TimedTerminal:
    """The program itself in this home, in Arabic, started as its console command does."""
    environment = {"CLUTCH_HOME": str(home.config_dir), "CLUTCH_LANG": "ar"}
    return TimedTerminal([sys.executable, "-c", "from clutch_tui.cli import main; main()"], env=environment)
