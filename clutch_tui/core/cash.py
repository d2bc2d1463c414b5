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
from dataclasses import dataclass, field
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
CATEGORIES = ("supplies", "wages", "transport", "food", "rent", "electricity", "maintenance", "bank", "owner", "other")
"""What money of the drawer is spent on, or where else it goes to. One of them is reason enough."""
NOTES = (200_00, 100_00, 50_00, 20_00, 10_00, 5_00, 1_00, 50, 25)
"""The Egyptian notes and coins in minor units, the dearest first."""
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
_SPENT = Statement(
    MoneyMoveTable.select(
        MoneyMoveTable.category, _fn.count().alias("times"), _fn.sum(MoneyMoveTable.amount).alias("amount")
    )
    .where(MoneyMoveTable.kind == "pay_out", MoneyMoveTable.id > given("after"), MoneyMoveTable.id < given("until"))
    .group_by(MoneyMoveTable.category)
    .order_by(_fn.sum(MoneyMoveTable.amount), MoneyMoveTable.category)
)
_CLOSED = Statement(
    ClosingTable.select(_fn.coalesce(_fn.max(ClosingTable.id), 0).alias("last"), _fn.count().alias("times"))
)
_EARLIER = ClosingTable.alias("earlier")
_CLOSINGS = Statement(
    ClosingTable.select(
        ClosingTable,
        _fn.coalesce(_EARLIER.select(_fn.max(_EARLIER.id)).where(_EARLIER.id < ClosingTable.id), 0).alias("before"),
    )
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
    category: str = ""

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
    expenses: Mapping[str, Figure] = field(default_factory=dict)
    """What was paid out of the drawer by what it was spent on, as positive amounts; of what is closed it is looked up
    in its movements. Where nobody has said what for, it stands under ""."""
    coins: Mapping[int, int] = field(default_factory=dict)
    """How many of each note and coin were found, by what one is worth; empty where only the sum was counted."""

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
    category: str = "",
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
        category=category,
    )


# --- what a person does --------------------------------------------------------------------------------


def do(kind: DrawerDeed, amount: int, *, drawer_id: str, actor: str, reason: str = "", category: str = "") -> str:
    """Put a float in, pay in or out, or open the drawer without a sale; the id of the fact.

    `amount` is positive; paying out takes it from the drawer, also more than the books know of: what a person did is
    never refused. `category`, one of `CATEGORIES`, is what was paid for. Raises `error.cash.amount` for a negative
    amount, `error.cash.no_reason` where a person must say why, and `error.cash.category` for what is none.
    """
    if amount < 0:
        raise ShopError("error.cash.amount")
    if category and (kind != "pay_out" or category not in CATEGORIES):
        raise ShopError("error.cash.category", category=category)
    if kind in NEEDS_REASON and not (reason.strip() or category):
        raise ShopError("error.cash.no_reason")
    return _enter(kind, _SIGN[kind] * amount, {"amount": amount}, drawer_id, actor, reason.strip(), category)


def worth_of(coins: Mapping[int, int]) -> int:
    """Return what so many of each note and coin come to. Raises `error.cash.coins` for fewer than none, and for what is
    no note or coin."""
    if any(count < 0 or note not in NOTES for note, count in coins.items()):
        raise ShopError("error.cash.coins")
    return sum(note * count for note, count in coins.items())


def close(
    counted: int,
    *,
    drawer_id: str,
    actor: str,
    seen: DrawerReport | None = None,
    coins: Mapping[int, int] | None = None,
) -> DrawerReport:
    """Close the books with what was counted, and begin new ones with an empty drawer; the Z report. `coins` are the
    notes and coins that it was counted in.

    The movement that closes them is the difference, so that all of them together come to what was found. `seen` are
    the books that a person compared with it. Raises `error.cash.moved` where they have been closed or have come to
    another sum meanwhile, such as in another window, for a Z report never changes; `error.cash.amount` for less than
    nothing, `error.cash.coins` for notes that do not come to it.
    """
    if counted < 0:
        raise ShopError("error.cash.amount")
    coins = {note: count for note, count in (coins or {}).items() if count}
    if coins and worth_of(coins) != counted:
        raise ShopError("error.cash.coins")
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
        coins=json.dumps(coins),
    )
    return closings(None, 0, 1)[0]


def _enter(
    kind: str, moved: int, said: Mapping[str, int], drawer_id: str, actor: str, reason: str, category: str = ""
) -> str:
    change_id, day = db.new_id(), state.business_day()
    body: dict[str, Any] = {
        "drawer_id": drawer_id,
        "kind": kind,
        "counted": None,
        **said,
        "reason": reason,
        "business_day": day,
    }
    if category:
        body["category"] = category
    outbox.add("cash", "cash", change_id, body, change_id=change_id, label=kind)
    record(kind, moved, change_id=change_id, reason=reason, day=day, category=category)
    journal.audit(f"cash_{kind}", "cash", change_id, body, actor)
    return change_id


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
        expenses=_expenses(closed["last"], 2**62),
    )


def _expenses(after: int, until: int) -> dict[str, Figure]:
    rows = _SPENT.rows(after=after, until=until)
    return {row["category"]: (row["times"], -row["amount"]) for row in rows}


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
            expenses=_expenses(row["before"], row["id"]),
            coins={int(note): count for note, count in json.loads(row["coins"]).items()},
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
            row["category"],
        )
        for row in rows
    )
