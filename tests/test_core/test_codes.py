"""One number of trade is one key, in whatever form it was stored and is scanned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.core import codes, inventory, search
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from clutch_tui.text.fold import fold_number

FNC1 = "\x1d"


@pytest.mark.parametrize(
    ("stored", "scanned"),
    [
        ("0041112223338", "041112223338"), ("0041112223338", "41112223338"), ("0041112223338", "00041112223338"),
        ("12345678905", "012345678905"), ("12345678905", "0012345678905"), ("12345678905", "12345678905"),
        ("6223001234562", "06223001234562"), ("6223001234562", "]E06223001234562"),
        ("6223001234562", "]C10106223001234562"), ("6223001234562", "]C1 01 06223001234562"),
        ("6223001234562", "(01)06223001234562"), ("6223001234562", "(01) 06223001234562 (10)AB12"),
        ("6223001234562", f"]d20106223001234562172612311{FNC1}0AB"), ("6223001234562", "0106223001234562"),
        ("6223001234562", f"{FNC1}010622300123456210AB12"), ("6223001234562", "٦٢٢٣٠٠١٢٣٤٥٦٢"),
        ("]E06223001234562", "6223001234562"), ("(01)06223001234562", "6223001234562"),
        ("96385074", "]E496385074"), ("96385074", "00000096385074"), ("00123457", "123457"), ("AB-12/c", "]C0ab12C"),
    ],
)  # fmt: skip
def test_what_is_stored_is_found_by_what_is_scanned(store: Store, stored: str, scanned: str) -> None:
    part = store.run_now(inventory.create, PartDraft(name="بوجيه", barcode=stored))
    found = store.read_now(inventory.find_code, scanned)
    assert found is not None
    assert found.id == part.id
    assert [row.id for row in store.read_now(search.find, scanned)] == [part.id]


@pytest.mark.parametrize(
    ("one", "other"),
    [("16223001234569", "6223001234562"), ("0015", "15"), ("0106223001234561", "6223001234561"), ("1-2", "(01)12")],
)
def test_different_codes_stay_apart(one: str, other: str) -> None:
    assert codes.barcode_key(one) != codes.barcode_key(other)


def test_a_part_number_is_scanned_with_the_signs_of_its_symbology(store: Store) -> None:
    part = store.run_now(inventory.create, PartDraft(name="فلتر", part_number="OC 197"))
    found = store.read_now(inventory.find_code, "]C0OC197")
    assert found is not None
    assert found.id == part.id


@given(st.from_regex("[0-9]{8,14}", fullmatch=True), st.integers(0, 6))
def test_zeros_before_a_number_of_trade_mean_nothing(code: str, zeros: int) -> None:
    padded = code.zfill(len(code) + zeros)[:14] if len(code) + zeros <= 14 else code
    assert codes.barcode_key(padded) == codes.barcode_key(code)


@given(st.text(max_size=30) | st.from_regex(r"\]?[A-Ea-e]?[0-9]{0,20}[-A-Z]?", fullmatch=True))
def test_a_key_is_its_own_key(text: str) -> None:
    key = codes.barcode_key(text)
    assert codes.barcode_key(key) == key
    assert fold_number(key) == key
