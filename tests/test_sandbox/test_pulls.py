"""Cursors, snapshots, floors, epochs and lineages: what a terminal is given, and when it is told to start again."""

from __future__ import annotations

import pytest

from clutch_tui.sandbox import demo_data

from .conftest import EPOCH, JSON, Terminal, uid


async def test_pages_follow_the_counter_and_rows_written_meanwhile_are_not_missed(terminal: Terminal) -> None:
    for n in range(1, 6):
        await terminal.item(n)
    first = await terminal.sync("inventory", limit=2)
    assert ([row["seq"] for row in first["changes"]], first["cursor"], first["more"]) == ([1, 2], 2, True)
    await terminal.control("edit", id=uid(4), fields={"price": 1})
    await terminal.control("edit", id=uid(1), fields={"price": 1})
    rest = await terminal.sync("inventory", cursor=2, limit=2)
    last = await terminal.sync("inventory", cursor=rest["cursor"], limit=2)
    assert [row["id"] for row in rest["changes"] + last["changes"]] == [uid(3), uid(5), uid(4), uid(1)]
    assert (last["cursor"], last["more"]) == (7, False)


async def test_an_exactly_full_last_page_says_that_it_is_the_last(terminal: Terminal) -> None:
    await terminal.item(1)
    await terminal.item(2)
    page = await terminal.sync("inventory", limit=2)
    assert (len(page["changes"]), page["more"]) == (2, False)


async def test_a_sale_moves_both_cursors_and_each_endpoint_gives_its_own_rows(terminal: Terminal) -> None:
    item = await terminal.item()
    pushed = await terminal.sync("sales", terminal.sale(1, (item, 1)), cursor=1)
    assert [row["type"] for row in pushed["changes"]] == ["sale"]
    pulled = await terminal.sync("inventory", cursor=1)
    assert [(row["type"], row["seq"]) for row in pulled["changes"]] == [("item", 3)]
    assert pulled["cursor"] == pushed["cursor"] == 3


async def test_a_purge_between_two_pages_of_a_snapshot_starts_it_again(terminal: Terminal) -> None:
    for n in range(1, 4):
        await terminal.item(n)
    first = await terminal.sync("inventory", snapshot=True, limit=2)
    assert (first["since"], first["more"]) == (3, True)
    await terminal.control("edit", kind="delete", id=uid(1))
    await terminal.fault("purge")
    second = await terminal.sync("inventory", snapshot=True, limit=2, cursor=2, since=3)
    assert (second["reset"], second["changes"], second["cursor"]) == ("floor", [], 2)
    again = await terminal.sync("inventory", snapshot=True)
    assert ([row["id"] for row in again["changes"]], again["since"], again["reset"]) == ([uid(2), uid(3)], 4, None)


async def test_a_snapshot_has_no_old_tombstones_but_tells_what_was_deleted_while_it_ran(terminal: Terminal) -> None:
    for n in range(1, 5):
        await terminal.item(n)
    await terminal.control("edit", kind="delete", id=uid(4))
    first = await terminal.sync("inventory", snapshot=True, limit=2)
    await terminal.control("edit", kind="delete", id=uid(1))
    second = await terminal.sync("inventory", snapshot=True, cursor=first["cursor"], since=first["since"])
    rows = [(row["id"], row["deleted"]) for row in first["changes"] + second["changes"]]
    assert rows == [(uid(1), False), (uid(2), False), (uid(3), False), (uid(1), True)]


async def test_below_the_floor_changes_are_applied_and_rows_are_not_given(terminal: Terminal) -> None:
    await terminal.item(1)
    await terminal.control("edit", kind="delete", id=uid(1))
    await terminal.fault("purge")
    answer = await terminal.sync("inventory", terminal.change("create", uid(2), fields={"name": "x"}), cursor=1)
    assert [result["status"] for result in answer["results"].values()] == ["applied"]
    assert (answer["reset"], answer["changes"], answer["more"]) == ("floor", [], False)


async def test_a_sales_snapshot_reaches_back_400_days_and_lists_reach_further(terminal: Terminal) -> None:
    await terminal.one("sales", terminal.sale(1, (uid(1), 1), date="2020-01-01T10:00:00Z", business_day="2020-01-01"))
    await terminal.one("sales", terminal.sale(2, (uid(1), 1)))
    rows = (await terminal.sync("sales", snapshot=True))["changes"]
    assert [row["receipt_number"] for row in rows] == ["A-000002"]
    old = await terminal.data("sales.list", params={"date_to": "2020-12-31"})
    assert [row["receipt_number"] for row in old["transactions"]] == ["A-000001"]


async def test_another_epoch_applies_nothing_and_tells_the_new_one(terminal: Terminal) -> None:
    await terminal.fault("backup")
    item = await terminal.item()
    assert (await terminal.fault("restore"))["epoch"] == "e-2"
    response = await terminal.call("sales.sync", terminal.sync_body(terminal.sale(1, (item, 1))))
    assert (response.status_code, response.json()["error"], response.json()["data"]) == (409, "EPOCH", {"epoch": "e-2"})
    fresh = await terminal.sync("sales", epoch=None)
    assert (fresh["epoch"], fresh["changes"]) == ("e-2", [])


async def test_a_restore_forgets_the_ledger_since_and_old_ids_work_again(terminal: Terminal) -> None:
    item = await terminal.item()
    kept, lost = terminal.sale(1, (item, 1)), terminal.sale(2, (item, 1))
    await terminal.one("sales", kept)
    await terminal.fault("backup")
    await terminal.one("sales", lost)
    terminal.epoch = (await terminal.fault("restore"))["epoch"]
    ids = [kept["change_id"], lost["change_id"]]
    asked = await terminal.sync("sales", unconfirmed=ids)
    assert set(asked["confirmed"]) == {kept["change_id"]}
    assert (await terminal.one("sales", lost))["status"] == "applied"
    assert await terminal.stock(item) == 8


async def test_a_second_restore_of_the_same_copy_is_another_epoch(terminal: Terminal) -> None:
    await terminal.fault("backup")
    assert [(await terminal.fault("restore"))["epoch"] for _ in range(2)] == ["e-2", "e-3"]


async def test_numbers_above_head_mean_a_cloned_disk_and_apply_nothing(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.one("sales", terminal.sale(1, (item, 1)))
    sale = terminal.sale(2, (item, 1))
    response = await terminal.call("sales.sync", terminal.sync_body(sale, head=1))
    assert (response.status_code, response.json()["error"]) == (409, "LINEAGE_FORK")
    assert await terminal.stock(item) == 9
    answer = await terminal.sync("sales", sale, lineage="a-new-life", head=3)
    assert answer["results"][sale["change_id"]]["status"] == "applied"


async def test_two_clones_in_step_are_told_apart_by_what_came_under_a_number(terminal: Terminal) -> None:
    item = await terminal.item()
    first = terminal.sale(1, (item, 1))
    await terminal.one("sales", first)
    second = {**terminal.sale(2, (item, 1)), "n": first["n"]}
    response = await terminal.call("sales.sync", terminal.sync_body(second, head=first["n"]))
    assert (response.status_code, response.json()["error"]) == (409, "LINEAGE_FORK")
    assert await terminal.stock(item) == 9
    again = await terminal.sync("sales", first, head=first["n"])
    assert again["results"][first["change_id"]]["status"] == "duplicate"


async def test_too_much_in_one_call_is_413_and_nothing_of_it_is_applied(terminal: Terminal) -> None:
    item = await terminal.item()
    many = [terminal.sale(n, (item, 1)) for n in range(101)]
    assert (await terminal.call("sales.sync", terminal.sync_body(*many))).status_code == 413
    wide = terminal.sale(200, (item, 1), notes="ن" * 140_000)
    assert (await terminal.call("sales.sync", terminal.sync_body(wide))).status_code == 413
    asked = terminal.sync_body(unconfirmed=[uid(n) for n in range(1001)])
    assert (await terminal.call("sales.sync", asked)).status_code == 413
    assert await terminal.stock(item) == 10


async def test_an_old_client_may_push_but_is_given_no_rows(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.control("minimum_client", version="2.0")
    sale = terminal.sale(1, (item, 1))
    response = await terminal.call("sales.sync", terminal.sync_body(sale), headers={"X-Client-Version": "1.9.9"})
    data = response.json()["data"]
    assert (response.status_code, "changes" in data) == (426, False)
    assert data["results"][sale["change_id"]]["status"] == "applied"
    newer = await terminal.call("sales.sync", terminal.sync_body(), headers={"X-Client-Version": "2.0.0"})
    assert newer.status_code == 200


async def test_another_shop_sees_and_changes_nothing(terminal: Terminal) -> None:
    item = await terminal.item()
    other = terminal.terminal("z")
    other.headers["X-API-Key"], other.shop_id = demo_data.SECOND_API_KEY, demo_data.SECOND_SHOP_ID
    assert (await other.sync("inventory"))["changes"] == []
    assert (await other.one("sales", other.sale(1, (item, 1))))["flags"] == ["unknown_part"]
    assert await terminal.stock(item) == 10
    wrong = await other.call("sales.sync", other.sync_body(shop_id=demo_data.SHOP_ID))
    assert (wrong.status_code, wrong.json()["error"]) == (403, "SHOP_MISMATCH")


async def test_a_cursor_beyond_the_counter_shows_that_an_older_copy_was_put_back(terminal: Terminal) -> None:
    await terminal.item(1)
    epoch = (await terminal.sync("inventory"))["epoch"]
    refused = await terminal.call("inventory.sync", terminal.sync_body(cursor=2, epoch=epoch))
    assert (refused.status_code, refused.json()["error"]) == (409, "EPOCH")
    present = refused.json()["data"]["epoch"]
    assert present != epoch
    again = await terminal.sync("inventory", epoch=present, snapshot=True)
    assert [row["id"] for row in again["changes"]] == [uid(1)]


async def _put_back_and_passed(terminal: Terminal) -> tuple[JSON, JSON]:
    """What a terminal was told before the file was put back, and before the counter passed that: its last page, and the
    result of its last sale."""
    item = await terminal.item()
    await terminal.fault("backup")
    sale = terminal.sale(1, (item, 1))
    result = await terminal.one("sales", sale)
    page = await terminal.sync("inventory")
    await terminal.fault("put_back")
    another = terminal.terminal("b")
    for n in range(2, 4):
        await another.one("sales", another.sale(n, (item, 1)))
    return page, result


@pytest.mark.parametrize("known_by", ["cursor", "heard"])
async def test_a_mark_tells_a_file_that_was_put_back_from_the_one_before(terminal: Terminal, known_by: str) -> None:
    page, result = await _put_back_and_passed(terminal)
    assert page["mark"] == result["mark"] != ""
    seen: JSON = {"cursor": page["cursor"], "mark": page["mark"]}
    if known_by == "heard":
        seen = {"cursor": 1, "heard": {"seq": result["seq"], "mark": result["mark"], "epoch": EPOCH}}
    refused = await terminal.call("inventory.sync", terminal.sync_body(**seen))
    assert (refused.status_code, refused.json()["error"]) == (409, "EPOCH")
    epoch = refused.json()["data"]["epoch"]
    assert epoch != EPOCH
    again = await terminal.sync("inventory", epoch=epoch, snapshot=True)
    there = await terminal.sync("inventory", epoch=epoch, cursor=again["cursor"], mark=again["mark"])
    assert (there["epoch"], there["changes"]) == (epoch, [])


async def test_lists_and_single_writes_know_a_history_by_its_mark(terminal: Terminal) -> None:
    page, result = await _put_back_and_passed(terminal)
    place = {"since_seq": page["cursor"], "mark": page["mark"], "epoch": EPOCH}
    assert (await terminal.call("customers.list", params=place)).json()["error"] == "EPOCH"
    epoch = (await terminal.data("customers.list", params={"since_seq": 0, "limit": 1}))["epoch"]
    heard = {"since_seq": 0, "epoch": epoch, "heard": result["seq"], "heard_mark": result["mark"]}
    assert (await terminal.call("customers.list", params=heard)).json()["error"] == "EPOCH"
    told = {"seq": result["seq"], "mark": result["mark"], "epoch": EPOCH}
    refused = await terminal.call("customers.create", {"id": uid(7), "name": "نور", "heard": told})
    assert (refused.status_code, refused.json()["error"]) == (409, "EPOCH")
    assert (await terminal.data("customers.list"))["customers"] == []
    made = await terminal.data("customers.create", {"id": uid(7), "name": "نور"})
    assert len(made["mark"]) == 16


async def test_nobody_begins_an_epoch_for_another_shop(terminal: Terminal) -> None:
    other = terminal.terminal("z")
    other.headers["X-API-Key"], other.shop_id = demo_data.SECOND_API_KEY, demo_data.SECOND_SHOP_ID
    await terminal.item()
    await other.item(2)
    for _ in range(3):
        cursor = {"cursor": 99, "epoch": (await terminal.sync("inventory", epoch=None))["epoch"]}
        assert (await terminal.call("inventory.sync", terminal.sync_body(**cursor))).json()["error"] == "EPOCH"
    assert (await terminal.sync("inventory", epoch=None))["epoch"].startswith("e-4-")
    page = await other.sync("inventory")
    assert (page["epoch"], len(page["changes"])) == (EPOCH, 1)
