"""`clutch-tui prices`: the rules of the price levels, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clutch_tui.core import customers, inventory, price_rules
from clutch_tui.core.price_rules import PriceRuleQuery
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import CustomerDraft, PartDraft
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from tests.command_line import Run, home_store, runner


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with runner(monkeypatch, capsys) as run:
        yield run


@pytest.fixture
def pump(store: Store) -> str:
    draft = PartDraft(name="طلمبة مياه", part_number="WP-100", brand="VAG", price=150_00)
    return str(store.run_now(inventory.create, draft, whole(20)).id)


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_a_rule_is_added_listed_and_counts(run: Run, store: Store, pump: str, lang: strings.Language) -> None:
    assert run("prices", "list", lang=lang).out.strip() == t("price_rule.none")
    run("prices", "add", "--level", "workshop", "--off", "12.5", "--round", "0.25", lang=lang)
    run("prices", "add", "--level", "workshop", "--part", "WP-100", "--price", "110", "--from", "10", lang=lang)
    run("prices", "add", "--level", "retail", "--brand", "vag", "--off", "5", lang=lang)
    listed = run("prices", "list", lang=lang).out
    assert all(word in listed for word in ("12.5", "110.00", "WP-100", t("customer.type.workshop")))
    told = run("prices", "of", "WP-100", "--json", lang=lang).done
    assert [(one["level"], one["price"], one["by"]) for one in told] == [
        ("retail", 142_50, "retail"),
        ("workshop", 131_25, "workshop"),
    ]
    assert (
        run("prices", "of", "WP-100", "--level", "workshop", "--qty", "10", "--json", lang=lang).done[0]["price"]
        == 110_00
    )
    assert "142.50" in run("prices", "of", "WP-100", lang=lang).out
    assert run("sell", "--part", "WP-100", "--json", lang=lang).done["totals"]["total"] == 142_50


def test_a_quotation_is_made_at_the_level_of_its_customer(run: Run, store: Store, pump: str) -> None:
    store.run_now(customers.create, CustomerDraft(name="ورشة الأمل", customer_type="workshop"))
    run("prices", "add", "--level", "workshop", "--off", "10")
    made = run("quote", "make", "--part", "WP-100", "--customer", "ورشة الأمل", "--json").done
    assert made["totals"]["total"] == 135_00


def test_figures_are_written_and_a_rule_ends(run: Run, store: Store, pump: str) -> None:
    made = run("prices", "add", "--level", "workshop", "--part", "WP-100", "--off", "10", "--json").done
    assert (made["item_id"], made["percent"], made["from_quantity"]) == (pump, 1000, 0)
    edited = run("prices", "edit", made["id"], "--price", "99.5", "--json").done
    assert (edited["percent"], edited["price"]) == (0, 99_50)
    edited = run("prices", "edit", made["id"], "--off", "20", "--from", "2.5", "--json").done
    assert (edited["percent"], edited["price"], edited["from_quantity"]) == (2000, 0, 2.5)
    run("prices", "delete", made["id"])
    assert store.read_now(price_rules.count, PriceRuleQuery()) == 0
    assert run("prices", "list", "--json").done == []


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (("add", "--level", "", "--off", "5"), "error.price_rule.no_level"),
        (("add", "--level", "workshop", "--off", "5", "--price", "5"), "error.price_rule.both"),
        (("edit", "nothing", "--off", "5"), "error.price_rule.unknown"),
        (("delete", "nothing"), "error.price_rule.unknown"),
        (("add", "--level", "workshop", "--category", " ", "--off", "5"), "error.price_rule.no_target"),
    ],
)
def test_what_cannot_be_meant_is_said(run: Run, pump: str, wrong: tuple[str, ...], key: str) -> None:
    said = run("prices", *wrong)
    assert said.code == 1
    assert t(key) in said.err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--off", "101"),
        ("--off", "x"),
        ("--price", "-1"),
        ("--part", "WP-100", "--brand", "VAG"),
    ],
)
def test_a_figure_that_is_none_is_wrong_usage(run: Run, store: Store, pump: str, wrong: tuple[str, ...]) -> None:
    assert run("prices", "add", "--level", "workshop", *wrong).code == 2
    assert store.read_now(price_rules.count, PriceRuleQuery()) == 0


def test_a_second_rule_about_the_same_is_refused(run: Run, store: Store, pump: str) -> None:
    run("prices", "add", "--level", "workshop", "--off", "5")
    again = run("prices", "add", "--level", "workshop", "--off", "7")
    assert (again.code, store.read_now(price_rules.count, PriceRuleQuery())) == (1, 1)
    assert run("prices", "add", "--level", "workshop", "--off", "7", "--from", "2").code == 0


def test_a_script_is_told_of_what_it_has_sold_below_its_cost(run: Run, store: Store, pump: str) -> None:
    seen = store.read_now(inventory.get, pump)
    store.run_now(inventory.edit, pump, replace(seen.draft, cost=140_00), seen=seen)
    assert run("sell", "--part", "WP-100", "--json").err == ""
    run("prices", "add", "--level", "retail", "--off", "10")
    sold = run("sell", "--part", "WP-100", "--json", lang="en")
    assert (sold.code, sold.done["totals"]["total"]) == (0, 135_00)
    assert all(figure in sold.err for figure in ("135.00", "140.00", "5.00"))
