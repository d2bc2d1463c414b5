"""The list of what was sold and came back: found by its number and its words, narrowed by days, ways and amounts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from clutch_tui.text.fold import fold, fold_number

from . import sale_search
from .clock import from_text, to_text
from .database import db
from .errors import ShopError
from .sales import RECENT, UNSENT
from .search_words import names_number
from .types import Key, Payment, SaleQuery, SaleRow

_RETURNED = """CASE coalesce((SELECT sum(line.quantity) FROM sale back JOIN sale_line line ON line.sale_id = back.id
        WHERE back.return_of = sale.id AND back.status <> 'voided'), 0)
    WHEN 0 THEN ''
    WHEN (SELECT sum(line.quantity) FROM sale_line line WHERE line.sale_id = sale.id) THEN 'all' ELSE 'some' END"""
_PAYMENTS = """(SELECT json_group_array(json_array(method, amount, nullif(way, ''), reference))
    FROM (SELECT method, amount, way, reference FROM payment WHERE sale_id = sale.id ORDER BY n))"""


def count(q: SaleQuery) -> int:
    """Return how many sales `page` would list in all."""
    where, params = _filter(q)
    return int(db.execute(f"SELECT count(*) FROM sale WHERE {where}", params).fetchone()[0])


def page(q: SaleQuery, after: Key | None, skip: int, limit: int) -> tuple[SaleRow, ...]:
    """Sales and returns, newest first; one whose very number was typed stands before all others, or what was made here
    after the clock was set back."""
    first = _named(q) or _late(q)
    here = first[first.index(after) + 1 :] if after in first else () if after else first
    ids = tuple(key[2] for key in here[skip : skip + limit])
    rows = _rows(f"id IN ({_marks(ids)})", ids, len(ids), 0, rank=0)
    rows = tuple(sorted(rows, key=lambda row: ids.index(row.id)))
    if len(rows) == limit:
        return rows
    where, params = _filter(q)
    known = tuple(key[2] for key in first)
    place = after[1:] if after and after not in first else ("~", "~")
    where = f"{where} AND id NOT IN ({_marks(known)}) AND (date, id) < (?, ?)"
    others = _rows(where, (*params, *known, *place), limit - len(rows), max(0, skip - len(here)), rank=1)
    return (*rows, *others)


def _rows(where: str, params: tuple[Any, ...], limit: int, skip: int, *, rank: int) -> tuple[SaleRow, ...]:
    rows = db.execute(
        "SELECT id, receipt_number, date, customer_name, cashier, total, payment_method, status, kind, flags,"
        f" exchange_id IS NOT NULL, without_receipt, {_RETURNED}, {UNSENT}, {_PAYMENTS} FROM sale WHERE {where}"
        " ORDER BY date DESC, id DESC LIMIT ? OFFSET ?",
        (*params, limit, skip),
    ).fetchall()
    return tuple(
        SaleRow(
            id=id_,
            key=(rank, date, id_),
            receipt_number=number,
            at=from_text(date),
            customer_name=customer,
            cashier=cashier,
            total=total,
            payment_method=method,
            status=status,
            kind=kind,
            flags=tuple(flags.split()),
            unsent=bool(unsent),
            returned=returned,
            payments=tuple(Payment(*payment) for payment in json.loads(paid)),
            exchanged=bool(exchanged),
            without_receipt=bool(loose),
        )
        for (
            id_, number, date, customer, cashier, total, method, status, kind, flags, exchanged, loose, returned,
            unsent, paid,
        ) in rows
    )  # fmt: skip


_NAMED = 20
"""How many sales are looked at that a number may mean: it is the end of the numbers of all tills."""


def find(number: str, *, returns: bool = False) -> str:
    """Return the id of the sale with this receipt number, however it is typed, or with this id; with `returns` a return
    is one, too. Raises `error.sale.unknown_number`, and `error.sale.several` for a number that fits more than one."""
    wanted = ("sale", "return") if returns else ("sale",)
    rows = [row for row in page(SaleQuery(number), None, 0, _NAMED) if names_number(number, row.receipt_number)]
    named = [row.id for row in rows if row.kind in wanted]
    if not named:
        by_id = db.execute("SELECT id, kind FROM sale WHERE id = ?", (number.strip(),)).fetchall()
        named = [id_ for id_, kind in by_id if kind in wanted]
    if len(named) != 1:
        raise ShopError("error.sale.several" if named else "error.sale.unknown_number", number=number)
    return str(named[0])


def _named(q: SaleQuery) -> tuple[Key, ...]:
    """The places of the sales whose very number was typed: they come first."""
    typed = fold_number(q.text)
    if not any(map(str.isdigit, typed)) or sale_search.is_figure(q.text.strip()):
        return ()
    where, params = _filter(q)
    ends_so = "substr(replace(lower(receipt_number), '-', ''), -?) = ?"
    rows = db.execute(
        f"SELECT id, date, receipt_number FROM sale WHERE {where} AND {ends_so} ORDER BY date DESC, id DESC",
        (*params, len(typed), typed),
    ).fetchall()
    return tuple((0, date, id_) for id_, date, number in rows if names_number(q.text, number))


LATE = 20
"""How many of those that were made after the clock was set back come first: a till that was once a year ahead would
else list its own sales before all others' for that year."""


def _late(q: SaleQuery) -> tuple[Key, ...]:
    """The places of the sales that were made here after one of a later date, the last one first."""
    where, params = _filter(q)
    since = to_text(db.now() - timedelta(days=7))
    rows = db.execute(
        f"SELECT id, date FROM sale WHERE {where} AND own = 1 AND {RECENT} AND rowid > (SELECT rowid FROM sale"
        " WHERE own = 1 AND date >= ? ORDER BY date DESC, id DESC LIMIT 1) ORDER BY rowid DESC LIMIT ?",
        (*params, since, LATE),
    ).fetchall()
    return tuple((0, date, id_) for id_, date in rows)


def cashier_named(text: str) -> str:
    """The cashier that a text means, by the whole name or a part of it. Raises `error.sale.no_cashier` where there is
    none, or more than one."""
    names = [name for (name,) in db.execute("SELECT DISTINCT cashier FROM sale WHERE cashier <> ''").fetchall()]
    whole = [name for name in names if fold(name) == fold(text)]
    fitting = whole or [name for name in names if fold(text) in fold(name)]
    if len(fitting) != 1:
        raise ShopError("error.sale.no_cashier", text=text)
    return str(fitting[0])


def _marks(values: tuple[Any, ...]) -> str:
    return ", ".join("?" * len(values))


def _filter(q: SaleQuery) -> tuple[str, tuple[Any, ...]]:
    where: list[str] = ["1"]
    params: list[Any] = []
    for condition, values in sale_search.conditions(q.text):
        where.append(condition)
        params.extend(values)
    if q.day:
        where.append("business_day BETWEEN ? AND ?")
        params += [q.day, q.until or q.day]
    if q.method:
        where.append("(payment_method = ? OR id IN (SELECT sale_id FROM payment WHERE method = ?))")
        params += [q.method, q.method]
    if q.cashier:
        where.append("cashier = ?")
        params.append(q.cashier)
    if q.least is not None:
        where.append("abs(total) >= ?")
        params.append(q.least)
    if q.most is not None:
        where.append("abs(total) <= ?")
        params.append(q.most)
    if q.customer_id:
        where.append("customer_id = ?")
        params.append(q.customer_id)
    if q.part_id:
        where.append("id IN (SELECT sale_id FROM sale_line WHERE part_id = ?)")
        params.append(q.part_id)
    return " AND ".join(where), tuple(params)
