"""A price list goes in whole, once, without stopping the till, whatever happens on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import inventory, journal, search, state
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.price_lists import imports
from clutch_tui.core.price_lists.imports import ImportReport
from clutch_tui.core.price_lists.price_list import read
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import differences
from clutch_tui.core.types import PartQuery
from clutch_tui.text import strings
from tests.test_core.shop import queue, stock_shelf
from tests.test_core.test_price_list import write

HEADINGS = ("رقم القطعة", "الاسم", "سعر البيع", "الكمية", "الباركود", "السيارة")


def take(store: Store, folder: Path, *rows: Sequence[str], dry_run: bool = False) -> ImportReport:
    return imports.run(store, read(write(folder / "list.csv", [HEADINGS, *rows])), dry_run=dry_run)


def take_measured(store: Store, folder: Path, *rows: Sequence[str], dry_run: bool = False) -> ImportReport:
    """A list that says in which unit its parts are sold, and how finely."""
    headings = ("رقم القطعة", "الاسم", "سعر البيع", "الكمية", "الوحدة", "Decimals")
    return imports.run(store, read(write(folder / "measured.csv", [headings, *rows])), dry_run=dry_run)


def figures(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.created, report.updated, report.counted, report.unchanged, report.refused


def dump(store: Store) -> list[Any]:
    """Everything that an import may write, without what differs from run to run."""

    def read() -> list[Any]:
        statements = (
            "SELECT id, name, part_number, barcode, oem_number, price, stock_quantity, words FROM part ORDER BY pk",
            "SELECT part_id, kind, delta FROM stock_move ORDER BY id",
            "SELECT kind, record_id, payload, base, was FROM outbox ORDER BY n",
            "SELECT name, value FROM setting ORDER BY name",
            "SELECT action, detail FROM audit ORDER BY id",
        )
        return [db.execute(statement).fetchall() for statement in statements]

    return store.read_now(read)


def find(store: Store, text: str) -> list[str]:
    return [row.part_number for row in store.read_now(search.find, text)]


def test_a_new_part_is_there_at_once_and_asked_of_the_server(store: Store, tmp_path: Path) -> None:
    report = take(store, tmp_path, ("BP-900", "تيل فرامل", "350 ج.م", "12", "", "كيا"))
    assert figures(report) == (1, 0, 0, 0, 0)
    assert find(store, "تيل") == find(store, "bp900") == ["BP-900"]
    (request,) = queue(store)
    part = store.read_now(inventory.get, request["record_id"])
    assert (part.draft.price, part.stock, part.unsent, part.version) == (35000, whole(12), True, 0)
    assert (request["kind"], request["type"], request["label"]) == ("create", "item", "تيل فرامل")
    assert request["payload"] == {
        **{name: getattr(part.draft, name) for name in type(part.draft).__dataclass_fields__},
        "stock_quantity": whole(12),
    }
    assert store.read_now(journal.verify_audit) is None


@pytest.mark.parametrize(("unit", "text", "stock"), [("", "12", whole(12)), ("لتر", "12.5", Quantity(12_500))])
def test_it_leaves_what_making_the_part_by_hand_leaves(
    store: Store, tmp_path: Path, unit: str, text: str, stock: Quantity
) -> None:
    take_measured(store, tmp_path, ("BP-900", "تيل فرامل", "350", text, unit, ""))
    imported = store.read_now(lambda: inventory.page(PartQuery(), None, 0, 10))[0]
    made = store.run_now(inventory.create, store.read_now(inventory.get, imported.id).draft, stock)

    def rows(part_id: str) -> list[Any]:
        part = list(db.execute("SELECT * FROM part WHERE id = ?", (part_id,)).fetchone())
        sent = db.execute(
            "SELECT lineage, channel, kind, type, label, epoch, base, was, replace(payload, ?, ''), lane FROM outbox"
            " WHERE record_id = ? ORDER BY n",
            (part_id, part_id),
        ).fetchall()
        moved = db.execute("SELECT kind, delta, reason FROM stock_move WHERE part_id = ?", (part_id,)).fetchall()
        kept = db.execute("SELECT type, body FROM base_record WHERE id = ?", (part_id,)).fetchall()
        return [part[2:], sent, moved, kept]

    assert store.read_now(rows, imported.id) == store.read_now(rows, made.id)


def test_a_known_part_gets_what_changed_and_nothing_else(store: Store, tmp_path: Path) -> None:
    shelf = stock_shelf(store)
    water_pump, oil_filter = shelf["WP-100"], shelf["OF-200"]
    report = take(
        store,
        tmp_path,
        ("wp 100", "طلمبة مياه", "175", "", "", ""),
        ("OF-200", "فلتر زيت", "45.50", "4", "", "كيا"),
    )
    assert figures(report) == (0, 1, 1, 0, 0)
    update, count = queue(store)
    assert update["record_id"] == water_pump.id
    assert update["payload"] == {"part_number": "wp 100", "price": 17500}
    assert update["base"] == {"part_number": 1, "price": 1}
    assert update["was"] == {"part_number": "WP-100", "price": 15000}
    assert (count["kind"], count["record_id"]) == ("count", oil_filter.id)
    facts = {"counted": whole(4), "expected": whole(10), "delta": whole(-6)}
    assert count["payload"] == {"item_id": oil_filter.id, **facts}
    after = store.read_now(inventory.get, oil_filter.id)
    assert (after.stock, after.base_stock) == (whole(4), whole(10))
    assert store.read_now(inventory.get, water_pump.id).stock == water_pump.stock


def test_the_servers_copy_is_kept_under_an_update(store: Store, tmp_path: Path) -> None:
    part = stock_shelf(store)["OF-200"]
    take(store, tmp_path, ("OF-200", "فلتر زيت أصلي", "50", "", "", ""))

    def kept() -> list[Any]:
        return [tuple(row) for row in db.execute("SELECT type, id, body FROM base_record").fetchall()]

    with Store.open(tmp_path / "by_hand.db", inline=True) as other:
        stock_shelf(other)
        draft = replace(part.draft, name="فلتر زيت أصلي", price=5000)
        other.run_now(inventory.edit, part.id, draft, seen=part)
        assert store.read_now(kept) == other.read_now(kept) != []


def test_an_empty_or_zero_cell_erases_nothing(store: Store, tmp_path: Path) -> None:
    shelf = stock_shelf(store)
    report = take(store, tmp_path, ("OF-200", "", "0", "", "", ""), ("WP-100", "", "", "", "", ""))
    assert figures(report) == (0, 0, 0, 2, 0)
    for number in ("OF-200", "WP-100"):
        assert store.read_now(inventory.get, shelf[number].id) == shelf[number]
    assert queue(store) == []


def test_a_part_is_known_by_its_number_else_its_barcode_else_its_name(store: Store, tmp_path: Path) -> None:
    stock_shelf(store)
    report = take(
        store,
        tmp_path,
        ("06l115562b", "الفلتر الأصلي", "310", "", "", ""),
        ("", "بوجيه", "130", "", "6223001234567", ""),
        ("", "طلمبة مياه", "160", "", "", "تويوتا"),
    )
    assert figures(report) == (0, 3, 0, 0, 0)
    assert [request["payload"]["price"] for request in queue(store)] == [31000, 13000, 16000]


def test_what_could_mean_several_parts_is_left_to_a_person(store: Store, tmp_path: Path) -> None:
    stock_shelf(store)
    for _ in range(2):
        draft = inventory.PartDraft(name="كشاف", part_number="HL-500")
        store.run_now(inventory.create, draft)
    before = dump(store)
    report = take(
        store,
        tmp_path,
        ("HL-500", "كشاف", "900", "", "", ""),
        ("WP-100", "طلمبة مياه", "150", "", "", ""),
        ("", "طلمبة مياه", "160", "", "", "تويوتا"),
        ("NEW-1", "", "160", "", "", ""),
    )
    assert [(remark.line, remark.key) for remark in report.bad] == [
        (2, "import.bad.several_parts"),
        (4, "import.bad.same_part"),
        (5, "error.part.no_name"),
    ]
    assert dump(store)[:3] == before[:3]


TWINS = (
    ("TWIN-1", "طرمبة مياه اصلي", "900", "", "6223001234562", ""),
    ("TWIN-2", "طرمبة مياه تقليد", "350", "", "6223001234562", ""),
)


@pytest.mark.parametrize("together", [True, False])
def test_parts_that_share_a_barcode_are_taken_and_the_till_asks_which(
    store: Store, tmp_path: Path, together: bool
) -> None:
    lists = [TWINS] if together else [TWINS[:1], TWINS[1:]]
    warnings = [(one.line, one.key) for rows in lists for one in take(store, tmp_path, *rows).warnings]
    assert warnings == [
        (3, "import.warning.shared_barcode") if together else (2, "import.warning.barcode_of_other"),
    ]
    assert sorted(find(store, "6223001234562")) == ["TWIN-1", "TWIN-2"]
    assert store.read_now(inventory.find_code, "6223001234562") is None, "a person chooses"
    again = take(store, tmp_path, *TWINS)
    assert figures(again) == (0, 0, 0, 2, 0)


def test_a_part_that_gets_the_barcode_of_another_is_said(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, TWINS[0], ("TWIN-2", "طرمبة مياه تقليد", "350", "", "", ""))
    report = take(store, tmp_path, TWINS[1])
    assert figures(report) == (0, 1, 0, 0, 0)
    assert [(one.key, one.values["number"]) for one in report.warnings] == [
        ("import.warning.barcode_of_other", "TWIN-1")
    ]


def test_a_barcode_of_a_part_without_a_number_beside_another_is_left_to_a_person(store: Store, tmp_path: Path) -> None:
    for number in ("", "TWIN-1"):
        draft = inventory.PartDraft(name="طرمبة", part_number=number, barcode="6223001234562")
        store.run_now(inventory.create, draft)
    report = take(store, tmp_path, TWINS[1])
    assert [(one.key, one.values["number"]) for one in report.bad] == [("import.bad.barcode_of_other", "TWIN-1")]


def brands(store: Store, folder: Path, *rows: Sequence[str], dry_run: bool = False) -> ImportReport:
    table = read(write(folder / "brands.csv", [("part number", "brand", "name", "price"), *rows]))
    return imports.run(store, table, dry_run=dry_run)


def test_a_number_of_several_brands_becomes_several_parts_once(store: Store, tmp_path: Path) -> None:
    rows = [("90915-YZZD2", brand, f"فلتر {brand}", "650") for brand in ("Toyota", "Sakura", "تايوان")]
    assert figures(brands(store, tmp_path, *rows)) == (3, 0, 0, 0, 0)
    assert figures(brands(store, tmp_path, *rows)) == (0, 0, 0, 3, 0)
    report = brands(store, tmp_path, ("90915 yzzd2", "MAHLE", "فلتر", "500"), ("90915-YZZD2", "SAKURA", "", "200"))
    assert figures(report) == (1, 1, 0, 0, 0)
    assert [(remark.key, remark.values) for remark in report.warnings] == [
        (
            "import.warning.other_brand",
            {"text": "90915 yzzd2", "brand": "MAHLE", "others": "Sakura, Toyota, تايوان"},
        )
    ]


def test_of_a_part_without_a_brand_the_first_row_is_meant(store: Store, tmp_path: Path) -> None:
    part = stock_shelf(store)["OF-200"]
    assert part.draft.brand == ""
    rows = [("OF-200", "Toyota", "فلتر زيت", "650"), ("OF-200", "Sakura", "فلتر ساكورا", "180")]
    trial = brands(store, tmp_path, *rows, dry_run=True)
    report = brands(store, tmp_path, *rows)
    assert figures(report) == figures(trial) == (1, 1, 0, 0, 0)
    assert store.read_now(inventory.get, part.id).draft.brand == "Toyota"
    assert figures(brands(store, tmp_path, *rows)) == (0, 0, 0, 2, 0)


def test_numbers_beside_the_first_are_kept_and_not_added_twice(store: Store, tmp_path: Path) -> None:
    row = ("90915-YZZD2 / 90915-10003", "فلتر زيت", "95", "", "", "")
    assert figures(take(store, tmp_path, row)) == (1, 0, 0, 0, 0)
    (request,) = queue(store)
    assert request["payload"]["oem_number"] == "90915-10003"
    assert find(store, "90915-10003") == ["90915-YZZD2"]
    assert figures(take(store, tmp_path, (*row[:2], "96", *row[3:]))) == (0, 1, 0, 0, 0)
    assert queue(store)[-1]["payload"] == {"price": 9600}


DIRTY = [
    ("BP-900", "تيل فرامل", "350 ج.م", "12", "", "كيا"),
    ("", "بوجيه ليزر", "EGP 1,250.00", "٥", "", ""),
    ("OF-200", "فلتر زيت", "46", "24.0", "", "كيا"),
    ("A-1000 / A-2000", "سير", "150,50", "3", "", ""),
    ("WP-100", "طلمبة", "غالي", "3", "", ""),
    ("BP-900", "تيل فرامل", "360", "12", "", "كيا"),
]


def test_the_same_file_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    stock_shelf(store)
    first = take(store, tmp_path, *DIRTY)
    assert figures(first) == (3, 1, 1, 0, 2)
    before = dump(store)
    second = take(store, tmp_path, *DIRTY)
    assert figures(second) == (0, 0, 0, 4, 2)
    assert dump(store) == before
    assert second.bad == first.bad


def test_a_dry_run_says_the_same_and_stores_nothing(store: Store, tmp_path: Path) -> None:
    stock_shelf(store)
    before = dump(store)
    expected = take(store, tmp_path, *DIRTY, dry_run=True)
    assert dump(store) == before
    assert take(store, tmp_path, *DIRTY) == expected


def test_what_was_sold_since_does_not_come_back_with_the_same_file(store: Store, tmp_path: Path) -> None:
    shelf = stock_shelf(store)
    row = ("OF-200", "فلتر زيت", "45.50", "24", "", "")
    take(store, tmp_path, row)
    store.run_now(inventory.adjust, shelf["OF-200"].id, whole(-2), "بيع")
    again = take(store, tmp_path, row)
    assert figures(again) == (0, 0, 0, 1, 0)
    assert [(r.key, r.values) for r in again.warnings] == [("import.warning.moved_since", {"counted": 24, "stock": 22})]
    assert store.read_now(inventory.get, shelf["OF-200"].id).stock == whole(22)
    assert figures(take(store, tmp_path, (*row[:3], "30", "", ""))) == (0, 0, 1, 0, 0), "another file is another count"


# --- what is sold in fractions ---------------------------------------------------------------------------


OIL = ("OIL-1", "زيت باللتر", "350", "12.5", "لتر", "")


def test_a_part_in_litres_is_made_with_its_fraction_on_the_shelf(store: Store, tmp_path: Path) -> None:
    """The request goes to servers that take no fractions, too: what lies on the shelf is a fact of its own."""
    assert figures(take_measured(store, tmp_path, OIL)) == (1, 0, 0, 0, 0)
    create, count = queue(store)
    payload = create["payload"]
    assert (payload["unit"], payload["decimals"], payload["stock_quantity"]) == ("LTR", 3, 0)
    assert (count["kind"], count["record_id"]) == ("count", create["record_id"])
    assert count["payload"] == {"item_id": create["record_id"], "counted": 12_500, "expected": 0, "delta": 12_500}
    assert store.read_now(inventory.get, create["record_id"]).stock == Quantity(12_500)
    before = dump(store)
    assert figures(take_measured(store, tmp_path, OIL)) == (0, 0, 0, 1, 0)
    assert dump(store) == before


@pytest.mark.parametrize(
    ("unit", "decimals", "sold"),
    [
        ("لتر", "", ("LTR", 3)),
        ("Litre", "1", ("LTR", 1)),
        ("متر", "", ("MTR", 2)),
        ("kg", "", ("KGM", 3)),
        ("طقم", "", ("SET", 0)),
        ("Pair", "", ("PR", 0)),
        ("قطعة", "", ("", 0)),
        ("PCS", "2", ("", 2)),
        ("", "3", ("", 3)),
        ("جالون", "", ("", 0)),
    ],
)
def test_a_new_part_is_sold_as_finely_as_its_unit_unless_the_list_says_it(
    store: Store, tmp_path: Path, unit: str, decimals: str, sold: tuple[str, int]
) -> None:
    take_measured(store, tmp_path, (*OIL[:3], "4", unit, decimals))
    (row,) = store.read_now(inventory.page, PartQuery(), None, 0, 9)
    assert (row.unit, row.decimals) == sold


def test_a_fraction_of_what_is_sold_in_pieces_is_refused_in_words(store: Store, tmp_path: Path) -> None:
    shelf = stock_shelf(store)
    rows = [
        ("OF-200", "فلتر زيت", "46", "12.5", "", ""),
        ("NEW-1", "بوجيه", "120", "0.5", "pcs", ""),
        ("NEW-2", "خرطوم", "30", "2.25", "متر", "1"),
        ("NEW-3", "حنفية", "30", "7.0", "", ""),
    ]
    report = take_measured(store, tmp_path, *rows)
    assert figures(report) == (1, 0, 0, 0, 3)
    assert [(one.line, one.key, one.values["name"], one.values.get("places")) for one in report.bad] == [
        (2, "error.quantity.pieces", "فلتر زيت", None),
        (3, "error.quantity.pieces", "بوجيه", None),
        (4, "error.quantity.decimals", "خرطوم", 1),
    ]
    assert store.read_now(inventory.get, shelf["OF-200"].id) == shelf["OF-200"], "not even its price"
    for language in strings.LANGUAGES:
        strings.use(language)
        assert all(one.values["name"] in strings.t(one.key, **one.values) for one in report.bad)
    strings.use("ar")


def test_a_minimum_in_fractions_is_for_what_is_sold_in_such(store: Store, tmp_path: Path) -> None:
    headings = ("part number", "name", "minimum", "unit")
    rows = (("A-1", "Filter", "1.5", ""), ("A-2", "Oil", "1.5", "L"))
    report = imports.run(store, read(write(tmp_path / "minimum.csv", [headings, *rows])))
    assert [(one.line, one.key) for one in report.bad] == [(2, "error.quantity.pieces")]
    (row,) = store.read_now(inventory.page, PartQuery(), None, 0, 9)
    assert (row.part_number, row.min_stock) == ("A-2", Quantity(1_500))


def test_a_known_part_gets_its_unit_with_the_decimals_of_it(store: Store, tmp_path: Path) -> None:
    part = stock_shelf(store)["OF-200"]
    row = ("OF-200", "فلتر زيت", "45.50", "9.25", "لتر", "")
    assert figures(take_measured(store, tmp_path, row)) == (0, 1, 1, 0, 0)
    update, count = queue(store)
    assert update["payload"] == {"unit": "LTR", "decimals": 3}
    assert update["was"] == {"unit": "", "decimals": 0}
    assert count["payload"]["counted"] == 9_250
    seen = store.read_now(inventory.get, part.id)
    assert seen.stock == Quantity(9_250)
    store.run_now(lambda: inventory.edit(part.id, replace(seen.draft, decimals=2), seen=seen))
    assert figures(take_measured(store, tmp_path, (*row[:3], "8.75", "LTR", ""))) == (0, 0, 1, 0, 0)
    assert store.read_now(inventory.get, part.id).draft.decimals == 2, "the list says nothing about it"


def test_an_unknown_unit_is_left_out_and_said(store: Store, tmp_path: Path) -> None:
    take_measured(store, tmp_path, OIL)
    report = take_measured(store, tmp_path, (*OIL[:3], "13.25", "جالون", ""))
    assert figures(report) == (0, 0, 1, 0, 0)
    assert [(one.key, one.values) for one in report.warnings] == [
        ("import.warning.unknown_unit", {"field": "unit", "text": "جالون"})
    ]
    (row,) = store.read_now(inventory.page, PartQuery(), None, 0, 9)
    assert (row.unit, row.decimals, row.stock) == ("LTR", 3, Quantity(13_250))


def test_a_fraction_that_was_sold_since_does_not_come_back_with_the_same_file(store: Store, tmp_path: Path) -> None:
    take_measured(store, tmp_path, OIL)
    (row,) = store.read_now(inventory.page, PartQuery(), None, 0, 9)
    store.run_now(inventory.adjust, row.id, Quantity(-250), "بيع")
    again = take_measured(store, tmp_path, OIL)
    assert figures(again) == (0, 0, 0, 1, 0)
    assert [(one.key, one.values) for one in again.warnings] == [
        ("import.warning.moved_since", {"counted": "12.5", "stock": "12.25"})
    ]


def many(path: Path, n: int) -> Path:
    rows = [(f"MN-{i:05}", f"قطعة رقم {i}", str(i + 1), "3", "", "") for i in range(n)]
    return write(path, [HEADINGS, *rows])


class Stopped(Exception):
    pass


def test_an_import_that_stops_in_the_middle_is_completed_by_the_next(store: Store, tmp_path: Path) -> None:
    path = many(tmp_path / "list.csv", 900)
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if len(seen) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        imports.run(store, read(path), progress=stop)
    stored = seen[-1][0] - 1  # the headings are a row too
    assert 0 < stored < 900
    assert len(queue(store)) == stored
    assert figures(imports.run(store, read(path))) == (900 - stored, 0, 0, stored, 0)
    assert len({request["record_id"] for request in queue(store)}) == len(queue(store)) == 900


_KILLED = """
import sys, pathlib
from clutch_tui.core.price_lists import imports
from clutch_tui.core.price_lists.price_list import read
from clutch_tui.core.store.store import Store
store = Store.open(pathlib.Path(sys.argv[1]), inline=True)
imports.run(store, read(pathlib.Path(sys.argv[2])), progress=lambda done, total: print(done, flush=True))
"""


@pytest.mark.parametrize("batches", [1, 3, 4])
def test_a_killed_import_leaves_whole_batches(tmp_path: Path, batches: int) -> None:
    database, path = tmp_path / "shop.db", many(tmp_path / "list.csv", 3000)
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(database), str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(batches):
            assert process.stdout.readline()
        process.kill()
    with Store.open(database, inline=True) as store:
        before = queue(store)
        parts = store.read_now(inventory.count, PartQuery())
        assert 0 < parts == len(before) < 3000
        (left,) = store.read_now(differences.between, alone=True).imports
        assert (left.file, left.line) == ("list.csv", parts + 1), "the headings are a row too"
        report = imports.run(store, read(path))
        assert figures(report) == (3000 - parts, 0, 0, parts, 0)
        assert queue(store)[: len(before)] == before
        assert store.read_now(inventory.count, PartQuery()) == 3000
        assert store.read_now(differences.between, alone=True).imports == ()


def test_an_import_that_stopped_is_told_until_its_file_is_in(store: Store, tmp_path: Path) -> None:
    def left() -> list[tuple[str, int]]:
        return [(one.file, one.line) for one in store.read_now(differences.between, alone=True).imports]

    def stop(done: int, total: int) -> None:
        raise Stopped

    for name in ("a.csv", "b.csv"):
        with pytest.raises(Stopped):
            imports.run(store, read(many(tmp_path / name, 200 + len(left()))), progress=stop)
    assert left() == [("a.csv", 101), ("b.csv", 101)]
    found = store.read_now(differences.between, alone=True)
    assert found.counts["unfinished"] == 2
    imports.run(store, read(tmp_path / "a.csv"), dry_run=True)
    assert len(left()) == 2, "a trial brings nothing in"
    imports.run(store, read(tmp_path / "a.csv"))
    assert left() == [("b.csv", 101)]
    imports.run(store, read(many(tmp_path / "b.csv", 30)))
    assert left() == [], "a newer list of that name takes its place"


def test_the_till_gets_its_turn_while_a_list_goes_in(store: Store, tmp_path: Path) -> None:
    """Between two batches the file is free: a till that is starved would wait until the list is in."""
    part = stock_shelf(store)["OF-200"]
    path = many(tmp_path / "list.csv", 4000)
    batches: list[int] = []
    with Store.open(store.path, inline=True) as till:

        def sell(done: int, _total: int) -> None:
            till.run_now(inventory.adjust, part.id, whole(-1), "بيع")
            batches.append(done)

        imports.run(store, read(path), progress=sell)
    assert len(batches) > 5
    assert store.read_now(inventory.get, part.id).stock == part.stock - whole(len(batches))


def test_the_batch_is_in_the_audit_once(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path, *DIRTY[:4])
    rows = store.read_now(lambda: db.execute("SELECT action, type, detail FROM audit").fetchall())
    assert [row[:2] for row in rows] == [("import", "item")]
    assert json.loads(rows[0][2]) == {
        **{"file": "list.csv", "from_line": 2, "to_line": 5},
        **{"created": 4, "changed": 0, "updated": 0, "counted": 0, "unchanged": 0},
    }


def test_a_file_that_cannot_be_read_leaves_no_trace(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("hello", "utf-8")
    with pytest.raises(ShopError) as refused:
        imports.run(store, read(path))
    assert refused.value.key == "error.import.no_headings"
    assert store.read_now(outbox.head) == 0
    assert store.read_now(state.get, "lineage") is None
