"""The border: bytes from and to the server, and rows between its terms and ours.

Nothing behind this border sees a float for money, a camelCase name or an unchecked field. One bad row never
spoils its page: it is set aside with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from clutch_tui.net import answers, leniency, payload
from clutch_tui.net.json_text import BadPayload, OutOfRange, dumps, loads
from clutch_tui.net.payload import (
    Payload,
    counter_in,
    inner_models,
    mark_in,
    moment_in,
    money_in,
    money_out,
    quantity_out,
)

__all__ = [
    "BadPayload",
    "BadRow",
    "OutOfRange",
    "WireReading",
    "counter_in",
    "dumps",
    "in_our_terms",
    "loads",
    "mark_in",
    "moment_in",
    "money_in",
    "money_out",
    "quantity_out",
    "read_answer",
    "read_changes",
    "read_field",
    "read_one",
    "read_record",
    "read_rows",
    "read_sync",
    "write",
]

Row = dict[str, Any]

_RECORDS: dict[str, type[payload.Record]] = {
    "item": payload.Item,
    "sale": payload.Sale,
    "customer": payload.Customer,
    "supplier": payload.Supplier,
    "order": payload.Order,
    "price_rule": payload.PriceRule,
    "payment": payload.AccountPayment,
    "payment_void": payload.PaymentVoid,
    "void": payload.SaleVoid,
    "cash": payload.CashDeed,
    "lost_sale": payload.LostSale,
    "quotation": payload.Quotation,
    "quotation_sold": payload.QuotationSold,
    "quotation_lost": payload.QuotationLost,
    "special_order": payload.SpecialOrder,
    "special_order_step": payload.SpecialOrderStep,
    "deposit": payload.Deposit,
    "deposit_forfeit": payload.Deposit,
}
CAR_FIELDS = {"car_brand": "brand", "car_model": "model", "car_year": "year", "car_plate": "plate_number"}
"""A customer's car is one field on the wire and four in core."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was set aside: its place in the page, its identity where it has one, and what is wrong."""

    index: int
    kind: str
    id: str | None
    reason: str
    raw: object


@dataclass(frozen=True, slots=True)
class WireReading:
    """An answer as it was understood: one record, or the good and the bad rows of a list."""

    record: Row | None
    good: list[Row]
    bad: list[BadRow]


# --- names ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _plain_name(name: str) -> str:
    """`partNumber` and `_id` by the names that we know. Bounded: names come from outside."""
    if name in ("_id", "Id", "ID"):
        return "id"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:100]).lower()


@cache
def _known(model: type[Payload]) -> frozenset[str]:
    """The names that need no second look; `type` is what the rows of a sync page call themselves."""
    return frozenset(model.model_fields) | {"type"}


def _plain(model: type[Payload], row: Any) -> Any:
    """The row under our names and without nulls, so that a missing field and an empty one are the same. The
    usual row needs no copy."""
    if type(row) is not dict:
        return row
    if row.keys() <= _known(model) and None not in row.values():
        return row
    plain: Row = {}
    for name, value in row.items():
        if value is not None and isinstance(name, str):
            ours = _plain_name(name)
            ours = model.other_names.get(ours, ours)
            if ours == name or ours not in plain:
                plain[ours] = value
    return plain


def _plain_deep(model: type[Payload], row: Any) -> Any:
    """`_plain` for the row and the records inside it."""
    plain = _plain(model, row)
    inner = inner_models(model)
    if not inner or not isinstance(plain, dict):
        return plain
    plain = dict(plain)
    for name, inside in inner.items():
        value = plain.get(name)
        if isinstance(value, list):
            plain[name] = [_plain_deep(inside, item) for item in value]
        elif isinstance(value, dict):
            plain[name] = _plain_deep(inside, value)
    return plain


# --- rows ----------------------------------------------------------------------------------------------


@cache
def _many(model: type[Payload]) -> TypeAdapter[list[Payload]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]


def read_rows(kind: str, data: object) -> tuple[list[Row], list[BadRow]]:
    """The records of one kind ("item", "sale", "customer", "supplier", "order"), in our terms, and those that
    had to be set aside. `data` is the envelope's, or a bare list. Raises `BadPayload` where there is no list."""
    return _read_list(kind, _RECORDS[kind], _rows_in(data, f"{kind}s"))


def read_changes(rows: Sequence[object]) -> tuple[list[tuple[str, Row]], list[BadRow]]:
    """The rows of a sync page, which name their own `type`, in their order."""
    if (kind := _only_kind(rows)) is not None:
        good, bad = _read_list(kind, _RECORDS[kind], rows)
        return [(kind, row) for row in good], bad
    places: dict[str, list[int]] = {}
    bad = []
    for index, row in enumerate(rows):
        if (kind := _kind_of(row)) is not None:
            places.setdefault(kind, []).append(index)
        else:
            type_name = row.get("type") if isinstance(row, dict) else None
            kind = type_name[:40] if isinstance(type_name, str) else ""
            bad.append(BadRow(index, kind, _id_of(row), "a record of an unknown type", row))
    read: list[tuple[int, str, Row]] = []
    for kind, indexes in places.items():
        good, worse = _read_list(kind, _RECORDS[kind], [rows[index] for index in indexes])
        spoiled = {bad_row.index for bad_row in worse}
        kept = (index for place, index in enumerate(indexes) if place not in spoiled)
        read += [(index, kind, row) for index, row in zip(kept, good, strict=True)]
        bad += [BadRow(indexes[bad_row.index], kind, bad_row.id, bad_row.reason, bad_row.raw) for bad_row in worse]
    if len(places) > 1:
        read.sort(key=lambda entry: entry[0])
    return [(kind, row) for _, kind, row in read], bad


def _only_kind(rows: Sequence[object]) -> str | None:
    """The kind of all rows, which is the usual page and by far the largest; `None` where they differ."""
    kinds = {_kind_of(row) for row in rows}
    return kinds.pop() if len(kinds) == 1 else None


def _kind_of(row: object) -> str | None:
    """The kind that a row names, where it is one of ours."""
    kind = row.get("type") if type(row) is dict else None
    return kind if isinstance(kind, str) and kind in _RECORDS else None


def read_sync(data: object) -> Row:
    """The envelope of a sync answer, its `changes` still as they came. Raises `BadPayload`."""
    return read_record(payload.SyncPage, data).__dict__


def read_one(kind: str, data: object) -> Row:
    """One record, bare or under its noun (`{"item": {...}}`). Raises `BadPayload`."""
    if isinstance(data, dict) and isinstance(inner := data.get(kind), dict) and not _id_of(data):
        data = inner
    good, bad = _read_list(kind, _RECORDS[kind], [data])
    if bad:
        raise BadPayload(bad[0].reason)
    return good[0]


def read_field(kind: str, name: str, value: object) -> object:
    """One field's value in our terms, for a conflict's `theirs`. Raises `BadPayload`, also for no field of ours."""
    if kind == "customer" and name in CAR_FIELDS:
        return read_record(payload.CarInfo, {CAR_FIELDS[name]: value}).__dict__[CAR_FIELDS[name]]
    if not is_field(kind, name):
        raise BadPayload(f"{name[:40]} is no field")
    return in_our_terms(read_record(_RECORDS[kind], {"id": "-"} | {name: value}))[name]


def read_car(value: object) -> Row:
    """A customer's car in our terms; none is an empty one. Raises `BadPayload`."""
    car = read_record(payload.CarInfo, {} if value is None else value).__dict__
    return {ours: car[theirs] for ours, theirs in CAR_FIELDS.items()}


def field_name(kind: str, name: str) -> str:
    """A field's name as it is here, however a server writes it."""
    plain = _plain_name(name)
    return _RECORDS[kind].other_names.get(plain, plain) if kind in _RECORDS else plain


def is_field(kind: str, name: str) -> bool:
    return kind in _RECORDS and name in _RECORDS[kind].model_fields


def write(kind: str, row: Mapping[str, Any]) -> Row:
    """A record, or some of its fields, in the server's terms: money as a number with two decimals, quantities as a
    number of units."""
    return _write(_RECORDS[kind], row)


def _write(model: type[Payload], row: Mapping[str, Any]) -> Row:
    writers, inner = _writers(model), inner_models(model)
    out: Row = {}
    for name, value in row.items():
        if value is not None and name in writers:
            out[name] = writers[name](value)
        elif name in inner and isinstance(value, Iterable) and not isinstance(value, Mapping):
            out[name] = [_write(inner[name], item) for item in value]
        elif model is payload.Customer and name in CAR_FIELDS:
            out.setdefault("car_info", {})[CAR_FIELDS[name]] = value
        else:
            out[name] = value
    return out


_WRITERS: dict[object, Callable[[Any], Any]] = {
    money_in: money_out,
    payload.quantity_in: payload.quantity_out,
    payload.unit_in: payload.unit_out,
}
"""How that is written which was read by each of these."""


@cache
def _writers(model: type[Payload]) -> dict[str, Callable[[Any], Any]]:
    def writer_of(annotation: Any, metadata: Iterable[Any]) -> Callable[[Any], Any] | None:
        for item in metadata:
            if (writer := _WRITERS.get(getattr(item, "func", None))) is not None:
                return writer
        inner = (writer_of(one, getattr(one, "__metadata__", ())) for one in getattr(annotation, "__args__", ()))
        return next(filter(None, inner), None)

    writers = {name: writer_of(about.annotation, about.metadata) for name, about in model.model_fields.items()}
    return {name: writer for name, writer in writers.items() if writer is not None}


def _read_list(kind: str, model: type[Payload], rows: Sequence[object]) -> tuple[list[Row], list[BadRow]]:
    known, flat = _known(model), not inner_models(model)
    plain = [
        row  # the usual one: our names, no nulls, nothing inside
        if flat and type(row) is dict and row.keys() <= known and None not in row.values()
        else _plain_deep(model, row)
        for row in rows
    ]
    adapter = _many(model)
    reasons: dict[int, str] = {}
    try:
        records = adapter.validate_python(plain)
    except _UNREADABLE:
        for index, row in enumerate(plain):
            try:
                model.model_validate(row)
            except _UNREADABLE as error:
                reasons[index] = _why(error)
        records = adapter.validate_python([row for index, row in enumerate(plain) if index not in reasons])
    bad = [BadRow(index, kind, _id_of(rows[index]), reasons[index], rows[index]) for index in sorted(reasons)]
    if flat:
        return [record.__dict__ for record in records], bad
    return [in_our_terms(record) for record in records], bad


def in_our_terms(record: Payload) -> Row:
    """The validated record as a plain row. Its own `__dict__`: a copy would cost as much as the check."""
    row = record.__dict__
    if isinstance(record, payload.Customer):
        car = row.pop("car_info").__dict__
        row.update({ours: car[theirs] for ours, theirs in CAR_FIELDS.items()})
        return row
    for name in inner_models(type(record)):
        value = row[name]
        if isinstance(value, list):
            row[name] = [in_our_terms(item) if isinstance(item, Payload) else item for item in value]
        elif isinstance(value, Payload):
            row[name] = in_our_terms(value)
    return row


def read_record(model: type[Payload], data: object) -> Payload:
    try:
        return model.model_validate(_plain_deep(model, data))
    except _UNREADABLE as error:
        raise BadPayload(_why(error)) from None


_UNREADABLE = (ValueError, TypeError, ArithmeticError, RecursionError)
"""What reading a value from outside may end in; what pydantic finds is a `ValueError`."""


def _why(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"record: {type(error).__name__}"
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or 'record'}: {problem['msg']}"[:200]


def _id_of(row: object) -> str | None:
    if not isinstance(row, dict):
        return None
    identity = row.get("id", row.get("_id"))
    return str(identity)[:200] if isinstance(identity, str | int) else None


def _rows_in(data: object, *nouns: str) -> list[object]:
    """The list inside an answer: bare, under one of its nouns, or the only list there is."""
    if isinstance(data, list):
        return data
    if isinstance(data, dict):
        named = {_plain_name(name): value for name, value in data.items() if isinstance(name, str)}
        for noun in (*nouns, "items", "data", "rows", "results"):
            if isinstance(rows := named.get(noun), list):
                return rows
        lists = [value for value in named.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0]
    raise BadPayload(f"no list of {nouns[0]}")


# --- the answer of every endpoint that reads -----------------------------------------------------------


def read_answer(endpoint: str, data: object) -> WireReading:
    """Return what an endpoint answered, checked and in our terms; an endpoint without a body of its own reads as an
    empty record. Raises `BadPayload` where the answer as a whole cannot be used."""
    model, noun = answers.ANSWERS.get(endpoint, (Payload, None))
    if noun is not None:
        good, bad = _read_list(noun, model, _rows_in(data, noun))
        return WireReading(None, good, bad) if model in _RECORDS.values() else _again(noun, model, good, bad)
    if data is None and model is Payload:
        return WireReading({}, [], [])
    if model in _RECORDS.values() or model in (answers.Tokens, payload.SyncPage):
        return WireReading(in_our_terms(read_record(model, _unwrapped(model, data))), [], [])
    return _leniently(model, _unwrapped(model, data))


def _leniently(model: type[Payload], data: object) -> WireReading:
    """One record that only informs, without the fields of it that cannot be read; those are among the bad rows."""
    try:
        record, places = leniency.read(model, _plain_deep(model, data))
    except _UNREADABLE as error:
        raise BadPayload(_why(error)) from None
    return WireReading(
        in_our_terms(record), [], [BadRow(0, place, None, f"{place}: unreadable", None) for place in places]
    )


def _again(noun: str, model: type[Payload], good: list[Row], bad: list[BadRow]) -> WireReading:
    """Rows that only inform: those that were set aside once more, each without what is wrong in it. They come last."""
    for bad_row in bad:
        with suppress(*_UNREADABLE):
            good.append(in_our_terms(leniency.read(model, _plain_deep(model, bad_row.raw))[0]))
    return WireReading(None, good, bad)


def _unwrapped(model: type[Payload], data: object) -> object:
    """The record itself, where a server has put it under one more noun (`{"customer": {...}}`), or its tokens under
    theirs."""
    if not isinstance(data, dict):
        return data
    if model is answers.Tokens and isinstance(inner := data.get("tokens"), dict):
        return {**data, **inner}
    names = {model.other_names.get(name, name) for name in map(_plain_name, (str(key) for key in data))}
    inner_records = [value for value in data.values() if isinstance(value, dict)]
    if len(inner_records) == 1 and not names & _known(model):
        return inner_records[0]
    return data
