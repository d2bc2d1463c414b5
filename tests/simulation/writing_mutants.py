"""Planted mistakes about what is written on a sale: a word that is lost on its way."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from clutch_tui.core import cash, receipts, till_moves
from clutch_tui.core.outbox import additions
from clutch_tui.core.sync import replica_rows

from .planting import mutant, put


@mutant
def reference_unsaid(stack: ExitStack) -> None:
    """For a server that does not know references they are taken off, and stand nowhere else."""

    def in_words(body: Any, unknown: Any) -> dict[str, Any]:
        return {**before(body, unknown), "notes": body["notes"]}

    before = put(stack, additions, "in_words", in_words)


@mutant
def reference_kept_back(stack: ExitStack) -> None:
    """A payment goes up without its reference: it is known where it was taken, and nowhere else."""
    put(stack, receipts, "_said", lambda **texts: {name: text for name, text in texts.items() if name != "reference"})


@mutant
def reference_unread(stack: ExitStack) -> None:
    """What another till has taken comes without its references."""

    def store(rows: Any) -> None:
        before([{**row, "payments": [{**one, "reference": ""} for one in row["payments"]]} for row in rows])

    before = put(stack, replica_rows, "_store_sale_lines", store)


@mutant
def expense_unsaid(stack: ExitStack) -> None:
    """For a server that does not know expenses the word is taken off, and stands nowhere else."""

    def in_words(body: Any, unknown: Any) -> dict[str, Any]:
        said = before(body, unknown)
        return {**said, "reason": body["reason"]} if "reason" in body else said

    before = put(stack, additions, "in_words", in_words)


@mutant
def expense_unbooked(stack: ExitStack) -> None:
    """What money was spent on goes up, and is not in the books of its own drawer."""

    def record(*args: Any, **said: Any) -> None:
        before(*args, **{**said, "category": ""})

    before = put(stack, cash, "record", record)


@mutant
def own_drawer_twice(stack: ExitStack) -> None:
    """What was done with the own drawer counts as another till's, too."""

    class Never:
        """Finds nothing."""

        def first(self, **values: Any) -> None:
            return None

    put(stack, till_moves, "_OURS", Never())


@mutant
def count_beside_other_books(stack: ExitStack) -> None:
    """What was paid out is left out of what the drawer is compared with."""
    before = put(stack, cash, "_added", lambda rows: before(row for row in rows if row[0] != "pay_out"))
