"""Deposits: money that a customer leaves for a special order, before there is anything to sell.

A deposit is a payment on account, and a fact beside it says what it is for: so every server takes the money, and one
that knows no deposits has it right to the piastre all the same. What the customer owes leaves it out until it is used
(`customers.BALANCE`): it pays no other debt. The sale that fetches the order goes on account for that part, and so uses
it; given back it is a payment that was taken back, and one that the shop keeps is a fact of its own, which moves the
account. Each of them ends it, and whatever two tills do to it that do not know of each other, the account holds every
pound once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import peewee

from . import accounts, journal
from .clock import from_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .outbox import outbox
from .records.customer import ADD_ACCOUNT_MOVE
from .records.special_order import ADD_DEPOSIT, DepositTable
from .special_order_states import FORFEITED, REFUNDED, USED, WAITS
from .types import PayMethod

KINDS = ("deposit", "deposit_forfeit")
"""The facts about deposits, and the rows that tell of them."""
State = Literal["open", "used", "refunded", "forfeited"]

_STATE = (
    f"CASE WHEN {USED} THEN 'used' WHEN {REFUNDED} THEN 'refunded' WHEN {FORFEITED} THEN 'forfeited' ELSE 'open' END"
)

_fields = {field: given(field.name, field.default) for field in DepositTable._meta.sorted_fields}
_STORE = Statement(
    DepositTable.insert({**_fields, DepositTable.own: False}).on_conflict(
        conflict_target=[DepositTable.id], update={DepositTable.seq: peewee.EXCLUDED.seq}
    )
)


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit on a special order: the payment that it is, and what became of it."""

    payment_id: str
    number: str
    at: datetime
    amount: int
    method: str
    state: State


def take(
    special_order_id: str, customer_id: str, amount: int, method: PayMethod, *, number: str, cashier: str
) -> accounts.AccountPayment:
    """Take a deposit for a special order, of the given number, from its customer. Raises what `accounts.pay` raises."""
    paid = accounts.pay(customer_id, amount, method, number, cashier, as_deposit=True)
    _write("deposit", special_order_id, paid.id, customer_id, amount, "", number, cashier)
    return paid


def of_order(special_order_id: str) -> tuple[Deposit, ...]:
    """The deposits on a special order, oldest first."""
    rows = db.rows(
        "SELECT deposit.payment_id, coalesce(document.number, '') AS number, deposit.at, deposit.amount,"
        f" coalesce(document.method, '') AS method, {_STATE} AS state FROM deposit"
        " LEFT JOIN document ON document.id = deposit.payment_id"
        " WHERE deposit.special_order_id = ? AND deposit.kind = 'deposit' ORDER BY deposit.at, deposit.id",
        (special_order_id,),
    )
    return tuple(
        Deposit(row["payment_id"], row["number"], from_text(row["at"]), row["amount"], row["method"], row["state"])
        for row in rows
    )


def left(special_order_id: str) -> int:
    """What of the deposits on a special order waits for its sale."""
    row = db.first(
        f"SELECT total(amount) AS amount FROM deposit WHERE special_order_id = ? AND {WAITS}", (special_order_id,)
    )
    return int(row["amount"])


def used_by(sale_id: str) -> int:
    """What of a sale's payment was paid before, as deposits on the special order that it fetched."""
    row = db.first(
        "SELECT total(deposit.amount) AS amount FROM special_order_step AS step JOIN deposit"
        " ON deposit.special_order_id = step.special_order_id WHERE step.sale_id = ? AND step.step = 'fetched'"
        f" AND deposit.kind = 'deposit' AND NOT {REFUNDED} AND NOT {FORFEITED}",
        (sale_id,),
    )
    return int(row["amount"])


def refund(special_order_id: str, reason: str, cashier: str) -> int:
    """Give back what was left on a special order and waits, each as it was paid; how much that is."""
    waiting = [deposit for deposit in of_order(special_order_id) if deposit.state == "open"]
    for deposit in waiting:
        accounts.take_back(deposit.payment_id, reason, cashier)
    return sum(deposit.amount for deposit in waiting)


def forfeit(special_order_id: str, customer_id: str, reason: str, *, number: str, cashier: str) -> int:
    """Keep what was left on a special order and waits: the customer did not come; how much that is. No money moves, the
    account does. Raises `error.deposit.no_reason`."""
    if not reason.strip():
        raise ShopError("error.deposit.no_reason")
    waiting = [deposit for deposit in of_order(special_order_id) if deposit.state == "open"]
    for deposit in waiting:
        kept_id = _write(
            "deposit_forfeit",
            special_order_id,
            deposit.payment_id,
            customer_id,
            deposit.amount,
            reason.strip(),
            number,
            cashier,
        )
        ADD_ACCOUNT_MOVE.run(
            customer_id=customer_id,
            change_id=kept_id,
            kind="deposit_forfeit",
            amount=deposit.amount,
            note=reason.strip(),
            at=db.now_text(),
        )
    return sum(deposit.amount for deposit in waiting)


def _write(
    kind: str,
    special_order_id: str,
    payment_id: str,
    customer_id: str,
    amount: int,
    reason: str,
    number: str,
    cashier: str,
) -> str:
    change_id = db.new_id()
    body: dict[str, Any] = {
        "special_order_id": special_order_id,
        "payment_id": payment_id,
        "customer_id": customer_id,
        "amount": amount,
    }
    if kind == "deposit_forfeit":
        body["reason"] = reason
    outbox.add(kind, kind, change_id, body, change_id=change_id, label=number)
    ADD_DEPOSIT.run(**body, id=change_id, kind=kind, at=db.now_text())
    journal.audit(kind, "special_order", special_order_id, {"number": number, **body}, cashier)
    return change_id


def store_pulled(rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what the server told of deposits. Ours stay as they were made."""
    names = ("id", "special_order_id", "payment_id", "customer_id", "amount", "seq")
    _STORE.run_many(
        {name: row[name] for name in names}
        | {"kind": row["type"], "reason": row["note"], "at": row["at"] or db.now_text()}
        for row in rows
    )


def sweep(present: Collection[str], oldest: str) -> None:
    """Forget those of other tills that a snapshot of the sales does not hold, as far back as it reaches."""
    db.execute(
        "DELETE FROM deposit WHERE own = 0 AND at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
        (oldest, json.dumps(list(present))),
    )
