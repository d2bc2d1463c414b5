"""The doors of the database: one transaction a write, a snapshot a read, several processes on one file."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import peewee
import pytest
from sqlcipher3 import dbapi2

from clutch_tui.core import journal
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.store.store import BUSY_TIMEOUT, Store


@pytest.fixture
def threaded(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "shop.db") as opened:
        yield opened


def note(text: str) -> None:
    journal.log("info", "test", "log.test", text=text)


def notes() -> int:
    return int(db.execute("SELECT count(*) FROM connection_log").fetchone()[0])


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        note("first")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.run_now(write_and_fail)
    assert store.read_now(notes) == 0


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(peewee.OperationalError, match="readonly"):
        store.read_now(note, "x")
    assert store.read_now(notes) == 0


def test_both_connections_wait_long_and_begin_nothing_by_themselves(store: Store) -> None:
    """A till waits for the writers of other windows. A transaction that the driver begins would never be committed."""

    def connection() -> tuple[int, object, bool]:
        db.execute("SELECT 1")
        own = db.database.connection()
        return db.execute("PRAGMA busy_timeout").fetchone()[0], own.isolation_level, own.in_transaction

    for ask in (store.run_now, store.read_now):
        assert ask(connection) == (BUSY_TIMEOUT * 1000, None, True)


def test_outside_a_store_there_is_no_database() -> None:
    with pytest.raises((peewee.InterfaceError, AttributeError)):
        db.execute("SELECT 1")


def test_two_stores_live_in_one_process(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as a, Store.open(tmp_path / "b.db", inline=True) as b:
        a.run_now(note, "a")
        assert (a.read_now(notes), b.read_now(notes)) == (1, 0)


async def test_a_search_never_waits_behind_a_write(threaded: Store) -> None:
    entered, leave = threading.Event(), threading.Event()

    def long_write() -> None:
        note("under way")
        entered.set()
        assert leave.wait(120)

    writing = asyncio.create_task(threaded.run(long_write))
    assert await asyncio.to_thread(entered.wait, 10)
    assert await asyncio.wait_for(threaded.read(notes), 120) == 0
    leave.set()
    await writing
    assert await threaded.read(notes) == 1


async def test_what_a_person_waits_for_is_read_before_what_is_looked_at_now_and_then(threaded: Store) -> None:
    may_go_on, order = threading.Event(), list[str]()
    first = asyncio.create_task(threaded.read(may_go_on.wait, 60))
    await asyncio.sleep(0)
    rest = [asyncio.create_task(threaded.read_later(order.append, f"later {n}")) for n in range(3)]
    await asyncio.sleep(0)
    rest += [asyncio.create_task(threaded.read(order.append, f"asked {n}")) for n in range(3)]
    await asyncio.sleep(0)
    may_go_on.set()
    await asyncio.gather(first, *rest)
    assert order == ["asked 0", "asked 1", "asked 2", "later 0", "later 1", "later 2"]


async def test_a_read_that_nobody_waits_for_any_more_is_left_out(threaded: Store) -> None:
    may_go_on, order = threading.Event(), list[str]()
    first = asyncio.create_task(threaded.read(may_go_on.wait, 60))
    await asyncio.sleep(0)
    given_up = asyncio.create_task(threaded.read(order.append, "given up"))
    asked = asyncio.create_task(threaded.read(order.append, "asked"))
    later = asyncio.create_task(threaded.read_later(order.append, "later"))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.sleep(0)
    may_go_on.set()
    await asyncio.gather(first, asked, later)
    assert order == ["asked", "later"]


async def test_what_was_submitted_is_committed_though_its_caller_is_gone(threaded: Store) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow_write() -> None:
        entered.set()
        assert leave.wait(120)
        note("sold")

    caller = asyncio.create_task(threaded.run(slow_write))
    assert await asyncio.to_thread(entered.wait, 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    leave.set()
    await threaded.run(note, "after it, on the same thread")
    assert await threaded.read(notes) == 2


@pytest.fixture
def journalled(tmp_path: Path) -> Path:
    """A database without WAL, as older programs left it after giving it a key."""
    path = tmp_path / "shop.db"
    Store.open(path, inline=True).close()
    with closing(dbapi2.connect(str(path))) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    return path


def test_all_may_open_at_once_what_has_no_wal_yet(journalled: Path) -> None:
    """SQLite lets one of them turn it on and refuses the others at once."""
    held, stores = dbapi2.connect(str(journalled), isolation_level=None), ThreadPoolExecutor(3)

    def open_and_write(n: int) -> None:
        with Store.open(journalled, inline=True) as store:
            store.run_now(note, str(n))

    with closing(held), stores:
        held.execute("BEGIN IMMEDIATE")
        writing = [stores.submit(open_and_write, n) for n in range(3)]
        assert not wait(writing, 0.3).done
        held.execute("ROLLBACK")
        for one in writing:
            one.result(120)
    with Store.open(journalled, inline=True) as store:
        assert store.read_now(notes) == 3


def test_a_lock_is_called_a_lock(journalled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clutch_tui.core.store.store.BUSY_TIMEOUT", 0.05)
    with closing(dbapi2.connect(str(journalled), isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        with closing(Store(journalled, inline=True)) as store:
            deeds = (lambda: Store.open(journalled), lambda: store.read_now(notes), lambda: store.run_now(note, "x"))
            for deed in deeds:
                with pytest.raises(ShopError) as error:
                    deed()
                assert error.value.key == "error.store.busy"


def test_a_full_disk_has_a_sentence_and_costs_nothing(store: Store) -> None:
    store.run_now(note, "kept")
    pages = store.read_now(db.execute, "PRAGMA page_count").fetchone()[0]
    store.run_now(db.execute, f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(ShopError) as error:
        store.run_now(note, "x" * 100_000)
    assert error.value.key == "error.store.full"
    assert store.read_now(notes) == 1
    store.run_now(db.execute, f"PRAGMA max_page_count = {pages + 1000}")
    store.run_now(note, "there is room again")
    assert store.read_now(notes) == 2


@pytest.mark.parametrize("content", [b"this is no database, " * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_of_something_else_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(content)
    with pytest.raises(ShopError) as error:
        Store.open(path)
    assert error.value.key == "error.store.unreadable"
    assert path.read_bytes() == content


def test_the_file_is_for_its_owner_only(store: Store) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_closing_twice_is_fine_and_waits_for_what_was_submitted(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "shop.db")
    store.run_now(note, "x")
    store.close()
    store.close()
    with Store.open(tmp_path / "shop.db") as again:
        assert again.read_now(notes) == 1


OPENER = """
import sys
from pathlib import Path
from clutch_tui.core import journal
from clutch_tui.core.store.store import BUSY_TIMEOUT, Store
print("ready", flush=True)
for line in sys.stdin:
    with Store.open(Path(line.strip()), inline=True) as store:
        for n in range(20):
            store.run_now(journal.audit, "open", "test", str(n), {}, "x")
    print("done", flush=True)
"""


def test_three_processes_open_and_write_at_once(tmp_path: Path) -> None:
    """Together they make the file, migrate it once and write in turns; not one of them meets a lock error."""
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    paths = [tmp_path / str(n) / "shop.db" for n in range(5)]
    script = "".join(f"{path}\n" for path in paths)
    assert all(opener.stdout and opener.stdout.readline() == "ready\n" for opener in openers)
    for opener in openers:
        assert opener.stdin
        opener.stdin.write(script)
        opener.stdin.close()
        opener.stdin = None
    for opener in openers:
        said, complained = opener.communicate(timeout=180)
        assert (said, complained, opener.returncode) == ("done\n" * len(paths), "", 0)
    for path in paths:
        with Store.open(path, inline=True) as store:
            assert store.read_now(db.execute, "SELECT count(*) FROM audit").fetchone() == (60,)
            assert store.read_now(
                db.execute, "SELECT count(*) - count(DISTINCT name) FROM schema_migration"
            ).fetchone() == (0,)
            assert store.read_now(journal.verify_audit) is None


def test_a_damaged_file_says_so_in_words_wherever_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with Store.open(path, inline=True) as store:
        store.run_now(journal.audit, "create", "item", "i-1", {}, "sara")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with Store(path, inline=True) as damaged:
        for door in (damaged.run_now, damaged.read_now):
            with pytest.raises(ShopError, match="unreadable"):
                door(journal.verify_audit)
