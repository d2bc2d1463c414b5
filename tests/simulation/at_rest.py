"""What must hold when all has come to rest: all sides tell the same, and nothing is missing or double."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any

from clutch_tui.core import accounts, journal
from clutch_tui.core.outbox import abilities
from clutch_tui.core.outbox.precedence import FACT_LIST

from .exchange_books import ExchangeBooks
from .facts import Committed, cash, drawn, halves, lines
from .lost_sale_books import LostSaleBooks
from .quotation_books import QuotationBooks
from .server import SHOP, Deed, Moves, Server
from .special_order_books import SpecialOrderBooks
from .terminal import POLICIES, Terminal
from .violation import Violation
from .writing import WritingBooks

NOT_RESENT = "coalesce(outcome, '') <> 'resent'"
"""True for a change of the outbox whose content has not gone up once more as another."""


class Rest:
    """What was committed in a run, held against the server and the terminals at its end."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.committed: dict[str, Committed] = {}
        self.uncertain: set[str] = set()
        """Lost with a disk that was put back to an older state, unless they had reached the server."""
        self.quotations = QuotationBooks(server, self.committed, self.uncertain)
        self.lost_sales = LostSaleBooks(server, self.committed, self.uncertain)
        self.exchanges = ExchangeBooks(server, self.committed, self.uncertain)
        self.special_orders = SpecialOrderBooks(server, self.committed, self.uncertain)
        self.writing = WritingBooks(server, self.committed)

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
        self.quotations.at_rest(terminals, deeds)
        self.lost_sales.at_rest(terminals, deeds)
        self.exchanges.at_rest(terminals)
        self.special_orders.at_rest(terminals, deeds)
        self.writing.at_rest(terminals)
        self.writing.drawers_at_rest(terminals)
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
        taken = [half for id, deed in deeds.items() if deed.applied for half in halves(self.committed[id])]
        # two copies of a disk send what was refused once more, each under an id of its own: the sale is one
        done = {one.record_id: one for one in taken if one.kind in ("sale", "return")}
        if len(done) != len(there):
            raise Violation(f"{len(done)} sales were made, {len(there)} are on the server")
        for one in done.values():
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
        for one in chain.from_iterable(map(halves, self.committed.values())):
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
            if one.kind in ("sale", "return", "exchange") and deed.moves and deed.moves not in _moves_of(one):
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
                undone[payment_id] += deed.applied and one.kind == "payment_void"
        once = self._server.began_with > 1
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
            compare(terminal.name, what, ours, theirs)
        for table in ("stock_move", "account_move"):
            subject = "part_id" if table == "stock_move" else "customer_id"
            open_moves = terminal.sql(f"SELECT change_id, {subject} FROM {table} WHERE open = 1")
            if left := [row for row in open_moves if row[1] not in refused]:
                raise Violation(f"{terminal.name}: a delta in {table} never ends: {left[0][0]}")
        if left := [row for row in terminal.sql("SELECT type, id FROM base_record") if row[1] not in refused]:
            raise Violation(f"{terminal.name}: still lays requests over {left[0]}")

    def _check_outcomes(self, terminal: Terminal) -> None:
        """No edit disappears: it was applied, or refused for a person to see, or a field of it is in conflict. Of a
        record that this terminal has deleted itself nobody is asked."""
        deleted = terminal.sql("SELECT type, record_id FROM outbox WHERE kind = 'delete' AND status = 'applied'")
        buried = set(map(tuple, deleted))
        rows = terminal.sql(
            "SELECT change_id, type, record_id, payload, status, result, lane, outcome FROM outbox"
            f" WHERE kind NOT IN ({FACT_LIST}) ORDER BY n"
        )
        if refused := terminal.sql(
            f"SELECT kind, result FROM outbox WHERE kind IN ({FACT_LIST}) AND status = 'rejected' AND {NOT_RESENT}"
        ):
            raise Violation(f"{terminal.name}: the server refused a fact: {tuple(refused[0])}")
        asked = set(map(tuple, terminal.sql("SELECT change_id, field FROM conflict")))
        for change_id, type, record_id, payload, status, result, lane, outcome in rows:
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
                if name == "*" and theirs.get("deleted") and (type, record_id) in buried:
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
        for kind, payload in terminal.sql(f"SELECT kind, payload FROM outbox WHERE {NOT_RESENT} ORDER BY n"):
            body = json.loads(payload)
            if kind in ("sale", "return"):
                expected += cash(body) * (1 if kind == "sale" else -1)
            elif kind == "exchange":
                expected += cash(body["sale"]) - cash(body["return"])
            elif kind == "void":
                expected -= cash(self._sale(body["sale_id"]).payload, undone=True)
            elif kind == "payment":
                expected += body["amount"] if body["method"] == "cash" else 0
            elif kind == "payment_void":
                paid = self._payment(body["payment_id"])
                expected -= paid["amount"] if paid["method"] == "cash" else 0
            elif kind == "cash":
                expected += drawn(body)
        twice = terminal.sql(
            "SELECT coalesce(json_extract(payload, '$.sale_id'), json_extract(payload, '$.payment_id')) FROM outbox"
            f" WHERE kind IN ('void', 'payment_void') AND {NOT_RESENT}"
            " GROUP BY 1 HAVING count(*) > 1"
        )
        if twice:
            raise Violation(f"{terminal.name}: {twice[0][0]} was voided and paid out more than once")
        found = terminal.sql("SELECT coalesce(sum(amount), 0) FROM money_move WHERE method = 'cash'")[0][0]
        if found != expected:
            raise Violation(f"{terminal.name}: {found} in the drawer, the receipts come to {expected}")

    def _check_statements(self, terminal: Terminal) -> None:
        """The statement of every account holds all that moved it, one by one: at a terminal that has heard by now that
        the server speaks of payments taken back. Of a customer whom the server has refused no balance comes that could
        hold what the copy of this disk has done for him (seed 941429)."""
        if self._server.backend.database.protocol > 1 and not terminal.ask(abilities.knows, "payment_void"):
            return
        refused = "SELECT record_id FROM outbox WHERE kind = 'create' AND status = 'rejected'"
        for (customer_id,) in terminal.sql(
            f"SELECT id FROM customer WHERE deleted = 0 AND id NOT IN ({refused}) ORDER BY id"
        ):
            lines = terminal.ask(accounts.statement, customer_id, None, 0, 10_000)
            if left := [line.amount for line in lines if line.kind == "before"]:
                raise Violation(f"{terminal.name}: {left[0]} of what {customer_id} owes is in no line of the statement")

    def _payment(self, payment_id: str) -> Mapping[str, Any]:
        """What a payment said."""
        return next(
            one.payload for one in self.committed.values() if one.record_id == payment_id and one.kind == "payment"
        )

    def _sale(self, sale_id: str) -> Committed:
        documents = chain.from_iterable(map(halves, self.committed.values()))
        return next(one for one in documents if one.record_id == sale_id and one.kind == "sale")

    def _created(self, covered: Mapping[str, Deed], type: str) -> Moves:
        return {
            deed.record_id: int(self.committed[id].payload["stock_quantity"])
            for id, deed in covered.items()
            if deed.kind == "create" and deed.type == type and deed.applied
        }


def _moves_of(one: Committed) -> list[Moves]:
    """What a document moves; of an exchange also a half, where the other one has come by itself before."""
    return [lines(one), *map(lines, halves(one))]


_COPIES = {
    "parts": (
        "id, name, part_number, price, cost, stock_quantity, min_stock, iif(unit = '', 'C62', unit), decimals,"
        " location, version, seq",
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
    "price rules": (
        "id, level, scope, item_id, target, percent, price, from_quantity, rounding, version, seq",
        "price_rule WHERE deleted = 0",
        "price_rule WHERE shop_id = ? AND deleted = 0",
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
    " customer_name, iif(payment_method = 'exchange', (SELECT way FROM payment WHERE sale_id = sale.id ORDER BY amount"
    " DESC, n LIMIT 1), payment_method), return_of, order_id, business_day FROM sale ORDER BY id",
    "SELECT sale_id, 'line', part_id, name, part_number, quantity, price, discount, total, sale_line FROM sale_line"
    " ORDER BY sale_id, n",
    "SELECT sale_id, 'payment', iif(method = 'exchange', way, method), amount FROM payment ORDER BY sale_id, n",
)
"""What a receipt says: of the sale itself, line by line, and payment by payment. In the words of version 1 what was
exchanged is said to have been paid in the way in which it had come; and what is written on a sale may stand in other
words on other tills (`writing`)."""


def compare(name: str, what: str, ours: list[Any], theirs: list[Any]) -> None:
    """Raise a violation where what a terminal has is not what the server has."""
    here, there = list(map(tuple, ours)), list(map(tuple, theirs))
    if here != there:
        ours_only, theirs_only = sorted(set(here) - set(there))[:2], sorted(set(there) - set(here))[:2]
        raise Violation(f"{name}: {what} differ at rest: {ours_only} here, {theirs_only} on the server")
