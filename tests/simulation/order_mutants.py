"""Planted mistakes about the quotes for orders of the marketplace: what is sold is not what was quoted."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from clutch_tui.core import orders

from .planting import mutant, put


@mutant
def other_part_sold(stack: ExitStack) -> None:
    """What is sold is the part that was asked for, also where another was offered."""

    def agreed(order: Any) -> Any:
        wanted, left_out = before(order)
        asked = {line.name: line.part_id for line in order.lines}
        return [replace(line, part_id=asked.get(line.name) or line.part_id) for line in wanted], left_out

    before = put(stack, orders, "_agreed", agreed)


@mutant
def not_offered_sold(stack: ExitStack) -> None:
    """What was said not to be had is sold all the same."""

    def agreed(order: Any) -> Any:
        wanted, left_out = before(order)
        return [*wanted, *left_out], []

    before = put(stack, orders, "_agreed", agreed)
