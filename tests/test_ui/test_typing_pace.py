"""However fast keys come, the same results come of them: random days, typed in several ways.

More of them: `python -m tests.test_ui.typing_pace --seeds 100 --behind 0.3`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from clutch_tui.core import customers, inventory, past_sales, sales, state
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.types import CustomerDraft, SaleQuery
from clutch_tui.text import strings
from clutch_tui.text.strings import t
from tests.homes import open_home
from tests.terminal import KEYS, Terminal
from tests.test_ui.shop_app import PARTS
from tests.test_ui.typing_pace import NAMES, outcome


def test_the_same_results_at_any_pace() -> None:
    seed, behind = 7, 0.05
    slowly = outcome(seed, "slowly")
    assert outcome(seed, "at once", behind) == slowly
    assert outcome(seed, "in pieces", behind) == slowly


def _sold(home: Path) -> int:
    with open_home(home) as store:
        return store.read_now(past_sales.count, SaleQuery())


def test_a_sale_in_one_piece_over_a_real_terminal(tmp_path: Path) -> None:
    """All keys of two sales in one write: parts, quantity, customer, price, payment, the receipt, the next part."""
    env = {"CLUTCH_HOME": str(tmp_path), "CLUTCH_LANG": "en", "CLUTCH_SECRETS": "file"}
    with open_home(tmp_path) as store:
        store.run_now(state.put_setting, "works_alone", True)
        for draft in PARTS:
            store.run_now(inventory.create, draft, whole(10))
        for name in NAMES:
            store.run_now(customers.create, CustomerDraft(name=name))
    language = strings.language()
    strings.use("en")
    try:
        with Terminal([sys.executable, "-m", "clutch_tui"], env=env) as terminal:
            terminal.wait_for(t("sales.cart_empty"))
            f2, f3, f4 = KEYS["f2"], KEYS["f3"], KEYS["f4"]
            first = f"OF-100\r*3\rspark\r{f4}80.50\r{f3}karim\r{f2}500\r"
            second = f"\x1b{PARTS[0].barcode}\r{f2}\r"
            terminal.type(first + second)
            terminal.wait_for(t("receipt.hint"))
            terminal.wait_for(lambda shown: _sold(tmp_path) == 2)
            terminal.type(f"{PARTS[0].barcode}\t")  # into the receipt, from a scanner that ends with Tab
            terminal.wait_for("125.00")
            terminal.press("ctrl+q")
            assert terminal.wait_exit() == 0
    finally:
        strings.use(language)
    with open_home(tmp_path) as store:
        rows = store.read_now(past_sales.page, SaleQuery(), None, 0, 9)
        newest, oldest = (store.read_now(sales.get, row.id) for row in rows)
        assert [(line.part_number, line.quantity, line.price) for line in oldest.lines] == [
            ("OF-100", whole(3), 12_500),
            ("NGK-7", ONE, 8_050),
        ]
        assert (oldest.customer_name, oldest.tendered, oldest.totals.total) == ("Karim Nabil", 50_000, 45_550)
        assert [(line.part_number, line.quantity) for line in newest.lines] == [("OF-100", ONE)]
        assert [line.part_number for cart in store.read_now(sales.open_carts) for line in cart.lines] == ["OF-100"]
