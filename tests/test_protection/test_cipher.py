"""A file becomes encrypted, plain, or gets another key: whole, or not at all."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clutch_tui.core import customers, inventory, journal, sales, search
from clutch_tui.core.cart import add_line, totals
from clutch_tui.core.database import cipher, db
from clutch_tui.core.database.cipher_key import CipherKey
from clutch_tui.core.database.presence import Presence
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.health import examine
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import CustomerDraft, PartDraft, Payment, TaxRules
from tests.test_protection.older import age

ONE, TWO = CipherKey(b"\x01" * 32), CipherKey(b"\x02" * 32)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain shop with parts, a customer, a sale and everything that a sale leaves behind."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    with Store.open(path, inline=True) as store:
        for n in range(30):
            store.run_now(
                inventory.create, PartDraft(name=f"فلتر زيت {n}", part_number=f"P-{n:03}", price=5_000), whole(9)
            )
        store.run_now(customers.create, CustomerDraft(name="منى عبد الله", phone="01001234567"))
        store.run_now(sell)
        store.run_now(db.execute, "ANALYZE")
    return path


@pytest.fixture
def path(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop, to do things to."""
    path = tmp_path / "shop.db"
    path.touch(0o600)
    path.write_bytes(shop.read_bytes())
    return path


def sell() -> None:
    part = inventory.find_code("P-007")
    assert part is not None
    cart, rules = add_line(sales.open_cart(), part), TaxRules()
    total = totals(cart, rules, "cash").total
    sales.checkout(cart, (Payment("cash", total),), tendered=total, cashier="sara", device_id="d", rules=rules)


def rows(path: Path, key: CipherKey | None) -> dict[str, list[Any]]:
    """Every row of every table, the full-text indexes' own included, and what the file says of itself."""
    with Store.open(path, inline=True, find_key=lambda _: key) as store:

        def everything() -> dict[str, list[Any]]:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE rootpage > 0").fetchall()]
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in names if name in tables}
            found["schema"] = db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
            found["version"] = db.execute("PRAGMA user_version").fetchall()
            return found

        assert store.read_now(db.execute, "PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.read_now(journal.verify_audit) is None
        return store.read_now(everything)


def test_every_way_from_one_key_to_another_keeps_every_row(path: Path) -> None:
    before = rows(path, None)
    assert len(before["part_words_data"]) > 1
    for old, new in ((None, ONE), (ONE, TWO), (TWO, TWO), (TWO, None)):
        cipher.convert(path, old, new)
        assert cipher.kind(path) == ("plain" if new is None else "encrypted")
        with closing(cipher._connect(path, new)) as database:
            assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",), "all may open it at once"
        assert sorted(os.listdir(path.parent)) == [path.name, f"{path.name}.lock"]
        assert rows(path, new) == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_till_works_on_as_before(path: Path) -> None:
    cipher.convert(path, None, ONE)
    with Store.open(path, find_key=lambda _: ONE) as store:
        store.run_now(sell)
        assert [part.part_number for part in store.read_now(search.find, "P-007")] == ["P-007"]
        assert len(store.read_now(search.find, "فلتر زيت")) == 30

        def pragmas() -> list[object]:
            names = ("journal_mode", "temp_store", "synchronous")
            return [db.execute(f"PRAGMA {name}").fetchall()[0][0] for name in names]

        assert store.run_now(pragmas) == ["wal", 2, 2]


@pytest.fixture(params=["today's form", "older form"])
def locked(path: Path, request: pytest.FixtureRequest) -> Path:
    """The shop, encrypted with the first key."""
    cipher.convert(path, None, ONE)
    if request.param == "older form":
        age(path, ONE)
    return path


@pytest.mark.parametrize("wrong", [None, TWO])
def test_without_its_key_the_file_says_nothing(locked: Path, wrong: CipherKey | None) -> None:
    path = locked
    content = path.read_bytes()
    with pytest.raises(ShopError, match="unreadable"):
        Store.open(path, find_key=lambda _: wrong)
    assert not cipher.opens(path, wrong)
    with pytest.raises(ShopError, match="unreadable"):
        cipher.convert(path, wrong, TWO)
    assert path.read_bytes() == content


def test_a_file_of_the_older_form_opens_with_its_key_and_is_worked_with(path: Path) -> None:
    before = rows(path, None)
    cipher.convert(path, None, ONE)
    assert not cipher.is_outdated(path, ONE)
    age(path, ONE)
    assert (cipher.kind(path), cipher.opens(path, ONE), cipher.is_outdated(path, ONE)) == ("encrypted", True, True)
    assert not cipher.is_outdated(path, TWO)
    assert rows(path, ONE) == before
    assert not examine(path, key=ONE).faults
    with Store.open(path, inline=True, find_key=lambda _: ONE) as store:
        store.run_now(sell)
    assert cipher.is_outdated(path, ONE), "whoever works with it leaves its form alone"


@pytest.mark.parametrize("new", [ONE, TWO, None])
def test_whatever_is_written_anew_has_todays_form(path: Path, new: CipherKey | None) -> None:
    before = rows(path, None)
    cipher.convert(path, None, ONE)
    age(path, ONE)
    cipher.convert(path, ONE, new)
    assert rows(path, new) == before
    assert new is None or not cipher.is_outdated(path, new)


def test_what_has_todays_form_is_not_written_again(path: Path) -> None:
    """Two windows that want the same: the second finds it done."""
    cipher.convert(path, None, ONE)
    before = path.stat().st_ino
    cipher.convert(path, ONE, ONE)
    assert path.stat().st_ino == before


def test_the_log_of_a_killed_till_survives_the_look_at_its_form(locked: Path, tmp_path: Path) -> None:
    """The last sale stands in the log alone: whoever tries a wrong form, or a wrong key, must leave it there."""
    died = tmp_path / "died" / "shop.db"
    died.parent.mkdir()
    with Store.open(locked, inline=True, find_key=lambda _: ONE) as store:
        store.run_now(sell)
        for ending in ("", "-wal"):
            shutil.copy(f"{locked}{ending}", f"{died}{ending}")
    assert died.with_name("shop.db-wal").stat().st_size > 0
    sold = rows(locked, ONE)["sale"]
    assert not cipher.opens(died, TWO)
    assert cipher.opens(died, ONE)
    assert rows(died, ONE)["sale"] == sold
    cipher.convert(died, ONE, TWO)
    assert rows(died, TWO)["sale"] == sold


def test_noise_counts_as_encrypted_and_an_empty_file_as_none(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    assert cipher.kind(path) == "absent"
    path.touch()
    assert cipher.kind(path) == "absent"
    path.write_bytes(b"noise")
    assert cipher.kind(path) == "encrypted"
    assert not cipher.opens(path, ONE)


def test_the_plain_bytes_are_overwritten(path: Path, tmp_path: Path) -> None:
    """The old file has lost its name; a second name shows what became of its bytes."""
    second = tmp_path / "second-name"
    second.hardlink_to(path)
    assert "منى عبد الله".encode() in second.read_bytes()
    cipher.convert(path, None, ONE)
    assert set(second.read_bytes()) == {0xFF}


@pytest.mark.parametrize("look", [cipher.kind, lambda path: None], ids=["looked at before", "converted at once"])
def test_the_bytes_of_the_plain_log_are_overwritten(path: Path, tmp_path: Path, look: Callable[[Path], object]) -> None:
    """The log of a till that died: its customer stands there alone, and SQLite would free it as it is."""
    died = tmp_path / "died" / "shop.db"
    died.parent.mkdir()
    with Store.open(path, inline=True) as store:
        store.run_now(customers.create, CustomerDraft(name="زينب عبد الحميد", phone="01005550000"))
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{died}{ending}")
    assert "زينب عبد الحميد".encode() not in died.read_bytes()
    with died.with_name("shop.db-wal").open("rb", buffering=0) as wal:
        assert "زينب عبد الحميد".encode() in wal.read()
        look(died)
        cipher.convert(died, None, ONE)
        wal.seek(0)
        assert set(wal.read()) == {0xFF}
    assert any("زينب عبد الحميد" in row for row in rows(died, ONE)["customer"])


def test_a_log_that_has_another_name_too_is_left_alone(path: Path, tmp_path: Path) -> None:
    died, second = tmp_path / "died.db", tmp_path / "second-name"
    with Store.open(path, inline=True) as store:
        store.run_now(sell)
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{died}{ending}")
    second.hardlink_to(f"{died}-wal")
    content = second.read_bytes()
    cipher.convert(died, None, ONE)
    assert second.read_bytes() == content


def test_a_file_that_is_open_elsewhere_is_left_alone(path: Path) -> None:
    with Store.open(path, inline=True) as other:
        with pytest.raises(ShopError, match="in_use"):
            cipher.convert(path, None, ONE)
        other.run_now(sell)
    assert cipher.kind(path) == "plain"
    cipher.convert(path, None, ONE)


def test_a_program_that_knows_no_such_lock_is_found_by_its_connection(path: Path) -> None:
    with Store(path, inline=True) as older:
        older.run_now(sell)
        with pytest.raises(ShopError, match="in_use"):
            cipher.convert(path, None, ONE)
        older.run_now(sell)
    assert cipher.kind(path) == "plain"


def test_a_store_waits_until_a_conversion_is_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clutch_tui.core.database.presence.Presence.share.__defaults__", (0.05,))
    with Presence(path).alone(), pytest.raises(ShopError, match="converting"):
        Store.open(path)
    Store.open(path).close()


def test_the_draft_of_a_conversion_that_was_cut_off_is_thrown_away(path: Path) -> None:
    draft = cipher.draft_of(path)
    draft.write_bytes(b"half of a database")
    with Presence(path).alone():
        cipher.clean(path)
        assert draft.exists(), "somebody is still writing it"
    cipher.clean(path)
    assert not draft.exists()
    draft.write_bytes(b"half of a database")
    beside = [draft.with_name(f"{draft.name}{ending}") for ending in ("-wal", "-journal", "-shm")]
    for one in beside:
        one.write_bytes(b"its log")
    cipher.convert(path, None, ONE)
    assert cipher.opens(path, ONE)
    assert not any(one.exists() for one in beside)
    beside[0].write_bytes(b"its log")
    cipher.clean(path)
    assert not beside[0].exists()


SMALL_DISK = """
import resource, sys
from pathlib import Path
from clutch_tui.core.database import cipher
from clutch_tui.core.database.cipher_key import CipherKey
from clutch_tui.core.errors import ShopError
keys = {"1": CipherKey(b"\\x01" * 32), "2": CipherKey(b"\\x02" * 32), "": None}
room = int(sys.argv[4])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    cipher.convert(Path(sys.argv[1]), keys[sys.argv[2]], keys[sys.argv[3]])
except ShopError as error:
    print(error.key)
"""


@pytest.mark.parametrize(("old", "new"), [("", "1"), ("1", "2"), ("1", "")])
def test_a_full_disk_leaves_the_database_as_it_was(path: Path, old: str, new: str) -> None:
    """The system itself refuses to let a file grow past a limit, here a third of the database."""
    key = ONE if old else None
    if old:
        cipher.convert(path, None, ONE)
    before = rows(path, key)
    command = [sys.executable, "-c", SMALL_DISK, str(path), old, new, str(path.stat().st_size // 3)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert (said.stdout, said.stderr) == ("error.key.no_room\n", "")
    assert rows(path, key) == before
    assert not cipher.draft_of(path).exists()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_damaged_page_is_met_before_the_file_is_replaced(locked: Path) -> None:
    path = locked
    with closing(cipher._connect(path, ONE)) as database:  # turning the WAL off later would write the first page anew
        assert database.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\x00" * 64)
    content = path.read_bytes()
    with pytest.raises(ShopError, match="unreadable"):
        cipher.convert(path, ONE, TWO)
    assert path.read_bytes() == content


@pytest.mark.parametrize("step", ["_fold_log", "copy_into", "_check", "_turn_log_on", "_replace"])
def test_whatever_fails_leaves_no_draft_and_no_lock(path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "no space")

    before = rows(path, None)
    with monkeypatch.context() as patched:
        patched.setattr(cipher, step, fail)
        with pytest.raises(ShopError, match="no_room"):
            cipher.convert(path, None, ONE)
    assert not cipher.draft_of(path).exists()
    assert rows(path, None) == before
