"""`python -m tests.simulation` runs seeds, looks for mutants, and sweeps the crash points.

    python -m tests.simulation --seeds N [--first SEED] [--world plain|changing] [--mutant NAME] [--trace] [--jobs N]
    python -m tests.simulation --mutants [NAME ...]   plant one mistake after the other until something finds it
    python -m tests.simulation --scenario [NAME ...]  play what is directed at one mistake each, without the mistake
    python -m tests.simulation --sweep [STORY ...]    let every single write of every story fail (`--every N`)
    python -m tests.simulation --ci                   as much of all this as three minutes on two cores allow

The exit code is 0 only if every seed is clean, every mutant is found, every story ends well. A seed that fails
prints the command that makes its run again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence

from . import directed, runs, sweep, world
from .mutants import MUTANTS

CI_SEEDS = 100
CI_PLAIN = 100
"""As many are those of a server without sync: most servers are."""
CI_CHANGING = 60
CI_EVERY = 60
"""In the small size, every so manieth write of a story fails."""
CI_HUNT = 40
"""So many seeds have to do for each mutant that has no scenario of its own."""


def main() -> int:
    """Do what was asked for."""
    given = _arguments()
    if given.ci:
        return _ci(given.jobs)
    if given.sweep is not None:
        return _sweep(given.sweep or list(sweep.STORIES), given.every, given.jobs)
    seeds = range(given.first, given.first + given.seeds)
    if given.scenario is not None:
        return _play(given.scenario or list(directed.SCENARIOS))
    if given.mutants is not None:
        return _hunt(given.mutants or list(MUTANTS), seeds, given.steps, given.jobs)
    wanted = [runs.Seed(seed, given.steps, given.mutant, given.world, given.trace) for seed in seeds]
    return _run(wanted, given.jobs)


def _run(seeds: Sequence[runs.Seed], jobs: int) -> int:
    """Run seeds; with a mutant planted, only until one finds it."""
    started, done, failed, counts = time.perf_counter(), 0, 0, Counter[str]()
    try:
        for one, outcome in runs.spread(jobs, runs.run_seed, seeds):
            done += 1
            counts.update(outcome.counts)
            if one.trace:
                print("\n".join(outcome.lines))
            if outcome.violation is not None:
                failed += 1
                print(f"seed {one.seed}: {outcome.violation}\n  {one.options}", flush=True)
                if one.mutant:
                    break
    except KeyboardInterrupt:
        print("stopped by hand")
    seconds = time.perf_counter() - started
    happened = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
    print(f"{done} seeds, {failed} failed, {seconds:.0f} s, {done / seconds:.1f} seeds/s; {happened}", flush=True)
    return 1 if failed or not done else 0


def _hunt(names: Sequence[str], seeds: Sequence[int], steps: int, jobs: int) -> int:
    """Look for each mutant, and say what found it."""
    missed = []
    print(f"{'mutant':24} {'found by':14} {'seconds':>7}  what was told")
    for found in runs.spread(jobs, runs.hunt, [runs.Hunt(name, seeds, steps) for name in names]):
        missed += [found.mutant] if found.by is None else []
        by = found.by or f"MISSED in {len(seeds)} seeds"
        print(f"{found.mutant:24} {by:14} {found.seconds:7.1f}  {found.told[:100]}", flush=True)
    told = f"; missed: {', '.join(missed)}" if missed else ""
    print(f"{len(names) - len(missed)} of {len(names)} mutants found{told}", flush=True)
    return 1 if missed else 0


def _sweep(names: Sequence[str], every: int, jobs: int) -> int:
    """Let the writes of every story fail."""
    times = failed = 0
    for told in runs.spread(jobs, runs.tell, [(name, every) for name in names]):
        times, failed = times + told.times, failed + len(told.failures)
        for failure in told.failures:
            print(f"{told.story}, {failure}\n  python -m tests.simulation --sweep {told.story}", flush=True)
        print(f"{told.story:34} {told.times:6} times {told.seconds:6.1f} s", flush=True)
    print(f"{len(names)} stories told {times} times, {failed} failed", flush=True)
    return 1 if failed else 0


def _play(names: Sequence[str]) -> int:
    """Play the scenarios on the program as it is: each must end well."""
    started, bad = time.perf_counter(), 0
    for name in names:
        if (violation := directed.play(name, planted=False)) is not None:
            bad += 1
            print(f"scenario {name}: {violation}\n  python -m tests.simulation --scenario {name}", flush=True)
    print(f"{len(names)} scenarios, {bad} failed, {time.perf_counter() - started:.0f} s", flush=True)
    return 1 if bad else 0


def _ci(jobs: int) -> int:
    """The size for every commit."""
    bad = _play(list(directed.SCENARIOS))
    return max(
        _run([runs.Seed(seed) for seed in range(CI_SEEDS)], jobs),
        _run([runs.Seed(seed, world="plain") for seed in range(CI_PLAIN)], jobs),
        _run([runs.Seed(seed, world="changing") for seed in range(CI_CHANGING)], jobs),
        _sweep(list(sweep.STORIES), CI_EVERY, jobs),
        _hunt(list(MUTANTS), range(CI_HUNT), world.STEPS, jobs),
        bad,
    )


def _arguments() -> argparse.Namespace:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=summary)
    parser.add_argument("--seeds", type=int, default=2000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--steps", type=int, default=world.STEPS, help="what happens in each before the calm")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), metavar="NAME", help="plant this mistake")
    parser.add_argument("--world", choices=sorted(runs.WORLDS), default="sync", help="what kind of server")
    parser.add_argument("--trace", action="store_true", help="print everything that happened")
    parser.add_argument("--mutants", nargs="*", choices=sorted(MUTANTS), metavar="NAME", help="look for mistakes")
    parser.add_argument("--sweep", nargs="*", choices=sorted(sweep.STORIES), metavar="STORY", help="tell stories")
    parser.add_argument("--scenario", nargs="*", choices=sorted(directed.SCENARIOS), metavar="NAME", help="play some")
    parser.add_argument("--every", type=int, default=1, help="let only every N-th write of a story fail")
    parser.add_argument("--ci", action="store_true", help="a little of everything")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
