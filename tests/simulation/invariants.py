"""What must hold, at every commit of every terminal and when all has come to rest.

The truth is what the server's own transactions did (`Server.deeds`), epoch by epoch: a terminal that stands at
cursor c of epoch e must show exactly the deeds of e up to c, and its own that are not among them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Container, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from clutch_tui.core import accounts, journal
from clutch_tui.core.search import STOCK
from clutch_tui.core.sync import abilities, outbox
from clutch_tui.core.sync.outbox import FACTS
from clutch_tui.core.sync.replica import CHANNELS
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.engine.outcomes import BAD_ANSWER

from .disk import FragileConnection
from .facts import Committed, cash, debt, drawn, lines, sums
from .server import SHOP, Deed, Moves, Server
from .terminal import POLICIES, Terminal
from .violation import Violation

_REFUSED_ALONE = {BAD_ANSWER, ApiError(Kind.FORBIDDEN).key, ApiError(Kind.TOO_LARGE).key}
_FACT_LIST = ", ".join(f"'{kind}'" for kind in sorted(FACTS))
_BALANCE = "balance + coalesce((SELECT sum(amount) FROM account_move WHERE customer_id = customer.id AND open = 1), 0)"


@dataclass(slots=True)
class Seen:
    """What was last seen of one disk."""

    last_n: int = 0
    changes: dict[int, str] = field(default_factory=dict)
    """The ids of its changes, by number: what a restored server refused goes out again under another."""
    papers: tuple[str, str] = ("", "")
    """Its lineage, and what its receipts begin with."""
    cursors: dict[str, tuple[str, int]] = field(default_factory=dict)
    """For each channel: the server's life that its rows are of, and how far they reach."""


class Books:
    """The books of one run: what was committed where, and whether the terminals tell the truth about it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        server.on_deed = self._check_overwritten
        self.committed: dict[str, Committed] = {}
        self.uncertain: set[str] = set()
        """Lost with a disk that was put back to an older state, unless they had reached the server."""
        self.seen: dict[str, Seen] = {}
        self._refused_alone: set[str] = set()
        self._deltas: dict[str, tuple[Moves, Moves]] = {}

    # --- at every commit -----------------------------------------------------------------------------

    def on_commit(self, terminal: Terminal, connection: FragileConnection, touched: set[str]) -> None:
        """Called by the disk after each commit, with the tables that the transaction wrote."""
        seen = self.seen.setdefault(terminal.name, Seen())
        if "outbox" in touched:
            self._enter(terminal, seen, connection)
            self._note_refused(connection)
        if "sync_state" in touched:
            self._check_papers(terminal, seen, connection)
            self._check_cursors(terminal, seen, connection)
        if not touched.isdisjoint(("part", "stock_move", "sync_state")):
            self._check_parts(terminal, seen, connection)
        if not touched.isdisjoint(("outbox", "part", "customer", "supplier")):
            self._check_fields(terminal, connection)
        if not touched.isdisjoint(("customer", "account_move", "sync_state")):
            self._check_balances(terminal, seen, connection)

    def _enter(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        rows = connection.peek(
            "SELECT n, change_id, kind, type, record_id, payload, was, base, epoch FROM outbox"
            " WHERE n > ? OR (answered_at IS NULL AND (kind = 'update' OR channel = 'rest')) ORDER BY n",
            (seen.last_n,),
        )
        for n, change_id, kind, type, record_id, payload, was, base, epoch in rows:
            texts = json.loads(payload), json.loads(was), json.loads(base)
            entry = Committed(change_id, n, kind, type, record_id, *texts)
            if n > seen.last_n and terminal.saw is not None:
                self._check_seen(entry, terminal.saw)
            if n > seen.last_n and kind in ("sale", "return"):
                self._check_money(terminal, entry, connection)
            if n <= seen.last_n and kind == "update":
                self._check_frozen(entry, epoch, connection)
            seen.last_n = max(seen.last_n, n)
            if (renewed := seen.changes.get(n, change_id)) != change_id:
                self.uncertain.add(renewed)
            seen.changes[n] = change_id
            self.committed[change_id] = entry

    def _note_refused(self, connection: FragileConnection) -> None:
        """Note what waits because it was refused by itself: its next attempt may fail for another reason."""
        errors = ", ".join("?" * len(_REFUSED_ALONE))
        sql = f"SELECT change_id FROM outbox WHERE lane = 'slow' AND last_error IN ({errors})"
        self._refused_alone |= {row[0] for row in connection.peek(sql, tuple(_REFUSED_ALONE))}

    def _check_papers(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        """A disk that goes on as another prints other papers: its numbers must not be those of an older copy."""
        state = dict(connection.peek("SELECT name, value FROM sync_state WHERE name IN ('lineage', 'receipt_prefix')"))
        papers = state.get("lineage", ""), state.get("receipt_prefix", "")
        if papers[0] != seen.papers[0] and papers[1] == seen.papers[1] != "":
            raise Violation(f"{terminal.name} goes on as another disk, and still prints {papers[1]}")
        seen.papers = papers

    def _check_seen(self, entry: Committed, saw: Mapping[str, Any]) -> None:
        """What an edit says that its writer saw is what stood in his form."""
        for name, value in entry.was.items():
            if value != saw[name]:
                raise Violation(f"{entry.change_id} says that its writer saw {value!r} in {name}, not {saw[name]!r}")

    def _check_frozen(self, entry: Committed, epoch: str | None, connection: FragileConnection) -> None:
        """What an edit stands on moves only with what its own till has written in the epoch in which it was made."""
        before = self.committed.get(entry.change_id)
        if before is None or before.base == entry.base:
            return
        sql = (
            "SELECT max(json_extract(result, '$.version')) FROM outbox WHERE type = ? AND record_id = ? AND n < ?"
            " AND result_epoch = ?"
        )
        known = connection.peek(sql, (entry.type, entry.record_id, entry.n, epoch))[0][0] or 0
        moved = [version for name, version in entry.base.items() if version != before.base.get(name)]
        if max(moved) > known:
            raise Violation(f"{entry.change_id} stands on version {max(moved)}, its epoch {epoch} has given {known}")

    def _check_money(self, terminal: Terminal, entry: Committed, connection: FragileConnection) -> None:
        """What is paid comes to the total, can be paid in the coins there are, and goes back as it came in."""
        body = entry.payload
        rules = json.loads(connection.peek("SELECT value FROM setting WHERE name = 'tax_rules'")[0][0])
        included = connection.peek("SELECT prices_include_tax FROM sale WHERE id = ?", (entry.record_id,))[0][0]
        on_top = 0 if included else body["tax"]
        if body["subtotal"] - body["discount"] + on_top + body["rounding"] != body["total"]:
            raise Violation(f"{terminal.name}: the sums of {entry.kind} {entry.record_id} do not add up: {body}")
        if sum(payment["amount"] for payment in body["payments"]) != body["total"]:
            raise Violation(f"{terminal.name}: {entry.kind} {entry.record_id} is not paid by {body['payments']}")
        if cash(body) % max(1, rules["cash_rounding"]):
            raise Violation(f"{terminal.name}: {entry.kind} {entry.record_id} takes {cash(body)} in cash")
        number = body["receipt_number"]
        if connection.peek("SELECT count(*) FROM sale WHERE receipt_number = ?", (number,))[0][0] > 1:
            raise Violation(f"{terminal.name} prints {number} for {entry.record_id}, and has seen it before")
        if entry.kind == "return":
            self._check_refund(terminal, entry, connection)

    def _check_refund(self, terminal: Terminal, entry: Committed, connection: FragileConnection) -> None:
        """Nothing goes back by a way of paying beyond what came in by it, as far as this till knows."""
        sql = (
            "SELECT method, sum(iif(sale.id = ?1, 1, -1) * abs(amount)) FROM payment JOIN sale ON sale.id = sale_id"
            " WHERE sale.id = ?1 OR (return_of = ?1 AND sale.id <> ?2) GROUP BY method"
        )
        left = dict(connection.peek(sql, (entry.payload["return_of"], entry.record_id)))
        for payment in entry.payload["payments"]:
            if not 0 < payment["amount"] <= left.get(payment["method"], 0):
                raise Violation(f"{terminal.name}: {entry.record_id} gives back {payment}, and {left} are left")

    def enter_foreign(self, change_id: str, deed: Deed) -> None:
        """What was done on the server itself; nobody brings it back to one that was restored."""
        self.committed[change_id] = Committed(change_id, 0, deed.kind, deed.type, deed.record_id, {}, {})
        self.uncertain.add(change_id)

    def _check_cursors(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        state = dict(connection.peek("SELECT name, value FROM sync_state"))
        for channel in CHANNELS:
            if f"{channel}.cursor" not in state:
                continue
            cursor = int(state[f"{channel}.cursor"])
            before = seen.cursors.get(channel)
            life = before[0] if before else None
            if epoch := state.get(f"{channel}.epoch"):
                epoch, _, _ = epoch.partition("~")  # a name that has come back is another epoch's now
                mark = state.get(f"{channel}.mark")
                if (life := self._server.life_of(epoch, cursor, mark)) is None:
                    raise Violation(f"{terminal.name}: number {cursor} of {epoch} never had the mark {mark}")
            if life is None:
                continue
            if before is not None and before[0] == life and cursor < before[1]:
                raise Violation(f"{terminal.name}: the cursor of {channel} went back from {before[1]} to {cursor}")
            seen.cursors[channel] = (life, cursor)

    def _covered(self, place: tuple[str, int]) -> dict[str, Deed]:
        life, cursor = place
        return {id: deed for id, deed in self._server.deeds[life].items() if deed.seq <= cursor}

    def _check_parts(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        """The shelf is exact, and the parts that are shown are those that there are."""
        if "inventory" not in seen.cursors:
            return
        place = seen.cursors["inventory"]
        covered = self._covered(place)
        opening = dict(self._server.opening) | self._created(covered, "item")
        gone = {deed.record_id for deed in covered.values() if _deletes(deed, "item")}
        over = gone - self._made_anew(connection, place[0])
        own = self._own(connection, "item")
        made_here = {one.record_id: int(one.payload["stock_quantity"]) for one in own if one.kind == "create"}
        moves = self._own_deltas(connection, 0)
        expected = sums(opening.keys(), opening | made_here, [deed.moves for deed in covered.values()], covered, moves)
        shown = dict(connection.peek(f"SELECT id, {STOCK} FROM part WHERE deleted = 0"))
        for part_id, stock in shown.items():
            if part_id in over or (part_id not in opening and part_id not in made_here):
                raise Violation(f"{terminal.name} shows {part_id}, which is not there at {place}")
            # one that was gone and is made anew for another epoch shows what was made, until its rows come
            if stock != expected[part_id] and part_id not in gone:
                raise Violation(
                    f"{terminal.name}: the clerk sees {stock} of {part_id}, the truth at {place} is {expected[part_id]}"
                )
        told = self._told(connection, covered, place)
        leaving = {one.record_id for one in own if one.kind == "delete" and one.change_id not in told}
        hidden = opening.keys() - gone - leaving - shown.keys()
        if hidden:
            raise Violation(f"{terminal.name} does not show {sorted(hidden)[0]}, which is there at {place}")

    def _made_anew(self, connection: FragileConnection, shown: str) -> set[str]:
        """The parts that were made again in a life that the terminal has known since the one that it shows: whoever
        had deleted one did so in that life, whose rows it still has."""
        (known,) = connection.peek("SELECT value FROM sync_state WHERE name = 'epoch'")[0]
        lives = [life.name for life in self._server.lives]
        last = max(n for n, life in enumerate(self._server.lives) if life.epoch == known)
        made: set[str] = set()
        for life in lives[lives.index(shown) : last + 1]:
            deeds = self._server.deeds[life].values()
            anew = {deed.record_id for deed in deeds if deed.kind == "create" and deed.type == "item" and deed.applied}
            made |= anew - {deed.record_id for deed in deeds if _deletes(deed, "item")}
        return made

    def _told(self, connection: FragileConnection, covered: Mapping[str, Deed], place: tuple[str, int]) -> set[str]:
        """The deeds that a cursor has passed and this disk has heard of. One that changed nothing has taken no number:
        it stands at one that the cursor may have passed before, and its answer may still be on its way; and what goes
        up once more to a server that was restored lies over the rows again, whatever the one before has said."""
        waiting = {row[0] for row in connection.peek("SELECT change_id FROM outbox WHERE answered_at IS NULL")}
        state = dict(connection.peek("SELECT name, value FROM sync_state WHERE name IN ('epoch', 'inventory.epoch')"))
        passed = place[1] if state["epoch"] == state.get("inventory.epoch") else 0
        return {id for id, deed in covered.items() if deed.applied or deed.seq < passed or id not in waiting}

    def _check_fields(self, terminal: Terminal, connection: FragileConnection) -> None:
        """What somebody has typed stays on his screen until the server has had its word."""
        typed: dict[tuple[str, str], dict[str, Any]] = {}
        for type, record_id, payload in connection.peek(_TYPED):
            typed.setdefault((type, record_id), {}).update(json.loads(payload))
        for (type, record_id), fields in typed.items():
            rows = connection.peek(
                f"SELECT {', '.join(fields)} FROM {_TABLES[type]} WHERE id = ? AND deleted = 0", (record_id,)
            )
            for shown in rows:
                if tuple(shown) != tuple(fields.values()):
                    told = f"shows {tuple(shown)} of {record_id}, and somebody has typed {fields}"
                    raise Violation(f"{terminal.name} {told}")

    def _check_balances(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        """A balance is the facts up to the customers' cursor, and the own ones beyond it."""
        if "customers" not in seen.cursors:
            return
        place = seen.cursors["customers"]
        covered = self._covered(place)
        known = {id for id, seq in self._server.born[place[0]].items() if seq <= place[1]}
        moves = self._own_deltas(connection, 1)
        expected = sums(known, {}, [deed.entries for deed in covered.values()], covered, moves)
        for customer_id, balance in connection.peek(f"SELECT id, {_BALANCE} FROM customer WHERE deleted = 0"):
            if balance != expected.get(customer_id, 0):
                raise Violation(
                    f"{terminal.name}: {customer_id} is shown to owe {balance}, the truth at {place} is"
                    f" {expected.get(customer_id, 0)}"
                )

    def _own_deltas(self, connection: FragileConnection, which: int) -> list[tuple[str, str, int]]:
        """What the facts of this disk move, by what was committed and not by what the program makes of it: of parts
        (0), or of accounts (1)."""
        rows = connection.peek(f"SELECT change_id FROM outbox WHERE kind IN ({_FACT_LIST})")
        found = []
        for (change_id,) in rows:
            if change_id not in self._deltas:
                self._deltas[change_id] = self._moved_by(self.committed[change_id])
            found += [(change_id, id, delta) for id, delta in self._deltas[change_id][which].items()]
        return found

    def _moved_by(self, one: Committed) -> tuple[Moves, Moves]:
        """Goods on the shelf and debts, by what a fact says."""
        body = one.payload
        if one.kind in ("sale", "return"):
            return lines(one), debt(body, 1 if one.kind == "sale" else -1)
        if one.kind == "void":
            sale = self._sale(body["sale_id"])
            return {id: -delta for id, delta in lines(sale).items()}, debt(sale.payload, -1)
        if one.kind == "payment":
            return {}, {body["customer_id"]: -body["amount"]}
        if one.kind == "payment_void":
            paid = self._payment(body["payment_id"])
            return {}, {paid["customer_id"]: paid["amount"]}
        return ({one.record_id: body["delta"]} if "delta" in body else {}), {}

    def _created(self, covered: Mapping[str, Deed], type: str) -> Moves:
        return {
            deed.record_id: int(self.committed[id].payload["stock_quantity"])
            for id, deed in covered.items()
            if deed.kind == "create" and deed.type == type and deed.applied
        }

    def _own(self, connection: FragileConnection, type: str) -> list[Committed]:
        """The changes on records of this type that this disk holds."""
        rows = connection.peek("SELECT change_id FROM outbox WHERE type = ? ORDER BY n", (type,))
        return [self.committed[change_id] for (change_id,) in rows]

    def _check_overwritten(self, change_id: str, deed: Deed) -> None:
        """An edit may replace only what its writer saw: anything else is somebody's work, lost. What he saw may be
        his own edit that was refused: then he may replace what that would have replaced."""
        if deed.kind != "update" or change_id not in self.committed:
            return
        was = self.committed[change_id].was
        for name, before in deed.overwritten.items():
            if name in was and str(was[name]) != str(before) and not self._was_refused(deed.record_id, name, was[name]):
                raise Violation(
                    f"{change_id} replaced {before!r} in {name} of {deed.record_id}, its writer saw {was[name]!r}"
                )

    def _was_refused(self, record_id: str, name: str, value: Any) -> bool:
        return any(
            deed.status == "rejected" and deed.record_id == record_id and self.committed[id].payload.get(name) == value
            for deeds in self._server.deeds.values()
            for id, deed in deeds.items()
        )

    # --- disks that go back --------------------------------------------------------------------------

    def remember(self, name: str) -> Seen:
        """What is known of a disk, to go with a copy of it."""
        return deepcopy(self.seen.get(name, Seen()))

    def put_back(self, name: str, remembered: Seen) -> None:
        """A disk was put back to an older state: what it had committed since may be lost with it."""
        self.uncertain |= set(self.seen[name].changes.values()) - set(remembered.changes.values())
        self.seen[name] = deepcopy(remembered)

    # --- at rest -------------------------------------------------------------------------------------

    def unanswered(self, terminal: Terminal) -> list[tuple[str, str, str]]:
        """The changes that wait on a terminal and for nothing before them: id, kind and lane."""
        return terminal.sql(
            "SELECT change_id, kind, lane FROM outbox o WHERE answered_at IS NULL AND (kind IN"
            f" ({_FACT_LIST}) OR NOT EXISTS (SELECT 1 FROM outbox e WHERE e.type = o.type AND e.record_id = o.record_id"
            f" AND e.n < o.n AND e.answered_at IS NULL AND e.kind NOT IN ({_FACT_LIST}))) ORDER BY n"
        )

    def check_lanes(self, terminals: Collection[Terminal], poison: Container[str]) -> None:
        """What waits a quarter of an hour at a time has earned it: it failed alone again and again, or was refused
        by itself."""
        for terminal in terminals:
            for change_id, error, alone in terminal.sql(
                "SELECT change_id, last_error, alone FROM outbox WHERE answered_at IS NULL AND lane = 'slow'"
            ):
                refused = change_id in self._refused_alone
                if change_id not in poison and alone < outbox.ALONE_FAILURES and not refused:
                    raise Violation(f"{terminal.name}: {change_id} waits in the slow lane because of {error}")

    def at_rest(self, terminals: Collection[Terminal]) -> None:
        """Everything was delivered: all sides must tell the same, and nothing may be missing or double."""
        deeds = self._server.deeds[self._server.life]
        refused = {
            row[0]
            for terminal in terminals
            for row in terminal.sql("SELECT change_id FROM outbox WHERE status IN ('rejected', 'key_reuse')")
        }
        self._check_delivered(deeds, refused)
        self._check_orders(deeds)
        self._check_sales(deeds)
        self._check_server_sums(deeds)
        self._check_payments(deeds)
        self._check_receipts(terminals)
        for terminal in terminals:
            self._check_copy(terminal)
            self._check_outcomes(terminal)
            self._check_statements(terminal)
            self._check_drawer(terminal)
            if (broken := terminal.ask(journal.verify_audit)) is not None:
                raise Violation(f"{terminal.name}: the audit chain breaks at row {broken}")

    def _check_delivered(self, deeds: Mapping[str, Deed], refused: set[str]) -> None:
        """What was refused once is not offered again to a restored server; everything else must be there."""
        missing = self.committed.keys() - deeds.keys() - self.uncertain - refused
        if missing:
            told = ", ".join(f"{self.committed[id].kind} {id}" for id in sorted(missing)[:3])
            raise Violation(f"lost: {told}")
        strange = deeds.keys() - self.committed.keys()
        if strange:
            raise Violation(f"nobody did this: {sorted(strange)[:3]}")

    def _check_orders(self, deeds: Mapping[str, Deed]) -> None:
        """Nobody promises a customer what another terminal has promised already."""
        taken = Counter(deed.record_id for deed in deeds.values() if deed.kind == "accept" and deed.applied)
        if twice := [order_id for order_id, times in taken.items() if times > 1]:
            raise Violation(f"order {twice[0]} was accepted {taken[twice[0]]} times")

    def _check_sales(self, deeds: Mapping[str, Deed]) -> None:
        there = dict(self._server.sql("SELECT id, total FROM sale WHERE shop_id = ?", SHOP))
        done = [self.committed[id] for id in deeds if self.committed[id].kind in ("sale", "return")]
        if len(done) != len(there):
            raise Violation(f"{len(done)} sales were made, {len(there)} are on the server")
        for one in done:
            total = one.payload["total"] * (1 if one.kind == "sale" else -1)
            if there.get(one.record_id) != total:
                raise Violation(f"sale {one.record_id} came to {total}, on the server to {there.get(one.record_id)}")

    def _check_receipts(self, terminals: Collection[Terminal]) -> None:
        """A sale is the same piece of paper on every till: its head, lines and payments as they were printed."""
        printed: dict[str, tuple[str, Any]] = {}
        for terminal in terminals:
            papers: dict[str, list[Any]] = {}
            for sql in _PAPERS:
                for id, *columns in terminal.sql(sql):
                    papers.setdefault(id, []).append(tuple(columns))
            for id, paper in papers.items():
                name, first = printed.setdefault(id, (terminal.name, paper))
                if paper != first:
                    differs = next(
                        (pair for pair in zip(first, paper, strict=False) if pair[0] != pair[1]),
                        (len(first), len(paper)),
                    )
                    raise Violation(f"sale {id} is {differs[0]} on {name} and {differs[1]} on {terminal.name}")
        for one in self.committed.values():
            if one.kind in ("sale", "return") and one.record_id in printed:
                self._check_paper(one, printed[one.record_id][1])

    def _check_paper(self, one: Committed, paper: list[Any]) -> None:
        """What every till shows is what was committed at one of them."""
        body = one.payload
        lines = [(line["item_id"], line["quantity"], line["price"], line["total"]) for line in body["items"]]
        shown = [(row[1], row[4], row[5], row[7]) for row in paper if row[0] == "line"]
        if lines != shown or abs(paper[0][2]) != body["total"]:
            raise Violation(f"{one.kind} {one.record_id} was {body['total']} for {lines}, and is shown as {paper}")

    def _check_server_sums(self, deeds: Mapping[str, Deed]) -> None:
        """Stock and balances are sums of deeds, and each deed moved what its receipt says."""
        expected = dict(self._server.opening) | self._created(deeds, "item")
        owed: Moves = {}
        for id, deed in deeds.items():
            one = self.committed[id]
            if one.kind in ("sale", "return") and deed.moves and deed.moves != lines(one):
                raise Violation(f"{one.kind} {id} moved {deed.moves} and not {lines(one)}")
            for part_id, delta in deed.moves.items():
                expected[part_id] = expected.get(part_id, 0) + delta
            for customer_id, amount in deed.entries.items():
                owed[customer_id] = owed.get(customer_id, 0) + amount
        for part_id, stock in self._server.sql("SELECT id, stock_quantity FROM item WHERE shop_id = ?", SHOP):
            if stock != expected[part_id]:
                raise Violation(f"the server has {stock} of {part_id}, the deeds come to {expected[part_id]}")
        for customer_id, balance in self._server.sql("SELECT id, balance FROM customer WHERE shop_id = ?", SHOP):
            if balance != owed.get(customer_id, 0):
                raise Violation(f"{customer_id} owes {balance}, the deeds come to {owed.get(customer_id, 0)}")

    def _check_payments(self, deeds: Mapping[str, Deed]) -> None:
        """A payment takes off what was paid, and one that was taken back nothing, however often it was. A server of
        version 1 cannot know that: it has a payment the other way for each."""
        moved: dict[str, int] = {}
        undone: Counter[str] = Counter()
        for id, deed in deeds.items():
            if deed.kind in ("payment", "payment_void"):
                one = self.committed[id]
                payment_id = one.payload.get("payment_id", one.record_id)
                moved[payment_id] = moved.get(payment_id, 0) + sum(deed.entries.values())
                undone[payment_id] += one.kind == "payment_void"
        once = self._server.backend.database.protocol > 1
        for payment_id, amount in moved.items():
            times = min(undone[payment_id], 1) if once else undone[payment_id]
            if amount != (expected := (times - 1) * self._payment(payment_id)["amount"]):
                raise Violation(f"payment {payment_id} comes to {amount} on the account, not to {expected}")

    def _check_copy(self, terminal: Terminal) -> None:
        """What the terminal holds is what the server holds, but for what was refused here."""
        refused = {
            row[0] for row in terminal.sql("SELECT record_id FROM outbox WHERE kind = 'create' AND status = 'rejected'")
        }
        for what, (columns, table, there) in _COPIES.items():
            theirs = self._server.sql(f"SELECT {columns} FROM {there} ORDER BY id", SHOP)
            ours = terminal.sql(f"SELECT {columns} FROM {table} ORDER BY id")
            ours = [row for row in ours if row[0] not in refused - {row[0] for row in theirs}]
            _compare(terminal.name, what, ours, theirs)
        for table in ("stock_move", "account_move"):
            subject = "part_id" if table == "stock_move" else "customer_id"
            open_moves = terminal.sql(f"SELECT change_id, {subject} FROM {table} WHERE open = 1")
            if left := [row for row in open_moves if row[1] not in refused]:
                raise Violation(f"{terminal.name}: a delta in {table} never ends: {left[0][0]}")
        if left := [row for row in terminal.sql("SELECT type, id FROM base_record") if row[1] not in refused]:
            raise Violation(f"{terminal.name}: still lays requests over {left[0]}")

    def _check_outcomes(self, terminal: Terminal) -> None:
        """No edit disappears: it was applied, or refused for a person to see, or a field of it is in conflict."""
        rows = terminal.sql(
            "SELECT change_id, type, payload, status, result, lane, outcome FROM outbox"
            f" WHERE kind NOT IN ({_FACT_LIST}) ORDER BY n"
        )
        if refused := terminal.sql(
            f"SELECT kind, result FROM outbox WHERE kind IN ({_FACT_LIST}) AND status = 'rejected'"
        ):
            raise Violation(f"{terminal.name}: the server refused a fact: {tuple(refused[0])}")
        asked = set(map(tuple, terminal.sql("SELECT change_id, field FROM conflict")))
        for change_id, type, payload, status, result, lane, outcome in rows:
            if status not in ("applied", "applied_flagged", "rejected", "key_reuse", "conflict"):
                raise Violation(f"{terminal.name}: the request {change_id} has no outcome ({status!r})")
            if status in ("rejected", "key_reuse") and lane != "attention" and not outcome:
                raise Violation(f"{terminal.name}: {change_id} was refused, and nobody was told")
            if status != "conflict":
                continue
            answer, wanted = json.loads(result), json.loads(payload)
            for name, (theirs, _) in answer["theirs"].items():
                if wanted.get(name) == theirs:  # both wanted the same
                    continue
                if POLICIES.get(name, POLICIES["*"]) == "ask" and (change_id, name) not in asked:
                    raise Violation(f"{terminal.name}: nobody was asked about {name} of {change_id}")
            decided = set(answer["applied"] or ()) | answer["theirs"].keys()
            left = set(wanted) - decided
            if left and "*" not in decided and type != "order":
                raise Violation(f"{terminal.name}: nothing became of {sorted(left)} in {change_id}")

    def _check_drawer(self, terminal: Terminal) -> None:
        """The drawer holds what the receipts of this disk say, and gave no money back twice."""
        expected = 0
        for kind, payload in terminal.sql("SELECT kind, payload FROM outbox ORDER BY n"):
            body = json.loads(payload)
            if kind in ("sale", "return"):
                expected += cash(body) * (1 if kind == "sale" else -1)
            elif kind == "void":
                expected -= cash(self._sale(body["sale_id"]).payload)
            elif kind == "payment":
                expected += body["amount"] if body["method"] == "cash" else 0
            elif kind == "payment_void":
                paid = self._payment(body["payment_id"])
                expected -= paid["amount"] if paid["method"] == "cash" else 0
            elif kind == "cash":
                expected += drawn(body)
        twice = terminal.sql(
            "SELECT coalesce(json_extract(payload, '$.sale_id'), json_extract(payload, '$.payment_id')) FROM outbox"
            " WHERE kind IN ('void', 'payment_void') AND coalesce(outcome, '') <> 'resent'"
            " GROUP BY 1 HAVING count(*) > 1"
        )
        if twice:
            raise Violation(f"{terminal.name}: {twice[0][0]} was voided and paid out more than once")
        found = terminal.sql("SELECT coalesce(sum(amount), 0) FROM money_move WHERE method = 'cash'")[0][0]
        if found != expected:
            raise Violation(f"{terminal.name}: {found} in the drawer, the receipts come to {expected}")

    def _check_statements(self, terminal: Terminal) -> None:
        """The statement of every account holds all that moved it, one by one: at a terminal that has heard by now that
        the server speaks of payments taken back."""
        if self._server.backend.database.protocol > 1 and not terminal.ask(abilities.knows, "payment_void"):
            return
        for (customer_id,) in terminal.sql("SELECT id FROM customer WHERE deleted = 0 ORDER BY id"):
            lines = terminal.ask(accounts.statement, customer_id, None, 0, 10_000)
            if left := [line.amount for line in lines if line.kind == "before"]:
                raise Violation(f"{terminal.name}: {left[0]} of what {customer_id} owes is in no line of the statement")

    def _payment(self, payment_id: str) -> Mapping[str, Any]:
        """What a payment said."""
        return next(
            one.payload for one in self.committed.values() if one.record_id == payment_id and one.kind == "payment"
        )

    def _sale(self, sale_id: str) -> Committed:
        return next(one for one in self.committed.values() if one.record_id == sale_id and one.kind == "sale")


_TABLES = {"item": "part", "customer": "customer", "supplier": "supplier"}
_TYPED = (
    "SELECT type, record_id, payload FROM outbox WHERE kind = 'update' AND type IN ('item', 'customer', 'supplier')"
    " AND (answered_at IS NULL OR (status = 'applied' AND type = 'item' AND result_epoch <> 'lists' AND result_epoch ="
    " (SELECT value FROM sync_state WHERE name = 'epoch') AND result_epoch <>"
    " (SELECT value FROM sync_state WHERE name = 'inventory.epoch'))) ORDER BY n"
)

_COPIES = {
    "parts": (
        "id, name, part_number, price, cost, stock_quantity, location, version, seq",
        "part WHERE deleted = 0",
        "item WHERE shop_id = ? AND deleted = 0",
    ),
    "customers": (
        "id, name, phone, address, balance, total_purchases, version, seq",
        "customer WHERE deleted = 0",
        "customer WHERE shop_id = ? AND deleted = 0",
    ),
    "suppliers": (
        "id, name, phone, address, CAST(rating AS TEXT), version, seq",
        "supplier WHERE deleted = 0",
        "supplier WHERE shop_id = ? AND deleted = 0",
    ),
    "orders": (
        "id, status, total, version, seq",
        "orders WHERE deleted = 0",
        "orders WHERE shop_id = ? AND deleted = 0",
    ),
    "sales": ("id, status, version, seq", "sale", "sale WHERE shop_id = ?"),
}
"""For each kind of record: the columns, and where they are here and on the server."""


_PAPERS = (
    "SELECT id, 'head', kind, total, subtotal, discount, tax, rounding, receipt_number, date, cashier, customer_id,"
    " customer_name, payment_method, return_of, order_id, business_day, notes FROM sale ORDER BY id",
    "SELECT sale_id, 'line', part_id, name, part_number, quantity, price, discount, total, sale_line FROM sale_line"
    " ORDER BY sale_id, n",
    "SELECT sale_id, 'payment', method, amount FROM payment ORDER BY sale_id, n",
)
"""What a receipt says: of the sale itself, line by line, and payment by payment."""


def _deletes(deed: Deed, type: str) -> bool:
    return deed.kind == "delete" and deed.type == type and deed.applied


def _compare(name: str, what: str, ours: list[Any], theirs: list[Any]) -> None:
    here, there = list(map(tuple, ours)), list(map(tuple, theirs))
    if here != there:
        ours_only, theirs_only = sorted(set(here) - set(there))[:2], sorted(set(there) - set(here))[:2]
        raise Violation(f"{name}: {what} differ at rest: {ours_only} here, {theirs_only} on the server")
