"""News from the backend that a person should hear: as a sentence, with the bell, and the place that it speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from textual.notifications import SeverityLevel

from clutch_tui.core import arrivals, order_news
from clutch_tui.core.journal import ORDER, Notification
from clutch_tui.core.order_types import OrderQuery
from clutch_tui.text import format as shown
from clutch_tui.text.strings import has, t
from clutch_tui.ui import shop
from clutch_tui.ui.screens.insight_lines import in_language
from clutch_tui.ui.screens.list_screen import ListScreen

if TYPE_CHECKING:
    from clutch_tui.ui.app import ClutchApp
    from clutch_tui.ui.screens.insights import InsightsScreen
    from clutch_tui.ui.screens.inventory import InventoryScreen
    from clutch_tui.ui.screens.orders import OrdersScreen

_NAMES = ("item_name", "title", "description", "message", "customer_name")
_MAYBE = ("order_number", "customer_name")
"""What a server may leave out of an order."""
_TONES: dict[str, SeverityLevel] = {"info": "information", "warning": "warning", "error": "error"}
"""How a message of the system looks, by the level that it gives itself."""

_MONEY = ("current_price", "suggested_price", "old_price", "new_price")
_QUANTITIES = ("current_stock", "min_stock")


def _figure(name: str, value: int | float) -> str:
    if name in _QUANTITIES:
        return shown.quantity(int(value))
    return shown.money(round(value)) if name in _MONEY else shown.number(value)


def sentence(row: Notification) -> str:
    """A notification as a sentence; one of a kind that we do not know shows what it carries."""
    values: dict[str, object] = {name: in_language(row.values, name) for name in row.values}
    for name in _MAYBE:
        values.setdefault(name, "")
    for name, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            values[name] = _figure(name, value)
    for name in _NAMES:
        if isinstance(given := values.get(name), str):
            values[name] = shown.name(given)
    key = f"news.{row.kind}"
    if has(key):
        return t(key, **values).strip()
    return shown.isolate(f"{row.kind} " + " ".join(f"{name}={value}" for name, value in values.items()))


_ABOUT_ORDERS = (ORDER, *order_news.KINDS)
"""Kinds that lead to an order."""
_URGENT = (ORDER, "order_accepted", "order_cancelled", "order_taken", *arrivals.NEWS, "system_message")
"""What is told at once, with the bell: a customer waits, or it concerns everybody. The rest waits in its list; there
may be a hundred an hour, and a bell that always rings is heard by nobody."""
_TOPICS = {
    "stock_alert": "inventory.alerts",
    "price_alert": "ai.price_optimization",
    "demand_forecast": "ai.demand_forecast",
    "market_insight": "market.insights",
}
"""The topic of the insights that has all that notifications of a kind speak of."""


def tell(app: ClutchApp, fresh: Iterable[Notification], *, rings: bool) -> None:
    """Show what cannot wait as a toast, and ring for it where the bell is not muted."""
    urgent = [row for row in fresh if row.kind in _URGENT and not row.read]
    if urgent and rings:
        app.bell()
    for row in urgent:
        tone = "warning" if row.kind in _ABOUT_ORDERS else _TONES.get(str(row.values.get("level")), "information")
        app.notify(sentence(row), severity=tone, timeout=15)


async def go_to(app: ClutchApp, row: Notification) -> bool:
    """Go to what a notification speaks of; False where it speaks of nothing that is here."""
    if row.kind in _ABOUT_ORDERS:
        return await _to_order(app, str(row.values.get("order_number") or ""))
    if row.kind in arrivals.NEWS:
        await app.action_mode("special_orders")
        if isinstance(screen := app.screen, ListScreen) and screen.NAME == "special_orders":
            screen.find(str(row.values.get("number") or ""))
        return True
    if row.kind.startswith("update_"):
        await app.action_mode("updates")
        return True
    if row.count == 1 and row.kind in ("stock_alert", "price_alert"):
        return await to_part(app, str(row.values.get("item_id") or ""))
    if row.kind in _TOPICS:
        await app.action_mode("insights")
        cast("InsightsScreen", app.screen).choose(_TOPICS[row.kind])
        return True
    return False


async def _to_order(app: ClutchApp, number: str) -> bool:
    rows = await app.store.read(shop.orders.page, OrderQuery(text=number, open_only=False), None, 0, 10)
    if not number or all(row.order_number != number for row in rows):
        return False
    await app.action_mode("orders")
    cast("OrdersScreen", app.screen).find(number)
    return True


async def to_part(app: ClutchApp, part_id: str) -> bool:
    part = await app.store.read(shop.inventory.row, part_id)
    if part is None:
        return False
    await app.action_mode("inventory")
    cast("InventoryScreen", app.screen).find(part.part_number or part.name or part.name_en)
    return True
