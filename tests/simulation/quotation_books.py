"""What must hold of quotations: what was handed out is never rewritten, what was quoted is what is sold, and every till
tells the same of what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from clutch_tui.core import quotations, state
from tests.money_reference import rules as reference

from .disk import FragileConnection
from .facts import Committed
from .server import SHOP, Deed, Server
from .terminal import Terminal
from .violation import Violation

KINDS = ("quotation", "quotation_lost", "quotation_sold")
_KIND_LIST = ", ".join(f"'{kind}'" for kind in KINDS)
_PAPER = (
    "number, at, valid_until, cashier, customer_id, customer_name, customer_phone, subtotal, discount, tax, total, note"
)
_PAPER_NAMES = _PAPER.replace("at,", "date,", 1).split(", ")
_SAID = "SELECT kind, sale_id FROM quotation_end WHERE quotation_id = ?"
_FORGOTTEN = (
    f"SELECT kind, record_id FROM outbox WHERE kind IN ({_KIND_LIST}) AND record_id NOT IN"
    " (SELECT id FROM quotation WHERE own = 1 UNION ALL SELECT id FROM quotation_end WHERE own = 1)"
)
_Ask = Callable[[str, Sequence[Any]], list[Any]]


# --- what a till says, while it runs -------------------------------------------------------------------


def is_sold(sql: _Ask, quotation_id: str) -> bool:
    """Tell whether a sale of this quotation stands, as far as this till knows."""
    named = [sale_id for kind, sale_id in sql(_SAID, (quotation_id,)) if kind == "quotation_sold"]
    voided = {row[0] for row in sql("SELECT id FROM sale WHERE status = 'voided'", ())}
    return any(sale_id not in voided for sale_id in named)


def check_statuses(terminal: Terminal) -> None:
    """Each quotation has the status that comes of what the till knows itself."""
    today = terminal.ask(state.business_day)
    for row in terminal.ask(quotations.page, quotations.QuotationQuery(), None, 0, 1000):
        said = {kind for kind, _ in terminal.sql(_SAID, (row.id,))}
        expected = _status(is_sold(terminal.sql, row.id), "quotation_lost" in said, row.valid_until < today)
        if row.status != expected or terminal.ask(quotations.get, row.id).status != expected:
            raise Violation(f"{terminal.name} has quotation {row.id} as {row.status}, and it is {expected}")


def _status(sold: bool, lost: bool, over: bool) -> str:
    return "sold" if sold else "lost" if lost else "expired" if over else "open"


class QuotationBooks:
    """The books of one run, as far as they are about quotations."""

    compares_ids = True
    """Whether the server calls parts, customers and sales what the tills call them."""

    def __init__(self, server: Server, committed: Mapping[str, Committed], uncertain: Collection[str]) -> None:
        self._server = server
        self._committed = committed
        self._uncertain = uncertain
        self._made: dict[str, Committed] = {}
        """Each quotation as its till has handed it out."""

    # --- at every commit -----------------------------------------------------------------------------

    def on_commit(
        self, terminal: Terminal, connection: FragileConnection, touched: set[str], new: Sequence[Committed]
    ) -> None:
        """Called after each commit with the documents that it made."""
        for one in new:
            if one.kind == "quotation":
                self._made[one.record_id] = one
                self._check_number(terminal, one, connection)
        self._check_sold(terminal, new, connection)
        if not touched.isdisjoint(("quotation", "quotation_end")):
            self._check_papers(terminal, connection)

    def _check_number(self, terminal: Terminal, one: Committed, connection: FragileConnection) -> None:
        number = one.payload["number"]
        sql = (
            "SELECT count(*) FROM (SELECT number FROM quotation UNION ALL SELECT receipt_number FROM sale)"
            " WHERE number = ?"
        )
        if connection.peek(sql, (number,))[0][0] != 1:
            raise Violation(f"{terminal.name} quotes under {number}, and has seen it before")

    def _check_sold(self, terminal: Terminal, new: Sequence[Committed], connection: FragileConnection) -> None:
        """A sale of a quotation says so in one transaction with the sale, and nothing else says so."""
        taken = terminal.taken_up
        sale = next((one for one in new if one.kind == "sale"), None)
        told = [one.payload for one in new if one.kind == "quotation_sold"]
        if taken is None or sale is None:
            if told:
                raise Violation(f"{terminal.name} says of no sale of the same commit: {told[0]}")
            return
        wanted = {
            "quotation_id": taken.quotation_id,
            "sale_id": sale.record_id,
            "receipt_number": sale.payload["receipt_number"],
        }
        if told != [wanted]:
            raise Violation(f"{terminal.name} has sold quotation {taken.quotation_id} and tells {told}")
        if taken.at_its_prices:
            self._check_price(terminal, self._made[taken.quotation_id].payload, sale, connection)

    def _check_price(
        self, terminal: Terminal, offered: Mapping[str, Any], sale: Committed, connection: FragileConnection
    ) -> None:
        """What was quoted is what is sold. A part that the till knows no more cannot be sold: the others are."""
        body = sale.payload
        shown = [self._line(line) for line in body["items"]]
        wanted = [self._line(line) for line in offered["items"]]
        if len(shown) < len(wanted):
            known = {row[0] for row in connection.peek("SELECT id FROM part")}
            wanted = [self._line(line) for line in offered["items"] if line["item_id"] in known]
        if shown != wanted:
            raise Violation(
                f"{terminal.name}: {offered['number']} offered {wanted}, and sale {sale.record_id} is {shown}"
            )
        if len(wanted) < len(offered["items"]):
            return
        rules = json.loads(connection.peek("SELECT value FROM setting WHERE name = 'tax_rules'")[0][0])
        ticket = _ticket(offered, rules)
        figures = body["subtotal"], body["subtotal"] - body["discount"], body["tax"], body["total"] - body["rounding"]
        expected = ticket.subtotal, ticket.net, ticket.tax, ticket.exact
        if tuple(Decimal(figure).scaleb(-2) for figure in figures) != expected:
            raise Violation(f"{terminal.name}: {offered['number']} comes to {expected}, and was sold for {figures}")

    def _line(self, line: Mapping[str, Any]) -> tuple[Any, ...]:
        item_id = line["item_id"] if self.compares_ids else ""
        return item_id, *(line[name] for name in ("quantity", "price", "discount", "total"))

    def _check_papers(self, terminal: Terminal, connection: FragileConnection) -> None:
        """Every till shows what the maker has handed out, and forgets nothing that was made on its own disk."""
        for id, items, *columns in connection.peek(f"SELECT id, items, {_PAPER} FROM quotation"):
            made = self._made[id].payload
            ours = dict(zip(_PAPER_NAMES, columns, strict=True)) | {"items": [*map(self._line, json.loads(items))]}
            theirs = {name: made[name] for name in _PAPER_NAMES} | {"items": [*map(self._line, made["items"])]}
            differs = [
                name for name in ours if ours[name] != theirs[name] and (self.compares_ids or name != "customer_id")
            ]
            if differs:
                name = differs[0]
                raise Violation(f"{terminal.name}: {name} of {id} was {theirs[name]!r}, and is shown as {ours[name]!r}")
        if lost := connection.peek(_FORGOTTEN):
            raise Violation(f"{terminal.name} has forgotten its own {lost[0][0]} {lost[0][1]}")

    # --- at rest -------------------------------------------------------------------------------------

    def at_rest(self, terminals: Collection[Terminal], deeds: Mapping[str, Deed]) -> None:
        """All sides have the same quotations, the same was said of them, and they have the same status."""
        for id, deed in deeds.items():
            if deed.kind in KINDS and (deed.moves or deed.entries):
                raise Violation(f"{deed.kind} {id} has moved {deed.moves or deed.entries}")
        there = self._server.sql(
            f"SELECT id, kind, sale_id FROM document WHERE shop_id = ? AND kind IN ({_KIND_LIST}) ORDER BY id", SHOP
        )
        done = {(deed.record_id, deed.kind) for deed in deeds.values() if deed.kind in KINDS and deed.applied}
        if strange := {row[:2] for row in there} ^ done:
            raise Violation(f"on the server is not what was said of quotations: {sorted(strange)[0]}")
        for terminal in terminals:
            self.check_known(terminal, there)

    def check_known(self, terminal: Terminal, there: Collection[Sequence[Any]]) -> None:
        """A till has what the server has, and tells of it what comes of that."""
        here = terminal.sql(
            "SELECT id, 'quotation' FROM quotation UNION ALL SELECT id, kind FROM quotation_end ORDER BY id"
        )
        if strange := set(map(tuple, here)) ^ {tuple(row[:2]) for row in there}:
            raise Violation(f"{terminal.name}: not on both sides: {sorted(strange)[0]}")
        voided = {row[0] for row in self._server.sql("SELECT id FROM sale WHERE status = 'voided'")}
        known = {row[0] for row in self._server.sql("SELECT id FROM sale")}
        sold, lost, today = set[str](), set[str](), terminal.ask(state.business_day)
        for id, kind, about in there:
            if kind == "quotation_lost":
                lost.add(about)
            elif kind == "quotation_sold":
                sale_id = self._server_sale(id)
                if sale_id not in known and not self._is_uncertain(sale_id):
                    raise Violation(f"quotation {about} was sold by {sale_id}, which nobody knows")
                if sale_id not in voided:
                    sold.add(about)
        check_statuses(terminal)
        for row in terminal.ask(quotations.page, quotations.QuotationQuery(), None, 0, 1000):
            expected = _status(row.id in sold, row.id in lost, row.valid_until < today)
            if row.status != expected:
                raise Violation(f"{terminal.name} has quotation {row.id} as {row.status}, at rest it is {expected}")

    def _server_sale(self, end_id: str) -> str:
        ((body,),) = self._server.sql("SELECT body FROM document WHERE id = ?", end_id)
        return str(json.loads(body)["sale_id"])

    def _is_uncertain(self, sale_id: str) -> bool:
        """Tell whether a sale may have been lost with a disk that was put back."""
        return any(self._committed[id].record_id == sale_id for id in self._uncertain if id in self._committed)

    def check_waiting(self, terminal: Terminal) -> None:
        """Without the sync calls all that is about quotations waits here, without alarm, and is what it was."""
        sql = f"SELECT kind, record_id, lane FROM outbox WHERE kind IN ({_KIND_LIST}) AND lane <> 'local'"
        if sent := terminal.sql(sql):
            raise Violation(f"{terminal.name}: {sent[0][0]} {sent[0][1]} is in the lane {sent[0][2]}")
        if self._server.sql(f"SELECT 1 FROM document WHERE kind IN ({_KIND_LIST})"):
            raise Violation("a server without sync has heard of a quotation")
        check_statuses(terminal)


def _ticket(offered: Mapping[str, Any], rules: Mapping[str, Any]) -> reference.Ticket:
    """A quotation in decimal numbers, with what was taken off in money."""
    lines = [
        reference.Line(
            Decimal(line["quantity"]).scaleb(-3),
            Decimal(line["price"]).scaleb(-2),
            reference.Off(Decimal(line["discount"]).scaleb(-2)),
        )
        for line in offered["items"]
    ]
    off_lines = sum(line["discount"] for line in offered["items"])
    return reference.Ticket(
        lines,
        reference.Off(Decimal(offered["discount"] - off_lines).scaleb(-2)),
        Decimal(rules["rate"]).scaleb(-2),
        rules["prices_include_tax"],
        reference.NOTHING,
    )
