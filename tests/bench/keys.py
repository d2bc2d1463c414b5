"""What one key costs: bytes to the terminal, and milliseconds until a person sees something.

The bare things are plain Textual widgets in apps of their own (`plain.py`): `input` is one field with nothing
below it; `till` is two screens of `Input` over `DataTable` with as many parts as the shop that is measured. Both
programs run at once and take turns at each key, so that both meet the same machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from clutch_tui.text import strings
from tests.bench import shops
from tests.bench.figures import Budget, Figure, Pace, alone, compared
from tests.bench.plain import PARTS
from tests.bench.start import FRAME, PLAIN, program
from tests.bench.terminals import Press, TimedTerminal


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys for both programs, pair by pair, and the budgets of what they cost."""

    what: str
    ours: Sequence[str]
    bare: Sequence[str]
    size: float | None = None
    paint: float | None = None
    quiet: float = 0.15
    """Longer than the slowest pause between two frames of one key, shorter than a blink of the cursor."""


NOTHING_FOUND = Keys("a character, nothing found", ("ظ",) * 8, ("ظ",) * 8, size=0.1, paint=1.2)
HITS_CHANGE = Keys("a character, other hits", (*"فلتر", *("backspace",) * 4), (*"فلتر", *("backspace",) * 4))
CURSOR = Keys("a cursor move", ("down", "up", "down", "down"), ("down", "up", "down", "down"), size=1 / 2)
STEP = Keys("a scroll step", ("down",) * 12, ("down",) * 12, size=1 / 20, paint=0.5)
PAGE = Keys("a page", ("pagedown",) * 6, ("pagedown",) * 6, size=1 / 5)
SWITCH = Keys("a screen switch", ("sales", "inventory") * 3, ("f1", "f2") * 3, size=1 / 4, quiet=0.4)
GO = {"sales": "\x1b[49;3u", "inventory": "\x1b[50;3u"}
"""Alt and the number of the screen, as terminals send it that can tell it from Esc and a digit."""


def measure(pace: Pace) -> Iterator[Figure]:
    strings.use("ar")
    rounds = pace.rounds(3, 1)
    with ExitStack() as open_terminals:
        ours = open_terminals.enter_context(program(shops.home(PARTS)))
        field = open_terminals.enter_context(TimedTerminal([sys.executable, "-P", PLAIN, "input"]))
        till = open_terminals.enter_context(TimedTerminal([sys.executable, "-P", PLAIN, "till"]))
        ours.first_frame(*(strings.t(key) for key in FRAME))
        field.first_frame("Search")
        till.first_frame("Number", timeout=60)
        for terminal in (ours, field, till):
            terminal.settle()
        pace.progress("keys: nothing is pressed")
        seconds = pace.rounds(11, 2)
        yield alone("keys", "nothing is pressed", "B/s", [ours.written_in(seconds) / seconds], Budget(0, "worst"))
        yield from _pressed(NOTHING_FOUND, ours, field, rounds, pace)
        _empty(ours, 8 * rounds + 8)
        yield from _pressed(HITS_CHANGE, ours, till, rounds, pace)
        _empty(ours, 8 * rounds)
        yield from _pressed(SWITCH, ours, till, rounds, pace)
        _reach_list(ours, till)
        yield from _pressed(CURSOR, ours, till, rounds, pace)
        for _ in range(24):  # to the lower edge: from here each step scrolls
            ours.pressed("down", 0.03), till.pressed("down", 0.03)
        yield from _pressed(STEP, ours, till, rounds, pace)
        yield from _pressed(PAGE, ours, till, rounds, pace)


def _reach_list(ours: TimedTerminal, till: TimedTerminal) -> None:
    """Both before their list of parts; ours steers it from the field, a plain one must have the focus."""
    ours.press(GO["inventory"])
    till.press("f2")
    till.press("tab")
    ours.settle()
    till.settle()


def _empty(terminal: TimedTerminal, characters: int) -> None:
    terminal.press(*("backspace",) * characters)
    terminal.settle()


def _pressed(keys: Keys, ours: TimedTerminal, bare: TimedTerminal, rounds: int, pace: Pace) -> Iterator[Figure]:
    """The bytes and the time to the first change of the screen; the first round only warms up."""
    pace.progress(f"keys: {keys.what}")
    pairs: list[tuple[Press, Press]] = []
    for turn in range(rounds + 1):
        for mine, theirs in zip(keys.ours, keys.bare, strict=True):
            pair = ours.pressed(GO.get(mine, mine), keys.quiet), bare.pressed(theirs, keys.quiet)
            if turn:
                pairs.append(pair)
    size = Budget(keys.size) if keys.size else None
    yield compared("keys", keys.what, "B", [(a.size, b.size) for a, b in pairs], size)
    seen = [(a.paint, b.paint) for a, b in pairs if a.paint is not None and b.paint is not None]
    if seen:
        paint = Budget(keys.paint) if keys.paint else None
        yield compared("keys", f"{keys.what}: key to paint", "ms", seen, paint)
    yield compared("keys", f"{keys.what}: all painted", "ms", [(a.done, b.done) for a, b in pairs])
