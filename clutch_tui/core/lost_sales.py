"""Lost sales: what customers asked for and did not get, and why. They move neither stock nor money.

Noted in two keys at the counter, they are what one orders by: `wanted` adds up what was missed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

import peewee

from clutch_tui.text import shop_time
from clutch_tui.text.fold import fold

from . import inventory, journal, state
from .clock import from_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .outbox import outbox
from .quantity import Quantity
from .records.lost_sale import ADD_LOST_SALE, LostSaleTable
from .records.lost_sale import keys_of as keys_of
from .sale_search import conditions
from .search import STOCK
from .types import Key

Reason = Literal["no_stock", "too_dear", "not_carried"]
REASONS: tuple[Reason, ...] = get_args(Reason)
KIND = "lost_sale"

_FIELDS = {field: given(field.name, field.default) for field in LostSaleTable._meta.sorted_fields}
_STORE = Statement(
    LostSaleTable.insert({**_FIELDS, LostSaleTable.own: False}).on_conflict(
        conflict_target=[LostSaleTable.id], update={LostSaleTable.seq: peewee.EXCLUDED.seq}
    )
)
_UNSENT = outbox.unsent(KIND, "lost_sale")


@dataclass(frozen=True, slots=True)
class LostSale:
    """A lost sale, as its list shows it. `item_id` is None for what the shop does not have."""

    id: str
    key: Key
    at: datetime
    item_id: str | None
    name: str
    part_number: str
    quantity: Quantity
    price: int
    reason: Reason
    cashier: str
    unsent: bool


@dataclass(frozen=True, slots=True)
class LostSaleQuery:
    """Lost sales, newest first; of one `reason` alone, if given."""

    text: str = ""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for in vain: how often, how much in all, and last when. `stock` is what lies on the shelf now,
    None for what the shop does not have."""

    id: str
    key: Key
    item_id: str | None
    name: str
    part_number: str
    times: int
    quantity: Quantity
    last: datetime
    stock: Quantity | None


# --- noting one ----------------------------------------------------------------------------------------


def note(
    reason: Reason, quantity: Quantity, *, part_id: str | None = None, text: str = "", price: int = 0, cashier: str
) -> LostSale:
    """Note that a part, or what `text` says, was asked for and not sold.

    Raises `error.lost_sale.nothing` where neither is given, `error.sale.quantity` for what nobody asks for, and
    `error.part.unknown`.
    """
    name, number = " ".join(text.split()), ""
    if part_id is not None:
        part = inventory.get(part_id)
        name, number = part.draft.name or part.draft.name_en, part.draft.part_number
        price = price or part.draft.price
    elif not name:
        raise ShopError("error.lost_sale.nothing")
    if quantity <= 0:
        raise ShopError("error.sale.quantity")
    lost_id, at = db.new_id(), db.now_text()
    body = {
        "date": at,
        "item_id": part_id,
        "item_name": name,
        "part_number": number,
        "quantity": quantity,
        "price": price,
        "reason": reason,
        "cashier": cashier,
    }
    outbox.add(KIND, KIND, lost_id, body, change_id=lost_id, label=name)
    row = {name: value for name, value in body.items() if name != "date"}
    ADD_LOST_SALE.run(**row, id=lost_id, at=at, business_day=state.business_day(), **keys_of(body))
    journal.audit(KIND, KIND, lost_id, {"name": name, "reason": reason}, cashier)
    return LostSale(
        lost_id, (at, lost_id), from_text(at), part_id, name, number, quantity, price, reason, cashier, True
    )


def store_pulled(rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what the server told of lost sales. Ours stay as they were noted."""
    _STORE.run_many(_pulled(row) for row in rows)


def _pulled(row: Mapping[str, Any]) -> dict[str, Any]:
    at = row["date"] or row["at"] or db.now_text()
    names = ("id", "item_id", "item_name", "part_number", "quantity", "price", "reason", "cashier", "seq")
    day = shop_time.local(from_text(at), state.timezone()).date().isoformat()
    return {**{name: row[name] for name in names}, "at": at, "business_day": day, **keys_of(row)}


def sweep(present: Collection[str], oldest: str) -> None:
    """Forget those of other tills that a snapshot of the sales does not hold, as far back as it reaches."""
    db.execute(
        "DELETE FROM lost_sale WHERE own = 0 AND at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
        (oldest, json.dumps(list(present))),
    )


# --- what was lost -------------------------------------------------------------------------------------


def count(q: LostSaleQuery) -> int:
    """Return how many lost sales `page` would list in all."""
    where, params = _filter(q)
    return int(db.execute(f"SELECT count(*) FROM lost_sale WHERE {where}", params).fetchone()[0])


def page(q: LostSaleQuery, after: Key | None, skip: int, limit: int) -> tuple[LostSale, ...]:
    """Lost sales, newest first."""
    where, params = _filter(q)
    if after is not None:
        where, params = f"{where} AND (at, id) < (?, ?)", (*params, *after)
    rows = db.rows(
        "SELECT id, at, item_id, item_name, part_number, quantity, price, reason, cashier,"
        f" {_UNSENT} AS unsent FROM lost_sale WHERE {where} ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
        (*params, limit, skip),
    )
    return tuple(
        LostSale(
            row["id"],
            (row["at"], row["id"]),
            from_text(row["at"]),
            row["item_id"],
            row["item_name"],
            row["part_number"],
            Quantity(row["quantity"]),
            row["price"],
            row["reason"],
            row["cashier"],
            bool(row["unsent"]),
        )
        for row in rows
    )


def _filter(q: LostSaleQuery) -> tuple[str, tuple[Any, ...]]:
    where, params = ["1"], list[Any]()
    for condition, values in conditions(q.text, money="price"):
        where.append(condition)
        params.extend(values)
    if q.reason is not None:
        where.append("reason = ?")
        params.append(q.reason)
    return " AND ".join(where), tuple(params)


def wanted(days: int = 90, limit: int = 100) -> tuple[Wanted, ...]:
    """Return what was asked for in vain within so many days, what was asked for most often first. What the shop does
    not have is taken together by its words."""
    since = (date.fromisoformat(state.business_day()) - timedelta(days=days)).isoformat()
    rows = db.rows(
        "SELECT item_id, item_name, lost_sale.part_number, count(*) AS times, sum(quantity) AS quantity, max(at) AS at,"
        f" {STOCK} AS stock FROM lost_sale LEFT JOIN part ON part.id = item_id WHERE business_day >= ?"
        " GROUP BY item_id, item_name",
        (since,),
    )
    known: dict[str, Wanted] = {}
    for row in sorted(rows, key=lambda row: row["at"]):
        id_ = row["item_id"] or fold(row["item_name"])
        before = known.get(id_)
        known[id_] = Wanted(
            id_,
            (),
            row["item_id"] or None,
            row["item_name"],
            row["part_number"],
            row["times"] + (before.times if before else 0),
            Quantity(row["quantity"] + (before.quantity if before else 0)),
            from_text(row["at"]),
            None if row["stock"] is None else Quantity(row["stock"]),
        )
    order = sorted(known.values(), key=lambda one: (-one.times, -one.last.timestamp(), one.name))
    return tuple(replace(one, key=(n,)) for n, one in enumerate(order[:limit]))
