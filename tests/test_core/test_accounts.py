"""Customers' accounts: payments with their paper, payments taken back, and the statement."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from clutch_tui.core import accounts, aftersales, cash, customers, journal, sales
from clutch_tui.core.cart import add_line, with_customer
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.outbox.messages import Result
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import documents, replica
from clutch_tui.core.types import Customer, CustomerDraft, Part, Payment, TaxRules
from tests.test_core.shop import HandClock, queue, stock_shelf


@pytest.fixture
def hassan(store: Store) -> Customer:
    return store.run_now(customers.create, CustomerDraft(name="حسن"))


@pytest.fixture
def pump(store: Store) -> Part:
    """A part of 150 pounds."""
    return stock_shelf(store)["WP-100"]


def sell(store: Store, part: Part, customer: Customer, credit: int) -> str:
    cart = with_customer(add_line(store.run_now(sales.open_cart), part), customer)
    paid = part.draft.price - credit
    payments = [Payment("cash", paid)] * bool(paid) + [Payment("credit", credit)] * bool(credit)
    return str(store.run_now(sales.checkout, cart, payments, cashier="سارة", device_id="d", rules=TaxRules()).id)


def pay(store: Store, customer: Customer, amount: int, method: Any = "cash", **options: Any) -> accounts.AccountPayment:
    return store.run_now(accounts.pay, customer.id, amount, method, "", "سارة", **options)


def statement(store: Store, customer: Customer) -> list[tuple[str, int, int]]:
    """Kind, amount and what was owed afterwards, oldest first."""
    lines = store.read_now(accounts.statement, customer.id, None, 0, 99)
    assert store.read_now(accounts.statement_count, customer.id) == len(lines)
    assert not lines or lines[0].balance == store.read_now(customers.get, customer.id).balance
    return [(line.kind, line.amount, line.balance) for line in reversed(lines)]


# --- payments ------------------------------------------------------------------------------------------


def test_a_payment_has_a_paper_of_its_own(store: Store, hassan: Customer, pump: Part) -> None:
    sell(store, pump, hassan, 150_00)
    paid = pay(store, hassan, 50_00)
    assert (paid.amount, paid.balance, paid.customer_name, paid.cashier) == (50_00, 100_00, "حسن", "سارة")
    assert paid.number.endswith("-P00001")
    assert pay(store, hassan, 10_00).number.endswith("-P00002")
    assert queue(store)[-1]["payload"] == {"customer_id": hassan.id, "amount": 10_00, "method": "cash", "note": ""}


def test_beyond_the_debt_only_where_a_person_says_so(store: Store, hassan: Customer, pump: Part) -> None:
    sell(store, pump, hassan, 150_00)
    with pytest.raises(ShopError, match="beyond_debt"):
        pay(store, hassan, 99_999_999_00)
    assert accounts.excess(150_00, 99_999_999_00) == 99_999_849_00
    assert accounts.excess(-20_00, 5_00) == 5_00
    assert pay(store, hassan, 150_01, beyond_debt=True).balance == -1


def test_a_payment_is_taken_back_once(store: Store, hassan: Customer, pump: Part) -> None:
    sell(store, pump, hassan, 150_00)
    paid = pay(store, hassan, 50_00)
    with pytest.raises(ShopError, match="no_reason"):
        store.run_now(accounts.take_back, paid.id, " ", "سارة")
    back = store.run_now(accounts.take_back, paid.id, "غلط في المبلغ", "سارة")
    assert (back.kind, back.amount, back.balance, back.void_of) == ("payment_void", 50_00, 150_00, paid.number)
    assert store.read_now(accounts.get, paid.id).is_void
    assert store.read_now(cash.report).sums == {"payment": (1, 50_00), "payment_void": (1, -50_00)}
    change = queue(store)[-1]
    assert (change["kind"], change["payload"]) == (
        "payment_void",
        {"payment_id": paid.id, "reason": "غلط في المبلغ"},
    )
    for again in (paid.id, back.id):
        with pytest.raises(ShopError, match=r"voided|not_a_payment"):
            store.run_now(accounts.take_back, again, "تاني", "سارة")
    assert store.read_now(journal.verify_audit) is None


def test_a_payment_of_another_till_is_taken_back_here(store: Store, hassan: Customer) -> None:
    row = {"type": "payment", "id": "theirs", "customer_id": hassan.id, "amount": 70_00, "method": "visa", "note": ""}
    store.run_now(documents.store, [{**row, "at": "2026-11-20T10:00:00.000Z", "seq": 5}])
    back = store.run_now(accounts.take_back, "theirs", "اتسجل مرتين", "سارة")
    assert (back.amount, back.method, back.customer_name) == (70_00, "visa", "حسن")
    assert store.read_now(cash.report).takings == {"visa": (1, -70_00)}


# --- the statement -------------------------------------------------------------------------------------


def test_what_was_taken_back_without_a_name_is_not_given_back_again(store: Store, hassan: Customer) -> None:
    """Through a server of version 1 the taking back comes as a payment below zero, which does not say of which."""
    row = {"type": "payment", "customer_id": hassan.id, "method": "cash", "note": "", "seq": 5}
    came = [("a", 20_00), ("b", 20_00), ("c", -20_00), ("other", 20_00 + 1)]
    store.run_now(
        documents.store,
        [
            {**row, "id": id, "amount": amount, "at": f"2026-11-20T10:0{n}:00.000Z"}
            for n, (id, amount) in enumerate(came)
        ],
    )

    def may_void() -> dict[str, bool]:
        return {one.id: one.may_void for one in store.read_now(accounts.statement, hassan.id, None, 0, 9)}

    assert may_void() == {"": False, "a": True, "b": True, "c": False, "other": True}
    back = store.run_now(accounts.take_back, "a", "خطأ", "سارة")
    assert not back.is_void
    assert may_void() == {"": False, "a": False, back.id: False, "b": False, "c": False, "other": True}
    assert store.read_now(accounts.get, "b").is_void
    with pytest.raises(ShopError, match=r"payment\.voided"):
        store.run_now(accounts.take_back, "b", "خطأ", "سارة")


def test_the_statement_ends_in_the_balance(store: Store, hassan: Customer, pump: Part, clock: HandClock) -> None:
    """Sales paid in cash are not in it, of a split one only the part on account; voids and returns are, and so is
    what is not known one by one."""
    store.run_now(db.execute, "UPDATE customer SET balance = 1000 WHERE id = ?", (hassan.id,))
    made = []
    for credit in (150_00, 40_00, 0, 150_00):
        made.append(sell(store, pump, hassan, credit))
        clock.wait(minutes=1)
    pay(store, hassan, 30_00)
    clock.wait(minutes=1)
    wrong = pay(store, hassan, 5_00, "visa")
    clock.wait(minutes=1)
    store.run_now(accounts.take_back, wrong.id, "غلط", "سارة")
    clock.wait(minutes=1)
    store.run_now(aftersales.void, made[0], "غلط", "سارة")
    assert statement(store, hassan) == [
        ("before", 10_00, 10_00),
        ("sale", 150_00, 160_00),
        ("sale", 40_00, 200_00),
        ("sale", 150_00, 350_00),
        ("payment", -30_00, 320_00),
        ("payment", -5_00, 315_00),
        ("payment_void", 5_00, 320_00),
        ("void", -150_00, 170_00),
    ]
    lines = store.read_now(accounts.statement, hassan.id, None, 0, 99)
    assert all(line.unsent for line in lines[:-1])
    assert store.read_now(accounts.statement, hassan.id, lines[2].key, 1, 2) == lines[4:6]
    assert [line.may_void for line in lines] == [False, False, False, True, False, False, False, False]


def test_the_statement_holds_what_other_tills_did(store: Store, hassan: Customer) -> None:
    payment = {"type": "payment", "customer_id": hassan.id, "method": "cash", "note": ""}
    rows = [
        {**payment, "id": "p-1", "amount": 70_00, "at": "2026-11-20T10:00:00.000Z", "seq": 5},
        {**payment, "id": "p-2", "amount": -70_00, "at": "2026-11-20T11:00:00.000Z", "seq": 6},
        {**payment, "id": "p-3", "amount": 20_00, "at": "2026-11-20T12:00:00.000Z", "seq": 7},
        {
            "type": "payment_void",
            "id": "v",
            "payment_id": "p-3",
            "note": "",
            "at": "2026-11-20T13:00:00.000Z",
            "seq": 8,
        },
    ]
    store.run_now(documents.store, rows)
    assert statement(store, hassan) == [
        ("payment", -70_00, -70_00),
        ("payment", 70_00, 0),
        ("payment", -20_00, -20_00),
        ("payment_void", 20_00, 0),
    ]


def test_what_a_restored_server_has_lost_leaves_the_statement(store: Store, hassan: Customer) -> None:
    row = {"type": "payment", "customer_id": hassan.id, "amount": 70_00, "method": "cash", "note": "", "seq": 5}
    at = "2026-11-20T10:00:00.000Z"
    store.run_now(documents.store, [{**row, "id": "lost", "at": at}, {**row, "id": "kept", "at": at}])
    own = pay(store, hassan, 5_00, beyond_debt=True)
    store.run_now(documents.sweep, ["kept"], "2026-01-01T00:00:00.000Z")
    lines = store.read_now(accounts.statement, hassan.id, None, 0, 9)
    assert {line.id for line in lines if line.kind == "payment"} == {"kept", own.id}


# --- towards servers that do not know it ---------------------------------------------------------------


def claim(store: Store) -> list[tuple[str, Any]]:
    return [(one.kind, one.payload) for one in store.run_now(outbox.claim, "sales")]


def taken_back(store: Store, hassan: Customer) -> str:
    """The id of a payment of 50 that was taken back."""
    paid = pay(store, hassan, 50_00, beyond_debt=True)
    store.run_now(accounts.take_back, paid.id, "غلط", "سارة")
    return paid.id


def test_a_server_that_names_it_gets_the_fact_itself(store: Store, hassan: Customer) -> None:
    payment_id = taken_back(store, hassan)
    store.run_now(abilities.learn, 2, ["payment_void", "what_nobody_knows"])
    assert claim(store)[1] == ("payment_void", {"payment_id": payment_id, "reason": "غلط"})


def test_version_1_gets_a_negative_payment_frozen_at_its_first_send(store: Store, hassan: Customer) -> None:
    store.run_now(abilities.learn, 1, [])
    taken_back(store, hassan)
    first = claim(store)
    assert first[1] == ("payment", {"customer_id": hassan.id, "amount": -50_00, "method": "cash", "note": "غلط"})
    store.run_now(abilities.learn, 2, ["payment_void"])
    assert claim(store) == first


def test_names_of_a_server_that_speaks_version_1_mean_nothing(store: Store) -> None:
    store.run_now(abilities.learn, 1, ["payment_void"])
    assert not store.read_now(abilities.knows, "payment_void")


def test_a_payment_that_a_restored_server_has_lost_stops_nothing(store: Store, hassan: Customer) -> None:
    """What is sent was frozen neither before nor with the payment of the other till, which has left the statement."""
    store.run_now(abilities.learn, 1, [])
    row = {"type": "payment", "id": "theirs", "customer_id": hassan.id, "amount": 70_00, "method": "visa", "note": ""}
    store.run_now(documents.store, [{**row, "at": "2026-11-20T10:00:00.000Z", "seq": 5}])
    store.run_now(accounts.take_back, "theirs", "خطأ", "سارة")
    store.run_now(documents.sweep, [], "2026-01-01T00:00:00.000Z")
    (change,) = store.run_now(outbox.claim, "sales")
    sent = {"customer_id": hassan.id, "amount": -70_00, "method": "visa", "note": "خطأ"}
    assert (change.kind, change.payload) == ("payment", sent)


def test_what_version_1_refuses_waits_here_until_it_has_learned(store: Store, hassan: Customer) -> None:
    store.run_now(abilities.learn, 1, [])
    payment_id = taken_back(store, hassan)
    changes = store.run_now(outbox.claim, "sales")
    answers = {
        changes[0].change_id: Result("applied", 1),
        changes[1].change_id: Result("rejected", 2, code="VALIDATION"),
    }
    store.run_now(replica.receive, "sales", "e-1", answers, None)
    assert claim(store) == []
    summary = store.read_now(outbox.summary)
    assert (summary.local, summary.attention) == (1, 0)
    assert store.read_now(customers.get, hassan.id).balance == 0
    store.run_now(abilities.learn, 2, ["payment_void"])
    assert claim(store) == [("payment_void", {"payment_id": payment_id, "reason": "غلط"})]


@pytest.mark.parametrize("code", ["UNKNOWN_KIND", "VALIDATION"])
def test_what_a_server_that_went_back_refuses_is_said_in_version_1(store: Store, hassan: Customer, code: str) -> None:
    """It was frozen for the second version, which the server spoke when it was sent: a fact was left refused."""
    store.run_now(abilities.learn, 2, ["payment_void"])
    taken_back(store, hassan)
    paid, back = store.run_now(outbox.claim, "sales")
    store.run_now(abilities.fall_back)
    answers = {paid.change_id: Result("applied", 1), back.change_id: Result("rejected", 1, code=code)}
    store.run_now(replica.receive, "sales", "e-1", answers, None)
    sent = {"customer_id": hassan.id, "amount": -50_00, "method": "cash", "note": "غلط"}
    assert claim(store) == [("payment", sent)]
    assert store.read_now(outbox.count_listed, "attention") == 0
    assert store.read_now(customers.get, hassan.id).balance == 0


def test_a_server_that_names_a_kind_and_does_not_know_it_is_believed_in_the_second(
    store: Store, hassan: Customer
) -> None:
    store.run_now(abilities.learn, 2, ["payment_void"])
    taken_back(store, hassan)
    paid, back = store.run_now(outbox.claim, "sales")
    answers = {paid.change_id: Result("applied", 1), back.change_id: Result("rejected", 1, code="UNKNOWN_KIND")}
    store.run_now(replica.receive, "sales", "e-1", answers, None)
    ((kind, body),) = claim(store)
    assert (kind, body["amount"], store.read_now(abilities.protocol)) == ("payment", -50_00, 2)


def test_a_kind_that_the_server_knows_is_refused_for_itself(store: Store, hassan: Customer) -> None:
    store.run_now(abilities.learn, 2, ["payment_void"])
    taken_back(store, hassan)
    _, back = store.run_now(outbox.claim, "sales")
    answers = {back.change_id: Result("rejected", 1, code="VALIDATION")}
    store.run_now(replica.receive, "sales", "e-1", answers, None)
    assert store.read_now(outbox.count_listed, "attention") == 1


def test_a_server_that_went_back_is_spoken_to_in_version_1(store: Store) -> None:
    store.run_now(abilities.learn, 2, ["payment_void"])
    assert store.read_now(abilities.protocol) == 2
    assert store.run_now(abilities.fall_back)
    assert not store.run_now(abilities.fall_back)
    assert (store.read_now(abilities.protocol), store.read_now(abilities.knows, "payment_void")) == (1, False)


@pytest.mark.parametrize("asked", [abilities.no_answer, abilities.says_nothing])
def test_a_server_that_could_not_be_asked_is_asked_again_soon(
    store: Store, clock: HandClock, asked: Callable[[], None]
) -> None:
    store.run_now(abilities.learn, 2, ["payment_void"])
    store.run_now(asked)
    assert not store.read_now(abilities.is_due)
    clock.wait(minutes=5)
    assert store.read_now(abilities.is_due)
    assert store.read_now(abilities.knows, "payment_void")
    store.run_now(abilities.learn, 1, [])
    clock.wait(minutes=59)
    assert not store.read_now(abilities.is_due)


def test_until_the_server_was_heard_a_payment_back_waits(store: Store, hassan: Customer, clock: HandClock) -> None:
    """Its words in version 1 are a payment of its own: beside the void of another till it counted twice."""
    taken_back(store, hassan)
    assert [kind for kind, _ in claim(store)] == ["payment"]
    for _ in range(59):
        store.run_now(abilities.no_answer)
        assert store.read_now(abilities.is_due)
        clock.wait(minutes=1)
    assert [kind for kind, _ in claim(store)] == ["payment"]
    assert store.read_now(outbox.summary).local == 0
    clock.wait(minutes=1)
    store.run_now(abilities.no_answer)
    assert [body.get("amount") for _, body in claim(store)] == [50_00, -50_00]


def test_an_answer_without_a_version_is_that_of_the_first(store: Store, hassan: Customer) -> None:
    taken_back(store, hassan)
    store.run_now(abilities.says_nothing)
    assert [body.get("amount") for _, body in claim(store)] == [50_00, -50_00]


def test_a_clock_that_was_set_back_makes_no_silence_longer(store: Store, clock: HandClock) -> None:
    clock.wait(minutes=180)
    store.run_now(abilities.no_answer)
    clock.wait(minutes=-120)
    for minutes in (59, 1):
        store.run_now(abilities.no_answer)
        assert not store.read_now(abilities.has_spoken)
        clock.wait(minutes=minutes)
    store.run_now(abilities.no_answer)
    assert store.read_now(abilities.has_spoken)


def test_rows_that_could_not_be_read_are_fetched_once_more(store: Store) -> None:
    def pulled() -> Any:
        return replica.pull_state("sales")

    for name, value in (("epoch", "e-1"), ("sales.epoch", "e-1"), ("sales.cursor", "7")):
        store.run_now(db.execute, "INSERT INTO sync_state (name, value) VALUES (?, ?)", (name, value))
    assert (store.read_now(pulled).cursor, store.read_now(pulled).snapshot) == (7, False)
    store.run_now(abilities.learn, 2, ["payment_void"])
    assert (store.read_now(pulled).cursor, store.read_now(pulled).snapshot) == (0, True)
    assert json.loads(str(store.read_now(replica.cursor, "sales"))) == 7
