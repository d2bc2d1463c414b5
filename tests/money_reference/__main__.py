"""`python -m tests.money_reference` reckons random tickets twice: by the program, and by `docs/money.md` in decimals.

    python -m tests.money_reference --tickets N [--first SEED] [--stored EVERY] [--jobs N]

Most tickets go through the program's functions alone, one in `EVERY` through a database. The exit code is 0 only if no
figure differs. A ticket that differs prints the command that reckons it again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import Pool
from pathlib import Path

from . import run

PORTION = 1_000
"""Tickets that a process takes at a time."""


def main() -> int:
    """Reckon as many tickets as were asked for, on all cores."""
    given = _arguments()
    started, done, returns, stored, bad = time.perf_counter(), 0, 0, 0, 0
    portions = [range(at, min(at + PORTION, given.first + given.tickets)) for at in _starts(given)]
    with Pool(given.jobs) as pool:
        for told in pool.imap_unordered(_reckon, [(seeds, given.stored) for seeds in portions]):
            done, returns, stored = done + told.tickets, returns + told.returns, stored + told.stored
            for failure in told.failures:
                bad += 1
                print(failure, flush=True)
    seconds = time.perf_counter() - started
    print(
        f"{done:,} tickets with {returns:,} returns, {stored:,} of them through a database, {bad} differ,"
        f" {seconds:.0f} s, {done / seconds:,.0f} tickets/s",
        flush=True,
    )
    return 1 if bad or not done else 0


def _starts(given: argparse.Namespace) -> Sequence[int]:
    return range(given.first, given.first + given.tickets, PORTION)


def _reckon(asked: tuple[Sequence[int], int]) -> run.Told:
    seeds, every = asked
    with tempfile.TemporaryDirectory(prefix="clutch-") as folder:
        return run.reckon(seeds, every, Path(folder))


def _arguments() -> argparse.Namespace:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m tests.money_reference", description=summary)
    parser.add_argument("--tickets", type=int, default=1_000_000, help="how many tickets")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--stored", type=int, default=500, help="one in so many through a database, 0 for none")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
