"""The messages of the socket, as they are checked: the frame, and the nine events of `net/events.py`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from clutch_tui.net import events
from clutch_tui.net.answers import Forecast, StockAlert
from clutch_tui.net.payload import Counter, Id, Money, Order, Payload


class InventoryUpdate(Payload):
    item_id: Id
    action: str = ""
    changes: dict[str, Any] = Field(default_factory=dict)
    version: Counter = 0


class PriceUpdate(Payload):
    item_id: Id
    old_price: Money | None = None
    new_price: Money
    version: Counter = 0


class MarketNews(Payload):
    type: str = ""
    title: str = ""
    description: str = ""
    description_en: str = ""
    importance: str = ""


class NewOrder(Payload):
    order: Order


class OrderUpdate(Payload):
    order_id: Id
    status: str
    version: Counter = 0
    order: Order | None = None


class PriceAlert(Payload):
    item_id: Id
    item_name: str = ""
    current_price: Money
    suggested_price: Money
    reason: str = ""


class SystemMessage(Payload):
    message: str
    message_ar: str = ""
    level: str = "info"


MODELS: dict[type[events.Happening], type[Payload]] = {
    events.InventoryUpdate: InventoryUpdate,
    events.PriceUpdate: PriceUpdate,
    events.DemandForecast: Forecast,
    events.MarketInsight: MarketNews,
    events.NewOrder: NewOrder,
    events.OrderUpdate: OrderUpdate,
    events.StockAlert: StockAlert,
    events.PriceAlert: PriceAlert,
    events.SystemMessage: SystemMessage,
}
"""How each event's data is checked. Its fields are those of the type."""


class Frame(Payload):
    """One text frame, whatever it is about. `seq` numbers the shop's events, `head` is its record counter."""

    type: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    data: Any = None
    timestamp: Any = None
    seq: Counter | None = None
    head: Counter | None = None
    id: str | None = None
