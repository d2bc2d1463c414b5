"""The filter that puts every drawn line into visual order: microseconds for a line.

The bare thing is what a line costs that needs nothing: the question whether all of it is ASCII; and for an
Arabic line that was ordered before, finding it in a dictionary.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from clutch_tui.ui.bidi_filter import BidiFilter
from tests.bench.figures import Budget, Figure, Pace, compared, in_turns

LATIN = ("Oil filter           ", "F12-000123   ", "Corolla   ", "  12", "   450.00")
ARABIC = ("فلتر زيت كورولا 2015 ", "F12-000123   ", "كورولا    ", "  12", "   450.00")
BLACK = Color(0, 0, 0)


def measure(pace: Pace) -> Iterator[Figure]:
    filter_ = BidiFilter()
    turns = pace.rounds(2_000, 200)
    latin, arabic = _line(LATIN), _line(ARABIC)
    known = {tuple(arabic): arabic}
    plain = [Segment("─" * 40, Style(color="red")), Segment(" 12 ", Style(color="red"))]
    for what, ours, bare, budget in (
        ("a Latin line", lambda: filter_.apply(latin, BLACK), lambda: all(s.text.isascii() for s in latin), 2.0),
        ("a border", lambda: filter_.apply(plain, BLACK), lambda: all(s.text.isascii() for s in plain), 2.0),
        ("an Arabic line, again", lambda: filter_.apply(arabic, BLACK), lambda: known[tuple(arabic)], 10.0),
    ):
        pairs = in_turns(pace.rounds(15, 3), _each(ours, turns), _each(bare, turns))
        yield compared("order", what, "us", pairs, Budget(budget, "median"))
    fresh = [_line((f"فلتر زيت كورولا {n:06d}", *ARABIC[1:])) for n in range(pace.rounds(400, 40))]
    started = time.perf_counter()
    for line in fresh:
        filter_.apply(line, BLACK)
    first = (time.perf_counter() - started) / len(fresh) * 1e6
    again = _each(lambda: filter_.apply(arabic, BLACK), turns)()
    yield compared("order", "an Arabic line, first time", "us", [(first, again)], note="bare: the same again")


def _line(texts: tuple[str, ...]) -> list[Segment]:
    styles = [Style(color=color, bgcolor="black") for color in ("white", "cyan", "white", "red", "green")]
    return [Segment(text, style) for text, style in zip(texts, styles, strict=True)]


def _each(function: Callable[[], object], times: int) -> Callable[[], float]:
    """The function's microseconds, on average over `times` calls."""

    def timed() -> float:
        started = time.perf_counter()
        for _ in range(times):
            function()
        return (time.perf_counter() - started) / times * 1e6

    return timed
