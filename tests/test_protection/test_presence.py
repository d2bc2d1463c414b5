"""Who looks into a database that nobody works with, beside real processes that hold it in their own ways."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from clutch_tui.core import inventory
from clutch_tui.core.database.presence import Presence
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.store import health
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft

HOLDS = """
import sys
from pathlib import Path
from clutch_tui.core.store import health
from clutch_tui.core.database.presence import Presence
from clutch_tui.core.sync import differences

path, how = Path(sys.argv[1]), sys.argv[2]
look = differences.left_in

def hold(*_):
    print("held", flush=True)
    sys.stdin.readline()
    return look(path) if how == "looks" else None

differences.left_in = hold
if how == "looks":
    print(health.left_in(path).unsent, flush=True)
else:
    with Presence(path).share() if how == "works" else Presence(path).alone():
        hold()
"""
LOOKS = """
import sys
from pathlib import Path
from clutch_tui.core.store import health

health.LOOK_PATIENCE = 3600.0  # a busy machine is no fault
sys.stdin.readline()
for _ in range(40):
    print(health.left_in(Path(sys.argv[1])).unsent, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with two changes that were never sent."""
    path = tmp_path / "shop-a.db"
    with Store.open(path, inline=True) as store:
        for name in ("فلتر", "بوجيه"):
            store.run_now(inventory.create, PartDraft(name=name), whole(1))
    return path


def process(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


@contextmanager
def holder(path: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the database, until it is sent a line."""
    with process(HOLDS, str(path), how) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == "held\n"
        yield held
        held.communicate("\n", timeout=60)
    assert held.returncode == 0


@pytest.mark.parametrize("how", ["looks", "converts"])
def test_who_does_not_work_with_it_is_waited_for(path: Path, how: str) -> None:
    with holder(path, how) as other, ThreadPoolExecutor() as threads:
        looked = threads.submit(health.left_in, path)
        with pytest.raises(TimeoutError):
            looked.result(timeout=0.3)
        assert other.stdin is not None
        print(file=other.stdin, flush=True)
        left = looked.result(timeout=60)
    assert left is not None
    assert left.unsent == 2


def test_who_works_with_it_is_told_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LOOK_PATIENCE", 3600.0)
    with holder(path, "works"), pytest.raises(ShopError) as refused:
        health.left_in(path)
    assert refused.value.key == "error.store.in_use"


@pytest.mark.parametrize("how", ["looks", "converts"])
def test_who_never_lets_go_of_it_is_not_taken_for_who_sends_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(health, "LOOK_PATIENCE", 0.1)
    with holder(path, how), pytest.raises(ShopError) as refused:
        health.left_in(path)
    assert refused.value.key == "error.store.converting"
    with Presence(path).alone():
        pass


def test_many_that_look_at_once_all_see_it(path: Path) -> None:
    looking = [process(LOOKS, str(path)) for _ in range(3)]
    for one in looking:
        assert one.stdin is not None
        print(file=one.stdin, flush=True)
    assert [one.communicate(timeout=240)[0].split() for one in looking] == [["2"] * 40] * 3
    assert [one.returncode for one in looking] == [0] * 3
