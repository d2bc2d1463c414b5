"""A first pull of a hundred thousand parts in pages of five thousand, from bytes to found parts.

The bare thing does the same work with nothing of ours around it: `json.loads`, each page staged as JSON, then in
one transaction the staged pages through one `executemany` into the same table with its indexes, triggers and
full-text indexes. It validates nothing. The folded columns are the table's, so it must fill them too, and does
so with our function; a second figure leaves even that out, as if the server had folded them.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from clutch_tui.core import inventory, search
from clutch_tui.core.database import db
from clutch_tui.core.outbox import overlay
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import part_staging, replica, replica_rows
from clutch_tui.net import wire
from clutch_tui.net.sync import messages
from tests.bench.figures import Budget, Figure, Pace, alone, compared, in_turns
from tests.bench.parts import parts

PAGE = 5_000
COLUMNS = ("id", *overlay.RECORD_COLUMNS["item"][1], *replica_rows.KEY_COLUMNS["item"])


def measure(pace: Pace) -> Iterator[Figure]:
    count = pace.rounds(100_000, 2_000)
    pages = _pages(count)
    pace.progress(f"pull: {count:,} parts in {len(pages)} pages")
    with tempfile.TemporaryDirectory(prefix="clutch-pull-") as folder:
        fresh = _fresh_files(Path(folder))
        rounds = pace.rounds(3, 1)
        turns = in_turns(rounds, lambda: ours(fresh(), pages), lambda: bare(fresh(), pages, inventory.keys_of))
        pairs = [(mine[0], theirs) for mine, theirs in turns]
        yield compared("pull", f"{count:,} parts", "s", pairs, Budget(1.3))
        yield alone("pull", "parts a second", "1/s", [count / mine for mine, _ in pairs])
        waits = [mine[1] for mine, _ in turns]
        yield alone("pull", "longest transaction: what a sale may wait", "s", waits, Budget(0.5, "median"))
        if pace.quick:
            return
        keys = {row["id"]: inventory.keys_of(row) for row in parts(count)}
        pairs = in_turns(1, lambda: ours(fresh(), pages)[0], lambda: bare(fresh(), pages, lambda row: keys[row["id"]]))
        yield compared("pull", f"{count:,} parts, folded by the server", "s", pairs)


def ours(path: Path, pages: list[bytes]) -> tuple[float, float]:
    """Bytes -> wire -> protocol -> replica, as the sync engine calls them; seconds in all and in the longest write."""
    longest = 0.0
    with Store.open(path, inline=True) as store:
        started = time.perf_counter()
        for raw in pages:
            here = store.read_now(replica.pull_state, "inventory")
            answer = messages.read_sync(wire.loads(raw)["data"], here, {})
            assert not answer.bad_rows
            for write in _writes(answer):
                before = time.perf_counter()
                while store.run_now(write):
                    longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
                longest = max(longest, time.perf_counter() - before)
        seconds = time.perf_counter() - started
        _check(store, len(pages))
    return seconds, longest


def _writes(answer: messages.SyncAnswer) -> Iterator[Callable[[], bool]]:
    """The transactions in which the engine stores a page; each is done again while it says that more is left."""
    page = answer.page
    assert page is not None
    while len(page.rows) > part_staging.AT_ONCE:
        portion = replace(page, rows=page.rows[: part_staging.AT_ONCE])
        yield partial(_nothing_left, replica.prepare, "inventory", portion)
        rest = page.rows[part_staging.AT_ONCE :]
        page = replace(page, rows=rest, prepared=page.prepared + part_staging.AT_ONCE)
    if not page.more:
        yield partial(replica.build, "inventory", page)
    yield partial(_nothing_left, replica.receive, "inventory", answer.epoch, answer.results, page)
    if not page.more:
        yield search.index_slice


def _nothing_left(write: Callable[..., Any], *args: Any) -> bool:
    write(*args)
    return False


def _check(store: Store, pages: int) -> None:
    """A pull that stores nothing is fast, too."""
    cursor = store.read_now(replica.cursor, "inventory")
    assert cursor > PAGE * (pages - 1), f"the pull stopped at {cursor}"
    waiting = store.read_now(lambda: db.execute("SELECT count(*) FROM part_unindexed").fetchone()[0])
    assert not waiting, f"{waiting} parts are not indexed"


def bare(path: Path, pages: list[bytes], keys_of: Callable[[dict[str, Any]], dict[str, str]]) -> float:
    """The same rows into the same file by hand."""
    with Store.open(path, inline=True):
        pass
    connection = sqlite.connect(str(path), isolation_level=None)
    for pragma in ("synchronous = full", "cache_size = -16000", "temp_store = memory", "recursive_triggers = 1"):
        connection.execute(f"PRAGMA {pragma}")
    started = time.perf_counter()
    for n, raw in enumerate(pages, 1):
        data = json.loads(raw)["data"]
        connection.execute("BEGIN IMMEDIATE")
        if n < len(pages):
            _stage(connection, n, data)
        else:
            _store(connection, data["changes"], keys_of)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def _stage(connection: Any, n: int, data: dict[str, Any]) -> None:
    connection.execute(
        "INSERT INTO pull_page (channel, n, epoch, snapshot, cursor, body) VALUES ('inventory', ?, ?, 1, ?, ?)",
        (n, data["epoch"], data["cursor"], json.dumps(data["changes"], ensure_ascii=False)),
    )


def _store(connection: Any, last: list[dict[str, Any]], keys_of: Callable[[dict[str, Any]], dict[str, str]]) -> None:
    staged = connection.execute("SELECT body FROM pull_page ORDER BY n").fetchall()
    rows = [row for (body,) in staged for row in json.loads(body)] + last
    updates = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    connection.executemany(
        f"INSERT INTO part ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
        f" ON CONFLICT (id) DO UPDATE SET {updates}",
        ({**row, **_in_core(row), **keys_of(row)} for row in rows),
    )
    for index in ("part_words", "part_grams"):
        connection.execute(f"INSERT INTO {index} (rowid, words) SELECT pk, words FROM part ORDER BY pk")
    connection.execute("DELETE FROM part_unindexed")
    connection.execute("DELETE FROM pull_page")


def _in_core(row: dict[str, Any]) -> dict[str, Any]:
    """What the table holds otherwise than the wire: minor units, thousandths, and no word for pieces."""
    hundredths = {name: round(row[name] * 100) for name in ("price", "cost")}
    return hundredths | {name: row[name] * 1000 for name in ("stock_quantity", "min_stock")} | {"unit": ""}


def _pages(count: int) -> list[bytes]:
    """The answers of a server, as bytes."""
    rows = [{"type": "item", **wire.write("item", row)} for row in parts(count)]
    answers = []
    for start in range(0, count, PAGE):
        page = rows[start : start + PAGE]
        data = {
            "epoch": "e-1",
            "server_time": "2026-11-22T09:00:00.000Z",
            "results": {},
            "confirmed": {},
            "changes": page,
            "cursor": page[-1]["seq"],
            "since": count,
            "more": start + PAGE < count,
        }
        answers.append(wire.dumps({"success": True, "data": data}))
    return answers


def _fresh_files(folder: Path) -> Callable[[], Path]:
    """A name for a new database each time; those before are deleted."""
    made: list[Path] = []

    def fresh() -> Path:
        for file in folder.iterdir():
            file.unlink()
        made.append(folder / f"{len(made)}.db")
        return made[-1]

    return fresh
