"""The readable figures: *.analytics, inventory.alerts and .recommendations, ai.*, market.*."""

from __future__ import annotations

from . import insights, market
from .calls import Answer, Call, endpoint
from .payload import invalid
from .rest_lists import day


def _limit(call: Call, default: int = 50) -> int:
    return call.whole("limit", default, least=1, most=500)


@endpoint("inventory.alerts")
async def stock_alerts(call: Call) -> Answer:
    return Answer(await call.backend.read(insights.stock_alerts, call.shop_id))


@endpoint("inventory.recommendations")
async def recommendations(call: Call) -> Answer:
    return Answer(await call.backend.read(insights.recommendations, call.shop_id, _limit(call)))


@endpoint("sales.analytics")
async def sales(call: Call) -> Answer:
    first, last = (
        day(call.query(name), name).isoformat() if call.query(name) else "" for name in ("date_from", "date_to")
    )
    return Answer(await call.backend.read(insights.sales_analytics, call.shop_id, first, last))


@endpoint("customers.analytics")
async def customers(call: Call) -> Answer:
    return Answer(await call.backend.read(insights.customers_analytics, call.shop_id))


@endpoint("ai.demand_forecast")
async def demand_forecast(call: Call) -> Answer:
    period = call.query("period", "month") or "month"
    if period not in insights.PERIODS:
        raise invalid("period", f"must be one of {', '.join(insights.PERIODS)}")
    item_id = call.query("item_id")
    return Answer(await call.backend.read(insights.demand_forecast, call.shop_id, item_id, period, _limit(call)))


@endpoint("ai.price_optimization")
async def price_optimization(call: Call) -> Answer:
    return Answer(await call.backend.read(insights.price_optimization, call.shop_id, _limit(call)))


@endpoint("ai.inventory_optimization")
async def inventory_optimization(call: Call) -> Answer:
    return Answer(await call.backend.read(insights.inventory_optimization, call.shop_id, _limit(call)))


@endpoint("ai.customer_insights")
async def customer_insights(call: Call) -> Answer:
    return Answer(await call.backend.read(market.customer_insights, call.shop_id))


@endpoint("ai.market_analysis", "market.trends")
async def market_analysis(call: Call) -> Answer:
    return Answer(await call.backend.read(market.market_trends))


@endpoint("market.insights")
async def market_insights(call: Call) -> Answer:
    return Answer(await call.backend.read(market.market_insights))


@endpoint("market.top_selling")
async def top_selling(call: Call) -> Answer:
    return Answer(await call.backend.read(market.top_selling, _limit(call, 20)))


@endpoint("market.popular_cars")
async def popular_cars(call: Call) -> Answer:
    return Answer(await call.backend.read(market.popular_cars, _limit(call, 20)))
