"""A sale or a return: its lines and payments, the cart that it was, and the drawer into which its money went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import peewee
from peewee import AutoField, BooleanField, IntegerField, TextField

from clutch_tui.text.fold import fold, fold_number

from ..database.statement import insert
from ..search_words import joined
from .table import Folded, Table, count, text


def keys_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The folded column of a sale: its receipt number, its customer, car and cashier, what was sold and noted, and the
    references of its payments.

    `record` is in core names; its lines are mappings under `items` with `item_name`, `part_number` and `note`, its
    payments mappings under `payments` with `reference`.
    """
    get = record.get
    number = get("receipt_number") or ""
    parts = [fold(number), fold_number(number), fold(get("customer_name") or ""), fold(get("cashier") or "")]
    for line in get("items") or ():
        parts += fold(line.get("item_name") or ""), fold_number(line.get("part_number") or "")
        parts.append(fold(line.get("note") or ""))
    parts += fold(get("car") or ""), fold_number(get("car") or ""), fold(get("notes") or "")
    parts += (fold_number(payment.get("reference") or "") for payment in get("payments") or ())
    return {"search_key": joined(parts)}


class SaleTable(Table):
    """Own sales, voids and returns, and those of other terminals once pulled (`own` tells which)."""

    id = TextField(primary_key=True)
    kind = TextField(default="sale")
    receipt_number = text()
    date = TextField()
    device_id = text()
    cashier = text()
    customer_id = TextField(null=True)
    customer_name = text()
    subtotal = count()
    discount = count()
    tax = count()
    tax_rate = count()
    prices_include_tax = BooleanField(default=True)
    rounding = count()
    total = count()
    tendered = count()
    payment_method = text()
    status = TextField(default="completed")
    return_of = TextField(null=True)
    order_id = TextField(null=True)
    business_day = text()
    notes = text()
    flags = text()
    """Space-separated flags that the server gave, e.g. `oversold`."""
    own = BooleanField(default=True)
    version = count()
    seq = count()
    search_key = Folded()
    percent = count()
    """In hundredths: what the discount on the whole sale was reckoned from. Only own sales know."""
    exchange_id = TextField(null=True)
    """Of a half of an exchange: the other half."""
    without_receipt = BooleanField(default=False)
    """Of a return: nobody knows of which sale."""
    car = text()

    class Meta:
        table_name = "sale"


class SaleLineTable(Table):
    sale_id = TextField()
    n = IntegerField()
    part_id = TextField()
    name = text()
    part_number = text()
    quantity = IntegerField()
    price = IntegerField()
    discount = count()
    total = IntegerField()
    sale_line = IntegerField(null=True)
    """In a return: the line of the sale that comes back."""
    percent = count()
    """In hundredths: what the discount was reckoned from, 0 for an amount. Only own sales know."""
    level = text()
    """The price level whose rule said the price; empty for the part's own, and for one that was typed or quoted."""
    note = text()

    class Meta:
        table_name = "sale_line"
        primary_key = peewee.CompositeKey("sale_id", "n")


class PaymentTable(Table):
    sale_id = TextField()
    n = IntegerField()
    method = TextField()
    amount = IntegerField()
    way = text()
    """Of an exchange: how that had been paid which is exchanged."""
    reference = text()
    """What the bank or the wallet calls it."""

    class Meta:
        table_name = "payment"
        primary_key = peewee.CompositeKey("sale_id", "n")


class CartTable(Table):
    """Sales that are being made; `body` is the cart as JSON, `holder` the window that has it."""

    id = TextField(primary_key=True)
    body = TextField()
    updated_at = TextField()
    holder = TextField(default="")

    class Meta:
        table_name = "cart"


class MoneyMoveTable(Table):
    """The money that came and went here, in one sequence: by sales, returns, voids and payments on account whichever
    way they were paid, and by what a person does with the drawer. What is cash is the drawer's."""

    id = AutoField()
    kind = TextField()
    amount = IntegerField()
    sale_id = TextField(null=True)
    change_id = TextField(null=True)
    reason = text()
    business_day = TextField()
    at = TextField()
    method = TextField(default="cash")
    category = text()
    """What money that was paid out of the drawer was spent on (`cash.CATEGORIES`)."""

    class Meta:
        table_name = "money_move"


class ClosingTable(Table):
    """The drawer as it was closed: the figures of its report, which nothing that happens later changes. `id` is the
    movement that closed it; the figures are JSON, how many and what they came to."""

    id = IntegerField(primary_key=True)
    number = IntegerField()
    since = TextField(null=True)
    until = TextField()
    counted = IntegerField()
    sums = TextField()
    takings = TextField()
    on_account = TextField()
    coins = TextField(default="{}")
    """How many of each note and coin were counted, by what one is worth; nothing where only the sum was."""

    class Meta:
        table_name = "closing"


class TillMoveTable(Table):
    """What people did with the drawers of other tills. Their sales stand among the sales."""

    id = TextField(primary_key=True)
    drawer_id = text()
    kind = TextField()
    amount = count()
    counted = IntegerField(null=True)
    reason = text()
    category = text()
    business_day = text()
    at = TextField()
    seq = count()

    class Meta:
        table_name = "till_move"


ADD_SALE, ADD_SALE_LINE, ADD_PAYMENT = insert(SaleTable), insert(SaleLineTable), insert(PaymentTable)
ADD_MONEY_MOVE, ADD_CLOSING = insert(MoneyMoveTable), insert(ClosingTable)
