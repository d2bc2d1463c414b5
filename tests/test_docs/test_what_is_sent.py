"""What a terminal says, done for once of every kind, against what docs/protocol.md says that it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch_tui.config.settings import Backend
from clutch_tui.core import (
    accounts,
    aftersales,
    cash,
    customers,
    exchanges,
    inventory,
    lost_sales,
    price_rules,
    pricing,
    quotation_carts,
    quotations,
    sales,
    special_orders,
    suppliers,
)
from clutch_tui.core.cart import add_line, set_note, with_customer, with_notes
from clutch_tui.core.outbox import abilities, outbox, precedence
from clutch_tui.core.outbox.messages import Change
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment, PriceRuleDraft, SupplierDraft, TaxRules
from clutch_tui.net.client.api import Api
from clutch_tui.net.client.session import Session
from clutch_tui.net.monitor import Monitor
from clutch_tui.net.sync import messages, record_calls
from clutch_tui.security.vault import Vault
from tests.fresh_store import open_new
from tests.test_docs.markdown import page
from tests.test_docs.test_protocol_tables import names

PROTOCOL = page("docs/protocol.md")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_new(tmp_path / "shop.db", inline=True) as store:
        yield store


@pytest.fixture
def changes(store: Store) -> dict[tuple[str, str], Change]:
    """The first change of every kind that a person can make, as it goes to a server of version 2."""
    store.run_now(abilities.learn, 2, tuple(abilities.LATER))
    store.run_now(_a_day_in_the_shop)
    claimed = [change for channel in outbox.CHANNELS for change in store.run_now(outbox.claim, channel)]
    return {(change.kind, change.type): change for change in reversed(claimed)}


def _a_day_in_the_shop() -> None:
    part = inventory.create(PartDraft(name="طلمبة", price=150_00), whole(10))
    customer = customers.create(CustomerDraft(name="حسن", phone="01000000001"))
    price_rules.create(PriceRuleDraft(level="retail", scope="part", item_id=part.id, price=150_00))
    suppliers.create(SupplierDraft(name="مورد"))
    till: dict[str, Any] = {"cashier": "سارة", "device_id": "d"}
    cart = pricing.as_priced_now(with_customer(add_line(sales.open_cart(), part), customer))
    cart = set_note(with_notes(cart, "", "كورولا"), 0, "قدام")
    half_paid = [Payment("visa", 100_00, reference="7781"), Payment("credit", 50_00)]
    taken_home = sales.checkout(cart, half_paid, rules=TaxRules(), **till)
    cart = add_line(sales.open_cart(), part)
    mistaken = sales.checkout(cart, [Payment("cash", 150_00)], rules=TaxRules(), **till)
    aftersales.give_back(taken_home.id, {1: ONE}, reason="مش مناسبة", **till)
    aftersales.void(mistaken.id, "غلط", "سارة")
    kept = sales.checkout(add_line(sales.open_cart(), part), [Payment("cash", 150_00)], rules=TaxRules(), **till)
    cart = exchanges.bring_back(add_line(sales.open_cart(), part), kept.id, {1: ONE})
    exchanges.checkout(cart, [], rules=TaxRules(), **till)
    payment = accounts.pay(customer.id, 10_00, "cash", "", "سارة", beyond_debt=True)
    accounts.take_back(payment.id, "غلط", "سارة")
    cart, options = add_line(sales.open_cart(), part), {"valid_until": quotations.usual_end(), "rules": TaxRules()}
    offered = quotations.quote(cart, name="أم أحمد", phone="01000000002", **till, **options)
    quotations.lose(offered.id, "غالي", "سارة")
    taken = quotation_carts.recall(offered.id).quoted
    sales.checkout(taken, [Payment("cash", 150_00)], rules=TaxRules(), **till)
    lost_sales.note("too_dear", ONE, part_id=part.id, cashier="سارة")
    wanted = special_orders.Wanted(None, "دبرياج", ONE, 90_00)
    order = special_orders.place(wanted, customer.id, deposit=10_00, **till)
    special_orders.cancel(order.id, "ما جاش", "سارة", deposit="forfeit")
    inventory.adjust(part.id, ONE, "هدية")
    inventory.count_stock(part.id, whole(5))
    cash.do("pay_out", 10_00, drawer_id="d", actor="سارة", category="food")


def _told(kind: str) -> set[str]:
    """The fields that the page names for a kind of fact."""
    (row,) = [
        row for row in PROTOCOL.table("facts-and-requests") if row[0].text == kind and row[3].code[:1] == ("body",)
    ]
    return set(row[3].code[1:])


def test_every_fact_is_done_here(changes: dict[tuple[str, str], Change]) -> None:
    never_sent = {"receive"}
    assert {kind for kind, _ in changes} & precedence.FACTS == precedence.FACTS - never_sent


OF_ONE_FORM = ["void", "payment", "payment_void", *precedence.MOVELESS, "deposit_forfeit", "count", "adjust"]


@pytest.mark.parametrize("kind", OF_ONE_FORM)
def test_the_body_of_a_fact(changes: dict[tuple[str, str], Change], kind: str) -> None:
    (change,) = [change for (name, _), change in changes.items() if name == kind]
    assert set(messages.write_change(change)["body"]) == _told(kind)


def test_a_quotation_says_for_whom_it_is_and_what_is_in_it(changes: dict[tuple[str, str], Change]) -> None:
    """A name and a telephone number leave the machine although they are no customer's: the page says so."""
    body = messages.write_change(changes["quotation", "quotation"])["body"]
    assert (body["customer_id"], body["customer_name"], body["customer_phone"]) == (None, "أم أحمد", "01000000002")
    assert set(body) == {name for row in PROTOCOL.table("quotations") for name in row[0].code}
    of_a_sale = {"sale_line", "level", "note"}
    assert set(body["items"][0]) == names("sale", 1) - of_a_sale


def test_the_body_of_what_is_done_with_the_drawer(changes: dict[tuple[str, str], Change]) -> None:
    deeds = {"open", "pay_in", "pay_out", "no_sale", "close"}
    assert set(messages.write_change(changes["cash", "cash"])["body"]) == _told("cash") - deeds
    assert set(cash.CATEGORIES) <= set(PROTOCOL.code)
    assert deeds <= _told("cash")


def test_the_halves_of_an_exchange(changes: dict[tuple[str, str], Change]) -> None:
    body = messages.write_change(changes["exchange", "sale"])["body"]
    assert set(body) == _told("exchange")
    for half in body.values():
        assert set(half) == names("sale") - {"flags", "car", "without_receipt"} | {"id", "customer"}
        assert [set(payment) for payment in half["payments"]] == [names("exchanges")]


@pytest.mark.parametrize("kind", ["sale", "return"])
def test_the_body_of_a_sale(changes: dict[tuple[str, str], Change], kind: str) -> None:
    body = messages.write_change(changes[kind, "sale"])["body"]
    of_others, said = {"flags", "exchange_id", "without_receipt"}, {"car"} if kind == "return" else set()
    assert set(body) == names("sale") - of_others - said | {"id", "customer"}
    lacking = {"level", "note"} if kind == "return" else {"sale_line"}
    assert set(body["items"][0]) == names("sale", 1) - lacking
    assert set(body["customer"]) == {"id", "name", "phone"}


def test_a_payment_says_its_reference_where_it_has_one(changes: dict[tuple[str, str], Change]) -> None:
    """What says nothing of version 2 is for every server what it was."""
    by_card, on_account = messages.write_change(changes["sale", "sale"])["body"]["payments"]
    assert (set(by_card), set(on_account)) == ({"method", "amount", "reference"}, {"method", "amount"})


def test_the_fields_of_a_create(changes: dict[tuple[str, str], Change]) -> None:
    opening = {"stock_quantity"}
    assert set(messages.write_change(changes["create", "item"])["fields"]) == _written("item") | opening


def test_the_fields_of_a_price_rule(changes: dict[tuple[str, str], Change]) -> None:
    assert set(messages.write_change(changes["create", "price_rule"])["fields"]) == _written("price-rule")


def _written(noun: str) -> set[str]:
    return {row[0].code[0] for row in PROTOCOL.table(noun) if row[3].text.startswith("terminal")}


@pytest.mark.parametrize("noun", ["customer", "supplier"])
def test_the_body_of_a_single_write(changes: dict[tuple[str, str], Change], noun: str) -> None:
    _, body = record_calls._call(changes["create", noun])
    body |= messages.write_heard(messages.Heard(1, "mark", "e-1"))
    assert set(body) == _written(noun) | names("idempotency")


async def test_the_headers_of_a_call(tmp_path: Path) -> None:
    """Those of a large write under a key, and of a question about something that is kept: all that there are."""
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, headers={"Accept-Encoding": "gzip"}, json={"success": True, "data": {"id": "c"}})

    settings = Backend(base_url="https://clutch.test/api/v1", shop_id="shop")
    monitor = Monitor()
    session = Session(Vault(tmp_path / "secrets.json", settings.base_url, "shop", "file"), api_key="shop-key")
    api = Api(settings, session=session, monitor=monitor, device_id="d", transport=httpx.MockTransport(answer))
    try:
        await api.call("shop.stats", etag='W/"1"')
        large: dict[str, Any] = {"name": "ا" * 5000}
        await api.call("customers.create", body=large, idempotency_key="c-1")
    finally:
        await api.close()
    of_the_line = {"host", "connection", "content-length"}
    assert {name for headers in seen for name in headers} - of_the_line == {
        name.lower() for name in names("request-headers")
    }
    always = {row[0].text.lower() for row in PROTOCOL.table("request-headers") if row[1].text == "always"}
    assert all(always <= set(headers) for headers in seen)
