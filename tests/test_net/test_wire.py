"""The border: what comes in is understood or set aside, what goes out is exact."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch_tui.core.quantity import whole
from clutch_tui.net import wire
from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.net.events import PriceUpdate
from clutch_tui.net.json_depth import DEEPEST, shallow
from clutch_tui.net.socket import frames

ITEM = {"id": "p1", "name": "طلمبة مياه", "price": Decimal("150.00"), "stock_quantity": 3}


def item(**fields: Any) -> dict[str, Any]:
    good, bad = wire.read_rows("item", [{**ITEM, **fields}])
    assert not bad, bad[0].reason
    return good[0]


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("150", 15000),
        ("150.0", 15000),
        ("0.29", 29),
        ("1.005", 101),
        ("1.004999999999999999999", 100),
        ("-2.345", -235),
        ('"45.50"', 4550),
        ('" 45.5 "', 4550),
        ("1e2", 10000),
        ("9999999999.99", 999999999999),
    ],
)
def test_money_comes_in_half_up_and_without_a_float(written: str, minor: int) -> None:
    row = wire.loads(f'{{"id": "p", "price": {written}}}'.encode())
    assert wire.read_one("item", row)["price"] == minor


@pytest.mark.parametrize("written", ['"12,50"', "true", '"NaN"', "1e400", '"1e999999999"', "[]", '""', "null1"])
def test_what_is_no_money_is_refused(written: str) -> None:
    with pytest.raises(wire.BadPayload):
        wire.read_one("item", wire.loads(f'{{"id": "p", "price": {written}}}'.encode()))


@given(st.integers(-(10**14), 10**14))
def test_money_survives_the_way_out_and_back(minor: int) -> None:
    text = wire.dumps({"price": wire.money_out(minor)})
    assert wire.money_in(wire.loads(text)["price"]) == minor
    assert len(text.decode().partition(".")[2].rstrip("}")) == 2


def test_numbers_with_a_point_are_written_as_numbers() -> None:
    body = {"price": Decimal("150.00"), "name": "~1.0~", "n": 3, "none": None}
    assert wire.dumps(body) == b'{"price":150.00,"name":"~1.0~","n":3,"none":null}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        wire.dumps({"price": float("nan")})


def test_live_servers_names_numbers_and_gaps_are_understood() -> None:
    row = {
        "_id": 77,
        "nameEn": "Water pump",
        "name": None,
        "partNumber": 16100,
        "price": "150.5",
        "stockQuantity": "12",
        "minStock": 4.0,
        "year": 2015,
        "updatedAt": "2026-11-22T11:30:00+02:00",
        "deleted": 0,
        "__v": 3,
        "internal": {"anything": []},
    }
    good, bad = wire.read_rows("item", wire.loads(json.dumps({"items": [row]}).encode()))
    assert not bad
    read = good[0]
    assert (read["id"], read["name"], read["name_en"], read["part_number"]) == ("77", "", "Water pump", "16100")
    assert (read["price"], read["stock_quantity"], read["min_stock"], read["year"]) == (
        15050,
        whole(12),
        whole(4),
        "2015",
    )
    assert (read["updated_at"], read["deleted"]) == ("2026-11-22T09:30:00.000Z", False)
    assert "internal" not in read


def test_a_name_of_ours_wins_over_its_other_spelling() -> None:
    assert item(partNumber="theirs", part_number="ours")["part_number"] == "ours"
    assert wire.read_one("item", {"partNumber": "theirs", "part_number": "ours", "id": "x"})["part_number"] == "ours"


@pytest.mark.parametrize(
    "data", [[ITEM], {"items": [ITEM]}, {"data": [ITEM]}, {"parts": [ITEM], "total": 1}, {"Items": [ITEM]}]
)
def test_a_list_is_found_wherever_a_server_puts_it(data: object) -> None:
    good, bad = wire.read_rows("item", data)
    assert ([row["id"] for row in good], bad) == (["p1"], [])


@pytest.mark.parametrize("data", [None, {}, "items", 3, {"a": [], "b": []}])
def test_an_answer_without_a_list_is_refused(data: object) -> None:
    with pytest.raises(wire.BadPayload):
        wire.read_rows("item", data)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**ITEM, "id": ""}, "id"),
        ({"name": "no identity"}, "id"),
        ({**ITEM, "price": {"amount": 3}}, "price"),
        ({**ITEM, "stock_quantity": "many"}, "stock_quantity"),
        ({**ITEM, "stock_quantity": Decimal("12.3456")}, "stock_quantity"),
        ({**ITEM, "stock_quantity": "0.0005"}, "stock_quantity"),
        ({**ITEM, "stock_quantity": 12.5}, "stock_quantity"),
        ({**ITEM, "stock_quantity": True}, "stock_quantity"),
        ({**ITEM, "min_stock": Decimal("NaN")}, "min_stock"),
        ({**ITEM, "stock_quantity": 10**30}, "stock_quantity"),
        ({**ITEM, "version": -1}, "version"),
        ({**ITEM, "updated_at": "yesterday"}, "updated_at"),
        ({**ITEM, "name": ["a"]}, "name"),
        ({**ITEM, "description": "x" * 30_000}, "description"),
        ("not a row", "record"),
        (None, "record"),
        ([], "record"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_the_others_are_used(row: object, reason: str) -> None:
    good, bad = wire.read_rows("item", [{**ITEM, "id": "a"}, row, {**ITEM, "id": "b"}])
    assert [one["id"] for one in good] == ["a", "b"]
    assert [one.index for one in bad] == [1]
    assert bad[0].reason.startswith(reason)
    assert bad[0].raw == row


@pytest.mark.parametrize(
    ("there", "here", "back"),
    [
        (3, 3000, b"3"),
        ("3", 3000, b"3"),
        (Decimal("3.00"), 3000, b"3"),
        (Decimal("12.5"), 12500, b"12.5"),
        ("12.500", 12500, b"12.5"),
        (Decimal("-0.001"), -1, b"-0.001"),
        (1200, 1_200_000, b"1200"),
        (Decimal("1E+2"), 100_000, b"100"),
    ],
)
def test_a_quantity_is_exact_to_the_thousandth_there_and_back(there: object, here: int, back: bytes) -> None:
    """Also of a part of which a server says no unit: what lies there is the server's to say."""
    read = item(stock_quantity=there, min_stock=there)
    assert (read["stock_quantity"], read["min_stock"]) == (here, here)
    assert wire.dumps(wire.write("item", {"min_stock": read["min_stock"]})) == b'{"min_stock":' + back + b"}"


@pytest.mark.parametrize(
    ("there", "here"),
    [("LTR", "LTR"), ("C62", ""), ("", ""), (None, ""), (" KGM ", "KGM"), ("FOT", "FOT"), (7, ""), (["LTR"], "")],
)
def test_a_unit_is_read_as_records_hold_it(there: object, here: str) -> None:
    assert item(unit=there)["unit"] == here


@pytest.mark.parametrize(
    ("there", "here"), [(3, 3), ("2", 2), (Decimal("1.0"), 1), (4, 0), (-1, 0), ("few", 0), (None, 0)]
)
def test_decimals_are_one_of_four_numbers_or_say_nothing(there: object, here: int) -> None:
    assert item(decimals=there)["decimals"] == here


def test_a_piece_has_its_code_on_the_wire() -> None:
    assert wire.write("item", {"unit": "", "decimals": 0}) == {"unit": "C62", "decimals": 0}
    assert wire.write("item", {"unit": "LTR", "decimals": 3}) == {"unit": "LTR", "decimals": 3}


def test_a_sync_page_keeps_its_order_over_kinds_and_names_what_it_cannot_read() -> None:
    rows = [
        {"type": "sale", "id": "s1", "seq": 1, "total": 10},
        {"type": "item", "id": "p1", "seq": 2},
        {"type": "spell", "id": "x", "seq": 3},
        {"type": "sale", "id": "s2", "seq": 4, "total": "much"},
        {"type": "item", "id": "p2", "seq": 5, "deleted": True},
        "nonsense",
    ]
    good, bad = wire.read_changes(rows)
    assert [(kind, row["id"]) for kind, row in good] == [("sale", "s1"), ("item", "p1"), ("item", "p2")]
    assert good[2][1]["deleted"] is True
    assert {(one.index, one.kind, one.id) for one in bad} == {(2, "spell", "x"), (3, "sale", "s2"), (5, "", None)}


def test_a_sale_is_read_with_its_lines_and_written_as_it_was() -> None:
    sale = {
        "id": "s1",
        "receipt_number": "A-1",
        "date": "2026-11-22T09:00:00.000Z",
        "items": [
            {"itemId": "p1", "item_name": "بوجيه", "quantity": "2", "price": "150.00", "total": 300, "note": "قدام"}
        ],
        "payments": [{"method": "visa", "amount": "300.00", "reference": 4412}],
        "total": 300,
        "car": "Lada 2107",
    }
    read = wire.read_one("sale", {"sale": sale})
    assert (read["car"], read["items"][0]["note"]) == ("Lada 2107", "قدام")
    assert read["items"][0]["item_id"] == "p1"
    assert (read["items"][0]["price"], read["payments"]) == (
        15000,
        [{"method": "visa", "amount": 30000, "way": "", "reference": "4412"}],
    )
    assert read["items"][0]["quantity"] == whole(2)
    written = wire.write("sale", read)
    assert (written["items"][0]["price"], written["items"][0]["quantity"]) == (Decimal("150.00"), 2)
    assert written["payments"] == [{"method": "visa", "amount": Decimal("300.00"), "way": "", "reference": "4412"}]
    assert wire.read_one("sale", written) == read


def test_a_customers_car_is_flat_here_and_nested_there() -> None:
    read = wire.read_one("customer", {"id": "c", "name": "علي", "carInfo": {"brand": "Kia", "plateNumber": "س ط 12"}})
    assert (read["car_brand"], read["car_plate"], read["car_year"]) == ("Kia", "س ط 12", "")
    assert wire.write("customer", {"car_plate": "س ط 12", "balance": 100}) == {
        "car_info": {"plate_number": "س ط 12"},
        "balance": Decimal("1.00"),
    }
    assert wire.read_field("customer", "car_plate", 12) == "12"


def test_one_field_of_a_conflict_is_read_by_its_kind() -> None:
    assert wire.read_field("item", "price", Decimal("160.00")) == 16000
    assert wire.read_field("item", "name", "مصفى") == "مصفى"
    with pytest.raises(wire.BadPayload):
        wire.read_field("item", "price", "soon")


@pytest.mark.parametrize(
    "raw",
    [
        b"<html>",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"NaN",
        b"[1,2",
        b"9" * 100_000,
    ],
)
def test_bytes_that_are_no_json_are_refused_and_nothing_else_happens(raw: bytes) -> None:
    with pytest.raises(wire.BadPayload):
        wire.loads(raw)


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-Infinity", "9" * 30_000, "1e999999", "[" * 3000 + "]" * 3000, '{"a":[' * 900 + "]}" * 900],
)
def test_a_value_that_nobody_can_mean_spoils_its_own_row(value: str) -> None:
    text = f'[{{"id":"a","price":{value}}},{{"id":"b","price":5}},{{"id":"c","name":"}}","unknown":{value}}}]'
    good, bad = wire.read_rows("item", wire.loads(text.encode()))
    assert [row["id"] for row in good] == ["b", "c"]
    assert [row.id for row in bad] == ["a"]


@pytest.mark.parametrize("value", ["NaN", "1e999999", "9" * 30_000, "[" * 3000 + "]" * 3000, "[" * 64 + "]" * 64])
def test_what_a_person_wants_sent_is_taken_as_it_is_or_not_at_all(value: str) -> None:
    with pytest.raises(wire.BadPayload):
        wire.loads(f'{{"a":[{value}]}}'.encode(), exactly=True)
    assert wire.loads(b'{"a":[1.50]}', exactly=True) == {"a": [Decimal("1.50")]}


@pytest.mark.parametrize("deep", [63, 64, 65, 66, 5000])
@pytest.mark.parametrize("before", ["", '"\\"[{]}\\\\"'])
def test_what_is_nested_too_deeply_is_empty_and_the_rest_as_it_was(deep: int, before: str) -> None:
    text = f'{{"before":"{before}","deep":{"[" * deep}{"]" * deep},"after":[1,{{"b":"]"}}]}}'
    if before:
        text = text.replace(f'"{before}"', before)
    cut = json.loads(shallow(text))
    assert cut["after"] == [1, {"b": "]"}]
    assert cut["before"] == (json.loads(before) if before else "")
    levels, value = 0, cut["deep"]
    while value != []:
        levels, (value,) = levels + 1, value
    assert levels + 1 == min(deep, DEEPEST)


def test_half_a_character_pair_does_not_reach_the_database() -> None:
    value = wire.loads(rb'{"name": "\ud83d", "whole": "\ud83d\ude97", "list": ["\udc00"]}')
    assert value["whole"] == "🚗"
    json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize("number", ["1e-999999", "1e999999", "0.1234567890123", "-3"])
def test_figures_stay_of_a_size_that_can_be_shown(number: str) -> None:
    rows = wire.loads(f'{{"forecasts": [{{"item_id": "p", "predicted_demand": {number}}}]}}'.encode())
    reading = wire.read_answer("ai.demand_forecast", rows)
    assert all(len(f"{row['predicted_demand']:f}") < 25 for row in reading.good)
    assert len(reading.good) + len(reading.bad) == 1


def test_the_tax_rate_is_per_cent_however_it_is_written() -> None:
    for written in (14, "14", Decimal("0.14"), "0.14"):
        record = wire.read_answer("shop.settings", {"tax_rate": written}).record
        assert record is not None
        assert record["tax_rate"] == 14


@pytest.mark.parametrize(
    ("answer", "seconds", "user"),
    [
        ({"token": "t", "expires_in": 900, "user": {"id": "u", "name": "منى"}}, 900, "u"),
        ({"accessToken": "t", "expiresIn": "900", "user": {"_id": 7}}, 900, "7"),
        ({"jwt": "t", "expires_in": "15m", "user": "mona"}, None, None),
        ({"token": "t", "refreshToken": None, "expires_in": True, "shop": []}, None, None),
    ],
)
def test_a_login_is_read_from_many_servers(answer: dict[str, Any], seconds: float | None, user: str | None) -> None:
    record = wire.read_answer("auth.login", answer).record
    assert record is not None
    assert (record["token"], record["expires_in"]) == ("t", seconds)
    assert (record["user"] or {}).get("id") == user


def test_frames_and_events_are_read_in_our_terms() -> None:
    frame = frames.read_frame('{"type":"price_update","data":{"itemId":"p1","newPrice":"12.5"},"seq":7,"head":9}')
    assert (frame.type, frame.seq, frame.head) == ("price_update", 7, 9)
    event = frames.read_event(frame)
    assert event == PriceUpdate("p1", new_price=1250, seq=7)
    flat = frames.read_frame('{"type":"pong","timestamp":3,"extra":1}')
    assert flat.data == {"extra": 1}
    for raw in ("[]", "{}", "nonsense", '{"type":"x","seq":-1}'):
        with pytest.raises(wire.BadPayload):
            frames.read_frame(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
hostile_rows = st.dictionaries(
    st.sampled_from([*wire.read_one("item", ITEM), "_id", "partNumber", "items", "car_info", "payments"]), json_values
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(hostile_rows | json_values, max_size=6), st.sampled_from(["item", "sale", "customer", "supplier", "order"])
)
def test_whatever_a_page_holds_every_row_is_either_read_or_named(rows: list[Any], kind: str) -> None:
    good, bad = wire.read_rows(kind, rows)
    assert len(good) + len(bad) == len(rows)


@settings(max_examples=60, deadline=None)
@given(json_values | hostile_rows, st.sampled_from([one.name for one in ENDPOINTS]))
def test_no_answer_of_any_endpoint_breaks_the_reading(data: Any, name: str) -> None:
    with suppress(wire.BadPayload):
        wire.read_answer(name, data)


# --- answers that only inform --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "data", "kept", "lost"),
    [
        (
            "shop.settings",
            {"currency": "EGP", "tax_rate": "10%", "receipt_footer": "شكرا"},
            {"tax_rate": None, "receipt_footer": "شكرا"},
            "tax_rate",
        ),
        (
            "sales.analytics",
            {"daily_sales": [{"date": "2026-11-01", "amount": "10%"}, {"date": "2026-11-02", "amount": 5}]},
            {"daily_sales": [{"date": "2026-11-02", "amount": 500}]},
            "daily_sales.0",
        ),
        ("shop.stats", {"total_inventory": "many", "total_customers": 3}, {"total_customers": 3}, "total_inventory"),
    ],
)
def test_what_cannot_be_read_in_a_figure_costs_that_figure_alone(
    endpoint: str, data: dict[str, Any], kept: dict[str, Any], lost: str
) -> None:
    before = json.dumps(data)
    reading = wire.read_answer(endpoint, data)
    assert reading.record is not None
    assert {name: reading.record[name] for name in kept} == kept
    assert any(lost in one.reason for one in reading.bad)
    assert json.dumps(data) == before


def test_a_row_that_informs_is_kept_without_what_is_wrong_in_it() -> None:
    rows = [
        {"item_id": "p-1", "current_price": 5, "suggested_price": 6, "expected_increase": "10%"},
        {"item_id": "p-2", "current_price": "10%", "suggested_price": 6},
    ]
    reading = wire.read_answer("ai.price_optimization", {"suggestions": rows})
    assert [(row["item_id"], row["expected_increase"]) for row in reading.good] == [("p-1", None)]
    assert len(reading.bad) == 2


def test_figures_that_a_server_leaves_out_are_no_bad_answer() -> None:
    for endpoint in ("shop.stats", "customers.analytics", "sales.analytics"):
        assert wire.read_answer(endpoint, {"total_customers": 3}).record is not None
