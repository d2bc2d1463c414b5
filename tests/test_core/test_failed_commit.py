"""A commit that failed: what the clerk is told is what the next start shows, or that nobody knows before it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clutch_tui.core import inventory, state
from clutch_tui.core.database import db, faults
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from tests.simulation.disk import Disk, FragileStore, Guard
from tests.test_net.till import sell


def stocked(path: Path) -> str:
    """A shop with one part; its id."""
    with Store.open(path, inline=True) as store:
        store.run_now(state.begin, rate=0, prices_include_tax=True, cash_rounding=25, timezone="Africa/Cairo")
        return str(store.run_now(inventory.create, PartDraft(name="فلتر", price=1000), whole(5)).id)


def sales(path: Path) -> int:
    with Store.open(path, inline=True) as store:
        return int(store.read_now(lambda: db.execute("SELECT count(*) FROM sale").fetchone()[0]))


def test_a_sale_whose_fsync_failed_before_a_death_is_not_called_unsaved(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    stocked(path)
    command = [sys.executable, "-m", "tests.refused_calls", str(path)]
    root = Path(__file__).parents[2]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=root, check=True)
    told = ran.stdout.strip()
    if told == "cannot":
        pytest.skip("this system refuses no calls")
    assert told == faults.UNSURE
    assert sales(path) == 0  # it stood in the log, whole, and what was to make sure has been written over it


def test_a_commit_that_failed_is_undone_for_certain_where_the_disk_takes_the_next(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    part_id = stocked(path)
    disk = Disk(path)
    guard = Guard(disk, lambda connection, touched: None)
    with FragileStore(path, guard) as store:
        before = disk.writes
        store.run_now(sell, part_id, 1, 1000)
        guard.arm(disk.writes - before - 1, "full")  # the commit of the next is its last write
        with pytest.raises(ShopError) as caught:
            store.run_now(sell, part_id, 1, 1000)
        assert caught.value.key == faults.FULL
    assert sales(path) == 1
