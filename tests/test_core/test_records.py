"""One declaration of each record: what repeats a field elsewhere on purpose is held against it, the rest is derived."""

from __future__ import annotations

import dataclasses

import pytest

from clutch_tui.core.records import EDITABLE, RECORDS, RecordType, policy_fields
from clutch_tui.core.records.declaration import Key, fields_of, keys_from, text
from clutch_tui.net import payload, wire
from clutch_tui.phrases import fields
from clutch_tui.sandbox.records import NOUNS
from clutch_tui.text import strings

ON_THE_WIRE = {
    "item": payload.Item,
    "customer": payload.Customer,
    "supplier": payload.Supplier,
    "price_rule": payload.PriceRule,
}
FOLDERS = {"text": "", "choice": "", "money": 0, "percent": 0, "number": 0, "quantity": 0}

every_record = pytest.mark.parametrize("record", EDITABLE.values(), ids=lambda record: record.name)


@every_record
def test_the_wire_carries_every_field_and_every_column(record: RecordType) -> None:
    """The payload is written by hand, for what a server may send is not what a shop may write."""
    carried = set(ON_THE_WIRE[record.name].model_fields) - {"id"}
    if record.name == "customer":
        carried = (carried - {"car_info"}) | set(wire.CAR_FIELDS)
    assert carried == set(record.columns)


@every_record
def test_the_sandbox_takes_every_field(record: RecordType) -> None:
    taken = set(NOUNS[record.name].fields)
    written = set(record.fields)
    if record.name == "customer":
        written = (written - set(wire.CAR_FIELDS)) | {"car_info"}
    assert taken == written


@every_record
def test_a_draft_says_nothing_until_somebody_writes(record: RecordType) -> None:
    assert record.draft is not None
    draft = record.draft()
    for name, field in record.fields.items():
        assert getattr(draft, name) == FOLDERS[field.kind], name


@every_record
def test_every_field_has_its_word_in_both_languages(record: RecordType) -> None:
    for name, field in record.fields.items():
        assert strings.has(field.label), name


@every_record
def test_every_field_is_a_column_of_its_table(record: RecordType) -> None:
    assert set(record.fields) < set(record.columns)
    assert {key.column for field in record.fields.values() for key in field.keys if key.column} | {"words"} == set(
        record.keys
    )


@every_record
def test_a_form_asks_for_every_field_but_pictures_and_ids(record: RecordType) -> None:
    asked = [entry.name for entry in fields.OF_TYPE[record.name]]
    assert asked == [name for name in record.fields if name not in ("image_url", "item_id")]


def test_a_record_keeps_no_column_for_two_things() -> None:
    for record in RECORDS.values():
        assert not set(record.columns) & set(record.keys)


def test_a_policy_may_be_set_for_every_field() -> None:
    assert {"car_plate", "car_year", "oem_number", "rating"} <= policy_fields()
    assert not {"car_info", "tax", "stock_quantity"} & policy_fields()


def test_fields_that_share_a_key_are_sorted_by_the_first_that_says_something() -> None:
    @dataclasses.dataclass(frozen=True)
    class Two:
        first: str = text("common.name", keys=(Key(str.lower, "key"),))
        second: str = text("common.name", keys=(Key(str.upper), Key(str.lower, "key", again=True)))

    keys_of = keys_from(Two)
    assert keys_of({"first": "A", "second": "B"}) == {"key": "a", "words": "a B b"}
    assert keys_of({"second": "B"}) == {"key": "b", "words": "B b"}
    assert keys_of({}) == {"key": "", "words": ""}
    assert list(fields_of(Two)) == ["first", "second"]
