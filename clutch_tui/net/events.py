"""The nine events of the live connection as types. Whoever reacts to one names it:

    network.socket.on(StockAlert, lambda alert: print(alert.item_name, alert.current_stock))

Money is in minor units and quantities are thousandths, as everywhere. What a server left out is empty, zero or None.
Events are hints: rows come by the pull that follows, never from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar


@dataclass(frozen=True, slots=True)
class Happening:
    """The base of all nine. `seq` is None from a server that does not number its events."""

    TYPE: ClassVar[str]
    """The event's name on the socket."""

    seq: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class InventoryUpdate(Happening):
    TYPE = "inventory_update"
    item_id: str
    action: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class PriceUpdate(Happening):
    TYPE = "price_update"
    item_id: str
    old_price: int | None = None
    new_price: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class DemandForecast(Happening):
    TYPE = "demand_forecast"
    item_id: str
    item_name: str = ""
    predicted_demand: float = 0.0
    confidence: float | None = None
    timeframe: str = ""
    alert_level: str = ""


@dataclass(frozen=True, slots=True)
class MarketInsight(Happening):
    TYPE = "market_insight"
    type: str = ""
    title: str = ""
    description: str = ""
    description_en: str = ""
    importance: str = ""


@dataclass(frozen=True, slots=True)
class NewOrder(Happening):
    """`order` is the order's row, in core's terms."""

    TYPE = "new_order"
    order: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class OrderUpdate(Happening):
    TYPE = "order_update"
    order_id: str
    status: str = ""
    version: int = 0
    order: Mapping[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class StockAlert(Happening):
    TYPE = "stock_alert"
    item_id: str
    item_name: str = ""
    current_stock: int = 0
    min_stock: int = 0
    urgency: str = ""


@dataclass(frozen=True, slots=True)
class PriceAlert(Happening):
    TYPE = "price_alert"
    item_id: str
    item_name: str = ""
    current_price: int = 0
    suggested_price: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SystemMessage(Happening):
    TYPE = "system_message"
    message: str
    message_ar: str = ""
    level: str = "info"


H = TypeVar("H", bound=Happening)

_ALL: tuple[type[Happening], ...] = (
    *(InventoryUpdate, PriceUpdate, DemandForecast, MarketInsight, NewOrder, OrderUpdate, StockAlert, PriceAlert),
    SystemMessage,
)
BY_NAME: Mapping[str, type[Happening]] = {kind.TYPE: kind for kind in _ALL}
"""All nine, by their names on the socket."""
