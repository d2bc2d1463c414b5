"""Scenarios of the queue: whose turn it is, and what may have come already."""

from __future__ import annotations

import random
import re
from unittest.mock import patch

from clutch_tui.core import aftersales
from clutch_tui.net.sync import sync_calls

from . import clerk
from .network import Message
from .scenario import adjust, parts, scenario, sell
from .stage import FOR_EVER, Stage
from .terminal import Terminal
from .violation import Violation

INVENTORY, SALES = "/inventory/sync", "/sales/sync"


@scenario()
async def postpone_unbounded(on: Stage) -> None:
    """A busy server asks to be tried again tomorrow."""
    await on.open()
    handle = on.server.handle

    async def patient(message: Message) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = await handle(message)
        return status, headers, re.sub(rb'"after":[0-9.]+', b'"after":86400', body)

    with patch.object(on.server, "handle", patient):
        on.weather.order("busy", SALES, on.first.name)
        on.do(on.first, sell(parts(on.first)[0], 1))
        await on.pass_time(5)
    on.pass_quarter()
    await on.end()


@scenario()
async def slow_lane_starves(on: Stage) -> None:
    """The server is mended while the till has something to send in every single round."""
    await on.open()
    await _make_slow(on, 1)
    on.mend()
    round_of = on.first.sync.round

    async def busy() -> None:
        on.do(on.first, sell(parts(on.first)[0], 1))
        await round_of()

    with patch.object(on.first.sync, "round", busy):
        on.pass_quarter()
        await on.pass_time(3)
        if on.first.sql("SELECT 1 FROM outbox WHERE lane = 'slow'"):
            raise Violation("the slow lane never has its turn while the till is busy")
    await on.end()


@scenario()
async def slow_same_first(on: Stage) -> None:
    """Of two changes that broke the server one still does: the other must not wait behind it."""
    await on.open()
    broken, mended = await _make_slow(on, 2)
    on.mend()
    on.choke(broken)
    on.pass_quarter()
    await on.pass_time(10)
    if (mended,) in on.first.sql("SELECT change_id FROM outbox WHERE answered_at IS NULL"):
        raise Violation(f"{mended} waits behind {broken}, on which the server breaks every time")
    await on.end()


async def _make_slow(on: Stage, wanted: int) -> list[str]:
    """Sales on which the server breaks until they are in the slow lane; their changes, the oldest first."""
    for _ in range(wanted):
        on.do(on.first, sell(parts(on.first)[0], 1))
        on.choke_last("sale")
    slow = "SELECT change_id FROM outbox WHERE lane = 'slow' AND answered_at IS NULL ORDER BY n"
    await on.until(lambda: len(on.first.sql(slow)) == wanted)
    return [row[0] for row in on.first.sql(slow)]


@scenario()
async def offer_complete(on: Stage) -> None:
    """More sales are unanswered than one call may ask about, and the parts come in with all of them counted."""
    with patch.object(sync_calls, "ASKED", 3):
        await on.open()
        on.weather.order("lost answer", SALES, on.first.name, times=FOR_EVER)
        for _ in range(8):
            on.do(on.first, sell(parts(on.first)[0], 1))
        await on.pass_time(30)
        await on.end()


@scenario()
async def confirmed_elsewhere(on: Stage) -> None:
    """Another shop of the same server has a change under the id of one that has not come here yet."""
    await on.open()
    on.weather.order("error before", SALES, on.first.name, times=FOR_EVER)
    on.do(on.first, sell(parts(on.first)[0], 2))
    await on.until(lambda: bool(on.first.sql("SELECT 1 FROM outbox WHERE first_sent_at IS NOT NULL")))
    on.server.knows_elsewhere(next(reversed(on.books.committed)))
    await on.pass_time(30)
    await on.end()


@scenario()
async def unread_row_is_here(on: Stage) -> None:
    """The row that contains an own sale makes no sense to this till."""
    await on.open()
    on.weather.order("unreadable", INVENTORY, on.first.name, times=FOR_EVER)
    on.do(on.first, sell(parts(on.first)[0], 2))
    await on.pass_time(40)
    await on.end()


@scenario(empty=True, without_sync=True)
async def moves_in_doubt(on: Stage) -> None:
    """A figure is written and does not arrive; what comes back to the shelf meanwhile makes just that figure."""
    on.first.boot()
    await on.pass_time(5)
    part_id, other = parts(on.first)[:2]
    for one in (part_id, other):
        on.do(on.first, sell(one, 3))
        await on.pass_time(5)
    on.do(on.first, void_first(other))
    await on.pass_time(30)
    handle, lost = on.server.handle, list[str]()

    async def losing(message: Message) -> tuple[int, dict[str, str], bytes]:
        if message.method == "PUT" and not lost:
            lost.append(message.path)
            return 502, {}, b""
        return await handle(message)

    with patch.object(on.server, "handle", losing):
        on.do(on.first, adjust(part_id, 3))
        on.do(on.first, void_first(part_id))  # it goes up in the round in which the figure has failed
        await on.pass_time(90)
    await on.end()


def void_first(part_id: str) -> clerk.Deed:
    """Void the sale of a part."""

    def deed(terminal: Terminal, rng: random.Random) -> str:
        (sale_id,) = terminal.sql("SELECT sale_id FROM sale_line WHERE part_id = ? ORDER BY sale_id", (part_id,))[0]
        terminal.do(aftersales.void, sale_id, "a mistake", "c")
        return f"voided {sale_id}"

    return deed


@scenario()
async def void_ends_alone(on: Stage) -> None:
    """The server breaks on a sale, and takes the void of it meanwhile."""
    await on.open()
    part_id = parts(on.first)[0]
    on.do(on.first, sell(part_id, 1))
    on.choke_last("sale")
    on.do(on.first, void_first(part_id))
    await on.until(lambda: bool(on.first.sql("SELECT 1 FROM outbox WHERE kind = 'void' AND status = 'applied'")))
    await on.until(lambda: on.is_level(on.first))
    on.mend()
    await on.end()
