"""Lists and single writes: paging, search, filters, the envelope, replays and conflicts."""

from __future__ import annotations

import asyncio
import re

import pytest

from clutch_tui.sandbox import demo_data

from .conftest import Terminal, uid

PUMP = {"name": "طلمبة مياه إكسنت", "name_en": "Water pump", "part_number": "WP-100/2", "car_brand": "Hyundai"}


async def test_pages_hold_every_row_once(terminal: Terminal) -> None:
    for n in range(1, 8):
        await terminal.item(n)
    pages = [await terminal.data("inventory.list", params={"page": page, "limit": 3}) for page in (1, 2, 3)]
    assert [row["id"] for page in pages for row in page["items"]] == [uid(n) for n in range(1, 8)]
    assert pages[0]["pagination"] == {"page": 1, "limit": 3, "total": 7, "pages": 3}


@pytest.mark.parametrize("search", ["طلمبه", "مياة اكسنت", "wp1002", "WATER", "إكسنت طلمبة"])
async def test_search_finds_other_spellings(terminal: Terminal, search: str) -> None:
    await terminal.item(1, **PUMP)
    await terminal.item(2)
    found = await terminal.data("inventory.list", params={"search": search})
    assert [row["id"] for row in found["items"]] == [uid(1)]


async def test_search_takes_wildcards_as_letters(terminal: Terminal) -> None:
    await terminal.item(1)
    assert (await terminal.data("inventory.list", params={"search": "%"}))["items"] == []


async def test_filters(terminal: Terminal) -> None:
    await terminal.item(1, **PUMP, stock_quantity=1, min_stock=5)
    await terminal.item(2, category="فلاتر", car_brand="Kia", stock_quantity=9, min_stock=5)
    for params, n in (({"car_brand": "hyundai"}, 1), ({"category": "فلاتر"}, 2), ({"low_stock": "true"}, 1)):
        found = await terminal.data("inventory.list", params=params)
        assert [row["id"] for row in found["items"]] == [uid(n)], params


async def test_wrong_queries_are_told_by_field(terminal: Terminal) -> None:
    for params in ({"page": "0"}, {"limit": "many"}, {"updated_since": "yesterday"}):
        response = await terminal.call("inventory.list", params=params)
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == next(iter(params))
    assert (await terminal.call("sales.list", params={"date_from": "x"})).status_code == 422


async def test_a_missing_route_has_no_envelope_and_a_missing_record_has_one(terminal: Terminal) -> None:
    route = await terminal.client.get(f"{terminal.sandbox.base_url}/no/such/thing", headers=terminal.headers)
    assert (route.status_code, route.headers["content-type"].split(";")[0]) == (404, "text/plain")
    record = await terminal.call("orders.get", record_id="nothing")
    assert (record.status_code, record.json()["error"], record.json()["success"]) == (404, "NOT_FOUND", False)
    assert (await terminal.call("inventory.update", {"price": 1}, "nothing")).status_code == 404


async def test_money_is_a_number_with_two_decimals_and_rounds_half_up(terminal: Terminal) -> None:
    await terminal.item(1, price="1.005", cost=0.125)
    text = (await terminal.call("inventory.list")).text
    assert re.search(r'"price":1\.01,"cost":0\.13,', text)


async def test_bodies_that_are_no_objects_are_refused(terminal: Terminal) -> None:
    for content in (b"{", b"[1]", b'{"price": NaN}', b'{"price": 1e999999}', rb'{"name": "\ud83d"}'):
        url = f"{terminal.sandbox.base_url}/inventory/items"
        response = await terminal.client.post(url, content=content, headers=terminal.headers)
        assert (response.status_code, response.json()["error"]) == (400, "MALFORMED_JSON")


async def test_a_write_is_replayed_byte_for_byte(terminal: Terminal) -> None:
    headers = {"Idempotency-Key": uid(1, "c0de")}
    body = {"id": uid(1), "name": "ورشة الأمانة", "phone": "01000000001"}
    first = await terminal.call("customers.create", body, headers=headers)
    await terminal.call("customers.update", {"phone": "01000000009"}, uid(1))
    again = await terminal.call("customers.create", body, headers=headers)
    assert (first.status_code, again.status_code, again.text) == (201, 201, first.text)
    assert ("Idempotent-Replay" in first.headers, again.headers["Idempotent-Replay"]) == (False, "true")
    other = await terminal.call("customers.create", body | {"name": "غيرها"}, headers=headers)
    assert (other.status_code, other.json()["error"]) == (422, "KEY_REUSE")


async def test_a_client_without_ids_gets_the_same_record_for_every_retry(terminal: Terminal) -> None:
    headers = {"Idempotency-Key": "same"}
    ids = {(await terminal.data("suppliers.create", {"name": "شركة الدلتا"}, headers=headers))["id"] for _ in "ab"}
    assert len(ids) == 1
    assert len((await terminal.data("suppliers.list"))["suppliers"]) == 1


async def test_a_key_whose_first_request_still_runs_is_told_to_wait(terminal: Terminal) -> None:
    terminal.sandbox.backend.running_keys.add((demo_data.SHOP_ID, "slow"))
    early = await terminal.call("suppliers.create", {"name": "x"}, headers={"Idempotency-Key": "slow"})
    assert (early.status_code, early.json()["error"]) == (425, "TOO_EARLY")
    assert "Retry-After" in early.headers


async def test_the_ledger_is_one_for_sync_and_rest(terminal: Terminal) -> None:
    change = terminal.change("create", uid(1), fields={"name": "بوجيه", "price": 10})
    result = await terminal.one("inventory", change)
    body = {"id": uid(1)} | change["fields"]
    replay = await terminal.call("inventory.create", body, headers={"Idempotency-Key": change["change_id"]})
    assert (replay.status_code, replay.headers["Idempotent-Replay"], replay.json()["data"]["seq"]) == (
        201,
        "true",
        result["seq"],
    )


async def test_a_conflict_tells_record_theirs_and_applied(terminal: Terminal) -> None:
    await terminal.call("customers.create", {"id": uid(1), "name": "أحمد", "phone": "1"})
    await terminal.control("edit", type="customer", id=uid(1), fields={"name": "أحمد سعيد"})
    body = {"name": "أحمد س.", "phone": "2", "base": {"name": 1, "phone": 1}, "was": {"name": "أحمد", "phone": "1"}}
    response = await terminal.call("customers.update", body, uid(1))
    data = response.json()["data"]
    assert (response.status_code, response.json()["error"]) == (409, "CONFLICT")
    assert (data["applied"], data["theirs"]) == (["phone"], {"name": {"value": "أحمد سعيد", "version": 2}})
    assert (data["record"]["phone"], data["record"]["name"]) == ("2", "أحمد سعيد")


async def test_since_seq_gives_tombstones_and_plain_lists_do_not(terminal: Terminal) -> None:
    await terminal.call("suppliers.create", {"id": uid(1), "name": "شركة"})
    await terminal.call("suppliers.delete", record_id=uid(1))
    assert (await terminal.data("suppliers.list"))["suppliers"] == []
    page = await terminal.data("suppliers.list", params={"since_seq": 1})
    assert [(row["id"], row["deleted"]) for row in page["suppliers"]] == [(uid(1), True)]
    await terminal.fault("purge")
    below = await terminal.data("suppliers.list", params={"since_seq": 1})
    assert (below["reset"], below["suppliers"]) == ("floor", [])
    other = await terminal.call("suppliers.list", params={"since_seq": 1, "epoch": "e-9"})
    assert (other.status_code, other.json()["error"]) == (409, "EPOCH")


async def test_a_customer_whom_a_sale_brought_is_completed_not_refused(terminal: Terminal) -> None:
    customer = {"id": uid(1, "cccc"), "name": "كريم", "phone": "01000000003"}
    await terminal.one("sales", terminal.sale(1, (uid(1), 1), customer=customer))
    body = customer | {"address": "شارع فيصل", "base": {}, "was": {}}
    created = await terminal.call("customers.create", body, headers={"Idempotency-Key": uid(2)})
    assert (created.status_code, created.json()["data"]["address"]) == (201, "شارع فيصل")
    assert created.json()["data"]["total_purchases"] == 100


async def test_a_customer_who_owes_cannot_be_deleted(terminal: Terminal) -> None:
    customer = {"id": uid(1, "cccc"), "name": "كريم"}
    credit = [{"method": "credit", "amount": 100}]
    await terminal.one("sales", terminal.sale(1, (uid(1), 1), customer=customer, payments=credit))
    response = await terminal.call("customers.delete", record_id=customer["id"])
    assert (response.status_code, response.json()["error"]) == (409, "HAS_BALANCE")


async def test_stock_written_by_a_client_without_sync_becomes_a_move(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=10)
    updated = await terminal.data("inventory.update", {"stock_quantity": 7}, item)
    assert (updated["stock_quantity"], updated["version"]) == (7, 1)


async def test_the_money_of_a_sale_never_changes_over_rest(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 2))
    made = await terminal.call("sales.create", sale["body"], headers={"Idempotency-Key": sale["change_id"]})
    assert (made.status_code, made.json()["data"]["version"]) == (201, 1)
    changed = await terminal.call("sales.update", {"total": 1}, sale["id"])
    assert (changed.status_code, changed.json()["errors"][0]["field"]) == (422, "total")
    voided = await terminal.data("sales.update", {"status": "voided", "notes": "غلطة"}, sale["id"])
    assert (voided["status"], voided["notes"], await terminal.stock(item)) == ("voided", "غلطة", 10)


async def test_the_shop_keeps_what_is_written_about_it(terminal: Terminal) -> None:
    body = {"address": "شبرا", "car_brands": ["Fiat"], "location": {"lat": 30.05, "lng": "31.25"}}
    await terminal.data("shop.update", body | {"settings": {"language": "en"}})
    profile = await terminal.data("shop.profile")
    assert (profile["address"], profile["car_brands"]) == ("شبرا", ["Fiat"])
    assert profile["location"] == {"lat": 30.05, "lng": 31.25}
    assert (await terminal.data("shop.settings"))["language"] == "en"
    wrong = await terminal.call("shop.update", {"name": "", "car_brands": "Fiat"})
    assert {error["field"] for error in wrong.json()["errors"]} == {"name", "car_brands"}


async def test_two_requests_with_one_key_at_once_have_one_effect(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 2))
    headers = {"Idempotency-Key": sale["change_id"]}
    answers = await asyncio.gather(*(terminal.call("sales.create", sale["body"], headers=headers) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {201, 425}
    assert await terminal.stock(item) == 8


async def test_figures_carry_a_mark_and_come_once(terminal: Terminal) -> None:
    first = await terminal.call("market.trends")
    mark = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = await terminal.call("market.trends", headers=mark)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    stats = await terminal.call("shop.stats")
    await terminal.data("customers.create", {"name": "علي", "phone": "01000000001"})
    changed = await terminal.call("shop.stats", headers={"If-None-Match": stats.headers["etag"]})
    assert (changed.status_code, changed.json()["data"]["total_customers"]) == (200, 1)
    assert "etag" not in (await terminal.call("inventory.list")).headers


async def test_a_body_that_names_no_protocol_is_no_sync_call(terminal: Terminal) -> None:
    for name in ("inventory.sync", "sales.sync"):
        assert (await terminal.call(name, {})).status_code == 422
        assert (await terminal.call(name, {"protocol": 3})).status_code == 426
