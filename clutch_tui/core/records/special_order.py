"""A special order: what a customer wants that is not there, what became of it, and the deposits on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peewee import BooleanField, TextField

from clutch_tui.text.fold import fold, fold_number

from ..database.statement import insert
from ..search_words import joined, phone_key
from .table import Folded, Table, count, text


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded column of a special order: its number, its customer, the telephone, and what was ordered. `record` is
    in core names."""
    get = record.get
    number, part_number = get("number") or "", get("part_number") or ""
    parts = [fold(number), fold_number(number), fold(get("customer_name") or ""), fold(get("item_name") or "")]
    parts += [fold_number(part_number), phone_key(get("customer_phone") or ""), fold(get("cashier") or "")]
    return {"search_key": joined(filter(None, parts))}


class SpecialOrderTable(Table):
    """Special orders of this till and, once pulled, of the others (`own` tells which). None is ever rewritten: what
    became of it is in `SpecialOrderStepTable`."""

    id = TextField(primary_key=True)
    number = text()
    at = TextField()
    business_day = text()
    customer_id = TextField(null=True)
    customer_name = text()
    customer_phone = text()
    item_id = TextField(null=True)
    """The part that was ordered; null for what the shop does not carry."""
    item_name = text()
    part_number = text()
    quantity = count()
    price = count()
    """For one unit, as it was agreed."""
    expected = text()
    """The day on which it should come, as YYYY-MM-DD; empty where nobody knows."""
    note = text()
    cashier = text()
    own = BooleanField(default=True)
    seq = count()
    search_key = Folded()

    class Meta:
        table_name = "special_order"


class SpecialOrderStepTable(Table):
    """What became of special orders, one row for each time somebody said so: `step` is `here`, `cancelled` with the
    reason, or `fetched` with the sale."""

    id = TextField(primary_key=True)
    special_order_id = TextField()
    step = TextField()
    sale_id = text()
    receipt_number = text()
    reason = text()
    at = TextField()
    own = BooleanField(default=True)
    seq = count()

    class Meta:
        table_name = "special_order_step"


class DepositTable(Table):
    """What payments were: `kind` `deposit` on a special order, and `deposit_forfeit` where the shop has kept it."""

    id = TextField(primary_key=True)
    kind = TextField()
    special_order_id = TextField()
    payment_id = TextField()
    customer_id = text()
    amount = count()
    reason = text()
    at = TextField()
    own = BooleanField(default=True)
    seq = count()

    class Meta:
        table_name = "deposit"


ADD_SPECIAL_ORDER, ADD_STEP = insert(SpecialOrderTable), insert(SpecialOrderStepTable)
ADD_DEPOSIT = insert(DepositTable)
