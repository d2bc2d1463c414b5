"""`clutch-tui lost-sales`: the same as in two keys at the till, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import inventory, lost_sales
from clutch_tui.core.lost_sales import LostSaleQuery
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from clutch_tui.text.strings import t
from tests.command_line import Run, home_store, runner


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with runner(monkeypatch, capsys, "lost-sales") as run:
        yield run


@pytest.fixture
def pump(store: Store) -> str:
    draft = PartDraft(name="طلمبة مياه", part_number="WP-100", price=150_00)
    return str(store.run_now(inventory.create, draft, whole(2)).id)


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_one_is_noted_of_a_part_and_of_words(run: Run, store: Store, pump: str, lang: str) -> None:
    said = run("note", "--part", "WP-100", "--reason", "too_dear", lang=lang).out
    assert t("lost_sale.too_dear") in said
    assert run("note", "طقم دبرياج", "--reason", "not_carried", "--qty", "1.5", lang=lang).code == 0
    rows = store.read_now(lost_sales.page, LostSaleQuery(), None, 0, 9)
    assert [(row.item_id, row.name, row.quantity) for row in rows] == [
        (None, "طقم دبرياج", 1500),
        (pump, "طلمبة مياه", 1000),
    ]
    listed = run("list", lang=lang).out
    assert listed.index("دبرياج") < listed.index("طلمبة")


def test_a_program_reads_units(run: Run, pump: str) -> None:
    noted = run("note", "--part", "WP-100", "--reason", "no_stock", "--qty", "2", "--json").done
    assert (noted["item_id"], noted["quantity"], noted["price"], noted["reason"]) == (pump, 2, 150_00, "no_stock")
    (row,) = run("list", "--json").done
    assert row["id"] == noted["id"]
    (wanted,) = run("wanted", "--json").done
    assert (wanted["times"], wanted["quantity"], wanted["stock"]) == (1, 2, 2)
    assert run("list", "--reason", "too_dear", "--json").done == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("note", "--reason", "no_stock"), 1),
        (("note", "x"), 2),
        (("note", "x", "--reason", "because"), 2),
        (("note", "x", "--reason", "no_stock", "--qty", "0"), 1),
        (("note", "x", "--reason", "no_stock", "--qty", "many"), 2),
        (("note", "--part", "nope", "--reason", "no_stock"), 1),
        (("wanted", "--days", "-1"), 2),
    ],
    ids=str,
)
def test_nonsense_is_refused_and_notes_nothing(run: Run, store: Store, arguments: tuple[str, ...], code: int) -> None:
    said = run(*arguments)
    assert (said.code, said.out) == (code, "")
    assert said.err
    assert store.read_now(lost_sales.count, LostSaleQuery()) == 0


def test_an_empty_list_says_so(run: Run) -> None:
    assert run("list").out.strip() == run("wanted").out.strip() == t("lost_sale.none")


def test_a_reason_of_another_program_stays_as_it_is(run: Run, store: Store) -> None:
    row = {"id": "o", "type": "lost_sale", "item_id": None, "item_name": "دبرياج", "part_number": "", "quantity": 1000}
    row |= {"price": 0, "reason": "ask", "cashier": "", "seq": 4, "at": "2026-11-22T08:00:00.000Z", "date": None}
    store.run_now(lost_sales.store_pulled, [row])
    assert "\u2068ask\u2069" in run("list").out
