"""The real sandbox application behind a network that is only a function call, and a witness of what it did.

One application serves every seed of a process: its database is in memory and is put back to the same seeded
state before each run, which takes a fraction of the time that building it takes.
"""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx

from clutch_tui.sandbox import changes, demo_data, maintenance
from clutch_tui.sandbox.app import create_app
from clutch_tui.sandbox.backend import Backend
from clutch_tui.sandbox.ledger import Change, Origin
from clutch_tui.sandbox.settings import Settings

from .virtual_time import EPOCH, VirtualLoop

PARTS = 6
CUSTOMERS = 2
OPENING_STOCK = 50

Moves = dict[str, int]


class ServerClock:
    """The server's time: the loop's, while one runs. Never wrong; the terminals' clocks are."""

    loop: VirtualLoop | None = None

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.loop.elapsed if self.loop is not None else 0)


# Written by the server's own transaction, so that a rolled back change leaves no trace here either.
_WITNESS = """
CREATE TEMP TABLE IF NOT EXISTS witness (change_id TEXT, seq INTEGER, kind TEXT, type TEXT, record_id TEXT,
    result TEXT, item_id TEXT, delta INTEGER);
CREATE TEMP TABLE IF NOT EXISTS witnessed (move INTEGER);
DELETE FROM witness;
DELETE FROM witnessed;
INSERT INTO witnessed SELECT coalesce(max(id), 0) FROM main.stock_move;
CREATE TEMP TRIGGER IF NOT EXISTS witness_change AFTER INSERT ON main.ledger BEGIN
    INSERT INTO witness SELECT new.change_id, new.seq, new.kind, new.type, new.record_id, new.result, NULL, 0;
    INSERT INTO witness SELECT new.change_id, new.seq, '', '', '', '', item_id, sum(delta) FROM main.stock_move
        WHERE id > (SELECT move FROM witnessed) GROUP BY item_id;
    UPDATE witnessed SET move = (SELECT coalesce(max(id), 0) FROM main.stock_move);
END;
"""


@dataclass(slots=True)
class Deed:
    """One change as the server applied it: its number, and what it moved."""

    seq: int
    kind: str
    type: str
    record_id: str
    result: str
    moves: Moves = field(default_factory=dict)


class Server:
    """The backend of one run. `deeds[epoch]` is everything that this epoch's database contains."""

    def __init__(self, loop: VirtualLoop, rng: random.Random) -> None:
        app, self.backend, clock, chance, template = _shared()
        clock.loop = loop
        chance.setstate(rng.getstate())
        self._transport = httpx.ASGITransport(app=app)
        self._reset(template)
        self.opening: Moves = {
            row[0]: row[1] for row in self.sql("SELECT id, stock_quantity FROM item WHERE shop_id = ?", SHOP)
        }
        self.deeds: dict[str, dict[str, Deed]] = {self.epoch: {}}
        self._saved: dict[str, Deed] | None = None

    def _reset(self, template: sqlite3.Connection) -> None:
        database = self.backend.database
        database.committed.clear()
        database.copy = None
        self.backend.running_keys.clear()
        self.backend.faults.clear()
        template.backup(database.connection())
        database.connection().executescript(_WITNESS)

    # --- what a request does -------------------------------------------------------------------------

    async def handle(self, request: httpx.Request) -> tuple[int, dict[str, str], bytes]:
        """One request, from its first byte to the last of its answer, without a pause."""
        response = await self._transport.handle_async_request(request)
        body = await response.aread()
        self.backend.database.committed.clear()
        self._note_deeds()
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return response.status_code, headers, body

    def _note_deeds(self) -> None:
        rows = self.sql("SELECT change_id, seq, kind, type, record_id, result, item_id, delta FROM witness")
        if not rows:
            return
        here = self.deeds[self.epoch]
        for change_id, seq, kind, type, record_id, result, item_id, delta in rows:
            if item_id is None:
                here[change_id] = Deed(seq, kind, type, record_id, result)
            else:
                here[change_id].moves[item_id] = here[change_id].moves.get(item_id, 0) + delta
        self.backend.database.connection().execute("DELETE FROM witness")

    # --- what an administrator does ------------------------------------------------------------------

    def backup(self) -> None:
        maintenance.backup(self.backend.database)
        self._saved = dict(self.deeds[self.epoch])

    @property
    def has_backup(self) -> bool:
        return self._saved is not None

    def restore(self) -> None:
        """Everything since the backup is lost, and a new epoch says so."""
        assert self._saved is not None
        maintenance.restore(self.backend.database)
        self.backend.database.committed.clear()
        self.backend.database.connection().executescript(_WITNESS)
        self.deeds[self.epoch] = dict(self._saved)

    def purge(self) -> int:
        return maintenance.purge(self.backend.database)

    # --- looking -------------------------------------------------------------------------------------

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.backend.database.connection().execute(statement, values).fetchall()

    @property
    def epoch(self) -> str:
        return f"e-{self.sql('SELECT epoch FROM server')[0][0]}"

    @property
    def counter(self) -> int:
        return int(self.sql("SELECT counter FROM shop WHERE id = ?", SHOP)[0][0])


SHOP = demo_data.SHOP_ID


@cache
def _shared() -> tuple[Any, Backend, ServerClock, random.Random, sqlite3.Connection]:
    """What is made once for all seeds: the application, and the database that each of them starts from."""
    clock, chance = ServerClock(), random.Random(0)
    app = create_app(Settings(db=":memory:", inline=True, faults=True, clock=clock, rng=chance))
    backend: Backend = app.state.backend
    for n in range(PARTS):
        part = {
            "name": f"قطعة {n}",
            "part_number": f"P-{n:03}",
            "price": 100 + n,
            "cost": 60 + n,
            "stock_quantity": OPENING_STOCK,
        }
        _create(backend, "item", f"01930000-0000-7000-8000-{n:012x}", part)
    for n in range(CUSTOMERS):
        _create(
            backend, "customer", f"01930000-0000-7000-8001-{n:012x}", {"name": f"عميل {n}", "phone": f"0100000000{n}"}
        )
    backend.database.committed.clear()
    template = sqlite3.connect(":memory:")
    backend.database.connection().backup(template)
    return app, backend, clock, chance, template


def _create(backend: Backend, type: str, record_id: str, fields: dict[str, Any]) -> None:
    change = Change(f"seed-{record_id}", "create", type, record_id, fields=fields)
    outcome = changes.apply(backend.database, SHOP, change, Origin())
    assert outcome.status == "applied", outcome
