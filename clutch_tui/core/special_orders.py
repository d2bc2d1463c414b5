"""Special orders: what a customer wants that is not there, ordered for him, usually with a deposit.

A special order is a paper that was handed out and is never rewritten; that the goods are here, that it was cancelled or
fetched are facts of their own, so that tills that know nothing of each other can each say so. Its status is reckoned of
them. The sale that fetches it goes up as every sale does, with a fact beside it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

import peewee

from clutch_tui.text import shop_time

from . import arrivals, customers, deposits, inventory, journal, state
from .cart import line_of
from .clock import from_text, to_text
from .database import db
from .database.statement import Statement, given
from .deposits import Deposit
from .errors import ShopError
from .limits import MAX_MONEY
from .outbox import outbox
from .quantity import Quantity, worth
from .records.special_order import ADD_SPECIAL_ORDER, ADD_STEP, SpecialOrderStepTable, SpecialOrderTable
from .records.special_order import keys_of as keys_of
from .sale_search import conditions
from .special_order_states import CANCELLED_BY, FETCHED_BY, LEFT, STATUS, STOCK
from .types import Cart, Key, Payment, PayMethod, Sale

Status = Literal["ordered", "here", "fetched", "cancelled"]
STATUSES: tuple[Status, ...] = get_args(Status)
KINDS = ("special_order", "special_order_step")
"""The facts about special orders, and the rows that tell of them."""
ON_CANCEL = ("refund", "forfeit")
"""What becomes of the deposits on a special order that is cancelled."""
NEWS_FOR = timedelta(days=7)
"""For how long it is news that goods are here and wait to be fetched, also to a till that was off meanwhile."""
MOST_DAYS = 366
"""The days from now within which the goods can be expected, at most."""

_UNSENT = f"""({outbox.unsent("special_order", "special_order")} OR EXISTS (SELECT 1 FROM special_order_step AS told
    JOIN outbox ON outbox.type = 'special_order_step' AND outbox.record_id = told.id
    WHERE told.special_order_id = special_order.id AND outbox.answered_at IS NULL)
    OR EXISTS (SELECT 1 FROM deposit AS told JOIN outbox ON outbox.type = told.kind AND outbox.record_id = told.id
    WHERE told.special_order_id = special_order.id AND outbox.answered_at IS NULL))"""


def _storing(table: Any) -> Statement:
    """Make the statement that adds a row of the server's; of one that is there only its number is news."""
    fields = {field: given(field.name, field.default) for field in table._meta.sorted_fields}
    fields[table.own] = False
    return Statement(
        table.insert(fields).on_conflict(conflict_target=[table.id], update={table.seq: peewee.EXCLUDED.seq})
    )


_STORE, _STORE_STEP = _storing(SpecialOrderTable), _storing(SpecialOrderStepTable)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is ordered: a part, or what `text` says; how much of it, at which `price` for one unit, and on which day it
    is `expected`, YYYY-MM-DD, where somebody knows."""

    part_id: str | None
    text: str
    quantity: Quantity
    price: int
    expected: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SpecialOrderRow:
    """A special order as a list shows it. `deposit` is what waits for its sale; `stock` is what lies on the shelf of
    its part, None where the shop does not carry it."""

    id: str
    key: Key
    number: str
    at: datetime
    customer_name: str
    customer_phone: str
    name: str
    part_number: str
    quantity: Quantity
    total: int
    deposit: int
    expected: str
    status: Status
    stock: int | None
    unsent: bool

    @property
    def may_be_here(self) -> bool:
        """Tell whether the shelf has enough for one that nobody has called about yet."""
        return self.status == "ordered" and self.stock is not None and self.stock >= self.quantity


@dataclass(frozen=True, slots=True)
class SpecialOrder:
    """A special order, whole: also what its paper is printed from. `reason` says why it was cancelled, `receipt_number`
    by which sale it was fetched."""

    id: str
    number: str
    at: datetime
    customer_id: str | None
    customer_name: str
    customer_phone: str
    part_id: str | None
    name: str
    part_number: str
    quantity: Quantity
    price: int
    expected: str
    note: str
    cashier: str
    deposits: tuple[Deposit, ...]
    status: Status
    reason: str
    sale_id: str
    receipt_number: str
    unsent: bool

    @property
    def total(self) -> int:
        return worth(self.price, self.quantity)

    @property
    def deposit(self) -> int:
        """Return what waits for its sale."""
        return sum(deposit.amount for deposit in self.deposits if deposit.state == "open")


@dataclass(frozen=True, slots=True)
class SpecialOrderQuery:
    """Special orders, newest first; of one `status` alone, if given, or only those that are not over."""

    text: str = ""
    status: Status | None = None
    open_only: bool = False


# --- making one ----------------------------------------------------------------------------------------


def place(
    wanted: Wanted,
    customer_id: str | None,
    *,
    deposit: int = 0,
    method: PayMethod = "cash",
    cashier: str,
    device_id: str,
) -> SpecialOrder:
    """Order something for a customer, with a deposit or without.

    Raises `error.special_order.no_customer`, `error.special_order.nothing` where neither a part nor words are given,
    `error.sale.quantity`, `error.special_order.no_price`, `error.special_order.expected` for a day that is over or
    none, and what `take_deposit` raises.
    """
    if customer_id is None:
        raise ShopError("error.special_order.no_customer")
    name, number_of_part = " ".join(wanted.text.split()), ""
    if wanted.part_id is not None:
        part = inventory.get(wanted.part_id)
        name, number_of_part = part.draft.name or part.draft.name_en, part.draft.part_number
        inventory.check_stock(part.draft, wanted.quantity)
    elif not name:
        raise ShopError("error.special_order.nothing")
    if wanted.quantity <= 0:
        raise ShopError("error.sale.quantity")
    if not 0 < wanted.price <= MAX_MONEY:
        raise ShopError("error.special_order.no_price")
    _check_expected(wanted.expected)
    customer = customers.get(customer_id)
    order_id, number, at = db.new_id(), state.next_special_order_number(), db.now_text()
    body: dict[str, Any] = {
        "number": number,
        "date": at,
        "customer_id": customer_id,
        "customer_name": customer.draft.name,
        "customer_phone": customer.draft.phone,
        "item_id": wanted.part_id,
        "item_name": name,
        "part_number": number_of_part,
        "quantity": wanted.quantity,
        "price": wanted.price,
        "expected": wanted.expected,
        "note": wanted.note.strip(),
        "device_id": device_id,
        "cashier": cashier,
    }
    outbox.add("special_order", "special_order", order_id, body, label=number)
    row = {name: value for name, value in body.items() if name not in ("date", "device_id")}
    ADD_SPECIAL_ORDER.run(**row, id=order_id, at=at, business_day=state.business_day(), **keys_of(body))
    journal.audit("special_order", "special_order", order_id, {"number": number, "name": name}, cashier)
    if deposit:
        take_deposit(order_id, deposit, method, cashier)
    return get(order_id)


def _check_expected(day: str) -> None:
    if not day:
        return
    today = date.fromisoformat(state.business_day())
    try:
        expected = date.fromisoformat(day)
    except ValueError:
        raise ShopError("error.special_order.expected") from None
    if not today <= expected <= today + timedelta(days=MOST_DAYS):
        raise ShopError("error.special_order.expected")


def take_deposit(order_id: str, amount: int, method: PayMethod, cashier: str) -> SpecialOrder:
    """Take a deposit, or another one. Raises `error.deposit.too_much` for more than the order comes to,
    `error.special_order.over` for one that is fetched or cancelled, `error.payment.not_positive` and
    `error.payment.debt_with_debt`."""
    order = _alive(order_id)
    if order.deposit + amount > order.total:
        raise ShopError("error.deposit.too_much", number=order.number)
    deposits.take(order.id, order.customer_id or "", amount, method, number=order.number, cashier=cashier)
    return get(order_id)


def _alive(order_id: str) -> SpecialOrder:
    order = get(order_id)
    if order.status in ("fetched", "cancelled"):
        raise ShopError("error.special_order.over", number=order.number)
    return order


# --- what becomes of it --------------------------------------------------------------------------------


def arrived(order_id: str, cashier: str) -> SpecialOrder:
    """Say that the goods are here. Raises `error.special_order.over`, and `error.special_order.here` for one of which
    that is known."""
    order = _alive(order_id)
    if order.status == "here":
        raise ShopError("error.special_order.here", number=order.number)
    _step("here", order, cashier)
    return get(order_id)


def cancel(order_id: str, reason: str, cashier: str, *, deposit: str = "") -> SpecialOrder:
    """Cancel a special order; `deposit` is one of `ON_CANCEL` where something was left for it.

    Raises `error.special_order.over`, `error.special_order.no_reason`, and `error.deposit.what_becomes` where it is not
    said what becomes of a deposit.
    """
    order = _alive(order_id)
    if not (reason := reason.strip()):
        raise ShopError("error.special_order.no_reason")
    if order.deposit and deposit not in ON_CANCEL:
        raise ShopError("error.deposit.what_becomes", number=order.number)
    _step("cancelled", order, cashier, reason=reason)
    if order.deposit and deposit == "refund":
        deposits.refund(order_id, reason, cashier)
    elif order.deposit:
        deposits.forfeit(order_id, order.customer_id or "", reason, number=order.number, cashier=cashier)
    return get(order_id)


def to_cart(order_id: str, part_id: str | None = None) -> Cart:
    """The cart by which a special order is fetched, at the agreed price, not kept yet. What was ordered in words must
    be a part by now, `part_id`: `error.special_order.no_part` where none is named. Raises
    `error.special_order.over`."""
    order = _alive(order_id)
    wanted = part_id or order.part_id
    part = None if wanted is None else inventory.row(wanted)
    if part is None:
        raise ShopError("error.special_order.no_part", number=order.number, name=order.name)
    return Cart(
        id=db.new_id(),
        lines=(line_of(part, order.quantity, order.price),),
        customer_id=order.customer_id,
        customer_name=order.customer_name,
        customer_phone=order.customer_phone,
        notes=order.note,
        special_order_id=order.id,
    )


def check(cart: Cart, payments: Sequence[Payment], total: int) -> None:
    """Raise where a cart fetches a special order, and what was left for that would not be used by its sale, or would be
    used by another's: `error.deposit.other_customer`, `error.deposit.not_used`, and `error.deposit.in_exchange` where
    something comes back in the same ticket."""
    if cart.special_order_id is None or not (waiting := deposits.left(cart.special_order_id)):
        return
    order = get(cart.special_order_id)
    if cart.back is not None:
        raise ShopError("error.deposit.in_exchange", number=order.number)
    if cart.customer_id != order.customer_id:
        raise ShopError("error.deposit.other_customer", number=order.number, name=order.customer_name)
    on_account = sum(payment.amount for payment in payments if payment.method == "credit")
    if on_account < min(waiting, total):
        raise ShopError("error.deposit.not_used", number=order.number)


def fetched(cart: Cart, sale: Sale) -> None:
    """A cart that came from a special order was sold: note it, in the transaction of the sale."""
    row = None if cart.special_order_id is None else _row(cart.special_order_id)
    if row is not None:
        _step("fetched", _whole(row), sale.cashier, sale_id=sale.id, receipt_number=sale.receipt_number)


def _step(step: str, order: SpecialOrder, cashier: str, **said: str) -> None:
    step_id = db.new_id()
    body = {"special_order_id": order.id, "step": step, "reason": "", "sale_id": "", "receipt_number": "", **said}
    outbox.add("special_order_step", "special_order_step", step_id, body, change_id=step_id, label=order.number)
    ADD_STEP.run(id=step_id, at=db.now_text(), **body)
    journal.audit("special_order_step", "special_order", order.id, {"number": order.number, **body}, cashier)


# --- what the server tells -----------------------------------------------------------------------------


def store_pulled(rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what the server told of one kind. Ours stay as they were made; that goods are here, and wait, is news,
    once."""
    if rows and rows[0]["type"] == "special_order":
        _STORE.run_many(_pulled(row) for row in rows)
        return
    known = {row["id"] for row in rows if db.first("SELECT 1 FROM special_order_step WHERE id = ?", (row["id"],))}
    names = ("id", "special_order_id", "step", "sale_id", "receipt_number", "seq")
    _STORE_STEP.run_many(
        {name: row[name] for name in names} | {"reason": row["note"], "at": row["at"] or db.now_text()} for row in rows
    )
    lately = to_text(db.now() - NEWS_FOR)
    for row in rows:
        if row["step"] == "here" and row["id"] not in known and (row["at"] or lately) >= lately:
            waiting = _row(row["special_order_id"])
            if waiting is not None and waiting["status"] == "here":
                arrivals.tell("special_order_here", row["special_order_id"])


def _pulled(row: Mapping[str, Any]) -> dict[str, Any]:
    at = row["date"] or row["at"] or db.now_text()
    names = ("id", "number", "customer_id", "customer_name", "customer_phone", "item_id", "item_name", "part_number")
    more = ("quantity", "price", "expected", "note", "cashier", "seq")
    day = shop_time.local(from_text(at), state.timezone()).date().isoformat()
    return {**{name: row[name] for name in (*names, *more)}, "at": at, "business_day": day, **keys_of(row)}


def sweep(present: Collection[str], oldest: str) -> None:
    """Forget those of other tills, and what became of any, that a snapshot of the sales does not hold, as far back as
    it reaches."""
    for table in ("special_order", "special_order_step"):
        db.execute(
            f"DELETE FROM {table} WHERE own = 0 AND at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
            (oldest, json.dumps(list(present))),
        )


# --- what there is -------------------------------------------------------------------------------------

_COLUMNS = (
    "id, number, at, customer_id, customer_name, customer_phone, item_id, item_name, part_number, quantity, price,"
    f" expected, note, cashier, {STATUS} AS status, {FETCHED_BY} AS fetched_by, {CANCELLED_BY} AS cancelled_by,"
    f" {_UNSENT} AS unsent"
)


def _row(order_id: str) -> Any:
    return db.first(f"SELECT {_COLUMNS} FROM special_order WHERE id = ?", (order_id,))


def get(order_id: str) -> SpecialOrder:
    """A special order, whole. Raises `error.special_order.unknown`."""
    row = _row(order_id)
    if row is None:
        raise ShopError("error.special_order.unknown")
    return _whole(row)


def find(number: str) -> SpecialOrder:
    """The special order with this number, or this id, however it is typed. Raises `error.special_order.unknown`."""
    bare = "".join(filter(str.isalnum, number)).upper()
    row = _row(number) or db.first(
        "SELECT id FROM special_order WHERE replace(upper(number), '-', '') = ? ORDER BY at DESC LIMIT 1", (bare,)
    )
    if row is None or not bare:
        raise ShopError("error.special_order.unknown")
    return get(row["id"])


def _whole(row: Any) -> SpecialOrder:
    end = db.first(
        "SELECT sale_id, receipt_number, reason FROM special_order_step WHERE id = ?",
        (row["fetched_by"] or row["cancelled_by"] or "",),
    )
    return SpecialOrder(
        id=row["id"],
        number=row["number"],
        at=from_text(row["at"]),
        customer_id=row["customer_id"],
        customer_name=row["customer_name"],
        customer_phone=row["customer_phone"],
        part_id=row["item_id"],
        name=row["item_name"],
        part_number=row["part_number"],
        quantity=Quantity(row["quantity"]),
        price=row["price"],
        expected=row["expected"],
        note=row["note"],
        cashier=row["cashier"],
        deposits=deposits.of_order(row["id"]),
        status=row["status"],
        reason="" if end is None else end["reason"],
        sale_id="" if end is None else end["sale_id"],
        receipt_number="" if end is None else end["receipt_number"],
        unsent=bool(row["unsent"]),
    )


def count(q: SpecialOrderQuery) -> int:
    """Return how many special orders `page` would list in all."""
    where, params = _filter(q)
    return int(db.execute(f"SELECT count(*) FROM special_order WHERE {where}", params).fetchone()[0])


def page(q: SpecialOrderQuery, after: Key | None, skip: int, limit: int) -> tuple[SpecialOrderRow, ...]:
    """Special orders, newest first."""
    where, params = _filter(q)
    if after is not None:
        where, params = f"{where} AND (at, id) < (?, ?)", (*params, *after)
    rows = db.rows(
        f"SELECT {_COLUMNS}, {LEFT} AS deposit, {STOCK} AS stock FROM special_order WHERE {where}"
        " ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )
    return tuple(
        SpecialOrderRow(
            id=row["id"],
            key=(row["at"], row["id"]),
            number=row["number"],
            at=from_text(row["at"]),
            customer_name=row["customer_name"],
            customer_phone=row["customer_phone"],
            name=row["item_name"],
            part_number=row["part_number"],
            quantity=Quantity(row["quantity"]),
            total=worth(row["price"], row["quantity"]),
            deposit=row["deposit"],
            expected=row["expected"],
            status=row["status"],
            stock=row["stock"],
            unsent=bool(row["unsent"]),
        )
        for row in rows
    )


def _filter(q: SpecialOrderQuery) -> tuple[str, tuple[Any, ...]]:
    where, params = ["1"], list[Any]()
    for condition, values in conditions(q.text, money="price"):
        where.append(condition)
        params.extend(values)
    if q.status is not None:
        where.append(f"{STATUS} = ?")
        params.append(q.status)
    elif q.open_only:
        where.append(f"{STATUS} IN ('ordered', 'here')")
    return " AND ".join(where), tuple(params)
