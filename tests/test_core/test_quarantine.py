"""A record that changes while its list is being read, and comes the second time in a form that nobody can read."""

from __future__ import annotations

from typing import Any

import pytest

from clutch_tui.core import inventory
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.messages import Result
from clutch_tui.core.quantity import to_units, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import quarantine, replica
from tests.test_core.test_part_staging import ask, few, pages, pull, row

__all__ = ["few"]


@pytest.fixture
def shop(store: Store) -> Store:
    """Four parts, seven pieces of each; of the first two and one are gone, and the server says so."""
    for page in pages([row(n, n) for n in range(1, 5)], 10):
        pull(store, page)
    for n, delta in enumerate((-2, -1)):
        store.run_now(inventory.adjust, "p-1", whole(delta), "كسر")
        (change,) = store.run_now(outbox.claim, "inventory")
        store.run_now(replica.deliver, {change.change_id: Result("applied", 6 + 3 * n)}, "e-1")
    return store


def stock(store: Store) -> int:
    return to_units(store.read_now(inventory.get, "p-1").stock)


def three(*rows: dict[str, Any]) -> Any:
    """A pull of three pages, of one row each, up to the tenth number."""
    return pages(list(rows), 1, snapshot=False, asked_from=4, at=10)


@pytest.mark.parametrize("portion", [0, 1])
@pytest.mark.usefixtures("few")
def test_an_older_row_of_the_same_pull_is_no_answer(shop: Store, portion: int) -> None:
    """It was stored, and all movements up to the cursor were over, of which it contained the first."""
    first, second, third = three(row(1, 6, stock_quantity=whole(5)), row(2, 7), row(3, 8))
    pull(shop, first, portion)
    shop.run_now(quarantine.note, "inventory", [("p-1", "stock_quantity: bad")])
    pull(shop, second, portion)
    pull(shop, third, portion)
    assert stock(shop) == 4
    (page,) = pages([row(1, 12, stock_quantity=whole(3))], 10, snapshot=False, asked_from=10)
    pull(shop, page, portion)
    assert stock(shop) == 3
    assert ask(shop, "SELECT count(*) FROM set_aside") == [(0,)]


@pytest.mark.parametrize("portion", [0, 1])
@pytest.mark.usefixtures("few")
def test_a_newer_row_of_the_same_pull_is_one(shop: Store, portion: int) -> None:
    first, second, third = three(row(2, 6), row(3, 7), row(1, 9, stock_quantity=whole(4)))
    pull(shop, first, portion)
    shop.run_now(quarantine.note, "inventory", [("p-1", "stock_quantity: bad")])
    pull(shop, second, portion)
    pull(shop, third, portion)
    assert stock(shop) == 4
    assert ask(shop, "SELECT count(*) FROM set_aside") == [(0,)]
    assert ask(shop, "SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
