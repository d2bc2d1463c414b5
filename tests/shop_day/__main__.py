"""`python -m tests.shop_day` lives whole days of a shop and compares tills and server with the books.

    python -m tests.shop_day [--days N] [--first SEED]

The exit code is 0 only if all of them agree to the piastre and the millilitre.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from . import run
from .day import Plan


def main() -> int:
    """Live so many days."""
    parser = argparse.ArgumentParser(prog="python -m tests.shop_day", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=int, default=1, help="how many days")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first")
    given, bad = parser.parse_args(), 0
    for seed in range(given.first, given.first + given.days):
        with tempfile.TemporaryDirectory(prefix="clutch-") as folder:
            day, differences = asyncio.run(run.live(seed, Path(folder), Plan()))
        bad += bool(differences)
        print(f"day {seed}: {', '.join(f'{count} {what}' for what, count in day.done.items())}", flush=True)
        print(*differences or ["  tills and server say what the books say"], sep="\n  ", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
