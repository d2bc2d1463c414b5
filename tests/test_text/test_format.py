"""Money, numbers, dates and codes: what a person reads, and what is understood of what one types."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.core import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol
from hypothesis import given
from hypothesis import strategies as st

from clutch_tui.text import format as fmt
from clutch_tui.text import strings
from clutch_tui.text.bidi import LTR, base_direction, visual
from tests.counting import lines

AFTERNOON = datetime(2026, 11, 22, 12, 5, tzinfo=UTC)  # 14:05 in Cairo


@pytest.fixture(autouse=True)
def _arabic_again() -> Iterator[None]:
    yield
    strings.use("ar")


def unmarked(text: str) -> str:
    """Without isolates and marks, blanks plain: what is seen, in the order it is read."""
    return fmt._INVISIBLE.sub("", text).replace("\u00a0", " ")


def test_money_in_the_three_ways_a_shop_reads_it() -> None:
    strings.use("ar", "arabic")
    assert unmarked(fmt.money(15000)) == "١٥٠٫٠٠ ج.م."
    assert unmarked(fmt.money(123456789)) == "١٬٢٣٤٬٥٦٧٫٨٩ ج.م."
    strings.use("ar")
    assert unmarked(fmt.money(15000)) == "150.00 ج.م."
    strings.use("en", "arabic")
    assert unmarked(fmt.money(15000)) == "150.00 EGP", "English is read with western digits"
    assert fmt.amount(-5) == "-0.05"


@given(st.integers(min_value=0, max_value=10**12))
def test_arabic_money_is_what_cldr_says(minor: int) -> None:
    strings.use("ar")
    expected = format_currency(Decimal(minor).scaleb(-2), "EGP", locale="ar_EG", numbering_system="latn")
    assert unmarked(fmt.money(minor)) == unmarked(expected)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)))  # noqa: DTZ001
def test_dates_and_times_are_what_cldr_says(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    local = moment.astimezone(ZoneInfo("Africa/Cairo"))
    strings.use("ar")
    assert unmarked(fmt.date(moment)) == unmarked(format_date(local, "medium", "ar_EG"))
    assert unmarked(fmt.time(moment)) == unmarked(format_time(local, "short", locale="ar_EG"))
    strings.use("en")
    assert fmt.date(moment) == format_date(local, "short", "en_GB")
    assert fmt.time(moment) == format_time(local, "short", locale="en_GB")


def test_currencies_are_written_as_cldr_has_them() -> None:
    for code in Locale("en").currencies:
        signs = {"ar": unmarked(get_currency_symbol(code, "ar_EG")), "en": code}
        for language, sign in signs.items():
            strings.use(language)
            assert fmt._currency(code, strings.language()) == fmt.Currency(sign, get_currency_precision(code)), code


def test_other_currencies_than_the_pound() -> None:
    strings.use("ar")
    assert unmarked(fmt.money(1500, "KWD")) == "1.500 د.ك."
    assert unmarked(fmt.money(1500, "JPY")).startswith("1,500 ")
    strings.use("en")
    assert unmarked(fmt.money(1500, "KWD")) == "1.500 KWD"
    assert fmt.parse_money("1.5 KWD", "KWD") == 1500


def test_a_minus_stays_before_its_number_inside_arabic() -> None:
    strings.use("ar", "arabic")
    assert "-٥" in visual("الفرق " + fmt.number(-5) + " قطع")
    strings.use("ar")
    for text, seen in (
        (fmt.number(-5), "-5"),
        (fmt.number(7, signed=True), "+7"),
        (fmt.amount(-12550), "-125.50"),
        (fmt.percent(0.1), "10%"),
        (fmt.date(AFTERNOON), "22/11/2026"),
        (fmt.isolate("2026-11-22"), "2026-11-22"),
        (fmt.phone("+201001234567"), "+20 100 123 4567"),
        (fmt.part_number("7-A/BP"), "7-A/BP"),
    ):
        assert seen in visual(f"قبل {text} بعد").replace("\u00a0", " ")


def test_the_day_of_an_arabic_date_is_read_first() -> None:
    strings.use("ar", "arabic")
    assert visual("يوم " + fmt.date(AFTERNOON)).startswith("٢٠٢٦/١١/٢٢")


def test_numbers_keep_what_they_have() -> None:
    strings.use("en")
    assert [fmt.number(value) for value in (0, 1234, 2.5, Decimal("2.50"), -0.0001)] == [
        "0", "1,234", "2.5", "2.5", "0",
    ]  # fmt: skip
    assert fmt.number(3, 2) == "3.00"
    assert fmt.number(Decimal("1234.567"), 1) == "1,234.6"
    assert fmt.number(0, signed=True) == "0"
    assert fmt.percent(Decimal("0.145"), 1) == "14.5%"
    assert fmt.percent(-0.0001) == "0%"


def test_days_change_at_midnight_in_cairo() -> None:
    strings.use("en")
    assert fmt.date_time(datetime(2026, 11, 22, 22, 30, tzinfo=UTC)) == "23/11/2026, 00:30"
    assert fmt.date_time(datetime(2026, 7, 1, 21, 30, tzinfo=UTC)) == "02/07/2026, 00:30", "summer time"
    strings.use("ar", "arabic")
    assert unmarked(fmt.date_time(AFTERNOON)) == "٢٢/١١/٢٠٢٦، ٢:٠٥ م"
    with pytest.raises(ValueError, match="without a zone"):
        fmt.date(datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("seconds", "arabic", "english"),
    [
        (-30, "دلوقتي", "just now"),
        (4, "دلوقتي", "just now"),
        (59, "منذ ٥٩ ثانية", "59 seconds ago"),
        (60, "منذ دقيقة", "1 minute ago"),
        (150, "منذ دقيقتين", "2 minutes ago"),
        (200, "منذ ٣ دقائق", "3 minutes ago"),
        (11 * 60, "منذ ١١ دقيقة", "11 minutes ago"),
        (7200, "منذ ساعتين", "2 hours ago"),
        (86400 * 100, "منذ ١٠٠ يوم", "100 days ago"),
    ],
)
def test_ages_in_every_plural_form(seconds: int, arabic: str, english: str) -> None:
    then = AFTERNOON - timedelta(seconds=seconds)
    strings.use("ar", "arabic")
    assert fmt.age(then, AFTERNOON) == arabic
    strings.use("en")
    assert fmt.age(then, AFTERNOON) == english


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("150", 15000), ("150.5", 15050), (".5", 50), ("1,250.50", 125050), ("١٥٠", 15000),
        ("١٬٢٥٠٫٥٠", 125050), ("۱۵۰٫۲۵", 15025), ("  ١٥٠٫٠٠ ج.م. ", 15000), ("150.00 EGP", 15000),
        ("-5", -500), ("\u22125", -500), ("\u20665.25\u2069", 525), ("7.", 700),
    ],
)  # fmt: skip
def test_money_is_understood_as_it_is_typed(typed: str, minor: int) -> None:
    assert fmt.parse_money(typed) == minor


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "error.number.empty"), ("  ", "error.number.empty"), ("abc", "error.number.malformed"),
        ("150,50", "error.number.malformed"), ("1,25", "error.number.malformed"), (".", "error.number.malformed"),
        ("1.2.3", "error.number.malformed"), ("-", "error.number.malformed"), ("1e5", "error.number.malformed"),
        ("1.005", "error.number.decimals"), ("6221031491054000", "error.number.too_large"),
    ],
)  # fmt: skip
def test_what_is_not_an_amount_is_never_guessed(typed: str, key: str) -> None:
    with pytest.raises(fmt.NumberError) as error:
        fmt.parse_money(typed)
    assert error.value.key == key
    assert str(error.value) != key, "the sentence, not its key"


def test_the_greatest_number_is_said_in_groups() -> None:
    with pytest.raises(fmt.NumberError) as error:
        fmt.parse_number("9" * 16)
    assert fmt.number(10**15 - 1) in str(error.value)


def test_whole_numbers() -> None:
    assert fmt.parse_number("٢٤") == 24
    assert fmt.parse_number("24.0") == 24
    with pytest.raises(fmt.NumberError) as error:
        fmt.parse_number("2.5")
    assert error.value.key == "error.number.whole"


@given(
    st.integers(min_value=-(10**12), max_value=10**12),
    st.sampled_from(["ar", "en"]),
    st.sampled_from(["western", "arabic"]),
)
def test_what_is_shown_can_be_typed_back(minor: int, language: strings.Language, digits: strings.Digits) -> None:
    strings.use(language, digits)
    assert fmt.parse_money(fmt.money(minor)) == minor
    assert fmt.parse_number(fmt.number(minor)) == minor


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("01001234567", "0100 123 4567"), ("+201001234567", "+20 100 123 4567"),
        ("٠١٠٠ ١٢٣ ٤٥٦٧", "0100 123 4567"), ("0020-122-1234567", "+20 122 123 4567"),
        ("02 2735 1234", "02 2735 1234"),
    ],
)  # fmt: skip
def test_telephone_numbers_in_groups(typed: str, shown: str) -> None:
    assert unmarked(fmt.phone(typed)) == shown


def test_isolating_twice_is_isolating_once() -> None:
    assert fmt.isolate(fmt.isolate("A 1")) == "\u2066A\u00a01\u2069"
    assert fmt.isolate("") == ""


def test_a_cell_that_was_formatted_before_is_looked_up() -> None:
    fmt.money(15000)
    assert lines(lambda: fmt.money(15000)) < 8


def test_a_name_stays_whole_in_a_sentence_of_the_other_direction() -> None:
    strings.use("en")
    sentence = f"{fmt.name('فلتر زيت HD مالي')} runs low: 9 in stock"
    assert visual(sentence, base_direction(sentence, LTR)) == f"{visual('فلتر زيت HD مالي')} runs low: 9 in stock"
    assert fmt.name("") == ""


def test_what_machines_say_keeps_its_order_in_an_arabic_sentence() -> None:
    sentence = strings.t("error.api.missing_route", **fmt.isolated_values({"path": "/sales/sync", "n": 3}))
    assert "/sales/sync" in visual(sentence)


@pytest.mark.parametrize(
    ("seconds", "english", "arabic"),
    [
        (172_800, "2 days ahead", "متقدمة يومين"),
        (-63_072_000, "2 years behind", "متأخرة سنتين"),
        (240, "4 minutes ahead", "متقدمة 4 دقايق"),
        (-3_600, "1 hour behind", "متأخرة ساعة"),
    ],
)
def test_a_clock_that_is_off_is_told_in_words(seconds: float, english: str, arabic: str) -> None:
    strings.use("en")
    assert fmt.clock(seconds) == english
    strings.use("ar")
    assert fmt.clock(seconds) == arabic
