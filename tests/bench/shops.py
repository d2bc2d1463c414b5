"""Homes of the program with a filled shop in them, built once and kept for the next run."""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import tempfile
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.config import settings
from clutch_tui.config.paths import Home
from clutch_tui.core import inventory, search, search_words, state
from clutch_tui.core.database import db
from clutch_tui.core.outbox import overlay
from clutch_tui.core.store import store
from clutch_tui.core.sync import replica_rows
from tests.bench import parts as parts_module
from tests.bench.parts import parts

BATCH = 50_000


def home(count: int) -> Home:
    """A home whose shop has `count` parts and works without a server. Measurements only read it, or copy it."""
    folder = _folder(count)
    if not is_built(count):
        for old in _cache().glob(f"home-{count}-*"):
            shutil.rmtree(old)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=_cache()))
        try:
            _build(_home(draft), count)
            draft.rename(folder)
        except BaseException:
            shutil.rmtree(draft)
            raise
    return _home(folder)


def is_built(count: int) -> bool:
    """Whether `home(count)` is there already, as this version would build it."""
    return _folder(count).exists()


def encrypted_home(count: int, folder: Path) -> Home:
    """The same home once more, in a folder of its own, with its database encrypted as a new shop's is."""
    plain = home(count)
    shutil.copytree(plain.config_dir, folder, dirs_exist_ok=True)
    settings.save(_home(folder), {"database.encryption": True})
    Installation.find({"CLUTCH_HOME": str(folder)}).protection.encrypt(lambda _: None)
    return _home(folder)


def database(count: int) -> Path:
    """The database of `home(count)`."""
    return home(count).database("", "")


def copy_of(count: int, folder: Path) -> Path:
    """A copy of a shop's database, to write in."""
    return Path(shutil.copy(database(count), folder / f"shop-{count}.db"))


def insert(rows: Sequence[dict[str, Any]]) -> None:
    """Put parts into the shop that is being worked on, as a pull would."""
    names = ("id", *overlay.RECORD_COLUMNS["item"][1], *replica_rows.KEY_COLUMNS["item"])
    marks = ", ".join(f":{name}" for name in names)
    db.executemany(
        f"INSERT INTO part ({', '.join(names)}) VALUES ({marks})", ({**row, **inventory.keys_of(row)} for row in rows)
    )


def _build(place: Home, count: int) -> None:
    place.prepare()
    settings.save(place, {"database.encryption": False})  # or the program would encrypt what is measured as plain
    with store.Store.open(place.database("", ""), inline=True) as shop:
        shop.run_now(state.put_setting, "works_alone", True)
        rows = parts(count)
        while batch := list(islice(rows, BATCH)):
            shop.run_now(insert, batch)
        while shop.run_now(search.index_slice):
            pass


def _folder(count: int) -> Path:
    return _cache() / f"home-{count}-{_stamp()}"


def _home(folder: Path) -> Home:
    return Home.find({"CLUTCH_HOME": str(folder)})


def _cache() -> Path:
    folder = Path(tempfile.gettempdir()) / f"clutch-tui-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _stamp() -> str:
    """What the content of a shop depends on: its schema, its search keys, its parts."""
    sources = chain(
        (file.read_text() for file in (*sorted(store.MIGRATIONS.glob("*.py")), Path(str(search.__file__)))),
        (inspect.getsource(source) for source in (search_words, parts_module, inventory.keys_of, _build)),
    )
    return hashlib.sha256("".join(sources).encode()).hexdigest()[:12]
