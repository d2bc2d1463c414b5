"""Receivables: how old a debt is, where payments are allotted to the oldest sale."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from clutch_tui.core import accounts, aftersales, cart, customers, receivables, sales
from clutch_tui.core.database import db
from clutch_tui.core.quantity import whole
from clutch_tui.core.receivables import NOTHING_OWED, Aging
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Customer, CustomerDraft, Part, Payment, TaxRules
from tests.test_core.shop import HandClock, stock_shelf

Sell = Callable[..., str]


@pytest.fixture
def hassan(store: Store) -> Customer:
    return store.run_now(customers.create, CustomerDraft(name="حسن", phone="01001234567"))


@pytest.fixture
def sell(store: Store, hassan: Customer) -> Sell:
    """Sell on account, `paid` of it at once in cash; the sale's id."""
    pump: Part = stock_shelf(store)["WP-100"]

    def sell(pounds: int, *, paid: int = 0, to: Customer = hassan) -> str:
        made = cart.with_customer(cart.add_line(store.run_now(sales.open_cart), pump), to)
        made = cart.set_price(made, 0, pounds * 100)
        parts = [Payment("credit", (pounds - paid) * 100), *[Payment("cash", paid * 100)] * bool(paid)]
        options = {"cashier": "سارة", "device_id": "d", "rules": TaxRules()}
        return str(store.run_now(sales.checkout, made, parts, **options).id)

    return sell


def pay(store: Store, customer: Customer, pounds: int) -> str:
    return str(store.run_now(accounts.pay, customer.id, pounds * 100, "cash", "", "سارة", beyond_debt=True).id)


def ages(store: Store, customer: Customer) -> tuple[list[int], int | None]:
    """In pounds, by age; and the days since the oldest sale."""
    found: Aging = store.read_now(receivables.aging, customer.id)
    assert found.owed == max(0, store.read_now(customers.get, customer.id).balance)
    return [amount // 100 for amount in found.by_age], found.oldest


def test_who_owes_nothing_has_no_age(store: Store, hassan: Customer) -> None:
    assert store.read_now(receivables.aging, hassan.id) == NOTHING_OWED
    assert store.read_now(receivables.unpaid_sales, hassan.id) == ()
    assert store.read_now(receivables.page, "", None, 0, 9) == ()
    assert receivables.together([]) == NOTHING_OWED


@pytest.mark.parametrize(("days", "place"), [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (400, 3)])
def test_a_debt_is_as_old_as_its_sale(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell, days: int, place: int
) -> None:
    sell(100)
    clock.wait(days=days)
    assert ages(store, hassan) == ([100 * (n == place) for n in range(4)], days)


def test_a_payment_goes_to_the_oldest_sale(store: Store, clock: HandClock, hassan: Customer, sell: Sell) -> None:
    first = sell(100)
    clock.wait(days=50)
    second = sell(80, paid=20)
    clock.wait(days=1)
    pay(store, hassan, 30)
    assert ages(store, hassan) == ([60, 70, 0, 0], 51)
    assert [(sale.sale_id, sale.amount, sale.unpaid, sale.days) for sale in unpaid(store, hassan)] == [
        (first, 100_00, 70_00, 51),
        (second, 60_00, 60_00, 1),
    ]
    pay(store, hassan, 75)
    assert [(sale.sale_id, sale.unpaid) for sale in unpaid(store, hassan)] == [(second, 55_00)]
    pay(store, hassan, 500)
    assert ages(store, hassan) == ([0, 0, 0, 0], None)
    sell(400)
    assert ages(store, hassan) == ([0, 0, 0, 0], None), "what was paid beyond the debt pays it"


def unpaid(store: Store, customer: Customer) -> tuple[receivables.UnpaidSale, ...]:
    found: tuple[receivables.UnpaidSale, ...] = store.read_now(receivables.unpaid_sales, customer.id)
    return found


def test_what_came_back_and_what_was_voided_is_owed_by_nobody(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell
) -> None:
    voided, kept = sell(100), sell(50)
    clock.wait(days=40)
    back = sell(70)
    store.run_now(aftersales.void, voided, "غلط", "سارة")
    store.run_now(aftersales.give_back, back, {1: whole(1)}, cashier="c", device_id="d", reason="عيب")
    assert [(sale.sale_id, sale.unpaid) for sale in unpaid(store, hassan)] == [(kept, 50_00)]
    assert ages(store, hassan) == ([0, 50, 0, 0], 40)


def test_a_payment_that_is_taken_back_leaves_the_old_debt(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell
) -> None:
    sell(100)
    clock.wait(days=95)
    sell(10)
    paid = pay(store, hassan, 100)
    assert ages(store, hassan) == ([10, 0, 0, 0], 0)
    store.run_now(accounts.take_back, paid, "غلط", "سارة")
    assert ages(store, hassan) == ([10, 0, 0, 100], 95)


def test_what_is_owed_beyond_the_known_sales_is_older_than_all(store: Store, hassan: Customer, sell: Sell) -> None:
    sell(100)
    store.run_now(lambda: db.execute("UPDATE customer SET balance = 25000"))
    assert ages(store, hassan) == ([100, 0, 0, 250], None)


def test_a_server_that_says_no_business_day_still_has_a_date(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell
) -> None:
    sell(100)
    store.run_now(lambda: db.execute("UPDATE sale SET business_day = ''"))
    clock.wait(days=45)
    assert ages(store, hassan) == ([0, 100, 0, 0], 45)


@pytest.mark.parametrize("day", ["22/11/2026", "2026-11-22T00:00:00Z", "soon"])
def test_a_server_that_writes_days_in_its_own_way_breaks_no_list(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell, day: str
) -> None:
    sell(100)
    store.run_now(lambda: db.execute("UPDATE sale SET business_day = ?", (day,)))
    clock.wait(days=45)
    assert ages(store, hassan) == ([0, 100, 0, 0], 45)
    assert len(store.read_now(receivables.page, "", None, 0, 9)) == 1


def test_a_statement_that_is_cut_begins_with_a_whole_day_and_what_was_owed_before_it(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pounds in (1, 2, 4, 8, 16):
        sell(pounds)
        sell(pounds)
        clock.wait(days=1)
    monkeypatch.setattr(receivables, "MOST_ENTRIES", 5)
    cut = store.read_now(receivables.statement, hassan.id)
    assert [entry.amount for entry in cut.entries] == [8_00, 8_00, 16_00, 16_00]
    assert cut.before == 14_00
    assert cut.since == cut.entries[0].at.date().isoformat()
    monkeypatch.setattr(receivables, "MOST_ENTRIES", 400)
    assert len(store.read_now(receivables.statement, hassan.id).entries) == 10


def test_the_list_begins_with_the_largest_debt_and_is_searched(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell
) -> None:
    others = [store.run_now(customers.create, CustomerDraft(name=name)) for name in ("منى", "علي", "سارة")]
    for pounds, customer in zip((30, 500, 0), others, strict=True):
        if pounds:
            sell(pounds, to=customer)
    sell(100)
    clock.wait(days=35)
    rows = store.read_now(receivables.page, "", None, 0, 9)
    assert [(row.name, row.balance) for row in rows] == [("علي", 500_00), ("حسن", 100_00), ("منى", 30_00)]
    assert store.read_now(receivables.count, "") == 3
    after = store.read_now(receivables.page, "", rows[0].key, 0, 9)
    assert after == rows[1:] == store.read_now(receivables.page, "", None, 1, 9)
    assert [row.name for row in store.read_now(receivables.page, "01001234567", None, 0, 9)] == ["حسن"]
    assert store.read_now(receivables.count, "منى") == 1
    assert receivables.together(row.aging for row in rows) == Aging((0, 630_00, 0, 0), 35)


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_an_allotment_by_hand_comes_to(
    store: Store, clock: HandClock, hassan: Customer, sell: Sell, seed: int
) -> None:
    """Sales, payments, returns and voids at random, against a list that is paid off from its oldest entry on."""
    chance = random.Random(seed)
    book: dict[str, list[Decimal | int]] = {}  # sale: pounds that went on account and did not come back, its day
    paid, day = Decimal(0), 0
    for _ in range(60):
        ahead = chance.choice((0, 0, 1, 9, 30))
        clock.moment += timedelta(days=ahead, seconds=1)
        day += ahead
        deed = chance.random()
        if deed < 0.55:
            pounds = chance.randint(2, 300)
            at_once = chance.choice((0, 0, 1))
            book[sell(pounds, paid=at_once)] = [Decimal(pounds - at_once), day]
        elif deed < 0.8:
            pounds = chance.randint(1, 400)
            pay(store, hassan, pounds)
            paid += pounds
        elif book:
            sale_id = chance.choice(list(book))
            sale = store.read_now(sales.get, sale_id)
            if sale.status == "voided" or sale.lines[0].returned or any(one.method == "cash" for one in sale.payments):
                continue
            if deed < 0.9:
                store.run_now(aftersales.void, sale_id, "غلط", "سارة")
            else:
                store.run_now(aftersales.give_back, sale_id, {1: whole(1)}, cashier="c", device_id="d", reason="عيب")
            book[sale_id][0] = Decimal(0)
        left, expected, oldest = paid, [Decimal(0)] * 4, None
        for amount, sold_on in book.values():
            taken = min(left, Decimal(amount))
            left -= taken
            if (open_amount := amount - taken) > 0:
                age = day - int(sold_on)
                expected[0 if age <= 30 else 1 if age <= 60 else 2 if age <= 90 else 3] += open_amount
                oldest = age if oldest is None else oldest
        found = store.read_now(receivables.aging, hassan.id)
        assert ([Decimal(amount) / 100 for amount in found.by_age], found.oldest) == (expected, oldest)
