"""The words of a record and the terms of a query are cut by one rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.core import customers, inventory, orders, receipts, search_words, suppliers
from clutch_tui.text.fold import fold, fold_number
from tests.counting import lines

PART = {
    "name": "الطلمبة الأصلية",
    "name_en": "Water pump",
    "part_number": "06L-115 562/B",
    "barcode": "٦٢٢٣٠٠١٢٣٤٥٦٧",
    "oem_number": "06L115562B",
    "car_brand": "تويوتا",
    "year": "2008-2013",
    "location": "A-03-2",
    "supplier": "شركة النور",
}


def test_a_part_has_its_numbers_bare_and_as_written() -> None:
    keys = inventory.keys_of(PART)
    assert keys["name_key"] == "الطلمبه الاصليه"
    assert keys["number_key"] == keys["oem_key"] == "06l115562b"
    assert keys["barcode_key"] == "6223001234567"
    found = keys["words"].split()
    assert {"06l-115", "06l115562b", "6223001234567", "طلمبه", "الطلمبه", "نور", "تويوتا", "a-03-2"} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("nothing", [{}, {"name": None, "barcode": None, "items": None}])
def test_missing_fields_are_empty(nothing: dict[str, None]) -> None:
    assert set(inventory.keys_of(nothing).values()) == {""}
    assert set(customers.keys_of(nothing).values()) == {""}
    assert set(suppliers.keys_of(nothing).values()) == {""}
    assert orders.keys_of(nothing) == receipts.keys_of(nothing) == {"search_key": ""}


def test_a_part_without_an_arabic_name_is_sorted_by_its_english_one() -> None:
    assert inventory.keys_of({"name_en": "Oil filter"})["name_key"] == "oil filter"


@pytest.mark.parametrize("written", ["01001234567", "+20 100 123 4567", "0020-100-1234567", "٠١٠٠١٢٣٤٥٦٧"])
def test_a_telephone_has_one_key(written: str) -> None:
    assert customers.keys_of({"phone": written})["phone_key"] == "01001234567"


def test_punctuation_inside_a_word_joins_or_parts_it() -> None:
    assert {"10w-40", "10w40"} <= set(inventory.keys_of({"name": "زيت 10W-40"})["words"].split())
    assert search_words.joint_terms("زيت 5W-30، H-7") == ["زيت", "5w30", "h7"]
    assert search_words.joint_terms("- , !") == []


def test_terms_drop_the_article_and_punctuation() -> None:
    assert search_words.terms("الطلمبه، (06L-115)") == ["طلمبه", "06l", "115"]
    assert search_words.terms("ال") == ["ال"]
    assert search_words.terms("!!! ـــ") == []


@given(st.text(max_size=40))
def test_bare_is_fold_number(text: str) -> None:
    assert search_words.bare(fold(text)) == fold_number(text)


def test_keys_are_little_work() -> None:
    """A pull prepares 100,000 rows: the preparation must stay far below what SQLite takes for them."""
    assert lines(lambda: inventory.keys_of(PART)) < 300
