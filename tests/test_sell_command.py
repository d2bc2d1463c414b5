"""`clutch-tui sell`: several parts, prices, discounts, payments with references, JSON both ways, what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import customers, inventory, past_sales, state
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import CustomerDraft, PartDraft, SaleQuery, TaxRules
from tests.command_line import Run, home_store, runner


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        opened.run_now(state.put_tax_rules, TaxRules(1400, cash_rounding=25))
        oil = PartDraft(name="زيت موتور", name_en="Oil", part_number="OC-90", price=180_05, unit="LTR", decimals=2)
        opened.run_now(inventory.create, oil, whole(20))
        opened.run_now(inventory.create, PartDraft(name="طلمبة مياه", part_number="WP-100", price=150_00), whole(5))
        opened.run_now(inventory.create, PartDraft(name="كلبس", part_number="CLIP-1"), whole(50))
        opened.run_now(customers.create, CustomerDraft(name="حسن", phone="01001234567", car_brand="Kia"))
        yield opened


@pytest.fixture
def run(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    with runner(monkeypatch, capsys, "sell") as run:
        yield run


def sold(store: Store) -> list[str]:
    return [row.id for row in store.read_now(past_sales.page, SaleQuery(), None, 0, 99)]


BY_OPTIONS = (
    *("--part", "WP-100", "--qty", "2", "--price", "140", "--discount", "10%", "--line-note", "قدام"),
    *("--part", "OC-90", "--qty", "1.5", "--part", "CLIP-1", "--price", "2.50", "--discount", "0.50"),
    *("--sale-discount", "5", "--customer", "حسن", "--note", "بكرة"),
    *("--pay", "visa=200:77", "--pay", "instapay=100:88", "--pay", "cash=300"),
)
BY_JSON: dict[str, Any] = {
    "lines": [
        {"part": "WP-100", "quantity": 2, "price": 140_00, "discount": "10%", "note": "قدام"},
        {"part": "OC-90", "quantity": 1.5},
        {"part": "CLIP-1", "price": 2_50, "discount": 50},
    ],
    "discount": 5_00,
    "customer": "حسن",
    "note": "بكرة",
    "payments": [
        {"method": "visa", "amount": 200_00, "reference": "77"},
        {"method": "instapay", "amount": 100_00, "reference": "88"},
        {"method": "cash", "amount": 300_00},
    ],
}
NET = 252_00 + 270_08 + 2_00 - 5_00
IN_CASH = NET - 300_00 - 8  # the nearest quarter


def asked(run: Run, way: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> Any:
    if way == "options":
        return run(*BY_OPTIONS, *more, "--json").done
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(BY_JSON)))
    return run("--from", "-", *more, "--json").done


@pytest.mark.parametrize("way", ["options", "json"])
def test_a_whole_sale_is_asked_for(run: Run, store: Store, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = asked(run, way, monkeypatch)
    lines = [(line["part_number"], line["quantity"], line["price"], line["total"]) for line in receipt["lines"]]
    assert lines == [("WP-100", 2, 140_00, 252_00), ("OC-90", 1.5, 180_05, 270_08), ("CLIP-1", 1, 2_50, 2_00)]
    assert (receipt["totals"]["total"], receipt["totals"]["rounding"]) == (NET - 8, -8)
    assert receipt["payments"] == [
        {"method": "visa", "amount": 200_00, "way": None, "reference": "77"},
        {"method": "instapay", "amount": 100_00, "way": None, "reference": "88"},
        {"method": "cash", "amount": IN_CASH, "way": None, "reference": ""},
    ]
    assert (receipt["tendered"], receipt["change"]) == (300_00, 300_00 - IN_CASH)
    assert (receipt["notes"], receipt["car"], receipt["lines"][0]["note"]) == ("بكرة", "Kia", "قدام")
    assert (receipt["customer_name"], sold(store)) == ("حسن", [receipt["id"]])


@pytest.mark.parametrize("way", ["options", "json"])
def test_a_trial_reckons_the_same_and_leaves_nothing(
    run: Run, store: Store, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = asked(run, way, monkeypatch, "--dry-run")
    assert (tried["dry_run"], tried["id"], tried["receipt_number"], sold(store)) == (True, "", "", [])
    receipt = asked(run, way, monkeypatch)
    assert {name: tried[name] for name in ("totals", "lines", "payments", "change")} == {
        name: receipt[name] for name in ("totals", "lines", "payments", "change")
    }
    assert receipt["receipt_number"].endswith("000001"), "a trial takes no number"


def test_a_script_that_runs_twice_sells_once(run: Run, store: Store) -> None:
    wanted = ("--part", "WP-100", "--key", "invoice 7", "--json")
    first = run(*wanted).done
    assert run(*wanted).done == first
    assert len(sold(store)) == 1
    assert run("--part", "WP-100", "--qty", "2", "--key", "invoice 7", "--json").refused == "error.script.key_used"
    assert run("--part", "WP-100", "--key", "invoice 8", "--json").done["id"] != first["id"]


def test_a_key_of_a_trial_is_free(run: Run, store: Store) -> None:
    run("--part", "WP-100", "--key", "k", "--dry-run", "--json")
    assert run("--part", "WP-100", "--key", "k", "--json").done["id"] in sold(store)


def test_the_key_of_a_file_holds_too(run: Run, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "sale.json"
    path.write_text(json.dumps({**BY_JSON, "key": "7"}))
    assert run("--from", str(path), "--json").done == run("--from", str(path), "--json").done
    assert len(sold(store)) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--part", "WP-100", "--pay", "visa=200"), "error.sale.change"),
        (("--part", "WP-100", "--pay", "visa=100"), "error.sale.unpaid"),
        (("--part", "WP-100", "--pay", "cash", "--pay", "visa=10"), "error.sale.unpaid"),
        (("--part", "WP-100", "--pay", "cash:77"), "error.sale.no_reference"),
        (("--part", "WP-100", "--pay", "credit"), "error.sale.credit_needs_customer"),
        (("--part", "WP-100", "--discount", "151"), "error.sale.discount"),
        (("--part", "WP-100", "--sale-discount", "101%"), "error.sale.discount"),
        (("--part", "CLIP-1"), "error.sale.no_price"),
        (("--part", "WP-100", "--qty", "1.5"), "error.quantity.pieces"),
        (("--part", "WP-100", "--customer", "نبيل"), "error.customer.unknown_text"),
    ],
)
@pytest.mark.parametrize("trial", [(), ("--dry-run",)])
def test_what_cannot_be_sold_is_refused_by_a_trial_as_well(
    run: Run, store: Store, arguments: tuple[str, ...], error: str, trial: tuple[str, ...]
) -> None:
    ended = run(*arguments, *trial, "--json")
    assert (ended.code, ended.refused, sold(store)) == (1, error, [])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--part", "WP-100", "--qty", "1", "--qty", "2"),
        ("--part", "WP-100", "--pay", "visa=much"),
        ("--part", "WP-100", "--price", "dear"),
        ("--part", "WP-100", "--discount", "some%"),
        ("--qty", "1"),
        ("--from", "/nowhere.json"),
    ],
)
def test_wrong_usage_sells_nothing(run: Run, store: Store, arguments: tuple[str, ...]) -> None:
    assert (run(*arguments).code, sold(store)) == (2, [])


@pytest.mark.parametrize(
    "spoilt",
    [
        {"lines": []},
        {"lines": [{"part": "WP-100", "quantity": "2"}]},
        {"lines": [{"part": "WP-100", "price": 1.5}]},
        {"lines": [{"part": "WP-100", "prise": 1}]},
        {"payments": [{"method": "beads"}]},
        {"payments": {"method": "cash"}},
        {"discount": "ten"},
        {"costumer": "حسن"},
    ],
    ids=str,
)
def test_json_that_is_not_understood_names_the_place(
    run: Run, store: Store, spoilt: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({**BY_JSON, **spoilt})))
    ended = run("--from", "-")
    assert (ended.code, sold(store)) == (2, [])
    if spoilt != {"lines": []}:
        assert next(iter(spoilt)) in ended.err


def test_what_is_said_of_a_part_stands_behind_it(run: Run) -> None:
    """A quantity that is said of the second part is none of the first."""
    lines = run("--part", "WP-100", "--part", "OC-90", "--qty", "2.5", "--json").done["lines"]
    assert [(line["part_number"], line["quantity"]) for line in lines] == [("WP-100", 1), ("OC-90", 2.5)]
    lines = run("--qty", "3", "--part", "WP-100", "--json").done["lines"]
    assert [line["quantity"] for line in lines] == [3]


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_the_receipt_is_printed(run: Run, lang: str) -> None:
    paper = run(*BY_OPTIONS, lang=lang)
    assert paper.code == 0
    for expected in ("OC-90", "قدام", "77", "88", "Kia", "بكرة"):
        assert expected in paper.out, expected
    tried = run(*BY_OPTIONS, "--dry-run", lang=lang)
    assert tried.code == 0
    assert tried.err.strip()
