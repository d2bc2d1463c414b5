"""Conflicts: what a person is shown of them, what each decision sends, and when they end by themselves."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from clutch_tui.core import customers, inventory, state
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.outbox.views import Conflict
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import conflicts, replica
from clutch_tui.core.types import CustomerDraft, Part
from tests.test_core.shop import queue, stock_shelf


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


def renamed(store: Store) -> tuple[Part, Conflict]:
    """A part renamed here while the server calls it otherwise, since its version 9."""
    part = stock_shelf(store)["OF-200"]
    draft = replace(part.draft, name="فلتر زيت بوش", name_en="")
    store.run_now(lambda: inventory.edit(part.id, draft, seen=part))
    (change,) = store.run_now(outbox.claim, "inventory")
    answer = Result(status="conflict", seq=50, version=9, applied=(), theirs={"name": ("فلتر زيت مان", 9)})
    store.run_now(replica.new_epoch, "e-1")
    store.run_now(replica.deliver, {change.change_id: answer}, "e-1")
    (conflict,) = store.read_now(conflicts.pending)
    return part, conflict


def pull(store: Store, part: Part, *, name: str, version: int) -> None:
    """The server's row of a part arrives."""
    row = {**asdict(part.draft), "name": name, "id": part.id, "type": "item", "version": version, "seq": 60 + version}
    row |= {"stock_quantity": part.base_stock, "updated_at": "2026-11-22T09:05:00.000Z", "deleted": False}
    here = store.read_now(replica.pull_state, "inventory")
    page = PullPage("e-1", (row,), 60 + version, False, None, here.cursor, here.snapshot)
    store.run_now(replica.receive, "inventory", "e-1", {}, page)


def test_a_conflict_shows_what_stood_there_before(store: Store) -> None:
    _, conflict = renamed(store)
    assert (conflict.was, conflict.mine, conflict.theirs) == ("فلتر زيت", "فلتر زيت بوش", "فلتر زيت مان")
    assert store.read_now(conflicts.count) == 1
    assert store.read_now(conflicts.page, None, 0, 10) == (conflict,)
    assert store.read_now(conflicts.page, conflict.key, 0, 10) == ()


def test_a_third_value_goes_out_tidy_and_over_what_was_seen(store: Store) -> None:
    part, conflict = renamed(store)
    store.run_now(lambda: conflicts.resolve(conflict.id, "other", "  فلتر   زيت أصلي ", actor="منى"))
    (change,) = store.run_now(outbox.claim, "inventory")
    assert (change.payload, change.base, change.was) == (
        {"name": "فلتر زيت أصلي"},
        {"name": 9},
        {"name": "فلتر زيت مان"},
    )
    assert store.read_now(inventory.get, part.id).draft.name == "فلتر زيت أصلي"


def test_a_third_value_is_held_to_the_rules_of_the_record(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    store.run_now(lambda: inventory.edit(part.id, replace(part.draft, price=50_00), seen=part))
    (change,) = store.run_now(outbox.claim, "inventory")
    answer = Result(status="conflict", seq=50, version=9, applied=(), theirs={"price": (60_00, 9)})
    store.run_now(replica.deliver, {change.change_id: answer}, "e-1")
    (conflict,) = store.read_now(conflicts.pending)
    for wrong in (-1, 10**12):
        with pytest.raises(ShopError, match="price"):
            store.run_now(conflicts.resolve, conflict.id, "other", wrong)
    assert store.read_now(conflicts.pending) == (conflict,)


def test_what_is_settled_meanwhile_says_so(store: Store) -> None:
    _, conflict = renamed(store)
    store.run_now(conflicts.resolve, conflict.id, "theirs")
    with pytest.raises(ShopError, match="gone"):
        store.run_now(conflicts.resolve, conflict.id, "mine")
    assert store.run_now(conflicts.resolve_all, (conflict.id,), "mine") == 0


def test_a_conflict_is_over_when_the_server_says_the_same(store: Store) -> None:
    part, conflict = renamed(store)
    pull(store, part, name=conflict.mine, version=12)
    assert store.read_now(conflicts.pending) == ()
    assert store.read_now(outbox.summary).attention == 0


def test_a_conflict_follows_what_the_server_says_now(store: Store) -> None:
    part, conflict = renamed(store)
    pull(store, part, name="فلتر زيت فرام", version=12)
    (now,) = store.read_now(conflicts.pending)
    assert (now.theirs, now.version) == ("فلتر زيت فرام", 12)
    assert now.changed_at is not None
    store.run_now(conflicts.resolve, conflict.id, "mine")
    (change,) = store.run_now(outbox.claim, "inventory")
    assert (change.base, change.was) == ({"name": 12}, {"name": "فلتر زيت فرام"})


def test_a_deleted_part_comes_back_as_a_new_one_with_what_lies_on_the_shelf(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    store.run_now(lambda: inventory.edit(part.id, replace(part.draft, location="Z-1"), seen=part))
    conflict = refuse(store, {"id": part.id, "deleted": True})
    assert conflicts.can_be_made_anew(conflict)
    store.run_now(conflicts.resolve, conflict.id, "new")
    (change,) = store.run_now(outbox.claim, "inventory")
    assert (change.kind, change.payload["location"], change.payload["stock_quantity"]) == ("create", "Z-1", part.stock)
    assert change.id != part.id
    assert store.read_now(conflicts.pending) == ()


@pytest.mark.parametrize("decimals", [0, 3])
def test_a_deleted_part_comes_back_with_its_fraction_however_it_is_sold_by_now(store: Store, decimals: int) -> None:
    """What lies on the shelf of a part that is sold in pieces now may be a fraction from before."""
    part = stock_shelf(store)["OF-200"]
    store.run_now(db.execute, "UPDATE part SET stock_quantity = 2500, decimals = ? WHERE id = ?", (decimals, part.id))
    part = store.read_now(inventory.get, part.id)
    store.run_now(lambda: inventory.edit(part.id, replace(part.draft, location="Z-1"), seen=part))
    conflict = refuse(store, {"id": part.id, "deleted": True})
    store.run_now(conflicts.resolve, conflict.id, "new")
    made = store.read_now(inventory.get, queue(store)[-1]["record_id"])
    assert (made.id != part.id, made.stock, made.draft.location) == (True, Quantity(2_500), "Z-1")


def test_a_third_value_in_fractions_is_for_what_is_sold_in_such(store: Store) -> None:
    part = stock_shelf(store)["OF-200"]
    store.run_now(lambda: inventory.edit(part.id, replace(part.draft, min_stock=whole(7)), seen=part))
    (change,) = store.run_now(outbox.claim, "inventory")
    theirs = {"min_stock": (Quantity(2_500), 9)}
    answer = Result(status="conflict", seq=50, version=9, applied=(), theirs=theirs)
    store.run_now(replica.deliver, {change.change_id: answer}, "e-1")
    (conflict,) = store.read_now(conflicts.pending)
    with pytest.raises(ShopError, match=r"quantity\.pieces"):
        store.run_now(conflicts.resolve, conflict.id, "other", Quantity(1_500))
    store.run_now(conflicts.resolve, conflict.id, "other", whole(1))
    (again,) = store.run_now(outbox.claim, "inventory")
    assert (again.payload, again.was) == ({"min_stock": whole(1)}, {"min_stock": Quantity(2_500)})
    ((text,),) = store.read_now(lambda: db.execute("SELECT detail FROM audit WHERE action = 'resolve'").fetchall())
    told = json.loads(text)
    assert (told["mine"], told["theirs"], told["value"]) == (7, "2.5", 1), "the audit says units"


def test_equal_cases_are_decided_together(store: Store) -> None:
    parts = list(stock_shelf(store).values())
    for part in parts[:3]:
        draft = replace(part.draft, location="A-1", brand="Bosch")
        store.run_now(lambda part=part, draft=draft: inventory.edit(part.id, draft, seen=part))
    theirs = {"location": ("B-2", 9), "brand": ("Mann", 9)}
    answer = Result(status="conflict", seq=50, version=9, applied=(), theirs=theirs)
    changes = store.run_now(outbox.claim, "inventory")
    store.run_now(replica.deliver, {one.change_id: answer for one in changes}, "e-1")
    place = next(one for one in store.read_now(conflicts.pending) if one.field == "location")
    alike = store.read_now(conflicts.alike, place)
    assert len(alike) == 3
    assert store.run_now(conflicts.resolve_all, alike, "mine") == 3
    assert {one.field for one in store.read_now(conflicts.pending)} == {"brand"}
    assert {store.read_now(inventory.get, part.id).draft.location for part in parts[:3]} == {"A-1"}


def test_half_a_car_does_not_wipe_out_the_other_half(store: Store) -> None:
    made = store.run_now(customers.create, CustomerDraft(name="منى", car_brand="Kia", car_model="Rio"))
    store.run_now(replica.new_epoch, "e-1")
    (create,) = store.run_now(outbox.claim, "rest")
    store.run_now(replica.deliver, {create.change_id: Result(status="applied", seq=5, version=1)}, "e-1")
    store.run_now(lambda: customers.edit(made.id, replace(made.draft, car_brand="Fiat"), seen=made))
    (edit,) = store.run_now(outbox.claim, "rest")
    car = {"car_brand": ("Opel", 2), "car_model": ("Rio", 2), "car_year": ("", 2), "car_plate": ("", 2)}
    store.run_now(
        replica.deliver, {edit.change_id: Result(status="conflict", seq=9, version=2, applied=(), theirs=car)}, "e-1"
    )
    (conflict,) = store.read_now(conflicts.pending)
    assert conflict.field == "car_brand"
    store.run_now(conflicts.resolve, conflict.id, "mine")
    (again,) = store.run_now(outbox.claim, "rest")
    assert again.payload == {"car_brand": "Fiat", "car_model": "Rio", "car_year": "", "car_plate": ""}


@pytest.mark.parametrize(
    ("status", "applied", "version_seen"),
    [
        ("conflict", None, 1),
        ("conflict", ("location", "year"), 9),
        ("applied", ("location", "year"), 9),
        ("applied", None, 9),
    ],
)
def test_an_edit_builds_only_on_what_the_server_says_it_has_written(
    store: Store, status: str, applied: tuple[str, ...] | None, version_seen: int
) -> None:
    """A conflict that named no written fields counted as all of them: the next edit overwrote what nobody had seen.
    A name that was never sent stopped the queue."""
    part = stock_shelf(store)["OF-200"]
    for channel in ("", "inventory."):
        store.run_now(state.put, f"{channel}epoch", "e-1")
    for location, year in (("Z-1", ""), ("Z-2", "2010-2014")):
        seen = store.read_now(inventory.get, part.id)
        draft = replace(seen.draft, location=location, year=year)
        store.run_now(lambda draft=draft: inventory.edit(part.id, draft, seen=part))
    (change,) = store.run_now(outbox.claim, "inventory")
    theirs: dict[str, tuple[object, int]] = {"location": ("A-9", 9)} if status == "conflict" and not applied else {}
    answer = Result(status=status, seq=50, version=9, applied=applied, theirs=theirs)
    store.run_now(replica.deliver, {change.change_id: answer}, "e-1")
    (following,) = store.run_now(outbox.claim, "inventory")
    assert following.base == {"location": version_seen, "year": 1}


def test_a_form_that_was_open_while_the_server_was_restored_names_the_epoch_that_it_saw(store: Store) -> None:
    """The rows of the restored server had come: an old version under their epoch passed for having seen them all."""
    store.run_now(state.put, "inventory.epoch", "e-1")
    seen = stock_shelf(store)["OF-200"]
    store.run_now(state.put, "inventory.epoch", "e-2")
    store.run_now(lambda: inventory.edit(seen.id, replace(seen.draft, price=1), seen=seen))
    (change,) = store.run_now(outbox.claim, "inventory")
    assert (change.kind, change.epoch, change.was) == ("update", "e-1", {"price": seen.draft.price})


def test_a_delete_of_a_part_seen_before_a_restore_has_seen_nothing_since(store: Store) -> None:
    store.run_now(state.put, "inventory.epoch", "e-1")
    seen = replace(stock_shelf(store)["OF-200"], version=7)
    store.run_now(state.put, "inventory.epoch", "e-2")
    store.run_now(lambda: inventory.delete(seen.id, seen=seen))
    (change,) = store.run_now(outbox.claim, "inventory")
    assert (change.kind, change.epoch, change.base) == ("delete", "e-2", {"*": 0})
