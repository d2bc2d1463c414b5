"""A clock that was set back: what was sold last here is what was sold last."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clutch_tui.core import past_sales, sales
from clutch_tui.core.cart import add_line
from clutch_tui.core.database import db
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Part, Payment, SaleQuery, TaxRules
from tests.test_core.shop import HandClock, stock_shelf

EVERY = SaleQuery()


@pytest.fixture
def sell(store: Store) -> Callable[[], str]:
    """Sells a pump; the id of the sale."""
    part: Part = stock_shelf(store)["WP-100"]

    def sell() -> str:
        cart = add_line(store.run_now(sales.open_cart), part)
        paid = [Payment("cash", 150_00)]
        sold = store.run_now(sales.checkout, cart, paid, cashier="", device_id="d", rules=TaxRules())
        return sold.id

    return sell


def listed(store: Store, q: SaleQuery = EVERY) -> list[str]:
    return [row.id for row in store.read_now(past_sales.page, q, None, 0, 99)]


def last(store: Store) -> str:
    _, found = store.read_now(sales.beside, "")
    assert found is not None
    return next(
        row.id
        for row in store.read_now(past_sales.page, EVERY, None, 0, 99)
        if row.receipt_number == found.receipt_number
    )


def test_the_last_sale_is_the_one_that_was_made_last(store: Store, clock: HandClock, sell: Callable[[], str]) -> None:
    sell()
    clock.wait(hours=-3)
    assert sell() == last(store)
    clock.wait(minutes=1)
    assert sell() == last(store)
    clock.wait(hours=8)
    assert sell() == last(store)


def test_what_was_made_after_the_clock_was_set_back_stands_first(
    store: Store, clock: HandClock, sell: Callable[[], str]
) -> None:
    store.run_now(db.execute, "INSERT INTO sale (id, date, own) VALUES ('t', '2026-11-22T07:30:00.000Z', 0)")
    first = sell()
    clock.wait(hours=-3)
    second = sell()
    clock.wait(minutes=1)
    third = sell()
    order = [third, second, first, "t"]
    assert listed(store) == order
    assert listed(store, SaleQuery(day="2026-11-22")) == order[:3]
    for n, row in enumerate(store.read_now(past_sales.page, EVERY, None, 0, 99)):
        assert [one.id for one in store.read_now(past_sales.page, EVERY, row.key, 0, 9)] == order[n + 1 :]
        assert [one.id for one in store.read_now(past_sales.page, EVERY, None, n, 2)] == order[n : n + 2]
        assert [one.id for one in store.read_now(past_sales.page, EVERY, row.key, 1, 1)] == order[n + 2 : n + 3]
    clock.wait(hours=8)
    fourth = sell()
    assert listed(store) == [fourth, first, "t", third, second]  # by their dates again


def test_one_sale_of_a_day_that_is_yet_to_come_leaves_the_others_their_place(
    store: Store, clock: HandClock, sell: Callable[[], str]
) -> None:
    clock.wait(days=365)
    wrong = sell()
    clock.wait(days=-365)
    made = []
    for _ in range(past_sales.LATE + 5):
        made.append(sell())
        clock.wait(minutes=1)
    assert last(store) == made[-1]
    assert listed(store)[: past_sales.LATE] == made[: -past_sales.LATE - 1 : -1]
    assert listed(store)[past_sales.LATE :] == [wrong, *made[4::-1]]
