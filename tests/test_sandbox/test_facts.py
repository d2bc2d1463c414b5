"""Facts are never refused: they are applied, counted once, and flagged where a person should look."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from .conftest import JSON, Terminal, exact_of, uid


async def test_a_sale_that_is_sent_again_counts_once_and_tells_its_first_answer(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 2))
    first = await terminal.one("sales", sale)
    again = await terminal.one("sales", sale)
    assert again == {"status": "duplicate", "seq": first["seq"], "first": first}
    assert await terminal.stock(item) == 8


async def test_the_same_id_with_another_content_is_refused_whatever_its_base(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 2))
    await terminal.one("sales", sale)
    assert (await terminal.one("sales", sale | {"base": {"x": 7}}))["status"] == "duplicate"
    other = sale | {"body": sale["body"] | {"total": 1}}
    assert (await terminal.one("sales", other))["status"] == "key_reuse"
    assert await terminal.stock(item) == 8


async def test_numbers_written_differently_are_the_same_change(terminal: Terminal) -> None:
    sale = terminal.sale(1, (uid(1), 2))
    await terminal.one("sales", sale)
    same = sale | {"body": sale["body"] | {"total": 200.0}}
    assert (await terminal.one("sales", same))["status"] == "duplicate"


async def test_selling_more_than_the_shelf_holds_is_applied_and_flagged(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=1)
    result = await terminal.one("sales", terminal.sale(1, (item, 3)))
    assert (result["status"], result["flags"]) == ("applied_flagged", ["oversold"])
    assert await terminal.stock(item) == -2


async def test_a_move_on_an_unknown_part_is_kept_and_counts_when_the_part_arrives(terminal: Terminal) -> None:
    sold = await terminal.one("sales", terminal.sale(1, (uid(9), 2)))
    assert sold["flags"] == ["unknown_part"]
    adjusted = terminal.change("adjust", uid(1, "adad"), body={"item_id": uid(9), "delta": -1, "reason": "كسر"})
    assert (await terminal.one("inventory", adjusted))["flags"] == ["unknown_part"]
    await terminal.item(9, stock_quantity=10)
    assert await terminal.stock(uid(9)) == 7


async def through_every_door(terminal: Terminal, item: str, quantity: float | str) -> list[JSON]:
    """What is said to everything that names a quantity: two goods' ways out and in, three moves, two makings."""
    lines = [{"item_id": item, "item_name": "", "quantity": quantity, "price": 100, "discount": 0, "total": 50}]
    said = [
        await terminal.one("sales", terminal.sale(2, (item, 1), items=lines)),
        await terminal.one("sales", terminal.sale(3, (item, 1), kind="return", return_of=uid(1, "5a1e"), items=lines)),
    ]
    bodies: list[tuple[str, JSON]] = [
        ("count", {"item_id": item, "counted": quantity, "expected": 8}),
        ("adjust", {"item_id": item, "delta": quantity, "reason": "كسر"}),
        ("receive", {"lines": [{"item_id": item, "quantity": quantity, "cost": 55}]}),
    ]
    for n, (kind, body) in enumerate(bodies):
        said.append(await terminal.one("inventory", terminal.change(kind, uid(n, "0a1f"), body=body)))
    for n, name in enumerate(("stock_quantity", "min_stock")):
        fields = {"name": "زيت", "part_number": "X", name: quantity}
        said.append(await terminal.one("inventory", terminal.change("create", uid(50 + n), fields=fields)))
    return said


@pytest.mark.parametrize("finest", [0.0005, "1.5001", 1e-7])
async def test_what_is_finer_than_a_thousandth_is_refused_at_every_door(
    terminal: Terminal, finest: float | str
) -> None:
    """It was taken, and the row of the part could be read by no terminal from then on."""
    item = await terminal.item(stock_quantity=10)
    await terminal.one("sales", terminal.sale(1, (item, 2)))
    said = await through_every_door(terminal, item, finest)
    assert [(one["status"], one["code"]) for one in said] == [("rejected", "VALIDATION")] * 7
    for name in ("stock_quantity", "min_stock"):
        assert (await terminal.call("inventory.update", {name: finest}, item)).status_code == 422
    assert await terminal.stock(item) == 8


@pytest.mark.parametrize(("quantity", "exact"), [(0.5, "0.5"), ("1.5", "1.5"), ("1.500", "1.5"), (0.001, "0.001")])
async def test_a_fraction_counts_to_the_thousandth_by_every_door(
    terminal: Terminal, quantity: float | str, exact: str
) -> None:
    item = await terminal.item(stock_quantity=10, unit="LTR", decimals=3)
    await terminal.one("sales", terminal.sale(1, (item, 2)))
    said = await through_every_door(terminal, item, quantity)
    assert {one["status"] for one in said} == {"applied", "applied_flagged"}  # the number of the parts made is not new
    moved = Decimal(exact)
    counted = moved - 8
    assert await terminal.exact_stock(item) == 8 - moved + moved + counted + moved + moved
    assert await terminal.exact_stock(uid(50)) == moved
    for name in ("stock_quantity", "min_stock"):
        written = await terminal.call("inventory.update", {name: quantity}, item)
        assert exact_of(written.text, name) == moved


async def test_a_unit_is_one_of_six_and_decimals_are_one_of_four(terminal: Terminal) -> None:
    item = await terminal.item()
    rows = (await terminal.sync("inventory", protocol=2))["changes"]
    assert [(row["unit"], row["decimals"]) for row in rows] == [("C62", 0)]
    for fields in ({"unit": "FOT"}, {"unit": 7}, {"decimals": 4}, {"decimals": 0.5}, {"decimals": "few"}):
        change = terminal.change("update", item, fields=fields, base={})
        assert (await terminal.one("inventory", change))["code"] == "VALIDATION", fields
    change = terminal.change("update", item, fields={"unit": "KGM", "decimals": 3}, base={"unit": 1, "decimals": 1})
    assert (await terminal.one("inventory", change))["applied"] == ["unit", "decimals"]
    rows = (await terminal.sync("inventory", protocol=2))["changes"]
    assert [(row["unit"], row["decimals"]) for row in rows] == [("KGM", 3)]


async def test_a_program_of_version_1_is_told_of_no_unit(terminal: Terminal) -> None:
    await terminal.item(unit="LTR", decimals=3, stock_quantity="2.5")
    rows = {}
    for protocol in (1, 2):
        (rows[protocol],) = (await terminal.sync("inventory", protocol=protocol))["changes"]
    assert rows[2].keys() - rows[1].keys() == {"unit", "decimals"}
    assert rows[1] == {name: value for name, value in rows[2].items() if name in rows[1]}


async def test_a_whole_number_of_pieces_may_be_written_in_any_way(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=10)
    for n, delta in enumerate((2, 2.0, "2", "2.00")):
        change = terminal.change("adjust", uid(n, "ad00"), body={"item_id": item, "delta": delta, "reason": ""})
        assert (await terminal.one("inventory", change))["status"] == "applied"
    assert await terminal.stock(item) == 18


async def test_count_adjust_and_receive_travel_as_differences(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=10)
    await terminal.one("sales", terminal.sale(1, (item, 3)))  # made while the shelf was being counted
    counted = {"item_id": item, "counted": 9, "expected": 10, "delta": -1}
    await terminal.one("inventory", terminal.change("count", uid(1, "c0c0"), body=counted))
    lines = [{"item_id": item, "quantity": 4, "cost": 55}, {"item_id": uid(77), "quantity": 1, "cost": 1}]
    received = terminal.change("receive", uid(1, "ceea"), body={"lines": lines})
    assert (await terminal.one("inventory", received))["flags"] == ["unknown_part"]
    assert await terminal.stock(item) == 10 - 3 - 1 + 4


async def test_a_void_puts_goods_and_money_back_and_counts_once(terminal: Terminal) -> None:
    item = await terminal.item()
    customer = {"id": uid(1, "cccc"), "name": "ورشة النجم", "phone": "01000000001"}
    owed = [{"method": "credit", "amount": 200}]
    sale = terminal.sale(1, (item, 2), customer=customer, payments=owed)
    await terminal.one("sales", sale)
    assert (await terminal.data("customers.list"))["customers"][0]["balance"] == 200
    void = terminal.change("void", uid(1, "0dd0"), body={"sale_id": sale["id"], "reason": "غلطة"})
    assert (await terminal.one("sales", void))["status"] == "applied"
    second = terminal.change("void", uid(2, "0dd0"), body={"sale_id": sale["id"], "reason": "غلطة"})
    assert (await terminal.one("sales", second))["flags"] == ["already_voided"]
    assert await terminal.stock(item) == 10
    found = (await terminal.data("customers.list"))["customers"][0]
    assert (found["balance"], found["total_purchases"]) == (0, 0)
    rows = (await terminal.sync("sales"))["changes"]
    assert [(row["type"], row.get("status")) for row in rows] == [("void", None), ("sale", "voided"), ("void", None)]


async def test_a_void_that_arrives_before_its_sale_still_undoes_it(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 2))
    await terminal.one("sales", terminal.change("void", uid(1, "0dd0"), body={"sale_id": sale["id"], "reason": "x"}))
    assert (await terminal.one("sales", sale))["flags"] == ["already_voided"]
    assert await terminal.stock(item) == 10


async def test_returns_put_stock_back_and_more_than_was_sold_is_flagged(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 3))
    await terminal.one("sales", sale)
    one = terminal.sale(2, (item, 2), kind="return", return_of=sale["id"], status="returned")
    assert (await terminal.one("sales", one))["status"] == "applied"
    more = terminal.sale(3, (item, 2), kind="return", return_of=sale["id"], status="returned")
    assert (await terminal.one("sales", more))["flags"] == ["over_returned"]
    assert await terminal.stock(item) == 10 - 3 + 4


async def test_balances_are_sums_of_facts_and_a_sale_brings_its_customer(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=1000)
    customer = {"id": uid(1, "cccc"), "name": "ورشة البركة", "phone": "01000000002"}
    credit = [{"method": "credit", "amount": 6000}]
    sale = terminal.sale(1, (item, 60), customer=customer, payments=credit)
    result = await terminal.one("sales", sale)
    assert result["status"] == "applied"
    body = {"customer_id": customer["id"], "amount": 1500.5, "method": "cash", "note": ""}
    paid = await terminal.one("sales", terminal.change("payment", uid(1, "face"), body=body))
    page = await terminal.data("customers.list", params={"since_seq": result["seq"]})
    assert [(row["name"], row["balance"]) for row in page["customers"]] == [("ورشة البركة", 4499.5)]
    assert page["cursor"] == paid["seq"]


async def paid_by(terminal: Terminal, customer_id: str, amount: float) -> JSON:
    """A payment, as it was sent."""
    body = {"customer_id": customer_id, "amount": amount, "method": "cash", "note": ""}
    change = terminal.change("payment", uid(1, "face"), body=body)
    assert (await terminal.one("sales", change))["status"] == "applied"
    return change


async def balance(terminal: Terminal) -> float:
    (row,) = (await terminal.data("customers.list"))["customers"]
    return float(row["balance"])


async def test_a_payment_is_taken_back_once_and_seen_by_programs_of_version_2(terminal: Terminal) -> None:
    customer = await terminal.data("customers.create", {"id": uid(1, "cccc"), "name": "حسن"})
    payment = await paid_by(terminal, customer["id"], 50.0)
    assert await balance(terminal) == -50.0
    body = {"payment_id": payment["id"], "reason": "غلط"}
    void = terminal.change("payment_void", uid(2, "face"), body=body)
    assert (await terminal.one("sales", void))["status"] == "applied"
    assert (await terminal.one("sales", void))["status"] == "duplicate"
    again = terminal.change("payment_void", uid(3, "face"), body=body)
    assert (await terminal.one("sales", again))["flags"] == ["already_voided"]
    assert await balance(terminal) == 0
    seen = {}
    for protocol in (1, 2):
        page = await terminal.sync("sales", protocol=protocol)
        seen[protocol] = [row["type"] for row in page["changes"]]
    assert seen == {1: ["payment"], 2: ["payment", "payment_void", "payment_void"]}


async def test_a_payment_that_comes_after_its_void_counts_for_nothing(terminal: Terminal) -> None:
    customer = await terminal.data("customers.create", {"id": uid(1, "cccc"), "name": "حسن"})
    body = {"payment_id": uid(1, "face"), "reason": "غلط"}
    void = terminal.change("payment_void", uid(2, "face"), body=body)
    assert (await terminal.one("sales", void))["status"] == "applied"
    await paid_by(terminal, customer["id"], 50.0)
    assert await balance(terminal) == 0


async def test_what_moves_nothing_and_comes_anew_under_another_change_is_one_document(terminal: Terminal) -> None:
    """Two copies of a disk send anew what was refused, each as a change of its own."""
    body = {"item_name": "دبرياج", "quantity": 1, "price": 0, "reason": "not_carried"}
    for n in (1, 2):
        noted = terminal.change("lost_sale", uid(n, "face"), body=body) | {"id": uid(7, "face")}
        assert (await terminal.one("sales", noted))["status"] == "applied"
    other = terminal.change("lost_sale", uid(3, "face"), body=body | {"quantity": 2}) | {"id": uid(7, "face")}
    assert (await terminal.one("sales", other))["status"] == "applied"
    rows = (await terminal.sync("sales", cursor=0, protocol=2))["changes"]
    assert [(row["id"], row["quantity"]) for row in rows if row["type"] == "lost_sale"] == [
        (uid(7, "face"), 1),
        (other["change_id"], 2),
    ]


async def test_what_a_newer_program_says_is_put_off_and_not_refused(terminal: Terminal) -> None:
    change = terminal.change("expense", uid(9), body={"text": "?"})
    assert (await terminal.one("sales", change))["status"] == "retry"
    assert (await terminal.sync("sales", unconfirmed=[change["change_id"]]))["confirmed"] == {}


async def test_a_server_of_version_1_names_nothing_and_knows_no_taking_back(terminal: Terminal) -> None:
    named = await terminal.data("system.version")
    records = [
        *("car", "deposit", "deposit_forfeit", "exchange", "expense", "fraction", "level", "line_note", "lost_sale"),
        *("payment_void", "price_rule", "quotation", "quotation_lost", "quotation_sold", "quote", "quote_line"),
        *("reference", "return_without_receipt", "special_order", "special_order_step", "unit"),
    ]
    assert (named["protocol"], named["records"]) == (2, records)
    terminal.sandbox.backend.database.protocol = 1
    assert "protocol" not in await terminal.data("system.version")
    assert (await terminal.call("sales.sync", terminal.sync_body(protocol=2))).status_code == 426
    void = terminal.change("payment_void", uid(2, "face"), body={"payment_id": uid(1), "reason": "غلط"})
    assert (await terminal.one("sales", void))["code"] == "UNKNOWN_KIND"


async def test_a_sale_is_not_refused_for_what_is_wrong_with_its_customer(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 2))
    sale["body"]["customer"] = {"id": uid(5), "name": " " + "ا" * 500, "phone": "0" * 100}
    assert (await terminal.one("sales", sale))["status"] == "applied"
    assert await terminal.stock(item) == 8


async def test_credit_beyond_the_limit_is_flagged(terminal: Terminal) -> None:
    customer = {"id": uid(1, "cccc"), "name": "عميل", "phone": ""}
    credit = [{"method": "credit", "amount": 30000}]
    sale = terminal.sale(1, (uid(1), 300), customer=customer, payments=credit)
    assert set((await terminal.one("sales", sale))["flags"]) == {"unknown_part", "over_credit"}


async def test_a_receipt_number_that_exists_is_flagged(terminal: Terminal) -> None:
    item = await terminal.item()
    await terminal.one("sales", terminal.sale(1, (item, 1), receipt_number="A-000009"))
    result = await terminal.one("sales", terminal.sale(2, (item, 1), receipt_number="A-000009"))
    assert result["flags"] == ["duplicate_number"]


async def test_cash_facts_come_back_as_rows_of_their_type(terminal: Terminal) -> None:
    body = {"drawer_id": "d1", "kind": "open", "amount": 500, "business_day": "2026-11-22"}
    result = await terminal.one("sales", terminal.change("cash", uid(1, "cafe"), body=body))
    (row,) = (await terminal.sync("sales"))["changes"]
    assert (row["type"], row["kind"], row["amount"], row["seq"]) == ("cash", "open", 500, result["seq"])


async def test_what_cannot_be_understood_is_rejected_with_its_field_and_leaves_nothing(terminal: Terminal) -> None:
    item = await terminal.item()
    sale = terminal.sale(1, (item, 1))
    sale["body"]["items"].append({"item_id": item, "quantity": "كتير"})
    result = await terminal.one("sales", sale)
    assert (result["status"], result["code"]) == ("rejected", "VALIDATION")
    assert result["errors"][0]["field"] == "items[1].quantity"
    assert await terminal.stock(item) == 10


async def test_many_terminals_at_once_lose_nothing_and_share_one_counter(terminal: Terminal) -> None:
    item = await terminal.item(stock_quantity=100)
    terminals = [terminal.terminal(name) for name in "bcdefg"]
    sales = [(one, one.sale(n * 10 + k, (item, 1))) for n, one in enumerate(terminals) for k in range(5)]
    results = await asyncio.gather(*(one.one("sales", sale) for one, sale in sales))
    numbers = [result["seq"] for result in results]
    assert len(set(numbers)) == 30
    assert await terminal.stock(item) == 70
    pulled = await terminal.sync("sales")
    assert sorted(row["id"] for row in pulled["changes"]) == sorted(sale["id"] for _, sale in sales)
    assert pulled["cursor"] == max(numbers)
