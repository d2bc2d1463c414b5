"""Selling: figures, one transaction, once; and what happens to a sale afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from clutch_tui.core import aftersales, cart, cash, inventory, journal, past_sales, sales, state
from clutch_tui.core.clock import to_text
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.quantity import NOTHING, ONE, Quantity, smallest, to_units, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import queue, replica, replica_rows
from clutch_tui.core.types import (
    Cart,
    CartLine,
    Discount,
    PartDraft,
    Payment,
    PayMethod,
    Receipt,
    SaleLine,
    SaleQuery,
    TaxRules,
)
from clutch_tui.text.fold import fold_number
from tests.fresh_store import open_new

VAT = TaxRules(1400, prices_include_tax=True)
ADDED = TaxRules(1400, prices_include_tax=False)
COINS = TaxRules(1400, prices_include_tax=True, cash_rounding=25)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_new(tmp_path / "shop.db", inline=True) as opened:
        yield opened


@pytest.fixture
def part_id(store: Store) -> str:
    draft = PartDraft(name="تيل فرامل أمامي", part_number="BP-1", price=10013)
    return str(store.run_now(inventory.create, draft, whole(10)).id)


def rows(store: Store, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    return store.read_now(lambda: db.execute(sql, args).fetchall())


def sell(store: Store, part_id: str, quantity: int = 1, rules: TaxRules = VAT, **more: Any) -> Receipt:
    part = store.read_now(inventory.get, part_id)
    made = cart.add_line(store.run_now(sales.open_cart), part, whole(quantity))
    return checkout(store, made, rules, **more)


def checkout(store: Store, made: Cart, rules: TaxRules = VAT, *, payments: Any = None, tendered: int = 0) -> Receipt:
    total = cart.totals(made, rules, "cash").total
    payments = payments or (Payment("cash", total),)
    return store.run_now(sales.checkout, made, payments, tendered=tendered, cashier="sara", device_id="d1", rules=rules)


# --- names in two languages ----------------------------------------------------------------------------


def test_a_line_keeps_the_english_name_but_the_sale_says_the_arabic_one(store: Store) -> None:
    draft = PartDraft(name="بوجيه", name_en="Spark plug", part_number="NGK-7", price=9_550)
    part_id = store.run_now(inventory.create, draft, whole(10)).id
    made = cart.add_line(store.run_now(sales.open_cart), store.read_now(inventory.get, part_id), whole(2))
    store.run_now(sales.save_cart, made)
    (kept,) = store.read_now(sales.open_carts)
    assert (kept.lines[0].name, kept.lines[0].name_en) == ("بوجيه", "Spark plug")
    receipt = checkout(store, kept)
    assert receipt.lines[0].name_en == "Spark plug"
    assert store.read_now(sales.get, receipt.id).lines[0].name_en == "Spark plug"
    ((body,),) = rows(store, "SELECT payload FROM outbox WHERE type = 'sale'")
    assert json.loads(body)["items"][0]["item_name"] == "بوجيه"
    assert "Spark" not in body


def test_a_cart_of_another_version_is_taken_up(store: Store, part_id: str) -> None:
    line = {"part_id": part_id, "name": "تيل", "part_number": "BP-1", "quantity": ONE, "price": 10013, "discount": 0}
    for n, more in enumerate(({}, {"name_en": "Pads", "colour": "red"})):
        body = {"id": f"c{n}", "lines": [line | more], "discount": 0}
        store.run_now(
            db.execute,
            "INSERT INTO cart (id, body, updated_at) VALUES (?, ?, ?)",
            (f"c{n}", json.dumps(body), f"{n}"),
        )
    assert [made.lines[0].name_en for made in store.read_now(sales.open_carts)] == ["", "Pads"]


# --- figures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "rules", "tax"),
    [
        (11400, VAT, 1400),
        (10000, ADDED, 1400),
        (10013, VAT, 1230),
        (1, VAT, 0),
        (0, VAT, 0),
        (4, ADDED, 1),
        (3, ADDED, 0),
    ],
)
def test_tax_is_rounded_half_up(net: int, rules: TaxRules, tax: int) -> None:
    assert cart.totals(Cart("c", (CartLine("p", "n", "", ONE, net),)), rules).tax == tax


@pytest.mark.parametrize(
    ("amount", "hundredths", "part"),
    [(9_550, 1_000, 955), (9_550, 1_250, 1_194), (5, 1_000, 1), (4, 1_000, 0), (7, 10_000, 7)],
)
def test_a_percentage_is_rounded_half_up(amount: int, hundredths: int, part: int) -> None:
    assert Discount(percent=hundredths).off(amount) == part


@pytest.mark.parametrize(
    ("amount", "rounding"), [(10013, 12), (10012, -12), (10000, 0), (10024, 1), (12, -12), (13, 12)]
)
def test_only_cash_is_rounded_to_the_smallest_coin(amount: int, rounding: int) -> None:
    made = Cart("c", (CartLine("p", "x", "", ONE, amount),))
    assert cart.totals(made, COINS, "cash").rounding == rounding
    assert cart.totals(made, COINS, "visa").rounding == 0


MONEY = some.integers(0, 10_000_00)
QUANTITIES = some.one_of(some.integers(1, 50).map(whole), some.integers(1, 50_000).map(Quantity))


@given(
    some.lists(some.tuples(QUANTITIES, MONEY, MONEY), min_size=1, max_size=6),
    MONEY,
    some.sampled_from([VAT, ADDED, COINS, TaxRules()]),
)
def test_the_figures_of_any_cart_add_up(lines: list[tuple[Quantity, int, int]], discount: int, rules: TaxRules) -> None:
    made = Cart(
        "c", tuple(CartLine(str(n), "x", "", q, p, Discount(d), decimals=3) for n, (q, p, d) in enumerate(lines))
    )
    net = sum(line.total for line in made.lines)
    made = cart.with_discount(made, Discount(min(discount, net)))
    figures = cart.totals(made, rules, "cash")
    added = 0 if rules.prices_include_tax else figures.tax
    assert figures.subtotal - figures.discount + added + figures.rounding == figures.total
    assert figures.total >= 0
    assert abs(figures.rounding) <= rules.cash_rounding / 2


def test_the_same_part_adds_up_and_discounts_never_exceed_what_is_left(store: Store, part_id: str) -> None:
    part = store.read_now(inventory.get, part_id)
    made = cart.add_line(cart.add_line(Cart("c"), part), part, whole(2))
    assert [line.quantity for line in made.lines] == [whole(3)]
    made = cart.set_discount(made, 0, Discount(30000))
    made = cart.set_quantity(made, 0, ONE)
    assert made.lines[0].off == 10013
    made = cart.with_discount(cart.set_discount(made, 0, Discount()), Discount(10013))
    assert cart.totals(cart.set_price(made, 0, 5000), VAT).total == 0
    assert cart.remove_line(made, 0) == Cart("c")


@pytest.mark.parametrize("quantity", [NOTHING, whole(-1), whole(1_000_001)])
def test_nonsense_quantities_are_refused(store: Store, part_id: str, quantity: Quantity) -> None:
    part = store.read_now(inventory.get, part_id)
    with pytest.raises(ShopError, match=r"sale\.quantity"):
        cart.add_line(Cart("c"), part, quantity)
    with pytest.raises(ShopError, match=r"sale\.quantity"):
        cart.set_quantity(cart.add_line(Cart("c"), part), 0, quantity)


OIL = PartDraft(name="زيت", part_number="OIL-1", price=180_05, unit="LTR", decimals=2)


def test_a_fraction_is_sold_of_what_is_sold_in_such_and_of_nothing_else(store: Store, part_id: str) -> None:
    pads, oil = store.read_now(inventory.get, part_id), store.run_now(inventory.create, OIL, whole(4))
    made = cart.add_line(cart.add_line(Cart("c"), oil, Quantity(250)), oil, Quantity(1_250))
    assert [(line.quantity, line.unit, line.decimals) for line in made.lines] == [(Quantity(1_500), "LTR", 2)]
    both = cart.add_line(made, pads)
    for part, quantity, key in (
        (pads, Quantity(1_500), "error.quantity.pieces"),
        (pads, Quantity(1), "error.quantity.pieces"),
        (oil, Quantity(1_505), "error.quantity.decimals"),
    ):
        for add in (
            lambda part=part, quantity=quantity: cart.add_line(made, part, quantity),
            lambda part=part, quantity=quantity: cart.set_quantity(both, int(part is pads), quantity),
        ):
            with pytest.raises(ShopError) as refused:
                add()
            assert (refused.value.key, refused.value.values["name"]) == (key, part.draft.name)


def test_what_is_measured_counts_as_one_thing(store: Store, part_id: str) -> None:
    oil = store.run_now(inventory.create, OIL, whole(4))
    made = cart.add_line(Cart("c"), store.read_now(inventory.get, part_id), whole(3))
    made = cart.add_line(made, oil, whole(2))
    assert cart.totals(made, VAT).pieces == 3 + 1
    assert cart.totals(cart.set_quantity(made, 1, Quantity(250)), VAT).pieces == 3 + 1


def test_nonsense_prices_and_discounts_are_refused(store: Store, part_id: str) -> None:
    made = cart.add_line(Cart("c"), store.read_now(inventory.get, part_id))
    for price in (-1, 10**15):
        with pytest.raises(ShopError, match="price"):
            cart.set_price(made, 0, price)
    for discount in (Discount(-1), Discount(10014), Discount(percent=-1), Discount(percent=10_001), Discount(1, 1)):
        with pytest.raises(ShopError, match="discount"):
            cart.set_discount(made, 0, discount)
        with pytest.raises(ShopError, match="discount"):
            cart.with_discount(made, discount)


# --- the checkout --------------------------------------------------------------------------------------


def test_a_sale_writes_everything_that_follows_from_it(store: Store, part_id: str) -> None:
    receipt = sell(store, part_id, 3, tendered=50000)
    assert (receipt.totals.total, receipt.tendered, receipt.change) == (30039, 50000, 19961)
    assert receipt.unsent
    assert store.read_now(inventory.get, part_id).stock == whole(7)
    assert rows(store, "SELECT delta, open FROM stock_move WHERE sale_id = ?", receipt.id) == [(whole(-3), 1)]
    assert rows(store, "SELECT kind, amount FROM money_move") == [("sale", 30039)]
    assert store.read_now(cash.report).expected == 30039
    ((kind, payload),) = rows(store, "SELECT kind, payload FROM outbox WHERE type = 'sale'")
    body = json.loads(payload)
    assert kind == "sale"
    assert (body["id"], body["receipt_number"], body["total"]) == (receipt.id, receipt.receipt_number, 30039)
    assert body["items"][0]["item_id"] == part_id
    assert store.read_now(journal.verify_audit) is None
    assert rows(store, "SELECT action, actor FROM audit WHERE record_id = ?", receipt.id) == [("sale", "sara")]


def test_a_fraction_is_sold_and_kept_as_it_is(store: Store, part_id: str) -> None:
    """0.75 litres at 180.05 come to 135.0375."""
    oil = store.run_now(inventory.create, OIL, whole(4))
    made = cart.add_line(store.run_now(sales.open_cart), oil, Quantity(750))
    store.run_now(sales.save_cart, made)
    assert store.read_now(sales.open_carts) == (made,)
    receipt = checkout(store, made)
    assert (receipt.totals.total, receipt.totals.pieces) == (135_04, 1)
    assert store.read_now(sales.get, receipt.id) == receipt
    assert [(line.quantity, line.unit, line.decimals) for line in receipt.lines] == [(Quantity(750), "LTR", 2)]
    assert store.read_now(inventory.get, oil.id).stock == Quantity(3_250)
    assert rows(store, "SELECT delta FROM stock_move WHERE sale_id = ?", receipt.id) == [(-750,)]
    body = json.loads(rows(store, "SELECT payload FROM outbox WHERE type = 'sale'")[0][0])
    assert (body["items"][0]["quantity"], body["items"][0]["total"]) == (750, 135_04)


def test_what_a_checkout_gives_back_is_what_is_read_later(store: Store, part_id: str) -> None:
    made = cart.add_line(store.run_now(sales.open_cart), store.read_now(inventory.get, part_id), whole(3))
    made = cart.with_discount(cart.set_discount(made, 0, Discount(500)), Discount(39))
    total = cart.totals(made, VAT, "visa").total
    receipt = checkout(store, made, payments=(Payment("visa", total - 1000), Payment("cash", 1000)), tendered=2000)
    assert receipt == store.read_now(sales.get, receipt.id)
    assert (receipt.change, receipt.unsent) == (1000, True)


def test_pressed_twice_sells_once(store: Store, part_id: str) -> None:
    part = store.read_now(inventory.get, part_id)
    made = cart.add_line(store.run_now(sales.open_cart), part)
    assert checkout(store, made) == checkout(store, made)
    assert rows(store, "SELECT count(*) FROM sale") == [(1,)]
    assert store.read_now(inventory.get, part_id).stock == whole(9)


def test_a_cart_that_another_window_sold_meanwhile_is_a_sale_of_its_own(store: Store, part_id: str) -> None:
    part = store.read_now(inventory.get, part_id)
    shared = cart.add_line(store.run_now(sales.open_cart), part)
    there = checkout(store, shared)
    changed = cart.set_quantity(shared, 0, whole(3))
    here = checkout(store, changed)
    assert checkout(store, changed) == here
    assert (there.lines[0].quantity, here.lines[0].quantity) == (whole(1), whole(3))
    assert there.id != here.id
    assert store.read_now(inventory.get, part_id).stock == whole(10 - 4)
    assert checkout(store, shared).id == there.id


def test_a_cart_that_was_sold_is_not_paid_in_another_way(store: Store, part_id: str) -> None:
    """The money of the second payment stood on no receipt, and nobody was told."""
    made = cart.add_line(store.run_now(sales.open_cart), store.read_now(inventory.get, part_id))
    assert not store.read_now(sales.is_lost, made.id)
    receipt = checkout(store, made)
    card = (Payment("visa", cart.totals(made, VAT, "visa").total),)
    with pytest.raises(ShopError, match=re.escape("error.sale.sold_already")) as refused:
        checkout(store, made, payments=card)
    assert refused.value.values == {"number": receipt.receipt_number}
    assert rows(store, "SELECT count(*) FROM sale") == [(1,)]
    assert store.read_now(sales.is_lost, made.id)


def test_a_sold_cart_cannot_be_saved_again(store: Store, part_id: str) -> None:
    """The screen's last save may come after the checkout: it must not bring the cart back."""
    made = cart.add_line(store.run_now(sales.open_cart), store.read_now(inventory.get, part_id))
    store.run_now(sales.save_cart, made)
    assert store.read_now(sales.open_carts) == (made,)
    checkout(store, made)
    store.run_now(sales.save_cart, made)
    assert store.read_now(sales.open_carts) == ()


def test_a_till_sells_what_the_shelf_does_not_know(store: Store, part_id: str) -> None:
    sell(store, part_id, 12)
    assert store.read_now(inventory.get, part_id).stock == whole(-2)


def test_split_payment_and_credit(store: Store, part_id: str) -> None:
    made = cart.add_line(store.run_now(sales.open_cart), store.read_now(inventory.get, part_id))
    credit = (Payment("cash", 5000), Payment("credit", 5013))
    with pytest.raises(ShopError, match="credit_needs_customer"):
        checkout(store, made, payments=credit)
    made = Cart(made.id, made.lines, customer_id="c-1", customer_name="أحمد", customer_phone="0100")
    receipt = checkout(store, made, payments=credit)
    assert receipt.payments == credit
    assert rows(store, "SELECT customer_id, amount FROM account_move") == [("c-1", 5013)]
    assert rows(store, "SELECT amount FROM money_move WHERE method = 'cash'") == [(5000,)]
    body = json.loads(rows(store, "SELECT payload FROM outbox WHERE type = 'sale'")[0][0])
    assert body["customer"] == {"id": "c-1", "name": "أحمد", "phone": "0100"}


@pytest.mark.parametrize(
    "payments", [(), (Payment("cash", 1),), (Payment("cash", 20000),), (Payment("cash", 10014), Payment("visa", -1))]
)
def test_what_is_not_paid_is_not_sold(store: Store, part_id: str, payments: tuple[Payment, ...]) -> None:
    made = cart.add_line(store.run_now(sales.open_cart), store.read_now(inventory.get, part_id))
    with pytest.raises(ShopError, match="unpaid"):
        store.run_now(sales.checkout, made, payments, cashier="", device_id="", rules=VAT)
    assert rows(store, "SELECT count(*) FROM sale") == [(0,)]
    assert rows(store, "SELECT count(*) FROM outbox WHERE type = 'sale'") == [(0,)]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (CartLine("p", "n", "", whole(-5), 100), "error.sale.quantity"),
        (CartLine("p", "n", "", NOTHING, 100), "error.sale.quantity"),
        (CartLine("p", "n", "", Quantity(1_500), 100), "error.quantity.pieces"),
        (CartLine("p", "n", "", Quantity(1_505), 100, decimals=2), "error.quantity.decimals"),
        (CartLine("p", "n", "", whole(10**9), 10**12), "error.sale.quantity"),
        (CartLine("p", "n", "", ONE, -100), "error.sale.price"),
        (CartLine("p", "n", "", ONE, 10**12), "error.sale.price"),
        (CartLine("p", "n", "", ONE, 100, Discount(percent=10_001)), "error.sale.discount"),
        (CartLine("p", "n", "", ONE, 100, Discount(-1)), "error.sale.discount"),
    ],
)
def test_a_cart_made_without_the_rules_is_not_sold(store: Store, line: CartLine, key: str) -> None:
    made = Cart("hostile", (line,))
    with pytest.raises(ShopError) as error:
        checkout(store, made)
    assert error.value.key == key
    assert rows(store, "SELECT count(*) FROM sale") == [(0,)]


def test_an_empty_cart_is_no_sale(store: Store) -> None:
    with pytest.raises(ShopError, match="empty"):
        store.run_now(sales.checkout, Cart("c"), (), cashier="", device_id="", rules=VAT)


def test_receipt_numbers_count_up_and_jump_past_what_was_seen(store: Store, part_id: str) -> None:
    first = sell(store, part_id).receipt_number
    prefix, _, number = first.rpartition("-")
    assert number == "000001"
    store.run_now(state.bump_receipt_counter, [f"{prefix}-000041", "OTHER-000099", f"{prefix}-000007"])
    assert sell(store, part_id).receipt_number == f"{prefix}-000042"


# --- the list ------------------------------------------------------------------------------------------


def test_past_sales_come_newest_first_and_page_by_page(store: Store, part_id: str) -> None:
    made = [sell(store, part_id).id for _ in range(7)]
    listed = store.read_now(past_sales.page, SaleQuery(), None, 0, 3)
    again = store.read_now(past_sales.page, SaleQuery(), listed[-1].key, 0, 10)
    assert [row.id for row in (*listed, *again)] == made[::-1]
    assert store.read_now(past_sales.page, SaleQuery(), listed[0].key, 2, 1)[0].id == made[3]
    assert store.read_now(past_sales.count, SaleQuery(part_id=part_id)) == 7


def test_the_sale_whose_number_was_typed_comes_first(store: Store, part_id: str) -> None:
    made = [sell(store, part_id) for _ in range(5)]
    store.run_now(
        db.execute, "UPDATE sale SET search_key = search_key || ' ' || ?", (fold_number(made[1].receipt_number),)
    )
    newest_first = [made[n].id for n in (1, 4, 3, 2, 0)]
    prefix, number = made[1].receipt_number.split("-")
    for typed in (f"{prefix}-{number}", f"{prefix} {number}".lower(), f"{prefix}{number}", number.lstrip("0"), number):
        q = SaleQuery(text=typed)
        listed = store.read_now(past_sales.page, q, None, 0, 9)
        assert [row.id for row in listed] == newest_first, typed
        for n, row in enumerate(listed):
            assert [one.id for one in store.read_now(past_sales.page, q, row.key, 0, 9)] == newest_first[n + 1 :]
            assert [one.id for one in store.read_now(past_sales.page, q, None, n, 2)] == newest_first[n : n + 2]


def on_day(store: Store, sale_id: str, day: str) -> None:
    store.run_now(db.execute, "UPDATE sale SET business_day = ? WHERE id = ?", (day, sale_id))


def found(store: Store, text: str) -> list[str]:
    q = SaleQuery(text=text)
    listed = [row.id for row in store.read_now(past_sales.page, q, None, 0, 99)]
    assert len(listed) == store.read_now(past_sales.count, q)
    return listed


def test_past_sales_are_found_by_amount(store: Store, part_id: str) -> None:
    made = [sell(store, part_id) for _ in range(4)]
    for receipt, total in zip(made, (9062, 125_000, -9062, 9000), strict=True):
        store.run_now(db.execute, "UPDATE sale SET total = ? WHERE id = ?", (total, receipt.id))
    for text in ("90.62", "٩٠٫٦٢", "-90.62", "90.62 sara"):
        assert found(store, text) == [made[2].id, made[0].id], text
    for text in ("1,250", "1250.00", "1250", "١٬٢٥٠"):
        assert found(store, text) == [made[1].id], text
    assert found(store, "90.63") == []
    assert found(store, "90.62 nobody") == []


def test_past_sales_are_found_by_day(store: Store, part_id: str) -> None:
    made = [sell(store, part_id) for _ in range(3)]
    today = date.fromisoformat(made[0].business_day)
    days = [today - timedelta(days=200), today - timedelta(days=40), today - timedelta(days=365 * 3)]
    for receipt, day in zip(made, days, strict=True):
        on_day(store, receipt.id, day.isoformat())
    for n, day in enumerate(days):
        for text in (
            f"{day:%d/%m/%Y}",
            f"{day:%d-%m-%Y}",
            f"{day:%d/%m/%y}",
            f"{day:%Y-%m-%d}",
            f"{day.day}/{day.month}/{day.year}",
        ):
            assert found(store, text) == [made[n].id], text
    for n in (0, 1):  # without its year it is the last one
        assert found(store, f"{days[n]:%d/%m}") == [made[n].id]
        assert found(store, f"{days[n]:%d-%m}") == [made[n].id]
    assert found(store, "31/02/2026") == []


def test_the_number_of_a_receipt_comes_before_an_amount_of_the_same_figures(store: Store, part_id: str) -> None:
    made = [sell(store, part_id) for _ in range(3)]
    store.run_now(db.execute, "UPDATE sale SET total = ? WHERE id = ?", (2_00, made[2].id))
    number = made[1].receipt_number.rpartition("-")[2].lstrip("0")
    assert number == "2"
    assert found(store, "2")[0] == made[1].id
    assert made[2].id in found(store, "2")
    assert found(store, "2.00") == [made[2].id]


def test_a_past_sale_is_found_by_number_part_and_day(store: Store, part_id: str) -> None:
    receipt = sell(store, part_id)
    for text in (receipt.receipt_number, "تيل", "bp1", "sara"):
        assert [row.id for row in store.read_now(past_sales.page, SaleQuery(text=text), None, 0, 5)] == [receipt.id]
    assert store.read_now(past_sales.count, SaleQuery(text="nothing")) == 0
    assert store.read_now(past_sales.count, SaleQuery(day=receipt.business_day)) == 1


# --- afterwards ----------------------------------------------------------------------------------------


def test_a_void_puts_everything_back_once(store: Store, part_id: str) -> None:
    receipt = sell(store, part_id, 4)
    voided = store.run_now(aftersales.void, receipt.id, "غلطة", "sara")
    assert voided.status == "voided"
    assert store.read_now(inventory.get, part_id).stock == whole(10)
    assert store.read_now(cash.report).expected == 0
    with pytest.raises(ShopError, match="voided"):
        store.run_now(aftersales.void, receipt.id, "again", "sara")
    assert rows(store, "SELECT count(*) FROM outbox WHERE kind = 'void'") == [(1,)]


def test_a_pull_that_is_older_than_a_void_does_not_undo_it(store: Store, part_id: str) -> None:
    sale = sell(store, part_id)
    store.run_now(aftersales.void, sale.id, "غلطة", "sara")
    server = {"id": sale.id, "status": "completed", "version": 1, "seq": 5, "receipt_number": sale.receipt_number}
    pulled = [server | {"deleted": False, "date": None}]
    store.run_now(replica_rows.store, "sale", pulled, snapshot=False)
    assert store.read_now(sales.get, sale.id).status == "voided"
    with pytest.raises(ShopError, match=r"error\.sale\.voided"):
        store.run_now(aftersales.void, sale.id, "تاني", "sara")


def test_a_snapshot_forgets_what_others_sold_as_far_as_it_reaches(store: Store, part_id: str) -> None:
    """A restored server had lost the oldest of another till's sales, and this one went on showing it for ever."""
    ours = sell(store, part_id)
    now = datetime.now(UTC)

    def sold(days_ago: int) -> dict[str, Any]:
        texts = ("device_id", "cashier", "customer_name", "payment_method", "business_day", "notes")
        return {
            **dict.fromkeys(texts, ""),
            **dict.fromkeys(("subtotal", "discount", "tax", "rounding", "total"), 0),
            **dict.fromkeys(("customer_id", "return_of", "order_id")),
            **{"id": f"theirs-{days_ago}", "receipt_number": f"B-{days_ago}", "status": "completed", "seq": 5},
            **{"version": 1, "deleted": False, "flags": [], "items": [], "payments": []},
            "date": to_text(now - timedelta(days=days_ago)),
        }

    def pull(*days: int, snapshot: bool) -> set[str]:
        store.run_now(replica_rows.store, "sale", [sold(one) for one in days], snapshot=snapshot)
        return {row[0] for row in rows(store, "SELECT id FROM sale WHERE own = 0")}

    assert pull(10, 20, 500, snapshot=False) == {"theirs-10", "theirs-20", "theirs-500"}
    assert pull(10, snapshot=True) == {"theirs-10", "theirs-500"}
    assert pull(snapshot=True) == {"theirs-500"}
    assert store.read_now(sales.get, ours.id).id == ours.id


@pytest.mark.parametrize("status", ["rejected", "key_reuse"])
def test_the_goods_of_a_sale_that_was_refused_stay_off_the_shelf(store: Store, status: str) -> None:
    """The answer has no number of its own (0), which every cursor has reached: the shelf showed one part more."""
    part = {**asdict(PartDraft(name="تيل", price=100)), "type": "item", "id": "p1", "version": 1, "deleted": False}

    def pull(stock: int, seq: int, results: dict[str, Result]) -> int:
        row = {**part, "stock_quantity": whole(stock), "seq": seq, "updated_at": "2026-11-22T09:05:00.000Z"}
        here = store.read_now(replica.pull_state, "inventory")
        page = PullPage("e-1", (row,), seq, False, None, here.cursor, here.snapshot)
        store.run_now(replica.receive, "inventory", "e-1", results, page)
        return to_units(store.read_now(inventory.get, "p1").stock)

    assert pull(10, 5, {}) == 10
    sell(store, "p1", 3)
    ((change_id,),) = rows(store, "SELECT change_id FROM outbox")
    assert pull(10, 6, {change_id: Result(status, 0)}) == 7
    store.run_now(queue.retry, change_id)
    ((again,),) = rows(store, "SELECT change_id FROM outbox WHERE answered_at IS NULL")
    assert pull(7, 8, {again: Result("applied", 8)}) == 7


def pulled_sale(
    store: Store, part_id: str, status: str, seq: int, results: dict[str, Result] | None = None, **sums: Any
) -> None:
    """A snapshot with one sale of another terminal arrives, with the answers to our changes."""
    line = {
        "item_id": part_id, "item_name": "تيل", "part_number": "BP-1", "quantity": whole(2), "price": 10013,
        "discount": 0, "total": 20026, "sale_line": None,
    }  # fmt: skip
    row = {
        "type": "sale", "id": "theirs", "receipt_number": "K2-7", "date": "2026-11-22T09:00:00.000Z", "device_id": "d2",
        "cashier": "omar", "customer_id": None, "customer_name": "", "subtotal": 20026, "discount": 0, "tax": 0,
        "rounding": 0, "total": 20026, "payment_method": "cash", "status": status, "return_of": None, "order_id": None,
        "business_day": "2026-11-22", "notes": "", "flags": (), "version": 1, "seq": seq, "deleted": False,
        "items": (line,), "payments": ({"method": "cash", "amount": 20026},),
    } | sums  # fmt: skip
    store.run_now(replica.restart, "sales")
    here = store.read_now(replica.pull_state, "sales")
    page = PullPage("e-1", (row,), seq, False, None, here.cursor, here.snapshot)
    store.run_now(replica.receive, "sales", "e-1", results or {}, page)


@pytest.mark.parametrize(
    "answer", [None, Result("applied", 9), Result("applied_flagged", 9), Result("rejected", 0), Result("key_reuse", 0)]
)
def test_the_void_of_another_terminals_sale_pays_out_once(store: Store, part_id: str, answer: Result | None) -> None:
    """A snapshot that is older than the void showed the sale as open again, and its money was paid out twice."""
    pulled_sale(store, part_id, "completed", 5)
    store.run_now(aftersales.void, "theirs", "غلطة", "sara")
    ((change_id,),) = rows(store, "SELECT change_id FROM outbox WHERE kind = 'void'")
    pulled_sale(store, part_id, "completed", 6, {change_id: answer} if answer else None)
    assert store.read_now(sales.get, "theirs").status == "voided"
    with pytest.raises(ShopError, match=r"error\.sale\.voided"):
        store.run_now(aftersales.void, "theirs", "تاني", "sara")
    assert rows(store, "SELECT count(*), sum(amount) FROM money_move WHERE method = 'cash' AND sale_id = 'theirs'") == [
        (1, -20026)
    ]


@pytest.mark.parametrize(
    ("tax", "total", "includes"), [(2804, 22830, False), (2459, 20026, True), (2459, 20025, True), (0, 20026, True)]
)
def test_the_papers_of_another_tills_sale_add_up(
    store: Store, part_id: str, tax: int, total: int, includes: bool
) -> None:
    """That till may add the tax to its prices where this one has it in them. Its receipt, and that of a return, said
    "including tax" over a total to which the tax had come."""
    payments = ({"method": "visa", "amount": total},)
    rounding = total - 20026 - (0 if includes else tax)
    pulled_sale(store, part_id, "completed", 5, tax=tax, total=total, rounding=rounding, payments=payments)
    assert store.read_now(sales.get, "theirs").prices_include_tax is includes
    back = store.run_now(aftersales.give_back, "theirs", {1: ONE}, cashier="sara", device_id="d", reason="مش مظبوط")
    figures = back.totals
    on_top = 0 if back.prices_include_tax else figures.tax
    assert figures.subtotal - figures.discount + on_top + figures.rounding == figures.total
    assert back.prices_include_tax is includes
    ((kept,),) = rows(store, "SELECT prices_include_tax FROM sale WHERE return_of = 'theirs'")
    assert bool(kept) is includes


def test_a_void_that_the_rows_contain_leaves_the_word_to_the_server(store: Store, part_id: str) -> None:
    pulled_sale(store, part_id, "completed", 5)
    store.run_now(aftersales.void, "theirs", "غلطة", "sara")
    ((change_id,),) = rows(store, "SELECT change_id FROM outbox WHERE kind = 'void'")
    pulled_sale(store, part_id, "voided", 9, {change_id: Result("applied", 9)})
    pulled_sale(store, part_id, "completed", 12)
    assert store.read_now(sales.get, "theirs").status == "completed"


@pytest.mark.parametrize("rules", [VAT, ADDED])
@pytest.mark.parametrize("steps", [(5,), (1, 1, 1, 1, 1), (2, 3), (4, 1)])
def test_however_a_line_comes_back_it_comes_to_what_was_paid(
    store: Store, part_id: str, rules: TaxRules, steps: tuple[int, ...]
) -> None:
    made = cart.add_line(store.run_now(sales.open_cart), store.read_now(inventory.get, part_id), whole(5))
    made = cart.with_discount(cart.set_discount(made, 0, Discount(777)), Discount(1111))
    receipt = checkout(store, made, rules)
    back = 0
    for pieces in steps:
        returned = give_back(store, receipt, {1: whole(pieces)})
        assert returned.return_of == receipt.id
        back += returned.totals.total
    assert back == receipt.totals.total
    assert store.read_now(inventory.get, part_id).stock == whole(10)
    assert store.read_now(sales.get, receipt.id).lines[0].returned == whole(5)
    with pytest.raises(ShopError, match="over_returned"):
        give_back(store, receipt, {1: whole(1)})
    body = json.loads(rows(store, "SELECT payload FROM outbox WHERE kind = 'return' LIMIT 1")[0][0])
    assert (body["return_of"], body["items"][0]["sale_line"]) == (receipt.id, 1)


@pytest.mark.parametrize(
    ("price", "rules", "method"),
    [(125, TaxRules(0, prices_include_tax=True, cash_rounding=50), "cash"), (33, ADDED, "card")],
)
def test_three_single_pieces_come_to_what_was_paid(
    store: Store, price: int, rules: TaxRules, method: PayMethod
) -> None:
    """4.00 were paid, and 1.50 given back three times; of 1.13 came 0.38 back three times."""
    store.run_now(state.put_tax_rules, rules)
    part = store.run_now(inventory.create, PartDraft(name="لمبة", price=price), whole(9))
    made = cart.add_line(store.run_now(sales.open_cart), part, whole(3))
    paid = cart.totals(made, rules, method).total
    sale = checkout(store, made, rules, payments=(Payment(method, paid),))
    back = [give_back(store, sale, {1: ONE}) for _ in range(3)]
    assert sum(one.totals.total for one in back) == paid
    assert sum(one.totals.tax for one in back) == sale.totals.tax


def give_back(store: Store, sale: Receipt, quantities: dict[int, Quantity], payments: Any = None) -> Receipt:
    return store.run_now(
        aftersales.give_back, sale.id, quantities, payments=payments, cashier="s", device_id="d", reason="r"
    )


def test_a_fraction_comes_back_of_what_was_sold_in_such(store: Store, part_id: str) -> None:
    """Half a litre at 0.01, the first of two halves, is worth a piastre by itself and none beside the other."""
    oil = store.run_now(inventory.create, PartDraft(name="زيت", price=1, unit="LTR", decimals=1), whole(4))
    made = cart.add_line(store.run_now(sales.open_cart), oil)
    made = cart.add_line(made, store.read_now(inventory.get, part_id), whole(2))
    receipt = checkout(store, made)
    for quantities, key in (
        ({2: Quantity(500)}, "error.quantity.pieces"),
        ({1: Quantity(550)}, "error.quantity.decimals"),
        ({1: Quantity(1_100)}, "error.sale.over_returned"),
        ({1: Quantity(-100)}, "error.sale.over_returned"),
        ({1: NOTHING}, "error.sale.nothing_back"),
    ):
        with pytest.raises(ShopError) as refused:
            give_back(store, receipt, quantities)
        assert refused.value.key == key
    halves = [give_back(store, receipt, {1: Quantity(500)}) for _ in range(2)]
    assert [(one.lines[0].quantity, one.lines[0].total, one.lines[0].discount) for one in halves] == [
        (500, 1, 0),
        (500, 0, 1),
    ]
    assert store.read_now(inventory.get, oil.id).stock == whole(4)
    assert store.read_now(sales.get, receipt.id).lines[0].left == NOTHING


def test_what_was_sold_comes_back_though_its_part_is_sold_otherwise_by_now(store: Store) -> None:
    """Nobody could bring back the half litre of what is sold by the can now."""
    oil = store.run_now(inventory.create, OIL, whole(4))
    receipt = checkout(store, cart.add_line(store.run_now(sales.open_cart), oil, Quantity(1_500)))
    draft = replace(oil.draft, unit="", decimals=0)
    store.run_now(lambda: inventory.edit(oil.id, draft, seen=oil))
    assert store.read_now(sales.get, receipt.id).lines[0].places == 1
    with pytest.raises(ShopError, match=r"quantity\.decimals"):
        give_back(store, receipt, {1: Quantity(1_250)})
    for back in (500, 1_000):
        give_back(store, receipt, {1: Quantity(back)})
    assert store.read_now(sales.get, receipt.id).lines[0].left == NOTHING


LINES = some.lists(
    some.tuples(some.integers(0, 999), some.integers(0, 3), some.integers(1, 4_000)), min_size=1, max_size=3
)
"""Of each line its price, the decimals of its part, and how many of the smallest quantities are sold."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.data())
def test_in_whatever_parts_a_sale_comes_back_they_come_to_what_was_paid(store: Store, data: some.DataObject) -> None:
    rules = TaxRules(
        data.draw(some.integers(0, 3000)), data.draw(some.booleans()), data.draw(some.sampled_from([0, 25, 50, 100]))
    )
    store.run_now(state.put_tax_rules, rules)
    made = store.run_now(sales.open_cart)
    for price, decimals, steps in data.draw(LINES):
        draft = PartDraft(name="قطعة", price=price, decimals=decimals)
        part = store.run_now(inventory.create, draft, whole(9))
        made = cart.add_line(made, part, Quantity(smallest(decimals) * (steps if decimals else 1 + steps % 4)))
    made = cart.with_discount(made, Discount(data.draw(some.integers(0, cart.net_of_lines(made)))))
    method = data.draw(some.sampled_from(["cash", "card"]))
    paid = cart.totals(made, rules, method).total
    sale = checkout(store, made, rules, payments=(Payment(method, paid),) if paid else ())
    left, returns = {line.n: line for line in sale.lines}, []
    while left:
        some_of_it = {n: _some_of(data, line) for n, line in left.items()}
        if not any(some_of_it.values()):
            some_of_it = {n: line.left for n, line in left.items()}
        returns.append(give_back(store, sale, some_of_it))
        left = {line.n: line for line in store.read_now(sales.get, sale.id).lines if line.left}
    back = [one.totals for one in returns]
    assert sum(one.total for one in back) == paid
    assert all(line.discount >= 0 and line.total >= 0 for one in returns for line in one.lines)
    assert sum(one.tax for one in back) == sale.totals.tax
    for one in back:
        assert one.total >= 0
        assert one.total == one.subtotal - one.discount + one.rounding + (0 if rules.prices_include_tax else one.tax)


def _some_of(data: some.DataObject, line: SaleLine) -> Quantity:
    step = smallest(line.decimals)
    return Quantity(step * data.draw(some.integers(0, line.left // step)))


def test_a_sale_with_returns_cannot_be_voided(store: Store, part_id: str) -> None:
    receipt = sell(store, part_id, 2)
    store.run_now(aftersales.give_back, receipt.id, {1: ONE}, cashier="", device_id="", reason="")
    with pytest.raises(ShopError, match="has_returns"):
        store.run_now(aftersales.void, receipt.id, "x", "")


def test_what_is_due_in_cash_is_rounded_and_what_others_pay_is_not() -> None:
    bought = Cart("c", (CartLine("p", "n", "", ONE, 100_10),))
    rules = TaxRules(cash_rounding=25)
    assert cart.due(bought, rules, (), "cash") == 100_00
    assert cart.due(bought, rules, (), "visa") == 100_10
    assert cart.due(bought, rules, (Payment("cash", 50_00),), "cash") == 50_00
    assert cart.due(bought, rules, (Payment("visa", 50_00),), "cash") == 50_00
    assert cart.due(bought, rules, (Payment("cash", 50_00),), "visa") == 50_10
    assert cart.net(cart.with_discount(bought, Discount(10))) == 100_00
