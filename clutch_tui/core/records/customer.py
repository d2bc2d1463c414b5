"""A customer: what a person may write of one, the table, and what moves the account."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import AutoField, BooleanField, IntegerField, TextField

from clutch_tui.text.fold import fold, fold_number

from ..cars import described
from ..database.statement import insert
from ..limits import NOTE, PHONE
from ..search_words import fold_often, phone_key
from .declaration import Key, choice, editable, keys_from, text
from .table import Party, Table, count
from .table import text as text_column

_OFTEN = Key(fold_often)

CUSTOMER_TYPES = (
    ("", "customer.type.none"),
    ("retail", "customer.type.retail"),
    ("workshop", "customer.type.workshop"),
    ("wholesale", "customer.type.wholesale"),
)


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """The fields of a customer that a person may write. What is owed is no field: it is a sum of facts."""

    name: str = text("common.name", missing="error.field.empty", keys=(Key(fold, "name_key"),))
    phone: str = text("common.phone", maximum=PHONE, keys=(Key(phone_key, "phone_key"),))
    email: str = text("common.email", keys=(Key(fold),))
    address: str = text("common.address", maximum=NOTE, keys=(_OFTEN,))
    customer_type: str = choice("customer.type", CUSTOMER_TYPES)
    car_brand: str = text("part.car_brand", keys=(_OFTEN,))
    car_model: str = text("part.car_model", keys=(_OFTEN,))
    car_year: str = text("part.year", keys=(_OFTEN,))
    car_plate: str = text("customer.plate", keys=(Key(fold), Key(fold_number)))

    @property
    def car(self) -> str:
        """Return the car with its plate as one says it; empty where none is known."""
        return described(self.car_brand, self.car_model, self.car_year, self.car_plate)


keys_of = keys_from(CustomerDraft)
"""Fold the key columns of a customer, and all words."""

CAR = tuple(name for name in CustomerDraft.__dataclass_fields__ if name.startswith("car_"))
"""The customer's car: four fields here, one at the server."""


@editable(CustomerDraft)
class CustomerTable(Party):
    """Customers. `balance` is the server's sum at the customers' cursor; open rows of `account_move` add to it."""

    balance = count()
    total_purchases = count()
    last_visit = TextField(null=True)

    class Meta:
        table_name = "customer"


class AccountMoveTable(Table):
    """Own facts on a customer's account: credit sales, payments, returns. Positive is debt."""

    id = AutoField()
    customer_id = TextField()
    change_id = TextField()
    kind = TextField()
    amount = IntegerField()
    method = text_column()
    note = text_column()
    at = TextField()
    open = BooleanField(default=True)

    class Meta:
        table_name = "account_move"


class DocumentTable(Table):
    """Documents that moved accounts beside sales, of this till and, once pulled, of the others: payments, payments that
    were taken back and voids of sales. `about` is the payment or the sale that is undone; `balance` is what the
    customer owed after a payment, where it was taken here."""

    id = TextField(primary_key=True)
    kind = TextField()
    about = text_column()
    customer_id = text_column()
    amount = count()
    method = text_column()
    note = text_column()
    number = text_column()
    cashier = text_column()
    at = TextField()
    balance = IntegerField(null=True)
    own = BooleanField(default=True)
    seq = count()

    class Meta:
        table_name = "document"


ADD_ACCOUNT_MOVE = insert(AccountMoveTable)
ADD_DOCUMENT = insert(DocumentTable)
