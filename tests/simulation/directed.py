"""Scenarios for the mistakes that no run can show, because the engine's own order keeps them from mattering: what
is planted is a guard behind a guard. Each scenario goes to the door where the guard stands."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from clutch_tui.core.database import models
from clutch_tui.core.sync import replica
from clutch_tui.core.types import PullPage, Result

from .disk import Disk, FragileStore, Guard
from .mutants import planted as planting
from .world import memory, new_disks

Scenario = Callable[[FragileStore], str | None]
SCENARIOS: dict[str, Scenario] = {}
"""For each mutant that no seed finds: what finds it; a text that says what went wrong, or None."""


def scenario(act: Scenario) -> Scenario:
    """Register a scenario under the name of the mutant that it finds."""
    SCENARIOS[act.__name__] = act
    return act


def play(name: str, *, planted: bool) -> str | None:
    """Play a scenario on a new disk, with its mistake or without."""
    folder = Path(tempfile.mkdtemp(dir=memory(), prefix="clutch-"))
    try:
        shutil.copyfile(new_disks()[0], folder / "shop.db")
        guard = Guard(Disk(folder / "shop.db"), lambda connection, touched: None)
        with planting(name if planted else None), FragileStore(folder / "shop.db", guard) as store:
            return SCENARIOS[name](store)
    finally:
        shutil.rmtree(folder)


@scenario
def no_guard(store: FragileStore) -> str | None:
    """A page is asked for twice, and the first answer comes after the second."""

    def page(cursor: int, name: str) -> PullPage:
        row = {"type": "supplier", "id": "s-1", "name": name, "version": cursor, "seq": cursor, "deleted": False}
        blank = dict.fromkeys(("contact_person", "phone", "email", "address", "payment_terms"), "")
        return PullPage("e-1", ({**blank, "rating": 0, "updated_at": None, **row},), cursor, False, None, 0, True)

    result = {"unknown": Result(status="applied", seq=3)}
    for one in (page(9, "new"), page(5, "old")):
        store.run_now(replica.receive, "suppliers", "e-1", result, one)
    stored = store.read_now(lambda: models.execute("SELECT name, seq FROM supplier").fetchall())
    cursor = store.read_now(replica.cursor, "suppliers")
    if (cursor, stored) != (9, [("new", 9)]):
        return f"a late answer delivered its rows: {stored} at {cursor}"
    return None
