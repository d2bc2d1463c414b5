"""The client's half of the protocol, held against tests/simulation/protocol.jsonl."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core.outbox.messages import Change, PullState, Sent
from clutch_tui.core.outbox.precedence import FACTS
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync.marks import Heard
from clutch_tui.core.sync.unconfirmed import Offer
from clutch_tui.net import wire
from clutch_tui.net.sync import messages, results

PROTOCOL = Path(__file__).parents[1] / "simulation" / "protocol.jsonl"
LINES = [json.loads(line, parse_float=Decimal) for line in PROTOCOL.read_text("utf-8").splitlines()]
SYNC_PAIRS = [line for line in LINES if line.get("request", {}).get("endpoint", "").endswith(".sync")]
ANSWERED = [pair for pair in SYNC_PAIRS if pair["answer"] is not None and pair["answer"]["status"] == 200]


def _names(pair: dict[str, Any]) -> str:
    return f"{pair['scenario']}-{pair['request']['endpoint']}"


def _in_core(message: dict[str, Any]) -> Change:
    """The change that a message of the file was made from."""
    kind = message["type"]
    if kind in ("payment", "payment_void"):
        payload = {name: wire.money_in(v) if name == "amount" else v for name, v in message["body"].items()}
        was: dict[str, Any] = {}
    elif message["kind"] in FACTS:
        payload = {**wire.read_one("sale", message["body"])}
        payload = {name: payload[name] for name in message["body"]}
        payload["items"] = [{name: line[name] for name in message["body"]["items"][0]} for line in payload["items"]]
        payload["payments"] = [
            {name: payment[name] for name in said}
            for payment, said in zip(payload["payments"], message["body"]["payments"], strict=True)
        ]
        was = {}
    else:
        payload = {name: wire.read_field(kind, name, value) for name, value in message["fields"].items()}
        was = {name: wire.read_field(kind, name, value) for name, value in message["was"].items()}
    names = ("change_id", "n", "kind", "type", "id", "at", "epoch", "base")
    return Change(**{name: message[name] for name in names}, was=was, payload=payload)


CHANGES = [(pair["scenario"], change) for pair in SYNC_PAIRS for change in pair["request"]["body"]["changes"]]


@pytest.mark.parametrize(("scenario", "message"), CHANGES, ids=[name for name, _ in CHANGES])
def test_a_change_goes_out_as_the_file_says(scenario: str, message: dict[str, Any]) -> None:
    sent = json.loads(wire.dumps(messages.write_change(_in_core(message))), parse_float=Decimal)
    assert sent == message


@pytest.mark.parametrize("pair", SYNC_PAIRS, ids=_names)
def test_a_call_has_the_files_form(pair: dict[str, Any]) -> None:
    body = pair["request"]["body"]
    composed = messages.sync_request(
        version=body["protocol"],
        shop_id=body["shop_id"],
        device_id=body["device_id"],
        lineage=body["lineage"],
        head=body["head"],
        pull=PullState(body["epoch"], body["cursor"], body["snapshot"], body["since"], body.get("mark")),
        changes=[_in_core(change) for change in body["changes"]],
        asked=Offer(tuple(body["unconfirmed"]), (), True),
        limit=body["limit"],
        heard=Heard(**body["heard"]) if "heard" in body else None,
    )
    assert json.loads(wire.dumps(composed), parse_float=Decimal) == body


@pytest.mark.parametrize("pair", ANSWERED, ids=_names)
def test_an_answer_is_understood(pair: dict[str, Any]) -> None:
    body, data = pair["request"]["body"], pair["answer"]["body"]["data"]
    sent = {change["change_id"]: _in_core(change).sent for change in body["changes"]}
    sent |= dict.fromkeys(body["unconfirmed"], Sent("sale", "sale", frozenset()))
    asked_for = PullState(body["epoch"], body["cursor"], body["snapshot"], body["since"])

    answer = messages.read_sync(wire.loads(wire.dumps(data)), asked_for, sent)

    assert answer.epoch == data["epoch"]
    assert not answer.bad_rows
    for change_id, raw in (data["results"] | data["confirmed"]).items():
        first = raw.get("first", raw)
        result = answer.results[change_id]
        assert (result.status, result.seq) == (first["status"], first["seq"])
        assert list(result.flags) == first.get("flags", [])
        assert set(result.theirs) == set(first.get("theirs", {}))
    if data["reset"]:
        assert answer.page is None
        return
    assert answer.page is not None
    assert [row["id"] for row in answer.page.rows] == [row["id"] for row in data["changes"]]
    assert (answer.page.cursor, answer.page.more, answer.page.since) == (data["cursor"], data["more"], data["since"])
    for row, raw in zip(answer.page.rows, data["changes"], strict=True):
        assert (row["type"], row["seq"], row["version"]) == (raw["type"], raw["seq"], raw["version"])
        if "price" in raw:
            assert row["price"] == raw["price"] * 100


def test_what_the_server_kept_comes_in_our_terms() -> None:
    theirs = results.read_theirs("item", {"price": {"value": Decimal("160.00"), "version": 2}})
    assert theirs == {"price": (16000, 2)}


def test_the_prices_of_a_quote_are_pounds_on_the_wire() -> None:
    line = {"item_name": "طلمبة مياه", "quantity": whole(2), "price": 140_00}
    payload = {"lines": [line], "total": 280_00, "valid_until": "2026-11-25T09:00:00.000Z", "notes": ""}
    change = Change("c", 1, "quote", "order", "o", "2026-11-22T09:00:00.000Z", None, {"*": 1}, {}, payload)
    fields = messages.write_fields(change)
    assert fields["lines"] == [line | {"quantity": 2, "price": Decimal("140.00")}]
    assert (fields["total"], fields["valid_until"]) == (Decimal("280.00"), "2026-11-25T09:00:00.000Z")


def test_a_customers_car_is_one_field_on_the_wire_and_four_here() -> None:
    change = Change(
        change_id="c",
        n=1,
        kind="update",
        type="customer",
        id="x",
        at="2026-11-22T09:00:00.000Z",
        epoch=None,
        base={"car_brand": 2, "car_model": 3},
        was={"car_brand": "Kia", "car_model": "Rio"},
        payload={"car_brand": "Kia", "car_model": "Cerato"},
    )
    assert messages.write_base(change) == {"car_info": 3}
    assert messages.write_fields(change) == {"car_info": {"brand": "Kia", "model": "Cerato"}}
    entry = {"car_info": {"value": {"brand": "Fiat", "model": "Tipo", "year": None}, "version": 4}}
    assert results.read_theirs("customer", entry) == {
        "car_brand": ("Fiat", 4),
        "car_model": ("Tipo", 4),
        "car_year": ("", 4),
        "car_plate": ("", 4),
    }
    assert set(results.read_names("customer", ["name", "car_info"])) == {"name", *wire.CAR_FIELDS}


EDIT = Sent("item", "update", frozenset({"name_en", "price"}))
SALE = Sent("sale", "sale", frozenset({"items", "total"}))
DELETE = Sent("item", "delete", frozenset())
KEPT = {"value": Decimal("160.00"), "version": 2}


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (SALE, {"status": "conflict", "seq": 4, "theirs": {"total": KEPT}}),
        (SALE, {"status": "applied"}),
        (SALE, {"status": "applied", "seq": 10**20}),
        (EDIT, {"status": "conflict", "seq": 4}),
        (EDIT, {"status": "conflict", "seq": 4, "applied": [], "theirs": {"price": Decimal("160.00")}}),
        (EDIT, {"status": "conflict", "seq": 4, "applied": [], "theirs": [KEPT]}),
        (EDIT, {"status": "conflict", "seq": 4, "applied": [], "theirs": {"price": KEPT}}),
        (EDIT, {"status": "conflict", "seq": 4, "applied": ["price"], "theirs": {"unknown": KEPT}}),
        (EDIT, {"status": "conflict", "seq": 4, "theirs": {"*": {"value": {"deleted": True}, "version": 3}}}),
        (EDIT, {"status": "applied", "seq": 4, "applied": []}),
        (EDIT, {"status": "applied", "seq": 4, "applied": ["price"], "theirs": {"name_en": KEPT}}),
        (DELETE, {"status": "conflict", "seq": 4, "applied": []}),
    ],
)
def test_an_answer_that_leaves_something_open_is_none(sent: Sent, answer: dict[str, Any]) -> None:
    with pytest.raises(wire.BadPayload):
        results.read(sent, answer)


@pytest.mark.parametrize(
    ("sent", "answer", "kept"),
    [
        (EDIT, {"status": "applied", "seq": 4}, set()),
        (EDIT, {"status": "applied", "seq": 4, "applied": ["nameEn", "price", "seq"]}, set()),
        (EDIT, {"status": "conflict", "seq": "4", "applied": ["nameEn"], "theirs": {"price": KEPT}}, {"price"}),
        (EDIT, {"status": "conflict", "seq": 4, "applied": ["price"], "theirs": {"nameEn": KEPT}}, {"name_en"}),
        (
            EDIT,
            {"status": "conflict", "seq": 4, "theirs": {"*": {"value": {"id": "p", "deleted": True}, "version": 3}}},
            {"*"},
        ),
        (
            DELETE,
            {
                "status": "conflict",
                "seq": Decimal("4.0"),
                "theirs": {
                    "*": {"value": {"id": "p", "deleted": True, "version": Decimal("3.0")}, "version": Decimal("3.0")},
                    "x": {"value": Decimal("0.1"), "version": 1},
                },
            },
            {"*"},
        ),
        (SALE, {"status": "rejected", "seq": 4, "code": "VALIDATION"}, set()),
    ],
)
def test_an_answer_may_name_fields_in_its_own_way(sent: Sent, answer: dict[str, Any], kept: set[str]) -> None:
    result = results.read(sent, answer)
    assert (set(result.theirs), result.seq) == (kept, 4)
    assert json.dumps(result.theirs)


@pytest.mark.parametrize("raw", [None, 7, {}, {"status": 3}, {"status": "duplicate"}, []])
def test_a_result_that_is_none_is_refused(raw: object) -> None:
    with pytest.raises(wire.BadPayload):
        results.read(Sent("item", "update", frozenset()), raw)
