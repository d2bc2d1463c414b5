"""Goods that come back of which nobody has the receipt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clutch_tui.core import aftersales, cash, customers, inventory, past_sales, reports, sales, state
from clutch_tui.core import cart as carts
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, CustomerDraft, Part, Payment, PayMethod, Sale, SaleQuery, TaxRules
from clutch_tui.printing import receipt as printing
from clutch_tui.text.strings import t
from tests.test_core.shop import queue, stock_shelf

RULES = TaxRules(1400, True, 25)


@pytest.fixture
def pump(store: Store) -> Part:
    store.run_now(state.put_tax_rules, RULES)
    return stock_shelf(store)["WP-100"]


def cart_of(store: Store, part: Part, price: int) -> Cart:
    cart = carts.add_line(store.run_now(sales.open_cart), part, whole(2))
    return carts.set_price(cart, 0, price)


def give_back(store: Store, cart: Cart, method: PayMethod = "cash", reason: str = "مكسورة", **options: Any) -> Sale:
    options = {"cashier": "علي", "device_id": "d", "rules": RULES, **options}
    made: Sale = store.run_now(aftersales.give_back_without_receipt, cart, method, reason=reason, **options)
    return made


def test_it_is_a_return_at_the_price_that_was_agreed_on(store: Store, pump: Part) -> None:
    cart = cart_of(store, pump, 40_05)
    store.run_now(sales.save_cart, cart)
    back = give_back(store, cart)
    assert (back.is_return, back.without_receipt, back.return_of, back.status) == (True, True, None, "returned")
    assert (back.totals.total, back.totals.rounding, back.totals.tax) == (80_00, -10, 9_84)
    assert back.payments == (Payment("cash", 80_00),)
    assert store.read_now(inventory.get, pump.id).stock == pump.stock + whole(2)
    assert store.read_now(cash.report).sums == {"return": (1, -80_00)}
    assert store.read_now(sales.open_carts) == ()
    assert give_back(store, cart) == back, "pressed twice"
    (change,) = queue(store)
    assert (change["kind"], change["payload"]["without_receipt"]) == ("return", True)
    (row,) = store.read_now(past_sales.page, SaleQuery(), None, 0, 9)
    assert (row.kind, row.without_receipt) == ("return", True)
    takings = store.read_now(reports.day_totals, back.business_day)
    assert (takings.sales, takings.returns, takings.revenue) == (0, 1, -80_00)
    assert t("receipt.without_receipt") in printing.text(back)


def test_damaged_goods_stay_off_the_shelf_and_a_debt_becomes_less(store: Store, pump: Part) -> None:
    customer = store.run_now(customers.create, CustomerDraft(name="أم أحمد"))
    cart = carts.with_customer(cart_of(store, pump, 40_05), customer)
    give_back(store, cart, "credit", damaged=True)
    assert store.read_now(customers.get, customer.id).balance == -80_10
    assert store.read_now(inventory.get, pump.id).stock == pump.stock
    assert store.read_now(cash.report).sums == {}


@pytest.mark.parametrize(
    ("change", "method", "reason", "key"),
    [
        ({"lines": ()}, "cash", "x", "error.sale.empty"),
        ({}, "cash", " ", "error.sale.no_reason"),
        ({}, "credit", "x", "error.sale.credit_needs_customer"),
        ({"order_id": "o"}, "cash", "x", "error.return.of_other_cart"),
        ({"quotation_id": "q"}, "cash", "x", "error.return.of_other_cart"),
    ],
)
def test_what_is_refused(
    store: Store, pump: Part, change: dict[str, Any], method: PayMethod, reason: str, key: str
) -> None:
    cart = replace(cart_of(store, pump, 40_05), **change)
    with pytest.raises(ShopError) as problem:
        give_back(store, cart, method, reason)
    assert problem.value.key == key
    assert queue(store) == []


def test_nothing_comes_back_of_it_and_nobody_voids_it(store: Store, pump: Part) -> None:
    back = give_back(store, cart_of(store, pump, 40_05))
    options: Any = {"cashier": "c", "device_id": "d", "reason": "r"}
    with pytest.raises(ShopError) as problem:
        store.run_now(aftersales.give_back, back.id, {1: whole(1)}, **options)
    assert problem.value.key == "error.sale.not_a_sale"
    with pytest.raises(ShopError) as problem:
        store.run_now(aftersales.void, back.id, "r", "c")
    assert problem.value.key == "error.sale.not_a_sale"


def test_it_waits_for_a_server_that_knows_it(store: Store, pump: Part) -> None:
    store.run_now(abilities.learn, 2, ("fraction",))
    give_back(store, cart_of(store, pump, 40_05))
    assert store.run_now(outbox.claim, "sales") == ()
    assert store.read_now(outbox.summary).local == 1
    store.run_now(abilities.learn, 2, ("fraction", "return_without_receipt"))
    assert [change.kind for change in store.run_now(outbox.claim, "sales")] == ["return"]
