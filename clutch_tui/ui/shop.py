"""The modules of `core` for the screens, as a lazy façade: each is imported when a screen first uses it.

Their models cost the better part of the time that our first frame may take longer than Textual's own, and
nothing on that frame needs them; `types` alone, with its fifty dataclasses, costs a fifteenth of it. So
screens write `shop.sales.checkout` and import this module instead.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clutch_tui.core import (
        accounts,
        aftersales,
        cart,
        cart_history,
        cash,
        codes,
        customers,
        day_report,
        deposits,
        exchanges,
        guards,
        held_carts,
        inventory,
        journal,
        lookup,
        lookup_plan,
        lost_sales,
        money,
        orders,
        past_sales,
        price_rules,
        pricing,
        quantity,
        quotation_carts,
        quotations,
        receivables,
        reference,
        refunds,
        sale_search,
        sales,
        search,
        special_orders,
        state,
        suppliers,
        types,
        updates,
    )
    from clutch_tui.core.outbox import abilities, outbox, transports
    from clutch_tui.core.performance import measures, savings, usage
    from clutch_tui.core.store import benchmark, upkeep
    from clutch_tui.core.sync import concerns, conflicts, differences, other_writers, queue

__all__ = [
    "abilities",
    "accounts",
    "aftersales",
    "benchmark",
    "cart",
    "cart_history",
    "cash",
    "codes",
    "concerns",
    "conflicts",
    "customers",
    "day_report",
    "deposits",
    "differences",
    "exchanges",
    "guards",
    "held_carts",
    "inventory",
    "journal",
    "lookup",
    "lookup_plan",
    "lost_sales",
    "measures",
    "money",
    "orders",
    "other_writers",
    "outbox",
    "past_sales",
    "price_rules",
    "pricing",
    "quantity",
    "queue",
    "quotation_carts",
    "quotations",
    "receivables",
    "reference",
    "refunds",
    "sale_search",
    "sales",
    "savings",
    "search",
    "special_orders",
    "state",
    "suppliers",
    "transports",
    "types",
    "updates",
    "upkeep",
    "usage",
]

_ROOMS = {
    "abilities": "outbox",
    "benchmark": "store",
    "concerns": "sync",
    "conflicts": "sync",
    "differences": "sync",
    "measures": "performance",
    "other_writers": "sync",
    "outbox": "outbox",
    "queue": "sync",
    "savings": "performance",
    "transports": "outbox",
    "upkeep": "store",
    "usage": "performance",
}
"""The room of core that a module lives in; the others stand in `core` itself."""


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(name)
    place = f"{_ROOMS[name]}.{name}" if name in _ROOMS else name
    return import_module(f"clutch_tui.core.{place}")
