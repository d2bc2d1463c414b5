"""Suppliers: whom the shop buys from, and on what terms."""

from __future__ import annotations

from dataclasses import asdict

import peewee

from . import contacts, journal
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .limits import BEST_RATING
from .outbox import outbox, requests
from .records.declaration import draft_from
from .records.supplier import SupplierTable
from .records.supplier import keys_of as keys_of
from .types import Key, Supplier, SupplierDraft, SupplierRow

_UNSENT = outbox.unsent("supplier", "supplier")
_SUPPLIER = SupplierTable.alias("supplier")
_BY_ID = Statement(_SUPPLIER.select(_SUPPLIER, peewee.SQL(_UNSENT).alias("unsent")).where(_SUPPLIER.id == given("id")))


def count(text: str) -> int:
    """Return how many suppliers `page` would list in all."""
    return contacts.count("supplier", text)


def page(text: str, after: Key | None, skip: int, limit: int) -> tuple[SupplierRow, ...]:
    """Suppliers that `text` fits, by name: a name, a person, a telephone number however written, a place."""
    columns = f"name, contact_person, phone, rating, {_UNSENT} AS unsent"
    return tuple(
        SupplierRow(
            id=row["id"],
            key=contacts.place(row),
            name=row["name"],
            contact_person=row["contact_person"],
            phone=row["phone"],
            rating=row["rating"],
            unsent=bool(row["unsent"]),
        )
        for row in contacts.page("supplier", columns, text, after, skip, limit)
    )


def get(supplier_id: str) -> Supplier:
    """A supplier, whole; deleted ones too. Raises `error.supplier.unknown`."""
    row = _BY_ID.first(id=supplier_id)
    if row is None:
        raise ShopError("error.supplier.unknown")
    return Supplier(
        id=supplier_id,
        draft=draft_from(SupplierDraft, row),
        version=row["version"],
        unsent=bool(row["unsent"]),
        deleted=bool(row["deleted"]),
        epoch=requests.epoch_seen("supplier"),
    )


def create(draft: SupplierDraft, *, actor: str = "") -> Supplier:
    """A new supplier, known here at once and asked of the server."""
    draft = checked(draft)
    supplier_id, record = db.new_id(), asdict(draft)
    requests.create("supplier", supplier_id, record, keys_of(record), label=draft.name)
    journal.audit("create", "supplier", supplier_id, record, actor)
    return get(supplier_id)


def edit(supplier_id: str, draft: SupplierDraft, *, seen: Supplier, actor: str = "") -> Supplier:
    """Change the fields in which `draft` differs from what the person saw; the others stay as they are now.

    Raises `error.supplier.deleted` when the supplier is gone meanwhile.
    """
    now = get(supplier_id)
    if now.deleted:
        raise ShopError("error.supplier.deleted", name=now.draft.name)
    was = asdict(seen.draft)
    changed = requests.changes(was, asdict(draft), asdict(checked(draft)))
    if changed:
        record = asdict(now.draft) | changed
        requests.update("supplier", supplier_id, changed, was, keys_of(record), seen=seen, label=record["name"])
        journal.audit("edit", "supplier", supplier_id, {"was": {n: was[n] for n in changed}, "now": changed}, actor)
    return get(supplier_id)


def delete(supplier_id: str, *, seen: Supplier, actor: str = "") -> None:
    """Take a supplier out of the lists and ask the server to."""
    now = get(supplier_id)
    if now.deleted:
        return
    requests.delete("supplier", supplier_id, seen=seen, label=now.draft.name)
    journal.audit("delete", "supplier", supplier_id, asdict(now.draft), actor)


def checked(draft: SupplierDraft) -> SupplierDraft:
    """The draft with tidy texts. Raises the `ShopError` of the first field that cannot stand."""
    draft = SupplierDraft(**requests.tidied(asdict(draft)))
    contacts.check_name(draft.name)
    if not 0 <= draft.rating <= BEST_RATING:
        raise ShopError("error.supplier.rating", best=BEST_RATING)
    return draft
