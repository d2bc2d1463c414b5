"""Order and joining: Unicode's cases, the shop's cases, and what must hold for any text."""

from __future__ import annotations

import re
from itertools import pairwise
from unicodedata import category

import arabic_reshaper
import pytest
from bidi.mirror import MIRRORED as THEIR_MIRRORED
from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.text import levels, shaping
from clutch_tui.text.bidi import (
    LTR,
    MIRRORED,
    RTL,
    base_direction,
    layout,
    needs_order,
    to_letters,
    visual,
)
from clutch_tui.text.format import isolate
from tests.test_text import unicode_conformance, unicode_files

LETTERS = "ابتثجحخلللاااأإآءةىوي ًَُِّ ()[]<>.,:/-+%0123456789٠١٢٣abcXYZ\u2066\u2067\u2069\u200f\u200d\u200c─│"
LINES = st.text(alphabet=LETTERS, max_size=40)
RESHAPER = arabic_reshaper.ArabicReshaper(
    {"support_ligatures": False, "delete_harakat": False, "delete_tatweel": False}
)


def test_every_case_with_characters() -> None:
    expected = 91_000 if unicode_files.is_complete() else 900
    assert unicode_conformance.check(unicode_files.character_cases()) >= expected


def test_cases_with_classes() -> None:
    """A seventh of them, spread over the file; `python -m tests.test_text.unicode_conformance` takes all."""
    step, expected = (7, 105_000) if unicode_files.is_complete() else (1, 7_700)
    assert unicode_conformance.check(unicode_files.class_cases(step)) >= expected


def test_a_wrong_level_and_a_wrong_order_are_found() -> None:
    case = next(case for case in unicode_files.character_cases() if len(set(case.levels)) > 1)
    for wrong in (
        case._replace(levels=[level if level is None else level + 2 for level in case.levels]),
        case._replace(order=case.order[::-1]),
        case._replace(paragraph=1 - (case.paragraph or 0)),
    ):
        with pytest.raises(AssertionError):
            unicode_conformance.check([wrong])


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("لا", "ﻻ"),
        ("الله", "ﻪﻠﻟﺍ"),
        ("سلام", "ﻡﻼﺳ"),
        ("محمّد", "ﺪﻤّﺤﻣ"),
        ("(قطعة)", "(ﺔﻌﻄﻗ)"),
        ("قطعة [أصلي]", "[ﻲﻠﺻﺃ] ﺔﻌﻄﻗ"),
        ("فلتر BP-001/A أصلي", "ﻲﻠﺻﺃ BP-001/A ﺮﺘﻠﻓ"),
        ("السعر ١٥٠٫٠٠ ج.م.", ".ﻡ.ﺝ ١٥٠٫٠٠ ﺮﻌﺴﻟﺍ"),
        ("خصم " + isolate("10%") + " فقط", "ﻂﻘﻓ 10% ﻢﺼﺧ"),
        ("الفرق " + isolate("-5") + " قطع", "ﻊﻄﻗ -5 ﻕﺮﻔﻟﺍ"),
        ("رقم " + isolate("7-A/BP"), "7-A/BP ﻢﻗﺭ"),
        ("يوم " + isolate("2026-11-22"), "2026-11-22 ﻡﻮﻳ"),
        ("ت: " + isolate("+20 100 123 4567"), "+20\u00a0100\u00a0123\u00a04567 :ﺕ"),
        ("۱۲۳ فارسی", "ﯽﺳﺭﺎﻓ ۱۲۳"),
        ("BP-001/A", "BP-001/A"),
        ("", ""),
    ],
)
def test_what_a_shop_reads(text: str, seen: str) -> None:
    assert visual(text) == seen


def test_what_arabic_does_to_codes_that_nobody_isolated() -> None:
    """Why `isolate` exists: the algorithm is right, and the telephone number still is not."""
    assert visual("ت +20 100 123 4567") == "4567 123 100 20+ ﺕ"


@pytest.mark.parametrize(
    ("text", "screen", "direction"),
    [
        ("BP-001/A فلتر", RTL, RTL), ("BP-001/A فلتر", LTR, LTR), ("فلتر BP-001/A", LTR, RTL),
        ("12 فلتر", LTR, RTL), ("BP-001/A", RTL, LTR), ("150.00", RTL, LTR), ("", RTL, LTR),
    ],
)  # fmt: skip
def test_the_direction_of_a_line(text: str, screen: int, direction: int) -> None:
    assert base_direction(text, RTL if screen else LTR) == direction


@given(LINES, st.sampled_from([LTR, RTL]))
def test_cells_cover_the_text_once(text: str, base: int) -> None:
    copy = str(text.encode(), "utf-8")
    cells = sorted(layout(text, RTL if base else LTR), key=lambda cell: cell.start)
    assert text == copy
    if cells:
        assert cells[0].start == 0
        assert cells[-1].end == len(text)
        assert all(one.end == next_.start for one, next_ in pairwise(cells))
    else:
        assert not re.sub("[\u200b-\u200f\u2066-\u2069]", "", text)


@given(LINES, st.sampled_from([LTR, RTL]))
def test_a_cell_draws_its_own_characters(text: str, base: int) -> None:
    for cell in layout(text, RTL if base else LTR):
        drawn = to_letters(cell.glyphs)
        logical = re.sub("[\u200b-\u200f\u2066-\u2069]", "", text[cell.start : cell.end])
        mirrored = "".join(MIRRORED.get(character, character) for character in logical)
        assert drawn in (logical, mirrored) or sorted(drawn) == sorted(logical)


@given(LINES)
def test_the_order_is_a_permutation(text: str) -> None:
    resolved, _ = levels.levels(text, 1)
    assert sorted(levels.order(resolved)) == list(range(len(text)))


@given(st.text(alphabet=" ،؛؟ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌٍَُِّْٱپچ().:!«»-", max_size=30))
def test_the_short_way_for_plain_arabic_is_the_algorithm(text: str) -> None:
    expected = levels.levels(text, 1)[0]
    assert expected == [1] * len(text)


@given(st.text(alphabet="ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأؤإئپچژگکیـًَُِّْٰ abc12-./", max_size=30))
def test_letters_take_the_forms_that_arabic_reshaper_gives_them(text: str) -> None:
    while text and category(text[0]) == "Mn":
        text = text[1:]
    assert " ".join(shaping.shape(word) for word in text.split(" ")) == RESHAPER.reshape(text)


@given(LINES)
def test_shaping_is_one_to_one(text: str) -> None:
    assert [to_letters(glyph) for glyph in shaping.shape(text)] == list(text)


def test_forms_are_those_of_arabic_reshaper() -> None:
    for letter, (isolated, initial, medial, final) in RESHAPER.letters.items():
        assert shaping.FORMS[letter] == (isolated, final, initial, medial)


def test_mirrored_pairs_are_those_of_unicode() -> None:
    unequal = {"\u2329", "\u232a", "\u3008", "\u3009"}
    for character, other in MIRRORED.items():
        if character in THEIR_MIRRORED or character not in unequal:
            assert THEIR_MIRRORED.get(character, other) == other
    assert {c for c in THEIR_MIRRORED if ord(c) < 0x2000} <= set(MIRRORED) | set("༺༻༼༽᚛᚜")


def test_joiners_part_and_join() -> None:
    assert visual("مه\u200cم") == "ﻡﻪﻣ"
    assert shaping.shape("ه\u200d")[0] == "ﻫ"


def test_presentation_forms_become_letters_again() -> None:
    assert to_letters("ﻻ ﻪﻠﻟﺍ A") == "لا هللا A"
    assert to_letters("plain") == "plain"


def test_text_without_arabic_is_left_alone() -> None:
    assert not needs_order("Brake pads (front) 150.00 EGP — ok │")
    assert needs_order(isolate("150"))


def test_deep_nesting_ends_at_the_limit_and_stays_whole() -> None:
    text = "\u202b" * 200 + "ab" + "\u2067" * 200 + "cd"
    resolved, _ = levels.levels(text, 0)
    assert max(resolved) <= levels.MAX_DEPTH + 1
    assert sorted(levels.order(resolved)) == list(range(len(text)))
