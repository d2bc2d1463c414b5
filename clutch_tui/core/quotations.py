"""Quotations to somebody at the counter: a cart with a number, for whom it is and until when it binds the shop.

A quotation is a paper that was handed out: it is never rewritten. That it became a sale, or was lost and why, are facts
of their own, so that tills that know nothing of each other can both say so; that its day is over is reckoned.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

import peewee

from clutch_tui.text import shop_time

from . import cart as carts
from . import held_carts, journal, state
from .clock import from_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .outbox import outbox
from .records.quotation import ADD_QUOTATION, ADD_QUOTATION_END, QuotationEndTable, QuotationTable
from .records.quotation import keys_of as keys_of
from .sale_search import conditions
from .types import Cart, CartLine, Key, PayMethod, Sale, SaleLine, TaxRules, Totals

Status = Literal["open", "expired", "sold", "lost"]
STATUSES: tuple[Status, ...] = get_args(Status)

USUAL_DAYS, MOST_DAYS = 7, 366
"""For how many days a quotation binds the shop where nobody says otherwise, and at most."""
PAID_BY: PayMethod = "visa"
"""What a quotation comes to is not rounded to coins: nobody knows yet how it will be paid."""

_SOLD = """(SELECT ended.id FROM quotation_end AS ended LEFT JOIN sale ON sale.id = ended.sale_id
    WHERE ended.quotation_id = quotation.id AND ended.kind = 'quotation_sold'
    AND coalesce(sale.status, '') <> 'voided' ORDER BY ended.at, ended.id LIMIT 1)"""
_LOST = """(SELECT ended.id FROM quotation_end AS ended WHERE ended.quotation_id = quotation.id
    AND ended.kind = 'quotation_lost' ORDER BY ended.at DESC, ended.id DESC LIMIT 1)"""
_STATUS = f"""CASE WHEN {_SOLD} IS NOT NULL THEN 'sold' WHEN {_LOST} IS NOT NULL THEN 'lost'
    WHEN valid_until < ? THEN 'expired' ELSE 'open' END"""
_UNSENT = f"""({outbox.unsent("quotation", "quotation")} OR EXISTS (SELECT 1 FROM outbox JOIN quotation_end AS ended
    ON ended.id = outbox.record_id WHERE ended.quotation_id = quotation.id AND outbox.type = ended.kind
    AND outbox.answered_at IS NULL))"""


KINDS = ("quotation", "quotation_sold", "quotation_lost")
"""The facts about quotations, and the rows that tell of them."""


def _storing(table: Any) -> Statement:
    """Make the statement that adds a row of the server's; of one that is there only its number is news."""
    fields = {field: given(field.name, field.default) for field in table._meta.sorted_fields}
    fields[table.own] = False
    return Statement(
        table.insert(fields).on_conflict(conflict_target=[table.id], update={table.seq: peewee.EXCLUDED.seq})
    )


_STORE, _STORE_END = _storing(QuotationTable), _storing(QuotationEndTable)


@dataclass(frozen=True, slots=True)
class QuotationRow:
    """A quotation as a list shows it. `valid_until` is a day, YYYY-MM-DD."""

    id: str
    key: Key
    number: str
    at: datetime
    valid_until: str
    customer_name: str
    cashier: str
    total: int
    status: Status
    unsent: bool


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation, whole: also what its paper is printed from. `sale_id` and `receipt_number` name the sale that it
    became, `reason` why it was lost."""

    id: str
    number: str
    at: datetime
    valid_until: str
    customer_id: str | None
    customer_name: str
    customer_phone: str
    cashier: str
    lines: tuple[SaleLine, ...]
    totals: Totals
    prices_include_tax: bool
    tax_rate: int
    percent: int
    note: str
    status: Status
    reason: str
    sale_id: str
    receipt_number: str
    unsent: bool
    own: bool
    is_over: bool = False
    """Whether its last day has gone, whatever became of it."""

    @property
    def binds(self) -> bool:
        """Tell whether the shop is still bound to its prices."""
        return self.status in ("open", "lost") and not self.is_over


@dataclass(frozen=True, slots=True)
class QuotationQuery:
    """Quotations, newest first; of one `status` alone, if given."""

    text: str = ""
    status: Status | None = None
    customer_id: str = ""


# --- making one ----------------------------------------------------------------------------------------


def usual_end(days: int = USUAL_DAYS) -> str:
    """The last day of a quotation that is made now and holds for so many days, YYYY-MM-DD."""
    return (date.fromisoformat(state.business_day()) + timedelta(days=days)).isoformat()


def quote(
    cart: Cart,
    *,
    valid_until: str,
    name: str = "",
    phone: str = "",
    note: str = "",
    cashier: str,
    device_id: str,
    rules: TaxRules,
) -> Quotation:
    """Make a quotation of a cart, which ends by that; called again with the same cart it gives that of the first time.
    `name` and `phone` are of somebody who is no customer, where the cart names none.

    Raises `error.sale.empty`, what `cart.check` finds, `error.quotation.of_order` for the cart of a marketplace order,
    `error.quotation.of_exchange` for one for which something comes back,
    `error.quotation.valid_until` for a day that is over, is none or lies beyond `MOST_DAYS`, and
    `error.cart.elsewhere` and `error.cart.gone` for one that another window has or has sold.
    """
    if (made := _row(cart.id)) is not None:
        earlier = _whole(made)
        quoted = [(line.part_id, line.quantity, line.price, line.discount) for line in earlier.lines]
        asked = [(line.part_id, line.quantity, line.price, line.off) for line in cart.lines]
        if (quoted, earlier.totals.discount) == (asked, carts.totals(cart, rules, PAID_BY).discount):
            return earlier
        held_carts.discard(cart.id)  # another window has quoted it as it was, and it went on here
        cart = replace(cart, id=db.new_id())
    held_carts.check(cart.id)
    if db.first("SELECT 1 FROM sale WHERE id = ?", (cart.id,)) is not None:
        raise ShopError("error.cart.gone")
    if not cart.lines:
        raise ShopError("error.sale.empty")
    if cart.order_id is not None:
        raise ShopError("error.quotation.of_order")
    if cart.back is not None:
        raise ShopError("error.quotation.of_exchange")
    carts.check(cart)
    _check_end(valid_until)
    figures = carts.totals(cart, rules, PAID_BY)
    number, at = state.next_quotation_number(), db.now_text()
    named = cart.customer_id is not None
    items = [_item(line) for line in cart.lines]
    body: dict[str, Any] = {
        "number": number,
        "date": at,
        "valid_until": valid_until,
        "device_id": device_id,
        "cashier": cashier,
        "customer_id": cart.customer_id,
        "customer_name": cart.customer_name if named else name.strip(),
        "customer_phone": cart.customer_phone if named else phone.strip(),
        "items": items,
        "subtotal": figures.subtotal,
        "discount": figures.discount,
        "tax": figures.tax,
        "total": figures.total,
        "note": (note or cart.notes).strip(),
    }
    outbox.add("quotation", "quotation", cart.id, body, label=number)
    percents = [line.discount.percent for line in cart.lines]
    ADD_QUOTATION.run(
        **{name: value for name, value in body.items() if name not in ("date", "device_id", "items")},
        id=cart.id,
        at=at,
        business_day=state.business_day(),
        items=json.dumps(
            [{**item, "percent": percent} for item, percent in zip(items, percents, strict=True)], ensure_ascii=False
        ),
        tax_rate=rules.rate,
        prices_include_tax=rules.prices_include_tax,
        percent=cart.discount.percent,
        search_key=keys_of(body)["search_key"],
    )
    journal.audit("quotation", "quotation", cart.id, {"number": number, "total": figures.total}, cashier)
    held_carts.discard(cart.id)
    return get(cart.id)


def _check_end(valid_until: str) -> None:
    try:
        last = date.fromisoformat(valid_until)
    except ValueError:
        raise ShopError("error.quotation.valid_until") from None
    today = date.fromisoformat(state.business_day())
    if not today <= last <= today + timedelta(days=MOST_DAYS):
        raise ShopError("error.quotation.valid_until")


def _item(line: CartLine) -> dict[str, Any]:
    return {
        "item_id": line.part_id,
        "item_name": line.name,
        "part_number": line.part_number,
        "quantity": line.quantity,
        "price": line.price,
        "discount": line.off,
        "total": line.total,
    }


def store_pulled(rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what the server told of one kind: quotations, or what became of them. Ours stay as they were made."""
    if rows and rows[0]["type"] == "quotation":
        _STORE.run_many(_pulled(row) for row in rows)
        return
    _STORE_END.run_many(
        {
            "id": row["id"],
            "kind": row["type"],
            "quotation_id": row["quotation_id"],
            "sale_id": row.get("sale_id") or "",
            "receipt_number": row.get("receipt_number") or "",
            "reason": row["note"],
            "at": row["at"] or db.now_text(),
            "seq": row["seq"],
        }
        for row in rows
    )


def _pulled(row: Mapping[str, Any]) -> dict[str, Any]:
    """A quotation of the server's as it is stored: of the day on its paper, also where it went up anew later."""
    at = row.get("date") or row["at"] or db.now_text()
    day = shop_time.local(from_text(at), state.timezone()).date().isoformat()
    adds_tax = row["tax"] and row["subtotal"] - row["discount"] + row["tax"] == row["total"]
    return {
        **{name: row[name] for name in ("id", "number", "customer_id", "customer_name", "customer_phone", "cashier")},
        **{name: row[name] for name in ("subtotal", "discount", "tax", "total", "note", "seq")},
        "at": at,
        "business_day": day,
        "valid_until": row["valid_until"] or day,
        "items": json.dumps(row["items"], ensure_ascii=False),
        "prices_include_tax": not adds_tax,
        "search_key": keys_of(row)["search_key"],
    }


def sweep(present: Collection[str], oldest: str) -> None:
    """Forget the quotations of other tills, and what became of any, that a snapshot of the sales does not hold, as far
    back as it reaches: a server that was restored has lost them."""
    for table in ("quotation", "quotation_end"):
        db.execute(
            f"DELETE FROM {table} WHERE own = 0 AND at >= ? AND id NOT IN (SELECT value FROM json_each(?))",
            (oldest, json.dumps(list(present))),
        )


# --- what becomes of it --------------------------------------------------------------------------------


def lose(quotation_id: str, reason: str, cashier: str) -> Quotation:
    """Note that nothing came of a quotation, and why. It can be sold all the same.

    Raises `error.quotation.unknown`, `error.quotation.sold`, `error.quotation.lost` for one of which that was said
    already, and `error.quotation.no_reason`.
    """
    quotation = get(quotation_id)
    if quotation.status == "sold":
        raise ShopError("error.quotation.sold", number=quotation.receipt_number)
    if quotation.status == "lost":
        raise ShopError("error.quotation.lost", number=quotation.number)
    if not (reason := reason.strip()):
        raise ShopError("error.quotation.no_reason")
    _end("quotation_lost", quotation, cashier, {"reason": reason})
    return get(quotation_id)


def sold(cart: Cart, sale: Sale) -> None:
    """A cart that came from a quotation was sold: note it, in the transaction of the sale. Each sale says so, also
    where another is known: which of them is voided later, nobody knows yet."""
    row = None if cart.quotation_id is None else _row(cart.quotation_id)
    if row is None:
        return
    body = {"sale_id": sale.id, "receipt_number": sale.receipt_number}
    _end("quotation_sold", _whole(row), sale.cashier, body)


def _end(kind: str, quotation: Quotation, cashier: str, what: Mapping[str, str]) -> None:
    end_id = db.new_id()
    body = {"quotation_id": quotation.id, **what}
    outbox.add(kind, kind, end_id, body, change_id=end_id, label=quotation.number)
    ADD_QUOTATION_END.run(id=end_id, kind=kind, at=db.now_text(), **body)
    journal.audit(kind, "quotation", quotation.id, {"number": quotation.number, **what}, cashier)


# --- what there is -------------------------------------------------------------------------------------

_COLUMNS = (
    "id, number, at, valid_until, customer_id, customer_name, customer_phone, cashier, items, subtotal, discount, tax,"
    f" tax_rate, prices_include_tax, total, note, percent, own, {_STATUS} AS status, {_SOLD} AS sold_by,"
    f" {_LOST} AS lost_by, {_UNSENT} AS unsent"
)


def _row(quotation_id: str) -> Any:
    return db.first(f"SELECT {_COLUMNS} FROM quotation WHERE id = ?", (state.business_day(), quotation_id))


def get(quotation_id: str) -> Quotation:
    """A quotation, whole. Raises `error.quotation.unknown`."""
    row = _row(quotation_id)
    if row is None:
        raise ShopError("error.quotation.unknown")
    return _whole(row)


def find(number: str) -> Quotation:
    """The quotation with this number, or this id, whole, however it is typed. Raises `error.quotation.unknown`, and
    `error.quotation.several` for a number that tills of two programs have given."""
    if (named := _row(number)) is not None:
        return _whole(named)
    rows = db.rows("SELECT id FROM quotation WHERE replace(upper(number), '-', '') = ?", (_bare(number),))
    if len(rows) > 1 and _bare(number):
        raise ShopError("error.quotation.several", number=number)
    if not rows or not _bare(number):
        raise ShopError("error.quotation.unknown")
    return get(rows[0]["id"])


def _bare(number: str) -> str:
    return "".join(filter(str.isalnum, number)).upper()


def _whole(row: Any) -> Quotation:
    lines = tuple(_line(n, item) for n, item in enumerate(json.loads(row["items"]), 1))
    end = db.first(
        "SELECT sale_id, receipt_number, reason FROM quotation_end WHERE id = ?",
        (row["sold_by"] or row["lost_by"] or "",),
    )
    pieces = sum(line.pieces for line in lines)
    return Quotation(
        id=row["id"],
        number=row["number"],
        at=from_text(row["at"]),
        valid_until=row["valid_until"],
        customer_id=row["customer_id"],
        customer_name=row["customer_name"],
        customer_phone=row["customer_phone"],
        cashier=row["cashier"],
        lines=lines,
        totals=Totals(row["subtotal"], row["discount"], row["tax"], 0, row["total"], pieces),
        prices_include_tax=bool(row["prices_include_tax"]),
        tax_rate=row["tax_rate"],
        percent=row["percent"],
        note=row["note"],
        status=row["status"],
        reason="" if end is None else end["reason"],
        sale_id="" if end is None else end["sale_id"],
        receipt_number="" if end is None else end["receipt_number"],
        unsent=bool(row["unsent"]),
        own=bool(row["own"]),
        is_over=row["valid_until"] < state.business_day(),
    )


def _line(n: int, item: Mapping[str, Any]) -> SaleLine:
    part = db.first("SELECT name_en, unit, decimals FROM part WHERE id = ?", (item["item_id"] or "",))
    return SaleLine(
        n,
        item["item_id"] or "",
        item["item_name"],
        item["part_number"],
        item["quantity"],
        item["price"],
        item["discount"],
        item["total"],
        name_en="" if part is None else part["name_en"],
        percent=item.get("percent", 0),
        unit="" if part is None else part["unit"],
        decimals=0 if part is None else part["decimals"],
    )


def count(q: QuotationQuery) -> int:
    """Return how many quotations `page` would list in all."""
    where, params = _filter(q)
    return int(db.execute(f"SELECT count(*) FROM quotation WHERE {where}", params).fetchone()[0])


def page(q: QuotationQuery, after: Key | None, skip: int, limit: int) -> tuple[QuotationRow, ...]:
    """Quotations, newest first."""
    where, params = _filter(q)
    if after is not None:
        where, params = f"{where} AND (at, id) < (?, ?)", (*params, *after)
    rows = db.rows(
        f"SELECT id, number, at, valid_until, customer_name, cashier, total, {_STATUS} AS status, {_UNSENT} AS unsent"
        f" FROM quotation WHERE {where} ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
        (state.business_day(), *params, limit, skip),
    )
    return tuple(
        QuotationRow(
            id=row["id"],
            key=(row["at"], row["id"]),
            number=row["number"],
            at=from_text(row["at"]),
            valid_until=row["valid_until"],
            customer_name=row["customer_name"],
            cashier=row["cashier"],
            total=row["total"],
            status=row["status"],
            unsent=bool(row["unsent"]),
        )
        for row in rows
    )


def _filter(q: QuotationQuery) -> tuple[str, tuple[Any, ...]]:
    where, params = ["1"], list[Any]()
    for condition, values in conditions(q.text):
        where.append(condition)
        params.extend(values)
    if q.customer_id:
        where.append("customer_id = ?")
        params.append(q.customer_id)
    if q.status is not None:
        where.append(f"{_STATUS} = ?")
        params += [state.business_day(), q.status]
    return " AND ".join(where), tuple(params)
