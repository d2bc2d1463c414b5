"""What people write on their sales (a note on a line, the car, the references of payments) and on what they pay out of
a drawer; and whether every till and the server have it, in whichever words.

What is written hangs on the deed alone, so that nothing else that is drawn in a run depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from clutch_tui.core import cart as carts
from clutch_tui.core import cash
from clutch_tui.core.outbox.halves import documents
from clutch_tui.core.types import REFERRED, Cart, Payment, Sale

from .facts import Committed
from .server import SHOP, Server
from .terminal import Terminal
from .violation import Violation

_OFTEN = 3
"""Of so many sales one is written on."""
_NOTES = (
    "SELECT sale.{0}, notes, car, (SELECT group_concat(note, char(10)) FROM sale_line WHERE sale_id = sale.id),"
    " (SELECT group_concat(reference, char(10)) FROM payment WHERE sale_id = sale.id) FROM sale"
)


def _drawn(cart_id: str) -> str:
    return sha256(cart_id.encode()).hexdigest()


def on_cart(cart: Cart) -> Cart:
    """The cart with what is written on it, which for most is nothing."""
    drawn = _drawn(cart.id)
    if int(drawn[:4], 16) % _OFTEN:
        return cart
    noted = carts.set_note(cart, len(cart.lines) - 1, f"مكان {drawn[4:8]}")
    return carts.with_notes(noted, noted.notes, noted.car or f"لادا {drawn[8:12]}")


def on_payments(cart_id: str, payments: Sequence[Payment]) -> list[Payment]:
    """The payments with their references: each card and wallet has one."""
    return [
        replace(payment, reference=f"{_drawn(cart_id)[12:18]}-{n}") if payment.method in REFERRED else payment
        for n, payment in enumerate(payments)
    ]


def spent_on(amount: int) -> str:
    """What so much was paid out for; for some amounts nobody says."""
    return (*cash.CATEGORIES, "")[amount % (len(cash.CATEGORIES) + 1)]


def check_receipt(cart: Cart, payments: Sequence[Payment], receipt: Sale) -> None:
    """The receipt says what was written when it was made."""
    said = [line.note for line in receipt.lines], receipt.car, [payment.reference for payment in receipt.payments]
    paid = [payment.reference for payment in payments if payment.amount]
    if said != (written := ([line.note for line in cart.lines], cart.car, paid)):
        raise Violation(f"on the sale of {cart.id} was written {written}, its receipt says {said}")


def words_of(body: Mapping[str, Any]) -> list[str]:
    """What a sale says beside its goods and its money."""
    texts = [body["notes"], body.get("car"), *(line.get("note") for line in body["items"])]
    texts += [payment.get("reference") for payment in body["payments"]]
    return [text for text in texts if text]


class WritingBooks:
    """What was written on the sales of one run."""

    compares_ids = True
    """Whether sales have the same ids everywhere. Where they have not, nothing gives a number twice."""

    def __init__(self, server: Server, committed: Mapping[str, Committed]) -> None:
        self._server = server
        self._committed = committed

    def at_rest(self, terminals: Collection[Terminal]) -> None:
        """Every word stands on every till that shows its sale, and on the server where that has it: by itself, or
        behind what a person has noted."""
        sold = ("sale", "return", "exchange")
        sales = [half for one in self._committed.values() if one.kind in sold for half in documents(one.payload)]
        name = "id" if self.compares_ids else "receipt_number"
        written = {sale[name]: words_of(sale) for sale in sales}
        there = self._server.sql(f"SELECT {name}, body FROM sale WHERE shop_id = ?", SHOP)
        self._check("the server", written, ((id, words_of(json.loads(body))) for id, body in there))
        for terminal in terminals:
            shown = ((row[0], [text for text in row[1:] if text]) for row in terminal.sql(_NOTES.format(name)))
            self._check(terminal.name, written, shown)
            for id, *texts in terminal.sql(f"{_NOTES.format(name)} WHERE own = 1"):
                self._check_told(id, [line for text in texts if text for line in text.split("\n")], written)

    def drawers_at_rest(self, terminals: Collection[Terminal]) -> None:
        """What was done with each drawer is known at every till, once, and so is what money was spent on."""
        sql = "SELECT id, body FROM document WHERE shop_id = ? AND kind = 'cash' ORDER BY id"
        there = {id: json.loads(body) for id, body in self._server.sql(sql, SHOP)}
        told = {one.record_id: one.payload for one in self._committed.values() if one.kind == "cash"}
        for id, body in there.items():
            self._check_spent("the server", id, told[id], body.get("category", ""), body["reason"])
        for terminal in terminals:
            own = terminal.sql(
                "SELECT record_id, category, reason, money_move.amount FROM money_move JOIN outbox USING (change_id)"
                " WHERE type = 'cash' AND money_move.kind = 'pay_out'"
            )
            for id, category, reason, amount in own:
                self._check_spent(terminal.name, id, told[id], category, reason)
                if -amount != told[id]["amount"]:
                    raise Violation(f"{terminal.name}: {told[id]} moved {amount}")
            self._check_counts(terminal, told)
            ours = {row[0] for row in terminal.sql("SELECT record_id FROM outbox WHERE type = 'cash'")}
            others = terminal.sql("SELECT id, category, reason, kind, amount FROM till_move")
            if strange := {row[0] for row in others} ^ (there.keys() - ours):
                raise Violation(f"{terminal.name} knows otherwise of the other drawers: {sorted(strange)[0]}")
            for id, category, reason, kind, amount in others:
                self._check_spent(terminal.name, id, told[id], category, reason)
                if (kind, amount) != (told[id]["kind"], told[id]["amount"]):
                    raise Violation(f"{terminal.name} shows {kind} {amount} for {told[id]}")

    def _check_counts(self, terminal: Terminal, told: Mapping[str, Any]) -> None:
        """What was found beside the books is what all that moved the drawer since the last time comes to."""
        before = 0
        for n, counted, id, amount in terminal.sql(
            "SELECT closing.id, closing.counted, record_id, money_move.amount FROM closing"
            " JOIN money_move ON money_move.id = closing.id JOIN outbox USING (change_id) ORDER BY closing.id"
        ):
            sql = "SELECT coalesce(sum(amount), 0) FROM money_move WHERE method = 'cash' AND id > ? AND id < ?"
            expected = terminal.sql(sql, (before, n))[0][0]
            if (told[id]["counted"], told[id]["amount"], amount) != (counted, expected, counted - expected):
                raise Violation(f"{terminal.name}: {counted} was found beside {expected}, and was told as {told[id]}")
            before = n

    def _check_spent(self, who: str, id: str, said: Mapping[str, Any], category: str, reason: str) -> None:
        """The word is where it belongs, or before the reason."""
        wanted = said.get("category", "")
        in_words = ": ".join(filter(None, (wanted, said["reason"])))
        if (category, reason) not in ((wanted, said["reason"]), ("", in_words)):
            raise Violation(f"{id} was paid for {wanted!r}, and {who} has {category!r}, {reason!r}")

    def _check_told(self, id: str, words: list[str], written: Mapping[str, list[str]]) -> None:
        """What stands on its own till was told to the server."""
        whole = "\n".join(written[id])
        if kept := [word for word in words if word not in whole]:
            raise Violation(f"{kept[0]!r} stands on {id}, and the server was told {whole!r}")

    def _check(self, who: str, written: Mapping[str, list[str]], shown: Iterable[tuple[str, list[str]]]) -> None:
        for id, texts in shown:
            whole = "\n".join(texts)
            if lost := [word for word in written.get(id, ()) if word not in whole]:
                raise Violation(f"{lost[0]!r} was written on {id}, and {who} has only {whole!r}")
