"""Upkeep: a database that is put in order loses nothing, finds everything, and lets others in meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clutch_tui.core import inventory, search
from clutch_tui.core.database import db
from clutch_tui.core.quantity import ONE
from clutch_tui.core.store import benchmark, upkeep
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from tests.fresh_store import open_new


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_new(tmp_path / "shop.db", inline=True) as opened:
        for n in range(30):
            opened.run_now(inventory.create, PartDraft(name=f"فلتر {n}", part_number=f"OF-{n}", price=100), ONE)
        yield opened


def test_every_step_is_done_and_search_still_finds(store: Store) -> None:
    told: list[str] = []
    reports = list(upkeep.optimise(store, lambda step, share: told.append(step)))
    assert [one.step for one in reports] == list(upkeep.STEPS)
    assert {one.outcome for one in reports} <= {"done", "needless"}
    assert set(told) == set(upkeep.STEPS)
    assert len(store.read_now(search.find, "فلتر")) == 30
    assert store.read_now(search.find, "OF-7")[0].part_number == "OF-7"
    assert not store.path.with_name("shop.db-wal").stat().st_size


def test_an_index_that_lost_its_words_is_whole_again(store: Store) -> None:
    store.run_now(db.execute, "INSERT INTO part_words (part_words) VALUES ('delete-all')")
    store.run_now(db.execute, "INSERT INTO part_grams (part_grams) VALUES ('delete-all')")
    assert store.read_now(search.find, "فلتر") == ()
    list(upkeep.optimise(store))
    assert len(store.read_now(search.find, "فلتر")) == 30


def test_vacuum_is_done_where_it_pays_and_says_what_it_gained(store: Store) -> None:
    store.run_now(db.execute, "CREATE TABLE heap (x)")
    store.run_now(db.execute, "INSERT INTO heap SELECT randomblob(4000) FROM part a, part b")
    store.run_now(db.execute, "DROP TABLE heap")
    reports = {one.step: one for one in upkeep.optimise(store)}
    assert reports["vacuum"].outcome == "done"
    assert sum(one.gained for one in reports.values()) > 3


def test_a_till_that_writes_is_not_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_PATIENCE", 50)
    store.run_now(db.execute, "CREATE TABLE heap AS SELECT randomblob(4000) FROM part a, part b")
    store.run_now(db.execute, "DROP TABLE heap")

    monkeypatch.setattr(upkeep, "STEPS", ("vacuum",))
    with Store.open(store.path, inline=True) as till:
        (report,) = till.run_now(lambda: list(upkeep.optimise(store)))
    assert report.outcome == "busy"


def test_a_damaged_file_is_named_and_left_alone(store: Store) -> None:
    list(upkeep.optimise(store))
    store.close()
    with store.path.open("r+b") as file:
        file.seek(4096 * 6)
        file.write(b"\xff" * 4096 * 6)
    reports = list(upkeep.optimise(store))
    assert [one.step for one in reports] == ["integrity"]
    assert reports[0].outcome == "damaged"
    assert reports[0].faults


def test_the_trials_leave_nothing_behind(store: Store, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    results = [benchmark.disk(tmp_path), benchmark.read(store), benchmark.find(store), benchmark.write(store)]
    assert sorted(tmp_path.iterdir()) == before
    assert all(one.median is not None and 0 < one.median <= (one.worst or 0) for one in results)
