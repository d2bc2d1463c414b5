"""The savings of batches, cached answers and incremental sync: the proof that they work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .. import reference
from . import usage

BATCHED = frozenset({"inventory.sync", "sales.sync", "customers.list", "suppliers.list", "orders.list"})
"""Endpoints that carry many records in one call."""


@dataclass(frozen=True, slots=True)
class Savings:
    """The last day: `records` that were sent or fetched in `calls`, and how many a second while sync was `busy`
    (seconds). Of the server's slow figures `kept` are in the database, the oldest asked at `oldest`."""

    calls: int = 0
    records: int = 0
    busy: float = 0.0
    kept: int = 0
    oldest: datetime | None = None

    @property
    def saved(self) -> int:
        """Requests that one call for each record would have needed more."""
        return max(0, self.records - self.calls)

    @property
    def per_call(self) -> float | None:
        return self.records / self.calls if self.calls else None

    @property
    def rate(self) -> float | None:
        """Records a second."""
        return self.records / self.busy if self.busy else None


def today() -> Savings:
    """The last day, of all processes."""
    day = next(period for period in usage.periods() if period.name == "day")
    calls = sum(endpoint.calls for name, endpoint in usage.of_endpoints("day").items() if name in BATCHED)
    ages = reference.ages()
    return Savings(calls, day.sent + day.fetched, day.busy, len(ages), min(ages.values(), default=None))
