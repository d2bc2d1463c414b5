"""Requests may conflict: field by field, against the version that the clerk saw, or by value after a restore."""

from __future__ import annotations

from .conftest import Terminal, frame, uid


async def test_different_fields_of_one_part_do_not_conflict(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.control("edit", id=item, fields={"price": 130})
    change = terminal.change("update", item, fields={"location": "A-03-2"}, base={"location": 1})
    result = await terminal.one("inventory", change)
    assert (result["status"], result["version"], result["applied"]) == ("applied", 3, ["location"])


async def test_the_same_value_from_two_terminals_is_no_conflict(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.control("edit", id=item, fields={"price": 130})
    change = terminal.change("update", item, fields={"price": "130.00"}, base={"price": 1})
    assert (await terminal.one("inventory", change))["status"] == "applied"


async def test_a_decision_with_a_fresh_base_wins(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.control("edit", id=item, fields={"price": 130})
    lost = await terminal.one("inventory", terminal.change("update", item, fields={"price": 140}, base={"price": 1}))
    assert lost["theirs"] == {"price": {"value": 130, "version": 2}}
    base = {"price": lost["theirs"]["price"]["version"]}
    won = await terminal.one("inventory", terminal.change("update", item, fields={"price": 140}, base=base))
    assert won["status"] == "applied"
    (row,) = (await terminal.sync("inventory"))["changes"]
    assert (row["price"], row["version"]) == (140, 3)


async def test_a_delete_conflicts_with_a_later_edit_but_not_with_a_sale(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.one("sales", terminal.sale(1, (item, 1)))
    await terminal.control("edit", id=item, fields={"price": 130})
    late = await terminal.one("inventory", terminal.change("delete", item, base={"*": 1}))
    assert (late["status"], late["theirs"]["*"]["version"]) == ("conflict", 2)
    assert (await terminal.one("inventory", terminal.change("delete", item, base={"*": 2})))["status"] == "applied"
    (row,) = (await terminal.sync("inventory"))["changes"]
    assert row["deleted"] is True


async def test_a_base_of_another_epoch_is_compared_by_value(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.fault("backup")
    for price in (110, 120, 130):
        await terminal.control("edit", id=item, fields={"price": price})
    terminal.epoch = (await terminal.fault("restore"))["epoch"]
    seen = {"epoch": "e-1", "base": {"price": 4}}
    stale = terminal.change("update", item, fields={"price": 150}, was={"price": 130}, **seen)
    assert (await terminal.one("inventory", stale))["theirs"] == {"price": {"value": 100, "version": 1}}
    true = terminal.change("update", item, fields={"price": 150}, was={"price": "100.0"}, **seen)
    assert (await terminal.one("inventory", true))["status"] == "applied"


async def test_a_create_is_flagged_for_a_number_or_barcode_that_exists(terminal: Terminal) -> None:
    await terminal.item(1, part_number="26300-35503", barcode="6221234567897")
    fields = {"name": "فلتر زيت", "part_number": "26300-35503", "barcode": "6221234567897"}
    result = await terminal.one("inventory", terminal.change("create", uid(2), fields=fields))
    assert (result["status"], result["flags"]) == ("applied_flagged", ["duplicate_number", "duplicate_barcode"])


async def test_wrong_fields_are_rejected_all_at_once(terminal: Terminal) -> None:
    fields = {"name": " ", "price": -1, "cost": "abc"}
    result = await terminal.one("inventory", terminal.change("create", uid(1), fields=fields))
    assert result["status"] == "rejected"
    assert [error["field"] for error in result["errors"]] == ["name", "price", "cost"]
    again = await terminal.one("inventory", terminal.change("update", uid(1), fields={"price": 1}))
    assert (again["status"], again["code"]) == ("rejected", "NOT_FOUND")


async def test_changes_of_one_call_are_applied_in_order_and_one_bad_one_stops_nothing(terminal: Terminal) -> None:
    create = terminal.change("create", uid(1), fields={"name": "بوجيه", "price": 10})
    bad = terminal.change("update", uid(1), fields={"price": "x"})
    good = terminal.change("update", uid(1), fields={"price": 20}, base={"price": 1})
    answer = await terminal.sync("inventory", create, bad, good)
    assert [result["status"] for result in answer["results"].values()] == ["applied", "rejected", "applied"]
    assert answer["changes"][0]["price"] == 20


async def test_a_change_that_fails_half_way_leaves_no_field_no_number_and_no_event(terminal: Terminal) -> None:
    item = await terminal.item()
    async with terminal.socket() as socket:
        change = terminal.change("update", item, fields={"price": 5, "stock_quantity": "كتير"}, base={"price": 1})
        assert (await terminal.one("inventory", change))["errors"][0]["field"] == "stock_quantity"
        page = await terminal.sync("inventory")
        assert (page["changes"][0]["price"], page["cursor"]) == (100, 1)
        await terminal.item(2)
        assert (await frame(socket))["data"]["item_id"] == uid(2)
