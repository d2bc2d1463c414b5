"""The tables as peewee models: what each holds, for whoever reads a shop's file, and the type of every column.

The schema is made by `migrations/` and a test compares it with these. The program itself speaks SQL (a model reads
seven times slower), so nothing imports this at run time.
"""

from __future__ import annotations

from typing import Any

import peewee
from peewee import AutoField, BooleanField, IntegerField, TextField

from .models import database


class Table(peewee.Model):
    class Meta:
        database = database
        legacy_table_names = False


def _text(**options: Any) -> TextField:
    return TextField(default="", **options)


def _count(**options: Any) -> IntegerField:
    return IntegerField(default=0, **options)


class PartTable(Table):
    """`pk` joins the full-text tables. `stock_quantity` is the server's figure at the inventory cursor; what
    is on the shelf adds the open rows of `stock_move`. The `*_key` columns are folded (text.fold)."""

    pk = AutoField()
    id = TextField(unique=True)
    name = _text()
    name_en = _text()
    part_number = _text()
    barcode = _text()
    oem_number = _text()
    category = _text()
    brand = _text()
    car_brand = _text()
    car_model = _text()
    year = _text()
    price = _count()
    cost = _count()
    stock_quantity = _count()
    min_stock = _count()
    location = _text()
    supplier = _text()
    description = _text()
    image_url = _text()
    version = _count()
    seq = _count()
    updated_at = TextField(null=True)
    deleted = BooleanField(default=False)
    name_key = _text()
    number_key = _text()
    barcode_key = _text()
    oem_key = _text()
    words = _text()
    """All folded words of the part: what the prefix and trigram indexes hold."""

    class Meta:
        table_name = "part"


class PartNextTable(PartTable):
    """What the present pull has brought of parts that are new or look otherwise: `part`, without its indexes."""

    class Meta:
        table_name = "part_next"


class PartSeenTable(Table):
    """The `pk` of the parts that the present pull has found as they are."""

    pk = IntegerField(primary_key=True)

    class Meta:
        table_name = "part_seen"


class StockMoveTable(Table):
    """Own movements. `open` until the inventory cursor has covered the change's result."""

    id = AutoField()
    part_id = TextField()
    change_id = TextField()
    sale_id = TextField(null=True)
    kind = TextField()
    delta = IntegerField()
    reason = _text()
    at = TextField()
    open = BooleanField(default=True)

    class Meta:
        table_name = "stock_move"


class CustomerTable(Table):
    """`balance` is the server's sum at the customers' cursor; open rows of `account_move` are added to it."""

    id = TextField(primary_key=True)
    name = _text()
    phone = _text()
    email = _text()
    address = _text()
    customer_type = _text()
    car_brand = _text()
    car_model = _text()
    car_year = _text()
    car_plate = _text()
    balance = _count()
    total_purchases = _count()
    last_visit = TextField(null=True)
    version = _count()
    seq = _count()
    updated_at = TextField(null=True)
    deleted = BooleanField(default=False)
    name_key = _text()
    phone_key = _text()
    words = _text()

    class Meta:
        table_name = "customer"


class AccountMoveTable(Table):
    """Own facts on a customer's account: credit sales, payments, returns. Positive is debt."""

    id = AutoField()
    customer_id = TextField()
    change_id = TextField()
    kind = TextField()
    amount = IntegerField()
    method = _text()
    note = _text()
    at = TextField()
    open = BooleanField(default=True)

    class Meta:
        table_name = "account_move"


class SupplierTable(Table):
    id = TextField(primary_key=True)
    name = _text()
    contact_person = _text()
    phone = _text()
    email = _text()
    address = _text()
    payment_terms = _text()
    rating = _count()
    version = _count()
    seq = _count()
    updated_at = TextField(null=True)
    deleted = BooleanField(default=False)
    name_key = _text()
    phone_key = _text()
    words = _text()

    class Meta:
        table_name = "supplier"


class SaleTable(Table):
    """Own sales, voids and returns, and those of other terminals once pulled (`own` tells which)."""

    id = TextField(primary_key=True)
    kind = TextField(default="sale")
    receipt_number = _text()
    date = TextField()
    device_id = _text()
    cashier = _text()
    customer_id = TextField(null=True)
    customer_name = _text()
    subtotal = _count()
    discount = _count()
    tax = _count()
    tax_rate = _count()
    prices_include_tax = BooleanField(default=True)
    rounding = _count()
    total = _count()
    tendered = _count()
    payment_method = _text()
    status = TextField(default="completed")
    return_of = TextField(null=True)
    order_id = TextField(null=True)
    business_day = _text()
    notes = _text()
    flags = _text()
    """Space-separated flags that the server gave, e.g. `oversold`."""
    own = BooleanField(default=True)
    version = _count()
    seq = _count()
    search_key = _text()

    class Meta:
        table_name = "sale"


class SaleLineTable(Table):
    sale_id = TextField()
    n = IntegerField()
    part_id = TextField()
    name = _text()
    part_number = _text()
    quantity = IntegerField()
    price = IntegerField()
    discount = _count()
    total = IntegerField()
    sale_line = IntegerField(null=True)
    """In a return: the line of the sale that comes back."""

    class Meta:
        table_name = "sale_line"
        primary_key = peewee.CompositeKey("sale_id", "n")


class PaymentTable(Table):
    sale_id = TextField()
    n = IntegerField()
    method = TextField()
    amount = IntegerField()

    class Meta:
        table_name = "payment"
        primary_key = peewee.CompositeKey("sale_id", "n")


class CartTable(Table):
    """Sales that are being made; `body` is the cart as JSON."""

    id = TextField(primary_key=True)
    body = TextField()
    updated_at = TextField()

    class Meta:
        table_name = "cart"


class CashMoveTable(Table):
    """The drawer: what sales, voids and returns put in or take out, and what a person does."""

    id = AutoField()
    kind = TextField()
    amount = IntegerField()
    sale_id = TextField(null=True)
    change_id = TextField(null=True)
    reason = _text()
    business_day = TextField()
    at = TextField()

    class Meta:
        table_name = "cash_move"


class OrderTable(Table):
    id = TextField(primary_key=True)
    order_number = _text()
    customer_id = TextField(null=True)
    customer_name = _text()
    phone = _text()
    total = _count()
    status = TextField(default="pending")
    delivery_address = _text()
    notes = _text()
    created_at = TextField(null=True)
    expires_at = TextField(null=True)
    version = _count()
    seq = _count()
    deleted = BooleanField(default=False)
    search_key = _text()

    class Meta:
        table_name = "orders"


class OrderLineTable(Table):
    order_id = TextField()
    n = IntegerField()
    part_id = TextField(null=True)
    name = _text()
    quantity = IntegerField()
    price = IntegerField(null=True)

    class Meta:
        table_name = "order_line"
        primary_key = peewee.CompositeKey("order_id", "n")


class OutboxTable(Table):
    """The queue, and after the answer the journal. `n` is the change's number in its lineage.

    `payload` is JSON in core names; `base` and `was` are frozen at the first claim (`first_sent_at`).
    `channel` is inventory, sales or rest. A row is unanswered while `answered_at` is null.
    """

    n = AutoField()
    change_id = TextField(unique=True)
    lineage = TextField()
    channel = TextField()
    kind = TextField()
    type = TextField()
    record_id = TextField()
    label = _text()
    at = TextField()
    epoch = TextField(null=True)
    base = TextField(default="{}")
    was = TextField(default="{}")
    payload = TextField(default="{}")
    lane = TextField(default="fast")
    attempts = _count()
    alone = _count()
    """How often it failed alone while an empty probe succeeded."""
    first_sent_at = TextField(null=True)
    last_sent_at = TextField(null=True)
    not_before = TextField(null=True)
    last_error = _text()
    answered_at = TextField(null=True)
    status = _text()
    result_epoch = TextField(null=True)
    result_seq = IntegerField(null=True)
    result = TextField(null=True)
    covered = BooleanField(default=False)
    """The cursor of the record's channel has passed the result: its rows say what the change did."""
    tick = IntegerField(null=True)
    """The terminal's own count at the answer (`ways`): a list that began at or after it contains the change."""
    outcome = _text()
    """What a person made of an answered change: seen, resent, replaced or given_up."""
    followed_by = TextField(null=True)
    """The change that took its place."""

    class Meta:
        table_name = "outbox"


class BaseRecordTable(Table):
    """The server's own copy of a record that has local requests under way: the row on the screen is this copy
    with those requests laid over it."""

    type = TextField()
    id = TextField()
    body = TextField(null=True)
    """JSON in core names; null where the server does not know the record yet."""

    class Meta:
        table_name = "base_record"
        primary_key = peewee.CompositeKey("type", "id")


class ConflictTable(Table):
    id = TextField(primary_key=True)
    change_id = TextField()
    type = TextField()
    record_id = TextField()
    label = _text()
    field = TextField()
    mine = TextField(null=True)
    theirs = TextField(null=True)
    version = IntegerField()
    at = TextField()
    resolved_at = TextField(null=True)
    resolution = _text()

    class Meta:
        table_name = "conflict"


class PullPageTable(Table):
    """Staging: the pages of a pull that is not complete. They become rows all at once or not at all."""

    channel = TextField()
    n = IntegerField()
    epoch = TextField()
    snapshot = BooleanField()
    since = IntegerField(null=True)
    cursor = IntegerField()
    body = TextField()

    class Meta:
        table_name = "pull_page"
        primary_key = peewee.CompositeKey("channel", "n")


class AliasTable(Table):
    """The ids of a server that insists on its own, beside ours: ours is what this terminal knows a record by."""

    type = TextField()
    id = TextField()
    remote_id = TextField()

    class Meta:
        table_name = "alias"
        primary_key = peewee.CompositeKey("type", "id")


class SingleTable(Table):
    """How far an unanswered change has got that goes up by itself: a row from its first attempt on."""

    change_id = TextField(primary_key=True)
    body = TextField(default="{}")
    """JSON: what was read and written so far (`singles.Progress`)."""

    class Meta:
        table_name = "single"


class SyncStateTable(Table):
    """Epoch, cursors, lineage, receipt prefix and counter, last event: one text each."""

    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "sync_state"


class SettingTable(Table):
    """What the shop's server says about the shop, and what this terminal remembers; JSON values."""

    name = TextField(primary_key=True)
    value = TextField()
    fetched_at = TextField(null=True)

    class Meta:
        table_name = "setting"


class ConnectionStateTable(Table):
    """What the leading process last knew of the connection, so that every process can show it."""

    part = TextField(primary_key=True)
    state = TextField()
    since = TextField()
    detail = TextField(default="{}")
    updated_at = TextField()
    pid = IntegerField()

    class Meta:
        table_name = "connection_state"


class EndpointFigureTable(Table):
    name = TextField(primary_key=True)
    state = TextField()
    status = IntegerField(null=True)
    latency_ms = peewee.FloatField(null=True)
    at = TextField()
    calls = _count()
    failures = _count()
    problem = _text()
    """The last failure as JSON, empty while the endpoint works."""
    recent = TextField(default="[]")
    """The last response times as a JSON list, None for a call without an answer."""

    class Meta:
        table_name = "endpoint_figure"


class EndpointUsageTable(Table):
    """Calls of an endpoint in one slice of time, see usage.py."""

    name = TextField()
    span = IntegerField()
    start = TextField()
    calls = _count()
    failures = _count()
    times = TextField(default="{}")
    worst = peewee.FloatField(null=True)

    class Meta:
        table_name = "endpoint_usage"
        primary_key = peewee.CompositeKey("name", "span", "start")


class LineUsageTable(Table):
    """What the line did in one slice of time: seconds watched and up, what was sent and fetched."""

    span = IntegerField()
    start = TextField()
    watched = peewee.FloatField(default=0)
    api = peewee.FloatField(default=0)
    socket = peewee.FloatField(default=0)
    sent = _count()
    fetched = _count()
    busy = peewee.FloatField(default=0)

    class Meta:
        table_name = "line_usage"
        primary_key = peewee.CompositeKey("span", "start")


class MeasureTable(Table):
    """How fast the program was in one hour or day, see measures.py."""

    name = TextField()
    span = TextField()
    start = TextField()
    steps = TextField()
    total = peewee.FloatField()
    worst = peewee.FloatField()

    class Meta:
        table_name = "measure"
        primary_key = peewee.CompositeKey("name", "span", "start")


class ConnectionLogTable(Table):
    id = AutoField()
    at = TextField()
    level = TextField()
    category = TextField()
    event = TextField()
    detail = TextField(default="{}")
    text = _text()
    """Folded words of the entry, for the filter."""

    class Meta:
        table_name = "connection_log"


class AuditTable(Table):
    """Who did what. Each row's `hash` covers the row before it, so that a change in the past shows."""

    id = AutoField()
    at = TextField()
    actor = _text()
    action = TextField()
    type = TextField()
    record_id = TextField()
    detail = TextField(default="{}")
    hash = TextField()

    class Meta:
        table_name = "audit"


class NotificationTable(Table):
    id = TextField(primary_key=True)
    at = TextField()
    kind = TextField()
    detail = TextField(default="{}")
    read = BooleanField(default=False)

    class Meta:
        table_name = "notification"


TABLES: tuple[type[Table], ...] = (*Table.__subclasses__(), PartNextTable)
