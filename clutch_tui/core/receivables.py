"""What customers owe, and for how long: payments are allotted to the oldest sale, so what is owed are the newest ones.

Nothing of this is stored. A debt is as old as the sale on account that is still unpaid, as far as it is unpaid; what is
owed beyond the sales that are known here one by one is older than all of them. What was exchanged is owed for the goods
that the customer has got for it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clutch_tui.text import shop_time

from . import accounts, contacts, customers, state
from .accounts import AccountEntry
from .database import db
from .types import Customer, Key

STATEMENT_DAYS, MOST_ENTRIES = 90, 400
"""How far a statement on paper reaches back where nobody says otherwise, and how many lines it has at most."""

UP_TO = (30, 60, 90)
"""The last day of each age but the oldest, in days since the sale."""

_OWING = f"SELECT id, owed FROM (SELECT id, {customers.BALANCE} AS owed FROM customer WHERE {{0}}) WHERE owed > 0"
_UNPAID = f"""
    WITH owing AS MATERIALIZED ({_OWING}),
    sold AS MATERIALIZED (
        SELECT sale.customer_id, sale.id, sale.receipt_number, sale.date,
            coalesce(nullif(sale.business_day, ''), substr(sale.date, 1, 10)) AS business_day,
            max(0, sum(payment.amount) - coalesce((SELECT sum(abs(back_payment.amount)) FROM sale AS back
                JOIN payment AS back_payment ON back_payment.sale_id = back.id
                    AND 'credit' IN (back_payment.method, back_payment.way)
                WHERE back.return_of = sale.id AND back.status <> 'voided'), 0)) AS amount
        FROM owing CROSS JOIN sale ON sale.customer_id = owing.id
        JOIN payment ON payment.sale_id = sale.id AND 'credit' IN (payment.method, payment.way)
        WHERE sale.kind = 'sale' AND sale.status <> 'voided' GROUP BY sale.id
    ),
    ranked AS (
        SELECT *, sum(amount) OVER (PARTITION BY customer_id ORDER BY date DESC, id DESC) - amount AS newer FROM sold
    )
    SELECT owing.id AS customer_id, owed, ranked.id, receipt_number, business_day, ranked.date, amount,
        min(amount, max(0, owed - newer)) AS unpaid
    FROM owing LEFT JOIN ranked ON ranked.customer_id = owing.id AND newer < owed AND amount > 0
    ORDER BY owing.id, ranked.date, ranked.id"""
"""The sales of some customers that are not paid, or not wholly, oldest first; a row without a sale for a customer who
owes something and of whom none is known."""


@dataclass(frozen=True, slots=True)
class UnpaidSale:
    """A sale on account that is not paid. `amount` went on account, less what came back of it; `unpaid` is left of
    it; `days` have passed since."""

    sale_id: str
    receipt_number: str
    day: str
    amount: int
    unpaid: int
    days: int


@dataclass(frozen=True, slots=True)
class Aging:
    """A debt by its age, in minor units: one amount for each of `UP_TO`, and at the end what is older, with what is
    owed beyond the sales that are known. `oldest` are the days since the oldest sale that is not paid; None where that
    sale is not known."""

    by_age: tuple[int, ...]
    oldest: int | None

    @property
    def owed(self) -> int:
        return sum(self.by_age)


NOTHING_OWED = Aging((0,) * (len(UP_TO) + 1), None)


@dataclass(frozen=True, slots=True)
class DebtorRow:
    """A customer who owes something, as the list of debtors shows him."""

    id: str
    key: Key
    name: str
    phone: str
    balance: int
    aging: Aging


# --- one customer --------------------------------------------------------------------------------------


def unpaid_sales(customer_id: str) -> tuple[UnpaidSale, ...]:
    """Return the sales of a customer that are not paid, oldest first."""
    today = date.fromisoformat(state.business_day())
    return tuple(_sale(row, today) for row in _unpaid([customer_id]) if row["id"] is not None)


def aging(customer_id: str) -> Aging:
    """Return the debt of a customer by its age; `NOTHING_OWED` for one who owes nothing."""
    return _agings([customer_id]).get(customer_id, NOTHING_OWED)


@dataclass(frozen=True, slots=True)
class CustomerStatement:
    """The statement of a customer's account for a paper: the `entries` since the day `since` (YYYY-MM-DD), oldest
    first, what was owed before them, the sales that are not paid, and the debt by its age."""

    customer: Customer
    at: datetime
    since: str
    before: int
    entries: tuple[AccountEntry, ...]
    unpaid: tuple[UnpaidSale, ...]
    aging: Aging
    limit: int | None


def statement(customer_id: str, days: int = STATEMENT_DAYS) -> CustomerStatement:
    """Return the statement of the last so many days, and of `MOST_ENTRIES` lines at most. Raises
    `error.customer.unknown`."""
    customer = customers.get(customer_id)
    since = (date.fromisoformat(state.business_day()) - timedelta(days=days)).isoformat()
    newest = accounts.statement(customer_id, None, 0, MOST_ENTRIES)
    entries = tuple(entry for entry in reversed(newest) if _day(entry.at) >= since)
    if len(entries) == MOST_ENTRIES:  # there are more: what is printed begins with a whole day
        first = _day(entries[0].at)
        entries = tuple(entry for entry in entries if _day(entry.at) > first)
        since = (date.fromisoformat(first) + timedelta(days=1)).isoformat()
    before = entries[0].balance - entries[0].amount if entries else customer.balance
    unpaid = unpaid_sales(customer_id)
    debt = _aged(customer.balance, unpaid) if customer.balance > 0 else NOTHING_OWED
    return CustomerStatement(customer, db.now(), since, before, entries, unpaid, debt, state.credit_limit())


def _day(at: datetime | None) -> str:
    """The shop's day of a moment; empty for what has none, which is before all others."""
    return "" if at is None else shop_time.local(at, state.timezone()).date().isoformat()


# --- all of them ---------------------------------------------------------------------------------------


def count(text: str) -> int:
    """Return how many debtors `page` would list in all."""
    where, params = contacts.fits(text)
    return int(db.execute(f"SELECT count(*) FROM ({_OWING.format(where)})", params).fetchone()[0])


def page(text: str, after: Key | None, skip: int, limit: int) -> tuple[DebtorRow, ...]:
    """Customers who owe something and whom `text` fits, the largest debt first, each with its ages."""
    where, params = contacts.fits(text)
    further = "" if after is None else " AND (-owed, id) > (?, ?)"
    rows = db.rows(
        f"SELECT id, name, phone, owed FROM (SELECT id, name, phone, {customers.BALANCE} AS owed FROM customer"
        f" WHERE {where}) WHERE owed > 0{further} ORDER BY -owed, id LIMIT ? OFFSET ?",
        (*params, *(after or ()), limit, skip),
    )
    agings = _agings([row["id"] for row in rows])
    return tuple(
        DebtorRow(row["id"], (-row["owed"], row["id"]), row["name"], row["phone"], row["owed"], agings[row["id"]])
        for row in rows
    )


def together(agings: Iterable[Aging]) -> Aging:
    """Return what several customers owe together, by age; `oldest` is that of the oldest sale among them. Whoever wants
    all of them reads `page` after `page`: in one piece it would keep every other reader waiting."""
    known = list(agings)
    ages = [sum(of_age) for of_age in zip(*(one.by_age for one in known), strict=True)]
    oldest = [one.oldest for one in known if one.oldest is not None]
    return Aging(tuple(ages) or NOTHING_OWED.by_age, max(oldest, default=None))


def _agings(customer_ids: Collection[str]) -> dict[str, Aging]:
    return _grouped(_unpaid(customer_ids))


def _unpaid(customer_ids: Collection[str]) -> Sequence[Any]:
    which = "id IN (SELECT value FROM json_each(?))"
    return db.rows(_UNPAID.format(which), (json.dumps(list(customer_ids)),))


def _grouped(rows: Sequence[Any]) -> dict[str, Aging]:
    today = date.fromisoformat(state.business_day())
    owed: dict[str, int] = {}
    sales: dict[str, list[UnpaidSale]] = {}
    for row in rows:
        owed[row["customer_id"]] = row["owed"]
        of_customer = sales.setdefault(row["customer_id"], [])
        if row["id"] is not None:
            of_customer.append(_sale(row, today))
    return {customer_id: _aged(owed[customer_id], unpaid) for customer_id, unpaid in sales.items()}


def _aged(owed: int, unpaid: Sequence[UnpaidSale]) -> Aging:
    by_age = [0] * (len(UP_TO) + 1)
    for sale in unpaid:
        by_age[sum(sale.days > last for last in UP_TO)] += sale.unpaid
    beyond = owed - sum(by_age)
    by_age[-1] += beyond
    return Aging(tuple(by_age), None if beyond or not unpaid else max(sale.days for sale in unpaid))


def _sale(row: Any, today: date) -> UnpaidSale:
    booked = _booked(row, today)
    days = max(0, (today - booked).days)
    return UnpaidSale(row["id"], row["receipt_number"], booked.isoformat(), row["amount"], row["unpaid"], days)


def _booked(row: Any, today: date) -> date:
    """The day of a sale: as it was booked, or by its moment where another program books in words of its own."""
    for text in (row["business_day"], row["date"]):
        with suppress(ValueError):
            return date.fromisoformat(text[:10])
    return today
