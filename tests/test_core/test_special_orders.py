"""Special orders: made, told of when the goods are here, fetched or cancelled; and a deposit that is counted once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clutch_tui.core import (
    accounts,
    aftersales,
    cash,
    customers,
    deposits,
    inventory,
    journal,
    receivables,
    sales,
    special_orders,
    state,
)
from clutch_tui.core import cart as carts
from clutch_tui.core.cart import totals
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.special_orders import SpecialOrder, SpecialOrderQuery, Wanted
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import documents
from clutch_tui.core.types import Cart, CustomerDraft, Payment, Receipt, TaxRules
from clutch_tui.printing import receipt as printing
from tests.test_core.shop import queue, stock_shelf

TILL: dict[str, Any] = {"cashier": "سارة", "device_id": "d"}


@pytest.fixture
def hassan(store: Store) -> str:
    """A shop with parts, and a customer who owes 100.00 already."""
    stock_shelf(store)
    customer = store.run_now(customers.create, CustomerDraft(name="حسن", phone="01000000001"))
    cart = store.run_now(lambda: _cart_of("part-2", customer.id, 100_00))
    store.run_now(sales.checkout, cart, (Payment("credit", 100_00),), rules=TaxRules(), **TILL)
    return str(customer.id)


def _cart_of(part_id: str, customer_id: str | None, price: int) -> Cart:
    made = carts.add_line(sales.open_cart(), inventory.get(part_id))
    made = carts.set_price(made, 0, price)
    return carts.with_customer(made, customers.get(customer_id)) if customer_id else made


def ordered(store: Store, hassan: str, *, deposit: int = 0, **wanted: Any) -> SpecialOrder:
    what = Wanted(**{"part_id": "part-1", "text": "", "quantity": whole(2), "price": 150_00, **wanted})
    made: SpecialOrder = store.run_now(special_orders.place, what, hassan, deposit=deposit, **TILL)
    return made


def owed(store: Store, customer_id: str) -> int:
    """What the customer owes, the same wherever it is shown."""
    balance = int(store.read_now(customers.get, customer_id).balance)
    standing = store.read_now(accounts.standing, customer_id)
    entries = store.read_now(accounts.statement, customer_id, None, 0, 99)
    assert standing is not None
    assert {standing.balance, entries[0].balance if entries else 0} == {balance}
    assert sum(entry.amount for entry in entries) == balance
    assert store.read_now(receivables.aging, customer_id).owed == max(0, balance)
    return balance


def pay(store: Store, cart: Cart, *payments: Payment) -> Receipt:
    sold: Receipt = store.run_now(sales.checkout, cart, payments, rules=TaxRules(), **TILL)
    return sold


def drawer(store: Store) -> int:
    return int(store.read_now(cash.report).expected)


def test_a_deposit_pays_no_other_debt_until_its_sale_uses_it(store: Store, hassan: str) -> None:
    order = ordered(store, hassan, deposit=80_00)
    assert (order.status, order.deposit, order.total) == ("ordered", 80_00, 300_00)
    assert (owed(store, hassan), drawer(store)) == (100_00, 80_00)
    paper = store.read_now(accounts.get, order.deposits[0].payment_id)
    assert (paper.balance, paper.note) == (100_00, order.number)

    cart = store.run_now(special_orders.to_cart, order.id)
    assert [(line.part_id, line.quantity, line.price) for line in cart.lines] == [("part-1", whole(2), 150_00)]
    assert totals(cart, TaxRules()).total == 300_00
    sold = pay(store, cart, Payment("credit", 80_00), Payment("cash", 220_00))
    assert sold.deposit == 80_00
    assert (owed(store, hassan), drawer(store)) == (100_00, 300_00)
    fetched = store.read_now(special_orders.get, order.id)
    assert (fetched.status, fetched.receipt_number, fetched.deposits[0].state) == (
        "fetched",
        sold.receipt_number,
        "used",
    )
    text = printing.text(store.read_now(sales.get, sold.id))
    assert "80.00" in text
    assert "220.00" in text


def test_the_sale_that_fetches_it_uses_the_deposit_of_its_own_customer(store: Store, hassan: str) -> None:
    order = ordered(store, hassan, deposit=80_00)
    cart = store.run_now(special_orders.to_cart, order.id)
    with pytest.raises(ShopError, match=r"error\.deposit\.not_used"):
        pay(store, cart, Payment("cash", 300_00))
    other = store.run_now(customers.create, CustomerDraft(name="منى"))
    with pytest.raises(ShopError, match=r"error\.deposit\.other_customer"):
        pay(store, carts.with_customer(cart, other), Payment("credit", 80_00), Payment("cash", 220_00))
    cheaper = carts.set_price(cart, 0, 30_00)
    pay(store, cheaper, Payment("credit", 60_00))
    assert owed(store, hassan) == 80_00, "what is left of the deposit is the customer's"


def test_a_sale_that_is_voided_gives_the_deposit_back_to_its_order(store: Store, hassan: str) -> None:
    order = ordered(store, hassan, deposit=80_00)
    sold = pay(
        store, store.run_now(special_orders.to_cart, order.id), Payment("credit", 80_00), Payment("cash", 220_00)
    )
    store.run_now(aftersales.void, sold.id, "رجع", "سارة")
    again = store.read_now(special_orders.get, order.id)
    assert (again.status, again.deposit) == ("ordered", 80_00)
    assert (owed(store, hassan), drawer(store)) == (100_00, 80_00)


def test_cancelled_the_deposit_goes_back_as_it_came_or_stays(store: Store, hassan: str) -> None:
    order = ordered(store, hassan, deposit=80_00)
    with pytest.raises(ShopError, match=r"error\.deposit\.what_becomes"):
        store.run_now(special_orders.cancel, order.id, "مش عايز", "سارة")
    back = store.run_now(lambda: special_orders.cancel(order.id, "مش عايز", "سارة", deposit="refund"))
    assert (back.status, back.deposit, back.deposits[0].state, back.reason) == ("cancelled", 0, "refunded", "مش عايز")
    assert (owed(store, hassan), drawer(store)) == (100_00, 0)

    order = ordered(store, hassan, deposit=50_00)
    kept = store.run_now(lambda: special_orders.cancel(order.id, "ما جاش", "سارة", deposit="forfeit"))
    assert (kept.deposit, kept.deposits[0].state) == (0, "forfeited")
    assert (owed(store, hassan), drawer(store)) == (100_00, 50_00)
    (entry,) = [e for e in store.read_now(accounts.statement, hassan, None, 0, 99) if e.kind == "deposit_forfeit"]
    assert entry.amount == 50_00
    for attempt in (special_orders.arrived, special_orders.to_cart):
        with pytest.raises(ShopError, match=r"error\.special_order\.over"):
            store.run_now(attempt, order.id, *(("سارة",) if attempt is special_orders.arrived else ()))


def test_a_deposit_may_be_given_back_by_itself_and_another_taken(store: Store, hassan: str) -> None:
    order = ordered(store, hassan, deposit=80_00)
    store.run_now(accounts.take_back, order.deposits[0].payment_id, "محتاجهم", "سارة")
    assert (store.read_now(special_orders.get, order.id).deposit, owed(store, hassan)) == (0, 100_00)
    again = store.run_now(special_orders.take_deposit, order.id, 120_00, "visa", "سارة")
    assert (again.deposit, owed(store, hassan), drawer(store)) == (120_00, 100_00, 0)
    with pytest.raises(ShopError, match=r"error\.deposit\.too_much"):
        store.run_now(special_orders.take_deposit, order.id, 180_01, "cash", "سارة")
    assert store.read_now(deposits.left, order.id) == 120_00


def test_what_two_tills_do_to_one_deposit_stands_on_the_account_once(store: Store, hassan: str) -> None:
    """Used here, and given back by a till that did not know: the customer owes what he had back."""
    order = ordered(store, hassan, deposit=80_00)
    cart = store.run_now(special_orders.to_cart, order.id)
    pay(store, cart, Payment("credit", 80_00), Payment("cash", 220_00))
    store.run_now(accounts.take_back, order.deposits[0].payment_id, "محتاجهم", "علي")
    assert owed(store, hassan) == 180_00
    again = store.run_now(lambda: special_orders.get(order.id))
    assert again.deposits[0].state == "used"


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ({"part_id": None}, "special_order.nothing"),
        ({"quantity": whole(0)}, "sale.quantity"),
        ({"price": 0}, "special_order.no_price"),
        ({"expected": "2020-01-01"}, "special_order.expected"),
        ({"expected": "soon"}, "special_order.expected"),
        ({"part_id": "part-99"}, "part.unknown"),
        ({"quantity": whole(1) + 500}, "quantity.pieces"),
    ],
)
def test_what_cannot_be_ordered(store: Store, hassan: str, wanted: dict[str, Any], key: str) -> None:
    before = len(queue(store))
    with pytest.raises(ShopError, match=key.replace(".", r"\.")):
        ordered(store, hassan, deposit=10_00, **wanted)
    with pytest.raises(ShopError, match=r"special_order\.no_customer"):
        store.run_now(special_orders.place, Wanted("part-1", "", ONE, 5_00), None, **TILL)
    with pytest.raises(ShopError, match=r"error\.deposit\.too_much"):
        ordered(store, hassan, deposit=300_01)
    assert len(queue(store)) == before, "a whole order or none"


def test_what_the_shop_does_not_carry_is_a_part_before_it_is_sold(store: Store, hassan: str) -> None:
    order = ordered(store, hassan, part_id=None, text="  دبرياج   كامل ")
    assert (order.name, order.part_id) == ("دبرياج كامل", None)
    with pytest.raises(ShopError, match=r"special_order\.no_part"):
        store.run_now(special_orders.to_cart, order.id)
    cart = store.run_now(special_orders.to_cart, order.id, "part-2")
    pay(store, cart, Payment("cash", 300_00))
    assert store.read_now(special_orders.get, order.id).status == "fetched"


def told(store: Store) -> list[tuple[str, str]]:
    return [(one.kind, str(one.values["number"])) for one in store.read_now(journal.notifications, None, 0, 9)]


def test_it_is_told_once_when_the_shelf_has_enough(store: Store, hassan: str) -> None:
    part = store.read_now(inventory.get, "part-1")
    order = ordered(store, hassan, quantity=whole(1) + part.stock)
    ordered(store, hassan, part_id=None, text="دبرياج")
    store.run_now(inventory.count_stock, "part-1", part.stock)
    assert told(store) == []
    (row,) = store.read_now(special_orders.page, SpecialOrderQuery(text=order.number), None, 0, 9)
    assert not row.may_be_here
    for _ in range(2):
        store.run_now(inventory.adjust, "part-1", whole(1), "وصلت")
        assert told(store) == [("special_order_arrived", order.number)]
    (row,) = store.read_now(special_orders.page, SpecialOrderQuery(text=order.number), None, 0, 9)
    assert row.may_be_here
    here = store.run_now(special_orders.arrived, order.id, "سارة")
    assert here.status == "here"
    with pytest.raises(ShopError, match=r"error\.special_order\.here"):
        store.run_now(special_orders.arrived, order.id, "سارة")


def test_that_another_till_says_the_goods_are_here_is_news_once(store: Store, hassan: str) -> None:
    order = ordered(store, hassan)
    row = {"id": "s-9", "type": "special_order_step", "special_order_id": order.id, "step": "here", "seq": 3}
    row |= {"sale_id": "", "receipt_number": "", "note": "", "at": "2026-11-22T10:00:00.000Z"}
    for _ in range(2):
        store.run_now(documents.store, [row])
    assert told(store) == [("special_order_here", order.number)]
    assert store.read_now(special_orders.get, order.id).status == "here"
    store.run_now(documents.sweep, set(), "")
    assert store.read_now(special_orders.get, order.id).status == "ordered", "a restored server has lost that"


def test_what_was_here_long_ago_or_is_fetched_is_no_news(store: Store, hassan: str) -> None:
    old, fetched = ordered(store, hassan), ordered(store, hassan)
    pay(store, store.run_now(special_orders.to_cart, fetched.id), Payment("cash", 300_00))
    row = {"type": "special_order_step", "step": "here", "seq": 3, "sale_id": "", "receipt_number": "", "note": ""}
    for n, (order, at) in enumerate(((old, "2026-11-01T10:00:00.000Z"), (fetched, "2026-11-22T10:00:00.000Z"))):
        said = {"id": f"s-{n}", "special_order_id": order.id, "at": at}
        store.run_now(documents.store, [row | said])
    assert told(store) == []


def test_they_are_listed_searched_and_narrowed(store: Store, hassan: str) -> None:
    tomorrow = (date.fromisoformat(store.read_now(state.business_day)) + timedelta(days=1)).isoformat()
    first = ordered(store, hassan, deposit=10_00, expected=tomorrow)
    second = ordered(store, hassan, part_id=None, text="دبرياج")
    store.run_now(special_orders.arrived, second.id, "سارة")

    def numbers(**q: Any) -> list[str]:
        query = SpecialOrderQuery(**q)
        rows = store.read_now(special_orders.page, query, None, 0, 9)
        assert store.read_now(special_orders.count, query) == len(rows)
        return [row.number for row in rows]

    assert sorted(numbers()) == [first.number, second.number]
    assert numbers(text="دبرياج") == numbers(status="here") == [second.number]
    assert sorted(numbers(text="حسن")) == sorted(numbers(text="01000000001", open_only=True)) == sorted(numbers())
    store.run_now(special_orders.cancel, second.id, "x", "سارة")
    assert numbers(open_only=True) == [first.number]
    assert store.read_now(special_orders.find, first.number.lower().replace("-", "")).expected == tomorrow


def test_towards_version_1_the_deposit_is_a_payment_and_its_use_a_part_on_account(store: Store, hassan: str) -> None:
    store.run_now(abilities.learn, 1, ())
    order = ordered(store, hassan, deposit=80_00)
    cart = store.run_now(special_orders.to_cart, order.id)
    pay(store, cart, Payment("credit", 80_00), Payment("cash", 220_00))
    kept = ordered(store, hassan, deposit=20_00)
    store.run_now(lambda: special_orders.cancel(kept.id, "ما جاش", "سارة", deposit="forfeit"))
    sent = store.run_now(outbox.claim, "sales")
    on_account = [
        -change.payload["amount"] if change.kind == "payment" else _credit(change.payload)
        for change in sent
        if change.kind in ("payment", "sale")
    ]
    assert {change.kind for change in sent} == {"payment", "sale"}
    assert on_account == [100_00, -80_00, 80_00, -20_00], "all but what was kept comes to what he owed before"
    assert owed(store, hassan) == 100_00
    rows = store.read_now(lambda: db.execute("SELECT DISTINCT kind FROM outbox WHERE lane = 'local'").fetchall())
    local = {kind for (kind,) in rows}
    assert local == {"special_order", "special_order_step", "deposit", "deposit_forfeit"}


def _credit(payload: dict[str, Any]) -> int:
    return sum(part["amount"] for part in payload["payments"] if part["method"] == "credit")
