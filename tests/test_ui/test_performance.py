"""The performance screen: figures beside their budgets, a chart that reads in both directions, both dialogs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from clutch_tui.core.performance import measures, usage
from clutch_tui.core.performance.histogram import Histogram
from clutch_tui.phrases.figures import amount
from clutch_tui.text import format as shown
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from clutch_tui.ui.screens.endpoint_times import COLUMNS, EndpointTimes
from clutch_tui.ui.screens.performance import PerformanceScreen
from clutch_tui.ui.screens.upkeep import OptimiseDialog, TestDialog
from clutch_tui.ui.widgets.bar_chart import FULL, HALF, NOTHING, lines
from tests.test_ui.shop_app import Shop, open_app, press, settle, until, words_on


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_chart_is_as_high_as_its_highest_and_shows_the_smallest() -> None:
    drawn = lines([None, 0.001, 5.0, 10.0], 3)
    columns = ["".join(line[2 * n] for line in drawn) for n in range(4)]
    assert columns == [NOTHING * 3, NOTHING * 2 + HALF, columns[2], FULL * 3]
    assert columns[2].endswith(FULL)
    assert lines([None, None], 2) == ["", ""]


def test_a_budget_is_drawn_where_it_lies() -> None:
    drawn = lines([10.0, None], 4, budget=5.0)
    assert [line[2] for line in drawn] == [NOTHING, NOTHING, "─", NOTHING]


def test_amounts_are_short(english: None) -> None:
    assert amount(None, "ms") == "-"
    assert amount(3.456, "ms") == "3.46 ms"
    assert amount(532, "ms") == "532 ms"
    assert amount(12_345, "B") == "12 KB"


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_figures_stand_beside_their_budget(shop: Shop, language: strings.Language) -> None:
    slow = Histogram()
    slow.add(40.0)
    shop.store.run_now(measures.keep, {"search.find": slow})
    async with open_app(shop, language, mode="performance") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, PerformanceScreen)
        await until(pilot, lambda: screen.table.row is not None)
        await press(pilot, *["down"] * 7)
        await settle(pilot)
        assert screen.table.row is not None
        assert screen.table.row.id == "search.find"
        assert screen.table.row.report.verdict == "slow"
        await until(pilot, lambda: FULL in screen.chart.text)
        assert t("measure.search.find") in screen.chart.text
        assert t("savings.no_calls") in words_on(screen)


async def test_the_trials_and_the_upkeep_say_how_they_went(shop: Shop) -> None:
    async with open_app(shop, "en", mode="performance") as (app, pilot):
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, TestDialog) and len(app.screen.done) == 6)
        text = words_on(app.screen)
        assert t("trial.disk") in text
        assert t("trial.no_network") in text
        assert t("trial.no_answer") in text
        await press(pilot, "escape")
        await press(pilot, "f6")
        await until(pilot, lambda: isinstance(app.screen, OptimiseDialog) and len(app.screen.done) == 6)
        text = words_on(app.screen)
        assert t("upkeep.finished") in text
        assert t("upkeep.integrity") in text


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_each_service_stands_with_its_times_and_its_success(shop: Shop, language: strings.Language) -> None:
    now = shop.store.clock.now()
    calls = [usage.MeasuredCall("sales.sync", now, ms, 200, True) for ms in (100.0, 110.0, 400.0)]
    calls += [
        usage.MeasuredCall("customers.list", now, 20.0, 200, True),
        usage.MeasuredCall("customers.list", now, None, None, False),
    ]
    calls += [usage.MeasuredCall("orders.list", now - timedelta(days=2), 50.0, 200, True)]
    shop.store.run_now(usage.count_calls, calls)
    async with open_app(shop, language, mode="performance") as (app, pilot):
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, EndpointTimes) and app.screen.table.row is not None)
        box = app.screen
        assert isinstance(box, EndpointTimes)
        assert (box.table.count, box.table.row and box.table.row.id) == (2, "sales.sync")  # the slowest first
        slowest = [column.value(box.table.row) for column in COLUMNS[1:]]  # type: ignore[arg-type]
        assert slowest[0] == shown.number(3)
        assert slowest[1] == shown.percent(1, 0)
        await press(pilot, "down")
        await until(pilot, lambda: box.table.row is not None and box.table.row.id == "customers.list")
        assert COLUMNS[2].value(box.table.row) == shown.percent(0.5, 1)  # type: ignore[arg-type]
        await press(pilot, "f7", "f7")
        await until(pilot, lambda: box.table.count == 3)
        assert t("endpoint.times_of", period=t("connection.period.week")) in words_on(app)
        assert all(widget.region.right <= 80 for widget in box.query("*"))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PerformanceScreen))
