"""Parts that a server without sync did not have yet when a document came that moves them: each is moved once."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from clutch_tui.core import aftersales, inventory, state
from clutch_tui.core.database import db
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import differences, queue
from clutch_tui.core.sync.fallback import single_writes, stock_movers
from clutch_tui.core.types import PartDraft
from tests.test_net.shop import Line, Shop, minutes, part, sell_each, settle, units
from tests.test_net.till import Till, said


def make_late(till: Till, number: str = "N-1", stock: int = 10) -> str:
    """A new part whose making was set aside; its id."""
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number=number, price=500), whole(stock)).id
    (change,) = [one for one in till.changes if one.record_id == made]
    till.do(outbox.make_slow, change.id, "error.backend.server")
    return str(made)


def correct(till: Till, **fields: Any) -> None:
    """Correct the one request that the server has refused."""
    (change,) = [one for one in till.changes if one.status == "rejected"]
    refused = till.ask(queue.refused, change.id)
    till.do(queue.replace, refused, {**refused.fields, **fields})


async def know_who_moves(till: Till) -> None:
    """See once who moves the stock of a sale."""
    till.sell(part(till, "P-0002").id)
    await settle(till)


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("is_back", [False, True])
async def test_what_was_sold_before_its_part_is_made_is_moved_once(
    shop: Shop, own_ids: bool, moves: bool, is_known: bool, is_back: bool
) -> None:
    """A server that keeps our ids books it with the part, and it was written on top of that."""
    await shop.be(own_ids=own_ids, moves_stock=moves)
    till = await shop.till()
    await till.round()
    if is_known:
        till.sell(part(till, "P-0002").id)
        await settle(till)
    made = make_late(till)
    till.sell(made, 2)
    till.sell(made, 3)
    await till.step()
    assert len(shop.receipts()) == 2 + is_known
    assert [change.kind for change in till.changes if change.status == ""].count("sale") == 2
    if is_back:
        await shop.sync()
        till.sync.look_again()
    for _ in range(30):
        await minutes(till, 1)
        assert till.shelf(made) == 5
    assert till.changes == ()
    assert till.shelf(made) == shop.stock("N-1") == 5
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]


@pytest.mark.parametrize("by", ["adjust", "count"])
async def test_what_waits_for_a_part_to_be_made_adds_up_with_what_was_sold_before(shop: Shop, by: str) -> None:
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    made = make_late(till)
    till.sell(made, 2)
    await till.step()
    if by == "adjust":
        till.do(inventory.adjust, made, whole(-3), "كسر")
    else:
        till.do(inventory.count_stock, made, whole(5))
    await minutes(till, 30)
    assert till.changes == ()
    assert till.shelf(made) == shop.stock("N-1") == 5


@pytest.mark.parametrize("own_ids", [False, True])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_sale_whose_answer_was_lost_before_its_part_is_made_is_moved_once(
    shop: Shop, own_ids: bool, kind: str
) -> None:
    """It was found when the part was there, and taken for one that had come after it."""
    await shop.be(own_ids=own_ids)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    await know_who_moves(till)
    made = make_late(till)
    till.sell(made, 2)
    await shop.fault(kind, "sales.create")
    await till.step()
    till.do(outbox.wake_slow)
    line.barred["GET /sales/transactions"] = range(line.count("GET /sales/transactions?") + 1, 10**5)
    await minutes(till, 2)
    assert [change.kind for change in till.changes if change.status == ""] == ["sale"]
    assert shop.sql("SELECT count(*) FROM item WHERE part_number = 'N-1'") == [(1,)]
    line.barred.clear()
    await minutes(till, 30)
    assert till.changes == ()
    assert len(shop.receipts()) == 2
    assert till.shelf(made) == shop.stock("N-1") == 8


async def test_what_nobody_can_know_of_a_part_made_after_its_sale_is_asked(shop: Shop) -> None:
    """The answer to its making was lost, and others have moved it since."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    made = make_late(till)
    till.do(sell_each, made, other.id)
    await till.step()
    await shop.fault("drop_after", "inventory.create")
    till.do(outbox.wake_slow)
    await till.step()
    await shop.edit(id=made, fields={"stock_quantity": 30})
    await minutes(till, 30)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", single_writes.UNCLEAR_STOCK)]
    assert (shop.stock("N-1"), shop.stock("P-0001")) == (30, units(other) - 1)
    till.do(queue.retry, till.changes[0].id)
    await minutes(till, 3)
    assert till.changes == ()
    assert (shop.stock("N-1"), shop.stock("P-0001")) == (29, units(other) - 1)
    assert (till.shelf(made), till.shelf(other.id)) == (29, units(other) - 1)


async def test_what_a_person_says_of_one_part_moves_no_other_that_the_server_has_moved(shop: Shop) -> None:
    """Both were sold before they were made, and nothing that tells who moves the stock."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    made = [till.do(inventory.create, PartDraft(name=name, part_number=name, price=500), whole(10)).id for name in "MN"]
    for change in till.changes:
        till.do(outbox.make_slow, change.id, "error.backend.server")
    till.do(sell_each, *made)
    await till.step()
    await shop.fault("drop_after", "inventory.create")
    till.do(outbox.wake_slow)
    await till.step()
    (first,) = shop.sql("SELECT part_number FROM item WHERE part_number IN ('M', 'N')")[0]
    await shop.edit(id=made["MN".index(first)], fields={"stock_quantity": 30})
    await minutes(till, 30)
    assert [(change.lane, change.last_error) for change in till.changes] == [("attention", single_writes.UNCLEAR_STOCK)]
    till.do(queue.retry, till.changes[0].id)
    await minutes(till, 3)
    assert till.changes == ()
    assert {name: shop.stock(name) for name in "MN"} == {"M": 9, "N": 9} | {first: 29}


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("kind", ["void", "return"])
async def test_what_comes_back_of_a_part_that_the_server_knows_by_another_name_is_moved_once(
    shop: Shop, is_known: bool, kind: str
) -> None:
    """Its copy of the sale has our id of the part, its shelf an own one: nothing was moved, and it was taken for a
    server that moves nothing for what comes back, ever."""

    def bring_back(sale_id: str) -> None:
        if kind == "void":
            till.do(aftersales.void, sale_id, "غلط", "سارة")
        else:
            till.do(aftersales.give_back, sale_id, {1: whole(2)}, cashier="c", device_id="d", reason="عيب")

    await shop.be(own_ids=True)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0002")
    if is_known:
        bring_back(till.sell(other.id, 2))
        await minutes(till, 2)
    movers = till.ask(stock_movers.movers)
    made = make_late(till)
    sale_id = till.sell(made, 2)
    await minutes(till, 30)
    assert (till.changes, shop.stock("N-1")) == ((), 8)
    bring_back(sale_id)
    await minutes(till, 5)
    assert till.changes == ()
    assert till.shelf(made) == shop.stock("N-1") == 10
    assert till.ask(stock_movers.movers) == movers
    bring_back(till.sell(other.id, 2))
    await minutes(till, 5)
    assert till.shelf(other.id) == shop.stock("P-0002") == units(other)


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("is_back", [True, False])
async def test_a_sale_that_waits_for_a_part_to_be_made_holds_up_no_sale_of_its_others(
    shop: Shop, moves: bool, is_back: bool
) -> None:
    """Who moves those has been seen long since; they were taken for being watched as long as it waited."""
    await shop.be(own_ids=False, moves_stock=moves)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    made = make_late(till)
    till.do(sell_each, made, other.id)
    await till.step()
    assert till.ask(stock_movers.movers) == {"sale": "server" if moves else "terminal"}
    await shop.fault("error_before", "inventory.create", count=None, status=500)
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    if is_back:
        await shop.sync()
        till.sync.look_again()
        till.sell(other.id, 3)
    else:
        till.do(inventory.adjust, other.id, whole(-3), "كسر")
    await minutes(till, 5)
    assert [change.kind for change in till.changes if change.status == ""] == ["create", "sale"]
    assert shop.stock("P-0001") == units(other) - 4 == till.shelf(other.id)


async def test_a_document_that_has_come_and_waits_for_a_part_to_be_made_ends_no_round(shop: Shop) -> None:
    """Where the call for the stock broke, no sale went up any more: the document was taken for one in doubt."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    made = make_late(till)
    till.do(sell_each, made, other.id)
    await till.step()
    await shop.sync()
    till.sync.look_again()
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    await till.step()
    await shop.fault("error_before", "inventory.sync", count=None, status=500)
    till.do(inventory.adjust, part(till, "P-0003").id, whole(-3), "كسر")
    till.sell(part(till, "P-0002").id)
    await minutes(till, 2)
    assert len(shop.receipts()) == 2
    assert till.shelf(other.id) == shop.stock("P-0001") == units(other) - 1


async def test_a_sale_that_waits_for_another_part_hides_nothing_of_this_one(shop: Shop) -> None:
    """The server had moved this one with it, and it was taken for being in doubt as long as it waited."""
    await shop.be(own_ids=False, missing=["sales.sync"])
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    made, other = make_late(till), make_late(till, "N-2")
    creates = {change.record_id: change.id for change in till.changes}
    till.sell(made, 2)
    await till.step()
    (late,) = [change for change in till.changes if change.kind == "sale"]
    till.do(outbox.postpone, late.id, 60)
    till.do(queue.retry, creates[made])
    till.do(sell_each, made, other)
    await till.step()
    assert (len(shop.receipts()), shop.stock("N-1")) == (3, 7)
    await minutes(till, 5)
    assert [change.kind for change in till.changes if change.status == ""] == ["create", "sale"]
    assert late.id not in [change.id for change in till.changes]
    till.do(queue.retry, creates[other])
    await minutes(till, 2)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (7, 7)
    assert (shop.stock("N-2"), till.shelf(other)) == (9, 9)


@pytest.mark.parametrize("moves", [True, False])
async def test_a_sale_whose_void_came_first_does_not_wait_for_itself(shop: Shop, moves: bool) -> None:
    """The server moves nothing for it, whoever moves the stock of others."""
    await shop.be(own_ids=False, moves_stock=moves)
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 3)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), whole(10)).id
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    await minutes(till, 8)
    sale_id = till.sell(made, 2)
    (sale,) = [change for change in till.changes if change.kind == "sale"]
    await shop.fault("poison", "sales.sync", count=None, change=sale.id)
    await minutes(till, 8)
    till.do(aftersales.void, sale_id, "غلط", "سارة")
    await minutes(till, 8)
    await shop.be(own_ids=False, moves_stock=moves)
    await minutes(till, 40)
    await shop.mend()
    await shop.sync()
    till.sync.look_again()
    till.do(outbox.wake_slow)
    await minutes(till, 30)
    assert [change.kind for change in till.changes if change.status == ""] == []
    assert (shop.stock("N-1"), till.shelf(made)) == (10, 10)


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_part_that_was_refused_and_corrected_begins_with_the_stock_that_was_taken(
    shop: Shop, is_known: bool
) -> None:
    """What the server had refused was taken for its opening stock, and the sale moved twice."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    if is_known:
        await know_who_moves(till)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), whole(10)).id
    await shop.fault("error_before", "inventory.create", status=422)
    await till.step()
    correct(till, stock_quantity=whole(12))
    till.do(outbox.make_slow, till.changes[0].id, "error.backend.server")
    till.sell(made, 2)
    await till.step()
    assert till.shelf(made) == 10
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (10, 10)


async def test_a_part_of_which_all_was_sold_before_it_is_made_is_judged_at_once(shop: Shop) -> None:
    """A figure of 0 was taken for none, and what a delivery had brought since for what had been there at first."""
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    made = make_late(till, stock=2)
    till.sell(made, 2)
    await till.step()
    (sale,) = [change for change in till.changes if change.kind == "sale"]
    till.do(outbox.postpone, sale.id, 60)
    till.do(outbox.wake_slow)
    await till.step()
    assert shop.stock("N-1") == 0
    await shop.edit(id=made, fields={"stock_quantity": 2})
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (2, 2)


class Echo(Line):
    """A server that shows in its answer what it was sent, whatever it has made of it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if not (request.method == "POST" and request.url.path.endswith("/inventory/items")):
            return response
        answer = json.loads(await response.aread())
        answer["data"]["stock_quantity"] = json.loads(said(request))["stock_quantity"]
        return httpx.Response(response.status_code, json=answer, request=request)


async def test_a_part_is_not_judged_by_an_answer_that_shows_what_was_sent(shop: Shop) -> None:
    await shop.be(own_ids=False)
    till = await shop.till(transport=Echo())
    await till.round()
    await know_who_moves(till)
    made = make_late(till)
    till.sell(made, 2)
    await till.step()
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (8, 8)


@pytest.mark.parametrize("is_known", [False, True])
async def test_what_comes_back_of_a_sale_that_an_older_program_sent_is_moved_once(shop: Shop, is_known: bool) -> None:
    """That kept with the change alone what had been sold before its part was made."""
    await shop.be(own_ids=True)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0002")
    if is_known:
        till.do(aftersales.void, till.sell(other.id, 2), "غلط", "سارة")
        await minutes(till, 2)
    else:
        await know_who_moves(till)
    made = make_late(till)
    sale_id = till.sell(made, 2)
    await till.step()
    till.do(state.forget, f"late.{sale_id}")
    till.do(lambda: db.execute("UPDATE single SET body = json_remove(body, '$.moved')"))
    await minutes(till, 30)
    assert (till.changes, shop.stock("N-1"), till.shelf(made)) == ((), 8, 8)
    till.do(aftersales.void, sale_id, "غلط", "سارة")
    await minutes(till, 12)
    assert (till.changes, shop.stock("N-1"), till.shelf(made)) == ((), 10, 10)
    before = shop.stock("P-0002")
    till.do(aftersales.void, till.sell(other.id, 2), "غلط", "سارة")
    await minutes(till, 5)
    assert shop.stock("P-0002") == till.shelf(other.id) == before


@pytest.mark.parametrize("own_ids", [False, True])
async def test_a_sale_that_goes_up_while_the_parts_are_not_shown_is_moved_once(shop: Shop, own_ids: bool) -> None:
    """A part that was not made yet was taken for one that is there."""
    await shop.be(own_ids=own_ids)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    await know_who_moves(till)
    made = make_late(till)
    line.barred["GET /inventory/items"] = range(line.count("GET /inventory/items?") + 1, 10**5)
    till.sell(made, 2)
    await till.step()
    assert len(shop.receipts()) == 2
    line.barred.clear()
    await minutes(till, 60)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (8, 8)


@pytest.mark.parametrize(("own_ids", "moves"), [(False, True), (True, True), (False, False)])
@pytest.mark.parametrize("refused_first", [False, True])
async def test_what_was_sold_of_a_part_that_was_refused_is_moved_once_it_is_corrected(
    shop: Shop, own_ids: bool, moves: bool, refused_first: bool
) -> None:
    """A making that was refused was taken for one that is over, and the sale for one that moves nothing."""
    await shop.be(own_ids=own_ids, moves_stock=moves)
    till = await shop.till()
    await till.round()
    await know_who_moves(till)
    made = make_late(till)
    if not refused_first:
        till.sell(made, 2)
        await till.step()
    await shop.fault("error_before", "inventory.create", status=422)
    till.do(outbox.wake_slow)
    await minutes(till, 2)
    if refused_first:
        till.sell(made, 2)
    till.do(inventory.adjust, made, whole(-1), "كسر")
    await minutes(till, 20)
    assert len(shop.receipts()) == 2
    assert [(change.kind, change.lane) for change in till.changes] == [
        ("create", "attention"),
        ("sale", "local"),
        ("adjust", "local"),
    ]
    assert till.ask(differences.between).counts == {"refused": 1, "local": 2}
    correct(till, name="أخرى")
    await minutes(till, 30)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (7, 7)


async def test_what_was_sold_of_a_part_that_was_refused_ends_with_it(shop: Shop) -> None:
    await shop.be(own_ids=False)
    till = await shop.till()
    await till.round()
    made = make_late(till)
    await shop.fault("error_before", "inventory.create", status=422)
    till.do(outbox.wake_slow)
    till.sell(made, 2)
    await minutes(till, 2)
    assert [(change.kind, change.lane) for change in till.changes] == [("create", "attention"), ("sale", "local")]
    till.do(queue.give_up, till.changes[0].id)
    await minutes(till, 2)
    assert till.changes == ()


@pytest.mark.parametrize("is_listed", [False, True])
async def test_a_sale_that_came_by_sync_is_moved_once_where_its_part_gets_another_name(
    shop: Shop, is_listed: bool
) -> None:
    """The server knows the part by our id in the sale alone, and it was taken for one that has moved it."""
    await shop.be(own_ids=True)
    line = Line()
    till = await shop.till(transport=line)
    await till.round()
    await know_who_moves(till)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 3)
    made = till.do(inventory.create, PartDraft(name="جديدة", part_number="N-1", price=500), whole(10)).id
    await shop.fault("poison", "inventory.sync", count=None, change=made)
    await minutes(till, 10)
    till.sell(made, 2)
    await shop.fault("drop_after", "sales.sync")
    line.before[f"POST /inventory/sync#{line.count('POST /inventory/sync?') + 1}"] = lambda: shop.be(own_ids=True)
    await till.step()
    assert len(shop.receipts()) == 2
    if is_listed:
        (sale,) = [change for change in till.changes if change.kind == "sale"]
        till.do(outbox.postpone, sale.id, 890)
    await minutes(till, 40)
    assert till.changes == ()
    assert (shop.stock("N-1"), till.shelf(made)) == (8, 8)


@pytest.mark.parametrize("is_waiting", [False, True])
@pytest.mark.parametrize("kind", ["void", "return"])
async def test_what_comes_back_by_sync_of_a_part_with_another_name_is_moved_once(
    shop: Shop, is_waiting: bool, kind: str
) -> None:
    """The server voids the lines that it has, and they name our id; what is returned names its own."""
    await shop.be(own_ids=True)
    till = await shop.till()
    await till.round()
    other = part(till, "P-0001")
    await know_who_moves(till)
    made = make_late(till)
    sale_id = till.do(sell_each, made, other.id)
    await till.step()
    if is_waiting:
        await shop.fault("drop_after", "inventory.create")
        till.do(outbox.wake_slow)
        await till.step()
    else:
        await minutes(till, 30)
        assert (till.changes, shop.stock("N-1"), till.shelf(made)) == ((), 9, 9)
    await shop.sync()
    till.sync.look_again()
    await minutes(till, 0 if is_waiting else 3)
    if kind == "void":
        till.do(aftersales.void, sale_id, "غلط", "سارة")
    else:
        till.do(aftersales.give_back, sale_id, {1: whole(1), 2: whole(1)}, cashier="c", device_id="d", reason="عيب")
    assert till.shelf(made) == 10
    await minutes(till, 40)
    assert [change.kind for change in till.changes if change.status == ""] == []
    assert (shop.stock("N-1"), till.shelf(made)) == (10, 10)
    assert (shop.stock("P-0001"), till.shelf(other.id)) == (units(other), units(other))
