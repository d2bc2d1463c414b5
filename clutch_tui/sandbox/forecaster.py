"""News that nobody asked for: what will run out, what the market does, and customers who answer a quote.

An insight is told when it is new, not at every look: a screen full of the same warning is read by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from . import insights, market, orders, payload
from .database import Database
from .payload import JSON

MOST_AT_ONCE = 3


@dataclass(slots=True)
class Announced:
    """The levels and trends that were announced to each shop already."""

    levels: dict[tuple[str, str], str] = field(default_factory=dict)
    trends: dict[tuple[str, str], str] = field(default_factory=dict)


def tell(database: Database, announced: Announced) -> int:
    """Look at every shop's figures and emit what has changed since the last look; returns how many events."""
    with database.reading() as reading:
        shops = [row["id"] for row in reading.all("SELECT id FROM shop ORDER BY id")]
        news: dict[str, list[tuple[str, JSON]]] = {}
        for shop_id in shops:
            forecasts = [insights.forecast(demand, 7, "week") for demand in insights.demands(reading, shop_id)[:200]]
            news[shop_id] = _new_forecasts(announced, shop_id, forecasts)
        trends = market.trends(reading)
    for shop_id in shops:
        news[shop_id] += _new_trends(announced, shop_id, trends)
        if news[shop_id]:
            with database.writing(shop_id) as transaction:
                for kind, data in news[shop_id]:
                    transaction.emit(kind, data)
    return sum(len(events) for events in news.values())


def _new_forecasts(announced: Announced, shop_id: str, forecasts: list[JSON]) -> list[tuple[str, JSON]]:
    events: list[tuple[str, JSON]] = []
    for forecast in forecasts:
        key, level = (shop_id, str(forecast["item_id"])), str(forecast["alert_level"])
        if announced.levels.get(key) == level:
            continue
        if level == "high" and len(events) == MOST_AT_ONCE:
            continue
        announced.levels[key] = level
        if level == "high":
            events.append(("demand_forecast", forecast))
    return events


def _new_trends(announced: Announced, shop_id: str, trends: list[JSON]) -> list[tuple[str, JSON]]:
    events: list[tuple[str, JSON]] = []
    for category_trend in trends:
        key, trend = (shop_id, str(category_trend["category"])), str(category_trend["trend"])
        if announced.trends.get(key) == trend or len(events) == MOST_AT_ONCE:
            continue
        announced.trends[key] = trend
        if trend == "stable":
            continue
        growth = float(category_trend["growth_rate"])
        word = "زيادة" if growth > 0 else "انخفاض"
        data: JSON = {
            "type": "category_trend",
            "title": str(category_trend["category"]),
            "description": f"{word} {abs(growth):.0%} في 30 يوم",
            "description_en": f"{growth:+.0%} in 30 days",
            "importance": "high" if abs(growth) > 0.25 else "medium",
        }
        events.append(("market_insight", data))
    return events


def answer_quotes(database: Database) -> int:
    """Customers who were given a price say yes or no after a while; returns how many did."""
    with database.reading() as reading:
        waited = payload.to_text(datetime.fromisoformat(reading.now) - timedelta(seconds=40))
        rows = reading.all(
            "SELECT shop_id, id FROM orders WHERE status = 'quoted' AND updated_at <= ? AND version > 1", (waited,)
        )
    for key in rows:
        accepted = database.rng.random() < 0.7
        with database.writing(key["shop_id"]) as transaction:
            orders.customer_answers(transaction, key["id"], accepted)
    return len(rows)
