"""What a scenario is, and what scenarios have in common.

A scenario bears the name of the mutant that it finds: it ends well in the program as it is, and breaks a promise with
the mistake planted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import inventory
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import Cart, PartDraft

from . import clerk, stage
from .stage import Act
from .terminal import Terminal


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario, and the stage that it wants."""

    act: Act
    empty: bool
    """The tills begin with a database that was made and never used."""
    without_sync: bool


SCENARIOS: dict[str, Scenario] = {}
"""For each mutant that seeds find late or never: what finds it."""


def scenario(*, empty: bool = False, without_sync: bool = False) -> Callable[[Act], Act]:
    """Register a scenario under the name of the mutant that it finds."""

    def register(act: Act) -> Act:
        SCENARIOS[act.__name__] = Scenario(act, empty, without_sync)
        return act

    return register


def play(name: str, *, planted: bool) -> str | None:
    """Play a scenario, with its mistake or without: what went wrong, or None."""
    one = SCENARIOS[name]
    mutant = name if planted else None
    return stage.play(one.act, empty=one.empty, without_sync=one.without_sync, mutant=mutant).violation


# --- what the scenarios have in common -------------------------------------------------------------------


def parts(terminal: Terminal) -> list[str]:
    return [row[0] for row in terminal.sql("SELECT id FROM part WHERE deleted = 0 ORDER BY id")]


def customer(terminal: Terminal) -> str:
    return str(terminal.sql("SELECT id FROM customer ORDER BY id")[0][0])


def cart(terminal: Terminal) -> Cart:
    return carts.add_line(Cart(terminal.new_id()), inventory.get(parts(terminal)[0]))


def edit(part_id: str, *, seen: Any = None, **fields: Any) -> clerk.Deed:
    """Save the form of a part, as it was when it was opened, or as it is now."""

    def deed(terminal: Terminal, rng: random.Random) -> str:
        opened = seen or terminal.ask(inventory.get, part_id)
        terminal.save(inventory.edit, part_id, replace(opened.draft, **fields), seen=opened)
        return f"edited {part_id} {fields}"

    return deed


def adjust(part_id: str, delta: int) -> clerk.Deed:
    def deed(terminal: Terminal, rng: random.Random) -> str:
        terminal.do(inventory.adjust, part_id, whole(delta), "found")
        return f"adjusted {part_id}"

    return deed


def make_part(terminal: Terminal, rng: random.Random) -> str:
    part = terminal.do(inventory.create, PartDraft(name="جديد", part_number="N-1", price=500), whole(5))
    return f"created {part.id}"


def sell(part_id: str, quantity: int) -> clerk.Deed:
    def deed(terminal: Terminal, rng: random.Random) -> str:
        return f"sold {terminal.do(clerk.sell_these, [(part_id, whole(quantity))], 'cash').id}"

    return deed
