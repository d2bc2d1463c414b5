"""A random day at the keyboard, typed in several ways: all at once, in pieces, key by key, with the store behind.

    python -m tests.test_ui.typing_pace --seeds 100 --behind 0.3

A day is a list of steps (searches, scans, quantities, prices, customers, payments, lists), each a few keys. However
fast they come, the same carts, sales and stock must come of them: what they are when each key waits for the screen.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Literal

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from clutch_tui.core import customers, inventory, past_sales, sales
from clutch_tui.core.types import CustomerDraft, PartQuery, SaleQuery
from clutch_tui.terminal.scanner import GAP
from clutch_tui.ui.app import ClutchApp
from tests.test_ui.shop_app import PARTS, Shop, open_app, settle, shop_in

Pace = Literal["at once", "in pieces", "slowly"]
PACES: tuple[Pace, ...] = ("at once", "in pieces", "slowly")
NAMES = ("Ahmed Fathy", "Bassem Adel", "Karim Nabil", "Mona Samir")
CODES = tuple(part.part_number for part in PARTS)
BARCODE = PARTS[0].barcode
UNKNOWN = "4006381333931"
SCANNER = 0.004
"""Seconds between two keys of a scanner."""


@dataclass(frozen=True)
class Step:
    """A few keys. What is scanned is typed by a scanner, at its own pace."""

    keys: tuple[str, ...]
    scan: bool = False


def typed(*parts: str) -> Step:
    """Texts and names of keys, as `typed("f4", "12.50", "enter")`."""
    return Step(tuple(key for part in parts for key in ((part,) if part in NAMED else part)))


def scanned(code: str, end: str = "enter") -> Step:
    return Step((*code, end), scan=True)


NAMED = {
    "enter",
    "escape",
    "tab",
    "down",
    "up",
    "delete",
    "backspace",
    *(f"f{n}" for n in range(1, 13)),
    "alt+1",
    "alt+2",
}


def step(random: Random) -> tuple[Step, ...]:
    """One thing that a clerk does, and comes back from to the till."""
    text = random.choice(("spark", "oil", "brake", "f", "nothing of this", *CODES))
    name = random.choice(NAMES).split()[random.randrange(2)].lower()
    price, some = f"{random.randrange(1, 900)}.{random.randrange(100):02}", str(random.randrange(2, 9))
    return random.choice(
        (
            (scanned(BARCODE, random.choice(("enter", "tab", "ctrl+j"))),),
            (scanned(BARCODE), scanned(UNKNOWN), typed("escape"), scanned(BARCODE)),
            (typed(text, "enter"), typed("escape")),
            (typed(f"{some}*{random.choice(CODES)}", "enter"), typed("escape")),
            (typed("f", "down", "enter"), typed("escape")),
            (typed("escape", f"*{some}", "enter"),),
            (typed("escape", *random.choices("+-", k=3)),),
            (typed("escape", "f4", price, "enter"), typed("escape")),
            (typed("f8"),),
            (typed("f3", name, "enter"), typed("escape")),
            (typed("f3", name), scanned(BARCODE), typed("enter"), typed("escape")),
            (typed("f2"), scanned(BARCODE), typed("enter", "enter"), typed("escape")),
            (typed("f2", "enter"), scanned(BARCODE), typed("escape")),
            (typed("f10"), scanned(UNKNOWN), typed(random.choice(("enter", "escape")), "escape")),
            (typed("alt+2", "escape", text, "f4", some, "enter", "counted", "enter", "escape", "alt+1"),),
            (typed("alt+2", "escape"), scanned(BARCODE), typed("escape", "f5", some, "enter", "escape", "alt+1")),
            (typed("f7", "down", "f8", "mistake", "enter", "escape", "escape"),),
        )
    )


def day(seed: int) -> list[Step]:
    random = Random(seed)
    return [one for _ in range(random.randrange(4, 9)) for one in step(random)]


# --- typing it -----------------------------------------------------------------------------------------


def events(step: Step, *, apart: float, begin: float) -> list[Key]:
    """The keys of a step with the times at which they were read."""
    found = []
    for n, name in enumerate(step.keys):
        letter = len(name) == 1
        key = Key(_character_to_key(name) if letter else name, name if letter else None)
        key.time = begin + n * (SCANNER if step.scan else apart)
        found.append(key)
    return found


async def type_day(pilot: Pilot[int], steps: Sequence[Step], pace: Pace, random: Random) -> None:
    """Send the keys of all steps. Between a scan and what is typed lies the time that a hand needs, as it is in life;
    the keys of a person come in one piece unless they are slow."""
    now = time.monotonic()
    for one in steps:
        now += 2 * GAP
        keys = events(one, apart=2 * GAP if pace == "slowly" else 0.0, begin=now)
        now = keys[-1].time
        for key in keys:
            key.set_sender(pilot.app)
            pilot.app.post_message(key)
            tears = pace == "slowly" or (pace == "in pieces" and random.random() < 0.1)
            if tears and not one.scan:  # a scanner makes no pause
                await settle(pilot)
        if pace == "slowly":
            await settle(pilot)
    await settle(pilot)


class Behind(ThreadPoolExecutor):
    """A thread that begins everything so many seconds later, as a slow disk does."""

    def __init__(self, seconds: float) -> None:
        super().__init__(1, "store-behind")
        self._seconds = seconds

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def later() -> Any:
            time.sleep(self._seconds)
            return call(*args, **kwargs)

        return super().submit(later)


# --- what came of it -----------------------------------------------------------------------------------


def results(shop: Shop) -> dict[str, object]:
    """Everything that a person has done, without what differs from run to run."""
    rows = shop.read(past_sales.page, SaleQuery(), None, 0, 99)
    whole = [shop.read(sales.get, row.id) for row in rows]
    return {
        "sales": [
            (sale.status, sale.totals.total, sale.tendered, sale.customer_name,
             [(payment.method, payment.amount) for payment in sale.payments],
             [(line.part_number, line.quantity, line.price) for line in sale.lines])
            for sale in whole
        ],
        "carts": sorted(
            [(line.part_number, line.quantity, line.price) for line in cart.lines]
            for cart in shop.read(sales.open_carts)
            if cart.lines
        ),
        "customers": sorted(cart.customer_name for cart in shop.read(sales.open_carts) if cart.lines),
        "stock": {row.part_number: row.stock for row in shop.read(inventory.page, PartQuery(), None, 0, 99)},
        "changes": sorted(shop.new_changes),
    }  # fmt: skip


async def _run(shop: Shop, seed: int, pace: Pace, behind: float) -> dict[str, object]:
    for name in NAMES:
        shop.store.run_now(customers.create, CustomerDraft(name=name))
    async with open_app(shop, "en") as (app, pilot):
        real = _put_behind(app, behind) if behind else None
        await type_day(pilot, day(seed), pace, Random(seed))
        if real is not None:
            app.store._reader = real
    return results(shop)


def _put_behind(app: ClutchApp, seconds: float) -> ThreadPoolExecutor | None:
    real = app.store._reader
    app.store._reader = Behind(seconds)
    return real


def outcome(seed: int, pace: Pace, behind: float = 0.0) -> dict[str, object]:
    """What comes of a day in a shop of its own."""
    with TemporaryDirectory() as folder, shop_in(Path(folder)) as shop:
        return asyncio.run(_run(shop, seed, pace, behind))


def main() -> int:
    parser = argparse.ArgumentParser(description="Type random days in several ways and compare what comes of them.")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--behind", type=float, default=0.0, help="seconds that the store is behind in the fast ways")
    given = parser.parse_args()
    wrong = 0
    for seed in range(given.first, given.first + given.seeds):
        slowly = outcome(seed, "slowly")
        for pace in PACES[:2]:
            fast = outcome(seed, pace, given.behind)
            if fast != slowly:
                wrong += 1
                print(f"seed {seed}, {pace}:")
                for step in day(seed):
                    print("   ", "scan " if step.scan else "", *step.keys)
                for what in slowly:
                    if fast[what] != slowly[what]:
                        print("  ", what, "\n     slowly", slowly[what], "\n     fast  ", fast[what])
    print(f"seeds {given.first} to {given.first + given.seeds - 1}: {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
