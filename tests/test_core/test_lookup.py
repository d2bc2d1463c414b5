"""The whole text first, then so much of a code, then the other keyboard layout; what is doubtful is asked."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch_tui.core import inventory, lookup
from clutch_tui.core.cart import add_line
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.lookup_plan import Times, plan
from clutch_tui.core.quantity import ONE, Quantity, of_decimal, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, PartDraft
from clutch_tui.text.fold import fold, fold_number
from clutch_tui.text.layouts import on_the_other

SHELF = (
    ("25*47*7", "", "اويل سيل كرنك"), ("47*7", "", "حلقة صغيرة"), ("SEAL-A", "", "اويل سيل 35*50*8"),
    ("OC 197", "6223001234562", "فلتر زيت"), ("W 712", "", "فلتر زيت قصير"), ("W 712/75", "", "فلتر زيت طويل"),
    ("15", "", "مسمار 15"), ("3/4", "", "وصلة"), ("7700123", "", "جوان وش سلندر"), ("BELT-9", "7700123", "سير كاتينة"),
    ("TWIN-1", "6223009990011", "طرمبة مياه اصلي"), ("TWIN-2", "6223009990011", "طرمبة مياه تقليد"),
    ("LIT-1", "", "زيت موتور 5W30 باللتر"), ("15-40X", "", "زيت موتور"), ("GHATA-1", "", "غطاء رادياتير"),
    ("VOLVO-1", "", "طقم فرامل ڤولڤو"), ("ELEC-1", "", "طقم كهرباء"), ("BOLT", "", "مسمار طويل"),
)  # fmt: skip
MEASURED = {"LIT-1": ("LTR", 3), "15-40X": ("LTR", 1)}
"""What of it is sold in fractions: unit and decimals."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("lookup") / "shop.db"
    with Store.open(path, inline=True) as store:
        for number, barcode, name in SHELF:
            unit, decimals = MEASURED.get(number, ("", 0))
            draft = PartDraft(name=name, part_number=number, barcode=barcode, unit=unit, decimals=decimals)
            store.run_now(inventory.create, draft)
        yield store


def units(number: float | str) -> Quantity:
    """A number of units as it is written."""
    return of_decimal(Decimal(number))


@pytest.mark.parametrize(
    ("typed", "quantity", "number"),
    [
        ("25*47*7", 1, "25*47*7"), ("25 * 47 * 7", 1, "25*47*7"), ("3*25*47*7", 3, "25*47*7"),
        ("25*47*7*3", 3, "25*47*7"), ("25×47×7", 1, "25*47*7"), ("2*47*7", 2, "47*7"),
        ("15", 1, "15"), ("3*15", 3, "15"), ("15*3", 3, "15"), ("3*622 3001-234.562", 3, "OC 197"),
        ("15-40X", 1, "15-40X"), ("2*15-40X", 2, "15-40X"),
        ("3/4", 1, "3/4"), ("2*3/4", 2, "3/4"), ("w712", 1, "W 712"), ("10*OC 197", 10, "OC 197"),
        ("OC 197*10", 10, "OC 197"), ("oc197 × 10", 10, "OC 197"), ("10×oc197", 10, "OC 197"),
        ("١٠×OC 197", 10, "OC 197"), ("OC 197*١٠", 10, "OC 197"), ("3x OC 197", 3, "OC 197"),
        ("OC 197 x3", 3, "OC 197"), ("3 X oc197", 3, "OC 197"), ("1.5 x LIT-1", "1.5", "LIT-1"),
        ("٢٫٥x LIT-1", "2.5", "LIT-1"), ("LIT-1 x½", "0.5", "LIT-1"), ("LIT-1 X .25", "0.25", "LIT-1"),
        ("+2*oc197", 2, "OC 197"),
        ("3*06223001234562", 3, "OC 197"), ("]E06223001234562", 1, "OC 197"), ("2*(01)06223001234562", 2, "OC 197"),
        ("1.5*LIT-1", "1.5", "LIT-1"), ("LIT-1*1.5", "1.5", "LIT-1"), ("2.5*LIT-1", "2.5", "LIT-1"),
        ("٢٫٥*LIT-1", "2.5", "LIT-1"), ("٢.٥*LIT-1", "2.5", "LIT-1"), ("½*LIT-1", "0.5", "LIT-1"),
        ("1½*LIT-1", "1.5", "LIT-1"), ("LIT-1 × ⅜", "0.375", "LIT-1"), (".5*LIT-1", "0.5", "LIT-1"),
        ("٫٢٥*LIT-1", "0.25", "LIT-1"), ("+0.125*LIT-1", "0.125", "LIT-1"), ("1.250*LIT-1", "1.25", "LIT-1"),
        ("1.5*15-40X", "1.5", "15-40X"), ("1.0*OC 197", 1, "OC 197"),
    ],
)  # fmt: skip
def test_one_thing_is_meant(shop: Store, typed: str, quantity: int | str, number: str) -> None:
    found = shop.read_now(lookup.resolve, typed)
    assert found.unambiguous is not None
    meant = found.unambiguous
    assert (meant.quantity, meant.part.part_number, found.read_as) == (units(quantity), number, "")
    assert add_line(Cart("c"), meant.part, meant.quantity).lines[0].quantity == units(quantity)


@pytest.mark.parametrize(
    ("typed", "key", "values"),
    [
        ("1.5*OC 197", "error.quantity.pieces", {"name": "فلتر زيت"}),
        ("OC 197*½", "error.quantity.pieces", {"name": "فلتر زيت"}),
        ("1.25*15-40X", "error.quantity.decimals", {"name": "زيت موتور", "places": 1}),
        ("0.0*LIT-1", "error.sale.quantity", {}),
    ],
)
def test_a_fraction_of_what_is_not_sold_in_such_is_refused_in_words(
    shop: Store, typed: str, key: str, values: dict[str, object]
) -> None:
    meant = shop.read_now(lookup.resolve, typed).unambiguous
    assert meant is not None
    with pytest.raises(ShopError) as refused:
        add_line(Cart("c"), meant.part, meant.quantity)
    assert refused.value.key == key
    assert values.items() <= refused.value.values.items()


@pytest.mark.parametrize(
    ("typed", "figure"),
    [
        ("-2*LIT-1", "-2"), ("-1.5*LIT-1", "-1.5"), ("2,5*LIT-1", "2,5"), ("1/2*LIT-1", "1/2"), ("*-2", "-2"),
        ("LIT-1×-2", "-2"), ("3.*LIT-1", "3."), ("⅓*LIT-1", "⅓"), ("LIT-1*1⅔", "1⅔"), ("⅙*LIT-1", "⅙"),
        ("−2×LIT-1", "-2"), ("1,000*LIT-1", "1,000"), ("*-½", "-½"), ("*2,5", "2,5"), ("1.*", "1."),
    ],
)  # fmt: skip
def test_a_figure_that_is_no_quantity_is_refused_with_it(shop: Store, typed: str, figure: str) -> None:
    found, rows = shop.read_now(lookup.find, typed)
    assert (found.refused, found.exact, found.pieces, rows) == (figure, (), None, ())
    assert shop.read_now(lookup.resolve, typed) == found


@pytest.mark.parametrize(
    ("typed", "pieces"),
    [
        *(("*3", 3), ("3*", 3), ("×٣", 3), ("* 15", 15), ("*0", 0), ("+3*", 3)),
        *(("*1.5", "1.5"), ("1.5*", "1.5"), ("*½", "0.5"), ("×٠٫٢٥", "0.25"), ("*.125", "0.125")),
    ],
)
def test_a_figure_alone_is_for_the_marked_line(shop: Store, typed: str, pieces: int | str) -> None:
    assert shop.read_now(lookup.resolve, typed).pieces == units(pieces)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("6223009990011", [(1, "TWIN-1"), (1, "TWIN-2")]), ("3*6223009990011", [(3, "TWIN-1"), (3, "TWIN-2")]),
        ("7700123", [(1, "7700123"), (1, "BELT-9")]), ("3x15", [(3, "15")]), ("BOLTx3", [(3, "BOLT")]),
        ("1.5xLIT-1", [("1.5", "LIT-1")]),
        ("3/4*2", [(2, "3/4")]), ("3*1.5", [(3, "15")]), ("15*1.5", [(15, "15"), ("1.5", "15")]),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_asked(shop: Store, typed: str, meant: list[tuple[int | str, str]]) -> None:
    found = shop.read_now(lookup.resolve, typed)
    assert found.unambiguous is None
    assert [(one.quantity, one.part.part_number) for one in found.exact] == [(units(n), code) for n, code in meant]


def test_a_code_with_other_punctuation_is_one_meaning_among_several(store: Store) -> None:
    for number in ("315", "15", "3"):
        store.run_now(inventory.create, PartDraft(name="مسمار", part_number=number))
    found = store.read_now(lookup.resolve, "3*15")
    assert [(one.quantity, one.part.part_number) for one in found.exact] == [
        (ONE, "315"),
        (whole(3), "15"),
        (whole(15), "3"),
    ]
    assert found.unambiguous is None


def test_an_oem_number_counts_where_no_part_has_it_as_its_own(store: Store) -> None:
    store.run_now(inventory.create, PartDraft(name="اصلي", part_number="06L115562B"))
    store.run_now(inventory.create, PartDraft(name="تقليد", part_number="HU-6002", oem_number="06L 115 562 B"))
    store.run_now(inventory.create, PartDraft(name="تاني", part_number="X-1", oem_number="03C-115"))
    for typed, number in (("06l115562b", "06L115562B"), ("03C115", "X-1")):
        found = store.read_now(lookup.resolve, typed)
        assert found.unambiguous is not None
        assert found.unambiguous.part.part_number == number


@pytest.mark.parametrize(
    ("typed", "read_as", "number"),
    [
        ("خؤ197", "oc197", "OC 197"), ("خؤ 197", "oc 197", "OC 197"), ("ثمثؤ-1", "elec-1", "ELEC-1"),
        ("رخمرخ-1", "volvo-1", "VOLVO-1"), ("لاشفش-1", "ghata-1", "GHATA-1"), ("لاخمف", "bolt", "BOLT"),
        ("ﻻخمف", "bolt", "BOLT"), ("3*خؤ197", "3*oc197", "OC 197"), ("أخؤ197", "", ""), ("ص712", "w712", "W 712"),
    ],
)  # fmt: skip
def test_the_arabic_layout_is_tried_second_and_said(shop: Store, typed: str, read_as: str, number: str) -> None:
    found = shop.read_now(lookup.resolve, typed)
    assert (found.unambiguous.part.part_number if found.unambiguous else "", found.read_as) == (number, read_as)


@pytest.mark.parametrize(("typed", "number"), [("tgjv .dj r", "W 712"), ("lslhv", "15"), ("خؤ1", "OC 197")])
def test_a_search_on_the_wrong_layout_finds_the_same_parts(shop: Store, typed: str, number: str) -> None:
    found, rows = shop.read_now(lookup.find, typed)
    assert rows[0].part_number == number
    assert found.read_as in on_the_other(typed)


@pytest.mark.parametrize("typed", ["كورو", "كرو 1", "زرو", "3*كرو"])
def test_an_arabic_word_that_is_no_number_on_other_keys_finds_nothing(shop: Store, typed: str) -> None:
    found, rows = shop.read_now(lookup.find, typed)
    assert (found.read_as, rows) == ("", ())


@pytest.mark.parametrize(
    ("typed", "quantity", "sure", "first"),
    [
        ("3*فلتر زيت", 3, True, "OC 197"), ("فلتر زيت*3", 3, False, "OC 197"), ("35*50*8", 1, True, "SEAL-A"),
        ("سيل 35*50", 1, True, "SEAL-A"), ("25*47", 1, True, "25*47*7"), ("2*7700", 2, True, "7700123"),
        ("1.5*زيت موتور 5W30", "1.5", True, "LIT-1"), ("زيت موتور 5W30*½", "0.5", False, "LIT-1"),
    ],
)  # fmt: skip
def test_a_search_says_how_much_it_is_for(shop: Store, typed: str, quantity: int | str, sure: bool, first: str) -> None:
    found, rows = shop.read_now(lookup.find, typed)
    assert not found.exact
    assert (found.quantity, found.sure, rows[0].part_number) == (units(quantity), sure, first)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("lookup") / "empty.db", inline=True) as store:
        yield store


FIGURES = st.one_of(
    st.integers(1, 999_999).map(str),
    st.integers(1, 3).flatmap(lambda places: st.decimals("0.1", "999_999", places=places)).map("{:f}".format),
)
"""Quantities as they are typed."""
CODES = st.text(alphabet="ABX0123456789-*/. ", min_size=1, max_size=9).map(str.strip)


@given(FIGURES, st.from_regex("[A-Z]{2}[A-Z0-9-]{0,6}[A-Z0-9]", fullmatch=True), st.sampled_from("*×✕"), st.booleans())
def test_a_quantity_is_read_in_any_writing(figure: str, code: str, sign: str, arabic: bool) -> None:
    digits = figure.translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")) if arabic else figure
    quantity = units(figure)
    assert plan(f"{digits}{sign}{code}").times == (Times(quantity, code),)
    assert plan(f"{code} {sign} {digits}").times == (Times(quantity, code, behind=True),)
    assert plan(f"{sign}{digits}").pieces == plan(f"{digits} {sign}").pieces == quantity
    assert not plan(code).reckons


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(CODES.filter(fold_number), min_size=1, max_size=6, unique=True), figure=FIGURES)
def test_a_number_as_written_is_that_part_or_is_asked_about(empty: Store, numbers: list[str], figure: str) -> None:
    """Whatever numbers look like: typed whole, one piece of a part that is written so, or a question that names it;
    behind a figure, so much of it, or a question, or a refusal. Never something else for sure."""
    quantity = units(figure)
    empty.run_now(db.execute, "DELETE FROM part")
    for number in numbers:
        empty.run_now(inventory.create, PartDraft(name="صنف", part_number=number))
    for number in numbers:
        found = empty.read_now(lookup.resolve, number)
        assert written(number) in [written(one.part.part_number) for one in found.exact if one.quantity == ONE]
        several = empty.read_now(lookup.resolve, f"{figure}*{number}")
        as_one = [one for one in several.exact if written(one.part.part_number) == written(f"{figure}*{number}")]
        named = [one for one in several.exact if written(one.part.part_number) == written(number)]
        assert several.refused or as_one or quantity in [one.quantity for one in named]
        assert several.unambiguous is None or several.unambiguous in (*as_one, *named)


def written(number: str) -> str:
    return fold(number).replace(" ", "")
