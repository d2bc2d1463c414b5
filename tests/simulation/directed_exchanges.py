"""Scenarios of exchanges: on account, at a server that knows none, and back again."""

from __future__ import annotations

import random
from typing import Any

from clutch_tui.core import aftersales, sales
from clutch_tui.core.outbox import halves
from clutch_tui.core.quantity import whole

from . import clerk
from .exchanging import swap
from .scenario import parts, scenario
from .stage import Stage
from .terminal import Terminal
from .violation import Violation


def _customer(terminal: Terminal) -> str:
    return str(terminal.sql("SELECT id FROM customer WHERE deleted = 0 ORDER BY id LIMIT 1")[0][0])


def sell_on_account(terminal: Terminal, rng: random.Random) -> str:
    """Two of the first part, to a customer who pays later."""
    sold = terminal.do(clerk.sell_these, [(parts(terminal)[0], whole(2))], "credit", customer_id=_customer(terminal))
    return f"sold {sold.id}"


def swap_last(*ways: Any) -> clerk.Deed:
    """One of what was sold last comes back for one of the second part, which is worth another sum."""

    def deed(terminal: Terminal, rng: random.Random) -> str:
        sale_id = _last(terminal)
        back = terminal.ask(sales.get, sale_id).lines[0]
        out = [(parts(terminal)[1], whole(1))]
        return f"exchanged {swap(terminal, sale_id, {back.n: whole(1)}, out, list(ways), twice=True).id}"

    return deed


def _last(terminal: Terminal) -> str:
    """The sale that was made last, of whichever till."""
    return str(terminal.sql("SELECT id FROM sale WHERE kind = 'sale' ORDER BY date DESC, id DESC LIMIT 1")[0][0])


def give_back_last(terminal: Terminal, rng: random.Random) -> str:
    """What was got in exchange comes back, and nothing is taken for it."""
    options: Any = {"cashier": "c", "device_id": "d", "reason": "does not fit either"}
    return f"took back {terminal.do(aftersales.give_back, _last(terminal), {1: whole(1)}, **options).id}"


@scenario()
async def exchange_becomes_cash(on: Stage) -> None:
    """What was bought on account and exchanged at one till comes back at the other: the debt is less, and no cash
    leaves."""
    await on.open()
    on.do(on.first, sell_on_account)
    await on.pass_time(10)
    on.do(on.first, swap_last("credit", "visa"))
    await on.pass_time(60)
    on.do(on.second, give_back_last)
    await on.end()
    if left := on.second.sql("SELECT amount FROM money_move WHERE method = 'cash'"):
        raise Violation(f"{on.second.name}: {left[0][0]} of cash moved for what was on account")


@scenario()
async def exchange_torn(on: Stage) -> None:
    """A server that knows no exchanges is told of one, and learns later."""
    on.server.begin_with(1)
    await on.open()
    on.do(on.first, sell_on_account)
    await on.pass_time(10)
    on.do(on.first, swap_last("credit"))
    await on.pass_time(60)
    await on.end()


@scenario()
async def exchange_off_no_account(on: Stage) -> None:
    """What is exchanged was on account, and the server that knows no exchanges breaks on the half that goes out."""
    on.server.begin_with(1)
    await on.open()
    on.do(on.first, sell_on_account)
    await on.pass_time(30)
    on.do(on.first, swap_last("credit"))
    (exchanged,) = on.first.sql("SELECT change_id FROM outbox WHERE kind = 'exchange'")
    on.choke(halves.change_id(exchanged[0], "sale"))
    await on.pass_time(120)
    on.mend()
    on.pass_quarter()
    await on.end()
