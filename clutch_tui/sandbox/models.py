"""The tables of the sandbox.

peewee describes them and opens the file; the hot paths speak SQL through its connection. Every row of a shop
carries `seq`, the number it took from the shop's one counter when it was last touched.
"""

from __future__ import annotations

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    Field,
    IntegerField,
    Model,
    SchemaManager,
    SqliteDatabase,
    TextField,
)


class QuantityField(Field):
    """Thousandths of a piece or a litre."""

    field_type = "NUMERIC"


class Server(Model):
    """One row: what belongs to the whole installation."""

    secret = CharField()
    epoch = IntegerField(default=1)

    class Meta:
        table_name = "server"


class Shop(Model):
    id = CharField(primary_key=True)
    name = CharField()
    name_en = CharField(default="")
    address = CharField(default="")
    phone = CharField(default="")
    email = CharField(default="")
    car_brands = TextField(default="[]")
    lat = CharField(default="")
    lng = CharField(default="")
    currency = CharField(default="EGP")
    language = CharField(default="ar")
    timezone = CharField(default="Africa/Cairo")
    tax_rate = CharField(default="0.14")
    prices_include_tax = BooleanField(default=True)
    receipt_footer = CharField(default="")
    credit_limit = BigIntegerField(default=500_000)
    api_key = CharField(unique=True)
    counter = BigIntegerField(default=0)
    floor = BigIntegerField(default=0)
    event_seq = BigIntegerField(default=0)


class Person(Model):
    """Somebody who can sign in."""

    id = CharField(primary_key=True)
    shop_id = CharField(index=True)
    email = CharField(unique=True)
    phone = CharField(unique=True)
    name = CharField()
    role = CharField()
    salt = CharField()
    password = CharField()


class Session(Model):
    """One sign-in on one device; refresh tokens rotate inside it."""

    id = CharField(primary_key=True)
    person_id = CharField()
    shop_id = CharField()
    device_id = CharField(default="")
    refresh = CharField(index=True)
    previous = CharField(index=True, default="")
    rotated_at = CharField()
    expires_at = CharField()
    revoked = BooleanField(default=False)


class Record(Model):
    """The common ground of items, customers, suppliers and orders; `versions` says which version last wrote a field."""

    shop_id = CharField()
    id = CharField()
    version = IntegerField(default=1)
    versions = TextField(default="{}")
    seq = BigIntegerField()
    deleted = BooleanField(default=False)
    updated_at = CharField()
    search_key = TextField(default="")


class Item(Record):
    name = CharField()
    name_en = CharField(default="")
    part_number = CharField(default="")
    barcode = CharField(default="")
    oem_number = CharField(default="")
    category = CharField(default="")
    brand = CharField(default="")
    car_brand = CharField(default="")
    car_model = CharField(default="")
    year = CharField(default="")
    price = BigIntegerField(default=0)
    cost = BigIntegerField(default=0)
    stock_quantity = QuantityField(default=0)
    min_stock = QuantityField(default=0)
    unit = CharField(default="C62")
    decimals = IntegerField(default=0)
    location = CharField(default="")
    supplier = CharField(default="")
    description = TextField(default="")
    image_url = CharField(default="")

    class Meta:
        primary_key = CompositeKey("shop_id", "id")
        indexes = (
            (("shop_id", "seq"), True),
            (("shop_id", "part_number"), False),
            (("shop_id", "barcode"), False),
        )


class Customer(Record):
    """`balance`, `total_purchases` and `last_visit` are sums over the facts, kept beside them for reading."""

    name = CharField()
    phone = CharField(default="")
    email = CharField(default="")
    address = CharField(default="")
    customer_type = CharField(default="retail")
    car_info = TextField(default="{}")
    balance = BigIntegerField(default=0)
    total_purchases = BigIntegerField(default=0)
    last_visit = CharField(null=True)
    stub = BooleanField(default=False)
    created_at = CharField()

    class Meta:
        primary_key = CompositeKey("shop_id", "id")
        indexes = ((("shop_id", "seq"), True),)


class Supplier(Record):
    name = CharField()
    contact_person = CharField(default="")
    phone = CharField(default="")
    email = CharField(default="")
    address = CharField(default="")
    payment_terms = CharField(default="")
    rating = CharField(default="0")

    class Meta:
        primary_key = CompositeKey("shop_id", "id")
        indexes = ((("shop_id", "seq"), True),)


class PriceRule(Record):
    """What the customers of a level pay; the figures as on the wire, percentages in hundredths."""

    level = CharField()
    scope = CharField(default="all")
    item_id = CharField(default="")
    target = CharField(default="")
    percent = IntegerField(default=0)
    price = BigIntegerField(default=0)
    from_quantity = QuantityField(default=0)
    rounding = BigIntegerField(default=0)

    class Meta:
        table_name = "price_rule"
        primary_key = CompositeKey("shop_id", "id")
        indexes = ((("shop_id", "seq"), True),)


class Order(Record):
    """A customer's order from the marketplace; the same `market_id` may be offered to several shops."""

    order_number = CharField()
    market_id = CharField(index=True)
    customer_id = CharField(null=True)
    customer_name = CharField(default="")
    phone = CharField(default="")
    lines = TextField()
    total = BigIntegerField(default=0)
    status = CharField(default="pending")
    reason = CharField(default="")
    quote = TextField(null=True)
    delivery_address = CharField(default="")
    notes = TextField(default="")
    created_at = CharField()
    expires_at = CharField()

    class Meta:
        table_name = "orders"
        primary_key = CompositeKey("shop_id", "id")
        indexes = ((("shop_id", "seq"), True),)


class Sale(Model):
    """`body` is the record as the terminal wrote it; the columns are what the server asks about."""

    shop_id = CharField()
    id = CharField()
    receipt_number = CharField(default="")
    date = CharField()
    day = CharField()
    device_id = CharField(default="")
    customer_id = CharField(null=True)
    status = CharField()
    return_of = CharField(null=True)
    subtotal = BigIntegerField(default=0)
    discount = BigIntegerField(default=0)
    tax = BigIntegerField(default=0)
    total = BigIntegerField(default=0)
    credit = BigIntegerField(default=0)
    notes = TextField(default="")
    body = TextField()
    version = IntegerField(default=1)
    versions = TextField(default="{}")
    seq = BigIntegerField()
    updated_at = CharField()
    search_key = TextField(default="")

    class Meta:
        primary_key = CompositeKey("shop_id", "id")
        indexes = (
            (("shop_id", "seq"), True),
            (("shop_id", "day"), False),
            (("shop_id", "receipt_number"), False),
            (("shop_id", "return_of"), False),
            (("shop_id", "customer_id"), False),
        )


class SaleLine(Model):
    """`quantity` is signed as stock sees it from the customer: sold is positive, returned negative."""

    shop_id = CharField()
    sale_id = CharField()
    n = IntegerField()
    line_id = CharField(default="")
    item_id = CharField()
    item_name = CharField(default="")
    quantity = QuantityField()
    price = BigIntegerField()
    total = BigIntegerField()
    day = CharField()

    class Meta:
        table_name = "sale_line"
        primary_key = CompositeKey("shop_id", "sale_id", "n")
        indexes = ((("shop_id", "item_id", "day"), False), (("shop_id", "day"), False))


class Document(Model):
    """Facts that are not sales: void, payment, cash, count, adjust, receive."""

    shop_id = CharField()
    id = CharField()
    kind = CharField()
    sale_id = CharField(null=True)
    at = CharField()
    body = TextField()
    seq = BigIntegerField()
    pulled = BooleanField()

    class Meta:
        primary_key = CompositeKey("shop_id", "id")
        indexes = ((("shop_id", "pulled", "seq"), False), (("shop_id", "sale_id"), False))


class StockMove(Model):
    """The reason why a quantity changed. Moves on parts that nobody has created yet wait here and count later."""

    shop_id = CharField()
    item_id = CharField()
    delta = QuantityField()
    kind = CharField()
    ref = CharField()
    at = CharField()

    class Meta:
        table_name = "stock_move"
        indexes = ((("shop_id", "item_id"), False),)


class AccountEntry(Model):
    """A customer's debt, fact by fact: credit sales add, payments and returns take away."""

    shop_id = CharField()
    customer_id = CharField()
    amount = BigIntegerField()
    purchase = BigIntegerField(default=0)
    kind = CharField()
    ref = CharField()
    at = CharField()

    class Meta:
        table_name = "account_entry"
        indexes = ((("shop_id", "customer_id"), False),)


class Ledger(Model):
    """Every change ever answered, for ever; written in the transaction of its effect."""

    shop_id = CharField()
    change_id = CharField()
    hash = CharField()
    kind = CharField()
    type = CharField()
    record_id = CharField()
    device_id = CharField(default="")
    at = CharField()
    seq = BigIntegerField()
    result = TextField()
    http_status = IntegerField(null=True)
    http_body = TextField(null=True)

    class Meta:
        primary_key = CompositeKey("shop_id", "change_id")


class Lineage(Model):
    """The highest number seen of each life of a terminal's disk."""

    shop_id = CharField()
    lineage = CharField()
    device_id = CharField(default="")
    highest = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("shop_id", "lineage")


class LineageNumber(Model):
    """The change that came under each number of a lineage: two disks that are clones of one count alike."""

    shop_id = CharField()
    lineage = CharField()
    n = BigIntegerField()
    change_id = CharField()

    class Meta:
        primary_key = CompositeKey("shop_id", "lineage", "n")
        without_rowid = True


class Mark(Model):
    """The highest number that each transaction took of a shop's counter, and what tells it from the same number of
    another history; for ever."""

    shop_id = CharField()
    seq = BigIntegerField()
    mark = CharField()

    class Meta:
        primary_key = CompositeKey("shop_id", "seq")
        without_rowid = True


class Epoch(Model):
    """The life of its data that a shop is in, once it has had more than one."""

    shop_id = CharField(primary_key=True)
    n = IntegerField()
    name = CharField()


class Event(Model):
    """The last events of a shop, for sockets that come back."""

    shop_id = CharField()
    seq = BigIntegerField()
    type = CharField()
    data = TextField()
    head = BigIntegerField()
    at = CharField()

    class Meta:
        primary_key = CompositeKey("shop_id", "seq")


MODELS: tuple[type[Model], ...] = (
    Server,
    Shop,
    Person,
    Session,
    Item,
    Customer,
    Supplier,
    PriceRule,
    Order,
    Sale,
    SaleLine,
    Document,
    StockMove,
    AccountEntry,
    Ledger,
    Lineage,
    LineageNumber,
    Mark,
    Epoch,
    Event,
)


def create_tables(database: SqliteDatabase) -> None:
    """Create what is missing. The models stay unbound: several sandboxes may live in one process."""
    with database.atomic():  # a commit for each table and index takes five times as long
        for model in MODELS:
            SchemaManager(model, database=database).create_all(safe=True)
