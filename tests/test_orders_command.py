"""`clutch-tui orders`: what the screen of the orders does, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import inventory, orders
from clutch_tui.core.clock import to_text
from clutch_tui.core.database import db
from clutch_tui.core.outbox import abilities
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import replica_rows
from clutch_tui.core.types import PartDraft
from clutch_tui.text import shop_time
from clutch_tui.text.strings import t
from tests.command_line import Run, home_store, runner


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A shop with a pump and a filter, and two orders: the one that ends first is of a pump and of words alone."""
    with home_store(tmp_path, monkeypatch) as opened:
        for name, number, price in (("طلمبة مياه", "WP-100", 150_00), ("فلتر زيت", "OF-1", 45_50)):
            draft = PartDraft(name=name, part_number=number, price=price, cost=90_00, brand="Bosch")
            opened.run_now(inventory.create, draft, whole(2))
        pump = opened.read_now(lambda: inventory.page(inventory.PartQuery(text="WP-100"), None, 0, 1))[0]
        for n in (1, 2):
            opened.run_now(replica_rows.store, "order", [_order(n, pump.id)], snapshot=False)
        yield opened


def _order(n: int, part_id: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(("customer_id", "created_at", "quote"))
    row |= dict.fromkeys(("phone", "delivery_address", "notes", "reason"), "") | {"total": 0, "seq": n, "version": 1}
    items = [
        {"item_id": part_id, "item_name": "طلمبة مياه", "quantity": ONE, "price": None},
        {"item_id": None, "item_name": "فلتر للزيت", "quantity": whole(2), "price": None},
    ]
    ends = to_text(datetime.now(UTC) + timedelta(hours=n))
    row |= {"id": f"o{n}", "order_number": f"MK-{n}", "customer_name": "منى", "items": items, "expires_at": ends}
    return row | {"status": "pending", "deleted": False}


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    with runner(monkeypatch, capsys, "orders") as run:
        yield run


@pytest.mark.parametrize("lang", ["ar", "en"])
def test_what_ends_first_is_listed_first_with_the_time_that_is_left(run: Run, lang: str) -> None:
    listed = run("list", lang=lang).out
    assert listed.index("MK-1") < listed.index("MK-2")
    assert "0:59" in listed
    assert "1:59" in listed
    page = run("show", "mk1", lang=lang).out
    assert all(word in page for word in ("WP-100", t("order.no_part"), "90.00"))


def test_a_program_reads_what_the_shop_has_of_each_line(run: Run) -> None:
    assert [row["order_number"] for row in run("list", "--json").done] == ["MK-1", "MK-2"]
    order = run("show", "MK-1", "--json").done
    pump, unknown = order["lines"]
    assert (pump["shelf"]["stock"], pump["shelf"]["cost"], pump["quantity"]) == (2, 90_00, 1)
    assert unknown["shelf"] is None


def test_accepted_rejected_and_refused(run: Run) -> None:
    assert run("accept", "MK-1", "--json").done["status"] == "accepted"
    assert run("accept", "MK-1").code == 1
    assert run("reject", "MK-2", "--reason", "مش متوفر", "--json").done["status"] == "rejected"
    assert run("show", "MK-9").code == 1
    assert [row["order_number"] for row in run("list", "--json").done] == ["MK-1"]
    assert len(run("list", "--all", "--json").done) == 2


def test_quoted_line_by_line_corrected_withdrawn(run: Run, store: Store) -> None:
    tomorrow = (shop_time.local(datetime.now(UTC)).date() + timedelta(days=1)).isoformat()
    said = ("--price", "1=140.50", "--qty", "1=3", "--available", "1=tomorrow", "--brand", "1=Valeo")
    assert run("quote", "MK-1", *said).code == 1, "the other line has no price"
    quoted = run("quote", "MK-1", *said, "--available", "2=no", "--note", "جديد", "--json").done
    first, second = quoted["quote"]["lines"]
    assert (first["price"], first["quantity"], first["brand"], first["available"]) == (140_50, 3, "Valeo", tomorrow)
    assert (second["available"], quoted["quote"]["total"], quoted["status"]) == ("no", 421_50, "quoted")
    store.run_now(abilities.learn, 2, ("quote", "quote_line"))
    store.run_now(db.execute, "UPDATE outbox SET answered_at = '', status = 'applied'")
    corrected = run("quote", "MK-1", "--part", "2=OF-1", "--available", "2=now", "--price", "2=40", "--json").done
    assert [line["price"] for line in corrected["quote"]["lines"]] == [140_50, 40_00]
    assert corrected["lines"][1]["shelf"]["tied"] is True
    store.run_now(db.execute, "UPDATE outbox SET answered_at = '', status = 'applied'")
    assert run("withdraw", "MK-1", "--json").done["quote"] is None


@pytest.mark.parametrize("said", [("--price", "9=5"), ("--price", "x=5"), ("--price", "5"), ("--qty", "1=many")])
def test_what_names_no_line_is_wrong_usage(run: Run, store: Store, said: tuple[str, str]) -> None:
    assert run("quote", "MK-1", *said).code == 2
    assert store.read_now(orders.get, "o1").status == "pending"


def test_an_unknown_line_is_tied_and_sold_as_it_was_quoted(run: Run, store: Store) -> None:
    assert run("tie", "MK-2", "--line", "2", "--part", "OF-1", "--json").done["lines"][1]["shelf"]["tied"]
    assert run("tie", "MK-2", "--line", "1", "--part", "OF-1").code == 1, "that one says itself what it is"
    assert run("quote", "MK-1", "--price", "2=44", "--json").done["quote"]["total"] == 238_00
    ended = to_text(datetime.now(UTC) - timedelta(hours=1))
    quote = "UPDATE orders SET quote = json_set(quote, '$.valid_until', ?) WHERE id = 'o1'"
    store.run_now(db.execute, quote, (ended,))
    assert run("sell", "MK-1").code == 1, "its day is over"
    sold = run("sell", "MK-1", "--expired", "--json").done
    assert (sold["totals"]["total"], sold["order_id"]) == (238_00, "o1")
    assert store.read_now(orders.sold_as, "o1") == sold["receipt_number"]
