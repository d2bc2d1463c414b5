"""A database that is deleted, replaced or robbed of its log while a till has it open: noticed, and saved beside."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clutch_tui.core import inventory
from clutch_tui.core.database.cipher_key import CipherKey
from clutch_tui.core.errors import ShopError
from clutch_tui.core.outbox import outbox
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft

KEY = CipherKey(b"\x07" * 32)


def _delete(path: Path) -> None:
    for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        one.unlink()


def _replace(path: Path) -> None:
    """As somebody does who copies an older file over it, the careful way: whole, then by name."""
    other = path.with_name("older.db")
    shutil.copy(path, other)
    other.replace(path)


def _rob_of_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
@pytest.mark.parametrize("deed", [_delete, _replace, _rob_of_log])
@pytest.mark.parametrize("door", ["run_now", "read_now"])
def test_what_the_open_file_holds_is_saved_beside_and_nothing_more_is_sold(
    tmp_path: Path, deed: Callable[[Path], None], door: str, key: CipherKey | None
) -> None:
    path = tmp_path / "shop.db"
    with Store.open(path, find_key=lambda _: key) as store:
        store.run_now(inventory.create, PartDraft(name="فلتر"), whole(5))
        deed(path)
        for _ in range(2):
            with pytest.raises(ShopError) as refused:
                getattr(store, door)(outbox.summary)
            assert refused.value.key == "error.store.replaced"
        with pytest.raises(ShopError):
            store.run_now(inventory.create, PartDraft(name="بوجيه"), whole(1))
    (rescued,) = tmp_path.glob("shop.rescued-*.db")
    assert refused.value.values["rescued"] == rescued.name
    with Store.open(rescued, inline=True, find_key=lambda _: key) as saved:
        assert [row.name for row in saved.read_now(inventory.page, inventory.PartQuery(), None, 0, 9)] == ["فلتر"]
        assert saved.read_now(outbox.summary).unsent == 1


def test_closing_leaves_what_has_the_name_now_alone(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    store = Store.open(path, inline=True)
    store.run_now(inventory.create, PartDraft(name="فلتر"), whole(5))
    _replace(path)
    with pytest.raises(ShopError):
        store.read_now(outbox.summary)
    before = path.read_bytes()
    store.close()
    assert path.read_bytes() == before


def test_a_second_window_and_a_folded_log_are_no_alarm(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with Store.open(path, inline=True) as first:
        first.run_now(inventory.create, PartDraft(name="فلتر"), whole(5))
        for _ in range(3):
            with Store.open(path, inline=True) as second:
                second.run_now(inventory.create, PartDraft(name="بوجيه"), whole(5))
                second._writer_db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            first.run_now(inventory.create, PartDraft(name="فحمات"), whole(5))
        assert first.read_now(outbox.summary).unsent == 7


def test_a_log_that_others_take_away_before_the_first_transaction_is_no_alarm(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    beside = path.with_name("shop.db-wal")
    with Store.open(path, inline=True) as first:
        other = Store.open(path, inline=True)
        other.run_now(inventory.create, PartDraft(name="فلتر"), whole(5))
        before = beside.stat().st_ino
        assert first.is_in_place()
        other.close()
        assert not beside.exists(), "nobody else has the file open yet"
        placeholder = tmp_path / "takes the inode"
        placeholder.touch()
        first.run_now(inventory.create, PartDraft(name="بوجيه"), whole(5))
        assert beside.stat().st_ino != before
        assert first.read_now(outbox.summary).unsent == 2
