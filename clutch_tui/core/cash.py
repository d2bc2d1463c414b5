"""The drawer of this terminal: what sales, voids and returns put in and take out, and what a person does.

Sales carry their own money to the server; what a person does with the drawer is a fact of its own. The drawer's
books run from one closing to the next in the order in which its movements were written, whatever the calendar and the
clock say: a shop that is open past midnight counts once, and a clock that is set back moves nothing into another
period. The X report is what they say now. The Z report is a document: it is stored when the drawer is closed, and what
happens to its sales later stands in the period in which it happens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import peewee

from . import journal, state
from .clock import from_text, to_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .outbox import outbox
from .records.sale import ADD_CLOSING, ADD_MONEY_MOVE, ClosingTable, MoneyMoveTable, SaleTable
from .records.sync import OutboxTable
from .types import Key

DrawerDeed = Literal["open", "pay_in", "pay_out", "no_sale"]
"""What a person does with a drawer beside selling and closing it."""

NEEDS_REASON = frozenset({"pay_in", "pay_out", "no_sale"})
_SIGN = {"open": 1, "pay_in": 1, "pay_out": -1, "no_sale": 0}

_fn = peewee.fn
_LAST_MOVE = Statement(
    MoneyMoveTable.select(MoneyMoveTable.id, MoneyMoveTable.at).order_by(MoneyMoveTable.id.desc()).limit(1)
)
_MOVED = Statement(
    MoneyMoveTable.select(
        MoneyMoveTable.kind,
        MoneyMoveTable.method,
        _fn.count().alias("times"),
        _fn.sum(MoneyMoveTable.amount).alias("amount"),
        _fn.min(MoneyMoveTable.at).alias("began"),
    )
    .where(MoneyMoveTable.id > given("after"))
    .group_by(MoneyMoveTable.kind, MoneyMoveTable.method)
)
_CLOSED = Statement(
    ClosingTable.select(_fn.coalesce(_fn.max(ClosingTable.id), 0).alias("last"), _fn.count().alias("times"))
)
_CLOSINGS = Statement(
    ClosingTable.select()
    .where(ClosingTable.id < given("before"))
    .order_by(ClosingTable.id.desc())
    .limit(given("limit"))
    .offset(given("skip"))
)
_LAST_CLOSING = ClosingTable.select(_fn.coalesce(_fn.max(ClosingTable.id), 0))
_PRESENT = (MoneyMoveTable.id > _LAST_CLOSING) & (MoneyMoveTable.method == "cash")
_COUNT = Statement(MoneyMoveTable.select(_fn.count()).where(_PRESENT))
_PAGE = Statement(
    MoneyMoveTable.select(
        MoneyMoveTable,
        _fn.coalesce(SaleTable.receipt_number, "").alias("number"),
        _fn.coalesce(OutboxTable.answered_at.is_null(), 0).alias("unsent"),
    )
    .join(SaleTable, peewee.JOIN.LEFT_OUTER, on=SaleTable.id == MoneyMoveTable.sale_id)
    .switch(MoneyMoveTable)
    .join(OutboxTable, peewee.JOIN.LEFT_OUTER, on=OutboxTable.change_id == MoneyMoveTable.change_id)
    .where(_PRESENT, MoneyMoveTable.id < given("before"))
    .order_by(MoneyMoveTable.id.desc())
    .limit(given("limit"))
    .offset(given("skip"))
)


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


Figure = tuple[int, int]
"""How many, and what they came to."""


@dataclass(frozen=True, slots=True)
class DrawerReport:
    """The books between two closings. `sums` are the movements of cash by their kind. `takings` is all money that
    moved here, by method: of sales, returns, voids and payments on account; what of it is cash agrees with `sums`.
    `on_account` was sold without money. `counted` is what a person found when the drawer was closed, None while it is
    open; `id` is the movement that closed it."""

    id: int
    number: int
    since: datetime | None
    until: datetime | None
    sums: Mapping[str, Figure]
    takings: Mapping[str, Figure]
    on_account: Figure = (0, 0)
    counted: int | None = None

    @property
    def key(self) -> Key:
        return (self.id,)

    @property
    def expected(self) -> int:
        """Return what should be in the drawer."""
        return sum(amount for _, amount in self.sums.values())

    @property
    def difference(self) -> int | None:
        """Return what was found above the books, or below them; None while the drawer is open."""
        return None if self.counted is None else self.counted - self.expected


def record(
    kind: str,
    amount: int,
    *,
    change_id: str,
    method: str = "cash",
    sale_id: str | None = None,
    reason: str = "",
    day: str = "",
) -> None:
    """Write one movement of money; into the shop is positive, and `credit` is what somebody owes now. Only inside the
    transaction that causes it. `day` is the business day for a caller who knows it already."""
    ADD_MONEY_MOVE.run(
        kind=kind,
        amount=amount,
        sale_id=sale_id,
        change_id=change_id,
        reason=reason,
        business_day=day or state.business_day(),
        at=db.now_text(),
        method=method,
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


def close(counted: int, *, drawer_id: str, actor: str, seen: DrawerReport | None = None) -> DrawerReport:
    """Close the books with what was counted, and begin new ones with an empty drawer; the Z report.

    The movement that closes them is the difference, so that all of them together come to what was found. `seen` are
    the books that a person compared with it. Raises `error.cash.moved` where they have been closed or have come to
    another sum meanwhile, such as in another window, for a Z report never changes; `error.cash.amount` for less than
    nothing.
    """
    if counted < 0:
        raise ShopError("error.cash.amount")
    books = report()
    if seen is not None and (seen.number, seen.expected) != (books.number, books.expected):
        raise ShopError("error.cash.moved")
    difference = counted - books.expected
    _enter("close", difference, {"amount": books.expected, "counted": counted}, drawer_id, actor, "")
    closed_by = _LAST_MOVE.first()
    ADD_CLOSING.run(
        id=closed_by["id"],
        number=books.number,
        since=None if books.since is None else to_text(books.since),
        until=closed_by["at"],
        counted=counted,
        sums=json.dumps(books.sums),
        takings=json.dumps(books.takings),
        on_account=json.dumps(books.on_account),
    )
    return closings(None, 0, 1)[0]


def _enter(kind: str, moved: int, said: Mapping[str, int], drawer_id: str, actor: str, reason: str) -> None:
    change_id, day = db.new_id(), state.business_day()
    body = {"drawer_id": drawer_id, "kind": kind, "counted": None, **said, "reason": reason, "business_day": day}
    outbox.add("cash", "cash", change_id, body, change_id=change_id, label=kind)
    record(kind, moved, change_id=change_id, reason=reason, day=day)
    journal.audit(f"cash_{kind}", "cash", change_id, body, actor)


# --- what the books say --------------------------------------------------------------------------------


_SALES = ("sale", "return", "void", "payment", "payment_void")
"""What moves money between the shop and its customers; the rest a person does with the drawer."""


def report() -> DrawerReport:
    """The X report: the books since the drawer was last closed."""
    closed = _CLOSED.first()
    rows = _MOVED.rows(after=closed["last"])
    customers = [(row["method"], row["times"], row["amount"]) for row in rows if row["kind"] in _SALES]
    takings = _added(entry for entry in customers if entry[0] != "credit")
    began = min((row["began"] for row in rows), default=None)
    return DrawerReport(
        id=0,
        number=closed["times"] + 1,
        since=from_text(began) if began else None,
        until=None,
        sums=_added((row["kind"], row["times"], row["amount"]) for row in rows if row["method"] == "cash"),
        takings=dict(sorted(takings.items(), key=lambda pair: (-pair[1][1], pair[0]))),
        on_account=_added(entry for entry in customers if entry[0] == "credit").get("credit", (0, 0)),
    )


def _added(rows: Iterable[tuple[str, int, int]]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for name, times, amount in rows:
        before = figures.get(name, (0, 0))
        figures[name] = (before[0] + times, before[1] + amount)
    return figures


def closings_count() -> int:
    """Return how often the drawer was closed."""
    return int(_CLOSED.first()["times"])


def closings(after: Key | None, skip: int, limit: int) -> tuple[DrawerReport, ...]:
    """The Z reports, newest first, as they were stored."""
    rows = _CLOSINGS.rows(before=after[0] if after else 2**62, limit=limit, skip=skip)
    return tuple(
        DrawerReport(
            id=row["id"],
            number=row["number"],
            since=from_text(row["since"]) if row["since"] else None,
            until=from_text(row["until"]),
            sums=_figures(row["sums"]),
            takings=_figures(row["takings"]),
            on_account=tuple(json.loads(row["on_account"])),
            counted=row["counted"],
        )
        for row in rows
    )


def _figures(text: str) -> dict[str, Figure]:
    stored: dict[str, Any] = json.loads(text)
    return {name: (times, amount) for name, (times, amount) in stored.items()}


def count() -> int:
    """Return how many movements of cash the books have since the drawer was last closed."""
    return int(_COUNT.value())


def page(after: Key | None, skip: int, limit: int) -> tuple[CashMove, ...]:
    """The movements of cash since the drawer was last closed, newest first."""
    rows = _PAGE.rows(before=after[0] if after else 2**62, limit=limit, skip=skip)
    return tuple(
        CashMove(
            row["id"],
            row["kind"],
            row["amount"],
            row["reason"],
            from_text(row["at"]),
            row["number"],
            bool(row["unsent"]),
        )
        for row in rows
    )
