"""Quantities are whole thousandths: every step is held against `Decimal`, which reckons the same in units."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clutch_tui.core import quantity
from clutch_tui.core.limits import MAX_MONEY, MAX_QUANTITY
from clutch_tui.core.quantity import ONE, Quantity, pieces_of
from clutch_tui.net import wire

QUANTITIES = some.one_of(
    some.integers(-MAX_QUANTITY, MAX_QUANTITY),
    some.integers(-2_000, 2_000),
    some.integers(-999, 999).map(quantity.whole),
).map(Quantity)
ANY_DECIMALS = some.one_of(
    some.decimals(-(10**15), 10**15, allow_nan=False),
    some.integers(0, 6).flatmap(lambda places: some.decimals(-(10**9), 10**9, places=places)),
)
PRICES = some.one_of(some.integers(0, MAX_MONEY), some.integers(0, 99))
DECIMALS = some.integers(0, quantity.DECIMALS)
THOUSANDTH = Decimal("0.001")


# --- there and back --------------------------------------------------------------------------------------


@given(QUANTITIES)
def test_a_quantity_is_the_units_that_are_written(given: Quantity) -> None:
    units = quantity.to_decimal(given)
    assert units == Decimal(given) * THOUSANDTH
    assert quantity.of_decimal(units) == given
    assert isinstance(units, int) == quantity.is_whole(given) == (Decimal(given) % 1000 == 0)


@given(QUANTITIES)
def test_what_is_kept_in_texts_reads_back_and_has_no_zeros_at_its_end(given: Quantity) -> None:
    kept = quantity.written(given)
    assert quantity.of_decimal(Decimal(kept)) == given
    if isinstance(kept, str):
        assert not kept.endswith(("0", "."))
        assert "E" not in kept
    else:
        assert quantity.is_whole(given)


@pytest.mark.parametrize(
    ("given", "units", "kept"),
    [
        (0, 0, 0),
        (1, Decimal("0.001"), "0.001"),
        (1_500, Decimal("1.5"), "1.5"),
        (12_250, Decimal("12.25"), "12.25"),
        (-750, Decimal("-0.75"), "-0.75"),
        (2_000, 2, 2),
        (-3_000, -3, -3),
        (100_000, 100, 100),
        (999_999_999, Decimal("999999.999"), "999999.999"),
    ],
)
def test_units_are_written_as_people_write_them(given: int, units: int | Decimal, kept: int | str) -> None:
    assert (quantity.to_decimal(given), quantity.written(given)) == (units, kept)
    assert (str(quantity.to_decimal(given)), type(quantity.to_decimal(given))) == (str(units), type(units))


@given(ANY_DECIMALS)
def test_a_decimal_is_taken_exactly_or_not_at_all(number: Decimal) -> None:
    thousandths = Fraction(number) * 1000
    if thousandths.denominator == 1:
        assert quantity.of_decimal(number) == thousandths
    else:
        with pytest.raises(ValueError, match="not a quantity"):
            quantity.of_decimal(number)


@given(some.integers(-(10**12), 10**12), some.integers(0, 6))
def test_zeros_at_the_end_change_nothing(thousandths: int, zeros: int) -> None:
    number = Decimal(f"{thousandths}{'0' * zeros}").scaleb(-3 - zeros)
    assert quantity.of_decimal(number) == thousandths


@pytest.mark.parametrize(
    "text",
    [
        *("0.0001", "1.0005", "-0.0005", "1e-4", "1E-999999"),
        *("NaN", "sNaN", "-NaN", "Infinity", "-Infinity"),
        *("1." + "0" * 30 + "1", "0." + "0" * 500 + "1", "999999.9999999999999999999999999999"),
        *("1e999999", "-1e999999", "9" * 40, "9" * 40 + ".5"),
    ],
)
def test_what_is_no_quantity_is_not_rounded_to_one(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantity.of_decimal(Decimal(text))


@pytest.mark.parametrize(
    "value", ["1e999999", "-1e999999", "1e-999999", Decimal("1." + "0" * 30 + "1"), True, 1.5, "x"]
)
def test_a_row_with_such_a_figure_is_set_aside_and_its_page_is_used(value: object) -> None:
    row = {"id": "p", "name": "x", "stock_quantity": value}
    good, bad = wire.read_changes(
        [{"type": "item", **row}, {"type": "item", **row, "id": "q", "stock_quantity": "1.5"}]
    )
    assert [(record["id"], record["stock_quantity"]) for _, record in good] == [("q", 1_500)]
    assert [one.id for one in bad] == ["p"]


@pytest.mark.parametrize(("number", "thousandths"), [(3, 3_000), (Decimal("1e3"), 1_000_000), (Decimal("-0"), 0)])
def test_a_number_of_units_is_one_however_it_is_made(number: Decimal | int, thousandths: int) -> None:
    assert quantity.of_decimal(number) == thousandths


def test_a_record_is_told_in_units_wherever_its_quantities_are() -> None:
    record = {
        **{"name": "x", "price": 1_500, "min_stock": 1_500, "stock_quantity": 2_000, "decimals": 3, "unit": None},
        "lines": [{"quantity": 250, "price": 250}, {"quantity": 3_000}],
        "quote": {"lines": ({"quantity": -500},), "total": 500},
    }
    assert quantity.told(record) == {
        **{"name": "x", "price": 1_500, "min_stock": "1.5", "stock_quantity": 2, "decimals": 3, "unit": None},
        "lines": [{"quantity": "0.25", "price": 250}, {"quantity": 3}],
        "quote": {"lines": [{"quantity": "-0.5"}], "total": 500},
    }
    assert (quantity.told(1_500, "min_stock"), quantity.told(1_500, "price"), quantity.told(None, "min_stock")) == (
        "1.5",
        1_500,
        None,
    )


# --- what a part is sold in ------------------------------------------------------------------------------


@given(QUANTITIES, DECIMALS)
def test_a_quantity_fits_where_its_decimals_do(given: Quantity, decimals: int) -> None:
    units = Decimal(given) * THOUSANDTH
    assert quantity.fits(given, decimals) == (units == round(units, decimals))
    assert quantity.fits(given, quantity.DECIMALS)
    assert quantity.fits(given, 0) == quantity.is_whole(given)


@given(QUANTITIES)
def test_a_quantity_has_as_many_decimals_as_are_written(given: Quantity) -> None:
    _, _, decimals = str(quantity.written(given)).partition(".")
    assert quantity.decimals_of(given) == len(decimals)


@given(DECIMALS, some.integers(-10_000, 10_000))
def test_the_smallest_is_a_one_behind_the_last_decimal(decimals: int, times: int) -> None:
    smallest = quantity.smallest(decimals)
    assert quantity.to_decimal(smallest) == Decimal(10) ** -decimals
    assert quantity.fits(smallest * times, decimals)
    assert smallest == 1 or not quantity.fits(smallest * times + 1, decimals)


@given(some.integers(0, 999_999), DECIMALS)
def test_things_are_counted_and_what_is_measured_is_one(units: int, decimals: int) -> None:
    assert pieces_of(quantity.whole(units), 0) == units
    assert pieces_of(Quantity(quantity.whole(units) + 1), decimals) == 1
    if decimals:
        assert pieces_of(quantity.whole(units), decimals) == 1


# --- reckoning -------------------------------------------------------------------------------------------


@given(PRICES, QUANTITIES.map(abs))
def test_what_a_quantity_costs_is_rounded_to_the_piastre_halves_up(price: int, given: int) -> None:
    pounds = Decimal(price).scaleb(-2) * (Decimal(given) * THOUSANDTH)
    assert Decimal(quantity.worth(price, given)).scaleb(-2) == pounds.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("price", "units", "worth"),
    [
        (100_05, "0.333", 33_32),
        (100_05, "0.1", 10_01),
        (100_04, "0.1", 10_00),
        (1, "0.5", 1),
        (1, "0.499", 0),
        (3, "0.5", 2),
        (180_05, "0.75", 135_04),
        (66_67, "3", 200_01),
        (MAX_MONEY, "999999", MAX_MONEY * 999_999),
    ],
)
def test_a_price_times_a_quantity(price: int, units: str, worth: int) -> None:
    assert quantity.worth(price, quantity.of_decimal(Decimal(units))) == worth


@given(PRICES, some.integers(0, 1_000_000))
def test_whole_units_cost_exactly_their_price(price: int, units: int) -> None:
    assert quantity.worth(price, quantity.whole(units)) == price * units


@given(QUANTITIES, QUANTITIES)
def test_a_quantity_so_many_times_is_exact_or_refused(given: Quantity, factor: Quantity) -> None:
    units = Decimal(given) * THOUSANDTH * (Decimal(factor) * THOUSANDTH)
    if units == units.quantize(THOUSANDTH):
        assert quantity.to_decimal(quantity.times(given, factor)) == units
    else:
        with pytest.raises(ValueError, match="finer"):
            quantity.times(given, factor)
    assert quantity.times(given, ONE) == given
    assert quantity.times(ONE, factor) == factor


@given(some.lists(QUANTITIES, max_size=20))
def test_a_sum_is_that_of_its_units(several: list[Quantity]) -> None:
    assert quantity.to_decimal(quantity.total(several)) == sum(
        (Decimal(one) * THOUSANDTH for one in several), Decimal(0)
    )


@given(QUANTITIES)
def test_whole_units_of_a_quantity_are_those_below_it(given: Quantity) -> None:
    assert quantity.to_units(given) == int((Decimal(given) * THOUSANDTH).to_integral_value(ROUND_FLOOR))
    assert quantity.whole(quantity.to_units(given)) <= given < quantity.whole(quantity.to_units(given) + 1)
