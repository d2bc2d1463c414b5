"""Scenarios of special orders: what was left at one till, and what becomes of it at the other."""

from __future__ import annotations

import random

from clutch_tui.core import customers, special_orders
from clutch_tui.core.quantity import whole
from clutch_tui.core.special_orders import SpecialOrder, Wanted

from . import ordering
from .clerk import Deed
from .scenario import customer, parts, scenario
from .stage import Stage
from .terminal import Terminal
from .violation import Violation


async def _ordered(on: Stage) -> SpecialOrder:
    """Something was ordered at the first till, with a deposit, and both know of it."""
    await on.open()
    wanted = Wanted(parts(on.first)[0], "", whole(2), 5_000)
    made = ordering.place_this(on.first, wanted, customer(on.first), 3_000)
    await on.until(lambda: bool(on.second.sql("SELECT 1 FROM deposit")))
    return made


def _doing(deed: object, order_id: str) -> Deed:
    def done(terminal: Terminal, rng: random.Random) -> str:
        return str(deed(terminal, rng, order_id))  # type: ignore[operator]

    return done


def _check(on: Stage, order: SpecialOrder, status: str, owed: int) -> None:
    for terminal in on.terminals:
        now = terminal.ask(special_orders.get, order.id)
        balance = terminal.ask(customers.get, order.customer_id).balance
        if (now.status, balance) != (status, owed):
            raise Violation(f"{terminal.name} shows {order.id} as {now.status}, and that {balance} is owed")


@scenario()
async def deposit_pays_debt(on: Stage) -> None:
    """A deposit is left, and pays nothing until its sale."""
    order = await _ordered(on)
    on.do(on.second, _doing(ordering.fetch, order.id))
    await on.end()
    _check(on, order, "fetched", 0)


@scenario()
async def deposit_not_used(on: Stage) -> None:
    """Left at one till, fetched at the other: the account is as it was before either."""
    order = await _ordered(on)
    on.do(on.second, _doing(ordering.fetch, order.id))
    await on.end()
    _check(on, order, "fetched", 0)


@scenario()
async def forfeit_moves_nothing(on: Stage) -> None:
    """The customer did not come, and the shop keeps what he has left."""
    order = await _ordered(on)

    def keep(terminal: Terminal, rng: random.Random) -> str:
        terminal.do(special_orders.cancel, order.id, "ما جاش", "سارة", deposit="forfeit")
        return f"kept the deposit on {order.id}"

    on.do(on.second, keep)
    await on.end()
    _check(on, order, "cancelled", 0)


@scenario(empty=True)
async def special_orders_swept(on: Stage) -> None:
    """An order waits for the server to learn, and the sales come whole once more meanwhile."""
    on.server.begin_with(1)
    await on.open()
    wanted = Wanted(parts(on.first)[0], "", whole(2), 5_000)
    made = ordering.place_this(on.first, wanted, customer(on.first), 3_000)
    await on.pass_time(10)
    on.restore(announced=True)
    await on.pass_time(60)
    if on.first.ask(special_orders.get, made.id).deposit != 3_000:
        raise Violation(f"{on.first.name} has lost what was left for {made.id}")
    await on.end()
    _check(on, made, "ordered", 0)


@scenario()
async def second_use_unflagged(on: Stage) -> None:
    """Both tills sell one order that neither knows to be sold: the second is flagged, and the money is owed."""
    order = await _ordered(on)
    for terminal in on.terminals:
        on.do(terminal, _doing(ordering.fetch, order.id))
    await on.end()
    _check(on, order, "fetched", 3_000)
