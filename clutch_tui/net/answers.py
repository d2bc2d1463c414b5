"""The answers of the endpoints that only inform: the shop, figures, advice, the market, the server itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, field_validator

from clutch_tui.net import payload
from clutch_tui.net.payload import Figure, Id, Moment, Money, Payload, Quantity, Whole

# --- what the shop is ----------------------------------------------------------------------------------


class Location(Payload):
    lat: Figure | None = None
    lng: Figure | None = None


class Habits(Payload):
    currency: str = "EGP"
    language: str = "ar"
    timezone: str = "Africa/Cairo"


class Profile(Payload):
    id: Id
    name: str = ""
    name_en: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    car_brands: list[str] = Field(default_factory=list)
    location: Location | None = None
    settings: Habits | None = None


class ShopSettings(Habits):
    tax_rate: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    """In per cent. Servers write 14 or 0.14; no tax is below one per cent."""
    prices_include_tax: bool = True
    receipt_footer: str = ""
    credit_limit: Money | None = None
    """Up to what a customer may owe, from a server that flags what is beyond it."""

    @field_validator("tax_rate")
    @classmethod
    def _in_per_cent(cls, rate: Decimal | None) -> Decimal | None:
        return rate * 100 if rate is not None and rate < 1 else rate


class Stats(Payload):
    total_inventory: Whole | None = None
    total_customers: Whole | None = None
    total_sales: Figure | None = None
    monthly_revenue: Money | None = None
    low_stock_items: Whole | None = None
    pending_orders: Whole | None = None


class User(Payload):
    id: Id
    name: str = ""
    role: str = ""


def _seconds_in(value: object) -> object:
    """A life in seconds; one in words ("15m") is left to the token itself."""
    try:
        seconds = float(value) if isinstance(value, int | str | Decimal) and value is not True else 0.0
    except ValueError:
        return None
    return seconds if 0 < seconds <= 10**9 else None


def _record_or_none(value: object) -> object:
    return value if isinstance(value, dict) else None


class Tokens(Payload):
    """The answer to a login or a refresh. Only the token itself may stop a sign-in: what else is odd is none."""

    token: Annotated[str, StringConstraints(min_length=1)]
    refresh_token: str | None = None
    expires_in: Annotated[float | None, BeforeValidator(_seconds_in)] = None
    user: Annotated[User | None, BeforeValidator(_record_or_none)] = None
    shop: Annotated[dict[str, Any] | None, BeforeValidator(_record_or_none)] = None
    other_names: ClassVar[dict[str, str]] = {"access_token": "token", "jwt": "token"}


class Verified(Payload):
    valid: bool = True
    user: User | None = None
    shop: dict[str, Any] | None = None


# --- figures, advice and the market --------------------------------------------------------------------


class Recommendation(Payload):
    type: str = ""
    item_id: str | None = None
    item_name: str = ""
    reason: str = ""
    reason_en: str = ""
    suggested_quantity: Figure | None = None


class StockAlert(Payload):
    item_id: Id
    item_name: str = ""
    current_stock: Quantity = 0
    min_stock: Quantity = 0
    urgency: str = ""


class DailySale(Payload):
    date: str
    amount: Money


class TopItem(Payload):
    item_id: str | None = None
    name: str = ""
    quantity_sold: Figure = Decimal(0)


class CategoryRevenue(Payload):
    category: str = ""
    revenue: Money = 0


class SalesAnalytics(Payload):
    daily_sales: list[DailySale] = Field(default_factory=list)
    top_selling_items: list[TopItem] = Field(default_factory=list)
    revenue_by_category: list[CategoryRevenue] = Field(default_factory=list)


class CustomerAnalytics(Payload):
    total_customers: Whole | None = None
    new_customers_this_month: Whole = 0
    repeat_customers: Whole = 0
    average_purchase_value: Money = 0


class Forecast(Payload):
    item_id: Id
    item_name: str = ""
    predicted_demand: Figure
    confidence: Figure | None = None
    timeframe: str = ""
    alert_level: str = ""


class PriceSuggestion(Payload):
    item_id: Id
    item_name: str = ""
    current_price: Money
    suggested_price: Money
    expected_increase: Figure | None = None
    reason: str = ""
    reason_en: str = ""


class StockAdvice(Payload):
    type: str = ""
    item_id: Id
    item_name: str = ""
    current_stock: Quantity = 0
    recommended_stock: Quantity = 0
    reason: str = ""
    reason_en: str = ""


class Insight(Payload):
    type: str = ""
    description: str
    description_en: str = ""
    confidence: Figure | None = None


class Trend(Payload):
    category: str
    trend: str = ""
    growth_rate: Figure | None = None
    timeframe: str = ""


class MarketInsight(Payload):
    type: str
    data: list[Any] = Field(default_factory=list)

    @field_validator("data", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value


class TopPart(Payload):
    part_name: str
    total_sold: Figure = Decimal(0)
    revenue: Money = 0


class PopularCar(Payload):
    brand: str
    model: str = ""
    year: str = ""
    parts_demand: Figure = Decimal(0)


# --- the server itself ---------------------------------------------------------------------------------


class Health(Payload):
    status: str
    timestamp: Moment = None
    uptime: Figure | str | None = None
    version: str = ""


class Pong(Payload):
    message: str = "pong"
    timestamp: Moment = None


class ServerTime(Payload):
    timestamp: Moment
    timezone: str = ""


class Release(Payload):
    version: str = ""
    changes: list[str] | str = Field(default_factory=list)
    changes_ar: list[str] | str = Field(default_factory=list)


class Version(Payload):
    version: str
    build: str = ""
    environment: str = ""
    latest_client: str = ""
    minimum_client: str = ""
    changelog: list[Release | str] = Field(default_factory=list)
    protocol: int = 1
    records: list[str] = Field(default_factory=list)
    """What the server knows of version 2 of the protocol, by name."""

    @field_validator("protocol", mode="before")
    @classmethod
    def _whole(cls, given: object) -> object:
        return given if isinstance(given, int) and 0 < given < 1000 else 1

    @field_validator("records", mode="before")
    @classmethod
    def _names(cls, given: object) -> list[str]:
        return (
            [name for name in given if isinstance(name, str) and name.isidentifier()] if isinstance(given, list) else []
        )

    @field_validator("changelog", mode="before")
    @classmethod
    def _readable(cls, given: object) -> list[object]:
        """The releases that can be read: the newest version counts, whatever is wrong with the news of another."""
        return [release for release in given if _is_release(release)] if isinstance(given, list) else []


def _is_release(given: object) -> bool:
    if isinstance(given, str):
        return len(given) <= payload.LONGEST
    try:
        Release.model_validate(given)
    except ValidationError:
        return False
    return True


# endpoint: (model, noun of its list, or None for one record)
ANSWERS: dict[str, tuple[type[Payload], str | None]] = {
    "auth.login": (Tokens, None),
    "auth.refresh": (Tokens, None),
    "auth.verify": (Verified, None),
    "shop.profile": (Profile, None),
    "shop.update": (Profile, None),
    "shop.settings": (ShopSettings, None),
    "shop.stats": (Stats, None),
    "inventory.list": (payload.Item, "items"),
    "inventory.create": (payload.Item, None),
    "inventory.update": (payload.Item, None),
    "inventory.sync": (payload.SyncPage, None),
    "inventory.recommendations": (Recommendation, "recommendations"),
    "inventory.alerts": (StockAlert, "alerts"),
    "sales.list": (payload.Sale, "transactions"),
    "sales.create": (payload.Sale, None),
    "sales.update": (payload.Sale, None),
    "sales.sync": (payload.SyncPage, None),
    "sales.analytics": (SalesAnalytics, None),
    "customers.list": (payload.Customer, "customers"),
    "customers.create": (payload.Customer, None),
    "customers.update": (payload.Customer, None),
    "customers.analytics": (CustomerAnalytics, None),
    "suppliers.list": (payload.Supplier, "suppliers"),
    "suppliers.create": (payload.Supplier, None),
    "suppliers.update": (payload.Supplier, None),
    "ai.demand_forecast": (Forecast, "forecasts"),
    "ai.price_optimization": (PriceSuggestion, "suggestions"),
    "ai.inventory_optimization": (StockAdvice, "recommendations"),
    "ai.customer_insights": (Insight, "insights"),
    "ai.market_analysis": (Trend, "trends"),
    "orders.list": (payload.Order, "orders"),
    "orders.get": (payload.Order, None),
    "orders.accept": (payload.Order, None),
    "orders.reject": (payload.Order, None),
    "orders.quote": (payload.Order, None),
    "market.insights": (MarketInsight, "insights"),
    "market.trends": (Trend, "trends"),
    "market.top_selling": (TopPart, "top_selling"),
    "market.popular_cars": (PopularCar, "popular_cars"),
    "system.health": (Health, None),
    "system.ping": (Pong, None),
    "system.time": (ServerTime, None),
    "system.version": (Version, None),
}
