"""The real sandbox application behind a network that is only a function call, and a witness of what it did.

One application serves every seed of a process: its database is in memory and is put back to the same seeded
state before each run, which takes a fraction of the time that building it takes.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from clutch_tui.sandbox import auth, changes, demo_data, epochs, maintenance, orders, payload
from clutch_tui.sandbox.app import create_app
from clutch_tui.sandbox.backend import Backend
from clutch_tui.sandbox.ledger import Change, Origin
from clutch_tui.sandbox.settings import PROTOCOL, Settings

from .virtual_time import EPOCH, VirtualLoop

if TYPE_CHECKING:
    from .network import Message

PARTS = 6
CUSTOMERS = 2
OPENING_STOCK = 50

Moves = dict[str, int]


class ServerClock:
    """The server's time: the loop's, while one runs. Never wrong; the terminals' clocks are."""

    loop: VirtualLoop | None = None

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.loop.elapsed if self.loop is not None else 0)


# Written by the server's own transactions, so that a change that is rolled back leaves no trace here either.
_WITNESS = """
CREATE TEMP TABLE IF NOT EXISTS witness (what TEXT, change_id TEXT, seq INTEGER, a TEXT, b TEXT, c TEXT, n INTEGER);
CREATE TEMP TABLE IF NOT EXISTS witnessed (move INTEGER, entry INTEGER);
DELETE FROM witness;
DELETE FROM witnessed;
INSERT INTO witnessed SELECT (SELECT coalesce(max(id), 0) FROM main.stock_move),
    (SELECT coalesce(max(id), 0) FROM main.account_entry);
CREATE TEMP TRIGGER IF NOT EXISTS witness_change AFTER INSERT ON main.ledger WHEN new.shop_id <> 'elsewhere' BEGIN
    INSERT INTO witness SELECT 'change', new.change_id, new.seq, new.kind, new.type, new.record_id, 0;
    INSERT INTO witness SELECT 'status', new.change_id, 0, json_extract(new.result, '$.status'), '', '', 0;
    INSERT INTO witness SELECT 'move', new.change_id, 0, item_id, '', '', sum(delta) FROM main.stock_move
        WHERE id > (SELECT move FROM witnessed) GROUP BY item_id;
    INSERT INTO witness SELECT 'entry', new.change_id, 0, customer_id, '', '', sum(amount) FROM main.account_entry
        WHERE id > (SELECT entry FROM witnessed) GROUP BY customer_id;
    UPDATE witnessed SET move = (SELECT coalesce(max(id), 0) FROM main.stock_move),
        entry = (SELECT coalesce(max(id), 0) FROM main.account_entry);
END;
CREATE TEMP TRIGGER IF NOT EXISTS witness_customer AFTER INSERT ON main.customer BEGIN
    INSERT INTO witness SELECT 'born', new.id, new.seq, '', '', '', 0;
END;
"""
_FIELDS = {"item": ("name", "price", "cost", "location"), "customer": ("name", "phone", "address")}
for _table, _names in _FIELDS.items():
    for _name in _names:
        _WITNESS += f"""
CREATE TEMP TRIGGER IF NOT EXISTS witness_{_table}_{_name} AFTER UPDATE OF {_name} ON main.{_table}
    WHEN old.{_name} IS NOT new.{_name} BEGIN
    INSERT INTO witness SELECT 'field', new.id, 0, '{_name}', old.{_name}, new.{_name}, 0;
END;
"""


@dataclass(slots=True)
class Life:
    """One history of the server's data: from when it was put back, or an epoch began, to when that happened again."""

    name: str
    """Its epoch, and a stroke for each time that a copy with that epoch was put back."""
    epoch: str
    marks: dict[int, str] | None = None
    """The mark of each number, once this life is over."""


@dataclass(slots=True)
class Deed:
    """One change as the server applied it: its number, and what it moved."""

    seq: int
    kind: str
    type: str
    record_id: str
    status: str = ""
    moves: Moves = field(default_factory=dict)
    entries: Moves = field(default_factory=dict)
    """What it put on customers' accounts."""
    overwritten: dict[str, str] = field(default_factory=dict)
    """For each field that it changed: what stood there before."""
    by_sync: bool = True
    """Whether the server could compare it with what its writer saw: a part's own call replaces its fields."""

    @property
    def applied(self) -> bool:
        return self.status in ("applied", "applied_flagged")


class Server:
    """The backend of one run. `deeds[life]` is everything that the database of one life contains."""

    def __init__(self, loop: VirtualLoop, rng: random.Random) -> None:
        shared = _shared()
        self.backend, self.tokens = shared.backend, shared.tokens
        shared.clock.loop = loop
        shared.chance.setstate(rng.getstate())
        self._app = shared.app
        self._reset(shared.template)
        self.opening: Moves = {
            row[0]: row[1] for row in self.sql("SELECT id, stock_quantity FROM item WHERE shop_id = ?", SHOP)
        }
        self.lives = [Life(self.epoch, self.epoch)]
        self.deeds: dict[str, dict[str, Deed]] = {self.life: {}}
        self.born: dict[str, dict[str, int]] = {
            self.life: dict(self.sql("SELECT id, seq FROM customer WHERE shop_id = ?", SHOP))
        }
        """When each customer appeared: some are brought by a sale and not by a request of their own."""
        self.on_deed: Callable[[str, Deed], None] = lambda change_id, deed: None
        self._saved: tuple[dict[str, Deed], dict[str, int]] | None = None
        self.began_with = PROTOCOL

    def _reset(self, template: sqlite3.Connection) -> None:
        database = self.backend.database
        database.committed.clear()
        database.copy = None
        self.backend.hub.listeners.clear()
        self.backend.running_keys.clear()
        self.backend.faults.clear()
        self.backend.simplify(None)
        database.protocol = PROTOCOL
        template.backup(database.connection())
        database.connection().executescript(_WITNESS)

    def begin_with(self, protocol: int) -> None:
        """The version of the protocol that it speaks for as long as anything may go wrong."""
        self.began_with = self.backend.database.protocol = protocol

    def sell_pieces(self) -> None:
        """Nothing of the shop is measured."""
        self.backend.database.connection().execute("UPDATE item SET unit = 'C62', decimals = 0")

    def teach(self) -> None:
        """It learns the newest version."""
        self.backend.database.protocol = PROTOCOL

    # --- what a request does -------------------------------------------------------------------------

    async def handle(self, message: Message) -> tuple[int, dict[str, str], bytes]:
        """One request, from its first byte to the last of its answer, without a pause."""
        status, headers, body = await _call(self._app, message)
        self._note_deeds(by_sync=message.path.endswith("/sync"))
        return status, headers, body

    def _note_deeds(self, *, by_sync: bool = True) -> None:
        if self.epoch != self.lives[-1].epoch:  # a terminal has shown it that it was put back
            self._live_on(self.deeds[self.life], self.born[self.life])
        connection = self.backend.database.connection()
        rows = connection.execute("SELECT what, change_id, seq, a, b, c, n FROM witness ORDER BY rowid").fetchall()
        if not rows:
            return
        connection.execute("DELETE FROM witness")
        here, born = self.deeds[self.life], self.born[self.life]
        overwritten: dict[str, str] = {}
        for what, id, seq, a, b, c, n in rows:
            if what == "change":
                here[id] = Deed(seq, a, b, c, overwritten=overwritten, by_sync=by_sync)
                overwritten = {}
            elif what == "status":
                here[id].status = a
                self.on_deed(id, here[id])
            elif what == "move":
                here[id].moves[a] = here[id].moves.get(a, 0) + n  # an exchange may move a part twice
            elif what == "entry":
                here[id].entries[a] = here[id].entries.get(a, 0) + n
            elif what == "born":
                born[id] = seq
            else:
                overwritten.setdefault(a, b)

    # --- what an administrator does ------------------------------------------------------------------

    def backup(self) -> None:
        maintenance.backup(self.backend.database)
        self._saved = dict(self.deeds[self.life]), dict(self.born[self.life])

    def restore(self, *, announced: bool = True) -> None:
        """Everything since the backup is lost; a new epoch says so, or nothing does."""
        assert self._saved is not None
        self.lives[-1].marks = self._marks()
        (maintenance.restore if announced else maintenance.put_back)(self.backend.database)
        self.backend.database.committed.clear()
        self.backend.database.connection().executescript(_WITNESS)
        self._live_on(*self._saved)

    def _live_on(self, deeds: dict[str, Deed], born: dict[str, int]) -> None:
        """From here on nothing of the life before is added to."""
        if self.lives[-1].marks is None:
            self.lives[-1].marks = self._marks()
        before = sum(life.epoch == self.epoch for life in self.lives)
        self.lives.append(Life(self.epoch + "'" * before, self.epoch))
        self.deeds[self.life], self.born[self.life] = dict(deeds), dict(born)

    def _marks(self) -> dict[int, str]:
        return dict(self.sql("SELECT seq, mark FROM mark WHERE shop_id = ?", SHOP))

    def _mark_in(self, life: Life, seq: int) -> str | None:
        if life.marks is not None:
            return next((life.marks[taken] for taken in sorted(life.marks) if taken >= seq), None)
        with self.backend.database.reading() as reading:
            return reading.mark_of(SHOP, seq)

    def life_of(self, epoch: str, cursor: int, mark: str | None) -> str | None:
        """The life in which this number of this epoch had this mark: the latest that shares it; None for none."""
        for life in reversed(self.lives):
            if life.epoch != epoch:
                continue
            if cursor == 0 or mark is None or mark == self._mark_in(life, cursor):
                return life.name
        return None

    def has_come(self, change_id: str) -> bool:
        """Whether a change has come by a sync call: what a person finds out who looks at the server's own screens."""
        return change_id in self.deeds[self.life]

    def purge(self) -> int:
        return maintenance.purge(self.backend.database)

    def parts(self) -> int:
        return int(self.sql("SELECT count(*) FROM item WHERE shop_id = ? AND deleted = 0", SHOP)[0][0])

    def delete_part(self, rng: random.Random, n: int | None = None) -> str:
        """Somebody deletes a part on the server itself, the `n`th or any; the id of the change, for the books."""
        known = self.sql("SELECT id, version FROM item WHERE shop_id = ? AND deleted = 0 ORDER BY id", SHOP)
        part_id, version = rng.choice(known) if n is None else known[n]
        return self._change_part("delete", rng, part_id, {"*": version})

    def touch_part(self, rng: random.Random, part_id: str) -> str | None:
        """Somebody corrects a part on the server itself, so that its row goes out once more; None where it is gone."""
        sql = "SELECT version, location FROM item WHERE shop_id = ? AND deleted = 0 AND id = ?"
        for version, location in self.sql(sql, SHOP, part_id):
            return self._change_part("update", rng, part_id, {"location": version}, {"location": f"{location}+"[-9:]})
        return None

    def _change_part(
        self, kind: str, rng: random.Random, part_id: str, base: dict[str, Any], fields: dict[str, Any] | None = None
    ) -> str:
        change_id = payload.new_id(self.backend.database.clock.now(), rng)
        change = Change(change_id, kind, "item", part_id, base=base, fields=fields or {}, epoch=self.epoch)
        changes.apply(self.backend.database, SHOP, change, Origin())
        self.backend.publish()
        self._note_deeds()
        return change_id

    def knows_elsewhere(self, change_id: str) -> None:
        """Another shop of this server has a change under this id: whoever was signed in there first has sent it."""
        with self.backend.database.writing(SHOP) as transaction:
            transaction.execute(
                "INSERT INTO ledger (shop_id, change_id, hash, kind, type, record_id, device_id, at, seq, result)"
                """ VALUES ('elsewhere', ?, '', 'sale', 'sale', ?, '', '', 1, '{"status":"applied","seq":1}')""",
                (change_id, change_id),
            )

    def place_order(self, rng: random.Random) -> str:
        """A customer orders a part or two on the marketplace."""
        database = self.backend.database
        known = self.sql("SELECT id, name FROM item WHERE shop_id = ? AND deleted = 0 ORDER BY id", SHOP)
        lines = [
            {"item_id": id, "item_name": name, "quantity": rng.randint(1, 3)}
            for id, name in rng.sample(known, min(len(known), 2))
        ]
        order_id = payload.new_id(database.clock.now(), rng)
        with database.writing(SHOP) as transaction:
            orders.place(transaction, [SHOP], order_id, {"customer_name": "طالب", "phone": "0101", "lines": lines})
        self.backend.publish()
        return order_id

    # --- looking -------------------------------------------------------------------------------------

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.backend.database.connection().execute(statement, values).fetchall()

    @property
    def epoch(self) -> str:
        with self.backend.database.reading() as reading:
            return epochs.present(reading, SHOP)

    @property
    def life(self) -> str:
        """The name of the present life."""
        return self.lives[-1].name

    @property
    def counter(self) -> int:
        return int(self.sql("SELECT counter FROM shop WHERE id = ?", SHOP)[0][0])


SHOP = demo_data.SHOP_ID


async def _call(app: Any, message: Message) -> tuple[int, dict[str, str], bytes]:
    """Call the application as a server would; httpx's own transport takes four times as long for it."""
    url = message.url
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": message.method,
        "headers": [(name.encode(), value.encode()) for name, value in message.headers.items()],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path,
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    answered: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": message.body, "more_body": False}

    async def send(event: dict[str, Any]) -> None:
        answered.append(event)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in answered[0]["headers"]}
    headers.pop("content-length", None)
    return answered[0]["status"], headers, b"".join(event.get("body", b"") for event in answered[1:])


@dataclass(frozen=True, slots=True)
class _Shared:
    """What is made once for all seeds: the application, and the database that each of them starts from."""

    app: Any
    backend: Backend
    clock: ServerClock
    chance: random.Random
    template: sqlite3.Connection
    tokens: list[dict[str, Any]]
    """Sessions that are open when a run begins, one for each terminal that wants one."""


@cache
def _shared() -> _Shared:
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
            **({"unit": "LTR", "decimals": 3} if n % 3 == 2 else {}),
        }
        _create(backend, "item", f"01930000-0000-7000-8000-{n:012x}", part)
    for n in range(CUSTOMERS):
        _create(
            backend, "customer", f"01930000-0000-7000-8001-{n:012x}", {"name": f"عميل {n}", "phone": f"0100000000{n}"}
        )
    tokens = [auth.login(backend.database, "cashier@clutch.test", demo_data.PASSWORD, f"device-{n}") for n in range(4)]
    backend.database.committed.clear()
    template = sqlite3.connect(":memory:")
    backend.database.connection().backup(template)
    return _Shared(app, backend, clock, chance, template, tokens)


def _create(backend: Backend, type: str, record_id: str, fields: dict[str, Any]) -> None:
    change = Change(f"seed-{record_id}", "create", type, record_id, fields=fields)
    outcome = changes.apply(backend.database, SHOP, change, Origin())
    assert outcome.status == "applied", outcome
