"""The backend's advice and figures as sentences: one line for each row, in the language of the screen.

What arrives is in core's terms (money in minor units). A server may leave out fields or use words that we do
not know; a line then shows a dash, or the server's own word, and never fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, language, t

TOPICS: tuple[str, ...] = (
    "shop.stats",
    "sales.analytics",
    "customers.analytics",
    "inventory.alerts",
    "inventory.recommendations",
    "ai.demand_forecast",
    "ai.price_optimization",
    "ai.inventory_optimization",
    "ai.customer_insights",
    "market.insights",
    "market.trends",
    "market.top_selling",
    "market.popular_cars",
)
"""The endpoints that give insights, by their names in the catalogue. `ai.market_analysis` gives the same rows as
`market.trends`, so only one of the two is a topic."""

_MONEY = {
    "amount",
    "revenue",
    "current_price",
    "suggested_price",
    "average_purchase_value",
    "monthly_revenue",
    "average_revenue",
}
_QUANTITIES = {"current_stock", "min_stock", "recommended_stock"}
_SHARES = {"confidence", "growth_rate"}
_PLACES = {
    "shop.stats": (
        "total_inventory",
        "total_customers",
        "total_sales",
        "monthly_revenue",
        "low_stock_items",
        "pending_orders",
    ),
    "customers.analytics": (
        "total_customers",
        "new_customers_this_month",
        "repeat_customers",
        "average_purchase_value",
    ),
}
_FIELDS = (
    "item_name",
    "name",
    "part_name",
    "category",
    "date",
    "description",
    "brand",
    "model",
    "year",
    "weekday",
    "type",
    "trend",
    "reason",
    "urgency",
    "timeframe",
    "confidence",
    "growth_rate",
    "amount",
    "revenue",
    "current_price",
    "suggested_price",
    "current_stock",
    "min_stock",
    "recommended_stock",
    "suggested_quantity",
    "predicted_demand",
    "quantity_sold",
    "total_sold",
    "parts_demand",
    "average_revenue",
    "sold",
    "stock",
)


def lines(topic: str, data: Any) -> list[str]:
    """Return what a topic's data says, line by line; one sentence when there is nothing in it."""
    if topic in _PLACES and isinstance(data, Mapping):
        text_lines = [t(f"insight.figure.{name}", value=_value(name, data.get(name))) for name in _PLACES[topic]]
    elif topic == "sales.analytics" and isinstance(data, Mapping):
        text_lines = _analytics(data)
    elif topic == "market.insights":
        text_lines = _market(data)
    else:
        text_lines = _rows(topic, data)
    return text_lines or [t("insight.none")]


def _rows(template: str, rows: Any) -> list[str]:
    return [t(f"insight.{template}", **_values(row)) for row in _mappings(rows)]


def _analytics(data: Mapping[str, Any]) -> list[str]:
    text_lines: list[str] = []
    for name in ("daily_sales", "top_selling_items", "revenue_by_category"):
        rows = list(_mappings(data.get(name)))
        if rows:
            text_lines += [
                "",
                t(f"insight.heading.{name}"),
                *_rows(name, reversed(rows) if name == "daily_sales" else rows),
            ]
    return text_lines[1:]


def _market(data: Any) -> list[str]:
    text_lines: list[str] = []
    for insight in _mappings(data):
        kind = str(insight.get("type"))
        rows = list(_mappings(insight.get("data")))
        heading = t(f"insight.heading.{kind}") if has(f"insight.heading.{kind}") else shown.isolate(kind)
        if has(f"insight.{kind}"):
            text_lines += ["", heading, *_rows(kind, rows)]
        else:
            text_lines += ["", heading, *(_unknown(row) for row in rows)]
    return text_lines[1:]


def _unknown(row: Mapping[str, Any]) -> str:
    return "   ".join(shown.isolate(f"{name}: {value}") for name, value in row.items() if value not in (None, ""))


def _mappings(rows: Any) -> Iterable[Mapping[str, Any]]:
    return (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, Iterable) else ()


def _values(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: _value(name, in_language(row, name)) for name in _FIELDS}


def in_language(row: Mapping[str, Any], name: str) -> Any:
    """A field as the server says it in the language of the screen (`description_en`), else as it says it at all."""
    return row.get(f"{name}_{language()}") or row.get(name)


def _value(name: str, value: Any) -> str:
    """One figure or word, as it stands in a sentence."""
    if value in (None, ""):
        return "-"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if name in _MONEY:
            return shown.money(round(value))
        if name in _QUANTITIES:
            return shown.quantity(int(value))
        if name in _SHARES:
            return shown.percent(value)
        return shown.number(value)
    if name == "date":
        return shown.day(str(value))
    word = f"insight.word.{value}"
    text = str(value)
    # a code must not be wrapped, a sentence must be
    return t(word) if has(word) else shown.isolate(text) if text.isascii() and " " not in text else shown.name(text)
