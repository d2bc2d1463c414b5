"""Many figures as few: how often each step of a logarithmic scale was hit, their sum and the worst.

Four steps to the doubling keep a quantile right within a tenth, whatever the unit, and a month of them small.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field

STEPS = 4
"""To the doubling: step n ends at 2^(n / 4)."""
_LOWEST, _HIGHEST = -STEPS * 12, STEPS * 34


@dataclass(slots=True)
class Histogram:
    """`total` and `worst` are in the unit of the figures; figures of 0 and less count as the lowest step."""

    steps: Counter[int] = field(default_factory=Counter)
    total: float = 0.0
    worst: float = 0.0

    @property
    def count(self) -> int:
        return self.steps.total()

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    def add(self, figure: float) -> None:
        self.steps[_step(figure)] += 1
        self.total += figure
        self.worst = max(self.worst, figure)

    def merge(self, other: Histogram) -> None:
        self.steps.update(other.steps)
        self.total += other.total
        self.worst = max(self.worst, other.worst)

    def copy(self) -> Histogram:
        return Histogram(self.steps.copy(), self.total, self.worst)

    def quantile(self, share: float) -> float | None:
        """The figure below which this share of all stayed, in the middle of its step and never above the worst;
        None where nothing was counted."""
        wanted = share * self.count
        passed = 0
        for step in sorted(self.steps):
            passed += self.steps[step]
            if passed >= wanted:
                middle: float = 2 ** ((step - 0.5) / STEPS)
                return min(self.worst, middle)
        return None

    def to_json(self) -> str:
        """The steps alone; `total` and `worst` have columns of their own."""
        return json.dumps(self.steps, separators=(",", ":"))

    @classmethod
    def from_row(cls, steps: str, total: float, worst: float) -> Histogram:
        return cls(Counter({int(step): count for step, count in json.loads(steps).items()}), total, worst)


def _step(figure: float) -> int:
    if figure <= 0:
        return _LOWEST
    return min(_HIGHEST, max(_LOWEST, math.ceil(STEPS * math.log2(figure))))
