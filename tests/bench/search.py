"""Search as one types, by every route and every length, over a hundred thousand parts.

The bare thing is the one statement that a person would write for that route who knows which it is: a range of
the right B-tree, or one full-text query, and the rows of what it found. The budget is on our own median: what else the
text may mean, routing, the extra routes of a rare text and the rows' stock included.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from clutch_tui.core import lookup
from clutch_tui.core.store.store import Store
from clutch_tui.text.fold import fold, fold_number
from tests.bench import shops
from tests.bench.figures import Budget, Figure, Pace, compared
from tests.bench.parts import parts

LIMIT = 50
ROWS = "SELECT id, name, name_en, part_number, brand, car_brand, location, price, stock_quantity FROM part"


@dataclass(frozen=True, slots=True)
class Route:
    """What is typed, and the statement that answers it with the parameters made of the text."""

    name: str
    texts: list[str]
    sql: str
    parameters: Callable[[str], tuple[Any, ...]]


def measure(pace: Pace) -> Iterator[Figure]:
    usual = pace.rounds(100_000, 2_000)
    yield from _over(usual, pace.rounds(60, 5), 2.0, pace)
    if not pace.quick:
        yield from _over(1_000_000, 30, 10.0, pace)


def _over(count: int, texts: int, budget: float, pace: Pace) -> Iterator[Figure]:
    pace.progress(f"search: {count:,} parts")
    path = shops.database(count)
    bare = _connect(path)
    with Store.open(path, inline=True) as store:
        for route in routes(count, texts):
            pairs = [_pair(store, bare, route, text) for text in route.texts]
            what = f"{route.name}, {count:,} parts"
            yield compared("search", what, "ms", pairs, Budget(budget, "median"))
    bare.close()


def _pair(store: Store, bare: Any, route: Route, text: str) -> tuple[float, float]:
    """Both once to warm the cache, then both timed: a person types a letter after a letter that was searched."""
    for _ in range(2):
        at = time.perf_counter()
        store.read_now(lookup.find, text, LIMIT)
        between = time.perf_counter()
        bare.execute(route.sql, route.parameters(text)).fetchall()
        end = time.perf_counter()
    return (between - at) * 1e3, (end - between) * 1e3


def routes(count: int, texts: int) -> list[Route]:
    """Every way to find a part, each with as many different texts as there are."""
    dice = random.Random(3)
    some = list(enumerate(dice.sample(list(parts(min(count, 20_000))), texts)))
    first = [fold(part["name"]).split()[0] for _, part in some]
    letters = sorted({word[0] for word in first} | set("abcdefghiklmnoprstvw"))
    models = [part["car_model"] for _, part in some]
    numbers = [part["part_number"].lower().rpartition("-")[2] for _, part in some]
    words, grams = _words(), _grams()
    return [
        Route("barcode, 1-13 digits", [part["barcode"][: 1 + n % 13] for n, part in some], *_btree("barcode_key")),
        Route("part number, 1-7 signs", [part["part_number"][: 1 + n % 7] for n, part in some], *_btree("number_key")),
        Route("OEM number, 2-9 signs", [part["oem_number"][: 2 + n % 8] for n, part in some], *_btree("oem_key")),
        Route("one letter", letters[:texts], *words),
        Route("beginning of a word", [word[: 2 + n % 3] for n, word in enumerate(first)], *words),
        Route("two words", [f"{word} {model}" for word, model in zip(first, models, strict=True)], *words),
        Route("with the article", [f"ال{word}" for word in first], *words),
        Route("middle of a number", [number[-4:] for number in numbers], *grams),
        Route("middle of an Arabic word", [model[1:5] for model in models if len(model) > 4], *grams),
        Route("nonsense", ["".join(dice.choices("بتثجحخدذ", k=2 + n % 6)) for n in range(texts)], *words),
    ]


def _btree(column: str) -> tuple[str, Callable[[str], tuple[Any, ...]]]:
    where = f"deleted = 0 AND {column} <> '' AND {column} >= ? AND {column} < ?"
    sql = f"{ROWS} WHERE {where} ORDER BY {column} LIMIT {LIMIT}"
    return sql, lambda text: (fold_number(text), fold_number(text) + "\U0010ffff")


def _words() -> tuple[str, Callable[[str], tuple[Any, ...]]]:
    sql = f"{ROWS} WHERE pk IN (SELECT rowid FROM part_words WHERE part_words MATCH ? ORDER BY rowid LIMIT {LIMIT})"
    return sql, lambda text: (" AND ".join(f'"{word.removeprefix("ال")}"*' for word in fold(text).split()),)


def _grams() -> tuple[str, Callable[[str], tuple[Any, ...]]]:
    sql = f"{ROWS} WHERE pk IN (SELECT rowid FROM part_grams WHERE part_grams MATCH ? ORDER BY rowid LIMIT {LIMIT})"
    return sql, lambda text: (" AND ".join(f'"{fold(text)[n : n + 3]}"' for n in range(len(fold(text)) - 2)),)


def _connect(path: Path) -> Any:
    connection = sqlite.connect(str(path))
    connection.execute("PRAGMA query_only = 1")
    connection.execute("PRAGMA cache_size = -16000")
    return connection
