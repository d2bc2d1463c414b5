"""The figures of the day are those of its sales, whatever happened to them afterwards."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clutch_tui.core import aftersales, cart, inventory, reports, sales
from clutch_tui.core.database import db
from clutch_tui.core.quantity import ONE, Quantity, of_decimal, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Discount, Part, PartDraft, Payment, PayMethod, Sale, TaxRules
from tests.test_core.shop import HandClock, stock_shelf

RULES = TaxRules(rate=1400, prices_include_tax=True)
TODAY = "2026-11-22"


def sell(store: Store, *wanted: tuple[Part, int | Decimal], method: PayMethod = "cash", discount: int = 0) -> Sale:
    def checkout() -> Sale:
        open_cart = sales.open_cart()
        for part, quantity in wanted:
            open_cart = cart.add_line(open_cart, part, of_decimal(quantity))
        open_cart = cart.with_discount(open_cart, Discount(discount))
        total = cart.totals(open_cart, RULES, method).total
        return sales.checkout(
            open_cart, (Payment(method, total),), tendered=total, cashier="أحمد", device_id="d", rules=RULES
        )

    return store.run_now(checkout)


def test_a_day_without_sales_is_nothing_and_not_an_error(store: Store) -> None:
    assert store.read_now(reports.day_totals, TODAY) == reports.Takings(0, 0, 0, 0, 0, 0, 0)
    assert store.read_now(reports.day_totals, TODAY).average == 0
    assert store.read_now(reports.best_sellers, TODAY, TODAY) == ()
    assert store.read_now(reports.stock_value) == reports.StockValue(0, 0, 0, 0)


def test_a_day_is_its_sales_less_what_came_back(store: Store, clock: HandClock) -> None:
    shelf = stock_shelf(store)
    first = sell(store, (shelf["WP-100"], 2), (shelf["OF-200"], 1))
    sell(store, (shelf["OF-200"], 2), method="visa", discount=1100)
    undone = sell(store, (shelf["SP-300"], 1))
    store.run_now(aftersales.void, undone.id, "غلط", "أحمد")
    store.run_now(aftersales.give_back, first.id, {1: ONE}, cashier="أحمد", device_id="d", reason="مش مناسبة")
    day = store.read_now(reports.day_totals, TODAY)
    sold = 2 * 15000 + 4550 + 2 * 4550 - 1100
    assert (day.sales, day.returns, day.pieces) == (2, 1, 4)
    assert (day.revenue, day.returned, day.discount) == (sold - 15000, 15000, 1100)
    assert dict(day.methods) == {"cash": 34550 - 15000, "visa": 8000}
    assert [method for method, _ in day.methods] == ["cash", "visa"]
    assert day.average == sold // 2
    assert day.tax == pytest.approx(day.revenue * 14 / 114, abs=3)


def test_what_is_measured_is_one_thing_on_the_shelf_and_in_the_day(store: Store, clock: HandClock) -> None:
    litres = PartDraft(name="زيت سايب", part_number="OIL-1", price=145_00, unit="LTR", decimals=3)
    oil = store.run_now(inventory.create, litres, Quantity(7_250))
    pumps = store.run_now(inventory.create, PartDraft(name="طلمبة", part_number="WP-1", price=150_00), whole(5))
    assert store.read_now(reports.stock_value).pieces == 1 + 5
    sell(store, (oil, Decimal("2.5")), (pumps, 2))
    sold = sell(store, (oil, 4), (pumps, 1))
    assert sold.totals.pieces == 2
    store.run_now(aftersales.give_back, sold.id, {1: whole(4)}, cashier="أحمد", device_id="d", reason="زيادة")
    assert store.read_now(reports.day_totals, TODAY).pieces == (1 + 2) + (1 + 1) - 1
    assert store.read_now(reports.stock_value).pieces == 1 + 2


def test_days_are_kept_apart(store: Store, clock: HandClock) -> None:
    shelf = stock_shelf(store)
    sell(store, (shelf["OF-200"], 1))
    clock.wait(days=2)
    sell(store, (shelf["OF-200"], 2))
    sell(store, (shelf["WP-100"], 1))
    assert store.read_now(reports.days, TODAY, "2026-11-30") == (
        reports.Day(TODAY, 1, 4550),
        reports.Day("2026-11-24", 2, 2 * 4550 + 15000),
    )
    assert store.read_now(reports.takings, TODAY, "2026-11-30").sales == 3
    assert store.read_now(reports.day_totals, "2026-11-23").sales == 0


def test_another_programs_return_counts_below_zero_too(store: Store) -> None:
    def pulled() -> None:
        db.execute(
            "INSERT INTO sale (id, kind, date, business_day, total, tax, own, return_of)"
            " VALUES ('r', 'return', '2026-11-22T10:00:00.000Z', ?, -5000, -614, 0, 's')",
            (TODAY,),
        )
        db.execute("INSERT INTO payment (sale_id, n, method, amount) VALUES ('r', 1, 'cash', -5000)")

    store.run_now(pulled)
    day = store.read_now(reports.day_totals, TODAY)
    assert (day.sales, day.returns, day.revenue, day.returned, day.tax) == (0, 1, -5000, 5000, -614)
    assert day.methods == (("cash", -5000),)


def test_best_sellers_by_pieces_and_by_revenue(store: Store, clock: HandClock) -> None:
    shelf = stock_shelf(store)
    sell(store, (shelf["WP-100"], 2), (shelf["OF-200"], 5))
    many = sell(store, (shelf["SP-300"], 6))
    everything = {1: whole(6)}
    store.run_now(aftersales.give_back, many.id, everything, cashier="أحمد", device_id="d", reason="كلها")
    by_revenue = store.read_now(reports.best_sellers, TODAY, TODAY)
    assert [(row.part_number, row.pieces, row.revenue) for row in by_revenue] == [
        ("WP-100", whole(2), 30000),
        ("OF-200", whole(5), 22750),
    ]
    by_pieces = store.read_now(lambda: reports.best_sellers(TODAY, TODAY, by="pieces", limit=1))
    assert [(row.name, row.pieces) for row in by_pieces] == [("فلتر زيت", whole(5))]
    store.run_now(lambda: db.execute("UPDATE part SET deleted = 1"))
    assert len(store.read_now(reports.best_sellers, TODAY, TODAY)) == 2, "what was sold stays sold"


def test_shortages_most_missed_first_from_page_to_page(store: Store) -> None:
    shelf = stock_shelf(store)
    store.run_now(inventory.adjust, shelf["SP-300"].id, whole(-14), "كسر")
    store.run_now(inventory.adjust, shelf["OF-200"].id, whole(-6), "كسر")
    store.run_now(inventory.adjust, shelf["WP-100"].id, whole(100), "وصل")
    assert store.read_now(reports.shortage_count) == 2
    (first,) = store.read_now(reports.shortages, None, 0, 1)
    (second,) = store.read_now(reports.shortages, first.key, 0, 10)
    assert [(row.part_number, row.stock) for row in (first, second)] == [("SP-300", whole(1)), ("OF-200", whole(4))]
    assert store.read_now(reports.shortages, second.key, 0, 10) == ()
    assert [row.id for row in store.read_now(reports.shortages, None, 1, 1)] == [second.id]


def test_the_value_of_the_stock_counts_own_moves_and_no_debts(store: Store) -> None:
    shelf = stock_shelf(store)
    store.run_now(inventory.adjust, shelf["WP-100"].id, whole(-9), "كسر")  # 5 - 9: below zero
    store.run_now(inventory.adjust, shelf["OF-200"].id, whole(2), "وصل")  # 12
    value = store.read_now(reports.stock_value)
    price = 12 * 4550 + 15 * 12000 + 20 * 30000
    assert value == reports.StockValue(parts=4, pieces=47, cost=price // 2, price=price)


def test_what_is_measured_is_worth_its_fraction(store: Store, clock: HandClock) -> None:
    """0.333 litres at 100.05 come to 33.31665, 0.667 to 66.73335, and the shelf to 350.175."""
    draft = PartDraft(name="زيت", price=100_05, cost=80_01, unit="LTR", decimals=3)
    oil = store.run_now(inventory.create, draft, Quantity(4_500))
    for quantity in (Decimal("0.333"), Decimal("0.667")):
        sell(store, (oil, quantity))
    day = store.read_now(reports.day_totals, TODAY)
    assert (day.revenue, day.pieces) == (33_32 + 66_73, 2)
    (best,) = store.read_now(reports.best_sellers, TODAY, TODAY)
    assert (best.pieces, best.revenue) == (whole(1), 100_05)
    value = store.read_now(reports.stock_value)
    assert value == reports.StockValue(parts=1, pieces=1, cost=280_04, price=350_18)
