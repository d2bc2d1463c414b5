"""What a business day brought in the whole shop: one report over all its tills, from local rows, so also offline.

Sales and what was done with the drawers of other tills are those that have come by now. Voided sales count nowhere; a
return counts on its own day. Money is in minor units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from clutch_tui.text import shop_time

from . import reports, state
from .cash import Figure
from .clock import to_text
from .database import db
from .reports import Takings
from .types import EXCHANGE


@dataclass(frozen=True, slots=True)
class Closed:
    """A drawer as it was closed: what its books came to, and what was found."""

    expected: int
    counted: int

    @property
    def difference(self) -> int:
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class TillDay:
    """A day at one till: `name` is how its receipts begin, `methods` the ways of paying by what they brought. `deeds`
    are what people did with its drawer, by kind, `expenses` what was paid out by what for."""

    device_id: str
    name: str
    sales: int
    returns: int
    revenue: int
    methods: Mapping[str, int]
    deeds: Mapping[str, Figure] = field(default_factory=dict)
    expenses: Mapping[str, Figure] = field(default_factory=dict)
    closings: tuple[Closed, ...] = ()

    @property
    def paid_out(self) -> int:
        """Return what was paid out of its drawer."""
        return self.deeds.get("pay_out", (0, 0))[1]


@dataclass(frozen=True, slots=True)
class ShopDay:
    """A day of the shop: all its tills together, and each by itself, the one that took most first. `on_account` is what
    customers paid on account, by method, payments that were taken back taken off."""

    day: str
    takings: Takings
    on_account: Mapping[str, int]
    tills: tuple[TillDay, ...]

    @property
    def expenses(self) -> dict[str, Figure]:
        """Return what was paid out of all drawers, by what for, most first."""
        all_of_it = (entry for till in self.tills for entry in till.expenses.items())
        return _sorted(_added((category, *figure) for category, figure in all_of_it))

    @property
    def difference(self) -> int:
        """Return what all drawers together were found above their books."""
        return sum(closing.difference for till in self.tills for closing in till.closings)


def shop_day(day: str, device_id: str) -> ShopDay:
    """The report of a business day (YYYY-MM-DD), as it is known at the till of this `device_id`."""
    sold = {row["device_id"]: row for row in db.rows(_SOLD, (day,))}
    methods: dict[str, dict[str, int]] = defaultdict(dict)
    for row in db.rows(_METHODS, (day,)):
        methods[row["device_id"]][row["method"]] = row["brought"]
    deeds = _deeds(day, device_id)
    tills = [
        TillDay(
            device_id=id,
            name=_name(id),
            sales=sold[id]["sales"] if id in sold else 0,
            returns=sold[id]["returns"] if id in sold else 0,
            revenue=sold[id]["revenue"] if id in sold else 0,
            methods=methods[id],
            deeds=_added((row["kind"], 1, row["amount"]) for row in deeds[id] if row["kind"] != "close"),
            expenses=_sorted(
                _added((row["category"], 1, row["amount"]) for row in deeds[id] if row["kind"] == "pay_out")
            ),
            closings=tuple(Closed(row["amount"], row["counted"] or 0) for row in deeds[id] if row["kind"] == "close"),
        )
        for id in {*sold, *deeds}
    ]
    tills.sort(key=lambda till: (-till.revenue, till.name, till.device_id))
    return ShopDay(day, reports.day_totals(day), _on_account(day), tuple(tills))


_SOLD = (
    "SELECT device_id, sum(kind <> 'return') AS sales, sum(kind = 'return') AS returns,"
    f" sum({reports.SIGNED.format('total')}) AS revenue FROM sale"
    " WHERE business_day = ? AND status <> 'voided' GROUP BY device_id"
)
_METHODS = (
    f"SELECT device_id, payment.method, sum({reports.SIGNED.format('payment.amount')}) AS brought FROM sale"
    " JOIN payment ON payment.sale_id = sale.id WHERE business_day = ? AND status <> 'voided'"
    f" AND method <> '{EXCHANGE}' GROUP BY 1, 2 ORDER BY brought DESC, 2"
)
_OWN_DEEDS = (
    "SELECT money_move.kind, abs(money_move.amount) AS amount, category, closing.counted,"
    " closing.counted - money_move.amount AS expected FROM money_move LEFT JOIN closing ON closing.id = money_move.id"
    " WHERE business_day = ? AND money_move.kind IN ('open', 'pay_in', 'pay_out', 'no_sale', 'close')"
    " ORDER BY money_move.id"
)
_OTHER_DEEDS = "SELECT drawer_id, kind, amount, category, counted FROM till_move WHERE business_day = ? ORDER BY at, id"
_NAME = "SELECT receipt_number FROM sale WHERE device_id = ? AND receipt_number <> '' ORDER BY date DESC LIMIT 1"


def _deeds(day: str, device_id: str) -> dict[str, list[Mapping[str, Any]]]:
    """What was done with each drawer, in its order; the amount of a closing is what was expected."""
    deeds: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in db.rows(_OWN_DEEDS, (day,)):
        amount = row["expected"] if row["kind"] == "close" else row["amount"]
        deeds[device_id].append({name: row[name] for name in ("kind", "category", "counted")} | {"amount": amount})
    for row in db.rows(_OTHER_DEEDS, (day,)):
        deeds[row["drawer_id"]].append({name: row[name] for name in ("kind", "amount", "category", "counted")})
    return deeds


def _name(device_id: str) -> str:
    """How the receipts of a till begin; the beginning of its id where it has sold nothing yet."""
    row = db.first(_NAME, (device_id,))
    number = "" if row is None else str(row["receipt_number"])
    return number.rstrip("0123456789").rstrip("-/ ") or device_id[:8]


_ACCOUNT_HERE = (
    "SELECT method, sum(amount) AS paid FROM money_move WHERE business_day = ?"
    " AND kind IN ('payment', 'payment_void') GROUP BY method"
)
_ACCOUNT_THERE = (
    "SELECT coalesce(paid.method, document.method) AS method,"
    " sum(CASE document.kind WHEN 'payment' THEN document.amount ELSE -coalesce(paid.amount, 0) END) AS paid"
    " FROM document LEFT JOIN document AS paid ON paid.id = document.about AND paid.kind = 'payment'"
    " WHERE document.own = 0 AND document.kind IN ('payment', 'payment_void')"
    " AND document.at >= ? AND document.at < ? GROUP BY 1"
)


def _on_account(day: str) -> dict[str, int]:
    first = date.fromisoformat(day)
    bounds = tuple(to_text(_midnight(one)) for one in (first, first + timedelta(days=1)))
    rows = (*db.rows(_ACCOUNT_HERE, (day,)), *db.rows(_ACCOUNT_THERE, bounds))
    paid = _added((row["method"], 1, row["paid"]) for row in rows)
    return {method: amount for method, (_, amount) in _sorted(paid).items() if amount}


def _midnight(day: date) -> datetime:
    """The moment at which a day begins at the shop's own place."""
    begin = datetime.combine(day, time(), UTC)
    for _ in range(2):  # the second time with the offset that is in force then
        begin = datetime.combine(day, time(), UTC) - (
            shop_time.local(begin, state.timezone()).utcoffset() or timedelta()
        )
    return begin


def _added(rows: Iterable[tuple[str, int, int]]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for name, times, amount in rows:
        before = figures.get(name, (0, 0))
        figures[name] = (before[0] + times, before[1] + amount)
    return figures


def _sorted(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return dict(sorted(figures.items(), key=lambda entry: (-entry[1][1], entry[0])))
