"""Parts: created, edited and deleted by request, moved by facts.

A move never writes a field, so it takes a number and leaves the version: a clerk who deletes the part that he
has just sold does not conflict with himself.
"""

from __future__ import annotations

from typing import Any

from . import payload, records
from .database import Row, Transaction
from .ledger import Change, Outcome
from .payload import JSON
from .records import ITEM, Noun


def create(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    """Add a part. A number or barcode that exists is flagged, not refused: the part is on the shelf.

    Moves that arrived before the part are counted now, on top of the opening stock.
    """
    values = records.read_fields(ITEM, change.fields, whole=True)
    opening = payload.quantity(change.fields.get("stock_quantity") or 0, "stock_quantity")
    row = records.find(transaction, ITEM, transaction.shop_id, change.id)
    if row is not None:
        return records.against_tombstone(ITEM, row) if row["deleted"] else existing(row, values, change)
    outcome = Outcome(version=1)
    for name, flag in (("part_number", "duplicate_number"), ("barcode", "duplicate_barcode")):
        if values.get(name) and _another(transaction, change.id, name, values[name]):
            outcome.flag(flag)
    waiting = transaction.value(
        "SELECT SUM(delta) FROM stock_move WHERE shop_id = ? AND item_id = ?",
        (transaction.shop_id, change.id),
    )
    stock = opening + (waiting or 0)
    records.insert(transaction, ITEM, change.id, values | {"stock_quantity": stock})
    announce(transaction, change.id, "created", {"stock_quantity": payload.units(stock)} | _wire(values), 1)
    if stock < 0:
        outcome.flag("oversold")
    return outcome


def existing(row: Row, values: JSON, change: Change, noun: Noun = ITEM) -> Outcome:
    """A create of a record that is there already: the same record is applied, another conflicts where it differs."""
    versions = payload.load(row["versions"])
    theirs = {
        name: {"value": noun.fields[name].write(row[name]), "version": versions.get(name, 1)}
        for name, value in values.items()
        if value != row[name]
    }
    if not theirs:
        return Outcome(version=row["version"])
    same = [name for name in change.fields if name not in theirs]
    return Outcome("conflict", version=row["version"], applied=same, theirs=theirs)


def _another(transaction: Transaction, item_id: str, column: str, value: str) -> bool:
    row = transaction.one(
        f"SELECT 1 FROM item WHERE shop_id = ? AND {column} = ? AND id <> ? AND deleted = 0",
        (transaction.shop_id, value, item_id),
    )
    return row is not None


def update(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    """Merge the fields; tells the shop's sockets what changed."""
    before = records.find(transaction, ITEM, transaction.shop_id, change.id)
    outcome = records.update(transaction, ITEM, change, epoch)
    if "stock_quantity" in change.fields:
        set_stock(transaction, change, change.fields["stock_quantity"])
    after = records.find(transaction, ITEM, transaction.shop_id, change.id)
    if before is None or after is None or before["version"] == after["version"]:
        return outcome
    changed = {name: after[name] for name in ITEM.fields if before[name] != after[name]}
    announce(transaction, change.id, "updated", _wire(changed), after["version"])
    if "price" in changed:
        prices = {"old_price": payload.money(before["price"]), "new_price": payload.money(after["price"])}
        transaction.emit("price_update", {"item_id": change.id, **prices, "version": after["version"]})
    if "price" in changed or "cost" in changed:
        alert_price(transaction, after)
    if after["stock_quantity"] < after["min_stock"] and before["stock_quantity"] >= before["min_stock"]:
        alert_stock(transaction, after)
    return outcome


def set_stock(transaction: Transaction, change: Change, value: Any) -> None:
    """A figure written over REST by a client without sync: becomes the move that leads to it."""
    wanted = payload.quantity(value, "stock_quantity")
    row = records.find(transaction, ITEM, transaction.shop_id, change.id)
    if row is not None and not row["deleted"] and wanted != row["stock_quantity"]:
        delta = wanted - row["stock_quantity"]
        move(transaction, Outcome(), change.id, delta, "set", change.change_id, transaction.now)


def delete(transaction: Transaction, change: Change, epoch: str) -> Outcome:
    outcome = records.delete(transaction, ITEM, change, epoch)
    if outcome.status == "applied" and outcome.version is not None:
        announce(transaction, change.id, "deleted", {}, outcome.version)
    return outcome


def move(transaction: Transaction, outcome: Outcome, item_id: str, delta: int, kind: str, ref: str, at: str) -> None:
    """Change a part's quantity by a fact; flags what a person should look at, refuses nothing."""
    if kind in ("sale", "return", "void") and not transaction.moves_stock:
        return
    transaction.execute(
        "INSERT INTO stock_move (shop_id, item_id, delta, kind, ref, at) VALUES (?, ?, ?, ?, ?, ?)",
        (transaction.shop_id, item_id, delta, kind, ref, at),
    )
    row = records.find(transaction, ITEM, transaction.shop_id, item_id)
    if row is None:
        outcome.flag("unknown_part")
        return
    stock = row["stock_quantity"] + delta
    transaction.execute(
        "UPDATE item SET stock_quantity = ?, seq = ?, updated_at = ? WHERE shop_id = ? AND id = ?",
        (stock, transaction.take(), transaction.now, transaction.shop_id, item_id),
    )
    if row["deleted"]:
        outcome.flag("deleted_part")
        return
    if stock < 0 and delta < 0:
        outcome.flag("oversold")
    announce(transaction, item_id, "stock", {"stock_quantity": payload.units(stock)}, row["version"])
    if stock < row["min_stock"] <= row["stock_quantity"]:
        alert_stock(transaction, row, stock)


def _wire(values: JSON) -> JSON:
    return {name: ITEM.fields[name].write(value) for name, value in values.items()}


def announce(transaction: Transaction, item_id: str, action: str, changes: JSON, version: int) -> None:
    transaction.emit("inventory_update", {"item_id": item_id, "action": action, "changes": changes, "version": version})


def urgency(stock: int, minimum: int) -> str:
    """Return how bad it is that `stock` is below `minimum`."""
    if stock <= 0:
        return "critical"
    return "high" if stock * 2 <= minimum else "medium"


def alert_stock(transaction: Transaction, row: Row, stock: int | None = None) -> None:
    stock = row["stock_quantity"] if stock is None else stock
    transaction.emit("stock_alert", alert(row, stock))


def alert(row: Row, stock: int) -> JSON:
    """What is told of a part of which there is too little."""
    return {
        "item_id": row["id"],
        "item_name": row["name"],
        "current_stock": payload.units(stock),
        "min_stock": payload.units(row["min_stock"]),
        "urgency": urgency(stock, row["min_stock"]),
    }


def alert_price(transaction: Transaction, row: Row) -> None:
    """Warn when a part would be sold below its cost; the suggestion is the usual margin of its category."""
    if not row["cost"] or row["price"] >= row["cost"]:
        return
    ratio = transaction.value(
        "SELECT AVG(price * 1.0 / cost) FROM item WHERE shop_id = ? AND category = ? AND deleted = 0"
        " AND cost > 0 AND price > cost",
        (transaction.shop_id, row["category"]),
    )
    suggested = round(row["cost"] * max(ratio or 1.25, 1.05) / 100) * 100
    data = {"item_id": row["id"], "item_name": row["name"], "current_price": payload.money(row["price"])}
    transaction.emit("price_alert", data | {"suggested_price": payload.money(suggested), "reason": "below_cost"})
