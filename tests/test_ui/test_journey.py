"""From the first start to the first sale, in a real pseudo-terminal: what a new shop does in its first minute."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.style import Style
from textual.renderables.digits import Digits

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, past_sales, quotations, sales, state
from clutch_tui.core.quantity import whole
from clutch_tui.core.quotations import QuotationQuery
from clutch_tui.core.sync import queue
from clutch_tui.core.types import PartDraft, Payment, SaleQuery
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from tests.homes import open_home
from tests.terminal import Terminal


@pytest.fixture(params=["ar", "en"])
def language(request: pytest.FixtureRequest) -> object:
    before = strings.language()
    strings.use(request.param)
    yield request.param
    strings.use(before)


def test_from_the_first_start_to_the_first_sale(tmp_path: Path, language: str) -> None:
    env = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": language, "CLUTCH_SECRETS": "file"}
    with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:
        terminal.wait_for(t("sign_in.alone"))
        terminal.press("f4")
        terminal.wait_for(t("sales.cart_empty"))
        terminal.press("f9")
        terminal.wait_for(t("dialog.hint.choose"))
        terminal.press("2")
        terminal.wait_for(t("inventory.low_only"))
        terminal.press("f2")
        terminal.wait_for(t("inventory.add"))
        terminal.type("فلتر زيت")
        terminal.press("tab", "tab")
        terminal.type("06L-115-562-B")
        terminal.press("tab", "tab", "tab")
        terminal.type("٢٥٠٫٥")
        terminal.press("f2")
        terminal.wait_for("250.50")
        terminal.press("f9")
        terminal.wait_for(t("dialog.hint.choose"))
        terminal.press("1")
        terminal.wait_for(t("sales.cart_empty"))
        terminal.type("06l115562b\r*2\r")
        terminal.wait_for("501.00")
        terminal.press("f2")
        terminal.wait_for(t("pay.title"))
        terminal.type("600\r")
        terminal.wait_for(t("receipt.hint"))
        terminal.wait_for(lambda shown: _shows_large(shown, "501.00") and _shows_large(shown, "99.00"))
        terminal.press("enter")
        terminal.wait_for(t("sales.cart_empty"))
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0

    with open_home(tmp_path) as store:
        (row,) = store.read_now(past_sales.page, SaleQuery(), None, 0, 10)
        sale = store.read_now(sales.get, row.id)
        assert (sale.totals.total, sale.tendered, sale.change) == (50_100, 60_000, 9_900)
        assert [change.kind for change in store.read_now(queue.page, "", None, 0, 10)] == ["create", "sale"]
        part = store.read_now(inventory.find_code, "06L115562B")
        assert part is not None
        assert (part.name, part.stock) == ("فلتر زيت", whole(-2))


def _shows_large(terminal: Terminal, amount: str) -> bool:
    """Whether an amount stands there three lines high."""
    rows = [piece.text for piece in Digits(amount).render(Style(bold=True)) if piece.text != "\n"]
    screen, width = terminal.screen.display, len(rows[0])
    return any(
        [line[x : x + width] for line in screen[y : y + len(rows)]] == rows
        for y in range(len(screen))
        for x in range(len(screen[y]))
    )


@pytest.mark.parametrize("key", ["f11", "ctrl+g"])
def test_a_quotation_and_its_file_are_four_keys_from_the_cart(tmp_path: Path, language: str, key: str) -> None:
    env = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": language, "CLUTCH_SECRETS": "file"}
    with open_home(tmp_path) as store:
        store.run_now(state.put_setting, "works_alone", True)
        store.run_now(inventory.create, PartDraft(name="فلتر زيت", part_number="OF-1", price=10_000), whole(5))
    with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:
        terminal.wait_for(t("sales.cart_empty"))
        terminal.type("OF-1\r")
        terminal.wait_for("100.00")
        keys = (
            (key, t("quotation.holds")),
            ("enter", t("receipt.hint")),
            ("f2", t("quotation.saved", path="").rstrip()),
            ("enter", t("sales.cart_empty")),
        )
        for one, seen in keys:
            terminal.press(one)
            terminal.wait_for(seen)
        assert len(keys) == 4
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0

    with open_home(tmp_path) as store:
        (row,) = store.read_now(quotations.page, QuotationQuery(), None, 0, 10)
        assert (row.total, row.status) == (10_000, "open")
        assert store.read_now(sales.open_carts) == ()


def test_three_lines_and_a_payment_in_two_parts_are_at_most_fourteen_keys(tmp_path: Path, language: str) -> None:
    """Beside what the scanner sends, its Enter among it, and the figures."""
    env = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": language, "CLUTCH_SECRETS": "file"}
    with open_home(tmp_path) as store:
        store.run_now(state.put_setting, "works_alone", True)
        for number, price in (("OF-1", 10_000), ("BP-2", 25_050), ("SP-3", 9_550)):
            store.run_now(inventory.create, PartDraft(name="قطعة", part_number=number, price=price), whole(9))
    keys: list[str] = []
    with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:

        def press(key: str, seen: str | Callable[[Terminal], bool], figures: str = "") -> None:
            terminal.type(figures)
            terminal.press(key)
            terminal.wait_for(seen)
            keys.append(key)

        terminal.wait_for(t("sales.cart_empty"))
        terminal.type("OF-1\rBP-2\rSP-3\r")
        terminal.wait_for("446.00")
        press("enter", "541.50", figures="*2")
        press("f2", t("pay.title"))
        press("enter", "341.50", figures="200")
        press("f3", t("pay.visa"))
        press("enter", t("receipt.hint"))
        press("enter", t("sales.cart_empty"))
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0

    assert len(keys) <= 14
    with open_home(tmp_path) as store:
        (row,) = store.read_now(past_sales.page, SaleQuery(), None, 0, 10)
        sale = store.read_now(sales.get, row.id)
        assert [(line.part_number, line.quantity) for line in sale.lines] == [
            ("OF-1", whole(1)), ("BP-2", whole(1)), ("SP-3", whole(2)),
        ]  # fmt: skip
        assert [(payment.method, payment.amount) for payment in sale.payments] == [("cash", 20_000), ("visa", 34_150)]


def test_an_exchange_is_six_keys_beside_scans_and_figures(tmp_path: Path, language: str) -> None:
    env = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": language, "CLUTCH_SECRETS": "file"}
    with open_home(tmp_path) as store:
        store.run_now(state.put_setting, "works_alone", True)
        old = store.run_now(inventory.create, PartDraft(name="فلتر زيت", part_number="OF-1", price=10_000), whole(5))
        store.run_now(inventory.create, PartDraft(name="فلتر هوا", part_number="AF-2", price=12_500), whole(5))
        rules = store.read_now(state.tax_rules)
        cart = carts.add_line(store.run_now(sales.open_cart), old)
        bought = store.run_now(sales.checkout, cart, [Payment("cash", 10_000)], cashier="", device_id="d", rules=rules)
    with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:
        terminal.wait_for(t("sales.cart_empty"))
        terminal.type(bought.receipt_number)
        terminal.wait_for(bought.receipt_number[-4:])
        keys = (
            ("ctrl+e", t("exchange.worth_nothing"), ""),
            ("f5", "100.00", ""),
            ("enter", "-100.00", "AF-2\r"),
            ("f2", t("pay.title"), "50"),
            ("enter", t("receipt.hint"), ""),
            ("enter", t("sales.cart_empty"), ""),
        )
        for one, seen, figures in keys:
            terminal.press(one)
            terminal.wait_for(seen)
            terminal.type(figures)
            if figures.endswith("\r"):
                terminal.wait_for("25.00")
        assert len(keys) <= 16
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0

    with open_home(tmp_path) as store:
        rows = {row.kind: row for row in store.read_now(past_sales.page, SaleQuery(text="AF-2"), None, 0, 10)}
        sale = store.read_now(sales.get, rows["sale"].id)
        assert (sale.payments, sale.change) == ((Payment("exchange", 10_000, "cash"), Payment("cash", 2_500)), 2_500)
        assert [change.kind for change in store.read_now(queue.page, "", None, 0, 10)][-2:] == ["sale", "exchange"]


def test_a_cart_that_was_open_is_there_again_after_a_kill(tmp_path: Path) -> None:
    env = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": "en", "CLUTCH_SECRETS": "file"}
    with open_home(tmp_path) as store:
        store.run_now(state.put_setting, "works_alone", True)
        store.run_now(inventory.create, PartDraft(name="Oil filter", part_number="OF-1", price=10_000), whole(5))
    with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:
        terminal.wait_for("The sale is empty")
        terminal.type("OF-1\r")
        terminal.wait_for("To pay: 100.00")
        terminal.wait_for(lambda _: _saved(tmp_path))
    with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:
        terminal.wait_for("To pay: 100.00")


def _saved(home: Path) -> bool:
    with open_home(home) as store:
        return any(cart.lines for cart in store.read_now(sales.open_carts))
