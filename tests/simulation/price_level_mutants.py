"""Planted mistakes about price levels: which rule counts, and what becomes of rules."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from clutch_tui.core import pricing
from clutch_tui.core.outbox import abilities
from clutch_tui.core.sync import replica

from .planting import mutant, put, spoiled


@mutant
def level_of_everybody_first(stack: ExitStack) -> None:
    """A rule for everybody counts before one of the customer's own level."""

    def rule_for(rules: Any, level: str, quantity: int) -> Any:
        known = tuple(rules)
        return before(known, "retail", quantity) or before(known, level, quantity)

    before = put(stack, pricing, "rule_for", rule_for)


@mutant
def typed_price_is_lost(stack: ExitStack) -> None:
    """A price that was typed gives way to a rule's."""

    def repriced(line: Any, *known: Any) -> Any:
        return before(replace(line, is_price_kept=False), *known)

    before = put(stack, pricing, "_repriced", repriced)


@mutant
def ended_price_rule_counts(stack: ExitStack) -> None:
    """A rule that was deleted goes on counting."""
    put(stack, pricing, "_ABOUT", spoiled(pricing._ABOUT, " AND deleted = 0", ""))


@mutant
def level_is_the_customers(stack: ExitStack) -> None:
    """A line says the level of its customer also where no rule has said its price."""

    def price_for(rules: Any, own: int, level: str, quantity: int) -> Any:
        return replace(before(rules, own, level, quantity), level=level)

    before = put(stack, pricing, "price_for", price_for)


@mutant
def price_rules_swept(stack: ExitStack) -> None:
    """A snapshot of a server that knows no price rules forgets those that are known here."""
    put(stack, replica, "_is_whole", lambda type, snapshot: snapshot)


@mutant
def price_rules_do_not_wait(stack: ExitStack) -> None:
    """What is asked of a rule after what waits here already stands in the queue as if it were about to go up."""
    put(stack, abilities, "must_wait", lambda type: False)
