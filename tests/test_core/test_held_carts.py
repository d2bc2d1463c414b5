"""Two windows of one machine, and the carts that each of them has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import held_carts, inventory, sales
from clutch_tui.core.cart import add_line, totals
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart, PartDraft, Payment, TaxRules

RULES = TaxRules()


@pytest.fixture
def windows(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    path = tmp_path / "shop.db"
    with Store.open(path, inline=True) as one, Store.open(path, inline=True) as other:
        yield one, other


def _begin(store: Store) -> Cart:
    def begin() -> Cart:
        part = inventory.create(PartDraft(name="فلتر", price=10_00), whole(5))
        cart = add_line(sales.open_cart(), part)
        sales.save_cart(cart)
        return cart

    return store.run_now(begin)


def _sell(store: Store, cart: Cart) -> str:
    pay = (Payment("cash", totals(cart, RULES).total),)
    return store.run_now(sales.checkout, cart, pay, cashier="", device_id="d", rules=RULES).receipt_number


def test_a_new_window_leaves_the_cart_of_another_alone(windows: tuple[Store, Store]) -> None:
    one, other = windows
    cart = _begin(one)
    assert other.read_now(sales.unfinished) is None
    assert other.read_now(held_carts.elsewhere) == {cart.id}
    assert one.read_now(held_carts.elsewhere) == frozenset()
    for deed in (
        lambda: other.run_now(sales.save_cart, cart),
        lambda: other.run_now(sales.park, cart),
        lambda: other.run_now(sales.take_up, cart),
        lambda: other.run_now(sales.discard_cart, cart.id),
        lambda: _sell(other, cart),
    ):
        with pytest.raises(ShopError, match=held_carts.ELSEWHERE):
            deed()
    assert one.read_now(sales.unfinished) == cart
    assert _sell(one, cart)


def test_a_deliberate_act_takes_it_over_as_it_is_and_the_first_window_loses_it(windows: tuple[Store, Store]) -> None:
    one, other = windows
    seen = _begin(one)
    two = add_line(seen, one.read_now(inventory.get, seen.lines[0].part_id))
    one.run_now(sales.save_cart, two)
    taken = other.run_now(sales.take_up, seen, over=True)
    assert taken == two, "what the other window has added meanwhile is in it"
    for deed in (lambda: one.run_now(sales.save_cart, seen), lambda: _sell(one, two)):
        with pytest.raises(ShopError, match=held_carts.ELSEWHERE):
            deed()
    number = _sell(other, taken)
    assert _sell(one, two) == number, "sold once"
    with pytest.raises(ShopError, match="gone"):
        one.run_now(sales.take_up, Cart(id=two.id, lines=two.lines, parked=True))


def test_a_parked_cart_is_anybodys(windows: tuple[Store, Store]) -> None:
    one, other = windows
    cart = _begin(one)
    one.run_now(sales.park, cart)
    assert other.read_now(held_carts.elsewhere) == frozenset()
    assert _sell(other, other.run_now(sales.take_up, cart))


HOLDER = """
import sys, time
from pathlib import Path
from clutch_tui.core import inventory, sales
from clutch_tui.core.cart import add_line
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
store = Store.open(Path(sys.argv[1]), inline=True)
def begin():
    cart = add_line(sales.open_cart(), inventory.create(PartDraft(name="x", price=1000), whole(5)))
    sales.save_cart(cart)
    return cart.id
print(store.run_now(begin), flush=True)
time.sleep(60)
"""


def test_a_cart_is_free_when_its_window_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with Store.open(path, inline=True) as store:
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        cart_id = holder.stdout.readline().strip()
        assert store.read_now(held_carts.elsewhere) == {cart_id}
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
        assert store.read_now(held_carts.elsewhere) == frozenset()
        unfinished = store.read_now(sales.unfinished)
        assert unfinished is not None
        assert unfinished.id == cart_id
        store.run_now(sales.take_up, unfinished)
    assert list(tmp_path.glob("*.window-*")) == [], "who comes later tidies up after the dead"
