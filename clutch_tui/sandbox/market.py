"""The market as this server sees it: all its shops together; and what a shop's customers are like."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from . import payload
from .database import Database, Reading, Row
from .insights import days_ago, today
from .payload import JSON

_COUNTS = "sale.status <> 'voided'"
_LINES = (
    "sale_line line JOIN sale ON sale.shop_id = line.shop_id AND sale.id = line.sale_id"
    " JOIN item ON item.shop_id = line.shop_id AND item.id = line.item_id"
)
SPAN = 30
_WEEKDAYS = (
    ("الاثنين", "Monday"),
    ("الثلاثاء", "Tuesday"),
    ("الأربعاء", "Wednesday"),
    ("الخميس", "Thursday"),
    ("الجمعة", "Friday"),
    ("السبت", "Saturday"),
    ("الأحد", "Sunday"),
)


def trends(reading: Reading) -> list[JSON]:
    """Each category's revenue of the last thirty days against the thirty before, strongest growth first."""
    middle, start = days_ago(reading, SPAN - 1), days_ago(reading, 2 * SPAN - 1)
    rows = reading.all(
        "SELECT item.category, SUM(CASE WHEN line.day >= ? THEN line.total ELSE 0 END) AS now,"
        f" SUM(CASE WHEN line.day < ? THEN line.total ELSE 0 END) AS before FROM {_LINES}"
        f" WHERE line.day >= ? AND {_COUNTS} AND item.category <> '' GROUP BY item.category",
        (middle, middle, start),
    )
    categories: list[JSON] = []
    for row in rows:
        growth = (row["now"] - row["before"]) / row["before"] if row["before"] > 0 else (1.0 if row["now"] > 0 else 0.0)
        trend = "up" if growth > 0.05 else "down" if growth < -0.05 else "stable"
        rate = payload.number(f"{growth:.3f}", "growth")
        categories.append({"category": row["category"], "trend": trend, "growth_rate": rate, "timeframe": f"{SPAN}d"})
    return sorted(categories, key=lambda category: (-category["growth_rate"], category["category"]))


def market_trends(database: Database) -> JSON:
    with database.reading() as reading:
        return {"trends": trends(reading)}


def top_selling(database: Database, limit: int) -> JSON:
    with database.reading() as reading:
        rows = reading.all(
            "SELECT item.name AS part_name, SUM(line.quantity) AS total_sold, SUM(line.total) AS revenue"
            f" FROM {_LINES} WHERE line.day >= ? AND {_COUNTS} GROUP BY item.name"
            " ORDER BY total_sold DESC, item.name LIMIT ?",
            (days_ago(reading, SPAN - 1), limit),
        )
    return {
        "top_selling": [
            dict(row) | {"revenue": payload.money(row["revenue"]), "total_sold": payload.units(row["total_sold"])}
            for row in rows
        ]
    }


def popular_cars(database: Database, limit: int) -> JSON:
    with database.reading() as reading:
        rows = reading.all(
            "SELECT item.car_brand AS brand, item.car_model AS model, item.year AS year,"
            f" SUM(line.quantity) AS parts_demand FROM {_LINES} WHERE line.day >= ? AND {_COUNTS}"
            " AND item.car_brand <> '' AND item.car_model <> ''"
            " GROUP BY item.car_brand, item.car_model, item.year"
            " ORDER BY parts_demand DESC, item.car_brand, item.car_model LIMIT ?",
            (days_ago(reading, SPAN - 1), limit),
        )
    return {"popular_cars": [dict(row) | {"parts_demand": payload.units(row["parts_demand"])} for row in rows]}


def market_insights(database: Database) -> JSON:
    """Return which categories grow, which weekdays are busy, what customers ask for and cannot get."""
    with database.reading() as reading:
        growing = [trend for trend in trends(reading) if trend["trend"] == "up"][:5]
        days = reading.all(
            f"SELECT day, SUM(total) AS amount FROM sale WHERE day >= ? AND {_COUNTS} GROUP BY day",
            (days_ago(reading, 3 * SPAN - 1),),
        )
        wanted = reading.all(
            "SELECT item.name, SUM(line.quantity) AS sold, SUM(DISTINCT item.stock_quantity) AS stock"
            f" FROM {_LINES} WHERE line.day >= ? AND {_COUNTS} AND item.deleted = 0 AND item.stock_quantity <= 0"
            " GROUP BY item.name ORDER BY sold DESC, item.name LIMIT 5",
            (days_ago(reading, SPAN - 1),),
        )
    sums: dict[int, list[int]] = defaultdict(list)
    for row in days:
        sums[date.fromisoformat(row["day"]).weekday()].append(row["amount"])
    busy = sorted(sums, key=lambda weekday: -sum(sums[weekday]) / len(sums[weekday]))
    weekdays = [
        {
            "weekday": _WEEKDAYS[day][0],
            "weekday_en": _WEEKDAYS[day][1],
            "average_revenue": payload.money(round(sum(sums[day]) / len(sums[day]))),
        }
        for day in busy
    ]
    return {
        "insights": [
            {"type": "growing_categories", "data": growing},
            {"type": "busiest_weekdays", "data": weekdays},
            {"type": "sold_out_best_sellers", "data": [_sold_out(row) for row in wanted]},
        ]
    }


def customer_insights(database: Database, shop_id: str) -> JSON:
    """Return what stands out among a shop's customers, in a sentence of each language with its figures."""
    with database.reading() as reading:
        people = reading.all(
            f"SELECT customer_id, COUNT(*) AS visits, SUM(total) AS spent, MAX(day) AS last FROM sale"
            f" WHERE shop_id = ? AND customer_id IS NOT NULL AND return_of IS NULL AND {_COUNTS}"
            " GROUP BY customer_id",
            (shop_id,),
        )
        owing = reading.one(
            "SELECT COUNT(*) AS n, COALESCE(SUM(balance), 0) AS total FROM customer"
            " WHERE shop_id = ? AND deleted = 0 AND balance > 0",
            (shop_id,),
        )
        lapsed_before = days_ago(reading, 45)
        day = today(reading).strftime("%d/%m/%Y")
    assert owing is not None
    if not people:
        return {"insights": []}
    sure = payload.number(f"{min(0.95, 0.4 + len(people) / 200):.2f}", "confidence")
    repeat = sum(1 for row in people if row["visits"] > 1)
    lapsed = sum(1 for row in people if row["visits"] >= 3 and row["last"] < lapsed_before)
    spent = sorted((row["spent"] for row in people), reverse=True)
    top = spent[: max(1, len(spent) // 10)]
    share = sum(top) / sum(spent) if sum(spent) else 0
    insights = [
        _insight(
            "loyalty",
            f"{repeat} من {len(people)} عميل اشتروا أكتر من مرة",
            f"{repeat} of {len(people)} customers bought more than once",
            sure,
        ),
        _insight(
            "concentration",
            f"أكبر {len(top)} عميل جابوا {share:.0%} من مبيعات العملاء",
            f"the {len(top)} biggest customers brought {share:.0%} of what customers spent",
            sure,
        ),
    ]
    if lapsed:
        ar, en = f"{lapsed} عميل دائم ماجاش من 45 يوم", f"{lapsed} regular customers have not come for 45 days"
        insights.append(_insight("lapsed", ar, en, sure))
    if owing["n"]:
        due = f"{owing['total'] // 100:,}.{owing['total'] % 100:02}"
        ar = f"{owing['n']} عميل عليهم {due} ج.م. لحد {day}"
        insights.append(_insight("credit", ar, f"{owing['n']} customers owe {due} EGP as of {day}", 1))
    return {"insights": insights}


def _insight(kind: str, ar: str, en: str, confidence: object) -> JSON:
    return {"type": kind, "description": ar, "description_en": en, "confidence": confidence}


def _sold_out(row: Row) -> JSON:
    return {"name": row["name"], "sold": payload.units(row["sold"]), "stock": payload.units(row["stock"])}
