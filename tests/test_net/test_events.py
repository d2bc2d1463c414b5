"""The nine events: what each does in the shop, and how code hears of them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.config.settings import Backend, Settings
from clutch_tui.core import journal
from clutch_tui.core.store.store import Store
from clutch_tui.net.connection_log import NEWS, ConnectionLog
from clutch_tui.net.events import BY_NAME, DemandForecast, Happening, OrderUpdate, PriceAlert, StockAlert, SystemMessage
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.socket import frames, news
from clutch_tui.net.socket.websocket import Socket
from tests.fresh_store import open_new

from .conftest import DEVICE, TestClock, until
from .test_websocket import Exchange, FakeSession, Kept, kept_open

ORDER = {"id": "o1", "order_number": "M-7", "customer_name": "Mona", "items": [], "total": 10, "status": "pending"}


@dataclass
class ShopFloor:
    """A socket with a connection log behind it, as in a running shop; the server's end is the test's."""

    exchange: Exchange
    socket: Socket
    store: Store
    pulls: list[str]
    nouns: list[frozenset[str]]

    def send(self, kind: str, seq: int | None, **data: Any) -> None:
        self.exchange.line.push(kind, data=data, seq=seq)


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[ShopFloor]:
    clock, exchange = TestClock(eager=False), Exchange()
    monitor, nouns, pulls = Monitor(clock), list[frozenset[str]](), list[str]()
    with open_new(tmp_path / "shop.db", clock=clock, inline=True) as store:
        socket = Socket(
            Settings(backend=Backend(base_url="https://api.example.com/api/v1", shop_id="s")),
            session=FakeSession(),  # type: ignore[arg-type]
            monitor=monitor,
            device_id=DEVICE,
            clock=clock,
            cursor=Kept(0),
            dial=exchange,
        )
        connection_log = ConnectionLog(store, monitor, clock=clock, on_change=nouns.append)
        for happening in NEWS:
            socket.on(happening, connection_log.hear_news)
        socket.on_pull = pulls.append
        await connection_log.look_for_news()
        async with kept_open(socket):
            await until(lambda: exchange.lines)
            exchange.line.push("connected", data={})
            await until(lambda: pulls == ["connected"])
            pulls.clear()
            yield ShopFloor(exchange, socket, store, pulls, nouns)


# event, its data, whether it pulls, whether a person hears of it, which kept answer it makes old
TABLE: list[tuple[str, dict[str, Any], bool, bool, str]] = [
    ("inventory_update", {"item_id": "p", "action": "update"}, True, False, ""),
    ("price_update", {"item_id": "p", "old_price": 1, "new_price": "2.50"}, True, False, ""),
    ("demand_forecast", {"item_id": "p", "predicted_demand": 12}, False, True, "ai.demand_forecast"),
    ("market_insight", {"type": "t", "title": "T", "description": "D"}, False, True, "market.insights"),
    ("new_order", {"order": ORDER}, True, True, ""),
    ("order_update", {"order_id": "o1", "status": "accepted"}, True, False, ""),
    ("stock_alert", {"item_id": "p", "item_name": "P", "current_stock": 1}, False, True, "inventory.alerts"),
    (
        "price_alert",
        {"item_id": "p", "current_price": 10, "suggested_price": 12},
        False,
        True,
        "ai.price_optimization",
    ),
    ("system_message", {"message": "hello", "message_ar": "أهلا", "level": "warning"}, False, True, ""),
]


def test_the_table_is_whole() -> None:
    assert [row[0] for row in TABLE] == list(BY_NAME)


@pytest.mark.parametrize(("kind", "data", "pulls", "is_news", "topic"), TABLE, ids=[row[0] for row in TABLE])
async def test_each_event_does_what_the_shop_expects(
    floor: ShopFloor, kind: str, data: dict[str, Any], pulls: bool, is_news: bool, topic: str
) -> None:
    typed: list[Happening] = []
    floor.socket.on(BY_NAME[kind], typed.append)
    for _ in range(2):  # an event may come twice
        floor.send(kind, 1, **data)
    await until(lambda: typed and (not is_news or floor.store.read_now(journal.notification_count)))
    floor.send("price_update", 2, item_id="x", new_price=1)  # in order: what comes before it has been dealt with
    await until(lambda: "price_update" in floor.pulls[2 * pulls :])
    await asyncio.sleep(0)
    assert floor.pulls[:-1] == [kind] * (2 * pulls)
    kept = floor.store.read_now(journal.notifications, None, 0, 10)
    assert [one.kind for one in kept] == [kind] * is_news
    assert [nouns for nouns in floor.nouns if "news" in nouns] == [frozenset({"news", "notifications"})] * is_news
    assert [nouns for nouns in floor.nouns if "news" not in nouns] == ([frozenset({topic})] if topic else [])
    assert typed[0].seq == 1
    assert len([one for one in typed if one.seq == 1]) == 1


async def test_own_reading_is_no_news(floor: ShopFloor) -> None:
    floor.send("system_message", 1, message="hello")
    await until(lambda: floor.nouns)
    look_for_news = floor.socket._listeners[SystemMessage][0].__self__.look_for_news  # type: ignore[attr-defined]
    floor.store.run_now(journal.mark_read)
    await look_for_news()
    await look_for_news()
    assert floor.nouns == [frozenset({"news", "notifications"}), frozenset({"notifications"})]


def test_listeners_get_what_their_type_says() -> None:
    def read(kind: str, data: dict[str, Any], seq: int | None = None) -> Happening | None:
        return frames.read_event(frames.Frame(kind, data, seq, None))

    alert = {"item_id": "p", "current_price": "10.50", "suggested_price": 12, "new_field": 1}
    assert read("price_alert", alert, 7) == PriceAlert("p", current_price=1050, suggested_price=1200, seq=7)
    assert read("stock_alert", {"item_id": "p"}) == StockAlert("p")
    forecast = read("demand_forecast", {"item_id": "p", "predicted_demand": "12.5"})
    assert forecast == DemandForecast("p", predicted_demand=12.5)
    assert isinstance(forecast, DemandForecast)
    assert isinstance(forecast.predicted_demand, float)
    update = read("order_update", {"order_id": "o", "status": "accepted", "order": ORDER}, 1)
    assert isinstance(update, OrderUpdate)
    assert update.order is not None
    assert (update.order["order_number"], update.order["total"]) == ("M-7", 1000)
    assert read("something_new", {"item_id": "p"}, 2) is None


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=list(BY_NAME))
def test_a_type_has_the_fields_that_are_checked(kind: type[Happening]) -> None:
    assert {one.name for one in dataclasses.fields(kind)} == {*news.MODELS[kind].model_fields, "seq"}
