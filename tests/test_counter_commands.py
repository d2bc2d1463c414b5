"""`stock`, `suppliers`, `drawer` and `sales`: the verbs of the screens for scripts, and what is done once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import cash, inventory, past_sales, state, suppliers
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Part, PartDraft, SaleQuery, SupplierDraft
from tests.command_line import Run, home_store, runner
from tests.test_core.shop import queue


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with runner(monkeypatch, capsys) as run:
        yield run


@pytest.fixture
def pump(store: Store) -> Part:
    draft = PartDraft(name="طلمبة مياه", name_en="Water pump", part_number="WP-100", price=150_00, min_stock=whole(2))
    made: Part = store.run_now(inventory.create, draft, whole(5))
    return made


def shelf(store: Store, part: Part) -> int:
    return int(store.read_now(inventory.get, part.id).stock)


# --- stock -----------------------------------------------------------------------------------------------


def test_stock_is_found_shown_adjusted_and_counted(run: Run, store: Store, pump: Part) -> None:
    assert [row["part_number"] for row in run("stock", "find", "طلمبة", "--json").done] == ["WP-100"]
    assert run("stock", "low", "--json").done == []
    assert run("stock", "adjust", "WP-100", "--by", "-4", "--reason", "كسر", "--json").done["stock"] == 1
    assert [row["stock"] for row in run("stock", "low", "--json").done] == [1]
    assert run("stock", "count", "WP-100", "3", "--json").done["stock"] == 3
    shown = run("stock", "show", "WP-100", "--json").done
    assert (shown["stock"], shown["price"], shown["min_stock"]) == (3, 150_00, 2)
    assert [(row["kind"], row["delta"], row["reason"]) for row in shown["moves"]] == [
        ("count", 2, ""),
        ("adjust", -4, "كسر"),
    ]
    for lang in ("ar", "en"):
        paper = run("stock", "show", "WP-100", lang=lang)
        assert "كسر" in paper.out
        assert run("stock", "low", lang=lang).code == 0


def test_a_movement_under_a_key_is_done_once(run: Run, store: Store, pump: Part) -> None:
    adjust = ("stock", "adjust", "WP-100", "--by", "-1", "--reason", "عينة", "--key", "7", "--json")
    assert run(*adjust).done == run(*adjust).done
    assert shelf(store, pump) == whole(4)
    count = ("stock", "count", "WP-100", "9", "--key", "8")
    run(*count)
    run("stock", "adjust", "WP-100", "--by", "-1", "--reason", "عينة")
    run(*count)
    assert shelf(store, pump) == whole(8), "a count that runs again does not undo what came after it"
    assert run("stock", "count", "WP-100", "9", "--key", "7", "--json").refused == "error.script.key_used"


@pytest.mark.parametrize(
    "arguments",
    [("adjust", "WP-100", "--by", "2", "--reason", "لقيته"), ("count", "WP-100", "2")],
    ids=lambda arguments: arguments[0],
)
def test_a_trial_moves_nothing(run: Run, store: Store, pump: Part, arguments: tuple[str, ...]) -> None:
    assert run("stock", *arguments, "--dry-run", "--json").done["stock"] in (7, 2)
    assert (shelf(store, pump), len(queue(store))) == (whole(5), 1)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("show", "NONE"), "error.part.unknown_number"),
        (("adjust", "WP-100", "--by", "1.5", "--reason", "x"), "error.quantity.pieces"),
        (("adjust", "WP-100", "--by", "1", "--reason", " "), "error.stock.no_reason"),
        (("count", "WP-100", "--", "-1"), "error.stock.counted_below_zero"),
    ],
)
def test_what_the_shelf_does_not_take_is_refused(
    run: Run, store: Store, pump: Part, arguments: tuple[str, ...], error: str
) -> None:
    verb, *others = arguments
    assert run("stock", verb, "--json", *others).refused == error
    assert shelf(store, pump) == whole(5)


# --- suppliers -------------------------------------------------------------------------------------------


def test_suppliers_are_added_found_shown_and_edited(run: Run, store: Store) -> None:
    add = ("suppliers", "add", "الأمل", "--phone", "0223456789", "--rating", "4", "--key", "s1", "--json")
    made = run(*add).done
    assert run(*add).done["id"] == made["id"]
    assert [row["name"] for row in run("suppliers", "find", "امل", "--json").done] == ["الأمل"]
    edited = run("suppliers", "edit", "0223456789", "--payment-terms", "شهر", "--rating", "5", "--json").done
    assert (edited["payment_terms"], edited["rating"], edited["phone"]) == ("شهر", 5, "0223456789")
    assert run("suppliers", "show", "الأمل", "--json").done == edited
    assert "شهر" in run("suppliers", "show", made["id"], lang="ar").out
    assert [(one["kind"], one["type"]) for one in queue(store)] == [("create", "supplier"), ("update", "supplier")]
    run("suppliers", "edit", "الأمل", "--rating", "5")
    assert len(queue(store)) == 2, "what is so already is not said again"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("show", "نبيل"), "error.supplier.unknown_text"),
        (("show", "شركة"), "error.supplier.several"),
        (("add", " "), ""),
        (("edit", "شركة النور", "--rating", "9"), ""),
        (("edit", "شركة النور"), ""),
    ],
)
def test_a_supplier_is_not_guessed_at(run: Run, store: Store, arguments: tuple[str, ...], error: str) -> None:
    for name in ("شركة النور", "شركة الأمل"):
        store.run_now(suppliers.create, SupplierDraft(name=name))
    ended = run("suppliers", *arguments, "--json")
    assert ended.code == (1 if error else 2)
    if error:
        assert ended.refused == error
    assert len(queue(store)) == 2


# --- the drawer ------------------------------------------------------------------------------------------


def test_the_drawer_is_opened_paid_counted_and_closed(run: Run, store: Store, pump: Part) -> None:
    assert run("drawer", "open", "500", "--json").done["expected"] == 500_00
    run("sell", "--part", "WP-100")
    run("drawer", "pay-in", "50", "--reason", "فكة")
    run("drawer", "pay-out", "30", "--for", "transport", "--reason", "تاكسي")
    books = run("drawer", "pay-out", "20", "--for", "food", "--json").done
    assert books["expected"] == 500_00 + 150_00 + 50_00 - 50_00
    assert books["expenses"] == {
        "transport": {"count": 1, "amount": 30_00},
        "food": {"count": 1, "amount": 20_00},
    }
    assert run("drawer", "count", "645", "--json").done == {
        "counted": 645_00,
        "expected": 650_00,
        "difference": -5_00,
    }
    closed = run("drawer", "close", "--coins", "200=3", "--coins", "20=2", "--coins", "5=1", "--json").done
    assert (closed["counted"], closed["expected"], closed["difference"]) == (645_00, 650_00, -5_00)
    assert closed["coins"] == {"20000": 3, "2000": 2, "500": 1}
    assert closed["expenses"] == books["expenses"]
    assert run("drawer", "z", "1", "--json").done == closed
    assert [row["number"] for row in run("drawer", "z", "--json").done] == [1]
    assert run("drawer", "x", "--json").done["expected"] == 0
    for lang in ("ar", "en"):
        assert "645.00" in run("drawer", "z", "1", lang=lang).out
        assert run("drawer", "moves", lang=lang).code == 0


def test_what_is_done_with_the_drawer_under_a_key_is_done_once(run: Run, store: Store) -> None:
    for verb in (("open", "500"), ("pay-in", "50", "--reason", "x"), ("pay-out", "30", "--for", "rent"), ("no-sale",)):
        reason = ("--reason", "فك") if verb[0] == "no-sale" else ()
        for _ in range(2):
            assert run("drawer", *verb, *reason, "--key", verb[0]).code == 0
    assert store.read_now(cash.count) == 4
    closed = [run("drawer", "close", "520", "--key", "c", "--json").done for _ in range(2)]
    assert closed[0] == closed[1]
    assert store.read_now(cash.closings_count) == 1


def test_a_trial_closes_nothing(run: Run, store: Store) -> None:
    run("drawer", "open", "500")
    assert run("drawer", "close", "400", "--dry-run", "--json").done["difference"] == -100_00
    assert store.read_now(cash.closings_count) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("pay-out", "5"), 1, "error.cash.no_reason"),
        (("pay-out", "5", "--for", "gambling"), 2, ""),
        (("close",), 2, ""),
        (("close", "5", "--coins", "5=2"), 1, "error.cash.coins"),
        (("close", "--coins", "3=2"), 1, "error.cash.coins"),
        (("close", "--coins", "many"), 2, ""),
        (("z", "7"), 1, "error.cash.no_closing"),
        (("open", "much"), 2, ""),
    ],
)
def test_what_a_drawer_does_not_take(run: Run, store: Store, arguments: tuple[str, ...], code: int, error: str) -> None:
    ended = run("drawer", *arguments, "--json")
    assert ended.code == code
    if error:
        assert ended.refused == error
    assert (store.read_now(cash.count), store.read_now(cash.closings_count)) == (0, 0)


# --- past sales ------------------------------------------------------------------------------------------


def numbers(run: Run, *arguments: str) -> list[str]:
    return [row["receipt_number"] for row in run("sales", "list", *arguments, "--json").done]


def test_past_sales_are_listed_by_what_one_knows_of_them(run: Run, store: Store, pump: Part) -> None:
    oil = PartDraft(name="زيت", part_number="OC-90", price=80_00)
    store.run_now(inventory.create, oil, whole(9))
    run("customers", "add", "حسن")
    run("sell", "--part", "WP-100", "--cashier", "سارة", "--pay", "visa=100:77", "--pay", "cash")
    run("sell", "--part", "OC-90", "--cashier", "علي", "--customer", "حسن")
    first, second = reversed(numbers(run))
    today = store.read_now(state.business_day)
    for arguments, found in (
        (("--method", "visa"), [first]),
        (("--method", "cash"), [second, first]),
        (("--method", "instapay"), []),
        (("--cashier", "سارة"), [first]),
        (("--customer", "حسن"), [second]),
        (("--part", "WP-100"), [first]),
        (("--min", "100"), [first]),
        (("--max", "100"), [second]),
        (("--min", "80", "--max", "80"), [second]),
        (("--day", "today"), [second, first]),
        (("--day", today, "--until", today, "--method", "visa"), [first]),
        (("--day", "1/1/2020"), []),
        (("--day", "1/1/2020", "--until", today), [second, first]),
        (("77",), [first]),
        (("--limit", "1"), [second]),
    ):
        assert numbers(run, *arguments) == found, arguments
    assert first in run("sales", "list", lang="ar").out


def test_a_sale_is_shown_and_voided_once(run: Run, store: Store, pump: Part) -> None:
    number = run("sell", "--part", "WP-100", "--json").done["receipt_number"]
    assert run("sales", "show", "1", "--json").done["receipt_number"] == number
    void = ("sales", "void", number, "--reason", "غلط", "--key", "v", "--json")
    assert run(*void).done["status"] == "voided"
    assert run(*void).done["status"] == "voided"
    assert shelf(store, pump) == whole(5)
    assert run("sales", "void", number, "--reason", "غلط", "--json").refused == "error.sale.voided"
    assert number in run("sales", "show", number, lang="ar").out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("show", "99"), 1), (("list", "--day", "someday"), 2), (("list", "--until", "1/1/2026"), 2), (("void", "1"), 2)],
)
def test_a_sale_is_not_guessed_at(run: Run, store: Store, pump: Part, arguments: tuple[str, ...], code: int) -> None:
    run("sell", "--part", "WP-100")
    assert run("sales", *arguments).code == code
    (row,) = store.read_now(past_sales.page, SaleQuery(), None, 0, 9)
    assert row.status == "completed"
