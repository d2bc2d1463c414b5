"""What is written on a sale: notes, the car, and the references of its payments."""

from __future__ import annotations

import pytest

from clutch_tui.core import aftersales, customers, past_sales, sales
from clutch_tui.core import cart as carts
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import abilities, additions, outbox
from clutch_tui.core.quantity import ONE
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, CustomerDraft, Part, Payment, Sale, SaleQuery, TaxRules
from tests.test_core.shop import queue, stock_shelf


@pytest.fixture
def pump(store: Store) -> Part:
    return stock_shelf(store)["WP-100"]


def noted(store: Store, pump: Part) -> Cart:
    cart = carts.add_line(store.run_now(sales.open_cart), pump)
    return carts.set_note(carts.with_notes(cart, " يتسلم بكرة ", "كورولا ٢٠١٥ س ص ع 123"), 0, " قدام يمين ")


def sell(store: Store, cart: Cart, *payments: Payment, tendered: int = 0) -> Sale:
    sold: Sale = store.run_now(
        sales.checkout, cart, payments, tendered=tendered, cashier="سارة", device_id="d", rules=TaxRules()
    )
    return sold


def test_what_is_written_is_on_the_receipt_and_on_every_copy_of_it(store: Store, pump: Part) -> None:
    sale = sell(store, noted(store, pump), Payment("instapay", 100_00, reference=" 88123 "), Payment("cash", 50_00))
    assert (sale.notes, sale.car, sale.lines[0].note) == ("يتسلم بكرة", "كورولا ٢٠١٥ س ص ع 123", "قدام يمين")
    assert sale.payments == (Payment("instapay", 100_00, reference="88123"), Payment("cash", 50_00))
    assert store.read_now(sales.get, sale.id) == sale
    (row,) = store.read_now(past_sales.page, SaleQuery(), None, 0, 9)
    assert row.payments == sale.payments


@pytest.mark.parametrize("text", ["88123", "س ص ع", "بكرة", "يمين", "كورولا 2015"])
def test_it_is_found_by_what_is_written(store: Store, pump: Part, text: str) -> None:
    sale = sell(store, noted(store, pump), Payment("instapay", 150_00, reference="88-123"))
    sell(store, carts.add_line(store.run_now(sales.open_cart), pump), Payment("cash", 150_00))
    assert [row.id for row in store.read_now(past_sales.page, SaleQuery(text), None, 0, 9)] == [sale.id]


def test_a_customer_brings_his_car(store: Store, pump: Part) -> None:
    draft = CustomerDraft(name="حسن", car_brand="Kia", car_model="Cerato", car_year="2012", car_plate="ق ط 771")
    customer = store.run_now(customers.create, draft)
    cart = carts.add_line(store.run_now(sales.open_cart), pump)
    for known in (customer, store.read_now(customers.page, "حسن", None, 0, 1)[0]):
        assert carts.with_customer(cart, known).car == "Kia Cerato 2012 ق ط 771"
    assert carts.with_customer(carts.with_customer(cart, customer), None).car == ""


def test_an_open_sale_keeps_what_is_written(store: Store, pump: Part) -> None:
    cart = noted(store, pump)
    store.run_now(sales.save_cart, cart)
    assert store.read_now(sales.open_carts) == (cart,)


def test_a_return_says_nothing_of_what_the_sale_said(store: Store, pump: Part) -> None:
    sale = sell(store, noted(store, pump), Payment("visa", 150_00, reference="1"))
    back = store.run_now(aftersales.give_back, sale.id, {1: ONE}, cashier="", device_id="d", reason="تالفة")
    assert (back.notes, back.car, back.lines[0].note, back.payments) == ("تالفة", "", "", (Payment("visa", 150_00),))


@pytest.mark.parametrize("method", ["cash", "credit"])
def test_what_nobody_else_keeps_books_of_has_no_reference(store: Store, pump: Part, method: str) -> None:
    customer = store.run_now(customers.create, CustomerDraft(name="حسن"))
    cart = carts.with_customer(noted(store, pump), customer)
    with pytest.raises(ShopError, match=r"error\.sale\.no_reference"):
        sell(store, cart, Payment(method, 150_00, reference="1"))  # type: ignore[arg-type]


def test_change_is_given_for_cash_only(store: Store, pump: Part) -> None:
    with pytest.raises(ShopError, match=r"error\.sale\.change"):
        sell(store, noted(store, pump), Payment("visa", 150_00), tendered=200_00)
    half = Payment("visa", 100_00), Payment("cash", 50_00)
    assert sell(store, noted(store, pump), *half, tendered=60_00).change == 10_00


def test_what_is_too_long_for_a_receipt_is_refused(store: Store, pump: Part) -> None:
    cart, long = noted(store, pump), "ا" * (carts.LONGEST_NOTE + 1)
    for write in (
        lambda: carts.set_note(cart, 0, long),
        lambda: carts.with_notes(cart, long, ""),
        lambda: carts.with_notes(cart, "", long),
        lambda: sell(store, cart, Payment("visa", 150_00, reference=long)),
    ):
        with pytest.raises(ShopError, match=r"error\.sale\.note"):
            write()


def test_the_same_payment_by_another_reference_is_not_the_sale_that_was_made(store: Store, pump: Part) -> None:
    cart = noted(store, pump)
    sale = sell(store, cart, Payment("visa", 150_00, reference="1"))
    assert sell(store, cart, Payment("visa", 150_00, reference=" 1 ")) == sale
    with pytest.raises(ShopError, match=r"error\.sale\.sold_already"):
        sell(store, cart, Payment("visa", 150_00, reference="2"))


# --- towards a server ------------------------------------------------------------------------------------


def sent(store: Store) -> list[dict[str, object]]:
    return [change.payload for change in store.run_now(outbox.claim, "sales")]


def test_a_sale_that_says_nothing_more_is_what_it_always_was(store: Store, pump: Part) -> None:
    sell(store, carts.add_line(store.run_now(sales.open_cart), pump), Payment("visa", 150_00))
    (change,) = queue(store)
    assert "car" not in change["payload"]
    assert set(change["payload"]["payments"][0]) == {"method", "amount"}
    assert "note" not in change["payload"]["items"][0]
    assert len(sent(store)) == 1, "it waits for no word of the server's"


def test_a_server_of_version_1_gets_the_words(store: Store, pump: Part) -> None:
    sell(store, noted(store, pump), Payment("visa", 100_00, reference="77"), Payment("instapay", 50_00, reference="88"))
    assert sent(store) == [], "nothing was heard of the server yet"
    store.run_now(abilities.learn, 1, ())
    (body,) = sent(store)
    notes = "يتسلم بكرة\nكورولا ٢٠١٥ س ص ع 123\nWP-100: قدام يمين\nvisa: 77\ninstapay: 88"
    assert body["notes"] == notes
    assert not {"note", "reference", "car"} & {name for row in _all_rows(body) for name in row}
    store.run_now(abilities.learn, 2, additions.NAMES)
    assert sent(store) == [body], "it was frozen at its first send"


def test_each_name_counts_for_itself(store: Store, pump: Part) -> None:
    store.run_now(abilities.learn, 2, ["reference"])
    sell(store, noted(store, pump), Payment("visa", 150_00, reference="77"))
    (body,) = sent(store)
    assert body["notes"] == "يتسلم بكرة\nكورولا ٢٠١٥ س ص ع 123\nWP-100: قدام يمين"
    assert body["payments"] == [{"method": "visa", "amount": 150_00, "reference": "77"}]


def test_one_that_knows_them_gets_them_as_they_are(store: Store, pump: Part) -> None:
    store.run_now(abilities.learn, 2, additions.NAMES)
    sell(store, noted(store, pump), Payment("visa", 150_00, reference="77"))
    assert sent(store) == [queue(store)[0]["payload"]]


def test_a_copy_of_the_disk_that_spoke_otherwise_is_answered_once(store: Store, pump: Part) -> None:
    store.run_now(abilities.learn, 1, ())
    sell(store, noted(store, pump), Payment("visa", 150_00, reference="77"))
    (worded,) = sent(store)
    change_id = queue(store)[0]["change_id"]
    assert store.run_now(abilities.reword, change_id, "sale")
    assert sent(store) == [queue(store)[0]["payload"]] != [worded]
    assert not store.run_now(abilities.reword, change_id, "sale"), "a person looks at what is refused again"


def _all_rows(body: dict[str, object]) -> list[dict[str, object]]:
    return [body, *body["items"], *body["payments"]]  # type: ignore[misc]
