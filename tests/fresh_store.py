"""New stores for tests, without the twenty milliseconds that their tables cost each time."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from clutch_tui.core.store.store import Store


def open_new(path: Path, **given: Any) -> Store:
    """`Store.open` for a file that nobody has made yet: it begins as a copy of one that the migrations made in
    this process. Who tests the making itself opens the store in the ordinary way."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("xb") as new:
        path.chmod(0o600)
        new.write(_migrated())
    return Store.open(path, **given)


@cache
def _migrated() -> bytes:
    folder = Path(mkdtemp(prefix="clutch-fresh-store-"))
    try:
        Store.open(folder / "shop.db", inline=True).close()
        left = sorted(file.name for file in folder.iterdir() if file.stat().st_size)
        assert left == ["shop.db"], f"the file alone is not all of the store: {left}"
        return (folder / "shop.db").read_bytes()
    finally:
        shutil.rmtree(folder)
