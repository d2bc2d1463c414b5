"""docs/protocol.md against the code: what can be listed is the same in both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from importlib import import_module
from typing import Any, get_args

import pytest
from babel.messages.pofile import read_po

from clutch_tui.core import quantity, units
from clutch_tui.core.order_types import OrderStatus
from clutch_tui.core.outbox import abilities, outbox, precedence
from clutch_tui.core.outbox.messages import Change, PullState, Result
from clutch_tui.core.records import EDITABLE
from clutch_tui.core.records.price_rule import SCOPES
from clutch_tui.core.sync import replica
from clutch_tui.core.sync.unconfirmed import Offer
from clutch_tui.core.types import PAY_METHODS, Lane, SaleStatus
from clutch_tui.net import answers, payload
from clutch_tui.net.endpoints import ENDPOINTS
from clutch_tui.net.events import BY_NAME
from clutch_tui.net.socket import news, websocket
from clutch_tui.net.sync import messages, record_calls
from clutch_tui.sandbox import changes, events, ledger, records, rest_lists, rest_writes
from clutch_tui.sandbox.payload import Invalid
from tests.test_docs.markdown import ROOT, Cell, page
from tests.test_docs.source import calls, compared_with, constants

PROTOCOL = page("docs/protocol.md")
SANDBOX, NET = "clutch_tui/sandbox", "clutch_tui/net"
CODE = re.compile(r"[A-Z][A-Z_]{3,}")


def rows(anchor: str, n: int = 0) -> list[tuple[Cell, ...]]:
    return PROTOCOL.table(anchor, n)


def names(anchor: str, n: int = 0) -> set[str]:
    """What the first column of a table names."""
    told = [name for row in rows(anchor, n) for name in row[0].code]
    assert len(told) == len(set(told)), "a name stands there twice"
    return set(told)


# --- endpoints and answers -----------------------------------------------------------------------------


def test_endpoints() -> None:
    told = {(row[0].text, row[1].text, row[2].text == "R") for row in rows("catalogue")}
    assert told == {
        (one.name, f"{one.method}{' or ' + one.also if one.also else ''} {one.path}", one.required) for one in ENDPOINTS
    }
    assert f"The {len(ENDPOINTS)} [endpoints]" in PROTOCOL.path.read_text(encoding="utf-8")


def test_answers_that_inform() -> None:
    recorded = (payload.Record, payload.SyncPage)
    told = {
        row[0].text: (row[1].text or None, set(row[2].code), set(row[2].bold)) for row in rows("answers-that-inform")
    }
    assert told == {
        name: (noun, set(model.model_fields), _required(model))
        for name, (model, noun) in answers.ANSWERS.items()
        if not issubclass(model, recorded)
    }


def _required(model: type[payload.Payload]) -> set[str]:
    return {name for name, about in model.model_fields.items() if about.is_required()}


def test_rows_of_lists() -> None:
    told = {
        row[0].text: (row[1].text, {name.partition("=")[0] for name in row[2].code})
        for row in rows("lists-page-by-page", 1)
    }
    assert told == {
        name: (
            about.plural,
            {*about.filters, "updated_since"}
            | ({"date_from", "date_to"} if about.dated else set())
            | ({"low_stock"} if name == "inventory.list" else set()),
        )
        for name, about in rest_lists.LISTINGS.items()
    }


# --- refusals ------------------------------------------------------------------------------------------


def _codes(*functions: str) -> set[str]:
    found = (value for call in calls(SANDBOX, *functions) for value in constants(call, str))
    return {str(value) for value in found if CODE.fullmatch(str(value))}


def test_error_codes() -> None:
    about_control = {"UNSUPPORTED_MEDIA_TYPE"}
    said = _codes("Refusal", "Denied", "Outcome", "_refuse", "_fail") | set(rest_writes._STATUS) | {"REJECTED"}
    assert names("error-codes") == said - about_control
    assert compared_with(NET, "code") | record_calls._FINAL <= names("error-codes")


def test_statuses_of_error_codes() -> None:
    told = {row[0].code[0]: int(row[1].text) for row in rows("error-codes")}
    for call in calls(SANDBOX, "Refusal"):
        numbers = constants(call, int)
        for code in constants(call, str):
            if CODE.fullmatch(str(code)) and code in told:
                assert told[str(code)] in numbers, code
    assert {code: told[code] for code in rest_writes._STATUS} == rest_writes._STATUS
    assert all(told[code] == 401 for code in _codes("Denied"))


def test_errors_of_the_socket() -> None:
    assert names("frames", 2) == _codes("_complain")


def test_close_codes() -> None:
    from clutch_tui.sandbox import socket_session

    ordinary = 1000
    said = {value for call in calls(SANDBOX, "Closing") for value in constants(call, int)} - {ordinary}
    said |= {socket_session.EXPIRED, socket_session.REFUSED, socket_session.WRONG_SHOP, socket_session.TOO_MANY}
    told = {int(row[0].text) for row in rows("close-codes")}
    assert told == said
    assert websocket.TOKEN_REFUSED | {websocket.SHOP_REFUSED, websocket.TOO_MANY} <= told


# --- records -------------------------------------------------------------------------------------------

COMMON = set(payload.Record.model_fields)
OF_CODES = {"unit", "scope"}
"""The choices that are no free text at the server."""


def test_fields_of_every_record() -> None:
    assert names("records") == COMMON


@pytest.mark.parametrize(
    ("anchor", "n", "model"),
    [
        ("item", 0, payload.Item),
        ("customer", 0, payload.Customer),
        ("supplier", 0, payload.Supplier),
        ("price-rule", 0, payload.PriceRule),
        ("sale", 0, payload.Sale),
        ("sale", 1, payload.SaleItem),
        ("order", 0, payload.Order),
        ("answers-to-an-order", 0, payload.Quote),
    ],
)
def test_fields_of_a_record(anchor: str, n: int, model: type[payload.Payload]) -> None:
    assert names(anchor, n) == set(model.model_fields) - (COMMON if issubclass(model, payload.Record) else set())


def _place(noun: records.Noun) -> str:
    """The heading that tells of a record."""
    return noun.type.replace("_", "-")


@pytest.mark.parametrize("noun", records.NOUNS.values(), ids=list(records.NOUNS))
def test_who_writes_a_field(noun: records.Noun) -> None:
    told = {row[0].code[0]: row[3].text for row in rows(_place(noun))}
    assert {name for name, who in told.items() if who.startswith("terminal")} == set(noun.fields)
    assert {name for name, who in told.items() if who.startswith("facts")} == set(noun.computed)


@pytest.mark.parametrize("noun", records.NOUNS.values(), ids=list(records.NOUNS))
def test_how_long_a_text_may_be(noun: records.Noun) -> None:
    """On the page, at the server, and in what the terminal lets a person write."""
    told = {row[0].code[0]: int(row[2].text) for row in rows(_place(noun)) if row[2].text}
    for name, limit in told.items():
        assert noun.fields[name].read("x" * limit, name) == "x" * limit
        with pytest.raises(Invalid):
            noun.fields[name].read("x" * (limit + 1), name)
    declared = EDITABLE[noun.type].fields.items()
    here = {
        name: field.maximum
        for name, field in declared
        if field.kind in ("text", "choice") and name in noun.fields and name not in OF_CODES
    }
    assert here == told


def test_scopes_of_a_price_rule() -> None:
    (scope,) = [row for row in rows("price-rule") if row[0].text == "scope"]
    assert tuple(scope[1].code) == SCOPES == records.SCOPES


def test_units() -> None:
    item = {row[0].code[0]: row for row in rows("item")}
    codes = {payload.unit_out(unit.code) for unit in units.UNITS}
    assert set(item["unit"][1].code) == codes == set(records.UNITS)
    assert item["decimals"][1].text.startswith(f"0 to {quantity.DECIMALS}:")
    told = re.findall(
        r"at most (\w+) decimals", " ".join(cell.text for row in rows("bodies-and-values") for cell in row)
    )
    assert told == [{3: "three"}[quantity.DECIMALS]]


def test_documents() -> None:
    told = {row[0].text: set(row[1].code) for row in rows("documents")}
    models: dict[str, type[payload.Document]] = {
        "payment": payload.AccountPayment,
        "void": payload.SaleVoid,
        "payment_void": payload.PaymentVoid,
        "lost_sale": payload.LostSale,
        "quotation": payload.Quotation,
        "quotation_lost": payload.QuotationLost,
        "quotation_sold": payload.QuotationSold,
        "special_order": payload.SpecialOrder,
        "special_order_step": payload.SpecialOrderStep,
        "deposit": payload.Deposit,
        "deposit_forfeit": payload.Deposit,
    }
    for kind, model in models.items():
        unsaid = {"at", "note"} if kind in ("quotation_sold", "lost_sale", "deposit") else {"at"}
        here = set(model.model_fields) - COMMON - unsaid
        theirs = {ours: other for other, ours in model.other_names.items()}
        assert told[kind] == {theirs.get(name, name) for name in here}
    assert told.keys() - models.keys() == {"cash"}


def test_words_that_a_field_may_hold() -> None:
    sale = {row[0].code[0]: row for row in rows("sale")}
    assert set(sale["payments"][2].code) == set(PAY_METHODS)
    assert set(sale["status"][1].code) == set(get_args(SaleStatus))
    order = {row[0].code[0]: row for row in rows("order")}
    assert set(order["status"][1].code) == set(get_args(OrderStatus))


# --- synchronisation -----------------------------------------------------------------------------------


def test_kinds_of_change() -> None:
    told = [(row[0].text, row[1].text, row[2].text, "body" in row[3].code[:1]) for row in rows("facts-and-requests")]
    facts = {kind for kind, _, _, is_fact in told if is_fact}
    assert facts == precedence.FACTS == ledger.FACTS
    assert {(type, kind) for kind, type, _, is_fact in told if not is_fact} == set(changes._REQUESTS)
    ways = {"inventory": "inventory.sync", "sales": "sales.sync", "rest": "REST"}
    for kind, type, call, _ in told:
        if (kind, type) != ("update", "sale"):
            assert call == ways[outbox._CHANNEL_OF[type]], (kind, type)


def _body() -> dict[str, Any]:
    change = Change("c", 1, "update", "item", "i", "", "e-1", {}, {}, {})
    pull = PullState("e-1", 1, False, None, "mark")
    heard = messages.Heard(1, "mark", "e-1")
    who = {"shop_id": "", "device_id": "", "lineage": ""}
    return messages.sync_request(
        **who, version=1, head=1, pull=pull, changes=[change], asked=Offer((), (), True), limit=1, heard=heard
    )


def test_fields_of_a_sync_call() -> None:
    body = _body()
    assert names("the-sync-call", 0) == set(body)
    assert names("the-sync-call", 1) == set(body["changes"][0]) | {"body"}
    assert names("the-sync-call", 2) == set(payload.SyncPage.model_fields)


def test_results() -> None:
    statuses = {value for call in calls(SANDBOX, "Outcome") for value in constants(call, str) if str(value).islower()}
    told = {str(value) for value in statuses if " " not in str(value)} | {"applied", "applied_flagged"}
    assert names("results") == told
    final = {row[0].text for row in rows("results") if row[2].text == "yes"} | {"key_reuse"}
    assert {status for status in told if replica.answers(Result(status, 1))} == final
    assert names("results", 1) == set(ledger.Outcome.__slots__)


def test_flags() -> None:
    with (ROOT / "clutch_tui/text/locales/en/LC_MESSAGES/clutch.po").open("rb") as file:
        keys = [str(message.id) for message in read_po(file)]
    said = {str(value) for call in calls(SANDBOX, "flag") for value in constants(call, str)}
    assert names("flags") == {key.partition(".")[2] for key in keys if key.startswith("flag.") and key.count(".") == 1}
    assert said <= names("flags")


def test_lanes() -> None:
    assert names("lanes") == set(get_args(Lane))


def test_what_is_built_of_version_2() -> None:
    assert names("what-is-built") == set(abilities.LATER) == set(ledger.RECORDS)


def test_what_is_not_yet_built_is_not() -> None:
    """Whoever builds something of it takes it up into the page's own sections."""
    fields, documents, facts = (names("not-yet-built", n) for n in range(3))
    assert not fields & set(payload.Item.model_fields)
    assert not documents & {noun for noun in (*records.NOUNS, *abilities.LATER)}
    assert facts & (precedence.FACTS | ledger.FACTS | abilities.LATER.keys()) == {"receive"}, (
        "its fields are what is new"
    )


# --- the live connection -------------------------------------------------------------------------------


def test_events() -> None:
    told = {row[0].text: (set(row[1].code), set(row[1].bold)) for row in rows("events")}
    models = {kind.TYPE: model for kind, model in news.MODELS.items()}
    assert told == {name: (set(model.model_fields), _required(model)) for name, model in models.items()}
    assert told.keys() == BY_NAME.keys() == events.CHANNELS


def test_which_events_ask_for_a_pull() -> None:
    """The page says: the first four of its table."""
    assert {row[0].text for row in rows("events")[:4]} == websocket._PULLING


# --- limits --------------------------------------------------------------------------------------------


def _limits() -> Iterable[tuple[str, str]]:
    return [(row[2].text, row[1].text) for row in rows("limits")]


@pytest.mark.parametrize(("place", "told"), _limits(), ids=[place for place, _ in _limits()])
def test_limit(place: str, told: str) -> None:
    module, _, constant = place.rpartition(".")
    value = getattr(import_module(module), constant)
    assert float(told) == (value.total_seconds() if isinstance(value, timedelta) else value)


def test_the_page_says_where_it_is_checked() -> None:
    assert "`tests/test_docs`" in PROTOCOL.path.read_text(encoding="utf-8")
    assert (ROOT / "tests" / "test_docs").is_dir()
