"""Mistakes about a server that has the sync calls and loses them: they are looked for in the world that changes."""

from __future__ import annotations

from contextlib import ExitStack

from clutch_tui.core.outbox import precedence, transports
from clutch_tui.core.sync import moves, replica, withheld_figures

from .planting import mutant, put, spoiled

KNOWN = {
    "as_old_as_its_first_page": ("changing-pieces", 30001),
    "takes_what_is_in_doubt": ("changing-pieces", 30161),
    "moves_while_judged": ("changing-pieces", 30200),
    "epoch_ignored_in_contained": ("pieces", 4),
}
"""Mistakes that few runs find, and a world and a seed that do: in few of them so much comes together."""


@mutant
def as_old_as_its_first_page(stack: ExitStack) -> None:
    """What went up by itself between two pages of a pull is not taken to be on the last one."""

    def begin(channel: str) -> None:
        if not replica.is_staging(channel):
            before(channel)

    before = put(stack, transports, "begin", begin)


@mutant
def takes_what_is_in_doubt(stack: ExitStack) -> None:
    """Rows by sync are stored with what a sale has moved that went up by itself and has no answer."""
    put(stack, withheld_figures, "in_doubt", lambda channel: [])


@mutant
def moves_while_judged(stack: ExitStack) -> None:
    """A sale goes by sync while it is being judged by the same part's figure whether that was written."""
    free = spoiled(precedence.FREE_TO_SYNC, precedence.STILL, "SELECT NULL WHERE 0")
    put(stack, precedence, "FREE_TO_SYNC", free)


@mutant
def void_ends_alone(stack: ExitStack) -> None:
    """A void that the server took before its sale ends with its own answer, and the sale goes on alone."""
    put(stack, moves, "_WITH_ITS_SALE", "1")
