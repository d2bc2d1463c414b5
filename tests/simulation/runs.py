"""Many runs, in as many processes as there are cores: seeds, mutants, and the stories of the crash sweep."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TypeVar

from . import directed, mutants, outcome, sweep, world
from .changing import ChangingWorld
from .changing_mutants import KNOWN
from .plain import PlainWorld

A = TypeVar("A")
T = TypeVar("T")


class PiecesWorld(world.World):
    """A shop that sells nothing but pieces, quotes and exchanges nothing, notes no lost sales, has no price levels."""

    measures = quotes = exchanges = notes = orders = levels = False


class ChangingPiecesWorld(ChangingWorld):
    """Such a shop, whose server loses its sync calls and has them again."""

    measures = quotes = exchanges = notes = levels = False


WORLDS = {
    "sync": world.World,
    "pieces": PiecesWorld,
    "plain": PlainWorld,
    "changing": ChangingWorld,
    "changing-pieces": ChangingPiecesWorld,
}
"""Against which kind of server a seed is run."""

_runs = itertools.count(1)


def spread(jobs: int, function: Callable[[A], T], work: Iterable[A]) -> Iterator[T]:
    """`function` of each piece of work, in whatever order they are done. Ends early when nobody asks for more."""
    if jobs <= 1:
        gc.disable()  # what a run leaves behind is collected between runs, not in their middle
        yield from map(function, work)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=gc.disable)
    waiting: set[Future[T]] = set()
    pieces = iter(work)
    try:
        while True:
            waiting |= {pool.submit(function, piece) for piece in itertools.islice(pieces, 2 * jobs - len(waiting))}
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _run(seed: int, steps: int, mutant: str | None, kind: str = "sync") -> outcome.Outcome:
    if next(_runs) % 20 == 0:
        gc.collect()
    return outcome.run(seed, steps, mutant, WORLDS[kind])


# --- seeds -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seed:
    """One run to be made, and all that it depends on."""

    seed: int
    steps: int = world.STEPS
    mutant: str | None = None
    world: str = "sync"
    trace: bool = False

    @property
    def options(self) -> str:
        """The command line that makes this run again."""
        planted = f" --mutant {self.mutant}" if self.mutant else ""
        kind = f" --world {self.world}" if self.world != "sync" else ""
        return f"python -m tests.simulation --first {self.seed} --seeds 1 --steps {self.steps}{planted}{kind} --trace"


def run_seed(one: Seed) -> tuple[Seed, outcome.Outcome]:
    ended = _run(one.seed, one.steps, one.mutant, one.world)
    return one, ended if one.trace else replace(ended, lines=[])


# --- mutants ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hunt:
    """The search for one mutant."""

    mutant: str
    seeds: Sequence[int]
    steps: int


@dataclass(frozen=True, slots=True)
class Found:
    """What found a mutant; nothing did where `by` is None."""

    mutant: str
    by: str | None
    told: str
    seconds: float


def hunt(one: Hunt) -> Found:
    """Look for a mutant, and stop at what finds it first: a seed, or the scenario made for it."""
    started = time.perf_counter()
    by, told = None, ""
    if one.mutant in directed.SCENARIOS and (violation := directed.play(one.mutant, planted=True)):
        by, told = "its scenario", violation
    else:
        kind, seeds = "plain" if one.mutant in mutants.WITHOUT_SYNC else "sync", one.seeds
        if one.mutant in KNOWN:
            kind, seed = KNOWN[one.mutant]
            seeds = (seed, *one.seeds)
        for seed in seeds:
            if violation := _run(seed, one.steps, one.mutant, kind).violation:
                by, told = f"{kind if kind != 'sync' else ''} seed {seed}".strip(), violation
                break
    if "a sync round broke" in told:  # the mutant is itself out of date: it finds nothing
        by = None
    return Found(one.mutant, by, told, time.perf_counter() - started)


# --- stories ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """One story, told once for every write that may fail."""

    story: str
    times: int
    failures: Sequence[str]
    seconds: float


def tell(one: tuple[str, int]) -> Told:
    story, every = one
    started, times, failures = time.perf_counter(), 0, list[str]()
    for write, moment, violation in sweep.sweep(story, every=every):
        times += 1
        if next(_runs) % 50 == 0:
            gc.collect()
        if violation is not None:
            failures.append(f"{moment} write {write}: {violation}")
    return Told(story, times, failures, time.perf_counter() - started)
