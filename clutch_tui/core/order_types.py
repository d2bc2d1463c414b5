"""The types of orders from the marketplace that leave this layer, as in `types`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .quantity import Quantity
from .types import Key, PartRow

OrderStatus = Literal["pending", "quoted", "accepted", "rejected", "ready", "completed", "cancelled"]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order, or of the quote for one: there `part_id` is the part that is offered, which may be of another
    `brand` than was asked for, and `available` says when it can be had: `now`, `no`, or a day, YYYY-MM-DD."""

    part_id: str | None
    name: str
    quantity: Quantity
    price: int | None
    brand: str = ""
    available: str = "now"

    @property
    def is_offered(self) -> bool:
        return self.available != "no"


@dataclass(frozen=True, slots=True)
class LinePart:
    """The part of this shop that a line of an order means, with what it cost the shop; `is_tied` where the order does
    not say so, but a person has."""

    part: PartRow
    cost: int
    is_tied: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote to a customer: a price for one unit of each line, and what they come to. That binds the shop until
    `valid_until`."""

    lines: tuple[OrderLine, ...]
    total: int
    valid_until: datetime | None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: str
    key: Key
    order_number: str
    customer_name: str
    phone: str
    pieces: int
    total: int
    status: OrderStatus
    created_at: datetime | None
    expires_at: datetime | None
    unsent: bool
    reason: str = ""
    """Why it came to nothing: `taken` by another shop, `expired`, or a person's words."""
    ends_at: datetime | None = None
    """When it, or the quote for it, comes to nothing unless somebody does something; None for one that cannot."""


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    order_number: str
    customer_id: str | None
    customer_name: str
    phone: str
    lines: tuple[OrderLine, ...]
    total: int
    status: OrderStatus
    delivery_address: str
    notes: str
    created_at: datetime | None
    expires_at: datetime | None
    version: int
    answer: str | None
    """The answer that this shop gave and the server has not confirmed: accept, reject or quote."""
    quote: Quote | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderQuery:
    text: str = ""
    open_only: bool = True
