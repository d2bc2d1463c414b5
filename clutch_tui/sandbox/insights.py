"""Figures out of the shop's own books: how it stands, what runs low, who buys. Computed at every call.

"Today" is the server's clock in the shop's day; a demand per day is an exponentially weighted mean of weeks,
so that a part which sold in spring and lies since then is not called a good seller.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from . import items, payload, shop_day
from .database import Database, Reading, Row
from .payload import JSON

WEEKS = 12
SMOOTHING = 0.3
LEAD_DAYS = 7
COVER_DAYS = 30
_SERVICE = 1.28  # standard deviations of safety stock: nine days in ten without a gap
_COUNTS = "sale.status <> 'voided'"
_LINES = "sale_line line JOIN sale ON sale.shop_id = line.shop_id AND sale.id = line.sale_id"


def today(reading: Reading) -> date:
    return shop_day.of(datetime.fromisoformat(reading.now))


def days_ago(reading: Reading, days: int) -> str:
    return (today(reading) - timedelta(days=days)).isoformat()


@dataclass(frozen=True, slots=True)
class Demand:
    """The demand for one part: per day, how surely, and how much lies on the shelf."""

    item: Row
    per_day: float
    spread: float
    confidence: float
    sold: float

    @property
    def cover(self) -> float:
        """Days until the shelf is empty; infinite for a part that does not sell."""
        return max(self.on_shelf, 0) / self.per_day if self.per_day > 0 else math.inf

    @property
    def on_shelf(self) -> float:
        """The stock in units, for estimates."""
        return float(self.item["stock_quantity"] / 1000)

    def target(self, days: int) -> int:
        """Return what the shelf should hold to last `days` and the way of the next delivery."""
        span = days + LEAD_DAYS
        return math.ceil(self.per_day * span + _SERVICE * self.spread * math.sqrt(span / 7))


def demands(reading: Reading, shop_id: str, item_id: str = "") -> list[Demand]:
    """The demand of every part that sold in the last twelve weeks (or of the one asked for), best first."""
    end = today(reading)
    start = end - timedelta(days=7 * WEEKS - 1)
    rows = reading.all(
        f"SELECT line.item_id, line.day, SUM(line.quantity) AS quantity FROM {_LINES}"
        f" WHERE line.shop_id = ? AND line.day >= ? AND {_COUNTS} AND (? = '' OR line.item_id = ?)"
        " GROUP BY line.item_id, line.day",
        (shop_id, start.isoformat(), item_id, item_id),
    )
    weeks: dict[str, list[float]] = defaultdict(lambda: [0.0] * WEEKS)
    for row in rows:
        week = (date.fromisoformat(row["day"]) - start).days // 7
        if 0 <= week < WEEKS:
            weeks[row["item_id"]][week] += row["quantity"] / 1000
    parts = {row["id"]: row for row in _selling(reading, shop_id, start.isoformat(), item_id)}
    if item_id in parts:
        weeks.setdefault(item_id, [0.0] * WEEKS)
    unsorted = [_demand(parts[key], sold) for key, sold in weeks.items() if key in parts]
    return sorted(unsorted, key=lambda demand: (-demand.per_day, demand.item["id"]))


_SHELF = "id, name, category, price, cost, stock_quantity, min_stock"


def _selling(reading: Reading, shop_id: str, start: str, item_id: str) -> list[Row]:
    """The parts that sold since `start`, or the one that is asked for."""
    if item_id:
        return reading.all(
            f"SELECT {_SHELF} FROM item WHERE shop_id = ? AND id = ? AND deleted = 0", (shop_id, item_id)
        )
    return reading.all(
        f"SELECT {_SHELF} FROM item WHERE shop_id = ? AND deleted = 0"
        " AND id IN (SELECT item_id FROM sale_line WHERE shop_id = ? AND day >= ?)",
        (shop_id, shop_id, start),
    )


def _demand(item: Row, sold: list[float]) -> Demand:
    first = next((n for n, quantity in enumerate(sold) if quantity), WEEKS - 1)
    level = sold[first]
    for quantity in sold[first + 1 :]:
        level = SMOOTHING * max(quantity, 0) + (1 - SMOOTHING) * level
    known = sold[first:]
    mean = sum(known) / len(known)
    spread = math.sqrt(sum((quantity - mean) ** 2 for quantity in known) / len(known))
    regularity = 1 / (1 + (spread / mean if mean > 0 else 2))
    confidence = round(regularity * min(1.0, len(known) / 8), 2)
    return Demand(item, max(level, 0) / 7, spread, confidence, sum(sold))


def shop_stats(database: Database, shop_id: str) -> JSON:
    with database.reading() as reading:
        month = today(reading).replace(day=1).isoformat()
        counts = reading.one(
            "SELECT COUNT(*) AS parts, COALESCE(SUM(CASE WHEN stock_quantity < min_stock THEN 1 ELSE 0 END), 0)"
            " AS low FROM item WHERE shop_id = ? AND deleted = 0",
            (shop_id,),
        )
        assert counts is not None
        revenue = reading.value(
            f"SELECT COALESCE(SUM(total), 0) FROM sale WHERE shop_id = ? AND day >= ? AND {_COUNTS}",
            (shop_id, month),
        )
        return {
            "total_inventory": counts["parts"],
            "low_stock_items": counts["low"],
            "total_customers": reading.value(
                "SELECT COUNT(*) FROM customer WHERE shop_id = ? AND deleted = 0", (shop_id,)
            ),
            "total_sales": reading.value(
                f"SELECT COUNT(*) FROM sale WHERE shop_id = ? AND return_of IS NULL AND {_COUNTS}", (shop_id,)
            ),
            "monthly_revenue": payload.money(revenue),
            "pending_orders": reading.value(
                "SELECT COUNT(*) FROM orders WHERE shop_id = ? AND status IN ('pending', 'quoted')", (shop_id,)
            ),
        }


def stock_alerts(database: Database, shop_id: str) -> JSON:
    with database.reading() as reading:
        rows = reading.all(
            "SELECT * FROM item WHERE shop_id = ? AND deleted = 0 AND stock_quantity < min_stock"
            " ORDER BY stock_quantity * 1.0 / min_stock, id LIMIT 500",
            (shop_id,),
        )
    alerts = [items.alert(row, row["stock_quantity"]) for row in rows]
    return {"alerts": alerts}


def recommendations(database: Database, shop_id: str, limit: int) -> JSON:
    """Return what to order and what to stop ordering."""
    with database.reading() as reading:
        ranked = demands(reading, shop_id)
        dead = reading.all(
            f"SELECT {_SHELF} FROM item WHERE shop_id = ? AND deleted = 0 AND stock_quantity > 0"
            " AND id NOT IN (SELECT item_id FROM sale_line WHERE shop_id = ? AND day >= ?)"
            " ORDER BY cost * stock_quantity DESC, id LIMIT ?",
            (shop_id, shop_id, days_ago(reading, 7 * WEEKS - 1), limit),
        )
    wanted = [(demand, demand.target(COVER_DAYS) - demand.on_shelf) for demand in ranked]
    short = sorted(
        (pair for pair in wanted if pair[0].cover < LEAD_DAYS * 2 and pair[1] > 0), key=lambda pair: pair[0].cover
    )
    advice = [
        _advice(
            "reorder",
            demand.item,
            f"تكفي {demand.cover:.0f} يوم، وبيتباع منها {demand.per_day:.2f} في اليوم",
            f"enough for {demand.cover:.0f} days at {demand.per_day:.2f} a day",
            missing,
        )
        for demand, missing in short
    ]
    rests = f"ما اتباعتش ولا مرة في {WEEKS} أسبوع", f"not one sold in {WEEKS} weeks"
    resting = [_advice("dead_stock", row, *rests, 0) for row in dead]
    half = max(1, limit // 2)
    return {"recommendations": (advice[: limit - min(half, len(resting))] + resting)[:limit]}


def _advice(kind: str, item: Row, ar: str, en: str, suggested: float) -> JSON:
    return {
        "type": kind,
        "item_id": item["id"],
        "item_name": item["name"],
        "reason": ar,
        "reason_en": en,
        "suggested_quantity": math.ceil(suggested),
    }


def sales_analytics(database: Database, shop_id: str, first: str, last: str) -> JSON:
    """Days without a sale are there too, as zero: a chart with missing days lies."""
    with database.reading() as reading:
        first, last = first or days_ago(reading, 29), last or today(reading).isoformat()
        span = (shop_id, first, last)
        where = f"line.shop_id = ? AND line.day >= ? AND line.day <= ? AND {_COUNTS}"
        daily = reading.all(
            f"SELECT day, SUM(total) AS amount FROM sale WHERE shop_id = ? AND day >= ? AND day <= ? AND {_COUNTS}"
            " GROUP BY day",
            span,
        )
        top = reading.all(
            f"SELECT line.item_id, MAX(line.item_name) AS name, SUM(line.quantity) AS sold FROM {_LINES}"
            f" WHERE {where} GROUP BY line.item_id ORDER BY sold DESC, line.item_id LIMIT 20",
            span,
        )
        by_category = reading.all(
            f"SELECT COALESCE(item.category, '') AS category, SUM(line.total) AS revenue FROM {_LINES}"
            " LEFT JOIN item ON item.shop_id = line.shop_id AND item.id = line.item_id"
            f" WHERE {where} GROUP BY COALESCE(item.category, '') ORDER BY revenue DESC",
            span,
        )
    amounts = {row["day"]: row["amount"] for row in daily}
    return {
        "date_from": first,
        "date_to": last,
        "daily_sales": [{"date": day, "amount": payload.money(amounts.get(day, 0))} for day in _days(first, last)],
        "top_selling_items": [
            {"item_id": row["item_id"], "name": row["name"], "quantity_sold": payload.units(row["sold"])} for row in top
        ],
        "revenue_by_category": [
            {"category": row["category"], "revenue": payload.money(row["revenue"])} for row in by_category
        ],
    }


def _days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=n)).isoformat() for n in range(min((end - start).days + 1, 400))]


def customers_analytics(database: Database, shop_id: str) -> JSON:
    with database.reading() as reading:
        month = shop_day.start(today(reading).replace(day=1))
        row = reading.one(
            "SELECT COUNT(*) AS total, COALESCE(SUM(CASE WHEN created_at >= ? THEN 1 ELSE 0 END), 0) AS fresh"
            " FROM customer WHERE shop_id = ? AND deleted = 0",
            (month, shop_id),
        )
        visits = reading.one(
            "SELECT COUNT(*) AS sales, COALESCE(SUM(total), 0) AS total, COUNT(DISTINCT customer_id) AS people"
            f" FROM sale WHERE shop_id = ? AND customer_id IS NOT NULL AND return_of IS NULL AND {_COUNTS}",
            (shop_id,),
        )
        repeat = reading.value(
            "SELECT COUNT(*) FROM (SELECT customer_id FROM sale WHERE shop_id = ? AND customer_id IS NOT NULL"
            f" AND return_of IS NULL AND {_COUNTS} GROUP BY customer_id HAVING COUNT(*) > 1) repeated",
            (shop_id,),
        )
    assert row is not None
    assert visits is not None
    return {
        "total_customers": row["total"],
        "new_customers_this_month": row["fresh"],
        "repeat_customers": repeat,
        "average_purchase_value": payload.money(round(visits["total"] / visits["sales"]) if visits["sales"] else 0),
    }


def demand_forecast(database: Database, shop_id: str, item_id: str, period: str, limit: int) -> JSON:
    days = PERIODS[period]
    with database.reading() as reading:
        ranked = demands(reading, shop_id, item_id)
    return {"forecasts": [forecast(demand, days, period) for demand in ranked[:limit]]}


PERIODS = {"week": 7, "month": 30, "quarter": 91}


def forecast(demand: Demand, days: int, period: str) -> JSON:
    return {
        "item_id": demand.item["id"],
        "item_name": demand.item["name"],
        "predicted_demand": round(demand.per_day * days),
        "confidence": payload.number(f"{demand.confidence:.2f}", "confidence"),
        "timeframe": period,
        "current_stock": payload.units(demand.item["stock_quantity"]),
        "alert_level": alert_level(demand),
    }


def alert_level(demand: Demand) -> str:
    """Return how soon the shelf is empty against how long a delivery takes."""
    if demand.cover < LEAD_DAYS:
        return "high"
    return "medium" if demand.cover < LEAD_DAYS * 2 else "low"


def price_optimization(database: Database, shop_id: str, limit: int) -> JSON:
    """Bring margins that sell towards those of their category, and move what does not sell."""
    with database.reading() as reading:
        demand_of = {demand.item["id"]: demand for demand in demands(reading, shop_id)}
        shelf = reading.all(
            f"SELECT {_SHELF} FROM item WHERE shop_id = ? AND deleted = 0 AND cost > 0 AND price > 0", (shop_id,)
        )
    ratios: dict[str, list[float]] = defaultdict(list)
    for row in shelf:
        ratios[row["category"]].append(row["price"] / row["cost"])
    usual = {category: median(values) for category, values in ratios.items()}
    advice = [
        suggestion
        for row in shelf
        if (suggestion := _price_advice(row, usual[row["category"]], demand_of.get(row["id"])))
    ]
    advice.sort(key=lambda suggestion: (-abs(suggestion["expected_increase"]), suggestion["item_id"]))
    return {"suggestions": advice[:limit]}


def _price_advice(row: Row, usual: float, demand: Demand | None) -> JSON | None:
    ratio = row["price"] / row["cost"]
    monthly = demand.per_day * 30 if demand else 0.0
    if monthly >= 1 and ratio < usual * 0.93:
        ar = f"هامش الربح {ratio - 1:.0%}، والمعتاد في القسم {usual - 1:.0%}"
        en = f"margin {ratio - 1:.0%}, usual in the category {usual - 1:.0%}"
    elif monthly == 0 and row["stock_quantity"] > 0 and ratio > usual * 1.07:
        ar, en = f"مش بتتباع بهامش ربح {ratio - 1:.0%}", f"does not sell at a margin of {ratio - 1:.0%}"
    else:
        return None
    suggested = round(row["cost"] * usual / 500) * 500
    if suggested == row["price"]:
        return None
    return {
        "item_id": row["id"],
        "item_name": row["name"],
        "current_price": payload.money(row["price"]),
        "suggested_price": payload.money(suggested),
        "expected_increase": payload.money(round((suggested - row["price"]) * monthly)),
        "reason": ar,
        "reason_en": en,
    }


def inventory_optimization(database: Database, shop_id: str, limit: int) -> JSON:
    with database.reading() as reading:
        ranked = demands(reading, shop_id)
    advice = []
    for demand in ranked:
        stock, target = demand.on_shelf, demand.target(COVER_DAYS)
        if abs(target - stock) <= max(1, target * 0.2):
            continue
        kind = "increase" if target > stock else "decrease"
        ar = f"{demand.per_day:.2f} في اليوم، رصيد {COVER_DAYS} يوم و{LEAD_DAYS} للتوريد"
        en = f"{demand.per_day:.2f} a day, {COVER_DAYS} days of cover and {LEAD_DAYS} of delivery"
        advice.append(
            {
                "type": kind,
                "item_id": demand.item["id"],
                "item_name": demand.item["name"],
                "current_stock": payload.units(demand.item["stock_quantity"]),
                "recommended_stock": target,
                "reason": ar,
                "reason_en": en,
            }
        )
    advice.sort(
        key=lambda suggestion: (
            -abs(suggestion["recommended_stock"] - suggestion["current_stock"]),
            suggestion["item_id"],
        )
    )
    return {"recommendations": advice[:limit]}
