"""Quantities where two things meet: the greatest numbers, servers of before, parts that become other than they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, reports, sales
from clutch_tui.core.errors import ShopError
from clutch_tui.core.limits import MAX_MONEY, MAX_QUANTITY
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.outbox.messages import Change, Result
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import replica
from clutch_tui.core.types import Part, PartDraft
from clutch_tui.net.sync.fallback.stock import key_of

from .shop import queue

OIL = PartDraft(name="زيت سايب", name_en="Loose oil", part_number="OIL-1", price=145_00, unit="LTR", decimals=3)
PUMP = PartDraft(name="طلمبة", name_en="Pump", part_number="WP-100", price=150_00)


# --- figures ---------------------------------------------------------------------------------------------


def test_the_value_of_full_shelves_at_the_highest_price_is_exact(store: Store) -> None:
    for _ in range(3):
        store.run_now(inventory.create, PartDraft(name="x", price=MAX_MONEY, cost=MAX_MONEY - 1), MAX_QUANTITY)
    value = store.read_now(reports.stock_value)
    assert (value.price, value.cost) == (3 * MAX_MONEY * 999_999, 3 * (MAX_MONEY - 1) * 999_999)
    assert (type(value.price), type(value.cost)) == (int, int)


def test_the_value_of_fractions_is_rounded_once(store: Store) -> None:
    for _ in range(3):  # 0.25 of 0.02 is half a piastre
        store.run_now(inventory.create, PartDraft(name="x", price=2, cost=1, decimals=3), Quantity(1_250))
    assert store.read_now(reports.stock_value).price == 8  # 7.5
    assert store.read_now(reports.stock_value).cost == 4  # 3.75


# --- a server that knows no units ------------------------------------------------------------------------


def answered(store: Store, *, without: tuple[str, ...] = ()) -> tuple[Change, ...]:
    """What goes up next, and is taken but for some fields."""
    changes: tuple[Change, ...] = store.run_now(outbox.claim, "inventory")
    for change in changes:
        applied = tuple(name for name in change.payload if name not in without)
        store.run_now(replica.deliver, {change.change_id: Result("applied", change.n, 1, applied=applied)}, "e-1")
    return changes


def test_a_piece_goes_up_as_it_always_did_and_leaves_nothing_behind(store: Store) -> None:
    """Such a server need not bear fields that it has never heard of, and may name what it has written."""
    store.run_now(abilities.learn, 1, ())
    store.run_now(inventory.create, PUMP, whole(5))
    (made,) = answered(store)
    assert not {"unit", "decimals"} & made.payload.keys()
    assert [change["kind"] for change in queue(store)] == ["create"]
    assert store.read_now(outbox.summary).local == 0


def test_a_piece_leaves_nothing_behind_at_a_server_that_has_gone_back(store: Store) -> None:
    store.run_now(abilities.learn, 2, ("unit", "fraction"))
    store.run_now(inventory.create, PUMP, whole(5))
    store.run_now(inventory.create, OIL, whole(5))
    answered(store, without=("unit", "decimals"))
    waiting: list[dict[str, Any]] = [change for change in queue(store) if change["kind"] == "update"]
    assert [change["payload"] for change in waiting] == [{"unit": "LTR", "decimals": 3}]


def test_a_figure_is_written_under_the_key_of_the_program_before() -> None:
    """A write that is in doubt when the program is exchanged is the same write afterwards."""
    assert key_of("c-1", "p-1", whole(7)) == str(uuid5(NAMESPACE_OID, "c-1/p-1/7"))
    assert key_of("c-1", "p-1", Quantity(7_500)) == str(uuid5(NAMESPACE_OID, "c-1/p-1/7.5"))


# --- parts that become other than they were --------------------------------------------------------------


def become(store: Store, part: Part, **fields: Any) -> Part:
    changed: Part = store.run_now(inventory.edit, part.id, replace(part.draft, **fields), seen=part)
    return changed


def test_more_of_a_part_is_taken_as_it_is_sold_by_now(store: Store) -> None:
    """It lay in the cart as a piece when somebody said that it is sold by the litre."""
    pieces = store.run_now(inventory.create, PUMP, whole(5))
    cart = carts.add_line(store.read_now(sales.open_cart), pieces, whole(1))
    litres = become(store, pieces, unit="LTR", decimals=3)
    (line,) = carts.add_line(cart, litres, Quantity(500)).lines
    assert (line.quantity, line.unit, line.decimals) == (1500, "LTR", 3)
    cart = carts.add_line(store.read_now(sales.open_cart), litres, Quantity(500))
    with pytest.raises(ShopError, match=r"error\.quantity\.pieces"):
        carts.add_line(cart, become(store, litres, unit="", decimals=0), whole(1))


def test_a_parked_cart_is_taken_up_as_its_parts_are_sold_by_now(store: Store) -> None:
    pieces = store.run_now(inventory.create, PUMP, whole(5))
    oil = store.run_now(inventory.create, OIL, whole(5))
    cart = carts.add_line(store.read_now(sales.open_cart), pieces, whole(1))
    store.run_now(sales.park, carts.add_line(cart, oil, Quantity(1_500)))
    become(store, pieces, unit="SET", decimals=2)
    become(store, oil, unit="", decimals=0)
    (parked,) = store.read_now(sales.open_carts)
    cart = store.run_now(sales.take_up, parked)
    assert [(line.unit, line.decimals) for line in cart.lines] == [("SET", 2), ("LTR", 3)]
    assert carts.set_quantity(cart, 0, Quantity(1_250)).lines[0].quantity == 1_250
    carts.check(cart)  # what was typed before is sold as it was
