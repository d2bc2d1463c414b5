"""Orders from the marketplace: customers place them, the shop answers, the first shop to accept has it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from clutch_tui.text.fold import fold, fold_number

from . import payload
from .database import Database, Reading, Row, Transaction
from .ledger import Change, Outcome
from .payload import JSON, invalid

OPEN = ("pending", "quoted")


def record(row: Row) -> JSON:
    wire: JSON = {"id": row["id"], "deleted": bool(row["deleted"])}
    if not row["deleted"]:
        wire |= {name: row[name] for name in ("order_number", "customer_id", "customer_name", "phone")}
        wire |= {"items": payload.load(row["lines"]), "total": payload.money(row["total"])}
        wire |= {name: row[name] for name in ("status", "reason", "delivery_address", "notes")}
        wire |= {"quote": payload.load(row["quote"]) if row["quote"] else None}
        wire |= {name: row[name] for name in ("created_at", "expires_at")}
    return wire | {"version": row["version"], "updated_at": row["updated_at"], "seq": row["seq"]}


def find(reading: Reading, shop_id: str, order_id: str) -> Row | None:
    return reading.one("SELECT * FROM orders WHERE shop_id = ? AND id = ?", (shop_id, order_id))


def answer(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    """Accept, reject, quote, or take a quote back. An order that is over, or that somebody else has, refuses with the
    reason; an open quote is corrected by another."""
    row = find(transaction, transaction.shop_id, change.id)
    if row is None:
        return Outcome("rejected", code="NOT_FOUND", message=f"order {change.id} does not exist")
    if (row["status"] in OPEN and row["expires_at"] <= transaction.now) or row["reason"] == "expired":
        return _refuse(row, "EXPIRED", "the order has expired")
    if row["status"] not in OPEN:
        return _refuse(row, "TAKEN", f"the order is {row['status']} already")
    seen = change.base.get("*")
    if isinstance(seen, int) and row["version"] > seen and change.epoch in (None, epoch):
        theirs = {"*": {"value": record(row), "version": row["version"]}}
        return Outcome("conflict", version=row["version"], applied=[], theirs=theirs)
    if change.fields.get("withdraw") is True:
        return Outcome(version=_write(transaction, row, {"status": "pending", "quote": None, "total": 0}))
    return Outcome(version=_write(transaction, row, _answered(change)))


def _refuse(row: Row, code: str, message: str) -> Outcome:
    theirs = {"*": {"value": record(row), "version": row["version"]}}
    return Outcome("rejected", version=row["version"], code=code, message=message, applied=[], theirs=theirs)


def _answered(change: Change) -> JSON:
    fields = change.fields
    if change.kind == "accept":
        return {"status": "accepted"}
    if change.kind == "reject":
        reason = fields.get("reason")
        if not isinstance(reason, str) or not reason.strip():
            raise invalid("reason", "is required")
        return {"status": "rejected", "reason": reason.strip()}
    lines = fields.get("lines") or fields.get("items")
    if not isinstance(lines, list) or not lines or not all(isinstance(line, dict) for line in lines):
        raise invalid("lines", "must be a list of objects that is not empty")
    total = sum(map(_worth, lines))
    given = fields.get("total")
    value = total if given is None else payload.piastres(given, "total")
    quote = {name: fields[name] for name in ("valid_until", "notes") if fields.get(name)}
    quoted = quote | {"lines": lines, "total": payload.money(value)}
    return {"status": "quoted", "quote": payload.dump(quoted), "total": value}


def _worth(line: JSON) -> int:
    """What a line of a quote comes to: nothing, where it cannot be had."""
    quantity = payload.quantity(line.get("quantity"), "quantity")
    available = line.get("available") or "now"
    if available == "no":
        return 0
    if available != "now":
        payload.day(available, "available")
    return payload.priced(payload.piastres(line.get("price"), "price"), quantity)


def _write(transaction: Transaction, row: Row, values: JSON) -> int:
    version = int(row["version"]) + 1
    shop_id = row["shop_id"]
    columns = values | {"version": version, "seq": transaction.take(shop_id), "updated_at": transaction.now}
    assignments = ", ".join(f"{name} = ?" for name in columns)
    transaction.execute(
        f"UPDATE orders SET {assignments} WHERE shop_id = ? AND id = ?", (*columns.values(), shop_id, row["id"])
    )
    after = find(transaction, shop_id, row["id"])
    assert after is not None
    news = {"order_id": row["id"], "status": values["status"], "version": version, "order": record(after)}
    transaction.emit("order_update", news, shop_id)
    if values["status"] == "accepted":
        _withdraw(transaction, row)
    return version


def _withdraw(transaction: Transaction, taken: Row) -> None:
    """The same order was offered to other shops too: it is gone for them."""
    others = transaction.all(
        "SELECT * FROM orders WHERE market_id = ? AND shop_id <> ? AND status IN ('pending', 'quoted')",
        (taken["market_id"], taken["shop_id"]),
    )
    for row in others:
        _write(transaction, row, {"status": "cancelled", "reason": "taken"})


VALID = timedelta(hours=2)


def place(transaction: Transaction, shop_ids: list[str], order_id: str, order: JSON, valid: timedelta = VALID) -> None:
    """Offer a customer's order to shops. `order` holds customer_name, phone, lines, delivery_address, notes;
    prices are the shop's own business and start empty."""
    expires = payload.to_text(datetime.fromisoformat(transaction.now) + valid)
    for shop_id in shop_ids:
        n = transaction.value("SELECT COUNT(*) FROM orders WHERE shop_id = ?", (shop_id,)) + 1
        columns: JSON = {
            "shop_id": shop_id,
            "id": order_id if shop_id == shop_ids[0] else payload.digest(order_id, shop_id)[:32],
            "order_number": f"MK-{n:05d}",
            "market_id": order_id,
            "customer_id": order.get("customer_id"),
            "customer_name": order["customer_name"],
            "phone": order["phone"],
            "lines": payload.dump(order["lines"]),
            "total": sum(
                payload.priced(
                    payload.piastres(line.get("price") or 0, "price"), payload.quantity(line["quantity"], "quantity")
                )
                for line in order["lines"]
            ),
            "status": "pending",
            "reason": "",
            "delivery_address": order.get("delivery_address", ""),
            "notes": order.get("notes", ""),
            "created_at": order.get("created_at", transaction.now),
            "expires_at": order.get("expires_at", expires),
            "version": 1,
            "versions": "{}",
            "deleted": 0,
            "updated_at": transaction.now,
            "search_key": f"{fold(order['customer_name'])} {fold_number(order['phone'])} mk{n:05d}",
            "seq": transaction.take(shop_id),
        }
        marks = ", ".join("?" * len(columns))
        transaction.execute(f"INSERT INTO orders ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))
        row = find(transaction, shop_id, columns["id"])
        assert row is not None
        transaction.emit("new_order", {"order": record(row)}, shop_id)


def expire(database: Database) -> int:
    """Cancel what nobody answered in time; returns how many."""
    with database.reading() as reading:
        late = reading.all(
            "SELECT shop_id, id FROM orders WHERE status IN ('pending', 'quoted') AND expires_at <= ?",
            (reading.now,),
        )
    for key in late:
        with database.writing(key["shop_id"]) as transaction:
            row = find(transaction, key["shop_id"], key["id"])
            if row is not None and row["status"] in OPEN:
                _write(transaction, row, {"status": "cancelled", "reason": "expired"})
    return len(late)


def customer_answers(transaction: Transaction, order_id: str, accepted: bool) -> None:
    """The customer takes the quoted price, or goes elsewhere."""
    row = find(transaction, transaction.shop_id, order_id)
    if row is not None and row["status"] == "quoted":
        answered = {"status": "accepted"} if accepted else {"status": "cancelled", "reason": "customer"}
        _write(transaction, row, answered)


def compose(reading: Reading, shop_id: str, rng: random.Random) -> JSON:
    """An order as a customer would place it: one to three parts of the shop's own catalogue for one car."""
    first = any_row(reading, "item", shop_id, rng)
    if first is None:
        raise LookupError("a shop without parts gets no orders")
    same_car = reading.all(
        "SELECT id, name FROM item WHERE shop_id = ? AND car_model = ? AND deleted = 0 ORDER BY id LIMIT 500",
        (shop_id, first["car_model"]),
    )
    chosen = {part["id"]: part for part in (first, *rng.choices(same_car, k=rng.randint(0, 2)))}
    customer = any_row(reading, "customer", shop_id, rng)
    lines = [
        {"item_id": part["id"], "item_name": part["name"], "quantity": rng.choice((1, 1, 1, 2, 4)), "price": None}
        for part in chosen.values()
    ]
    who = dict(customer) if customer else {"name": "عميل", "phone": "01000000000", "address": ""}
    car = f"{first['car_brand']} {first['car_model']}".strip()
    return {
        "customer_name": who["name"],
        "phone": who["phone"],
        "lines": lines,
        "delivery_address": who["address"],
        "notes": car,
    }


def any_row(reading: Reading, table: str, shop_id: str, rng: random.Random) -> Row | None:
    """A live row by chance, without reading them all."""
    count = reading.value(f"SELECT COUNT(*) FROM {table} WHERE shop_id = ? AND deleted = 0", (shop_id,))
    if not count:
        return None
    return reading.one(
        f"SELECT * FROM {table} WHERE shop_id = ? AND deleted = 0 ORDER BY id LIMIT 1 OFFSET ?",
        (shop_id, rng.randrange(count)),
    )


def place_random(database: Database, shop_id: str | None = None) -> str:
    """One customer places one order, at one shop or at two of them; returns its id."""
    rng = database.rng
    with database.reading() as reading:
        shops = [row["id"] for row in reading.all("SELECT id FROM shop ORDER BY id")]
        if shop_id is None:
            stocked = [shop for shop in shops if reading.one("SELECT 1 FROM item WHERE shop_id = ?", (shop,))]
            shop_id = rng.choice(stocked or shops)
        order = compose(reading, shop_id, rng)
    others = [shop for shop in shops if shop != shop_id]
    offered = [shop_id, *([rng.choice(others)] if others and rng.random() < 0.3 else [])]
    order_id = database.new_id()
    with database.writing(shop_id) as transaction:
        place(transaction, offered, order_id, order)
    return order_id
