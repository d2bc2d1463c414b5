"""One run from its new disks to its outcome: a world lives, and what becomes of it is told."""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from unittest.mock import patch

from clutch_tui.core import state
from clutch_tui.core.database import db
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import part_staging
from clutch_tui.core.sync.replica import CHANNELS
from clutch_tui.core.types import TaxRules
from tests.memory import memory

from .disk import Crash
from .mutants import planted
from .terminal import FEW, Terminal
from .violation import Violation
from .virtual_time import NothingLeft
from .world import PATIENCE, STEPS, World


@dataclass(slots=True)
class Outcome:
    """How a run ended."""

    seed: int
    violation: str | None
    trace: str
    """A hash of everything that happened, in its order."""
    lines: list[str]
    counts: dict[str, int] = field(default_factory=dict)


Kind = Callable[[int, int, Path, Sequence[Path]], World]
"""What makes the world of a run: a class of worlds, or one that knows what is to happen in it."""


class Broken(logging.Handler):
    """What the engine and the server call their own mistakes: no fault of ours may ever cause one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.first: str | None = None
        self.heard_enough = False

    def emit(self, record: logging.LogRecord) -> None:
        if self.first is None and not self.heard_enough:
            self.first = f"{record.getMessage()}: {record.exc_info[1]!r}" if record.exc_info else record.getMessage()


@contextmanager
def mistakes_heard() -> Iterator[Broken]:
    """Hear what the program calls its own mistakes."""
    broken = Broken()
    logging.getLogger("clutch_tui").addHandler(broken)
    try:
        yield broken
    finally:
        logging.getLogger("clutch_tui").removeHandler(broken)


async def listen(world: World, broken: Broken) -> None:
    """Live, and hear what is called a mistake meanwhile. A violation leaves the program in the middle of a commit:
    what it says of that is no second one."""
    try:
        await world.live()
    finally:
        broken.heard_enough = True


def run(seed: int, steps: int = STEPS, mutant: str | None = None, kind: Kind | None = None) -> Outcome:
    """Run one seed in this kind of world, with a mistake planted or without."""
    disks = new_disks()
    with tempfile.TemporaryDirectory(dir=memory(), prefix="clutch-") as folder, mistakes_heard() as broken:
        world = (kind or World)(seed, steps, Path(folder), disks)
        violation = None
        try:
            asyncio.set_event_loop(world.loop)
            with planted(mutant), patch.object(part_staging, "FEW", FEW):
                world.loop.run_until_complete(listen(world, broken))
        except (Violation, NothingLeft, Crash) as error:
            violation = str(error) or repr(error)
        finally:
            world.close()
            asyncio.set_event_loop(None)
        violation = broken.first if broken.first is not None else violation
    trace = hashlib.sha256("\n".join(world.lines).encode()).hexdigest()
    return Outcome(seed, violation, trace, world.lines, world.counts)


@cache
def new_disks() -> tuple[Path, ...]:
    """What a terminal begins with: a database that was made and never used, or, three times as often, one after
    its first pull. The latter has no lineage of its own yet, so that no two terminals share one."""
    folder = Path(tempfile.mkdtemp(dir=memory(), prefix="clutch-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    empty, stocked = folder / "empty.db", folder / "stocked.db"
    with Store.open(empty, inline=True) as store:
        store.run_now(state.put_tax_rules, TaxRules(1400, cash_rounding=25))
    world = World(0, 0, folder, [empty])
    world.weather.calm, world.weather.broken = True, ""
    terminal = world.terminals[0]
    world.loop.run_until_complete(_first_pull(world, terminal))
    terminal.do(db.execute, "DELETE FROM sync_state WHERE name IN ('lineage', 'receipt_prefix', 'receipt_counter')")
    terminal.disk.copy_to(stocked)
    world.close()
    return empty, stocked, stocked, stocked


async def _first_pull(world: World, terminal: Terminal) -> None:
    terminal.boot()
    while len(world.books.remember(terminal.name).cursors) < len(CHANNELS):
        if world.loop.elapsed > PATIENCE:
            raise Violation("a first pull over a good line does not end")
        await world.pass_time(1.0)
