"""Quotations: what is offered, for how long, at which prices it comes back to the till, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from clutch_tui.core import aftersales, customers, held_carts, inventory, quotation_carts, quotations, sales, state
from clutch_tui.core.cart import add_line, set_discount, set_price, set_quantity, totals, with_customer, with_discount
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.quotation_carts import Repriced
from clutch_tui.core.quotations import Quotation, QuotationQuery
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, CustomerDraft, Discount, Part, Payment, Sale, TaxRules
from tests.test_core.shop import HandClock, queue, stock_shelf

DAY = timedelta(days=1)
TWO = whole(2)


@pytest.fixture
def pump(store: Store) -> Part:
    """A part of 150 pounds."""
    return stock_shelf(store)["WP-100"]


def cart_of(store: Store, part: Part, quantity: Quantity = TWO) -> Cart:
    cart = add_line(store.run_now(sales.open_cart), part, quantity)
    store.run_now(sales.save_cart, cart)
    return cart


def quote(store: Store, cart: Cart, **options: Any) -> Quotation:
    options = {"valid_until": store.read_now(quotations.usual_end), "rules": TaxRules(), **options}
    made: Quotation = store.run_now(quotations.quote, cart, cashier="سارة", device_id="d", **options)
    return made


def sell(store: Store, cart: Cart) -> Sale:
    rules = TaxRules()
    payment = Payment("visa", totals(cart, rules, "visa").total)
    return store.run_now(sales.checkout, cart, [payment], cashier="علي", device_id="d", rules=rules)


def reprice(store: Store, part: Part, price: int) -> None:
    seen = store.read_now(inventory.get, part.id)
    store.run_now(inventory.edit, part.id, replace(seen.draft, price=price), seen=seen)


def listed(store: Store, **query: Any) -> list[tuple[str, str]]:
    q = QuotationQuery(**query)
    rows = store.read_now(quotations.page, q, None, 0, 99)
    assert store.read_now(quotations.count, q) == len(rows)
    return [(row.number[-6:], row.status) for row in rows]


# --- making one ----------------------------------------------------------------------------------------


def test_a_quotation_has_a_number_and_ends_the_cart(store: Store, pump: Part) -> None:
    cart = cart_of(store, pump)
    made = quote(store, cart, name=" أم أحمد ", phone="0100 123 4567")
    assert made.number.endswith("-Q00001")
    assert (made.customer_name, made.customer_phone, made.customer_id) == ("أم أحمد", "0100 123 4567", None)
    assert (made.totals.total, made.status, made.valid_until) == (300_00, "open", store.read_now(quotations.usual_end))
    assert store.read_now(sales.open_carts) == ()
    assert store.read_now(inventory.get, pump.id).stock == pump.stock, "nothing has left the shelf"


def test_pressed_twice_it_is_one_quotation(store: Store, pump: Part) -> None:
    cart = cart_of(store, pump)
    assert quote(store, cart) == quote(store, cart)
    assert [change["kind"] for change in queue(store)].count("quotation") == 1


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("rate", [0, 1400, 1025])
def test_it_comes_to_what_decimal_says(store: Store, pump: Part, rate: int, include: bool) -> None:
    rules = TaxRules(rate, include, cash_rounding=25)
    cart = set_discount(cart_of(store, pump, whole(3)), 0, Discount(percent=333))
    made = quote(store, with_discount(set_price(cart, 0, 33_33), Discount(amount=1_01)), rules=rules)
    gross = Decimal("33.33") * 3
    piastre = Decimal("0.01")
    left = gross - (gross * Decimal("0.0333")).quantize(piastre, ROUND_HALF_UP) - Decimal("1.01")
    tax = (left * Decimal(rate) / 10_000).quantize(piastre, ROUND_HALF_UP)
    assert Decimal(made.totals.total) / 100 == (left if include else left + tax)


@pytest.mark.parametrize("day", ["2020-01-01", "2999-01-01", "soon", ""])
def test_a_day_that_cannot_be_meant_is_refused(store: Store, pump: Part, day: str) -> None:
    with pytest.raises(ShopError, match=r"error\.quotation\.valid_until"):
        quote(store, cart_of(store, pump), valid_until=day)
    assert len(store.read_now(sales.open_carts)) == 1


def test_what_is_no_offer_of_the_counter_is_refused(store: Store, pump: Part) -> None:
    with pytest.raises(ShopError, match=r"error\.sale\.empty"):
        quote(store, store.run_now(sales.open_cart))
    with pytest.raises(ShopError, match=r"error\.quotation\.of_order"):
        quote(store, replace(cart_of(store, pump), order_id="o-1"))
    cart = cart_of(store, pump)
    below = replace(cart, lines=(replace(cart.lines[0], quantity=Quantity(-1000)),))
    with pytest.raises(ShopError, match=r"error\.sale\.quantity"):
        quote(store, below)


def test_a_cart_of_another_window_is_not_quoted(store: Store, pump: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    cart = cart_of(store, pump)

    def refuse(cart_id: str) -> None:
        raise ShopError(held_carts.ELSEWHERE)

    monkeypatch.setattr(held_carts, "check", refuse)
    with pytest.raises(ShopError, match=r"error\.cart\.elsewhere"):
        quote(store, cart)


def test_a_cart_that_was_sold_meanwhile_is_not_quoted(store: Store, pump: Part) -> None:
    cart = cart_of(store, pump)
    sell(store, cart)
    with pytest.raises(ShopError, match=r"error\.cart\.gone"):
        quote(store, cart)
    assert listed(store) == []


def test_a_cart_that_went_on_after_another_window_quoted_it_is_a_quotation_of_its_own(store: Store, pump: Part) -> None:
    cart = cart_of(store, pump)
    first = quote(store, cart)
    more = set_quantity(cart, 0, whole(5))
    store.run_now(sales.save_cart, more)
    second = quote(store, more)
    assert (first.id != second.id, second.totals.total) == (True, 750_00)
    assert store.read_now(sales.open_carts) == ()


def test_it_waits_here_for_a_server_that_does_not_know_it(store: Store, pump: Part) -> None:
    quote(store, cart_of(store, pump))
    store.run_now(abilities.learn, 1, ())
    assert store.run_now(outbox.claim, "sales") == ()
    assert store.read_now(lambda: db.execute("SELECT lane FROM outbox WHERE kind = 'quotation'").fetchall()) == [
        ("local",)
    ]
    store.run_now(abilities.learn, 2, quotations.KINDS)
    (sent,) = store.run_now(outbox.claim, "sales")
    assert (sent.kind, sent.payload["total"]) == ("quotation", 300_00)


# --- back at the till ----------------------------------------------------------------------------------


def test_it_comes_back_at_its_prices_and_becomes_the_sale_that_names_it(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump), name="حسن")
    reprice(store, pump, 175_50)
    again = store.read_now(quotation_carts.recall, made.id)
    assert again.changed == (("طلمبة مياه", 150_00, 175_50),)
    assert [line.price for line in again.quoted.lines] == [150_00]
    assert [line.price for line in again.today.lines] == [175_50]
    store.run_now(sales.save_cart, again.quoted)
    sale = sell(store, again.quoted)
    assert sale.totals.total == made.totals.total
    now = store.read_now(quotations.get, made.id)
    assert (now.status, now.sale_id, now.receipt_number) == ("sold", sale.id, sale.receipt_number)
    assert [change["kind"] for change in queue(store) if change["kind"].startswith("quotation")] == [
        "quotation",
        "quotation_sold",
    ]


def test_a_parked_cart_of_a_quotation_keeps_its_name(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    store.run_now(sales.park, store.read_now(quotation_carts.recall, made.id).quoted)
    (kept,) = store.read_now(sales.open_carts)
    sell(store, store.run_now(sales.take_up, kept))
    assert store.read_now(quotations.get, made.id).status == "sold"


def test_discounts_come_back_as_they_were_typed(store: Store, pump: Part) -> None:
    cart = set_discount(cart_of(store, pump), 0, Discount(percent=1000))
    made = quote(store, with_discount(cart, Discount(amount=20_00)))
    again = store.read_now(quotation_carts.recall, made.id).quoted
    assert (again.lines[0].discount, again.discount) == (Discount(percent=1000), Discount(amount=20_00))
    more = set_quantity(again, 0, whole(4))
    assert more.lines[0].off == 60_00, "a tenth of what it is now"


def test_what_another_till_offered_comes_back_to_the_same_sum(store: Store, pump: Part) -> None:
    cart = with_discount(set_discount(cart_of(store, pump, whole(3)), 0, Discount(percent=777)), Discount(percent=150))
    made = quote(store, cart)
    (change,) = [change for change in queue(store) if change["kind"] == "quotation"]
    row = {**change["payload"], "id": "other", "type": "quotation", "at": "2026-11-22T09:00:00.000Z", "seq": 7}
    store.run_now(quotations.store_pulled, [row])
    other = store.read_now(quotations.get, "other")
    assert (other.totals, other.own) == (made.totals, False)
    again = store.read_now(quotation_carts.recall, "other").quoted
    assert sell(store, again).totals.total == made.totals.total


def test_after_its_day_it_binds_nobody(store: Store, clock: HandClock, pump: Part) -> None:
    made = quote(store, cart_of(store, pump), valid_until=store.read_now(quotations.usual_end, 1))
    clock.moment += DAY
    assert store.read_now(quotations.get, made.id).status == "open", "until the end of its day"
    clock.moment += DAY
    late = store.read_now(quotations.get, made.id)
    assert (late.status, late.binds) == ("expired", False)
    sell(store, store.read_now(quotation_carts.recall, made.id).quoted)
    assert store.read_now(quotations.get, made.id).status == "sold"


def test_one_that_was_lost_binds_nobody_after_its_day_either(store: Store, clock: HandClock, pump: Part) -> None:
    made = quote(store, cart_of(store, pump), valid_until=store.read_now(quotations.usual_end, 0))
    assert store.run_now(quotations.lose, made.id, "غالي", "سارة").binds
    clock.moment += DAY
    late = store.read_now(quotations.get, made.id)
    assert (late.status, late.binds) == ("lost", False)


def test_a_part_that_is_not_sold_any_more_is_named(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    store.run_now(inventory.delete, pump.id, seen=store.read_now(inventory.get, pump.id))
    assert store.read_now(quotation_carts.recall, made.id).gone == ("طلمبة مياه",)


def pulled(store: Store, made: Quotation, **odd: Any) -> Repriced:
    """What another till's quotation is taken up as that says the same but for something odd."""
    (change,) = [change for change in queue(store) if change["kind"] == "quotation"]
    row = {**change["payload"], "id": "odd", "type": "quotation", "at": "2026-11-22T09:00:00.000Z", "seq": 7, **odd}
    store.run_now(quotations.store_pulled, [row])
    return store.read_now(quotation_carts.recall, "odd")


def test_odd_figures_of_another_program_raise_no_price(store: Store, pump: Part) -> None:
    made = quote(store, set_discount(cart_of(store, pump), 0, Discount(amount=10_00)))
    again = pulled(store, made, discount=0).quoted
    assert totals(again, TaxRules(), "visa").total == 290_00


def test_a_discount_on_the_whole_is_shared_by_what_is_left_of_it(store: Store, pump: Part) -> None:
    made = quote(store, with_discount(cart_of(store, pump), Discount(amount=60_00)))
    line = {"item_id": "gone", "item_name": "x", "part_number": "", "quantity": 1000, "price": 100_00, "discount": 0}
    items = [*queue(store)[-1]["payload"]["items"], line | {"total": 100_00}]
    again = pulled(store, made, items=items).quoted
    assert totals(again, TaxRules(), "visa").total == 300_00 - 45_00


def test_a_part_without_a_price_costs_today_what_was_quoted(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    reprice(store, pump, 0)
    assert store.read_now(quotation_carts.recall, made.id).today.lines[0].price == 150_00


def test_a_number_of_two_quotations_is_refused_and_an_id_is_sure(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    pulled(store, made)
    with pytest.raises(ShopError, match=r"error\.quotation\.several"):
        store.read_now(quotations.find, made.number)
    assert store.read_now(quotations.find, "odd").id == "odd"


# --- what becomes of it --------------------------------------------------------------------------------


def test_one_that_is_lost_says_why_and_can_still_be_sold(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    for reason in ("", "   "):
        with pytest.raises(ShopError, match=r"error\.quotation\.no_reason"):
            store.run_now(quotations.lose, made.id, reason, "سارة")
    lost = store.run_now(quotations.lose, made.id, " غالي ", "سارة")
    assert (lost.status, lost.reason) == ("lost", "غالي")
    with pytest.raises(ShopError, match=r"error\.quotation\.lost"):
        store.run_now(quotations.lose, made.id, "غالي", "سارة")
    sell(store, store.read_now(quotation_carts.recall, made.id).quoted)
    assert store.read_now(quotations.get, made.id).status == "sold"
    with pytest.raises(ShopError, match=r"error\.quotation\.sold"):
        store.run_now(quotations.lose, made.id, "غالي", "سارة")


def test_a_sale_that_is_voided_gives_its_quotation_back(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    sale = sell(store, store.read_now(quotation_carts.recall, made.id).quoted)
    store.run_now(aftersales.void, sale.id, "غلط", "سارة")
    assert store.read_now(quotations.get, made.id).status == "open"
    sell(store, store.read_now(quotation_carts.recall, made.id).quoted)
    assert store.read_now(quotations.get, made.id).status == "sold"


def test_a_second_sale_of_it_counts_where_the_first_is_voided(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    carts = [store.read_now(quotation_carts.recall, made.id).quoted for _ in range(2)]
    first, second = (sell(store, cart) for cart in carts)
    assert first.id != second.id
    assert store.read_now(quotations.get, made.id).sale_id == first.id
    store.run_now(aftersales.void, first.id, "غلط", "سارة")
    now = store.read_now(quotations.get, made.id)
    assert (now.status, now.sale_id) == ("sold", second.id)


# --- what there is -------------------------------------------------------------------------------------


def test_it_is_found_by_number_name_phone_part_and_sum(store: Store, pump: Part) -> None:
    hassan = store.run_now(customers.create, CustomerDraft(name="حسن", phone="01001234567"))
    quote(store, with_customer(cart_of(store, pump), hassan))
    quote(store, cart_of(store, pump, whole(1)), name="منى")
    assert listed(store) == [("Q00002", "open"), ("Q00001", "open")]
    for text in ("حسن", "01001234567", "Q00001", "300.00", "حسن wp100"):
        assert listed(store, text=text) == [("Q00001", "open")], text
    assert listed(store, text="منى") == [("Q00002", "open")]
    assert listed(store, customer_id=hassan.id) == [("Q00001", "open")]
    assert listed(store, text=store.read_now(state.business_day)) == listed(store)


def test_a_list_of_one_state_is_what_it_says(store: Store, clock: HandClock, pump: Part) -> None:
    ends = [store.read_now(quotations.usual_end, days) for days in (0, 9, 9, 9)]
    kept = [quote(store, cart_of(store, pump), valid_until=end) for end in ends]
    store.run_now(quotations.lose, kept[1].id, "غالي", "سارة")
    sell(store, store.read_now(quotation_carts.recall, kept[2].id).quoted)
    clock.moment += DAY
    by_state = {status: listed(store, status=status) for status in quotations.STATUSES}
    assert {status: [number for number, _ in rows] for status, rows in by_state.items()} == {
        "expired": ["Q00001"],
        "lost": ["Q00002"],
        "sold": ["Q00003"],
        "open": ["Q00004"],
    }


def test_pages_follow_each_other(store: Store, pump: Part) -> None:
    for _ in range(5):
        quote(store, cart_of(store, pump))
    q = QuotationQuery()
    first = store.read_now(quotations.page, q, None, 0, 2)
    after = store.read_now(quotations.page, q, first[-1].key, 0, 9)
    skipped = store.read_now(quotations.page, q, None, 2, 9)
    assert [row.number[-1] for row in first + after] == ["5", "4", "3", "2", "1"]
    assert after == skipped


def test_a_number_is_found_however_it_is_typed(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    for typed in (made.number, made.number.lower(), made.number.replace("-", " ")):
        assert store.read_now(quotations.find, typed).id == made.id
    with pytest.raises(ShopError, match=r"error\.quotation\.unknown"):
        store.read_now(quotations.find, "Q99")
    store.run_now(lambda: db.execute("UPDATE quotation SET number = ''"))
    with pytest.raises(ShopError, match=r"error\.quotation\.unknown"):
        store.read_now(quotations.find, "-")


def test_a_snapshot_forgets_what_a_restored_server_has_lost(store: Store, pump: Part) -> None:
    made = quote(store, cart_of(store, pump))
    (change,) = [change for change in queue(store) if change["kind"] == "quotation"]
    row = {**change["payload"], "id": "other", "type": "quotation", "at": "2026-11-22T09:00:00.000Z", "seq": 7}
    store.run_now(quotations.store_pulled, [row])
    lost = {"id": "e", "type": "quotation_lost", "quotation_id": made.id, "note": "x", "at": row["at"], "seq": 8}
    store.run_now(quotations.store_pulled, [lost])
    assert store.read_now(quotations.get, made.id).status == "lost"
    store.run_now(quotations.sweep, [], "2000")
    assert [(number, status) for number, status in listed(store)] == [("Q00001", "open")]
    assert store.read_now(lambda: db.execute("SELECT count(*) FROM quotation_end").fetchone()[0]) == 0
