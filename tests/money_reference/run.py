"""Tickets by their seeds, and what became of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import localcontext
from pathlib import Path

from tests.fresh_store import open_new

from . import levels
from .rules import DIGITS
from .tickets import Functions, Stored, Till, live


@dataclass(slots=True)
class Told:
    """What became of some tickets."""

    tickets: int = 0
    returns: int = 0
    stored: int = 0
    failures: list[str] = field(default_factory=list)


def reckon(seeds: Sequence[int], every: int, folder: Path) -> Told:
    """Reckon these tickets, one in `every` through a database in this folder (0 for none)."""
    told = Told()
    with ExitStack() as stack:
        stack.enter_context(localcontext(DIGITS))
        store = stack.enter_context(open_new(folder / "shop.db", inline=True)) if every else None
        stored = None if store is None else Stored(store)
        for seed, till in _tills(seeds, every, stored):
            try:
                told.returns += live(random.Random(seed), till)
                levels.live(random.Random(f"levels {seed}"))
                if store is not None and till is stored:
                    levels.live_stored(random.Random(f"stored levels {seed}"), store)
            except Exception as error:
                again = f"python -m tests.money_reference --tickets 1 --first {seed} --stored {int(till is stored)}"
                told.failures.append(f"ticket {seed}: {error!r}\n  {again}")
            told.tickets += 1
            told.stored += till is stored
    return told


def _tills(seeds: Sequence[int], every: int, stored: Stored | None) -> Iterator[tuple[int, Till]]:
    for seed in seeds:
        yield seed, stored if stored is not None and seed % every == 0 else Functions()
