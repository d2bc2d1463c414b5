"""Conflicts about a whole record: a delete against an edit, an edit against a delete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clutch_tui.core import conflicts, inventory, outbox, replica
from clutch_tui.core.store import Store
from clutch_tui.core.types import Conflict, Part, Result, ShopError
from tests.test_core.shop import stock_shelf


def refuse(store: Store, theirs: dict[str, object]) -> Conflict:
    """The server disagrees about the whole record of the one change in the queue; its version there is 9."""
    (change,) = store.run_now(outbox.claim, "inventory")
    answer = Result(status="conflict", seq=50, version=9, applied=(), theirs={"*": (theirs, 9)})
    store.run_now(replica.deliver, {change.change_id: answer}, "e-1")
    (conflict,) = store.read_now(conflicts.pending)
    return conflict


def deleted_here(store: Store) -> tuple[Part, Conflict]:
    part = stock_shelf(store)["OF-200"]
    store.run_now(lambda: inventory.delete(part.id, seen=part))
    return part, refuse(store, {"id": part.id, "price": 77_750, "deleted": False})


def test_a_delete_that_is_kept_goes_out_anew_with_the_version_seen(store: Store) -> None:
    part, conflict = deleted_here(store)
    assert (conflict.kind, conflict.gone) == ("delete", False)
    assert store.read_now(inventory.get, part.id).deleted is False
    store.run_now(conflicts.resolve, conflict.id, "mine")
    (again,) = store.run_now(outbox.claim, "inventory")
    assert (again.kind, again.base, again.epoch) == ("delete", {"*": 9}, "e-1")
    assert again.change_id != conflict.change_id
    assert store.read_now(inventory.get, part.id).deleted is True
    assert store.read_now(conflicts.pending) == ()
    assert store.read_now(outbox.summary).attention == 0


def test_a_delete_that_is_given_up_leaves_the_part(store: Store) -> None:
    part, conflict = deleted_here(store)
    store.run_now(conflicts.resolve, conflict.id, "theirs")
    assert store.read_now(inventory.get, part.id).deleted is False
    assert store.read_now(outbox.summary).unsent == 0


def test_an_edit_of_a_part_that_is_gone_cannot_be_kept(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    draft = replace(part.draft, location="Z-1")
    store.run_now(lambda: inventory.edit(part.id, draft, seen=part))
    conflict = refuse(store, {"id": part.id, "deleted": True})
    assert (conflict.kind, conflict.gone) == ("update", True)
    with pytest.raises(ShopError, match="deleted"):
        store.run_now(conflicts.resolve, conflict.id, "mine")
    store.run_now(conflicts.resolve, conflict.id, "theirs")
    assert store.read_now(conflicts.pending) == ()
