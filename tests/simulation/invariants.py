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

from clutch_tui.core.outbox import outbox
from clutch_tui.core.outbox.precedence import FACTS
from clutch_tui.core.search import STOCK
from clutch_tui.core.sync.replica import CHANNELS
from clutch_tui.net.client.errors import ApiError, Kind
from clutch_tui.net.sync.outcomes import BAD_ANSWER

from . import lost_sale_books, quotation_books, special_order_books
from .at_rest import NOT_RESENT, Rest
from .disk import FragileConnection
from .facts import Committed, added, cash, debt, halves, lines, sums
from .server import Deed, Moves, Server
from .terminal import Terminal
from .violation import Violation

_REFUSED_ALONE = {BAD_ANSWER, ApiError(Kind.FORBIDDEN).key, ApiError(Kind.TOO_LARGE).key}
_FACT_LIST = ", ".join(f"'{kind}'" for kind in sorted(FACTS))
_DOCUMENTS = (
    *("sale", "return", "exchange", *quotation_books.KINDS, lost_sale_books.KIND),
    *special_order_books.KINDS,
)
_BALANCE = "balance + coalesce((SELECT sum(amount) FROM account_move WHERE customer_id = customer.id AND open = 1), 0)"


@dataclass(slots=True)
class Seen:
    """What was last seen of one disk."""

    last_n: int = 0
    changes: dict[int, str] = field(default_factory=dict)
    """The ids of its changes, by number: what a restored server refused goes out again under another."""
    bases: dict[str, dict[str, int]] = field(default_factory=dict)
    """What its edits stood on when they were last seen: a clone freezes them for itself."""
    papers: tuple[str, str] = ("", "")
    """Its lineage, and what its receipts begin with."""
    cursors: dict[str, tuple[str, int]] = field(default_factory=dict)
    """For each channel: the server's life that its rows are of, and how far they reach."""


class Books(Rest):
    """The books of one run: what was committed where, and whether the terminals tell the truth about it."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        server.on_deed = self._check_overwritten
        self.seen: dict[str, Seen] = {}
        self._refused_alone: set[str] = set()
        self._deltas: dict[str, tuple[Moves, Moves]] = {}

    # --- at every commit -----------------------------------------------------------------------------

    def on_commit(self, terminal: Terminal, connection: FragileConnection, touched: set[str]) -> None:
        """Called by the disk after each commit, with the tables that the transaction wrote."""
        seen = self.seen.setdefault(terminal.name, Seen())
        new: list[Committed] = []
        if "outbox" in touched:
            new = self._enter(terminal, seen, connection)
            self._note_refused(connection)
        self.quotations.on_commit(terminal, connection, touched, new)
        self.lost_sales.on_commit(terminal, connection, touched, new)
        self.exchanges.on_commit(terminal, connection, new)
        self.special_orders.on_commit(terminal, connection, touched, new)
        if "sync_state" in touched:
            self._check_papers(terminal, seen, connection)
            self._check_cursors(terminal, seen, connection)
        if not touched.isdisjoint(("part", "stock_move", "sync_state")):
            self._check_parts(terminal, seen, connection)
        if not touched.isdisjoint(("outbox", "part", "customer", "supplier", "price_rule")):
            self._check_fields(terminal, seen, connection)
        if not touched.isdisjoint(("customer", "account_move", "sync_state")):
            self._check_balances(terminal, seen, connection)

    def _enter(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> list[Committed]:
        """Enter what was committed, and return what had not been before, under whichever id."""
        new: list[Committed] = []
        rows = connection.peek(
            "SELECT n, change_id, kind, type, record_id, payload, was, base, epoch FROM outbox"
            " WHERE n > ? OR (answered_at IS NULL AND (kind IN ('update', 'return') OR channel = 'rest')) ORDER BY n",
            (seen.last_n,),
        )
        for n, change_id, kind, type, record_id, payload, was, base, epoch in rows:
            texts = json.loads(payload), json.loads(was), json.loads(base)
            entry = Committed(change_id, n, kind, type, record_id, *texts)
            if n > seen.last_n and terminal.saw is not None:
                self._check_seen(entry, terminal.saw)
            if n > seen.last_n and kind in _DOCUMENTS and not self._is_known(kind, record_id):
                new.append(entry)
                for half in halves(entry) if kind in ("sale", "return", "exchange") else ():
                    self._check_money(terminal, half, connection)
            if kind == "update":
                self._check_frozen(seen, entry, epoch, connection)
            seen.last_n = max(seen.last_n, n)
            if (renewed := seen.changes.get(n, change_id)) != change_id:
                self.uncertain.add(renewed)
            seen.changes[n] = change_id
            self.committed[change_id] = entry
        return new

    def _is_known(self, kind: str, record_id: str) -> bool:
        """Whether a document was made before, and is only sent anew: the rules of the shop may be others by now."""
        named = (half for one in self.committed.values() for half in (one, *halves(one)))
        return any((one.kind, one.record_id) == (kind, record_id) for one in named)

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

    def _check_frozen(self, seen: Seen, entry: Committed, epoch: str | None, connection: FragileConnection) -> None:
        """What an edit stands on moves only with what its own till has written in the epoch in which it was made. Of a
        field that a later edit has said while this one waited it wants nothing any more, whatever version that stands
        on (seed 941929)."""
        before = seen.bases.get(entry.change_id, entry.base)
        seen.bases[entry.change_id] = entry.base
        if before == entry.base:
            return
        sql = (
            "SELECT max(json_extract(result, '$.version')) FROM outbox WHERE type = ? AND record_id = ? AND n < ?"
            " AND result_epoch = ?"
        )
        known = connection.peek(sql, (entry.type, entry.record_id, entry.n, epoch))[0][0] or 0
        moved = [
            version
            for name, version in entry.base.items()
            if version != before.get(name) and not (name in entry.was and entry.payload.get(name) == entry.was[name])
        ]
        self._check_split(entry, before.keys() - entry.base.keys(), connection)
        if moved and max(moved) > known:
            raise Violation(f"{entry.change_id} stands on version {max(moved)}, its epoch {epoch} has given {known}")

    def _check_split(self, entry: Committed, fields: Collection[str], connection: FragileConnection) -> None:
        """What an edit says no more, because the server has no words for it, an edit of its own says."""
        sql = "SELECT payload FROM outbox WHERE type = ? AND record_id = ? AND n > ? AND kind = 'update'"
        rest = {
            name
            for (text,) in connection.peek(sql, (entry.type, entry.record_id, entry.n))
            for name in json.loads(text)
        }
        if left := set(fields) - rest:
            raise Violation(f"{entry.change_id} says nothing of {sorted(left)} any more, and no other edit does")

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
        if entry.kind == "return" and not body.get("without_receipt"):
            self._check_refund(terminal, entry, connection)

    def _check_refund(self, terminal: Terminal, entry: Committed, connection: FragileConnection) -> None:
        """Nothing goes back by a way of paying beyond what came in by it, as far as this till knows."""
        sql = (
            "SELECT iif(method = 'exchange', coalesce(nullif(way, ''), 'cash'), method),"
            " sum(iif(sale.id = ?1, 1, -1) * abs(amount)) FROM payment JOIN sale ON sale.id = sale_id"
            " WHERE sale.id = ?1 OR (return_of = ?1 AND sale.id <> ?2) GROUP BY 1"
        )
        left = dict(connection.peek(sql, (entry.payload["return_of"], entry.record_id)))
        gone = Counter[str]()
        for payment in entry.payload["payments"]:
            gone[payment.get("way") or payment["method"]] += payment["amount"]
            if payment["amount"] <= 0:
                raise Violation(f"{terminal.name}: {entry.record_id} gives back {payment}")
        if any(amount > left.get(way, 0) for way, amount in gone.items()):
            raise Violation(f"{terminal.name}: {entry.record_id} gives back {gone}, and {left} are left")

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

    def _with_sales(self, covered: dict[str, Deed], own: Collection[tuple[str, str, int]]) -> dict[str, Deed]:
        """What is covered, without the voids that came before their sale: they have moved nothing, and are counted with
        it. Of another disk's sale nobody here knows that it is still to come."""
        coming = {self.committed[id].record_id for id, _, _ in own if id not in covered}
        return {
            id: deed
            for id, deed in covered.items()
            if deed.kind != "void" or deed.moves or self.committed[id].payload["sale_id"] not in coming
        }

    def _check_parts(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        """The shelf is exact, and the parts that are shown are those that there are."""
        if "inventory" not in seen.cursors:
            return
        place = seen.cursors["inventory"]
        covered = self._covered(place)
        opening = dict(self._server.opening) | self._created(covered, "item")
        gone = {deed.record_id for deed in covered.values() if _deletes(deed, "item")}
        offered = self._offered_anew(connection)
        over = gone - self._made_anew(connection, place[0]) - offered
        own = self._own(connection, "item")
        made_here = {one.record_id: int(one.payload["stock_quantity"]) for one in own if one.kind == "create"}
        moves = self._own_deltas(connection, 0)
        counted = [deed.moves for deed in covered.values()]
        expected = sums(opening.keys(), opening | made_here, counted, self._with_sales(covered, moves), moves)
        shown = dict(connection.peek(f"SELECT id, {STOCK} FROM part WHERE deleted = 0"))
        aside = {row[0] for row in connection.peek("SELECT record_id FROM set_aside WHERE channel = 'inventory'")}
        for part_id in aside:  # what is known of it is older than the others
            shown.pop(part_id, None)
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
        hidden = ((opening.keys() - gone) | offered) - leaving - shown.keys() - aside
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

    def _offered_anew(self, connection: FragileConnection) -> set[str]:
        """The parts that this disk makes once more for a server that was restored, before its rows come: they are there
        again, also where somebody had deleted them in the life whose rows it still has, and does so again."""
        state = dict(connection.peek("SELECT name, value FROM sync_state WHERE name IN ('epoch', 'inventory.epoch')"))
        if state["epoch"] == state.get("inventory.epoch"):
            return set()
        sql = "SELECT record_id FROM outbox WHERE type = 'item' AND kind = 'create' AND answered_at IS NULL"
        return {record_id for (record_id,) in connection.peek(sql)}

    def _told(self, connection: FragileConnection, covered: Mapping[str, Deed], place: tuple[str, int]) -> set[str]:
        """The deeds that a cursor has passed and this disk has heard of. One that changed nothing has taken no number:
        it stands at one that the cursor may have passed before, and its answer may still be on its way; and what goes
        up once more to a server that was restored lies over the rows again, whatever the one before has said."""
        waiting = {row[0] for row in connection.peek("SELECT change_id FROM outbox WHERE answered_at IS NULL")}
        state = dict(connection.peek("SELECT name, value FROM sync_state WHERE name IN ('epoch', 'inventory.epoch')"))
        passed = place[1] if state["epoch"] == state.get("inventory.epoch") else 0
        return {id for id, deed in covered.items() if deed.applied or deed.seq < passed or id not in waiting}

    def _check_fields(self, terminal: Terminal, seen: Seen, connection: FragileConnection) -> None:
        """What somebody has typed stays on his screen until this disk has the server's word on it. A word that only
        another copy of the disk has heard, or that was said in an epoch that has ended, is none. One that the server
        repeats after it was restored, the rows that are shown contain, with whatever came later. Of an edit that met a
        conflict those fields stay that the server took; of the others it has said its word. One that has never gone up
        says nothing of what was typed later."""
        typed: dict[tuple[str, str], dict[str, Any]] = {}
        for type, record_id, payload, change_id, number, result, later in connection.peek(_TYPED):
            place = seen.cursors.get(_CHANNEL_OF[type])
            deed = self._covered(place).get(change_id) if place is not None and number is not None else None
            if deed is None or deed.seq != number:
                fields, of = json.loads(payload), typed.setdefault((type, record_id), {})
                for name in {name for edit in json.loads(later) for name in edit if name in fields}:
                    del fields[name]
                of |= fields
                for name in fields.keys() - (json.loads(result)["applied"] if result is not None else fields.keys()):
                    del of[name]
        for (type, record_id), fields in typed.items():
            if not fields:
                continue
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
        entries = [deed.entries for deed in covered.values()]
        expected = sums(known, {}, entries, self._with_sales(covered, moves), moves)
        for customer_id, balance in connection.peek(f"SELECT id, {_BALANCE} FROM customer WHERE deleted = 0"):
            if balance != expected.get(customer_id, 0):
                raise Violation(
                    f"{terminal.name}: {customer_id} is shown to owe {balance}, the truth at {place} is"
                    f" {expected.get(customer_id, 0)}"
                )

    def _own_deltas(self, connection: FragileConnection, which: int) -> list[tuple[str, str, int]]:
        """What the facts of this disk move, by what was committed and not by what the program makes of it: of parts
        (0), or of accounts (1)."""
        rows = connection.peek(f"SELECT change_id FROM outbox WHERE kind IN ({_FACT_LIST}) AND {NOT_RESENT}")
        found = []
        for (change_id,) in rows:
            if change_id not in self._deltas:
                self._deltas[change_id] = self._moved_by(self.committed[change_id])
            found += [(change_id, id, delta) for id, delta in self._deltas[change_id][which].items()]
        return found

    def _moved_by(self, one: Committed) -> tuple[Moves, Moves]:
        """Goods on the shelf and debts, by what a fact says."""
        body = one.payload
        if one.kind in ("sale", "return", "exchange"):
            debts = (debt(half.payload, 1 if half.kind == "sale" else -1) for half in halves(one))
            return lines(one), added(*debts)
        if one.kind == "void":
            sale = self._sale(body["sale_id"])
            return {id: -delta for id, delta in lines(sale).items()}, debt(sale.payload, -1, undone=True)
        if one.kind == "payment":
            return {}, {body["customer_id"]: -body["amount"]}
        if one.kind == "payment_void":
            paid = self._payment(body["payment_id"])
            return {}, {paid["customer_id"]: paid["amount"]}
        if one.kind == "deposit_forfeit":
            return {}, {body["customer_id"]: body["amount"]}
        return ({one.record_id: body["delta"]} if "delta" in body else {}), {}

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


_TABLES = {"item": "part", "customer": "customer", "supplier": "supplier", "price_rule": "price_rule"}
_CHANNEL_OF = {
    **dict.fromkeys(("item", "price_rule"), "inventory"),
    "customer": "customers",
    "supplier": "suppliers",
}
_TYPED = (
    "SELECT type, record_id, payload, change_id, result_seq, iif(status = 'conflict', result, NULL),"
    " (SELECT json_group_array(json(later.payload)) FROM outbox AS later WHERE outbox.first_sent_at IS NULL"
    " AND later.type = outbox.type AND later.record_id = outbox.record_id AND later.n > outbox.n"
    " AND later.kind = 'update' AND later.status NOT IN ('rejected', 'key_reuse')) FROM outbox"
    " JOIN (SELECT column1 AS of, column2 || '.epoch' AS channel_epoch FROM (VALUES"
    f" {', '.join(map(str, _CHANNEL_OF.items()))})) ON of = type"
    " WHERE kind = 'update' AND (answered_at IS NULL OR (status IN ('applied', 'conflict') AND result_epoch <> 'lists'"
    " AND result_epoch = (SELECT value FROM sync_state WHERE name = 'epoch')"
    " AND (SELECT value FROM sync_state WHERE sync_state.name = channel_epoch) NOT IN (result_epoch, 'lists')))"
    " ORDER BY n"
)


def _deletes(deed: Deed, type: str) -> bool:
    return deed.kind == "delete" and deed.type == type and deed.applied
