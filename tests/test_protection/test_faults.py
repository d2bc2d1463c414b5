"""A disk that is full, read only or forbidden, a file that was emptied or cut: each is told as what it is, and none of
them as a lost key. Real file systems, and a user who has no rights."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from clutch_tui.core import inventory
from clutch_tui.core.database import faults
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store
from clutch_tui.core.types import PartDraft
from tests.homes import installation
from tests.program import Program

MOUNTS = os.geteuid() == 0 and sys.platform == "linux"


Clutch = Callable[..., tuple[int, str]]


def environment(home: Path) -> dict[str, str]:
    return {"CLUTCH_HOME": str(home), "CLUTCH_SECRETS": "file", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


@pytest.fixture
def clutch(program: Program) -> Clutch:
    """A command in a home: its exit code and all that it said."""

    def run(home: Path, *arguments: str) -> tuple[int, str]:
        said = program.call("--lang", "en", *arguments, environ=environment(home))
        assert "Traceback" not in said.stderr, said.stderr
        return said.returncode, said.stdout + said.stderr

    return run


def as_anybody(home: Path, *arguments: str) -> tuple[int, str]:
    """A command in a home, in a process that the system judges as it judges everybody, also where root starts it."""
    ran = subprocess.run(
        [*BOUND, sys.executable, "-m", "clutch_tui", "--lang", "en", *arguments],
        env={**environment(home), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.getcwd()},
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.returncode, ran.stdout + ran.stderr


def fill_home(home: Path) -> None:
    with installation(home).open_store(inline=True) as store:
        store.run_now(inventory.create, PartDraft(name="فلتر", part_number="OC 197", price=10_00), whole(5))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[str], None]]]:
    """A small file system of its own with a shop on it, and what sets an option of it."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], check=True, capture_output=True)

    try:
        mount("size=8m")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here")
    try:
        fill_home(place / "home")
        yield place, mount
    finally:
        subprocess.run(["umount", str(place)], check=False, capture_output=True)


@pytest.mark.skipif(not MOUNTS, reason="mounting wants root")
@pytest.mark.parametrize(("state", "words"), [("full", "The disk is full"), ("read only", "can only be read")])
def test_a_full_or_read_only_disk_is_no_lost_key(
    clutch: Clutch, disk: tuple[Path, Callable[[str], None]], state: str, words: str
) -> None:
    place, mount = disk
    home = place / "home"
    if state == "full":
        with suppress(OSError), (place / "rubbish").open("wb", buffering=0) as file:
            while file.write(b"x" * 1024):
                pass
    else:
        mount("remount,ro,size=8m")
    before = sorted(path.name for path in (home / "data").iterdir() if path.suffix == ".db")
    for command in (("key", "status"), ("key", "reset", "--yes"), ("sell", "--part", "OC 197", "--pay", "cash")):
        code, said = clutch(home, *command)
        assert code == 1, (command, said)
        assert words in said, (command, said)
        assert "no key" not in said
    assert sorted(path.name for path in (home / "data").iterdir() if path.suffix == ".db") == before == ["shop.db"]
    (place / "rubbish").unlink(missing_ok=True) if state == "full" else mount("remount,rw,size=8m")
    assert clutch(home, "sell", "--part", "OC 197", "--pay", "cash")[0] == 0


BOUND = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Lets the system judge root as it judges everybody."""


@pytest.mark.skipif(not MOUNTS or shutil.which("setpriv") is None, reason="giving a folder away wants root")
def test_a_folder_of_somebody_else_is_told_as_that(tmp_path: Path) -> None:
    fill_home(tmp_path)
    for path in (tmp_path / "data", *(tmp_path / "data").iterdir()):
        os.chown(path, 65534, 65534)
    for command in (("key", "status"), ("find", "x")):
        code, said = as_anybody(tmp_path, *command)
        assert (code, "no key" in said) == (1, False), said
        assert "belong to the user" in said
        assert "sudo -u" in said
    code, said = as_anybody(tmp_path, "doctor")
    assert code == 1
    assert "belong to the user" in said


def test_a_file_that_was_emptied_is_no_new_shop(clutch: Clutch, tmp_path: Path) -> None:
    fill_home(tmp_path)
    path = tmp_path / "data" / "shop.db"
    for beside in path.parent.glob("shop.db-*"):
        beside.unlink()
    os.truncate(path, 0)
    for command in (("find", "x"), ("sell", "--part", "OC 197", "--pay", "cash"), ("doctor",)):
        code, said = clutch(tmp_path, *command)
        assert code == 1, (command, said)
        assert "is empty" in said, (command, said)
    assert path.stat().st_size == 0


def test_a_file_that_was_cut_is_damaged_and_its_key_is_not_lost(clutch: Clutch, tmp_path: Path) -> None:
    fill_home(tmp_path)
    path = tmp_path / "data" / "shop.db"
    os.truncate(path, 1000)
    code, said = clutch(tmp_path, "key", "status")
    assert (code, "damaged" in said, "no key" in said) == (1, True, False)
    code, said = clutch(tmp_path, "key", "reset", "--yes")
    assert (code, path.stat().st_size) == (1, 1000)


def test_a_creation_that_was_cut_off_is_begun_again(tmp_path: Path) -> None:
    draft = tmp_path / "shop.db.new"
    draft.write_bytes(b"half of a database")
    with Store.open(tmp_path / "shop.db", inline=True) as store:
        store.run_now(inventory.create, PartDraft(name="فلتر"), whole(1))
    assert sorted(path.name for path in tmp_path.glob("shop.db*") if path.suffix != ".lock") == ["shop.db"]


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (dbapi2.OperationalError("disk I/O error"), faults.BROKEN),
        (dbapi2.OperationalError("database or disk is full"), faults.FULL),
        (dbapi2.OperationalError("database is locked"), faults.BUSY),
        (dbapi2.DatabaseError("database disk image is malformed"), faults.DAMAGED),
        (OSError(errno.EIO, "x"), faults.BROKEN),
        (OSError(errno.EDQUOT, "x"), faults.FULL),
        (OSError(errno.EROFS, "x"), faults.READ_ONLY),
        (dbapi2.IntegrityError("UNIQUE constraint failed: sale.id"), None),
    ],
)
def test_each_word_of_sqlite_and_the_system_means_one_thing(tmp_path: Path, error: Exception, key: str | None) -> None:
    found = faults.of_sqlite(error, tmp_path / "shop.db")
    assert (found.key if found else None) == key
    if isinstance(error, OSError):
        assert isinstance(faults.of_system(error, tmp_path), ShopError)
