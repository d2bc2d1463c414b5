"""Customers: who they are, what they drive and what they owe.

A balance is a sum of facts and never a field: the server's sum at the customers' cursor plus the own credit
sales, returns and payments that this cursor does not cover yet.
"""

from __future__ import annotations

from dataclasses import asdict

import peewee

from . import cars, contacts, journal, special_order_states
from .clock import from_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .outbox import outbox, requests
from .records.customer import CAR, CustomerTable
from .records.customer import keys_of as keys_of
from .records.declaration import draft_from
from .types import Customer, CustomerDraft, CustomerRow, Key

BALANCE = f"""balance + coalesce((SELECT sum(amount) FROM account_move WHERE customer_id = customer.id AND open = 1), 0)
    + {special_order_states.OF_CUSTOMER}"""
"""What a customer owes, in SQL. A deposit is a payment in the sums of the server and in ours; until it is used it is
none of what he owes, and is left out again here."""
_UNSENT = outbox.unsent("customer", "customer")
_CUSTOMER = CustomerTable.alias("customer")
_BY_ID = Statement(
    _CUSTOMER.select(_CUSTOMER, peewee.SQL(BALANCE).alias("owed"), peewee.SQL(_UNSENT).alias("unsent")).where(
        _CUSTOMER.id == given("id")
    )
)


# --- reading -------------------------------------------------------------------------------------------


def count(text: str) -> int:
    """Return how many customers `page` would list in all."""
    return contacts.count("customer", text)


def page(text: str, after: Key | None, skip: int, limit: int) -> tuple[CustomerRow, ...]:
    """Customers that `text` fits, by name: a name, a telephone number however written, a car, a plate."""
    columns = ", ".join(("name", "phone", "customer_type", *CAR, f"{BALANCE} AS owed", f"{_UNSENT} AS unsent"))
    return tuple(
        CustomerRow(
            id=row["id"],
            key=contacts.place(row),
            name=row["name"],
            phone=row["phone"],
            car=cars.described(*(row[part] for part in CAR)),
            balance=row["owed"],
            unsent=bool(row["unsent"]),
            customer_type=row["customer_type"],
        )
        for row in contacts.page("customer", columns, text, after, skip, limit)
    )


def get(customer_id: str) -> Customer:
    """A customer, whole; deleted ones too, because old sales name them. Raises `error.customer.unknown`."""
    row = _BY_ID.first(id=customer_id)
    if row is None:
        raise ShopError("error.customer.unknown")
    return Customer(
        id=customer_id,
        draft=draft_from(CustomerDraft, row),
        balance=row["owed"],
        total_purchases=row["total_purchases"],
        last_visit=from_text(row["last_visit"]) if row["last_visit"] else None,
        version=row["version"],
        unsent=bool(row["unsent"]),
        deleted=bool(row["deleted"]),
        epoch=requests.epoch_seen("customer"),
    )


def level_of(customer_id: str | None) -> str:
    """Return a customer's price level; empty for nobody, and for one who is not known or has none."""
    row = None if customer_id is None else _BY_ID.first(id=customer_id)
    return "" if row is None else str(row["customer_type"])


# --- writing -------------------------------------------------------------------------------------------


def create(draft: CustomerDraft, *, actor: str = "") -> Customer:
    """A new customer, known here at once and asked of the server."""
    draft = checked(draft)
    customer_id, record = db.new_id(), asdict(draft)
    requests.create("customer", customer_id, record, keys_of(record), label=draft.name)
    journal.audit("create", "customer", customer_id, record, actor)
    return get(customer_id)


def edit(customer_id: str, draft: CustomerDraft, *, seen: Customer, actor: str = "") -> Customer:
    """Change the fields in which `draft` differs from what the person saw; the others stay as they are now.

    Raises `error.customer.deleted` when the customer is gone meanwhile.
    """
    now = get(customer_id)
    if now.deleted:
        raise ShopError("error.customer.deleted", name=now.draft.name)
    was = asdict(seen.draft)
    tidy = asdict(checked(draft))
    changed = requests.changes(was, asdict(draft), tidy)
    if not changed.keys().isdisjoint(CAR):
        # one field on the server: half a car would wipe out the other half
        changed |= {name: tidy[name] for name in CAR}
    if changed:
        record = asdict(now.draft) | changed
        requests.update("customer", customer_id, changed, was, keys_of(record), seen=seen, label=record["name"])
        journal.audit("edit", "customer", customer_id, {"was": {n: was[n] for n in changed}, "now": changed}, actor)
    return get(customer_id)


def delete(customer_id: str, *, seen: Customer, actor: str = "") -> None:
    """Take a customer out of the lists and ask the server to. Raises `error.customer.owes` while money is
    owed either way: a debt must not leave the list with its debtor."""
    now = get(customer_id)
    if now.deleted:
        return
    if now.balance:
        raise ShopError("error.customer.owes", name=now.draft.name)
    requests.delete("customer", customer_id, seen=seen, label=now.draft.name)
    journal.audit("delete", "customer", customer_id, asdict(now.draft), actor)


def checked(draft: CustomerDraft) -> CustomerDraft:
    """The draft with tidy texts. Raises the `ShopError` of the first field that cannot stand."""
    draft = CustomerDraft(**requests.tidied(asdict(draft)))
    contacts.check_name(draft.name)
    return draft
