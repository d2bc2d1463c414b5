"""Scenarios of what is written on a sale, and of who reads it."""

from __future__ import annotations

import random

from clutch_tui.core import cash
from clutch_tui.core.quantity import whole

from . import clerk
from .scenario import parts, scenario
from .stage import Stage
from .terminal import Terminal


def sell_by_card(terminal: Terminal, rng: random.Random) -> str:
    """A few sales by card and wallet, each with its reference, some with a note."""
    part_id = parts(terminal)[0]
    sold = [terminal.do(clerk.sell_these, [(part_id, whole(1))], "instapay", "visa").id for _ in range(4)]
    return f"sold {sold}"


def spend(terminal: Terminal, rng: random.Random) -> str:
    """Money goes out of the drawer for this and that."""
    for category in ("food", "rent", ""):
        terminal.do(cash.do, "pay_out", 700, drawer_id=terminal.name, actor="c", reason="x", category=category)
    return "spent"


def count(terminal: Terminal, rng: random.Random) -> str:
    """A drawer is counted by notes, and closed."""
    coins = {200_00: 2, 5_00: 1}
    terminal.do(cash.close, cash.worth_of(coins), drawer_id=terminal.name, actor="c", coins=coins)
    return "counted"


@scenario()
async def reference_unsaid(on: Stage) -> None:
    """The server knows no references yet: their words go up in the notes, and the other till reads them there."""
    on.server.begin_with(1)
    await on.open()
    await on.pass_time(10)
    on.do(on.first, sell_by_card)
    await on.until(lambda: bool(on.second.sql("SELECT 1 FROM sale")))
    await on.end()


@scenario()
async def reference_kept_back(on: Stage) -> None:
    """The server knows them, and hears what was written."""
    await on.open()
    on.do(on.first, sell_by_card)
    await on.end()


@scenario()
async def reference_unread(on: Stage) -> None:
    """And so does the other till."""
    await on.open()
    on.do(on.first, sell_by_card)
    await on.until(lambda: bool(on.second.sql("SELECT 1 FROM sale")))
    await on.end()


@scenario()
async def expense_unsaid(on: Stage) -> None:
    """The server knows no expenses yet: their words go up before the reason."""
    on.server.begin_with(1)
    await on.open()
    await on.pass_time(10)
    on.do(on.first, spend)
    await on.until(lambda: bool(on.second.sql("SELECT 1 FROM till_move")))
    await on.end()


@scenario()
async def expense_unbooked(on: Stage) -> None:
    """The drawer's own books know what was spent on what."""
    await on.open()
    on.do(on.first, spend)
    await on.end()


@scenario()
async def own_drawer_twice(on: Stage) -> None:
    """Each drawer is known once at every till, also at its own."""
    await on.open()
    on.do(on.first, spend)
    on.do(on.second, spend)
    await on.end()


@scenario()
async def count_beside_other_books(on: Stage) -> None:
    """A drawer that was paid out of is counted and closed, twice."""
    await on.open()
    for _ in range(2):
        on.do(on.first, spend)
        on.do(on.first, count)
    await on.end()
