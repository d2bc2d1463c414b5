"""The records as the server writes them: the only place that knows its field names.

Each model is liberal in what it reads (contract, section 2): a numeric string is a number, money is a number or
a string, unknown fields are ignored, a missing field has its empty value. What it holds afterwards is in the
program's own terms: money in minor units, moments in the database's text form, names as in `core`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from clutch_tui.core.clock import from_text, to_text

_MONEY_LIMIT = Decimal(10) ** 13
_CENT = Decimal(1)
_SIXTH = Decimal("0.000001")


def money_in(value: Any) -> int:
    """Pounds as they stand on the wire, in minor units, rounded half up. Raises `ValueError`.

    A float has no business here: it has lost its last digit before we see it; `wire.loads` makes none.
    """
    kind = type(value)
    if kind is not Decimal:
        if kind is not int and kind is not str:
            raise ValueError("not an amount")
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise ValueError("not an amount") from None
    if not value.is_finite() or not -_MONEY_LIMIT < value < _MONEY_LIMIT:
        raise ValueError("an amount out of range")
    return int((value * 100).quantize(_CENT, ROUND_HALF_UP))


def money_out(minor: int) -> Decimal:
    """Minor units as pounds with two decimals, for `wire.dumps`."""
    return Decimal(minor).scaleb(-2)


def moment_in(value: object) -> str | None:
    """Any RFC 3339 moment in the one form that the database keeps; empty is none."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("not a moment")
    if len(value) == 24 and value[19] == "." and value[23] == "Z":
        datetime.fromisoformat(value)
        return value
    return to_text(from_text(value))


def _rating_in(value: object) -> object:
    return int(value.quantize(_CENT, ROUND_HALF_UP)) if isinstance(value, Decimal) and value.is_finite() else value


def _figure_in(value: Decimal) -> Decimal:
    """At most six decimals: the text of `1e-999999` would fill a screen and the memory behind it."""
    exponent = value.as_tuple().exponent
    return value.quantize(_SIXTH) if isinstance(exponent, int) and exponent < -6 else value


Figure = Annotated[Decimal, Field(gt=-(10**15), lt=10**15), AfterValidator(_figure_in)]
"""A number that is shown and never calculated with: a share, a growth, a demand."""
Money = Annotated[int, BeforeValidator(money_in)]
Moment = Annotated[str | None, BeforeValidator(moment_in)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Whole = Annotated[int, Field(ge=-(10**12), le=10**12)]
Counter = Annotated[int, Field(ge=0, lt=2**53)]


class Payload(BaseModel):
    """What all records share. The text limit keeps a hostile field from filling memory and screens."""

    model_config = ConfigDict(
        extra="ignore", coerce_numbers_to_str=True, str_max_length=20_000, hide_input_in_errors=True
    )
    # Other names that live servers use for our fields, beside camelCase and `_id`.
    other_names: ClassVar[dict[str, str]] = {}


class Record(Payload):
    """A record that the sync knows: it has an identity, a version and a place in the shop's sequence."""

    id: Id
    version: Counter = 0
    seq: Counter = 0
    updated_at: Moment = None
    deleted: bool = False


class Item(Record):
    name: str = ""
    name_en: str = ""
    part_number: str = ""
    barcode: str = ""
    oem_number: str = ""
    category: str = ""
    brand: str = ""
    car_brand: str = ""
    car_model: str = ""
    year: str = ""
    price: Money = 0
    cost: Money = 0
    stock_quantity: Whole = 0
    min_stock: Whole = 0
    location: str = ""
    supplier: str = ""
    description: str = ""
    image_url: str = ""


class CarInfo(Payload):
    brand: str = ""
    model: str = ""
    year: str = ""
    plate_number: str = ""


class Customer(Record):
    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    customer_type: str = ""
    car_info: CarInfo = CarInfo()
    balance: Money = 0
    total_purchases: Money = 0
    last_visit: Moment = None


class Supplier(Record):
    name: str = ""
    contact_person: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    payment_terms: str = ""
    rating: Annotated[int, BeforeValidator(_rating_in)] = 0


class Line(Payload):
    item_id: str | None = None
    item_name: str = ""
    part_number: str = ""
    quantity: Whole = 1
    price: Money = 0
    discount: Money = 0
    total: Money = 0
    sale_line: int | None = None


class PaymentPart(Payload):
    method: str
    amount: Money


class Sale(Record):
    receipt_number: str = ""
    date: Moment = None
    device_id: str = ""
    cashier: str = ""
    customer_id: str | None = None
    customer_name: str = ""
    items: list[Line] = []
    subtotal: Money = 0
    discount: Money = 0
    tax: Money = 0
    rounding: Money = 0
    total: Money = 0
    payments: list[PaymentPart] = []
    payment_method: str = ""
    status: str = "completed"
    return_of: str | None = None
    order_id: str | None = None
    business_day: str = ""
    notes: str = ""
    flags: list[str] = []


class OrderItem(Payload):
    item_id: str | None = None
    item_name: str = ""
    quantity: Whole = 1
    price: Money | None = None


class Order(Record):
    order_number: str = ""
    customer_id: str | None = None
    customer_name: str = ""
    phone: str = ""
    items: list[OrderItem] = []
    total: Money = 0
    status: str = "pending"
    delivery_address: str = ""
    notes: str = ""
    created_at: Moment = None
    expires_at: Moment = None


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
    car_brands: list[str] = []
    location: Location | None = None
    settings: Habits | None = None


class ShopSettings(Habits):
    tax_rate: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    """In per cent. Servers write 14 or 0.14; no tax is below one per cent."""
    prices_include_tax: bool = True
    receipt_footer: str = ""

    @field_validator("tax_rate")
    @classmethod
    def _in_per_cent(cls, rate: Decimal | None) -> Decimal | None:
        return rate * 100 if rate is not None and rate < 1 else rate


class Stats(Payload):
    total_inventory: Whole
    total_customers: Whole
    total_sales: Figure
    monthly_revenue: Money
    low_stock_items: Whole = 0
    pending_orders: Whole = 0


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
    suggested_quantity: Figure | None = None


class StockAlert(Payload):
    item_id: Id
    item_name: str = ""
    current_stock: Whole = 0
    min_stock: Whole = 0
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
    daily_sales: list[DailySale]
    top_selling_items: list[TopItem] = []
    revenue_by_category: list[CategoryRevenue] = []


class CustomerAnalytics(Payload):
    total_customers: Whole
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


class StockAdvice(Payload):
    type: str = ""
    item_id: Id
    item_name: str = ""
    current_stock: Whole = 0
    recommended_stock: Whole = 0
    reason: str = ""


class Insight(Payload):
    type: str = ""
    description: str
    confidence: Figure | None = None


class Trend(Payload):
    category: str
    trend: str = ""
    growth_rate: Figure | None = None
    timeframe: str = ""


class MarketInsight(Payload):
    type: str
    data: list[Any] = []

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
    changes: list[str] | str = []


class Version(Payload):
    version: str
    build: str = ""
    environment: str = ""
    latest_client: str = ""
    minimum_client: str = ""
    changelog: list[Release | str] = []


class SyncPage(Payload):
    """One answer of the two sync calls; its rows are read by `wire.read_changes`, results stay as they came."""

    epoch: Annotated[str, StringConstraints(min_length=1)]
    server_time: Moment = None
    results: dict[str, dict[str, Any]] = {}
    confirmed: dict[str, dict[str, Any]] = {}
    reset: str | None = None
    changes: list[dict[str, Any]] = []
    cursor: Counter = 0
    more: bool = False
    since: Counter | None = None


# --- events on the socket ------------------------------------------------------------------------------


class InventoryUpdate(Payload):
    item_id: Id
    action: str = ""
    changes: dict[str, Any] = {}
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


EVENTS: dict[str, type[Payload]] = {
    "inventory_update": InventoryUpdate,
    "price_update": PriceUpdate,
    "demand_forecast": Forecast,
    "market_insight": MarketNews,
    "new_order": NewOrder,
    "order_update": OrderUpdate,
    "stock_alert": StockAlert,
    "price_alert": PriceAlert,
    "system_message": SystemMessage,
}
"""What each event on the socket holds."""


class Frame(Payload):
    """One text frame, whatever it is about. `seq` numbers the shop's events, `head` is its record counter."""

    type: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    data: Any = None
    timestamp: Any = None
    seq: Counter | None = None
    head: Counter | None = None
    id: str | None = None
