"""The figures follow from the books: each is checked against sales made for it, none is canned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.sandbox import forecaster
from clutch_tui.sandbox.server import running
from clutch_tui.sandbox.settings import Settings

from .conftest import Terminal, frame, uid


def _day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()


async def _sell(terminal: Terminal, n: int, item: str, quantity: float, ago: int, **given: Any) -> None:
    date = (datetime.now(UTC) - timedelta(days=ago)).isoformat()
    await terminal.one("sales", terminal.sale(n, (item, quantity), date=date, business_day=_day(ago), **given))


class Evening:
    """A clock that stands on the last evening of a month in UTC, when Cairo has the first of the next."""

    def now(self) -> datetime:
        return datetime(2026, 11, 30, 22, 30, tzinfo=UTC)


async def _steady(terminal: Terminal, item: str, per_week: int, start: int = 100) -> None:
    for week in range(12):
        await _sell(terminal, start + week, item, per_week, week * 7 + 3)


async def test_a_steady_seller_is_forecast_as_it_sells(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=200)
    await _steady(terminal, item, 7)
    (month,) = (await terminal.data("ai.demand_forecast", params={"period": "month"}))["forecasts"]
    (week,) = (await terminal.data("ai.demand_forecast", params={"period": "week", "item_id": item}))["forecasts"]
    assert (month["predicted_demand"], week["predicted_demand"]) == (30, 7)
    assert month["confidence"] > 0.9
    wrong = await terminal.call("ai.demand_forecast", params={"period": "century"})
    assert wrong.json()["errors"][0]["field"] == "period"


async def test_what_runs_out_is_to_be_ordered_and_what_lies_is_not(terminal: Terminal) -> None:
    short, dead = await terminal.item(1, stock_quantity=90), await terminal.item(2, stock_quantity=50)
    await _steady(terminal, short, 7)
    advice = {row["item_id"]: row for row in (await terminal.data("inventory.recommendations"))["recommendations"]}
    assert (advice[short]["type"], advice[short]["suggested_quantity"]) == ("reorder", 37 - 6)
    assert advice[dead]["type"] == "dead_stock"
    (better,) = (await terminal.data("ai.inventory_optimization"))["recommendations"]
    assert (better["item_id"], better["type"], better["recommended_stock"]) == (short, "increase", 37)


async def test_alerts_name_what_is_below_its_minimum_worst_first(terminal: Terminal) -> None:
    for n, stock in ((1, 4), (2, 0), (3, 5), (4, 2)):
        await terminal.item(n, stock_quantity=stock, min_stock=5)
    alerts = (await terminal.data("inventory.alerts"))["alerts"]
    assert [(row["item_id"], row["urgency"]) for row in alerts] == [
        (uid(2), "critical"),
        (uid(4), "high"),
        (uid(1), "medium"),
    ]


async def test_sales_analytics_add_up_and_leave_no_day_out(terminal: Terminal) -> None:
    item = await terminal.item(category="فلاتر")
    await _sell(terminal, 1, item, 2, 3)
    await _sell(terminal, 2, item, 1, 1)
    await _sell(terminal, 3, item, 1, 1)
    await terminal.one("sales", terminal.change("void", uid(1, "0dd0"), body={"sale_id": uid(3, "5a1e"), "reason": ""}))
    given = await terminal.data("sales.analytics", params={"date_from": _day(3), "date_to": _day(0)})
    assert [(row["date"], row["amount"]) for row in given["daily_sales"]] == [
        (_day(3), 200),
        (_day(2), 0),
        (_day(1), 100),
        (_day(0), 0),
    ]
    assert given["top_selling_items"][0]["quantity_sold"] == 3
    assert given["revenue_by_category"] == [{"category": "فلاتر", "revenue": 300}]


async def test_customers_and_stats_are_counted(terminal: Terminal) -> None:
    item = await terminal.item(min_stock=50)
    for n, who in enumerate((1, 1, 2)):
        customer = {"id": uid(who, "cccc"), "name": f"عميل {who}"}
        await _sell(terminal, n, item, n + 1, 0, customer=customer)
    analytics = await terminal.data("customers.analytics")
    assert analytics == {
        "total_customers": 2,
        "new_customers_this_month": 2,
        "repeat_customers": 1,
        "average_purchase_value": 200,
    }
    stats = await terminal.data("shop.stats")
    assert (stats["total_inventory"], stats["low_stock_items"], stats["total_sales"]) == (1, 1, 3)
    insights = (await terminal.data("ai.customer_insights"))["insights"]
    assert insights[0]["description_en"] == "1 of 2 customers bought more than once"


async def test_a_month_begins_at_midnight_in_cairo(tmp_path: Path) -> None:
    """Whoever came within the first two hours of a month was no new customer, and an order of that night was of the
    day before."""
    settings = Settings(db=str(tmp_path / "backend.db"), parts=5, faults=True, clock=Evening())
    async with running(settings) as sandbox, httpx.AsyncClient(verify=False) as client:
        terminal = Terminal(sandbox, client)
        before = await terminal.data("customers.analytics")
        sale = terminal.sale(1, (await terminal.item(), 1), customer={"id": uid(1, "cccc"), "name": "عميل"})
        await terminal.one("sales", sale)
        analytics = await terminal.data("customers.analytics")
        assert analytics["new_customers_this_month"] == before["new_customers_this_month"] + 1

        async def orders_of(day: str) -> int:
            listed = await terminal.data("orders.list", params={"date_from": day, "date_to": day})
            return int(listed["pagination"]["total"])

        were = await orders_of("2026-11-30"), await orders_of("2026-12-01")
        await terminal.control("order")
        assert (await orders_of("2026-11-30"), await orders_of("2026-12-01")) == (were[0], were[1] + 1)
        wrong = await terminal.call("orders.list", params={"date_to": "9999-12-31"})
        assert wrong.status_code == 422


async def test_a_cheap_best_seller_should_cost_what_its_category_costs(terminal: Terminal) -> None:
    for n in (2, 3, 4):
        await terminal.item(n, category="فلاتر", price=150, cost=100, stock_quantity=0)
    cheap = await terminal.item(1, category="فلاتر", price=110, cost=100)
    await _steady(terminal, cheap, 7)
    (advice,) = (await terminal.data("ai.price_optimization"))["suggestions"]
    assert (advice["item_id"], advice["suggested_price"], advice["expected_increase"]) == (cheap, 150, 40 * 30)


async def test_advice_is_given_in_both_languages(terminal: Terminal) -> None:
    for n in (2, 3, 4):
        await terminal.item(n, category="فلاتر", price=150, cost=100, stock_quantity=10)
    await terminal.item(5, category="فلاتر", price=250, cost=100, stock_quantity=10)
    await _steady(terminal, await terminal.item(1, category="فلاتر", price=110, cost=100, stock_quantity=90), 7)
    given = {
        name: (await terminal.data(name))[noun]
        for name, noun in (
            ("inventory.recommendations", "recommendations"),
            ("ai.inventory_optimization", "recommendations"),
            ("ai.price_optimization", "suggestions"),
        )
    }
    assert {row["type"] for row in given["inventory.recommendations"]} == {"reorder", "dead_stock"}
    assert len(given["ai.price_optimization"]) == 2
    assert given["ai.inventory_optimization"]
    reasons = [(row["reason"], row["reason_en"]) for rows in given.values() for row in rows]
    kinds = {row["type"]: row["data"] for row in (await terminal.data("market.insights"))["insights"]}
    weekdays = [(row["weekday"], row["weekday_en"]) for row in kinds["busiest_weekdays"]]
    assert weekdays
    for arabic, english in (*reasons, *weekdays):
        assert not any("a" <= letter <= "z" for letter in arabic.lower()), arabic
        assert english, arabic
        assert english.isascii(), english


async def test_money_and_days_in_a_sentence_are_as_people_write_them(terminal: Terminal) -> None:
    customer = {"id": uid(1, "cccc"), "name": "عميل"}
    credit = [{"method": "credit", "amount": 6000}]
    await _sell(terminal, 1, await terminal.item(), 60, 0, customer=customer, payments=credit, payment_method="credit")
    rows = {row["type"]: row for row in (await terminal.data("ai.customer_insights"))["insights"]}
    day = datetime.now(ZoneInfo("Africa/Cairo")).strftime("%d/%m/%Y")
    assert rows["credit"]["description"] == f"1 عميل عليهم 6,000.00 ج.م. لحد {day}"
    assert rows["credit"]["description_en"] == f"1 customers owe 6,000.00 EGP as of {day}"


async def test_the_market_is_all_shops_and_its_trend_is_the_last_month_against_the_one_before(
    terminal: Terminal,
) -> None:
    rising = await terminal.item(1, category="بطاريات", car_brand="Fiat", car_model="128", year="1975-2000")
    falling = await terminal.item(2, category="فلاتر")
    await _sell(terminal, 1, rising, 1, 40)
    await _sell(terminal, 2, rising, 3, 5)
    await _sell(terminal, 3, falling, 2, 40)
    await _sell(terminal, 4, falling, 1, 5)
    trends = (await terminal.data("market.trends"))["trends"]
    assert [(row["category"], row["trend"], row["growth_rate"]) for row in trends] == [
        ("بطاريات", "up", 2),
        ("فلاتر", "down", -0.5),
    ]
    assert (await terminal.data("market.popular_cars"))["popular_cars"] == [
        {"brand": "Fiat", "model": "128", "year": "1975-2000", "parts_demand": 3}
    ]
    top = (await terminal.data("market.top_selling"))["top_selling"]
    assert (top[0]["total_sold"], top[0]["revenue"]) == (3, 300)
    kinds = {row["type"]: row["data"] for row in (await terminal.data("market.insights"))["insights"]}
    assert kinds["growing_categories"][0]["category"] == "بطاريات"


async def test_news_is_told_once(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=86)
    await _steady(terminal, item, 7)
    announced = forecaster.Announced()
    async with terminal.socket("demand_forecast") as socket:
        backend = terminal.sandbox.backend
        assert await backend.write(forecaster.tell, announced) >= 1
        event = await frame(socket)
        assert (event["data"]["item_id"], event["data"]["alert_level"]) == (item, "high")
        assert await backend.write(forecaster.tell, announced) == 0


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Terminal]:
    settings = Settings(db=str(tmp_path / "demo.db"), parts=1400)
    async with running(settings) as sandbox, httpx.AsyncClient(timeout=120, verify=False) as client:
        yield Terminal(sandbox, client)


async def test_every_figure_of_the_demo_shop_is_there_and_not_empty(demo: Terminal) -> None:
    names = [entry.name for entry in ENDPOINTS if entry.reads and entry.name not in ("orders.get", "shop.settings")]
    for name in names:
        data = await demo.data(name)
        lists = [value for value in data.values() if isinstance(value, list)]
        assert all(lists), name
        assert data
