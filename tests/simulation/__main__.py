"""`python -m tests.simulation --seeds N [--first SEED] [--steps N]`: exit code 0 only if every seed is clean."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter

from . import world


def main() -> int:
    given = _arguments()
    started, failed, counts = time.perf_counter(), 0, Counter[str]()
    gc.freeze()
    for seed in range(given.first, given.first + given.seeds):
        outcome = world.run(seed, given.steps)
        counts.update(outcome.counts)
        if outcome.violation is not None:
            failed += 1
            print(f"seed {seed}: {outcome.violation}")
            print(f"  python -m tests.simulation --first {seed} --seeds 1 --steps {given.steps} --trace", flush=True)
        if given.trace:
            print("\n".join(outcome.lines))
    seconds = time.perf_counter() - started
    happened = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
    print(f"{given.seeds} seeds, {failed} failed, {seconds:.0f} s, {given.seeds / seconds:.1f} seeds/s; {happened}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--steps", type=int, default=60, help="what happens in each before the calm")
    parser.add_argument("--trace", action="store_true", help="print everything that happened")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
