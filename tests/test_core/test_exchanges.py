"""Exchanges: what comes back and what goes out in one ticket, and the one difference that is money."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clutch_tui.core import (
    accounts,
    aftersales,
    cash,
    customers,
    exchanges,
    inventory,
    quotations,
    reports,
    sales,
    state,
)
from clutch_tui.core import cart as carts
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.refunds import Refund
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, Customer, CustomerDraft, Part, Payment, PayMethod, Sale, TaxRules
from tests.test_core.shop import queue, stock_shelf

RULES = TaxRules(1400, True, 25)
ONE, TWO = whole(1), whole(2)


@pytest.fixture
def shelf(store: Store) -> dict[str, Part]:
    """Pumps at 150.00, filters at 45.50 and plugs at 120.00."""
    store.run_now(state.put_tax_rules, RULES)
    return stock_shelf(store)


@pytest.fixture
def customer(store: Store) -> Customer:
    made: Customer = store.run_now(customers.create, CustomerDraft(name="أم أحمد", phone="0100"))
    return made


def cart_of(store: Store, *parts: Part, quantity: Quantity = ONE, customer: Customer | None = None) -> Cart:
    cart: Cart = store.run_now(sales.open_cart)
    for part in parts:
        cart = carts.add_line(cart, part, quantity)
    return carts.with_customer(cart, customer)


def sell(store: Store, cart: Cart, *ways: tuple[PayMethod, int]) -> Sale:
    """Sell a cart, the last way for all that is left."""
    paid: list[Payment] = []
    for n, (method, amount) in enumerate(ways):
        last = n == len(ways) - 1
        paid.append(Payment(method, carts.due(cart, RULES, paid, method) if last else amount))
    return finish(store, cart, paid)


def finish(store: Store, cart: Cart, payments: list[Payment], **options: Any) -> Sale:
    options = {"cashier": "علي", "device_id": "d", "rules": RULES, **options}
    sold: Sale = store.run_now(exchanges.checkout, cart, payments, **options)
    return sold


def swap(store: Store, cart: Cart, sale: Sale, quantity: Quantity = ONE, n: int = 1) -> Cart:
    """Let so much of a line of a sale come back for what is in a cart."""
    made: Cart = store.read_now(exchanges.bring_back, cart, sale.id, {n: quantity}, "مش مقاسه")
    store.run_now(sales.save_cart, made)
    return made


def due(cart: Cart, method: PayMethod = "cash") -> int:
    return carts.due(cart, RULES, (), method)


def given(store: Store, cart: Cart, first: PayMethod | None = None) -> Refund:
    refund: Refund = store.read_now(exchanges.ways_to_give, cart, RULES)[first]
    return refund


def drawer(store: Store) -> int:
    return store.read_now(cash.report).expected


def stock(store: Store, part: Part) -> Quantity:
    return store.read_now(inventory.get, part.id).stock


def owed(store: Store, customer: Customer) -> int:
    return store.read_now(customers.get, customer.id).balance


def halves(sale: Sale) -> tuple[Sale, Sale]:
    """What came back and what went out."""
    assert sale.other_half is not None
    return sale.other_half, sale


# --- one ticket ----------------------------------------------------------------------------------------


def test_only_the_difference_is_paid(store: Store, shelf: dict[str, Part]) -> None:
    pump, plug = shelf["WP-100"], shelf["SP-300"]
    first = sell(store, cart_of(store, plug, quantity=TWO), ("cash", 0))
    before = drawer(store)
    cart = swap(store, cart_of(store, pump), first)
    assert (due(cart), carts.to_give(cart, RULES)) == (30_00, 0)
    back, sale = halves(finish(store, cart, [Payment("cash", 30_00)], tendered=50_00))
    assert (sale.totals.total, sale.change, back.totals.total) == (150_00, 20_00, 120_00)
    assert sale.payments == (Payment("exchange", 120_00, "cash"), Payment("cash", 30_00))
    assert back.payments == (Payment("exchange", 120_00, "cash"),)
    assert (back.return_of, back.notes, back.status) == (first.id, "مش مقاسه", "returned")
    assert (sale.exchange_id, back.exchange_id) == (back.id, sale.id)
    assert [int(one.receipt_number.split("-")[1]) for one in (first, back, sale)] == [1, 2, 3]
    assert drawer(store) - before == 30_00
    assert (stock(store, pump), stock(store, plug)) == (pump.stock - ONE, plug.stock - ONE)
    assert store.read_now(sales.open_carts) == ()
    assert [change["kind"] for change in queue(store)] == ["sale", "exchange"]


def test_what_comes_back_may_be_worth_more(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["WP-100"]), ("visa", 100_00), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["OF-200"]), first)
    assert (due(cart), carts.to_give(cart, RULES)) == (0, 104_50)
    refund = given(store, cart)
    assert refund.payments == (
        Payment("exchange", 45_50, "cash"),
        Payment("visa", 100_00),
        Payment("cash", 4_50),
    )
    before = drawer(store)
    back, sale = halves(finish(store, cart, list(refund.payments[1:])))
    assert (back.payments, back.totals.total) == (refund.payments, 150_00)
    assert (sale.payments, sale.totals.total) == ((Payment("exchange", 45_50, "cash"),), 45_50)
    assert drawer(store) - before == -4_50
    assert "exchange" not in store.read_now(cash.report).takings


def test_a_difference_below_half_a_coin_is_nobodys_to_pay(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"]), ("cash", 0))
    cart = swap(store, carts.set_price(cart_of(store, shelf["WP-100"]), 0, 120_10), first)
    assert due(cart) == 0
    _, sale = halves(finish(store, cart, [Payment("cash", 0)]))
    assert (sale.totals.rounding, sale.totals.total) == (-10, 120_00)
    cheaper = swap(store, carts.set_price(cart_of(store, shelf["WP-100"]), 0, 119_90), sale)
    assert carts.to_give(cheaper, RULES) == 10
    back, _ = halves(finish(store, cheaper, list(given(store, cheaper).payments[1:])))
    assert (back.totals.rounding, back.totals.total) == (-20, 119_90)


def test_goods_of_the_same_worth_move_no_money(store: Store, shelf: dict[str, Part]) -> None:
    pump = shelf["WP-100"]
    first = sell(store, cart_of(store, pump), ("visa", 0))
    finish(store, swap(store, cart_of(store, pump), first), [])
    assert (drawer(store), stock(store, pump)) == (0, pump.stock - ONE)
    assert store.read_now(cash.report).takings == {"visa": (1, 150_00)}


def test_pressed_twice_it_is_one_exchange(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"], quantity=TWO), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["WP-100"]), first)
    once = finish(store, cart, [Payment("cash", 30_00)])
    assert finish(store, cart, [Payment("cash", 30_00)]) == once
    with pytest.raises(ShopError) as problem:
        finish(store, cart, [Payment("visa", 30_00)])
    assert problem.value.key == "error.sale.sold_already"
    other = swap(store, replace(cart, back=None), first)
    assert finish(store, carts.set_quantity(other, 0, TWO), [Payment("cash", 180_00)]).id != once.id
    assert [change["kind"] for change in queue(store)] == ["sale", "exchange", "exchange"]


def test_the_cart_of_an_exchange_survives_the_machine(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"]), ("cash", 0))
    cart = swap(store, store.run_now(sales.open_cart), first)
    assert store.read_now(sales.unfinished) == cart, "also before anything goes out"
    cart = carts.add_line(cart, shelf["WP-100"])
    store.run_now(sales.save_cart, cart)
    assert store.read_now(sales.unfinished) == cart
    store.run_now(sales.park, cart)
    (parked,) = store.read_now(sales.open_carts)
    assert finish(store, store.run_now(sales.take_up, parked), [Payment("cash", 30_00)]).exchange_id


# --- what is refused -----------------------------------------------------------------------------------


def test_nothing_is_exchanged_for_nothing(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"]), ("cash", 0))
    cart = swap(store, store.run_now(sales.open_cart), first)
    assert refusal(store, cart, []) == "error.sale.empty"


def test_what_came_back_meanwhile_is_not_exchanged(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"], quantity=TWO), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["WP-100"]), first)
    options: Any = {"cashier": "c", "device_id": "d", "reason": "r"}
    store.run_now(aftersales.give_back, first.id, {1: TWO}, **options)
    assert refusal(store, cart, [Payment("cash", 30_00)]) == "error.sale.over_returned"
    assert store.read_now(sales.get, first.id).lines[0].returned == TWO


def test_a_sum_that_has_become_another_is_not_paid_by_the_one_that_was_shown(
    store: Store, shelf: dict[str, Part]
) -> None:
    first = sell(store, carts.set_price(cart_of(store, shelf["SP-300"], quantity=whole(3)), 0, 33_33), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["WP-100"]), first)
    options: Any = {"cashier": "c", "device_id": "d", "reason": "r"}
    store.run_now(aftersales.give_back, first.id, {1: ONE}, **options)  # 33.25: what is due next is eight piastres more
    assert refusal(store, cart, [Payment("cash", due(cart))]) == "error.exchange.changed"


@pytest.mark.parametrize(
    "payments",
    [[], [Payment("cash", 29_75)], [Payment("visa", 30_25)], [Payment("cash", 150_00)], [Payment("exchange", 30_00)]],
)
def test_what_does_not_come_to_the_difference_is_refused(
    store: Store, shelf: dict[str, Part], payments: list[Payment]
) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"]), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["WP-100"]), first)
    assert refusal(store, cart, payments) == "error.sale.unpaid"
    assert stock(store, shelf["WP-100"]) == shelf["WP-100"].stock


def test_more_than_the_difference_is_not_given(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["WP-100"]), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["SP-300"]), first)
    assert refusal(store, cart, [Payment("cash", 30_25)]) == "error.sale.refund_sum"
    assert refusal(store, cart, [Payment("cash", 29_75)]) == "error.sale.refund_sum"
    assert refusal(store, cart, [Payment("exchange", 30_00, "cash")]) == "error.sale.refund_sum"


def refusal(store: Store, cart: Cart, payments: list[Payment]) -> str:
    with pytest.raises(ShopError) as problem:
        finish(store, cart, payments)
    return problem.value.key


def test_an_exchange_is_neither_voided_nor_quoted(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"]), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["WP-100"]), first)
    quotes: Any = {"cashier": "c", "device_id": "d", "rules": RULES, "valid_until": "2026-11-30"}
    with pytest.raises(ShopError) as problem:
        store.run_now(quotations.quote, cart, **quotes)
    assert problem.value.key == "error.quotation.of_exchange"
    back, sale = halves(finish(store, cart, [Payment("cash", 30_00)]))
    keys = []
    for one in (first, back, sale):
        with pytest.raises(ShopError) as problem:
            store.run_now(aftersales.void, one.id, "غلط", "c")
        keys.append(problem.value.key)
    assert keys == ["error.sale.has_returns", "error.sale.not_a_sale", "error.sale.exchanged"]


# --- on account ----------------------------------------------------------------------------------------


def test_what_is_owed_stays_owed_and_does_not_become_cash(
    store: Store, shelf: dict[str, Part], customer: Customer
) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"], customer=customer), ("credit", 0))
    cart = swap(store, cart_of(store, shelf["WP-100"]), first)
    assert cart.customer_id == customer.id, "the goods are his"
    _, sale = halves(finish(store, cart, [Payment("credit", 30_00)]))
    assert (owed(store, customer), drawer(store)) == (150_00, 0)
    options: Any = {"cashier": "c", "device_id": "d", "reason": "r"}
    back = store.run_now(aftersales.give_back, sale.id, {1: ONE}, **options)
    assert back.payments == (Payment("credit", 150_00),)
    assert (owed(store, customer), drawer(store)) == (0, 0)
    assert store.read_now(accounts.statement, customer.id, None, 0, 9)[0].balance == 0


def test_what_goes_back_comes_off_the_account_first(store: Store, shelf: dict[str, Part], customer: Customer) -> None:
    first = sell(store, cart_of(store, shelf["WP-100"], customer=customer), ("visa", 40_00), ("credit", 0))
    cart = swap(store, cart_of(store, shelf["OF-200"]), first)
    refund = given(store, cart)
    assert refund.payments == (
        Payment("exchange", 40_00, "visa"),
        Payment("exchange", 5_50, "credit"),
        Payment("credit", 104_50),
    )
    _, sale = halves(finish(store, cart, list(refund.payments[2:])))
    assert owed(store, customer) == 5_50
    options: Any = {"cashier": "c", "device_id": "d", "reason": "r"}
    back = store.run_now(aftersales.give_back, sale.id, {1: ONE}, **options)
    assert back.payments == (Payment("credit", 5_50), Payment("visa", 40_00))
    assert owed(store, customer) == 0


def test_a_person_may_want_the_difference_in_cash(store: Store, shelf: dict[str, Part], customer: Customer) -> None:
    first = sell(store, cart_of(store, shelf["WP-100"], customer=customer), ("credit", 60_00), ("cash", 0))
    cart = swap(store, cart_of(store, shelf["OF-200"]), first)
    refund = given(store, cart, "cash")
    assert refund.payments == (
        Payment("exchange", 45_50, "credit"),
        Payment("cash", 90_00),
        Payment("credit", 14_50),
    )
    back, _ = halves(finish(store, cart, list(refund.payments[1:])))
    assert back.payments == refund.payments
    assert owed(store, customer) == 45_50


def test_what_coins_cannot_pay_stays_cash_and_not_a_debt(
    store: Store, shelf: dict[str, Part], customer: Customer
) -> None:
    bought = carts.set_price(cart_of(store, shelf["SP-300"], customer=customer), 0, 10_04)
    first = sell(store, bought, ("credit", 4), ("cash", 0))
    cart = swap(store, carts.set_price(cart_of(store, shelf["WP-100"]), 0, 10_00), first)
    refund = given(store, cart, "cash")
    assert refund.payments == (Payment("exchange", 9_96, "cash"), Payment("exchange", 4, "credit"))
    assert finish(store, cart, []).other_half is not None
    left = store.read_now(aftersales.refunded, first.id).by_method
    assert left == {"cash": 9_96, "credit": 4}, "all of the debt is accounted for"


def test_damaged_goods_do_not_go_back_on_the_shelf(store: Store, shelf: dict[str, Part]) -> None:
    pump, plug = shelf["WP-100"], shelf["SP-300"]
    first = sell(store, cart_of(store, plug, pump, quantity=TWO), ("cash", 0))
    options: Any = {"cashier": "c", "device_id": "d", "reason": "مكسورة", "damaged": True}
    back = store.run_now(aftersales.give_back, first.id, {1: ONE, 2: ONE}, **options)
    cart = store.read_now(exchanges.bring_back, cart_of(store, pump), first.id, {1: ONE}, damaged=True)
    _, sale = halves(finish(store, cart, [Payment("cash", 30_00)]))
    assert (stock(store, plug), stock(store, pump)) == (plug.stock - TWO, pump.stock - TWO - ONE)
    moves = store.read_now(inventory.history, plug.id, None, 0, 9)
    assert [(move.kind, move.delta) for move in moves if move.kind != "sale"] == [
        ("damaged", -ONE), ("return", ONE), ("damaged", -ONE), ("return", ONE)
    ]  # fmt: skip
    assert {move.reason for move in moves if move.kind == "damaged"} == {
        f"{back.receipt_number}: مكسورة", halves(sale)[0].receipt_number
    }  # fmt: skip
    written = [change["payload"]["delta"] for change in queue(store) if change["kind"] == "adjust"]
    assert written == [-ONE, -ONE, -ONE]
    day = first.business_day
    found = store.read_now(reports.damaged, day, day)
    assert [(one.part_id, one.quantity, one.cost) for one in found] == [
        (plug.id, TWO, 120_00), (pump.id, ONE, 75_00)
    ]  # fmt: skip
    assert store.read_now(reports.damaged, "2020-01-01", "2020-01-02") == ()


def test_a_debt_is_not_handed_on_to_another_customer(store: Store, shelf: dict[str, Part], customer: Customer) -> None:
    other = store.run_now(customers.create, CustomerDraft(name="غيره"))
    first = sell(store, cart_of(store, shelf["SP-300"], customer=customer), ("credit", 0))
    cart = swap(store, cart_of(store, shelf["WP-100"], customer=other), first)
    assert refusal(store, cart, [Payment("cash", 30_00)]) == "error.exchange.other_customer"


def test_what_was_exchanged_is_exchanged_again(store: Store, shelf: dict[str, Part]) -> None:
    first = sell(store, cart_of(store, shelf["SP-300"]), ("visa", 0))
    _, second = halves(finish(store, swap(store, cart_of(store, shelf["WP-100"]), first), [Payment("cash", 30_00)]))
    cart = swap(store, cart_of(store, shelf["OF-200"]), second)
    _, third = halves(finish(store, cart, list(given(store, cart).payments[2:])))
    options: Any = {"cashier": "c", "device_id": "d", "reason": "r"}
    store.run_now(aftersales.give_back, third.id, {1: ONE}, **options)
    moved = store.read_now(lambda: db.execute("SELECT method, sum(amount) FROM money_move GROUP BY 1").fetchall())
    assert dict(moved) == {"visa": 0, "cash": 0}, "all of it is back, as it came"
