"""What a measurement is: two things that took turns, the ratio of each pair, and what it may be at most."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, TypeVar

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some values and how far they lie apart: the tenth and the ninth decile, and the worst."""

    median: float
    low: float
    high: float
    worst: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        ordered = sorted(values)
        last = len(ordered) - 1
        return cls(
            statistics.median(ordered), ordered[round(last * 0.1)], ordered[round(last * 0.9)], ordered[-1], last + 1
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that `of` may be: the ratio, our median, or the worst of our values."""

    most: float
    of: Literal["ratio", "median", "worst"] = "ratio"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Without `bare` there is nothing to compare with, such as a count of errors."""

    theme: str
    what: str
    unit: str
    ours: Spread
    bare: Spread | None = None
    ratio: Spread | None = None
    budget: Budget | None = None
    note: str = ""

    @property
    def kept(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        values = {"median": self.ours.median, "worst": self.ours.worst}
        if self.ratio is not None:
            values["ratio"] = self.ratio.median
        return values[self.budget.of] <= self.budget.most

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"kept": self.kept}


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is done. `quick` is for finding out whether it works at all, not how fast."""

    quick: bool = False
    progress: Callable[[str], None] = field(default=lambda text: None)

    def rounds(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual


def in_turns(rounds: int, ours: Callable[[], A], bare: Callable[[], B]) -> list[tuple[A, B]]:
    """Do both `rounds` times, one after the other, after one turn each that does not count."""
    ours(), bare()
    return [(ours(), bare()) for _ in range(rounds)]


def alone(theme: str, what: str, unit: str, values: Sequence[float], budget: Budget | None = None) -> Figure:
    """A figure without anything to compare it with."""
    return Figure(theme, what, unit, Spread.of(values), budget=budget)


def compared(
    theme: str,
    what: str,
    unit: str,
    pairs: Sequence[tuple[float, float]],
    budget: Budget | None = None,
    *,
    note: str = "",
) -> Figure:
    """A figure of values that took turns: (ours, bare) for each turn."""
    ours, bare = zip(*pairs, strict=True)
    ratios = [mine / theirs for mine, theirs in pairs if theirs]
    ratio = Spread.of(ratios) if ratios else None
    return Figure(theme, what, unit, Spread.of(ours), Spread.of(bare), ratio, budget, note)
