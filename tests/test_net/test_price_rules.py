"""Price rules between tills: what one says the others sell at, whatever the server is."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory, price_rules, pricing, sales, state
from clutch_tui.core.outbox import abilities
from clutch_tui.core.price_rules import PriceRuleQuery, PriceRuleRecord
from clutch_tui.core.quantity import whole
from clutch_tui.core.sync import conflicts, queue, replica
from clutch_tui.core.types import PartDraft, Payment, PriceRuleDraft, Sale, TaxRules
from clutch_tui.net.sync import messages
from clutch_tui.sandbox.server import Running, running
from clutch_tui.sandbox.settings import Settings
from clutch_tui.sandbox.without_sync import Plain
from tests.test_net.conftest import Fault
from tests.test_net.shop import PARTS, opened
from tests.test_net.till import Till, open_till

TENTH = PriceRuleDraft(level="retail", scope="all", percent=1000, rounding=25)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Settings(db=str(tmp_path / "backend.db"), parts=20, faults=True)) as server:
        yield server


@pytest.fixture(scope="module")
def stocked(stock_backend: Callable[[int], Path]) -> Path:
    return stock_backend(PARTS)


@pytest.fixture
def till(tills: tuple[Till, Till]) -> Till:
    return tills[0]


def make(till: Till, draft: PriceRuleDraft = TENTH) -> PriceRuleRecord:
    made: PriceRuleRecord = till.do(price_rules.create, draft)
    return made


def rules(till: Till) -> list[tuple[Any, ...]]:
    rows = till.ask(price_rules.page, PriceRuleQuery(), None, 0, 99)
    return [(row.id, row.level, row.scope, row.percent, row.price, row.from_quantity, row.rounding) for row in rows]


def edit(till: Till, rule_id: str, **figures: Any) -> None:
    seen = till.ask(price_rules.get, rule_id)
    till.do(lambda: price_rules.edit(rule_id, replace(seen.draft, **figures), seen=seen))


def delete(till: Till, rule_id: str) -> None:
    till.do(lambda: price_rules.delete(rule_id, seen=price_rules.get(rule_id)))


def sell(till: Till) -> Sale:
    def checkout() -> Sale:
        part = max(inventory.page(inventory.PartQuery(), None, 0, 99), key=lambda row: row.stock)
        cart = pricing.as_priced_now(carts.add_line(sales.open_cart(), part))
        rules = TaxRules()
        total = carts.totals(cart, rules, "visa").total
        return sales.checkout(cart, [Payment("visa", total)], cashier="", device_id="d", rules=rules)

    sold: Sale = till.do(checkout)
    return sold


async def test_what_one_till_says_the_other_sells_at(tills: tuple[Till, Till]) -> None:
    first, second = tills
    part = first.ask(inventory.page, inventory.PartQuery(), None, 0, 1)[0]
    make(first)
    make(first, PriceRuleDraft("workshop", "part", part.id, price=12_34, from_quantity=whole(3)))
    make(first, PriceRuleDraft("wholesale", "category", target="فلاتر", percent=1250))
    for till in tills:
        await till.round()
    assert rules(second) == rules(first)
    assert len(rules(second)) == 3
    sold = sell(second)
    assert sold.lines[0].level == "retail"
    for till in (second, first):
        await till.round()
    assert first.ask(sales.get, sold.id).lines == sold.lines
    assert first.ask(sales.get, sold.id).lines[0].level == "retail"
    assert (first.queue.unsent, second.queue.unsent) == (0, 0)


async def test_an_edit_and_an_end_are_known_everywhere(tills: tuple[Till, Till]) -> None:
    first, second = tills
    ends, stays = make(first), make(first, replace(TENTH, level="workshop"))
    for till in tills:
        await till.round()
    edit(second, stays.id, percent=0, price=77_00)
    delete(second, ends.id)
    for till in (second, first):
        await till.round()
    assert rules(first) == rules(second) == [(stays.id, "workshop", "all", 0, 77_00, 0, 25)]
    first.do(replica.restart, "inventory")
    await first.round()
    assert rules(first) == rules(second)


async def test_rules_come_whole_between_many_parts(tmp_path: Path, sandbox: Running) -> None:
    """A large page is prepared in portions of parts: what stood between them was left out of the pull."""
    maker = await open_till(tmp_path, sandbox, "maker")
    await maker.round()
    for n in range(5):
        make(maker, replace(TENTH, from_quantity=whole(n)))
        maker.do(inventory.create, PartDraft(name=f"جديد {n}", price=100))
    await maker.round()
    late = await open_till(tmp_path, sandbox, "late", page_size=9)
    late.sync._transports.calls._portion = 2
    await late.round()
    assert rules(late) == rules(maker)
    assert len(rules(late)) == 5
    for till in (maker, late):
        await till.close()


async def test_two_figures_that_differ_are_put_before_a_person(tills: tuple[Till, Till]) -> None:
    first, second = tills
    made = make(first)
    for till in tills:
        await till.round()
    edit(first, made.id, percent=1500)
    edit(second, made.id, percent=2000, rounding=50)
    for till in (first, second):
        await till.round()
    (conflict,) = second.ask(conflicts.pending)
    assert (conflict.type, conflict.field, conflict.mine, conflict.theirs) == ("price_rule", "percent", 2000, 1500)
    second.do(conflicts.resolve, conflict.id, "other", 1700)
    for till in (second, first):
        await till.round()
    assert rules(first) == rules(second) == [(made.id, "retail", "all", 1700, 0, 0, 50)]


async def test_an_edit_of_what_was_deleted_can_be_made_anew(tills: tuple[Till, Till]) -> None:
    first, second = tills
    made = make(first)
    for till in tills:
        await till.round()
    delete(first, made.id)
    edit(second, made.id, percent=2000)
    for till in (first, second):
        await till.round()
    (conflict,) = second.ask(conflicts.pending)
    second.do(conflicts.resolve, conflict.id, "new")
    for till in (second, first):
        await till.round()
    assert [rule[1:] for rule in rules(first)] == [("retail", "all", 2000, 0, 0, 25)]
    assert rules(first) == rules(second)


async def test_a_server_of_version_1_learns_of_them_when_it_can(tills: tuple[Till, Till], sandbox: Running) -> None:
    first, second = tills
    sandbox.backend.database.protocol = 1
    for till in tills:
        till.clock.forward(3600)
        await till.round()
    ends, stays = make(first), make(first, replace(TENTH, level="workshop"))
    await first.round()
    edit(first, stays.id, percent=1500)
    delete(first, ends.id)
    await first.round()
    assert (first.queue.unsent, first.queue.local) == (0, 4)
    assert rules(first) == [(stays.id, "workshop", "all", 1500, 0, 0, 25)]
    assert rules(second) == []
    sold = sell(first)
    await first.round()
    assert first.queue.local == 4
    sandbox.backend.database.protocol = 2
    for till in (*tills, *tills):
        till.clock.forward(3600)
        await till.round()
    assert (first.queue.unsent, first.queue.local) == (0, 0)
    assert rules(second) == rules(first) == [(stays.id, "workshop", "all", 1500, 0, 0, 25)]
    assert second.ask(sales.get, sold.id).totals == sold.totals


async def test_what_was_on_its_way_to_a_server_that_goes_back_waits_for_it(
    tills: tuple[Till, Till], sandbox: Running
) -> None:
    """And what is known of the rules stays, though no row of that server tells of any."""
    first, second = tills
    made = make(first)
    for till in tills:
        await till.round()
    sandbox.backend.database.protocol = 1
    edit(first, made.id, percent=1500)
    for till in (*tills, *tills):
        till.clock.forward(3600)
        till.do(state.put, "inventory.renew", 1)
        await till.round()
    assert (first.queue.unsent, first.queue.local, first.queue.attention) == (0, 1, 0)
    assert [rule[3] for rule in rules(first)] == [1500]
    assert [rule[3] for rule in rules(second)] == [1000]
    sandbox.backend.database.protocol = 2
    for till in (*tills, *tills):
        till.clock.forward(3600)
        await till.round()
    assert (first.queue.unsent, first.queue.local) == (0, 0)
    assert rules(second) == rules(first) == [(made.id, "retail", "all", 1500, 0, 0, 25)]


async def test_one_that_refuses_the_very_type_gets_it_when_it_names_it_again(till: Till, sandbox: Running) -> None:
    await till.round()
    sandbox.backend.database.protocol = 1
    till.do(state.put, "server.protocol", 1)  # as if it had been heard a moment ago, and had named them all the same
    made = make(till)
    await till.round()
    await till.round()
    assert (till.queue.unsent, till.queue.local, till.queue.attention) == (0, 1, 0)
    assert not till.ask(abilities.knows, "price_rule")
    edit(till, made.id, percent=500)
    assert (till.queue.unsent, till.queue.local) == (0, 2)


async def test_two_copies_of_a_disk_sell_at_a_level_once_though_the_server_learns_between_them(
    till: Till, sandbox: Running, tmp_path: Path
) -> None:
    sandbox.backend.database.protocol = 1
    await till.round()
    make(till)
    sold = sell(till)
    clone = tmp_path / "clone" / "data"
    clone.mkdir(parents=True)
    with sqlite3.connect(till.store.path) as source, sqlite3.connect(clone / "shop.db") as target:
        source.backup(target)
    copy = await open_till(tmp_path, sandbox, "clone")
    await till.round()
    sandbox.backend.database.protocol = 2
    copy.clock.forward(3600)
    for _ in range(3):
        await copy.round()
    assert copy.ask(lambda: [row for row in queue.page("", None, 0, 99) if row.type == "sale"]) == []
    with sandbox.backend.database.reading() as reading:
        assert reading.value("SELECT count(*) FROM sale WHERE id = ?", (sold.id,)) == 1
    await copy.close()


async def test_a_restored_server_gets_its_rules_again(tills: tuple[Till, Till], fault: Fault) -> None:
    first, second = tills
    await first.round()
    await fault("backup")
    made = make(first)
    for till in tills:
        await till.round()
    edit(second, made.id, percent=1500)
    await second.round()
    await fault("restore")
    for till in (*tills, *tills, *tills):
        await till.round()
    assert rules(second) == rules(first) == [(made.id, "retail", "all", 1500, 0, 0, 25)]
    assert (first.queue.unsent, second.queue.unsent) == (0, 0)


@pytest.mark.parametrize(
    "spoilt",
    [{"level": ""}, {"scope": "some"}, {"percent": 101}, {"price": -1}, {"from_quantity": "much"}, {"rounding": "x"}],
    ids=str,
)
async def test_what_cannot_be_understood_is_refused_and_can_be_corrected(
    till: Till, spoilt: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        write = messages.write_fields
        patch.setattr(messages, "write_fields", lambda change: {**write(change), **spoilt})
        await till.round()
        part = till.ask(inventory.page, inventory.PartQuery(), None, 0, 1)[0]
        make(till, PriceRuleDraft("workshop", "part", part.id, percent=1000))
        await till.round()
    (refused,) = till.changes
    assert (refused.status, refused.lane) == ("rejected", "attention")
    taken = till.ask(queue.refused, refused.id)
    till.do(queue.replace, taken, {"percent": 900})
    await till.round()
    assert till.queue.attention == 0
    (row,) = till.ask(price_rules.page, PriceRuleQuery(), None, 0, 9)
    assert (row.item_id, row.percent, row.unsent) == (part.id, 900, False)


async def test_without_the_sync_calls_they_wait_here_and_count_here(tmp_path: Path, stocked: Path) -> None:
    async with opened(tmp_path, stocked, plain=Plain()) as shop:
        till = await shop.till()
        await till.round()
        made = make(till)
        for _ in range(2):
            till.clock.forward(3600)
            await till.round()
        assert (till.queue.unsent, till.queue.local) == (0, 1)
        assert [rule[0] for rule in rules(till)] == [made.id]
        await shop.sync()
        for _ in range(3):
            till.clock.forward(3600)
            await till.round()
        assert (till.queue.unsent, till.queue.local) == (0, 0)
        assert [rule[0] for rule in rules(till)] == [made.id]
        assert shop.sql("SELECT id, percent FROM price_rule") == [(made.id, 1000)]
