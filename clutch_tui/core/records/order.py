"""A marketplace order and its lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import peewee
from peewee import BooleanField, IntegerField, TextField

from clutch_tui.text.fold import fold, fold_number

from ..search_words import joined, phone_key
from .table import Folded, Table, count, text


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded column of an order: its number, its customer, the telephone and what was ordered.

    `record` is in core names; its lines, where it has any, are mappings under `items` with `item_name`.
    """
    get = record.get
    number = get("order_number") or ""
    named = [fold(line.get("item_name") or line.get("name") or "") for line in get("items") or ()]
    parts = (fold(number), fold_number(number), fold(get("customer_name") or ""), phone_key(get("phone") or ""))
    return {"search_key": joined((*parts, *named))}


class OrderTable(Table):
    id = TextField(primary_key=True)
    order_number = text()
    customer_id = TextField(null=True)
    customer_name = text()
    phone = text()
    total = count()
    status = TextField(default="pending")
    delivery_address = text()
    notes = text()
    created_at = TextField(null=True)
    expires_at = TextField(null=True)
    version = count()
    seq = count()
    deleted = BooleanField(default=False)
    search_key = Folded()
    reason = text()
    """Why it came to nothing: `taken`, `expired`, or a person's words."""
    quote = TextField(null=True)
    """What was named to the customer, as JSON in core names; null where nothing stands."""

    class Meta:
        table_name = "orders"


class OrderLineTable(Table):
    order_id = TextField()
    n = IntegerField()
    part_id = TextField(null=True)
    name = text()
    quantity = IntegerField()
    price = IntegerField(null=True)

    class Meta:
        table_name = "order_line"
        primary_key = peewee.CompositeKey("order_id", "n")


class LineTieTable(Table):
    """The part that the words of a line mean, as a person of this shop has said it (`core.line_ties`)."""

    words = TextField(primary_key=True)
    """The line's name, folded."""
    part_id = TextField()
    at = TextField()

    class Meta:
        table_name = "line_tie"
