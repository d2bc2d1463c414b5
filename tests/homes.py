"""Homes of the program, for tests that look into them past the program: their databases are encrypted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from clutch_tui.bootstrap.composition import Installation
from clutch_tui.core.database import cipher_form
from clutch_tui.core.store.store import Store


def installation(home: Path, **environ: str) -> Installation:
    """The installation in a folder, with its secrets there too."""
    return Installation.find({"CLUTCH_HOME": str(home), "CLUTCH_SECRETS": "file", **environ})


def open_home(home: Path, database: Path | None = None, **environ: str) -> Store:
    """A database of a home (that of its settings, where none is named), with the key that belongs to it. Unlike
    `Installation.open_store` it changes nothing: no rules are written, nothing moves to another shop."""
    here = installation(home, **environ)
    return Store.open(database or here.database(), inline=True, find_key=here.protection.find_key)


def connect(home: Path, database: Path | None = None, **environ: str) -> Any:
    """A bare connection to a database of a home, as `sqlite3.connect` would be to a plain one."""
    here = installation(home, **environ)
    path = database or here.database()
    key = here.protection.find_key(path)
    return cipher_form.keyed(lambda: dbapi2.connect(str(path), timeout=180), key)
