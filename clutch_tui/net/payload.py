"""The records as the server writes them: the only place that knows its field names.

Each model is liberal in what it reads (docs/protocol.md#liberal-reading): a numeric string is a number, money is a
number or a string, unknown fields are ignored, a missing field has its empty value. What it holds afterwards is in the
program's own terms: money in minor units, moments in the database's text form, names as in `core`.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints

from clutch_tui.core import money, quantity, units
from clutch_tui.core.clock import from_text, to_text
from clutch_tui.core.quantity import ONE

LONGEST = 20_000
"""Letters of a text."""
_MONEY_LIMIT = Decimal(10) ** 13
_CENT = Decimal(1)
_SIXTH = Decimal("0.000001")
_QUANTITY_LIMIT = 10**15
_LONGEST_QUANTITY = 20


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
    return money.hundredths(value)


def money_out(minor: int) -> Decimal:
    """Minor units as pounds with two decimals, for `wire.dumps`."""
    return Decimal(minor).scaleb(-2)


def quantity_in(value: Any) -> int:
    """A number of units as it stands on the wire, in thousandths. Raises `ValueError` for more than three decimals, and
    for so many units as nobody has."""
    if type(value) is int:  # all but a few, and a page has thousands
        thousandths = value * 1000
    elif type(value) is Decimal or (type(value) is str and len(value) <= _LONGEST_QUANTITY):
        try:
            thousandths = quantity.of_decimal(Decimal(value))
        except InvalidOperation:
            raise ValueError("not a quantity") from None
    else:
        raise ValueError("not a quantity")
    if not -_QUANTITY_LIMIT <= thousandths <= _QUANTITY_LIMIT:
        raise ValueError("a quantity out of range")
    return thousandths


quantity_out = quantity.to_decimal
"""Thousandths as a number of units with as many decimals as it has, for `wire.dumps`."""


def moment_in(value: object) -> str | None:
    """Any RFC 3339 moment in the one form that the database keeps; empty is none."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("not a moment")
    moment = from_text(value)
    if moment.year < _FIRST_YEAR:  # how some languages write that there is none
        return None
    if moment.year > _LAST_YEAR:  # in another zone it would be in a year that no calendar has
        raise ValueError("a moment out of range")
    return value if len(value) == 24 and value[19] == "." and value[23] == "Z" else to_text(moment)


def day_in(value: object) -> str:
    """A day as YYYY-MM-DD, also out of a moment; empty is none."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("not a day")
    return date.fromisoformat(value[:10]).isoformat()


_FIRST_YEAR, _LAST_YEAR = 1900, 9998


_COUNTER_LIMIT = 2**53


def counter_in(value: object) -> int | None:
    """A number of the server's: a position, a version, a count. None for whatever is none, and for one that no
    database could hold. Live servers write it as text, or with a point, too."""
    if isinstance(value, str) and len(value) <= 16 and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value) if abs(value) < _COUNTER_LIMIT else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _COUNTER_LIMIT else None


def unit_in(value: object) -> str:
    """A unit's code as records hold it. What is no text says nothing, and that is a piece."""
    code = value.strip()[:_LONGEST_UNIT] if isinstance(value, str) else ""
    return _UNITS_IN.get(code, code)


def unit_out(code: str) -> str:
    return _UNITS_OUT.get(code, code)


_UNITS_OUT = {units.PIECE.code: "C62"}
"""The codes that records hold otherwise than the wire."""
_UNITS_IN = {there: here for here, there in _UNITS_OUT.items()}
_LONGEST_UNIT = 20


def decimals_in(value: object) -> int:
    """The decimals in which a part is sold. What is none of the four numbers says nothing."""
    if value == 0:  # all but a few
        return 0
    decimals = counter_in(value)
    return decimals if decimals is not None and decimals <= quantity.DECIMALS else 0


def _rating_in(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < _MONEY_LIMIT:
        return int(value.quantize(_CENT, ROUND_HALF_UP))
    return value


def _figure_in(value: Decimal) -> Decimal:
    """At most six decimals: the text of `1e-999999` would fill a screen and the memory behind it."""
    exponent = value.as_tuple().exponent
    return value.quantize(_SIXTH) if isinstance(exponent, int) and exponent < -6 else value


Figure = Annotated[Decimal, Field(gt=-(10**15), lt=10**15), AfterValidator(_figure_in)]
"""A number that is shown and never calculated with: a share, a growth, a demand."""
Money = Annotated[int, PlainValidator(money_in)]
Percent = Annotated[int, PlainValidator(money_in)]
"""A percentage in hundredths, written like money: `12.5` is 1250."""
Quantity = Annotated[int, PlainValidator(quantity_in)]
UnitCode = Annotated[str, PlainValidator(unit_in)]
Decimals = Annotated[int, PlainValidator(decimals_in)]
Moment = Annotated[str | None, PlainValidator(moment_in)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Whole = Annotated[int, Field(ge=-(10**12), le=10**12)]
Counter = Annotated[int, Field(ge=0, lt=2**53)]


def mark_in(value: object) -> str | None:
    """The mark of a number, a text that nobody reads; None for whatever is none."""
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


Mark = Annotated[str | None, BeforeValidator(mark_in)]


class Payload(BaseModel):
    """The base of all records. The text limit keeps a hostile field from filling memory and screens."""

    model_config = ConfigDict(
        extra="ignore", coerce_numbers_to_str=True, str_max_length=LONGEST, hide_input_in_errors=True
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
    stock_quantity: Quantity = 0
    unit: UnitCode = ""
    decimals: Decimals = 0
    min_stock: Quantity = 0
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
    rating: Annotated[int, BeforeValidator(_rating_in), Field(ge=-(10**6), le=10**6)] = 0


class PriceRule(Record):
    level: str = ""
    scope: str = ""
    item_id: str = ""
    target: str = ""
    percent: Percent = 0
    price: Money = 0
    from_quantity: Quantity = 0
    rounding: Money = 0


class SaleItem(Payload):
    item_id: str | None = None
    item_name: str = ""
    part_number: str = ""
    quantity: Quantity = ONE
    price: Money = 0
    discount: Money = 0
    total: Money = 0
    level: str = ""
    sale_line: Annotated[int | None, Field(ge=0, le=10**6)] = None
    note: str = ""


class PaymentPart(Payload):
    method: str
    amount: Money
    way: str = ""
    reference: str = ""


class Sale(Record):
    receipt_number: str = ""
    date: Moment = None
    device_id: str = ""
    cashier: str = ""
    customer_id: str | None = None
    customer_name: str = ""
    items: list[SaleItem] = []
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
    exchange_id: str | None = None
    without_receipt: bool = False
    car: str = ""


class Document(Record):
    """A fact beside sales that moves a customer's account."""

    at: Moment = None
    note: str = ""


class AccountPayment(Document):
    customer_id: str = ""
    amount: Money = 0
    method: str = ""


class PaymentVoid(Document):
    other_names: ClassVar[dict[str, str]] = {"reason": "note"}
    payment_id: str = ""


class Quotation(Document):
    number: str = ""
    date: Moment = None
    valid_until: Annotated[str, BeforeValidator(day_in)] = ""
    cashier: str = ""
    customer_id: str | None = None
    customer_name: str = ""
    customer_phone: str = ""
    items: list[SaleItem] = []
    subtotal: Money = 0
    discount: Money = 0
    tax: Money = 0
    total: Money = 0


class QuotationSold(Document):
    quotation_id: str = ""
    sale_id: str = ""
    receipt_number: str = ""


class QuotationLost(Document):
    other_names: ClassVar[dict[str, str]] = {"reason": "note"}
    quotation_id: str = ""


class LostSale(Document):
    date: Moment = None
    item_id: str | None = None
    item_name: str = ""
    part_number: str = ""
    quantity: Quantity = ONE
    price: Money = 0
    reason: str = ""
    cashier: str = ""


class SpecialOrder(Document):
    number: str = ""
    date: Moment = None
    customer_id: str | None = None
    customer_name: str = ""
    customer_phone: str = ""
    item_id: str | None = None
    item_name: str = ""
    part_number: str = ""
    quantity: Quantity = ONE
    price: Money = 0
    expected: Annotated[str, BeforeValidator(day_in)] = ""
    cashier: str = ""


class SpecialOrderStep(Document):
    other_names: ClassVar[dict[str, str]] = {"reason": "note"}
    special_order_id: str = ""
    step: str = ""
    sale_id: str = ""
    receipt_number: str = ""


class Deposit(Document):
    other_names: ClassVar[dict[str, str]] = {"reason": "note"}
    special_order_id: str = ""
    payment_id: str = ""
    customer_id: str = ""
    amount: Money = 0


class CashDeed(Document):
    other_names: ClassVar[dict[str, str]] = {"reason": "note"}
    drawer_id: str = ""
    kind: str = ""
    amount: Money = 0
    counted: Money | None = None
    category: str = ""
    business_day: str = ""


class SaleVoid(Document):
    other_names: ClassVar[dict[str, str]] = {"reason": "note"}
    sale_id: str = ""


class OrderItem(Payload):
    item_id: str | None = None
    item_name: str = ""
    quantity: Quantity = ONE
    price: Money | None = None


def available_in(value: object) -> str:
    """When a line that is quoted can be had: `now`, `no`, or a day. What says nothing is now."""
    if value is False or value == "no":
        return "no"
    try:
        return day_in(value) or "now"
    except ValueError:
        return "now"


class QuoteLine(OrderItem):
    brand: str = ""
    available: Annotated[str, BeforeValidator(available_in)] = "now"


class Quote(Payload):
    other_names: ClassVar[dict[str, str]] = {"items": "lines"}
    lines: list[QuoteLine] = []
    total: Money = 0
    valid_until: Moment = None
    notes: str = ""


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
    reason: str = ""
    quote: Quote | None = None


def _moment_or_none(value: object) -> str | None:
    try:
        return moment_in(value)
    except ValueError:
        return None


def _object_or_none(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _text_or_none(value: object) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _is_true(value: object) -> bool:
    return value is True or value == 1 or value == "true"


class SyncPage(Payload):
    """One answer of the two sync calls; its rows are read by `wire.read_changes`, results stay as they came. Only an
    epoch that is none spoils all of it: what else makes no sense is as if it were not there."""

    epoch: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    server_time: Annotated[str | None, BeforeValidator(_moment_or_none)] = None
    results: Annotated[dict[str, Any], BeforeValidator(_object_or_none)] = {}
    confirmed: Annotated[dict[str, Any], BeforeValidator(_object_or_none)] = {}
    reset: Annotated[str | None, BeforeValidator(_text_or_none)] = None
    changes: list[Any] = []
    cursor: Annotated[int | None, BeforeValidator(counter_in)] = None
    more: Annotated[bool, BeforeValidator(_is_true)] = False
    since: Annotated[int | None, BeforeValidator(counter_in)] = None
    mark: Mark = None
    since_mark: Mark = None


@cache
def inner_models(model: type[Payload]) -> dict[str, type[Payload]]:
    """The records inside a record, by the field that holds them."""
    return {
        name: inside
        for name, about in model.model_fields.items()
        if (inside := payload_in(about.annotation)) is not None
    }


def payload_in(annotation: Any) -> type[Payload] | None:
    """The model inside `X`, `X | None` or `list[X]`."""
    if isinstance(annotation, type) and issubclass(annotation, Payload):
        return annotation
    for inside in getattr(annotation, "__args__", ()):
        if (model := payload_in(inside)) is not None:
            return model
    return None
