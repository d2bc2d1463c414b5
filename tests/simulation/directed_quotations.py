"""Scenarios of quotations: what was offered at one till, and what others make of it later."""

from __future__ import annotations

import random

from clutch_tui.core import inventory, quotation_carts, quotations
from clutch_tui.core.quantity import Quantity, whole
from clutch_tui.core.types import Discount

from . import clerk
from .directed_queue import void_first
from .quoting import Offer, quote_these, sell_quoted
from .scenario import edit, parts, scenario
from .stage import Stage
from .terminal import Terminal
from .violation import Violation


def quote_two(terminal: Terminal, rng: random.Random) -> str:
    """Three of the first part with a percentage off, a bit of the third if that is measured, a pound off it all."""
    first, third = parts(terminal)[0], parts(terminal)[2]
    bit = Quantity(1_604) if terminal.ask(inventory.get, third).draft.decimals else whole(2)
    offers = [Offer(first, whole(3), 33_333, Discount(percent=777)), Offer(third, bit, 205, Discount(5))]
    return f"quoted {quote_these(terminal, offers, Discount(100)).id}"


def sell_last(*methods: str, at_its_prices: bool = True) -> clerk.Deed:
    """Sell the quotation that was made last."""

    def deed(terminal: Terminal, rng: random.Random) -> str:
        return sell_quoted(terminal, last(terminal), *(methods or ("visa",)), at_its_prices=at_its_prices)

    return deed


def lose_last(terminal: Terminal, rng: random.Random) -> str:
    return f"lost {terminal.do(quotations.lose, last(terminal), 'too dear', 'c').id}"


def last(terminal: Terminal) -> str:
    return str(terminal.sql("SELECT id FROM quotation ORDER BY at DESC, id DESC LIMIT 1")[0][0])


async def _until_known(on: Stage) -> None:
    """Wait until every till has heard of the quotation: nothing is told of one over the live connection."""
    await on.until(lambda: all(one.sql("SELECT 1 FROM quotation") for one in on.terminals))


def _check_status(on: Stage, *expected: str) -> None:
    """Each till has its quotations in these states, the newest first."""
    for terminal in on.terminals:
        rows = terminal.ask(quotations.page, quotations.QuotationQuery(), None, 0, 10)
        if (found := tuple(row.status for row in rows)) != expected:
            raise Violation(f"{terminal.name} has {found} of {expected}")


@scenario(empty=True)
async def recall_reprices(on: Stage) -> None:
    """A price goes up while a quotation is at its customer's home; it is sold at another till, at its price."""
    await on.open()
    on.do(on.first, quote_two)
    await _until_known(on)
    on.do(on.second, edit(parts(on.second)[0], price=999))
    await on.pass_time(10)
    on.do(on.second, sell_last("cash"))
    await on.pass_time(60)
    on.do(on.first, sell_last(at_its_prices=False))
    await on.end()
    _check_status(on, "sold")


@scenario(empty=True)
async def sold_after_void(on: Stage) -> None:
    """A sale of a quotation that was lost before is voided at another till, and the quotation is sold once more."""
    await on.open()
    on.do(on.first, quote_two)
    on.do(on.first, lose_last)
    on.do(on.first, sell_last())
    await on.pass_time(60)
    on.do(on.second, void_first(parts(on.second)[0]))
    await on.pass_time(60)
    _check_status(on, "lost")
    on.do(on.second, sell_last())
    await on.end()
    _check_status(on, "sold")


@scenario(empty=True)
async def sweep_own(on: Stage) -> None:
    """A quotation waits for the server to learn, and the sales come whole once more meanwhile."""
    on.server.begin_with(1)
    await on.open()
    on.do(on.first, quote_two)
    await on.pass_time(10)
    on.restore(announced=True)
    await on.pass_time(60)
    on.do(on.first, sell_last())
    await on.end()
    _check_status(on, "sold")


@scenario(empty=True)
async def sweep_none(on: Stage) -> None:
    """A quotation is lost with its till's disk and with the server: both were put back to before it."""
    await on.open()
    on.copy_disk(on.first)
    on.do(on.first, quote_two)
    await _until_known(on)
    _check_status(on, "open")
    on.put_back_disk(on.first)
    on.restore(announced=True)
    await on.end()
    _check_status(on)


@scenario(empty=True)
async def paper_rewritten(on: Stage) -> None:
    """A quotation has gone up and come back: its till still knows the percentage that was typed."""
    await on.open()
    on.do(on.first, quote_two)
    await on.pass_time(10)
    (line, _) = on.first.ask(quotation_carts.recall, last(on.first)).quoted.lines
    if line.discount != Discount(percent=777):
        raise Violation(f"{on.first.name} takes {line.discount} off what it has quoted with a percentage")
    await on.end()
    _check_status(on, "open")
