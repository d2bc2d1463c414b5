"""Lost sales: what was asked for in vain, why, and what is missed most."""

from __future__ import annotations

import pytest

from clutch_tui.core import inventory, lost_sales
from clutch_tui.core.errors import ShopError
from clutch_tui.core.lost_sales import LostSale, LostSaleQuery
from clutch_tui.core.outbox import abilities, outbox
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Part
from tests.test_core.shop import HandClock, queue, stock_shelf

ONE = whole(1)


@pytest.fixture
def pump(store: Store) -> Part:
    return stock_shelf(store)["WP-100"]


def note(store: Store, reason: lost_sales.Reason, quantity: Quantity = ONE, **what: object) -> LostSale:
    noted: LostSale = store.run_now(lost_sales.note, reason, quantity, cashier="سارة", **what)
    return noted


def listed(store: Store, **query: object) -> list[str]:
    q = LostSaleQuery(**query)  # type: ignore[arg-type]
    rows = store.read_now(lost_sales.page, q, None, 0, 99)
    assert store.read_now(lost_sales.count, q) == len(rows)
    return [row.name for row in rows]


def test_a_part_is_noted_as_it_was(store: Store, pump: Part) -> None:
    lost = note(store, "no_stock", whole(2), part_id=pump.id)
    assert (lost.name, lost.part_number, lost.price, lost.quantity, lost.unsent) == (
        "طلمبة مياه",
        "WP-100",
        150_00,
        whole(2),
        True,
    )
    assert store.read_now(lost_sales.page, LostSaleQuery(), None, 0, 9) == (lost,)
    assert store.read_now(inventory.get, pump.id).stock == pump.stock, "nothing has moved"


def test_what_the_shop_does_not_have_is_noted_by_its_words(store: Store) -> None:
    lost = note(store, "not_carried", text="  طقم   دبرياج فيرنا ")
    assert (lost.name, lost.item_id, lost.price) == ("طقم دبرياج فيرنا", None, 0)


@pytest.mark.parametrize(
    ("quantity", "what", "error"),
    [
        (1000, {}, r"error\.lost_sale\.nothing"),
        (1000, {"text": "  "}, r"error\.lost_sale\.nothing"),
        (1000, {"part_id": "nope"}, r"error\.part\.unknown"),
        (0, {"text": "x"}, r"error\.sale\.quantity"),
        (-1000, {"text": "x"}, r"error\.sale\.quantity"),
    ],
)
def test_nonsense_is_not_noted(store: Store, quantity: int, what: dict[str, str], error: str) -> None:
    with pytest.raises(ShopError, match=error):
        note(store, "no_stock", Quantity(quantity), **what)
    assert (listed(store), queue(store)) == ([], [])


def test_they_are_found_by_part_reason_day_and_price(store: Store, pump: Part) -> None:
    note(store, "too_dear", part_id=pump.id)
    note(store, "not_carried", text="دبرياج")
    assert listed(store) == ["دبرياج", "طلمبة مياه"]
    for text in ("WP100", "طلمبة", "150.00", "سارة wp100"):
        assert listed(store, text=text) == ["طلمبة مياه"], text
    assert listed(store, reason="not_carried") == ["دبرياج"]
    assert listed(store, reason="no_stock") == []


def test_pages_follow_each_other(store: Store) -> None:
    for n in range(5):
        note(store, "not_carried", text=f"x{n}")
    first = store.read_now(lost_sales.page, LostSaleQuery(), None, 0, 2)
    after = store.read_now(lost_sales.page, LostSaleQuery(), first[-1].key, 0, 9)
    assert [row.name for row in first + after] == ["x4", "x3", "x2", "x1", "x0"]
    assert after == store.read_now(lost_sales.page, LostSaleQuery(), None, 2, 9)


def test_what_is_missed_most_comes_first_with_what_lies_on_the_shelf(
    store: Store, clock: HandClock, pump: Part
) -> None:
    note(store, "no_stock", whole(9), part_id=pump.id)
    clock.wait(days=100)
    for quantity in (1500, 2000):
        note(store, "not_carried", Quantity(quantity), text="زيت سايب")
    note(store, "too_dear", part_id=pump.id)
    wanted = store.read_now(lost_sales.wanted)
    assert [(one.name, one.times, one.quantity, one.stock) for one in wanted] == [
        ("زيت سايب", 2, 3500, None),
        ("طلمبة مياه", 1, 1000, pump.stock),
    ]
    clock.wait(days=1)
    note(store, "too_dear", part_id=pump.id)
    further = store.read_now(lost_sales.wanted, 365)
    assert [(one.name, one.times, one.quantity) for one in further] == [
        ("طلمبة مياه", 3, 11_000),
        ("زيت سايب", 2, 3500),
    ]


def test_what_is_not_carried_is_one_whoever_notes_it_and_however_it_is_spelt(store: Store) -> None:
    for cashier, text in (("سارة", "فلتر زيت"), ("علي", "فلتر  زيت"), ("منى", "فِلتر زيت")):
        store.run_now(lost_sales.note, "not_carried", ONE, text=text, cashier=cashier)
    assert [(one.times, one.quantity, one.key) for one in store.read_now(lost_sales.wanted)] == [(3, whole(3), (0,))]


def test_a_server_of_version_1_is_not_told(store: Store) -> None:
    note(store, "not_carried", text="x")
    store.run_now(abilities.learn, 1, ())
    assert store.run_now(outbox.claim, "sales") == ()
    store.run_now(abilities.learn, 2, ("lost_sale",))
    (sent,) = store.run_now(outbox.claim, "sales")
    assert sent.kind == "lost_sale"


def test_what_other_tills_noted_is_here_until_a_snapshot_lacks_it(store: Store) -> None:
    note(store, "not_carried", text="ours")
    row = {**queue(store)[0]["payload"], "id": "o", "type": "lost_sale", "item_name": "theirs", "seq": 4}
    row |= {"date": "2026-11-22T08:00:00.000Z", "at": "2026-11-22T10:00:00.000Z"}
    store.run_now(lost_sales.store_pulled, [row])
    store.run_now(lost_sales.store_pulled, [{**row, "item_name": "rewritten", "seq": 5}])
    assert listed(store) == ["ours", "theirs"]
    store.run_now(lost_sales.sweep, ["o"], "2000")
    assert listed(store) == ["ours", "theirs"]
    store.run_now(lost_sales.sweep, [], "2000")
    assert listed(store) == ["ours"]
