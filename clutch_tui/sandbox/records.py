"""Items, customers, suppliers and price rules: their fields, their wire form, and the merge field by field.

`base[field]` is the version that the clerk saw. A field conflicts when a later version wrote it and the
values differ; the clean fields are applied all the same. A base of another epoch says nothing about numbers
here, so it is compared by value (`was`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clutch_tui.text.fold import fold, fold_number

from . import payload
from .database import Reading, Row, Transaction
from .ledger import Change, Outcome
from .payload import JSON, FieldError, Invalid, invalid

Read = Callable[[Any, str], Any]


def _text(limit: int, required: bool = False) -> Read:
    def read(value: Any, name: str) -> str:
        if value is None:
            value = ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise invalid(name, "must be a text")
        if required and not value.strip():
            raise invalid(name, "is required")
        if len(value) > limit:
            raise invalid(name, f"is longer than {limit} characters")
        return value

    return read


def _price(value: Any, name: str) -> int:
    amount = payload.piastres(0 if value is None else value, name)
    if amount < 0:
        raise invalid(name, "must not be negative")
    return amount


def _quantity(value: Any, name: str) -> int:
    return payload.quantity(0 if value is None else value, name)


def _from_quantity(value: Any, name: str) -> int:
    quantity = _quantity(value, name)
    if quantity < 0:
        raise invalid(name, "must not be negative")
    return quantity


def _unit(value: Any, name: str) -> str:
    unit = payload.text(value, name, 3) or "C62"
    if unit not in UNITS:
        raise invalid(name, f"must be one of {', '.join(UNITS)}")
    return unit


UNITS = ("C62", "PR", "SET", "LTR", "MTR", "KGM")
"""UN/ECE Recommendation 20: piece, pair, set, litre, metre, kilogram."""


def _decimals(value: Any, name: str) -> int:
    decimals = payload.number(value or 0, name)
    if decimals not in (0, 1, 2, 3):
        raise invalid(name, "must be 0, 1, 2 or 3")
    return int(decimals)


def _scope(value: Any, name: str) -> str:
    scope = payload.text(value, name, 20) or "all"
    if scope not in SCOPES:
        raise invalid(name, f"must be one of {', '.join(SCOPES)}")
    return scope


SCOPES = ("part", "category", "brand", "all")


def _percent(value: Any, name: str) -> int:
    percent = _price(value, name)
    if percent > 100_00:
        raise invalid(name, "must not be above 100")
    return percent


def _rating(value: Any, name: str) -> str:
    rating = payload.number(0 if value in (None, "") else value, name)
    if not 0 <= rating <= 5:
        raise invalid(name, "must be between 0 and 5")
    return f"{rating:f}"


def _car(value: Any, name: str) -> str:
    if value is None:
        return "{}"
    if not isinstance(value, dict):
        raise invalid(name, "must be an object")
    known = {key: value[key] for key in ("brand", "model", "year", "plate_number") if value.get(key) is not None}
    return payload.dump({key: str(inner) for key, inner in known.items()})


def _as_is(value: Any) -> Any:
    return value


def _as_number(value: Any) -> Any:
    return payload.load(value) if value else 0


@dataclass(frozen=True, slots=True)
class FieldRule:
    """The rule by which a field is read from the wire into a column, and written back."""

    read: Read
    write: Callable[[Any], Any] = _as_is


@dataclass(frozen=True)
class Noun:
    """One kind of record: its table, its writable fields, the columns that the server computes."""

    type: str
    plural: str
    table: str
    fields: dict[str, FieldRule]
    computed: dict[str, Callable[[Any], Any]]
    searched: tuple[str, ...]
    numbers: tuple[str, ...]

    @cached_property
    def written(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        """The fields that look different on the wire than in their column."""
        every = {name: rule.write for name, rule in self.fields.items()} | self.computed
        return tuple((name, write) for name, write in every.items() if write is not _as_is)


_LINE = FieldRule(_text(200))
_NAME = FieldRule(_text(200, required=True))
_NOTE = FieldRule(_text(4000))
_MONEY = FieldRule(_price, payload.money)

ITEM = Noun(
    "item",
    "items",
    "item",
    {
        "name": _NAME,
        "name_en": _LINE,
        "part_number": _LINE,
        "barcode": _LINE,
        "oem_number": _LINE,
        "category": _LINE,
        "brand": _LINE,
        "car_brand": _LINE,
        "car_model": _LINE,
        "year": _LINE,
        "price": _MONEY,
        "cost": _MONEY,
        "min_stock": FieldRule(_quantity, payload.units),
        "unit": FieldRule(_unit),
        "decimals": FieldRule(_decimals),
        "location": _LINE,
        "supplier": _LINE,
        "description": _NOTE,
        "image_url": FieldRule(_text(2000)),
    },
    {"stock_quantity": payload.units},
    ("name", "name_en", "category", "brand", "car_brand", "car_model", "location"),
    ("part_number", "oem_number", "barcode"),
)
CUSTOMER = Noun(
    "customer",
    "customers",
    "customer",
    {
        "name": _NAME,
        "phone": FieldRule(_text(40)),
        "email": _LINE,
        "address": _NOTE,
        "customer_type": _LINE,
        "car_info": FieldRule(_car, payload.load),
    },
    {"balance": payload.money, "total_purchases": payload.money, "last_visit": _as_is},
    ("name", "email", "address", "car_info"),
    ("phone",),
)
SUPPLIER = Noun(
    "supplier",
    "suppliers",
    "supplier",
    {
        "name": _NAME,
        "contact_person": _LINE,
        "phone": FieldRule(_text(40)),
        "email": _LINE,
        "address": _NOTE,
        "payment_terms": _LINE,
        "rating": FieldRule(_rating, _as_number),
    },
    {},
    ("name", "contact_person", "email", "address"),
    ("phone",),
)
PRICE_RULE = Noun(
    "price_rule",
    "price_rules",
    "price_rule",
    {
        "level": _NAME,
        "scope": FieldRule(_scope),
        "item_id": _LINE,
        "target": _LINE,
        "percent": FieldRule(_percent, payload.money),
        "price": _MONEY,
        "from_quantity": FieldRule(_from_quantity, payload.units),
        "rounding": _MONEY,
    },
    {},
    ("level", "target"),
    (),
)
NOUNS: dict[str, Noun] = {noun.type: noun for noun in (ITEM, CUSTOMER, SUPPLIER, PRICE_RULE)}


def record(noun: Noun, row: Row) -> JSON:
    """The row as it travels; of a deleted one only the tombstone."""
    if row["deleted"]:
        return tombstone(row)
    wire: JSON = dict(zip(row.keys(), row, strict=True))
    for name in _INWARD:
        wire.pop(name, None)
    for name, write in noun.written:
        wire[name] = write(wire[name])
    wire["deleted"] = False
    return wire


# Columns that are the server's own business.
_INWARD = ("shop_id", "versions", "search_key", "stub", "created_at")


def tombstone(row: Row) -> JSON:
    return {
        "id": row["id"],
        "version": row["version"],
        "updated_at": row["updated_at"],
        "deleted": True,
        "seq": row["seq"],
    }


def search_key(noun: Noun, values: JSON) -> str:
    """Return what `search` looks in: folded words and numbers without their punctuation."""
    words = [fold(str(values[name])) for name in noun.searched if values.get(name)]
    numbers = [fold_number(str(values[name])) for name in noun.numbers if values.get(name)]
    return " ".join(words + numbers + [fold(str(values[name])) for name in noun.numbers if values.get(name)])


def read_fields(noun: Noun, given: JSON, whole: bool) -> JSON:
    """Column values of the fields that are given; `whole` demands what a new record needs."""
    values: JSON = {}
    errors: list[FieldError] = []
    for name, rule in noun.fields.items():
        if name not in given and not (whole and rule is _NAME):
            continue
        try:
            values[name] = rule.read(given.get(name), name)
        except Invalid as problem:
            errors.extend(problem.errors)
    if errors:
        raise Invalid(*errors)
    return values


def unwritten(noun: Noun) -> JSON:
    """Return what stands in the fields of a new record that nobody has written."""
    return {name: rule.read(None, name) for name, rule in noun.fields.items() if rule is not _NAME}


def find(reading: Reading, noun: Noun, shop_id: str, record_id: str) -> Row | None:
    return reading.one(f"SELECT * FROM {noun.table} WHERE shop_id = ? AND id = ?", (shop_id, record_id))


def insert(transaction: Transaction, noun: Noun, record_id: str, values: JSON) -> None:
    """Add a row at version 1 with the next number."""
    columns: JSON = {
        "shop_id": transaction.shop_id,
        "id": record_id,
        "version": 1,
        "versions": "{}",
        "deleted": 0,
        "updated_at": transaction.now,
        "search_key": search_key(noun, values),
    }
    columns |= unwritten(noun) | values
    if noun is CUSTOMER:
        columns |= {"balance": 0, "total_purchases": 0, "created_at": transaction.now}
        columns.setdefault("stub", 0)
        columns["customer_type"] = columns["customer_type"] or "retail"
    columns["seq"] = transaction.take()
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    transaction.execute(f"INSERT INTO {noun.table} ({names}) VALUES ({marks})", tuple(columns.values()))


def write_fields(transaction: Transaction, noun: Noun, row: Row, values: JSON) -> int:
    """Write fields as one new version of the record; returns that version."""
    version = int(row["version"]) + 1
    versions = payload.load(row["versions"]) | dict.fromkeys(values, version)
    merged = {name: row[name] for name in (*noun.searched, *noun.numbers)} | values
    columns = values | {
        "version": version,
        "versions": payload.dump(versions),
        "updated_at": transaction.now,
        "search_key": search_key(noun, merged),
        "seq": transaction.take(),
    }
    assignments = ", ".join(f"{name} = ?" for name in columns)
    transaction.execute(
        f"UPDATE {noun.table} SET {assignments} WHERE shop_id = ? AND id = ?",
        (*columns.values(), transaction.shop_id, row["id"]),
    )
    return version


def bury(transaction: Transaction, noun: Noun, row: Row) -> int:
    """Turn the row into a tombstone; returns its version."""
    version = int(row["version"]) + 1
    transaction.execute(
        f"UPDATE {noun.table} SET deleted = 1, version = ?, updated_at = ?, seq = ? WHERE shop_id = ? AND id = ?",
        (version, transaction.now, transaction.take(), transaction.shop_id, row["id"]),
    )
    return version


@dataclass(frozen=True, slots=True)
class Merge:
    """The outcome of comparing a change with a record: what may be written, and what stands against it."""

    clean: JSON
    theirs: JSON


def merge(noun: Noun, row: Row, values: JSON, change: Change, epoch: str) -> Merge:
    versions = payload.load(row["versions"])
    clean: JSON = {}
    theirs: JSON = {}
    for name, value in values.items():
        written = int(versions.get(name, 1))
        if value == row[name] or not _contested(noun, row, name, written, change, epoch):
            clean[name] = value
        else:
            theirs[name] = {"value": noun.fields[name].write(row[name]), "version": written}
    return Merge(clean, theirs)


def _contested(noun: Noun, row: Row, name: str, written: int, change: Change, epoch: str) -> bool:
    """Has somebody else written this field since the clerk looked?"""
    foreign = change.epoch != epoch
    if foreign and name in change.was:
        try:
            return bool(noun.fields[name].read(change.was[name], name) != row[name])
        except Invalid:
            return True
    if name in change.base and not (foreign and change.epoch is not None):
        return written > _version(change.base[name])
    return False


def _version(value: Any) -> int:
    return value if isinstance(value, int) else 0


def update(transaction: Transaction, noun: Noun, change: Change, epoch: str) -> Outcome:
    """Apply the clean fields, answer the contested ones."""
    row = find(transaction, noun, transaction.shop_id, change.id)
    if row is None:
        return Outcome("rejected", code="NOT_FOUND", message=f"{noun.type} {change.id} does not exist")
    if row["deleted"]:
        return against_tombstone(noun, row)
    merged = merge(noun, row, read_fields(noun, change.fields, whole=False), change, epoch)
    changed = {name: value for name, value in merged.clean.items() if value != row[name]}
    version = write_fields(transaction, noun, row, changed) if changed else int(row["version"])
    outcome = Outcome("conflict" if merged.theirs else "applied", version=version, applied=list(merged.clean))
    if merged.theirs:
        outcome.theirs = merged.theirs
    return outcome


def against_tombstone(noun: Noun, row: Row) -> Outcome:
    """An edit of a deleted record gets the tombstone."""
    gone = {"value": tombstone(row), "version": row["version"]}
    return Outcome("conflict", version=row["version"], applied=[], theirs={"*": gone})


def delete(transaction: Transaction, noun: Noun, change: Change, epoch: str) -> Outcome:
    """Delete the record as the clerk saw it; any later change of its fields stands against that."""
    row = find(transaction, noun, transaction.shop_id, change.id)
    if row is None:
        return Outcome("rejected", code="NOT_FOUND", message=f"{noun.type} {change.id} does not exist")
    if row["deleted"]:
        return Outcome("applied", version=row["version"])
    if _changed_since(noun, row, change, epoch):
        current = {"value": record(noun, row), "version": row["version"]}
        return Outcome("conflict", version=row["version"], applied=[], theirs={"*": current})
    return Outcome("applied", version=bury(transaction, noun, row))


def _changed_since(noun: Noun, row: Row, change: Change, epoch: str) -> bool:
    named = [name for name in change.was if name in noun.fields]
    if change.epoch != epoch and named:
        return any(_contested(noun, row, name, int(row["version"]), change, epoch) for name in named)
    return "*" in change.base and int(row["version"]) > _version(change.base["*"])
