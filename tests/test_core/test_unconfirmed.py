"""What a restored server has lost goes up again, and lies over its row from that moment on."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from clutch_tui.core import customers, inventory, suppliers
from clutch_tui.core.database import db
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import replica, unconfirmed
from clutch_tui.core.types import CustomerDraft, PartDraft, SupplierDraft

KINDS: dict[str, tuple[Any, str, Any]] = {
    "inventory": (inventory, "item", PartDraft(name="first", price=100)),
    "customers": (customers, "customer", CustomerDraft(name="first", phone="0100")),
    "suppliers": (suppliers, "supplier", SupplierDraft(name="first", phone="0100")),
}


@pytest.mark.parametrize("channel", KINDS)
def test_an_edit_that_goes_up_again_is_seen_at_once(store: Store, channel: str) -> None:
    of, type, draft = KINDS[channel]
    made = store.run_now(of.create, draft)
    ours = replace(draft, name="ours")
    store.run_now(of.edit, made.id, ours, seen=made)
    change_ids = [row[0] for row in store.read_now(lambda: db.execute("SELECT change_id FROM outbox").fetchall())]
    results = {id: Result("applied", n, version=n) for n, id in enumerate(change_ids, 1)}
    row = {**asdict(draft), "id": made.id, "type": type, "version": 3, "seq": 3, "deleted": False, "name": "theirs"}
    row |= {"stock_quantity": 0, "balance": 0, "total_purchases": 0, "last_visit": None, "updated_at": None}
    page = PullPage("e-1", (row,), 3, False, None, 0, True)
    store.run_now(replica.receive, channel, "e-1", results, page)
    assert store.read_now(of.get, made.id).draft.name == "theirs"
    store.run_now(replica.new_epoch, "e-2")
    offer = unconfirmed.Offer((), tuple(change_ids), True)
    store.run_now(replica.receive, channel, "e-2", {}, None, asked=offer)
    assert store.read_now(of.get, made.id).draft.name == "ours"
