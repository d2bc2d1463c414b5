"""The drawer of this terminal: what sales, voids and returns put in and take out, and what a person does.

Sales carry their own cash to the server; what a person does with the drawer is a fact of its own. The drawer's
books run from one closing to the next, whatever the calendar says: a shop that is open past midnight counts once.
The X report is what they say now, the Z report what they said when the drawer was closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from . import journal, state
from .clock import from_text
from .database import models
from .sync import outbox
from .types import Key, ShopError

DrawerDeed = Literal["open", "pay_in", "pay_out", "no_sale"]
"""What a person does with a drawer beside selling and closing it."""

NEEDS_REASON = frozenset({"pay_in", "pay_out", "no_sale"})
_SIGN = {"open": 1, "pay_in": 1, "pay_out": -1, "no_sale": 0}


@dataclass(frozen=True, slots=True)
class CashMove:
    """One movement of the drawer, in minor units: into it is positive. `receipt_number` names the sale that caused
    it; `unsent` where the server has yet to hear of it."""

    id: int
    kind: str
    amount: int
    reason: str
    at: datetime
    receipt_number: str
    unsent: bool

    @property
    def key(self) -> Key:
        return (self.id,)


@dataclass(frozen=True, slots=True)
class DrawerReport:
    """The books between two closings. `sums` are the movements by their kind: how many, and what they came to.
    `takings` are all payments of this terminal's sales less its returns, by method. `counted` is what a person found
    when the drawer was closed, None while it is open; `id` is the movement that closed it."""

    id: int
    number: int
    since: datetime | None
    until: datetime | None
    sums: Mapping[str, tuple[int, int]]
    takings: Mapping[str, tuple[int, int]]
    counted: int | None = None

    @property
    def key(self) -> Key:
        return (self.id,)

    @property
    def expected(self) -> int:
        """What should be in the drawer."""
        return sum(amount for _, amount in self.sums.values())

    @property
    def difference(self) -> int | None:
        """What was found above the books, or below them; None while the drawer is open."""
        return None if self.counted is None else self.counted - self.expected


def record(
    kind: str, amount: int, *, change_id: str, sale_id: str | None = None, reason: str = "", day: str = ""
) -> None:
    """Write one movement of the drawer; into it is positive. Only inside the transaction that causes it. `day` is
    the business day for a caller who knows it already."""
    models.execute(
        "INSERT INTO cash_move (kind, amount, sale_id, change_id, reason, business_day, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (kind, amount, sale_id, change_id, reason, day or state.business_day(), models.now_text()),
    )


# --- what a person does --------------------------------------------------------------------------------


def do(kind: DrawerDeed, amount: int, *, drawer_id: str, actor: str, reason: str = "") -> None:
    """Put a float in, pay in or out, or open the drawer without a sale.

    `amount` is positive; paying out takes it from the drawer, also more than the books know of: what a person did is
    never refused. Raises `error.cash.amount` for a negative one and `error.cash.no_reason` where a person must say why.
    """
    if amount < 0:
        raise ShopError("error.cash.amount")
    if kind in NEEDS_REASON and not reason.strip():
        raise ShopError("error.cash.no_reason")
    _enter(kind, _SIGN[kind] * amount, {"amount": amount}, drawer_id, actor, reason.strip())


def close(counted: int, *, drawer_id: str, actor: str) -> DrawerReport:
    """Close the books with what was counted, and begin new ones with an empty drawer; the Z report.

    The movement that closes them is the difference, so that all of them together come to what was found. Raises
    `error.cash.amount` for less than nothing.
    """
    if counted < 0:
        raise ShopError("error.cash.amount")
    expected = report().expected
    _enter("close", counted - expected, {"amount": expected, "counted": counted}, drawer_id, actor, "")
    return closings(None, 0, 1)[0]


def _enter(kind: str, moved: int, said: Mapping[str, int], drawer_id: str, actor: str, reason: str) -> None:
    change_id, day = models.new_id(), state.business_day()
    body = {"drawer_id": drawer_id, "kind": kind, "counted": None, **said, "reason": reason, "business_day": day}
    outbox.add("cash", "cash", change_id, body, change_id=change_id, label=kind)
    record(kind, moved, change_id=change_id, reason=reason, day=day)
    journal.audit(f"cash_{kind}", "cash", change_id, body, actor)


# --- what the books say --------------------------------------------------------------------------------


def report() -> DrawerReport:
    """The X report: the books since the drawer was last closed."""
    return _report(_last_closing(None), None)


def closings_count() -> int:
    """How often the drawer was closed."""
    return int(models.execute("SELECT count(*) FROM cash_move WHERE kind = 'close'").fetchone()[0])


def closings(after: Key | None, skip: int, limit: int) -> tuple[DrawerReport, ...]:
    """The Z reports, newest first."""
    ids = models.execute(
        "SELECT id FROM cash_move WHERE kind = 'close' AND id < ? ORDER BY id DESC LIMIT ? OFFSET ?",
        (after[0] if after else 2**62, limit, skip),
    ).fetchall()
    return tuple(_report(_last_closing(id), id) for (id,) in ids)


def count() -> int:
    """How many movements the books have since the drawer was last closed."""
    row = models.execute("SELECT count(*) FROM cash_move WHERE id > ?", (_last_closing(None),)).fetchone()
    return int(row[0])


def page(after: Key | None, skip: int, limit: int) -> tuple[CashMove, ...]:
    """The movements since the drawer was last closed, newest first."""
    rows = models.execute(
        "SELECT move.id, move.kind, move.amount, move.reason, move.at, coalesce(sale.receipt_number, ''),"
        " coalesce(outbox.answered_at IS NULL, 0) FROM cash_move AS move LEFT JOIN sale ON sale.id = move.sale_id"
        " LEFT JOIN outbox ON outbox.change_id = move.change_id"
        " WHERE move.id > ? AND move.id < ? ORDER BY move.id DESC LIMIT ? OFFSET ?",
        (_last_closing(None), after[0] if after else 2**62, limit, skip),
    ).fetchall()
    return tuple(
        CashMove(id, kind, amount, reason, from_text(at), number, bool(unsent))
        for id, kind, amount, reason, at, number, unsent in rows
    )


def _last_closing(before: int | None) -> int:
    """The movement that closed the books before this one, or last; 0 where they were never closed."""
    row = models.execute(
        "SELECT coalesce(max(id), 0) FROM cash_move WHERE kind = 'close' AND id < ?", (before or 2**62,)
    ).fetchone()
    return int(row[0])


def _report(after: int, closing: int | None) -> DrawerReport:
    """The books from behind one closing up to the next; `closing` is None for those that are open."""
    sums = models.execute(
        "SELECT kind, count(*), sum(amount) FROM cash_move WHERE id > ? AND id < ? GROUP BY kind",
        (after, closing or 2**62),
    ).fetchall()
    began, last, ended, difference = models.execute(
        "SELECT (SELECT min(at) FROM cash_move WHERE id > ?1 AND id < ?2), (SELECT at FROM cash_move WHERE id = ?1),"
        " (SELECT at FROM cash_move WHERE id = ?2), (SELECT amount FROM cash_move WHERE id = ?2)",
        (after, closing or 2**62),
    ).fetchone()
    number = models.execute(
        "SELECT count(*) FROM cash_move WHERE kind = 'close' AND id < ?", (closing or 2**62,)
    ).fetchone()[0]
    found = DrawerReport(
        id=closing or 0,
        number=number + 1,
        since=from_text(began) if began else None,
        until=from_text(ended) if ended else None,
        sums={kind: (times, amount) for kind, times, amount in sums},
        takings=_takings(last or "", ended or "9"),
    )
    return found if closing is None else replace(found, counted=found.expected + difference)


def _takings(after: str, until: str) -> dict[str, tuple[int, int]]:
    rows = models.execute(
        "SELECT payment.method, count(*), sum(CASE sale.kind WHEN 'return' THEN -abs(payment.amount) ELSE"
        " payment.amount END) FROM sale JOIN payment ON payment.sale_id = sale.id WHERE sale.own = 1"
        " AND sale.date > ? AND sale.date <= ? AND sale.status <> 'voided' GROUP BY 1 ORDER BY 3 DESC, 1",
        (after, until),
    ).fetchall()
    return {method: (times, amount) for method, times, amount in rows}
