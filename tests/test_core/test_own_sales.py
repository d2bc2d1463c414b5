"""A sale of our own is what was printed, whatever the server says of it."""

from __future__ import annotations

import pytest

from clutch_tui.core import sales
from clutch_tui.core.cart import add_line
from clutch_tui.core.outbox.messages import PullPage
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import replica
from clutch_tui.core.types import Payment, Sale, TaxRules
from tests.test_core.shop import stock_shelf


def sell(store: Store) -> Sale:
    part = stock_shelf(store)["WP-100"]
    cart = add_line(store.run_now(sales.open_cart), part)
    paid = [Payment("cash", 150_00)]
    return store.run_now(sales.checkout, cart, paid, cashier="سارة", device_id="d", rules=TaxRules())


@pytest.mark.parametrize("snapshot", [True, False])
def test_its_figures_stay_as_they_were_printed(store: Store, snapshot: bool) -> None:
    sold = sell(store)
    told = {
        "type": "sale", "id": sold.id, "receipt_number": "X-1", "date": "2020-01-01T00:00:00.000Z", "device_id": "e",
        "cashier": "other", "customer_id": "c", "customer_name": "other", "items": [], "payments": [], "subtotal": 1,
        "discount": 0, "tax": 1, "rounding": 0, "total": 1, "payment_method": "credit", "status": "completed",
        "return_of": None, "order_id": None, "business_day": "2020-01-01", "notes": "other", "flags": [], "version": 9,
        "seq": 1, "deleted": False,
    }  # fmt: skip
    if not snapshot:
        store.run_now(replica.receive, "sales", "e-1", {}, PullPage("e-1", (), 0, False, None, 0, True))
    page = PullPage("e-1", (told,), 1, False, None, 0, snapshot)
    assert store.run_now(replica.receive, "sales", "e-1", {}, page) == {"sales"}
    assert store.read_now(sales.get, sold.id) == sold
