"""Conversions that are killed with SIGKILL at any moment: `python -m tests.test_protection.killed [KILLS]`.

A forking server has the program imported; each conversion is a process of its own, does what `clutch-tui key
encrypt|change|decrypt` does in a real home, or what a start does to a database of an older form, and dies somewhere
between its first step and its last. After every death the database must open with a key of the record, be sound, and
hold every row it held before.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from clutch_tui.core import customers, inventory
from clutch_tui.core.database import cipher, db
from clutch_tui.core.quantity import whole
from clutch_tui.core.types import CustomerDraft, PartDraft
from tests.forking import ForkingServer
from tests.homes import connect, installation
from tests.test_protection.older import age

KILLS, PARTS = 50, 1_500

SERVER = """
import os, sys
from pathlib import Path
import clutch_tui.core.store.store, clutch_tui.security.encryption, clutch_tui.security.keychain, filelock
from tests.homes import installation
os.write(1, b"ready\\n")
for line in iter(sys.stdin.readline, ""):
    deed, home = line.split()
    pid = os.fork()
    if pid == 0:
        wanted = {"CLUTCH_DATABASE__ENCRYPTION": "true"} if deed == "renew" else {}
        here, done = installation(Path(home), **wanted), lambda path: None
        if deed == "renew":
            here.protection.prepare(here.database())
        elif deed == "change":
            here.protection.change("file", None, done)
        else:
            getattr(here.protection, deed)(done)
        os._exit(0)
    os.write(1, f"{pid}\\n".encode())
    sys.stdin.readline()  # reaped only when asked to: until then its number belongs to nobody else
    os.write(1, f"{os.waitpid(pid, 0)[1]}\\n".encode())
"""


class Converter:
    """Converts the database of a home, each time in a process of its own."""

    def __init__(self, home: Path, server: ForkingServer) -> None:
        self._home = home
        self._server = server

    def run(self, deed: str, *, kill_after: float | None = None) -> int:
        """Do one deed; the wait status of its process."""
        self._server.say(f"{deed} {self._home}")
        pid = int(self._server.hear())
        if kill_after is not None:
            time.sleep(kill_after)  # the moment of death is the point here, nothing is waited for
            os.kill(pid, signal.SIGKILL)  # one that is done already is a zombie: nothing happens
        self._server.say("reap")
        return int(self._server.hear())


def make_ready(home: Path, deed: str) -> None:
    """What is renewed has the older form before."""
    if deed == "renew":
        here = installation(home)
        key = here.protection.find_key(here.database())
        assert key is not None
        age(here.database(), key)


def fill(home: Path, parts: int = PARTS) -> None:
    """A shop with parts and customers in a plain database, in a home that leaves it as it is."""
    here = installation(home)
    here.save_settings({"database.encryption": False})
    with here.open_store(inline=True) as store:

        def many() -> None:
            for n in range(parts):
                inventory.create(PartDraft(name=f"فلتر {n}", part_number=f"P-{n}", price=5_000 + n), whole(n))
            for n in range(parts // 10):
                customers.create(CustomerDraft(name=f"منى {n}", phone=f"010{n:08}"))

        store.run_now(many)


def content(home: Path) -> str:
    """Everything in the home's database as one digest. Raises where it does not open or is not sound."""
    connection = connect(home)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        digest = hashlib.sha256()
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name"
        for (table,) in connection.execute(tables).fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                digest.update(repr(row).encode())
        return digest.hexdigest()
    finally:
        connection.close()


def hunt(home: Path, kills: int, *, parts: int = PARTS, seed: int = 7) -> Counter[str]:
    """Kill as many conversions; what was found, by deed and by how far it had come. Raises at the first loss."""
    fill(home, parts)
    whole, moments, found = content(home), random.Random(seed), Counter[str]()
    database = installation(home).database()
    with ForkingServer(SERVER) as server:
        converter = Converter(home, server)
        deeds = ("encrypt", "renew", "change", "decrypt")
        turns = [{deed: _timed(home, converter, deed) for deed in deeds} for _ in range(3)]
        lengths = {deed: min(turn[deed] for turn in turns) for deed in turns[0]}
        while found["killed"] < kills:
            was = cipher.kind(database)
            deed = "encrypt" if was == "plain" else moments.choice(("change", "change", "renew", "renew", "decrypt"))
            make_ready(home, deed)
            status = converter.run(deed, kill_after=moments.uniform(0, lengths[deed] * 1.3))
            assert status in (0, signal.SIGKILL), f"{deed} ended with {status}"
            found["killed"] += status == signal.SIGKILL
            found["left a draft"] += cipher.draft_of(database).exists()
            found["left two keys"] += len(installation(home).protection.keychain.entries()) > 1
            found["had converted"] += bool(status) and (deed != "change") and cipher.kind(database) != was
            found["left an older form"] += deed == "renew" and _is_outdated(home)
            found[f"{deed} {'killed' if status else 'finished'}"] += 1
            assert content(home) == whole, f"{deed} has lost something"
            with installation(home).open_store(inline=True) as store:
                assert store.read_now(db.execute, "SELECT count(*) FROM part").fetchone() == (parts,)
            assert not cipher.draft_of(database).exists()
    return found


def _is_outdated(home: Path) -> bool:
    here = installation(home)
    key = here.protection.find_key(here.database())
    return key is not None and cipher.is_outdated(here.database(), key)


def _timed(home: Path, converter: Converter, deed: str) -> float:
    make_ready(home, deed)
    started = time.perf_counter()
    assert converter.run(deed) == 0
    return time.perf_counter() - started


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="clutch-killed-") as folder:
        print(dict(hunt(Path(folder), int(sys.argv[1]) if sys.argv[1:] else KILLS)))
