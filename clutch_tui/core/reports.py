"""Reports what the shop earned, what sells, what runs out, what lies on the shelves: from local data, so also offline.

Every figure is in minor units or a quantity. Voided sales count nowhere; a return takes away on the day it came
back, not on the day of its sale. Days are business days as `YYYY-MM-DD` and include both ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from . import inventory, money, search
from .database import db
from .quantity import ONE, Quantity, worth
from .search import PIECES, STOCK
from .types import EXCHANGE, Key, PartRow

SIGNED = "CASE sale.kind WHEN 'return' THEN -abs({0}) ELSE {0} END"
"""An amount as it counts. Other programs write the amounts of a return below zero, ours above."""

_COUNTING = "sale.business_day BETWEEN ? AND ? AND sale.status <> 'voided'"


@dataclass(frozen=True, slots=True)
class Takings:
    """The takings of a day, or of several. `revenue` is what customers paid, tax included and returns taken off;
    `returned` is what went back to them. `pieces` are the things that were carried away: four litres of oil are one.
    `methods` are the ways of paying by what they brought, most first."""

    sales: int
    returns: int
    revenue: int
    returned: int
    tax: int
    discount: int
    pieces: int
    methods: tuple[tuple[str, int], ...] = ()

    @property
    def average(self) -> int:
        """Return what one sale brought, before returns; 0 where nothing was sold."""
        return money.share(self.revenue + self.returned, 1, self.sales)


@dataclass(frozen=True, slots=True)
class Day:
    """One business day in a row of days; days without sales are left out."""

    day: str
    sales: int
    revenue: int


@dataclass(frozen=True, slots=True)
class BestSeller:
    """A part by what was sold of it, returns taken off; `revenue` is after the discounts of its lines. Named as
    it was called in its latest sale, so that deleted parts have a name too."""

    part_id: str
    name: str
    part_number: str
    pieces: Quantity
    revenue: int


@dataclass(frozen=True, slots=True)
class StockValue:
    """The worth of the shelves. A figure below zero is a mistake somewhere and not a debt: it counts as none. `pieces`
    are the things that lie there; what is measured is one, however much there is of it."""

    parts: int
    pieces: int
    cost: int
    price: int


@dataclass(frozen=True, slots=True)
class Damaged:
    """A part of which goods came back that did not go on the shelf again: how much, and what it had cost."""

    part_id: str
    name: str
    quantity: Quantity
    cost: int


def day_totals(day: str) -> Takings:
    """Return what one business day brought in."""
    return takings(day, day)


def takings(first_day: str, last_day: str) -> Takings:
    """Return what the days from `first_day` to `last_day` brought in."""
    period = (first_day, last_day)
    sold, returns, revenue, returned, tax, discount = db.execute(
        "SELECT coalesce(sum(kind <> 'return'), 0), coalesce(sum(kind = 'return'), 0),"
        f" coalesce(sum({SIGNED.format('total')}), 0),"
        " coalesce(sum(CASE kind WHEN 'return' THEN abs(total) ELSE 0 END), 0),"
        f" coalesce(sum({SIGNED.format('tax')}), 0), coalesce(sum({SIGNED.format('discount')}), 0)"
        f" FROM sale WHERE {_COUNTING}",
        period,
    ).fetchone()
    pieces = db.execute(
        f"SELECT coalesce(sum({SIGNED.format(PIECES.format('line.quantity'))}), 0) FROM sale"
        " JOIN sale_line line ON line.sale_id = sale.id LEFT JOIN part ON part.id = line.part_id"
        f" WHERE {_COUNTING}",
        period,
    ).fetchone()[0]
    methods = db.execute(
        f"SELECT payment.method, sum({SIGNED.format('payment.amount')}) AS brought FROM sale"
        f" JOIN payment ON payment.sale_id = sale.id WHERE {_COUNTING} AND method <> '{EXCHANGE}'"
        " GROUP BY 1 ORDER BY brought DESC, 1",
        period,
    ).fetchall()
    return Takings(sold, returns, revenue, returned, tax, discount, pieces, tuple(map(tuple, methods)))


def days(first_day: str, last_day: str) -> tuple[Day, ...]:
    """The days of a period on which something was sold or came back, oldest first."""
    rows = db.execute(
        f"SELECT business_day, sum(kind <> 'return'), sum({SIGNED.format('total')}) FROM sale WHERE {_COUNTING}"
        " GROUP BY business_day ORDER BY business_day",
        (first_day, last_day),
    )
    return tuple(Day(*row) for row in rows.fetchall())


def best_sellers(
    first_day: str, last_day: str, *, by: Literal["pieces", "revenue"] = "revenue", limit: int = 10
) -> tuple[BestSeller, ...]:
    """The parts of which most was sold, or which brought most, best first."""
    rows = db.execute(
        "SELECT part_id, name, part_number, pieces, revenue FROM ("
        # SQLite takes the plain columns from the row that has the maximum
        f" SELECT line.part_id, line.name, line.part_number, max(sale.date),"
        f" sum({SIGNED.format('line.quantity')}) AS pieces, sum({SIGNED.format('line.total')}) AS revenue"
        f" FROM sale JOIN sale_line line ON line.sale_id = sale.id WHERE {_COUNTING} AND line.part_id <> ''"
        " GROUP BY line.part_id)"
        f" WHERE pieces > 0 ORDER BY {by} DESC, part_id LIMIT ?",
        (first_day, last_day, limit),
    )
    return tuple(BestSeller(*row) for row in rows.fetchall())


# --- the shelves ---------------------------------------------------------------------------------------


def shortage_count() -> int:
    """Return how many parts are at or below their minimum."""
    return inventory.low_count()


def shortages(after: Key | None, skip: int, limit: int) -> tuple[PartRow, ...]:
    """Parts at or below their minimum, those that are missed most first."""
    spare, last = after or (-(2**62), -1)
    places = db.execute(
        f"SELECT pk, spare FROM (SELECT pk, {STOCK} - min_stock AS spare FROM part WHERE pk IN ("
        " SELECT pk FROM part WHERE deleted = 0 AND stock_quantity <= min_stock"
        " UNION SELECT pk FROM part WHERE deleted = 0 AND id IN (SELECT part_id FROM stock_move WHERE open = 1)))"
        " WHERE spare <= 0 AND (spare, pk) > (?, ?) ORDER BY spare, pk LIMIT ? OFFSET ?",
        (spare, last, limit, skip),
    ).fetchall()
    return search.rows([pk for pk, _ in places], [(spare, pk) for pk, spare in places])


def damaged(first_day: str, last_day: str) -> tuple[Damaged, ...]:
    """Return what came back damaged in these days, at this terminal, the dearest first."""
    rows = db.rows(
        "SELECT part_id, line.name, sum(-delta) AS quantity, coalesce(part.cost, 0) AS cost FROM stock_move AS move"
        " JOIN sale ON sale.id = move.sale_id"
        " JOIN (SELECT DISTINCT sale_id, part_id AS id, name FROM sale_line GROUP BY 1, 2) AS line"
        " ON line.sale_id = sale.id AND line.id = move.part_id"
        " LEFT JOIN part ON part.id = move.part_id"
        " WHERE move.kind = 'damaged' AND sale.business_day BETWEEN ? AND ? GROUP BY part_id",
        (first_day, last_day),
    )
    found = (Damaged(row["part_id"], row["name"], row["quantity"], worth(row["cost"], row["quantity"])) for row in rows)
    return tuple(sorted(found, key=lambda one: (-one.cost, one.part_id)))


def stock_value() -> StockValue:
    """Return what lies on the shelves, at cost and at sales prices. Whole units and what is left of them are added up
    apart: thousandths of a full shelf at the highest price go beyond the integers of the database."""
    rows = db.execute(
        "SELECT count(*), coalesce(sum(pieces), 0), coalesce(sum(units * cost), 0), coalesce(sum(rest * cost), 0),"
        " coalesce(sum(units * price), 0), coalesce(sum(rest * price), 0)"
        f" FROM (SELECT {PIECES.format('stock')} AS pieces, stock / {ONE} AS units, stock % {ONE} AS rest, cost, price"
        f" FROM (SELECT max({STOCK}, 0) AS stock, decimals, cost, price FROM part WHERE deleted = 0) part)"
    )
    parts, pieces, cost, rest_cost, price, rest_price = rows.fetchone()
    return StockValue(parts, pieces, cost + worth(rest_cost, 1), price + worth(rest_price, 1))
