"""Quotations between tills: each knows what the other has offered and what became of it, whatever the server is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clutch_tui.core import aftersales, inventory, past_sales, quotation_carts, quotations, sales
from clutch_tui.core import cart as carts
from clutch_tui.core.outbox import abilities
from clutch_tui.core.quantity import whole
from clutch_tui.core.quotations import Quotation, QuotationQuery
from clutch_tui.core.sync import replica
from clutch_tui.core.types import Cart, Payment, Sale, TaxRules
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from tests.test_net.conftest import Fault
from tests.test_net.till import Till


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


def quote(till: Till, quantity: int = 3) -> Quotation:
    def make() -> Quotation:
        part_id = max(inventory.page(inventory.PartQuery(), None, 0, 99), key=lambda row: row.stock).id
        cart = carts.add_line(sales.open_cart(), inventory.get(part_id), whole(quantity))
        return quotations.quote(
            carts.with_discount(carts.set_price(cart, 0, 77_77), carts.Discount(percent=333)),
            valid_until=quotations.usual_end(),
            name="أم أحمد",
            cashier="سارة",
            device_id="d",
            rules=TaxRules(1400, prices_include_tax=False),
        )

    made: Quotation = till.do(make)
    return made


def sell(till: Till, cart: Cart) -> Sale:
    rules = TaxRules(1400, prices_include_tax=False)
    total = carts.totals(cart, rules, "visa").total
    sold: Sale = till.do(sales.checkout, cart, [Payment("visa", total)], cashier="علي", device_id="d", rules=rules)
    return sold


def status(till: Till, made: Quotation) -> str:
    return str(till.ask(quotations.get, made.id).status)


async def test_what_one_till_offered_the_other_sells_at_that_price(tills: tuple[Till, Till]) -> None:
    first, second = tills
    made = quote(first)
    assert unsent(first) == 1
    await first.round()
    await second.round()
    there = second.ask(quotations.get, made.id)
    assert (there.number, there.totals, there.customer_name, there.own) == (
        made.number,
        made.totals,
        "أم أحمد",
        False,
    )
    assert (there.valid_until, there.prices_include_tax) == (made.valid_until, False)
    sale = sell(second, second.ask(quotation_carts.recall, made.id).quoted)
    assert sale.totals.total == made.totals.total
    for till in (second, first):
        await till.round()
    for till in tills:
        now = till.ask(quotations.get, made.id)
        assert (now.status, now.sale_id, now.receipt_number, now.unsent) == (
            "sold",
            sale.id,
            sale.receipt_number,
            False,
        )
    assert (first.queue.unsent, second.queue.unsent) == (0, 0)


def unsent(till: Till) -> int:
    return sum(row.unsent for row in till.ask(quotations.page, QuotationQuery(), None, 0, 99))


async def test_two_tills_that_sell_one_quotation_both_have_their_sale_and_it_is_flagged(
    tills: tuple[Till, Till],
) -> None:
    first, second = tills
    made = quote(first)
    await first.round()
    await second.round()
    sold = [sell(till, till.ask(quotation_carts.recall, made.id).quoted) for till in tills]
    for till in (first, second, first):
        await till.round()
    assert len({sale.id for sale in sold}) == 2
    assert {status(till, made) for till in tills} == {"sold"}
    (flagged,) = [change for change in second.changes if change.kind != "sale"]  # that may be oversold
    assert (flagged.kind, flagged.status) == ("quotation_sold", "applied_flagged")
    assert first.ask(quotations.get, made.id).sale_id == second.ask(quotations.get, made.id).sale_id


async def test_a_quotation_whose_sale_was_voided_is_sold_again_and_nobody_is_alarmed(tills: tuple[Till, Till]) -> None:
    first, second = tills
    made = quote(first)
    sale = sell(first, first.ask(quotation_carts.recall, made.id).quoted)
    first.do(aftersales.void, sale.id, "غلط", "علي")
    for till in tills:
        await till.round()
    again = sell(second, second.ask(quotation_carts.recall, made.id).quoted)
    for till in (second, first):
        await till.round()
    assert [change for till in tills for change in till.changes if change.kind == "quotation_sold"] == []
    assert {till.ask(quotations.get, made.id).sale_id for till in tills} == {again.id}


async def test_lost_here_and_sold_there_is_sold(tills: tuple[Till, Till]) -> None:
    first, second = tills
    made = quote(first)
    await first.round()
    await second.round()
    first.do(quotations.lose, made.id, "غالي", "سارة")
    sale = sell(second, second.ask(quotation_carts.recall, made.id).quoted)
    for till in (first, second, first):
        await till.round()
    assert {status(till, made) for till in tills} == {"sold"}
    second.do(aftersales.void, sale.id, "غلط", "علي")
    for till in (second, first):
        await till.round()
    assert {(status(till, made), till.ask(quotations.get, made.id).reason) for till in tills} == {("lost", "غالي")}


async def test_a_server_of_version_1_is_sent_none_and_all_once_it_learns(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    first, second = tills
    sandbox.backend.database.protocol = 1
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    made = quote(first)
    sale = sell(first, first.ask(quotation_carts.recall, made.id).quoted)
    await first.round()
    assert (first.queue.local, status(first, made)) == (2, "sold")
    await second.round()
    assert second.ask(quotations.count, QuotationQuery()) == 0
    assert [row.id for row in second.ask(past_sales.page, past_sales.SaleQuery(), None, 0, 1)] == [sale.id], (
        "the sale went up"
    )
    sandbox.backend.database.protocol = 2
    for till in (first, second):
        till.clock.forward(3600)
        await till.round()
    for till in (first, second):
        assert till.ask(abilities.knows, "quotation")
        await till.round()
        assert (till.queue.unsent, till.queue.local, status(till, made)) == (0, 0, "sold")


async def test_one_that_goes_up_anew_is_of_the_day_on_its_paper(tills: tuple[Till, Till], sandbox: Running) -> None:
    first, second = tills
    sandbox.backend.database.protocol = 1  # the till believes that it still speaks version 2
    made = quote(first)
    first.clock.forward(600)
    await first.round()
    sandbox.backend.database.protocol = 2
    for till in (first, second, first, second):
        till.clock.forward(3600)
        await till.round()
    assert [till.ask(quotations.get, made.id).at for till in tills] == [made.at, made.at]


async def test_a_restored_server_gets_its_quotations_again_once(
    tills: tuple[Till, Till], sandbox: Running, fault: Fault
) -> None:
    first, second = tills
    await fault("backup")
    made = quote(first)
    for till in tills:
        await till.round()
    second.do(quotations.lose, made.id, "غالي", "علي")
    for till in (second, first):
        await till.round()
    await fault("restore")
    for _ in range(3):
        for till in tills:
            await till.round()
    for till in tills:
        assert till.ask(quotations.count, QuotationQuery()) == 1
        assert (till.queue.unsent, status(till, made)) == (0, "lost")
    with sandbox.backend.database.reading() as reading:
        assert reading.value("SELECT count(*) FROM document WHERE kind LIKE 'quotation%'") == 2
    assert {till.ask(replica.epoch) for till in tills} != {"e-1"}


@pytest.mark.parametrize(
    "spoilt",
    [{"valid_until": "soon"}, {"items": []}, {"items": [{"item_id": "", "quantity": 1}]}, {"total": "much"}],
    ids=str,
)
async def test_what_cannot_be_understood_is_refused(
    tills: tuple[Till, Till], spoilt: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    from clutch_tui.net.sync import messages

    write = messages._fact

    def spoil(change: messages.Change) -> dict[str, object]:
        return {**write(change), **spoilt} if change.kind == "quotation" else write(change)

    monkeypatch.setattr(messages, "_fact", spoil)
    first, _ = tills
    quote(first)
    await first.round()
    (refused,) = first.changes
    assert (refused.status, refused.lane) == ("rejected", "attention")
