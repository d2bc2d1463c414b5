"""Scenarios of price levels: rules at a server that goes back, and that learns."""

from __future__ import annotations

import random
from dataclasses import replace

from clutch_tui.core import price_rules
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import PriceRuleDraft

from . import price_levels
from .scenario import parts, scenario
from .stage import Stage
from .terminal import Terminal
from .violation import Violation


def make_two(terminal: Terminal, rng: random.Random) -> str:
    """A rule for everything, and one for a part from three pieces on."""
    terminal.do(price_rules.create, PriceRuleDraft("workshop", "all", percent=1_000))
    draft = PriceRuleDraft("retail", "part", parts(terminal)[0], price=12_34, from_quantity=whole(3))
    terminal.do(price_rules.create, draft)
    return "made two"


def sell_at_levels(terminal: Terminal, rng: random.Random) -> str:
    """What the rules are about, and what they are not, at each level."""
    for level in price_levels.LEVELS:
        first, second = parts(terminal)[:2]
        terminal.do(price_levels.sell_at, terminal, level, [(first, whole(3)), (second, whole(1))])
    return "sold at levels"


def write_and_end(terminal: Terminal, rng: random.Random) -> str:
    """Write one rule anew, and let the other end."""
    (one,), (other,) = terminal.sql("SELECT id FROM price_rule WHERE deleted = 0 ORDER BY level")
    seen = terminal.ask(price_rules.get, one)
    terminal.save(price_rules.edit, one, replace(seen.draft, price=11_11), seen=seen)
    terminal.do(price_rules.delete, other, seen=terminal.ask(price_rules.get, other))
    return "wrote one and ended the other"


def _check_rules(terminal: Terminal, expected: int) -> None:
    if (found := len(terminal.sql(price_levels.ROWS))) != expected:
        raise Violation(f"{terminal.name} has {found} price rules, and not {expected}")


@scenario(empty=True)
async def price_rules_swept(on: Stage) -> None:
    """Both tills have rules of the server's, which takes an older program and is put back to before them."""
    await on.open()
    on.do(on.first, make_two)
    await on.until(lambda: len(on.second.sql(price_levels.ROWS)) == 2)
    on.server.begin_with(1)
    on.restore(announced=True)
    await on.pass_time(60)
    for terminal in on.terminals:
        _check_rules(terminal, 2)
        on.do(terminal, sell_at_levels)
    await on.end()
    for terminal in on.terminals:
        _check_rules(terminal, 2)


@scenario(empty=True)
async def price_rules_do_not_wait(on: Stage) -> None:
    """Rules are made, written and ended at a server that does not know such; nothing of that is a delay."""
    on.server.begin_with(1)
    await on.open()
    on.do(on.first, make_two)
    await on.pass_time(10)
    on.do(on.first, write_and_end)
    await on.pass_time(10)
    price_levels.check_waiting(on.first)
    _check_rules(on.first, 1)
    _check_rules(on.second, 0)
    await on.end()
    for terminal in on.terminals:
        _check_rules(terminal, 1)
        on.do(terminal, sell_at_levels)


@scenario(empty=True)
async def ended_price_rule_counts(on: Stage) -> None:
    """A rule ends at one till, and the other sells at its level afterwards."""
    await on.open()
    on.do(on.first, make_two)
    await on.until(lambda: len(on.second.sql(price_levels.ROWS)) == 2)
    on.do(on.first, sell_at_levels)
    on.do(on.first, write_and_end)
    await on.until(lambda: len(on.second.sql(price_levels.ROWS)) == 1)
    on.do(on.second, sell_at_levels)
    await on.end()


@scenario(empty=True)
async def level_of_everybody_first(on: Stage) -> None:
    """A part has a price for everybody, and a level has a rule of its own for everything."""
    await on.open()
    on.do(on.first, make_two)
    on.do(on.first, sell_at_levels)
    await on.end()
