"""A chart of bars in half blocks: two levels to the line, which every console's font has, in one colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clutch_tui.text.format import NO_BREAK_SPACE
from clutch_tui.ui.widgets.words import Words

FULL, HALF, NOTHING, BUDGET = "█", "▄", NO_BREAK_SPACE, "─"


def lines(figures: Sequence[float | None], height: int, budget: float | None = None) -> list[str]:
    """Bars of two cells each, oldest first, the top line first. The budget is a line behind the bars where it lies
    below the highest of them. What was not measured has no bar; what was, has at least half a cell."""
    known = [figure for figure in figures if figure is not None]
    if not known:
        return [""] * height
    top = max(known) or 1.0
    limit = None if budget is None or budget > top else round(budget / top * height * 2)
    levels = [None if figure is None else max(1, round(figure / top * height * 2)) for figure in figures]
    return ["".join(_cell(level, row, limit) for level in levels) for row in reversed(range(height))]


def _cell(level: int | None, row: int, limit: int | None) -> str:
    filled = 0 if level is None else level - row * 2
    ground = BUDGET if limit is not None and row == max(0, (limit - 1) // 2) else NOTHING
    mark = FULL if filled >= 2 else HALF if filled == 1 else ground
    return mark + (ground if mark == ground else NOTHING)


class BarChart(Words):
    """Below a title; time runs as the screen is read."""

    DEFAULT_CSS = "BarChart { height: auto; padding: 0 1; color: $primary; }"

    def draw(
        self, title: Callable[[], str], figures: Sequence[float | None], height: int, budget: float | None = None
    ) -> None:
        """`title` is called again when the language changes."""

        # blocks have no direction: in Arabic they are turned with their line, the newest at the left
        drawn = lines(figures, height, budget)
        self.tell(lambda: "\n".join([title(), *drawn]))
