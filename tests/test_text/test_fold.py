"""The search key: what a clerk means as one word is one key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.text.fold import fold, fold_number

ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأإؤئىةپچژگڤڨکیےۓۀ ـًَُِّْٰ٠١٢٣۴۵٫٬لاABCxyz 0123-./\u200f\u2066\u2069ﻻﻪﻠﻟ"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("أحمد", "احمد"), ("إلى", "الي"), ("قطعة", "قطعه"), ("آلة", "اله"), ("ٱلله", "الله"),
        ("مُحَمَّد", "محمد"), ("محـــمد", "محمد"), ("١٢٣", "123"), ("۱۲۳", "123"), ("کتاب", "كتاب"),
        ("فارسی", "فارسي"), ("BP-001/a", "bp-001/A"), ("ﻻ", "لا"), ("ﻪﻠﻟﺍ", "هللا"), ("١٥٠٫٠٠", "150.00"),
        ("١٬٢٥٠", "1250"), ("ا\u0655سلام", "اسلام"), ("\u2066BP 1\u2069", "bp 1"),
        ("  طلمبة\u00a0  مياه ", "طلمبه مياه"),
        ("STRASSE", "straße"), ("ﷺ", "صلي الله عليه وسلم"),
        ("فولفو", "ڤولڤو"), ("موخرة", "مؤخرة"), ("موخره", "مؤخرة"), ("چوان", "جوان"), ("پلاتين", "بلاتين"),
        ("هواء", "هوا"), ("مسئول", "مسيول"), ("بيجو", "پيژو"), ("شاطئ", "شاطى"), ("ھوا", "هواء"),
    ],
)  # fmt: skip
def test_two_spellings_of_one_word(written: str, meant: str) -> None:
    assert fold(written) == fold(meant)


@pytest.mark.parametrize(("one", "other"), [("باب", "ناب"), ("فلتر", "فلاتر"), ("ت", "ث"), ("12", "21")])
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(alphabet=ARABIC, max_size=40))
def test_a_key_is_its_own_key(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold_number(fold_number(text)) == fold_number(text)


@given(st.text(alphabet=ARABIC, max_size=30), st.text(alphabet=ARABIC, max_size=30))
def test_keys_hold_no_runs_of_blanks(one: str, other: str) -> None:
    key = fold(f" {one} \t {other} ")
    assert key == " ".join(key.split())


@pytest.mark.parametrize(
    "typed", ["06L-115-562-B", "06l 115 562 b", "06L115562B", "٠٦L.115/562_B", "\u206606L-115-562-B\u2069"]
)
def test_part_numbers_are_found_without_punctuation(typed: str) -> None:
    assert fold_number(typed) == "06l115562b"
