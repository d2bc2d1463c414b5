"""`clutch-tui return` and `exchange`: what comes back, what goes out for it, and the money between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, sales, state
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Part, PartDraft, Payment, Sale
from clutch_tui.text import strings
from tests.command_line import Run, home_store, runner


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with home_store(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    monkeypatch.setenv("CLUTCH_HOME", str(tmp_path))
    monkeypatch.setenv("CLUTCH_SECRETS", "file")
    with runner(monkeypatch, capsys) as run:
        yield run


@pytest.fixture
def parts(store: Store) -> list[Part]:
    """A pump of 150 pounds, oil of 90 a litre."""
    drafts = (
        PartDraft(name="طلمبة مياه", name_en="Water pump", part_number="WP-100", price=150_00),
        PartDraft(name="زيت موتور", name_en="Oil", part_number="OC-90", price=90_00, unit="LTR", decimals=2),
    )
    return [store.run_now(inventory.create, draft, whole(5)) for draft in drafts]


@pytest.fixture
def bought(store: Store, parts: list[Part]) -> Sale:
    """Two pumps, and a litre and a half, paid by card and in cash."""

    def sell() -> Sale:
        cart = carts.add_line(sales.open_cart(), parts[0], whole(2))
        cart, rules = carts.add_line(cart, parts[1], Quantity(1500)), state.tax_rules()
        paid = [Payment("visa", 200_00), Payment("cash", carts.due(cart, rules, [Payment("visa", 200_00)], "cash"))]
        return sales.checkout(cart, paid, cashier="", device_id="d", rules=rules)

    made: Sale = store.run_now(sell)
    return made


def stock(store: Store, part: Part) -> Quantity:
    return store.read_now(inventory.get, part.id).stock


def money(receipt: Any) -> list[tuple[str, int]]:
    return [(payment["method"], payment["amount"]) for payment in receipt["payments"]]


def test_goods_come_back_as_they_were_paid(run: Run, store: Store, bought: Sale, parts: list[Part]) -> None:
    arguments = (
        "return",
        bought.receipt_number,
        "--back",
        "WP-100",
        "--back-qty",
        "1",
        "--back",
        "OC-90",
        "--back-qty",
        "0.5",
    )
    assert run(*arguments, "--dry-run", "--json").done == {
        "give": [{"method": "visa", "amount": 195_00, "way": None, "reference": ""}]
    }
    assert stock(store, parts[0]) == whole(3), "that was but a question"
    receipt = run(*arguments, "--reason", "broken", "--json").done
    assert (receipt["return_of"], receipt["notes"], money(receipt)) == (bought.id, "broken", [("visa", 195_00)])
    assert (stock(store, parts[0]), stock(store, parts[1])) == (whole(4), Quantity(4000))
    rest = run("return", bought.receipt_number, "--all", "--reason", "broken", "--first", "cash", "--json").done
    assert money(rest) == [("cash", 235_00), ("visa", 5_00)]


def test_what_is_said_twice_of_what_comes_back_is_refused_by_its_option(run: Run, bought: Sale) -> None:
    refused = run("return", bought.receipt_number, "--back", "WP-100", "--back-qty", "1", "--back-qty", "2")
    assert refused.code == 2
    assert "--back-qty" in refused.err


def test_an_exchange_is_one_difference(run: Run, store: Store, bought: Sale, parts: list[Part]) -> None:
    arguments = ("exchange", bought.receipt_number, "--back", "WP-100", "--part", "OC-90", "--qty", "2")
    assert run(*arguments, "--dry-run", "--json").done == {
        "pay": [{"method": "cash", "amount": 30_00, "way": None, "reference": ""}],
        "give": [],
    }
    receipt = run(*arguments, "--json").done
    assert money(receipt) == [("exchange", 150_00), ("cash", 30_00)]
    assert [payment["way"] for payment in receipt["payments"]] == ["cash", None]
    assert money(receipt["other_half"]) == [("exchange", 150_00)]
    assert stock(store, parts[1]) == Quantity(1500)


def test_damaged_goods_stay_off_the_shelf(run: Run, store: Store, bought: Sale, parts: list[Part]) -> None:
    run("return", bought.receipt_number, "--back", "WP-100", "--damaged", "--reason", "broken", "--json")
    run("exchange", bought.receipt_number, "--back", "WP-100", "--damaged", "--part", "OC-90", "--json")
    assert stock(store, parts[0]) == whole(3)


def test_goods_come_back_without_a_receipt(run: Run, store: Store, parts: list[Part]) -> None:
    arguments = ("return-without-receipt", "--part", "WP-100", "--qty", "2", "--price", "140", "--part", "OC-90")
    receipt = run(*arguments, "--pay", "visa", "--reason", "no paper", "--json").done
    assert (receipt["without_receipt"], money(receipt)) == (True, [("visa", 280_00 + 90_00)])
    assert stock(store, parts[0]) == whole(7)
    paper = run("return-without-receipt", "--part", "WP-100", "--reason", "no paper", lang="ar").out
    assert strings.t("receipt.without_receipt") in paper
    assert run("return-without-receipt", "--part", "WP-100", "--price", "1", "--price", "2", "--reason", "x").code == 2


def test_an_exchange_may_give_money_back(run: Run, bought: Sale) -> None:
    arguments = ("exchange", bought.receipt_number, "--all", "--part", "WP-100", "--pay", "visa")
    shown = run(*arguments, "--dry-run").out
    assert "200.00" in shown
    assert "85.00" in shown
    receipt = run(*arguments, "--json").done
    assert money(receipt["other_half"])[-2:] == [("visa", 200_00), ("cash", 85_00)]
    with_paper = run("exchange", receipt["receipt_number"], "--all", "--part", "WP-100")
    assert strings.t("receipt.exchange") in with_paper.out
    assert strings.t("exchange.even") in with_paper.out


@pytest.mark.parametrize("lang", ["ar", "en"])
@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("return", "ZZZ-000009", "--all", "--reason", "x"), "error.sale.unknown_number"),
        (("return", "{}", "--back", "WP-100", "--back-qty", "3", "--reason", "x"), "error.sale.over_returned"),
        (("return", "{}", "--back", "NONE-1", "--reason", "x"), "error.part.unknown_number"),
        (
            ("exchange", "{}", "--back", "WP-100", "--part", "WP-100", "--pay", "credit"),
            "error.sale.credit_needs_customer",
        ),
    ],
)
def test_what_is_refused_is_said(run: Run, bought: Sale, lang: str, arguments: tuple[str, ...], key: str) -> None:
    del lang
    one = [argument.replace("{}", bought.receipt_number) for argument in arguments]
    if key == "error.sale.credit_needs_customer":
        one += ["--qty", "2"]
    assert run(*one, "--json").refused == key


@pytest.mark.parametrize("more", [(), ("--all", "--back", "WP-100")])
def test_what_comes_back_is_said_in_one_way(run: Run, bought: Sale, more: tuple[str, ...]) -> None:
    assert run("return", bought.receipt_number, "--reason", "x", *more).code == 2
    assert run("return", bought.receipt_number, "--all").code == 2, "and why"
