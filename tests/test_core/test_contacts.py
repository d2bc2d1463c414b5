"""Customers and suppliers: found as people type, edited without loss, and what a customer owes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clutch_tui.core import accounts, cars, customers, journal, sales, suppliers
from clutch_tui.core.cart import add_line, with_customer
from clutch_tui.core.errors import ShopError
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Customer, CustomerDraft, Payment, SupplierDraft, TaxRules
from tests.test_core.shop import queue, stock_shelf

AHMED = CustomerDraft(
    name="أحمد سعيد", phone="+20 100 123 4567", car_brand="تويوتا", car_model="كورولا", car_plate="أ ب ج 123"
)


@pytest.fixture
def ahmed(store: Store) -> Customer:
    return store.run_now(customers.create, AHMED)


def sell_on_credit(store: Store, customer: Customer, credit: int) -> str:
    part = stock_shelf(store)["WP-100"]
    cart = with_customer(add_line(store.run_now(sales.open_cart), part), customer)
    payments = (Payment("cash", part.draft.price - credit), Payment("credit", credit))
    sale = store.run_now(sales.checkout, cart, payments, cashier="سارة", device_id="d", rules=TaxRules())
    return sale.id


# --- finding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["", "احمد", "سعيد أحمد", "0100123", "100 123 4567", "+201001234567", "٠١٠٠١٢٣", "كورولا", "ابج123", "123"]
)
def test_a_customer_is_found_by_everything_known(store: Store, ahmed: Customer, typed: str) -> None:
    store.run_now(customers.create, CustomerDraft(name="منى", phone="01299"))
    rows = store.read_now(customers.page, typed, None, 0, 10)
    assert ahmed.id in [row.id for row in rows]
    assert store.read_now(customers.count, typed) == len(rows) == (1 if typed else 2)


def test_nobody_is_found_by_nonsense(store: Store, ahmed: Customer) -> None:
    assert store.read_now(customers.page, "خالد", None, 0, 10) == ()


def test_lists_are_in_the_order_of_names_and_page_by_key(store: Store) -> None:
    for name in ("هدى", "إبراهيم", "أحمد", "منى", "أحمد"):
        store.run_now(customers.create, CustomerDraft(name=name))
        store.run_now(suppliers.create, SupplierDraft(name=name))
    for noun in (customers, suppliers):
        rows = store.read_now(noun.page, "", None, 0, 10)
        assert [row.name for row in rows] == ["إبراهيم", "أحمد", "أحمد", "منى", "هدى"]
        assert store.read_now(noun.page, "", rows[1].key, 0, 10) == rows[2:]
        assert store.read_now(noun.page, "", rows[0].key, 2, 1) == rows[3:4]


# --- requests ------------------------------------------------------------------------------------------


def test_an_edited_customer_sends_what_changed(store: Store, ahmed: Customer) -> None:
    edited = store.run_now(customers.edit, ahmed.id, replace(AHMED, name="  أحمد   سعيد علي "), seen=ahmed)
    assert edited.draft.name == "أحمد سعيد علي"
    create, update = queue(store)
    assert (create["kind"], create["payload"]["car_plate"]) == ("create", "أ ب ج 123")
    assert (update["payload"], update["was"], update["base"]) == (
        {"name": "أحمد سعيد علي"},
        {"name": "أحمد سعيد"},
        {"name": 0},
    )
    store.run_now(customers.edit, ahmed.id, edited.draft, seen=edited)
    assert len(queue(store)) == 2


def test_a_car_travels_whole(store: Store, ahmed: Customer) -> None:
    """It is one field on the wire: a quarter of it would wipe out the rest."""
    store.run_now(customers.edit, ahmed.id, replace(AHMED, car_model="يارس"), seen=ahmed)
    assert store.read_now(customers.page, "كورولا", None, 0, 9) == ()
    car = {"car_brand": "تويوتا", "car_model": "يارس", "car_year": "", "car_plate": "أ ب ج 123"}
    assert queue(store)[-1]["payload"] == car


def test_a_supplier_lives_the_same_life(store: Store) -> None:
    made = store.run_now(suppliers.create, SupplierDraft(name="شركة النور", contact_person="هاني", rating=4))
    edited = store.run_now(suppliers.edit, made.id, replace(made.draft, rating=5), seen=made)
    assert (edited.draft.rating, edited.unsent) == (5, True)
    assert [row.id for row in store.read_now(suppliers.page, "هاني", None, 0, 9)] == [made.id]
    store.run_now(suppliers.delete, made.id, seen=edited)
    assert store.read_now(suppliers.count, "") == 0
    assert [change["kind"] for change in queue(store)] == ["create", "update", "delete"]
    with pytest.raises(ShopError, match=r"error\.supplier\.deleted"):
        store.run_now(suppliers.edit, made.id, made.draft, seen=made)
    assert store.read_now(journal.verify_audit) is None


@pytest.mark.parametrize(
    ("write", "key"),
    [
        (lambda: customers.create(CustomerDraft(name=" \n ")), "error.contact.no_name"),
        (lambda: suppliers.create(SupplierDraft()), "error.contact.no_name"),
        (lambda: suppliers.create(SupplierDraft(name="x", rating=6)), "error.supplier.rating"),
        (lambda: customers.get("nobody"), "error.customer.unknown"),
        (lambda: suppliers.get("nobody"), "error.supplier.unknown"),
        (lambda: accounts.pay("nobody", 1, "cash", "", ""), "error.customer.unknown"),
        (lambda: accounts.pay("nobody", 0, "cash", "", ""), "error.payment.not_positive"),
        (lambda: accounts.pay("nobody", -5, "cash", "", ""), "error.payment.not_positive"),
        (lambda: accounts.pay("nobody", 10**13, "cash", "", ""), "error.payment.too_high"),
        (lambda: accounts.pay("nobody", 5, "credit", "", ""), "error.payment.debt_with_debt"),
    ],
)
def test_what_cannot_stand_leaves_nothing_behind(store: Store, write: object, key: str) -> None:
    with pytest.raises(ShopError) as error:
        store.run_now(write)  # type: ignore[arg-type]
    assert error.value.key == key
    assert queue(store) == []


# --- the account ---------------------------------------------------------------------------------------


def test_who_owes_stays_in_the_list(store: Store, ahmed: Customer) -> None:
    sell_on_credit(store, ahmed, 1)
    with pytest.raises(ShopError, match=r"error\.customer\.owes"):
        store.run_now(customers.delete, ahmed.id, seen=ahmed)
    store.run_now(accounts.pay, ahmed.id, 1, "instapay", "", "")
    store.run_now(customers.delete, ahmed.id, seen=ahmed)
    assert store.read_now(customers.count, "") == 0
    assert store.read_now(customers.get, ahmed.id).deleted


@pytest.mark.parametrize(
    ("car", "said"),
    [
        (("Toyota", "Corolla 2008", "2008", "س ص 1234"), "Toyota Corolla 2008 س ص 1234"),
        (("Toyota", "Corolla", "2008-2008"), "Toyota Corolla 2008"),
        (("Toyota", "Corolla 2008", "2008-2013"), "Toyota Corolla 2008 2008-2013"),
        (("", "", ""), ""),
    ],
)
def test_a_year_is_said_once(car: tuple[str, ...], said: str) -> None:
    assert cars.described(*car) == said
