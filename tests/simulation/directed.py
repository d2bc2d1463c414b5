"""Scenarios for the mistakes that no run shows, or one in hundreds: the moment at which each of them matters, made.

The real engine, the real sandbox and the same invariants on the same clock; only the chance is gone. Every scenario
bears the name of the mutant that it finds, ends well in the program as it is, and breaks a promise with the mistake
planted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from clutch_tui.core import accounts, aftersales, cash, inventory, orders, state
from clutch_tui.core.outbox.messages import PullPage, Result
from clutch_tui.core.quantity import ONE, whole
from clutch_tui.core.sync import conflicts, replica
from clutch_tui.core.types import Discount, TaxRules

from . import (
    clerk,
    directed_disks,
    directed_exchanges,
    directed_lost_sales,
    directed_orders,
    directed_price_levels,
    directed_quantities,
    directed_queue,
    directed_quotations,
    directed_special_orders,
    directed_writing,
    stage,
)
from .network import Message
from .scenario import SCENARIOS, adjust, cart, customer, edit, make_part, parts, play, scenario, sell
from .stage import FOR_EVER, Stage
from .violation import Violation

__all__ = [
    "SCENARIOS",
    "directed_disks",
    "directed_exchanges",
    "directed_lost_sales",
    "directed_orders",
    "directed_price_levels",
    "directed_quantities",
    "directed_queue",
    "directed_quotations",
    "directed_special_orders",
    "directed_writing",
    "play",
]

INVENTORY, SALES = "/inventory/sync", "/sales/sync"


# --- parts and their stock -------------------------------------------------------------------------------


@scenario(empty=True)
async def no_guard(on: Stage) -> None:
    """A page is asked for twice, and the first answer comes after the second."""

    def page(cursor: int, name: str) -> PullPage:
        row = {"type": "supplier", "id": "s-1", "name": name, "version": cursor, "seq": cursor, "deleted": False}
        blank = dict.fromkeys(("contact_person", "phone", "email", "address", "payment_terms"), "")
        return PullPage("e-1", ({**blank, "rating": 0, "updated_at": None, **row},), cursor, False, None, 0, True)

    on.first.boot()  # its engine has its turn when this scenario waits for something, and it never does
    result = {"unknown": Result(status="applied", seq=3)}
    for one in (page(9, "new"), page(5, "old")):
        on.first.store.run_now(replica.receive, "suppliers", "e-1", result, one)
    stored = on.first.sql("SELECT name, seq FROM supplier")
    if [tuple(row) for row in stored] != [("new", 9)]:
        raise Violation(f"a late answer delivered its rows: {stored}")


@scenario()
async def unknown_is_answer(on: Stage) -> None:
    """A newer server has a word of its own for a change that it will do later: this is no answer yet."""
    await on.open()
    handle = on.server.handle

    async def newer(message: Message) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = await handle(message)
        return status, headers, body.replace(b'"status":"retry"', b'"status":"deferred"')

    with patch.object(on.server, "handle", newer):
        on.weather.order("busy", SALES, on.first.name)
        on.do(on.first, clerk.sell)
        await on.pass_time(5)
    await on.end()


@scenario()
async def no_ledger(on: Stage) -> None:
    """The call with an adjustment travels twice: the server must know it again."""
    await on.open()
    on.weather.order("twice", INVENTORY, on.first.name)
    on.do(on.first, adjust(parts(on.first)[0], 5))
    await on.pass_time(5)
    await on.end()
    for terminal in on.terminals:
        if (stock := terminal.ask(inventory.get, parts(terminal)[0]).stock) != whole(55):
            raise Violation(f"five pieces were found once, and {terminal.name} has {stock / 1000 - 50} more")


@scenario()
async def drop_401(on: Stage) -> None:
    """The server turns the terminal away for a while, with a sale in every call."""
    await on.open()
    on.weather.order("unauthorized", SALES, on.first.name, times=4)
    on.do(on.first, clerk.sell)
    await on.pass_time(20)
    await on.end()


@scenario()
async def blind_merge(on: Stage) -> None:
    """Two tills give one part two names."""
    await on.open()
    part_id = parts(on.first)[0]
    on.do(on.second, edit(part_id, name="theirs"))
    on.do(on.first, edit(part_id, name="mine"))
    await on.end()


@scenario()
async def snapshot_forgets_pending(on: Stage) -> None:
    """The server breaks on a new part, and a snapshot comes that does not hold it: it must stay on the screen."""
    await on.open()
    on.do(on.first, make_part)
    on.choke_last("create")
    await on.until(lambda: bool(on.first.sql("SELECT 1 FROM outbox WHERE lane = 'slow'")))
    on.weather.order("refused", sender=on.first.name, times=FOR_EVER)
    await on.pass_time(1)
    on.delete_part(0)
    on.weather.clear()
    on.first.sync.wake()
    await on.until(lambda: on.is_level(on.first))
    if not on.first.sql("SELECT 1 FROM part WHERE part_number = 'N-1' AND deleted = 0"):
        raise Violation("a part that was made here is on no screen any more")
    await on.end()


@scenario()
async def unknown_part_ends(on: Stage) -> None:
    """The server breaks on a new part and takes the sale of it: the pieces are gone from the shelf, although no
    figure of the server's says so."""
    await on.open()
    on.do(on.first, make_part)
    on.choke_last("create")
    await on.pass_time(0.5)
    on.do(on.first, sell(on.first.sql("SELECT id FROM part WHERE part_number = 'N-1'")[0][0], 2))
    await on.pass_time(60)
    await on.end()


@scenario()
async def eyes_of_the_row(on: Stage) -> None:
    """A form is open while somebody else changes the part: what he wrote may not be overwritten unseen."""
    await on.open()
    part_id = parts(on.first)[0]
    seen = on.first.ask(inventory.get, part_id)
    on.do(on.second, edit(part_id, name="theirs"))
    await on.until(lambda: on.first.ask(inventory.get, part_id).draft.name == "theirs")
    on.do(on.first, edit(part_id, seen=seen, name="mine"))
    await on.end()
    if on.first.ask(conflicts.count) != 1:
        raise Violation("nobody was asked which of two names a part is to have")


@scenario()
async def stale_base(on: Stage) -> None:
    """Two tills write the cost of one part, which either of them insists on: it must come to an end."""
    await on.open()
    part_id = parts(on.first)[0]
    on.do(on.second, edit(part_id, cost=700))
    on.do(on.first, edit(part_id, cost=800))
    await on.pass_time(5)
    if left := [*on.books.unanswered(on.first), *on.books.unanswered(on.second)]:
        raise Violation(f"two tills write over each other for ever: {left[0]}")
    await on.end()


# --- snapshots, tombstones, and the server's other lives -------------------------------------------------


@scenario(empty=True)
async def snapshot_skips_floor(on: Stage) -> None:
    """A part that a snapshot has brought is deleted, and its tombstone purged, before the last page."""

    def delete(message: Message) -> None:
        if message.path == INVENTORY:
            on.on_page = lambda message: None
            on.delete_part(0)

    on.on_page = delete
    await on.open()
    await on.end()


@scenario()
async def no_floor(on: Stage) -> None:
    """A till is away while a part is deleted and the tombstone purged."""
    await on.open()
    on.weather.order("refused", sender=on.first.name, times=FOR_EVER)
    on.delete_part(0)
    await on.pass_time(5)
    await on.end()


@scenario(empty=True)
async def resync_loop(on: Stage) -> None:
    """A first pull of several pages from a server whose tombstones were purged."""
    on.delete_part(0)
    await on.open(within=10)
    await on.end()


@scenario(empty=True)
async def mixed_epoch_pages(on: Stage) -> None:
    """The server is restored between two pages: what the first said of is not what the others continue."""
    on.second.boot()
    await on.until(lambda: on.is_level(on.second))
    for part_id in parts(on.second)[:2]:
        on.do(on.second, adjust(part_id, 5))  # these two now come last, and first again after the restore
    await on.until(lambda: on.is_level(on.second) and not on.books.unanswered(on.second))
    on.weather.order("refused", sender=on.second.name, times=FOR_EVER)

    def restore(message: Message) -> None:
        if message.path == INVENTORY:
            on.on_page = lambda message: None
            on.restore(announced=True)

    on.on_page = restore
    on.first.boot()
    await on.until(lambda: on.is_level(on.first), within=15)
    await on.end()


@scenario()
async def overtaken_unseen(on: Stage) -> None:
    """Two tills are in sync, and one sells three times; the server's file is put back to an older copy, and nobody is
    told. The other till comes first, and what it does brings the counter past all that the first has seen."""
    await on.open()
    await _overtake(on)
    await on.end()


async def _overtake(on: Stage) -> None:
    part_id = parts(on.first)[0]
    on.server.backup()
    on.weather.order("refused", sender=on.second.name, times=FOR_EVER)
    for _ in range(3):
        on.do(on.first, sell(part_id, 2))
    await on.until(lambda: not on.books.unanswered(on.first) and on.is_level(on.first))
    await _put_back(on)


async def _put_back(on: Stage) -> None:
    """The server is put back without a word, and the other till comes first."""
    part_id = parts(on.first)[0]
    before = on.server.counter
    on.weather.clear()
    on.weather.order("refused", sender=on.first.name, times=FOR_EVER)
    on.restore(announced=False)
    while on.server.counter <= before:
        on.do(on.second, adjust(part_id, 1))
        await on.until(lambda: not on.books.unanswered(on.second))
    on.weather.clear()
    on.first.sync.look_again()  # as the socket does that is there again
    on.first.sync.wake()
    await on.until(lambda: on.is_level(on.first))


@scenario(empty=True)
async def beginning_without_mark(on: Stage) -> None:
    """Between two pages of a first pull the server's file is put back to an older copy, in which a part lives that the
    first page lacked; and it counts past where the pull began before the next page is asked for."""
    del on.terminals[1:]
    handle, pulls = on.server.handle, list[Message]()

    async def delete(message: Message) -> tuple[int, dict[str, str], bytes]:
        if message.path == INVENTORY and not pulls:  # what the other pulls were told is older than this
            pulls.append(message)
            on.delete_part(0)
        return await handle(message)

    def put_back(message: Message) -> None:
        if message.path == INVENTORY:
            on.on_page = lambda message: None
            before = on.server.counter
            on.restore(announced=False)
            on.overtake(before)

    on.on_page = put_back
    with patch.object(on.server, "handle", delete):
        await on.open()
        await on.end()


@scenario()
async def never_looks_back(on: Stage) -> None:
    """The same with a server that knows no marks: it is asked about what it has confirmed when the line was away."""
    with patch.object(on.server, "handle", _unmarked(on)):
        await on.open()
        on.weather.order("lost answer", SALES, on.first.name)
        on.do(on.first, clerk.sell)  # its answer comes by a question: this server answers them
        await on.until(lambda: not on.books.unanswered(on.first) and on.is_level(on.second))
        on.first.sync.look_again()
        on.first.sync.wake()
        await on.pass_time(5)
        await _overtake(on)
        await on.end()


@scenario()
async def deaf_for_good(on: Stage) -> None:
    """It has lost all that it ever confirmed before it was asked for the first time: it names nothing, as one does that
    answers no such question. What it confirms next tells which of the two it is: until then nobody can know, so that
    what is lost here moves no stock."""
    with patch.object(on.server, "handle", _unmarked(on)):
        await on.open()
        on.server.backup()
        on.weather.order("refused", sender=on.second.name, times=FOR_EVER)
        for _ in range(3):
            on.first.do(cash.do, "pay_in", 500, drawer_id="a", actor="c", reason="change")
        await on.until(lambda: not on.books.unanswered(on.first))
        await _put_back(on)
        await on.pass_time(5)  # it is asked, and names nothing
        on.do(on.first, clerk.sell)
        await on.pass_time(60)
        await on.end()


@scenario()
async def old_answer_settles(on: Stage) -> None:
    """It is put back just after it has said that it has everything, and the line is new before that has arrived."""
    handle, asked = _unmarked(on), list[Message]()

    async def put_back(message: Message) -> tuple[int, dict[str, str], bytes]:
        answer = await handle(message)
        if b'"unconfirmed":["' in message.body and not asked and not on.books.unanswered(on.first):
            asked.append(message)
            before = on.server.counter
            on.restore(announced=False)
            on.overtake(before)
            await asyncio.sleep(5)
        return answer

    with patch.object(on.server, "handle", put_back):
        del on.terminals[1:]  # one that has confirmed nothing can ask about nothing
        await on.open()
        on.server.backup()
        on.first.do(cash.do, "pay_in", 500, drawer_id="a", actor="c", reason="change")
        await on.until(lambda: not on.books.unanswered(on.first))
        on.first.sync.wake()
        await on.pass_time(60)
        await on.end()


def _unmarked(on: Stage) -> Callable[[Message], Awaitable[tuple[int, dict[str, str], bytes]]]:
    """The server's answers, without marks."""
    handle = on.server.handle

    async def unmarked(message: Message) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = await handle(message)
        return status, headers, re.sub(rb',"(since_)?mark":(null|"[0-9a-f]*")', b"", body)

    return unmarked


# --- customers, orders, events ---------------------------------------------------------------------------


@scenario()
async def unasked_balance(on: Stage) -> None:
    """A payment arrives, every answer that could say so is lost, and the list of customers comes with it in the
    balance."""
    await on.open()
    on.weather.order("error after", SALES, on.first.name, times=3)
    on.weather.order("error before", INVENTORY, on.first.name, times=3)
    on.first.do(accounts.pay, customer(on.first), 500, "cash", "", "c", beyond_debt=True)
    await on.pass_time(5)
    await on.end()


@scenario()
async def credit_return_sign(on: Stage) -> None:
    """Something that was sold on account comes back."""
    await on.open()
    part_id, customer_id = parts(on.first)[0], customer(on.first)
    sale = on.first.do(clerk.sell_these, [(part_id, whole(2))], "credit", customer_id=customer_id)
    await on.pass_time(5)
    on.first.do(aftersales.give_back, sale.id, {1: ONE}, cashier="c", device_id="d", reason="does not fit")
    await on.end()


@scenario()
async def return_over_refund(on: Stage) -> None:
    """The smallest coin has become a larger one when what was paid in cash comes back."""
    await on.open()
    on.first.do(state.put_tax_rules, TaxRules(cash_rounding=25))
    sale = on.first.do(lambda: clerk.check_out(replace(cart(on.first), discount=Discount(25)), "cash"))
    on.first.do(state.put_tax_rules, TaxRules(cash_rounding=100))
    on.first.do(aftersales.give_back, sale.id, {1: ONE}, cashier="c", device_id="d", reason="does not fit")
    await on.end()


@scenario()
async def checkout_ignores_discount(on: Stage) -> None:
    """Two windows sell one cart, one of them with something taken off."""
    await on.open()
    on.do(on.first, clerk.sell_changed)
    await on.end()


@scenario()
async def paid_back_twice(on: Stage) -> None:
    """Two tills offline take the same payment back: the account has it once, and one of them is told."""
    await on.open()
    paid = on.first.do(accounts.pay, customer(on.first), 500, "cash", "", "c", beyond_debt=True)
    await on.until(lambda: all(terminal.sql("SELECT 1 FROM document") for terminal in on.terminals))
    on.weather.order("refused", times=FOR_EVER)
    for terminal in on.terminals:
        terminal.do(accounts.take_back, paid.id, "the wrong customer", "c")
    await on.end()
    told = [terminal.sql("SELECT 1 FROM outbox WHERE lane = 'attention'") for terminal in on.terminals]
    if sum(map(len, told)) != len(on.terminals) - 1:
        raise Violation("all but one were to hear that the payment was taken back already")


@scenario()
async def forgotten_quote(on: Stage) -> None:
    """One till quotes an order, the other sells it."""
    await on.open()
    order_id = on.server.place_order(on.rng)
    await on.until(lambda: all(terminal.sql("SELECT 1 FROM orders") for terminal in on.terminals))
    lines = [replace(line, price=777) for line in on.first.ask(orders.get, order_id).lines]
    on.first.do(orders.quote, order_id, lines, on.first.clock.now() + timedelta(days=1))
    await on.until(lambda: bool(on.second.sql("SELECT 1 FROM orders WHERE status = 'quoted'")))
    on.do(on.second, clerk.sell_order)
    await on.end()


@scenario()
async def promised_twice(on: Stage) -> None:
    """Two tills accept one order offline, and the server is restored before it hears of either."""
    order_id = on.server.place_order(on.rng)
    on.server.backup()
    await on.open()
    on.weather.order("refused", times=FOR_EVER)
    for terminal in on.terminals:
        terminal.do(orders.accept, order_id)
    on.restore(announced=True)
    await on.end()
    told = [terminal.sql("SELECT 1 FROM outbox WHERE lane = 'attention'") for terminal in on.terminals]
    if sum(map(len, told)) != 1:
        raise Violation("one of two was to hear that the order is taken")


@scenario(empty=True)
async def one_list_stops_all(on: Stage) -> None:
    """The orders are broken from the first day on: customers are made all the same."""
    on.weather.broken = "orders"
    on.first.boot()
    on.do(on.first, clerk.create_customer)
    on.second.boot()
    await on.end()


@scenario(empty=True)
async def refused_is_plain(on: Stage) -> None:
    """Something on the way takes the first look at the orders for an attack, and of the two sync calls one breaks."""
    on.weather.broken = "inventory"
    on.first.boot()
    on.do(on.first, clerk.create_customer)
    on.weather.order(stage.FORBIDDEN, "/orders", on.first.name)
    on.second.boot()
    await on.pass_time(5)
    await on.end()


@scenario()
async def first_call_tries(on: Stage) -> None:
    """The line was away long enough for the circuit to open, and comes back with a server whose inventory is broken.
    Parts wait, so that its call is the first of every round: the sales must go up. What the server can do has been
    asked before, or that question would be the first of a round, and close the circuit."""
    await on.open()
    await on.pass_time(60)
    on.weather.broken = "inventory"
    on.weather.order("refused", times=FOR_EVER)
    on.do(on.first, adjust(parts(on.first)[0], 5))
    on.do(on.first, clerk.sell)
    await on.until(lambda: on.first.api.breaker.is_open)
    await on.end()


@scenario()
async def deaf_to_pong(on: Stage) -> None:
    """The last event is lost on the way: the other till must not take five minutes to hear of the sale."""
    await on.open()
    await on.pass_time(5)
    on.weather.order("frame lost", times=FOR_EVER)
    on.do(on.second, clerk.sell)
    await on.pass_time(2)
    await on.end()


@scenario(empty=True, without_sync=True)
async def sent_blindly(on: Stage) -> None:
    """A sale arrives at a server that remembers nothing, and its answer is lost."""
    on.first.boot()
    await on.pass_time(5)
    on.weather.order("lost answer", "/sales/transactions")
    on.do(on.first, sell(parts(on.first)[0], 2))
    await on.pass_time(90)
    await on.end()
