"""A pull of several pages is prepared in portions and seen at once, whatever happens in between."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from clutch_tui.core import inventory, search
from clutch_tui.core.database import db
from clutch_tui.core.outbox.messages import PullPage
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.sync import part_staging, replica, replica_rows
from clutch_tui.core.types import PartDraft, PartQuery

Row = dict[str, Any]


def row(n: int, seq: int, **fields: Any) -> Row:
    """A part as a page brings it."""
    draft = PartDraft(
        name=f"قطعة {n}", name_en=f"part {n}", part_number=f"P-{n}", category="زيوت", car_brand="كيا", price=100 + n,
        cost=50, min_stock=whole(2),
    )  # fmt: skip
    known = {**asdict(draft), "stock_quantity": whole(7), "updated_at": None, "deleted": False}
    return {"type": "item", "id": f"p-{n}", "version": seq, "seq": seq, **known, **fields}


def pages(rows: list[Row], size: int, *, snapshot: bool = True, asked_from: int = 0, at: int = 0) -> list[PullPage]:
    """The rows of a pull in pages of `size`."""
    cut = [rows[n : n + size] for n in range(0, len(rows), size)] or [[]]
    found = []
    for n, part in enumerate(cut):
        cursor = part[-1]["seq"] if n + 1 < len(cut) else max([at, *(one["seq"] for one in rows)])
        found.append(PullPage("e-1", tuple(part), cursor, n + 1 < len(cut), 1, asked_from, snapshot))
        asked_from = cursor
    return found


def pull(store: Store, page: PullPage, portion: int = 0) -> None:
    """One page, as the engine stores it: in portions first, and then what is left of it."""
    while portion and len(page.rows) > portion:
        store.run_now(replica.prepare, "inventory", replace(page, rows=page.rows[:portion]))
        page = replace(page, rows=page.rows[portion:], prepared=page.prepared + portion)
    while portion and not page.more and store.run_now(replica.build, "inventory", page):
        pass
    store.run_now(replica.receive, "inventory", page.epoch, {}, page)


def ask(store: Store, sql: str) -> list[tuple[Any, ...]]:
    return store.read_now(lambda: [tuple(found) for found in db.execute(sql).fetchall()])


def shelf(store: Store) -> list[tuple[Any, ...]]:
    """Everything that the shop knows of its parts."""
    columns = ", ".join(("id", *part_staging._FIELDS, *part_staging._KEYS))
    return ask(store, f"SELECT {columns} FROM part ORDER BY id")


def found(store: Store, text: str) -> set[str]:
    return {one.id for one in store.read_now(search.find, text)}


@pytest.fixture(params=[2, 10_000], ids=["takes over", "writes in"])
def few(request: pytest.FixtureRequest) -> Any:
    """Both ways of the swap, with shops of a handful of parts."""
    with patch.object(part_staging, "FEW", request.param):
        yield request.param


def test_nothing_is_seen_of_a_pull_before_its_end(store: Store, few: int) -> None:
    *first, last = pages([row(n, n) for n in range(1, 31)], 10)
    for page in first:
        pull(store, page, portion=4)
        assert shelf(store) == []
        assert found(store, "P-1") == found(store, "قطعة") == set()
    made = store.run_now(inventory.create, PartDraft(name="من هنا", part_number="MINE"), whole(3))
    pull(store, last, portion=4)
    assert store.read_now(inventory.count, PartQuery()) == 31
    assert {one.stock for one in store.read_now(search.find, "قطعة 3")} == {whole(7)}
    assert found(store, "من هنا") == {made.id}
    assert store.read_now(inventory.get, made.id).stock == whole(3)
    assert ask(store, "SELECT count(*) FROM part_next") == ask(store, "SELECT count(*) FROM part_seen") == [(0,)]


def schema(store: Store) -> list[tuple[Any, ...]]:
    """Tables, indexes and triggers, but for the quotes that a renaming leaves."""
    listed = ask(store, "SELECT type, name, tbl_name, replace(sql, '\"', '') FROM sqlite_master ORDER BY 1, 2, 3")
    return [(*entry[:3], " ".join((entry[3] or "").split())) for entry in listed]


def test_a_table_that_took_over_is_like_the_one_before(store: Store) -> None:
    before = schema(store)
    with patch.object(part_staging, "FEW", 2):
        for turn in range(2):  # a second time: the statements are now those that SQLite has rewritten
            store.run_now(db.execute, "DELETE FROM part")
            store.run_now(replica.restart, "inventory")
            for page in pages([row(n, n) for n in range(1, 20)], 7):
                pull(store, page, portion=3)
            assert shelf(store)[0][0] == "p-1", turn
    strip = [(kind, name, table) for kind, name, table, _ in before]
    assert [(kind, name, table) for kind, name, table, _ in schema(store)] == strip
    assert {entry[3].replace(" ", "") for entry in schema(store)} == {entry[3].replace(" ", "") for entry in before}
    assert ask(store, "PRAGMA integrity_check") == [("ok",)]


def test_the_two_tables_have_the_same_columns(store: Store) -> None:
    assert ask(store, "PRAGMA table_info(part)") == ask(store, "PRAGMA table_info(part_next)")


def test_the_pages_that_were_stored_are_not_asked_for_again(tmp_path: Path, few: int) -> None:
    """A process that is killed in the middle goes on where it stood, even with half a page prepared."""
    path, all_pages = tmp_path / "shop.db", pages([row(n, n) for n in range(1, 101)], 5)
    with Store.open(path, inline=True) as store:
        for page in all_pages[:14]:
            pull(store, page, portion=2)
        store.run_now(replica.prepare, "inventory", replace(all_pages[14], rows=all_pages[14].rows[:2]))
    with Store.open(path, inline=True) as store:
        assert store.read_now(replica.pull_state, "inventory").cursor == 70
        for page in all_pages[14:]:
            pull(store, page, portion=2)
        assert [one[0] for one in shelf(store)] == sorted(f"p-{n}" for n in range(1, 101))


def test_a_shop_gets_its_indexes_back_when_its_process_died_among_them(tmp_path: Path) -> None:
    path, (first, last) = tmp_path / "shop.db", pages([row(n, n) for n in range(1, 11)], 5)
    with patch.object(part_staging, "FEW", 2):
        with Store.open(path, inline=True) as store:
            before = schema(store)
            pull(store, first)
            for _ in range(3):
                assert store.run_now(replica.build, "inventory", last)
            assert store.read_now(part_staging.is_torn)
        with Store.open(path, inline=True) as store:
            store.run_now(part_staging.mend)
            assert not store.read_now(part_staging.is_torn)
            assert [entry[:3] for entry in schema(store)] == [entry[:3] for entry in before]
            pull(store, last, portion=2)
            assert len(shelf(store)) == 10


def test_a_pull_that_starts_over_leaves_nothing_behind(store: Store, few: int) -> None:
    first, *_ = pages([row(n, n) for n in range(1, 21)], 10)
    pull(store, first, portion=3)
    store.run_now(replica.restart, "inventory")
    for page in pages([row(n, n) for n in range(15, 31)], 10):
        pull(store, page, portion=3)
    assert [one[0] for one in shelf(store)] == sorted(f"p-{n}" for n in range(15, 31))


def test_a_part_that_is_edited_while_its_page_waits_keeps_the_edit(store: Store, few: int) -> None:
    for page in pages([row(n, n) for n in range(1, 5)], 2):
        pull(store, page)
    seen = store.read_now(inventory.get, "p-1")
    store.run_now(replica.restart, "inventory")
    first, last = pages([row(n, 10 + n, price=900) for n in range(1, 13)], 6)
    pull(store, first, portion=2)
    store.run_now(inventory.edit, "p-1", replace(seen.draft, name="محرر"), seen=seen)
    pull(store, last, portion=2)
    after = store.read_now(inventory.get, "p-1")
    assert (after.draft.name, after.draft.price) == ("محرر", 900)


FIELDS = some.fixed_dictionaries(
    {
        "price": some.integers(1, 3),
        "stock_quantity": some.integers(-1000, 4000),
        "name": some.sampled_from(["فلتر", "بوجيه", "oil filter"]),
        "category": some.sampled_from(["", "زيوت"]),
        "deleted": some.booleans(),
    }
)
PULLS = some.lists(
    some.tuples(some.lists(some.tuples(some.integers(0, 9), FIELDS), max_size=14), some.booleans()), max_size=4
)


@pytest.fixture(scope="module")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop's file before its first pull; making it is the slowest part of an example."""
    path = tmp_path_factory.mktemp("arrivals") / "new.db"
    Store.open(path, inline=True).close()
    return path


@settings(max_examples=40, deadline=None, derandomize=True)
@given(pulls=PULLS, size=some.integers(1, 4), portion=some.integers(1, 3), few=some.sampled_from([0, 3, 99]))
def test_portions_come_to_the_same_as_all_at_once(
    new_file: Path, pulls: list[Any], size: int, portion: int, few: int
) -> None:
    with (
        tempfile.TemporaryDirectory(dir=new_file.parent) as folder,
        Store.open(Path(shutil.copy(new_file, f"{folder}/ours.db")), inline=True) as ours,
        Store.open(Path(shutil.copy(new_file, f"{folder}/plain.db")), inline=True) as plain,
        patch.object(part_staging, "FEW", few),
    ):
        seq = 0
        for changed, again in pulls:
            before, rows, snapshot = seq, [], again or not seq
            for n, fields in changed:
                seq += 1
                rows.append(row(n, seq, **(fields | {"deleted": fields["deleted"] and not snapshot})))
            if snapshot:
                for store in (ours, plain):
                    store.run_now(replica.restart, "inventory")
            seq += 1
            for page in pages(rows, size, snapshot=snapshot, asked_from=0 if snapshot else before, at=seq):
                pull(ours, page, portion)
            latest = list({one["id"]: one for one in rows}.values())
            plain.run_now(replica_rows.store, "item", latest, snapshot=snapshot)
            assert shelf(ours) == shelf(plain)
            for text in ("فلتر", "oil", "P-1"):
                assert found(ours, text) == found(plain, text)
            assert ours.read_now(replica.cursor, "inventory") == seq


def test_a_reader_sees_all_or_nothing_and_a_writer_finds_its_turn(tmp_path: Path) -> None:
    """Another process reads and sells between any two portions."""
    path = tmp_path / "shop.db"
    with Store.open(path, inline=True) as store, patch.object(part_staging, "FEW", 2):
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        for page in pages([row(n, n) for n in range(1, 41)], 10):
            assert other.execute("SELECT count(*) FROM part").fetchone() == (0,)
            pull(store, page, portion=4)
            other.execute("INSERT INTO setting (name, value) VALUES (?, '1')", (f"page {page.cursor}",))
        assert other.execute("SELECT count(*) FROM part").fetchone() == (40,)
        other.close()
