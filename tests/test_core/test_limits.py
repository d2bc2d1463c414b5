"""One length for each text: what the server takes is what forms and imports take, and what is longer is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from clutch_tui.core import inventory
from clutch_tui.core.price_lists import imports, price_list
from clutch_tui.core.records import EDITABLE
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft, PartQuery
from clutch_tui.net import wire
from clutch_tui.phrases import fields
from clutch_tui.sandbox.payload import Invalid
from clutch_tui.sandbox.records import NOUNS, UNITS
from clutch_tui.text.format import NumberError
from tests.test_core.test_price_list import take_row, write

OF_CODES = {("item", "unit"), ("price_rule", "scope")}
"""A list of codes has no length."""
LONGEST = {
    type: {
        name: field.maximum
        for name, field in record.fields.items()
        if field.kind in ("text", "choice") and (type, name) not in OF_CODES
    }
    for type, record in EDITABLE.items()
}
TEXTS = [(type, field) for type, texts in LONGEST.items() for field in texts]
OF_PARTS = [field for type, field in TEXTS if type == "item"]
TELLING = ("part_number", "barcode", "name", "name_en", "brand", "car_brand", "car_model", "year")


@pytest.mark.parametrize(("type", "field"), TEXTS)
def test_the_server_takes_a_text_up_to_its_limit_and_no_further(type: str, field: str) -> None:
    longest = "x" * LONGEST[type][field]
    if field.startswith("car_") and type == "customer":
        NOUNS[type].fields["car_info"].read({field.removeprefix("car_"): longest}, field)
        return
    read = NOUNS[type].fields[field].read
    assert read(longest, field) == longest
    with pytest.raises(Invalid):
        read(f"{longest}x", field)


@pytest.mark.parametrize(("type", "field"), TEXTS)
def test_a_form_takes_a_text_up_to_its_limit_and_no_further(type: str, field: str) -> None:
    entry = fields.find(type, field)
    if entry is None:
        assert field in ("image_url", "item_id"), "no form has it"
        return
    longest = "x" * LONGEST[type][field]
    assert fields.read(entry, longest) == longest
    with pytest.raises(NumberError):
        fields.read(entry, f"{longest}x")


def test_the_server_takes_every_unit_that_a_form_offers_and_no_other() -> None:
    entry, read = fields.find("item", "unit"), NOUNS["item"].fields["unit"].read
    assert entry is not None
    offered = {wire.write("item", {"unit": code})["unit"] for code, _ in entry.choices}
    assert {read(code, "unit") for code in offered} == offered == set(UNITS)
    for unknown in ("GLI", "ltr", "XXXX", 5):
        with pytest.raises(Invalid):
            read(unknown, "unit")


@pytest.mark.parametrize("field", OF_PARTS)
def test_a_list_is_taken_up_to_the_limit_and_says_what_is_beyond(tmp_path: Path, field: str) -> None:
    most = LONGEST["item"][field]
    entry, remarks = take_row(tmp_path, **{field: "x" * most})
    assert entry is not None
    assert entry.said[field] == "x" * most
    assert not [key for key, _ in remarks if "too_long" in key]

    entry, remarks = take_row(tmp_path, **{field: "x" * (most + 1)})
    ((key, values),) = [one for one in remarks if "too_long" in one[0]]
    assert (values["field"], values["length"], values["maximum"]) == (field, most + 1, most)
    if field in TELLING:
        assert (entry, key) == (None, "import.bad.too_long")
    else:
        assert key == "import.warning.too_long"
        assert entry is not None
        assert field not in entry.said, "never a part of it"


def test_further_numbers_that_have_no_room_leave_the_part_as_it_is(store: Store, tmp_path: Path) -> None:
    columns = ["part_number", "name", "oem_number"]

    def take(*row: str) -> imports.ImportReport:
        return imports.run(store, price_list.read(write(tmp_path / "list.csv", [columns, row])))

    def parts() -> tuple[PartDraft, ...]:
        rows = store.read_now(inventory.page, PartQuery(), None, 0, 10)
        return tuple(store.read_now(inventory.get, row.id).draft for row in rows)

    take("OF-200", "فلتر", "O" * 190)
    before = parts()
    report = take("OF-200 / PN-000001 / PN-000002", "فلتر", "")
    assert [(one.key, one.values["field"]) for one in report.warnings] == [
        ("import.warning.several_numbers", "part_number"),
        ("import.warning.too_long", "oem_number"),
    ]
    assert (report.refused, report.unchanged, parts()) == (0, 1, before)
