"""Runs against a server that changes its way: it has the sync calls, loses one of them or both, and has them again.

While they are missing it is a server without sync, and less can be promised (`plain`). In the end it has them, and then
it must be as if nothing had happened: nothing is lost or doubled, and all sides hold the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from clutch_tui.core import state
from clutch_tui.core.outbox import transports
from clutch_tui.core.sync.replica import CHANNELS
from clutch_tui.sandbox.without_sync import SYNC, Plain

from .at_rest import compare
from .plain import PlainBooks, PlainWorld
from .server import SHOP, Deed
from .terminal import Pace, Terminal
from .violation import Violation
from .world import World

LATER = timedelta(minutes=11)
"""After this long a till believes that a server which had the sync calls has them no more."""


class ChangingBooks(PlainBooks):
    """What holds with sync and without, and once it is there again."""

    def at_rest(self, terminals: Collection[Terminal]) -> None:
        super().at_rest(terminals)
        for terminal in terminals:
            if not terminal.sql("SELECT 1 FROM outbox WHERE answered_at IS NULL LIMIT 1"):
                self._check_rows(terminal)
                self._check_moves(terminal)
        if self.alone:
            self._check_owed(next(iter(terminals)))

    def _check_overwritten(self, change_id: str, deed: Deed) -> None:
        """Between the look of a till that does not know yet that sync is back, and its write, another may have
        written."""
        if deed.by_sync or deed.type != "item":
            super()._check_overwritten(change_id, deed)

    def _check_receipts(self, terminals: Collection[Terminal]) -> None:
        """Each receipt is on the server once, or its question waits for a person. What came back while it had no sync
        is the status of its sale there, and no document of its own."""
        there = Counter(
            (row[0], abs(row[1]))
            for row in self._server.sql("SELECT receipt_number, total FROM sale WHERE shop_id = ?", SHOP)
        )
        excused = {
            row[0]
            for one in terminals
            for row in one.sql(
                "SELECT change_id FROM outbox WHERE answered_at IS NULL OR (kind = 'return' AND result_epoch = ?)",
                (transports.LISTS,),
            )
        }
        resent = {
            row[0] for one in terminals for row in one.sql("SELECT change_id FROM outbox WHERE outcome = 'resent'")
        }
        for one in self.exchanges.documents():
            if one.kind not in ("sale", "return") or one.change_id in resent:
                continue
            receipt = one.payload["receipt_number"], one.payload["total"]
            times = there.pop(receipt, 0)
            if times > 1 or (times == 0 and one.change_id not in excused | self.uncertain):
                raise Violation(f"receipt {receipt[0]} is on the server {times} times")
        if there:
            raise Violation(f"nobody made these sales: {sorted(there)[:3]}")

    def _check_quotations(self, terminals: Collection[Terminal]) -> None:
        """They have gone up once there was sync, and all tills know of them."""
        self.quotations.at_rest(terminals, self._server.deeds[self._server.life])

    def _check_lost_sales(self, terminals: Collection[Terminal]) -> None:
        """Lost sales have gone up as well, and all tills show them."""
        self.lost_sales.at_rest(terminals, self._server.deeds[self._server.life])

    def _check_exchanges(self, terminals: Collection[Terminal]) -> None:
        """And exchanges, each whole."""
        self.exchanges.at_rest(terminals)

    def _check_price_rules(self, terminals: Collection[Terminal]) -> None:
        """So have price rules: they are among the rows."""

    def _check_rows(self, terminal: Terminal) -> None:
        """Each record is here as it is there, whatever ids either side has for it."""
        refused = {
            row[0] for row in terminal.sql("SELECT record_id FROM outbox WHERE kind = 'create' AND status = 'rejected'")
        }
        for table, (there, columns) in _ROWS.items():
            rows = terminal.sql(f"SELECT id, {columns} FROM {table} WHERE deleted = 0")
            known = self._server.sql(f"SELECT id, {columns} FROM {there} WHERE shop_id = ? AND deleted = 0", SHOP)
            only_here = refused - {row[0] for row in known}
            ours = [tuple(row)[1:] for row in rows if row[0] not in only_here]
            compare(terminal.name, table, sorted(ours), sorted(row[1:] for row in known))
        here = dict(terminal.sql("SELECT receipt_number, status FROM sale"))
        for number, status in self._server.sql("SELECT receipt_number, status FROM sale WHERE shop_id = ?", SHOP):
            if here.get(number) != status:
                raise Violation(f"{terminal.name}: {number} is {here.get(number)} here, {status} on the server")

    def _check_moves(self, terminal: Terminal) -> None:
        """What was moved is in the server's figures by now, but for what it refused to know."""
        refused = "SELECT record_id FROM outbox WHERE kind = 'create' AND status = 'rejected'"
        for table, of in (("stock_move", "part_id"), ("account_move", "customer_id")):
            if left := terminal.sql(f"SELECT change_id FROM {table} WHERE open = 1 AND {of} NOT IN ({refused})"):
                raise Violation(f"{terminal.name}: a delta in {table} never ends: {left[0][0]}")

    def _check_owed(self, terminal: Terminal) -> None:
        """What is owed in all is what was sold on account and not paid: a deed that counts twice, or never, shows."""
        if terminal.sql("SELECT 1 FROM outbox WHERE answered_at IS NULL OR status = 'rejected' LIMIT 1"):
            return
        expected = sum(sum(self._moved_by(one)[1].values()) for one in self.exchanges.documents())
        owed = self._server.sql("SELECT coalesce(sum(balance), 0) FROM customer WHERE shop_id = ?", SHOP)[0][0]
        if owed != expected:
            raise Violation(f"the customers owe {owed}, the deeds come to {expected}")


_ROWS = {
    "part": ("item", "name, part_number, price, cost, stock_quantity, location, version, seq"),
    "customer": ("customer", "name, phone, address, balance, version, seq"),
    "supplier": ("supplier", "name, phone, address, version, seq"),
    "price_rule": ("price_rule", "level, scope, target, percent, price, from_quantity, rounding, version, seq"),
    "orders": ("orders", "status, total, version, seq"),
}
"""For each table of the terminal's the server's, and what both hold."""


class ChangingWorld(PlainWorld):
    """The run of one seed against a server that loses its sync calls and has them again."""

    def __init__(self, seed: int, steps: int, folder: Path, disks: Sequence[Path]) -> None:
        super().__init__(seed, steps, folder, disks)
        self.odds["server restored"] = 0.0
        self._ways = self._chance("ways")
        self._often = {"lost": self._ways.choice((0.05, 0.15, 0.3)), "back": self._ways.choice((0.05, 0.1, 0.3))}
        """How likely it is in each step that the server loses its sync calls, or has them again."""

    def _usable(self, disks: Sequence[Path]) -> Sequence[Path]:
        return disks

    def _make_books(self) -> ChangingBooks:
        return ChangingBooks(self.server)

    def _draw_pace(self) -> Pace:
        """What the server is like while it has no sync. It moves the stock of what is sold by whichever call it hears
        of it: one that did so by some of them only would be two servers."""
        pace = super()._draw_pace()
        self._plain = replace(self.server.backend.plain or Plain(), moves_stock=True)
        self.server.backend.simplify(self._plain)
        if self._chance("first way").random() < 0.7:
            self.server.backend.simplify(None)
        return replace(pace, stock_by="auto" if self.books.alone else "server")

    def _befall_server(self) -> None:
        super()._befall_server()
        is_plain = self.server.backend.plain is not None
        if self._ways.random() < self._often["back" if is_plain else "lost"]:
            self._change_way()
        elif is_plain and self._ways.random() < 0.5:
            self._let_minutes_pass()

    def _change_way(self) -> None:
        """Somebody puts another version of the server in its place; of two times its sockets hear of it."""
        if self.server.backend.plain is None:
            missing = self._ways.choice((SYNC, SYNC, SYNC[:1], SYNC[1:]))
            self.server.backend.simplify(replace(self._plain, missing=missing))
            self.happened("sync lost", *missing)
        else:
            self.server.backend.simplify(None)
            self.happened("sync back")
        if self._ways.random() < 0.5:
            self._start_again()

    def _start_again(self) -> None:
        for terminal in self.terminals:
            terminal.exchange.break_off()

    def _let_minutes_pass(self) -> None:
        for terminal in self.terminals:
            terminal.clock.jump(LATER)
            if terminal.alive:
                terminal.sync.wake()

    async def _calm(self) -> None:
        """The server has the sync calls for good, and was started again for that."""
        if self.server.backend.plain is not None:
            self.server.backend.simplify(None)
            self.note("sync back")
        for terminal in self.terminals:
            if terminal.alive and terminal.ask(transports.has_answers):
                self.happened("went by lists", terminal.name)
        self._start_again()
        await super()._calm()

    async def _teach(self) -> None:
        await World._teach(self)

    def _waiting(self, *lanes: str, besides: Container[str] = ()) -> list[tuple[str, str, str]]:
        """What has come back of a sale that waits for a person waits with it."""
        waiting = super()._waiting(*lanes, besides=besides)
        ids = {change[0] for change in waiting}
        held = {
            row[0] for terminal in self.terminals if terminal.alive for row in terminal.sql(_BACK) if row[1] not in ids
        }
        return [change for change in waiting if change[0] not in held]

    def _settled(self) -> bool:
        """Every channel of every terminal goes by sync, and stands at the server's counter."""
        where = [("sync", self.server.epoch, self.server.counter)] * len(CHANNELS)
        return all(terminal.ask(_places) == where for terminal in self.terminals)


_BACK = (
    "SELECT back.change_id, sold.change_id FROM outbox AS back JOIN outbox AS sold ON"
    " sold.kind IN ('sale', 'exchange') AND"
    " sold.record_id = coalesce(json_extract(back.payload, '$.sale_id'), json_extract(back.payload, '$.return_of'))"
    " WHERE back.kind IN ('void', 'return') AND back.answered_at IS NULL AND sold.answered_at IS NULL"
)


def _places() -> list[tuple[str | None, str | None, int]]:
    """Which way each channel of a terminal goes, and how far its rows reach."""
    return [(transports.of(one), state.get(f"{one}.epoch"), state.number(f"{one}.cursor")) for one in CHANNELS]
