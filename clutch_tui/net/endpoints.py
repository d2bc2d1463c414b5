"""The catalogue of the backend's endpoints, as data (docs/protocol.md#endpoints).

Client, tester, sandbox and screens all read this one list: an endpoint that is not here does not exist for
any of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One REST call. `path` is relative to the base URL and may hold `{id}`.

    `also` is the method under which some live servers have the same route; it is tried where the first is missing.
    """

    name: str
    method: str
    path: str
    required: bool = False
    also: str = ""

    @property
    def category(self) -> str:
        return self.name.partition(".")[0]

    @property
    def action(self) -> str:
        return self.name.partition(".")[2]

    @property
    def reads(self) -> bool:
        """True when calling it changes nothing on the server."""
        return self.method == "GET"

    @property
    def is_reference(self) -> bool:
        """True for figures and advice that change slowly and are kept: what ETags and their age are for."""
        return self.reads and (self.category in ("ai", "market") or self.name in _REFERENCE)

    def url(self, **values: str) -> str:
        """The path with its placeholders filled in; raises `KeyError` for a missing one."""
        from urllib.parse import quote

        return self.path.format(**{name: quote(value, safe="") for name, value in values.items()})


_REFERENCE = frozenset(
    {
        *("shop.profile", "shop.settings", "shop.stats", "sales.analytics", "customers.analytics"),
        *("inventory.alerts", "inventory.recommendations"),
    }
)

# name, method (and what else it may be called by), path; "*" marks what "connected" needs.
_CATALOGUE = """
* auth.login                    POST   /auth/login
* auth.refresh                  POST   /auth/refresh
* auth.verify                   GET|POST /auth/verify
  auth.logout                   POST   /auth/logout
* shop.profile                  GET    /shops/profile
  shop.update                   PUT    /shops/update
  shop.settings                 GET    /shops/settings
  shop.stats                    GET    /shops/stats
* inventory.list                GET    /inventory/items
* inventory.create              POST   /inventory/items
* inventory.update              PUT    /inventory/items/{id}
* inventory.delete              DELETE /inventory/items/{id}
* inventory.sync                POST   /inventory/sync
  inventory.recommendations     GET    /inventory/recommendations
  inventory.alerts              GET    /inventory/alerts
* sales.list                    GET    /sales/transactions
* sales.create                  POST   /sales/transactions
  sales.update                  PUT    /sales/transactions/{id}
* sales.sync                    POST   /sales/sync
  sales.analytics               GET    /sales/analytics
* customers.list                GET    /customers
* customers.create              POST   /customers
  customers.update              PUT    /customers/{id}
  customers.delete              DELETE /customers/{id}
  customers.analytics           GET    /customers/analytics
* suppliers.list                GET    /suppliers
* suppliers.create              POST   /suppliers
  suppliers.update              PUT    /suppliers/{id}
  suppliers.delete              DELETE /suppliers/{id}
  ai.demand_forecast            GET    /ai/demand-forecast
  ai.price_optimization         GET    /ai/price-optimization
  ai.inventory_optimization     GET    /ai/inventory-optimization
  ai.customer_insights          GET    /ai/customer-insights
  ai.market_analysis            GET    /ai/market-analysis
  orders.list                   GET    /orders
  orders.get                    GET    /orders/{id}
  orders.accept                 POST   /orders/{id}/accept
  orders.reject                 POST   /orders/{id}/reject
  orders.quote                  POST   /orders/{id}/quote
  market.insights               GET    /market/insights
  market.trends                 GET    /market/trends
  market.top_selling            GET    /market/top-selling
  market.popular_cars           GET    /market/popular-cars
* system.health                 GET    /system/health
* system.ping                   GET    /system/ping
  system.time                   GET    /system/time
  system.version                GET    /system/version
"""


def _parse(catalogue: str) -> tuple[Endpoint, ...]:
    rows = [(line[0] == "*", line[2:].split()) for line in catalogue.strip("\n").splitlines()]
    endpoints = []
    for required, (name, methods, path) in rows:
        method, _, also = methods.partition("|")
        endpoints.append(Endpoint(name, method, path, required, also))
    return tuple(endpoints)


ENDPOINTS: tuple[Endpoint, ...] = _parse(_CATALOGUE)
BY_NAME: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in ENDPOINTS}
CATEGORIES: tuple[str, ...] = tuple(dict.fromkeys(endpoint.category for endpoint in ENDPOINTS))


@cache
def find(name: str) -> Endpoint:
    """The endpoint that a person means by `name`: `ai.demandForecast`, `shops.profile`, `market.top-selling`.

    Raises `KeyError` with the name as it was given.
    """
    category, _, action = name.strip().partition(".")
    category = {"shops": "shop"}.get(category.lower(), category.lower())
    action = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", action).lower().replace("-", "_")
    try:
        return BY_NAME[f"{category}.{action}"]
    except KeyError:
        raise KeyError(name) from None
