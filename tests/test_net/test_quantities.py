"""Quantities with a fraction and parts with a unit, over real sockets: towards a server that takes them, one that has
not learned them, and one that learns (docs/protocol.md#quantities)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from clutch_tui.core import aftersales, inventory, sales
from clutch_tui.core.outbox import abilities
from clutch_tui.core.quantity import Quantity, of_decimal, to_decimal, whole
from clutch_tui.core.sync import conflicts, queue, replica
from clutch_tui.core.types import PartDraft
from clutch_tui.sandbox import demo_data
from tests.test_net.shop import Line, Shop, edit, minutes, part
from tests.test_net.till import Till, said

OIL = PartDraft(name="زيت سايب", part_number="OIL", price=80_00, unit="LTR", decimals=3)
QUANTITIES = {"quantity", "delta", "counted", "expected", "stock_quantity", "min_stock"}


class Ear(Line):
    """A line that keeps what is said over it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if body := said(request):
            self.heard.append(json.loads(body, parse_float=Decimal))
        return await super().handle_async_request(request)

    def fractions(self) -> list[tuple[str, Any]]:
        """The quantities with a fraction that were said."""
        return [(name, value) for name, value in self.named(QUANTITIES) if Decimal(value) % 1]

    def named(self, names: set[str]) -> list[tuple[str, Any]]:
        return [found for body in self.heard for found in _named(body, names)]


def _named(value: Any, names: set[str]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((name, inner) for name, inner in value.items() if name in names and inner is not None)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _named(inner, names)


def q(units: str) -> Quantity:
    return of_decimal(Decimal(units))


def d(units: str) -> Decimal:
    return Decimal(units)


def lanes(till: Till) -> list[tuple[str, str]]:
    """What the server has not answered: kind and lane, in the order in which it was done."""
    return [(change.kind, change.lane) for change in till.changes]


def nothing_is_left(till: Till) -> None:
    assert lanes(till) == []
    assert till.sql("SELECT count(*) FROM stock_move WHERE open = 1") == [(0,)]
    assert till.sql("SELECT count(*) FROM base_record") == [(0,)]


async def rounds(till: Till, count: int = 3) -> None:
    for _ in range(count):
        await till.step()


# --- a server that takes them ----------------------------------------------------------------------------


async def test_a_fraction_that_is_sold_is_right_to_the_thousandth_at_both_ends_and_at_another_till(shop: Shop) -> None:
    till, other = await shop.till("a"), await shop.till("b")
    await till.round()
    await other.round()
    oil = till.do(inventory.create, OIL, q("2.125"))
    assert till.shelf(oil.id) == d("2.125")
    sold = till.sell(oil.id, d("0.375"), price=80_00)
    assert till.shelf(oil.id) == d("1.75")
    await till.round()
    assert till.shelf(oil.id) == d("1.75") == shop.stock("OIL")
    nothing_is_left(till)
    (lines,) = shop.sql("SELECT quantity, price, total FROM sale_line WHERE sale_id = ?", sold)
    assert lines == (375, 80_00, 30_00)
    await other.round()
    there = part(other, "OIL")
    assert (there.draft.unit, there.draft.decimals, there.stock) == ("LTR", 3, q("1.75"))
    seen = [one.ask(sales.get, sold) for one in (till, other)]
    assert [[(line.quantity, line.total) for line in sale.lines] for sale in seen] == [[(375, 30_00)]] * 2
    other.sell(there.id, d("0.001"), price=80_00)
    await other.round()
    till.do(aftersales.give_back, sold, {1: q("0.125")}, cashier="c", device_id="d", reason="زيادة")
    till.do(inventory.adjust, oil.id, q("-0.874"), "سكب")
    till.do(inventory.count_stock, oil.id, q("0.5"))  # the thousandth of the other till has not come yet
    assert till.shelf(oil.id) == d("0.5")
    await till.round()
    await other.round()
    for one in (till, other):
        assert one.shelf(oil.id) == d("0.499") == shop.stock("OIL")
        nothing_is_left(one)
    mistaken = till.sell(oil.id, d("0.499"))
    assert till.shelf(oil.id) == 0
    till.do(aftersales.void, mistaken, "غلط", "c")
    await till.round()
    assert till.shelf(oil.id) == d("0.499") == shop.stock("OIL")
    nothing_is_left(till)


async def test_a_sale_of_a_fraction_whose_answer_is_lost_counts_once(shop: Shop) -> None:
    till = await shop.till()
    oil = till.do(inventory.create, OIL, q("9.5"))
    await till.round()
    till.sell(oil.id, d("1.25"))
    await shop.fault("drop_after", "sales.sync")
    await rounds(till, 4)
    assert till.shelf(oil.id) == d("8.25") == shop.stock("OIL")
    nothing_is_left(till)
    assert len(shop.receipts()) == 1


# --- a server that has not learned them ------------------------------------------------------------------


@dataclass
class Old:
    """A server of version 1: one with the sync calls, or one without them."""

    shop: Shop
    kind: str

    async def begin(self) -> None:
        if self.kind == "plain":
            await self.shop.be()
        else:
            self.shop.sandbox.backend.database.protocol = 1

    async def learn(self, till: Till) -> None:
        if self.kind == "plain":
            await self.shop.sync()
        else:
            self.shop.sandbox.backend.database.protocol = 2
        till.sync.look_again()
        await minutes(till, 4)
        assert till.ask(abilities.protocol) == 2

    async def show_all(self, till: Till) -> None:
        """Have the whole list of parts read anew."""
        if self.kind == "plain":
            till.clock.forward(86_500)
        else:
            till.do(replica.restart, "inventory")
        await minutes(till, 2)


@pytest.fixture(params=["version 1", "plain"])
async def old(request: pytest.FixtureRequest, shop: Shop) -> Old:
    old = Old(shop, request.param)
    await old.begin()
    return old


async def test_a_sale_with_a_fraction_waits_with_its_void_and_whole_ones_go_on(old: Old, shop: Shop) -> None:
    ear = Ear()
    till = await shop.till(transport=ear)
    await till.round()
    oil = till.do(inventory.create, OIL, whole(20))
    await rounds(till)
    other = part(till, "P-0001")
    waiting = till.sell(oil.id, d("0.5"))
    mistaken = till.sell(oil.id, d("1.125"))
    till.do(aftersales.void, mistaken, "غلط", "c")
    litres = till.sell(oil.id, 2)
    pieces = till.sell(other.id, 3)
    for _ in range(4):
        assert till.shelf(oil.id) == d("17.5")
        assert till.shelf(other.id) == to_decimal(other.stock) - 3
        await till.step()
    assert ear.fractions() == []
    sold = {row[0] for row in shop.sql("SELECT receipt_number FROM sale")}
    assert sold == {till.ask(sales.get, one).receipt_number for one in (litres, pieces)}
    assert shop.stock("OIL") == 18
    assert shop.stock("P-0001") == to_decimal(other.stock) - 3
    sales_lanes = [lane for lane in lanes(till) if lane[0] != "update"]
    assert sales_lanes == [("sale", "local"), ("sale", "local"), ("void", "local")]
    assert till.ask(sales.get, mistaken).status == "voided"
    await old.learn(till)
    nothing_is_left(till)
    assert till.shelf(oil.id) == d("17.5") == shop.stock("OIL")
    statuses = dict(shop.sql("SELECT receipt_number, status FROM sale"))
    numbers = [till.ask(sales.get, one).receipt_number for one in (waiting, mistaken, litres, pieces)]
    assert [statuses[number] for number in numbers] == ["completed", "voided", "completed", "completed"]


async def test_whole_sales_go_up_in_the_round_in_which_a_fraction_is_kept_here(old: Old, shop: Shop) -> None:
    """A till that had sold by the litre all morning sent one whole sale in half a minute."""
    till = await shop.till()
    await till.round()
    oil = till.do(inventory.create, OIL, whole(20))
    await rounds(till)
    for _ in range(5):
        till.sell(oil.id, d("0.5"))
    till.sell(part(till, "P-0001").id)
    await till.round()
    assert len(shop.receipts()) == 1
    assert till.queue.unsent == 0


async def test_a_fraction_that_is_counted_moved_or_brought_back_waits_and_whole_ones_do_not(
    old: Old, shop: Shop
) -> None:
    ear = Ear()
    till = await shop.till(transport=ear)
    await till.round()
    oil = till.do(inventory.create, OIL, whole(20))
    sold = till.sell(oil.id, 4)
    await minutes(till, 3)
    till.do(inventory.adjust, oil.id, q("-0.25"), "سكب")
    till.do(inventory.adjust, oil.id, whole(-1), "كسر")
    till.do(aftersales.give_back, sold, {1: q("1.5")}, cashier="c", device_id="d", reason="زيادة")
    till.do(inventory.count_stock, oil.id, q("16.5"))
    for _ in range(4):
        await till.step()
        assert till.shelf(oil.id) == d("16.5")
    assert ear.fractions() == []
    assert shop.stock("OIL") == 15
    facts = [lane for lane in lanes(till) if lane[0] != "update"]
    assert facts == [("adjust", "local"), ("return", "local"), ("count", "local")]
    await old.learn(till)
    nothing_is_left(till)
    assert till.shelf(oil.id) == d("16.5") == shop.stock("OIL")


async def test_a_part_by_the_litre_goes_up_without_its_unit_and_keeps_it_here(old: Old, shop: Shop) -> None:
    ear = Ear()
    till = await shop.till(transport=ear)
    await till.round()
    oil = till.do(inventory.create, PartDraft(**_fields(OIL, min_stock=q("1.5"))), q("2.5"))
    piece = till.do(inventory.create, PartDraft(name="طلمبة", part_number="PUMP"), whole(3))
    await rounds(till)
    assert lanes(till) == [("count", "local"), ("update", "local")]
    assert (till.queue.unsent, till.queue.local) == (0, 2)
    assert (shop.stock("OIL"), shop.stock("PUMP")) == (0, 3)
    unknown = [(name, value) for name, value in ear.named({"unit", "decimals"}) if value not in ("C62", 0)]
    assert unknown == []
    for _ in range(2):
        seen = part(till, "OIL")
        assert (seen.id, seen.stock) == (oil.id, q("2.5"))
        assert (seen.draft.unit, seen.draft.decimals, seen.draft.min_stock) == ("LTR", 3, q("1.5"))
        assert part(till, "PUMP").id == piece.id
        await old.show_all(till)
    assert ear.fractions() == []
    edit(till, "OIL", price=90_00)  # nothing waits for what waits
    edit(till, "PUMP", location="A-1")
    await rounds(till)
    assert shop.sql("SELECT price FROM item WHERE part_number = 'OIL'") == [(90_00,)]
    assert lanes(till) == [("count", "local"), ("update", "local")]
    await old.learn(till)
    nothing_is_left(till)
    assert till.ask(conflicts.count) == 0
    there = shop.sql("SELECT unit, decimals, min_stock, stock_quantity, price FROM item WHERE part_number = 'OIL'")
    assert there == [("LTR", 3, q("1.5"), q("2.5"), 90_00)]
    seen = part(till, "OIL")
    assert (seen.draft.unit, seen.draft.decimals, seen.draft.min_stock) == ("LTR", 3, q("1.5"))
    assert (seen.stock, seen.unsent) == (q("2.5"), False)


def _fields(draft: PartDraft, **others: Any) -> dict[str, Any]:
    return {**{name: getattr(draft, name) for name in PartDraft.__slots__}, **others}


async def test_a_known_part_that_is_sold_by_the_litre_from_now_on(old: Old, shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    edit(till, "P-0002", unit="LTR", decimals=2, location="B-2")
    await rounds(till)
    assert lanes(till) == [("update", "local")]
    assert shop.sql("SELECT location, unit FROM item WHERE part_number = 'P-0002'") == [("B-2", "C62")]
    await old.show_all(till)
    assert (part(till, "P-0002").draft.unit, part(till, "P-0002").draft.location) == ("LTR", "B-2")
    edit(till, "P-0002", unit="KGM")
    await rounds(till)
    assert part(till, "P-0002").draft.unit == "KGM"
    assert lanes(till) == [("update", "local")] * 2
    await old.learn(till)
    nothing_is_left(till)
    assert till.ask(conflicts.count) == 0
    assert shop.sql("SELECT unit, decimals FROM item WHERE part_number = 'P-0002'") == [("KGM", 2)]
    assert (part(till, "P-0002").draft.unit, part(till, "P-0002").draft.decimals) == ("KGM", 2)


@pytest.mark.parametrize("somebody", [False, True])
async def test_a_later_edit_overtakes_the_one_that_waits_and_is_not_undone(
    old: Old, shop: Shop, somebody: bool
) -> None:
    """Of a field that was written later, by us and maybe by somebody else since, nothing is wanted any more."""
    till = await shop.till()
    await till.round()
    edit(till, "P-0002", unit="LTR", decimals=1, min_stock=q("1.5"))
    await rounds(till)
    assert part(till, "P-0002").draft.min_stock == q("1.5")
    edit(till, "P-0002", min_stock=whole(2), price=99_00)
    stands = whole(2)
    for _ in range(3):
        await till.step()
        assert part(till, "P-0002").draft.min_stock == stands
    assert lanes(till) == [("update", "local")]
    assert shop.sql("SELECT min_stock, price FROM item WHERE part_number = 'P-0002'") == [(stands, 99_00)]
    if somebody:
        stands = whole(7)
        await shop.edit(id=part(till, "P-0002").id, fields={"min_stock": 7})
        await minutes(till, 2)
        assert part(till, "P-0002").draft.min_stock == stands
        edit(till, "P-0002", min_stock=whole(3))  # over what he has seen
        stands = whole(3)
        await rounds(till)
        assert shop.sql("SELECT min_stock FROM item WHERE part_number = 'P-0002'") == [(stands,)]
        stands = whole(8)
        await shop.edit(id=part(till, "P-0002").id, fields={"min_stock": 8})
        await minutes(till, 2)
    await old.show_all(till)
    assert part(till, "P-0002").draft.min_stock == stands
    assert part(till, "P-0002").draft.unit == "LTR"
    await old.learn(till)
    nothing_is_left(till)
    assert till.ask(conflicts.count) == 0
    assert shop.sql("SELECT unit, min_stock FROM item WHERE part_number = 'P-0002'") == [("LTR", stands)]
    assert (part(till, "P-0002").draft.unit, part(till, "P-0002").draft.min_stock) == ("LTR", stands)


async def test_what_waits_of_a_part_that_was_deleted_since_asks_nobody(old: Old, shop: Shop) -> None:
    till = await shop.till()
    await till.round()
    edit(till, "P-0002", unit="LTR", decimals=1)
    await rounds(till)
    gone = part(till, "P-0002")
    till.do(inventory.delete, gone.id, seen=gone)
    await rounds(till)
    assert shop.sql("SELECT deleted FROM item WHERE part_number = 'P-0002'") == [(1,)]
    await old.learn(till)
    nothing_is_left(till)
    assert till.ask(conflicts.count) == 0
    assert till.ask(inventory.get, gone.id).deleted


def pour_out(shop: Shop, number: str) -> None:
    """Half of something leaves the shelf at another till, of a newer program."""
    with shop.sandbox.backend.database.writing(demo_data.SHOP_ID) as transaction:
        transaction.execute(
            "UPDATE item SET stock_quantity = stock_quantity - 500, seq = ?, updated_at = ? WHERE part_number = ?",
            (transaction.take(), transaction.now, number),
        )


@pytest.mark.parametrize("way", ["one page", "pages", "portions", "first list", "list"])
async def test_a_server_that_shows_a_fraction_takes_one(shop: Shop, way: str) -> None:
    """Whatever it says of itself, by whichever way the row comes."""
    if way.endswith("list"):
        await shop.be()
    else:
        await shop.fault("missing", "system.version", count=None)
    if way == "first list":
        pour_out(shop, "P-0001")
    till = await shop.till(page_size=5000 if way == "one page" else 6)
    if way == "portions":
        till.sync._transports.calls._portion = 2
    oil = till.do(inventory.create, OIL, whole(20))
    sold = till.sell(oil.id, d("0.5"))
    await rounds(till)
    if way != "first list":
        assert (till.ask(abilities.knows, "fraction"), shop.receipts()) == (False, [])
        pour_out(shop, "P-0001")
        for n in range(2, 10) if way in ("pages", "portions") else ():
            await shop.edit(id=part(till, f"P-{n:04}").id, fields={"price": 77})
        await minutes(till, 3)
    assert till.ask(abilities.knows, "fraction")
    assert shop.receipts() == [till.ask(sales.get, sold).receipt_number]
    assert till.shelf(oil.id) == d("19.5") == shop.stock("OIL")
    assert lanes(till) == [("update", "local")]  # what it knows of units is another thing


async def test_the_queue_says_what_an_edit_waits_for(shop: Shop) -> None:
    """An edit that waits for the server to learn is not waited for."""
    shop.sandbox.backend.database.protocol = 1
    till = await shop.till()
    await till.round()
    edit(till, "P-0002", unit="LTR", decimals=1)
    await rounds(till)
    edit(till, "P-0002", price=77_00)
    edit(till, "P-0002", price=78_00)
    waits = [till.ask(queue.detail, change.id).waits_for for change in till.changes]
    assert waits == [None, None, till.changes[1].n]


async def test_edits_that_were_made_before_the_server_was_met_go_up_in_their_order(old: Old, shop: Shop) -> None:
    """What is split off gets a later number than edits that are there already, and is older than they are."""
    till = await shop.till()
    await till.round()
    till.do(inventory.create, OIL, whole(4))
    edit(till, "OIL", unit="KGM")
    for number in ("P-0002", "P-0003"):
        edit(till, number, unit="LTR", decimals=2, min_stock=q("1.5"), location="A-1")
        edit(till, number, min_stock=whole(2))
    edit(till, "P-0003", unit="MTR", min_stock=q("0.25"), location="A-2")
    await rounds(till, 5)
    wanted = {"P-0002": ("LTR", 2, whole(2), "A-1"), "P-0003": ("MTR", 2, q("0.25"), "A-2"), "OIL": ("KGM", 3, 0, "")}
    for _ in range(2):
        here = {number: _measured(part(till, number).draft) for number in wanted}
        assert here == wanted
        await old.show_all(till)
    on_server = "SELECT part_number, min_stock, location FROM item WHERE part_number IN ('P-0002', 'P-0003')"
    assert sorted(shop.sql(on_server)) == [("P-0002", whole(2), "A-1"), ("P-0003", whole(2), "A-2")]
    await old.learn(till)
    nothing_is_left(till)
    assert till.ask(conflicts.count) == 0
    assert {number: _measured(part(till, number).draft) for number in wanted} == wanted
    there = shop.sql("SELECT part_number, unit, decimals, min_stock, location FROM item")
    assert {row[0]: row[1:] for row in there if row[0] in wanted} == wanted


def _measured(draft: PartDraft) -> tuple[str, int, int, str]:
    return draft.unit, draft.decimals, draft.min_stock, draft.location


async def test_a_server_that_replaces_whole_records_is_told_no_unit(shop: Shop) -> None:
    """It is written all that it has of a part, and knows of no unit: a strict one refuses what it does not know."""
    await shop.be(replaces=True)
    ear = Ear()
    till = await shop.till(transport=ear)
    await till.round()
    for location in ("A-1", "A-2"):
        edit(till, "P-0005", location=location)
        await rounds(till)
    assert lanes(till) == []
    assert shop.sql("SELECT location, price FROM item WHERE part_number = 'P-0005'") == [("A-2", 150_00)]
    assert ear.named({"unit", "decimals"}) == []


async def test_what_met_a_server_that_went_back_waits_until_it_learns_again(shop: Shop) -> None:
    """The call was frozen for the second version and turned away by the first, which has no words for half of it."""
    till = await shop.till()
    oil = till.do(inventory.create, OIL, q("9.5"))
    await rounds(till)
    nothing_is_left(till)
    shop.sandbox.backend.database.protocol = 1
    till.sell(oil.id, d("0.5"))
    till.sell(oil.id, 2)
    edit(till, "P-0002", unit="LTR", decimals=1, location="B-2")
    edit(till, "P-0003", decimals=1, min_stock=q("1.5"), location="B-3")
    for _ in range(4):
        await till.step()
        assert till.shelf(oil.id) == 7
        assert _measured(part(till, "P-0002").draft) == ("LTR", 1, 0, "B-2")
        assert _measured(part(till, "P-0003").draft) == ("", 1, q("1.5"), "B-3")
    assert [one for one in lanes(till) if one[0] == "sale"] == [("sale", "local")]
    assert len(shop.receipts()) == 1
    await Old(shop, "version 1").learn(till)
    nothing_is_left(till)
    assert till.ask(conflicts.count) == 0
    assert till.shelf(oil.id) == 7 == shop.stock("OIL")
    there = shop.sql("SELECT unit, decimals, min_stock, location FROM item WHERE part_number IN ('P-0002', 'P-0003')")
    assert sorted(there) == [("C62", 1, q("1.5"), "B-3"), ("LTR", 1, 0, "B-2")]


async def test_a_server_that_shows_a_fraction_and_takes_none_is_told_one_once(shop: Shop) -> None:
    """It has gone back, and its rows hold what it took before: a sale is no refusal for that, and waits."""
    shop.sandbox.backend.database.protocol = 1
    ear = Ear()
    till = await shop.till(transport=ear)
    oil = till.do(inventory.create, OIL, whole(20))
    till.sell(oil.id, d("0.5"))
    await rounds(till)
    pour_out(shop, "P-0001")
    await minutes(till, 3)
    assert len(ear.fractions()) == 1
    till.sell(oil.id, d("0.25"))
    till.sell(oil.id, 1)
    await minutes(till, 3)
    assert len(ear.fractions()) == 1
    assert till.shelf(oil.id) == d("18.25")
    assert [one for one in lanes(till) if one[0] == "sale"] == [("sale", "local")] * 2
    assert len(shop.receipts()) == 1
    await Old(shop, "version 1").learn(till)
    nothing_is_left(till)
    assert till.shelf(oil.id) == d("18.25") == shop.stock("OIL")
