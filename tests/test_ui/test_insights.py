"""Insights: every topic reads as sentences, whatever a server leaves out, and is there without a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from textual.widgets import OptionList

from clutch_tui.core import reference
from clutch_tui.core.journal import Notification
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.reference import plain
from clutch_tui.net import answers
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.monitor import Monitor
from clutch_tui.text import strings
from clutch_tui.text.format import name
from clutch_tui.text.strings import t
from clutch_tui.ui.news import sentence as news
from clutch_tui.ui.screens.insight_lines import TOPICS, lines
from clutch_tui.ui.screens.insights import InsightsScreen
from tests.test_ui.shop_app import Shop, open_app, press, settle, until, words_on

ODD: tuple[Any, ...] = (
    None,
    [],
    {},
    "text",
    7,
    [None, "x", {}],
    [{"item_name": None, "confidence": "high"}],
    {"a": [{}]},
)


@pytest.mark.parametrize("topic", TOPICS)
def test_odd_answers_still_read_as_lines(topic: str, english: None) -> None:
    for data in ODD:
        found = lines(topic, data)
        assert found
        assert not any("{" in line for line in found), (data, found)


def test_money_shares_and_words_are_in_the_language(arabic: None) -> None:
    (line,) = lines("market.trends", [{"category": "فلاتر", "trend": "up", "growth_rate": 0.125}])
    assert "طالع" in line
    assert "12%" in line or "13%" in line
    advice = {"item_name": "بوجيه", "current_price": 9_550, "suggested_price": 10_000, "reason": ""}
    (line,) = lines("ai.price_optimization", [advice])
    assert "95.50" in line
    assert "100.00" in line


@pytest.mark.parametrize("written", ["2026-11-29", "2026-11-29T00:00:00Z"])
def test_a_day_is_written_as_everywhere(written: str, english: None) -> None:
    data = {"daily_sales": [{"date": written, "amount": 19_122_75}, {"date": "last week", "amount": 0}]}
    assert "29/11/2026: 19,122.75\N{NO-BREAK SPACE}EGP" in lines("sales.analytics", data)
    assert f"{name('last week')}: 0.00\N{NO-BREAK SPACE}EGP" in lines("sales.analytics", data)


def test_no_two_topics_are_one_thing() -> None:
    rows = [answers.ANSWERS[topic] for topic in TOPICS]
    assert len(set(rows)) == len(rows)


def test_what_is_kept_is_plain_json() -> None:
    assert plain({"n": Decimal("2.0"), "rows": [{"x": Decimal("0.5")}]}) == {"n": 2, "rows": [{"x": 0.5}]}


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_kept_answers_are_shown_with_their_age(shop: Shop, language: strings.Language) -> None:
    alerts = [
        {"item_id": "x", "item_name": "بوجيه", "current_stock": ONE, "min_stock": whole(9), "urgency": "critical"}
    ]
    shop.store.run_now(reference.keep, "inventory.alerts", alerts, None)
    async with open_app(shop, language, mode="insights") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, InsightsScreen)
        assert t("insight.never") in words_on(app)
        screen.query_one(OptionList).highlighted = TOPICS.index("inventory.alerts")
        await until(pilot, lambda: "بوجيه" in words_on(app))
        await settle(pilot)
        assert t("insight.word.critical") in words_on(app)
        assert t("insight.never") not in words_on(app)
        await press(pilot, "f12")
        await until(pilot, lambda: strings.language() != language)
        await settle(pilot)
        assert t("insight.word.critical") in words_on(app)


def _both(name: str) -> dict[str, str]:
    return {name: "الطلب زاد", f"{name}_en": "demand rose"}


@pytest.mark.parametrize(("language", "said"), [("ar", "الطلب زاد"), ("en", "demand rose")])
def test_a_text_that_comes_in_both_languages_is_shown_in_that_of_the_screen(
    language: strings.Language, said: str, english: None
) -> None:
    strings.use(language)
    both: dict[str, object] = {**_both("description"), "confidence": 0.5}
    assert said in lines("ai.customer_insights", [both])[0]
    assert said in news(Notification("n", ("n",), datetime.now(UTC), "market_insight", {"title": "x", **both}))
    assert "الطلب زاد" in lines("ai.customer_insights", [both | {"description_en": ""}])[0]
    advice = {"item_name": "x", "type": "reorder", **_both("reason")}
    assert said in lines("inventory.recommendations", [advice])[0]
    assert said in lines("market.insights", [{"type": "busiest_weekdays", "data": [_both("weekday")]}])[1]
    demand = {"item_name": "بوجيه", "predicted_demand": 4.0}
    assert "4.0" not in news(Notification("n", ("n",), datetime.now(UTC), "demand_forecast", demand))


class Line:
    """A network that keeps what it was asked for, and can be cut."""

    def __init__(self) -> None:
        self.monitor = Monitor()
        self.offline = True
        self.user_name = ""
        self.asked: list[str] = []

    async def fetch(self, name: str) -> reference.Reference:
        self.asked.append(name)
        return reference.Reference(name, [], None, datetime.now(UTC))


async def test_nothing_is_asked_while_the_line_is_cut(shop: Shop, english: None) -> None:
    async with open_app(shop, "en", mode="insights") as (app, pilot):
        network = Line()
        app.network = network  # type: ignore[assignment]
        await press(pilot, "f5", "f6")
        await settle(pilot)
        assert network.asked == []
        network.offline = False
        app.screen.refresh_bindings()
        await press(pilot, "f5")
        await until(pilot, lambda: network.asked == [TOPICS[0]])
        await press(pilot, "f6")
        await until(pilot, lambda: len(network.asked) == 1 + len(TOPICS))


class Lacking(Line):
    """A server that has none of the topics."""

    async def fetch(self, name: str) -> reference.Reference:
        self.asked.append(name)
        raise ApiError(Kind.MISSING_ROUTE, path=f"/{name}")


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_what_a_server_lacks_is_said_in_its_place_and_not_asked_for_again(
    shop: Shop, language: strings.Language
) -> None:
    async with open_app(shop, language, mode="insights") as (app, pilot):
        network = Lacking()
        network.offline = False
        app.network = network  # type: ignore[assignment]
        app.status = replace(app.status, overall="limited")
        topics = app.screen.query_one(OptionList)
        for n in (1, 2, 1):
            topics.highlighted = n
            await until(pilot, lambda n=n: TOPICS[n] in words_on(app.screen.query_one("#insight-age")))  # type: ignore[misc]
        assert network.asked == [TOPICS[1], TOPICS[2]]
        assert len(app._notifications) == 0
        assert app.screen.query_one("#insight-age").size.height > 1  # all of the sentence can be read
        await press(pilot, "f6")
        await until(pilot, lambda: len(network.asked) == 2 + len(TOPICS))
        await until(pilot, lambda: len(app._notifications) == 1)
