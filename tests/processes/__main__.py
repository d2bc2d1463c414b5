"""The command: `python -m tests.processes --kills 200 [--seed N] [--keep FOLDER]`.

The exit code is 0 only if nothing was lost, doubled or left behind; the last line is the summary.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from .siege import Outcome, Siege


def main() -> int:
    given = _arguments()
    began = time.perf_counter()

    def say(text: str) -> None:
        print(f"{time.perf_counter() - began:6.1f} s  {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="clutch-processes-") as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        outcome = asyncio.run(Siege(place, given.seed, given.kills, say).run())
    for text in outcome.wrong:
        print(text)
    print(summary(outcome, given.seed))
    return 1 if outcome.wrong else 0


def summary(outcome: Outcome, seed: int) -> str:
    """One line that says everything."""
    kills = ", ".join(f"{n} {what}" for what, n in sorted(outcome.kills.items()))
    struck = ", ".join(f"{n} {what}" for what, n in sorted(outcome.struck.items()))
    return (
        f"seed {seed}: {outcome.kills.total()} kills ({kills}); line: {struck}; {outcome.sales} sales,"
        f" {outcome.printed} receipts printed; settled in {outcome.settled_in:.0f} s; {outcome.seconds:.0f} s in all;"
        f" {len(outcome.wrong)} disagreements"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.processes", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many processes to kill (200)")
    parser.add_argument("--seed", type=int, default=1, help="when to kill them, and what the line does (1)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work in this folder and leave it there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
