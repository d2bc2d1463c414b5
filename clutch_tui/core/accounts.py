"""Customers' accounts: payments, payments that are taken back, and the statement of what moved an account.

A payment is a fact and so is its taking back: both have a number and a paper of their own, move the money of this till
and the customer's account, and neither is ever rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import peewee

from . import cash, customers, journal, state
from .clock import from_text, to_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .outbox import outbox
from .records.customer import ADD_ACCOUNT_MOVE, ADD_DOCUMENT, CustomerTable
from .special_order_states import WAITS
from .types import Customer, Key, PayMethod

MAX_PAYMENT = 10**12
"""In minor units; what is above it is a slip of the finger."""

_CUSTOMER = CustomerTable.alias("customer")
_STANDING = Statement(_CUSTOMER.select(peewee.SQL(customers.BALANCE).alias("owed")).where(_CUSTOMER.id == given("id")))


@dataclass(frozen=True, slots=True)
class AccountPayment:
    """A payment on account, or (`kind` payment_void) one that was taken back, whole: also what its paper is printed
    from. `amount` is what changed hands, above zero in both; `balance` is what the customer owed after it, None where
    another till took it. `is_void` where a payment was taken back later, `void_of` names the payment by its number."""

    id: str
    kind: str
    number: str
    at: datetime
    customer_id: str
    customer_name: str
    amount: int
    method: str
    note: str
    cashier: str
    balance: int | None
    is_void: bool
    void_of: str = ""

    @property
    def key(self) -> Key:
        """Its place in the statement."""
        return (to_text(self.at), self.id)


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """A line of a customer's statement. `amount` is what it added to the debt, below zero for what it took off;
    `balance` is what was owed after it. `number` is that of its paper and `note` a person's words. The line `before`
    is what is not known here one by one: it has no moment."""

    id: str
    key: Key
    at: datetime | None
    kind: str
    amount: int
    balance: int
    number: str
    note: str
    method: str
    unsent: bool
    may_void: bool


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """A customer's debt as it stands (the shop owes what is below zero), and his limit: None where nobody says."""

    balance: int
    limit: int | None

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.balance > self.limit

    def beyond(self, amount: int) -> int:
        """By how much the customer is above the limit once he owes this amount as well; 0 where he is not."""
        return 0 if self.limit is None else max(0, self.balance + amount - self.limit)


def standing(customer_id: str) -> AccountStanding | None:
    """Return how a customer's account stands; None for one who is not known here, such as an order's."""
    row = _STANDING.first(id=customer_id)
    return None if row is None else AccountStanding(row["owed"], state.credit_limit())


# --- payments ------------------------------------------------------------------------------------------


def excess(balance: int, amount: int) -> int:
    """Return what of a payment is beyond the debt: the shop would owe it to the customer."""
    return max(0, amount - max(0, balance))


def pay(
    customer_id: str,
    amount: int,
    method: PayMethod,
    note: str,
    cashier: str,
    *,
    beyond_debt: bool = False,
    as_deposit: bool = False,
) -> AccountPayment:
    """Take a payment on account. Beyond the debt only where a person has said so: the shop then owes the customer. What
    is taken `as_deposit` pays no debt, and is none of the shop's (`deposits`).

    One transaction: the payment to be sent, its paper, the account, the money, the audit. Raises
    `error.payment.not_positive`, `error.payment.too_high`, `error.payment.debt_with_debt` and
    `error.payment.beyond_debt`.
    """
    if amount <= 0:
        raise ShopError("error.payment.not_positive")
    if amount > MAX_PAYMENT:
        raise ShopError("error.payment.too_high")
    if method == "credit":
        raise ShopError("error.payment.debt_with_debt")
    customer = customers.get(customer_id)
    if excess(customer.balance, amount) and not beyond_debt and not as_deposit:
        raise ShopError("error.payment.beyond_debt", name=customer.draft.name)
    body = {"customer_id": customer_id, "amount": amount, "method": method, "note": note.strip()}
    change_id, name = db.new_id(), customer.draft.name
    outbox.add("payment", "payment", change_id, body, change_id=change_id, label=name)
    _write("payment", change_id, customer, amount, method, note.strip(), cashier, as_deposit=as_deposit)
    cash.record("payment", amount, method=method, change_id=change_id, reason=name)
    journal.audit("payment", "customer", customer_id, {**body, "balance_before": customer.balance}, cashier)
    return get(change_id)


def take_back(payment_id: str, reason: str, cashier: str) -> AccountPayment:
    """Take a payment back, of whichever till: the money leaves, the debt is there again; the paper of that.

    Raises `error.payment.unknown`, `error.payment.voided` for one that was taken back already,
    `error.payment.not_a_payment` for what is none, and `error.payment.no_reason`.
    """
    payment = get(payment_id)
    if payment.kind != "payment" or payment.amount <= 0:
        raise ShopError("error.payment.not_a_payment")
    if payment.is_void:
        raise ShopError("error.payment.voided", name=payment.customer_name)
    if not reason.strip():
        raise ShopError("error.payment.no_reason")
    customer, change_id = customers.get(payment.customer_id), db.new_id()
    waits = db.first(f"SELECT 1 FROM deposit WHERE payment_id = ? AND {WAITS}", (payment_id,)) is not None
    body = {"payment_id": payment_id, "reason": reason.strip()}
    outbox.add("payment_void", "payment_void", change_id, body, change_id=change_id, label=payment.customer_name)
    method = payment.method
    _write(
        *("payment_void", change_id, customer, -payment.amount, method, body["reason"], cashier),
        about=payment_id,
        as_deposit=waits,
    )
    cash.record(
        "payment_void", -payment.amount, method=method, change_id=change_id, reason=payment.number or body["reason"]
    )
    journal.audit("payment_void", "customer", customer.id, body, cashier)
    return get(change_id)


def _write(
    kind: str,
    change_id: str,
    customer: Customer,
    paid: int,
    method: str,
    note: str,
    cashier: str,
    *,
    about: str = "",
    as_deposit: bool = False,
) -> None:
    """The account and the paper; `paid` is below zero for money that goes back."""
    at = db.now_text()
    ADD_ACCOUNT_MOVE.run(
        customer_id=customer.id, change_id=change_id, kind=kind, amount=-paid, method=method, note=note, at=at
    )
    ADD_DOCUMENT.run(
        id=change_id,
        kind=kind,
        about=about,
        customer_id=customer.id,
        amount=abs(paid),
        method=method,
        note=note,
        number=state.next_payment_number(),
        cashier=cashier,
        at=at,
        balance=customer.balance - (0 if as_deposit else paid),
    )


def get(payment_id: str) -> AccountPayment:
    """A payment, or the taking back of one, whole. Raises `error.payment.unknown`."""
    # of one that another till took back only the payment says whose it is, and how much
    row = db.first(
        "SELECT document.id, document.kind, document.number, document.at, document.note, document.cashier,"
        " document.balance, customer.id AS customer, coalesce(customer.name, '') AS name,"
        " coalesce(payment.amount, document.amount) AS amount, coalesce(payment.method, document.method) AS method,"
        f" document.kind = 'payment' AND {_taken_back('document', 'document.amount')} AS is_void,"
        " coalesce(payment.number, '') AS void_of FROM document"
        " LEFT JOIN document AS payment ON payment.id = document.about"
        " LEFT JOIN customer ON customer.id = coalesce(payment.customer_id, document.customer_id)"
        " WHERE document.id = ? AND document.kind <> 'void'",
        (payment_id,),
    )
    if row is None:
        raise ShopError("error.payment.unknown")
    return AccountPayment(
        id=row["id"],
        kind=row["kind"],
        number=row["number"],
        at=from_text(row["at"]),
        customer_id=row["customer"] or "",
        customer_name=row["name"],
        amount=row["amount"],
        method=row["method"],
        note=row["note"],
        cashier=row["cashier"],
        balance=row["balance"],
        is_void=bool(row["is_void"]),
        void_of=row["void_of"],
    )


def _taken_back(payment: str, amount: str, customer: str = "") -> str:
    """The condition, in SQL, that a payment was taken back. Through a server of version 1 that comes as a payment below
    zero which names none: of the payments of one sum and way as many count as taken back, whichever they were."""
    named = "EXISTS (SELECT 1 FROM document AS void WHERE void.about = {0}.id)".format
    return f"""({named(payment)} OR 0 >= (SELECT coalesce(sum(CASE WHEN other.amount < 0 THEN -1
        WHEN {named("other")} THEN 0 ELSE 1 END), 1) FROM document AS other WHERE other.kind = 'payment'
        AND other.customer_id = {customer or f"{payment}.customer_id"} AND other.method = {payment}.method
        AND abs(other.amount) = {amount}))"""


def sale_of(entry_id: str) -> str | None:
    """The sale that a line of a statement is about: itself, or the one that was voided."""
    row = db.first(
        "SELECT id FROM sale WHERE id = ?1 OR id || '/void' = ?1"
        " OR id = (SELECT about FROM document WHERE id = ?1 AND kind = 'void')",
        (entry_id,),
    )
    return None if row is None else str(row["id"])


# --- the statement -------------------------------------------------------------------------------------

_OWED = "CASE sale.kind WHEN 'return' THEN -abs(payment.amount) ELSE payment.amount END"

_ENTRIES = f"""
    SELECT sale.id, sale.date AS at, sale.kind, {_OWED} AS amount, receipt_number AS number, notes AS note, method
    FROM sale JOIN payment ON payment.sale_id = sale.id
    WHERE sale.customer_id = ?1 AND method = 'credit' AND payment.amount <> 0
    UNION ALL
    SELECT coalesce(void.id, sale.id || '/void'), coalesce(void.at, sale.date), 'void', -{_OWED}, receipt_number,
        coalesce(void.note, ''), payment.method
    FROM sale JOIN payment ON payment.sale_id = sale.id LEFT JOIN document AS void ON void.id =
        (SELECT min(id) FROM document WHERE about = sale.id AND kind = 'void')
    WHERE sale.customer_id = ?1 AND payment.method = 'credit' AND payment.amount <> 0 AND sale.status = 'voided'
    UNION ALL
    SELECT id, at, kind, -amount, number, note, method FROM document WHERE kind = 'payment' AND customer_id = ?1
        AND NOT EXISTS (SELECT 1 FROM deposit WHERE deposit.payment_id = document.id AND {WAITS})
    UNION ALL
    SELECT id, at, kind, amount, '', reason, '' FROM deposit WHERE kind = 'deposit_forfeit' AND customer_id = ?1
    UNION ALL
    SELECT min(void.id), void.at, void.kind, paid.amount, void.number, void.note, paid.method
    FROM document AS paid JOIN document AS void ON void.about = paid.id
    WHERE paid.kind = 'payment' AND paid.customer_id = ?1 GROUP BY paid.id"""
"""What is known one by one: sales and returns as far as they were not paid, their voids, payments and their voids, and
deposits that the shop has kept. A deposit that waits for its sale is none of what is owed."""

_LINES = f"""
    WITH entry AS MATERIALIZED ({_ENTRIES}),
    before AS MATERIALIZED (
        SELECT (SELECT {customers.BALANCE} FROM customer WHERE id = ?1) - coalesce(sum(amount), 0) AS amount FROM entry
    ),
    line AS (
        SELECT * FROM entry UNION ALL SELECT '', '', 'before', amount, '', '', '' FROM before WHERE amount <> 0
    )"""
"""What is not known one by one comes first, so that the last balance is the one that is shown everywhere."""

_UNSENT = """EXISTS (SELECT 1 FROM outbox WHERE answered_at IS NULL
    AND record_id IN (page.id, (SELECT exchange_id FROM sale WHERE sale.id = page.id)) AND type =
    CASE kind WHEN 'payment' THEN 'payment' WHEN 'payment_void' THEN 'payment_void' ELSE 'sale' END)"""
_MAY_VOID = f"kind = 'payment' AND amount < 0 AND NOT {_taken_back('page', '-page.amount', '?1')}"


def statement_count(customer_id: str) -> int:
    """Return how many lines `statement` would give in all."""
    return int(db.first(f"{_LINES} SELECT count(*) AS n FROM line", (customer_id,))["n"])


def statement(customer_id: str, after: Key | None, skip: int, limit: int) -> tuple[AccountEntry, ...]:
    """Return what moved a customer's account, newest first, each line with what was owed after it. The last balance is
    the customer's: sales of every till as far as they went on account, and whatever took it off again."""
    rows = db.rows(
        f"{_LINES}, page AS (SELECT * FROM (SELECT *, sum(amount) OVER (ORDER BY at, id) AS balance FROM line)"
        " WHERE (at, id) < (?2, ?3) ORDER BY at DESC, id DESC LIMIT ?4 OFFSET ?5)"
        f" SELECT id, at, kind, amount, number, note, method, {_UNSENT} AS unsent, {_MAY_VOID} AS may_void, balance"
        " FROM page ORDER BY at DESC, id DESC",
        (customer_id, *(after or ("~", "")), limit, skip),
    )
    return tuple(
        AccountEntry(
            id=row["id"],
            key=(row["at"], row["id"]),
            at=from_text(row["at"]) if row["at"] else None,
            kind=row["kind"],
            amount=row["amount"],
            balance=row["balance"],
            number=row["number"],
            note=row["note"],
            method=row["method"],
            unsent=bool(row["unsent"]),
            may_void=bool(row["may_void"]),
        )
        for row in rows
    )
