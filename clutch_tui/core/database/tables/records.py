"""What the shop has and does: parts, people, sales, cash and orders, as they are shown."""

from __future__ import annotations

import peewee
from peewee import AutoField, BooleanField, IntegerField, TextField

from .table import Table, count, text


class PartTable(Table):
    """`pk` joins the full-text tables. `stock_quantity` is the server's figure at the inventory cursor; what
    is on the shelf adds the open rows of `stock_move`. The `*_key` columns are folded (text.fold)."""

    pk = AutoField()
    id = TextField(unique=True)
    name = text()
    name_en = text()
    part_number = text()
    barcode = text()
    oem_number = text()
    category = text()
    brand = text()
    car_brand = text()
    car_model = text()
    year = text()
    price = count()
    cost = count()
    stock_quantity = count()
    min_stock = count()
    location = text()
    supplier = text()
    description = text()
    image_url = text()
    version = count()
    seq = count()
    updated_at = TextField(null=True)
    deleted = BooleanField(default=False)
    name_key = text()
    number_key = text()
    barcode_key = text()
    oem_key = text()
    words = text()
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
    reason = text()
    at = TextField()
    open = BooleanField(default=True)

    class Meta:
        table_name = "stock_move"


class CustomerTable(Table):
    """`balance` is the server's sum at the customers' cursor; open rows of `account_move` are added to it."""

    id = TextField(primary_key=True)
    name = text()
    phone = text()
    email = text()
    address = text()
    customer_type = text()
    car_brand = text()
    car_model = text()
    car_year = text()
    car_plate = text()
    balance = count()
    total_purchases = count()
    last_visit = TextField(null=True)
    version = count()
    seq = count()
    updated_at = TextField(null=True)
    deleted = BooleanField(default=False)
    name_key = text()
    phone_key = text()
    words = text()

    class Meta:
        table_name = "customer"


class AccountMoveTable(Table):
    """Own facts on a customer's account: credit sales, payments, returns. Positive is debt."""

    id = AutoField()
    customer_id = TextField()
    change_id = TextField()
    kind = TextField()
    amount = IntegerField()
    method = text()
    note = text()
    at = TextField()
    open = BooleanField(default=True)

    class Meta:
        table_name = "account_move"


class DocumentTable(Table):
    """What moved accounts beside sales, of this till and, once pulled, of the others: payments, payments that were
    taken back and voids of sales. `about` is the payment or the sale that is undone; `balance` is what the customer
    owed after a payment, where it was taken here."""

    id = TextField(primary_key=True)
    kind = TextField()
    about = text()
    customer_id = text()
    amount = count()
    method = text()
    note = text()
    number = text()
    cashier = text()
    at = TextField()
    balance = IntegerField(null=True)
    own = BooleanField(default=True)
    seq = count()

    class Meta:
        table_name = "document"


class SupplierTable(Table):
    id = TextField(primary_key=True)
    name = text()
    contact_person = text()
    phone = text()
    email = text()
    address = text()
    payment_terms = text()
    rating = count()
    version = count()
    seq = count()
    updated_at = TextField(null=True)
    deleted = BooleanField(default=False)
    name_key = text()
    phone_key = text()
    words = text()

    class Meta:
        table_name = "supplier"


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
    search_key = text()
    percent = count()
    """In hundredths: what the discount on the whole sale was reckoned from. Only own sales know."""

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

    class Meta:
        table_name = "closing"


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
    search_key = text()
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
