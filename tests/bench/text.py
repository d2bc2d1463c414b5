"""Texts that somebody else wrote: a hostile one is no more work than its length.

The bare thing is the same text at a quarter of the length: four times the time is right, sixteen would be a screen
that stands still for as long as somebody likes. Processor time, so that a busy machine says the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from clutch_tui.security.redaction import hide_people, hide_text
from tests.bench.figures import Budget, Figure, Pace, compared, in_turns

HOSTILE = {
    "backslashes": ("\\", 100_000),
    "names of secrets": ('token"', 20_000),
    "quoted quotes": ('\\"', 50_000),
    "blanks": ("   ", 30_000),
    "telephones": ("010", 30_000),
}


def measure(pace: Pace) -> Iterator[Figure]:
    for what, (piece, count) in HOSTILE.items():
        whole, quarter = f"token{piece * count}", f"token{piece * (count // 4)}"
        pairs = in_turns(pace.rounds(5, 1), lambda text=whole: _hidden(text), lambda text=quarter: _hidden(text))
        yield compared("text", f"secrets looked for in {what}", "ms", pairs, Budget(8.0), note="bare: a quarter of it")


def _hidden(text: str) -> float:
    began = time.process_time()
    hide_people(hide_text(text))
    return (time.process_time() - began) * 1000
