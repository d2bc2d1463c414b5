"""Runs against a server without sync: lists come down, single calls go up (docs/protocol.md#without-sync-calls).

Such a server remembers no change, numbers nothing and may have ids of its own, so less can be promised, and less is
checked: every sale is there once, told by its receipt number; where nobody else touches the shelf, the clerk sees
it exact at every step; what cannot be known waits for a person and is never guessed. A call that travels twice, or
arrives long after it was given up, doubles a sale there whatever a terminal does: that weather is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Sequence
from dataclasses import replace
from pathlib import Path

from clutch_tui.core import journal
from clutch_tui.core.clock import to_text
from clutch_tui.core.outbox import transports
from clutch_tui.core.search import STOCK
from clutch_tui.core.sync.fallback.single_writes import ASKS
from clutch_tui.sandbox.without_sync import Plain

from . import price_levels
from .disk import FragileConnection
from .facts import Committed
from .invariants import Books, Seen
from .server import SHOP, Server
from .terminal import Pace, Terminal
from .violation import Violation
from .world import World

_LEFT_OUT = ("twice", "late request", "busy", "death within", "unauthorized within")
_ODDS_LEFT_OUT = (
    "poison",
    "server restored",
    "purge",
    "disk restored",
    "clone",
    "deleted between pages",
    "restored between pages",
)


class PlainBooks(Books):
    """What holds without sync. `alone` where one terminal is all that moves the stock."""

    alone = True

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.quotations.compares_ids = self.lost_sales.compares_ids = self.writing.compares_ids = False

    def on_commit(self, terminal: Terminal, connection: FragileConnection, touched: set[str]) -> None:
        seen = self.seen.setdefault(terminal.name, Seen())
        new: list[Committed] = []
        if "outbox" in touched:
            new = self._enter(terminal, seen, connection)
            self._note_refused(connection)
        self.quotations.on_commit(terminal, connection, touched, new)
        self.lost_sales.on_commit(terminal, connection, touched, new)
        self.exchanges.on_commit(terminal, connection, new)
        if not touched.isdisjoint(("outbox", "part", "customer", "supplier", "price_rule")):
            self._check_fields(terminal, seen, connection)
        if self.alone and not touched.isdisjoint(("part", "stock_move")):
            self._check_shelf(terminal, connection)

    def on_restore(self) -> None:
        """The server has lost what nobody can name, figures included: what was done before may be missing, and is never
        there twice."""
        self.alone = False
        self.uncertain |= self.committed.keys()

    def _check_shelf(self, terminal: Terminal, connection: FragileConnection) -> None:
        """Nobody else sells: the shelf is what it was, and every own movement since."""
        expected = Counter(self._server.opening)
        for part_id, delta in connection.peek("SELECT part_id, delta FROM stock_move"):
            expected[part_id] += delta
        for part_id, stock in connection.peek(f"SELECT id, {STOCK} FROM part WHERE deleted = 0"):
            if part_id in self._server.opening and stock != expected[part_id]:
                raise Violation(
                    f"{terminal.name}: the clerk sees {stock} of {part_id}, the truth is {expected[part_id]}"
                )

    def at_rest(self, terminals: Collection[Terminal]) -> None:
        self._check_receipts(terminals)
        self._check_quotations(terminals)
        self._check_lost_sales(terminals)
        self._check_exchanges(terminals)
        self._check_price_rules(terminals)
        self.writing.at_rest(terminals)
        for terminal in terminals:
            if self.alone:  # the sales of others have the server's ids here: nobody can say whose was voided
                self._check_drawer(terminal)
            if (broken := terminal.ask(journal.verify_audit)) is not None:
                raise Violation(f"{terminal.name}: the audit chain breaks at row {broken}")
        if self.alone:
            self._check_server(next(iter(terminals)))

    def _check_receipts(self, terminals: Collection[Terminal]) -> None:
        """Each receipt is on the server once; one of which nobody can say whether it is there, at most once. What
        came back is the status of its sale there, and no document of its own."""
        there = Counter(
            (row[0], row[1])
            for row in self._server.sql("SELECT receipt_number, total FROM sale WHERE shop_id = ?", SHOP)
        )
        open_here = {
            row[0] for one in terminals for row in one.sql("SELECT change_id FROM outbox WHERE answered_at IS NULL")
        }
        for one in self.committed.values():
            if one.kind != "sale":
                continue
            receipt = one.payload["receipt_number"], one.payload["total"]
            times = there.pop(receipt, 0)
            if times > 1 or (times == 0 and one.change_id not in open_here | self.uncertain):
                raise Violation(f"receipt {receipt[0]} is on the server {times} times")
        if there:
            raise Violation(f"nobody made these sales: {sorted(there)[:3]}")

    def _check_quotations(self, terminals: Collection[Terminal]) -> None:
        for terminal in terminals:
            self.quotations.check_waiting(terminal)

    def _check_lost_sales(self, terminals: Collection[Terminal]) -> None:
        for terminal in terminals:
            self.lost_sales.check_waiting(terminal)

    def _check_exchanges(self, terminals: Collection[Terminal]) -> None:
        for terminal in terminals:
            self.exchanges.check_waiting(terminal)

    def _check_price_rules(self, terminals: Collection[Terminal]) -> None:
        for terminal in terminals:
            price_levels.check_waiting(terminal)

    def _check_server(self, terminal: Terminal) -> None:
        """Where nothing waits, the server has what lies on the shelf."""
        if terminal.sql(
            "SELECT 1 FROM outbox WHERE answered_at IS NULL AND type <> 'price_rule' AND kind NOT IN"
            " ('cash', 'payment', 'payment_void', 'lost_sale', 'quotation', 'quotation_lost', 'quotation_sold')"
            " LIMIT 1"
        ):
            return
        here = dict(terminal.sql(f"SELECT id, {STOCK} FROM part WHERE deleted = 0"))
        for part_id, stock in self._server.sql("SELECT id, stock_quantity FROM item WHERE deleted = 0"):
            if part_id in self._server.opening and here.get(part_id, stock) != stock:
                raise Violation(f"the server has {stock} of {part_id}, on the shelf lie {here[part_id]}")


class PlainWorld(World):
    """The run of one seed against a server without sync."""

    orders = False
    books: PlainBooks

    def __init__(self, seed: int, steps: int, folder: Path, disks: Sequence[Path]) -> None:
        super().__init__(seed, steps, folder, self._usable(disks))
        self.weather.odds |= dict.fromkeys(_LEFT_OUT, 0.0)
        self.odds |= dict.fromkeys(_ODDS_LEFT_OUT, 0.0)
        self.weather.limit, self.weather.broken = 0, ""
        del self.terminals[1 if self.books.alone else 2 :]
        if self._chance("plain restores").random() < 0.2:
            self.odds["server restored"] = 0.05

    def _usable(self, disks: Sequence[Path]) -> Sequence[Path]:
        """No till has ever met a server that syncs."""
        return disks[:1]

    def _draw_pace(self) -> Pace:
        """What the server is like, and what the shop's configuration says of it."""
        rng = self._chance("plain")
        self.books.alone = rng.random() < 0.7
        moves_stock = rng.random() < 0.7
        self.server.backend.simplify(
            Plain(
                own_ids=rng.random() < 0.5,
                status=rng.choice((404, 405, 501)),
                remembers_keys=rng.random() < 0.3,
                bare=rng.random() < 0.5,
                moves_stock=moves_stock,
            )
        )
        # a till that is alone finds out by itself who moves the stock; of two, each sees what the other moves
        seen_by_itself = "auto" if self.books.alone else "server"
        return replace(super()._draw_pace(), stock_by=seen_by_itself if moves_stock else "terminal")

    def restore(self, what: str = "server restored", *, announced: bool | None = None) -> None:
        """Such a server has no epoch that could tell of it."""
        super().restore(what, announced=False)
        self.books.on_restore()

    def _make_books(self) -> Books:
        return PlainBooks(self.server)

    def _waiting(self, *lanes: str, besides: Container[str] = ()) -> list[tuple[str, str, str]]:
        """What a person must decide is not waited for; nor, until the slow lane has had its turn, what is put off
        because it means nothing to this server before something in that lane."""
        waiting = super()._waiting(*lanes, besides=besides)
        held: set[str] = set()
        for terminal in filter(lambda one: one.alive, self.terminals):
            now = "" if "slow" in lanes else to_text(terminal.clock.now())
            held |= {
                row[0]
                for row in terminal.sql(
                    "SELECT change_id FROM outbox WHERE last_error IN (?, ?) OR (? <> '' AND not_before > ?)",
                    (*ASKS, now, now),
                )
            }
        return [change for change in waiting if change[0] not in held]

    async def _teach(self) -> None:
        """Much has no call here, whatever version the server speaks: it waits on to the end."""

    def _settled(self) -> bool:
        return all(terminal.ask(transports.summary) == "lists" for terminal in self.terminals)
