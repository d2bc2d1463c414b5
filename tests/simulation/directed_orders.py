"""Scenarios of orders of the marketplace: one till quotes, the other sells what was quoted."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from clutch_tui.core import orders
from clutch_tui.core.quantity import whole

from . import clerk
from .scenario import parts, scenario
from .stage import Stage
from .terminal import Terminal


async def _quoted_otherwise(on: Stage) -> None:
    """Of two lines the first can be had, of another part and another quantity, and the second cannot."""
    await on.open()
    order_id = on.server.place_order(on.rng)
    await on.until(lambda: all(terminal.sql("SELECT 1 FROM orders") for terminal in on.terminals))
    asked = on.first.ask(orders.get, order_id).lines
    other = next(part_id for part_id in parts(on.first) if part_id not in {line.part_id for line in asked})

    def quote(terminal: Terminal, rng: random.Random) -> str:
        first, second = (replace(line, price=777) for line in asked)
        lines = (replace(first, part_id=other, quantity=whole(5), brand="Bosch"), replace(second, available="no"))
        terminal.do(orders.quote, order_id, lines, terminal.clock.now() + timedelta(days=1))
        return f"quoted {order_id}"

    on.do(on.first, quote)
    await on.until(lambda: bool(on.second.sql("SELECT 1 FROM orders WHERE status = 'quoted'")))
    on.do(on.second, clerk.sell_order)
    await on.end()


@scenario()
async def other_part_sold(on: Stage) -> None:
    """Another part was quoted than was asked for."""
    await _quoted_otherwise(on)


@scenario()
async def not_offered_sold(on: Stage) -> None:
    """One of two lines was quoted, and the other cannot be had."""
    await _quoted_otherwise(on)
