"""Run seeds: `python -m tests.simulation --seeds N [--first SEED] [--steps N] [--mutant NAME]`.

The exit code is 0 only if every seed is clean. With a mutant the run ends at the first seed that finds it.
`--sweep` tells each story of `sweep` once for every single write that may fail (`--every N`: every N-th).
`--hunt` plants one mutant after the other; its exit code is 0 only if each was found within the seeds.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter

from . import mutants, sweep, world


def main() -> int:
    given = _arguments()
    gc.disable()  # what a run leaves behind is collected between runs, not in their middle
    if given.sweep is not None:
        return _sweep(given.sweep or list(sweep.STORIES), given.every)
    if given.hunt is not None:
        return _hunt(given.hunt or [name for name in mutants.MUTANTS if name not in mutants.DIRECTED], given)
    started, failed, counts = time.perf_counter(), 0, Counter[str]()
    for seed in range(given.first, given.first + given.seeds):
        outcome = world.run(seed, given.steps, given.mutant)
        counts.update(outcome.counts)
        if seed % 20 == 0:
            gc.collect()
        if outcome.violation is not None:
            failed += 1
            print(f"seed {seed}: {outcome.violation}")
            planted = f" --mutant {given.mutant}" if given.mutant else ""
            print(
                f"  python -m tests.simulation --first {seed} --seeds 1 --steps {given.steps}{planted} --trace",
                flush=True,
            )
        if given.trace:
            print("\n".join(outcome.lines))
        if failed and given.mutant:
            break
    seconds = time.perf_counter() - started
    happened = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
    seeds = seed - given.first + 1
    print(f"{seeds} seeds, {failed} failed, {seconds:.0f} s, {seeds / seconds:.1f} seeds/s; {happened}")
    return 1 if failed else 0


def _hunt(names: list[str], given: argparse.Namespace) -> int:
    """Look for each mutant; say which seed found it."""
    missed = []
    for name in names:
        started = time.perf_counter()
        found = next(
            (seed for seed in range(given.first, given.first + given.seeds) if _finds(seed, given.steps, name)), None
        )
        if found is None:
            missed.append(name)
        told = "MISSED" if found is None else f"seed {found}"
        print(f"{name:24} {told:12} {time.perf_counter() - started:6.1f} s", flush=True)
    print(f"{len(names) - len(missed)} of {len(names)} mutants found" + (f"; missed: {missed}" if missed else ""))
    return 1 if missed else 0


def _sweep(names: list[str], every: int) -> int:
    """Let every write of every story fail."""
    failed = told = 0
    for name in names:
        started, before = time.perf_counter(), told
        for write, moment, violation in sweep.sweep(name, every=every):
            told += 1
            if told % 100 == 0:
                gc.collect()
            if violation is not None:
                failed += 1
                print(f"{name}, {moment} write {write}: {violation}", flush=True)
        print(f"{name:34} {told - before:6} times {time.perf_counter() - started:6.1f} s", flush=True)
    print(f"{len(names)} stories told {told} times, {failed} failed")
    return 1 if failed else 0


def _finds(seed: int, steps: int, name: str) -> bool:
    if seed % 20 == 0:
        gc.collect()
    return world.run(seed, steps, name).violation is not None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--steps", type=int, default=60, help="what happens in each before the calm")
    parser.add_argument("--mutant", choices=sorted(mutants.MUTANTS), help="plant this mistake")
    parser.add_argument("--hunt", nargs="*", choices=sorted(mutants.MUTANTS), help="look for these mistakes, or all")
    parser.add_argument("--sweep", nargs="*", choices=sorted(sweep.STORIES), help="tell these stories, or all")
    parser.add_argument("--every", type=int, default=1, help="let only every N-th write of a story fail")
    parser.add_argument("--trace", action="store_true", help="print everything that happened")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
