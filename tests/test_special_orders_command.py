"""`clutch-tui special-orders`: what the till and its list do, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import customers, inventory
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import CustomerDraft, PartDraft
from clutch_tui.text.strings import t
from tests.command_line import Run, home_store, runner


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        opened.run_now(inventory.create, PartDraft(name="طلمبة مياه", part_number="WP-100", price=150_00), whole(2))
        opened.run_now(customers.create, CustomerDraft(name="حسن", phone="01000000001"))
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with runner(monkeypatch, capsys, "special-orders") as run:
        yield run


def owed(store: Store) -> int:
    return store.read_now(customers.page, "حسن", None, 0, 1)[0].balance


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_one_is_made_with_a_deposit_and_fetched_by_what_is_left(run: Run, store: Store, lang: str) -> None:
    paper = run("make", "--part", "WP-100", "--qty", "2", "--customer", "حسن", "--deposit", "100", lang=lang).out
    assert all(word in paper for word in (t("special_order.title"), "300.00", "100.00", "200.00"))
    (row,) = run("list", "--open", "--json").done
    assert (row["status"], row["deposit"], row["quantity"], owed(store)) == ("ordered", 100_00, 2, 0)
    assert run("here", row["number"], "--json").done["status"] == "here"
    assert row["number"] in run("list", "--status", "here", lang=lang).out
    sold = run("sell", row["number"], "--pay", "visa", "--json").done
    assert [(part["method"], part["amount"]) for part in sold["payments"]] == [("credit", 100_00), ("visa", 200_00)]
    assert (sold["deposit"], owed(store)) == (100_00, 0)
    assert run("show", row["number"], "--json").done["status"] == "fetched"
    assert run("sell", row["number"]).code == 1


def test_what_is_ordered_in_words_is_a_part_before_it_is_sold(run: Run, store: Store) -> None:
    made = run("make", "دبرياج كامل", "--price", "90.50", "--customer", "01000000001", "--json").done
    assert (made["part_id"], made["price"], made["total"]) == (None, 90_50, 90_50)
    assert run("sell", made["number"]).code == 1
    assert run("sell", made["number"], "--part", "WP-100", "--json").done["totals"]["total"] == 90_50


def test_cancelled_a_deposit_goes_back_or_stays(run: Run, store: Store) -> None:
    number = run("make", "--part", "WP-100", "--customer", "حسن", "--json").done["number"]
    assert run("deposit", number, "50", "--pay", "visa", "--json").done["deposit"] == 50_00
    assert run("deposit", number, "101").code == 1
    assert run("deposit", number, "much").code == 2
    assert run("cancel", number, "--reason", "مش عايز").code == 1, "what becomes of the deposit?"
    cancelled = run("cancel", number, "--reason", "مش عايز", "--deposit", "refund", "--json").done
    assert (cancelled["status"], cancelled["deposits"][0]["state"], owed(store)) == ("cancelled", "refunded", 0)


@pytest.mark.parametrize("said", [(), ("--part", "WP-100", "--expected", "2020-01-01"), ("دبرياج",)])
def test_what_cannot_be_ordered(run: Run, said: tuple[str, ...]) -> None:
    assert run("make", *said, "--customer", "حسن").code == 1
    assert run("list", "--json").done == []
