"""Search as you type: every field, every route, and nothing that a person can type breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch_tui.core import inventory, search
from clutch_tui.core.database import db
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft, PartQuery
from tests.test_core.shop import stock_shelf


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("search") / "shop.db"
    with Store.open(path, inline=True) as store:
        stock_shelf(store)
        yield store


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("طلمبه", ["WP-100"]),
        ("الطلمبة", ["WP-100"]),
        ("ميا طلم", ["WP-100"]),
        ("WATER PU", ["WP-100"]),
        ("فلتر", ["OF-200", "06L-115-562 B"]),
        ("الفلتر الاصلى", ["06L-115-562 B"]),
        ("لتر زي", ["OF-200"]),
        ("تويوتا", ["WP-100"]),
        ("06l1155", ["06L-115-562 B"]),
        ("06L 115/56", ["06L-115-562 B"]),
        ("115562", ["06L-115-562 B"]),
        ("6223", ["SP-300"]),
        ("٦٢٢٣", ["SP-300"]),
        ("1234567", ["SP-300"]),
        ("ilter", ["OF-200"]),
        ("ogni dove", []),
        ("", []),
        ("-", []),
    ],
)
def test_it_is_found_as_people_type_it(shop: Store, typed: str, found: list[str]) -> None:
    assert [row.part_number for row in shop.read_now(search.find, typed)] == found


LIST = {
    "LIT-1": "زيت موتور 5W30 باللتر", "LIT-2": "زيت موبيل 10W-40 جالون", "GAS-1": "فريون R134a",
    "LAMP-1": "لمبة H7 اوسرام", "LAMP-2": "لمبة H-4 فيليبس", "V-1": "طقم فرامل ڤولڤو", "V-2": "طقم فرامل فولفو تقليد",
    "CH-1": "چوان وش", "P-1": "پلاتين", "S-1": "شكمان مؤخرة", "S-2": "شكمان موخره", "M-1": "مسئول لمبة",
}  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("فولفو", ["V-1", "V-2"]), ("ڤولڤو", ["V-1", "V-2"]), ("طقم ڤولفو", ["V-1", "V-2"]),
        ("موخرة", ["S-1", "S-2"]), ("مؤخرة", ["S-1", "S-2"]), ("مؤخره", ["S-1", "S-2"]),
        ("5W-30", ["LIT-1"]), ("5w30", ["LIT-1"]), ("زيت 5W-30", ["LIT-1"]), ("5W-", ["LIT-1"]),
        ("10w40", ["LIT-2"]), ("10W-40", ["LIT-2"]), ("10 w 40", []), ("10w-40 جالون", ["LIT-2"]),
        ("H-7", ["LAMP-1"]), ("h7", ["LAMP-1"]), ("لمبة H4", ["LAMP-2"]), ("h-4", ["LAMP-2"]), ("R-134a", ["GAS-1"]),
        ("جوان", ["CH-1"]), ("بلاتين", ["P-1"]), ("مسيول", ["M-1"]), ("lamp1", ["LAMP-1"]),
        ("LAMP-", ["LAMP-1", "LAMP-2"]), ("m-1 لمبة", ["M-1"]),
    ],
)  # fmt: skip
def test_two_spellings_of_one_thing_find_each_other(store: Store, typed: str, found: list[str]) -> None:
    for number, name in LIST.items():
        store.run_now(inventory.create, PartDraft(name=name, part_number=number))
    assert [row.part_number for row in store.read_now(search.find, typed)] == found
    listed = store.read_now(inventory.page, PartQuery(text=typed), None, 0, 50)
    assert [row.part_number for row in listed] == found


@pytest.mark.parametrize(
    "typed", ['"', "a* OR b*", "NOT", "NEAR(a b)", "words:x", "x' --", "(", "\x00", "a\x00b", "'); DROP"]
)
def test_the_index_never_sees_a_query_language(shop: Store, typed: str) -> None:
    assert shop.read_now(search.find, typed) == ()


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=30) | st.text(alphabet='"*()-^:+ فلترAB12', max_size=20))
def test_nothing_that_is_typed_is_an_error(shop: Store, typed: str) -> None:
    rows = shop.read_now(search.find, typed)
    listed = shop.read_now(inventory.page, PartQuery(text=typed), None, 0, 50)
    assert shop.read_now(inventory.count, PartQuery(text=typed)) == len(listed)
    assert len({row.id for row in rows}) == len(rows)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_beginning_of_a_field_finds_its_part(shop: Store, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(shop.read_now(inventory.page, PartQuery(), None, 0, 9)))
    draft = shop.read_now(inventory.get, row.id).draft
    fields = (draft.name, draft.name_en, draft.part_number, draft.barcode, draft.oem_number, draft.brand)
    field = data.draw(st.sampled_from([field for field in fields if field]))
    typed = field[: data.draw(st.integers(1, len(field)))]
    assert row.id in {found.id for found in shop.read_now(search.find, typed)}
    assert row.id in {found.id for found in shop.read_now(inventory.page, PartQuery(text=typed), None, 0, 9)}


def test_what_a_transaction_writes_is_found_after_it(store: Store) -> None:
    part = store.run_now(inventory.create, PartDraft(name="رادياتير"))
    assert store.read_now(search.find, "رادي")[0].id == part.id
    store.run_now(db.execute, "UPDATE part SET words = 'ردياتير' WHERE id = ?", (part.id,))
    assert store.read_now(search.find, "رادي") == ()
    assert store.read_now(search.find, "رديا")[0].id == part.id
    store.run_now(db.execute, "DELETE FROM part")
    assert store.read_now(search.find, "رديا") == ()


def test_a_transaction_that_fails_leaves_the_index_as_it_was(store: Store) -> None:
    def write_and_fail() -> None:
        inventory.create(PartDraft(name="شبح"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.run_now(write_and_fail)
    assert store.read_now(search.find, "شبح") == ()
    store.run_now(inventory.create, PartDraft(name="مارش"))
    assert [row.name for row in store.read_now(search.find, "م")] == ["مارش"]


def test_no_more_than_asked_for(store: Store) -> None:
    for n in range(20):
        store.run_now(inventory.create, PartDraft(name=f"فلتر {n}", part_number=f"77-{n}"))
    assert len(store.read_now(search.find, "فلتر", 5)) == 5
    assert len(store.read_now(search.find, "77", 5)) == 5
