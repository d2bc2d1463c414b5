"""What price levels cost at a key: a hundred thousand parts with a rule each, and a cart of fifty lines.

Nothing is compared with a bare thing: what is asked is that a key stays far below what a person feels. A part's prices
are read once, when it comes into the sale; every key after that only reckons.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from clutch_tui.core import guards, price_rules, pricing
from clutch_tui.core.cart import add_line, set_quantity
from clutch_tui.core.database import db
from clutch_tui.core.inventory import get
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import Cart
from tests.bench import shops
from tests.bench.figures import Budget, Figure, Pace, alone

PARTS, LINES, OTHERS = 100_000, 50, 300


def measure(pace: Pace) -> Iterator[Figure]:
    parts = 2_000 if pace.quick else PARTS
    pace.progress(f"prices: {parts:,} parts with a rule each")
    with (
        tempfile.TemporaryDirectory(prefix="clutch-prices-") as folder,
        Store.open(shops.copy_of(parts, Path(folder)), inline=True) as store,
    ):
        ids = store.run_now(_stock)
        rounds = pace.rounds(300, 20)
        asked = [[ids[n * 7 % len(ids)]] for n in range(rounds)]
        reading = [_timed(lambda one=one: store.read_now(pricing.of_parts, one)) for one in asked]
        yield alone("prices", "a part comes into the sale", "ms", reading, Budget(2.0, "median"))
        prices = store.read_now(pricing.of_parts, ids[:LINES])
        cart = Cart("c", level="wholesale")
        for part_id in ids[:LINES]:
            cart = add_line(cart, store.read_now(get, part_id))
        keys = [_timed(lambda n=n: _key(cart, prices, n)) for n in range(rounds)]
        yield alone("prices", f"a key in a cart of {LINES} lines", "ms", keys, Budget(5.0, "median"))
        listing = [_timed(lambda: store.read_now(_first_page)) for _ in range(pace.rounds(20, 2))]
        yield alone("prices", "the first page of the rules", "ms", listing, Budget(50.0, "median"))


def _key(cart: Cart, prices: pricing.Prices, n: int) -> None:
    """What happens between a quantity that is typed and the cart that is drawn: prices, news, what is left of it."""
    line = n % len(cart.lines)
    changed = set_quantity(cart, line, whole(2 + n % 9))
    part_id = changed.lines[line].part_id
    changed = pricing.repriced(changed, {part_id: prices[part_id]})
    pricing.news(changed, prices)
    guards.margins(changed, prices)


def _first_page() -> None:
    q = price_rules.PriceRuleQuery()
    price_rules.count(q)
    price_rules.page(q, None, 0, 50)


def _stock() -> list[str]:
    """A rule for each part, and some hundred about categories and brands; the parts' ids."""
    ids = [row[0] for row in db.execute("SELECT id FROM part WHERE deleted = 0 ORDER BY id").fetchall()]
    sql = (
        "INSERT INTO price_rule (id, level, scope, item_id, target, target_key, percent, version)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
    )
    db.executemany(sql, ((f"r{n:07}", "wholesale", "part", id_, "", "", 1000) for n, id_ in enumerate(ids)))
    others = ((f"s{n:07}", "workshop", ("category", "brand")[n % 2], "", f"x{n}", f"x{n}", 500) for n in range(OTHERS))
    db.executemany(sql, others)
    db.execute("ANALYZE")
    return ids


def _timed(do: Callable[[], object]) -> float:
    """Milliseconds that it takes."""
    started = time.perf_counter()
    do()
    return (time.perf_counter() - started) * 1e3
