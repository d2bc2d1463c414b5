"""Parts: what is on the shelf, lists and their pages, and what goes to the server when one is changed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from clutch_tui.core import inventory, journal
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import NOTHING, ONE, Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Part, PartDraft, PartQuery
from tests.test_core.shop import HandClock, queue, stock_shelf


@pytest.fixture
def shelf(store: Store) -> dict[str, Part]:
    return stock_shelf(store)


def names(store: Store, **query: object) -> list[str]:
    q = PartQuery(**query)  # type: ignore[arg-type]
    rows = store.read_now(inventory.page, q, None, 0, 100)
    assert store.read_now(inventory.count, q) == len(rows)
    return [row.name for row in rows]


# --- reading -------------------------------------------------------------------------------------------


def test_parts_are_listed_by_name(store: Store, shelf: dict[str, Part]) -> None:
    assert names(store) == ["الفلتر الأصلي", "بوجيه", "طلمبة مياه", "فلتر زيت"]
    assert names(store, category="فلاتر") == ["فلتر زيت"]
    assert names(store, car_brand="تويوتا") == ["طلمبة مياه"]
    assert names(store, text="فلتر") == ["فلتر زيت", "الفلتر الأصلي"]
    assert names(store, text="فلتر", car_brand="كيا") == ["فلتر زيت"]
    assert names(store, text="!!!") == names(store)
    assert names(store, text="مش موجود") == []


@pytest.mark.parametrize("query", [PartQuery(), PartQuery(text="part"), PartQuery(low_only=True)])
def test_pages_meet_without_gap_or_overlap(store: Store, query: PartQuery) -> None:
    for n in range(30):
        store.run_now(inventory.create, PartDraft(name=f"name {n % 7}", name_en=f"part {n}", part_number=f"N-{n}"))
    whole = store.read_now(inventory.page, query, None, 0, 100)
    assert len(whole) == 30
    walked, after = [], None
    while rows := store.read_now(inventory.page, query, after, 0, 7):
        walked += rows
        after = rows[-1].key
    assert tuple(walked) == whole
    assert store.read_now(inventory.page, query, whole[4].key, 10, 5) == whole[15:20]


def test_an_exact_code_comes_first_and_once(store: Store) -> None:
    for number in ("100-20", "100-2", "100-200"):
        store.run_now(inventory.create, PartDraft(name=number, part_number=number))
    rows = store.read_now(inventory.page, PartQuery(text="1002"), None, 0, 10)
    assert [row.part_number for row in rows] == ["100-2", "100-20", "100-200"]
    assert store.read_now(inventory.count, PartQuery(text="1002")) == 3
    assert store.read_now(inventory.page, PartQuery(text="1002"), rows[0].key, 0, 10) == rows[1:]
    assert store.read_now(inventory.page, PartQuery(text="1002"), None, 1, 10) == rows[1:]


def test_low_stock_counts_moves_that_the_server_does_not_know(store: Store, shelf: dict[str, Part]) -> None:
    assert names(store, low_only=True) == ["طلمبة مياه"]  # 5 on the shelf, 5 wanted
    store.run_now(inventory.adjust, shelf["SP-300"].id, whole(-12), "كسر")
    store.run_now(inventory.adjust, shelf["WP-100"].id, ONE, "مرتجع")
    assert names(store, low_only=True) == ["بوجيه"]
    assert names(store, low_only=True, category="كهرباء") == ["بوجيه"]
    assert names(store, low_only=True, category="تبريد") == []
    assert names(store, low_only=True, text="6223") == ["بوجيه"]
    assert names(store, low_only=True, text="SP-300") == ["بوجيه"]
    assert names(store, low_only=True, text="WP-100") == []


@pytest.mark.parametrize(
    ("scanned", "number"),
    [("٦٢٢٣٠٠١٢٣٤٥٦٧", "SP-300"), ("wp100", "WP-100"), ("06L 115 562B", "06L-115-562 B"), ("", None), ("--", None)],
)
def test_a_code_means_one_part(store: Store, shelf: dict[str, Part], scanned: str, number: str | None) -> None:
    row = store.read_now(inventory.find_code, scanned)
    assert (row and row.part_number) == number


def test_a_code_of_two_parts_means_none(store: Store, shelf: dict[str, Part]) -> None:
    store.run_now(inventory.create, PartDraft(name="طلمبة تانية", part_number="WP 100"))
    assert store.read_now(inventory.find_code, "WP-100") is None


def test_categories(store: Store, shelf: dict[str, Part]) -> None:
    assert store.read_now(inventory.categories) == ("تبريد", "فلاتر", "كهرباء")


# --- requests ------------------------------------------------------------------------------------------


def test_a_new_part_is_here_at_once_and_asked_of_the_server(store: Store) -> None:
    draft = PartDraft(name="  كاوتش   كبالن ", part_number="CV-9", price=95_00)
    part = store.run_now(inventory.create, draft, whole(7))
    assert (part.draft.name, part.version, part.unsent) == ("كاوتش كبالن", 0, True)
    assert part.stock == part.base_stock == whole(7)
    (change,) = queue(store)
    assert (change["kind"], change["type"], change["record_id"]) == ("create", "item", part.id)
    assert change["payload"]["price"] == 95_00
    assert change["payload"]["stock_quantity"] == whole(7)
    assert store.read_now(db.execute, "SELECT body FROM base_record").fetchone() == (None,)


def test_an_edit_asks_only_for_what_was_changed(store: Store, shelf: dict[str, Part]) -> None:
    seen = shelf["WP-100"]
    part = store.run_now(inventory.edit, seen.id, replace(seen.draft, price=155_00, name="طلمبة ميه"), seen=seen)
    assert (part.draft.price, part.draft.name, part.unsent) == (155_00, "طلمبة ميه", True)
    (change,) = queue(store)
    assert change["payload"] == {"name": "طلمبة ميه", "price": 155_00}
    assert change["base"] == {"name": 1, "price": 1}
    assert change["was"] == {"name": "طلمبة مياه", "price": 150_00}
    assert names(store, text="ميه") == ["طلمبة ميه"]
    assert names(store, text="مياه") == []


def test_an_edit_leaves_alone_what_someone_else_changed(store: Store, shelf: dict[str, Part]) -> None:
    seen = shelf["WP-100"]
    store.run_now(db.execute, "UPDATE part SET location = 'B-7', version = 2 WHERE id = ?", (seen.id,))
    part = store.run_now(inventory.edit, seen.id, replace(seen.draft, price=1_00), seen=seen)
    assert part.draft.location == "B-7"
    assert queue(store)[0]["base"] == {"price": 1}


def test_an_edit_of_nothing_sends_nothing(store: Store, shelf: dict[str, Part]) -> None:
    store.run_now(db.execute, "UPDATE part SET supplier = 'a  b' WHERE id = 'part-1'")
    seen = store.read_now(inventory.get, "part-1")
    store.run_now(inventory.edit, seen.id, seen.draft, seen=seen)
    assert queue(store) == []


def test_the_servers_copy_is_kept_before_the_first_request(store: Store, shelf: dict[str, Part]) -> None:
    seen = shelf["OF-200"]
    store.run_now(inventory.edit, seen.id, replace(seen.draft, price=1), seen=seen)
    body = store.read_now(db.execute, "SELECT body FROM base_record WHERE id = ?", (seen.id,)).fetchone()[0]
    assert '"price": 4550' in body


def test_a_deleted_part_leaves_the_lists_and_not_the_books(store: Store, shelf: dict[str, Part]) -> None:
    seen = shelf["SP-300"]
    store.run_now(inventory.delete, seen.id, seen=seen)
    store.run_now(inventory.delete, seen.id, seen=seen)
    assert names(store, text="بوجيه") == []
    assert store.read_now(inventory.find_code, "6223001234567") is None
    assert store.read_now(inventory.get, seen.id).deleted
    (change,) = queue(store)
    assert (change["kind"], change["base"]) == ("delete", {"*": 1})
    with pytest.raises(ShopError, match=r"error\.part\.deleted"):
        store.run_now(inventory.edit, seen.id, replace(seen.draft, price=1), seen=seen)


# --- facts ---------------------------------------------------------------------------------------------


def test_stock_moves_without_touching_the_servers_figure(
    store: Store, shelf: dict[str, Part], clock: HandClock
) -> None:
    part = store.run_now(inventory.adjust, shelf["OF-200"].id, whole(-3), " تالف ", actor="سارة")
    assert (part.stock, part.base_stock) == (whole(7), whole(10))
    clock.wait(minutes=1)
    part = store.run_now(inventory.count_stock, part.id, whole(9))
    assert (part.stock, part.base_stock) == (whole(9), whole(10))
    adjust, count = queue(store)
    assert adjust["payload"] == {"item_id": part.id, "delta": whole(-3), "reason": "تالف"}
    assert count["payload"] == {"item_id": part.id, "counted": whole(9), "expected": whole(7), "delta": whole(2)}
    moves = store.read_now(inventory.history, part.id, None, 0, 10)
    assert [(move.kind, move.delta, move.unsent) for move in moves] == [
        ("count", whole(2), True),
        ("adjust", whole(-3), True),
    ]
    assert store.read_now(inventory.history, part.id, moves[0].key, 0, 10) == moves[1:]
    assert store.read_now(journal.verify_audit) is None


OIL = PartDraft(name="زيت موتور", part_number="OIL-1", price=180_00, unit="LTR", decimals=2)


def test_a_part_that_is_made_with_a_fraction_on_its_shelf_is_asked_for_empty_and_counted(store: Store) -> None:
    """A server that takes whole numbers only has the part at once; the fraction waits for it, as any fact may."""
    part = store.run_now(inventory.create, OIL, Quantity(12_500), actor="سارة")
    assert (part.stock, part.base_stock) == (Quantity(12_500), NOTHING)
    create, count = queue(store)
    assert (create["payload"]["stock_quantity"], create["payload"]["unit"], create["payload"]["decimals"]) == (
        NOTHING,
        "LTR",
        2,
    )
    assert (count["kind"], count["payload"]) == (
        "count",
        {"item_id": part.id, "counted": 12_500, "expected": 0, "delta": 12_500},
    )


def test_what_is_measured_moves_in_fractions_and_the_audit_says_units(store: Store) -> None:
    part = store.run_now(inventory.create, OIL, whole(4))
    part = store.run_now(inventory.adjust, part.id, Quantity(-750), "انسكب")
    assert (part.stock, part.base_stock) == (Quantity(3_250), whole(4))
    part = store.run_now(inventory.count_stock, part.id, Quantity(3_100))
    assert part.stock == Quantity(3_100)
    moves = store.read_now(inventory.history, part.id, None, 0, 10)
    assert sorted((move.kind, move.delta) for move in moves) == [("adjust", -750), ("count", -150)]
    store.run_now(inventory.edit, part.id, replace(part.draft, min_stock=Quantity(2_500)), seen=part)
    texts = [json.loads(row[0]) for row in store.read_now(lambda: db.execute(AUDITED).fetchall())]
    assert texts[0]["stock_quantity"] == 4
    assert {name: texts[1][name] for name in ("delta", "before")} == {"delta": "-0.75", "before": 4}
    assert {name: texts[2][name] for name in ("counted", "expected", "delta", "before")} == {
        **{"counted": "3.1", "expected": "3.25", "delta": "-0.15", "before": "3.25"},
    }
    assert texts[3] == {"was": {"min_stock": 0}, "now": {"min_stock": "2.5"}}


AUDITED = "SELECT detail FROM audit ORDER BY id"


def test_other_terminals_sales_are_in_the_history(store: Store, shelf: dict[str, Part]) -> None:
    def pulled() -> None:
        db.execute("INSERT INTO sale (id, date, own) VALUES ('theirs', '2026-11-20T10:00:00.000Z', 0)")
        db.execute(
            "INSERT INTO sale_line (sale_id, n, part_id, quantity, price, total)"
            " VALUES ('theirs', 1, 'part-1', ?, 1, 2)",
            (whole(2),),
        )

    store.run_now(pulled)
    (move,) = store.read_now(inventory.history, "part-1", None, 0, 10)
    assert (move.kind, move.delta, move.sale_id, move.unsent) == ("sale", whole(-2), "theirs", False)


@pytest.mark.parametrize(
    ("write", "key"),
    [
        (lambda: inventory.create(PartDraft(name="  ")), "error.part.no_name"),
        (lambda: inventory.create(PartDraft(name="x", price=-1)), "error.part.price_below_zero"),
        (lambda: inventory.create(PartDraft(name="x", cost=6223001234567)), "error.part.price_too_high"),
        (lambda: inventory.create(PartDraft(name="x", min_stock=whole(-1))), "error.part.minimum_below_zero"),
        (lambda: inventory.create(PartDraft(name="x"), whole(6223001234567)), "error.stock.too_many"),
        (lambda: inventory.adjust("part-1", NOTHING, "x"), "error.stock.no_change"),
        (lambda: inventory.adjust("part-1", ONE, " "), "error.stock.no_reason"),
        (lambda: inventory.adjust("part-1", whole(1_000_000), "x"), "error.stock.too_many"),
        (lambda: inventory.adjust("nobody", ONE, "x"), "error.part.unknown"),
        (lambda: inventory.count_stock("part-1", whole(-1)), "error.stock.counted_below_zero"),
        (lambda: inventory.adjust("part-1", Quantity(500), "x"), "error.quantity.pieces"),
        (lambda: inventory.count_stock("part-1", Quantity(1)), "error.quantity.pieces"),
        (lambda: inventory.create(PartDraft(name="x"), Quantity(1_500)), "error.quantity.pieces"),
        (lambda: inventory.create(PartDraft(name="x", min_stock=1_500)), "error.quantity.pieces"),
        (lambda: inventory.create(OIL, Quantity(1_005)), "error.quantity.decimals"),
        (lambda: inventory.create(replace(OIL, min_stock=1_005)), "error.quantity.decimals"),
        (lambda: inventory.create(replace(OIL, decimals=4)), "error.part.decimals"),
        (lambda: inventory.create(replace(OIL, decimals=-1)), "error.part.decimals"),
    ],
)
def test_what_cannot_stand_leaves_nothing_behind(store: Store, shelf: dict[str, Part], write: object, key: str) -> None:
    with pytest.raises(ShopError) as error:
        store.run_now(write)  # type: ignore[arg-type]
    assert error.value.key == key
    assert queue(store) == []
    assert store.read_now(db.execute, "SELECT count(*) FROM audit").fetchone() == (0,)
