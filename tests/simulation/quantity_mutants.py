"""Planted mistakes about quantities: fractions, units, and servers that know neither."""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal
from typing import Any

from clutch_tui.core.database.statement import Statement, given
from clutch_tui.core.outbox import abilities, outbox, precedence, waiting_edits
from clutch_tui.core.quantity import is_whole
from clutch_tui.core.records.sync import PullPageTable
from clutch_tui.net import wire

from .planting import mutant, put, spoiled


@mutant
def fraction_cut(stack: ExitStack) -> None:
    """Quantities go out as whole numbers, as they always did."""

    def write(kind: str, row: Any) -> Any:
        written = before(kind, row)
        for line in written.get("items", ()):
            line["quantity"] = int(Decimal(line["quantity"]))
        return written

    before = put(stack, wire, "write", write)


@mutant
def fraction_to_version_1(stack: ExitStack) -> None:
    """A fraction goes to a server that does not take any."""
    put(stack, abilities, "_is_unsaid", lambda change: False)


@mutant
def void_alone(stack: ExitStack) -> None:
    """A void goes up although its sale waits here."""

    def is_unsaid(change: Any) -> bool:
        return not all(map(is_whole, abilities.quantities_in(change.kind, change.payload)))

    put(stack, abilities, "_is_unsaid", lambda change: not abilities.knows("fraction") and is_unsaid(change))


@mutant
def unit_dropped(stack: ExitStack) -> None:
    """What a server has no words for is left out, and said no more."""
    put(stack, outbox, "_wait_here", lambda change, fields: None)


@mutant
def waiting_edit_holds_up(stack: ExitStack) -> None:
    """An edit waits for every earlier one, also for one that waits until the server learns."""
    strict = spoiled(precedence.FREE, "earlier.lane = 'local'", "0")
    put(stack, precedence, "FREE_TO_SYNC", spoiled(precedence.FREE_TO_SYNC, precedence.FREE, strict))
    put(stack, precedence, "FREE", strict)


@mutant
def later_edit_undone(stack: ExitStack) -> None:
    """What has waited goes up as it was typed, over what was typed later."""
    put(stack, waiting_edits, "last_said", lambda type, record_id, n: {})


@mutant
def pages_of_two_versions(stack: ExitStack) -> None:
    """A pull goes on with its next page although its first were read in the words of another version."""
    put(
        stack,
        abilities,
        "_DROP_STAGED",
        Statement(PullPageTable.delete().where(PullPageTable.channel == given("channel"), PullPageTable.n < 0)),
    )
