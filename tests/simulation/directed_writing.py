"""Scenarios of what is written on a sale, and of who reads it."""

from __future__ import annotations

import random

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
