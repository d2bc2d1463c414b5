"""Encrypted databases as they were before pages became smaller: what older shops have on their disks."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2

from clutch_tui.core.database.cipher_form import keyed
from clutch_tui.core.database.cipher_key import CipherKey

PAGE = 4096


def age(path: Path, key: CipherKey) -> None:
    """Give an encrypted database, which nobody has open, the form that the program gave it until then."""
    older = path.with_name(f"{path.name}.older")
    with closing(keyed(lambda: dbapi2.connect(str(path), isolation_level=None), key)) as database:
        assert database.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        database.execute("ATTACH ? AS older KEY ?", (str(older), key.sql))
        database.execute(f"PRAGMA older.cipher_page_size = {PAGE}")
        database.execute("PRAGMA older.cipher_hmac_algorithm = HMAC_SHA256")
        database.execute("SELECT sqlcipher_export('older')").fetchall()
        version = database.execute("PRAGMA main.user_version").fetchone()[0]
        database.execute(f"PRAGMA older.user_version = {version}")
        assert int(database.execute("PRAGMA older.page_size").fetchone()[0]) == PAGE
    older.chmod(0o600)
    os.replace(older, path)
