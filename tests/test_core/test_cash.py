"""The drawer's books, from one closing to the next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import accounts, aftersales, cart, cash, customers, inventory, sales
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import queue
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment, Receipt, TaxRules
from tests.fresh_store import open_new
from tests.test_core.shop import HandClock

RULES = TaxRules(1400, prices_include_tax=True)
WHO = {"drawer_id": "d", "actor": "sara"}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    with open_new(tmp_path / "shop.db", clock=clock, inline=True) as opened:
        yield opened


@pytest.fixture
def part_id(store: Store) -> str:
    return str(store.run_now(inventory.create, PartDraft(name="بوجيه", part_number="P-1", price=100_00), whole(50)).id)


def sell(store: Store, part_id: str, *payments: Payment) -> Receipt:
    part = store.read_now(inventory.get, part_id)
    made = cart.add_line(store.run_now(sales.open_cart), part, ONE)
    paid = payments or (Payment("cash", 100_00),)
    return store.run_now(sales.checkout, made, paid, cashier="sara", device_id="d", rules=RULES)


def test_the_books_hold_what_people_did_and_what_was_sold(store: Store, part_id: str) -> None:
    store.run_now(cash.do, "open", 200_00, **WHO)
    sell(store, part_id)
    store.run_now(cash.do, "pay_out", 5_00, reason="شاي", **WHO)
    with pytest.raises(ShopError, match="no_reason"):
        store.run_now(cash.do, "pay_out", 5_00, **WHO)
    with pytest.raises(ShopError, match=r"cash\.amount"):
        store.run_now(cash.do, "open", -1, **WHO)
    assert store.read_now(cash.report).expected == 295_00
    assert store.read_now(queue.count, "") == 4


def test_every_way_that_money_comes_and_goes_is_a_line_of_the_report(store: Store, part_id: str) -> None:
    owing = store.run_now(customers.create, CustomerDraft(name="حسن", phone="01001234567"))
    store.run_now(cash.do, "open", 200_00, **WHO)
    store.run_now(cash.do, "pay_in", 30_00, reason="فكة", **WHO)
    store.run_now(cash.do, "no_sale", 0, reason="فكة لزبون", **WHO)
    voided, back = sell(store, part_id), sell(store, part_id)
    sell(store, part_id, Payment("cash", 40_00), Payment("visa", 60_00))
    sell(store, part_id, Payment("visa", 100_00))
    store.run_now(aftersales.void, voided.id, "غلط", "sara")
    store.run_now(aftersales.give_back, back.id, {1: ONE}, cashier="sara", device_id="d", reason="مش مناسب")
    store.run_now(accounts.pay, owing.id, 70_00, "cash", "", "sara", beyond_debt=True)
    report = store.read_now(cash.report)
    assert report.sums == {
        "open": (1, 200_00),
        "pay_in": (1, 30_00),
        "no_sale": (1, 0),
        "sale": (3, 240_00),
        "void": (1, -100_00),
        "return": (1, -100_00),
        "payment": (1, 70_00),
    }
    assert report.expected == 340_00
    # three sales, a void and a return; and a payment on account, as the drawer's own lines say
    assert report.takings == {"visa": (2, 160_00), "cash": (6, 110_00)}


def test_closing_keeps_the_difference_and_begins_new_books(store: Store, part_id: str) -> None:
    store.run_now(cash.do, "open", 200_00, **WHO)
    sell(store, part_id)
    first = store.run_now(cash.close, 295_00, **WHO)
    assert (first.number, first.expected, first.counted, first.difference) == (1, 300_00, 295_00, -5_00)
    assert first.until is not None
    fresh = store.read_now(cash.report)
    assert (fresh.number, fresh.expected, fresh.since, fresh.takings) == (2, 0, None, {})
    store.run_now(cash.do, "open", 150_00, **WHO)
    second = store.run_now(cash.close, 150_00, **WHO)
    assert (second.number, second.difference) == (2, 0)
    assert store.read_now(cash.closings_count) == 2
    assert store.read_now(cash.closings, None, 0, 5) == (second, first)
    assert store.read_now(cash.closings, second.key, 0, 5) == (first,)
    body = json.loads(
        store.read_now(lambda: db.execute("SELECT payload FROM outbox WHERE label = 'close' ORDER BY n").fetchone()[0])
    )
    assert (body["kind"], body["amount"], body["counted"]) == ("close", 300_00, 295_00)


def test_books_that_moved_since_they_were_seen_are_not_closed(store: Store, part_id: str) -> None:
    """What was counted was compared with other books, and a Z report never changes."""
    sell(store, part_id)
    seen = store.read_now(cash.report)
    sell(store, part_id)
    with pytest.raises(ShopError, match=re.escape("error.cash.moved")):
        store.run_now(cash.close, 100_00, seen=seen, **WHO)
    sell(store, part_id, Payment("visa", 100_00))
    seen = store.read_now(cash.report)
    sell(store, part_id, Payment("visa", 100_00))  # moves nothing that is counted
    assert store.run_now(cash.close, 200_00, seen=seen, **WHO).difference == 0
    with pytest.raises(ShopError, match=re.escape("error.cash.moved")):
        store.run_now(cash.close, 200_00, seen=seen, **WHO)
    assert store.read_now(cash.closings_count) == 1


def test_the_list_begins_anew_with_each_closing(store: Store, part_id: str) -> None:
    store.run_now(cash.do, "open", 200_00, **WHO)
    receipt = sell(store, part_id)
    newest, oldest = store.read_now(cash.page, None, 0, 10)
    assert (newest.kind, newest.amount, newest.receipt_number) == ("sale", 100_00, receipt.receipt_number)
    assert (oldest.kind, oldest.unsent) == ("open", True)
    assert store.read_now(cash.page, newest.key, 0, 10) == (oldest,)
    assert store.read_now(cash.count) == 2
    store.run_now(cash.close, 300_00, **WHO)
    assert store.read_now(cash.count) == 0
    assert store.read_now(cash.page, None, 0, 10) == ()


def test_a_closed_period_never_changes(store: Store, part_id: str) -> None:
    """What was sold by card and for cash before the drawer was closed is voided afterwards."""
    card = sell(store, part_id, Payment("visa", 100_00))
    paid = sell(store, part_id)
    closed = store.run_now(cash.close, 100_00, **WHO)
    assert closed.takings == {"cash": (1, 100_00), "visa": (1, 100_00)}
    for receipt in (card, paid):
        store.run_now(aftersales.void, receipt.id, "غلط", "sara")
    assert store.read_now(cash.closings, None, 0, 5) == (closed,)
    present = store.read_now(cash.report)
    assert present.takings == {"cash": (1, -100_00), "visa": (1, -100_00)}
    assert present.sums == {"void": (1, -100_00)}
    assert present.expected == -100_00


def test_a_clock_that_is_set_back_puts_no_sale_into_a_closed_period(
    store: Store, part_id: str, clock: HandClock
) -> None:
    sell(store, part_id)
    first = store.run_now(cash.close, 100_00, **WHO)
    clock.wait(hours=-1)
    sell(store, part_id, Payment("visa", 100_00))
    assert store.read_now(cash.report).takings == {"visa": (1, 100_00)}
    second = store.run_now(cash.close, 0, **WHO)
    assert store.read_now(cash.closings, None, 0, 5) == (second, first)
    assert first.takings == {"cash": (1, 100_00)}
    assert second.takings == {"visa": (1, 100_00)}


def test_what_is_sold_on_account_is_no_money(store: Store, part_id: str) -> None:
    owing = store.run_now(customers.create, CustomerDraft(name="حسن"))
    part = store.read_now(inventory.get, part_id)
    made = cart.with_customer(cart.add_line(store.run_now(sales.open_cart), part), owing)
    parts = (Payment("credit", 60_00), Payment("cash", 40_00))
    store.run_now(sales.checkout, made, parts, cashier="sara", device_id="d", rules=RULES)
    store.run_now(accounts.pay, owing.id, 25_00, "visa", "", "sara", beyond_debt=True)
    report = store.read_now(cash.report)
    assert report.takings == {"cash": (1, 40_00), "visa": (1, 25_00)}
    assert report.on_account == (1, 60_00)
