"""Orders: the first to accept has it, late answers are told so, the sale that names one ends it."""

from __future__ import annotations

import asyncio

from clutch_tui.sandbox import demo_data, orders

from .conftest import Terminal, uid

ORDER = {"customer_name": "كريم منصور", "phone": "01000000031", "lines": [{"item_name": "تيل فرامل", "quantity": 1}]}


async def _place(terminal: Terminal, n: int = 1, **given: object) -> str:
    placed = await terminal.control("order", id=uid(n, "0bde"), order=ORDER, **given)
    return str(placed["id"])


async def test_of_two_terminals_that_accept_at_once_one_has_it(terminal: Terminal) -> None:
    order = await _place(terminal)
    body = {"base": {"*": 1}}
    answers = await asyncio.gather(
        *(terminal.call("orders.accept", body, order, headers={"Idempotency-Key": key}) for key in ("a", "b"))
    )
    statuses = sorted((answer.status_code, answer.json().get("error")) for answer in answers)
    assert statuses == [(200, None), (409, "TAKEN")]
    late = next(answer.json()["data"] for answer in answers if answer.status_code == 409)
    assert late["record"]["status"] == "accepted"


async def test_an_order_offered_to_two_shops_goes_to_the_first(terminal: Terminal) -> None:
    order = await _place(terminal, shop_ids=[demo_data.SHOP_ID, demo_data.SECOND_SHOP_ID])
    other = terminal.terminal("z")
    other.headers["X-API-Key"] = demo_data.SECOND_API_KEY
    (theirs,) = (await other.data("orders.list"))["orders"]
    assert (await terminal.call("orders.accept", {}, order)).status_code == 200
    refused = await other.call("orders.accept", {"base": {"*": 1}}, theirs["id"])
    assert (refused.status_code, refused.json()["error"]) == (409, "TAKEN")
    page = await other.data("orders.list", params={"since_seq": theirs["seq"]})
    assert [row["status"] for row in page["orders"]] == ["cancelled"]


async def test_an_expired_order_says_so_before_and_after_it_is_swept(terminal: Terminal) -> None:
    placed = await terminal.control("order", order=ORDER | {"expires_at": "2020-01-01T00:00:00.000Z"})
    first = await terminal.call("orders.accept", {}, placed["id"])
    assert (first.status_code, first.json()["error"]) == (409, "EXPIRED")
    assert await terminal.sandbox.backend.write(orders.expire) == 1
    second = await terminal.call("orders.accept", {}, placed["id"])
    assert (second.status_code, second.json()["error"]) == (409, "EXPIRED")


async def test_a_quote_is_kept_and_a_stale_one_conflicts(terminal: Terminal) -> None:
    order = await _place(terminal)
    quote = {"lines": [{"item_name": "تيل فرامل", "quantity": 2, "price": 350.5}], "valid_until": "2026-12-01"}
    quoted = await terminal.data("orders.quote", quote | {"base": {"*": 1}}, order)
    assert (quoted["status"], quoted["total"], quoted["version"]) == ("quoted", 701, 2)
    stale = await terminal.call("orders.reject", {"reason": "مش متوفر", "base": {"*": 1}}, order)
    assert (stale.status_code, stale.json()["error"]) == (409, "CONFLICT")
    fine = {"lines": [{"item_name": "تيل فرامل", "quantity": 0.0005, "price": 350.5}]}
    refused = await terminal.call("orders.quote", fine, order)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "quantity")
    empty = await terminal.call("orders.quote", {"lines": []}, order)
    assert (empty.status_code, empty.json()["errors"][0]["field"]) == (422, "lines")


async def test_a_quote_for_a_fraction_comes_to_whole_piastres(terminal: Terminal) -> None:
    order = await _place(terminal)
    lines = [
        {"item_name": "زيت", "quantity": 0.5, "price": 350.5},
        {"item_name": "سلك", "quantity": 0.333, "price": 0.05},
    ]
    quoted = await terminal.data("orders.quote", {"lines": lines, "base": {"*": 1}}, order)
    assert (quoted["total"], quoted["quote"]["lines"]) == (175.27, lines)


async def test_a_line_of_a_quote_says_part_brand_and_when(terminal: Terminal) -> None:
    """What cannot be had costs nothing; a day that is none is refused."""
    order = await _place(terminal)
    offered = {"item_name": "تيل فرامل", "item_id": "p-9", "quantity": 2, "price": 350.5, "brand": "Bosch"}
    quote = {"lines": [offered | {"available": "2026-12-01"}, {"item_name": "فلتر", "quantity": 1, "available": "no"}]}
    quoted = await terminal.data("orders.quote", quote, order)
    assert (quoted["total"], quoted["quote"]["lines"]) == (701, quote["lines"])
    refused = await terminal.call("orders.quote", {"lines": [offered | {"available": "soon"}]}, order)
    assert refused.json()["errors"] == [{"field": "available", "message": "must be a day, YYYY-MM-DD"}]


async def test_an_open_quote_is_corrected_and_withdrawn(terminal: Terminal) -> None:
    order = await _place(terminal)
    for price, version in ((350.5, 2), (300.25, 3)):
        lines = [{"item_name": "تيل فرامل", "quantity": 2, "price": price}]
        quoted = await terminal.data("orders.quote", {"lines": lines, "base": {"*": version - 1}}, order)
        assert (quoted["total"], quoted["quote"]["lines"]) == (2 * price, lines)
    back = await terminal.data("orders.quote", {"withdraw": True, "base": {"*": 3}}, order)
    assert (back["status"], back["quote"], back["total"]) == ("pending", None, 0)


async def test_rejecting_wants_a_reason(terminal: Terminal) -> None:
    order = await _place(terminal)
    assert (await terminal.call("orders.reject", {}, order)).status_code == 422
    rejected = await terminal.data("orders.reject", {"reason": "مش متوفر"}, order)
    assert (rejected["status"], rejected["reason"]) == ("rejected", "مش متوفر")


async def test_accepting_moves_no_stock_and_the_sale_that_names_the_order_completes_it(terminal: Terminal) -> None:
    item = await terminal.item()
    order = await _place(terminal)
    await terminal.data("orders.accept", {}, order)
    assert await terminal.stock(item) == 10
    await terminal.one("sales", terminal.sale(1, (item, 2), order_id=order))
    assert (await terminal.data("orders.get", record_id=order))["status"] == "completed"
    assert await terminal.stock(item) == 8


async def test_customers_order_parts_that_the_shop_has(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.control("order")
    (order,) = (await terminal.data("orders.list", params={"status": "pending"}))["orders"]
    assert {line["item_id"] for line in order["items"]} == {item}
    assert order["expires_at"] > order["created_at"]
