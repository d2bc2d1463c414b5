"""Scenarios of lost sales: what was noted at one till, and what becomes of the note."""

from __future__ import annotations

import random

from clutch_tui.core import lost_sales
from clutch_tui.core.quantity import Quantity, whole

from .noting import EVERY, note_this
from .scenario import parts, scenario
from .stage import Stage
from .terminal import Terminal
from .violation import Violation


def note_three(terminal: Terminal, rng: random.Random) -> str:
    """A part that had run out, one that was too dear, and a bit of what the shop does not have."""
    first, second = parts(terminal)[:2]
    note_this(terminal, "no_stock", whole(3), part_id=first)
    note_this(terminal, "too_dear", whole(1), part_id=second, price=33_333)
    note_this(terminal, "not_carried", Quantity(1_604), text="دبرياج لادا")
    return "noted three"


def _check_shown(terminal: Terminal, expected: int) -> None:
    if (found := len(terminal.ask(lost_sales.page, EVERY, None, 0, 10))) != expected:
        raise Violation(f"{terminal.name} shows {found} lost sales, and not {expected}")


@scenario(empty=True)
async def lost_sales_swept(on: Stage) -> None:
    """Notes wait for the server to learn, and the sales come whole once more meanwhile."""
    on.server.begin_with(1)
    await on.open()
    on.do(on.first, note_three)
    await on.pass_time(10)
    on.books.lost_sales.check_waiting(on.first)
    on.restore(announced=True)
    await on.pass_time(60)
    _check_shown(on.first, 3)
    _check_shown(on.second, 0)
    await on.end()
    _check_shown(on.second, 3)


@scenario(empty=True)
async def lost_sale_rewritten(on: Stage) -> None:
    """Notes have gone up and come back; then the server is put back to before them, and hears of them once more."""
    await on.open()
    on.do(on.first, note_three)
    await on.until(lambda: bool(on.second.sql("SELECT 1 FROM lost_sale")))
    on.restore(announced=True)
    await on.pass_time(60)
    _check_shown(on.first, 3)
    await on.end()
    for terminal in on.terminals:
        _check_shown(terminal, 3)


@scenario(empty=True)
async def lost_sale_of_its_arrival(on: Stage) -> None:
    """A server that has named them takes an older program: it refuses notes, and gets them anew once it has learned."""
    await on.open()
    await on.pass_time(60)  # from now on nobody asks for an hour what the server knows
    on.server.begin_with(1)
    on.do(on.first, note_three)
    await on.pass_time(10)
    on.books.lost_sales.check_waiting(on.first)
    if not on.first.sql("SELECT 1 FROM outbox WHERE status = 'rejected'"):
        raise Violation(f"{on.first.name} has not asked a server of which it knows that it takes lost sales")
    await on.end()
    for terminal in on.terminals:
        _check_shown(terminal, 3)
