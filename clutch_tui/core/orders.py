"""Orders that customers place on the marketplace, and this shop's answers to them.

An answer is a request: the order shows it at once, and the server may still say that another shop was faster.
Accepting moves no stock: the sale that names the order does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import peewee

from clutch_tui.text import shop_time

from . import inventory, journal, line_ties, sales, search, state
from .cart import line_of
from .clock import from_text, to_text
from .database import db
from .database.statement import Statement, given
from .errors import ShopError
from .limits import MAX_MONEY
from .order_types import LinePart, Order, OrderLine, OrderQuery, OrderRow, Quote
from .outbox import abilities, outbox, overlay
from .quantity import told, worth, written
from .records.order import OrderLineTable, OrderTable
from .records.order import keys_of as keys_of
from .records.part import PartTable
from .records.sale import SaleTable
from .records.sync import OutboxTable
from .search import PIECES
from .search_words import names_number, phone_key, terms
from .types import NO_DISCOUNT, Cart, CartLine, Discount, Key, PartRow

ANSWERABLE = ("pending", "quoted")
"""What an order must be for the shop to accept, reject or quote it."""

MOST_DAYS = 366
"""The days from now within which a line that is quoted can be had, at most."""

_FINISHED = "'rejected', 'completed', 'cancelled'"
_NEVER = "~"
"""In the place of the moment at which an order ends that does not: behind every moment."""
_ENDS = f"""CASE status WHEN 'pending' THEN coalesce(expires_at, '{_NEVER}') WHEN 'quoted' THEN
    min(coalesce(expires_at, '{_NEVER}'), coalesce(json_extract(quote, '$.valid_until'), '{_NEVER}'))
    ELSE '{_NEVER}' END"""
_OVER = f"status IN ({_FINISHED})"
_ANSWER = """(SELECT kind FROM outbox WHERE type = 'order' AND record_id = orders.id AND answered_at IS NULL
    ORDER BY n DESC LIMIT 1)"""
_ORDER = OrderTable.alias("orders")
_BY_ID = Statement(_ORDER.select(_ORDER, peewee.SQL(_ANSWER).alias("answer")).where(_ORDER.id == given("id")))
_LINES = Statement(
    OrderLineTable.select().where(OrderLineTable.order_id == given("order_id")).order_by(OrderLineTable.n)
)
_QUOTED_HERE = Statement(
    OutboxTable.select(OutboxTable.payload)
    .where(
        (OutboxTable.type == "order") & (OutboxTable.record_id == given("order_id")),
        OutboxTable.kind == "quote",
        OutboxTable.status.in_(("", "applied", "applied_flagged")),
    )
    .order_by(OutboxTable.n.desc())
    .limit(1)
)
_LISTED_PART = Statement(PartTable.select(PartTable.pk).where(PartTable.id == given("id"), PartTable.deleted == 0))
_SOLD = Statement(
    SaleTable.select(SaleTable.receipt_number)
    .where(SaleTable.order_id == given("order_id"), SaleTable.kind == "sale", SaleTable.status == "completed")
    .limit(1)
)


# --- reading -------------------------------------------------------------------------------------------


def count(q: OrderQuery) -> int:
    """Return how many orders `page` would list in all."""
    where, params = _filter(q)
    return int(db.first(f"SELECT count(*) AS n FROM orders WHERE {where}", params)["n"])


def page(q: OrderQuery, after: Key | None, skip: int, limit: int) -> tuple[OrderRow, ...]:
    """Orders: what ends first, then what does not end by itself and what is over, the newest first; one whose very
    number was typed stands before all others."""
    named = _named(q)
    where, params = _filter(q)
    rank = f"id NOT IN ({', '.join('?' * len(named))})"
    columns = (
        f"SELECT {rank} AS place, {_ENDS} AS ends, {_OVER} AS over, id, coalesce(created_at, '') AS moment,"
        f" order_number, customer_name, phone, (SELECT coalesce(sum({PIECES.format('line.quantity')}), 0)"
        " FROM order_line line LEFT JOIN part ON part.id = line.part_id WHERE line.order_id = orders.id) AS pieces,"
        " total, status,"
        f" expires_at, {_ANSWER} AS answer, reason FROM orders WHERE {where}"
    )
    behind, given_key = "1", tuple[Any, ...]()
    if after is not None:
        first, last = after[:3], after[3:]
        behind = "((place, ends, over) > (?, ?, ?) OR ((place, ends, over) = (?, ?, ?) AND (moment, id) < (?, ?)))"
        given_key = (*first, *first, *last)
    rows = db.rows(
        f"SELECT * FROM ({columns}) WHERE {behind} ORDER BY place, ends, over, moment DESC, id DESC LIMIT ? OFFSET ?",
        (*named, *params, *given_key, limit, skip),
    )
    return tuple(
        OrderRow(
            id=row["id"],
            key=(row["place"], row["ends"], row["over"], row["moment"], row["id"]),
            order_number=row["order_number"],
            customer_name=row["customer_name"],
            phone=row["phone"],
            pieces=row["pieces"],
            total=row["total"],
            status=row["status"],
            created_at=_moment(row["moment"]),
            expires_at=_moment(row["expires_at"]),
            unsent=row["answer"] is not None,
            reason=row["reason"],
            ends_at=None if row["ends"] == _NEVER else _moment(row["ends"]),
        )
        for row in rows
    )


def _named(q: OrderQuery) -> tuple[str, ...]:
    """The orders whose very number was typed."""
    if not any(map(str.isdigit, q.text)):
        return ()
    where, params = _filter(q)
    rows = db.rows(f"SELECT id, order_number FROM orders WHERE {where}", params)
    return tuple(row["id"] for row in rows if names_number(q.text, row["order_number"]))


def _filter(q: OrderQuery) -> tuple[str, tuple[Any, ...]]:
    phone = phone_key(q.text)
    words = [phone] if phone.isdigit() else terms(q.text)
    unfinished = f" AND status NOT IN ({_FINISHED})" if q.open_only else ""
    return f"deleted = 0{unfinished}" + " AND instr(search_key, ?)" * len(words), tuple(words)


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def get(order_id: str) -> Order:
    """An order, whole. Raises `error.order.unknown`."""
    row = _BY_ID.first(id=order_id)
    if row is None:
        raise ShopError("error.order.unknown")
    return Order(
        id=order_id,
        order_number=row["order_number"],
        customer_id=row["customer_id"],
        customer_name=row["customer_name"],
        phone=row["phone"],
        lines=tuple(
            OrderLine(line["part_id"], line["name"], line["quantity"], line["price"])
            for line in _LINES.rows(order_id=order_id)
        ),
        total=row["total"],
        status=row["status"],
        delivery_address=row["delivery_address"],
        notes=row["notes"],
        created_at=_moment(row["created_at"]),
        expires_at=_moment(row["expires_at"]),
        version=row["version"],
        answer=row["answer"],
        quote=_quote(row["quote"]) if row["quote"] else _own_quote(order_id) if row["status"] in _AGREED else None,
        reason=row["reason"],
    )


def find(number: str) -> Order:
    """The order with this number, or this id, however it is typed. Raises `error.order.unknown`, and
    `error.order.several` for a number that two have."""
    if _BY_ID.first(id=number) is not None:
        return get(number)
    ids = _named(OrderQuery(text=number, open_only=False))
    if len(ids) > 1:
        raise ShopError("error.order.several", number=number)
    return get(ids[0] if ids else number)


_AGREED = ("quoted", "accepted", "ready")
"""An order with a quote, though the server may not say which."""


def _quote(text: str) -> Quote:
    body = json.loads(text)
    lines = tuple(
        OrderLine(
            line.get("item_id"),
            line["item_name"],
            line["quantity"],
            line.get("price"),
            line.get("brand") or "",
            line.get("available") or "now",
        )
        for line in body["lines"]
    )
    until = body.get("valid_until")
    return Quote(lines, body["total"], from_text(until) if until else None, body.get("notes") or "")


def _own_quote(order_id: str) -> Quote | None:
    """Return what was quoted here last: a server may say no more than that an order was quoted."""
    row = _QUOTED_HERE.first(order_id=order_id)
    return None if row is None or json.loads(row["payload"]).get("withdraw") else _quote(row["payload"])


def quote_text(quote: Any) -> str | None:
    """A quote as it is stored; a server that names one without lines has none."""
    if isinstance(quote, dict):
        return json.dumps(quote, ensure_ascii=False) if quote.get("lines") else None
    return None if quote is None else str(quote)


def suggestions(order: Order) -> tuple[LinePart | None, ...]:
    """The part of this shop that each line of an order means, with its price, its cost and what lies on the shelf."""
    return tuple(None if (found := _meant(line)) is None else _with_cost(*found) for line in order.lines)


def begin_quote(order: Order) -> tuple[tuple[OrderLine, LinePart | None], ...]:
    """What a quote begins with: what was quoted before, or else each line as it was asked for, of the part that it
    means and at the agreed price or the shelf's."""
    quoted = list(order.quote.lines) if order.quote is not None else []
    begun = []
    for line in order.lines:
        before = next((one for one in quoted if one.name == line.name), None)
        if before is not None:
            quoted.remove(before)
        wanted = line if before is None else replace(before, part_id=before.part_id or line.part_id)
        found = _meant(wanted)
        part = None if found is None else _with_cost(*found)
        price = wanted.price or line.price or (part.part.price if part is not None else None) or None
        left_out = before is None and order.quote is not None
        begun.append(
            (
                replace(
                    wanted,
                    part_id=None if part is None else part.part.id,
                    price=price,
                    available="no" if left_out else wanted.available,
                ),
                part,
            )
        )
    return tuple(begun)


def line_part(part: PartRow) -> LinePart:
    """A part that a person has chosen for a line."""
    return _with_cost(part, True)


def _with_cost(part: PartRow, is_tied: bool) -> LinePart:
    return LinePart(part, inventory.get(part.id).draft.cost, is_tied)


def _meant(line: OrderLine) -> tuple[PartRow, bool] | None:
    """The part that a line means, and whether a person has said so: the order's own word counts before that, and a
    code in its words after it."""
    for part_id, is_tied in ((line.part_id, False), (line_ties.part_of(line.name), True)):
        if (row := _LISTED_PART.first(id=part_id)) is not None:
            return search.rows([row["pk"]])[0], is_tied
    part = inventory.find_code(line.name)
    return None if part is None else (part, False)


def names_part(line: OrderLine) -> bool:
    """Tell whether a line says itself which part of this shop it means: then nothing is to be tied."""
    return _LISTED_PART.first(id=line.part_id) is not None


def tie(order_id: str, n: int, part_id: str, *, actor: str = "") -> None:
    """Say which part the line `n` of an order, counted from 0, means, and remember it for the next one of its name.
    Raises `error.order.names_part` for a line that names a part itself, and `error.part.unknown`."""
    line = get(order_id).lines[n]
    if names_part(line):
        raise ShopError("error.order.names_part", name=line.name)
    inventory.get(part_id)
    line_ties.tie(line.name, part_id)
    journal.audit("tie", "order", order_id, {"name": line.name, "part_id": part_id}, actor)


# --- answering -----------------------------------------------------------------------------------------


def accept(order_id: str, *, actor: str = "") -> Order:
    """Take the order. Raises `error.order.answered` for one that waits for no answer."""
    return _answer(order_id, "accept", {}, actor)


def reject(order_id: str, reason: str, *, actor: str = "") -> Order:
    """Refuse the order; the customer reads the reason, so there must be one (`error.order.no_reason`)."""
    if not reason.strip():
        raise ShopError("error.order.no_reason")
    return _answer(order_id, "reject", {"reason": reason.strip()}, actor)


def quote(
    order_id: str, lines: Sequence[OrderLine], valid_until: datetime, notes: str = "", *, actor: str = ""
) -> Order:
    """Name a price for each line that can be had, good until `valid_until`. For an order that is quoted already this
    corrects the quote, where the server knows that (`error.order.quote_stands`). A line that names no part of this
    shop is tied to the part that is quoted for it.

    Raises `error.order.nothing_offered` where none can be had, `error.order.no_price` for a line without a price,
    `error.order.price` for one that cannot be meant, `error.order.available` for a day on which nothing comes,
    `error.order.past` for an end that has passed, and `error.order.answered`.
    """
    offered = [line for line in lines if line.is_offered]
    if lines and not offered:
        raise ShopError("error.order.nothing_offered")
    if not offered or any(not line.price for line in offered):
        raise ShopError("error.order.no_price")
    if any(line.quantity <= 0 for line in lines) or any(not 0 < (line.price or 0) <= MAX_MONEY for line in offered):
        raise ShopError("error.order.price")
    for line in offered:
        _check_available(line.available)
    if valid_until <= db.now():
        raise ShopError("error.order.past")
    body = {
        "lines": [_quoted(line) for line in lines],
        "total": sum(worth(line.price or 0, line.quantity) for line in offered),
        "valid_until": to_text(valid_until),
        "notes": notes.strip(),
    }
    order = get(order_id)
    if order.status == "quoted":
        _check_open_quote()
    answered = _answer(order_id, "quote", body, actor)
    unnamed = {line.name for line in order.lines if not names_part(line)}
    for line in lines:
        if line.part_id is not None and line.name in unnamed:
            line_ties.tie(line.name, line.part_id)
    return answered


def _check_available(available: str) -> None:
    if available == "now":
        return
    today = shop_time.local(db.now(), state.timezone()).date()
    try:
        day = date.fromisoformat(available)
    except ValueError:
        raise ShopError("error.order.available") from None
    if not today <= day <= today + timedelta(days=MOST_DAYS):
        raise ShopError("error.order.available")


def _quoted(line: OrderLine) -> dict[str, Any]:
    """A line of a quote as it is sent, without what says nothing."""
    body: dict[str, Any] = {"item_name": line.name, "quantity": line.quantity}
    if line.is_offered:
        body["price"] = line.price
    said = {
        "item_id": line.part_id,
        "brand": line.brand.strip(),
        "available": "" if line.available == "now" else line.available,
    }
    return body | {name: value for name, value in said.items() if value}


def withdraw(order_id: str, *, actor: str = "") -> Order:
    """Take an open quote back: the order waits for an answer again. Raises `error.order.not_quoted`, and
    `error.order.quote_stands` where the server does not know that."""
    order = get(order_id)
    if order.status != "quoted":
        raise ShopError("error.order.not_quoted", number=order.order_number)
    _check_open_quote()
    return _answer(order_id, "quote", {"withdraw": True}, actor)


def _check_open_quote() -> None:
    if not abilities.knows("quote"):
        raise ShopError("error.order.quote_stands")


def answered(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer makes of an order, until the server's own row says it."""
    if kind != "quote":
        return {"status": _STATUS[kind]}
    if body.get("withdraw"):
        return {"status": "pending", "quote": None, "total": 0}
    return {"status": "quoted", "quote": json.dumps(body, ensure_ascii=False), "total": body["total"]}


_STATUS = {"accept": "accepted", "reject": "rejected"}


def _answer(order_id: str, kind: str, body: dict[str, Any], actor: str) -> Order:
    order = get(order_id)
    if order.status not in ANSWERABLE or order.answer is not None:
        raise ShopError("error.order.answered", number=order.order_number)
    overlay.begin_request("order", order_id)
    OrderTable.update(answered(kind, body)).where(OrderTable.id == order_id).execute()
    outbox.add(kind, "order", order_id, body, base={"*": order.version}, label=order.order_number)
    journal.audit(kind, "order", order_id, told(body), actor)
    return get(order_id)


# --- from an order to a sale ---------------------------------------------------------------------------


def to_cart(order_id: str) -> Cart:
    """A cart, open and saved, with what was ordered: at the quoted prices where there is a quote, and only what was
    quoted; otherwise at the prices agreed or else at the shelf's.

    Asked for again it is the same cart. Lines that name no part of this shop, or that were left out of the quote,
    cannot be sold by themselves: they go into the cart's notes, for a person to find. Raises `error.order.sold` for an
    order that was sold already, `error.order.refused` for one that came to nothing, and `error.order.no_parts` where no
    line names a part.
    """
    order = get(order_id)
    if order.status in ("rejected", "cancelled"):
        raise ShopError("error.order.refused", number=order.order_number)
    if sold_as(order_id) is not None:
        raise ShopError("error.order.sold", number=order.order_number)
    for cart in sales.open_carts():
        if cart.order_id == order_id:
            return cart
    wanted, left_out = _agreed(order)
    pairs = [(line, _line_of_cart(line)) for line in wanted]
    lines = tuple(sold_as for _, sold_as in pairs if sold_as is not None)
    if not lines:
        raise ShopError("error.order.no_parts", number=order.order_number)
    left_out += [line for line, sold_as in pairs if sold_as is None]
    cart = replace(
        sales.open_cart(),
        lines=lines,
        discount=_off(order, lines) if len(lines) == len(wanted) else NO_DISCOUNT,
        customer_id=order.customer_id,
        customer_name=order.customer_name,
        customer_phone=order.phone,
        order_id=order_id,
        notes="; ".join(filter(None, (order.notes, *(f"{written(line.quantity)} × {line.name}" for line in left_out)))),
    )
    sales.save_cart(cart)
    return cart


def sold_as(order_id: str) -> str | None:
    """Return the number of the receipt by which an order was sold, here or at another till; None for one that was not,
    as far as is known here."""
    sold = _SOLD.first(order_id=order_id)
    return None if sold is None else str(sold["receipt_number"])


def _agreed(order: Order) -> tuple[list[OrderLine], list[OrderLine]]:
    """The lines to be sold, and those of the order that its quote leaves out. Where a quote names no part, the order
    says which one a line means."""
    if order.quote is None:
        return list(order.lines), []
    left, agreed = list(order.lines), []
    for quoted in order.quote.lines:
        if not quoted.is_offered:
            continue
        ordered = next((line for line in left if line.name == quoted.name), None)
        if ordered is not None:
            left.remove(ordered)
        part_id = quoted.part_id or (ordered.part_id if ordered is not None else None)
        agreed.append(replace(quoted, part_id=part_id))
    return agreed, left


def _off(order: Order, lines: Sequence[CartLine]) -> Discount:
    """Return what a quote takes off the sum of its lines."""
    if order.quote is None:
        return NO_DISCOUNT
    return Discount(amount=max(0, sum(line.total for line in lines) - order.quote.total))


def _line_of_cart(line: OrderLine) -> CartLine | None:
    found = _meant(line)
    return None if found is None else line_of(found[0], line.quantity, line.price)
